/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/tls_secrets.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "codec/writer.h"

enum { TAG = 16, DIGEST_MAX = 48 };

bool tls_key_make(struct tls_key *k, const uint8_t private[static TLS_SHARE])
{
	size_t n = TLS_SHARE;

	k->pair = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, private, TLS_SHARE);
	if (k->pair != NULL && EVP_PKEY_get_raw_public_key(k->pair, k->public, &n) == 1)
		return true;
	tls_key_free(k);
	return false;
}

void tls_key_free(struct tls_key *k)
{
	EVP_PKEY_free(k->pair);
	*k = (struct tls_key){ 0 };
}

/* clang-format off */
const uint8_t tls_p256_share[] = {
	0x04,
	0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40, 0xf2,
	0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96,
	0x4f, 0xe3, 0x42, 0xe2, 0xfe, 0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16,
	0x2b, 0xce, 0x33, 0x57, 0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5,
};
/* clang-format on */

static bool agree(EVP_PKEY *ours, struct span share, uint8_t ret_secret[static TLS_SHARE])
{
	EVP_PKEY *theirs =
		EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, share.at, share.length);
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(ours, NULL);
	size_t n = TLS_SHARE;
	bool good = theirs != NULL && context != NULL && EVP_PKEY_derive_init(context) == 1 &&
		    EVP_PKEY_derive_set_peer(context, theirs) == 1 &&
		    EVP_PKEY_derive(context, ret_secret, &n) == 1;

	EVP_PKEY_CTX_free(context);
	EVP_PKEY_free(theirs);
	ERR_clear_error(); /* a share of small order is refused */
	return good;
}

/* RFC 5869, 2.2. */
static void extract(const EVP_MD *md, const uint8_t *salt, const uint8_t *secret, size_t n,
		    uint8_t ret[static DIGEST_MAX])
{
	HMAC(md, salt, EVP_MD_get_size(md), secret, n, ret, NULL);
}

/* HKDF-Expand-Label (RFC 8446, 7.1) of at most one digest. */
static void expand(const EVP_MD *md, const uint8_t *secret, const char *label, struct span context,
		   uint8_t *ret, size_t n)
{
	uint8_t info[128], block[EVP_MAX_MD_SIZE];
	struct writer w = wr_new(info, sizeof(info));

	wr_be16(&w, (uint16_t)n);
	size_t text = wr_open8(&w);
	wr_text(&w, "tls13 ");
	wr_text(&w, label);
	wr_close8(&w, text);
	size_t bytes = wr_open8(&w);
	wr_span_in(&w, context);
	wr_close8(&w, bytes);
	wr_u8(&w, 1); /* the first block */
	struct span s = wr_span(&w);
	HMAC(md, secret, EVP_MD_get_size(md), s.at, s.length, block, NULL);
	memcpy(ret, block, n);
}

void tls_expand_sha256(const uint8_t secret[static 32], const char *label, uint8_t *ret, size_t n)
{
	expand(EVP_sha256(), secret, label, span_of("", 0), ret, n);
}

bool tls_opener_init(struct tls_opener *o, uint16_t suite, const struct tls_key *key,
		     uint16_t group, struct span share, struct span client, struct span server)
{
	const EVP_MD *md = suite == 0x1302 ? EVP_sha384() : EVP_sha256();
	const EVP_CIPHER *cipher = suite == 0x1301   ? EVP_aes_128_gcm()
				   : suite == 0x1302 ? EVP_aes_256_gcm()
				   : suite == 0x1303 ? EVP_chacha20_poly1305()
						     : NULL;
	size_t n = (size_t)EVP_MD_get_size(md);
	uint8_t shared[TLS_SHARE], secret[EVP_MAX_MD_SIZE], derived[EVP_MAX_MD_SIZE];
	uint8_t digest[EVP_MAX_MD_SIZE];
	static const uint8_t zeros[EVP_MAX_MD_SIZE];

	*o = (struct tls_opener){ 0 };
	if (cipher == NULL)
		return false;
	/* An uncompressed point: 4, x, y; x is the secret (RFC 8446, 7.4.2). */
	if (group == TLS_GROUP_P256) {
		if (share.length != sizeof(tls_p256_share) || share.at[0] != 4)
			return false;
		memcpy(shared, share.at + 1, sizeof(shared));
	} else if (group != TLS_GROUP_X25519 || share.length != TLS_SHARE || key->pair == NULL ||
		   !agree(key->pair, share, shared)) {
		return false;
	}
	EVP_Digest("", 0, digest, NULL, md, NULL);
	extract(md, zeros, zeros, n, secret); /* the early secret: no pre-shared key */
	expand(md, secret, "derived", span_of(digest, n), derived, n);
	extract(md, derived, shared, sizeof(shared), secret); /* the handshake secret */

	EVP_MD_CTX *transcript = EVP_MD_CTX_new();
	bool good = transcript != NULL && EVP_DigestInit(transcript, md) == 1 &&
		    EVP_DigestUpdate(transcript, client.at, client.length) == 1 &&
		    EVP_DigestUpdate(transcript, server.at, server.length) == 1 &&
		    EVP_DigestFinal(transcript, digest, NULL) == 1;
	EVP_MD_CTX_free(transcript);
	if (!good)
		return false;
	expand(md, secret, "s hs traffic", span_of(digest, n), derived, n);
	expand(md, derived, "key", span_of("", 0), o->key,
	       (size_t)EVP_CIPHER_get_key_length(cipher));
	expand(md, derived, "iv", span_of("", 0), o->iv, sizeof(o->iv));
	o->cipher = cipher;
	return true;
}

bool tls_open(struct tls_opener *o, struct span header, struct span record, uint8_t *out,
	      struct span *ret, uint8_t *ret_type)
{
	uint8_t nonce[sizeof(o->iv)], tag[TAG];
	int n = 0, last = 0;

	if (o->cipher == NULL || record.length < TAG + 1)
		return false;
	size_t length = record.length - TAG;
	memcpy(nonce, o->iv, sizeof(nonce));
	for (size_t i = 0; i < 8; i++)
		nonce[sizeof(nonce) - 1 - i] ^= (uint8_t)(o->sequence >> (8 * i));
	o->sequence++;
	memcpy(tag, record.at + length, TAG);
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	bool good = context != NULL &&
		    EVP_DecryptInit_ex(context, o->cipher, NULL, o->key, nonce) == 1 &&
		    EVP_DecryptUpdate(context, NULL, &n, header.at, (int)header.length) == 1 &&
		    EVP_DecryptUpdate(context, out, &n, record.at, (int)length) == 1 &&
		    EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, TAG, tag) == 1 &&
		    EVP_DecryptFinal_ex(context, out + n, &last) == 1;
	EVP_CIPHER_CTX_free(context);
	if (!good)
		return false;
	while (length > 0 && out[length - 1] == 0) /* padding */
		length--;
	if (length == 0)
		return false;
	*ret_type = out[length - 1];
	*ret = span_of(out, length - 1);
	return true;
}
