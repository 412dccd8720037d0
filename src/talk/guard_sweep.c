/* SPDX-License-Identifier: Apache-2.0 */
/* The guard: the connect sweep. */
#include "talk/guard_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "talk/sweep_way.h"

/* ---- the sweep ---- */

bool guard_answered(const struct host *h)
{
	return h->sweep.count[PORT_OPEN] + h->sweep.count[PORT_CLOSED] > 0;
}

/* The host answered, or is not waited for any longer. */
static void waited_enough(struct guard *g, struct host *h)
{
	if (h->waited_for)
		g->unanswered--;
	h->waited_for = false;
}

void guard_sweep_found(struct guard *g, struct host *h, uint16_t port, const struct finding *f)
{
	bool before = guard_answered(h);

	sweep_answer(&h->sweep, &g->order, f->state, f->no_host, h->treatment);
	if (guard_answered(h) || h->sweep.over)
		waited_enough(g, h);
	if (!before && guard_answered(h)) {
		if (h->mac[0] == '\0')
			guard_learn_mac(g, h);
	}
	if (f->state == PORT_OPEN || f->state == PORT_FILTERED) {
		struct guard_event e = guard_event_of(h, EVENT_PORT);

		e.port = port;
		e.port_state = f->state;
		guard_set_reason(&e, f->reason);
		guard_tell(g, &e);
	}
	const struct port_entry *entry = port_list_find(&g->setup->plan->port_list, port, false);
	if (f->state == PORT_OPEN && entry != NULL && entry->ot) {
		char sign[64];

		snprintf(sign, sizeof(sign), "port %u (%s)", port, entry->name);
		guard_make_ot(g, h, sign);
	}
}

static void sweep_host_over(struct guard *g, struct host *h)
{
	struct guard_event e = guard_event_of(h, EVENT_HOST);

	e.host_state = h->sweep.state;
	e.complete = !h->sweep.cut && h->sweep.next >= g->order.count &&
		     (h->sweep.state == HOST_ANSWERING || h->sweep.state == HOST_SILENT);
	guard_set_reason(&e, h->sweep.reason);
	guard_tell(g, &e);
}

void guard_sweep_add(struct guard *g, const struct guard_order *o)
{
	const struct plan *p = g->setup->plan;
	unsigned m[6];
	uint8_t mac[6];

	if (!g->setup->packets || g->found_last || !ranges_contain(&p->targets, &o->address) ||
	    sweep_way(p, g->setup->routes, true, &o->address) != SWEEP_AFTER_FOUND)
		return;
	if (g->found_count == g->found_room) {
		size_t room = g->found_room == 0 ? 64 : g->found_room * 2;
		struct host **more = realloc(g->found, room * sizeof(struct host *));

		if (more == NULL) {
			guard_stop(g); /* a host that nobody looks at would be called clean */
			return;
		}
		g->found = more;
		g->found_room = room;
	}
	struct host *h = hosts_find(g->hosts, &o->address);
	if (h != NULL)
		return; /* it has been named before */
	h = hosts_get(g->hosts, &o->address);
	if (h == NULL) {
		guard_stop(g);
		return;
	}
	guard_host_setup(g, h, true, guard_mono_ms());
	h->found = true;
	if (sscanf(o->mac, "%2x:%2x:%2x:%2x:%2x:%2x", &m[0], &m[1], &m[2], &m[3], &m[4], &m[5]) ==
	    6) {
		for (size_t i = 0; i < countof(mac); i++)
			mac[i] = (uint8_t)m[i];
		hosts_set_mac(g->hosts, h, mac);
	}
	if (o->reason[0] != '\0') {
		guard_make_ot(g, h, o->reason);
	} else if (h->maker[0] != '\0') {
		char sign[64];

		snprintf(sign, sizeof(sign), "maker %s", h->maker);
		guard_make_ot(g, h, sign);
	}
	g->found[g->found_count++] = h;
}

/* The next of the targets that are ours to sweep; NULL: none now. */
static struct host *sweep_next_target(struct guard *g, int64_t now)
{
	const struct guard_setup *s = g->setup;

	if (g->next_found < g->found_count) {
		struct host *h = g->found[g->next_found++];

		if (g->next_found == g->found_count)
			g->next_found = g->found_count = 0;
		return h;
	}
	for (unsigned looks = LOOKS_MOST; g->next_target < g->target_count; looks--) {
		if (looks == 0) {
			g->more_to_open = true; /* the rest of a large network: in the next pass */
			return NULL;
		}
		struct addr a = ranges_at(&s->plan->targets, g->next_target);
		if (s->packets && sweep_way(s->plan, s->routes, true, &a) != SWEEP_BY_CONNECT) {
			g->next_target++;
			continue;
		}
		struct host *h = hosts_get(g->hosts, &a);
		if (h == NULL)
			return NULL; /* no memory now: this target comes later */
		g->next_target++;
		guard_host_setup(g, h, false, now);
		return h;
	}
	return NULL;
}

