/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/quic.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "codec/tls_secrets.h"

enum { ID_MOST = 20, TAG = 16, SAMPLE = 16, KEY = 16, IV = 12, DIGEST = 32, PACKET_MOST = 2048 };
enum { VERSION_1 = 1, VERSION_2 = 0x6b3343cf, DRAFT_FIRST = 0xff00001d, DRAFT_LAST = 0xff000022 };

/* ---- headers ---- */

/* RFC 9000, 16: the upper two bits tell the length. */
static uint64_t read_number(struct reader *r)
{
	uint8_t first = rd_u8(r);
	uint64_t v = first & 0x3f;

	for (unsigned i = 1U << (first >> 6); i > 1; i--)
		v = v << 8 | rd_u8(r);
	return v;
}

static bool is_draft(uint32_t version)
{
	return version >= DRAFT_FIRST && version <= DRAFT_LAST;
}

/* RFC 9000, 17.2.1: identifiers, then a list of versions. */
static bool read_versions(struct reader *r, struct quic_packet *p)
{
	struct span list = rd_rest(r);

	p->kind = QUIC_VERSIONS;
	return list.length >= 4 && list.length % 4 == 0;
}

bool quic_read(struct reader *r, struct quic_packet *ret)
{
	struct quic_packet p = { 0 };
	struct span all = span_of(r->at, rd_left(r));
	struct reader start = *r;
	uint8_t first = rd_u8(&start);

	p.version = rd_be32(&start);
	p.destination = rd_span(&start, rd_u8(&start));
	struct span source = rd_span(&start, rd_u8(&start));
	if (!rd_ok(&start) || (first & 0x80) == 0 || p.destination.length > ID_MOST ||
	    source.length > ID_MOST)
		return false;
	if (p.version == 0) {
		if (!read_versions(&start, &p))
			return false;
		p.whole = all;
		*r = start;
		*ret = p;
		return true;
	}
	if ((first & 0x40) == 0 ||
	    (p.version != VERSION_1 && p.version != VERSION_2 && !is_draft(p.version)))
		return false;
	/* RFC 9369, 3.2: version 2 counts the kinds in another order. */
	p.kind = (enum quic_kind)(((first >> 4 & 3) + (p.version == VERSION_2 ? 3U : 0)) & 3);
	if (p.kind == QUIC_RETRY) {
		if (rd_rest(&start).length < TAG)
			return false;
		p.whole = all;
	} else {
		if (p.kind == QUIC_INITIAL) {
			uint64_t token = read_number(&start);

			rd_skip(&start, token <= SIZE_MAX ? (size_t)token : SIZE_MAX);
		}
		uint64_t length = read_number(&start);
		p.number_at = all.length - rd_left(&start);
		if (!rd_ok(&start) || length > rd_left(&start) || length < 4 + SAMPLE)
			return false;
		rd_skip(&start, (size_t)length);
		p.whole = span_first(all, p.number_at + (size_t)length);
	}
	*r = start;
	*ret = p;
	return true;
}

/* ---- protection ---- */

struct keys {
	uint8_t key[KEY], iv[IV], mask[KEY];
};

/* RFC 9001, 5.2; RFC 9369, 3.3. */
static void client_keys(const struct quic_packet *p, struct keys *ret)
{
	static const uint8_t salt_1[] = { 0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34,
					  0xb3, 0x4d, 0x17, 0x9a, 0xe6, 0xa4, 0xc8,
					  0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a };
	static const uint8_t salt_2[] = { 0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6,
					  0xdb, 0x81, 0x93, 0x81, 0xbe, 0x6e, 0x26,
					  0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9 };
	static const uint8_t salt_draft[] = { 0xaf, 0xbf, 0xec, 0x28, 0x99, 0x93, 0xd2,
					      0x4c, 0x9e, 0x97, 0x86, 0xf1, 0x9c, 0x61,
					      0x11, 0xe0, 0x43, 0x90, 0xa8, 0x99 };
	bool two = p->version == VERSION_2;
	/* Drafts 33 and 34 have the salt of version 1. */
	const uint8_t *salt = two                                                ? salt_2
			      : is_draft(p->version) && p->version <= 0xff000020 ? salt_draft
										 : salt_1;
	uint8_t initial[DIGEST], client[DIGEST];

	HMAC(EVP_sha256(), salt, sizeof(salt_1), p->destination.at, p->destination.length, initial,
	     NULL);
	tls_expand_sha256(initial, "client in", client, sizeof(client));
	tls_expand_sha256(client, two ? "quicv2 key" : "quic key", ret->key, sizeof(ret->key));
	tls_expand_sha256(client, two ? "quicv2 iv" : "quic iv", ret->iv, sizeof(ret->iv));
	tls_expand_sha256(client, two ? "quicv2 hp" : "quic hp", ret->mask, sizeof(ret->mask));
}

