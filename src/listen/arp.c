/* SPDX-License-Identifier: Apache-2.0 */
/* ARP for Ethernet and IPv4 (RFC 826): whose MAC address an address has, and who says so unasked. */
#include "listen/decoder.h"

#include "codec/reader.h"
#include "wire/routes.h"

enum { ETHERNET = 1, IPV4 = 0x0800, REQUEST = 1, REPLY = 2 };

/*
 * MAC addresses that several machines share, or that stand for a cluster: VRRP and CARP (RFC 9568, 7.3),
 * HSRP 1 and 2, GLBP, Microsoft's load balancing. There the frame of an ARP comes from the machine's own
 * address, and nobody forges anything.
 */
static bool is_shared(const uint8_t mac[static 6])
{
	static const struct {
		uint8_t bytes[5], length;
	} shared[] = {
		{ { 0x00, 0x00, 0x5e, 0x00, 0x01 }, 5 },
		{ { 0x00, 0x00, 0x5e, 0x00, 0x02 }, 5 },
		{ { 0x00, 0x00, 0x0c, 0x07, 0xac }, 5 },
		{ { 0x00, 0x00, 0x0c, 0x9f }, 4 },
		{ { 0x00, 0x05, 0x73, 0xa0 }, 4 },
		{ { 0x00, 0x07, 0xb4 }, 3 },
		{ { 0x02, 0xbf }, 2 },
		{ { 0x03, 0xbf }, 2 },
	};

	for (size_t i = 0; i < countof(shared); i++)
		if (memcmp(mac, shared[i].bytes, shared[i].length) == 0)
			return true;
	return false;
}

/* Of one card: neither a group's nor nobody's. */
static bool is_one(const uint8_t mac[static 6])
{
	static const uint8_t none[6];

	return (mac[0] & 1) == 0 && memcmp(mac, none, 6) != 0;
}

static void tell_mismatch(struct notes *n, const struct packet *p, const struct fact *f)
{
	char text[18];
	struct fact mismatch = *f;

	neighbour_mac_text(p->src_mac, text);
	mismatch.kind = "arp.mismatch";
	mismatch.value = span_text(text);
	n->fact(n, &mismatch);
}

static bool arp_packet(struct notes *n, const struct packet *p)
{
	struct reader r = rd_new(p->payload);

	if (rd_be16(&r) != ETHERNET || rd_be16(&r) != IPV4 || rd_u8(&r) != 6 || rd_u8(&r) != 4)
		return false;
	uint16_t operation = rd_be16(&r);
	struct span mac = rd_span(&r, 6);
	struct fact f = { .kind = "addr.arp", .about = addr_of_bytes(rd_span(&r, 4)) };
	rd_skip(&r, 6);
	struct addr target = addr_of_bytes(rd_span(&r, 4));
	if (!rd_ok(&r) || (operation != REQUEST && operation != REPLY))
		return false;
	/* RFC 5227, 1.1: who only tries an address out has none yet. */
	if (addr_is_unusable(&f.about))
		return true;
	f.mac = mac.at;
	if (is_one(f.mac))
		n->fact(n, &f);
	if (addr_compare(&f.about, &target) == 0) {
		f.kind = "arp.gratuitous";
		n->fact(n, &f);
	}
	if (p->has_mac && memcmp(p->src_mac, f.mac, 6) != 0 && !is_shared(f.mac))
		tell_mismatch(n, p, &f);
	return true;
}

const struct decoder decoder_arp = {
	.name = "arp",
	.ethertypes = (const uint16_t[]){ 0x0806, 0 },
	.packet = arp_packet,
};
