/* SPDX-License-Identifier: Apache-2.0 */
/* What the operator declared goes into the store with each scan, so that it can be judged later. */
#ifndef TENKEN_COMMANDS_SNAPSHOT_H
#define TENKEN_COMMANDS_SNAPSHOT_H

#include "site/plan.h"
#include "store/store.h"

/* The kind of the zone that the vantage stands in; NULL: not declared. */
const char *snapshot_vantage_kind(const struct site *s);
/* What people answered and decided: the tables of store/answers.h. */
void snapshot_answers(struct store *store, const struct site *s);
/* Everything that the plan's site file declares. */
void snapshot_site(struct store *store, const struct plan *p);

#endif
