/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/evidence.h"

#include <stdio.h>
#include <time.h>

#include "codec/limits.h"
#include "codec/utf8.h"

/* The length of the character at p that may stand in evidence, or 0: no UTF-8, or a control character
 * (C0, DEL, C1). */
static size_t plain_length(const uint8_t *p, size_t left)
{
	uint32_t v;
	size_t n = utf8_next(p, left, &v);

	return n == 0 || v < 0x20 || (v >= 0x7f && v < 0xa0) ? 0 : n;
}

#define CUT "\xe2\x80\xa6"

json_t *clean_text(struct span s)
{
	char out[TEXT_MAX + sizeof(CUT)];
	size_t used = 0;
	size_t i = 0;

	while (i < s.length) {
		size_t n = plain_length(s.at + i, s.length - i);
		size_t width = n > 0 ? n : 4;

		if (used + width > TEXT_MAX)
			break;
		if (n > 0) {
			memcpy(out + used, s.at + i, n);
			i += n;
		} else {
			snprintf(out + used, 5, "\\x%02x", s.at[i]);
			i++;
		}
		used += width;
	}
	if (i < s.length) {
		memcpy(out + used, CUT, sizeof(CUT) - 1);
		used += sizeof(CUT) - 1;
	}
	return json_stringn(out, used);
}

json_t *clean_utf16le(struct span s)
{
	/* One unit more than clean_text() keeps, so that it marks the cut. */
	uint8_t out[TEXT_MAX + 8];

	return clean_text(span_of(out, utf16le_text(s, out, sizeof(out))));
}

void note_text(json_t *object, const char *key, struct span s)
{
	json_object_set_new(object, key, clean_text(s));
}

void note_utf16le(json_t *object, const char *key, struct span s)
{
	json_object_set_new(object, key, clean_utf16le(s));
}

void note_word(json_t *object, const char *key, const char *word)
{
	json_object_set_new(object, key, json_string(word));
}

void note_int(json_t *object, const char *key, json_int_t v)
{
	json_object_set_new(object, key, json_integer(v));
}

void note_bool(json_t *object, const char *key, bool v)
{
	json_object_set_new(object, key, json_boolean(v));
}

void note_hex(json_t *object, const char *key, struct span s)
{
	char out[TEXT_MAX + 1];
	size_t n = s.length < TEXT_MAX / 2 ? s.length : TEXT_MAX / 2;

	out[0] = '\0';
	for (size_t i = 0; i < n; i++)
		snprintf(out + 2 * i, 3, "%02x", s.at[i]);
	json_object_set_new(object, key, json_string(out));
}

void note_time(json_t *object, const char *key, int64_t seconds)
{
	time_t t = (time_t)seconds;
	struct tm tm;
	char out[64];

	if (gmtime_r(&t, &tm) == NULL || strftime(out, sizeof(out), "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		return;
	json_object_set_new(object, key, json_string(out));
}

static json_t *child(json_t *object, const char *key, json_t *(*make)(void))
{
	json_t *old = json_object_get(object, key);

	if (old != NULL)
		return old;
	if (json_object_set_new(object, key, make()) != 0)
		return NULL;
	return json_object_get(object, key);
}

json_t *note_list(json_t *object, const char *key)
{
	return child(object, key, json_array);
}

json_t *note_object(json_t *object, const char *key)
{
	return child(object, key, json_object);
}

static void list_take(json_t *array, json_t *value)
{
	if (json_array_size(array) >= LIST_MAX)
		json_decref(value);
	else
		json_array_append_new(array, value);
}

void list_text(json_t *array, struct span s)
{
	list_take(array, clean_text(s));
}

void list_word(json_t *array, const char *word)
{
	list_take(array, json_string(word));
}

void list_int(json_t *array, json_int_t v)
{
	list_take(array, json_integer(v));
}

json_t *list_object(json_t *array)
{
	size_t n = json_array_size(array);

	list_take(array, json_object());
	return json_array_size(array) > n ? json_array_get(array, n) : NULL;
}
