/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many items are about the same checks, so that judging keeps sets of findings and which sets an item has
 * (verdict_set, verdict_item_set). Findings are numbers of their own here: their places in the order of
 * fingerprints.
 */
#include "report/members.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/facts.h"
#include "report/text.h"

/* Lists of numbers, one after the other: those of i from first[i] up to first[i + 1]. */
struct lists {
	uint32_t *first, *numbers;
	size_t count;
};

/* Findings that are in the same sets count against the same items. */
struct shared {
	uint32_t finding; /* one of them */
	struct member_list items;
	char *json; /* once somebody asks for it */
	struct shared *next;
};

enum { SHARED = 256 };

struct members {
	char *text; /* all fingerprints, each with its end */
	const char **fingerprints;
	size_t count;
	uint32_t *places; /* in it, per number of a finding in finding_now */
	size_t rows;
	struct lists findings_of; /* of a set */
	struct lists sets_of;     /* of a finding */
	struct query *sets;       /* of an item */
	struct query *items;      /* of sets */
	struct shared *shared[SHARED];
	bool *marked;        /* per finding, while a list is made */
	const char **listed; /* as many as findings */
};

static void list_free(struct member_list *l)
{
	for (size_t i = 0; i < l->count; i++)
		free((char *)l->texts[i]);
	free((void *)l->texts);
}

static void lists_free(struct lists *l)
{
	free(l->first);
	free(l->numbers);
}

void members_free(struct members *m)
{
	if (m == NULL)
		return;
	for (size_t i = 0; i < SHARED; i++)
		while (m->shared[i] != NULL) {
			struct shared *s = m->shared[i];

			m->shared[i] = s->next;
			list_free(&s->items);
			free(s->json);
			free(s);
		}
	query_free(m->sets);
	query_free(m->items);
	lists_free(&m->findings_of);
	lists_free(&m->sets_of);
	free(m->text);
	free(m->fingerprints);
	free(m->places);
	free(m->marked);
	free(m->listed);
	free(m);
}

/* Where the lists begin, once first[i + 1] holds how many numbers stand in i. */
static void add_up(struct lists *l)
{
	for (size_t i = 0; i < l->count; i++)
		l->first[i + 1] += l->first[i];
}

static bool make_lists(struct lists *l, size_t count, size_t numbers)
{
	l->count = count;
	l->first = calloc(count + 1, sizeof(*l->first));
	l->numbers = calloc(numbers + 1, sizeof(*l->numbers));
	return l->first != NULL && l->numbers != NULL;
}

/* The fingerprints in their order, and the places of the findings' numbers in it. */
static void read_fingerprints(struct facts *f, struct members *m)
{
	size_t most = (size_t)facts_count(f, "SELECT count(*) FROM finding_now");
	size_t bytes = (size_t)facts_count(
		f,
		"SELECT coalesce(sum(length(CAST(fingerprint AS BLOB)) + 1), 0) FROM finding_now");
	size_t at = 0;

	m->rows = (size_t)facts_count(f, "SELECT coalesce(max(number), 0) + 1 FROM finding_now");
	m->places = calloc(m->rows, sizeof(*m->places));
	m->text = malloc(bytes + 1);
	m->fingerprints = calloc(most + 1, sizeof(*m->fingerprints));
	m->marked = calloc(most + 1, sizeof(*m->marked));
	m->listed = calloc(most + 1, sizeof(*m->listed));
	if (m->places == NULL || m->text == NULL || m->fingerprints == NULL || m->marked == NULL ||
	    m->listed == NULL)
		f->error = -ENOMEM;
	struct query *q =
		facts_ask(f, "SELECT number, fingerprint FROM finding_now ORDER BY fingerprint");
	while (facts_next(f, q) && m->count < most) {
		const char *text = query_text(q, 1);
		size_t size = strlen(text) + 1, row = (size_t)query_int(q, 0);

		if (at + size > bytes || row >= m->rows)
			break;
		memcpy(m->text + at, text, size);
		m->places[row] = (uint32_t)m->count;
		m->fingerprints[m->count++] = m->text + at;
		at += size;
	}
	query_free(q);
}

