/* SPDX-License-Identifier: Apache-2.0 */
#include "listen/form.h"

#include "codec/reader.h"

/* ---- names ---- */

static bool is_password(struct span name)
{
	static const char *const within[] = { "passw", "pwd", "passphrase", "passcode" };
	static const char *const whole[] = { "pass",      "pw",         "psw",      "pswd",
					     "pin",       "secret",     "userpass", "user_pass",
					     "loginpass", "login_pass", "j_pass",   "psd" };

	for (size_t i = 0; i < countof(within); i++)
		if (span_find_nocase(name, within[i]) >= 0)
			return true;
	for (size_t i = 0; i < countof(whole); i++)
		if (span_is_nocase(name, whole[i]))
			return true;
	return false;
}

static bool is_account(struct span name)
{
	static const char *const whole[] = {
		"user",    "username", "user_name", "userid",  "user_id",    "login",
		"loginid", "login_id", "loginname", "account", "j_username", "email",
		"name",    "uname",    "usr",       "uid",     "log",        "loginuser",
	};

	for (size_t i = 0; i < countof(whole); i++)
		if (span_is_nocase(name, whole[i]))
			return true;
	return false;
}

static void take(struct form *f, struct span name, struct span value, bool encoded)
{
	if (is_password(name)) {
		f->password = true;
	} else if (f->account.length == 0 && is_account(name)) {
		f->account = value;
		f->encoded = encoded;
	}
}

/* ---- forms ---- */

void form_read_pairs(struct span text, struct form *ret)
{
	while (text.length > 0) {
		ptrdiff_t end = span_find(text, "&", 1);
		struct span pair = end >= 0 ? span_first(text, (size_t)end) : text;
		ptrdiff_t equals = span_find(pair, "=", 1);

		if (equals > 0)
			take(ret, span_first(pair, (size_t)equals),
			     span_from(pair, (size_t)equals + 1), true);
		text = span_from(text, pair.length + 1);
	}
}

/* The inside of the next text in quotes; r goes on behind it. */
static bool next_text(struct reader *r, struct span *ret)
{
	while (rd_left(r) > 0 && rd_u8(r) != '"')
		;
	const uint8_t *start = r->at;
	while (rd_left(r) > 0) {
		uint8_t c = rd_u8(r);

		if (c == '"') {
			*ret = span_of(start, (size_t)(r->at - start) - 1);
			return true;
		}
		if (c == '\\')
			rd_skip(r, 1);
	}
	return false;
}

void form_read_json(struct span text, struct form *ret)
{
	/* Without spaces at its end, which would be looked through again behind every name. */
	struct reader r = rd_new(span_trim(text));
	struct span name, value;

	while (next_text(&r, &name)) {
		struct span rest = rd_rest(&(struct reader){ r.at, r.end, false });
		struct span trimmed = span_trim(rest);

		/* A name is followed by a colon; its value may be something else than a text. */
		if (trimmed.length == 0 || trimmed.at[0] != ':')
			continue;
		trimmed = span_trim(span_from(trimmed, 1));
		if (trimmed.length == 0 || trimmed.at[0] != '"') {
			take(ret, name, span_first(trimmed, 0), false);
			continue;
		}
		if (!next_text(&r, &value))
			value = span_first(trimmed, 0);
		take(ret, name, value, false);
	}
}

void form_read_multipart(struct span text, struct form *ret)
{
	static const char disposition[] = "form-data; name=\"";
	ptrdiff_t at;

	while ((at = span_find_nocase(text, disposition)) >= 0) {
		text = span_from(text, (size_t)at + sizeof(disposition) - 1);
		ptrdiff_t end = span_find(text, "\"", 1);
		if (end < 0)
			return;
		struct span name = span_first(text, (size_t)end);
		ptrdiff_t body = span_find(text, "\r\n\r\n", 4);
		struct span value = span_first(text, 0);
		if (body >= 0) {
			value = span_from(text, (size_t)body + 4);
			ptrdiff_t stop = span_find(value, "\r\n", 2);
			value = span_first(value, stop >= 0 ? (size_t)stop : 0);
		}
		take(ret, name, value, false);
	}
}

static int digit_of(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

size_t form_decode(struct span text, uint8_t *out, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < text.length && n < size; i++) {
		uint8_t c = text.at[i];

		if (c == '+') {
			c = ' ';
		} else if (c == '%' && text.length - i > 2 && digit_of(text.at[i + 1]) >= 0 &&
			   digit_of(text.at[i + 2]) >= 0) {
			c = (uint8_t)(digit_of(text.at[i + 1]) << 4 | digit_of(text.at[i + 2]));
			i += 2;
		}
		out[n++] = c;
	}
	return n;
}
