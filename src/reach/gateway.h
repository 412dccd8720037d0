/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Neighbours as gateways: a frame with the neighbour's MAC address as its destination and the beacon's
 * address in its packet. A host drops it; who forwards lowers the hop limit. With a hop limit of 1 it must
 * then drop the packet too, and says so (time exceeded: RFC 792; RFC 4443, 3.3; RFC 1812, 4.3.3.3): the
 * proof never leaves the neighbour. Some drop it without a word, so that silence proves nothing; only a
 * packet with an ordinary hop limit tells then, and where it leads to.
 *
 * These are the frames and what is heard about them, as pure functions: bytes to plain facts.
 */
#ifndef TENKEN_REACH_GATEWAY_H
#define TENKEN_REACH_GATEWAY_H

#include "reach/token.h"
#include "wire/frames.h"
#include "wire/heard.h"

enum gateway_kind {
	GATEWAY_ECHO, /* ICMP or ICMPv6 echo request with a question as its data */
	GATEWAY_SYN,  /* to TCP port 443 */
	GATEWAY_UDP,  /* to UDP port 53, with a question */
	GATEWAY_KINDS,
};

enum { GATEWAY_PACKET = 128, GATEWAY_HOPS = 64 };

/* In the order of what they say: of several frames to one neighbour the last one here counts. */
enum gateway_heard {
	GATEWAY_SILENT,
	GATEWAY_UNREACHABLE, /* it routes, and knows no way there */
	GATEWAY_REDIRECTED,  /* it routes, by another one on this segment */
	GATEWAY_ANSWERED, /* the beacon's address answered, which proves nothing: by TCP, or after one hop */
	GATEWAY_PROHIBITED, /* it routes, and has a rule against it */
	GATEWAY_EXCEEDED,   /* time exceeded: it forwards */
	GATEWAY_REACHED,    /* the beacon's own answer */
};

/* One frame, and what was heard about it. */
struct gateway_asked {
	enum gateway_kind kind;
	uint8_t mac[6];
	unsigned ifindex;
	uint8_t hops;
	struct addr from, to;
	uint16_t source_port; /* of SYN and UDP: every frame of a run has its own */
	uint32_t cookie;
	struct token_asked question;
	const char *unsent; /* why it did not leave; NULL */

	enum gateway_heard heard;
	uint8_t type, code;     /* of the ICMP message that decided it; 0, 0: none */
	struct addr heard_from; /* who said so */
	uint8_t heard_mac[6];
	struct addr next;           /* of a redirect; zero: none came */
	struct token_answer answer; /* GATEWAY_REACHED by UDP */
	bool has_answer;
	uint8_t packet[GATEWAY_PACKET]; /* the first bytes of the frame that decided it */
	size_t packet_length;
};

/* The port that a kind goes to: 0, 443, 53. */
uint16_t gateway_port(enum gateway_kind k);
/* "icmp", "tcp", "udp" */
const char *gateway_transport(enum gateway_kind k);
/* The cookie of the frame: kind, mac, ifindex, hops, to and source_port are set. */
uint32_t gateway_cookie(const struct gateway_asked *q, const uint8_t key[static FRAME_KEY]);

/* The frame itself. way: of the interface, with from as its source. Its length, or 0 (no memory). */
size_t gateway_frame(const struct gateway_asked *q, const struct way *way,
		     uint8_t out[static FRAME_MOST]);

/* A frame that came in on this interface (Ethernet). The question that it is about, with what it says added
 * where it says more than what was heard before; NULL: about none of them. */
struct gateway_asked *gateway_hear(struct gateway_asked *list, size_t count, unsigned ifindex,
				   const struct token_key *key, const uint8_t *frame, size_t n);

#endif
