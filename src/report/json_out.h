/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON written member by member, for documents too large for a tree. Commas, colons and line ends are put
 * here; texts leave through text.h. The caller looks at ferror() of the stream at the end.
 */
#ifndef TENKEN_REPORT_JSON_OUT_H
#define TENKEN_REPORT_JSON_OUT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* { .out = stream } to begin with. Depth is that of our own formats: 64 levels at most. */
struct json_out {
	FILE *out;
	uint64_t lists, some; /* by depth: it is a list; something stands in it */
	unsigned depth;
	bool keyed;      /* a key stands before what comes next */
	unsigned broken; /* elements of the lists down to this depth have lines of their own */
};

void jo_object(struct json_out *j);
void jo_list(struct json_out *j);
/* Ends what was opened last. */
void jo_end(struct json_out *j);
/* Our own words, which need no escaping. */
void jo_key(struct json_out *j, const char *key);
void jo_text(struct json_out *j, const char *text); /* NULL: null */
void jo_int(struct json_out *j, int64_t n);
void jo_truth(struct json_out *j, bool yes);
/* Writes and releases a value; NULL: null. */
void jo_value(struct json_out *j, json_t *value);

/* Members of the object that is open. */
void jo_open_object(struct json_out *j, const char *key);
void jo_open_list(struct json_out *j, const char *key);
void jo_put(struct json_out *j, const char *key, const char *text);
/* Nothing for NULL and "": where a standard knows no null. */
void jo_put_some(struct json_out *j, const char *key, const char *text);
void jo_put_int(struct json_out *j, const char *key, int64_t n);
void jo_put_truth(struct json_out *j, const char *key, bool yes);

/* A line end between two documents of NDJSON. */
void jo_line(struct json_out *j);

#endif
