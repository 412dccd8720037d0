/* SPDX-License-Identifier: Apache-2.0 */
/* The interfaces of this machine by libdnet, apart from the rest since its struct addr is not ours. */
#ifndef TENKEN_WIRE_LINKS_H
#define TENKEN_WIRE_LINKS_H

#include <stdbool.h>
#include <stdint.h>

struct link_seen {
	const char *name;
	bool up, loopback;
	bool has_mac;
	uint8_t mac[6];
	unsigned mtu;
};

/* Non-zero ends it with this result. */
typedef int links_take(void *context, const struct link_seen *l);
/* Hands over every interface. 0 or negative errno; after -ENXIO or -ENODEV one went away meanwhile: ask
 * again from the beginning. */
int links_each(links_take *take, void *context);

#endif
