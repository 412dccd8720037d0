/* SPDX-License-Identifier: Apache-2.0 */
#include "store/journal_line.h"

#include <stdio.h>
#include <string.h>

static int digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c != '\0' ? strchr(digits, c) : NULL;

	return at != NULL ? (int)(at - digits) : -1;
}

static bool read_key(const char *text, uint8_t key[static JOURNAL_KEY])
{
	for (size_t i = 0; i < JOURNAL_KEY; i++) {
		int high = digit(text[2 * i]);
		int low = high >= 0 ? digit(text[2 * i + 1]) : -1;

		if (low < 0)
			return false;
		key[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

bool journal_read_lane(char *line, struct journal_lane_line *ret)
{
	struct journal_lane_line l = { 0 };
	char key[2 * JOURNAL_KEY + 1];
	long long ms;
	unsigned port;
	int rest = 0;

	if (sscanf(line, "L %u %lld %63s %u %32s %u%n", &l.lane, &ms, l.source, &port, key,
		   &l.hosts, &rest) != 6 ||
	    line[rest] != ' ' || port > UINT16_MAX || l.hosts == 0 || ms < 0 ||
	    !read_key(key, l.key))
		return false;
	char *ports = line + rest + 1, *space = strchr(ports, ' ');
	if (space == NULL || space[1] == '\0' || strchr(space + 1, ' ') != NULL)
		return false;
	*space = '\0';
	l.ms = ms;
	l.source_port = (uint16_t)port;
	l.ports = ports;
	l.targets = space + 1;
	*ret = l;
	return true;
}

bool journal_read_stretch(const char *line, struct journal_stretch_line *ret)
{
	struct journal_stretch_line r = { 0 };
	long long ms, first, last;
	int rest = 0;

	if (sscanf(line, "R %u %lld %15s %lld %lld%n", &r.lane, &ms, r.kind, &first, &last,
		   &rest) != 5 ||
	    line[rest] != '\0' || ms < 0 || first < 0 || last < first)
		return false;
	r.ms = ms;
	r.first = first;
	r.last = last;
	*ret = r;
	return true;
}

bool journal_read_asked(const char *line, struct journal_asked_line *ret)
{
	struct journal_asked_line a = { 0 };
	long long ms;
	unsigned port;
	int rest = 0;

	if (sscanf(line, "A %lld %*31s %15s %63s %63s %u%n", &ms, a.kind, a.source, a.to, &port,
		   &rest) != 5 ||
	    line[rest] != '\0' || ms < 0 || port > UINT16_MAX)
		return false;
	a.ms = ms;
	a.port = (uint16_t)port;
	*ret = a;
	return true;
}
