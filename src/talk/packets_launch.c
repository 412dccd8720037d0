/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The packets process: the one way out. What is about to leave is looked at as bytes, whatever the rest
 * of the process believes that it has built: its destination has to be inside the scope, its lane's zone
 * open, and the pace has to have room.
 */
#include "talk/packets_parts.h"

#include <errno.h>
#include <string.h>
#include <time.h>

/* ---- scope ---- */

/* The addresses that may ever be sent to, computed from the declarations rather than taken from the
 * lanes. */
static int make_gate(const struct plan *plan, struct ranges *ret)
{
	struct ranges refused = { 0 }, inside = { 0 };
	int e = ranges_add_all(ret, &plan->targets);

	if (e == 0)
		e = ranges_add_all(ret, &plan->large);
	if (e == 0)
		e = ranges_add_unusable(&refused);
	if (e == 0)
		e = ranges_add_all(&refused, &plan->site.exclude);
	for (size_t i = 0; i < plan->site.zone_count && e == 0; i++)
		e = ranges_add_all(&refused, plan->site.zones[i].risk < SITE_TOUCH
						     ? &plan->site.zones[i].networks
						     : &plan->site.zones[i].passive_only);
	if (e == 0)
		e = ranges_subtract(ret, &refused);
	/* Public: owned by declaration and repeated for this run. */
	ranges_done(&refused);
	if (e == 0)
		e = ranges_add_not_public(&inside);
	if (e == 0)
		e = ranges_add_all(&refused, ret);
	if (e == 0)
		e = ranges_subtract(&refused, &inside);
	ranges_done(&inside);
	if (e == 0)
		e = ranges_common(&plan->site.owned, &plan->owned, &inside);
	if (e == 0)
		e = ranges_subtract(&refused, &inside);
	if (e == 0)
		e = ranges_subtract(ret, &refused);
	ranges_done(&refused);
	ranges_done(&inside);
	return e;
}

static bool takes_frames(enum zone_kind kind)
{
	return kind == ZONE_IT || kind == ZONE_DMZ || kind == ZONE_PUBLIC;
}

/* Of these, an address in two zones belongs to the stricter one. */
static int make_frames_gate(const struct plan *plan, const struct ranges *allowed,
			    struct ranges *ret)
{
	struct ranges declared = { 0 }, strict = { 0 };
	int e = 0;

	for (size_t i = 0; i < plan->site.zone_count && e == 0; i++) {
		const struct zone *z = &plan->site.zones[i];

		e = ranges_add_all(takes_frames(z->kind) ? &declared : &strict, &z->networks);
	}
	if (e == 0)
		e = takes_frames(plan->ad_hoc_kind) ? ranges_add_all(ret, allowed)
						    : ranges_common(allowed, &declared, ret);
	if (e == 0)
		e = ranges_subtract(ret, &strict);
	ranges_done(&declared);
	ranges_done(&strict);
	return e;
}

int packets_gate_make(struct packets *p)
{
	int e = make_gate(p->setup->plan, &p->gate.allowed);

	return e == 0 ? make_frames_gate(p->setup->plan, &p->gate.allowed, &p->gate_frames.allowed)
		      : e;
}

void packets_gate_done(struct packets *p)
{
	ranges_done(&p->gate.allowed);
	ranges_done(&p->gate_frames.allowed);
}

bool packets_gate(struct packets *p, const struct addr *to)
{
	return ranges_find(&p->gate.allowed, to, &p->gate.last);
}

bool packets_gate_frames(struct packets *p, const struct addr *to)
{
	return ranges_find(&p->gate_frames.allowed, to, &p->gate_frames.last);
}

/* Something here is wrong: whoever reads the report has to know. */
static enum launch refuse(struct packets *p, const struct addr *to)
{
	if (!p->refused_told)
		packets_remark(p, to, "a fault: frames outside the scope were held back");
	p->refused_told = true;
	return LAUNCH_REFUSED;
}

/* The destination of an IP packet that lies behind a link-layer header. */
static struct addr destination(const uint8_t *frame, size_t link, bool v4, unsigned ifindex)
{
	struct addr a = { 0 };

	if (v4) {
		a.bytes[10] = a.bytes[11] = 0xff;
		memcpy(a.bytes + 12, frame + link + 16, 4);
	} else {
		memcpy(a.bytes, frame + link + 24, 16);
		if (a.bytes[0] == 0xfe && (a.bytes[1] & 0xc0) == 0x80)
			a.scope = ifindex;
	}
	return a;
}

/* ---- leaving ---- */

enum { LATE_MS = 500 };

static enum launch error_of(struct wing *w, int e)
{
	/* A frame that is too long was taken out, and others may be shorter. */
	if (e == -EAGAIN || e == -ENOBUFS || e == -EINTR || e == -EMSGSIZE || e == -EINVAL)
		return LAUNCH_LATER;
	w->error = e;
	return LAUNCH_DOWN;
}

