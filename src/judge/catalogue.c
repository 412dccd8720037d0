/* SPDX-License-Identifier: Apache-2.0 */
#include "judge/catalogue.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/csv.h"
#include "codec/i18n.h"
#include "codec/span.h"
#include "codec/yaml.h"
#include "judge/arena.h"

enum {
	DATA_MAX = 4 * 1024 * 1024, /* bytes of one CSV file */
	DATA_COLUMNS_MAX = 16,
	ID_MAX = 64,
};

/* ---- words ---- */

static const char *const severities[] = { "info", "low", "medium", "high", "critical" };
static const char *const assesses[] = { "none", "indirect", "direct" };

const char *severity_word(enum severity s)
{
	return s < SEVERITIES ? severities[s] : "info";
}

enum severity severity_of_word(const char *word)
{
	for (size_t i = 0; i < SEVERITIES; i++)
		if (strcmp(severities[i], word) == 0)
			return (enum severity)i;
	return SEVERITIES;
}

const char *assess_word(enum assess a)
{
	return a < ASSESSES ? assesses[a] : "none";
}

/* ---- small parts ---- */

/* What is read into: memory that runs out shows once, at the end. */
struct loader {
	struct catalogue *catalogue;
	struct complaints *complaints;
	struct arena *arena;
	size_t check_room, scope_room;
	bool no_memory;
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

static void *keep_array(struct loader *l, size_t count, size_t size)
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
	w.list = keep_array(l, yn_count(n), sizeof(*w.list));
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
	w.list = keep_array(l, count, sizeof(*w.list));
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
	void *larger = keep_array(l, more, size);
	if (larger == NULL)
		return NULL;
	if (count > 0)
		memcpy(larger, list, count * size);
	*room = more;
	return larger;
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

static void read_checks(struct loader *l, const char *path)
{
	struct yfile *f = yf_open(path, l->complaints);

	if (f == NULL)
		return;
	if (yn_list(yf_root(f)))
		for (size_t i = 0; i < yn_count(yf_root(f)); i++)
			read_check(l, yn_at(yf_root(f), i));
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

static void read_scopes(struct loader *l, const char *path)
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

static bool sound_name(const char *text)
{
	size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_");

	return n > 0 && n <= ID_MAX && text[n] == '\0';
}

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
		struct words row = { .list = keep_array(l, count, sizeof(*row.list)) };
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

static void read_list(struct loader *l, const char *path, const char *name, struct data_list *list)
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
	list->columns.list = keep_array(l, count, sizeof(*list->columns.list));
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
	struct words *list = keep_array(l, yn_count(n), sizeof(*list));
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
		if (strcmp(assess, assesses[i]) == 0)
			item.assess = (enum assess)i;
	if (item.assess == ASSESSES) {
		if (assess != NULL)
			yn_complain(yn_get(n, "assess"),
				    _("is 'direct', 'indirect' or 'none', not '%s'"), assess);
		item.assess = ASSESS_NONE;
	}
	struct words scope = read_words(l, yn_get(n, "scope"));
	item.scope = keep_array(l, scope.count, sizeof(*item.scope));
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
	ret->items = keep_array(l, yn_count(items), sizeof(*ret->items));
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

static void read_guideline(struct loader *l, const char *path, const char *name)
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
		g->controls = keep_array(l, yn_count(controls), sizeof(*g->controls));
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

/* ---- folders ---- */

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void free_names(char **list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(list[i]);
	free(list);
}

/* The names of the folder's files with this ending, without it, sorted. 0 or negative errno. */
static int names_in(const char *folder, const char *ending, char ***ret_list, size_t *ret_count)
{
	DIR *d = opendir(folder);
	char **list = NULL;
	size_t count = 0;
	int r = 0;

	if (d == NULL)
		return -errno;
	for (struct dirent *e; (e = readdir(d)) != NULL;) {
		size_t n = strlen(e->d_name), m = strlen(ending);

		if (e->d_name[0] == '.' || n <= m || strcmp(e->d_name + n - m, ending) != 0)
			continue;
		char **more = reallocarray(list, count + 1, sizeof(*list));
		char *name = strndup(e->d_name, n - m);
		if (more != NULL)
			list = more;
		if (more == NULL || name == NULL) {
			free(name);
			r = -ENOMEM;
			break;
		}
		list[count++] = name;
	}
	closedir(d);
	if (r < 0) {
		free_names(list, count);
		return r;
	}
	if (count > 0)
		qsort(list, count, sizeof(*list), by_name);
	*ret_list = list;
	*ret_count = count;
	return 0;
}

int catalogue_names(const char *dir, char ***ret_list, size_t *ret_count)
{
	char *folder = NULL;

	if (asprintf(&folder, "%s/profiles/guidelines", dir) < 0)
		return -ENOMEM;
	int r = names_in(folder, ".yaml", ret_list, ret_count);
	free(folder);
	return r;
}

/* Calls read() with each file's path and name. */
static void each_file(struct loader *l, const char *dir, const char *folder, const char *ending,
		      void (*read)(struct loader *l, const char *path, const char *name,
				   size_t place),
		      void (*prepare)(struct loader *l, size_t count))
{
	char *path = NULL, **names = NULL;
	size_t count = 0;
	int r = asprintf(&path, "%s/profiles/%s", dir, folder) < 0
			? -ENOMEM
			: names_in(path, ending, &names, &count);

	if (r < 0) {
		complain(l->complaints, r == -ENOMEM ? NULL : path, 0, _("cannot be read: %s"),
			 strerror(-r));
		if (r != -ENOMEM)
			free(path);
		return;
	}
	if (prepare != NULL)
		prepare(l, count);
	for (size_t i = 0; i < count; i++) {
		char *file = NULL;

		if (asprintf(&file, "%s/%s%s", path, names[i], ending) < 0) {
			l->no_memory = true;
			break;
		}
		read(l, file, names[i], i);
		free(file);
	}
	free_names(names, count);
	free(path);
}

static void read_check_file(struct loader *l, const char *path, const char *name, size_t place)
{
	(void)name, (void)place;
	read_checks(l, path);
}

static void prepare_lists(struct loader *l, size_t count)
{
	l->catalogue->lists = keep_array(l, count, sizeof(*l->catalogue->lists));
}

static void read_list_file(struct loader *l, const char *path, const char *name, size_t place)
{
	struct catalogue *c = l->catalogue;

	(void)place;
	if (c->lists == NULL)
		return;
	read_list(l, path, name, &c->lists[c->list_count]);
	if (c->lists[c->list_count].table != NULL)
		c->list_count++;
}

static void unknown_guideline(struct loader *l, const char *dir, const char *name)
{
	char **names = NULL;
	size_t count = 0;
	char known[512] = "";

	if (catalogue_names(dir, &names, &count) == 0) {
		for (size_t i = 0, n = 0; i < count && n < sizeof(known); i++)
			n += (size_t)snprintf(known + n, sizeof(known) - n, "%s%s",
					      i > 0 ? ", " : "", names[i]);
		free_names(names, count);
	}
	complain(l->complaints, NULL, 0, _("there is no guideline '%s'; known: %s"), name, known);
}

static void read_named_guideline(struct loader *l, const char *dir, const char *name)
{
	char **names = NULL, *path = NULL;
	size_t count = 0;
	bool known = false;

	for (size_t i = 0; i < l->catalogue->guideline_count; i++)
		if (strcmp(l->catalogue->guidelines[i].id, name) == 0)
			return; /* named twice */
	/* Only what the folder holds: a name is no path. */
	if (catalogue_names(dir, &names, &count) == 0) {
		for (size_t i = 0; i < count; i++)
			known |= strcmp(names[i], name) == 0;
		free_names(names, count);
	}
	if (!known) {
		unknown_guideline(l, dir, name);
	} else if (asprintf(&path, "%s/profiles/guidelines/%s.yaml", dir, name) < 0) {
		l->no_memory = true;
	} else {
		read_guideline(l, path, name);
		free(path);
	}
}

static int by_check_id(const void *a, const void *b)
{
	return strcmp(((const struct check *)a)->id, ((const struct check *)b)->id);
}

static int by_scope_word(const void *a, const void *b)
{
	return strcmp(((const struct scope_word *)a)->word, ((const struct scope_word *)b)->word);
}

int catalogue_load(const char *dir, const char *const *guidelines, size_t guideline_count,
		   const char *const *more, size_t more_count, struct catalogue *ret,
		   struct complaints *c)
{
	struct loader l = { .catalogue = ret, .complaints = c };
	size_t before = c->count;
	char *scopes = NULL;

	*ret = (struct catalogue){ .arena = arena_new() };
	if (ret->arena == NULL)
		return -ENOMEM;
	l.arena = ret->arena;
	ret->guidelines = keep_array(&l, guideline_count, sizeof(*ret->guidelines));
	if (ret->guidelines == NULL || asprintf(&scopes, "%s/profiles/scopes.yaml", dir) < 0)
		return -ENOMEM;
	each_file(&l, dir, "checks", ".yaml", read_check_file, NULL);
	each_file(&l, dir, "data", ".csv", read_list_file, prepare_lists);
	for (size_t i = 0; i < more_count; i++)
		read_checks(&l, more[i]);
	read_scopes(&l, scopes);
	free(scopes);
	for (size_t i = 0; i < guideline_count; i++)
		read_named_guideline(&l, dir, guidelines[i]);
	if (ret->check_count > 0)
		qsort(ret->checks, ret->check_count, sizeof(*ret->checks), by_check_id);
	if (ret->scope_count > 0)
		qsort(ret->scopes, ret->scope_count, sizeof(*ret->scopes), by_scope_word);
	if (l.no_memory)
		return -ENOMEM;
	return c->count > before ? -EINVAL : 0;
}

void catalogue_done(struct catalogue *c)
{
	arena_free(c->arena);
	*c = (struct catalogue){ 0 };
}

/* ---- finding ---- */

const struct check *catalogue_check(const struct catalogue *c, const char *id)
{
	const struct check key = { .id = id };

	return c->check_count == 0
		       ? NULL
		       : bsearch(&key, c->checks, c->check_count, sizeof(key), by_check_id);
}

const struct scope_word *catalogue_scope(const struct catalogue *c, const char *word)
{
	const struct scope_word key = { .word = word };
	const struct scope_word *found =
		c->scope_count == 0
			? NULL
			: bsearch(&key, c->scopes, c->scope_count, sizeof(key), by_scope_word);

	if (found == NULL && strncmp(word, "declared:", 9) == 0 && word[9] != '\0' &&
	    strcmp(word, "declared:*") != 0)
		return catalogue_scope(c, "declared:*");
	return found;
}

const struct guideline *catalogue_guideline(const struct catalogue *c, const char *id)
{
	for (size_t i = 0; i < c->guideline_count; i++)
		if (strcmp(c->guidelines[i].id, id) == 0)
			return &c->guidelines[i];
	return NULL;
}

const struct item *guideline_item(const struct guideline *g, const char *id,
				  const struct control **ret_control)
{
	for (size_t i = 0; i < g->control_count; i++) {
		for (size_t k = 0; k < g->controls[i].item_count; k++) {
			if (strcmp(g->controls[i].items[k].id, id) == 0) {
				if (ret_control != NULL)
					*ret_control = &g->controls[i];
				return &g->controls[i].items[k];
			}
		}
	}
	return NULL;
}

/* ---- cross-check ---- */

static bool both_languages(const struct bilingual *b)
{
	return *b->en != '\0' && *b->ja != '\0' && b->en != b->ja;
}

static void cross_check_item(const struct catalogue *c, const struct guideline *g,
			     const struct item *item, struct complaints *complaints)
{
	for (size_t i = 0; i < item->checks.count; i++)
		if (catalogue_check(c, item->checks.list[i]) == NULL)
			complain(complaints, g->file, item->line,
				 _("item '%s': there is no check '%s'"), item->id,
				 item->checks.list[i]);
	for (size_t i = 0; i < item->scope_count; i++)
		for (size_t k = 0; k < item->scope[i].count; k++)
			if (catalogue_scope(c, item->scope[i].list[k]) == NULL)
				complain(complaints, g->file, item->line,
					 _("item '%s': there is no scope word '%s'"), item->id,
					 item->scope[i].list[k]);
	for (size_t i = 0; i < item->alternative_count; i++) {
		for (size_t k = 0; k < item->alternatives[i].count; k++) {
			const char *id = item->alternatives[i].list[k];
			const struct item *other = guideline_item(g, id, NULL);

			if (other == NULL)
				complain(complaints, g->file, item->line,
					 _("item '%s': the alternative '%s' is no item"), item->id,
					 id);
			else if (other->alternative_count > 0)
				complain(complaints, g->file, item->line,
					 _("item '%s': the alternative '%s' has alternatives "
					   "itself"),
					 item->id, id);
		}
	}
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
