/* SPDX-License-Identifier: Apache-2.0 */
#include "talk/hosts.h"

#include <stdio.h>
#include <stdlib.h>

#include "wire/neighbour.h"
#include "wire/vendor.h"

struct hosts {
	const struct site *site;
	struct device *gateways; /* by index in site.gateways */
	struct host **slots;     /* open addressing; a power of two */
	size_t capacity, count;
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
	free(hs->slots);
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

void hosts_look_up_mac(struct hosts *hs, struct host *h)
{
	uint8_t mac[6];
	char text[18];

	if (h->mac[0] == '\0' && neighbour_mac(&h->address, mac)) {
		neighbour_mac_text(mac, text);
		hosts_set_mac(hs, h, text);
	}
}

void hosts_set_mac(struct hosts *hs, struct host *h, const char *text)
{
	uint8_t mac[6];

	if (h->mac[0] != '\0' || sscanf(text, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &mac[0], &mac[1],
					&mac[2], &mac[3], &mac[4], &mac[5]) != 6)
		return;
	neighbour_mac_text(mac, h->mac);
	const char *maker = vendor_controller_maker(mac);
	if (maker != NULL)
		snprintf(h->maker, sizeof(h->maker), "%s", maker);
	if (h->device != &h->own)
		return;
	for (size_t i = 0; i < hs->capacity; i++) {
		struct host *other = hs->slots[i];

		if (other == NULL || other == h || strcmp(other->mac, h->mac) != 0)
			continue;
		other->device->open += h->own.open;
		if (h->own.next_ms > other->device->next_ms)
			other->device->next_ms = h->own.next_ms;
		other->device->ot |= h->own.ot;
		other->device->distress |= h->own.distress;
		h->own = (struct device){ 0 };
		h->device = other->device;
		return;
	}
}
