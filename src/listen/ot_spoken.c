/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OT protocols of which only this is told: who speaks them, by a sign that nothing else has (ot_signs.h). What is
 * asked in them is not looked at. A question alone tells nothing of whom it was put to.
 */
#include "listen/decoder.h"
#include "listen/ot_signs.h"

/* ---- streams ---- */

/* `sign` is that of the side's first bytes. */
static long hear_answer(struct talk *t, enum side side, struct span bytes, int sign,
			const char *protocol)
{
	if (side == SIDE_CLIENT)
		return (long)bytes.length;
	if (sign == 0)
		return HEAR_MORE;
	if (sign > 0) {
		t->application = protocol;
		tell_server(t, "service.spoken", span_text(protocol));
	}
	return HEAR_DONE;
}

static int dnp3_recognise(const struct talk *t, enum side side, struct span first)
{
	(void)t;
	(void)side;
	return sign_dnp3(first);
}

static long dnp3_hear(struct talk *t, enum side side, struct span bytes)
{
	return hear_answer(t, side, bytes, sign_dnp3(bytes), "dnp3");
}

static int iec104_recognise(const struct talk *t, enum side side, struct span first)
{
	(void)side;
	return t->server_port == 2404 ? sign_iec104(first) : sign_iec104_unnumbered(first);
}

static long iec104_hear(struct talk *t, enum side side, struct span bytes)
{
	return hear_answer(t, side, bytes, sign_iec104(bytes), "iec104");
}

static int opcua_recognise(const struct talk *t, enum side side, struct span first)
{
	(void)t;
	(void)side;
	return sign_opcua(first);
}

static long opcua_hear(struct talk *t, enum side side, struct span bytes)
{
	return hear_answer(t, side, bytes, sign_opcua(bytes), "opcua");
}

static int fins_recognise(const struct talk *t, enum side side, struct span first)
{
	(void)t;
	(void)side;
	return sign_fins_stream(first);
}

static long fins_hear(struct talk *t, enum side side, struct span bytes)
{
	return hear_answer(t, side, bytes, sign_fins_stream(bytes), "fins");
}

static int melsec_recognise(const struct talk *t, enum side side, struct span first)
{
	(void)t;
	(void)side;
	return sign_melsec(first);
}

static long melsec_hear(struct talk *t, enum side side, struct span bytes)
{
	return hear_answer(t, side, bytes, sign_melsec(bytes), "melsec");
}

static int codesys_recognise(const struct talk *t, enum side side, struct span first)
{
	int v2 = sign_codesys_v2(first);

	(void)t;
	(void)side;
	return v2 != -1 ? v2 : sign_codesys_v3(first);
}

static long codesys_hear(struct talk *t, enum side side, struct span bytes)
{
	if (sign_codesys_v2(bytes) > 0)
		return hear_answer(t, side, bytes, 1, "codesys-v2");
	return hear_answer(t, side, bytes, sign_codesys_v3(bytes), "codesys-v3");
}

static int hart_recognise(const struct talk *t, enum side side, struct span first)
{
	(void)side;
	return t->server_port == 5094 ? sign_hart(first) : -1;
}

static long hart_hear(struct talk *t, enum side side, struct span bytes)
{
	return hear_answer(t, side, bytes, sign_hart(bytes), "hart-ip");
}

static int fox_recognise(const struct talk *t, enum side side, struct span first)
{
	(void)t;
	(void)side;
	return sign_fox(first);
}

static long fox_hear(struct talk *t, enum side side, struct span bytes)
{
	return hear_answer(t, side, bytes, sign_fox(bytes), "fox");
}

/* ---- datagrams ---- */

/* The protocol was recognised; where its port is the sender's, the sender speaks it. */
static bool hear_datagram(struct notes *n, const struct packet *p, const char *protocol,
			  const uint16_t *ports)
{
	for (; *ports != 0; ports++) {
		if (p->src_port != *ports)
			continue;
		struct fact f = { .kind = "service.spoken",
				  .about = p->src,
				  .port = p->src_port,
				  .udp = true,
				  .value = span_text(protocol) };
		/* To everybody is to nobody. */
		if (!addr_is_unusable(&p->dst) && !(p->has_mac && (p->dst_mac[0] & 1)))
			f.peer = p->dst;
		n->fact(n, &f);
		break;
	}
	return true;
}

static const uint16_t dnp3_ports[] = { 20000, 0 };
static const uint16_t fins_ports[] = { 9600, 0 };
static const uint16_t melsec_tcp_ports[] = { 5000, 5001, 5002, 5007, 0 };
static const uint16_t melsec_udp_ports[] = { 5000, 5001, 5002, 5006, 5008, 5010, 0 };
static const uint16_t codesys_tcp_ports[] = { 1200, 1217, 2455, 11740, 11741, 11742, 11743, 0 };
static const uint16_t codesys_udp_ports[] = { 1740, 1741, 1742, 1743, 0 };
static const uint16_t hart_ports[] = { 5094, 0 };
static const uint16_t bacnet_ports[] = { 47808, 0 };
static const uint16_t knx_ports[] = { 3671, 0 };
static const uint16_t flnet_ports[] = { 55000, 55001, 55002, 55003, 0 };
static const uint16_t profinet_ports[] = { 34964, 0 };

