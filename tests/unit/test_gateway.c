/* SPDX-License-Identifier: Apache-2.0 */
/* Frames to neighbours for the beacon's address, and what is heard about them. What the neighbours say is made
 * by hand after RFC 792, RFC 4443 and RFC 4861. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "codec/writer.h"
#include "reach/gateway.h"

static const uint8_t ours[6] = { 2, 0, 0, 0, 0, 1 }, theirs[6] = { 2, 0, 0, 0, 0, 7 };
static const uint8_t secret[FRAME_KEY] = "a run's own key";
static struct token_key key;

static struct addr at(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

static const char *const sources[] = { "192.0.2.1", "2001:db8:1::1" };
static const char *const beacons[] = { "203.0.113.9", "2001:db8:9::9" };
static const char *const neighbours[] = { "192.0.2.7", "fe80::7" };

/* One of each kind, of both families. */
enum { ASKED = 2 * GATEWAY_KINDS };
static struct gateway_asked asked[ASKED];
static uint8_t frames[ASKED][FRAME_MOST];
static size_t lengths[ASKED];

static void ask_all(uint8_t hops)
{
	static const enum token_method methods[] = { TOKEN_ICMP, TOKEN_TCP, TOKEN_UDP };

	for (size_t i = 0; i < ASKED; i++) {
		struct gateway_asked *q = &asked[i];
		enum gateway_kind kind = (enum gateway_kind)(i % GATEWAY_KINDS);
		struct token_question question = { .run = 5,
						   .number = (uint32_t)i + 1,
						   .method = methods[kind],
						   .port = gateway_port(kind),
						   .time = 1796040000 };
		struct way way = { .ifindex = 3, .ethernet = true, .mtu = 1500 };

		*q = (struct gateway_asked){ .kind = kind,
					     .ifindex = 3,
					     .hops = hops,
					     .from = at(sources[i / GATEWAY_KINDS]),
					     .to = at(beacons[i / GATEWAY_KINDS]),
					     .source_port = (uint16_t)(61000 + i) };
		memcpy(q->mac, theirs, 6);
		memcpy(way.mac, ours, 6);
		way.source = q->from;
		q->cookie = gateway_cookie(q, secret);
		assert_true(token_ask(&key, &question, &q->question));
		lengths[i] = gateway_frame(q, &way, frames[i]);
		assert_true(lengths[i] > 0);
	}
}

static bool v4_of(size_t i)
{
	return i < GATEWAY_KINDS;
}

static void put_address(struct writer *w, const char *text)
{
	struct addr a = at(text);

	if (addr_is_ipv4(&a))
		wr_bytes(w, a.bytes + 12, 4);
	else
		wr_bytes(w, a.bytes, 16);
}

/* Ethernet and IP headers; n: bytes that follow. */
static void put_ip(struct writer *w, bool v4, const char *from, const char *to, uint8_t protocol,
		   size_t n, uint8_t hops)
{
	wr_bytes(w, ours, 6);
	wr_bytes(w, theirs, 6);
	wr_be16(w, v4 ? 0x0800 : 0x86dd);
	if (v4) {
		wr_be16(w, 0x4500);
		wr_be16(w, (uint16_t)(20 + n));
		wr_be32(w, 0);
		wr_u8(w, hops);
		wr_u8(w, protocol);
		wr_be16(w, 0);
	} else {
		wr_be32(w, 0x60000000);
		wr_be16(w, (uint16_t)n);
		wr_u8(w, protocol);
		wr_u8(w, hops);
	}
	put_address(w, from);
	put_address(w, to);
}

/* An ICMP message about frame i, of whose packet so many bytes are quoted. */
static size_t message(size_t i, uint8_t type, uint8_t code, size_t quoted, uint8_t out[static 1600])
{
	struct writer w = wr_new(out, 1600);
	bool v4 = v4_of(i);
	size_t n = lengths[i] - 14 < quoted ? lengths[i] - 14 : quoted;

	put_ip(&w, v4, neighbours[!v4], sources[!v4], v4 ? 1 : 58, 8 + n, 64);
	wr_u8(&w, type);
	wr_u8(&w, code);
	wr_be16(&w, 0);
	wr_be32(&w, 0);
	wr_bytes(&w, frames[i] + 14, n);
	assert_true(wr_ok(&w));
	return wr_span(&w).length;
}

static struct gateway_asked *hear(const uint8_t *frame, size_t n)
{
	return gateway_hear(asked, ASKED, 3, &key, frame, n);
}

