/* SPDX-License-Identifier: Apache-2.0 */
/* One run goes from one store into another: what was seen elsewhere is judged with the rest of the site. */
#ifndef TENKEN_STORE_MERGE_H
#define TENKEN_STORE_MERGE_H

#include "store/store.h"

/* Is a run of this uuid in the store, and when was it begun? */
bool store_has_run(struct store *s, const char *uuid, int64_t *ret_started);

/*
 * Copies the run of this uuid, which has ended, with all that it saw and sent, from another store (a file that
 * nobody writes, of the newest schema: store_open() and store_close() make it so). With declarations: also what
 * its site file declared; else that is for the caller to write. The run's new id; 0 after a fault, and the store
 * is as it was. What the other store holds beside tables refuses it (STORE_NOT_OURS).
 */
int64_t store_take_run(struct store *s, const char *from, const char *uuid, bool declarations);

#endif
