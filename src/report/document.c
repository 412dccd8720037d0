/* SPDX-License-Identifier: Apache-2.0 */
/* JSON that the store holds, on its way into an export. */
#include <string.h>

#include "codec/utf8.h"
#include "report/text.h"

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

bool text_is_compact(const char *text)
{
	struct scan s = { .p = (const uint8_t *)text };

	s.end = s.p + strlen(text);
	return (*text == '{' || *text == '[') && value(&s) && s.p == s.end;
}

bool put_document(FILE *out, const char *text)
{
	if (text == NULL || text_is_compact(text)) {
		fputs_unlocked(text != NULL ? text : "null", out);
		return true;
	}
	json_t *v = text_parsed(text);
	bool good = v != NULL && json_dumpf(v, out, JSON_COMPACT | JSON_ENCODE_ANY) == 0;

	json_decref(v);
	return good || ferror(out);
}