static void frames_have_one_hop(void **state)
{
	(void)state;
	ask_all(1);
	for (size_t i = 0; i < ASKED; i++) {
		assert_memory_equal(frames[i], theirs, 6);
		assert_memory_equal(frames[i] + 6, ours, 6);
		assert_int_equal(frames[i][14 + (v4_of(i) ? 8 : 7)], 1);
		/* A question goes with what can carry one. */
		bool carries = memmem(frames[i], lengths[i], asked[i].question.bytes,
				      TOKEN_QUESTION) != NULL;
		assert_int_equal(carries, asked[i].kind != GATEWAY_SYN);
	}
}

static void errors_say_what_became_of_it(void **state)
{
	static const struct {
		bool v4;
		uint8_t type, code;
		enum gateway_heard heard;
	} cases[] = {
		{ true, 11, 0, GATEWAY_EXCEEDED },   { true, 11, 1, GATEWAY_SILENT },
		{ true, 3, 0, GATEWAY_UNREACHABLE }, { true, 3, 1, GATEWAY_UNREACHABLE },
		{ true, 3, 3, GATEWAY_ANSWERED },    { true, 3, 9, GATEWAY_PROHIBITED },
		{ true, 3, 10, GATEWAY_PROHIBITED }, { true, 3, 13, GATEWAY_PROHIBITED },
		{ true, 4, 0, GATEWAY_SILENT },      { false, 3, 0, GATEWAY_EXCEEDED },
		{ false, 3, 1, GATEWAY_SILENT },     { false, 1, 0, GATEWAY_UNREACHABLE },
		{ false, 1, 1, GATEWAY_PROHIBITED }, { false, 1, 3, GATEWAY_UNREACHABLE },
		{ false, 1, 4, GATEWAY_ANSWERED },   { false, 1, 5, GATEWAY_PROHIBITED },
		{ false, 1, 6, GATEWAY_PROHIBITED }, { false, 4, 0, GATEWAY_SILENT },
	};
	uint8_t frame[1600];

	(void)state;
	for (size_t c = 0; c < countof(cases); c++) {
		for (size_t i = 0; i < ASKED; i++) {
			if (v4_of(i) != cases[c].v4)
				continue;
			ask_all(1);
			/* Eight bytes behind the header are all that some routers quote. */
			size_t n =
				message(i, cases[c].type, cases[c].code, v4_of(i) ? 28 : 48, frame);
			assert_ptr_equal(hear(frame, n), &asked[i]);
			assert_int_equal(asked[i].heard, cases[c].heard);
			if (cases[c].heard == GATEWAY_SILENT)
				continue;
			struct addr from = at(neighbours[!v4_of(i)]);
			assert_memory_equal(asked[i].heard_from.bytes, from.bytes, 16);
			assert_memory_equal(asked[i].heard_mac, theirs, 6);
			assert_int_equal(asked[i].type, cases[c].type);
			assert_int_equal(asked[i].packet_length, n < 128 ? n : 128);
			for (size_t k = 0; k < ASKED; k++)
				assert_true(k == i || asked[k].heard == GATEWAY_SILENT);
		}
	}
}

/* The best of what was said holds, in whatever order it came. */
static void more_is_never_less(void **state)
{
	uint8_t frame[1600];

	(void)state;
	ask_all(1);
	hear(frame, message(0, 11, 0, 28, frame));
	hear(frame, message(0, 3, 0, 28, frame));
	assert_int_equal(asked[0].heard, GATEWAY_EXCEEDED);
	hear(frame, message(1, 3, 13, 28, frame));
	hear(frame, message(1, 11, 0, 28, frame));
	assert_int_equal(asked[1].heard, GATEWAY_EXCEEDED);
}

