/* SPDX-License-Identifier: Apache-2.0 */
/* pcap-savefile(5). */
#include "unit/capture.h"

#include <errno.h>
#include <stdlib.h>

#include "codec/reader.h"
#include "codec/writer.h"

enum { LINK_ETHERNET = 1, LINK_RAW = 101, MOST = 1 << 20 };

const char *capture_path(const char *name, char out[static 1024])
{
	const char *dir = getenv("TENKEN_TESTS");

	snprintf(out, 1024, "%s/unit/data/wire/%s", dir != NULL ? dir : "tests", name);
	return out;
}

int capture_read(struct capture *ret, const char *path)
{
	FILE *f = fopen(path, "rb");

	if (f == NULL)
		return -errno;
	*ret = (struct capture){ .bytes = malloc(MOST) };
	struct reader r = rd_new(span_of(ret->bytes, fread(ret->bytes, 1, MOST, f)));
	fclose(f);
	bool little = rd_be32(&r) == 0xd4c3b2a1;
	rd_skip(&r, 16); /* version, time zone, accuracy, longest frame */
	uint32_t link = little ? rd_le32(&r) : rd_be32(&r);
	if (!rd_ok(&r) || (link != LINK_ETHERNET && link != LINK_RAW))
		return -EINVAL;
	ret->link = link == LINK_ETHERNET ? 14 : 0;
	while (rd_left(&r) > 0) {
		rd_skip(&r, 8); /* time */
		uint32_t n = little ? rd_le32(&r) : rd_be32(&r);
		rd_skip(&r, 4); /* length before it was cut */
		struct span frame = rd_span(&r, n);
		if (!rd_ok(&r) || ret->count == CAPTURE_FRAMES)
			return -EINVAL;
		ret->frames[ret->count++] = frame;
	}
	return 0;
}

void capture_done(struct capture *c)
{
	free(c->bytes);
	*c = (struct capture){ 0 };
}

static void put(FILE *f, struct writer *w)
{
	fwrite(w->start, 1, wr_span(w).length, f);
}

void capture_begin(FILE *f, size_t link)
{
	uint8_t bytes[24];
	struct writer w = wr_new(bytes, sizeof(bytes));

	wr_be32(&w, 0xa1b2c3d4);
	wr_be16(&w, 2);
	wr_be16(&w, 4);
	wr_be64(&w, 0);
	wr_be32(&w, 65535);
	wr_be32(&w, link != 0 ? LINK_ETHERNET : LINK_RAW);
	put(f, &w);
}

void capture_add(FILE *f, const uint8_t *frame, size_t n)
{
	uint8_t bytes[16];
	struct writer w = wr_new(bytes, sizeof(bytes));

	wr_be64(&w, 0);
	wr_be32(&w, (uint32_t)n);
	wr_be32(&w, (uint32_t)n);
	put(f, &w);
	fwrite(frame, 1, n, f);
}
