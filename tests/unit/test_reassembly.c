/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes of TCP connections in order, and IP fragments put together: overlaps, gaps, order, bounds. The only
 * decoder is one of this file: it writes down what it is given.
 */
#include <pcap/dlt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "codec/writer.h"
#include "listen/decoder.h"
#include "listen/fragments.h"
#include "listen/frame.h"
#include "listen/listener.h"

/* ---- a decoder that listens ---- */

static struct {
	char bytes[2][256 * 1024]; /* '_' where bytes are missing */
	size_t length[2];
	unsigned gaps, asked;
	bool from_start;
	long takes; /* bytes that it takes at a time; 0: all */
	int ending; /* what it answers instead of taking; 0: takes */
	char said[64];
} heard;

static int scribe_recognise(const struct talk *t, enum side side, struct span first)
{
	(void)side;
	heard.asked++;
	heard.from_start = t->from_start;
	return first.length < 4 ? 0 : span_starts(first, "TEST") ? 1 : -1;
}

static long scribe_hear(struct talk *t, enum side side, struct span bytes)
{
	size_t n = heard.takes > 0 && (size_t)heard.takes < bytes.length ? (size_t)heard.takes
									 : bytes.length;

	if (heard.ending != 0)
		return heard.ending;
	if (heard.takes < 0)
		return HEAR_MORE;
	assert_true(heard.length[side] + n <= sizeof(heard.bytes[side]));
	memcpy(heard.bytes[side] + heard.length[side], bytes.at, n);
	heard.length[side] += n;
	t->named(t, span_text("name.example"));
	return (long)n;
}

static void scribe_gap(struct talk *t, enum side side)
{
	(void)t;
	heard.gaps++;
	heard.bytes[side][heard.length[side]++] = '_';
}

static const struct decoder scribe = {
	.name = "scribe",
	.recognise = scribe_recognise,
	.hear = scribe_hear,
	.gap = scribe_gap,
};

const struct decoder *const decoders[] = { &scribe, NULL };

/* ---- a connection, by hand ---- */

enum { SYN = 2, RST = 4, PSH = 8, ACK = 16, FIN = 1, CLIENT = 0, SERVER = 1 };

static struct told_flow last_flow;
static unsigned flows_told;

static void take_flow(void *context, const struct told_flow *f)
{
	(void)context;
	last_flow = *f;
	flows_told++;
}

static void take_host(void *context, const struct told_host *h)
{
	(void)context;
	(void)h;
}

static unsigned facts_told, logins_told;

static void take_fact(void *context, const struct told_fact *f)
{
	(void)context;
	facts_told++;
	logins_told += strcmp(f->kind, "login.cleartext") == 0;
}

static void take_operation(void *context, const struct told_operation *o)
{
	(void)context;
	(void)o;
}

static const struct told told = {
	.flow = take_flow, .host = take_host, .fact = take_fact, .operation = take_operation
};

static struct listener *begin(size_t memory)
{
	const struct listener_setup setup = {
		.memory = memory, .no_ndpi = true, .seed = 7, .told = &told
	};
	struct listener *l = listener_new(&setup);

	memset(&heard, 0, sizeof(heard));
	flows_told = 0;
	assert_non_null(l);
	return l;
}

static int64_t clock_ns;

/* From the client, port `port` of 192.0.2.1, or the server, port 9 of 192.0.2.2. cut: so much less was captured. */
static void segment_of(struct listener *l, uint16_t port, int from, uint32_t sequence,
		       uint32_t acknowledged, uint8_t flags, const char *bytes, size_t n,
		       size_t cut)
{
	static uint8_t frame[70000];
	struct writer w = wr_new(frame, sizeof(frame));

	wr_be16(&w, 0x4500);
	wr_be16(&w, (uint16_t)(40 + n));
	wr_be32(&w, 0);
	wr_u8(&w, 64);
	wr_u8(&w, 6);
	wr_be16(&w, 0);
	wr_be32(&w, from == CLIENT ? 0xc0000201 : 0xc0000202);
	wr_be32(&w, from == CLIENT ? 0xc0000202 : 0xc0000201);
	wr_be16(&w, from == CLIENT ? port : 9);
	wr_be16(&w, from == CLIENT ? 9 : port);
	wr_be32(&w, sequence);
	wr_be32(&w, acknowledged);
	wr_u8(&w, 0x50);
	wr_u8(&w, flags);
	wr_be16(&w, 1024);
	wr_be32(&w, 0);
	wr_bytes(&w, bytes, n);
	struct span s = wr_span(&w);
	assert_true(s.length > 0);
	uint8_t *copy = malloc(s.length - cut);
	assert_non_null(copy);
	memcpy(copy, s.at, s.length - cut);
	clock_ns += 1000000;
	listener_take(l, DLT_RAW, span_of(copy, s.length - cut), (uint32_t)s.length, clock_ns);
	free(copy);
}

