/* SPDX-License-Identifier: Apache-2.0 */
#include "report/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "codec/utf8.h"

enum form { FORM_HTML, FORM_XML, FORM_LINE, FORM_TICKET, FORM_CSV };

/* Characters that must not reach a reader as they are: controls, the marks of Unicode's
 * bidirectional algorithm that reorder what stands beside them, line separators, noncharacters. */
static bool is_unsafe(uint32_t v)
{
	return v < 0x20 || (v >= 0x7f && v < 0xa0) || v == 0x061c || v == 0x200e || v == 0x200f ||
	       (v >= 0x2028 && v <= 0x202e) || (v >= 0x2066 && v <= 0x2069) || v == 0xfeff ||
	       (v >= 0xfdd0 && v <= 0xfdef) || (v & 0xfffe) == 0xfffe;
}

static const char *entity(uint32_t v)
{
	switch (v) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

/* In wide characters, what trackers take for a picture, a macro or a link: a page must load nothing that a
 * banner asked for. NULL: as it is. */
static const char *without_markup(const char *text, const uint8_t *at)
{
	uint8_t before = at > (const uint8_t *)text ? at[-1] : 0;

	if (*at == '!')
		return "\xef\xbc\x81";
	if (*at == '<')
		return "\xef\xbc\x9c";
	if (*at == '/' && (at[1] == '/' || before == '/'))
		return "\xef\xbc\x8f";
	return *at == '{' && (at[1] == '{' || before == '{') ? "\xef\xbd\x9b" : NULL;
}

/* What stands in the text like this in every form. */
static bool is_plain(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == ' ' || c == '.' || c == ',' || c == ':' || c == '-' || c == '_';
}

static void put(FILE *out, const char *text, enum form form)
{
	if (text == NULL)
		return;
	const uint8_t *p = (const uint8_t *)text;
	size_t left = strlen(text), plain = 0;

	/* What needs nothing goes out in one piece. */
	while (left > plain) {
		const uint8_t *at = p + plain;
		uint32_t v = 0;

		if (is_plain(*at)) {
			plain++;
			continue;
		}
		size_t n = utf8_next(at, left - plain, &v);
		const char *as = NULL;
		char code[8];

		if (n == 0) {
			snprintf(code, sizeof(code), "\\x%02x", *at);
			as = code;
			n = 1;
		} else if ((v == '\n' || v == '\t') && form != FORM_XML) {
			as = form == FORM_LINE || form == FORM_TICKET ? " " : NULL;
		} else if (v == '\r' && form == FORM_CSV) {
			as = NULL;
		} else if (is_unsafe(v)) {
			snprintf(code, sizeof(code), v < 0x100 ? "\\x%02x" : "\\u%04x", v);
			as = code;
		} else if (form == FORM_TICKET) {
			as = without_markup(text, at);
		} else if (form == FORM_CSV && v == '"') {
			as = "\"\"";
		} else if (form == FORM_HTML || form == FORM_XML) {
			as = entity(v);
		}
		plain += as == NULL ? n : 0;
		if (as == NULL)
			continue;
		fwrite(p, 1, plain, out);
		fputs(as, out);
		p += plain + n;
		left -= plain + n;
		plain = 0;
	}
	fwrite(p, 1, plain, out);
}

void put_html(FILE *out, const char *text)
{
	put(out, text, FORM_HTML);
}

/* The first bytes of a text that is longer, whole characters of them: a store that somebody else made may hold
 * any length. A new string; NULL: it is short enough. */
static char *front_of(const char *text, size_t most)
{
	if (text == NULL || strnlen(text, most + 1) <= most)
		return NULL;
	while (most > 0 && ((uint8_t)text[most] & 0xc0) == 0x80)
		most--;
	return strndup(text, most);
}

static void put_short(FILE *out, const char *text, enum form form)
{
	enum { MOST = 4096 };
	char *front = front_of(text, MOST);

	put(out, front != NULL ? front : text, form);
	fputs(front != NULL ? " ..." : "", out);
	free(front);
}

/* Letters that are written from right to left (Hebrew, Arabic and their neighbours). */
static bool turns(const char *text)
{
	for (const uint8_t *p = (const uint8_t *)text; *p != '\0';) {
		uint32_t v = 0;
		size_t n = *p >= 0xd6 ? utf8_next(p, strnlen((const char *)p, 4), &v) : 1;

		if ((v >= 0x0590 && v <= 0x08ff) || (v >= 0xfb1d && v <= 0xfdff) ||
		    (v >= 0xfe70 && v <= 0xfefc) || (v >= 0x10800 && v <= 0x10fff) ||
		    (v >= 0x1e800 && v <= 0x1efff))
			return true;
		p += n > 0 ? n : 1;
	}
	return false;
}

void put_html_apart(FILE *out, const char *text)
{
	enum { MOST = 16 * 1024 };
	char *front = front_of(text, MOST);
	const char *shown = front != NULL ? front : text;
	bool apart = shown != NULL && turns(shown);

	fputs(apart ? "<bdi>" : "", out);
	put_html(out, shown);
	fputs(front != NULL ? " ..." : "", out);
	fputs(apart ? "</bdi>" : "", out);
	free(front);
}

void put_xml(FILE *out, const char *text)
{
	put(out, text, FORM_XML);
}

void put_line(FILE *out, const char *text)
{
	put_short(out, text, FORM_LINE);
}

void put_ticket(FILE *out, const char *text)
{
	put_short(out, text, FORM_TICKET);
}

/* The first character decides; U+FF1D, FF0B, FF0D, FF20 are = + - @ as Japanese keyboards give, and CP932 has one
 * character for U+FF0D and the minus sign U+2212. */
static bool is_formula(const char *text)
{
	uint32_t v = 0;

	if (utf8_next((const uint8_t *)text, strlen(text), &v) == 0)
		return false;
	return (v < 0x80 && strchr("=+-@\t\r\n", (int)v) != NULL) || v == 0xff1d || v == 0xff0b ||
	       v == 0xff0d || v == 0xff20 || v == 0x2212;
}

/* What a cell of a spreadsheet holds (32,767 characters, in units of UTF-16): what is longer would run into the
 * cells below it. A new string; NULL: it fits. */
static char *front_of_cell(const char *text)
{
	enum { UNITS = 32767 - 12, MOST_OF_A_BYTE = 4 };
	const uint8_t *p = (const uint8_t *)text;
	size_t left = strlen(text), units = 0;

	if (left <= UNITS / MOST_OF_A_BYTE)
		return NULL;
	while (left > 0 && units < UNITS) {
		uint32_t v = 0;
		size_t n = utf8_next(p, left, &v);

		if (n == 0)
			units += 4;
		else if (v != '\n' && v != '\t' && v != '\r' && is_unsafe(v))
			units += v < 0x100 ? 4 : 6;
		else
			units += v > 0xffff ? 2 : 1;
		p += n > 0 ? n : 1;
		left -= n > 0 ? n : 1;
	}
	return left > 0 ? strndup(text, (size_t)((const char *)p - text)) : NULL;
}

void put_csv(FILE *out, const char *text)
{
	if (text == NULL || *text == '\0')
		return;
	char *front = front_of_cell(text);
	if (front != NULL)
		text = front;
	bool formula = is_formula(text);
	bool quoted = formula || strpbrk(text, "\",\r\n\t;") != NULL || *text == ' ' ||
		      text[strlen(text) - 1] == ' ';

	if (quoted)
		putc('"', out);
	if (formula)
		putc('\'', out);
	put(out, text, FORM_CSV);
	fputs(front != NULL ? " ..." : "", out);
	if (quoted)
		putc('"', out);
	free(front);
}

/* How JSON says this byte, in which what is no UTF-8 has become "\\x1b"; NULL: as it is. */
static const char *json_escape(unsigned char c, char out[static 8])
{
	static const char letters[] = "btnvfr"; /* from 0x08 */

	if (c == '"' || c == '\\')
		snprintf(out, 8, "\\%c", c);
	else if (c >= 0x08 && c <= 0x0d && c != 0x0b)
		snprintf(out, 8, "\\%c", letters[c - 0x08]);
	else if (c < 0x20)
		snprintf(out, 8, "\\u%04X", c);
	else
		return NULL;
	return out;
}

void put_json(FILE *out, const char *text)
{
	if (text == NULL) {
		fputs_unlocked("null", out);
		return;
	}
	putc_unlocked('"', out);
	for (size_t left = strlen(text); left > 0;) {
		const uint8_t *p = (const uint8_t *)text;
		char escaped[8];
		const char *as = NULL;
		size_t n = 0; /* bytes that need nothing */

		while (n < left) {
			uint32_t v;

			if (p[n] >= 0x20 && p[n] < 0x7f && p[n] != '"' && p[n] != '\\') {
				n++;
				continue;
			}
			size_t step = utf8_next(p + n, left - n, &v);

			if (step == 0) {
				snprintf(escaped, sizeof(escaped), "\\\\x%02x", p[n]);
				as = escaped;
			} else {
				as = step == 1 ? json_escape(p[n], escaped) : NULL;
			}
			if (as != NULL)
				break;
			n += step;
		}
		fwrite_unlocked(text, 1, n, out);
		if (as != NULL) {
			fputs_unlocked(as, out);
			n++;
		}
		text += n;
		left -= n;
	}
	putc_unlocked('"', out);
}

json_t *text_json(const char *text)
{
	if (text == NULL)
		return json_null();
	json_t *s = json_string(text);
	if (s != NULL)
		return s;
	/* No UTF-8 (or no memory, which then shows below). */
	char *clean = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&clean, &size);

	if (f == NULL)
		return NULL;
	for (const char *p = text; *p != '\0';) {
		uint32_t v;
		size_t n = utf8_next((const uint8_t *)p, strlen(p), &v);

		if (n == 0) {
			fprintf(f, "\\x%02x", (uint8_t)*p);
			n = 1;
		} else {
			fwrite(p, 1, n, f);
		}
		p += n;
	}
	if (fclose(f) == 0)
		s = json_string(clean);
	free(clean);
	return s;
}

