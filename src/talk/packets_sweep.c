/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The packets process: passes over hosts and ports.
 *
 * A lane is worked on in segments, contiguous blocks of its addresses. In a pass every host gets one
 * port before any host gets the next, in a secret order, so that the load spreads over the whole
 * segment. What was answered is one bit per host and port. After the first pass some answered ports are
 * asked once more to see how much gets lost; what is still silent is asked again as often as that needs,
 * silent hosts with an echo request and the first ports only.
 */
#include "talk/packets_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "wire/vendor.h"

/* ---- the segment ---- */

void segment_done(struct segment *s)
{
	free(s->answered);
	free(s->open);
	free(s->seen_of);
	free(s->seen);
	free(s->paces);
	free(s->met);
	free(s->asked);
	free(s->there);
	free(s->waits);
	free(s->put_off);
	free(s->found);
	free(s->sample);
	*s = (struct segment){ 0 };
}

static bool is_udp(const struct packets *p, uint64_t bit)
{
	return p->probes[bit % p->probe_count].udp;
}

/* An attempt is not open any longer (an answer may come behind its time, when it is not); sent: packets
 * that the kernel sent because of the answer. For a SYN the kernel's RST was held; by UDP it sends
 * nothing. */
static void settle(struct packets *p, struct lane *l, uint32_t host, uint64_t bit, int sent)
{
	struct segment *s = &l->segment;
	bool open = s->open != NULL && bit_is(s->open, bit);
	int held = open && !is_udp(p, bit) ? 1 : 0;

	if (open) {
		bit_clear(s->open, bit);
		l->unanswered -= l->unanswered > 0;
	}
	if (!l->unlimited && held + sent > 0)
		pace_board_count(p->setup->board, l->zone, sent, -held, p->start_ms + p->now_ms);
	if (s->paces != NULL) {
		pace_hold(&s->paces[host], -held);
		pace_take(&s->paces[host], sent, p->start_ms + p->now_ms);
	}
}

static int make_forms(struct packets *p, struct lane *l)
{
	static const uint8_t later[6] = { 0 };
	int e = frame_form_syn(&l->syn, l->way, later, l->source_port);

	if (e == 0)
		e = frame_form_echo(&l->echo, l->way, later);
	return e == 0 ? udp_forms(p, l) : e;
}

int segment_open(struct packets *p, struct lane *l)
{
	struct segment *s = &l->segment;
	uint64_t most = l->host_rate != 0 ? SEGMENT_HOSTS_PACED : SEGMENT_HOSTS;
	uint64_t left = l->targets.count - l->next;

	/* What was answered early is still in the row; its bits belong to the segment that goes. */
	for (; l->flight_count > 0; l->flight_count--) {
		const struct flight *f = &l->flights[l->flight_first];

		if (s->answered != NULL)
			settle(p, l, f->host, f->bit, 0);
		l->flight_first = (l->flight_first + 1) % FLIGHTS;
	}
	l->unanswered = 0;
	segment_done(s);
	if (left == 0) {
		l->stage = STAGE_OVER;
		return 0;
	}
	if (most > SEGMENT_PROBES / (p->probe_count + 1))
		most = SEGMENT_PROBES / (p->probe_count + 1);
	s->first = l->next;
	s->count = (uint32_t)(left < most ? left : most);
	size_t words = s->count / 64 + 1;
	bool sweeps = l->sweep == SWEEP_BY_PACKETS;
	s->seen_of = calloc(s->count, sizeof(*s->seen_of));
	if (sweeps) {
		s->answered = calloc((uint64_t)s->count * p->probe_count / 64 + 1, 8);
		s->sample = calloc((size_t)SAMPLE * 2, sizeof(*s->sample));
	}
	if (sweeps && l->flights != NULL)
		s->open = calloc((uint64_t)s->count * p->probe_count / 64 + 1, 8);
	if (l->way->on_link) {
		s->asked = calloc(words, 8);
		s->there = calloc(words, 8);
		s->waits = calloc(words, 8);
		s->met = calloc(words, 8);
	}
	if (sweeps && l->host_rate != 0) {
		s->paces = calloc(s->count, sizeof(*s->paces));
		s->put_off = calloc(PUT_OFF, sizeof(*s->put_off));
		for (uint32_t i = 0; s->paces != NULL && i < s->count; i++)
			pace_init(&s->paces[i], l->host_rate, 3, p->setup->resumed != NULL,
				  p->start_ms + p->now_ms);
	}
	if (s->seen_of == NULL || (sweeps && (s->answered == NULL || s->sample == NULL)) ||
	    (l->way->on_link &&
	     (s->asked == NULL || s->there == NULL || s->waits == NULL || s->met == NULL)) ||
	    (sweeps && l->host_rate != 0 && (s->paces == NULL || s->put_off == NULL)) ||
	    (sweeps && l->flights != NULL && s->open == NULL)) {
		segment_done(s);
		return -ENOMEM;
	}
	int e = make_forms(p, l);
	if (e != 0) {
		segment_done(s);
		return e;
	}
	order_init(&s->order, s->count, p->setup->order_key);
	if (!packets_write_lane(p, l)) {
		segment_done(s);
		packets_no_journal(p);
		return -EIO;
	}
	l->next += s->count;
	s->last_sent_ms = s->last_heard_ms = p->now_ms;
	l->stage = l->way->on_link ? STAGE_FIND : l->hop_tries == 0 ? STAGE_HOP : STAGE_PASS;
	return 0;
}

