/* SPDX-License-Identifier: Apache-2.0 */
/* Fingerprints in our own format. */
#include "identity/fingerprint_parts.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/i18n.h"
#include "codec/yaml.h"

static char *copy(struct ynode n)
{
	const char *text = yn_text(n);

	return text != NULL ? strdup(text) : NULL;
}

/* ---- sources.yaml ---- */

static bool part_of_word(const char *word, enum part *ret)
{
	for (int p = 0; p < PARTS; p++)
		if (strcmp(word, part_words[p]) == 0) {
			*ret = (enum part)p;
			return true;
		}
	return false;
}

static void read_direct(struct fingerprints *f, struct ynode n)
{
	static const char *const keys[] = { "probe",   "part",   "certain", "vendor", "product",
					    "version", "serial", "role",    "fixed",  NULL };
	static const char *const fixed_keys[] = { "vendor", "product", "version", "role", NULL };
	struct direct d = { .certain = true };

	if (!yn_map(n, keys))
		return;
	const char *part = yn_text(yn_need(n, "part"));
	if (part != NULL && !part_of_word(part, &d.part))
		yn_complain(yn_get(n, "part"), _("is 'service', 'device' or 'os', not '%s'"), part);
	yn_bool(yn_get(n, "certain"), &d.certain);
	struct ynode fixed = yn_get(n, "fixed");
	if (yn_given(fixed))
		yn_map(fixed, fixed_keys);
	for (int k = 0; k < FACTS; k++) {
		d.path[k] = copy(yn_get(n, fact_words[k]));
		d.fixed[k] = copy(yn_get(fixed, fact_words[k]));
	}
	d.probe = copy(yn_need(n, "probe"));
	d.origin = d.probe != NULL ? strdup(d.probe) : NULL;
	if (d.origin != NULL && fingerprints_grow((void **)&f->directs, f->direct_count,
						  &f->direct_room, sizeof(*f->directs))) {
		f->directs[f->direct_count++] = d;
		return;
	}
	for (int k = 0; k < FACTS; k++) {
		free(d.path[k]);
		free(d.fixed[k]);
	}
	free(d.probe);
	free(d.origin);
}

static void read_field(struct fingerprints *f, struct ynode n)
{
	static const char *const keys[] = { "field", "probe", "path", "recog", NULL };

	if (!yn_map(n, keys))
		return;
	struct field d = { .name = copy(yn_need(n, "field")),
			   .probe = copy(yn_need(n, "probe")),
			   .path = copy(yn_need(n, "path")),
			   .recog = copy(yn_get(n, "recog")) };
	bool twice = d.name != NULL && fingerprints_field(f, d.name) != NULL;
	if (twice)
		yn_complain(yn_get(n, "field"), _("'%s' is there already"), d.name);
	if (!twice && d.name != NULL && d.probe != NULL && d.path != NULL &&
	    fingerprints_grow((void **)&f->fields, f->field_count, &f->field_room,
			      sizeof(*f->fields))) {
		f->fields[f->field_count++] = d;
		return;
	}
	free(d.name);
	free(d.probe);
	free(d.path);
	free(d.recog);
}

static void read_sources(struct fingerprints *f, const char *path, struct complaints *c)
{
	struct yfile *file = yf_open(path, c);
	struct ynode root = file != NULL ? yf_root(file) : (struct ynode){ 0 };

	if (file != NULL && yn_list(root))
		for (size_t i = 0; i < yn_count(root); i++) {
			struct ynode n = yn_at(root, i);

			if (yn_given(yn_get(n, "part")))
				read_direct(f, n);
			else
				read_field(f, n);
		}
	yf_close(file);
}

/* ---- a file of rules ---- */

static void read_fixed(struct rule *r, enum part part, struct ynode n)
{
	static const char *const keys[] = {
		"vendor", "product", "version", "serial", "role", NULL
	};

	if (!yn_given(n) || !yn_map(n, keys))
		return;
	for (int k = 0; k < FACTS; k++)
		r->fixed[part][k] = copy(yn_get(n, fact_words[k]));
}

/* "device_product": which part and fact the group's text is. */
static bool group_place(const char *name, int *ret_part, int *ret_fact)
{
	for (int p = 0; p < PARTS; p++) {
		size_t n = strlen(part_words[p]);

		if (strncmp(name, part_words[p], n) != 0 || name[n] != '_')
			continue;
		for (int k = 0; k < FACTS; k++)
			if (strcmp(name + n + 1, fact_words[k]) == 0) {
				*ret_part = p;
				*ret_fact = k;
				return true;
			}
	}
	return false;
}

static void read_groups(struct rule *r, struct ynode n)
{
	uint32_t count = 0, size = 0, groups = 0;
	PCRE2_SPTR table = NULL;

	pcre2_pattern_info(r->code, PCRE2_INFO_CAPTURECOUNT, &groups);
	if (groups >= GROUPS_MOST)
		yn_complain(n, _("has more than %d groups"), GROUPS_MOST - 1);
	pcre2_pattern_info(r->code, PCRE2_INFO_NAMECOUNT, &count);
	pcre2_pattern_info(r->code, PCRE2_INFO_NAMEENTRYSIZE, &size);
	pcre2_pattern_info(r->code, PCRE2_INFO_NAMETABLE, &table);
	for (uint32_t i = 0; i < count; i++, table += size) {
		const char *name = (const char *)table + 2;
		int p, k;

		if (!group_place(name, &p, &k))
			yn_complain(n, _("the group '%s' names no fact, such as 'service_version'"),
				    name);
		else if (r->fixed[p][k] != NULL)
			yn_complain(n, _("the group '%s' and a fixed text name the same fact"),
				    name);
		else
			r->group[p][k] = (uint8_t)(table[0] << 8 | table[1]);
	}
}

