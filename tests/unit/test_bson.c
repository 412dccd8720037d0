/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "codec/bson.h"
#include "codec/writer.h"

/* An element of each type that bsonspec.org lists, with what a reader makes of it. */
static const struct {
	const char *bytes; /* behind the type and the name */
	size_t n;
	uint8_t type;
	size_t value; /* bytes of it */
	bool number;
	int64_t is;
} elements[] = {
	{ "\0\0\0\0\0\0\xf0\x3f", 8, 0x01, 8, true, 1 },
	{ "\0\0\0\0\0\0\xf8\xff", 8, 0x01, 8, false, 0 }, /* no number */
	{ "\3\0\0\0hi", 7, 0x02, 2, false, 0 },
	{ "\5\0\0\0", 5, 0x03, 5, false, 0 },
	{ "\5\0\0\0", 5, 0x04, 5, false, 0 },
	{ "\2\0\0\0\0ab", 7, 0x05, 2, false, 0 },
	{ "", 0, 0x06, 0, false, 0 },
	{ "0123456789ab", 12, 0x07, 12, false, 0 },
	{ "\1", 1, 0x08, 1, true, 1 },
	{ "\0\0\0\0\0\0\0", 8, 0x09, 8, false, 0 },
	{ "", 0, 0x0a, 0, false, 0 },
	{ "a\0i", 4, 0x0b, 1, false, 0 },
	{ "\2\0\0\0x\0"
	  "0123456789ab",
	  18, 0x0c, 12, false, 0 },
	{ "\1\0\0\0", 5, 0x0d, 0, false, 0 },
	{ "\1\0\0\0", 5, 0x0e, 0, false, 0 },
	{ "\x0e\0\0\0\1\0\0\0\0\5\0\0\0", 14, 0x0f, 14, false, 0 },
	{ "\xff\xff\xff\xff", 4, 0x10, 4, true, -1 },
	{ "\0\0\0\0\0\0\0", 8, 0x11, 8, false, 0 },
	{ "\0\0\0\0\1\0\0\0", 8, 0x12, 8, true, (int64_t)1 << 32 },
	{ "0123456789abcdef", 16, 0x13, 16, false, 0 },
	{ "", 0, 0x7f, 0, false, 0 },
	{ "", 0, 0xff, 0, false, 0 },
};

/* Names are "a", "b", ...; the length can be given wrong by some bytes. */
static struct span written(uint8_t *buffer, size_t capacity, int wrong)
{
	struct writer body = wr_new(buffer + 4, capacity - 4), w = wr_new(buffer, 4);

	for (size_t i = 0; i < countof(elements); i++) {
		wr_u8(&body, elements[i].type);
		wr_u8(&body, (uint8_t)('a' + i));
		wr_u8(&body, 0);
		wr_bytes(&body, elements[i].bytes, elements[i].n);
	}
	wr_u8(&body, 0);
	assert_true(wr_ok(&body));
	wr_le32(&w, (uint32_t)(4 + (int)body.length + wrong));
	return span_of(buffer, 4 + body.length);
}

static void every_type(void **state)
{
	uint8_t buffer[512];
	struct span document = written(buffer, sizeof(buffer), 0);
	struct reader r = bson_enter(document);
	struct bson e;

	(void)state;
	for (size_t i = 0; i < countof(elements); i++) {
		int64_t n = 0;

		assert_true(bson_next(&r, &e));
		assert_int_equal(e.type, elements[i].type);
		assert_int_equal(e.name.at[0], 'a' + i);
		assert_int_equal(e.value.length, elements[i].value);
		assert_int_equal(bson_number(&e, &n), elements[i].number);
		assert_int_equal(n, elements[i].is);
	}
	assert_false(bson_next(&r, &e));
	assert_true(rd_end(&r));
	assert_true(bson_find(document, "q", &e));
	assert_int_equal(e.type, BSON_INT32);
	assert_false(bson_find(document, "qq", &e));
}

/* A document that ends early is read to an error, whatever its length says. */
static void cut(void **state)
{
	uint8_t buffer[512];
	size_t whole = written(buffer, sizeof(buffer), 0).length;

	(void)state;
	for (size_t n = 0; n < whole; n++) {
		uint8_t *copy = malloc(n > 0 ? n : 1);
		struct bson e;

		assert_non_null(copy);
		memcpy(copy, buffer, n);
		assert_int_equal(bson_length(span_of(copy, n)), 0);
		struct reader r = bson_enter(span_of(copy, n));
		assert_false(rd_ok(&r));
		if (n >= 5) { /* and with a length that fits */
			struct writer w = wr_new(copy, 4);

			wr_le32(&w, (uint32_t)n);
			copy[n - 1] = 0;
			r = bson_enter(span_of(copy, n));
			while (bson_next(&r, &e))
				;
			assert_true(rd_left(&r) == 0);
		}
		free(copy);
	}
}

static void lengths(void **state)
{
	static const struct {
		uint8_t bytes[12];
		size_t n;
	} broken[] = {
		{ { 4, 0, 0, 0 }, 4 },                    /* shorter than the smallest */
		{ { 5, 0, 0, 0, 1 }, 5 },                 /* ends in no zero */
		{ { 0xff, 0xff, 0xff, 0xff, 0 }, 5 },     /* longer than what is there */
		{ { 8, 0, 0, 0, 0x08, 'a', 'b', 0 }, 8 }, /* a name without end */
		{ { 8, 0, 0, 0, 0x20, 'a', 0, 0 }, 8 },   /* a type that is none */
		{ { 12, 0, 0, 0, 0x02, 'a', 0, 0, 0, 0, 0, 0 }, 12 }, /* a text without its zero */
		{ { 12, 0, 0, 0, 0x03, 'a', 0, 4, 0, 0, 0, 0 }, 12 }, /* a document of 4 bytes */
		{ { 12, 0, 0, 0, 0x03, 'a', 0, 5, 0, 0, 0, 0 },
		  12 }, /* one that leaves its parent */
	};
	uint8_t buffer[512];

	(void)state;
	for (size_t i = 0; i < countof(broken); i++) {
		struct reader r = bson_enter(span_of(broken[i].bytes, broken[i].n));
		struct bson e;

		assert_false(bson_next(&r, &e));
		assert_false(rd_ok(&r));
	}
	for (int wrong = -1; wrong <= 1; wrong += 2) {
		struct reader r = bson_enter(written(buffer, sizeof(buffer), wrong));

		assert_false(rd_ok(&r));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_type),
		cmocka_unit_test(cut),
		cmocka_unit_test(lengths),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
