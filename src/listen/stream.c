/* SPDX-License-Identifier: Apache-2.0 */
#include "listen/stream.h"

#include "codec/limits.h"

/* ---- telling ---- */

static void tell_fact(struct talk *t, enum side about, bool peer, const char *kind,
		      struct span value, bool personal)
{
	bool server = about == SIDE_SERVER;
	struct fact f = {
		.kind = kind,
		.about = server ? t->server : t->client,
		.port = server ? t->server_port : 0,
		.value = value,
		.personal = personal,
	};

	if (peer)
		f.peer = server ? t->client : t->server;
	t->notes->fact(t->notes, &f);
}

void tell_service(struct talk *t, const char *kind, struct span value)
{
	if (value.length > 0)
		tell_fact(t, SIDE_SERVER, false, kind, value, false);
}

void tell_spoken(struct talk *t, const char *protocol)
{
	tell_service(t, "service.spoken", span_text(protocol));
}

void tell_greeting(struct talk *t, struct span text)
{
	/* "ESMTP Sendmail 8.15.2; Mon, 30 Nov 2026", "Service ready at Mon, 30 Nov 2026", "ready <1.2@host>" */
	static const char *const ends[] = { ";", "<", " ready at ", " at ", " on " };

	for (size_t i = 0; i < countof(ends); i++) {
		ptrdiff_t at = span_find_nocase(text, ends[i]);

		if (at >= 0)
			text = span_first(text, (size_t)at);
	}
	tell_service(t, "service.product", span_trim(text));
}

void tell_client(struct talk *t, const char *kind, struct span value)
{
	if (value.length > 0)
		tell_fact(t, SIDE_CLIENT, true, kind, value, false);
}

void tell_machine(struct talk *t, enum side about, const char *kind, struct span value,
		  bool personal)
{
	struct fact f = {
		.kind = kind,
		.about = about == SIDE_SERVER ? t->server : t->client,
		.value = value,
		.personal = personal,
	};

	if (value.length > 0)
		t->notes->fact(t->notes, &f);
}

void tell_login(struct talk *t, const char *way)
{
	tell_fact(t, SIDE_SERVER, true, "login.cleartext", span_text(way), false);
}

void tell_challenge(struct talk *t, const char *way)
{
	tell_fact(t, SIDE_SERVER, true, "login.challenge", span_text(way), false);
}

void tell_account(struct talk *t, struct span account)
{
	if (account.length > 0)
		tell_fact(t, SIDE_SERVER, true, "login.account", span_first(account, ACCOUNT_MAX),
			  true);
}

/* ---- lines ---- */

long line_take(struct span bytes, bool *dropping, struct span *ret)
{
	ptrdiff_t end = span_find(bytes, "\n", 1);
	struct span none = span_of(bytes.at, 0);

	if (end < 0 && bytes.length <= LINE_MAX_BYTES && !*dropping)
		return HEAR_MORE;
	*ret = none;
	if (end < 0) {
		*dropping = true;
		return (long)bytes.length;
	}
	if (!*dropping && end <= LINE_MAX_BYTES) {
		*ret = span_first(bytes, (size_t)end);
		if (ret->length > 0 && ret->at[ret->length - 1] == '\r')
			ret->length--;
	}
	*dropping = false;
	return (long)end + 1;
}

struct span word_take(struct span *line)
{
	size_t n = 0;

	while (line->length > 0 && (line->at[0] == ' ' || line->at[0] == '\t'))
		*line = span_from(*line, 1);
	while (n < line->length && line->at[n] != ' ' && line->at[n] != '\t')
		n++;
	struct span word = span_first(*line, n);
	*line = span_from(*line, n);
	return word;
}

/* ---- base64 ---- */

static int sextet(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static size_t decode(struct span text, int stop, unsigned stops, uint8_t *out, size_t size,
		     bool *ret_stopped)
{
	uint32_t bits = 0;
	unsigned have = 0;
	size_t n = 0;

	*ret_stopped = false;
	for (size_t i = 0; i < text.length && n < size; i++) {
		int v = sextet(text.at[i]);

		if (v < 0)
			break;
		bits = bits << 6 | (uint32_t)v;
		have += 6;
		if (have < 8)
			continue;
		have -= 8;
		uint8_t byte = (uint8_t)(bits >> have);
		bits &= (1U << have) - 1;
		if (byte == stop && --stops == 0) {
			*ret_stopped = true;
			break;
		}
		out[n++] = byte;
	}
	/* Up to six bits of what may be a password. */
	explicit_bzero(&bits, sizeof(bits));
	return n;
}

size_t base64_until(struct span text, uint8_t stop, unsigned stops, uint8_t *out, size_t size,
		    bool *ret_stopped)
{
	return decode(text, stop, stops, out, size, ret_stopped);
}

size_t base64_all(struct span text, uint8_t *out, size_t size)
{
	bool stopped;

	return decode(text, -1, 1, out, size, &stopped);
}
