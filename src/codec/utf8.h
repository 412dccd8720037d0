/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TENKEN_CODEC_UTF8_H
#define TENKEN_CODEC_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* The length of the UTF-8 sequence at p and its code point; 0 where there is none (RFC 3629: no
 * surrogates, no overlong forms, nothing above U+10FFFF). left is at least 1. */
size_t utf8_next(const uint8_t *p, size_t left, uint32_t *ret);

#endif
