/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values out of a parsed file, and where in the text they stand. jansson tells line and column of what is no
 * JSON, but keeps no places; the text is gone through again for the one mistake that is told.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "advice/advice_parts.h"
#include "codec/i18n.h"
#include "codec/span.h"

enum { STEPS_MAX = 128, PLACE_TEXT = 512 };

/* ---- the line of a value ---- */

struct scanner {
	const char *p;
	unsigned line;
};

static void skip_blanks(struct scanner *s)
{
	for (;; s->p++) {
		if (*s->p == '\n')
			s->line++;
		else if (*s->p != ' ' && *s->p != '\t' && *s->p != '\r')
			return;
	}
}

/* At the opening quote; raw text within. */
static struct span skip_string(struct scanner *s)
{
	const char *start = ++s->p;

	while (*s->p != '\0' && *s->p != '"')
		s->p += *s->p == '\\' && s->p[1] != '\0' ? 2 : 1;
	struct span text = span_of(start, (size_t)(s->p - start));
	if (*s->p == '"')
		s->p++;
	return text;
}

static void skip_value(struct scanner *s)
{
	size_t depth = 0;

	do {
		skip_blanks(s);
		if (*s->p == '\0')
			return;
		if (*s->p == '"') {
			skip_string(s);
			continue;
		}
		if (*s->p == '{' || *s->p == '[')
			depth++;
		else if (*s->p == '}' || *s->p == ']')
			depth--;
		else if (depth == 0) { /* a number or a word */
			s->p += strcspn(s->p, ",]} \t\r\n");
			return;
		}
		s->p++;
	} while (depth > 0);
}

/* From the start of an object or list to the start of the value; false: it is not there. */
static bool step(struct scanner *s, const struct place *at)
{
	if (*s->p != (at->key != NULL ? '{' : '['))
		return false;
	s->p++;
	for (size_t i = 0;; i++) {
		skip_blanks(s);
		if (*s->p == '}' || *s->p == ']' || *s->p == '\0')
			return false;
		bool here = at->key == NULL && i == at->index;
		if (at->key != NULL) {
			here = span_is(skip_string(s), at->key);
			skip_blanks(s);
			if (*s->p != ':')
				return false;
			s->p++;
			skip_blanks(s);
		}
		if (here)
			return true;
		skip_value(s);
		skip_blanks(s);
		if (*s->p != ',')
			return false;
		s->p++;
	}
}

static size_t steps_of(const struct place *at, const struct place *steps[static STEPS_MAX])
{
	size_t n = 0;

	for (const struct place *p = at; p != NULL && n < STEPS_MAX; p = p->above)
		n++;
	for (size_t i = n; i > 0; i--, at = at->above)
		steps[i - 1] = at;
	return n;
}

unsigned json_line_of(const char *text, const struct place *at)
{
	const struct place *steps[STEPS_MAX];
	struct scanner s = { text, 1 };
	size_t n = steps_of(at, steps);

	skip_blanks(&s);
	for (size_t i = 0; i < n; i++) {
		struct scanner before = s;

		/* A member that is missing: its object. */
		if (!step(&s, steps[i]))
			return i + 1 == n ? before.line : 0;
	}
	return s.line;
}

void place_text(const struct place *at, char *out, size_t size)
{
	const struct place *steps[STEPS_MAX];
	size_t n = steps_of(at, steps);
	FILE *f = fmemopen(out, size, "w");

	if (size > 0)
		out[0] = '\0';
	if (f == NULL)
		return;
	for (size_t i = 0; i < n; i++) {
		if (steps[i]->key != NULL)
			fprintf(f, "%s%s", i > 0 ? "." : "", steps[i]->key);
		else
			fprintf(f, "[%zu]", steps[i]->index);
	}
	fclose(f);
	out[size - 1] = '\0';
}

