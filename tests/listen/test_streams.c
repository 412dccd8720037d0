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

#include "listen/feed.h"

#define SECRET "PLANTED-SECRET-7f3a"
#define BASE64 "UExBTlRFRC1TRUNSRVQtN2YzYQ=="

struct line {
	enum side side;
	const char *text;
	size_t length; /* 0: up to its zero */
};

struct conversation {
	const char *name;
	uint16_t port;
	struct line lines[24];
	const char *expected[16];
};

#define C(text)                                     \
	{                                           \
		SIDE_CLIENT, text, sizeof(text) - 1 \
	}
#define S(text)                                     \
	{                                           \
		SIDE_SERVER, text, sizeof(text) - 1 \
	}
#define SERVER "192.0.2.2"
#define FROM " from 192.0.2.1: "

static const struct conversation conversations[] = {
#include "listen/conversations.h"
};

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
	assert_true(span_find(feed_raw(f), SECRET, strlen(SECRET)) < 0);
	assert_true(span_find(feed_raw(f), BASE64, 20) < 0);
}

static size_t length_of(const struct line *l)
{
	return l->length;
}

static void test_conversations(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(conversations); i++) {
		const struct conversation *v = &conversations[i];
		struct feed *f = feed_new(NULL, v->port);

		for (const struct line *l = v->lines; l->text != NULL; l++)
			feed_say(f, l->side, span_of(l->text, length_of(l)));
		expect(v, f, "as it stands");
		feed_free(f);
	}
}

static void test_byte_by_byte(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(conversations); i++) {
		const struct conversation *v = &conversations[i];
		struct feed *f = feed_new(NULL, v->port);

		for (const struct line *l = v->lines; l->text != NULL; l++)
			for (size_t b = 0; b < length_of(l); b++)
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
		if (at <= cut && cut < at + length_of(l)) {
			feed_say(f, l->side, span_of(l->text, cut - at));
			feed_gap(f, l->side);
			feed_say(f, l->side,
				 span_of(l->text + (cut - at), length_of(l) - (cut - at)));
		} else {
			feed_say(f, l->side, span_of(l->text, length_of(l)));
		}
		at += length_of(l);
	}
	if (span_find(feed_raw(f), SECRET, strlen(SECRET)) >= 0)
		fail_msg("%s, side %d, gap at %zu: the secret was told", v->name, side, cut);
	feed_free(f);
}

static void test_sides_and_gaps(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(conversations); i++) {
		size_t all = 0;

		for (const struct line *l = conversations[i].lines; l->text != NULL; l++)
			all += length_of(l);
		for (int side = -1; side <= 1; side++)
			for (size_t cut = 0; cut <= all; cut++)
				run_side(&conversations[i], side, cut);
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
