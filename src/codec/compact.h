/* SPDX-License-Identifier: Apache-2.0 */
/* Compact JSON (RFC 8259, without blanks between its parts), as the probes' documents are. */
#ifndef TENKEN_CODEC_COMPACT_H
#define TENKEN_CODEC_COMPACT_H

#include <stdbool.h>
#include <stddef.h>

/* Is this an object or a list of that form? Never true of what is no JSON or no UTF-8. */
bool compact_json(const char *text);
/*
 * The value of a member of the object that a text holds, as it stands there (*ret_length bytes), also where blanks
 * are between its parts; NULL where it holds no object, or none of that name. Of several the first has it. The
 * text must be JSON; of anything else some part of it comes back, or NULL.
 */
const char *compact_member(const char *text, size_t length, const char *name, size_t *ret_length);

#endif
