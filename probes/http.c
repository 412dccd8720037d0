/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP/1.x: what the front page and its headers tell.
 *
 * Learnt: status, server software, title, whether it asks for a password (form or authentication
 * scheme), the headers that guidelines name, cookies and their flags, the server's clock.
 *
 * Specifications: RFC 9110 (semantics; 9.2.1: GET is safe, it asks for no change), RFC 9112
 * (messages), RFC 6265 (cookies).
 *
 * Sent, once per connection, inside TLS where the port is known to speak it:
 *   GET / HTTP/1.1
 *   Host: the address, with the port where it is not the scheme's own
 *   User-Agent: tenken and the contact
 *   Accept: any type
 *   Connection: close
 * In full depth the same is sent for the target of a redirect, at most three times, each on a new
 * connection, and only where the target is on this address, this port and this scheme. No other
 * path, no body, no cookie, no password. In limited depth the first request is the only one.
 */
#include "probe.h"

#include <stdio.h>
#include <stdlib.h>

#include "codec/evidence.h"
#include "codec/http_message.h"
#include "codec/limits.h"
#include "codec/writer.h"
#include "http_ask.h"

enum {
	REDIRECTS_MAX = 3,
	PATH_LENGTH = 1024,
};

struct place {
	char host[HTTP_HOST_LENGTH]; /* as in the Host header, without the port */
	uint16_t port;
	bool tls;
	char path[PATH_LENGTH];
};

/* ---- readers ---- */

/* Servers that are asked in the clear on their TLS port say so in words of their own: nginx, Apache
 * httpd, Go. */
static bool wants_tls(const struct http_head *head, struct span body)
{
	static const char *const words[] = {
		"plain HTTP request was sent to HTTPS port",
		"speaking plain HTTP to an SSL-enabled server port",
		"sent an HTTP request to an HTTPS server",
	};

	for (size_t i = 0; i < countof(words); i++)
		if (head->status == 400 && span_find_nocase(body, words[i]) >= 0)
			return true;
	return false;
}

