/* SPDX-License-Identifier: Apache-2.0 */
#include "site/answers_file.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "codec/span.h"
#include "site/declare.h"

bool answers_own(const struct site *s, const char *file)
{
	return file != NULL && s->answers_path != NULL && strcmp(file, s->answers_path) == 0;
}

static bool same(const char *a, const char *b)
{
	return a != NULL && b != NULL && strcmp(a, b) == 0;
}

const char *site_day_text(const struct site *s, int64_t when, char out[static DAY_FORM])
{
	time_t local = (time_t)(when + site_offset(s, when));
	struct tm tm;

	if (gmtime_r(&local, &tm) == NULL || strftime(out, DAY_FORM, "%Y-%m-%d", &tm) == 0)
		out[0] = '\0';
	return out;
}

/* ---- finding and setting ---- */

/* The entry for this item, from the last: a later one is the newer one. NULL: there is none. */
#define FIND(list, count, guideline_, item_, whole_)                                      \
	({                                                                                \
		__typeof__((list) + 0) found = NULL;                                      \
		for (size_t i_ = (count); i_-- > 0 && found == NULL;)                     \
			if (same((list)[i_].guideline, guideline_) &&                     \
			    same((list)[i_].item, item_) && (list)[i_].whole == (whole_)) \
				found = &(list)[i_];                                      \
		found;                                                                    \
	})

const struct attestation *answers_find(const struct site *s, const char *guideline,
				       const char *item, bool whole)
{
	return FIND(s->attestations, s->attestation_count, guideline, item, whole);
}

const struct goal *answers_goal(const struct site *s, const char *guideline, const char *item,
				bool whole)
{
	return FIND(s->goals, s->goal_count, guideline, item, whole);
}

const struct treatment_plan *answers_treatment(const struct site *s, const char *guideline,
					       const char *item, bool whole)
{
	return FIND(s->treatments, s->treatment_count, guideline, item, whole);
}

const struct tier *answers_tier(const struct site *s, const char *area)
{
	for (size_t i = s->tier_count; i-- > 0;)
		if (same(s->tiers[i].area, area))
			return &s->tiers[i];
	return NULL;
}

/* Copies of texts that go in together or not at all. The old ones are freed: a text may be kept by giving the
 * entry's own. */
struct put {
	const char *from;
	char **to;
};

static int put_all(const struct put *texts, size_t count)
{
	enum { MOST = 8 };
	char *copies[MOST] = { NULL };
	bool good = count <= MOST;

	for (size_t i = 0; good && i < count; i++) {
		copies[i] = texts[i].from != NULL ? strdup(texts[i].from) : NULL;
		good = texts[i].from == NULL || copies[i] != NULL;
	}
	for (size_t i = 0; i < count && i < MOST; i++) {
		if (!good) {
			free(copies[i]);
			continue;
		}
		free(*texts[i].to);
		*texts[i].to = copies[i];
	}
	return good ? 0 : -ENOMEM;
}

int answers_set(struct site *s, const struct attestation *a)
{
	struct attestation *at =
		FIND(s->attestations, s->attestation_count, a->guideline, a->item, a->whole);

	if (at == NULL || !answers_own(s, at->file))
		at = list_grow(&s->attestations, &s->attestation_count, sizeof(*at));
	const struct put texts[] = { { a->guideline, at != NULL ? &at->guideline : NULL },
				     { a->item, at != NULL ? &at->item : NULL },
				     { a->answer, at != NULL ? &at->answer : NULL },
				     { a->by, at != NULL ? &at->by : NULL },
				     { a->note, at != NULL ? &at->note : NULL },
				     { a->separation, at != NULL ? &at->separation : NULL },
				     { a->evidence, at != NULL ? &at->evidence : NULL } };

	if (at == NULL || put_all(texts, countof(texts)) != 0)
		return -ENOMEM;
	at->file = s->answers_path;
	at->whole = a->whole;
	at->at = a->at;
	at->until = a->until;
	return 0;
}

int answers_set_goal(struct site *s, const struct goal *g)
{
	struct goal *at = FIND(s->goals, s->goal_count, g->guideline, g->item, g->whole);

	if (at == NULL || !answers_own(s, at->file))
		at = list_grow(&s->goals, &s->goal_count, sizeof(*at));
	const struct put texts[] = { { g->guideline, at != NULL ? &at->guideline : NULL },
				     { g->item, at != NULL ? &at->item : NULL },
				     { g->current, at != NULL ? &at->current : NULL },
				     { g->target, at != NULL ? &at->target : NULL },
				     { g->priority, at != NULL ? &at->priority : NULL },
				     { g->owner, at != NULL ? &at->owner : NULL },
				     { g->note, at != NULL ? &at->note : NULL },
				     { g->by, at != NULL ? &at->by : NULL } };

	if (at == NULL || put_all(texts, countof(texts)) != 0)
		return -ENOMEM;
	at->file = s->answers_path;
	at->whole = g->whole;
	at->due = g->due;
	at->at = g->at;
	return 0;
}

