/* SPDX-License-Identifier: Apache-2.0 */
/* One file of the catalogue: checks, scopes, a list, a guideline. */
#include "judge/catalogue_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/csv.h"
#include "codec/i18n.h"
#include "codec/span.h"
#include "codec/yaml.h"

enum {
	DATA_MAX = 4 * 1024 * 1024, /* bytes of one CSV file */
	DATA_COLUMNS_MAX = 16,
	ID_MAX = 64,
};

static const char *keep(struct loader *l, const char *text)
{
	if (text == NULL)
		return NULL;
	const char *copy = arena_text(l->arena, text);
	if (copy == NULL)
		l->no_memory = true;
	return copy != NULL ? copy : "";
}

void *catalogue_array(struct loader *l, size_t count, size_t size)
{
	void *p = arena_array(l->arena, count, size);

	if (p == NULL)
		l->no_memory = true;
	return p;
}

static const char *need_text(struct loader *l, struct ynode map, const char *key)
{
	const char *text = keep(l, yn_text(yn_need(map, key)));

	return text != NULL ? text : "";
}

/* YAML's null, which the reader gives as its text. */
static bool is_null(struct ynode n)
{
	const char *text = yn_is_text(n) ? yn_text_any(n) : NULL;

	return text != NULL &&
	       (strcmp(text, "null") == 0 || strcmp(text, "~") == 0 || *text == '\0');
}

/* {en: ..., ja: ...}, or one text for both. A missing one is the other. */
static struct bilingual read_bilingual(struct loader *l, struct ynode n)
{
	static const char *const keys[] = { "en", "ja", NULL };
	struct bilingual b = { "", "" };

	if (!yn_given(n) || is_null(n))
		return b;
	if (yn_is_text(n)) {
		b.en = b.ja = keep(l, yn_text(n));
	} else if (yn_map(n, keys)) {
		const char *en = keep(l, yn_text(yn_get(n, "en")));
		const char *ja = keep(l, yn_text(yn_get(n, "ja")));

		b.en = en != NULL ? en : ja;
		b.ja = ja != NULL ? ja : en;
	}
	return (struct bilingual){ b.en != NULL ? b.en : "", b.ja != NULL ? b.ja : "" };
}

static struct words read_words(struct loader *l, struct ynode n)
{
	struct words w = { 0 };

	if (!yn_given(n) || is_null(n) || !yn_list(n))
		return w;
	w.list = catalogue_array(l, yn_count(n), sizeof(*w.list));
	for (size_t i = 0; w.list != NULL && i < yn_count(n); i++) {
		const char *text = keep(l, yn_text(yn_at(n, i)));

		if (text != NULL)
			w.list[w.count++] = text;
	}
	return w;
}

/* "a|b" as words. */
static struct words split_words(struct loader *l, const char *text)
{
	struct words w = { 0 };
	size_t count = 1;

	for (const char *p = text; *p != '\0'; p++)
		count += *p == '|';
	w.list = catalogue_array(l, count, sizeof(*w.list));
	for (const char *at = text; w.list != NULL && w.count < count;) {
		size_t n = strcspn(at, "|");
		char *word = arena_printf(l->arena, "%.*s", (int)n, at);

		if (word == NULL) {
			l->no_memory = true;
			break;
		}
		w.list[w.count++] = word;
		at += n + (at[n] == '|');
	}
	return w;
}

/* A member of a growing array in the arena. */
static void *grown(struct loader *l, void *list, size_t count, size_t *room, size_t size)
{
	if (count < *room)
		return list;
	size_t more = *room == 0 ? 64 : *room * 2;
	void *larger = catalogue_array(l, more, size);
	if (larger == NULL)
		return NULL;
	if (count > 0)
		memcpy(larger, list, count * size);
	*room = more;
	return larger;
}

/* A word that SQL takes as a name. */
static bool sound_name(const char *text)
{
	size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_");

	return n > 0 && n <= ID_MAX && text[n] == '\0';
}

/* ---- checks ---- */

