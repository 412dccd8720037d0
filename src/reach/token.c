/* SPDX-License-Identifier: Apache-2.0 */
#include "reach/token.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "codec/reader.h"
#include "codec/writer.h"
#include "reach/token_seen.h"

enum {
	TOKEN_VERSION = 1,
	QUESTION_MAGIC = 0x544b4e51, /* "TKNQ" */
	ANSWER_MAGIC = 0x544b4e41,   /* "TKNA" */
	SEAL = 16,
	SHORT_SEAL = 10,
	DIGEST = 32,
	RESERVED = 12, /* zeros, which make room for the answer */
	SEALED_MOST = TOKEN_ANSWER + TOKEN_QUESTION + 1,
	ADDRESS_BASE = 0xc6120000, /* 198.18.0.0 */
	ADDRESS_BITS = 15,
};

static const char *const method_words[TOKEN_METHODS] = {
	[TOKEN_TCP] = "tcp",   [TOKEN_UDP] = "udp", [TOKEN_ICMP] = "icmp",
	[TOKEN_HTTP] = "http", [TOKEN_TLS] = "tls", [TOKEN_DNS] = "dns",
};

const char *token_method_word(enum token_method m)
{
	return method_words[m];
}

const char *token_verdict_word(enum token_verdict v)
{
	static const char *const words[] = {
		[TOKEN_RIGHT] = "right",       [TOKEN_NONE] = "none",   [TOKEN_FORGED] = "forged",
		[TOKEN_OTHER] = "other",       [TOKEN_OLD] = "too-old", [TOKEN_AHEAD] = "too-new",
		[TOKEN_REPLAYED] = "replayed",
	};

	return words[v];
}

/* ---- seals ---- */

/* False without memory: then nothing is sealed, and no seal holds. */
static bool seal(const uint8_t key[static DIGEST], struct span bytes, uint8_t ret[static DIGEST])
{
	return HMAC(EVP_sha256(), key, DIGEST, bytes.at, bytes.length, ret, NULL) != NULL;
}

bool token_key_from(const uint8_t key[static TOKEN_KEY], struct token_key *ret)
{
	uint8_t name[DIGEST];
	static const char hex[] = "0123456789abcdef";

	if (!seal(key, span_text("tenken token 1: question"), ret->question) ||
	    !seal(key, span_text("tenken token 1: answer"), ret->answer) ||
	    !seal(key, span_text("tenken token 1: tls"), ret->tls) ||
	    !seal(key, span_text("tenken token 1: name"), name))
		return false;
	for (size_t i = 0; i < sizeof(ret->name) - 1; i++)
		ret->name[i] = hex[i % 2 == 0 ? name[i / 2] >> 4 : name[i / 2] & 15];
	ret->name[sizeof(ret->name) - 1] = '\0';
	return true;
}

void token_key_forget(struct token_key *k)
{
	OPENSSL_cleanse(k, sizeof(*k));
}

/* The seal of an answer holds the question too: first the answer's fields, then the question. */
static bool seal_answer(const struct token_key *k, struct span fields, struct span question,
			uint8_t ret[static DIGEST])
{
	uint8_t whole[SEALED_MOST];
	struct writer w = wr_new(whole, sizeof(whole));

	wr_span_in(&w, fields);
	wr_span_in(&w, question);
	return seal(k->answer, wr_span(&w), ret);
}

/* ---- questions ---- */

/* Ends a question with its seal. */
static bool close_question(const struct token_key *k, const struct token_question *q,
			   struct writer *w, size_t length, struct token_asked *ret)
{
	uint8_t digest[DIGEST];

	if (!seal(k->question, wr_span(w), digest))
		return false;
	wr_bytes(w, digest, length);
	ret->length = wr_span(w).length;
	ret->run = q->run;
	ret->number = q->number;
	return true;
}

