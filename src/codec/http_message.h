/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers of HTTP/1.x (RFC 9110, RFC 9112): pure readers over bytes that the caller has collected
 * within the limits of codec/limits.h.
 */
#ifndef TENKEN_CODEC_HTTP_MESSAGE_H
#define TENKEN_CODEC_HTTP_MESSAGE_H

#include "codec/reader.h"

/* Views into the bytes that were read. */
struct http_head {
	unsigned version; /* 10 or 11 */
	unsigned status;  /* 100 to 999 */
	struct span reason;
	struct span fields; /* the header lines */
	bool folded;        /* a line was continued on the next (obsolete; the rest was left out) */
	bool broken;        /* a line was no header */
};

struct http_field {
	struct span name;
	struct span value; /* trimmed */
};

enum http_framing {
	HTTP_NO_BODY,
	HTTP_LENGTH,
	HTTP_CHUNKED,
	HTTP_UNTIL_CLOSE,
};

/* Status line and headers, lines ended by CR LF or LF, up to the end of bytes (the empty line may
 * be there or not). False where the status line is none or there are more than HTTP_HEADERS_MAX
 * lines. */
bool http_read_head(struct span bytes, struct http_head *ret);
/* The same of a message that begins with any other line (requests; SSDP, SIP): *ret_first is that line, and
 * version, status and reason are nothing. */
bool http_read_lines(struct span bytes, struct span *ret_first, struct http_head *ret);
/* The next header; fields is what is left of head->fields. False at the end. */
bool http_next_field(struct reader *fields, struct http_field *ret);
/* The nth value of this header, from 0; false where there is none. */
bool http_find(const struct http_head *head, const char *name, size_t nth, struct span *ret);

/* How the answer to a GET is delimited (RFC 9112, 6.3). False where Content-Length is no number or
 * two of them differ: the body is then not to be read. */
bool http_framing(const struct http_head *head, enum http_framing *ret, uint64_t *ret_length);
/* The size in the first line of a chunk; extensions are ignored. */
bool http_chunk_size(struct span line, uint64_t *ret);

/* The value of a parameter: "charset" of "text/html; charset=utf-8" ; without its quotes. */
bool http_parameter(struct span value, const char *name, struct span *ret);
/* IMF-fixdate ("Sun, 06 Nov 1994 08:49:37 GMT") as Unix seconds. */
bool http_date(struct span text, int64_t *ret);

/* What the page holds. */
/* The text of the first <title>; false where there is none or it does not end. */
bool html_title(struct span page, struct span *ret);
/* It has an <input type=password>. */
bool html_asks_password(struct span page);
/* The value of its first <input> with this name, as it stands there; false where there is none. */
bool html_input_value(struct span page, const char *name, struct span *ret);

#endif
