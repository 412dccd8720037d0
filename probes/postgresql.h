/* SPDX-License-Identifier: Apache-2.0 */
/* What the postgresql probe and the login have in common: messages of protocol 3.0. */
#ifndef TENKEN_PROBES_POSTGRESQL_H
#define TENKEN_PROBES_POSTGRESQL_H

#include "talk/conn.h"

struct postgresql_message {
	uint8_t type;
	struct span body; /* valid until the next read */
};

/* StartupMessage with this name alone; nothing is sent where it is too long. */
void postgresql_say_startup(struct conn *c, const char *user);
/* False and a failed connection where none came, or none that is acceptable. */
bool postgresql_hear(struct conn *c, struct postgresql_message *ret);
/* The field with this letter of an ErrorResponse; empty where it is missing. */
struct span postgresql_error_field(struct span body, char letter);

#endif
