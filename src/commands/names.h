/* SPDX-License-Identifier: Apache-2.0 */
/* What main knows of the names of hosts, and which of them are still to be looked up. */
#ifndef TENKEN_COMMANDS_NAMES_H
#define TENKEN_COMMANDS_NAMES_H

#include "codec/address.h"

struct names;

struct names *names_new(void);
void names_free(struct names *n);

/* A piece of a name of this host; true once the last one made it whole and it is new: *ret_name is then
 * the name, valid until the next call. */
bool names_piece(struct names *n, const struct addr *a, const char *piece, bool last,
		 const char **ret_name);
/* The host's names as a JSON list; NULL: none is known. Valid until the next name. */
const char *names_json(struct names *n, const struct addr *a);

/* The names of a host as names_json() gave them once. False without memory. */
bool names_known(struct names *n, const struct addr *a, const char *json);

/* This host's name is to be looked up: once. False without memory. */
bool names_want(struct names *n, const struct addr *a);
/* The next to look up, so that no more than `most` are under way; false: none now. */
bool names_next(struct names *n, unsigned most, struct addr *ret);
/* One was looked up. */
void names_done(struct names *n);
bool names_idle(const struct names *n);

#endif
