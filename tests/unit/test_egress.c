/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the egress matrix reads: ICMP errors and what they quote, proxy files, results on their way to main.
 * The bytes are made by hand after RFC 791, 792, 4443, 8200, 9293.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <netinet/in.h>

#include "reach/egress.h"
#include "reach/overheard.h"

/* 10.0.0.1 tells 10.0.0.2: administratively prohibited; its TCP segment from 4660 to 203.0.113.9:443. */
static const uint8_t icmp4[] = {
	0x45, 0,    0,    56,   0, 0, 0,    0, 64,  1,
	0,    0,    10,   0,    0, 1, 10,   0, 0,   2, /* IPv4, ICMP */
	3,    13,   0,    0,    0, 0, 0,    0,         /* type, code */
	0x46, 0,    0,    44,   0, 0, 0x40, 0, 1,   6,
	0,    0,    10,   0,    0, 2, 203,  0, 113, 9, /* quoted */
	1,    1,    1,    0,                           /* its options */
	0x12, 0x34, 0x01, 0xbb, 0, 0, 0,    1,         /* ports */
};
/* No route, by ICMPv6; a UDP datagram behind a hop-by-hop header, from 4660 to [2001:db8::9]:53. */
static const uint8_t icmp6[] = {
	1,    0,    0,    0,    0, 0,  0, 0,                         /* type, code */
	0x60, 0,    0,    0,    0, 16, 0, 1,                         /* quoted */
	0xfd, 0,    0,    0,    0, 0,  0, 0, 0, 0, 0, 0, 0, 0, 0, 2, /* from */
	0x20, 0x01, 0x0d, 0xb8, 0, 0,  0, 0, 0, 0, 0, 0, 0, 0, 0, 9, /* to */
	17,   0,    1,    4,    0, 0,  0, 0,                         /* hop-by-hop */
	0x12, 0x34, 0,    53,   0, 8,  0, 0,                         /* ports */
};

/* A heap block of just this size, so that a read past it is seen. */
static bool read_icmp(const uint8_t *bytes, size_t n, bool v4, struct overheard_quote *ret)
{
	uint8_t *copy = malloc(n + 1);

	assert_non_null(copy);
	memcpy(copy + 1, bytes, n);
	bool good = overheard_read_icmp(span_of(copy + 1, n), v4, ret);
	free(copy);
	return good;
}

static void test_icmp(void **state)
{
	struct overheard_quote q;
	char text[ADDR_TEXT];
	(void)state;

	assert_true(read_icmp(icmp4, sizeof(icmp4), true, &q));
	assert_int_equal(q.type, 3);
	assert_int_equal(q.code, 13);
	assert_int_equal(q.protocol, IPPROTO_TCP);
	assert_int_equal(q.own_port, 0x1234);
	assert_int_equal(q.port, 443);
	assert_string_equal(addr_format(&q.to, text), "203.0.113.9");
	assert_true(read_icmp(icmp6, sizeof(icmp6), false, &q));
	assert_int_equal(q.type, 1);
	assert_int_equal(q.protocol, IPPROTO_UDP);
	assert_int_equal(q.port, 53);
	assert_string_equal(addr_format(&q.to, text), "2001:db8::9");
	/* Cut anywhere before the ports' end it is none. */
	for (size_t n = 0; n < sizeof(icmp4) - 4; n++)
		assert_false(read_icmp(icmp4, n, true, &q));
	for (size_t n = 0; n < sizeof(icmp6) - 4; n++)
		assert_false(read_icmp(icmp6, n, false, &q));
}

