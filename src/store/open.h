/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a store to read from it, wherever it lies. */
#ifndef TENKEN_STORE_OPEN_H
#define TENKEN_STORE_OPEN_H

#include "store/db.h"
#include "store/store.h"

struct store_reader {
	struct db *db;
	/* A scan was killed and its last second lies in PATH-wal, which cannot be read here because
	 * the folder is not writable. */
	bool without_wal;
	char words[256]; /* SQLite's, after STORE_BROKEN and STORE_NO_FILE */
};

/*
 * Nothing is written, no file is made where the folder does not allow it (read-only media). A store
 * may come from anybody: its schema is not trusted. STORE_NEWER: made by a newer tenken.
 */
enum store_fault store_open_read(const char *path, struct store_reader *ret);
void store_close_read(struct store_reader *r);

/* The id of the newest scan; 0: there is none; negative errno. */
int64_t store_newest_scan(struct db *db);

#endif
