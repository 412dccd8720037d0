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
#include "ipmi.h"
#include "udp.h"

bool ipmi_read_capabilities(struct span answer, struct ipmi_capabilities *ret)
{
	struct reader r = rd_new(answer);
	struct ipmi_capabilities c = { 0 };

	rd_skip(&r, 4 + 1 + 4 + 4);
	struct reader m = rd_sub(&r, rd_u8(&r));
	rd_skip(&m, 2 + 1 + 1 + 1 + 1); /* addresses, checksum, sequence, command */
	c.completion = rd_u8(&m);
	if (c.completion == 0) {
		c.channel = rd_u8(&m) & 0x0f;
		c.kinds = rd_u8(&m);
		c.status = rd_u8(&m);
		uint8_t extended = rd_u8(&m);
		c.oem = rd_u8(&m);
		c.oem |= (uint32_t)rd_u8(&m) << 8;
		c.oem |= (uint32_t)rd_u8(&m) << 16;
		bool has_extended = (c.kinds & 0x80) != 0;
		c.v15 = !has_extended || (extended & 0x01) != 0;
		c.v20 = has_extended && (extended & 0x02) != 0;
	}
	*ret = c;
	return rd_ok(&m);
}

static void note_kinds(json_t *evidence, uint8_t kinds)
{
	static const struct {
		uint8_t bit;
		const char *word;
	} list[] = { { IPMI_NONE, "none" },
		     { IPMI_MD2, "md2" },
		     { IPMI_MD5, "md5" },
		     { IPMI_PASSWORD, "password" },
		     { IPMI_OEM, "oem" } };

	for (size_t i = 0; i < countof(list); i++)
		if ((kinds & list[i].bit) != 0)
			list_word(note_list(evidence, "authentication"), list[i].word);
}

static void note_capabilities(json_t *evidence, const struct ipmi_capabilities *c)
{
	note_int(evidence, "channel", c->channel);
	note_kinds(evidence, c->kinds);
	/* Users without a name: bit 0 with an empty password, bit 1 with one. */
	note_bool(evidence, "anonymous", (c->status & 0x01) != 0);
	note_bool(evidence, "null_user", (c->status & 0x02) != 0);
	note_bool(evidence, "named_users", (c->status & 0x04) != 0);
	note_bool(evidence, "v15", c->v15);
	note_bool(evidence, "v20", c->v20);
	if (c->oem != 0)
		note_int(evidence, "oem", c->oem);
}

static enum ending ipmi_run(struct conn *c, json_t *evidence)
{
	struct ipmi_capabilities what;
	struct span answer = udp_ask(c, IPMI_PORT);

	if (answer.length == 0)
		return udp_ending(c);
	if (!ipmi_read_capabilities(answer, &what))
		return conn_oddity(c, "ipmi.answer-malformed");
	if (what.completion == 0)
		note_capabilities(evidence, &what);
	else
		note_int(evidence, "completion", what.completion);
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
