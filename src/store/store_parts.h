/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the store share: store.c, and store_journal.c, which takes the journal in. Nobody else
 * includes this. */
#ifndef TENKEN_STORE_STORE_PARTS_H
#define TENKEN_STORE_STORE_PARTS_H

#include <sqlite3.h>
#include <time.h>

#include "store/store.h"

enum statement {
	INSERT_SCAN,
	END_SCAN,
	INSERT_ZONE,
	INSERT_CONDUIT,
	INSERT_LEDGER,
	INSERT_ATTESTATION,
	INSERT_WAIVER,
	INSERT_MEASURE,
	INSERT_TREATMENT,
	INSERT_DECISION,
	INSERT_THRESHOLD,
	INSERT_GOAL,
	INSERT_TIER,
	INSERT_REMARK,
	INSERT_HOST,
	UPDATE_HOST,
	UPDATE_NAMES,
	INSERT_QUIET,
	DELETE_QUIET,
	DELETE_ALL_QUIET,
	INSERT_SERVICE,
	UPDATE_SERVICE,
	INSERT_EVIDENCE,
	UPDATE_PRODUCT,
	OPEN_JOURNAL,
	ASK_JOURNAL,
	NAME_JOURNAL,
	CLOSE_JOURNAL,
	DISTRESS_JOURNAL,
	DISTRESS_HOST,
	INSERT_LANE,
	KNOWN_LANE,
	INSERT_STRETCH,
	RESUME_SCAN,
	INSERT_RESUME,
	INSERT_ENDED,
	INSERT_PLACE,
	DELETE_PLACES,
	READ_PLACES,
	READ_QUIET,
	INSERT_LOGIN,
	UPDATE_LOGIN,
	INSERT_LOGIN_TEST,
	INSERT_WATCH,
	INSERT_HEARD_HOST,
	INSERT_FLOW,
	INSERT_OPERATION,
	INSERT_HEARD,
	INSERT_PATH,
	INSERT_DECLARED,
	INSERT_ZONE_WORD,
	INSERT_EXPORTED,
	INSERT_PUSHED,
	INSERT_TEXT,
	INSERT_DECLARED_TEXT,
	INSERT_BOUNDARY,
	INSERT_HOURS,
	INSERT_WORD,
	READ_LOGINS,
	STATEMENTS
};

struct store {
	sqlite3 *db;
	sqlite3_stmt *statement[STATEMENTS];
	char *path;
	int lock; /* held while we write: see store_open() */
	int64_t scan;
	struct quiet *quiet; /* of this scan, as far as it was told; NULL: nothing yet */
	bool in_transaction;
	struct timespec committed;
	enum store_fault fault;
	char words[256];
};

/* The first fault stays. Always false. */
bool store_fail(struct store *s, int code);
bool store_out_of_memory(struct store *s);
/* The first value of the first row; -1 after a fault. */
int64_t store_number(struct store *s, const char *text);
/* Prepared once; NULL after a fault. */
sqlite3_stmt *store_statement(struct store *s, enum statement which);
/* Runs a statement with its values: i int64_t, t text or NULL, b int, k an address's key, z bytes and
 * their number. */
bool store_run(struct store *s, enum statement which, const char *types, ...);

#endif
