/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/ntlm_login.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/provider.h>

enum {
	AUTHENTICATE = 3,
	PAIRS_MAX = 1024,
	TEXT_MAX = 256, /* of a name or password, in UTF-16LE */
	FIXED = 72,     /* up to and with the version */
	MIC = 16,
	AV_FLAGS = 6,
	AV_FLAGS_MIC = 0x2,
	LM_RESPONSE = 24,
	NTLM_SIGNATURE = 16,
};

/* What 3.3.2 makes of password and challenge. */
struct answer {
	uint8_t lm[LM_RESPONSE];
	uint8_t nt[NTLM_KEY + PAIRS_MAX + 64];
	size_t nt_length;
	uint8_t key[NTLM_KEY]; /* SessionBaseKey */
};

/* In builds with a leak checker: what OpenSSL keeps of its providers until the process ends is none. */
void __lsan_disable(void) __attribute__((weak));
void __lsan_enable(void) __attribute__((weak));

void ntlm_login_prepare(void)
{
	if (__lsan_disable != NULL)
		__lsan_disable();
	OSSL_PROVIDER_load(NULL, "default");
	OSSL_PROVIDER_load(NULL, "legacy");
	if (__lsan_enable != NULL)
		__lsan_enable();
}

/* ---- primitives ---- */

static bool md4(struct span s, uint8_t ret[static NTLM_KEY])
{
	EVP_MD *m = EVP_MD_fetch(NULL, "MD4", NULL);
	bool good = m != NULL && EVP_Digest(s.at, s.length, ret, NULL, m, NULL) == 1;

	EVP_MD_free(m);
	return good;
}

static bool rc4(const uint8_t key[static NTLM_KEY], const uint8_t in[static NTLM_KEY],
		uint8_t ret[static NTLM_KEY])
{
	EVP_CIPHER *m = EVP_CIPHER_fetch(NULL, "RC4", NULL);
	EVP_CIPHER_CTX *x = EVP_CIPHER_CTX_new();
	int n = 0;
	bool good = m != NULL && x != NULL && EVP_EncryptInit_ex2(x, m, key, NULL, NULL) == 1 &&
		    EVP_EncryptUpdate(x, ret, &n, in, NTLM_KEY) == 1 && n == NTLM_KEY;

	EVP_CIPHER_CTX_free(x);
	EVP_CIPHER_free(m);
	return good;
}

static bool hmac_md5(const uint8_t key[static NTLM_KEY], struct span s,
		     uint8_t ret[static NTLM_KEY])
{
	return HMAC(EVP_md5(), key, NTLM_KEY, s.at, s.length, ret, NULL) != NULL;
}

/* False where it is not ASCII: who may have which letters in upper case is not known of any other. */
static bool wr_utf16(struct writer *w, const char *text, bool upper)
{
	for (; *text != '\0'; text++) {
		uint8_t c = (uint8_t)*text;

		if (c >= 0x80)
			return false;
		wr_le16(w, upper && c >= 'a' && c <= 'z' ? c - 0x20 : c);
	}
	return wr_ok(w);
}

/* ---- 3.3.2 ---- */

/* NTOWFv2 */
static bool long_key(const struct ntlm_login *l, uint8_t ret[static NTLM_KEY])
{
	uint8_t text[2 * TEXT_MAX], hash[NTLM_KEY];
	struct writer w = wr_new(text, TEXT_MAX);

	if (!wr_utf16(&w, l->password, false) || !md4(wr_span(&w), hash))
		return false;
	w = wr_new(text, sizeof(text));
	if (!wr_utf16(&w, l->user, true))
		return false;
	wr_span_in(&w, l->domain);
	return wr_ok(&w) && hmac_md5(hash, wr_span(&w), ret);
}

/* The server's pairs, and that a MIC is there; without the end. */
static void write_pairs(struct writer *w, const struct ntlm_challenge *c)
{
	struct reader r = rd_new(c->pairs);

	while (rd_left(&r) >= 4) {
		uint16_t id = rd_le16(&r), length = rd_le16(&r);
		struct span value = rd_span(&r, length);

		if (id == 0)
			break;
		if (id == AV_FLAGS)
			continue;
		wr_le16(w, id);
		wr_le16(w, length);
		wr_span_in(w, value);
	}
	if (c->has_stamp) {
		wr_le16(w, AV_FLAGS);
		wr_le16(w, 4);
		wr_le32(w, AV_FLAGS_MIC);
	}
}

