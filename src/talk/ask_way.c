/* SPDX-License-Identifier: Apache-2.0 */
#include "talk/ask_way.h"

static bool is_on(const struct way_range *w, const struct interface *i)
{
	return w->way.error == 0 && !w->way.local && w->way.on_link && w->way.ifindex == i->index;
}

static int add_targets(const struct routes *r, const struct interface *i, struct ranges *ret)
{
	int e = 0;

	for (size_t k = 0; k < r->count && e == 0; k++)
		if (is_on(&r->list[k], i))
			e = ranges_add(ret, &r->list[k].range);
	return e;
}

int ask_segment(const struct routes *r, const struct interface *i, struct ranges *ret)
{
	int e = ranges_add_all(ret, &i->networks);

	return e == 0 ? add_targets(r, i, ret) : e;
}

/* Does this zone reach into the segment, and does it agree? Without memory it does not. */
static bool agrees(const struct plan *p, const struct zone *z, const struct ranges *segment)
{
	struct ranges own = { 0 }, quiet = { 0 };
	bool good = ranges_common(segment, &z->networks, &own) == 0 &&
		    ranges_common(segment, &z->passive_only, &quiet) == 0;

	if (good && own.count > 0)
		good = plan_may_ask(p, z) &&
		       (quiet.count == 0 || z->discovery == DISCOVERY_MULTICAST);
	ranges_done(&own);
	ranges_done(&quiet);
	return good;
}

bool ask_allowed(const struct plan *p, const struct routes *r, const struct interface *i)
{
	struct ranges segment = { 0 }, rest = { 0 };
	bool good = p->risk >= SITE_TOUCH && i->up && i->ethernet && !i->loopback &&
		    ask_segment(r, i, &segment) == 0 && add_targets(r, i, &rest) == 0 &&
		    rest.count > 0;

	for (size_t k = 0; k < p->site.zone_count && good; k++)
		good = agrees(p, &p->site.zones[k], &segment) &&
		       ranges_subtract(&rest, &p->site.zones[k].networks) == 0;
	good = good && (rest.count == 0 || plan_may_ask(p, NULL));
	ranges_done(&segment);
	ranges_done(&rest);
	return good;
}
