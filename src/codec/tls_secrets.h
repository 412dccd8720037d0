/* SPDX-License-Identifier: Apache-2.0 */
/*
 * As much of TLS 1.3's key schedule (RFC 8446, 7) as opens the server's first flight: its
 * certificate is encrypted, though to anybody who sends a key share. X25519 and P-256 only; the suites
 * AES-GCM and ChaCha20-Poly1305.
 */
#ifndef TENKEN_CODEC_TLS_SECRETS_H
#define TENKEN_CODEC_TLS_SECRETS_H

#include "codec/span.h"
#include "codec/tls_records.h"

/* A key pair of X25519, which may serve any number of hellos to one server. */
struct tls_key {
	void *pair; /* OpenSSL's */
	uint8_t public[TLS_SHARE];
};

/* private may be any bytes. False without memory; tls_key_free() is right in every case. */
bool tls_key_make(struct tls_key *k, const uint8_t private[static TLS_SHARE]);
void tls_key_free(struct tls_key *k);

struct tls_opener {
	const void *cipher; /* NULL: nothing can be opened */
	uint8_t key[32];
	uint8_t iv[12];
	uint64_t sequence;
};

/* A share of P-256 that needs no arithmetic: the base point (SEC 2, 2.4.2), whose private key is 1, so that
 * what both agree on is the server's own point. Nothing is kept secret by it, and nothing need be. */
extern const uint8_t tls_p256_share[65];

/* client and server are the two hello messages, without their record headers; group and share are the
 * server's; key is that of X25519. False where suite, group or share do not serve. */
bool tls_opener_init(struct tls_opener *o, uint16_t suite, const struct tls_key *key,
		     uint16_t group, struct span share, struct span client, struct span server);

/*
 * Opens one protected record. out has room for record.length bytes; ret is what was inside, a view
 * of out, and its content type. False where it was not made with our keys.
 */
bool tls_open(struct tls_opener *o, struct span header, struct span record, uint8_t *out,
	      struct span *ret, uint8_t *ret_type);

/* HKDF-Expand-Label (RFC 8446, 7.1) with SHA-256 and without a context; n is at most 32. */
void tls_expand_sha256(const uint8_t secret[static 32], const char *label, uint8_t *ret, size_t n);

#endif
