/* SPDX-License-Identifier: Apache-2.0 */
/* A scan that goes on after it was cut off: what is kept for that, and how it is found again. */
#ifndef TENKEN_COMMANDS_RESUME_H
#define TENKEN_COMMANDS_RESUME_H

#include "codec/span.h"
#include "site/plan.h"
#include "store/store.h"
#include "talk/resumed.h"

/* How the packets process works, in every run of the scan: packets.h. */
struct resume_way {
	uint8_t order_key[16];
	unsigned retries;
	bool connect; /* there is none */
};

/* Keeps with the scan that begins what going on would need. */
void resume_keep(struct store *store, const struct plan *plan, const char *const *profiles,
		 size_t profile_count, const char *const *checks, size_t check_count,
		 const struct resume_way *way);

/* The scan that can go on, and what was kept of it. */
struct resume {
	int64_t scan;
	struct plan_kept kept;
	struct resume_way way;
	char **profiles, **checks;
	size_t profile_count, check_count;
	char *reason;   /* why it ended early */
	unsigned times; /* it went on before */
};

/* EXIT_DONE, or the exit status after a complaint. The newest scan must be the one: what a later one
 * found would be overruled by old news. */
int resume_find(struct store *store, const char *path, struct resume *ret, struct complaints *c);
void resume_done(struct resume *r);
/* One line for each file that is no longer what the plan was made from. */
void resume_note_changes(const struct resume *r, const struct plan *plan);
/* The scan runs again, and its remarks say so. */
void resume_begin(struct store *store, const struct resume *r, int64_t now);
/* The places that the packets process told, as it told them. */
struct resume_places {
	struct span *list;
	size_t count;
};
int resume_places(struct store *store, struct resume_places *ret);
void resume_places_done(struct resume_places *p);
/* Reads what was done. What the journal knows and a cut-off store does not is entered first. 0 or
 * negative errno. */
int resume_load(struct store *store, int64_t scan, const struct plan *plan, struct resumed *ret);

#endif
