/* SPDX-License-Identifier: Apache-2.0 */
#include "reach/token_text.h"

#include <stdio.h>

#include "codec/writer.h"

#define PATH "/tenken/"

enum {
	LONG_LABEL = 63,
	FILL = 480, /* a request weighs more than the answer, the certificate of TLS included */
	TEXT = TOKEN_TEXT - 1,
	SHORT_TEXT = TOKEN_SHORT_TEXT - 1,
	SHORT_ANSWER_TEXT = TOKEN_SHORT_ANSWER_TEXT - 1,
};

static const char digits[] = "0123456789abcdefghijklmnopqrstuv";

static int digit_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'v')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'V' ? c - 'A' + 10 : -1;
}

bool token_text(struct span bytes, char *out, size_t room)
{
	unsigned held = 0, bits = 0;
	size_t n = 0;

	if (room <= (bytes.length * 8 + 4) / 5)
		return false;
	for (size_t i = 0; i < bytes.length; i++) {
		held = held << 8 | bytes.at[i];
		for (bits += 8; bits >= 5; bits -= 5)
			out[n++] = digits[held >> (bits - 5) & 31];
		held &= (1u << bits) - 1;
	}
	if (bits > 0)
		out[n++] = digits[held << (5 - bits) & 31];
	out[n] = '\0';
	return true;
}

bool token_text_read(struct span text, uint8_t *out, size_t room, size_t *ret_length)
{
	unsigned held = 0, bits = 0;
	size_t n = 0;

	for (size_t i = 0; i < text.length; i++) {
		int v = digit_value(text.at[i]);
		if (v < 0)
			return false;
		held = held << 5 | (unsigned)v;
		bits += 5;
		if (bits < 8)
			continue;
		bits -= 8;
		if (n == room)
			return false;
		out[n++] = (uint8_t)(held >> bits);
		held &= (1u << bits) - 1;
	}
	/* One text for each value: what is left over is zero, and less than a character. */
	if (bits >= 5 || held != 0)
		return false;
	*ret_length = n;
	return true;
}

bool token_name(const struct token_asked *asked, const char *zone, char out[static TOKEN_NAME])
{
	char text[TOKEN_TEXT];
	int n;

	if (!token_text(span_of(asked->bytes, asked->length), text, sizeof(text)))
		return false;
	if (asked->length == TOKEN_SHORT)
		n = snprintf(out, TOKEN_NAME, "%s.%s", text, zone);
	else
		n = snprintf(out, TOKEN_NAME, "%.*s.%s.%s", LONG_LABEL, text, text + LONG_LABEL,
			     zone);
	return n > 0 && n <= 253;
}

bool token_name_read(struct span labels, uint8_t out[static TOKEN_QUESTION], size_t *ret_length)
{
	return (labels.length == TEXT || labels.length == SHORT_TEXT) &&
	       token_text_read(labels, out, TOKEN_QUESTION, ret_length);
}

enum token_verdict token_check_text(const struct token_key *k, struct token_asked *asked,
				    struct span text, struct token_answer *ret)
{
	uint8_t bytes[TOKEN_ANSWER];
	size_t length;

	if ((text.length != TEXT && text.length != SHORT_ANSWER_TEXT) ||
	    !token_text_read(text, bytes, sizeof(bytes), &length))
		return TOKEN_NONE;
	return token_check_answer(k, asked, span_of(bytes, length), ret);
}

size_t token_request(const struct token_asked *asked, const char *host, bool proxy,
		     const char *agent, char out[static TOKEN_REQUEST])
{
	char text[TOKEN_TEXT], fill[FILL + 1];

	memset(fill, 'x', FILL);
	fill[FILL] = '\0';
	if (asked->length != TOKEN_QUESTION ||
	    !token_text(span_of(asked->bytes, asked->length), text, sizeof(text)))
		return 0;
	int n = snprintf(out, TOKEN_REQUEST,
			 "GET %s%s" PATH "%s HTTP/1.1\r\n"
			 "Host: %s\r\n"
			 "User-Agent: %s\r\n"
			 "Accept: */*\r\n"
			 "Cache-Control: no-cache\r\n"
			 "Connection: close\r\n"
			 "X-Fill: %s\r\n\r\n",
			 proxy ? "http://" : "", proxy ? host : "", text, host, agent, fill);
	return n > 0 && n < TOKEN_REQUEST ? (size_t)n : 0;
}

bool token_request_read(struct span request, uint8_t out[static TOKEN_QUESTION])
{
	size_t length;

	if (!span_starts(request, "GET "))
		return false;
	struct span target = span_from(request, 4);
	ptrdiff_t end = span_find(target, " HTTP/1.", 8);
	if (end < 0)
		return false;
	target = span_first(target, (size_t)end);
	/* Some relays leave the absolute form as it is. */
	if (span_starts_nocase(target, "http://") || span_starts_nocase(target, "https://")) {
		target = span_from(target, (size_t)span_find(target, "//", 2) + 2);
		ptrdiff_t slash = span_find(target, "/", 1);
		target = span_from(target, slash < 0 ? target.length : (size_t)slash);
	}
	if (!span_starts(target, PATH))
		return false;
	struct span text = span_from(target, strlen(PATH));
	return text.length == TEXT && token_text_read(text, out, TOKEN_QUESTION, &length);
}

bool token_response_find(struct span response, uint8_t out[static TOKEN_ANSWER])
{
	static const uint8_t head[] = { 'T', 'K', 'N', 'A', 1 };
	char text[9];
	size_t length;

	/* Forty bits, so eight characters that do not depend on what follows. */
	if (!token_text(span_of(head, sizeof(head)), text, sizeof(text)))
		return false;
	for (;;) {
		ptrdiff_t at = span_find(response, text, strlen(text));
		if (at < 0)
			return false;
		response = span_from(response, (size_t)at);
		if (response.length < TEXT)
			return false;
		if (token_text_read(span_first(response, TEXT), out, TOKEN_ANSWER, &length))
			return true;
		response = span_from(response, 1);
	}
}
