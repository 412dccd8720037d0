/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store.h"

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

enum statement {
	INSERT_SCAN,
	END_SCAN,
	INSERT_ZONE,
	INSERT_CONDUIT,
	INSERT_LEDGER,
	INSERT_ATTESTATION,
	INSERT_WAIVER,
	INSERT_REMARK,
	INSERT_HOST,
	UPDATE_HOST,
	UPDATE_NAMES,
	INSERT_QUIET,
	DELETE_QUIET,
	DELETE_ALL_QUIET,
	INSERT_SERVICE,
	UPDATE_SERVICE,
	INSERT_EVIDENCE,
	UPDATE_PRODUCT,
	OPEN_JOURNAL,
	NAME_JOURNAL,
	CLOSE_JOURNAL,
	STATEMENTS
};

static const char *const sql[STATEMENTS] = {
	[INSERT_SCAN] =
		"INSERT INTO scan (uuid, site, vantage, vantage_zone, vantage_kind, profile,"
		" started, status, version, plan) VALUES (?,?,?,?,?,?,?,'running',?,?)",
	[END_SCAN] = "UPDATE scan SET status=?, reason=?, finished=? WHERE id=?",
	[INSERT_ZONE] = "INSERT OR REPLACE INTO zone VALUES (?,?,?,?)",
	[INSERT_CONDUIT] = "INSERT INTO conduit VALUES (?,?,?,?,?,?,nullif(?,0))",
	[INSERT_LEDGER] =
		"INSERT INTO ledger (scan, id, name, address, mac, zone, class, vendor, model,"
		" os, owner, location, declared, ports, line)"
		" VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
	[INSERT_ATTESTATION] = "INSERT INTO attestation VALUES (?,?,?,?,?,?,nullif(?,0),?)",
	[INSERT_WAIVER] = "INSERT INTO waiver VALUES (?,?,?,nullif(?,0),?,?,?,?,?)",
	[INSERT_REMARK] = "INSERT INTO remark VALUES (?,?,?,?)",
	[INSERT_HOST] =
		"INSERT OR REPLACE INTO host (scan, address, zone, kind, treated, state, reason,"
		" ot_sign, mac, vendor, names, ledger_id, role, os, public, complete, planned, "
		"open,"
		" closed, filtered, silent, rtt_us, first_ms, last_ms)"
		" VALUES "
		"(?,?,?,?,?,?,?,?,?,coalesce(?,'[]'),?,?,?,?,?,?,?,?,?,?,?,nullif(?,0),?,?)",
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
		" transport, probe) VALUES (?,?,?,?,?,?,'tcp',?)",
	[NAME_JOURNAL] = "UPDATE journal SET probe=?3 WHERE scan=?1 AND number=?2",
	[CLOSE_JOURNAL] = "UPDATE journal SET closed_ms=?3, source=?4, source_port=?5, packets=?6,"
			  " sent=?7, received=?8, ending=?9 WHERE scan=?1 AND number=?2",
};

struct store {
	sqlite3 *db;
	sqlite3_stmt *statement[STATEMENTS];
	char *path;
	int lock; /* held while we write: see store_open() */
	int64_t scan;
	struct quiet *quiet; /* of this scan, as far as it was told; NULL: nothing yet */
	bool in_transaction;
	struct timespec committed;
	enum store_fault fault;
	char words[256];
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

static bool fail(struct store *s, int code)
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
	return code == SQLITE_OK || fail(s, code);
}

static int64_t pragma(struct store *s, const char *text)
{
	sqlite3_stmt *st = NULL;
	int64_t v = -1;
	int code = sqlite3_prepare_v2(s->db, text, -1, &st, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_step(st);
	if (code == SQLITE_ROW)
		v = sqlite3_column_int64(st, 0);
	else
		fail(s, code);
	sqlite3_finalize(st);
	return v;
}

/* Runs a statement with its values: i int64_t, t text or NULL, b int, k an address's key. */
static bool run(struct store *s, enum statement which, const char *types, ...)
{
	if (s->fault != STORE_OK)
		return false;
	if (!s->in_transaction) {
		if (!exec(s, "BEGIN"))
			return false;
		s->in_transaction = true;
	}
	int code = SQLITE_OK;
	if (s->statement[which] == NULL)
		code = sqlite3_prepare_v3(s->db, sql[which], -1, SQLITE_PREPARE_PERSISTENT,
					  &s->statement[which], NULL);
	if (code != SQLITE_OK)
		return fail(s, code);
	sqlite3_stmt *st = s->statement[which];
	va_list values;
	va_start(values, types);
	for (int i = 0; types[i] != '\0'; i++) {
		if (types[i] == 'i')
			sqlite3_bind_int64(st, i + 1, va_arg(values, int64_t));
		else if (types[i] == 'b')
			sqlite3_bind_int(st, i + 1, va_arg(values, int));
		else if (types[i] == 'k')
			sqlite3_bind_blob(st, i + 1, va_arg(values, const uint8_t *), 16,
					  SQLITE_STATIC);
		else
			sqlite3_bind_text(st, i + 1, va_arg(values, const char *), -1,
					  SQLITE_STATIC);
	}
	va_end(values);
	code = sqlite3_step(st);
	bool good = code == SQLITE_DONE || fail(s, code);
	sqlite3_reset(st); /* the next run binds every value again */
	return good;
}

/* ---- addresses where nothing came back ---- */

static bool out_of_memory(struct store *s)
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

	return run(s, DELETE_QUIET, "iikk", s->scan, (int64_t)first->scope, first->bytes,
		   last->bytes);
}

