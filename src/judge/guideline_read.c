/* SPDX-License-Identifier: Apache-2.0 */
/* A guideline's file: its head, controls and items. */
#include "judge/catalogue_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/i18n.h"
#include "codec/span.h"
#include "codec/yaml.h"

static struct words *read_alternatives(struct loader *l, struct ynode n, size_t *ret_count)
{
	*ret_count = 0;
	if (!yn_given(n) || !yn_list(n))
		return NULL;
	struct words *list = catalogue_array(l, yn_count(n), sizeof(*list));
	for (size_t i = 0; list != NULL && i < yn_count(n); i++) {
		list[*ret_count] = catalogue_words(l, yn_at(n, i));
		if (list[*ret_count].count > 0)
			(*ret_count)++;
	}
	return list;
}

/* ---- figures ---- */

static const char *const measure_words[MEASURES] = { "max_interval", "retention", "min_count",
						     "min_per_year" };

const char *measure_word(enum item_measure m)
{
	return m < MEASURES ? measure_words[m] : "";
}

/* A period with one designator (ISO 8601, 5.5.2.2): "P6M". */
static bool read_period(const char *text, struct item_threshold *ret)
{
	size_t n = *text == 'P' ? strspn(text + 1, "0123456789") : 0;

	if (n == 0 || n > 4 || strchr("DWMY", text[1 + n]) == NULL || text[1 + n] == '\0' ||
	    text[2 + n] != '\0')
		return false;
	ret->number = (unsigned)strtoul(text + 1, NULL, 10);
	ret->unit = text[1 + n];
	return ret->number > 0;
}

/* {max_interval: P6M, min_count: 1} */
static void read_thresholds(struct loader *l, struct ynode n, struct item *item)
{
	static const char *const keys[] = { "max_interval", "retention", "min_count",
					    "min_per_year", "site",      NULL };

	if (!yn_given(n) || !yn_map(n, keys))
		return;
	item->figure = catalogue_keep(l, yn_text(yn_get(n, "site")));
	item->thresholds = catalogue_array(l, MEASURES, sizeof(*item->thresholds));
	for (size_t i = 0; item->thresholds != NULL && i < MEASURES; i++) {
		struct ynode value = yn_get(n, measure_words[i]);
		struct item_threshold t = { .measure = (enum item_measure)i };
		uint64_t number = 0;

		if (!yn_given(value))
			continue;
		if (i == MEASURE_MIN_COUNT || i == MEASURE_MIN_PER_YEAR) {
			if (!yn_number(value, 1, 1000, &number))
				continue;
			t.number = (unsigned)number;
		} else {
			const char *text = yn_text(value);

			if (text == NULL)
				continue;
			if (!read_period(text, &t)) {
				yn_complain(value, _("is a period like P6M or P1Y, not '%s'"),
					    text);
				continue;
			}
		}
		item->thresholds[item->threshold_count++] = t;
	}
}

const char *threshold_text(const struct item_threshold *t, bool japanese,
			   char text[static THRESHOLD_TEXT])
{
	static const struct {
		char unit;
		const char *one, *many, *ja;
	} units[] = {
		{ 'D', "day", "days", "日" },
		{ 'W', "week", "weeks", "週間" },
		{ 'M', "month", "months", "か月" },
		{ 'Y', "year", "years", "年" },
	};
	size_t u = 0;

	while (u + 1 < countof(units) && units[u].unit != t->unit)
		u++;
	const char *unit = t->number == 1 ? units[u].one : units[u].many;
	const char *times = t->number == 1 ? "time" : "times";
	if (t->measure == MEASURE_MAX_INTERVAL && japanese)
		snprintf(text, THRESHOLD_TEXT, "%u%sに1回以上", t->number, units[u].ja);
	else if (t->measure == MEASURE_MAX_INTERVAL && t->number == 1)
		snprintf(text, THRESHOLD_TEXT, "at least once a %s", unit);
	else if (t->measure == MEASURE_MAX_INTERVAL)
		snprintf(text, THRESHOLD_TEXT, "at least once in %u %s", t->number, unit);
	else if (t->measure == MEASURE_RETENTION)
		snprintf(text, THRESHOLD_TEXT, japanese ? "%u%s以上保管" : "kept at least %u %s",
			 t->number, japanese ? units[u].ja : unit);
	else if (t->measure == MEASURE_MIN_PER_YEAR)
		snprintf(text, THRESHOLD_TEXT, japanese ? "年に%u回以上" : "at least %u %s a year",
			 t->number, times);
	else
		snprintf(text, THRESHOLD_TEXT, japanese ? "%u回以上" : "at least %u %s", t->number,
			 times);
	return text;
}

/* ---- items and controls ---- */

/* "condition+criterion": words of which each is known. */
static bool basis_known(const char *basis)
{
	static const char *const known[] = { "condition", "criterion", "guidance", "example" };

	for (const char *at = basis;;) {
		size_t n = strcspn(at, "+"), i = 0;

		while (i < countof(known) &&
		       (strlen(known[i]) != n || strncmp(known[i], at, n) != 0))
			i++;
		if (i == countof(known))
			return false;
		if (at[n] == '\0')
			return true;
		at += n + 1;
	}
}

