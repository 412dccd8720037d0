/* SPDX-License-Identifier: Apache-2.0 */
/* MQTT: the CONNECT that opens it (OASIS MQTT 3.1.1 and 5.0, 3.1; MQTT 3.1). */
#include "listen/stream.h"

enum {
	CONNECT = 0x10,
	CONNECT_ACK = 0x20,
	CONNECT_MAX = 32 * 1024,
	HAS_USER = 0x80,
	HAS_PASSWORD = 0x40,
	HAS_WILL = 0x04,
	VERSION_5 = 5,
};

/* The remaining length (2.1.4): up to four bytes of seven bits. */
static uint32_t read_length(struct reader *r)
{
	uint32_t v = 0;

	for (unsigned i = 0; i < 4; i++) {
		uint8_t byte = rd_u8(r);

		v |= (uint32_t)(byte & 0x7f) << 7 * i;
		if (!(byte & 0x80))
			return v;
	}
	rd_fail(r);
	return 0;
}

static struct span read_text(struct reader *r)
{
	return rd_span(r, rd_be16(r));
}

/* Its head up to the flags. */
static bool read_flags(struct reader *r, uint8_t *ret_version, uint8_t *ret_flags)
{
	struct span name = read_text(r);

	*ret_version = rd_u8(r);
	*ret_flags = rd_u8(r);
	rd_skip(r, 2); /* keep alive */
	return rd_ok(r) && (span_is(name, "MQTT") || span_is(name, "MQIsdp"));
}

static bool hear_connect(struct talk *t, struct reader body)
{
	uint8_t version, flags;

	if (!read_flags(&body, &version, &flags))
		return false;
	if (version >= VERSION_5)
		rd_skip(&body, read_length(&body)); /* properties */
	read_text(&body);                           /* client */
	if (flags & HAS_WILL) {
		if (version >= VERSION_5)
			rd_skip(&body, read_length(&body));
		read_text(&body);
		read_text(&body);
	}
	struct span user = flags & HAS_USER ? read_text(&body) : span_of(body.end, 0);
	if (!rd_ok(&body))
		return true;
	if (flags & HAS_PASSWORD) {
		tell_login(t, "mqtt");
		tell_account(t, user);
	}
	return true;
}

struct mqtt {
	bool connected; /* the client's first packet was heard */
};

static long hear(struct talk *t, enum side side, struct span bytes)
{
	struct mqtt *s = t->state;
	struct reader r = rd_new(bytes);

	if (side == SIDE_SERVER) {
		if (rd_u8(&r) == CONNECT_ACK)
			tell_spoken(t, "mqtt");
		return s->connected ? HEAR_DONE : HEAR_MORE;
	}
	if (s->connected)
		return (long)bytes.length;
	uint8_t type = rd_u8(&r);
	uint32_t length = read_length(&r);
	if (!rd_ok(&r))
		return bytes.length > 5 ? HEAR_NOT_OURS : HEAR_MORE;
	if (type != CONNECT || length > CONNECT_MAX)
		return HEAR_NOT_OURS;
	struct reader body = rd_sub(&r, length);
	if (!rd_ok(&r))
		return HEAR_MORE;
	s->connected = hear_connect(t, body);
	return s->connected ? (long)(r.at - bytes.at) : HEAR_NOT_OURS;
}

static int recognise(const struct talk *t, enum side side, struct span first)
{
	struct reader r = rd_new(first);

	(void)t;
	if (side != SIDE_CLIENT || (first.length > 0 && first.at[0] != CONNECT))
		return -1;
	rd_skip(&r, 1);
	read_length(&r);
	if (!rd_ok(&r))
		return first.length >= 5 ? -1 : 0;
	struct span name = read_text(&r);
	if (!rd_ok(&r))
		return first.length >= 16 ? -1 : 0;
	return span_is(name, "MQTT") || span_is(name, "MQIsdp") ? 1 : -1;
}

const struct decoder decoder_mqtt = {
	.name = "mqtt",
	.tcp_ports = (const uint16_t[]){ 1883, 0 },
	.state_size = sizeof(struct mqtt),
	.recognise = recognise,
	.hear = hear,
};
