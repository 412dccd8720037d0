/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SOCKS 5: whether a proxy lets strangers in without a login.
 *
 * Specification: RFC 1928, 3 (greeting, method selection); RFC 1929 is method 2.
 *
 * Sent on one connection, only where strangers may be tried:
 *   05 02 00 02    version 5; no login, or name and password
 * The proxy says which of them it takes, or none; then the connection is closed. No destination is named, so
 * nothing is opened for us.
 */
#include "probe.h"

#include "codec/evidence.h"
#include "codec/reader.h"

enum { SOCKS_5 = 5, NO_LOGIN = 0, GSSAPI = 1, PASSWORD = 2, NONE_TAKEN = 0xff };

static enum ending socks_run(struct conn *c, json_t *evidence)
{
	static const uint8_t greeting[] = { SOCKS_5, 2, NO_LOGIN, PASSWORD };

	if (!conn_anonymous(c)) {
		conn_limited(c, "login");
		return ENDING_LIMIT;
	}
	conn_write(c, greeting, sizeof(greeting));
	struct span answer = conn_read_some(c, 3);
	if (!conn_ok(c))
		return conn_received(c) > 0 ? ENDING_NOT_THIS : conn_ending(c);
	/* Two bytes and no more: the proxy waits for us now. */
	if (answer.length != 2 || answer.at[0] != SOCKS_5 ||
	    (answer.at[1] > PASSWORD && answer.at[1] != NONE_TAKEN))
		return ENDING_NOT_THIS;
	note_word(evidence, "login",
		  answer.at[1] == NO_LOGIN   ? "none"
		  : answer.at[1] == PASSWORD ? "password"
		  : answer.at[1] == GSSAPI   ? "gssapi"
					     : "refused");
	note_bool(evidence, "open", answer.at[1] == NO_LOGIN);
	conn_gathered(c, "login");
	return ENDING_DONE;
}

static const char socks_view[] =
	"CREATE TEMP VIEW socks AS SELECT address, port, evidence->>'$.login' AS login,"
	" evidence->>'$.open' AS open FROM document WHERE probe = 'socks' AND evidence <> '{}';";

const struct probe probe_socks = {
	.name = "socks",
	.ports = "1080",
	.risk = RISK_READ,
	.connections = { 1, 1 },
	.sent = { 0, 8 },
	.received = { 0, 64 },
	.run = socks_run,
	.view = socks_view,
};
