/* SPDX-License-Identifier: Apache-2.0 */
/* What the operator makes of a guideline: decisions on items, thresholds, current and target profile. */
#include <stdlib.h>
#include <string.h>

#include "codec/i18n.h"
#include "site/load.h"

static bool one_of(const char *text, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strcmp(text, *words) == 0)
			return true;
	return false;
}

static void load_decision(struct site *s, struct ynode n)
{
	static const char *const keys[] = { "guideline", "item",   "control", "decision",
					    "reason",    "by",     "at",      "level",
					    "severity",  "checks", NULL };
	static const char *const words[] = { "adopt", "decline", "tighten", NULL };
	static const char *const severities[] = {
		"info", "low", "medium", "high", "critical", NULL
	};

	if (!yn_map(n, keys))
		return;
	struct decision *d = list_grow(&s->decisions, &s->decision_count, sizeof(*d));
	if (d == NULL) {
		yn_complain(n, _("out of memory"));
		return;
	}
	d->file = s->reading;
	d->line = yn_line(n);
	load_subject(n, &(struct subject_of_answer){ &d->guideline, &d->item, &d->whole,
						     &d->guideline_line, &d->item_line });
	struct ynode decision = yn_need(n, "decision");
	d->decision_line = yn_line(decision);
	load_text(decision, &d->decision);
	if (d->decision != NULL && !one_of(d->decision, words))
		yn_complain(decision, _("is 'adopt', 'decline' or 'tighten', not '%s'"),
			    d->decision);
	load_text(yn_get(n, "reason"), &d->reason);
	load_text(yn_get(n, "by"), &d->by);
	load_text(yn_get(n, "level"), &d->level);
	d->level_line = yn_line(yn_get(n, "level"));
	struct ynode severity = yn_get(n, "severity");
	load_text(severity, &d->severity);
	if (d->severity != NULL && !one_of(d->severity, severities))
		yn_complain(severity,
			    _("is 'info', 'low', 'medium', 'high' or 'critical', not '%s'"),
			    d->severity);
	load_texts(yn_get(n, "checks"), &d->checks, &d->check_count);
	d->checks_line = yn_line(yn_get(n, "checks"));
	load_day(s, yn_get(n, "at"), false, &d->at);
	if (d->decision == NULL)
		return;
	if (strcmp(d->decision, "decline") == 0 && d->reason == NULL)
		yn_complain(n, _("'reason' is needed: why the item is declined"));
	if (strcmp(d->decision, "decline") == 0 && (d->by == NULL || d->at == 0))
		yn_complain(n, _("'by' and 'at' are needed: who declined the item, and when"));
	for (size_t i = 0; d->guideline != NULL && d->item != NULL && i + 1 < s->decision_count;
	     i++) {
		const struct decision *b = &s->decisions[i];

		if (b->guideline != NULL && b->item != NULL && b->whole == d->whole &&
		    strcmp(d->guideline, b->guideline) == 0 && strcmp(d->item, b->item) == 0)
			yn_complain(yn_get(n, d->whole ? "control" : "item"),
				    _("'%s' is decided on at %s:%u already"), d->item, b->file,
				    b->line);
	}
	if (strcmp(d->decision, "tighten") == 0 && d->level == NULL && d->severity == NULL &&
	    d->check_count == 0)
		yn_complain(n, _("'tighten' needs 'level', 'severity' or 'checks'"));
}

void load_decisions(struct site *s, struct ynode n)
{
	if (!yn_given(n) || !yn_list(n))
		return;
	for (size_t i = 0; i < load_count(n); i++)
		load_decision(s, yn_at(n, i));
}

/* What a guideline leaves open. */
static const char *const threshold_names[] = {
	"lockout_count",    "patch_days",    "log_months", "scan_days",
	"certificate_days", "clock_seconds", NULL,
};

