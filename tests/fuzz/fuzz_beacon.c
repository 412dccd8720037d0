/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What strangers may send to a beacon, and to whoever asks one. The first byte says what the rest is: a DNS
 * message, a question, a request by HTTP, an answer, a text with an answer in it, a key file's text. Built without
 * libFuzzer, main() runs good ones of each kind, cut at every byte and with every bit flipped, inside `make
 * check`; so are files that are given (past crashes). TENKEN_SEEDS: a folder to write the good ones to.
 */
#include <stdio.h>
#include <stdlib.h>

#include "codec/dns.h"
#include "reach/beacon_dns.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

enum { NOW = 1800000000, KINDS = 5 };
enum { DNS_MESSAGE, QUESTION, REQUEST, ANSWER, RESPONSE };

static struct token_key key;
static struct token_asked asked;
static struct beacon_zone zone;

static void begin(void)
{
	const uint8_t bytes[TOKEN_KEY] = { 1 };
	const struct token_question q = { .run = 1, .number = 2, .time = NOW };

	if (zone.length == 0 && (!token_key_from(bytes, &key) || !token_ask(&key, &q, &asked) ||
				 !beacon_zone_read("t.example", &zone)))
		abort();
}

/* No answer but those to tokens and of the name server itself is longer than the question. */
static void try_dns(struct span message)
{
	struct beacon_query q;
	uint8_t out[BEACON_DNS_MOST];
	struct addr list[TOKEN_ADDRESSES] = { 0 };

	if (!beacon_query_read(message, &zone, &q))
		return;
	if (q.place == PLACE_OUTSIDE)
		return;
	if (q.question.at < message.at ||
	    q.question.length > (size_t)(message.at + message.length - q.question.at) ||
	    q.zone_at + zone.length + 4 != q.question.length || q.token_length > sizeof(q.token))
		abort();
	size_t n = beacon_reply_empty(&q, out, sizeof(out));
	if (n == 0 || n > message.length)
		abort();
	if (beacon_reply_apex(&q, out, sizeof(out)) > message.length + 36 ||
	    beacon_reply_addresses(&q, list, TOKEN_ADDRESSES, 0, out, sizeof(out)) >
		    message.length + 64)
		abort();
	beacon_reply_text(&q, "x", out, sizeof(out));
	beacon_reply_apex(&q, out, message.length / 2);
}

static void try_question(struct span bytes)
{
	struct token_seen *seen = token_seen_new(4);
	struct token_heard h;

	if (seen == NULL)
		return;
	token_check_question(&key, seen, bytes, NOW, &h);
	token_seen_free(seen);
}

static void try_answer(struct span bytes)
{
	struct token_asked a = asked;
	struct token_answer said;
	uint64_t run;
	uint32_t number;

	token_check_answer(&key, &a, bytes, &said);
	token_check_text(&key, &a, bytes, &said);
	token_answer_claims(bytes, &run, &number);
}

static void run_kind(unsigned kind, struct span s)
{
	uint8_t out[TOKEN_ANSWER];

	switch (kind) {
	case DNS_MESSAGE:
		try_dns(s);
		break;
	case QUESTION:
		try_question(s);
		break;
	case REQUEST:
		token_request_read(s, out);
		break;
	case ANSWER:
		try_answer(s);
		break;
	default:
		token_response_find(s, out);
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
enum { MOST = 2048 };

#include "flips.h"

static void run_name(const char *name, uint16_t type, uint16_t room)
{
	uint8_t out[DNS_QUESTION];
	const struct dns_asked q = { .id = 7,
				     .recursion = true,
				     .name = name,
				     .type = type,
				     .class = DNS_CLASS_IN,
				     .room = room };

	run_all(DNS_MESSAGE, span_of(out, dns_ask(out, sizeof(out), &q)));
}

static void run_good(void)
{
	char name[TOKEN_NAME], request[TOKEN_REQUEST], text[TOKEN_TEXT];
	uint8_t whole[TOKEN_ANSWER], brief[TOKEN_SHORT_ANSWER];
	const struct token_answer said = { .port = 1, .time = NOW };
	struct token_asked short_asked;
	const struct token_question q = { .run = 1, .number = 2, .time = NOW, .method = TOKEN_DNS };
	struct span question = span_of(asked.bytes, asked.length);

	if (!token_ask_short(&key, &q, &short_asked) || !token_name(&asked, "t.example", name))
		abort();
	run_name(name, DNS_TXT, 1232);
	if (!token_name(&short_asked, "t.example", name))
		abort();
	run_name(name, DNS_A, 0);
	run_name("t.example", DNS_SOA, 0);
	run_name("ns.t.example", DNS_A, 1232);
	run_name("_.t.example", DNS_A, 0);
	run_all(QUESTION, question);
	run_all(QUESTION, span_of(short_asked.bytes, short_asked.length));
	size_t n = token_request(&asked, "192.0.2.1", true, "tenken", request);
	run_all(REQUEST, span_of(request, n));
	if (!token_answer(&key, question, &said, whole) ||
	    !token_answer_short(&key, question, &said, brief) ||
	    !token_text(span_of(whole, sizeof(whole)), text, sizeof(text)))
		abort();
	run_all(ANSWER, span_of(whole, sizeof(whole)));
	run_all(ANSWER, span_of(brief, sizeof(brief)));
	run_all(ANSWER, span_text(text));
	run_all(RESPONSE, span_text(text));
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
	begin();
	run_good();
	for (int i = 1; i < argc; i++)
		run_file(argv[i]);
	printf("1..1\nok 1 - %u inputs\n", runs);
	return 0;
}
#endif
