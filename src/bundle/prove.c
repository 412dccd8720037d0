/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Proving a bundle. It may come from anybody: nothing is unpacked, sizes are held against the file, and a block that
 * we would not have written ends the reading.
 */
#include <errno.h>
#include <fcntl.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bundle/bundle_parts.h"
#include "codec/i18n.h"
#include "codec/span.h"

enum { MANIFEST_MOST = 1 << 16, BLOCK = 1 << 16 };

/* A member that is kept in memory. */
struct kept {
	bool there;
	char *text;
	size_t length;
	int64_t time;
};

struct proving {
	const char *path;
	int fd;
	int error;     /* of reading */
	uint64_t left; /* bytes of the file */
	struct bundle_member seen[BUNDLE_MEMBERS];
	int64_t times[BUNDLE_MEMBERS];
	size_t count;
	struct kept manifest, signature, key;
	struct bundle_proof *proof;
};

#define WRONG(p, ...) complain(&(p)->proof->wrong, NULL, 0, __VA_ARGS__)

/* False where the file ends before, or cannot be read. */
static bool take(struct proving *p, void *out, size_t n)
{
	uint8_t *at = out;

	while (n > 0) {
		ssize_t r = read(p->fd, at, n);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			p->error = -errno;
		if (r <= 0)
			return false;
		at += r;
		n -= (size_t)r;
		p->left -= (size_t)r < p->left ? (size_t)r : p->left;
	}
	return true;
}

static bool all_zero(const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (bytes[i] != 0)
			return false;
	return true;
}

static bool take_padding(struct proving *p, uint64_t bytes)
{
	uint8_t rest[USTAR_BLOCK];
	unsigned n = ustar_padding(bytes);

	return take(p, rest, n) && all_zero(rest, n);
}

static bool keep(struct proving *p, const struct ustar_member *m, struct kept *k)
{
	if (k->there || m->bytes > MANIFEST_MOST)
		return false;
	k->text = calloc(1, (size_t)m->bytes + 1);
	if (k->text == NULL) {
		p->error = -ENOMEM;
		return false;
	}
	k->there = true;
	k->time = m->time;
	k->length = (size_t)m->bytes;
	return take(p, k->text, k->length) && take_padding(p, m->bytes);
}

static bool digest_member(struct proving *p, const struct ustar_member *m)
{
	static uint8_t block[BLOCK];
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned length = 0;
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	bool good = md != NULL && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1;

	if (!good)
		p->error = -ENOMEM;
	for (uint64_t left = m->bytes; good && left > 0;) {
		size_t n = left < sizeof(block) ? (size_t)left : sizeof(block);

		good = take(p, block, n) && EVP_DigestUpdate(md, block, n) == 1;
		left -= n;
	}
	good = good && EVP_DigestFinal_ex(md, digest, &length) == 1 && take_padding(p, m->bytes);
	EVP_MD_CTX_free(md);
	if (!good)
		return false;
	struct bundle_member *s = &p->seen[p->count];
	snprintf(s->name, sizeof(s->name), "%s", m->name);
	s->bytes = m->bytes;
	hex_text(digest, length, s->digest);
	p->times[p->count++] = m->time;
	return true;
}

/* The three that are not of the manifest stand last, in their order. */
static struct kept *place_of(struct proving *p, const char *name)
{
	if (strcmp(name, BUNDLE_MANIFEST) == 0)
		return &p->manifest;
	if (strcmp(name, BUNDLE_SIGNATURE) == 0 && p->manifest.there)
		return &p->signature;
	return strcmp(name, BUNDLE_KEY) == 0 && p->signature.there ? &p->key : NULL;
}

static bool take_member(struct proving *p, const uint8_t block[static USTAR_BLOCK])
{
	struct ustar_member m;

	if (!ustar_read(block, &m) || m.bytes > p->left)
		return false;
	struct kept *k = place_of(p, m.name);
	if (k != NULL)
		return keep(p, &m, k);
	if (p->manifest.there || p->count == BUNDLE_MEMBERS)
		return false;
	for (size_t i = 0; i < p->count; i++)
		if (strcmp(p->seen[i].name, m.name) == 0)
			return false;
	return digest_member(p, &m);
}

/* Up to the two blocks of zeros behind the key, which must be the file's end. */
static bool take_all(struct proving *p)
{
	uint8_t block[USTAR_BLOCK], more;

	for (;;) {
		if (!take(p, block, sizeof(block)))
			return false;
		if (all_zero(block, sizeof(block)))
			break;
		if (!take_member(p, block))
			return false;
	}
	return p->key.there && take(p, block, sizeof(block)) && all_zero(block, sizeof(block)) &&
	       !take(p, &more, 1) && p->error == 0;
}

/* ---- who signed ---- */

/* As we write it: PEM leaves room between its lines. */
static bool is_plain(EVP_PKEY *key, const struct kept *k)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL;
	long n = bio != NULL && PEM_write_bio_PUBKEY(bio, key) == 1 ? BIO_get_mem_data(bio, &text)
								    : 0;
	bool same = n > 0 && (size_t)n == k->length && memcmp(text, k->text, k->length) == 0;

	BIO_free(bio);
	return same;
}