static void test_icmp_wrong(void **state)
{
	uint8_t bytes[sizeof(icmp4)], six[sizeof(icmp6)];
	struct overheard_quote q;
	(void)state;

	/* An echo reply; a header of four words; a quoted one; a later fragment; GRE. */
	static const struct {
		size_t at;
		uint8_t value;
	} changes[] = { { 20, 0 }, { 0, 0x44 }, { 28, 0x44 }, { 28, 0x56 }, { 35, 1 }, { 37, 47 } };
	for (size_t i = 0; i < countof(changes); i++) {
		memcpy(bytes, icmp4, sizeof(bytes));
		bytes[changes[i].at] = changes[i].value;
		assert_false(read_icmp(bytes, sizeof(bytes), true, &q));
	}
	/* Any bit: right or not, nothing is read past the end. */
	for (size_t i = 0; i < sizeof(icmp6) * 8; i++) {
		memcpy(six, icmp6, sizeof(six));
		six[i / 8] ^= (uint8_t)(1 << i % 8);
		read_icmp(six, sizeof(six), false, &q);
	}
	for (size_t i = 0; i < sizeof(icmp4) * 8; i++) {
		memcpy(bytes, icmp4, sizeof(bytes));
		bytes[i / 8] ^= (uint8_t)(1 << i % 8);
		read_icmp(bytes, sizeof(bytes), true, &q);
	}
}

static void test_meaning(void **state)
{
	(void)state;
	assert_int_equal(icmp_meaning(true, 3, 0), ICMP_NO_WAY);
	assert_int_equal(icmp_meaning(true, 3, 1), ICMP_NO_WAY);
	assert_int_equal(icmp_meaning(true, 3, 3), ICMP_PORT_SHUT);
	assert_int_equal(icmp_meaning(true, 3, 9), ICMP_FORBIDDEN);
	assert_int_equal(icmp_meaning(true, 3, 10), ICMP_FORBIDDEN);
	assert_int_equal(icmp_meaning(true, 3, 13), ICMP_FORBIDDEN);
	assert_int_equal(icmp_meaning(true, 3, 4), ICMP_OTHER);
	assert_int_equal(icmp_meaning(true, 11, 0), ICMP_LOOP);
	assert_int_equal(icmp_meaning(false, 1, 0), ICMP_NO_WAY);
	assert_int_equal(icmp_meaning(false, 1, 1), ICMP_FORBIDDEN);
	assert_int_equal(icmp_meaning(false, 1, 4), ICMP_PORT_SHUT);
	assert_int_equal(icmp_meaning(false, 1, 5), ICMP_FORBIDDEN);
	assert_int_equal(icmp_meaning(false, 3, 0), ICMP_LOOP);
	assert_int_equal(icmp_meaning(false, 2, 0), ICMP_OTHER);
}

static void test_wpad(void **state)
{
	static const char file[] =
		"function FindProxyForURL(url, host) {\n"
		"  if (isPlainHostName(host)) return \"DIRECT\";\n"
		"  return \"PROXY proxy.example:3128; proxy 192.0.2.8; SOCKS 192.0.2.9:99999; "
		"SOCKS5 s:1\";\n}\n";
	struct wpad_place p[8];
	char host[WPAD_HOST], path[REACH_TEXT];
	uint16_t port;
	(void)state;

	assert_int_equal(wpad_places(span_text(file), p, countof(p)), 4);
	assert_string_equal(p[0].host, "proxy.example");
	assert_int_equal(p[0].port, 3128);
	assert_false(p[0].socks);
	assert_string_equal(p[1].host, "192.0.2.8");
	assert_int_equal(p[1].port, 80);
	assert_string_equal(p[2].host, "192.0.2.9");
	assert_int_equal(p[2].port, 1080);
	assert_true(p[2].socks);
	assert_string_equal(p[3].host, "s");
	assert_int_equal(p[3].port, 1);
	assert_int_equal(wpad_places(span_text(file), p, 2), 2);
	assert_int_equal(wpad_places(span_text("PROXY "), p, countof(p)), 0);
	assert_int_equal(wpad_places(span_text("PROXY PROXY PROXY x"), p, countof(p)), 3);

	assert_true(wpad_url("http://wpad.example:8080/a/proxy.pac", host, &port, path));
	assert_string_equal(host, "wpad.example");
	assert_int_equal(port, 8080);
	assert_string_equal(path, "/a/proxy.pac");
	assert_true(wpad_url("HTTP://192.0.2.1", host, &port, path));
	assert_int_equal(port, 80);
	assert_string_equal(path, "/");
	assert_false(wpad_url("https://wpad.example/", host, &port, path));
	assert_false(wpad_url("http:///x", host, &port, path));
	/* Nobody writes a second line into our request. */
	assert_false(wpad_url("http://h/x\r\nHost: other", host, &port, path));
	char lengthy[2 * REACH_TEXT] = "http://h/";
	memset(lengthy + 9, 'a', sizeof(lengthy) - 10);
	assert_false(wpad_url(lengthy, host, &port, path));
}

