/* SPDX-License-Identifier: Apache-2.0 */
/* The one line on a terminal that says how far a command is. */
#ifndef TENKEN_COMMANDS_STATUS_LINE_H
#define TENKEN_COMMANDS_STATUS_LINE_H

#include <stdbool.h>
#include <stdint.h>

struct status_line {
	bool wanted; /* there is a terminal, and nobody asked for silence */
	int64_t next_ms;
};

/* quiet: never. */
void status_line_begin(struct status_line *l, bool quiet);
/* Is it time for another one? Once a second. */
bool status_line_due(struct status_line *l);
__attribute__((format(printf, 2, 3))) void status_line_show(struct status_line *l,
							    const char *format, ...);
/* The terminal is as if it had not been there. */
void status_line_clear(struct status_line *l);

#endif
