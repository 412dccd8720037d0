/* SPDX-License-Identifier: Apache-2.0 */
/* The page's part about offline data: what was used, how old it is, and what it cannot decide. */
#include <inttypes.h>
#include <stdio.h>

#include "report/page.h"

enum { ROWS = 200, NAMES = 12 };

static void open_table(struct page *p, const enum word *columns, size_t count)
{
	mark(p, "<div class=\"scroll\"><table>");
	heads(p, columns, count);
	mark(p, "<tbody>\n");
}

static void say_age(struct page *p, struct query *q)
{
	char days[32];
	const char *values[] = { days };

	if (query_null(q, query_column(q, "age"))) {
		say_word(p, W_DAY_NOT_KNOWN);
	} else {
		snprintf(days, sizeof(days), "%" PRId64, cell_int(q, "age"));
		say_with(p, W_AGE_DAYS, values);
	}
	if (cell_int(q, "stale") != 0) {
		mark(p, " <strong class=\"chip s-medium\">");
		say_word(p, W_STALE);
		mark(p, "</strong>");
	}
}

static void data(struct page *p)
{
	static const enum word columns[] = { W_DATA, W_DATA_OF, W_AGE, W_IMPORTED, W_ENTRIES };
	struct query *q = facts_ask(p->facts, "SELECT * FROM offline_data ORDER BY own, kind");
	bool any = false;

	for (; facts_next(p->facts, q); any = true) {
		if (!any) {
			mark(p, "<h3 id=\"offline-data\">");
			say_word(p, W_OFFLINE_DATA);
			mark(p, "</h3>\n");
			open_table(p, columns, sizeof(columns) / sizeof(columns[0]));
		}
		mark(p, "<tr><td>");
		say_reason(p, cell(q, "title"));
		mark(p, "</td><td>");
		say(p, cell(q, "date"));
		mark(p, "</td><td>");
		say_age(p, q);
		mark(p, "</td><td>");
		if (cell_int(q, "own") != 0)
			say_word(p, W_COMES_ALONG);
		else
			say_time(p, cell_int(q, "imported"));
		mark(p, "</td><td class=\"number\">");
		if (cell_int(q, "own") == 0)
			say_int(p, cell_int(q, "entries"));
		mark(p, "</td></tr>\n");
	}
	query_free(q);
	if (any)
		mark(p, "</tbody></table></div>\n");
}

/* The first of a JSON list of texts, and how many more there are. */
static void names(struct page *p, const char *list)
{
	json_t *parsed = text_parsed(list), *name;
	char more[32];
	const char *values[] = { more };
	size_t i;

	json_array_foreach(parsed, i, name)
	{
		if (i == NAMES)
			break;
		mark(p, i > 0 ? ", " : "");
		say(p, json_string_value(name));
	}
	if (json_array_size(parsed) > NAMES) {
		snprintf(more, sizeof(more), "%zu", json_array_size(parsed) - NAMES);
		mark(p, " ");
		say_with(p, W_MORE, values);
	}
	json_decref(parsed);
}

static void undecided(struct page *p)
{
	static const enum word columns[] = { W_ADDRESS, W_PRODUCT_SEEN, W_ADVISORIES, W_REASON };
	struct query *q = facts_ask(p->facts, UNDECIDED_IN_ORDER);
	int64_t shown = 0, rest = 0;

	for (; facts_next(p->facts, q); shown++) {
		if (shown >= ROWS) {
			rest++;
			continue;
		}
		if (shown == 0) {
			mark(p, "<details class=\"block\" id=\"undecided\"><summary>");
			say_word(p, W_UNDECIDED);
			mark(p, "</summary>\n<p>");
			say_word(p, W_UNDECIDED_TEXT);
			mark(p, "</p>\n");
			open_table(p, columns, sizeof(columns) / sizeof(columns[0]));
		}
		mark(p, "<tr><td class=\"mono\">");
		say(p, cell(q, "address"));
		if (!query_null(q, query_column(q, "port")))
			mark(p, " %" PRId64, cell_int(q, "port"));
		mark(p, "</td><td>");
		if (cell(q, "vendor") != NULL) {
			say(p, cell(q, "vendor"));
			mark(p, " ");
		}
		say(p, cell(q, "product"));
		mark(p, " ");
		say(p, cell(q, "version"));
		mark(p, "</td><td>");
		names(p, cell(q, "advisories"));
		mark(p, "</td><td>");
		say_reason(p, cell(q, "reason"));
		mark(p, "</td></tr>\n");
	}
	query_free(q);
	if (shown == 0)
		return;
	mark(p, "</tbody></table></div>\n");
	if (rest > 0) {
		char more[32];
		const char *values[] = { more };

		snprintf(more, sizeof(more), "%" PRId64, rest);
		mark(p, "<p>");
		say_with(p, W_MORE, values);
		mark(p, "</p>\n");
	}
	mark(p, "</details>\n");
}

void page_offline(struct page *p)
{
	data(p);
	undecided(p);
}
