/* SPDX-License-Identifier: Apache-2.0 */
#include "report/json_out.h"

#include <assert.h>
#include <inttypes.h>

#include "report/text.h"

static uint64_t bit(const struct json_out *j)
{
	return UINT64_C(1) << (j->depth & 63);
}

/* What stands in front of a key, an element or a document. */
static void next(struct json_out *j)
{
	if (j->keyed) {
		j->keyed = false;
		return;
	}
	if (j->depth == 0)
		return;
	if ((j->some & bit(j)) != 0)
		putc_unlocked(',', j->out);
	if (j->depth <= j->broken)
		putc_unlocked('\n', j->out);
	j->some |= bit(j);
}

static void open_one(struct json_out *j, bool list)
{
	next(j);
	assert(j->depth < 63);
	j->depth++;
	j->some &= ~bit(j);
	j->lists = list ? j->lists | bit(j) : j->lists & ~bit(j);
	putc_unlocked(list ? '[' : '{', j->out);
}

void jo_object(struct json_out *j)
{
	open_one(j, false);
}

void jo_list(struct json_out *j)
{
	open_one(j, true);
}

void jo_end(struct json_out *j)
{
	assert(j->depth > 0 && !j->keyed);
	if (j->depth <= j->broken && (j->some & bit(j)) != 0)
		putc_unlocked('\n', j->out);
	putc_unlocked((j->lists & bit(j)) != 0 ? ']' : '}', j->out);
	j->depth--;
}

void jo_key(struct json_out *j, const char *key)
{
	next(j);
	putc_unlocked('"', j->out);
	fputs_unlocked(key, j->out);
	fputs_unlocked("\":", j->out);
	j->keyed = true;
}

void jo_text(struct json_out *j, const char *text)
{
	next(j);
	put_json(j->out, text);
}

void jo_int(struct json_out *j, int64_t n)
{
	next(j);
	fprintf(j->out, "%" PRId64, n);
}

void jo_truth(struct json_out *j, bool yes)
{
	next(j);
	fputs_unlocked(yes ? "true" : "false", j->out);
}

void jo_value(struct json_out *j, json_t *value)
{
	next(j);
	if (value == NULL || json_dumpf(value, j->out, JSON_COMPACT | JSON_ENCODE_ANY) < 0)
		fputs_unlocked("null", j->out);
	json_decref(value);
}

void jo_open_object(struct json_out *j, const char *key)
{
	jo_key(j, key);
	jo_object(j);
}

void jo_open_list(struct json_out *j, const char *key)
{
	jo_key(j, key);
	jo_list(j);
}

void jo_put(struct json_out *j, const char *key, const char *text)
{
	jo_key(j, key);
	jo_text(j, text);
}

void jo_put_some(struct json_out *j, const char *key, const char *text)
{
	if (text != NULL && *text != '\0')
		jo_put(j, key, text);
}

void jo_put_int(struct json_out *j, const char *key, int64_t n)
{
	jo_key(j, key);
	jo_int(j, n);
}

void jo_put_truth(struct json_out *j, const char *key, bool yes)
{
	jo_key(j, key);
	jo_truth(j, yes);
}

void jo_line(struct json_out *j)
{
	assert(j->depth == 0);
	putc_unlocked('\n', j->out);
}
