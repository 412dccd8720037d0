/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IKE: a VPN gateway, which version it speaks and what it says of itself.
 *
 * Specifications: RFC 7296, 3.1 (header), 3.2 (payloads), 3.10 (notify), 3.12 (vendor id); RFC 2408, 3.1
 * and 3.14 (version 1).
 *
 * Sent: the sweep's question (wire/payloads.c), a first message with a key exchange of a number for
 * private use, so that the responder keeps nothing and only says what it thinks of it.
 */
#include "probe.h"

#include "codec/evidence.h"
#include "udp.h"

enum { PAYLOADS_MAX = 32, NOTIFY_1 = 11, NOTIFY_2 = 41, VENDOR_1 = 13, VENDOR_2 = 43, SA_2 = 33 };

static const struct {
	uint16_t type;
	const char *word;
} notifies[] = {
	{ 4, "invalid-ike-spi" },     { 5, "invalid-major-version" },
	{ 7, "invalid-syntax" },      { 14, "no-proposal-chosen" },
	{ 17, "invalid-ke-payload" }, { 24, "authentication-failed" },
	{ 16390, "cookie" },
};

static void note_notify(json_t *evidence, struct reader body, bool first_version)
{
	json_t *list = note_list(evidence, "notify");

	if (first_version)
		rd_skip(&body, 4); /* RFC 2408, 3.14: domain of interpretation */
	rd_skip(&body, 2);         /* protocol, length of SPI */
	uint16_t type = rd_be16(&body);
	if (!rd_ok(&body))
		return;
	for (size_t i = 0; i < countof(notifies); i++)
		if (notifies[i].type == type) {
			list_word(list, notifies[i].word);
			return;
		}
	list_int(list, type);
}

static bool read_payloads(struct span answer, json_t *evidence)
{
	struct reader r = rd_new(answer);

	rd_skip(&r, 16); /* SPIs */
	uint8_t next = rd_u8(&r), version = rd_u8(&r);
	rd_skip(&r, 1 + 1 + 4 + 4);
	note_int(evidence, "major", version >> 4);
	for (unsigned i = 0; next != 0 && i < PAYLOADS_MAX; i++) {
		uint8_t this = next;

		next = rd_u8(&r);
		rd_skip(&r, 1);
		uint16_t length = rd_be16(&r);
		struct reader body = rd_sub(&r, length >= 4 ? length - 4U : SIZE_MAX);
		if (!rd_ok(&r))
			return false;
		if (this == NOTIFY_1 || this == NOTIFY_2)
			note_notify(evidence, body, this == NOTIFY_1);
		else if (this == VENDOR_1 || this == VENDOR_2)
			list_text(note_list(evidence, "vendor_ids"), rd_rest(&body));
		else if (this == SA_2)
			note_bool(evidence, "chosen", true);
	}
	return true;
}

static enum ending ike_run(struct conn *c, json_t *evidence)
{
	enum { NAT_PORT = 4500, MARKER = 4 };
	uint16_t port = conn_port(c) == NAT_PORT ? NAT_PORT : 500;
	struct span answer = udp_ask(c, port);

	if (answer.length == 0)
		return udp_ending(c);
	note_bool(evidence, "nat_traversal", port == NAT_PORT);
	if (!read_payloads(span_from(answer, port == NAT_PORT ? MARKER : 0), evidence))
		return conn_oddity(c, "ike.payload-malformed");
	conn_gathered(c, "answer");
	return ENDING_DONE;
}

static const char ike_view[] =
	"CREATE TEMP VIEW ike AS SELECT address, port, evidence->>'$.major' AS major,"
	" evidence->'$.notify' AS notify FROM document WHERE probe = 'ike' AND evidence <> '{}';";

const struct probe probe_ike = {
	.name = "ike",
	.ports = "500,4500",
	.risk = RISK_READ,
	.udp = true,
	.connections = { 1, 1 },
	.sent = { 512, 512 },
	.received = { 16384, 16384 },
	.run = ike_run,
	.view = ike_view,
};
