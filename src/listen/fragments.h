/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fragments of IP packets put together again (RFC 791, 3.2; RFC 8200, 4.5), bounded in number, bytes and time.
 * Where fragments overlap, what came first stays: hosts differ there, and a listener must only not be led
 * out of its bounds.
 */
#ifndef TENKEN_LISTEN_FRAGMENTS_H
#define TENKEN_LISTEN_FRAGMENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "codec/address.h"
#include "codec/span.h"

struct fragments;

struct fragment {
	const struct addr *src, *dst;
	uint32_t id;
	uint16_t vlan;
	uint8_t protocol; /* of the whole: IPv6 the one behind the fragment header */
	uint32_t offset;  /* bytes */
	bool more;        /* it is not the last */
	bool snapped;     /* bytes are missing at its end: there will be no whole */
	struct span bytes;
	int64_t time_ns;
};

/* NULL without memory. */
struct fragments *fragments_new(void);
void fragments_free(struct fragments *f);
/* True: the packet is whole, *ret_whole its payload, valid until the next call. *ret_first is what is known
 * of its beginning, for the ports: empty where the first part was not seen. */
bool fragments_add(struct fragments *f, const struct fragment *piece, struct span *ret_whole,
		   struct span *ret_first);
/* Packets that were given up: too many at once, too old, too large, malformed. */
uint64_t fragments_dropped(const struct fragments *f);

#endif
