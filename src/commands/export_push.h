/* SPDX-License-Identifier: Apache-2.0 */
/* `tenken export --push`: results to servers of the operator's own, each batch once. */
#ifndef TENKEN_COMMANDS_EXPORT_PUSH_H
#define TENKEN_COMMANDS_EXPORT_PUSH_H

#include "report/formats.h"
#include "site/site.h"

struct push_options {
	const char *url; /* or "site": those that the site file names; NULL: nothing is pushed */
	const char *secret_file, *ca_file, *proxy, *tries, *timeout;
	bool again;     /* also what was taken before */
	bool no_record; /* do not remember what is taken */
};

/* What is pushed: a store, and how it is judged. */
struct push_source {
	const char *store;
	const struct export_format *format; /* NULL: the server's, else ndjson */
	const char *table;
	const char *const *profiles, *const *checks;
	size_t profile_count, check_count;
	const char *site; /* by whose answers of today it is judged; NULL: by those of the run */
};

/* site: NULL where no site file was named. EXIT_DONE, or another exit status after messages. */
int export_push(const struct push_options *o, const struct push_source *from,
		const struct site *site);

#endif
