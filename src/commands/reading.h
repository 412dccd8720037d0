/* SPDX-License-Identifier: Apache-2.0 */
/* A store opened and judged again: what report and export tell from. */
#ifndef TENKEN_COMMANDS_READING_H
#define TENKEN_COMMANDS_READING_H

#include "commands/today.h"
#include "judge/catalogue.h"
#include "store/open.h"

struct judging;

/* An option that may be given several times. False after a message: it was given too often. */
enum { OPTION_LIST = 16 };
bool option_add(const char *list[static OPTION_LIST], size_t *count, const char *text,
		const char *option);

/* Opens a store for reading. EXIT_DONE, or another exit status after one message on stderr;
 * store_close_read() is right in both cases. */
int reading_open(const char *path, struct store_reader *ret);
/* The one line on stderr about a store that cannot be read, and the exit status that it means. */
int reading_message(const char *path, enum store_fault fault, const char *words);

struct reading {
	struct store_reader store;
	struct judging *judging;
	const struct catalogue *catalogue;
	struct today today; /* by whose answers reading_judge() judges; zeroed: the run's own */
	bool own_checks;
	int judged; /* EXIT_DONE, or the status to end with since some check failed (stderr says it) */
};

/*
 * Opens the store, loads the catalogue (these guidelines, else those that the scan was judged by)
 * and judges the newest scan. EXIT_DONE, or another exit status after one message on stderr;
 * reading_done() is right in both cases.
 */
int reading_start(struct reading *ret, const char *path, const char *const *profiles,
		  size_t profile_count, const char *const *checks, size_t check_count);
/* The same by the answers of a site file of today (site) as of a day (at), today_load(); both may be NULL. */
int reading_start_today(struct reading *ret, const char *path, const char *const *profiles,
			size_t profile_count, const char *const *checks, size_t check_count,
			const char *site, const char *at);
/* Its parts, for who judges another run than the newest, or one of another store too. */
int reading_load(struct reading *r, struct db *db, int64_t scan, const char *const *profiles,
		 size_t profile_count, const char *const *checks, size_t check_count);
int reading_judge(struct reading *r, struct db *db, const char *path, int64_t scan);
/* Tells changes since a day (YYYY-MM-DD) or since the end of a run (its number); NULL: as it is. EXIT_DONE, or
 * another exit status after one message. */
int reading_since(struct reading *r, const char *path, const char *since);
void reading_done(struct reading *r);

#endif