static bool tells(const struct rule *r)
{
	for (int p = 0; p < PARTS; p++)
		for (int k = 0; k < FACTS; k++)
			if (r->fixed[p][k] != NULL || r->group[p][k] != 0)
				return true;
	return false;
}

static void read_rule(struct fingerprints *f, struct field *field, const char *file, struct ynode n)
{
	static const char *const keys[] = { "pattern", "service",  "device", "os", "certain",
					    "source",  "examples", "not",    NULL };
	struct rule r = { .file = file, .line = yn_line(n) };
	char error[128];
	size_t at = 0;

	if (!yn_map(n, keys))
		return;
	for (int p = 0; p < PARTS; p++)
		read_fixed(&r, (enum part)p, yn_get(n, part_words[p]));
	struct ynode certain = yn_need(n, "certain");
	if (yn_given(certain))
		yn_bool(certain, &r.certain);
	(void)yn_text(yn_need(n, "source"));
	if (!yn_given(yn_get(n, "examples")) || yn_count(yn_get(n, "examples")) == 0)
		yn_complain(n, _("has no example"));
	struct ynode pattern = yn_need(n, "pattern");
	const char *text = yn_text(pattern);
	if (text == NULL) {
		rule_done(&r);
		return;
	}
	if (strlen(text) > RULE_TEXT_MAX || !rule_compile(&r, text, 0, error, sizeof(error), &at)) {
		yn_complain(pattern, _("no pattern: %s at character %zu"),
			    strlen(text) > RULE_TEXT_MAX ? "too long" : error, at);
		rule_done(&r);
		return;
	}
	read_groups(&r, pattern);
	if (!tells(&r))
		yn_complain(n, _("tells nothing"));
	if (!field_add(f, field, &r))
		yn_complain(n, _("out of memory"));
}

static void read_rules(struct fingerprints *f, const char *path, struct complaints *c)
{
	static const char *const keys[] = { "field", "rules", NULL };
	struct yfile *file = yf_open(path, c);

	if (file == NULL)
		return;
	struct ynode root = yf_root(file), rules;
	const char *name = fingerprints_file(f, path);
	const char *word =
		name != NULL && yn_map(root, keys) ? yn_text(yn_need(root, "field")) : NULL;
	if (word != NULL && yn_list(rules = yn_need(root, "rules"))) {
		struct field *field = fingerprints_field(f, word);

		if (field == NULL)
			yn_complain(yn_get(root, "field"), _("'%s' is no field that is known"),
				    word);
		for (size_t i = 0; field != NULL && i < yn_count(rules); i++)
			read_rule(f, field, name, yn_at(rules, i));
	}
	yf_close(file);
}

/* ---- folders ---- */

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), k = strlen(end);

	return n > k && strcmp(text + n - k, end) == 0;
}

static int is_yaml(const struct dirent *d)
{
	return d->d_name[0] != '.' && ends_with(d->d_name, ".yaml") &&
	       strcmp(d->d_name, "sources.yaml") != 0;
}

static int is_xml(const struct dirent *d)
{
	return d->d_name[0] != '.' && ends_with(d->d_name, ".xml");
}

static int is_sources(const struct dirent *d)
{
	return strcmp(d->d_name, "sources.yaml") == 0;
}

static int each_file(struct fingerprints *f, const char *dir, int (*wanted)(const struct dirent *),
		     void (*read)(struct fingerprints *, const char *, struct complaints *),
		     struct complaints *c)
{
	struct dirent **list;
	int n = scandir(dir, &list, wanted, alphasort);

	if (n < 0) {
		complain(c, dir, 0, _("cannot be read: %s"), strerror(errno));
		return -1;
	}
	for (int i = 0; i < n; i++) {
		char *path;

		if (asprintf(&path, "%s/%s", dir, list[i]->d_name) >= 0) {
			read(f, path, c);
			free(path);
		}
		free(list[i]);
	}
	free(list);
	return n;
}

void fingerprints_read(struct fingerprints *f, const char *dir, struct complaints *c)
{
	if (each_file(f, dir, is_sources, read_sources, c) >= 0)
		each_file(f, dir, is_yaml, read_rules, c);
}

void fingerprints_read_recog(struct fingerprints *f, const char *dir, struct complaints *c)
{
	each_file(f, dir, is_xml, recog_read_file, c);
}

void fingerprints_read_any(struct fingerprints *f, const char *dir, struct complaints *c)
{
	int ours = each_file(f, dir, is_sources, read_sources, c);

	if (ours < 0)
		return;
	ours += each_file(f, dir, is_yaml, read_rules, c);
	if (ours + each_file(f, dir, is_xml, recog_read_file, c) == 0)
		complain(c, dir, 0, _("has no file of fingerprints (*.yaml, or recog's *.xml)"));
}
