/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gate of `tenken reach`: what may be sent to. It is made from the site file before anything is
 * sent, and whoever sends asks it before each connection, datagram and frame.
 *
 * Allowed are the addresses of one beacon, which are the only ones outside that anything is ever sent
 * to; inside declared zones, resolvers, proxies and time servers, and hosts that were named before the
 * first packet; and frames for the beacon's address to the MAC of a neighbour. All else is refused.
 * Exclusions, passive-only devices, windows, a zone's risk class and the authorisation hold throughout.
 */
#ifndef TENKEN_REACH_GATE_H
#define TENKEN_REACH_GATE_H

#include "site/plan.h"

/* What somebody is spoken to as. */
enum gate_use {
	GATE_BEACON,
	GATE_RESOLVER, /* port 53 */
	GATE_PROXY,    /* by TCP; also the server that a browser asks for its proxies */
	GATE_CLOCK,    /* UDP port 123 */
	GATE_HOST,     /* a host of a zone, by TCP: named with gate_add_host() */
};

struct gate;

/* beacon: one of the site's; borrowed, as the site and the list of ports are. list: those of control equipment and
 * of printers' raw data get no text as proxies; NULL: not known. NULL without memory. */
struct gate *gate_new(const struct site *s, const struct beacon *beacon,
		      const struct port_list *list);
void gate_free(struct gate *g);

/* A host of a zone whose ports may be tried. 0, -ENOSPC (GATE_HOSTS of them), -EBUSY after gate_close(). */
enum { GATE_HOSTS = 4096 };
int gate_add_host(struct gate *g, const struct addr *a);
/* A resolver, proxy or time server that the site file, this machine or a scan names. Who only hears of one
 * (DHCP, a proxy file) cannot name control equipment: anybody may have said so. As gate_add_host(). */
int gate_add_server(struct gate *g, enum gate_use use, const struct addr *a, uint16_t port);
/* Nothing can be added any more, but neighbours, which are learnt under way. */
void gate_close(struct gate *g);

/* NULL, or why nothing may be sent there now: a constant text, to be translated by who tells it. now:
 * Unix seconds. */
const char *gate_refusal(const struct gate *g, enum gate_use use, const struct addr *a,
			 uint16_t port, bool udp, int64_t now);
/* Is this address handled as control equipment (zone of kind ot or unassigned, or none)? One connection
 * at a time then, a second apart. The beacon never is. */
bool gate_gentle(const struct gate *g, const struct addr *a);
bool gate_is_beacon(const struct gate *g, const struct addr *a);

/* ---- frames to a neighbour's MAC ---- */

/* A neighbour on one of our segments. Told again with another address of the same MAC and interface,
 * everything adds up: ot where any of them is, left alone where any of them is. */
struct gate_neighbour {
	unsigned ifindex;
	uint8_t mac[6];
	struct addr address;
	bool ot; /* a sign of control equipment, beyond its zone: maker of the MAC, an OT port */
};
/* NULL; or why nothing is sent to it ("excluded", "passive only", ...), which holds from then on. */
const char *gate_neighbour(struct gate *g, const struct gate_neighbour *n, int64_t now);
/* That the MAC is handled as control equipment. */
bool gate_neighbour_gentle(const struct gate *g, unsigned ifindex, const uint8_t mac[static 6]);

/* A frame for the beacon's address. */
struct gate_frame {
	unsigned ifindex;
	uint8_t mac[6];
	struct addr to;
	uint8_t protocol; /* IANA: 1, 58 (ICMP), 6, 17 */
	uint8_t hops;     /* TTL or hop limit */
};
/* Are these bytes (Ethernet, no tag) such a frame? */
bool gate_frame_fits(const struct gate_frame *f, const uint8_t *frame, size_t n);
/* May it leave, once? A MAC that is control equipment gets one frame of ICMP in all, so asking counts. full:
 * more than one hop is allowed. NULL, or why not. */
const char *gate_frame(struct gate *g, const struct gate_frame *f, bool full, int64_t now);

#endif
