/* SPDX-License-Identifier: Apache-2.0 */
/* The catalogue: which files it is read from, finding in it, and whether it agrees with itself. */
#include "judge/catalogue_parts.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/i18n.h"

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
	catalogue_read_checks(l, path);
}

static void prepare_lists(struct loader *l, size_t count)
{
	l->catalogue->lists = catalogue_array(l, count, sizeof(*l->catalogue->lists));
}

static void read_list_file(struct loader *l, const char *path, const char *name, size_t place)
{
	struct catalogue *c = l->catalogue;

	(void)place;
	if (c->lists == NULL)
		return;
	catalogue_read_list(l, path, name, &c->lists[c->list_count]);
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
		catalogue_read_guideline(l, path, name);
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
	ret->guidelines = catalogue_array(&l, guideline_count, sizeof(*ret->guidelines));
	if (ret->guidelines == NULL || asprintf(&scopes, "%s/profiles/scopes.yaml", dir) < 0)
		return -ENOMEM;
	each_file(&l, dir, "checks", ".yaml", read_check_file, NULL);
	each_file(&l, dir, "data", ".csv", read_list_file, prepare_lists);
	ret->own_view_count = ret->view_count;
	for (size_t i = 0; i < more_count; i++)
		catalogue_read_checks(&l, more[i]);
	catalogue_read_scopes(&l, scopes);
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
