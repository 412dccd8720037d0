/* SPDX-License-Identifier: Apache-2.0 */
/* Frames of real programs and kernels (tests/unit/data/wire), told in words, beside what tcpdump
 * says of them; and what no frame of theirs shows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "unit/capture.h"
#include "wire/heard.h"

enum { WORDS = 512 };

static const char *mac_text(const uint8_t *m, char out[static 18])
{
	snprintf(out, 18, "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5]);
	return out;
}

/* "KIND FROM > TO ..."; "-" for nothing of ours. */
static const char *words_of(const uint8_t *frame, size_t n, size_t link, char out[static WORDS])
{
	char from[ADDR_TEXT], to[ADDR_TEXT], mac[18], tag[16] = "", rest[256] = "";
	char quoted_from[ADDR_TEXT], quoted_to[ADDR_TEXT];
	struct heard h;

	if (!heard_read(frame, n, link, &h)) {
		snprintf(out, WORDS, "-");
		return out;
	}
	addr_format(&h.from, from);
	addr_format(&h.to, to);
	mac_text(h.mac, mac);
	if (h.vlan != 0)
		snprintf(tag, sizeof(tag), "vlan %u ", h.vlan);
	static const char *const kinds[] = { "nothing", "arp", "advert", "solicit", "router",
					     "tcp",     "udp", "echo",   "error",   "redirect" };
	switch (h.kind) {
	case HEARD_ARP:
	case HEARD_ADVERT:
	case HEARD_SOLICIT:
	case HEARD_ROUTER:
		snprintf(rest, sizeof(rest), "%s%s", mac, h.reply ? " reply" : "");
		break;
	case HEARD_TCP:
		snprintf(rest, sizeof(rest), "%u > %u flags %u seq %u ack %u", h.from_port,
			 h.to_port, h.flags, h.sequence, h.acknowledged);
		break;
	case HEARD_UDP:
		snprintf(rest, sizeof(rest), "%u > %u '%.*s'", h.from_port, h.to_port,
			 (int)h.payload.length, (const char *)h.payload.at);
		break;
	case HEARD_ECHO:
		snprintf(rest, sizeof(rest), "id %u seq %u", h.echo >> 16, h.echo & 0xffff);
		break;
	case HEARD_ERROR:
		addr_format(&h.quoted_from, quoted_from);
		addr_format(&h.quoted_to, quoted_to);
		snprintf(rest, sizeof(rest), "%u/%u about %u %s %u > %s %u number %u", h.type,
			 h.code, h.quoted_protocol, quoted_from, h.quoted_from_port, quoted_to,
			 h.quoted_to_port, h.quoted_number);
		break;
	case HEARD_REDIRECT:
		addr_format(&h.quoted_to, quoted_to);
		addr_format(&h.next, quoted_from);
		snprintf(rest, sizeof(rest), "about %u %s number %u by %s", h.quoted_protocol,
			 quoted_to, h.quoted_number, quoted_from);
		break;
	default:
		break;
	}
	snprintf(out, WORDS, "%s%s %s > %s %s", tag, kinds[h.kind], from, to, rest);
	return out;
}

