/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bounded writer: requests are built in a buffer of fixed size. Writing past it, or closing a
 * length that does not fit its field, fails for good: wr_span() is then empty.
 */
#ifndef TENKEN_CODEC_WRITER_H
#define TENKEN_CODEC_WRITER_H

#include "codec/span.h"

struct writer {
	uint8_t *start;
	size_t length;
	size_t capacity;
	bool failed;
};

/* A writer over a buffer of the caller, empty at first. */
struct writer wr_new(void *buffer, size_t capacity);

void wr_u8(struct writer *w, uint8_t v);
void wr_be16(struct writer *w, uint16_t v);
void wr_be24(struct writer *w, uint32_t v);
void wr_be32(struct writer *w, uint32_t v);
void wr_be64(struct writer *w, uint64_t v);
void wr_le16(struct writer *w, uint16_t v);
void wr_le32(struct writer *w, uint32_t v);
void wr_le64(struct writer *w, uint64_t v);
void wr_bytes(struct writer *w, const void *bytes, size_t n);
void wr_span_in(struct writer *w, struct span s);
/* The characters without the final zero. */
void wr_text(struct writer *w, const char *text);
/* n bytes of one value. */
void wr_fill(struct writer *w, uint8_t v, size_t n);

/* A length field that counts the bytes behind it: open reserves it and returns its place, close
 * fills it in. */
size_t wr_open8(struct writer *w);
void wr_close8(struct writer *w, size_t place);
size_t wr_open16(struct writer *w);
void wr_close16(struct writer *w, size_t place);
size_t wr_open24(struct writer *w);
void wr_close24(struct writer *w, size_t place);

bool wr_ok(const struct writer *w);
/* What was written; empty after a failure. */
struct span wr_span(const struct writer *w);

#endif
