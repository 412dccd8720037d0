/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Windows RPC: the name and all addresses of a machine, also those of other networks.
 *
 * Specifications: [MS-DCOM] 3.1.2.5.1.6 (ServerAlive2), 2.2.19 (DUALSTRINGARRAY, STRINGBINDING), 2.2.11
 * (COMVERSION); DCE 1.1 RPC (C706), chapter 12.
 *
 * Sent on one connection, without authentication:
 *   bind of IObjectExporter 0.0 (99fcfec4-5260-101b-bbcb-00aa0021347a)
 *   ServerAlive2 (operation 5), without arguments: where this machine's objects can be reached, which every
 *   client of DCOM asks before it logs in
 * Nothing is activated, no object is made or pinged.
 */
#include "probe.h"

#include <stdio.h>

#include "codec/address.h"
#include "codec/dcerpc.h"
#include "codec/evidence.h"
#include "codec/limits.h"

enum {
	BIND_CALL = 1, /* as dcerpc_put_bind() numbers it */
	ALIVE_CALL = 2,
	SERVER_ALIVE2 = 5,
	TOWER_TCP = 7,
	NAME_MAX_BYTES = 2 * 256,
};

/* ---- readers ---- */

/* 2.2.19.3: a kind of network, then characters up to a zero. False at the end of the list. */
static bool read_binding(struct reader *r, uint16_t *ret_tower, struct span *ret)
{
	*ret_tower = rd_le16(r);
	if (*ret_tower == 0 || !rd_ok(r))
		return false;
	struct reader start = *r;
	size_t length = 0;
	while (rd_left(r) > 0 && rd_le16(r) != 0)
		length += 2;
	*ret = rd_span(&start, length);
	if (length > NAME_MAX_BYTES)
		rd_fail(r);
	return rd_ok(r);
}

/* ASCII as it stands in UTF-16; false where it is none or too long. */
static bool read_ascii(struct span text, char *out, size_t capacity)
{
	size_t n = text.length / 2;

	if (n >= capacity)
		return false;
	for (size_t i = 0; i < n; i++) {
		out[i] = (char)text.at[2 * i];
		if (text.at[2 * i + 1] != 0 || text.at[2 * i] < 0x20 || text.at[2 * i] > 0x7e)
			return false;
	}
	out[n] = '\0';
	return true;
}

/* The version, a pointer to the bindings (array size, entries, where those of security begin). */
static bool read_alive(struct span stub, uint16_t ret_version[static 2], struct reader *ret)
{
	struct reader r = rd_new(stub);

	ret_version[0] = rd_le16(&r);
	ret_version[1] = rd_le16(&r);
	if (rd_le32(&r) == 0)
		return false;
	size_t size = rd_le32(&r), entries = rd_le16(&r), security = rd_le16(&r);
	if (!rd_ok(&r) || entries != size || security > entries || entries > rd_left(&r) / 2)
		return false;
	*ret = rd_sub(&r, security * 2);
	return rd_ok(&r);
}

/* ---- writers ---- */

static void note_binding(json_t *evidence, struct span text)
{
	char ascii[ADDR_TEXT];
	struct addr a;

	if (read_ascii(text, ascii, sizeof(ascii)) && addr_parse(ascii, &a) == 0) {
		char shortest[ADDR_TEXT];

		list_word(note_list(evidence, "addresses"), addr_format(&a, shortest));
		return;
	}
	json_t *names = note_list(evidence, "names");
	if (text.length > 0 && json_array_size(names) < LIST_MAX)
		json_array_append_new(names, clean_utf16le(text));
}

static void say_bind(struct conn *c)
{
	static const uint8_t exporter[16] = { 0xc4, 0xfe, 0xfc, 0x99, 0x60, 0x52, 0x1b, 0x10,
					      0xbb, 0xcb, 0x00, 0xaa, 0x00, 0x21, 0x34, 0x7a };
	uint8_t bytes[DCERPC_BIND_LENGTH];
	struct writer w = wr_new(bytes, sizeof(bytes));

	dcerpc_put_bind(&w, exporter, 0);
	conn_write_span(c, wr_span(&w));
}