static bool dnp3_packet(struct notes *n, const struct packet *p)
{
	/* The first bit of the control byte: from a master, which may use the same port. */
	enum { CONTROL = 3, FROM_MASTER = 0x80 };

	if (sign_dnp3(p->payload) <= 0)
		return false;
	return (p->payload.at[CONTROL] & FROM_MASTER) != 0 ||
	       hear_datagram(n, p, "dnp3", dnp3_ports);
}

static bool fins_packet(struct notes *n, const struct packet *p)
{
	/* The second bit of the first byte: an answer. Both sides use the same port. */
	enum { ANSWER = 0x40 };

	if (!is_fins_datagram(p->payload))
		return false;
	return (p->payload.at[0] & ANSWER) == 0 || hear_datagram(n, p, "fins", fins_ports);
}

static bool melsec_packet(struct notes *n, const struct packet *p)
{
	return sign_melsec(p->payload) > 0 && hear_datagram(n, p, "melsec", melsec_udp_ports);
}

static bool codesys_packet(struct notes *n, const struct packet *p)
{
	return is_codesys_datagram(p->payload) &&
	       hear_datagram(n, p, "codesys-v3", codesys_udp_ports);
}

static bool hart_packet(struct notes *n, const struct packet *p)
{
	return sign_hart(p->payload) > 0 && hear_datagram(n, p, "hart-ip", hart_ports);
}

static bool bacnet_packet(struct notes *n, const struct packet *p)
{
	return is_bacnet(p->payload, p->payload_length) &&
	       hear_datagram(n, p, "bacnet", bacnet_ports);
}

static bool knx_packet(struct notes *n, const struct packet *p)
{
	return is_knx(p->payload, p->payload_length) && hear_datagram(n, p, "knx", knx_ports);
}

static bool flnet_packet(struct notes *n, const struct packet *p)
{
	return is_flnet(p->payload) && hear_datagram(n, p, "fl-net", flnet_ports);
}

static bool profinet_packet(struct notes *n, const struct packet *p)
{
	return is_profinet_cm(p->payload) && hear_datagram(n, p, "profinet-cm", profinet_ports);
}

/* ---- the rows ---- */

const struct decoder decoder_dnp3 = {
	.name = "dnp3",
	.udp_ports = dnp3_ports,
	.packet = dnp3_packet,
	.tcp_ports = dnp3_ports,
	.recognise = dnp3_recognise,
	.hear = dnp3_hear,
};

const struct decoder decoder_iec104 = {
	.name = "iec104",
	.tcp_ports = (const uint16_t[]){ 2404, 0 },
	.recognise = iec104_recognise,
	.hear = iec104_hear,
};

const struct decoder decoder_opcua = {
	.name = "opcua",
	.tcp_ports = (const uint16_t[]){ 4840, 0 },
	.recognise = opcua_recognise,
	.hear = opcua_hear,
};

const struct decoder decoder_fins = {
	.name = "fins",
	.udp_ports = fins_ports,
	.packet = fins_packet,
	.tcp_ports = fins_ports,
	.recognise = fins_recognise,
	.hear = fins_hear,
};

const struct decoder decoder_melsec = {
	.name = "melsec",
	.udp_ports = melsec_udp_ports,
	.packet = melsec_packet,
	.tcp_ports = melsec_tcp_ports,
	.recognise = melsec_recognise,
	.hear = melsec_hear,
};

const struct decoder decoder_codesys = {
	.name = "codesys-v3",
	.udp_ports = codesys_udp_ports,
	.packet = codesys_packet,
	.tcp_ports = codesys_tcp_ports,
	.recognise = codesys_recognise,
	.hear = codesys_hear,
};

const struct decoder decoder_hart = {
	.name = "hart-ip",
	.udp_ports = hart_ports,
	.packet = hart_packet,
	.tcp_ports = hart_ports,
	.recognise = hart_recognise,
	.hear = hart_hear,
};

const struct decoder decoder_fox = {
	.name = "fox",
	.tcp_ports = (const uint16_t[]){ 1911, 0 },
	.recognise = fox_recognise,
	.hear = fox_hear,
};

const struct decoder decoder_bacnet = {
	.name = "bacnet",
	.udp_ports = bacnet_ports,
	.packet = bacnet_packet,
};

const struct decoder decoder_knx = {
	.name = "knx",
	.udp_ports = knx_ports,
	.packet = knx_packet,
};

const struct decoder decoder_flnet = {
	.name = "fl-net",
	.udp_ports = flnet_ports,
	.packet = flnet_packet,
};

const struct decoder decoder_profinet_cm = {
	.name = "profinet-cm",
	.udp_ports = profinet_ports,
	.packet = profinet_packet,
};
