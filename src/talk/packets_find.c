/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The packets process: which addresses of a local segment are there (ARP, neighbour discovery).
 *
 * Everybody on the segment gets every question, so at most UNRESOLVED_MOST are open at once and the
 * segment's own pace holds. A host that answered is asked once more by a frame for it alone, until
 * enough was asked to know how much gets lost; silent addresses are asked again as often as that needs.
 */
#include "talk/packets_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "wire/vendor.h"

static bool by_host_less(const struct found *f, uint32_t host)
{
	return f->host < host;
}

static struct found *found_at(const struct segment *s, uint32_t host)
{
	size_t low = 0, high = s->found_count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (by_host_less(&s->found[middle], host))
			low = middle + 1;
		else
			high = middle;
	}
	return low < s->found_count && s->found[low].host == host ? &s->found[low] : NULL;
}

static int by_host(const void *a, const void *b)
{
	const struct found *x = a, *y = b;

	return x->host < y->host ? -1 : x->host > y->host;
}

const uint8_t *find_mac(const struct lane *l, uint32_t host)
{
	if (!l->way->on_link)
		return l->hop_mac;
	const struct found *f = found_at(&l->segment, host);
	return f != NULL ? f->mac : NULL;
}

/* ---- answers ---- */

static void hand_over(struct packets *p, const struct addr *a, const uint8_t mac[static 6],
		      const char *sign)
{
	struct sight s = { .kind = SIGHT_FOUND, .address = *a, .has_mac = true };

	memcpy(s.mac, mac, 6);
	snprintf(s.reason, sizeof(s.reason), "%s", sign);
	packets_tell(p, &s);
}

/* ---- devices: one MAC is one machine ---- */

/* The sign by which this MAC is known as that of control equipment, or NULL. */
static const char *known_device(const struct packets *p, const uint8_t mac[static 6])
{
	for (size_t i = 0; i < p->device_count; i++)
		if (memcmp(p->devices[i].mac, mac, 6) == 0)
			return p->devices[i].sign;
	return NULL;
}

void find_control_device(struct packets *p, const uint8_t mac[static 6], const char *sign)
{
	struct device_sign *more;

	if (known_device(p, mac) != NULL)
		return;
	more = realloc(p->devices, (p->device_count + 1) * sizeof(*more));
	if (more == NULL)
		return; /* its other addresses show themselves by their own ports */
	p->devices = more;
	memcpy(p->devices[p->device_count].mac, mac, 6);
	snprintf(p->devices[p->device_count].sign, sizeof(p->devices->sign), "%s", sign);
	p->device_count++;
	for (size_t i = 0; i < p->lane_count; i++) {
		struct lane *l = &p->lanes[i];
		struct segment *s = &l->segment;

		for (size_t k = 0; l->sweep == SWEEP_BY_PACKETS && k < s->found_count; k++) {
			struct seen *n = memcmp(s->found[k].mac, mac, 6) == 0
						 ? segment_seen(p, l, s->found[k].host)
						 : NULL;

			if (n == NULL || n->left)
				continue;
			struct addr a = segment_address(l, s->found[k].host);
			hand_over(p, &a, mac, sign);
			n->left = n->handed = true;
		}
	}
}

static void found_new(struct packets *p, struct lane *l, uint32_t host, const struct addr *a,
		      const uint8_t mac[static 6])
{
	struct segment *s = &l->segment;

	if (s->found_count == s->found_room) {
		size_t more = s->found_room == 0 ? 256 : s->found_room * 2;
		struct found *list = realloc(s->found, more * sizeof(*list));

		if (list == NULL)
			return; /* asked again in the next round */
		s->found = list;
		s->found_room = more;
	}
	bit_set(s->there, host);
	size_t at = s->found_count++;
	if (l->stage >= STAGE_PASS) {
		/* Late: the list is in order by now, and what went before it is asked again. */
		while (at > 0 && s->found[at - 1].host > host) {
			s->found[at] = s->found[at - 1];
			at--;
		}
		s->disturbed = true;
		s->sent++;
	}
	s->found[at] = (struct found){ .host = host };
	memcpy(s->found[at].mac, mac, 6);
	s->answers += l->stage < STAGE_PASS;
	s->news++;
	const char *maker = vendor_controller_maker(mac), *known = known_device(p, mac);
	char sign[64] = "", address[ADDR_TEXT];
	if (maker != NULL)
		snprintf(sign, sizeof(sign), "maker %s", maker);
	else if (known != NULL)
		snprintf(sign, sizeof(sign), "%s", known);
	if (l->sweep == SWEEP_AFTER_FOUND || sign[0] != '\0') {
		struct seen *seen = segment_seen(p, l, host);

		hand_over(p, a, mac, sign);
		if (seen != NULL)
			seen->left = seen->handed = true;
	}
	if (sign[0] == '\0' && l->kind == ZONE_OT)
		snprintf(sign, sizeof(sign), "the same device as %.40s", addr_format(a, address));
	if (sign[0] != '\0')
		find_control_device(p, mac, sign);
}

