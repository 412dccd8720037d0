/* SPDX-License-Identifier: Apache-2.0 */
/* Who the neighbours are, and what may be sent to them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "reach/neighbours.h"

static const char site_text[] =
	"site: neighbours\n"
	"timezone: UTC\n"
	"authorisation: {by: lab, reference: L-1, from: 2026-01-01, until: 2099-12-31, contact: "
	"lab}\n"
	"exclude: [192.0.2.9]\n"
	"routers: [192.0.2.254]\n"
	"gateways:\n"
	"  - {name: far, address: 192.0.2.253, networks: [10.9.0.0/16]}\n"
	"zones:\n"
	"  - {name: office, kind: it, networks: [192.0.2.0/25, 192.0.2.240/28],\n"
	"     passive_only: [192.0.2.8]}\n"
	"  - {name: plant, kind: ot, networks: [192.0.2.128/26]}\n"
	"  - {name: odd, kind: unassigned, networks: [192.0.2.192/28]}\n"
	"  - {name: quiet, kind: it, networks: [192.0.2.208/28], risk: listen}\n"
	"  - {name: night, kind: it, networks: [192.0.2.224/28], window: \"Sun 02:00-04:00\"}\n";
/* Monday, 2026-11-30 12:00 UTC; Sunday before it, 03:00. */
enum { MONDAY = 1796040000, SUNDAY = 1795921200 };

static struct site site;
static struct interface here;

static struct addr at(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, &a), 0);
	if (a.bytes[0] == 0xfe)
		a.scope = here.index;
	return a;
}

static void add(struct ranges *set, const char *text)
{
	struct range r;

	assert_int_equal(range_parse(text, false, &r), 0);
	if (r.first.bytes[0] == 0xfe)
		r.first.scope = r.last.scope = here.index;
	assert_int_equal(ranges_add(set, &r), 0);
}

static int set_up(void **state)
{
	struct file_text text = { strdup(site_text), sizeof(site_text) - 1 };
	struct complaints c = { 0 };

	(void)state;
	if (site_again("site.yaml", &(struct site_texts){ .site = &text }, &site, &c) != 0)
		fail_msg("the site file is not read");
	free(text.text);
	here = (struct interface){
		.index = 7, .up = true, .ethernet = true, .mac = { 2, 0, 0, 0, 0, 1 }
	};
	add(&here.networks, "192.0.2.0/24");
	add(&here.networks, "fe80::/64");
	add(&here.own, "192.0.2.1");
	add(&here.own, "fe80::1");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	ranges_done(&here.networks);
	ranges_done(&here.own);
	site_done(&site);
	return 0;
}

struct row {
	const char *address;
	uint8_t mac; /* its last byte */
	bool ot, announces;
};

static struct neighbours made(const struct row *rows, size_t n, int64_t now)
{
	struct neighbour_known known[400] = { 0 };
	struct neighbours all;

	assert_true(n <= 400);
	for (size_t i = 0; i < n; i++) {
		known[i] = (struct neighbour_known){ .address = at(rows[i].address),
						     .mac = { 2, 0, 0, 0, 1, rows[i].mac },
						     .ot = rows[i].ot,
						     .announces = rows[i].announces };
	}
	assert_int_equal(neighbours_make(&site, &here, 1, known, n, now, &all), 0);
	return all;
}

/* One machine of these addresses. */
static void expect(const struct row *rows, size_t n, enum neighbour_care care, const char *why)
{
	struct neighbours all = made(rows, n, MONDAY);

	assert_int_equal(all.count, 1);
	assert_int_equal(all.list[0].care, care);
	if (why == NULL)
		assert_null(all.list[0].why);
	else
		assert_string_equal(all.list[0].why, why);
	neighbours_done(&all);
}

static void what_may_be_sent(void **state)
{
	static const struct {
		enum neighbour_care care;
		const char *why;
		struct row rows[3];
	} cases[] = {
		{ NEIGHBOUR_FULL, NULL, { { .address = "192.0.2.7", .mac = 1 } } },
		{ NEIGHBOUR_FULL, NULL, { { .address = "192.0.2.10", .mac = 1 } } },
		{ NEIGHBOUR_LEFT, "excluded", { { .address = "192.0.2.9", .mac = 1 } } },
		{ NEIGHBOUR_LEFT, "passive only", { { .address = "192.0.2.8", .mac = 1 } } },
		{ NEIGHBOUR_FULL, NULL, { { .address = "192.0.2.127", .mac = 1 } } },
		{ NEIGHBOUR_ONE, "control equipment", { { .address = "192.0.2.128", .mac = 1 } } },
		{ NEIGHBOUR_ONE, "control equipment", { { .address = "192.0.2.191", .mac = 1 } } },
		{ NEIGHBOUR_ONE,
		  "its zone is not assigned",
		  { { .address = "192.0.2.192", .mac = 1 } } },
		{ NEIGHBOUR_LEFT,
		  "the zone is only listened to",
		  { { .address = "192.0.2.208", .mac = 1 } } },
		{ NEIGHBOUR_LEFT,
		  "outside the window",
		  { { .address = "192.0.2.224", .mac = 1 } } },
		{ NEIGHBOUR_ONE,
		  "control equipment",
		  { { .address = "192.0.2.7", .mac = 1, .ot = true } } },
		/* The strictest of its addresses counts, whatever their order. */
		{ NEIGHBOUR_LEFT,
		  "passive only",
		  { { .address = "192.0.2.7", .mac = 1 }, { .address = "192.0.2.8", .mac = 1 } } },
		{ NEIGHBOUR_LEFT,
		  "passive only",
		  { { .address = "192.0.2.8", .mac = 1 },
		    { .address = "192.0.2.130", .mac = 1 } } },
		{ NEIGHBOUR_ONE,
		  "control equipment",
		  { { .address = "192.0.2.7", .mac = 1 },
		    { .address = "192.0.2.130", .mac = 1 } } },
		{ NEIGHBOUR_ONE,
		  "control equipment",
		  { { .address = "192.0.2.130", .mac = 1 },
		    { .address = "192.0.2.7", .mac = 1 } } },
		{ NEIGHBOUR_FULL,
		  NULL,
		  { { .address = "192.0.2.7", .mac = 1 }, { .address = "fe80::7", .mac = 1 } } },
	};

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		size_t n = 0;

		while (n < 3 && cases[i].rows[n].address != NULL)
			n++;
		expect(cases[i].rows, n, cases[i].care, cases[i].why);
	}
}