struct addr segment_address(struct lane *l, uint32_t host)
{
	return index_at(&l->targets, l->segment.first + host);
}

bool segment_host(struct lane *l, const struct addr *a, uint32_t *ret)
{
	uint64_t i;

	if (l->segment.seen_of == NULL || !index_place(&l->targets, a, &i) ||
	    i < l->segment.first || i - l->segment.first >= l->segment.count)
		return false;
	*ret = (uint32_t)(i - l->segment.first);
	return true;
}

int segment_ranges(struct lane *l, struct ranges *ret)
{
	const struct segment *s = &l->segment;
	int e = 0;

	for (size_t i = 0; i < l->targets.set.count && e == 0; i++) {
		struct range r = l->targets.set.list[i];
		uint64_t from = l->targets.before[i], to = l->targets.before[i + 1];

		if (to <= s->first || from >= s->first + s->count)
			continue;
		if (from < s->first)
			r.first = segment_address(l, 0);
		if (to > s->first + s->count)
			r.last = segment_address(l, s->count - 1);
		e = ranges_add(ret, &r);
	}
	return e;
}

struct seen *segment_seen(struct packets *p, struct lane *l, uint32_t host)
{
	struct segment *s = &l->segment;

	if (s->seen_of[host] != 0)
		return &s->seen[s->seen_of[host] - 1];
	if (s->seen_count == s->seen_room) {
		size_t more = s->seen_room == 0 ? 256 : s->seen_room * 2;
		struct seen *list = realloc(s->seen, more * sizeof(*list));

		if (list == NULL)
			return NULL;
		s->seen = list;
		s->seen_room = more;
	}
	s->seen[s->seen_count] =
		(struct seen){ .first_ms = packets_since(p), .last_ms = packets_since(p) };
	s->seen_of[host] = (uint32_t)++s->seen_count;
	return &s->seen[s->seen_count - 1];
}

static struct seen *seen_if_any(struct segment *s, uint32_t host)
{
	return s->seen_of[host] != 0 ? &s->seen[s->seen_of[host] - 1] : NULL;
}

/* ---- telling ---- */

static struct sight sight_of(struct packets *p, struct lane *l, uint32_t host, const struct seen *n,
			     enum sight_kind kind)
{
	struct sight t = { .kind = kind, .address = segment_address(l, host) };
	const uint8_t *mac = l->way->on_link ? find_mac(l, host) : NULL;