static const struct {
	const char *file;
	const char *words[20];
} expected[] = {
	{ "neighbours",
	  {
		  "arp 192.0.2.1 > 192.0.2.254 00:00:5e:00:53:01",
		  "arp 192.0.2.254 > 192.0.2.1 00:00:5e:00:53:fe reply",
		  "solicit 2001:db8:1::1 > 2001:db8:1::fe 00:00:5e:00:53:01",
		  "advert 2001:db8:1::fe > 2001:db8:1::1 00:00:5e:00:53:fe reply",
		  "arp 192.0.2.1 > 192.0.2.77 00:00:5e:00:53:01",
		  "arp 192.0.2.1 > 192.0.2.77 00:00:5e:00:53:01",
	  } },
	{ "echo",
	  {
		  "-",
		  "echo 198.51.100.2 > 192.0.2.1 id 7098 seq 1",
		  "-",
		  "echo 198.51.100.2 > 192.0.2.1 id 7098 seq 2",
		  "-",
		  "echo 2001:db8:2::2 > 2001:db8:1::1 id 7099 seq 1",
		  "-",
		  "echo 2001:db8:2::2 > 2001:db8:1::1 id 7099 seq 2",
	  } },
	{ "fragments",
	  {
		  "-",
		  "-",
		  "echo 198.51.100.2 > 192.0.2.1 id 7108 seq 1",
		  "-",
		  "-",
		  "-",
		  "echo 2001:db8:2::2 > 2001:db8:1::1 id 7109 seq 1",
		  "-",
	  } },
	{ "syn",
	  {
		  "tcp 192.0.2.1 > 198.51.100.2 38211 > 8080 flags 2 seq 721381398 ack 0",
		  "tcp 198.51.100.2 > 192.0.2.1 8080 > 38211 flags 18 seq 137805802 ack 721381399",
		  "tcp 192.0.2.1 > 198.51.100.2 38211 > 8080 flags 4 seq 721381399 ack 0",
		  "tcp 192.0.2.1 > 198.51.100.2 38211 > 8081 flags 2 seq 721381398 ack 0",
		  "tcp 198.51.100.2 > 192.0.2.1 8081 > 38211 flags 20 seq 0 ack 721381399",
		  "tcp 192.0.2.1 > 198.51.100.2 63473 > 8080 flags 2 seq 2981154033 ack 0",
		  "tcp 198.51.100.2 > 192.0.2.1 8080 > 63473 flags 18 seq 884958357 ack 2981154034",
		  "tcp 192.0.2.1 > 198.51.100.2 63473 > 8080 flags 4 seq 2981154034 ack 0",
		  "tcp 192.0.2.1 > 198.51.100.2 63473 > 8081 flags 2 seq 2981154033 ack 0",
		  "tcp 198.51.100.2 > 192.0.2.1 8081 > 63473 flags 20 seq 0 ack 2981154034",
		  "tcp 2001:db8:1::1 > 2001:db8:2::2 45969 > 8080 flags 2 seq 966077138 ack 0",
		  "tcp 2001:db8:2::2 > 2001:db8:1::1 8080 > 45969 flags 18 seq 749000867 ack "
		  "966077139",
		  "tcp 2001:db8:1::1 > 2001:db8:2::2 45969 > 8080 flags 4 seq 966077139 ack 0",
		  "tcp 2001:db8:1::1 > 2001:db8:2::2 45969 > 8081 flags 2 seq 966077138 ack 0",
		  "tcp 2001:db8:2::2 > 2001:db8:1::1 8081 > 45969 flags 20 seq 0 ack 966077139",
	  } },
	{ "udp",
	  {
		  "udp 192.0.2.1 > 198.51.100.2 40000 > 8053 'four'",
		  "udp 198.51.100.2 > 192.0.2.1 8053 > 40000 'heard four'",
		  "udp 2001:db8:1::1 > 2001:db8:2::2 40000 > 8053 'six'",
		  "udp 2001:db8:2::2 > 2001:db8:1::1 8053 > 40000 'heard six'",
		  "udp 192.0.2.1 > 198.51.100.2 40000 > 8054 'four'",
		  "error 198.51.100.2 > 192.0.2.1 3/3 about 17 192.0.2.1 40000 > 198.51.100.2 8054 "
		  "number 0",
		  "udp 2001:db8:1::1 > 2001:db8:2::2 40000 > 8054 'six'",
		  "error 2001:db8:2::2 > 2001:db8:1::1 1/4 about 17 2001:db8:1::1 40000 > "
		  "2001:db8:2::2 8054 number 0",
		  /* its quote has destination options */
		  "error 2001:db8:2::2 > 2001:db8:1::1 1/4 about 17 2001:db8:1::1 40000 > "
		  "2001:db8:2::2 8054 number 0",
	  } },
	{ "errors",
	  {
		  "tcp 192.0.2.1 > 198.51.100.2 53267 > 9000 flags 2 seq 2310448699 ack 0",
		  "error 192.0.2.254 > 192.0.2.1 3/13 about 6 192.0.2.1 53267 > 198.51.100.2 9000 "
		  "number 2310448699",
		  "tcp 192.0.2.1 > 198.51.100.2 53267 > 9001 flags 2 seq 2310448699 ack 0",
		  "tcp 198.51.100.2 > 192.0.2.1 9001 > 53267 flags 20 seq 0 ack 2310448700",
		  "tcp 2001:db8:1::1 > 2001:db8:2::2 34546 > 9000 flags 2 seq 3851053176 ack 0",
		  "error 2001:db8:1::fe > 2001:db8:1::1 1/1 about 6 2001:db8:1::1 34546 > "
		  "2001:db8:2::2 9000 number 3851053176",
		  /* identifiers and sequence 1 of ping, as tshark tells them */
		  "error 192.0.2.254 > 192.0.2.1 3/10 about 1 192.0.2.1 0 > 198.51.100.2 0 "
		  "number 490536961",
		  "error 192.0.2.254 > 192.0.2.1 3/1 about 1 192.0.2.1 0 > 198.51.100.99 0 "
		  "number 490602497",
		  "error 2001:db8:1::fe > 2001:db8:1::1 1/3 about 58 2001:db8:1::1 0 > "
		  "2001:db8:2::99 0 number 492044289",
		  "error 192.0.2.254 > 192.0.2.1 11/0 about 1 192.0.2.1 0 > 198.51.100.2 0 "
		  "number 495714305",
		  "error 2001:db8:1::fe > 2001:db8:1::1 3/0 about 58 2001:db8:1::1 0 > "
		  "2001:db8:2::2 0 number 495779841",
		  "error 2001:db8:1::fe > 2001:db8:1::1 1/0 about 17 2001:db8:1::1 40000 > "
		  "2001:db8:9::1 9 number 0",
	  } },
	{ "redirects",
	  {
		  "redirect 192.0.2.254 > 192.0.2.1 about 1 203.0.113.9 number 1413808129 by "
		  "192.0.2.77",
		  "redirect fe80::200:5eff:fe00:53fe > 2001:db8:1::1 about 58 2001:db8:9::9 "
		  "number 1414725633 by fe80::77",
	  } },
	{ "router",
	  {
		  "router fe80::200:5eff:fe00:53fe > ff02::1 00:00:5e:00:53:fe",
		  "router fe80::200:5eff:fe00:53fe > ff02::1 00:00:5e:00:53:fe",
	  } },
	{ "tun",
	  {
		  "-",
		  "echo 203.0.113.2 > 203.0.113.1 id 7687 seq 1",
		  "tcp 203.0.113.1 > 203.0.113.2 48079 > 8081 flags 2 seq 1587427961 ack 0",
		  "tcp 203.0.113.2 > 203.0.113.1 8081 > 48079 flags 20 seq 0 ack 1587427962",
		  "error 203.0.113.2 > 203.0.113.1 3/3 about 17 203.0.113.1 40000 > 203.0.113.2 "
		  "8054 "
		  "number 0",
	  } },
};

