/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/sweep.h"

#include <errno.h>
#include <stdlib.h>

/* Well-known services that even a half-silent host shows, tried right behind the OT ports, so that
 * "nothing answered on the first ports" means something. */
static const uint16_t early[] = { 80, 443, 22, 445, 3389, 23, 21, 135, 139 };

static void put(struct sweep_order *o, uint64_t done[static 1024], const struct plan *p,
		uint16_t port)
{
	if (port == 0 || ports_has(done, port) || !ports_has(p->ports.tcp, port))
		return;
	ports_put(done, port);
	o->ports[o->count++] = port;
}

int sweep_order_make(const struct plan *p, struct sweep_order *ret)
{
	uint64_t done[1024] = { 0 };
	struct sweep_order o = { .ports = calloc(65536, sizeof(uint16_t)) };

	if (o.ports == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < p->port_list.count; i++)
		if (p->port_list.list[i].ot && !p->port_list.list[i].udp)
			put(&o, done, p, p->port_list.list[i].port);
	for (size_t i = 0; i < countof(early); i++)
		put(&o, done, p, early[i]);
	o.first = o.count;
	for (uint32_t port = 1; port < 65536; port++)
		put(&o, done, p, (uint16_t)port);
	for (size_t i = 0; payload_at(i) != NULL; i++)
		if (ports_has(p->ports.udp, payload_at(i)->port))
			o.udp[o.udp_count++] = payload_at(i)->port;
	*ret = o;
	return 0;
}

void sweep_order_done(struct sweep_order *o)
{
	free(o->ports);
	*o = (struct sweep_order){ 0 };
}

uint32_t sweep_planned(const struct sweep_host *h, const struct sweep_order *o)
{
	return o->count + (h->asks_udp ? o->udp_count : 0);
}

static struct sweep_port port_at(const struct sweep_order *o, uint32_t i)
{
	return i < o->count ? (struct sweep_port){ o->ports[i], false }
			    : (struct sweep_port){ o->udp[i - o->count], true };
}

static bool was_tried(const struct ports *tried, struct sweep_port p)
{
	return tried != NULL && ports_has(p.udp ? tried->udp : tried->tcp, p.port);
}

static void pass_over(struct sweep_host *h, const struct sweep_order *o)
{
	while (h->next < sweep_planned(h, o) && was_tried(h->tried, port_at(o, h->next)))
		h->next++;
}

struct sweep_port sweep_next(struct sweep_host *h, const struct sweep_order *o)
{
	pass_over(h, o);
	if (h->over || !sweep_left(h, o))
		return (struct sweep_port){ 0 };
	bool again = h->again_count > 0;
	struct sweep_port p = again ? h->again[h->again_count - 1] : port_at(o, h->next);
	/* Who shows to be control equipment by an answer that is still to come is not asked by UDP. */
	if (p.udp && h->in_flight > h->udp_in_flight)
		return (struct sweep_port){ 0 };
	h->in_flight++;
	h->udp_in_flight += p.udp;
	h->again_count -= again;
	h->next += !again;
	return p;
}

void sweep_undo(struct sweep_host *h, struct sweep_port port)
{
	h->in_flight--;
	h->udp_in_flight -= port.udp;
	if (h->again_count < SWEEP_AGAIN_MOST)
		h->again[h->again_count++] = port;
	else
		h->cut = true; /* more at once than any host gets */
}

bool sweep_left(const struct sweep_host *h, const struct sweep_order *o)
{
	return h->again_count > 0 || h->next < sweep_planned(h, o);
}

bool sweep_answered(const struct sweep_host *h)
{
	return h->count[PORT_OPEN] + h->count[PORT_CLOSED] > 0 || h->heard_udp;
}

static void end(struct sweep_host *h, enum host_state s, const char *reason)
{
	if (h->over)
		return;
	h->over = true;
	h->state = s;
	h->reason = reason;
}