enum launch packets_flush(struct packets *p, struct wing *w)
{
	if (w->tap == NULL)
		return LAUNCH_DOWN;
	if (p->tried > 0)
		atomic_fetch_add_explicit(&p->setup->shared->tried, p->tried, memory_order_relaxed);
	p->tried = 0;
	/* Long after the decision (a machine that slept, an interface that was busy) windows and paces may
	 * stand otherwise: asked anew. */
	if (tap_waiting(w->tap) > 0 && packets_late_ms(p) > LATE_MS) {
		packets_forget(p, w);
		packets_disturb(p, w);
		return LAUNCH_LATER;
	}
	while (tap_waiting(w->tap) > 0) {
		int n = tap_flush(w->tap);

		packets_left(p, w);
		if (n < 0)
			return error_of(w, n);
		atomic_fetch_add_explicit(&p->setup->shared->packets, (unsigned)n,
					  memory_order_relaxed);
		if (n == 0)
			return LAUNCH_LATER;
	}
	return LAUNCHED;
}

/* Room for a frame; NULL: *ret says why. */
static uint8_t *room(struct packets *p, struct lane *l, size_t n, enum launch *ret)
{
	struct wing *w = l->wing;

	if (w->tap == NULL || w->error != 0 || l->gone_ms >= 0) {
		*ret = LAUNCH_DOWN;
		return NULL;
	}
	if (p->stopping || l->closed != NULL) {
		*ret = LAUNCH_REFUSED;
		return NULL;
	}
	if (tap_waiting(w->tap) >= TAP_BATCH) {
		*ret = packets_flush(p, w);
		if (*ret != LAUNCHED)
			return NULL;
	}
	uint8_t *at = tap_next(w->tap, n);
	*ret = at != NULL ? LAUNCHED : LAUNCH_LATER;
	return at;
}

/* The frame is filled in: may these bytes leave, and now? follows, broadcasts: what our kernel may send because
 * of it, which is held until the answer is there. */
static enum launch launch(struct packets *p, struct lane *l, const struct account *account,
			  const struct frame_form *f, const uint8_t *frame,
			  const uint8_t mac[static 6], unsigned follows, unsigned broadcasts)
{
	struct addr to = destination(frame, f->link, f->v4, l->way->ifindex);
	enum launch r;

	if (!packets_gate_frames(p, &to))
		return refuse(p, &to);
	if (!packets_hold(p, account, 1 + follows, broadcasts))
		return LAUNCH_LATER;
	uint8_t *at = room(p, l, f->length, &r);
	if (at == NULL) {
		packets_count(p, account, 0, 1 + follows, 0, broadcasts);
		return r;
	}
	memcpy(at, frame, f->length);
	if (f->link != 0)
		memcpy(at, mac, 6);
	packets_owe(l->wing, account, false);
	return LAUNCHED;
}

enum launch packets_launch_syn(struct packets *p, struct lane *l, const uint8_t mac[static 6],
			       uint32_t host, const struct addr *to, uint16_t port, bool asks)
{
	struct account account = packets_account(l, host), hop = account;
	uint8_t frame[FRAME_MOST];
	uint32_t cookie = frame_cookie(p->setup->key, &l->way->source, to, 6, l->source_port, port);

	frame_fill_syn(&l->syn, frame, to, port, cookie, (uint16_t)cookie);
	/* The gateway has an account of its own. */
	if (asks && !l->way->on_link) {
		hop = packets_account_of(p, l, &l->way->next_hop);
		if (!packets_hold(p, &hop, 1, 1))
			return LAUNCH_LATER;
	}
	bool with = asks && l->way->on_link;
	enum launch r = launch(p, l, &account, &l->syn, frame, mac, 1 + with, with);
	if (r == LAUNCHED && asks)
		packets_kernel_asks(l, host);
	else if (asks && !l->way->on_link)
		packets_count(p, &hop, 0, 1, 0, 1);
	return r;
}

enum launch packets_launch_udp(struct packets *p, struct lane *l, const uint8_t mac[static 6],
			       uint32_t host, const struct addr *to, uint32_t probe)
{
	const struct probe_way *w = &p->probes[probe];
	struct account account = packets_account(l, host);
	uint8_t frame[FRAME_MOST];

	if (!w->udp || w->payload == NULL || !l->asks_udp || l->udp == NULL || p->udp_first == 0)
		return LAUNCH_REFUSED;
	const struct frame_form *f = &l->udp[probe - p->ports.count];
	uint32_t cookie = frame_cookie(p->setup->key, &l->way->source, to, 17, 0, w->port);
	frame_fill_udp_from(f, frame, to, payload_source(p->udp_first, cookie),
			    payload_key(w->payload, cookie), (uint16_t)cookie);
	/* No answer makes our kernel send anything: the source port is kept by a socket. */
	return launch(p, l, &account, f, frame, mac, 0, 0);
}

enum launch packets_launch_echo(struct packets *p, struct lane *l, const uint8_t mac[static 6],
				uint32_t host, const struct addr *to)
{
	struct account account = packets_account(l, host);
	uint8_t frame[FRAME_MOST];
	uint32_t cookie =
		frame_cookie(p->setup->key, &l->way->source, to, l->echo.v4 ? 1 : 58, 0, 0);

	frame_fill_echo(&l->echo, frame, to, cookie, (uint16_t)cookie);
	return launch(p, l, &account, &l->echo, frame, mac, 0, 0);
}

