/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verdict of every item: the first that applies of contradicted, violated (hint), waived,
 * not-run, no-violation-observed, attested, not-assessable.
 */
#include "judge/verdict_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "judge/arena.h"

static const char *const verdict_words[] = {
	"contradicted",          "violated", "hint",           "waived", "not-run",
	"no-violation-observed", "attested", "not-assessable",
};

static const char made_tables[] =
	"CREATE TEMP TABLE verdict (guideline TEXT NOT NULL, control TEXT NOT NULL,"
	" item TEXT NOT NULL, verdict TEXT NOT NULL, assess TEXT NOT NULL, level TEXT NOT NULL,"
	" mandatory INTEGER NOT NULL, note_en TEXT NOT NULL, note_ja TEXT NOT NULL, answer TEXT,"
	" answer_by TEXT, answer_at INTEGER, answer_until INTEGER, hosts INTEGER NOT NULL,"
	" hosts_answering INTEGER NOT NULL, ports_planned INTEGER NOT NULL,"
	" services INTEGER NOT NULL, checked INTEGER NOT NULL, position INTEGER NOT NULL,"
	" PRIMARY KEY (guideline, item)) WITHOUT ROWID;"
	"CREATE TEMP TABLE verdict_finding (guideline TEXT NOT NULL, item TEXT NOT NULL,"
	" fingerprint TEXT NOT NULL, PRIMARY KEY (guideline, item, fingerprint)) WITHOUT ROWID;"
	"CREATE TEMP TABLE verdict_check (guideline TEXT NOT NULL, item TEXT NOT NULL,"
	" check_id TEXT NOT NULL, ran INTEGER NOT NULL, reason TEXT,"
	" PRIMARY KEY (guideline, item, check_id)) WITHOUT ROWID";
/* ---- the algebra ---- */

static const struct outcome *outcome_of(const struct bench *b, const char *item)
{
	for (size_t i = 0; i < b->count; i++)
		if (strcmp(b->items[i]->id, item) == 0)
			return &b->outcomes[i];
	return NULL;
}

bool alternative_absent(const struct bench *b, const struct words *alternative)
{
	for (size_t i = 0; i < alternative->count; i++) {
		const struct outcome *o = outcome_of(b, alternative->list[i]);

		if (o != NULL &&
		    (o->refuted || o->verdict == VERDICT_CONTRADICTED || answered(o, "not-met")))
			return true;
	}
	return false;
}

static enum verdict decide(const struct bench *b, const struct item *item, struct outcome *o)
{
	o->alternatives_open = o->refuted = false;
	if (answered_in_vain(o))
		return VERDICT_CONTRADICTED;
	if (item->checks.count == 0)
		return o->answered && o->answer.valid ? VERDICT_ATTESTED : VERDICT_NOT_ASSESSABLE;
	if (o->open > 0) {
		if (answered(o, "met"))
			return VERDICT_CONTRADICTED;
		for (size_t i = 0; i < item->alternative_count; i++)
			o->alternatives_open |= !alternative_absent(b, &item->alternatives[i]);
		o->refuted = item->assess == ASSESS_DIRECT && !o->alternatives_open &&
			     o->inferred < o->open;
		/* Who does without an alternative breaches nothing by that. */
		return o->refuted && item->polarity != POLARITY_ALTERNATIVE ? VERDICT_VIOLATED
									    : VERDICT_HINT;
	}
	if (o->waived > 0)
		return VERDICT_WAIVED;
	for (size_t i = 0; i < item->checks.count; i++)
		if (o->reasons[i] != NULL)
			return VERDICT_NOT_RUN;
	return o->absent != NULL ? VERDICT_NOT_RUN : VERDICT_CLEAN;
}
/* ---- writing ---- */

struct writers {
	struct query *verdict, *finding, *check, *answer;
};

