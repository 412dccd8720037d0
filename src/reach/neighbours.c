/* SPDX-License-Identifier: Apache-2.0 */
#include "reach/neighbours.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "codec/i18n.h"
#include "wire/vendor.h"

/* ---- what the kernel knows ---- */

struct gathering {
	struct neighbour_known **list;
	size_t *count, room;
	unsigned ifindex;
};

static int gather(void *context, const struct addr *address, const uint8_t *mac)
{
	struct gathering *g = context;
	struct neighbour_known known = { .address = *address };

	if (*g->count >= g->room) {
		size_t room = *g->count + 256;
		struct neighbour_known *bigger = realloc(*g->list, room * sizeof(*bigger));

		if (bigger == NULL)
			return -ENOMEM;
		*g->list = bigger;
		g->room = room;
	}
	memcpy(known.mac, mac, sizeof(known.mac));
	(*g->list)[(*g->count)++] = known;
	return 0;
}

int neighbours_of_kernel(unsigned ifindex, struct neighbour_known **list, size_t *count)
{
	struct gathering g = { .list = list, .count = count, .room = *count, .ifindex = ifindex };

	return neighbours_each(ifindex, gather, &g);
}

/* ---- whose they are ---- */

static bool link_local(const struct addr *a)
{
	return a->bytes[0] == 0xfe && (a->bytes[1] & 0xc0) == 0x80;
}

static bool usable_mac(const uint8_t mac[static 6], const struct interface *list, size_t n)
{
	static const uint8_t none[6];

	if ((mac[0] & 1) != 0 || memcmp(mac, none, sizeof(none)) == 0)
		return false;
	for (size_t i = 0; i < n; i++)
		if (list[i].ethernet && memcmp(list[i].mac, mac, 6) == 0)
			return false;
	return true;
}

bool neighbours_interface(const struct site *site, const struct interface *i)
{
	if (!i->up || i->loopback || !i->ethernet)
		return false;
	for (size_t n = 0; n < i->own.count; n++)
		if (site_zone(site, &i->own.list[n].first) != NULL)
			return true;
	return false;
}

static bool on_link(const struct interface *i, const struct addr *a)
{
	if (link_local(a))
		return a->scope == i->index;
	return ranges_contain(&i->networks, a) && !ranges_contain(&i->own, a) &&
	       !addr_is_unusable(a);
}

const char *neighbours_refusal(const struct site *site, const struct addr *a, int64_t now)
{
	const struct zone *zone = site_zone(site, a);

	if (ranges_contain(&site->exclude, a))
		return N_("excluded");
	for (size_t i = 0; i < site->zone_count; i++)
		if (ranges_contain(&site->zones[i].passive_only, a))
			return N_("passive only");
	if (zone != NULL && zone->risk < SITE_TOUCH)
		return N_("the zone is only listened to");
	if (zone != NULL && !zone_window_open(site, zone, now))
		return N_("outside the window");
	return NULL;
}

static bool is_declared(const struct site *site, const struct addr *a)
{
	if (ranges_contain(&site->roles[ROLE_ROUTER], a))
		return true;
	for (size_t i = 0; i < site->gateway_count; i++)
		if (addr_compare(&site->gateways[i].address, a) == 0)
			return true;
	return false;
}

static void keep(struct neighbour *n, enum neighbour_care care, const char *why)
{
	if (care <= n->care)
		return;
	n->care = care;
	n->why = why;
}

static struct neighbour *machine_of(struct neighbours *all, unsigned ifindex, const uint8_t *mac)
{
	size_t here = 0;

	for (size_t i = 0; i < all->count; i++) {
		struct neighbour *n = &all->list[i];

		if (n->ifindex != ifindex)
			continue;
		if (memcmp(n->mac, mac, sizeof(n->mac)) == 0)
			return n;
		here++;
	}
	if (here >= NEIGHBOURS_MOST) {
		all->left_off++;
		return NULL;
	}
	all->list[all->count] = (struct neighbour){ .ifindex = ifindex };
	memcpy(all->list[all->count].mac, mac, 6);
	return &all->list[all->count++];
}

/* IPv4 first. */
static int order(const struct addr *a, const struct addr *b)
{
	bool v4 = addr_is_ipv4(a);

	if (v4 != addr_is_ipv4(b))
		return v4 ? -1 : 1;
	return addr_compare(a, b);
}

/* Addresses beyond the room count for the care that is taken all the same. */
static void add_address(struct neighbour *n, const struct addr *a)
{
	size_t at = 0;

	while (at < n->address_count && order(&n->addresses[at], a) < 0)
		at++;
	if (at == NEIGHBOUR_ADDRESSES ||
	    (at < n->address_count && addr_compare(&n->addresses[at], a) == 0))
		return;
	if (n->address_count == NEIGHBOUR_ADDRESSES)
		n->address_count--;
	memmove(&n->addresses[at + 1], &n->addresses[at],
		(n->address_count - at) * sizeof(n->addresses[0]));
	n->addresses[at] = *a;
	n->address_count++;
}