/* All ports were tried. */
static void conclude(struct sweep_host *h, const struct sweep_order *o)
{
	bool answered = sweep_answered(h);

	if (!sweep_left(h, o) && h->in_flight == 0)
		end(h, answered || h->count[PORT_FILTERED] > 0 ? HOST_ANSWERING : HOST_SILENT,
		    answered                      ? NULL
		    : h->count[PORT_FILTERED] > 0 ? "filtered"
						  : "no answer");
}

/* What the counts of TCP say of the host. */
static void judge_counts(struct sweep_host *h, const struct sweep_order *o, enum treatment t)
{
	uint32_t enough = o->first > SWEEP_SILENT_LEAST ? o->first : SWEEP_SILENT_LEAST;
	uint32_t open = h->count[PORT_OPEN];
	uint32_t tried =
		open + h->count[PORT_CLOSED] + h->count[PORT_FILTERED] + h->count[PORT_SILENT];

	if (open >= SWEEP_ALL_PORTS_LEAST && open == tried &&
	    (open >= SWEEP_ALL_PORTS_ENOUGH || tried == o->count))
		end(h, HOST_ALL_PORTS, "answers on every port");
	if (t == TREAT_OT && tried == h->count[PORT_SILENT] && tried >= enough && sweep_left(h, o))
		end(h, HOST_SILENT, "no answer on the first ports");
}

void sweep_answer(struct sweep_host *h, const struct sweep_order *o, bool udp, enum port_state s,
		  unsigned no_host, enum treatment t)
{
	pass_over(h, o);
	h->in_flight--;
	h->udp_in_flight -= udp;
	if (udp)
		h->heard_udp |= s == PORT_OPEN || s == PORT_CLOSED;
	else
		h->count[s]++;
	h->no_host += no_host;
	if (h->no_host >= SWEEP_NO_HOST && !sweep_answered(h))
		end(h, HOST_ABSENT, "no such host");
	if (!udp)
		judge_counts(h, o, t);
	conclude(h, o);
}

void sweep_leave_udp(struct sweep_host *h, const struct sweep_order *o)
{
	unsigned kept = 0;

	if (!h->asks_udp)
		return;
	h->asks_udp = false;
	for (unsigned i = 0; i < h->again_count; i++)
		if (!h->again[i].udp)
			h->again[kept++] = h->again[i];
	h->again_count = kept;
	if (o->count > 0)
		conclude(h, o);
	else if (h->in_flight == 0)
		end(h, HOST_SKIPPED, SWEEP_NO_TCP);
}

void sweep_hold(struct sweep_host *h)
{
	h->in_flight++;
}

void sweep_release(struct sweep_host *h, const struct sweep_order *o)
{
	h->in_flight--;
	conclude(h, o);
}

bool sweep_finished(const struct sweep_host *h)
{
	return h->over && h->in_flight == 0;
}

bool sweep_watch_answer(struct sweep_watch *w, uint16_t port, enum port_state s, enum treatment t)
{
	unsigned least = t == TREAT_OT ? SWEEP_ROW_OT : SWEEP_ROW_IT;
	unsigned row = least << (w->looks < SWEEP_LOOKS_MOST ? w->looks : SWEEP_LOOKS_MOST);

	if (s == PORT_OPEN || s == PORT_CLOSED) {
		w->silent = 0;
		if (s == PORT_OPEN || !w->open) {
			w->port = port;
			w->open = s == PORT_OPEN;
		}
	} else if (s == PORT_SILENT && w->port != 0) {
		w->silent++;
	}
	return w->silent >= row;
}

enum sweep_look sweep_watch_look(struct sweep_watch *w, enum port_state s, enum treatment t)
{
	if (s == PORT_SILENT)
		return LOOK_SILENT;
	/* At other hosts a service may have ended for reasons of its own. */
	if (s == PORT_CLOSED && w->open && t == TREAT_OT)
		return LOOK_REFUSES;
	w->open = s == PORT_OPEN;
	w->silent = 0;
	w->looks++;
	return LOOK_WELL;
}
