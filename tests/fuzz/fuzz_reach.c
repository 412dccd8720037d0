/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `tenken reach` reads of strangers: frames about its questions to neighbours, ICMP errors, proxy files and
 * their URLs, pages with an answer in them, what its own process tells main.
 * The first byte says what the rest is. Built without libFuzzer, main() runs good ones of each kind, cut at every
 * byte and with every bit flipped, inside `make check`; so are files that are given (past crashes). TENKEN_SEEDS: a
 * folder to write the good ones to.
 */
#include <stdio.h>
#include <stdlib.h>

#include "codec/writer.h"
#include "reach/egress.h"
#include "reach/gateway.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

enum { FRAME, ICMP4, ICMP6, PROXY_FILE, PROXY_URL, PAGE, RESULT, KINDS };
enum { IFINDEX = 3, ASKED = 2 * GATEWAY_KINDS, MOST = 16384 };

static struct token_key key;
static struct gateway_asked asked[ASKED];
static const uint8_t secret[FRAME_KEY] = { 7 };
static bool begun;

static struct addr at(const char *text)
{
	struct addr a;

	if (addr_parse(text, &a) != 0)
		abort();
	return a;
}

static void begin(void)
{
	static const enum token_method methods[] = { TOKEN_ICMP, TOKEN_TCP, TOKEN_UDP };
	const uint8_t bytes[TOKEN_KEY] = { 1 };

	if (begun)
		return;
	begun = true;
	if (!token_key_from(bytes, &key))
		abort();
	for (unsigned i = 0; i < ASKED; i++) {
		struct gateway_asked *q = &asked[i];
		bool v4 = i < GATEWAY_KINDS;
		const struct token_question question = { .run = 1,
							 .number = i + 1,
							 .method = methods[i % GATEWAY_KINDS],
							 .time = 1800000000 };

		*q = (struct gateway_asked){ .kind = i % GATEWAY_KINDS,
					     .mac = { 2, 0, 0, 0, 0, 9 },
					     .ifindex = IFINDEX,
					     .hops = 64,
					     .from = at(v4 ? "192.0.2.1" : "2001:db8::1"),
					     .to = at(v4 ? "203.0.113.9" : "2001:db8:9::9"),
					     .source_port = (uint16_t)(61000 + i) };
		q->cookie = gateway_cookie(q, secret);
		if (!token_ask(&key, &question, &q->question))
			abort();
	}
}

/* Whatever is said is about one of the questions, and who has not the key is not the beacon. */
static void try_frame(struct span s)
{
	struct gateway_asked list[ASKED];

	memcpy(list, asked, sizeof(list));
	struct gateway_asked *q = gateway_hear(list, ASKED, IFINDEX, &key, s.at, s.length);
	if (q == NULL)
		return;
	if (q < list || q >= list + ASKED || q->packet_length > GATEWAY_PACKET ||
	    (q->heard == GATEWAY_REACHED) != q->has_answer ||
	    (q->heard == GATEWAY_SILENT && q->packet_length > 0))
		abort();
}

static void try_file(struct span s)
{
	struct wpad_place list[8];
	size_t n = wpad_places(s, list, countof(list));

	if (n > countof(list))
		abort();
	for (size_t i = 0; i < n; i++)
		if (list[i].port == 0 || strlen(list[i].host) == 0 ||
		    strlen(list[i].host) >= WPAD_HOST)
			abort();
}

/* What comes of it goes into a request of ours: no second line. */
static void try_url(struct span s)
{
	char text[2048], host[WPAD_HOST], path[REACH_TEXT];
	uint16_t port;

	if (s.length >= sizeof(text))
		return;
	memcpy(text, s.at, s.length);
	text[s.length] = '\0';
	if (wpad_url(text, host, &port, path) &&
	    (port == 0 || path[0] != '/' || strpbrk(path, "\r\n ") != NULL ||
	     strpbrk(host, "\r\n ") != NULL))
		abort();
}

