/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Logins by prompts, as terminals have them: the server asks for a password and the client types. Nothing that
 * is typed is kept, not even how long it is.
 */
#ifndef TENKEN_LISTEN_PROMPTS_H
#define TENKEN_LISTEN_PROMPTS_H

#include "listen/stream.h"

enum { PROMPT_TAIL = 16 };

struct prompts {
	uint8_t tail[PROMPT_TAIL]; /* of the server's present line, in small letters */
	uint8_t length;
	bool asked; /* the line that stands is a question for a password */
	bool told;
};

/* One character of the server's text. */
void prompts_server(struct prompts *p, uint8_t c);
/* One character of the client's: tells the login once a line that answers a question ends. */
void prompts_client(struct prompts *p, struct talk *t, uint8_t c, const char *way);

#endif
