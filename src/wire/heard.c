/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each layer takes what it needs from its reader and hands the rest on, cut to the length that it
 * claims. A capture may keep less of a frame than came, so a layer that claims more than there is
 * is read as far as it goes; what is asked of it must be there.
 *
 * Checksums are not looked at: frames that a virtual interface hands over carry unfinished ones, and
 * interfaces have checked the others. Belief comes from the keyed value alone.
 */
#include "wire/heard.h"

#include "codec/reader.h"

enum {
	ETHERNET = 14,
	TYPE_IPV4 = 0x0800,
	TYPE_ARP = 0x0806,
	TYPE_IPV6 = 0x86dd,
	TYPE_8021Q = 0x8100,
	TYPE_8021AD = 0x88a8,
	TAGS_MOST = 2,
};

enum {
	PROTO_HOP_BY_HOP = 0,
	PROTO_ICMP = 1,
	PROTO_TCP = 6,
	PROTO_UDP = 17,
	PROTO_ROUTING = 43,
	PROTO_FRAGMENT = 44,
	PROTO_ICMP6 = 58,
	PROTO_DESTINATION = 60,
};

enum { ICMP_ECHO_REPLY = 0, ICMP_ECHO = 8, ICMP6_ECHO = 128, ICMP6_ECHO_REPLY = 129 };
enum { ND_ROUTER = 134, ND_SOLICIT = 135, ND_ADVERT = 136, ND_REDIRECT = 137 };
enum { ND_SOURCE = 1, ND_TARGET = 2, ND_REDIRECTED = 4 };

/* What stands between link and transport. */
struct packet {
	bool cut; /* less is here than was sent: a first fragment, or a short capture */
	uint8_t protocol;
	uint8_t hops;
	struct addr from, to; /* zero where they are not whole */
};

static struct addr addr4(struct reader *r)
{
	struct addr a = { .bytes = { [10] = 0xff, [11] = 0xff } };
	struct span s = rd_span(r, 4);

	memcpy(a.bytes + 12, s.at, s.length);
	return a;
}

/* An IPv4-mapped address never belongs on the wire; here it would pass for IPv4 [mapped-address]. */
static struct addr addr6(struct reader *r)
{
	struct addr a = { 0 };
	struct span s = rd_span(r, 16);

	memcpy(a.bytes, s.at, s.length);
	if (addr_is_ipv4(&a))
		rd_fail(r);
	return a;
}

static void read_mac(struct reader *r, uint8_t ret[static 6])
{
	struct span s = rd_span(r, 6);

	memcpy(ret, s.at, s.length);
}

/* The next n bytes, or as many of them as there are. */
static struct reader as_far_as(struct reader *r, size_t n, bool *ret_cut)
{
	if (n > rd_left(r)) {
		n = rd_left(r);
		*ret_cut = true;
	}
	return rd_sub(r, n);
}

/* RFC 791. The payload, failed where the header is not whole or a later fragment. */
static struct reader read_ipv4(struct reader *r, struct packet *p)
{
	uint8_t first = rd_u8(r);
	size_t header = (size_t)(first & 15) * 4;

	rd_skip(r, 1); /* type of service */
	size_t total = rd_be16(r);
	rd_skip(r, 2); /* identification */
	uint16_t fragment = rd_be16(r);
	p->hops = rd_u8(r);
	p->protocol = rd_u8(r);
	rd_skip(r, 2); /* checksum */
	struct addr from = addr4(r), to = addr4(r);
	if (rd_ok(r) && first >> 4 == 4) {
		p->from = from;
		p->to = to;
	}
	if (first >> 4 != 4 || header < 20 || total < header || (fragment & 0x1fff) != 0)
		rd_fail(r);
	else
		rd_skip(r, header - 20);
	p->cut = (fragment & 0x2000) != 0;
	return as_far_as(r, total - header, &p->cut);
}

