/* SPDX-License-Identifier: Apache-2.0 */
/* The guard: hosts and how they are treated, their pace, what main is told. */
#include "talk/guard_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "talk/sweep_way.h"

/* ---- telling main ---- */

void guard_tell_waiting(struct guard *g)
{
	size_t sent = 0;

	while (sent < g->event_count) {
		ssize_t n = send(g->setup->main_fd, &g->events[sent], sizeof(*g->events),
				 MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EAGAIN)
			break;
		if (n >= 0 || errno != EINTR)
			sent++; /* or main is gone, which the loop notices at its channel */
	}
	g->event_count -= sent;
	if (sent > 0)
		memmove(g->events, g->events + sent, g->event_count * sizeof(*g->events));
}

void guard_tell(struct guard *g, const struct guard_event *e)
{
	if (g->event_count == g->event_room) {
		size_t room = g->event_room == 0 ? 64 : g->event_room * 2;
		struct guard_event *more = realloc(g->events, room * sizeof(*more));

		if (more == NULL) {
			guard_stop(g); /* a host that main never hears of would be called clean */
			return;
		}
		g->events = more;
		g->event_room = room;
	}
	g->events[g->event_count++] = *e;
	guard_tell_waiting(g);
}

void guard_tell_simple(struct guard *g, enum event_kind kind)
{
	struct guard_event e = { .kind = kind };

	guard_tell(g, &e);
}

struct guard_event guard_event_of(const struct host *h, enum event_kind kind)
{
	struct guard_event e = {
		.kind = kind,
		.address = h->address,
		.treatment = h->treatment,
		.open = h->sweep.count[PORT_OPEN],
		.closed = h->sweep.count[PORT_CLOSED],
		.filtered = h->sweep.count[PORT_FILTERED],
		.silent = h->sweep.count[PORT_SILENT],
		.rtt_us = h->rtt_us,
		.first_ms = h->first_ms,
		.last_ms = h->last_ms,
	};

	memcpy(e.mac, h->mac, sizeof(e.mac));
	memcpy(e.ot_sign, h->ot_sign, sizeof(e.ot_sign));
	return e;
}

void guard_set_reason(struct guard_event *e, const char *reason)
{
	snprintf(e->reason, sizeof(e->reason), "%s", reason != NULL ? reason : "");
}

/* ---- hosts ---- */

bool guard_gentle(const struct host *h)
{
	return h->treatment == TREAT_OT || h->device->ot;
}

unsigned guard_places(const struct host *h)
{
	return guard_gentle(h) ? PLACES_OT : PLACES_IT;
}

unsigned guard_host_rate(const struct guard *g, const struct host *h)
{
	unsigned rate = g->setup->plan->host_rate;

	if (h->zone != NULL && h->zone->host_rate != 0 && (rate == 0 || h->zone->host_rate < rate))
		rate = h->zone->host_rate;
	if (h->treatment == TREAT_OT && (rate == 0 || rate > OT_HOST_RATE))
		rate = OT_HOST_RATE;
	return rate;
}

static int segment_index(const struct routes *r, unsigned ifindex)
{
	for (size_t i = 0; r != NULL && i < r->interface_count; i++)
		if (r->interfaces[i].index == ifindex)
			return (int)i;
	return -1;
}

void guard_host_setup(struct guard *g, struct host *h, bool empty, int64_t now)
{
	const struct plan *p = g->setup->plan;
	const struct routes *r = g->setup->routes;

	h->way = r != NULL ? routes_find(r, &h->address) : NULL;
	h->hop = hosts_hop(g->hosts, h->way);
	h->segment = h->way != NULL && h->way->on_link && !h->way->local
			     ? segment_index(r, h->way->ifindex)
			     : -1;
	h->zone = site_zone(&p->site, &h->address);
	/* The built-in zone of the bastion itself is none of the plan's. */
	ptrdiff_t index = h->zone != NULL ? h->zone - p->site.zones : -1;
	h->zone_index = index >= 0 && (size_t)index < p->site.zone_count ? (int)index : -1;
	h->kind = plan_kind(p, &h->address);
	h->unassigned = h->kind == ZONE_UNASSIGNED;
	h->treatment = h->kind == ZONE_OT || h->unassigned ? TREAT_OT : TREAT_IT;
	h->full_depth = h->treatment == TREAT_IT ||
			(h->zone != NULL && ranges_contain(&h->zone->full_depth, &h->address));
	h->risk = h->zone != NULL && h->zone->risk < p->risk ? h->zone->risk : p->risk;
	h->device->ot |= h->kind == ZONE_OT;
	h->sweep.asks_udp = guard_asks_udp(g, h);
	pace_init(&h->pace, guard_host_rate(g, h), OPEN_COST, empty, now);
	h->first_ms = guard_unix_ms();
}

