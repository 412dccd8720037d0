/* SPDX-License-Identifier: Apache-2.0 */
#include "reach/gate.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "codec/i18n.h"

enum { NEAR_MOST = 4096, NEAR_ZONES = 4, PORT_DNS = 53, PORT_NTP = 123 };

struct near {
	unsigned ifindex;
	uint8_t mac[6];
	bool gentle;
	bool placed; /* an address of it lies in a zone; the others tell of none */
	bool sent;   /* the one frame of control equipment */
	const char *refusal;
	const struct zone *zones[NEAR_ZONES]; /* of its addresses: their windows may close */
	size_t zone_count;
};

struct server {
	enum gate_use use;
	struct addr address;
	uint16_t port;
};

struct gate {
	const struct site *site;
	const struct beacon *beacon;
	const struct port_list *ports;
	struct server *servers;
	size_t server_count;
	struct addr *hosts;
	size_t host_count;
	bool closed;
	struct near *near;
	size_t near_count;
};

struct gate *gate_new(const struct site *s, const struct beacon *beacon,
		      const struct port_list *list)
{
	struct gate *g = calloc(1, sizeof(*g));

	if (g == NULL)
		return NULL;
	g->site = s;
	g->beacon = beacon;
	g->ports = list;
	g->servers = calloc(GATE_HOSTS, sizeof(*g->servers));
	g->hosts = calloc(GATE_HOSTS, sizeof(*g->hosts));
	g->near = calloc(NEAR_MOST, sizeof(*g->near));
	if (g->hosts == NULL || g->near == NULL || g->servers == NULL) {
		gate_free(g);
		return NULL;
	}
	return g;
}

void gate_free(struct gate *g)
{
	if (g == NULL)
		return;
	free(g->servers);
	free(g->hosts);
	free(g->near);
	free(g);
}

int gate_add_host(struct gate *g, const struct addr *a)
{
	if (g->closed)
		return -EBUSY;
	for (size_t i = 0; i < g->host_count; i++)
		if (addr_compare(&g->hosts[i], a) == 0)
			return 0;
	if (g->host_count == GATE_HOSTS)
		return -ENOSPC;
	g->hosts[g->host_count++] = *a;
	return 0;
}

static bool is_server(const struct gate *g, enum gate_use use, const struct addr *a, uint16_t port)
{
	for (size_t i = 0; i < g->server_count; i++)
		if (g->servers[i].use == use && g->servers[i].port == port &&
		    addr_compare(&g->servers[i].address, a) == 0)
			return true;
	return false;
}

int gate_add_server(struct gate *g, enum gate_use use, const struct addr *a, uint16_t port)
{
	if (g->closed)
		return -EBUSY;
	if (is_server(g, use, a, port))
		return 0;
	if (g->server_count == GATE_HOSTS)
		return -ENOSPC;
	g->servers[g->server_count++] = (struct server){ use, *a, port };
	return 0;
}

void gate_close(struct gate *g)
{
	g->closed = true;
}

bool gate_is_beacon(const struct gate *g, const struct addr *a)
{
	for (size_t i = 0; i < g->beacon->address_count; i++)
		if (addr_compare(&g->beacon->addresses[i], a) == 0)
			return true;
	return false;
}

bool gate_gentle(const struct gate *g, const struct addr *a)
{
	const struct zone *z = site_zone(g->site, a);

	return !gate_is_beacon(g, a) &&
	       (z == NULL || z->kind == ZONE_OT || z->kind == ZONE_UNASSIGNED);
}

static const char *left_alone(const struct site *s, const struct addr *a)
{
	if (ranges_contain(&s->exclude, a))
		return N_("excluded");
	for (size_t i = 0; i < s->zone_count; i++)
		if (ranges_contain(&s->zones[i].passive_only, a))
			return N_("passive only");
	return NULL;
}

/* The rules of its zone, for a host inside. */
static const char *zone_refusal(const struct gate *g, const struct addr *a, enum site_risk risk,
				int64_t now)
{
	const struct zone *z = site_zone(g->site, a);

	if (z == NULL)
		return N_("outside the declared zones");
	if (addr_is_public(a) && !ranges_contain(&g->site->owned, a))
		return N_("public and not owned");
	if (z->risk < risk)
		return N_("the zone's risk class does not allow it");
	if (!zone_window_open(g->site, z, now))
		return N_("outside the window");
	return NULL;
}

static bool named(const struct gate *g, const struct addr *a)
{
	for (size_t i = 0; i < g->host_count; i++)
		if (addr_compare(&g->hosts[i], a) == 0)
			return true;
	return false;
}

/* Of whom was only heard: anybody may have said where it is, and on which port. */
static const char *server_refusal(const struct gate *g, enum gate_use use, const struct addr *a,
				  uint16_t port, int64_t now)
{
	const struct port_entry *known = g->ports != NULL && use == GATE_PROXY
						 ? port_list_find(g->ports, port, false)
						 : NULL;
	const char *why = zone_refusal(g, a, SITE_READ, now);

	if (why != NULL)
		return why;
	if (known != NULL && (known->ot || known->raw_print))
		return N_("a port of control equipment or of a printer");
	return gate_gentle(g, a) && !is_server(g, use, a, port)
		       ? N_("control equipment, and named by hearsay alone")
		       : NULL;
}

