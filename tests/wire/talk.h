/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A conversation in memory, played from a .talk file (tests/wire/README.md has the grammar) or from
 * a fuzzer's bytes.
 */
#ifndef TENKEN_TESTS_TALK_H
#define TENKEN_TESTS_TALK_H

#include "probes/probe.h"
#include "talk/backend.h"
#include "tests/wire/declared.h"

enum step_kind {
	STEP_SEND,          /* > the probe must send these bytes */
	STEP_RECEIVE,       /* < the peer's bytes */
	STEP_CLOSE,         /* ! the peer closes */
	STEP_RESET,         /* ! reset */
	STEP_AGAIN,         /* + the probe opens its next connection */
	STEP_TLS,           /* @ tls: conn_start_tls() */
	STEP_RENEGOTIATION, /* @ renegotiation refused|done|unknown: conn_renegotiate() */
};

struct step {
	enum step_kind kind;
	uint8_t *bytes;
	size_t length;
	enum ending ending; /* of STEP_AGAIN */
	bool refused;       /* STEP_TLS: it does not come about */
	enum renegotiation renegotiation;
	unsigned line;
};

struct talk {
	struct step *steps;
	size_t count;
	uint16_t port;
	enum depth depth;
	bool tls_wanted;
	char *credential; /* "PROTOCOL USER PASSWORD [VENDOR]", of login and community; NULL: none */
	char *names
		[DECLARED_KINDS]; /* conn_declared(): zones, mail domains, selectors, each with blanks between */
	char starttls[32]; /* conn_starttls(); empty: NULL */
	int64_t clock;
	uint8_t *random;
	size_t random_length;
	enum ending ending; /* expected */
};

/* Reads a .talk file; false and a message on stderr where it is none. */
bool talk_read(struct talk *t, const char *path);
/* A fuzzer's script, and a conversation as one (the caller frees it; NULL without memory): talk.c says
 * what stands in it. Of what the probe sends only the place is kept. */
bool talk_from_bytes(struct talk *t, const uint8_t *bytes, size_t n);
uint8_t *talk_to_bytes(const struct talk *t, size_t *ret_length);
void talk_done(struct talk *t);
/* All bytes of the peer, as one run of positions. */
size_t talk_received(const struct talk *t);

struct play {
	const struct talk *talk;
	bool strict; /* compare what is sent; stop at the first difference */
	size_t cut;  /* the peer's bytes end here, then it closes; SIZE_MAX: never */
	size_t flip; /* this bit of the peer's bytes is flipped; SIZE_MAX: none */
	bool record; /* accept what is sent and keep it for writing the file anew */
	/* result */
	enum ending ending;
	json_t *evidence;    /* the caller's to free */
	char complaint[512]; /* strict: the first difference, or empty */
	struct step *sent;   /* record: the STEP_SENDs as they were, by step index */
};

/* Plays the probe through; false only where memory ran out. */
bool play_probe(struct play *p, const struct probe *probe);

#endif
