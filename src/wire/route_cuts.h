/* SPDX-License-Identifier: Apache-2.0 */
/* The part of routes.h that asks nobody: cutting targets into pieces, and what a route means. */
#ifndef TENKEN_WIRE_ROUTE_CUTS_H
#define TENKEN_WIRE_ROUTE_CUTS_H

#include "wire/netlink.h"
#include "wire/routes.h"

/* Addresses at which something begins, whatever the scope. Zero-initialised is empty. */
struct edges {
	struct addr *list;
	size_t count, capacity;
};

void edges_done(struct edges *e);
/* Where the range begins and what comes after it. 0 or -ENOMEM. */
int edges_add(struct edges *e, const struct range *r);
/* Sorts them, each once. */
void edges_sort(struct edges *e);

/* The targets in pieces that hold no edge (of a sorted list) but at their beginning; their ways are
 * zero. 0 or -ENOMEM. The caller frees *ret. */
int routes_cut(const struct ranges *targets, const struct edges *e, struct way_range **ret,
	       size_t *ret_count);
/* Makes one of pieces that touch and leave the same way. Returns the new count. */
size_t routes_join(struct way_range *list, size_t count);

/* How packets leave by this route; the result of asking for it is error (0, else the rest is ignored). */
struct way way_of(const struct routes *r, int error, const struct route_said *said);

#endif
