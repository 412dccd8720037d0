/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verdict of every item: the first that applies of declined, contradicted, violated (hint), waived,
 * not-run, no-violation-observed, attested, not-assessable.
 */
#include "judge/verdict_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "judge/arena.h"

static const char *const verdict_words[] = {
	"declined", "contradicted",          "violated", "hint",           "waived",
	"not-run",  "no-violation-observed", "attested", "not-assessable",
};

static const char made_tables[] =
	"CREATE TEMP TABLE verdict (guideline TEXT NOT NULL, control TEXT NOT NULL,"
	" item TEXT NOT NULL, verdict TEXT NOT NULL, assess TEXT NOT NULL, level TEXT NOT NULL,"
	" mandatory INTEGER NOT NULL, note_en TEXT NOT NULL, note_ja TEXT NOT NULL, answer TEXT,"
	" answer_by TEXT, answer_at INTEGER, answer_until INTEGER, hosts INTEGER NOT NULL,"
	" hosts_answering INTEGER NOT NULL, ports_planned INTEGER NOT NULL,"
	" services INTEGER NOT NULL, checked INTEGER NOT NULL, position INTEGER NOT NULL,"
	" answer_evidence TEXT, decision TEXT, decision_reason TEXT, measures TEXT,"
	" answer_of_control INTEGER, decision_by TEXT, decision_at INTEGER, decision_level TEXT,"
	" PRIMARY KEY (guideline, item)) WITHOUT ROWID;"
	/* Sets of findings (runs of their numbers), and which of them an item has. */
	"CREATE TEMP TABLE verdict_set (number INTEGER NOT NULL, first INTEGER NOT NULL,"
	" last INTEGER NOT NULL, PRIMARY KEY (number, first)) WITHOUT ROWID;"
	"CREATE TEMP TABLE verdict_item_set (guideline TEXT NOT NULL, item TEXT NOT NULL,"
	" number INTEGER NOT NULL, PRIMARY KEY (guideline, item, number)) WITHOUT ROWID;"
	"CREATE INDEX temp.verdict_item_of ON verdict_item_set (number, guideline, item);"
	"CREATE TEMP VIEW verdict_finding AS SELECT i.guideline AS guideline, i.item AS item,"
	" n.fingerprint AS fingerprint FROM temp.verdict_item_set AS i"
	" JOIN temp.verdict_set AS s ON s.number = i.number"
	" JOIN temp.finding_now AS n ON n.number BETWEEN s.first AND s.last;"
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

		/* Who declines it, or has nothing for it to apply to, does without it. */
		if (o != NULL && (o->refuted || o->verdict == VERDICT_CONTRADICTED ||
				  o->verdict == VERDICT_DECLINED || answered(o, "not-met") ||
				  answered(o, "not-applicable")))
			return true;
	}
	return false;
}

bool verdict_declined(const struct control *control, const struct outcome *o)
{
	return decided(&o->choice, "decline") && !control->mandatory;
}

static enum verdict decide(const struct bench *b, size_t place)
{
	const struct item *item = b->items[place];
	struct outcome *o = &b->outcomes[place];

	o->alternatives_open = o->refuted = false;
	if (verdict_declined(b->controls[place], o))
		return VERDICT_DECLINED;
	if (answered_in_vain(o))
		return VERDICT_CONTRADICTED;
	if (item->checks.count == 0)
		return o->answered && o->answer.valid ? VERDICT_ATTESTED : VERDICT_NOT_ASSESSABLE;
	if (o->open > 0) {
		/* What is inferred is no more than a hint, against an answer too. */
		if (o->inferred < o->open && (answered(o, "met") || answered(o, "not-applicable")))
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
	struct query *verdict, *check, *answer, *decision;
	struct set_writers sets;
	struct query *measures; /* NULL: there are none */
};

/* Beside what was found: what was answered, decided, and done instead. */
static int bind_people(const struct bench *b, size_t place, struct writers *w)
{
	const struct outcome *o = &b->outcomes[place];
	int r = 0;

	if (o->answered) {
		query_bind_text(w->verdict, 10, o->answer.word);
		query_bind_text(w->verdict, 11, o->answer.by);
		query_bind_int(w->verdict, 12, o->answer.at);
		if (o->answer.has_until)
			query_bind_int(w->verdict, 13, o->answer.until);
		query_bind_text(w->verdict, 20, o->answer.evidence);
		query_bind_int(w->verdict, 24, o->answer.whole);
	}
	query_bind_text(w->verdict, 21, o->choice.word);
	query_bind_text(w->verdict, 22, o->choice.reason);
	query_bind_text(w->verdict, 25, o->choice.by);
	if (o->choice.at != 0)
		query_bind_int(w->verdict, 26, o->choice.at);
	query_bind_text(w->verdict, 27, o->choice.level);
	if (w->measures == NULL)
		return 0;
	query_bind_text(w->measures, 1, b->guideline->id);
	query_bind_text(w->measures, 2, b->items[place]->id);
	query_bind_text(w->measures, 3, b->controls[place]->id);
	r = query_step(w->measures);
	if (r == 1)
		query_bind_text(w->verdict, 23, query_text(w->measures, 0));
	query_reset(w->measures);
	return r < 0 ? r : 0;
}

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
		for (size_t i = 0; i < countof(numbers); i++)
			query_bind_int(w->verdict, (int)i + 14, numbers[i]);
		r = bind_people(b, place, w);
		if (r >= 0)
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
		struct outcome *o = &b.outcomes[i];
		const char *control = b.controls[i]->id;

