/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The documents of the probes become tables, as the probes' views and those of the checks that say so (per:
 * document) tell: every check asks these, and each answer of a view would take all documents apart. Documents
 * are read once, in their order, and stand in judge_batch while the statements of all views go over them.
 */
#include <errno.h>
#include <string.h>

#include "judge/arena.h"
#include "judge/judged.h"

enum { BATCH = 2000 };

struct filling {
	const char *name;
	struct query *insert;
};

struct fillings {
	struct filling *list;
	size_t count, room;
};

static int table_of(struct judged *j, const char *name, const char *select, struct query **ret)
{
	struct query *q = NULL;
	/* Of several statements the first alone is prepared. */
	char *make = arena_printf(j->arena, "CREATE TEMP TABLE \"%s\" AS %s", name, select);
	char *fill = arena_printf(j->arena, "INSERT INTO temp.\"%s\" %s", name, select);

	if (make == NULL || fill == NULL)
		return -ENOMEM;
	int r = query_new(j->db, make, &q);
	if (r >= 0)
		r = query_run(q);
	query_free(q);
	return r < 0 ? r : query_new(j->db, fill, ret);
}

static int add(struct judged *j, struct fillings *f, const char *name, const char *select)
{
	if (f->count == f->room) {
		size_t room = f->room * 2 + 64;
		struct filling *list = arena_array(j->arena, room, sizeof(*list));

		if (list == NULL)
			return -ENOMEM;
		if (f->count > 0)
			memcpy(list, f->list, f->count * sizeof(*list));
		f->list = list;
		f->room = room;
	}
	struct query *insert = NULL;
	int r = table_of(j, name, select, &insert);

	if (r >= 0)
		f->list[f->count++] = (struct filling){ .name = name, .insert = insert };
	return r;
}

/* The views that the probes make, one after the other. */
static int add_probes(struct judged *j, struct fillings *f)
{
	/* The row of the table that is being made has no name yet. */
	int r = db_exec(j->db,
			"CREATE TEMP TABLE judge_before AS SELECT name FROM sqlite_temp_master"
			" WHERE name IS NOT NULL");

	for (size_t i = 0; r >= 0 && j->probes != NULL && j->probes[i].name != NULL; i++)
		if (j->probes[i].view != NULL)
			r = db_exec(j->db, j->probes[i].view);
	while (r >= 0) {
		struct query *q = NULL;

		r = query_new(j->db,
			      "SELECT name, substr(sql, instr(sql, ' AS ') + 4)"
			      " FROM sqlite_temp_master WHERE type = 'view'"
			      " AND name NOT IN (SELECT name FROM temp.judge_before)"
			      " ORDER BY rowid LIMIT 1",
			      &q);
		if (r < 0)
			return r;
		r = query_step(q);
		char *view = r == 1 ? arena_text(j->arena, query_text(q, 0)) : NULL;
		char *select = r == 1 ? arena_text(j->arena, query_text(q, 1)) : NULL;
		query_free(q);
		if (r == 0)
			break;
		if (r > 0 && (view == NULL || select == NULL))
			r = -ENOMEM;
		if (r > 0)
			r = db_execf(j->db, "DROP VIEW temp.\"%w\"", view);
		if (r >= 0)
			r = add(j, f, view, select);
	}
	return r < 0 ? r : db_exec(j->db, "DROP TABLE temp.judge_before");
}

static int add_checks(struct judged *j, struct fillings *f)
{
	const struct catalogue *c = j->catalogue;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < c->own_view_count; i++)
		if (c->views[i].per_document) {
			r = add(j, f, c->views[i].name, c->views[i].sql);
			if (r < 0)
				r = view_failed(j, &c->views[i], r);
		}
	return r;
}

static int go_over(struct judged *j, const struct fillings *f)
{
	/* Where checks ran the first process alone works out. */
	const char *told = j->helping ? "NULL, NULL, NULL"
				      : "evidence <> '{}', json_member(evidence, 'gathered'),"
					" json_member(evidence, 'limited')";
	int r = 0;

	for (size_t i = 0; r >= 0 && i < f->count; i++)
		r = query_run(f->list[i].insert);
	return r < 0 ? r
		     : db_execf(j->db,
				"INSERT INTO temp.conversation SELECT address, port, transport, "
				"probe,"
				" ending, started_ms, finished_ms, %s FROM temp.judge_batch;"
				"DELETE FROM temp.judge_batch",
				told);
}

