/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The listening core with all of its decoders. The input is the link layer (first byte: odd raw IP, else
 * Ethernet) and a list of frames, each behind its length in two bytes; a millisecond lies between them. Built
 * without libFuzzer, main() runs the captures of tests/listen, and each of them changed at places that are the
 * same every time, inside `make check`; so are files that are given (past crashes). TENKEN_SEEDS: a folder to
 * write the captures to as seeds.
 */
#include <dirent.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>

#include "codec/evidence.h"
#include "codec/limits.h"
#include "codec/reader.h"
#include "codec/utf8.h"
#include "codec/writer.h"
#include "listen/listener.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

enum { INPUT_MOST = 128 * 1024, CHANGES = 400 };

/* Valid UTF-8 without control characters. */
static void inspect_text(const char *text, size_t most)
{
	size_t n = strlen(text);

	if (n > most)
		abort();
	for (size_t at = 0; at < n;) {
		uint32_t c;
		size_t length = utf8_next((const uint8_t *)text + at, n - at, &c);

		if (length == 0 || c < 0x20 || c == 0x7f)
			abort();
		at += length;
	}
}

static void take_host(void *context, const struct told_host *h)
{
	(void)context;
	if (addr_is_none(&h->address) || h->first_ms > h->last_ms)
		abort();
}

static void take_flow(void *context, const struct told_flow *f)
{
	(void)context;
	if (f->name != NULL)
		inspect_text(f->name, TEXT_MAX + 32);
	if (f->first_ms > f->last_ms || (f->application != NULL && f->application[0] == '\0'))
		abort();
}

static void take_operation(void *context, const struct told_operation *o)
{
	(void)context;
	if (o->protocol == NULL || o->word == NULL || o->access == NULL ||
	    o->requests + o->errors == 0)
		abort();
}

static void take_fact(void *context, const struct told_fact *f)
{
	(void)context;
	if (f->kind == NULL || f->times == 0 || (addr_is_none(&f->about) && !f->has_mac))
		abort();
	if (f->value != NULL)
		inspect_text(f->value, EVIDENCE_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static const struct told told = {
		.host = take_host,
		.flow = take_flow,
		.operation = take_operation,
		.fact = take_fact,
	};
	static const struct listener_setup setup = {
		.memory = LISTENER_MEMORY_LEAST,
		.no_ndpi = true,
		.show_names = true,
		.seed = 1,
		.told = &told,
	};
	struct reader r = rd_new(span_of(bytes, n));
	int link = rd_u8(&r) % 2 == 0 ? DLT_EN10MB : DLT_RAW;
	/* One for all inputs, of which none sees what another one left: a new one for each is most of the work. */
	static struct listener *l;

	if (l == NULL ? (l = listener_new(&setup)) == NULL : !listener_reset(l))
		abort();
	for (int64_t at = 1; rd_left(&r) > 2; at++) {
		size_t length = rd_be16(&r);
		struct span frame = rd_span(&r, length < rd_left(&r) ? length : rd_left(&r));
		/* A block of exact size, so that a byte too far is seen. */
		uint8_t *copy = malloc(frame.length > 0 ? frame.length : 1);

		if (copy == NULL)
			abort();
		memcpy(copy, frame.at, frame.length);
		listener_take(l, link, span_of(copy, frame.length), (uint32_t)length, at * 1000000);
		free(copy);
	}
	listener_end(l);
	return 0;
}

#ifndef TENKEN_LIBFUZZER
static unsigned runs;

/* The frames of a capture as one input; 0: none, or of another link layer. */
static size_t read_capture(const char *path, uint8_t *out)
{
	char why[PCAP_ERRBUF_SIZE];
	struct writer w = wr_new(out, INPUT_MOST);
	struct pcap_pkthdr *head;
	const u_char *frame;
	pcap_t *p = pcap_open_offline(path, why);
	size_t n = 0;

	if (p == NULL)
		return 0;
	wr_u8(&w, pcap_datalink(p) == DLT_EN10MB ? 0 : 1);
	while (pcap_next_ex(p, &head, &frame) == 1 && head->caplen <= UINT16_MAX) {
		wr_be16(&w, (uint16_t)head->caplen);
		wr_bytes(&w, frame, head->caplen);
		if (!wr_ok(&w))
			break; /* as many as fit */
		n = w.length;
	}
	pcap_close(p);
	return n;
}

static uint64_t chance(uint64_t *seed)
{
	*seed ^= *seed << 13; /* xorshift64 */
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* One to eight bytes become others. */
static void run_changed(const uint8_t *bytes, size_t n, uint64_t *seed)
{
	static uint8_t changed[INPUT_MOST];

	memcpy(changed, bytes, n);
	for (uint64_t i = chance(seed) % 8 + 1; i > 0; i--) {
		static const uint8_t edges[] = { 0, 1, 0x7f, 0x80, 0xc0, 0xff };
		size_t at = chance(seed) % n;

		changed[at] = chance(seed) % 2 == 0 ? edges[chance(seed) % sizeof(edges)]
						    : (uint8_t)chance(seed);
	}
	LLVMFuzzerTestOneInput(changed, n);
	runs++;
}

static void write_seed(const char *name, const uint8_t *bytes, size_t n)
{
	char path[1024];

	snprintf(path, sizeof(path), "%s/%s", getenv("TENKEN_SEEDS"), name);
	FILE *f = fopen(path, "wb");
	if (f != NULL) {
		fwrite(bytes, 1, n, f);
		fclose(f);
	}
}

static void run_file(const char *path)
{
	static uint8_t bytes[INPUT_MOST];
	FILE *f = fopen(path, "rb");

	if (f != NULL) {
		LLVMFuzzerTestOneInput(bytes, fread(bytes, 1, sizeof(bytes), f));
		runs++;
		fclose(f);
	}
}

static int is_capture(const struct dirent *d)
{
	return strstr(d->d_name, ".pcap") != NULL;
}

int main(int argc, char **argv)
{
	static uint8_t bytes[INPUT_MOST];
	const char *dir = getenv("TENKEN_LISTEN");
	struct dirent **list = NULL;
	uint64_t seed = 88172645463325252ULL;

	for (int i = 1; i < argc; i++)
		run_file(argv[i]);
	if (argc > 1) {
		printf("%u inputs\n", runs);
		return 0;
	}
	int n = scandir(dir != NULL ? dir : "tests/listen", &list, is_capture, alphasort);
	for (int i = 0; i < n; i++) {
		char path[1024];

		snprintf(path, sizeof(path), "%s/%s", dir != NULL ? dir : "tests/listen",
			 list[i]->d_name);
		size_t length = read_capture(path, bytes);
		if (getenv("TENKEN_SEEDS") != NULL)
			write_seed(list[i]->d_name, bytes, length);
		runs = 0;
		for (unsigned k = 0; k < CHANGES && length > 0; k++)
			run_changed(bytes, length, &seed);
		printf("%sok %d - fuzz listen %s: %u inputs\n", runs > 0 ? "" : "not ", i + 1,
		       list[i]->d_name, runs);
		free(list[i]);
	}
	free(list);
	printf("1..%d\n", n);
	return n <= 0;
}
#endif
