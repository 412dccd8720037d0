/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Echo: that a port says back what it is told.
 *
 * Specification: RFC 862.
 *
 * Sent on one connection:
 *   "tenken\r\n"    one line; what an echo service is there for
 */
#include "probe.h"

#include "codec/evidence.h"

static enum ending echo_run(struct conn *c, json_t *evidence)
{
	static const char line[] = "tenken\r\n";

	conn_write_text(c, line);
	struct span answer = conn_read(c, sizeof(line) - 1);
	if (!conn_ok(c))
		return conn_received(c) > 0 ? ENDING_NOT_THIS : conn_ending(c);
	if (!span_is(answer, line))
		return ENDING_NOT_THIS;
	note_bool(evidence, "echo", true);
	conn_gathered(c, "answer");
	return ENDING_DONE;
}

static const char echo_view[] = "CREATE TEMP VIEW echo AS SELECT address, port FROM document"
				" WHERE probe = 'echo' AND evidence <> '{}';";

const struct probe probe_echo = {
	.name = "echo",
	.ports = "7",
	.risk = RISK_READ,
	.connections = { 1, 1 },
	.sent = { 16, 16 },
	.received = { 256, 256 },
	.run = echo_run,
	.view = echo_view,
};
