/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the rdp probe share: packets, and the encryption of standard RDP security. */
#ifndef TENKEN_PROBES_RDP_H
#define TENKEN_PROBES_RDP_H

#include <jansson.h>

#include "talk/conn.h"

enum {
	TPKT_HEADER = 4,
	TPKT_VERSION = 3,
};

/* RFC 1006: the length of what follows the header; 0 where it is none, or more than max. */
size_t rdp_read_tpkt(struct span header, size_t max);

enum { RDP_METHODS = 4 };
/*
 * Standard RDP security on the present connection, which has confirmed it: offers every encryption
 * method; then those alone that were not chosen, each on a connection that confirm(c) opens and
 * leads as far as this one. confirm is false where that failed.
 */
void rdp_ask_encryption(struct conn *c, json_t *evidence, bool (*confirm)(struct conn *c));

#endif
