/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is judged by: checks, scope words and guidelines, read from YAML files. doc/architecture.md,
 * "Checks", says what the files hold.
 */
#ifndef TENKEN_JUDGE_CATALOGUE_H
#define TENKEN_JUDGE_CATALOGUE_H

#include <stdbool.h>
#include <stddef.h>

#include "site/site.h"

/* A text in both languages; never NULL. */
struct bilingual {
	const char *en, *ja;
};

struct words {
	const char **list;
	size_t count;
};

enum severity {
	SEVERITY_INFO,
	SEVERITY_LOW,
	SEVERITY_MEDIUM,
	SEVERITY_HIGH,
	SEVERITY_CRITICAL,
	SEVERITIES
};

/* "info", "low", "medium", "high", "critical". */
const char *severity_word(enum severity s);
enum severity severity_of_word(const char *word); /* SEVERITIES where it is none */

struct check {
	const char *id;
	enum severity severity;
	struct words needs;
	struct bilingual title, remedy;
	const char *sql; /* NULL: nothing feeds this check yet */
	bool own;        /* a check of the user's */
	bool of_zone;    /* what it finds concerns every asset of the zone where it finds it */
	bool of_site; /* what it finds concerns the site as a whole, whichever assets an item speaks of */
	/* Which hosts or services it could judge, and the reason for the others; NULL: all of them. */
	const char *seen;
	struct bilingual unseen;
	const char *file;
	unsigned line, sql_line, seen_line;
};

/* A view that checks of the same files, and reports, stand on. */
struct check_view {
	const char *name, *sql;
	const char *index; /* columns by which checks look rows up; NULL: none */
	bool per_document; /* each row comes of one document of the view document */
	const char *file;
	unsigned line;
};

/* A scope word, or "declared:*", whose SQL finds what stands behind the colon as :word. The SQL is
 * an expression over the view asset: 1, 0, or NULL where it cannot be known. */
struct scope_word {
	const char *word, *sql;
	struct bilingual title;
	const char *file;
	unsigned line;
};

enum assess { ASSESS_NONE, ASSESS_INDIRECT, ASSESS_DIRECT, ASSESSES };
const char *assess_word(enum assess a);

/* What a measure asks for in figures. */
enum item_measure {
	MEASURE_MAX_INTERVAL, /* the longest time between two times that it is done */
	MEASURE_RETENTION,    /* how long it is kept at least */
	MEASURE_MIN_COUNT,    /* how often it is done at least */
	MEASURE_MIN_PER_YEAR, /* the same, each year */
	MEASURES
};

struct item_threshold {
	enum item_measure measure;
	unsigned number; /* of units */
	char unit;       /* 'D', 'W', 'M' or 'Y' (ISO 8601); 0: a count */
};

/* What a finding means for an item. */
enum polarity {
	POLARITY_MEASURE,    /* it is against it */
	POLARITY_DEFICIENCY, /* the item describes a bad state: it shows that it is there */
	POLARITY_ALTERNATIVE, /* the item may take the place of others: it does not, which is no breach */
	POLARITIES
};
/* "measure", "deficiency", "alternative". */
const char *polarity_word(enum polarity p);

struct item {
	const char *id;
	struct bilingual text, note;
	/* Which part of the source says so ("condition", "criterion", "guidance", "example", or two of them
	 * joined by '+'), or NULL. */
	const char *basis;
	enum assess assess;
	struct words checks, later;
	struct words *scope; /* all of them; each is a list of words of which one is enough */
	size_t scope_count;
	const char *when;           /* SQL over a finding and its asset, or NULL */
	struct words needs;         /* words that hold for the whole scan ("vantage:public") */
	struct words *alternatives; /* each a list of items that must all hold */
	size_t alternative_count;
	enum polarity polarity;
	struct item_threshold *thresholds;
	size_t threshold_count;
	const char *figure; /* the site's threshold that answers them ("log_months"), or NULL */
	/* Stands for a control whose items the source does not give: it has the control's id and title. */
	bool untreated;
	unsigned line;
};

