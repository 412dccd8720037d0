/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DHCP: who leases addresses, and what clients call themselves. RFC 2131; options by RFC 2132, RFC 4702
 * (FQDN). What a server says of network, routers and resolvers is told of it only where it offers a lease:
 * that is what a client would believe.
 */
#include "codec/dhcp.h"

#include <stdio.h>

#include "listen/decoder.h"

enum { SERVER_PORT = 67, PARAMETERS_MOST = 64, ADDRESSES_MOST = 8 };

static void tell_client(struct notes *n, const struct fact *client, const char *kind,
			struct span value, bool personal)
{
	struct fact f = *client;

	f.kind = kind;
	f.value = value;
	f.personal = personal;
	if (value.length > 0)
		n->fact(n, &f);
}

/* RFC 4702, 2: flags, two result codes, then the name as text, or (flag E) as labels. Labels are left: their
 * last, partial form is rare, and the host's name is in option 12 as well. */
static struct span fqdn(struct span value)
{
	enum { FLAG_LABELS = 4, NAME = 3 };

	if (value.length <= NAME || (value.at[0] & FLAG_LABELS) != 0)
		return (struct span){ 0 };
	return span_from(value, NAME);
}

static void hear_client(struct notes *n, const struct dhcp_message *m)
{
	char parameters[PARAMETERS_MOST * 4 + 1] = "";
	struct fact client = { .about = m->client, .mac = m->mac.length == 6 ? m->mac.at : NULL };
	struct span value;
	size_t at = 0;

	if (dhcp_find(m, DHCP_HOST_NAME, &value))
		tell_client(n, &client, "name.dhcp", value, true);
	if (dhcp_find(m, DHCP_FQDN, &value))
		tell_client(n, &client, "name.dhcp", fqdn(value), true);
	if (dhcp_find(m, DHCP_CLASS, &value))
		tell_client(n, &client, "os.dhcp-class", value, false);
	if (!dhcp_find(m, DHCP_PARAMETERS, &value))
		return;
	for (size_t i = 0; i < value.length && i < PARAMETERS_MOST; i++)
		at += (size_t)snprintf(parameters + at, sizeof(parameters) - at, "%s%u",
				       i > 0 ? "," : "", value.at[i]);
	tell_client(n, &client, "os.dhcp-options", span_text(parameters), false);
}

static void tell_addresses(struct notes *n, const struct fact *server, const char *kind,
			   struct span list)
{
	struct fact f = *server;

	f.kind = kind;
	for (size_t i = 0; i < ADDRESSES_MOST && list.length >= 4; i++) {
		struct addr a = addr_of_bytes(span_first(list, 4));
		char text[ADDR_TEXT];

		f.value = span_text(addr_format(&a, text));
		n->fact(n, &f);
		list = span_from(list, 4);
	}
}

static void hear_server(struct notes *n, const struct packet *p, const struct dhcp_message *m)
{
	bool named = !addr_is_none(&m->server) && !addr_is_unusable(&m->server);
	struct fact server = { .about = named ? m->server : p->src,
			       .port = SERVER_PORT,
			       .udp = true };
	struct span value;

	if (m->type != DHCP_OFFER && m->type != DHCP_ACK)
		return;
	/* A relay's frame is not the server's. */
	if (p->has_mac && addr_compare(&server.about, &p->src) == 0)
		server.mac = p->src_mac;
	struct fact f = server;
	f.kind = "dhcp.server";
	n->fact(n, &f);
	f.kind = "service.spoken";
	f.value = span_text("dhcp");
	n->fact(n, &f);
	if (m->type == DHCP_ACK && !addr_is_none(&m->your) && m->mac.length == 6)
		n->fact(n, &(struct fact){ .kind = "addr.dhcp",
					   .about = m->your,
					   .mac = m->mac.at,
					   .peer = server.about });
	server.port = 0;
	server.udp = false;
	if (dhcp_find(m, DHCP_ROUTER, &value))
		tell_addresses(n, &server, "dhcp.router", value);
	if (dhcp_find(m, DHCP_DNS, &value))
		tell_addresses(n, &server, "dhcp.dns", value);
	if (dhcp_find(m, DHCP_WPAD, &value))
		tell_client(n, &server, "dhcp.wpad", value, false);
}

static bool dhcp_packet(struct notes *n, const struct packet *p)
{
	struct dhcp_message m;

	if (!dhcp_read(p->payload, &m))
		return false;
	if (m.reply)
		hear_server(n, p, &m);
	else
		hear_client(n, &m);
	return true;
}

const struct decoder decoder_dhcp = {
	.name = "dhcp",
	.udp_ports = (const uint16_t[]){ 67, 68, 0 },
	.packet = dhcp_packet,
};
