/* SPDX-License-Identifier: Apache-2.0 */
/* Growing lists, and the words for what a site declares. */
#include "site/declare.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const char *const kind_words[ZONE_KINDS] = {
	[ZONE_OT] = "ot", [ZONE_UNASSIGNED] = "unassigned", [ZONE_DMZ] = "dmz",
	[ZONE_IT] = "it", [ZONE_PUBLIC] = "public",
};

static const char *const risk_words[SITE_RISKS] = {
	[SITE_LISTEN] = "listen",
	[SITE_TOUCH] = "touch",
	[SITE_READ] = "read",
	[SITE_LOGIN] = "login",
};

const char *zone_kind_word(enum zone_kind k)
{
	return kind_words[k];
}

enum zone_kind zone_kind_of_word(const char *word)
{
	enum zone_kind k = 0;

	while (k < ZONE_KINDS && strcmp(word, kind_words[k]) != 0)
		k++;
	return k;
}

const char *site_risk_word(enum site_risk r)
{
	return risk_words[r];
}

enum site_risk site_risk_of_word(const char *word)
{
	enum site_risk r = 0;

	while (r < SITE_RISKS && strcmp(word, risk_words[r]) != 0)
		r++;
	return r;
}

void *list_grow(void *list, size_t *count, size_t size)
{
	void *elements;

	/* list points to a pointer of any type: its bytes are copied, never its type assumed. */
	memcpy(&elements, list, sizeof(elements));
	/* The capacity is the next power of two, at least four: see codec/ranges.c. */
	if ((*count & (*count - 1)) == 0) {
		void *bigger = reallocarray(elements, *count < 2 ? 4 : *count * 2, size);

		if (bigger == NULL)
			return NULL;
		elements = bigger;
		memcpy(list, &elements, sizeof(elements));
	}
	char *place = (char *)elements + *count * size;
	memset(place, 0, size);
	++*count;
	return place;
}

static bool take_text(char ***list, size_t *count, char *text)
{
	char **place = text != NULL ? list_grow(list, count, sizeof(*place)) : NULL;

	if (place == NULL) {
		free(text);
		return false;
	}
	*place = text;
	return true;
}

bool texts_add(char ***list, size_t *count, const char *text)
{
	return take_text(list, count, strdup(text));
}

void texts_addf(char ***list, size_t *count, const char *format, ...)
{
	char *text = NULL;
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		text = NULL;
	va_end(arguments);
	take_text(list, count, text);
}

void texts_done(char ***list, size_t *count)
{
	for (size_t i = 0; i < *count; i++)
		free((*list)[i]);
	free(*list);
	*list = NULL;
	*count = 0;
}

/* "443", "1000-2000". */
static bool numbers(struct span s, struct port_range *ret)
{
	unsigned v[2] = { 0, 0 };
	size_t n = 0, digits = 0;

	for (size_t i = 0; i < s.length; i++) {
		if (s.at[i] == '-' && n == 0 && digits > 0) {
			n = 1;
			digits = 0;
		} else if (s.at[i] >= '0' && s.at[i] <= '9' && digits < 5) {
			v[n] = v[n] * 10 + (unsigned)(s.at[i] - '0');
			digits++;
		} else {
			return false;
		}
	}
	if (n == 0)
		v[1] = v[0];
	if (digits == 0 || v[0] == 0 || v[1] > UINT16_MAX || v[1] < v[0])
		return false;
	ret->first = (uint16_t)v[0];
	ret->last = (uint16_t)v[1];
	return true;
}

bool port_range_parse(struct span text, struct port_range *ret)
{
	static const char *const transports[] = { "tcp", "udp" };
	struct port_range r = { .transport = "tcp" };
	ptrdiff_t slash = span_find(text, "/", 1);

	if (slash < 0 && numbers(text, &r)) {
		*ret = r;
		return true;
	}
	struct span left = span_first(text, slash < 0 ? text.length : (size_t)slash);
	struct span right = slash < 0 ? span_of(text.at, 0) : span_from(text, (size_t)slash + 1);
	for (size_t i = 0; i < countof(transports); i++) {
		struct span ports = right;

		if (span_is_nocase(right, transports[i]))
			ports = left;
		else if (!span_is_nocase(left, transports[i]))
			continue;
		memcpy(r.transport, transports[i], 4);
		if (slash < 0) {
			r.first = 1;
			r.last = UINT16_MAX;
		} else if (!numbers(ports, &r)) {
			return false;
		}
		*ret = r;
		return true;
	}
	return false;
}
