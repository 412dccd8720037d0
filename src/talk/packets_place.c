/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The packets process: how far it is, so that a scan can go on after any early end.
 *
 * A lane's place is its segment: which addresses, what was heard of each, and a point of the pass before
 * which everything was sent long enough ago that its answer is among what was heard. main stores the
 * places in one transaction with the results that it was told before them. What lies in no segment needs
 * no place: it is over where the store says so, else it has still to be done.
 */
#include "talk/packets_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "codec/reader.h"
#include "codec/writer.h"

enum {
	PLACE_VERSION = 1,
	EVERY_MS = 1000,
	EVERY_BYTES = 1 << 20, /* more than this is told less often */
	SEEN_ANSWERED = 1,
	SEEN_LEFT = 2,
	SEEN_HANDED = 4,
	SEEN_DUPLICATE = 8,
	PASS_DISTURBED = 1,
	PASS_WHOLE = 2,
};

/* Which ports are meant by their numbers (FNV-1a). */
static uint64_t probes_hash(const struct packets *p)
{
	uint64_t h = 14695981039346656037ULL;

	for (uint32_t i = 0; i < p->probe_count; i++) {
		uint32_t v = (uint32_t)p->probes[i].port << 1 | p->probes[i].udp;

		for (int k = 0; k < 3; k++, v >>= 8)
			h = (h ^ (v & 0xff)) * 1099511628211ULL;
	}
	return h;
}

/* ---- telling ---- */

static bool waits_for_hop(const struct lane *l)
{
	return l->stage == STAGE_HOP;
}

static bool in_pass(enum stage s)
{
	return s == STAGE_PASS || s == STAGE_PASS_WAIT;
}

static struct mark mark_now(const struct lane *l)
{
	const struct segment *s = &l->segment;
	uint64_t cursor = s->cursor;

	/* What waits for its host has not been sent. */
	if (s->put_off_count > 0)
		cursor = s->put_off[0].place;
	return (struct mark){ .stage = waits_for_hop(l) ? l->after_hop : l->stage,
			      .pass = s->pass,
			      .echo = s->echo,
			      .cursor = cursor,
			      .sent = s->sent,
			      .sample_next = s->sample_next,
			      .sample_sent = s->sample_sent };
}

/* Back to the first attempt that may still be answered, where attempts are kept in a row. */
static bool before_flights(const struct packets *p, const struct lane *l, struct mark *m)
{
	const struct segment *s = &l->segment;
	bool any = false;

	for (size_t i = 0; i < l->flight_count; i++) {
		const struct flight *f = &l->flights[(l->flight_first + i) % FLIGHTS];
		bool find = !in_pass(m->stage);

		if ((f->bit & FLIGHT_ECHO) != 0) /* its pass goes on from the last place instead */
			continue;
		if (find ? bit_is(s->there, f->host) : bit_is(s->answered, f->bit))
			continue;
		if (!any) {
			uint64_t probe = find ? 0 : f->bit % p->probe_count;

			m->cursor = probe * s->count + order_place(&s->order, f->host);
			m->stage = find ? STAGE_FIND : STAGE_PASS;
		}
		any = true;
		m->sent -= m->sent > 0;
	}
	return any;
}

/* The point to go on from: before it nothing waits for an answer. */
static struct mark safe_point(const struct packets *p, struct lane *l)
{
	const struct segment *s = &l->segment;
	struct mark m = mark_now(l), then = l->mark;

