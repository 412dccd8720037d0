/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "store/quiet.h"
#include "store/schema.h"

/* In every store's header (PRAGMA application_id): "tnkn". */
enum { APPLICATION_ID = 0x746e6b6e };

static const char *const sql[STATEMENTS] = {
	[INSERT_SCAN] =
		"INSERT INTO scan (uuid, site, vantage, vantage_zone, vantage_kind, profile,"
		" started, status, version, plan, kind)"
		" VALUES (?,?,?,?,?,?,?,'running',?,?,coalesce(?,'scan'))",
	[END_SCAN] = "UPDATE scan SET status=?, reason=?, finished=? WHERE id=?",
	[INSERT_ZONE] = "INSERT OR REPLACE INTO zone VALUES (?,?,?,?)",
	[INSERT_CONDUIT] = "INSERT INTO conduit VALUES (?,?,?,?,?,?,nullif(?,0))",
	[INSERT_LEDGER] =
		"INSERT INTO ledger (scan, id, name, address, mac, zone, class, vendor, model,"
		" os, owner, location, declared, ports, line, support_until)"
		" VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,nullif(?,0))",
	[INSERT_ATTESTATION] =
		"INSERT INTO attestation (scan, guideline, item, answer, given_by, given_at, until,"
		" note, separation, evidence, whole) VALUES (?,?,?,?,?,?,nullif(?,0),?,?,?,?)",
	[INSERT_WAIVER] =
		"INSERT INTO waiver (scan, check_id, asset, port, reason, compensating, "
		"approved_by,"
		" approved_at, until, applicant, clause, from_at, impact, closing, relies_on)"
		" VALUES (?,?,?,nullif(?,0),?,?,?,?,?,?,?,nullif(?,0),?,?,?)",
	[INSERT_MEASURE] =
		"INSERT INTO measure (scan, check_id, asset, port, guideline, item, whole, measure,"
		" given_by, given_at, until, evidence, relies_on, line)"
		" VALUES (?,?,?,nullif(?,0),?,?,?,?,?,?,nullif(?,0),?,?,?)",
	[INSERT_TREATMENT] =
		"INSERT INTO treatment (scan, check_id, asset, port, guideline, item, whole,"
		" action, owner, due, state, state_at, note, line) VALUES "
		"(?,?,?,nullif(?,0),?,?,?,?,?,nullif(?,0),?,nullif(?,0),?,?)",
	[INSERT_DECISION] =
		"INSERT INTO decision (scan, guideline, item, whole, decision, reason, given_by,"
		" given_at, level, severity, checks, line)"
		" VALUES (?,?,?,?,?,?,?,nullif(?,0),?,?,?,?)",
	[INSERT_THRESHOLD] = "INSERT OR REPLACE INTO threshold VALUES (?,?,?)",
	[INSERT_GOAL] = "INSERT INTO goal (scan, guideline, item, whole, current, target, "
			"priority, owner, due,"
			" note, given_by, given_at, line)"
			" VALUES (?,?,?,?,?,?,?,?,nullif(?,0),?,?,nullif(?,0),?)",
	[INSERT_TIER] =
		"INSERT INTO tier (scan, area, current, target, given_by, given_at, note, line)"
		" VALUES (?,?,nullif(?,0),nullif(?,0),?,?,?,?)",
	/* Once, also by a scan that goes on. */
	[INSERT_REMARK] = "INSERT INTO remark SELECT ?1, ?2, ?3, ?4 WHERE NOT EXISTS (SELECT 1 FROM"
			  " remark WHERE scan=?1 AND kind=?2 AND subject IS ?3 AND text=?4)",
	[INSERT_HOST] =
		"INSERT OR REPLACE INTO host (scan, address, zone, kind, treated, state, reason,"
		" ot_sign, mac, vendor, names, ledger_id, role, os, public, complete, planned,"
		" open, closed, filtered, silent, rtt_us, first_ms, last_ms, udp_ports)"
		" VALUES (?,?,?,?,?,?,?,?,?,?,coalesce(?,'[]'),?,?,?,?,?,?,?,?,?,?,nullif(?,0),?,?,"
		"?)",
	[UPDATE_NAMES] = "UPDATE host SET names=?3 WHERE scan=?1 AND address=?2",
	[UPDATE_HOST] = "UPDATE host SET treated=coalesce(?3,treated), state=coalesce(?4,state),"
			" reason=coalesce(?5,reason), ot_sign=coalesce(?6,ot_sign)"
			" WHERE scan=?1 AND address=?2",
	[INSERT_QUIET] =
		"INSERT OR REPLACE INTO quiet (scan, scope, first_key, last_key, first, last,"
		" addresses, state, reason, zone, kind, treated, public, planned, complete,"
		" first_ms, last_ms) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
	[DELETE_QUIET] = "DELETE FROM quiet WHERE scan=? AND scope=? AND first_key BETWEEN ? AND ?",
	[DELETE_ALL_QUIET] = "DELETE FROM quiet WHERE scan=?",
	[INSERT_SERVICE] =
		"INSERT OR REPLACE INTO service (scan, address, port, transport, state, reason,"
		" name, limited) VALUES (?,?,?,?,?,?,?,?)",
	[UPDATE_SERVICE] = "UPDATE service SET protocol=?5, tls=?6, spoken=?7, limited=?8"
			   " WHERE scan=?1 AND address=?2 AND port=?3 AND transport=?4",
	/* A second look that brings less does not take the place of the first. */
	[INSERT_EVIDENCE] =
		"INSERT INTO evidence VALUES (?,?,?,?,?,?,?,?,?,?,?,?)"
		" ON CONFLICT DO UPDATE SET ending=excluded.ending, document=excluded.document,"
		" connections=excluded.connections, sent=excluded.sent,"
		" received=excluded.received, started_ms=excluded.started_ms,"
		" finished_ms=excluded.finished_ms"
		" WHERE excluded.ending='done' OR evidence.ending<>'done'",
	[UPDATE_PRODUCT] = "UPDATE service SET product=coalesce(?5->>'$.product',product),"
			   " version=coalesce(?5->>'$.version',version)"
			   " WHERE scan=?1 AND address=?2 AND port=?3 AND transport=?4",
	[OPEN_JOURNAL] =
		"INSERT OR REPLACE INTO journal (scan, number, kind, opened_ms, address, port,"
		" transport, probe) VALUES (?,?,?,?,?,?,?,?)",
	/* One frame, over as it leaves; below the connections' numbers. What is there already with a
	 * number from ?9 on came from the same file. */
	[ASK_JOURNAL] =
		"INSERT INTO journal (scan, number, kind, opened_ms, closed_ms, source,"
		" address, port, transport, probe, packets, sent, received, ending)"
		" SELECT ?1, ?2, 'ask', ?3, ?3, ?4, ?5, ?6, ?7, ?8, 1, 0, 0, 'done'"
		" WHERE NOT EXISTS (SELECT 1 FROM journal WHERE scan=?1 AND"
		" number BETWEEN ?9 AND -1 AND opened_ms=?3 AND source=?4 AND address=?5 AND"
		" port=?6 AND probe=?8)",
	[NAME_JOURNAL] = "UPDATE journal SET probe=?3 WHERE scan=?1 AND number=?2",
	[CLOSE_JOURNAL] = "UPDATE journal SET closed_ms=?3, source=?4, source_port=?5, packets=?6,"
			  " sent=?7, received=?8, ending=?9, found=?10, no_host=?11, reason=?12"
			  " WHERE scan=?1 AND number=?2",
	[DISTRESS_JOURNAL] =
		"INSERT INTO remark SELECT ?1, 'distress', ?2, ?3 WHERE NOT EXISTS"
		" (SELECT 1 FROM remark WHERE scan=?1 AND kind='distress' AND subject=?2)",
	[DISTRESS_HOST] =
		"UPDATE host SET state='distress', reason=?3 WHERE scan=?1 AND address=?2",
	[INSERT_LANE] = "INSERT INTO journal_lane VALUES (?,?,?,?,?,?,?,?,?,?)",
	[KNOWN_LANE] = "SELECT 1 FROM journal_lane WHERE scan=? AND number<? AND lane=?"
		       " AND begun_ms=? AND targets=?",
	[INSERT_STRETCH] = "INSERT INTO journal_stretch VALUES (?,?,?,?,?,?,?)",
	[RESUME_SCAN] = "UPDATE scan SET status='running', reason=NULL, finished=NULL WHERE id=?",
	[INSERT_RESUME] = "INSERT OR REPLACE INTO resume VALUES (?,?,?)",
	[INSERT_ENDED] = "INSERT OR REPLACE INTO ended VALUES (?,?,?,?)",
	[INSERT_PLACE] = "INSERT OR REPLACE INTO place VALUES (?,?,?)",
	[DELETE_PLACES] = "DELETE FROM place WHERE scan=?",
	[READ_PLACES] = "SELECT name, place FROM place WHERE scan=?",
	[INSERT_LOGIN] =
		"INSERT INTO login (scan, at_ms, address, device, port, transport, protocol,"
		" account, number, vendor, blank, result)"
		" VALUES (?,?,?,?,?,?,?,?,?,?,?,'pending')",
	[UPDATE_LOGIN] = "UPDATE login SET result=? WHERE id=?",
	[INSERT_LOGIN_TEST] =
		"INSERT INTO login_test (scan, login, secret, took_ms) VALUES (?,?,?,?)",
	[INSERT_WATCH] = "INSERT OR REPLACE INTO watch VALUES (?,?,?,?,?,nullif(?,0),nullif(?,0),"
			 "?,?,?,?,?,?)",
	[INSERT_HEARD_HOST] =
		"INSERT INTO heard_host VALUES (?,?,?,?,nullif(?,0),?,?,?,?,?,?,?,?)"
		" ON CONFLICT DO UPDATE SET mac=coalesce(excluded.mac,mac),"
		" vendor=coalesce(excluded.vendor,vendor), sent=sent+excluded.sent,"
		" received=received+excluded.received, first_ms=min(first_ms,excluded.first_ms),"
		" last_ms=max(last_ms,excluded.last_ms)",
	[INSERT_FLOW] =
		"INSERT INTO flow VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
		" ON CONFLICT DO UPDATE SET application=coalesce(excluded.application,application),"
		" source=coalesce(excluded.source,source), name=coalesce(excluded.name,name),"
		" connections=connections+excluded.connections, refused=refused+excluded.refused,"
		" unanswered=unanswered+excluded.unanswered, sent=sent+excluded.sent,"
		" received=received+excluded.received,"
		" sent_packets=sent_packets+excluded.sent_packets,"
		" received_packets=received_packets+excluded.received_packets,"
		" first_ms=min(first_ms,excluded.first_ms), last_ms=max(last_ms,excluded.last_ms)",
	[INSERT_OPERATION] =
		"INSERT INTO operation VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
		" ON CONFLICT DO UPDATE SET requests=requests+excluded.requests,"
		" errors=errors+excluded.errors, first_ms=min(first_ms,excluded.first_ms),"
		" last_ms=max(last_ms,excluded.last_ms)",
	[INSERT_HEARD] =
		"INSERT INTO heard VALUES (?,?,?,?,?,?,?,?,?,?,?)"
		" ON CONFLICT DO UPDATE SET times=times+excluded.times,"
		" first_ms=min(first_ms,excluded.first_ms), last_ms=max(last_ms,excluded.last_ms)",
	[INSERT_PATH] =
		"INSERT OR REPLACE INTO path VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
	[INSERT_DECLARED] = "INSERT OR IGNORE INTO declared_address VALUES (?,?,?)",
	[INSERT_ZONE_WORD] = "INSERT OR IGNORE INTO zone_declared VALUES (?,?,?)",
	[INSERT_EXPORTED] =
		"INSERT OR REPLACE INTO exported (site, target, fingerprint, status, severity,"
		" content, at, scan) VALUES (?,?,?,?,?,?,?,?)",
	[INSERT_PUSHED] = "INSERT OR REPLACE INTO pushed (site, target, key, at, scan, objects,"
			  " bytes) VALUES (?,?,?,?,?,?,?)",
	[INSERT_TEXT] = "INSERT OR IGNORE INTO kept_text (digest, text) VALUES (?,?)",
	[INSERT_DECLARED_TEXT] = "INSERT OR REPLACE INTO declared_text VALUES (?,?,?)",
	[INSERT_BOUNDARY] = "INSERT OR IGNORE INTO boundary VALUES (?,?,?,?,?)",
	[INSERT_HOURS] = "INSERT INTO conduit_hours VALUES (?,?,?,?,?,?,?,?,?,?)",
	[INSERT_WORD] = "INSERT OR IGNORE INTO declared_word VALUES (?,?,?)",
	[READ_LOGINS] = "SELECT address, device, account, result FROM login WHERE at_ms>=?",
	[READ_QUIET] = "SELECT scope, first_key, last_key, state, reason, zone, kind, treated,"
		       " planned, complete, first_ms, last_ms FROM quiet WHERE scan=?",
};

