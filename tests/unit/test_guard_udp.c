/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guard asks by UDP: the test plays the services, on loopback addresses of its own, and counts what
 * reaches them. Ports above 1024 that have a question: 1194 (OpenVPN), 1900 (SSDP), 5683 (CoAP).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "unit/guard_bench.h"

enum { COAP = 5683, OPENVPN = 1194, SSDP = 1900 };

static char ours[32]; /* "127.22.a.b": other runs of this test have others */

static int serve(uint16_t port)
{
	struct sockaddr_storage sa;
	struct addr a;

	assert_int_equal(addr_parse(ours, &a), 0);
	socklen_t n = addr_to_sockaddr(&a, port, &sa);
	int fd = socket(sa.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&sa, n), 0);
	return fd;
}

struct question {
	uint8_t bytes[512];
	ssize_t length;
	struct sockaddr_in from;
};

/* The next question within so long; false: none. */
static bool hear(int fd, int timeout_ms, struct question *ret)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	socklen_t n = sizeof(ret->from);

	if (poll(&p, 1, timeout_ms) != 1)
		return false;
	ret->length = recvfrom(fd, ret->bytes, sizeof(ret->bytes), MSG_DONTWAIT,
			       (struct sockaddr *)&ret->from, &n);
	return ret->length >= 0;
}

static unsigned heard_all(int fd)
{
	struct question q;
	unsigned n = 0;

	while (hear(fd, 50, &q))
		n++;
	return n;
}

/* As a CoAP server: Reset with the number of the message, or with another one. */
static void reset(int fd, const struct question *q, bool wrong)
{
	const uint8_t answer[] = { 0x70, 0, q->bytes[2], q->bytes[3] ^ (wrong ? 1 : 0) };

	assert_int_equal(q->length, 4);
	assert_int_equal(sendto(fd, answer, sizeof(answer), 0, (const struct sockaddr *)&q->from,
				sizeof(q->from)),
			 sizeof(answer));
}

static void prepare(struct bench *b, enum zone_kind kind, struct window *window)
{
	bench_prepare(b, ours);
	b->listener = listen_on(ours, &b->port);
	if (kind != ZONE_UNASSIGNED)
		bench_declare(b, "127.0.0.0/8", kind, window);
	ports_put(b->plan.ports.udp, COAP);
	ports_put(b->plan.ports.udp, OPENVPN);
}

static void launch(struct bench *b)
{
	b->stranger = listen_on("127.0.0.2", &b->port);
	bench_start_guard(b, true);
}

static unsigned lines_with(const struct bench *b, char first, const char *text)
{
	FILE *f = fopen(b->journal, "r");
	char line[256];
	unsigned n = 0;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL)
		n += line[0] == first && strstr(line, text) != NULL;
	fclose(f);
	return n;
}

/* Sockets are kept for late answers, and the journal is complete when they are closed. */
static void let_it_close(const struct bench *b)
{
	for (int i = 0; i < 1000 && journal_lines(b, 'O') != journal_lines(b, 'C'); i++)
		poll(NULL, 0, 10);
}

static struct guard_event await_udp(struct bench *b)
{
	struct guard_event v;

	do
		v = await(b, EVENT_PORT);
	while (!v.udp);
	return v;
}

static void open_closed_and_silent(void **state)
{
	struct bench b;
	struct question q;
	int coap = serve(COAP), openvpn = serve(OPENVPN);

	(void)state;
	prepare(&b, ZONE_IT, NULL);
	ports_put(b.plan.ports.udp, SSDP); /* nobody is there */
	ports_put(b.plan.ports.udp, 9999); /* no question */
	launch(&b);
	assert_true(hear(coap, 10000, &q));
	reset(coap, &q, false);
	struct guard_event v = await_udp(&b);
	assert_int_equal(v.port, COAP);
	assert_int_equal(v.port_state, PORT_OPEN);
	assert_string_equal(v.reason, "coap");
	v = await(&b, EVENT_HOST);
	assert_true(v.complete);
	assert_int_equal(v.host_state, HOST_ANSWERING);
	assert_int_equal(v.udp_ports, 3);
	assert_int_equal(v.open, 1); /* those of TCP */
	assert_int_equal(v.closed, 1);
	assert_int_equal(v.silent + v.filtered, 0);
	await(&b, EVENT_SWEPT);
	/* A host that is there is asked once more where it was silent, and no more. */
	assert_int_equal(heard_all(openvpn), 2);
	assert_int_equal(heard_all(coap), 0);
	assert_int_equal(lines_with(&b, 'O', "/udp sweep"), 3);
	let_it_close(&b);
	assert_int_equal(lines_with(&b, 'C', " 1 4 4 done open 0 coap\n"), 1);
	assert_int_equal(lines_with(&b, 'C', " 2 28 0 timeout silent 0\n"), 1);
	assert_int_equal(lines_with(&b, 'C', " 0 refused closed 0\n"), 2); /* and TCP port 9 */
	bench_finish(&b);
	close(coap);
	close(openvpn);
}