static void try_result(struct span s)
{
	struct reach_result r;

	if (s.length > sizeof(r))
		return;
	memset(&r, 0, sizeof(r));
	memcpy(&r, s.at, s.length);
	if (reach_result_check(&r, sizeof(r)) &&
	    (strlen(r.note) >= sizeof(r.note) || strlen(r.hops) >= sizeof(r.hops) ||
	     strlen(r.evidence) >= sizeof(r.evidence) || strlen(r.via) >= sizeof(r.via) ||
	     reach_method_word(r.method) == NULL || reach_outcome_word(r.outcome) == NULL))
		abort();
}

static void run_kind(unsigned kind, struct span s)
{
	struct overheard_quote q;
	uint8_t answer[TOKEN_ANSWER];

	switch (kind) {
	case FRAME:
		try_frame(s);
		break;
	case ICMP4:
	case ICMP6:
		overheard_read_icmp(s, kind == ICMP4, &q);
		break;
	case PROXY_FILE:
		try_file(s);
		break;
	case PROXY_URL:
		try_url(s);
		break;
	case PAGE:
		token_response_find(s, answer);
		break;
	default:
		try_result(s);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	begin();
	if (n == 0)
		return 0;
	/* A block of exact size, so that a byte too far is seen. */
	uint8_t *copy = malloc(n - 1 > 0 ? n - 1 : 1);
	if (copy == NULL)
		return 0;
	memcpy(copy, bytes + 1, n - 1);
	run_kind(bytes[0] % KINDS, span_of(copy, n - 1));
	free(copy);
	return 0;
}

#ifndef TENKEN_LIBFUZZER
#include "flips.h"

static void put_ip(struct writer *w, bool v4, const struct addr *from, const struct addr *to,
		   uint8_t protocol, size_t payload)
{
	if (v4) {
		wr_u8(w, 0x45);
		wr_u8(w, 0);
		wr_be16(w, (uint16_t)(20 + payload));
		wr_be32(w, 0);
		wr_u8(w, 60);
		wr_u8(w, protocol);
		wr_be16(w, 0);
		wr_bytes(w, from->bytes + 12, 4);
		wr_bytes(w, to->bytes + 12, 4);
		return;
	}
	wr_be32(w, 0x60000000);
	wr_be16(w, (uint16_t)payload);
	wr_u8(w, protocol);
	wr_u8(w, 60);
	wr_bytes(w, from->bytes, 16);
	wr_bytes(w, to->bytes, 16);
}

static void put_ethernet(struct writer *w, bool v4)
{
	static const uint8_t macs[] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 9 };

	wr_bytes(w, macs, sizeof(macs));
	wr_be16(w, v4 ? 0x0800 : 0x86dd);
}

/* What a frame of ours holds behind the Ethernet header, as somebody quotes it. */
static struct span quoted(const struct gateway_asked *q, uint8_t out[static FRAME_MOST])
{
	struct way way = { .ifindex = IFINDEX, .ethernet = true, .mtu = 1500, .source = q->from };
	size_t n = gateway_frame(q, &way, out);

	return span_from(span_of(out, n), 14);
}

/* Time exceeded, as a whole frame and as a raw socket gives it. */
static void run_error(const struct gateway_asked *q)
{
	uint8_t own[FRAME_MOST], out[2048];
	bool v4 = addr_is_ipv4(&q->to);
	struct writer w = wr_new(out, sizeof(out));
	const struct addr router = at(v4 ? "192.0.2.254" : "2001:db8::fe");
	struct span quote = quoted(q, own);

	put_ethernet(&w, v4);
	put_ip(&w, v4, &router, &q->from, v4 ? 1 : 58, 8 + quote.length);
	wr_u8(&w, v4 ? 11 : 3);
	wr_u8(&w, 0);
	wr_be16(&w, 0);
	wr_be32(&w, 0);
	wr_span_in(&w, quote);
	run_all(FRAME, wr_span(&w));
	run_all(v4 ? ICMP4 : ICMP6, span_from(wr_span(&w), v4 ? 14 : 14 + 40));
}

