/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A secret order of 0 .. n-1 without memory: a Feistel network over the smallest even number of bits
 * that holds n, walked until the value is below n. The same key gives the same order, also after a
 * restart; neighbours in the order lie far apart, so that load spreads over hosts and networks.
 */
#ifndef TENKEN_WIRE_ORDER_H
#define TENKEN_WIRE_ORDER_H

#include <stdint.h>

enum { ORDER_KEY = 16 };

struct order {
	uint64_t n;
	unsigned half; /* bits of one side */
	uint64_t keys[4];
};

/* n may be 0 to 2^62. */
void order_init(struct order *o, uint64_t n, const uint8_t key[static ORDER_KEY]);
/* The i-th of the order, i < n. A bijection. */
uint64_t order_at(const struct order *o, uint64_t i);
/* The place of value v in the order: order_at(o, order_place(o, v)) == v. */
uint64_t order_place(const struct order *o, uint64_t v);

#endif
