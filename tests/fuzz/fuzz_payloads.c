/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is taken for an answer by UDP. The input is the number of the question (first byte), the keyed
 * value (four bytes) and an answer. Built without libFuzzer, main() runs the recorded answers
 * (tests/unit/data/wire/udp-*.pcap), cut at every byte and with every bit flipped, against every
 * question, inside `make check`; so are files that are given (past crashes). TENKEN_SEEDS: a folder to
 * write them to as seeds.
 */
#include <stdio.h>
#include <stdlib.h>

#include "unit/capture.h"
#include "wire/heard.h"
#include "wire/payloads.h"

enum { HEAD = 5 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static unsigned fits;

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	const struct payload *p = n >= HEAD ? payload_at(bytes[0] % PAYLOAD_PORTS) : NULL;
	uint8_t question[PAYLOAD_MOST];

	if (p == NULL)
		return 0;
	uint32_t key = (uint32_t)bytes[1] << 24 | (uint32_t)bytes[2] << 16 |
		       (uint32_t)bytes[3] << 8 | bytes[4];
	/* A block of exact size, so that a byte too far is seen. */
	uint8_t *answer = malloc(n - HEAD > 0 ? n - HEAD : 1);
	if (answer == NULL)
		return 0;
	memcpy(answer, bytes + HEAD, n - HEAD);
	bool fit = payload_fits(p, key, span_of(answer, n - HEAD));
	free(answer);
	fits += fit;
	/* What fits one keyed value fits no other, and a question is no answer. */
	uint32_t mask = p->key_bytes == 4 ? UINT32_MAX : p->key_bytes == 2 ? 0xffff : 0;
	for (uint32_t bit = 1; fit && bit != 0; bit <<= 1)
		if ((mask & bit) != 0 &&
		    payload_fits(p, key ^ bit, span_of(bytes + HEAD, n - HEAD)))
			abort();
	if (payload_fits(p, key, span_of(question, payload_write(p, key, question))))
		abort();
	return 0;
}

#ifndef TENKEN_LIBFUZZER
/* Those of which there is a capture, in the order of the table. */
static const char *const names[PAYLOAD_PORTS] = {
	"dns",     NULL, "ntp", "netbios", "snmp",    NULL,  "ike",  "ipmi",
	"openvpn", NULL, NULL,  NULL,      "ike-nat", "sip", "mdns", "coap",
};
static unsigned runs;

static void run(const uint8_t *bytes, size_t n)
{
	LLVMFuzzerTestOneInput(bytes, n);
	runs++;
}

static void run_answer(size_t question, uint32_t key, struct span answer, const char *name)
{
	size_t n = HEAD + answer.length;
	uint8_t *bytes = malloc(n);

	if (bytes == NULL)
		abort();
	for (size_t i = 0; i < 4; i++)
		bytes[1 + i] = (uint8_t)(key >> (24 - 8 * i));
	memcpy(bytes + HEAD, answer.at, answer.length);
	for (uint8_t q = 0; q < PAYLOAD_PORTS; q++) {
		bytes[0] = q;
		for (size_t cut = HEAD; cut <= n; cut++)
			run(bytes, cut);
		for (size_t i = HEAD * 8; i < n * 8; i++) {
			bytes[i / 8] ^= (uint8_t)(1U << i % 8);
			run(bytes, n);
			bytes[i / 8] ^= (uint8_t)(1U << i % 8);
		}
	}
	bytes[0] = (uint8_t)question;
	if (getenv("TENKEN_SEEDS") != NULL) {
		char path[1024];

		snprintf(path, sizeof(path), "%s/%s.%08x", getenv("TENKEN_SEEDS"), name, key);
		FILE *f = fopen(path, "wb");
		if (f != NULL) {
			fwrite(bytes, 1, n, f);
			fclose(f);
		}
	}
	free(bytes);
}

static void run_capture(size_t q)
{
	const struct payload *p = payload_at(q);
	char file[64], path[1024];
	struct capture c = { 0 };
	struct heard h;
	uint32_t keys[2] = { 0 }; /* of the last question, by family */

	snprintf(file, sizeof(file), "udp-%s.pcap", names[q]);
	bool read = capture_read(&c, capture_path(file, path)) == 0;
	for (size_t f = 0; read && f < c.count; f++) {
		if (!heard_read(c.frames[f].at, c.frames[f].length, c.link, &h) ||
		    h.kind != HEARD_UDP)
			continue;
		if (h.from_port == p->port)
			run_answer(q, keys[addr_is_ipv4(&h.from)], h.payload, names[q]);
		uint32_t key = 0;
		for (size_t i = 0; i < p->key_bytes && h.to_port == p->port; i++)
			key = key << 8 | h.payload.at[p->key_at + i];
		if (h.to_port == p->port)
			keys[addr_is_ipv4(&h.from)] = key;
	}
	capture_done(&c);
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
	unsigned count = 0;

	for (int i = 1; i < argc; i++)
		run_file(argv[i]);
	if (argc > 1) {
		printf("%u inputs\n", runs);
		return 0;
	}
	for (size_t q = 0; q < PAYLOAD_PORTS; q++) {
		if (names[q] == NULL)
			continue;
		runs = fits = 0;
		run_capture(q);
		printf("%sok %u - fuzz payloads %s: %u inputs, %u fit\n",
		       runs > 0 && fits > 0 ? "" : "not ", ++count, names[q], runs, fits);
	}
	printf("1..%u\n", count);
	return 0;
}
#endif
