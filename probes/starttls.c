/* SPDX-License-Identifier: Apache-2.0 */
/*
 * STARTTLS: how each protocol is taken to where TLS begins. The tls probe goes on from there.
 *
 * Specifications: RFC 3207 (SMTP), RFC 4217 (FTP), RFC 9051 6.2.1 (IMAP), RFC 2595 4 (POP3), RFC 6120
 * 4.2, 5.4.2 (XMPP). LDAP, PostgreSQL, MySQL and RDP are in starttls_binary.c.
 *
 * Sent, each line only after the answer to the one before, ended by CR LF:
 *   SMTP   EHLO name, STARTTLS
 *   FTP    AUTH TLS
 *   IMAP   a1 STARTTLS     (refused: a2 LOGOUT)
 *   POP3   STLS            (refused: QUIT)
 *   XMPP   <?xml version='1.0'?><stream:stream xmlns='jabber:client' (port 5269: 'jabber:server')
 *          xmlns:stream='http://etherx.jabber.org/streams' to='ADDRESS' version='1.0'>
 *          <starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>     (refused: </stream:stream>)
 *
 * Why that is safe: all of it comes before any login, names no user and no mailbox, and asks for
 * nothing but the change to TLS, which each specification leaves to the client. A server must be
 * ready for a client that leaves instead of going on, as one does whose certificates are not in order.
 *
 * What the server says between its consent and TLS was said in clear, perhaps by somebody in
 * between: a client that takes it for what was said in TLS can be made to believe anything
 * [starttls-injection]. It is thrown away and noted by tls_ask.c.
 */
#include "starttls.h"

#include "codec/limits.h"
#include "codec/writer.h"
#include "talk/reply.h"

enum {
	WAIT = 120, /* FTP: ready in some minutes; the greeting follows */
	SERVICE_READY = 220,
	AUTH_ACCEPTED = 234,
	OK = 250,
	UNAVAILABLE = 421,
	NOT_NOW = 454, /* TLS not available due to temporary reason */
	UNTAGGED_MAX = 32,
	ELEMENTS_MAX = 64, /* of what an XMPP server says before TLS */
};

static enum starttls_answer when_refused(const struct conn *c, bool for_now)
{
	return !conn_ok(c) || for_now ? STARTTLS_UNKNOWN : STARTTLS_ABSENT;
}

/* ---- SMTP, FTP ---- */

static enum starttls_answer lead_smtp(struct conn *c)
{
	char buffer[300];
	struct writer w = wr_new(buffer, sizeof(buffer));
	struct reply r;

	if (!reply_read(c, &r))
		return STARTTLS_OTHER;
	if (r.code != SERVICE_READY)
		return STARTTLS_UNKNOWN;
	wr_text(&w, "EHLO ");
	wr_text(&w, conn_ehlo(c));
	wr_text(&w, "\r\n");
	conn_write_span(c, wr_span(&w));
	if (!reply_read(c, &r) || r.code != OK)
		return STARTTLS_UNKNOWN;
	conn_write_text(c, "STARTTLS\r\n");
	if (reply_read(c, &r) && r.code == SERVICE_READY)
		return STARTTLS_READY;
	return when_refused(c, r.code == NOT_NOW || r.code == UNAVAILABLE);
}

static enum starttls_answer lead_ftp(struct conn *c)
{
	struct reply r;
	bool heard = reply_read(c, &r);

	if (heard && r.code == WAIT)
		heard = reply_read(c, &r);
	if (!heard)
		return STARTTLS_OTHER;
	if (r.code != SERVICE_READY)
		return STARTTLS_UNKNOWN;
	conn_write_text(c, "AUTH TLS\r\n");
	if (reply_read(c, &r) && r.code == AUTH_ACCEPTED)
		return STARTTLS_READY;
	return when_refused(c, r.code == UNAVAILABLE);
}

/* ---- IMAP, POP3 ---- */

/* RFC 9051 7.1: OK, PREAUTH or BYE. */
static bool greets_imap(struct span greeting)
{
	return span_starts_nocase(greeting, "* OK") || span_starts_nocase(greeting, "* PREAUTH") ||
	       span_starts_nocase(greeting, "* BYE");
}

static enum starttls_answer lead_imap(struct conn *c)
{
	struct span line = conn_read_line(c);

	if (!greets_imap(line))
		return STARTTLS_OTHER;
	if (span_starts_nocase(line, "* BYE"))
		return STARTTLS_UNKNOWN;
	conn_write_text(c, "a1 STARTTLS\r\n");
	for (size_t i = 0; i < UNTAGGED_MAX && conn_ok(c); i++) {
		line = conn_read_line(c);
		if (span_starts_nocase(line, "a1 OK"))
			return STARTTLS_READY;
		if (span_starts_nocase(line, "a1 ")) {
			conn_write_text(c, "a2 LOGOUT\r\n");
			return STARTTLS_ABSENT;
		}
	}
	return STARTTLS_UNKNOWN;
}