static void segment(struct listener *l, int from, uint32_t sequence, uint32_t acknowledged,
		    uint8_t flags, const char *bytes)
{
	segment_of(l, 50000, from, sequence, acknowledged, flags, bytes, strlen(bytes), 0);
}

static void handshake(struct listener *l)
{
	segment(l, CLIENT, 99, 0, SYN, "");
	segment(l, SERVER, 499, 100, SYN | ACK, "");
	segment(l, CLIENT, 100, 500, ACK, "");
}

static void expect(int side, const char *text)
{
	heard.bytes[side][heard.length[side]] = '\0';
	assert_string_equal(heard.bytes[side], text);
}

/* ---- order ---- */

static void in_order(void **state)
{
	(void)state;
	struct listener *l = begin(0);

	handshake(l);
	segment(l, CLIENT, 100, 500, ACK, "TEST one ");
	segment(l, SERVER, 500, 109, ACK, "answer");
	segment(l, CLIENT, 109, 506, ACK, "two");
	expect(SIDE_CLIENT, "TEST one two");
	expect(SIDE_SERVER, "answer");
	assert_true(heard.from_start);
	listener_end(l);
	assert_int_equal(flows_told, 1);
	assert_string_equal(last_flow.application, "scribe");
	assert_string_equal(last_flow.source, "decoder");
	assert_string_equal(last_flow.name, "name.example");
	listener_free(l);
}

static void out_of_order(void **state)
{
	(void)state;
	struct listener *l = begin(0);

	handshake(l);
	segment(l, CLIENT, 112, 500, ACK, "three");
	segment(l, CLIENT, 109, 500, ACK, "two");
	segment(l, CLIENT, 112, 500, ACK, "three"); /* again */
	segment(l, CLIENT, 100, 500, ACK, "TEST one ");
	segment(l, CLIENT, 109, 500, ACK, "TWO"); /* too late */
	expect(SIDE_CLIENT, "TEST one twothree");
	assert_int_equal(heard.gaps, 0);
	listener_free(l);
}

static void around_zero(void **state)
{
	(void)state;
	struct listener *l = begin(0);

	segment(l, CLIENT, 0xfffffffd, 0, SYN, "");
	segment(l, CLIENT, 4, 500, ACK, "more");
	segment(l, CLIENT, 0xfffffffe, 500, ACK, "TEST: ");
	expect(SIDE_CLIENT, "TEST: more");
	listener_free(l);
}

/* What came first stays, whatever a later segment says in its place. */
static void overlaps(void **state)
{
	(void)state;
	struct listener *l = begin(0);

	handshake(l);
	segment(l, CLIENT, 100, 500, ACK, "TEST ab");
	segment(l, CLIENT, 102, 500, ACK, "XXXXXcd");
	segment(l, CLIENT, 100, 500, ACK, "YYYYYYYYYe");
	segment(l, CLIENT, 112, 500, ACK, "ij");
	segment(l, CLIENT, 110, 500, ACK, "ghZZk");
	expect(SIDE_CLIENT, "TEST abcdeghijk");
	listener_free(l);
}

/* ---- what is missing ---- */

static void gap_that_the_server_has(void **state)
{
	(void)state;
	struct listener *l = begin(0);
	struct listener_counts counts;

	handshake(l);
	segment(l, CLIENT, 100, 500, ACK, "TEST ");
	segment(l, CLIENT, 110, 500, ACK, "after");
	expect(SIDE_CLIENT, "TEST "); /* it may still come */
	segment(l, SERVER, 500, 115, ACK, "");
	expect(SIDE_CLIENT, "TEST _after"); /* it will not: the server got it */
	listener_counts(l, &counts);
	assert_int_equal(counts.gaps, 1);
	listener_free(l);
}

