/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP/1.x (RFC 9110, RFC 9112), and what has its form: RTSP (RFC 2326) and SIP over TCP (RFC 3261). Requests
 * may be pipelined. Bodies are passed over, but for forms, whose fields are seen by name; where bytes are
 * missing it goes on with the next segment that begins a message. A tunnel (CONNECT, 101) ends it.
 */
#include <stdio.h>

#include "codec/http_message.h"
#include "codec/limits.h"
#include "listen/form.h"
#include "listen/ntlm_ear.h"

enum {
	FORM_MAX = 16 * 1024, /* bytes of a form that are waited for */
	ASKED_MAX = 16,       /* requests that wait for their answer */
	METHOD_MAX = 20,
	WAY_MAX = 48,
	TRAILER_LINES_MAX = HTTP_HEADERS_MAX,
};

/* Where a side's bytes are. */
enum place { HEAD, BODY, FORM, CHUNK_LINE, CHUNK, CHUNK_END, TRAILER, CLOSE, LOST };

/* What an answer's body hangs on. */
enum asked { ASKED_OTHER, ASKED_HEAD, ASKED_CONNECT };

enum form_kind { FORM_NONE, FORM_PAIRS, FORM_JSON, FORM_MULTIPART };

struct way {
	uint64_t left; /* of a body or chunk */
	uint8_t place;
	uint8_t form; /* what kind it is */
	bool dropping;
	uint8_t lines; /* of a trailer */
};

struct http {
	const char *protocol;
	struct way ways[2];
	uint8_t asked[ASKED_MAX];
	uint8_t first, count; /* of asked */
	bool spoken, product, agent;
	bool proxied; /* the last request was one to a proxy */
};

/* ---- first lines ---- */

static const char *protocol_of(struct span version)
{
	if (span_starts(version, "HTTP/1."))
		return "http";
	if (span_starts(version, "RTSP/1.") || span_starts(version, "RTSP/2."))
		return "rtsp";
	return span_starts(version, "SIP/2.0") ? "sip" : NULL;
}

static bool is_method(struct span s)
{
	for (size_t i = 0; i < s.length; i++)
		if (!(s.at[i] >= 'A' && s.at[i] <= 'Z') && s.at[i] != '_' && s.at[i] != '-')
			return false;
	return s.length > 2 && s.length <= METHOD_MAX;
}

struct request_line {
	const char *protocol;
	struct span method, target;
};

static bool read_request_line(struct span line, struct request_line *ret)
{
	struct request_line q = { .method = word_take(&line), .target = word_take(&line) };

	q.protocol = protocol_of(word_take(&line));
	if (!is_method(q.method) || q.target.length == 0 || q.protocol == NULL)
		return false;
	*ret = q;
	return true;
}

static bool read_status_line(struct span line, const char **ret_protocol, unsigned *ret_status)
{
	const char *protocol = protocol_of(word_take(&line));
	struct span number = word_take(&line);
	unsigned status = 0;

	if (protocol == NULL || number.length != 3)
		return false;
	for (size_t i = 0; i < 3; i++) {
		if (number.at[i] < '0' || number.at[i] > '9')
			return false;
		status = status * 10 + number.at[i] - '0';
	}
	*ret_protocol = protocol;
	*ret_status = status;
	return status >= 100;
}

/* 1: a message begins here, 0: too few bytes to tell, -1: it does not. */
static int begins(enum side side, struct span bytes)
{
	ptrdiff_t end = span_find(bytes, "\n", 1);
	struct span line = end >= 0 ? span_first(bytes, (size_t)end) : bytes;
	const char *protocol;
	struct request_line q;
	unsigned status;

	if (side == SIDE_SERVER) {
		static const char *const starts[] = { "HTTP/1.", "RTSP/1.", "SIP/2.0" };

		if (end >= 0)
			return read_status_line(span_trim(line), &protocol, &status) ? 1 : -1;
		for (size_t i = 0; i < countof(starts); i++) {
			size_t n = line.length < 7 ? line.length : 7;

			if (memcmp(line.at, starts[i], n) == 0)
				return n < 7 || line.length < LINE_MAX_BYTES ? 0 : -1;
		}
		return -1;
	}
	if (end >= 0)
		return read_request_line(span_trim(line), &q) ? 1 : -1;
	struct span rest = line, method = word_take(&rest);
	if (!is_method(method) && (rest.length > 0 || method.length > 2))
		return -1;
	if (rest.length == 0 && method.length > METHOD_MAX)
		return -1;
	return line.length < LINE_MAX_BYTES ? 0 : -1;
}

/* ---- telling ---- */

