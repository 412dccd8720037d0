/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What people said beside the evidence: treatments, exceptions with the fields of their request, measures
 * that compensate, answers, decisions about items, and thresholds that the guideline leaves open.
 */
#include <inttypes.h>
#include <string.h>

#include "report/page.h"

static void say_state(struct page *p, const char *state)
{
	say_both(p, treatment_text(state, LANGUAGE_EN), treatment_text(state, LANGUAGE_JA));
}

void say_subject(struct page *p, struct query *q)
{
	const char *id = cell(q, "check_id");
	const struct check *check = facts_check(p->facts, id);

	if (check != NULL) {
		say_bilingual(p, &check->title);
	} else if (id == NULL && query_column(q, "guideline") >= 0) {
		mark(p, "<span class=\"mono\">");
		say(p, cell(q, "guideline"));
		mark(p, ":");
		say(p, cell(q, "item"));
		mark(p, "</span>");
	} else {
		say(p, id);
	}
	if (cell(q, "asset") != NULL) {
		mark(p, " <span class=\"mono\">");
		say(p, cell(q, "asset"));
		if (!query_null(q, query_column(q, "port")))
			mark(p, " %" PRId64, cell_int(q, "port"));
		mark(p, "</span>");
	}
}

static void say_labelled(struct page *p, enum word label, const char *text)
{
	if (text == NULL || *text == '\0')
		return;
	mark(p, " · ");
	say_word(p, label);
	mark(p, ": ");
	say(p, text);
}

void page_treatment(struct page *p, struct query *q)
{
	mark(p, "<b>");
	say_state(p, cell(q, "state"));
	mark(p, "</b> ");
	say(p, cell(q, "action"));
	say_labelled(p, W_ASSET, cell(q, "asset"));
	say_labelled(p, W_OWNER, cell(q, "owner"));
	if (cell_int(q, "due") != 0) {
		mark(p, " · ");
		say_word(p, W_DUE);
		mark(p, ": ");
		say_day(p, cell_int(q, "due"));
	}
	say_labelled(p, W_NOTE, cell(q, "note"));
}

void page_measures(struct page *p, const char *list)
{
	json_t *measures = list != NULL ? text_parsed(list) : NULL, *m;
	size_t i;

	json_array_foreach(measures, i, m)
	{
		const char *state = json_string_value(json_object_get(m, "state"));
		json_int_t until = json_integer_value(json_object_get(m, "until"));

		mark(p, "<div class=\"waiver\">");
		say_word(p, W_MEASURE);
		mark(p, ": ");
		say(p, json_string_value(json_object_get(m, "measure")));
		if (state != NULL && strcmp(state, "valid") != 0) {
			mark(p, " <b>");
			say_word(p, stands_word(state));
			mark(p, "</b>");
		}
		say_labelled(p, W_GIVEN_BY, json_string_value(json_object_get(m, "by")));
		say_labelled(p, W_PROOF, json_string_value(json_object_get(m, "evidence")));
		if (until != 0) {
			mark(p, " · ");
			say_word(p, W_UNTIL);
			mark(p, " ");
			say_day(p, until);
		}
		mark(p, "</div>");
	}
	json_decref(measures);
}

static void none(struct page *p)
{
	mark(p, "<p class=\"quiet\">");
	say_word(p, W_NONE);
	mark(p, "</p>\n");
}

static void heading(struct page *p, enum word w)
{
	mark(p, "<h3>");
	say_word(p, w);
	mark(p, "</h3>\n");
}