static bool answer_challenge(const struct ntlm_login *l, const struct ntlm_challenge *c,
			     struct answer *ret)
{
	uint8_t key[NTLM_KEY], bytes[NTLM_NONCE + sizeof(ret->nt)];
	struct writer w = wr_new(bytes, sizeof(bytes));

	if (c->pairs.length > PAIRS_MAX || !long_key(l, key))
		return false;
	wr_span_in(&w, c->nonce);
	wr_bytes(&w, "\x01\x01\0\0\0\0\0\0", 8);
	wr_le64(&w, c->has_stamp ? c->stamp : l->time);
	wr_bytes(&w, l->nonce, sizeof(l->nonce));
	wr_le32(&w, 0);
	write_pairs(&w, c);
	wr_le32(&w, 0); /* the end of the pairs */
	wr_le32(&w, 0);
	struct span proven = wr_span(&w);
	if (!wr_ok(&w) || !hmac_md5(key, proven, ret->nt) ||
	    !hmac_md5(key, span_of(ret->nt, NTLM_KEY), ret->key))
		return false;
	struct writer nt = wr_new(ret->nt + NTLM_KEY, sizeof(ret->nt) - NTLM_KEY);
	wr_span_in(&nt, span_from(proven, NTLM_NONCE));
	ret->nt_length = NTLM_KEY + nt.length;
	/* 3.1.5.1.2: nothing by LM where the server tells its time. */
	memset(ret->lm, 0, sizeof(ret->lm));
	if (c->has_stamp)
		return wr_ok(&nt);
	w = wr_new(bytes, sizeof(bytes));
	wr_span_in(&w, c->nonce);
	wr_bytes(&w, l->nonce, sizeof(l->nonce));
	memcpy(ret->lm + NTLM_KEY, l->nonce, sizeof(l->nonce));
	return wr_ok(&nt) && hmac_md5(key, wr_span(&w), ret->lm);
}

/* ---- the message ---- */

struct payload {
	uint8_t bytes[sizeof(struct answer) + 3 * TEXT_MAX];
	struct writer w;
	size_t start;
};

/* A field's head; what it names goes behind all of them. */
static void write_field(struct writer *w, struct payload *p, struct span s)
{
	wr_le16(w, (uint16_t)s.length);
	wr_le16(w, (uint16_t)s.length);
	wr_le32(w, (uint32_t)(p->start + p->w.length));
	wr_span_in(&p->w, s);
}

static bool write_message(struct writer *w, const struct ntlm_login *l, const struct answer *a,
			  uint32_t flags, bool sealed, struct span key)
{
	static const char station[] = "T\0E\0N\0K\0E\0N";
	uint8_t user[TEXT_MAX];
	struct writer u = wr_new(user, sizeof(user));
	struct payload p = { .start = FIXED + (sealed ? MIC : 0) };

	p.w = wr_new(p.bytes, sizeof(p.bytes));
	if (!wr_utf16(&u, l->user, false))
		return false;
	wr_bytes(w, "NTLMSSP", 8);
	wr_le32(w, AUTHENTICATE);
	write_field(w, &p, span_of(a->lm, sizeof(a->lm)));
	write_field(w, &p, span_of(a->nt, a->nt_length));
	write_field(w, &p, l->domain);
	write_field(w, &p, wr_span(&u));
	write_field(w, &p, span_of(station, sizeof(station)));
	write_field(w, &p, key);
	wr_le32(w, flags);
	wr_fill(w, 0, 7); /* no version of ours */
	wr_u8(w, 15);     /* NTLMSSP_REVISION_W2K3 */
	if (sealed)
		wr_fill(w, 0, MIC);
	wr_span_in(w, wr_span(&p.w));
	return wr_ok(w) && wr_ok(&p.w);
}

