/* SPDX-License-Identifier: Apache-2.0 */
/* What people add to the evidence: attestations, waivers, measures and treatments. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/i18n.h"
#include "site/load.h"

static void load_answer(struct ynode n, char **ret)
{
	static const char *const answers[] = { "met", "not-met", "not-applicable" };
	const char *text = yn_text(n);

	if (text == NULL)
		return;
	for (size_t i = 0; i < countof(answers); i++)
		if (strcmp(text, answers[i]) == 0) {
			load_text(n, ret);
			return;
		}
	yn_complain(n, _("'%s' is not an answer: met, not-met or not-applicable"), text);
}

/* Section 2.2 of mlit-water tells which of them count as physical separation. */
static void load_separation(struct ynode n, char **ret)
{
	static const char *const ways[] = { "own-lines",   "wide-area-ethernet", "ip-vpn",
					    "entry-vpn",   "firewall",           "router",
					    "internet-vpn" };

	if (!yn_given(n))
		return;
	const char *text = yn_text(n);
	if (text == NULL)
		return;
	for (size_t i = 0; i < countof(ways); i++)
		if (strcmp(text, ways[i]) == 0) {
			load_text(n, ret);
			return;
		}
	yn_complain(n,
		    _("'%s' is no way of separation: own-lines, wide-area-ethernet, ip-vpn, "
		      "entry-vpn, firewall, router or internet-vpn"),
		    text);
}

void load_subject(struct ynode n, const struct subject_of_answer *ret)
{
	struct ynode item = yn_get(n, "item"), control = yn_get(n, "control");

	load_name(yn_need(n, "guideline"), ret->guideline);
	*ret->guideline_line = yn_line(yn_get(n, "guideline"));
	*ret->whole = yn_given(control) && !yn_given(item);
	if (yn_given(control) && yn_given(item))
		yn_complain(control, _("'item' is given too: it is one or the other"));
	else if (*ret->whole)
		load_name(control, ret->item);
	else
		load_name(yn_need(n, "item"), ret->item);
	*ret->item_line = yn_line(*ret->whole ? control : item);
}

static void load_attestation(struct site *s, struct ynode n)
{
	static const char *const keys[] = { "guideline", "item",       "control", "answer",
					    "by",        "at",         "until",   "note",
					    "evidence",  "separation", NULL };

	if (!yn_map(n, keys))
		return;
	struct attestation *a = list_grow(&s->attestations, &s->attestation_count, sizeof(*a));
	if (a == NULL) {
		yn_complain(n, _("out of memory"));
		return;
	}
	a->file = s->reading;
	a->line = yn_line(n);
	load_subject(n, &(struct subject_of_answer){ &a->guideline, &a->item, &a->whole,
						     &a->guideline_line, &a->item_line });
	load_answer(yn_need(n, "answer"), &a->answer);
	load_text(yn_need(n, "by"), &a->by);
	load_text(yn_get(n, "note"), &a->note);
	load_text(yn_get(n, "evidence"), &a->evidence);
	load_separation(yn_get(n, "separation"), &a->separation);
	load_day(s, yn_need(n, "at"), false, &a->at);
	load_day(s, yn_get(n, "until"), true, &a->until);
	if (a->until != 0 && a->until < a->at)
		yn_complain(yn_get(n, "until"), _("lies before 'at'"));
	for (size_t i = 0; a->guideline != NULL && a->item != NULL && i + 1 < s->attestation_count;
	     i++) {
		const struct attestation *b = &s->attestations[i];

		if (b->guideline != NULL && b->item != NULL && a->whole == b->whole &&
		    strcmp(a->guideline, b->guideline) == 0 && strcmp(a->item, b->item) == 0)
			yn_complain(yn_get(n, a->whole ? "control" : "item"),
				    _("'%s' is answered at %s:%u already"), a->item, b->file,
				    b->line);
	}
}

void load_attestations(struct site *s, struct ynode n)
{
	if (!yn_given(n) || !yn_list(n))
		return;
	for (size_t i = 0; i < load_count(n); i++)
		load_attestation(s, yn_at(n, i));
}

/* Findings name addresses in their usual form ("2001:db8::1"), so a waiver must too. */
static void write_plainly(char **name)
{
	char text[ADDR_TEXT];
	struct addr address;

	if (*name == NULL || addr_parse(*name, &address) != 0)
		return;
	char *plain = strdup(addr_format(&address, text));
	if (plain != NULL) {
		free(*name);
		*name = plain;
	}
}