	t.open = n->open;
	t.closed = n->closed;
	t.filtered = n->filtered;
	t.rtt_us = n->rtt_us;
	t.silent = p->ports.count - n->open - n->closed - n->filtered;
	t.first_ms = p->start_unix_ms + n->first_ms;
	t.last_ms = p->start_unix_ms + n->last_ms;
	if (mac != NULL) {
		memcpy(t.mac, mac, 6);
		t.has_mac = true;
	}
	return t;
}

static void flush_quiet(struct packets *p, struct sight *run, struct lane *l, uint32_t from,
			uint32_t to)
{
	if (from >= to)
		return;
	/* An index is contiguous, addresses need not be. */
	for (uint32_t i = from; i < to;) {
		uint32_t k = i;
		struct addr a = segment_address(l, i), next = a;

		run->address = run->last = a;
		while (++k < to && addr_next(&next)) {
			struct addr b = segment_address(l, k);

			if (addr_compare(&b, &next) != 0)
				break;
			run->last = b;
		}
		packets_tell(p, run);
		i = k;
	}
}

static void tell_host(struct packets *p, struct lane *l, uint32_t host, const struct seen *n,
		      bool found, enum host_state state, const char *cut)
{
	struct sight t = sight_of(p, l, host, n, SIGHT_HOST);
	bool all_ports = n->all_ports;
	const char *why = "";

	t.complete = cut == NULL && !n->left;
	t.udp_ports = t.complete ? udp_probes(p, l) - p->ports.count : 0;
	t.host_state = HOST_ANSWERING;
	if (all_ports) {
		t.host_state = HOST_ALL_PORTS;
		why = "answers on every port";
	} else if (n->left) {
		t.host_state = HOST_ABSENT;
		why = "no such host";
	} else if (!n->answered && !found && n->filtered == 0) {
		t.host_state = cut != NULL ? state : HOST_SILENT;
		why = cut != NULL ? cut : "no answer";
	} else if (cut != NULL) {
		why = cut;
	} else if (!n->answered && !found) {
		why = "filtered";
	}
	snprintf(t.reason, sizeof(t.reason), "%s", why);
	packets_tell(p, &t);
}

void segment_tell(struct packets *p, struct lane *l, enum host_state state, const char *cut)
{
	struct segment *s = &l->segment;
	bool on_link = l->way->on_link;
	struct sight quiet = {
		.kind = SIGHT_QUIET,
		.host_state = cut != NULL ? state
			      : on_link   ? HOST_ABSENT
					  : HOST_SILENT,
		.complete = cut == NULL,
		.udp_ports = cut == NULL ? udp_probes(p, l) - p->ports.count : 0,
		.first_ms = p->start_unix_ms + s->last_sent_ms,
		.last_ms = p->start_unix_ms + s->last_sent_ms,
	};
	uint32_t from = 0;

	snprintf(quiet.reason, sizeof(quiet.reason), "%s",
		 cut != NULL ? cut
		 : on_link   ? "no such host"
			     : "no answer");
	for (uint32_t i = 0; i < s->count; i++) {
		const struct seen *n = seen_if_any(s, i);
		bool found = on_link && bit_is(s->there, i);

		if (n == NULL && !found)
			continue;
		flush_quiet(p, &quiet, l, from, i);
		from = i + 1;
		struct seen none = { .first_ms = packets_since(p), .last_ms = packets_since(p) };
		if (n == NULL)
			n = &none;
		if (!n->handed)
			tell_host(p, l, i, n, found, state, cut);
	}
	flush_quiet(p, &quiet, l, from, s->count);
}

/* Nothing of this lane is waited for any longer. */
static void settle_all(struct packets *p, struct lane *l)
{
	for (; l->flight_count > 0; l->flight_count--) {
		const struct flight *f = &l->flights[l->flight_first];

		if (l->segment.answered != NULL && l->stage >= STAGE_PASS)
			settle(p, l, f->host, f->bit, 0);
		l->flight_first = (l->flight_first + 1) % FLIGHTS;
	}
	l->unanswered = 0;
}