bool token_ask(const struct token_key *k, const struct token_question *q, struct token_asked *ret)
{
	*ret = (struct token_asked){ 0 };
	struct writer w = wr_new(ret->bytes, sizeof(ret->bytes));

	wr_be32(&w, QUESTION_MAGIC);
	wr_u8(&w, TOKEN_VERSION);
	wr_u8(&w, (uint8_t)q->method);
	wr_be16(&w, q->port);
	wr_be64(&w, q->run);
	wr_be32(&w, q->number);
	wr_fill(&w, 0, RESERVED);
	wr_be64(&w, (uint64_t)q->time);
	wr_bytes(&w, q->random, sizeof(q->random));
	return close_question(k, q, &w, SEAL, ret);
}

bool token_ask_short(const struct token_key *k, const struct token_question *q,
		     struct token_asked *ret)
{
	*ret = (struct token_asked){ 0 };
	struct writer w = wr_new(ret->bytes, TOKEN_SHORT);

	wr_u8(&w, (uint8_t)(TOKEN_VERSION << 4 | (int)q->method));
	wr_be64(&w, q->run);
	wr_be32(&w, q->number);
	wr_be32(&w, (uint32_t)q->time);
	wr_bytes(&w, q->random, 3);
	return close_question(k, q, &w, SHORT_SEAL, ret);
}

static bool read_method(unsigned value, enum token_method *ret)
{
	*ret = value < TOKEN_METHODS ? (enum token_method)value : TOKEN_TCP;
	return value < TOKEN_METHODS;
}

static bool read_question(struct reader *r, struct token_question *ret)
{
	if (rd_be32(r) != QUESTION_MAGIC || rd_u8(r) != TOKEN_VERSION ||
	    !read_method(rd_u8(r), &ret->method))
		return false;
	ret->port = rd_be16(r);
	ret->run = rd_be64(r);
	ret->number = rd_be32(r);
	rd_skip(r, RESERVED);
	ret->time = (int64_t)rd_be64(r);
	struct span random = rd_span(r, sizeof(ret->random));
	if (random.length == sizeof(ret->random))
		memcpy(ret->random, random.at, random.length);
	rd_skip(r, SEAL);
	return rd_end(r);
}

static bool read_short(struct reader *r, struct token_question *ret)
{
	uint8_t first = rd_u8(r);

	if (first >> 4 != TOKEN_VERSION || !read_method(first & 15, &ret->method))
		return false;
	ret->run = rd_be64(r);
	ret->number = rd_be32(r);
	ret->time = rd_be32(r);
	struct span random = rd_span(r, 3);
	if (random.length == 3)
		memcpy(ret->random, random.at, random.length);
	rd_skip(r, SHORT_SEAL);
	return rd_end(r);
}

/* Does the seal at the end of the bytes hold what stands before it? */
static bool sealed(const uint8_t key[static DIGEST], struct span bytes, size_t length)
{
	uint8_t digest[DIGEST];
	struct span fields = span_first(bytes, bytes.length - length);

	return seal(key, fields, digest) &&
	       CRYPTO_memcmp(digest, bytes.at + fields.length, length) == 0;
}

enum token_verdict token_check_question(const struct token_key *k, struct token_seen *seen,
					struct span bytes, int64_t now, struct token_heard *ret)
{
	struct token_heard h = { .times = 1 };
	struct reader r = rd_new(bytes);
	bool whole = bytes.length == TOKEN_QUESTION;

	if (!whole && bytes.length != TOKEN_SHORT)
		return TOKEN_NONE;
	if (whole ? !read_question(&r, &h.question) : !read_short(&r, &h.question))
		return TOKEN_NONE;
	if (!sealed(k->question, bytes, whole ? SEAL : SHORT_SEAL))
		return TOKEN_FORGED;
	/* Sealed by our key, and still a time that no clock has: the subtraction below must hold. */
	if (h.question.time < 0 || h.question.time > UINT32_MAX) {
		h.question.time = 0;
		*ret = h;
		return TOKEN_OLD;
	}
	h.skew_s = now - h.question.time;
	enum token_verdict v = TOKEN_RIGHT;
	if (h.skew_s > TOKEN_SKEW_MOST)
		v = TOKEN_OLD;
	else if (h.skew_s < -TOKEN_SKEW_MOST)
		v = TOKEN_AHEAD;
	else
		v = token_seen_check(seen, bytes, now, &h);
	*ret = h;
	return v;
}

