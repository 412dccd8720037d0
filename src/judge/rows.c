/* SPDX-License-Identifier: Apache-2.0 */
#include "judge/rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "codec/i18n.h"
#include "judge/arena.h"

enum { ROWS_MAX = 200 * 1000 }; /* findings of one check */
static int by_text(const char *a, const char *b)
{
	return strcmp(a != NULL ? a : "", b != NULL ? b : "");
}

/* What a query gives first is nobody's promise; this order is ours. */
static int by_place(const void *left, const void *right)
{
	const struct row *a = left, *b = right;
	int order = by_text(a->address, b->address);

	if (order == 0)
		order = by_text(a->asset, b->asset);
	if (order == 0)
		order = (a->port > b->port) - (a->port < b->port);
	if (order == 0)
		order = by_text(a->transport, b->transport);
	if (order == 0)
		order = by_text(a->detail, b->detail);
	return order != 0 ? order : by_text(a->evidence, b->evidence);
}

static struct row *new_row(struct rows *rows)
{
	if (rows->count == rows->room) {
		size_t room = rows->room == 0 ? 64 : rows->room * 2;
		struct row *list = reallocarray(rows->list, room, sizeof(*list));

		if (list == NULL)
			return NULL;
		rows->list = list;
		rows->room = room;
	}
	rows->list[rows->count] = (struct row){ 0 };
	return &rows->list[rows->count++];
}

struct columns {
	int address, port, transport, detail, severity, evidence, asset, inferred, run, seen;
};

static int read_row(struct query *q, const struct columns *at, const struct check *check,
		    struct rows *rows)
{
	struct row *row = new_row(rows);

	if (row == NULL)
		return -ENOMEM;
	row->severity = check->severity;
	row->port = query_int(q, at->port);
	if (row->port < 0 || row->port > 65535)
		row->port = 0;
	row->address = arena_text(rows->arena, query_text(q, at->address));
	row->asset = arena_text(rows->arena, query_text(q, at->asset));
	row->evidence = arena_text(rows->arena, query_text(q, at->evidence));
	const char *transport = query_text(q, at->transport);
	if (transport == NULL && row->port != 0)
		transport = "tcp";
	row->transport = arena_text(rows->arena, transport);
	const char *detail = query_text(q, at->detail);
	row->detail = arena_text(rows->arena, detail != NULL ? detail : "");
	const char *severity = query_text(q, at->severity);
	if (severity != NULL && severity_of_word(severity) != SEVERITIES)
		row->severity = severity_of_word(severity);
	row->inferred = at->inferred >= 0 && query_int(q, at->inferred) != 0;
	row->run = query_int(q, at->run);
	row->seen = query_int(q, at->seen);
	return row->detail == NULL ? -ENOMEM : 0;
}

/* Inside the fence: nothing is written here. -ERANGE: too many rows. */
static int ask(struct db *db, const struct check *check, struct rows *rows)
{
	struct query *q = NULL;
	int r = query_new(db, check->sql, &q);

	if (r < 0)
		return r;
	struct columns at = {
		.address = query_column(q, "address"),
		.port = query_column(q, "port"),
		.transport = query_column(q, "transport"),
		.detail = query_column(q, "detail"),
		.severity = query_column(q, "severity"),
		.evidence = query_column(q, "evidence"),
		.asset = query_column(q, "asset"),
		.inferred = query_column(q, "inferred"),
		.run = query_column(q, "run"),
		.seen = query_column(q, "seen"),
	};
	if (at.address < 0 && at.asset < 0)
		r = -EDOM;
	while (r >= 0 && (r = query_step(q)) == 1) {
		if (rows->count >= ROWS_MAX)
			r = -ERANGE;
		/* A row without a place is no finding: the columns of an outer join, say. */
		else if (!query_null(q, at.address) || !query_null(q, at.asset))
			r = read_row(q, &at, check, rows);
		else
			rows->nowhere++;
	}
	query_free(q);
	return r;
}

static const char *what_is_wrong(struct db *db, int error)
{
	if (error == -EDOM)
		return _("the query gives neither a column 'address' nor 'asset'");
	if (error == -ERANGE)
		return _("the query gives too many rows");
	return db_error(db);
}

int rows_ask(struct db *db, const struct check *check, const struct fence *fence, struct rows *ret)
{
	*ret = (struct rows){ .arena = arena_new() };
	if (ret->arena == NULL)
		return -ENOMEM;
	db_fence(db, fence);
	int r = ask(db, check, ret);
	if (r < 0)
		ret->wrong = arena_text(ret->arena, what_is_wrong(db, r));
	db_unfence(db);
	if (r < 0)
		return ret->wrong == NULL ? -ENOMEM : 0;
	if (ret->count > 0)
		qsort(ret->list, ret->count, sizeof(*ret->list), by_place);
	return 0;
}

void rows_done(struct rows *rows)
{
	free(rows->list);
	arena_free(rows->arena);
	*rows = (struct rows){ 0 };
}
