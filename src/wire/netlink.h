/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions to the kernel about links, addresses, routes and neighbours (netlink(7), rtnetlink(7)),
 * and what its answers say. The said_ functions are pure: bytes of a message to plain facts.
 */
#ifndef TENKEN_WIRE_NETLINK_H
#define TENKEN_WIRE_NETLINK_H

#include <net/if.h>

#include "codec/address.h"
#include "codec/span.h"

struct netlink {
	int fd;
	uint32_t sequence;
	uint8_t *answer; /* room for one datagram */
};

/* 0 or negative errno. */
int netlink_open(struct netlink *ret);
void netlink_close(struct netlink *n);

/* A socket that hears of addresses of this machine that come or go; or negative errno. */
int netlink_watch_addresses(void);
/* Has one come or gone since this was asked last? Does not wait. */
bool netlink_watch_changed(int fd);

/* One message of an answer: its RTM_ type and what follows the message's header. Non-zero ends the
 * question with this result. */
typedef int netlink_take(void *context, uint16_t type, struct span body);

/* Asks for everything that the kernel has of this kind. A dump that changed while it was read is asked for
 * again, so that take must bear to see an entry twice. 0 or negative errno. */
int netlink_dump(struct netlink *n, uint16_t type, uint8_t family, netlink_take *take,
		 void *context);
/* The route that the kernel takes to an address; through this interface where the address has a scope.
 * 0, or negative errno: also the error that the route itself is made of. */
int netlink_route(struct netlink *n, const struct addr *to, netlink_take *take, void *context);
/* One neighbour (Linux 5.0; before: -EOPNOTSUPP). -ENOENT where there is none. */
int netlink_neighbour(struct netlink *n, const struct addr *a, unsigned ifindex, netlink_take *take,
		      void *context);

struct link_said {
	unsigned index;
	char name[IF_NAMESIZE];
	unsigned type; /* ARPHRD_ */
	bool up, loopback;
	unsigned mtu;
	bool has_mac;
	uint8_t mac[6];
};

struct address_said {
	unsigned ifindex;
	struct addr own;
	bool ready; /* used already: no other machine was found to have it, or could have it still */
	bool on_link; /* the network is reached without a gateway */
	struct range network;
};

struct route_said {
	uint8_t family, type; /* RTN_ */
	struct range to;
	unsigned ifindex; /* of a multipath route: the first next hop's */
	bool has_gateway, has_source;
	struct addr gateway, source;
	unsigned mtu; /* 0: the interface's */
};

struct rule_said {
	bool has_to;
	struct range to;
};

struct neighbour_said {
	unsigned ifindex;
	struct addr address;
	uint16_t state; /* NUD_ */
	bool has_mac;
	uint8_t mac[6];
};

/* False: not whole, or of another family. */
bool said_link(struct span body, struct link_said *ret);
bool said_address(struct span body, struct address_said *ret);
bool said_route(struct span body, struct route_said *ret);
bool said_rule(struct span body, struct rule_said *ret);
bool said_neighbour(struct span body, struct neighbour_said *ret);

#endif
