/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The page's controls: the mandatory points first, then every control with its items. 1,607 items
 * stay usable because each control is closed until there is evidence against it, and because the
 * buttons above narrow the list to one kind of verdict.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "report/page.h"

static const struct {
	const char *id;
	enum word w;
	const char *verdicts[5];
} filters[] = {
	{ "all", W_SHOW_ALL, { NULL } },
	{ "against", W_SHOW_AGAINST, { "contradicted", "violated", "differs", "hint", "waived" } },
	{ "notrun", W_SHOW_NOT_RUN, { "not-run" } },
	{ "clean", W_SHOW_CLEAN, { "no-violation-observed", "no-difference-observed" } },
	{ "person", W_SHOW_PERSON, { "not-assessable", "attested" } },
};

/* The class of the filter that shows this verdict. */
static const char *filter_class(const char *verdict)
{
	for (size_t i = 1; i < sizeof(filters) / sizeof(filters[0]); i++)
		for (size_t k = 0; k < 5 && filters[i].verdicts[k] != NULL; k++)
			if (verdict != NULL && strcmp(filters[i].verdicts[k], verdict) == 0)
				return filters[i].id;
	return "all";
}

/* Counts of one question by kind of verdict, in the order of total_words. */
static int64_t count_verdicts(struct page *p, struct query *q, int64_t *counts)
{
	int64_t total = 0;

	for (size_t i = 0; total_words[i] != NULL; i++)
		counts[i] = 0;
	while (facts_next(p->facts, q))
		for (size_t i = 0; total_words[i] != NULL; i++)
			if (strcmp(total_words[i], query_text(q, 0)) == 0) {
				counts[i] += query_int(q, 1);
				total += query_int(q, 1);
			}
	return total;
}

void verdict_bar(struct page *p, const char *guideline, const char *where)
{
	char sql[512];
	int64_t counts[16], at = 0;

	snprintf(sql, sizeof(sql),
		 "SELECT " VERDICT_TOTAL
		 " AS total, count(*) FROM verdict WHERE guideline = ?1 AND %s"
		 " GROUP BY total",
		 where);
	struct query *q = ask_of(p, sql, guideline, NULL);
	int64_t total = count_verdicts(p, q, counts);
	query_free(q);
	if (total == 0)
		return;
	mark(p, "<svg class=\"bar\" viewBox=\"0 0 1000 14\" preserveAspectRatio=\"none\" "
		"aria-hidden=\"true\">");
	for (size_t i = 0; total_words[i] != NULL; i++) {
		int64_t from = at * 1000 / total, to = (at + counts[i]) * 1000 / total;

		if (counts[i] > 0 && to == from)
			to = from + 1;
		if (counts[i] > 0)
			mark(p,
			     "<rect class=\"v-%s\" x=\"%" PRId64 "\" y=\"0\" width=\"%" PRId64
			     "\" height=\"14\"/>",
			     total_words[i], from, to - from);
		at += counts[i];
	}
	mark(p, "</svg>\n<ul class=\"legend\">");
	for (size_t i = 0; total_words[i] != NULL; i++) {
		if (counts[i] == 0)
			continue;
		mark(p, "<li class=\"v-%s\"><b>%" PRId64 "</b> ", total_words[i], counts[i]);
		say_both(p, verdict_total_text(total_words[i], LANGUAGE_EN),
			 verdict_total_text(total_words[i], LANGUAGE_JA));
		mark(p, "</li>");
	}
	mark(p, "</ul>\n");
}

static void item_coverage(struct page *p, struct query *q)
{
	char checked[32], services[32], answering[32], hosts[32];
	const char *values[] = { checked, services, answering, hosts };

	if (cell_int(q, "hosts") == 0 && cell_int(q, "services") == 0)
		return;
	snprintf(checked, sizeof(checked), "%" PRId64, cell_int(q, "checked"));
	snprintf(services, sizeof(services), "%" PRId64, cell_int(q, "services"));
	snprintf(answering, sizeof(answering), "%" PRId64, cell_int(q, "hosts_answering"));
	snprintf(hosts, sizeof(hosts), "%" PRId64, cell_int(q, "hosts"));
	mark(p, "<p class=\"quiet\">");
	say_word(p, W_COVERED);
	mark(p, ": ");
	say_with(p, W_COVERAGE_TEXT, values);
	mark(p, "</p>");
}

