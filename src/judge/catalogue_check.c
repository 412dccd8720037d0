/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the catalogue agrees with itself: what `tenken profile check` says beside mistakes of form and of SQL. */
#include "judge/catalogue.h"

#include <string.h>

#include "codec/i18n.h"

static bool both_languages(const struct bilingual *b)
{
	return *b->en != '\0' && *b->ja != '\0' && b->en != b->ja;
}

static bool listed(const struct words *w, size_t count, const char *word)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(w->list[i], word) == 0)
			return true;
	return false;
}

static void cross_check_alternatives(const struct guideline *g, const struct item *item,
				     struct complaints *complaints)
{
	for (size_t i = 0; i < item->alternative_count; i++) {
		for (size_t k = 0; k < item->alternatives[i].count; k++) {
			const char *id = item->alternatives[i].list[k];
			const struct item *other = guideline_item(g, id, NULL);

			if (other == NULL)
				complain(complaints, g->file, item->line,
					 _("item '%s': the alternative '%s' is no item"), item->id,
					 id);
			else if (other == item)
				complain(complaints, g->file, item->line,
					 _("item '%s' is its own alternative"), item->id);
			else if (other->alternative_count > 0)
				complain(complaints, g->file, item->line,
					 _("item '%s': the alternative '%s' has alternatives "
					   "itself"),
					 item->id, id);
		}
	}
}

/* What the site may set: the first column of profiles/data/thresholds.csv. */
static bool figure_known(const struct catalogue *c, const char *name)
{
	for (size_t i = 0; i < c->list_count; i++)
		if (strcmp(c->lists[i].table, "data_thresholds") == 0)
			for (size_t k = 0; k < c->lists[i].row_count; k++)
				if (strcmp(c->lists[i].rows[k].list[0], name) == 0)
					return true;
	return false;
}

static void cross_check_item(const struct catalogue *c, const struct guideline *g,
			     const struct item *item, struct complaints *complaints)
{
	for (size_t i = 0; i < item->checks.count; i++) {
		const char *id = item->checks.list[i];

		if (catalogue_check(c, id) == NULL)
			complain(complaints, g->file, item->line,
				 _("item '%s': there is no check '%s'"), item->id, id);
		if (listed(&item->checks, i, id))
			complain(complaints, g->file, item->line,
				 _("item '%s' names the check '%s' twice"), item->id, id);
	}
	if (item->figure != NULL && !figure_known(c, item->figure))
		complain(complaints, g->file, item->line,
			 _("item '%s': '%s' is no threshold that a site sets"), item->id,
			 item->figure);
	for (size_t i = 0; i < item->scope_count; i++)
		for (size_t k = 0; k < item->scope[i].count; k++)
			if (catalogue_scope(c, item->scope[i].list[k]) == NULL)
				complain(complaints, g->file, item->line,
					 _("item '%s': there is no scope word '%s'"), item->id,
					 item->scope[i].list[k]);
	cross_check_alternatives(g, item, complaints);
	if (item->checks.count > 0 && item->assess == ASSESS_NONE)
		complain(complaints, g->file, item->line,
			 _("item '%s' has checks, but is not assessed by them"), item->id);
	if (item->checks.count == 0 && item->assess != ASSESS_NONE)
		complain(complaints, g->file, item->line,
			 _("item '%s' is assessed, but by no check"), item->id);
}

size_t catalogue_cross_check(const struct catalogue *c, struct complaints *complaints)
{
	size_t before = complaints->count;

	for (size_t i = 0; i < c->check_count; i++) {
		const struct check *check = &c->checks[i];

		if (!both_languages(&check->title) || !both_languages(&check->remedy) ||
		    (check->seen != NULL && !both_languages(&check->unseen)))
			complain(complaints, check->file, check->line,
				 _("check '%s' lacks a title, remedy or reason in English or "
				   "Japanese"),
				 check->id);
	}
	for (size_t i = 0; i < c->scope_count; i++)
		if (!both_languages(&c->scopes[i].title))
			complain(complaints, c->scopes[i].file, c->scopes[i].line,
				 _("scope '%s' lacks a title in English or Japanese"),
				 c->scopes[i].word);
	for (size_t i = 0; i < c->guideline_count; i++) {
		const struct guideline *g = &c->guidelines[i];

		for (size_t k = 0; k < g->control_count; k++) {
			for (size_t n = 0; n < k; n++)
				if (strcmp(g->controls[n].id, g->controls[k].id) == 0)
					complain(complaints, g->file, g->controls[k].line,
						 _("control '%s' stands here twice"),
						 g->controls[k].id);
			if (!both_languages(&g->controls[k].title))
				complain(complaints, g->file, g->controls[k].line,
					 _("control '%s' lacks a title in English or Japanese"),
					 g->controls[k].id);
			for (size_t n = 0; n < g->controls[k].item_count; n++)
				cross_check_item(c, g, &g->controls[k].items[n], complaints);
		}
	}
	return complaints->count - before;
}
