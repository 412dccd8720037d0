/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text files in the encodings that spreadsheets in Japan open: UTF-8, UTF-8 behind a byte order mark, and
 * CP932 (Windows-31J, "Shift_JIS" as Windows means it).
 */
#ifndef TENKEN_REPORT_ENCODING_H
#define TENKEN_REPORT_ENCODING_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum encoding { ENCODING_UTF8, ENCODING_UTF8_BOM, ENCODING_CP932, ENCODINGS };

/* "utf-8", "utf-8-bom", "cp932". */
const char *encoding_word(enum encoding e);
/* ENCODINGS where the word is none. */
enum encoding encoding_of_word(const char *word);

/*
 * Lets write() fill a stream of UTF-8 that reaches out in this encoding. A character that CP932 lacks
 * becomes U+3013 (the geta mark, with which Japanese printers mark a missing type); replaced counts
 * them and may be NULL. What write() returns, or negative errno.
 */
int encoding_write(enum encoding e, FILE *out, uint64_t *replaced,
		   int (*write)(FILE *out, void *context), void *context);

#endif
