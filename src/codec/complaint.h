/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is wrong with a file or an argument, gathered rather than printed: reading never stops at the
 * first mistake, and only commands speak to people.
 */
#ifndef TENKEN_CODEC_COMPLAINT_H
#define TENKEN_CODEC_COMPLAINT_H

#include <stddef.h>
#include <stdio.h>

/* Messages in the order in which the mistakes were met. */
struct complaints {
	char **list;
	size_t count;
};

/* After so many one message says that there are more. */
enum { COMPLAINTS_MAX = 100 };

/* printf-like; a NULL file leaves the place out, line 0 the line. Control characters become '?'. */
__attribute__((format(printf, 4, 5))) void complain(struct complaints *c, const char *file,
						    unsigned line, const char *format, ...);
void complaints_print(const struct complaints *c, FILE *out); /* "error: ..." each on a line */
void complaints_done(struct complaints *c);

#endif
