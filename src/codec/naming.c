/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/naming.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "codec/span.h"
#include "codec/utf8.h"

/* The character as it stands in a key; 0: none. */
static uint32_t folded(uint32_t c)
{
	if (c >= 0xff01 && c <= 0xff5e) /* full-width '!' to '~' */
		c -= 0xff01 - '!';
	if (c == 0x3000 || c == 0xa0 || c == '\t' || c == '\n' ||
	    c == '\r') /* ideographic, no-break */
		c = ' ';
	if (c >= 'A' && c <= 'Z')
		c += 'a' - 'A';
	if (c == 0x200b || c == 0xfeff || c == 0xae || c == 0x2122) /* invisible, (R), TM */
		return 0;
	return c == 0x2019 ? '\'' : c;
}

char *name_key(const char *name)
{
	const uint8_t *p = (const uint8_t *)name;
	size_t left = strlen(name), n = 0;
	char *key = malloc(left + 1);
	bool blank = false;

	while (key != NULL && left > 0) {
		uint32_t c;
		size_t length = utf8_next(p, left, &c);

		if (length == 0) { /* no UTF-8: the byte as it is */
			length = 1;
			c = 0x110000;
		}
		uint32_t f = c == 0x110000 ? c : folded(c);
		if (f == ' ') {
			blank = n > 0;
		} else if (f != 0) {
			if (blank)
				key[n++] = ' ';
			blank = false;
			if (f < 0x80) {
				key[n++] = (char)f;
			} else {
				memcpy(key + n, p, length);
				n += length;
			}
		}
		p += length;
		left -= length;
	}
	if (key != NULL)
		key[n] = '\0';
	return key;
}

/* Behind a name, from the longest; the name in front must not be empty. */
static const char *const endings[] = {
	"株式会社",     "有限会社",
	"(株)",         "㈱",
	"co., ltd.",    "co., ltd",
	"co.,ltd.",     "co.,ltd",
	"co. ltd.",     "co ltd",
	"incorporated", "inc.",
	"inc",          "corporation",
	"corp.",        "corp",
	"limited",      "ltd.",
	"ltd",          "llc",
	"l.l.c.",       "gmbh & co. kg",
	"gmbh",         "ag",
	"s.a.",         "sa",
	"se",           "b.v.",
	"bv",           "a/s",
	"ab",           "oy",
	"s.p.a.",       "spa",
	"plc",          "k.k.",
	"kk",           "company",
	"co.",
};
static const char *const starts[] = { "株式会社", "有限会社", "(株)", "㈱" };

static bool ascii(char c)
{
	return (unsigned char)c < 0x80;
}

static bool cut_end(char *key)
{
	size_t n = strlen(key);

	for (size_t i = 0; i < countof(endings); i++) {
		size_t m = strlen(endings[i]);

		if (m >= n || strcmp(key + n - m, endings[i]) != 0)
			continue;
		/* A word of its own: "fuji" is no company of the kind "ji". */
		if (ascii(endings[i][0]) && endings[i][0] != '(' && key[n - m - 1] != ' ' &&
		    key[n - m - 1] != ',')
			continue;
		n -= m;
		while (n > 0 && (key[n - 1] == ' ' || key[n - 1] == ','))
			n--;
		if (n == 0)
			return false;
		key[n] = '\0';
		return true;
	}
	return false;
}

char *vendor_key(const char *name)
{
	char *key = name_key(name);

	if (key == NULL)
		return NULL;
	for (size_t i = 0; i < countof(starts); i++) {
		size_t m = strlen(starts[i]);

		if (strncmp(key, starts[i], m) != 0 || key[m + strspn(key + m, " ")] == '\0')
			continue;
		m += strspn(key + m, " ");
		memmove(key, key + m, strlen(key + m) + 1);
		break;
	}
	while (cut_end(key))
		;
	return key;
}
