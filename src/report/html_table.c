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
