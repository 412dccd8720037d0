/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "codec/ber.h"
#include "codec/ntlm.h"
#include "codec/ntlm_login.h"

enum { UNICODE_VERSION = 0x02000001 };

/* A challenge built field by field: header of 56 bytes, target name, pairs. */
struct challenge {
	uint8_t bytes[256];
	struct span message;
};

static void put_utf16(struct writer *w, const char *text)
{
	for (; *text != '\0'; text++)
		wr_le16(w, (uint8_t)*text);
}

static void put_field(struct writer *w, size_t length, size_t offset)
{
	wr_le16(w, (uint16_t)length);
	wr_le16(w, (uint16_t)length);
	wr_le32(w, (uint32_t)offset);
}

static void make(struct challenge *c, uint32_t flags, struct span pairs)
{
	struct writer w = wr_new(c->bytes, sizeof(c->bytes));

	wr_bytes(&w, "NTLMSSP", 8);
	wr_le32(&w, 2);
	put_field(&w, 8, 56);
	wr_le32(&w, flags);
	wr_fill(&w, 0xcc, 8);
	wr_fill(&w, 0, 8);
	put_field(&w, pairs.length, 64);
	wr_u8(&w, 10);
	wr_u8(&w, 0);
	wr_le16(&w, 17763);
	wr_le32(&w, 0x0f000000);
	put_utf16(&w, "CORP");
	wr_span_in(&w, pairs);
	c->message = wr_span(&w);
	assert_int_not_equal(c->message.length, 0);
}

static const uint8_t good_pairs[] = {
	1,  0, 4, 0, 'P', 0,    'C',  0,                         /* NetBIOS computer */
	3,  0, 2, 0, 'd', 0,                                     /* DNS computer */
	6,  0, 4, 0, 2,   0,    0,    0,                         /* flags */
	99, 0, 1, 0, 'x',                                        /* one that nobody knows */
	7,  0, 8, 0, 0,   0x80, 0x3e, 0xd5, 0xde, 0xb1, 0x9d, 1, /* 1970-01-01 */
	0,  0, 0, 0,
};

static void whole(void **state)
{
	struct challenge c;
	struct ntlm_challenge n;

	(void)state;
	make(&c, UNICODE_VERSION, span_of(good_pairs, sizeof(good_pairs)));
	assert_true(ntlm_read_challenge(c.message, &n));
	assert_int_equal(n.target.length, 8);
	assert_int_equal(n.computer.length, 4);
	assert_int_equal(n.computer.at[0], 'P');
	assert_int_equal(n.dns_computer.length, 2);
	assert_int_equal(n.domain.length, 0);
	assert_true(n.has_version);
	assert_int_equal(n.major, 10);
	assert_int_equal(n.build, 17763);
	assert_true(n.has_time);
	assert_int_equal(n.time, 0);
	assert_false(ntlm_is_samba(&n));

	json_t *evidence = json_object();
	ntlm_note(evidence, &n);
	assert_string_equal(json_string_value(json_object_get(evidence, "os_version")),
			    "10.0.17763");
	assert_string_equal(json_string_value(json_object_get(evidence, "target")), "CORP");
	assert_string_equal(json_string_value(json_object_get(evidence, "computer")), "PC");
	assert_int_equal(json_integer_value(json_object_get(evidence, "build")), 17763);
	json_decref(evidence);
}

/* Every shorter message is refused or says less; the sanitizers watch the rest. */
static void cut(void **state)
{
	struct challenge c;
	struct ntlm_challenge n;

	(void)state;
	make(&c, UNICODE_VERSION, span_of(good_pairs, sizeof(good_pairs)));
	for (size_t length = 0; length < c.message.length; length++) {
		uint8_t *exact = malloc(length + 1);

		assert_non_null(exact);
		memcpy(exact, c.message.at, length);
		assert_false(ntlm_read_challenge(span_of(exact, length), &n));
		free(exact);
	}
}

static void offsets(void **state)
{
	static const struct {
		size_t at;
		uint8_t value;
	} changes[] = {
		{ 12, 0xff }, { 16, 0xff }, { 19, 0xff }, { 40, 0xff },
		{ 44, 0xff }, { 47, 0x80 }, { 0, 'n' },   { 8, 1 },
	};
	struct challenge c;
	struct ntlm_challenge n;

	(void)state;
	for (size_t i = 0; i < countof(changes); i++) {
		make(&c, UNICODE_VERSION, span_of(good_pairs, sizeof(good_pairs)));
		c.bytes[changes[i].at] = changes[i].value;
		assert_false(ntlm_read_challenge(c.message, &n));
	}
}

