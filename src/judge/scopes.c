/* SPDX-License-Identifier: Apache-2.0 */
/* Which assets an item speaks of: each scope word is asked once per judging. */
#include "judge/judged.h"

#include <errno.h>
#include <string.h>

#include "codec/i18n.h"
#include "judge/arena.h"

struct scope_cache {
	struct scope_cache *next;
	const char *word;
	const signed char *members;
};

/* NULL in SQL is "cannot be known". Of an address where nobody is, nothing needs to be known. */
static signed char member_of(struct query *q, const struct judged_host *h)
{
	bool matters = h->asset || (h->gap != NULL && !h->absent);

	if (h->absent && !h->asset)
		return 0;
	if (query_null(q, 1) || !query_numeric(q, 1))
		return matters ? -1 : 0;
	return query_int(q, 1) != 0;
}

const char *scope_sql(struct arena *arena, const struct scope_word *scope)
{
	/* The line end keeps a comment at the end of the expression from swallowing the rest. */
	return arena_printf(arena, "SELECT asset.address, (%s\n) FROM asset ORDER BY asset.address",
			    scope->sql);
}

static int ask_word(struct judged *j, const char *word, const struct scope_word *scope,
		    signed char *members)
{
	const struct fence fence = { j->options.time_limit_ms, j->options.memory_limit };
	struct query *q = NULL;
	/* The line end keeps a comment at the end of the expression from swallowing the rest. */
	const char *sql = arena_printf(
		j->arena, "SELECT asset.address, (%s\n) FROM asset ORDER BY asset.address",
		scope->sql);

	const char *behind = strchr(word, ':');
	if (sql == NULL)
		return -ENOMEM;
	db_fence(j->db, &fence);
	int r = query_new(j->db, sql, &q);
	if (r >= 0)
		r = query_bind_name(q, ":word", behind != NULL ? behind + 1 : word);
	for (size_t i = 0; r >= 0 && i < j->host_count && (r = query_step(q)) == 1; i++)
		members[i] = member_of(q, &j->hosts[i]);
	query_free(q);
	if (r < 0 && j->options.complaints != NULL)
		complain(j->options.complaints, scope->file, scope->line, _("scope '%s': %s"), word,
			 db_error(j->db));
	db_unfence(j->db);
	return r < 0 ? r : 0;
}

static int word_members(struct judged *j, const char *word, const signed char **ret)
{
	for (struct scope_cache *s = j->scopes; s != NULL; s = s->next) {
		if (strcmp(s->word, word) == 0) {
			*ret = s->members;
			return 0;
		}
	}
	struct scope_cache *s = arena_array(j->arena, 1, sizeof(*s));
	signed char *members = arena_array(j->arena, j->host_count, 1);
	if (s == NULL || members == NULL)
		return -ENOMEM;
	const struct scope_word *scope = catalogue_scope(j->catalogue, word);
	int r = scope == NULL ? -ENOENT : ask_word(j, word, scope, members);
	if (r == -ENOMEM)
		return r;
	if (r < 0) /* a word that gives no answer leaves it open for everybody */
		for (size_t i = 0; i < j->host_count; i++)
			members[i] = j->hosts[i].asset || (j->hosts[i].gap != NULL) ? -1 : 0;
	*s = (struct scope_cache){ .next = j->scopes, .word = word, .members = members };
	j->scopes = s;
	*ret = members;
	return 0;
}

/* One of them is enough: 1 before -1 before 0. */
static signed char either(signed char a, signed char b)
{
	return a == 1 || b == 1 ? 1 : a == -1 || b == -1 ? -1 : 0;
}

/* Both must hold: 0 before -1 before 1. */
static signed char both(signed char a, signed char b)
{
	return a == 0 || b == 0 ? 0 : a == -1 || b == -1 ? -1 : 1;
}

int scope_members(struct judged *j, const struct item *item, const signed char **ret)
{
	*ret = NULL;
	if (item->scope_count == 0)
		return 0;
	signed char *all = arena_array(j->arena, j->host_count, 1);
	signed char *one = arena_array(j->arena, j->host_count, 1);
	if (all == NULL || one == NULL)
		return -ENOMEM;
	memset(all, 1, j->host_count);
	for (size_t i = 0; i < item->scope_count; i++) {
		memset(one, 0, j->host_count);
		for (size_t k = 0; k < item->scope[i].count; k++) {
			const signed char *members = NULL;
			int r = word_members(j, item->scope[i].list[k], &members);

			if (r < 0)
				return r;
			for (size_t h = 0; h < j->host_count; h++)
				one[h] = either(one[h], members[h]);
		}
		for (size_t h = 0; h < j->host_count; h++)
			all[h] = both(all[h], one[h]);
	}
	*ret = all;
	return 0;
}
