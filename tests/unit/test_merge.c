/* SPDX-License-Identifier: Apache-2.0 */
/* A run goes from one store into another whole, or not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "codec/span.h"
#include "report/sample.h"
#include "store/merge.h"
#include "store/schema.h"

static struct sample_judge judge;
static char folder[] = "/tmp/tenken-merge-XXXXXX";
static char from[64], into[64];

static int start(void **state)
{
	const char *data = getenv("TENKEN_DATA");

	(void)state;
	if (mkdtemp(folder) == NULL || data == NULL || !sample_judge_start(&judge, data, NULL))
		return -1;
	snprintf(from, sizeof(from), "%s/from", folder);
	snprintf(into, sizeof(into), "%s/into", folder);
	return sample_make(from, &judge, true) && sample_add_heard(from, &judge) ? 0 : -1;
}

static int stop(void **state)
{
	(void)state;
	sample_judge_done(&judge);
	unlink(from);
	return rmdir(folder);
}

static struct store *open_store(const char *path)
{
	struct store *s;

	assert_int_equal(store_open(path, &s), STORE_OK);
	return s;
}

static int64_t number(struct store *s, const char *format, ...)
{
	sqlite3_stmt *st = NULL;
	va_list values;

	va_start(values, format);
	char *sql = sqlite3_vmprintf(format, values);
	va_end(values);
	assert_int_equal(sqlite3_prepare_v2(store_db(s), sql, -1, &st, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	int64_t n = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	sqlite3_free(sql);
	return n;
}

static void run_sql(const char *path, const char *sql)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

struct run {
	char uuid[37];
	int64_t id;
};

/* The run with the most rows of a table. */
static struct run busiest(struct store *s, const char *table)
{
	struct run r = { 0 };
	sqlite3_stmt *st = NULL;
	char *sql =
		sqlite3_mprintf("SELECT uuid, id FROM scan ORDER BY (SELECT count(*) FROM \"%w\""
				" WHERE scan = scan.id) DESC LIMIT 1",
				table);

	assert_int_equal(sqlite3_prepare_v2(store_db(s), sql, -1, &st, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	snprintf(r.uuid, sizeof(r.uuid), "%s", (const char *)sqlite3_column_text(st, 0));
	r.id = sqlite3_column_int64(st, 1);
	sqlite3_finalize(st);
	sqlite3_free(sql);
	return r;
}

/* What makes a run go on, and what judging keeps of it, stays where it is. A new table of the schema has to be
 * thought of here and in store/merge.c. */
static bool stays(const char *table)
{
	static const char *const names[] = { "resume",        "place",    "ended",
					     "asset_known",   "asset_of", "login_test",
					     "exported",      "pushed",   "declared_text",
					     "finding_event", "tally",    "asset_filed" };

	for (size_t i = 0; i < countof(names); i++)
		if (strcmp(table, names[i]) == 0)
			return true;
	return false;
}

static bool is_declared(const char *table)
{
	static const char *const names[] = { "zone",          "conduit",   "ledger",
					     "attestation",   "waiver",    "declared_address",
					     "zone_declared", "measure",   "treatment",
					     "decision",      "threshold", "goal",
					     "tier",          "boundary",  "conduit_hours",
					     "declared_word" };

	for (size_t i = 0; i < countof(names); i++)
		if (strcmp(table, names[i]) == 0)
			return true;
	return false;
}

static void whole_run(const char *busy_table, bool declarations)
{
	struct store *a = open_store(from), *b;
	struct run r = busiest(a, busy_table);
	sqlite3_stmt *tables = NULL;
	unsigned rows = 0;
	int64_t started = 0;

	store_close(a);
	b = open_store(into);
	assert_false(store_has_run(b, r.uuid, &started));
	int64_t id = store_take_run(b, from, r.uuid, declarations);
	assert_int_not_equal(id, 0);
	assert_int_equal(store_error(b), STORE_OK);
	assert_true(store_has_run(b, r.uuid, &started));
	assert_int_not_equal(started, 0);

	char *attach = sqlite3_mprintf("ATTACH %Q AS origin", from);
	assert_int_equal(sqlite3_exec(store_db(b), attach, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_free(attach);
	assert_int_equal(sqlite3_prepare_v2(store_db(b),
					    "SELECT m.name FROM main.sqlite_schema m,"
					    " pragma_table_info(m.name) c"
					    " WHERE m.type = 'table' AND c.name = 'scan'",
					    -1, &tables, NULL),
			 SQLITE_OK);
	while (sqlite3_step(tables) == SQLITE_ROW) {
		const char *table = (const char *)sqlite3_column_text(tables, 0);
		int64_t there = number(b, "SELECT count(*) FROM origin.\"%w\" WHERE scan = %lld",
				       table, (long long)r.id);
		int64_t here = number(b, "SELECT count(*) FROM main.\"%w\" WHERE scan = %lld",
				      table, (long long)id);
		if (stays(table) || (is_declared(table) && !declarations))
			there = 0;
		if (here != there)
			fail_msg("%s: %lld rows, expected %lld", table, (long long)here,
				 (long long)there);
		rows += (unsigned)here;
	}
	sqlite3_finalize(tables);
	assert_true(rows > 0);
	assert_int_equal(
		number(b, "SELECT count(*) FROM main.scan a JOIN origin.scan b USING (uuid, kind,"
			  " site, vantage, started, status, plan)"),
		1);
	assert_int_equal(sqlite3_exec(store_db(b), "DETACH origin", NULL, NULL, NULL), SQLITE_OK);

	/* A second time its uuid is in the way, and nothing of it stays. */
	assert_int_equal(store_take_run(b, from, r.uuid, declarations), 0);
	assert_int_equal(number(b, "SELECT count(*) FROM scan"), 1);
	store_close(b);
	unlink(into);
}

static void a_run_is_copied_whole(void **state)
{
	(void)state;
	whole_run("evidence", true);
	whole_run("evidence", false);
	whole_run("path", true);
	whole_run("heard", false);
}

static void refused(const char *uuid)
{
	struct store *b = open_store(into);

	assert_int_equal(store_take_run(b, from, uuid, true), 0);
	assert_int_equal(store_error(b), STORE_NOT_OURS);
	assert_int_equal(number(b, "SELECT count(*) FROM scan"), 0);
	assert_int_equal(number(b, "SELECT count(*) FROM host"), 0);
	store_close(b);
	unlink(into);
}

static void nothing_else_is_taken(void **state)
{
	struct store *a = open_store(from);
	struct run r = busiest(a, "evidence");
	char sql[256];

	(void)state;
	store_close(a);
	refused("00000000-0000-4000-8000-000000000000");
	refused("' OR 1=1 --");
	run_sql(from, "CREATE TRIGGER t AFTER INSERT ON scan BEGIN DELETE FROM scan; END");
	refused(r.uuid);
	run_sql(from, "DROP TRIGGER t; CREATE VIEW v AS SELECT 1");
	refused(r.uuid);
	run_sql(from, "DROP VIEW v; PRAGMA user_version = 1");
	refused(r.uuid);
	snprintf(sql, sizeof(sql),
		 "PRAGMA user_version = %d; UPDATE scan SET status = 'running' WHERE uuid = '%s'",
		 store_version, r.uuid);
	run_sql(from, sql);
	refused(r.uuid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_run_is_copied_whole),
		cmocka_unit_test(nothing_else_is_taken),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, start, stop);
}
