/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the tls probe: what the survey knows, one hello and its answer, what becomes evidence. */
#ifndef TENKEN_PROBES_TLS_SURVEY_H
#define TENKEN_PROBES_TLS_SURVEY_H

#include <jansson.h>

#include "starttls.h"

#include "codec/tls_records.h"
#include "codec/tls_secrets.h"
#include "talk/conn.h"

enum {
	SUITES_MAX = 512,       /* of one hello; the registry has fewer */
	FLIGHT_MAX = 64 * 1024, /* bytes of handshake messages that one answer may have */
	SMALL = 32,             /* suites of a hello for servers that do not answer long ones */
	CHAINS_MAX = 3,         /* one per kind of key */
	KNOWN_MAX = 64,         /* groups, schemes: more than we offer */
};

/* What is known of a version. CLOSED_ON: the server hung up in place of an answer. */
enum state { UNKNOWN, ACCEPTED, NOT_OFFERED, CLOSED_ON, UNTESTED };

struct survey {
	struct conn *c;
	json_t *evidence;
	const struct starttls *starttls; /* NULL: TLS begins with the connection */
	enum starttls_answer lead;       /* what came of it, on the last connection */
	bool led;                        /* TLS began once */
	bool begun;                      /* the first connection has been used */
	bool proven;                     /* it speaks TLS */
	size_t longest;                  /* suites of the longest hello that was answered */
	bool small;                      /* long hellos are not */
	bool alerts;                     /* it refuses by alerts */
	unsigned silences;
	enum state states[TLS_1_3 - SSL_3_0 + 1];
	uint16_t suites[TLS_1_3 - SSL_3_0 + 1][SUITES_MAX]; /* accepted */
	size_t suite_counts[TLS_1_3 - SSL_3_0 + 1];
	uint16_t best;
	/* What was seen of groups and signature schemes, up to TLS 1.2 and in TLS 1.3. */
	struct known {
		uint16_t list[KNOWN_MAX];
		size_t count;
	} groups[2], schemes[2];
	/* The suites of a version were not all offered at once: their order tells nothing. */
	bool pieced[TLS_1_3 - SSL_3_0 + 1];
	/* What the hello offered that found the first suite of a version. */
	uint16_t first_offers[TLS_1_3 - SSL_3_0 + 1][SUITES_MAX];
	size_t first_offer_counts[TLS_1_3 - SSL_3_0 + 1];
	bool extensions_noted;
	bool kex_unread;
	uint8_t chains[CHAINS_MAX][32]; /* digests of the leaves that were noted */
	size_t chain_count;
	char name[254]; /* the first DNS name of the first leaf */
	bool leaf_noted;
	bool trust_judged; /* of one of the leaves */
	struct tls_opener opener;
	struct tls_key key; /* of the shares of all hellos; made for the first */
	uint8_t *flight;    /* the handshake messages of the last answer */
	size_t flight_length;
};

enum outcome {
	SAID_HELLO,
	SAID_ALERT,
	SAID_CLOSE,
	SAID_RESET,
	SAID_NOTHING,
	SAID_OTHER,  /* no TLS at all */
	SAID_BROKEN, /* TLS, but malformed */
	SAID_END,    /* the conversation is over: conn_ending() says why */
};

struct answer {
	enum outcome outcome;
	uint8_t alert; /* of SAID_ALERT, or what cut the flight of SAID_HELLO short; 0: none */
	struct tls_server_hello hello; /* views the flight, as protocol does */
	uint16_t group;                /* of the key exchange; 0: none, or not seen */
	uint16_t scheme;               /* of the signature, likewise */
	bool whole;                    /* the server's flight was read to its end */
	bool leaf_seen;
};

/* ---- tls_ask.c: one hello and its answer ---- */

/* Opens a connection and takes it to where the hello may be said. False where the conversation is
 * over. */
bool survey_begin(struct survey *s);
/* Says one hello on a connection of its own and learns from the answer. The random and, where they
 * are missing, the groups are filled in; share: with an X25519 share, where it is for TLS 1.3. */
struct answer survey_ask(struct survey *s, struct tls_hello *h, bool share);
/* The same with the suites that servers commonly have, of the versions from lowest to version. */
struct answer survey_ask_common(struct survey *s, uint16_t version, uint16_t lowest);
/* All suites that this version may use and that are not known to be accepted, at most SUITES_MAX;
 * the common ones first, for servers that read only the beginning of a long list. */
size_t survey_pick_all(const struct survey *s, uint16_t version, uint16_t *ret);
/* Those of what may be offered (groups, else schemes) that have not been seen, at most KNOWN_MAX. */
size_t survey_left(const struct survey *s, bool groups, bool tls13, uint16_t *ret);

/* An alert that says: not that version, none of those suites. */
bool answer_refuses(const struct answer *a);

/* ---- tls_more.c: what is asked once versions and suites are known ---- */

/* False where the conversation is over. Each tells by conn_gathered() what it has found out. */
bool survey_ask_more(struct survey *s);

/* ---- tls_notes.c: what becomes evidence ---- */

enum state *survey_state(struct survey *s, uint16_t version);
/* Notes what is known of a version; an acceptance is never taken back. */
void survey_settle(struct survey *s, uint16_t version, enum state state);
void survey_note_version(struct survey *s, uint16_t version, bool accepted);
/* The suites of a version anew, in the order in which s has them. */
void survey_note_order(struct survey *s, uint16_t version);
/* What was seen of groups (else signature schemes) up to TLS 1.2 or in TLS 1.3, under this version. */
void survey_note_known(struct survey *s, uint16_t version, bool groups);
void survey_note_extension(struct survey *s, const char *name, bool value);
void survey_note_certificate(struct survey *s, struct span der, size_t position);
/* Leaf first, and who vouches for it. */
void survey_note_chain(struct survey *s, const struct span *der, size_t count);
/* Once, however many answers have it. */
void survey_note_oddity(struct survey *s, const char *name);
void survey_note_alert(struct survey *s, uint8_t alert);
/* Everything that a ServerHello and its flight say; an answer that does not keep to what was
 * offered becomes SAID_BROKEN. */
void survey_learn(struct survey *s, const struct tls_hello *h, struct answer *a);

#endif