void segment_over(struct packets *p, struct lane *l)
{
	settle_all(p, l);
	segment_done(&l->segment);
	l->stage = l->next == l->targets.count ? STAGE_OVER : STAGE_OPEN;
}

void lane_end(struct packets *p, struct lane *l, enum host_state state, const char *cut)
{
	struct sight quiet = {
		.kind = SIGHT_QUIET,
		.host_state = state,
		.first_ms = p->start_unix_ms + p->now_ms,
		.last_ms = p->start_unix_ms + p->now_ms,
	};

	settle_all(p, l);
	if (l->segment.seen_of != NULL && l->stage != STAGE_OPEN)
		segment_tell(p, l, state, cut);
	snprintf(quiet.reason, sizeof(quiet.reason), "%s", cut);
	for (size_t i = 0; i < l->targets.set.count; i++) {
		uint64_t from = l->targets.before[i], to = l->targets.before[i + 1];

		if (to <= l->next)
			continue;
		quiet.address = index_at(&l->targets, from > l->next ? from : l->next);
		quiet.last = l->targets.set.list[i].last;
		packets_tell(p, &quiet);
	}
	l->next = l->targets.count;
	l->stage = STAGE_OVER;
}

/* ---- answers ---- */

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
	struct sight t = sight_of(p, l, host, n, SIGHT_FOUND);
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
static bool sample_heard(struct lane *l, uint32_t host, uint32_t probe)
{
	struct segment *s = &l->segment;

	if (l->stage != STAGE_SAMPLE && l->stage != STAGE_SAMPLE_WAIT)
		return false;
	for (size_t i = 0; i < s->sample_next; i++)
		if (s->sample[2 * i] == host && s->sample[2 * i + 1] == probe) {
			s->sample[2 * i] = UINT32_MAX;
			s->sample_answered++;
			return true;
		}
	return false;
}

/* TCP ports of this host that were asked so far. */
static uint64_t tried(const struct packets *p, const struct segment *s, uint32_t host)
{
	uint64_t n = s->pass == 0 ? s->cursor / s->count + 1 : p->ports.count;

	for (size_t i = 0; i < s->put_off_count; i++) {
		uint64_t place = s->put_off[(s->put_off_first + i) % PUT_OFF];

		n -= n > 0 && order_at(&s->order, place % s->count) == host;
	}
	return n < p->ports.count ? n : p->ports.count;
}

void sweep_result(struct packets *p, struct lane *l, uint32_t host, uint32_t probe,
		  enum port_state state, unsigned no_host, const char *reason)
{
	struct segment *s = &l->segment;
	uint64_t bit = (uint64_t)host * p->probe_count + probe;
	const struct probe_way *w = &p->probes[probe];
	int kernel =
		state == PORT_OPEN && !w->udp; /* its RST for a SYN-ACK that nobody waits for */

	if (s->answered == NULL)
		return;
	s->last_heard_ms = p->now_ms;
	if (bit_is(s->answered, bit)) {
		/* What was sampled is counted already; else somebody repeats himself. */
		if (!sample_heard(l, host, probe))
			settle(p, l, host, bit, kernel);
		return;
	}
	bit_set(s->answered, bit);
	s->answers++;
	s->total++;
	struct seen *n = segment_seen(p, l, host);
	if (n != NULL)
		note_time(p, l, bit, n);
	settle(p, l, host, bit, kernel);
	if (n == NULL)
		return;
	/* Messages of routers come at a rate of their own, so more of them say nothing of losses. */
	if (state == PORT_OPEN || state == PORT_CLOSED ||
	    (n->open + n->closed + n->filtered == 0 && !n->answered))
		s->news++;
	n->last_ms = packets_since(p);
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
		struct sight t = sight_of(p, l, host, n, SIGHT_PORT);

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
}

void sweep_alive(struct packets *p, struct lane *l, uint32_t host)
{
	struct seen *n = segment_seen(p, l, host);

	if (n == NULL)
		return;
	l->segment.last_heard_ms = p->now_ms;
	if (!n->answered)
		l->segment.news++;
	n->answered = true;
	n->last_ms = packets_since(p);
}

