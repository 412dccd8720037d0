/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML files of our own kinds, over libyaml's document API. Every mistake is one complaint
 * "FILE:LINE: field 'X': ...".
 *
 * What is refused as a whole: more than one document, aliases and anchors that are used (one node in
 * two places), tags, nesting beyond YAML_DEPTH_MAX, control characters and NUL in texts.
 *
 * A struct ynode is a view: it is valid until its file is closed, may be copied freely, and a node
 * that is not there (yn_given() false) can be asked everything: it is empty.
 */
#ifndef TENKEN_CODEC_YAML_H
#define TENKEN_CODEC_YAML_H

#include <stdbool.h>
#include <stdint.h>

#include "codec/complaint.h"

enum {
	YAML_DEPTH_MAX = 32,
	YAML_BYTES_MAX = 4 * 1024 * 1024,
};

struct yfile;

struct ynode {
	struct yfile *file;
	int id;            /* libyaml's; 0: not there */
	const char *field; /* the key it stands under, NULL at the root */
};

/* NULL with a complaint. The complaints are borrowed until yf_close(). */
struct yfile *yf_open(const char *path, struct complaints *c);
/* The same from memory; name stands in the messages. */
struct yfile *yf_read(const char *name, const char *text, size_t length, struct complaints *c);
void yf_close(struct yfile *f);
struct ynode yf_root(struct yfile *f);
const char *yf_path(const struct yfile *f);

bool yn_given(struct ynode n);
bool yn_is_map(struct ynode n);
bool yn_is_list(struct ynode n);
bool yn_is_text(struct ynode n);
unsigned yn_line(struct ynode n);
__attribute__((format(printf, 2, 3))) void yn_complain(struct ynode n, const char *format, ...);

/* A mapping whose keys are all in this list, which ends with NULL. Unknown keys, keys that stand
 * twice and keys that are no text are complaints; so is anything but a mapping, and only that gives
 * false. */
bool yn_map(struct ynode n, const char *const *keys);
/* A mapping with keys of the writer's choice: the same without the list. */
bool yn_map_any(struct ynode n);
/* A list, or a complaint and false. */
bool yn_list(struct ynode n);

/* Children of a mapping (pairs) or list (elements). */
size_t yn_count(struct ynode n);
/* An element; it bears the list's field. */
struct ynode yn_at(struct ynode n, size_t index);
/* A value of a mapping by place; *ret_key is its key's text, NULL where the key is no text. */
struct ynode yn_pair(struct ynode n, size_t index, const char **ret_key);
/* The value under a key (the first, where it stands twice). */
struct ynode yn_get(struct ynode n, const char *key);
/* The same, and a complaint where it is missing. */
struct ynode yn_need(struct ynode n, const char *key);

/* The text of a scalar; NULL with a complaint where it is none or empty, NULL alone where the node
 * is not there. Borrowed from the file. */
const char *yn_text(struct ynode n);
/* The same; an empty text is allowed. */
const char *yn_text_any(struct ynode n);
/* true, false, yes, no. *ret keeps its value where the node is not there or wrong. */
bool yn_bool(struct ynode n, bool *ret);
bool yn_number(struct ynode n, uint64_t least, uint64_t most, uint64_t *ret);

#endif
