/* SPDX-License-Identifier: Apache-2.0 */
/* What a beacon says as a name server, byte by byte, and what it keeps of its TLS key. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "codec/dns.h"
#include "codec/writer.h"
#include "reach/beacon_dns.h"
#include "reach/beacon_parts.h"
#include "reach/token_tls.h"

enum { NOW = 1800000000 };

static struct token_key key;
static struct beacon_zone zone;

static int start(void **state)
{
	const uint8_t bytes[TOKEN_KEY] = { 1 };

	(void)state;
	return !token_key_from(bytes, &key) || !beacon_zone_read("T.example", &zone);
}

struct message {
	uint8_t bytes[DNS_QUESTION];
	struct span span;
};

static void ask(struct message *m, const char *name, uint16_t type, uint16_t room)
{
	const struct dns_asked q = { .id = 0x1234,
				     .recursion = true,
				     .name = name,
				     .type = type,
				     .class = DNS_CLASS_IN,
				     .room = room };

	m->span = span_of(m->bytes, dns_ask(m->bytes, sizeof(m->bytes), &q));
	assert_int_not_equal(m->span.length, 0);
}

static enum beacon_place place(const char *name)
{
	struct message m;
	struct beacon_query q;

	ask(&m, name, DNS_A, 0);
	assert_true(beacon_query_read(m.span, &zone, &q));
	return q.place;
}

static void zones(void **state)
{
	static const char *const bad[] = { "",           ".",   "t..example", "t.example.",
					   ".t.example", "a b", "192.0.2.1",  NULL };
	char text[256];
	struct beacon_zone z;

	(void)state;
	for (size_t i = 0; bad[i] != NULL; i++)
		assert_false(beacon_zone_read(bad[i], &z));
	memset(text, 'a', sizeof(text));
	for (size_t i = 50; i < sizeof(text); i += 50)
		text[i] = '.';
	text[253 - TOKEN_TEXT - 1] = '\0';
	assert_true(beacon_zone_read(text, &z));
	text[253 - TOKEN_TEXT - 1] = 'a';
	text[253 - TOKEN_TEXT] = '\0';
	assert_false(beacon_zone_read(text, &z));
	memset(text, 'a', sizeof(text));
	text[63] = '\0';
	assert_true(beacon_zone_read(text, &z));
	text[63] = 'a';
	text[64] = '\0';
	assert_false(beacon_zone_read(text, &z));
}

static void places(void **state)
{
	static const char part[] = "0123456789abcdefghijklmnopqrstuv01234567";
	char text[TOKEN_NAME];

	(void)state;
	assert_int_equal(place("t.example"), PLACE_APEX);
	assert_int_equal(place("T.EXAMPLE"), PLACE_APEX);
	assert_int_equal(place("ns.t.example"), PLACE_SERVER);
	assert_int_equal(place("_.t.example"), PLACE_WITHIN);
	snprintf(text, sizeof(text), "%s.t.example", part);
	assert_int_equal(place(text), PLACE_WITHIN);
	snprintf(text, sizeof(text), "_.%s.t.example", part);
	assert_int_equal(place(text), PLACE_WITHIN);
	snprintf(text, sizeof(text), "x.%s.t.example", part);
	assert_int_equal(place(text), PLACE_OUTSIDE);
	assert_int_equal(place("www.t.example"), PLACE_OUTSIDE);
	assert_int_equal(place("example"), PLACE_OUTSIDE);
	assert_int_equal(place("xt.example"), PLACE_OUTSIDE);
	assert_int_equal(place("t.example.org"), PLACE_OUTSIDE);
	snprintf(text, sizeof(text), "%s01234567.t.example", part);
	assert_int_equal(place(text), PLACE_TOKEN);
}

/* The last label's length and letters may hold the zone's bytes by chance. */
static void a_zone_begins_at_a_label(void **state)
{
	static const uint8_t name[] = "\x0cxx\x01t\x07"
				      "example\x00";
	struct message m = { 0 };
	struct beacon_query q;
	struct writer w = wr_new(m.bytes, sizeof(m.bytes));

	(void)state;
	wr_be16(&w, 1);
	wr_be16(&w, 0);
	wr_be16(&w, 1);
	wr_fill(&w, 0, 6);
	wr_bytes(&w, name, 13);
	wr_u8(&w, 0);
	wr_be16(&w, DNS_A);
	wr_be16(&w, DNS_CLASS_IN);
	assert_true(beacon_query_read(wr_span(&w), &zone, &q));
	assert_int_equal(q.place, PLACE_OUTSIDE);
}