static struct capture captured(const char *name)
{
	char file[64], path[1024];
	struct capture c;

	snprintf(file, sizeof(file), "%s.pcap", name);
	if (capture_read(&c, capture_path(file, path)) != 0)
		fail_msg("%s cannot be read", path);
	return c;
}

static void real_frames_are_understood(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(expected); i++) {
		struct capture c = captured(expected[i].file);
		char words[WORDS];

		for (size_t f = 0; f < c.count; f++) {
			assert_non_null(expected[i].words[f]);
			assert_string_equal(
				words_of(c.frames[f].at, c.frames[f].length, c.link, words),
				expected[i].words[f]);
		}
		assert_null(expected[i].words[c.count]);
		capture_done(&c);
	}
}

/* The frames of three captures, the even ones with tag 100, the odd ones with 200 around 100. */
static void tags_are_taken_off(void **state)
{
	static const char *const names[] = { "neighbours", "echo", "syn" };
	struct capture tagged = captured("tags");
	size_t at = 0;

	(void)state;
	for (size_t i = 0; i < countof(names); i++) {
		struct capture c = captured(names[i]);

		for (size_t f = 0; f < c.count; f++, at++) {
			char words[WORDS], with[WORDS + 16], got[WORDS];

			assert_true(at < tagged.count);
			words_of(c.frames[f].at, c.frames[f].length, 14, words);
			snprintf(with, sizeof(with), "%s%s",
				 words[0] == '-' ? ""
				 : f % 2 == 0    ? "vlan 100 "
						 : "vlan 200 ",
				 words);
			assert_string_equal(
				words_of(tagged.frames[at].at, tagged.frames[at].length, 14, got),
				with);
		}
		capture_done(&c);
	}
	assert_int_equal(at, tagged.count);
	capture_done(&tagged);
}