static bool greets_pop3(struct span greeting)
{
	return span_starts(greeting, "+OK");
}

static enum starttls_answer lead_pop3(struct conn *c)
{
	if (!greets_pop3(conn_read_line(c)))
		return STARTTLS_OTHER;
	conn_write_text(c, "STLS\r\n");
	struct span line = conn_read_line(c);
	if (span_starts(line, "+OK"))
		return STARTTLS_READY;
	if (!span_starts(line, "-ERR"))
		return STARTTLS_UNKNOWN;
	conn_write_text(c, "QUIT\r\n");
	return STARTTLS_ABSENT;
}

/* ---- XMPP ---- */

static bool has(struct span s, const char *text)
{
	return span_find(s, text, strlen(text)) >= 0;
}

/* Reads on to the end of the stream's features. An error (the host is not the one that we named)
 * tells nothing about TLS. */
static enum starttls_answer hear_features(struct conn *c)
{
	bool xmpp = false, offered = false;

	for (size_t i = 0; i < ELEMENTS_MAX; i++) {
		struct span s = conn_read_until(c, ">", LINE_MAX_BYTES);

		if (!conn_ok(c))
			break;
		if (i == 0 && !span_starts(span_trim(s), "<"))
			return STARTTLS_OTHER;
		xmpp |= has(s, "<stream:stream");
		offered |= xmpp && has(s, "<starttls");
		if (has(s, "<stream:error") || has(s, "</stream:stream"))
			break;
		if (xmpp && (has(s, "</stream:features") || has(s, "<stream:features/")))
			return offered ? STARTTLS_READY : STARTTLS_ABSENT;
	}
	return xmpp ? STARTTLS_UNKNOWN : STARTTLS_OTHER;
}

static enum starttls_answer lead_xmpp(struct conn *c)
{
	enum { BETWEEN_SERVERS = 5269 };

	char buffer[400];
	struct writer w = wr_new(buffer, sizeof(buffer));

	wr_text(&w, "<?xml version='1.0'?><stream:stream xmlns='jabber:");
	wr_text(&w, conn_port(c) == BETWEEN_SERVERS ? "server" : "client");
	wr_text(&w, "' xmlns:stream='http://etherx.jabber.org/streams' to='");
	wr_text(&w, conn_address(c));
	wr_text(&w, "' version='1.0'>");
	conn_write_span(c, wr_span(&w));
	enum starttls_answer a = hear_features(c);
	if (a == STARTTLS_ABSENT)
		conn_write_text(c, "</stream:stream>");
	if (a != STARTTLS_READY)
		return a;
	conn_write_text(c, "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
	struct span s = conn_read_until(c, ">", LINE_MAX_BYTES);
	return has(s, "<proceed") ? STARTTLS_READY : STARTTLS_UNKNOWN;
}

/* ---- the table ---- */

#define PORTS(...)             \
	(const uint16_t[])     \
	{                      \
		__VA_ARGS__, 0 \
	}

const struct starttls starttls_rows[] = {
	{ .name = "smtp", .said = { "starttls" }, .lead = lead_smtp },
	{ .name = "ftp", .said = { "auth_tls" }, .lead = lead_ftp },
	{ .name = "rdp", .said = { "tls", "credssp" }, .lead = starttls_lead_rdp },
	{ .name = "imap", .said = { "starttls" }, .lead = lead_imap },
	{ .name = "pop3", .said = { "starttls" }, .lead = lead_pop3 },
	{ .name = "ldap", .said = { "starttls" }, .lead = starttls_lead_ldap },
	{ .name = "postgresql", .said = { "tls" }, .lead = starttls_lead_postgresql },
	/* max_connect_errors: 100 unfinished handshakes in a row shut a host out. */
	{ .name = "mysql", .said = { "tls" }, .few = true, .lead = starttls_lead_mysql },
	{ .name = "xmpp", .ports = PORTS(5222, 5269), .lead = lead_xmpp },
	{ .name = NULL },
};

const struct starttls *starttls_find(const char *name)
{
	for (const struct starttls *row = starttls_rows; name != NULL && row->name != NULL; row++)
		if (strcmp(row->name, name) == 0)
			return row;
	return NULL;
}

bool starttls_belongs(const struct starttls *row, uint16_t port)
{
	for (size_t i = 0; row->ports != NULL && row->ports[i] != 0; i++)
		if (row->ports[i] == port)
			return true;
	return false;
}
