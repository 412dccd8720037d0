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

#include <string.h>

static void expire(struct packets *p, struct lane *l)
{
	uint32_t now = packets_since(p);

	while (l->flight_count > 0) {
		struct flight *f = &l->flights[l->flight_first];

		if (now - f->sent_ms < l->answer_ms)
			break;
		segment_settle(p, l, f->host, f->bit, 0);
		l->flight_first = (l->flight_first + 1) % FLIGHTS;
		l->flight_count--;
	}
}

/* Is there room for one more attempt that is not answered yet? */
static bool may_wait_for_more(const struct packets *p, const struct lane *l)
{
	if (l->flights != NULL && l->flight_count == FLIGHTS)
		return false;
	return l->unlimited || lanes_unanswered(p, l) < l->unanswered_most;
}

static void note_flight(const struct packets *p, struct lane *l, uint32_t host, uint64_t bit)
{
	l->flights[(l->flight_first + l->flight_count++) % FLIGHTS] =
		(struct flight){ .bit = bit, .host = host, .sent_ms = packets_since(p) };
}

/* One probe of one host. */
static enum launch send_probe(struct packets *p, struct lane *l, uint32_t host, uint32_t probe,
			      const uint8_t mac[static 6])
{
	struct segment *s = &l->segment;
	struct addr a = segment_address(l, host);
	bool udp = p->probes[probe].udp, asks = false;
	enum launch r = LAUNCHED;

	if (!may_wait_for_more(p, l))
		return LAUNCH_LATER;
	if (!udp)
		r = packets_kernel(p, l, host, &a, mac, &asks);
	if (r == LAUNCHED)
		r = udp ? packets_launch_udp(p, l, mac, host, &a, probe)
			: packets_launch_syn(p, l, mac, host, &a, p->probes[probe].port, asks);
	if (r == LAUNCHED && l->flights != NULL) {
		l->unanswered++;
		bit_set(s->open, (uint64_t)host * p->probe_count + probe);
		note_flight(p, l, host, (uint64_t)host * p->probe_count + probe);
	}
	return r;
}

static enum launch ask(struct packets *p, struct lane *l, uint32_t host, uint32_t probe)
{
	const uint8_t *mac = find_mac(l, host);

	if (mac == NULL)
		return LAUNCHED; /* nothing to send */
	enum launch r = send_probe(p, l, host, probe, mac);
	if (r == LAUNCHED) {
		l->segment.sent++;
		p->tried += l->segment.pass == 0;
	}
	return r;
}

/* Does this pass ask this host for this port? */
static bool wanted(const struct packets *p, struct segment *s, uint32_t host, uint32_t probe)
{
	const struct seen *n = segment_seen_if_any(s, host);

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
		const struct seen *n = segment_seen_if_any(s, host);
		const uint8_t *mac = find_mac(l, host);

		if (!packets_written(p, l, "echo", s->cursor, s->count))
			return false;

		if (mac == NULL || (n != NULL && (n->answered || n->left)))
			continue;
		if (!may_wait_for_more(p, l))
			return done > 0;
		struct addr a = segment_address(l, host);
		enum launch r = packets_launch_echo(p, l, mac, host, &a);
		if (r == LAUNCH_DOWN)
			return false;
		if (r == LAUNCH_LATER ||
		    (r == LAUNCH_REFUSED && (p->stopping || l->closed != NULL)))
			return done > 0;
		done++;
		if (r != LAUNCHED)
			continue; /* the gate has its reasons */
		if (l->flights != NULL && !bit_is(s->waits, host)) {
			l->unanswered++;
			bit_set(s->waits, host);
			note_flight(p, l, host, FLIGHT_ECHO | host);
		}
		s->sent += p->probe_count == 0;
		s->last_sent_ms = p->now_ms;
	}
	if (s->cursor < s->count)
		return true;
	if (p->probe_count == 0) {
		if (!packets_write_end(p, l, "echo", s->count))
			return false;
		l->stage = STAGE_PASS_WAIT;
	}
	s->echo = false;
	s->cursor = 0;
	return true;
}

/* A host that has had its packets for now does not hold the others up: its place comes later, and its other
 * places behind that. */
