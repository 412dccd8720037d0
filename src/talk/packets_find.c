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
	s->found[s->found_count] = (struct found){ .host = host };
	memcpy(s->found[s->found_count++].mac, mac, 6);
	s->answers++;
	const char *maker = vendor_controller_maker(mac);
	char sign[64] = "";
	if (maker != NULL)
		snprintf(sign, sizeof(sign), "maker %s", maker);
	if (l->sweep == SWEEP_AFTER_FOUND || maker != NULL) {
		struct seen *seen = segment_seen(p, l, host);

		hand_over(p, a, mac, sign);
		if (seen != NULL)
			seen->left = seen->handed = true;
	}
}

/* Two machines that answer for one address. */
static void check_duplicate(struct packets *p, const struct lane *l, uint32_t host,
			    const struct addr *a, const uint8_t mac[static 6])
{
	const struct segment *s = &l->segment;

	for (size_t i = 0; i < s->found_count; i++)
		if (s->found[i].host == host && !s->found[i].twice &&
		    memcmp(s->found[i].mac, mac, 6) != 0) {
			s->found[i].twice = true;
			struct sight d = { .kind = SIGHT_DUPLICATE, .address = *a, .has_mac = true };
			char one[18], other[18];

			memcpy(d.mac, mac, 6);
			neighbour_mac_text(s->found[i].mac, one);
			neighbour_mac_text(mac, other);
			snprintf(d.reason, sizeof(d.reason), "%s %s", one, other);
			packets_tell(p, &d);
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

		if (l->wing != w)
			continue;
		if (l->stage == STAGE_HOP && addr_compare(&h->from, &l->way->next_hop) == 0) {
			memcpy(l->hop_mac, h->mac, 6);
			l->stage = STAGE_PASS;
		}
		if (!l->way->on_link || s->there == NULL || !segment_host(l, &h->from, &host) ||
		    !bit_is(s->asked, host))
			continue; /* nobody asked */
		s->last_heard_ms = p->now_ms;
		if (!bit_is(s->there, host)) {
			if (l->unanswered > 0)
				l->unanswered--;
			found_new(p, l, host, &h->from, h->mac);
		} else {
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

		if (now - f->sent_ms < FIND_MS)
			break;
		if (!bit_is(l->segment.there, f->host) && l->unanswered > 0)
			l->unanswered--;
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
	l->unanswered++;
	l->flights[(l->flight_first + l->flight_count++) % FLIGHTS] =
		(struct flight){ .host = host, .sent_ms = packets_since(p) };
	return true;
}

/* How many rounds make it unlikely (1 in 1000) that a host is missed, by what got lost so far. */
static unsigned rounds_needed(uint64_t sent, uint64_t answered, unsigned most)
{
	unsigned n = 1;
	double lost, missed;

	if (sent < SAMPLE / 2)
		return most < 1 ? 1 : (most + 1 < 2 ? most + 1 : 2);
	lost = answered >= sent ? 0 : (double)(sent - answered) / (double)sent;
	for (missed = lost; missed > 0.001 && n < most + 1; n++)
		missed *= lost;
	return n;
}

static bool sample(struct packets *p, struct lane *l)
{
	struct segment *s = &l->segment;
	unsigned done = 0;

	while (s->sample_next < s->found_count && s->sample_sent < SAMPLE && done < 64) {
		const struct found f = s->found[s->sample_next];
		struct addr a = segment_address(l, f.host);

		if (packets_launch_find(p, l, &a, f.mac) != LAUNCHED)
			break;
		s->sample_next++;
		s->sample_sent++;
		s->last_sent_ms = p->now_ms;
		done++;
	}
	if (s->sample_next >= s->found_count || s->sample_sent >= SAMPLE) {
		l->stage = STAGE_SAMPLE_WAIT;
		return true;
	}
	return done > 0;
}

static void find_over(struct packets *p, struct lane *l)
{
	struct segment *s = &l->segment;

	qsort(s->found, s->found_count, sizeof(*s->found), by_host);
	l->flight_count = l->flight_first = 0;
	l->unanswered = 0;
	s->pass = 0;
	s->cursor = 0;
	s->sent = s->answers = s->sample_sent = s->sample_answered = 0;
	s->sample_next = 0;
	s->rounds = 0;
	if (l->sweep == SWEEP_AFTER_FOUND) {
		segment_tell(p, l, HOST_ABSENT, NULL);
		l->stage = STAGE_OPEN;
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
		s->rounds = rounds_needed(s->sample_sent, s->sample_answered, p->setup->retries);
	return s->pass + 1 >= s->rounds;
}

bool find_advance(struct packets *p, struct lane *l)
{
	struct segment *s = &l->segment;
	unsigned done = 0;
	enum launch r = LAUNCHED;
	bool v4 = addr_is_ipv4(&l->way->source);

	expire(p, l);
	switch (l->stage) {
	case STAGE_FIND:
		while (s->cursor < s->count && done < TURN && l->unanswered < UNRESOLVED_MOST &&
		       l->flight_count < FLIGHTS) {
			uint32_t host = (uint32_t)order_at(&s->order, s->cursor);

			if (!packets_written(p, l, v4 ? "arp" : "nd", s->cursor, s->count))
				return false;
			if (!bit_is(s->there, host) && !ask(p, l, host, &r))
				break;
			s->cursor++;
			done++;
		}
		if (r == LAUNCH_REFUSED && !p->stopping && l->closed == NULL)
			s->cursor++; /* the gate has its reasons */
		if (s->cursor >= s->count)
			l->stage = STAGE_FIND_WAIT;
		return done > 0;
	case STAGE_FIND_WAIT:
		if (s->found_count < s->count && p->now_ms - s->last_sent_ms < FIND_MS)
			return false;
		if (s->rounds == 0 && s->pass == 0 && s->found_count < s->count &&
		    l->sweep == SWEEP_BY_PACKETS && s->found_count >= SAMPLE / 2) {
			l->stage = STAGE_SAMPLE;
			return true;
		}
		if (enough(p, l)) {
			find_over(p, l);
		} else {
			s->pass++;
			s->cursor = 0;
			l->stage = STAGE_FIND;
		}
		return true;
	case STAGE_SAMPLE:
		return sample(p, l);
	case STAGE_SAMPLE_WAIT:
		if (s->sample_answered < s->sample_sent && p->now_ms - s->last_sent_ms < FIND_MS)
			return false;
		l->stage = STAGE_FIND_WAIT;
		s->last_sent_ms = p->now_ms - FIND_MS;
		s->rounds = rounds_needed(s->sample_sent, s->sample_answered, p->setup->retries);
		return true;
	default:
		return false;
	}
}
