/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replies of the line protocols: three digits and text, over one or more lines (RFC 959, 4.2;
 * RFC 5321, 4.2.1).
 */
#ifndef TENKEN_TALK_REPLY_H
#define TENKEN_TALK_REPLY_H

#include <jansson.h>

#include "talk/conn.h"

enum { REPLY_TEXT_MAX = 4096 };

struct reply {
	unsigned code; /* 100 to 599; 0 where what came is no reply */
	/* The lines without their codes, each ended by '\n'. Lines that do not fit are left out. */
	char text[REPLY_TEXT_MAX];
	size_t length;
};

/* Reads one reply; false where the connection failed, or what came is no reply (conn_ok() then
 * tells which). The conversation's byte budget bounds the number of lines. */
bool reply_read(struct conn *c, struct reply *ret);
/* The line with this index, or an empty span behind the last. */
struct span reply_line(const struct reply *r, size_t index);
bool reply_has_line(const struct reply *r, size_t index);
/* Notes the lines as one text. */
void note_reply(json_t *object, const char *key, const struct reply *r);

#endif
