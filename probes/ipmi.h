/* SPDX-License-Identifier: Apache-2.0 */
/* What the probe ipmi and the login by IPMI share. */
#ifndef TENKEN_PROBES_IPMI_H
#define TENKEN_PROBES_IPMI_H

#include "codec/reader.h"

enum { IPMI_PORT = 623 };

/* Kinds of authentication of IPMI 1.5. */
enum {
	IPMI_NONE = 0x01,
	IPMI_MD2 = 0x02,
	IPMI_MD5 = 0x04,
	IPMI_PASSWORD = 0x10,
	IPMI_OEM = 0x20,
};

/* 22.13, table 22-15. All but completion is there only where that is 0. */
struct ipmi_capabilities {
	uint8_t completion;
	uint8_t channel;
	uint8_t kinds; /* a set */
	uint8_t status;
	bool v15, v20;
	uint32_t oem;
};

/* False: malformed. */
bool ipmi_read_capabilities(struct span answer, struct ipmi_capabilities *ret);

#endif
