/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OT protocols that have no IP: by their Ethernet type it is told who speaks them, and PROFINET's discovery tells
 * what a station calls itself.
 *
 *	8892  PROFINET: IEC 61158-6-10, 4 (a frame id behind the type; discovery: 4.3)
 *	88a4  EtherCAT: IEC 61158-4-12
 *	88b8  GOOSE, 88b9 its management: IEC 61850-8-1, annex C
 *	88ba  sampled values: IEC 61850-9-2, 5
 */
#include "listen/decoder.h"

#include "codec/reader.h"

enum {
	PROFINET = 0x8892,
	REALTIME_FIRST = 0x0100, /* frame ids of cyclic data */
	REALTIME_LAST = 0xfbff,
	DCP_FIRST = 0xfefc, /* hello, get or set, identify, its answer */
	DCP_LAST = 0xfeff,
	DCP_IDENTIFY = 5,
	DCP_ANSWER = 1,
	DCP_BLOCKS_MAX = 64,
	DCP_ADDRESS = 0x0102, /* option and suboption */
	DCP_MODEL = 0x0201,
	DCP_NAME = 0x0202,
};

static void tell_sender(struct notes *n, const struct packet *p, const char *kind,
			struct span value)
{
	n->fact(n, &(struct fact){
			   .kind = kind, .mac = p->has_mac ? p->src_mac : NULL, .value = value });
}

static void tell_address(struct notes *n, const struct packet *p, struct reader block)
{
	struct addr about = { .bytes = { [10] = 0xff, [11] = 0xff } };
	struct span address = rd_span(&block, 4);

	if (!rd_ok(&block) || !p->has_mac)
		return;
	memcpy(about.bytes + 12, address.at, address.length);
	if (!addr_is_unusable(&about))
		n->fact(n, &(struct fact){
				   .kind = "addr.profinet", .about = about, .mac = p->src_mac });
}

/* Service, kind, transaction(4), 0(2), length(2), then blocks of option(2), length(2), info(2), value, filled
 * up to an even number. */
static void tell_discovery(struct notes *n, const struct packet *p, struct reader r)
{
	uint8_t service = rd_u8(&r), kind = rd_u8(&r);

	if (service != DCP_IDENTIFY || kind != DCP_ANSWER)
		return;
	rd_skip(&r, 6);
	struct reader blocks = rd_sub(&r, rd_be16(&r));
	for (unsigned i = 0; i < DCP_BLOCKS_MAX && rd_left(&blocks) > 4; i++) {
		uint16_t option = rd_be16(&blocks), length = rd_be16(&blocks);
		struct reader block = rd_sub(&blocks, length);

		if ((length & 1) != 0 && rd_left(&blocks) > 0)
			rd_skip(&blocks, 1);
		rd_skip(&block, 2);
		if (!rd_ok(&block))
			return;
		if (option == DCP_NAME)
			tell_sender(n, p, "name.profinet", rd_rest(&block));
		else if (option == DCP_MODEL)
			tell_sender(n, p, "model.profinet", span_trim(rd_rest(&block)));
		else if (option == DCP_ADDRESS)
			tell_address(n, p, block);
	}
}

static const uint16_t types[] = { PROFINET, 0x88a4, 0x88b8, 0x88b9, 0x88ba, 0 };
static const char *const names[] = { NULL, "ethercat", "goose", "gse-management",
				     "sampled-values" };

static bool ot_frames_packet(struct notes *n, const struct packet *p)
{
	struct reader r = rd_new(p->payload);
	uint16_t id = rd_be16(&r);

	if (!rd_ok(&r))
		return false;
	for (size_t i = 0; i < countof(names); i++)
		if (names[i] != NULL && types[i] == p->ethertype)
			tell_sender(n, p, "service.spoken", span_text(names[i]));
	if (p->ethertype != PROFINET)
		return true;
	if (id >= DCP_FIRST && id <= DCP_LAST) {
		tell_sender(n, p, "service.spoken", span_text("profinet-dcp"));
		tell_discovery(n, p, r);
	} else if (id >= REALTIME_FIRST && id <= REALTIME_LAST) {
		tell_sender(n, p, "service.spoken", span_text("profinet-rt"));
	}
	return true;
}

const struct decoder decoder_ot_frames = {
	.name = "ot-frames",
	.ethertypes = types,
	.packet = ot_frames_packet,
};
