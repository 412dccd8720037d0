/* SPDX-License-Identifier: Apache-2.0 */
#include "store/db.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <sqlite3.h>

#include "codec/i18n.h"
#include "codec/span.h"
#include "store/functions.h"

enum {
	ERROR_MAX = 512,
	BUSY_MS = 2000,
	STEPS_BETWEEN_LOOKS =
		4000, /* virtual machine instructions between two looks at the clock */
	FENCED_LENGTH = 16 * 1024 * 1024, /* bytes of one value inside the fence */
};

struct db {
	sqlite3 *handle;
	bool own;
	char error[ERROR_MAX];
	struct fence fence;
	bool fenced;
	bool late;
	int64_t deadline_ms;
	sqlite3_int64 heap_before;
	int length_before;
};

struct query {
	struct db *db;
	sqlite3_stmt *statement;
	char **names; /* of its columns, once somebody asks for one: SQLite takes a lock for each */
	int name_count, next;
};

static void note_error(struct db *db, const char *text)
{
	size_t n = strlen(text);

	if (n >= sizeof(db->error))
		n = sizeof(db->error) - 1;
	memcpy(db->error, text, n);
	db->error[n] = '\0';
	for (char *p = db->error; *p != '\0'; p++)
		if (*p == '\n' || *p == '\r' || *p == '\t')
			*p = ' ';
}

/* SQLite's code as negative errno; keeps its message. */
static int failed(struct db *db, int code)
{
	note_error(db, db->late ? _("it took too long") : sqlite3_errmsg(db->handle));
	if (db->late)
		return -ETIME;
	switch (code & 0xff) {
	case SQLITE_NOMEM:
		if (db->fenced)
			note_error(db, _("it needed too much memory"));
		return -ENOMEM;
	case SQLITE_AUTH:
		if (db->fenced && strcmp(sqlite3_errmsg(db->handle), "not authorized") == 0)
			note_error(db, _("a check may only read what the scan kept"));
		return -EINVAL;
	case SQLITE_ERROR:
	case SQLITE_RANGE:
	case SQLITE_MISMATCH:
	case SQLITE_TOOBIG:
	case SQLITE_CONSTRAINT:
		return -EINVAL;
	case SQLITE_READONLY:
	case SQLITE_PERM:
		return -EROFS;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_CANTOPEN:
		return -ENOENT;
	case SQLITE_NOTADB:
	case SQLITE_CORRUPT:
		return -EBADMSG;
	default:
		return -EIO;
	}
}

int db_borrow(struct sqlite3 *handle, struct db **ret)
{
	struct db *db = calloc(1, sizeof(*db));

	if (db == NULL)
		return -ENOMEM;
	db->handle = handle;
	/* Nothing of TEMP reaches a disk: what is thrown away there need not be written over, and large pages
	 * (which TEMP takes when it is first spoken of) save time. A file keeps SQLite's own size. */
	int r = db_exec(db, "PRAGMA temp_store = MEMORY; PRAGMA page_size = 16384;"
			    "PRAGMA temp.secure_delete = OFF; PRAGMA page_size = 4096");
	if (r == 0)
		r = functions_add(handle);
	if (r < 0) {
		free(db);
		return r;
	}
	*ret = db;
	return 0;
}

void db_distrust(struct sqlite3 *handle)
{
	sqlite3_busy_timeout(handle, BUSY_MS);
	sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
}

int db_open(const char *path, enum db_mode mode, struct db **ret)
{
	static const int flags[] = {
		[DB_READ] = SQLITE_OPEN_READONLY,
		[DB_WRITE] = SQLITE_OPEN_READWRITE,
		[DB_CREATE] = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
	};
	sqlite3 *handle = NULL;
	int code = sqlite3_open_v2(path, &handle, flags[mode], NULL);

	if (handle != NULL && mode == DB_READ)
		db_distrust(handle);
	if (handle == NULL)
		return -ENOMEM;
	if (code != SQLITE_OK) {
		sqlite3_close(handle);
		return code == SQLITE_CANTOPEN ? -ENOENT : -EIO;
	}
	int r = db_borrow(handle, ret);
	if (r < 0) {
		sqlite3_close(handle);
		return r;
	}
	(*ret)->own = true;
	return 0;
}

bool db_only_read(struct db *db)
{
	return sqlite3_db_readonly(db->handle, "main") == 1;
}

const char *db_path(struct db *db)
{
	const char *path = sqlite3_db_filename(db->handle, "main");

	if (path == NULL || *path == '\0' || sqlite3_uri_boolean(path, "immutable", 0) != 0 ||
	    sqlite3_get_autocommit(db->handle) == 0)
		return NULL;
	for (sqlite3_stmt *s = NULL; (s = sqlite3_next_stmt(db->handle, s)) != NULL;)
		if (sqlite3_stmt_busy(s))
			return NULL;
	return path;
}

struct sqlite3 *db_handle(struct db *db)
{
	return db->handle;
}