/* RFC 9001, 5.4.3: of AES, one block of the sample. */
static bool make_mask(const struct keys *k, const uint8_t *sample, uint8_t ret[static SAMPLE])
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	int n = 0;
	bool good = c != NULL &&
		    EVP_EncryptInit_ex(c, EVP_aes_128_ecb(), NULL, k->mask, NULL) == 1 &&
		    EVP_CIPHER_CTX_set_padding(c, 0) == 1 &&
		    EVP_EncryptUpdate(c, ret, &n, sample, SAMPLE) == 1;

	EVP_CIPHER_CTX_free(c);
	return good;
}

static bool open_payload(const struct keys *k, const uint8_t nonce[static IV], struct span header,
			 struct span sealed, uint8_t *out)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	uint8_t tag[TAG];
	int n = 0, last = 0, length = (int)(sealed.length - TAG);

	memcpy(tag, sealed.at + length, TAG);
	bool good = c != NULL &&
		    EVP_DecryptInit_ex(c, EVP_aes_128_gcm(), NULL, k->key, nonce) == 1 &&
		    EVP_DecryptUpdate(c, NULL, &n, header.at, (int)header.length) == 1 &&
		    EVP_DecryptUpdate(c, out, &n, sealed.at, length) == 1 &&
		    EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, TAG, tag) == 1 &&
		    EVP_DecryptFinal_ex(c, out + n, &last) == 1;
	EVP_CIPHER_CTX_free(c);
	ERR_clear_error();
	return good;
}

/* ---- what is inside ---- */

/* RFC 9000, 12.4, 19.1 to 19.3 and 19.6: padding, signs of life, acknowledgements, pieces of the handshake in
 * any order. Anything else ends the reading. */
static void read_frames(struct reader *r, uint8_t out[static QUIC_HELLO_MOST],
			bool there[static QUIC_HELLO_MOST])
{
	enum { PADDING = 0, PING = 1, ACK = 2, ACK_ECN = 3, CRYPTO = 6, RANGES_MOST = 64 };

	while (rd_left(r) > 0) {
		uint64_t kind = read_number(r);

		if (kind == PADDING || kind == PING)
			continue;
		if (kind == ACK || kind == ACK_ECN) {
			read_number(r); /* largest */
			read_number(r); /* delay */
			uint64_t ranges = read_number(r);
			if (ranges > RANGES_MOST)
				return;
			for (uint64_t i = 0; i < ranges * 2 + 1 + (kind == ACK_ECN ? 3 : 0); i++)
				read_number(r);
			continue;
		}
		if (kind != CRYPTO)
			return;
		uint64_t at = read_number(r), length = read_number(r);
		struct span piece = rd_span(r, length <= SIZE_MAX ? (size_t)length : SIZE_MAX);
		if (!rd_ok(r) || at >= QUIC_HELLO_MOST)
			return;
		size_t room = QUIC_HELLO_MOST - (size_t)at;
		piece = span_first(piece, piece.length < room ? piece.length : room);
		memcpy(out + at, piece.at, piece.length);
		memset(there + at, 1, piece.length);
	}
}

bool quic_open_client(const struct quic_packet *p, uint8_t out[static QUIC_HELLO_MOST],
		      struct span *ret)
{
	uint8_t bytes[PACKET_MOST], plain[PACKET_MOST], mask[SAMPLE], nonce[IV];
	bool there[QUIC_HELLO_MOST] = { false };
	struct keys k;

	/* quic_read() has seen that number and sample are there. */
	if (p->kind != QUIC_INITIAL || p->whole.length > sizeof(bytes))
		return false;
	client_keys(p, &k);
	if (!make_mask(&k, p->whole.at + p->number_at + 4, mask))
		return false;
	size_t length = ((p->whole.at[0] ^ mask[0]) & 3U) + 1;
	struct span sealed = span_from(p->whole, p->number_at + length);
	struct span header = span_of(bytes, p->number_at + length);
	memcpy(bytes, p->whole.at, header.length);
	bytes[0] ^= mask[0] & 0x0f;
	memcpy(nonce, k.iv, sizeof(nonce));
	for (size_t i = 0; i < length; i++) {
		bytes[p->number_at + i] ^= mask[1 + i];
		nonce[IV - length + i] ^= bytes[p->number_at + i];
	}
	if (sealed.length < TAG || !open_payload(&k, nonce, header, sealed, plain))
		return false;
	struct reader r = rd_new(span_of(plain, sealed.length - TAG));
	read_frames(&r, out, there);
	size_t n = 0;
	while (n < QUIC_HELLO_MOST && there[n])
		n++;
	*ret = span_of(out, n);
	return true;
}
