/* SPDX-License-Identifier: Apache-2.0 */
/* The gate of reach: what is declared passes, and everything around it does not. */
#include "scratch.h"

#include <errno.h>
#include <netinet/in.h>

#include "reach/gate.h"
#include "site/site.h"

static const char text[] =
	"site: here\n"
	"timezone: Asia/Tokyo\n"
	"authorisation: {by: boss, from: 2026-11-01, until: 2027-03-31}\n"
	"zones:\n"
	"  - {name: office, kind: it, networks: [192.168.1.0/24, 203.0.113.128/28]}\n"
	"  - {name: plant, kind: ot, networks: [192.168.10.0/24], passive_only: [192.168.10.5],\n"
	"     window: '02:00-04:00'}\n"
	"  - {name: quiet, kind: it, networks: [192.168.20.0/24], risk: touch}\n"
	"  - {name: deaf, kind: it, networks: [192.168.30.0/24], risk: listen}\n"
	"owned: 203.0.113.128/29\n"
	"exclude: [192.168.1.9, 203.0.113.11]\n"
	"beacon:\n"
	"  - {name: one, address: [203.0.113.9, 2001:db8::9, 203.0.113.11]}\n"
	"  - {name: two, address: 203.0.113.10}\n";

enum { NIGHT = 1796061600, DAY = 1796100000 }; /* 2026-12-01, 03:00 and 13:40 in Tokyo */

static struct port_entry entries[] = { { .port = 502, .ot = true },
				       { .port = 3128 },
				       { .port = 9100, .raw_print = true } };
static const struct port_list ports = { entries, countof(entries) };

struct stage {
	struct site site;
	struct gate *gate;
};

static void open_stage(struct stage *s)
{
	struct complaints c = { 0 };

	write_text("site.yaml", text);
	int e = site_load("site.yaml", &s->site, &c);
	assert_none(&c);
	assert_int_equal(e, 0);
	s->gate = gate_new(&s->site, &s->site.beacons[0], &ports);
	assert_non_null(s->gate);
}

static void close_stage(struct stage *s)
{
	gate_free(s->gate);
	site_done(&s->site);
}

static struct addr at(const char *address)
{
	struct addr a;

	assert_int_equal(addr_parse(address, &a), 0);
	return a;
}

/* NULL: it may be sent. */
static void expect(const struct stage *s, enum gate_use use, const char *address, uint16_t port,
		   bool udp, int64_t now, const char *why)
{
	struct addr a = at(address);
	const char *got = gate_refusal(s->gate, use, &a, port, udp, now);

	if (why == NULL)
		assert_null(got);
	else
		assert_string_equal(got != NULL ? got : "allowed", why);
}

static void test_beacon(void **state)
{
	struct stage s;
	(void)state;

	open_stage(&s);
	expect(&s, GATE_BEACON, "203.0.113.9", 443, false, DAY, NULL);
	expect(&s, GATE_BEACON, "203.0.113.9", 53, true, DAY, NULL);
	expect(&s, GATE_BEACON, "2001:db8::9", 1, false, DAY, NULL);
	/* One beside it on either side, another beacon of the site, and an excluded one. */
	expect(&s, GATE_BEACON, "203.0.113.8", 443, false, DAY, "not the beacon's address");
	expect(&s, GATE_BEACON, "203.0.113.10", 443, false, DAY, "not the beacon's address");
	expect(&s, GATE_BEACON, "2001:db8::8", 443, false, DAY, "not the beacon's address");
	expect(&s, GATE_BEACON, "2001:db8::a", 443, false, DAY, "not the beacon's address");
	expect(&s, GATE_BEACON, "203.0.113.11", 443, false, DAY, "excluded");
	expect(&s, GATE_BEACON, "192.168.1.1", 443, false, DAY, "not the beacon's address");
	expect(&s, GATE_BEACON, "8.8.8.8", 53, true, DAY, "not the beacon's address");
	close_stage(&s);
}

static void test_authorisation(void **state)
{
	struct stage s;
	(void)state;

	open_stage(&s);
	expect(&s, GATE_BEACON, "203.0.113.9", 443, false, s.site.authorisation.from, NULL);
	expect(&s, GATE_BEACON, "203.0.113.9", 443, false, s.site.authorisation.from - 1,
	       "no valid authorisation");
	expect(&s, GATE_BEACON, "203.0.113.9", 443, false, s.site.authorisation.until, NULL);
	expect(&s, GATE_BEACON, "203.0.113.9", 443, false, s.site.authorisation.until + 1,
	       "no valid authorisation");
	expect(&s, GATE_RESOLVER, "192.168.1.1", 53, true, s.site.authorisation.until + 1,
	       "no valid authorisation");
	close_stage(&s);
}

