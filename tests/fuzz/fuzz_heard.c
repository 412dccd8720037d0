/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reader of frames. The input is the length of the link-layer header (first byte: even Ethernet,
 * odd none) and a frame. Built without libFuzzer, main() runs the frames of the captures in
 * tests/unit/data/wire, cut at every byte and with every bit flipped, inside `make check`; so are
 * files that are given (past crashes). TENKEN_SEEDS: a folder to write the frames to as seeds.
 */
#include <stdio.h>
#include <stdlib.h>

#include "unit/capture.h"
#include "wire/heard.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

/* What holds of everything that is read. */
static void inspect(const uint8_t *frame, size_t n, const struct heard *h)
{
	if (h->kind == HEARD_NOTHING || h->kind > HEARD_ERROR || h->vlan > 4095)
		abort();
	if (h->kind == HEARD_UDP) {
		if (h->payload.at < frame || h->payload.at > frame + n ||
		    h->payload.length > (size_t)(frame + n - h->payload.at))
			abort();
		/* Reads every byte, for the sanitizer. */
		static volatile uint8_t seen;
		for (size_t i = 0; i < h->payload.length; i++)
			seen = h->payload.at[i];
		(void)seen;
	} else if (h->payload.at != NULL || h->payload.length != 0) {
		abort();
	}
	switch (h->quoted_protocol) {
	case 0:
		if (h->quoted_number != 0 || h->quoted_from_port != 0 || h->quoted_to_port != 0)
			abort();
		break;
	case 1:
	case 6:
	case 17:
	case 58:
		if (h->kind != HEARD_ERROR || addr_is_ipv4(&h->quoted_to) != addr_is_ipv4(&h->from))
			abort();
		break;
	default:
		abort();
	}
	if (h->kind != HEARD_ARP && h->kind != HEARD_SOLICIT &&
	    addr_is_ipv4(&h->from) != addr_is_ipv4(&h->to))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	if (n == 0)
		return 0;
	/* A block of exact size, so that a byte too far is seen. */
	uint8_t *frame = malloc(n - 1 > 0 ? n - 1 : 1);
	struct heard h;

	if (frame == NULL)
		return 0;
	memcpy(frame, bytes + 1, n - 1);
	if (heard_read(frame, n - 1, bytes[0] % 2 == 0 ? 14 : 0, &h))
		inspect(frame, n - 1, &h);
	free(frame);
	return 0;
}

#ifndef TENKEN_LIBFUZZER
static unsigned runs;

static void run(const uint8_t *bytes, size_t n)
{
	LLVMFuzzerTestOneInput(bytes, n);
	runs++;
}

static void run_frame(size_t link, struct span frame)
{
	uint8_t *bytes = malloc(frame.length + 1);

	if (bytes == NULL)
		abort();
	bytes[0] = link != 0 ? 0 : 1;
	memcpy(bytes + 1, frame.at, frame.length);
	for (size_t n = 1; n <= frame.length + 1; n++)
		run(bytes, n);
	for (size_t i = 8; i < (frame.length + 1) * 8; i++) {
		bytes[i / 8] ^= (uint8_t)(1U << i % 8);
		run(bytes, frame.length + 1);
		bytes[i / 8] ^= (uint8_t)(1U << i % 8);
	}
	free(bytes);
}

static void write_seed(const char *name, size_t i, size_t link, struct span frame)
{
	char path[1024];

	snprintf(path, sizeof(path), "%s/%s.%zu", getenv("TENKEN_SEEDS"), name, i);
	FILE *f = fopen(path, "wb");
	if (f != NULL) {
		fputc(link != 0 ? 0 : 1, f);
		fwrite(frame.at, 1, frame.length, f);
		fclose(f);
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
	static const char *const names[] = { "neighbours", "echo",   "fragments", "syn", "udp",
					     "errors",     "router", "tun",       "tags" };

	for (int i = 1; i < argc; i++)
		run_file(argv[i]);
	if (argc > 1) {
		printf("%u inputs\n", runs);
		return 0;
	}
	for (size_t i = 0; i < countof(names); i++) {
		char file[64], path[1024];
		struct capture c;

		runs = 0;
		snprintf(file, sizeof(file), "%s.pcap", names[i]);
		bool read = capture_read(&c, capture_path(file, path)) == 0;
		for (size_t f = 0; read && f < c.count; f++) {
			run_frame(c.link, c.frames[f]);
			if (getenv("TENKEN_SEEDS") != NULL)
				write_seed(names[i], f, c.link, c.frames[f]);
		}
		capture_done(&c);
		printf("%sok %zu - fuzz heard %s: %u inputs\n", runs > 0 ? "" : "not ", i + 1,
		       names[i], runs);
	}
	printf("1..%zu\n", countof(names));
	return 0;
}
#endif