	l->mark = m;
	if (waits_for_hop(l))
		return m; /* nothing was sent yet */
	bool alike = then.pass == m.pass && then.echo == m.echo;
	switch (m.stage) {
	case STAGE_FIND:
	case STAGE_FIND_WAIT:
		before_flights(p, l, &m);
		break;
	case STAGE_PASS:
	case STAGE_PASS_WAIT:
		if (!m.echo && l->flights != NULL) {
			before_flights(p, l, &m);
			break;
		}
		/* Else what was so when the last place was told, or the begin of the pass. */
		m.stage = STAGE_PASS;
		m.cursor = alike && in_pass(then.stage) ? then.cursor : 0;
		m.sent = alike && in_pass(then.stage) ? then.sent : 0;
		break;
	case STAGE_FIND_SAMPLE:
	case STAGE_FIND_SAMPLE_WAIT:
		if (before_flights(p, l, &m))
			break; /* the first round is not all answered yet */
		alike = alike &&
			(then.stage == STAGE_FIND_SAMPLE || then.stage == STAGE_FIND_SAMPLE_WAIT);
		m.stage = STAGE_FIND_SAMPLE;
		m.sample_next = alike ? then.sample_next : 0;
		m.sample_sent = alike ? then.sample_sent : 0;
		break;
	case STAGE_SAMPLE:
	case STAGE_SAMPLE_WAIT:
		alike = alike && (then.stage == STAGE_SAMPLE || then.stage == STAGE_SAMPLE_WAIT);
		m.stage = STAGE_SAMPLE;
		m.sample_next = alike ? then.sample_next : 0;
		m.sample_sent = alike ? then.sample_sent : 0;
		break;
	case STAGE_OPEN:
	case STAGE_HOP:
	case STAGE_OVER:
		break;
	}
	if (m.sample_sent > s->sample_sent)
		m.sample_sent = s->sample_sent;
	return m;
}

static void write_ranges(struct writer *w, const struct ranges *set)
{
	wr_le32(w, (uint32_t)set->count);
	for (size_t i = 0; i < set->count; i++) {
		wr_le32(w, set->list[i].first.scope);
		wr_bytes(w, set->list[i].first.bytes, 16);
		wr_bytes(w, set->list[i].last.bytes, 16);
	}
}

static uint8_t eight_bits(const uint64_t *bits, uint64_t at, unsigned n)
{
	uint8_t v = 0;

	for (unsigned i = 0; i < n; i++)
		v = (uint8_t)(v | (unsigned)bit_is(bits, at + i) << i);
	return v;
}

static void write_seen(struct writer *w, const struct packets *p, const struct segment *s,
		       uint32_t host)
{
	const struct seen *n = &s->seen[s->seen_of[host] - 1];
	uint64_t at = (uint64_t)host * p->probe_count;

	wr_le32(w, host);
	wr_le32(w, n->open);
	wr_le32(w, n->closed);
	wr_le32(w, n->filtered);
	wr_le64(w, (uint64_t)n->first_ms);
	wr_le64(w, (uint64_t)n->last_ms);
	wr_le32(w, n->rtt_us);
	wr_le16(w, n->handed_port);
	wr_u8(w, n->no_host);
	wr_u8(w, (uint8_t)((n->answered ? SEEN_ANSWERED : 0) | (n->left ? SEEN_LEFT : 0) |
			   (n->handed ? SEEN_HANDED : 0) | (n->duplicate ? SEEN_DUPLICATE : 0)));
	for (uint32_t i = 0; s->answered != NULL && i < p->probe_count; i += 8)
		wr_u8(w, eight_bits(s->answered, at + i,
				    p->probe_count - i < 8 ? p->probe_count - i : 8));
}

static bool heard_since(const struct segment *s, const struct mark *m, size_t i)
{
	return i >= m->sample_next && s->sample[2 * i] == UINT32_MAX;
}

/* What was sampled behind the point and has its answer already is left out, and counts as sent. */
static void write_sample(struct writer *w, const struct segment *s, const struct mark *m)
{
	size_t count = s->sample != NULL ? s->sample_count : 0, heard = 0;

	for (size_t i = 0; i < count; i++)
		heard += heard_since(s, m, i);
	uint64_t sent = m->sample_sent + heard;
	wr_le64(w, sent);
	wr_le64(w, s->sample_answered < sent ? s->sample_answered : sent);
	wr_le32(w, (uint32_t)m->sample_next);
	wr_le32(w, (uint32_t)(count - heard));
	for (size_t i = 0; i < count; i++) {
		if (heard_since(s, m, i))
			continue;
		wr_le32(w, s->sample[2 * i]);
		wr_le32(w, s->sample[2 * i + 1]);
	}
}

