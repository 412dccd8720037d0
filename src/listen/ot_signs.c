/* SPDX-License-Identifier: Apache-2.0 */
#include "listen/ot_signs.h"

#include "codec/reader.h"

static int sign(const struct reader *r, bool is)
{
	if (!rd_ok(r))
		return 0;
	return is ? 1 : -1;
}

/* ---- streams ---- */

/* CRC-16/DNP: x^16 + x^13 + x^12 + x^11 + x^10 + x^8 + x^6 + x^5 + x^2 + 1, reflected, inverted. */
static uint16_t dnp3_checksum(struct span bytes)
{
	uint16_t sum = 0;

	for (size_t i = 0; i < bytes.length; i++) {
		sum ^= bytes.at[i];
		for (int bit = 0; bit < 8; bit++)
			sum = sum & 1 ? (uint16_t)(sum >> 1 ^ 0xa6bc) : sum >> 1;
	}
	return (uint16_t)~sum;
}

int sign_dnp3(struct span bytes)
{
	struct reader r = rd_new(bytes);
	struct span header = rd_span(&r, 8);
	uint16_t sum = rd_le16(&r);

	return sign(&r, rd_ok(&r) && header.at[0] == 0x05 && header.at[1] == 0x64 &&
				header.at[2] >= 5 && sum == dnp3_checksum(header));
}

struct iec104 {
	uint8_t start, length, control[4];
};

static struct reader read_iec104(struct span bytes, struct iec104 *ret)
{
	struct reader r = rd_new(bytes);

	ret->start = rd_u8(&r);
	ret->length = rd_u8(&r);
	for (size_t i = 0; i < countof(ret->control); i++)
		ret->control[i] = rd_u8(&r);
	return r;
}

int sign_iec104_unnumbered(struct span bytes)
{
	struct iec104 m;
	struct reader r = read_iec104(bytes, &m);
	uint8_t kind = m.control[0] & 0xfc;

	/* STARTDT, STOPDT, TESTFR, asked for or confirmed: one bit of six. */
	return sign(&r, m.start == 0x68 && m.length == 4 && (m.control[0] & 3) == 3 && kind != 0 &&
				(kind & (kind - 1)) == 0 &&
				(m.control[1] | m.control[2] | m.control[3]) == 0);
}

int sign_iec104(struct span bytes)
{
	struct iec104 m;
	struct reader r = read_iec104(bytes, &m);

	if (sign_iec104_unnumbered(bytes) == 1)
		return 1;
	/* The lowest bit of the receiver's count is 0. S: 01 00; I: the lowest bit of the sender's is 0. */
	bool counted = m.start == 0x68 && (m.control[2] & 1) == 0;
	bool s = m.length == 4 && m.control[0] == 1 && m.control[1] == 0;
	bool i = m.length >= 10 && m.length <= 253 && (m.control[0] & 1) == 0;
	return sign(&r, counted && (s || i));
}

int sign_opcua(struct span bytes)
{
	static const char *const kinds[] = { "HELF", "ACKF", "ERRF", "RHEF", "OPNF",
					     "MSGF", "MSGC", "MSGA", "CLOF" };
	struct reader r = rd_new(bytes);
	struct span kind = rd_span(&r, 4);
	uint32_t size = rd_le32(&r);
	bool known = false;

	for (size_t i = 0; i < countof(kinds); i++)
		known |= span_is(kind, kinds[i]);
	return sign(&r, known && size >= 8 && size <= 0x1000000);
}

int sign_fins_stream(struct span bytes)
{
	struct reader r = rd_new(bytes);
	struct span magic = rd_span(&r, 4);
	uint32_t length = rd_be32(&r), command = rd_be32(&r);

	return sign(&r, span_is(magic, "FINS") && length >= 8 && length <= 2020 && command <= 6);
}

