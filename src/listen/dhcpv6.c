/* SPDX-License-Identifier: Apache-2.0 */
/* DHCPv6 (RFC 8415; names by RFC 4704, resolvers by RFC 3646): servers, leases, names of clients. */
#include "listen/decoder.h"

#include "codec/dns.h"

enum { SERVER_PORT = 547, CLIENT_PORT = 546 };
enum { ADVERTISE = 2, REPLY = 7, RELAY_FORWARD = 12, RELAY_REPLY = 13 };
enum { IA_NA = 3, IA_ADDRESS = 5, RELAYED = 9, VENDOR_CLASS = 16, RESOLVERS = 23, FQDN = 39 };
enum { RELAYS_MOST = 8, OPTIONS_MOST = 64, RESOLVERS_MOST = 8 };

/* Whose message it is, and who it is about. */
struct exchange {
	struct notes *notes;
	const struct packet *packet;
	bool relayed; /* then the frame's addresses are the relay's */
	uint8_t type;
};

/* RFC 8415, 21.1. False at the end. */
static bool next_option(struct reader *r, uint16_t *ret_code, struct reader *ret_value)
{
	if (rd_left(r) == 0)
		return false;
	*ret_code = rd_be16(r);
	*ret_value = rd_sub(r, rd_be16(r));
	return rd_ok(ret_value);
}

static struct fact of_client(const struct exchange *x)
{
	const struct packet *p = x->packet;

	return (struct fact){ .about = x->relayed ? (struct addr){ .scope = 0 } : p->src,
			      .mac = x->relayed || !p->has_mac ? NULL : p->src_mac };
}

static struct fact of_server(const struct exchange *x)
{
	const struct packet *p = x->packet;

	return (struct fact){ .about = p->src,
			      .mac = x->relayed || !p->has_mac ? NULL : p->src_mac };
}

/* RFC 4704, 4: flags, and a name as labels. */
static void tell_name(const struct exchange *x, struct reader value)
{
	char name[DNS_NAME];
	struct fact f = of_client(x);

	rd_skip(&value, 1);
	struct span labels = rd_rest(&value);
	struct reader at = rd_new(labels);
	if (!dns_read_name(labels, &at, name) || name[0] == '\0' ||
	    (f.mac == NULL && addr_is_none(&f.about)))
		return;
	f.kind = "name.dhcpv6";
	f.value = span_text(name);
	f.personal = true;
	x->notes->fact(x->notes, &f);
}

/* RFC 8415, 21.16: the maker's number, then texts with their lengths; the first of them. */
static void tell_class(const struct exchange *x, struct reader value)
{
	struct fact f = of_client(x);

	rd_skip(&value, 4);
	f.value = rd_span(&value, rd_be16(&value));
	f.kind = "os.dhcp-class";
	if (rd_ok(&value) && f.value.length > 0 && (f.mac != NULL || !addr_is_none(&f.about)))
		x->notes->fact(x->notes, &f);
}

/* RFC 8415, 21.4 and 21.6: the addresses that a reply leases. A client has the MAC that the reply goes to. */
static void tell_leases(const struct exchange *x, struct reader value)
{
	const struct packet *p = x->packet;
	struct reader option;
	uint16_t code;

	rd_skip(&value, 12); /* identity, two times */
	for (unsigned i = 0; i < OPTIONS_MOST && next_option(&value, &code, &option); i++) {
		if (code != IA_ADDRESS)
			continue;
		struct span address = rd_span(&option, 16);
		rd_skip(&option, 4);               /* preferred */
		uint32_t valid = rd_be32(&option); /* seconds */
		struct fact f = { .kind = "addr.dhcpv6", .about = addr_of_bytes(address) };

		f.peer = p->src;
		if (p->has_mac && (p->dst_mac[0] & 1) == 0)
			f.mac = p->dst_mac;
		if (rd_ok(&option) && valid > 0 && !addr_is_unusable(&f.about))
			x->notes->fact(x->notes, &f);
	}
}

static void tell_resolvers(const struct exchange *x, struct reader value)
{
	struct fact f = of_server(x);

	f.kind = "dhcp.dns";
	for (unsigned i = 0; i < RESOLVERS_MOST && rd_left(&value) >= 16; i++) {
		struct addr a = addr_of_bytes(rd_span(&value, 16));
		char text[ADDR_TEXT];

		f.value = span_text(addr_format(&a, text));
		x->notes->fact(x->notes, &f);
	}
}

static void tell_offer(const struct exchange *x)
{
	struct fact f = of_server(x);

	f.port = SERVER_PORT;
	f.udp = true;
	f.kind = "dhcpv6.server";
	x->notes->fact(x->notes, &f);
	f.kind = "service.spoken";
	f.value = span_text("dhcpv6");
	x->notes->fact(x->notes, &f);
}

static void hear_options(const struct exchange *x, struct reader r)
{
	bool of_a_server = x->type == ADVERTISE || x->type == REPLY;
	struct reader value;
	uint16_t code;

	for (unsigned i = 0; i < OPTIONS_MOST && next_option(&r, &code, &value); i++) {
		if (code == FQDN && !of_a_server)
			tell_name(x, value);
		else if (code == VENDOR_CLASS && !of_a_server)
			tell_class(x, value);
		else if (code == IA_NA && x->type == REPLY && !x->relayed)
			tell_leases(x, value);
		else if (code == RESOLVERS && of_a_server && !x->relayed)
			tell_resolvers(x, value);
	}
}

/* RFC 8415, 9: what relays wrapped, to a bounded depth. */
static bool unwrap(struct reader *r, uint8_t *type)
{
	for (unsigned depth = 0; depth < RELAYS_MOST; depth++) {
		struct reader inner = { .failed = true }, value;
		uint16_t code;

		if (*type != RELAY_FORWARD && *type != RELAY_REPLY)
			return true;
		rd_skip(r, 1 + 16 + 16); /* hops, link, peer */
		for (unsigned i = 0; i < OPTIONS_MOST && next_option(r, &code, &value); i++)
			if (code == RELAYED)
				inner = value;
		*type = rd_u8(&inner);
		*r = inner;
		if (!rd_ok(r))
			return false;
	}
	return false;
}

static bool dhcpv6_packet(struct notes *n, const struct packet *p)
{
	struct reader r = rd_new(p->payload);
	uint8_t outer = rd_u8(&r), type = outer;

	if (addr_is_ipv4(&p->src) || !rd_ok(&r) || outer == 0 || outer > RELAY_REPLY)
		return false;
	if (!unwrap(&r, &type))
		return false;
	rd_skip(&r, 3); /* transaction */
	if (!rd_ok(&r) || type == 0 || type >= RELAY_FORWARD)
		return false;
	struct exchange x = { .notes = n, .packet = p, .relayed = outer != type, .type = type };
	/* A server answers from its port, to a client or a relay. */
	if ((type == ADVERTISE || type == REPLY) &&
	    (outer == RELAY_REPLY || (!x.relayed && p->dst_port == CLIENT_PORT)))
		tell_offer(&x);
	else if (type == ADVERTISE || type == REPLY)
		return true;
	hear_options(&x, r);
	return true;
}

const struct decoder decoder_dhcpv6 = {
	.name = "dhcpv6",
	.udp_ports = (const uint16_t[]){ 546, 547, 0 },
	.packet = dhcpv6_packet,
};