static bool must_wait(const struct packets *p, struct segment *s, uint32_t host)
{
	return s->paces != NULL && (bit_is(s->behind, host) ||
				    !pace_ready(&s->paces[host], 2, 1, p->start_ms + p->now_ms));
}

static bool put_off(struct segment *s, uint32_t host, uint64_t place)
{
	if (s->put_off_count == PUT_OFF)
		return false;
	s->put_off[s->put_off_count++] = (struct put_off){ .place = place, .host = host };
	bit_set(s->behind, host);
	return true;
}

/* What is kept of them: those before `kept`, and those from `from` on. */
static void keep_put_off(struct segment *s, size_t kept, size_t from)
{
	if (from > kept)
		memmove(&s->put_off[kept], &s->put_off[from],
			(s->put_off_count - from) * sizeof(*s->put_off));
	s->put_off_count -= from - kept;
	s->put_off_ms = 0;
	for (size_t i = kept; i < s->put_off_count; i++)
		bit_set(s->behind, s->put_off[i].host);
}

/* Those whose time has come. False where nothing more can be sent now. */
static bool catch_up(struct packets *p, struct lane *l, unsigned *done)
{
	enum { LOOK_MS = 5 };
	struct segment *s = &l->segment;
	size_t kept = 0;

	if (s->put_off_count == 0 || p->now_ms < s->put_off_ms + LOOK_MS)
		return true;
	s->put_off_ms = p->now_ms;
	for (size_t i = 0; i < s->put_off_count; i++)
		bit_clear(s->behind, s->put_off[i].host);
	for (size_t i = 0; i < s->put_off_count; i++) {
		const struct put_off o = s->put_off[i];
		uint32_t probe = (uint32_t)(o.place / s->count);

		if (!wanted(p, s, o.host, probe))
			continue;
		if (must_wait(p, s, o.host)) {
			bit_set(s->behind, o.host);
			s->put_off[kept++] = o;
			continue;
		}
		if (*done == TURN || !packets_written(p, l, p->probes[probe].udp ? "udp" : "syn",
						      o.place, o.place + 1)) {
			keep_put_off(s, kept, i);
			return false;
		}
		enum launch r = ask(p, l, o.host, probe);
		if (r == LAUNCHED || (r == LAUNCH_REFUSED && !p->stopping && l->closed == NULL)) {
			(*done)++;
			continue;
		}
		/* Something else is in the way. */
		keep_put_off(s, kept, i);
		return false;
	}
	s->put_off_count = kept;
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

		if (wanted(p, s, host, probe)) {
			bool waits = must_wait(p, s, host);

			if (!waits && !packets_written(p, l, kind, s->cursor, end))
				return false;
			enum launch r = !waits                        ? ask(p, l, host, probe)
					: put_off(s, host, s->cursor) ? LAUNCHED
								      : LAUNCH_LATER;

			if (r == LAUNCH_DOWN)
				return false;
			if (r == LAUNCH_LATER) {
				if (done > 0)
					s->last_sent_ms = p->now_ms;
				return done > 0;
			}
			if (r == LAUNCH_REFUSED && (p->stopping || l->closed != NULL))
				return done > 0;
			done += !waits;
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

	/* What was asked before is the same bit. */
	if (s->sample_next == 0 && l->flight_count > 0 && (!l->unlimited || s->paces != NULL))
		return false;
	while (s->sample_next < s->sample_count && done < 64) {
		uint32_t host = s->sample[2 * s->sample_next];
		uint32_t probe = s->sample[2 * s->sample_next + 1];
		struct seen *n = segment_seen_if_any(s, host);
		const uint8_t *mac = find_mac(l, host);

		if ((n != NULL && n->left) || mac == NULL) {
			s->sample_next++;
			continue;
		}
		uint64_t place = (uint64_t)probe * s->count + order_place(&s->order, host);
		if (!packets_written(p, l, "syn", place, place + 1))
			return false;
		enum launch r = send_probe(p, l, host, probe, mac);
		if (r == LAUNCH_LATER || r == LAUNCH_DOWN || p->stopping || l->closed != NULL)
			break;
		s->sample_next++;
		if (r != LAUNCHED)
			continue;
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
		if (l->sweep == SWEEP_BY_PACKETS && p->probe_count > 0 && udp_probes(p, l) == 0) {
			lane_end(p, l, HOST_SKIPPED, SWEEP_NO_TCP);
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
