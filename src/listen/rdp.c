/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RDP's first two messages ([MS-RDPBCGR] 2.2.1.1, 2.2.1.2), in X.224 over TPKT, which S7comm and others also
 * use: it is RDP where the client brings a cookie or asks for a protocol. TLS follows where that was chosen.
 */
#include "listen/tls_ear.h"

enum {
	TPKT = 3,
	CONNECTION_REQUEST = 0xe0,
	CONNECTION_CONFIRM = 0xd0,
	X224_HEADER = 7, /* with its length */
	NEG_REQUEST = 1,
	NEG_RESPONSE = 2,
	NEG_LENGTH = 8,
	PACKET_MAX = 512,
};

struct rdp {
	bool asked, begun;
	struct tls_ear ear;
};

struct connect {
	uint8_t type;       /* of X.224 */
	struct span cookie; /* "mstshash=..."; empty: none */
	bool negotiates;    /* a negotiation request or response is there */
	uint8_t kind;
	uint32_t protocols; /* asked for, or chosen */
};

/* 0: more bytes are needed; -1: not this. */
static long read_connect(struct span bytes, struct connect *ret)
{
	static const char cookie[] = "Cookie: ";
	struct reader r = rd_new(bytes);
	struct connect c = { 0 };

	if (bytes.length >= 2 && (bytes.at[0] != TPKT || bytes.at[1] != 0))
		return -1;
	rd_skip(&r, 2);
	size_t length = rd_be16(&r);
	if (!rd_ok(&r))
		return 0;
	if (length < 4 + X224_HEADER || length > PACKET_MAX)
		return -1;
	struct reader body = rd_sub(&r, length - 4);
	if (!rd_ok(&r))
		return 0;
	if (rd_u8(&body) != length - 5)
		return -1;
	c.type = rd_u8(&body);
	rd_skip(&body, 5);
	c.cookie = span_of(body.end, 0);
	struct span rest = rd_rest(&body);
	if (span_starts(rest, cookie)) {
		ptrdiff_t end = span_find(rest, "\r\n", 2);

		if (end < 0)
			return -1;
		c.cookie = span_from(span_first(rest, (size_t)end), sizeof(cookie) - 1);
		rest = span_from(rest, (size_t)end + 2);
	}
	struct reader negotiation = rd_new(rest);
	c.kind = rd_u8(&negotiation);
	rd_skip(&negotiation, 1); /* flags */
	size_t said = rd_le16(&negotiation);
	c.protocols = rd_le32(&negotiation);
	c.negotiates =
		rd_ok(&negotiation) && said == NEG_LENGTH && c.kind >= NEG_REQUEST && c.kind <= 3;
	*ret = c;
	return (long)length;
}

/* [MS-RDPBCGR] 2.2.1.2.1 */
static const char *protocol_name(uint32_t protocol)
{
	switch (protocol) {
	case 0:
		return "standard";
	case 1:
		return "tls";
	case 2:
	case 8:
		return "credssp";
	case 4:
		return "rdstls";
	case 16:
		return "aad";
	default:
		return NULL;
	}
}

static long hear_request(struct rdp *s, struct talk *t, const struct connect *c)
{
	static const char user[] = "mstshash=";

	if (c->type != CONNECTION_REQUEST || (c->cookie.length == 0 && !c->negotiates))
		return HEAR_NOT_OURS;
	s->asked = true;
	if (span_starts(c->cookie, user))
		tell_account(t, span_from(c->cookie, sizeof(user) - 1));
	return 0;
}

static long hear_confirm(struct rdp *s, struct talk *t, const struct connect *c)
{
	if (c->type != CONNECTION_CONFIRM || (!s->asked && !c->negotiates))
		return HEAR_NOT_OURS;
	tell_spoken(t, "rdp");
	if (c->negotiates && c->kind != NEG_RESPONSE)
		return HEAR_DONE; /* a refusal */
	uint32_t chosen = c->negotiates ? c->protocols : 0;
	const char *name = protocol_name(chosen);
	if (name != NULL)
		tell_server(t, "rdp.security", span_text(name));
	s->begun = chosen != 0;
	return s->begun ? 0 : HEAR_DONE;
}

static long hear(struct talk *t, enum side side, struct span bytes)
{
	struct rdp *s = t->state;
	struct connect c;

	if (s->begun || (s->asked && bytes.length > 0 && bytes.at[0] == 0x16)) {
		s->begun = true;
		long taken = tls_ear_hear(&s->ear, t, side, bytes);

		return taken == HEAR_NOT_OURS ? HEAR_DONE : taken;
	}
	long length = read_connect(bytes, &c);
	if (length <= 0)
		return length == 0 ? HEAR_MORE : s->asked ? HEAR_DONE : HEAR_NOT_OURS;
	long ended = side == SIDE_CLIENT ? hear_request(s, t, &c) : hear_confirm(s, t, &c);
	return ended != 0 ? ended : length;
}

static int recognise(const struct talk *t, enum side side, struct span first)
{
	struct connect c;
	long length = read_connect(first, &c);

	(void)t;
	if (length <= 0)
		return length == 0 ? 0 : -1;
	if (side == SIDE_CLIENT)
		return c.type == CONNECTION_REQUEST && (c.cookie.length > 0 || c.negotiates) ? 1
											     : -1;
	return c.type == CONNECTION_CONFIRM && c.negotiates ? 1 : -1;
}

const struct decoder decoder_rdp = {
	.name = "rdp",
	.tcp_ports = (const uint16_t[]){ 3389, 0 },
	.state_size = sizeof(struct rdp),
	.recognise = recognise,
	.hear = hear,
};
