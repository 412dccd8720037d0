/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses from which nothing came back, gathered in memory until they are written as ranges. A
 * sweep meets them in the order of a permutation, so that one second's worth of them touches no
 * other; a block of 65,536 neighbours takes at most 8 KiB for each set of words, a whole one nothing.
 */
#ifndef TENKEN_STORE_QUIET_H
#define TENKEN_STORE_QUIET_H

#include "codec/address.h"
#include "store/store.h"

struct quiet;

/* NULL without memory. quiet_free() accepts NULL. */
struct quiet *quiet_new(void);
void quiet_free(struct quiet *q);
/* At most 2^32 addresses of one scope, in order: what quiet_add() takes. */
bool quiet_fits(const struct quiet_row *row);
/* Adds a range, save for addresses that have a row of their own; those that had other words lose
 * these. False without memory. */
bool quiet_add(struct quiet *q, const struct quiet_row *row);
/* It has a row of its own from now on. False without memory. */
bool quiet_own(struct quiet *q, const struct addr *a);

/* Where ranges are written to. Each returns false to end it. */
struct quiet_sink {
	/* Nothing of what was written between these (both within, one scope) holds any more. */
	bool (*forget)(void *context, const struct addr *first, const struct addr *last);
	bool (*write)(void *context, const struct quiet_row *range, uint64_t addresses);
	void *context;
};
/* Writes the blocks that changed and are in few pieces; others wait. */
bool quiet_write_changed(struct quiet *q, const struct quiet_sink *sink);
/* Writes every block; the caller has forgotten what there was. */
bool quiet_write_blocks(struct quiet *q, const struct quiet_sink *sink);
/* Writes everything, neighbours across blocks as one; the caller has forgotten what there was. */
bool quiet_write_all(struct quiet *q, const struct quiet_sink *sink);

#endif
