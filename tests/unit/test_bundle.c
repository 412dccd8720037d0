/* SPDX-License-Identifier: Apache-2.0 */
#include "scratch.h"

#include <errno.h>
#include <openssl/pem.h>
#include <sys/stat.h>

#include "bundle/bundle_parts.h"
#include "reach/parcel.h"

enum { MOST = 16384 };

static EVP_PKEY *secret, *public, *other;
static char public_digest[DIGEST_TEXT], other_digest[DIGEST_TEXT];
static const struct bundle_facts facts = {
	.site = "\xe5\x8c\x97\xe6\xb5\x84\xe6\xb0\xb4\xe5\xa0\xb4 <Kita>",
	.version = "0.1.0",
	.run = "01234567-89ab-4cde-8f01-23456789abcd",
	.schema = 11,
	.as_of = 1800000000,
};

static int start(void **state)
{
	struct complaints c = { 0 };

	if (scratch_open(state) != 0 || !sign_key_make("sign", &c) || !sign_key_make("else", &c))
		return 1;
	secret = sign_key_read("sign", true, &c);
	public = sign_key_read("sign.pub", false, &c);
	other = sign_key_read("else.pub", false, &c);
	return secret == NULL || public == NULL || other == NULL ||
	       !digest_key(public, public_digest) || !digest_key(other, other_digest);
}

static int end(void **state)
{
	static const char *const files[] = { "sign",     "sign.pub", "else",
					     "else.pub", "bundle",   "again" };

	EVP_PKEY_free(secret);
	EVP_PKEY_free(public);
	EVP_PKEY_free(other);
	for (size_t i = 0; i < countof(files); i++)
		unlink(files[i]);
	return scratch_close(state);
}

static int write_one(FILE *out, void *context)
{
	fputs(context, out);
	return 0;
}

static int fails(FILE *out, void *context)
{
	(void)context;
	fputs("half", out);
	return -ENODATA;
}

static char block_long[] =
	"5120 5120 5120 5120 5120 5120 5120 5120 5120 5120 5120 5120 5120 5120 5120 5120 ";
static char empty[] = "", few[] = "a,b\r\n1,2\r\n";

static void pack(const char *path)
{
	struct bundle *b = NULL;

	assert_int_equal(bundle_begin(path, &facts, &b), 0);
	assert_int_equal(bundle_add(b, "findings.csv", write_one, few), 0);
	assert_int_equal(bundle_add(b, "report.html", write_one, block_long), 0);
	assert_int_equal(bundle_add(b, "empty", write_one, empty), 0);
	assert_int_equal(bundle_end(b, secret), 0);
}

static size_t read_back(const char *path, uint8_t *out)
{
	FILE *f = fopen(path, "rb");

	assert_non_null(f);
	size_t n = fread(out, 1, MOST, f);
	assert_int_equal(fclose(f), 0);
	assert_in_range(n, 1, MOST - 1);
	return n;
}

static struct bundle_proof prove_with(const char *path, EVP_PKEY *key, const char *digest)
{
	struct bundle_proof proof;
	struct bundle_trust trust = { .keys = &key,
				      .key_count = key != NULL,
				      .digests = &digest,
				      .digest_count = digest != NULL };

	assert_int_equal(bundle_prove(path, &trust, &proof), 0);
	return proof;
}

static bool holds(const struct bundle_proof *proof)
{
	return proof->signed_ && proof->trusted && proof->wrong.count == 0;
}

