/* SPDX-License-Identifier: Apache-2.0 */
/* What scan and update share about the store that they write. */
#ifndef TENKEN_COMMANDS_WRITING_H
#define TENKEN_COMMANDS_WRITING_H

#include "store/store.h"

/* site.yaml -> site.tenken beside it, tenken.sqlite without a site file. The caller frees it; NULL without
 * memory. */
char *writing_default(const char *site);
/* The one line on stderr about a store that cannot be written, and the exit status that it means. */
int writing_message(const char *path, enum store_fault fault, const char *words);

#endif
