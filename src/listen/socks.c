/* SPDX-License-Identifier: Apache-2.0 */
/* SOCKS 5 (RFC 1928), its passwords (RFC 1929), and SOCKS 4 with 4a: what a client asked the proxy for. */
#include <stdio.h>

#include "listen/stream.h"

enum { SOCKS4 = 3 /* a stage */, TARGET_MAX = 280, CONNECT = 1, PASSWORD_METHOD = 2 };

struct socks {
	uint8_t stage; /* of the client: 0 greeting, 1 password or request, 2 request */
	uint8_t version;
	bool chosen; /* the server chose a method */
};

static void tell_target(struct talk *t, struct span host, uint16_t port)
{
	char text[TARGET_MAX];
	int n = snprintf(text, sizeof(text), "%.*s:%u", (int)host.length, (const char *)host.at,
			 port);

	if (n > 0 && (size_t)n < sizeof(text))
		tell_client(t, "proxy.asked", span_of(text, (size_t)n));
}

static void tell_address(struct talk *t, struct span bytes, uint16_t port)
{
	struct addr a = { .bytes = { [10] = 0xff, [11] = 0xff } };
	char text[ADDR_TEXT];

	if (bytes.length == 4)
		memcpy(a.bytes + 12, bytes.at, 4);
	else
		memcpy(a.bytes, bytes.at, 16);
	tell_target(t, span_text(addr_format(&a, text)), port);
}

/* Up to its zero; HEAR_MORE where that is not there. */
static bool take_text(struct reader *r, struct span *ret)
{
	ptrdiff_t end = span_find(span_of(r->at, rd_left(r)), "", 1);

	if (end < 0)
		return false;
	*ret = rd_span(r, (size_t)end);
	rd_skip(r, 1);
	return true;
}

/* 4, command, port, address, user, zero; 4a: address 0.0.0.x and a name with its zero behind. */
static long hear_socks4(struct talk *t, struct span bytes)
{
	struct reader r = rd_new(bytes);
	struct span user, host;

	rd_skip(&r, 2);
	uint16_t port = rd_be16(&r);
	struct span address = rd_span(&r, 4);
	if (!rd_ok(&r) || !take_text(&r, &user))
		return bytes.length > 512 ? HEAR_DONE : HEAR_MORE;
	if (memcmp(address.at, "\0\0\0", 3) == 0 && address.at[3] != 0) {
		if (!take_text(&r, &host))
			return bytes.length > 1024 ? HEAR_DONE : HEAR_MORE;
		tell_target(t, host, port);
	} else {
		tell_address(t, address, port);
	}
	return (long)(r.at - bytes.at);
}

static long hear_password(struct talk *t, struct span bytes)
{
	struct reader r = rd_new(bytes);

	rd_skip(&r, 1);
	struct span user = rd_span(&r, rd_u8(&r));
	rd_skip(&r, rd_u8(&r));
	if (!rd_ok(&r))
		return HEAR_MORE;
	tell_login(t, "socks5");
	tell_account(t, user);
	return (long)(r.at - bytes.at);
}

static long hear_request(struct talk *t, struct span bytes)
{
	enum { IPV4 = 1, NAME = 3, IPV6 = 4 };
	struct reader r = rd_new(bytes);

	rd_skip(&r, 3);
	uint8_t type = rd_u8(&r);
	if (rd_ok(&r) && type != IPV4 && type != NAME && type != IPV6)
		return HEAR_DONE;
	struct span host = rd_span(&r, type == IPV4 ? 4 : type == IPV6 ? 16 : rd_u8(&r));
	uint16_t port = rd_be16(&r);
	if (!rd_ok(&r))
		return HEAR_MORE;
	if (type == NAME)
		tell_target(t, host, port);
	else
		tell_address(t, host, port);
	return HEAR_DONE;
}

static long hear_client(struct socks *s, struct talk *t, struct span bytes)
{
	struct reader r = rd_new(bytes);
	uint8_t version = rd_u8(&r);

	if (s->stage == SOCKS4)
		return (long)bytes.length;
	if (s->stage == 0) {
		if (version == 4) {
			long taken = hear_socks4(t, bytes);

			if (taken > 0)
				s->stage = SOCKS4;
			return taken;
		}
		rd_skip(&r, rd_u8(&r));
		if (!rd_ok(&r))
			return HEAR_MORE;
		s->stage = 1;
		return (long)(r.at - bytes.at);
	}
	if (version == 1 && s->stage == 1) {
		long taken = hear_password(t, bytes);

		if (taken > 0)
			s->stage = 2;
		return taken;
	}
	return version == 5 ? hear_request(t, bytes) : HEAR_DONE;
}

static long hear(struct talk *t, enum side side, struct span bytes)
{
	struct socks *s = t->state;

	if (bytes.length == 0)
		return HEAR_MORE;
	if (side == SIDE_CLIENT)
		return hear_client(s, t, bytes);
	if (s->chosen || s->stage == 0)
		return s->chosen ? (long)bytes.length : HEAR_MORE;
	if (s->stage == SOCKS4) {
		/* Zero, and 90 to 93: granted or refused. */
		if (bytes.length < 2)
			return HEAR_MORE;
		if (bytes.at[0] == 0 && bytes.at[1] >= 90 && bytes.at[1] <= 93)
			tell_spoken(t, "socks4");
		return HEAR_DONE;
	}
	if (bytes.at[0] != 5)
		return HEAR_NOT_OURS;
	if (bytes.length < 2)
		return HEAR_MORE;
	s->chosen = true;
	tell_spoken(t, "socks5");
	return 2;
}

static int recognise(const struct talk *t, enum side side, struct span first)
{
	bool own = t->server_port == 1080;

	if (side != SIDE_CLIENT)
		return -1;
	if (first.length < 3)
		return first.length > 0 && first.at[0] != 5 && first.at[0] != 4 ? -1 : 0;
	/* On any port: exactly a list of methods that exist, or a request that ends where it should. */
	if (first.at[0] == 5) {
		size_t n = first.at[1];

		if (n == 0 || n > 8 || (!own && first.length != 2 + n))
			return -1;
		for (size_t i = 2; i < first.length && i < 2 + n; i++)
			if (first.at[i] > 9 && first.at[i] < 0x80)
				return -1;
		return 1;
	}
	if (first.at[0] != 4 || first.at[1] != CONNECT)
		return -1;
	if (first.length < 9)
		return 0;
	return own || first.at[first.length - 1] == 0 ? 1 : -1;
}

const struct decoder decoder_socks = {
	.name = "socks",
	.tcp_ports = (const uint16_t[]){ 1080, 0 },
	.state_size = sizeof(struct socks),
	.recognise = recognise,
	.hear = hear,
};