/* RFC 8200, 4: the headers before the transport's. Each takes at least 8 bytes. */
static void skip_extensions(struct reader *r, struct packet *p)
{
	while (rd_ok(r)) {
		uint8_t next;
		uint16_t fragment;

		switch (p->protocol) {
		case PROTO_HOP_BY_HOP:
		case PROTO_ROUTING:
		case PROTO_DESTINATION:
			next = rd_u8(r);
			rd_skip(r, (size_t)rd_u8(r) * 8 + 6);
			break;
		case PROTO_FRAGMENT:
			next = rd_u8(r);
			rd_skip(r, 1);
			fragment = rd_be16(r);
			rd_skip(r, 4); /* identification */
			if (fragment >> 3 != 0)
				rd_fail(r);
			p->cut = p->cut || (fragment & 1) != 0;
			break;
		default:
			return;
		}
		p->protocol = next;
	}
}

static struct reader read_ipv6(struct reader *r, struct packet *p)
{
	if (rd_be32(r) >> 28 != 6)
		rd_fail(r);
	size_t length = rd_be16(r);
	p->protocol = rd_u8(r);
	p->hops = rd_u8(r);
	struct addr from = addr6(r), to = addr6(r);
	if (rd_ok(r)) {
		p->from = from;
		p->to = to;
	}
	struct reader rest = as_far_as(r, length, &p->cut);
	skip_extensions(&rest, p);
	return rest;
}

/* RFC 826, for Ethernet and IPv4. */
static bool read_arp(struct reader *r, struct heard *h)
{
	if (rd_be16(r) != 1 || rd_be16(r) != TYPE_IPV4 || rd_u8(r) != 6 || rd_u8(r) != 4)
		return false;
	uint16_t operation = rd_be16(r);
	read_mac(r, h->mac);
	h->from = addr4(r);
	rd_skip(r, 6);
	h->to = addr4(r);
	h->kind = HEARD_ARP;
	h->reply = operation == 2;
	return rd_ok(r) && (operation == 1 || operation == 2);
}

/* RFC 9293, 3.1. */
static bool read_tcp(struct reader *r, const struct packet *p, struct heard *h)
{
	size_t length = rd_left(r);

	h->from_port = rd_be16(r);
	h->to_port = rd_be16(r);
	h->sequence = rd_be32(r);
	h->acknowledged = rd_be32(r);
	size_t header = (size_t)(rd_u8(r) >> 4) * 4;
	h->flags = rd_u8(r);
	rd_skip(r, 6); /* window, checksum, urgent pointer */
	h->kind = HEARD_TCP;
	return rd_ok(r) && header >= 20 && (header <= length || p->cut);
}

/* RFC 768. */
static bool read_udp(struct reader *r, const struct packet *p, struct heard *h)
{
	bool cut = false;

	h->from_port = rd_be16(r);
	h->to_port = rd_be16(r);
	size_t length = rd_be16(r);
	rd_skip(r, 2); /* checksum */
	if (!rd_ok(r) || length < 8)
		return false;
	struct reader data = as_far_as(r, length - 8, &cut);
	h->payload = rd_rest(&data);
	h->kind = HEARD_UDP;
	return !cut || p->cut;
}

/*
 * The packet that an error is about, as far as it was quoted: RFC 792 promises 8 bytes behind the
 * header, RFC 4443 as much as fits. Routers change its length and checksum on the way (RFC 1812,
 * 4.3.2.3), so only what we set ourselves is taken. Without the whole fields nothing of them is
 * kept; the protocol is told where the ports, or of an echo request all, are there.
 */
