/* SPDX-License-Identifier: Apache-2.0 */
/* Conversations for the decoders of streams: what both sides say, and what is told of it. */
#ifndef TENKEN_TESTS_CONVERSATION_H
#define TENKEN_TESTS_CONVERSATION_H

#include "listen/decoder.h"

struct line {
	enum side side;
	const char *text;
	size_t length;
};

struct conversation {
	const char *name;
	uint16_t port;
	struct line lines[24];    /* ends with a NULL text */
	const char *expected[16]; /* lines of feed_facts(), in any order */
};

extern const struct conversation conversations[];
extern const size_t conversation_count;

/* The password in all of them. */
#define PLANTED_SECRET "PLANTED-SECRET-7f3a"

#endif
