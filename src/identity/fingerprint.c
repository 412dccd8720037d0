/* SPDX-License-Identifier: Apache-2.0 */
/* Matching, and what it leaves in a document. */
#include "identity/fingerprint_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/evidence.h"
#include "codec/limits.h"

const char *const part_words[PARTS] = { "service", "device", "os" };
const char *const fact_words[FACTS] = { "vendor", "product", "version", "serial", "role" };

/* ---- keeping ---- */

struct fingerprints *fingerprints_new(void)
{
	struct fingerprints *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return NULL;
	f->limits = pcre2_match_context_create(NULL);
	if (f->limits == NULL) {
		free(f);
		return NULL;
	}
	pcre2_set_match_limit(f->limits, MATCH_LIMIT);
	return f;
}

void rule_done(struct rule *r)
{
	pcre2_code_free(r->code);
	for (int p = 0; p < PARTS; p++)
		for (int k = 0; k < FACTS; k++)
			free(r->fixed[p][k]);
	*r = (struct rule){ 0 };
}

void fingerprints_free(struct fingerprints *f)
{
	if (f == NULL)
		return;
	for (size_t i = 0; i < f->field_count; i++) {
		struct field *d = &f->fields[i];

		for (size_t k = 0; k < d->count; k++)
			rule_done(&d->rules[k]);
		free(d->rules);
		free(d->name);
		free(d->probe);
		free(d->path);
		free(d->recog);
	}
	for (size_t i = 0; i < f->direct_count; i++) {
		for (int k = 0; k < FACTS; k++) {
			free(f->directs[i].path[k]);
			free(f->directs[i].fixed[k]);
		}
		free(f->directs[i].probe);
		free(f->directs[i].origin);
	}
	for (size_t i = 0; i < f->file_count; i++)
		free(f->files[i]);
	free(f->fields);
	free(f->directs);
	free(f->files);
	pcre2_match_context_free(f->limits);
	free(f);
}

bool fingerprints_grow(void **list, size_t count, size_t *room, size_t size)
{
	if (count == *room) {
		size_t more = *room == 0 ? 16 : *room * 2;
		void *larger = realloc(*list, more * size);

		if (larger == NULL)
			return false;
		*list = larger;
		*room = more;
	}
	memset((char *)*list + count * size, 0, size);
	return true;
}

const char *fingerprints_file(struct fingerprints *f, const char *path)
{
	const char *slash = strrchr(path, '/');
	char *name = strdup(slash != NULL ? slash + 1 : path);

	if (name == NULL ||
	    !fingerprints_grow((void **)&f->files, f->file_count, &f->file_room, sizeof(char *))) {
		free(name);
		return NULL;
	}
	f->files[f->file_count++] = name;
	return name;
}

struct field *fingerprints_field(struct fingerprints *f, const char *name)
{
	for (size_t i = 0; i < f->field_count; i++)
		if (strcmp(f->fields[i].name, name) == 0)
			return &f->fields[i];
	return NULL;
}

bool rule_compile(struct rule *r, const char *pattern, uint32_t options, char *ret_error,
		  size_t room, size_t *ret_at)
{
	int code;
	PCRE2_SIZE at;

	r->code = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, options | PCRE2_UTF,
				&code, &at, NULL);
	if (r->code == NULL) {
		pcre2_get_error_message(code, (PCRE2_UCHAR *)ret_error, room);
		*ret_at = at;
		return false;
	}
	pcre2_jit_compile(r->code, PCRE2_JIT_COMPLETE); /* without it the interpreter is used */
	return true;
}

bool field_add(struct fingerprints *f, struct field *field, struct rule *r)
{
	if (f->rule_count >= RULES_MOST ||
	    !fingerprints_grow((void **)&field->rules, field->count, &field->room,
			       sizeof(*field->rules))) {
		rule_done(r);
		return false;
	}
	field->rules[field->count++] = *r;
	f->rule_count++;
	return true;
}

size_t fingerprints_count(const struct fingerprints *f)
{
	return f->rule_count;
}

/* ---- matching ---- */

static void set_text(json_t *o, const char *key, const char *text, size_t n)
{
	while (n > 0 && text[n - 1] == ' ')
		n--;
	while (n > 0 && *text == ' ') {
		text++;
		n--;
	}
	if (n > 0)
		note_text(o, key, span_of(text, n));
}

/* A fixed text with the groups that it takes in; nothing where one of them took no part. */
static void set_fixed(json_t *o, const char *key, const char *fixed, const char *text,
		      const PCRE2_SIZE *at, int groups)
{
	char made[SUBJECT_MAX];
	size_t used = 0;

	for (; *fixed != '\0'; fixed++) {
		const char *piece = fixed;
		size_t n = 1;

		if (*fixed == GROUP_MARK && fixed[1] != '\0') {
			int g = (uint8_t) * ++fixed;

			if (g >= groups || at[2 * g] == PCRE2_UNSET)
				return;
			piece = text + at[2 * g];
			n = at[2 * g + 1] - at[2 * g];
		}
		if (n > sizeof(made) - used)
			return;
		memcpy(made + used, piece, n);
		used += n;
	}
	set_text(o, key, made, used);
}

/* What one rule says of one part; NULL: nothing. */
static json_t *part_told(const struct rule *r, enum part part, const char *text,
			 const PCRE2_SIZE *at, int groups)
{
	json_t *o = json_object();

	for (int k = 0; k < FACTS && o != NULL; k++) {
		int g = r->group[part][k];

		if (r->fixed[part][k] != NULL)
			set_fixed(o, fact_words[k], r->fixed[part][k], text, at, groups);
		else if (g > 0 && g < groups && at[2 * g] != PCRE2_UNSET)
			set_text(o, fact_words[k], text + at[2 * g], at[2 * g + 1] - at[2 * g]);
	}
	if (json_object_size(o) > 0)
		return o;
	json_decref(o);
	return NULL;
}

