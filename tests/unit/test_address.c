/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses, sets of them, and sets of ports. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "codec/address.h"

/* Adds each word of a blank-separated list. */
static struct ranges set_of(const char *words)
{
	struct ranges set = { 0 };
	char word[128];

	while (*words != '\0') {
		size_t n = strcspn(words, " ");

		memcpy(word, words, n);
		word[n] = '\0';
		assert_int_equal(ranges_parse(&set, word), 0);
		words += n + (words[n] == ' ');
	}
	return set;
}

static void assert_set(struct ranges *set, const char *expected)
{
	char *text = ranges_text(set);

	assert_string_equal(text, expected);
	free(text);
}

static void test_parse(void **state)
{
	static const struct {
		const char *text, *expected;
		int result;
	} cases[] = {
		{ "192.0.2.1", "192.0.2.1", 0 },
		{ "192.0.2.77/24", "192.0.2.0/24", 0 },
		{ "0.0.0.0/0", "0.0.0.0/0", 0 },
		{ "10.0.0.1-20", "10.0.0.1-10.0.0.20", 0 },
		{ "10.0.0.0-255", "10.0.0.0/24", 0 },
		{ "10.0.0.1-10.0.1.9", "10.0.0.1-10.0.1.9", 0 },
		{ "10.0.0-1.1-2", "10.0.0.1-10.0.0.2,10.0.1.1-10.0.1.2", 0 },
		{ "10.0.0-1.0-255", "10.0.0.0/23", 0 },
		{ "10.0.*.*", "10.0.0.0/16", 0 },
		{ "10.0.0.1,3,5-6", "10.0.0.1,10.0.0.3,10.0.0.5-10.0.0.6", 0 },
		{ "10.0.0.250-", "10.0.0.250-10.0.0.255", 0 },
		{ "10.0.0.-1", "10.0.0.0/31", 0 },
		{ "0-255.0-255.0-255.0-255", "0.0.0.0/0", 0 },
		{ "2001:db8::1", "2001:db8::1", 0 },
		{ "[2001:db8::1]", "2001:db8::1", 0 },
		{ "2001:db8::/120", "2001:db8::/120", 0 },
		{ "2001:db8::/96", "2001:db8::/96", 0 },
		{ "2001:db8::1-2001:db8::9", "2001:db8::1-2001:db8::9", 0 },
		{ "::ffff:192.0.2.1", "192.0.2.1", 0 },
		{ "2001:db8::/95", NULL, -E2BIG },
		{ "::/0", NULL, -E2BIG },
		{ "1-254.1-254.1-254.1-254", NULL, -E2BIG },
		{ "10.0-255.0-254.1", "x", 0 }, /* 65,280 pieces: the last size that is taken */
		{ "10-11.0-255.0-255.1", NULL, -E2BIG },
		{ "", NULL, -EINVAL },
		{ "192.0.2", NULL, -EINVAL },
		{ "192.0.2.256", NULL, -EINVAL },
		{ "192.0.2.1.1", NULL, -EINVAL },
		{ "192.0.2.01", NULL, -EINVAL },
		{ "192.0.2.1/33", NULL, -EINVAL },
		{ "192.0.2.1/", NULL, -EINVAL },
		{ "192.0.2.1/-1", NULL, -EINVAL },
		{ "192.0.2.1/24x", NULL, -EINVAL },
		{ "2001:db8::/129", NULL, -EINVAL },
		{ "10.0.0.20-1", NULL, -EINVAL },
		{ "10.0.1.1-10.0.0.1", NULL, -EINVAL },
		{ "10.0.0.1-2001:db8::1", NULL, -EINVAL },
		{ "10.0.0.1-300", NULL, -EINVAL },
		{ "10.0.0.1,", NULL, -EINVAL },
		{ "10.0.0.1--2", NULL, -EINVAL },
		{ "10..0.1", NULL, -EINVAL },
		{ "fe80::1%no-such-interface", NULL, -EINVAL },
		{ "192.0.2.1%1", NULL, -EINVAL },
	};
	(void)state;

	for (size_t i = 0; i < countof(cases); i++) {
		struct ranges set = { 0 };
		int e = ranges_parse(&set, cases[i].text);

		if (e != cases[i].result)
			fail_msg("'%s' gives %d", cases[i].text, e);
		if (e != 0)
			assert_int_equal(set.count, 0);
		else if (cases[i].expected[0] != 'x')
			assert_set(&set, cases[i].expected);
		ranges_done(&set);
	}
}