static void read_quote(struct reader *r, bool v4, struct heard *h)
{
	struct packet p = { 0 };
	struct reader t = v4 ? read_ipv4(r, &p) : read_ipv6(r, &p);

	/* A later fragment has addresses, but no transport. */
	h->quoted_from = p.from;
	h->quoted_to = p.to;
	if (!rd_ok(&t))
		return;
	if (p.protocol == PROTO_TCP || p.protocol == PROTO_UDP) {
		uint16_t from_port = rd_be16(&t), to_port = rd_be16(&t);

		if (!rd_ok(&t))
			return;
		h->quoted_protocol = p.protocol;
		h->quoted_from_port = from_port;
		h->quoted_to_port = to_port;
		if (p.protocol == PROTO_TCP)
			h->quoted_number = rd_be32(&t);
	} else if (p.protocol == (v4 ? PROTO_ICMP : PROTO_ICMP6)) {
		uint8_t type = rd_u8(&t);

		rd_skip(&t, 3); /* code, checksum */
		uint32_t echo = rd_be32(&t);
		if (rd_ok(&t) && type == (v4 ? ICMP_ECHO : ICMP6_ECHO)) {
			h->quoted_protocol = p.protocol;
			h->quoted_number = echo;
		}
	}
}

static bool read_echo(struct reader *r, struct heard *h)
{
	h->echo = rd_be32(r);
	h->kind = HEARD_ECHO;
	return rd_ok(r);
}

static bool read_error(struct reader *r, bool v4, struct heard *h)
{
	rd_skip(r, 4); /* unused, MTU, pointer */
	if (!rd_ok(r))
		return false;
	h->kind = HEARD_ERROR;
	read_quote(r, v4, h);
	return true;
}

/* RFC 792: the gateway, then the packet. */
static bool read_redirect(struct reader *r, struct heard *h)
{
	h->next = addr4(r);
	if (!rd_ok(r))
		return false;
	h->kind = HEARD_REDIRECT;
	read_quote(r, true, h);
	return true;
}

/* RFC 4861, 4.5 and 4.6.3: the packet is an option. */
static bool read_redirect6(struct reader *r, const struct packet *p, struct heard *h)
{
	rd_skip(r, 4); /* reserved */
	h->next = addr6(r);
	rd_skip(r, 16); /* destination: what was quoted tells it */
	if (p->hops != 255 || h->code != 0 || !rd_ok(r))
		return false;
	while (rd_left(r) > 0) {
		bool cut = false;
		uint8_t option = rd_u8(r);
		size_t length = (size_t)rd_u8(r) * 8;

		if (length == 0)
			return false;
		struct reader value = as_far_as(r, length - 2, &cut);
		if (option != ND_REDIRECTED)
			continue;
		rd_skip(&value, 6); /* reserved */
		read_quote(&value, false, h);
	}
	h->kind = HEARD_REDIRECT;
	return rd_ok(r);
}

/* RFC 792. */
static bool read_icmp(struct reader *r, struct heard *h)
{
	h->type = rd_u8(r);
	h->code = rd_u8(r);
	rd_skip(r, 2); /* checksum */
	if (!rd_ok(r))
		return false;
	switch (h->type) {
	case ICMP_ECHO_REPLY:
		return read_echo(r, h);
	case 3:  /* destination unreachable */
	case 4:  /* source quench */
	case 11: /* time exceeded */
	case 12: /* parameter problem */
		return read_error(r, true, h);
	case 5:
		return read_redirect(r, h);
	default:
		return false;
	}
}

/* RFC 4861, 4.6: options of a type with a MAC address. False where one of them has no length. */
static bool read_options(struct reader *r, uint8_t type, uint8_t mac[static 6])
{
	while (rd_left(r) > 0) {
		uint8_t option = rd_u8(r);
		size_t length = (size_t)rd_u8(r) * 8;

		if (length == 0)
			return false;
		struct reader value = rd_sub(r, length - 2);
		if (option == type && rd_ok(&value) && rd_left(&value) == 6)
			read_mac(&value, mac);
	}
	return rd_ok(r);
}

