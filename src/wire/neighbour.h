/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's neighbour table: reading it sends nothing. */
#ifndef TENKEN_WIRE_NEIGHBOUR_H
#define TENKEN_WIRE_NEIGHBOUR_H

#include "codec/address.h"

/* The complete ARP entry of an on-link IPv4 address (proc(5), /proc/net/arp). */
bool neighbour_mac(const struct addr *a, uint8_t ret_mac[static 6]);
void neighbour_mac_text(const uint8_t mac[static 6], char out[static 18]);

#endif
