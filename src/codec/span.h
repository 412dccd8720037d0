/* SPDX-License-Identifier: Apache-2.0 */
/* A view of bytes that somebody else owns. It is valid as long as they keep them. */
#ifndef TENKEN_CODEC_SPAN_H
#define TENKEN_CODEC_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
	const uint8_t *at;
	size_t length;
};

#define countof(array) (sizeof(array) / sizeof((array)[0]))

static inline struct span span_of(const void *bytes, size_t length)
{
	return (struct span){ .at = bytes, .length = length };
}

/* The bytes of a C string without its end. */
static inline struct span span_text(const char *text)
{
	return span_of(text, strlen(text));
}

static inline bool span_is(struct span s, const char *text)
{
	size_t n = strlen(text);
	return s.length == n && (n == 0 || memcmp(s.at, text, n) == 0);
}

static inline bool span_starts(struct span s, const char *text)
{
	size_t n = strlen(text);
	return s.length >= n && (n == 0 || memcmp(s.at, text, n) == 0);
}

/* ASCII only, as header names and keywords of text protocols are. */
bool span_is_nocase(struct span s, const char *text);
bool span_starts_nocase(struct span s, const char *text);

/* Where needle begins in s, or -1. An empty needle is found at 0. */
ptrdiff_t span_find(struct span s, const void *needle, size_t length);
/* The same for a text, without regard to ASCII case. */
ptrdiff_t span_find_nocase(struct span s, const char *text);

/* The span without leading and trailing spaces, tabs, CR and LF. */
struct span span_trim(struct span s);

/* The bytes from offset on; empty at the end of s where offset is too large. */
struct span span_from(struct span s, size_t offset);
struct span span_first(struct span s, size_t length);

#endif
