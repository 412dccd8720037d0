/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/span.h"

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

static bool same_nocase(const uint8_t *bytes, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (lower(bytes[i]) != lower((uint8_t)text[i]))
			return false;
	return true;
}

bool span_is_nocase(struct span s, const char *text)
{
	return s.length == strlen(text) && same_nocase(s.at, text, s.length);
}

bool span_starts_nocase(struct span s, const char *text)
{
	size_t n = strlen(text);
	return s.length >= n && same_nocase(s.at, text, n);
}

ptrdiff_t span_find(struct span s, const void *needle, size_t length)
{
	if (length == 0)
		return 0;
	const uint8_t *at = s.length > 0 ? memmem(s.at, s.length, needle, length) : NULL;
	return at != NULL ? at - s.at : -1;
}

ptrdiff_t span_find_nocase(struct span s, const char *text)
{
	size_t n = strlen(text);
	for (size_t i = 0; i + n <= s.length; i++)
		if (same_nocase(s.at + i, text, n))
			return (ptrdiff_t)i;
	return -1;
}

static bool blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct span span_trim(struct span s)
{
	while (s.length > 0 && blank(s.at[0])) {
		s.at++;
		s.length--;
	}
	while (s.length > 0 && blank(s.at[s.length - 1]))
		s.length--;
	return s;
}

struct span span_from(struct span s, size_t offset)
{
	if (s.length == 0)
		return s;
	if (offset > s.length)
		offset = s.length;
	return span_of(s.at + offset, s.length - offset);
}

struct span span_first(struct span s, size_t length)
{
	return span_of(s.at, length < s.length ? length : s.length);
}
