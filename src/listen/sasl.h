/* SPDX-License-Identifier: Apache-2.0 */
/* SASL (RFC 4422) as it is heard in protocols of lines: SMTP, IMAP, POP3. */
#ifndef TENKEN_LISTEN_SASL_H
#define TENKEN_LISTEN_SASL_H

#include "listen/stream.h"

/* Zeroed: no exchange is going on. */
struct sasl {
	uint8_t expect; /* what the client's next line is; enum of sasl.c */
	bool asked;     /* of LOGIN: a question of the server waits for its answer */
};

/* The client named a mechanism, with or without its first message; tells how it logs in. protocol: "smtp". */
void sasl_begin(struct sasl *s, struct talk *t, const char *protocol, struct span mechanism,
		struct span initial);
/* A line of the client; true where it was one of the exchange and no command. */
bool sasl_answer(struct sasl *s, struct talk *t, struct span line);
/* What the server asked within the exchange, without what marks it ("334 ", "+ "). */
void sasl_ask(struct sasl *s, struct talk *t, struct span line);
/* The server ended it. */
void sasl_end(struct sasl *s);

#endif
