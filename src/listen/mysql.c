/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MySQL and MariaDB until somebody is logged in (protocol version 10: "Connection Phase" of the MySQL source
 * documentation): the server's greeting, what the client answers, and which plug-in proves the password.
 */
#include "listen/tls_ear.h"

enum {
	HEADER = 4,
	PACKET_MAX = 4096,
	WITH_DATABASE = 0x00000008,
	TLS = 0x00000800,
	PROTOCOL_41 = 0x00000200,
	SECURE_CONNECTION = 0x00008000,
	PLUGIN = 0x00080000,
	LENENC_DATA = 0x00200000,
	SSL_REQUEST = 32,
	SWITCH = 0xfe,
	PACKETS_MAX = 16,
};

struct mysql {
	bool greeted, answered, begun, clear;
	uint8_t packets;
	struct tls_ear ear;
};

/* Text up to its zero. */
static struct span take_text(struct reader *r)
{
	ptrdiff_t end = span_find(span_of(r->at, rd_left(r)), "", 1);

	if (end < 0) {
		rd_fail(r);
		return span_of(r->end, 0);
	}
	struct span text = rd_span(r, (size_t)end);
	rd_skip(r, 1);
	return text;
}

static bool is_clear(struct span plugin)
{
	return span_is(plugin, "mysql_clear_password") || span_is(plugin, "dialog");
}

static void tell_plugin(struct mysql *s, struct talk *t, struct span plugin)
{
	s->clear = is_clear(plugin);
	if (s->clear)
		tell_login(t, "mysql");
	else
		tell_challenge(t, "mysql");
}

static void hear_greeting(struct mysql *s, struct talk *t, struct span body)
{
	struct reader r = rd_new(body);

	rd_skip(&r, 1); /* protocol 10 */
	s->greeted = true;
	struct span version = take_text(&r);
	tell_spoken(t, "mysql");
	if (rd_ok(&r))
		tell_service(t, "service.product", version);
}

static void hear_response(struct mysql *s, struct talk *t, struct span body)
{
	struct reader r = rd_new(body);
	uint32_t capabilities = rd_le32(&r);

	s->answered = true;
	if (!(capabilities & PROTOCOL_41))
		return;
	rd_skip(&r, SSL_REQUEST - 4);
	struct span account = take_text(&r);
	if (!rd_ok(&r))
		return;
	tell_account(t, account);
	/* What proves the password is stepped over; a length of more than 250 bytes is none of these plug-ins. */
	size_t proof = rd_u8(&r);
	if (!rd_ok(&r) || proof == 0)
		return;
	rd_skip(&r, proof);
	if (capabilities & WITH_DATABASE)
		take_text(&r);
	struct span plugin = capabilities & PLUGIN ? take_text(&r) : span_of(r.end, 0);
	if (!rd_ok(&r))
		plugin = span_of(r.end, 0);
	tell_plugin(s, t, plugin);
}

static long hear_packet(struct mysql *s, struct talk *t, enum side side, struct span body)
{
	struct reader r = rd_new(body);

	if (side == SIDE_SERVER) {
		if (!s->greeted) {
			if (body.length < 2 || body.at[0] != 10)
				return HEAR_NOT_OURS;
			hear_greeting(s, t, body);
			return 0;
		}
		uint8_t kind = rd_u8(&r);
		if (kind == SWITCH && body.length > 1) {
			struct span plugin = take_text(&r);

			if (rd_ok(&r) && is_clear(plugin))
				tell_plugin(s, t, plugin);
		}
		/* Logged in, refused, or too much of it. */
		return (s->answered && (kind == 0 || kind == 0xff)) || ++s->packets > PACKETS_MAX
			       ? HEAR_DONE
			       : 0;
	}
	if (s->answered)
		return ++s->packets > PACKETS_MAX ? HEAR_DONE : 0;
	uint32_t capabilities = rd_le32(&r);
	if (rd_ok(&r) && body.length == SSL_REQUEST && (capabilities & TLS)) {
		s->begun = true;
		return 0;
	}
	hear_response(s, t, body);
	return 0;
}

static long hear(struct talk *t, enum side side, struct span bytes)
{
	struct mysql *s = t->state;

	if (s->begun) {
		long taken = tls_ear_hear(&s->ear, t, side, bytes);

		return taken == HEAR_NOT_OURS ? HEAR_DONE : taken;
	}
	struct reader r = rd_new(bytes);
	size_t length = rd_u8(&r);
	length |= (size_t)rd_le16(&r) << 8;
	rd_skip(&r, 1);
	if (!rd_ok(&r))
		return HEAR_MORE;
	if (length == 0 || length > PACKET_MAX)
		return s->greeted ? HEAR_DONE : HEAR_NOT_OURS;
	struct span body = rd_span(&r, length);
	if (!rd_ok(&r))
		return HEAR_MORE;
	long ended = hear_packet(s, t, side, body);
	return ended != 0 ? ended : (long)(HEADER + length);
}

/* The greeting: number 0, protocol 10, a version that begins with a digit. */
static int recognise(const struct talk *t, enum side side, struct span first)
{
	struct reader r = rd_new(first);

	(void)t;
	if (side != SIDE_SERVER)
		return -1;
	size_t length = rd_u8(&r);
	length |= (size_t)rd_le16(&r) << 8;
	uint8_t number = rd_u8(&r), protocol = rd_u8(&r), digit = rd_u8(&r);
	if (!rd_ok(&r))
		return first.length > 3 && first.at[3] != 0 ? -1 : 0;
	return length > 40 && length < 300 && number == 0 && protocol == 10 && digit >= '0' &&
			       digit <= '9'
		       ? 1
		       : -1;
}

const struct decoder decoder_mysql = {
	.name = "mysql",
	.tcp_ports = (const uint16_t[]){ 3306, 0 },
	.state_size = sizeof(struct mysql),
	.recognise = recognise,
	.hear = hear,
};
