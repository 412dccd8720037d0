/* SPDX-License-Identifier: Apache-2.0 */
/* At the end of a scan: what its documents tell of each host, put together. */
#ifndef TENKEN_COMMANDS_RECOGNISE_H
#define TENKEN_COMMANDS_RECOGNISE_H

#include "store/store.h"

/* Fills the table device, and of the table host role and os where documents tell them. */
void recognise(struct store *store, int64_t scan);

#endif
