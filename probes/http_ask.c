/* SPDX-License-Identifier: Apache-2.0 */
#include "http_ask.h"

#include <stdio.h>
#include <stdlib.h>

#include "codec/evidence.h"
#include "codec/writer.h"

enum {
	INTERIM_MAX = 3,   /* answers 1xx before the real one */
	PIECES_MAX = 1024, /* reads of one body */
	MARK_LENGTH = 7,   /* "HTTP/1." */
	NESTED_MAX = 16,   /* objects and lists inside each other, in JSON */
};

/* ---- saying ---- */

void http_host(const struct conn *c, char ret[static HTTP_HOST_LENGTH])
{
	struct span address = span_text(conn_address(c));
	bool v6 = span_find(address, ":", 1) >= 0;
	ptrdiff_t scope = span_find(address, "%", 1);

	/* An interface's name means nothing to the server (RFC 6874, 1). */
	if (scope >= 0)
		address = span_first(address, (size_t)scope);
	snprintf(ret, HTTP_HOST_LENGTH, "%s%.*s%s", v6 ? "[" : "", (int)address.length,
		 (const char *)address.at, v6 ? "]" : "");
}

static void say_host(struct writer *w, const struct conn *c, const char *host)
{
	char own[HTTP_HOST_LENGTH], port[8];

	http_host(c, own);
	wr_text(w, "\r\nHost: ");
	wr_text(w, host != NULL ? host : own);
	if (host == NULL && conn_port(c) != (conn_tls_wanted(c) ? 443 : 80)) {
		snprintf(port, sizeof(port), ":%u", conn_port(c));
		wr_text(w, port);
	}
}

void http_say(struct conn *c, const struct http_question *q)
{
	uint8_t buffer[4096];
	struct writer w = wr_new(buffer, sizeof(buffer));

	wr_text(&w, q->method);
	wr_text(&w, " ");
	wr_text(&w, q->target);
	wr_text(&w, " HTTP/1.1");
	say_host(&w, c, q->host);
	wr_text(&w, "\r\nUser-Agent: ");
	wr_text(&w, conn_identity(c));
	wr_text(&w, "\r\n");
	wr_text(&w, q->headers != NULL ? q->headers : "Accept: */*\r\n");
	if (q->body.length > 0) {
		char length[48];

		snprintf(length, sizeof(length), "Content-Length: %zu\r\n", q->body.length);
		wr_text(&w, length);
	}
	wr_text(&w, "Connection: close\r\n\r\n");
	wr_span_in(&w, q->body);
	conn_write_span(c, wr_span(&w));
}

/* ---- hearing ---- */

static bool keep_head(struct http_page *p, struct span s)
{
	if (s.length > sizeof(p->head) - p->head_length)
		return false;
	memcpy(p->head + p->head_length, s.at, s.length);
	p->head_length += s.length;
	return true;
}

/* Status line and headers into p->head. What came before a failure is kept there. */
static enum ending hear_head(struct conn *c, struct http_page *p)
{
	struct span mark = conn_read(c, MARK_LENGTH);

	p->head_length = 0;
	if (!conn_ok(c))
		return conn_ending(c);
	if (!span_is(mark, "HTTP/1."))
		return ENDING_NOT_THIS;
	keep_head(p, mark);
	for (size_t lines = 0; lines <= HTTP_HEADERS_MAX + 1; lines++) {
		struct span line = conn_read_line(c);

		if (conn_ending(c) == ENDING_MALFORMED)
			return conn_oddity(c, "http.header-too-long");
		if (!conn_ok(c))
			return conn_ending(c);
		if (line.length == 0 && lines > 0)
			return ENDING_DONE;
		if (!keep_head(p, line) || !keep_head(p, span_text("\n")))
			return conn_oddity(c, "http.head-too-long");
	}
	return conn_oddity(c, "http.headers-too-many");
}

/* Up to n bytes of the body, as far as there is room. */
static void hear_bytes(struct conn *c, struct http_page *p, uint64_t n)
{
	size_t room = sizeof(p->body) - p->body_length;
	size_t want = n < room ? (size_t)n : room;

	for (size_t pieces = 0; want > 0 && pieces < PIECES_MAX; pieces++) {
		struct span s = conn_read_some(c, want);

		if (!conn_ok(c))
			return;
		memcpy(p->body + p->body_length, s.at, s.length);
		p->body_length += s.length;
		want -= s.length;
	}
}

/* RFC 9112, 7.1 */
static void hear_chunks(struct conn *c, struct http_page *p)
{
	for (size_t n = 0; n < HTTP_CHUNKS_MAX && p->body_length < sizeof(p->body); n++) {
		struct span line = conn_read_line(c);
		uint64_t size;

		if (!conn_ok(c))
			return;
		if (!http_chunk_size(line, &size)) {
			conn_note_oddity(c, "http.chunk-malformed");
			return;
		}
		if (size == 0) {
			p->body_whole = true;
			return;
		}
		hear_bytes(c, p, size);
		if (p->body_length < sizeof(p->body) && conn_read_line(c).length > 0) {
			conn_note_oddity(c, "http.chunk-malformed");
			return;
		}
	}
	p->body_whole = p->body_length == sizeof(p->body);
}

enum ending http_hear_body(struct conn *c, const struct http_head *head, struct http_page *p)
{
	enum http_framing framing;
	uint64_t length;