/* The asset and port that an answer is about. */
static void load_place(struct ynode n, char **asset, uint16_t *ret_port, unsigned *line)
{
	uint64_t port;

	*line = yn_line(yn_get(n, "asset"));
	load_name(yn_get(n, "asset"), asset);
	write_plainly(asset);
	if (yn_number(yn_get(n, "port"), 1, UINT16_MAX, &port))
		*ret_port = (uint16_t)port;
}

/* What it has is kept; what it lacks is said. */
static void tell_lacks(struct site *s, const struct waiver *w)
{
	const struct {
		const char *key, *value;
	} fields[] = {
		{ "applicant", w->applicant },
		{ "clause", w->clause },
		{ "impact", w->impact },
		{ "closing", w->closing },
	};
	char lacks[64] = "";

	for (size_t i = 0, at = 0; i < countof(fields) && at < sizeof(lacks); i++)
		if (fields[i].value == NULL)
			at += (size_t)snprintf(lacks + at, sizeof(lacks) - at, "%s%s",
					       at > 0 ? ", " : "", fields[i].key);
	if (lacks[0] != '\0')
		texts_addf(
			&s->later, &s->later_count,
			_("%s:%u: this waiver lacks %s and does not count (mlit-water 4.3.2-18)"),
			w->file, w->line, lacks);
}

static void load_waiver(struct site *s, struct ynode n)
{
	static const char *const keys[] = { "check",        "asset",       "port",        "reason",
					    "compensating", "approved_by", "approved_at", "from",
					    "until",        "clause",      "applicant",   "impact",
					    "closing",      "relies_on",   NULL };

	if (!yn_map(n, keys))
		return;
	struct waiver *w = list_grow(&s->waivers, &s->waiver_count, sizeof(*w));
	if (w == NULL) {
		yn_complain(n, _("out of memory"));
		return;
	}
	w->file = s->reading;
	w->line = yn_line(n);
	w->check_line = yn_line(yn_get(n, "check"));
	load_name(yn_need(n, "check"), &w->check);
	load_place(n, &w->asset, &w->port, &w->asset_line);
	load_text(yn_get(n, "applicant"), &w->applicant);
	load_text(yn_get(n, "clause"), &w->clause);
	load_text(yn_get(n, "impact"), &w->impact);
	load_text(yn_get(n, "closing"), &w->closing);
	load_texts(yn_get(n, "relies_on"), &w->relies_on, &w->relies_count);
	w->relies_line = yn_line(yn_get(n, "relies_on"));
	load_day(s, yn_get(n, "from"), false, &w->from);
	load_text(yn_need(n, "reason"), &w->reason);
	load_text(yn_need(n, "compensating"), &w->compensating);
	load_text(yn_need(n, "approved_by"), &w->approved_by);
	load_day(s, yn_need(n, "approved_at"), false, &w->approved_at);
	load_day(s, yn_need(n, "until"), true, &w->until);
	if (w->until != 0 && w->until < w->approved_at)
		yn_complain(yn_get(n, "until"), _("lies before 'approved_at'"));
	if (w->until != 0 && w->until < w->from)
		yn_complain(yn_get(n, "until"), _("lies before 'from'"));
	tell_lacks(s, w);
}

void load_waivers(struct site *s, struct ynode n)
{
	if (!yn_given(n) || !yn_list(n))
		return;
	for (size_t i = 0; i < load_count(n); i++)
		load_waiver(s, yn_at(n, i));
}

/* One of the words; complains with what they are. */
static void load_one_of(struct ynode n, const char *const *words, const char *which, char **ret)
{
	const char *text = yn_given(n) ? yn_text(n) : NULL;

	if (text == NULL)
		return;
	for (; *words != NULL; words++)
		if (strcmp(text, *words) == 0) {
			load_text(n, ret);
			return;
		}
	yn_complain(n, _("is one of %s, not '%s'"), which, text);
}

