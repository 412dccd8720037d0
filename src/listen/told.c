/* SPDX-License-Identifier: Apache-2.0 */
#include "listen/told.h"

#include <stdio.h>

const char *told_transport(uint8_t protocol, char out[static TRANSPORT_TEXT])
{
	switch (protocol) {
	case 6:
		return "tcp";
	case 17:
		return "udp";
	case 1:
	case 58:
		return "icmp";
	case 132:
		return "sctp";
	default:
		snprintf(out, TRANSPORT_TEXT, "ip-%u", protocol);
		return out;
	}
}
