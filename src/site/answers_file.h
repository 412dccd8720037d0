/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The answers file of a site, as `tenken assess` keeps it: the entries whose `file` is the site's
 * answers_path. What the site file itself says is never changed.
 */
#ifndef TENKEN_SITE_ANSWERS_FILE_H
#define TENKEN_SITE_ANSWERS_FILE_H

#include <stdio.h>

#include "site/site.h"

/* Is this entry one of the answers file? */
bool answers_own(const struct site *s, const char *file);

/* The answer for this item, or (whole) control, wherever it stands; NULL: there is none. The same for goals and
 * treatments of items. Valid until the next change. */
const struct attestation *answers_find(const struct site *s, const char *guideline,
				       const char *item, bool whole);
const struct goal *answers_goal(const struct site *s, const char *guideline, const char *item,
				bool whole);
const struct treatment_plan *answers_treatment(const struct site *s, const char *guideline,
					       const char *item, bool whole);
const struct tier *answers_tier(const struct site *s, const char *area);

/* Puts a copy into the answers file, in the place of one for the same item (area). 0 or -ENOMEM. */
int answers_set(struct site *s, const struct attestation *a);
int answers_set_goal(struct site *s, const struct goal *g);
int answers_set_treatment(struct site *s, const struct treatment_plan *t);
int answers_set_tier(struct site *s, const struct tier *t);
/* Takes the answer for this item (not a whole control) out of the answers file. */
void answers_drop(struct site *s, const char *guideline, const char *item);

/* Writes the file: YAML that site_load() reads to the same entries. 0 or -ENOMEM; the caller looks at out. */
int answers_write(const struct site *s, FILE *out);

enum { DAY_FORM = 16 };
/* "2026-11-30": the civil day of a moment at the site. */
const char *site_day_text(const struct site *s, int64_t when, char out[static DAY_FORM]);

#endif
