/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames taken apart. Link layers: IEEE 802.3 with 802.1Q and 802.1ad tags, PPP (RFC 1661) alone and over
 * Ethernet (RFC 2516), Linux cooked captures, BSD loopback, raw IP. Network: IPv4 (RFC 791), IPv6 with its
 * extension headers (RFC 8200). What wraps frames and packets: GRE (RFC 2784, 2890; version 1 of RFC 2637),
 * ERSPAN I to III (draft-foschiano-erspan-03), VXLAN (RFC 7348), IP in IP (RFC 2003, 4213), Teredo (RFC 4380).
 */
#include "listen/frame.h"

#include <pcap/dlt.h>

#include "codec/reader.h"

enum {
	DEPTH_MAX = 4, /* of what is wrapped into each other */
	LABELS_MAX = 8,
	TAGS_MAX = 4,       /* VLAN tags in a row */
	EXTENSIONS_MAX = 8, /* IPv6 extension headers in a row */

	TYPE_IPV4 = 0x0800,
	TYPE_IPV6 = 0x86dd,
	TYPE_BRIDGED = 0x6558, /* Ethernet in GRE */
	TYPE_PPP = 0x880b,
	TYPE_PPPOE = 0x8864,
	TYPE_ERSPAN_2 = 0x88be, /* and I, which has no sequence number */
	TYPE_ERSPAN_3 = 0x22eb,
	TYPE_802_3 = 1536, /* below: a length */

	PORT_VXLAN = 4789,
	PORT_TEREDO = 3544,
};

struct taking {
	struct packet *p;
	struct fragments *fragments;
	unsigned depth;
	uint32_t missing; /* of the frame: what was not captured */
};

static bool take_ethernet(struct taking *t, struct reader r);
static bool take_type(struct taking *t, uint16_t type, struct reader r);
static bool take_ip(struct taking *t, struct reader r);
static bool take_hdlc(struct taking *t, struct reader r);

/* ---- what is wrapped ---- */

/* Tries what lies within; where that is nothing, the packet stays the one around it. */
static bool unwrap(struct taking *t, unsigned wrap, bool ethernet, uint16_t type, struct reader r)
{
	struct packet outer = *t->p;
	bool good;

	if (t->depth >= DEPTH_MAX)
		return false;
	t->depth++;
	t->p->wraps |= wrap;
	if (outer.is_ip &&
	    memcmp(&outer.outer_src, &(struct addr){ 0 }, sizeof(struct addr)) == 0) {
		t->p->outer_src = outer.src;
		t->p->outer_dst = outer.dst;
	}
	if (ethernet)
		t->p->vlan = 0;
	else
		t->p->has_mac = false; /* those of the ends of the tunnel */
	t->p->is_ip = false;
	t->p->src_port = t->p->dst_port = 0; /* what is inside may have none */
	good = ethernet ? take_ethernet(t, r) : take_type(t, type, r);
	if (!good || (!ethernet && !t->p->is_ip))
		*t->p = outer;
	t->depth--;
	return good;
}

/* RFC 2784, 2.1; RFC 2890, 2; RFC 2637, 4.1. */
static void take_gre(struct taking *t, struct reader r)
{
	enum { CHECKSUM = 0x8000, ROUTING = 0x4000, KEY = 0x2000, SEQUENCE = 0x1000, ACK = 0x80 };
	uint16_t flags = rd_be16(&r), type = rd_be16(&r);

	if ((flags & 7) == 1 && type == TYPE_PPP) {
		rd_skip(&r, 4U + ((flags & SEQUENCE) != 0 ? 4 : 0) + ((flags & ACK) != 0 ? 4 : 0));
		unwrap(t, WRAP_GRE, false, TYPE_PPP, r);
		return;
	}
	if ((flags & 7) != 0 || (flags & ROUTING) != 0)
		return;
	rd_skip(&r, ((flags & CHECKSUM) != 0 ? 4U : 0) + ((flags & KEY) != 0 ? 4 : 0) +
			    ((flags & SEQUENCE) != 0 ? 4 : 0));
	if (type == TYPE_BRIDGED) {
		unwrap(t, WRAP_GRE, true, 0, r);
	} else if (type == TYPE_ERSPAN_2) {
		if ((flags & SEQUENCE) != 0)
			rd_skip(&r, 8);
		unwrap(t, WRAP_ERSPAN, true, 0, r);
	} else if (type == TYPE_ERSPAN_3) {
		rd_skip(&r, 10);
		uint16_t last =
			rd_be16(&r); /* P, frame type, hardware id, direction, granularity, O */
		if ((last & 1) != 0)
			rd_skip(&r, 8);
		if ((last >> 10 & 0x1f) == 0)
			unwrap(t, WRAP_ERSPAN, true, 0, r);
	} else {
		unwrap(t, WRAP_GRE, false, type, r);
	}
}

