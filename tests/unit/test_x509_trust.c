/* SPDX-License-Identifier: Apache-2.0 */
/* Who vouches for a certificate (tests/unit/data/x509/trust-*, made for this test: root, mid below it,
 * server and client below that). */
#include "codec/x509_trust.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "codec/limits.h"

static const int64_t good = 2000000000; /* 2033 */

static struct span load(const char *name)
{
	const char *tests = getenv("TENKEN_TESTS");
	char path[1024];
	uint8_t *bytes = malloc(CERTIFICATE_MAX);

	snprintf(path, sizeof(path), "%s/unit/data/x509/trust-%s", tests != NULL ? tests : "tests",
		 name);
	FILE *f = fopen(path, "rb");
	assert_non_null(f);
	assert_non_null(bytes);
	size_t n = fread(bytes, 1, CERTIFICATE_MAX, f);
	fclose(f);
	return span_of(bytes, n);
}

static void drop(struct span s)
{
	free((void *)(uintptr_t)s.at);
}

/* "trusted system", "unknown-issuer", "not judged" ...: of the leaf with what comes behind it. */
static const char *judged(struct x509_trust *t, const char *leaf, const char *second, int64_t now)
{
	static char text[64];
	struct span chain[2] = { load(leaf), { NULL, 0 } };
	size_t count = 1;
	json_t *o = json_object();

	if (second != NULL)
		chain[count++] = load(second);
	bool any = x509_trust_note(t, o, chain, count, now);
	const json_t *trusted = json_object_get(o, "trusted");
	assert_int_equal(any, trusted != NULL);
	if (trusted == NULL)
		snprintf(text, sizeof(text), "not judged");
	else if (json_is_true(trusted))
		snprintf(text, sizeof(text), "trusted %s",
			 json_string_value(json_object_get(o, "trust_store")));
	else
		snprintf(text, sizeof(text), "%s",
			 json_string_value(json_object_get(o, "untrusted")));
	json_decref(o);
	drop(chain[0]);
	if (second != NULL)
		drop(chain[1]);
	return text;
}

static void by_the_sites_own(void **state)
{
	struct span pem = load("root.pem");
	struct x509_trust *t = x509_trust_new("/nowhere", pem);

	(void)state;
	assert_non_null(t);
	assert_string_equal(judged(t, "server.der", "mid.der", good), "trusted site");
	assert_string_equal(judged(t, "root.der", NULL, good), "trusted site");
	assert_string_equal(judged(t, "server.der", NULL, good), "unknown-issuer");
	assert_string_equal(judged(t, "server.der", "client.der", good), "unknown-issuer");
	assert_string_equal(judged(t, "client.der", "mid.der", good), "not-for-servers");
	assert_string_equal(judged(t, "server.der", "mid.der", 1000000000), "not-yet-valid");
	assert_string_equal(judged(t, "server.der", "mid.der", 6000000000), "expired");
	assert_string_equal(judged(t, "root.pem", NULL, good), "not judged"); /* no DER */
	x509_trust_free(t);
	drop(pem);
}

static void by_the_systems(void **state)
{
	const char *tests = getenv("TENKEN_TESTS");
	char path[1024];

	(void)state;
	snprintf(path, sizeof(path), "%s/unit/data/x509/trust-root.pem",
		 tests != NULL ? tests : "tests");
	struct x509_trust *t = x509_trust_new(path, span_of("", 0));
	assert_non_null(t);
	assert_string_equal(judged(t, "server.der", "mid.der", good), "trusted system");
	x509_trust_free(t);
}

static void by_nobody(void **state)
{
	struct x509_trust *t = x509_trust_new("/nowhere", span_of("", 0));

	(void)state;
	assert_non_null(t);
	assert_string_equal(judged(t, "root.der", NULL, good), "self-signed");
	assert_string_equal(judged(t, "server.der", "mid.der", good), "not judged");
	x509_trust_free(t);
}

static void files(void **state)
{
	struct span pem = load("root.pem");
	char two[2 * CERTIFICATE_MAX];
	unsigned line;

	(void)state;
	assert_int_equal(x509_trust_count(pem, &line), 1);
	assert_int_equal(x509_trust_count(span_of("", 0), &line), 0);
	assert_int_equal(x509_trust_count(span_text("only text\n"), &line), 0);
	int n = snprintf(two, sizeof(two), "%.*s%.*s", (int)pem.length, (const char *)pem.at,
			 (int)pem.length, (const char *)pem.at);
	assert_int_equal(x509_trust_count(span_of(two, (size_t)n), &line), 2);
	two[pem.length + 60] ^= 0x15; /* within the second's first line */
	assert_int_equal(x509_trust_count(span_of(two, (size_t)n), &line), -1);
	assert_true(line > 10);
	assert_int_equal(x509_trust_count(span_of(two, (size_t)n - 40), &line), -1);
	drop(pem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_the_sites_own),
		cmocka_unit_test(by_the_systems),
		cmocka_unit_test(by_nobody),
		cmocka_unit_test(files),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("x509_trust", tests, NULL, NULL);
}
