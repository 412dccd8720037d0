/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Modbus/TCP heard: who asks what of which unit, and what is refused.
 *
 * MODBUS Messaging on TCP/IP Implementation Guide V1.0b, 3.1.3 (MBAP header); MODBUS Application Protocol
 * V1.1b3, 6 (functions), 7 (exceptions).
 *
 *	transaction(2) protocol(2)=0 length(2) | unit(1) function(1) data, together `length`
 *
 * Of the registers' values nothing is told. Where bytes are missing, or a connection is met in its middle,
 * the next header is searched for; one is believed where its message also has the length that its function
 * demands.
 */
#include "listen/decoder.h"

#include <stdio.h>

#include "codec/reader.h"

enum {
	PORT = 502,
	HEADER = 6, /* up to and with the length */
	LENGTH_MIN = 2,
	/* Unit and the largest PDU (V1.0b, 3.1.3: 260 with the header); UMAS has one byte more. */
	LENGTH_MAX = 255,
	MESSAGES_SURE = 8,
	DIAGNOSTICS = 8,
	MEI = 43,
	EXCEPTION = 0x80,
	FUNCTION = 0x7f, /* the rest of that byte */
	DEVICE_ID = 14,
};

struct modbus_talk {
	bool spoken; /* by either side */
	bool told;
	bool lost[2]; /* the side's next byte may be anywhere in a message */
};

struct message {
	uint8_t unit, function;
	struct span data; /* behind the function code */
};

/* ---- words ---- */

static const struct function {
	uint8_t code;
	const char *word, *access;
	/* Bytes behind the function code of a request; -1: not one number. */
	int request;
} functions[] = {
	{ 1, "read-coils", "read", 4 },
	{ 2, "read-discrete-inputs", "read", 4 },
	{ 3, "read-holding-registers", "read", 4 },
	{ 4, "read-input-registers", "read", 4 },
	{ 5, "write-single-coil", "write", 4 },
	{ 6, "write-single-register", "write", 4 },
	{ 7, "read-exception-status", "read", 0 },
	{ DIAGNOSTICS, "diagnostics", "diagnose", -1 },
	{ 11, "get-event-counter", "read", 0 },
	{ 12, "get-event-log", "read", 0 },
	{ 15, "write-multiple-coils", "write", -1 },
	{ 16, "write-multiple-registers", "write", -1 },
	{ 17, "report-server-id", "read", 0 },
	{ 20, "read-file-record", "read", -1 },
	{ 21, "write-file-record", "write", -1 },
	{ 22, "mask-write-register", "write", 6 },
	{ 23, "read-write-registers", "write", -1 },
	{ 24, "read-fifo-queue", "read", 2 },
	{ MEI, "encapsulated-interface", "other", -1 },
	/* Of makers, by common use. */
	{ 90, "umas", "other", -1 },
};

/* 6.8: the sub-functions that change how the device works. */
static const struct function diagnostics[] = {
	{ 1, "restart-communications", "control", 0 },
	{ 4, "force-listen-only", "control", 0 },
};

static const struct function *function_of(uint8_t code)
{
	for (size_t i = 0; i < countof(functions); i++)
		if (functions[i].code == code)
			return &functions[i];
	return NULL;
}

/* ---- readers ---- */

enum fit { FIT_NOT, FIT_MAYBE, FIT_SURE };

/* Whether a request or answer of this function can have this many bytes behind its function code. */
static enum fit length_fits(const struct message *m, enum side side)
{
	const struct function *f = function_of(m->function & FUNCTION);
	size_t n = m->data.length;
	bool fits;

	if (f == NULL)
		return FIT_NOT;
	if (m->function & EXCEPTION)
		fits = side == SIDE_SERVER && n == 1;
	else if (side == SIDE_CLIENT && f->request >= 0)
		fits = n == (size_t)f->request;
	else if (side == SIDE_CLIENT && (f->code == 15 || f->code == 16))
		fits = n >= 5 && m->data.at[4] == n - 5;
	else if (side == SIDE_CLIENT && f->code == MEI)
		fits = n == 3 && m->data.at[0] == DEVICE_ID;
	else if (side == SIDE_SERVER && f->code <= 4)
		fits = n >= 1 && m->data.at[0] == n - 1;
	else if (side == SIDE_SERVER && (f->code <= 6 || f->code == 15 || f->code == 16))
		fits = n == 4;
	else
		return FIT_MAYBE;
	return fits ? FIT_SURE : FIT_NOT;
}

/* 1: a message, taken from r; 0: more bytes are needed; -1: no message begins here. */
static int read_message(struct reader *r, struct message *ret)
{
	struct reader header = *r;

	rd_skip(&header, 2);
	uint16_t protocol = rd_be16(&header);
	uint16_t length = rd_be16(&header);
	if (!rd_ok(&header))
		return 0;
	if (protocol != 0 || length < LENGTH_MIN || length > LENGTH_MAX)
		return -1;
	if (rd_left(&header) < length)
		return 0;
	struct reader body = rd_sub(&header, length);
	ret->unit = rd_u8(&body);
	ret->function = rd_u8(&body);
	ret->data = rd_rest(&body);
	*r = header;
	return 1;
}

/* Where the first message begins that can be believed; bytes.length: nowhere yet. */
static size_t find_message(struct span bytes, enum side side)
{
	for (size_t i = 0; i < bytes.length; i++) {
		struct reader r = rd_new(span_from(bytes, i));
		struct message m;

		/* Too few bytes to tell: may begin here, but only near the end. */
		int found = read_message(&r, &m);
		if (found == 0 && bytes.length - i < HEADER)
			return i;
		if (found == 1 && length_fits(&m, side) != FIT_NOT)
			return i;
	}
	return bytes.length;
}

