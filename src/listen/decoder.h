/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A passive decoder: one protocol, one file, one const descriptor, one row in decoders.c. It sends nothing
 * and keeps nothing but the state of one stream. Everything it reads is hostile: bounded reader only, no
 * allocation but by the caller.
 *
 * A descriptor has `packet`, or `recognise` and `hear`, or all three (DNS is both).
 */
#ifndef TENKEN_LISTEN_DECODER_H
#define TENKEN_LISTEN_DECODER_H

#include "listen/notes.h"
#include "listen/packet.h"

enum side { SIDE_CLIENT, SIDE_SERVER };

/* One TCP connection, as its decoder sees it. */
struct talk {
	struct addr client, server; /* client: who sent the SYN, else who has the higher port */
	uint16_t client_port, server_port;
	bool from_start; /* its SYN was seen, and nothing is missing at its beginning */
	struct notes *notes;
	void *state; /* of the decoder: state_size zeroed bytes, freed by the caller; holds no pointers to
		      * free */
	/* What the decoder finds out of the connection as a whole. */
	const char *application; /* NULL: the decoder's name */
	void (*named)(struct talk *t,
		      struct span name); /* tells what the client calls the server (SNI,
							  * Host) */
};

/* What hear() wants beside "so many bytes taken". */
enum {
	HEAR_MORE = 0,     /* nothing taken: call again with more bytes behind these */
	HEAR_DONE = -1,    /* no more of this connection is of interest, the flow stays ours */
	HEAR_NOT_OURS = -2 /* it was not this protocol after all */
};

struct decoder {
	const char *name; /* of its flows; the fact service.spoken is its own to tell */

	/* Frames and datagrams. Where packets are handed over (any that fits); lists end with 0. */
	const uint16_t *ethertypes; /* not IP; 0x0001 stands for 802.3 frames with LLC */
	const uint16_t *udp_ports;  /* of either side */
	const uint8_t *protocols;   /* IP protocols (TCP 6, ICMP 1, ICMPv6 58, ...) */
	bool any_udp; /* also the first datagrams of every UDP flow that no decoder has called its own:
		       * what is recognised on any port by a sure sign (WireGuard, OpenVPN, QUIC) */
	unsigned wraps; /* also packets that came in one of these wraps (enum packet_wrap) */
	/* True: the datagram spoke this protocol (the flow is called so). */
	bool (*packet)(struct notes *n, const struct packet *p);

	/* Streams. tcp_ports: tried first there; recognise() is asked on every connection while nobody has
	 * recognised it, with what a side said first. */
	const uint16_t *tcp_ports;
	size_t state_size;
	/* 1: ours, 0: not enough bytes to tell, -1: not ours. first: at most the first 2,048 bytes of the side. */
	int (*recognise)(const struct talk *t, enum side side, struct span first);
	/* The bytes of one side that were not taken yet, at most 64 KiB (what does not fit ends the decoder).
	 * Returns how many it took from the front (it is called again while it takes some), or one of the
	 * above. */
	long (*hear)(struct talk *t, enum side side, struct span bytes);
	/* Bytes are missing here on this side (lost, snapped, or not seen); what was not taken is gone. NULL:
	 * the decoder is done then. */
	void (*gap)(struct talk *t, enum side side);
};

/* All of them; ends with NULL. */
extern const struct decoder *const decoders[];

/* Tells one fact about an address; value may be NULL: none. */
void tell(struct notes *n, const char *kind, const struct addr *about, const char *value);
/* The same with the bytes that were heard. */
void tell_bytes(struct notes *n, const char *kind, const struct addr *about, struct span value);
/* The sender of a datagram speaks this protocol at this port of its own; nobody in particular is spoken to. */
void tell_spoken_by(struct notes *n, const struct packet *p, uint16_t port, const char *protocol);
/* A fact about a stream's server, port included; the client is the peer. */
void tell_server(struct talk *t, const char *kind, struct span value);

#endif