/* ---- answers ---- */

static void put_answer(struct writer *w, struct span question, const struct token_answer *a)
{
	wr_be32(w, ANSWER_MAGIC);
	wr_u8(w, TOKEN_VERSION);
	wr_u8(w, (uint8_t)a->method);
	wr_be16(w, a->port);
	/* Run and number stand at 8 of a whole question. */
	wr_span_in(w, span_first(span_from(question, 8), 12));
	wr_bytes(w, a->seen.bytes, sizeof(a->seen.bytes));
	wr_be16(w, a->seen_port);
	wr_be64(w, (uint64_t)a->time);
	wr_be16(w, 0);
}

bool token_answer(const struct token_key *k, struct span question, const struct token_answer *a,
		  uint8_t ret[static TOKEN_ANSWER])
{
	uint8_t digest[DIGEST];
	struct writer w = wr_new(ret, TOKEN_ANSWER);

	put_answer(&w, question, a);
	if (!seal_answer(k, wr_span(&w), question, digest))
		return false;
	wr_bytes(&w, digest, SEAL);
	return true;
}

bool token_answer_short(const struct token_key *k, struct span question,
			const struct token_answer *a, uint8_t ret[static TOKEN_SHORT_ANSWER])
{
	uint8_t digest[DIGEST];
	struct writer w = wr_new(ret, TOKEN_SHORT_ANSWER);

	wr_u8(&w, (uint8_t)(TOKEN_VERSION << 4 | (int)a->method));
	wr_bytes(&w, a->seen.bytes, sizeof(a->seen.bytes));
	wr_be16(&w, a->seen_port);
	wr_be32(&w, (uint32_t)a->time);
	if (!seal_answer(k, wr_span(&w), question, digest))
		return false;
	wr_bytes(&w, digest, SHORT_SEAL);
	return true;
}

/* Head of a whole answer up to the question it is for. */
static bool read_claim(struct reader *r, struct token_answer *ret, uint64_t *ret_run,
		       uint32_t *ret_number)
{
	if (rd_be32(r) != ANSWER_MAGIC || rd_u8(r) != TOKEN_VERSION ||
	    !read_method(rd_u8(r), &ret->method))
		return false;
	ret->port = rd_be16(r);
	*ret_run = rd_be64(r);
	*ret_number = rd_be32(r);
	return rd_ok(r);
}

bool token_answer_claims(struct span bytes, uint64_t *ret_run, uint32_t *ret_number)
{
	struct reader r = rd_new(bytes);
	struct token_answer a = { 0 };

	return bytes.length == TOKEN_ANSWER && read_claim(&r, &a, ret_run, ret_number);
}

static void read_seen(struct reader *r, struct token_answer *ret)
{
	struct span address = rd_span(r, sizeof(ret->seen.bytes));

	if (address.length == sizeof(ret->seen.bytes))
		memcpy(ret->seen.bytes, address.at, address.length);
	ret->seen_port = rd_be16(r);
}

static bool answer_sealed(const struct token_key *k, const struct token_asked *asked,
			  struct span bytes, size_t length)
{
	uint8_t digest[DIGEST];
	struct span fields = span_first(bytes, bytes.length - length);

	return seal_answer(k, fields, span_of(asked->bytes, asked->length), digest) &&
	       CRYPTO_memcmp(digest, bytes.at + fields.length, length) == 0;
}

/* A right answer counts once. */
static enum token_verdict once(struct token_asked *asked)
{
	if (asked->answered)
		return TOKEN_REPLAYED;
	asked->answered = true;
	return TOKEN_RIGHT;
}

static enum token_verdict check_whole(const struct token_key *k, struct token_asked *asked,
				      struct span bytes, struct token_answer *ret)
{
	struct reader r = rd_new(bytes);
	uint64_t run;
	uint32_t number;

