/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the ssh probe: its messages, what a server's KEXINIT lets us ask, and the asking. */
#ifndef TENKEN_PROBES_SSH_SURVEY_H
#define TENKEN_PROBES_SSH_SURVEY_H

#include <jansson.h>

#include "codec/reader.h"
#include "codec/writer.h"
#include "talk/conn.h"

enum {
	SSH_NAME_MAX = 64,      /* RFC 4251 6 */
	SSH_PACKET_MAX = 35000, /* RFC 4253 6.1 */
	SSH_KEYS_MAX = 10,      /* host keys that are fetched */
	SSH_MODULI_MAX = 3,     /* requests for a group */
};

/* RFC 4253 12, RFC 4419 5, RFC 5656 7.1 */
enum {
	SSH_MSG_DISCONNECT = 1,
	SSH_MSG_IGNORE = 2,
	SSH_MSG_DEBUG = 4,
	SSH_MSG_KEXINIT = 20,
	SSH_MSG_KEXDH_INIT = 30, /* and KEX_ECDH_INIT */
	SSH_MSG_KEXDH_REPLY = 31,
	SSH_MSG_GEX_GROUP = 31,
	SSH_MSG_GEX_INIT = 32,
	SSH_MSG_GEX_REPLY = 33,
	SSH_MSG_GEX_REQUEST = 34,
};

/* ---- ssh_messages.c: what is said and heard ---- */

/* "SSH-2.0-OpenSSH_9.2p1 Debian-2" */
struct ssh_identification {
	struct span line;
	struct span protocol;
	struct span software;
	struct span comment; /* may be empty */
};

/* RFC 4253 7.1: the ten lists, in the order of the message. */
enum {
	KEX,
	HOSTKEY,
	CIPHER,
	CIPHER_BACK,
	MAC,
	MAC_BACK,
	COMPRESSION,
	COMPRESSION_BACK,
	LANGUAGES,
	LANGUAGES_BACK,
	LISTS
};

struct ssh_kexinit {
	struct span list[LISTS];
	bool guessed; /* a guessed packet follows */
};

struct span ssh_read_string(struct reader *r);
/* RFC 4251 5, mpint: the bits of a positive number; 0 also for one that is longer than any here. */
unsigned ssh_mpint_bits(struct span n);
/* The next name of a comma-separated list; an empty span at its end. */
struct span ssh_next_name(struct span *list);
bool ssh_list_has(struct span list, const char *name);
/* RFC 4251 6: printable US-ASCII, at most 64 bytes, and no comma. */
bool ssh_is_name(struct span s);
bool ssh_read_kexinit(struct span payload, struct ssh_kexinit *ret);

/* A payload as a packet without encryption (RFC 4253 6). */
void ssh_say(struct conn *c, struct span payload);
void ssh_say_identification(struct conn *c);
/* identify: behind our identification. */
void ssh_say_kexinit(struct conn *c, const struct span lists[static LISTS], bool identify);

/* Lines up to the identification, with it. */
enum ending ssh_hear_identification(struct conn *c, struct ssh_identification *ret);
/* The payload of the next packet that says something, valid until the next read; ENDING_CLOSED also
 * where that is a DISCONNECT. ret_padded, which may be NULL: padded as RFC 4253 6 says. */
enum ending ssh_hear(struct conn *c, struct span *ret, bool *ret_padded);

/* ---- ssh_keys.c: host keys ---- */

/* What a public key blob says about itself (RFC 4253 6.6, RFC 5656 3.1, RFC 8709 4; OpenSSH's
 * PROTOCOL.certkeys, PROTOCOL.u2f). */
struct ssh_key_facts {
	struct span type;   /* "ssh-rsa", of the blob */
	unsigned bits;      /* 0 where the type is unknown to us, or the modulus is 0 */
	const char *plain;  /* type of the key itself, also of a certificate's; NULL: unknown */
	struct span fields; /* the key itself behind its type; all of it where that is unknown */
	bool certificate;
	struct span authority; /* of a certificate: the blob of the key that signed it */
	struct span key_id;
	uint64_t valid_from, valid_until; /* Unix seconds */
};

/* False where the blob is broken, or is no key of the type that it names. */
bool ssh_read_key(struct span blob, struct ssh_key_facts *ret);
/* Appends {algorithm, type, bits, sha256, md5} to the list; fingerprints as `ssh-keygen -l` prints
 * them, those of a certificate are its key's. */
void ssh_note_key(json_t *list, struct span algorithm, const struct ssh_key_facts *k);

/* ---- ssh_survey.c: the first half of a key exchange ---- */

struct ssh_name {
	uint8_t at[SSH_NAME_MAX];
	size_t length;
};

struct ssh_kex_way;

/* What a server's KEXINIT lets us ask; a copy, since the message does not last. */
struct ssh_offer {
	const struct ssh_kex_way *way;          /* the cheapest that we can begin; NULL: none */
	struct ssh_name kex;                    /* its name */
	struct ssh_name exchange;               /* the first group exchange; empty: none */
	struct ssh_name hostkeys[SSH_KEYS_MAX]; /* one algorithm for each key */
	size_t hostkey_count;
	bool more_hostkeys; /* than fit */
	struct ssh_name first[LISTS];
	bool guessed; /* its KEXINIT is followed by a guess */
};

void ssh_read_offer(const struct ssh_kexinit *k, struct ssh_offer *ret);
/* Each host key; here: the open connection, on which the server's KEXINIT was heard and ours not
 * said, may be used. Notes "hostkeys". False where a key is missing. */
bool ssh_survey_keys(struct conn *c, const struct ssh_offer *offer, bool here, json_t *evidence);
/* The groups that a group exchange gives. Notes "moduli". False where an answer is missing. */
bool ssh_survey_moduli(struct conn *c, const struct ssh_offer *offer, json_t *evidence);

#endif
