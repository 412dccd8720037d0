/* SPDX-License-Identifier: Apache-2.0 */
#include "store/open.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/schema.h"

/* "tnkn", as store.c writes it. */
enum { APPLICATION_ID = 0x746e6b6e };

static enum store_fault fault_of(int code)
{
	switch (code & 0xff) {
	case SQLITE_OK:
		return STORE_OK;
	case SQLITE_NOTADB:
		return STORE_NOT_OURS;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return STORE_BUSY;
	case SQLITE_CANTOPEN:
	case SQLITE_READONLY:
	case SQLITE_PERM:
		return STORE_NO_FILE;
	default:
		return STORE_BROKEN;
	}
}

static int pragma(sqlite3 *db, const char *sql, int64_t *ret)
{
	sqlite3_stmt *st = NULL;
	int code = sqlite3_prepare_v2(db, sql, -1, &st, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_step(st);
	if (code == SQLITE_ROW)
		*ret = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return code == SQLITE_ROW ? SQLITE_OK : code;
}

/* "file:PATH?immutable=1" (sqlite.org/uri.html): no lock, no WAL, no file beside it. */
static char *immutable_uri(const char *path)
{
	char *uri = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&uri, &size);

	if (f == NULL)
		return NULL;
	/* "//" in front would name a host. */
	while (path[0] == '/' && path[1] == '/')
		path++;
	fputs("file:", f);
	for (; *path != '\0'; path++)
		fprintf(f, strchr("?#%", *path) != NULL ? "%%%02x" : "%c", (unsigned char)*path);
	fputs("?immutable=1", f);
	if (fclose(f) == 0)
		return uri;
	free(uri);
	return NULL;
}

/* Opens and looks into it, since SQLite reads nothing before the first question. */
static enum store_fault try_open(const char *name, int flags, sqlite3 **ret, char words[static 256])
{
	sqlite3 *db = NULL;
	int64_t id = 0, version = 0, tables = 0;

	int code = sqlite3_open_v2(name, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | flags,
				   NULL);
	if (db == NULL)
		return STORE_BROKEN;
	db_distrust(db);
	if (code == SQLITE_OK)
		code = pragma(db, "PRAGMA application_id", &id);
	if (code == SQLITE_OK)
		code = pragma(db, "PRAGMA user_version", &version);
	if (code == SQLITE_OK)
		code = pragma(db, "SELECT count(*) FROM sqlite_schema", &tables);
	enum store_fault fault = fault_of(code);
	if (fault != STORE_OK)
		snprintf(words, 256, "%s", sqlite3_errmsg(db));
	else if (id != APPLICATION_ID || version < 1)
		fault = STORE_NOT_OURS;
	else if (version > store_version)
		fault = STORE_NEWER;
	if (fault != STORE_OK)
		sqlite3_close(db);
	else
		*ret = db;
	return fault;
}

static bool has_wal(const char *path)
{
	char *wal;
	struct stat st;

	if (asprintf(&wal, "%s-wal", path) < 0)
		return false;
	bool has = stat(wal, &st) == 0 && st.st_size > 0;
	free(wal);
	return has;
}

enum store_fault store_open_read(const char *path, struct store_reader *ret)
{
	struct store_reader r = { 0 };
	struct stat st;
	sqlite3 *handle = NULL;

	/* For the system's own words; SQLite says "unable to open database file" to everything. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) != 0) {
		snprintf(ret->words, sizeof(ret->words), "%s", strerror(errno));
		if (fd >= 0)
			close(fd);
		return STORE_NO_FILE;
	}
	close(fd);
	if (!S_ISREG(st.st_mode) || st.st_size == 0)
		return STORE_NOT_OURS;
	enum store_fault fault = try_open(path, 0, &handle, r.words);
	if (fault == STORE_NO_FILE) {
		char *uri = immutable_uri(path);

		if (uri != NULL)
			fault = try_open(uri, SQLITE_OPEN_URI, &handle, r.words);
		free(uri);
		r.without_wal = has_wal(path);
	}
	if (fault == STORE_OK && db_borrow(handle, &r.db) < 0) {
		sqlite3_close(handle);
		fault = STORE_BROKEN;
	}
	*ret = r;
	return fault;
}

void store_close_read(struct store_reader *r)
{
	if (r->db == NULL)
		return;
	struct sqlite3 *handle = db_handle(r->db);

	db_free(r->db);
	sqlite3_close(handle);
	r->db = NULL;
}

int64_t store_newest_scan(struct db *db)
{
	int64_t id = 0;
	int r = db_number(db, "SELECT id FROM main.scan ORDER BY started DESC, id DESC LIMIT 1", 0,
			  &id);

	return r < 0 ? r : id;
}
