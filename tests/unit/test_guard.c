/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guard against a requester that asks for what it must not have: the test plays main and a
 * deliberately wrong worker.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "talk/transfer.h"
#include "unit/guard_bench.h"
#include "wire/sweep.h"

static void the_sweep_tells_open_from_closed(void **state)
{
	struct bench b;

	(void)state;
	bench_start(&b, ZONE_IT, true);
	struct guard_event v = await(&b, EVENT_PORT);
	assert_int_equal(v.port, b.port);
	assert_int_equal(v.port_state, PORT_OPEN);
	v = await(&b, EVENT_HOST);
	assert_int_equal(v.open, 1);
	assert_int_equal(v.closed, 1);
	assert_true(v.complete);
	await(&b, EVENT_SWEPT);
	assert_int_equal(visitors(b.listener), 1);
	assert_int_equal(journal_lines(&b, 'O'), 2);
	bench_finish(&b);
}

static void nothing_leaves_the_scope(void **state)
{
	struct bench b;
	int fd;

	(void)state;
	bench_start(&b, ZONE_IT, true);
	await(&b, EVENT_SWEPT);
	visitors(b.listener);
	/* Another address on which something listens; a port that is not planned; no such probe. */
	assert_int_equal(ask_open(&b, "127.0.0.2", b.port, PROBE_ANY, 1, &fd), ENDING_LIMIT);
	assert_int_equal(ask_open(&b, "127.0.0.1", (uint16_t)(b.port ^ 1), PROBE_ANY, 2, &fd),
			 ENDING_LIMIT);
	assert_int_equal(ask_open(&b, "127.0.0.1", b.port, PROBES, 3, &fd), ENDING_LIMIT);
	assert_int_equal(ask_open(&b, "127.0.0.1", b.port, -2, 4, &fd), ENDING_LIMIT);
	assert_int_equal(ask_open(&b, "::1", b.port, PROBE_ANY, 5, &fd), ENDING_LIMIT);
	assert_int_equal(ask_open(&b, "127.0.0.1", b.port, PROBE_LOGIN, 6, &fd), ENDING_LIMIT);
	assert_int_equal(visitors(b.stranger), 0);
	assert_int_equal(visitors(b.listener), 0);
	assert_int_equal(journal_lines(&b, 'O'), 2); /* the sweep's own */
	bench_finish(&b);
}

static void connections_of_a_conversation_are_counted(void **state)
{
	struct bench b;
	int fd;

	(void)state;
	bench_start(&b, ZONE_IT, true);
	await(&b, EVENT_SWEPT);
	visitors(b.listener);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(ask_open(&b, "127.0.0.1", b.port, PROBE_ANY, 7, &fd), ENDING_DONE);
		assert_true(fd >= 0);
		say_close(&b, fd);
	}
	assert_int_equal(ask_open(&b, "127.0.0.1", b.port, PROBE_ANY, 7, &fd), ENDING_LIMIT);
	assert_int_equal(visitors(b.listener), 2);
	bench_finish(&b);
}

static void ot_gets_the_safe_probe_of_the_port_only(void **state)
{
	struct bench b;
	int fd;

	(void)state;
	bench_start(&b, ZONE_OT, true);
	await(&b, EVENT_SWEPT);
	visitors(b.listener);
	assert_int_equal(ask_open(&b, "127.0.0.1", b.port, PROBE_ANY, 1, &fd), ENDING_LIMIT);
	assert_int_equal(ask_open(&b, "127.0.0.1", b.port, NO_PROBE, 2, &fd), ENDING_LIMIT);
	assert_int_equal(visitors(b.listener), 0);
	assert_int_equal(ask_open(&b, "127.0.0.1", b.port, PROBE_OT, 3, &fd), ENDING_DONE);
	say_close(&b, fd);
	assert_int_equal(ask_open(&b, "127.0.0.1", b.port, PROBE_OT, 3, &fd), ENDING_LIMIT);
	assert_int_equal(visitors(b.listener), 1);
	bench_finish(&b);
}

