/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/product.h"

#include "codec/evidence.h"

static bool is_digit(uint8_t b)
{
	return b >= '0' && b <= '9';
}

static bool is_letter(uint8_t b)
{
	return (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z');
}

/* The span from a version on ("9.2", "v6.4"), without the v; empty where there is none. */
static struct span at_version(struct span s)
{
	if (s.length > 1 && (s.at[0] == 'v' || s.at[0] == 'V') && is_digit(s.at[1]))
		return span_from(s, 1);
	return s.length > 0 && is_digit(s.at[0]) ? s : span_first(s, 0);
}

/* A version is one run of digits, letters, dots and plus signs that does not end in a dot. */
static struct span version_run(struct span s)
{
	size_t n = 0;

	while (n < s.length &&
	       (is_digit(s.at[n]) || is_letter(s.at[n]) || s.at[n] == '.' || s.at[n] == '+'))
		n++;
	while (n > 0 && s.at[n - 1] == '.')
		n--;
	return span_first(s, n);
}

struct product product_split(struct span word)
{
	if (at_version(word).length > 0) /* "3.2.9": a version alone */
		return (struct product){ span_first(word, 0), version_run(at_version(word)) };
	for (size_t i = 1; i < word.length; i++) {
		if (memchr("_-/.", word.at[i], 4) == NULL)
			continue;
		struct span version = at_version(span_from(word, i + 1));

		if (version.length > 0)
			return (struct product){ span_first(word, i), version_run(version) };
	}
	return (struct product){ word, span_first(word, 0) };
}

/* Words that may stand between a product's name and its version. */
static bool is_filler(struct span word)
{
	static const char *const fillers[] = { "server", "service", "version", "ftp",    "ftpd",
					       "smtp",   "esmtp",   "mail",    "daemon", "ver" };

	for (size_t i = 0; i < countof(fillers); i++)
		if (span_is_nocase(word, fillers[i]))
			return true;
	return false;
}

static struct span version_behind(struct span s)
{
	for (;;) {
		size_t skip = 0;

		while (skip < s.length && memchr(" (,:;/_-[", s.at[skip], 9) != NULL)
			skip++;
		s = span_from(s, skip);
		struct span version = at_version(s);
		if (version.length > 0)
			return version_run(version);
		size_t n = 0;
		while (n < s.length && is_letter(s.at[n]))
			n++;
		if (!is_filler(span_first(s, n)))
			return span_first(s, 0);
		s = span_from(s, n);
	}
}

bool product_find(struct span text, const char *const names[], struct product *ret)
{
	for (size_t i = 0; names[i] != NULL; i++) {
		ptrdiff_t at = span_find_nocase(text, names[i]);

		if (at < 0)
			continue;
		struct span rest = span_from(text, (size_t)at + strlen(names[i]));
		*ret = (struct product){ span_text(names[i]), version_behind(rest) };
		return true;
	}
	return false;
}

void note_product(json_t *object, const struct product *p)
{
	if (p->name.length > 0)
		note_text(object, "product", p->name);
	if (p->version.length > 0)
		note_text(object, "version", p->version);
}
