/* SPDX-License-Identifier: Apache-2.0 */
#include "scratch.h"

#include <fcntl.h>
#include <openssl/pem.h>
#include <sys/stat.h>

#include "reach/parcel.h"

static EVP_PKEY *secret, *public, *other;
static const char content[] = "what it holds\n\0\x01\xff";
static const struct parcel facts = {
	.site = "kita-plant",
	.vantage = "\xe5\xa4\x96",
	.run = "01234567-89ab-4cde-8f01-23456789abcd",
	.version = "0.1.0",
	.created = 1800000000,
};

static int start(void **state)
{
	struct complaints c = { 0 };

	if (scratch_open(state) != 0 || !sign_key_make("sign", &c) || !sign_key_make("else", &c))
		return 1;
	secret = sign_key_read("sign", true, &c);
	public = sign_key_read("sign.pub", false, &c);
	other = sign_key_read("else.pub", false, &c);
	return secret == NULL || public == NULL || other == NULL;
}

static int end(void **state)
{
	static const char *const files[] = { "sign",     "sign.pub", "else",
					     "else.pub", "content",  "parcel" };

	EVP_PKEY_free(secret);
	EVP_PKEY_free(public);
	EVP_PKEY_free(other);
	for (size_t i = 0; i < countof(files); i++)
		unlink(files[i]);
	return scratch_close(state);
}

static size_t packed(uint8_t *out, size_t room)
{
	struct complaints c = { 0 };

	write_bytes("content", content, sizeof(content));
	assert_true(parcel_write("parcel", &facts, "content", secret, &c));
	assert_none(&c);
	FILE *f = fopen("parcel", "rb");
	assert_non_null(f);
	size_t n = fread(out, 1, room, f);
	fclose(f);
	return n;
}

/* Opens and unpacks: whether both went well; c is what was complained of. */
static bool unpacks(EVP_PKEY *key, struct parcel *ret, struct complaints *c)
{
	int fd = parcel_open("parcel", key, ret, c);
	bool good = fd >= 0 && parcel_unpack(fd, "parcel", ret, "more", c);

	if (fd >= 0)
		close(fd);
	return good;
}