struct sqlite3 *store_db(struct store *s)
{
	return s->db;
}

enum store_fault store_error(const struct store *s)
{
	return s->fault;
}

const char *store_error_text(const struct store *s)
{
	return s->words;
}

static enum store_fault fault_of(int code)
{
	switch (code & 0xff) {
	case SQLITE_FULL:
		return STORE_FULL;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return STORE_BUSY;
	case SQLITE_NOTADB:
		return STORE_NOT_OURS;
	case SQLITE_CANTOPEN:
	case SQLITE_READONLY:
	case SQLITE_PERM:
		return STORE_NO_FILE;
	case SQLITE_IOERR:
		return errno == ENOSPC || errno == EDQUOT ? STORE_FULL : STORE_BROKEN;
	default:
		return STORE_BROKEN;
	}
}

bool store_fail(struct store *s, int code)
{
	if (s->fault == STORE_OK) {
		s->fault = fault_of(sqlite3_extended_errcode(s->db) != SQLITE_OK
					    ? sqlite3_extended_errcode(s->db)
					    : code);
		snprintf(s->words, sizeof(s->words), "%s", sqlite3_errmsg(s->db));
	}
	return false;
}

static bool exec(struct store *s, const char *text)
{
	if (s->fault != STORE_OK)
		return false;
	int code = sqlite3_exec(s->db, text, NULL, NULL, NULL);
	return code == SQLITE_OK || store_fail(s, code);
}

