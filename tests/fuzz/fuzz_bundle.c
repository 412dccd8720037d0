/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Audit bundles that come from anybody. The first byte of the input chooses: an even one, the rest is a bundle; an odd
 * one, it is a manifest. Built without libFuzzer, main() makes one of each and changes it everywhere.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bundle/bundle_parts.h"
#include "codec/file.h"
#include "codec/span.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void prove(const uint8_t *bytes, size_t n)
{
	char path[32];
	struct bundle_trust nobody = { 0 };
	struct bundle_proof proof;
	int fd = memfd_create("bundle", MFD_CLOEXEC);

	if (fd < 0 || !file_write(fd, bytes, n))
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	/* Whoever is not named is never trusted; what is not signed says nothing of itself. */
	if (bundle_prove(path, &nobody, &proof) != 0 || proof.trusted ||
	    (!proof.signed_ && (proof.wrong.count == 0 || proof.facts.site[0] != '\0')))
		abort();
	complaints_done(&proof.wrong);
	close(fd);
}

static void read_manifest(const uint8_t *bytes, size_t n)
{
	static struct bundle_member list[BUNDLE_MEMBERS];
	struct bundle_facts facts = { 0 };
	char key[DIGEST_TEXT], *text = malloc(n + 1); /* of exact size, and never of none */
	size_t count = 0;

	if (text == NULL)
		return;
	memcpy(text, bytes, n);
	if (manifest_read(text, n, &facts, list, &count, key)) {
		if (count > BUNDLE_MEMBERS || strlen(key) != DIGEST_TEXT - 1)
			abort();
		for (size_t i = 0; i < count; i++)
			if (!ustar_name_safe(list[i].name))
				abort();
	}
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	if (n == 0)
		return 0;
	if (bytes[0] % 2 == 0)
		prove(bytes + 1, n - 1);
	else
		read_manifest(bytes + 1, n - 1);
	return 0;
}

#ifndef TENKEN_LIBFUZZER
enum { MOST = 16384 };
#include "flips.h"

static int write_text(FILE *out, void *context)
{
	fputs(context, out);
	return 0;
}

static const struct bundle_facts facts = { .site = "kita",
					   .version = "0.1.0",
					   .run = "01234567-89ab-4cde-8f01-23456789abcd",
					   .schema = 11,
					   .as_of = 1800000000 };

/* A whole bundle behind its first byte. */
static size_t make(uint8_t out[static MOST])
{
	static char text[] = "a,b\r\n";
	char path[] = "/tmp/tenken-fuzz-XXXXXX";
	struct bundle *b = NULL;
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	int fd = mkstemp(path);

	if (fd < 0 || key == NULL || bundle_begin(path, &facts, &b) != 0 ||
	    bundle_add(b, "findings.csv", write_text, text) != 0 || bundle_end(b, key) != 0)
		abort();
	close(fd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, out + 1, MOST - 1) : -1;
	if (n <= 0)
		abort();
	close(fd);
	unlink(path);
	EVP_PKEY_free(key);
	out[0] = 0;
	return 1 + (size_t)n;
}

int main(void)
{
	static uint8_t bytes[MOST];
	struct bundle_member m = { .name = "findings.csv", .bytes = 5 };
	char digest[DIGEST_TEXT];
	size_t n = make(bytes);

	printf("1..2\n");
	/* Each byte that says something in every bit, the zeros between them once. */
	for (size_t i = 1; i < n; i++)
		for (unsigned bit = 0; bit < (bytes[i] != 0 ? 8U : 1U); bit++) {
			bytes[i] ^= (uint8_t)(1U << bit);
			run(bytes, n);
			bytes[i] ^= (uint8_t)(1U << bit);
		}
	for (size_t length = 1; length < n; length += 61)
		run(bytes, length);
	printf("ok 1 - a bundle, %u runs\n", runs);
	runs = 0;
	if (!digest_bytes("a,b\r\n", 5, m.digest) || !digest_bytes("", 0, digest))
		abort();
	char *text = manifest_text(&facts, &m, 1, digest);
	if (text == NULL)
		abort();
	run_all(1, span_of((const uint8_t *)text, strlen(text)));
	free(text);
	printf("ok 2 - a manifest, %u runs\n", runs);
	return 0;
}
#endif
