/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions to a person, line by line: on a terminal of any kind (nothing but lines is written), or from a
 * pipe. A line that cannot be an answer (too long, control characters, no UTF-8) is told and asked again.
 */
#ifndef TENKEN_COMMANDS_ASKING_H
#define TENKEN_COMMANDS_ASKING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { ASK_TEXT = 1000 + 1 }; /* bytes of an answer, as a site file allows */

enum ask_end {
	ASK_LINE, /* there is an answer */
	ASK_OVER, /* the input ended, or could not be read */
	ASK_STOP, /* Ctrl-C, SIGTERM */
};

struct asking {
	FILE *out;
	enum ask_end end; /* sticky: after anything but ASK_LINE nothing is asked any more */
	size_t columns, rows;
	char pending[4096]; /* read, not used yet */
	size_t have, used;
};

/* From here on Ctrl-C and SIGTERM end the question instead of the process, until ask_finish(). */
void ask_start(struct asking *a, FILE *out);
void ask_finish(struct asking *a);
/* Asks, with the prompt in front; out is the answer without blanks around it, "" where it was empty or nothing
 * was said. Full-width letters, figures and blanks of one character each come as ASCII where narrow is true.
 * False: a->end is not ASK_LINE. */
bool ask_line(struct asking *a, const char *prompt, bool narrow, char out[static ASK_TEXT]);

/* A text in lines as wide as the terminal, each with these blanks in front (the first one with `first`). Returns
 * how many lines that were. most 0: any number, else the rest is left out with "...". */
size_t ask_wrap(struct asking *a, const char *first, const char *indent, const char *text,
		size_t most);

#endif