/* A gateway of the routes, whatever the lane believes. */
static bool is_gateway(const struct packets *p, const struct way *way, const struct addr *who)
{
	const struct routes *r = p->setup->routes;

	if (way->on_link || addr_compare(who, &way->next_hop) != 0)
		return false;
	for (size_t i = 0; i < r->count; i++) {
		const struct way *w = &r->list[i].way;

		if (w->error == 0 && !w->on_link && !w->local && w->ifindex == way->ifindex &&
		    addr_compare(&w->next_hop, who) == 0)
			return true;
	}
	return false;
}

/* A target of the lane, or the lane's gateway: nobody else is asked for. */
enum launch packets_launch_find(struct packets *p, struct lane *l, const struct addr *who,
				const uint8_t *to_mac)
{
	uint8_t frame[FRAME_MOST];
	enum launch r;

	if (!packets_gate(p, who) && !is_gateway(p, l->way, who))
		return refuse(p, who);
	size_t n = addr_is_ipv4(who) ? frame_arp_request(frame, l->way, who, to_mac)
				     : frame_neighbour_solicit(frame, l->way, who, to_mac);
	if (n == 0)
		return LAUNCH_REFUSED; /* there is no such question on this way */
	struct account account = packets_account_of(p, l, who);
	if (!packets_hold(p, &account, 1, to_mac == NULL))
		return LAUNCH_LATER;
	uint8_t *at = room(p, l, n, &r);
	if (at == NULL) {
		packets_count(p, &account, 0, 1, 0, to_mac == NULL);
		return r;
	}
	memcpy(at, frame, n);
	packets_owe(l->wing, &account, to_mac == NULL);
	return LAUNCHED;
}

/* ---- to everybody on a segment ---- */

enum launch packets_ask_room(struct packets *p, struct wing *w, int zone)
{
	if (w->tap == NULL || w->error != 0)
		return LAUNCH_DOWN;
	if (p->stopping || !w->asked || ask_closed(p, w, time(NULL)) != NULL)
		return LAUNCH_REFUSED;
	w->question = packets_account_zone(p, w, zone);
	return packets_hold(p, &w->question, 1, 1) ? LAUNCHED : LAUNCH_LATER;
}

/* All that may ever leave for more than one host. */
static bool to_everybody(const uint8_t *frame, size_t n)
{
	static const uint8_t groups6[][16] = { { 0xff, 2, [15] = 1 },
					       { 0xff, 2, [15] = 2 },
					       { 0xff, 2, [15] = 0xfb } };
	static const uint8_t groups4[][4] = { { 255, 255, 255, 255 }, { 224, 0, 0, 251 } };

	if (n >= 54 && frame[12] == 0x86 && frame[13] == 0xdd) {
		for (size_t i = 0; i < countof(groups6); i++)
			if (memcmp(frame + 38, groups6[i], 16) == 0)
				return true;
	} else if (n >= 34 && frame[12] == 8 && frame[13] == 0) {
		for (size_t i = 0; i < countof(groups4); i++)
			if (memcmp(frame + 30, groups4[i], 4) == 0)
				return true;
	}
	return false;
}

/* What was held for it is held no longer where it does not leave. */
static enum launch ask(struct packets *p, struct wing *w, const uint8_t *frame, size_t n)
{
	enum launch r = LAUNCHED;
	uint8_t *at = NULL;

	if (tap_waiting(w->tap) >= TAP_BATCH)
		r = packets_flush(p, w);
	if (r == LAUNCHED)
		at = tap_next(w->tap, n);
	if (at == NULL) {
		packets_count(p, &w->question, 0, 1, 0, 1);
		return r == LAUNCHED ? LAUNCH_LATER : r;
	}
	memcpy(at, frame, n);
	packets_owe(w, &w->question, true);
	return LAUNCHED;
}

static enum launch ask_refused(struct packets *p, struct wing *w)
{
	packets_count(p, &w->question, 0, 1, 0, 1);
	return LAUNCH_REFUSED;
}

enum launch packets_launch_ask(struct packets *p, struct wing *w, const uint8_t *frame, size_t n)
{
	if (p->stopping || !w->asked || w->tap == NULL || !to_everybody(frame, n))
		return ask_refused(p, w);
	return ask(p, w, frame, n);
}

enum launch packets_launch_name(struct packets *p, struct wing *w, const struct frame_form *f,
				const struct addr *to)
{
	uint8_t frame[FRAME_MOST];

	if (p->stopping || !w->asked || w->tap == NULL)
		return ask_refused(p, w);
	frame_fill_udp(f, frame, to, 0, 0);
	struct addr there = destination(frame, f->link, f->v4, w->interface->index);
	if (!packets_gate_frames(p, &there)) {
		ask_refused(p, w);
		return refuse(p, &there);
	}
	return ask(p, w, frame, f->length);
}
