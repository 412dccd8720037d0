/* SPDX-License-Identifier: Apache-2.0 */
/* Facts of certificates (tests/unit/data/x509, made for this test), and of broken ones. */
#include "codec/x509_facts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "codec/limits.h"

enum { NAMES = 64 };

/* The file in a heap block of its exact size, so that a sanitizer sees one byte over. */
static struct span load(const char *name)
{
	static uint8_t buffer[CERTIFICATE_MAX];
	const char *tests = getenv("TENKEN_TESTS");
	char path[1024];

	snprintf(path, sizeof(path), "%s/unit/data/x509/%s.der", tests != NULL ? tests : "tests",
		 name);
	FILE *f = fopen(path, "rb");
	assert_non_null(f);
	size_t n = fread(buffer, 1, sizeof(buffer), f);
	fclose(f);
	assert_true(n > 0);
	uint8_t *exact = malloc(n);
	assert_non_null(exact);
	memcpy(exact, buffer, n);
	return span_of(exact, n);
}

static void drop(struct span s)
{
	free((void *)(uintptr_t)s.at);
}

static json_t *facts(const char *name, size_t names_max)
{
	struct span der = load(name);
	json_t *j = json_object();

	assert_true(x509_note(j, der, names_max));
	drop(der);
	return j;
}

static const char *text(const json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));

	return s != NULL ? s : "(none)";
}

static json_int_t number(const json_t *j, const char *key)
{
	return json_integer_value(json_object_get(j, key));
}

static bool truth(const json_t *j, const char *key)
{
	return json_is_true(json_object_get(j, key));
}

static void leaf_of_an_authority(void **state)
{
	json_t *j = facts("leaf", NAMES);
	static const char *const names[] = { "hmi.plant.example", "*.plant.example",
					     "192.168.10.5",      "2001:db8::5",
					     "ops@plant.example", "urn:plant:hmi" };

	(void)state;
	assert_string_equal(text(j, "subject"), "CN=\xe7\x82\xb9\xe6\xa4\x9c hmi");
	assert_string_equal(text(j, "issuer"), "CN=Plant CA,O=Kita Plant");
	assert_string_equal(text(j, "serial"), "1234");
	assert_int_equal(number(j, "not_before"), 1767225600);
	assert_int_equal(number(j, "not_after"), 2082758400);
	assert_string_equal(text(j, "key_type"), "EC");
	assert_int_equal(number(j, "key_bits"), 256);
	assert_string_equal(text(j, "key_curve"), "prime256v1");
	assert_string_equal(text(j, "signature"), "ecdsa-with-SHA256");
	assert_false(truth(j, "self_signed"));
	assert_false(truth(j, "ca"));
	assert_string_equal(text(j, "sha256"),
			    "25bf96ce1fcfe69785e24293748d875e8a4282f4ccd606ddf67f32b0e5216092");
	assert_string_equal(text(j, "spki_sha256"),
			    "796f9b955d314fe0ae26b535acfdc4f7ece4770266875c4136fd38c57b210734");
	json_t *list = json_object_get(j, "names");
	assert_int_equal(json_array_size(list), countof(names));
	for (size_t i = 0; i < countof(names); i++)
		assert_string_equal(json_string_value(json_array_get(list, i)), names[i]);
	json_decref(j);
}

static void kinds_of_keys_and_signatures(void **state)
{
	static const struct {
		const char *file, *key, *signature;
		int bits;
		bool self_signed;
	} table[] = {
		{ "ca", "EC", "ecdsa-with-SHA384", 384, true },
		{ "dsa", "DSA", "dsa_with_SHA256", 1024, true },
		{ "ed25519-2099", "Ed25519", "ED25519", 256, true },
		{ "leaf", "EC", "ecdsa-with-SHA256", 256, false },
		{ "rsa-pss", "RSA", "rsassaPss-SHA256", 2048, true },
		{ "rsa1024-md5", "RSA", "md5WithRSAEncryption", 1024, true },
	};

	(void)state;
	for (size_t i = 0; i < countof(table); i++) {
		json_t *j = facts(table[i].file, NAMES);

		assert_string_equal(text(j, "key_type"), table[i].key);
		assert_int_equal(number(j, "key_bits"), table[i].bits);
		assert_string_equal(text(j, "signature"), table[i].signature);
		assert_int_equal(truth(j, "self_signed"), table[i].self_signed);
		json_decref(j);
	}
}

