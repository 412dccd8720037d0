/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cisco Discovery Protocol, which other makers' switches and phones speak as well: name, software and model of a
 * device. Its form was never published as a standard; the types of its fields are those of Cisco's manual
 * "Configuring Cisco Discovery Protocol".
 */
#include "listen/decoder.h"

#include "codec/reader.h"

enum { DEVICE = 1, ADDRESSES = 2, SOFTWARE = 5, PLATFORM = 6, MANAGEMENT = 0x16 };
enum { NLPID = 1, NLPID_IPV4 = 0xcc, FIELDS_MOST = 128, ADDRESSES_MOST = 16 };

/* LLC to the SNAP point, then organisation 00-00-0c and protocol 0x2000 (IEEE 802, 9.4). */
static const uint8_t head[] = { 0xaa, 0xaa, 0x03, 0x00, 0x00, 0x0c, 0x20, 0x00 };

/* The first IPv4 address of a list. */
static struct addr read_addresses(struct reader value)
{
	uint32_t count = rd_be32(&value);

	for (uint32_t i = 0; i < count && i < ADDRESSES_MOST && rd_left(&value) > 0; i++) {
		uint8_t kind = rd_u8(&value);
		struct span protocol = rd_span(&value, rd_u8(&value));
		struct span address = rd_span(&value, rd_be16(&value));

		if (rd_ok(&value) && kind == NLPID && protocol.length == 1 &&
		    protocol.at[0] == NLPID_IPV4 && address.length == 4)
			return addr_of_bytes(address);
	}
	return (struct addr){ 0 };
}

static bool cdp_packet(struct notes *n, const struct packet *p)
{
	struct reader r = rd_new(p->payload);
	struct addr management = { 0 }, any = { 0 };
	struct span name = { 0 }, version = { 0 }, platform = { 0 };

	struct span start = rd_span(&r, sizeof(head));
	if (!rd_ok(&r) || memcmp(start.at, head, sizeof(head)) != 0)
		return false;
	rd_skip(&r, 4); /* version, time to live, checksum */
	for (unsigned i = 0; i < FIELDS_MOST && rd_left(&r) >= 4; i++) {
		uint16_t type = rd_be16(&r), length = rd_be16(&r);
		struct reader value = rd_sub(&r, length >= 4 ? length - 4U : SIZE_MAX);

		if (!rd_ok(&value))
			break; /* padding of short frames, or cut */
		switch (type) {
		case DEVICE:
			name = rd_rest(&value);
			break;
		case ADDRESSES:
			any = read_addresses(value);
			break;
		case SOFTWARE:
			version = rd_rest(&value);
			break;
		case PLATFORM:
			platform = rd_rest(&value);
			break;
		case MANAGEMENT:
			management = read_addresses(value);
			break;
		default:
			break;
		}
	}
	if (name.length == 0)
		return false;
	struct fact f = { .about = addr_is_none(&management) ? any : management };
	if (addr_is_none(&f.about) || addr_is_unusable(&f.about)) {
		f.about = (struct addr){ 0 };
		f.mac = p->has_mac ? p->src_mac : NULL;
	}
	const struct {
		const char *kind;
		struct span value;
	} told[] = { { "name.cdp", name }, { "version.cdp", version }, { "model.cdp", platform } };
	for (size_t i = 0; i < countof(told); i++) {
		f.kind = told[i].kind;
		f.value = told[i].value;
		if (f.value.length > 0)
			n->fact(n, &f);
	}
	return true;
}

const struct decoder decoder_cdp = {
	.name = "cdp",
	.ethertypes = (const uint16_t[]){ 0x0001, 0 },
	.packet = cdp_packet,
};
