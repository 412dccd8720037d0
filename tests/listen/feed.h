/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A decoder of streams without packets: chunks of both sides go straight to it, as reassembly would give
 * them. For unit tests and the fuzzer.
 */
#ifndef TENKEN_TESTS_FEED_H
#define TENKEN_TESTS_FEED_H

#include <jansson.h>

#include "listen/decoder.h"

struct feed;

/* A connection of 192.0.2.1 with 192.0.2.2 on this port. decoder NULL: whoever recognises it. */
struct feed *feed_new(const struct decoder *decoder, uint16_t port);
void feed_free(struct feed *f);
void feed_say(struct feed *f, enum side side, struct span bytes);
void feed_gap(struct feed *f, enum side side);
/* Who has recognised it; NULL: nobody. */
const struct decoder *feed_decoder(const struct feed *f);
/* What was told, in order and each once: "login.cleartext 192.0.2.2:21 from 192.0.2.1: ftp", "(p)" behind
 * what is personal; at the end "flow: ftp" where it is one, and "named: x". Borrowed. */
const json_t *feed_facts(struct feed *f);
/* Everything that was told as it stands, to look for secrets. Borrowed. */
struct span feed_raw(const struct feed *f);

#endif