struct control {
	const char *id, *kind, *level;
	struct bilingual title, note;
	/* The guideline's own group of the control, as it is numbered there; empty: it has none. */
	const char *label_no;
	struct bilingual label;
	struct bilingual
		scope; /* whom or what it concerns in the guideline's words; may be empty */
	unsigned page; /* of the source; 0: it is not said */
	bool mandatory;
	struct item *items; /* one at least: see item.untreated */
	size_t item_count;
	unsigned line;
};

/* How a part of the guideline is called whose number alone says nothing: what controls' ids begin with. */
struct chapter {
	const char *no;
	struct bilingual title;
};

struct guideline {
	const char *id, *version, *date, *file;
	bool own; /* a file of the user's */
	unsigned line;
	struct bilingual title, publisher, origin, terms, source_note;
	struct bilingual status; /* "a draft", "superseded", in short; may be empty */
	const char *sector;      /* "water"; "all": it is nobody's own. Never NULL */
	struct chapter *chapters;
	size_t chapter_count;
	struct control *controls;
	size_t control_count, item_count, untreated_count; /* item_count holds the untreated ones */
};

/* "max_interval" and so on. */
const char *measure_word(enum item_measure m);
/* "at least once every 6 months", in one language (en or ja); in the buffer. */
enum { THRESHOLD_TEXT = 96 };
const char *threshold_text(const struct item_threshold *t, bool japanese,
			   char text[static THRESHOLD_TEXT]);

/* profiles/data/NAME.csv: checks find it as the table data_NAME ('-' is '_'), all columns texts, an
 * empty field an empty text. */
struct data_list {
	const char *table;
	struct words columns;
	struct words *rows; /* each as many as there are columns */
	size_t row_count;
};

struct arena;

/* Everything lives until catalogue_done(). Checks and scopes are sorted by their word. */
struct catalogue {
	struct check *checks;
	size_t check_count;
	struct check_view *views;          /* in the order in which they stand */
	size_t view_count, own_view_count; /* the first of them are not the user's */
	struct scope_word *scopes;
	size_t scope_count;
	struct guideline *guidelines;
	size_t guideline_count;
	struct data_list *lists;
	size_t list_count;
	struct arena *arena;
};

/*
 * Reads DIR/profiles/checks/ *.yaml, DIR/profiles/data/ *.csv, DIR/profiles/scopes.yaml, the
 * guidelines, and more files of the user's with checks, views and scope words. A guideline is a name (DIR/profiles/guidelines/
 * NAME.yaml), "all" (those of the folder that are not read yet, a sector's own first), or a file of
 * the user's (profile_is_file()); they stand in the order given. 0, or -EINVAL with at least one
 * complaint, or -ENOMEM. *ret can be given to catalogue_done() in every case; after -EINVAL it holds
 * what could be read. An unknown guideline is a complaint that lists the known ones.
 */
int catalogue_load(const char *dir, const char *const *guidelines, size_t guideline_count,
		   const char *const *more, size_t more_count, struct catalogue *ret,
		   struct complaints *c);
void catalogue_done(struct catalogue *c);
/* Names of the guidelines in DIR, sorted; the caller frees the list and each name. */
int catalogue_names(const char *dir, char ***ret_list, size_t *ret_count);

/* NULL where there is none. */
const struct check *catalogue_check(const struct catalogue *c, const char *id);
const struct scope_word *catalogue_scope(const struct catalogue *c, const char *word);
const struct guideline *catalogue_guideline(const struct catalogue *c, const char *id);
const struct item *guideline_item(const struct guideline *g, const char *id,
				  const struct control **ret_control);

/*
 * What loading does not refuse, since a judging can live with it: items that name a check or a scope
 * word which is not there, alternatives that name no item or one with alternatives of its own,
 * titles, remedies and items without one of the languages. Each is a complaint; returns how many.
 */
size_t catalogue_cross_check(const struct catalogue *c, struct complaints *complaints);

/* A need is one of the words of doc/architecture.md, "Checks". */
bool need_known(const char *need);

#endif
