/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of `tenken reach`. */
#ifndef TENKEN_COMMANDS_REACH_H
#define TENKEN_COMMANDS_REACH_H

#include "commands/scan_options.h"
#include "reach/reach.h"
#include "store/store.h"

struct reach_wish {
	const char *site, *beacon, *only, *store, *stop_file;
	const char *html, *json, *ndjson, *csv, *fail_on;
	bool no_html, wait, quiet;
	struct scan_list profiles, checks;
	struct reach_options options;
};

/* What site file, store and this machine know of resolvers, proxies, neighbours and hosts. 0 or -ENOMEM;
 * reach_known_done() frees it. */
int reach_known_make(const struct plan *plan, struct store *store, int64_t now,
		     struct reach_known *ret);
void reach_known_done(struct reach_known *k);

enum reach_end { REACH_DONE, REACH_STOPPED, REACH_FAULT, REACH_STORE, REACH_JOURNAL };

struct reach_crew {
	struct reach_run *run; /* all but what reach_open() fills */
	struct store *store;
	const char *journal, *stop;
	int lock;
	const char *description;             /* for those who ask the lock */
	bool quiet;                          /* no line on the terminal */
	uint32_t told, refuting, not_tested; /* set by reach_crew_run(): paths, of them */
};
/* Forks the process that tests, and keeps what it tells in the store until it has ended. */
enum reach_end reach_crew_run(struct reach_crew *c);

#endif
