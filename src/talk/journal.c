/* SPDX-License-Identifier: Apache-2.0 */
#include "talk/journal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static bool put(int fd, const char *line, int n)
{
	return n > 0 && write(fd, line, (size_t)n) == n;
}

bool journal_opened(int fd, uint64_t number, int64_t ms, const struct addr *a, uint16_t port,
		    bool udp, const char *kind)
{
	char line[256], address[ADDR_TEXT];

	return put(fd, line,
		   snprintf(line, sizeof(line), "O %" PRIu64 " %" PRId64 " %s %u%s %s\n", number,
			    ms, addr_format(a, address), port, udp ? "/udp" : "", kind));
}

bool journal_became(int fd, uint64_t number, int64_t ms, const char *probe)
{
	char line[128];

	return put(
		fd, line,
		snprintf(line, sizeof(line), "B %" PRIu64 " %" PRId64 " %s\n", number, ms, probe));
}

bool journal_closed(int fd, uint64_t number, int64_t ms, const struct addr *source,
		    uint16_t source_port, unsigned packets, uint64_t sent, uint64_t received,
		    const char *ending, const struct journal_found *found)
{
	static const char *const states[PORT_STATES] = { "open", "closed", "filtered", "silent" };
	char line[400], address[ADDR_TEXT], what[128] = "";

	/* Services have a reason, and only open and filtered ports become one. */
	if (found->known && (found->state == PORT_OPEN || found->state == PORT_FILTERED))
		snprintf(what, sizeof(what), " %s %u %.96s", states[found->state], found->no_host,
			 found->reason);
	else if (found->known)
		snprintf(what, sizeof(what), " %s %u", states[found->state], found->no_host);
	return put(fd, line,
		   snprintf(line, sizeof(line),
			    "C %" PRIu64 " %" PRId64 " %s %u %u %" PRIu64 " %" PRIu64 " %s%s\n",
			    number, ms, addr_format(source, address), source_port, packets, sent,
			    received, ending, what));
}

bool journal_distress(int fd, int64_t ms, const struct addr *a, const char *reason)
{
	char line[256], address[ADDR_TEXT];

	return put(fd, line,
		   snprintf(line, sizeof(line), "D %" PRId64 " %s %.96s\n", ms,
			    addr_format(a, address), reason));
}

bool journal_lane(int fd, unsigned lane, int64_t ms, const struct addr *source,
		  uint16_t source_port, const uint8_t key[static 16], uint32_t hosts,
		  const char *ports, const char *targets)
{
	char *line = NULL, address[ADDR_TEXT], hex[33];

	for (size_t i = 0; i < 16; i++)
		snprintf(hex + 2 * i, 3, "%02x", key[i]);
	int n = asprintf(&line, "L %u %" PRId64 " %s %u %s %" PRIu32 " %s %s\n", lane, ms,
			 addr_format(source, address), source_port, hex, hosts, ports, targets);
	bool good = n > 0 && put(fd, line, n);
	free(n >= 0 ? line : NULL);
	return good;
}

bool journal_stretch(int fd, unsigned lane, int64_t ms, const char *kind, uint64_t from,
		     uint64_t to)
{
	char line[128];

	return put(fd, line,
		   snprintf(line, sizeof(line), "R %u %" PRId64 " %s %" PRIu64 " %" PRIu64 "\n",
			    lane, ms, kind, from, to));
}

bool journal_asked(int fd, int64_t ms, const char *interface, const char *kind,
		   const struct addr *source, const char *to, uint16_t port)
{
	char line[256], address[ADDR_TEXT];

	return put(fd, line,
		   snprintf(line, sizeof(line), "A %" PRId64 " %s %s %s %s %u\n", ms, interface,
			    kind, addr_format(source, address), to, port));
}