		/* What is not decided yet is no reason to say that an alternative is absent. */
		o->verdict = VERDICT_NOT_ASSESSABLE;
		if (w->answer != NULL)
			r = answer_find(j, w->answer, g->id, b.items[i]->id, control, o);
		if (r >= 0 && w->decision != NULL)
			r = decision_find(j, w->decision, g->id, b.items[i]->id, control,
					  &o->choice);
		if (r >= 0)
			r = decision_tightens(j, &o->choice, &b.items[i]);
		if (r >= 0 && b.items[i]->checks.count > 0)
			r = outcome_of_checks(j, g, b.items[i], &w->sets, &b.outcomes[i]);
	}
	/* Those with alternatives last: they depend on the verdicts of the others. */
	for (int pass = 0; r >= 0 && pass < 2; pass++)
		for (size_t i = 0; i < b.count; i++)
			if ((b.items[i]->alternative_count > 0) == (pass == 1))
				b.outcomes[i].verdict = decide(&b, i);
	for (size_t i = 0; r >= 0 && i < b.count; i++) {
		r = write_outcome(&b, i, w);
		if (r >= 0)
			r = decision_raises(j, g->id, b.items[i]->id, &b.outcomes[i].choice);
	}
	return r;
}

int verdicts_make(struct judged *j)
{
	struct writers w = { 0 };
	int64_t answers = 0, decisions = 0, measures = 0;
	int r = db_exec(j->db, made_tables);

	if (r >= 0)
		r = db_number(j->db, "SELECT count(*) FROM temp.attestation", 0, &answers);
	if (r >= 0)
		r = db_number(j->db, "SELECT count(*) FROM temp.decision", 0, &decisions);
	if (r >= 0)
		r = db_number(j->db,
			      "SELECT count(*) FROM temp.measure_state WHERE guideline IS NOT NULL",
			      0, &measures);
	if (r >= 0)
		r = query_new(j->db,
			      "INSERT INTO temp.verdict VALUES"
			      " (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
			      " ?, ?, ?, ?, ?)",
			      &w.verdict);
	if (r >= 0)
		r = query_new(j->db, "INSERT INTO temp.verdict_set VALUES (?, ?, ?)", &w.sets.keep);
	if (r >= 0)
		r = query_new(j->db, "INSERT OR IGNORE INTO temp.verdict_item_set VALUES (?, ?, ?)",
			      &w.sets.of_item);
	if (r >= 0)
		r = query_new(j->db,
			      "INSERT OR IGNORE INTO temp.verdict_check VALUES (?, ?, ?, ?, ?)",
			      &w.check);
	if (r >= 0 && answers > 0)
		r = answers_make(j, &w.answer);
	if (r >= 0 && decisions > 0)
		r = decisions_make(j, &w.decision);
	if (r >= 0 && measures > 0)
		r = query_new(
			j->db,
			"SELECT json_group_array(json(told)) FROM (SELECT json_object('measure',"
			"  measure, 'asset', asset, 'by', given_by, 'at', given_at, 'until',"
			"  nullif(until, 0), 'evidence', evidence, 'state', state, 'against', "
			"against)"
			"  AS told FROM temp.measure_state WHERE guideline = ?1"
			"  AND ((coalesce(whole, 0) = 0 AND item = ?2) OR (whole = 1 AND item = "
			"?3))"
			"  ORDER BY number) HAVING count(*) > 0",
			&w.measures);
	for (size_t i = 0; r >= 0 && i < j->catalogue->guideline_count; i++)
		r = judge_guideline(j, &j->catalogue->guidelines[i], &w);
	query_free(w.verdict);
	query_free(w.sets.keep);
	query_free(w.sets.of_item);
	query_free(w.check);
	query_free(w.answer);
	query_free(w.decision);
	query_free(w.measures);
	return r < 0 ? r : 0;
}
