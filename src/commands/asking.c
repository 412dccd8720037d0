/* SPDX-License-Identifier: Apache-2.0 */
#include "commands/asking.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "codec/i18n.h"
#include "codec/utf8.h"
#include "report/text.h"

enum { COLUMNS = 80, ROWS = 24, COLUMNS_LEAST = 30 };

static volatile sig_atomic_t stopped;
static struct sigaction before_int, before_term;

static void stop(int signal)
{
	(void)signal;
	stopped = 1;
}

void ask_start(struct asking *a, FILE *out)
{
	/* Without SA_RESTART: a read that waits for a person ends. */
	const struct sigaction ending = { .sa_handler = stop };
	struct winsize w = { 0 };

	*a = (struct asking){ .out = out, .columns = COLUMNS, .rows = ROWS };
	if (ioctl(STDIN_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 0) {
		a->columns = w.ws_col >= COLUMNS_LEAST ? w.ws_col : COLUMNS_LEAST;
		a->rows = w.ws_row > 0 ? w.ws_row : ROWS;
	}
	stopped = 0;
	sigaction(SIGINT, &ending, &before_int);
	sigaction(SIGTERM, &ending, &before_term);
}

void ask_finish(struct asking *a)
{
	(void)a;
	sigaction(SIGINT, &before_int, NULL);
	sigaction(SIGTERM, &before_term, NULL);
}

/* ---- lines ---- */

static bool refill(struct asking *a)
{
	for (;;) {
		ssize_t n = stopped ? -1 : read(STDIN_FILENO, a->pending, sizeof(a->pending));

		if (stopped) {
			a->end = ASK_STOP;
			return false;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			a->end = ASK_OVER;
			return false;
		}
		a->have = (size_t)n;
		a->used = 0;
		return true;
	}
}

/* The bytes of the next line, as many as there is room for; *ret_length counts all of them. False: there is
 * none any more. A last line without its end is one. */
static bool next_line(struct asking *a, char *line, size_t size, size_t *ret_length)
{
	size_t n = 0;

	for (;;) {
		if (a->used == a->have && !refill(a)) {
			if (n == 0 || a->end == ASK_STOP)
				return false;
			break;
		}
		char c = a->pending[a->used++];
		if (c == '\n')
			break;
		if (n + 1 < size)
			line[n] = c;
		n++;
	}
	line[n < size ? n : size - 1] = '\0';
	*ret_length = n;
	return true;
}

static bool is_blank(uint32_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == 0x3000;
}

/* What no person means to type: it would come back out of reports and files. */
static bool is_hidden(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x200b && c <= 0x200f) ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff;
}

/* False: it cannot be an answer. */
static bool take(const char *line, bool narrow, char out[static ASK_TEXT])
{
	const uint8_t *p = (const uint8_t *)line;
	size_t left = strlen(line), n = 0, end = 0;

	while (left > 0) {
		uint32_t c;
		size_t length = utf8_next(p, left, &c);

		if (length == 0)
			return false;
		if (narrow && c >= 0xff01 && c <= 0xff5e)
			c -= 0xfee0;
		if (is_blank(c)) {
			if (n > 0 && n + 1 < ASK_TEXT)
				out[n++] = ' ';
		} else if (is_hidden(c)) {
			return false;
		} else if (c < 0x80) {
			out[n++] = (char)c;
			end = n;
		} else {
			memcpy(out + n, p, length);
			n += length;
			end = n;
		}
		p += length;
		left -= length;
	}
	out[end] = '\0';
	return true;
}

bool ask_line(struct asking *a, const char *prompt, bool narrow, char out[static ASK_TEXT])
{
	char line[ASK_TEXT];
	size_t length;

	out[0] = '\0';
	while (a->end == ASK_LINE) {
		fputs(prompt, a->out);
		fflush(a->out);
		if (!next_line(a, line, sizeof(line), &length)) {
			/* Ctrl-C leaves the cursor behind the prompt. */
			putc('\n', a->out);
			break;
		}
		if (length >= sizeof(line))
			fprintf(a->out, _("That line is too long: at most %d bytes.\n"),
				ASK_TEXT - 1);
		else if (memchr(line, '\0', length) != NULL || !take(line, narrow, out))
			fprintf(a->out, _("That line has characters that cannot be kept.\n"));
		else
			return true;
		out[0] = '\0';
	}
	fflush(a->out);
	return false;
}

/* ---- wrapping ---- */

static size_t width_of(uint32_t c)
{
	int w = wcwidth((wchar_t)c);

	return w > 0 ? (size_t)w : 0;
}

/* Closing brackets, commas and full stops do not begin a line. */
static bool may_begin_line(const char *text)
{
	static const char *const never[] = { "、", "。", "，", "．", "）", "」", "』", "・", "ー" };

	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		if (strncmp(text, never[i], strlen(never[i])) == 0)
			return false;
	return true;
}

/* How many bytes of the text fit on a line: up to a blank or between wide characters, if there is such a place. */
static size_t fitting(const char *text, size_t room)
{
	size_t at = 0, width = 0, good = 0;

	for (size_t left = strlen(text); left > 0;) {
		uint32_t c = '?';
		size_t length = utf8_next((const uint8_t *)text + at, left, &c);

		if (length == 0)
			length = 1;
		size_t w = width_of(c);
		if (width + w > room)
			return good > 0 ? good : at > 0 ? at : length;
		at += length;
		left -= length;
		width += w;
		if (c == ' ' || (w == 2 && may_begin_line(text + at)))
			good = at;
	}
	return at;
}

size_t ask_wrap(struct asking *a, const char *first, const char *indent, const char *text,
		size_t most)
{
	size_t lines = 0;

	while (*text != '\0' || lines == 0) {
		const char *front = lines == 0 ? first : indent;
		size_t taken = strlen(front), room;
		char part[512];

		room = a->columns - 1 > taken + 10 ? a->columns - 1 - taken : 10;
		size_t n = fitting(text, room);
		if (n >= sizeof(part))
			n = sizeof(part) - 1;
		memcpy(part, text, n);
		part[n] = '\0';
		text += n + strspn(text + n, " ");
		fputs(front, a->out);
		put_line(a->out, part);
		lines++;
		if (most > 0 && lines == most && *text != '\0') {
			fputs(" ...\n", a->out);
			break;
		}
		putc('\n', a->out);
	}
	return lines;
}