void file_wrong(struct file *f, const struct place *at, const char *format, ...)
{
	char where[PLACE_TEXT], *words = NULL;
	va_list arguments;

	if (f->wrong)
		return;
	f->wrong = true;
	va_start(arguments, format);
	int n = vasprintf(&words, format, arguments);
	va_end(arguments);
	if (n < 0) {
		f->out_of_memory = true;
		return;
	}
	place_text(at, where, sizeof(where));
	complain(f->complaints, f->name, json_line_of(f->text, at), "%s%s%s", where,
		 where[0] != '\0' ? ": " : "", words);
	free(words);
}

/* ---- members ---- */

/* The member, or NULL; told where it must be there. */
static json_t *member(struct file *f, const struct place *of, const json_t *object, const char *key,
		      int may)
{
	const struct place at = place_key(of, key);
	json_t *value = json_object_get(object, key);

	if (f->wrong)
		return NULL;
	if (value == NULL || json_is_null(value)) {
		if (may == MUST)
			file_wrong(f, &at, "%s", _("is missing"));
		return NULL;
	}
	return value;
}

const char *member_text(struct file *f, const struct place *of, const json_t *object,
			const char *key, int may)
{
	const struct place at = place_key(of, key);
	const json_t *value = member(f, of, object, key, may);

	if (value == NULL)
		return NULL;
	if (!json_is_string(value)) {
		file_wrong(f, &at, "%s", _("must be a text"));
		return NULL;
	}
	if (json_string_length(value) > ADVICE_TEXT_MAX) {
		file_wrong(f, &at, _("is longer than %d bytes"), ADVICE_TEXT_MAX);
		return NULL;
	}
	if (json_string_length(value) == 0 && may == MUST) {
		file_wrong(f, &at, "%s", _("is empty"));
		return NULL;
	}
	return json_string_value(value);
}

json_t *member_object(struct file *f, const struct place *of, const json_t *object, const char *key,
		      int may)
{
	const struct place at = place_key(of, key);
	json_t *value = member(f, of, object, key, may);

	if (value == NULL || json_is_object(value))
		return value;
	file_wrong(f, &at, "%s", _("must be an object"));
	return NULL;
}

json_t *member_list(struct file *f, const struct place *of, const json_t *object, const char *key,
		    int may)
{
	const struct place at = place_key(of, key);
	json_t *value = member(f, of, object, key, may);

	if (value == NULL || json_is_array(value))
		return value;
	file_wrong(f, &at, "%s", _("must be a list"));
	return NULL;
}

static unsigned digits_of(const char *p, size_t n)
{
	unsigned v = 0;

	while (n-- > 0)
		v = v * 10 + (unsigned)(*p++ - '0');
	return v;
}

bool date_valid(const char *text)
{
	static const unsigned char days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	if (strlen(text) < 10 || text[4] != '-' || text[7] != '-' ||
	    (text[10] != '\0' && text[10] != 'T' && text[10] != ' '))
		return false;
	for (int i = 0; i < 10; i++)
		if (i != 4 && i != 7 && (text[i] < '0' || text[i] > '9'))
			return false;
	unsigned month = digits_of(text + 5, 2), day = digits_of(text + 8, 2);
	return month >= 1 && month <= 12 && day >= 1 && day <= days[month - 1];
}

bool member_date(struct file *f, const struct place *of, const json_t *object, const char *key,
		 int may, char ret[static 11])
{
	const struct place at = place_key(of, key);
	const char *text = member_text(f, of, object, key, may);

	ret[0] = '\0';
	if (text == NULL)
		return !f->wrong;
	if (!date_valid(text)) {
		file_wrong(f, &at, _("'%.40s' is no date (2026-11-30)"), text);
		return false;
	}
	memcpy(ret, text, 10);
	ret[10] = '\0';
	return true;
}

void check_count(struct file *f, const json_t *root, const char *key, size_t entries)
{
	const json_t *count = json_object_get(root, key);
	const struct place at = place_key(NULL, key);

	if (count == NULL)
		return;
	if (!json_is_integer(count))
		file_wrong(f, &at, "%s", _("must be a whole number"));
	else if (json_integer_value(count) != (json_int_t)entries)
		file_wrong(f, &at, _("is %lld, but there are %zu entries"),
			   (long long)json_integer_value(count), entries);
}
