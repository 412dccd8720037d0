/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NetBIOS names: what a Windows computer or Samba calls itself, its domain, and the MAC of the card.
 *
 * Specification: RFC 1002, 4.2.17 and 4.2.18 (node status).
 *
 * Sent: the node status request of wire/payloads.c, which every station answers and which reads nothing
 * but its own names.
 */
#include "probe.h"

#include <stdio.h>

#include "codec/evidence.h"
#include "codec/netbios.h"
#include "udp.h"

static void note_name(void *context, struct span name, uint8_t suffix, bool group)
{
	json_t *evidence = context;
	json_t *o = list_object(note_list(evidence, "names"));

	note_text(o, "name", name);
	note_int(o, "suffix", suffix);
	note_bool(o, "group", group);
	if (suffix == 0x00 && !group && json_object_get(evidence, "name") == NULL)
		note_text(evidence, "name", name);
	if (suffix == 0x00 && group && json_object_get(evidence, "domain") == NULL)
		note_text(evidence, "domain", name);
	if (suffix == 0x20)
		note_bool(evidence, "file_server", true);
	if (suffix == 0x1c && group)
		note_bool(evidence, "domain_controller", true);
}

/* False: malformed. */
static bool read_status(struct span answer, json_t *evidence)
{
	struct reader r = rd_new(answer);
	char mac[18];

	rd_skip(&r, 12);             /* header */
	rd_skip(&r, 34 + 2 + 2 + 4); /* name, type, class, time to live */
	struct reader data = rd_sub(&r, rd_be16(&r));
	struct span unit;
	if (!netbios_read_status(&data, note_name, evidence, &unit))
		return false;
	static const uint8_t none[6];
	if (memcmp(unit.at, none, sizeof(none)) != 0) { /* Samba has none */
		snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", unit.at[0], unit.at[1],
			 unit.at[2], unit.at[3], unit.at[4], unit.at[5]);
		note_word(evidence, "mac", mac);
	}
	return true;
}

static enum ending netbios_ns_run(struct conn *c, json_t *evidence)
{
	struct span answer = udp_ask(c, 137);

	if (answer.length == 0)
		return udp_ending(c);
	if (!read_status(answer, evidence))
		return conn_oddity(c, "netbios.status-malformed");
	conn_gathered(c, "names");
	return ENDING_DONE;
}

static const char netbios_ns_view[] =
	"CREATE TEMP VIEW netbios AS SELECT address, port, evidence->>'$.name' AS name,"
	" evidence->>'$.domain' AS domain, evidence->>'$.mac' AS mac,"
	" evidence->>'$.file_server' AS file_server,"
	" evidence->>'$.domain_controller' AS domain_controller FROM document"
	" WHERE probe = 'netbios-ns' AND evidence <> '{}';";

const struct probe probe_netbios_ns = {
	.name = "netbios-ns",
	.ports = "137",
	.risk = RISK_READ,
	.udp = true,
	.connections = { 1, 1 },
	.sent = { 128, 128 },
	.received = { 8192, 8192 },
	.run = netbios_ns_run,
	.view = netbios_ns_view,
};