static void test_result(void **state)
{
	struct reach_result r = { .number = 1 };
	(void)state;

	assert_true(reach_result_check(&r, sizeof(r)));
	assert_false(reach_result_check(&r, sizeof(r) - 1));
	r.number = 0;
	assert_false(reach_result_check(&r, sizeof(r)));
	r.number = 1;
	r.method = REACH_METHODS;
	assert_false(reach_result_check(&r, sizeof(r)));
	r.method = 0;
	r.outcome = REACH_OUTCOMES;
	assert_false(reach_result_check(&r, sizeof(r)));
	r.outcome = 0;
	/* Texts without their end, and what is no JSON. */
	memset(r.note, 'x', sizeof(r.note));
	memset(r.via, 'x', sizeof(r.via));
	snprintf(r.hops, sizeof(r.hops), "{}");
	snprintf(r.evidence, sizeof(r.evidence), "{\"a\": 1");
	assert_true(reach_result_check(&r, sizeof(r)));
	assert_int_equal(strlen(r.note), sizeof(r.note) - 1);
	assert_int_equal(strlen(r.via), sizeof(r.via) - 1);
	assert_string_equal(r.hops, "");
	assert_string_equal(r.evidence, "");
	snprintf(r.hops, sizeof(r.hops), "[{\"hop\": 1}]");
	snprintf(r.evidence, sizeof(r.evidence), "{\"a\": 1}");
	assert_true(reach_result_check(&r, sizeof(r)));
	assert_string_not_equal(r.hops, "");
	assert_string_not_equal(r.evidence, "");
	/* Every word is one, and finds back. */
	for (enum reach_method m = 0; m < REACH_METHODS; m++) {
		const char *word = reach_method_word(m);

		assert_int_equal(reach_method_of_word(word, strlen(word)), m);
		assert_int_equal(reach_method_of_word(word, strlen(word) - 1), REACH_METHODS);
	}
	for (enum reach_outcome o = 0; o < REACH_OUTCOMES; o++)
		assert_non_null(reach_outcome_word(o));
}

/* A run that ends makes nobody silent. */
static void test_settle(void **state)
{
	static const enum reach_outcome outcomes[] = { OUTCOME_SILENT, OUTCOME_NO_ROUTE,
						       OUTCOME_RESET_ON_WAY, OUTCOME_NOT_TESTED };
	atomic_int stop = 0;
	static struct reach_run run;
	struct egress e = { .run = &run };
	static struct reach_result r;
	(void)state;

	run.stop = &stop;
	for (size_t i = 0; i < countof(outcomes); i++) {
		r = (struct reach_result){ .outcome = outcomes[i],
					   .answered_by = "192.0.2.1",
					   .evidence = "{}",
					   .note = "why" };
		stop = 0;
		egress_settle(&e, &r);
		assert_int_equal(r.outcome, outcomes[i]);
		assert_string_equal(r.note, "why");
		stop = 1;
		egress_settle(&e, &r);
		assert_int_equal(r.outcome, OUTCOME_NOT_TESTED);
		assert_string_equal(r.note, "stopped");
		assert_string_equal(r.answered_by, "");
		assert_string_equal(r.evidence, "");
	}
	r.outcome = OUTCOME_REACHED;
	egress_settle(&e, &r);
	assert_int_equal(r.outcome, OUTCOME_REACHED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_icmp),    cmocka_unit_test(test_icmp_wrong),
		cmocka_unit_test(test_meaning), cmocka_unit_test(test_settle),
		cmocka_unit_test(test_wpad),    cmocka_unit_test(test_result),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("egress", tests, NULL, NULL);
}
