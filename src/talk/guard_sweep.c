/* SPDX-License-Identifier: Apache-2.0 */
/* The guard: the connect sweep. */
#include "talk/guard_parts.h"

#include <errno.h>
#include <time.h>

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
		hosts_look_up_mac(g->hosts, h);
		if (h->maker[0] != '\0') {
			char sign[64];

			snprintf(sign, sizeof(sign), "maker %s", h->maker);
			guard_make_ot(g, h, sign);
		}
	}
	if (!f->known && (f->state == PORT_OPEN || f->state == PORT_FILTERED)) {
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

/* Takes the next targets in as long as there is room. */
static void sweep_admit(struct guard *g, int64_t now)
{
	while (!g->stopping && g->next_target < g->target_count && g->active_count < ACTIVE_MOST &&
	       g->unanswered < UNANSWERED_MOST) {
		struct addr a = ranges_at(&g->setup->plan->targets, g->next_target);

		if (resumed_is_over(g->setup->resumed, &a)) {
			g->next_target++;
			continue;
		}
		struct host *h = hosts_get(g->hosts, &a);

		if (h == NULL)
			return; /* no memory now: this target comes later */
		g->next_target++;
		if (!h->resumed)
			guard_host_setup(g, h, now);
		const char *why = plan_refusal(g->setup->plan, &a, time(NULL));
		if (why == NULL && h->risk < SITE_TOUCH)
			why = "risk class listen";
		if (why != NULL && !h->distress) {
			h->sweep.over = true;
			h->sweep.state = HOST_SKIPPED;
			h->sweep.reason = why;
			sweep_host_over(g, h);
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
		waited_enough(g, h);
		sweep_host_over(g, h);
		g->active[i] = g->active[--g->active_count];
	}
	if (g->active_count == 0 && (g->next_target == g->target_count || g->stopping) &&
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
	g->more_to_open = left == 0;
	/* Who had no turn in this pass is the first in the next. */
	if (g->active_count > 0)
		g->active_turn = (g->active_turn + (left > 0 ? 1 : i)) % g->active_count;
	sweep_retire(g);
}