static void only_one_plain_question(void **state)
{
	struct message m;
	struct beacon_query q;
	static const struct {
		size_t at;
		uint8_t value;
	} changes[] = {
		{ 2, 0x81 },  /* an answer */
		{ 2, 0x11 },  /* another operation */
		{ 2, 0x03 },  /* cut */
		{ 5, 2 },     /* two questions */
		{ 5, 0 },     /* none */
		{ 7, 1 },     /* an answer beside */
		{ 9, 1 },     /* an authority beside */
		{ 11, 2 },    /* two records behind */
		{ 12, 0xc0 }, /* a reference */
		{ 26, 3 },    /* another class */
	};

	(void)state;
	ask(&m, "t.example", DNS_A, 0);
	assert_int_equal(m.span.length, 27);
	assert_true(beacon_query_read(m.span, &zone, &q));
	for (size_t i = 0; i < countof(changes); i++) {
		uint8_t was = m.bytes[changes[i].at];
		m.bytes[changes[i].at] = changes[i].value;
		assert_false(beacon_query_read(m.span, &zone, &q));
		m.bytes[changes[i].at] = was;
	}
	for (size_t n = 0; n < m.span.length; n++)
		assert_false(beacon_query_read(span_first(m.span, n), &zone, &q));
	assert_false(beacon_query_read(span_of(m.bytes, m.span.length + 1), &zone, &q));
}

struct got {
	unsigned count;
	struct dns_record last;
	struct addr list[TOKEN_ADDRESSES];
};

static void take(void *context, const struct dns_record *r)
{
	struct got *g = context;

	g->last = *r;
	if (r->type == DNS_A && g->count < TOKEN_ADDRESSES)
		g->list[g->count] = r->address;
	g->count++;
}

static void tokens_are_answered(void **state)
{
	const struct token_question ask_it = {
		.run = 1, .number = 2, .method = TOKEN_DNS, .time = NOW
	};
	struct token_asked asked[2];
	struct token_answer a = { .time = NOW }, said;

	(void)state;
	assert_true(token_ask_short(&key, &ask_it, &asked[0]));
	assert_true(token_ask(&key, &ask_it, &asked[1]));
	for (size_t i = 0; i < countof(asked); i++) {
		char name[TOKEN_NAME], text[TOKEN_SHORT_ANSWER_TEXT];
		uint8_t out[BEACON_DNS_MOST], brief[TOKEN_SHORT_ANSWER];
		struct message m;
		struct beacon_query q;
		struct dns_message head;
		struct got got = { 0 };
		struct addr list[TOKEN_ADDRESSES];

		assert_true(token_name(&asked[i], "t.example", name));
		for (size_t j = 0; name[j] != '\0'; j += 2) /* as some resolvers write it */
			if (name[j] >= 'a' && name[j] <= 'z')
				name[j] = (char)(name[j] - 'a' + 'A');
		ask(&m, name, DNS_A, 1232);
		assert_true(beacon_query_read(m.span, &zone, &q));
		assert_int_equal(q.place, PLACE_TOKEN);
		assert_true(q.edns);
		assert_int_equal(q.token_length, asked[i].length);
		assert_memory_equal(q.token, asked[i].bytes, q.token_length);

		struct span question = span_of(q.token, q.token_length);
		assert_true(token_addresses(&key, question, list));
		size_t n = beacon_reply_addresses(&q, list, countof(list), 0, out, sizeof(out));
		assert_int_equal(n, m.span.length + countof(list) * 16);
		/* The answer's records are no longer than the question. */
		assert_true(n <= 2 * m.span.length);
		assert_memory_equal(out + 12, m.bytes + 12, q.question.length);
		assert_true(dns_read(span_of(out, n), &head, take, &got));
		assert_true(head.answer && head.authoritative);
		assert_int_equal(head.id, 0x1234);
		assert_int_equal(token_check_addresses(&key, &asked[i], got.list, TOKEN_ADDRESSES),
				 TOKEN_RIGHT);

		asked[i].answered = false;
		got = (struct got){ 0 };
		assert_true(token_answer_short(&key, question, &a, brief));
		assert_true(token_text(span_of(brief, sizeof(brief)), text, sizeof(text)));
		n = beacon_reply_text(&q, text, out, sizeof(out));
		assert_int_equal(n, m.span.length + 13 + sizeof(text) - 1);
		assert_true(n <= 2 * m.span.length);
		assert_true(dns_read(span_of(out, n), &head, take, &got));
		assert_int_equal(
			token_check_text(&key, &asked[i], span_text(got.last.target), &said),
			TOKEN_RIGHT);
		assert_int_equal(beacon_reply_text(&q, text, out, n - 1), 0);
	}
}

