/* SPDX-License-Identifier: Apache-2.0 */
/*
 * POP3: greeting, product, whether TLS is offered and whether a login is taken in clear.
 *
 * On its port inside TLS the same is asked there, and neither question remains.
 *
 * Specifications: RFC 1939, 4 (greeting), 6 (QUIT); RFC 2449 (CAPA), RFC 2595, 4 (STLS), RFC 5034 (SASL).
 *
 * Sent on one connection, each after the answer to the one before:
 *   CAPA     allowed before the login, changes nothing
 *   QUIT     which deletes nothing before the login (RFC 1939, 4)
 * No user is named.
 */
#include "probe.h"

#include "codec/evidence.h"
#include "codec/product.h"

enum { LINES_MAX = 64 };

static const char *const products[] = {
	"Dovecot", "Courier", "Cyrus POP3", "Microsoft Exchange", "hMailServer", "MDaemon",
	"Zimbra",  "Kerio",   "qpopper",    "MailEnable",         "popa3d",      NULL
};

/* ---- readers ---- */

static bool pop3_recognise(struct span greeting)
{
	return span_starts(greeting, "+OK");
}

static bool has_word(struct span line, const char *word)
{
	return span_find_nocase(line, word) >= 0;
}

/* ---- conversation ---- */

static enum ending leave(struct conn *c)
{
	conn_write_text(c, "QUIT\r\n");
	conn_read_line(c);
	return ENDING_DONE;
}

static enum ending ask_capabilities(struct conn *c, json_t *evidence)
{
	bool starttls = false, clear = false;

	conn_write_text(c, "CAPA\r\n");
	struct span line = conn_read_line(c);
	if (!conn_ok(c))
		return conn_ending(c);
	if (!span_starts(line, "+OK")) /* older than RFC 2449 */
		return leave(c);
	json_t *list = note_list(evidence, "capabilities");
	for (unsigned i = 0;; i++) {
		line = conn_read_line(c);
		if (!conn_ok(c))
			return conn_ending(c);
		if (span_is(line, "."))
			break;
		if (i == LINES_MAX)
			return conn_oddity(c, "pop3.list-endless");
		list_text(list, line);
		starttls |= span_is_nocase(span_trim(line), "STLS");
		clear |= span_is_nocase(span_trim(line), "USER") ||
			 (span_starts_nocase(line, "SASL ") &&
			  (has_word(line, " PLAIN") || has_word(line, " LOGIN")));
	}
	if (!conn_tls_wanted(c)) {
		note_bool(evidence, "starttls", starttls);
		note_bool(evidence, "login_in_clear", clear);
	}
	conn_gathered(c, "tls");
	conn_gathered(c, "auth");
	return leave(c);
}

static enum ending pop3_run(struct conn *c, json_t *evidence)
{
	struct product p;

	if (!conn_begin(c))
		return conn_ending(c);
	struct span greeting = conn_read_line(c);
	if (!conn_ok(c))
		return conn_received(c) > 0 ? ENDING_NOT_THIS : conn_ending(c);
	if (!pop3_recognise(greeting) && !span_starts(greeting, "-ERR"))
		return ENDING_NOT_THIS;
	note_text(evidence, "banner", greeting);
	if (conn_tls_wanted(c))
		note_bool(evidence, "tls", true);
	if (product_find(greeting, products, &p))
		note_product(evidence, &p);
	conn_gathered(c, "greeting");
	if (span_starts(greeting, "-ERR"))
		return ENDING_CLOSED;
	return ask_capabilities(c, evidence);
}

static const char pop3_view[] =
	"CREATE TEMP VIEW pop3 AS SELECT address, port, evidence->>'$.banner' AS banner,"
	" evidence->>'$.product' AS product, evidence->>'$.version' AS version,"
	" evidence->>'$.starttls' AS starttls, evidence->>'$.login_in_clear' AS login_in_clear,"
	" evidence->>'$.tls' AS tls"
	" FROM document WHERE probe = 'pop3' AND evidence <> '{}';";

const struct probe probe_pop3 = {
	.name = "pop3",
	.ports = "110",
	.tls_ports = "995",
	.risk = RISK_READ,
	.connections = { 1, 1 },
	.sent = { 16, 4096 },
	.received = { 8192, 32768 },
	.server_first = true,
	.recognise = pop3_recognise,
	.run = pop3_run,
	.view = pop3_view,
};