/* "ssh.algorithm-weak": what fingerprints and tickets refer to. */
static bool sound_id(const char *id)
{
	size_t n = strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789.-_");

	return n > 0 && n <= ID_MAX && id[n] == '\0';
}

static void read_check(struct loader *l, struct ynode n)
{
	static const char *const keys[] = { "id",  "severity", "needs",  "title", "remedy",
					    "sql", "seen",     "unseen", NULL };
	struct catalogue *c = l->catalogue;

	if (!yn_map(n, keys))
		return;
	struct check check = {
		.id = need_text(l, n, "id"),
		.severity = SEVERITY_MEDIUM,
		.needs = read_words(l, yn_need(n, "needs")),
		.title = read_bilingual(l, yn_need(n, "title")),
		.remedy = read_bilingual(l, yn_need(n, "remedy")),
		.file = keep(l, yf_path(n.file)),
		.line = yn_line(n),
	};
	const char *severity = yn_text(yn_need(n, "severity"));
	if (severity != NULL && (check.severity = severity_of_word(severity)) == SEVERITIES) {
		yn_complain(yn_get(n, "severity"),
			    _("is 'info', 'low', 'medium', 'high' or 'critical', not '%s'"),
			    severity);
		check.severity = SEVERITY_MEDIUM;
	}
	struct ynode sql = yn_need(n, "sql");
	check.sql_line = yn_line(sql);
	if (yn_given(sql) && !is_null(sql))
		check.sql = keep(l, yn_text(sql));
	struct ynode seen = yn_get(n, "seen");
	check.seen_line = yn_line(seen);
	if (yn_given(seen))
		check.seen = keep(l, yn_text(seen));
	check.unseen = read_bilingual(l, yn_get(n, "unseen"));
	if ((check.seen != NULL) != (*check.unseen.en != '\0'))
		yn_complain(n, _("'seen' and 'unseen' belong together"));
	for (size_t i = 0; i < check.needs.count; i++)
		if (!need_known(check.needs.list[i]))
			yn_complain(yn_at(yn_get(n, "needs"), i),
				    _("'%s' is no need that is known"), check.needs.list[i]);
	if (*check.id == '\0')
		return;
	if (!sound_id(check.id)) {
		yn_complain(yn_get(n, "id"),
			    _("is made of small letters, digits, '.', '-' and '_', not '%s'"),
			    check.id);
		return;
	}
	for (size_t i = 0; i < c->check_count; i++) {
		if (strcmp(c->checks[i].id, check.id) == 0) {
			yn_complain(yn_get(n, "id"), _("'%s' stands in %s:%u already"), check.id,
				    c->checks[i].file, c->checks[i].line);
			return;
		}
	}
	struct check *list = grown(l, c->checks, c->check_count, &l->check_room, sizeof(*list));
	if (list == NULL)
		return;
	c->checks = list;
	c->checks[c->check_count++] = check;
}

static void read_view(struct loader *l, struct ynode n)
{
	static const char *const keys[] = { "view", "index", "sql", NULL };
	struct catalogue *c = l->catalogue;

	if (!yn_map(n, keys))
		return;
	struct check_view view = {
		.name = need_text(l, n, "view"),
		.index = yn_given(yn_get(n, "index")) ? need_text(l, n, "index") : NULL,
		.sql = need_text(l, n, "sql"),
		.file = keep(l, yf_path(n.file)),
		.line = yn_line(yn_get(n, "sql")),
	};
	if (view.index != NULL &&
	    strspn(view.index, "abcdefghijklmnopqrstuvwxyz0123456789_, ") != strlen(view.index)) {
		yn_complain(yn_get(n, "index"), _("is a list of columns, not '%s'"), view.index);
		return;
	}
	if (!sound_name(view.name)) {
		yn_complain(yn_get(n, "view"),
			    _("is made of small letters, digits and '_', not '%s'"), view.name);
		return;
	}
	struct check_view *list = grown(l, c->views, c->view_count, &l->view_room, sizeof(*list));
	if (list == NULL)
		return;
	c->views = list;
	c->views[c->view_count++] = view;
}

