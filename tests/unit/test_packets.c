/* SPDX-License-Identifier: Apache-2.0 */
/* The gate of the packets process: which addresses a frame may ever be sent to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <string.h>

#include "talk/packets_parts.h"

struct bench {
	struct plan plan;
	struct zone zones[4];
	struct routes routes;
	struct packets_setup setup;
	struct packets packets;
};

static void add(struct ranges *set, const char *text)
{
	assert_int_equal(ranges_parse(set, text), 0);
}

/* Straight into the plan, also what plan_make() would never let through. */
static void prepare(struct bench *b, const char *const *targets)
{
	memset(b, 0, sizeof(*b));
	assert_int_equal(site_default(&b->plan.site), 0);
	for (; *targets != NULL; targets++)
		add(&b->plan.targets, *targets);
	b->plan.site.zones = b->zones;
	b->plan.ad_hoc_kind = ZONE_IT;
	b->setup.plan = &b->plan;
	b->setup.routes = &b->routes;
	b->packets.setup = &b->setup;
}

static struct zone *zone(struct bench *b, enum zone_kind kind, const char *networks)
{
	struct zone *z = &b->zones[b->plan.site.zone_count++];

	*z = (struct zone){ .kind = kind, .risk = SITE_READ };
	add(&z->networks, networks);
	return z;
}

static void done(struct bench *b)
{
	for (size_t i = 0; i < b->plan.site.zone_count; i++) {
		ranges_done(&b->zones[i].networks);
		ranges_done(&b->zones[i].passive_only);
	}
	b->plan.site.zones = NULL;
	b->plan.site.zone_count = 0;
	packets_gate_done(&b->packets);
	plan_done(&b->plan);
}

static struct addr at(const char *text, uint32_t scope)
{
	struct addr a;

	assert_int_equal(addr_parse(text, &a), 0);
	a.scope = scope;
	return a;
}

/* In both orders of asking, since the gate remembers where it looked last. */
static void expect(struct bench *b, const char *text, bool found, bool frames)
{
	struct addr a = at(text, 0);

	if (packets_gate(&b->packets, &a) != found ||
	    packets_gate_frames(&b->packets, &a) != frames)
		fail_msg("%s: %s, %s", text, found ? "refused" : "let through",
			 frames ? "frames refused" : "frames let through");
}

#define YES true, true
#define FIND true, false
#define NO false, false

static void test_scope(void **state)
{
	static const char *const targets[] = { "10.1.0.0/24", "fd00::/120", NULL };
	struct bench b;

	(void)state;
	prepare(&b, targets);
	add(&b.plan.site.exclude, "10.1.0.7");
	add(&b.plan.site.exclude, "10.1.0.128/26");
	add(&b.plan.site.exclude, "fd00::7");
	add(&zone(&b, ZONE_IT, "10.1.0.0/25")->passive_only, "10.1.0.9");
	add(&b.zones[0].passive_only, "fd00::9");
	assert_int_equal(packets_gate_make(&b.packets), 0);
	expect(&b, "10.1.0.6", YES);
	expect(&b, "10.1.0.7", NO);
	expect(&b, "10.1.0.8", YES);
	expect(&b, "10.1.0.9", NO);
	expect(&b, "10.1.0.127", YES);
	expect(&b, "10.1.0.128", NO);
	expect(&b, "10.1.0.191", NO);
	expect(&b, "10.1.0.192", YES);
	expect(&b, "10.1.1.0", NO);
	expect(&b, "10.0.255.255", NO);
	expect(&b, "fd00::6", YES);
	expect(&b, "fd00::7", NO);
	expect(&b, "fd00::9", NO);
	expect(&b, "fd00::100", NO);
	expect(&b, "::10.1.0.6", NO);
	done(&b);
}

static void test_public(void **state)
{
	static const char *const targets[] = { "8.8.8.0/28", "2600::/124", NULL };
	struct bench b;

	(void)state;
	prepare(&b, targets);
	assert_int_equal(packets_gate_make(&b.packets), 0);
	expect(&b, "8.8.8.8", NO);
	expect(&b, "2600::1", NO);
	packets_gate_done(&b.packets);
	b.packets.gate = b.packets.gate_frames = (struct gate){ 0 };
	/* Declared alone, repeated alone, both. */
	add(&b.plan.site.owned, "8.8.8.0/30");
	add(&b.plan.site.owned, "2600::/126");
	add(&b.plan.owned, "8.8.8.2-8.8.8.9");
	add(&b.plan.owned, "2600::2-2600::9");
	assert_int_equal(packets_gate_make(&b.packets), 0);
	expect(&b, "8.8.8.1", NO);
	expect(&b, "8.8.8.2", YES);
	expect(&b, "8.8.8.3", YES);
	expect(&b, "8.8.8.4", NO);
	expect(&b, "2600::1", NO);
	expect(&b, "2600::3", YES);
	expect(&b, "2600::4", NO);
	done(&b);
}

