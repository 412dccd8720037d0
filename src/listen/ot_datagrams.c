/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Control protocols over UDP of which only this is told, that a device speaks them, and only where a sure sign
 * says so: BACnet/IP (ASHRAE 135, annex J), FINS (Omron W421, 5-1), SLMP and MC 3E (Mitsubishi SH080956, 3; binary), KNXnet/IP
 * (ISO 22510, 5.3) and DNP3 (IEEE 1815, 9.2).
 */
#include "listen/decoder.h"

#include "codec/reader.h"

static void tell_spoken(struct notes *n, const struct packet *p, const char *protocol)
{
	n->fact(n, &(struct fact){ .kind = "service.spoken",
				   .about = p->src,
				   .peer = p->dst,
				   .port = p->src_port,
				   .udp = true,
				   .value = span_text(protocol) });
}

/* J.2: kind, function, length of the whole. All devices speak from the same port that they are spoken to at. */
static bool bacnet_packet(struct notes *n, const struct packet *p)
{
	enum {
		PORT = 47808,
		KIND = 0x81,
		FUNCTIONS = 12,
		ORIGINAL_UNICAST = 10,
		PROTOCOL_VERSION = 1
	};
	struct reader r = rd_new(p->payload);
	uint8_t kind = rd_u8(&r), function = rd_u8(&r);
	uint16_t length = rd_be16(&r);

	if (!rd_ok(&r) || kind != KIND || function >= FUNCTIONS || length != p->payload_length)
		return false;
	if (function >= ORIGINAL_UNICAST && rd_u8(&r) != PROTOCOL_VERSION)
		return false;
	if (p->src_port == PORT)
		tell_spoken(n, p, "bacnet");
	return true;
}

/* Information, reserved, gateways that may be passed. Bit 6 of the first: a response. */
static bool fins_packet(struct notes *n, const struct packet *p)
{
	enum { RESPONSE = 0x40, HEADER = 10, ENDING = 4 };
	struct reader r = rd_new(p->payload);
	uint8_t information = rd_u8(&r), reserved = rd_u8(&r), gateways = rd_u8(&r);

	if (!rd_ok(&r) || (information & 0xbe) != 0x80 || reserved != 0 || gateways > 7 ||
	    p->payload_length < HEADER + 2)
		return false;
	if ((information & RESPONSE) != 0 && p->src_port == 9600 &&
	    p->payload_length >= HEADER + ENDING)
		tell_spoken(n, p, "fins");
	return true;
}

/* Request 50 00, response d0 00; network, station, module (03ff the controller itself), drop, length. */
static bool slmp_packet(struct notes *n, const struct packet *p)
{
	enum { REQUEST = 0x5000, RESPONSE = 0xd000, HEADER = 9, OWN_MODULE = 0x03ff };
	struct reader r = rd_new(p->payload);
	uint16_t kind = rd_be16(&r);

	rd_skip(&r, 2); /* network, station */
	uint16_t module = rd_le16(&r);
	rd_skip(&r, 1); /* drop */
	uint16_t length = rd_le16(&r);
	if (!rd_ok(&r) || (kind != REQUEST && kind != RESPONSE) || module != OWN_MODULE ||
	    (uint32_t)length + HEADER != p->payload_length)
		return false;
	if (kind == RESPONSE)
		tell_spoken(n, p, "slmp");
	return true;
}

/* Length of the header, version, service, length of the whole. Services of a server's answers. */
static bool knx_packet(struct notes *n, const struct packet *p)
{
	enum { HEADER = 0x06, PROTOCOL_VERSION = 0x10, PORT = 3671 };
	struct reader r = rd_new(p->payload);
	uint8_t header = rd_u8(&r), version = rd_u8(&r);

	rd_skip(&r, 2); /* service */
	uint16_t length = rd_be16(&r);
	if (!rd_ok(&r) || header != HEADER || version != PROTOCOL_VERSION ||
	    length != p->payload_length)
		return false;
	if (p->src_port == PORT)
		tell_spoken(n, p, "knx");
	return true;
}

/* Start octets, length, control, whose first bit says that a master speaks. */
static bool dnp3_packet(struct notes *n, const struct packet *p)
{
	enum { START = 0x0564, LEAST = 5, FROM_MASTER = 0x80, PORT = 20000 };
	struct reader r = rd_new(p->payload);
	uint16_t start = rd_be16(&r);
	uint8_t length = rd_u8(&r), control = rd_u8(&r);

	if (!rd_ok(&r) || start != START || length < LEAST)
		return false;
	if ((control & FROM_MASTER) == 0 && p->src_port == PORT)
		tell_spoken(n, p, "dnp3");
	return true;
}

const struct decoder decoder_bacnet = {
	.name = "bacnet",
	.udp_ports = (const uint16_t[]){ 47808, 0 },
	.packet = bacnet_packet,
};

const struct decoder decoder_fins = {
	.name = "fins",
	.udp_ports = (const uint16_t[]){ 9600, 0 },
	.packet = fins_packet,
};

const struct decoder decoder_slmp = {
	.name = "slmp",
	.udp_ports = (const uint16_t[]){ 5000, 5001, 5002, 5006, 5007, 5008, 5010, 0 },
	.packet = slmp_packet,
};

const struct decoder decoder_knx = {
	.name = "knx",
	.udp_ports = (const uint16_t[]){ 3671, 0 },
	.packet = knx_packet,
};

const struct decoder decoder_dnp3 = {
	.name = "dnp3",
	.udp_ports = (const uint16_t[]){ 20000, 0 },
	.packet = dnp3_packet,
};