static void a_priority_alone_is_no_network(void **state)
{
	struct capture c = captured("tags");
	uint8_t frame[256];
	struct span with_two = c.frames[1];
	struct heard h;

	(void)state;
	memcpy(frame, with_two.at, with_two.length);
	memcpy(frame + 14, "\xc0\x00", 2); /* priority 6 in front of network 100 */
	assert_true(heard_read(frame, with_two.length, 14, &h));
	assert_int_equal(h.vlan, 100);
	memcpy(frame + 18, "\x00\x00", 2);
	assert_true(heard_read(frame, with_two.length, 14, &h));
	assert_int_equal(h.vlan, 0);
	capture_done(&c);
}

static void a_third_tag_is_none_of_ours(void **state)
{
	struct capture c = captured("tags");
	uint8_t frame[256];
	struct span with_two = c.frames[1];
	struct heard h;

	(void)state;
	assert_true(heard_read(with_two.at, with_two.length, 14, &h));
	memcpy(frame, with_two.at, 12);
	memcpy(frame + 12, "\x81\x00\x00\x01", 4);
	memcpy(frame + 16, with_two.at + 12, with_two.length - 12);
	assert_false(heard_read(frame, with_two.length + 4, 14, &h));
	capture_done(&c);
}

/* What has no MAC address is read alike without the Ethernet header. */
static void frames_without_a_link_layer(void **state)
{
	static const char *const names[] = { "echo", "fragments", "syn", "udp", "errors" };
	unsigned six = 0;

	(void)state;
	for (size_t i = 0; i < countof(names); i++) {
		struct capture c = captured(names[i]);

		for (size_t f = 0; f < c.count; f++) {
			struct span s = c.frames[f];
			char with[WORDS], without[WORDS];

			assert_string_equal(words_of(s.at + 14, s.length - 14, 0, without),
					    words_of(s.at, s.length, 14, with));
			six += s.at[14] >> 4 == 6 && with[0] != '-';
		}
		capture_done(&c);
	}
	assert_in_range(six, 10, 40);
}

/* A whole frame says what a cut one says, or the cut one says nothing, or less of its quote. */
static void cut_frames_say_nothing_else(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(expected); i++) {
		struct capture c = captured(expected[i].file);

		for (size_t f = 0; f < c.count; f++) {
			struct heard whole, h;

			if (!heard_read(c.frames[f].at, c.frames[f].length, c.link, &whole))
				continue;
			for (size_t n = 0; n < c.frames[f].length; n++) {
				if (!heard_read(c.frames[f].at, n, c.link, &h))
					continue;
				assert_int_equal(h.kind, whole.kind);
				assert_int_equal(addr_compare(&h.from, &whole.from), 0);
				assert_int_equal(addr_compare(&h.to, &whole.to), 0);
				assert_int_equal(h.from_port, whole.from_port);
				assert_int_equal(h.acknowledged, whole.acknowledged);
				assert_int_equal(h.flags, whole.flags);
				assert_int_equal(h.echo, whole.echo);
				assert_true(h.payload.length <= whole.payload.length);
				if (h.quoted_protocol != 0) {
					assert_int_equal(h.quoted_protocol, whole.quoted_protocol);
					assert_int_equal(h.quoted_to_port, whole.quoted_to_port);
				}
				if (h.quoted_number != 0)
					assert_int_equal(h.quoted_number, whole.quoted_number);
			}
		}
		capture_done(&c);
	}
}

