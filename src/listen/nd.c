/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Neighbour discovery: whose MAC address an address has, which routers announce themselves, with which
 * networks and resolvers. RFC 4861, 4; RFC 8106, 5.1 (resolvers); RFC 4191, 2.3 (routes).
 */
#include "listen/decoder.h"

#include <stdio.h>

#include "codec/reader.h"

enum { ROUTER_SOLICIT = 133, ROUTER = 134, SOLICIT = 135, ADVERT = 136 };
enum { SOURCE = 1, TARGET = 2, PREFIX = 3, ROUTE = 24, RESOLVERS = 25 };
enum { PREFIX_BITS = 128, RESOLVERS_MOST = 16, OPTIONS_MOST = 64 };

static bool is_link_local(const struct addr *a)
{
	return a->bytes[0] == 0xfe && (a->bytes[1] & 0xc0) == 0x80;
}

/* RFC 4861, 4.6: the next option. False at the end, or where one has no length. */
static bool next_option(struct reader *r, uint8_t *ret_type, struct reader *ret_value)
{
	if (rd_left(r) == 0)
		return false;
	*ret_type = rd_u8(r);
	size_t length = (size_t)rd_u8(r) * 8;
	if (length == 0) {
		rd_fail(r);
		return false;
	}
	*ret_value = rd_sub(r, length - 2);
	return rd_ok(ret_value);
}

/* The MAC address in the first option of this type; NULL: none. */
static const uint8_t *find_mac(struct reader options, uint8_t wanted)
{
	struct reader value;
	uint8_t type;

	for (unsigned i = 0; i < OPTIONS_MOST && next_option(&options, &type, &value); i++)
		if (type == wanted && rd_left(&value) == 6)
			return rd_span(&value, 6).at;
	return NULL;
}

/* RFC 4861, 6.1 and 7.1: a message with an option of no length is not to be listened to. */
static bool options_good(const struct packet *p, struct reader options)
{
	struct reader value;
	uint8_t type;

	while (next_option(&options, &type, &value))
		;
	return rd_ok(&options) || p->payload.length < p->payload_length;
}

static void tell_mac(struct notes *n, const struct addr *about, const uint8_t *mac)
{
	if (mac != NULL && !addr_is_unusable(about))
		n->fact(n, &(struct fact){ .kind = "addr.nd", .about = *about, .mac = mac });
}

/* "2001:db8::/64 1800": the network, and how many seconds its router says it is one. */
static void tell_network(struct notes *n, const struct fact *router, const char *kind,
			 const struct addr *network, unsigned bits, uint32_t seconds)
{
	char text[ADDR_TEXT], value[ADDR_TEXT + 24];
	struct fact f = *router;

	snprintf(value, sizeof(value), "%s/%u %u", addr_format(network, text), bits,
		 (unsigned)seconds);
	f.kind = kind;
	f.value = span_text(value);
	n->fact(n, &f);
}

/* RFC 4861, 4.6.2. */
static bool read_prefix(struct reader value, struct addr *ret, unsigned *ret_bits)
{
	*ret_bits = rd_u8(&value);
	rd_skip(&value, 1 + 4 + 4 + 4); /* flags, lifetimes */
	struct span prefix = rd_span(&value, 16);
	*ret = addr_of_bytes(prefix);
	return rd_ok(&value) && *ret_bits <= PREFIX_BITS;
}

/* RFC 4191, 2.3: as many bytes of the prefix as its length needs. */
static void tell_route(struct notes *n, const struct fact *router, struct reader value)
{
	uint8_t prefix[16] = { 0 };
	unsigned bits = rd_u8(&value);

	rd_skip(&value, 1); /* preference */
	uint32_t seconds = rd_be32(&value);
	struct span given = rd_rest(&value);
	if (!rd_ok(&value) || bits > PREFIX_BITS || given.length > sizeof(prefix) ||
	    given.length * 8 < bits)
		return;
	memcpy(prefix, given.at, given.length);
	struct addr network = addr_of_bytes(span_of(prefix, sizeof(prefix)));
	tell_network(n, router, "ra.route", &network, bits, seconds);
}

static void tell_resolvers(struct notes *n, const struct fact *router, struct reader value)
{
	rd_skip(&value, 6); /* reserved, lifetime */
	for (unsigned i = 0; i < RESOLVERS_MOST && rd_left(&value) >= 16; i++) {
		struct addr resolver = addr_of_bytes(rd_span(&value, 16));
		char text[ADDR_TEXT];
		struct fact f = *router;

		f.kind = "ra.dns";
		f.value = span_text(addr_format(&resolver, text));
		n->fact(n, &f);
	}
}

/* A router that says only that it is one has no network of its own to tell: "::/0". */
static void tell_router(struct notes *n, const struct packet *p, uint16_t lifetime,
			struct reader options)
{
	struct reader left = options, value;
	const uint8_t *mac = find_mac(options, SOURCE);
	struct fact router = {
		.about = p->src,
		.mac = mac != NULL  ? mac
		       : p->has_mac ? p->src_mac
				    : NULL,
	};
	bool prefixes = false;
	uint8_t type;

	tell_mac(n, &p->src, mac);
	for (unsigned i = 0; i < OPTIONS_MOST && next_option(&left, &type, &value); i++) {
		struct addr network;
		unsigned bits;

		if (type == PREFIX && read_prefix(value, &network, &bits)) {
			tell_network(n, &router, "ra.router", &network, bits, lifetime);
			prefixes = true;
		} else if (type == ROUTE) {
			tell_route(n, &router, value);
		} else if (type == RESOLVERS) {
			tell_resolvers(n, &router, value);
		}
	}
	if (!prefixes)
		tell_network(n, &router, "ra.router", &(struct addr){ 0 }, 0, lifetime);
}

static bool nd_packet(struct notes *n, const struct packet *p)
{
	struct reader r = rd_new(p->payload);
	uint8_t type = rd_u8(&r), code = rd_u8(&r);
	struct addr target;
	uint16_t lifetime;

	/* Of a tunnel's inside: no neighbours of this network. */
	if (p->wraps != 0 && !p->has_mac)
		return false;
	/* RFC 4861, 6.1 and 7.1: a hop limit of 255 shows that no router passed it on. */
	if (p->ttl != 255 || p->is_fragment || code != 0)
		return false;
	rd_skip(&r, 2); /* checksum */
	switch (type) {
	case ROUTER_SOLICIT:
		rd_skip(&r, 4);
		if (rd_ok(&r) && options_good(p, r))
			tell_mac(n, &p->src, find_mac(r, SOURCE));
		break;
	case ROUTER:
		rd_skip(&r, 2); /* hop limit, flags */
		lifetime = rd_be16(&r);
		rd_skip(&r, 8); /* reachable time, retransmission */
		if (rd_ok(&r) && is_link_local(&p->src) && options_good(p, r))
			tell_router(n, p, lifetime, r);
		break;
	case SOLICIT:
	case ADVERT:
		rd_skip(&r, 4); /* flags */
		target = addr_of_bytes(rd_span(&r, 16));
		if (!rd_ok(&r) || !options_good(p, r))
			break;
		if (type == SOLICIT)
			tell_mac(n, &p->src, find_mac(r, SOURCE));
		else
			tell_mac(n, &target, find_mac(r, TARGET));
		break;
	default:
		return false;
	}
	return false; /* ICMP is no conversation */
}

const struct decoder decoder_nd = {
	.name = "nd",
	.protocols = (const uint8_t[]){ 58, 0 },
	.packet = nd_packet,
};
