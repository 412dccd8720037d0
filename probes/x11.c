/* SPDX-License-Identifier: Apache-2.0 */
/*
 * X11: whether strangers may open windows on the screen, and read it.
 *
 * Specification: X Window System Protocol, X Consortium Standard, version 11, release 7.x: 8 "Connection
 * Setup" and appendix B "Connection Setup" (encoding).
 *
 * Sent on one connection, only where strangers may be tried:
 *   6c 00  0b 00  00 00  00 00  00 00  00 00    little endian, protocol 11.0, no authorisation
 * The server says whether it takes that; then the connection is closed. No request is made, nothing is drawn
 * or read.
 */
#include "probe.h"

#include "codec/evidence.h"
#include "codec/reader.h"

enum {
	FAILED = 0,
	SUCCESS = 1,
	AUTHENTICATE = 2,
	HEADER = 8,
	FIXED = 32, /* of what follows a success, before the vendor's name */
	UNITS_MAX = 16384,
};

static void note_success(json_t *evidence, struct reader *r)
{
	uint32_t release = rd_le32(r);

	rd_skip(r, 4 + 4 + 4); /* resource ids, motion buffer */
	uint16_t vendor = rd_le16(r);
	rd_skip(r, FIXED - 18);
	struct span name = rd_span(r, vendor);
	if (!rd_ok(r))
		return;
	note_text(evidence, "vendor", name);
	note_int(evidence, "release", release);
}

static enum ending x11_run(struct conn *c, json_t *evidence)
{
	static const uint8_t setup[12] = { 'l', 0, 11 };

	if (!conn_anonymous(c)) {
		conn_limited(c, "access");
		return ENDING_LIMIT;
	}
	conn_write(c, setup, sizeof(setup));
	struct reader head = rd_new(conn_read(c, HEADER));
	uint8_t status = rd_u8(&head), reason = rd_u8(&head);
	uint16_t major = rd_le16(&head), minor = rd_le16(&head), units = rd_le16(&head);
	if (!conn_ok(c))
		return conn_received(c) > 0 ? ENDING_NOT_THIS : conn_ending(c);
	if (status > AUTHENTICATE || units > UNITS_MAX || (status != AUTHENTICATE && major != 11))
		return ENDING_NOT_THIS;
	struct reader rest = rd_new(conn_read(c, (size_t)units * 4));
	if (!conn_ok(c))
		return conn_received(c) > HEADER ? conn_ending(c) : ENDING_NOT_THIS;
	if (status != AUTHENTICATE) {
		note_int(evidence, "major", major);
		note_int(evidence, "minor", minor);
	}
	if (status == SUCCESS)
		note_success(evidence, &rest);
	else
		note_text(evidence, "reason",
			  span_trim(status == FAILED ? rd_span(&rest, reason) : rd_rest(&rest)));
	note_bool(evidence, "open", status == SUCCESS);
	conn_gathered(c, "access");
	return ENDING_DONE;
}

static const char x11_view[] =
	"CREATE TEMP VIEW x11 AS SELECT address, port, evidence->>'$.open' AS open,"
	" evidence->>'$.vendor' AS vendor FROM document WHERE probe = 'x11' AND evidence <> '{}';";

const struct probe probe_x11 = {
	.name = "x11",
	.ports = "6000-6005",
	.risk = RISK_READ,
	.connections = { 1, 1 },
	.sent = { 0, 16 },
	.received = { 0, 65600 },
	.run = x11_run,
	.view = x11_view,
};