/* Nobody asks any more for a host that never answered: a large network holds many. */
static void forget(struct guard *g, struct host *h)
{
	if (guard_answered(h) || h->found || h->links > 0 || h->mac[0] != '\0' ||
	    h->ot_sign[0] != '\0' || h->distress || h->resolving)
		return;
	for (size_t i = 0; i < g->setup->worker_count; i++)
		if (g->waiting[i].active && g->waiting[i].host == h)
			return;
	hosts_drop(g->hosts, h);
}

/* Takes the next targets in as long as there is room. */
static void sweep_admit(struct guard *g, int64_t now)
{
	while (!g->stopping && g->active_count < ACTIVE_MOST && g->unanswered < UNANSWERED_MOST) {
		struct host *h = sweep_next_target(g, now);

		if (h == NULL)
			return;
		struct addr a = h->address;
		const char *why = plan_refusal(g->setup->plan, &a, time(NULL));
		if (why == NULL && h->risk < SITE_TOUCH)
			why = "risk class listen";
		if (why != NULL) {
			h->sweep.over = true;
			h->sweep.state = HOST_SKIPPED;
			h->sweep.reason = why;
			sweep_host_over(g, h);
			forget(g, h);
			continue;
		}
		g->active[g->active_count++] = h;
		h->waited_for = true;
		g->unanswered++;
	}
}

static void sweep_retire(struct guard *g)
{
	for (unsigned i = 0; i < g->active_count;) {
		struct host *h = g->active[i];

		if (!sweep_finished(&h->sweep)) {
			i++;
			continue;
		}
		waited_enough(g, h);
		sweep_host_over(g, h);
		g->active[i] = g->active[--g->active_count];
		forget(g, h);
	}
	bool none_left = g->next_target == g->target_count && g->found_count == 0 &&
			 (!g->setup->packets || g->found_last);
	if (g->active_count == 0 && (none_left || g->stopping) && !g->swept_told) {
		g->swept_told = true;
		guard_tell_simple(g, EVENT_SWEPT);
	}
}

/* Starts what this host may have now, at most *left connections. */
static void sweep_try(struct guard *g, struct host *h, unsigned *left)
{
	int64_t now = guard_mono_ms();

	if (h->device->distress)
		guard_leave_alone(g, h, "silent after it had answered");
	for (; *left > 0 && !h->sweep.over && h->sweep.next < g->order.count &&
	       guard_gate_open(g, h, now);
	     (*left)--) {
		const char *why = plan_refusal(g->setup->plan, &h->address, time(NULL));

		if (why != NULL) { /* a window closed meanwhile */
			h->sweep.cut = true;
			h->sweep.over = true;
			h->sweep.state = HOST_SKIPPED;
			h->sweep.reason = why;
			return;
		}
		uint16_t port = sweep_next(&h->sweep, &g->order);
		if (port == 0)
			return;
		int error;
		if (guard_link_open(g, h, port, -1, NO_PROBE, now, &error) != NULL)
			continue;
		if (error == -EMFILE || error == -ENFILE || error == -ENOBUFS || error == -ENOMEM ||
		    error == -EADDRNOTAVAIL || error == -EAGAIN || error == -EIO) {
			h->sweep.next--; /* our own shortage is no answer */
			h->sweep.in_flight--;
			return;
		}
		struct finding f = {
			.state = error == -ECONNREFUSED ? PORT_CLOSED : PORT_SILENT,
			.no_host =
				error == -EHOSTUNREACH || error == -ENETUNREACH ? SWEEP_NO_HOST : 0,
		};
		snprintf(f.reason, sizeof(f.reason), "%s", strerror(-error));
		guard_sweep_found(g, h, port, &f);
		if (error == -ENETUNREACH && h->sweep.state == HOST_ABSENT)
			h->sweep.reason = GUARD_NO_ROUTE;
	}
}

void guard_sweep_advance(struct guard *g, int64_t now)
{
	g->more_to_open = false;
	if (g->event_count > 0)
		return; /* main has to catch up first */
	sweep_admit(g, now);
	unsigned left = OPENS_MOST;
	unsigned i = 0;
	for (; i < g->active_count && !g->stopping && left > 0; i++)
		sweep_try(g, g->active[(g->active_turn + i) % g->active_count], &left);
	g->more_to_open |= left == 0;
	/* Who had no turn in this pass is the first in the next. */
	if (g->active_count > 0)
		g->active_turn = (g->active_turn + (left > 0 ? 1 : i)) % g->active_count;
	sweep_retire(g);
}
