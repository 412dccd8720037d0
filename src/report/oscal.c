/* SPDX-License-Identifier: Apache-2.0 */
#include "report/oscal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "codec/utf8.h"
#include "report/text.h"

enum { TEXT_MOST = 8000, VALUE_MOST = 1000 };
static const char oscal_version[] = "1.1.2";

int oscal_start(struct oscal *o, const struct export_job *job, FILE *out)
{
	*o = (struct oscal){ .j = { .out = out, .broken = 5 },
			     .catalogue = job->catalogue,
			     .l = job->language };
	return facts_load(job->db, job->catalogue, &o->facts);
}

int oscal_done(struct oscal *o)
{
	int r = o->facts.error;

	facts_done(&o->facts);
	return r;
}

void oscal_uuid(struct oscal *o, const char *key, const char *kind, const char *name)
{
	char uuid[UUID_TEXT];

	if (uuid_make(kind, name, uuid) < 0)
		o->facts.error = -EIO;
	else
		jo_put(&o->j, key, uuid);
}

void oscal_token(struct oscal *o, const char *key, const char *guideline, char kind, const char *id)
{
	char token[OSCAL_ID];

	if (!oscal_id_make(guideline, kind, id, token))
		o->facts.error = -EINVAL;
	else if (key != NULL)
		jo_put(&o->j, key, token);
	else
		jo_text(&o->j, token);
}

void oscal_text(struct oscal *o, const char *key, const char *text)
{
	if (text == NULL || *text == '\0')
		return;
	char *line = text_line(text, text_markdown, TEXT_MOST);

	if (line == NULL)
		o->facts.error = -ENOMEM;
	else
		jo_put(&o->j, key, line);
	free(line);
}

void oscal_begin(struct oscal *o, const char *kind, const char *name)
{
	jo_object(&o->j);
	jo_open_object(&o->j, kind);
	oscal_uuid(o, "uuid", kind, name);
}

void oscal_end(struct oscal *o)
{
	jo_end(&o->j);
	jo_end(&o->j);
	jo_line(&o->j);
}

/* What OSCAL's strings must not begin or end with: \s of the schema's patterns. */
static bool is_blank(uint32_t v)
{
	return v == ' ' || v == 0xa0 || v == 0x1680 || (v >= 0x2000 && v <= 0x200a) ||
	       v == 0x202f || v == 0x205f || v == 0x3000;
}

/* One line without blanks around it, malloc()ed; NULL: nothing is left, or no memory. */
static char *plain_string(const char *text)
{
	char *line = text_line(text, "", VALUE_MOST);
	size_t first = 0, end = 0, left = line != NULL ? strlen(line) : 0;

	for (size_t at = 0; left > 0;) {
		uint32_t v = 0;
		size_t n = utf8_next((const uint8_t *)line + at, left, &v);

		n = n > 0 ? n : 1;
		if (is_blank(v) && end == 0)
			first = at + n;
		else if (!is_blank(v))
			end = at + n;
		at += n;
		left -= n;
	}
	if (end == 0) {
		free(line);
		return NULL;
	}
	memmove(line, line + first, end - first);
	line[end - first] = '\0';
	return line;
}

void oscal_metadata(struct oscal *o, const char *title, const char *version)
{
	const struct facts *f = &o->facts;
	char time[TIME_TEXT];

	jo_open_object(&o->j, "metadata");
	oscal_text(o, "title", title);
	jo_put(&o->j, "last-modified", time_utc(f->finished != 0 ? f->finished : f->started, time));
	char *line = plain_string(version);
	jo_put(&o->j, "version", line != NULL ? line : "-");
	free(line);
	jo_put(&o->j, "oscal-version", oscal_version);
	oscal_prop(o, "tool", "tenken", true);
	oscal_prop(o, "tool-version", f->version, true);
	oscal_props_end(o);
	jo_end(&o->j);
}

void oscal_prop(struct oscal *o, const char *name, const char *value, bool own)
{
	char *line = value != NULL ? plain_string(value) : NULL;

	if (line == NULL)
		return;
	if (!o->listed)
		jo_open_list(&o->j, "props");
	o->listed = true;
	jo_object(&o->j);
	jo_put(&o->j, "name", name);
	if (own) {
		char ns[16 + UUID_TEXT];

		snprintf(ns, sizeof(ns), "urn:uuid:%s", uuid_namespace);
		jo_put(&o->j, "ns", ns);
	}
	jo_put(&o->j, "value", line);
	jo_end(&o->j);
	free(line);
}

void oscal_props_end(struct oscal *o)
{
	if (o->listed)
		jo_end(&o->j);
	o->listed = false;
}

char *oscal_guidelines(const struct oscal *o)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (out == NULL)
		return NULL;
	for (size_t i = 0; i < o->catalogue->guideline_count; i++)
		fprintf(out, "%s%s %s", i > 0 ? ", " : "", o->catalogue->guidelines[i].id,
			o->catalogue->guidelines[i].version);
	return fclose(out) == 0 ? text : NULL;
}
