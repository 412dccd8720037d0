/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/dcerpc.h"

static const uint32_t LITTLE_ENDIAN_ASCII_IEEE = 0x10000000;

bool dcerpc_read_header(const uint8_t *bytes, uint32_t call, struct dcerpc_fragment *ret,
			size_t *ret_length)
{
	struct reader r = rd_new(span_of(bytes, DCERPC_HEADER));
	uint8_t major = rd_u8(&r), minor = rd_u8(&r);

	ret->type = rd_u8(&r);
	ret->flags = rd_u8(&r);
	uint32_t representation = rd_be32(&r);
	size_t length = rd_le16(&r);
	uint16_t authentication = rd_le16(&r);

	*ret_length = length;
	return major == 5 && minor == 0 && representation == LITTLE_ENDIAN_ASCII_IEEE &&
	       length >= DCERPC_HEADER && length <= DCERPC_FRAGMENT_MAX && authentication == 0 &&
	       rd_le32(&r) == call;
}

bool dcerpc_read_bind_ack(struct span body, bool *ret_accepted)
{
	struct reader r = rd_new(body);

	rd_skip(&r, 2 + 2 + 4); /* largest fragments, group */
	size_t address = rd_le16(&r);
	rd_skip(&r, address);
	rd_skip(&r, (4 - (2 + address) % 4) % 4);
	uint8_t results = rd_u8(&r);
	rd_skip(&r, 3);
	*ret_accepted = rd_le16(&r) == 0;
	return rd_ok(&r) && results == 1;
}

void dcerpc_put_header(struct writer *w, uint8_t type, uint32_t call, size_t length)
{
	wr_u8(w, 5);
	wr_u8(w, 0);
	wr_u8(w, type);
	wr_u8(w, DCERPC_FIRST | DCERPC_LAST);
	wr_be32(w, LITTLE_ENDIAN_ASCII_IEEE);
	wr_le16(w, (uint16_t)length);
	wr_le16(w, 0); /* no authentication */
	wr_le32(w, call);
}

void dcerpc_put_bind(struct writer *w, const uint8_t interface[static 16], uint32_t version)
{
	static const uint8_t ndr[] = { 0x04, 0x5d, 0x88, 0x8a, 0xeb, 0x1c, 0xc9, 0x11,
				       0x9f, 0xe8, 0x08, 0x00, 0x2b, 0x10, 0x48, 0x60 };

	dcerpc_put_header(w, DCERPC_BIND, 1, DCERPC_BIND_LENGTH);
	wr_le16(w, DCERPC_FRAGMENT_MAX);
	wr_le16(w, DCERPC_FRAGMENT_MAX);
	wr_le32(w, 0); /* a group of its own */
	wr_le32(w, 1); /* one context */
	wr_le16(w, 0); /* number 0 */
	wr_le16(w, 1); /* one syntax */
	wr_bytes(w, interface, 16);
	wr_le32(w, version);
	wr_bytes(w, ndr, sizeof(ndr));
	wr_le32(w, 2);
}
