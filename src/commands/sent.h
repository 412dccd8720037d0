/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the journal of a raw sweep says (talk/journal.h), read back: a block of addresses that a lane went
 * over in a secret order, and the stretches of that order that could be sent.
 */
#ifndef TENKEN_COMMANDS_SENT_H
#define TENKEN_COMMANDS_SENT_H

#include "codec/address.h"
#include "wire/order.h"

struct sent_port {
	uint16_t port;
	bool udp;
};

/* The ports of a run, in their order. */
struct sent_ports {
	struct sent_port *list;
	size_t count;
};
/* "22,80,53/udp", or "": none. 0, -EINVAL or -ENOMEM; on failure the list is as before. */
int sent_ports_read(struct sent_ports *ports, const char *text);
void sent_ports_done(struct sent_ports *ports);

struct sent_block {
	struct ranges targets;
	struct ranges_index index;
	struct order order;
};

/* From the words of a block. 0, -EINVAL where they contradict themselves, or -ENOMEM. */
int sent_block_make(struct sent_block *b, const uint8_t key[static ORDER_KEY], uint64_t hosts,
		    const char *targets);
void sent_block_done(struct sent_block *b);
/* The place of an address in the block's order; a link-local one without a scope is looked for on every
 * interface. False: none of the block's. */
bool sent_block_place(struct sent_block *b, const struct addr *a, uint64_t *ret);

/* A stretch, and what the line behind it in its block tells. */
struct sent_stretch {
	const char *kind;
	uint64_t first, last; /* last: the one behind */
};
/* How far it came at most: next is the line behind it in the same block, or NULL. */
uint64_t sent_stretch_end(const struct sent_stretch *s, const struct sent_stretch *next);
/* Do places of this kind name a port, too? */
bool sent_has_ports(const char *kind);
/* Was the address with this place due in first .. last (not within), and with which ports? Those with the
 * indices *ret_first to *ret_last (not within). */
bool sent_due(const struct sent_block *b, uint64_t place, uint64_t first, uint64_t last,
	      uint64_t *ret_first, uint64_t *ret_last);

#endif