void load_thresholds(struct site *s, struct ynode n)
{
	if (!yn_given(n) || !yn_map(n, threshold_names))
		return;
	for (size_t i = 0; threshold_names[i] != NULL; i++) {
		uint64_t number;

		if (!yn_number(yn_get(n, threshold_names[i]), 1, 1000000, &number))
			continue;
		struct threshold *t = list_grow(&s->thresholds, &s->threshold_count, sizeof(*t));
		if (t == NULL) {
			yn_complain(n, _("out of memory"));
			return;
		}
		*t = (struct threshold){ threshold_names[i], (int64_t)number };
	}
}

static void load_goal(struct site *s, struct ynode n)
{
	static const char *const keys[] = { "guideline", "item",     "control", "current",
					    "target",    "priority", "owner",   "due",
					    "note",      "by",       "at",      NULL };

	if (!yn_map(n, keys))
		return;
	struct goal *g = list_grow(&s->goals, &s->goal_count, sizeof(*g));
	if (g == NULL) {
		yn_complain(n, _("out of memory"));
		return;
	}
	g->file = s->reading;
	g->line = yn_line(n);
	load_subject(n, &(struct subject_of_answer){ &g->guideline, &g->item, &g->whole,
						     &g->guideline_line, &g->item_line });
	load_text(yn_get(n, "current"), &g->current);
	load_text(yn_need(n, "target"), &g->target);
	load_text(yn_get(n, "priority"), &g->priority);
	load_text(yn_get(n, "owner"), &g->owner);
	load_text(yn_get(n, "note"), &g->note);
	load_text(yn_get(n, "by"), &g->by);
	load_day(s, yn_get(n, "due"), true, &g->due);
	load_day(s, yn_get(n, "at"), false, &g->at);
}

void load_goals(struct site *s, struct ynode n)
{
	if (!yn_given(n) || !yn_list(n))
		return;
	for (size_t i = 0; i < load_count(n); i++)
		load_goal(s, yn_at(n, i));
}

static void load_tier(struct site *s, struct ynode n)
{
	static const char *const keys[] = { "area", "current", "target", "by", "at", "note", NULL };
	enum { TIER_MOST = 4 };
	uint64_t number;

	if (!yn_map(n, keys))
		return;
	struct tier *t = list_grow(&s->tiers, &s->tier_count, sizeof(*t));
	if (t == NULL) {
		yn_complain(n, _("out of memory"));
		return;
	}
	t->file = s->reading;
	t->line = yn_line(n);
	load_name(yn_need(n, "area"), &t->area);
	if (yn_number(yn_get(n, "current"), 1, TIER_MOST, &number))
		t->current = (unsigned)number;
	if (yn_number(yn_get(n, "target"), 1, TIER_MOST, &number))
		t->target = (unsigned)number;
	load_text(yn_need(n, "by"), &t->by);
	load_text(yn_get(n, "note"), &t->note);
	load_day(s, yn_need(n, "at"), false, &t->at);
}

void load_tiers(struct site *s, struct ynode n)
{
	if (!yn_given(n) || !yn_list(n))
		return;
	for (size_t i = 0; i < load_count(n); i++)
		load_tier(s, yn_at(n, i));
}

void decisions_done(struct site *s)
{
	for (size_t i = 0; i < s->decision_count; i++) {
		struct decision *d = &s->decisions[i];

		free(d->guideline);
		free(d->item);
		free(d->decision);
		free(d->reason);
		free(d->by);
		free(d->level);
		free(d->severity);
		texts_done(&d->checks, &d->check_count);
	}
	free(s->decisions);
	free(s->thresholds);
	for (size_t i = 0; i < s->goal_count; i++) {
		struct goal *g = &s->goals[i];

		free(g->guideline);
		free(g->item);
		free(g->current);
		free(g->target);
		free(g->priority);
		free(g->owner);
		free(g->note);
		free(g->by);
	}
	free(s->goals);
	for (size_t i = 0; i < s->tier_count; i++) {
		free(s->tiers[i].area);
		free(s->tiers[i].by);
		free(s->tiers[i].note);
	}
	free(s->tiers);
}
