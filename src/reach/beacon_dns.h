/* SPDX-License-Identifier: Apache-2.0 */
/* The beacon's part of DNS: questions to an authority for one zone in, its answers out. No sockets, no clock. */
#ifndef TENKEN_REACH_BEACON_DNS_H
#define TENKEN_REACH_BEACON_DNS_H

#include "reach/token_text.h"

enum {
	BEACON_DNS_MOST = 512, /* bytes of a message, either way */
	BEACON_TYPE_NS = 2,
	BEACON_TYPE_OPT = 41,
};

/* As it is on the wire, in lower case, with its end. */
struct beacon_zone {
	uint8_t wire[256];
	size_t length;
};
/* False: no name of hosts, or one that leaves no room for a token. */
bool beacon_zone_read(const char *text, struct beacon_zone *ret);

enum beacon_place {
	PLACE_OUTSIDE, /* nothing is said */
	PLACE_APEX,    /* the zone itself */
	PLACE_SERVER,  /* "ns." of it */
	PLACE_WITHIN, /* a part of a token's name, which resolvers that hide what they look for (RFC 9156)
			* ask for on their way */
	PLACE_TOKEN,
};

struct beacon_query {
	uint16_t id, type;
	bool recursion;
	bool edns;
	enum beacon_place place;
	struct span question; /* name, type and class: a view into the message */
	size_t zone_at;       /* where the zone begins in the name */
	uint8_t token[TOKEN_QUESTION];
	size_t token_length;
};
/* False: not one plain question. */
bool beacon_query_read(struct span message, const struct beacon_zone *zone,
		       struct beacon_query *ret);

/* Each gives the length, 0: it does not fit. Nothing is longer than `room`. */
/* No records: as many bytes as were asked with, at most. */
size_t beacon_reply_empty(const struct beacon_query *q, uint8_t *out, size_t room);
/* NS or SOA of the zone itself. */
size_t beacon_reply_apex(const struct beacon_query *q, uint8_t *out, size_t room);
/* A records. ttl in seconds. */
size_t beacon_reply_addresses(const struct beacon_query *q, const struct addr *list, size_t count,
			      uint32_t ttl, uint8_t *out, size_t room);
/* One TXT record of one string, never kept by caches. */
size_t beacon_reply_text(const struct beacon_query *q, const char *text, uint8_t *out, size_t room);

#endif
