/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/ber.h"

enum {
	TAG_LONG = 0x1f,    /* the number stands in further bytes */
	LENGTH_LONG = 0x80, /* the length stands in further bytes */
	LENGTH_BYTES_MAX = 4,
};

/* X.690, 8.1.3. Zero length bytes behind 0x80 would be the indefinite form. */
static size_t read_length(struct reader *r)
{
	uint8_t first = rd_u8(r);

	if (first < LENGTH_LONG)
		return first;
	size_t bytes = first & 0x7fU;
	if (bytes == 0 || bytes > LENGTH_BYTES_MAX) {
		rd_fail(r);
		return 0;
	}
	size_t length = 0;
	while (bytes-- > 0)
		length = length << 8 | rd_u8(r);
	return length;
}

bool ber_read(struct reader *r, struct ber *ret)
{
	struct ber e = { .tag = rd_u8(r) };

	if ((e.tag & TAG_LONG) == TAG_LONG)
		rd_fail(r);
	e.value = rd_span(r, read_length(r));
	if (!rd_ok(r))
		return false;
	*ret = e;
	return true;
}

struct span ber_take(struct reader *r, uint8_t tag)
{
	struct ber e;

	if (ber_read(r, &e) && e.tag != tag)
		rd_fail(r);
	return rd_ok(r) ? e.value : span_of(r->end, 0);
}

struct reader ber_enter(struct reader *r, uint8_t tag)
{
	struct reader inner = rd_new(ber_take(r, tag));

	if (!rd_ok(r))
		rd_fail(&inner);
	return inner;
}

bool ber_skip(struct reader *r, uint8_t tag)
{
	if (rd_left(r) == 0 || r->at[0] != tag)
		return false;
	(void)ber_take(r, tag);
	return rd_ok(r);
}

uint32_t ber_take_uint(struct reader *r, uint8_t tag)
{
	struct reader value = ber_enter(r, tag);
	size_t bytes = rd_left(&value);
	uint64_t v = 0;

	/* A leading zero keeps a large value positive. */
	if (bytes == 0 || bytes > 5 || (value.at[0] & 0x80) != 0) {
		rd_fail(r);
		return 0;
	}
	while (bytes-- > 0)
		v = v << 8 | rd_u8(&value);
	if (v > UINT32_MAX) {
		rd_fail(r);
		return 0;
	}
	return (uint32_t)v;
}

size_t ber_open(struct writer *w, uint8_t tag)
{
	wr_u8(w, tag);
	return wr_open8(w);
}

void ber_close(struct writer *w, size_t place)
{
	if (!wr_ok(w))
		return;
	size_t length = w->length - place - 1;
	if (length < LENGTH_LONG) {
		wr_close8(w, place);
		return;
	}
	/* The value moves behind its longer length. */
	size_t bytes = length <= UINT8_MAX ? 1 : length <= UINT16_MAX ? 2 : 3;
	if (length > 0xffffff) {
		w->failed = true;
		return;
	}
	wr_fill(w, 0, bytes);
	if (!wr_ok(w))
		return;
	uint8_t *at = w->start + place;
	memmove(at + 1 + bytes, at + 1, length);
	at[0] = (uint8_t)(LENGTH_LONG | bytes);
	for (size_t i = bytes; i > 0; i--, length >>= 8)
		at[i] = (uint8_t)length;
}

void ber_put(struct writer *w, uint8_t tag, struct span value)
{
	size_t place = ber_open(w, tag);

	wr_span_in(w, value);
	ber_close(w, place);
}
