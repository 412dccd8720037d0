/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guard beside a packets process, against a wrong main and a wrong worker. Loopback addresses play hosts
 * on the link; one listener on all of them notes who was visited. 127.0.1.0/24 it, .2 ot, .3 ot and its
 * window is never open, .4 ot and passive only, .5 ot and not to be touched, .6 unassigned, .7 to .9 as .3 to
 * .5 but it; .1.9 and .2.9 are excluded.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "talk/transfer.h"
#include "unit/guard_bench.h"

static void start_with_packets(struct bench *b)
{
	static const struct {
		const char *network;
		enum zone_kind kind;
	} zones[] = { { "127.0.1.0/24", ZONE_IT }, { "127.0.2.0/24", ZONE_OT },
		      { "127.0.3.0/24", ZONE_OT }, { "127.0.4.0/24", ZONE_OT },
		      { "127.0.5.0/24", ZONE_OT }, { "127.0.6.0/24", ZONE_UNASSIGNED },
		      { "127.0.7.0/24", ZONE_IT }, { "127.0.8.0/24", ZONE_IT },
		      { "127.0.9.0/24", ZONE_IT } };
	static const char *const targets[] = { "127.0.1.1", "127.0.1.2", "127.0.2.1", "127.0.2.2",
					       "127.0.2.9", "127.0.3.1", "127.0.4.1", "127.0.5.1",
					       "127.0.6.1", "127.0.1.9", "127.0.7.1", "127.0.8.1",
					       "127.0.9.1" };
	enum { COUNT = sizeof(zones) / sizeof(zones[0]) };
	static struct zone list[COUNT];
	static struct window never = { .days = 0 };
	struct range r;

	memset(b, 0, sizeof(*b));
	b->listener = listen_on("0.0.0.0", &b->port);
	b->stranger = listen_on("::1", &b->port);
	assert_int_equal(site_default(&b->plan.site), 0);
	memset(list, 0, sizeof(list));
	for (size_t i = 0; i < COUNT; i++) {
		list[i].name = (char *)(uintptr_t) "test";
		list[i].kind = zones[i].kind;
		list[i].risk = i == 4 || i == 8 ? SITE_LISTEN : SITE_READ;
		assert_int_equal(range_parse(zones[i].network, true, &r), 0);
		assert_int_equal(ranges_add(&list[i].networks, &r), 0);
	}
	for (size_t i = 2; i < COUNT; i += 4) {
		list[i].windows = &never;
		list[i].window_count = 1;
		assert_int_equal(ranges_add_all(&list[i + 1].passive_only, &list[i + 1].networks),
				 0);
	}
	b->plan.site.zones = list;
	b->plan.site.zone_count = COUNT;
	assert_int_equal(ranges_parse(&b->plan.site.exclude, "127.0.1.9"), 0);
	assert_int_equal(ranges_parse(&b->plan.site.exclude, "127.0.2.9"), 0);
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
		assert_int_equal(ranges_parse(&b->plan.targets, targets[i]), 0);
	b->interface.index = if_nametoindex("lo");
	b->way.way =
		(struct way){ .ifindex = b->interface.index, .on_link = true, .ethernet = true };
	assert_int_equal(range_parse("127.0.0.0/8", true, &b->way.range), 0);
	b->routes = (struct routes){
		.interfaces = &b->interface, .interface_count = 1, .list = &b->way, .count = 1
	};
	bench_start_guard(b, true);
	assert_int_equal(b->board->segment_count, 1);
	assert_int_equal(b->board->paces[1 + COUNT].rate, 5); /* controllers are there */
}

static void order(struct bench *b, enum order_kind kind, const char *address, const char *mac,
		  const char *reason)
{
	struct guard_order o = { .kind = kind };

	if (address != NULL)
		assert_int_equal(addr_parse(address, &o.address), 0);
	snprintf(o.mac, sizeof(o.mac), "%s", mac);
	snprintf(o.reason, sizeof(o.reason), "%s", reason);
	assert_int_equal(send(b->main_fd, &o, sizeof(o), 0), sizeof(o));
}