static void test_inside(void **state)
{
	static const struct {
		enum gate_use use;
		uint16_t port;
		bool udp;
	} uses[] = { { GATE_RESOLVER, 53, true },
		     { GATE_RESOLVER, 53, false },
		     { GATE_PROXY, 3128, false },
		     { GATE_CLOCK, 123, true } };
	struct stage s;
	(void)state;

	open_stage(&s);
	for (size_t i = 0; i < countof(uses); i++) {
		enum gate_use use = uses[i].use;
		uint16_t port = uses[i].port;
		bool udp = uses[i].udp;

		expect(&s, use, "192.168.1.1", port, udp, DAY, NULL);
		expect(&s, use, "192.168.0.255", port, udp, DAY, "outside the declared zones");
		expect(&s, use, "192.168.2.0", port, udp, DAY, "outside the declared zones");
		expect(&s, use, "192.168.1.9", port, udp, DAY, "excluded");
		expect(&s, use, "8.8.8.8", port, udp, DAY, "outside the declared zones");
		expect(&s, use, "203.0.113.9", port, udp, DAY, "outside the declared zones");
		expect(&s, use, "203.0.113.129", port, udp, DAY, NULL);
		expect(&s, use, "203.0.113.136", port, udp, DAY, "public and not owned");
		/* Control equipment that nobody but hearsay calls a server. */
		static const char *const plc[] = { "192.168.10.10", "192.168.10.11",
						   "192.168.10.12", "192.168.10.13" };
		struct addr named = at(plc[i]);
		expect(&s, use, plc[i], port, udp, NIGHT,
		       "control equipment, and named by hearsay alone");
		assert_int_equal(gate_add_server(s.gate, use, &named, port), 0);
		expect(&s, use, plc[i], port, udp, NIGHT, NULL);
		expect(&s, use, "192.168.10.7", port, udp, DAY, "outside the window");
		expect(&s, use, "192.168.10.5", port, udp, NIGHT, "passive only");
		expect(&s, use, "192.168.20.1", port, udp, DAY,
		       "the zone's risk class does not allow it");
		expect(&s, use, "224.0.0.1", port, udp, DAY, "not the address of a host");
		expect(&s, use, "192.168.1.1", 0, udp, DAY, "not the port of this service");
	}
	expect(&s, GATE_RESOLVER, "192.168.1.1", 54, true, DAY, "not the port of this service");
	expect(&s, GATE_CLOCK, "192.168.1.1", 123, false, DAY, "not the port of this service");
	expect(&s, GATE_PROXY, "192.168.1.1", 3128, true, DAY, "not the port of this service");
	/* A proxy file may name any port of anybody. */
	expect(&s, GATE_PROXY, "192.168.1.1", 502, false, DAY,
	       "a port of control equipment or of a printer");
	expect(&s, GATE_PROXY, "192.168.1.1", 9100, false, DAY,
	       "a port of control equipment or of a printer");
	gate_close(s.gate);
	struct addr late = at("192.168.10.8");
	assert_int_equal(gate_add_server(s.gate, GATE_PROXY, &late, 3128), -EBUSY);
	close_stage(&s);
}

static void test_hosts(void **state)
{
	struct addr a = at("192.168.1.1"), quiet = at("192.168.20.1"), deaf = at("192.168.30.1"),
		    passive = at("192.168.10.5"), later = at("192.168.1.2");
	struct stage s;
	(void)state;

	open_stage(&s);
	assert_int_equal(gate_add_host(s.gate, &a), 0);
	assert_int_equal(gate_add_host(s.gate, &a), 0);
	assert_int_equal(gate_add_host(s.gate, &quiet), 0);
	assert_int_equal(gate_add_host(s.gate, &deaf), 0);
	assert_int_equal(gate_add_host(s.gate, &passive), 0);
	gate_close(s.gate);
	assert_int_equal(gate_add_host(s.gate, &later), -EBUSY);
	expect(&s, GATE_HOST, "192.168.1.1", 445, false, DAY, NULL);
	expect(&s, GATE_HOST, "192.168.1.1", 445, true, DAY, "not the port of this service");
	expect(&s, GATE_HOST, "192.168.1.2", 445, false, DAY, "not among the hosts of this run");
	expect(&s, GATE_HOST, "192.168.1.0", 445, false, DAY, "not among the hosts of this run");
	expect(&s, GATE_HOST, "192.168.20.1", 445, false, DAY, NULL);
	expect(&s, GATE_HOST, "192.168.30.1", 445, false, DAY,
	       "the zone's risk class does not allow it");
	expect(&s, GATE_HOST, "192.168.10.5", 445, false, NIGHT, "passive only");
	close_stage(&s);
}