static int write_outcome(const struct bench *b, size_t place, struct writers *w)
{
	const struct item *item = b->items[place];
	const struct control *control = b->controls[place];
	const struct outcome *o = &b->outcomes[place];
	char *en = NULL, *ja = NULL;
	int r = verdict_note(b, place, &en, &ja);

	if (r >= 0) {
		const char *const texts[] = { b->guideline->id,
					      control->id,
					      item->id,
					      verdict_words[o->verdict],
					      assess_word(item->assess),
					      control->level };
		const int64_t numbers[] = { o->coverage.hosts,   o->coverage.answering,
					    o->coverage.planned, o->coverage.services,
					    o->coverage.checked, (int64_t)place + 1 };

		for (size_t i = 0; i < countof(texts); i++)
			query_bind_text(w->verdict, (int)i + 1, texts[i]);
		query_bind_int(w->verdict, 7, control->mandatory);
		query_bind_text(w->verdict, 8, en);
		query_bind_text(w->verdict, 9, ja);
		if (o->answered) {
			query_bind_text(w->verdict, 10, o->answer.word);
			query_bind_text(w->verdict, 11, o->answer.by);
			query_bind_int(w->verdict, 12, o->answer.at);
			if (o->answer.has_until)
				query_bind_int(w->verdict, 13, o->answer.until);
		}
		for (size_t i = 0; i < countof(numbers); i++)
			query_bind_int(w->verdict, (int)i + 14, numbers[i]);
		r = query_run(w->verdict);
	}
	for (size_t i = 0; r >= 0 && i < item->checks.count; i++) {
		query_bind_text(w->check, 1, b->guideline->id);
		query_bind_text(w->check, 2, item->id);
		query_bind_text(w->check, 3, item->checks.list[i]);
		query_bind_int(w->check, 4, o->reasons[i] == NULL);
		query_bind_text(w->check, 5, o->reasons[i]);
		r = query_run(w->check);
	}
	free(en);
	free(ja);
	return r;
}

static int judge_guideline(struct judged *j, const struct guideline *g, struct writers *w)
{
	struct bench b = {
		.j = j,
		.guideline = g,
		.items = arena_array(j->arena, g->item_count, sizeof(*b.items)),
		.controls = arena_array(j->arena, g->item_count, sizeof(*b.controls)),
		.outcomes = arena_array(j->arena, g->item_count, sizeof(*b.outcomes)),
	};
	int r = 0;

	if (b.items == NULL || b.controls == NULL || b.outcomes == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < g->control_count; i++) {
		for (size_t k = 0; k < g->controls[i].item_count; k++) {
			b.items[b.count] = &g->controls[i].items[k];
			b.controls[b.count++] = &g->controls[i];
		}
	}
	for (size_t i = 0; r >= 0 && i < b.count; i++) {
		r = answer_find(j, w->answer, g->id, b.items[i]->id, &b.outcomes[i]);
		if (r >= 0 && b.items[i]->checks.count > 0)
			r = outcome_of_checks(j, g, b.items[i], w->finding, &b.outcomes[i]);
	}
	/* Those with alternatives last: they depend on the verdicts of the others. */
	for (int pass = 0; r >= 0 && pass < 2; pass++)
		for (size_t i = 0; i < b.count; i++)
			if ((b.items[i]->alternative_count > 0) == (pass == 1))
				b.outcomes[i].verdict = decide(&b, b.items[i], &b.outcomes[i]);
	for (size_t i = 0; r >= 0 && i < b.count; i++)
		r = write_outcome(&b, i, w);
	return r;
}

int verdicts_make(struct judged *j)
{
	struct writers w = { 0 };
	int64_t answers = 0;
	int r = db_exec(j->db, made_tables);

	if (r >= 0)
		r = db_number(j->db, "SELECT count(*) FROM temp.attestation", 0, &answers);
	if (r >= 0)
		r = query_new(j->db,
			      "INSERT INTO temp.verdict VALUES"
			      " (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			      &w.verdict);
	if (r >= 0)
		r = query_new(j->db, "INSERT OR IGNORE INTO temp.verdict_finding VALUES (?, ?, ?)",
			      &w.finding);
	if (r >= 0)
		r = query_new(j->db,
			      "INSERT OR IGNORE INTO temp.verdict_check VALUES (?, ?, ?, ?, ?)",
			      &w.check);
	/* The newest answer that counts; else the newest of all. The catalogue may name the item with
	 * its guideline in front ("mlit-water:ordinance-2-5"). */
	if (r >= 0 && answers > 0)
		r = query_new(
			j->db,
			"SELECT answer, given_by, given_at, until,"
			"  given_at <= ?3 AND (until IS NULL OR until = 0 OR until >= ?3) AS valid,"
			"  separation"
			" FROM temp.attestation WHERE guideline = ?1"
			" AND item IN (?2, ?1 || ':' || ?2)"
			" ORDER BY valid DESC, given_at DESC, answer LIMIT 1",
			&w.answer);
	for (size_t i = 0; r >= 0 && i < j->catalogue->guideline_count; i++)
		r = judge_guideline(j, &j->catalogue->guidelines[i], &w);
	/* Once all of them are there, which is quicker than row by row. */
	if (r >= 0)
		r = db_exec(
			j->db,
			"CREATE INDEX temp.verdict_finding_fp ON verdict_finding (fingerprint)");
	query_free(w.verdict);
	query_free(w.finding);
	query_free(w.check);
	query_free(w.answer);
	return r < 0 ? r : 0;
}
