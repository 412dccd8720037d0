/* SPDX-License-Identifier: Apache-2.0 */
/* TLS suites, hellos and answers at their boundaries. */
#include "codec/tls_records.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "codec/tls_secrets.h"
#include "codec/tls_suites.h"

/* ---- suites ---- */

static bool has(const char *name, const char *part)
{
	return strstr(name, part) != NULL;
}

/* What follows _WITH_, or the whole name. */
static const char *cipher_of(const char *name)
{
	const char *with = strstr(name, "_WITH_");

	return with != NULL ? with + 6 : name;
}

static bool ends(const char *name, const char *end)
{
	char base[96];

	snprintf(base, sizeof(base), "%s", name);
	if (strlen(base) > 6 && strcmp(base + strlen(base) - 6, "_DRAFT") == 0)
		base[strlen(base) - 6] = '\0';
	if (strlen(base) > 2 && strcmp(base + strlen(base) - 2, "_2") == 0)
		base[strlen(base) - 2] = '\0';
	return strlen(base) >= strlen(end) && strcmp(base + strlen(base) - strlen(end), end) == 0;
}

/* The classes say what the name says. */
static void suites_are_what_they_are_called(void **state)
{
	(void)state;
	for (size_t i = 0; i < tls_suite_count; i++) {
		const struct tls_suite *s = &tls_suites[i];
		const char *cipher = cipher_of(s->name);
		bool tls13 = (!has(s->name, "_WITH_")) || has(s->name, "_MGM_");
		const struct {
			uint32_t class;
			bool expected;
		} rules[] = {
			{ SUITE_NULL, strncmp(cipher, "NULL", 4) == 0 || s->code == 0xc0b4 ||
					      s->code == 0xc0b5 },
			{ SUITE_ANON, has(s->name, "_anon_") },
			{ SUITE_EXPORT, has(s->name, "EXPORT") },
			{ SUITE_DES, strncmp(cipher, "DES", 3) == 0 },
			{ SUITE_TDES, strncmp(cipher, "3DES", 4) == 0 },
			{ SUITE_RC4, has(cipher, "RC4_") },
			{ SUITE_RC2, has(cipher, "RC2_") },
			{ SUITE_IDEA, has(cipher, "IDEA_") },
			{ SUITE_SEED, has(cipher, "SEED_") },
			{ SUITE_CBC, has(cipher, "_CBC") },
			{ SUITE_SHA1, ends(s->name, "_SHA") || ends(s->name, "_SHA1") },
			{ SUITE_MD5, ends(s->name, "_MD5") },
			{ SUITE_AEAD, has(cipher, "GCM") || has(cipher, "CCM") ||
					      has(cipher, "CHACHA20") || has(cipher, "AEGIS") ||
					      has(cipher, "MGM") },
			{ SUITE_RSA, has(s->name, "TLS_RSA_WITH_") ||
					     has(s->name, "TLS_RSA_EXPORT") ||
					     has(s->name, "SSL_RSA_FIPS_") },
			{ SUITE_DHE, has(s->name, "TLS_DHE_") || has(s->name, "TLS_DH_anon") ||
					     has(s->name, "PSK_DHE_") },
			{ SUITE_ECDHE,
			  has(s->name, "TLS_ECDHE_") || has(s->name, "TLS_ECDH_anon") },
			{ SUITE_PSK, has(s->name, "PSK_") },
			{ SUITE_SRP, has(s->name, "TLS_SRP_") },
			{ SUITE_TLS13, tls13 },
			{ SUITE_NO_FS, !tls13 && !has(s->name, "DHE_") && !has(s->name, "_anon_") &&
					       !has(s->name, "SRP") && !has(s->name, "ECCPWD") &&
					       !has(s->name, "CECPQ1") },
		};

		for (size_t k = 0; k < countof(rules); k++)
			if (((s->classes & rules[k].class) != 0) != rules[k].expected)
				fail_msg("%s: class %x", s->name, (unsigned)rules[k].class);
		assert_true(i == 0 || tls_suites[i - 1].code < s->code);
		assert_ptr_equal(tls_suite_find(s->code), s);
	}
}

