/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ASN.1 elements as tag, length, value (ITU-T X.690), as far as SPNEGO and CredSSP need them: tags
 * of one byte and definite lengths. Reading accepts lengths that DER would write shorter; writing
 * gives DER.
 */
#ifndef TENKEN_CODEC_BER_H
#define TENKEN_CODEC_BER_H

#include "codec/reader.h"
#include "codec/writer.h"

enum {
	BER_INTEGER = 0x02,
	BER_OCTETS = 0x04,
	BER_OID = 0x06,
	BER_ENUMERATED = 0x0a,
	BER_SEQUENCE = 0x30,
	BER_APPLICATION = 0x60, /* constructed, number 0 */
	BER_CONTEXT = 0xa0,     /* constructed, number 0: [0]; add the number up to 30 */
};

struct ber {
	uint8_t tag;
	struct span value;
};

/* The next element. False, and a failed reader, where there is none or it is broken; a loop over
 * elements asks rd_left() first. */
bool ber_read(struct reader *r, struct ber *ret);
/* The contents of the next element, which must have this tag; else both r and the result fail. */
struct reader ber_enter(struct reader *r, uint8_t tag);
struct span ber_take(struct reader *r, uint8_t tag);
/* Skips the next element if it has this tag; true where it did. */
bool ber_skip(struct reader *r, uint8_t tag);
/* A non-negative INTEGER or ENUMERATED of at most 32 bits. */
uint32_t ber_take_uint(struct reader *r, uint8_t tag);

/* An element around what is written between open and close. */
size_t ber_open(struct writer *w, uint8_t tag);
void ber_close(struct writer *w, size_t place);
/* A whole element. */
void ber_put(struct writer *w, uint8_t tag, struct span value);

#endif