const char *gate_refusal(const struct gate *g, enum gate_use use, const struct addr *a,
			 uint16_t port, bool udp, int64_t now)
{
	if (!authorisation_valid(&g->site->authorisation, now))
		return N_("no valid authorisation");
	const char *why = left_alone(g->site, a);
	if (why != NULL)
		return why;
	if (addr_is_unusable(a))
		return N_("not the address of a host");
	switch (use) {
	case GATE_BEACON: {
		const struct zone *z = site_zone(g->site, a);

		if (!gate_is_beacon(g, a))
			return N_("not the beacon's address");
		return z != NULL && !zone_window_open(g->site, z, now) ? N_("outside the window")
								       : NULL;
	}
	case GATE_RESOLVER:
		return port != PORT_DNS ? N_("not the port of this service")
					: server_refusal(g, use, a, port, now);
	case GATE_PROXY:
		return udp || port == 0 ? N_("not the port of this service")
					: server_refusal(g, use, a, port, now);
	case GATE_CLOCK:
		return !udp || port != PORT_NTP ? N_("not the port of this service")
						: server_refusal(g, use, a, port, now);
	case GATE_HOST:
		if (udp || port == 0)
			return N_("not the port of this service");
		return named(g, a) ? zone_refusal(g, a, SITE_TOUCH, now)
				   : N_("not among the hosts of this run");
	}
	return N_("not the beacon's address");
}

/* ---- frames ---- */

static struct near *find(const struct gate *g, unsigned ifindex, const uint8_t mac[static 6])
{
	for (size_t i = 0; i < g->near_count; i++)
		if (g->near[i].ifindex == ifindex && memcmp(g->near[i].mac, mac, 6) == 0)
			return &g->near[i];
	return NULL;
}

static bool keep_zone(struct near *n, const struct zone *z)
{
	for (size_t i = 0; i < n->zone_count; i++)
		if (n->zones[i] == z)
			return true;
	if (n->zone_count == NEAR_ZONES)
		return false;
	n->zones[n->zone_count++] = z;
	return true;
}

const char *gate_neighbour(struct gate *g, const struct gate_neighbour *n, int64_t now)
{
	struct near *own = find(g, n->ifindex, n->mac);
	const struct zone *z = site_zone(g->site, &n->address);

	if (n->mac[0] & 1)
		return N_("not the MAC address of one host");
	if (own == NULL) {
		if (g->near_count == NEAR_MOST)
			return N_("too many neighbours");
		own = &g->near[g->near_count++];
		own->ifindex = n->ifindex;
		memcpy(own->mac, n->mac, 6);
	}
	own->placed = own->placed || z != NULL;
	own->gentle = own->gentle || n->ot || (z != NULL && gate_gentle(g, &n->address));
	if (own->refusal == NULL)
		own->refusal = left_alone(g->site, &n->address);
	if (own->refusal == NULL && z != NULL && z->risk < SITE_TOUCH)
		own->refusal = N_("the zone's risk class does not allow it");
	if (own->refusal == NULL && z != NULL && !zone_window_open(g->site, z, now))
		own->refusal = N_("outside the window");
	if (own->refusal == NULL && z != NULL && !keep_zone(own, z))
		own->refusal = N_("its addresses are in too many zones");
	return own->refusal;
}

bool gate_neighbour_gentle(const struct gate *g, unsigned ifindex, const uint8_t mac[static 6])
{
	const struct near *n = find(g, ifindex, mac);

	return n == NULL || n->gentle || !n->placed;
}

/* RFC 791, 3.1; RFC 8200, 3. */
bool gate_frame_fits(const struct gate_frame *f, const uint8_t *frame, size_t n)
{
	bool v4 = addr_is_ipv4(&f->to);
	size_t hops = v4 ? 22 : 21, protocol = v4 ? 23 : 20, to = v4 ? 30 : 38;

	if (n < (v4 ? 34U : 54U) || memcmp(frame, f->mac, sizeof(f->mac)) != 0)
		return false;
	return frame[12] == (v4 ? 0x08 : 0x86) && frame[13] == (v4 ? 0x00 : 0xdd) &&
	       frame[14] >> 4 == (v4 ? 4 : 6) && frame[hops] == f->hops &&
	       frame[protocol] == f->protocol &&
	       memcmp(frame + to, v4 ? f->to.bytes + 12 : f->to.bytes, v4 ? 4 : 16) == 0;
}

const char *gate_frame(struct gate *g, const struct gate_frame *f, bool full, int64_t now)
{
	struct near *n = find(g, f->ifindex, f->mac);
	bool icmp = f->protocol == (addr_is_ipv4(&f->to) ? IPPROTO_ICMP : IPPROTO_ICMPV6);
	const char *why = gate_refusal(g, GATE_BEACON, &f->to, 0, false, now);

	if (why != NULL)
		return why;
	if (n == NULL)
		return N_("not a neighbour");
	if (n->refusal != NULL)
		return n->refusal;
	for (size_t i = 0; i < n->zone_count; i++)
		if (!zone_window_open(g->site, n->zones[i], now))
			return N_("outside the window");
	if (f->hops != 1 && !full)
		return N_("only one hop is allowed");
	if (!n->gentle && n->placed)
		return NULL;
	if (!icmp || n->sent || f->hops != 1)
		return N_("control equipment gets one echo request and nothing else");
	n->sent = true;
	return NULL;
}