static void gap_at_the_end(void **state)
{
	(void)state;
	struct listener *l = begin(0);

	handshake(l);
	segment(l, CLIENT, 100, 500, ACK, "TEST ");
	segment(l, CLIENT, 110, 500, ACK, "after");
	listener_end(l);
	expect(SIDE_CLIENT, "TEST _after");
	listener_free(l);
}

static void too_much_waits(void **state)
{
	(void)state;
	struct listener *l = begin(0);
	static char big[60000];

	memset(big, 'x', sizeof(big));
	handshake(l);
	segment(l, CLIENT, 100, 500, ACK, "TEST ");
	segment_of(l, 50000, CLIENT, 200, 500, ACK, big, sizeof(big), 0);
	assert_int_equal(heard.gaps, 0);
	segment_of(l, 50000, CLIENT, 200 + sizeof(big), 500, ACK, big, sizeof(big), 0);
	assert_int_equal(heard.gaps, 1);
	assert_int_equal(heard.length[SIDE_CLIENT], 5 + 1 + 2 * sizeof(big));
	listener_free(l);
}

static void too_many_wait(void **state)
{
	(void)state;
	struct listener *l = begin(0);

	handshake(l);
	segment(l, CLIENT, 100, 500, ACK, "TEST ");
	for (uint32_t i = 0; i < 63; i++)
		segment(l, CLIENT, 1000 + i * 2, 500, ACK, "x");
	assert_int_equal(heard.gaps, 0);
	segment(l, CLIENT, 2000, 500, ACK, "x");
	assert_true(heard.gaps > 0);
	listener_free(l);
}

static void snapped(void **state)
{
	(void)state;
	struct listener *l = begin(0);

	handshake(l);
	segment_of(l, 50000, CLIENT, 100, 500, ACK, "TEST and more", 13, 8);
	segment(l, CLIENT, 113, 500, ACK, "next");
	expect(SIDE_CLIENT, "TEST _next");
	listener_free(l);
}

static void from_the_middle(void **state)
{
	(void)state;
	struct listener *l = begin(0);

	segment(l, CLIENT, 7000, 9000, ACK, "TEST middle");
	segment(l, SERVER, 9000, 7011, ACK, "answer");
	expect(SIDE_CLIENT, "TEST middle");
	expect(SIDE_SERVER, "answer");
	assert_false(heard.from_start);
	listener_end(l);
	assert_false(last_flow.opened);
	listener_free(l);
}

static void one_side_only(void **state)
{
	(void)state;
	struct listener *l = begin(0);
	struct listener_counts counts;

	segment(l, SERVER, 9000, 7011, ACK, "TEST answer");
	segment(l, SERVER, 9020, 7050, ACK, "more"); /* nobody says that the client has got it */
	listener_end(l);
	expect(SIDE_SERVER, "TEST answer_more");
	listener_counts(l, &counts);
	assert_int_equal(counts.one_sided, 1);
	listener_free(l);
}

/* ---- who is asked ---- */

static void not_ours(void **state)
{
	(void)state;
	struct listener *l = begin(0);

	handshake(l);
	segment(l, CLIENT, 100, 500, ACK, "GET ");
	segment(l, CLIENT, 104, 500, ACK, "TEST");
	assert_int_equal(heard.asked, 1);
	expect(SIDE_CLIENT, "");
	listener_end(l);
	assert_null(last_flow.application);
	listener_free(l);
}

static void recognised_byte_by_byte(void **state)
{
	(void)state;
	struct listener *l = begin(0);

	handshake(l);
	segment(l, SERVER, 500, 100, ACK,
		"hi!"); /* too little to tell; the decoder gets it all the same */
	for (uint32_t i = 0; i < 4; i++)
		segment_of(l, 50000, CLIENT, 100 + i, 500, ACK, &"TEST"[i], 1, 0);
	expect(SIDE_SERVER, "hi!");
	expect(SIDE_CLIENT, "TEST");
	listener_free(l);
}