int answers_set_treatment(struct site *s, const struct treatment_plan *t)
{
	struct treatment_plan *at =
		FIND(s->treatments, s->treatment_count, t->guideline, t->item, t->whole);

	if (at == NULL || !answers_own(s, at->file))
		at = list_grow(&s->treatments, &s->treatment_count, sizeof(*at));
	const struct put texts[] = { { t->guideline, at != NULL ? &at->guideline : NULL },
				     { t->item, at != NULL ? &at->item : NULL },
				     { t->action, at != NULL ? &at->action : NULL },
				     { t->owner, at != NULL ? &at->owner : NULL },
				     { t->state, at != NULL ? &at->state : NULL },
				     { t->note, at != NULL ? &at->note : NULL } };

	if (at == NULL || put_all(texts, countof(texts)) != 0)
		return -ENOMEM;
	at->file = s->answers_path;
	at->whole = t->whole;
	at->due = t->due;
	at->state_at = t->state_at;
	return 0;
}

int answers_set_tier(struct site *s, const struct tier *t)
{
	struct tier *at = (struct tier *)(uintptr_t)answers_tier(s, t->area);

	if (at == NULL || !answers_own(s, at->file))
		at = list_grow(&s->tiers, &s->tier_count, sizeof(*at));
	const struct put texts[] = { { t->area, at != NULL ? &at->area : NULL },
				     { t->by, at != NULL ? &at->by : NULL },
				     { t->note, at != NULL ? &at->note : NULL } };

	if (at == NULL || put_all(texts, countof(texts)) != 0)
		return -ENOMEM;
	at->file = s->answers_path;
	at->current = t->current;
	at->target = t->target;
	at->at = t->at;
	return 0;
}

void answers_drop(struct site *s, const char *guideline, const char *item)
{
	for (size_t i = 0; i < s->attestation_count; i++) {
		struct attestation *a = &s->attestations[i];

		if (a->whole || !answers_own(s, a->file) || !same(a->guideline, guideline) ||
		    !same(a->item, item))
			continue;
		/* It stays in the list, so that places in it hold; nobody finds or writes it. */
		free(a->guideline);
		a->guideline = NULL;
	}
}

/* ---- writing ---- */

/* One entry: "- key: value" lines. A JSON string is a quoted text of YAML too. */
struct entry {
	FILE *out;
	bool some;
	int error;
};

static void key(struct entry *e, const char *name)
{
	fprintf(e->out, "%s%s: ", e->some ? "    " : "  - ", name);
	e->some = true;
}

static void text(struct entry *e, const char *name, const char *value)
{
	json_t *v = value != NULL ? json_string(value) : NULL;

	if (value == NULL)
		return;
	key(e, name);
	if (v == NULL || json_dumpf(v, e->out, JSON_ENCODE_ANY) < 0)
		e->error = -ENOMEM;
	putc('\n', e->out);
	json_decref(v);
}

static void texts(struct entry *e, const char *name, char *const *list, size_t count)
{
	json_t *v = json_array();

	for (size_t i = 0; i < count; i++)
		if (json_array_append_new(v, json_string(list[i])) < 0)
			e->error = -ENOMEM;
	if (count > 0) {
		key(e, name);
		if (v == NULL || json_dumpf(v, e->out, 0) < 0)
			e->error = -ENOMEM;
		putc('\n', e->out);
	}
	json_decref(v);
}

static void number(struct entry *e, const char *name, unsigned value)
{
	if (value == 0)
		return;
	key(e, name);
	fprintf(e->out, "%u\n", value);
}

static void day(struct entry *e, const struct site *s, const char *name, int64_t when)
{
	char form[DAY_FORM];

	if (when == 0)
		return;
	key(e, name);
	fprintf(e->out, "%s\n", site_day_text(s, when, form));
}

static void subject(struct entry *e, const char *guideline, const char *item, bool whole)
{
	text(e, "guideline", guideline);
	text(e, whole ? "control" : "item", item);
}

static void put_attestation(struct entry *e, const struct site *s, size_t i)
{
	const struct attestation *a = &s->attestations[i];

	subject(e, a->guideline, a->item, a->whole);
	text(e, "answer", a->answer);
	text(e, "by", a->by);
	day(e, s, "at", a->at);
	day(e, s, "until", a->until);
	text(e, "evidence", a->evidence);
	text(e, "separation", a->separation);
	text(e, "note", a->note);
}