static void test_gentle(void **state)
{
	struct addr ot = at("192.168.10.7"), it = at("192.168.1.1"), nowhere = at("10.9.9.9"),
		    beacon = at("203.0.113.9");
	struct stage s;
	(void)state;

	open_stage(&s);
	assert_true(gate_gentle(s.gate, &ot));
	assert_true(gate_gentle(s.gate, &nowhere));
	assert_false(gate_gentle(s.gate, &it));
	assert_false(gate_gentle(s.gate, &beacon));
	close_stage(&s);
}

static struct gate_neighbour near(uint8_t last, const char *address)
{
	return (struct gate_neighbour){ .ifindex = 2,
					.mac = { 2, 0, 0, 0, 0, last },
					.address = at(address) };
}

static const char *frame(struct stage *s, uint8_t last, const char *to, uint8_t protocol,
			 uint8_t hops, bool full)
{
	struct gate_frame f = { .ifindex = 2,
				.mac = { 2, 0, 0, 0, 0, last },
				.to = at(to),
				.protocol = protocol,
				.hops = hops };
	const char *why = gate_frame(s->gate, &f, full, DAY);

	return why != NULL ? why : "allowed";
}

/* A window that closes while neighbours are asked one after the other. */
static void test_closing_window(void **state)
{
	struct gate_neighbour plant = near(1, "192.168.10.7"), office = near(2, "192.168.1.1");
	struct gate_frame f = {
		.ifindex = 2, .to = at("203.0.113.9"), .protocol = IPPROTO_ICMP, .hops = 1
	};
	struct stage s;
	(void)state;

	open_stage(&s);
	assert_null(gate_neighbour(s.gate, &plant, NIGHT));
	assert_null(gate_neighbour(s.gate, &office, NIGHT));
	memcpy(f.mac, plant.mac, 6);
	assert_string_equal(gate_frame(s.gate, &f, false, DAY), "outside the window");
	assert_null(gate_frame(s.gate, &f, false, NIGHT));
	memcpy(f.mac, office.mac, 6);
	assert_null(gate_frame(s.gate, &f, false, DAY));
	close_stage(&s);
}

/* What leaves is what the gate was asked for. */
static void test_bytes(void **state)
{
	struct gate_frame v4 = { .mac = { 2, 0, 0, 0, 0, 1 },
				 .to = at("203.0.113.9"),
				 .protocol = IPPROTO_ICMP,
				 .hops = 1 };
	struct gate_frame v6 = { .mac = { 2, 0, 0, 0, 0, 1 },
				 .to = at("2001:db8::9"),
				 .protocol = IPPROTO_ICMPV6,
				 .hops = 1 };
	uint8_t frame[54] = {
		2, 0, 0, 0, 0, 1, [12] = 0x08, [14] = 0x45, [22] = 1, 1, [30] = 203, 0, 113, 9
	};
	static const uint8_t counts[] = { 0, 5, 12, 13, 14, 22, 23, 30, 33 },
			     counts6[] = { 0, 5, 12, 13, 14, 20, 21, 38, 53 };
	(void)state;

	assert_true(gate_frame_fits(&v4, frame, 34));
	assert_false(gate_frame_fits(&v4, frame, 33));
	assert_false(gate_frame_fits(&v6, frame, 54));
	for (size_t i = 0; i < countof(counts); i++) {
		frame[counts[i]] ^= 0x12;
		assert_false(gate_frame_fits(&v4, frame, 34));
		frame[counts[i]] ^= 0x12;
	}
	memset(frame + 12, 0, sizeof(frame) - 12);
	frame[12] = 0x86;
	frame[13] = 0xdd;
	frame[14] = 0x60;
	frame[20] = IPPROTO_ICMPV6;
	frame[21] = 1;
	memcpy(frame + 38, v6.to.bytes, 16);
	assert_true(gate_frame_fits(&v6, frame, 54));
	assert_false(gate_frame_fits(&v6, frame, 53));
	for (size_t i = 0; i < countof(counts6); i++) {
		frame[counts6[i]] ^= 0x12;
		assert_false(gate_frame_fits(&v6, frame, 54));
		frame[counts6[i]] ^= 0x12;
	}
}