/* Two machines that answer for one address. */
static void check_duplicate(struct packets *p, struct lane *l, uint32_t host, const struct addr *a,
			    const uint8_t mac[static 6])
{
	struct segment *s = &l->segment;

	for (size_t i = 0; i < s->found_count; i++)
		if (s->found[i].host == host && memcmp(s->found[i].mac, mac, 6) != 0) {
			struct seen *n = segment_seen(p, l, host);

			if (n == NULL || n->duplicate)
				return; /* told once, however many there are */
			n->duplicate = true;
			struct sight d = { .kind = SIGHT_DUPLICATE,
					   .address = *a,
					   .has_mac = true };
			char one[18], other[18];

			memcpy(d.mac, mac, 6);
			neighbour_mac_text(s->found[i].mac, one);
			neighbour_mac_text(mac, other);
			snprintf(d.reason, sizeof(d.reason), "%s %s", one, other);
			packets_tell(p, &d);
			return;
		}
}

void find_settle(struct lane *l, uint32_t host)
{
	if (l->segment.waits == NULL || !bit_is(l->segment.waits, host))
		return;
	bit_clear(l->segment.waits, host);
	l->unanswered -= l->unanswered > 0;
}

/* How long ten answers took tells how long the place of a silent address is kept: the segment's own time,
 * four times over. A later answer counts as well. */
static void note_answer(const struct packets *p, struct lane *l, uint32_t host)
{
	enum { LOOK_BACK = 1024, ENOUGH = 10 };

	for (size_t i = 0; i < l->flight_count && i < LOOK_BACK; i++) {
		const struct flight *f =
			&l->flights[(l->flight_first + l->flight_count - 1 - i) % FLIGHTS];
		uint32_t took = packets_since(p) - f->sent_ms;

		if (f->host != host)
			continue;
		if (took > l->find_slowest_ms)
			l->find_slowest_ms = took;
		if (++l->find_timed >= ENOUGH) {
			uint32_t ms = l->find_slowest_ms * 4;

			l->find_ms = ms < FIND_LEAST_MS ? FIND_LEAST_MS
				     : ms < FIND_MS     ? ms
							: FIND_MS;
		}
		return;
	}
}

void find_heard(struct packets *p, struct wing *w, const struct heard *h)
{
	static const uint8_t none[6] = { 0 };

	if (memcmp(h->mac, none, 6) == 0 || (h->mac[0] & 1) != 0)
		return; /* a group is nobody's own address */
	for (size_t i = 0; i < p->lane_count; i++) {
		struct lane *l = &p->lanes[i];
		struct segment *s = &l->segment;
		uint32_t host;

		if (l->wing != w || addr_compare(&h->to, &l->way->source) != 0)
			continue;
		if (l->stage == STAGE_HOP && l->hop_tries > 0 &&
		    addr_compare(&h->from, &l->way->next_hop) == 0) {
			memcpy(l->hop_mac, h->mac, 6);
			l->stage = l->after_hop;
		}
		if (!l->way->on_link || s->there == NULL || !segment_host(l, &h->from, &host) ||
		    !bit_is(s->asked, host))
			continue; /* nobody asked */
		s->last_heard_ms = p->now_ms;
		if (!bit_is(s->there, host)) {
			note_answer(p, l, host);
			find_settle(l, host);
			found_new(p, l, host, &h->from, h->mac);
		} else {
			if (l->stage == STAGE_FIND_SAMPLE || l->stage == STAGE_FIND_SAMPLE_WAIT)
				s->sample_answered++;
			check_duplicate(p, l, host, &h->from, h->mac);
		}
	}
}