static void treatments(struct page *p)
{
	static const enum word columns[] = { W_CHECK, W_ACTION, W_OWNER, W_DUE, W_STATE, W_NOTE };
	struct query *q = facts_ask(p->facts, "SELECT * FROM " TREATMENTS_AS_THEY_STAND
					      " ORDER BY state = 'done', due IS NULL, due, line");
	bool any = false;

	heading(p, W_TREATMENTS);
	for (; facts_next(p->facts, q); any = true) {
		if (!any) {
			mark(p, "<div class=\"scroll\"><table>");
			heads(p, columns, sizeof(columns) / sizeof(columns[0]));
			mark(p, "<tbody>\n");
		}
		mark(p, "<tr><td>");
		say_subject(p, q);
		mark(p, "</td><td>");
		say(p, cell(q, "action"));
		mark(p, "</td><td>");
		say(p, cell(q, "owner"));
		mark(p, "</td><td class=\"number\">");
		say_day(p, cell_int(q, "due"));
		if (cell_int(q, "late") != 0) {
			mark(p, " <span class=\"chip s-high\">");
			say_word(p, W_LATE);
			mark(p, "</span>");
		}
		mark(p, "</td><td>");
		say_state(p, cell(q, "state"));
		if (cell_int(q, "wrong") != 0) {
			mark(p, " <span class=\"chip s-high\">");
			say_word(p, W_SAID_DONE);
			mark(p, "</span>");
		}
		mark(p, "</td><td>");
		say(p, cell(q, "note"));
		mark(p, "</td></tr>\n");
	}
	query_free(q);
	if (any)
		mark(p, "</tbody></table></div>\n");
	else
		none(p);
}

static void field(struct page *p, enum word w, const char *text)
{
	mark(p, "<div><dt>");
	say_word(p, w);
	mark(p, "</dt><dd>");
	if (text != NULL && *text != '\0')
		say(p, text);
	else
		mark(p, "&#8211;");
	mark(p, "</dd></div>\n");
}

/* The seven fields of the guideline's request for an exception, in its order (4.3.2-18 of mlit-water), and
 * who allowed it. */
static void waivers(struct page *p)
{
	struct query *q =
		facts_ask(p->facts, "SELECT * FROM " WAIVERS_AS_THEY_STAND
				    " ORDER BY stands = 'valid', until, check_id, asset, port");
	bool any = false;

	heading(p, W_WAIVERS);
	for (; facts_next(p->facts, q); any = true) {
		bool holds = strcmp(cell(q, "stands"), "valid") == 0;

		mark(p, "<div class=\"card%s\"><h4>", holds ? "" : " e-high");
		say_subject(p, q);
		mark(p, " <span class=\"chip s-%s\">", holds ? "waived" : "high");
		say_word(p, stands_word(cell(q, "stands")));
		mark(p, "</span></h4>\n<dl class=\"facts\">\n");
		field(p, W_APPLICANT, cell(q, "applicant"));
		field(p, W_CLAUSE, cell(q, "clause"));
		mark(p, "<div><dt>");
		say_word(p, W_PERIOD);
		mark(p, "</dt><dd>");
		say_day(p, cell_int(q, "from_at") != 0 ? cell_int(q, "from_at")
						       : cell_int(q, "approved_at"));
		mark(p, " &#8211; ");
		say_day(p, cell_int(q, "until"));
		mark(p, "</dd></div>\n");
		field(p, W_COMPENSATING, cell(q, "compensating"));
		field(p, W_IMPACT, cell(q, "impact"));
		field(p, W_CLOSING, cell(q, "closing"));
		field(p, W_REASON, cell(q, "reason"));
		mark(p, "<div><dt>");
		say_word(p, W_APPROVED_BY);
		mark(p, "</dt><dd>");
		say(p, cell(q, "approved_by"));
		mark(p, ", ");
		say_day(p, cell_int(q, "approved_at"));
		mark(p, "</dd></div>\n");
		if (cell(q, "relies_on") != NULL) {
			mark(p, "<div><dt>");
			say_word(p, W_RELIES_ON);
			mark(p, "</dt><dd class=\"mono\">");
			say_list(p, cell(q, "relies_on"));
			mark(p, "</dd></div>\n");
		}
		mark(p, "</dl></div>\n");
	}
	query_free(q);
	if (!any)
		none(p);
}

