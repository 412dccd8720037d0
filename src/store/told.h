/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What others were told of a store, so that they are told once; and the texts that a run was declared with. schema.c
 * says what each column means. Texts are borrowed.
 */
#ifndef TENKEN_STORE_TOLD_H
#define TENKEN_STORE_TOLD_H

#include "store/store.h"

struct exported_row {
	const char *site, *target, *fingerprint, *status, *severity, *content;
	int64_t at, scan; /* at: Unix seconds */
};
/* Takes the place of what stood there. */
void store_exported(struct store *s, const struct exported_row *row);

struct pushed_row {
	const char *site, *target, *key;
	int64_t at, scan;
	uint64_t objects, bytes;
};
void store_pushed(struct store *s, const struct pushed_row *row);

/* A file of the scan that is being written: name is 'site', 'ledger' or 'answers'. */
void store_declared_text(struct store *s, const char *name, const void *text, size_t n);

#endif
