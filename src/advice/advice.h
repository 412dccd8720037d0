/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Data from outside about end of support and known vulnerabilities, read from files: endoflife.date's JSON,
 * CISA's catalogue of known exploited vulnerabilities (KEV), CSAF 2.0 advisories. doc/advisories.md says what
 * is taken from each. What is read stands in tables of its own in memory, those of the store's schema, until
 * all of it is known to be right.
 */
#ifndef TENKEN_ADVICE_ADVICE_H
#define TENKEN_ADVICE_ADVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "codec/complaint.h"
#include "store/db.h"

enum {
	ADVICE_FILE_MAX = 64 * 1024 * 1024, /* bytes of one file */
	ADVICE_FILES_MAX = 200 * 1000,      /* of one import */
	ADVICE_FOLDERS_MAX = 32,            /* inside each other */
	ADVICE_TEXT_MAX = 2048, /* bytes of one text that is kept; longer ones are a mistake */
};

enum advice_kind { ADVICE_ENDOFLIFE, ADVICE_KEV, ADVICE_CSAF, ADVICE_KINDS };
/* "endoflife", "kev", "csaf", as the store has them. */
const char *advice_kind_word(enum advice_kind k);

struct advice;

int advice_new(struct advice **ret);
void advice_free(struct advice *a);
/* Its tables, which are those of the store. */
struct db *advice_db(struct advice *a);

enum advice_read {
	ADVICE_READ,
	ADVICE_PASSED, /* an index of advisories (ROLIE, a provider's metadata), as folders of them have */
	ADVICE_UNKNOWN, /* JSON of some other kind */
	ADVICE_WRONG,   /* with a complaint that names file, line and field */
	ADVICE_OUT_OF_MEMORY,
};

/*
 * Reads one file's text (a zero stands behind it), whatever it holds; what that is shows from the text. name
 * stands in the messages, and of endoflife.date's older format, where the file's name is the product, tells it.
 */
enum advice_read advice_read(struct advice *a, const char *name, const char *text, size_t length,
			     struct complaints *c);

/*
 * Reads all *.json of a folder and the folders in it, in order of their names; links are not followed.
 * passed (may be NULL) is told of each file that is of no known format. ADVICE_WRONG where a file was wrong (all
 * of them are read, so that all mistakes are told), where nothing was read, or where the folder cannot be.
 */
enum advice_read advice_read_folder(struct advice *a, const char *dir,
				    void (*passed)(void *context, const char *path), void *context,
				    struct complaints *c);

/* How much was read of a kind: entries (cycles, vulnerabilities, documents); and of how many products. */
struct advice_count {
	int64_t files, entries;
	char date[11]; /* the day the data bears; "" where it bears none */
};
struct advice_count advice_counted(const struct advice *a, enum advice_kind k);

/*
 * Puts what was read in place of what the store has of the same kinds, in one transaction. db_error(store)
 * after a failure, and nothing has changed. now: seconds.
 */
int advice_keep(struct advice *a, struct db *store, int64_t now);

#endif
