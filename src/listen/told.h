/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the listener tells of what it heard. Numbers are what came since the same was last told, so that a long
 * run may tell again and again: whoever takes them adds them up.
 */
#ifndef TENKEN_LISTEN_TOLD_H
#define TENKEN_LISTEN_TOLD_H

#include <stdbool.h>
#include <stdint.h>

#include "codec/address.h"

struct told_host {
	struct addr address;
	bool has_mac; /* its own, not that of a router before it */
	uint8_t mac[6];
	uint16_t vlan;
	uint64_t sent, received; /* packets */
	int64_t first_ms, last_ms;
};

struct told_flow {
	struct addr src, dst; /* src opened it */
	uint16_t port, vlan;
	uint8_t protocol;
	bool opened;             /* its first packet was seen */
	const char *application; /* NULL: nobody knows */
	const char *source;      /* "decoder", "ndpi" or NULL */
	const char *name;        /* what src called dst; NULL: nothing */
	uint64_t connections, refused, unanswered;
	uint64_t bytes[2], packets[2]; /* 0: from src */
	int64_t first_ms, last_ms;
};

struct told_operation {
	struct addr master, slave;
	uint16_t port;
	bool udp;
	const char *protocol, *word, *access;
	int unit;
	uint32_t code;
	uint64_t requests, errors;
	int64_t first_ms, last_ms;
};

struct told_fact {
	struct addr about, peer; /* all zero: none */
	bool has_mac;
	uint8_t mac[6];
	const char *kind, *value; /* cleaned, cut, masked */
	uint16_t port;
	bool udp;
	uint64_t times;
	int64_t first_ms, last_ms;
};

/* What takes it. Texts are valid during the call. */
struct told {
	void *context;
	void (*host)(void *context, const struct told_host *h);
	void (*flow)(void *context, const struct told_flow *f);
	void (*operation)(void *context, const struct told_operation *o);
	void (*fact)(void *context, const struct told_fact *f);
};

/* "tcp", "udp", "icmp" (of IPv4 and IPv6), "sctp", else "ip-47": the store's word. Returns out, or a constant. */
enum { TRANSPORT_TEXT = 8 };
const char *told_transport(uint8_t protocol, char out[static TRANSPORT_TEXT]);

#endif
