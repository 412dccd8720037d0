/* SPDX-License-Identifier: Apache-2.0 */
/* The names that an operator declared, out of texts with blanks between them. */
#ifndef TENKEN_TESTS_DECLARED_H
#define TENKEN_TESTS_DECLARED_H

#include "site/domains.h"

enum { DECLARED_KINDS = 4 }; /* zones, mail domains, selectors, internal names */

struct declared {
	struct domains domains;
	char *lists[DECLARED_KINDS][DOMAINS_MOST];
	char *texts[DECLARED_KINDS];
};

/* texts may hold NULLs. What is no name, and what is too many, is left out, as site files may not hold it. */
void declared_init(struct declared *d, char *const texts[static DECLARED_KINDS]);
void declared_done(struct declared *d);

#endif
