/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Audit bundles: one tar file whose members are told by a manifest with their SHA-256, and the manifest is signed
 * (Ed25519). doc/bundle.md shows its form, and how it is proven without us. The same members, facts and key give
 * the same bytes.
 *
 * In this order: the members; SHA256SUMS, which sha256sum(1) reads; MANIFEST.json; MANIFEST.sig; KEY.pub.
 */
#ifndef TENKEN_BUNDLE_BUNDLE_H
#define TENKEN_BUNDLE_BUNDLE_H

#include <stdio.h>

#include "codec/complaint.h"
#include "codec/seal.h"

enum { BUNDLE_TEXT = 256, BUNDLE_MEMBERS = 64 };

/* What the manifest says of the whole. */
struct bundle_facts {
	char site[BUNDLE_TEXT], version[32], run[37]; /* run: the UUID of the newest one */
	int64_t schema;                               /* of the store */
	int64_t as_of; /* Unix seconds: the end of that run; the time of every member */
};

/* ---- writing ---- */

struct bundle;
/* A new file of mode 0600 beside path, which bundle_end() gives that name. 0 or negative errno. */
int bundle_begin(const char *path, const struct bundle_facts *f, struct bundle **ret);
/* One member, as write() fills it. 0 or negative errno, write()'s own first; sticky. -EINVAL: no safe name, one
 * that stands already, or more than BUNDLE_MEMBERS. */
int bundle_add(struct bundle *b, const char *name, int (*write)(FILE *out, void *context),
	       void *context);
/* Manifest, signature and public key; then the name. 0 or negative errno. Frees b, also on failure: there is no
 * half a bundle. */
int bundle_end(struct bundle *b, EVP_PKEY *key);
/* Gives it up. Accepts NULL. */
void bundle_drop(struct bundle *b);

/* ---- proving ---- */

/* Who may have signed: public keys, and digests of such (digest_key()). */
struct bundle_trust {
	EVP_PKEY *const *keys;
	size_t key_count;
	const char *const *digests;
	size_t digest_count;
};

struct bundle_proof {
	struct bundle_facts facts; /* only where signed */
	bool signed_;              /* the manifest is signed by `key` */
	bool trusted;              /* and that is one of those that may */
	char key[DIGEST_TEXT];     /* "" where no key was found that made the signature */
	size_t members;            /* those of the manifest that are as it says */
	uint64_t bytes;            /* of these */
	struct complaints wrong;   /* what does not hold; empty: everything does */
};

/*
 * Reads all of it; what it says is not believed before it is proven, and nothing is unpacked. 0 where it was read to
 * its end or to where it is no bundle any more (see ret->wrong), else negative errno. complaints_done(&ret->wrong) is
 * right in both cases.
 */
int bundle_prove(const char *path, const struct bundle_trust *trust, struct bundle_proof *ret);

#endif