/* ---- questions ---- */

static void expire(struct packets *p, struct lane *l)
{
	uint32_t now = packets_since(p);

	while (l->flight_count > 0) {
		struct flight *f = &l->flights[l->flight_first];

		if (now - f->sent_ms < l->answer_ms)
			break;
		settle(p, l, f->host, f->bit, 0);
		l->flight_first = (l->flight_first + 1) % FLIGHTS;
		l->flight_count--;
	}
}

/* Before its RST for a SYN-ACK our kernel asks for the MAC itself, by a broadcast, where it does not know
 * it. Matters only where broadcasts are limited. */
static bool kernel_will_ask(const struct packets *p, const struct lane *l, uint32_t host,
			    const struct addr *a)
{
	const struct pace_board *b = p->setup->board;
	uint8_t mac[6];

	if (l->segment.met == NULL || bit_is(l->segment.met, host) ||
	    b->paces[1 + b->zone_count + (uint32_t)l->wing->segment].rate == 0)
		return false;
	if (neighbour_find(a, l->way->ifindex, mac) != NEIGHBOUR_KNOWN)
		return true;
	bit_set(l->segment.met, host);
	return false;
}

/* One probe of one host. */
static enum launch ask(struct packets *p, struct lane *l, uint32_t host, uint32_t probe)
{
	struct segment *s = &l->segment;
	struct addr a = segment_address(l, host);
	const uint8_t *mac = find_mac(l, host);
	struct pace *pace = s->paces != NULL ? &s->paces[host] : NULL;
	int64_t now = p->start_ms + p->now_ms;
	bool udp = p->probes[probe].udp;
	unsigned held = udp ? 0 : 1;

	if (mac == NULL)
		return LAUNCHED; /* nothing to send */
	if (l->flights != NULL && l->flight_count == FLIGHTS)
		return LAUNCH_LATER;
	if (!l->unlimited && lanes_unanswered(p, l) >= l->unanswered_most)
		return LAUNCH_LATER;
	unsigned question = udp ? 0 : kernel_will_ask(p, l, host, &a);
	if (pace != NULL && !pace_ready(pace, 1 + question, held, now))
		return LAUNCH_LATER;
	enum launch r = udp ? packets_launch_udp(p, l, mac, &a, probe)
			    : packets_launch_syn(p, l, mac, &a, p->probes[probe].port, 1 + question,
						 1, question);
	if (r != LAUNCHED)
		return r;
	if (question > 0)
		bit_set(s->met, host);
	if (pace != NULL) {
		pace_take(pace, 1 + (int)question, now);
		pace_hold(pace, (int)held);
	}
	s->sent++;
	p->tried += s->pass == 0;
	if (l->flights != NULL) {
		l->unanswered++;
		bit_set(s->open, (uint64_t)host * p->probe_count + probe);
		l->flights[(l->flight_first + l->flight_count++) % FLIGHTS] = (struct flight){
			.bit = (uint64_t)host * p->probe_count + probe,
			.host = host,
			.sent_ms = packets_since(p),
		};
	}
	return LAUNCHED;
}

/* Does this pass ask this host for this port? */
static bool wanted(const struct packets *p, struct segment *s, uint32_t host, uint32_t probe)
{
	const struct seen *n = seen_if_any(s, host);

	if ((n != NULL && n->left) || (s->there != NULL && !bit_is(s->there, host)))
		return false;
	/* In the first pass only what an earlier run had heard before it ended. */
	if (bit_is(s->answered, (uint64_t)host * p->probe_count + probe))
		return false;
	/* Of what stays silent by UDP nearly all is a question that nobody answers, or an unreachable
	 * that the host did not send: Linux sends six to a peer and then one a second (icmp(7),
	 * icmp_ratelimit). Asking on would only be noise, so they have one more chance, and another
	 * where packets were seen to get lost. */
	if (p->probes[probe].udp && s->pass > 1 && s->pass + 1 >= s->rounds)
		return false;
	return s->pass == 0 || (n != NULL && n->answered) || probe < EARLY || s->whole;
}

