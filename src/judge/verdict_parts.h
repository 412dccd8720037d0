/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the verdicts share. Nobody else includes this. */
#ifndef TENKEN_JUDGE_VERDICT_PARTS_H
#define TENKEN_JUDGE_VERDICT_PARTS_H

#include "judge/judged.h"

enum verdict {
	VERDICT_DECLINED,
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
	const char *word, *by, *evidence;
	const struct separation *separation; /* NULL: it does not say how */
	int64_t at, until;
	bool has_until, valid;
	bool early; /* it bears a day that has not come yet */
	bool whole; /* it is the control's */
};

/* A decision on an item or its control; all NULL: none. */
struct choice {
	const char *word, *reason, *by, *level, *severity, *checks;
	int64_t at; /* 0: it is not said */
};

struct outcome {
	enum verdict verdict;
	struct answer answer;
	bool answered;
	struct choice choice;
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
/* Statements that keep a run of findings of a set (set, first, last), and a set of an item (guideline, item, set). */
struct set_writers {
	struct query *keep, *of_item;
};
/* How many findings of a set are what. */
struct tally {
	size_t open, waived, unknown, inferred; /* as in struct outcome */
};
/* Fills in what the item's checks found in its scope and where they ran. 0 or negative errno. */
int outcome_of_checks(struct judged *j, const struct guideline *g, const struct item *item,
		      const struct set_writers *w, struct outcome *o);
/* Nobody has written this check, or nothing feeds it. */
bool verdict_not_yet(const struct catalogue *c, const char *id);

/* ---- answers.c ---- */
/* The statement that answer_find() asks, for query_free(). 0 or negative errno. */
int answers_make(struct judged *j, struct query **ret);
/* The operator's answer to an item or, where it has none of its own, to its control; an answer that
 * does not count too, where there is no other. 0 or negative errno. */
int answer_find(struct judged *j, struct query *q, const char *guideline, const char *item,
		const char *control, struct outcome *o);
/* It is this word, and counts today. */
bool answered(const struct outcome *o, const char *word);
/* It says that it holds, by a way that the guideline does not count. */
bool answered_in_vain(const struct outcome *o);

/* ---- decisions.c ---- */
/* The statement that decision_find() asks, for query_free(). 0 or negative errno. */
int decisions_make(struct judged *j, struct query **ret);
/* The decision in force on an item, else on its control; *ret stays where there is none. */
int decision_find(struct judged *j, struct query *q, const char *guideline, const char *item,
		  const char *control, struct choice *ret);
/* It is this word: "adopt", "decline", "tighten". */
bool decided(const struct choice *c, const char *word);
/* Puts an item with the further checks in the place of *item, where the decision names some. */
int decision_tightens(struct judged *j, const struct choice *c, const struct item **item);
/* Raises the severity of the item's findings, where the decision says one. */
int decision_raises(struct judged *j, const char *guideline, const char *item,
		    const struct choice *c);

/* ---- verdicts.c ---- */
/* The item is declined, and may be: nobody declines what the ordinance asks. */
bool verdict_declined(const struct control *control, const struct outcome *o);
/* All of an alternative's items must hold, so one that does not is enough. */
bool alternative_absent(const struct bench *b, const struct words *alternative);

/* ---- verdict_words.c ---- */
/* What is said of the item at this place; the caller frees both, also after a failure. 0 or -ENOMEM. */
int verdict_note(const struct bench *b, size_t place, char **ret_en, char **ret_ja);

#endif