/* The quote of a SYN in an ICMP error, shortened on the wire: the IP length goes along. */
static void short_quotes_go_as_far_as_they_go(void **state)
{
	struct capture c = captured("errors");
	uint8_t frame[256];
	size_t n = c.frames[1].length, quote = 14 + 20 + 8;
	struct heard h;

	(void)state;
	memcpy(frame, c.frames[1].at, n);
	for (size_t left = 0; left <= n - quote; left++) {
		size_t total = quote - 14 + left;
		char to[ADDR_TEXT];

		frame[16] = (uint8_t)(total >> 8);
		frame[17] = (uint8_t)total;
		assert_true(heard_read(frame, quote + left, 14, &h));
		assert_int_equal(h.kind, HEARD_ERROR);
		assert_int_equal(h.quoted_protocol, left >= 24 ? 6 : 0);
		assert_int_equal(h.quoted_from_port, left >= 24 ? 53267 : 0);
		assert_int_equal(h.quoted_to_port, left >= 24 ? 9000 : 0);
		assert_int_equal(h.quoted_number, left >= 28 ? 2310448699 : 0);
		assert_string_equal(addr_format(&h.quoted_to, to),
				    left >= 20 ? "198.51.100.2" : "::");
	}
	capture_done(&c);
}

static void padding_is_no_payload(void **state)
{
	struct capture c = captured("udp");
	uint8_t frame[64] = { 0 };
	struct heard h;

	(void)state;
	memset(frame, 'x', sizeof(frame));
	memcpy(frame, c.frames[0].at, c.frames[0].length);
	assert_true(heard_read(frame, 60, 14, &h));
	assert_true(span_is(h.payload, "four"));
	capture_done(&c);
}

/* As source, as destination, as target: an IPv6 packet cannot speak for an IPv4 host. */
static void mapped_addresses_are_refused(void **state)
{
	static const size_t places[] = { 22, 38, 62 };
	struct capture c = captured("neighbours");
	struct heard h;

	(void)state;
	for (size_t i = 0; i < countof(places); i++) {
		struct addr mapped;
		uint8_t frame[128];

		assert_int_equal(addr_parse("192.0.2.9", &mapped), 0);
		memcpy(frame, c.frames[3].at, c.frames[3].length);
		memcpy(frame + places[i], mapped.bytes, 16);
		assert_false(heard_read(frame, c.frames[3].length, 14, &h));
	}
	capture_done(&c);
}

/* The option of the right type says the MAC address, else the frame does. */
static void macs_come_from_the_option(void **state)
{
	struct capture c = captured("neighbours");
	struct heard h;

	(void)state;
	for (size_t i = 2; i < 4; i++) {
		uint8_t frame[128], type = (uint8_t)(i - 1);

		memcpy(frame, c.frames[i].at, c.frames[i].length);
		frame[11] = 0x77; /* the sender of the frame */
		assert_int_equal(frame[78], type);
		assert_true(heard_read(frame, c.frames[i].length, 14, &h));
		assert_memory_equal(h.mac, frame + 80, 6);
		frame[78] = 5; /* an MTU */
		assert_true(heard_read(frame, c.frames[i].length, 14, &h));
		assert_memory_equal(h.mac, frame + 6, 6);
		frame[78] = (uint8_t)(3 - type); /* the other address */
		assert_true(heard_read(frame, c.frames[i].length, 14, &h));
		assert_memory_equal(h.mac, frame + 6, 6);
	}
	capture_done(&c);
}