static void unknown_ports_of_ot_get_nothing(void **state)
{
	struct bench b;
	int fd;

	(void)state;
	bench_start(&b, ZONE_OT, false);
	await(&b, EVENT_SWEPT);
	visitors(b.listener);
	for (int probe = NO_PROBE; probe < PROBES; probe++)
		assert_int_equal(
			ask_open(&b, "127.0.0.1", b.port, probe, (uint32_t)(10 + probe), &fd),
			ENDING_LIMIT);
	assert_int_equal(visitors(b.listener), 0);
	bench_finish(&b);
}

static void what_only_listens_may_not_speak(void **state)
{
	struct bench b;
	struct worker_request q = { .kind = REQUEST_WRITE, .n = 1 };
	int fd, none;

	(void)state;
	bench_start(&b, ZONE_IT, false);
	await(&b, EVENT_SWEPT);
	assert_int_equal(ask_open(&b, "127.0.0.1", b.port, NO_PROBE, 1, &fd), ENDING_DONE);
	assert_int_not_equal(ask(&b, &q, &none), ENDING_DONE);
	q = (struct worker_request){ .kind = REQUEST_BECOME,
				     .probe = PROBE_ANY,
				     .conversation = 2 };
	assert_int_equal(ask(&b, &q, &none), ENDING_DONE);
	q = (struct worker_request){ .kind = REQUEST_WRITE, .n = 1 };
	assert_int_equal(ask(&b, &q, &none), ENDING_DONE);
	say_close(&b, fd);
	bench_finish(&b);
}

static void a_stop_ends_what_is_open_and_refuses_what_comes(void **state)
{
	struct bench b;
	struct guard_order o = { .kind = ORDER_STOP };
	int fd, other;
	char byte;

	(void)state;
	bench_start(&b, ZONE_IT, true);
	await(&b, EVENT_SWEPT);
	visitors(b.listener);
	assert_int_equal(ask_open(&b, "127.0.0.1", b.port, PROBE_ANY, 1, &fd), ENDING_DONE);
	int peer = accept4(b.listener, NULL, NULL, SOCK_CLOEXEC);
	assert_int_equal(send(b.main_fd, &o, sizeof(o), 0), sizeof(o));
	/* The peer sees our FIN, though the worker has not closed its descriptor. */
	assert_int_equal(recv(peer, &byte, 1, 0), 0);
	close(peer);
	await(&b, EVENT_STOPPED);
	assert_int_equal(atomic_load(&b.shared->stop), 1);
	close(fd);
	assert_int_equal(ask_open(&b, "127.0.0.1", b.port, PROBE_ANY, 2, &other), ENDING_STOPPED);
	assert_int_equal(visitors(b.listener), 0);
	bench_finish(&b);
}

static void a_controller_found_late_tightens_the_host(void **state)
{
	struct bench b;
	struct guard_order o = { .kind = ORDER_OT };
	int fd;

	(void)state;
	bench_start(&b, ZONE_IT, false);
	await(&b, EVENT_SWEPT);
	assert_int_equal(addr_parse("127.0.0.1", &o.address), 0);
	assert_int_equal(send(b.main_fd, &o, sizeof(o), 0), sizeof(o));
	assert_int_equal(ask_open(&b, "127.0.0.1", b.port, PROBE_ANY, 1, &fd), ENDING_LIMIT);
	/* A declared zone is not loosened again. */
	o.kind = ORDER_IT;
	assert_int_equal(send(b.main_fd, &o, sizeof(o), 0), sizeof(o));
	assert_int_equal(ask_open(&b, "127.0.0.1", b.port, PROBE_ANY, 2, &fd), ENDING_LIMIT);
	bench_finish(&b);
}

/* ---- windows ---- */

