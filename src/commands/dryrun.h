/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TENKEN_COMMANDS_DRYRUN_H
#define TENKEN_COMMANDS_DRYRUN_H

#include <stdio.h>

#include "site/plan.h"

/* What a scan would send to whom, in which zone, at what pace and for how long; sends nothing. */
void dry_run(const struct plan *p, int64_t now, FILE *out);

#endif
