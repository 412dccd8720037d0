/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rsh: orders of strangers whose addresses are trusted.
 *
 * Specification: none but the manual, rshd(8) of BSD and of netkit ("the server checks the client's source port: if
 * the port is not in the range 512-1023, the server aborts the connection").
 *
 * Sent: nothing. Ours is no such port, so the server closes at once, without a word or with the complaint that it cannot
 * find the name of who connects. Who listens on instead is somebody else: by TCP mostly a collector of syslog,
 * which would keep whatever is said as a record.
 */
#include "probe.h"

#include "rcmd.h"

static enum ending rsh_run(struct conn *c, json_t *evidence)
{
	enum ending e = rcmd_hear(c, evidence);

	return e == ENDING_TIMEOUT ? ENDING_NOT_THIS : e;
}

static const char rsh_view[] =
	"CREATE TEMP VIEW rsh AS SELECT address, port, evidence->>'$.refusal' AS refusal"
	" FROM document WHERE probe = 'rsh' AND evidence <> '{}';";

const struct probe probe_rsh = {
	.name = "rsh",
	.ports = "514",
	.risk = RISK_READ,
	.connections = { 1, 1 },
	.sent = { 0, 0 },
	.received = { 1024, 1024 },
	.alone = true,
	.server_first = true,
	.run = rsh_run,
	.view = rsh_view,
};
