/* SPDX-License-Identifier: Apache-2.0 */
/* What stands behind a conversation: descriptors lent by the guard, or memory. Probes use conn.h. */
#ifndef TENKEN_TALK_BACKEND_H
#define TENKEN_TALK_BACKEND_H

#include <sys/types.h>

#include "talk/conn.h"

struct backend {
	/* At least one byte within timeout_ms. 0: the peer closed. Negative errno: -ETIMEDOUT,
	 * -ECONNRESET, -EPIPE, -ECANCELED (told to stop), ... */
	ssize_t (*receive)(void *context, void *bytes, size_t n, unsigned timeout_ms);
	/* All n bytes, after the pace allows it. 0 or negative errno; -EDQUOT where not allowed. */
	int (*send)(void *context, const void *bytes, size_t n, unsigned timeout_ms);
	/* Opens the next connection to the same port; ENDING_DONE when it stands. */
	enum ending (*open)(void *context);
	/* Closes the open connection properly. */
	void (*close)(void *context);
	/* See conn_lend(). NULL: there is none. */
	int (*lend)(void *context, unsigned packets);
	/* TLS is played by the script: 1 it stands, and the bytes go through as they are; -1 the peer
	 * refuses; 0 (or NULL): real TLS. */
	int (*plays_tls)(void *context, bool old);
	/* What comes of a renegotiation in such a TLS. */
	enum renegotiation (*plays_renegotiation)(void *context);
	void (*random)(void *context, void *bytes, size_t n);
	int64_t (*clock)(void *context);  /* Unix seconds */
	int64_t (*now_ms)(void *context); /* monotonic */
};

struct conn_setup {
	const struct backend *backend;
	void *context;
	const char *address; /* text; the strings must outlive the conversation */
	uint16_t port;
	const char *identity;
	const char *ehlo;
	enum depth depth;
	bool anonymous;                      /* conn_anonymous() */
	const struct credential *credential; /* conn_credential() */
	const struct login_forms *forms;     /* conn_login_forms() */
	const struct domains *declared;      /* conn_declared(); outlives the conversation */
	bool tls;                            /* the port is known to speak TLS: conn_tls_wanted() */
	const char *starttls;                /* conn_starttls() */
	unsigned connections;                /* most */
	uint32_t sent;                       /* most bytes */
	uint32_t received;
	unsigned deadline_ms;
	json_t *evidence; /* borrowed */
};

/* A conversation whose first connection is open already. NULL without memory. */
struct conn *conn_new(const struct conn_setup *setup);
/* Closes what is open and frees; accepts NULL. */
void conn_free(struct conn *c);
unsigned conn_connections(const struct conn *c);
size_t conn_sent(const struct conn *c);
/* Hands the conversation on to another probe: new budgets and evidence, the same open connection
 * with its unread bytes (a recognised greeting). Clears no failure. */
void conn_hand_over(struct conn *c, const struct conn_setup *setup);

#endif