static void test_strict(void **state)
{
	struct ranges set = { 0 };
	(void)state;

	assert_int_equal(ranges_parse_network(&set, "192.0.2.1/24", true), -EINVAL);
	assert_int_equal(ranges_parse_network(&set, "192.0.2.0-20", true), -EINVAL);
	assert_int_equal(set.count, 0);
	assert_int_equal(ranges_parse_network(&set, "192.0.2.0/24", true), 0);
	assert_set(&set, "192.0.2.0/24");
	ranges_done(&set);
	/* IPv4 lives within ::/0; nobody who writes ::/0 means it. */
	struct addr v4;
	assert_int_equal(ranges_parse_network(&set, "::/0", false), 0);
	assert_int_equal(addr_parse("192.0.2.1", &v4), 0);
	assert_false(ranges_contain(&set, &v4));
	assert_int_equal(set.count, 2);
	assert_true(ranges_count(&set) == UINT64_MAX);
	ranges_done(&set);
}

static void test_add(void **state)
{
	(void)state;
	static const struct {
		const char *words, *expected;
		uint64_t count;
	} cases[] = {
		{ "10.0.0.5 10.0.0.1 10.0.0.3", "10.0.0.1,10.0.0.3,10.0.0.5", 3 },
		{ "10.0.0.1 10.0.0.2", "10.0.0.1-10.0.0.2", 2 },
		{ "10.0.0.2 10.0.0.1 10.0.0.0 10.0.0.3", "10.0.0.0/30", 4 },
		{ "10.0.0.1-10 10.0.0.5-20", "10.0.0.1-10.0.0.20", 20 },
		{ "10.0.0.5-6 10.0.0.1-20", "10.0.0.1-10.0.0.20", 20 },
		{ "10.0.0.1-3 10.0.0.7-9 10.0.0.2-8", "10.0.0.1-10.0.0.9", 9 },
		{ "10.0.0.1-3 10.0.0.5-7 10.0.0.9 10.0.0.0/24", "10.0.0.0/24", 256 },
		{ "0.0.0.0 255.255.255.255", "0.0.0.0,255.255.255.255", 2 },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ::",
		  "::,ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 2 },
	};

	for (size_t i = 0; i < countof(cases); i++) {
		struct ranges set = set_of(cases[i].words);

		assert_set(&set, cases[i].expected);
		assert_true(ranges_count(&set) == cases[i].count);
		ranges_done(&set);
	}
}

static void test_subtract(void **state)
{
	(void)state;
	static const struct {
		const char *from, *what, *rest;
	} cases[] = {
		{ "10.0.0.0/24", "", "10.0.0.0/24" },
		{ "", "10.0.0.0/24", "" },
		{ "10.0.0.0/24", "10.0.0.0/24", "" },
		{ "10.0.0.0/24", "10.0.0.0/8", "" },
		{ "10.0.0.0-9", "10.0.0.0", "10.0.0.1-10.0.0.9" },
		{ "10.0.0.0-9", "10.0.0.9", "10.0.0.0-10.0.0.8" },
		{ "10.0.0.0-9", "10.0.0.5", "10.0.0.0-10.0.0.4,10.0.0.6-10.0.0.9" },
		{ "10.0.0.0-9", "10.0.0.4-5", "10.0.0.0/30,10.0.0.6-10.0.0.9" },
		{ "10.0.0.1 10.0.0.3 10.0.0.5", "10.0.0.2-4", "10.0.0.1,10.0.0.5" },
		{ "10.0.0.1-3 10.0.0.5-7", "10.0.0.3-5", "10.0.0.1-10.0.0.2,10.0.0.6/31" },
		{ "10.0.0.1-3 10.0.0.5-7", "10.0.0.4", "10.0.0.1-10.0.0.3,10.0.0.5-10.0.0.7" },
		{ "10.0.0.1", "10.0.0.2", "10.0.0.1" },
	};

	for (size_t i = 0; i < countof(cases); i++) {
		struct ranges set = set_of(cases[i].from), what = set_of(cases[i].what);

		assert_int_equal(ranges_subtract(&set, &what), 0);
		assert_set(&set, cases[i].rest);
		ranges_done(&set);
		ranges_done(&what);
	}
}

