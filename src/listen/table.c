/* SPDX-License-Identifier: Apache-2.0 */
#include "listen/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Stands before each entry. */
struct head {
	uint32_t hash, next, number;
	uint32_t used;
};

enum { CHUNK_BITS = 7, CHUNK = 1 << CHUNK_BITS, FIRST_BUCKETS = 256 };

static size_t stride(const struct table *t)
{
	return (sizeof(struct head) + t->entry_size + 15) & ~(size_t)15;
}

static struct head *head_at(const struct table *t, uint32_t number)
{
	uint32_t i = number - 1;

	return (struct head *)(void *)(t->chunks[i >> CHUNK_BITS] + stride(t) * (i & (CHUNK - 1)));
}

static struct head *head_of(const void *entry)
{
	return (struct head *)(size_t)entry - 1;
}

static void *body(struct head *h)
{
	return h + 1;
}

int table_init(struct table *t, size_t entry_size, size_t key_size, uint32_t limit, uint64_t seed)
{
	*t = (struct table){
		.entry_size = entry_size,
		.key_size = key_size,
		.limit = limit,
		.seed = seed,
		.bucket_mask = FIRST_BUCKETS - 1,
	};
	t->buckets = calloc(FIRST_BUCKETS, sizeof(*t->buckets));
	return t->buckets != NULL ? 0 : -ENOMEM;
}

void table_done(struct table *t)
{
	for (uint32_t i = 0; i < t->chunk_count; i++)
		free(t->chunks[i]);
	free(t->chunks);
	free(t->buckets);
	*t = (struct table){ 0 };
}

void table_clear(struct table *t)
{
	if (t->buckets != NULL)
		memset(t->buckets, 0, ((size_t)t->bucket_mask + 1) * sizeof(*t->buckets));
	t->count = t->highest = t->free_first = 0;
}

/* Of 64 x 64 bits the halves of the product, folded (as in wyhash by Wang Yi, public domain). */
static uint64_t fold(uint64_t a, uint64_t b)
{
	__extension__ typedef unsigned __int128 wide;
	wide m = (wide)a * b;

	return (uint64_t)m ^ (uint64_t)(m >> 64);
}

uint64_t table_hash(const struct table *t, const void *key)
{
	const uint8_t *p = key;
	uint64_t h = t->seed, a, b;
	size_t n = t->key_size;

	for (; n >= 16; n -= 16, p += 16) {
		memcpy(&a, p, 8);
		memcpy(&b, p + 8, 8);
		h = fold(a ^ h, b ^ UINT64_C(0xe7037ed1a0b428db) ^ t->seed);
	}
	a = b = 0;
	if (n > 8) {
		memcpy(&b, p + 8, n - 8);
		n = 8;
	}
	memcpy(&a, p, n);
	h = fold(a ^ h, b ^ UINT64_C(0xa0761d6478bd642f) ^ t->seed);
	return fold(h ^ t->seed, UINT64_C(0x8ebc6af09c88c6e3));
}

void *table_find(const struct table *t, const void *key, uint64_t hash)
{
	for (uint32_t n = t->buckets[(uint32_t)hash & t->bucket_mask]; n != 0;) {
		struct head *h = head_at(t, n);

		if (h->hash == (uint32_t)hash && memcmp(body(h), key, t->key_size) == 0)
			return body(h);
		n = h->next;
	}
	return NULL;
}

static void grow_buckets(struct table *t)
{
	uint32_t mask = t->bucket_mask * 2 + 1;
	uint32_t *list = calloc((size_t)mask + 1, sizeof(*list));

	if (list == NULL)
		return; /* chains get longer, no more */
	for (uint32_t n = 1; n <= t->highest; n++) {
		struct head *h = head_at(t, n);

		if (h->used == 0)
			continue;
		h->next = list[h->hash & mask];
		list[h->hash & mask] = n;
	}
	free(t->buckets);
	t->buckets = list;
	t->bucket_mask = mask;
}

static bool add_chunk(struct table *t)
{
	uint8_t **chunks = realloc(t->chunks, (t->chunk_count + 1) * sizeof(*chunks));

	if (chunks == NULL)
		return false;
	t->chunks = chunks;
	chunks[t->chunk_count] = calloc(CHUNK, stride(t));
	if (chunks[t->chunk_count] == NULL)
		return false;
	t->chunk_count++;
	return true;
}

void *table_add(struct table *t, const void *key, uint64_t hash)
{
	uint32_t n = t->free_first;
	struct head *h;

	if (t->count >= t->limit)
		return NULL;
	if (n != 0) {
		h = head_at(t, n);
		t->free_first = h->next;
	} else {
		if (t->highest == t->chunk_count << CHUNK_BITS && !add_chunk(t))
			return NULL;
		n = ++t->highest;
		h = head_at(t, n);
	}
	if (t->count > t->bucket_mask)
		grow_buckets(t);
	uint32_t *bucket = &t->buckets[(uint32_t)hash & t->bucket_mask];
	*h = (struct head){ .hash = (uint32_t)hash, .next = *bucket, .number = n, .used = 1 };
	*bucket = n;
	t->count++;
	memset(body(h), 0, t->entry_size);
	memcpy(body(h), key, t->key_size);
	return body(h);
}

void table_remove(struct table *t, void *entry)
{
	struct head *h = head_of(entry);
	uint32_t *place = &t->buckets[h->hash & t->bucket_mask];

	while (*place != 0 && *place != h->number)
		place = &head_at(t, *place)->next;
	if (*place == 0)
		return;
	*place = h->next;
	h->used = 0;
	h->next = t->free_first;
	t->free_first = h->number;
	t->count--;
}

void *table_at(const struct table *t, uint32_t number)
{
	struct head *h;

	if (number == 0 || number > t->highest)
		return NULL;
	h = head_at(t, number);
	return h->used != 0 ? body(h) : NULL;
}

uint32_t table_number(const void *entry)
{
	return head_of(entry)->number;
}

size_t table_cost(size_t entry_size)
{
	return sizeof(struct head) + entry_size + 2 * sizeof(uint32_t) + 8;
}
