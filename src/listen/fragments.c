/* SPDX-License-Identifier: Apache-2.0 */
#include "listen/fragments.h"

#include <stdlib.h>

enum {
	SETS = 128,
	WAYS = 8, /* packets under way at once: SETS * WAYS */
	WHOLE_MAX = 65535,
	UNITS = (WHOLE_MAX + 7) / 8, /* offsets count in units of eight bytes */
	BYTES_MAX = 16 * 1024 * 1024,
};

static const int64_t too_old_ns = INT64_C(30) * 1000000000; /* RFC 791 and 8200: up to 60 s */

struct whole {
	struct addr src, dst;
	uint32_t id, length; /* length: 0 until the last part came */
	uint16_t vlan;
	uint8_t protocol;
	bool used, broken;
	uint32_t room, units; /* bytes allocated; units that are there */
	int64_t first_ns;
	uint8_t *bytes;
	uint8_t have[UNITS / 8 + 1]; /* a bit per unit */
};

struct fragments {
	struct whole (*list)[WAYS]; /* made with the first fragment; most networks have none */
	uint8_t *given;             /* what the last call handed out */
	size_t bytes;               /* allocated */
	uint64_t dropped;
};

struct fragments *fragments_new(void)
{
	return calloc(1, sizeof(struct fragments));
}

void fragments_free(struct fragments *f)
{
	if (f == NULL)
		return;
	for (size_t i = 0; i < SETS && f->list != NULL; i++)
		for (size_t k = 0; k < WAYS; k++)
			free(f->list[i][k].bytes);
	free(f->list);
	free(f->given);
	free(f);
}

static void forget(struct fragments *f, struct whole *w)
{
	f->bytes -= w->room;
	free(w->bytes);
	*w = (struct whole){ 0 };
}

static void drop(struct fragments *f, struct whole *w)
{
	f->dropped++;
	forget(f, w);
}

static bool same(const struct whole *w, const struct fragment *p)
{
	return w->used && w->id == p->id && w->protocol == p->protocol && w->vlan == p->vlan &&
	       addr_compare(&w->src, p->src) == 0 && addr_compare(&w->dst, p->dst) == 0;
}

static struct whole *find(struct fragments *f, const struct fragment *p)
{
	uint64_t h =
		addr_hash(p->src) ^ addr_hash(p->dst) * 3 ^ p->id * UINT64_C(0x9e3779b97f4a7c15);
	struct whole *set = f->list[(h >> 32) % SETS], *best = &set[0];

	for (size_t i = 0; i < WAYS; i++) {
		if (set[i].used && p->time_ns - set[i].first_ns > too_old_ns)
			drop(f, &set[i]);
		if (same(&set[i], p))
			return &set[i];
	}
	for (size_t i = 0; i < WAYS && best->used; i++)
		if (!set[i].used || set[i].first_ns < best->first_ns)
			best = &set[i];
	if (best->used)
		drop(f, best);
	*best = (struct whole){
		.src = *p->src,
		.dst = *p->dst,
		.id = p->id,
		.vlan = p->vlan,
		.protocol = p->protocol,
		.used = true,
		.first_ns = p->time_ns,
	};
	return best;
}

static bool make_room(struct fragments *f, struct whole *w, uint32_t end)
{
	if (end <= w->room)
		return true;
	uint32_t room = w->room == 0 ? 4096 : w->room;
	while (room < end)
		room *= 2;
	if (f->bytes + (room - w->room) > BYTES_MAX)
		return false;
	uint8_t *bytes = realloc(w->bytes, room);
	if (bytes == NULL)
		return false;
	memset(bytes + w->room, 0, room - w->room);
	f->bytes += room - w->room;
	w->bytes = bytes;
	w->room = room;
	return true;
}

static bool held(const struct whole *w, uint32_t unit)
{
	return (w->have[unit / 8] >> unit % 8 & 1) != 0;
}

static void put(struct whole *w, const struct fragment *p)
{
	for (size_t at = 0; at < p->bytes.length; at += 8) {
		uint32_t unit = (p->offset + (uint32_t)at) / 8;
		size_t n = p->bytes.length - at < 8 ? p->bytes.length - at : 8;

		if (held(w, unit))
			continue;
		memcpy(w->bytes + p->offset + at, p->bytes.at + at, n);
		w->have[unit / 8] = (uint8_t)(w->have[unit / 8] | 1U << unit % 8);
		w->units++;
	}
}

/* The last part may end within a unit; every other one is made of whole units. */
static bool sound(const struct whole *w, const struct fragment *p)
{
	size_t end = p->offset + p->bytes.length;

	if (p->snapped || p->offset % 8 != 0 || p->offset > WHOLE_MAX || end > WHOLE_MAX ||
	    p->bytes.length == 0)
		return false;
	if (p->more && p->bytes.length % 8 != 0)
		return false;
	return w->length == 0 || end <= w->length;
}

bool fragments_add(struct fragments *f, const struct fragment *piece, struct span *ret_whole,
		   struct span *ret_first)
{
	if (f->list == NULL)
		f->list = calloc(SETS, sizeof(*f->list));
	if (f->list == NULL) {
		f->dropped++;
		*ret_first = span_of("", 0);
		return false;
	}
	struct whole *w = find(f, piece);
	uint32_t end = piece->offset + (uint32_t)piece->bytes.length;

	bool good = !w->broken && sound(w, piece) && make_room(f, w, end);

	*ret_first = piece->offset == 0               ? piece->bytes
		     : w->bytes != NULL && held(w, 0) ? span_of(w->bytes, 8)
						      : span_of("", 0);
	if (!good) {
		w->broken = true; /* kept until it is too old, so that it is counted once */
		return false;
	}
	put(w, piece);
	if (!piece->more && w->length == 0)
		w->length = end;
	if (w->length == 0 || w->units != (w->length + 7) / 8)
		return false;
	free(f->given);
	f->given = w->bytes;
	*ret_whole = span_of(w->bytes, w->length);
	w->bytes = NULL;
	f->bytes -= w->room;
	w->room = 0;
	forget(f, w);
	return true;
}

uint64_t fragments_dropped(const struct fragments *f)
{
	uint64_t n = f->dropped;

	for (size_t i = 0; i < SETS && f->list != NULL; i++)
		for (size_t k = 0; k < WAYS; k++)
			n += f->list[i][k].used; /* it never came whole */
	return n;
}