/* Another number, and another sender: nobody is believed. */
static void answers_that_are_none(void **state)
{
	struct bench b;
	struct question q;
	int coap = serve(COAP), other = serve(COAP + 1);

	(void)state;
	prepare(&b, ZONE_IT, NULL);
	launch(&b);
	for (int i = 0; i < 2; i++) {
		assert_true(hear(coap, 10000, &q));
		reset(coap, &q, true);
		reset(other, &q, false);
	}
	struct guard_event v = await(&b, EVENT_HOST);
	assert_true(v.complete);
	let_it_close(&b);
	assert_int_equal(lines_with(&b, 'C', "done open 0 coap"), 0);
	assert_int_equal(lines_with(&b, 'C', "timeout silent 0"), 1);
	assert_int_equal(heard_all(coap), 0);
	bench_finish(&b);
	close(coap);
	close(other);
}

/* The first question gets lost: the second finds the service, and the silent ones get a third. */
static void a_lost_question_is_repeated(void **state)
{
	struct bench b;
	struct question q;
	int coap = serve(COAP), openvpn = serve(OPENVPN);

	(void)state;
	prepare(&b, ZONE_IT, NULL);
	launch(&b);
	assert_true(hear(coap, 10000, &q));
	struct question first = q;
	assert_true(hear(coap, 10000, &q));
	/* The same question from the same port: an answer to either counts. */
	assert_memory_equal(first.bytes, q.bytes, 4);
	assert_int_equal(first.from.sin_port, q.from.sin_port);
	reset(coap, &first, false);
	assert_int_equal(await_udp(&b).port, COAP);
	await(&b, EVENT_SWEPT);
	assert_int_equal(heard_all(openvpn), 3);
	assert_int_equal(heard_all(coap), 0);
	bench_finish(&b);
	close(coap);
	close(openvpn);
}

static void retries_bound_it(void **state)
{
	struct bench b;
	int openvpn = serve(OPENVPN);

	(void)state;
	prepare(&b, ZONE_IT, NULL);
	b.retries = 0;
	launch(&b);
	await(&b, EVENT_SWEPT);
	assert_int_equal(heard_all(openvpn), 1);
	bench_finish(&b);
	close(openvpn);
}

/* Kinds, the risk class, an open port of control equipment. */
static void who_is_not_asked(void **state)
{
	static const struct {
		enum zone_kind kind;
		enum site_risk risk;
		bool sign;
		unsigned questions;
	} rows[] = {
		{ ZONE_IT, SITE_READ, false, 1 }, { ZONE_DMZ, SITE_READ, false, 1 },
		{ ZONE_OT, SITE_READ, false, 0 }, { ZONE_IT, SITE_TOUCH, false, 0 },
		{ ZONE_IT, SITE_READ, true, 0 },
	};
	int coap = serve(COAP);

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct bench b;
		struct question q;

		prepare(&b, rows[i].kind, NULL);
		b.zones[0].risk = rows[i].risk;
		struct port_entry entry = { .port = b.port,
					    .ot = true,
					    .name = (char *)(uintptr_t) "ot" };
		if (rows[i].sign)
			b.plan.port_list = (struct port_list){ .list = &entry, .count = 1 };
		launch(&b);
		if (rows[i].questions > 0) {
			assert_true(hear(coap, 10000, &q));
			reset(coap, &q, false);
		} else if (rows[i].kind == ZONE_OT || rows[i].sign) {
			await(&b, EVENT_PORT);
			visitors(b.listener); /* a controller is waited for until it closes */
		}
		struct guard_event v = await(&b, EVENT_HOST);
		assert_true(v.complete);
		assert_int_equal(v.udp_ports, rows[i].questions > 0 ? 2 : 0);
		assert_int_equal(lines_with(&b, 'O', "/udp"), rows[i].questions > 0 ? 2 : 0);
		assert_int_equal(heard_all(coap), 0);
		b.plan.port_list = (struct port_list){ 0 };
		bench_finish(&b);
	}
	close(coap);
}

