/* SPDX-License-Identifier: Apache-2.0 */
/* What a DHCP server answers (RFC 2131, RFC 2132): only who it is. */
#ifndef TENKEN_WIRE_DHCP_H
#define TENKEN_WIRE_DHCP_H

#include "codec/address.h"

/* Is this a DHCPOFFER for this transaction and this MAC? *ret_server is what the server calls itself
 * (option 54), all zero where it does not say. */
bool dhcp_read_offer(struct span message, uint32_t transaction, const uint8_t mac[static 6],
		     struct addr *ret_server);

#endif
