/* SPDX-License-Identifier: Apache-2.0 */
/* The page's plain tables: a question and how its columns are shown. */
#include <inttypes.h>
#include <string.h>

#include "report/page.h"

void say_span(struct page *p, int64_t ms)
{
	static const struct {
		int64_t s;
		const char *en, *ja;
	} units[] = {
		{ 86400, "d", "日" }, { 3600, "h", "時間" }, { 60, "min", "分" }, { 1, "s", "秒" }
	};
	int64_t left = ms / 1000;
	int shown = 0;

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]) && shown < 2; i++) {
		int64_t n = left / units[i].s;

		if (n == 0 && (shown > 0 || i < 3))
			continue;
		mark(p, "%s%" PRId64 " ", shown > 0 ? " " : "", n);
		say_both(p, units[i].en, units[i].ja);
		left -= n * units[i].s;
		shown++;
	}
}

void say_list(struct page *p, const char *text)
{
	json_t *list = text != NULL ? text_parsed(text) : NULL, *one;
	size_t i;

	json_array_foreach(list, i, one)
	{
		mark(p, i > 0 ? ", " : "");
		say(p, json_string_value(one));
	}
	if (!json_is_array(list))
		say(p, text);
	json_decref(list);
}

static void say_checks(struct page *p, const char *text)
{
	json_t *list = text != NULL ? text_parsed(text) : NULL, *one;
	size_t i;

	json_array_foreach(list, i, one)
	{
		const struct check *check = facts_check(p->facts, json_string_value(one));

		mark(p, i > 0 ? ", " : "");
		if (check != NULL)
			say_bilingual(p, &check->title);
		else
			say(p, json_string_value(one));
	}
	json_decref(list);
}

static bool holds(const char *stands)
{
	return stands != NULL && (strcmp(stands, "valid") == 0 || strcmp(stands, "future") == 0);
}

static void value(struct page *p, struct query *q, const struct column *c)
{
	const char *text = cell(q, c->name);

	switch (c->show) {
	case SHOW_TIME:
		say_time(p, cell_int(q, c->name));
		break;
	case SHOW_MS:
		say_time(p, cell_int(q, c->name) / 1000);
		break;
	case SHOW_SPAN:
		say_span(p, cell_int(q, c->name));
		break;
	case SHOW_KIND:
		say_both(p, zone_kind_text(text, LANGUAGE_EN), zone_kind_text(text, LANGUAGE_JA));
		break;
	case SHOW_ANSWER:
		say_both(p, answer_text(text, LANGUAGE_EN), answer_text(text, LANGUAGE_JA));
		break;
	case SHOW_DECISION:
		say_both(p, decision_text(text, LANGUAGE_EN), decision_text(text, LANGUAGE_JA));
		break;
	case SHOW_STANDS:
		mark(p, "<span class=\"chip s-%s\">", holds(text) ? "waived" : "high");
		say_word(p, stands_word(text));
		mark(p, "</span>");
		break;
	case SHOW_LEVEL:
		say_both(p, level_text(severity_text(text, LANGUAGE_EN), false, LANGUAGE_EN),
			 level_text(severity_text(text, LANGUAGE_JA), false, LANGUAGE_JA));
		break;
	case SHOW_LIST:
		say_list(p, text);
		break;
	case SHOW_CHECKS:
		say_checks(p, text);
		break;
	case SHOW_SUBJECT:
		say_subject(p, q);
		break;
	case SHOW_SEVERITY:
		if (text != NULL)
			say_severity(p, text);
		break;
	case SHOW_DAY:
		say_day(p, cell_int(q, c->name));
		break;
	case SHOW_JOURNAL:
		if (text != NULL && strcmp(text, "sweep") == 0)
			say_word(p, W_KIND_SWEEP);
		else if (text != NULL && strcmp(text, "talk") == 0)
			say_word(p, W_KIND_TALK);
		else
			say(p, text);
		break;
	default:
		say_reason(p, text);
	}
}

void page_table(struct page *p, enum word head, const char *sql, const struct column *columns,
		size_t count)
{
	struct query *q = facts_ask(p->facts, sql);
	bool any = false;

	mark(p, "<h3>");
	say_word(p, head);
	mark(p, "</h3>\n");
	for (; facts_next(p->facts, q); any = true) {
		if (!any) {
			mark(p, "<div class=\"scroll\"><table><thead><tr>");
			for (size_t i = 0; i < count; i++) {
				mark(p, "<th scope=\"col\">");
				say_word(p, columns[i].head);
				mark(p, "</th>");
			}
			mark(p, "</tr></thead><tbody>\n");
		}
		mark(p, "<tr>");
		for (size_t i = 0; i < count; i++) {
			mark(p, "<td%s>",
			     columns[i].show == SHOW_NUMBER ? " class=\"number\""
			     : columns[i].show == SHOW_MONO ? " class=\"mono\""
							    : "");
			value(p, q, &columns[i]);
			mark(p, "</td>");
		}
		mark(p, "</tr>\n");
	}
	query_free(q);
	mark(p, any ? "</tbody></table></div>\n" : "<p class=\"quiet\">");
	if (!any) {
		say_word(p, W_NONE);
		mark(p, "</p>\n");
	}
}

enum { OPEN_ROWS = 60, FOLDED_ROWS = 500 };

/*
 * Where scripts run, a browser takes a noscript for text, which costs it next to nothing: the page's script
 * puts the rows in when they are wanted, or when the browser has nothing else to do. Without scripts they are
 * ordinary rows. Texts in them are escaped as everywhere, so none can end the noscript.
 */
void fold_row(struct page *p, struct fold *f, const char *first)
{
	int64_t from = f->at + 1;
	int64_t to = f->at + FOLDED_ROWS < f->total ? f->at + FOLDED_ROWS : f->total;

	if (f->at++ % FOLDED_ROWS != 0)
		return;
	if (from > 1)
		mark(p, "</tbody></table></div></noscript></details>\n");
	if (f->total > OPEN_ROWS) {
		mark(p,
		     "<details class=\"rows\"><summary>%" PRId64 "&#8211;%" PRId64
		     " <span class=\"quiet\">",
		     from, to);
		say(p, first);
		mark(p, " &#8230;</span></summary><noscript>");
	}
	mark(p, "<div class=\"scroll\"><table class=\"places\">");
	heads(p, f->columns, f->column_count);
	mark(p, "<tbody>\n");
}

void fold_end(struct page *p, const struct fold *f)
{
	if (f->at > 0)
		mark(p, "</tbody></table></div>%s\n",
		     f->total > OPEN_ROWS ? "</noscript></details>" : "");
}
