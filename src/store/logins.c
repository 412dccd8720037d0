/* SPDX-License-Identifier: Apache-2.0 */
/* Attempts to log in: counted over all scans of the store. */
#include <sqlite3.h>

#include "store/store_parts.h"

int64_t store_login_begin(struct store *s, const struct login_row *r)
{
	if (!store_run(s, INSERT_LOGIN,
		       "iittittt"
		       "itb",
		       s->scan, r->at_ms, r->address, r->device, (int64_t)r->port, r->transport,
		       r->protocol, r->account, (int64_t)r->number, r->vendor, (int)r->blank))
		return 0;
	int64_t id = sqlite3_last_insert_rowid(s->db);
	store_commit(s);
	return store_error(s) == STORE_OK ? id : 0;
}

void store_login_test(struct store *s, int64_t id, bool secret, int64_t took_ms)
{
	store_run(s, INSERT_LOGIN_TEST, "iibi", s->scan, id, (int)secret, took_ms);
}

void store_login_end(struct store *s, int64_t id, const char *result)
{
	store_run(s, UPDATE_LOGIN, "ti", result, id);
}

static int64_t count(struct store *s, enum statement which, const char *device, const char *word,
		     int64_t ms)
{
	sqlite3_stmt *st = s->fault == STORE_OK ? store_statement(s, which) : NULL;
	int64_t n = INT64_MAX; /* what cannot be counted has been used up */

	if (st == NULL)
		return n;
	sqlite3_bind_text(st, 1, device, -1, SQLITE_STATIC);
	sqlite3_bind_text(st, 2, word, -1, SQLITE_STATIC);
	sqlite3_bind_int64(st, 3, ms);
	if (sqlite3_step(st) == SQLITE_ROW)
		n = sqlite3_column_int64(st, 0);
	sqlite3_reset(st);
	return n;
}

int64_t store_logins_since(struct store *s, const char *device, const char *account, int64_t ms)
{
	return count(s, COUNT_LOGINS, device, account, ms);
}

bool store_login_locked(struct store *s, const char *device, int64_t ms)
{
	return count(s, COUNT_LOCKED, device, "locked", ms) > 0;
}
