/* SPDX-License-Identifier: Apache-2.0 */
/* What `tenken scan` was asked for. */
#ifndef TENKEN_COMMANDS_SCAN_OPTIONS_H
#define TENKEN_COMMANDS_SCAN_OPTIONS_H

#include "identity/credentials.h"
#include "identity/login_forms.h"
#include "identity/fingerprint.h"
#include "site/plan.h"

enum { SCAN_LIST = 64 };

struct scan_list {
	const char *at[SCAN_LIST];
	size_t count;
};

struct scan_options {
	struct plan_wish wish;
	struct scan_list excludes, exclude_files, input_files, owned, profiles, checks,
		fingerprints;
	struct fingerprints *known; /* read once the rest is sound, as are */
	struct credentials passwords;
	struct login_forms login_forms;
	const char *store, *json, *csv, *html, *ndjson, *nmap_xml, *stop_file, *fail_on;
	bool dry_run, wait, no_html, quiet, resume;
	unsigned threads, retries;
	bool connect, find_only, retries_given;
	/* A scan from outside (`tenken reach --from-outside`): the vantage's name; else NULL. */
	const char *outside;
	char run[37]; /* its uuid, once it has begun; else empty */
};

/* The scan itself: what `tenken scan` does once its options are read. The exit status. */
int scan_run(struct scan_options *o);

/* EXIT_DONE to go on, EXIT_USAGE after a message, -1 after the help. */
int scan_options_read(int argc, char **argv, struct scan_options *o);

#endif
