/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/http_message.h"

#include "codec/limits.h"

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f';
}

/* RFC 9110, 5.6.2: what a header's name may be made of. */
static bool is_token(struct span s)
{
	for (size_t i = 0; i < s.length; i++) {
		uint8_t c = s.at[i];

		if (c <= ' ' || c >= 0x7f || strchr("\"(),/:;<=>?@[\\]{}", c) != NULL)
			return false;
	}
	return s.length > 0;
}

/* ---- head ---- */

/* One line without its end; false at the end of the bytes. */
static bool next_line(struct reader *r, struct span *ret)
{
	size_t left = rd_left(r);

	if (left == 0)
		return false;
	ptrdiff_t end = span_find(span_of(r->at, left), "\n", 1);
	struct span line = rd_span(r, end >= 0 ? (size_t)end : left);
	if (end >= 0)
		rd_skip(r, 1);
	if (line.length > 0 && line.at[line.length - 1] == '\r')
		line.length--;
	*ret = line;
	return true;
}

/* "HTTP/1.1 200 OK"; some devices leave out the reason, some the space before it. */
static bool read_status_line(struct span line, struct http_head *head)
{
	if (!span_starts(line, "HTTP/1.") || line.length < 12 || !is_digit(line.at[7]) ||
	    line.at[8] != ' ')
		return false;
	struct span rest = span_trim(span_from(line, 9));
	if (rest.length < 3 || (rest.length > 3 && rest.at[3] != ' '))
		return false;
	head->version = line.at[7] == '0' ? 10 : 11;
	for (size_t i = 0; i < 3; i++) {
		if (!is_digit(rest.at[i]))
			return false;
		head->status = head->status * 10 + rest.at[i] - '0';
	}
	head->reason = span_trim(span_from(rest, 3));
	return head->status >= 100;
}

static bool split_field(struct span line, struct http_field *ret)
{
	ptrdiff_t colon = span_find(line, ":", 1);

	if (colon <= 0)
		return false;
	struct http_field f = {
		.name = span_first(line, (size_t)colon),
		.value = span_trim(span_from(line, (size_t)colon + 1)),
	};
	if (!is_token(f.name))
		return false;
	*ret = f;
	return true;
}

/* False: too many lines. */
static bool read_fields(struct reader *r, struct http_head *head)
{
	struct span line;
	size_t lines = 0;
	const uint8_t *start = r->at;
	const uint8_t *end = r->at;

	while (next_line(r, &line) && line.length > 0) {
		struct http_field f;

		if (++lines > HTTP_HEADERS_MAX)
			return false;
		if (line.at[0] == ' ' || line.at[0] == '\t')
			head->folded = true;
		else if (!split_field(line, &f))
			head->broken = true;
		end = r->at;
	}
	head->fields = span_of(start, (size_t)(end - start));
	return true;
}

bool http_read_head(struct span bytes, struct http_head *ret)
{
	struct http_head head = { 0 };
	struct reader r = rd_new(bytes);
	struct span line;

	if (!next_line(&r, &line) || !read_status_line(line, &head) || !read_fields(&r, &head))
		return false;
	*ret = head;
	return true;
}

bool http_read_lines(struct span bytes, struct span *ret_first, struct http_head *ret)
{
	struct http_head head = { 0 };
	struct reader r = rd_new(bytes);
	struct span line;

	if (!next_line(&r, &line) || !read_fields(&r, &head))
		return false;
	*ret_first = line;
	*ret = head;
	return true;
}

bool http_next_field(struct reader *fields, struct http_field *ret)
{
	struct span line;

	while (next_line(fields, &line))
		if (line.length > 0 && line.at[0] != ' ' && line.at[0] != '\t' &&
		    split_field(line, ret))
			return true;
	return false;
}

bool http_find(const struct http_head *head, const char *name, size_t nth, struct span *ret)
{
	struct reader fields = rd_new(head->fields);
	struct http_field f;

	while (http_next_field(&fields, &f))
		if (span_is_nocase(f.name, name) && nth-- == 0) {
			*ret = f.value;
			return true;
		}
	return false;
}

/* ---- body ---- */

static bool read_decimal(struct span s, uint64_t *ret)
{
	uint64_t v = 0;

	if (s.length == 0 || s.length > 18)
		return false;
	for (size_t i = 0; i < s.length; i++) {
		if (!is_digit(s.at[i]))
			return false;
		v = v * 10 + (uint64_t)(s.at[i] - '0');
	}
	*ret = v;
	return true;
}

bool http_framing(const struct http_head *head, enum http_framing *ret, uint64_t *ret_length)
{
	struct span value;
	uint64_t length = 0, other = 0;

	*ret_length = 0;
	if (head->status < 200 || head->status == 204 || head->status == 304) {
		*ret = HTTP_NO_BODY;
		return true;
	}
	if (http_find(head, "Transfer-Encoding", 0, &value)) {
		*ret = span_find_nocase(value, "chunked") >= 0 ? HTTP_CHUNKED : HTTP_UNTIL_CLOSE;
		return true;
	}
	if (!http_find(head, "Content-Length", 0, &value)) {
		*ret = HTTP_UNTIL_CLOSE;
		return true;
	}
	if (!read_decimal(value, &length))
		return false;
	for (size_t i = 1; http_find(head, "Content-Length", i, &value); i++)
		if (!read_decimal(value, &other) || other != length)
			return false;
	*ret = HTTP_LENGTH;
	*ret_length = length;
	return true;
}

