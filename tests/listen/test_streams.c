/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decoders of streams, on conversations written by hand after the specifications named in each decoder. Every
 * case is fed as it stands, byte by byte, and with each side alone; and no case's secret may be told in any
 * form. Recordings of real servers are tests/listen/NAME.pcap.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "listen/conversation.h"
#include "listen/feed.h"

#define BASE64 "UExBTlRFRC1TRUNSRVQtN2YzYQ=="

static void expect(const struct conversation *v, struct feed *f, const char *how)
{
	const json_t *facts = feed_facts(f);
	size_t n = 0;

	while (n < countof(v->expected) && v->expected[n] != NULL)
		n++;
	bool same = n == json_array_size(facts);
	for (size_t i = 0; same && i < n; i++) {
		bool found = false;

		for (size_t j = 0; j < n; j++)
			found |= strcmp(json_string_value(json_array_get(facts, j)),
					v->expected[i]) == 0;
		same = found;
	}
	if (!same) {
		char *text = json_dumps(facts, JSON_INDENT(1));

		print_message("%s, %s: told\n%s\n", v->name, how, text);
		free(text);
	}
	assert_true(same);
	assert_true(span_find(feed_raw(f), PLANTED_SECRET, strlen(PLANTED_SECRET)) < 0);
	assert_true(span_find(feed_raw(f), BASE64, 20) < 0);
}

static void test_conversations(void **state)
{
	(void)state;
	for (size_t i = 0; i < conversation_count; i++) {
		const struct conversation *v = &conversations[i];
		struct feed *f = feed_new(NULL, v->port);

		for (const struct line *l = v->lines; l->text != NULL; l++)
			feed_say(f, l->side, span_of(l->text, l->length));
		expect(v, f, "as it stands");
		feed_free(f);
	}
}

static void test_byte_by_byte(void **state)
{
	(void)state;
	for (size_t i = 0; i < conversation_count; i++) {
		const struct conversation *v = &conversations[i];
		struct feed *f = feed_new(NULL, v->port);

		for (const struct line *l = v->lines; l->text != NULL; l++)
			for (size_t b = 0; b < l->length; b++)
				feed_say(f, l->side, span_of(l->text + b, 1));
		expect(v, f, "byte by byte");
		feed_free(f);
	}
}

/* Nothing but the secret is asked of: what is told may be less. */
static void run_side(const struct conversation *v, int side, size_t cut)
{
	struct feed *f = feed_new(NULL, v->port);
	size_t at = 0;

	for (const struct line *l = v->lines; l->text != NULL; l++) {
		if (side >= 0 && (int)l->side != side)
			continue;
		if (at <= cut && cut < at + l->length) {
			feed_say(f, l->side, span_of(l->text, cut - at));
			feed_gap(f, l->side);
			feed_say(f, l->side, span_of(l->text + (cut - at), l->length - (cut - at)));
		} else {
			feed_say(f, l->side, span_of(l->text, l->length));
		}
		at += l->length;
	}
	if (span_find(feed_raw(f), PLANTED_SECRET, strlen(PLANTED_SECRET)) >= 0)
		fail_msg("%s, side %d, gap at %zu: the secret was told", v->name, side, cut);
	feed_free(f);
}

/* The capture begins, or goes on, in the middle of a conversation. */
static void run_rest(const struct conversation *v, int side, size_t cut)
{
	struct feed *f = feed_new(NULL, v->port);
	size_t at = 0;

	feed_gap(f, SIDE_CLIENT);
	feed_gap(f, SIDE_SERVER);
	for (const struct line *l = v->lines; l->text != NULL; l++) {
		size_t lost = at >= cut ? 0 : cut - at < l->length ? cut - at : l->length;

		at += l->length;
		if (side < 0 || (int)l->side == side)
			feed_say(f, l->side, span_of(l->text + lost, l->length - lost));
	}
	if (span_find(feed_raw(f), PLANTED_SECRET, strlen(PLANTED_SECRET)) >= 0)
		fail_msg("%s, side %d, from %zu: the secret was told", v->name, side, cut);
	feed_free(f);
}

static void test_sides_and_gaps(void **state)
{
	(void)state;
	for (size_t i = 0; i < conversation_count; i++) {
		size_t all = 0;

		for (const struct line *l = conversations[i].lines; l->text != NULL; l++)
			all += l->length;
		for (int side = -1; side <= 1; side++)
			for (size_t cut = 0; cut <= all; cut++)
				run_side(&conversations[i], side, cut);
		for (int side = -1; side <= 1; side++)
			for (size_t cut = 0; cut <= all; cut++)
				run_rest(&conversations[i], side, cut);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conversations),
		cmocka_unit_test(test_byte_by_byte),
		cmocka_unit_test(test_sides_and_gaps),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("streams", tests, NULL, NULL);
}