/* Every operation against sets of bytes of one /24, by a fixed seed. */
static void test_against_bits(void **state)
{
	uint32_t seed = 2463534242;
	(void)state;

	for (unsigned round = 0; round < 200; round++) {
		bool bits[2][256] = { { false } };
		struct ranges sets[2] = { { 0 } }, common = { 0 };

		for (unsigned i = 0; i < 40; i++) {
			struct range r = { 0 };

			seed ^= seed << 13;
			seed ^= seed >> 17;
			seed ^= seed << 5;
			unsigned which = seed & 1, first = seed >> 8 & 0xff, n = seed >> 16 & 7;
			unsigned last = first + n > 255 ? 255 : first + n;
			assert_int_equal(addr_parse("192.0.2.0", &r.first), 0);
			r.last = r.first;
			r.first.bytes[15] = (uint8_t)first;
			r.last.bytes[15] = (uint8_t)last;
			assert_int_equal(ranges_add(&sets[which], &r), 0);
			memset(bits[which] + first, true, last - first + 1);
		}
		assert_int_equal(ranges_common(&sets[0], &sets[1], &common), 0);
		assert_int_equal(ranges_subtract(&sets[0], &sets[1]), 0);
		uint64_t index = 0, place;
		struct ranges_index x;

		assert_int_equal(ranges_index_make(&sets[1], &x), 0);
		for (unsigned b = 0; b < 256; b++) {
			struct addr a;

			assert_int_equal(addr_parse("192.0.2.0", &a), 0);
			a.bytes[15] = (uint8_t)b;
			assert_int_equal(ranges_contain(&sets[1], &a), bits[1][b]);
			assert_int_equal(ranges_contain(&common, &a), bits[0][b] && bits[1][b]);
			assert_int_equal(ranges_contain(&sets[0], &a), bits[0][b] && !bits[1][b]);
			assert_int_equal(ranges_index_of(&x, &a, &place), bits[1][b]);
			if (bits[1][b]) {
				struct addr at = ranges_at(&sets[1], index);
				struct addr same = ranges_index_at(&x, index);

				assert_int_equal(addr_compare(&at, &a), 0);
				assert_int_equal(addr_compare(&same, &a), 0);
				assert_true(place == index++);
			}
		}
		ranges_index_done(&x);
		assert_true(ranges_count(&sets[1]) == index);
		ranges_done(&sets[0]);
		ranges_done(&sets[1]);
		ranges_done(&common);
	}
}

/* An exclusion without an interface holds on every interface, one with it on that alone. */
static void test_scopes(void **state)
{
	struct ranges set = { 0 }, what = { 0 };
	struct addr a;
	(void)state;

	set = set_of("fe80::1%1 fe80::2%1 fe80::1%7");
	what = set_of("fe80::1");
	assert_int_equal(addr_parse("fe80::1%7", &a), 0);
	assert_true(ranges_contain(&what, &a));
	assert_int_equal(ranges_subtract(&set, &what), 0);
	assert_true(ranges_count(&set) == 1);
	assert_false(ranges_contain(&set, &a));
	ranges_done(&set);
	ranges_done(&what);
	set = set_of("fe80::1%1 fe80::1%7");
	what = set_of("fe80::1%1");
	assert_int_equal(ranges_subtract(&set, &what), 0);
	assert_true(ranges_contain(&set, &a));
	assert_true(ranges_count(&set) == 1);
	a.scope = 0;
	assert_false(ranges_contain(&set, &a));
	ranges_done(&set);
	ranges_done(&what);
}

