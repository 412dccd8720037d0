/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The main process of a scan: conversations are handed out to the worker threads, where their hosts may be
 * spoken to now, and their results taken. Workers that died are replaced.
 */
#include "commands/engine_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "codec/i18n.h"
#include "codec/limits.h"
#include "probes/probe.h"

enum {
	JOBS_OT = 1, /* conversations under way per host */
	JOBS_IT = 16,
	CUTS_MOST = 100, /* jobs of a host that may be done again because a window ended */
	RESPAWNS = 8,    /* how often a dead worker process is replaced */
};

/* ---- windows ---- */

/* The guard decides; this keeps worker threads from asking in vain. What needs no connection needs no
 * window: the ports of a host in distress, which are not looked at. */
static bool may_now(void *context, const struct target *t)
{
	struct engine *e = context;
	const struct plan *p = e->setup->plan;

	if (t->distress)
		return true;
	if (t->ports[t->port_next].credential != 0 &&
	    (t->active > 0 || engine_mono_ms() < t->login_ms || engine_login_waits(e, t)))
		return false; /* one at a time, and spaced */
	const struct zone *z = site_zone(&p->site, &t->address);
	int64_t now = time(NULL);

	if (z != NULL && z == e->closed && now == e->closed_s)
		return false; /* as its neighbour in the queue a moment ago */
	if (plan_start_refusal(p, &t->address, now) == NULL || plan_opens(p, &t->address, now) < 0)
		return true;
	e->closed = z;
	e->closed_s = now;
	return false;
}

static void earlier(const struct engine *e, const struct addr *a, int64_t now, int64_t *best,
		    const struct addr **ret)
{
	int64_t opens = plan_opens(e->setup->plan, a, now);

	if (opens >= 0 && (*best == 0 || opens < *best)) {
		*best = opens;
		*ret = a;
	}
}

/* Are there closed zones left only? Then until when? 0: something can be done. */
static int64_t paused_until(const struct engine *e, int64_t now, const struct addr **ret)
{
	int64_t best = 0;

	if (e->stopping || e->active_jobs > 0 || !(e->swept || e->sweep_waits) ||
	    !(e->frames_swept || e->frames_wait))
		return 0;
	if (!e->swept && !addr_is_unusable(&e->waits_for))
		earlier(e, &e->waits_for, now, &best, ret);
	if (!e->frames_swept)
		earlier(e, &e->frames_wait_for, now, &best, ret);
	for (const struct target *t = targets_queued(e->targets, NULL); t != NULL;
	     t = targets_queued(e->targets, t))
		earlier(e, &t->address, now, &best, ret);
	return best > now ? best : 0;
}

void engine_watch_pause(struct engine *e)
{
	const struct site *s = &e->setup->plan->site;
	const struct addr *a = NULL;
	int64_t now = time(NULL);
	char when[MOMENT_TEXT];

	if (now == e->window_s)
		return;
	e->window_s = now;
	int64_t opens = paused_until(e, now, &a);
	if (opens == e->opens)
		return;
	e->opens = opens;
	if (opens == 0)
		return;
	const struct zone *z = site_zone(s, a);
	snprintf(e->pause, sizeof(e->pause), _("paused: zone '%s' opens %s"),
		 z != NULL ? z->name : "?", site_moment(s, opens, when));
	fprintf(stderr, e->setup->progress ? "\r\033[K%s\n" : "%s\n", e->pause);
}

/* ---- jobs ---- */

void engine_hand_out(struct engine *e)
{
	for (unsigned i = 0; i < e->setup->threads && !e->stopping && !e->clearing; i++) {
		struct desk *d = &e->desks[i];

		if (d->target != NULL)
			continue;
		struct target *t = targets_next(e->targets, JOBS_OT, JOBS_IT, may_now, e);
		if (t == NULL)
			return;
		struct open_port port = t->ports[t->port_next++];
		const struct port_entry *entry =
			port_list_find(&e->setup->plan->port_list, port.port, port.udp);
		struct job job = {
			.id = ++e->jobs,
			.address = t->address,
			.port = port.port,
			.udp = port.udp,
			.treatment = t->treatment,
			.full_depth = t->full_depth,
			.anonymous = t->treatment == TREAT_IT || t->anonymous,
			.unassigned = t->unassigned,
			.quiet = entry != NULL && entry->raw_print,
			.credential = port.credential,
			.tls = port.tls,
		};
		int64_t login = 0;

		if (port.credential != 0 && !t->distress &&
		    !engine_begin_login(e, t, &port, &login)) {
			targets_queue(e->targets, t);
			i--; /* the desk is still free */
			continue;
		}
		if (!t->distress && crew_give(e->crew, i, &job)) {
			*d = (struct desk){ .target = t,
					    .port = port,
					    .job = job.id,
					    .login = login,
					    .full = job.full_depth,
					    .buffer = d->buffer,
					    .capacity = d->capacity };
			t->active++;
			e->active_jobs++;
		} else if (t->distress) {
			i--; /* this port is not looked at; the desk is still free */
		} else {
			t->port_next--; /* the workers died a moment ago: their successors get it */
			targets_queue(e->targets, t);
			return;
		}
		targets_queue(e->targets, t);
	}
}