static void read_item(struct loader *l, struct ynode n, struct item *ret)
{
	static const char *const keys[] = {
		"id",   "en",    "ja",           "assess", "checks",    "later",    "scope", "note",
		"when", "needs", "alternatives", "basis",  "threshold", "polarity", NULL
	};

	if (!yn_map(n, keys))
		return;
	struct item item = {
		.id = catalogue_need_text(l, n, "id"),
		.text = { catalogue_need_text(l, n, "en"), catalogue_need_text(l, n, "ja") },
		.note = catalogue_bilingual(l, yn_get(n, "note")),
		.checks = catalogue_words(l, yn_need(n, "checks")),
		.later = catalogue_words(l, yn_get(n, "later")),
		.when = catalogue_keep(l, yn_text(yn_get(n, "when"))),
		.needs = catalogue_words(l, yn_get(n, "needs")),
		.basis = catalogue_keep(l, yn_text(yn_get(n, "basis"))),
		.line = yn_line(n),
	};
	const char *assess = yn_text(yn_need(n, "assess"));
	item.assess = ASSESSES;
	for (size_t i = 0; assess != NULL && i < ASSESSES; i++)
		if (strcmp(assess, assess_word((enum assess)i)) == 0)
			item.assess = (enum assess)i;
	if (item.assess == ASSESSES) {
		if (assess != NULL)
			yn_complain(yn_get(n, "assess"),
				    _("is 'direct', 'indirect' or 'none', not '%s'"), assess);
		item.assess = ASSESS_NONE;
	}
	struct words scope = catalogue_words(l, yn_get(n, "scope"));
	item.scope = catalogue_array(l, scope.count, sizeof(*item.scope));
	for (size_t i = 0; item.scope != NULL && i < scope.count; i++)
		item.scope[item.scope_count++] = catalogue_split(l, scope.list[i]);
	for (size_t i = 0; i < item.needs.count; i++)
		if (!need_known(item.needs.list[i]))
			yn_complain(yn_at(yn_get(n, "needs"), i),
				    _("'%s' is no need that is known"), item.needs.list[i]);
	item.alternatives =
		read_alternatives(l, yn_get(n, "alternatives"), &item.alternative_count);
	if (item.basis != NULL && !basis_known(item.basis))
		yn_complain(yn_get(n, "basis"),
			    _("is 'condition', 'criterion', 'guidance' or 'example', not '%s'"),
			    item.basis);
	const char *polarity = yn_text(yn_get(n, "polarity"));
	for (size_t i = 0; polarity != NULL && i < POLARITIES; i++)
		if (strcmp(polarity, polarity_word((enum polarity)i)) == 0)
			item.polarity = (enum polarity)i;
	if (polarity != NULL && strcmp(polarity, polarity_word(item.polarity)) != 0)
		yn_complain(yn_get(n, "polarity"),
			    _("is 'measure', 'deficiency' or 'alternative', not '%s'"), polarity);
	read_thresholds(l, yn_get(n, "threshold"), &item);
	*ret = item;
}

/* {no: "17", ja: ..., en: ...} */
static void read_label(struct loader *l, struct ynode n, struct control *ret)
{
	static const char *const keys[] = { "no", "en", "ja", NULL };

	ret->label_no = "";
	ret->label = (struct bilingual){ "", "" };
	if (!yn_given(n) || !yn_map(n, keys))
		return;
	ret->label_no = catalogue_need_text(l, n, "no");
	ret->label = (struct bilingual){ catalogue_need_text(l, n, "en"),
					 catalogue_need_text(l, n, "ja") };
}

static void read_control(struct loader *l, struct ynode n, struct control *ret)
{
	static const char *const keys[] = { "id",    "title", "kind", "level", "mandatory", "label",
					    "scope", "page",  "note", "items", NULL };

	if (!yn_map(n, keys))
		return;
	ret->id = catalogue_need_text(l, n, "id");
	ret->title = catalogue_bilingual(l, yn_need(n, "title"));
	ret->kind = catalogue_need_text(l, n, "kind");
	ret->level = catalogue_need_text(l, n, "level");
	ret->note = catalogue_bilingual(l, yn_get(n, "note"));
	ret->scope = catalogue_bilingual(l, yn_get(n, "scope"));
	yn_bool(yn_get(n, "mandatory"), &ret->mandatory);
	ret->line = yn_line(n);
	read_label(l, yn_get(n, "label"), ret);
	uint64_t page = 0;
	if (yn_number(yn_get(n, "page"), 1, 9999, &page))
		ret->page = (unsigned)page;
	struct ynode items = yn_need(n, "items");
	if (!yn_given(items) || !yn_list(items))
		return;
	ret->items = catalogue_array(l, yn_count(items) + 1, sizeof(*ret->items));
	for (size_t i = 0; ret->items != NULL && i < yn_count(items); i++) {
		struct item *item = &ret->items[ret->item_count];

		read_item(l, yn_at(items, i), item);
		if (item->id != NULL && *item->id != '\0')
			ret->item_count++;
	}
	/* A heading that the source does not treat must not vanish from the reports. */
	if (ret->items != NULL && yn_count(items) == 0)
		ret->items[ret->item_count++] = (struct item){ .id = ret->id,
							       .text = ret->title,
							       .note = { "", "" },
							       .untreated = true,
							       .line = ret->line };
}

