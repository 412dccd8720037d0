/* SPDX-License-Identifier: Apache-2.0 */
/* What leads up to TLS inside other protocols (STARTTLS and its like). */
#ifndef TENKEN_PROBES_STARTTLS_H
#define TENKEN_PROBES_STARTTLS_H

#include "talk/conn.h"

/* What came of it on one connection. */
enum starttls_answer {
	STARTTLS_READY,   /* the next byte of ours is the first of TLS */
	STARTTLS_ABSENT,  /* the protocol is spoken, and TLS is not offered in it */
	STARTTLS_UNKNOWN, /* the protocol is spoken, but we did not get that far */
	STARTTLS_OTHER,   /* another protocol, or silence */
};

struct starttls {
	/* The service's word in the store; conn_starttls() says it. */
	const char *name;
	/* Where it is tried though no probe has recognised it (0 ends); NULL: it has a probe of its
	 * own. */
	const uint16_t *ports;
	/* What the own probe's evidence says where TLS is offered: each of these keys is true. */
	const char *said[2];
	/* The server counts unfinished handshakes and shuts out who has too many: only the versions
	 * are asked for. */
	bool few;
	/* Says what leads up to TLS on a fresh connection, and hears the answers. */
	enum starttls_answer (*lead)(struct conn *c);
};

/* Ends with a row without a name. */
extern const struct starttls starttls_rows[];

/* By name (NULL is none). */
const struct starttls *starttls_find(const char *name);
/* Is it tried on this port, though no probe has recognised it? */
bool starttls_belongs(const struct starttls *row, uint16_t port);

/* starttls_binary.c */
enum starttls_answer starttls_lead_ldap(struct conn *c);
/* The next LDAP message without its outermost tag and length (RFC 4511, 4.1.1), at most so many bytes, valid until
 * the next read. False where none came. */
bool starttls_read_ldap(struct conn *c, size_t most, struct span *ret);
enum starttls_answer starttls_lead_mysql(struct conn *c);
enum starttls_answer starttls_lead_postgresql(struct conn *c);
enum starttls_answer starttls_lead_rdp(struct conn *c);
/* Does this greeting look like MySQL's? */
bool starttls_greets_mysql(struct span greeting);

#endif
