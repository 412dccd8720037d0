/* SPDX-License-Identifier: Apache-2.0 */
#include "talk/hosts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/routes.h"
#include "wire/vendor.h"

struct hosts {
	const struct site *site;
	struct device *gateways; /* by index in site.gateways */
	struct host **slots;     /* open addressing; a power of two */
	size_t capacity, count;
	struct host **macs; /* the first host of each MAC; open addressing */
	size_t mac_capacity, mac_count;
	struct hop *hops;
};

struct hosts *hosts_new(const struct site *site)
{
	struct hosts *hs = calloc(1, sizeof(*hs));

	if (hs == NULL)
		return NULL;
	hs->site = site;
	hs->capacity = 1024;
	hs->slots = calloc(hs->capacity, sizeof(struct host *));
	hs->gateways = calloc(site->gateway_count + 1, sizeof(struct device));
	if (hs->slots == NULL || hs->gateways == NULL) {
		hosts_free(hs);
		return NULL;
	}
	return hs;
}

void hosts_free(struct hosts *hs)
{
	if (hs == NULL)
		return;
	for (size_t i = 0; hs->slots != NULL && i < hs->capacity; i++)
		free(hs->slots[i]);
	while (hs->hops != NULL) {
		struct hop *p = hs->hops;

		hs->hops = p->next;
		free(p);
	}
	free(hs->slots);
	free(hs->macs);
	free(hs->gateways);
	free(hs);
}

/* FNV-1a. */
static size_t hash(const struct addr *a)
{
	uint64_t h = 14695981039346656037ULL;

	for (size_t i = 0; i < sizeof(a->bytes); i++)
		h = (h ^ a->bytes[i]) * 1099511628211ULL;
	return (size_t)((h ^ a->scope) * 1099511628211ULL >> 16);
}

static struct host **slot(struct host **slots, size_t capacity, const struct addr *a)
{
	size_t i = hash(a) & (capacity - 1);

	while (slots[i] != NULL && addr_compare(&slots[i]->address, a) != 0)
		i = (i + 1) & (capacity - 1);
	return &slots[i];
}

struct host *hosts_find(const struct hosts *hs, const struct addr *a)
{
	return *slot(hs->slots, hs->capacity, a);
}

static bool grow(struct hosts *hs)
{
	struct host **slots = calloc(hs->capacity * 2, sizeof(struct host *));

	if (slots == NULL)
		return false;
	for (size_t i = 0; i < hs->capacity; i++)
		if (hs->slots[i] != NULL)
			*slot(slots, hs->capacity * 2, &hs->slots[i]->address) = hs->slots[i];
	free(hs->slots);
	hs->slots = slots;
	hs->capacity *= 2;
	return true;
}

struct host *hosts_get(struct hosts *hs, const struct addr *a)
{
	struct host *h = hosts_find(hs, a);

	if (h != NULL)
		return h;
	if (hs->count >= hs->capacity / 2 && !grow(hs))
		return NULL;
	h = calloc(1, sizeof(*h));
	if (h == NULL)
		return NULL;
	h->address = *a;
	h->device = &h->own;
	for (size_t i = 0; i < hs->site->gateway_count; i++)
		if (addr_compare(&hs->site->gateways[i].address, a) == 0 ||
		    ranges_contain(&hs->site->gateways[i].networks, a))
			h->device = &hs->gateways[i];
	*slot(hs->slots, hs->capacity, a) = h;
	hs->count++;
	return h;
}

void hosts_drop(struct hosts *hs, struct host *h)
{
	size_t mask = hs->capacity - 1;
	size_t hole = (size_t)(slot(hs->slots, hs->capacity, &h->address) - hs->slots);

	if (hs->slots[hole] != h)
		return;
	/* What stands behind the hole only because of it moves up. */
	for (size_t i = (hole + 1) & mask; hs->slots[i] != NULL; i = (i + 1) & mask) {
		size_t home = hash(&hs->slots[i]->address) & mask;

		if (((i - home) & mask) < ((i - hole) & mask))
			continue;
		hs->slots[hole] = hs->slots[i];
		hole = i;
	}
	hs->slots[hole] = NULL;
	hs->count--;
	free(h);
}

struct hop *hosts_hop(struct hosts *hs, const struct way *w)
{
	if (w == NULL || w->error != 0 || w->local)
		return NULL;
	for (struct hop *p = hs->hops; p != NULL; p = p->next)
		if (p->ifindex == w->ifindex && addr_compare(&p->gateway, &w->next_hop) == 0)
			return p;
	struct hop *p = calloc(1, sizeof(*p));
	if (p == NULL)
		return NULL;
	p->ifindex = w->ifindex;
	p->gateway = w->next_hop;
	p->next = hs->hops;
	hs->hops = p;
	return p;
}

static struct host **mac_slot(struct host **macs, size_t capacity, const char *mac)
{
	uint64_t h = 14695981039346656037ULL;

	for (const char *c = mac; *c != '\0'; c++)
		h = (h ^ (uint8_t)*c) * 1099511628211ULL;
	size_t i = (size_t)(h >> 16) & (capacity - 1);
	while (macs[i] != NULL && strcmp(macs[i]->mac, mac) != 0)
		i = (i + 1) & (capacity - 1);
	return &macs[i];
}

/* The first host that was seen with this MAC; NULL: this is it. */
static struct host *first_of_mac(struct hosts *hs, struct host *h)
{
	if (hs->mac_count >= hs->mac_capacity / 2) {
		size_t capacity = hs->mac_capacity == 0 ? 256 : hs->mac_capacity * 2;
		struct host **macs = calloc(capacity, sizeof(struct host *));

		if (macs == NULL)
			return NULL; /* it stays a device of its own */
		for (size_t i = 0; i < hs->mac_capacity; i++)
			if (hs->macs[i] != NULL)
				*mac_slot(macs, capacity, hs->macs[i]->mac) = hs->macs[i];
		free(hs->macs);
		hs->macs = macs;
		hs->mac_capacity = capacity;
	}
	struct host **s = mac_slot(hs->macs, hs->mac_capacity, h->mac);
	if (*s != NULL)
		return *s;
	*s = h;
	hs->mac_count++;
	return NULL;
}

void hosts_set_mac(struct hosts *hs, struct host *h, const uint8_t mac[static 6])
{
	if (h->mac[0] != '\0')
		return;
	neighbour_mac_text(mac, h->mac);
	const char *maker = vendor_controller_maker(mac);
	if (maker != NULL)
		snprintf(h->maker, sizeof(h->maker), "%s", maker);
	struct host *other = first_of_mac(hs, h);
	if (other == NULL || h->device != &h->own || other->device == h->device)
		return;
	other->device->open += h->own.open;
	if (h->own.next_ms > other->device->next_ms)
		other->device->next_ms = h->own.next_ms;
	other->device->ot |= h->own.ot;
	other->device->distress |= h->own.distress;
	h->own = (struct device){ 0 };
	h->device = other->device;
}

bool hosts_look_up_mac(struct hosts *hs, struct host *h)
{
	uint8_t mac[6];

	if (h->way != NULL && (!h->way->on_link || h->way->local))
		return false;
	if (neighbour_find(&h->address, h->way != NULL ? h->way->ifindex : 0, mac) !=
	    NEIGHBOUR_KNOWN)
		return false;
	hosts_set_mac(hs, h, mac);
	return true;
}
