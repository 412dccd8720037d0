/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/csv.h"

#include <errno.h>
#include <iconv.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "codec/file.h"
#include "codec/i18n.h"

struct csv {
	char *path;
	char *text; /* UTF-8; fields are cut out of it in place */
	char *at, *end;
	unsigned next_line; /* the line of at */
	unsigned line;
	const char *fields[CSV_FIELDS_MAX];
	struct complaints *complaints;
};

static unsigned line_of(const char *text, size_t offset)
{
	unsigned line = 1;

	for (size_t i = 0; i < offset; i++)
		line += text[i] == '\n';
	return line;
}

/* CP932 to UTF-8; at most three bytes come from each. NULL with *ret_bad at the byte that is
 * neither, or SIZE_MAX. */
static char *from_cp932(char *text, size_t length, size_t *ret_length, size_t *ret_bad)
{
	iconv_t converter = iconv_open("UTF-8", "CP932");
	size_t room = length * 3 + 1;
	char *out = malloc(room), *to = out, *from = text;
	size_t left = length;

	*ret_bad = SIZE_MAX;
	if (converter == (iconv_t)-1 || out == NULL) {
		if (converter != (iconv_t)-1)
			iconv_close(converter);
		free(out);
		return NULL;
	}
	room--;
	size_t done = iconv(converter, &from, &left, &to, &room);
	iconv_close(converter);
	if (done == (size_t)-1) {
		*ret_bad = (size_t)(from - text);
		free(out);
		return NULL;
	}
	*to = '\0';
	*ret_length = (size_t)(to - out);
	return out;
}

/* Takes a file's text and gives it as UTF-8; NULL with a complaint. */
static char *as_utf8(const char *path, char *text, size_t *ret_length, struct complaints *c)
{
	size_t length = *ret_length, bad;

	if (length >= 2 && (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0)) {
		complain(c, path, 0, _("is UTF-16: save it as CSV in UTF-8"));
		free(text);
		return NULL;
	}
	if (utf8_valid(text, length) < length) {
		char *converted = from_cp932(text, length, &length, &bad);

		if (converted == NULL && bad == SIZE_MAX)
			complain(c, path, 0, _("cannot be converted from CP932"));
		else if (converted == NULL)
			complain(c, path, line_of(text, bad), _("is neither UTF-8 nor CP932"));
		free(text);
		text = converted;
	}
	for (size_t i = 0; text != NULL && i < length; i++) {
		unsigned char byte = (unsigned char)text[i];

		if ((byte >= 0x20 && byte != 0x7f) || byte == '\t' || byte == '\r' || byte == '\n')
			continue;
		complain(c, path, line_of(text, i), _("holds a control character (0x%02x)"), byte);
		free(text);
		text = NULL;
	}
	*ret_length = length;
	return text;
}

/* Takes the text. */
static struct csv *begin(const char *path, char *text, size_t length, struct complaints *c)
{
	text = as_utf8(path, text, &length, c);
	if (text == NULL)
		return NULL;
	struct csv *v = calloc(1, sizeof(*v));
	char *copy = strdup(path);
	if (v == NULL || copy == NULL) {
		complain(c, path, 0, _("out of memory"));
		free(v);
		free(copy);
		free(text);
		return NULL;
	}
	*v = (struct csv){ .path = copy,
			   .text = text,
			   .at = text,
			   .end = text + length,
			   .next_line = 1,
			   .complaints = c };
	if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		v->at += 3;
	return v;
}

struct csv *csv_open(const char *path, size_t max, struct complaints *c)
{
	size_t length = 0;
	char *text = file_read(path, max, &length, c);

	return text != NULL ? begin(path, text, length, c) : NULL;
}

struct csv *csv_read(const char *name, const char *text, size_t length, struct complaints *c)
{
	char *copy = malloc(length + 1);