static void finish(json_t *list, json_t *o, enum part part, const char *origin, const char *rule,
		   bool certain)
{
	note_word(o, "part", part_words[part]);
	note_bool(o, "certain", certain);
	note_word(o, "origin", origin);
	if (rule != NULL)
		note_word(o, "rule", rule);
	json_array_append_new(list, o);
}

static json_t *match(const struct fingerprints *f, const struct field *field, const char *text)
{
	size_t n = strnlen(text, SUBJECT_MAX);
	pcre2_match_data *m = pcre2_match_data_create(GROUPS_MOST, NULL);
	json_t *list = NULL;

	while (n > 0 && n == SUBJECT_MAX && ((uint8_t)text[n] & 0xc0) == 0x80)
		n--; /* not in the middle of a character */
	for (size_t i = 0; m != NULL && i < field->count; i++) {
		const struct rule *r = &field->rules[i];
		int groups = pcre2_match(r->code, (PCRE2_SPTR)text, n, 0, 0, m, f->limits);

		if (groups < 0) /* none, or its limits: both say nothing */
			continue;
		char rule[96];
		const PCRE2_SIZE *at = pcre2_get_ovector_pointer(m);
		snprintf(rule, sizeof(rule), "%s:%u", r->file, r->line);
		list = json_array();
		for (int p = 0; p < PARTS && list != NULL; p++) {
			json_t *o = part_told(r, (enum part)p, text, at, groups);

			if (o != NULL)
				finish(list, o, (enum part)p, field->name, rule, r->certain);
		}
		break;
	}
	pcre2_match_data_free(m);
	return list;
}

json_t *fingerprints_match(const struct fingerprints *f, const char *field, const char *text)
{
	for (size_t i = 0; i < f->field_count; i++)
		if (strcmp(f->fields[i].name, field) == 0)
			return match(f, &f->fields[i], text);
	return NULL;
}

/* ---- documents ---- */

/* The value at "certificates.0.subject"; NULL where there is none. */
static const json_t *follow(const json_t *at, const char *path)
{
	char key[64];

	while (at != NULL && *path != '\0' && *path != ' ') {
		size_t n = strcspn(path, ". ");

		if (n >= sizeof(key))
			return NULL;
		memcpy(key, path, n);
		key[n] = '\0';
		at = json_is_array(at) ? json_array_get(at, strtoul(key, NULL, 10))
				       : json_object_get(at, key);
		path += n + (path[n] == '.');
	}
	return at;
}

/* The texts at these places, which stand between spaces; those that are there, joined by a space. */
static bool gather(const json_t *evidence, const char *paths, char *out, size_t room)
{
	size_t used = 0;

	while (*paths != '\0') {
		const char *text = json_string_value(follow(evidence, paths));

		if (text != NULL && *text != '\0') {
			int n = snprintf(out + used, room - used, used > 0 ? " %s" : "%s", text);

			if (n < 0 || (size_t)n >= room - used)
				break; /* longer than anything a rule looks at */
			used += (size_t)n;
		}
		paths += strcspn(paths, " ");
		paths += strspn(paths, " ");
	}
	return used > 0;
}

static void tell_direct(json_t *list, const struct direct *d, const json_t *evidence)
{
	json_t *o = json_object();
	bool told = false;

	for (int k = 0; k < FACTS && o != NULL; k++) {
		char text[SUBJECT_MAX + 1];

		if (d->path[k] != NULL && gather(evidence, d->path[k], text, sizeof(text))) {
			told = true;
			set_text(o, fact_words[k], text, strlen(text));
		} else if (d->fixed[k] != NULL) {
			set_text(o, fact_words[k], d->fixed[k], strlen(d->fixed[k]));
		}
	}
	if (told)
		finish(list, o, d->part, d->origin, NULL, d->certain);
	else
		json_decref(o);
}

/* A service that the document does not name itself. */
static void name_service(json_t *evidence, const json_t *list)
{
	if (json_object_get(evidence, "product") != NULL ||
	    json_object_get(evidence, "version") != NULL)
		return;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *o = json_array_get(list, i);
		const char *part = json_string_value(json_object_get(o, "part"));
		json_t *product = json_object_get(o, "product");

		if (part == NULL || strcmp(part, part_words[PART_SERVICE]) != 0 ||
		    product == NULL || !json_is_true(json_object_get(o, "certain")))
			continue;
		json_object_set(evidence, "product", product);
		if (json_object_get(o, "version") != NULL)
			json_object_set(evidence, "version", json_object_get(o, "version"));
		return;
	}
}

void fingerprints_tell(const struct fingerprints *f, const char *probe, json_t *evidence)
{
	json_t *list = json_array();

	for (size_t i = 0; f != NULL && i < f->field_count && list != NULL; i++) {
		const struct field *d = &f->fields[i];

		if (strcmp(d->probe, probe) != 0)
			continue;
		char text[SUBJECT_MAX + 1];
		json_t *told =
			gather(evidence, d->path, text, sizeof(text)) ? match(f, d, text) : NULL;
		if (told != NULL)
			json_array_extend(list, told);
		json_decref(told);
	}
	for (size_t i = 0; f != NULL && i < f->direct_count && list != NULL; i++)
		if (strcmp(f->directs[i].probe, probe) == 0)
			tell_direct(list, &f->directs[i], evidence);
	if (json_array_size(list) > 0) {
		name_service(evidence, list);
		json_object_set(evidence, "identity", list);
	}
	json_decref(list);
}
