/* SPDX-License-Identifier: Apache-2.0 */
/* What nDPI calls the flows that no decoder of ours knows. */
#include "listen/listener_parts.h"

struct ndpi_part *classify_new(size_t most_bytes)
{
	(void)most_bytes;
	return NULL;
}

void classify_free(struct ndpi_part *n)
{
	(void)n;
}

void classify_take(struct listener *l, struct flow *f, unsigned end, struct span payload)
{
	(void)l;
	(void)end;
	(void)payload;
	f->flags |= FLOW_ASKED;
}

void classify_forget(struct listener *l, struct flow *f)
{
	(void)l;
	(void)f;
}
