/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MySQL and MariaDB: version, whether TLS is offered, how a login would be checked.
 *
 * Specifications: MySQL source documentation, "Connection Phase": Protocol::HandshakeV10,
 * Protocol::HandshakeV9, ERR_Packet.
 *
 * Nothing is sent: the server's greeting says it all. The server counts a connection that ends there as an
 * interrupted one (max_connect_errors, 100 by default in a row, and a login between them begins anew), so
 * there is one.
 */
#include "mysql.h"

#include "codec/evidence.h"
#include "probe.h"
#include "starttls.h"

enum {
	HEADER = 4,
	GREETING_LIMIT = 4096,
	VERSION_10 = 10,
	ERROR = 0xff,
	FILLER = 10,
};

/* ---- readers ---- */

struct span mysql_read_text(struct reader *r)
{
	struct span rest = span_of(r->at, rd_left(r));
	ptrdiff_t end = span_find(rest, "", 1);

	if (end < 0) {
		rd_fail(r);
		return span_first(rest, 0);
	}
	struct span text = rd_span(r, (size_t)end);
	rd_skip(r, 1);
	return text;
}

bool mysql_read_greeting(struct reader *r, struct mysql_greeting *ret)
{
	*ret = (struct mysql_greeting){ .version = mysql_read_text(r) };
	rd_skip(r, 4); /* connection */
	ret->challenge[0] = rd_span(r, 8);
	rd_skip(r, 1); /* a zero */
	ret->capabilities = rd_le16(r);
	if (rd_left(r) == 0) /* servers before 4.1 */
		return rd_ok(r) && ret->version.length > 0;
	rd_skip(r, 1 + 2); /* character set, status */
	ret->capabilities |= (uint32_t)rd_le16(r) << 16;
	uint8_t challenge = rd_u8(r);
	rd_skip(r, FILLER);
	ret->challenge[1] = span_first(span_of(r->at, rd_left(r)), 12);
	if ((ret->capabilities & MYSQL_PLUGIN_AUTH) != 0) {
		rd_skip(r, challenge > 8 + 13 ? challenge - 8u : 13);
		/* Some leave out the zero at its end. */
		struct span rest = rd_rest(r);
		ptrdiff_t end = span_find(rest, "", 1);
		ret->plugin = end < 0 ? rest : span_first(rest, (size_t)end);
	}
	return rd_ok(r) && ret->version.length > 0;
}

/* ---- writers ---- */

/* MariaDB puts "5.5.5-" before its own version, so that old clients take it. */
static void note_version(json_t *evidence, struct span version)
{
	bool maria = span_find_nocase(version, "MariaDB") >= 0;

	if (maria && span_starts(version, "5.5.5-"))
		version = span_from(version, 6);
	ptrdiff_t end = span_find(version, "-", 1);
	note_text(evidence, "banner", version);
	note_word(evidence, "product", maria ? "MariaDB" : "MySQL");
	note_text(evidence, "version", end < 0 ? version : span_first(version, (size_t)end));
}

/* ---- conversation ---- */

static enum ending mysql_run(struct conn *c, json_t *evidence)
{
	struct reader head = rd_new(conn_read(c, HEADER));
	uint8_t low = rd_u8(&head);
	size_t length = (size_t)low | (size_t)rd_le16(&head) << 8;
	uint8_t number = rd_u8(&head);
	struct mysql_greeting g;

	if (!conn_ok(c))
		return conn_received(c) > 0 ? ENDING_NOT_THIS : conn_ending(c);
	if (number != 0 || length < 2 || length > GREETING_LIMIT)
		return ENDING_NOT_THIS;
	struct reader r = rd_new(conn_read(c, length));
	if (!conn_ok(c))
		return conn_received(c) > HEADER ? ENDING_NOT_THIS : conn_ending(c);
	uint8_t first = rd_u8(&r);
	if (first == ERROR) { /* too many connections, or this host may not */
		uint16_t code = rd_le16(&r);

		if (!rd_ok(&r) || code < 1000)
			return ENDING_NOT_THIS;
		note_int(evidence, "refused", code);
		note_text(evidence, "refused_text", rd_rest(&r));
		return ENDING_CLOSED;
	}
	if (first != VERSION_10 || !mysql_read_greeting(&r, &g))
		return ENDING_NOT_THIS;
	note_version(evidence, g.version);
	note_bool(evidence, "tls", (g.capabilities & MYSQL_SSL) != 0);
	if (g.plugin.length > 0)
		note_text(evidence, "login", g.plugin);
	conn_gathered(c, "greeting");
	conn_gathered(c, "tls");
	return ENDING_DONE;
}

static const char mysql_view[] =
	"CREATE TEMP VIEW mysql AS SELECT address, port, evidence->>'$.product' AS product,"
	" evidence->>'$.version' AS version, evidence->>'$.tls' AS tls,"
	" evidence->>'$.login' AS login, evidence->>'$.refused' AS refused"
	" FROM document WHERE probe = 'mysql' AND evidence <> '{}';";

const struct probe probe_mysql = {
	.name = "mysql",
	.ports = "3306",
	.risk = RISK_READ,
	.connections = { 1, 1 },
	.sent = { 0, 0 },
	.received = { 8192, 8192 },
	.server_first = true,
	.recognise = starttls_greets_mysql,
	.run = mysql_run,
	.view = mysql_view,
};
