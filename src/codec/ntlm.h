/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NTLM as far as it tells who a server is ([MS-NLMP]): the client's first message, the server's
 * challenge, and the third message of somebody who says no name (null session). The third message of
 * somebody with a password is ntlm_login.h.
 *
 * SPNEGO ([MS-SPNG], RFC 4178) around them, as SMB carries it; CredSSP carries the messages bare or
 * in SPNEGO.
 */
#ifndef TENKEN_CODEC_NTLM_H
#define TENKEN_CODEC_NTLM_H

#include <jansson.h>

#include "codec/reader.h"
#include "codec/writer.h"

/* 2.2.1.2, CHALLENGE_MESSAGE: views into the message. Names are UTF-16LE, but target is OEM text
 * where the server did not take Unicode. A name that was not told is empty. */
struct ntlm_challenge {
	uint32_t flags;
	struct span nonce; /* what the answer is made over */
	struct span pairs; /* all names and the rest as they stand, which the answer repeats */
	struct span target;
	struct span computer, domain; /* NetBIOS */
	struct span dns_computer, dns_domain, dns_forest;
	bool has_version;
	uint8_t major, minor;
	uint16_t build;
	bool has_time;
	int64_t time; /* Unix seconds */
	bool has_stamp;
	uint64_t stamp; /* the same as it stands */
};

/* 2.2.2.5 */
enum {
	NTLM_UNICODE = 0x00000001,
	NTLM_OEM = 0x00000002,
	NTLM_REQUEST_TARGET = 0x00000004,
	NTLM_SIGN = 0x00000010,
	NTLM_SEAL = 0x00000020,
	NTLM_LM_KEY = 0x00000080,
	NTLM_NTLM = 0x00000200,
	NTLM_ANONYMOUS = 0x00000800,
	NTLM_ALWAYS_SIGN = 0x00008000,
	NTLM_TARGET_DOMAIN = 0x00010000,
	NTLM_TARGET_SERVER = 0x00020000,
	NTLM_EXTENDED_SECURITY = 0x00080000,
	NTLM_TARGET_INFO = 0x00800000,
	NTLM_VERSION = 0x02000000,
	NTLM_128 = 0x20000000,
	NTLM_KEY_EXCHANGE = 0x40000000,
};
static const uint32_t NTLM_56 = 0x80000000;

/* 2.2.1.1, NEGOTIATE_MESSAGE: no name, no domain of ours. */
void ntlm_write_negotiate(struct writer *w);
/* The same in a SPNEGO NegTokenInit that offers NTLM alone. */
void ntlm_write_spnego(struct writer *w);
/* A further message in a SPNEGO NegTokenResp; mic of what ntlm_write_mechanisms() writes, empty: none. */
void ntlm_write_response(struct writer *w, struct span message, struct span mic);
/* The list of mechanisms that was offered, as it is signed (RFC 4178, 5). */
void ntlm_write_mechanisms(struct writer *w);

/* 2.2.1.3 and 3.2.5.1.2, AUTHENTICATE_MESSAGE of nobody, in a SPNEGO NegTokenResp. flags are those of
 * the challenge. key stands where a client puts a session key that only it and the server know:
 * any bytes will do, as nothing is signed with it. */
void ntlm_write_anonymous(struct writer *w, uint32_t flags, const uint8_t key[static 16]);

/* 2.2.1.3, AUTHENTICATE_MESSAGE of somebody else: who says to be where. What proves it is not looked at. UTF-16LE,
 * or OEM text where flags have no NTLM_UNICODE. */
struct ntlm_authenticate {
	uint32_t flags;
	struct span domain, user, workstation;
	bool has_version;
	uint8_t major, minor;
	uint16_t build;
};

bool ntlm_read_authenticate(struct span message, struct ntlm_authenticate *ret);
/* The first NTLM message anywhere in these bytes, up to their end, and its type (1 to 3); false where there is
 * none. It serves whoever does not care what stands around it. */
bool ntlm_search(struct span bytes, struct span *ret, uint32_t *ret_type);
bool ntlm_read_challenge(struct span message, struct ntlm_challenge *ret);
/* The mechanism's token in a SPNEGO NegTokenResp; a bare NTLM message is its own token. Empty where
 * there is none. */
struct span ntlm_token(struct span bytes);

/* Samba's own: it says version 6.1 with build 0, which no Windows has. */
bool ntlm_is_samba(const struct ntlm_challenge *c);
/* target, computer, domain, dns_computer, dns_domain, dns_forest, os_version ("10.0.17763"), build,
 * ntlm_time. A build 0 is left out: it names no Windows. */
void ntlm_note(json_t *evidence, const struct ntlm_challenge *c);

/* 100 ns since 1601 (FILETIME) as Unix seconds; false for zero and what a clock cannot mean. */
bool filetime_to_unix(uint64_t filetime, int64_t *ret);

#endif
