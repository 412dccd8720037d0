/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IPMI: what a server's management controller offers to those who log in, and whether it lets anybody in.
 *
 * Specification: IPMI 2.0, revision 1.1, 13.1.3 (RMCP), 13.6 (session header), 22.13 (Get Channel
 * Authentication Capabilities).
 *
 * Sent: that one command (wire/payloads.c), which is meant for those without a session. No session is
 * opened and no user named: the answer to that would hand out a hash of the password (22.17, RAKP 2).
 */
#include "probe.h"

#include "codec/evidence.h"
#include "udp.h"

static void note_kinds(json_t *evidence, uint8_t kinds)
{
	static const struct {
		uint8_t bit;
		const char *word;
	} list[] = { { 0x01, "none" },
		     { 0x02, "md2" },
		     { 0x04, "md5" },
		     { 0x10, "password" },
		     { 0x20, "oem" } };

	for (size_t i = 0; i < countof(list); i++)
		if ((kinds & list[i].bit) != 0)
			list_word(note_list(evidence, "authentication"), list[i].word);
}

/* 22.13, table 22-15. False: malformed, or the command was not carried out. */
static bool read_capabilities(struct span answer, json_t *evidence)
{
	struct reader r = rd_new(answer);

	rd_skip(&r, 4 + 1 + 4 + 4);
	struct reader m = rd_sub(&r, rd_u8(&r));
	rd_skip(&m, 2 + 1 + 1 + 1 + 1); /* addresses, checksum, sequence, command */
	uint8_t code = rd_u8(&m);
	if (!rd_ok(&m) || code != 0) {
		note_int(evidence, "completion", code);
		return rd_ok(&m);
	}
	note_int(evidence, "channel", rd_u8(&m) & 0x0f);
	uint8_t kinds = rd_u8(&m), status = rd_u8(&m), extended = rd_u8(&m);
	uint32_t maker = rd_u8(&m);
	maker |= (uint32_t)rd_u8(&m) << 8;
	maker |= (uint32_t)rd_u8(&m) << 16;
	if (!rd_ok(&m))
		return false;
	note_kinds(evidence, kinds);
	/* Users without a name: bit 0 with an empty password, bit 1 with one. */
	note_bool(evidence, "anonymous", (status & 0x01) != 0);
	note_bool(evidence, "null_user", (status & 0x02) != 0);
	note_bool(evidence, "named_users", (status & 0x04) != 0);
	bool has_extended = (kinds & 0x80) != 0;
	note_bool(evidence, "v15", !has_extended || (extended & 0x01) != 0);
	note_bool(evidence, "v20", has_extended && (extended & 0x02) != 0);
	if (maker != 0)
		note_int(evidence, "oem", maker);
	return true;
}

static enum ending ipmi_run(struct conn *c, json_t *evidence)
{
	struct span answer = udp_ask(c, 623);

	if (answer.length == 0)
		return udp_ending(c);
	if (!read_capabilities(answer, evidence))
		return conn_oddity(c, "ipmi.answer-malformed");
	conn_gathered(c, "access");
	return ENDING_DONE;
}

static const char ipmi_view[] =
	"CREATE TEMP VIEW ipmi AS SELECT address, port, evidence->'$.authentication' AS "
	"authentication,"
	" evidence->>'$.anonymous' AS anonymous, evidence->>'$.null_user' AS null_user,"
	" evidence->>'$.v15' AS v15, evidence->>'$.v20' AS v20 FROM document"
	" WHERE probe = 'ipmi' AND evidence <> '{}';";

const struct probe probe_ipmi = {
	.name = "ipmi",
	.ports = "623",
	.risk = RISK_READ,
	.udp = true,
	.connections = { 1, 1 },
	.sent = { 64, 64 },
	.received = { 4096, 4096 },
	.run = ipmi_run,
	.view = ipmi_view,
};