static bool echo_pass(struct packets *p, struct lane *l)
{
	struct segment *s = &l->segment;
	unsigned done = 0;

	for (; s->cursor < s->count && done < TURN; s->cursor++) {
		uint32_t host = (uint32_t)order_at(&s->order, s->cursor);
		const struct seen *n = seen_if_any(s, host);
		const uint8_t *mac = find_mac(l, host);

		if (!packets_written(p, l, "echo", s->cursor, s->count))
			return false;

		if (mac == NULL || (n != NULL && (n->answered || n->left)))
			continue;
		struct pace *pace = s->paces != NULL ? &s->paces[host] : NULL;
		int64_t now = p->start_ms + p->now_ms;
		if (pace != NULL && !pace_ready(pace, 1, 0, now))
			return done > 0;
		struct addr a = segment_address(l, host);
		enum launch r = packets_launch_echo(p, l, mac, &a);
		if (r == LAUNCH_DOWN)
			return false;
		if (r == LAUNCH_LATER)
			return done > 0;
		if (pace != NULL)
			pace_take(pace, 1, now);
		s->last_sent_ms = p->now_ms;
		done++;
	}
	if (s->cursor >= s->count) {
		s->echo = false;
		s->cursor = 0;
	}
	return true;
}

/* A host that has had its packets for now does not hold the others up: its place comes later. */
static bool put_off(struct packets *p, struct lane *l, uint32_t host, uint64_t place)
{
	struct segment *s = &l->segment;

	if (s->paces == NULL || s->put_off_count == PUT_OFF ||
	    pace_ready(&s->paces[host], 2, 1, p->start_ms + p->now_ms))
		return false;
	s->put_off[(s->put_off_first + s->put_off_count++) % PUT_OFF] = place;
	return true;
}

/* Those whose time has come. False where nothing more can be sent now. */
static bool catch_up(struct packets *p, struct lane *l, unsigned *done)
{
	enum { LOOKS = 256 };
	struct segment *s = &l->segment;
	size_t most = s->put_off_count < LOOKS ? s->put_off_count : LOOKS;

	for (size_t i = 0; i < most; i++) {
		uint64_t place = s->put_off[s->put_off_first];
		uint32_t probe = (uint32_t)(place / s->count);
		uint32_t host = (uint32_t)order_at(&s->order, place % s->count);
		enum launch r = LAUNCHED;

		s->put_off_first = (s->put_off_first + 1) % PUT_OFF;
		s->put_off_count--;
		if (!wanted(p, s, host, probe) || put_off(p, l, host, place))
			continue;
		if (!packets_written(p, l, p->probes[probe].udp ? "udp" : "syn", place, place + 1))
			return false;
		r = ask(p, l, host, probe);
		if (r == LAUNCHED || (r == LAUNCH_REFUSED && !p->stopping && l->closed == NULL)) {
			(*done)++;
			continue;
		}
		/* Something else is in the way: back to its place at the front. */
		s->put_off_first = (s->put_off_first + PUT_OFF - 1) % PUT_OFF;
		s->put_off[s->put_off_first] = place;
		s->put_off_count++;
		return false;
	}
	return true;
}