json_t *text_parsed(const char *text)
{
	if (text == NULL)
		return json_null();
	if (*text == '{' || *text == '[') {
		json_t *v = json_loads(text, JSON_ALLOW_NUL, NULL);

		if (v != NULL)
			return v;
	}
	return text_json(text);
}

/* Takes what is null out of objects, as deep as evidence is. */
static void drop_nulls(json_t *v, unsigned depth)
{
	enum { DEPTH = 32 };
	const char *key;
	json_t *one;
	void *next;
	size_t i;

	if (depth == DEPTH)
		return;
	json_array_foreach(v, i, one) drop_nulls(one, depth + 1);
	json_object_foreach_safe(v, next, key, one)
	{
		if (json_is_null(one))
			json_object_del(v, key);
		else
			drop_nulls(one, depth + 1);
	}
}

json_t *text_told(const char *text)
{
	json_t *v = text_parsed(text);

	if (v != NULL && text != NULL && strstr(text, "null") != NULL)
		drop_nulls(v, 0);
	return v;
}

char *text_told_value(const json_t *v)
{
	enum { DIGITS = 15 }; /* 9.8 stays so */

	return json_dumps(v, JSON_ENCODE_ANY | JSON_REAL_PRECISION(DIGITS));
}

const char text_markdown[] = "\\`*_[]<>!|~&@";

