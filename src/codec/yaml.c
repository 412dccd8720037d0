/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/yaml.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "codec/file.h"
#include "codec/i18n.h"

struct yfile {
	char *path;
	yaml_document_t document;
	struct complaints *complaints;
};

/* ---- loading ---- */

static unsigned mark_line(yaml_mark_t mark)
{
	return (unsigned)mark.line + 1;
}

static unsigned node_line(const yaml_node_t *n)
{
	return mark_line(n->start_mark);
}

/* The text in small pieces, as the parser asks for them. What libyaml does for each token grows with the
 * brackets that are open, so it is stopped where there are too many instead of after the whole text
 * [yaml-brackets]. */
struct feed {
	const char *text;
	size_t left;
	const yaml_parser_t *parser;
	bool deep;
};

enum { FEED_BYTES = 1024 };

static int feed(void *data, unsigned char *buffer, size_t size, size_t *ret_size)
{
	struct feed *f = data;
	size_t n = f->left < size ? f->left : size;

	if (f->parser->flow_level > YAML_DEPTH_MAX) {
		f->deep = true;
		return 0;
	}
	if (n > FEED_BYTES)
		n = FEED_BYTES;
	memcpy(buffer, f->text, n);
	f->text += n;
	f->left -= n;
	*ret_size = n;
	return 1;
}

static void complain_parser(const char *path, const yaml_parser_t *p, struct complaints *c)
{
	const char *problem = p->problem != NULL ? p->problem : "";
	const struct feed *f = p->read_handler_data;

	if (f->deep)
		complain(c, path, mark_line(p->mark), _("is nested too deeply"));
	else if (p->error == YAML_MEMORY_ERROR)
		complain(c, path, 0, _("out of memory"));
	else if (p->error == YAML_READER_ERROR)
		complain(c, path, 0, _("is not YAML: %s (byte %zu)"), problem, p->problem_offset);
	else
		complain(c, path, mark_line(p->problem_mark), _("is not YAML: %s"), problem);
}

/* Children come after their parents in the list of nodes, except through an alias. */
struct survey {
	unsigned char *depth; /* by node; 0: nobody's child yet */
	size_t count;
	const char *path;
	yaml_document_t *document;
	struct complaints *complaints;
};

static bool visit_child(struct survey *s, int parent, int child)
{
	const yaml_node_t *n = yaml_document_get_node(s->document, child);
	unsigned line = node_line(yaml_document_get_node(s->document, parent));

	if (n == NULL || (size_t)child > s->count)
		return false;
	if (s->depth[child] != 0 || child <= parent) {
		complain(s->complaints, s->path, line,
			 _("aliases (*name) are not read: write it out"));
		return false;
	}
	if (s->depth[parent] >= YAML_DEPTH_MAX) {
		complain(s->complaints, s->path, line, _("is nested too deeply"));
		return false;
	}
	s->depth[child] = (unsigned char)(s->depth[parent] + 1);
	return true;
}

static bool plain_tag(const yaml_node_t *n)
{
	const char *tag = (const char *)n->tag;

	return tag == NULL || strcmp(tag, YAML_STR_TAG) == 0 || strcmp(tag, YAML_SEQ_TAG) == 0 ||
	       strcmp(tag, YAML_MAP_TAG) == 0;
}

/* A text without NUL and control characters (C0, DEL, and C1, which UTF-8 writes as c2 80 to c2 9f);
 * tabs and line ends may be. */
static bool sound_text(const yaml_node_t *n)
{
	const yaml_char_t *p = n->data.scalar.value;
	size_t length = n->data.scalar.length;

	for (size_t i = 0; i < length; i++) {
		if ((p[i] < 0x20 && p[i] != '\n' && p[i] != '\t') || p[i] == 0x7f)
			return false;
		if (p[i] == 0xc2 && i + 1 < length && p[i + 1] < 0xa0)
			return false;
	}
	return true;
}

