/* SPDX-License-Identifier: Apache-2.0 */
/* The guard: hosts and how they are treated, their pace, what main is told. */
#include "talk/guard_parts.h"

#include <errno.h>
#include <stdlib.h>

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

void guard_host_setup(struct guard *g, struct host *h, int64_t now)
{
	const struct plan *p = g->setup->plan;

	h->zone = site_zone(&p->site, &h->address);
	h->kind = plan_kind(p, &h->address);
	h->unassigned = h->kind == ZONE_UNASSIGNED;
	h->treatment = h->kind == ZONE_OT || h->unassigned ? TREAT_OT : TREAT_IT;
	h->full_depth = h->treatment == TREAT_IT ||
			(h->zone != NULL && ranges_contain(&h->zone->full_depth, &h->address));
	h->risk = h->zone != NULL && h->zone->risk < p->risk ? h->zone->risk : p->risk;
	h->device->ot |= h->kind == ZONE_OT;
	pace_init(&h->pace, guard_host_rate(g, h), OPEN_COST, now);
	h->first_ms = guard_unix_ms();
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

static struct pace *zone_pace(struct guard *g, const struct host *h)
{
	if (h->zone == NULL || h->zone->rate == 0)
		return NULL;
	ptrdiff_t i = h->zone - g->setup->plan->site.zones;
	return i >= 0 && (size_t)i < g->setup->plan->site.zone_count ? &g->zone_paces[i] : NULL;
}

bool guard_pace_allows(struct guard *g, struct host *h, unsigned n, int64_t now)
{
	struct pace *z = zone_pace(g, h);

	return pace_ready(&g->pace, n, now) && (z == NULL || pace_ready(z, n, now)) &&
	       pace_ready(&h->pace, n, now);
}

void guard_charge(struct guard *g, struct link *l, int n)
{
	struct pace *z = zone_pace(g, l->host);

	pace_take(&g->pace, n);
	if (z != NULL)
		pace_take(z, n);
	pace_take(&l->host->pace, n);
	l->charged = (unsigned)((int)l->charged + n);
}

bool guard_unpaced(const struct guard *g, const struct host *h)
{
	return g->pace.rate == 0 && h->pace.rate == 0 && !guard_gentle(h) &&
	       (h->zone == NULL || h->zone->rate == 0);
}
