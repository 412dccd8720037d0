/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/writer.h"

struct writer wr_new(void *buffer, size_t capacity)
{
	return (struct writer){ .start = buffer, .capacity = capacity };
}

static uint8_t *room(struct writer *w, size_t n)
{
	if (w->failed || w->capacity - w->length < n) {
		w->failed = true;
		return NULL;
	}
	uint8_t *p = w->start + w->length;
	w->length += n;
	return p;
}

static void put_big(uint8_t *p, uint64_t v, size_t n)
{
	for (size_t i = n; i > 0; i--, v >>= 8)
		p[i - 1] = (uint8_t)v;
}

static void big(struct writer *w, uint64_t v, size_t n)
{
	uint8_t *p = room(w, n);

	if (p != NULL)
		put_big(p, v, n);
}

static void little(struct writer *w, uint64_t v, size_t n)
{
	uint8_t *p = room(w, n);

	for (size_t i = 0; p != NULL && i < n; i++, v >>= 8)
		p[i] = (uint8_t)v;
}

void wr_u8(struct writer *w, uint8_t v)
{
	big(w, v, 1);
}

void wr_be16(struct writer *w, uint16_t v)
{
	big(w, v, 2);
}

void wr_be24(struct writer *w, uint32_t v)
{
	big(w, v, 3);
}

void wr_be32(struct writer *w, uint32_t v)
{
	big(w, v, 4);
}

void wr_be64(struct writer *w, uint64_t v)
{
	big(w, v, 8);
}

void wr_le16(struct writer *w, uint16_t v)
{
	little(w, v, 2);
}

void wr_le32(struct writer *w, uint32_t v)
{
	little(w, v, 4);
}

void wr_le64(struct writer *w, uint64_t v)
{
	little(w, v, 8);
}

void wr_bytes(struct writer *w, const void *bytes, size_t n)
{
	uint8_t *p = room(w, n);

	if (p != NULL && n > 0)
		memcpy(p, bytes, n);
}

void wr_span_in(struct writer *w, struct span s)
{
	wr_bytes(w, s.at, s.length);
}

void wr_text(struct writer *w, const char *text)
{
	wr_bytes(w, text, strlen(text));
}

void wr_fill(struct writer *w, uint8_t v, size_t n)
{
	uint8_t *p = room(w, n);

	if (p != NULL && n > 0)
		memset(p, v, n);
}

static size_t open_length(struct writer *w, size_t width)
{
	size_t place = w->length;

	wr_fill(w, 0, width);
	return place;
}

static void close_length(struct writer *w, size_t place, size_t width)
{
	if (w->failed)
		return;
	size_t n = w->length - place - width;
	if (n >> (8 * width) != 0) {
		w->failed = true;
		return;
	}
	put_big(w->start + place, n, width);
}

size_t wr_open8(struct writer *w)
{
	return open_length(w, 1);
}

void wr_close8(struct writer *w, size_t place)
{
	close_length(w, place, 1);
}

size_t wr_open16(struct writer *w)
{
	return open_length(w, 2);
}

void wr_close16(struct writer *w, size_t place)
{
	close_length(w, place, 2);
}

size_t wr_open24(struct writer *w)
{
	return open_length(w, 3);
}

void wr_close24(struct writer *w, size_t place)
{
	close_length(w, place, 3);
}

bool wr_ok(const struct writer *w)
{
	return !w->failed;
}

struct span wr_span(const struct writer *w)
{
	return span_of(w->start, w->failed ? 0 : w->length);
}
