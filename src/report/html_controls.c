/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The page's controls: the mandatory points first, then every control with its items. 1,607 items
 * stay usable because each control is closed until there is evidence against it, and because the
 * buttons above narrow the list to one kind of verdict.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/page.h"

enum { FILTER_WORDS = 7 };

static const struct {
	const char *id;
	enum word w;
	const char *verdicts[FILTER_WORDS];
} filters[] = {
	{ "all", W_SHOW_ALL, { NULL } },
	{ "against",
	  W_SHOW_AGAINST,
	  { "contradicted", "violated", "lacking", "differs", "hint", "admitted", "waived" } },
	{ "notrun", W_SHOW_NOT_RUN, { "not-run" } },
	{ "clean", W_SHOW_CLEAN, { "no-violation-observed", "no-difference-observed" } },
	{ "person", W_SHOW_PERSON, { "not-assessable", "attested" } },
};

/* The class of the filter that shows this verdict. */
static const char *filter_class(const char *verdict)
{
	for (size_t i = 1; i < sizeof(filters) / sizeof(filters[0]); i++)
		for (size_t k = 0; k < FILTER_WORDS && filters[i].verdicts[k] != NULL; k++)
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

struct items {
	struct query *list, *checks, *findings, *counts;
};

enum { LINKS = 8 };

/* Each finding where there are few, else how many each check has. */
static void item_findings(struct page *p, const struct items *s, const char *guideline,
			  const char *item)
{
	struct query *q = s->counts;
	int64_t total = 0;

	query_reset(q);
	if (query_bind_text(q, 1, guideline) < 0 || query_bind_text(q, 2, item) < 0)
		p->facts->error = -EIO;
	while (facts_next(p->facts, q))
		total += cell_int(q, "n");
	if (total == 0)
		return;
	if (total <= LINKS)
		q = s->findings;
	query_reset(q);
	if (query_bind_text(q, 1, guideline) < 0 || query_bind_text(q, 2, item) < 0)
		p->facts->error = -EIO;
	mark(p, "<ul class=\"links\">");
	while (facts_next(p->facts, q)) {
		mark(p, "<li><a href=\"#");
		if (total <= LINKS) {
			say_finding_id(p, cell(q, "fingerprint"));
		} else {
			mark(p, "c-");
			say_id(p, cell(q, "severity"));
			mark(p, "-");
			say_id(p, cell(q, "check_id"));
		}
		mark(p, "\">");
		say(p, cell(q, "check_id"));
		mark(p, "</a> ");
		if (total > LINKS) {
			mark(p, "&#215; %" PRId64 "</li>", cell_int(q, "n"));
			continue;
		}
		say(p, cell(q, "asset"));
		if (!query_null(q, query_column(q, "port")))
			mark(p, " %" PRId64, cell_int(q, "port"));
		mark(p, " ");
		say_detail(p, q);
		mark(p, "</li>");
	}
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
	if (cell(q, "answer_evidence") != NULL) {
		mark(p, " · ");
		say_word(p, W_PROOF);
		mark(p, ": ");
		say(p, cell(q, "answer_evidence"));
	}
	mark(p, "</p>");
}

/* What the operator makes of the item, and what was done instead of it. */
static void item_decision(struct page *p, struct query *q)
{
	const char *decision = cell(q, "decision");

	if (decision != NULL) {
		mark(p, "<p class=\"quiet\">");
		say_word(p, W_DECISION);
		mark(p, ": <b>");
		say_both(p, decision_text(decision, LANGUAGE_EN),
			 decision_text(decision, LANGUAGE_JA));
		mark(p, "</b> ");
		say(p, cell(q, "decision_reason"));
		if (cell(q, "decision_by") != NULL) {
			mark(p, " · ");
			say(p, cell(q, "decision_by"));
			mark(p, " ");
			say_day(p, cell_int(q, "decision_at"));
		}
		mark(p, "</p>");
	}
	page_measures(p, cell(q, "measures"));
}

/* What whoever answers must know: what the item rests on, and the figures that it asks for. */
static void item_figures(struct page *p, const struct item *item)
{
	if (item->basis == NULL && item->threshold_count == 0)
		return;
	mark(p, "<p class=\"quiet\">");
	say_both(p, basis_text(item->basis, LANGUAGE_EN), basis_text(item->basis, LANGUAGE_JA));
	for (size_t i = 0; i < item->threshold_count; i++) {
		char en[THRESHOLD_TEXT], ja[THRESHOLD_TEXT];

		mark(p, "%s", i > 0 || item->basis != NULL ? " · " : "");
		say_word(p, W_ASKED);
		mark(p, ": ");
		say_both(p, threshold_text(&item->thresholds[i], false, en),
			 threshold_text(&item->thresholds[i], true, ja));
	}
	mark(p, "</p>");
}

static void one_item(struct page *p, const struct items *s, const struct guideline *g)
{
	struct query *q = s->list;
	const char *guideline = cell(q, "guideline"), *id = cell(q, "item");
	const char *verdict = verdict_shown(cell(q, "verdict"), cell(q, "answer"));
	const char *level = cell(q, "level"), *decision = cell(q, "decision");
	bool mandatory = cell_int(q, "mandatory") != 0;
	/* What is adopted or tightened is the operator's own measure from then on. */
	if (decision != NULL && strcmp(decision, "decline") != 0)
		level = "adopted";
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
	say_both(p, verdict_text(verdict, item, level, mandatory, LANGUAGE_EN),
		 verdict_text(verdict, item, level, mandatory, LANGUAGE_JA));
	mark(p, "</span></div>");
	if (item != NULL)
		item_figures(p, item);
	const char *note_en = cell(q, "note_en"), *note_ja = cell(q, "note_ja");
	/* The verdict says already that a scan cannot see it. */
	bool told = note_en != NULL && strcmp(note_en, "A scan cannot see this; the operator's "
						       "answer is needed.") == 0;

	if (!told &&
	    ((note_en != NULL && *note_en != '\0') || (note_ja != NULL && *note_ja != '\0'))) {
		mark(p, "<p class=\"note\">");
		say_both(p, note_en, note_ja);
		mark(p, "</p>");
	}
	item_coverage(p, q);
	item_findings(p, s, guideline, id);
	item_checks(p, s->checks, guideline, id);
	item_answer(p, q);
	item_decision(p, q);
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

/* A control with the counts of its items' verdicts, in the order of total_words. */
struct shown {
	char *id, *level, *chapter;
	bool mandatory;
	int64_t counts[16];
	const struct control *control; /* NULL: the catalogue has it no more */
};

/* " h-against h-clean": the filters by which any of the verdicts shows. */
static void filter_classes(struct page *p, const int64_t *counts)
{
	for (size_t f = 1; f < sizeof(filters) / sizeof(filters[0]); f++) {
		bool has = false;

		for (size_t i = 0; total_words[i] != NULL; i++)
			has = has || (counts[i] > 0 &&
				      strcmp(filter_class(total_words[i]), filters[f].id) == 0);
		mark(p, "%s%s", has ? " h-" : "", has ? filters[f].id : "");
	}
}

static void say_level(struct page *p, const char *level, bool mandatory)
{
	mark(p, "<span class=\"level%s\">", mandatory ? " l-mandatory" : "");
	say_both(p, level_text(level, mandatory, LANGUAGE_EN),
		 level_text(level, mandatory, LANGUAGE_JA));
	mark(p, "</span>");
}

static void one_control(struct page *p, const struct items *s, const struct guideline *g,
			const char *guideline, const struct shown *c)
{
	/* Open where something must be seen on paper too: mandatory points, and what is not met. */
	bool open = c->mandatory || c->counts[0] + c->counts[1] + c->counts[2] > 0;

	mark(p, "<details class=\"control");
	filter_classes(p, c->counts);
	mark(p, "\"%s><summary><span class=\"id\">", open ? " open" : "");
	say(p, c->id);
	mark(p, "</span><span class=\"text\">");
	if (c->control != NULL)
		say_bilingual(p, &c->control->title);
	mark(p, "</span>");
	say_level(p, c->level, c->mandatory);
	control_counts(p, c->counts);
	mark(p, "</summary>\n");
	if (c->control != NULL && *c->control->scope.en != '\0') {
		mark(p, "<p class=\"quiet\">");
		say_word(p, W_CONCERNS);
		mark(p, ": ");
		say_bilingual(p, &c->control->scope);
		mark(p, "</p>");
	}
	mark(p, "<ul class=\"items\">\n");
	query_reset(s->list);
	if (query_bind_text(s->list, 1, guideline) < 0 || query_bind_text(s->list, 2, c->id) < 0)
		p->facts->error = -EIO;
	while (facts_next(p->facts, s->list))
		one_item(p, s, g);
	mark(p, "</ul></details>\n");
}

/* The chapter of a control: the guideline's own group where it names one, else its number up to the first
 * point ("5" of "5.1.2", "A1" of "A1-1.2", "(1)ア" of "(1)ア(ア)"). */
static char *chapter_of(const char *id, const struct control *c, bool mandatory)
{
	if (mandatory)
		return strdup("");
	if (c != NULL && c->label_no != NULL && *c->label_no != '\0')
		return strdup(c->label_no);
	size_t from = *id == '(' ? 1 : 0;
	size_t n = from + strcspn(id + from, from > 0 ? "(" : ".-");

	return strndup(id, n);
}

static size_t load_controls(struct page *p, const struct guideline *g, const char *guideline,
			    struct shown **ret)
{
	struct query *q = ask_of(p,
				 "SELECT control, level, max(mandatory) AS mandatory FROM verdict"
				 " WHERE guideline = ?1 GROUP BY control"
				 " ORDER BY max(mandatory) DESC, min(position)",
				 guideline, NULL);
	struct query *counts =
		facts_ask(p->facts, "SELECT " VERDICT_TOTAL " AS total, count(*) FROM verdict"
				    " WHERE guideline = ?1 AND control = ?2"
				    " GROUP BY total");
	struct shown *list = NULL;
	size_t count = 0, room = 0;

	while (facts_next(p->facts, q)) {
		if (count == room) {
			room = room > 0 ? 2 * room : 64;
			struct shown *more = reallocarray(list, room, sizeof(*list));

			if (more == NULL) {
				p->facts->error = -ENOMEM;
				break;
			}
			list = more;
		}
		struct shown *c = &list[count++];

		*c = (struct shown){ .id = strdup(cell(q, "control")),
				     .level = strdup(cell(q, "level")),
				     .mandatory = cell_int(q, "mandatory") != 0 };
		for (size_t i = 0; g != NULL && c->id != NULL && i < g->control_count; i++)
			if (strcmp(g->controls[i].id, c->id) == 0)
				c->control = &g->controls[i];
		c->chapter = c->id != NULL ? chapter_of(c->id, c->control, c->mandatory) : NULL;
		if (c->id == NULL || c->level == NULL || c->chapter == NULL) {
			p->facts->error = -ENOMEM;
			break;
		}
		query_reset(counts);
		if (query_bind_text(counts, 1, guideline) < 0 ||
		    query_bind_text(counts, 2, c->id) < 0)
			p->facts->error = -EIO;
		count_verdicts(p, counts, c->counts);
	}
	query_free(q);
	query_free(counts);
	*ret = list;
	return count;
}

/* Its title is that of the control that bears the chapter's number, or of the guideline's group. */
static void chapter_title(struct page *p, const struct guideline *g, const struct shown *first)
{
	const char *key = first->chapter, *number = key;
	const struct control *c = first->control;

	if (first->mandatory) {
		say_word(p, W_MANDATORY_POINTS);
		return;
	}
	if (c != NULL && c->label_no != NULL && *c->label_no != '\0') {
		say(p, key);
		mark(p, " ");
		say_bilingual(p, &c->label);
		return;
	}
	for (size_t i = 0; g != NULL && i < g->chapter_count; i++)
		if (strcmp(g->chapters[i].no, key) == 0) {
			say_bilingual(p, &g->chapters[i].title);
			return;
		}
	if (key[0] == 'A' && strspn(key + 1, "0123456789") == strlen(key + 1) && key[1] != '\0') {
		number = key + 1;
		say_with(p, W_ANNEX, &number);
	} else if (*key != '\0' && strspn(key, "0123456789") == strlen(key)) {
		say_with(p, W_CHAPTER, &number);
	} else {
		say(p, key);
	}
	for (size_t i = 0; g != NULL && i < g->control_count; i++)
		if (strcmp(g->controls[i].id, key) == 0) {
			mark(p, " ");
			say_bilingual(p, &g->controls[i].title);
			break;
		}
}

static void chapters(struct page *p, const struct items *s, const struct guideline *g,
		     const char *guideline)
{
	struct shown *list = NULL;
	size_t count = load_controls(p, g, guideline, &list);

	for (size_t from = 0; p->facts->error == 0 && from < count;) {
		int64_t counts[16] = { 0 };
		size_t to = from;

		for (; to < count && strcmp(list[to].chapter, list[from].chapter) == 0; to++)
			for (size_t i = 0; total_words[i] != NULL; i++)
				counts[i] += list[to].counts[i];
		mark(p, "<details class=\"chapter");
		filter_classes(p, counts);
		mark(p, "\"%s><summary><h4>", list[from].mandatory ? " open" : "");
		chapter_title(p, g, &list[from]);
		mark(p, "</h4>");
		control_counts(p, counts);
		mark(p, "</summary>\n");
		for (; from < to; from++)
			one_control(p, s, g, guideline, &list[from]);
		mark(p, "</details>\n");
	}
	for (size_t i = 0; i < count; i++) {
		free(list[i].id);
		free(list[i].level);
		free(list[i].chapter);
	}
	free(list);
}

static bool there(const struct bilingual *b)
{
	return (b->en != NULL && *b->en != '\0') || (b->ja != NULL && *b->ja != '\0');
}

/* Where the guideline comes from, what its state is, and what our source of it lacks. */
static void origin(struct page *p, const struct guideline *g)
{
	mark(p, "<p class=\"quiet\">");
	say_bilingual(p, &g->publisher);
	mark(p, " ");
	say(p, g->version);
	mark(p, " ");
	say(p, g->date);
	if (there(&g->status)) {
		mark(p, " · <b>");
		say_bilingual(p, &g->status);
		mark(p, "</b>");
	}
	if (there(&g->origin)) {
		mark(p, " · ");
		say_word(p, W_ORIGIN);
		mark(p, ": ");
		say_bilingual(p, &g->origin);
	}
	if (there(&g->terms)) {
		mark(p, " · ");
		say_bilingual(p, &g->terms);
	}
	mark(p, "</p>\n");
	if (there(&g->source_note)) {
		mark(p, "<details class=\"quiet\"><summary>");
		say_word(p, W_SOURCE_LACKS);
		mark(p, "</summary><p>");
		say_bilingual(p, &g->source_note);
		mark(p, "</p></details>\n");
	}
}

/* The guidelines in the order of the catalogue, that of the site's own sector first; then those that are
 * judged and not in the catalogue any more. */
static void books(struct page *p, const struct items *s)
{
	const struct catalogue *c = p->facts->catalogue;
	bool first = true;

	for (size_t i = 0; c != NULL && i < c->guideline_count; i++, first = false) {
		const struct guideline *g = &c->guidelines[i];

		mark(p, "<details class=\"book\" id=\"g-");
		say_id(p, g->id);
		mark(p, "\"%s><summary><h3>", first ? " open" : "");
		say_bilingual(p, &g->title);
		mark(p, "</h3></summary>\n");
		origin(p, g);
		verdict_bar(p, g->id, "1");
		chapters(p, s, g, g->id);
		mark(p, "</details>\n");
	}
	if (first) {
		mark(p, "<p>");
		say_word(p, W_NO_GUIDELINES);
		mark(p, "</p>\n");
	}
}

void page_controls(struct page *p)
{
	struct facts *f = p->facts;
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
		.counts = facts_ask(
			f, "SELECT severity, check_id, n FROM report_count WHERE guideline = ?1"
			   " AND item = ?2 ORDER BY " BY_SEVERITY ", check_id"),
	};

	page_section(p, "controls");
	page_tools(p, false);
	mark(p, "<p>");
	say_word(p, W_LEVEL_NOTE);
	mark(p, "</p>\n<fieldset class=\"filters\"><legend>");
	say_word(p, W_SHOW);
	mark(p, "</legend>");
	for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
		mark(p,
		     "<input type=\"radio\" name=\"filter\" id=\"only-%s\"%s><label "
		     "for=\"only-%s\">",
		     filters[i].id, i == 0 ? " checked" : "", filters[i].id);
		say_word(p, filters[i].w);
		mark(p, "</label>");
	}
	mark(p, "</fieldset>\n");
	books(p, &s);
	query_free(s.list);
	query_free(s.checks);
	query_free(s.findings);
	query_free(s.counts);
	mark(p, "</section>\n");
}
