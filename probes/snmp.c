/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SNMP: whether version 3 is spoken, and by which engine. Versions 1 and 2c answer nobody who names no
 * community, and a community is a login: see credentials.
 *
 * Specifications: RFC 3412, 6 (message); RFC 3414, 2.4 and 4 (user-based security, discovery); RFC 3411,
 * 5 (SnmpEngineID).
 *
 * Sent: the sweep's own question (wire/payloads.c): a GetRequest for nothing by nobody, which RFC 3414, 4
 * names for finding out the engine. It reads no object.
 */
#include "probe.h"

#include <stdio.h>

#include "codec/address.h"
#include "codec/ber.h"
#include "codec/evidence.h"
#include "udp.h"

enum { ENGINE_LEAST = 5, ENGINE_MOST = 32 };

/* RFC 3411, 5: four bytes of the maker's number, the first bit set where a byte says what follows. */
static void note_engine(json_t *evidence, struct span id)
{
	enum { IPV4 = 1, IPV6 = 2, MAC = 3, TEXT = 4 };
	struct reader r = rd_new(id);
	uint32_t maker = rd_be32(&r);
	char text[ADDR_TEXT];
	struct addr a = { .bytes = { [10] = 0xff, [11] = 0xff } };

	note_hex(evidence, "engine", id);
	snprintf(text, sizeof(text), "%u", maker & 0x7fffffff);
	note_word(evidence, "enterprise", text);
	if ((maker & 0x80000000) == 0)
		return;
	uint8_t format = rd_u8(&r);
	struct span rest = rd_rest(&r);
	if (format == MAC && rest.length == 6) {
		snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", rest.at[0],
			 rest.at[1], rest.at[2], rest.at[3], rest.at[4], rest.at[5]);
		note_word(evidence, "engine_mac", text);
	} else if (format == IPV4 && rest.length == 4) {
		memcpy(a.bytes + 12, rest.at, 4);
		note_word(evidence, "engine_address", addr_format(&a, text));
	} else if (format == IPV6 && rest.length == 16) {
		memcpy(a.bytes, rest.at, 16);
		note_word(evidence, "engine_address", addr_format(&a, text));
	} else if (format == TEXT) {
		note_text(evidence, "engine_text", rest);
	}
}

/* The security parameters of a report: engine id, boots, time. False: malformed. */
static bool read_report(struct span answer, json_t *evidence)
{
	struct reader r = rd_new(answer), message = ber_enter(&r, BER_SEQUENCE);

	ber_take_uint(&message, BER_INTEGER); /* 3: looked at already */
	ber_take(&message, BER_SEQUENCE);
	struct span wrapped = ber_take(&message, BER_OCTETS);
	struct reader outer = rd_new(wrapped), usm = ber_enter(&outer, BER_SEQUENCE);
	struct span engine = ber_take(&usm, BER_OCTETS);
	uint32_t boots = ber_take_uint(&usm, BER_INTEGER);
	uint32_t time = ber_take_uint(&usm, BER_INTEGER);
	if (!rd_ok(&usm) || !rd_ok(&message) || engine.length < ENGINE_LEAST ||
	    engine.length > ENGINE_MOST)
		return false;
	note_engine(evidence, engine);
	note_int(evidence, "boots", boots);
	note_int(evidence, "engine_seconds", time);
	return true;
}

static enum ending snmp_run(struct conn *c, json_t *evidence)
{
	struct span answer = udp_ask(c, 161);

	if (answer.length == 0)
		return udp_ending(c);
	note_bool(evidence, "v3", true);
	if (!read_report(answer, evidence))
		return conn_oddity(c, "snmp.report-malformed");
	conn_gathered(c, "engine");
	return ENDING_DONE;
}

static const char snmp_view[] =
	"CREATE TEMP VIEW snmp AS SELECT address, port, evidence->>'$.v3' AS v3,"
	" evidence->>'$.engine' AS engine, evidence->>'$.enterprise' AS enterprise,"
	" evidence->>'$.engine_mac' AS engine_mac, evidence->>'$.description' AS description,"
	" evidence->>'$.object_id' AS object_id FROM document"
	" WHERE probe = 'snmp' AND evidence <> '{}';";

const struct probe probe_snmp = {
	.name = "snmp",
	.ports = "161",
	.risk = RISK_READ,
	.udp = true,
	.connections = { 1, 1 },
	.sent = { 256, 256 },
	.received = { 16384, 16384 },
	.run = snmp_run,
	.view = snmp_view,
};
