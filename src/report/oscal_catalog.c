/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OSCAL catalog: each guideline a group, its measures controls, their items parts of the statement. And the
 * OSCAL profile: what the operator made of them.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "codec/span.h"
#include "report/oscal.h"
#include "report/text.h"

static void put_thresholds(struct oscal *o, const struct item *item)
{
	char words[THRESHOLD_TEXT];

	for (size_t i = 0; i < item->threshold_count; i++)
		oscal_prop(o, measure_word(item->thresholds[i].measure),
			   threshold_text(&item->thresholds[i], o->l == LANGUAGE_JA, words), true);
}

static void put_item(struct oscal *o, const struct guideline *g, const struct item *item)
{
	jo_object(&o->j);
	oscal_token(o, "id", g->id, 'i', item->id);
	jo_put(&o->j, "name", "item");
	oscal_prop(o, "label", item->id, false);
	oscal_prop(o, "assess", assess_word(item->assess), true);
	oscal_prop(o, "basis", item->basis, true);
	for (size_t i = 0; i < item->checks.count; i++)
		oscal_prop(o, "check", item->checks.list[i], true);
	put_thresholds(o, item);
	oscal_props_end(o);
	oscal_text(o, "prose", bilingual_text(&item->text, o->l));
	jo_end(&o->j);
}

static void put_control(struct oscal *o, const struct guideline *g, const struct control *c)
{
	jo_object(&o->j);
	oscal_token(o, "id", g->id, 'c', c->id);
	oscal_text(o, "title", bilingual_text(&c->title, o->l));
	oscal_prop(o, "label", c->id, false);
	oscal_prop(o, "level", c->mandatory ? "mandatory" : c->level, true);
	oscal_prop(o, "kind", c->kind, true);
	oscal_prop(o, "group", bilingual_text(&c->label, o->l), true);
	oscal_props_end(o);
	jo_open_list(&o->j, "parts");
	jo_object(&o->j);
	oscal_token(o, "id", g->id, 's', c->id);
	jo_put(&o->j, "name", "statement");
	if (c->item_count > 0) {
		jo_open_list(&o->j, "parts");
		for (size_t i = 0; i < c->item_count; i++)
			put_item(o, g, &c->items[i]);
		jo_end(&o->j);
	}
	jo_end(&o->j);
	jo_end(&o->j);
	jo_end(&o->j);
}

static void put_overview(struct oscal *o, const char *name, const char *words)
{
	jo_object(&o->j);
	jo_put(&o->j, "name", "overview");
	jo_put(&o->j, "class", name);
	oscal_text(o, "prose", words);
	jo_end(&o->j);
}

static void put_group(struct oscal *o, const struct guideline *g)
{
	jo_object(&o->j);
	oscal_token(o, "id", g->id, 'g', "");
	jo_put(&o->j, "class", "guideline");
	oscal_text(o, "title", bilingual_text(&g->title, o->l));
	oscal_prop(o, "label", g->id, false);
	oscal_prop(o, "version", g->version, true);
	oscal_prop(o, "date", g->date, true);
	oscal_prop(o, "publisher", bilingual_text(&g->publisher, o->l), true);
	oscal_prop(o, "status", bilingual_text(&g->status, o->l), true);
	oscal_props_end(o);
	/* A list has at least one member; the operator's own guideline may say none of them. */
	const struct bilingual *const about[] = { &g->origin, &g->terms, &g->source_note };
	static const char *const names[] = { "origin", "terms", "source" };
	bool some = false;
	for (size_t i = 0; i < countof(about); i++) {
		const char *words = bilingual_text(about[i], o->l);

		if (words == NULL || *words == '\0')
			continue;
		if (!some)
			jo_open_list(&o->j, "parts");
		some = true;
		put_overview(o, names[i], words);
	}
	if (some)
		jo_end(&o->j);
	if (g->control_count > 0) {
		jo_open_list(&o->j, "controls");
		for (size_t i = 0; i < g->control_count; i++)
			put_control(o, g, &g->controls[i]);
		jo_end(&o->j);
	}
	jo_end(&o->j);
}