/* RFC 7348, 5: the flag of the identifier alone, the rest zero. */
static void take_vxlan(struct taking *t, struct reader r)
{
	uint32_t flags = rd_be32(&r);

	rd_skip(&r, 4);
	if (flags == 0x08000000 && rd_ok(&r))
		unwrap(t, WRAP_VXLAN, true, 0, r);
}

/* RFC 4380, 5.1.1: authentication and origin may stand before the IPv6 packet. */
static void take_teredo(struct taking *t, struct reader r)
{
	for (unsigned i = 0; i < 2; i++) {
		struct reader next = r;
		uint16_t kind = rd_be16(&next);

		if (kind == 1) {
			size_t id = rd_u8(&next), value = rd_u8(&next);
			rd_skip(&next, id + value + 9); /* and nonce and confirmation */
		} else if (kind == 0) {
			rd_skip(&next, 6);
		} else {
			break;
		}
		r = next;
	}
	struct reader head = r;
	if (rd_left(&head) >= 40 && rd_u8(&head) >> 4 == 6)
		unwrap(t, WRAP_TEREDO, false, TYPE_IPV6, r);
}

/* ---- transports ---- */

static void take_tcp(struct packet *p, struct reader r)
{
	size_t all = p->payload_length;

	rd_skip(&r, 4);
	p->sequence = rd_be32(&r);
	p->acknowledged = rd_be32(&r);
	size_t header = (size_t)(rd_u8(&r) >> 4) * 4;
	uint8_t flags = rd_u8(&r);
	p->tcp_window = rd_be16(&r);
	rd_skip(&r, 4);
	if (!rd_ok(&r) || header < 20 || header > all) {
		p->payload = span_from(p->payload, p->payload.length);
		p->payload_length = 0;
		return;
	}
	p->tcp_flags = flags;
	size_t options = header - 20 < rd_left(&r) ? header - 20 : rd_left(&r);
	p->tcp_options = rd_span(&r, options);
	p->payload = rd_rest(&r);
	p->payload_length = (uint32_t)(all - header);
}

static void take_udp(struct taking *t, struct reader r)
{
	struct packet *p = t->p;

	rd_skip(&r, 4);
	uint32_t length = rd_be16(&r);
	rd_skip(&r, 2);
	uint32_t all = p->payload_length >= 8 ? p->payload_length - 8 : 0;
	p->payload = rd_rest(&r);
	if (length >= 8 && length - 8 < all) /* 0: a jumbogram, or left to the network card */
		all = length - 8;
	p->payload = span_first(p->payload, all);
	p->payload_length = all;
	if (p->dst_port == PORT_VXLAN)
		take_vxlan(t, rd_new(p->payload));
	else if (p->dst_port == PORT_TEREDO || p->src_port == PORT_TEREDO)
		take_teredo(t, rd_new(p->payload));
}

/* payload and payload_length are those of IP. */
static void take_transport(struct taking *t)
{
	struct packet *p = t->p;
	struct reader r = rd_new(p->payload);

	if (p->protocol == 6 || p->protocol == 17 || p->protocol == 132) {
		struct reader ports = r;

		p->src_port = rd_be16(&ports);
		p->dst_port = rd_be16(&ports);
		if (p->protocol == 6)
			take_tcp(p, r);
		else if (p->protocol == 17)
			take_udp(t, r);
	} else if (p->protocol == 47) {
		take_gre(t, r);
	} else if (p->protocol == 41) {
		unwrap(t, WRAP_IP_IN_IP, false, TYPE_IPV6, r);
	} else if (p->protocol == 4) {
		unwrap(t, WRAP_IP_IN_IP, false, TYPE_IPV4, r);
	}
}

