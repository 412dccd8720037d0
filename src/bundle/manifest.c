/* SPDX-License-Identifier: Apache-2.0 */
/* The manifest of a bundle: JSON of a closed set of keys. */
#include <stdlib.h>
#include <string.h>

#include "bundle/bundle_parts.h"

static json_t *members_json(const struct bundle_member *list, size_t count)
{
	json_t *all = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(all, json_pack("{s:s, s:I, s:s}", "name", list[i].name,
						     "bytes", (json_int_t)list[i].bytes, "sha256",
						     list[i].digest));
	if (json_array_size(all) == count)
		return all;
	json_decref(all);
	return NULL;
}

char *manifest_text(const struct bundle_facts *f, const struct bundle_member *list, size_t count,
		    const char *key)
{
	json_t *o = json_pack("{s:s, s:s, s:I, s:s, s:s, s:I, s:s, s:o}", "format", BUNDLE_FORMAT,
			      "version", f->version, "schema", (json_int_t)f->schema, "site",
			      f->site, "run", f->run, "as_of", (json_int_t)f->as_of, "key", key,
			      "members", members_json(list, count));
	char *text = o != NULL ? json_dumps(o, JSON_INDENT(1)) : NULL;

	json_decref(o);
	return text;
}

static bool take_text(const json_t *o, const char *name, char *out, size_t room)
{
	const char *text = json_string_value(json_object_get(o, name));

	if (text == NULL || strlen(text) >= room)
		return false;
	memcpy(out, text, strlen(text) + 1);
	return true;
}

static bool take_number(const json_t *o, const char *name, uint64_t most, int64_t *ret)
{
	const json_t *v = json_object_get(o, name);

	if (!json_is_integer(v) || json_integer_value(v) < 0 ||
	    (uint64_t)json_integer_value(v) > most)
		return false;
	*ret = json_integer_value(v);
	return true;
}

static bool take_digest(const json_t *o, const char *name, char out[static DIGEST_TEXT])
{
	return take_text(o, name, out, DIGEST_TEXT) &&
	       strspn(out, "0123456789abcdef") == DIGEST_TEXT - 1;
}

static bool take_member(const json_t *o, struct bundle_member *ret)
{
	int64_t bytes;

	if (json_object_size(o) != 3 || !take_text(o, "name", ret->name, sizeof(ret->name)) ||
	    !ustar_name_safe(ret->name) || !take_digest(o, "sha256", ret->digest) ||
	    !take_number(o, "bytes", USTAR_BYTES_MOST, &bytes))
		return false;
	ret->bytes = (uint64_t)bytes;
	return true;
}

static bool take_members(const json_t *all, struct bundle_member *list, size_t *ret_count)
{
	size_t n = json_array_size(all);

	if (!json_is_array(all) || n > BUNDLE_MEMBERS)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!take_member(json_array_get(all, i), &list[i]))
			return false;
		for (size_t k = 0; k < i; k++)
			if (strcmp(list[k].name, list[i].name) == 0)
				return false;
	}
	*ret_count = n;
	return true;
}

bool manifest_read(const char *text, size_t n, struct bundle_facts *ret,
		   struct bundle_member *ret_list, size_t *ret_count,
		   char ret_key[static DIGEST_TEXT])
{
	json_t *o = json_loadb(text, n, JSON_REJECT_DUPLICATES, NULL);
	char format[sizeof(BUNDLE_FORMAT) + 1];
	bool good = json_object_size(o) == 8 && take_text(o, "format", format, sizeof(format)) &&
		    strcmp(format, BUNDLE_FORMAT) == 0 &&
		    take_text(o, "version", ret->version, sizeof(ret->version)) &&
		    take_text(o, "site", ret->site, sizeof(ret->site)) &&
		    take_text(o, "run", ret->run, sizeof(ret->run)) &&
		    take_number(o, "schema", INT32_MAX, &ret->schema) &&
		    take_number(o, "as_of", USTAR_BYTES_MOST, &ret->as_of) &&
		    take_digest(o, "key", ret_key) &&
		    take_members(json_object_get(o, "members"), ret_list, ret_count);

	json_decref(o);
	return good;
}
