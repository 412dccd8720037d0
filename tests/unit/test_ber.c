/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "codec/ber.h"

static void lengths(void **state)
{
	static const struct {
		uint8_t bytes[10];
		size_t n;
		bool good;
		size_t length;
	} cases[] = {
		{ { 0x04, 0x00 }, 2, true, 0 },
		{ { 0x04, 0x01, 0xaa }, 3, true, 1 },
		{ { 0x04, 0x81, 0x01, 0xaa }, 4, true, 1 },
		{ { 0x04, 0x84, 0, 0, 0, 1, 0xaa }, 7, true, 1 },
		{ { 0x04, 0x85, 0, 0, 0, 0, 1, 0xaa }, 8, false, 0 }, /* five bytes of length */
		{ { 0x04, 0x80, 0x00, 0x00 }, 4, false, 0 },          /* indefinite */
		{ { 0x04, 0x02, 0xaa }, 3, false, 0 },
		{ { 0x04, 0x84, 0xff, 0xff, 0xff, 0xff }, 6, false, 0 },
		{ { 0x04, 0x82, 0x01 }, 3, false, 0 },
		{ { 0x04 }, 1, false, 0 },
		{ { 0x1f, 0x01, 0x00 }, 3, false, 0 }, /* a long tag */
		{ { 0 }, 0, false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		struct reader r = rd_new(span_of(cases[i].bytes, cases[i].n));
		struct ber e;

		assert_int_equal(ber_read(&r, &e), cases[i].good);
		assert_int_equal(rd_ok(&r), cases[i].good);
		if (cases[i].good) {
			assert_int_equal(e.value.length, cases[i].length);
			assert_true(rd_end(&r));
		}
	}
}

static void tags(void **state)
{
	static const uint8_t bytes[] = { 0x30, 0x03, 0x02, 0x01, 0x05, 0x04, 0x00 };
	struct reader r = rd_new(span_of(bytes, sizeof(bytes)));
	struct reader inner = ber_enter(&r, BER_SEQUENCE);

	(void)state;
	assert_int_equal(ber_take_uint(&inner, BER_INTEGER), 5);
	assert_true(rd_end(&inner));
	assert_false(ber_skip(&r, BER_SEQUENCE));
	assert_true(ber_skip(&r, BER_OCTETS));
	assert_false(ber_skip(&r, BER_OCTETS));
	assert_true(rd_end(&r));

	struct reader other = rd_new(span_of("\x31\0", 2));
	inner = ber_enter(&other, BER_SEQUENCE);
	assert_false(rd_ok(&other));
	assert_false(rd_ok(&inner));
	assert_int_equal(rd_left(&inner), 0);
}

static void integers(void **state)
{
	static const struct {
		uint8_t bytes[8];
		size_t n;
		bool good;
		uint32_t value;
	} cases[] = {
		{ { 2, 1, 0 }, 3, true, 0 },
		{ { 2, 1, 0x7f }, 3, true, 127 },
		{ { 2, 5, 0, 0xff, 0xff, 0xff, 0xff }, 7, true, UINT32_MAX },
		{ { 2, 5, 1, 0, 0, 0, 0 }, 7, false, 0 },
		{ { 2, 1, 0x80 }, 3, false, 0 },
		{ { 2, 0 }, 2, false, 0 },
		{ { 2, 6, 0, 0, 0, 0, 0, 1 }, 8, false, 0 },
		{ { 4, 1, 1 }, 3, false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		struct reader r = rd_new(span_of(cases[i].bytes, cases[i].n));

		assert_int_equal(ber_take_uint(&r, BER_INTEGER), cases[i].value);
		assert_int_equal(rd_ok(&r), cases[i].good);
	}
}

/* The shortest length for every size, read back; nested, so that the inner value moves twice. */
static void written(void **state)
{
	static const size_t sizes[] = { 0, 1, 127, 128, 255, 256, 65535, 65536 };
	static uint8_t buffer[65536 + 32];

	(void)state;
	for (size_t i = 0; i < countof(sizes); i++) {
		struct writer w = wr_new(buffer, sizeof(buffer));
		size_t outer = ber_open(&w, BER_SEQUENCE);
		size_t place = ber_open(&w, BER_OCTETS);

		wr_fill(&w, 0x5a, sizes[i]);
		ber_close(&w, place);
		ber_close(&w, outer);
		assert_true(wr_ok(&w));
		struct reader r = rd_new(wr_span(&w));
		struct reader inner = ber_enter(&r, BER_SEQUENCE);
		struct span value = ber_take(&inner, BER_OCTETS);
		assert_true(rd_end(&r));
		assert_true(rd_end(&inner));
		assert_int_equal(value.length, sizes[i]);
		for (size_t k = 0; k < value.length; k++)
			assert_int_equal(value.at[k], 0x5a);
	}
	struct writer w = wr_new(buffer, sizeof(buffer));
	size_t place = ber_open(&w, BER_OCTETS);
	wr_fill(&w, 0, 128);
	ber_close(&w, place);
	assert_int_equal(wr_span(&w).length, 131);
	assert_int_equal(buffer[1], 0x81);
	assert_int_equal(buffer[2], 128);
}

/* The longer length itself needs room: one byte less fails. */
static void no_room(void **state)
{
	uint8_t buffer[131];

	(void)state;
	for (size_t capacity = 130; capacity <= 131; capacity++) {
		struct writer w = wr_new(buffer, capacity);
		size_t place = ber_open(&w, BER_OCTETS);

		wr_fill(&w, 0, 128);
		ber_close(&w, place);
		assert_int_equal(wr_ok(&w), capacity == 131);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lengths), cmocka_unit_test(tags),    cmocka_unit_test(integers),
		cmocka_unit_test(written), cmocka_unit_test(no_room),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
