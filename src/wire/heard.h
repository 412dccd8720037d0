/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames that we receive: bytes to plain facts, by the bounded reader; nothing is believed here (the
 * caller compares cookies). Ethernet with up to two 802.1Q/802.1ad tags, ARP (RFC 826), IPv4 (RFC 791;
 * fragments but the first are none of ours), IPv6 (RFC 8200, with hop-by-hop, routing, destination options
 * and first fragments), TCP, UDP, ICMP (RFC 792), ICMPv6 (RFC 4443), ND (RFC 4861).
 */
#ifndef TENKEN_WIRE_HEARD_H
#define TENKEN_WIRE_HEARD_H

#include "codec/address.h"
#include "codec/span.h"

enum heard_kind {
	HEARD_NOTHING,
	HEARD_ARP,    /* request or reply: `from` has `mac`; `reply` tells which */
	HEARD_ADVERT, /* neighbour advertisement: `from` (the target) has `mac` (option, else frame);
			  * `reply`: it answers a solicitation */
	HEARD_SOLICIT, /* a neighbour solicitation of somebody: `from` has `mac` (option, else frame)
			  * and asks for `to`; `from` is all zero where an address is still tried out */
	HEARD_ROUTER,  /* router advertisement from `from` */
	HEARD_TCP,
	HEARD_UDP,
	HEARD_ECHO,  /* echo reply */
	HEARD_ERROR, /* ICMP or ICMPv6 error about a packet, see quoted_* */
	HEARD_REDIRECT, /* the packet of quoted_* went on to `next`, where the next one is to go at once */
};

struct heard {
	enum heard_kind kind;
	struct addr from,
		to;     /* IP source and destination (ARP: sender and target). A frame tells no
			       * scope: the caller sets that of its interface for link-local ones */
	uint8_t mac[6]; /* sender's, see above; else of the frame; zero without Ethernet */
	uint16_t vlan;  /* outermost tag's id but 0, which is a priority alone; 0 without */
	bool reply;
	uint8_t hops; /* what the hop limit of an IP packet had left */
	/* TCP and UDP */
	uint16_t from_port, to_port;
	uint32_t sequence, acknowledged;
	uint8_t flags;       /* TCP */
	struct span payload; /* UDP; bytes of the frame, as many as were captured */
	/* echo: as one number, identifier << 16 | sequence */
	uint32_t echo;
	/* errors and redirects */
	uint8_t type, code;
	struct addr next;
	uint8_t quoted_protocol; /* 1 and 58: an echo request; 6, 17; 0: too little was quoted, or
				  * something else */
	struct addr quoted_to, quoted_from; /* all zero where they were not quoted */
	uint16_t quoted_from_port, quoted_to_port;
	uint32_t quoted_number; /* TCP sequence, 0 where not quoted; echo id and sequence; UDP: 0 */
};

enum { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_ACK = 16 };

/* link: length of the link-layer header that the capture has (14 Ethernet, 0 raw IP). False: nothing
 * that concerns us, or malformed. Views live as long as the frame. */
bool heard_read(const uint8_t *frame, size_t n, size_t link, struct heard *ret);

#endif
