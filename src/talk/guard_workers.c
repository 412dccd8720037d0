/* SPDX-License-Identifier: Apache-2.0 */
/* The guard: requests of workers. */
#include "talk/guard_parts.h"

#include <errno.h>

/* ---- workers ---- */

void guard_reply(struct guard *g, int worker, enum ending e, int fd, bool free_pace)
{
	const struct link *l = g->worker_link[worker];
	struct guard_reply r = { .ending = e,
				 .unpaced = free_pace,
				 .elsewhere = l != NULL && l->other_fd >= 0 && !l->followed };

	/* One reply per request: only a worker that has lost its mind leaves no room for it. */
	if (transfer_offer(g->setup->worker_fds[worker], &r, sizeof(r), fd) == -EAGAIN &&
	    g->worker_link[worker] != NULL)
		guard_link_drain(g, g->worker_link[worker], guard_mono_ms());
}

bool guard_allowed(const struct guard *g, const struct host *h, uint16_t port, int probe)
{
	if (h->risk < SITE_TOUCH || (h->risk < SITE_READ && probe != NO_PROBE))
		return false;
	if (probe == NO_PROBE) /* listening to an unknown port: not at controllers */
		return h->treatment == TREAT_IT || h->unassigned || h->full_depth;
	const struct guard_probe *p = &g->setup->probes[probe];
	const struct port_entry *entry = port_list_find(&g->setup->plan->port_list, port, p->udp);
	/* Logins are allowed by the plan for each zone, not by its cap. */
	if (p->risk == SITE_LOGIN)
		return plan_may_login(g->setup->plan, &h->address, guard_gentle(h)) &&
		       (entry == NULL || !entry->raw_print);
	/* Where everything would be printed or logged only who says nothing may listen. */
	if (p->risk > h->risk || (entry != NULL && entry->raw_print && p->sent[h->full_depth] > 0))
		return false;
	if (h->full_depth)
		return true;
	return p->ot && ports_has(p->ports.tcp, port); /* nothing by UDP: probe.h */
}

/* Did the sweep find this port open, or is it planned at all? A worker may not invent ports. */
static bool planned(const struct guard *g, uint16_t port, bool udp)
{
	return ports_has(udp ? g->setup->plan->ports.udp : g->setup->plan->ports.tcp, port);
}

static bool by_udp(const struct guard *g, int probe)
{
	return probe != NO_PROBE && g->setup->probes[probe].udp;
}

static void refuse_wait(struct guard *g, int worker, enum ending e)
{
	g->waiting[worker].active = false;
	guard_reply(g, worker, e, -1, false);
}

static bool count_conversation(struct guard *g, int worker, const struct worker_request *q,
			       const struct host *h)
{
	struct conversation *c = &g->conversation[worker];
	unsigned most =
		q->probe == NO_PROBE ? 1 : g->setup->probes[q->probe].connections[h->full_depth];

	if (c->id != q->conversation)
		*c = (struct conversation){ .id = q->conversation, .started_ms = guard_mono_ms() };
	return c->connections++ < most && guard_mono_ms() - c->started_ms < CONVERSATION_MS;
}

void guard_take_request(struct guard *g, int worker)
{
	struct worker_request q;

	while (guard_take_order(g)) /* main may have said something just before */
		;
	ssize_t n = recv(g->setup->worker_fds[worker], &q, sizeof(q), MSG_DONTWAIT);
	struct link *l = g->worker_link[worker];
	int64_t now = guard_mono_ms();

	if (n != sizeof(q))
		return;
	switch (q.kind) {
	case REQUEST_CLOSE:
		if (l != NULL) {
			l->ending = q.n < ENDINGS ? (enum ending)q.n : ENDING_CLOSED;
			l->bytes_in = q.received;
			guard_link_drain(g, l, now);
		}
		return;
	case REQUEST_OPEN: {
		if (q.probe < NO_PROBE || q.probe >= (int)g->setup->probe_count) {
			guard_reply(g, worker, ENDING_LIMIT, -1, false);
			return;
		}
		struct host *h = hosts_find(g->hosts, &q.address);
		bool known = planned(g, q.port, by_udp(g, q.probe));

		if (h == NULL && known &&
		    plan_refusal(g->setup->plan, &q.address, time(NULL)) == NULL)
			h = guard_host_of_packets(g, &q.address, now);
		if (h == NULL || l != NULL || !known || !guard_allowed(g, h, q.port, q.probe) ||
		    !count_conversation(g, worker, &q, h)) {
			guard_reply(g, worker, ENDING_LIMIT, -1, false);
			return;
		}
		g->waiting[worker] = (struct waiting){
			.active = true, .request = q, .host = h, .since_ms = now
		};
		return;
	}
	case REQUEST_BECOME:
		if (q.probe < 0 || q.probe >= (int)g->setup->probe_count || l == NULL ||
		    l->state != LINK_LENT || l->probe != NO_PROBE || by_udp(g, q.probe) ||
		    !guard_allowed(g, l->host, l->port, q.probe) ||
		    !count_conversation(g, worker, &q, l->host)) {
			guard_reply(g, worker, ENDING_LIMIT, -1, false);
			return;
		}
		if (!journal_became(g->journal, l->number, guard_unix_ms(),
				    g->setup->probes[q.probe].name)) {
			guard_reply(g, worker, ENDING_LIMIT, -1, false);
			return;
		}
		l->probe = q.probe;
		guard_reply(g, worker, ENDING_DONE, -1, guard_unpaced(g, l->host));
		return;
	case REQUEST_ELSEWHERE:
	case REQUEST_FOLLOW: {
		bool stands = l != NULL && l->state == LINK_LENT && l->other_fd >= 0;
		bool good = stands && (q.kind == REQUEST_ELSEWHERE || guard_elsewhere_follow(l));

		guard_reply(g, worker, good ? ENDING_DONE : ENDING_CLOSED,
			    good && q.kind == REQUEST_ELSEWHERE ? l->other_fd : -1, false);
		return;
	}
	case REQUEST_WRITE:
	case REQUEST_LEND:
		if (l == NULL || l->state != LINK_LENT || l->probe == NO_PROBE) {
			guard_reply(g, worker, g->stopping ? ENDING_STOPPED : ENDING_CLOSED, -1,
				    false);
			return;
		}
		g->waiting[worker] = (struct waiting){
			.active = true, .request = q, .host = l->host, .since_ms = now
		};
		return;
	}
}

