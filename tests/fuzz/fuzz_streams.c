/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The decoders of streams. The input is the server's port (2 bytes) and a list of chunks: a byte whose lowest bit
 * says the side, whose next one that bytes are missing in front, and whose others are the length's high bits; the
 * length's low byte; the bytes. TENKEN_DECODER names the one decoder that is asked; without it all are.
 *
 * Built without libFuzzer, main() runs every conversation of tests/listen/conversations.c, cut at every byte and
 * with bits flipped, inside `make check`; so are files that are given (past crashes). TENKEN_SEEDS: a folder to
 * write the conversations to as seeds.
 */
#include <stdio.h>
#include <stdlib.h>

#include "codec/reader.h"
#include "codec/writer.h"
#include "listen/conversation.h"
#include "listen/feed.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

enum { CHUNK_MAX = 0x3fff };

static const struct decoder *wanted(void)
{
	static const struct decoder *found;
	static bool looked;
	const char *name = getenv("TENKEN_DECODER");

	if (looked || name == NULL)
		return found;
	looked = true;
	for (size_t i = 0; decoders[i] != NULL; i++)
		if (strcmp(decoders[i]->name, name) == 0 && decoders[i]->hear != NULL)
			found = decoders[i];
	if (found == NULL)
		abort();
	return found;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct reader r = rd_new(span_of(bytes, n));
	uint16_t port = rd_be16(&r);
	struct feed *f = feed_new(wanted(), port);

	while (rd_left(&r) > 0) {
		uint8_t head = rd_u8(&r);
		size_t length = (size_t)(head >> 2) << 8 | rd_u8(&r);
		enum side side = head & 1 ? SIDE_SERVER : SIDE_CLIENT;

		if (length > rd_left(&r))
			length = rd_left(&r);
		if (head & 2)
			feed_gap(f, side);
		feed_say(f, side, rd_span(&r, length));
	}
	feed_facts(f);
	feed_free(f);
	return 0;
}

#ifndef TENKEN_LIBFUZZER
static unsigned runs;

static void run(const uint8_t *bytes, size_t n)
{
	uint8_t *copy = malloc(n > 0 ? n : 1);

	if (copy == NULL)
		abort();
	memcpy(copy, bytes, n);
	LLVMFuzzerTestOneInput(copy, n);
	free(copy);
	runs++;
}

static size_t write_input(const struct conversation *v, uint8_t *out, size_t size)
{
	struct writer w = wr_new(out, size);

	wr_be16(&w, v->port);
	for (const struct line *l = v->lines; l->text != NULL; l++) {
		size_t n = l->length < CHUNK_MAX ? l->length : CHUNK_MAX;

		wr_u8(&w, (uint8_t)(n >> 8 << 2 | (l->side == SIDE_SERVER)));
		wr_u8(&w, (uint8_t)n);
		wr_bytes(&w, l->text, n);
	}
	return wr_span(&w).length;
}

static void run_conversation(const struct conversation *v, size_t number)
{
	uint8_t bytes[16384];
	size_t n = write_input(v, bytes, sizeof(bytes));
	const char *seeds = getenv("TENKEN_SEEDS");

	if (n == 0)
		abort();
	for (size_t cut = 0; cut <= n; cut++)
		run(bytes, cut);
	for (size_t bit = 0; bit < n * 8; bit += 3) {
		bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
		run(bytes, n);
		bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
	if (seeds != NULL) {
		char path[1024];

		snprintf(path, sizeof(path), "%s/%zu", seeds, number);
		FILE *f = fopen(path, "wb");
		if (f != NULL) {
			fwrite(bytes, 1, n, f);
			fclose(f);
		}
	}
}

static void run_file(const char *path)
{
	uint8_t bytes[65536];
	FILE *f = fopen(path, "rb");

	if (f != NULL) {
		run(bytes, fread(bytes, 1, sizeof(bytes), f));
		fclose(f);
	}
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		run_file(argv[i]);
	if (argc > 1) {
		printf("%u inputs\n", runs);
		return 0;
	}
	for (size_t i = 0; i < conversation_count; i++) {
		runs = 0;
		run_conversation(&conversations[i], i);
		printf("ok %zu - fuzz streams, %s: %u inputs\n", i + 1, conversations[i].name,
		       runs);
	}
	printf("1..%zu\n", conversation_count);
	return 0;
}
#endif
