/* SPDX-License-Identifier: Apache-2.0 */
#include "talk/reply.h"

#include "codec/evidence.h"
#include "codec/writer.h"

/* "220 text", "220-text", "220": the code, or 0 where the line is none of them. */
static unsigned read_code(struct span line, bool *ret_more)
{
	unsigned code = 0;

	if (line.length < 3 || line.at[0] < '1' || line.at[0] > '5')
		return 0;
	for (size_t i = 0; i < 3; i++) {
		if (line.at[i] < '0' || line.at[i] > '9')
			return 0;
		code = code * 10 + (line.at[i] - '0');
	}
	if (line.length > 3 && line.at[3] != ' ' && line.at[3] != '-')
		return 0;
	*ret_more = line.length > 3 && line.at[3] == '-';
	return code;
}

static void keep_line(struct reply *r, struct span text)
{
	if (text.length >= sizeof(r->text) - r->length)
		return;
	struct writer w = wr_new(r->text + r->length, sizeof(r->text) - r->length);

	wr_span_in(&w, text);
	wr_u8(&w, '\n');
	r->length += wr_span(&w).length;
}

bool reply_read(struct conn *c, struct reply *ret)
{
	bool more = false;
	struct span line = conn_read_line(c);

	ret->length = 0;
	ret->code = conn_ok(c) ? read_code(line, &more) : 0;
	if (ret->code == 0)
		return false;
	keep_line(ret, span_from(line, 4));
	while (more) {
		bool goes_on = true;

		line = conn_read_line(c);
		if (!conn_ok(c))
			return false;
		/* Lines in between may hold anything, codes of other replies too (RFC 959, 4.2). */
		bool coded = read_code(line, &goes_on) == ret->code;
		keep_line(ret, coded ? span_from(line, 4) : line);
		more = !coded || goes_on;
	}
	return true;
}

bool reply_has_line(const struct reply *r, size_t index)
{
	size_t lines = 0;

	for (size_t i = 0; i < r->length; i++)
		lines += r->text[i] == '\n';
	return index < lines;
}

struct span reply_line(const struct reply *r, size_t index)
{
	struct span rest = span_of(r->text, r->length);

	for (;;) {
		ptrdiff_t end = span_find(rest, "\n", 1);

		if (end < 0 || index == 0)
			return span_first(rest, end < 0 ? 0 : (size_t)end);
		rest = span_from(rest, (size_t)end + 1);
		index--;
	}
}

void note_reply(json_t *object, const char *key, const struct reply *r)
{
	char text[REPLY_TEXT_MAX];

	for (size_t i = 0; i < r->length; i++)
		text[i] = r->text[i];
	for (size_t i = 0; i < r->length; i++)
		if (text[i] == '\n')
			text[i] = ' ';
	note_text(object, key, span_trim(span_of(text, r->length)));
}