static void suites_known_by_heart(void **state)
{
	static const struct {
		uint16_t code;
		const char *name;
	} known[] = {
		{ 0x0004, "TLS_RSA_WITH_RC4_128_MD5" },
		{ 0x000a, "TLS_RSA_WITH_3DES_EDE_CBC_SHA" },
		{ 0x002f, "TLS_RSA_WITH_AES_128_CBC_SHA" },
		{ 0x009e, "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256" },
		{ 0x1301, "TLS_AES_128_GCM_SHA256" },
		{ 0x16ba, "TLS_CECPQ1_ECDSA_WITH_AES_256_GCM_SHA384" },
		{ 0xc02b, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256" },
		{ 0xcca8, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256" },
		{ 0xe413, "TLS_ECDHE_RSA_WITH_SALSA20_SHA1" },
	};

	(void)state;
	for (size_t i = 0; i < countof(known); i++)
		assert_string_equal(tls_suite_find(known[i].code)->name, known[i].name);
	assert_null(tls_suite_find(TLS_FALLBACK_SCSV));
	assert_null(tls_suite_find(0xffff));
	assert_null(tls_suite_find(0x0a0a)); /* GREASE */
	assert_string_equal(ssl2_suite_name(0x0700c0), "SSL_CK_DES_192_EDE3_CBC_WITH_MD5");
	assert_string_equal(ssl2_suite_name(0xff0810), "SSL_CK_NULL");
	assert_null(ssl2_suite_name(0xffffff));
}

/* ---- hellos ---- */

static struct span hello(uint8_t *buffer, uint16_t version, size_t suite_count)
{
	static uint16_t suites[512];
	static const uint16_t groups[] = { 29, 23 };
	static const uint8_t random[32] = { 0 };
	struct writer w = wr_new(buffer, TLS_HELLO_MAX);

	for (size_t i = 0; i < countof(suites); i++)
		suites[i] = (uint16_t)(0xc000 + i);
	struct tls_hello h = {
		.version = version,
		.lowest = version,
		.suites = suites,
		.suite_count = suite_count,
		.groups = groups,
		.group_count = countof(groups),
		.random = random,
	};
	tls_write_hello(&w, &h);
	return wr_span(&w);
}

static void hello_has_right_lengths(void **state)
{
	static const uint16_t versions[] = { SSL_3_0, TLS_1_0, TLS_1_1, TLS_1_2, TLS_1_3 };
	uint8_t buffer[TLS_HELLO_MAX];

	(void)state;
	for (size_t i = 0; i < countof(versions); i++) {
		for (size_t n = 1; n <= 400; n++) {
			struct span s = hello(buffer, versions[i], n);
			struct tls_record record;
			struct tls_message m;

			assert_true(tls_read_record(span_first(s, TLS_RECORD_HEADER), &record));
			assert_int_equal(record.length, s.length - TLS_RECORD_HEADER);
			struct reader r = rd_new(span_from(s, TLS_RECORD_HEADER));
			assert_true(tls_read_message(&r, &m));
			assert_true(rd_end(&r));
			assert_int_equal(m.type, TLS_CLIENT_HELLO);
			if (versions[i] > SSL_3_0) /* [tls-hello-hang] */
				assert_true(m.whole.length < 256 || m.whole.length >= 512);
			struct reader body = rd_new(m.body);
			assert_int_equal(rd_be16(&body),
					 versions[i] > TLS_1_2 ? TLS_1_2 : versions[i]);
			rd_skip(&body, 32);
			rd_skip(&body, rd_u8(&body));
			size_t suites = rd_be16(&body) / 2U;
			assert_int_equal(suites, n + (versions[i] == SSL_3_0));
			rd_skip(&body, 2 * suites);
			rd_skip(&body, rd_u8(&body));
			if (versions[i] > SSL_3_0) {
				struct reader extensions = rd_sub(&body, rd_be16(&body));

				while (rd_left(&extensions) > 0) {
					rd_skip(&extensions, 2);
					rd_skip(&extensions, rd_be16(&extensions));
				}
				assert_true(rd_end(&extensions));
			}
			assert_true(rd_end(&body));
		}
	}
}

static void hello_too_long_is_none(void **state)
{
	uint8_t small[100];
	struct writer w = wr_new(small, sizeof(small));
	uint16_t suites[64] = { 0 };
	uint8_t random[32] = { 0 };
	struct tls_hello h = {
		.version = TLS_1_2, .suites = suites, .suite_count = 64, .random = random
	};

	(void)state;
	tls_write_hello(&w, &h);
	assert_int_equal(wr_span(&w).length, 0);
}

/* ---- answers ---- */

static void records(void **state)
{
	struct tls_record r;

	(void)state;
	assert_true(tls_read_record(span_of("\x15\x03\x00\x00\x02", 5), &r));
	assert_int_equal(r.type, TLS_ALERT);
	assert_false(tls_read_record(span_of("\x15\x03\x00\x00", 4), &r));
	assert_false(tls_read_record(span_of("\x13\x03\x00\x00\x02", 5), &r));
	assert_false(tls_read_record(span_of("\x18\x03\x00\x00\x02", 5), &r));
	assert_false(tls_read_record(span_of("\x16\x02\x00\x00\x02", 5), &r));
	assert_true(tls_read_record(span_of("\x16\x03\x03\x48\x00", 5), &r));
	assert_false(tls_read_record(span_of("\x16\x03\x03\x48\x01", 5), &r)); /* 18433 */
	assert_false(tls_read_record(span_of("HTTP/", 5), &r));
}

static void server_hello(void **state)
{
	uint8_t bytes[128];
	struct writer w = wr_new(bytes, sizeof(bytes));
	struct tls_server_hello h;

	(void)state;
	wr_be16(&w, TLS_1_2);
	wr_fill(&w, 7, 32);
	wr_u8(&w, 0);
	wr_be16(&w, 0x1301);
	wr_u8(&w, 0);
	assert_true(tls_read_server_hello(wr_span(&w), &h)); /* no extensions */
	assert_int_equal(h.version, TLS_1_2);
	assert_false(h.retry || h.secure_renegotiation);
	size_t extensions = wr_open16(&w);
	wr_bytes(&w, "\x00\x2b\x00\x02\x03\x04", 6);
	wr_bytes(&w, "\x00\x33\x00\x05\x00\x1d\x00\x01\x42", 9);
	wr_bytes(&w, "\xff\x01\x00\x01\x00", 5);
	wr_close16(&w, extensions);
	struct span s = wr_span(&w);
	assert_true(tls_read_server_hello(s, &h));
	assert_int_equal(h.version, TLS_1_3);
	assert_int_equal(h.group, 29);
	assert_int_equal(h.share.length, 1);
	assert_true(h.secure_renegotiation);
	for (size_t n = 0; n < s.length; n++)
		if (n != 38)
			assert_false(tls_read_server_hello(span_first(s, n), &h));
	bytes[34] = 33; /* a session id has at most 32 bytes */
	assert_false(tls_read_server_hello(s, &h));
	bytes[34] = 0;
	bytes[0] = 4;
	assert_false(tls_read_server_hello(s, &h));
}

static void chains(void **state)
{
	struct tls_chain chain;
	uint8_t bytes[256];

	(void)state;
	assert_true(tls_read_chain(span_of("\0\0\0", 3), false, &chain));
	assert_int_equal(chain.count, 0);
	assert_true(tls_read_chain(span_of("\0\0\5\0\0\2ab", 8), false, &chain));
	assert_int_equal(chain.count, 1);
	assert_true(span_is(chain.der[0], "ab"));
	assert_false(tls_read_chain(span_of("\0\0\5\0\0\3ab", 8), false,
				    &chain)); /* child past parent */
	assert_false(tls_read_chain(span_of("\0\0\5\0\0\2abc", 9), false, &chain));
	assert_true(tls_read_chain(span_of("\0\0\0\7\0\0\2ab\0\0", 11), true, &chain));
	assert_int_equal(chain.count, 1);
	for (size_t n = CHAIN_MAX; n <= CHAIN_MAX + 1; n++) {
		struct writer w = wr_new(bytes, sizeof(bytes));
		size_t list = wr_open24(&w);

		for (size_t i = 0; i < n; i++)
			wr_be24(&w, 0);
		wr_close24(&w, list);
		assert_true(tls_read_chain(wr_span(&w), false, &chain));
		assert_int_equal(chain.count, CHAIN_MAX);
		assert_int_equal(chain.more, n > CHAIN_MAX);
	}
}

static void key_exchanges(void **state)
{
	struct tls_key_exchange kex;

	(void)state;
	assert_true(
		tls_read_key_exchange(span_of("\0\3\0\x01\xff\0\1\2\0\1\5", 11), SUITE_DHE, &kex));
	assert_true(kex.finite_field);
	assert_int_equal(kex.bits, 9); /* 01ff */
	assert_true(tls_read_key_exchange(span_of("\0\0\0\0\0\0", 6), SUITE_DHE, &kex));
	assert_int_equal(kex.bits, 0);
	assert_true(tls_read_key_exchange(span_of("\0\1h\0\1\x80\0\1\2\0\1\5", 12),
					  SUITE_DHE | SUITE_PSK, &kex));
	assert_int_equal(kex.bits, 8);
	assert_true(tls_read_key_exchange(span_of("\3\0\x17\0", 4), SUITE_ECDHE, &kex));
	assert_int_equal(kex.bits, 256);
	assert_true(tls_read_key_exchange(span_of("\1\1\x7f", 3), SUITE_ECDHE, &kex));
	assert_int_equal(kex.bits, 7);
	assert_int_equal(kex.group, 0);
	/* TLS 1.2: scheme and length in front of the signature; below neither. */
	assert_true(
		tls_read_key_exchange(span_of("\3\0\x17\2\4\5\4\3\0\2ab", 12), SUITE_ECDHE, &kex));
	assert_int_equal(kex.scheme, 0x0403);
	assert_true(tls_read_key_exchange(span_of("\3\0\x17\2\4\5\0\2ab", 10), SUITE_ECDHE, &kex));
	assert_int_equal(kex.scheme, 0);
	assert_true(tls_read_key_exchange(span_of("\0\1\5\0\1\2\0\1\7\x08\4\0\1s", 14), SUITE_DHE,
					  &kex));
	assert_int_equal(kex.scheme, 0x0804);
	assert_true(tls_read_key_exchange(span_of("\0\1\5\0\1\2\0\1\7\x08\4\0\2s", 14), SUITE_DHE,
					  &kex));
	assert_int_equal(kex.scheme, 0);
	assert_false(tls_read_key_exchange(span_of("\3\0", 2), SUITE_ECDHE, &kex));
	assert_false(tls_read_key_exchange(span_of("\4\0\x17\0", 4), SUITE_ECDHE, &kex));
	assert_false(tls_read_key_exchange(span_of("\0\3\0\x01", 4), SUITE_DHE, &kex));
	assert_false(tls_read_key_exchange(span_of("\3\0\x17\0", 4), 0, &kex));
}

static void encrypted_extensions(void **state)
{
	static const struct {
		const char *bytes;
		size_t length;
		bool good;
	} cases[] = {
		{ "\0\0", 2, true },
		{ "\0\x09\0\x10\0\5\0\3\2h2", 11, true },
		{ "\0\x09\0\x10\0\5\0\3\3h2", 11, false }, /* the name is longer than its list */
		{ "\0\x09\0\x10\0\5\0\4\2h2", 11, false }, /* the list than the extension */
		{ "\0\x0a\0\x10\0\5\0\3\2h2", 11, false }, /* all of them than the message */
		{ "\0\x08\0\x10\0\5\0\3\2h2", 11, false },
		{ "\0", 1, false },
	};

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		struct tls_server_hello hello = { .protocol = span_of("", 0) };
		bool good = tls_read_encrypted_extensions(span_of(cases[i].bytes, cases[i].length),
							  &hello);

		assert_int_equal(good, cases[i].good);
		assert_int_equal(hello.protocol.length, i == 1 ? 2 : 0);
	}
}

static void schemes_have_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < tls_scheme_count; i++)
		assert_non_null(tls_scheme_name(tls_schemes[i]));
	assert_string_equal(tls_scheme_name(0x0804), "rsa_pss_rsae_sha256");
	assert_null(tls_scheme_name(0));
}

