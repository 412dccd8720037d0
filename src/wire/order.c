/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Feistel network of four rounds is a permutation whatever its round function is (Luby, Rackoff
 * 1988), and cycle walking keeps it one on fewer values than a power of four (Black, Rogaway 2002):
 * from below n, walking ends at the latest where it began. The domain is less than four times n, so
 * a call takes four walks at most on average.
 *
 * The round function is a mixer, no cipher: the order must be hard to see in the network, and even;
 * nothing is believed because of it.
 */
#include "wire/order.h"

#include <assert.h>

#include "wire/frames.h"

enum { ROUNDS = 4 };

void order_init(struct order *o, uint64_t n, const uint8_t key[static ORDER_KEY])
{
	static_assert((int)ORDER_KEY == (int)FRAME_KEY, "one key for both");
	static_assert(countof(o->keys) == ROUNDS, "a key per round");
	assert(n <= (uint64_t)1 << 62);
	*o = (struct order){ .n = n, .half = 1 };
	while (o->half < 31 && (uint64_t)1 << 2 * o->half < n)
		o->half++;
	for (uint8_t i = 0; i < ROUNDS; i++) {
		uint8_t label[] = { 'o', 'r', 'd', 'e', 'r', i };

		o->keys[i] = frame_siphash(key, label, sizeof(label));
	}
}

/* The finisher of MurmurHash3, shortened: every bit of v reaches the upper half. */
static inline uint64_t mixed(uint64_t v, uint64_t key)
{
	v = (v ^ key) * 0xff51afd7ed558ccdU;
	v ^= v >> 32;
	v *= 0xc4ceb9fe1a85ec53U;
	return v >> 32;
}

static inline uint64_t forwards(const struct order *o, uint64_t v)
{
	uint64_t mask = ((uint64_t)1 << o->half) - 1, left = v >> o->half, right = v & mask;

	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t next = left ^ (mixed(right, o->keys[i]) & mask);

		left = right;
		right = next;
	}
	return left << o->half | right;
}

static inline uint64_t backwards(const struct order *o, uint64_t v)
{
	uint64_t mask = ((uint64_t)1 << o->half) - 1, left = v >> o->half, right = v & mask;

	for (unsigned i = ROUNDS; i > 0; i--) {
		uint64_t before = right ^ (mixed(left, o->keys[i - 1]) & mask);

		right = left;
		left = before;
	}
	return left << o->half | right;
}

uint64_t order_at(const struct order *o, uint64_t i)
{
	assert(i < o->n);
	do
		i = forwards(o, i);
	while (i >= o->n);
	return i;
}

uint64_t order_place(const struct order *o, uint64_t v)
{
	assert(v < o->n);
	do
		v = backwards(o, v);
	while (v >= o->n);
	return v;
}
