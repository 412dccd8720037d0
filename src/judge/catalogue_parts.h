/* SPDX-License-Identifier: Apache-2.0 */
/* What the two files of the catalogue share. Nobody else includes this. */
#ifndef TENKEN_JUDGE_CATALOGUE_PARTS_H
#define TENKEN_JUDGE_CATALOGUE_PARTS_H

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
/* Each adds what the file holds; what is wrong becomes a complaint. */
void catalogue_read_checks(struct loader *l, const char *path);
void catalogue_read_scopes(struct loader *l, const char *path);
void catalogue_read_guideline(struct loader *l, const char *path, const char *name);
/* list->table stays NULL where the file is no list. */
void catalogue_read_list(struct loader *l, const char *path, const char *name,
			 struct data_list *list);

#endif