static void taken_in_pieces(void **state)
{
	(void)state;
	struct listener *l = begin(0);

	heard.takes = 0;
	handshake(l);
	heard.takes = 3;
	segment(l, CLIENT, 100, 500, ACK, "TEST 123456");
	expect(SIDE_CLIENT, "TEST 123456");
	listener_free(l);
}

/* A decoder that takes nothing is done once 64 KiB wait for it. */
static void never_taken(void **state)
{
	(void)state;
	struct listener *l = begin(0);
	static char big[40000];

	memset(big, 'x', sizeof(big));
	handshake(l);
	heard.takes = -1;
	segment(l, CLIENT, 100, 500, ACK, "TEST");
	segment_of(l, 50000, CLIENT, 104, 500, ACK, big, sizeof(big), 0);
	segment_of(l, 50000, CLIENT, 104 + sizeof(big), 500, ACK, big, sizeof(big), 0);
	heard.takes = 0;
	segment(l, CLIENT, 104 + 2 * sizeof(big), 500, ACK, "more");
	expect(SIDE_CLIENT, "");
	listener_end(l);
	assert_string_equal(last_flow.application, "scribe");
	listener_free(l);
}

static void endings(void **state)
{
	(void)state;
	struct listener *l = begin(0);

	handshake(l);
	heard.ending = HEAR_DONE;
	segment(l, CLIENT, 100, 500, ACK, "TEST");
	heard.ending = 0;
	segment(l, CLIENT, 104, 500, ACK, "more");
	expect(SIDE_CLIENT, "");
	listener_end(l);
	assert_string_equal(last_flow.application, "scribe");
	listener_free(l);

	l = begin(0);
	handshake(l);
	heard.ending = HEAR_NOT_OURS;
	segment(l, CLIENT, 100, 500, ACK, "TEST");
	listener_end(l);
	assert_null(last_flow.application);
	listener_free(l);
}

/* Connections that keep much waiting cost no more than their share. */
static void memory_is_bounded(void **state)
{
	(void)state;
	struct listener *l = begin(LISTENER_MEMORY_LEAST);
	struct listener_counts counts;
	static char big[60000];

	memset(big, 'x', sizeof(big));
	for (uint16_t port = 10000; port < 10200; port++) {
		segment_of(l, port, CLIENT, 99, 0, SYN, "", 0, 0);
		segment_of(l, port, CLIENT, 100, 500, ACK, "TEST", 4, 0);
		segment_of(l, port, CLIENT, 200, 500, ACK, big, sizeof(big), 0);
	}
	listener_counts(l, &counts);
	assert_in_range(counts.streams_left, 150, 199); /* 8 % of 16 MB hold 22 of them */
	heard.ending = HEAR_DONE;
	listener_end(l);
	listener_free(l);
}

static void flows_are_bounded(void **state)
{
	(void)state;
	struct listener *l = begin(LISTENER_MEMORY_LEAST);
	struct listener_counts counts;

	for (uint32_t port = 1024; port < 65535; port++)
		segment_of(l, (uint16_t)port, CLIENT, 99, 0, SYN, "", 0, 0);
	listener_end(l);
	listener_counts(l, &counts);
	assert_true(counts.flows_forgotten > 30000);
	/* One conversation, and none of the connections is missing in it. */
	assert_int_equal(flows_told, 1);
	assert_int_equal(last_flow.connections, 65535 - 1024);
	assert_int_equal(last_flow.unanswered, 65535 - 1024);
	listener_free(l);
}

static void ports_used_again(void **state)
{
	(void)state;
	struct listener *l = begin(0);

	handshake(l);
	segment(l, SERVER, 500, 100, RST | ACK, "");
	segment(l, CLIENT, 70000, 0, SYN, "");
	segment(l, SERVER, 0, 70001, RST | ACK, "");
	listener_end(l);
	assert_int_equal(last_flow.connections, 2);
	assert_int_equal(last_flow.refused, 1);
	assert_int_equal(last_flow.unanswered, 0);
	listener_free(l);
}

/* ---- fragments ---- */

static struct fragment piece(uint32_t id, uint32_t offset, bool more, const char *bytes)
{
	static struct addr src = { .bytes = { [15] = 1 } }, dst = { .bytes = { [15] = 2 } };

	return (struct fragment){
		.src = &src,
		.dst = &dst,
		.id = id,
		.protocol = 17,
		.offset = offset,
		.more = more,
		.bytes = span_text(bytes),
	};
}

