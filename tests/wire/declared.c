/* SPDX-License-Identifier: Apache-2.0 */
#include "declared.h"

#include <stdlib.h>
#include <string.h>

#include "codec/dns.h"

void declared_init(struct declared *d, char *const texts[static DECLARED_KINDS])
{
	size_t counts[DECLARED_KINDS] = { 0 };

	*d = (struct declared){ 0 };
	for (size_t k = 0; k < DECLARED_KINDS; k++) {
		char *rest = d->texts[k] = texts[k] != NULL ? strdup(texts[k]) : NULL;
		size_t most = k == 2 ? SELECTORS_MOST : DOMAINS_MOST;

		for (char *name; (name = strsep(&rest, " ")) != NULL && counts[k] < most;)
			if (dns_is_host_name(name))
				d->lists[k][counts[k]++] = name;
	}
	d->domains = (struct domains){
		.zones = d->lists[0],
		.zone_count = counts[0],
		.mail = d->lists[1],
		.mail_count = counts[1],
		.selectors = d->lists[2],
		.selector_count = counts[2],
		.internal = d->lists[3],
		.internal_count = counts[3],
	};
}

void declared_done(struct declared *d)
{
	for (size_t k = 0; k < DECLARED_KINDS; k++)
		free(d->texts[k]);
}