/* UTCTime ends in 2049, GeneralizedTime goes on; serials have leading bits. */
static void times_and_serials(void **state)
{
	json_t *j = facts("ed25519-2099", NAMES);

	(void)state;
	assert_int_equal(number(j, "not_after"), 4102444799);
	json_decref(j);
	j = facts("rsa1024-expired", NAMES);
	assert_int_equal(number(j, "not_before"), 915148800);
	assert_int_equal(number(j, "not_after"), 981173106);
	assert_string_equal(text(j, "serial"), "fedcba9876543210fedcba9876543210");
	json_decref(j);
}

static void hostile_names(void **state)
{
	json_t *j = facts("names", NAMES);
	json_t *list = json_object_get(j, "names");

	(void)state;
	assert_null(strpbrk(text(j, "subject"), "\r\n\x1b"));
	assert_int_equal(json_array_size(list), NAMES);
	assert_int_equal(json_string_length(json_array_get(list, 0)), 253);
	assert_null(strpbrk(json_string_value(json_array_get(list, 1)), "\n"));
	json_decref(j);
	j = facts("names", 0);
	assert_int_equal(json_array_size(json_object_get(j, "names")), 0);
	json_decref(j);
}

/* Its own name as issuer is not enough. */
static void self_signature_is_checked(void **state)
{
	struct span der = load("ca");
	json_t *j = json_object();

	(void)state;
	((uint8_t *)(uintptr_t)der.at)[der.length - 1] ^= 1;
	assert_true(x509_note(j, der, NAMES));
	assert_false(truth(j, "self_signed"));
	json_decref(j);
	drop(der);
}

static void not_a_certificate(void **state)
{
	static uint8_t large[CERTIFICATE_MAX + 1] = { 0x30, 0x82 };
	json_t *j = json_object();

	(void)state;
	assert_false(x509_note(j, span_of("", 0), NAMES));
	assert_false(x509_note(j, span_of("certificate", 11), NAMES));
	assert_false(x509_note(j, span_of(large, sizeof(large)), NAMES));
	assert_int_equal(json_object_size(j), 1); /* sha256 */
	json_decref(j);
}

static void survive(struct span der)
{
	json_t *j = json_object();
	bool good = x509_note(j, der, NAMES);

	assert_true(good || json_object_size(j) == 1);
	char *out = json_dumps(j, 0);
	assert_non_null(out);
	free(out);
	json_decref(j);
}

static void cut_at_every_byte(void **state)
{
	static const char *const files[] = { "leaf", "names", "rsa1024-md5" };

	(void)state;
	for (size_t i = 0; i < countof(files); i++) {
		struct span der = load(files[i]);

		for (size_t n = 0; n < der.length; n++) {
			uint8_t *exact = malloc(n > 0 ? n : 1);

			assert_non_null(exact);
			memcpy(exact, der.at, n);
			json_t *j = json_object();
			assert_false(x509_note(j, span_of(exact, n), NAMES));
			json_decref(j);
			free(exact);
		}
		drop(der);
	}
}

static void every_bit_flipped(void **state)
{
	static const char *const files[] = { "leaf", "ed25519-2099", "rsa1024-md5" };

	(void)state;
	for (size_t i = 0; i < countof(files); i++) {
		struct span der = load(files[i]);
		uint8_t *bytes = (uint8_t *)(uintptr_t)der.at;

		for (size_t bit = 0; bit < der.length * 8; bit++) {
			bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
			survive(der);
			bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
		}
		drop(der);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(leaf_of_an_authority),
		cmocka_unit_test(kinds_of_keys_and_signatures),
		cmocka_unit_test(times_and_serials),
		cmocka_unit_test(hostile_names),
		cmocka_unit_test(self_signature_is_checked),
		cmocka_unit_test(not_a_certificate),
		cmocka_unit_test(cut_at_every_byte),
		cmocka_unit_test(every_bit_flipped),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("x509", tests, NULL, NULL);
}
