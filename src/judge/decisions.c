/* SPDX-License-Identifier: Apache-2.0 */
/* What the operator made of the guideline's items: adopted, declined or tightened. */
#include "judge/verdict_parts.h"

#include <errno.h>
#include <string.h>

#include "judge/arena.h"

int decisions_make(struct judged *j, struct query **ret)
{
	return query_new(
		j->db,
		"SELECT decision, reason, given_by, given_at, level, severity,"
		" CASE WHEN json_valid(checks) THEN checks END"
		" FROM temp.decision WHERE guideline = ?1"
		" AND ((coalesce(whole, 0) = 0 AND item = ?2) OR (whole = 1 AND item = ?3))"
		" AND coalesce(given_at, 0) <= ?4"
		" ORDER BY coalesce(whole, 0), given_at DESC, line LIMIT 1",
		ret);
}

int decision_find(struct judged *j, struct query *q, const char *guideline, const char *item,
		  const char *control, struct choice *ret)
{
	query_bind_text(q, 1, guideline);
	query_bind_text(q, 2, item);
	query_bind_text(q, 3, control);
	query_bind_int(q, 4, j->asof);
	int r = query_step(q);
	if (r == 1) {
		*ret = (struct choice){
			.word = arena_text(j->arena, query_text(q, 0)),
			.reason = arena_text(j->arena, query_text(q, 1)),
			.by = arena_text(j->arena, query_text(q, 2)),
			.at = query_int(q, 3),
			.level = arena_text(j->arena, query_text(q, 4)),
			.severity = arena_text(j->arena, query_text(q, 5)),
			.checks = arena_text(j->arena, query_text(q, 6)),
		};
		if (ret->word == NULL)
			r = -ENOMEM;
	}
	query_reset(q);
	return r < 0 ? r : 0;
}

bool decided(const struct choice *c, const char *word)
{
	return c->word != NULL && strcmp(c->word, word) == 0;
}

/* The item's checks, and those of the list (JSON) that are not among them. */
static int add_checks(struct judged *j, const char *list, struct words *checks)
{
	struct query *q = NULL;
	int64_t more = 0;
	int r = query_new(j->db, "SELECT value FROM json_each(?1) WHERE type = 'text'", &q);

	if (r < 0)
		return r;
	query_bind_text(q, 1, list);
	while ((r = query_step(q)) == 1)
		more++;
	query_reset(q);
	const char **all = arena_array(j->arena, checks->count + (size_t)more, sizeof(*all));
	if (r >= 0 && all == NULL)
		r = -ENOMEM;
	if (r >= 0 && checks->count > 0)
		memcpy(all, checks->list, checks->count * sizeof(*all));
	struct words w = { .list = all, .count = checks->count };
	query_bind_text(q, 1, list);
	while (r >= 0 && (r = query_step(q)) == 1) {
		const char *id = query_text(q, 0);
		bool there = false;

		for (size_t i = 0; i < w.count; i++)
			there |= strcmp(w.list[i], id) == 0;
		if (there)
			continue;
		w.list[w.count] = arena_text(j->arena, id);
		if (w.list[w.count++] == NULL)
			r = -ENOMEM;
	}
	query_free(q);
	if (r >= 0)
		*checks = w;
	return r;
}

int decision_tightens(struct judged *j, const struct choice *c, const struct item **item)
{
	if (!decided(c, "tighten") || c->checks == NULL)
		return 0;
	struct item *own = arena_array(j->arena, 1, sizeof(*own));
	if (own == NULL)
		return -ENOMEM;
	*own = **item;
	int r = add_checks(j, c->checks, &own->checks);
	/* Whoever names checks for an item that a scan was not to see says that they decide it. */
	if (own->assess == ASSESS_NONE && own->checks.count > 0)
		own->assess = ASSESS_DIRECT;
	*item = own;
	return r;
}

int decision_raises(struct judged *j, const char *guideline, const char *item,
		    const struct choice *c)
{
	struct query *q = NULL;

	if (!decided(c, "tighten") || c->severity == NULL)
		return 0;
	int r = query_new(j->db,
			  "UPDATE temp.finding_now SET severity = ?3 WHERE fingerprint IN"
			  " (SELECT fingerprint FROM temp.verdict_finding WHERE guideline = ?1"
			  "  AND item = ?2) AND instr('info,low,medium,high,critical', ?3)"
			  " > instr('info,low,medium,high,critical', severity)",
			  &q);
	if (r < 0)
		return r;
	query_bind_text(q, 1, guideline);
	query_bind_text(q, 2, item);
	query_bind_text(q, 3, c->severity);
	r = query_run(q);
	query_free(q);
	return r;
}
