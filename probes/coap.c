/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CoAP: whether strangers are told what a device offers.
 *
 * Specifications: RFC 7252, 3 (format), 4.3 (the empty message), 7.2 (discovery); RFC 6690, 2 (links).
 *
 * Sent: the empty confirmable message (wire/payloads.c), and GET /.well-known/core, which
 * RFC 7252, 7.2 has for this. Of the answer the names of the resources are kept; none of them is read.
 */
#include "probe.h"

#include "codec/evidence.h"
#include "udp.h"

enum {
	ACKNOWLEDGEMENT = 2,
	CODE_CONTENT = 0x45,      /* 2.05 */
	CODE_UNAUTHORIZED = 0x81, /* 4.01 */
	CODE_FORBIDDEN = 0x83,    /* 4.03 */
	LINKS_MAX = 64,
	OPTIONS_MAX = 64,
};

/* ---- readers ---- */

/* The length behind a nibble of an option (RFC 7252, 3.1). */
static uint32_t extended(struct reader *r, uint8_t nibble)
{
	if (nibble == 13)
		return 13U + rd_u8(r);
	if (nibble == 14)
		return 269U + rd_be16(r);
	if (nibble == 15)
		rd_fail(r);
	return nibble;
}

/* What stands behind the options; empty where nothing does. */
static struct span read_payload(struct reader *r)
{
	for (unsigned i = 0; i < OPTIONS_MAX && rd_left(r) > 0; i++) {
		uint8_t first = rd_u8(r);

		if (first == 0xff)
			return rd_rest(r);
		extended(r, first >> 4); /* the option's number does not matter */
		rd_skip(r, extended(r, first & 15));
	}
	return rd_span(r, 0);
}

/* </sensors>;ct=40,</light>;rt="x" */
static void note_links(json_t *evidence, struct span list)
{
	for (unsigned i = 0; i < LINKS_MAX && list.length > 0; i++) {
		ptrdiff_t open = span_find(list, "<", 1);

		if (open < 0)
			return;
		list = span_from(list, (size_t)open + 1);
		ptrdiff_t close = span_find(list, ">", 1);
		if (close < 0)
			return;
		list_text(note_list(evidence, "resources"), span_first(list, (size_t)close));
		list = span_from(list, (size_t)close);
	}
}

/* ---- conversation ---- */

static void ask_resources(struct conn *c, json_t *evidence)
{
	uint8_t question[] = { 0x40, 1,   0,   0, /* confirmable GET, message ID */
			       0xbb, '.', 'w', 'e', 'l', 'l',
			       '-',  'k', 'n', 'o', 'w', 'n', /* Uri-Path */
			       0x04, 'c', 'o', 'r', 'e' };
	conn_random(c, question + 2, 2);
	struct span answer = conn_ask(c, question, sizeof(question));
	struct reader r = rd_new(answer);
	uint8_t first = rd_u8(&r), code = rd_u8(&r);
	struct span id = rd_span(&r, 2);

	if (!conn_ok(c) || !rd_ok(&r) || first >> 6 != 1 || (first >> 4 & 3) != ACKNOWLEDGEMENT ||
	    memcmp(id.at, question + 2, 2) != 0)
		return;
	rd_skip(&r, first & 15); /* token: we sent none */
	if (code == CODE_CONTENT) {
		note_bool(evidence, "open", true);
		note_links(evidence, read_payload(&r));
	} else if (code == CODE_UNAUTHORIZED || code == CODE_FORBIDDEN) {
		note_bool(evidence, "open", false);
	}
	note_int(evidence, "code", (code >> 5) * 100 + (code & 31));
	conn_gathered(c, "access");
}

static enum ending coap_run(struct conn *c, json_t *evidence)
{
	struct span answer = udp_ask(c, 5683);

	if (answer.length == 0)
		return udp_ending(c);
	note_bool(evidence, "answers", true);
	ask_resources(c, evidence);
	return ENDING_DONE;
}

static const char coap_view[] =
	"CREATE TEMP VIEW coap AS SELECT address, port, evidence->>'$.open' AS open,"
	" evidence->'$.resources' AS resources FROM document"
	" WHERE probe = 'coap' AND evidence <> '{}';";

const struct probe probe_coap = {
	.name = "coap",
	.ports = "5683",
	.risk = RISK_READ,
	.udp = true,
	.connections = { 1, 1 },
	.sent = { 128, 128 },
	.received = { 4096, 16384 },
	.run = coap_run,
	.view = coap_view,
};
