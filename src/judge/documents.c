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
	int r = 0;

	for (size_t i = 0; r >= 0 && i < f->count; i++)
		r = query_run(f->list[i].insert);
	return r < 0 ? r
		     : db_exec(j->db, "INSERT INTO temp.judge_document SELECT probe, address, "
				      "port, transport"
				      " FROM temp.judge_batch; DELETE FROM temp.judge_batch");
}

static int read_documents(struct judged *j, const struct fillings *f)
{
	struct query *from = NULL, *to = NULL;
	int count = 0;
	int r = query_new(
		j->db,
		"SELECT probe, address, port, transport, ending, document FROM main.evidence"
		" WHERE scan = ?1 AND json_valid(document)"
		" ORDER BY address, port, transport, probe",
		&from);

	if (r >= 0)
		r = query_new(j->db, "INSERT INTO temp.judge_batch VALUES (?, ?, ?, ?, ?, ?)", &to);
	if (r >= 0)
		r = query_bind_int(from, 1, j->primary);
	while (r >= 0 && (r = query_step(from)) == 1) {
		for (int i = 0; r >= 0 && i < 6; i++)
			r = i == 2 ? query_bind_int(to, i + 1, query_int(from, i))
				   : query_bind_text(to, i + 1, query_text(from, i));
		if (r >= 0)
			r = query_run(to);
		if (r >= 0 && ++count == BATCH) {
			count = 0;
			r = go_over(j, f);
		}
	}
	query_free(from);
	query_free(to);
	return r < 0 ? r : go_over(j, f);
}

int documents_make(struct judged *j)
{
	struct fillings f = { 0 };
	int r = db_exec(
		j->db,
		"CREATE TEMP TABLE judge_document (probe TEXT, address TEXT, port INTEGER,"
		" transport TEXT, PRIMARY KEY (probe, address, port, transport))"
		" WITHOUT ROWID;"
		"CREATE TEMP TABLE judge_batch (probe TEXT, address TEXT, port INTEGER,"
		" transport TEXT, ending TEXT, evidence TEXT);"
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
				"CREATE TEMP VIEW document AS SELECT d.address AS address, d.port "
				"AS port,"
				" d.transport AS transport, d.probe AS probe, e.ending AS ending,"
				" e.document AS evidence"
				" FROM temp.judge_document AS d CROSS JOIN main.evidence AS e"
				" ON e.scan = %lld AND e.address = d.address AND e.port = d.port"
				" AND e.transport = d.transport AND e.probe = d.probe",
				(long long)j->primary);
}
