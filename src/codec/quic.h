/* SPDX-License-Identifier: Apache-2.0 */
/*
 * QUIC's first packets (RFC 9000, 17.2; RFC 9369 for version 2). A client's Initial is encrypted with keys that
 * follow from the packet itself (RFC 9001, 5.2), so that anybody on the way may read what it says.
 */
#ifndef TENKEN_CODEC_QUIC_H
#define TENKEN_CODEC_QUIC_H

#include "codec/reader.h"

enum quic_kind { QUIC_INITIAL, QUIC_0RTT, QUIC_HANDSHAKE, QUIC_RETRY, QUIC_VERSIONS };

/* A packet with a long header. Views into the datagram. */
struct quic_packet {
	enum quic_kind kind;
	uint32_t version;        /* 0: QUIC_VERSIONS */
	struct span destination; /* connection id */
	struct span whole;       /* from the first byte on, to the end that its length tells */
	size_t number_at;        /* where in `whole` the packet number begins */
};

/* The packet that begins at r, of versions 1 and 2 and of the last drafts; r stands behind it then. False: it
 * is none. */
bool quic_read(struct reader *r, struct quic_packet *ret);

enum { QUIC_HELLO_MOST = 4096 };

/* What a client's Initial says: the beginning of its ClientHello message, as far as this packet has it without
 * a gap. False where it was not made with the keys of its connection id. */
bool quic_open_client(const struct quic_packet *p, uint8_t out[static QUIC_HELLO_MOST],
		      struct span *ret);

#endif
