/* SPDX-License-Identifier: Apache-2.0 */
/* The secret order of targets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "wire/order.h"
#include "codec/span.h"

static const uint8_t keys[][ORDER_KEY] = {
	{ 0 },
	{ 1 },
	{ [15] = 0x80 },
	{ 0xde, 0xad, 0xbe, 0xef, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 },
};

static void every_value_once_and_back(void **state)
{
	static const uint64_t sizes[] = { 0, 1, 2, 3, 4, 5, 255, 256, 257, 65536, 1000003 };

	(void)state;
	for (size_t k = 0; k < countof(keys); k++) {
		for (size_t s = 0; s < countof(sizes); s++) {
			uint8_t *seen = calloc(1, sizes[s] + 1);
			struct order o;

			order_init(&o, sizes[s], keys[k]);
			for (uint64_t i = 0; i < sizes[s]; i++) {
				uint64_t v = order_at(&o, i);

				assert_true(v < sizes[s]);
				assert_int_equal(seen[v], 0);
				seen[v] = 1;
				assert_true(order_place(&o, v) == i);
			}
			free(seen);
		}
	}
}

static void large_sizes_come_back(void **state)
{
	static const uint64_t sizes[] = { 1U << 24, (uint64_t)65536 * 16777216,
					  ((uint64_t)1 << 61) + 1, (uint64_t)1 << 62 };

	(void)state;
	for (size_t s = 0; s < countof(sizes); s++) {
		struct order o;

		order_init(&o, sizes[s], keys[3]);
		for (uint64_t i = 0; i < 20000; i++) {
			uint64_t at = i % 2 == 0 ? i : sizes[s] - i, v = order_at(&o, at);

			assert_true(v < sizes[s]);
			assert_true(order_place(&o, v) == at);
		}
	}
}

static void the_key_makes_the_order(void **state)
{
	(void)state;
	for (size_t a = 0; a < countof(keys); a++) {
		for (size_t b = 0; b < countof(keys); b++) {
			unsigned same = 0;
			struct order x, y;

			order_init(&x, 65536, keys[a]);
			order_init(&y, 65536, keys[b]);
			for (uint64_t i = 0; i < 65536; i++)
				same += order_at(&x, i) == order_at(&y, i);
			/* Two unrelated orders meet at one place on average. */
			if (a == b)
				assert_int_equal(same, 65536);
			else
				assert_in_range(same, 0, 12);
		}
	}
}

/* How many of the 256 networks /24 of a /16 get less than a quarter or more than three times of
 * their share in one of 16 stretches of 4096 probes; and how often two neighbours in the order are
 * of one network. */
struct unevenness {
	unsigned networks, neighbours;
};

typedef uint64_t placed(const struct order *o, uint64_t i);

static struct unevenness unevenness_of(placed *at, const struct order *o)
{
	struct unevenness u = { 0 };
	uint64_t before = UINT64_MAX;

	for (uint64_t from = 0; from < 65536; from += 4096) {
		unsigned count[256] = { 0 };

		for (uint64_t i = from; i < from + 4096; i++) {
			uint64_t network = at(o, i) >> 8;

			count[network]++;
			u.neighbours += network == before;
			before = network;
		}
		for (size_t n = 0; n < 256; n++)
			u.networks += count[n] < 4 || count[n] > 48;
	}
	return u;
}

static uint64_t not_at_all(const struct order *o, uint64_t i)
{
	(void)o;
	return i;
}

static uint64_t by_constant(const struct order *o, uint64_t i)
{
	(void)o;
	return i * 257 % 65536;
}

static uint64_t by_short_steps(const struct order *o, uint64_t i)
{
	(void)o;
	return i * 5 % 65536;
}

static void load_spreads_over_networks(void **state)
{
	(void)state;
	for (size_t k = 0; k < countof(keys); k++) {
		struct order o;

		order_init(&o, 65536, keys[k]);
		struct unevenness u = unevenness_of(order_at, &o);
		assert_in_range(u.networks, 0, 8);       /* of 4096; 16 +- 4 each */
		assert_in_range(u.neighbours, 150, 360); /* 256 +- 16 */
	}
	/* The measure sees the bad ones. */
	assert_true(unevenness_of(not_at_all, NULL).networks > 3000);
	assert_true(unevenness_of(by_short_steps, NULL).neighbours > 360);
	assert_int_equal(unevenness_of(by_constant, NULL).neighbours, 0);
}

/* A step between neighbours that repeats would show in the network. */
static void steps_do_not_repeat(void **state)
{
	struct order o;
	uint16_t *count = calloc(65536, sizeof(*count));

	(void)state;
	order_init(&o, 65536, keys[1]);
	for (uint64_t i = 1; i < 65536; i++) {
		uint64_t step = (order_at(&o, i) - order_at(&o, i - 1)) & 0xffff;

		assert_in_range(++count[step], 1, 16); /* one each on average */
	}
	free(count);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_value_once_and_back),
		cmocka_unit_test(large_sizes_come_back),
		cmocka_unit_test(the_key_makes_the_order),
		cmocka_unit_test(load_spreads_over_networks),
		cmocka_unit_test(steps_do_not_repeat),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
