/* SPDX-License-Identifier: Apache-2.0 */
/* A protocol of lines that may turn into TLS, as its decoder's state begins. */
#ifndef TENKEN_LISTEN_STARTTLS_H
#define TENKEN_LISTEN_STARTTLS_H

#include "listen/tls_ear.h"

struct starttls {
	bool asked;       /* the client wants TLS */
	bool begun;       /* the server agreed */
	bool dropping[2]; /* of line_take() */
	struct tls_ear ear;
};

/*
 * hear() of a decoder of lines: gives each line to `line` (SIDE_CLIENT, SIDE_SERVER), which returns 0 or how
 * the decoder ends (HEAR_DONE, HEAR_NOT_OURS); from s->begun on it is TLS. Also where the client begins with a
 * TLS record behind its request, as the server's agreement may not have been captured.
 */
long starttls_hear(struct starttls *s, struct talk *t, enum side side, struct span bytes,
		   long (*line)(struct talk *t, enum side side, struct span line));

#endif
