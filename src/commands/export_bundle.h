/* SPDX-License-Identifier: Apache-2.0 */
/* `tenken export --bundle`: what an auditor takes away. */
#ifndef TENKEN_COMMANDS_EXPORT_BUNDLE_H
#define TENKEN_COMMANDS_EXPORT_BUNDLE_H

#include <stddef.h>

#include "site/site.h"

struct bundle_options {
	const char *file; /* NULL: none is made */
	const char *store, *key;
	const char *const *profiles, *const *checks;
	size_t profile_count, check_count;
	/* Today's site file, where it answers anything, and its answers file; NULL, or an empty one: there is none. Each is laid beside, where
	 * it is another than the run's. */
	const struct file_text *site, *answers;
};

/* EXIT_DONE, or another exit status after messages; there is no half a bundle. */
int export_bundle(const struct bundle_options *o);

#endif
