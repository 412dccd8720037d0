/* SPDX-License-Identifier: Apache-2.0 */
/* Judging a run by what people answer and decide by now, rather than by what they said when it ran. */
#ifndef TENKEN_COMMANDS_TODAY_H
#define TENKEN_COMMANDS_TODAY_H

#include "site/site.h"
#include "store/db.h"
#include "store/store.h"

struct today {
	struct store
		*store; /* in memory: the answers of the site file; NULL: those of the run count */
	struct db *answers; /* for judge_options */
	int64_t asof;       /* the same; 0: the end of the run */
};

/*
 * site: today's site file; NULL: none. at: a day, "YYYY-MM-DD"; NULL: today, or the run's end where there
 * is no site file. It is told by the site's clock (without a site file by that of the run), and counts to its
 * end. db, run: what is judged; its site must be the file's. The file's names are compared with the
 * catalogue and the user's check files. EXIT_DONE, or EXIT_USAGE or EXIT_INCOMPLETE after messages on
 * stderr; today_done() is right in every case.
 */
int today_load(struct today *ret, const char *site, const char *at, const char *const *checks,
	       size_t check_count, struct db *db, int64_t run);
void today_done(struct today *t);
/* Says on stderr where an answers file lies beside the site file that does not name it. */
void today_unnamed(const struct site *s);

/* A day, "YYYY-MM-DD", as its first second by the clock of a run. 0, -EINVAL where it is no day, or another
 * negative errno. */
int today_day(struct db *db, int64_t run, const char *day, int64_t *ret);

#endif