/* How many came to this address; whoever came to another is counted in *ret_others. */
static unsigned visitors_of(struct bench *b, const char *address, unsigned *ret_others)
{
	unsigned n = 0;

	*ret_others = 0;
	for (;;) {
		struct pollfd p = { .fd = b->listener, .events = POLLIN };
		struct sockaddr_storage sa;
		socklen_t length = sizeof(sa);
		struct addr a;
		uint16_t port;
		char text[ADDR_TEXT];

		if (poll(&p, 1, 50) != 1)
			return n;
		int fd = accept4(b->listener, NULL, NULL, SOCK_CLOEXEC);
		assert_true(fd >= 0);
		assert_int_equal(getsockname(fd, (struct sockaddr *)&sa, &length), 0);
		close(fd);
		assert_int_equal(addr_from_sockaddr((struct sockaddr *)&sa, &a, &port), 0);
		if (strcmp(addr_format(&a, text), address) == 0)
			n++;
		else
			(*ret_others)++;
	}
}

static void a_wrong_main_reaches_nothing(void **state)
{
	static const char *const wrong[] = { "127.0.1.1", /* swept by packets, not by the guard */
					     "127.0.2.3", "127.0.99.9", "192.0.2.1", "::1",
					     "127.0.2.9", "127.0.3.1",  "127.0.4.1", "127.0.5.1",
					     "127.0.1.9", "127.0.7.1",  "127.0.8.1", "127.0.9.1" };
	struct bench b;
	struct guard_event v;
	unsigned others;
	int fd;

	(void)state;
	start_with_packets(&b);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		order(&b, ORDER_SWEEP, wrong[i], "", "");
		order(&b, ORDER_IT, wrong[i], "", "");
	}
	order(&b, (enum order_kind)99, "127.0.2.2", "", "");
	for (int i = 0; i < 3; i++) /* the same again is no second sweep */
		order(&b, ORDER_SWEEP, "127.0.2.1", "not a MAC", "");
	struct addr wanted;
	assert_int_equal(addr_parse("127.0.2.1", &wanted), 0);
	do { /* what may not be sent to is told as skipped; nothing says that all is over */
		struct pollfd p = { .fd = b.main_fd, .events = POLLIN };

		assert_int_equal(poll(&p, 1, 20000), 1);
		assert_int_equal(recv(b.main_fd, &v, sizeof(v), 0), sizeof(v));
		assert_int_not_equal(v.kind, EVENT_SWEPT);
		if (v.kind == EVENT_HOST && addr_compare(&v.address, &wanted) != 0)
			assert_int_equal(v.host_state, HOST_SKIPPED);
	} while (v.kind != EVENT_HOST || addr_compare(&v.address, &wanted) != 0);
	assert_int_equal(v.host_state, HOST_ANSWERING);
	assert_int_equal(v.open, 1);
	assert_int_equal(v.closed, 1);
	order(&b, ORDER_IT, "127.0.2.1", "", ""); /* declared ot stays ot */
	order(&b, ORDER_SWEEP_LAST, NULL, "", "");
	order(&b, ORDER_SWEEP, "127.0.2.2", "", ""); /* it had said that none would follow */
	await(&b, EVENT_SWEPT);
	assert_int_equal(ask_open(&b, "127.0.2.1", b.port, PROBE_ANY, 1, &fd), ENDING_LIMIT);
	assert_int_equal(visitors_of(&b, "127.0.2.1", &others), 1);
	assert_int_equal(others, 0);
	assert_int_equal(visitors(b.stranger), 0);
	assert_int_equal(journal_lines(&b, 'O'), 2);
	bench_finish(&b);
}

