/* SPDX-License-Identifier: Apache-2.0 */
/* Bounded reader and writer, and text on its way into evidence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "codec/evidence.h"
#include "codec/limits.h"
#include "codec/reader.h"
#include "codec/writer.h"

static void reads_in_byte_order(void **state)
{
	static const uint8_t bytes[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
	struct reader r = rd_new(span_of(bytes, sizeof(bytes)));

	(void)state;
	assert_int_equal(rd_u8(&r), 0x01);
	assert_int_equal(rd_be16(&r), 0x0203);
	assert_int_equal(rd_be24(&r), 0x040506);
	assert_int_equal(rd_le32(&r), 0x0a090807);
	assert_int_equal(rd_le16(&r), 0x0c0b);
	assert_int_equal(rd_left(&r), 3);
	assert_false(rd_end(&r));
	rd_skip(&r, 3);
	assert_true(rd_end(&r));
}

static void failure_is_sticky(void **state)
{
	static const uint8_t bytes[] = { 0xff, 0xff, 0xff };
	struct reader r = rd_new(span_of(bytes, sizeof(bytes)));

	(void)state;
	assert_int_equal(rd_be32(&r), 0);
	assert_false(rd_ok(&r));
	assert_int_equal(rd_left(&r), 0);
	assert_int_equal(rd_u8(&r), 0);
	assert_int_equal(rd_span(&r, 1).length, 0);
	assert_non_null(rd_span(&r, 1).at);
	assert_false(rd_end(&r));
}

static void boundaries_of_spans(void **state)
{
	static const uint8_t bytes[4] = { 1, 2, 3, 4 };

	(void)state;
	for (size_t n = 0; n <= 6; n++) {
		struct reader r = rd_new(span_of(bytes, 4));
		struct span s = rd_span(&r, n);

		assert_int_equal(rd_ok(&r), n <= 4);
		assert_int_equal(s.length, n <= 4 ? n : 0);
	}
	struct reader huge = rd_new(span_of(bytes, 4));
	rd_skip(&huge, SIZE_MAX);
	assert_false(rd_ok(&huge));
	struct reader none = rd_new(span_of(NULL, 0));
	assert_true(rd_end(&none));
	assert_int_equal(rd_u8(&none), 0);
	assert_false(rd_ok(&none));
}

static void children_cannot_see_past_their_parent(void **state)
{
	static const uint8_t bytes[] = { 1, 2, 3, 4 };
	struct reader r = rd_new(span_of(bytes, sizeof(bytes)));
	struct reader child = rd_sub(&r, 2);

	(void)state;
	assert_int_equal(rd_be16(&child), 0x0102);
	assert_int_equal(rd_u8(&child), 0);
	assert_false(rd_ok(&child));
	assert_true(rd_ok(&r));
	assert_int_equal(rd_u8(&r), 3);
	struct reader orphan = rd_sub(&r, 2);
	assert_false(rd_ok(&orphan));
	assert_false(rd_ok(&r));
}

static void writes_in_byte_order(void **state)
{
	static const uint8_t expected[] = { 1, 2, 3, 0x06, 0x05, 0x04, 0x00, 'a', 'b', 0, 2, 9, 9 };
	uint8_t buffer[32];
	struct writer w = wr_new(buffer, sizeof(buffer));

	(void)state;
	wr_u8(&w, 1);
	wr_be16(&w, 0x0203);
	wr_le32(&w, 0x00040506);
	wr_text(&w, "ab");
	size_t place = wr_open16(&w);
	wr_fill(&w, 9, 2);
	wr_close16(&w, place);
	assert_true(wr_ok(&w));
	assert_int_equal(wr_span(&w).length, sizeof(expected));
	assert_memory_equal(buffer, expected, sizeof(expected));
}

static void a_full_writer_fails_for_good(void **state)
{
	uint8_t buffer[4];

	(void)state;
	for (size_t n = 0; n <= 5; n++) {
		struct writer w = wr_new(buffer, sizeof(buffer));

		wr_fill(&w, 1, n);
		assert_int_equal(wr_ok(&w), n <= 4);
		assert_int_equal(wr_span(&w).length, n <= 4 ? n : 0);
	}
	struct writer w = wr_new(buffer, sizeof(buffer));
	wr_be32(&w, 1);
	wr_u8(&w, 1);
	assert_false(wr_ok(&w));
	w.length = 0;
	wr_u8(&w, 1);
	assert_int_equal(wr_span(&w).length, 0);
}

static void a_length_that_does_not_fit_fails(void **state)
{
	uint8_t buffer[300];

	(void)state;
	for (size_t n = 254; n <= 256; n++) {
		struct writer w = wr_new(buffer, sizeof(buffer));
		size_t place = wr_open8(&w);

		wr_fill(&w, 0, n);
		wr_close8(&w, place);
		assert_int_equal(wr_ok(&w), n <= 255);
	}
}

static void cleaned(struct span s, const char *expected)
{
	json_t *text = clean_text(s);

	assert_string_equal(json_string_value(text), expected);
	json_decref(text);
}

static void text_is_cleaned(void **state)
{
	(void)state;
	cleaned(span_text("plain"), "plain");
	cleaned(span_text("\xe6\xb0\xb4\xe9\x81\x93"), "\xe6\xb0\xb4\xe9\x81\x93");
	cleaned(span_of("a\0b", 3), "a\\x00b");
	cleaned(span_text("\x1b[31m\r\n"), "\\x1b[31m\\x0d\\x0a");
	cleaned(span_text("\xff\xc0\x80"), "\\xff\\xc0\\x80");          /* no UTF-8, overlong */
	cleaned(span_text("\xed\xa0\x80"), "\\xed\\xa0\\x80");          /* a surrogate */
	cleaned(span_text("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80"); /* above U+10FFFF */
	cleaned(span_text("\xc2\x85"), "\\xc2\\x85");                   /* a C1 control */
	cleaned(span_of("\xe6\xb0", 2), "\\xe6\\xb0");                  /* cut in a character */
}

