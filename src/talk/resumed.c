/* SPDX-License-Identifier: Apache-2.0 */
#include "talk/resumed.h"

#include <stdlib.h>

static int by_address(const void *a, const void *b)
{
	return addr_compare(a, b);
}

static int host_by_address(const void *a, const void *b)
{
	return addr_compare(a, &((const struct resumed_host *)b)->address);
}

void resumed_done(struct resumed *r)
{
	for (size_t i = 0; i < r->host_count; i++) {
		free(r->hosts[i].distress);
		free(r->hosts[i].ot_sign);
		free(r->hosts[i].answers);
		free(r->hosts[i].tried);
	}
	free(r->hosts);
	free(r->over);
	free(r->rows);
	ranges_done(&r->quiet);
	*r = (struct resumed){ 0 };
}

bool resumed_is_over(const struct resumed *r, const struct addr *a)
{
	if (r == NULL)
		return false;
	return ranges_contain(&r->quiet, a) ||
	       (r->over_count > 0 &&
		bsearch(a, r->over, r->over_count, sizeof(*r->over), by_address) != NULL);
}

uint64_t resumed_over_count(const struct resumed *r)
{
	return r != NULL ? r->over_count + ranges_count(&r->quiet) : 0;
}

const struct resumed_row *resumed_next_row(const struct resumed *r, const struct addr *from)
{
	size_t low = 0, high = r != NULL ? r->row_count : 0;

	if (high == 0)
		return NULL;
	while (low < high) {
		size_t middle = (low + high) / 2;

		if (addr_compare(&r->rows[middle].address, from) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < r->row_count ? &r->rows[low] : NULL;
}

const struct resumed_host *resumed_find(const struct resumed *r, const struct addr *a)
{
	return r != NULL && r->host_count > 0
		       ? bsearch(a, r->hosts, r->host_count, sizeof(*r->hosts), host_by_address)
		       : NULL;
}
