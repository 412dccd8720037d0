/* SPDX-License-Identifier: Apache-2.0 */
/* The line of progress: rates, the estimate, what fits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "commands/progress.h"

static void nothing_is_known_at_first(void **state)
{
	struct progress p;
	struct progress_count c = { .total_hosts = 100 };
	char line[PROGRESS_TEXT];

	(void)state;
	progress_begin(&p, 5000);
	progress_line(&p, &c, NULL, 5000, line);
	assert_string_equal(line, "0/100 hosts, 0 ports/s, 0 packets/s, 0 open (0 notable), 0 "
				  "conversations, -- left");
	assert_int_equal(progress_left_s(&p, &c, 60000), -1); /* none is done yet */
	c.hosts = 50;
	assert_int_equal(progress_left_s(&p, &c, 6000), -1); /* a second says nothing */
	c.hosts = 100;
	assert_int_equal(progress_left_s(&p, &c, 60000), -1); /* conversations go on */
}

static void the_estimate_goes_on_as_it_went(void **state)
{
	struct progress p;
	struct progress_count c = { .hosts = 25, .total_hosts = 100 };

	(void)state;
	progress_begin(&p, 0);
	assert_int_equal(progress_left_s(&p, &c, 10000), 30);
	/* An hour of waiting for a window says nothing of the work. */
	for (int64_t t = 1000; t <= 3600 * 1000; t += 1000)
		progress_pass(&p, &c, true, t);
	assert_int_equal(progress_left_s(&p, &c, 3600 * 1000), -1);
	assert_int_equal(progress_left_s(&p, &c, 3610 * 1000), 30);
}

static void rates_are_of_the_last_seconds(void **state)
{
	struct progress p;
	struct progress_count c = { .total_hosts = 1000 };
	char line[PROGRESS_TEXT];

	(void)state;
	progress_begin(&p, 0);
	for (int64_t t = 250; t <= 60000; t += 250) {
		/* Slow for half a minute, then ten times as fast. */
		c.tried += t <= 30000 ? 5 : 50;
		c.packets += t <= 30000 ? 20 : 200;
		progress_pass(&p, &c, false, t);
	}
	progress_line(&p, &c, NULL, 60000, line);
	assert_non_null(strstr(line, ", 200 ports/s, 800 packets/s, "));
	/* What the kernel did not send after all is given back: never below nothing. */
	c.packets -= 5000;
	progress_line(&p, &c, "paused: zone 'a' opens", 60000, line);
	assert_non_null(strstr(line, " 0 packets/s, "));
	assert_non_null(strstr(line, "conversations, paused: zone 'a' opens"));
}

static void text_is_cut_between_characters(void **state)
{
	static const struct {
		const char *text, *cut;
		size_t columns;
	} cases[] = {
		{ "abc", "abc", 3 },
		{ "abc", "ab", 2 },
		{ "abc", "", 0 },
		{ "\xe5\x8f\xb0\xe6\x9c\xaa", "\xe5\x8f\xb0", 3 }, /* two columns each */
		{ "\xe5\x8f\xb0\xe6\x9c\xaa", "\xe5\x8f\xb0\xe6\x9c\xaa", 4 },
		{ "\xe5\x8f\xb0", "", 1 },
		{ "a\xe5\x8f", "a", 10 }, /* broken */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[32];

		snprintf(text, sizeof(text), "%s", cases[i].text);
		progress_cut(text, cases[i].columns);
		assert_string_equal(text, cases[i].cut);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_known_at_first),
		cmocka_unit_test(the_estimate_goes_on_as_it_went),
		cmocka_unit_test(rates_are_of_the_last_seconds),
		cmocka_unit_test(text_is_cut_between_characters),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
