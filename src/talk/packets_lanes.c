/* SPDX-License-Identifier: Apache-2.0 */
/* The packets process: targets are cut into lanes, each of one zone and one way. */
#include "talk/packets_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct wing *packets_wing(struct packets *p, unsigned ifindex)
{
	const struct routes *r = p->setup->routes;

	for (size_t i = 0; i < p->wing_count; i++)
		if (p->wings[i].interface->index == ifindex)
			return &p->wings[i];
	for (size_t i = 0; i < r->interface_count; i++)
		if (r->interfaces[i].index == ifindex) {
			struct wing *w = &p->wings[p->wing_count++];

			*w = (struct wing){ .interface = &r->interfaces[i],
					    .segment = (int)i,
					    .down_ms = -1 };
			return w;
		}
	return NULL;
}

static bool same_way(const struct way *a, const struct way *b)
{
	return a->error == b->error && a->ifindex == b->ifindex && a->local == b->local &&
	       a->on_link == b->on_link && addr_compare(&a->source, &b->source) == 0 &&
	       addr_compare(&a->next_hop, &b->next_hop) == 0;
}

static void tell_skipped(struct packets *p, const struct ranges *addresses, const char *why)
{
	struct sight s = { .kind = SIGHT_QUIET, .host_state = HOST_SKIPPED };

	snprintf(s.reason, sizeof(s.reason), "%s", why);
	s.first_ms = s.last_ms = p->start_unix_ms;
	for (size_t i = 0; i < addresses->count; i++) {
		s.address = addresses->list[i].first;
		s.last = addresses->list[i].last;
		packets_tell(p, &s);
	}
}

/* One lane for these addresses; they are taken over. */
static int make_lane(struct packets *p, const struct way *way, int zone, bool public,
		     struct ranges *addresses)
{
	const struct plan *plan = p->setup->plan;

	if (addresses->count == 0)
		return 0;
	struct addr first = addresses->list[0].first;
	enum sweep_way sweep = sweep_way(plan, p->setup->routes, true, &first);
	struct wing *wing = sweep != SWEEP_BY_CONNECT ? packets_wing(p, way->ifindex) : NULL;
	if (wing == NULL) {
		ranges_done(addresses);
		return 0;
	}
	if (zone >= 0 && plan->site.zones[zone].risk < SITE_TOUCH) {
		tell_skipped(p, addresses, "risk class listen");
		ranges_done(addresses);
		return 0;
	}
	struct lane *more = realloc(p->lanes, (p->lane_count + 1) * sizeof(*more));
	if (more == NULL)
		return -ENOMEM;
	p->lanes = more;
	struct lane *l = &p->lanes[p->lane_count++];
	const struct zone *z = zone >= 0 ? &plan->site.zones[zone] : NULL;
	unsigned host_rate = plan->host_rate;
	if (z != NULL && z->host_rate != 0 && (host_rate == 0 || z->host_rate < host_rate))
		host_rate = z->host_rate;
	*l = (struct lane){
		.zone = zone,
		.kind = plan_kind(plan, &first),
		.sweep = sweep,
		.way = way,
		.wing = wing,
		.public = public,
		.unlimited = plan->rate == 0 && (z == NULL || z->rate == 0),
		.host_rate = host_rate,
		.unanswered_most =
			plan->rate / 10 > UNANSWERED_LEAST ? plan->rate / 10 : UNANSWERED_LEAST,
		.targets = *addresses,
		.answer_ms = ANSWER_MS,
		.find_ms = FIND_MS,
		.gone_ms = -1,
		.after_hop = STAGE_PASS,
	};
	/* Never control equipment, nor what nobody declared: not even by a mistake of sweep_way(). */
	l->asks_udp = (l->kind == ZONE_IT || l->kind == ZONE_DMZ || l->kind == ZONE_PUBLIC) &&
		      sweep == SWEEP_BY_PACKETS && plan->risk >= SITE_READ &&
		      (z == NULL || z->risk >= SITE_READ);
	*addresses = (struct ranges){ 0 };
	const struct pace_board *b = p->setup->board;
	bool limited = !l->unlimited || host_rate != 0 ||
		       b->paces[1 + b->zone_count + (uint32_t)wing->segment].rate != 0;
	l->minds_kernel = limited && way->ethernet;
	if (limited || way->on_link) {
		l->flights = calloc(FLIGHTS, sizeof(*l->flights));
		if (l->flights == NULL)
			return -ENOMEM;
	}
	return ranges_index_make(&l->targets, &l->index);
}

/* The segments that an earlier run was at go first; what is over is left out. */
static int add_lane(struct packets *p, const struct way *way, int zone, bool public,
		    struct ranges *addresses)
{
	size_t first = p->lane_count;
	int e = 0;

	if (addresses->count == 0)
		return 0;
	enum sweep_way sweep =
		sweep_way(p->setup->plan, p->setup->routes, true, &addresses->list[0].first);
	for (size_t i = 0; i < p->kept_count && e == 0; i++) {
		struct kept *k = &p->kept[i];
		struct ranges own = { 0 };

		if (!place_fits(k, addresses, sweep, way->on_link))
			continue;
		k->used = true;
		size_t before = p->lane_count;
		e = ranges_subtract(addresses, &k->addresses);
		if (e == 0)
			e = ranges_add_all(&own, &k->addresses);
		if (e == 0)
			e = make_lane(p, way, zone, public, &own);
		if (e == 0 && p->lane_count > before)
			p->lanes[before].kept = i + 1;
		ranges_done(&own);
	}
	size_t last = p->lane_count;
	if (e == 0)
		e = ranges_subtract(addresses, &p->over);
	if (e == 0)
		e = make_lane(p, way, zone, public, addresses);
	if (e == 0 && p->lane_count > last) {
		p->lanes[last].wait_from = first;
		p->lanes[last].wait_to = last;
	}
	return e;
}