static void windows_open(void **state)
{
	static const struct row night[] = { { .address = "192.0.2.224", .mac = 1 } };
	struct neighbours all = made(night, 1, SUNDAY);

	(void)state;
	assert_int_equal(all.list[0].care, NEIGHBOUR_FULL);
	neighbours_done(&all);
}

/* Of whom nothing but a link-local address is known could be the device that must get nothing. */
static void nobody_knows_who_it_is(void **state)
{
	static const struct row rows[] = {
		{ .address = "fe80::2:7", .mac = 1 },
		{ .address = "192.0.2.8", .mac = 2 },
		{ .address = "192.0.2.9", .mac = 3 },
	};
	struct neighbours all = made(rows, 3, MONDAY);

	(void)state;
	assert_int_equal(all.count, 3);
	assert_int_equal(all.list[2].care, NEIGHBOUR_ONE);
	assert_string_equal(all.list[2].why, "its zone is not assigned");
	neighbours_done(&all);
	all = made(rows, 2, MONDAY);
	assert_int_equal(all.list[1].care, NEIGHBOUR_LEFT);
	assert_string_equal(all.list[1].why, "could be a device that is excluded or passive only");
	neighbours_done(&all);
}

static void who_is_passed_over(void **state)
{
	static const struct row rows[] = { { .address = "192.0.2.1", .mac = 1 },
					   { .address = "198.51.100.1", .mac = 2 },
					   { .address = "192.0.2.7", .mac = 3 },
					   { .address = "192.0.2.254", .mac = 4 },
					   { .address = "192.0.2.253", .mac = 5 },
					   { .address = "fe80::3", .mac = 3, .announces = true } };
	struct neighbour_known odd[3] = { { .address = at("192.0.2.20"), .mac = { 0x33, 0x33 } },
					  { .address = at("192.0.2.21") },
					  { .address = at("192.0.2.22"),
					    .mac = { 2, 0, 0, 0, 0, 1 } } };
	struct neighbours all = made(rows, 6, MONDAY);

	(void)state;
	assert_int_equal(all.count, 3);
	assert_int_equal(all.list[0].mac[5], 3);
	assert_int_equal(all.list[0].address_count, 2);
	assert_true(all.list[0].announces);
	assert_false(all.list[0].declared);
	assert_string_equal(all.list[0].zone, "office");
	assert_true(all.list[1].declared); /* as gateway */
	assert_true(all.list[2].declared); /* as router */
	assert_false(all.list[1].announces);
	neighbours_done(&all);
	/* Groups, nobody and ourselves. */
	assert_int_equal(neighbours_make(&site, &here, 1, odd, 3, MONDAY, &all), 0);
	assert_int_equal(all.count, 0);
	neighbours_done(&all);
	/* Interfaces that lead nowhere that is declared. */
	struct interface down = here, other = here;
	down.up = false;
	other.own = other.networks = (struct ranges){ 0 };
	add(&other.own, "198.51.100.9");
	add(&other.networks, "198.51.100.0/24");
	assert_true(neighbours_interface(&site, &here));
	assert_false(neighbours_interface(&site, &down));
	assert_false(neighbours_interface(&site, &other));
	ranges_done(&other.own);
	ranges_done(&other.networks);
}

static void there_is_a_bound(void **state)
{
	static char names[300][24];
	static struct row rows[300];
	struct neighbours all;

	(void)state;
	for (unsigned i = 0; i < 300; i++) {
		snprintf(names[i], sizeof(names[i]), "fe80::1:%x", i);
		rows[i] = (struct row){ .address = names[i], .mac = 9 };
	}
	/* Many addresses of one machine. */
	all = made(rows, 300, MONDAY);
	assert_int_equal(all.count, 1);
	assert_int_equal(all.list[0].address_count, NEIGHBOUR_ADDRESSES);
	neighbours_done(&all);
	/* Many machines. */
	struct neighbour_known known[300] = { 0 };
	for (unsigned i = 0; i < 300; i++) {
		known[i].address = at(names[i]);
		memcpy(known[i].mac, (uint8_t[]){ 2, 0, 0, 1, (uint8_t)(i >> 8), (uint8_t)i }, 6);
	}
	assert_int_equal(neighbours_make(&site, &here, 1, known, 300, MONDAY, &all), 0);
	assert_int_equal(all.count, NEIGHBOURS_MOST);
	assert_int_equal(all.left_off, 300 - NEIGHBOURS_MOST);
	neighbours_done(&all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_may_be_sent),       cmocka_unit_test(windows_open),
		cmocka_unit_test(nobody_knows_who_it_is), cmocka_unit_test(who_is_passed_over),
		cmocka_unit_test(there_is_a_bound),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
