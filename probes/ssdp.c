/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SSDP: a UPnP device, its maker's words and where its description lies.
 *
 * Specification: UPnP Device Architecture 2.0, 1.3.2 and 1.3.3.
 *
 * Sent: a search for root devices at this one address (wire/payloads.c). The description is not fetched.
 */
#include "probe.h"

#include "codec/evidence.h"
#include "codec/http_message.h"
#include "udp.h"

static enum ending ssdp_run(struct conn *c, json_t *evidence)
{
	static const struct {
		const char *header, *key;
	} kept[] = { { "SERVER", "server" },
		     { "LOCATION", "location" },
		     { "USN", "usn" },
		     { "ST", "target" } };
	struct span answer = udp_ask(c, 1900);
	struct http_head head;
	struct span value;

	if (answer.length == 0)
		return udp_ending(c);
	if (!http_read_head(answer, &head))
		return conn_oddity(c, "ssdp.answer-malformed");
	for (size_t i = 0; i < countof(kept); i++)
		if (http_find(&head, kept[i].header, 0, &value))
			note_text(evidence, kept[i].key, value);
	note_bool(evidence, "answers", true);
	conn_gathered(c, "answer");
	return ENDING_DONE;
}

static const char ssdp_view[] =
	"CREATE TEMP VIEW ssdp AS SELECT address, port, evidence->>'$.server' AS server,"
	" evidence->>'$.location' AS location, evidence->>'$.usn' AS usn FROM document"
	" WHERE probe = 'ssdp' AND evidence <> '{}';";

const struct probe probe_ssdp = {
	.name = "ssdp",
	.ports = "1900",
	.risk = RISK_READ,
	.udp = true,
	.connections = { 1, 1 },
	.sent = { 512, 512 },
	.received = { 65536, 65536 },
	.run = ssdp_run,
	.view = ssdp_view,
};
