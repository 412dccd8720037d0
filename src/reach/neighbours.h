/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The neighbours on our own segments, as machines: everybody with one MAC address on one interface, and
 * what may be sent to it. Any address of a machine counts for all of it: where one is excluded or only
 * listened to, the machine gets nothing; where one is of control equipment, it is that.
 */
#ifndef TENKEN_REACH_NEIGHBOURS_H
#define TENKEN_REACH_NEIGHBOURS_H

#include "site/site.h"
#include "wire/routes.h"

enum neighbour_care {
	NEIGHBOUR_FULL, /* one frame of each kind and family */
	NEIGHBOUR_ONE,  /* one ICMP frame and nothing else: control equipment, or nobody knows */
	NEIGHBOUR_LEFT, /* none at all */
};

enum { NEIGHBOURS_MOST = 254 /* per interface */, NEIGHBOUR_ADDRESSES = 8 };

struct neighbour {
	uint8_t mac[6];
	unsigned ifindex;
	struct addr addresses[NEIGHBOUR_ADDRESSES]; /* in order, IPv4 first; the first names it */
	size_t address_count;
	enum neighbour_care care;
	const char *why;  /* why not NEIGHBOUR_FULL: a constant, untranslated text; else NULL */
	const char *zone; /* of the site, borrowed; NULL: none of its addresses is declared */
	bool declared;    /* the site file names an address of it as router or gateway */
	bool announces;   /* it sent router advertisements */
};

struct neighbours {
	struct neighbour *list; /* by interface, then by first address */
	size_t count;
	size_t left_off; /* machines beyond NEIGHBOURS_MOST */
};

/* An address and whose it is, out of any source. */
struct neighbour_known {
	struct addr address; /* link-local ones: with the interface as scope */
	uint8_t mac[6];
	bool ot;        /* it showed to be control equipment */
	bool announces; /* it sent router advertisements */
};

/* What the kernel's table has of this interface is added to what *list has (realloc). 0 or negative errno. */
int neighbours_of_kernel(unsigned ifindex, struct neighbour_known **list, size_t *count);

/*
 * Makes them of what is known, for the interfaces that are up, have MAC addresses and an address in a
 * declared zone. What is known of other networks, of groups or of ourselves is passed over. vendor_load()
 * was called before. 0 or -ENOMEM; neighbours_done() frees it.
 */
int neighbours_make(const struct site *site, const struct interface *interfaces,
		    size_t interface_count, const struct neighbour_known *known, size_t known_count,
		    int64_t now, struct neighbours *ret);
void neighbours_done(struct neighbours *n);

/* Is this interface one whose neighbours are tested? */
bool neighbours_interface(const struct site *site, const struct interface *i);
/* NULL: an address that may be asked for by ARP or ND; else why not, as neighbour.why. */
const char *neighbours_refusal(const struct site *site, const struct addr *a, int64_t now);

#endif
