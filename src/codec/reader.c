/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/reader.h"

static const uint8_t nothing[1];

struct reader rd_new(struct span bytes)
{
	if (bytes.at == NULL)
		bytes = span_of(nothing, 0);
	return (struct reader){ .at = bytes.at, .end = bytes.at + bytes.length };
}

void rd_fail(struct reader *r)
{
	r->failed = true;
	r->at = r->end;
}

static const uint8_t *need(struct reader *r, size_t n)
{
	if (r->failed || (size_t)(r->end - r->at) < n) {
		rd_fail(r);
		return NULL;
	}
	const uint8_t *p = r->at;
	r->at += n;
	return p;
}

static uint64_t big(struct reader *r, size_t n)
{
	const uint8_t *p = need(r, n);
	uint64_t v = 0;

	for (size_t i = 0; p != NULL && i < n; i++)
		v = v << 8 | p[i];
	return v;
}

static uint64_t little(struct reader *r, size_t n)
{
	const uint8_t *p = need(r, n);
	uint64_t v = 0;

	for (size_t i = n; p != NULL && i > 0; i--)
		v = v << 8 | p[i - 1];
	return v;
}

uint8_t rd_u8(struct reader *r)
{
	return (uint8_t)big(r, 1);
}

uint16_t rd_be16(struct reader *r)
{
	return (uint16_t)big(r, 2);
}

uint32_t rd_be24(struct reader *r)
{
	return (uint32_t)big(r, 3);
}

uint32_t rd_be32(struct reader *r)
{
	return (uint32_t)big(r, 4);
}

uint64_t rd_be64(struct reader *r)
{
	return big(r, 8);
}

uint16_t rd_le16(struct reader *r)
{
	return (uint16_t)little(r, 2);
}

uint32_t rd_le32(struct reader *r)
{
	return (uint32_t)little(r, 4);
}

uint64_t rd_le64(struct reader *r)
{
	return little(r, 8);
}

struct span rd_span(struct reader *r, size_t n)
{
	const uint8_t *p = need(r, n);

	return p != NULL ? span_of(p, n) : span_of(r->end, 0);
}

struct span rd_rest(struct reader *r)
{
	struct span s = span_of(r->at, (size_t)(r->end - r->at));

	r->at = r->end;
	return s;
}

void rd_skip(struct reader *r, size_t n)
{
	(void)need(r, n);
}

struct reader rd_sub(struct reader *r, size_t n)
{
	struct reader sub = rd_new(rd_span(r, n));

	if (r->failed)
		rd_fail(&sub);
	return sub;
}

size_t rd_left(const struct reader *r)
{
	return (size_t)(r->end - r->at);
}

bool rd_ok(const struct reader *r)
{
	return !r->failed;
}

bool rd_end(const struct reader *r)
{
	return !r->failed && r->at == r->end;
}
