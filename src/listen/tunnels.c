/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tunnels that carry IP past whoever watches the network around them: Teredo (RFC 4380), 6to4 (RFC 3056), ISATAP
 * (RFC 5214), GRE (RFC 2784) and IP in IP. The core has taken the wrapping off; here is told whose it was.
 * Mirrors (ERSPAN, and Ethernet in GRE) are how we came to see a frame, not tunnels of the plant.
 */
#include "listen/decoder.h"

struct tunnel {
	const char *kind;
	const struct addr *about, *inner, *peer;
};

static bool is_6to4(const struct addr *a)
{
	return a->bytes[0] == 0x20 && a->bytes[1] == 0x02;
}

/* RFC 4380, 2.6: 2001:0::/32; 5.2.1: while it asks for one, a client has a link-local address of this form. */
static bool is_teredo(const struct addr *a)
{
	static const uint8_t prefix[4] = { 0x20, 0x01, 0, 0 };

	return memcmp(a->bytes, prefix, sizeof(prefix)) == 0;
}

/* RFC 5214, 6.1: the interface identifier is [02]00:5efe and the IPv4 address. */
static bool is_isatap(const struct addr *a)
{
	return (a->bytes[8] & 0xfd) == 0 && a->bytes[9] == 0 && a->bytes[10] == 0x5e &&
	       a->bytes[11] == 0xfe;
}

/* The one whose inner address has the form: the other one is a relay or a native host behind it. */
static struct tunnel of_client(const char *kind, const struct packet *p,
			       bool (*is_client)(const struct addr *a))
{
	bool src = is_client(&p->src);

	return (struct tunnel){
		.kind = kind,
		.about = src ? &p->outer_src : &p->outer_dst,
		.inner = src ? &p->src : &p->dst,
		.peer = src ? &p->outer_dst : &p->outer_src,
	};
}

static struct tunnel of_sender(const char *kind, const struct packet *p)
{
	return (struct tunnel){ kind, &p->outer_src, &p->src, &p->outer_dst };
}

static struct tunnel of_teredo(const struct packet *p)
{
	enum { ICMP6 = 58, ROUTER_ADVERTISEMENT = 134 };
	struct tunnel t = of_sender("tunnel.teredo", p);

	if (is_teredo(&p->src) || is_teredo(&p->dst))
		return of_client("tunnel.teredo", p, is_teredo);
	/* A server answers who asked for an address. */
	if (p->protocol == ICMP6 && p->payload.length > 0 &&
	    p->payload.at[0] == ROUTER_ADVERTISEMENT) {
		t.about = &p->outer_dst;
		t.inner = &p->dst;
		t.peer = &p->outer_src;
	}
	return t;
}

static bool tunnels_packet(struct notes *n, const struct packet *p)
{
	char inner[ADDR_TEXT];
	struct tunnel t;

	if (!p->is_ip || addr_is_none(&p->outer_src))
		return false;
	bool six_in_four = addr_is_ipv4(&p->outer_src) && !addr_is_ipv4(&p->src);
	if ((p->wraps & WRAP_TEREDO) != 0)
		t = of_teredo(p);
	else if ((p->wraps & WRAP_GRE) != 0 && !p->has_mac)
		t = of_sender("tunnel.gre", p);
	else if ((p->wraps & WRAP_IP_IN_IP) == 0)
		return false;
	else if (six_in_four && (is_6to4(&p->src) || is_6to4(&p->dst)))
		t = of_client("tunnel.6to4", p, is_6to4);
	else if (six_in_four && (is_isatap(&p->src) || is_isatap(&p->dst)))
		t = of_client("tunnel.isatap", p, is_isatap);
	else
		t = of_sender("tunnel.ipip", p);
	n->fact(n, &(struct fact){ .kind = t.kind,
				   .about = *t.about,
				   .peer = *t.peer,
				   .value = span_text(addr_format(t.inner, inner)) });
	return false; /* what is inside has a name of its own */
}

const struct decoder decoder_tunnels = {
	.name = "tunnels",
	.wraps = WRAP_GRE | WRAP_IP_IN_IP | WRAP_TEREDO,
	.packet = tunnels_packet,
};
