/* SPDX-License-Identifier: Apache-2.0 */
/* Current and target profile, and tiers, as people set them; what was seen stands beside and computes nothing. */
#include <inttypes.h>
#include <string.h>

#include "report/page.h"

bool page_has_gap(struct page *p)
{
	return facts_count(p->facts,
			   "SELECT EXISTS (SELECT 1 FROM gap) OR EXISTS (SELECT 1 FROM tier)") != 0;
}

static void one_goal(struct page *p, struct query *q)
{
	const char *guideline = cell(q, "guideline"), *item = cell(q, "item");
	const char *id = item != NULL ? item : cell(q, "control"), *seen = cell(q, "seen");
	const struct guideline *g = catalogue_guideline(p->facts->catalogue, guideline);
	const struct control *control = NULL;
	const struct item *i = g != NULL && item != NULL ? guideline_item(g, item, &control) : NULL;

	mark(p, "<tr><td><span class=\"id\">");
	say(p, guideline);
	mark(p, ":");
	say(p, id);
	mark(p, "</span> ");
	for (size_t k = 0; g != NULL && item == NULL && k < g->control_count; k++)
		if (strcmp(g->controls[k].id, id) == 0)
			say_bilingual(p, &g->controls[k].title);
	if (i != NULL)
		say_bilingual(p, &i->text);
	mark(p, "</td><td>");
	say(p, cell(q, "current"));
	mark(p, "</td><td>");
	say(p, cell(q, "target"));
	if (cell_int(q, "same") != 0) {
		mark(p, " <span class=\"chip s-new\">");
		say_word(p, W_REACHED);
		mark(p, "</span>");
	}
	mark(p, "</td><td>");
	if (seen != NULL)
		say_both(p, verdict_total_text(seen, LANGUAGE_EN),
			 verdict_total_text(seen, LANGUAGE_JA));
	mark(p, "</td><td>");
	say(p, cell(q, "priority"));
	mark(p, "</td><td>");
	say(p, cell(q, "owner"));
	mark(p, "</td><td class=\"number\">");
	say_day(p, cell_int(q, "due"));
	mark(p, "</td><td>");
	say(p, cell(q, "action"));
	if (cell(q, "state") != NULL) {
		mark(p, " ");
		say_both(p, treatment_text(cell(q, "state"), LANGUAGE_EN),
			 treatment_text(cell(q, "state"), LANGUAGE_JA));
	}
	if (cell(q, "note") != NULL) {
		mark(p, " ");
		say(p, cell(q, "note"));
	}
	mark(p, "</td></tr>\n");
}

void page_gap(struct page *p)
{
	static const enum word names[] = { W_ITEM,        W_CURRENT,  W_TARGET_PROFILE,
					   W_SEEN_BESIDE, W_PRIORITY, W_OWNER,
					   W_DUE,         W_ACTION };
	struct fold rows = { .columns = names,
			     .column_count = sizeof(names) / sizeof(names[0]),
			     .total = facts_count(p->facts, "SELECT count(*) FROM gap") };
	struct query *q = facts_ask(p->facts, "SELECT * FROM gap ORDER BY position");

	page_section(p, "gap");
	mark(p, "<p class=\"quiet\">");
	say_word(p, W_GAP_NOTE);
	mark(p, "</p>\n");
	while (facts_next(p->facts, q)) {
		fold_row(p, &rows, cell(q, "item") != NULL ? cell(q, "item") : cell(q, "control"));
		one_goal(p, q);
	}
	query_free(q);
	fold_end(p, &rows);
	if (facts_count(p->facts, "SELECT EXISTS (SELECT 1 FROM tier)") != 0)
		TABLE(p, W_TIERS, "SELECT * FROM tier ORDER BY line", { "area", W_AREA, SHOW_TEXT },
		      { "current", W_CURRENT, SHOW_NUMBER },
		      { "target", W_TARGET_PROFILE, SHOW_NUMBER },
		      { "given_by", W_GIVEN_BY, SHOW_TEXT }, { "given_at", W_GIVEN_AT, SHOW_DAY },
		      { "note", W_NOTE, SHOW_TEXT });
	mark(p, "</section>\n");
}
