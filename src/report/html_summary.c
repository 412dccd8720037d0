/* SPDX-License-Identifier: Apache-2.0 */
/* The page's summary: how it stands, the worst, what cannot be said, what the scan was. */
#include <inttypes.h>
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

static void scan_facts(struct page *p, const char *zone_note)
{
	const struct facts *f = p->facts;

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
	fact(p, W_TIMES_IN, zone_note);
	mark(p, "<div><dt>");
	say_word(p, W_MADE_BY);
	mark(p, "</dt><dd>tenken ");
	say(p, f->version);
	mark(p, "</dd></div>\n</dl>\n");
}

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

static void worst_first(struct page *p)
{
	struct query *q = facts_ask(
		p->facts,
		"SELECT severity, check_id, count(*) AS n, count(DISTINCT asset) AS assets,"
		" min(asset) AS asset, max(port) AS port FROM finding_now WHERE status = 'open'"
		" GROUP BY severity, check_id ORDER BY " BY_SEVERITY ", n DESC, check_id LIMIT 8");
	bool any = false;

	mark(p, "<h3>");
	say_word(p, W_WORST_FIRST);
	mark(p, "</h3>\n");
	while (facts_next(p->facts, q)) {
		const struct check *check = facts_check(p->facts, cell(q, "check_id"));

		mark(p, "%s<li>", any ? "" : "<ol class=\"worst\">\n");
		any = true;
		say_severity(p, cell(q, "severity"));
		mark(p, " <a href=\"#c-");
		say_id(p, cell(q, "severity"));
		mark(p, "-");
		say_id(p, cell(q, "check_id"));
		mark(p, "\">");
		if (check != NULL)
			say_bilingual(p, &check->title);
		else
			say(p, cell(q, "check_id"));
		mark(p, "</a> <span class=\"quiet\">");
		say(p, cell(q, "asset"));
		if (cell_int(q, "n") > 1) {
			char more[32];
			const char *values[] = { more };

			snprintf(more, sizeof(more), "%" PRId64, cell_int(q, "n") - 1);
			mark(p, " ");
			say_with(p,
				 more_word(cell_int(q, "n") - 1,
					   !query_null(q, query_column(q, "port"))),
				 values);
		}
		mark(p, "</span></li>\n");
	}
	query_free(q);
	if (any) {
		mark(p, "</ol>\n");
	} else {
		mark(p, "<p>");
		say_word(p, W_NO_FINDINGS);
		mark(p, "</p>\n");
	}
}

static void verdict_summary(struct page *p)
{
	struct query *q = facts_ask(p->facts, "SELECT guideline, max(mandatory) FROM verdict"
					      " GROUP BY guideline ORDER BY guideline");
	bool any = false;

	mark(p, "<h3>");
	say_word(p, W_VERDICTS);
	mark(p, "</h3>\n");
	while (facts_next(p->facts, q)) {
		const char *id = query_text(q, 0);
		const struct guideline *g = catalogue_guideline(p->facts->catalogue, id);

		any = true;
		mark(p, "<div class=\"guideline\"><h4><a href=\"#g-");
		say_id(p, id);
		mark(p, "\">");
		if (g != NULL)
			say_bilingual(p, &g->title);
		else
			say(p, id);
		mark(p, "</a></h4>\n");
		if (query_int(q, 1) != 0) {
			mark(p, "<h5>");
			say_word(p, W_MANDATORY_POINTS);
			mark(p, "</h5>\n");
			verdict_bar(p, id, "mandatory = 1");
			mark(p, "<h5>");
			say_word(p, W_OTHER_CONTROLS);
			mark(p, "</h5>\n");
		}
		verdict_bar(p, id, "mandatory = 0");
		mark(p, "</div>\n");
	}
	query_free(q);
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
	mark(p, "<h3>");
	say_word(p, W_LIMITS_TITLE);
	mark(p, "</h3>\n<ul>\n");
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

void page_summary(struct page *p, const char *zone_note)
{
	mark(p, "<section id=\"summary\">\n<h1>");
	say_word(p, W_REPORT_TITLE);
	mark(p, "<small>");
	say(p, p->facts->site);
	mark(p, "</small></h1>\n");
	banner(p);
	severity_tiles(p);
	mark(p, "<div class=\"columns\"><div>\n");
	worst_first(p);
	limits(p);
	mark(p, "</div><div>\n");
	scan_facts(p, zone_note);
	mark(p, "</div></div>\n");
	verdict_summary(p);
	mark(p, "</section>\n");
}
