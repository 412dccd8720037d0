/* SPDX-License-Identifier: Apache-2.0 */
/* Pace in virtual time: in every sliding second at most the rate, and over time not much less. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "talk/pace.h"

enum { SECONDS = 20, MS = SECONDS * 1000 };

/* Sends n packets whenever that is allowed; what was sent in each millisecond. */
static void send_greedily(unsigned rate, unsigned n, unsigned *sent)
{
	struct pace p;

	memset(sent, 0, MS * sizeof(*sent));
	pace_init(&p, rate, n, 0);
	for (int64_t ms = 0; ms < MS; ms++)
		while (pace_ready(&p, n, ms)) {
			pace_take(&p, (int)n);
			sent[ms] += n;
		}
}

static void no_sliding_second_exceeds_the_rate(void **state)
{
	static unsigned sent[MS];
	static const struct {
		unsigned rate, n;
	} cases[] = {
		{ 1000, 1 }, { 1000, 4 }, { 40, 4 }, { 40, 1 }, { 10, 4 }, { 10, 3 }, { 5, 4 }
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		unsigned window = 0, total = 0, worst = 0;

		send_greedily(cases[i].rate, cases[i].n, sent);
		for (int ms = 0; ms < MS; ms++) {
			window += sent[ms];
			total += sent[ms];
			if (ms >= 1000)
				window -= sent[ms - 1000];
			if (window > worst)
				worst = window;
		}
		assert_true(worst <= cases[i].rate);
		/* The burst is taken from the rate, so that the bound holds; half of it must flow. */
		if (cases[i].rate >= 40)
			assert_true(total >= cases[i].rate * SECONDS / 2);
		else
			assert_true(total >= SECONDS / 2);
	}
}

static void a_rate_below_the_reservation_still_flows(void **state)
{
	static unsigned sent[MS];
	unsigned total = 0;

	(void)state;
	send_greedily(1, 4, sent);
	for (int ms = 0; ms < MS; ms++)
		total += sent[ms];
	assert_true(total >= 4 && total <= SECONDS + 4);
}

static void zero_is_no_limit(void **state)
{
	struct pace p;

	(void)state;
	pace_init(&p, 0, 4, 0);
	for (int i = 0; i < 100000; i++) {
		assert_true(pace_ready(&p, 4, 0));
		pace_take(&p, 4);
	}
}

static void debt_delays_and_gifts_return(void **state)
{
	struct pace p;

	(void)state;
	pace_init(&p, 40, 4, 0);
	pace_take(&p, 40); /* the kernel sent more than was reserved */
	assert_false(pace_ready(&p, 1, 0));
	/* 40 a second with a burst of 8 refills 32: the debt of 32 and one packet take 1,032 ms. */
	assert_false(pace_ready(&p, 1, 1031));
	assert_true(pace_ready(&p, 1, 1032));
	pace_init(&p, 40, 4, 0);
	while (pace_ready(&p, 4, 0))
		pace_take(&p, 4);
	pace_take(&p, -3); /* a refused connection sent one packet only */
	pace_take(&p, -1);
	assert_true(pace_ready(&p, 4, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_sliding_second_exceeds_the_rate),
		cmocka_unit_test(a_rate_below_the_reservation_still_flows),
		cmocka_unit_test(zero_is_no_limit),
		cmocka_unit_test(debt_delays_and_gifts_return),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