/* RFC 4861, 4.2 to 4.4, held to 6.1.2 and 7.1: a hop limit of 255 shows that no router passed it on. */
static bool read_nd(struct reader *r, const struct packet *p, struct heard *h)
{
	if (p->hops != 255 || h->code != 0 || p->cut)
		return false;
	if (h->type == ND_ROUTER) {
		rd_skip(r, 12); /* hop limit, flags, lifetime, reachable time, retransmission */
		h->kind = HEARD_ROUTER;
		return (p->from.bytes[0] == 0xfe && (p->from.bytes[1] & 0xc0) == 0x80) &&
		       read_options(r, ND_SOURCE, h->mac);
	}
	uint32_t flags = rd_be32(r);
	struct addr target = addr6(r);
	if (!rd_ok(r) || target.bytes[0] == 0xff)
		return false;
	if (h->type == ND_ADVERT) {
		h->kind = HEARD_ADVERT;
		h->from = target;
		h->reply = (flags & 0x40000000) != 0;
		return read_options(r, ND_TARGET, h->mac);
	}
	h->kind = HEARD_SOLICIT;
	h->to = target;
	return read_options(r, ND_SOURCE, h->mac);
}

/* RFC 4443. */
static bool read_icmp6(struct reader *r, const struct packet *p, struct heard *h)
{
	h->type = rd_u8(r);
	h->code = rd_u8(r);
	rd_skip(r, 2); /* checksum */
	if (!rd_ok(r))
		return false;
	switch (h->type) {
	case ICMP6_ECHO_REPLY:
		return read_echo(r, h);
	case ND_ROUTER:
	case ND_SOLICIT:
	case ND_ADVERT:
		return read_nd(r, p, h);
	case ND_REDIRECT:
		return read_redirect6(r, p, h);
	case 1: /* destination unreachable */
	case 2: /* packet too big */
	case 3: /* time exceeded */
	case 4: /* parameter problem */
		return read_error(r, false, h);
	default:
		return false;
	}
}

static bool read_ip(struct reader *r, bool v4, struct heard *h)
{
	struct packet p = { 0 };
	struct reader t = v4 ? read_ipv4(r, &p) : read_ipv6(r, &p);

	if (!rd_ok(&t))
		return false;
	h->from = p.from;
	h->to = p.to;
	h->hops = p.hops;
	switch (p.protocol) {
	case PROTO_TCP:
		return read_tcp(&t, &p, h);
	case PROTO_UDP:
		return read_udp(&t, &p, h);
	case PROTO_ICMP:
		return v4 && read_icmp(&t, h);
	case PROTO_ICMP6:
		return !v4 && read_icmp6(&t, &p, h);
	default:
		return false;
	}
}

static bool read_ethernet(struct reader *r, struct heard *h)
{
	rd_skip(r, 6); /* destination */
	read_mac(r, h->mac);
	uint16_t type = rd_be16(r);
	for (int tags = 0; tags < TAGS_MOST && (type == TYPE_8021Q || type == TYPE_8021AD);
	     tags++) {
		uint16_t tag = rd_be16(r);

		/* A priority alone names no network, the tag behind it does. */
		if (h->vlan == 0)
			h->vlan = tag & 0xfff;
		type = rd_be16(r);
	}
	if (type == TYPE_ARP)
		return read_arp(r, h);
	if (type == TYPE_IPV4 || type == TYPE_IPV6)
		return read_ip(r, type == TYPE_IPV4, h);
	return false;
}

bool heard_read(const uint8_t *frame, size_t n, size_t link, struct heard *ret)
{
	struct reader r = rd_new(span_of(frame, n));
	struct heard h = { 0 };
	bool ours;

	if (link == ETHERNET)
		ours = read_ethernet(&r, &h);
	else
		ours = link == 0 && n > 0 && (frame[0] >> 4 == 4 || frame[0] >> 4 == 6) &&
		       read_ip(&r, frame[0] >> 4 == 4, &h);
	if (ours)
		*ret = h;
	return ours;
}
