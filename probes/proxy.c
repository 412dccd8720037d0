/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP proxies: is this one, and would it go out for a stranger?
 *
 * Specifications: RFC 9112, 3.2.2 (absolute form: what a client says to a proxy), RFC 9110, 7.6.3 (Via), 15.5.8 (407),
 * 15.6 (5xx); RFC 6761, 6.4 (names under "invalid" exist nowhere: resolvers must not pass them on).
 *
 * Sent, each on a connection of its own:
 *   GET http://tenken.invalid/ HTTP/1.1     where strangers may be tried. The name can lead nowhere: a proxy that
 *                                           would serve us fails to resolve it, one that would not refuses first
 *   GET /                                   where that answer looks like a proxy's and is not one for certain. A
 *                                           front of a server that is down gives one answer to both
 * Nothing beyond the proxy is ever reached.
 */
#include "probe.h"

#include "codec/evidence.h"
#include "http_ask.h"

#define NOWHERE "tenken.invalid"

enum { RESOLVING_MS = 35000 }; /* a proxy without a resolver gives up after 30 s (squid) */

/* ---- readers ---- */

/* What shows a proxy in an answer: its own word for it, or NULL. */
static const char *proxy_sign(const struct http_head *head, struct span body)
{
	static const char *const servers[] = { "tinyproxy" };
	struct span value;

	if (http_find(head, "X-Squid-Error", 0, &value))
		return "X-Squid-Error";
	if (http_find(head, "Proxy-Authenticate", 0, &value))
		return "Proxy-Authenticate";
	for (size_t i = 0; i < countof(servers); i++)
		if (http_find(head, "Server", 0, &value) && span_starts_nocase(value, servers[i]))
			return "Server";
	if (http_find(head, "Via", 0, &value))
		return "Via";
	/* mod_proxy and its like name the host that they could not find. */
	return span_find_nocase(body, NOWHERE) >= 0 ? "page" : NULL;
}

static bool failed_to_go(unsigned status)
{
	return status == 500 || (status >= 502 && status <= 504);
}

/* ---- writers ---- */

/* Of "squid/5.7" both, of "tinyproxy" the one. */
static void note_server(json_t *evidence, const struct http_head *head)
{
	struct span server;

	if (!http_find(head, "Server", 0, &server))
		return;
	ptrdiff_t space = span_find(server, " ", 1);
	struct span name = span_first(server, space < 0 ? server.length : (size_t)space);
	ptrdiff_t slash = span_find(name, "/", 1);
	note_text(evidence, "product", span_first(name, slash < 0 ? name.length : (size_t)slash));
	if (slash > 0)
		note_text(evidence, "version", span_from(name, (size_t)slash + 1));
}

static void note_schemes(json_t *evidence, const struct http_head *head)
{
	struct span value;

	for (size_t i = 0; http_find(head, "Proxy-Authenticate", i, &value); i++) {
		ptrdiff_t end = span_find(value, " ", 1);

		list_text(note_list(evidence, "login"),
			  span_first(value, end < 0 ? value.length : (size_t)end));
	}
}

/* ---- conversation ---- */

static enum ending conclude(struct conn *c, json_t *evidence, const char *access)
{
	note_word(evidence, "access", access);
	note_bool(evidence, "open", strcmp(access, "open") == 0);
	if (conn_tls_wanted(c))
		note_bool(evidence, "tls", true);
	conn_gathered(c, "access");
	return ENDING_DONE;
}

static enum ending converse(struct conn *c, json_t *evidence, struct http_page *p)
{
	const struct http_question out = { .method = "GET",
					   .target = "http://" NOWHERE "/",
					   .host = NOWHERE };
	const struct http_question in = { .method = "GET", .target = "/" };
	struct http_head head;

	if (!conn_anonymous(c))
		return ENDING_LIMIT;
	conn_deadline(c, RESOLVING_MS);
	enum ending e = http_ask(c, &out, p, &head);
	if (e != ENDING_DONE)
		return e;
	const char *sign = proxy_sign(&head, span_of(p->body, p->body_length));
	unsigned status = head.status;
	if (sign == NULL || (status != 407 && status != 403 && !failed_to_go(status)))
		return ENDING_NOT_THIS;
	/* Kept apart until it is certain that this is a proxy. */
	json_t *seen = json_object();
	note_int(seen, "status", status);
	note_word(seen, "sign", sign);
	note_server(seen, &head);
	note_schemes(seen, &head);
	/* Nobody but a proxy asks for its own login, and one of these names gives itself away. */
	if (status != 407 && strcmp(sign, "Server") != 0) {
		e = conn_again(c) ? http_ask(c, &in, p, &head) : conn_ending(c);
		if (e == ENDING_DONE && head.status == status)
			e = ENDING_NOT_THIS;
	}
	if (e == ENDING_DONE)
		json_object_update(evidence, seen);
	json_decref(seen);
	if (e != ENDING_DONE)
		return e;
	return conclude(c, evidence, status == 407 ? "login" : status == 403 ? "refused" : "open");
}

static enum ending proxy_run(struct conn *c, json_t *evidence)
{
	return http_with_page(c, evidence, converse);
}

static const char proxy_view[] =
	"CREATE TEMP VIEW proxy AS SELECT address, port, evidence->>'$.product' AS product,"
	" evidence->>'$.version' AS version, evidence->>'$.access' AS access,"
	" evidence->>'$.open' AS open, evidence->>'$.status' AS status, evidence->>'$.sign' AS "
	"sign,"
	" EXISTS (SELECT 1 FROM json_each(evidence, '$.login') WHERE lower(value) = 'basic') AS "
	"basic,"
	" evidence->>'$.tls' AS tls"
	" FROM document WHERE probe = 'proxy' AND evidence <> '{}';";

const struct probe probe_proxy = {
	.name = "proxy",
	.ports = "3128,8080,8888",
	.within = "http",
	.risk = RISK_READ,
	.connections = { 1, 2 },
	.sent = { 1024, 16384 },
	.received = { 131072, 393216 },
	.run = proxy_run,
	.view = proxy_view,
};
