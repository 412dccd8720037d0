/* SPDX-License-Identifier: Apache-2.0 */
/* Names that the operator declared; probes read them too. */
#ifndef TENKEN_SITE_DOMAINS_H
#define TENKEN_SITE_DOMAINS_H

#include <stddef.h>

/* `dns` and `mail`: names that the site answers for. */
enum { DOMAINS_MOST = 16, SELECTORS_MOST = 8 };
struct domains {
	char **zones; /* whose transfer name servers are asked for */
	size_t zone_count;
	char **internal; /* names that nobody outside should be told */
	size_t internal_count;
	char **mail; /* domains with mail, whose records name servers are asked for */
	size_t mail_count;
	char **selectors; /* of DKIM keys, in each of these */
	size_t selector_count;
};

#endif