	p->body_length = 0;
	p->body_whole = false;
	if (!http_framing(head, &framing, &length)) {
		conn_note_oddity(c, "http.length-malformed");
		return ENDING_DONE;
	}
	if (framing == HTTP_CHUNKED)
		hear_chunks(c, p);
	else if (framing != HTTP_NO_BODY)
		hear_bytes(c, p, framing == HTTP_LENGTH ? length : SIZE_MAX);
	if (p->body_length == sizeof(p->body) || framing == HTTP_NO_BODY ||
	    (framing == HTTP_LENGTH && p->body_length == length) ||
	    (framing == HTTP_UNTIL_CLOSE && conn_ending(c) == ENDING_CLOSED))
		p->body_whole = true;
	if (p->body_whole || conn_ok(c))
		return ENDING_DONE;
	if (conn_ending(c) != ENDING_CLOSED && conn_ending(c) != ENDING_MALFORMED)
		return conn_ending(c);
	conn_note_oddity(c, "http.body-short");
	return ENDING_DONE;
}

enum ending http_hear_answer(struct conn *c, struct http_page *p, struct http_head *head)
{
	for (size_t interim = 0; interim <= INTERIM_MAX; interim++) {
		enum ending e = hear_head(c, p);

		if (p->head_length == 0)
			return e;
		if (!http_read_head(span_of(p->head, p->head_length), head))
			return e != ENDING_DONE ? e : conn_oddity(c, "http.head-malformed");
		if (e != ENDING_DONE || head->status >= 200 || head->status == 101)
			return e;
	}
	return conn_oddity(c, "http.interim-too-many");
}

enum ending http_ask(struct conn *c, const struct http_question *q, struct http_page *p,
		     struct http_head *head)
{
	*head = (struct http_head){ 0 };
	p->body_length = 0;
	if (!conn_begin(c))
		return conn_ending(c);
	http_say(c, q);
	enum ending e = http_hear_answer(c, p, head);
	return e == ENDING_DONE ? http_hear_body(c, head, p) : e;
}

enum ending http_ask_again(struct conn *c, const struct http_question *q, struct http_page *p,
			   struct http_head *head)
{
	if (!conn_again(c))
		return conn_ending(c);
	enum ending e = http_ask(c, q, p, head);
	return e == ENDING_NOT_THIS ? conn_oddity(c, "http.head-malformed") : e;
}

enum ending http_with_page(struct conn *c, json_t *evidence,
			   enum ending (*converse)(struct conn *c, json_t *evidence,
						   struct http_page *p))
{
	struct http_page *p = malloc(sizeof(*p));
	enum ending e = p != NULL ? converse(c, evidence, p) : ENDING_LIMIT;

	free(p);
	return e;
}

/* ---- headers ---- */

size_t http_before(struct span s, const char *stops)
{
	size_t n = 0;

	while (n < s.length && (s.at[n] == '\0' || strchr(stops, s.at[n]) == NULL))
		n++;
	return n;
}

static void note_scheme(json_t *evidence, const char *scheme, size_t length)
{
	json_t *list = note_list(evidence, "auth_schemes");
	size_t i;
	json_t *known;

	json_array_foreach(list, i, known) if (span_is_nocase(span_of(scheme, length),
							      json_string_value(known))) return;
	list_text(list, span_of(scheme, length));
}

void http_note_authentication(json_t *evidence, struct span value)
{
	static const char *const schemes[] = { "Basic",  "Digest",   "NTLM",   "Negotiate",
					       "Bearer", "Kerberos", "CredSSP" };
	struct span first = span_first(value, http_before(value, " ,"));
	bool known = false;

	for (size_t i = 0; i < countof(schemes); i++) {
		struct span rest = value;
		ptrdiff_t at;

		while ((at = span_find_nocase(rest, schemes[i])) >= 0) {
			size_t n = (size_t)at, length = strlen(schemes[i]);
			size_t end = n + length;
			bool starts = rest.at == value.at && n == 0;
			bool follows = n >= 2 && (rest.at[n - 1] == ',' ||
						  (rest.at[n - 1] == ' ' && rest.at[n - 2] == ','));
			bool ends =
				end == rest.length || rest.at[end] == ' ' || rest.at[end] == ',';

			if ((starts || follows) && ends) {
				note_scheme(evidence, schemes[i], length);
				known = true;
				break;
			}
			rest = span_from(rest, end);
		}
	}
	if (!known && first.length > 0)
		note_scheme(evidence, (const char *)first.at, first.length);
	ptrdiff_t realm = span_find_nocase(value, "realm=\"");
	if (realm >= 0 && json_object_get(evidence, "realm") == NULL) {
		struct span text = span_from(value, (size_t)realm + 7);

		note_text(evidence, "realm", span_first(text, http_before(text, "\"")));
	}
}

/* ---- JSON ---- */

/* jansson goes down with its own stack for each. */
static bool nested_deeply(struct span s)
{
	size_t depth = 0;
	bool text = false;

	for (size_t i = 0; i < s.length; i++) {
		uint8_t b = s.at[i];

		if (text && b == '\\')
			i++;
		else if (b == '"')
			text = !text;
		else if (!text && (b == '{' || b == '['))
			depth++;
		else if (!text && (b == '}' || b == ']') && depth > 0)
			depth--;
		if (depth > NESTED_MAX)
			return true;
	}
	return false;
}

json_t *http_object(const struct http_page *p)
{
	if (!p->body_whole || nested_deeply(span_of(p->body, p->body_length)))
		return NULL;
	json_t *object = json_loadb((const char *)p->body, p->body_length, 0, NULL);
	if (json_is_object(object))
		return object;
	json_decref(object);
	return NULL;
}

bool http_note_member(json_t *evidence, const char *key, const json_t *object, const char *name)
{
	const json_t *text = json_object_get(object, name);

	if (!json_is_string(text))
		return false;
	note_text(evidence, key, span_of(json_string_value(text), json_string_length(text)));
	return true;
}
