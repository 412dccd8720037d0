/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The packets process: what an answer says of its host and port, how long it took, and what follows: main
 * is told, the guard gets the host, or it is left alone.
 */
#include "talk/packets_parts.h"

#include <string.h>

#include "wire/vendor.h"

uint32_t sweep_probe_of(const struct packets *p, uint16_t port, bool udp)
{
	for (uint32_t i = 0; i < p->probe_count; i++)
		if (p->probes[i].port == port && p->probes[i].udp == udp)
			return i;
	return UINT32_MAX;
}

void sweep_hand_over(struct packets *p, struct lane *l, uint32_t host)
{
	struct seen *n = segment_seen(p, l, host);

	if (n == NULL)
		return;
	struct sight t = segment_sight(p, l, host, n, SIGHT_FOUND);
	const struct port_entry *e =
		port_list_find(&p->setup->plan->port_list, n->handed_port, false);
	const char *maker = t.has_mac ? vendor_controller_maker(t.mac) : NULL;

	if (n->handed_port != 0)
		snprintf(t.reason, sizeof(t.reason), "port %u (%s)", n->handed_port,
			 e != NULL ? e->name : "");
	else if (maker != NULL)
		snprintf(t.reason, sizeof(t.reason), "maker %s", maker);
	n->left = n->handed = true;
	packets_tell(p, &t);
	if (t.has_mac && t.reason[0] != '\0')
		find_control_device(p, t.mac, t.reason);
}

/* How long the answer took, where the attempt is among the last. Ten answers tell how long others are
 * to be waited for. */
static void note_time(const struct packets *p, struct lane *l, uint64_t bit, struct seen *n)
{
	enum { LOOK_BACK = 256, ENOUGH = 10 };

	for (size_t i = 0; i < l->flight_count && i < LOOK_BACK; i++) {
		const struct flight *f =
			&l->flights[(l->flight_first + l->flight_count - 1 - i) % FLIGHTS];
		uint32_t took = packets_since(p) - f->sent_ms;

		if (f->bit != bit)
			continue;
		if (n->rtt_us == 0 || took * 1000 < n->rtt_us)
			n->rtt_us = took > 0 ? took * 1000 : 500;
		if (took > l->slowest_ms)
			l->slowest_ms = took;
		if (++l->timed >= ENOUGH) {
			uint32_t ms = l->slowest_ms * 4 + 50;

			l->answer_ms = ms < ANSWER_LEAST_MS ? ANSWER_LEAST_MS
				       : ms > ANSWER_MS     ? ANSWER_MS
							    : ms;
		}
		return;
	}
}

/* The answer to a sample: each counts once. */
static void sample_heard(struct lane *l, uint32_t host, uint32_t probe)
{
	struct segment *s = &l->segment;

	if (l->stage != STAGE_SAMPLE && l->stage != STAGE_SAMPLE_WAIT)
		return;
	for (size_t i = 0; i < s->sample_next; i++)
		if (s->sample[2 * i] == host && s->sample[2 * i + 1] == probe) {
			s->sample[2 * i] = UINT32_MAX;
			s->sample_answered++;
			return;
		}
}

/* TCP ports of this host that were asked so far. */
static uint64_t tried(const struct packets *p, const struct segment *s, uint32_t host)
{
	uint64_t n = s->pass == 0 ? s->cursor / s->count + 1 : p->ports.count;

	for (size_t i = 0; i < s->put_off_count; i++)
		n -= n > 0 && s->put_off[i].host == host;
	return n < p->ports.count ? n : p->ports.count;
}

void sweep_result(struct packets *p, struct lane *l, uint32_t host, uint32_t probe,
		  enum port_state state, unsigned no_host, const char *reason)
{
	struct segment *s = &l->segment;
	uint64_t bit = (uint64_t)host * p->probe_count + probe;
	const struct probe_way *w = &p->probes[probe];
	unsigned kernel =
		state == PORT_OPEN && !w->udp; /* its RST for a SYN-ACK that nobody waits for */

	if (s->answered == NULL)
		return;
	s->last_heard_ms = p->now_ms;
	if (bit_is(s->answered, bit)) {
		sample_heard(l, host, probe); /* else somebody repeats himself */
		segment_settle(p, l, host, bit, kernel);
		return;
	}
	bit_set(s->answered, bit);
	s->answers++;
	s->total++;
	struct seen *n = segment_seen(p, l, host);
	if (n != NULL)
		note_time(p, l, bit, n);
	segment_settle(p, l, host, bit, kernel);
	if (n == NULL)
		return;
	/* Messages of routers come at a rate of their own, so more of them say nothing of losses. */
	if (state == PORT_OPEN || state == PORT_CLOSED ||
	    (n->open + n->closed + n->filtered == 0 && !n->answered))
		s->news++;
	n->last_ms = packets_unix_ms(p);
	n->answered |= state == PORT_OPEN || state == PORT_CLOSED;
	if (!w->udp) {
		n->open += state == PORT_OPEN;
		n->closed += state == PORT_CLOSED;
		n->filtered += state == PORT_FILTERED;
	}
	if (s->sample_count < SAMPLE && s->pass == 0 && !w->udp && state != PORT_FILTERED) {
		s->sample[2 * s->sample_count] = host;
		s->sample[2 * s->sample_count++ + 1] = probe;
	}
	if (n->left)
		return;
	if (no_host > 0 && n->no_host < UINT8_MAX - no_host)
		n->no_host = (uint8_t)(n->no_host + no_host);
	if (n->no_host >= SWEEP_NO_HOST && !n->answered)
		n->left = true;
	if (state == PORT_OPEN || state == PORT_FILTERED) {
		struct sight t = segment_sight(p, l, host, n, SIGHT_PORT);

		t.port = w->port;
		t.udp = w->udp;
		t.port_state = state;
		snprintf(t.reason, sizeof(t.reason), "%s", reason);
		packets_tell(p, &t);
	}
	if (state == PORT_OPEN && w->ot) {
		n->handed_port = w->port;
		sweep_hand_over(p, l, host);
	}
	if (!n->left && n->open >= SWEEP_ALL_PORTS_ENOUGH && n->closed + n->filtered == 0 &&
	    n->open * 10 >= tried(p, s, host) * 9)
		n->left = n->all_ports = true;
	segment_tell_early(p, l, host, n);
}

void sweep_alive(struct packets *p, struct lane *l, uint32_t host)
{
	struct seen *n = segment_seen(p, l, host);

	if (n == NULL)
		return;
	l->segment.last_heard_ms = p->now_ms;
	if (!n->answered) {
		l->segment.news++;
		l->segment.total++;
		l->segment.answers += p->probe_count == 0;
		note_time(p, l, FLIGHT_ECHO | host, n);
	}
	find_settle(l, host);
	n->answered = true;
	n->last_ms = packets_unix_ms(p);
}