static void tell_way(struct talk *t, const struct http *s, const char *word, bool proxy,
		     bool secret)
{
	char way[WAY_MAX];
	int n = snprintf(way, sizeof(way), "%s %s%s", s->protocol, proxy ? "proxy " : "", word);

	if (n <= 0 || (size_t)n >= sizeof(way))
		return;
	if (secret)
		tell_login(t, way);
	else
		tell_challenge(t, way);
}

/* account ":" password (RFC 7617, 2). */
static void tell_basic(struct talk *t, struct span base64)
{
	uint8_t account[ACCOUNT_MAX];
	bool stopped;
	size_t n = base64_until(base64, ':', 1, account, sizeof(account), &stopped);

	if (stopped)
		tell_account(t, span_of(account, n));
	explicit_bzero(account, sizeof(account));
}

/* RFC 7616: username="..."; the scheme's name stands where http_parameter() expects a type. */
static void tell_digest(struct talk *t, struct span value)
{
	ptrdiff_t at = span_find_nocase(value, "username=\"");

	if (at < 0)
		return;
	struct span rest = span_from(value, (size_t)at + strlen("username=\""));
	ptrdiff_t end = span_find(rest, "\"", 1);
	if (end >= 0)
		tell_account(t, span_first(rest, (size_t)end));
}

static void hear_authorization(struct talk *t, const struct http *s, struct span value, bool proxy)
{
	struct span scheme = word_take(&value);
	uint32_t type;

	value = span_trim(value);
	if (span_is_nocase(scheme, "Basic")) {
		tell_way(t, s, "basic", proxy, true);
		tell_basic(t, value);
	} else if (span_is_nocase(scheme, "Bearer")) {
		tell_way(t, s, "bearer", proxy, true);
	} else if (span_is_nocase(scheme, "Digest")) {
		tell_way(t, s, "digest", proxy, false);
		tell_digest(t, value);
	} else if (span_is_nocase(scheme, "NTLM") || span_is_nocase(scheme, "Negotiate")) {
		if (!ntlm_ear_base64(t, SIDE_CLIENT, value, &type))
			tell_way(t, s, "negotiate", proxy, false);
		else if (type == 3)
			tell_way(t, s, "ntlm", proxy, false);
	}
}

static void hear_challenge(struct talk *t, struct span value)
{
	struct span scheme = word_take(&value);

	if (span_is_nocase(scheme, "NTLM") || span_is_nocase(scheme, "Negotiate"))
		ntlm_ear_base64(t, SIDE_SERVER, span_trim(value), NULL);
}

static void tell_form(struct talk *t, const struct http *s, const struct form *f)
{
	uint8_t account[ACCOUNT_MAX];

	if (!f->password)
		return;
	tell_way(t, s, "form", false, true);
	if (f->encoded)
		tell_account(t,
			     span_of(account, form_decode(f->account, account, sizeof(account))));
	else
		tell_account(t, f->account);
}

static void hear_form(struct talk *t, const struct http *s, uint8_t kind, struct span body)
{
	struct form f = { .account = span_first(body, 0) };

	if (kind == FORM_PAIRS)
		form_read_pairs(body, &f);
	else if (kind == FORM_JSON)
		form_read_json(body, &f);
	else if (kind == FORM_MULTIPART)
		form_read_multipart(body, &f);
	tell_form(t, s, &f);
}

/* The host of "http://user:secret@host:port/path" without what stands around it. */
static struct span authority_of(struct span target)
{
	ptrdiff_t at = span_find(target, "://", 3);

	if (at >= 0)
		target = span_from(target, (size_t)at + 3);
	for (size_t i = 0; i < target.length; i++)
		if (target.at[i] == '/' || target.at[i] == '?')
			target = span_first(target, i);
	while ((at = span_find(target, "@", 1)) >= 0)
		target = span_from(target, (size_t)at + 1);
	return target;
}

/* A host's name without its port; empty where it is an address, which names nothing. */
static struct span name_of(struct span authority)
{
	ptrdiff_t colon = span_find(authority, ":", 1);
	size_t i = 0;

	if (colon >= 0)
		authority = span_first(authority, (size_t)colon);
	while (i < authority.length && ((authority.at[i] >= '0' && authority.at[i] <= '9') ||
					authority.at[i] == '.' || authority.at[i] == '['))
		i++;
	return i < authority.length ? authority : span_first(authority, 0);
}

/* ---- messages ---- */

static uint8_t form_kind(struct span type)
{
	if (span_starts_nocase(type, "application/x-www-form-urlencoded"))
		return FORM_PAIRS;
	if (span_starts_nocase(type, "multipart/form-data"))
		return FORM_MULTIPART;
	return span_starts_nocase(type, "application/json") ? FORM_JSON : FORM_NONE;
}