int64_t store_number(struct store *s, const char *text)
{
	sqlite3_stmt *st = NULL;
	int64_t v = -1;
	int code = sqlite3_prepare_v2(s->db, text, -1, &st, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_step(st);
	if (code == SQLITE_ROW)
		v = sqlite3_column_int64(st, 0);
	else
		store_fail(s, code);
	sqlite3_finalize(st);
	return v;
}

sqlite3_stmt *store_statement(struct store *s, enum statement which)
{
	int code = SQLITE_OK;

	if (s->statement[which] == NULL)
		code = sqlite3_prepare_v3(s->db, sql[which], -1, SQLITE_PREPARE_PERSISTENT,
					  &s->statement[which], NULL);
	if (code == SQLITE_OK)
		return s->statement[which];
	store_fail(s, code);
	return NULL;
}

bool store_run(struct store *s, enum statement which, const char *types, ...)
{
	if (s->fault != STORE_OK)
		return false;
	if (!s->in_transaction) {
		if (!exec(s, "BEGIN"))
			return false;
		s->in_transaction = true;
	}
	sqlite3_stmt *st = store_statement(s, which);
	if (st == NULL)
		return false;
	va_list values;
	va_start(values, types);
	for (int i = 0; types[i] != '\0'; i++) {
		if (types[i] == 'i')
			sqlite3_bind_int64(st, i + 1, va_arg(values, int64_t));
		else if (types[i] == 'z') {
			const void *bytes = va_arg(values, const void *);

			sqlite3_bind_blob64(st, i + 1, bytes != NULL ? bytes : "",
					    va_arg(values, size_t), SQLITE_STATIC);
		} else if (types[i] == 'b')
			sqlite3_bind_int(st, i + 1, va_arg(values, int));
		else if (types[i] == 'k')
			sqlite3_bind_blob(st, i + 1, va_arg(values, const uint8_t *), 16,
					  SQLITE_STATIC);
		else
			sqlite3_bind_text(st, i + 1, va_arg(values, const char *), -1,
					  SQLITE_STATIC);
	}
	va_end(values);
	int code = sqlite3_step(st);
	bool good = code == SQLITE_DONE || store_fail(s, code);
	sqlite3_reset(st); /* the next run binds every value again */
	return good;
}

/* ---- addresses where nothing came back ---- */

bool store_out_of_memory(struct store *s)
{
	if (s->fault == STORE_OK) {
		s->fault = STORE_BROKEN;
		snprintf(s->words, sizeof(s->words), "out of memory");
	}
	return false;
}

static bool forget_quiet(void *context, const struct addr *first, const struct addr *last)
{
	struct store *s = context;

	return store_run(s, DELETE_QUIET, "iikk", s->scan, (int64_t)first->scope, first->bytes,
			 last->bytes);
}

static bool write_quiet(void *context, const struct quiet_row *r, uint64_t addresses)
{
	struct store *s = context;
	char first[ADDR_TEXT], last[ADDR_TEXT];

	return store_run(s, INSERT_QUIET,
			 "iikktti"
			 "tttttbibii",
			 s->scan, (int64_t)r->first.scope, r->first.bytes, r->last.bytes,
			 addr_format(&r->first, first), addr_format(&r->last, last),
			 addresses > INT64_MAX ? INT64_MAX : (int64_t)addresses, r->state,
			 r->reason, r->zone, r->kind, r->treated, (int)addr_is_public(&r->first),
			 (int64_t)r->planned, (int)r->complete, r->first_ms, r->last_ms);
}

static void keep_quiet(struct store *s, bool all)
{
	const struct quiet_sink sink = { forget_quiet, write_quiet, s };

	if (s->quiet == NULL || s->fault != STORE_OK)
		return;
	if (!all)
		quiet_write_changed(s->quiet, &sink);
	else if (store_run(s, DELETE_ALL_QUIET, "i", s->scan) && !quiet_write_all(s->quiet, &sink))
		store_out_of_memory(s);
}

void store_quiet(struct store *s, const struct quiet_row *r)
{
	if (s->fault != STORE_OK)
		return;
	if (s->quiet == NULL)
		s->quiet = quiet_new();
	if (s->quiet == NULL || !quiet_fits(r) || !quiet_add(s->quiet, r))
		store_out_of_memory(s);
}

void store_commit(struct store *s)
{
	keep_quiet(s, false);
	if (s->in_transaction && s->fault == STORE_OK)
		exec(s, "COMMIT");
	s->in_transaction = false;
	clock_gettime(CLOCK_MONOTONIC, &s->committed);
}

void store_tick(struct store *s)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if ((now.tv_sec - s->committed.tv_sec) * 1000 +
		    (now.tv_nsec - s->committed.tv_nsec) / 1000000 >=
	    1000)
		store_commit(s);
}

