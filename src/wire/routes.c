/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interfaces, routes and neighbours.
 *
 * A network is not asked for address by address: where no route, rule or on-link network begins or
 * ends, every address leaves as its neighbour does, so one question serves the whole piece.
 */
#include "wire/routes.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <stdlib.h>

#include "wire/netlink.h"
#include "wire/route_cuts.h"

/* ---- pieces ---- */

void edges_done(struct edges *e)
{
	free(e->list);
	*e = (struct edges){ 0 };
}

static int edge(struct edges *e, struct addr a)
{
	if (e->count == e->capacity) {
		size_t capacity = e->capacity == 0 ? 64 : e->capacity * 2;
		struct addr *list = reallocarray(e->list, capacity, sizeof(*list));

		if (list == NULL)
			return -ENOMEM;
		e->list = list;
		e->capacity = capacity;
	}
	a.scope = 0;
	e->list[e->count++] = a;
	return 0;
}

int edges_add(struct edges *e, const struct range *r)
{
	struct addr after = r->last;
	int result = edge(e, r->first);

	if (result == 0 && addr_next(&after))
		result = edge(e, after);
	return result;
}

static int by_bytes(const void *a, const void *b)
{
	return addr_compare(a, b);
}

void edges_sort(struct edges *e)
{
	size_t kept = 0;

	if (e->count == 0)
		return;
	qsort(e->list, e->count, sizeof(*e->list), by_bytes);
	for (size_t i = 1; i < e->count; i++)
		if (addr_compare(&e->list[kept], &e->list[i]) != 0)
			e->list[++kept] = e->list[i];
	e->count = kept + 1;
}

