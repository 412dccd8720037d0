/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guard: scan windows. What may be spoken to is asked of the plan at each decision, with the
 * real-time clock of that moment, so that a clock that is set or a change to summer time is seen at
 * once. What waits for a window costs nothing but its place in memory.
 */
#include "talk/guard_parts.h"

#include <stdlib.h>

const char *guard_refusal(const struct guard *g, const struct addr *a, bool *ret_later)
{
	int64_t now = guard_clock(g);
	const char *why = plan_start_refusal(g->setup->plan, a, now);

	*ret_later = why != NULL && plan_opens(g->setup->plan, a, now) >= 0;
	return why;
}

void guard_cut_job(struct guard *g, int worker)
{
	if (worker >= 0 && worker < THREADS_MOST)
		atomic_store(&g->setup->shared->cut[worker], true);
}

/* ---- targets not begun ---- */

bool guard_put_off(struct guard *g, const struct zone *z, uint64_t index)
{
	for (size_t i = 0; i < g->later_count; i++) {
		struct later *l = &g->later[i];

		if (l->zone == z && (l->end == index || l->next == index + 1)) {
			l->end += l->end == index;
			l->next -= l->next == index + 1;
			return true;
		}
	}
	if (g->later_count == g->later_room) {
		size_t room = g->later_room == 0 ? 16 : g->later_room * 2;
		struct later *more = realloc(g->later, room * sizeof(*more));

		if (more == NULL)
			return false;
		g->later = more;
		g->later_room = room;
	}
	g->later[g->later_count++] = (struct later){ .zone = z, .next = index, .end = index + 1 };
	return true;
}

static struct addr first_of(struct guard *g, const struct later *l)
{
	return ranges_index_at(&g->targets, l->next);
}

bool guard_take_up(struct guard *g, uint64_t *ret_index)
{
	bool later;

	for (size_t i = 0; i < g->later_count; i++) {
		struct later *l = &g->later[i];
		struct addr a = first_of(g, l);

		guard_refusal(g, &a, &later);
		if (later)
			continue;
		*ret_index = l->next++;
		if (l->next == l->end)
			g->later[i] = g->later[--g->later_count];
		return true;
	}
	return false;
}

/* ---- hosts in the middle of their sweep ---- */

static bool park(struct guard *g, struct host *h)
{
	if (g->parked_count == g->parked_room) {
		size_t room = g->parked_room == 0 ? 64 : g->parked_room * 2;
		struct host **more = realloc(g->parked, room * sizeof(*more));

		if (more == NULL)
			return false;
		g->parked = more;
		g->parked_room = room;
	}
	guard_waited_enough(g, h);
	g->parked[g->parked_count++] = h;
	return true;
}

static void set_aside(struct guard *g)
{
	bool later;

	for (unsigned i = 0; i < g->active_count;) {
		struct host *h = g->active[i];

		guard_refusal(g, &h->address, &later);
		if (later && !h->sweep.over && h->sweep.in_flight == 0 && park(g, h))
			g->active[i] = g->active[--g->active_count];
		else
			i++;
	}
}

static void go_on(struct guard *g)
{
	bool later;

	for (size_t i = 0; i < g->parked_count && g->active_count < ACTIVE_MOST;) {
		struct host *h = g->parked[i];

		guard_refusal(g, &h->address, &later);
		if (later || h->sweep.over ||
		    (!guard_answered(h) && g->unanswered >= UNANSWERED_MOST)) {
			i++;
			continue;
		}
		h->waited_for = !guard_answered(h);
		g->unanswered += h->waited_for;
		g->active[g->active_count++] = h;
		g->parked[i] = g->parked[--g->parked_count];
	}
}

static void cut_links(struct guard *g)
{
	bool later;

	for (unsigned i = 0; i < g->link_most; i++) {
		struct link *l = &g->links[i];

		if (l->cut || l->state == LINK_FREE)
			continue;
		guard_refusal(g, &l->host->address, &later);
		l->cut = later;
	}
}

/* ---- what main is told ---- */

static void earlier(const struct guard *g, const struct addr *a, int64_t *best, struct addr *ret)
{
	int64_t opens = plan_opens(g->setup->plan, a, guard_clock(g));

	if (opens >= 0 && (*best < 0 || opens < *best)) {
		*best = opens;
		*ret = *a;
	}
}

static void tell_waiting(struct guard *g)
{
	struct guard_event e = { .kind = EVENT_WAITING };
	/* What the packets process still looks for may wait as well: then main knows from there. */
	bool none_now = g->active_count == 0 && g->next_target == g->target_count &&
			g->found_count == 0 && !g->stopping;
	bool waiting = none_now && (g->parked_count + g->later_count > 0 ||
				    (g->setup->packets && !g->found_last));
	int64_t opens = -1;

	if (waiting && !g->waiting_told) {
		for (size_t i = 0; i < g->parked_count; i++)
			earlier(g, &g->parked[i]->address, &opens, &e.address);
		for (size_t i = 0; i < g->later_count; i++) {
			struct addr a = first_of(g, &g->later[i]);

			earlier(g, &a, &opens, &e.address);
		}
		if (opens < 0 && g->parked_count + g->later_count > 0)
			return;
		guard_tell(g, &e);
	} else if (!waiting && g->waiting_told) {
		guard_tell_simple(g, EVENT_GOES_ON);
	}
	g->waiting_told = waiting;
}

void guard_watch_windows(struct guard *g)
{
	int64_t second = guard_clock(g);

	if (second != g->window_s) {
		g->window_s = second;
		cut_links(g);
		set_aside(g);
		go_on(g);
	}
	tell_waiting(g);
}