/* What a document shows of the host. */
static void learn(struct engine *e, struct target *t, const struct result_header *h,
		  struct open_port port)
{
	const struct probe *p = probes[h->probe];
	char sign[64];

	if (p->ot_sign && h->ending == ENDING_DONE && t->treatment != TREAT_OT) {
		snprintf(sign, sizeof(sign), "%s spoken on port %u", p->name, port.port);
		crew_order(e->crew, ORDER_OT, &t->address, sign);
		t->treatment = TREAT_OT;
		t->full_depth = false;
	}
	/* A file server or a desktop is no controller; its other ports may be looked at in full. */
	if (t->unassigned && h->ending == ENDING_DONE &&
	    (strcmp(p->name, "smb") == 0 || strcmp(p->name, "rdp") == 0)) {
		crew_order(e->crew, ORDER_IT, &t->address, p->name);
		t->treatment = TREAT_IT;
		t->full_depth = true;
		t->unassigned = false;
		char address[ADDR_TEXT];
		store_host_state(e->setup->store, addr_format(&t->address, address), "it", NULL,
				 NULL, NULL);
		target_add_port(t, port.port, port.udp); /* once more, in full */
		targets_queue(e->targets, t);
	}
}

static void take_evidence(struct engine *e, struct desk *d, const struct result_header *h,
			  const char *document)
{
	char address[ADDR_TEXT];
	json_t *parsed = json_loadb(document, h->length, 0, NULL);
	char *text = strndup(parsed != NULL ? document : "{}", parsed != NULL ? h->length : 2);

	json_decref(parsed);
	if (text == NULL) {
		engine_begin_stop(e, ENGINE_FAULT);
		return;
	}
	struct evidence_row row = {
		.address = addr_format(&d->target->address, address),
		.port = d->port.port,
		.transport = transport_word(d->port.udp),
		.probe = probes[h->probe]->name,
		.ending = ending_word(h->ending),
		.document = text,
		.connections = h->connections,
		.sent = h->sent,
		.received = h->received,
		.started_ms = h->started_ms,
		.finished_ms = h->finished_ms,
	};
	if (d->login != 0) {
		engine_end_login(e, d, text, h->finished_ms - h->started_ms);
		if (strcmp(row.probe, "community") == 0 &&
		    strstr(text, "\"result\":\"accepted\"") != NULL)
			store_evidence(e->setup->store, &row);
		e->result.conversations++;
	} else if (h->ending != ENDING_STOPPED || crew_stopping(e->crew)) {
		d->open |= engine_learn_identity(e, d->target, row.probe, text);
		store_evidence(e->setup->store, &row);
		e->result.conversations++;
	} /* else it is gathered once more */
	free(text);
	if (d->login == 0)
		learn(e, d->target, h, d->port);
}

static void end_job(struct engine *e, struct desk *d)
{
	struct target *t = d->target;

	t->active--;
	e->active_jobs--;
	if (t->active == 0 && t->port_next == t->port_count && t->swept)
		engine_choose_logins(e, t);
	targets_queue(e->targets, d->target);
	d->target = NULL;
}

/* What the port was heard to speak, for the logins. */
static void keep_spoken(const struct desk *d, const struct result_header *h)
{
	struct target *t = d->target;

	for (uint32_t i = 0; i < t->port_next && !d->open; i++)
		if (t->ports[i].port == d->port.port && t->ports[i].udp == d->port.udp) {
			memcpy(t->ports[i].protocol, h->protocol, sizeof(h->protocol));
			t->ports[i].tls = h->tls;
		}
}