/* The first edge behind an address. */
static size_t edge_after(const struct edges *e, struct addr a)
{
	size_t low = 0, high = e->count;

	a.scope = 0;
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (addr_compare(&e->list[mid], &a) <= 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static struct addr before(struct addr a)
{
	for (size_t i = sizeof(a.bytes); i > 0; i--)
		if (a.bytes[i - 1]-- != 0)
			break;
	return a;
}

int routes_cut(const struct ranges *targets, const struct edges *e, struct way_range **ret,
	       size_t *ret_count)
{
	struct way_range *list;
	size_t count = 0, at = 0;

	for (size_t i = 0; i < targets->count; i++)
		count += 1 + edge_after(e, targets->list[i].last) -
			 edge_after(e, targets->list[i].first);
	list = calloc(count > 0 ? count : 1, sizeof(*list));
	if (list == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < targets->count; i++) {
		struct range rest = targets->list[i];
		size_t last = edge_after(e, rest.last);

		for (size_t k = edge_after(e, rest.first); k < last; k++) {
			struct addr next = e->list[k];

			next.scope = rest.first.scope;
			list[at++].range = (struct range){ rest.first, before(next) };
			rest.first = next;
		}
		list[at++].range = rest;
	}
	*ret = list;
	*ret_count = count;
	return 0;
}

static bool same_way(const struct way *a, const struct way *b)
{
	return a->error == b->error && a->ifindex == b->ifindex && a->local == b->local &&
	       a->on_link == b->on_link && a->ethernet == b->ethernet && a->mtu == b->mtu &&
	       memcmp(a->mac, b->mac, sizeof(a->mac)) == 0 &&
	       addr_compare(&a->source, &b->source) == 0 &&
	       addr_compare(&a->next_hop, &b->next_hop) == 0;
}

size_t routes_join(struct way_range *list, size_t count)
{
	size_t kept = 0;

	if (count == 0)
		return 0;
	for (size_t i = 1; i < count; i++) {
		struct addr next = list[kept].range.last;

		if (addr_next(&next) && addr_compare(&next, &list[i].range.first) == 0 &&
		    same_way(&list[kept].way, &list[i].way))
			list[kept].range.last = list[i].range.last;
		else
			list[++kept] = list[i];
	}
	return kept + 1;
}

/* ---- what a route means ---- */

/* As connect(2) would answer. */
static int error_of(const struct route_said *said)
{
	switch (said->type) {
	case RTN_UNICAST:
	case RTN_LOCAL:
		return said->has_source ? 0 : -EADDRNOTAVAIL;
	case RTN_BLACKHOLE:
		return -EINVAL;
	case RTN_UNREACHABLE:
		return -EHOSTUNREACH;
	case RTN_PROHIBIT:
	case RTN_BROADCAST:
	case RTN_ANYCAST:
	case RTN_MULTICAST:
		return -EACCES;
	default:
		return -ENETUNREACH;
	}
}

struct way way_of(const struct routes *r, int error, const struct route_said *said)
{
	const struct interface *i;
	struct way w = { .error = error };

	if (error == 0)
		w.error = error_of(said);
	if (w.error != 0)
		return w;
	i = routes_interface(r, said->ifindex);
	if (i == NULL)
		return (struct way){ .error = -ENODEV };
	w.ifindex = i->index;
	w.local = said->type == RTN_LOCAL || i->loopback;
	w.on_link = !said->has_gateway;
	w.ethernet = i->ethernet;
	memcpy(w.mac, i->mac, sizeof(w.mac));
	w.mtu = said->mtu != 0 && said->mtu < i->mtu ? said->mtu : i->mtu;
	w.source = said->source;
	if (said->has_gateway)
		w.next_hop = said->gateway;
	return w;
}

/* ---- asking the kernel ---- */

struct survey {
	struct routes *routes;
	struct edges edges;
};

static struct interface *interface_of(struct routes *r, unsigned index)
{
	for (size_t i = 0; i < r->interface_count; i++)
		if (r->interfaces[i].index == index)
			return &r->interfaces[i];
	return NULL;
}

static int take_link(void *context, uint16_t type, struct span body)
{
	struct survey *s = context;
	struct routes *r = s->routes;
	struct interface *list;
	struct link_said l;

	if (type != RTM_NEWLINK || !said_link(body, &l) || interface_of(r, l.index) != NULL)
		return 0;
	list = reallocarray(r->interfaces, r->interface_count + 1, sizeof(*list));
	if (list == NULL)
		return -ENOMEM;
	r->interfaces = list;
	struct interface *i = &r->interfaces[r->interface_count++];
	*i = (struct interface){
		.index = l.index,
		.up = l.up,
		.loopback = l.loopback,
		.ethernet = l.type == ARPHRD_ETHER && l.has_mac,
		.mtu = l.mtu,
	};
	memcpy(i->name, l.name, sizeof(i->name));
	if (l.has_mac)
		memcpy(i->mac, l.mac, sizeof(i->mac));
	return 0;
}

static int take_address(void *context, uint16_t type, struct span body)
{
	struct survey *s = context;
	struct address_said a;
	struct interface *i;
	int e;

	if (type != RTM_NEWADDR || !said_address(body, &a))
		return 0;
	i = interface_of(s->routes, a.ifindex);
	if (i == NULL)
		return 0;
	e = ranges_add(&i->own, &(struct range){ a.own, a.own });
	if (e == 0 && a.on_link)
		e = ranges_add(&i->networks, &a.network);
	if (e == 0)
		e = edges_add(&s->edges, &a.network);
	return e;
}

static int take_route(void *context, uint16_t type, struct span body)
{
	struct survey *s = context;
	struct route_said said;

	return type == RTM_NEWROUTE && said_route(body, &said) ? edges_add(&s->edges, &said.to) : 0;
}

static int take_rule(void *context, uint16_t type, struct span body)
{
	struct survey *s = context;
	struct rule_said said;

	return type == RTM_NEWRULE && said_rule(body, &said) && said.has_to
		       ? edges_add(&s->edges, &said.to)
		       : 0;
}

static void forget_interfaces(struct routes *r)
{
	for (size_t i = 0; i < r->interface_count; i++) {
		ranges_done(&r->interfaces[i].networks);
		ranges_done(&r->interfaces[i].own);
	}
	free(r->interfaces);
	r->interfaces = NULL;
	r->interface_count = 0;
}

static int survey(struct netlink *n, struct survey *s)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	int e = netlink_dump(n, RTM_GETLINK, AF_UNSPEC, take_link, s);

	for (size_t i = 0; e == 0 && i < countof(families); i++) {
		e = netlink_dump(n, RTM_GETADDR, families[i], take_address, s);
		if (e == 0)
			e = netlink_dump(n, RTM_GETROUTE, families[i], take_route, s);
		if (e == 0) {
			e = netlink_dump(n, RTM_GETRULE, families[i], take_rule, s);
			/* A kernel without policy routing has no rules. */
			if (e == -EOPNOTSUPP || e == -EAFNOSUPPORT)
				e = 0;
		}
	}
	return e;
}

struct found {
	struct route_said said;
	bool any;
};

static int take_found(void *context, uint16_t type, struct span body)
{
	struct found *f = context;

	f->any |= type == RTM_NEWROUTE && said_route(body, &f->said);
	return 0;
}

static int take_own(void *context, uint16_t type, struct span body)
{
	struct address_said a;

	if (type != RTM_NEWADDR || !said_address(body, &a) || !a.ready)
		return 0;
	return ranges_add(context, &(struct range){ a.own, a.own });
}

int own_addresses(struct ranges *ret)
{
	struct netlink n;
	struct ranges own = { 0 };
	int e = netlink_open(&n);

	if (e != 0)
		return e;
	e = netlink_dump(&n, RTM_GETADDR, AF_UNSPEC, take_own, &own);
	netlink_close(&n);
	if (e != 0)
		ranges_done(&own);
	else
		*ret = own;
	return e;
}

/* The errors with which the kernel tells of the route rather than of our question. */
static bool is_of_route(int e)
{
	return e == -ENETUNREACH || e == -EHOSTUNREACH || e == -EACCES || e == -EINVAL ||
	       e == -ENODEV || e == -ENETDOWN || e == -EADDRNOTAVAIL || e == -EAGAIN ||
	       e == -EAFNOSUPPORT;
}

static bool is_link_local(const struct addr *a)
{
	return a->bytes[0] == 0xfe && (a->bytes[1] & 0xc0) == 0x80;
}

static int ask_way(struct netlink *n, struct routes *r, struct way_range *piece)
{
	struct found f = { 0 };
	int e;

	/* Without its interface such an address means nothing; the kernel would choose one. */
	if (is_link_local(&piece->range.first) && piece->range.first.scope == 0) {
		piece->way.error = -EINVAL;
		return 0;
	}
	e = netlink_route(n, &piece->range.first, take_found, &f);
	if (e != 0 && !is_of_route(e))
		return e;
	piece->way = way_of(r, e == 0 && !f.any ? -ENETUNREACH : e, &f.said);
	return 0;
}

int routes_make(const struct ranges *targets, struct routes *ret)
{
	struct routes r = { 0 };
	struct survey s = { .routes = &r };
	struct netlink n = { .fd = -1 };
	/* Link-local space is one piece of its own, since a scope is needed there. */
	struct range link_local = { .first.bytes = { 0xfe, 0x80 }, .last.bytes = { 0xfe, 0xbf } };
	int e = netlink_open(&n);

	*ret = (struct routes){ 0 };
	memset(link_local.last.bytes + 2, 0xff, 14);
	if (e == 0)
		e = survey(&n, &s);
	if (e == 0)
		e = edges_add(&s.edges, &link_local);
	edges_sort(&s.edges);
	if (e == 0)
		e = routes_cut(targets, &s.edges, &r.list, &r.count);
	for (size_t i = 0; e == 0 && i < r.count; i++)
		e = ask_way(&n, &r, &r.list[i]);
	edges_done(&s.edges);
	netlink_close(&n);
	if (e != 0) {
		routes_done(&r);
		return e;
	}
	r.count = routes_join(r.list, r.count);
	*ret = r;
	return 0;
}

void routes_done(struct routes *r)
{
	forget_interfaces(r);
	free(r->list);
	*r = (struct routes){ 0 };
}

/* The order of struct ranges: scope, then bytes. */
static int order(const struct addr *a, const struct addr *b)
{
	if (a->scope != b->scope)
		return a->scope < b->scope ? -1 : 1;
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

const struct way *routes_find(const struct routes *r, const struct addr *a)
{
	size_t low = 0, high = r->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (order(&r->list[mid].range.last, a) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low < r->count && order(&r->list[low].range.first, a) <= 0 ? &r->list[low].way
									  : NULL;
}

const struct interface *routes_interface(const struct routes *r, unsigned index)
{
	for (size_t i = 0; i < r->interface_count; i++)
		if (r->interfaces[i].index == index)
			return &r->interfaces[i];
	return NULL;
}

/* ---- neighbours ---- */

struct neighbour_sought {
	const struct addr *address;
	unsigned ifindex; /* 0: any */
	enum neighbour_state state;
	uint8_t mac[6];
};

static enum neighbour_state state_of(const struct neighbour_said *said)
{
	const uint16_t known =
		NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT | NUD_NOARP;

	if (said->state & known)
		return said->has_mac ? NEIGHBOUR_KNOWN : NEIGHBOUR_UNKNOWN;
	if (said->state & NUD_INCOMPLETE)
		return NEIGHBOUR_INCOMPLETE;
	return said->state & NUD_FAILED ? NEIGHBOUR_FAILED : NEIGHBOUR_UNKNOWN;
}

static int take_neighbour(void *context, uint16_t type, struct span body)
{
	struct neighbour_sought *s = context;
	struct neighbour_said said;

	if (type != RTM_NEWNEIGH || !said_neighbour(body, &said) ||
	    memcmp(said.address.bytes, s->address->bytes, sizeof(said.address.bytes)) != 0 ||
	    (s->ifindex != 0 && said.ifindex != s->ifindex))
		return 0;
	enum neighbour_state state = state_of(&said);
	/* Of entries on several interfaces, the one that knows something. */
	if (s->state == NEIGHBOUR_KNOWN || state == NEIGHBOUR_UNKNOWN)
		return 0;
	s->state = state;
	if (state == NEIGHBOUR_KNOWN)
		memcpy(s->mac, said.mac, sizeof(s->mac));
	return 0;
}

enum neighbour_state neighbour_find(const struct addr *a, unsigned ifindex,
				    uint8_t ret_mac[static 6])
{
	struct neighbour_sought s = { .address = a, .ifindex = ifindex != 0 ? ifindex : a->scope };
	struct netlink n = { .fd = -1 };
	int e = netlink_open(&n);

	if (e != 0)
		return NEIGHBOUR_UNKNOWN;
	if (s.ifindex != 0)
		e = netlink_neighbour(&n, a, s.ifindex, take_neighbour, &s);
	if (s.ifindex == 0 || (e != 0 && e != -ENOENT))
		netlink_dump(&n, RTM_GETNEIGH, addr_is_ipv4(a) ? AF_INET : AF_INET6, take_neighbour,
			     &s);
	netlink_close(&n);
	if (s.state == NEIGHBOUR_KNOWN)
		memcpy(ret_mac, s.mac, sizeof(s.mac));
	return s.state;
}

struct neighbour_walk {
	unsigned ifindex;
	neighbours_take *take;
	void *context;
};

static int walk_neighbour(void *context, uint16_t type, struct span body)
{
	const struct neighbour_walk *w = context;
	struct neighbour_said said;

	if (type != RTM_NEWNEIGH || !said_neighbour(body, &said) || said.ifindex != w->ifindex ||
	    state_of(&said) != NEIGHBOUR_KNOWN)
		return 0;
	if (is_link_local(&said.address))
		said.address.scope = w->ifindex;
	return w->take(w->context, &said.address, said.mac);
}

int neighbours_each(unsigned ifindex, neighbours_take *take, void *context)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	struct neighbour_walk w = { ifindex, take, context };
	struct netlink n = { .fd = -1 };
	int e = netlink_open(&n);

	for (size_t i = 0; i < countof(families) && e == 0; i++)
		e = netlink_dump(&n, RTM_GETNEIGH, families[i], walk_neighbour, &w);
	netlink_close(&n);
	return e;
}

void neighbour_mac_text(const uint8_t mac[static 6], char out[static 18])
{
	snprintf(out, 18, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
		 mac[5]);
}
