/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One login with a form of its own (identity/login_forms.h), behind its page that was seen already.
 *
 * Sent, each on a connection of its own: the login as the form says it, and once that was not refused the proof
 * (GET) and the logout, where the form has them. Cookies that the answers set go back, tokens of the page too
 * (RFC 6265, 5.4). No redirect is followed. A form is sent only where the page has its signs, so that nothing is
 * sent to a page that is another.
 *
 * Specifications: RFC 9110, RFC 6265, HTML 4.10.22.6 (application/x-www-form-urlencoded), RFC 8259 (JSON).
 */
#include "login_http.h"

#include <openssl/evp.h>
#include <stdio.h>

#include "codec/writer.h"

enum {
	COOKIES = 8,
	COOKIE_NAME = 64,
	TOKENS = 3 * FORM_TOKENS,
	TEXT_LENGTH = 1024, /* path, body */
	HEADERS_LENGTH = 2048,
	BASE64_LENGTH = 352,
	ORIGIN_LENGTH = HTTP_HOST_LENGTH + 16,
};

struct jar {
	struct {
		char name[COOKIE_NAME], value[FORM_TOKEN_MAX];
	} list[COOKIES];
	size_t count;
};

struct run {
	const struct login_form *form;
	const struct credential *credential;
	struct jar jar;
	struct {
		const char *name;
		char value[FORM_TOKEN_MAX];
	} tokens[TOKENS];
	size_t token_count;
	char origin[ORIGIN_LENGTH];
	char path[TEXT_LENGTH], headers[HEADERS_LENGTH], body[TEXT_LENGTH];
};

/* ---- cookies ---- */

/* RFC 6265, 4.1.1: what name and value may be made of. */
static bool is_cookie_text(struct span s, size_t room)
{
	for (size_t i = 0; i < s.length; i++)
		if (s.at[i] <= ' ' || s.at[i] >= 0x7f || s.at[i] == ';' || s.at[i] == ',')
			return false;
	return s.length < room;
}

static void keep_cookie(struct jar *j, struct span value)
{
	ptrdiff_t end = span_find(value, ";", 1), equals;
	size_t i = 0;

	value = span_trim(end < 0 ? value : span_first(value, (size_t)end));
	equals = span_find(value, "=", 1);
	if (equals <= 0)
		return;
	struct span name = span_trim(span_first(value, (size_t)equals));
	value = span_trim(span_from(value, (size_t)equals + 1));
	if (name.length == 0 || !is_cookie_text(name, sizeof(j->list[0].name)) ||
	    !is_cookie_text(value, sizeof(j->list[0].value)))
		return;
	while (i < j->count && !span_is(name, j->list[i].name))
		i++;
	if (i == COOKIES)
		return;
	if (i == j->count) {
		memcpy(j->list[i].name, name.at, name.length);
		j->list[i].name[name.length] = '\0';
		j->count++;
	}
	memcpy(j->list[i].value, value.at, value.length);
	j->list[i].value[value.length] = '\0';
}

static void keep_cookies(struct jar *j, const struct http_head *head)
{
	struct span value;

	for (size_t i = 0; http_find(head, "Set-Cookie", i, &value); i++)
		keep_cookie(j, value);
}

/* ---- templates ---- */

enum coding { CODE_PLAIN, CODE_PATH, CODE_FORM, CODE_JSON };

static void wr_percent(struct writer *w, uint8_t b)
{
	static const char digits[] = "0123456789ABCDEF";

	wr_u8(w, '%');
	wr_u8(w, (uint8_t)digits[b >> 4]);
	wr_u8(w, (uint8_t)digits[b & 15]);
}

static bool is_unreserved(uint8_t b)
{
	return (b >= '0' && b <= '9') || (b >= 'A' && b <= 'Z') || (b >= 'a' && b <= 'z') ||
	       b == '*' || b == '-' || b == '.' || b == '_';
}

static void wr_coded(struct writer *w, struct span s, enum coding coding)
{
	char escape[8];

	for (size_t i = 0; i < s.length; i++) {
		uint8_t b = s.at[i];

		if (coding == CODE_PLAIN) {
			if (b < 0x20 || b >= 0x7f)
				w->failed = true;
			wr_u8(w, b);
		} else if (coding == CODE_JSON) {
			snprintf(escape, sizeof(escape), "\\u%04x", b);
			if (b < 0x20 || b == '"' || b == '\\')
				wr_text(w, escape);
			else
				wr_u8(w, b);
		} else if (coding == CODE_FORM && b == ' ') {
			wr_u8(w, '+');
		} else if (is_unreserved(b)) {
			wr_u8(w, b);
		} else {
			wr_percent(w, b);
		}
	}
}

