/* SPDX-License-Identifier: Apache-2.0 */
/* Versions and names as they are compared, and the same in SQL. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "codec/naming.h"
#include "codec/version.h"
#include "store/db.h"

enum { L = VERSION_LESS, S = VERSION_SAME, M = VERSION_MORE, U = VERSION_UNKNOWN };

static const struct {
	const char *a, *b;
	int order;
} orders[] = {
	{ "1.4.69", "1.4.69", S },
	{ "1.4.9", "1.4.69", L },
	{ "8.0.36", "8.0.4", M },
	{ "8.0.36", "8.1", L },
	{ "10.0.17763", "10.0.9600", M },
	{ "1.10", "1.9", M },
	{ "1.2", "1.2.0", S },
	{ "1.2", "1.2.0.0", S },
	{ "1.2", "1.2.1", L },
	{ "01.02", "1.2", S },
	{ "V2.1.3", "2.1.3", S },
	{ "v2.1.3", "V2.1.4", L },
	{ "Ver. 2.1", "version 2.2", L },
	{ "99999999999999999999999", "99999999999999999999998", M },
	/* letters of repairs */
	{ "9.2p1", "9.2", M },
	{ "9.2p1", "9.2p2", L },
	{ "9.2p1", "9.3p1", L },
	{ "9.10p1", "9.2p1", M },
	{ "1.0.2k", "1.0.2", M },
	{ "1.0.2k", "1.0.2u", L },
	{ "1.0.2zf", "1.0.2k", M },
	{ "1.0.2k", "1.0.3", L },
	{ "2.0-rc1", "2.0", L },
	{ "2.0-rc1", "2.0-rc2", L },
	{ "2.0-beta", "2.0-rc1", U },
	/* Cisco's trains: one train has an order, two have none */
	{ "15.2(4)E7", "15.2(4)E10", L },
	{ "15.2(4)E7", "15.2(3)E10", M },
	{ "15.2(4)E7", "15.2(4)M7", U },
	{ "15.2(4)E7", "15.2.4", U },
	/* packages: never, but for what is the same text */
	{ "2.4.58-1+deb12u1", "2.4.59", U },
	{ "2.4.58-1+deb", "2.4.58", U },
	{ "9.2p1 Debian-2+deb12u3", "9.3", U },
	{ "8.0-6.el8", "8.1", U },
	{ "1.18.0-6ubuntu14.4", "1.20", U },
	{ "2.4.58-1+deb12u1", "2.4.58-1+deb12u1", S },
	/* what nobody but the maker can order */
	{ "1.2.3-4", "1.2.3", U },
	{ "6.2.3-25426", "6.2.4-25554", L },
	{ "1.2 SP1", "1.2", U },
	{ "1.2b3", "1.2", U },
	{ "R9A", "R9B", U },
	{ "1.x", "1.2", U },
	{ "", "1.2", U },
	{ "1.2.", "1.2", U },
	{ "1..2", "1.2", U },
	{ "1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16.17", "1.2", U },
};

static void versions_have_an_order_or_none(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		int there = version_compare(orders[i].a, orders[i].b);
		int back = version_compare(orders[i].b, orders[i].a);
		int turned = orders[i].order == L ? M : orders[i].order == M ? L : orders[i].order;

		if (there != orders[i].order || back != turned)
			fail_msg("'%s' and '%s': %d and %d, not %d", orders[i].a, orders[i].b,
				 there, back, orders[i].order);
	}
}

static const struct {
	const char *version, *range;
	int within;
} withins[] = {
	{ "1.10", "<1.11", 1 },
	{ "1.11", "<1.11", 0 },
	{ "1.11", "<=1.11", 1 },
	{ "1.12", "<1.11", 0 },
	{ "3.0", "*", 1 },
	{ "anything", "*", 1 },
	{ "1.5", ">=1.0,<2.0", 1 },
	{ "0.9", ">=1.0,<2.0", 0 },
	{ "2.0", ">=1.0,<2.0", 0 },
	{ "3.1", ">=1.0,<2.0|=3.1", 1 },
	{ "2.5", ">=1.0,<2.0|=3.1", 0 },
	{ "1.5", ">=1.0,<2.0,!=1.5", 0 },
	{ "1.6", ">=1.0,<2.0,!=1.5", 1 },
	/* One that only begins like the other. */
	{ "1.2", "<1.2.5", -1 },
	{ "1.2.3", "<=1.2", -1 },
	{ "1.2.3", "=1.2", -1 },
	{ "1.2.3", "<1.2", 0 },
	{ "1.2.3", ">=1.2", 1 },
	{ "1.2", ">=1.2.5", -1 },
	{ "1.2.0", "=1.2", 1 },
	/* No beats unknown where both must hold, yes where one is enough. */
	{ "0.9", ">=1.0,<2.0beta", 0 },
	{ "1.5", ">=1.0,<1.5q7", -1 },
	{ "1.5", "<1.5q7|=1.5", 1 },
	{ "1.4", "<1.5q7|=1.5", 1 },
	{ "2.4.58-1+deb12u1", "<2.4.59", -1 },
	{ "", "<1", -1 },
	{ "1", "", -1 },
	{ "1", "1", -1 },
	{ "1", "<1,", -1 },
	{ "1", "|<2", -1 },
};

