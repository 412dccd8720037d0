/* SPDX-License-Identifier: Apache-2.0 */
/* Which process looks for the open ports of an address, and how. Guard and packets process ask the same
 * question of their own copies of plan and routes. */
#ifndef TENKEN_TALK_SWEEP_WAY_H
#define TENKEN_TALK_SWEEP_WAY_H

#include "site/plan.h"
#include "wire/routes.h"

enum sweep_way {
	SWEEP_BY_CONNECT,  /* the guard, from its own list of targets */
	SWEEP_AFTER_FOUND, /* the guard, once the packets process found the address on the link */
	SWEEP_BY_PACKETS,  /* the packets process: zones of kind it, dmz and public only */
};

/* packets: there is a packets process that may send frames. */
enum sweep_way sweep_way(const struct plan *p, const struct routes *r, bool packets,
			 const struct addr *a);

#endif