/* How a character that must not be itself is shown; returns how many characters that takes. */
static size_t shown_code(char out[static 10], uint32_t v, bool byte)
{
	int n = snprintf(out, 10, byte || v < 0x100 ? "\\x%02x" : "\\u%04x", v);

	return n > 0 ? (size_t)n : 0;
}

char *text_line(const char *text, const char *specials, size_t most)
{
	const uint8_t *p = (const uint8_t *)(text != NULL ? text : "");
	size_t left = strlen((const char *)p);
	bool cut = most > 0 && left > most, marked = strchr(specials, '\\') != NULL;

	if (cut)
		left = most;
	/* A byte becomes no more than a backslash and "\x1b". */
	char *line = malloc(left * 6 + 8), *at = line;
	if (line == NULL)
		return NULL;
	while (left > 0) {
		uint32_t v = 0;
		size_t n = utf8_next(p, left, &v);

		/* The character that the limit takes apart. */
		if (n == 0 && cut && left < 4 && (*p & 0xc0) == 0xc0)
			break;
		if (n == 0 || (v != '\n' && v != '\r' && v != '\t' && is_unsafe(v))) {
			if (marked)
				*at++ = '\\';
			at += shown_code(at, n == 0 ? *p : v, n == 0);
			n = n == 0 ? 1 : n;
		} else if (v == '\n' || v == '\r' || v == '\t') {
			*at++ = ' ';
		} else {
			if (v < 0x80 && strchr(specials, (int)v) != NULL)
				*at++ = '\\';
			memcpy(at, p, n);
			at += n;
		}
		p += n;
		left -= n;
	}
	if (cut) {
		memcpy(at, " ...", 4);
		at += 4;
	}
	*at = '\0';
	char *fitting = realloc(line, (size_t)(at - line) + 1);
	return fitting != NULL ? fitting : line;
}

char *text_code(const char *text, size_t most)
{
	char *line = text_line(text, "", most), *out = NULL;
	size_t longest = 0;

	for (const char *p = line; p != NULL && *p != '\0';) {
		size_t run = strspn(p, "`");

		longest = run > longest ? run : longest;
		p += run > 0 ? run : strcspn(p, "`");
	}
	char *fence = line != NULL ? calloc(1, longest + 2) : NULL;
	if (fence != NULL) {
		memset(fence, '`', longest + 1);
		if (asprintf(&out, longest > 0 ? "%s %s %s" : "%s%s%s", fence, line, fence) < 0)
			out = NULL;
	}
	free(fence);
	free(line);
	return out;
}

char *text_told_code(const char *text, size_t most)
{
	if (strstr(text, "null") == NULL)
		return text_code(text, most);
	json_t *v = text_told(text);
	char *told = json_is_string(v) ? strdup(text) : text_told_value(v);
	char *code = told != NULL ? text_code(told, most) : NULL;

	free(told);
	json_decref(v);
	return code;
}

const char *time_utc(int64_t seconds, char out[static TIME_TEXT])
{
	struct tm tm;
	time_t t = (time_t)seconds;

	out[0] = '\0';
	if (seconds != 0 && gmtime_r(&t, &tm) != NULL && tm.tm_year >= 0 && tm.tm_year < 8100)
		strftime(out, TIME_TEXT, "%Y-%m-%dT%H:%M:%SZ", &tm);
	return out;
}