static int by_id(const void *a, const void *b)
{
	return strcmp((*(const struct item *const *)a)->id, (*(const struct item *const *)b)->id);
}

static void find_twins(struct loader *l, const struct guideline *g)
{
	const struct item **all = calloc(g->item_count + 1, sizeof(*all));
	size_t count = 0;

	if (all == NULL) {
		l->no_memory = true;
		return;
	}
	for (size_t i = 0; i < g->control_count; i++)
		for (size_t k = 0; k < g->controls[i].item_count; k++)
			all[count++] = &g->controls[i].items[k];
	qsort(all, count, sizeof(*all), by_id);
	for (size_t i = 1; i < count; i++)
		if (strcmp(all[i - 1]->id, all[i]->id) == 0)
			complain(l->complaints, g->file, all[i]->line,
				 _("item '%s' stands here twice"), all[i]->id);
	free(all);
}

/* - {no: FIG, ja: ..., en: ...} */
static void read_chapters(struct loader *l, struct ynode n, struct guideline *g)
{
	static const char *const keys[] = { "no", "en", "ja", NULL };

	if (!yn_given(n) || !yn_list(n))
		return;
	g->chapters = catalogue_array(l, yn_count(n), sizeof(*g->chapters));
	for (size_t i = 0; g->chapters != NULL && i < yn_count(n); i++) {
		struct ynode one = yn_at(n, i);

		if (yn_map(one, keys))
			g->chapters[g->chapter_count++] = (struct chapter){
				.no = catalogue_need_text(l, one, "no"),
				.title = { catalogue_need_text(l, one, "en"),
					   catalogue_need_text(l, one, "ja") },
			};
	}
}

void catalogue_read_guideline(struct loader *l, const char *path, const char *name)
{
	static const char *const top[] = { "guideline", "controls", NULL };
	static const char *const keys[] = { "id",        "title",  "version",  "date",
					    "publisher", "origin", "terms",    "source_note",
					    "sector",    "status", "chapters", NULL };
	struct guideline *g = &l->catalogue->guidelines[l->catalogue->guideline_count];
	struct yfile *f = yf_open(path, l->complaints);

	if (f == NULL)
		return;
	struct ynode root = yf_root(f);
	struct ynode head = yn_map(root, top) ? yn_need(root, "guideline") : (struct ynode){ 0 };
	if (!yn_given(head) || !yn_map(head, keys)) {
		yf_close(f);
		return;
	}
	g->file = catalogue_keep(l, path);
	g->id = catalogue_need_text(l, head, "id");
	g->title = catalogue_bilingual(l, yn_need(head, "title"));
	g->version = catalogue_need_text(l, head, "version");
	g->date = catalogue_need_text(l, head, "date");
	g->publisher = catalogue_bilingual(l, yn_need(head, "publisher"));
	g->origin = catalogue_bilingual(l, yn_get(head, "origin"));
	g->terms = catalogue_bilingual(l, yn_get(head, "terms"));
	g->source_note = catalogue_bilingual(l, yn_get(head, "source_note"));
	g->status = catalogue_bilingual(l, yn_get(head, "status"));
	read_chapters(l, yn_get(head, "chapters"), g);
	g->sector = catalogue_keep(l, yn_text(yn_get(head, "sector")));
	if (g->sector == NULL)
		g->sector = "all";
	g->line = yn_line(yn_get(head, "id"));
	/* Exports make ids of it that begin with a letter and part it from what follows by '_'. */
	if (name == NULL && (!catalogue_sound_id(g->id) || strchr(g->id, '_') != NULL ||
			     g->id[0] < 'a' || strcmp(g->id, "all") == 0))
		yn_complain(yn_get(head, "id"),
			    _("begins with a small letter and is made of those, digits, '.' and "
			      "'-', not '%s'"),
			    g->id);
	else if (name != NULL && strcmp(g->id, name) != 0)
		yn_complain(yn_get(head, "id"), _("is '%s', the file is called '%s'"), g->id, name);
	struct ynode controls = yn_need(root, "controls");
	if (yn_given(controls) && yn_list(controls)) {
		g->controls = catalogue_array(l, yn_count(controls), sizeof(*g->controls));
		for (size_t i = 0; g->controls != NULL && i < yn_count(controls); i++) {
			struct control *control = &g->controls[g->control_count];

			read_control(l, yn_at(controls, i), control);
			if (control->id != NULL && *control->id != '\0') {
				g->control_count++;
				g->item_count += control->item_count;
				g->untreated_count +=
					control->item_count == 1 && control->items[0].untreated;
			}
		}
	}
	find_twins(l, g);
	l->catalogue->guideline_count++;
	yf_close(f);
}
