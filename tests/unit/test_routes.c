/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Routes without a network: how targets are cut, what the kernel's messages say (bytes of a Linux 6
 * kernel), and what every machine knows of its loopback.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>

#include "wire/netlink.h"
#include "wire/route_cuts.h"
#include "wire/routes.h"

static struct addr address(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

static void assert_address(const struct addr *a, const char *text)
{
	char out[ADDR_TEXT];

	assert_string_equal(addr_format(a, out), text);
}

static void assert_range(const struct range *r, const char *text)
{
	char out[RANGE_TEXT];

	assert_string_equal(range_format(r, out), text);
}

/* ---- pieces ---- */

static void edges_of(struct edges *e, const char *const *networks)
{
	for (; *networks != NULL; networks++) {
		struct range r;

		assert_int_equal(range_parse(*networks, true, &r), 0);
		assert_int_equal(edges_add(e, &r), 0);
	}
	edges_sort(e);
}

/* Cuts targets at the networks; the pieces as text, with a comma between. */
static void assert_cut(const char *const *targets, const char *const *networks, const char *pieces)
{
	struct ranges set = { 0 };
	struct edges e = { 0 };
	struct way_range *list;
	size_t count, length = 0;
	char text[1024] = "";

	for (; *targets != NULL; targets++)
		assert_int_equal(ranges_parse_network(&set, *targets, true), 0);
	edges_of(&e, networks);
	assert_int_equal(routes_cut(&set, &e, &list, &count), 0);
	for (size_t i = 0; i < count; i++) {
		char one[RANGE_TEXT];

		length += (size_t)snprintf(text + length, sizeof(text) - length, "%s%s",
					   i > 0 ? "," : "", range_format(&list[i].range, one));
		assert_true(length < sizeof(text));
	}
	assert_string_equal(text, pieces);
	free(list);
	edges_done(&e);
	ranges_done(&set);
}

#define LIST(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void targets_are_cut_where_routes_begin_and_end(void **state)
{
	(void)state;
	assert_cut(LIST("10.0.0.0/8"), LIST("10.9.0.0/16"),
		   "10.0.0.0-10.8.255.255,10.9.0.0/16,10.10.0.0-10.255.255.255");
	/* one in the other, and one that both begin with */
	assert_cut(LIST("10.0.0.0/24"), LIST("10.0.0.0/25", "10.0.0.0/26", "10.0.0.8/32"),
		   "10.0.0.0/29,10.0.0.8,10.0.0.9-10.0.0.63,10.0.0.64/26,10.0.0.128/25");
	/* around, beside, and the same */
	assert_cut(LIST("10.0.1.0/24"),
		   LIST("0.0.0.0/0", "10.0.0.0/24", "10.0.2.0/24", "10.0.1.0/24"), "10.0.1.0/24");
	/* the last address of all */
	assert_cut(LIST("255.255.255.0/24"), LIST("255.255.255.255/32"),
		   "255.255.255.0-255.255.255.254,255.255.255.255");
	assert_cut(
		LIST("ffff:ffff:ffff:ffff:ffff:ffff:ffff:fff0/124"),
		LIST("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128"),
		"ffff:ffff:ffff:ffff:ffff:ffff:ffff:fff0-ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe,"
		"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
	/* several targets, and an edge within a scope */
	assert_cut(LIST("10.0.0.1-10.0.0.9", "10.0.0.20", "fe80::1%7"), LIST("10.0.0.5/32"),
		   "10.0.0.1-10.0.0.4,10.0.0.5,10.0.0.6-10.0.0.9,10.0.0.20,fe80::1%7");
	assert_cut(LIST("fe80::%7/126"), LIST("fe80::2/128"), "fe80::%7/127,fe80::2%7,fe80::3%7");
}

static void nothing_is_cut_into_nothing(void **state)
{
	const struct ranges none = { 0 };
	const struct edges edges = { 0 };
	struct way_range *list;
	size_t count;

	(void)state;
	assert_int_equal(routes_cut(&none, &edges, &list, &count), 0);
	assert_int_equal(count, 0);
	assert_int_equal(routes_join(list, count), 0);
	free(list);
}

static struct way_range piece(const char *first, const char *last, unsigned ifindex)
{
	return (struct way_range){ .range = { address(first), address(last) },
				   .way.ifindex = ifindex };
}

static void pieces_of_one_way_are_joined(void **state)
{
	struct way_range list[] = {
		piece("10.0.0.0", "10.0.0.9", 2),   piece("10.0.0.10", "10.0.0.19", 2),
		piece("10.0.0.20", "10.0.0.29", 3), /* another way */
		piece("10.0.0.31", "10.0.0.39", 3), /* a gap before it */
		piece("10.0.0.40", "10.0.0.40", 3), piece("10.0.0.41", "10.0.0.41", 3),
	};

	(void)state;
	list[4].way.next_hop = address("192.0.2.1");
	list[5].way.next_hop = address("192.0.2.1");
	assert_int_equal(routes_join(list, countof(list)), 4);
	assert_range(&list[0].range, "10.0.0.0-10.0.0.19");
	assert_range(&list[1].range, "10.0.0.20-10.0.0.29");
	assert_range(&list[2].range, "10.0.0.31-10.0.0.39");
	assert_range(&list[3].range, "10.0.0.40/31");
}

static void ways_are_found_by_binary_search(void **state)
{
	enum { MANY = 1001 };
	struct way_range *list = calloc(MANY, sizeof(*list));
	struct routes r = { .list = list, .count = MANY };
	struct addr a = address("10.0.0.0");

	/* Three addresses of every four; the way is the number of the piece. */
	(void)state;
	for (unsigned i = 0; i < MANY; i++) {
		list[i].range.first = address("10.0.0.0");
		list[i].range.first.bytes[14] = (uint8_t)(i * 4 >> 8);
		list[i].range.first.bytes[15] = (uint8_t)(i * 4);
		list[i].range.last = list[i].range.first;
		list[i].range.last.bytes[15] |= 2;
		list[i].way.ifindex = i;
	}
	for (unsigned i = 0; i < MANY * 4; i++) {
		const struct way *w = routes_find(&r, &a);

		if (i % 4 == 3)
			assert_null(w);
		else
			assert_int_equal(w->ifindex, i / 4);
		assert_true(addr_next(&a));
	}
	assert_null(routes_find(&r, &a));
	a = address("9.255.255.255");
	assert_null(routes_find(&r, &a));
	/* A scope is part of the address. */
	list[MANY - 1].range = (struct range){ address("fe80::1%7"), address("fe80::1%7") };
	a = address("fe80::1%7");
	assert_int_equal(routes_find(&r, &a)->ifindex, MANY - 1);
	a = address("fe80::1%8");
	assert_null(routes_find(&r, &a));
	free(list);
}

/* ---- messages ---- */

/* The bytes of a text in memory of just that size, so that a read past the end is seen. */
static struct span bytes_of(const char *hex)
{
	size_t n = strlen(hex) / 2;
	uint8_t *bytes = malloc(n > 0 ? n : 1);

	for (size_t i = 0; i < n; i++) {
		unsigned v;

		assert_int_equal(sscanf(hex + 2 * i, "%2x", &v), 1);
		bytes[i] = (uint8_t)v;
	}
	return span_of(bytes, n);
}

static void free_bytes(struct span s)
{
	free((void *)(uintptr_t)s.at);
}

static struct route_said route_of(const char *hex)
{
	struct span body = bytes_of(hex);
	struct route_said said = { 0 };

	assert_true(said_route(body, &said));
	free_bytes(body);
	return said;
}

static const char via_gateway[] = /* 10.9.4.0: via 10.1.0.2 dev 3 mtu 1300, from 10.1.0.1 */
	"02200000fe0000010002000008000f00fe000000080001000a0904000800040003000000080007000a010001"
	"080005000a0100020c00080008000200140500000800190000000000";
static const char via_other_family[] = /* 10.9.13.5: via inet6 2001:db8:1::2 dev 2 */
	"02200000fe0000010002000008000f00fe000000080001000a090d050800040002000000080007000a000001"
	"160012000a0020010db800010000000000000000000200000800190000000000";
static const char via_link_local[] = /* 2001:db8:9:3::4: via fe80::99 dev 3 */
	"0a808000fe0300010000000008000f00fe0000001400010020010db800090003000000000000000414000200"
	"000000000000000000000000000000001400070020010db80001000000000000000000010800060000040000"
	"14000500fe8000000000000000000000000000990800040003000000";
static const char own_address[] = /* 10.0.0.1 on lo */
	"02200000fe0000020002008008000f00fe000000080001000a0000010800040001000000080007000a000001"
	"0800190000000000";
static const char two_next_hops[] = /* of a dump: 10.9.12.0/24, 10.0.0.2 dev 2 and 10.1.0.2 dev 3 */
	"02180000fe0300010000000008000f00fe000000080001000a090c0024000900100000000200000008000500"
	"0a0000021000000003000000080005000a010002";
static const char rule_to[] = /* to 10.9.20.0/24 lookup 77 */
	"021800004d0000010000000008000f004d00000008000e00ffffffff050015000000000008000600fd7f0000"
	"080001000a091400";
static const char known_neighbour[] = /* 10.0.0.2 dev 2, reachable */
	"020000000200000002000001080001000a0000020a000200a26ee5f00ed70000080004000400000014000300"
	"15000000150000001500000002000000";
static const char asked_neighbour[] = /* 10.0.0.77 dev 2, incomplete */
	"020000000200000001000001080001000a00004d080004000400000014000300851700001500000015000000"
	"02000000";
static const char point_to_point[] = /* 10.3.0.1 peer 10.3.0.2/32 dev 2 */
	"0220800002000000080001000a030002080002000a0300010700030065300000080008008000000014000600"
	"ffffffffffffffffd7311400d7311400";
static const char link_local_address[] = /* fe80::9c82:d9ff:fed3:2565/64 dev 2 */
	"0a4080fd0200000014000100fe800000000000009c82d9fffed3256514000600ffffffffffffffff0b311400"
	"0b311400080008008000000005000b0003000000";

/* The same, while others are still asked whether they have it; used meanwhile (RFC 4429); another has it. */
static const char tentative_address[] =
	"0a4080fd0200000014000100fe800000000000009c82d9fffed3256508000800c0000000";
static const char optimistic_address[] =
	"0a4080fd0200000014000100fe800000000000009c82d9fffed3256508000800c4000000";
static const char refused_address[] =
	"0a4080fd0200000014000100fe800000000000009c82d9fffed3256508000800c8000000";

static void routes_are_read(void **state)
{
	struct route_said r = route_of(via_gateway);

	(void)state;
	assert_int_equal(r.family, AF_INET);
	assert_int_equal(r.type, RTN_UNICAST);
	assert_int_equal(r.ifindex, 3);
	assert_int_equal(r.mtu, 1300);
	assert_true(r.has_gateway && r.has_source);
	assert_address(&r.gateway, "10.1.0.2");
	assert_address(&r.source, "10.1.0.1");
	assert_range(&r.to, "10.9.4.0");

	r = route_of(via_other_family);
	assert_true(r.has_gateway);
	assert_address(&r.gateway, "2001:db8:1::2");
	assert_address(&r.source, "10.0.0.1");
	assert_int_equal(r.mtu, 0);

	r = route_of(via_link_local);
	assert_int_equal(r.gateway.scope, 3);
	assert_int_equal(r.gateway.bytes[15], 0x99);
	assert_int_equal(r.source.scope, 0);

	r = route_of(own_address);
	assert_int_equal(r.type, RTN_LOCAL);
	assert_false(r.has_gateway);

	r = route_of(two_next_hops);
	assert_range(&r.to, "10.9.12.0/24");
	assert_int_equal(r.ifindex, 2);
	assert_address(&r.gateway, "10.0.0.2");
}

static void rules_neighbours_and_addresses_are_read(void **state)
{
	static const uint8_t mac[6] = { 0xa2, 0x6e, 0xe5, 0xf0, 0x0e, 0xd7 };
	struct span body = bytes_of(rule_to);
	struct rule_said rule;
	struct neighbour_said n;
	struct address_said a;

	(void)state;
	assert_true(said_rule(body, &rule) && rule.has_to);
	assert_range(&rule.to, "10.9.20.0/24");
	free_bytes(body);

	body = bytes_of(known_neighbour);
	assert_true(said_neighbour(body, &n));
	assert_address(&n.address, "10.0.0.2");
	assert_int_equal(n.ifindex, 2);
	assert_int_equal(n.state, NUD_REACHABLE);
	assert_true(n.has_mac);
	assert_memory_equal(n.mac, mac, 6);
	free_bytes(body);

	body = bytes_of(asked_neighbour);
	assert_true(said_neighbour(body, &n));
	assert_int_equal(n.state, NUD_INCOMPLETE);
	assert_false(n.has_mac);
	free_bytes(body);

	body = bytes_of(point_to_point);
	assert_true(said_address(body, &a));
	assert_address(&a.own, "10.3.0.1");
	assert_range(&a.network, "10.3.0.2");
	assert_true(a.on_link);
	free_bytes(body);

	body = bytes_of(link_local_address);
	assert_true(said_address(body, &a));
	assert_int_equal(a.own.scope, 2);
	assert_int_equal(a.network.first.scope, 2);
	assert_int_equal(a.network.last.scope, 2);
	assert_int_equal(a.network.first.bytes[8], 0);
	assert_int_equal(a.network.last.bytes[8], 0xff);
	assert_true(a.ready);
	free_bytes(body);
}

static void addresses_are_ready_or_not(void **state)
{
	static const struct {
		const char *said;
		bool ready;
	} rows[] = { { tentative_address, false },
		     { optimistic_address, true },
		     { refused_address, false } };
	struct address_said a;

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct span body = bytes_of(rows[i].said);

		assert_true(said_address(body, &a));
		assert_int_equal(a.ready, rows[i].ready);
		free_bytes(body);
	}
}

static void read_all(struct span body)
{
	struct link_said link;
	struct address_said a;
	struct route_said route;
	struct rule_said rule;
	struct neighbour_said n;

	said_link(body, &link);
	said_address(body, &a);
	said_rule(body, &rule);
	said_neighbour(body, &n);
	if (said_route(body, &route))
		assert_true(addr_compare(&route.to.first, &route.to.last) <= 0);
}

/* Cut at every byte and with every bit flipped: the sanitizers see what is read beside it. */
static void damaged_messages_are_read_within_their_bytes(void **state)
{
	static const char *const all[] = { via_gateway,       via_other_family, via_link_local,
					   own_address,       two_next_hops,    rule_to,
					   known_neighbour,   asked_neighbour,  point_to_point,
					   link_local_address };

	(void)state;
	for (size_t i = 0; i < countof(all); i++) {
		struct span whole = bytes_of(all[i]);

		for (size_t n = 0; n < whole.length; n++) {
			uint8_t *part = malloc(n > 0 ? n : 1);

			memcpy(part, whole.at, n);
			read_all(span_of(part, n));
			free(part);
		}
		for (size_t bit = 0; bit < whole.length * 8; bit++) {
			uint8_t *bytes = (uint8_t *)(uintptr_t)whole.at;

			bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
			read_all(whole);
			bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
		}
		free_bytes(whole);
	}
}

/* ---- ways ---- */

static void a_route_becomes_a_way(void **state)
{
	struct interface list[] = {
		{ .index = 1, .name = "lo", .loopback = true, .mtu = 65536 },
		{ .index = 3,
		  .name = "e1",
		  .ethernet = true,
		  .mac = { 2, 0, 0, 0, 0, 1 },
		  .mtu = 1500 },
	};
	struct routes r = { .interfaces = list, .interface_count = countof(list) };
	struct route_said said = route_of(via_gateway);
	struct way w = way_of(&r, 0, &said);

	(void)state;
	assert_int_equal(w.error, 0);
	assert_int_equal(w.ifindex, 3);
	assert_false(w.local || w.on_link);
	assert_true(w.ethernet);
	assert_int_equal(w.mac[5], 1);
	assert_int_equal(w.mtu, 1300); /* the route's is less than the interface's */
	assert_address(&w.next_hop, "10.1.0.2");
	list[1].mtu = 576;
	assert_int_equal(way_of(&r, 0, &said).mtu, 576);

	said.has_gateway = false;
	w = way_of(&r, 0, &said);
	assert_true(w.on_link);
	assert_int_equal(w.next_hop.bytes[15], 0);
	said.has_source = false;
	assert_int_equal(way_of(&r, 0, &said).error, -EADDRNOTAVAIL);
	said = route_of(via_other_family); /* by an interface that is not in the list */
	assert_int_equal(way_of(&r, 0, &said).error, -ENODEV);
	said = route_of(own_address);
	assert_true(way_of(&r, 0, &said).local);
	assert_int_equal(way_of(&r, -EHOSTUNREACH, &said).error, -EHOSTUNREACH);
	assert_int_equal(way_of(&r, -EHOSTUNREACH, &said).ifindex, 0);

	static const struct {
		uint8_t type;
		int error;
	} refused[] = { { RTN_BLACKHOLE, -EINVAL },  { RTN_UNREACHABLE, -EHOSTUNREACH },
			{ RTN_PROHIBIT, -EACCES },   { RTN_THROW, -ENETUNREACH },
			{ RTN_BROADCAST, -EACCES },  { RTN_MULTICAST, -EACCES },
			{ RTN_UNSPEC, -ENETUNREACH } };
	for (size_t i = 0; i < countof(refused); i++) {
		said.type = refused[i].type;
		assert_int_equal(way_of(&r, 0, &said).error, refused[i].error);
	}
}

/* ---- this machine ---- */

static void loopback_is_ours(void **state)
{
	struct ranges targets = { 0 };
	struct routes r;
	struct addr a;
	const struct way *w;
	unsigned lo = if_nametoindex("lo");

	(void)state;
	if (lo == 0)
		skip();
	assert_int_equal(ranges_parse(&targets, "127.0.0.0/30"), 0);
	assert_int_equal(routes_make(&targets, &r), 0);
	const struct interface *i = routes_interface(&r, lo);
	assert_non_null(i);
	assert_string_equal(i->name, "lo");
	assert_true(i->loopback);
	assert_false(i->ethernet);
	assert_null(routes_interface(&r, 0));
	a = address("127.0.0.2");
	w = routes_find(&r, &a);
	assert_non_null(w);
	if (i->up) { /* else it has neither addresses nor routes */
		assert_true(ranges_contain(&i->networks, &a));
		assert_false(ranges_contain(&i->own, &a));
		assert_int_equal(w->error, 0);
		assert_true(w->local);
		assert_int_equal(w->ifindex, lo);
		assert_int_equal(w->mtu, i->mtu);
		assert_address(&w->source, "127.0.0.1");
		a = address("127.0.0.1");
		assert_true(ranges_contain(&i->own, &a));
	}
	a = address("127.0.0.4");
	assert_null(routes_find(&r, &a));
	routes_done(&r);
	ranges_done(&targets);
}

static void nobody_is_a_neighbour_on_loopback(void **state)
{
	struct addr a = address("127.0.0.1");
	uint8_t mac[6] = { 1, 2, 3, 4, 5, 6 };
	char text[18];

	(void)state;
	assert_int_not_equal(neighbour_find(&a, UINT16_MAX, mac), NEIGHBOUR_KNOWN);
	neighbour_mac_text(mac, text); /* untouched */
	assert_string_equal(text, "01:02:03:04:05:06");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(targets_are_cut_where_routes_begin_and_end),
		cmocka_unit_test(nothing_is_cut_into_nothing),
		cmocka_unit_test(pieces_of_one_way_are_joined),
		cmocka_unit_test(ways_are_found_by_binary_search),
		cmocka_unit_test(routes_are_read),
		cmocka_unit_test(rules_neighbours_and_addresses_are_read),
		cmocka_unit_test(addresses_are_ready_or_not),
		cmocka_unit_test(damaged_messages_are_read_within_their_bytes),
		cmocka_unit_test(a_route_becomes_a_way),
		cmocka_unit_test(loopback_is_ours),
		cmocka_unit_test(nobody_is_a_neighbour_on_loopback),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