/* ---- opening ---- */

static void migrate(struct store *s, bool fresh)
{
	int64_t id = store_number(s, "PRAGMA application_id");
	int64_t version = store_number(s, "PRAGMA user_version");
	char text[64];

	if (s->fault != STORE_OK)
		return;
	if (!fresh && id != APPLICATION_ID) {
		s->fault = STORE_NOT_OURS;
		return;
	}
	if (version > store_version) {
		s->fault = STORE_NEWER;
		return;
	}
	if (version == store_version)
		return;
	exec(s, "BEGIN IMMEDIATE");
	for (int64_t i = version; i < store_version; i++)
		exec(s, store_migrations[i]);
	snprintf(text, sizeof(text), "PRAGMA application_id=%d", APPLICATION_ID);
	exec(s, text);
	snprintf(text, sizeof(text), "PRAGMA user_version=%d", store_version);
	exec(s, text);
	exec(s, "COMMIT");
}

/* Scans that nobody ended: the process was killed. */
static void mend(struct store *s)
{
	char journal[4096];
	int64_t killed =
		store_number(s, "SELECT coalesce(max(id), 0) FROM scan WHERE status='running'");

	if (s->fault != STORE_OK)
		return;
	snprintf(journal, sizeof(journal), "%s.journal", s->path);
	if (killed > 0) {
		store_journal(s, killed, journal);
		exec(s,
		     "UPDATE scan SET status='incomplete', reason='killed',"
		     " finished=coalesce((SELECT max(last_ms)/1000 FROM (SELECT last_ms FROM host"
		     "  WHERE scan=scan.id UNION ALL SELECT last_ms FROM quiet WHERE"
		     "  scan=scan.id)), started)"
		     " WHERE status='running'");
	} else {
		unlink(journal);
	}
	store_commit(s);
}

