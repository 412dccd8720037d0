/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much a source may have: a table of fixed size, so that no number of sources (forged ones cost nothing)
 * takes memory. Two that fall into one slot share its limits, which makes them stricter, never looser. Which
 * ones do so is not to be guessed from outside.
 */
#include "reach/beacon_parts.h"

enum { BURST_S = 1, SHARE = 4 /* of all that one source may have */ };

unsigned beacon_source_slot(const struct beacon *b, const struct addr *from)
{
	struct addr a = *from;

	/* Whoever has one IPv6 address has its /64. */
	if (!addr_is_ipv4(&a))
		memset(a.bytes + 8, 0, 8);
	a.scope = 0;
	uint64_t h = addr_hash(&a) ^ b->slot_key;
	h *= UINT64_C(0x9e3779b97f4a7c15);
	return (unsigned)(h >> 40) % SOURCES;
}

/* Fills up with time; one is taken where there is one. */
static bool has(struct source_slot *s, int64_t now_ms, unsigned per_second)
{
	uint64_t full = (uint64_t)per_second * BURST_S * 1000;
	uint64_t gained = (uint64_t)(now_ms - s->at_ms) * per_second;
	uint64_t held = s->at_ms == 0 ? full : s->thousandths + gained;

	s->at_ms = now_ms;
	s->thousandths = (uint32_t)(held > full ? full : held);
	return s->thousandths >= 1000;
}

static unsigned share_of(const struct beacon *b)
{
	return b->setup->rate / SHARE > 0 ? b->setup->rate / SHARE : 1;
}

bool beacon_stranger_take(struct beacon *b)
{
	if (!has(&b->strangers, b->now_ms, share_of(b))) {
		b->counts.rate_bound++;
		return false;
	}
	b->strangers.thousandths -= 1000;
	return true;
}

bool beacon_source_take(struct beacon *b, unsigned slot)
{
	struct source_slot *s = &b->sources[slot];
	bool one = has(s, b->now_ms, share_of(b)), any = has(&b->all, b->now_ms, b->setup->rate);

	if (!one || !any) {
		b->counts.rate_bound++;
		return false;
	}
	s->thousandths -= 1000;
	b->all.thousandths -= 1000;
	return true;
}