static void long_text_is_cut_and_marked(void **state)
{
	char text[TEXT_MAX + 2];

	(void)state;
	memset(text, 'x', sizeof(text));
	for (size_t n = TEXT_MAX - 1; n <= TEXT_MAX + 1; n++) {
		json_t *t = clean_text(span_of(text, n));
		size_t length = strlen(json_string_value(t));

		assert_int_equal(length, n <= TEXT_MAX ? n : TEXT_MAX + 3);
		assert_int_equal(strstr(json_string_value(t), "\xe2\x80\xa6") != NULL,
				 n > TEXT_MAX);
		json_decref(t);
	}
}

static void utf16_becomes_utf8(void **state)
{
	static const uint8_t text[] = { 'P', 0, 0x34, 0x6c, 0x3d, 0xd8, 0x00, 0xde, 0x00, 0xd8 };
	json_t *t = clean_utf16le(span_of(text, sizeof(text)));

	(void)state;
	/* P, U+6C34, U+1F600; the lone surrogate at the end is escaped. */
	assert_string_equal(json_string_value(t), "P\xe6\xb0\xb4\xf0\x9f\x98\x80\\xed\\xa0\\x80");
	json_decref(t);
}

static void lists_are_bounded(void **state)
{
	json_t *o = json_object();

	(void)state;
	for (int i = 0; i < LIST_MAX + 5; i++)
		list_int(note_list(o, "l"), i);
	assert_int_equal(json_array_size(json_object_get(o, "l")), LIST_MAX);
	assert_null(list_object(note_list(o, "l")));
	json_decref(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_in_byte_order),
		cmocka_unit_test(failure_is_sticky),
		cmocka_unit_test(boundaries_of_spans),
		cmocka_unit_test(children_cannot_see_past_their_parent),
		cmocka_unit_test(writes_in_byte_order),
		cmocka_unit_test(a_full_writer_fails_for_good),
		cmocka_unit_test(a_length_that_does_not_fit_fails),
		cmocka_unit_test(text_is_cleaned),
		cmocka_unit_test(long_text_is_cut_and_marked),
		cmocka_unit_test(utf16_becomes_utf8),
		cmocka_unit_test(lists_are_bounded),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
