/* SPDX-License-Identifier: Apache-2.0 */
/*
 * End points of VPNs that a standard describes: IKE (RFC 7296, 3.1; RFC 2408, 3.1; behind NAT RFC 3948), ESP and
 * AH (RFC 4303, RFC 4302), L2TP (RFC 2661, 3.1; RFC 3931), PPTP with its own GRE (RFC 2637). An end point is told
 * of when it answers a caller; of packets that only carry, both ends are told.
 */
#include "listen/decoder.h"

#include "codec/reader.h"

enum { IKE = 500, IKE_NAT = 4500, L2TP = 1701, PPTP = 1723 };

static void tell_end(struct notes *n, const char *kind, const struct addr *about, uint16_t port,
		     bool udp, const struct addr *peer, struct span value)
{
	n->fact(n, &(struct fact){ .kind = kind,
				   .about = *about,
				   .peer = *peer,
				   .port = port,
				   .udp = udp,
				   .value = value });
}

/* ---- IKE ---- */

/* RFC 2408, 3.1, and RFC 2409, 5: of version 1 the second message has the responder's cookie, and begins with
 * the security association that was chosen. */
static const char *answer_word(uint8_t version, uint8_t exchange, uint8_t flags, uint8_t next,
			       uint64_t responder)
{
	enum { SA = 1, MAIN = 2, AGGRESSIVE = 4, INIT = 34, LAST = 37, RESPONSE = 0x20 };

	if (version >> 4 == 2 && exchange >= INIT && exchange <= LAST)
		return (flags & RESPONSE) != 0 ? "IKEv2" : "";
	if (version >> 4 != 1)
		return NULL;
	if (responder == 0 || next != SA)
		return exchange >= 1 && exchange <= 32 ? "" : NULL;
	return exchange == MAIN ? "IKEv1 main" : exchange == AGGRESSIVE ? "IKEv1 aggressive" : "";
}

static bool hear_ike(struct notes *n, const struct packet *p, struct span message)
{
	enum { HEADER = 28 };
	struct reader r = rd_new(message);
	uint64_t initiator = rd_be64(&r), responder = rd_be64(&r);
	uint8_t next = rd_u8(&r), version = rd_u8(&r), exchange = rd_u8(&r), flags = rd_u8(&r);

	rd_skip(&r, 4); /* message */
	uint32_t length = rd_be32(&r);
	if (!rd_ok(&r) || initiator == 0 || length < HEADER || length > p->payload_length)
		return false;
	const char *word = answer_word(version, exchange, flags, next, responder);
	if (word == NULL)
		return false;
	if (word[0] != '\0')
		tell_end(n, "vpn.ike", &p->src, p->src_port, true, &p->dst, span_text(word));
	return true;
}

static bool ike_packet(struct notes *n, const struct packet *p)
{
	enum { MARKER = 4, ESP_LEAST = 16, KEEPALIVE = 0xff };
	struct reader r = rd_new(p->payload);

	if (p->src_port != IKE_NAT && p->dst_port != IKE_NAT)
		return hear_ike(n, p, p->payload);
	if (p->payload.length == 1)
		return p->payload.at[0] == KEEPALIVE;
	uint32_t index = rd_be32(&r);
	if (!rd_ok(&r))
		return false;
	if (index == 0)
		return hear_ike(n, p, span_from(p->payload, MARKER));
	/* RFC 4303, 2.1: the numbers up to 255 are nobody's. */
	if (index < 256 || p->payload_length < ESP_LEAST)
		return false;
	tell_end(n, "vpn.ipsec", &p->dst, p->dst_port, true, &p->src, (struct span){ 0 });
	return true;
}

static bool ipsec_packet(struct notes *n, const struct packet *p)
{
	tell_end(n, "vpn.ipsec", &p->dst, 0, false, &p->src, (struct span){ 0 });
	return true;
}

/* ---- L2TP ---- */

