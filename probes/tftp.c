/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TFTP: a server that gives files to everybody, or takes them.
 *
 * Specifications: RFC 1350, 2 (overview), 4 (ports), 5 (messages).
 *
 * Sent: the request to read a file whose name is drawn by chance, so that there is none; twice where nothing comes.
 * Every server answers by an error, from a port of its own, and that is all. One that has a file for every name
 * gets the error 0 there, which ends the transfer; nothing of the file is kept. No file is asked for by a name
 * that may exist, and none is ever written.
 */
#include "probe.h"

#include <stdio.h>

#include "codec/evidence.h"
#include "udp.h"

enum { DATA = 3, ERROR = 5, OPTIONS = 6 };

static struct span ask(struct conn *c)
{
	char question[64] = "\0\1tenken-";
	uint64_t name;

	conn_random(c, &name, sizeof(name));
	int n = snprintf(question + 9, sizeof(question) - 9, "%016llx", (unsigned long long)name);
	size_t end = 9 + (size_t)n + 1;
	memcpy(question + end, "octet", 6);
	return conn_ask(c, question, end + 6);
}

static enum ending tftp_run(struct conn *c, json_t *evidence)
{
	static const uint8_t no_more[] = { 0, ERROR, 0, 0, 'n', 'o', ' ', 'm', 'o', 'r', 'e', 0 };
	struct span answer = ask(c);
	struct reader r = rd_new(answer);
	uint16_t opcode = rd_be16(&r), number = rd_be16(&r);

	if (answer.length == 0)
		return udp_ending(c);
	if (!rd_ok(&r) || (opcode != DATA && opcode != ERROR && opcode != OPTIONS))
		return ENDING_NOT_THIS;
	note_bool(evidence, "answers", true);
	if (opcode == ERROR) {
		struct span text = rd_rest(&r);
		ptrdiff_t end = span_find(text, "\0", 1);

		note_int(evidence, "error", number);
		if (end > 0)
			note_text(evidence, "message", span_first(text, (size_t)end));
	} else {
		note_bool(evidence, "any_name", true);
		conn_write(c, no_more, sizeof(no_more));
	}
	conn_gathered(c, "answer");
	return ENDING_DONE;
}

static const char tftp_view[] =
	"CREATE TEMP VIEW tftp AS SELECT address, port, evidence->>'$.error' AS error,"
	" evidence->>'$.message' AS message, evidence->>'$.any_name' AS any_name"
	" FROM document WHERE probe = 'tftp' AND evidence <> '{}';";

const struct probe probe_tftp = {
	.name = "tftp",
	.ports = "69",
	.risk = RISK_READ,
	.udp = true,
	.elsewhere = true,
	.connections = { 1, 1 },
	.sent = { 256, 256 },
	.received = { 4096, 4096 },
	.run = tftp_run,
	.view = tftp_view,
};
