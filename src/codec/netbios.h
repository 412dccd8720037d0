/* SPDX-License-Identifier: Apache-2.0 */
/* Names of NetBIOS over TCP/IP as they stand in packets (RFC 1001, 14; RFC 1002, 4.1 and 4.2.18). */
#ifndef TENKEN_CODEC_NETBIOS_H
#define TENKEN_CODEC_NETBIOS_H

#include "codec/reader.h"

enum { NETBIOS_NAME = 15 };

struct netbios_name {
	uint8_t bytes[NETBIOS_NAME];
	struct span text; /* of bytes, without the blanks behind it */
	/* What the name is: 0x00 workstation or, of a group, the domain; 0x20 file server; 0x1c domain
	 * controllers; 0x1b domain master browser; 0x1d, 0x1e browsers; 0x03 messages. */
	uint8_t suffix;
};

/* The name at r, its half-bytes as letters; it may refer back to one before it in message. Its scope is read
 * over. False, and a failed reader: there is none. */
bool netbios_read_name(struct span message, struct reader *r, struct netbios_name *ret);

/* A node status: the names that a station has, handed out one by one, and its MAC (6 bytes; of Samba zeros).
 * False: malformed; what came before was handed out. */
typedef void netbios_take(void *context, struct span name, uint8_t suffix, bool group);
bool netbios_read_status(struct reader *data, netbios_take *take, void *context,
			 struct span *ret_mac);

#endif
