/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SCRAM-SHA-256: a proof that both sides know a password, which does not cross the wire.
 *
 * Specifications: RFC 5802, 3 (algorithm), 5 (attributes), 7 (syntax); RFC 7677.
 */
#include "scram.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

enum {
	/* Servers use 4096 (RFC 7677, 4) or some ten thousand; the number comes from the peer. */
	ITERATIONS_MAX = 100000,
	SALT_TEXT = 128,
	FIRST_MAX = 1024,
	FINAL = 64 + FIRST_MAX,
	HASH_TEXT = 44, /* of base64 */
};

void scram_write_first(struct scram *s, const uint8_t random[static SCRAM_RANDOM], struct writer *w)
{
	EVP_EncodeBlock((uint8_t *)s->nonce, random, SCRAM_RANDOM);
	wr_text(w, "n,,n=,r=");
	wr_text(w, s->nonce);
}

/* ---- readers ---- */

struct first {
	struct span nonce;
	uint8_t salt[SALT_TEXT / 4 * 3];
	size_t salt_length;
	unsigned iterations;
};

/* "name=value," of which the comma may be missing; *at goes on behind it. */
static bool take(struct span *at, const char *name, struct span *ret)
{
	if (!span_starts(*at, name))
		return false;
	struct span rest = span_from(*at, strlen(name));
	ptrdiff_t end = span_find(rest, ",", 1);
	*ret = end < 0 ? rest : span_first(rest, (size_t)end);
	*at = span_from(rest, ret->length + 1);
	return ret->length > 0;
}

static bool read_salt(struct span text, struct first *ret)
{
	if (text.length > SALT_TEXT || text.length % 4 != 0)
		return false;
	int n = EVP_DecodeBlock(ret->salt, text.at, (int)text.length);
	if (n != (int)(text.length / 4 * 3)) /* white space inside is none of base64 */
		return false;
	ret->salt_length = (size_t)n;
	for (size_t i = text.length; i > text.length - 2 && text.at[i - 1] == '='; i--)
		ret->salt_length--;
	return true;
}

static bool read_iterations(struct span text, struct first *ret)
{
	ret->iterations = 0;
	for (size_t i = 0; i < text.length; i++) {
		if (text.at[i] < '0' || text.at[i] > '9')
			return false;
		ret->iterations = ret->iterations * 10 + (unsigned)(text.at[i] - '0');
		if (ret->iterations > ITERATIONS_MAX)
			return false;
	}
	return ret->iterations > 0;
}

/* "r=nonce,s=salt,i=count"; the nonce begins with ours (5.1). */
static bool read_first(struct span message, const char *nonce, struct first *ret)
{
	struct span salt, iterations;

	return message.length <= FIRST_MAX && take(&message, "r=", &ret->nonce) &&
	       span_starts(ret->nonce, nonce) && ret->nonce.length > SCRAM_NONCE &&
	       take(&message, "s=", &salt) && read_salt(salt, ret) &&
	       take(&message, "i=", &iterations) && read_iterations(iterations, ret);
}

/* ---- the proof ---- */

static bool plain(const char *password)
{
	for (; *password != '\0'; password++)
		if (*password < 0x20 || *password > 0x7e)
			return false;
	return true;
}

static bool mac(const uint8_t key[static SCRAM_HASH], struct span text,
		uint8_t ret[static SCRAM_HASH])
{
	return HMAC(EVP_sha256(), key, SCRAM_HASH, text.at, text.length, ret, NULL) != NULL;
}

/* 3: ret_proof, and the signature that the server must give. */
static bool prove(struct scram *s, const struct first *f, const char *password, struct span auth,
		  uint8_t ret_proof[static SCRAM_HASH])
{
	uint8_t salted[SCRAM_HASH], client[SCRAM_HASH], stored[SCRAM_HASH], server[SCRAM_HASH];

	if (PKCS5_PBKDF2_HMAC(password, (int)strlen(password), f->salt, (int)f->salt_length,
			      (int)f->iterations, EVP_sha256(), SCRAM_HASH, salted) != 1 ||
	    !mac(salted, span_text("Client Key"), client) ||
	    EVP_Digest(client, SCRAM_HASH, stored, NULL, EVP_sha256(), NULL) != 1 ||
	    !mac(stored, auth, ret_proof) || !mac(salted, span_text("Server Key"), server) ||
	    !mac(server, auth, s->server_signature))
		return false;
	for (size_t i = 0; i < SCRAM_HASH; i++)
		ret_proof[i] ^= client[i];
	return true;
}

bool scram_write_final(struct scram *s, struct span server_first, const char *password,
		       struct writer *w)
{
	uint8_t auth[FIRST_MAX + FINAL + 64], proof[SCRAM_HASH];
	char text[HASH_TEXT + 1];
	struct first f;
	struct writer a = wr_new(auth, sizeof(auth));

	if (!plain(password) || !read_first(server_first, s->nonce, &f))
		return false;
	wr_text(&a, "n=,r=");
	wr_text(&a, s->nonce);
	wr_text(&a, ",");
	wr_span_in(&a, server_first);
	wr_text(&a, ",c=biws,r="); /* biws: "n,,", no channel binding */
	wr_span_in(&a, f.nonce);
	if (!wr_ok(&a) || !prove(s, &f, password, wr_span(&a), proof))
		return false;
	EVP_EncodeBlock((uint8_t *)text, proof, SCRAM_HASH);
	wr_text(w, "c=biws,r=");
	wr_span_in(w, f.nonce);
	wr_text(w, ",p=");
	wr_text(w, text);
	return wr_ok(w);
}

bool scram_verify(const struct scram *s, struct span server_final)
{
	char text[HASH_TEXT + 1];
	struct span given;

	EVP_EncodeBlock((uint8_t *)text, s->server_signature, SCRAM_HASH);
	return take(&server_final, "v=", &given) && span_is(given, text);
}
