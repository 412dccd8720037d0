/* SPDX-License-Identifier: Apache-2.0 */
#include "store/told.h"

#include "codec/seal.h"
#include "store/store_parts.h"

void store_exported(struct store *s, const struct exported_row *r)
{
	store_run(s, INSERT_EXPORTED, "ttttttii", r->site, r->target, r->fingerprint, r->status,
		  r->severity, r->content, r->at, r->scan);
}

void store_pushed(struct store *s, const struct pushed_row *r)
{
	store_run(s, INSERT_PUSHED, "tttiiii", r->site, r->target, r->key, r->at, r->scan,
		  (int64_t)r->objects, (int64_t)r->bytes);
}

void store_declared_text(struct store *s, const char *name, const void *text, size_t n)
{
	char digest[DIGEST_TEXT];

	if (!digest_bytes(text, n, digest)) {
		store_out_of_memory(s);
		return;
	}
	store_run(s, INSERT_TEXT, "tz", digest, text, n);
	store_run(s, INSERT_DECLARED_TEXT, "itt", s->scan, name, digest);
}
