/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The packets process: answers. Whoever is on the network can send us anything, so nothing is believed
 * that does not bring back the keyed value of what was sent to exactly that address and port.
 */
#include "talk/packets_parts.h"

#include <stdio.h>
#include <string.h>

enum { HEAR_MOST = 4096 };

static bool link_local(const struct addr *a)
{
	return a->bytes[0] == 0xfe && (a->bytes[1] & 0xc0) == 0x80;
}

/* The lane that sweeps this address by this wing, and the host in its segment. */
static struct lane *lane_of(struct packets *p, const struct wing *w, const struct addr *a,
			    uint32_t *ret_host)
{
	for (size_t i = 0; i < p->lane_count; i++) {
		struct lane *l = &p->lanes[i];

		if (l->wing == w && l->segment.answered != NULL && segment_host(l, a, ret_host))
			return l;
	}
	return NULL;
}

static uint32_t cookie_of(const struct packets *p, const struct lane *l, const struct addr *a,
			  uint8_t protocol, uint16_t port)
{
	return frame_cookie(p->setup->key, &l->way->source, a, protocol,
			    protocol == 6 ? l->source_port : 0, port);
}

static void heard_tcp(struct packets *p, const struct wing *w, const struct heard *h)
{
	uint32_t host, probe = sweep_probe_of(p, h->from_port, false);
	struct lane *l = probe != UINT32_MAX ? lane_of(p, w, &h->from, &host) : NULL;

	if (l == NULL || h->to_port != l->source_port || (h->flags & TCP_ACK) == 0 ||
	    h->acknowledged != cookie_of(p, l, &h->from, 6, h->from_port) + 1)
		return;
	if ((h->flags & TCP_RST) != 0)
		sweep_result(p, l, host, probe, PORT_CLOSED, 0, "");
	else if ((h->flags & TCP_SYN) != 0)
		sweep_result(p, l, host, probe, PORT_OPEN, 0, "SYN-ACK");
}

/* Messages that the address does not exist, whatever the port: RFC 792 and RFC 1122: 3/0, 3/1;
 * RFC 4443: 1/0, 1/3. A router may mean only this port, so one is not enough. */
static unsigned no_host(const struct heard *h, bool v4)
{
	bool says =
		v4 ? h->type == 3 && h->code <= 1 : h->type == 1 && (h->code == 0 || h->code == 3);

	return says && addr_compare(&h->from, &h->quoted_to) != 0 ? SWEEP_NO_HOST / 2 : 0;
}

static void heard_error(struct packets *p, const struct wing *w, const struct heard *h)
{
	char text[64], from[ADDR_TEXT];
	uint32_t host;
	struct lane *l = lane_of(p, w, &h->quoted_to, &host);
	bool v4 = addr_is_ipv4(&h->quoted_to);

	if (l == NULL || addr_compare(&h->quoted_from, &l->way->source) != 0)
		return;
	/* Too big, redirects and the like say nothing of the port. */
	if (v4 ? h->type != 3 && h->type != 11 : h->type != 1 && h->type != 3)
		return;
	snprintf(text, sizeof(text), "ICMP%s %u/%u from %.36s", v4 ? "" : "v6", h->type, h->code,
		 addr_format(&h->from, from));
	if (h->quoted_protocol == 17) {
		udp_heard_error(p, l, host, h, no_host(h, v4), text);
	} else if (h->quoted_protocol == 6) {
		uint32_t probe = sweep_probe_of(p, h->quoted_to_port, false);

		if (probe == UINT32_MAX || h->quoted_from_port != l->source_port ||
		    h->quoted_number != cookie_of(p, l, &h->quoted_to, 6, h->quoted_to_port))
			return;
		unsigned weight = no_host(h, v4);
		sweep_result(p, l, host, probe, weight > 0 ? PORT_SILENT : PORT_FILTERED, weight,
			     text);
	} else if (h->quoted_protocol == 1 || h->quoted_protocol == 58) {
		struct seen *n = segment_seen(p, l, host);

		if (n != NULL && no_host(h, v4) > 0 &&
		    h->quoted_number == cookie_of(p, l, &h->quoted_to, v4 ? 1 : 58, 0)) {
			find_settle(l, host);
			n->no_host = (uint8_t)(n->no_host + (n->no_host < 9));
			n->left |= n->no_host >= SWEEP_NO_HOST && !n->answered;
		}
	}
}

struct ear {
	struct packets *p;
	struct wing *wing;
};

static void take(void *context, const uint8_t *frame, size_t n, int64_t unix_us)
{
	struct ear *e = context;
	struct packets *p = e->p;
	struct heard h;
	uint32_t host;
	struct lane *l;

	(void)unix_us;
	/* A tag that is still there is of another network on the same wire. */
	if (!heard_read(frame, n, tap_link(e->wing->tap), &h) || h.vlan != 0)
		return;
	if (link_local(&h.from))
		h.from.scope = e->wing->interface->index;
	if (link_local(&h.to))
		h.to.scope = e->wing->interface->index;
	if (link_local(&h.quoted_to))
		h.quoted_to.scope = e->wing->interface->index;
	if (link_local(&h.quoted_from))
		h.quoted_from.scope = e->wing->interface->index;
	if (link_local(&h.to))
		h.to.scope = e->wing->interface->index;
	ask_heard(p, e->wing, &h);
	switch (h.kind) {
	case HEARD_ARP:
	case HEARD_ADVERT:
		if (h.reply)
			find_heard(p, e->wing, &h);
		break;
	case HEARD_TCP:
		heard_tcp(p, e->wing, &h);
		break;
	case HEARD_ECHO:
		l = lane_of(p, e->wing, &h.from, &host);
		if (l != NULL && h.echo == cookie_of(p, l, &h.from, l->echo.v4 ? 1 : 58, 0))
			sweep_alive(p, l, host);
		break;
	case HEARD_ERROR:
		heard_error(p, e->wing, &h);
		break;
	case HEARD_UDP:
		l = lane_of(p, e->wing, &h.from, &host);
		if (l != NULL)
			udp_heard(p, l, host, &h);
		break;
	case HEARD_SOLICIT:
	case HEARD_ROUTER:
	case HEARD_REDIRECT: /* the packet went on */
	case HEARD_NOTHING:
		break;
	}
}

void packets_hear(struct packets *p, struct wing *w)
{
	struct ear e = { .p = p, .wing = w };

	if (w->tap != NULL)
		tap_receive(w->tap, HEAR_MOST, take, &e);
}