void db_free(struct db *db)
{
	if (db == NULL)
		return;
	db_unfence(db);
	if (db->own)
		sqlite3_close(db->handle);
	free(db);
}

const char *db_error(const struct db *db)
{
	return db->error;
}

int db_exec(struct db *db, const char *sql)
{
	int code = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);

	return code == SQLITE_OK ? 0 : failed(db, code);
}

int db_execf(struct db *db, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	char *sql = sqlite3_vmprintf(format, ap);
	va_end(ap);
	if (sql == NULL)
		return -ENOMEM;
	int r = db_exec(db, sql);
	sqlite3_free(sql);
	return r;
}

int db_number(struct db *db, const char *sql, int64_t fallback, int64_t *ret)
{
	struct query *q = NULL;
	int r = query_new(db, sql, &q);

	if (r < 0)
		return r;
	r = query_step(q);
	if (r >= 0)
		*ret = r == 1 && !query_null(q, 0) ? query_int(q, 0) : fallback;
	query_free(q);
	return r < 0 ? r : 0;
}

static bool only_blanks_left(const char *p)
{
	for (;;) {
		p += strspn(p, " \t\r\n;");
		if (p[0] == '-' && p[1] == '-') {
			p += strcspn(p, "\n");
		} else if (p[0] == '/' && p[1] == '*') {
			const char *end = strstr(p + 2, "*/");

			if (end == NULL)
				return true;
			p = end + 2;
		} else {
			return *p == '\0';
		}
	}
}

int query_new(struct db *db, const char *sql, struct query **ret)
{
	sqlite3_stmt *statement = NULL;
	const char *tail = "";
	int code = sqlite3_prepare_v2(db->handle, sql, -1, &statement, &tail);

	if (code != SQLITE_OK)
		return failed(db, code);
	if (statement == NULL) {
		note_error(db, "there is no statement");
		return -EINVAL;
	}
	if (!only_blanks_left(tail)) {
		sqlite3_finalize(statement);
		note_error(db, _("there is more than one statement"));
		return -EINVAL;
	}
	/* Not every writing statement asks the authorizer when it is prepared: VACUUM INTO. */
	if (db->fenced && !sqlite3_stmt_readonly(statement)) {
		sqlite3_finalize(statement);
		note_error(db, _("a check may only read what the scan kept"));
		return -EINVAL;
	}
	struct query *q = malloc(sizeof(*q));
	if (q == NULL) {
		sqlite3_finalize(statement);
		return -ENOMEM;
	}
	*q = (struct query){ .db = db, .statement = statement };
	*ret = q;
	return 0;
}

static void names_free(struct query *q)
{
	for (int i = 0; q->names != NULL && i < q->name_count; i++)
		free(q->names[i]);
	free(q->names);
	q->names = NULL;
}

void query_free(struct query *q)
{
	if (q == NULL)
		return;
	sqlite3_finalize(q->statement);
	names_free(q);
	free(q);
}

static int bound(struct query *q, int code)
{
	return code == SQLITE_OK ? 0 : failed(q->db, code);
}

int query_bind_text(struct query *q, int place, const char *text)
{
	if (text == NULL)
		return query_bind_null(q, place);
	return bound(q, sqlite3_bind_text(q->statement, place, text, -1, SQLITE_TRANSIENT));
}

int query_bind_int(struct query *q, int place, int64_t v)
{
	return bound(q, sqlite3_bind_int64(q->statement, place, v));
}

int query_bind_null(struct query *q, int place)
{
	return bound(q, sqlite3_bind_null(q->statement, place));
}

int query_bind_name(struct query *q, const char *name, const char *text)
{
	int place = sqlite3_bind_parameter_index(q->statement, name);

	return place == 0 ? 0 : query_bind_text(q, place, text);
}

int query_step(struct query *q)
{
	int code = sqlite3_step(q->statement);

	if (code == SQLITE_ROW)
		return 1;
	return code == SQLITE_DONE ? 0 : failed(q->db, code);
}

int query_run(struct query *q)
{
	int r = query_step(q);

	query_reset(q);
	return r < 0 ? r : 0;
}

int query_insert(struct query *q, int64_t *ret)
{
	sqlite3_set_last_insert_rowid(q->db->handle, 0);
	int r = query_run(q);

	*ret = sqlite3_last_insert_rowid(q->db->handle);
	return r;
}

void query_reset(struct query *q)
{
	sqlite3_reset(q->statement);
	sqlite3_clear_bindings(q->statement);
}

int query_columns(const struct query *q)
{
	return sqlite3_column_count(q->statement);
}

/* Of several columns with one name the first has it. False without memory. */
static bool names_load(struct query *q, int count)
{
	names_free(q);
	q->name_count = count;
	q->next = 0;
	q->names = calloc((size_t)count + 1, sizeof(*q->names));
	for (int i = 0; q->names != NULL && i < count; i++) {
		const char *name = sqlite3_column_name(q->statement, i);
		bool again = name == NULL;

		for (int k = 0; !again && k < i; k++)
			again = strcasecmp(q->names[k], name) == 0;
		q->names[i] = strdup(again ? "" : name);
		if (q->names[i] == NULL)
			names_free(q);
	}
	return q->names != NULL;
}

