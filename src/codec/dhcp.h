/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of DHCP and BOOTP (RFC 2131, 2; RFC 2132), both ways. Views into the bytes that were read. */
#ifndef TENKEN_CODEC_DHCP_H
#define TENKEN_CODEC_DHCP_H

#include "codec/address.h"

enum dhcp_option {
	DHCP_ROUTER = 3,
	DHCP_DNS = 6,
	DHCP_HOST_NAME = 12,
	DHCP_TYPE = 53,
	DHCP_SERVER = 54,
	DHCP_PARAMETERS = 55,
	DHCP_CLASS = 60,
	DHCP_FQDN = 81,  /* RFC 4702 */
	DHCP_WPAD = 252, /* never standardised: draft-ietf-wrec-wpad-01, 4.4.1 */
};
enum dhcp_type { DHCP_DISCOVER = 1, DHCP_OFFER, DHCP_REQUEST, DHCP_DECLINE, DHCP_ACK, DHCP_NAK };

struct dhcp_message {
	bool reply;
	uint8_t type; /* option 53; 0: not there (BOOTP), or malformed */
	uint32_t transaction;
	struct span mac;          /* of the client: 6 bytes; empty where it is no Ethernet */
	struct addr client, your; /* ciaddr, yiaddr; all zero: none */
	struct addr server;       /* option 54; all zero: none */
	struct span options;
};

/* False where the fixed part is not whole, or the cookie is not there. Options may be cut. */
bool dhcp_read(struct span message, struct dhcp_message *ret);
/* The first option with this number. False: none. */
bool dhcp_find(const struct dhcp_message *m, uint8_t option, struct span *ret);

#endif
