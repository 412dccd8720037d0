/* SPDX-License-Identifier: Apache-2.0 */
/* The catalogue: which files it is read from, finding in it, and whether it agrees with itself. */
#include "judge/catalogue_parts.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

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

const char *polarity_word(enum polarity p)
{
	static const char *const words[] = { "measure", "deficiency", "alternative" };

	return p < POLARITIES ? words[p] : "measure";
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

/* ---- guidelines ---- */

enum { OWN_ID = 64 }; /* bytes of an id */

/* What stands in the folder, and where the next guideline of a load goes. */
struct shelf {
	const char *dir;
	char **names;
	size_t count;
};

static bool on_shelf(const struct shelf *shelf, const char *name)
{
	for (size_t i = 0; i < shelf->count; i++)
		if (strcmp(shelf->names[i], name) == 0)
			return true;
	return false;
}

static void unknown_guideline(struct loader *l, const struct shelf *shelf, const char *name)
{
	char known[512] = "";

	for (size_t i = 0, n = 0; i < shelf->count && n < sizeof(known); i++)
		n += (size_t)snprintf(known + n, sizeof(known) - n, "%s%s", i > 0 ? ", " : "",
				      shelf->names[i]);
	complain(l->complaints, NULL, 0, _("there is no guideline '%s'; known: %s"), name, known);
}

static void read_shelved(struct loader *l, const struct shelf *shelf, const char *name)
{
	char *path = NULL;

	if (catalogue_guideline(l->catalogue, name) != NULL)
		return; /* named twice */
	/* Only what the folder holds: such a name is no path. */
	if (!on_shelf(shelf, name)) {
		unknown_guideline(l, shelf, name);
	} else if (asprintf(&path, "%s/profiles/guidelines/%s.yaml", shelf->dir, name) < 0) {
		l->no_memory = true;
	} else {
		catalogue_read_guideline(l, path, name);
		free(path);
	}
}

/* However they are written. */
static bool same_file(const char *a, const char *b)
{
	struct stat x, y;

	return strcmp(a, b) == 0 || (stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev &&
				     x.st_ino == y.st_ino);
}

/* What a guideline of the user's must not say: that something is law, and names that no export can hold. */
static void check_own(struct loader *l, const struct guideline *g)
{
	for (size_t i = 0; i < g->control_count; i++) {
		const struct control *control = &g->controls[i];

		if (control->mandatory)
			complain(l->complaints, g->file, control->line,
				 _("field 'mandatory': is for what the ministerial ordinance asks "
				   "(mlit-water); say 'level: required'"));
		if (strlen(control->id) > OWN_ID)
			complain(l->complaints, g->file, control->line,
				 _("field 'id': is longer than %d bytes"), OWN_ID);
		for (size_t k = 0; k < control->item_count; k++)
			if (strlen(control->items[k].id) > OWN_ID)
				complain(l->complaints, g->file, control->items[k].line,
					 _("field 'id': is longer than %d bytes"), OWN_ID);
	}
}

/* A file of the user's, read last of all that bear its id. */
static void read_own(struct loader *l, const struct shelf *shelf, const char *path)
{
	struct catalogue *c = l->catalogue;
	size_t before = c->guideline_count;

	for (size_t i = 0; i < before; i++)
		if (same_file(c->guidelines[i].file, path))
			return;
	catalogue_read_guideline(l, path, NULL);
	if (c->guideline_count == before)
		return;
	struct guideline *g = &c->guidelines[before];
	g->own = true;
	check_own(l, g);
	if (on_shelf(shelf, g->id))
		complain(l->complaints, path, g->line,
			 _("field 'id': '%s' is the name of a guideline that tenken brings"),
			 g->id);
	for (size_t i = 0; i < before; i++)
		if (strcmp(c->guidelines[i].id, g->id) == 0 && c->guidelines[i].own)
			complain(l->complaints, path, g->line,
				 _("field 'id': '%s' stands in %s already"), g->id,
				 c->guidelines[i].file);
}

/* Those of a sector before those for every sector. */
static int by_sector(const void *left, const void *right)
{
	const struct guideline *a = left, *b = right;
	int order = (strcmp(a->sector, "all") == 0) - (strcmp(b->sector, "all") == 0);

	return order != 0 ? order : strcmp(a->id, b->id);
}

static void read_all(struct loader *l, const struct shelf *shelf)
{
	struct catalogue *c = l->catalogue;
	size_t first = c->guideline_count;

	for (size_t i = 0; i < shelf->count; i++)
		read_shelved(l, shelf, shelf->names[i]);
	if (c->guideline_count > first)
		qsort(c->guidelines + first, c->guideline_count - first, sizeof(*c->guidelines),
		      by_sector);
}

static void read_guidelines(struct loader *l, const char *dir, const char *const *names,
			    size_t count)
{
	struct shelf shelf = { .dir = dir };
	int r = count > 0 ? catalogue_names(dir, &shelf.names, &shelf.count) : 0;

	if (r < 0)
		complain(l->complaints, dir, 0, _("cannot be read: %s"), strerror(-r));
	l->catalogue->guidelines =
		catalogue_array(l, count + shelf.count, sizeof(*l->catalogue->guidelines));
	for (size_t i = 0; r >= 0 && l->catalogue->guidelines != NULL && i < count; i++) {
		if (strcmp(names[i], "all") == 0)
			read_all(l, &shelf);
		else if (profile_is_file(names[i]))
			read_own(l, &shelf, names[i]);
		else
			read_shelved(l, &shelf, names[i]);
	}
	free_names(shelf.names, shelf.count);
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
	if (asprintf(&scopes, "%s/profiles/scopes.yaml", dir) < 0)
		return -ENOMEM;
	each_file(&l, dir, "checks", ".yaml", read_check_file, NULL);
	each_file(&l, dir, "data", ".csv", read_list_file, prepare_lists);
	ret->own_view_count = ret->view_count;
	size_t ours = ret->check_count;
	catalogue_read_scopes(&l, scopes);
	free(scopes);
	for (size_t i = 0; i < more_count; i++)
		catalogue_read_checks(&l, more[i]);
	for (size_t i = ours; i < ret->check_count; i++)
		ret->checks[i].own = true;
	read_guidelines(&l, dir, guidelines, guideline_count);
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