/* Time passes and signs are found between a request and its turn: a window closes, the host turns out
 * to be a controller. DONE: it may go on. */
static enum ending may_go_on(struct guard *g, int worker, const struct waiting *w)
{
	const struct link *l = g->worker_link[worker];
	bool opens = w->request.kind == REQUEST_OPEN, later;

	if (!opens && l == NULL)
		return ENDING_DONE; /* its connection ended: told where it is served */
	if (guard_refusal(g, &w->host->address, &later) != NULL) {
		if (later)
			guard_cut_job(g, worker);
		return later ? ENDING_STOPPED : ENDING_LIMIT;
	}
	return guard_allowed(g, w->host, opens ? w->request.port : l->port,
			     opens ? w->request.probe : l->probe)
		       ? ENDING_DONE
		       : ENDING_LIMIT;
}

void guard_serve_waiting(struct guard *g, int64_t now)
{
	for (int i = 0; i < (int)g->setup->worker_count; i++) {
		struct waiting *w = &g->waiting[i];

		if (!w->active)
			continue;
		struct host *h = w->host;
		enum ending refused;
		if (g->stopping) {
			refuse_wait(g, i, ENDING_STOPPED);
		} else if (h->distress || h->device->distress) {
			refuse_wait(g, i, ENDING_DISTRESS);
		} else if ((refused = may_go_on(g, i, w)) != ENDING_DONE) {
			refuse_wait(g, i, refused);
		} else if (w->refused) {
			if (!guard_look_again(g, h, now))
				refuse_wait(g, i, h->distress ? ENDING_DISTRESS : ENDING_REFUSED);
		} else if (w->request.kind == REQUEST_OPEN) {
			int error;

			if (!guard_gate_open(g, h, now))
				continue;
			const struct sweep_port port = { w->request.port,
							 by_udp(g, w->request.probe) };
			struct link *l =
				guard_link_open(g, h, port, i, w->request.probe, now, &error);
			if (l == NULL &&
			    (error == -EMFILE || error == -ENFILE || error == -ENOBUFS ||
			     error == -EADDRNOTAVAIL || error == -EAGAIN))
				continue; /* our own shortage: later */
			if (l == NULL) {
				refuse_wait(g, i,
					    error == -ECONNREFUSED ? ENDING_REFUSED
								   : ENDING_TIMEOUT);
				continue;
			}
			w->active = false;
			g->worker_link[i] = l;
			if (l->udp) /* nothing is waited for; each datagram is asked for */
				guard_reply(g, i, ENDING_DONE, l->fd, false);
		} else {
			struct link *l = g->worker_link[i];
			bool datagram = l != NULL && l->udp;
			unsigned cost = w->request.kind == REQUEST_LEND
						? w->request.n
						: (datagram ? 1 : WRITE_COST) + w->request.n / 1400;

			if (l == NULL) {
				refuse_wait(g, i, ENDING_CLOSED);
				continue;
			}
			if (now < l->write_ms ||
			    !guard_link_request(g, l, cost, now - w->since_ms, now))
				continue;
			l->bytes_out += w->request.n;
			l->write_ms = h->treatment == TREAT_OT ? now + OT_WRITE_PAUSE_MS : now;
			refuse_wait(g, i, ENDING_DONE);
		}
	}
}

void guard_workers_gone(struct guard *g, int64_t now)
{
	struct worker_request waste;

	for (size_t i = 0; i < g->setup->worker_count; i++) {
		while (recv(g->setup->worker_fds[i], &waste, sizeof(waste), MSG_DONTWAIT) > 0)
			;
		g->waiting[i].active = false;
		g->conversation[i] = (struct conversation){ 0 };
		struct link *l = g->worker_link[i];
		if (l != NULL && l->state == LINK_CONNECTING) {
			l->ending = ENDING_STOPPED;
			guard_link_end(g, l, now);
		} else if (l != NULL) {
			guard_link_drain(g, l, now);
		}
	}
	guard_tell_simple(g, EVENT_WORKERS_CLEARED);
}
