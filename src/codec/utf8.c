/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/utf8.h"

#include "codec/reader.h"

size_t utf8_next(const uint8_t *p, size_t left, uint32_t *ret)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n;
	uint32_t v;

	if (p[0] < 0x80) {
		*ret = p[0];
		return 1;
	}
	if ((p[0] & 0xe0) == 0xc0) {
		n = 2;
		v = p[0] & 0x1fU;
	} else if ((p[0] & 0xf0) == 0xe0) {
		n = 3;
		v = p[0] & 0x0fU;
	} else if ((p[0] & 0xf8) == 0xf0) {
		n = 4;
		v = p[0] & 0x07U;
	} else {
		return 0;
	}
	if (n > left)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		v = v << 6 | (p[i] & 0x3fU);
	}
	if (v < least[n] || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
		return 0;
	*ret = v;
	return n;
}

static size_t put_utf8(uint8_t *out, uint32_t v)
{
	if (v < 0x80) {
		out[0] = (uint8_t)v;
		return 1;
	}
	if (v < 0x800) {
		out[0] = (uint8_t)(0xc0 | v >> 6);
		out[1] = (uint8_t)(0x80 | (v & 0x3f));
		return 2;
	}
	if (v < 0x10000) {
		out[0] = (uint8_t)(0xe0 | v >> 12);
		out[1] = (uint8_t)(0x80 | (v >> 6 & 0x3f));
		out[2] = (uint8_t)(0x80 | (v & 0x3f));
		return 3;
	}
	out[0] = (uint8_t)(0xf0 | v >> 18);
	out[1] = (uint8_t)(0x80 | (v >> 12 & 0x3f));
	out[2] = (uint8_t)(0x80 | (v >> 6 & 0x3f));
	out[3] = (uint8_t)(0x80 | (v & 0x3f));
	return 4;
}

size_t utf16le_text(struct span utf16, uint8_t *out, size_t size)
{
	struct reader r = rd_new(utf16);
	size_t n = 0;

	while (rd_left(&r) >= 2 && n + 4 <= size) {
		uint32_t v = rd_le16(&r);
		struct reader ahead = r;
		uint32_t low = rd_le16(&ahead);

		if (v >= 0xd800 && v <= 0xdbff && low >= 0xdc00 && low <= 0xdfff) {
			v = 0x10000 + ((v - 0xd800) << 10) + (low - 0xdc00);
			r = ahead;
		}
		n += put_utf8(out + n, v);
	}
	return n;
}