static bool is_redirect(unsigned status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* The authority of a location is this very place: "192.0.2.1", "[2001:db8::1]:8443". */
static bool same_authority(const struct place *p, struct span authority)
{
	char own[HTTP_HOST_LENGTH + 8];

	if (p->port == (p->tls ? 443 : 80) && span_is_nocase(authority, p->host))
		return true;
	snprintf(own, sizeof(own), "%s:%u", p->host, p->port);
	return span_is_nocase(authority, own);
}

/* Where a location (RFC 9110, 10.2.2) leads, as a path on the same place; false where it leads
 * elsewhere or cannot be asked for. */
static bool read_location(const struct place *from, struct span location, struct place *ret)
{
	const char *scheme = from->tls ? "https:" : "http:";
	struct span base = span_text(from->path);
	struct place to = *from;
	struct writer w = wr_new(to.path, sizeof(to.path) - 1);

	location = span_first(location, http_before(location, "#"));
	for (size_t i = 0; i < location.length; i++)
		if (location.at[i] <= ' ' || location.at[i] >= 0x7f)
			return false;
	if (span_starts_nocase(location, scheme))
		location = span_from(location, strlen(scheme));
	else if (http_before(location, ":") < http_before(location, "/?"))
		return false;
	if (span_starts(location, "//")) {
		struct span rest = span_from(location, 2);
		size_t n = http_before(rest, "/?");

		if (!same_authority(from, span_first(rest, n)))
			return false;
		location = span_from(rest, n);
		base = span_text("/");
	}
	if (location.length == 0 || location.at[0] == '?') {
		wr_span_in(&w, span_first(base, http_before(base, "?")));
	} else if (location.at[0] != '/') {
		size_t folder = http_before(base, "?");

		while (folder > 0 && base.at[folder - 1] != '/')
			folder--;
		wr_span_in(&w, span_first(base, folder));
	}
	wr_span_in(&w, location);
	if (!wr_ok(&w))
		return false;
	to.path[wr_span(&w).length] = '\0';
	*ret = to;
	return true;
}

/* ---- writers ---- */

static void place_of(const struct conn *c, struct place *ret)
{
	struct place p = { .port = conn_port(c), .tls = conn_tls_wanted(c), .path = "/" };

	http_host(c, p.host);
	*ret = p;
}

/* "nginx/1.22.1 (Debian)": product and version. */
static void note_product(json_t *evidence, struct span server)
{
	struct span first = span_first(server, http_before(server, " ("));
	size_t slash = http_before(first, "/");

	if (slash == 0)
		return;
	note_text(evidence, "product", span_first(first, slash));
	if (slash + 1 < first.length)
		note_text(evidence, "version", span_from(first, slash + 1));
}

/* The scheme that protects least comes first: a check asks for one word. */
static void note_auth_scheme(json_t *evidence)
{
	json_t *list = json_object_get(evidence, "auth_schemes");
	const char *scheme = json_string_value(json_array_get(list, 0));
	size_t i;
	json_t *known;

	json_array_foreach(list, i, known) if (strcmp(json_string_value(known), "Basic") == 0)
		scheme = "Basic";
	if (scheme != NULL)
		note_word(evidence, "auth_scheme", scheme);
}

/* RFC 6265, 5.2.2: seconds; 0 where it is negative, -1 where it is no number. */
static int64_t read_age(struct span text)
{
	enum { DIGITS_MOST = 12 };
	bool negative = text.length > 0 && text.at[0] == '-';
	int64_t age = 0;

	if (text.length == 0 || text.length > DIGITS_MOST)
		return -1;
	for (size_t i = negative; i < text.length; i++) {
		if (text.at[i] < '0' || text.at[i] > '9')
			return -1;
		age = 10 * age + (text.at[i] - '0');
	}
	return negative ? 0 : age;
}

/* Headers that tell of somebody in front of the server; which ones those are a list of checks says. */
static void note_front(json_t *evidence, const struct http_head *head)
{
	static const char *const standing[] = { "X-Powered-By", "X-Frame-Options",
						"X-Content-Type-Options", "X-XSS-Protection" };
	struct reader fields = rd_new(head->fields);

	for (struct http_field f; http_next_field(&fields, &f);) {
		struct span name = f.name;
		bool told = !span_starts_nocase(name, "x-") && !span_starts_nocase(name, "cf-") &&
			    !span_is_nocase(name, "via");

		for (size_t k = 0; !told && k < countof(standing); k++)
			told = span_is_nocase(name, standing[k]);
		if (!told)
			list_text(note_list(evidence, "more_headers"), name);
	}
}

/* RFC 6265, 4.1.1: name, value and attributes. The value is nobody's business. */
static void note_cookie(json_t *evidence, struct span value, int64_t now)
{
	struct span pair = span_first(value, http_before(value, ";"));
	bool secure = false, http_only = false, persistent = false;
	int64_t expires = -1, age = -1; /* Max-Age wins (5.3) */
	json_t *cookie = list_object(note_list(evidence, "cookies"));

	for (struct span rest = value; rest.length > 0;) {
		size_t n = http_before(rest, ";");
		struct span attribute = span_trim(span_first(rest, n));

		secure |= span_is_nocase(attribute, "secure");
		http_only |= span_is_nocase(attribute, "httponly");
		if (span_starts_nocase(attribute, "max-age=")) {
			persistent = true;
			age = read_age(span_from(attribute, strlen("max-age=")));
		} else if (span_starts_nocase(attribute, "expires=")) {
			persistent = true;
			if (!http_date(span_from(attribute, strlen("expires=")), &expires))
				expires = -1;
		}
		rest = n < rest.length ? span_from(rest, n + 1) : span_first(rest, 0);
	}
	if (cookie == NULL)
		return;
	note_text(cookie, "name", span_trim(span_first(pair, http_before(pair, "="))));
	note_bool(cookie, "secure", secure);
	note_bool(cookie, "http_only", http_only);
	note_bool(cookie, "persistent", persistent);
	if (age < 0 && expires >= now)
		age = expires - now;
	if (age >= 0)
		note_int(cookie, "age", age);
}

/* Kept beside the policy, which may be longer than a text in the evidence. */
static void note_frame_ancestors(json_t *evidence, struct span policy)
{
	ptrdiff_t at = span_find_nocase(policy, "frame-ancestors");

	if (at < 0 || json_object_get(evidence, "frame_ancestors") != NULL)
		return;
	struct span rest = span_from(policy, (size_t)at + strlen("frame-ancestors"));
	note_text(evidence, "frame_ancestors", span_trim(span_first(rest, http_before(rest, ";"))));
}

static const struct {
	const char *header, *key;
} plain_headers[] = {
	{ "Server", "server" },
	{ "X-Powered-By", "powered_by" },
	{ "Location", "location" },
	{ "Content-Type", "content_type" },
	{ "Strict-Transport-Security", "hsts" },
	{ "X-Frame-Options", "frame_options" },
	{ "X-Content-Type-Options", "content_type_options" },
	{ "Content-Security-Policy", "csp" },
};

/* A later answer replaces what an earlier one said of itself. */
static void forget_answer(json_t *evidence)
{
	static const char *const keys[] = { "status",       "title",       "product",
					    "version",      "charset",     "date",
					    "auth_schemes", "auth_scheme", "realm",
					    "http",         "login_form",  "frame_ancestors",
					    "wants_tls",    "more_headers" };

	for (size_t i = 0; i < countof(plain_headers); i++)
		json_object_del(evidence, plain_headers[i].key);
	for (size_t i = 0; i < countof(keys); i++)
		json_object_del(evidence, keys[i]);
}

static void note_head(json_t *evidence, const struct http_head *head)
{
	struct span value, charset;
	int64_t date, now = json_integer_value(json_object_get(evidence, "observed"));

	note_int(evidence, "status", head->status);
	note_word(evidence, "http", head->version == 10 ? "1.0" : "1.1");
	for (size_t i = 0; i < countof(plain_headers); i++)
		if (http_find(head, plain_headers[i].header, 0, &value))
			note_text(evidence, plain_headers[i].key, value);
	if (http_find(head, "Server", 0, &value))
		note_product(evidence, value);
	if (http_find(head, "Content-Type", 0, &value) &&
	    http_parameter(value, "charset", &charset))
		note_text(evidence, "charset", charset);
	if (http_find(head, "Date", 0, &value) && http_date(value, &date))
		note_int(evidence, "date", date);
	for (size_t i = 0; http_find(head, "Content-Security-Policy", i, &value); i++)
		note_frame_ancestors(evidence, value);
	for (size_t i = 0; http_find(head, "Set-Cookie", i, &value); i++)
		note_cookie(evidence, value, now);
	for (size_t i = 0; http_find(head, "WWW-Authenticate", i, &value); i++)
		http_note_authentication(evidence, value);
	note_auth_scheme(evidence);
	note_front(evidence, head);
}

/* Runs of white space become one space. */
static void note_title(json_t *evidence, struct span title)
{
	uint8_t text[TEXT_MAX + 1]; /* one more than is kept, so that a cut is marked */
	size_t n = 0;

	for (size_t i = 0; i < title.length && n < sizeof(text); i++) {
		bool blank = strchr(" \t\r\n\f", title.at[i]) != NULL && title.at[i] != '\0';

		if (!blank)
			text[n++] = title.at[i];
		else if (n > 0 && text[n - 1] != ' ')
			text[n++] = ' ';
	}
	note_text(evidence, "title", span_of(text, n));
}

/* What a page lacks is known only where it was seen whole. */
static void note_page(json_t *evidence, const struct http_head *head, struct span body, bool whole)
{
	struct span title;
	bool login = html_asks_password(body);

	if (html_title(body, &title))
		note_title(evidence, title);
	if (login || whole)
		note_bool(evidence, "login_form", login);
	if (wants_tls(head, body))
		note_bool(evidence, "wants_tls", true);
}

/* ---- conversation ---- */

/* Asks for one place and notes the answer. *ret_moved: it redirects to *ret_next, which is here. */
static enum ending visit(struct conn *c, json_t *evidence, struct http_page *p,
			 const struct place *place, struct place *ret_next, bool *ret_moved)
{
	struct http_head head = { 0 };
	struct span location;

	*ret_moved = false;
	if (!conn_begin(c))
		return conn_ending(c);
	http_say(c, &(struct http_question){ .method = "GET", .target = place->path });
	enum ending e = http_hear_answer(c, p, &head);
	if (head.status == 0)
		return e;
	forget_answer(evidence);
	note_bool(evidence, "tls", place->tls);
	note_int(evidence, "observed", conn_clock(c));
	note_head(evidence, &head);
	if (head.folded)
		conn_note_oddity(c, "http.header-folded");
	if (head.broken)
		conn_note_oddity(c, "http.header-malformed");
	if (e != ENDING_DONE)
		return e;
	e = http_hear_body(c, &head, p);
	note_page(evidence, &head, span_of(p->body, p->body_length), p->body_whole);
	*ret_moved = is_redirect(head.status) && http_find(&head, "Location", 0, &location) &&
		     read_location(place, location, ret_next);
	return e;
}

static enum ending converse(struct conn *c, json_t *evidence, struct http_page *p)
{
	struct place here, next;
	bool moved;

	place_of(c, &here);
	enum ending e = visit(c, evidence, p, &here, &next, &moved);
	for (size_t i = 0; e == ENDING_DONE && moved && i < REDIRECTS_MAX; i++) {
		if (conn_depth(c) == DEPTH_LIMITED)
			break;
		if (strcmp(here.path, next.path) == 0)
			break;
		if (!conn_again(c)) {
			/* What the answer before told is whole. */
			if (conn_ending(c) == ENDING_STOPPED || conn_ending(c) == ENDING_DISTRESS)
				e = conn_ending(c);
			break;
		}
		json_t *step = list_object(note_list(evidence, "redirects"));

		json_object_set(step, "status", json_object_get(evidence, "status"));
		json_object_set(step, "location", json_object_get(evidence, "location"));
		here = next;
		e = visit(c, evidence, p, &here, &next, &moved);
	}
	if (e == ENDING_DONE)
		conn_gathered(c, "headers");
	if (e == ENDING_DONE && p->body_whole)
		conn_gathered(c, "page");
	return e;
}

static enum ending http_run(struct conn *c, json_t *evidence)
{
	return http_with_page(c, evidence, converse);
}

static const char http_view[] =
	"CREATE TEMP VIEW http AS SELECT address, port, evidence->>'$.tls' AS tls,"
	" evidence->>'$.status' AS status, evidence->>'$.server' AS server,"
	" evidence->>'$.title' AS title, evidence->>'$.location' AS location,"
	" evidence->>'$.auth_scheme' AS auth_scheme, evidence->>'$.login_form' AS login_form,"
	" evidence->>'$.powered_by' AS powered_by, evidence->>'$.date' AS date,"
	" evidence->>'$.hsts' AS hsts, evidence->>'$.frame_options' AS frame_options,"
	" evidence->>'$.content_type_options' AS content_type_options,"
	/* A long policy is cut; the directive that checks ask for is kept beside it. */
	" CASE WHEN evidence->>'$.csp' NOT LIKE '%frame-ancestors%'"
	" AND evidence->>'$.frame_ancestors' IS NOT NULL"
	" THEN (evidence->>'$.csp') || '; frame-ancestors ' || (evidence->>'$.frame_ancestors')"
	" ELSE evidence->>'$.csp' END AS csp,"
	" evidence->>'$.charset' AS charset,"
	" (SELECT group_concat(value->>'$.name', ', ') FROM json_each(json_member(evidence, "
	"'cookies'))"
	" WHERE NOT value->>'$.secure') AS cookies_insecure,"
	" evidence->>'$.content_type' AS content_type"
	" FROM document WHERE probe = 'http' AND evidence <> '{}';"
	"CREATE TEMP VIEW http_sign AS SELECT address, port, e.key AS field, e.value AS value"
	" FROM document, json_each(evidence) e WHERE probe = 'http'"
	" AND e.key IN ('server', 'title', 'location')"
	" UNION ALL SELECT address, port, 'location', e.value->>'$.location'"
	" FROM document, json_each(json_member(evidence, 'redirects')) e WHERE probe = 'http'"
	" UNION ALL SELECT address, port, 'cookie', e.value->>'$.name'"
	" FROM document, json_each(json_member(evidence, 'cookies')) e WHERE probe = 'http';"
	"CREATE TEMP VIEW http_cookie AS SELECT address, port, evidence->>'$.tls' AS tls,"
	" c.value->>'$.name' AS name, c.value->>'$.secure' AS secure, c.value->>'$.age' AS age,"
	" lower(c.value->>'$.name') GLOB '*sess*' OR lower(c.value->>'$.name') GLOB '*sid*'"
	" OR lower(c.value->>'$.name') GLOB '*auth*' OR lower(c.value->>'$.name') GLOB '*token*'"
	" OR lower(c.value->>'$.name') GLOB '*login*' AS session"
	" FROM document, json_each(json_member(evidence, 'cookies')) c WHERE probe = 'http';"
	"CREATE TEMP VIEW http_front AS SELECT address, port, h.value AS name"
	" FROM document, json_each(json_member(evidence, 'more_headers')) h WHERE probe = 'http';";

const struct probe probe_http = {
	.name = "http",
	.ports = "80,81,443,591,3000,5000,5985,5986,7080,8000,8008,8080-8083,8088,8443,8880,8888,"
		 "9000,9080,9090,9443,10000",
	.risk = RISK_READ,
	.connections = { 1, 1 + REDIRECTS_MAX },
	.sent = { 4096, 16384 },
	.received = { 128 * 1024, 512 * 1024 },
	.ot = true,
	.over_tls = true,
	.hello_order = 2,
	.run = http_run,
	.view = http_view,
};
