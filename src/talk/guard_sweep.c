/* SPDX-License-Identifier: Apache-2.0 */
/* The guard: the sweep by the kernel's sockets, connections and questions by UDP (guard_udp.c). */
#include "talk/guard_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "talk/sweep_way.h"

/* ---- the sweep ---- */

bool guard_answered(const struct host *h)
{
	return sweep_answered(&h->sweep);
}

void guard_waited_enough(struct guard *g, struct host *h)
{
	if (h->waited_for)
		g->unanswered--;
	h->waited_for = false;
}

void guard_sweep_found(struct guard *g, struct host *h, struct sweep_port port,
		       const struct finding *f)
{
	bool before = guard_answered(h);

	atomic_fetch_add_explicit(&g->setup->shared->tried, 1, memory_order_relaxed);
	sweep_answer(&h->sweep, &g->order, port.udp, f->state, f->no_host, h->treatment);
	if (!port.udp) /* there silence is what most ports do */
		guard_watch_answer(g, h, port.port, f->state);
	if (guard_answered(h) || h->sweep.over)
		guard_waited_enough(g, h);
	if (!before && guard_answered(h)) {
		if (h->mac[0] == '\0')
			guard_learn_mac(g, h);
	}
	if (!f->known && (f->state == PORT_OPEN || f->state == PORT_FILTERED)) {
		struct guard_event e = guard_event_of(h, EVENT_PORT);

		e.port = port.port;
		e.udp = port.udp;
		e.port_state = f->state;
		guard_set_reason(&e, f->reason);
		guard_tell(g, &e);
	}
	const struct port_entry *entry =
		port_list_find(&g->setup->plan->port_list, port.port, port.udp);
	if (f->state == PORT_OPEN && entry != NULL && entry->ot) {
		char sign[64];

		snprintf(sign, sizeof(sign), "port %u (%s)", port.port, entry->name);
		guard_make_ot(g, h, sign);
	}
}

static void sweep_host_over(struct guard *g, struct host *h)
{
	struct guard_event e = guard_event_of(h, EVENT_HOST);

	e.host_state = h->sweep.state;
	e.complete = !h->sweep.cut && sweep_planned(&h->sweep, &g->order) > 0 &&
		     !sweep_left(&h->sweep, &g->order) &&
		     (h->sweep.state == HOST_ANSWERING || h->sweep.state == HOST_SILENT);
	e.udp_ports = e.complete && h->sweep.asks_udp ? g->order.udp_count : 0;
	guard_set_reason(&e, h->sweep.reason);
	guard_tell(g, &e);
}

