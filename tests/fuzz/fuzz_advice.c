/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Offline data, documents of a store and versions. The first byte of the input chooses: an even one, the rest
 * is a file (its name is nginx.json), also taken as a document; an odd one, it is two texts with a line end
 * between them, as versions, range and names. Built without libFuzzer, main() runs the files that are given,
 * else those of tests/advice/ and some texts.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "advice/advice.h"
#include "codec/compact.h"
#include "codec/file.h"
#include "codec/naming.h"
#include "codec/version.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void read_file(const char *text, size_t n)
{
	struct advice *a = NULL;
	struct complaints c = { 0 };

	static const char *const names[] = { "entries", "a", "" };

	/* As documents of a store are taken apart. */
	compact_json(text);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t length = 0;
		const char *member = compact_member(text, n, names[i], &length);

		if (member != NULL &&
		    (member < text || length == 0 || length > n - (size_t)(member - text)))
			abort();
	}
	if (advice_new(&a) < 0)
		return;
	enum advice_read r = advice_read(a, "nginx.json", text, n, &c);
	/* A mistake is told, and once; nothing else is. */
	if ((r == ADVICE_WRONG) != (c.count == 1))
		abort();
	complaints_done(&c);
	advice_free(a);
}

static void compare(const char *a, const char *b)
{
	char range[VERSION_RANGE_MAX];
	enum version_order there = version_compare(a, b), back = version_compare(b, a);

	if ((there == VERSION_LESS) != (back == VERSION_MORE) ||
	    (there == VERSION_SAME) != (back == VERSION_SAME))
		abort();
	version_within(a, b);
	version_of_cycle(a, b);
	if (version_range_read(b, range, sizeof(range)))
		version_within(a, range);
	char *key = vendor_key(a), *again = key != NULL ? name_key(key) : NULL;
	if (key != NULL && again != NULL && strcmp(key, again) != 0)
		abort();
	free(key);
	free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	if (n == 0)
		return 0;
	/* A block of exact size, with the zero that file_read() puts behind it. */
	char *text = malloc(n);
	if (text == NULL)
		return 0;
	memcpy(text, bytes + 1, n - 1);
	text[n - 1] = '\0';
	char *second = strchr(text, '\n');
	if (bytes[0] % 2 == 0) {
		read_file(text, n - 1);
	} else if (second != NULL) {
		*second = '\0';
		compare(text, second + 1);
	}
	free(text);
	return 0;
}

#ifndef TENKEN_LIBFUZZER
static void run_file(const char *path, bool whole)
{
	struct complaints c = { 0 };
	size_t n = 0;
	char *text = file_read(path, ADVICE_FILE_MAX, &n, &c);
	uint8_t *bytes = text != NULL ? malloc(n + 1) : NULL;

	if (bytes == NULL)
		abort();
	bytes[0] = 0;
	memcpy(bytes + 1, text, n);
	/* A file of ours is one without its first byte. */
	LLVMFuzzerTestOneInput(whole ? bytes + 1 : bytes, whole ? n : n + 1);
	free(bytes);
	free(text);
}

int main(int argc, char **argv)
{
	static const char *const files[] = { "kev.json",          "products-full.json",
					     "one-product.json",  "kita-gate.json",
					     "kita-server.json",  "kita-2099-01.json",
					     "kita-2099-02.json", "kita-2099-03.json" };
	static const char *const texts[] = {
		"\1"
		"1.2.3\n<1.3",
		"\1"
		"9.2p1\nvers:generic/>=9.0p1|!=9.1|<9.8p1",
		"\1"
		"15.2(4)E7\n>= 15.2(4)E1 | <= 15.2(4)E9",
		"\1"
		"2.4.58-1+deb12u1\n2.4.59 and prior",
	};
	const char *tests = getenv("TENKEN_TESTS");

	for (int i = 1; i < argc; i++)
		run_file(argv[i], true);
	if (argc > 1)
		return 0;
	printf("1..1\n");
	for (size_t i = 0; tests != NULL && i < sizeof(files) / sizeof(files[0]); i++) {
		char path[4096];

		snprintf(path, sizeof(path), "%s/advice/%s", tests, files[i]);
		run_file(path, false);
	}
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		LLVMFuzzerTestOneInput((const uint8_t *)texts[i], strlen(texts[i]));
	printf("ok 1 - offline data and versions\n");
	return 0;
}
#endif