/* One byte of a real frame changed at a time: each change makes it none of ours. */
static void malformed_frames_are_not_heard(void **state)
{
	static const struct {
		const char *file;
		size_t frame, at;
		uint8_t value;
		const char *what;
	} cases[] = {
		{ "neighbours", 0, 15, 6, "ARP of another link" },
		{ "neighbours", 0, 18, 8, "ARP with long hardware addresses" },
		{ "neighbours", 0, 19, 16, "ARP with long protocol addresses" },
		{ "neighbours", 0, 21, 3, "reverse ARP" },
		{ "neighbours", 2, 21, 254, "solicitation that a router passed on" },
		{ "neighbours", 2, 55, 1, "solicitation with a code" },
		{ "neighbours", 2, 62, 0xff, "solicitation for a group" },
		{ "neighbours", 2, 79, 0, "option without a length [nd-option-loop]" },
		{ "neighbours", 2, 79, 2, "option past the end" },
		{ "neighbours", 3, 21, 64, "advertisement that a router passed on" },
		{ "router", 0, 21, 64, "router advertisement that a router passed on" },
		{ "router", 0, 22, 0x20, "router advertisement from far" },
		{ "echo", 1, 14, 0x44, "IPv4 header of 16 bytes" },
		{ "echo", 1, 14, 0x65, "IPv4 header of version 6" },
		{ "echo", 1, 17, 19, "total length below the header" },
		{ "echo", 1, 21, 1, "a later fragment" },
		{ "fragments", 6, 56, 1, "a later fragment of IPv6" },
		{ "echo", 1, 34, 6, "ICMP of another kind" },
		{ "redirects", 1, 21, 64, "redirect that a router passed on" },
		{ "redirects", 1, 55, 1, "redirect with a code" },
		{ "redirects", 1, 95, 0,
		  "redirect with an option without a length [nd-option-loop]" },
		{ "echo", 5, 20, 6, "TCP made of an echo: no header length" },
		{ "echo", 5, 20, 59, "no next header" },
		{ "echo", 5, 20, 1, "ICMP in IPv6" },
		{ "echo", 1, 23, 58, "ICMPv6 in IPv4" },
		{ "syn", 6, 46, 0x40, "TCP header of 16 bytes" },
		{ "syn", 6, 46, 0x70, "TCP header past the packet" },
		{ "udp", 1, 39, 7, "UDP length below its header" },
		{ "udp", 1, 39, 19, "UDP length past the packet" },
		{ "udp", 3, 55, 5, "hop-by-hop options past the packet" },
	};

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		struct capture c = captured(cases[i].file);
		uint8_t frame[256];
		size_t n = c.frames[cases[i].frame].length;
		struct heard h;

		assert_true(n <= sizeof(frame));
		memcpy(frame, c.frames[cases[i].frame].at, n);
		if (!heard_read(frame, n, 14, &h))
			fail_msg("not heard before: %s", cases[i].what);
		frame[cases[i].at] = cases[i].value;
		if (heard_read(frame, n, 14, &h))
			fail_msg("heard: %s", cases[i].what);
		capture_done(&c);
	}
}

static void other_links_are_refused(void **state)
{
	struct capture c = captured("echo");
	struct heard h;

	(void)state;
	assert_false(heard_read(c.frames[1].at, c.frames[1].length, 16, &h));
	assert_false(heard_read(c.frames[1].at, c.frames[1].length, 0, &h));
	assert_false(heard_read(c.frames[1].at, 0, 0, &h));
	assert_false(heard_read(NULL, 0, 14, &h));
	capture_done(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(real_frames_are_understood),
		cmocka_unit_test(tags_are_taken_off),
		cmocka_unit_test(a_priority_alone_is_no_network),
		cmocka_unit_test(a_third_tag_is_none_of_ours),
		cmocka_unit_test(frames_without_a_link_layer),
		cmocka_unit_test(cut_frames_say_nothing_else),
		cmocka_unit_test(short_quotes_go_as_far_as_they_go),
		cmocka_unit_test(padding_is_no_payload),
		cmocka_unit_test(mapped_addresses_are_refused),
		cmocka_unit_test(macs_come_from_the_option),
		cmocka_unit_test(malformed_frames_are_not_heard),
		cmocka_unit_test(other_links_are_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
