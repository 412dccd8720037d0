/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/compact.h"

#include <stdint.h>
#include <string.h>

#include "codec/utf8.h"

enum { DEEPEST = 64, DIGITS = 15 };

struct scan {
	const uint8_t *p, *end;
	int depth;
};

static bool value(struct scan *s);

static bool hex4(struct scan *s, unsigned *ret)
{
	unsigned v = 0;

	for (int i = 0; i < 4; i++, s->p++) {
		unsigned c = s->p < s->end ? *s->p : 0;

		if (c >= '0' && c <= '9')
			v = v * 16 + (c - '0');
		else if ((c | 32) >= 'a' && (c | 32) <= 'f')
			v = v * 16 + ((c | 32) - 'a' + 10);
		else
			return false;
	}
	*ret = v;
	return true;
}

static bool string(struct scan *s)
{
	s->p++;
	while (s->p < s->end && *s->p != '"') {
		uint32_t v;
		unsigned code;

		if (*s->p >= 0x20 && *s->p < 0x7f && *s->p != '\\') {
			s->p++;
		} else if (*s->p == '\\') {
			if (++s->p == s->end || strchr("\"\\/bfnrtu", *s->p) == NULL)
				return false;
			if (*s->p++ != 'u')
				continue;
			/* Pairs of surrogates are left to the library. */
			if (!hex4(s, &code) || (code >= 0xd800 && code < 0xe000))
				return false;
		} else {
			size_t n = *s->p < 0x80 ? 0 : utf8_next(s->p, (size_t)(s->end - s->p), &v);

			if (n == 0)
				return false;
			s->p += n;
		}
	}
	return s->p < s->end && *s->p++ == '"';
}

/* Whole numbers that any reader holds exactly; others are left to the library. */
static bool number(struct scan *s)
{
	const uint8_t *from;

	if (*s->p == '-')
		s->p++;
	from = s->p;
	while (s->p < s->end && *s->p >= '0' && *s->p <= '9')
		s->p++;
	return s->p > from && s->p - from <= DIGITS && (*from != '0' || s->p - from == 1);
}

static bool literal(struct scan *s, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(s->end - s->p) < n || memcmp(s->p, word, n) != 0)
		return false;
	s->p += n;
	return true;
}

static bool members(struct scan *s, bool keyed)
{
	uint8_t close = keyed ? '}' : ']';

	s->p++;
	if (++s->depth > DEEPEST)
		return false;
	if (s->p < s->end && *s->p == close) {
		s->p++;
		s->depth--;
		return true;
	}
	for (;;) {
		if (keyed && (s->p == s->end || *s->p != '"' || !string(s) || s->p == s->end ||
			      *s->p++ != ':'))
			return false;
		if (!value(s) || s->p == s->end)
			return false;
		if (*s->p == close) {
			s->p++;
			s->depth--;
			return true;
		}
		if (*s->p++ != ',')
			return false;
	}
}

static bool value(struct scan *s)
{
	if (s->p == s->end)
		return false;
	switch (*s->p) {
	case '{':
		return members(s, true);
	case '[':
		return members(s, false);
	case '"':
		return string(s);
	case 't':
		return literal(s, "true");
	case 'f':
		return literal(s, "false");
	case 'n':
		return literal(s, "null");
	default:
		return number(s);
	}
}

bool compact_json(const char *text)
{
	struct scan s = { .p = (const uint8_t *)text };

	s.end = s.p + strlen(text);
	return (*text == '{' || *text == '[') && value(&s) && s.p == s.end;
}

/* ---- one member ---- */

static const char *past_blanks(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
		p++;
	return p;
}

/* Behind the string that begins here. */
static const char *past_string(const char *p, const char *end)
{
	for (p++; p < end && *p != '"'; p++)
		if (*p == '\\' && end - p > 1)
			p++;
	return p < end ? p + 1 : end;
}

/* Behind the value that begins here: where a comma or a bracket stands that is not its own. */
static const char *past_value(const char *p, const char *end)
{
	size_t depth = 0;

	while (p < end) {
		if (*p == '"') {
			p = past_string(p, end);
			continue;
		}
		if (*p == '{' || *p == '[')
			depth++;
		else if (depth == 0 && (*p == ',' || *p == '}' || *p == ']'))
			break;
		else if (*p == '}' || *p == ']')
			depth--;
		p++;
	}
	return p;
}

const char *compact_member(const char *text, size_t length, const char *name, size_t *ret_length)
{
	const char *p = past_blanks(text, text + length), *end = text + length;
	size_t size = strlen(name);

	if (p == end || *p++ != '{')
		return NULL;
	for (;; p++) {
		p = past_blanks(p, end);
		if (p == end || *p != '"')
			return NULL;
		const char *key = p + 1;
		p = past_string(p, end);
		bool found = (size_t)(p - key) == size + 1 && memcmp(key, name, size) == 0;
		p = past_blanks(p, end);
		if (p == end || *p++ != ':')
			return NULL;
		const char *from = p = past_blanks(p, end);
		p = past_value(p, end);
		if (found) {
			while (p > from && past_blanks(p - 1, p) == p)
				p--;
			*ret_length = (size_t)(p - from);
			return *ret_length > 0 ? from : NULL;
		}
		if (p == end || *p != ',')
			return NULL;
	}
}