/* 12:00 to 13:00 on Sundays; the test's clock stands at 12:00 first. */
static struct window noon = { .days = 1, .from = 12 * 60, .to = 13 * 60 };

/* Some passes of the guard, in which it could do what it must not. */
static void let_it_run(void)
{
	poll(NULL, 0, 300);
}

static void a_sweep_pauses_and_goes_on_at_its_next_port(void **state)
{
	struct bench b;
	struct guard_event v;

	(void)state;
	bench_prepare(&b, "127.21.0.9"); /* where nothing else listens */
	b.listener = listen_on("127.21.0.9", &b.port);
	bench_declare(&b, "127.0.0.0/8", ZONE_IT, &noon);
	for (uint16_t port = 23000; port < 23040; port++)
		ports_put(b.plan.ports.tcp, port);
	b.plan.host_rate = 40; /* ten connections a second: it lasts */
	bench_launch(&b, true);
	while (access(b.journal, F_OK) != 0 || journal_lines(&b, 'C') < 3)
		poll(NULL, 0, 10);
	*clock_now = sunday + 13 * HOUR;
	v = await(&b, EVENT_WAITING);
	struct addr a;
	assert_int_equal(addr_parse("127.21.0.9", &a), 0);
	assert_int_equal(addr_compare(&v.address, &a), 0);
	unsigned before = journal_lines(&b, 'O');
	assert_int_equal(before, journal_lines(&b, 'C'));
	assert_true(before >= 3 && before < 42);
	let_it_run();
	assert_int_equal(journal_lines(&b, 'O'), before);
	/* A week later. */
	*clock_now = sunday + 7 * 86400 + 12 * HOUR + 5;
	await(&b, EVENT_GOES_ON);
	v = await(&b, EVENT_HOST);
	assert_int_equal(v.open, 1);
	assert_int_equal(v.open + v.closed, 42);
	assert_true(v.complete);
	await(&b, EVENT_SWEPT);
	assert_int_equal(journal_lines(&b, 'O'), 42); /* none was tried twice */
	bench_finish(&b);
}

/* A listener whose queue is full: the kernel drops further SYNs, so that the port is silent. */
static void fill(int listener, uint16_t port, int *ret_held, size_t most, size_t *ret_count)
{
	struct addr a;
	struct sockaddr_storage sa;

	assert_int_equal(addr_parse("127.0.0.1", &a), 0);
	socklen_t n = addr_to_sockaddr(&a, port, &sa);
	assert_int_equal(listen(listener, 0), 0);
	for (*ret_count = 0; *ret_count < most; ++*ret_count) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		struct pollfd p = { .fd = fd, .events = POLLOUT };

		ret_held[*ret_count] = fd;
		connect(fd, (struct sockaddr *)&sa, n);
		if (poll(&p, 1, 200) != 1) { /* this one got no answer any more */
			++*ret_count;
			return;
		}
	}
	fail_msg("the queue takes everything");
}

/* An attempt whose SYN would be repeated outside the window. */
static void an_attempt_under_way_is_taken_back(void **state)
{
	struct bench b;
	uint16_t silent = 0;
	int held[16], full = listen_on("127.0.0.1", &silent);
	size_t count;
	char line[256], *text = NULL;

	(void)state;
	fill(full, silent, held, countof(held), &count);
	bench_prepare(&b, "127.0.0.1");
	bench_declare(&b, "127.0.0.0/8", ZONE_IT, &noon);
	ports_put(b.plan.ports.tcp, silent);
	bench_launch(&b, true);
	while (access(b.journal, F_OK) != 0 || journal_lines(&b, 'O') < 3 ||
	       journal_lines(&b, 'C') < 2)
		poll(NULL, 0, 10);
	assert_int_equal(journal_lines(&b, 'C'), 2);
	*clock_now = sunday + 13 * HOUR - PLAN_CLOSING_S;
	while (journal_lines(&b, 'C') < 3)
		poll(NULL, 0, 10);
	*clock_now = sunday + 13 * HOUR - PLAN_CLOSING_S + 1;
	await(&b, EVENT_WAITING);
	assert_int_equal(journal_lines(&b, 'C'), 3);
	FILE *f = fopen(b.journal, "r");
	while (fgets(line, sizeof(line), f) != NULL)
		if (line[0] == 'C')
			text = strstr(line, "stopped");
	fclose(f);
	assert_non_null(text);
	/* It answers in the next window. */
	for (size_t i = 0; i < count; i++)
		close(held[i]);
	assert_int_equal(listen(full, 16), 0);
	visitors(full);
	*clock_now = sunday + 7 * 86400 + 12 * HOUR;
	struct guard_event v = await(&b, EVENT_HOST);
	assert_int_equal(v.open, 2);
	assert_int_equal(v.closed, 1);
	assert_int_equal(v.silent, 0);
	assert_true(v.complete);
	assert_int_equal(journal_lines(&b, 'O'), 4);
	bench_finish(&b);
	close(full);
}

