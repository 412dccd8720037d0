/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interfaces, routes and neighbours, as the kernel tells them (rtnetlink(7)).
 * Asking sends nothing to the network. IPv4 and IPv6.
 */
#ifndef TENKEN_WIRE_ROUTES_H
#define TENKEN_WIRE_ROUTES_H

#include <net/if.h>

#include "codec/address.h"

/* One interface of this machine. */
struct interface {
	unsigned index;
	char name[IF_NAMESIZE];
	bool up, loopback;
	bool ethernet; /* ARPHRD_ETHER: frames with MAC addresses; VLAN interfaces too */
	uint8_t mac[6];
	unsigned mtu;
	struct ranges networks; /* on-link networks by its addresses, as ranges (scope 0, or the
				 * interface's for link-local) */
	struct ranges own;      /* its own addresses */
};

/* How packets leave for an address. */
struct way {
	/* 0, or what connect(2) would say: -ENETUNREACH (no route, throw), -EINVAL (blackhole;
	 * link-local without a scope), -EHOSTUNREACH (unreachable), -EACCES (prohibit, broadcast,
	 * multicast), -EADDRNOTAVAIL (no source). All else is then zero. */
	int error;
	unsigned ifindex; /* of our own addresses: the loopback interface's */
	bool local;       /* one of our own addresses, or loopback */
	bool on_link;     /* no gateway: the address itself is asked for by ARP or ND */
	bool ethernet;    /* the interface has MAC addresses */
	uint8_t mac[6];   /* ours on that interface */
	unsigned mtu;     /* bytes of an IP packet */
	struct addr source;
	struct addr next_hop; /* the gateway (perhaps of the other family, RFC 5549), or all zero
			       * where on_link */
};

/* A stretch of addresses that leave the same way. */
struct way_range {
	struct range range;
	struct way way;
};

struct routes {
	struct interface *interfaces;
	size_t interface_count;
	struct way_range *list; /* disjoint, in the order of struct ranges */
	size_t count;
};

/* The way for every address of targets: the targets are cut where any route or on-link network
 * begins or ends, and the kernel is asked once for each piece, so that policy routing holds as far as
 * it goes by destination; of several next hops the kernel's choice for the first address is taken. 0 or negative errno; *ret is then empty. routes_done() frees it. */
int routes_make(const struct ranges *targets, struct routes *ret);
void routes_done(struct routes *r);
/* By binary search; NULL where it was no target. Borrowed. */
const struct way *routes_find(const struct routes *r, const struct addr *a);
const struct interface *routes_interface(const struct routes *r, unsigned index);

/* The addresses that this machine has now. 0 or negative errno. */
int own_addresses(struct ranges *ret);

/* What the kernel's neighbour table knows of an on-link address. */
enum neighbour_state {
	NEIGHBOUR_UNKNOWN,    /* no entry, or one that is of no use */
	NEIGHBOUR_INCOMPLETE, /* being asked for */
	NEIGHBOUR_FAILED,
	NEIGHBOUR_KNOWN, /* reachable, stale, delay, probe, permanent, noarp */
};
/* ifindex 0: any interface. *ret_mac is set for NEIGHBOUR_KNOWN. Both families (RTM_GETNEIGH). */
enum neighbour_state neighbour_find(const struct addr *a, unsigned ifindex,
				    uint8_t ret_mac[static 6]);
/* Every neighbour of this interface whose MAC is known; both families. Non-zero from take ends it. */
typedef int neighbours_take(void *context, const struct addr *address, const uint8_t *mac);
int neighbours_each(unsigned ifindex, neighbours_take *take, void *context);
/* "00:00:5e:00:53:01" */
void neighbour_mac_text(const uint8_t mac[static 6], char out[static 18]);

#endif
