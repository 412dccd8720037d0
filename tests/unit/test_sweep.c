/* SPDX-License-Identifier: Apache-2.0 */
/* The order of the sweep and what it concludes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "wire/sweep.h"

static struct port_entry entries[] = {
	{ .port = 22 },
	{ .port = 80 },
	{ .port = 102, .ot = true },
	{ .port = 502, .ot = true },
};

static struct plan *plan_of(uint16_t first, uint16_t last)
{
	struct plan *p = calloc(1, sizeof(*p));

	p->port_list.list = entries;
	p->port_list.count = countof(entries);
	for (uint32_t port = first; port <= last; port++)
		ports_put(p->ports.tcp, (uint16_t)port);
	return p;
}

static void ot_ports_come_first(void **state)
{
	struct plan *p = plan_of(1, 600);
	struct sweep_order o;

	(void)state;
	assert_int_equal(sweep_order_make(p, &o), 0);
	assert_int_equal(o.count, 600);
	assert_int_equal(o.ports[0], 102);
	assert_int_equal(o.ports[1], 502);
	assert_int_equal(o.ports[2], 80);
	bool seen[601] = { false };
	for (uint32_t i = 0; i < o.count; i++) {
		assert_false(seen[o.ports[i]]);
		seen[o.ports[i]] = true;
	}
	sweep_order_done(&o);
	free(p);
}

/* Gives every port the same answer until the host is over; how many were tried. */
static uint32_t answer_all(struct sweep_host *h, uint16_t last, enum port_state s, unsigned no_host,
			   enum treatment t)
{
	struct plan *p = plan_of(1, last);
	struct sweep_order o;
	uint32_t tried = 0;

	assert_int_equal(sweep_order_make(p, &o), 0);
	while (sweep_next(h, &o) != 0) {
		tried++;
		sweep_answer(h, &o, s, no_host, t);
	}
	sweep_order_done(&o);
	free(p);
	return tried;
}

static void every_port_of_an_answering_host_is_tried(void **state)
{
	struct sweep_host h = { 0 };

	(void)state;
	assert_int_equal(answer_all(&h, 600, PORT_CLOSED, 0, TREAT_OT), 600);
	assert_true(sweep_finished(&h));
	assert_int_equal(h.state, HOST_ANSWERING);
}

static void an_absent_host_costs_one_port(void **state)
{
	struct sweep_host h = { 0 };

	(void)state;
	assert_int_equal(answer_all(&h, 600, PORT_SILENT, SWEEP_NO_HOST, TREAT_OT), 1);
	assert_int_equal(h.state, HOST_ABSENT);
	/* A single message of a router may be a filter's way of refusing one port. */
	struct sweep_host far = { 0 };
	assert_int_equal(answer_all(&far, 600, PORT_SILENT, SWEEP_NO_HOST / 2, TREAT_OT), 2);
	assert_int_equal(far.state, HOST_ABSENT);
}

static void a_silent_ot_host_is_left_early_an_it_host_not(void **state)
{
	struct sweep_host ot = { 0 }, it = { 0 };

	(void)state;
	/* 102, 502 and of the common ports 80, 443, 22, 445, 23, 21, 135, 139. */
	assert_int_equal(answer_all(&ot, 600, PORT_SILENT, 0, TREAT_OT), 10);
	assert_int_equal(ot.state, HOST_SILENT);
	assert_int_equal(answer_all(&it, 600, PORT_SILENT, 0, TREAT_IT), 600);
	assert_int_equal(it.state, HOST_SILENT);
}

static void a_host_open_everywhere_is_bounded(void **state)
{
	struct sweep_host wide = { 0 }, nine = { 0 }, twenty = { 0 };

	(void)state;
	assert_int_equal(answer_all(&wide, 600, PORT_OPEN, 0, TREAT_IT), SWEEP_ALL_PORTS_ENOUGH);
	assert_int_equal(wide.state, HOST_ALL_PORTS);
	assert_int_equal(answer_all(&nine, 9, PORT_OPEN, 0, TREAT_IT), 9);
	assert_int_equal(nine.state, HOST_ANSWERING);
	assert_int_equal(answer_all(&twenty, 20, PORT_OPEN, 0, TREAT_IT), 20);
	assert_int_equal(twenty.state, HOST_ALL_PORTS);
}

static void one_closed_port_clears_the_suspicion(void **state)
{
	struct plan *p = plan_of(1, 600);
	struct sweep_order o;
	struct sweep_host h = { 0 };
	uint32_t tried = 0;

	(void)state;
	assert_int_equal(sweep_order_make(p, &o), 0);
	while (sweep_next(&h, &o) != 0)
		sweep_answer(&h, &o, tried++ == 30 ? PORT_CLOSED : PORT_OPEN, 0, TREAT_IT);
	assert_int_equal(tried, 600);
	assert_int_equal(h.state, HOST_ANSWERING);
	sweep_order_done(&o);
	free(p);
}

static void it_is_not_finished_while_something_is_in_flight(void **state)
{
	struct plan *p = plan_of(1, 3);
	struct sweep_order o;
	struct sweep_host h = { 0 };

	(void)state;
	assert_int_equal(sweep_order_make(p, &o), 0);
	for (int i = 0; i < 3; i++)
		assert_int_not_equal(sweep_next(&h, &o), 0);
	assert_int_equal(sweep_next(&h, &o), 0);
	sweep_answer(&h, &o, PORT_OPEN, 0, TREAT_IT);
	sweep_answer(&h, &o, PORT_CLOSED, 0, TREAT_IT);
	assert_false(sweep_finished(&h));
	sweep_answer(&h, &o, PORT_CLOSED, 0, TREAT_IT);
	assert_true(sweep_finished(&h));
	sweep_order_done(&o);
	free(p);
}

