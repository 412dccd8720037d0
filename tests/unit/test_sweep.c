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
	while (sweep_next(h, &o).port != 0) {
		tried++;
		sweep_answer(h, &o, false, s, no_host, t);
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
	while (sweep_next(&h, &o).port != 0)
		sweep_answer(&h, &o, false, tried++ == 30 ? PORT_CLOSED : PORT_OPEN, 0, TREAT_IT);
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
		assert_int_not_equal(sweep_next(&h, &o).port, 0);
	assert_int_equal(sweep_next(&h, &o).port, 0);
	sweep_answer(&h, &o, false, PORT_OPEN, 0, TREAT_IT);
	sweep_answer(&h, &o, false, PORT_CLOSED, 0, TREAT_IT);
	assert_false(sweep_finished(&h));
	sweep_answer(&h, &o, false, PORT_CLOSED, 0, TREAT_IT);
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
		struct sweep_port port = sweep_next(&h, &o);

		if (port.port == 0)
			break;
		if (turn % 3 == 1) {
			sweep_undo(&h, port);
			assert_true(sweep_left(&h, &o));
			continue;
		}
		seen[port.port]++;
		if (h.next == o.count && h.again_count == 0)
			sweep_hold(&h); /* a look is under way: not over yet */
		sweep_answer(&h, &o, false, PORT_CLOSED, 0, TREAT_IT);
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

/* ---- UDP ---- */

enum { TCP_PORTS = 3, UDP_PORTS = 2 };

/* TCP 1 to 3, and two ports that have a question; 9 has none. */
static struct plan *plan_with_udp(void)
{
	struct plan *p = plan_of(1, TCP_PORTS);

	ports_put(p->ports.udp, 53);
	ports_put(p->ports.udp, 9);
	ports_put(p->ports.udp, 161);
	return p;
}

static void udp_is_asked_once_the_answers_by_tcp_are_in(void **state)
{
	struct plan *p = plan_with_udp();
	struct sweep_order o;
	struct sweep_host h = { .asks_udp = true }, other = { 0 };

	(void)state;
	assert_int_equal(sweep_order_make(p, &o), 0);
	assert_int_equal(o.udp_count, UDP_PORTS);
	assert_int_equal(sweep_planned(&h, &o), TCP_PORTS + UDP_PORTS);
	assert_int_equal(sweep_planned(&other, &o), TCP_PORTS);
	for (int i = 0; i < TCP_PORTS; i++)
		assert_false(sweep_next(&h, &o).udp);
	for (int i = 0; i < TCP_PORTS; i++) {
		assert_int_equal(sweep_next(&h, &o).port, 0);
		assert_true(sweep_left(&h, &o));
		sweep_answer(&h, &o, false, PORT_CLOSED, 0, TREAT_IT);
	}
	struct sweep_port first = sweep_next(&h, &o), second = sweep_next(&h, &o);
	assert_true(first.udp && first.port == 53 && second.udp && second.port == 161);
	sweep_undo(&h, second);
	assert_int_equal(sweep_next(&h, &o).port, 161);
	assert_int_equal(sweep_next(&h, &o).port, 0);
	sweep_answer(&h, &o, true, PORT_OPEN, 0, TREAT_IT);
	assert_false(h.over);
	sweep_answer(&h, &o, true, PORT_SILENT, 0, TREAT_IT);
	assert_true(sweep_finished(&h));
	assert_int_equal(h.count[PORT_OPEN] + h.count[PORT_SILENT], 0); /* those of TCP alone */
	sweep_order_done(&o);
	free(p);
}

/* The answer to the only TCP port makes it a controller, or the sign comes while UDP waits. */
static void control_equipment_is_not_asked_by_udp(void **state)
{
	struct plan *p = plan_with_udp();
	struct sweep_order o;

	(void)state;
	assert_int_equal(sweep_order_make(p, &o), 0);
	for (int asked = 0; asked <= UDP_PORTS; asked++) {
		struct sweep_host h = { .asks_udp = true };

		for (int i = 0; i < TCP_PORTS; i++) {
			sweep_next(&h, &o);
			sweep_answer(&h, &o, false, PORT_CLOSED, 0, TREAT_IT);
		}
		for (int i = 0; i < asked; i++)
			assert_true(sweep_next(&h, &o).udp);
		if (asked == 1)
			sweep_undo(&h, (struct sweep_port){ 53, true });
		sweep_leave_udp(&h, &o);
		assert_int_equal(sweep_next(&h, &o).port, 0);
		assert_int_equal(sweep_finished(&h), asked < UDP_PORTS);
		for (int i = 0; i < asked && !h.over; i++)
			sweep_answer(&h, &o, true, PORT_SILENT, 0, TREAT_OT);
		assert_true(sweep_finished(&h));
		assert_int_equal(h.state, HOST_ANSWERING);
	}
	sweep_order_done(&o);
	free(p);
}

/* A host that nothing but port unreachable shows; one that stays silent; one that was asked before. */
static void what_udp_says_of_a_host(void **state)
{
	static const struct {
		enum port_state state;
		enum host_state host;
	} rows[] = {
		{ PORT_CLOSED, HOST_ANSWERING },
		{ PORT_OPEN, HOST_ANSWERING },
		{ PORT_FILTERED, HOST_SILENT },
		{ PORT_SILENT, HOST_SILENT },
	};
	struct plan *p = plan_with_udp();
	struct sweep_order o;
	struct ports tried = { 0 };

	(void)state;
	assert_int_equal(sweep_order_make(p, &o), 0);
	for (size_t i = 0; i < countof(rows); i++) {
		struct sweep_host h = { .asks_udp = true };
		struct sweep_port port;

		while ((port = sweep_next(&h, &o)).port != 0)
			sweep_answer(&h, &o, port.udp, port.udp ? rows[i].state : PORT_SILENT, 0,
				     TREAT_IT);
		assert_true(sweep_finished(&h));
		assert_int_equal(h.state, rows[i].host);
		assert_int_equal(h.count[PORT_SILENT], TCP_PORTS);
	}
	for (uint16_t port = 1; port <= TCP_PORTS; port++)
		ports_put(tried.tcp, port);
	ports_put(tried.udp, 53);
	struct sweep_host again = {
		.asks_udp = true, .tried = &tried, .in_flight = TCP_PORTS + 1, .udp_in_flight = 1
	};
	for (int i = 0; i < TCP_PORTS; i++)
		sweep_answer(&again, &o, false, PORT_SILENT, 0, TREAT_IT);
	sweep_answer(&again, &o, true, PORT_OPEN, 0, TREAT_IT);
	assert_false(again.over);
	assert_int_equal(sweep_next(&again, &o).port, 161);
	sweep_answer(&again, &o, true, PORT_SILENT, 0, TREAT_IT);
	assert_true(sweep_finished(&again));
	assert_int_equal(again.state, HOST_ANSWERING);
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
		cmocka_unit_test(udp_is_asked_once_the_answers_by_tcp_are_in),
		cmocka_unit_test(control_equipment_is_not_asked_by_udp),
		cmocka_unit_test(what_udp_says_of_a_host),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
