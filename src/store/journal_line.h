/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of the journal file about what was sent outside of connections (talk/journal.h): text to struct. */
#ifndef TENKEN_STORE_JOURNAL_LINE_H
#define TENKEN_STORE_JOURNAL_LINE_H

#include <stdbool.h>
#include <stdint.h>

enum { JOURNAL_SOURCE = 64, JOURNAL_KEY = 16, JOURNAL_KIND = 16, JOURNAL_TO = 64 };

/* L: a block of addresses begins. */
struct journal_lane_line {
	uint32_t lane;
	int64_t ms;
	char source[JOURNAL_SOURCE];
	uint16_t source_port;
	uint8_t key[JOURNAL_KEY];
	uint32_t hosts;
	const char *ports, *targets; /* in the line */
};

/* R: these places of the lane's block may be sent from now on. */
struct journal_stretch_line {
	uint32_t lane;
	int64_t ms;
	char kind[JOURNAL_KIND];
	int64_t first, last; /* last: the one behind */
};

/* A: a question to a whole segment, or to a resolver. */
struct journal_asked_line {
	int64_t ms;
	char kind[JOURNAL_KIND], source[JOURNAL_SOURCE], to[JOURNAL_TO];
	uint16_t port; /* 0: by ICMP, which has none */
};

/* All: a whole line, its newline taken off. False: it is none, or not all of it is there. */
bool journal_read_lane(char *line, struct journal_lane_line *ret);
bool journal_read_stretch(const char *line, struct journal_stretch_line *ret);
bool journal_read_asked(const char *line, struct journal_asked_line *ret);

#endif
