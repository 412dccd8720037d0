/* SPDX-License-Identifier: Apache-2.0 */
/* What a greeting says about the software behind it. Nothing is copied: spans of the greeting. */
#ifndef TENKEN_CODEC_PRODUCT_H
#define TENKEN_CODEC_PRODUCT_H

#include <jansson.h>

#include "codec/span.h"

struct product {
	struct span name;    /* empty where none is said */
	struct span version; /* empty where none is said */
};

/* One word that holds both, as in "OpenSSH_9.2p1", "Cisco-1.25", "mod_sftp/0.9.9": the version
 * begins behind the first '_', '-', '/' or '.' with a digit (or v and a digit) after it. */
struct product product_split(struct span word);

/* The first of these names (a list ended by NULL) that the text holds, without regard to case, and
 * the version that follows it: directly, in brackets or behind words such as "server version".
 * False where the text holds none of them. */
bool product_find(struct span text, const char *const names[], struct product *ret);

/* As "product" and "version", each only where it is known. */
void note_product(json_t *object, const struct product *p);

#endif