static void write_place(struct writer *w, const struct packets *p, struct lane *l,
			const struct ranges *addresses)
{
	const struct segment *s = &l->segment;
	struct mark m = safe_point(p, l);

	wr_u8(w, PLACE_VERSION);
	wr_bytes(w, p->setup->order_key, sizeof(p->setup->order_key));
	wr_le64(w, probes_hash(p));
	wr_u8(w, (uint8_t)l->sweep);
	wr_u8(w, l->way->on_link);
	write_ranges(w, addresses);
	wr_le32(w, l->answer_ms);
	wr_le32(w, l->slowest_ms);
	wr_le32(w, l->timed);
	wr_u8(w, (uint8_t)m.stage);
	wr_u8(w, s->echo);
	wr_le32(w, s->pass);
	wr_le32(w, s->rounds);
	wr_le32(w, s->news);
	wr_le64(w, m.cursor);
	wr_le64(w, m.sent);
	wr_le64(w, s->answers);
	wr_le64(w, s->total);
	wr_u8(w, (uint8_t)((s->disturbed ? PASS_DISTURBED : 0) | (s->whole ? PASS_WHOLE : 0)));
	write_sample(w, s, &m);
	wr_le32(w, (uint32_t)s->found_count);
	for (size_t i = 0; i < s->found_count; i++) {
		wr_le32(w, s->found[i].host);
		wr_bytes(w, s->found[i].mac, 6);
	}
	wr_le32(w, (uint32_t)s->seen_count);
	for (uint32_t host = 0; host < s->count; host++)
		if (s->seen_of[host] != 0)
			write_seen(w, p, s, host);
}

/* A lane's record in the box: its number, the length, the place; none where it has no segment. */
static bool write_lane(struct writer *w, const struct packets *p, struct lane *l)
{
	struct ranges addresses = { 0 };
	uint8_t length[4];
	bool good = true;

	wr_le32(w, (uint32_t)(l - p->lanes));
	size_t at = w->length;
	wr_le32(w, 0);
	if (l->segment.seen_of != NULL && l->stage != STAGE_OPEN) {
		good = segment_ranges(l, &addresses) == 0;
		if (good)
			write_place(w, p, l, &addresses);
		ranges_done(&addresses);
	}
	if (!good || !wr_ok(w))
		return false;
	struct writer field = wr_new(length, sizeof(length));
	wr_le32(&field, (uint32_t)(w->length - at - 4));
	memcpy(w->start + at, length, sizeof(length));
	return true;
}

void places_tell(struct packets *p, bool at_once)
{
	struct place_box *box = p->setup->places;

	if (box == NULL || p->stopping || (p->now_ms < p->place_ms && !at_once) ||
	    atomic_load(&box->full))
		return;
	struct writer w = wr_new(box->bytes, sizeof(box->bytes));
	for (size_t i = 0; i < p->lane_count; i++) {
		struct lane *l = &p->lanes[i];

		/* A lane that ended before its segment did keeps the last place. */
		if (l->stage == STAGE_OVER && l->segment.seen_of != NULL)
			continue;
		if (!write_lane(&w, p, l)) {
			p->place_ms = INT64_MAX; /* far too large: its segment would begin anew */
			return;
		}
	}
	box->used = w.length;
	box->first = !p->places_told;
	p->places_told = true;
	p->place_ms = p->now_ms + EVERY_MS + (int64_t)(w.length / EVERY_BYTES) * EVERY_MS;
	atomic_store(&box->full, true);
	struct sight s = { .kind = SIGHT_PLACE };
	packets_tell(p, &s);
}

/* ---- going on ---- */

static bool read_ranges(struct reader *r, struct ranges *ret)
{
	size_t n = rd_le32(r);

	if (n == 0 || n > rd_left(r) / 36)
		return false;
	while (n-- > 0) {
		struct range one = { 0 };

		one.first.scope = one.last.scope = rd_le32(r);
		struct span first = rd_span(r, 16), last = rd_span(r, 16);
		if (!rd_ok(r))
			return false;
		memcpy(one.first.bytes, first.at, 16);
		memcpy(one.last.bytes, last.at, 16);
		if (ranges_add(ret, &one) != 0)
			return false;
	}
	return true;
}

int places_read(struct packets *p)
{
	const struct packets_setup *s = p->setup;

	p->kept = calloc(s->kept_count + 1, sizeof(*p->kept));
	if (p->kept == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < s->kept_count; i++) {
		struct kept *k = &p->kept[p->kept_count];

		*k = (struct kept){ .at = rd_new(s->kept[i]) };
		uint8_t version = rd_u8(&k->at);
		struct span key = rd_span(&k->at, sizeof(s->order_key));
		uint64_t hash = rd_le64(&k->at);
		k->sweep = rd_u8(&k->at);
		k->on_link = rd_u8(&k->at) != 0;
		if (rd_ok(&k->at) && version == PLACE_VERSION &&
		    memcmp(key.at, s->order_key, sizeof(s->order_key)) == 0 &&
		    hash == probes_hash(p) && read_ranges(&k->at, &k->addresses))
			p->kept_count++; /* any other is of no use: its segment begins anew */
		else
			ranges_done(&k->addresses);
	}
	return 0;
}