static void test_frames(void **state)
{
	struct gate_neighbour it = near(1, "192.168.1.1"), stranger = near(3, "10.9.9.9"),
			      excluded = near(4, "192.168.1.9"), group = near(5, "192.168.1.5"),
			      maker = near(6, "192.168.1.6"), local = near(7, "fe80::1%2"),
			      placed = near(7, "192.168.1.7"), both = near(8, "192.168.1.8"),
			      other = near(8, "192.168.10.5");
	struct stage s;
	(void)state;

	open_stage(&s);
	group.mac[0] = 3;
	maker.ot = true;
	assert_null(gate_neighbour(s.gate, &it, DAY));
	assert_null(gate_neighbour(s.gate, &stranger, DAY));
	assert_null(gate_neighbour(s.gate, &maker, DAY));
	assert_null(gate_neighbour(s.gate, &local, DAY));
	assert_string_equal(gate_neighbour(s.gate, &excluded, DAY), "excluded");
	assert_string_equal(gate_neighbour(s.gate, &group, DAY), "not the MAC address of one host");
	assert_string_equal(frame(&s, 1, "203.0.113.9", IPPROTO_TCP, 1, false), "allowed");
	assert_string_equal(frame(&s, 1, "203.0.113.9", IPPROTO_TCP, 2, false),
			    "only one hop is allowed");
	assert_string_equal(frame(&s, 1, "203.0.113.9", IPPROTO_TCP, 64, true), "allowed");
	assert_string_equal(frame(&s, 1, "203.0.113.8", IPPROTO_ICMP, 1, false),
			    "not the beacon's address");
	assert_string_equal(frame(&s, 1, "192.168.1.1", IPPROTO_ICMP, 1, false),
			    "not the beacon's address");
	assert_string_equal(frame(&s, 2, "203.0.113.9", IPPROTO_ICMP, 1, false), "not a neighbour");
	assert_string_equal(frame(&s, 4, "203.0.113.9", IPPROTO_ICMP, 1, false), "excluded");
	/* Of nobody's zone, and with a maker's MAC: one echo request and nothing else. */
	for (uint8_t last = 3; last <= 6; last += 3) {
		static const char gentle[] =
			"control equipment gets one echo request and nothing else";

		assert_string_equal(frame(&s, last, "203.0.113.9", IPPROTO_TCP, 1, false), gentle);
		assert_string_equal(frame(&s, last, "203.0.113.9", IPPROTO_ICMP, 64, true), gentle);
		assert_string_equal(frame(&s, last, "203.0.113.9", IPPROTO_ICMP, 1, false),
				    "allowed");
		assert_string_equal(frame(&s, last, "203.0.113.9", IPPROTO_ICMP, 1, false), gentle);
		assert_string_equal(frame(&s, last, "2001:db8::9", IPPROTO_ICMPV6, 1, false),
				    gentle);
	}
	/* A link-local address says nothing of its MAC: control equipment, until another one does. */
	assert_true(gate_neighbour_gentle(s.gate, 2, local.mac));
	assert_null(gate_neighbour(s.gate, &placed, DAY));
	assert_false(gate_neighbour_gentle(s.gate, 2, local.mac));
	assert_string_equal(frame(&s, 7, "2001:db8::9", IPPROTO_TCP, 1, false), "allowed");
	/* A second address of a MAC takes it out, once and for all. */
	assert_null(gate_neighbour(s.gate, &both, DAY));
	assert_string_equal(gate_neighbour(s.gate, &other, NIGHT), "passive only");
	assert_string_equal(frame(&s, 8, "203.0.113.9", IPPROTO_ICMP, 1, false), "passive only");
	close_stage(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_beacon),         cmocka_unit_test(test_authorisation),
		cmocka_unit_test(test_inside),         cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_gentle),         cmocka_unit_test(test_frames),
		cmocka_unit_test(test_closing_window), cmocka_unit_test(test_bytes),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("gate", tests, scratch_open, scratch_close);
}