	if (!read_claim(&r, ret, &run, &number))
		return TOKEN_NONE;
	if (asked->length != TOKEN_QUESTION || run != asked->run || number != asked->number)
		return TOKEN_OTHER;
	read_seen(&r, ret);
	ret->time = (int64_t)rd_be64(&r);
	return answer_sealed(k, asked, bytes, SEAL) ? TOKEN_RIGHT : TOKEN_FORGED;
}

static enum token_verdict check_short(const struct token_key *k, struct token_asked *asked,
				      struct span bytes, struct token_answer *ret)
{
	struct reader r = rd_new(bytes);
	uint8_t first = rd_u8(&r);

	if (first >> 4 != TOKEN_VERSION || !read_method(first & 15, &ret->method))
		return TOKEN_NONE;
	read_seen(&r, ret);
	ret->time = rd_be32(&r);
	return answer_sealed(k, asked, bytes, SHORT_SEAL) ? TOKEN_RIGHT : TOKEN_FORGED;
}

enum token_verdict token_check_answer(const struct token_key *k, struct token_asked *asked,
				      struct span bytes, struct token_answer *ret)
{
	struct token_answer a = { 0 };
	enum token_verdict v = TOKEN_NONE;

	if (bytes.length == TOKEN_ANSWER)
		v = check_whole(k, asked, bytes, &a);
	else if (bytes.length == TOKEN_SHORT_ANSWER)
		v = check_short(k, asked, bytes, &a);
	if (v == TOKEN_RIGHT)
		v = once(asked);
	if (v == TOKEN_RIGHT)
		*ret = a;
	return v;
}

/* ---- by A records ---- */

/* An address is 15 bits of base, two of place, 15 of seal. */
static bool address_values(const struct token_key *k, struct span question,
			   uint32_t ret[static TOKEN_ADDRESSES])
{
	uint8_t digest[DIGEST];

	if (!seal_answer(k, span_text("A"), question, digest))
		return false;
	struct reader r = rd_new(span_of(digest, sizeof(digest)));
	for (uint32_t i = 0; i < TOKEN_ADDRESSES; i++)
		ret[i] = ADDRESS_BASE | i << ADDRESS_BITS |
			 (rd_be16(&r) & ((1u << ADDRESS_BITS) - 1));
	return true;
}

bool token_addresses(const struct token_key *k, struct span question,
		     struct addr ret[static TOKEN_ADDRESSES])
{
	uint32_t values[TOKEN_ADDRESSES];

	if (!address_values(k, question, values))
		return false;
	for (size_t i = 0; i < TOKEN_ADDRESSES; i++) {
		ret[i] = (struct addr){ 0 };
		struct writer w = wr_new(ret[i].bytes, sizeof(ret[i].bytes));
		wr_fill(&w, 0, 10);
		wr_be16(&w, 0xffff);
		wr_be32(&w, values[i]);
	}
	return true;
}

enum token_verdict token_check_addresses(const struct token_key *k, struct token_asked *asked,
					 const struct addr *list, size_t count)
{
	uint32_t values[TOKEN_ADDRESSES];
	unsigned right = 0, ours = 0;

	if (!address_values(k, span_of(asked->bytes, asked->length), values))
		return TOKEN_NONE;
	for (size_t i = 0; i < count; i++) {
		if (!addr_is_ipv4(&list[i]))
			continue;
		struct reader r = rd_new(span_of(list[i].bytes + 12, 4));
		uint32_t value = rd_be32(&r);
		unsigned place = value >> ADDRESS_BITS & (TOKEN_ADDRESSES - 1);
		if ((value & 0xfffe0000) != ADDRESS_BASE)
			continue;
		ours |= 1u << place;
		if (value == values[place])
			right |= 1u << place;
	}
	if (right == (1u << TOKEN_ADDRESSES) - 1)
		return once(asked);
	return ours == (1u << TOKEN_ADDRESSES) - 1 ? TOKEN_FORGED : TOKEN_NONE;
}
