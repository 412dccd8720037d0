/* SPDX-License-Identifier: Apache-2.0 */
/* One file of the catalogue: checks, scopes, a list. */
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

const char *catalogue_keep(struct loader *l, const char *text)
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

const char *catalogue_need_text(struct loader *l, struct ynode map, const char *key)
{
	const char *text = catalogue_keep(l, yn_text(yn_need(map, key)));

	return text != NULL ? text : "";
}

bool catalogue_null(struct ynode n)
{
	const char *text = yn_is_text(n) ? yn_text_any(n) : NULL;

	return text != NULL &&
	       (strcmp(text, "null") == 0 || strcmp(text, "~") == 0 || *text == '\0');
}

struct bilingual catalogue_bilingual(struct loader *l, struct ynode n)
{
	static const char *const keys[] = { "en", "ja", NULL };
	struct bilingual b = { "", "" };

	if (!yn_given(n) || catalogue_null(n))
		return b;
	if (yn_is_text(n)) {
		b.en = b.ja = catalogue_keep(l, yn_text(n));
	} else if (yn_map(n, keys)) {
		const char *en = catalogue_keep(l, yn_text(yn_get(n, "en")));
		const char *ja = catalogue_keep(l, yn_text(yn_get(n, "ja")));

		b.en = en != NULL ? en : ja;
		b.ja = ja != NULL ? ja : en;
	}
	return (struct bilingual){ b.en != NULL ? b.en : "", b.ja != NULL ? b.ja : "" };
}

struct words catalogue_words(struct loader *l, struct ynode n)
{
	struct words w = { 0 };

	if (!yn_given(n) || catalogue_null(n) || !yn_list(n))
		return w;
	w.list = catalogue_array(l, yn_count(n), sizeof(*w.list));
	for (size_t i = 0; w.list != NULL && i < yn_count(n); i++) {
		const char *text = catalogue_keep(l, yn_text(yn_at(n, i)));

		if (text != NULL)
			w.list[w.count++] = text;
	}
	return w;
}

struct words catalogue_split(struct loader *l, const char *text)
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

bool catalogue_sound_id(const char *id)
{
	size_t n = strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789.-_");

	return n > 0 && n <= ID_MAX && id[n] == '\0';
}

static void read_check(struct loader *l, struct ynode n)
{
	static const char *const keys[] = { "id",  "severity", "needs",  "title",    "remedy",
					    "sql", "seen",     "unseen", "concerns", NULL };
	struct catalogue *c = l->catalogue;

	if (!yn_map(n, keys))
		return;
	struct check check = {
		.id = catalogue_need_text(l, n, "id"),
		.severity = SEVERITY_MEDIUM,
		.needs = catalogue_words(l, yn_need(n, "needs")),
		.title = catalogue_bilingual(l, yn_need(n, "title")),
		.remedy = catalogue_bilingual(l, yn_need(n, "remedy")),
		.file = catalogue_keep(l, yf_path(n.file)),
		.line = yn_line(n),
	};
	const char *severity = yn_text(yn_need(n, "severity"));
	if (severity != NULL && (check.severity = severity_of_word(severity)) == SEVERITIES) {
		yn_complain(yn_get(n, "severity"),
			    _("is 'info', 'low', 'medium', 'high' or 'critical', not '%s'"),
			    severity);
		check.severity = SEVERITY_MEDIUM;
	}
	const char *concerns = yn_text(yn_get(n, "concerns"));
	check.of_zone = concerns != NULL && strcmp(concerns, "zone") == 0;
	check.of_site = concerns != NULL && strcmp(concerns, "site") == 0;
	if (concerns != NULL && !check.of_zone && !check.of_site)
		yn_complain(yn_get(n, "concerns"), _("is 'zone' or 'site', not '%s'"), concerns);
	struct ynode sql = yn_need(n, "sql");
	check.sql_line = yn_line(sql);
	if (yn_given(sql) && !catalogue_null(sql))
		check.sql = catalogue_keep(l, yn_text(sql));
	struct ynode seen = yn_get(n, "seen");
	check.seen_line = yn_line(seen);
	if (yn_given(seen))
		check.seen = catalogue_keep(l, yn_text(seen));
	check.unseen = catalogue_bilingual(l, yn_get(n, "unseen"));
	if ((check.seen != NULL) != (*check.unseen.en != '\0'))
		yn_complain(n, _("'seen' and 'unseen' belong together"));
	for (size_t i = 0; i < check.needs.count; i++)
		if (!need_known(check.needs.list[i]))
			yn_complain(yn_at(yn_get(n, "needs"), i),
				    _("'%s' is no need that is known"), check.needs.list[i]);
	if (*check.id == '\0')
		return;
	if (!catalogue_sound_id(check.id)) {
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
	static const char *const keys[] = { "view", "index", "per", "sql", NULL };
	struct catalogue *c = l->catalogue;

	if (!yn_map(n, keys))
		return;
	struct check_view view = {
		.name = catalogue_need_text(l, n, "view"),
		.index = yn_given(yn_get(n, "index")) ? catalogue_need_text(l, n, "index") : NULL,
		.sql = catalogue_need_text(l, n, "sql"),
		.file = catalogue_keep(l, yf_path(n.file)),
		.line = yn_line(yn_get(n, "sql")),
	};
	if (view.index != NULL &&
	    strspn(view.index, "abcdefghijklmnopqrstuvwxyz0123456789_, ") != strlen(view.index)) {
		yn_complain(yn_get(n, "index"), _("is a list of columns, not '%s'"), view.index);
		return;
	}
	if (yn_given(yn_get(n, "per"))) {
		const char *per = catalogue_need_text(l, n, "per");

		if (per != NULL && strcmp(per, "document") != 0) {
			yn_complain(yn_get(n, "per"), _("is 'document', not '%s'"), per);
			return;
		}
		view.per_document = true;
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

static void read_scope(struct loader *l, struct ynode n)
{
	static const char *const keys[] = { "word", "title", "sql", NULL };
	struct catalogue *c = l->catalogue;

	if (!yn_map(n, keys))
		return;
	struct scope_word scope = {
		.word = catalogue_need_text(l, n, "word"),
		.sql = catalogue_need_text(l, n, "sql"),
		.title = catalogue_bilingual(l, yn_need(n, "title")),
		.file = catalogue_keep(l, yf_path(n.file)),
		.line = yn_line(yn_get(n, "sql")),
	};
	for (size_t i = 0; i < c->scope_count; i++) {
		if (strcmp(c->scopes[i].word, scope.word) == 0) {
			yn_complain(yn_get(n, "word"), _("'%s' stands in %s:%u already"),
				    scope.word, c->scopes[i].file, c->scopes[i].line);
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
			else if (yn_given(yn_get(n, "word")))
				read_scope(l, n);
			else
				read_check(l, n);
		}
	yf_close(f);
}

/* ---- scopes ---- */

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
			row.list[row.count] = catalogue_keep(l, fields[row.count]);
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
		list->columns.list[list->columns.count++] = catalogue_keep(l, fields[i]);
	}
	if (list->columns.count > 0) {
		read_rows(l, v, path, list);
		list->table = table;
	}
	csv_close(v);
}
