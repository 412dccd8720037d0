/* SPDX-License-Identifier: Apache-2.0 */
/* Whole text files, bounded. */
#ifndef TENKEN_CODEC_FILE_H
#define TENKEN_CODEC_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "codec/complaint.h"

/* The file ("-": standard input) with a zero behind its end; the caller frees it. NULL with a
 * complaint that names the path: unreadable, a folder, longer than max bytes. */
char *file_read(const char *path, size_t max, size_t *ret_length, struct complaints *c);
/* Bytes of UTF-8 (RFC 3629) at the start of the text; length where all of it is. */
size_t utf8_valid(const char *text, size_t length);

/* All bytes to a descriptor, in as many turns as it takes. False with errno. */
bool file_write(int fd, const void *bytes, size_t n);

#endif
