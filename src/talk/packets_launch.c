/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The packets process: the one way out. What is about to leave is looked at as bytes, whatever the rest
 * of the process believes that it has built: its destination has to be inside the scope, its lane's zone
 * open, and the pace has to have room.
 */
#include "talk/packets_parts.h"

#include <errno.h>
#include <string.h>
#include <time.h>

/* ---- scope ---- */

/* The addresses that may ever be sent to, computed from the declarations rather than taken from the
 * lanes. */
int packets_gate_make(struct packets *p)
{
	const struct plan *plan = p->setup->plan;
	struct ranges refused = { 0 }, inside = { 0 };
	int e = ranges_add_all(&p->allowed, &plan->targets);

	if (e == 0)
		e = ranges_add_all(&p->allowed, &plan->large);
	if (e == 0)
		e = ranges_add_unusable(&refused);
	if (e == 0)
		e = ranges_add_all(&refused, &plan->site.exclude);
	for (size_t i = 0; i < plan->site.zone_count && e == 0; i++)
		e = ranges_add_all(&refused, &plan->site.zones[i].passive_only);
	if (e == 0)
		e = ranges_subtract(&p->allowed, &refused);
	/* Public: owned by declaration and repeated for this run. */
	ranges_done(&refused);
	if (e == 0)
		e = ranges_add_not_public(&inside);
	if (e == 0)
		e = ranges_add_all(&refused, &p->allowed);
	if (e == 0)
		e = ranges_subtract(&refused, &inside);
	ranges_done(&inside);
	if (e == 0)
		e = ranges_common(&plan->site.owned, &plan->owned, &inside);
	if (e == 0)
		e = ranges_subtract(&refused, &inside);
	if (e == 0)
		e = ranges_subtract(&p->allowed, &refused);
	ranges_done(&refused);
	ranges_done(&inside);
	return e;
}

static bool in_range(const struct range *r, const struct addr *a)
{
	return memcmp(a->bytes, r->first.bytes, 16) >= 0 &&
	       memcmp(a->bytes, r->last.bytes, 16) <= 0 &&
	       (r->first.scope == 0 || r->first.scope == a->scope);
}

bool packets_gate(struct packets *p, const struct addr *to)
{
	if (p->allowed_last < p->allowed.count &&
	    in_range(&p->allowed.list[p->allowed_last], to))
		return true;
	size_t low = 0, high = p->allowed.count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		const struct range *r = &p->allowed.list[middle];

		if (in_range(r, to)) {
			p->allowed_last = middle;
			return true;
		}
		bool below = r->first.scope != 0 && to->scope != r->first.scope
				     ? to->scope < r->first.scope
				     : memcmp(to->bytes, r->first.bytes, 16) < 0;
		if (below)
			high = middle;
		else
			low = middle + 1;
	}
	return false;
}

/* The destination of an IP packet that lies behind a link-layer header. */
static struct addr destination(const uint8_t *frame, size_t link, bool v4, const struct lane *l)
{
	struct addr a = { 0 };

	if (v4) {
		a.bytes[10] = a.bytes[11] = 0xff;
		memcpy(a.bytes + 12, frame + link + 16, 4);
	} else {
		memcpy(a.bytes, frame + link + 24, 16);
		if (a.bytes[0] == 0xfe && (a.bytes[1] & 0xc0) == 0x80)
			a.scope = l->way->ifindex;
	}
	return a;
}

/* ---- leaving ---- */

static enum launch error_of(struct wing *w, int e)
{
	if (e == -EAGAIN || e == -ENOBUFS || e == -EINTR)
		return LAUNCH_LATER;
	w->error = e;
	return LAUNCH_DOWN;
}

enum launch packets_flush(struct packets *p, struct wing *w)
{
	if (w->tap == NULL)
		return LAUNCH_DOWN;
	while (tap_waiting(w->tap) > 0) {
		int n = tap_flush(w->tap);

		if (n < 0)
			return error_of(w, n);
		p->sent += (unsigned)n;
		if (n == 0)
			return LAUNCH_LATER;
	}
	return LAUNCHED;
}

/* Room for a frame; NULL: *ret says why. */
static uint8_t *room(struct packets *p, struct lane *l, size_t n, enum launch *ret)
{
	struct wing *w = l->wing;

	if (w->tap == NULL || w->error != 0) {
		*ret = LAUNCH_DOWN;
		return NULL;
	}
	if (p->stopping || l->closed != NULL) {
		*ret = LAUNCH_REFUSED;
		return NULL;
	}
	if (tap_waiting(w->tap) >= TAP_BATCH) {
		*ret = packets_flush(p, w);
		if (*ret != LAUNCHED)
			return NULL;
	}
	uint8_t *at = tap_next(w->tap, n);
	*ret = at != NULL ? LAUNCHED : LAUNCH_LATER;
	return at;
}

/* Takes from the board; what is unlimited costs nothing. */
static bool paced(struct packets *p, const struct lane *l, unsigned packets, unsigned held,
		  unsigned broadcasts)
{
	const struct pace_need need = {
		.zone = l->zone,
		.segment = broadcasts > 0 ? l->wing->segment : -1,
		.packets = packets,
		.held = held,
		.broadcasts = broadcasts,
	};

	if (l->unlimited && broadcasts == 0)
		return true;
	return pace_board_try(p->setup->board, &need, p->start_ms + p->now_ms);
}

static void give_back(struct packets *p, const struct lane *l, unsigned packets, unsigned held)
{
	if (!l->unlimited)
		pace_board_count(p->setup->board, l->zone, -(int)packets, -(int)held,
				 p->start_ms + p->now_ms);
}

