/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Modbus/TCP: who the controller is.
 *
 * Learnt: that Modbus is spoken, and the basic identification objects (vendor, product code,
 * revision) where the device has them.
 *
 * Specifications: MODBUS Messaging on TCP/IP Implementation Guide V1.0b, 3.1.3 (MBAP header);
 * MODBUS Application Protocol V1.1b3, 6.21 (Read Device Identification), 7 (exceptions).
 *
 * Sent, on one connection, in this order and only until one is answered by a Modbus message:
 *   00 01 00 00 00 05 ff 2b 0e 01 00    Read Device Identification, basic, unit 255
 *   00 02 00 00 00 05 00 2b 0e 01 00    the same, unit 0
 *   00 03 00 00 00 05 01 2b 0e 01 00    the same, unit 1
 * Function 43/14 is defined as reading only (6.21); a device without it must answer exception 1.
 * Three units because gateways and some devices stay silent to a unit that they do not serve; no
 * other unit is tried. In limited depth the second and third are sent only where the earlier one
 * met an exception of a gateway (0A, 0B), never after silence; in full depth also after
 * silence, but never after a close or reset.
 */
#include "probe.h"

#include "codec/evidence.h"
#include "codec/reader.h"
#include "codec/writer.h"

enum {
	MBAP_LENGTH = 7,
	PDU_MAX = 253,
	FUNCTION_MEI = 0x2b,
	MEI_DEVICE_ID = 0x0e,
	EXCEPTION = 0x80,
	GATEWAY_PATH_UNAVAILABLE = 0x0a,
	GATEWAY_TARGET_FAILED = 0x0b,
	SILENCE_MS = 5000, /* gateways ask the serial line first, which takes seconds */
};

struct identity {
	uint8_t conformity;
	struct span text[3]; /* vendor, product code, revision */
};

/* A MODBUS message behind its MBAP header. */
struct message {
	uint16_t transaction;
	uint8_t unit;
	uint16_t pdu_length;
};

/* ---- readers ---- */

static bool read_header(struct span bytes, struct message *ret)
{
	struct reader r = rd_new(bytes);
	struct message m = { 0 };

	m.transaction = rd_be16(&r);
	uint16_t protocol = rd_be16(&r);
	uint16_t length = rd_be16(&r);
	m.unit = rd_u8(&r);
	if (!rd_end(&r) || protocol != 0 || length < 3 || length > PDU_MAX + 1)
		return false;
	m.pdu_length = (uint16_t)(length - 1);
	*ret = m;
	return true;
}

/* V1.1b3, 6.21: the answer to Read Device Identification, behind function code and MEI type. */
static bool read_identity(struct reader *r, struct identity *ret)
{
	struct identity id = { 0 };

	rd_skip(r, 1); /* read device id code */
	id.conformity = rd_u8(r);
	rd_skip(r, 2); /* more follows, next object */
	size_t objects = rd_u8(r);
	if (objects > rd_left(r) / 2) /* an object is at least its id and its length */
		return false;
	while (objects-- > 0) {
		uint8_t object = rd_u8(r);
		struct span text = rd_span(r, rd_u8(r));

		if (object < countof(id.text))
			id.text[object] = text;
	}
	if (!rd_end(r))
		return false;
	*ret = id;
	return true;
}

/* ---- writers ---- */

static void say_identify(struct conn *c, uint16_t transaction, uint8_t unit)
{
	uint8_t buffer[MBAP_LENGTH + 4];
	struct writer w = wr_new(buffer, sizeof(buffer));

	wr_be16(&w, transaction);
	wr_be16(&w, 0); /* protocol: Modbus */
	size_t length = wr_open16(&w);
	wr_u8(&w, unit);
	wr_u8(&w, FUNCTION_MEI);
	wr_u8(&w, MEI_DEVICE_ID);
	wr_u8(&w, 1); /* basic identification, stream access */
	wr_u8(&w, 0); /* from object 0 */
	wr_close16(&w, length);
	conn_write_span(c, wr_span(&w));
}

static void note_identity(json_t *evidence, const struct identity *id)
{
	static const char *const keys[] = { "vendor", "product", "revision" };

	for (size_t i = 0; i < countof(keys); i++)
		if (id->text[i].length > 0)
			note_text(evidence, keys[i], span_trim(id->text[i]));
	note_int(evidence, "conformity", id->conformity);
	if (id->text[2].length > 0)
		note_text(evidence, "version", span_trim(id->text[2]));
}

/* ---- conversation ---- */

/*
 * Waits for an answer. In full depth silence is no failure while another unit is left: gateways and
 * some devices say nothing to a unit that they do not serve.
 */
static bool is_silent(struct conn *c, bool last)
{
	if (last || conn_depth(c) == DEPTH_LIMITED)
		return false;
	return conn_peek_quiet(c, 1, SILENCE_MS).length == 0 && conn_ok(c) && !conn_peer_closed(c);
}

static enum ending modbus_run(struct conn *c, json_t *evidence)
{
	static const uint8_t units[] = { 255, 0, 1 };

	for (size_t i = 0; i < countof(units); i++) {
		struct message m;
		struct identity id;

		say_identify(c, (uint16_t)(i + 1), units[i]);
		if (is_silent(c, i + 1 == countof(units)))
			continue;
		struct span header = conn_read(c, MBAP_LENGTH);
		if (!conn_ok(c))
			return conn_ending(c);
		if (!read_header(header, &m))
			return ENDING_NOT_THIS;
		struct reader pdu = rd_new(conn_read(c, m.pdu_length));
		if (!conn_ok(c))
			return conn_ending(c);
		uint8_t function = rd_u8(&pdu);
		/* An earlier question may be answered late, behind a slow gateway. */
		if (m.transaction == 0 || m.transaction > i + 1 ||
		    (function & ~EXCEPTION) != FUNCTION_MEI)
			return ENDING_NOT_THIS;
		note_int(evidence, "unit", m.unit);
		if (function & EXCEPTION) {
			uint8_t code = rd_u8(&pdu);

			note_int(evidence, "exception", code);
			if (code == GATEWAY_PATH_UNAVAILABLE || code == GATEWAY_TARGET_FAILED)
				continue;
			break;
		}
		if (rd_u8(&pdu) != MEI_DEVICE_ID || !read_identity(&pdu, &id))
			return conn_oddity(c, "modbus.identity-malformed");
		json_object_del(evidence, "exception"); /* of a gateway, for another unit */
		note_identity(evidence, &id);
		break;
	}
	conn_gathered(c, "identity");
	return ENDING_DONE;
}

static const char modbus_view[] =
	"CREATE TEMP VIEW modbus AS SELECT address, port, evidence->>'$.vendor' AS vendor,"
	" evidence->>'$.product' AS product, evidence->>'$.revision' AS revision,"
	" evidence->>'$.unit' AS unit, evidence->>'$.exception' AS exception"
	" FROM document WHERE probe = 'modbus' AND evidence <> '{}';";

const struct probe probe_modbus = {
	.name = "modbus",
	.ports = "502",
	.risk = RISK_READ,
	.connections = { 1, 1 },
	.sent = { 64, 64 },
	.received = { 1024, 1024 },
	.ot = true,
	.ot_sign = true,
	.run = modbus_run,
	.view = modbus_view,
};