static void item_checks(struct page *p, struct query *checks, const char *guideline,
			const char *item)
{
	int last = -1;

	query_reset(checks);
	if (query_bind_text(checks, 1, guideline) < 0 || query_bind_text(checks, 2, item) < 0)
		p->facts->error = -EIO;
	while (facts_next(p->facts, checks)) {
		int ran = cell_int(checks, "ran") != 0;
		const char *reason = cell(checks, "reason");

		if (ran != last) {
			mark(p, "%s<p class=\"quiet\">", last < 0 ? "" : "</p>");
			say_word(p, ran ? W_CHECKS_RAN : W_CHECKS_NOT_RUN);
			mark(p, ": ");
		} else {
			mark(p, ", ");
		}
		last = ran;
		mark(p, "<span class=\"mono\">");
		say(p, cell(checks, "check_id"));
		mark(p, "</span>");
		if (reason != NULL && *reason != '\0') {
			mark(p, " (");
			say_reason(p, reason);
			mark(p, ")");
		}
	}
	if (last >= 0)
		mark(p, "</p>");
}

enum { LINKS = 20 };

static void item_findings(struct page *p, struct query *findings, const char *guideline,
			  const char *item)
{
	int64_t n = 0;

	query_reset(findings);
	if (query_bind_text(findings, 1, guideline) < 0 || query_bind_text(findings, 2, item) < 0)
		p->facts->error = -EIO;
	for (; facts_next(p->facts, findings); n++) {
		if (n >= LINKS)
			continue;
		mark(p, n == 0 ? "<ul class=\"links\">" : "");
		mark(p, "<li><a href=\"#f-");
		say_id(p, cell(findings, "fingerprint"));
		mark(p, "\">");
		say(p, cell(findings, "check_id"));
		mark(p, "</a> ");
		say(p, cell(findings, "asset"));
		if (!query_null(findings, query_column(findings, "port")))
			mark(p, " %" PRId64, cell_int(findings, "port"));
		mark(p, " ");
		say(p, cell(findings, "detail"));
		mark(p, "</li>");
	}
	if (n > LINKS) {
		char more[32];
		const char *values[] = { more };

		snprintf(more, sizeof(more), "%" PRId64, n - LINKS);
		mark(p, "<li>");
		say_with(p, W_MORE, values);
		mark(p, "</li>");
	}
	if (n > 0)
		mark(p, "</ul>");
}

static void item_answer(struct page *p, struct query *q)
{
	const char *answer = cell(q, "answer");

	if (answer == NULL)
		return;
	mark(p, "<p class=\"quiet\">");
	say_word(p, W_ANSWER);
	mark(p, ": ");
	say_both(p, answer_text(answer, LANGUAGE_EN), answer_text(answer, LANGUAGE_JA));
	mark(p, ", ");
	say(p, cell(q, "answer_by"));
	mark(p, ", ");
	say_time(p, cell_int(q, "answer_at"));
	if (cell_int(q, "answer_until") != 0) {
		mark(p, " ");
		say_word(p, W_UNTIL);
		mark(p, " ");
		say_time(p, cell_int(q, "answer_until"));
	}
	mark(p, "</p>");
}

struct items {
	struct query *list, *checks, *findings, *counts;
};