static void learn(struct neighbour *n, const struct site *site, const struct neighbour_known *k,
		  int64_t now)
{
	const struct zone *zone = site_zone(site, &k->address);
	const char *refusal = neighbours_refusal(site, &k->address, now);

	add_address(n, &k->address);
	if (refusal != NULL)
		keep(n, NEIGHBOUR_LEFT, refusal);
	if (zone != NULL) {
		if (n->zone == NULL || zone->kind == ZONE_OT)
			n->zone = zone->name;
		if (zone->kind == ZONE_OT)
			keep(n, NEIGHBOUR_ONE, N_("control equipment"));
		else if (zone->kind == ZONE_UNASSIGNED)
			keep(n, NEIGHBOUR_ONE, N_("its zone is not assigned"));
	}
	if (k->ot || vendor_controller_maker(k->mac) != NULL)
		keep(n, NEIGHBOUR_ONE, N_("control equipment"));
	n->declared = n->declared || is_declared(site, &k->address);
	n->announces = n->announces || k->announces;
}

/* ---- who could be whom ---- */

/* An address here that must get nothing, and nobody knows whose it is: then somebody of whom no address
 * in a zone is known could be it. */
static bool somebody_hidden(const struct site *site, const struct interface *i,
			    const struct neighbours *all)
{
	const struct ranges *none = &site->exclude;

	for (size_t z = 0;; z++) {
		struct ranges here = { 0 };

		if (ranges_common(none, &i->networks, &here) != 0)
			return true;
		for (size_t n = 0; n < all->count; n++) {
			const struct neighbour *m = &all->list[n];

			for (size_t a = 0; a < m->address_count && m->ifindex == i->index; a++) {
				struct range one = { m->addresses[a], m->addresses[a] };
				struct ranges taken = { &one, 1 };

				if (ranges_contain(&here, &one.first) &&
				    ranges_subtract(&here, &taken) != 0)
					return true;
			}
		}
		uint64_t count = ranges_count(&here);
		ranges_done(&here);
		if (count > 0)
			return true;
		if (z == site->zone_count)
			return false;
		none = &site->zones[z].passive_only;
	}
}

static int by_place(const void *a, const void *b)
{
	const struct neighbour *x = a, *y = b;

	if (x->ifindex != y->ifindex)
		return x->ifindex < y->ifindex ? -1 : 1;
	int by_address = order(&x->addresses[0], &y->addresses[0]);
	return by_address != 0 ? by_address : memcmp(x->mac, y->mac, sizeof(x->mac));
}

int neighbours_make(const struct site *site, const struct interface *interfaces,
		    size_t interface_count, const struct neighbour_known *known, size_t known_count,
		    int64_t now, struct neighbours *ret)
{
	struct neighbours all = { .list = calloc(interface_count * NEIGHBOURS_MOST + 1,
						 sizeof(*all.list)) };

	if (all.list == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < interface_count; i++) {
		const struct interface *here = &interfaces[i];
		size_t first = all.count;

		if (!neighbours_interface(site, here))
			continue;
		for (size_t k = 0; k < known_count; k++) {
			if (!on_link(here, &known[k].address) ||
			    !usable_mac(known[k].mac, interfaces, interface_count))
				continue;
			struct neighbour *n = machine_of(&all, here->index, known[k].mac);
			if (n != NULL)
				learn(n, site, &known[k], now);
		}
		/* A capture tells no interface: what is link-local there belongs to who has the MAC. */
		for (size_t k = 0; k < known_count; k++) {
			struct neighbour_known one = known[k];

			if (!link_local(&one.address) || one.address.scope != 0)
				continue;
			one.address.scope = here->index;
			for (size_t n = first; n < all.count; n++)
				if (memcmp(all.list[n].mac, one.mac, 6) == 0)
					learn(&all.list[n], site, &one, now);
		}
		bool hidden = somebody_hidden(site, here, &all);
		for (size_t n = first; n < all.count; n++) {
			if (all.list[n].zone != NULL)
				continue;
			keep(&all.list[n], NEIGHBOUR_ONE, N_("its zone is not assigned"));
			if (hidden)
				keep(&all.list[n], NEIGHBOUR_LEFT,
				     N_("could be a device that is excluded or passive only"));
		}
	}
	qsort(all.list, all.count, sizeof(*all.list), by_place);
	*ret = all;
	return 0;
}

void neighbours_done(struct neighbours *n)
{
	free(n->list);
	*n = (struct neighbours){ 0 };
}
