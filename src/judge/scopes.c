/* SPDX-License-Identifier: Apache-2.0 */
/* Which assets an item speaks of: each scope word is asked once per judging. */
#include "judge/judged.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/i18n.h"
#include "judge/arena.h"

enum { KINDS_MAX = 4096 };

struct scope_cache {
	struct scope_cache *next;
	const char *word;
	const signed char *members;
};

/* The hosts of an item's scope, for the other items with the same words. */
struct scope_set {
	struct scope_set *next;
	const struct item *item;
	const signed char *members;
};

/* What a word says of an asset; NULL in SQL is "cannot be known". */
enum answer { ANSWER_NO, ANSWER_YES, ANSWER_UNKNOWN };

static enum answer answer_of(struct query *q)
{
	if (query_null(q, 1) || !query_numeric(q, 1))
		return ANSWER_UNKNOWN;
	return query_int(q, 1) != 0 ? ANSWER_YES : ANSWER_NO;
}

/* Of an address where nobody is, nothing needs to be known. */
static signed char member_of(enum answer answer, const struct judged_host *h)
{
	bool matters = h->asset || (h->gap != NULL && !h->absent);

	if (h->absent && !h->asset)
		return 0;
	if (answer == ANSWER_UNKNOWN)
		return matters ? -1 : 0;
	return answer == ANSWER_YES;
}

/* ---- kinds ---- */

/*
 * Assets that differ in nothing but address, key, MAC address, maker and line of the ledger, and have the
 * same services, are of one kind, and a word that speaks of none of these five is asked once per kind: most
 * assets of a large network are of few. Whether the ledger has a line for it belongs to its kind.
 */
static bool by_kind(const char *sql)
{
	static const char *const own[] = { "address", "key", "mac", "vendor", "rowid", "oid" };
	static const char listed[] = "ledger_id";

	for (size_t i = 0; i < countof(own); i++)
		if (strcasestr(sql, own[i]) != NULL)
			return false;
	for (const char *at = sql; (at = strcasestr(at, listed)) != NULL;) {
		at += strlen(listed);
		if (strncmp(at, " IS NULL", 8) != 0 && strncmp(at, " IS NOT NULL", 12) != 0)
			return false;
	}
	return true;
}

/* Its digits from the last. */
static void put_number(FILE *f, size_t number)
{
	do
		putc_unlocked('0' + (int)(number % 10), f);
	while ((number /= 10) > 0);
	putc_unlocked(':', f);
}

static int keep_kind(struct judged *j, size_t host, struct query *q, FILE *f, char **text,
		     uint32_t base)
{
	uint32_t number;

	rewind(f);
	for (int i = 0; i < query_columns(q); i++) {
		const char *value = query_text(q, i);

		/* A text may hold any character; its length parts it from the next one. */
		if (value == NULL) {
			putc_unlocked('-', f);
			continue;
		}
		size_t length = strlen(value);
		put_number(f, length);
		fwrite_unlocked(value, 1, length, f);
	}
	const struct judged_host *h = &j->hosts[host];
	for (size_t i = h->first_service; i < h->first_service + h->service_count; i++) {
		put_number(f, j->services[i].port);
		put_number(f, j->services[i].udp);
		put_number(f, j->services[i].protocol);
	}
	putc_unlocked('\0', f);
	if (fflush(f) != 0)
		return -ENOMEM;
	int r = word_of(j, *text, &number);
	if (r < 0)
		return r;
	if (number < base || number - base >= KINDS_MAX)
		return -E2BIG;
	j->kinds[host] = number - base;
	if (number - base < j->kind_count)
		return 0;
	j->kind_count++;
	return db_execf(j->db, "INSERT INTO temp.judge_kind VALUES (%Q)", j->hosts[host].address);
}

