/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Posting results to a server of the operator's own, by HTTPS. The one place beside the guard that opens a connection
 * (doc/architecture.md, "Pushing"): its destination is named by the user, never by anything that was scanned.
 *
 * TLS is always verified, and the name in the certificate too. No redirection is followed, nothing of the environment
 * (proxies, .netrc) counts, every wait and every answer has a limit.
 */
#ifndef TENKEN_PUSH_PUSH_H
#define TENKEN_PUSH_PUSH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "codec/complaint.h"

enum {
	PUSH_TRIES = 5,
	PUSH_TRIES_MOST = 20,
	PUSH_TIMEOUT_S = 60, /* of one attempt */
	PUSH_TIMEOUT_MOST_S = 600,
	PUSH_WAIT_MOST_S = 120, /* between two attempts, also where the server asks for more */
	PUSH_TOTAL_S = 1800,    /* all attempts of one push */
};

/* Texts are borrowed until push_close(). */
struct push_setup {
	const char *url;        /* https; http on this machine only */
	const char *secret;     /* of "Authorization: Bearer"; NULL: none */
	const char *trust;      /* certificates (PEM) beside those of the system; NULL: none */
	const char *proxy;      /* NULL: none, whatever the environment says */
	const char *media_type; /* of every body */
	unsigned tries, timeout_s;
	/* Told of each wait, in one line; NULL: nobody. */
	void (*wait)(void *context, const char *words, unsigned seconds);
	void *context;
};

struct push;
/* NULL after a complaint: a URL that may not be pushed to, or no memory. */
struct push *push_open(const struct push_setup *s, struct complaints *c);
void push_close(struct push *p);
/* The URL without what stands behind '?': what may be told and kept. */
const char *push_target(const struct push *p);

enum push_end {
	PUSH_TAKEN,   /* answered with 2xx */
	PUSH_REFUSED, /* in a way that no repetition mends: nothing more need be tried */
	PUSH_FAILED,  /* every attempt failed, or the time is over */
};
/*
 * Posts one body; key: of its content, so that the server knows a repetition (draft-ietf-httpapi-idempotency-key).
 * head: one more header line ("Tenken-Scan: ..."), NULL: none. words: why not, one clean line.
 */
enum { PUSH_WORDS = 256 };
enum push_end push_send(struct push *p, const void *body, size_t n, const char *key,
			const char *const *heads, char words[static PUSH_WORDS]);

/* The first line of a file that nobody but its owner may read; free() it. NULL after a complaint. */
char *push_secret_read(const char *path, struct complaints *c);

#endif
