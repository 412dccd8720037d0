/* SPDX-License-Identifier: Apache-2.0 */
#include "talk/sweep_way.h"

enum sweep_way sweep_way(const struct plan *p, const struct routes *r, bool packets,
			 const struct addr *a)
{
	const struct way *w = packets ? routes_find(r, a) : NULL;

	/* Without frames, and to ourselves, a connection is all there is; without a route the kernel's
	 * own words are the answer. */
	if (w == NULL || w->error != 0 || w->local || !w->ethernet)
		return SWEEP_BY_CONNECT;
	enum zone_kind kind = plan_kind(p, a);
	if (kind == ZONE_IT || kind == ZONE_DMZ || kind == ZONE_PUBLIC)
		return SWEEP_BY_PACKETS;
	return w->on_link ? SWEEP_AFTER_FOUND : SWEEP_BY_CONNECT;
}