int sign_melsec(struct span bytes)
{
	struct reader r = rd_new(bytes);
	uint16_t kind = rd_be16(&r);

	if (kind == 0x5400 || kind == 0xd400)
		rd_skip(&r, 4); /* serial number, 0 */
	else if (kind != 0x5000 && kind != 0xd000)
		return rd_ok(&r) ? -1 : 0;
	uint8_t network = rd_u8(&r), station = rd_u8(&r);
	uint16_t module = rd_le16(&r);
	uint8_t drop = rd_u8(&r);
	uint16_t length = rd_le16(&r);
	return sign(&r, network == 0 && station == 0xff && module == 0x03ff && drop == 0 &&
				length >= 2);
}

int sign_codesys_v2(struct span bytes)
{
	struct reader r = rd_new(bytes);
	uint16_t magic = rd_be16(&r), number = rd_be16(&r);

	return sign(&r, magic == 0xbbbb && (number == 0x0001 || number == 0x0100));
}

int sign_codesys_v3(struct span bytes)
{
	struct reader r = rd_new(bytes);
	uint32_t magic = rd_be32(&r), length = rd_le32(&r);

	return sign(&r, magic == 0x000117e8 && length >= 8 && length <= 0x10000);
}

int sign_hart(struct span bytes)
{
	struct reader r = rd_new(bytes);
	uint8_t version = rd_u8(&r), kind = rd_u8(&r) & 0x0f, id = rd_u8(&r);

	rd_skip(&r, 3); /* status, sequence */
	uint16_t length = rd_be16(&r);
	return sign(&r, (version == 1 || version == 2) && (kind <= 2 || kind == 15) && id <= 5 &&
				length >= 8 && length <= 4096);
}

int sign_fox(struct span bytes)
{
	struct reader r = rd_new(bytes);
	struct span begin = rd_span(&r, 6);

	return sign(&r, span_is(begin, "fox a "));
}

/* ---- datagrams ---- */

bool is_bacnet(struct span bytes, size_t length)
{
	struct reader r = rd_new(bytes);
	uint8_t type = rd_u8(&r), function = rd_u8(&r);

	if (type != 0x81 || function > 0x0c || rd_be16(&r) != length || !rd_ok(&r))
		return false;
	/* Forwarded, distributed, unicast and broadcast ones carry a network message. */
	if (function == 0x04)
		rd_skip(&r, 6);
	if (function == 0x04 || (function >= 0x09 && function <= 0x0b))
		return rd_u8(&r) == 1;
	return true;
}

bool is_knx(struct span bytes, size_t length)
{
	struct reader r = rd_new(bytes);
	uint16_t version = rd_be16(&r);

	rd_skip(&r, 2);
	return version == 0x0610 && rd_be16(&r) == length && rd_ok(&r);
}

bool is_flnet(struct span bytes)
{
	return span_starts(bytes, "FACN");
}

bool is_codesys_datagram(struct span bytes)
{
	struct reader r = rd_new(bytes);
	uint8_t magic = rd_u8(&r), hops = rd_u8(&r);

	/* Hops above, length of the header in words below. */
	return rd_ok(&r) && magic == 0xc5 && (hops & 7) >= 2 && (hops & 7) * 2U <= bytes.length;
}

bool is_fins_datagram(struct span bytes)
{
	struct reader r = rd_new(bytes);
	uint8_t control = rd_u8(&r), reserved = rd_u8(&r), gateways = rd_u8(&r);

	rd_skip(&r, 7); /* both addresses, service id */
	uint8_t command = rd_u8(&r);
	rd_skip(&r, 1);
	return rd_ok(&r) && (control & 0xbe) == 0x80 && reserved == 0 && gateways <= 7 &&
	       command >= 1 && command <= 0x28;
}

bool is_profinet_cm(struct span bytes)
{
	/* What all of them have in common, behind their first eight bytes, which have either order. */
	static const uint8_t interface[] = { 0x82, 0x71, 0x00, 0xa0, 0x24, 0x42, 0xdf, 0x7d };

	return bytes.length >= 80 && bytes.at[0] == 4 &&
	       span_find(span_first(bytes, 80), interface, sizeof(interface)) >= 0;
}