static void a_bundle_holds(void **state)
{
	uint8_t bytes[MOST], again[MOST];
	struct stat st;

	(void)state;
	pack("bundle");
	pack("again");
	size_t n = read_back("bundle", bytes);
	assert_int_equal(read_back("again", again), n);
	assert_memory_equal(bytes, again, n);
	assert_int_equal(stat("bundle", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);

	struct bundle_proof p = prove_with("bundle", public, NULL);
	assert_none(&p.wrong);
	assert_true(holds(&p));
	assert_string_equal(p.key, public_digest);
	assert_string_equal(p.facts.site, facts.site);
	assert_string_equal(p.facts.run, facts.run);
	assert_int_equal(p.facts.as_of, facts.as_of);
	assert_int_equal(p.facts.schema, 11);
	assert_int_equal(p.members, 4); /* the sums too */
	p = prove_with("bundle", NULL, public_digest);
	assert_true(holds(&p));
}

/* Who brought the key may have made the bundle. */
static void the_key_inside_proves_nobody(void **state)
{
	(void)state;
	pack("bundle");
	struct bundle_proof p = prove_with("bundle", NULL, NULL);
	assert_none(&p.wrong);
	assert_true(p.signed_);
	assert_false(p.trusted);
	assert_int_equal(p.members, 4);
	p = prove_with("bundle", other, NULL);
	assert_false(p.trusted);
	assert_int_equal(p.wrong.count, 1);
	complaints_done(&p.wrong);
	p = prove_with("bundle", NULL, other_digest);
	assert_false(p.trusted);
	assert_int_equal(p.wrong.count, 1);
	complaints_done(&p.wrong);
}

static void no_byte_may_change(void **state)
{
	uint8_t bytes[MOST];

	(void)state;
	pack("bundle");
	size_t n = read_back("bundle", bytes);
	for (size_t i = 0; i < n; i++) {
		uint8_t bit = (uint8_t)(1 << i % 8);

		bytes[i] ^= bit;
		write_bytes("again", bytes, n);
		struct bundle_proof p = prove_with("again", public, NULL);
		if (holds(&p) || p.wrong.count == 0)
			fail_msg("byte %zu may change", i);
		complaints_done(&p.wrong);
		bytes[i] ^= bit;
	}
	/* Cut off, and with more behind it. */
	for (size_t i = 0; i <= n + 1; i += i % 512 < 2 || i % 512 > 509 ? 1 : 37) {
		bytes[n] = 0;
		write_bytes("again", bytes, i == n ? n + 1 : i < n ? i : n - 1);
		struct bundle_proof p = prove_with("again", public, NULL);
		assert_false(holds(&p));
		assert_in_range(p.wrong.count, 1, 20);
		complaints_done(&p.wrong);
	}
}

/* ---- archives of others ---- */

static void put_block(FILE *f, const uint8_t block[static USTAR_BLOCK])
{
	assert_int_equal(fwrite(block, 1, USTAR_BLOCK, f), USTAR_BLOCK);
}

/* A header that is ours but for some bytes, with a sum that is right. */
static void put_head(FILE *f, const char *name, uint64_t bytes, size_t at, const void *other_bytes,
		     size_t length)
{
	struct ustar_member m = { .bytes = bytes, .time = facts.as_of };
	uint8_t block[USTAR_BLOCK];
	char text[8];
	unsigned sum = 0;

	snprintf(m.name, sizeof(m.name), "%s", name);
	assert_true(ustar_write(&m, block));
	memcpy(block + at, other_bytes, length);
	memset(block + 148, ' ', 8);
	for (size_t i = 0; i < USTAR_BLOCK; i++)
		sum += block[i];
	snprintf(text, sizeof(text), "%06o", sum);
	memcpy(block + 148, text, 7);
	put_block(f, block);
}

static void refused(const char *words)
{
	struct bundle_proof p = prove_with("again", public, NULL);

	if (holds(&p) || p.wrong.count == 0)
		fail_msg("%s", words);
	complaints_done(&p.wrong);
}

static void other_archives_are_refused(void **state)
{
	static const struct {
		const char *words;
		size_t at;
		const char *bytes;
		size_t length;
	} heads[] = {
		{ "a way out of the folder", 0, "../x", 4 },
		{ "a whole path", 0, "/etc", 4 },
		{ "a folder", 0, "a/b", 3 },
		{ "an option", 0, "-rf", 3 },
		{ "a hidden file", 0, ".x", 2 },
		{ "a line end", 0, "a\nb", 3 },
		{ "right to left", 0, "\xe2\x80\xae", 3 },
		{ "a symbolic link", 156, "2", 1 },
		{ "a device", 156, "3", 1 },
		{ "an extended header", 156, "x", 1 },
		{ "a name that goes on in the prefix", 345, "..", 2 },
		{ "a link's name", 157, "/etc/passwd", 11 },
		{ "set-user-ID", 100, "0004755", 7 },
		{ "root's by name", 265, "root", 4 },
		{ "a size in base 256", 124, "\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff", 12 },
		{ "more than the file has", 124, "77777777777", 11 },
		{ "a size that is none", 124, "0000000009x", 11 },
	};
	(void)state;
	for (size_t i = 0; i < countof(heads); i++) {
		FILE *f = fopen("again", "w");

		assert_non_null(f);
		put_head(f, "xxxx", 0, heads[i].at, heads[i].bytes, heads[i].length);
		assert_int_equal(fclose(f), 0);
		refused(heads[i].words);
	}
	write_text("again", "");
	refused("nothing");
	write_text("again", "<!DOCTYPE html>");
	refused("a page");
}

/* A whole bundle in which one thing is otherwise: signed anew, so that only the comparison tells. */
static void pack_wrong(const char *manifest_name, const char *manifest_digest, const char *extra)
{
	struct bundle_member m = { .bytes = strlen(few) };
	char seal[SEAL_TEXT + 1], *key = NULL;
	size_t key_size;
	uint8_t zeros[2 * USTAR_BLOCK] = { 0 };
	FILE *f = fopen("again", "w"), *k = open_memstream(&key, &key_size);

	assert_non_null(f);
	assert_non_null(k);
	assert_int_equal(PEM_write_PUBKEY(k, public), 1);
	fclose(k);
	snprintf(m.name, sizeof(m.name), "%s", manifest_name);
	assert_true(digest_bytes(few, strlen(few), m.digest));
	if (manifest_digest != NULL)
		snprintf(m.digest, sizeof(m.digest), "%s", manifest_digest);
	char *text = manifest_text(&facts, &m, 1, public_digest);
	assert_true(seal_make(secret, text, strlen(text), seal));
	memcpy(seal + SEAL_TEXT - 1, "\n", 2);
	const char *const parts[][2] = { { "findings.csv", few },
					 { extra, few },
					 { BUNDLE_MANIFEST, text },
					 { BUNDLE_SIGNATURE, seal },
					 { BUNDLE_KEY, key } };
	for (size_t i = 0; i < countof(parts); i++) {
		size_t n = parts[i][0] != NULL ? strlen(parts[i][1]) : 0;

		if (parts[i][0] == NULL)
			continue;
		put_head(f, parts[i][0], n, 0, parts[i][0], 1);
		fwrite(parts[i][1], 1, n, f);
		fwrite(zeros, 1, ustar_padding(n), f);
	}
	fwrite(zeros, 1, sizeof(zeros), f);
	assert_int_equal(fclose(f), 0);
	free(text);
	free(key);
}

static void only_wrong(const char *expected)
{
	struct bundle_proof p = prove_with("again", public, NULL);

	assert_true(p.signed_);
	if (expected == NULL)
		assert_true(holds(&p));
	else
		assert_only(&p.wrong, expected);
	complaints_done(&p.wrong);
}

static void members_are_compared(void **state)
{
	(void)state;
	pack_wrong("findings.csv", NULL, NULL);
	only_wrong(NULL);
	pack_wrong("findings.csv",
		   "0000000000000000000000000000000000000000000000000000000000000000", NULL);
	only_wrong("findings.csv: was changed");
	pack_wrong("findings.csv", NULL, "more");
	only_wrong("more: was added");
	/* A name that stands twice is no archive of ours. */
	pack_wrong("findings.csv", NULL, "findings.csv");
	refused("a name that stands twice");
	pack_wrong("other.csv", NULL, NULL);
	struct bundle_proof p = prove_with("again", public, NULL);
	assert_int_equal(p.wrong.count, 2);
	assert_string_equal(p.wrong.list[0], "other.csv: is missing");
	assert_string_equal(p.wrong.list[1], "findings.csv: was added");
	complaints_done(&p.wrong);
	pack_wrong("../x", NULL, NULL);
	only_wrong("MANIFEST.json: cannot be read");
}

static void writing_is_all_or_nothing(void **state)
{
	struct bundle *b = NULL;
	struct bundle_proof p;
	struct bundle_trust nobody = { 0 };

	(void)state;
	unlink("again");
	assert_int_equal(bundle_begin("none/bundle", &facts, &b), -ENOENT);
	assert_int_equal(bundle_begin("again", &facts, &b), 0);
	assert_int_equal(bundle_add(b, "a", fails, NULL), -ENODATA);
	assert_int_equal(bundle_add(b, "b", write_one, few), -ENODATA);
	assert_int_equal(bundle_end(b, secret), -ENODATA);
	assert_int_equal(access("again", F_OK), -1);
	static const char *const names[] = { "", "../a", "a/b", ".a", "KEY.pub", "SHA256SUMS" };
	for (size_t i = 0; i < countof(names); i++) {
		assert_int_equal(bundle_begin("again", &facts, &b), 0);
		assert_int_equal(bundle_add(b, names[i], write_one, few), -EINVAL);
		bundle_drop(b);
	}
	assert_int_equal(bundle_begin("again", &facts, &b), 0);
	assert_int_equal(bundle_add(b, "a", write_one, few), 0);
	assert_int_equal(bundle_add(b, "a", write_one, few), -EINVAL);
	bundle_drop(b);
	assert_int_equal(bundle_begin("again", &facts, &b), 0);
	for (int i = 0; i < BUNDLE_MEMBERS; i++) {
		char name[16];

		snprintf(name, sizeof(name), "m%d", i);
		assert_int_equal(bundle_add(b, name, write_one, few),
				 i < BUNDLE_MEMBERS - 1 ? 0 : -EINVAL);
	}
	bundle_drop(b);
	assert_int_equal(bundle_prove("again", &nobody, &p), -ENOENT);
	assert_int_equal(bundle_prove("/", &nobody, &p), -EISDIR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bundle_holds),
		cmocka_unit_test(the_key_inside_proves_nobody),
		cmocka_unit_test(no_byte_may_change),
		cmocka_unit_test(other_archives_are_refused),
		cmocka_unit_test(members_are_compared),
		cmocka_unit_test(writing_is_all_or_nothing),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, start, end);
}
