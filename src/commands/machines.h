/* SPDX-License-Identifier: Apache-2.0 */
/* At the end of a scan: which addresses are one machine. */
#ifndef TENKEN_COMMANDS_MACHINES_H
#define TENKEN_COMMANDS_MACHINES_H

#include "store/store.h"

/* Fills the table machine, and with it those of commands/assets.h. */
void machines(struct store *store, int64_t scan);

#endif