static EVP_PKEY *key_inside(const struct proving *p)
{
	BIO *bio = BIO_new_mem_buf(p->key.text, (int)p->key.length);
	EVP_PKEY *key =
		bio != NULL ? PEM_read_bio_PUBKEY(bio, NULL, NULL, (void *)(uintptr_t) "") : NULL;

	BIO_free(bio);
	if (key != NULL && EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519 && is_plain(key, &p->key))
		return key;
	EVP_PKEY_free(key);
	return NULL;
}

static bool signed_by(const struct proving *p, EVP_PKEY *key)
{
	return p->signature.length == SEAL_TEXT && p->signature.text[SEAL_TEXT - 1] == '\n' &&
	       seal_holds(key, p->manifest.text, p->manifest.length, p->signature.text);
}

static bool digest_named(const struct bundle_trust *t, const char *digest)
{
	for (size_t i = 0; i < t->digest_count; i++)
		if (strcmp(t->digests[i], digest) == 0)
			return true;
	return false;
}

static void prove_signature(struct proving *p, const struct bundle_trust *t)
{
	struct bundle_proof *proof = p->proof;
	EVP_PKEY *inside = key_inside(p);
	char digest[DIGEST_TEXT];

	for (size_t i = 0; i < t->key_count && !proof->signed_; i++)
		if (signed_by(p, t->keys[i]) && digest_key(t->keys[i], proof->key))
			proof->signed_ = proof->trusted = true;
	if (inside != NULL && digest_key(inside, digest)) {
		if (proof->signed_ && strcmp(digest, proof->key) != 0)
			WRONG(p, _("%s: is another key than the one that signed"), BUNDLE_KEY);
		if (!proof->signed_ && signed_by(p, inside)) {
			proof->signed_ = true;
			proof->trusted = digest_named(t, digest);
			memcpy(proof->key, digest, sizeof(digest));
		}
	} else {
		WRONG(p, _("%s: is no public key (Ed25519, PEM)"), BUNDLE_KEY);
	}
	EVP_PKEY_free(inside);
	if (!proof->signed_)
		WRONG(p, _("the signature does not hold: the manifest was changed after it was "
			   "signed, or signed by another key"));
	else if (!proof->trusted && t->key_count + t->digest_count > 0)
		WRONG(p, _("it is signed by the key %s, which is none of those named"), proof->key);
}

/* ---- what was signed ---- */

static const struct bundle_member *find(const struct bundle_member *list, size_t count,
					const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(list[i].name, name) == 0)
			return &list[i];
	return NULL;
}

static void prove_members(struct proving *p)
{
	struct bundle_proof *proof = p->proof;
	struct bundle_facts facts = { 0 };
	struct bundle_member list[BUNDLE_MEMBERS];
	char key[DIGEST_TEXT];
	size_t count = 0;

	if (!manifest_read(p->manifest.text, p->manifest.length, &facts, list, &count, key)) {
		WRONG(p, _("%s: cannot be read"), BUNDLE_MANIFEST);
		return;
	}
	if (proof->signed_) {
		proof->facts = facts;
		if (strcmp(key, proof->key) != 0)
			WRONG(p, _("%s: names another key than the one that signed"),
			      BUNDLE_MANIFEST);
	}
	for (size_t i = 0; i < count; i++) {
		const struct bundle_member *s = find(p->seen, p->count, list[i].name);

		if (s == NULL) {
			WRONG(p, _("%s: is missing"), list[i].name);
		} else if (s->bytes != list[i].bytes || strcmp(s->digest, list[i].digest) != 0) {
			WRONG(p, _("%s: was changed"), list[i].name);
		} else {
			proof->members++;
			proof->bytes += s->bytes;
		}
	}
	if (p->manifest.time != facts.as_of || p->signature.time != facts.as_of ||
	    p->key.time != facts.as_of)
		WRONG(p, _("%s: bears another time than the manifest"), BUNDLE_MANIFEST);
	for (size_t i = 0; i < p->count; i++) {
		if (find(list, count, p->seen[i].name) == NULL)
			WRONG(p, _("%s: was added"), p->seen[i].name);
		else if (p->times[i] != facts.as_of)
			WRONG(p, _("%s: bears another time than the manifest"), p->seen[i].name);
	}
}

static void prove(struct proving *p, const struct bundle_trust *trust)
{
	bool whole = take_all(p);

	if (p->error != 0)
		return;
	if (!whole)
		WRONG(p, _("is no bundle, or was cut off or changed (in the first %llu bytes)"),
		      (unsigned long long)lseek(p->fd, 0, SEEK_CUR));
	if (!p->manifest.there || !p->signature.there || !p->key.there)
		return;
	prove_signature(p, trust);
	prove_members(p);
}

int bundle_prove(const char *path, const struct bundle_trust *trust, struct bundle_proof *ret)
{
	struct proving *p = calloc(1, sizeof(*p));
	struct stat st;

	*ret = (struct bundle_proof){ 0 };
	if (p == NULL)
		return -ENOMEM;
	*p = (struct proving){ .path = path, .proof = ret };
	p->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (p->fd < 0 || fstat(p->fd, &st) != 0) {
		p->error = -errno;
	} else if (!S_ISREG(st.st_mode)) {
		p->error = S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	} else {
		p->left = (uint64_t)st.st_size;
		prove(p, trust);
	}
	int r = p->error;
	if (p->fd >= 0)
		close(p->fd);
	free(p->manifest.text);
	free(p->signature.text);
	free(p->key.text);
	free(p);
	return r;
}
