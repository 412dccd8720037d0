/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bounded hash table of entries of one size, which begin with their key (compared byte by byte, padding
 * included). An entry keeps its number and its place in memory until it is removed.
 */
#ifndef TENKEN_LISTEN_TABLE_H
#define TENKEN_LISTEN_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct table {
	size_t entry_size, key_size;
	uint32_t limit;   /* entries at most */
	uint32_t count;   /* in use */
	uint32_t highest; /* no number is above it; numbers begin at 1 */
	uint32_t free_first;
	uint32_t *buckets;
	uint32_t bucket_mask;
	uint8_t **chunks;
	uint32_t chunk_count;
	uint64_t seed; /* nobody outside can choose what collides */
};

/* 0 or -ENOMEM. */
int table_init(struct table *t, size_t entry_size, size_t key_size, uint32_t limit, uint64_t seed);
void table_done(struct table *t);
/* Without entries, as it was at first; what it has allocated stays. */
void table_clear(struct table *t);
uint64_t table_hash(const struct table *t, const void *key);
/* NULL: it has none. */
void *table_find(const struct table *t, const void *key, uint64_t hash);
/* A new zeroed entry with this key, which it must not have yet; NULL where the limit is reached, or without
 * memory. */
void *table_add(struct table *t, const void *key, uint64_t hash);
void table_remove(struct table *t, void *entry);
/* NULL: no entry has this number now. */
void *table_at(const struct table *t, uint32_t number);
uint32_t table_number(const void *entry);
/* Bytes that an entry of this size takes, all told. */
size_t table_cost(size_t entry_size);

#endif