struct fragmented {
	uint32_t id, offset;
	bool more;
};

static void take_fragment(struct taking *t, const struct fragmented *how)
{
	struct packet *p = t->p;
	struct span whole, first = p->payload;
	struct fragment piece = {
		.src = &p->src,
		.dst = &p->dst,
		.id = how->id,
		.vlan = p->vlan,
		.protocol = p->protocol,
		.offset = how->offset,
		.more = how->more,
		.snapped = p->payload.length < p->payload_length,
		.bytes = p->payload,
		.time_ns = p->time_ns,
	};

	p->ip = span_first(p->ip, 0);
	if (t->fragments != NULL && fragments_add(t->fragments, &piece, &whole, &first)) {
		p->payload = whole;
		p->payload_length = (uint32_t)whole.length;
		take_transport(t);
		return;
	}
	if (t->fragments == NULL && how->offset != 0)
		first = span_first(first, 0);
	p->is_fragment = true;
	if ((p->protocol == 6 || p->protocol == 17 || p->protocol == 132) && first.length >= 4) {
		struct reader ports = rd_new(first);

		p->src_port = rd_be16(&ports);
		p->dst_port = rd_be16(&ports);
	}
	p->payload = span_first(p->payload, 0);
	p->payload_length = 0;
}

/* ---- IP ---- */

static void put_ipv4(struct addr *a, struct reader *r)
{
	struct span s = rd_span(r, 4);

	*a = (struct addr){ .bytes = { [10] = 0xff, [11] = 0xff } };
	if (s.length == 4)
		memcpy(a->bytes + 12, s.at, 4);
}

static void put_ipv6(struct addr *a, struct reader *r)
{
	struct span s = rd_span(r, 16);

	*a = (struct addr){ 0 };
	if (s.length == 16)
		memcpy(a->bytes, s.at, 16);
}

/* What of an IP packet there is: not the padding behind it, and no more than was on the wire. Where its length
 * was left to the network card of the machine that captured it, all of the frame belongs to it. */
static void bound_payload(struct taking *t, struct reader r, bool known, size_t length)
{
	size_t all = rd_left(&r) + t->missing;

	if (known && length < all)
		all = length;

	t->p->payload = span_first(rd_rest(&r), all);
	t->p->payload_length = (uint32_t)all;
}

static bool take_ipv4(struct taking *t, struct reader r)
{
	struct packet *p = t->p;
	struct span all = span_of(r.at, rd_left(&r));
	size_t header = (size_t)(rd_u8(&r) & 15) * 4;
	struct fragmented how;

	rd_skip(&r, 1);
	size_t total = rd_be16(&r);
	how.id = rd_be16(&r);
	uint16_t offset = rd_be16(&r);
	uint8_t ttl = rd_u8(&r), protocol = rd_u8(&r);
	struct addr src, dst;
	rd_skip(&r, 2);
	put_ipv4(&src, &r);
	put_ipv4(&dst, &r);
	if (!rd_ok(&r) || header < 20 || (total != 0 && total < header))
		return false;
	p->is_ip = true;
	p->src = src;
	p->dst = dst;
	p->ttl = ttl;
	p->protocol = protocol;
	rd_skip(&r, header - 20);
	bound_payload(t, r, total != 0, total - header);
	p->ip_length = (uint32_t)header + p->payload_length;
	p->ip = span_first(all, p->ip_length);
	how.offset = (uint32_t)(offset & 0x1fff) * 8;
	how.more = (offset & 0x2000) != 0;
	if (how.offset != 0 || how.more)
		take_fragment(t, &how);
	else
		take_transport(t);
	return true;
}