static void wr_base64(struct writer *w, const char *text, enum coding coding)
{
	char coded[BASE64_LENGTH];
	size_t n = strlen(text);

	if (4 * ((n + 2) / 3) >= sizeof(coded)) {
		w->failed = true;
		return;
	}
	EVP_EncodeBlock((uint8_t *)coded, (const uint8_t *)text, (int)n);
	wr_coded(w, span_text(coded), coding);
}

static void wr_word(struct writer *w, const struct run *r, struct span word, enum coding coding)
{
	if (span_is(word, "user")) {
		wr_coded(w, span_text(r->credential->user), coding);
	} else if (span_is(word, "password")) {
		wr_coded(w, span_text(r->credential->password), coding);
	} else if (span_is(word, "user:base64")) {
		wr_base64(w, r->credential->user, coding);
	} else if (span_is(word, "password:base64")) {
		wr_base64(w, r->credential->password, coding);
	} else if (span_is(word, "origin")) {
		wr_coded(w, span_text(r->origin), coding);
	} else {
		size_t i = 0;

		while (i < r->token_count && !span_is(word, r->tokens[i].name))
			i++;
		if (i < r->token_count)
			wr_coded(w, span_text(r->tokens[i].value), coding);
		else
			w->failed = true;
	}
}

/* own: how the template itself is written. */
static void wr_template(struct writer *w, const struct run *r, const char *text, enum coding own,
			enum coding coding)
{
	struct span word;

	while (login_form_placeholder(text, &word)) {
		wr_coded(w, span_of(text, (size_t)((const char *)word.at - text) - 1), own);
		wr_word(w, r, word, coding);
		text = (const char *)word.at + word.length + 1;
	}
	wr_coded(w, span_text(text), own);
}

/* ---- requests ---- */

static bool end_text(struct writer *w)
{
	wr_u8(w, '\0');
	return wr_ok(w);
}

static bool make_path(struct run *r, const struct form_request *q, const char *page)
{
	struct writer w = wr_new(r->path, sizeof(r->path));
	const char *slash = strrchr(page, '/');

	if (q->path[0] != '/' && slash != NULL)
		wr_bytes(&w, page, (size_t)(slash - page) + 1);
	wr_template(&w, r, q->path, CODE_PLAIN, CODE_PATH);
	return end_text(&w);
}

static bool make_headers(struct run *r, const struct form_request *q)
{
	struct writer w = wr_new(r->headers, sizeof(r->headers));

	wr_text(&w, "Accept: */*\r\n");
	if (q->field_count > 0)
		wr_text(&w, "Content-Type: application/x-www-form-urlencoded\r\n");
	else if (q->json != NULL)
		wr_text(&w, "Content-Type: application/json\r\n");
	else if (!q->get)
		wr_text(&w, "Content-Length: 0\r\n");
	for (size_t i = 0; i < q->header_count; i++) {
		wr_text(&w, q->headers[i].name);
		wr_text(&w, ": ");
		wr_template(&w, r, q->headers[i].value, CODE_PLAIN, CODE_PLAIN);
		wr_text(&w, "\r\n");
	}
	for (size_t i = 0; i < r->jar.count; i++) {
		wr_text(&w, i == 0 ? "Cookie: " : "; ");
		wr_text(&w, r->jar.list[i].name);
		wr_text(&w, "=");
		wr_text(&w, r->jar.list[i].value);
	}
	if (r->jar.count > 0)
		wr_text(&w, "\r\n");
	return end_text(&w);
}

static bool make_body(struct run *r, const struct form_request *q, struct span *ret)
{
	struct writer w = wr_new(r->body, sizeof(r->body));

	for (size_t i = 0; i < q->field_count; i++) {
		if (i > 0)
			wr_u8(&w, '&');
		wr_coded(&w, span_text(q->fields[i].name), CODE_FORM);
		wr_u8(&w, '=');
		wr_template(&w, r, q->fields[i].value, CODE_FORM, CODE_FORM);
	}
	if (q->json != NULL) {
		struct span word;
		const char *text = q->json;

		while (login_form_placeholder(text, &word)) {
			wr_bytes(&w, text, (size_t)((const char *)word.at - text) - 1);
			wr_word(&w, r, word, CODE_JSON);
			text = (const char *)word.at + word.length + 1;
		}
		wr_text(&w, text);
	}
	*ret = wr_span(&w);
	return wr_ok(&w);
}