void guard_sweep_add(struct guard *g, const struct guard_order *o)
{
	const struct plan *p = g->setup->plan;
	enum sweep_way way = sweep_way(p, g->setup->routes, g->setup->packets, &o->address);
	unsigned m[6];
	uint8_t mac[6];

	/* What is swept by packets comes here only with a sign that it is a controller. */
	if (!g->setup->packets || g->found_last || !plan_holds(p, &o->address) ||
	    way == SWEEP_BY_CONNECT || (way == SWEEP_BY_PACKETS && o->reason[0] == '\0'))
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
	if ((h != NULL && (h->found || !h->resumed)) ||
	    resumed_is_over(g->setup->resumed, &o->address))
		return; /* it has been named before */
	h = hosts_get(g->hosts, &o->address);
	if (h == NULL) {
		guard_stop(g);
		return;
	}
	if (!h->resumed)
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

/* The next of the targets that are ours to sweep: found by the packets process, put off until a window
 * that is open now, of the list. NULL: none now. */
static struct host *sweep_next_target(struct guard *g, int64_t now)
{
	const struct guard_setup *s = g->setup;

	if (g->next_found < g->found_count) {
		struct host *h = g->found[g->next_found++];

		if (g->next_found == g->found_count)
			g->next_found = g->found_count = 0;
		return h;
	}
	for (unsigned looks = LOOKS_MOST;; looks--) {
		uint64_t index = g->next_target;
		bool later;

		if (looks == 0) {
			g->more_to_open = true; /* the rest of a large network: in the next pass */
			return NULL;
		}
		bool put_off = guard_take_up(g, &index);
		if (!put_off && index == g->target_count)
			return NULL;
		struct addr a = ranges_index_at(&g->targets, index);
		if (resumed_is_over(s->resumed, &a) ||
		    (s->packets && sweep_way(s->plan, s->routes, true, &a) != SWEEP_BY_CONNECT)) {
			g->next_target += !put_off;
			continue;
		}
		const struct zone *z = site_zone(&s->plan->site, &a);
		guard_refusal(g, &a, &later);
		if (later) {
			if (!guard_put_off(g, z, index))
				return NULL; /* no memory now: this target comes later */
			g->next_target += !put_off;
			continue;
		}
		struct host *h = hosts_get(g->hosts, &a);
		if (h == NULL) {
			if (put_off)
				guard_put_off(g, z, index);
			return NULL;
		}
		g->next_target += !put_off;
		if (!h->resumed)
			guard_host_setup(g, h, false, now);
		return h;
	}
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

/* A device is control equipment by a sign of any of its addresses. */
static void leave_udp(struct guard *g, struct host *h)
{
	if (h->sweep.asks_udp && !guard_asks_udp(g, h))
		sweep_leave_udp(&h->sweep, &g->order);
}

/* Takes the next targets in as long as there is room. */
static void sweep_admit(struct guard *g, int64_t now)
{
	while (!g->stopping && g->active_count < ACTIVE_MOST && g->unanswered < UNANSWERED_MOST) {
		struct host *h = sweep_next_target(g, now);
		bool later;

		if (h == NULL)
			return;
		const char *why = guard_refusal(g, &h->address, &later);
		if (later)
			why = NULL; /* the window ended as it was found: it waits among the active */
		if (why == NULL && h->risk < SITE_TOUCH)
			why = "risk class listen";
		if (why == NULL && plan_only_finds(g->setup->plan))
			why = SWEEP_NO_PORT;
		leave_udp(g, h);
		if (why == NULL && sweep_planned(&h->sweep, &g->order) == 0)
			why = SWEEP_NO_TCP;
		if (why != NULL && !h->distress) {
			h->sweep.over = true;
			h->sweep.state = h->found && plan_only_finds(g->setup->plan)
						 ? HOST_ANSWERING
						 : HOST_SKIPPED;
			h->sweep.reason = why;
			sweep_host_over(g, h);
			forget(g, h);
			continue;
		}
		g->active[g->active_count++] = h;
		h->waited_for = true;
		g->unanswered++;
		guard_resume_sweep(g, h);
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
		guard_waited_enough(g, h);
		sweep_host_over(g, h);
		g->active[i] = g->active[--g->active_count];
		forget(g, h);
	}
	for (size_t i = 0; i < g->parked_count;) {
		struct host *h = g->parked[i];

		if (!sweep_finished(&h->sweep)) {
			i++;
			continue;
		}
		sweep_host_over(g, h);
		g->parked[i] = g->parked[--g->parked_count];
	}
	bool none_left = g->next_target == g->target_count && g->later_count == 0 &&
			 g->found_count == 0 && (!g->setup->packets || g->found_last);
	if (g->active_count == 0 && g->parked_count == 0 && (none_left || g->stopping) &&
	    !g->swept_told) {
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
	leave_udp(g, h);
	if (guard_look(g, h, now))
		return;
	for (; *left > 0 && !h->sweep.over && sweep_left(&h->sweep, &g->order) &&
	       guard_gate_open(g, h, now);
	     (*left)--) {
		bool later;
		const char *why = guard_refusal(g, &h->address, &later);

		if (later)
			return;    /* set aside by the next look at the windows */
		if (why != NULL) { /* the authorisation ended meanwhile */
			h->sweep.cut = true;
			h->sweep.over = true;
			h->sweep.state = HOST_SKIPPED;
			h->sweep.reason = why;
			return;
		}
		struct sweep_port port = sweep_next(&h->sweep, &g->order);
		if (port.port == 0)
			return;
		int error;
		if (guard_link_open(g, h, port, -1, NO_PROBE, now, &error) != NULL)
			continue;
		if (error == -EMFILE || error == -ENFILE || error == -ENOBUFS || error == -ENOMEM ||
		    error == -EADDRNOTAVAIL || error == -EAGAIN || error == -EIO) {
			sweep_undo(&h->sweep, port); /* our own shortage is no answer */
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
