/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the verdicts share. Nobody else includes this. */
#ifndef TENKEN_JUDGE_VERDICT_PARTS_H
#define TENKEN_JUDGE_VERDICT_PARTS_H

#include "judge/judged.h"

enum verdict {
	VERDICT_CONTRADICTED,
	VERDICT_VIOLATED,
	VERDICT_HINT,
	VERDICT_WAIVED,
	VERDICT_NOT_RUN,
	VERDICT_CLEAN,
	VERDICT_ATTESTED,
	VERDICT_NOT_ASSESSABLE,
};

/* A way in which a network is said to be apart, and whether the guideline counts it. */
struct separation {
	const char *word;
	bool counts;
	const char *en, *ja;
};

struct answer {
	const char *word, *by;
	const struct separation *separation; /* NULL: it does not say how */
	int64_t at, until;
	bool has_until, valid;
};
struct outcome {
	enum verdict verdict;
	struct answer answer;
	bool answered;
	size_t open, waived, unknown; /* findings in scope; of unknown scope */
	size_t inferred;              /* of the open ones: they rest on data that is not verified */
	struct coverage coverage;
	const char **reasons; /* per check; NULL: it ran everywhere */
	bool alternatives_open;
	bool refuted; /* what was found shows it by itself: violated, or no alternative any more */
	const char *absent; /* a check of the item that does not exist yet */
};
struct bench {
	struct judged *j;
	const struct guideline *guideline;
	const struct item **items;
	const struct control **controls;
	struct outcome *outcomes;
	size_t count;
};

/* ---- outcome.c ---- */
/* Fills in what the item's checks found in its scope and where they ran. note: the statement that
 * keeps a finding of the item (guideline, item, fingerprint). 0 or negative errno. */
int outcome_of_checks(struct judged *j, const struct guideline *g, const struct item *item,
		      struct query *note, struct outcome *o);
/* Nobody has written this check, or nothing feeds it. */
bool verdict_not_yet(const struct catalogue *c, const char *id);

/* ---- answers.c ---- */
/* The operator's answer to an item; q NULL: nobody has given any. 0 or negative errno. */
int answer_find(struct judged *j, struct query *q, const char *guideline, const char *item,
		struct outcome *o);
/* It is this word, and counts today. */
bool answered(const struct outcome *o, const char *word);
/* It says that it holds, by a way that the guideline does not count. */
bool answered_in_vain(const struct outcome *o);

/* ---- verdicts.c ---- */
/* All of an alternative's items must hold, so one that does not is enough. */
bool alternative_absent(const struct bench *b, const struct words *alternative);

/* ---- verdict_words.c ---- */
/* What is said of the item at this place; the caller frees both, also after a failure. 0 or -ENOMEM. */
int verdict_note(const struct bench *b, size_t place, char **ret_en, char **ret_ja);

#endif