enum store_fault store_open(const char *path, struct store **ret)
{
	struct store *s = calloc(1, sizeof(*s));

	if (s == NULL || (s->path = strdup(path)) == NULL) {
		free(s);
		return STORE_BROKEN;
	}
	/* Made by us, so that nobody else may read it from the first byte on. */
	s->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	struct stat st;
	if (s->lock < 0 || fstat(s->lock, &st) != 0 || !S_ISREG(st.st_mode))
		s->fault = STORE_NO_FILE;
	/* The sending lock does not reach into another network namespace, and SQLite's own locks last
	 * for a transaction only. A second writer would take the first one's scan for a killed one. */
	else if (flock(s->lock, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
		s->fault = STORE_BUSY;
	if (s->fault != STORE_OK) {
		enum store_fault f = s->fault;

		store_close(s);
		return f;
	}
	if (sqlite3_open_v2(path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) !=
	    SQLITE_OK)
		s->fault = STORE_NO_FILE;
	else
		sqlite3_busy_timeout(s->db, 2000);
	migrate(s, st.st_size == 0);
	exec(s, "PRAGMA journal_mode=WAL");
	exec(s, "PRAGMA synchronous=FULL");
	/* Hosts come in the order of a permutation: the pages of some 100,000 rows stay at hand. Less is
	 * used as long as there is less to keep. */
	exec(s, "PRAGMA cache_size=-16384");
	/* Every row is of the scan that was begun here; to ask for it each time takes a fifth of it all. */
	exec(s, "PRAGMA foreign_keys=OFF");
	if (s->fault == STORE_OK)
		mend(s);
	if (s->fault != STORE_OK) {
		enum store_fault f = s->fault;

		store_close(s);
		return f;
	}
	*ret = s;
	return STORE_OK;
}

enum store_fault store_memory(struct store **ret)
{
	struct store *s = calloc(1, sizeof(*s));

	if (s == NULL || (s->path = strdup(":memory:")) == NULL) {
		free(s);
		return STORE_BROKEN;
	}
	s->lock = -1;
	if (sqlite3_open_v2(s->path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) !=
	    SQLITE_OK)
		s->fault = STORE_BROKEN;
	migrate(s, true);
	exec(s, "PRAGMA foreign_keys=OFF");
	if (s->fault != STORE_OK) {
		enum store_fault f = s->fault;

		store_close(s);
		return f;
	}
	*ret = s;
	return STORE_OK;
}

void store_close(struct store *s)
{
	if (s == NULL)
		return;
	if (s->db != NULL) {
		store_commit(s);
		for (int i = 0; i < STATEMENTS; i++)
			sqlite3_finalize(s->statement[i]);
		/* One plain file, which read-only media can carry. Another reader keeps the WAL; harmless.
		 * What we refused to write stays as it is. */
		if (s->fault != STORE_NOT_OURS && s->fault != STORE_NEWER)
			sqlite3_exec(s->db,
				     "PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode=DELETE",
				     NULL, NULL, NULL);
		sqlite3_close(s->db);
	}
	/* Last: closing a descriptor of this file ends SQLite's locks on it (fcntl(2)). */
	if (s->lock >= 0)
		close(s->lock);
	quiet_free(s->quiet);
	free(s->path);
	free(s);
}

/* ---- rows ---- */

/* Only the newest scan can go on, and only where it is not done. */
static const char forget[] = "DELETE FROM resume; DELETE FROM ended; DELETE FROM place";

int64_t store_scan_begin(struct store *s, const struct scan_row *r)
{
	if (!store_run(s, INSERT_SCAN, "ttttttittt", r->uuid, r->site, r->vantage, r->vantage_zone,
		       r->vantage_kind, r->profile, r->started, r->version, r->plan, r->kind))
		return 0;
	s->scan = sqlite3_last_insert_rowid(s->db);
	quiet_free(s->quiet);
	s->quiet = NULL;
	exec(s, forget);
	store_commit(s);
	return s->scan;
}

void store_scan_end(struct store *s, const char *status, const char *reason, int64_t finished)
{
	keep_quiet(s, true);
	quiet_free(s->quiet);
	s->quiet = NULL;
	store_run(s, END_SCAN, "ttii", status, reason, finished, s->scan);
	if (strcmp(status, "done") == 0)
		exec(s, forget);
	store_commit(s);
}

static struct addr key_of(sqlite3_stmt *st, int scope, int key)
{
	struct addr a = { .scope = (uint32_t)sqlite3_column_int64(st, scope) };

	if (sqlite3_column_bytes(st, key) == sizeof(a.bytes))
		memcpy(a.bytes, sqlite3_column_blob(st, key), sizeof(a.bytes));
	return a;
}

static const char *word_of(sqlite3_stmt *st, int column)
{
	return (const char *)sqlite3_column_text(st, column);
}

/* What was told of quiet addresses before is in memory again, so that what is told of them now takes
 * its place; and it is written block by block, as it changes from now on. */
static void read_quiet(struct store *s)
{
	const struct quiet_sink sink = { forget_quiet, write_quiet, s };
	sqlite3_stmt *st = NULL;

	if (s->fault != STORE_OK)
		return;
	int code = sqlite3_prepare_v2(s->db, sql[READ_QUIET], -1, &st, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_bind_int64(st, 1, s->scan);
	while (code == SQLITE_OK && (code = sqlite3_step(st)) == SQLITE_ROW) {
		const struct quiet_row r = {
			.first = key_of(st, 0, 1),
			.last = key_of(st, 0, 2),
			.state = word_of(st, 3),
			.reason = word_of(st, 4),
			.zone = word_of(st, 5),
			.kind = word_of(st, 6),
			.treated = word_of(st, 7),
			.planned = (uint32_t)sqlite3_column_int64(st, 8),
			.complete = sqlite3_column_int(st, 9) != 0,
			.first_ms = sqlite3_column_int64(st, 10),
			.last_ms = sqlite3_column_int64(st, 11),
		};

		code = SQLITE_OK;
		store_quiet(s, &r);
	}
	if (code != SQLITE_DONE)
		store_fail(s, code);
	sqlite3_finalize(st);
	if (s->quiet != NULL && store_run(s, DELETE_ALL_QUIET, "i", s->scan) &&
	    !quiet_write_blocks(s->quiet, &sink))
		store_out_of_memory(s);
}

void store_scan_resume(struct store *s, int64_t scan)
{
	store_run(s, RESUME_SCAN, "i", scan);
	s->scan = scan;
	read_quiet(s);
	store_commit(s);
}

void store_resume_text(struct store *s, const char *name, const void *text, size_t n)
{
	store_run(s, INSERT_RESUME, "itz", s->scan, name, text, n);
}

void store_ended(struct store *s, const char *address, uint16_t port, bool udp, bool full)
{
	store_run(s, INSERT_ENDED, "itib", s->scan, address,
		  (int64_t)port + (udp ? STORE_ENDED_UDP : 0), (int)full);
}

void store_place(struct store *s, const char *name, const void *place, size_t n)
{
	store_run(s, INSERT_PLACE, "itz", s->scan, name, place, n);
}

void store_places_forget(struct store *s)
{
	store_run(s, DELETE_PLACES, "i", s->scan);
}

void store_places_read(struct store *s, store_place_each *each, void *context)
{
	sqlite3_stmt *st = NULL;

	if (s->fault != STORE_OK)
		return;
	int code = sqlite3_prepare_v2(s->db, sql[READ_PLACES], -1, &st, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_bind_int64(st, 1, s->scan);
	while (code == SQLITE_OK && (code = sqlite3_step(st)) == SQLITE_ROW) {
		code = SQLITE_OK;
		each(context, (const char *)sqlite3_column_text(st, 0), sqlite3_column_blob(st, 1),
		     (size_t)sqlite3_column_bytes(st, 1));
	}
	if (code != SQLITE_DONE)
		store_fail(s, code);
	sqlite3_finalize(st);
}

void store_zone(struct store *s, const char *name, const char *kind, const char *networks)
{
	store_run(s, INSERT_ZONE, "ittt", s->scan, name, kind, networks);
}

void store_conduit(struct store *s, const char *from, const char *to, const char *transport,
		   uint16_t first, uint16_t last, int64_t until)
{
	store_run(s, INSERT_CONDUIT, "itttbbi", s->scan, from, to, transport, (int)first, (int)last,
		  until);
}

void store_ledger(struct store *s, const struct ledger_row *r)
{
	store_run(s, INSERT_LEDGER, "itttttttttttttii", s->scan, r->id, r->name, r->address, r->mac,
		  r->zone, r->class_, r->vendor, r->model, r->os, r->owner, r->location,
		  r->declared, r->ports, (int64_t)r->line, r->support_until);
}

void store_remark(struct store *s, const char *kind, const char *subject, const char *text)
{
	store_run(s, INSERT_REMARK, "ittt", s->scan, kind, subject, text);
}

void store_host(struct store *s, const struct host_row *r)
{
	struct addr a;

	if (s->quiet == NULL)
		s->quiet = quiet_new();
	if (s->quiet == NULL || (addr_parse(r->address, &a) == 0 && !quiet_own(s->quiet, &a)))
		store_out_of_memory(s);
	store_run(s, INSERT_HOST,
		  "ittttttttttttt"
		  "bbiiiiiiiii",
		  s->scan, r->address, r->zone, r->kind, r->treated, r->state, r->reason,
		  r->ot_sign, r->mac, r->vendor, r->names, r->ledger_id, r->role, r->os,
		  (int)r->is_public, (int)r->complete, (int64_t)r->planned, (int64_t)r->open,
		  (int64_t)r->closed, (int64_t)r->filtered, (int64_t)r->silent, (int64_t)r->rtt_us,
		  r->first_ms, r->last_ms, (int64_t)r->udp_ports);
}

void store_host_state(struct store *s, const char *address, const char *treated, const char *state,
		      const char *reason, const char *ot_sign)
{
	store_run(s, UPDATE_HOST,
		  "itttt"
		  "t",
		  s->scan, address, treated, state, reason, ot_sign);
}

void store_host_names(struct store *s, const char *address, const char *names)
{
	store_run(s, UPDATE_NAMES, "itt", s->scan, address, names);
}

void store_service(struct store *s, const char *address, uint16_t port, const char *transport,
		   const char *state, const char *reason, const char *name, const char *limited)
{
	store_run(s, INSERT_SERVICE, "itbttttt", s->scan, address, (int)port, transport, state,
		  reason, name, limited);
}

void store_service_spoken(struct store *s, const char *address, uint16_t port,
			  const char *transport, const char *protocol, bool tls, const char *spoken,
			  const char *limited)
{
	store_run(s, UPDATE_SERVICE, "itbttbtt", s->scan, address, (int)port, transport, protocol,
		  (int)tls, spoken, limited);
}

void store_evidence(struct store *s, const struct evidence_row *r)
{
	store_run(s, INSERT_EVIDENCE, "itbttttiiiii", s->scan, r->address, (int)r->port,
		  r->transport, r->probe, r->ending, r->document, (int64_t)r->connections,
		  (int64_t)r->sent, (int64_t)r->received, r->started_ms, r->finished_ms);
	store_run(s, UPDATE_PRODUCT, "itbtt", s->scan, r->address, (int)r->port, r->transport,
		  r->document);
}