struct host *guard_host_of_packets(struct guard *g, const struct addr *a, int64_t now)
{
	const struct plan *p = g->setup->plan;

	if (!g->setup->packets || !plan_holds(p, a) ||
	    sweep_way(p, g->setup->routes, true, a) != SWEEP_BY_PACKETS)
		return NULL;
	struct host *h = hosts_get(g->hosts, a);
	if (h != NULL) /* it is new, else it would have been found */
		guard_host_setup(g, h, true, now);
	return h;
}

/* Ends conversations of this host that it may not have any longer. */
static void end_disallowed(struct guard *g, const struct host *h)
{
	for (unsigned i = 0; i < g->link_most; i++) {
		struct link *l = &g->links[i];

		if (l->state == LINK_LENT && l->host == h &&
		    !guard_allowed(g, h, l->port, l->probe)) {
			l->ending = ENDING_LIMIT;
			guard_link_drain(g, l, guard_mono_ms());
		}
	}
}

void guard_make_it(struct guard *g, struct host *h)
{
	/* Only what nobody declared, and nothing showed to be OT, may be loosened. */
	if (!h->unassigned || h->ot_sign[0] != '\0' || h->device->ot)
		return;
	h->treatment = TREAT_IT;
	h->full_depth = true;
	h->unassigned = false;
	pace_change(&h->pace, guard_host_rate(g, h), OPEN_COST, guard_mono_ms());
}

void guard_make_ot(struct guard *g, struct host *h, const char *sign)
{
	if (h->ot_sign[0] == '\0')
		snprintf(h->ot_sign, sizeof(h->ot_sign), "%s", sign);
	h->unassigned = false;
	h->device->ot = true;
	if (h->treatment != TREAT_OT || h->kind == ZONE_UNASSIGNED) {
		h->treatment = TREAT_OT;
		h->full_depth =
			h->zone != NULL && ranges_contain(&h->zone->full_depth, &h->address);
		pace_change(&h->pace, guard_host_rate(g, h), OPEN_COST, guard_mono_ms());
		end_disallowed(g, h);
		struct guard_event e = guard_event_of(h, EVENT_OT);

		guard_tell(g, &e);
	}
}

void guard_leave_alone(struct guard *g, struct host *h, const char *why)
{
	if (h->distress)
		return;
	h->distress = true;
	h->device->distress = true;
	h->sweep.cut = true;
	h->sweep.over = true;
	h->sweep.state = HOST_DISTRESS;
	h->sweep.reason = why;
	journal_distress(g->journal, guard_unix_ms(), &h->address, why);
	struct guard_event e = guard_event_of(h, EVENT_DISTRESS);
	guard_set_reason(&e, why);
	guard_tell(g, &e);
}

/* ---- pace ---- */

/* Does an address in this range belong to a zone that gets few broadcasts? */
static bool needs_quiet(const struct plan *p, const struct range *r, bool *ret)
{
	struct ranges whole = { 0 }, rest = { 0 }, some = { 0 };
	bool good = ranges_add(&whole, r) == 0 && ranges_add(&rest, r) == 0;

	*ret = false;
	for (size_t i = 0; good && i < p->site.zone_count; i++) {
		const struct zone *z = &p->site.zones[i];

		good = ranges_subtract(&rest, &z->networks) == 0;
		if (z->kind != ZONE_OT && z->kind != ZONE_UNASSIGNED)
			continue;
		good = good && ranges_common(&whole, &z->networks, &some) == 0;
		*ret |= some.count > 0;
	}
	if (rest.count > 0)
		*ret |= p->ad_hoc_kind == ZONE_OT || p->ad_hoc_kind == ZONE_UNASSIGNED;
	ranges_done(&whole);
	ranges_done(&rest);
	ranges_done(&some);
	return good;
}

