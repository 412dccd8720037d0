/* SPDX-License-Identifier: Apache-2.0 */
/* IP addresses, ranges of them and sets of ranges. */
#ifndef TENKEN_CODEC_ADDRESS_H
#define TENKEN_CODEC_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "codec/span.h"

/* IPv4 is kept as IPv4-mapped IPv6 (RFC 4291, 2.5.5.2), so that every address has one order. */
struct addr {
	uint8_t bytes[16];
	uint32_t scope; /* interface index of a link-local IPv6 address, else 0 */
};

enum { ADDR_TEXT = 64 };

/* An address literal: "192.0.2.1", "2001:db8::1", "fe80::1%eth0", "[2001:db8::1]". 0 or -EINVAL. */
int addr_parse(const char *text, struct addr *ret);
/* The shortest text (RFC 5952; IPv4 dotted; %index for a scope). Returns out. */
const char *addr_format(const struct addr *a, char out[static ADDR_TEXT]);
/* Of the 4 or 16 bytes that stand in a packet. All zero where it is another number of them, or an
 * IPv4-mapped one, which belongs on no wire. */
struct addr addr_of_bytes(struct span bytes);
bool addr_is_ipv4(const struct addr *a);
/* All zero: none. */
bool addr_is_none(const struct addr *a);
/* <0, 0, >0; the order of the bytes, then the scope. */
int addr_compare(const struct addr *a, const struct addr *b);
/* Well mixed in all its bits, for tables. */
uint64_t addr_hash(const struct addr *a);
/* The next address; false at the end of the address space. */
bool addr_next(struct addr *a);
/* The one before; false at its beginning. */
bool addr_previous(struct addr *a);
bool addr_is_loopback(const struct addr *a);
/* Multicast, broadcast, unspecified: never a target. */
bool addr_is_unusable(const struct addr *a);
/* Globally routable for our purpose: everything but private (RFC 1918), shared (RFC 6598), loopback,
 * link-local and unique local (RFC 4193) space. Documentation ranges count as public. */
bool addr_is_public(const struct addr *a);
/* To and from the kernel's form. Returns the length of the socket address. ret_port: NULL: not wanted. */
socklen_t addr_to_sockaddr(const struct addr *a, uint16_t port, struct sockaddr_storage *ret);
int addr_from_sockaddr(const struct sockaddr *sa, struct addr *ret, uint16_t *ret_port);

struct range {
	struct addr first, last; /* both within */
};

/* An address, a CIDR network (host bits must be zero in strict mode, else they are ignored), a range
 * "10.0.0.1-20", "10.0.0.1-10.0.1.3", or nmap's octet ranges "10.0.0-1.1-20" are read by
 * ranges_parse(), since they may give several ranges. This one reads an address or a CIDR; of a link-local
 * one the interface stands behind either: "fe80::%eth0/64", "fe80::/64%eth0". */
int range_parse(const char *text, bool strict, struct range *ret);

/* A set of addresses: disjoint ranges, sorted by scope, then by bytes. Zero-initialised is empty. A
 * range without a scope holds an address whatever its scope is. */
struct ranges {
	struct range *list;
	size_t count;
};

void ranges_done(struct ranges *set);
/* Reads one target in any of the forms above and adds it. 0, -EINVAL, -E2BIG (more than 2^32
 * addresses, or octet ranges of more than 65,536 pieces) or -ENOMEM; on failure the set is as before.
 */
int ranges_parse(struct ranges *set, const char *text);
/* An address, a CIDR (strict: without host bits) or a range of two addresses, of any size: for
 * declarations and exclusions. */
int ranges_parse_network(struct ranges *set, const char *text, bool strict);
int ranges_add(struct ranges *set, const struct range *r);
int ranges_add_all(struct ranges *set, const struct ranges *other);
/* Takes every address of other out of set. */
int ranges_subtract(struct ranges *set, const struct ranges *other);
bool ranges_contain(const struct ranges *set, const struct addr *a);
/* The same, for many addresses that lie near each other: *place is where the last one was found (any
 * number at first), and where this one is. */
bool ranges_find(const struct ranges *set, const struct addr *a, size_t *place);
/* Adds to ret what both sets hold. */
int ranges_common(const struct ranges *a, const struct ranges *b, struct ranges *ret);
/* Adds every address that addr_is_public() denies; that addr_is_unusable() affirms. */
int ranges_add_not_public(struct ranges *set);
int ranges_add_unusable(struct ranges *set);
/* The number of addresses, at most UINT64_MAX. */
uint64_t ranges_count(const struct ranges *set);
/* The address with this index in order (index < ranges_count()). */
struct addr ranges_at(const struct ranges *set, uint64_t index);

/* Index to address and back by binary search, for sets of many ranges. Their list is borrowed and must
 * not change meanwhile. */
struct ranges_index {
	struct ranges set;
	uint64_t *before; /* addresses before each range, and all of them at the end */
	uint64_t count;   /* of addresses */
	size_t last;      /* where the last look-up ended */
};

/* 0 or -ENOMEM. */
int ranges_index_make(const struct ranges *set, struct ranges_index *ret);
void ranges_index_done(struct ranges_index *x);
/* As ranges_at(). */
struct addr ranges_index_at(struct ranges_index *x, uint64_t index);
/* The index of an address; false where the set does not hold it. */
bool ranges_index_of(struct ranges_index *x, const struct addr *a, uint64_t *ret);

/* As CIDR or first-last text, comma-separated; the caller frees it. NULL without memory. */
char *ranges_text(const struct ranges *set);
/* The same for one range. Returns out. */
enum { RANGE_TEXT = 2 * ADDR_TEXT };
const char *range_format(const struct range *r, char out[static RANGE_TEXT]);

/* A set of ports per transport: nmap's syntax "22,80,1000-2000,U:53,T:502,-". Port 0 is none. */
struct ports {
	uint64_t tcp[1024]; /* bit sets */
	uint64_t udp[1024];
};

bool ports_has(const uint64_t set[static 1024], uint16_t port);
void ports_put(uint64_t set[static 1024], uint16_t port);
/* Adds what the text says; "T:" and "U:" hold until the next of them, TCP at first. A part that is no
 * number goes to by_name (may be NULL), which adds its ports and says whether the name is known. 0,
 * or -EINVAL with *ret_bad (may be NULL) at the part that is wrong; the set may then have grown. */
typedef bool ports_by_name(void *context, struct span name, bool udp, struct ports *set);
int ports_parse(struct ports *set, const char *text, ports_by_name *by_name, void *context,
		struct span *ret_bad);
unsigned ports_count(const uint64_t set[static 1024]);
/* In ascending order "22,80,1000-2000"; the caller frees it. */
char *ports_text(const uint64_t set[static 1024]);

#endif
