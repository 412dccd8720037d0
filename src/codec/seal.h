/* SPDX-License-Identifier: Apache-2.0 */
/* What proves bytes to others: SHA-256 digests (FIPS 180-4) and Ed25519 signatures (RFC 8032), as text. */
#ifndef TENKEN_CODEC_SEAL_H
#define TENKEN_CODEC_SEAL_H

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	DIGEST_TEXT = 64 + 1, /* SHA-256 as hexadecimal digits */
	SEAL_TEXT = 88 + 1,   /* a signature in base64 (RFC 4648, 4) */
};

/* Digits of n bytes and a zero: 2 * n + 1 characters. Returns out. */
char *hex_text(const uint8_t *bytes, size_t n, char *out);
/* False, here and below: no memory. */
bool digest_bytes(const void *bytes, size_t n, char out[static DIGEST_TEXT]);
/* Reads to the end, or until there is more than `most`, and writes it to `to` unless that is negative. False
 * with errno (EFBIG: there is more). */
bool digest_copy(int from, int to, uint64_t most, uint64_t *ret_bytes,
		 char ret_digest[static DIGEST_TEXT]);
/* The digest of a public key of Ed25519, by which people compare keys. */
bool digest_key(const EVP_PKEY *key, char out[static DIGEST_TEXT]);

/* The signature of these bytes by a secret key of Ed25519. */
bool seal_make(EVP_PKEY *key, const void *bytes, size_t n, char out[static SEAL_TEXT]);
/* Is this text (of SEAL_TEXT - 1 characters, anything may follow) the signature of these bytes by this key? A
 * text that base64 would read as the same bytes but that nobody writes so is none. */
bool seal_holds(EVP_PKEY *key, const void *bytes, size_t n, const char *text);

#endif