/* Where the last look-up ended decides nothing but how long the next one takes. */
static void test_index_scopes(void **state)
{
	static const struct {
		const char *text;
		uint64_t index;
		bool held;
	} cases[] = {
		{ "fe80::5", 4, true },    { "fe80::5%2", 4, true },  { "fe80::5%1", 16, true },
		{ "fe80::5%7", 23, true }, { "fe80::9%7", 8, true },  { "fe80::13%1", 0, false },
		{ "10.0.0.1", 0, false },  { "fe80::f%1", 14, true }, { "fe80::10%7", 0, false },
	};
	struct ranges set = set_of("fe80::1-fe80::f fe80::4%1-fe80::7%1 fe80::1%7-fe80::7%7");
	struct ranges_index x;
	(void)state;

	assert_int_equal(ranges_index_make(&set, &x), 0);
	assert_true(x.count == ranges_count(&set));
	for (size_t first = 0; first <= set.count; first++)
		for (size_t i = 0; i < countof(cases); i++) {
			struct addr a;
			uint64_t index = 0;
			size_t place = first;

			assert_int_equal(addr_parse(cases[i].text, &a), 0);
			assert_int_equal(ranges_find(&set, &a, &place), cases[i].held);
			assert_int_equal(ranges_contain(&set, &a), cases[i].held);
			x.last = first < set.count ? first : 0;
			assert_int_equal(ranges_index_of(&x, &a, &index), cases[i].held);
			if (!cases[i].held)
				continue;
			struct addr at = ranges_index_at(&x, index);

			assert_memory_equal(at.bytes, a.bytes, sizeof(a.bytes));
			assert_int_equal(index, cases[i].index);
		}
	struct addr behind = ranges_index_at(&x, x.count);
	assert_true(addr_is_unusable(&behind));
	ranges_index_done(&x);
	ranges_done(&set);
}

static void test_public(void **state)
{
	static const struct {
		const char *text;
		bool public, unusable, loopback;
	} cases[] = {
		{ "9.255.255.255", true, false, false },
		{ "10.0.0.0", false, false, false },
		{ "10.255.255.255", false, false, false },
		{ "11.0.0.0", true, false, false },
		{ "172.15.255.255", true, false, false },
		{ "172.16.0.0", false, false, false },
		{ "172.31.255.255", false, false, false },
		{ "172.32.0.0", true, false, false },
		{ "192.168.0.0", false, false, false },
		{ "192.169.0.0", true, false, false },
		{ "100.63.255.255", true, false, false },
		{ "100.64.0.0", false, false, false },
		{ "100.127.255.255", false, false, false },
		{ "100.128.0.0", true, false, false },
		{ "169.254.1.1", false, false, false },
		{ "192.0.2.1", true, false, false },
		{ "127.0.0.1", false, false, true },
		{ "127.255.255.255", false, false, true },
		{ "128.0.0.0", true, false, false },
		{ "::1", false, false, true },
		{ "::2", true, false, false },
		{ "fe80::1", false, false, false },
		{ "febf::1", false, false, false },
		{ "fec0::1", true, false, false },
		{ "fc00::1", false, false, false },
		{ "fdff::1", false, false, false },
		{ "fe00::1", true, false, false },
		{ "2001:db8::1", true, false, false },
		{ "0.0.0.0", true, true, false },
		{ "0.255.255.255", true, true, false },
		{ "224.0.0.0", true, true, false },
		{ "239.255.255.255", true, true, false },
		{ "223.255.255.255", true, false, false },
		{ "255.255.255.255", true, true, false },
		{ "::", true, true, false },
		{ "ff02::1", true, true, false },
	};
	struct ranges inside = { 0 }, unusable = { 0 };
	(void)state;

	assert_int_equal(ranges_add_not_public(&inside), 0);
	assert_int_equal(ranges_add_unusable(&unusable), 0);
	for (size_t i = 0; i < countof(cases); i++) {
		struct addr a;

		assert_int_equal(addr_parse(cases[i].text, &a), 0);
		if (addr_is_public(&a) != cases[i].public ||
		    addr_is_unusable(&a) != cases[i].unusable ||
		    addr_is_loopback(&a) != cases[i].loopback ||
		    ranges_contain(&inside, &a) == cases[i].public ||
		    ranges_contain(&unusable, &a) != cases[i].unusable)
			fail_msg("%s", cases[i].text);
	}
	ranges_done(&inside);
	ranges_done(&unusable);
}

