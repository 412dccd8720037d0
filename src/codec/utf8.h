/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TENKEN_CODEC_UTF8_H
#define TENKEN_CODEC_UTF8_H

#include <stddef.h>
#include <stdint.h>

#include "codec/span.h"

/* The length of the UTF-8 sequence at p and its code point; 0 where there is none (RFC 3629: no
 * surrogates, no overlong forms, nothing above U+10FFFF). left is at least 1. */
size_t utf8_next(const uint8_t *p, size_t left, uint32_t *ret);

/* UTF-16LE as UTF-8, in whole characters as far as out reaches; returns its bytes. Half of a surrogate pair
 * becomes three bytes that are no UTF-8, as clean_text() shows what is broken. */
size_t utf16le_text(struct span utf16, uint8_t *out, size_t size);

#endif