static void a_version_is_within_or_not_or_nobody_knows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(withins) / sizeof(withins[0]); i++) {
		int r = version_within(withins[i].version, withins[i].range);

		if (r != withins[i].within)
			fail_msg("'%s' in '%s': %d, not %d", withins[i].version, withins[i].range,
				 r, withins[i].within);
	}
}

static const struct {
	const char *text, *range; /* NULL: not understood */
} ranges[] = {
	{ "vers:all/*", "*" },
	{ "All versions", "*" },
	{ "all versions", "*" },
	{ " * ", "*" },
	{ "vers:all/<V1.2.3", "<V1.2.3" },
	{ "vers:generic/>=1.0|<2.0|>=3.0|<3.1", ">=1.0,<2.0|>=3.0,<3.1" },
	{ "vers:all/>=V1.0<V2.0", ">=V1.0,<V2.0" },
	{ "vers:npm/1.2.3|1.2.5", "=1.2.3|=1.2.5" },
	{ "vers:generic/>=1.0|!=1.5|<2.0", ">=1.0,<2.0,!=1.5" },
	{ "vers:generic/>=1.0|<2.0|!=2.5", ">=1.0,<2.0,!=2.5" },
	{ "vers:generic/1.0%2B1", NULL },
	{ "vers:generic", NULL },
	{ "< V9.9.9", "<V9.9.9" },
	{ "<= 1.2", "<=1.2" },
	{ "<=1.2 ", "<=1.2" },
	{ ">= 1.0 | <= 1.9", ">=1.0,<=1.9" },
	{ ">= V1.0 < V2.0", ">=V1.0,<V2.0" },
	{ ">= V1.0 and < V2.0", ">=V1.0,<V2.0" },
	{ "> V1.0 < V2.0", ">V1.0,<V2.0" },
	{ ">= 2.0 | < 1.0", NULL }, /* nothing lies between */
	{ "0 < 8.0.1", ">=0,<8.0.1" },
	{ "< 1.20.5 | < 1.18.9", NULL },
	{ ">=V8.3", ">=V8.3" },
	{ "All versions < V2.0", "<V2.0" },
	{ "Versions prior to 1.2", "<1.2" },
	{ "versions before 1.2", "<1.2" },
	{ "1.2 and prior", "<=1.2" },
	{ "1.2 or earlier", "<=1.2" },
	{ "1.2 and later", ">=1.2" },
	{ "1.2 and below", "<=1.2" },
	{ "7.1.3", "=7.1.3" },
	{ "9.1 | 9.2", "=9.1|=9.2" },
	{ "<= 15.2(4)E7", "<=15.2(4)E7" },
	/* what names more than a version */
	{ "< V7 SP2 Update 3", NULL },
	{ "All boot versions < V1.0", NULL },
	{ "<=serial_numbers_that_begin_with_417", NULL },
	{ "< V2.X.5", NULL },
	{ "1.x", NULL },
	{ "1.2.*", NULL },
	{ "<=rom_03", NULL },
	{ "All versions with two ports", NULL },
	{ "All versions <= V2.1.0 and Board Revision (BR) <= 4", NULL },
	{ "< 3.2 (boot 1.07)", NULL },
	{ "<May/7/2099", NULL },
	{ "2.4.58-1+deb12u1", NULL },
	{ "1.2 - 1.5", NULL },
	{ "<", NULL },
	{ "<=", NULL },
	{ "", NULL },
	{ "|", NULL },
	{ "1.2,", NULL },
	{ "=>1.2", NULL },
};

static void ranges_are_read_or_left(void **state)
{
	char out[VERSION_RANGE_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		bool read = version_range_read(ranges[i].text, out, sizeof(out));

		if (read != (ranges[i].range != NULL) ||
		    (read && strcmp(out, ranges[i].range) != 0))
			fail_msg("'%s' becomes '%s'", ranges[i].text, read ? out : "nothing");
	}
	/* No room for all of it: nothing. */
	assert_false(version_range_read("vers:x/1.1|1.2|1.3|1.4", out, 12));
	assert_true(version_range_read("1.2", out, 6));
	assert_false(version_range_read("1.2", out, 4));
}