/* Each byte of what is keyed, changed: about none of ours. */
static void what_is_not_ours(void **state)
{
	uint8_t frame[1600];
	size_t n;

	(void)state;
	for (size_t i = 0; i < ASKED; i++) {
		size_t ip = v4_of(i) ? 20 : 40, quote = 14 + ip + 8;
		size_t transport = quote + ip;
		/* Identifier and sequence; ports and TCP's sequence; ports of UDP. */
		size_t first = asked[i].kind == GATEWAY_ECHO ? 4 : 0;
		size_t last = asked[i].kind == GATEWAY_UDP ? 4 : 8;

		for (size_t k = first; k < last; k++) {
			ask_all(1);
			n = message(i, v4_of(i) ? 11 : 3, 0, 1500, frame);
			frame[transport + k] ^= 1;
			struct gateway_asked *q = hear(frame, n);
			/* The next question has the next port: it is believed to be that one's. */
			assert_true(q == NULL || (asked[i].kind == GATEWAY_UDP && q != &asked[i]));
		}
		for (size_t k = 0; k < (v4_of(i) ? 8U : 32U); k++) { /* both addresses */
			ask_all(1);
			n = message(i, v4_of(i) ? 11 : 3, 0, 1500, frame);
			frame[quote + (v4_of(i) ? 12 : 8) + k] ^= 1;
			assert_null(hear(frame, n));
		}
		ask_all(1);
		n = message(i, v4_of(i) ? 11 : 3, 0, 1500, frame);
		assert_null(gateway_hear(asked, ASKED, 4, &key, frame, n)); /* another interface */
		asked[i].unsent = "why not";
		assert_null(hear(frame, n));
	}
}

static void redirects(void **state)
{
	uint8_t frame[1600];
	struct addr next = at("192.0.2.254");

	(void)state;
	ask_all(64);
	size_t n = message(0, 5, 1, 28, frame);
	memcpy(frame + 14 + 20 + 4, next.bytes + 12, 4);
	assert_ptr_equal(hear(frame, n), &asked[0]);
	assert_int_equal(asked[0].heard, GATEWAY_REDIRECTED);
	assert_int_equal(addr_compare(&asked[0].next, &next), 0);
	/* The beacon's answer says more, and where it went is still known. */
	hear(frame, message(0, 11, 0, 28, frame));
	assert_int_equal(asked[0].heard, GATEWAY_EXCEEDED);
	assert_int_equal(addr_compare(&asked[0].next, &next), 0);
}

static size_t udp_answer(size_t i, const struct token_key *by, uint8_t out[static 1600])
{
	struct writer w = wr_new(out, 1600);
	struct token_answer a = { .seen = at("198.51.100.77"),
				  .seen_port = 4321,
				  .port = 53,
				  .method = TOKEN_UDP,
				  .time = 1796040001 };
	uint8_t bytes[TOKEN_ANSWER];

	assert_true(token_answer(by, span_of(asked[i].question.bytes, TOKEN_QUESTION), &a, bytes));
	put_ip(&w, v4_of(i), beacons[!v4_of(i)], sources[!v4_of(i)], 17, 8 + sizeof(bytes), 60);
	wr_be16(&w, 53);
	wr_be16(&w, asked[i].source_port);
	wr_be16(&w, 8 + sizeof(bytes));
	wr_be16(&w, 0);
	wr_bytes(&w, bytes, sizeof(bytes));
	return wr_span(&w).length;
}

enum { NO_DATA, OUR_DATA, BEACONS_DATA };

static size_t echo_answer(size_t i, int data, uint8_t out[static 1600])
{
	struct writer w = wr_new(out, 1600);
	bool v4 = v4_of(i);
	struct token_answer a = { .seen = at("198.51.100.77"), .method = TOKEN_ICMP };
	uint8_t bytes[TOKEN_ANSWER];

	assert_true(
		token_answer(&key, span_of(asked[i].question.bytes, TOKEN_QUESTION), &a, bytes));
	put_ip(&w, v4, beacons[!v4], sources[!v4], v4 ? 1 : 58,
	       8 + (data != NO_DATA ? TOKEN_QUESTION : 0), 60);
	wr_be16(&w, v4 ? 0 : 129 << 8);
	wr_be16(&w, 0);
	wr_be32(&w, asked[i].cookie);
	if (data != NO_DATA)
		wr_bytes(&w, data == OUR_DATA ? asked[i].question.bytes : bytes, TOKEN_QUESTION);
	return wr_span(&w).length;
}

static size_t syn_answer(size_t i, uint32_t acknowledged, uint8_t flags, uint8_t out[static 1600])
{
	struct writer w = wr_new(out, 1600);

	put_ip(&w, v4_of(i), beacons[!v4_of(i)], sources[!v4_of(i)], 6, 20, 60);
	wr_be16(&w, 443);
	wr_be16(&w, asked[i].source_port);
	wr_be32(&w, 1);
	wr_be32(&w, acknowledged);
	wr_be16(&w, (uint16_t)(0x5000 | flags));
	wr_be16(&w, 1024);
	wr_be32(&w, 0);
	return wr_span(&w).length;
}

