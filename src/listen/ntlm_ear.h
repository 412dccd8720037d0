/* SPDX-License-Identifier: Apache-2.0 */
/* NTLM as it is heard inside other protocols: names and versions of both machines, and the account. */
#ifndef TENKEN_LISTEN_NTLM_EAR_H
#define TENKEN_LISTEN_NTLM_EAR_H

#include "listen/stream.h"

/* Tells what the first NTLM message anywhere in these bytes says. True where there was one; *ret_type, unless
 * NULL, is then its type (1 to 3). */
bool ntlm_ear(struct talk *t, enum side side, struct span bytes, uint32_t *ret_type);
/* The same of base64 text. */
bool ntlm_ear_base64(struct talk *t, enum side side, struct span text, uint32_t *ret_type);

#endif
