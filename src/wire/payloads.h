/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is asked of a UDP port by the sweep: one question per port of the port list whose protocol
 * answers strangers, and how its answer is known.
 *
 * Every question only reads: none logs in, names a community or a user, opens a file, takes an address,
 * or asks for what a device keeps from strangers. Ports of control equipment are never asked.
 *
 * An answer is believed where it comes from the address and port that were asked, to a source port
 * that was chosen by the keyed value (payload_source()), and brings back the keyed value itself where
 * the protocol returns something of the question.
 */
#ifndef TENKEN_WIRE_PAYLOADS_H
#define TENKEN_WIRE_PAYLOADS_H

#include "codec/span.h"

enum {
	PAYLOAD_PORTS = 16,
	PAYLOAD_MOST = 640,
	PAYLOAD_SOURCES = 256, /* source ports, one behind the other */
};

struct payload {
	uint16_t port;
	const char *protocol;
	const uint8_t *bytes;
	size_t length;
	/* Where the keyed value stands in the question, the higher byte first; the lower half of it
	 * where two bytes are all there is. 0 bytes: the protocol returns nothing of the question, the
	 * source port alone tells. */
	size_t key_at, key_bytes;
	/* The question is text: its four bytes are the lower half in hexadecimal digits. */
	bool key_text;
	/* The answer comes from a port of its own (TFTP). */
	bool elsewhere;
	/* Of the first bytes of an answer: a capture may have cut it. */
	bool (*fits)(struct span answer, uint32_t key);
};

/* The questions by port; NULL behind the last. */
const struct payload *payload_at(size_t i);
/* NULL: this port is not asked. */
const struct payload *payload_find(uint16_t port);
/* What stands in the question for this keyed value: its key_bytes, as they are sent. */
uint32_t payload_key(const struct payload *p, uint32_t cookie);
/* The question for this keyed value, for those who do not fill in frames. Its length. */
size_t payload_write(const struct payload *p, uint32_t cookie, uint8_t out[static PAYLOAD_MOST]);
/* The source port for this keyed value: first .. first + PAYLOAD_SOURCES - 1. */
uint16_t payload_source(uint16_t first, uint32_t cookie);
/* Does this answer the question that was asked with this keyed value? */
bool payload_fits(const struct payload *p, uint32_t cookie, struct span answer);

#endif
