/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that is given back all at once. */
#ifndef TENKEN_JUDGE_ARENA_H
#define TENKEN_JUDGE_ARENA_H

#include <stddef.h>

struct arena;

struct arena *arena_new(void);
void arena_free(struct arena *a);
/* Zeroed. NULL without memory, or where count * size is too large. */
void *arena_array(struct arena *a, size_t count, size_t size);
/* A copy; NULL for NULL. */
char *arena_text(struct arena *a, const char *text);
__attribute__((format(printf, 2, 3))) char *arena_printf(struct arena *a, const char *format, ...);

#endif