static void put_waiver(struct entry *e, const struct site *s, size_t i)
{
	const struct waiver *w = &s->waivers[i];

	text(e, "check", w->check);
	text(e, "asset", w->asset);
	number(e, "port", w->port);
	text(e, "reason", w->reason);
	text(e, "compensating", w->compensating);
	text(e, "approved_by", w->approved_by);
	day(e, s, "approved_at", w->approved_at);
	day(e, s, "from", w->from);
	day(e, s, "until", w->until);
	text(e, "applicant", w->applicant);
	text(e, "clause", w->clause);
	text(e, "impact", w->impact);
	text(e, "closing", w->closing);
	texts(e, "relies_on", w->relies_on, w->relies_count);
}

static void put_measure(struct entry *e, const struct site *s, size_t i)
{
	const struct measure *m = &s->measures[i];

	text(e, "check", m->check);
	text(e, "asset", m->asset);
	number(e, "port", m->port);
	subject(e, m->guideline, m->item, m->whole);
	text(e, "measure", m->measure);
	text(e, "by", m->by);
	day(e, s, "at", m->at);
	day(e, s, "until", m->until);
	text(e, "evidence", m->evidence);
	texts(e, "relies_on", m->relies_on, m->relies_count);
}

static void put_treatment(struct entry *e, const struct site *s, size_t i)
{
	const struct treatment_plan *t = &s->treatments[i];

	text(e, "check", t->check);
	text(e, "asset", t->asset);
	number(e, "port", t->port);
	subject(e, t->guideline, t->item, t->whole);
	text(e, "action", t->action);
	text(e, "owner", t->owner);
	day(e, s, "due", t->due);
	text(e, "state", t->state);
	day(e, s, "at", t->state_at);
	text(e, "note", t->note);
}

static void put_decision(struct entry *e, const struct site *s, size_t i)
{
	const struct decision *d = &s->decisions[i];

	subject(e, d->guideline, d->item, d->whole);
	text(e, "decision", d->decision);
	text(e, "reason", d->reason);
	text(e, "by", d->by);
	day(e, s, "at", d->at);
	text(e, "level", d->level);
	text(e, "severity", d->severity);
	texts(e, "checks", d->checks, d->check_count);
}

static void put_goal(struct entry *e, const struct site *s, size_t i)
{
	const struct goal *g = &s->goals[i];

	subject(e, g->guideline, g->item, g->whole);
	text(e, "current", g->current);
	text(e, "target", g->target);
	text(e, "priority", g->priority);
	text(e, "owner", g->owner);
	day(e, s, "due", g->due);
	text(e, "note", g->note);
	text(e, "by", g->by);
	day(e, s, "at", g->at);
}

static void put_tier(struct entry *e, const struct site *s, size_t i)
{
	const struct tier *t = &s->tiers[i];

	text(e, "area", t->area);
	number(e, "current", t->current);
	number(e, "target", t->target);
	text(e, "by", t->by);
	day(e, s, "at", t->at);
	text(e, "note", t->note);
}

#define OWN(list, i) answers_own(s, s->list[i].file)

int answers_write(const struct site *s, FILE *out)
{
	enum { LISTS = 7 };
	static const struct {
		const char *name;
		void (*put)(struct entry *e, const struct site *s, size_t i);
	} lists[LISTS] = {
		{ "attestations", put_attestation },
		{ "goals", put_goal },
		{ "tiers", put_tier },
		{ "treatments", put_treatment },
		{ "waivers", put_waiver },
		{ "measures", put_measure },
		{ "items", put_decision },
	};
	const size_t counts[LISTS] = { s->attestation_count, s->goal_count,   s->tier_count,
				       s->treatment_count,   s->waiver_count, s->measure_count,
				       s->decision_count };
	int error = 0;

	fputs("# tenken assess writes this file; see tenken-site(5). Comments in it are not "
	      "kept.\n",
	      out);
	for (size_t l = 0; l < LISTS; l++) {
		bool some = false;

		for (size_t i = 0; i < counts[l]; i++) {
			const bool own[LISTS] = {
				l == 0 && OWN(attestations, i) &&
					s->attestations[i].guideline != NULL,
				l == 1 && OWN(goals, i),
				l == 2 && OWN(tiers, i),
				l == 3 && OWN(treatments, i),
				l == 4 && OWN(waivers, i),
				l == 5 && OWN(measures, i),
				l == 6 && OWN(decisions, i),
			};
			struct entry e = { .out = out };

			if (!own[l])
				continue;
			/* An empty list would have no value. */
			if (!some)
				fprintf(out, "%s:\n", lists[l].name);
			some = true;
			lists[l].put(&e, s, i);
			if (e.error != 0)
				error = e.error;
		}
		if (l == 0 && !some)
			fputs("attestations: []\n", out);
	}
	return error;
}
