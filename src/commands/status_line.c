/* SPDX-License-Identifier: Apache-2.0 */
#include "commands/status_line.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "commands/progress.h"

enum { EVERY_MS = 1000 };

static int64_t mono_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void status_line_begin(struct status_line *l, bool quiet)
{
	l->wanted = !quiet && isatty(STDERR_FILENO);
	l->next_ms = mono_ms() + EVERY_MS;
}

bool status_line_due(struct status_line *l)
{
	int64_t now = l->wanted ? mono_ms() : 0;

	if (!l->wanted || now < l->next_ms)
		return false;
	l->next_ms = now + EVERY_MS;
	return true;
}

void status_line_show(struct status_line *l, const char *format, ...)
{
	char text[PROGRESS_TEXT];
	struct winsize w;
	va_list arguments;

	if (!l->wanted)
		return;
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	/* The last column stays free: a cursor behind it would be on the next line. */
	progress_cut(text, ioctl(STDERR_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 1 ? w.ws_col - 1U
										     : 79);
	fprintf(stderr, "\r\033[K%s", text);
	fflush(stderr);
}

void status_line_clear(struct status_line *l)
{
	if (!l->wanted)
		return;
	fputs("\r\033[K", stderr);
	fflush(stderr);
}