bool place_fits(const struct kept *k, const struct ranges *addresses, enum sweep_way sweep,
		bool on_link)
{
	struct ranges rest = { 0 };
	bool fits = !k->used && k->sweep == (uint8_t)sweep && k->on_link == on_link &&
		    ranges_add_all(&rest, &k->addresses) == 0 &&
		    ranges_subtract(&rest, addresses) == 0 && rest.count == 0;

	ranges_done(&rest);
	return fits;
}

/* What need not be looked at again: its sweep is over, or is the guard's because it is a controller. */
int places_over(struct packets *p)
{
	const struct resumed *r = p->setup->resumed;
	int e = 0;

	if (r == NULL)
		return 0;
	e = ranges_add_all(&p->over, &r->quiet);
	for (size_t i = 0; i < r->over_count && e == 0; i++) {
		const struct range one = { r->over[i], r->over[i] };

		e = ranges_add(&p->over, &one);
	}
	for (size_t i = 0; i < r->host_count && e == 0; i++) {
		const struct resumed_host *h = &r->hosts[i];
		const struct range one = { h->address, h->address };

		if (h->over || h->ot_sign == NULL ||
		    sweep_way(p->setup->plan, p->setup->routes, true, &h->address) !=
			    SWEEP_BY_PACKETS)
			continue;
		struct sight s = { .kind = SIGHT_FOUND, .address = h->address };
		snprintf(s.reason, sizeof(s.reason), "%s", h->ot_sign);
		s.has_mac = sscanf(h->mac, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &s.mac[0], &s.mac[1],
				   &s.mac[2], &s.mac[3], &s.mac[4], &s.mac[5]) == 6;
		packets_tell(p, &s);
		e = ranges_add(&p->over, &one);
	}
	return e;
}

static bool read_seen(struct packets *p, struct lane *l, struct reader *r)
{
	struct segment *s = &l->segment;
	uint32_t host = rd_le32(r);
	struct seen *n = host < s->count ? segment_seen(p, l, host) : NULL;

	if (n == NULL)
		return false;
	n->open = rd_le32(r);
	n->closed = rd_le32(r);
	n->filtered = rd_le32(r);
	n->first_ms = (int64_t)rd_le64(r);
	n->last_ms = (int64_t)rd_le64(r);
	n->rtt_us = rd_le32(r);
	n->handed_port = rd_le16(r);
	n->no_host = rd_u8(r);
	uint8_t flags = rd_u8(r);
	n->answered = (flags & SEEN_ANSWERED) != 0;
	n->left = (flags & SEEN_LEFT) != 0;
	n->handed = (flags & SEEN_HANDED) != 0;
	n->duplicate = (flags & SEEN_DUPLICATE) != 0;
	for (uint32_t i = 0; s->answered != NULL && i < p->probe_count; i += 8) {
		uint8_t v = rd_u8(r);

		for (unsigned b = 0; b < 8 && i + b < p->probe_count; b++)
			if ((v >> b & 1) != 0)
				bit_set(s->answered, (uint64_t)host * p->probe_count + i + b);
	}
	return rd_ok(r);
}

static bool read_found(struct segment *s, struct reader *r)
{
	size_t n = rd_le32(r);

	if (n > rd_left(r) / 10 || (n > 0 && s->there == NULL))
		return false;
	s->found = calloc(n + 1, sizeof(*s->found));
	if (s->found == NULL)
		return false;
	s->found_room = n + 1;
	for (; s->found_count < n; s->found_count++) {
		struct found *f = &s->found[s->found_count];

		f->host = rd_le32(r);
		struct span mac = rd_span(r, 6);
		if (!rd_ok(r) || f->host >= s->count)
			return false;
		memcpy(f->mac, mac.at, 6);
		bit_set(s->there, f->host);
	}
	return true;
}