	if (copy == NULL) {
		complain(c, name, 0, _("out of memory"));
		return NULL;
	}
	memcpy(copy, text, length);
	copy[length] = '\0';
	return begin(name, copy, length, c);
}

void csv_close(struct csv *v)
{
	if (v == NULL)
		return;
	free(v->path);
	free(v->text);
	free(v);
}

unsigned csv_line(const struct csv *v)
{
	return v->line;
}

static const char *trimmed(char *start, char *end)
{
	while (start < end && (*start == ' ' || *start == '\t'))
		start++;
	while (end > start && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	*end = '\0';
	return start;
}

/* Ends a field: at its comma, line end, or the end of the text. */
enum stop { STOP_COMMA, STOP_LINE, STOP_END };

static enum stop pass_separator(struct csv *v)
{
	if (v->at == v->end)
		return STOP_END;
	char byte = *v->at++;
	if (byte == ',')
		return STOP_COMMA;
	if (byte == '\r' && v->at < v->end && *v->at == '\n')
		v->at++;
	v->next_line++;
	return STOP_LINE;
}

static bool separates(const struct csv *v, const char *p)
{
	return p == v->end || *p == ',' || *p == '\n' || *p == '\r';
}

/* A quoted field; the quotes are taken out in place. NULL where it has no end or something follows
 * its closing quote. */
static const char *quoted(struct csv *v)
{
	char *start = ++v->at, *to = start;

	for (; v->at < v->end; v->at++) {
		if (*v->at == '"') {
			if (v->at + 1 == v->end || v->at[1] != '"')
				break;
			v->at++;
		}
		v->next_line += *v->at == '\n';
		*to++ = *v->at;
	}
	if (v->at == v->end)
		return NULL;
	v->at++;
	while (v->at < v->end && (*v->at == ' ' || *v->at == '\t'))
		v->at++;
	if (!separates(v, v->at))
		return NULL;
	return trimmed(start, to);
}

static void skip_line(struct csv *v)
{
	while (v->at < v->end && *v->at != '\n')
		v->at++;
	if (v->at < v->end) {
		v->at++;
		v->next_line++;
	}
}

/* One field; *ret_stop says what followed it. NULL where it is malformed. */
static const char *field(struct csv *v, enum stop *ret_stop)
{
	char *start = v->at;

	while (start < v->end && (*start == ' ' || *start == '\t'))
		start++;
	if (start < v->end && *start == '"') {
		v->at = start;
		const char *text = quoted(v);
		if (text != NULL)
			*ret_stop = pass_separator(v);
		return text;
	}
	start = v->at;
	while (!separates(v, v->at)) {
		if (*v->at == '"')
			return NULL;
		v->at++;
	}
	char *end = v->at;
	*ret_stop = pass_separator(v); /* before the zero of trimmed() overwrites the separator */
	return trimmed(start, end);
}

bool csv_row(struct csv *v, const char *const **ret_fields, size_t *ret_count)
{
	while (v->at < v->end) {
		enum stop stop = STOP_COMMA;
		size_t count = 0;
		const char *wrong = NULL;
		bool empty = true;

		v->line = v->next_line;
		while (stop == STOP_COMMA && wrong == NULL) {
			const char *text = field(v, &stop);

			if (text == NULL)
				wrong = _("a quote is not closed, or stands within a field");
			else if (count == CSV_FIELDS_MAX)
				wrong = _("has too many fields");
			else if (strlen(text) > CSV_FIELD_BYTES_MAX)
				wrong = _("has a field that is too long");
			else
				v->fields[count++] = text;
			empty = empty && wrong == NULL && text[0] == '\0';
		}
		if (wrong != NULL) {
			complain(v->complaints, v->path, v->line, "%s", wrong);
			if (stop == STOP_COMMA)
				skip_line(v);
			continue;
		}
		if (empty)
			continue;
		*ret_fields = v->fields;
		*ret_count = count;
		return true;
	}
	return false;
}