static void a_wrong_worker_reaches_nothing(void **state)
{
	static const char *const wrong[] = { "127.0.1.3", "127.0.99.9", "192.0.2.1",
					     "::1",       "127.0.2.1", /* nobody has found it yet */
					     "127.0.2.9", "127.0.3.1",  "127.0.4.1",
					     "127.0.5.1", "127.0.6.1",  "127.0.1.9",
					     "127.0.7.1", "127.0.8.1",  "127.0.9.1" };
	struct bench b;
	unsigned others;
	uint32_t conversation = 1;
	int fd;

	(void)state;
	start_with_packets(&b);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		for (int probe = NO_PROBE; probe < PROBES; probe++)
			assert_int_equal(ask_open(&b, wrong[i], b.port, probe, conversation++, &fd),
					 ENDING_LIMIT);
	/* The right address, with what is not planned, not there, not allowed. */
	assert_int_equal(ask_open(&b, "127.0.1.1", (uint16_t)(b.port ^ 1), PROBE_ANY, 1000, &fd),
			 ENDING_LIMIT);
	assert_int_equal(ask_open(&b, "127.0.1.1", 0, PROBE_ANY, 1001, &fd), ENDING_LIMIT);
	assert_int_equal(ask_open(&b, "127.0.1.1", b.port, PROBES, 1002, &fd), ENDING_LIMIT);
	assert_int_equal(ask_open(&b, "127.0.1.1", b.port, -2, 1003, &fd), ENDING_LIMIT);
	assert_int_equal(ask_open(&b, "127.0.1.1", b.port, PROBE_LOGIN, 1004, &fd), ENDING_LIMIT);
	/* A requester that changes its mind while it is being connected. */
	struct worker_request q = { .kind = REQUEST_CLOSE };
	assert_int_equal(transfer_send(b.worker_fd, &q, sizeof(q), -1), 0);
	assert_int_equal(visitors_of(&b, "127.0.1.1", &others), 0);
	assert_int_equal(others, 0);
	assert_int_equal(journal_lines(&b, 'O'), 0);
	/* What the plan allows is done, and not more often than the probe may. */
	for (int i = 0; i < 2; i++) {
		assert_int_equal(ask_open(&b, "127.0.1.1", b.port, PROBE_ANY, 2000, &fd),
				 ENDING_DONE);
		say_close(&b, fd);
	}
	assert_int_equal(ask_open(&b, "127.0.1.1", b.port, PROBE_ANY, 2000, &fd), ENDING_LIMIT);
	assert_int_equal(visitors_of(&b, "127.0.1.1", &others), 2);
	assert_int_equal(others, 0);
	assert_int_equal(visitors(b.stranger), 0);
	bench_finish(&b);
}

static void signs_tighten_before_the_first_connection(void **state)
{
	struct bench b;
	unsigned others;
	int fd;

	(void)state;
	start_with_packets(&b);
	/* Found on the link, with a sign. */
	order(&b, ORDER_SWEEP, "127.0.6.1", "00:00:5e:00:53:01", "maker ACME");
	struct guard_event v = await(&b, EVENT_OT);
	assert_string_equal(v.ot_sign, "maker ACME");
	assert_string_equal(v.mac, "00:00:5e:00:53:01");
	/* Swept by packets, and a controller: nobody has connected to it yet. */
	order(&b, ORDER_OT, "127.0.1.2", "", "port 502");
	order(&b, ORDER_OT, "127.0.99.9", "", "port 502");
	v = await(&b, EVENT_OT);
	assert_string_equal(v.ot_sign, "port 502");
	order(&b, ORDER_IT, "127.0.1.2", "", "");
	order(&b, ORDER_IT, "127.0.6.1", "", "");
	order(&b, ORDER_SWEEP_LAST, NULL, "", "");
	await(&b, EVENT_SWEPT);
	visitors_of(&b, "127.0.6.1", &others);
	assert_int_equal(others, 0);
	assert_int_equal(ask_open(&b, "127.0.1.2", b.port, PROBE_ANY, 1, &fd), ENDING_LIMIT);
	assert_int_equal(ask_open(&b, "127.0.1.2", b.port, NO_PROBE, 2, &fd), ENDING_LIMIT);
	assert_int_equal(ask_open(&b, "127.0.6.1", b.port, NO_PROBE, 3, &fd), ENDING_LIMIT);
	visitors_of(&b, "127.0.1.2", &others);
	assert_int_equal(others, 0);
	assert_int_equal(ask_open(&b, "127.0.1.2", b.port, PROBE_OT, 4, &fd), ENDING_DONE);
	say_close(&b, fd);
	bench_finish(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wrong_main_reaches_nothing),
		cmocka_unit_test(a_wrong_worker_reaches_nothing),
		cmocka_unit_test(signs_tighten_before_the_first_connection),
	};

	if (!bench_clock_make())
		return 99;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
