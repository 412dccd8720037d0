/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BSON 1.1 (bsonspec.org), the documents of MongoDB. A document is read element by element; what is
 * inside an element is stepped over by its length and entered only by who asks, so that nothing
 * recurses on what a peer sends.
 */
#ifndef TENKEN_CODEC_BSON_H
#define TENKEN_CODEC_BSON_H

#include "codec/reader.h"

enum {
	BSON_DOUBLE = 0x01,
	BSON_TEXT = 0x02,
	BSON_DOCUMENT = 0x03,
	BSON_ARRAY = 0x04,
	BSON_BOOL = 0x08,
	BSON_INT32 = 0x10,
	BSON_INT64 = 0x12,
};

struct bson {
	uint8_t type;
	struct span name;
	struct span value; /* of a text its characters, of a document or array the whole of it */
};

/* The length that a document says it has; 0 where less than the smallest or more than these bytes. */
size_t bson_length(struct span bytes);
/* A reader of the elements of a document that fills this span; failed where it does not. */
struct reader bson_enter(struct span document);
/* The next element. False at the end, and where it is broken: then r has failed. */
bool bson_next(struct reader *r, struct bson *ret);
/* The first element of this name. False where there is none, or none was found before a broken one. */
bool bson_find(struct span document, const char *name, struct bson *ret);
/* A number or truth value as a whole number; false for other types and what does not fit. */
bool bson_number(const struct bson *e, int64_t *ret);

#endif