/* ---- questions ---- */

/* What was asked long ago is not waited for any longer. */
static void expire(struct packets *p, struct lane *l)
{
	uint32_t now = packets_since(p);

	while (l->flight_count > 0) {
		struct flight *f = &l->flights[l->flight_first];

		if (now - f->sent_ms < l->find_ms)
			break;
		find_settle(l, f->host);
		l->flight_first = (l->flight_first + 1) % FLIGHTS;
		l->flight_count--;
	}
}

static bool ask(struct packets *p, struct lane *l, uint32_t host, enum launch *ret)
{
	struct segment *s = &l->segment;
	struct addr a = segment_address(l, host);

	*ret = packets_launch_find(p, l, &a, NULL);
	if (*ret != LAUNCHED)
		return false;
	bit_set(s->asked, host);
	s->sent++;
	s->last_sent_ms = p->now_ms;
	bit_set(s->waits, host);
	l->unanswered++;
	l->flights[(l->flight_first + l->flight_count++) % FLIGHTS] =
		(struct flight){ .host = host, .sent_ms = packets_since(p) };
	return true;
}

unsigned rounds_for(double lost, double count, unsigned most)
{
	/* Of what was answered at the first time, to what there must be. */
	double missed = lost < 1 ? count * lost / (1 - lost) : count;
	unsigned n = 1;

	for (; missed > 0.01 && n < most; n++)
		missed *= lost;
	return n;
}

double share_lost(uint64_t sent, uint64_t answered)
{
	if (answered >= sent)
		return 0;
	double lost = (double)(sent - answered + 1) / (double)(sent + 1);
	return lost < 1 ? lost : 1;
}

/* After the sample, or without one. */
static unsigned rounds_needed(const struct segment *s, unsigned retries)
{
	unsigned least = s->sample_sent < LINK_SAMPLE ? 2 : 1;
	double lost = share_lost(s->sample_sent, s->sample_answered);
	unsigned n = rounds_for(lost, (double)s->found_count, retries + 1);

	if (n < least)
		n = least;
	return n < retries + 1 ? n : retries + 1;
}

/* For the journal. */
static const char *find_kind(const struct lane *l)
{
	return addr_is_ipv4(&l->way->source) ? "arp" : "nd";
}

static bool sample(struct packets *p, struct lane *l)
{
	struct segment *s = &l->segment;
	unsigned done = 0;

	while (s->sample_next < s->found_count && s->sample_sent < LINK_SAMPLE && done < 64) {
		const struct found f = s->found[s->sample_next];
		struct addr a = segment_address(l, f.host);
		const struct seen *n = segment_seen_if_any(s, f.host);

		if (n != NULL && n->left) { /* the guard has it */
			s->sample_next++;
			continue;
		}
		uint64_t place = order_place(&s->order, f.host);
		if (!packets_written(p, l, find_kind(l), place, place + 1))
			return false;
		enum launch r = packets_launch_find(p, l, &a, f.mac);
		if (r == LAUNCH_LATER || r == LAUNCH_DOWN || p->stopping || l->closed != NULL)
			break;
		s->sample_next++;
		if (r != LAUNCHED)
			continue;
		s->sample_sent++;
		s->last_sent_ms = p->now_ms;
		done++;
	}
	if (s->sample_next >= s->found_count || s->sample_sent >= LINK_SAMPLE) {
		if (!packets_write_end(p, l, find_kind(l), s->count))
			return false;
		l->stage = STAGE_FIND_SAMPLE_WAIT;
		return true;
	}
	return done > 0;
}