/* 3.1.5.1.2: over the three messages, of which the last has zeros in its place. */
static bool seal(struct writer *w, struct span challenge, const uint8_t key[static NTLM_KEY])
{
	uint8_t bytes[4096];
	struct writer all = wr_new(bytes, sizeof(bytes));

	ntlm_write_negotiate(&all);
	wr_span_in(&all, challenge);
	wr_span_in(&all, wr_span(w));
	return wr_ok(&all) && hmac_md5(key, wr_span(&all), w->start + FIXED);
}

/* 3.4.5.2 and 3.4.5.3: the client's keys for signing and for sealing. */
static bool derive(const uint8_t key[static NTLM_KEY], const char *word,
		   uint8_t ret[static NTLM_KEY])
{
	uint8_t bytes[128];
	struct writer w = wr_new(bytes, sizeof(bytes));

	wr_bytes(&w, key, NTLM_KEY);
	wr_text(&w, "session key to client-to-server ");
	wr_text(&w, word);
	wr_text(&w, " key magic constant");
	wr_u8(&w, 0);
	return EVP_Digest(bytes, w.length, ret, NULL, EVP_md5(), NULL) == 1;
}

/* 3.4.4.2: the first signature of the session, over the mechanisms. */
static bool sign_mechanisms(const uint8_t key[static NTLM_KEY], bool exchange,
			    uint8_t ret[static NTLM_SIGNATURE])
{
	uint8_t bytes[64], hash[NTLM_KEY], signing[NTLM_KEY], sealing[NTLM_KEY];
	struct writer w = wr_new(bytes, sizeof(bytes));

	wr_le32(&w, 0); /* number of the message */
	ntlm_write_mechanisms(&w);
	if (!derive(key, "signing", signing) || !derive(key, "sealing", sealing) ||
	    !hmac_md5(signing, wr_span(&w), hash) || (exchange && !rc4(sealing, hash, hash)))
		return false;
	w = wr_new(ret, NTLM_SIGNATURE);
	wr_le32(&w, 1); /* version */
	wr_bytes(&w, hash, 8);
	wr_le32(&w, 0);
	return wr_ok(&w);
}

bool ntlm_write_login(struct writer *w, const struct ntlm_login *l, struct span challenge,
		      uint8_t ret_key[static NTLM_KEY])
{
	static const uint32_t wanted = NTLM_UNICODE | NTLM_EXTENDED_SECURITY | NTLM_128;
	static const uint32_t ours = NTLM_56 | NTLM_KEY_EXCHANGE | NTLM_128 | NTLM_VERSION |
				     NTLM_TARGET_INFO | NTLM_EXTENDED_SECURITY | NTLM_ALWAYS_SIGN |
				     NTLM_NTLM | NTLM_SEAL | NTLM_SIGN | NTLM_REQUEST_TARGET |
				     NTLM_UNICODE;
	uint8_t bytes[2560], wrapped[NTLM_KEY], mic[NTLM_SIGNATURE];
	struct writer m = wr_new(bytes, sizeof(bytes));
	struct ntlm_challenge c;
	struct answer a;

	if (!ntlm_read_challenge(challenge, &c) || (c.flags & wanted) != wanted ||
	    c.pairs.length == 0 || !answer_challenge(l, &c, &a))
		return false;
	bool exchange = (c.flags & NTLM_KEY_EXCHANGE) && (c.flags & (NTLM_SIGN | NTLM_SEAL));
	const uint8_t *key = exchange ? l->key : a.key;
	if ((exchange && !rc4(a.key, l->key, wrapped)) ||
	    !write_message(&m, l, &a, c.flags & ours, c.has_stamp,
			   span_of(wrapped, exchange ? sizeof(wrapped) : 0)))
		return false;
	if (c.has_stamp && (!seal(&m, challenge, key) || !sign_mechanisms(key, exchange, mic)))
		return false;
	ntlm_write_response(w, wr_span(&m), span_of(mic, c.has_stamp ? sizeof(mic) : 0));
	memcpy(ret_key, key, NTLM_KEY);
	return wr_ok(w);
}
