/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Results that travel: one file, signed. It is for two sides without a path between them, so it says by itself whose
 * it is, and whether it arrived as it left. doc/reach.md shows its form.
 */
#ifndef TENKEN_REACH_PARCEL_H
#define TENKEN_REACH_PARCEL_H

#include <openssl/evp.h>

#include "codec/complaint.h"
#include "codec/span.h"

enum { PARCEL_TEXT = 256, PARCEL_KEY_NAME = 17 };

struct parcel {
	char site[PARCEL_TEXT], vantage[PARCEL_TEXT], run[37], version[32];
	int64_t created; /* Unix seconds */
	uint64_t bytes;  /* of what it holds */
	char sha256[65];
	char key[PARCEL_KEY_NAME]; /* which key signed it */
};

/* Ed25519 (RFC 8032) as PEM: a new secret key in a file of mode 0600, the public one in FILE.pub. False after a
 * complaint; files that are there are never touched. */
bool sign_key_make(const char *path, struct complaints *c);
/* Secret: nobody but its owner may read the file. NULL after a complaint; EVP_PKEY_free() frees it. */
EVP_PKEY *sign_key_read(const char *path, bool secret, struct complaints *c);
/* Sixteen digits to tell keys apart by: the beginning of the SHA-256 of the public key. */
bool sign_key_name(const EVP_PKEY *key, char out[static PARCEL_KEY_NAME]);

/* Packs the file `content`: p gives site, vantage, run, version and time. False after a complaint; there is no
 * half a parcel at path. */
bool parcel_write(const char *path, const struct parcel *p, const char *content, EVP_PKEY *key,
		  struct complaints *c);
/* Reads and proves what a parcel says of itself. The descriptor stands at its content; -1 after a complaint. */
int parcel_open(const char *path, EVP_PKEY *verify, struct parcel *ret, struct complaints *c);
/* Writes the content to a new file of mode 0600, as long as it is what was signed. False after a complaint, and
 * there is no such file then. */
bool parcel_unpack(int fd, const char *path, const struct parcel *p, const char *to,
		   struct complaints *c);

#endif