/* The next documents behind the last one of the batch, which is ?2 to ?5. */
static const char next_batch[] =
	"INSERT INTO temp.judge_batch SELECT probe, address, port, transport, ending, document,"
	" started_ms, finished_ms FROM main.evidence WHERE scan = ?1 AND (address, port, "
	"transport, probe) > (?2, ?3, ?4, "
	"?5)"
	" AND (json_compact(document) OR json_valid(document)) ORDER BY address, port, transport, "
	"probe LIMIT ?6";

/* Behind this key. */
static int take_batch(struct judged *j, struct query *next, const char *address, int64_t port,
		      const char *transport, const char *probe)
{
	query_bind_int(next, 1, j->primary);
	query_bind_text(next, 2, address);
	query_bind_int(next, 3, port);
	query_bind_text(next, 4, transport);
	query_bind_text(next, 5, probe);
	query_bind_int(next, 6, BATCH);
	return query_run(next);
}

static int read_documents(struct judged *j, const struct fillings *f)
{
	struct query *next = NULL, *last = NULL;
	int r = query_new(j->db, next_batch, &next);

	if (r >= 0)
		r = query_new(j->db,
			      "SELECT address, port, transport, probe FROM temp.judge_batch"
			      " ORDER BY rowid DESC LIMIT 1",
			      &last);
	if (r >= 0)
		r = take_batch(j, next, "", 0, "", "");
	while (r >= 0 && (r = query_step(last)) == 1) {
		const char *address = arena_text(j->arena, query_text(last, 0));
		const char *transport = arena_text(j->arena, query_text(last, 2));
		const char *probe = arena_text(j->arena, query_text(last, 3));
		int64_t port = query_int(last, 1);

		query_reset(last);
		r = address == NULL || transport == NULL || probe == NULL ? -ENOMEM : go_over(j, f);
		if (r >= 0)
			r = take_batch(j, next, address, port, transport, probe);
	}
	query_free(next);
	query_free(last);
	return r;
}

int documents_make(struct judged *j)
{
	struct fillings f = { 0 };
	int r = db_exec(
		j->db,
		"CREATE TEMP TABLE conversation (address TEXT, port INTEGER, transport TEXT,"
		" probe TEXT, ending TEXT, started_ms INTEGER, finished_ms INTEGER, told INTEGER,"
		" gathered TEXT, limited TEXT, PRIMARY KEY (address, port, transport, probe))"
		" WITHOUT ROWID;"
		"CREATE TEMP TABLE judge_batch (probe TEXT, address TEXT, port INTEGER,"
		" transport TEXT, ending TEXT, evidence TEXT, started_ms INTEGER,"
		" finished_ms INTEGER);"
		"CREATE INDEX temp.judge_batch_probe ON judge_batch (probe);"
		"CREATE TEMP VIEW document AS SELECT address, port, transport, probe, ending,"
		" evidence FROM temp.judge_batch");

	if (r >= 0)
		r = add_probes(j, &f);
	if (r >= 0)
		r = add_checks(j, &f);
	if (r >= 0)
		r = read_documents(j, &f);
	for (size_t i = 0; i < f.count; i++)
		query_free(f.list[i].insert);
	for (size_t i = 0; r >= 0 && i < f.count; i++)
		r = view_placed(j, f.list[i].name);
	/* Each that asks for the documents themselves asks for those of a probe: which they are stands in
	 * its order. */
	return r < 0 ? r
		     : db_execf(j->db,
				"DROP VIEW temp.document; DROP TABLE temp.judge_batch;"
				"CREATE INDEX temp.conversation_probe ON conversation (probe);"
				"CREATE TEMP VIEW document AS SELECT d.address AS address, d.port "
				"AS port,"
				" d.transport AS transport, d.probe AS probe, d.ending AS ending,"
				" e.document AS evidence"
				" FROM temp.conversation AS d CROSS JOIN main.evidence AS e"
				" ON e.scan = %lld AND e.address = d.address AND e.port = d.port"
				" AND e.transport = d.transport AND e.probe = d.probe",
				(long long)j->primary);
}