static bool write_quiet(void *context, const struct quiet_row *r, uint64_t addresses)
{
	struct store *s = context;
	char first[ADDR_TEXT], last[ADDR_TEXT];

	return run(s, INSERT_QUIET,
		   "iikktti"
		   "tttttbibii",
		   s->scan, (int64_t)r->first.scope, r->first.bytes, r->last.bytes,
		   addr_format(&r->first, first), addr_format(&r->last, last),
		   addresses > INT64_MAX ? INT64_MAX : (int64_t)addresses, r->state, r->reason,
		   r->zone, r->kind, r->treated, (int)addr_is_public(&r->first),
		   (int64_t)r->planned, (int)r->complete, r->first_ms, r->last_ms);
}

static void keep_quiet(struct store *s, bool all)
{
	const struct quiet_sink sink = { forget_quiet, write_quiet, s };

	if (s->quiet == NULL || s->fault != STORE_OK)
		return;
	if (!all)
		quiet_write_changed(s->quiet, &sink);
	else if (run(s, DELETE_ALL_QUIET, "i", s->scan) && !quiet_write_all(s->quiet, &sink))
		out_of_memory(s);
}

void store_quiet(struct store *s, const struct quiet_row *r)
{
	if (s->fault != STORE_OK)
		return;
	if (s->quiet == NULL)
		s->quiet = quiet_new();
	if (s->quiet == NULL || !quiet_fits(r) || !quiet_add(s->quiet, r))
		out_of_memory(s);
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
	int64_t id = pragma(s, "PRAGMA application_id");
	int64_t version = pragma(s, "PRAGMA user_version");
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
	int64_t killed = pragma(s, "SELECT coalesce(max(id), 0) FROM scan WHERE status='running'");

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

int64_t store_scan_begin(struct store *s, const struct scan_row *r)
{
	if (!run(s, INSERT_SCAN, "ttttttitt", r->uuid, r->site, r->vantage, r->vantage_zone,
		 r->vantage_kind, r->profile, r->started, r->version, r->plan))
		return 0;
	s->scan = sqlite3_last_insert_rowid(s->db);
	quiet_free(s->quiet);
	s->quiet = NULL;
	store_commit(s);
	return s->scan;
}

void store_scan_end(struct store *s, const char *status, const char *reason, int64_t finished)
{
	keep_quiet(s, true);
	quiet_free(s->quiet);
	s->quiet = NULL;
	run(s, END_SCAN, "ttii", status, reason, finished, s->scan);
	store_commit(s);
}

void store_zone(struct store *s, const char *name, const char *kind, const char *networks)
{
	run(s, INSERT_ZONE, "ittt", s->scan, name, kind, networks);
}

void store_conduit(struct store *s, const char *from, const char *to, const char *transport,
		   uint16_t first, uint16_t last, int64_t until)
{
	run(s, INSERT_CONDUIT, "itttbbi", s->scan, from, to, transport, (int)first, (int)last,
	    until);
}

void store_ledger(struct store *s, const struct ledger_row *r)
{
	run(s, INSERT_LEDGER, "ittttttttttttti", s->scan, r->id, r->name, r->address, r->mac,
	    r->zone, r->class_, r->vendor, r->model, r->os, r->owner, r->location, r->declared,
	    r->ports, (int64_t)r->line);
}

void store_attestation(struct store *s, const char *guideline, const char *item, const char *answer,
		       const char *by, int64_t at, int64_t until, const char *note)
{
	run(s, INSERT_ATTESTATION, "ittttiit", s->scan, guideline, item, answer, by, at, until,
	    note);
}

void store_waiver(struct store *s, const char *check, const char *asset, uint16_t port,
		  const char *reason, const char *compensating, const char *by, int64_t at,
		  int64_t until)
{
	run(s, INSERT_WAIVER, "ittbtttii", s->scan, check, asset, (int)port, reason, compensating,
	    by, at, until);
}

void store_remark(struct store *s, const char *kind, const char *subject, const char *text)
{
	run(s, INSERT_REMARK, "ittt", s->scan, kind, subject, text);
}

void store_host(struct store *s, const struct host_row *r)
{
	struct addr a;

	if (s->quiet == NULL)
		s->quiet = quiet_new();
	if (s->quiet == NULL || (addr_parse(r->address, &a) == 0 && !quiet_own(s->quiet, &a)))
		out_of_memory(s);
	run(s, INSERT_HOST,
	    "ittttttttttttt"
	    "bbiiiiiiii",
	    s->scan, r->address, r->zone, r->kind, r->treated, r->state, r->reason, r->ot_sign,
	    r->mac, r->vendor, r->names, r->ledger_id, r->role, r->os, (int)r->is_public,
	    (int)r->complete, (int64_t)r->planned, (int64_t)r->open, (int64_t)r->closed,
	    (int64_t)r->filtered, (int64_t)r->silent, (int64_t)r->rtt_us, r->first_ms, r->last_ms);
}

void store_host_state(struct store *s, const char *address, const char *treated, const char *state,
		      const char *reason, const char *ot_sign)
{
	run(s, UPDATE_HOST,
	    "itttt"
	    "t",
	    s->scan, address, treated, state, reason, ot_sign);
}

void store_host_names(struct store *s, const char *address, const char *names)
{
	run(s, UPDATE_NAMES, "itt", s->scan, address, names);
}

void store_service(struct store *s, const char *address, uint16_t port, const char *transport,
		   const char *state, const char *reason, const char *name, const char *limited)
{
	run(s, INSERT_SERVICE, "itbttttt", s->scan, address, (int)port, transport, state, reason,
	    name, limited);
}

void store_service_spoken(struct store *s, const char *address, uint16_t port,
			  const char *transport, const char *protocol, bool tls, const char *spoken,
			  const char *limited)
{
	run(s, UPDATE_SERVICE, "itbttbtt", s->scan, address, (int)port, transport, protocol,
	    (int)tls, spoken, limited);
}

void store_evidence(struct store *s, const struct evidence_row *r)
{
	run(s, INSERT_EVIDENCE, "itbttttiiiii", s->scan, r->address, (int)r->port, r->transport,
	    r->probe, r->ending, r->document, (int64_t)r->connections, (int64_t)r->sent,
	    (int64_t)r->received, r->started_ms, r->finished_ms);
	run(s, UPDATE_PRODUCT, "itbtt", s->scan, r->address, (int)r->port, r->transport,
	    r->document);
}

/* ---- the guard's journal ---- */

void store_journal(struct store *s, int64_t scan, const char *path)
{
	FILE *f = fopen(path, "re");
	char line[512];

	if (f == NULL)
		return;
	while (s->fault == STORE_OK && fgets(line, sizeof(line), f) != NULL) {
		char address[96], word[32];
		long long number, ms;
		unsigned port, packets;
		unsigned long long sent, received;

		if (sscanf(line, "O %lld %lld %95s %u %31s", &number, &ms, address, &port, word) ==
		    5)
			run(s, OPEN_JOURNAL,
			    "iitit"
			    "it",
			    scan, (int64_t)number, strcmp(word, "sweep") == 0 ? "sweep" : "talk",
			    (int64_t)ms, address, (int64_t)port,
			    strcmp(word, "sweep") == 0 ? NULL : word);
		else if (sscanf(line, "B %lld %lld %31s", &number, &ms, word) == 3)
			run(s, NAME_JOURNAL, "iit", scan, (int64_t)number, word);
		else if (sscanf(line, "C %lld %lld %95s %u %u %llu %llu %31s", &number, &ms,
				address, &port, &packets, &sent, &received, word) == 8)
			run(s, CLOSE_JOURNAL, "iiitiiiit", scan, (int64_t)number, (int64_t)ms,
			    address, (int64_t)port, (int64_t)packets, (int64_t)sent,
			    (int64_t)received, word);
	}
	fclose(f);
	store_commit(s);
	if (s->fault == STORE_OK)
		unlink(path);
}