static bool survey_node(struct survey *s, int id)
{
	const yaml_node_t *n = yaml_document_get_node(s->document, id);

	if (!plain_tag(n)) {
		complain(s->complaints, s->path, node_line(n), _("tags (%s) are not read"),
			 (const char *)n->tag);
		return false;
	}
	if (n->type == YAML_SCALAR_NODE && !sound_text(n)) {
		complain(s->complaints, s->path, node_line(n),
			 _("a text holds a control character"));
		return false;
	}
	if (n->type == YAML_SEQUENCE_NODE)
		for (const yaml_node_item_t *i = n->data.sequence.items.start;
		     i < n->data.sequence.items.top; i++)
			if (!visit_child(s, id, *i))
				return false;
	if (n->type == YAML_MAPPING_NODE)
		for (const yaml_node_pair_t *p = n->data.mapping.pairs.start;
		     p < n->data.mapping.pairs.top; p++)
			if (!visit_child(s, id, p->key) || !visit_child(s, id, p->value))
				return false;
	return true;
}

static bool survey(const char *path, yaml_document_t *document, struct complaints *c)
{
	size_t count = (size_t)(document->nodes.top - document->nodes.start);
	struct survey s = { .count = count, .path = path, .document = document, .complaints = c };
	bool good = true;

	if (count == 0) {
		complain(c, path, 0, _("is empty"));
		return false;
	}
	s.depth = calloc(count + 1, 1);
	if (s.depth == NULL) {
		complain(c, path, 0, _("out of memory"));
		return false;
	}
	s.depth[1] = 1;
	for (size_t id = 1; id <= count && good; id++)
		good = survey_node(&s, (int)id);
	free(s.depth);
	return good;
}

/* A second document, or what cannot be read behind the first. */
static bool ends_here(yaml_parser_t *parser, const char *path, struct complaints *c)
{
	yaml_document_t next;

	if (!yaml_parser_load(parser, &next)) {
		complain_parser(path, parser, c);
		return false;
	}
	const yaml_node_t *root = yaml_document_get_root_node(&next);
	if (root != NULL)
		complain(c, path, node_line(root), _("holds more than one document"));
	yaml_document_delete(&next);
	return root == NULL;
}

static bool load(struct yfile *f, const char *text, size_t length)
{
	yaml_parser_t parser;
	struct feed rest = { .text = text, .left = length, .parser = &parser };
	bool good = false;

	if (!yaml_parser_initialize(&parser)) {
		complain(f->complaints, f->path, 0, _("out of memory"));
		return false;
	}
	yaml_parser_set_input(&parser, feed, &rest);
	if (!yaml_parser_load(&parser, &f->document))
		complain_parser(f->path, &parser, f->complaints);
	else
		good = survey(f->path, &f->document, f->complaints) &&
		       ends_here(&parser, f->path, f->complaints);
	yaml_parser_delete(&parser);
	return good;
}

struct yfile *yf_read(const char *name, const char *text, size_t length, struct complaints *c)
{
	struct yfile *f = calloc(1, sizeof(*f));

	if (f != NULL)
		f->path = strdup(name);
	if (f == NULL || f->path == NULL) {
		complain(c, name, 0, _("out of memory"));
		free(f);
		return NULL;
	}
	f->complaints = c;
	if (!load(f, text, length)) {
		yf_close(f);
		return NULL;
	}
	return f;
}

struct yfile *yf_open(const char *path, struct complaints *c)
{
	size_t length = 0;
	char *text = file_read(path, YAML_BYTES_MAX, &length, c);

	if (text == NULL)
		return NULL;
	struct yfile *f = yf_read(path, text, length, c);
	free(text);
	return f;
}

void yf_close(struct yfile *f)
{
	if (f == NULL)
		return;
	yaml_document_delete(&f->document);
	free(f->path);
	free(f);
}

const char *yf_path(const struct yfile *f)
{
	return f->path;
}

struct ynode yf_root(struct yfile *f)
{
	return (struct ynode){ .file = f, .id = 1 };
}