/* What guidelines leave open: parameters of the whole catalog. */
static void put_params(struct oscal *o, bool catalog)
{
	struct query *q = facts_ask(&o->facts,
				    catalog ? "SELECT name, value FROM threshold ORDER BY name"
					    : "SELECT name, value FROM threshold WHERE value IS NOT"
					      " NULL AND source = 'site' ORDER BY name");
	bool some = false;

	while (facts_next(&o->facts, q)) {
		char value[24];

		if (!some)
			jo_open_list(&o->j, catalog ? "params" : "set-parameters");
		some = true;
		jo_object(&o->j);
		oscal_token(o, catalog ? "id" : "param-id", "tenken", 'p', cell(q, "name"));
		if (catalog) {
			oscal_text(o, "label", cell(q, "name"));
		} else {
			snprintf(value, sizeof(value), "%" PRId64, cell_int(q, "value"));
			jo_open_list(&o->j, "values");
			jo_text(&o->j, value);
			jo_end(&o->j);
		}
		jo_end(&o->j);
	}
	if (some)
		jo_end(&o->j);
	query_free(q);
}

int report_oscal_catalog(const struct export_job *job, FILE *out)
{
	struct oscal o;
	int r = oscal_start(&o, job, out);
	char *name = r == 0 ? oscal_guidelines(&o) : NULL;

	if (r == 0 && name == NULL)
		r = -ENOMEM;
	if (r == 0) {
		oscal_begin(&o, "catalog", name);
		oscal_metadata(&o, name, name);
		put_params(&o, true);
		if (o.catalogue->guideline_count > 0) {
			jo_open_list(&o.j, "groups");
			for (size_t i = 0; i < o.catalogue->guideline_count; i++)
				put_group(&o, &o.catalogue->guidelines[i]);
			jo_end(&o.j);
		}
		oscal_end(&o);
	}
	int done = oscal_done(&o);
	free(name);
	return r < 0 ? r : done;
}

/* ---- the profile ---- */

/* What was decided of an item and counts: nobody declines what the ordinance asks. */
#define DECISION_OF                                                                \
	"SELECT decision, decision_reason AS reason, decision_by AS given_by,"     \
	" decision_level AS level FROM verdict WHERE guideline = ?1 AND item = ?2" \
	" AND decision IS NOT NULL AND (decision <> 'decline' OR verdict = 'declined')"

static bool decided(struct oscal *o, struct query *q, const struct guideline *g,
		    const struct item *item)
{
	query_reset(q);
	if (query_bind_text(q, 1, g->id) < 0 || query_bind_text(q, 2, item->id) < 0)
		o->facts.error = -EIO;
	return facts_next(&o->facts, q);
}

static bool declined(struct oscal *o, struct query *q, const struct guideline *g,
		     const struct item *item)
{
	return decided(o, q, g, item) && strcmp(cell(q, "decision"), "decline") == 0;
}

/* A control stays in the profile as long as one of its items does. */
static bool control_stays(struct oscal *o, struct query *q, const struct guideline *g,
			  const struct control *c)
{
	for (size_t i = 0; i < c->item_count; i++)
		if (!declined(o, q, g, &c->items[i]))
			return true;
	return c->item_count == 0;
}

static void put_imports(struct oscal *o, struct query *q, const char *catalog)
{
	char href[UUID_TEXT + 1] = "#";
	bool some = false;

	if (uuid_make("resource", catalog, href + 1) < 0)
		o->facts.error = -EIO;
	jo_open_list(&o->j, "imports");
	jo_object(&o->j);
	jo_put(&o->j, "href", href);
	for (size_t i = 0; i < o->catalogue->guideline_count; i++) {
		const struct guideline *g = &o->catalogue->guidelines[i];

		for (size_t k = 0; k < g->control_count; k++) {
			if (!control_stays(o, q, g, &g->controls[k]))
				continue;
			if (!some) {
				jo_open_list(&o->j, "include-controls");
				jo_object(&o->j);
				jo_open_list(&o->j, "with-ids");
			}
			some = true;
			oscal_token(o, NULL, g->id, 'c', g->controls[k].id);
		}
	}
	for (int i = 0; some && i < 3; i++)
		jo_end(&o->j);
	jo_end(&o->j);
	jo_end(&o->j);
}

