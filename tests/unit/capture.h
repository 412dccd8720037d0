/* SPDX-License-Identifier: Apache-2.0 */
/* Frames out of the captures of tests/unit/data/wire, and into one. */
#ifndef TENKEN_TESTS_UNIT_CAPTURE_H
#define TENKEN_TESTS_UNIT_CAPTURE_H

#include <stdio.h>

#include "codec/span.h"

enum { CAPTURE_FRAMES = 128 };

struct capture {
	uint8_t *bytes; /* the whole file */
	size_t link;    /* length of the link-layer header */
	size_t count;
	struct span frames[CAPTURE_FRAMES];
};

/* The format of tcpdump, in either byte order; links Ethernet and raw IP. 0 or negative errno. */
int capture_read(struct capture *ret, const char *path);
void capture_done(struct capture *c);
/* TENKEN_TESTS/unit/data/wire/NAME. Returns out. */
const char *capture_path(const char *name, char out[static 1024]);

void capture_begin(FILE *f, size_t link);
void capture_add(FILE *f, const uint8_t *frame, size_t n);

#endif
