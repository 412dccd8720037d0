/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CSV as RFC 4180 and spreadsheets write it: quoted fields, doubled quotes, CR LF or LF, a trailing
 * line end or none. The text is UTF-8 with or without a byte order mark, or CP932.
 */
#ifndef TENKEN_CODEC_CSV_H
#define TENKEN_CODEC_CSV_H

#include <stdbool.h>

#include "codec/complaint.h"

enum {
	CSV_FIELDS_MAX = 64,
	CSV_FIELD_BYTES_MAX = 4096,
};

struct csv;

/* Reads a file of at most max bytes as UTF-8. NULL with a complaint that names the path. */
struct csv *csv_open(const char *path, size_t max, struct complaints *c);
/* The same from memory; name stands in the messages. */
struct csv *csv_read(const char *name, const char *text, size_t length, struct complaints *c);
void csv_close(struct csv *v);
/* The next row that is not empty: its fields, trimmed, and how many. Valid until the next call.
 * False at the end. A malformed row is a complaint, and reading goes on behind it. */
bool csv_row(struct csv *v, const char *const **ret_fields, size_t *ret_count);
/* The line on which the row began. */
unsigned csv_line(const struct csv *v);

#endif
