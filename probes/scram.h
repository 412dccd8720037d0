/* SPDX-License-Identifier: Apache-2.0 */
/* The client's side of SCRAM-SHA-256 without channel binding (RFC 5802, RFC 7677). */
#ifndef TENKEN_PROBES_SCRAM_H
#define TENKEN_PROBES_SCRAM_H

#include "codec/span.h"
#include "codec/writer.h"

enum { SCRAM_RANDOM = 18, SCRAM_NONCE = 24, SCRAM_HASH = 32 };

struct scram {
	char nonce[SCRAM_NONCE + 1];
	uint8_t server_signature[SCRAM_HASH];
};

/* The client's first message, without a name: the protocol around it has said it. */
void scram_write_first(struct scram *s, const uint8_t random[static SCRAM_RANDOM],
		       struct writer *w);
/* The client's last message in answer to the server's first. False where that is none, where it demands more
 * work than is right, or where the password is not plain ASCII (RFC 4013 could change it). */
bool scram_write_final(struct scram *s, struct span server_first, const char *password,
		       struct writer *w);
/* Does the server know the password too? */
bool scram_verify(const struct scram *s, struct span server_final);

#endif