static void take_done(struct engine *e, struct desk *d, const struct result_header *h)
{
	char address[ADDR_TEXT];

	if (d->login != 0) { /* never again by itself: it may have been counted */
		end_job(e, d);
		return;
	}
	if (h->ending == ENDING_STOPPED && !crew_stopping(e->crew) && d->target->cuts < CUTS_MOST) {
		d->target->cuts++;
		target_again(d->target, d->port);
		end_job(e, d);
		return;
	}
	/* What answered the sweep by UDP was of the protocol that belongs there. */
	const struct port_entry *entry =
		d->port.udp && h->protocol[0] == '\0'
			? port_list_find(&e->setup->plan->port_list, d->port.port, true)
			: NULL;
	store_service_spoken(e->setup->store, addr_format(&d->target->address, address),
			     d->port.port, transport_word(d->port.udp),
			     entry != NULL ? entry->name : or_null(h->protocol), h->tls,
			     entry != NULL ? "port" : h->spoken,
			     h->ending == ENDING_STOPPED    ? "stopped"
			     : h->ending == ENDING_DISTRESS ? "left in distress"
							    : or_null(h->limited));
	keep_spoken(d, h);
	if (h->ending != ENDING_STOPPED)
		store_ended(e->setup->store, address, d->port.port, d->port.udp, d->full);
	end_job(e, d);
}

static bool probe_number(int probe)
{
	for (int i = 0; probes[i] != NULL; i++)
		if (i == probe)
			return true;
	return false;
}

bool engine_take_results(struct engine *e, unsigned index)
{
	struct desk *d = &e->desks[index];
	struct result_header h;

	for (;;) {
		if (d->capacity - d->length < 16384) {
			size_t capacity = d->capacity + 65536;
			uint8_t *more = capacity <= 2 * EVIDENCE_MAX + 131072
						? realloc(d->buffer, capacity)
						: NULL;

			if (more == NULL)
				return false;
			d->buffer = more;
			d->capacity = capacity;
		}
		ssize_t n = recv(crew_channel(e->crew, index), d->buffer + d->length,
				 d->capacity - d->length, MSG_DONTWAIT);
		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
			return false;
		if (n < 0)
			return true;
		d->length += (size_t)n;
		while (d->length >= sizeof(h)) {
			memcpy(&h, d->buffer, sizeof(h));
			if (d->target == NULL || h.job != d->job || h.length > EVIDENCE_MAX ||
			    h.ending >= ENDINGS ||
			    (h.kind == RESULT_EVIDENCE && !probe_number(h.probe)))
				return false; /* a worker that has lost its mind */
			if (d->length < sizeof(h) + h.length)
				break;
			h.protocol[sizeof(h.protocol) - 1] = h.spoken[sizeof(h.spoken) - 1] =
				h.limited[sizeof(h.limited) - 1] = '\0';
			size_t used = sizeof(h) + h.length;
			if (h.kind == RESULT_EVIDENCE)
				take_evidence(e, d, &h, (const char *)d->buffer + sizeof(h));
			else
				take_done(e, d, &h);
			memmove(d->buffer, d->buffer + used, d->length - used);
			d->length -= used;
		}
	}
}

void engine_replace_workers(struct engine *e)
{
	char address[ADDR_TEXT];

	e->result.faults++;
	for (unsigned i = 0; i < e->setup->threads; i++) {
		struct desk *d = &e->desks[i];

		if (d->target != NULL) {
			char subject[ADDR_TEXT + 8];

			addr_format(&d->target->address, address);
			if (d->login != 0) {
				end_job(e, d);
				continue;
			}
			snprintf(subject, sizeof(subject), "%s:%u", address, d->port.port);
			store_service_spoken(e->setup->store, address, d->port.port,
					     transport_word(d->port.udp), NULL, false, "none",
					     "worker fault");
			store_ended(e->setup->store, address, d->port.port, d->port.udp, d->full);
			store_remark(e->setup->store, "worker-fault", subject,
				     "the worker process ended while it spoke with this port");
			end_job(e, d);
		}
		d->length = 0;
	}
	crew_kill_workers(e->crew,
			  e->epoll); /* before the guard forgets them: nothing more is asked */
	if (++e->respawns > RESPAWNS) {
		engine_begin_stop(e, ENGINE_FAULT);
		return;
	}
	e->clearing = true;
	crew_order(e->crew, ORDER_WORKERS_GONE, NULL, NULL);
	while (e->clearing) { /* the guard answers at once; its other events are taken on the way */
		struct guard_event v;

		if (!crew_event(e->crew, &v, true)) {
			engine_begin_stop(e, ENGINE_FAULT);
			return;
		}
		engine_take_event(e, &v);
	}
	if (!crew_replace_workers(e->crew, e->epoll))
		engine_begin_stop(e, ENGINE_FAULT);
}
