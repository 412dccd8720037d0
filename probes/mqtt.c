/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MQTT: whether the broker lets clients in without a user.
 *
 * Specifications: MQTT 3.1.1 (OASIS): 3.1 CONNECT, 3.2 CONNACK, 3.14 DISCONNECT; MQTT 3.1 for
 * level 3.
 *
 * Sent:
 *   10 1b 0004 'MQTT' 04 02 000a 000f 'tenken-xxxxxxxx'     CONNECT, clean session, keep alive
 *                                                          10 s, no user, no will
 *   e0 00                                                  DISCONNECT, where the broker accepted
 * and only where the answer was 1 (unacceptable protocol level), once, on a second connection:
 *   10 1d 0006 'MQIsdp' 03 02 000a 000f 'tenken-xxxxxxxx'   the same in level 3
 * The client id is our own and random, so that no other client of that name is put out (3.1.4).
 * Nothing is subscribed or published, and without a will nothing is published when we leave.
 *
 * A login without a user needs the site's word in OT, so nothing is sent in limited depth.
 */
#include "probe.h"

#include "codec/evidence.h"
#include "codec/reader.h"
#include "codec/writer.h"

enum {
	CONNECT = 0x10,
	CONNACK = 0x20,
	DISCONNECT = 0xe0,
	CLEAN_SESSION = 0x02,
	KEEP_ALIVE_S = 10,
	ACCEPTED = 0,
	UNACCEPTABLE_LEVEL = 1,
	MQTT5_UNSUPPORTED = 0x84, /* the same of a broker of level 5 alone (MQTT 5, 3.2.2.2) */
	CONNACK_MAX = 127,
};

/* ---- readers ---- */

/* 3.2: flags and return code; a broker of level 5 adds properties behind them. */
static bool read_connack(struct span bytes, uint8_t *ret_code)
{
	struct reader r = rd_new(bytes);
	uint8_t flags = rd_u8(&r);
	uint8_t code = rd_u8(&r);

	if (!rd_ok(&r) || flags > 1 || (code > 5 && code < 0x80))
		return false;
	*ret_code = code;
	return true;
}

/* ---- writers ---- */

static void say_connect(struct conn *c, uint8_t level)
{
	static const char digits[] = "0123456789abcdef";
	uint8_t buffer[64], random[4];
	struct writer w = wr_new(buffer, sizeof(buffer));

	conn_random(c, random, sizeof(random));
	wr_u8(&w, CONNECT);
	size_t remaining = wr_open8(&w); /* below 128, so one byte (2.2.3) */
	size_t name = wr_open16(&w);
	wr_text(&w, level == 3 ? "MQIsdp" : "MQTT");
	wr_close16(&w, name);
	wr_u8(&w, level);
	wr_u8(&w, CLEAN_SESSION);
	wr_be16(&w, KEEP_ALIVE_S);
	size_t client = wr_open16(&w);
	wr_text(&w, "tenken-");
	for (size_t i = 0; i < sizeof(random); i++) {
		wr_u8(&w, (uint8_t)digits[random[i] >> 4]);
		wr_u8(&w, (uint8_t)digits[random[i] & 15]);
	}
	wr_close16(&w, client);
	wr_close8(&w, remaining);
	conn_write_span(c, wr_span(&w));
}

static void say_disconnect(struct conn *c)
{
	static const uint8_t disconnect[] = { DISCONNECT, 0 };

	conn_write(c, disconnect, sizeof(disconnect));
}

static void note_answer(json_t *evidence, uint8_t code, uint8_t level)
{
	note_int(evidence, "code", code);
	note_int(evidence, "protocol_level", level);
	note_bool(evidence, "anonymous", code == ACCEPTED);
}

/* ---- conversation ---- */

/* DONE where a CONNACK was heard. */
static enum ending try_level(struct conn *c, uint8_t level, uint8_t *ret_code)
{
	say_connect(c, level);
	struct reader header = rd_new(conn_read(c, 2));
	if (!conn_ok(c))
		return conn_received(c) > 0 ? ENDING_NOT_THIS : conn_ending(c);
	uint8_t type = rd_u8(&header);
	uint8_t length = rd_u8(&header);
	if (type != CONNACK || length < 2 || length > CONNACK_MAX)
		return ENDING_NOT_THIS;
	struct span body = conn_read(c, length);
	if (!conn_ok(c))
		return conn_ending(c);
	return read_connack(body, ret_code) ? ENDING_DONE : ENDING_NOT_THIS;
}

static enum ending mqtt_run(struct conn *c, json_t *evidence)
{
	uint8_t level = 4, code;

	if (conn_depth(c) == DEPTH_LIMITED || !conn_anonymous(c)) {
		conn_limited(c, "anonymous");
		return ENDING_LIMIT;
	}
	enum ending e = try_level(c, level, &code);
	if (e != ENDING_DONE)
		return e;
	note_answer(evidence, code, level);
	if (code == UNACCEPTABLE_LEVEL) {
		level = 3;
		if (!conn_again(c))
			return conn_ending(c);
		e = try_level(c, level, &code);
		if (e != ENDING_DONE)
			return e == ENDING_NOT_THIS ? conn_oddity(c, "mqtt.connack-malformed") : e;
		note_answer(evidence, code, level);
	}
	if (code == ACCEPTED)
		say_disconnect(c);
	/* A broker that takes neither level has not said what it thinks of strangers. */
	if (code != UNACCEPTABLE_LEVEL && code != MQTT5_UNSUPPORTED)
		conn_gathered(c, "anonymous");
	return ENDING_DONE;
}

static const char mqtt_view[] =
	"CREATE TEMP VIEW mqtt AS SELECT address, port, evidence->>'$.anonymous' AS anonymous,"
	" evidence->>'$.code' AS code, evidence->>'$.protocol_level' AS protocol_level"
	" FROM document WHERE probe = 'mqtt' AND evidence->>'$.code' IS NOT NULL;";

const struct probe probe_mqtt = {
	.name = "mqtt",
	.ports = "1883",
	.risk = RISK_READ,
	.connections = { 1, 2 },
	.sent = { 0, 128 },
	.received = { 0, 512 },
	.hello_order = 8,
	.run = mqtt_run,
	.view = mqtt_view,
};
