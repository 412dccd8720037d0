/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guard: signs that a host suffers, in its sweep and in conversations. A host that shows one is left
 * alone from then on, and the report says so.
 */
#include "talk/guard_parts.h"

#include <errno.h>

static const char silent_words[] = "silent after it had answered";
static const char refuses_words[] = "refuses what it had accepted";

/* ---- silence ---- */

void guard_watch_answer(struct guard *g, struct host *h, uint16_t port, enum port_state s)
{
	enum treatment t = guard_gentle(h) ? TREAT_OT : TREAT_IT;

	(void)g;
	if (sweep_watch_answer(&h->watch, port, s, t) && !h->sweep.over && !h->looking)
		h->look_wanted = true;
	else if (h->watch.silent == 0)
		h->look_wanted = false; /* an answer of another port that was under way */
}

void guard_looked(struct guard *g, struct host *h, enum port_state s)
{
	enum treatment t = guard_gentle(h) ? TREAT_OT : TREAT_IT;

	h->looking = false;
	switch (sweep_watch_look(&h->watch, s, t)) {
	case LOOK_WELL:
		break;
	case LOOK_SILENT:
		guard_leave_alone(g, h, silent_words);
		break;
	case LOOK_REFUSES:
		guard_leave_alone(g, h, refuses_words);
		break;
	}
	sweep_release(&h->sweep, &g->order);
}

bool guard_look(struct guard *g, struct host *h, int64_t now)
{
	bool later;
	int error;

	if (!h->look_wanted || h->sweep.over)
		return h->looking;
	if (!guard_gate_open(g, h, now) || guard_refusal(g, &h->address, &later) != NULL)
		return true;
	struct link *l = guard_link_open(g, h, h->watch.port, -1, NO_PROBE, now, &error);
	if (l == NULL &&
	    (error == -EMFILE || error == -ENFILE || error == -ENOBUFS || error == -ENOMEM ||
	     error == -EADDRNOTAVAIL || error == -EAGAIN || error == -EIO))
		return true; /* our own shortage: later */
	h->look_wanted = false;
	h->looking = true;
	sweep_hold(&h->sweep);
	if (l != NULL)
		l->look = true;
	else
		guard_looked(g, h, error == -ECONNREFUSED ? PORT_CLOSED : PORT_SILENT);
	return true;
}

void guard_watch_failure(struct guard *g, struct host *h, bool silent)
{
	enum { IN_A_ROW = 2, RESETS_IN_A_ROW = 3 };

	h->failures++;
	if (silent && (guard_gentle(h) || h->failures >= IN_A_ROW))
		guard_leave_alone(g, h, silent_words);
	else if (guard_gentle(h) && h->failures >= RESETS_IN_A_ROW)
		guard_leave_alone(g, h, refuses_words);
}

/* ---- latency ---- */

/* Where the kernel did not time it (the SYN was repeated, or a reset came): by our own clock. A lost SYN
 * is answered soon after a repeat; that says nothing of the host. Negative: unknown. */
static int64_t timed_us(const struct guard *g, const struct link *l, int64_t now)
{
	enum { SOON_MS = 100 };
	const struct host *h = l->host;
	int64_t ms = now - l->opened_ms;
	int64_t soon = SOON_MS + (h->timed ? 2 * (int64_t)h->quickest_ms : 0);

	if (l->opened_ms <= g->stalled_ms)
		return -1;
	for (int64_t repeat = 1000; repeat <= 7000; repeat = 2 * repeat + 1000)
		if (ms >= repeat && ms <= repeat + soon)
			return -1;
	return ms * 1000;
}

/* The latency of a host that gets into trouble rises before it falls silent. */
void guard_watch_latency(struct guard *g, const struct link *l, uint32_t rtt_us, int64_t now)
{
	enum { SLOW_US = 1000000, TIMES = 10, IN_A_ROW = 2 };
	struct host *h = l->host;
	int64_t us = rtt_us > 0 ? rtt_us : timed_us(g, l, now);

	if (rtt_us > 0 && (h->rtt_us == 0 || rtt_us < h->rtt_us))
		h->rtt_us = rtt_us;
	if (us < 0)
		return;
	if (!h->timed || us / 1000 < h->quickest_ms)
		h->quickest_ms = (uint32_t)(us / 1000);
	h->timed = true;
	h->slow = us > SLOW_US && us / 1000 / TIMES > h->quickest_ms ? h->slow + 1 : 0;
	if (h->slow >= IN_A_ROW)
		guard_leave_alone(g, h, "connections take ten times as long as at first");
}