static void the_rest_is_small(void **state)
{
	struct message m;
	struct beacon_query q;
	struct dns_message head;
	struct got got = { 0 };
	uint8_t out[BEACON_DNS_MOST];

	(void)state;
	for (unsigned edns = 0; edns < 2; edns++) {
		ask(&m, "t.example", BEACON_TYPE_NS, edns != 0 ? 1232 : 0);
		assert_true(beacon_query_read(m.span, &zone, &q));
		assert_int_equal(beacon_reply_empty(&q, out, sizeof(out)), m.span.length);
		assert_int_equal(beacon_reply_apex(&q, out, sizeof(out)), m.span.length + 17);
		assert_true(dns_read(span_of(out, m.span.length + 17), &head, take, &got));
		assert_int_equal(head.answers, 1);
		ask(&m, "t.example", DNS_SOA, edns != 0 ? 1232 : 0);
		assert_true(beacon_query_read(m.span, &zone, &q));
		assert_int_equal(beacon_reply_apex(&q, out, sizeof(out)), m.span.length + 36);
		assert_true(dns_read(span_of(out, m.span.length + 36), &head, take, &got));
		assert_int_equal(head.answers, 1);
	}
}

static void the_key_of_tls_is_of_the_token_key(void **state)
{
	uint8_t bytes[TOKEN_KEY] = { 2 };
	struct token_key other;

	(void)state;
	assert_true(token_key_from(bytes, &other));
	EVP_PKEY *ours = token_tls_key(&key), *again = token_tls_key(&key);
	EVP_PKEY *theirs = token_tls_key(&other);
	assert_non_null(ours);
	assert_non_null(theirs);
	assert_int_equal(EVP_PKEY_eq(ours, again), 1);
	assert_true(token_tls_is_ours(&key, ours));
	assert_false(token_tls_is_ours(&key, theirs));
	assert_false(token_tls_is_ours(&key, NULL));
	EVP_PKEY_free(ours);
	EVP_PKEY_free(again);
	EVP_PKEY_free(theirs);
}

/* Whoever has no token, however many sources they name, takes nothing from those who have one. */
static void strangers_have_bounds_of_their_own(void **state)
{
	const struct beacon_setup setup = { .rate = 40 };
	struct beacon *b = calloc(1, sizeof(*b));
	unsigned said = 0;
	(void)state;

	assert_non_null(b);
	b->setup = &setup;
	b->now_ms = 1000;
	for (unsigned i = 0; i < 1000; i++)
		said += beacon_stranger_take(b);
	assert_int_equal(said, 10);
	for (unsigned i = 0; i < 10; i++)
		assert_true(beacon_source_take(b, 7));
	assert_false(beacon_source_take(b, 7));
	assert_true(beacon_source_take(b, 8));
	b->now_ms += 100;
	assert_true(beacon_stranger_take(b));
	assert_false(beacon_stranger_take(b));
	free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(zones),
		cmocka_unit_test(places),
		cmocka_unit_test(a_zone_begins_at_a_label),
		cmocka_unit_test(only_one_plain_question),
		cmocka_unit_test(tokens_are_answered),
		cmocka_unit_test(the_rest_is_small),
		cmocka_unit_test(strangers_have_bounds_of_their_own),
		cmocka_unit_test(the_key_of_tls_is_of_the_token_key),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, start, NULL);
}
