/* SPDX-License-Identifier: Apache-2.0 */
/* What the vnc probe and the login have in common: the first messages of RFB. */
#ifndef TENKEN_PROBES_VNC_H
#define TENKEN_PROBES_VNC_H

#include "talk/conn.h"

enum { VNC_REASON_MAX = 4096, VNC_AUTHENTICATION = 2 };

struct vnc_version {
	unsigned major, minor;
	bool lists;    /* it offers a list of security types (3.7); before that it names one */
	bool explains; /* a refusal has a reason (3.8) */
};

/* Hears the version and answers with ours, never above it. False where the peer does not speak RFB; the text is
 * valid until the next read. */
bool vnc_greet(struct conn *c, struct vnc_version *ret, struct span *ret_text);
/* The text that goes with a refusal (RFC 6143, 7.1.2 and 7.1.3); empty and a failed connection where it is too
 * long. */
struct span vnc_hear_reason(struct conn *c);

#endif
