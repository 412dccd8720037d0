/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens: what the beacon is asked with and what it answers. doc/reach.md shows every byte.
 *
 * A question says who asks (run and number), by which way and when; an answer says from which address the
 * question came. Both are sealed by keys that are derived from one token key by a label of their own, so that
 * a question can never pass as an answer, nor anything that another key has made or signed as either.
 * An answer seals its question with it, and is never longer.
 */
#ifndef TENKEN_REACH_TOKEN_H
#define TENKEN_REACH_TOKEN_H

#include "codec/address.h"
#include "codec/complaint.h"

enum {
	TOKEN_KEY = 32,
	TOKEN_QUESTION = 64,     /* bytes, where bytes pass */
	TOKEN_ANSWER = 64,       /* to such a question */
	TOKEN_SHORT = 30,        /* bytes of a question that fits one DNS label or a server name */
	TOKEN_SHORT_ANSWER = 33, /* by DNS, to a question of either length */
	TOKEN_SKEW_MOST = 3900,  /* seconds that the clocks of both sides may differ */
};

/* The way a question is sent by, as both sides see it; a proxy or resolver between them changes nothing. */
enum token_method {
	TOKEN_TCP,
	TOKEN_UDP,
	TOKEN_ICMP,
	TOKEN_HTTP,
	TOKEN_TLS,
	TOKEN_DNS,
	TOKEN_METHODS,
};
/* "tcp", "udp", "icmp", "http", "tls", "dns". */
const char *token_method_word(enum token_method m);

enum token_verdict {
	TOKEN_RIGHT,
	TOKEN_NONE,    /* not of this form at all: somebody else's bytes */
	TOKEN_FORGED,  /* sealed by another key, or changed */
	TOKEN_OTHER,   /* an answer, but of another question */
	TOKEN_OLD,     /* a question whose time is too far behind; or whose like are forgotten */
	TOKEN_AHEAD,   /* a question whose time is too far ahead */
	TOKEN_REPLAYED /* had before */
};
/* "right", "none", "forged", "other", "too-old", "too-new", "replayed". */
const char *token_verdict_word(enum token_verdict v);

/* ---- the key ---- */

struct token_key {
	uint8_t question[32], answer[32], tls[32];
	char name[9]; /* to tell keys apart by, on both sides; says nothing about the key */
};
/* False, here and below: no memory. */
bool token_key_from(const uint8_t key[static TOKEN_KEY], struct token_key *ret);
/* Reads 32 bytes as hexadecimal or base64 text; lines that begin with '#' are passed over. False after a
 * complaint: unreadable, no such key, or open to others than its owner. */
bool token_key_read(const char *path, struct token_key *ret, struct complaints *c);
/* Writes a new random key to a new file of mode 0600. False after a complaint; a file that is there is
 * never touched. */
bool token_key_make(const char *path, struct complaints *c);
void token_key_forget(struct token_key *k);

/* ---- questions ---- */

struct token_question {
	uint64_t run;    /* the same for all questions of one run of `tenken reach`; random */
	uint32_t number; /* of the question within its run */
	enum token_method method;
	uint16_t port;     /* that it is sent to; 0: none, or a short question */
	int64_t time;      /* Unix seconds by the asker's clock */
	uint8_t random[8]; /* of a short question only the first three travel */
};

/* What was asked, kept by the asker until its answer is there. */
struct token_asked {
	uint8_t bytes[TOKEN_QUESTION];
	size_t length; /* TOKEN_QUESTION or TOKEN_SHORT */
	uint64_t run;
	uint32_t number;
	bool answered;
};

/* Fills *ret; its bytes go out as they are, or as text below. A short one forgets the port. */
bool token_ask(const struct token_key *k, const struct token_question *q, struct token_asked *ret);
bool token_ask_short(const struct token_key *k, const struct token_question *q,
		     struct token_asked *ret);

/* Which questions have been answered; bounded. What it has had to forget is refused by its time. */
struct token_seen;
/* Room for so many questions; NULL without memory. */
struct token_seen *token_seen_new(size_t room);
void token_seen_free(struct token_seen *s);

struct token_heard {
	struct token_question question;
	int64_t skew_s; /* our clock less the asker's */
	int64_t first;  /* of a replayed one: when it was heard first */
	unsigned times; /* that it was heard, this one too */
};
/* The beacon's judgement on bytes it was sent, of either length. *ret is filled unless the verdict is none or
 * forged. A right question is remembered. */
enum token_verdict token_check_question(const struct token_key *k, struct token_seen *seen,
					struct span bytes, int64_t now, struct token_heard *ret);

/* ---- answers ---- */

struct token_answer {
	struct addr
		seen; /* the address and port that the question came from, as the beacon saw them */
	uint16_t seen_port;
	uint16_t port; /* the beacon's own, 0: none, or a short answer */
	enum token_method method;
	int64_t time; /* by the beacon's clock */
};

/* The answer to a whole question, of as many bytes. */
bool token_answer(const struct token_key *k, struct span question, const struct token_answer *a,
		  uint8_t ret[static TOKEN_ANSWER]);
/* The answer by DNS, to a question of either length. */
bool token_answer_short(const struct token_key *k, struct span question,
			const struct token_answer *a, uint8_t ret[static TOKEN_SHORT_ANSWER]);

/* The asker's judgement on bytes that came back, of either length. *ret is filled where it is right, which
 * marks the question as answered. Who else may have made a forged one is told by nothing in it. */
enum token_verdict token_check_answer(const struct token_key *k, struct token_asked *asked,
				      struct span bytes, struct token_answer *ret);
/* Which question a whole answer claims to be for, so that it can be found; false: no whole answer. */
bool token_answer_claims(struct span bytes, uint64_t *ret_run, uint32_t *ret_number);

/*
 * By A records, for resolvers that give nothing else: four addresses of 198.18.0.0/15 (RFC 2544: nobody's), in any
 * order, that hold 60 bits of seal; no address or time travels.
 */
enum { TOKEN_ADDRESSES = 4 };
bool token_addresses(const struct token_key *k, struct span question,
		     struct addr ret[static TOKEN_ADDRESSES]);
/* Right, none (no such addresses), forged, replayed. */
enum token_verdict token_check_addresses(const struct token_key *k, struct token_asked *asked,
					 const struct addr *list, size_t count);

#endif
