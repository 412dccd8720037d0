/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cipher suites of the IANA registry "TLS Cipher Suites", with those obsolete drafts and
 * vendors' numbers that servers still speak, and what kind each is.
 */
#ifndef TENKEN_CODEC_TLS_SUITES_H
#define TENKEN_CODEC_TLS_SUITES_H

#include <stddef.h>
#include <stdint.h>

/* What a suite is; the name says the same, these save reading it. */
enum suite_class {
	SUITE_NULL = 1 << 0,   /* no encryption */
	SUITE_ANON = 1 << 1,   /* nobody proves who they are */
	SUITE_EXPORT = 1 << 2, /* weakened on purpose */
	SUITE_DES = 1 << 3,
	SUITE_TDES = 1 << 4,
	SUITE_RC4 = 1 << 5,
	SUITE_RC2 = 1 << 6,
	SUITE_IDEA = 1 << 7,
	SUITE_SEED = 1 << 8,
	SUITE_CBC = 1 << 9,
	SUITE_SHA1 = 1 << 10, /* as MAC; with SUITE_CBC: "CBC with SHA-1" */
	SUITE_MD5 = 1 << 11,  /* as MAC */
	SUITE_AEAD = 1 << 12,
	SUITE_RSA = 1 << 13,   /* static RSA key exchange */
	SUITE_NO_FS = 1 << 14, /* no forward secrecy: static RSA, DH, ECDH, PSK, Kerberos, GOST */
	SUITE_DHE = 1 << 15,   /* the server sends finite field parameters (anonymous ones too) */
	SUITE_ECDHE = 1 << 16, /* the server sends a curve (anonymous ones too) */
	SUITE_PSK = 1 << 17,
	SUITE_SRP = 1 << 18,
	SUITE_GOST = 1 << 19,
	SUITE_OLD = 1 << 20,   /* may be spoken below TLS 1.2 */
	SUITE_TLS13 = 1 << 21, /* of TLS 1.3 only */
	SUITE_DRAFT =
		1 << 22, /* never registered; the name is ours where it ends in _DRAFT or _2 */
};

struct tls_suite {
	uint16_t code;
	uint32_t classes;
	const char *name;
};

/* Not suites but signals: RFC 5746, RFC 7507. */
enum {
	TLS_EMPTY_RENEGOTIATION_INFO_SCSV = 0x00ff,
	TLS_FALLBACK_SCSV = 0x5600,
};

/* In ascending order of the codes. */
extern const struct tls_suite tls_suites[];
extern const size_t tls_suite_count;

/* NULL where the code is not in the table. */
const struct tls_suite *tls_suite_find(uint16_t code);
/* The SSL 2.0 cipher kind (three bytes) by name; NULL where it is none. */
const char *ssl2_suite_name(uint32_t kind);

#endif
