/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Headers of tar archives (POSIX.1-2017, pax, "ustar Interchange Format"), of the one form that we write: plain
 * files by a short name, owned by nobody in particular. What differs from it in any byte is refused, so that
 * nothing can hide in a header.
 */
#ifndef TENKEN_CODEC_USTAR_H
#define TENKEN_CODEC_USTAR_H

#include <stdbool.h>
#include <stdint.h>

enum { USTAR_BLOCK = 512, USTAR_NAME = 100 };
/* What eleven octal digits can say. */
#define USTAR_BYTES_MOST ((UINT64_C(1) << 33) - 1)

struct ustar_member {
	char name[USTAR_NAME + 1];
	uint64_t bytes;
	int64_t time; /* Unix seconds, of the last change */
};

/* Letters, digits, '.', '_' and '-', the first a letter or digit; at most USTAR_NAME characters. No folders. */
bool ustar_name_safe(const char *name);
/* False where a value does not fit. */
bool ustar_write(const struct ustar_member *m, uint8_t out[static USTAR_BLOCK]);
/* False where these are not the bytes that ustar_write() makes of anything. */
bool ustar_read(const uint8_t block[static USTAR_BLOCK], struct ustar_member *ret);
/* Zero bytes that follow so many bytes of a member, up to the next whole block. */
unsigned ustar_padding(uint64_t bytes);

#endif