static int by_number(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void read_sets(struct facts *f, struct members *m)
{
	size_t pairs = (size_t)facts_count(f, "SELECT coalesce(sum(last - first + 1), 0) FROM"
					      " verdict_set");
	size_t sets = (size_t)facts_count(f, "SELECT coalesce(max(number), -1) + 1 FROM"
					     " verdict_set");
	struct lists *of = &m->findings_of, *in = &m->sets_of;

	if (!make_lists(of, sets, pairs) || !make_lists(in, m->count, pairs)) {
		f->error = -ENOMEM;
		return;
	}
	size_t at = 0;
	struct query *q =
		facts_ask(f, "SELECT number, first, last FROM verdict_set ORDER BY number, first");
	while (facts_next(f, q)) {
		size_t set = (size_t)query_int(q, 0);

		for (int64_t i = query_int(q, 1); i <= query_int(q, 2) && at < pairs; i++) {
			uint32_t finding = m->places[i];

			of->numbers[at++] = finding;
			of->first[set + 1]++;
			in->first[finding + 1]++;
		}
	}
	query_free(q);
	add_up(of);
	add_up(in);
	for (size_t i = 0; i < sets; i++) {
		uint32_t *numbers = of->numbers + of->first[i];
		size_t n = of->first[i + 1] - of->first[i];

		qsort(numbers, n, sizeof(*numbers), by_number);
		for (size_t k = 0; k < n; k++)
			in->numbers[in->first[numbers[k]]++] = (uint32_t)i;
	}
	/* Each first one is now where the next begins. */
	memmove(in->first + 1, in->first, in->count * sizeof(*in->first));
	in->first[0] = 0;
}

static struct members *loaded(struct facts *f)
{
	if (f->members != NULL || f->error != 0)
		return f->error == 0 ? f->members : NULL;
	struct members *m = f->members = calloc(1, sizeof(*m));

	if (m == NULL) {
		f->error = -ENOMEM;
		return NULL;
	}
	read_fingerprints(f, m);
	if (f->error == 0)
		read_sets(f, m);
	m->sets = facts_ask(f, "SELECT number FROM verdict_item_set WHERE guideline = ?1 AND"
			       " item = ?2");
	m->items = facts_ask(f, "SELECT i.guideline || ':' || i.item FROM verdict_item_set i"
				" LEFT JOIN verdict v USING (guideline, item)"
				" WHERE i.number IN (SELECT value FROM json_each(?1))"
				" GROUP BY i.guideline, i.item"
				" ORDER BY i.guideline, v.position, i.item");
	return f->error == 0 ? m : NULL;
}

static int by_text(const void *a, const void *b)
{
	const char *key = a, *const *entry = b;

	return strcmp(key, *entry);
}

static bool same_sets(const struct lists *l, uint32_t a, uint32_t b)
{
	size_t n = l->first[a + 1] - l->first[a];

	return n == l->first[b + 1] - l->first[b] &&
	       memcmp(l->numbers + l->first[a], l->numbers + l->first[b],
		      n * sizeof(*l->numbers)) == 0;
}

/* What the query of items says of these sets. */
static struct member_list ask_items(struct facts *f, struct members *m, const uint32_t *sets,
				    size_t count)
{
	struct member_list list = { 0 };
	size_t room = 0, size = 0;
	const char **texts = NULL;
	char *key = NULL;
	FILE *out = open_memstream(&key, &size);

	if (out == NULL) {
		f->error = -ENOMEM;
		return list;
	}
	for (size_t i = 0; i < count; i++)
		fprintf(out, "%c%" PRIu32, i == 0 ? '[' : ',', sets[i]);
	fputs(count > 0 ? "]" : "[]", out);
	if (fclose(out) != 0 || key == NULL)
		f->error = -ENOMEM;
	query_reset(m->items);
	if (f->error == 0 && query_bind_text(m->items, 1, key) < 0)
		f->error = -EIO;
	while (facts_next(f, m->items)) {
		if (list.count == room) {
			const char **more =
				realloc((void *)texts, (room = room * 2 + 16) * sizeof(*more));

			if (more == NULL) {
				f->error = -ENOMEM;
				break;
			}
			texts = more;
		}
		char *text = strdup(query_text(m->items, 0));
		if (text == NULL) {
			f->error = -ENOMEM;
			break;
		}
		texts[list.count++] = text;
	}
	free(key);
	list.texts = texts;
	return list;
}

/* Of a finding by its place. NULL: there is no memory. */
static struct shared *shared_at(struct facts *f, struct members *m, uint32_t finding)
{
	uint32_t hash = 2166136261;
	const struct lists *l = &m->sets_of;
	const uint32_t *sets = l->numbers + l->first[finding];
	size_t count = l->first[finding + 1] - l->first[finding];

	for (size_t i = 0; i < count; i++)
		hash = (hash ^ sets[i]) * 16777619;
	struct shared **place = &m->shared[hash % SHARED];
	for (struct shared *s = *place; s != NULL; s = s->next)
		if (same_sets(l, s->finding, finding))
			return s;
	struct shared *s = malloc(sizeof(*s));
	if (s == NULL) {
		f->error = -ENOMEM;
		return NULL;
	}
	*s = (struct shared){ .finding = finding,
			      .items = ask_items(f, m, sets, count),
			      .next = *place };
	*place = s;
	return s;
}

struct member_list members_of_finding(struct facts *f, const char *fingerprint)
{
	struct members *m = loaded(f);
	const char **entry = m == NULL || m->count == 0
				     ? NULL
				     : bsearch(fingerprint, m->fingerprints, m->count,
					       sizeof(*m->fingerprints), by_text);
	const struct shared *s =
		entry != NULL ? shared_at(f, m, (uint32_t)(entry - m->fingerprints)) : NULL;

	return s != NULL ? s->items : (struct member_list){ 0 };
}

const char *members_json(struct facts *f, int64_t number)
{
	struct members *m = loaded(f);
	struct shared *s = m != NULL && number > 0 && (uint64_t)number < m->rows
				   ? shared_at(f, m, m->places[number])
				   : NULL;
	size_t size = 0;

	if (s == NULL)
		return f->error == 0 ? "[]" : NULL;
	if (s->json != NULL)
		return s->json;
	FILE *out = open_memstream(&s->json, &size);
	for (size_t i = 0; out != NULL && i < s->items.count; i++) {
		putc_unlocked(i == 0 ? '[' : ',', out);
		put_json(out, s->items.texts[i]);
	}
	if (out != NULL)
		fputs_unlocked(s->items.count > 0 ? "]" : "[]", out);
	if (out == NULL || fclose(out) != 0 || s->json == NULL)
		f->error = -ENOMEM;
	return s->json;
}

struct member_list members_of_item(struct facts *f, const char *guideline, const char *item)
{
	struct member_list list = { 0 };
	struct members *m = loaded(f);
	size_t from = SIZE_MAX, to = 0;

	if (m == NULL)
		return list;
	query_reset(m->sets);
	if (query_bind_text(m->sets, 1, guideline) < 0 || query_bind_text(m->sets, 2, item) < 0)
		f->error = -EIO;
	while (facts_next(f, m->sets)) {
		size_t set = (size_t)query_int(m->sets, 0);

		if (set >= m->findings_of.count)
			continue;
		for (uint32_t i = m->findings_of.first[set]; i < m->findings_of.first[set + 1];
		     i++) {
			uint32_t finding = m->findings_of.numbers[i];

			m->marked[finding] = true;
			from = finding < from ? finding : from;
			to = finding >= to ? finding + 1 : to;
		}
	}
	for (size_t i = from; i < to; i++)
		if (m->marked[i]) {
			m->listed[list.count++] = m->fingerprints[i];
			m->marked[i] = false;
		}
	list.texts = m->listed;
	return list;
}

char *members_text(struct facts *f, const char *fingerprint, const char *between)
{
	struct member_list list = members_of_finding(f, fingerprint);
	size_t size = 1, gap = strlen(between), at = 0;

	for (size_t i = 0; i < list.count; i++)
		size += strlen(list.texts[i]) + gap;
	char *text = malloc(size);
	if (text == NULL) {
		f->error = -ENOMEM;
		return NULL;
	}
	for (size_t i = 0; i < list.count; i++) {
		size_t n = strlen(list.texts[i]);

		if (i > 0) {
			memcpy(text + at, between, gap);
			at += gap;
		}
		memcpy(text + at, list.texts[i], n);
		at += n;
	}
	text[at] = '\0';
	return text;
}
