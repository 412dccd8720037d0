/* SPDX-License-Identifier: Apache-2.0 */
#include "report/encoding.h"

#include <errno.h>
#include <iconv.h>
#include <string.h>

static const char *const words[ENCODINGS] = { "utf-8", "utf-8-bom", "cp932" };
static const char geta[] = "\x81\xac"; /* U+3013 */

const char *encoding_word(enum encoding e)
{
	return words[e];
}

enum encoding encoding_of_word(const char *word)
{
	for (int i = 0; i < ENCODINGS; i++)
		if (strcmp(words[i], word) == 0)
			return (enum encoding)i;
	return ENCODINGS;
}

/* The stream that recodes. A character may be cut between two writes: rest is its beginning. */
struct recoding {
	iconv_t to;
	FILE *out;
	uint64_t replaced;
	char rest[8];
	size_t rest_count;
	bool failed;
};

static void put(struct recoding *r, const char *bytes, size_t n)
{
	if (n > 0 && fwrite(bytes, 1, n, r->out) != n)
		r->failed = true;
}

/* Takes whole characters off the front; returns how many bytes stay, at most an unfinished character. */
static size_t recode(struct recoding *r, char *bytes, size_t n)
{
	while (n > 0 && !r->failed) {
		char part[4096], *at = part;
		size_t room = sizeof(part);
		size_t done = iconv(r->to, &bytes, &n, &at, &room);

		put(r, part, (size_t)(at - part));
		if (done != (size_t)-1 || errno == E2BIG)
			continue;
		if (errno == EINVAL)
			break;
		/* Lacking in CP932; what is no UTF-8 never comes this far (text.h). */
		r->replaced++;
		put(r, geta, sizeof(geta) - 1);
		do {
			bytes++;
			n--;
		} while (n > 0 && ((unsigned char)*bytes & 0xc0) == 0x80);
	}
	return n;
}

static ssize_t recoding_write(void *cookie, const char *bytes, size_t n)
{
	struct recoding *r = cookie;

	for (size_t at = 0; at < n && !r->failed;) {
		char piece[4096];
		size_t take = n - at < sizeof(piece) - r->rest_count
				      ? n - at
				      : sizeof(piece) - r->rest_count;

		memcpy(piece, r->rest, r->rest_count);
		memcpy(piece + r->rest_count, bytes + at, take);
		size_t held = r->rest_count + take;
		size_t left = recode(r, piece, held);

		/* More cannot be the beginning of one character. */
		if (left > sizeof(r->rest))
			r->failed = true;
		else
			memcpy(r->rest, piece + held - left, left);
		r->rest_count = left <= sizeof(r->rest) ? left : 0;
		at += take;
	}
	return r->failed ? 0 : (ssize_t)n;
}

static int recode_all(FILE *out, uint64_t *replaced, int (*write)(FILE *out, void *context),
		      void *context)
{
	struct recoding r = { .to = iconv_open("CP932", "UTF-8"), .out = out };

	if (r.to == (iconv_t)-1)
		return -errno;
	FILE *in = fopencookie(&r, "w", (cookie_io_functions_t){ .write = recoding_write });
	int result = in != NULL ? write(in, context) : -ENOMEM;

	if (in != NULL && fclose(in) != 0 && result == 0)
		result = -EIO;
	if (r.rest_count > 0) {
		r.replaced++;
		put(&r, geta, sizeof(geta) - 1);
	}
	iconv_close(r.to);
	if (replaced != NULL)
		*replaced = r.replaced;
	return result == 0 && r.failed ? -EIO : result;
}

int encoding_write(enum encoding e, FILE *out, uint64_t *replaced,
		   int (*write)(FILE *out, void *context), void *context)
{
	if (replaced != NULL)
		*replaced = 0;
	if (e == ENCODING_CP932)
		return recode_all(out, replaced, write, context);
	if (e == ENCODING_UTF8_BOM)
		fputs("\xef\xbb\xbf", out);
	return write(out, context);
}
