/* SPDX-License-Identifier: Apache-2.0 */
/* What commands share that write a run into the store: names of files beside it, its row, the sending lock. */
#ifndef TENKEN_COMMANDS_RUN_FILES_H
#define TENKEN_COMMANDS_RUN_FILES_H

#include <stdbool.h>
#include <stddef.h>

#include "commands/judging.h"
#include "site/plan.h"

/* Names of files beside the store. */
struct run_files {
	const char *store;           /* borrowed */
	char *journal, *stop, *html; /* html NULL: none */
};
/* stop_file, html: as asked for; NULL: beside the store. False without memory; run_files_done() is right
 * in both cases. */
bool run_files_make(struct run_files *p, const char *store, const char *stop_file, const char *html,
		    bool no_html);
void run_files_done(struct run_files *p);

/* An output that could not be written at the end is found out before anything is sent. False after a message;
 * NULL is fine. */
bool run_writable(const char *path);
/* The run's row, seen from the site's vantage, else from this machine's name: its id, 0 on a fault. kind as in
 * scan_row; plan_text: JSON, taken over, NULL: none. From outside the vantage's kind is public. The run's UUID
 * (RFC 9562, version 4) is left in ret_uuid. */
int64_t run_begin(struct store *store, const struct plan *plan, const struct judging *j,
		  const char *kind, char *plan_text, char ret_uuid[static 37]);
/* The sending lock: descriptor, or -1 after a message. */
int run_lock(bool wait);
/* Who we are, for those who ask the lock. */
void run_describe(char *out, size_t n, const char *store);

#endif
