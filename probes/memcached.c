/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memcached: whether commands are answered without a login, and which version.
 *
 * Specification: memcached's doc/protocol.txt, "Other commands" (version, quit), "Error strings",
 * "Authentication".
 *
 * Sent on one connection:
 *   version     answered VERSION text, or an error where a login is asked for; reads nothing stored
 *   quit        where it was answered
 * No key is listed or read.
 */
#include "probe.h"

#include "codec/evidence.h"

static enum ending memcached_run(struct conn *c, json_t *evidence)
{
	conn_write_text(c, "version\r\n");
	struct span line = conn_read_line(c);
	if (!conn_ok(c))
		return conn_received(c) > 0 ? ENDING_NOT_THIS : conn_ending(c);
	bool open = span_starts(line, "VERSION ") && line.length > 8;
	bool shut = span_starts(line, "CLIENT_ERROR unauthenticated");
	if (!open && !shut)
		return ENDING_NOT_THIS;
	note_word(evidence, "product", "Memcached");
	note_bool(evidence, "open", open);
	if (open)
		note_text(evidence, "version", span_from(line, 8));
	conn_gathered(c, "access");
	conn_write_text(c, "quit\r\n");
	return ENDING_DONE;
}

static const char memcached_view[] =
	"CREATE TEMP VIEW memcached AS SELECT address, port, evidence->>'$.open' AS open,"
	" evidence->>'$.version' AS version FROM document"
	" WHERE probe = 'memcached' AND evidence <> '{}';";

const struct probe probe_memcached = {
	.name = "memcached",
	.ports = "11211",
	.risk = RISK_READ,
	.connections = { 1, 1 },
	.sent = { 32, 32 },
	.received = { 1024, 1024 },
	.hello_order = 10,
	.run = memcached_run,
	.view = memcached_view,
};