static bool put(struct fragments *f, struct fragment p, struct span *whole, struct span *first)
{
	/* Bytes of the caller are gone after the call. */
	uint8_t *copy = malloc(p.bytes.length + 1);

	assert_non_null(copy);
	memcpy(copy, p.bytes.at, p.bytes.length);
	p.bytes.at = copy;
	bool done = fragments_add(f, &p, whole, first);
	free(copy);
	return done;
}

static void fragments_in_any_order(void **state)
{
	(void)state;
	struct fragments *f = fragments_new();
	struct span whole, first;

	assert_false(put(f, piece(1, 0, true, "12345678"), &whole, &first));
	assert_int_equal(first.length, 8);
	assert_false(put(f, piece(2, 16, false, "end"), &whole, &first));
	assert_int_equal(first.length, 0);
	assert_true(put(f, piece(1, 8, false, "9"), &whole, &first));
	assert_true(span_is(whole, "123456789"));
	assert_false(put(f, piece(2, 8, true, "bbbbbbbb"), &whole, &first));
	assert_true(put(f, piece(2, 0, true, "aaaaaaaa"), &whole, &first));
	assert_true(span_is(whole, "aaaaaaaabbbbbbbbend"));
	assert_int_equal(fragments_dropped(f), 0);
	fragments_free(f);
}

static void fragments_overlap(void **state)
{
	(void)state;
	struct fragments *f = fragments_new();
	struct span whole, first;

	assert_false(put(f, piece(1, 0, true, "aaaaaaaabbbbbbbb"), &whole, &first));
	assert_false(put(f, piece(1, 8, true, "XXXXXXXXcccccccc"), &whole, &first));
	assert_true(put(f, piece(1, 16, false, "YYYYYYYYd"), &whole, &first));
	assert_true(span_is(whole, "aaaaaaaabbbbbbbbccccccccd"));
	fragments_free(f);
}

static void fragments_that_cannot_be(void **state)
{
	(void)state;
	struct fragments *f = fragments_new();
	struct span whole, first;
	static char big[2000];

	memset(big, 'x', sizeof(big) - 1);
	/* Not the last, and no whole units. */
	assert_false(put(f, piece(1, 0, true, "1234567"), &whole, &first));
	/* Beyond what an IP packet can be. */
	assert_false(put(f, piece(2, 65528, false, big), &whole, &first));
	/* Behind its own end. */
	assert_false(put(f, piece(3, 8, false, "end"), &whole, &first));
	assert_false(put(f, piece(3, 16, false, "behind"), &whole, &first));
	/* Cut by the capture. */
	struct fragment cut = piece(4, 0, true, "12345678");
	cut.snapped = true;
	assert_false(put(f, cut, &whole, &first));
	assert_false(put(f, piece(4, 8, false, "9"), &whole, &first));
	/* Nothing. */
	assert_false(put(f, piece(5, 0, true, ""), &whole, &first));
	assert_int_equal(fragments_dropped(f), 5);
	fragments_free(f);
}

static void fragments_are_bounded(void **state)
{
	(void)state;
	struct fragments *f = fragments_new();
	struct span whole, first;
	static char big[64000 + 1];

	memset(big, 'x', sizeof(big) - 1);
	for (uint32_t i = 0; i < 5000; i++)
		assert_false(put(f, piece(i, 0, true, big), &whole, &first));
	assert_int_equal(fragments_dropped(f), 5000);
	/* What is too old makes room. */
	struct fragment late = piece(9000, 0, true, "12345678");
	late.time_ns = INT64_C(60) * 1000000000;
	assert_false(put(f, late, &whole, &first));
	late = piece(9000, 8, false, "9");
	late.time_ns = INT64_C(60) * 1000000000;
	assert_true(put(f, late, &whole, &first));
	assert_int_equal(fragments_dropped(f), 5000);
	fragments_free(f);
}

