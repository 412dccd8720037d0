/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames that we send: checksums are recomputed by a slower, separate sum over the finished frame,
 * fields are compared one by one, and heard.c reads back what was written.
 *
 *   test_frames --pcap FILE   writes one of each, Ethernet or (FILE ends in .raw) IP, for tshark
 *   test_frames --speed       prints nanoseconds per filling in
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <cmocka.h>

#include "codec/reader.h"
#include "unit/capture.h"
#include "wire/frames.h"
#include "wire/heard.h"

static const uint8_t our_mac[6] = { 0, 0, 0x5e, 0, 0x53, 1 };
static const uint8_t next_mac[6] = { 0, 0, 0x5e, 0, 0x53, 0xfe };
static const uint8_t key[FRAME_KEY] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };

static struct addr addr_of(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

static struct way way_of(const char *source, bool ethernet)
{
	struct way w = { .ethernet = ethernet, .mtu = 1500, .source = addr_of(source) };

	memcpy(w.mac, our_mac, 6);
	return w;
}

/* RFC 1071, as plainly as it can be said: 0xffff over data with its right checksum. */
static uint32_t add16(uint32_t sum, uint32_t v)
{
	sum += v;
	return sum > 0xffff ? sum - 0xffff : sum;
}

static uint32_t sum_bytes(uint32_t sum, struct span s)
{
	for (size_t i = 0; i < s.length; i++)
		sum = add16(sum, i % 2 == 0 ? (uint32_t)s.at[i] << 8 : s.at[i]);
	return sum;
}

/* The IP packet of a frame, checked: addresses, lengths, hop limit, both checksums. Returns what is
 * behind the IP header. */
static struct span packet_of(const uint8_t *frame, size_t n, const struct way *w,
			     const struct addr *from, const struct addr *to, uint8_t protocol,
			     uint8_t hops)
{
	struct span ip = span_from(span_of(frame, n), w->ethernet ? 14 : 0);
	bool v4 = addr_is_ipv4(from);
	struct span rest = span_from(ip, v4 ? 20 : 40);
	uint32_t sum = 0;

	if (w->ethernet) {
		assert_memory_equal(frame + 6, our_mac, 6);
		assert_int_equal(frame[12] << 8 | frame[13], v4 ? 0x0800 : 0x86dd);
	}
	if (v4) {
		assert_int_equal(ip.at[0], 0x45);
		assert_int_equal(ip.at[2] << 8 | ip.at[3], ip.length);
		assert_int_equal(ip.at[6] << 8 | ip.at[7], 0x4000);
		assert_int_equal(ip.at[8], hops);
		assert_int_equal(ip.at[9], protocol);
		assert_memory_equal(ip.at + 12, from->bytes + 12, 4);
		assert_memory_equal(ip.at + 16, to->bytes + 12, 4);
		assert_int_equal(sum_bytes(0, span_first(ip, 20)), 0xffff);
	} else {
		assert_int_equal(ip.at[0], 0x60);
		assert_int_equal(ip.at[4] << 8 | ip.at[5], rest.length);
		assert_int_equal(ip.at[6], protocol);
		assert_int_equal(ip.at[7], hops);
		assert_memory_equal(ip.at + 8, from->bytes, 16);
		assert_memory_equal(ip.at + 24, to->bytes, 16);
	}
	if (protocol != 1) {
		sum = sum_bytes(sum, v4 ? span_of(ip.at + 12, 8) : span_of(ip.at + 8, 32));
		sum = add16(add16(sum, protocol), (uint32_t)rest.length);
	}
	assert_int_equal(sum_bytes(sum, rest), 0xffff);
	return rest;
}

static void siphash_vectors(void **state)
{
	/* Of the reference implementation (vectors_sip64), input 00 01 02 ... */
	static const struct {
		size_t n;
		uint64_t hash;
	} vectors[] = {
		{ 0, 0x726fdb47dd0e0e31 },  { 1, 0x74f839c593dc67fd },  { 2, 0x0d6c8009d9a94f5a },
		{ 3, 0x85676696d7fb7e2d },  { 4, 0xcf2794e0277187b7 },  { 5, 0x18765564cd99a68d },
		{ 6, 0xcbc9466e58fee3ce },  { 7, 0xab0200f58b01d137 },  { 8, 0x93f5f5799a932462 },
		{ 9, 0x9e0082df0ba9e4b0 },  { 10, 0x7a5dbbc594ddb9f3 }, { 11, 0xf4b32f46226bada7 },
		{ 12, 0x751e8fbc860ee5fb }, { 13, 0x14ea5627c0843d90 }, { 14, 0xf723ca908e7af2ee },
		{ 15, 0xa129ca6149be45e5 }, { 63, 0x958a324ceb064572 },
	};
	uint8_t input[64];

	(void)state;
	for (size_t i = 0; i < sizeof(input); i++)
		input[i] = (uint8_t)i;
	for (size_t i = 0; i < countof(vectors); i++)
		assert_true(frame_siphash(key, input, vectors[i].n) == vectors[i].hash);
}

/* Each part of what is asked changes the value, and it is the hash of the documented bytes. */
static void cookies_depend_on_everything(void **state)
{
	static const char *const froms[] = { "192.0.2.1", "2001:db8::1" };
	static const char *const tos[] = { "198.51.100.7", "2001:db8:2::7" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct addr from = addr_of(froms[i]), to = addr_of(tos[i]);
		uint32_t c = frame_cookie(key, &from, &to, 6, 40000, 80);
		uint8_t bytes[37] = { 0 };
		size_t n = i == 0 ? 4 : 16;

		memcpy(bytes, from.bytes + 16 - n, n);
		memcpy(bytes + n, to.bytes + 16 - n, n);
		memcpy(bytes + 2 * n, "\x06\x9c\x40\x00\x50", 5);
		assert_int_equal(c, (uint32_t)frame_siphash(key, bytes, 2 * n + 5));
		assert_int_equal(c, frame_cookie(key, &from, &to, 6, 40000, 80));
		assert_int_not_equal(c, frame_cookie(key, &from, &to, 17, 40000, 80));
		assert_int_not_equal(c, frame_cookie(key, &from, &to, 6, 40001, 80));
		assert_int_not_equal(c, frame_cookie(key, &from, &to, 6, 40000, 81));
		assert_int_not_equal(c, frame_cookie(key, &to, &from, 6, 40000, 80));
		uint8_t other[FRAME_KEY] = { 1 };
		assert_int_not_equal(c, frame_cookie(other, &from, &to, 6, 40000, 80));
		to.bytes[15] ^= 1;
		assert_int_not_equal(c, frame_cookie(key, &from, &to, 6, 40000, 80));
	}
}

static const struct {
	const char *from, *to[3];
} families[] = {
	{ "192.0.2.1", { "198.51.100.2", "255.255.255.254", "0.0.0.1" } },
	{ "2001:db8:1::1",
	  { "2001:db8:2::2", "fe80::ffff:ffff:ffff:fffe",
	    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe" } },
};

/* Values at which carries and the all-ones sum show. */
static const uint32_t values[] = { 1,          0xffff,     0x10000,   0xfffeffff,
				   0xffffffff, 0x80007fff, 0xdeadbeef };

static void read_back(const uint8_t *frame, size_t n, const struct way *w, struct heard *h,
		      const char *to)
{
	char text[ADDR_TEXT];

	assert_true(heard_read(frame, n, w->ethernet ? 14 : 0, h));
	assert_int_equal(addr_compare(&h->from, &w->source), 0);
	assert_string_equal(addr_format(&h->to, text), to);
	if (w->ethernet)
		assert_memory_equal(h->mac, our_mac, 6);
}

static void syns(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * countof(families); i++) {
		bool ethernet = i % 2 == 0, v4 = i / 2 == 0;
		struct way w = way_of(families[i / 2].from, ethernet);
		struct frame_form f;

		assert_int_equal(frame_form_syn(&f, &w, next_mac, 40000), 0);
		assert_int_equal(f.length, (ethernet ? 14 : 0) + (v4 ? 20 : 40) + 24);
		for (size_t t = 0; t < 3; t++) {
			for (size_t v = 0; v < countof(values); v++) {
				uint8_t frame[FRAME_MOST];
				uint16_t id = (uint16_t)(values[v] * 3),
					 port = (uint16_t)(values[v] >> 7 | 1);
				struct addr to = addr_of(families[i / 2].to[t]);
				struct heard h;

				memset(frame, 0xa5, sizeof(frame));
				frame_fill_syn(&f, frame, &to, port, values[v], id);
				assert_int_equal(frame[f.length], 0xa5);
				struct span tcp =
					packet_of(frame, f.length, &w, &w.source, &to, 6, 64);
				static const uint8_t mss[2][4] = { { 2, 4, 1440 >> 8, 1440 & 255 },
								   { 2, 4, 1460 >> 8,
								     1460 & 255 } };
				assert_int_equal(tcp.length, 24);
				assert_memory_equal(tcp.at + 8, "\0\0\0\0\x60\x02\x04\x00", 8);
				assert_memory_equal(tcp.at + 18, "\0\0", 2);
				assert_memory_equal(tcp.at + 20, mss[v4], 4);
				if (v4)
					assert_int_equal(frame[f.link + 4] << 8 | frame[f.link + 5],
							 id);
				if (ethernet)
					assert_memory_equal(frame, next_mac, 6);
				read_back(frame, f.length, &w, &h, families[i / 2].to[t]);
				assert_int_equal(h.kind, HEARD_TCP);
				assert_int_equal(h.flags, TCP_SYN);
				assert_int_equal(h.sequence, values[v]);
				assert_int_equal(h.from_port, 40000);
				assert_int_equal(h.to_port, port);
			}
		}
	}
}

static void echoes(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * countof(families); i++) {
		bool ethernet = i % 2 == 0, v4 = i / 2 == 0;
		struct way w = way_of(families[i / 2].from, ethernet);
		struct frame_form f;

		assert_int_equal(frame_form_echo(&f, &w, next_mac), 0);
		for (size_t t = 0; t < 3; t++) {
			for (size_t v = 0; v < countof(values); v++) {
				uint8_t frame[FRAME_MOST];
				struct addr to = addr_of(families[i / 2].to[t]);

				frame_fill_echo(&f, frame, &to, values[v], 7);
				struct span icmp = packet_of(frame, f.length, &w, &w.source, &to,
							     v4 ? 1 : 58, 64);
				struct reader r = rd_new(icmp);
				assert_int_equal(icmp.length, 16);
				assert_int_equal(rd_be16(&r), v4 ? 0x0800 : 0x8000);
				rd_skip(&r, 2);
				assert_int_equal(rd_be32(&r), values[v]);

				/* Its answer, as a host makes it, brings the value back. */
				struct heard h;
				frame[f.link + (v4 ? 20 : 40)] = v4 ? 0 : 129;
				read_back(frame, f.length, &w, &h, families[i / 2].to[t]);
				assert_int_equal(h.kind, HEARD_ECHO);
				assert_int_equal(h.echo, values[v]);
			}
		}
	}
}

static void other_hop_limits(void **state)
{
	static const uint8_t data[64] = "a question of some length";

	(void)state;
	for (size_t i = 0; i < 2 * countof(families); i++) {
		bool v4 = i / 2 == 0;
		struct way w = way_of(families[i / 2].from, i % 2 == 0);
		struct addr to = addr_of(families[i / 2].to[0]);
		struct frame_form f;
		struct heard h;

		assert_int_equal(frame_form_echo_of(&f, &w, next_mac, data, sizeof(data)), 0);
		for (unsigned hops = 1; hops <= 255; hops += 127) {
			uint8_t frame[FRAME_MOST];

			frame_form_hops(&f, (uint8_t)hops);
			frame_fill_echo(&f, frame, &to, 0xdeadbeef, 7);
			struct span icmp = packet_of(frame, f.length, &w, &w.source, &to,
						     v4 ? 1 : 58, (uint8_t)hops);
			assert_int_equal(icmp.length, 8 + sizeof(data));
			assert_memory_equal(icmp.at + 8, data, sizeof(data));
			frame[f.link + (v4 ? 20 : 40)] = v4 ? 0 : 129;
			read_back(frame, f.length, &w, &h, families[i / 2].to[0]);
			assert_int_equal(h.echo, 0xdeadbeef);
			assert_int_equal(h.hops, hops);
		}
		assert_int_equal(frame_form_echo_of(&f, &w, next_mac, data, 0), -EINVAL);
		w.mtu = (v4 ? 20 : 40) + 8 + 63;
		assert_int_equal(frame_form_echo_of(&f, &w, next_mac, data, sizeof(data)),
				 -EMSGSIZE);
	}
}

static void udp_payloads(void **state)
{
	static const char payload[] = "0123456789abcdefg";

	(void)state;
	for (size_t i = 0; i < 2 * countof(families); i++) {
		struct way w = way_of(families[i / 2].from, i % 2 == 0);

		for (size_t n = 0; n < sizeof(payload); n++) {
			for (size_t at = 0; at <= n; at++) {
				for (size_t width = 2; width <= 4; width += 2) {
					struct frame_form f;
					struct heard h;
					uint8_t frame[FRAME_MOST], want[sizeof(payload)];
					uint32_t v = values[(at + n) % countof(values)];
					struct addr to = addr_of(families[i / 2].to[n % 3]);

					int r = frame_form_udp(&f, &w, next_mac, 40001, 53,
							       (const uint8_t *)payload, n, at,
							       width);
					if (at < n && at + width > n) {
						assert_int_equal(r, -EINVAL);
						continue;
					}
					assert_int_equal(r, 0);
					frame_fill_udp(&f, frame, &to, v, 9);
					packet_of(frame, f.length, &w, &w.source, &to, 17, 64);
					memcpy(want, payload, n);
					if (at < n) {
						for (size_t b = 0; b < width; b++)
							want[at + b] =
								(uint8_t)(v >> 8 * (width - 1 - b));
					}
					read_back(frame, f.length, &w, &h,
						  families[i / 2].to[n % 3]);
					assert_int_equal(h.kind, HEARD_UDP);
					assert_int_equal(h.from_port, 40001);
					assert_int_equal(h.to_port, 53);
					assert_int_equal(h.payload.length, n);
					assert_memory_equal(h.payload.at, want, n);
				}
			}
		}
	}
}

/* A sum of zero goes out as all ones: somewhere in 65536 values it must come up. */
static void udp_has_always_a_checksum(void **state)
{
	struct way w = way_of("192.0.2.1", false);
	struct addr to = addr_of("198.51.100.2");
	struct frame_form f;
	unsigned ones = 0;

	(void)state;
	assert_int_equal(frame_form_udp(&f, &w, next_mac, 1, 2, (const uint8_t *)"xx", 2, 0, 2), 0);
	for (uint32_t v = 0; v <= 0xffff; v++) {
		uint8_t frame[FRAME_MOST];

		frame_fill_udp(&f, frame, &to, v, 0);
		assert_true(frame[26] != 0 || frame[27] != 0);
		ones += frame[26] == 0xff && frame[27] == 0xff;
		if (frame[26] == 0xff && frame[27] == 0xff)
			packet_of(frame, f.length, &w, &w.source, &to, 17, 64);
	}
	assert_in_range(ones, 1, 2);
}

static void payloads_that_do_not_fit(void **state)
{
	static const uint8_t payload[FRAME_MOST];
	struct frame_form f;

	(void)state;
	for (size_t i = 0; i < countof(families); i++) {
		struct way w = way_of(families[i].from, true);
		size_t most = 1500 - (i == 0 ? 28 : 48);

		assert_int_equal(frame_form_udp(&f, &w, next_mac, 1, 2, payload, most, SIZE_MAX, 0),
				 0);
		assert_int_equal(f.length, 1514);
		assert_int_equal(
			frame_form_udp(&f, &w, next_mac, 1, 2, payload, most + 1, SIZE_MAX, 0),
			-EMSGSIZE);
		w.mtu = 9000;
		assert_int_equal(
			frame_form_udp(&f, &w, next_mac, 1, 2, payload, most + 5, SIZE_MAX, 0),
			-EMSGSIZE);
		w.mtu = 576;
		assert_int_equal(frame_form_udp(&f, &w, next_mac, 1, 2, payload, 576, SIZE_MAX, 0),
				 -EMSGSIZE);
		assert_int_equal(frame_form_udp(&f, &w, next_mac, 1, 2, payload, 8, 0, 3), -EINVAL);
	}
}

static void neighbours_are_asked(void **state)
{
	struct way four = way_of("192.0.2.1", true), six = way_of("fe80::1", true);
	struct addr target4 = addr_of("192.0.2.77"), target6 = addr_of("fe80::1234:56ff:fe78:9abc");
	struct addr group = addr_of("ff02::1:ff78:9abc");
	uint8_t frame[FRAME_MOST];
	struct heard h;

	(void)state;
	/* The bytes of a real request (data/wire/neighbours.pcap). */
	struct capture c;
	char path[1024];
	assert_int_equal(capture_read(&c, capture_path("neighbours.pcap", path)), 0);
	assert_int_equal(frame_arp_request(frame, &four, &target4, NULL), 42);
	assert_int_equal(c.frames[4].length, 42);
	assert_memory_equal(frame, c.frames[4].at, 42);
	assert_int_equal(frame_arp_request(frame, &four, &target4, next_mac), 42);
	assert_memory_equal(frame, next_mac, 6);
	assert_true(heard_read(frame, 42, 14, &h));
	assert_false(h.reply);
	assert_int_equal(addr_compare(&h.to, &target4), 0);

	/* And of a real solicitation: the kernel's, from the same address for the same one. */
	struct way global = way_of("2001:db8:1::1", true);
	struct addr router = addr_of("2001:db8:1::fe");
	assert_int_equal(frame_neighbour_solicit(frame, &global, &router, NULL), 86);
	assert_int_equal(c.frames[2].length, 86);
	assert_memory_equal(frame, c.frames[2].at, 86);
	capture_done(&c);

	assert_int_equal(frame_neighbour_solicit(frame, &six, &target6, NULL), 86);
	packet_of(frame, 86, &six, &six.source, &group, 58, 255);
	assert_memory_equal(frame, "\x33\x33\xff\x78\x9a\xbc", 6);
	assert_true(heard_read(frame, 86, 14, &h));
	assert_int_equal(h.kind, HEARD_SOLICIT);
	assert_int_equal(addr_compare(&h.to, &target6), 0);
	assert_memory_equal(h.mac, our_mac, 6);
	assert_int_equal(frame_neighbour_solicit(frame, &six, &target6, next_mac), 86);
	packet_of(frame, 86, &six, &six.source, &target6, 58, 255);
	assert_memory_equal(frame, next_mac, 6);

	/* From nowhere, or where there is no MAC: without the option. */
	struct way nowhere = way_of("::", true), tunnel = way_of("fe80::1", false);
	assert_int_equal(frame_neighbour_solicit(frame, &nowhere, &target6, NULL), 86 - 8);
	packet_of(frame, 78, &nowhere, &nowhere.source, &group, 58, 255);
	assert_int_equal(frame_neighbour_solicit(frame, &tunnel, &target6, NULL), 86 - 8 - 14);
	packet_of(frame, 64, &tunnel, &tunnel.source, &group, 58, 255);

	/* No such frame. */
	struct way tunnel4 = way_of("192.0.2.1", false);
	assert_int_equal(frame_arp_request(frame, &six, &target4, NULL), 0);
	assert_int_equal(frame_arp_request(frame, &four, &target6, NULL), 0);
	assert_int_equal(frame_arp_request(frame, &tunnel4, &target4, NULL), 0);
	assert_int_equal(frame_neighbour_solicit(frame, &four, &target6, NULL), 0);
	assert_int_equal(frame_neighbour_solicit(frame, &six, &target4, NULL), 0);
}

static void everybody_is_asked(void **state)
{
	struct way four = way_of("192.0.2.1", true), six = way_of("fe80::1", true),
		   tunnel = way_of("192.0.2.1", false);
	struct addr nodes = addr_of("ff02::1"), routers = addr_of("ff02::2");
	struct addr none = addr_of("0.0.0.0"), all = addr_of("255.255.255.255");
	uint8_t frame[FRAME_MOST];
	size_t n;

	(void)state;
	n = frame_all_nodes_echo(frame, &six, 0x12345678);
	struct span s = packet_of(frame, n, &six, &six.source, &nodes, 58, 1);
	assert_memory_equal(s.at, "\x80\x00", 2);
	assert_memory_equal(s.at + 4, "\x12\x34\x56\x78", 4);
	assert_memory_equal(frame, "\x33\x33\x00\x00\x00\x01", 6);
	assert_int_equal(frame_all_nodes_echo(frame, &four, 1), 0);

	n = frame_router_solicit(frame, &six);
	s = packet_of(frame, n, &six, &six.source, &routers, 58, 255);
	assert_int_equal(s.length, 16);
	assert_memory_equal(s.at, "\x85\x00", 2);
	assert_memory_equal(s.at + 4, "\0\0\0\0\x01\x01\x00\x00\x5e\x00\x53\x01", 12);
	assert_memory_equal(frame, "\x33\x33\x00\x00\x00\x02", 6);
	assert_int_equal(frame_router_solicit(frame, &four), 0);

	n = frame_dhcp_discover(frame, &four, 0xcafe0001);
	s = packet_of(frame, n, &four, &none, &all, 17, 64);
	assert_int_equal(s.length, 8 + 300);
	assert_memory_equal(s.at, "\0\x44\0\x43", 4);
	assert_memory_equal(s.at + 8, "\x01\x01\x06\x00\xca\xfe\x00\x01\0\0\x80\x00", 12);
	assert_memory_equal(s.at + 8 + 28, our_mac, 6);
	assert_memory_equal(s.at + 8 + 236, "\x63\x82\x53\x63\x35\x01\x01", 7);
	/* No option asks for an address. */
	struct reader r = rd_new(span_from(s, 8 + 240));
	for (uint8_t option; (option = rd_u8(&r)) != 255;) {
		assert_true(rd_ok(&r));
		assert_int_not_equal(option, 50);
		rd_skip(&r, rd_u8(&r));
	}
	assert_memory_equal(frame, "\xff\xff\xff\xff\xff\xff", 6);
	assert_int_equal(frame_dhcp_discover(frame, &six, 1), 0);
	assert_int_equal(frame_dhcp_discover(frame, &tunnel, 1), 0);

	static const char question[] = "\0\0\0\0\0\1\0\0\0\0\0\0\x09_services\x07_dns-sd\x04_udp"
				       "\x05local\0\0\x0c\0\x01";
	const struct way *ways[] = { &four, &six };
	static const char *const groups[] = { "224.0.0.251", "ff02::fb" };
	static const char *const macs[] = { "\x01\x00\x5e\x00\x00\xfb",
					    "\x33\x33\x00\x00\x00\xfb" };
	for (size_t i = 0; i < 2; i++) {
		struct addr group = addr_of(groups[i]);
		struct heard h;

		n = frame_mdns_services(frame, ways[i], 0);
		packet_of(frame, n, ways[i], &ways[i]->source, &group, 17, 255);
		assert_memory_equal(frame, macs[i], 6);
		assert_true(heard_read(frame, n, 14, &h));
		assert_int_equal(h.from_port, FRAME_MDNS_PORT);
		assert_int_equal(h.to_port, 5353);
		assert_int_equal(h.payload.length, sizeof(question) - 1);
		assert_memory_equal(h.payload.at, question, sizeof(question) - 1);
	}
}

static int write_capture(const char *path)
{
	bool ethernet = strlen(path) < 4 || strcmp(path + strlen(path) - 4, ".raw") != 0;
	FILE *f = fopen(path, "wb");

	if (f == NULL)
		return 1;
	capture_begin(f, ethernet ? 14 : 0);
	for (size_t i = 0; i < countof(families); i++) {
		struct way w = way_of(families[i].from, ethernet);
		struct addr to = addr_of(families[i].to[0]);
		uint32_t cookie = frame_cookie(key, &w.source, &to, 6, 40000, 443);
		static const uint8_t dns[] =
			"\0\0\x01\0\0\1\0\0\0\0\0\0\7version\4bind\0\0\x10\0\x03";
		struct frame_form form;
		uint8_t frame[FRAME_MOST];
		size_t n;

		if (frame_form_syn(&form, &w, next_mac, 40000) == 0) {
			frame_fill_syn(&form, frame, &to, 443, cookie, 0x1234);
			capture_add(f, frame, form.length);
		}
		if (frame_form_echo(&form, &w, next_mac) == 0) {
			frame_fill_echo(&form, frame, &to, cookie, 0x1234);
			capture_add(f, frame, form.length);
		}
		if (frame_form_udp(&form, &w, next_mac, 40000, 53, dns, sizeof(dns) - 1, 0, 2) ==
		    0) {
			frame_fill_udp(&form, frame, &to, cookie, 0x1234);
			capture_add(f, frame, form.length);
		}
		if ((n = frame_arp_request(frame, &w, &to, NULL)) > 0)
			capture_add(f, frame, n);
		if ((n = frame_arp_request(frame, &w, &to, next_mac)) > 0)
			capture_add(f, frame, n);
		if ((n = frame_neighbour_solicit(frame, &w, &to, NULL)) > 0)
			capture_add(f, frame, n);
		if ((n = frame_neighbour_solicit(frame, &w, &to, next_mac)) > 0)
			capture_add(f, frame, n);
		if ((n = frame_all_nodes_echo(frame, &w, cookie)) > 0)
			capture_add(f, frame, n);
		if ((n = frame_router_solicit(frame, &w)) > 0)
			capture_add(f, frame, n);
		if ((n = frame_dhcp_discover(frame, &w, cookie)) > 0)
			capture_add(f, frame, n);
		if ((n = frame_mdns_services(frame, &w, 0)) > 0)
			capture_add(f, frame, n);
	}
	return fclose(f) == 0 ? 0 : 1;
}

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int print_speed(void)
{
	enum { TIMES = 5000000 };

	for (size_t i = 0; i < countof(families); i++) {
		struct way w = way_of(families[i].from, true);
		struct addr to = addr_of(families[i].to[0]);
		struct frame_form f;
		uint8_t frame[FRAME_MOST];
		uint32_t sum = 0;

		if (frame_form_syn(&f, &w, next_mac, 40000) != 0)
			return 1;
		double from = now_ns();
		for (uint32_t t = 0; t < TIMES; t++) {
			uint16_t port = (uint16_t)(t >> 8);

			to.bytes[15] = (uint8_t)t;
			frame_fill_syn(&f, frame, &to, port,
				       frame_cookie(key, &w.source, &to, 6, 40000, port), port);
			sum += frame[f.length - 8];
		}
		double cookie_too = now_ns() - from;
		from = now_ns();
		for (uint32_t t = 0; t < TIMES; t++) {
			to.bytes[15] = (uint8_t)t;
			frame_fill_syn(&f, frame, &to, (uint16_t)t, t, 1);
			sum += frame[f.length - 8];
		}
		double alone = now_ns() - from;
		printf("%s: SYN with its keyed value %.1f ns, without %.1f ns (%u)\n",
		       i == 0 ? "IPv4" : "IPv6", cookie_too / TIMES, alone / TIMES, sum & 1);
	}
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(siphash_vectors),
		cmocka_unit_test(cookies_depend_on_everything),
		cmocka_unit_test(syns),
		cmocka_unit_test(echoes),
		cmocka_unit_test(other_hop_limits),
		cmocka_unit_test(udp_payloads),
		cmocka_unit_test(udp_has_always_a_checksum),
		cmocka_unit_test(payloads_that_do_not_fit),
		cmocka_unit_test(neighbours_are_asked),
		cmocka_unit_test(everybody_is_asked),
	};

	if (argc == 3 && strcmp(argv[1], "--pcap") == 0)
		return write_capture(argv[2]);
	if (argc == 2 && strcmp(argv[1], "--speed") == 0)
		return print_speed();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