/* A device that answered and does so no longer, with real sockets: its queues are full. */
static void a_device_that_falls_silent_is_left_alone(void **state)
{
	enum { SILENT = 5 };
	struct bench b;
	int held[SILENT + 1][16], full[SILENT];
	uint16_t port[SILENT] = { 0 };
	size_t count[SILENT + 1];

	(void)state;
	bench_prepare(&b, "127.0.0.1");
	bench_declare(&b, "127.0.0.0/8", ZONE_OT, NULL);
	for (int i = 0; i < SILENT; i++) {
		full[i] = listen_on("127.0.0.1", &port[i]);
		fill(full[i], port[i], held[i], countof(held[i]), &count[i]);
		ports_put(b.plan.ports.tcp, port[i]);
	}
	/* The open port is tried first: it counts as control equipment's. */
	b.listener = listen_on("127.0.0.1", &b.port);
	struct port_entry entry = { .port = b.port, .ot = true, .name = (char *)(uintptr_t) "ot" };
	b.plan.port_list = (struct port_list){ .list = &entry, .count = 1 };
	bench_launch(&b, true);
	await(&b, EVENT_PORT);
	assert_int_equal(visitors(b.listener), 1);
	fill(b.listener, b.port, held[SILENT], countof(held[SILENT]), &count[SILENT]);
	struct guard_event v = await(&b, EVENT_DISTRESS);
	assert_string_equal(v.reason, "silent after it had answered");
	v = await(&b, EVENT_HOST);
	assert_int_equal(v.host_state, HOST_DISTRESS);
	assert_false(v.complete);
	assert_true(v.silent == SWEEP_ROW_OT);
	unsigned opened = journal_lines(&b, 'O');
	let_it_run();
	assert_int_equal(journal_lines(&b, 'O'), opened);
	b.plan.port_list = (struct port_list){ 0 };
	bench_finish(&b);
	for (int i = 0; i <= SILENT; i++)
		for (size_t k = 0; k < count[i]; k++)
			close(held[i][k]);
	for (int i = 0; i < SILENT; i++)
		close(full[i]);
}

/* The sweep's connection stands at the listener, whose program does not close it. */
static void a_controller_that_does_not_close_gets_no_other_connection(void **state)
{
	struct bench b;

	(void)state;
	bench_prepare(&b, "127.0.0.1");
	bench_declare(&b, "127.0.0.0/8", ZONE_OT, NULL);
	b.listener = listen_on("127.0.0.1", &b.port);
	struct port_entry entry = { .port = b.port, .ot = true, .name = (char *)(uintptr_t) "ot" };
	b.plan.port_list = (struct port_list){ .list = &entry, .count = 1 };
	bench_launch(&b, true);
	struct guard_event v = await(&b, EVENT_DISTRESS);
	assert_string_equal(v.reason, "does not close a connection");
	v = await(&b, EVENT_HOST);
	assert_int_equal(v.host_state, HOST_DISTRESS);
	assert_int_equal(v.open, 1);
	assert_int_equal(v.closed, 0);
	assert_int_equal(journal_lines(&b, 'O'), 1);
	assert_int_equal(visitors(b.listener), 1);
	b.plan.port_list = (struct port_list){ 0 };
	bench_finish(&b);
}