static void one_item(struct page *p, const struct items *s, const struct guideline *g)
{
	struct query *q = s->list;
	const char *guideline = cell(q, "guideline"), *id = cell(q, "item");
	const char *verdict = cell(q, "verdict"), *level = cell(q, "level");
	bool mandatory = cell_int(q, "mandatory") != 0;
	const struct control *control = NULL;
	const struct item *item = g != NULL ? guideline_item(g, id, &control) : NULL;

	mark(p, "<li class=\"item k-%s\" id=\"i-", filter_class(verdict));
	say_id(p, guideline);
	mark(p, "-");
	say_id(p, id);
	mark(p, "\"><div class=\"line\"><span class=\"id\">");
	say(p, id);
	mark(p, "</span><span class=\"text\">");
	if (item != NULL)
		say_bilingual(p, &item->text);
	mark(p, "</span><span class=\"verdict v-");
	say_id(p, verdict);
	mark(p, "\">");
	say_both(p, verdict_text(verdict, level, mandatory, LANGUAGE_EN),
		 verdict_text(verdict, level, mandatory, LANGUAGE_JA));
	mark(p, "</span></div>");
	const char *note_en = cell(q, "note_en"), *note_ja = cell(q, "note_ja");
	if ((note_en != NULL && *note_en != '\0') || (note_ja != NULL && *note_ja != '\0')) {
		mark(p, "<p class=\"note\">");
		say_both(p, note_en, note_ja);
		mark(p, "</p>");
	}
	item_coverage(p, q);
	item_findings(p, s->findings, guideline, id);
	item_checks(p, s->checks, guideline, id);
	item_answer(p, q);
	mark(p, "</li>\n");
}

/* The number of verdicts per filter, as small chips in the control's line. */
static void control_counts(struct page *p, const int64_t *counts)
{
	mark(p, "<span class=\"minis\">");
	for (size_t i = 0; total_words[i] != NULL; i++)
		if (counts[i] > 0) {
			mark(p, "<span class=\"mini v-%s\"><b>%" PRId64 "</b> ", total_words[i],
			     counts[i]);
			say_both(p, verdict_total_text(total_words[i], LANGUAGE_EN),
				 verdict_total_text(total_words[i], LANGUAGE_JA));
			mark(p, "</span>");
		}
	mark(p, "</span>");
}

static void one_control(struct page *p, const struct items *s, const struct guideline *g,
			const char *guideline, struct query *q)
{
	const char *id = cell(q, "control");
	int64_t counts[16];
	bool mandatory = cell_int(q, "mandatory") != 0;
	const struct control *control = NULL;

	for (size_t i = 0; g != NULL && i < g->control_count; i++)
		if (strcmp(g->controls[i].id, id) == 0)
			control = &g->controls[i];
	query_reset(s->counts);
	if (query_bind_text(s->counts, 1, guideline) < 0 || query_bind_text(s->counts, 2, id) < 0)
		p->facts->error = -EIO;
	count_verdicts(p, s->counts, counts);
	mark(p, "<details class=\"control");
	for (size_t f = 1; f < sizeof(filters) / sizeof(filters[0]); f++) {
		bool has = false;

		for (size_t i = 0; total_words[i] != NULL; i++)
			has = has || (counts[i] > 0 &&
				      strcmp(filter_class(total_words[i]), filters[f].id) == 0);
		mark(p, "%s%s", has ? " h-" : "", has ? filters[f].id : "");
	}
	/* Open where something must be seen on paper too: mandatory points, and what is not met. */
	bool open = mandatory || counts[0] + counts[1] + counts[2] > 0;
	mark(p, "\"%s><summary><span class=\"id\">", open ? " open" : "");
	say(p, id);
	mark(p, "</span><span class=\"text\">");
	if (control != NULL)
		say_bilingual(p, &control->title);
	mark(p, "</span><span class=\"level l-");
	say_id(p, mandatory ? "mandatory" : cell(q, "level"));
	mark(p, "\">");
	say_both(p, level_text(cell(q, "level"), mandatory, LANGUAGE_EN),
		 level_text(cell(q, "level"), mandatory, LANGUAGE_JA));
	mark(p, "</span>");
	control_counts(p, counts);
	mark(p, "</summary>\n<ul class=\"items\">\n");
	query_reset(s->list);
	if (query_bind_text(s->list, 1, guideline) < 0 || query_bind_text(s->list, 2, id) < 0)
		p->facts->error = -EIO;
	while (facts_next(p->facts, s->list))
		one_item(p, s, g);
	mark(p, "</ul></details>\n");
}