/* RFC 8200, 4; of the authentication header (RFC 4302, 2.2) the length counts in other units. */
static bool take_ipv6(struct taking *t, struct reader r)
{
	struct packet *p = t->p;
	struct span all = span_of(r.at, rd_left(&r));
	struct fragmented how = { 0 };
	bool in_fragments = false;

	rd_skip(&r, 4);
	size_t length = rd_be16(&r);
	uint8_t next = rd_u8(&r), ttl = rd_u8(&r);
	struct addr src, dst;
	put_ipv6(&src, &r);
	put_ipv6(&dst, &r);
	if (!rd_ok(&r))
		return false;
	p->is_ip = true;
	p->src = src;
	p->dst = dst;
	p->ttl = ttl;
	bound_payload(t, r, length != 0 || next == 59, length); /* 59: nothing follows */
	p->ip_length = 40 + p->payload_length;
	p->ip = span_first(all, p->ip_length);
	struct reader body = rd_new(p->payload);
	for (unsigned i = 0; i < EXTENSIONS_MAX && !in_fragments; i++) {
		struct reader head = body;
		bool known = next == 0 || next == 43 || next == 51 || next == 60 || next == 135 ||
			     next == 139 || next == 140;
		uint8_t behind = 0;
		size_t size = 8;

		if (next == 44) {
			behind = rd_u8(&head);
			rd_skip(&head, 1);
			uint16_t offset = rd_be16(&head);
			how.id = rd_be32(&head);
			how.offset = offset & 0xfff8U;
			how.more = (offset & 1) != 0;
			in_fragments = how.offset != 0 || how.more;
		} else if (known) {
			behind = rd_u8(&head);
			size = rd_u8(&head);
			size = next == 51 ? (size + 2) * 4 : (size + 1) * 8;
		} else {
			break;
		}
		if (!rd_ok(&head) || size > rd_left(&body))
			break;
		rd_skip(&body, size);
		p->payload_length -= (uint32_t)size;
		next = behind;
	}
	p->payload = rd_rest(&body);
	p->protocol = next;
	if (in_fragments)
		take_fragment(t, &how);
	else
		take_transport(t);
	return true;
}

static bool take_ip(struct taking *t, struct reader r)
{
	struct reader head = r;
	uint8_t version = rd_u8(&head) >> 4;

	return version == 4 ? take_ipv4(t, r) : version == 6 ? take_ipv6(t, r) : false;
}

/* ---- link layers ---- */

/* The protocol of PPP may be one byte where it is odd (RFC 1661, 6.5); address and control may be left out
 * (RFC 1661, 6.6). */
static bool take_ppp(struct taking *t, struct reader r)
{
	struct reader head = r;

	/* RFC 1547, 4.3.1: routers speak Cisco's framing on such lines as well. */
	uint8_t address = rd_left(&r) > 0 ? r.at[0] : 0;
	if (address == 0x0f || address == 0x8f) {
		/* Which can hold PPP again. */
		if (t->depth >= DEPTH_MAX)
			return false;
		t->depth++;
		bool good = take_hdlc(t, r);
		t->depth--;
		return good;
	}

	if (rd_be16(&head) == 0xff03)
		r = head;
	uint16_t protocol = rd_u8(&r);
	if ((protocol & 1) == 0)
		protocol = (uint16_t)(protocol << 8 | rd_u8(&r));
	return rd_ok(&r) && (protocol == 0x21 || protocol == 0x57) && take_ip(t, r);
}

static bool take_pppoe(struct taking *t, struct reader r)
{
	uint16_t kind = rd_be16(&r); /* version 1, type 1, code 0 */

	rd_skip(&r, 4); /* session, length */
	if (kind != 0x1100 || !take_ppp(t, r))
		return false;
	t->p->wraps |= WRAP_PPPOE;
	return true;
}

/* RFC 3032, 2.1: labels, the last of which is marked. What lies behind says itself which IP it is. */
static bool take_mpls(struct taking *t, struct reader r)
{
	bool last = false;

	for (unsigned i = 0; i < LABELS_MAX && !last; i++)
		last = (rd_be32(&r) & 0x100) != 0;
	return last && rd_ok(&r) && take_ip(t, r);
}