static void load_measure(struct site *s, struct ynode n)
{
	static const char *const keys[] = { "check",    "asset",     "port", "guideline", "item",
					    "control",  "measure",   "by",   "at",        "until",
					    "evidence", "relies_on", NULL };

	if (!yn_map(n, keys))
		return;
	struct measure *m = list_grow(&s->measures, &s->measure_count, sizeof(*m));
	if (m == NULL) {
		yn_complain(n, _("out of memory"));
		return;
	}
	m->file = s->reading;
	m->line = yn_line(n);
	m->check_line = yn_line(yn_get(n, "check"));
	load_name(yn_get(n, "check"), &m->check);
	load_place(n, &m->asset, &m->port, &m->asset_line);
	if (yn_given(yn_get(n, "guideline")) || m->check == NULL)
		load_subject(n, &(struct subject_of_answer){ &m->guideline, &m->item, &m->whole,
							     &m->guideline_line, &m->item_line });
	load_text(yn_need(n, "measure"), &m->measure);
	load_text(yn_need(n, "by"), &m->by);
	load_text(yn_get(n, "evidence"), &m->evidence);
	load_texts(yn_get(n, "relies_on"), &m->relies_on, &m->relies_count);
	m->relies_line = yn_line(yn_get(n, "relies_on"));
	load_day(s, yn_need(n, "at"), false, &m->at);
	load_day(s, yn_get(n, "until"), true, &m->until);
	if (m->until != 0 && m->until < m->at)
		yn_complain(yn_get(n, "until"), _("lies before 'at'"));
}

void load_measures(struct site *s, struct ynode n)
{
	if (!yn_given(n) || !yn_list(n))
		return;
	for (size_t i = 0; i < load_count(n); i++)
		load_measure(s, yn_at(n, i));
}

static void load_treatment(struct site *s, struct ynode n)
{
	static const char *const keys[] = { "check",   "asset",  "port",  "guideline", "item",
					    "control", "action", "owner", "due",       "state",
					    "at",      "note",   NULL };
	static const char *const states[] = { "planned", "in-progress", "done", "accepted", NULL };

	if (!yn_map(n, keys))
		return;
	struct treatment_plan *t = list_grow(&s->treatments, &s->treatment_count, sizeof(*t));
	if (t == NULL) {
		yn_complain(n, _("out of memory"));
		return;
	}
	t->file = s->reading;
	t->line = yn_line(n);
	t->check_line = yn_line(yn_get(n, "check"));
	load_name(yn_get(n, "check"), &t->check);
	if (yn_given(yn_get(n, "guideline")) || t->check == NULL)
		load_subject(n, &(struct subject_of_answer){ &t->guideline, &t->item, &t->whole,
							     &t->guideline_line, &t->item_line });
	load_place(n, &t->asset, &t->port, &t->asset_line);
	load_text(yn_get(n, "action"), &t->action);
	load_text(yn_need(n, "owner"), &t->owner);
	load_one_of(yn_need(n, "state"), states, "planned, in-progress, done, accepted", &t->state);
	load_text(yn_get(n, "note"), &t->note);
	load_day(s, yn_get(n, "due"), true, &t->due);
	load_day(s, yn_get(n, "at"), false, &t->state_at);
	if (t->state != NULL && strcmp(t->state, "done") == 0 && t->state_at == 0)
		yn_complain(n, _("'at' is needed: the day on which it was done"));
}

void load_treatments(struct site *s, struct ynode n)
{
	if (!yn_given(n) || !yn_list(n))
		return;
	for (size_t i = 0; i < load_count(n); i++)
		load_treatment(s, yn_at(n, i));
}

void answers_done(struct site *s)
{
	for (size_t i = 0; i < s->attestation_count; i++) {
		struct attestation *a = &s->attestations[i];

		free(a->guideline);
		free(a->item);
		free(a->answer);
		free(a->by);
		free(a->note);
		free(a->evidence);
		free(a->separation);
	}
	free(s->attestations);
	for (size_t i = 0; i < s->waiver_count; i++) {
		struct waiver *w = &s->waivers[i];

		free(w->check);
		free(w->asset);
		free(w->reason);
		free(w->compensating);
		free(w->approved_by);
		free(w->applicant);
		free(w->clause);
		free(w->impact);
		free(w->closing);
		texts_done(&w->relies_on, &w->relies_count);
	}
	free(s->waivers);
	for (size_t i = 0; i < s->measure_count; i++) {
		struct measure *m = &s->measures[i];

		free(m->check);
		free(m->asset);
		free(m->guideline);
		free(m->item);
		free(m->measure);
		free(m->by);
		free(m->evidence);
		texts_done(&m->relies_on, &m->relies_count);
	}
	free(s->measures);
	for (size_t i = 0; i < s->treatment_count; i++) {
		struct treatment_plan *t = &s->treatments[i];

		free(t->check);
		free(t->asset);
		free(t->guideline);
		free(t->item);
		free(t->action);
		free(t->owner);
		free(t->state);
		free(t->note);
	}
	free(s->treatments);
}
