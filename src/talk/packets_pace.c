/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The packets process: whom a frame counts for. What is about to leave is held on the paces from the decision
 * on and counted with the time after it left: the machine may be busy in between. The same holds for what our
 * kernel sends by itself because of it: its RST for a SYN-ACK, and the question for the MAC to send that to.
 */
#include "talk/packets_parts.h"

#include <string.h>

static bool paced(const struct packets *p, int zone)
{
	const struct pace_board *b = p->setup->board;

	return b->paces[0].rate != 0 ||
	       (zone >= 0 && (uint32_t)zone < b->zone_count && b->paces[1 + zone].rate != 0);
}

struct account packets_account(const struct lane *l, uint32_t host)
{
	const struct segment *s = &l->segment;

	return (struct account){
		.zone = l->zone,
		.segment = l->wing->segment,
		.pace = s->paces != NULL ? &s->paces[host] : NULL,
		.board = !l->unlimited,
	};
}

struct account packets_account_zone(const struct packets *p, const struct wing *w, int zone)
{
	return (struct account){ .zone = zone, .segment = w->segment, .board = paced(p, zone) };
}

struct account packets_account_of(struct packets *p, const struct lane *l, const struct addr *a)
{
	const struct site *site = &p->setup->plan->site;
	uint32_t host;

	for (size_t i = 0; i < p->lane_count; i++)
		if (p->lanes[i].way->on_link && segment_host(&p->lanes[i], a, &host))
			return packets_account(&p->lanes[i], host);
	const struct zone *z = site_zone(site, a);
	/* A gateway that nobody declared is asked for the sake of the lane. */
	return packets_account_zone(p, l->wing, z != NULL ? (int)(z - site->zones) : l->zone);
}

bool packets_hold(struct packets *p, const struct account *a, unsigned frames, unsigned broadcasts)
{
	int64_t now = p->start_ms + p->now_ms;
	const struct pace_need need = {
		.zone = a->zone,
		.segment = broadcasts > 0 ? a->segment : -1,
		.held = a->board ? frames : 0,
		.broadcasts_held = broadcasts,
	};

	if (a->pace != NULL && !pace_ready(a->pace, 0, frames, now))
		return false;
	if ((a->board || broadcasts > 0) && !pace_board_try(p->setup->board, &need, now))
		return false;
	if (a->pace != NULL)
		pace_hold(a->pace, (int)frames);
	return true;
}

void packets_count(struct packets *p, const struct account *a, unsigned left, unsigned held,
		   unsigned broadcasts_left, unsigned broadcasts_held)
{
	int64_t now = 0;

	if (left + held + broadcasts_left + broadcasts_held == 0)
		return;
	if (a->board || a->pace != NULL || broadcasts_held > 0)
		now = p->start_ms + p->now_ms + packets_late_ms(p);
	if (a->board)
		pace_board_count(p->setup->board, a->zone, (int)left, -(int)held, now);
	if (broadcasts_left + broadcasts_held > 0)
		pace_board_count_broadcasts(p->setup->board, a->segment, (int)broadcasts_left,
					    -(int)broadcasts_held, now);
	if (a->pace != NULL) {
		pace_hold(a->pace, -(int)held);
		pace_take(a->pace, (int)left, now);
	}
}

/* ---- frames that wait in a wing's tap ---- */

void packets_owe(struct wing *w, const struct account *a, bool to_all)
{
	w->owed[(w->owed_first + w->owed_count++) % TAP_BATCH] =
		(struct owed){ .account = *a, .to_all = to_all };
}

void packets_left(struct packets *p, struct wing *w)
{
	while (w->owed_count > tap_waiting(w->tap)) {
		const struct owed *o = &w->owed[w->owed_first];

		packets_count(p, &o->account, 1, 1, o->to_all, o->to_all);
		w->owed_first = (w->owed_first + 1) % TAP_BATCH;
		w->owed_count--;
	}
}

void packets_forget(struct packets *p, struct wing *w)
{
	if (w->tap == NULL)
		return;
	tap_forget(w->tap);
	packets_left(p, w);
}

void packets_disown(struct packets *p, const struct segment *s)
{
	for (size_t i = 0; i < p->wing_count; i++)
		for (size_t k = 0; k < countof(p->wings[i].owed); k++) {
			struct account *a = &p->wings[i].owed[k].account;

			if (s->paces != NULL && a->pace >= s->paces &&
			    a->pace < s->paces + s->count)
				a->pace = NULL;
		}
}

/* ---- what our kernel asks by itself ---- */

/* Before its RST for a SYN-ACK it asks for the MAC, by a broadcast, where it does not know it; and by a frame
 * to that host alone where it has not been sure for a while (arp(7), base_reachable_time_ms: 15 s at least).
 * The first is held with the SYN. The second never happens: we ask ourselves before that, and the answer makes
 * it sure. */
enum { SURE_MS = 10000 };

static uint32_t *sure_of(struct lane *l, uint32_t host)
{
	return l->way->on_link ? &l->segment.sure_ms[host] : &l->hop_sure_ms;
}

static bool asks(const struct lane *l, uint32_t host)
{
	return l->way->on_link ? bit_is(l->segment.asking, host) : l->hop_asking;
}

enum launch packets_kernel(struct packets *p, struct lane *l, uint32_t host, const struct addr *a,
			   const uint8_t mac[static 6], bool *ret_asks)
{
	const struct addr *who = l->way->on_link ? a : &l->way->next_hop;
	uint8_t known[6];

	*ret_asks = false;
	if (!l->minds_kernel || asks(l, host))
		return LAUNCHED;
	uint32_t *sure = sure_of(l, host), now = packets_since(p) + 1;
	if (*sure != 0 && now - *sure < SURE_MS)
		return LAUNCHED;
	if (*sure == 0 && neighbour_find(who, l->way->ifindex, known) != NEIGHBOUR_KNOWN) {
		*ret_asks = true;
		return LAUNCHED;
	}
	enum launch r = packets_launch_find(p, l, who, mac);
	if (r == LAUNCHED)
		*sure = now;
	return r;
}

void packets_kernel_asks(struct lane *l, uint32_t host)
{
	if (l->way->on_link)
		bit_set(l->segment.asking, host);
	else
		l->hop_asking = true;
}

/* Does an attempt wait for its answer, after which the kernel would ask? */
static bool any_open(const struct packets *p, const struct lane *l, uint32_t host)
{
	uint64_t first = (uint64_t)host * p->probe_count;

	if (!l->way->on_link)
		return l->unanswered > 0;
	for (uint64_t i = first; i < first + p->probe_count; i++)
		if (bit_is(l->segment.open, i))
			return true;
	return false;
}

void packets_kernel_settle(struct packets *p, struct lane *l, uint32_t host, bool sent)
{
	if (!l->minds_kernel || !asks(l, host) || (!sent && any_open(p, l, host)))
		return;
	struct account a = l->way->on_link ? packets_account(l, host)
					   : packets_account_of(p, l, &l->way->next_hop);
	packets_count(p, &a, sent, 1, sent, 1);
	if (sent)
		*sure_of(l, host) = packets_since(p) + 1;
	if (l->way->on_link)
		bit_clear(l->segment.asking, host);
	else
		l->hop_asking = false;
}