static void put_removes(struct oscal *o, struct query *q, const struct guideline *g,
			const struct control *c)
{
	bool some = false;

	for (size_t i = 0; i < c->item_count; i++) {
		if (!declined(o, q, g, &c->items[i]))
			continue;
		if (!some)
			jo_open_list(&o->j, "removes");
		some = true;
		jo_object(&o->j);
		oscal_token(o, "by-id", g->id, 'i', c->items[i].id);
		jo_end(&o->j);
	}
	if (some)
		jo_end(&o->j);
}

/* Why an item was declined or tightened, kept with its control. */
static void put_adds(struct oscal *o, struct query *q, const struct guideline *g,
		     const struct control *c)
{
	bool some = false;

	for (size_t i = 0; i < c->item_count; i++) {
		char *text = NULL;

		if (!decided(o, q, g, &c->items[i]))
			continue;
		if (!some) {
			jo_open_list(&o->j, "adds");
			jo_object(&o->j);
		}
		some = true;
		if (asprintf(&text, "%s: %s %s (%s)", c->items[i].id,
			     cell(q, "level") != NULL ? cell(q, "level") : "",
			     cell(q, "reason") != NULL ? cell(q, "reason") : "",
			     cell(q, "given_by") != NULL ? cell(q, "given_by") : "-") < 0)
			o->facts.error = -ENOMEM;
		else
			oscal_prop(o, cell(q, "decision"), text, true);
		free(text);
	}
	if (some) {
		oscal_props_end(o);
		jo_end(&o->j);
		jo_end(&o->j);
	}
}

static bool any_decided(struct oscal *o, struct query *q, const struct guideline *g,
			const struct control *c)
{
	for (size_t i = 0; i < c->item_count; i++)
		if (decided(o, q, g, &c->items[i]))
			return true;
	return false;
}

static void put_modify(struct oscal *o, struct query *q)
{
	bool some = false;

	jo_open_object(&o->j, "modify");
	put_params(o, false);
	for (size_t i = 0; i < o->catalogue->guideline_count; i++) {
		const struct guideline *g = &o->catalogue->guidelines[i];

		for (size_t k = 0; k < g->control_count; k++) {
			const struct control *c = &g->controls[k];

			if (!any_decided(o, q, g, c) || !control_stays(o, q, g, c))
				continue;
			if (!some)
				jo_open_list(&o->j, "alters");
			some = true;
			jo_object(&o->j);
			oscal_token(o, "control-id", g->id, 'c', c->id);
			put_removes(o, q, g, c);
			put_adds(o, q, g, c);
			jo_end(&o->j);
		}
	}
	if (some)
		jo_end(&o->j);
	jo_end(&o->j);
}

int report_oscal_profile(const struct export_job *job, FILE *out)
{
	struct oscal o;
	int r = oscal_start(&o, job, out);
	char *name = r == 0 ? oscal_guidelines(&o) : NULL, *own = NULL, *title = NULL;

	if (r == 0 && (name == NULL || asprintf(&own, "%s/%s", o.facts.site, name) < 0 ||
		       asprintf(&title, "%s: %s", o.facts.site, name) < 0))
		r = -ENOMEM;
	struct query *q = r == 0 ? facts_ask(&o.facts, DECISION_OF) : NULL;
	if (q != NULL) {
		oscal_begin(&o, "profile", own);
		oscal_metadata(&o, title, o.facts.uuid);
		put_imports(&o, q, name);
		jo_open_object(&o.j, "merge");
		jo_put_truth(&o.j, "as-is", true);
		jo_end(&o.j);
		put_modify(&o, q);
		jo_open_object(&o.j, "back-matter");
		jo_open_list(&o.j, "resources");
		jo_object(&o.j);
		oscal_uuid(&o, "uuid", "resource", name);
		oscal_text(&o, "title", name);
		jo_open_list(&o.j, "rlinks");
		jo_object(&o.j);
		jo_put(&o.j, "href", "catalog.json");
		jo_put(&o.j, "media-type", "application/json");
		for (int i = 0; i < 5; i++)
			jo_end(&o.j);
		oscal_end(&o);
	}
	query_free(q);
	int done = oscal_done(&o);
	free(title);
	free(own);
	free(name);
	return r < 0 ? r : done;
}
