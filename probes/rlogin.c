/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rlogin: a terminal in clear that trusts the addresses of those who connect.
 *
 * Specifications: RFC 1282 (the client begins with a zero byte, then the names), rlogind(8) of BSD ("the server
 * checks the client's source port: if it is not in the range 512-1023, the server aborts the connection").
 *
 * Sent on one connection:
 *   00    what begins a session; no name follows
 * Ours is no such port, so the server refuses and closes before it could ask for names.
 */
#include "probe.h"

#include "rcmd.h"

static enum ending rlogin_run(struct conn *c, json_t *evidence)
{
	static const uint8_t begin[1] = { 0 };

	conn_write(c, begin, sizeof(begin));
	return rcmd_hear(c, evidence);
}

static const char rlogin_view[] =
	"CREATE TEMP VIEW rlogin AS SELECT address, port, evidence->>'$.refusal' AS refusal"
	" FROM document WHERE probe = 'rlogin' AND evidence <> '{}';";

const struct probe probe_rlogin = {
	.name = "rlogin",
	.ports = "513",
	.risk = RISK_READ,
	.connections = { 1, 1 },
	.sent = { 1, 1 },
	.received = { 1024, 1024 },
	.alone = true,
	.run = rlogin_run,
	.view = rlogin_view,
};
