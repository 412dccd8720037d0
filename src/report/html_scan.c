/* SPDX-License-Identifier: Apache-2.0 */
/* The page's facts about the inspection: who allowed it, from where, when, and what was planned. */
#include <string.h>

#include "report/page.h"

static void fact(struct page *p, enum word w, const char *text)
{
	if (text == NULL || *text == '\0')
		return;
	mark(p, "<div><dt>");
	say_word(p, w);
	mark(p, "</dt><dd>");
	say(p, text);
	mark(p, "</dd></div>\n");
}

/* A list "a,b,c" of the plan, with room to break lines; a long one is folded away. */
static void fact_list(struct page *p, enum word w, const char *key)
{
	const char *text = plan_text(p->facts, key);

	if (text == NULL || *text == '\0')
		return;
	bool folded = strlen(text) > 120;
	mark(p, "<div><dt>");
	say_word(p, w);
	mark(p, "</dt><dd>%s", folded ? "<details><summary>&#8230;</summary>" : "");
	while (*text != '\0') {
		char part[256];
		size_t n = strcspn(text, ",");

		if (n >= sizeof(part))
			n = sizeof(part) - 1;
		memcpy(part, text, n);
		part[n] = '\0';
		say(p, part);
		text += n;
		if (*text == ',') {
			mark(p, ", ");
			text++;
		}
	}
	mark(p, "%s</dd></div>\n", folded ? "</details>" : "");
}

static void fact_time(struct page *p, enum word w, int64_t seconds)
{
	mark(p, "<div><dt>");
	say_word(p, w);
	mark(p, "</dt><dd>");
	if (seconds != 0)
		say_time(p, seconds);
	else
		say_word(p, W_NOT_FINISHED);
	mark(p, "</dd></div>\n");
}

static void fact_authorisation(struct page *p)
{
	const char *by = plan_text(p->facts, "authorisation.by");
	const char *reference = plan_text(p->facts, "authorisation.reference");
	const char *contact = plan_text(p->facts, "authorisation.contact");
	const char *from = plan_text(p->facts, "authorisation.from");
	const char *until = plan_text(p->facts, "authorisation.until");

	mark(p, "<div><dt>");
	say_word(p, W_AUTHORISATION);
	mark(p, "</dt><dd>");
	if (by == NULL)
		say_word(p, W_AUTHORISATION_NONE);
	say(p, by);
	if (reference != NULL) {
		mark(p, ", ");
		say(p, reference);
	}
	if (from != NULL || until != NULL) {
		mark(p, " (");
		say(p, from);
		mark(p, " &#8211; ");
		say(p, until);
		mark(p, ")");
	}
	if (contact != NULL) {
		mark(p, ", ");
		say_word(p, W_CONTACT);
		mark(p, " ");
		say(p, contact);
	}
	mark(p, "</dd></div>\n");
}

void page_scan(struct page *p)
{
	const struct facts *f = p->facts;

	page_section(p, "scan");
	mark(p, "<dl class=\"facts\">\n");
	fact(p, W_SITE, f->site);
	mark(p, "<div><dt>");
	say_word(p, W_VANTAGE);
	mark(p, "</dt><dd>");
	say(p, f->vantage);
	if (f->vantage_zone != NULL) {
		mark(p, " (");
		say_word(p, W_ZONE);
		mark(p, " ");
		say(p, f->vantage_zone);
		mark(p, ")");
	}
	mark(p, "</dd></div>\n");
	fact_time(p, W_STARTED, f->started);
	fact_time(p, W_FINISHED, f->finished);
	mark(p, "<div><dt>");
	say_word(p, W_STATUS);
	mark(p, "</dt><dd>");
	say_word(p, strcmp(f->status, "done") == 0 ? W_DONE : W_INCOMPLETE);
	mark(p, "</dd></div>\n");
	fact_authorisation(p);
	fact(p, W_PROFILE, f->profile);
	fact_list(p, W_TARGETS, "targets");
	fact_list(p, W_EXCLUDED, "exclusions");
	fact_list(p, W_PORTS, "ports_tcp");
	fact(p, W_RISK, plan_text(f, "risk"));
	fact(p, W_TIMES_IN, p->zone_note);
	mark(p, "<div><dt>");
	say_word(p, W_MADE_BY);
	mark(p, "</dt><dd>tenken ");
	say(p, f->version);
	mark(p, " · ");
	say(p, f->uuid);
	mark(p, "</dd></div>\n</dl>\n</section>\n");
}