/* Where the bytes behind a head are. */
static void follow(struct way *w, const struct http_head *head, bool request)
{
	struct http_head like = *head;
	enum http_framing framing;
	struct span type;

	/* A request without a length has no body (RFC 9112, 6.3). */
	if (request)
		like.status = 200;
	w->form = FORM_NONE;
	if (!http_framing(&like, &framing, &w->left)) {
		w->place = LOST;
	} else if (framing == HTTP_LENGTH && w->left > 0) {
		w->place = BODY;
		if (request && http_find(head, "Content-Type", 0, &type))
			w->form = form_kind(type);
		if (w->form != FORM_NONE)
			w->place = FORM;
	} else if (framing == HTTP_CHUNKED) {
		w->place = CHUNK_LINE;
	} else if (framing == HTTP_UNTIL_CLOSE && !request) {
		w->place = CLOSE;
	} else {
		w->place = HEAD;
	}
}

static void remember(struct http *s, struct span method)
{
	uint8_t what = span_is(method, "HEAD")      ? ASKED_HEAD
		       : span_is(method, "CONNECT") ? ASKED_CONNECT
						    : ASKED_OTHER;

	if (s->count == ASKED_MAX) { /* the oldest is forgotten */
		s->first = (uint8_t)((s->first + 1) % ASKED_MAX);
		s->count--;
	}
	s->asked[(s->first + s->count++) % ASKED_MAX] = what;
}

static uint8_t recall(struct http *s)
{
	if (s->count == 0)
		return ASKED_OTHER;
	uint8_t what = s->asked[s->first];
	s->first = (uint8_t)((s->first + 1) % ASKED_MAX);
	s->count--;
	return what;
}

static void hear_names(struct http *s, struct talk *t, const struct request_line *q,
		       const struct http_head *head)
{
	bool connect = span_is(q->method, "CONNECT");
	struct span value;

	if (strcmp(s->protocol, "http") != 0)
		return;
	s->proxied = connect || span_find(span_first(q->target, 8), "://", 3) > 0;
	if (s->proxied) {
		tell_client(t, "proxy.asked", authority_of(q->target));
	} else if (http_find(head, "Host", 0, &value)) {
		value = name_of(authority_of(value));
		tell_service(t, "name.http", value);
		if (t->named != NULL && value.length > 0)
			t->named(t, value);
	}
}

static void hear_request(struct http *s, struct talk *t, struct span bytes)
{
	struct way *w = &s->ways[SIDE_CLIENT];
	struct http_head head;
	struct request_line q;
	struct span line, value;

	if (!http_read_lines(bytes, &line, &head) || !read_request_line(line, &q)) {
		w->place = LOST;
		return;
	}
	s->protocol = q.protocol;
	remember(s, q.method);
	hear_names(s, t, &q, &head);
	if (t->application == NULL)
		t->application = s->protocol;
	if (!s->agent && http_find(&head, "User-Agent", 0, &value)) {
		s->agent = true;
		tell_client(t, "os.user-agent", value);
	}
	if (http_find(&head, "Authorization", 0, &value))
		hear_authorization(t, s, value, false);
	if (http_find(&head, "Proxy-Authorization", 0, &value))
		hear_authorization(t, s, value, true);
	ptrdiff_t query = span_find(q.target, "?", 1);
	if (query >= 0)
		hear_form(t, s, FORM_PAIRS, span_from(q.target, (size_t)query + 1));
	follow(w, &head, true);
}

/* False where the connection is something else from here on. */
static bool hear_response(struct http *s, struct talk *t, struct span bytes)
{
	struct way *w = &s->ways[SIDE_SERVER];
	struct http_head head;
	struct span line, value;

	if (!http_read_lines(bytes, &line, &head) ||
	    !read_status_line(line, &s->protocol, &head.status)) {
		w->place = LOST;
		return true;
	}
	if (!s->spoken) {
		s->spoken = true;
		/* A server that is no proxy refuses what is asked of one. */
		t->application = s->proxied && (head.status < 400 || head.status == 407)
					 ? "http-proxy"
					 : s->protocol;
		tell_spoken(t, t->application);
	}
	if (!s->product && http_find(&head, "Server", 0, &value)) {
		s->product = true;
		tell_service(t, "service.product", value);
	}
	for (size_t i = 0; http_find(&head, "WWW-Authenticate", i, &value); i++)
		hear_challenge(t, value);
	for (size_t i = 0; http_find(&head, "Proxy-Authenticate", i, &value); i++)
		hear_challenge(t, value);
	if (head.status == 101)
		return false;
	if (head.status < 200) {
		w->place = HEAD;
		return true;
	}
	uint8_t asked = recall(s);
	if (asked == ASKED_CONNECT && head.status < 300)
		return false;
	if (asked == ASKED_HEAD || strcmp(s->protocol, "http") != 0) {
		/* RTSP and SIP have a body only where its length is said. */
		bool has = asked != ASKED_HEAD;

		head.status = has ? head.status : 204;
		follow(w, &head, has);
		return true;
	}
	follow(w, &head, false);
	return true;
}