static void thresholds(struct page *p)
{
	static const struct {
		const char *unit, *en, *ja;
	} units[] = { { "failures", "failures", "回" },
		      { "days", "days", "日" },
		      { "months", "months", "か月" },
		      { "seconds", "seconds", "秒" } };
	static const enum word columns[] = { W_KIND, W_VALUE, W_SET_BY };
	struct query *q =
		facts_ask(p->facts, "SELECT t.*, d.en, d.ja FROM threshold t LEFT JOIN"
				    " data_thresholds d ON d.name = t.name ORDER BY name");

	heading(p, W_THRESHOLDS);
	mark(p, "<div class=\"scroll\"><table>");
	heads(p, columns, countof(columns));
	mark(p, "<tbody>\n");
	while (facts_next(p->facts, q)) {
		bool set = !query_null(q, query_column(q, "value"));
		const char *unit = cell(q, "unit"), *source = cell(q, "source");

		mark(p, "<tr><td>");
		if (cell(q, "en") != NULL)
			say_both(p, cell(q, "en"), cell(q, "ja"));
		mark(p, " <span class=\"mono\">");
		say(p, cell(q, "name"));
		mark(p, "</span></td><td>");
		if (set)
			mark(p, "%" PRId64 " ", cell_int(q, "value"));
		else
			say_word(p, W_NOT_SET);
		for (size_t i = 0; set && unit != NULL && i < countof(units); i++)
			if (strcmp(units[i].unit, unit) == 0)
				say_both(p, units[i].en, units[i].ja);
		mark(p, "</td><td>");
		if (set)
			say_word(p, source != NULL && strcmp(source, "site") == 0 ? W_SET_BY_SITE
										  : W_BY_DEFAULT);
		mark(p, "</td></tr>\n");
	}
	query_free(q);
	mark(p, "</tbody></table></div>\n");
}

/* Tables that are there only where somebody said something. */
static bool anything(struct page *p, const char *sql)
{
	return facts_count(p->facts, sql) != 0;
}

void page_records(struct page *p)
{
	page_section(p, "records");
	treatments(p);
	waivers(p);
	if (anything(p, "SELECT EXISTS (SELECT 1 FROM measure)"))
		TABLE(p, W_MEASURES,
		      "SELECT * FROM " MEASURES_AS_THEY_STAND
		      " ORDER BY guideline, item, check_id, asset, port, line",
		      { "check_id", W_FOR_WHAT, SHOW_SUBJECT }, { "measure", W_MEASURE, SHOW_TEXT },
		      { "stands", W_STATE, SHOW_STANDS }, { "given_by", W_GIVEN_BY, SHOW_TEXT },
		      { "given_at", W_GIVEN_AT, SHOW_DAY }, { "until", W_UNTIL, SHOW_DAY },
		      { "evidence", W_PROOF, SHOW_TEXT },
		      { "relies_on", W_RELIES_ON, SHOW_CHECKS });
	TABLE(p, W_ANSWERS,
	      "SELECT guideline || ':' || item AS id, * FROM " ANSWERS_AS_THEY_STAND
	      " ORDER BY guideline, item, given_at",
	      { "id", W_ITEM, SHOW_MONO }, { "answer", W_ANSWER, SHOW_ANSWER },
	      { "stands", W_STATE, SHOW_STANDS }, { "evidence", W_PROOF, SHOW_TEXT },
	      { "given_by", W_GIVEN_BY, SHOW_TEXT }, { "given_at", W_GIVEN_AT, SHOW_DAY },
	      { "until", W_UNTIL, SHOW_DAY }, { "note", W_NOTE, SHOW_TEXT });
	if (anything(p, "SELECT EXISTS (SELECT 1 FROM decision)"))
		TABLE(p, W_DECISIONS,
		      "SELECT guideline || ':' || item AS id, * FROM decision"
		      " ORDER BY guideline, item, line",
		      { "id", W_ITEM, SHOW_MONO }, { "decision", W_DECISION, SHOW_DECISION },
		      { "level", W_TO_WHAT, SHOW_LEVEL }, { "severity", W_SEVERITY, SHOW_SEVERITY },
		      { "reason", W_REASON, SHOW_TEXT }, { "checks", W_CHECK, SHOW_CHECKS },
		      { "given_by", W_GIVEN_BY, SHOW_TEXT }, { "given_at", W_GIVEN_AT, SHOW_DAY });
	if (anything(p, "SELECT EXISTS (SELECT 1 FROM threshold)"))
		thresholds(p);
	mark(p, "</section>\n");
}