static void answers_of_the_beacon(void **state)
{
	struct token_key other;
	uint8_t frame[1600], bytes[TOKEN_KEY] = { 9 };

	(void)state;
	assert_true(token_key_from(bytes, &other));
	for (size_t family = 0; family < ASKED; family += GATEWAY_KINDS) {
		ask_all(64);
		assert_non_null(hear(frame, udp_answer(family + 2, &other, frame)));
		assert_int_equal(asked[family + 2].heard, GATEWAY_ANSWERED);
		assert_false(asked[family + 2].has_answer);
		assert_non_null(hear(frame, udp_answer(family + 2, &key, frame)));
		assert_int_equal(asked[family + 2].heard, GATEWAY_REACHED);
		assert_true(asked[family + 2].has_answer);
		struct addr seen = at("198.51.100.77");
		assert_int_equal(addr_compare(&asked[family + 2].answer.seen, &seen), 0);

		assert_non_null(hear(frame, echo_answer(family, NO_DATA, frame)));
		assert_int_equal(asked[family].heard, GATEWAY_ANSWERED);
		/* So may a mirror of our own data, whoever holds it. */
		assert_non_null(hear(frame, echo_answer(family, OUR_DATA, frame)));
		assert_int_equal(asked[family].heard, GATEWAY_ANSWERED);
		assert_non_null(hear(frame, echo_answer(family, BEACONS_DATA, frame)));
		assert_true(asked[family].has_answer);
		assert_int_equal(asked[family].heard, GATEWAY_REACHED);

		/* An open port alone may be anybody's. */
		assert_null(
			hear(frame, syn_answer(family + 1, asked[family + 1].cookie, 18, frame)));
		assert_non_null(hear(
			frame, syn_answer(family + 1, asked[family + 1].cookie + 1, 18, frame)));
		assert_int_equal(asked[family + 1].heard, GATEWAY_ANSWERED);

		/* With one hop an echo cannot come from the beacon. */
		ask_all(1);
		assert_non_null(hear(frame, echo_answer(family, OUR_DATA, frame)));
		assert_int_equal(asked[family].heard, GATEWAY_ANSWERED);
	}
}

static void cut_and_bent_frames(void **state)
{
	uint8_t frame[1600], copy[1600];

	(void)state;
	for (size_t i = 0; i < ASKED; i++) {
		ask_all(64);
		size_t n = message(i, v4_of(i) ? 11 : 3, 0, 1500, frame);
		for (size_t cut = 0; cut < n; cut++) {
			uint8_t *exact = malloc(cut + 1);

			memcpy(exact, frame, cut);
			hear(exact, cut);
			free(exact);
		}
		for (size_t bit = 0; bit < 8 * n; bit++) {
			memcpy(copy, frame, n);
			copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
			hear(copy, n);
		}
		/* Somebody else's words change nothing that the beacon alone can say. */
		assert_int_not_equal(asked[i].heard, GATEWAY_REACHED);
	}
}

static void cookies_depend_on_everything(void **state)
{
	struct gateway_asked base, q;
	uint8_t other[FRAME_KEY] = { 1 };

	(void)state;
	ask_all(1);
	base = asked[0];
#define DIFFERS(change)                                                        \
	do {                                                                   \
		q = base;                                                      \
		change;                                                        \
		assert_int_not_equal(gateway_cookie(&q, secret), base.cookie); \
	} while (0)
	DIFFERS(q.mac[5] ^= 1);
	DIFFERS(q.ifindex ^= 1);
	DIFFERS(q.kind = GATEWAY_SYN);
	DIFFERS(q.hops = 64);
	DIFFERS(q.source_port ^= 1);
	DIFFERS(q.to.bytes[15] ^= 1);
#undef DIFFERS
	assert_int_not_equal(gateway_cookie(&base, other), base.cookie);
	assert_int_equal(gateway_cookie(&base, secret), base.cookie);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cookies_depend_on_everything),
		cmocka_unit_test(frames_have_one_hop),
		cmocka_unit_test(errors_say_what_became_of_it),
		cmocka_unit_test(more_is_never_less),
		cmocka_unit_test(what_is_not_ours),
		cmocka_unit_test(redirects),
		cmocka_unit_test(answers_of_the_beacon),
		cmocka_unit_test(cut_and_bent_frames),
	};
	uint8_t bytes[TOKEN_KEY] = "a key of thirty-two bytes, ours";

	if (!token_key_from(bytes, &key))
		return 1;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