static void primes_have_names(void **state)
{
	/* Postfix, src/tls/tls_dh.c, 512 bits */
	static const uint8_t prime[] = {
		0x88, 0x3F, 0x00, 0xAF, 0xFC, 0x0C, 0x8A, 0xB8, 0x35, 0xCD, 0xE5, 0xC2, 0x0F,
		0x55, 0xDF, 0x06, 0x3F, 0x16, 0x07, 0xBF, 0xCE, 0x13, 0x35, 0xE4, 0x1C, 0x1E,
		0x03, 0xF3, 0xAB, 0x17, 0xF6, 0x63, 0x50, 0x63, 0x67, 0x3E, 0x10, 0xD7, 0x3E,
		0xB4, 0xEB, 0x46, 0x8C, 0x40, 0x50, 0xE6, 0x91, 0xA5, 0x6E, 0x01, 0x45, 0xDE,
		0xC9, 0xB1, 0x1F, 0x64, 0x54, 0xFA, 0xD9, 0xAB, 0x4F, 0x70, 0xBA, 0x5B,
	};

	(void)state;
	assert_string_equal(tls_prime_name(span_of(prime, sizeof(prime))), "postfix-512");
	assert_null(tls_prime_name(span_of(prime, sizeof(prime) - 1)));
}

/* RFC 8448, 3: the X25519 keys of the client. */
static void shares(void **state)
{
	static const uint8_t private[] = {
		0x49, 0xaf, 0x42, 0xba, 0x7f, 0x79, 0x94, 0x85, 0x2d, 0x71, 0x3e,
		0xf2, 0x78, 0x4b, 0xcb, 0xca, 0xa7, 0x91, 0x1d, 0xe2, 0x6a, 0xdc,
		0x56, 0x42, 0xcb, 0x63, 0x45, 0x40, 0xe7, 0xea, 0x50, 0x05,
	};
	static const uint8_t expected[] = {
		0x99, 0x38, 0x1d, 0xe5, 0x60, 0xe4, 0xbd, 0x43, 0xd2, 0x3d, 0x8e,
		0x43, 0x5a, 0x7d, 0xba, 0xfe, 0xb3, 0xc0, 0x6e, 0x51, 0xc1, 0x3c,
		0xae, 0x4d, 0x54, 0x13, 0x69, 0x1e, 0x52, 0x9a, 0xaf, 0x2c,
	};
	struct tls_key key;
	struct tls_opener o;
	struct span inner;
	uint8_t out[64], type;
	static const uint8_t zero[TLS_SHARE];

	(void)state;
	assert_true(tls_key_make(&key, private));
	assert_memory_equal(key.public, expected, sizeof(expected));
	struct span share = span_of(expected, sizeof(expected));
	struct span none = span_of("", 0);
	assert_false(tls_opener_init(&o, 0x1301, &key, TLS_GROUP_X25519, span_first(share, 31),
				     none, none));
	assert_false(tls_opener_init(&o, 0x1304, &key, TLS_GROUP_X25519, share, none, none));
	assert_false(tls_opener_init(&o, 0x1301, &key, TLS_GROUP_X25519,
				     span_of(zero, sizeof(zero)), none, none));
	assert_true(tls_opener_init(&o, 0x1302, &key, TLS_GROUP_X25519, share, none, none));
	assert_false(tls_open(&o, span_of(out, 5), span_of(zero, 16), out, &inner, &type));
	assert_false(tls_open(&o, span_of(zero, 5), span_of(zero, 32), out, &inner, &type));
	tls_key_free(&key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(suites_are_what_they_are_called),
		cmocka_unit_test(suites_known_by_heart),
		cmocka_unit_test(hello_has_right_lengths),
		cmocka_unit_test(hello_too_long_is_none),
		cmocka_unit_test(records),
		cmocka_unit_test(server_hello),
		cmocka_unit_test(chains),
		cmocka_unit_test(key_exchanges),
		cmocka_unit_test(encrypted_extensions),
		cmocka_unit_test(schemes_have_names),
		cmocka_unit_test(primes_have_names),
		cmocka_unit_test(shares),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("tls", tests, NULL, NULL);
}