/* The beacon's own answer to an echo request or a datagram. */
static void run_answer(const struct gateway_asked *q)
{
	uint8_t answer[TOKEN_ANSWER], out[2048];
	bool v4 = addr_is_ipv4(&q->to), echo = q->kind == GATEWAY_ECHO;
	struct writer w = wr_new(out, sizeof(out));
	const struct token_answer said = { .seen = q->from, .time = 1800000001 };

	if (!token_answer(&key, span_of(q->question.bytes, q->question.length), &said, answer))
		abort();
	put_ethernet(&w, v4);
	put_ip(&w, v4, &q->to, &q->from, echo ? (v4 ? 1 : 58) : 17, 8 + sizeof(answer));
	if (echo) {
		wr_be16(&w, v4 ? 0 : 129 << 8);
		wr_be16(&w, 0);
		wr_be32(&w, q->cookie);
	} else {
		wr_be16(&w, 53);
		wr_be16(&w, q->source_port);
		wr_be16(&w, 8 + sizeof(answer));
		wr_be16(&w, 0);
	}
	wr_bytes(&w, answer, sizeof(answer));
	/* The good one is believed: else the changed ones prove nothing. */
	struct gateway_asked list[ASKED];
	memcpy(list, asked, sizeof(list));
	struct span s = wr_span(&w);
	struct gateway_asked *heard = gateway_hear(list, ASKED, IFINDEX, &key, s.at, s.length);
	if (heard == NULL || heard->heard != GATEWAY_REACHED)
		abort();
	run_all(FRAME, s);
}

static void run_good(void)
{
	static const char file[] = "HTTP/1.1 200 OK\r\n\r\nfunction FindProxyForURL(u, h) { return "
				   "\"PROXY 192.0.2.5:3128; SOCKS5 p.example; DIRECT\"; }";
	uint8_t answer[TOKEN_ANSWER];
	char text[TOKEN_TEXT];
	const struct token_answer said = { .port = 1, .time = 1800000000 };
	struct reach_result r = { .number = 1,
				  .method = METHOD_TCP,
				  .outcome = OUTCOME_REACHED,
				  .transport = "tcp",
				  .hops = "[{\"hop\":1}]",
				  .evidence = "{\"said\":\"x\"}",
				  .note = "none" };

	for (size_t i = 0; i < ASKED; i++) {
		run_error(&asked[i]);
		if (asked[i].kind != GATEWAY_SYN)
			run_answer(&asked[i]);
	}
	run_all(PROXY_FILE, span_text(file));
	run_all(PROXY_URL, span_text("http://wpad.example:8080/a/proxy.pac"));
	if (!token_answer(&key, span_of(asked[0].question.bytes, TOKEN_QUESTION), &said, answer) ||
	    !token_text(span_of(answer, sizeof(answer)), text, sizeof(text)))
		abort();
	run_all(PAGE, span_text(text));
	/* The numbers and words at its beginning; the rest is text. */
	run_all(RESULT, span_first(span_of((const uint8_t *)&r, sizeof(r)), 400));
	run_kind(RESULT, span_of((const uint8_t *)&r, sizeof(r)));
}

static void run_file(const char *path)
{
	static uint8_t bytes[65536];
	FILE *f = fopen(path, "rb");

	if (f != NULL) {
		run(bytes, fread(bytes, 1, sizeof(bytes), f));
		fclose(f);
	}
}

int main(int argc, char **argv)
{
	begin();
	run_good();
	for (int i = 1; i < argc; i++)
		run_file(argv[i]);
	printf("1..1\nok 1 - %u inputs\n", runs);
	return 0;
}
#endif
