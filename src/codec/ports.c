/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of ports, and the text that nmap's users write for them. */
#include "codec/address.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

bool ports_has(const uint64_t set[static 1024], uint16_t port)
{
	return set[port / 64] >> port % 64 & 1;
}

void ports_put(uint64_t set[static 1024], uint16_t port)
{
	set[port / 64] |= UINT64_C(1) << port % 64;
}

unsigned ports_count(const uint64_t set[static 1024])
{
	unsigned n = 0;

	for (size_t i = 0; i < 1024; i++)
		n += (unsigned)__builtin_popcountll(set[i]);
	return n;
}

char *ports_text(const uint64_t set[static 1024])
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	if (f == NULL)
		return NULL;
	const char *comma = "";
	for (unsigned first = 0; first <= UINT16_MAX; first++) {
		if (!ports_has(set, (uint16_t)first))
			continue;
		unsigned last = first;
		while (last < UINT16_MAX && ports_has(set, (uint16_t)(last + 1)))
			last++;
		if (last == first)
			fprintf(f, "%s%u", comma, first);
		else if (last == first + 1)
			fprintf(f, "%s%u,%u", comma, first, last);
		else
			fprintf(f, "%s%u-%u", comma, first, last);
		comma = ",";
		first = last;
	}
	bool failed = ferror(f) != 0;
	if (fclose(f) != 0 || failed) {
		free(text);
		return NULL;
	}
	return text;
}

/* Decimal digits at the start of s, at most 65535; *ret keeps its value where there are none. */
static bool number(struct span *s, unsigned *ret)
{
	size_t n = 0;
	unsigned v = 0;

	while (n < s->length && s->at[n] >= '0' && s->at[n] <= '9') {
		v = v * 10 + (unsigned)(s->at[n] - '0');
		if (v > UINT16_MAX)
			return false;
		n++;
	}
	if (n > 0)
		*ret = v;
	*s = span_from(*s, n);
	return true;
}

/* "22", "1000-2000", "-100", "60000-", "-". */
static bool interval(struct span part, unsigned *ret_first, unsigned *ret_last)
{
	unsigned first = 1, last;
	struct span s = part;

	if (!number(&s, &first))
		return false;
	last = first;
	if (s.length > 0) {
		if (s.at[0] != '-')
			return false;
		s = span_from(s, 1);
		last = UINT16_MAX;
		if (!number(&s, &last))
			return false;
	}
	if (s.length > 0 || first == 0 || last < first)
		return false;
	*ret_first = first;
	*ret_last = last;
	return true;
}

int ports_parse(struct ports *set, const char *text, ports_by_name *by_name, void *context,
		struct span *ret_bad)
{
	struct span left = span_text(text);
	bool udp = false;

	for (;;) {
		ptrdiff_t comma = span_find(left, ",", 1);
		struct span whole = span_first(left, comma < 0 ? left.length : (size_t)comma);
		struct span part = span_trim(whole);
		unsigned first, last;

		if (span_starts_nocase(part, "T:") || span_starts_nocase(part, "U:")) {
			udp = part.at[0] == 'U' || part.at[0] == 'u';
			part = span_trim(span_from(part, 2));
		}
		bool letter = part.length > 0 && (part.at[0] < '0' || part.at[0] > '9') &&
			      part.at[0] != '-';
		if (part.length > 0 && !letter && interval(part, &first, &last)) {
			for (unsigned port = first; port <= last; port++)
				ports_put(udp ? set->udp : set->tcp, (uint16_t)port);
		} else if (!letter || by_name == NULL || !by_name(context, part, udp, set)) {
			if (ret_bad != NULL)
				*ret_bad = whole;
			return -EINVAL;
		}
		if (comma < 0)
			return 0;
		left = span_from(left, (size_t)comma + 1);
	}
}