static void controls_of(struct page *p, const struct items *s, const struct guideline *g,
			const char *guideline, bool mandatory)
{
	struct query *q = ask_of(p,
				 mandatory ? "SELECT control, level, max(mandatory) AS mandatory"
					     " FROM verdict WHERE guideline = ?1 AND mandatory = 1"
					     " GROUP BY control ORDER BY min(position)"
					   : "SELECT control, level, max(mandatory) AS mandatory"
					     " FROM verdict WHERE guideline = ?1 AND mandatory = 0"
					     " GROUP BY control ORDER BY min(position)",
				 guideline, NULL);
	bool any = false;

	while (facts_next(p->facts, q)) {
		if (!any && (mandatory || g != NULL)) {
			mark(p, "<h4>");
			say_word(p, mandatory ? W_MANDATORY_POINTS : W_OTHER_CONTROLS);
			mark(p, "</h4>\n");
		}
		any = true;
		one_control(p, s, g, guideline, q);
	}
	query_free(q);
}

static void origin(struct page *p, const struct guideline *g)
{
	mark(p, "<p class=\"quiet\">");
	say_bilingual(p, &g->publisher);
	mark(p, " ");
	say(p, g->version);
	mark(p, " ");
	say(p, g->date);
	if ((g->origin.en != NULL && *g->origin.en != '\0') ||
	    (g->origin.ja != NULL && *g->origin.ja != '\0')) {
		mark(p, " · ");
		say_word(p, W_ORIGIN);
		mark(p, ": ");
		say_bilingual(p, &g->origin);
	}
	if ((g->terms.en != NULL && *g->terms.en != '\0') ||
	    (g->terms.ja != NULL && *g->terms.ja != '\0')) {
		mark(p, " · ");
		say_bilingual(p, &g->terms);
	}
	mark(p, "</p>\n");
}

void page_controls(struct page *p)
{
	struct facts *f = p->facts;
	struct query *q = facts_ask(f, "SELECT DISTINCT guideline FROM verdict ORDER BY guideline");
	struct items s = {
		.list = facts_ask(f, "SELECT * FROM verdict WHERE guideline = ?1 AND control = ?2"
				     " ORDER BY position, item"),
		.checks = facts_ask(
			f, "SELECT check_id, ran, reason FROM verdict_check WHERE guideline = ?1"
			   " AND item = ?2 ORDER BY ran DESC, check_id"),
		.findings = facts_ask(
			f, "SELECT n.* FROM verdict_finding v JOIN finding_now n"
			   " USING (fingerprint) WHERE v.guideline = ?1 AND v.item = ?2"
			   " ORDER BY " BY_SEVERITY ", n.check_id, n.asset, n.port, n.detail,"
			   " n.fingerprint"),
		.counts = facts_ask(f, "SELECT " VERDICT_TOTAL " AS total, count(*) FROM verdict"
				       " WHERE guideline = ?1 AND control = ?2 GROUP BY total"),
	};
	bool any = false;

	mark(p, "<section id=\"controls\">\n<h2>");
	say_word(p, W_NAV_CONTROLS);
	mark(p, "</h2>\n<p>");
	say_word(p, W_LEVEL_NOTE);
	mark(p, "</p>\n");
	for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++)
		mark(p, "<input class=\"switch\" type=\"radio\" name=\"filter\" id=\"only-%s\"%s>",
		     filters[i].id, i == 0 ? " checked" : "");
	mark(p, "<p class=\"filters\"><span>");
	say_word(p, W_SHOW);
	mark(p, "</span>");
	for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
		mark(p, "<label for=\"only-%s\">", filters[i].id);
		say_word(p, filters[i].w);
		mark(p, "</label>");
	}
	mark(p, "</p>\n");
	while (f->error == 0 && facts_next(f, q)) {
		const char *id = query_text(q, 0);
		const struct guideline *g = catalogue_guideline(f->catalogue, id);

		any = true;
		mark(p, "<div class=\"book\" id=\"g-");
		say_id(p, id);
		mark(p, "\"><h3>");
		if (g != NULL)
			say_bilingual(p, &g->title);
		else
			say(p, id);
		mark(p, "</h3>\n");
		if (g != NULL)
			origin(p, g);
		controls_of(p, &s, g, id, true);
		controls_of(p, &s, g, id, false);
		mark(p, "</div>\n");
	}
	query_free(q);
	query_free(s.list);
	query_free(s.checks);
	query_free(s.findings);
	query_free(s.counts);
	if (!any) {
		mark(p, "<p>");
		say_word(p, W_NO_GUIDELINES);
		mark(p, "</p>\n");
	}
	mark(p, "</section>\n");
}