static void say_alive(struct conn *c)
{
	uint8_t bytes[DCERPC_HEADER + DCERPC_REQUEST_HEADER];
	struct writer w = wr_new(bytes, sizeof(bytes));

	dcerpc_put_header(&w, DCERPC_REQUEST, ALIVE_CALL, sizeof(bytes));
	wr_le32(&w, 0); /* no arguments */
	wr_le16(&w, 0); /* the context that was bound */
	wr_le16(&w, SERVER_ALIVE2);
	conn_write_span(c, wr_span(&w));
}

/* ---- conversation ---- */

/* A whole message of one fragment. */
static bool hear(struct conn *c, uint32_t call, struct dcerpc_fragment *ret)
{
	struct span head = conn_read(c, DCERPC_HEADER);
	size_t length;

	if (!conn_ok(c) || !dcerpc_read_header(head.at, call, ret, &length) ||
	    length == DCERPC_HEADER || (ret->flags & DCERPC_LAST) == 0)
		return false;
	ret->body = conn_read(c, length - DCERPC_HEADER);
	return conn_ok(c);
}

static enum ending broken(struct conn *c)
{
	return conn_ok(c) ? conn_oddity(c, "msrpc.answer-malformed") : conn_ending(c);
}

static enum ending ask_alive(struct conn *c, json_t *evidence)
{
	struct dcerpc_fragment f;
	struct reader bindings;
	uint16_t version[2], tower;
	struct span text;
	char words[16];

	say_alive(c);
	if (!hear(c, ALIVE_CALL, &f))
		return broken(c);
	if (f.type == DCERPC_FAULT) {
		note_bool(evidence, "refused", true);
		return ENDING_DONE;
	}
	if (f.type != DCERPC_RESPONSE ||
	    !read_alive(span_from(f.body, DCERPC_REQUEST_HEADER), version, &bindings))
		return broken(c);
	snprintf(words, sizeof(words), "%u.%u", version[0], version[1]);
	note_word(evidence, "com_version", words);
	for (unsigned i = 0; i < LIST_MAX && read_binding(&bindings, &tower, &text); i++)
		if (tower == TOWER_TCP)
			note_binding(evidence, text);
	if (!rd_ok(&bindings))
		return broken(c);
	conn_gathered(c, "addresses");
	return ENDING_DONE;
}

static enum ending msrpc_run(struct conn *c, json_t *evidence)
{
	struct dcerpc_fragment f;
	bool accepted;

	say_bind(c);
	if (!hear(c, BIND_CALL, &f))
		return conn_received(c) > 0 ? ENDING_NOT_THIS : conn_ending(c);
	if (f.type != DCERPC_BIND_ACK || !dcerpc_read_bind_ack(f.body, &accepted))
		return ENDING_NOT_THIS;
	note_bool(evidence, "exporter", accepted);
	return accepted ? ask_alive(c, evidence) : ENDING_DONE;
}

static const char msrpc_view[] =
	"CREATE TEMP VIEW msrpc AS SELECT address, port, evidence->>'$.exporter' AS exporter,"
	" evidence->'$.names' AS names, evidence->'$.addresses' AS addresses"
	" FROM document WHERE probe = 'msrpc' AND evidence <> '{}';"
	"CREATE TEMP VIEW msrpc_address AS SELECT d.address, d.port, x.value AS other"
	" FROM document d, json_each(d.evidence, '$.addresses') x WHERE d.probe = 'msrpc';";

const struct probe probe_msrpc = {
	.name = "msrpc",
	.ports = "135",
	.risk = RISK_READ,
	.connections = { 1, 1 },
	.sent = { 96, 96 },
	.received = { 16384, 16384 },
	.run = msrpc_run,
	.view = msrpc_view,
};
