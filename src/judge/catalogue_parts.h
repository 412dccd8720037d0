/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that read the catalogue share. Nobody else includes this. */
#ifndef TENKEN_JUDGE_CATALOGUE_PARTS_H
#define TENKEN_JUDGE_CATALOGUE_PARTS_H

#include "codec/yaml.h"
#include "judge/arena.h"
#include "judge/catalogue.h"

/* What is read into: memory that runs out shows once, at the end. */
struct loader {
	struct catalogue *catalogue;
	struct complaints *complaints;
	struct arena *arena;
	size_t check_room, view_room, scope_room;
	bool no_memory;
};

/* ---- catalogue_read.c ---- */
/* In the arena; NULL without memory. */
void *catalogue_array(struct loader *l, size_t count, size_t size);
/* A copy in the arena; NULL for NULL. */
const char *catalogue_keep(struct loader *l, const char *text);
/* The text under a key, which must be there; never NULL. */
const char *catalogue_need_text(struct loader *l, struct ynode map, const char *key);
/* YAML's null, which the reader gives as its text. */
bool catalogue_null(struct ynode n);
/* {en: ..., ja: ...}, or one text for both. A missing one is the other; never NULL. */
struct bilingual catalogue_bilingual(struct loader *l, struct ynode n);
/* A list of texts; empty where it is not there. */
struct words catalogue_words(struct loader *l, struct ynode n);
/* "a|b" as words. */
struct words catalogue_split(struct loader *l, const char *text);
/* "ssh.algorithm-weak": what fingerprints and tickets refer to; also the id of a guideline. */
bool catalogue_sound_id(const char *id);
/* Each adds what the file holds; what is wrong becomes a complaint. */
void catalogue_read_checks(struct loader *l, const char *path);
void catalogue_read_scopes(struct loader *l, const char *path);
/* list->table stays NULL where the file is no list. */
void catalogue_read_list(struct loader *l, const char *path, const char *name,
			 struct data_list *list);

/* ---- guideline_read.c ---- */
/* name: as the file is called; NULL: it may bear any id. */
void catalogue_read_guideline(struct loader *l, const char *path, const char *name);

#endif