/* Everything that the request takes from the answer before it. */
static bool take_tokens(struct run *r, const struct form_request *q, const struct http_page *p,
			const struct http_head *head)
{
	for (size_t i = 0; i < q->token_count; i++) {
		if (r->token_count == TOKENS ||
		    !login_form_token(&q->tokens[i], head, login_body(p, head),
				      r->tokens[r->token_count].value))
			return false;
		r->tokens[r->token_count++].name = q->tokens[i].name;
	}
	return true;
}

/* *head is the answer before, and becomes the next one. ret_said, which may be NULL: it went out. */
static bool request(struct conn *c, struct run *r, const struct form_request *q, const char *page,
		    struct http_page *p, struct http_head *head, bool *ret_said)
{
	struct http_question question = { .method = q->get ? "GET" : "POST" };

	if (!take_tokens(r, q, p, head) || !make_path(r, q, page) || !make_headers(r, q) ||
	    !make_body(r, q, &question.body))
		return false;
	question.target = r->path;
	question.headers = r->headers;
	if (ret_said != NULL)
		*ret_said = true;
	if (http_ask_again(c, &question, p, head) != ENDING_DONE || head->status == 0)
		return false;
	keep_cookies(&r->jar, head);
	return true;
}

/* ---- conversation ---- */

struct span login_body(const struct http_page *p, const struct http_head *head)
{
	struct span coding;
	bool packed = http_find(head, "Content-Encoding", 0, &coding) &&
		      !span_is_nocase(coding, "identity");

	return span_of(p->body, packed ? 0 : p->body_length);
}

static enum login_result converse(struct conn *c, struct run *r, const char *page,
				  struct http_page *p, struct http_head *head)
{
	const struct login_form *f = r->form;
	bool said = false;

	/* Nobody is logged in yet: what the page says already proves nothing. */
	if (login_form_says(f, head, login_body(p, head)) == FORM_ACCEPTED)
		return LOGIN_UNASKED;
	if (f->cookie != NULL)
		keep_cookie(&r->jar, span_text(f->cookie));
	keep_cookies(&r->jar, head);
	if (!request(c, r, &f->login, page, p, head, &said))
		return said ? LOGIN_UNTESTED : LOGIN_UNASKED;
	enum form_word word = login_form_says(f, head, login_body(p, head));
	if (f->proof.given && word != FORM_LOCKED && word != FORM_REFUSED) {
		if (!request(c, r, &f->proof, page, p, head, NULL))
			return LOGIN_UNTESTED;
		word = login_form_says(f, head, login_body(p, head));
	}
	if (word == FORM_ACCEPTED && f->logout.given)
		request(c, r, &f->logout, page, p, head, NULL);
	return word == FORM_ACCEPTED  ? LOGIN_ACCEPTED
	       : word == FORM_REFUSED ? LOGIN_REFUSED
	       : word == FORM_LOCKED  ? LOGIN_LOCKED
				      : LOGIN_UNTESTED;
}

enum login_result login_form(struct conn *c, const struct login_form *f, const char *path,
			     const struct credential *k, struct http_page *p,
			     struct http_head *head)
{
	struct run *r = calloc(1, sizeof(*r));
	enum login_result result;
	char host[HTTP_HOST_LENGTH];

	if (r == NULL)
		return LOGIN_UNASKED;
	r->form = f;
	r->credential = k;
	http_host(c, host);
	bool tls = conn_tls_wanted(c);
	if (conn_port(c) == (tls ? 443 : 80))
		snprintf(r->origin, sizeof(r->origin), "%s://%s", tls ? "https" : "http", host);
	else
		snprintf(r->origin, sizeof(r->origin), "%s://%s:%u", tls ? "https" : "http", host,
			 conn_port(c));
	result = converse(c, r, path, p, head);
	OPENSSL_cleanse(r, sizeof(*r)); /* the password in its body */
	free(r);
	return result;
}
