/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What sockets do not tell: who refused by ICMP, and how far away the one is that resets or accepts a TCP
 * connection (raw(7)). Needs CAP_NET_RAW when opened; without it nothing is ever found.
 */
#ifndef TENKEN_REACH_OVERHEARD_H
#define TENKEN_REACH_OVERHEARD_H

#include "codec/address.h"

struct overheard;

/* An ICMP or ICMPv6 error about a packet of ours. */
struct overheard_icmp {
	struct addr from;
	uint8_t type, code;
};

/* What an error means to whoever sent the packet. */
enum icmp_meaning {
	ICMP_NO_WAY,    /* there is no route, or no such host, further on */
	ICMP_FORBIDDEN, /* somebody does not let it pass */
	ICMP_PORT_SHUT, /* port unreachable: of the destination itself; of others a refusal */
	ICMP_LOOP,      /* time exceeded */
	ICMP_OTHER,
};
enum icmp_meaning icmp_meaning(bool v4, uint8_t type, uint8_t code);

/* Opens what there is a right to. NULL without memory. */
struct overheard *overheard_open(void);
void overheard_close(struct overheard *o);
/* A thread that listens until overheard_stop(). False: it could not be started; nothing is then found. */
bool overheard_start(struct overheard *o);
void overheard_stop(struct overheard *o);
/* There was no right to listen. */
bool overheard_deaf(const struct overheard *o);

/* Pure: the error in a whole IPv4 packet (v4) or ICMPv6 message, and the quoted packet's destination and
 * ports. False: none that concerns UDP, TCP or an echo. Of an echo own_port is its identifier. */
struct overheard_quote {
	uint8_t type, code, protocol;
	struct addr to;
	uint16_t own_port, port;
};
bool overheard_read_icmp(struct span packet, bool v4, struct overheard_quote *ret);

/* The newest error about a packet of this protocol from our port (0: any) to that address and port. */
bool overheard_error(struct overheard *o, uint8_t protocol, uint16_t own_port,
		     const struct addr *to, uint16_t port, struct overheard_icmp *ret);
/* The TTL of the newest segment from there to our port with all of these flags set (4: RST, 18: SYN-ACK); -1: none
 * was heard. */
int overheard_ttl(struct overheard *o, const struct addr *from, uint16_t port, uint16_t own_port,
		  uint8_t flags);

#endif
