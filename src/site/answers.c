/* SPDX-License-Identifier: Apache-2.0 */
/* What people add to the evidence: attestations and waivers. */
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

static void load_attestation(struct site *s, struct ynode n)
{
	static const char *const keys[] = { "guideline", "item", "answer",     "by", "at",
					    "until",     "note", "separation", NULL };

	if (!yn_map(n, keys))
		return;
	struct attestation *a = list_grow(&s->attestations, &s->attestation_count, sizeof(*a));
	if (a == NULL) {
		yn_complain(n, _("out of memory"));
		return;
	}
	a->line = yn_line(n);
	a->guideline_line = yn_line(yn_get(n, "guideline"));
	a->item_line = yn_line(yn_get(n, "item"));
	load_name(yn_need(n, "guideline"), &a->guideline);
	load_name(yn_need(n, "item"), &a->item);
	load_answer(yn_need(n, "answer"), &a->answer);
	load_text(yn_need(n, "by"), &a->by);
	load_text(yn_get(n, "note"), &a->note);
	load_separation(yn_get(n, "separation"), &a->separation);
	load_day(s, yn_need(n, "at"), false, &a->at);
	load_day(s, yn_get(n, "until"), true, &a->until);
	if (a->until != 0 && a->until < a->at)
		yn_complain(yn_get(n, "until"), _("lies before 'at'"));
	for (size_t i = 0; a->guideline != NULL && a->item != NULL && i + 1 < s->attestation_count;
	     i++) {
		const struct attestation *b = &s->attestations[i];

		if (b->guideline != NULL && b->item != NULL &&
		    strcmp(a->guideline, b->guideline) == 0 && strcmp(a->item, b->item) == 0)
			yn_complain(yn_get(n, "item"), _("'%s' is answered on line %u already"),
				    a->item, b->line);
	}
}

void load_attestations(struct site *s, struct ynode n)
{
	if (!yn_list(n))
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

static void load_waiver(struct site *s, struct ynode n)
{
	static const char *const keys[] = { "check",       "asset",        "port",
					    "reason",      "compensating", "approved_by",
					    "approved_at", "until",        NULL };
	uint64_t port;

	if (!yn_map(n, keys))
		return;
	struct waiver *w = list_grow(&s->waivers, &s->waiver_count, sizeof(*w));
	if (w == NULL) {
		yn_complain(n, _("out of memory"));
		return;
	}
	w->line = yn_line(n);
	w->check_line = yn_line(yn_get(n, "check"));
	w->asset_line = yn_line(yn_get(n, "asset"));
	load_name(yn_need(n, "check"), &w->check);
	load_name(yn_get(n, "asset"), &w->asset);
	write_plainly(&w->asset);
	if (yn_number(yn_get(n, "port"), 1, UINT16_MAX, &port))
		w->port = (uint16_t)port;
	load_text(yn_need(n, "reason"), &w->reason);
	load_text(yn_need(n, "compensating"), &w->compensating);
	load_text(yn_need(n, "approved_by"), &w->approved_by);
	load_day(s, yn_need(n, "approved_at"), false, &w->approved_at);
	load_day(s, yn_need(n, "until"), true, &w->until);
	if (w->until != 0 && w->until < w->approved_at)
		yn_complain(yn_get(n, "until"), _("lies before 'approved_at'"));
}

void load_waivers(struct site *s, struct ynode n)
{
	if (!yn_list(n))
		return;
	for (size_t i = 0; i < load_count(n); i++)
		load_waiver(s, yn_at(n, i));
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
	}
	free(s->waivers);
}