/* It closes late: then its other port is tried, and not before. */
static void a_controller_that_closes_late_is_waited_for(void **state)
{
	struct bench b;

	(void)state;
	bench_prepare(&b, "127.0.0.1");
	bench_declare(&b, "127.0.0.0/8", ZONE_OT, NULL);
	b.listener = listen_on("127.0.0.1", &b.port);
	struct port_entry entry = { .port = b.port, .ot = true, .name = (char *)(uintptr_t) "ot" };
	b.plan.port_list = (struct port_list){ .list = &entry, .count = 1 };
	bench_launch(&b, true);
	await(&b, EVENT_PORT);
	poll(NULL, 0, 3000); /* longer than others are waited for, and the pause */
	assert_int_equal(journal_lines(&b, 'O'), 1);
	assert_int_equal(journal_lines(&b, 'C'), 0);
	assert_int_equal(visitors(b.listener), 1);
	struct guard_event v = await(&b, EVENT_HOST);
	assert_int_equal(v.host_state, HOST_ANSWERING);
	assert_true(v.complete);
	assert_int_equal(journal_lines(&b, 'O'), 2);
	b.plan.port_list = (struct port_list){ 0 };
	bench_finish(&b);
}

static void a_controller_that_refuses_a_question_gets_one_look(void **state)
{
	struct bench b;
	int fd;

	(void)state;
	bench_start(&b, ZONE_OT, true);
	await(&b, EVENT_PORT);
	assert_int_equal(visitors(b.listener), 1);
	await(&b, EVENT_SWEPT);
	assert_int_equal(shutdown(b.listener, SHUT_RDWR), 0); /* it listens no longer */
	assert_int_equal(ask_open(&b, "127.0.0.1", b.port, PROBE_OT, 1, &fd), ENDING_DISTRESS);
	struct guard_event v = await(&b, EVENT_DISTRESS);
	assert_string_equal(v.reason, "refuses what it had accepted");
	assert_int_equal(journal_lines(&b, 'O'), 4); /* two ports, the question, the look */
	bench_finish(&b);
}

static void other_zones_go_on_while_one_waits(void **state)
{
	struct bench b;

	(void)state;
	bench_prepare(&b, "127.0.0.1-2");
	bench_declare(&b, "127.0.0.1/32", ZONE_IT, &noon);
	bench_declare(&b, "127.0.0.2/32", ZONE_IT, NULL);
	*clock_now = sunday + 11 * HOUR;
	bench_launch(&b, true);
	struct guard_event v = await(&b, EVENT_HOST);
	struct addr second;
	assert_int_equal(addr_parse("127.0.0.2", &second), 0);
	assert_int_equal(addr_compare(&v.address, &second), 0);
	await(&b, EVENT_WAITING);
	assert_int_equal(visitors(b.listener), 0);
	assert_int_equal(visitors(b.stranger), 1);
	*clock_now = sunday + 12 * HOUR; /* the first second of the window belongs to it */
	await(&b, EVENT_GOES_ON);
	v = await(&b, EVENT_HOST);
	assert_true(v.complete);
	await(&b, EVENT_SWEPT);
	assert_int_equal(visitors(b.listener), 1);
	bench_finish(&b);
}

