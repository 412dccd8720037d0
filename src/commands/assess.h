/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of `tenken assess` share. */
#ifndef TENKEN_COMMANDS_ASSESS_H
#define TENKEN_COMMANDS_ASSESS_H

#include <sys/stat.h>

#include "commands/asking.h"
#include "commands/reading.h"
#include "site/answers_file.h"
#include "site/site.h"

/* Why a control is asked for, in this order. */
enum due { DUE_EXPIRED, DUE_CONTRADICTED, DUE_OPEN, DUE_ANSWERED };

struct question {
	const struct guideline *guideline;
	const struct control *control;
	enum due due;
	unsigned rank; /* how binding it is: 0 mandatory */
	size_t place;  /* in the guidelines */
};

struct assessment {
	struct site site;
	bool named; /* the site file names the answers file */
	struct reading reading;
	const struct catalogue *catalogue;
	struct db *db; /* a judged store; NULL: none */
	struct asking ask;
	struct question *questions;
	size_t question_count;
	char role[ASK_TEXT];
	int64_t now, until; /* today, and a year later */
	struct stat was;    /* the answers file as we know it; st_ino 0: it is not there */
	size_t answered;
	int status;
};

/* Writes the answers file anew, whole or not at all. False after a message: the status is set, and nothing is
 * asked any more. */
bool assess_save(struct assessment *t);

/* The dialogues. */
void assess_answers(struct assessment *t);
void assess_goals(struct assessment *t);
/* The part that both share: a control with its items, what the scan says of it, and how far we are. all: every
 * item and every note. */
void assess_show(struct assessment *t, size_t index, bool all);

#endif
