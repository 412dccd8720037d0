/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TENKEN_COMMANDS_MATCHING_H
#define TENKEN_COMMANDS_MATCHING_H

#include <stdbool.h>

#include "site/site.h"

/*
 * Do the names in the site file exist: profiles, and in what people answer and decide guidelines, items,
 * controls, checks and assets? A mistyped one would have no effect in silence. Nor may a mandatory item
 * be declined. All guidelines of the data folder count, the site's own, and the user's check files. False with complaints. Reads nothing where the site file
 * names nothing of the kind.
 */
bool site_matches_catalogue(const struct site *s, const char *const *checks, size_t check_count,
			    struct complaints *c);

#endif