struct pace_board *guard_board_new(const struct plan *plan, const struct routes *routes,
				   int64_t now_ms)
{
	size_t zones = plan->site.zone_count;
	size_t segments = routes != NULL ? routes->interface_count : 0;
	unsigned *zone_rates = calloc(zones + 1, sizeof(unsigned));
	unsigned *segment_rates = calloc(segments + 1, sizeof(unsigned));
	struct pace_board *b = NULL;
	bool good = zone_rates != NULL && segment_rates != NULL;

	for (size_t i = 0; good && i < zones; i++)
		zone_rates[i] = plan->site.zones[i].rate;
	for (size_t i = 0; good && routes != NULL && i < routes->count; i++) {
		const struct way *w = &routes->list[i].way;
		int segment = segment_index(routes, w->ifindex);
		bool quiet;

		if (w->error != 0 || w->local || !w->on_link || segment < 0)
			continue;
		good = needs_quiet(plan, &routes->list[i].range, &quiet);
		if (quiet)
			segment_rates[segment] = SEGMENT_RATE_OT;
	}
	if (good)
		b = pace_board_new(plan->rate, zone_rates, zones, segment_rates, segments,
				   OPEN_COST, now_ms);
	free(zone_rates);
	free(segment_rates);
	return b;
}

bool guard_reserve(struct guard *g, struct host *h, unsigned n, bool asks, int64_t now)
{
	const struct pace_need need = {
		.zone = h->zone_index,
		.segment = asks ? h->segment : -1,
		.held = n,
		/* The kernel asks up to three times, a second apart: one place covers them. */
		.broadcasts_held = asks,
	};

	if (!pace_ready(&h->pace, 0, n, now) || !pace_board_try(g->board, &need, now))
		return false;
	pace_hold(&h->pace, (int)n);
	if (asks) {
		h->resolving = true;
		g->unresolved++;
	}
	return true;
}

void guard_settle(struct guard *g, struct host *h, unsigned left, unsigned no_longer_held)
{
	int64_t now = guard_mono_ms(); /* never earlier than they left */

	if (left == 0 && no_longer_held == 0)
		return;
	atomic_fetch_add_explicit(&g->setup->shared->packets, left, memory_order_relaxed);
	pace_hold(&h->pace, -(int)no_longer_held);
	pace_take(&h->pace, (int)left, now);
	pace_board_count(g->board, h->zone_index, (int)left, -(int)no_longer_held, now);
}

void guard_asked(struct guard *g, struct host *h)
{
	if (!h->resolving)
		return;
	h->resolving = false;
	g->unresolved--;
	if (h->segment >= 0 && g->alone[h->segment].asker == h)
		g->alone[h->segment].asker = NULL;
	pace_board_count_broadcasts(g->board, h->segment, 1, -1, guard_mono_ms());
}

bool guard_unpaced(const struct guard *g, const struct host *h)
{
	return g->board->paces[0].rate == 0 && h->pace.rate == 0 && !guard_gentle(h) &&
	       (h->zone == NULL || h->zone->rate == 0);
}

/* ---- neighbours ---- */

void guard_learn_mac(struct guard *g, struct host *h)
{
	bool known = h->maker[0] != '\0';

	hosts_look_up_mac(g->hosts, h);
	if (!known && h->maker[0] != '\0') {
		char sign[64];

		snprintf(sign, sizeof(sign), "maker %s", h->maker);
		guard_make_ot(g, h, sign);
	}
}

bool guard_resolved(struct guard *g, struct host *h, int64_t now)
{
	enum { KNOWN_MS = 2000, UNKNOWN_MS = 200 };
	const struct way *w = h->way;
	uint8_t mac[6];

	if (w == NULL || w->error != 0 || w->local || !w->on_link || !w->ethernet ||
	    now < h->known_ms)
		return true;
	if (now < h->unknown_ms)
		return false;
	if (neighbour_find(&h->address, w->ifindex, mac) != NEIGHBOUR_KNOWN) {
		h->unknown_ms = now + UNKNOWN_MS;
		return false;
	}
	h->known_ms = now + KNOWN_MS;
	if (h->mac[0] == '\0')
		guard_learn_mac(g, h);
	return true;
}
