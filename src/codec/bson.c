/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/bson.h"

enum { SMALLEST = 5 }; /* length and the final zero */

size_t bson_length(struct span bytes)
{
	struct reader r = rd_new(bytes);
	size_t length = rd_le32(&r);

	return length >= SMALLEST && length <= bytes.length ? length : 0;
}

struct reader bson_enter(struct span document)
{
	struct reader r = rd_new(document);

	if (bson_length(document) != document.length || document.length == 0 ||
	    document.at[document.length - 1] != 0) {
		rd_fail(&r);
		return r;
	}
	rd_skip(&r, 4);
	return rd_sub(&r, document.length - SMALLEST);
}

/* Characters up to a zero, which is skipped. */
static struct span read_name(struct reader *r)
{
	const uint8_t *end = rd_left(r) > 0 ? memchr(r->at, 0, rd_left(r)) : NULL;

	if (end == NULL) {
		rd_fail(r);
		return rd_rest(r);
	}
	struct span name = rd_span(r, (size_t)(end - r->at));
	rd_skip(r, 1);
	return name;
}

/* A length that counts the final zero, then the characters. */
static struct span read_text(struct reader *r)
{
	size_t length = rd_le32(r);

	if (length == 0)
		rd_fail(r);
	struct span text = rd_span(r, length);
	return text.length > 0 ? span_first(text, text.length - 1) : text;
}

/* What begins with a length that counts itself. */
static struct span read_counted(struct reader *r)
{
	struct reader ahead = *r;
	size_t length = rd_le32(&ahead);

	if (length < SMALLEST)
		rd_fail(r);
	return rd_span(r, length);
}

static struct span read_value(struct reader *r, uint8_t type)
{
	switch (type) {
	case 0x06: /* undefined */
	case 0x0a: /* null */
	case 0x7f: /* largest and smallest key */
	case 0xff:
		return rd_span(r, 0);
	case BSON_BOOL:
		return rd_span(r, 1);
	case BSON_INT32:
		return rd_span(r, 4);
	case BSON_DOUBLE:
	case 0x09: /* date */
	case 0x11: /* timestamp */
	case BSON_INT64:
		return rd_span(r, 8);
	case 0x07: /* object id */
		return rd_span(r, 12);
	case 0x13: /* decimal */
		return rd_span(r, 16);
	case BSON_TEXT:
	case 0x0d: /* code */
	case 0x0e: /* symbol */
		return read_text(r);
	case BSON_DOCUMENT:
	case BSON_ARRAY:
	case 0x0f: /* code with scope */
		return read_counted(r);
	case 0x05: { /* bytes of a kind */
		size_t length = rd_le32(r);

		rd_skip(r, 1);
		return rd_span(r, length);
	}
	case 0x0b: /* regular expression and its options */
		(void)read_name(r);
		return read_name(r);
	case 0x0c: /* pointer into a collection */
		(void)read_text(r);
		return rd_span(r, 12);
	default:
		rd_fail(r);
		return rd_rest(r);
	}
}

bool bson_next(struct reader *r, struct bson *ret)
{
	if (rd_left(r) == 0)
		return false;
	struct bson e = { .type = rd_u8(r), .name = read_name(r) };

	e.value = read_value(r, e.type);
	if (!rd_ok(r))
		return false;
	*ret = e;
	return true;
}

bool bson_find(struct span document, const char *name, struct bson *ret)
{
	struct reader r = bson_enter(document);
	struct bson e;

	while (bson_next(&r, &e))
		if (span_is(e.name, name)) {
			*ret = e;
			return true;
		}
	return false;
}

bool bson_number(const struct bson *e, int64_t *ret)
{
	struct reader r = rd_new(e->value);
	double d;

	switch (e->type) {
	case BSON_BOOL:
		*ret = rd_u8(&r) != 0;
		return true;
	case BSON_INT32:
		*ret = (int32_t)rd_le32(&r);
		return true;
	case BSON_INT64:
		*ret = (int64_t)rd_le64(&r);
		return true;
	case BSON_DOUBLE: {
		uint64_t bits = rd_le64(&r);

		memcpy(&d, &bits, sizeof(d));
		if (!(d > -1e15 && d < 1e15)) /* nor anything that is no number */
			return false;
		*ret = (int64_t)d;
		return true;
	}
	default:
		return false;
	}
}