static void a_window_that_ends_ends_the_conversation(void **state)
{
	struct bench b;
	uint32_t conversation = 10;
	int fd, other;
	char byte;

	(void)state;
	bench_prepare(&b, "127.0.0.1");
	bench_declare(&b, "127.0.0.0/8", ZONE_IT, &noon);
	bench_launch(&b, true);
	await(&b, EVENT_SWEPT);
	visitors(b.listener);
	assert_int_equal(ask_open(&b, "127.0.0.1", b.port, PROBE_ANY, 1, &fd), ENDING_DONE);
	assert_false(atomic_load(&b.shared->cut[0]));
	int peer = accept4(b.listener, NULL, NULL, SOCK_CLOEXEC);
	*clock_now = sunday + 13 * HOUR - PLAN_CLOSING_S;
	/* Our FIN, not a reset, though the worker has not closed its descriptor. */
	assert_int_equal(recv(peer, &byte, 1, 0), 0);
	assert_true(atomic_load(&b.shared->cut[0]));
	close(peer);
	close(fd);
	atomic_store(&b.shared->cut[0], false);
	/* "Not now", so that it is asked again; and at once, no thread waits for days. */
	for (int64_t t = sunday + 13 * HOUR - PLAN_CLOSING_S; t <= sunday + 13 * HOUR; t++) {
		*clock_now = t;
		assert_int_equal(
			ask_open(&b, "127.0.0.1", b.port, PROBE_ANY, ++conversation, &other),
			ENDING_STOPPED);
		assert_true(atomic_exchange(&b.shared->cut[0], false));
	}
	assert_int_equal(atomic_load(&b.shared->stop), 0);
	assert_int_equal(visitors(b.listener), 0);
	/* The clock is set back into the window: it is the clock that counts. */
	*clock_now = sunday + 12 * HOUR + 30 * 60;
	assert_int_equal(ask_open(&b, "127.0.0.1", b.port, PROBE_ANY, 3, &fd), ENDING_DONE);
	say_close(&b, fd);
	/* And forward out of it, by years. */
	*clock_now = sunday + INT64_C(3) * 365 * 86400;
	assert_int_equal(ask_open(&b, "127.0.0.1", b.port, PROBE_ANY, 4, &other), ENDING_STOPPED);
	assert_int_equal(visitors(b.listener), 1);
	bench_finish(&b);
}

static void a_stop_ends_a_wait(void **state)
{
	struct bench b;
	struct guard_order o = { .kind = ORDER_STOP };

	(void)state;
	bench_prepare(&b, "127.0.0.1");
	bench_declare(&b, "127.0.0.0/8", ZONE_IT, &noon);
	*clock_now = sunday;
	bench_launch(&b, true);
	await(&b, EVENT_WAITING);
	assert_int_equal(send(b.main_fd, &o, sizeof(o), 0), sizeof(o));
	await(&b, EVENT_STOPPED);
	assert_int_equal(visitors(b.listener), 0);
	bench_finish(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_sweep_tells_open_from_closed),
		cmocka_unit_test(nothing_leaves_the_scope),
		cmocka_unit_test(connections_of_a_conversation_are_counted),
		cmocka_unit_test(ot_gets_the_safe_probe_of_the_port_only),
		cmocka_unit_test(unknown_ports_of_ot_get_nothing),
		cmocka_unit_test(what_only_listens_may_not_speak),
		cmocka_unit_test(a_stop_ends_what_is_open_and_refuses_what_comes),
		cmocka_unit_test(a_controller_found_late_tightens_the_host),
		cmocka_unit_test(a_sweep_pauses_and_goes_on_at_its_next_port),
		cmocka_unit_test(an_attempt_under_way_is_taken_back),
		cmocka_unit_test(a_device_that_falls_silent_is_left_alone),
		cmocka_unit_test(a_controller_that_does_not_close_gets_no_other_connection),
		cmocka_unit_test(a_controller_that_closes_late_is_waited_for),
		cmocka_unit_test(a_controller_that_refuses_a_question_gets_one_look),
		cmocka_unit_test(other_zones_go_on_while_one_waits),
		cmocka_unit_test(a_window_that_ends_ends_the_conversation),
		cmocka_unit_test(a_stop_ends_a_wait),
	};

	if (!bench_clock_make())
		return 99;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
