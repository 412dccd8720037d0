/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rexec: orders of strangers with a name and a password in clear.
 *
 * Specification: none but the manual, rexecd(8) of BSD and of netkit.
 *
 * Sent: nothing. The server waits for a port, a name, a password and an order; one of netkit that cannot find the
 * name of who connects says so by itself and closes. One that waits is known by its port only.
 */
#include "probe.h"

#include "rcmd.h"

static enum ending rexec_run(struct conn *c, json_t *evidence)
{
	return rcmd_hear(c, evidence);
}

static const char rexec_view[] =
	"CREATE TEMP VIEW rexec AS SELECT address, port, evidence->>'$.refusal' AS refusal"
	" FROM document WHERE probe = 'rexec' AND evidence <> '{}';";

const struct probe probe_rexec = {
	.name = "rexec",
	.ports = "512",
	.risk = RISK_READ,
	.connections = { 1, 1 },
	.sent = { 0, 0 },
	.received = { 1024, 1024 },
	.alone = true,
	.server_first = true,
	.run = rexec_run,
	.view = rexec_view,
};