static bool read_sample(const struct packets *p, struct segment *s, struct reader *r)
{
	s->sample_next = rd_le32(r);
	s->sample_count = rd_le32(r);
	if (s->sample_count > SAMPLE || (s->sample_count > 0 && s->sample == NULL))
		return false;
	for (size_t i = 0; i < s->sample_count; i++) {
		uint32_t host = rd_le32(r), probe = rd_le32(r);

		/* Who has answered to the sample is crossed out. */
		bool out = host == UINT32_MAX && i < s->sample_next;
		if ((host >= s->count && !out) || probe >= p->probe_count)
			return false;
		s->sample[2 * i] = host;
		s->sample[2 * i + 1] = probe;
	}
	return true;
}

static bool read_place(struct packets *p, struct lane *l, struct reader r)
{
	struct segment *s = &l->segment;
	uint32_t answer_ms = rd_le32(&r), slowest_ms = rd_le32(&r), timed = rd_le32(&r);
	enum stage stage = (enum stage)rd_u8(&r);

	s->echo = rd_u8(&r) != 0;
	s->pass = rd_le32(&r);
	s->rounds = rd_le32(&r);
	s->news = rd_le32(&r);
	s->cursor = rd_le64(&r);
	s->sent = rd_le64(&r);
	s->answers = rd_le64(&r);
	s->total = rd_le64(&r);
	uint8_t flags = rd_u8(&r);
	s->disturbed = (flags & PASS_DISTURBED) != 0;
	s->whole = (flags & PASS_WHOLE) != 0;
	s->sample_sent = rd_le64(&r);
	s->sample_answered = rd_le64(&r);
	if (!read_sample(p, s, &r) || !read_found(s, &r))
		return false;
	size_t seen = rd_le32(&r);
	while (seen-- > 0)
		if (!read_seen(p, l, &r))
			return false;
	bool finds = stage == STAGE_FIND || stage == STAGE_FIND_WAIT || stage == STAGE_FIND_SAMPLE;
	bool known = finds ? l->way->on_link : in_pass(stage) || stage == STAGE_SAMPLE;
	if (stage == STAGE_SAMPLE && s->sample_next > s->sample_count)
		return false;
	if (!rd_end(&r) || !known || s->cursor > (uint64_t)s->count * (p->probe_count + 1) ||
	    (!finds && stage != STAGE_SAMPLE && s->answered == NULL))
		return false;
	if (s->asked != NULL) /* answers are taken from who was asked before */
		for (uint64_t i = 0; i < s->count; i++)
			if (!finds || s->pass > 0 || i < s->cursor)
				bit_set(s->asked, order_at(&s->order, i));
	if (answer_ms >= ANSWER_LEAST_MS && answer_ms <= ANSWER_MS) {
		l->answer_ms = answer_ms;
		l->slowest_ms = slowest_ms;
		l->timed = timed;
	}
	if (waits_for_hop(l))
		l->after_hop = stage;
	else
		l->stage = stage;
	return true;
}

/* The guard has to know again of what it was told; what the store knows to be over is left out. */
static void settle_hosts(struct packets *p, struct lane *l)
{
	const struct resumed *r = p->setup->resumed;
	struct segment *s = &l->segment;

	for (uint32_t host = 0; host < s->count; host++) {
		struct addr a = segment_address(l, host);
		struct seen *n = segment_seen_if_any(s, host);

		if (ranges_contain(&p->over, &a) && !ranges_contain(&r->quiet, &a)) {
			n = segment_seen(p, l, host);
			if (n != NULL)
				n->left = n->handed = true;
		} else if (n != NULL && n->handed) {
			sweep_hand_over(p, l, host);
		}
	}
}

void places_restore(struct packets *p)
{
	for (size_t i = 0; i < p->lane_count; i++) {
		struct lane *l = &p->lanes[i];

		if (l->kept == 0)
			continue;
		if (segment_open(p, l) == 0 && l->next == l->index.count &&
		    read_place(p, l, p->kept[l->kept - 1].at)) {
			settle_hosts(p, l);
			continue;
		}
		segment_done(&l->segment);
		l->next = 0;
		l->stage = STAGE_OPEN;
		l->after_hop = STAGE_PASS;
	}
}

void places_done(struct packets *p)
{
	for (size_t i = 0; i < p->kept_count; i++)
		ranges_done(&p->kept[i].addresses);
	free(p->kept);
	ranges_done(&p->over);
}