void catalogue_read_checks(struct loader *l, const char *path)
{
	struct yfile *f = yf_open(path, l->complaints);

	if (f == NULL)
		return;
	if (yn_list(yf_root(f)))
		for (size_t i = 0; i < yn_count(yf_root(f)); i++) {
			struct ynode n = yn_at(yf_root(f), i);

			if (yn_given(yn_get(n, "view")))
				read_view(l, n);
			else
				read_check(l, n);
		}
	yf_close(f);
}

/* ---- scopes ---- */

static void read_scope(struct loader *l, struct ynode n)
{
	static const char *const keys[] = { "word", "title", "sql", NULL };
	struct catalogue *c = l->catalogue;

	if (!yn_map(n, keys))
		return;
	struct scope_word scope = {
		.word = need_text(l, n, "word"),
		.sql = need_text(l, n, "sql"),
		.title = read_bilingual(l, yn_need(n, "title")),
		.file = keep(l, yf_path(n.file)),
		.line = yn_line(yn_get(n, "sql")),
	};
	for (size_t i = 0; i < c->scope_count; i++) {
		if (strcmp(c->scopes[i].word, scope.word) == 0) {
			yn_complain(yn_get(n, "word"), _("'%s' stands here twice"), scope.word);
			return;
		}
	}
	struct scope_word *list =
		grown(l, c->scopes, c->scope_count, &l->scope_room, sizeof(*list));
	if (list == NULL)
		return;
	c->scopes = list;
	if (*scope.word != '\0')
		c->scopes[c->scope_count++] = scope;
}

void catalogue_read_scopes(struct loader *l, const char *path)
{
	struct yfile *f = yf_open(path, l->complaints);

	if (f == NULL)
		return;
	if (yn_list(yf_root(f)))
		for (size_t i = 0; i < yn_count(yf_root(f)); i++)
			read_scope(l, yn_at(yf_root(f), i));
	yf_close(f);
}

/* ---- lists ---- */

static void read_rows(struct loader *l, struct csv *v, const char *path, struct data_list *list)
{
	const char *const *fields;
	size_t count, room = 0;

	while (csv_row(v, &fields, &count)) {
		if (count != list->columns.count) {
			complain(l->complaints, path, csv_line(v),
				 _("has %zu fields, the heading %zu"), count, list->columns.count);
			continue;
		}
		struct words row = { .list = catalogue_array(l, count, sizeof(*row.list)) };
		list->rows = grown(l, list->rows, list->row_count, &room, sizeof(*list->rows));
		if (list->rows == NULL || row.list == NULL) {
			list->row_count = 0;
			return;
		}
		for (; row.count < count; row.count++)
			row.list[row.count] = keep(l, fields[row.count]);
		list->rows[list->row_count++] = row;
	}
}

void catalogue_read_list(struct loader *l, const char *path, const char *name,
			 struct data_list *list)
{
	const char *const *fields;
	size_t count;
	char *table = arena_printf(l->arena, "data_%s", name);

	if (table == NULL) {
		l->no_memory = true;
		return;
	}
	for (char *p = table; *p != '\0'; p++)
		if (*p == '-')
			*p = '_';
	struct csv *v = csv_open(path, DATA_MAX, l->complaints);
	if (v == NULL)
		return;
	if (!csv_row(v, &fields, &count) || count > DATA_COLUMNS_MAX || !sound_name(table)) {
		complain(l->complaints, path, 1, _("has no heading, or more than %d columns"),
			 DATA_COLUMNS_MAX);
		csv_close(v);
		return;
	}
	list->columns.list = catalogue_array(l, count, sizeof(*list->columns.list));
	for (size_t i = 0; list->columns.list != NULL && i < count; i++) {
		if (!sound_name(fields[i]))
			complain(l->complaints, path, csv_line(v), _("'%s' is no name of a column"),
				 fields[i]);
		list->columns.list[list->columns.count++] = keep(l, fields[i]);
	}
	if (list->columns.count > 0) {
		read_rows(l, v, path, list);
		list->table = table;
	}
	csv_close(v);
}