static bool pass(struct packets *p, struct lane *l)
{
	enum { LOOKS = 64 * TURN };
	struct segment *s = &l->segment;
	uint64_t tcp = (uint64_t)s->count * p->ports.count;
	uint64_t all = (uint64_t)s->count * udp_probes(p, l);
	unsigned done = 0, looked = 0;

	if (s->echo)
		return echo_pass(p, l);
	/* Of silent hosts only the first ports are asked again. */
	if (s->pass > 0 && s->seen_count == 0 && !s->whole && all > (uint64_t)s->count * EARLY)
		all = (uint64_t)s->count * EARLY;
	if (!catch_up(p, l, &done)) {
		if (done > 0)
			s->last_sent_ms = p->now_ms;
		return done > 0;
	}
	/* By UDP is asked once the answers by TCP are in: who showed to be control equipment is not. */
	if (s->cursor == tcp && s->cursor < all &&
	    (s->put_off_count > 0 ||
	     (s->answers < s->sent && p->now_ms - s->last_sent_ms < l->answer_ms)))
		return done > 0;
	const char *kind = s->cursor < tcp ? "syn" : "udp";
	uint64_t end = s->cursor < tcp && tcp < all ? tcp : all;
	uint32_t probe = (uint32_t)(s->cursor / s->count);
	uint32_t place = (uint32_t)(s->cursor % s->count);
	while (s->cursor < end && done < TURN && looked++ < LOOKS) {
		uint32_t host = (uint32_t)order_at(&s->order, place);

		if (wanted(p, s, host, probe) && !put_off(p, l, host, s->cursor)) {
			if (!packets_written(p, l, kind, s->cursor, end))
				return false;
			enum launch r = ask(p, l, host, probe);

			if (r == LAUNCH_DOWN)
				return false;
			if (r == LAUNCH_LATER) {
				if (done > 0)
					s->last_sent_ms = p->now_ms;
				return done > 0;
			}
			if (r == LAUNCH_REFUSED && (p->stopping || l->closed != NULL))
				return done > 0;
			done++;
		}
		s->cursor++;
		if (++place == s->count) {
			place = 0;
			probe++;
		}
	}
	if (done > 0)
		s->last_sent_ms = p->now_ms;
	if (s->cursor >= all && s->put_off_count > 0)
		return done > 0;
	if (s->cursor >= all) {
		if (!packets_write_end(p, l, kind, all))
			return false;
		l->stage = STAGE_PASS_WAIT;
	}
	return true;
}

/* The next thing after a pass whose answers were waited for. */
static void after_pass(struct packets *p, struct lane *l)
{
	struct segment *s = &l->segment;
	unsigned most = p->setup->retries + 1;
	bool missing = s->answers < s->sent;

	/* Fewer answers cannot tell that next to nothing gets lost; then the rest is asked twice anyway. */
	if (s->pass == 0 && missing && most > 1 && s->sample_count >= SAMPLE / 2 &&
	    s->sample_next == 0) {
		l->stage = STAGE_SAMPLE;
		return;
	}
	if (s->rounds == 0) {
		enum { TOO_FEW = 5 }; /* to tell how much, but something gets lost */
		double lost = share_lost(s->sample_sent, s->sample_answered);
		unsigned least = s->sample_sent >= SAMPLE / 2 ? 1 : lost > 0 ? TOO_FEW : 2;

		s->rounds = rounds_for(lost, (double)s->total, most);
		if (s->rounds < least)
			s->rounds = least;
		if (s->rounds > most)
			s->rounds = most;
	}
	/* What was heard of only now shows that more may be missing; and a host that is new has its
	 * other ports asked again too. */
	bool more = s->disturbed || (s->pass > 0 && s->news > 0);
	bool again = s->pass + 1 < s->rounds || (more && s->pass + 1 < most);
	if (!missing || !again) {
		segment_tell(p, l, HOST_SILENT, NULL);
		segment_over(p, l);
		return;
	}
	s->pass++;
	s->cursor = 0;
	s->put_off_first = s->put_off_count = 0;
	s->echo = true;
	s->whole = s->disturbed;
	s->disturbed = false;
	s->news = 0;
	s->sent = s->answers = 0;
	l->stage = STAGE_PASS;
}

