/* SPDX-License-Identifier: Apache-2.0 */
/* Hop lists. */
#include "reach/reach.h"

bool hops_trace(struct reach_run *r, const struct reach_source *source, const struct addr *to,
		const char *transport, uint16_t port, char ret_hops[static REACH_HOPS],
		struct addr *ret_from)
{
	(void)r;
	(void)source;
	(void)to;
	(void)transport;
	(void)port;
	(void)ret_from;
	ret_hops[0] = '\0';
	return false;
}