/* ---- guidelines ---- */

static struct words *read_alternatives(struct loader *l, struct ynode n, size_t *ret_count)
{
	*ret_count = 0;
	if (!yn_given(n) || !yn_list(n))
		return NULL;
	struct words *list = catalogue_array(l, yn_count(n), sizeof(*list));
	for (size_t i = 0; list != NULL && i < yn_count(n); i++) {
		list[*ret_count] = read_words(l, yn_at(n, i));
		if (list[*ret_count].count > 0)
			(*ret_count)++;
	}
	return list;
}

static void read_item(struct loader *l, struct ynode n, struct item *ret)
{
	static const char *const keys[] = { "id",     "en",    "ja",           "assess",
					    "checks", "later", "scope",        "note",
					    "when",   "needs", "alternatives", NULL };

	if (!yn_map(n, keys))
		return;
	struct item item = {
		.id = need_text(l, n, "id"),
		.text = { need_text(l, n, "en"), need_text(l, n, "ja") },
		.note = read_bilingual(l, yn_get(n, "note")),
		.checks = read_words(l, yn_need(n, "checks")),
		.later = read_words(l, yn_get(n, "later")),
		.when = keep(l, yn_text(yn_get(n, "when"))),
		.needs = read_words(l, yn_get(n, "needs")),
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
	struct words scope = read_words(l, yn_get(n, "scope"));
	item.scope = catalogue_array(l, scope.count, sizeof(*item.scope));
	for (size_t i = 0; item.scope != NULL && i < scope.count; i++)
		item.scope[item.scope_count++] = split_words(l, scope.list[i]);
	for (size_t i = 0; i < item.needs.count; i++)
		if (!need_known(item.needs.list[i]))
			yn_complain(yn_at(yn_get(n, "needs"), i),
				    _("'%s' is no need that is known"), item.needs.list[i]);
	item.alternatives =
		read_alternatives(l, yn_get(n, "alternatives"), &item.alternative_count);
	*ret = item;
}

static void read_control(struct loader *l, struct ynode n, struct control *ret)
{
	static const char *const keys[] = { "id",        "title", "kind", "level",
					    "mandatory", "items", NULL };

	if (!yn_map(n, keys))
		return;
	ret->id = need_text(l, n, "id");
	ret->title = read_bilingual(l, yn_need(n, "title"));
	ret->kind = need_text(l, n, "kind");
	ret->level = need_text(l, n, "level");
	yn_bool(yn_get(n, "mandatory"), &ret->mandatory);
	ret->line = yn_line(n);
	struct ynode items = yn_need(n, "items");
	if (!yn_given(items) || !yn_list(items))
		return;
	ret->items = catalogue_array(l, yn_count(items), sizeof(*ret->items));
	for (size_t i = 0; ret->items != NULL && i < yn_count(items); i++) {
		struct item *item = &ret->items[ret->item_count];

		read_item(l, yn_at(items, i), item);
		if (item->id != NULL && *item->id != '\0')
			ret->item_count++;
	}
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

void catalogue_read_guideline(struct loader *l, const char *path, const char *name)
{
	static const char *const top[] = { "guideline", "controls", NULL };
	static const char *const keys[] = { "id",     "title", "version",     "date", "publisher",
					    "origin", "terms", "source_note", NULL };
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
	g->file = keep(l, path);
	g->id = need_text(l, head, "id");
	g->title = read_bilingual(l, yn_need(head, "title"));
	g->version = need_text(l, head, "version");
	g->date = need_text(l, head, "date");
	g->publisher = read_bilingual(l, yn_need(head, "publisher"));
	g->origin = read_bilingual(l, yn_get(head, "origin"));
	g->terms = read_bilingual(l, yn_get(head, "terms"));
	g->source_note = read_bilingual(l, yn_get(head, "source_note"));
	if (strcmp(g->id, name) != 0)
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
			}
		}
	}
	find_twins(l, g);
	l->catalogue->guideline_count++;
	yf_close(f);
}