static bool take_type(struct taking *t, uint16_t type, struct reader r)
{
	struct packet *p = t->p;

	for (unsigned i = 0; i < TAGS_MAX && (type == 0x8100 || type == 0x88a8 || type == 0x9100);
	     i++) {
		uint16_t tag = rd_be16(&r) & 0xfff;

		if (p->vlan == 0)
			p->vlan = tag;
		type = rd_be16(&r);
	}
	if (!rd_ok(&r))
		return false;
	p->ethertype = type;
	if ((type == TYPE_IPV4 || type == TYPE_IPV6) && take_ip(t, r))
		return true;
	if ((type == 0x8847 || type == 0x8848) && take_mpls(t, r))
		return true;
	if (type == TYPE_PPP && take_ppp(t, r))
		return true;
	if (type == TYPE_PPPOE && take_pppoe(t, r))
		return true;
	p->payload = rd_rest(&r);
	p->payload_length = (uint32_t)p->payload.length;
	if (type < TYPE_802_3) {
		struct reader llc = rd_new(p->payload);

		/* SNAP (IEEE 802) with an Ethernet type. */
		if (rd_be32(&llc) == 0xaaaa0300 && rd_be16(&llc) == 0) {
			uint16_t snap = rd_be16(&llc);
			if ((snap == TYPE_IPV4 || snap == TYPE_IPV6) && rd_ok(&llc) &&
			    take_ip(t, llc))
				return true;
		}
		p->payload = span_first(p->payload, type);
		p->payload_length = type;
	}
	return true;
}

static bool take_ethernet(struct taking *t, struct reader r)
{
	struct span dst = rd_span(&r, 6), src = rd_span(&r, 6);
	uint16_t type = rd_be16(&r);

	if (!rd_ok(&r))
		return false;
	memcpy(t->p->dst_mac, dst.at, 6);
	memcpy(t->p->src_mac, src.at, 6);
	t->p->has_mac = true;
	return take_type(t, type, r);
}

/* LINKTYPE_LINUX_SLL and LINKTYPE_LINUX_SLL2 of tcpdump.org: of the MAC addresses one alone is known. */
static bool take_cooked(struct taking *t, struct reader r, bool second)
{
	uint16_t type;

	if (second) {
		type = rd_be16(&r);
		rd_skip(&r, 18);
	} else {
		rd_skip(&r, 14);
		type = rd_be16(&r);
	}
	return rd_ok(&r) && take_type(t, type, r);
}

/* The family's number is that of the capturing system, in its byte order. */
static bool take_null(struct taking *t, struct reader r)
{
	rd_skip(&r, 4);
	return rd_ok(&r) && take_ip(t, r);
}

/* Cisco HDLC: address, control, an Ethernet type. */
static bool take_hdlc(struct taking *t, struct reader r)
{
	rd_skip(&r, 2);
	uint16_t type = rd_be16(&r);

	return rd_ok(&r) && take_type(t, type, r);
}

bool frame_link_known(int link)
{
	static const int known[] = {
		DLT_EN10MB, DLT_LINUX_SLL, DLT_LINUX_SLL2, DLT_RAW,        DLT_IPV4,   DLT_IPV6,
		DLT_NULL,   DLT_LOOP,      DLT_PPP,        DLT_PPP_SERIAL, DLT_C_HDLC,
	};

	for (size_t i = 0; i < countof(known); i++)
		if (known[i] == link)
			return true;
	return false;
}

bool frame_read(int link, struct span frame, uint32_t wire_length, int64_t time_ns,
		struct fragments *fragments, struct packet *ret)
{
	struct reader r = rd_new(frame);
	struct taking t = { .p = ret, .fragments = fragments };

	if (wire_length < frame.length)
		wire_length = (uint32_t)frame.length;
	/* Only as much as an IP packet can be long: a damaged file may hold any number. */
	t.missing = wire_length - (uint32_t)frame.length;
	if (t.missing > UINT16_MAX)
		t.missing = UINT16_MAX;

	memset(ret, 0, sizeof(*ret));
	ret->time_ns = time_ns;
	ret->wire_length = wire_length;
	ret->snapped = frame.length < wire_length;
	switch (link) {
	case DLT_EN10MB:
		return take_ethernet(&t, r);
	case DLT_LINUX_SLL:
		return take_cooked(&t, r, false);
	case DLT_LINUX_SLL2:
		return take_cooked(&t, r, true);
	case DLT_NULL:
	case DLT_LOOP:
		return take_null(&t, r);
	case DLT_PPP:
	case DLT_PPP_SERIAL:
		return take_ppp(&t, r);
	case DLT_C_HDLC:
		return take_hdlc(&t, r);
	case DLT_RAW:
	case DLT_IPV4:
	case DLT_IPV6:
		return take_ip(&t, r);
	default:
		return false;
	}
}
