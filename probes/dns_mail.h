/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the dns probe share. */
#ifndef TENKEN_PROBES_DNS_MAIL_H
#define TENKEN_PROBES_DNS_MAIL_H

#include "codec/dns.h"
#include "talk/conn.h"

/* Asks by a new number and reads the answer that belongs to it; false: none came. *ret_malformed: it did not
 * hold together. */
bool dns_conn_ask(struct conn *c, const struct dns_asked *q, struct dns_message *ret,
		  dns_take *take, void *context, bool *ret_malformed);

/* The records that protect the declared mail domains, as this server tells them. recursion: it looks names
 * up. False where it fell silent. */
bool dns_mail(struct conn *c, bool recursion, json_t *evidence);

/* Declared zones: serial, servers and their addresses, as far as this server has the authority for them. False
 * where it fell silent. */
bool dns_zones(struct conn *c, json_t *evidence);

/* Declared names that nobody outside should be told, and whether it tells them. False where it fell silent. */
bool dns_internal(struct conn *c, bool recursion, json_t *evidence);

#endif