static bool only_web(void *context, struct span name, bool udp, struct ports *set)
{
	(void)context;
	if (!span_is(name, "web") || udp)
		return false;
	ports_put(set->tcp, 80);
	return true;
}

static void test_ports(void **state)
{
	static const struct {
		const char *text, *tcp, *udp, *bad;
	} cases[] = {
		{ "22", "22", "", NULL },
		{ "443,22,80", "22,80,443", "", NULL },
		{ "1000-1002,1004", "1000-1002,1004", "", NULL },
		{ "-", "1-65535", "", NULL },
		{ "-3", "1-3", "", NULL },
		{ "65534-", "65534,65535", "", NULL },
		{ "1,65535", "1,65535", "", NULL },
		{ "U:53,123,T:22", "22", "53,123", NULL },
		{ "22,u:53", "22", "53", NULL },
		{ "web,22", "22,80", "", NULL },
		{ " 22 , 23 ", "22,23", "", NULL },
		{ "0", NULL, NULL, "0" },
		{ "0-5", NULL, NULL, "0-5" },
		{ "65536", NULL, NULL, "65536" },
		{ "99999999999999999999", NULL, NULL, "99999999999999999999" },
		{ "20-10", NULL, NULL, "20-10" },
		{ "22,,23", NULL, NULL, "" },
		{ "", NULL, NULL, "" },
		{ "22,", NULL, NULL, "" },
		{ "22x", NULL, NULL, "22x" },
		{ "1-2-3", NULL, NULL, "1-2-3" },
		{ "22,nonsense", NULL, NULL, "nonsense" },
		{ "U:web", NULL, NULL, "U:web" },
		{ "S:22", NULL, NULL, "S:22" },
	};
	(void)state;

	for (size_t i = 0; i < countof(cases); i++) {
		struct ports *p = calloc(1, sizeof(*p));
		struct span bad = { 0 };

		assert_non_null(p);
		int e = ports_parse(p, cases[i].text, only_web, NULL, &bad);
		if ((e != 0) != (cases[i].bad != NULL))
			fail_msg("'%s' gives %d", cases[i].text, e);
		if (e == 0) {
			char *tcp = ports_text(p->tcp), *udp = ports_text(p->udp);

			assert_string_equal(tcp, cases[i].tcp);
			assert_string_equal(udp, cases[i].udp);
			free(tcp);
			free(udp);
		} else if (!span_is(bad, cases[i].bad)) {
			fail_msg("'%s' blames '%.*s'", cases[i].text, (int)bad.length, bad.at);
		}
		free(p);
	}
	struct ports *all = calloc(1, sizeof(*all));
	assert_non_null(all);
	assert_int_equal(ports_parse(all, "-", NULL, NULL, NULL), 0);
	assert_int_equal(ports_count(all->tcp), 65535);
	assert_false(ports_has(all->tcp, 0));
	free(all);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),        cmocka_unit_test(test_strict),
		cmocka_unit_test(test_add),          cmocka_unit_test(test_subtract),
		cmocka_unit_test(test_against_bits), cmocka_unit_test(test_scopes),
		cmocka_unit_test(test_index_scopes), cmocka_unit_test(test_public),
		cmocka_unit_test(test_ports),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}
