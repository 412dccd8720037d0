/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bounded reader: the only code that takes wire bytes apart.
 *
 * Failure is sticky. After a read past the end every further read gives zero or an empty span,
 * rd_left() is 0 and rd_ok() is false, so a message is read straight through and asked once, at
 * its end. An empty span points at the end of its parent, never at NULL.
 */
#ifndef TENKEN_CODEC_READER_H
#define TENKEN_CODEC_READER_H

#include "codec/span.h"

struct reader {
	const uint8_t *at;
	const uint8_t *end;
	bool failed;
};

struct reader rd_new(struct span bytes);

uint8_t rd_u8(struct reader *r);
uint16_t rd_be16(struct reader *r);
uint32_t rd_be24(struct reader *r);
uint32_t rd_be32(struct reader *r);
uint64_t rd_be64(struct reader *r);
uint16_t rd_le16(struct reader *r);
uint32_t rd_le32(struct reader *r);
uint64_t rd_le64(struct reader *r);

/* The next n bytes, or an empty span and failure. */
struct span rd_span(struct reader *r, size_t n);
/* All that is left; never fails. */
struct span rd_rest(struct reader *r);
void rd_skip(struct reader *r, size_t n);
/* A reader of the next n bytes that cannot see past them; r goes on behind them. A failed parent
 * gives a failed child. */
struct reader rd_sub(struct reader *r, size_t n);

/* Bytes left; 0 after a failure. */
size_t rd_left(const struct reader *r);
bool rd_ok(const struct reader *r);
/* Everything was read and nothing failed. */
bool rd_end(const struct reader *r);
/* Makes r fail by the caller's own judgement. */
void rd_fail(struct reader *r);

#endif