static void it_arrives(void **state)
{
	uint8_t bytes[4096], back[64];
	struct complaints c = { 0 };
	struct parcel p;
	struct stat st;

	(void)state;
	packed(bytes, sizeof(bytes));
	assert_int_equal(stat("parcel", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_true(unpacks(public, &p, &c));
	assert_none(&c);
	assert_string_equal(p.site, facts.site);
	assert_string_equal(p.vantage, facts.vantage);
	assert_string_equal(p.run, facts.run);
	assert_string_equal(p.version, facts.version);
	assert_int_equal(p.created, facts.created);
	assert_int_equal(p.bytes, sizeof(content));
	FILE *f = fopen("more", "rb");
	assert_non_null(f);
	assert_int_equal(fread(back, 1, sizeof(back), f), sizeof(content));
	fclose(f);
	assert_memory_equal(back, content, sizeof(content));
	assert_int_equal(stat("more", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	/* It never takes the place of a file. */
	assert_false(unpacks(public, &p, &c));
	assert_only(&c, "more: File exists");
	complaints_done(&c);
	unlink("more");
}

static void nothing_may_change(void **state)
{
	uint8_t bytes[4096];
	size_t n = packed(bytes, sizeof(bytes));
	struct parcel p;

	(void)state;
	for (size_t bit = 0; bit < 8 * n; bit++) {
		struct complaints c = { 0 };
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		write_bytes("parcel", bytes, n);
		bool good = unpacks(public, &p, &c);
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		/* Base64 says nothing with the last bits before its padding. */
		if (good) {
			const uint8_t *signature = memchr(bytes + 17, '\n', n - 17);
			ptrdiff_t at = (ptrdiff_t)(bit / 8) - (signature + 1 - bytes);
			assert_in_range(at, 85, 87);
			unlink("more");
		} else {
			assert_int_equal(c.count, 1);
		}
		complaints_done(&c);
		assert_int_not_equal(access("more", F_OK), 0);
	}
	for (size_t cut = 0; cut < n; cut++) {
		struct complaints c = { 0 };
		write_bytes("parcel", bytes, cut);
		assert_false(unpacks(public, &p, &c));
		assert_int_equal(c.count, 1);
		complaints_done(&c);
	}
	bytes[n] = 0;
	write_bytes("parcel", bytes, n + 1);
	struct complaints c = { 0 };
	assert_false(unpacks(public, &p, &c));
	assert_only(&c, "parcel: what it holds was changed after it was signed");
	complaints_done(&c);
}

static void only_by_its_key(void **state)
{
	uint8_t bytes[4096];
	char ours[PARCEL_KEY_NAME], theirs[PARCEL_KEY_NAME], expected[256];
	struct complaints c = { 0 };
	struct parcel p;

	(void)state;
	packed(bytes, sizeof(bytes));
	assert_true(sign_key_name(public, ours));
	assert_true(sign_key_name(other, theirs));
	assert_string_not_equal(ours, theirs);
	assert_false(unpacks(other, &p, &c));
	snprintf(expected, sizeof(expected),
		 "parcel: is signed by the key %s, and this is the key %s", ours, theirs);
	assert_only(&c, expected);
	complaints_done(&c);
}

/* What nobody has proven yet is shown to people: a key's name is digits, and no words to their terminal. */
static void nothing_unproven_is_shown(void **state)
{
	uint8_t bytes[4096];
	size_t n = packed(bytes, sizeof(bytes));
	uint8_t *at = memmem(bytes, n, "\"key\":\"", 7);
	struct complaints c = { 0 };
	struct parcel p;

	(void)state;
	assert_non_null(at);
	memcpy(at + 7, "\\u001b[2J      ", 16);
	write_bytes("parcel", bytes, n);
	assert_false(unpacks(public, &p, &c));
	assert_only(&c, "parcel: holds no results of tenken reach --from-outside");
	complaints_done(&c);
}

static void expect_no_key(const char *path, bool is_secret, const char *expected)
{
	struct complaints c = { 0 };

	assert_null(sign_key_read(path, is_secret, &c));
	assert_only(&c, expected);
	complaints_done(&c);
}

static void keys_are_of_one_kind(void **state)
{
	static const char no_secret[] =
		"more: is no key that signs (Ed25519, PEM): tenken reach --make-sign-key";
	static const char no_public[] =
		"more: is no public key (Ed25519, PEM): the file .pub beside "
		"the key that signs";
	struct complaints c = { 0 };
	struct stat st;

	(void)state;
	assert_int_equal(stat("sign", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_false(sign_key_make("sign", &c));
	assert_only(&c, "sign.pub: is there already and is left as it is");
	complaints_done(&c);
	/* A token key. */
	write_text("more", "0100000000000000000000000000000000000000000000000000000000000000\n");
	assert_int_equal(chmod("more", 0600), 0);
	expect_no_key("more", true, no_secret);
	expect_no_key("more", false, no_public);
	/* Of another algorithm. */
	EVP_PKEY *rsa = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);
	assert_non_null(f);
	assert_int_equal(PEM_write_PrivateKey(f, rsa, NULL, NULL, 0, NULL, NULL), 1);
	fclose(f);
	write_bytes("more", text, n);
	free(text);
	EVP_PKEY_free(rsa);
	expect_no_key("more", true, no_secret);
	expect_no_key(
		"sign", false,
		"sign: is no public key (Ed25519, PEM): the file .pub beside the key that signs");
	assert_int_equal(chmod("sign", 0640), 0);
	expect_no_key("sign", true, "sign: holds a key and may be read by others (chmod 600)");
	assert_int_equal(chmod("sign", 0600), 0);
	expect_no_key(".", true, ".: is no file");
	unlink("more");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_arrives),           cmocka_unit_test(nothing_may_change),
		cmocka_unit_test(only_by_its_key),      cmocka_unit_test(nothing_unproven_is_shown),
		cmocka_unit_test(keys_are_of_one_kind),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, start, end);
}
