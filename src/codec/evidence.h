/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evidence is a jansson object. These helpers put network text into it: valid UTF-8, no control
 * characters, at most TEXT_MAX bytes. A text that was cut ends in U+2026. Running out of memory
 * leaves the key out; the document stays valid.
 */
#ifndef TENKEN_CODEC_EVIDENCE_H
#define TENKEN_CODEC_EVIDENCE_H

#include <jansson.h>

#include "codec/span.h"

/* The cleaned text as a new JSON string: bytes that are no UTF-8 and control characters become
 * "\xHH". The caller owns it; NULL without memory. */
json_t *clean_text(struct span s);
/* UTF-16LE, as NTLM and SMB carry it. */
json_t *clean_utf16le(struct span s);

void note_text(json_t *object, const char *key, struct span s);
void note_utf16le(json_t *object, const char *key, struct span s);
/* Our own constant words. */
void note_word(json_t *object, const char *key, const char *word);
void note_int(json_t *object, const char *key, json_int_t v);
void note_bool(json_t *object, const char *key, bool v);
/* Lower-case hexadecimal, at most TEXT_MAX / 2 bytes of it. */
void note_hex(json_t *object, const char *key, struct span s);
/* Unix seconds as RFC 3339 UTC. */
void note_time(json_t *object, const char *key, int64_t seconds);

/* The array (object) under this key, made when it is missing; borrowed. NULL without memory, which
 * every helper here accepts. */
json_t *note_list(json_t *object, const char *key);
json_t *note_object(json_t *object, const char *key);
/* Append to an array; past LIST_MAX entries nothing more is taken. list_object returns the new
 * object, borrowed, or NULL. */
void list_text(json_t *array, struct span s);
void list_word(json_t *array, const char *word);
void list_int(json_t *array, json_int_t v);
json_t *list_object(json_t *array);

#endif
