/* SPDX-License-Identifier: Apache-2.0 */
/* What the SQL of a check gives. */
#ifndef TENKEN_JUDGE_ROWS_H
#define TENKEN_JUDGE_ROWS_H

#include "judge/catalogue.h"
#include "store/db.h"

struct row {
	const char *address, *asset, *transport, *detail, *evidence;
	enum severity severity;
	int64_t port;  /* 0: none */
	int64_t run;   /* whose evidence it is; 0: it does not say */
	int64_t seen;  /* when, where it says so */
	bool inferred; /* it rests on data that is not verified */
};

struct rows {
	struct row *list; /* in the order of their places */
	size_t count, room;
	size_t nowhere;      /* rows without a place, which are no findings */
	const char *wrong;   /* why the SQL failed, then nothing else counts; NULL: it did not */
	struct arena *arena; /* holds the texts */
};

/* Asks the check behind this fence. 0, also where its SQL failed, or -ENOMEM; rows_done() is due in both cases. */
int rows_ask(struct db *db, const struct check *check, const struct fence *fence, struct rows *ret);
void rows_done(struct rows *rows);

#endif
