/* SPDX-License-Identifier: Apache-2.0 */
/* What the mysql probe and the login have in common: the server's greeting. */
#ifndef TENKEN_PROBES_MYSQL_H
#define TENKEN_PROBES_MYSQL_H

#include "codec/reader.h"

/* Capabilities. */
enum { MYSQL_SSL = 0x0800, MYSQL_PLUGIN_AUTH = 0x80000 };

/* HandshakeV10: views into the packet. */
struct mysql_greeting {
	struct span version, plugin;
	struct span
		challenge[2]; /* 8 and 12 bytes; the second is shorter in what is older or broken */
	uint32_t capabilities;
};

/* The text up to a zero, which is read too. */
struct span mysql_read_text(struct reader *r);
/* From behind the protocol's number (10) on. */
bool mysql_read_greeting(struct reader *r, struct mysql_greeting *ret);

#endif