/* ---- asking ---- */

static const yaml_node_t *node(struct ynode n)
{
	return n.id != 0 ? yaml_document_get_node(&n.file->document, n.id) : NULL;
}

static bool is(struct ynode n, yaml_node_type_t type)
{
	const yaml_node_t *y = node(n);

	return y != NULL && y->type == type;
}

bool yn_given(struct ynode n)
{
	return n.id != 0;
}

bool yn_is_map(struct ynode n)
{
	return is(n, YAML_MAPPING_NODE);
}

bool yn_is_list(struct ynode n)
{
	return is(n, YAML_SEQUENCE_NODE);
}

bool yn_is_text(struct ynode n)
{
	return is(n, YAML_SCALAR_NODE);
}

unsigned yn_line(struct ynode n)
{
	const yaml_node_t *y = node(n);

	return y != NULL ? node_line(y) : 0;
}

void yn_complain(struct ynode n, const char *format, ...)
{
	char *text = NULL;
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		text = NULL;
	va_end(arguments);
	const char *said = text != NULL ? text : _("out of memory");
	if (n.field != NULL)
		complain(n.file->complaints, n.file->path, yn_line(n), _("field '%s': %s"), n.field,
			 said);
	else
		complain(n.file->complaints, n.file->path, yn_line(n), "%s", said);
	free(text);
}

/* The text of a key or value; NULL where the node is no scalar. */
static const char *scalar(struct yfile *f, int id)
{
	const yaml_node_t *y = yaml_document_get_node(&f->document, id);

	return y != NULL && y->type == YAML_SCALAR_NODE ? (const char *)y->data.scalar.value : NULL;
}

size_t yn_count(struct ynode n)
{
	const yaml_node_t *y = node(n);

	if (y != NULL && y->type == YAML_MAPPING_NODE)
		return (size_t)(y->data.mapping.pairs.top - y->data.mapping.pairs.start);
	if (y != NULL && y->type == YAML_SEQUENCE_NODE)
		return (size_t)(y->data.sequence.items.top - y->data.sequence.items.start);
	return 0;
}

struct ynode yn_at(struct ynode n, size_t index)
{
	if (!yn_is_list(n) || index >= yn_count(n))
		return (struct ynode){ .file = n.file, .field = n.field };
	n.id = node(n)->data.sequence.items.start[index];
	return n;
}

struct ynode yn_pair(struct ynode n, size_t index, const char **ret_key)
{
	*ret_key = NULL;
	if (!yn_is_map(n) || index >= yn_count(n))
		return (struct ynode){ .file = n.file, .field = n.field };
	yaml_node_pair_t pair = node(n)->data.mapping.pairs.start[index];
	n.id = pair.value;
	*ret_key = scalar(n.file, pair.key);
	n.field = *ret_key;
	return n;
}

struct ynode yn_get(struct ynode n, const char *key)
{
	const yaml_node_t *y = node(n);

	if (y != NULL && y->type == YAML_MAPPING_NODE)
		for (const yaml_node_pair_t *p = y->data.mapping.pairs.start;
		     p < y->data.mapping.pairs.top; p++) {
			const char *name = scalar(n.file, p->key);

			if (name != NULL && strcmp(name, key) == 0)
				return (struct ynode){ .file = n.file,
						       .id = p->value,
						       .field = name };
		}
	return (struct ynode){ .file = n.file, .field = key };
}

struct ynode yn_need(struct ynode n, const char *key)
{
	struct ynode value = yn_get(n, key);

	if (yn_is_map(n) && !yn_given(value))
		yn_complain((struct ynode){ n.file, n.id, key }, _("is missing"));
	return value;
}

static const char *shape(struct ynode n)
{
	if (yn_is_map(n))
		return _("a mapping");
	return yn_is_list(n) ? _("a list") : _("a text");
}

bool yn_list(struct ynode n)
{
	if (yn_is_list(n))
		return true;
	if (yn_given(n))
		yn_complain(n, _("must be a list, not %s"), shape(n));
	return false;
}

