/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "codec/http_message.h"
#include "codec/limits.h"

static void assert_span(struct span s, const char *text)
{
	assert_int_equal(s.length, strlen(text));
	assert_memory_equal(s.at, text, s.length);
}

static bool read_head(const char *text, struct http_head *ret)
{
	return http_read_head(span_text(text), ret);
}

static void status_lines(void **state)
{
	static const char *const none[] = {
		"",
		"HTTP/1.1",
		"HTTP/1.1 20",
		"HTTP/1.1 2x0 OK",
		"HTTP/1.1 099 x",
		"HTTP/1.1 2000 x",
		"HTTP/2.0 200 OK",
		"HTTP/1.x 200 OK",
		"ICY 200 OK",
		" HTTP/1.1 200 OK",
	};
	struct http_head h;

	(void)state;
	for (size_t i = 0; i < countof(none); i++)
		assert_false(read_head(none[i], &h));
	assert_true(read_head("HTTP/1.1 200", &h));
	assert_int_equal(h.status, 200);
	assert_int_equal(h.version, 11);
	assert_int_equal(h.reason.length, 0);
	assert_true(read_head("HTTP/1.0 999 Not at all\nA:b\n\nbody", &h));
	assert_int_equal(h.status, 999);
	assert_int_equal(h.version, 10);
	assert_span(h.reason, "Not at all");
	assert_span(h.fields, "A:b\n");
}

static void fields(void **state)
{
	struct http_head h;
	struct span v;

	(void)state;
	assert_true(read_head("HTTP/1.1 200 OK\r\nServer:  a b \r\n folded: x\r\nbad line\r\n"
			      "x y: z\r\n: empty\r\nSERVER:second\r\nEmpty:\r\n\r\nAfter: no\r\n",
			      &h));
	assert_true(h.folded);
	assert_true(h.broken);
	assert_true(http_find(&h, "server", 0, &v));
	assert_span(v, "a b");
	assert_true(http_find(&h, "server", 1, &v));
	assert_span(v, "second");
	assert_false(http_find(&h, "server", 2, &v));
	assert_true(http_find(&h, "Empty", 0, &v));
	assert_int_equal(v.length, 0);
	assert_false(http_find(&h, "folded", 0, &v));
	assert_false(http_find(&h, "After", 0, &v));
}

/* HTTP_HEADERS_MAX lines are taken, one more is refused. */
static void field_limit(void **state)
{
	char text[(HTTP_HEADERS_MAX + 2) * 6 + 32];
	struct http_head h;
	struct span v;

	(void)state;
	for (size_t extra = 0; extra < 2; extra++) {
		size_t n = (size_t)snprintf(text, sizeof(text), "HTTP/1.1 200 OK\r\n");

		for (size_t i = 0; i < HTTP_HEADERS_MAX + extra; i++)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "a: b\r\n");
		assert_int_equal(http_read_head(span_of(text, n), &h), extra == 0);
	}
	assert_true(http_find(&h, "a", HTTP_HEADERS_MAX - 1, &v));
	assert_false(http_find(&h, "a", HTTP_HEADERS_MAX, &v));
}

static void framing_of(const char *text, bool good, enum http_framing expected, uint64_t length)
{
	struct http_head h;
	enum http_framing f;
	uint64_t n;

	assert_true(read_head(text, &h));
	assert_int_equal(http_framing(&h, &f, &n), good);
	if (!good)
		return;
	assert_int_equal(f, expected);
	assert_int_equal(n, length);
}

static void framing(void **state)
{
	(void)state;
	framing_of("HTTP/1.1 200 OK\n", true, HTTP_UNTIL_CLOSE, 0);
	framing_of("HTTP/1.1 204 OK\nContent-Length: 5\n", true, HTTP_NO_BODY, 0);
	framing_of("HTTP/1.1 304 OK\nContent-Length: 5\n", true, HTTP_NO_BODY, 0);
	framing_of("HTTP/1.1 200 OK\nContent-Length: 0\n", true, HTTP_LENGTH, 0);
	framing_of("HTTP/1.1 200 OK\nContent-Length: 999999999999999999\n", true, HTTP_LENGTH,
		   999999999999999999);
	framing_of("HTTP/1.1 200 OK\nContent-Length: 1000000000000000000\n", false, 0, 0);
	framing_of("HTTP/1.1 200 OK\nContent-Length: -1\n", false, 0, 0);
	framing_of("HTTP/1.1 200 OK\nContent-Length:\n", false, 0, 0);
	framing_of("HTTP/1.1 200 OK\nContent-Length: 5\nContent-Length: 5\n", true, HTTP_LENGTH, 5);
	framing_of("HTTP/1.1 200 OK\nContent-Length: 5\nContent-Length: 6\n", false, 0, 0);
	framing_of("HTTP/1.1 200 OK\nContent-Length: 5\nTransfer-Encoding: Chunked\n", true,
		   HTTP_CHUNKED, 0);
	framing_of("HTTP/1.1 200 OK\nTransfer-Encoding: gzip\n", true, HTTP_UNTIL_CLOSE, 0);
}

