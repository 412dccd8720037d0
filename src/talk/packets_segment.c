/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The packets process: a segment, the block of a lane's addresses that is worked on at one time, and what
 * main is told of its hosts. What was answered is one bit per host and port.
 */
#include "talk/packets_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- the segment ---- */

void segment_done(struct segment *s)
{
	free(s->answered);
	free(s->open);
	free(s->seen_of);
	free(s->seen);
	free(s->paces);
	free(s->asking);
	free(s->sure_ms);
	free(s->asked);
	free(s->there);
	free(s->waits);
	free(s->put_off);
	free(s->behind);
	free(s->found);
	free(s->sample);
	*s = (struct segment){ 0 };
}

static bool is_udp(const struct packets *p, uint64_t bit)
{
	return p->probes[bit % p->probe_count].udp;
}

/* For a SYN the kernel's RST was held; by UDP it sends nothing. */
void segment_settle(struct packets *p, struct lane *l, uint32_t host, uint64_t bit, unsigned sent)
{
	struct segment *s = &l->segment;

	if ((bit & FLIGHT_ECHO) != 0) {
		find_settle(l, host);
		packets_kernel_settle(p, l, host, false);
		return;
	}
	bool open = s->open != NULL && bit_is(s->open, bit);
	unsigned held = open && !is_udp(p, bit);
	struct account account = packets_account(l, host);

	if (open) {
		bit_clear(s->open, bit);
		l->unanswered -= l->unanswered > 0;
	}
	packets_count(p, &account, sent, held, 0, 0);
	packets_kernel_settle(p, l, host, sent > 0);
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
	uint64_t left = l->index.count - l->next;

	/* What was answered early is still in the row; its bits belong to the segment that goes. */
	for (; l->flight_count > 0; l->flight_count--) {
		const struct flight *f = &l->flights[l->flight_first];

		if (s->answered != NULL)
			segment_settle(p, l, f->host, f->bit, 0);
		l->flight_first = (l->flight_first + 1) % FLIGHTS;
	}
	l->unanswered = 0;
	packets_disown(p, s);
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
	s->waits = calloc(words, 8);
	if (sweeps) {
		s->answered = calloc((uint64_t)s->count * p->probe_count / 64 + 1, 8);
		s->sample = calloc((size_t)SAMPLE * 2, sizeof(*s->sample));
	}
	if (sweeps && l->flights != NULL)
		s->open = calloc((uint64_t)s->count * p->probe_count / 64 + 1, 8);
	if (l->way->on_link) {
		s->asked = calloc(words, 8);
		s->there = calloc(words, 8);
	}
	if (sweeps && l->minds_kernel && l->way->on_link) {
		s->asking = calloc(words, 8);
		s->sure_ms = calloc(s->count, sizeof(*s->sure_ms));
	}
	if (sweeps && l->host_rate != 0) {
		s->paces = calloc(s->count, sizeof(*s->paces));
		s->put_off = calloc(PUT_OFF, sizeof(*s->put_off));
		s->behind = calloc(words, 8);
		for (uint32_t i = 0; s->paces != NULL && i < s->count; i++)
			pace_init(&s->paces[i], l->host_rate, 3, p->setup->resumed != NULL,
				  p->start_ms + p->now_ms);
	}
	if (s->seen_of == NULL || s->waits == NULL ||
	    (sweeps && (s->answered == NULL || s->sample == NULL)) ||
	    (l->way->on_link && (s->asked == NULL || s->there == NULL)) ||
	    (sweeps && l->minds_kernel && l->way->on_link &&
	     (s->asking == NULL || s->sure_ms == NULL)) ||
	    (sweeps && l->host_rate != 0 &&
	     (s->paces == NULL || s->put_off == NULL || s->behind == NULL)) ||
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
	s->echo = p->probe_count == 0;
	l->stage = l->way->on_link ? STAGE_FIND : l->hop_tries == 0 ? STAGE_HOP : STAGE_PASS;
	return 0;
}

struct addr segment_address(struct lane *l, uint32_t host)
{
	return ranges_index_at(&l->index, l->segment.first + host);
}

bool segment_host(struct lane *l, const struct addr *a, uint32_t *ret)
{
	uint64_t i;

	if (l->segment.seen_of == NULL || !ranges_index_of(&l->index, a, &i) ||
	    i < l->segment.first || i - l->segment.first >= l->segment.count)
		return false;
	*ret = (uint32_t)(i - l->segment.first);
	return true;
}

int segment_ranges(struct lane *l, struct ranges *ret)
{
	const struct segment *s = &l->segment;
	int e = 0;

	for (size_t i = 0; i < l->targets.count && e == 0; i++) {
		struct range r = l->targets.list[i];
		uint64_t from = l->index.before[i], to = l->index.before[i + 1];

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
		(struct seen){ .first_ms = packets_unix_ms(p), .last_ms = packets_unix_ms(p) };
	s->seen_of[host] = (uint32_t)++s->seen_count;
	return &s->seen[s->seen_count - 1];
}

/* ---- telling ---- */

struct sight segment_sight(struct packets *p, struct lane *l, uint32_t host, const struct seen *n,
			   enum sight_kind kind)
{
	struct sight t = { .kind = kind, .address = segment_address(l, host) };
	const uint8_t *mac = l->way->on_link ? find_mac(l, host) : NULL;

	t.open = n->open;
	t.closed = n->closed;
	t.filtered = n->filtered;
	t.rtt_us = n->rtt_us;
	t.silent = p->ports.count - n->open - n->closed - n->filtered;
	t.first_ms = n->first_ms;
	t.last_ms = n->last_ms;
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
	struct sight t = segment_sight(p, l, host, n, SIGHT_HOST);
	bool all_ports = n->all_ports;
	const char *why = "";

	t.complete = cut == NULL && !n->left && p->probe_count > 0;
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
	} else if (p->probe_count == 0) {
		why = SWEEP_NO_PORT;
	} else if (!n->answered && !found) {
		why = "filtered";
	}
	snprintf(t.reason, sizeof(t.reason), "%s", why);
	packets_tell(p, &t);
}

void segment_tell_early(struct packets *p, struct lane *l, uint32_t host, struct seen *n)
{
	bool whole = n->open + n->closed + n->filtered == p->ports.count && n->no_host == 0 &&
		     udp_probes(p, l) == p->ports.count;

	if (!whole || n->left || l->way->on_link || l->segment.paces != NULL)
		return;
	tell_host(p, l, host, n, false, HOST_ANSWERING, NULL);
	n->told = true;
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
		const struct seen *n = segment_seen_if_any(s, i);
		bool found = on_link && bit_is(s->there, i);

		if (n == NULL && !found)
			continue;
		flush_quiet(p, &quiet, l, from, i);
		from = i + 1;
		struct seen none = { .first_ms = packets_unix_ms(p),
				     .last_ms = packets_unix_ms(p) };
		if (n == NULL)
			n = &none;
		if (!n->handed && !n->told)
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
			segment_settle(p, l, f->host, f->bit, 0);
		l->flight_first = (l->flight_first + 1) % FLIGHTS;
	}
	l->unanswered = 0;
}

void segment_over(struct packets *p, struct lane *l)
{
	settle_all(p, l);
	packets_disown(p, &l->segment);
	segment_done(&l->segment);
	l->stage = l->next == l->index.count ? STAGE_OVER : STAGE_OPEN;
}

void lane_end(struct packets *p, struct lane *l, enum host_state state, const char *cut)
{
	struct sight quiet = {
		.kind = SIGHT_QUIET,
		.host_state = state,
		.first_ms = packets_unix_ms(p),
		.last_ms = packets_unix_ms(p),
	};

	settle_all(p, l);
	if (l->segment.seen_of != NULL && l->stage != STAGE_OPEN)
		segment_tell(p, l, state, cut);
	snprintf(quiet.reason, sizeof(quiet.reason), "%s", cut);
	for (size_t i = 0; i < l->targets.count; i++) {
		uint64_t from = l->index.before[i], to = l->index.before[i + 1];

		if (to <= l->next)
			continue;
		quiet.address = ranges_index_at(&l->index, from > l->next ? from : l->next);
		quiet.last = l->targets.list[i].last;
		packets_tell(p, &quiet);
	}
	l->next = l->index.count;
	l->stage = STAGE_OVER;
}
