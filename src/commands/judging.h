/* SPDX-License-Identifier: Apache-2.0 */
/* What scan, report and export share: loading the catalogue, judging, writing reports. */
#ifndef TENKEN_COMMANDS_JUDGING_H
#define TENKEN_COMMANDS_JUDGING_H

#include "judge/catalogue.h"
#include "site/site.h"
#include "store/db.h"
#include "store/store.h"

struct judging;

/*
 * Loads the catalogue before anything is sent: named guidelines (also files of the user's, and "all":
 * then those of the site file first, else mlit-water), else those of the site file, else mlit-water;
 * plus the user's check files. site NULL: they stand in order. False with complaints.
 */
bool judging_start(struct judging **ret, const struct site *site, const char *const *profiles,
		   size_t profile_count, const char *const *checks, size_t check_count,
		   struct complaints *c);
/* Where all are wanted, those of the site come first: first and profiles in one new list, whose count
 * *count becomes; else profiles alone. The caller frees it; the names stay whose they are. NULL: no
 * memory. */
const char **judging_order(const char *const *first, size_t first_count,
			   const char *const *profiles, size_t *count);
void judging_free(struct judging *j);
/* "mlit-water,nisc-handbook,/etc/tenken/own.yaml", as the store keeps it. */
const char *judging_profiles(const struct judging *j);

/* Valid as long as j. */
const struct catalogue *judging_catalogue(const struct judging *j);
/* Judges a scan of a store that is only read. As judge_run(); today: by whose answers, NULL: its own. */
struct today;
int judging_again(struct judging *j, struct db *db, int64_t scan, const struct today *today,
		  struct complaints *c);

/* Files to write; NULL: none. */
struct judging_outputs {
	const char *html, *json, *ndjson, *csv, *nmap_xml;
	bool summary; /* on stdout */
};

/* Judges a scan that has ended, keeps its findings in the store, writes the outputs. Exit status:
 * EXIT_FOUND where fail_on (a severity, or NULL) is met. Messages go to stderr. */
int judging_end(struct judging *j, struct store *store, int64_t scan,
		const struct judging_outputs *outputs, const char *store_path, const char *fail_on);

#endif
