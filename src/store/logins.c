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

bool store_logins_since(struct store *s, int64_t ms,
			void (*take)(void *context, const struct login_past *past), void *context)
{
	sqlite3_stmt *st = s->fault == STORE_OK ? store_statement(s, READ_LOGINS) : NULL;
	int code = SQLITE_ERROR;

	if (st == NULL)
		return false;
	sqlite3_bind_int64(st, 1, ms);
	while ((code = sqlite3_step(st)) == SQLITE_ROW) {
		const struct login_past past = {
			.address = (const char *)sqlite3_column_text(st, 0),
			.device = (const char *)sqlite3_column_text(st, 1),
			.account = (const char *)sqlite3_column_text(st, 2),
			.result = (const char *)sqlite3_column_text(st, 3),
		};

		if (past.address == NULL || past.device == NULL || past.account == NULL ||
		    past.result == NULL)
			break; /* no memory */
		take(context, &past);
	}
	sqlite3_reset(st);
	return code == SQLITE_DONE;
}
