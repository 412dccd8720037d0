/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LLDP (IEEE 802.1AB-2016, 8 and 9; inventory of LLDP-MED, ANSI/TIA-1057, 10.2.6): what a switch, a phone or a
 * controller says of itself to its neighbour. A device says an address where it has one to be managed by; else
 * its chassis' MAC stands for it.
 */
#include "listen/decoder.h"

#include "codec/reader.h"

enum { END = 0, CHASSIS = 1, SYSTEM_NAME = 5, SYSTEM = 6, MANAGEMENT = 8, OF_MAKER = 127 };
enum { CHASSIS_MAC = 4, IPV4 = 1, IPV6 = 2, MED = 0x0012bb, MED_MAKER = 9, MED_MODEL = 10 };
enum { TLVS_MOST = 128, MODEL_MOST = 80 };

struct device {
	struct addr address;
	const uint8_t *mac;
	struct span name, system, maker, model;
};

/* IEEE 802.1AB, 8.5.9. */
static void read_management(struct reader value, struct device *d)
{
	struct reader a = rd_sub(&value, rd_u8(&value));
	uint8_t family = rd_u8(&a);
	struct addr address = addr_of_bytes(rd_rest(&a));

	if (!rd_ok(&value) || (family != IPV4 && family != IPV6) || addr_is_none(&address) ||
	    addr_is_unusable(&address))
		return;
	/* The first, but of IPv4 before IPv6. */
	if (addr_is_none(&d->address) || (!addr_is_ipv4(&d->address) && addr_is_ipv4(&address)))
		d->address = address;
}

static void read_inventory(struct reader value, struct device *d)
{
	uint8_t subtype = rd_u8(&value);

	if (subtype == MED_MAKER)
		d->maker = rd_rest(&value);
	else if (subtype == MED_MODEL)
		d->model = rd_rest(&value);
}

static void read_tlv(unsigned type, struct reader value, struct device *d)
{
	switch (type) {
	case CHASSIS:
		if (rd_u8(&value) == CHASSIS_MAC && rd_left(&value) == 6)
			d->mac = rd_span(&value, 6).at;
		break;
	case SYSTEM_NAME:
		d->name = rd_rest(&value);
		break;
	case SYSTEM:
		d->system = rd_rest(&value);
		break;
	case MANAGEMENT:
		read_management(value, d);
		break;
	case OF_MAKER:
		if (rd_be24(&value) == MED)
			read_inventory(value, d);
		break;
	default:
		break;
	}
}

static void tell_device(struct notes *n, const struct device *d, const char *kind,
			struct span value)
{
	struct fact f = { .kind = kind, .about = d->address, .value = value };

	if (addr_is_none(&d->address))
		f.mac = d->mac;
	if (value.length > 0)
		n->fact(n, &f);
}

static void tell_model(struct notes *n, const struct device *d)
{
	uint8_t text[MODEL_MOST];
	size_t maker = d->maker.length < MODEL_MOST / 2 ? d->maker.length : MODEL_MOST / 2 - 1;
	size_t model = d->model.length < MODEL_MOST / 2 ? d->model.length : MODEL_MOST / 2;

	if (model == 0)
		return;
	memcpy(text, d->maker.at, maker);
	text[maker] = ' ';
	memcpy(text + maker + 1, d->model.at, model);
	tell_device(n, d, "model.lldp",
		    maker > 0 ? span_of(text, maker + 1 + model) : span_first(d->model, model));
}

static bool lldp_packet(struct notes *n, const struct packet *p)
{
	struct reader r = rd_new(p->payload);
	struct device d = { .mac = p->has_mac ? p->src_mac : NULL,
			    .maker = span_of("", 0),
			    .model = span_of("", 0) };

	for (unsigned i = 0; i < TLVS_MOST && rd_left(&r) >= 2; i++) {
		uint16_t head = rd_be16(&r);
		struct reader value = rd_sub(&r, head & 0x1ff);

		if (!rd_ok(&value) || (i == 0 && head >> 9 != CHASSIS))
			return false;
		if (head >> 9 == END)
			break;
		read_tlv(head >> 9, value, &d);
	}
	tell_device(n, &d, "name.lldp", d.name);
	tell_device(n, &d, "version.lldp", d.system);
	tell_model(n, &d);
	return true;
}

const struct decoder decoder_lldp = {
	.name = "lldp",
	.ethertypes = (const uint16_t[]){ 0x88cc, 0 },
	.packet = lldp_packet,
};
