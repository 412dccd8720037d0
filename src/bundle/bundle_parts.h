/* SPDX-License-Identifier: Apache-2.0 */
/* What the writer and the reader of bundles share. */
#ifndef TENKEN_BUNDLE_BUNDLE_PARTS_H
#define TENKEN_BUNDLE_BUNDLE_PARTS_H

#include <jansson.h>
#include <stdbool.h>

#include "bundle/bundle.h"
#include "codec/ustar.h"

#define BUNDLE_SUMS "SHA256SUMS"
#define BUNDLE_MANIFEST "MANIFEST.json"
#define BUNDLE_SIGNATURE "MANIFEST.sig"
#define BUNDLE_KEY "KEY.pub"
#define BUNDLE_FORMAT "tenken bundle 1"

struct bundle_member {
	char name[USTAR_NAME + 1];
	uint64_t bytes;
	char digest[DIGEST_TEXT];
};

/* The manifest's text, as its signature covers it; free() it. NULL without memory. */
char *manifest_text(const struct bundle_facts *f, const struct bundle_member *list, size_t count,
		    const char *key);
/* False where this is no manifest. ret_list has room for BUNDLE_MEMBERS. */
bool manifest_read(const char *text, size_t n, struct bundle_facts *ret,
		   struct bundle_member *ret_list, size_t *ret_count,
		   char ret_key[static DIGEST_TEXT]);

#endif