static void a_version_is_of_a_cycle(void **state)
{
	static const struct {
		const char *version, *cycle;
		int of;
	} rows[] = {
		{ "1.18.0", "1.18", 1 },
		{ "1.18.0", "1.1", 0 },
		{ "1.18", "1.18", 1 },
		{ "1.18", "1.18.0", -1 },
		{ "10", "10", 1 },
		{ "10.2", "10", 1 },
		{ "2.4.58-1+deb12u1", "2.4", 1 },
		{ "9.2p1", "9.2", 1 },
		{ "V2.1.3", "2.1", 1 },
		{ "2.1", "11-24h2-w", 0 },
		{ "x", "1", -1 },
		{ "11", "11-24h2-w", -1 },
		{ "1.2", "", -1 },
		{ "1", "1.2", -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int r = version_of_cycle(rows[i].version, rows[i].cycle);

		if (r != rows[i].of)
			fail_msg("'%s' of '%s': %d", rows[i].version, rows[i].cycle, r);
	}
}

static void expect_key(char *(*make)(const char *), const char *name, const char *key)
{
	char *made = make(name);

	assert_non_null(made);
	if (strcmp(made, key) != 0)
		fail_msg("'%s' becomes '%s', not '%s'", name, made, key);
	free(made);
}

static void names_are_the_same_however_they_are_written(void **state)
{
	static const struct {
		const char *name, *key;
	} names[] = {
		{ "NPort W2150A", "nport w2150a" },
		{ "  NPort\t W2150A ", "nport w2150a" },
		{ "ＮＰｏｒｔ　Ｗ２１５０Ａ", "nport w2150a" },
		{ "MELSEC iQ-R®", "melsec iq-r" },
		{ "A-1", "a-1" },
		{ "三菱電機", "三菱電機" },
		{ "", "" },
		{ "\xff\xfe", "\xff\xfe" },
	};
	static const struct {
		const char *name, *key;
	} makers[] = {
		{ "Moxa Inc.", "moxa" },
		{ "MOXA", "moxa" },
		{ "Ricoh Company, Ltd.", "ricoh" },
		{ "Mitsubishi Electric Corporation", "mitsubishi electric" },
		{ "Dahua Technology Co., Ltd", "dahua technology" },
		{ "三菱電機株式会社", "三菱電機" },
		{ "株式会社リコー", "リコー" },
		{ "（株）リコー", "リコー" },
		{ "㈱ キーエンス", "キーエンス" },
		{ "PHOENIX CONTACT GmbH & Co. KG", "phoenix contact" },
		{ "Phoenix Contact", "phoenix contact" },
		/* An ending is a word of its own, and something is left. */
		{ "Visa", "visa" },
		{ "Inc.", "inc." },
		{ "株式会社", "株式会社" },
		{ "Co., Ltd.", "co." },
		{ "HP Inc", "hp" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		expect_key(name_key, names[i].name, names[i].key);
	for (size_t i = 0; i < sizeof(makers) / sizeof(makers[0]); i++)
		expect_key(vendor_key, makers[i].name, makers[i].key);
}

static void sql_asks_the_same(void **state)
{
	static const struct {
		const char *sql;
		int64_t value; /* -9: NULL */
	} rows[] = {
		{ "SELECT version_compare('9.2p1', '9.3p1')", -1 },
		{ "SELECT version_compare('1.2', '1.2.0')", 0 },
		{ "SELECT version_compare('2.4.58-1+deb', '2.4.59')", -9 },
		{ "SELECT version_compare(NULL, '1')", -9 },
		{ "SELECT version_within('1.10', '<1.11')", 1 },
		{ "SELECT version_within('1.12', '<1.11')", 0 },
		{ "SELECT version_within('x', '<1.11')", -9 },
		{ "SELECT version_within('1', NULL)", -9 },
		{ "SELECT version_of_cycle('1.18.0', '1.18')", 1 },
		{ "SELECT version_of_cycle('1.18.0', '1.20')", 0 },
		{ "SELECT version_of_cycle('1', '1.20')", -9 },
		{ "SELECT name_key('ＭＸ　1') = 'mx 1' AND name_key(NULL) IS NULL", 1 },
		{ "SELECT vendor_key('株式会社リコー') = 'リコー' AND vendor_key(NULL) IS NULL",
		  1 },
	};
	struct db *db = NULL;

	(void)state;
	assert_int_equal(db_open(":memory:", DB_CREATE, &db), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t n = 0;

		assert_int_equal(db_number(db, rows[i].sql, -9, &n), 0);
		if (n != rows[i].value)
			fail_msg("%s: %lld", rows[i].sql, (long long)n);
	}
	db_free(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(versions_have_an_order_or_none),
		cmocka_unit_test(a_version_is_within_or_not_or_nobody_knows),
		cmocka_unit_test(ranges_are_read_or_left),
		cmocka_unit_test(a_version_is_of_a_cycle),
		cmocka_unit_test(names_are_the_same_however_they_are_written),
		cmocka_unit_test(sql_asks_the_same),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