/* A datagram of 192.0.2.1 to 198.51.100.1. */
static void datagram_from(struct listener *l, uint8_t card, uint16_t port)
{
	uint8_t frame[64];
	struct writer w = wr_new(frame, sizeof(frame));

	wr_bytes(&w, (const uint8_t[]){ 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0 }, 11);
	wr_u8(&w, 16 + card);
	wr_be16(&w, 0x0800);
	wr_be16(&w, 0x4500);
	wr_be16(&w, 20 + 8);
	wr_be32(&w, 0);
	wr_u8(&w, 64);
	wr_u8(&w, 17);
	wr_be16(&w, 0);
	wr_be32(&w, 0xc0000201);
	wr_be32(&w, 0xc6336401);
	wr_be16(&w, port);
	wr_be16(&w, 9);
	wr_be16(&w, 8);
	wr_be16(&w, 0);
	struct span s = wr_span(&w);
	assert_true(wr_ok(&w));
	clock_ns += 1000000;
	listener_take(l, DLT_EN10MB, s, (uint32_t)s.length, clock_ns);
}

/* Two cards of one machine, or two machines with one address: neither is a router. */
static void two_cards(void **state)
{
	struct listener *l = begin(0);

	(void)state;
	facts_told = 0;
	for (uint16_t i = 0; i < 40; i++)
		datagram_from(l, i % 2, (uint16_t)(1000 + i));
	listener_end(l);
	assert_int_equal(facts_told, 0);
	listener_free(l);
}

/* Questions for names by the million (a tunnel through DNS) leave room for what counts. */
static void one_kind_has_bounds(void **state)
{
	struct listener *l = begin(LISTENER_MEMORY_LEAST);
	struct notes *n = (struct notes *)(void *)l; /* its first member */
	struct fact f = { .kind = "dns.question" };
	struct listener_counts counts;

	(void)state;
	logins_told = 0;
	addr_parse("192.0.2.1", &f.about);
	for (unsigned i = 0; i < 100000; i++) {
		char name[64];

		snprintf(name, sizeof(name), "%08x.tunnel.example", i);
		f.value = span_text(name);
		n->fact(n, &f);
	}
	listener_counts(l, &counts);
	assert_true(counts.facts_left > 50000);
	f.kind = "login.cleartext";
	f.value = span_text("ftp");
	n->fact(n, &f);
	listener_end(l);
	assert_int_equal(logins_told, 1);
	listener_free(l);
}

/* PPP whose framing is Cisco's, which holds PPP, and so on, for as long as a frame of a file can be. */
static void wrapped_without_end(void **state)
{
	enum { FRAME = 256 * 1024 };
	static const uint8_t links[] = { DLT_PPP, DLT_C_HDLC };
	static const uint8_t turn[] = { 0x8f, 0, 0x88, 0x0b };
	uint8_t *bytes = malloc(FRAME);
	struct packet p;

	(void)state;
	assert_non_null(bytes);
	for (size_t i = 0; i < FRAME; i++)
		bytes[i] = turn[i % sizeof(turn)];
	for (size_t i = 0; i < countof(links); i++) {
		frame_read(links[i], span_of(bytes, FRAME), FRAME, 1, NULL, &p);
		assert_false(p.is_ip);
	}
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest all[] = {
		cmocka_unit_test(in_order),
		cmocka_unit_test(out_of_order),
		cmocka_unit_test(around_zero),
		cmocka_unit_test(overlaps),
		cmocka_unit_test(gap_that_the_server_has),
		cmocka_unit_test(gap_at_the_end),
		cmocka_unit_test(too_much_waits),
		cmocka_unit_test(too_many_wait),
		cmocka_unit_test(snapped),
		cmocka_unit_test(from_the_middle),
		cmocka_unit_test(one_side_only),
		cmocka_unit_test(not_ours),
		cmocka_unit_test(recognised_byte_by_byte),
		cmocka_unit_test(taken_in_pieces),
		cmocka_unit_test(never_taken),
		cmocka_unit_test(endings),
		cmocka_unit_test(memory_is_bounded),
		cmocka_unit_test(flows_are_bounded),
		cmocka_unit_test(ports_used_again),
		cmocka_unit_test(fragments_in_any_order),
		cmocka_unit_test(fragments_overlap),
		cmocka_unit_test(fragments_that_cannot_be),
		cmocka_unit_test(fragments_are_bounded),
		cmocka_unit_test(two_cards),
		cmocka_unit_test(one_kind_has_bounds),
		cmocka_unit_test(wrapped_without_end),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(all, NULL, NULL);
}