/* So many silent ports until a look is due; at most 10,000. */
static unsigned silent_until_due(struct sweep_watch *w, enum treatment t)
{
	for (unsigned n = 1; n <= 10000; n++)
		if (sweep_watch_answer(w, (uint16_t)(1000 + n), PORT_SILENT, t))
			return n;
	return 0;
}

static void silence_after_answers_asks_for_a_look(void **state)
{
	struct sweep_watch w = { 0 };

	(void)state;
	assert_int_equal(silent_until_due(&w, TREAT_OT),
			 0); /* it never answered: that is no sign */
	assert_false(sweep_watch_answer(&w, 80, PORT_CLOSED, TREAT_OT));
	assert_int_equal(silent_until_due(&w, TREAT_OT), SWEEP_ROW_OT);
	assert_int_equal(w.port, 80);
	assert_int_equal(sweep_watch_look(&w, PORT_SILENT, TREAT_OT), LOOK_SILENT);
	/* An answer in between begins the row anew; what filters says nothing. */
	w = (struct sweep_watch){ 0 };
	sweep_watch_answer(&w, 502, PORT_OPEN, TREAT_OT);
	for (unsigned i = 0; i < 100; i++) {
		assert_false(sweep_watch_answer(&w, 1, PORT_SILENT, TREAT_OT));
		assert_false(sweep_watch_answer(&w, 2, PORT_FILTERED, TREAT_OT));
		assert_false(sweep_watch_answer(&w, 3, PORT_SILENT, TREAT_OT));
		assert_false(sweep_watch_answer(&w, 4, PORT_CLOSED, TREAT_OT));
	}
	assert_int_equal(w.port, 502); /* an open port tells more than a closed one */
	w = (struct sweep_watch){ 0 };
	sweep_watch_answer(&w, 80, PORT_CLOSED, TREAT_IT);
	assert_int_equal(silent_until_due(&w, TREAT_IT), SWEEP_ROW_IT);
}

static void a_firewall_costs_fewer_and_fewer_looks(void **state)
{
	struct sweep_watch w = { 0 };
	unsigned row = SWEEP_ROW_OT;

	(void)state;
	sweep_watch_answer(&w, 502, PORT_OPEN, TREAT_OT);
	for (unsigned i = 0; i < 10; i++) {
		assert_int_equal(silent_until_due(&w, TREAT_OT), row);
		assert_int_equal(sweep_watch_look(&w, PORT_OPEN, TREAT_OT), LOOK_WELL);
		row *= i < SWEEP_LOOKS_MOST ? 2 : 1;
	}
}

static void an_open_port_that_refuses_is_a_sign(void **state)
{
	struct sweep_watch w = { 0 };

	(void)state;
	sweep_watch_answer(&w, 502, PORT_OPEN, TREAT_OT);
	silent_until_due(&w, TREAT_OT);
	assert_int_equal(sweep_watch_look(&w, PORT_CLOSED, TREAT_OT), LOOK_REFUSES);
	/* Of a closed one it is the answer that it gave before; at others a service may have ended. */
	w = (struct sweep_watch){ 0 };
	sweep_watch_answer(&w, 80, PORT_CLOSED, TREAT_OT);
	assert_int_equal(sweep_watch_look(&w, PORT_CLOSED, TREAT_OT), LOOK_WELL);
	w = (struct sweep_watch){ 0 };
	sweep_watch_answer(&w, 80, PORT_OPEN, TREAT_IT);
	assert_int_equal(sweep_watch_look(&w, PORT_CLOSED, TREAT_IT), LOOK_WELL);
	assert_false(w.open);
}

static void what_was_cut_short_is_tried_again(void **state)
{
	struct plan *p = plan_of(1, 100);
	struct sweep_order o;
	struct sweep_host h = { 0 };
	unsigned seen[101] = { 0 };

	(void)state;
	assert_int_equal(sweep_order_make(p, &o), 0);
	for (unsigned turn = 0;; turn++) {
		uint16_t port = sweep_next(&h, &o);

		if (port == 0)
			break;
		if (turn % 3 == 1) {
			sweep_undo(&h, port);
			assert_true(sweep_left(&h, &o));
			continue;
		}
		seen[port]++;
		if (h.next == o.count && h.again_count == 0)
			sweep_hold(&h); /* a look is under way: not over yet */
		sweep_answer(&h, &o, PORT_CLOSED, 0, TREAT_IT);
	}
	for (unsigned port = 1; port <= 100; port++)
		assert_int_equal(seen[port], 1);
	assert_false(h.over);
	sweep_release(&h, &o);
	assert_true(sweep_finished(&h));
	assert_int_equal(h.state, HOST_ANSWERING);
	assert_false(h.cut);
	sweep_order_done(&o);
	free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ot_ports_come_first),
		cmocka_unit_test(every_port_of_an_answering_host_is_tried),
		cmocka_unit_test(an_absent_host_costs_one_port),
		cmocka_unit_test(a_silent_ot_host_is_left_early_an_it_host_not),
		cmocka_unit_test(a_host_open_everywhere_is_bounded),
		cmocka_unit_test(one_closed_port_clears_the_suspicion),
		cmocka_unit_test(it_is_not_finished_while_something_is_in_flight),
		cmocka_unit_test(silence_after_answers_asks_for_a_look),
		cmocka_unit_test(a_firewall_costs_fewer_and_fewer_looks),
		cmocka_unit_test(an_open_port_that_refuses_is_a_sign),
		cmocka_unit_test(what_was_cut_short_is_tried_again),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