static void pairs(void **state)
{
	static const uint8_t too_long[] = { 1, 0, 3, 0, 'P', 0 };
	static const uint8_t half[] = { 1, 0, 0 };
	static const uint8_t endless[] = { 1, 0, 2, 0, 'P', 0 };
	static const uint8_t short_time[] = { 7, 0, 4, 0, 1, 2, 3, 4, 0, 0, 0, 0 };
	struct challenge c;
	struct ntlm_challenge n;

	(void)state;
	make(&c, UNICODE_VERSION, span_of(too_long, sizeof(too_long)));
	assert_false(ntlm_read_challenge(c.message, &n));
	make(&c, UNICODE_VERSION, span_of(half, sizeof(half)));
	assert_false(ntlm_read_challenge(c.message, &n));
	make(&c, UNICODE_VERSION, span_of(endless, sizeof(endless)));
	assert_true(ntlm_read_challenge(c.message, &n));
	assert_int_equal(n.computer.length, 2);
	make(&c, UNICODE_VERSION, span_of(short_time, sizeof(short_time)));
	assert_true(ntlm_read_challenge(c.message, &n));
	assert_false(n.has_time);
}

/* Messages of the first NTLM: no pairs, no version, the name right behind the challenge. */
static void old(void **state)
{
	uint8_t bytes[64];
	struct ntlm_challenge n;
	struct writer w = wr_new(bytes, sizeof(bytes));

	(void)state;
	wr_bytes(&w, "NTLMSSP", 8);
	wr_le32(&w, 2);
	put_field(&w, 2, 32);
	wr_le32(&w, 0x02000002); /* OEM; a version is promised and missing */
	wr_fill(&w, 0xcc, 8);
	wr_text(&w, "NT");
	assert_true(ntlm_read_challenge(wr_span(&w), &n));
	assert_true(span_is(n.target, "NT"));
	assert_false(n.has_version);
	assert_int_equal(n.computer.length, 0);
}

static void samba(void **state)
{
	struct challenge c;
	struct ntlm_challenge n;
	json_t *evidence = json_object();

	(void)state;
	make(&c, UNICODE_VERSION, span_of(good_pairs, sizeof(good_pairs)));
	c.bytes[48] = 6;
	c.bytes[49] = 1;
	c.bytes[50] = c.bytes[51] = 0;
	assert_true(ntlm_read_challenge(c.message, &n));
	assert_true(ntlm_is_samba(&n));
	ntlm_note(evidence, &n);
	assert_null(json_object_get(evidence, "build"));
	assert_string_equal(json_string_value(json_object_get(evidence, "os_version")), "6.1.0");
	json_decref(evidence);
	c.bytes[50] = 1; /* 6.1.1 is no Samba */
	assert_true(ntlm_read_challenge(c.message, &n));
	assert_false(ntlm_is_samba(&n));
}

static void tokens(void **state)
{
	uint8_t bytes[64];
	struct writer w = wr_new(bytes, sizeof(bytes));
	size_t answer = ber_open(&w, BER_CONTEXT + 1);
	size_t fields = ber_open(&w, BER_SEQUENCE);
	size_t result = ber_open(&w, BER_CONTEXT);

	(void)state;
	ber_put(&w, BER_ENUMERATED, span_text("\1"));
	ber_close(&w, result);
	size_t token = ber_open(&w, BER_CONTEXT + 2);
	ber_put(&w, BER_OCTETS, span_text("token"));
	ber_close(&w, token);
	ber_close(&w, fields);
	ber_close(&w, answer);
	assert_true(span_is(ntlm_token(wr_span(&w)), "token"));
	for (size_t n = 0; n < wr_span(&w).length; n++)
		assert_int_equal(ntlm_token(span_of(bytes, n)).length, 0);
	assert_true(span_is(ntlm_token(span_of("NTLMSSP\0x", 9)), "NTLMSSP") == false);
	assert_int_equal(ntlm_token(span_of("NTLMSSP\0x", 9)).length, 9);
}

/* The flags as servers are known to answer them, and DER around them that opens again. */
static void negotiate(void **state)
{
	static const uint8_t flags[] = { 0xb7, 0x82, 0x08, 0xe2 };
	uint8_t bytes[128];
	struct writer w = wr_new(bytes, sizeof(bytes));

	(void)state;
	ntlm_write_negotiate(&w);
	assert_int_equal(wr_span(&w).length, 40);
	assert_memory_equal(bytes + 12, flags, sizeof(flags));
	w = wr_new(bytes, sizeof(bytes));
	ntlm_write_spnego(&w);
	struct reader r = rd_new(wr_span(&w));
	struct reader all = ber_enter(&r, BER_APPLICATION);
	assert_true(ber_skip(&all, BER_OID));
	struct reader init = ber_enter(&all, BER_CONTEXT);
	struct reader list = ber_enter(&init, BER_SEQUENCE);
	assert_true(ber_skip(&list, BER_CONTEXT));
	struct reader token = ber_enter(&list, BER_CONTEXT + 2);
	assert_int_equal(ber_take(&token, BER_OCTETS).length, 40);
	assert_true(rd_end(&r) && rd_end(&all) && rd_end(&init) && rd_end(&list) && rd_end(&token));
}

