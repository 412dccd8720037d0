/* SPDX-License-Identifier: Apache-2.0 */
#include "store/merge.h"

#include <stdio.h>
#include <string.h>

#include "codec/span.h"
#include "store/store_parts.h"

/* What belongs to a run. What makes it go on, and what judging made of it, does not. */
static const char *const seen[] = {
	"host",         "quiet",           "service", "evidence",  "remark", "journal",
	"journal_lane", "journal_stretch", "device",  "machine",   "login",  "watch",
	"path",         "heard_host",      "flow",    "operation", "heard",
};
static const char *const declared[] = {
	"zone",      "conduit",          "ledger",        "attestation",
	"waiver",    "declared_address", "zone_declared", "measure",
	"treatment", "decision",         "threshold",     "goal",
	"tier",      "boundary",         "conduit_hours", "declared_word",
};

bool store_has_run(struct store *s, const char *uuid, int64_t *ret_started)
{
	char *sql =
		sqlite3_mprintf("SELECT coalesce((SELECT started FROM main.scan WHERE uuid=%Q), "
				"-1)",
				uuid);
	int64_t started = sql != NULL ? store_number(s, sql) : -1;

	sqlite3_free(sql);
	if (started >= 0)
		*ret_started = started;
	return started >= 0;
}

/* Takes sql. */
static bool run(struct store *s, char *sql)
{
	if (sql == NULL)
		return store_out_of_memory(s);
	int r = sqlite3_exec(s->db, sql, NULL, NULL, NULL);
	sqlite3_free(sql);
	return r == SQLITE_OK || store_fail(s, r);
}

/* The columns of a table but the run's id and row numbers of its own, as a list; NULL after a fault. */
static char *columns_of(struct store *s, const char *table)
{
	sqlite3_stmt *st = NULL;
	char *list = NULL;
	int r = sqlite3_prepare_v2(s->db,
				   "SELECT group_concat('\"' || name || '\"', ',')"
				   " FROM pragma_table_info(?1, 'main')"
				   " WHERE name <> 'scan' AND NOT (name = 'id' AND pk = 1)",
				   -1, &st, NULL);

	if (r == SQLITE_OK)
		sqlite3_bind_text(st, 1, table, -1, SQLITE_STATIC);
	if (r == SQLITE_OK && (r = sqlite3_step(st)) == SQLITE_ROW)
		list = sqlite3_mprintf("%s", sqlite3_column_text(st, 0));
	sqlite3_finalize(st);
	if (list == NULL)
		store_fail(s, r);
	return list;
}

static bool copy_table(struct store *s, const char *table, int64_t from, int64_t to)
{
	char *columns = columns_of(s, table);
	bool good = columns != NULL &&
		    run(s, sqlite3_mprintf("INSERT INTO main.\"%w\" (scan,%s) SELECT %lld,%s"
					   " FROM incoming.\"%w\" WHERE scan=%lld",
					   table, columns, (long long)to, columns, table,
					   (long long)from));

	sqlite3_free(columns);
	return good;
}

static int64_t copy_scan(struct store *s, const char *uuid)
{
	static const char columns[] =
		"uuid, kind, site, vantage, vantage_zone, vantage_kind, profile, started, finished,"
		" status, reason, version, plan";

	if (!run(s, sqlite3_mprintf("INSERT INTO main.scan (%s) SELECT %s FROM incoming.scan"
				    " WHERE uuid=%Q AND status <> 'running'",
				    columns, columns, uuid)))
		return 0;
	if (sqlite3_changes(s->db) != 1) {
		s->fault = STORE_NOT_OURS;
		return 0;
	}
	return sqlite3_last_insert_rowid(s->db);
}

static bool copy_all(struct store *s, const char *uuid, bool declarations, int64_t *ret)
{
	/* Whoever signed it made it; still, nothing in it runs here. */
	if (store_number(s, "SELECT count(*) FROM incoming.sqlite_schema WHERE type NOT IN "
			    "('table', 'index')") != 0 ||
	    store_number(s, "PRAGMA incoming.user_version") != store_number(s,
									    "PRAGMA "
									    "main.user_version")) {
		if (s->fault == STORE_OK)
			s->fault = STORE_NOT_OURS;
		return false;
	}
	char *sql = sqlite3_mprintf(
		"SELECT coalesce((SELECT id FROM incoming.scan WHERE uuid=%Q), 0)", uuid);
	int64_t from = sql != NULL ? store_number(s, sql) : 0;
	sqlite3_free(sql);
	int64_t to = from > 0 ? copy_scan(s, uuid) : 0;

	if (to == 0 && s->fault == STORE_OK)
		s->fault = STORE_NOT_OURS;
	for (size_t i = 0; i < countof(seen) && s->fault == STORE_OK; i++)
		copy_table(s, seen[i], from, to);
	for (size_t i = 0; i < countof(declared) && declarations && s->fault == STORE_OK; i++)
		copy_table(s, declared[i], from, to);
	*ret = to;
	return s->fault == STORE_OK;
}

int64_t store_take_run(struct store *s, const char *from, const char *uuid, bool declarations)
{
	int64_t scan = 0;

	store_commit(s); /* a file is attached outside of transactions */
	if (s->fault != STORE_OK ||
	    !run(s, sqlite3_mprintf("PRAGMA trusted_schema=OFF; ATTACH %Q AS incoming", from)))
		return 0;
	bool good = run(s, sqlite3_mprintf("BEGIN IMMEDIATE")) &&
		    copy_all(s, uuid, declarations, &scan) && run(s, sqlite3_mprintf("COMMIT"));
	if (!good)
		sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	sqlite3_exec(s->db, "DETACH incoming", NULL, NULL, NULL);
	if (!good)
		return 0;
	s->scan = scan;
	return scan;
}