/* RFC 2661, 4.4.1 and 5.8: the first value of a control message says which it is. */
static bool l2tp_packet(struct notes *n, const struct packet *p)
{
	enum { CONTROL = 0xc802, CONTROL_3 = 0xc803, FLAGS = 0xcb0f, REPLY = 2, MESSAGES = 16 };
	enum { DATA = 0x8000, PROTOCOL_VERSION = 15 };
	struct reader r = rd_new(p->payload);
	uint16_t flags = rd_be16(&r);

	if (!rd_ok(&r) || p->src_port != L2TP || p->dst_port != L2TP)
		if (p->src_port != L2TP && p->dst_port != L2TP)
			return false;
	if ((flags & DATA) == 0)
		return rd_ok(&r) && (flags & PROTOCOL_VERSION) == 2;
	if ((flags & FLAGS) != CONTROL && (flags & FLAGS) != CONTROL_3)
		return false;
	uint16_t length = rd_be16(&r);
	rd_skip(&r, 8); /* tunnel and session, or connection; two numbers */
	if (!rd_ok(&r) || length > p->payload_length)
		return false;
	if (rd_left(&r) == 0) /* only acknowledges */
		return true;
	rd_skip(&r, 2 + 2 + 2); /* flags and length, maker, kind 0 */
	uint16_t message = rd_be16(&r);
	if (!rd_ok(&r) || message == 0 || message > MESSAGES + 12)
		return false;
	if (message == REPLY)
		tell_end(n, "vpn.l2tp", &p->src, p->src_port, true, &p->dst,
			 span_text((flags & PROTOCOL_VERSION) == 3 ? "L2TPv3" : "L2TPv2"));
	return true;
}

/* ---- PPTP ---- */

/* RFC 2637, 1.4: length, kind of message, cookie. */
static int pptp_recognise(const struct talk *t, enum side side, struct span first)
{
	enum { COOKIE = 0x1a2b3c4d };
	struct reader r = rd_new(first);

	(void)t;
	(void)side;
	uint16_t length = rd_be16(&r), kind = rd_be16(&r);
	uint32_t cookie = rd_be32(&r);
	if (!rd_ok(&r))
		return first.length < 4 || kind == 1 ? 0 : -1;
	return length >= 12 && kind == 1 && cookie == COOKIE ? 1 : -1;
}

/* 2.2: the server's answer to the first message, with its name and maker. */
static long pptp_hear(struct talk *t, enum side side, struct span bytes)
{
	enum { REPLY = 2, TEXT = 64 };
	struct reader r = rd_new(bytes);

	if (side == SIDE_CLIENT)
		return (long)bytes.length;
	uint16_t length = rd_be16(&r);
	struct reader message = rd_sub(&r, length >= 2 ? length - 2U : SIZE_MAX);
	if (!rd_ok(&r))
		return length < 12 && bytes.length >= 2 ? HEAR_NOT_OURS : HEAR_MORE;
	rd_skip(&message, 2 + 4); /* kind, cookie */
	if (rd_be16(&message) != REPLY)
		return HEAR_DONE;
	rd_skip(&message, 2 + 2 + 1 + 1 + 4 + 4 + 2 + 2); /* up to firmware */
	rd_skip(&message, TEXT);                          /* its own name */
	struct span maker = rd_span(&message, TEXT);
	tell_server(t, "vpn.pptp", (struct span){ 0 });
	ptrdiff_t end = span_find(maker, "", 1);
	if (rd_ok(&message) && end != 0)
		tell_server(t, "service.product", end > 0 ? span_first(maker, (size_t)end) : maker);
	return HEAR_DONE;
}

/* What is left of GRE where nobody could unwrap it: version 1 is PPTP's (RFC 2637, 4.1). */
static bool pptp_packet(struct notes *n, const struct packet *p)
{
	enum { PROTOCOL_VERSION = 7, PPP = 0x880b };
	struct reader r = rd_new(p->payload);
	uint16_t flags = rd_be16(&r), protocol = rd_be16(&r);

	if (!rd_ok(&r) || (flags & PROTOCOL_VERSION) != 1 || protocol != PPP)
		return false;
	tell_end(n, "vpn.pptp", &p->dst, 0, false, &p->src, (struct span){ 0 });
	return true;
}

const struct decoder decoder_ike = {
	.name = "ike",
	.udp_ports = (const uint16_t[]){ IKE, IKE_NAT, 0 },
	.packet = ike_packet,
};

const struct decoder decoder_ipsec = {
	.name = "ipsec",
	.protocols = (const uint8_t[]){ 50, 51, 0 },
	.packet = ipsec_packet,
};

const struct decoder decoder_l2tp = {
	.name = "l2tp",
	.udp_ports = (const uint16_t[]){ L2TP, 0 },
	.packet = l2tp_packet,
};

const struct decoder decoder_pptp = {
	.name = "pptp",
	.protocols = (const uint8_t[]){ 47, 0 },
	.packet = pptp_packet,
	.tcp_ports = (const uint16_t[]){ PPTP, 0 },
	.recognise = pptp_recognise,
	.hear = pptp_hear,
};
