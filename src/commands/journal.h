/* SPDX-License-Identifier: Apache-2.0 */
/* What a run sent, for others than `tenken journal`. */
#ifndef TENKEN_COMMANDS_JOURNAL_H
#define TENKEN_COMMANDS_JOURNAL_H

#include <stdint.h>
#include <stdio.h>

#include "store/db.h"

/* The journal of one run as JSON, as `tenken journal --json` has it. 0 or negative errno. */
int journal_write(struct db *db, int64_t scan, FILE *out);

#endif