static void find_over(struct packets *p, struct lane *l)
{
	struct segment *s = &l->segment;

	if (s->found_count > 0)
		qsort(s->found, s->found_count, sizeof(*s->found), by_host);
	l->flight_count = l->flight_first = 0;
	l->unanswered = 0;
	memset(s->waits, 0, (s->count / 64 + 1) * 8);
	s->pass = 0;
	s->cursor = 0;
	s->sent = s->answers = s->sample_sent = s->sample_answered = 0;
	s->sample_next = 0;
	s->rounds = 0;
	s->news = 0;
	s->disturbed = false;
	if (l->sweep == SWEEP_AFTER_FOUND || p->probe_count == 0) {
		segment_tell(p, l, HOST_ABSENT, NULL);
		segment_over(p, l);
	} else {
		l->stage = STAGE_PASS;
	}
}

/* Of a lane on OT ground nothing more is asked for than is needed: no samples. */
static bool enough(const struct packets *p, struct lane *l)
{
	struct segment *s = &l->segment;

	if (s->found_count == s->count)
		return true;
	if (s->rounds == 0)
		s->rounds = rounds_needed(s, p->setup->retries);
	if (s->pass >= p->setup->retries)
		return true;
	/* Who is heard of only now shows that others may be missing still. */
	return s->pass + 1 >= s->rounds && !s->disturbed && (s->pass == 0 || s->news == 0);
}

/* After the first round: how much gets lost is not known yet. */
static bool wants_sample(const struct lane *l)
{
	const struct segment *s = &l->segment;

	return s->rounds == 0 && s->pass == 0 && s->found_count > 0 && s->found_count < s->count &&
	       l->sweep == SWEEP_BY_PACKETS;
}

/* How long the last answers of a round are waited for. Where many were timed, a late one would have been
 * seen among them (find_ms is four times the slowest). */
static int64_t last_wait_ms(const struct lane *l)
{
	enum { LEAST_MS = 200, LEAST_KNOWN_MS = 50, MANY = 1000 };
	int64_t least = l->find_timed >= MANY ? LEAST_KNOWN_MS : LEAST_MS;

	return l->find_ms < least ? least : l->find_ms;
}

bool find_advance(struct packets *p, struct lane *l)
{
	struct segment *s = &l->segment;
	unsigned done = 0;
	enum launch r = LAUNCHED;

	expire(p, l);
	switch (l->stage) {
	case STAGE_FIND:
		while (s->cursor < s->count && done < TURN &&
		       lanes_unanswered(p, l) < UNRESOLVED_MOST && l->flight_count < FLIGHTS) {
			uint32_t host = (uint32_t)order_at(&s->order, s->cursor);

			if (!packets_written(p, l, find_kind(l), s->cursor, s->count))
				return false;
			if (!bit_is(s->there, host) && !ask(p, l, host, &r))
				break;
			s->cursor++;
			done++;
		}
		if (r == LAUNCH_REFUSED && !p->stopping && l->closed == NULL) {
			s->cursor++; /* the gate has its reasons */
			done++;
		}
		if (s->cursor < s->count || !packets_write_end(p, l, find_kind(l), s->count))
			return done > 0;
		l->find_end_ms = p->now_ms;
		/* The last answers come in while the sample is asked for. */
		l->stage = wants_sample(l) ? STAGE_FIND_SAMPLE : STAGE_FIND_WAIT;
		return true;
	case STAGE_FIND_WAIT:
		if (s->found_count < s->count && p->now_ms - l->find_end_ms < last_wait_ms(l))
			return false;
		if (wants_sample(l)) { /* who was found first came late */
			l->stage = STAGE_FIND_SAMPLE;
			return true;
		}
		if (enough(p, l)) {
			find_over(p, l);
		} else {
			s->pass++;
			s->cursor = 0;
			s->news = 0;
			s->disturbed = false;
			l->stage = STAGE_FIND;
		}
		return true;
	case STAGE_FIND_SAMPLE:
		return sample(p, l);
	case STAGE_FIND_SAMPLE_WAIT:
		if (s->sample_answered < s->sample_sent &&
		    p->now_ms - s->last_sent_ms < last_wait_ms(l))
			return false;
		l->stage = STAGE_FIND_WAIT;
		s->rounds = rounds_needed(s, p->setup->retries);
		return true;
	default:
		return false;
	}
}