static bool must_be_map(struct ynode n)
{
	if (yn_is_map(n))
		return true;
	if (yn_given(n))
		yn_complain(n, _("must be a mapping (key: value), not %s"), shape(n));
	return false;
}

/* The key as a node of its own, so that a complaint stands on its line. */
static struct ynode key_node(struct ynode map, size_t index)
{
	yaml_node_pair_t pair = node(map)->data.mapping.pairs.start[index];

	return (struct ynode){ map.file, pair.key, scalar(map.file, pair.key) };
}

/* Marks a key as seen; a complaint where it was. */
static bool known_once(const char *const *keys, struct ynode key, uint64_t seen[static 2])
{
	for (size_t k = 0; keys[k] != NULL; k++) {
		if (strcmp(keys[k], key.field) != 0)
			continue;
		if (k < 128 && (seen[k / 64] >> k % 64 & 1))
			yn_complain(key, _("stands twice"));
		else if (k < 128)
			seen[k / 64] |= UINT64_C(1) << k % 64;
		return true;
	}
	return false;
}

bool yn_map(struct ynode n, const char *const *keys)
{
	uint64_t seen[2] = { 0, 0 };

	if (!must_be_map(n))
		return false;
	for (size_t i = 0; i < yn_count(n); i++) {
		struct ynode key = key_node(n, i);

		if (key.field == NULL)
			yn_complain(key, _("a key must be a text"));
		else if (!known_once(keys, key, seen))
			yn_complain(key, _("is not known here"));
	}
	return true;
}

static int by_text(const void *a, const void *b)
{
	const struct ynode *x = a, *y = b;
	int c = strcmp(x->field, y->field);

	return c != 0 ? c : (x->id > y->id) - (x->id < y->id);
}

bool yn_map_any(struct ynode n)
{
	if (!must_be_map(n))
		return false;
	size_t count = yn_count(n), texts = 0;
	struct ynode *list = reallocarray(NULL, count + 1, sizeof(*list));
	if (list == NULL) {
		yn_complain(n, _("out of memory"));
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		struct ynode key = key_node(n, i);

		if (key.field == NULL)
			yn_complain(key, _("a key must be a text"));
		else
			list[texts++] = key;
	}
	qsort(list, texts, sizeof(*list), by_text);
	for (size_t i = 1; i < texts; i++)
		if (strcmp(list[i - 1].field, list[i].field) == 0)
			yn_complain(list[i], _("stands twice"));
	free(list);
	return true;
}

const char *yn_text_any(struct ynode n)
{
	if (!yn_given(n))
		return NULL;
	if (!yn_is_text(n)) {
		yn_complain(n, _("must be a text, not %s"), shape(n));
		return NULL;
	}
	return scalar(n.file, n.id);
}

const char *yn_text(struct ynode n)
{
	const char *text = yn_text_any(n);

	if (text != NULL && text[0] == '\0') {
		yn_complain(n, _("has no value"));
		return NULL;
	}
	return text;
}

bool yn_bool(struct ynode n, bool *ret)
{
	const char *text = yn_text(n);

	if (text == NULL)
		return false;
	bool yes = strcmp(text, "true") == 0 || strcmp(text, "yes") == 0;
	if (!yes && strcmp(text, "false") != 0 && strcmp(text, "no") != 0) {
		yn_complain(n, _("'%s' is neither true nor false"), text);
		return false;
	}
	*ret = yes;
	return true;
}

bool yn_number(struct ynode n, uint64_t least, uint64_t most, uint64_t *ret)
{
	const char *text = yn_text(n);

	if (text == NULL)
		return false;
	char *end;
	errno = 0;
	unsigned long long v = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || v < least || v > most) {
		yn_complain(n, _("'%s' is not a whole number from %llu to %llu"), text,
			    (unsigned long long)least, (unsigned long long)most);
		return false;
	}
	*ret = v;
	return true;
}