static int make_kinds(struct judged *j)
{
	struct query *q = NULL;
	char *text = NULL;
	size_t size = 0;
	uint32_t base = (uint32_t)j->word_count;

	j->kinds_asked = true;
	j->kinds = arena_array(j->arena, j->host_count, sizeof(*j->kinds));
	if (j->kinds == NULL)
		return -ENOMEM;
	FILE *f = open_memstream(&text, &size);
	int r = f == NULL
			? -ENOMEM
			: db_exec(j->db, "CREATE TEMP TABLE judge_kind (address TEXT PRIMARY KEY)");
	if (r >= 0)
		r = query_new(
			j->db,
			"SELECT zone, kind, treated, state, public, answering,"
			" ledger_id IS NULL, class, role, os, declared, complete, planned, reason,"
			" udp_ports, answered, scanned, heard, on_link FROM temp.asset"
			" ORDER BY address",
			&q);
	for (size_t i = 0; r >= 0 && i < j->host_count && (r = query_step(q)) == 1; i++)
		r = keep_kind(j, i, q, f, &text, base);
	query_free(q);
	if (f != NULL)
		fclose(f);
	free(text);
	if (r == -E2BIG)
		j->kinds = NULL;
	return r == -E2BIG ? 0 : r;
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
	bool kinds = j->kinds != NULL && by_kind(scope->sql);
	size_t count = kinds ? j->kind_count : j->host_count;
	enum answer *answers = calloc(count + 1, sizeof(*answers));
	/* The line end keeps a comment at the end of the expression from swallowing the rest. */
	const char *sql = arena_printf(
		j->arena, "SELECT asset.address, (%s\n) FROM asset %s ORDER BY asset.address",
		scope->sql,
		kinds ? "WHERE asset.address IN (SELECT address FROM temp.judge_kind)" : "");

	const char *behind = strchr(word, ':');
	if (sql == NULL || answers == NULL) {
		free(answers);
		return -ENOMEM;
	}
	db_fence(j->db, &fence);
	int r = query_new(j->db, sql, &q);
	if (r >= 0)
		r = query_bind_name(q, ":word", behind != NULL ? behind + 1 : word);
	for (size_t i = 0; r >= 0 && i < count && (r = query_step(q)) == 1; i++)
		answers[i] = answer_of(q);
	query_free(q);
	if (r < 0 && j->options.complaints != NULL)
		complain(j->options.complaints, scope->file, scope->line, _("scope '%s': %s"), word,
			 db_error(j->db));
	db_unfence(j->db);
	for (size_t i = 0; r >= 0 && i < j->host_count; i++)
		members[i] = member_of(answers[kinds ? j->kinds[i] : i], &j->hosts[i]);
	free(answers);
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

static bool same_scope(const struct item *a, const struct item *b)
{
	bool same = a->scope_count == b->scope_count;

	for (size_t i = 0; same && i < a->scope_count; i++) {
		same = a->scope[i].count == b->scope[i].count;
		for (size_t k = 0; same && k < a->scope[i].count; k++)
			same = strcmp(a->scope[i].list[k], b->scope[i].list[k]) == 0;
	}
	return same;
}

int scope_members(struct judged *j, const struct item *item, const signed char **ret)
{
	*ret = NULL;
	if (item->scope_count == 0)
		return 0;
	for (const struct scope_set *s = j->scope_sets; s != NULL; s = s->next) {
		if (same_scope(s->item, item)) {
			*ret = s->members;
			return 0;
		}
	}
	if (!j->kinds_asked) {
		int r = make_kinds(j);

		if (r < 0)
			return r;
	}
	struct scope_set *set = arena_array(j->arena, 1, sizeof(*set));
	signed char *all = arena_array(j->arena, j->host_count, 1);
	signed char *one = arena_array(j->arena, j->host_count, 1);
	if (set == NULL || all == NULL || one == NULL)
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
	*set = (struct scope_set){ .next = j->scope_sets, .item = item, .members = all };
	j->scope_sets = set;
	*ret = all;
	return 0;
}
