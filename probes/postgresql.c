/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PostgreSQL: whether TLS is offered, and what a stranger is asked for before he gets in.
 *
 * Specifications: PostgreSQL manual, "Message Flow" (Start-up, SSL Session Encryption), "Message
 * Formats" (SSLRequest, StartupMessage, AuthenticationOk and its like, ErrorResponse), "Error Codes".
 *
 * Sent, each on a connection of its own:
 *   00 00 00 08  04 d2 16 2f                      SSLRequest; answered by S or N
 *   StartupMessage 3.0, user "tenken"             where strangers may be tried: the server says
 *                                                 how it would check this user, or that it checks nothing;
 *                                                 the connection is closed then
 * No password is said, and no query. A server that would take the name of a stranger says so
 * (AuthenticationOk) before it looks whether such a user exists.
 */
#include "postgresql.h"

#include "codec/evidence.h"
#include "codec/reader.h"
#include "codec/writer.h"
#include "probe.h"

enum { MESSAGE_MAX = 8192, PROTOCOL_3 = 3 << 16 };

/* ---- readers ---- */

static const char *method_name(uint32_t code)
{
	static const struct {
		uint32_t code;
		const char *name;
	} methods[] = { { 0, "none" }, { 2, "kerberos" }, { 3, "password" }, { 5, "md5" },
			{ 7, "gss" },  { 9, "sspi" },     { 10, "scram" } };

	for (size_t i = 0; i < countof(methods); i++)
		if (methods[i].code == code)
			return methods[i].name;
	return "other";
}

struct span postgresql_error_field(struct span body, char letter)
{
	while (body.length > 1 && body.at[0] != 0) {
		ptrdiff_t end = span_find(body, "", 1);

		if (end < 0)
			break;
		if (body.at[0] == (uint8_t)letter)
			return span_of(body.at + 1, (size_t)end - 1);
		body = span_from(body, (size_t)end + 1);
	}
	return span_first(body, 0);
}

/* ---- conversation ---- */

static enum ending ask_tls(struct conn *c, json_t *evidence)
{
	static const uint8_t request[] = { 0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f };

	conn_write(c, request, sizeof(request));
	struct span answer = conn_read_some(c, 2);
	if (!conn_ok(c))
		return conn_received(c) > 0 ? ENDING_NOT_THIS : conn_ending(c);
	/* More than the one byte is the greeting of something else. */
	if (answer.length != 1 || (answer.at[0] != 'S' && answer.at[0] != 'N'))
		return ENDING_NOT_THIS;
	note_bool(evidence, "tls", answer.at[0] == 'S');
	conn_gathered(c, "tls");
	return ENDING_DONE;
}

void postgresql_say_startup(struct conn *c, const char *user)
{
	uint8_t buffer[512];
	struct writer w = wr_new(buffer, sizeof(buffer));

	wr_be32(&w, (uint32_t)(4 + 4 + sizeof("user") + strlen(user) + 1 + 1));
	wr_be32(&w, PROTOCOL_3);
	wr_bytes(&w, "user", sizeof("user"));
	wr_text(&w, user);
	wr_u8(&w, 0);
	wr_u8(&w, 0); /* ends the list of parameters */
	conn_write_span(c, wr_span(&w));
}

bool postgresql_hear(struct conn *c, struct postgresql_message *ret)
{
	struct reader head = rd_new(conn_read(c, 5));
	uint8_t type = rd_u8(&head);
	uint32_t length = rd_be32(&head);

	if (!conn_ok(c))
		return false;
	if (length < 4 || length > MESSAGE_MAX) {
		conn_oddity(c, "postgresql.answer-malformed");
		return false;
	}
	*ret = (struct postgresql_message){ .type = type, .body = conn_read(c, length - 4) };
	return conn_ok(c);
}

static enum ending ask_access(struct conn *c, json_t *evidence)
{
	if (!conn_again(c))
		return conn_ending(c);
	postgresql_say_startup(c, "tenken");
	struct postgresql_message m;
	if (!postgresql_hear(c, &m))
		return conn_ending(c);
	if (m.type != 'R' && m.type != 'E')
		return conn_oddity(c, "postgresql.answer-malformed");
	if (m.type == 'R') {
		struct reader r = rd_new(m.body);
		uint32_t code = rd_be32(&r);

		if (!rd_ok(&r))
			return conn_oddity(c, "postgresql.answer-malformed");
		note_word(evidence, "login", method_name(code));
		note_bool(evidence, "open", code == 0);
	} else {
		note_text(evidence, "sqlstate", postgresql_error_field(m.body, 'C'));
		note_word(evidence, "login", "refused");
		note_bool(evidence, "open", false);
	}
	conn_gathered(c, "access");
	return ENDING_DONE;
}

static enum ending postgresql_run(struct conn *c, json_t *evidence)
{
	enum ending e = ask_tls(c, evidence);

	if (e != ENDING_DONE)
		return e;
	if (!conn_anonymous(c)) {
		conn_limited(c, "access");
		return ENDING_DONE;
	}
	return ask_access(c, evidence);
}

static const char postgresql_view[] =
	"CREATE TEMP VIEW postgresql AS SELECT address, port, evidence->>'$.tls' AS tls,"
	" evidence->>'$.login' AS login, evidence->>'$.open' AS open"
	" FROM document WHERE probe = 'postgresql' AND evidence <> '{}';";

const struct probe probe_postgresql = {
	.name = "postgresql",
	.ports = "5432-5433",
	.risk = RISK_READ,
	.connections = { 1, 2 },
	.sent = { 8, 64 },
	.received = { 16, 16384 },
	.run = postgresql_run,
	.view = postgresql_view,
};