/* ---- telling ---- */

static void tell_operation(struct talk *t, const struct message *m, bool error)
{
	uint8_t code = m->function & FUNCTION;
	const struct function *f = function_of(code);
	struct operation o = { .protocol = "modbus",
			       .word = f != NULL ? f->word : "unknown-function",
			       .access = f != NULL ? f->access : "other",
			       .master = t->client,
			       .slave = t->server,
			       .port = t->server_port,
			       .unit = m->unit,
			       .code = code,
			       .error = error };

	/* An exception names the function only, not what it was asked for more closely. */
	struct reader r = rd_new(m->data);
	if (!error && code == DIAGNOSTICS) {
		uint16_t sub = rd_be16(&r);
		for (size_t i = 0; rd_ok(&r) && i < countof(diagnostics); i++) {
			if (diagnostics[i].code != sub)
				continue;
			o.word = diagnostics[i].word;
			o.access = diagnostics[i].access;
			o.code = code | (uint32_t)sub << 8;
		}
	} else if (code == MEI && (error || rd_u8(&r) == DEVICE_ID)) {
		o.word = "read-device-identification";
		o.access = "read";
	}
	t->notes->operation(t->notes, &o);
}

/* 6.21: the answer to Read Device Identification; objects 0 to 2 are vendor, product code, revision. */
static void tell_identity(struct talk *t, struct span data)
{
	struct reader r = rd_new(data);
	struct span text[3] = { 0 };

	if (rd_u8(&r) != DEVICE_ID)
		return;
	rd_skip(&r, 4); /* read code, conformity, more follows, next object */
	size_t objects = rd_u8(&r);
	if (objects > rd_left(&r) / 2)
		return;
	while (objects-- > 0) {
		uint8_t object = rd_u8(&r);
		struct span value = rd_span(&r, rd_u8(&r));

		if (object < countof(text))
			text[object] = span_trim(value);
	}
	if (!rd_ok(&r))
		return;
	char model[2 * 256];
	int n = snprintf(model, sizeof(model), "%.*s%s%.*s", (int)text[0].length,
			 text[0].length > 0 ? (const char *)text[0].at : "",
			 text[0].length > 0 && text[1].length > 0 ? " " : "", (int)text[1].length,
			 text[1].length > 0 ? (const char *)text[1].at : "");
	if (n > 0)
		tell_server(t, "model.modbus", span_text(model));
	if (text[2].length > 0)
		tell_server(t, "version.modbus", text[2]);
}

static void tell_message(struct talk *t, enum side side, const struct message *m)
{
	struct modbus_talk *state = t->state;

	state->spoken = true;
	/* A question alone tells nothing of whom it was put to. */
	if (side == SIDE_SERVER && !state->told) {
		state->told = true;
		tell_server(t, "service.spoken", span_text("modbus"));
	}
	if (side == SIDE_CLIENT)
		tell_operation(t, m, false);
	else if (m->function & EXCEPTION)
		tell_operation(t, m, true);
	else if (m->function == MEI)
		tell_identity(t, m->data);
}

/* ---- the stream ---- */

/* Only what is Modbus from its first byte on, message after message. */
static int modbus_recognise(const struct talk *t, enum side side, struct span first)
{
	struct reader r = rd_new(first);
	struct message m;
	unsigned whole = 0;
	int found = 0;

	/* Met in its middle: what is whole further on. */
	if (!t->from_start && t->server_port == PORT)
		return find_message(first, side) + HEADER < first.length ? 1 : 0;
	while (whole < MESSAGES_SURE && (found = read_message(&r, &m)) == 1) {
		/* Elsewhere than on its port only what cannot be something else. */
		if (t->server_port != PORT && length_fits(&m, side) != FIT_SURE)
			return -1;
		whole++;
	}
	if (found < 0)
		return -1;
	return whole > 0 && rd_left(&r) == 0 ? 1 : whole == MESSAGES_SURE;
}

static long modbus_hear(struct talk *t, enum side side, struct span bytes)
{
	struct modbus_talk *state = t->state;
	struct reader r = rd_new(bytes);
	struct message m;

	if (!state->spoken && !t->from_start)
		state->lost[SIDE_CLIENT] = state->lost[SIDE_SERVER] = true;
	if (state->lost[side]) {
		rd_skip(&r, find_message(bytes, side));
		if (rd_left(&r) >= HEADER)
			state->lost[side] = false;
	}
	int found = 0;
	while (!state->lost[side] && (found = read_message(&r, &m)) == 1)
		tell_message(t, side, &m);
	if (found < 0) {
		if (!state->spoken)
			return HEAR_NOT_OURS;
		state->lost[side] = true;
		/* At least one byte goes, so that this is not called again with the same. */
		rd_skip(&r, 1);
	}
	return (long)(bytes.length - rd_left(&r));
}

static void modbus_gap(struct talk *t, enum side side)
{
	struct modbus_talk *state = t->state;

	state->lost[side] = true;
}

static const uint16_t ports[] = { PORT, 0 };

const struct decoder decoder_modbus = {
	.name = "modbus",
	.tcp_ports = ports,
	.state_size = sizeof(struct modbus_talk),
	.recognise = modbus_recognise,
	.hear = modbus_hear,
	.gap = modbus_gap,
};