/* The frame is filled in: may these bytes leave? A wrong one takes the whole batch with it. */
static enum launch look_at_bytes(struct packets *p, struct lane *l, const struct frame_form *f,
				 uint8_t *at, const uint8_t mac[static 6])
{
	struct addr to = destination(at, f->link, f->v4, l);

	if (!packets_gate(p, &to)) {
		tap_forget(l->wing->tap);
		return LAUNCH_REFUSED;
	}
	if (f->link != 0)
		memcpy(at, mac, 6);
	return LAUNCHED;
}

enum launch packets_launch_syn(struct packets *p, struct lane *l, const uint8_t mac[static 6],
			       const struct addr *to, uint16_t port, unsigned packets, unsigned held)
{
	enum launch r;

	if (!paced(p, l, packets, held, 0))
		return LAUNCH_LATER;
	uint8_t *at = room(p, l, l->syn.length, &r);
	if (at != NULL) {
		uint32_t cookie = frame_cookie(p->setup->key, &l->way->source, to, 6,
					       l->source_port, port);

		frame_fill_syn(&l->syn, at, to, port, cookie, (uint16_t)cookie);
		r = look_at_bytes(p, l, &l->syn, at, mac);
	}
	if (r != LAUNCHED)
		give_back(p, l, packets, held);
	return r;
}

enum launch packets_launch_echo(struct packets *p, struct lane *l, const uint8_t mac[static 6],
				const struct addr *to)
{
	enum launch r;

	if (!paced(p, l, 1, 0, 0))
		return LAUNCH_LATER;
	uint8_t *at = room(p, l, l->echo.length, &r);
	if (at != NULL) {
		uint32_t cookie = frame_cookie(p->setup->key, &l->way->source, to,
					       l->echo.v4 ? 1 : 58, 0, 0);

		frame_fill_echo(&l->echo, at, to, cookie, (uint16_t)cookie);
		r = look_at_bytes(p, l, &l->echo, at, mac);
	}
	if (r != LAUNCHED)
		give_back(p, l, 1, 0);
	return r;
}

/* A target of the lane, or the lane's gateway: nobody else is asked for. */
enum launch packets_launch_find(struct packets *p, struct lane *l, const struct addr *who,
				const uint8_t *to_mac)
{
	uint8_t frame[FRAME_MOST];
	enum launch r;

	if (!packets_gate(p, who) &&
	    (l->way->on_link || addr_compare(who, &l->way->next_hop) != 0))
		return LAUNCH_REFUSED;
	if (!paced(p, l, 1, 0, to_mac == NULL))
		return LAUNCH_LATER;
	size_t n = addr_is_ipv4(who) ? frame_arp_request(frame, l->way, who, to_mac)
				     : frame_neighbour_solicit(frame, l->way, who, to_mac);
	uint8_t *at = room(p, l, n, &r);
	if (at != NULL) {
		memcpy(at, frame, n);
		return LAUNCHED;
	}
	pace_board_count(p->setup->board, l->zone, -1, 0, p->start_ms + p->now_ms);
	return r;
}

/* ---- to everybody on a segment ---- */

enum launch packets_ask_room(struct packets *p, struct wing *w, int zone)
{
	const struct pace_need need = {
		.zone = zone, .segment = w->segment, .packets = 1, .broadcasts = 1
	};

	if (w->tap == NULL || w->error != 0)
		return LAUNCH_DOWN;
	if (p->stopping || !w->asked || ask_closed(p, w, time(NULL)) != NULL)
		return LAUNCH_REFUSED;
	return pace_board_try(p->setup->board, &need, p->start_ms + p->now_ms) ? LAUNCHED
									       : LAUNCH_LATER;
}

/* All that may ever leave for more than one host. */
static bool to_everybody(const uint8_t *frame, size_t n)
{
	static const uint8_t groups6[][16] = { { 0xff, 2, [15] = 1 },
					       { 0xff, 2, [15] = 2 },
					       { 0xff, 2, [15] = 0xfb } };
	static const uint8_t groups4[][4] = { { 255, 255, 255, 255 }, { 224, 0, 0, 251 } };

	if (n >= 54 && frame[12] == 0x86 && frame[13] == 0xdd) {
		for (size_t i = 0; i < countof(groups6); i++)
			if (memcmp(frame + 38, groups6[i], 16) == 0)
				return true;
	} else if (n >= 34 && frame[12] == 8 && frame[13] == 0) {
		for (size_t i = 0; i < countof(groups4); i++)
			if (memcmp(frame + 30, groups4[i], 4) == 0)
				return true;
	}
	return false;
}

static uint8_t *ask_place(struct packets *p, struct wing *w, size_t n, enum launch *ret)
{
	if (tap_waiting(w->tap) >= TAP_BATCH) {
		*ret = packets_flush(p, w);
		if (*ret != LAUNCHED)
			return NULL;
	}
	uint8_t *at = tap_next(w->tap, n);
	*ret = at != NULL ? LAUNCHED : LAUNCH_LATER;
	return at;
}

enum launch packets_launch_ask(struct packets *p, struct wing *w, const uint8_t *frame, size_t n)
{
	enum launch r;

	if (p->stopping || !w->asked || w->tap == NULL || !to_everybody(frame, n))
		return LAUNCH_REFUSED;
	uint8_t *at = ask_place(p, w, n, &r);
	if (at != NULL)
		memcpy(at, frame, n);
	return r;
}

enum launch packets_launch_name(struct packets *p, struct wing *w, const struct frame_form *f,
				const struct addr *to)
{
	enum launch r;

	if (p->stopping || !w->asked || w->tap == NULL || !packets_gate(p, to))
		return LAUNCH_REFUSED;
	uint8_t *at = ask_place(p, w, f->length, &r);
	if (at != NULL)
		frame_fill_udp(f, at, to, 0, 0);
	return r;
}