static bool sample(struct packets *p, struct lane *l)
{
	struct segment *s = &l->segment;
	unsigned done = 0;

	while (s->sample_next < s->sample_count && done < 64) {
		uint32_t host = s->sample[2 * s->sample_next];
		uint32_t probe = s->sample[2 * s->sample_next + 1];
		struct seen *n = seen_if_any(s, host);
		const uint8_t *mac = find_mac(l, host);
		struct addr a = segment_address(l, host);
		struct pace *pace = s->paces != NULL ? &s->paces[host] : NULL;
		int64_t now = p->start_ms + p->now_ms;

		if ((n != NULL && n->left) || mac == NULL) {
			s->sample_next++;
			continue;
		}
		/* SYN and RST at once: nothing is held for what was answered before. */
		if (pace != NULL && !pace_ready(pace, 2, 0, now))
			break;
		uint64_t place = (uint64_t)probe * s->count + order_place(&s->order, host);
		if (!packets_written(p, l, "syn", place, place + 1))
			return false;
		enum launch r = packets_launch_syn(p, l, mac, &a, p->probes[probe].port, 2, 0, 0);
		if (r == LAUNCH_LATER || r == LAUNCH_DOWN || p->stopping || l->closed != NULL)
			break;
		s->sample_next++;
		if (r != LAUNCHED)
			continue;
		if (pace != NULL)
			pace_take(pace, 2, now);
		s->sample_sent++;
		s->last_sent_ms = p->now_ms;
		done++;
	}
	if (s->sample_next >= s->sample_count) {
		if (!packets_write_end(p, l, "syn", (uint64_t)s->count * p->probe_count))
			return false;
		l->stage = STAGE_SAMPLE_WAIT;
		return true;
	}
	return done > 0;
}

/* The gateway's MAC: from the kernel, else asked for. */
static bool hop(struct packets *p, struct lane *l)
{
	enum { TRIES = 3, TRY_MS = 1000, KNOWN_MS = 200 };
	/* Whoever is on the link can put a group's or no address into the kernel's table. */
	static const uint8_t none[6] = { 0 };
	uint8_t mac[6];

	if (l->hop_tries > 0 && p->now_ms < l->wait_ms)
		return false;
	/* Asked before the table is believed: it may hold a gateway that was replaced, and frames to a
	 * MAC that no switch knows go to every port. */
	bool known = neighbour_find(&l->way->next_hop, l->way->ifindex, mac) == NEIGHBOUR_KNOWN &&
		     (mac[0] & 1) == 0 && memcmp(mac, none, 6) != 0;
	if (known && l->hop_tries > 0) {
		memcpy(l->hop_mac, mac, 6);
		l->stage = l->after_hop;
		return true;
	}
	if (l->hop_tries == TRIES) {
		lane_end(p, l, HOST_SILENT, PACKETS_NO_GATEWAY);
		return true;
	}
	enum launch r = packets_launch_find(p, l, &l->way->next_hop, NULL);
	if (r == LAUNCHED || r == LAUNCH_REFUSED) {
		l->hop_tries++;
		l->wait_ms = p->now_ms + (known ? KNOWN_MS : TRY_MS);
	}
	return false;
}

void sweep_expire(struct packets *p, struct lane *l)
{
	if (l->flights != NULL && l->segment.answered != NULL && l->stage >= STAGE_PASS)
		expire(p, l);
}

bool sweep_advance(struct packets *p, struct lane *l)
{
	struct segment *s = &l->segment;
	int e;

	switch (l->stage) {
	case STAGE_OPEN:
		if (l->sweep == SWEEP_BY_PACKETS && udp_probes(p, l) == 0) {
			lane_end(p, l, HOST_SKIPPED, "no TCP port in the plan");
			return true;
		}
		e = segment_open(p, l);
		if (e != 0 && !p->stopping)
			lane_end(p, l, HOST_SKIPPED, strerror(-e));
		return true;
	case STAGE_HOP:
		return hop(p, l);
	case STAGE_PASS:
		return pass(p, l);
	case STAGE_PASS_WAIT:
		if (s->answers < s->sent && (p->now_ms - s->last_sent_ms < l->answer_ms ||
					     p->now_ms - s->last_heard_ms < ANSWER_LEAST_MS))
			return false;
		after_pass(p, l);
		return true;
	case STAGE_SAMPLE:
		return sample(p, l);
	case STAGE_SAMPLE_WAIT:
		if (s->sample_answered < s->sample_sent &&
		    p->now_ms - s->last_sent_ms < l->answer_ms)
			return false;
		after_pass(p, l);
		return true;
	default:
		return find_advance(p, l);
	}
}