/* Public addresses have a rule of their own (authorisation), so they have lanes of their own. */
static int add_lanes(struct packets *p, const struct way *way, int zone, struct ranges *addresses)
{
	struct ranges public = { 0 }, inside = { 0 };
	int e = ranges_add_not_public(&inside);

	if (e == 0)
		e = ranges_add_all(&public, addresses);
	if (e == 0)
		e = ranges_subtract(&public, &inside);
	if (e == 0)
		e = ranges_subtract(addresses, &public);
	if (e == 0)
		e = add_lane(p, way, zone, false, addresses);
	if (e == 0)
		e = add_lane(p, way, zone, true, &public);
	ranges_done(&public);
	ranges_done(&inside);
	return e;
}

/* The addresses of one way, zone by zone; an address in two zones belongs to the stricter one. */
static int cut_way(struct packets *p, const struct way *way, struct ranges *left)
{
	const struct site *s = &p->setup->plan->site;
	int e = 0;

	for (unsigned kind = 0; kind < ZONE_KINDS && e == 0; kind++)
		for (size_t i = 0; i < s->zone_count && e == 0; i++) {
			struct ranges own = { 0 };

			if ((unsigned)s->zones[i].kind != kind)
				continue;
			e = ranges_common(left, &s->zones[i].networks, &own);
			if (e == 0)
				e = ranges_subtract(left, &own);
			if (e == 0)
				e = add_lanes(p, way, (int)i, &own);
			ranges_done(&own);
		}
	return e == 0 ? add_lanes(p, way, -1, left) : e;
}

/* What an earlier run met in networks too large to sweep, and did not come to the end of. */
static int add_met(const struct packets *p, const struct ranges *set, struct ranges *ret)
{
	const struct resumed *r = p->setup->resumed;
	struct ranges met = { 0 };
	int e = 0;

	for (size_t i = 0; i < p->kept_count && e == 0; i++)
		e = ranges_add_all(&met, &p->kept[i].addresses);
	for (size_t i = 0; r != NULL && i < r->row_count && e == 0; i++)
		e = ranges_add(&met, &(struct range){ r->rows[i].address, r->rows[i].address });
	if (e == 0)
		e = ranges_common(set, &met, ret);
	ranges_done(&met);
	return e;
}

/* Of networks too large to sweep only the hosts are targets that show themselves. */
static int leave_large(struct packets *p, struct ranges *set)
{
	const struct plan *plan = p->setup->plan;
	struct ranges own = { 0 };

	if (plan->large.count == 0)
		return 0;
	int e = ranges_common(set, &plan->targets, &own);
	if (e == 0)
		e = add_met(p, set, &own);
	ranges_done(set);
	*set = own;
	return e;
}

bool lanes_hold(const struct packets *p, const struct addr *a)
{
	for (size_t i = 0; i < p->lane_count; i++)
		if (ranges_contain(&p->lanes[i].targets, a))
			return true;
	return false;
}

int lanes_add(struct packets *p, const struct way *way, struct ranges *addresses)
{
	size_t before = p->lane_count;
	int e = cut_way(p, way, addresses);

	for (size_t i = before; i < p->lane_count; i++)
		p->lanes[i].source_port = p->source_port;
	p->addresses_changed = true; /* theirs may have gone before */
	ranges_done(addresses);
	return e;
}

int lanes_make(struct packets *p)
{
	const struct routes *r = p->setup->routes;
	bool *done = calloc(r->count + 1, sizeof(*done));
	int e = 0;

	p->wings = calloc(r->interface_count + 1, sizeof(*p->wings));
	if (done == NULL || p->wings == NULL)
		e = -ENOMEM;
	for (size_t i = 0; i < r->count && e == 0; i++) {
		struct ranges set = { 0 };

		if (done[i])
			continue;
		for (size_t k = i; k < r->count && e == 0; k++)
			if (!done[k] && same_way(&r->list[i].way, &r->list[k].way)) {
				done[k] = true;
				e = ranges_add(&set, &r->list[k].range);
			}
		if (e == 0)
			e = leave_large(p, &set);
		if (e == 0)
			e = cut_way(p, &r->list[i].way, &set);
		ranges_done(&set);
	}
	free(done);
	return e;
}

unsigned lanes_unanswered(const struct packets *p, const struct lane *l)
{
	unsigned n = 0;

	for (size_t i = 0; i < p->lane_count; i++) {
		const struct lane *o = &p->lanes[i];

		if (o->wing == l->wing && o->way->on_link == l->way->on_link &&
		    addr_compare(&o->way->next_hop, &l->way->next_hop) == 0)
			n += (unsigned)o->unanswered;
	}
	return n;
}

void lanes_done(struct packets *p)
{
	for (size_t i = 0; i < p->lane_count; i++) {
		ranges_index_done(&p->lanes[i].index);
		ranges_done(&p->lanes[i].targets);
		segment_done(&p->lanes[i].segment);
		free(p->lanes[i].flights);
		free(p->lanes[i].udp);
	}
	free(p->lanes);
	for (size_t i = 0; i < p->wing_count; i++)
		tap_close(p->wings[i].tap);
	free(p->wings);
}