static void times(void **state)
{
	int64_t t = 7;

	(void)state;
	assert_false(filetime_to_unix(0, &t));
	assert_false(filetime_to_unix(116444735999999999, &t));
	assert_int_equal(t, 7);
	assert_true(filetime_to_unix(116444736000000000, &t));
	assert_int_equal(t, 0);
	assert_true(filetime_to_unix(133485408000000000, &t));
	assert_int_equal(t, 1704067200);
	assert_false(filetime_to_unix(UINT64_MAX, &t));
}

/* [MS-NLMP] 4.2.4, its own example; of the message as [MS-NLMP] says it in 2.2.1.3. */
static void login(void **state)
{
	static const uint8_t pairs[] = "\x02\0\x0c\0D\0o\0m\0a\0i\0n\0\x01\0\x0c\0S\0e\0r\0v\0e\0r"
				       "\0\0\0\0"; /* and the zero of C */
	static const uint8_t lm[] = { 0x86, 0xc3, 0x50, 0x97, 0xac, 0x9c, 0xec, 0x10,
				      0x25, 0x54, 0x76, 0x4a, 0x57, 0xcc, 0xcc, 0x19,
				      0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa };
	static const uint8_t nt[] = { 0x68, 0xcd, 0x0a, 0xb8, 0x51, 0xe5, 0x1c, 0x96,
				      0xaa, 0xbc, 0x92, 0x7b, 0xeb, 0xef, 0x6a, 0x1c };
	static const uint8_t wrapped[] = { 0xc5, 0xda, 0xd2, 0x54, 0x4f, 0xc9, 0x79, 0x90,
					   0x94, 0xce, 0x1c, 0xe9, 0x0b, 0xc9, 0xd0, 0x3e };
	enum { FLAGS = 0x628a8233, NT = 72 + 24, NT_LENGTH = 84 };
	struct ntlm_login l = { .user = "User",
				.password = "Password",
				.domain = span_of("D\0o\0m\0a\0i\0n", 12) };
	uint8_t challenge[128], bytes[512], key[NTLM_KEY];
	struct writer c = wr_new(challenge, sizeof(challenge)), w = wr_new(bytes, sizeof(bytes));

	(void)state;
	memset(l.nonce, 0xaa, sizeof(l.nonce));
	memset(l.key, 0x55, sizeof(l.key));
	wr_bytes(&c, "NTLMSSP", 8);
	wr_le32(&c, 2);
	put_field(&c, 0, 56);
	wr_le32(&c, FLAGS | NTLM_56);
	wr_be64(&c, 0x0123456789abcdef);
	wr_fill(&c, 0, 8);
	put_field(&c, sizeof(pairs), 56);
	wr_fill(&c, 0, 8);
	wr_bytes(&c, pairs, sizeof(pairs));
	ntlm_login_prepare();
	assert_true(ntlm_write_login(&w, &l, wr_span(&c), key));
	struct span message = ntlm_token(wr_span(&w));
	assert_memory_equal(key, l.key, sizeof(key));
	assert_memory_equal(message.at + 72, lm, sizeof(lm));
	assert_memory_equal(message.at + NT, nt, sizeof(nt));
	assert_memory_equal(message.at + NT + NT_LENGTH, l.domain.at, l.domain.length);
	assert_memory_equal(message.at + message.length - sizeof(wrapped), wrapped,
			    sizeof(wrapped));
	/* A name that is not ASCII, no room, a challenge without pairs or cut. */
	l.user = "J\xc3\xbcrg";
	assert_false(ntlm_write_login(&w, &l, wr_span(&c), key));
	l.user = "User";
	w = wr_new(bytes, 200);
	assert_false(ntlm_write_login(&w, &l, wr_span(&c), key));
	w = wr_new(bytes, sizeof(bytes));
	assert_false(ntlm_write_login(&w, &l, span_first(wr_span(&c), 48), key));
	for (size_t n = 0; n < c.length; n++)
		assert_false(ntlm_write_login(&w, &l, span_first(wr_span(&c), n), key));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole),  cmocka_unit_test(cut),       cmocka_unit_test(offsets),
		cmocka_unit_test(pairs),  cmocka_unit_test(old),       cmocka_unit_test(samba),
		cmocka_unit_test(tokens), cmocka_unit_test(negotiate), cmocka_unit_test(times),
		cmocka_unit_test(login),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
