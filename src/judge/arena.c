/* SPDX-License-Identifier: Apache-2.0 */
#include "judge/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 64 * 1024 };

struct block {
	struct block *next;
	size_t used, room;
	alignas(max_align_t) unsigned char bytes[];
};

struct arena {
	struct block *blocks; /* the one in use first */
};

struct arena *arena_new(void)
{
	return calloc(1, sizeof(struct arena));
}

void arena_free(struct arena *a)
{
	if (a == NULL)
		return;
	while (a->blocks != NULL) {
		struct block *b = a->blocks;

		a->blocks = b->next;
		free(b);
	}
	free(a);
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
	size_t align = alignof(max_align_t);

	if (size != 0 && count > (SIZE_MAX / 2) / size)
		return NULL;
	size_t need = (count * size + align) / align * align; /* at least one byte */
	struct block *b = a->blocks;
	if (b == NULL || need > b->room - b->used) {
		size_t room = need > BLOCK ? need : BLOCK;

		b = calloc(1, sizeof(*b) + room);
		if (b == NULL)
			return NULL;
		b->room = room;
		if (need > BLOCK &&
		    a->blocks != NULL) { /* a large one does not end the block in use */
			b->next = a->blocks->next;
			a->blocks->next = b;
		} else {
			b->next = a->blocks;
			a->blocks = b;
		}
	}
	void *p = b->bytes + b->used;
	b->used += need;
	return p;
}

char *arena_text(struct arena *a, const char *text)
{
	if (text == NULL)
		return NULL;
	size_t n = strlen(text) + 1;
	char *copy = arena_array(a, n, 1);
	if (copy != NULL)
		memcpy(copy, text, n);
	return copy;
}

char *arena_printf(struct arena *a, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	int n = vsnprintf(NULL, 0, format, ap);
	va_end(ap);
	if (n < 0)
		return NULL;
	char *text = arena_array(a, (size_t)n + 1, 1);
	if (text == NULL)
		return NULL;
	va_start(ap, format);
	vsnprintf(text, (size_t)n + 1, format, ap);
	va_end(ap);
	return text;
}
