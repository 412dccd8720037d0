/* SPDX-License-Identifier: Apache-2.0 */
/* The page's summary: the answer, how it stands in figures, and what cannot be said. */
#include <inttypes.h>
#include <string.h>

#include "report/page.h"

static void tile(struct page *p, const char *class, int64_t n)
{
	mark(p, "<li class=\"tile %s\"><b>", class);
	say_int(p, n);
	mark(p, "</b><span>");
}

static void severity_tiles(struct page *p)
{
	mark(p, "<ul class=\"tiles\">\n");
	for (size_t i = 0; severity_words[i] != NULL; i++) {
		char class[32];
		struct query *q = ask_of(p,
					 "SELECT count(*) FROM finding_now WHERE status = 'open'"
					 " AND severity = ?1",
					 severity_words[i], NULL);
		int64_t n = facts_next(p->facts, q) ? query_int(q, 0) : 0;

		query_free(q);
		snprintf(class, sizeof(class), "t-%s%s", severity_words[i], n == 0 ? " zero" : "");
		tile(p, class, n);
		say_both(p, severity_text(severity_words[i], LANGUAGE_EN),
			 severity_text(severity_words[i], LANGUAGE_JA));
		mark(p, "</span></li>\n");
	}
	mark(p, "</ul>\n<ul class=\"tiles small\">\n");
	static const struct {
		enum word w;
		const char *sql;
	} others[] = {
		{ W_WAIVED_FINDINGS, "SELECT count(*) FROM finding_now WHERE status = 'waived'" },
		{ W_REOPENED,
		  "SELECT count(*) FROM finding_now WHERE status = 'open' AND reopened > 0" },
		{ W_FIXED_FINDINGS, "SELECT count(*) FROM finding_gone WHERE status = 'fixed'" },
	};
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		tile(p, "plain", facts_count(p->facts, others[i].sql));
		say_word(p, others[i].w);
		mark(p, "</span></li>\n");
	}
	struct facts_hosts h = facts_hosts(p->facts);
	char tried[32];
	const char *values[] = { tried };

	snprintf(tried, sizeof(tried), "%" PRId64, h.tried);
	if (h.tried > 0 || h.heard == 0) {
		tile(p, "plain", h.answering);
		say_word(p, W_HOSTS_ANSWERING);
		mark(p, "<small>");
		say_with(p, W_OF_TRIED, values);
		mark(p, "</small></span></li>\n");
	}
	if (h.heard > 0) {
		tile(p, "plain", h.heard);
		say_word(p, W_HOSTS_HEARD);
		mark(p, "</span></li>\n");
	}
	tile(p, "plain",
	     facts_count(p->facts, "SELECT count(*) FROM service WHERE state = 'open'"));
	say_word(p, W_OPEN_SERVICES);
	mark(p, "</span></li>\n</ul>\n");
}

static void verdict_summary(struct page *p)
{
	struct facts_guideline g;
	bool any = false;

	mark(p, "<h2>");
	say_word(p, W_VERDICTS);
	mark(p, "</h2>\n");
	for (size_t i = 0; facts_guideline(p->facts, i, &g); i++) {
		const char *id = g.guideline->id;

		if (g.items == 0)
			continue;
		any = true;
		mark(p, "<div class=\"guideline\"><h3><a href=\"#g-");
		say_id(p, id);
		mark(p, "\">");
		say_bilingual(p, &g.guideline->title);
		mark(p, "</a></h3>\n");
		if (g.guideline->status.en != NULL || g.guideline->status.ja != NULL) {
			mark(p, "<p class=\"quiet\">");
			say_bilingual(p, &g.guideline->status);
			mark(p, "</p>\n");
		}
		if (g.mandatory) {
			mark(p, "<h4>");
			say_word(p, W_MANDATORY_POINTS);
			mark(p, "</h4>\n");
			verdict_bar(p, id, "mandatory = 1");
			mark(p, "<h4>");
			say_word(p, W_OTHER_CONTROLS);
			mark(p, "</h4>\n");
		}
		verdict_bar(p, id, "mandatory = 0");
		mark(p, "</div>\n");
	}
	if (!any) {
		mark(p, "<p>");
		say_word(p, W_NO_GUIDELINES);
		mark(p, "</p>\n");
	}
}

static void limit(struct page *p, enum word w, int64_t n, int64_t m)
{
	char a[32], b[32];
	const char *values[] = { a, b };

	if (n == 0 && m == 0)
		return;
	snprintf(a, sizeof(a), "%" PRId64, n);
	snprintf(b, sizeof(b), "%" PRId64, m);
	mark(p, "<li>");
	say_with(p, w, values);
	mark(p, "</li>\n");
}

/* Names are proper ones, or those of our own lists in English. */
static void stale_data(struct page *p)
{
	struct query *q = facts_ask(p->facts, "SELECT group_concat(title, '; ') FROM (SELECT title"
					      " FROM offline_data WHERE stale ORDER BY own, kind)");
	const char *titles = facts_next(p->facts, q) ? query_text(q, 0) : NULL;

	if (titles != NULL) {
		mark(p, "<li>");
		say_with(p, W_LIMITS_STALE, &titles);
		mark(p, " <a href=\"#offline-data\">&#8594;</a></li>\n");
	}
	query_free(q);
}

static void limits(struct page *p)
{
	mark(p, "<h2>");
	say_word(p, W_LIMITS_TITLE);
	mark(p, "</h2>\n<ul>\n");
	limit(p, W_LIMITS_NOT_ASSESSABLE,
	      facts_count(p->facts,
			  "SELECT count(*) FROM verdict WHERE verdict = 'not-assessable'"),
	      0);
	limit(p, W_LIMITS_NOT_RUN,
	      facts_count(p->facts, "SELECT count(*) FROM verdict WHERE verdict = 'not-run'"), 0);
	limit(p, W_LIMITS_CHECKS,
	      facts_count(p->facts, "SELECT count(*) FROM check_run WHERE ran = 0"),
	      facts_count(p->facts,
			  "SELECT count(*) FROM check_run WHERE ran = 1 AND partial = 1"));
	stale_data(p);
	mark(p, "<li>");
	say_word(p, W_LIMITS_CLEAN);
	mark(p, "</li>\n</ul>\n");
}

static void banner(struct page *p)
{
	const struct facts *f = p->facts;

	if (strcmp(f->status, "done") == 0)
		return;
	mark(p, "<div class=\"banner\" role=\"alert\"><strong>");
	say_word(p, W_INCOMPLETE);
	mark(p, "</strong> ");
	say_word(p, W_INCOMPLETE_TEXT);
	mark(p, "<br>");
	say_word(p, W_REASON);
	mark(p, ": ");
	if (f->reason != NULL)
		say_reason(p, f->reason);
	else
		say_word(p, W_KILLED);
	mark(p, "</div>\n");
}

void page_summary(struct page *p)
{
	page_section(p, "summary");
	mark(p, "<h1>");
	say_word(p, W_REPORT_TITLE);
	mark(p, "<small>");
	say(p, p->facts->site);
	mark(p, " ");
	say_time(p, p->facts->started);
	mark(p, "</small></h1>\n");
	banner(p);
	page_answer(p);
	severity_tiles(p);
	verdict_summary(p);
	limits(p);
	mark(p, "</section>\n");
}
