/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guard: signs that a host suffers, in its sweep and in conversations. A host that shows one is left
 * alone from then on, and the report says so.
 */
#include "talk/guard_parts.h"

#include <errno.h>

static const char silent_words[] = "silent after it had answered";
static const char refuses_words[] = "refuses what it had accepted";
static const char open_words[] = "does not close a connection";

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
	return h->sweep.over ? h->looking : guard_look_again(g, h, now);
}

bool guard_watch_refusal(struct host *h, uint16_t port)
{
	if (!guard_gentle(h) || h->distress)
		return false;
	if (!h->watch.open) { /* its sweep was not ours, or one refused that stood alone */
		h->watch.port = port;
		h->watch.open = true;
	}
	h->look_wanted = !h->looking;
	return true;
}

bool guard_look_again(struct guard *g, struct host *h, int64_t now)
{
	bool later;
	int error;

	if (!h->look_wanted)
		return h->looking;
	const char *why = guard_refusal(g, &h->address, &later);
	if (why != NULL && !later) { /* never again: the authorisation ended */
		h->look_wanted = false;
		return h->looking;
	}
	if (why != NULL || !guard_gate_open(g, h, now))
		return true;
	const struct sweep_port port = { h->watch.port, false };
	struct link *l = guard_link_open(g, h, port, -1, NO_PROBE, now, &error);
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

void guard_watch_close(struct guard *g, const struct link *l)
{
	guard_leave_alone(g, l->host, open_words);
}

/* ---- latency ---- */

/* A lost SYN is answered soon after a repeat, which kernels send after 1 and 3 s, or (since 6.5) in each
 * second: one such answer says nothing of the host. */
static bool perhaps_lost(const struct host *h, int64_t ms)
{
	enum { REPEAT_MS = 1000, SOON_MS = 100 };
	int64_t soon = SOON_MS + (h->timed ? 2 * (int64_t)h->quickest_ms : 0);

	return ms >= REPEAT_MS && ms % REPEAT_MS <= soon;
}

/* The latency of a host that gets into trouble rises before it falls silent. */
void guard_watch_latency(struct guard *g, const struct link *l, uint32_t rtt_us, int64_t now)
{
	/* Two in a row are enough, three where each may also be a lost packet. */
	enum { SLOW_US = 1000000, TIMES = 10, SLOW = 3, PERHAPS_SLOW = 2, ENOUGH = 6 };
	struct host *h = l->host;
	/* Where the kernel did not time it (the SYN was repeated, or a reset came): by our own clock. */
	int64_t us = rtt_us > 0 ? rtt_us : (now - l->opened_ms) * 1000;
	bool doubtful = rtt_us == 0 && perhaps_lost(h, us / 1000);

	if (rtt_us > 0 && (h->rtt_us == 0 || rtt_us < h->rtt_us))
		h->rtt_us = rtt_us;
	if (rtt_us == 0 && l->opened_ms <= g->stalled_ms)
		return;
	if (!doubtful && (!h->timed || us / 1000 < h->quickest_ms))
		h->quickest_ms = (uint32_t)(us / 1000);
	h->timed |= !doubtful;
	if (us <= SLOW_US || !h->timed || us / 1000 / TIMES <= h->quickest_ms)
		h->slow = 0;
	else
		h->slow += doubtful ? PERHAPS_SLOW : SLOW;
	if (h->slow >= ENOUGH)
		guard_leave_alone(g, h, "connections take ten times as long as at first");
}