int query_column(struct query *q, const char *name)
{
	int count = sqlite3_column_count(q->statement);

	if ((q->names == NULL || q->name_count != count) && !names_load(q, count)) {
		for (int i = 0; i < count; i++) {
			const char *have = sqlite3_column_name(q->statement, i);

			if (have != NULL && strcasecmp(have, name) == 0)
				return i;
		}
		return -1;
	}
	/* Who asks for one by one mostly asks in their order. */
	for (int i = 0; i < count; i++, q->next++) {
		q->next = q->next < count ? q->next : 0;
		if (strcasecmp(q->names[q->next], name) == 0)
			return q->next++;
	}
	return -1;
}

const char *query_text(struct query *q, int column)
{
	return column < 0 ? NULL : (const char *)sqlite3_column_text(q->statement, column);
}

int64_t query_int(struct query *q, int column)
{
	return column < 0 ? 0 : sqlite3_column_int64(q->statement, column);
}

const uint8_t *query_bytes(struct query *q, int column, size_t length)
{
	if (column < 0 || sqlite3_column_type(q->statement, column) != SQLITE_BLOB ||
	    (size_t)sqlite3_column_bytes(q->statement, column) != length)
		return NULL;
	return sqlite3_column_blob(q->statement, column);
}

bool query_null(struct query *q, int column)
{
	return column < 0 || sqlite3_column_type(q->statement, column) == SQLITE_NULL;
}

bool query_numeric(struct query *q, int column)
{
	int type = column < 0 ? SQLITE_NULL : sqlite3_column_type(q->statement, column);

	return type == SQLITE_INTEGER || type == SQLITE_FLOAT;
}

/* ---- the fence ---- */

static int64_t monotonic_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int allow_reading(void *context, int action, const char *a, const char *b, const char *c,
			 const char *d)
{
	/* They change by themselves, reach outside the file, or change the connection. */
	static const char *const denied[] = {
		"random", "randomblob",     "load_extension",    "readfile", "writefile",
		"edit",   "fts3_tokenizer", "last_insert_rowid", "changes",  "total_changes"
	};

	(void)context, (void)a, (void)c, (void)d;
	switch (action) {
	case SQLITE_SELECT:
	case SQLITE_READ:
	case SQLITE_RECURSIVE:
		return SQLITE_OK;
	case SQLITE_FUNCTION:
		for (size_t i = 0; i < sizeof(denied) / sizeof(denied[0]); i++)
			if (b != NULL && strcasecmp(b, denied[i]) == 0)
				return SQLITE_DENY;
		return SQLITE_OK;
	default:
		return SQLITE_DENY;
	}
}

static int look_at_clock(void *context)
{
	struct db *db = context;

	if (monotonic_ms() >= db->deadline_ms)
		db->late = true;
	return db->late;
}

void db_fence(struct db *db, const struct fence *f)
{
	if (db->fenced)
		db_unfence(db);
	/* These connect to the database at their first use, which counts as making a table. */
	db_exec(db, "SELECT 1 FROM json_each('[]'), json_tree('[]')");
	db->fenced = true;
	db->fence = *f;
	sqlite3_set_authorizer(db->handle, allow_reading, db);
	db->length_before = sqlite3_limit(db->handle, SQLITE_LIMIT_LENGTH, FENCED_LENGTH);
	if (f->memory > 0)
		db->heap_before =
			sqlite3_hard_heap_limit64(sqlite3_memory_used() + (sqlite3_int64)f->memory);
	db_refence(db);
}

void db_refence(struct db *db)
{
	db->late = false;
	if (!db->fenced || db->fence.time_ms == 0)
		return;
	db->deadline_ms = monotonic_ms() + db->fence.time_ms;
	sqlite3_progress_handler(db->handle, STEPS_BETWEEN_LOOKS, look_at_clock, db);
}

void db_unfence(struct db *db)
{
	if (!db->fenced)
		return;
	sqlite3_progress_handler(db->handle, 0, NULL, NULL);
	sqlite3_set_authorizer(db->handle, NULL, NULL);
	sqlite3_limit(db->handle, SQLITE_LIMIT_LENGTH, db->length_before);
	if (db->fence.memory > 0)
		sqlite3_hard_heap_limit64(db->heap_before);
	db->fenced = false;
	db->late = false;
}

int db_has_table(struct db *db, const char *table, bool *ret)
{
	struct query *q = NULL;
	int r = query_new(db, "SELECT 1 FROM main.sqlite_master WHERE type = 'table' AND name = ?1",
			  &q);

	if (r >= 0)
		r = query_bind_text(q, 1, table);
	if (r >= 0)
		r = query_step(q);
	query_free(q);
	*ret = r == 1;
	return r < 0 ? r : 0;
}