static void test_unusable(void **state)
{
	static const char *const targets[] = { "0.0.0.0-255.255.255.255", "::/104", "ff00::/104",
					       NULL };
	struct bench b;

	(void)state;
	prepare(&b, targets);
	assert_int_equal(packets_gate_make(&b.packets), 0);
	expect(&b, "10.1.1.1", YES);
	expect(&b, "8.8.8.8", NO);
	expect(&b, "0.0.0.0", NO);
	expect(&b, "224.0.0.1", NO);
	expect(&b, "239.255.255.250", NO);
	expect(&b, "255.255.255.255", NO);
	expect(&b, "::", NO);
	expect(&b, "ff00::1", NO);
	done(&b);
}

static void test_scopes(void **state)
{
	struct bench b;
	static const char *const targets[] = { NULL };
	struct range r = { .first = at("fe80::1", 3), .last = at("fe80::9", 3) };

	(void)state;
	prepare(&b, targets);
	assert_int_equal(ranges_add(&b.plan.targets, &r), 0);
	r = (struct range){ .first = at("fe80::5", 4), .last = at("fe80::20", 4) };
	assert_int_equal(ranges_add(&b.plan.targets, &r), 0);
	assert_int_equal(packets_gate_make(&b.packets), 0);
	static const struct {
		const char *text;
		uint32_t scope;
		bool good;
	} rows[] = {
		{ "fe80::1", 3, true },   { "fe80::9", 3, true },  { "fe80::a", 3, false },
		{ "fe80::1", 4, false },  { "fe80::5", 4, true },  { "fe80::20", 4, true },
		{ "fe80::20", 3, false }, { "fe80::5", 0, false }, { "fe80::5", 5, false },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct addr a = at(rows[i].text, rows[i].scope);

		assert_int_equal(packets_gate(&b.packets, &a), rows[i].good);
		assert_int_equal(packets_gate_frames(&b.packets, &a), rows[i].good);
	}
	done(&b);
}

/* Single packets only where the strictest zone of an address takes them. */
static void test_kinds(void **state)
{
	static const char *const targets[] = { "10.1.0.0/24", "fd00::/120", NULL };
	struct bench b;

	(void)state;
	prepare(&b, targets);
	zone(&b, ZONE_IT, "10.1.0.0/25");
	zone(&b, ZONE_OT, "10.1.0.64/27");
	zone(&b, ZONE_UNASSIGNED, "10.1.0.100");
	zone(&b, ZONE_DMZ, "fd00::/124");
	b.plan.ad_hoc_kind = ZONE_UNASSIGNED;
	assert_int_equal(packets_gate_make(&b.packets), 0);
	expect(&b, "10.1.0.63", YES);
	expect(&b, "10.1.0.64", FIND);
	expect(&b, "10.1.0.95", FIND);
	expect(&b, "10.1.0.96", YES);
	expect(&b, "10.1.0.100", FIND);
	expect(&b, "10.1.0.128", FIND);
	expect(&b, "fd00::f", YES);
	expect(&b, "fd00::10", FIND);
	packets_gate_done(&b.packets);
	b.packets.gate = b.packets.gate_frames = (struct gate){ 0 };
	b.plan.ad_hoc_kind = ZONE_IT;
	assert_int_equal(packets_gate_make(&b.packets), 0);
	expect(&b, "10.1.0.64", FIND);
	expect(&b, "10.1.0.100", FIND);
	expect(&b, "10.1.0.128", YES);
	expect(&b, "fd00::10", YES);
	done(&b);
}

/* How often what gets lost is asked for again. */
static void test_rounds(void **state)
{
	(void)state;
	assert_int_equal(rounds_for(0, 1e6, 11), 1);
	assert_int_equal(rounds_for(1, 10, 11), 11);
	assert_int_equal(rounds_for(0.2, 0, 11), 1);
	/* 5,000 at 20 %: 6,250 * 0.2^n is at most 0.01 from the ninth time on. */
	assert_int_equal(rounds_for(0.2, 5000, 11), 9);
	assert_int_equal(rounds_for(0.2, 5000, 4), 4);
	assert_int_equal(rounds_for(0.01, 200, 11), 3);
	assert_true(share_lost(0, 0) == 0);
	assert_true(share_lost(10, 10) == 0);
	assert_true(share_lost(10, 12) == 0);
	assert_true(share_lost(10, 0) == 1);
	assert_true(share_lost(100, 80) > 0.2 && share_lost(100, 80) < 0.22);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scope),    cmocka_unit_test(test_public),
		cmocka_unit_test(test_unusable), cmocka_unit_test(test_scopes),
		cmocka_unit_test(test_kinds),    cmocka_unit_test(test_rounds),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("packets", tests, NULL, NULL);
}