/* Bytes up to and with the empty line that ends a head; 0 where it is not there. */
static size_t head_length(struct span bytes)
{
	struct span rest = bytes;
	ptrdiff_t end;

	while ((end = span_find(rest, "\n", 1)) >= 0) {
		rest = span_from(rest, (size_t)end + 1);
		if (rest.length > 0 && rest.at[0] == '\n')
			return (size_t)(rest.at - bytes.at) + 1;
		if (rest.length > 1 && rest.at[0] == '\r' && rest.at[1] == '\n')
			return (size_t)(rest.at - bytes.at) + 2;
	}
	return 0;
}

/* ---- bytes ---- */

static long hear_head(struct http *s, struct talk *t, enum side side, struct span bytes)
{
	struct way *w = &s->ways[side];
	size_t blank = 0;

	/* Empty lines in front of a message (RFC 9112, 2.2). */
	while (blank < bytes.length && (bytes.at[blank] == '\r' || bytes.at[blank] == '\n'))
		blank++;
	if (blank > 0)
		return (long)blank;
	int beginning = begins(side, bytes);
	if (beginning < 0) {
		w->place = LOST;
		return (long)bytes.length;
	}
	size_t length = beginning > 0 ? head_length(bytes) : 0;
	if (length == 0 && bytes.length < HTTP_HEAD_MAX)
		return HEAR_MORE;
	if (length == 0 || length > HTTP_HEAD_MAX) {
		w->place = LOST;
		return (long)bytes.length;
	}
	if (side == SIDE_CLIENT)
		hear_request(s, t, span_first(bytes, length));
	else if (!hear_response(s, t, span_first(bytes, length)))
		return HEAR_DONE;
	return (long)length;
}

static long hear_chunks(struct way *w, struct span bytes)
{
	struct span line;
	long taken = line_take(bytes, &w->dropping, &line);

	if (taken <= 0 || w->dropping)
		return taken;
	if (w->place == CHUNK_LINE) {
		if (!http_chunk_size(line, &w->left))
			w->place = LOST;
		else
			w->place = w->left > 0 ? CHUNK : TRAILER;
		w->lines = 0;
	} else if (w->place == CHUNK_END) {
		w->place = line.length == 0 ? CHUNK_LINE : LOST;
	} else if (line.length == 0) {
		w->place = HEAD;
	} else if (++w->lines > TRAILER_LINES_MAX) {
		w->place = LOST;
	}
	return taken;
}

static long pass(struct way *w, struct span bytes, enum place then)
{
	size_t n = w->left < bytes.length ? (size_t)w->left : bytes.length;

	w->left -= n;
	if (w->left == 0)
		w->place = (uint8_t)then;
	return (long)n;
}

static long hear(struct talk *t, enum side side, struct span bytes)
{
	struct http *s = t->state;
	struct way *w = &s->ways[side];

	switch ((enum place)w->place) {
	case HEAD:
		return hear_head(s, t, side, bytes);
	case FORM:
		if (w->left <= FORM_MAX && bytes.length < w->left)
			return HEAR_MORE;
		hear_form(t, s, w->form,
			  span_first(bytes, w->left < bytes.length ? (size_t)w->left : FORM_MAX));
		w->place = BODY;
		return pass(w, bytes, HEAD);
	case BODY:
		return pass(w, bytes, HEAD);
	case CHUNK:
		return pass(w, bytes, CHUNK_END);
	case CHUNK_LINE:
	case CHUNK_END:
	case TRAILER:
		return hear_chunks(w, bytes);
	case CLOSE:
		return (long)bytes.length;
	case LOST:
		if (begins(side, bytes) != 1)
			return (long)bytes.length;
		w->place = HEAD;
		return hear_head(s, t, side, bytes);
	}
	return HEAR_DONE;
}

static void gap(struct talk *t, enum side side)
{
	struct http *s = t->state;

	/* Which answer belongs to which request is not known any more. */
	s->ways[side] = (struct way){ .place = LOST };
	s->count = 0;
}

static int recognise(const struct talk *t, enum side side, struct span first)
{
	(void)t;
	return begins(side, first);
}

const struct decoder decoder_http = {
	.name = "http",
	.tcp_ports = (const uint16_t[]){ 80, 554, 631, 3128, 5060, 5357, 5985, 8000, 8008, 8080,
					 8081, 8088, 8554, 8888, 0 },
	.state_size = sizeof(struct http),
	.recognise = recognise,
	.hear = hear,
	.gap = gap,
};