/* The sign comes between the first question and the second. */
static void a_late_sign_ends_the_questions(void **state)
{
	struct bench b;
	struct question q;
	struct guard_order o = { .kind = ORDER_OT, .reason = "modbus spoken on port 1" };
	int openvpn = serve(OPENVPN);

	(void)state;
	prepare(&b, ZONE_IT, NULL);
	launch(&b);
	assert_true(hear(openvpn, 10000, &q));
	assert_int_equal(addr_parse(ours, &o.address), 0);
	assert_int_equal(send(b.main_fd, &o, sizeof(o), 0), sizeof(o));
	struct guard_event v = await(&b, EVENT_HOST);
	assert_int_equal(v.treatment, TREAT_OT);
	assert_int_equal(v.udp_ports, 0);
	await(&b, EVENT_SWEPT);
	assert_int_equal(heard_all(openvpn), 0);
	bench_finish(&b);
	close(openvpn);
}

static struct window noon = { .days = 1, .from = 12 * 60, .to = 13 * 60 };

/* What waits for its answer when the window ends is asked again in the next one. */
static void a_question_under_way_is_taken_back(void **state)
{
	struct bench b;
	struct question q;
	int coap = serve(COAP);

	(void)state;
	prepare(&b, ZONE_IT, &noon);
	launch(&b);
	assert_true(hear(coap, 10000, &q));
	*clock_now = sunday + 13 * HOUR;
	let_it_close(&b);
	*clock_now = sunday + 13 * HOUR + 1; /* in each second is looked who waits */
	await(&b, EVENT_WAITING);
	unsigned before = lines_with(&b, 'O', "/udp");
	assert_int_equal(heard_all(coap), 0);
	*clock_now = sunday + 7 * 86400 + 12 * HOUR + 5;
	assert_true(hear(coap, 10000, &q));
	reset(coap, &q, false);
	assert_int_equal(await_udp(&b).port, COAP);
	struct guard_event v = await(&b, EVENT_HOST);
	assert_true(v.complete);
	assert_int_equal(v.udp_ports, 2);
	assert_true(lines_with(&b, 'O', "/udp") > before);
	assert_true(lines_with(&b, 'C', "stopped") > 0);
	bench_finish(&b);
	close(coap);
}

static void a_stop_ends_the_questions(void **state)
{
	struct bench b;
	struct question q;
	struct guard_order o = { .kind = ORDER_STOP };
	int coap = serve(COAP);

	(void)state;
	prepare(&b, ZONE_IT, NULL);
	launch(&b);
	assert_true(hear(coap, 10000, &q));
	assert_int_equal(send(b.main_fd, &o, sizeof(o), 0), sizeof(o));
	struct guard_event v = await(&b, EVENT_HOST);
	assert_false(v.complete);
	assert_int_equal(v.udp_ports, 0);
	await(&b, EVENT_STOPPED);
	assert_int_equal(heard_all(coap), 0);
	bench_finish(&b);
	close(coap);
}

/* No port of TCP is planned: a controller is skipped then. */
static void udp_alone(void **state)
{
	struct bench b;
	struct question q;
	int coap = serve(COAP);

	(void)state;
	prepare(&b, ZONE_IT, NULL);
	b.no_tcp = true;
	launch(&b);
	assert_true(hear(coap, 10000, &q));
	reset(coap, &q, false);
	struct guard_event v = await(&b, EVENT_HOST);
	assert_true(v.complete);
	assert_int_equal(v.host_state, HOST_ANSWERING);
	assert_int_equal(v.udp_ports, 2);
	assert_int_equal(journal_lines(&b, 'O'), 2);
	bench_finish(&b);
	prepare(&b, ZONE_OT, NULL);
	b.no_tcp = true;
	launch(&b);
	v = await(&b, EVENT_HOST);
	assert_false(v.complete);
	assert_int_equal(v.host_state, HOST_SKIPPED);
	assert_string_equal(v.reason, SWEEP_NO_TCP);
	assert_int_equal(journal_lines(&b, 'O'), 0);
	bench_finish(&b);
	close(coap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(open_closed_and_silent),
		cmocka_unit_test(answers_that_are_none),
		cmocka_unit_test(a_lost_question_is_repeated),
		cmocka_unit_test(retries_bound_it),
		cmocka_unit_test(who_is_not_asked),
		cmocka_unit_test(a_late_sign_ends_the_questions),
		cmocka_unit_test(a_question_under_way_is_taken_back),
		cmocka_unit_test(a_stop_ends_the_questions),
		cmocka_unit_test(udp_alone),
	};
	unsigned own = (unsigned)getpid();

	snprintf(ours, sizeof(ours), "127.22.%u.%u", own >> 8 & 0xff, own & 0xff);
	if (!bench_clock_make())
		return 99;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