bool http_chunk_size(struct span line, uint64_t *ret)
{
	uint64_t v = 0;
	size_t digits = 0;

	line = span_trim(line);
	for (; digits < line.length; digits++) {
		uint8_t c = line.at[digits];
		unsigned digit = is_digit(c)              ? (unsigned)(c - '0')
				 : (c >= 'a' && c <= 'f') ? (unsigned)(c - 'a' + 10)
				 : (c >= 'A' && c <= 'F') ? (unsigned)(c - 'A' + 10)
							  : 16;

		if (digit == 16)
			break;
		v = v << 4 | digit;
	}
	if (digits == 0 || digits > 15)
		return false;
	if (digits < line.length && line.at[digits] != ';' && !is_blank(line.at[digits]))
		return false;
	*ret = v;
	return true;
}

/* ---- values ---- */

bool http_parameter(struct span value, const char *name, struct span *ret)
{
	ptrdiff_t semicolon;

	while ((semicolon = span_find(value, ";", 1)) >= 0) {
		value = span_trim(span_from(value, (size_t)semicolon + 1));
		if (!span_starts_nocase(value, name))
			continue;
		struct span rest = span_trim(span_from(value, strlen(name)));
		if (rest.length == 0 || rest.at[0] != '=')
			continue;
		rest = span_trim(span_from(rest, 1));
		bool quoted = rest.length > 0 && rest.at[0] == '"';
		if (quoted)
			rest = span_from(rest, 1);
		ptrdiff_t end = span_find(rest, quoted ? "\"" : ";", 1);
		if (end >= 0)
			rest = span_first(rest, (size_t)end);
		*ret = quoted ? rest : span_trim(rest);
		return ret->length > 0;
	}
	return false;
}

/* Days from 1970-01-01 to this date of the Gregorian calendar (year >= 1970). */
static int64_t days_of_date(int64_t year, int64_t month, int64_t day)
{
	year -= month <= 2;
	int64_t era = year / 400;
	int64_t of_era = year - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* A number of exactly n digits. */
static bool read_digits(struct reader *r, size_t n, int64_t *ret)
{
	uint64_t v;

	if (!read_decimal(rd_span(r, n), &v))
		return false;
	*ret = (int64_t)v;
	return true;
}

bool http_date(struct span text, int64_t *ret)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct reader r = rd_new(span_trim(text));
	int64_t day, year, hour, minute, second;

	rd_skip(&r, 5); /* "Sun, " */
	if (!read_digits(&r, 2, &day) || rd_u8(&r) != ' ')
		return false;
	struct span name = rd_span(&r, 3);
	ptrdiff_t at = name.length == 3 ? span_find(span_text(months), name.at, 3) : -1;
	if (at < 0 || at % 3 != 0 || rd_u8(&r) != ' ' || !read_digits(&r, 4, &year) ||
	    rd_u8(&r) != ' ' || !read_digits(&r, 2, &hour) || rd_u8(&r) != ':' ||
	    !read_digits(&r, 2, &minute) || rd_u8(&r) != ':' || !read_digits(&r, 2, &second) ||
	    !span_is(rd_rest(&r), " GMT"))
		return false;
	if (year < 1970 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60)
		return false;
	*ret = ((days_of_date(year, at / 3 + 1, day) * 24 + hour) * 60 + minute) * 60 + second;
	return true;
}

/* ---- page ---- */

/* The inside of the next tag of this name (what stands between name and '>'); page goes on behind
 * it. An unfinished tag is none. */
static bool next_tag(struct span *page, const char *open, struct span *ret)
{
	ptrdiff_t at;

	while ((at = span_find_nocase(*page, open)) >= 0) {
		struct span rest = span_from(*page, (size_t)at + strlen(open));
		ptrdiff_t end = span_find(rest, ">", 1);

		if (end < 0)
			return false;
		*page = span_from(rest, (size_t)end + 1);
		if (end == 0 || is_blank(rest.at[0]) || rest.at[0] == '/') {
			*ret = span_first(rest, (size_t)end);
			return true;
		}
	}
	return false;
}

bool html_title(struct span page, struct span *ret)
{
	struct span attributes;

	if (!next_tag(&page, "<title", &attributes))
		return false;
	ptrdiff_t end = span_find_nocase(page, "</title");
	if (end < 0)
		return false;
	*ret = span_trim(span_first(page, (size_t)end));
	return true;
}

/* The value of an attribute, in quotes or not; false where the tag has none of this name. */
static bool attribute(struct span tag, const char *name, struct span *ret)
{
	ptrdiff_t at;

	while ((at = span_find_nocase(tag, name)) >= 0) {
		bool own = at > 0 && is_blank(tag.at[at - 1]);

		tag = span_from(tag, (size_t)at + strlen(name));
		struct span rest = span_trim(tag);
		if (!own || rest.length == 0 || rest.at[0] != '=')
			continue;
		rest = span_trim(span_from(rest, 1));
		bool quoted = rest.length > 0 && (rest.at[0] == '"' || rest.at[0] == '\'');
		size_t n = quoted;
		while (n < rest.length &&
		       (quoted ? rest.at[n] != rest.at[0] : !is_blank(rest.at[n])))
			n++;
		*ret = span_from(span_first(rest, n), quoted);
		return true;
	}
	return false;
}

bool html_asks_password(struct span page)
{
	struct span tag, type;

	while (next_tag(&page, "<input", &tag))
		if (attribute(tag, "type", &type) &&
		    span_starts_nocase(span_trim(type), "password"))
			return true;
	return false;
}

bool html_input_value(struct span page, const char *name, struct span *ret)
{
	struct span tag, own;

	while (next_tag(&page, "<input", &tag))
		if (attribute(tag, "name", &own) && span_is(own, name))
			return attribute(tag, "value", ret);
	return false;
}