static void chunk_sizes(void **state)
{
	static const struct {
		const char *line;
		bool good;
		uint64_t size;
	} cases[] = {
		{ "0", true, 0 },
		{ "fF", true, 255 },
		{ "10;name=value", true, 16 },
		{ "10 ;name", true, 16 },
		{ "fffffffffffffff", true, 0xfffffffffffffff },
		{ "1000000000000000", false, 0 },
		{ "", false, 0 },
		{ ";x", false, 0 },
		{ "-1", false, 0 },
		{ "0x10", false, 0 },
		{ "1g", false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		uint64_t n = 0;

		assert_int_equal(http_chunk_size(span_text(cases[i].line), &n), cases[i].good);
		assert_int_equal(n, cases[i].size);
	}
}

static void parameters(void **state)
{
	struct span v;

	(void)state;
	assert_true(http_parameter(span_text("text/html; charset=utf-8"), "charset", &v));
	assert_span(v, "utf-8");
	assert_true(http_parameter(span_text("a/b;x=1;CHARSET = \"Shift_JIS\"; y"), "charset", &v));
	assert_span(v, "Shift_JIS");
	assert_true(http_parameter(span_text("a/b;charset=\"open"), "charset", &v));
	assert_span(v, "open");
	assert_false(http_parameter(span_text("text/html"), "charset", &v));
	assert_false(http_parameter(span_text("charset=utf-8"), "charset", &v));
	assert_false(http_parameter(span_text("a/b;charset="), "charset", &v));
	assert_false(http_parameter(span_text("a/b;charset"), "charset", &v));
	assert_false(http_parameter(span_text("a/b;charsets=x"), "charset", &v));
	assert_false(http_parameter(span_text(""), "charset", &v));
}

static void dates(void **state)
{
	static const char *const none[] = {
		"",
		"Sunday, 06-Nov-94 08:49:37 GMT",
		"Sun Nov  6 08:49:37 1994",
		"Sun, 06 Nov 1994 08:49:37",
		"Sun, 06 Nov 1994 08:49:37 UTC",
		"Sun, 06 ovD 1994 08:49:37 GMT",
		"Sun, 00 Nov 1994 08:49:37 GMT",
		"Sun, 06 Nov 1969 08:49:37 GMT",
		"Sun, 06 Nov 1994 24:49:37 GMT",
	};
	int64_t t;

	(void)state;
	assert_true(http_date(span_text("Sun, 06 Nov 1994 08:49:37 GMT"), &t));
	assert_int_equal(t, 784111777);
	assert_true(http_date(span_text("Thu, 01 Jan 1970 00:00:00 GMT"), &t));
	assert_int_equal(t, 0);
	assert_true(http_date(span_text("Thu, 29 Feb 2024 23:59:59 GMT"), &t));
	assert_int_equal(t, 1709251199);
	assert_true(http_date(span_text("Fri, 31 Dec 9999 23:59:59 GMT"), &t));
	assert_int_equal(t, 253402300799);
	for (size_t i = 0; i < countof(none); i++)
		assert_false(http_date(span_text(none[i]), &t));
}

static void titles(void **state)
{
	struct span v;

	(void)state;
	assert_true(html_title(span_text("<TITLE lang=ja>\n a </Title>"), &v));
	assert_span(v, "a");
	assert_true(html_title(span_text("<titles>no</titles><title></title>"), &v));
	assert_int_equal(v.length, 0);
	assert_false(html_title(span_text("<title>never ends"), &v));
	assert_false(html_title(span_text("<title"), &v));
	assert_false(html_title(span_text(""), &v));
}

static void password_fields(void **state)
{
	static const char *const yes[] = {
		"<input type=password>",
		"<INPUT name='a' TYPE = \"Password\" />",
		"<input type=text><input\ntype='password'>",
		"<input data-type=x type=password>",
	};
	static const char *const no[] = {
		"",
		"<input type=password",
		"<inputs type=password>",
		"<input type=text value=password>",
		"<input data-type=password>",
		"<input type>",
		"<p type=password>",
	};

	(void)state;
	for (size_t i = 0; i < countof(yes); i++)
		assert_true(html_asks_password(span_text(yes[i])));
	for (size_t i = 0; i < countof(no); i++)
		assert_false(html_asks_password(span_text(no[i])));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(status_lines),    cmocka_unit_test(fields),
		cmocka_unit_test(field_limit),     cmocka_unit_test(framing),
		cmocka_unit_test(chunk_sizes),     cmocka_unit_test(parameters),
		cmocka_unit_test(dates),           cmocka_unit_test(titles),
		cmocka_unit_test(password_fields),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
