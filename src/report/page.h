/* SPDX-License-Identifier: Apache-2.0 */
/* The HTML page's parts, shared by the files of this room only. */
#ifndef TENKEN_REPORT_PAGE_H
#define TENKEN_REPORT_PAGE_H

#include <stdbool.h>
#include <stdio.h>

#include "report/facts.h"
#include "report/text.h"
#include "report/words.h"

struct page {
	struct facts *facts;
	FILE *out;
	const char *zone_note; /* the time zone that times are in */
	bool bare;             /* here no element may stand: a title, or a picture */
};

/* Our own markup, as it is. */
__attribute__((format(printf, 2, 3))) void mark(struct page *p, const char *format, ...);
/* Text of any origin, escaped. */
void say(struct page *p, const char *text);
void say_int(struct page *p, int64_t n);
void say_time(struct page *p, int64_t seconds);
/* "1 d 2 h", "35 min", "12 s": the two greatest parts of a length of time. */
void say_span(struct page *p, int64_t ms);
/* In both languages, each in its span; once where they are the same. */
void say_both(struct page *p, const char *en, const char *ja);
/* The same in spans of this class. */
void say_both_as(struct page *p, const char *class, const char *en, const char *ja);
void say_word(struct page *p, enum word w);
/* With values for "%s". */
void say_with(struct page *p, enum word w, const char *const *values);
void say_bilingual(struct page *p, const struct bilingual *b);
void say_severity(struct page *p, const char *severity); /* a coloured word */
void say_reason(struct page *p, const char *reason);
/* The detail of a finding, from its columns check_id and detail. */
void say_detail(struct page *p, struct query *q);
/* A text as part of an id or class attribute and of links to it; different texts stay different. */
void say_id(struct page *p, const char *text);
/* The id of a finding's row: its fingerprint's first 16 digits. */
void say_finding_id(struct page *p, const char *fingerprint);
/* "2026-11-20" in the zone of clock_enter(). */
void say_day(struct page *p, int64_t seconds);
/* The same with its minute: shorter than say_time() in long tables. */
void say_moment(struct page *p, int64_t seconds);
/* <th scope="col"> in both languages. */
void heads(struct page *p, const enum word *list, size_t count);
/* A question of one text value. */
struct query *ask_of(struct page *p, const char *sql, const char *first, const char *second);

/* One column: how a value is shown. */
enum show {
	SHOW_TEXT,
	SHOW_MONO,
	SHOW_TIME,
	SHOW_MS,
	SHOW_SPAN, /* milliseconds as a length of time */
	SHOW_NUMBER,
	SHOW_KIND,
	SHOW_ANSWER,
	SHOW_DECISION,
	SHOW_STANDS, /* red where it does not hold */
	SHOW_LEVEL,
	SHOW_LIST,    /* of words, in JSON */
	SHOW_CHECKS,  /* of checks by their titles, in JSON */
	SHOW_SUBJECT, /* what an exception, a measure or a treatment is for; of the whole row */
	SHOW_SEVERITY,
	SHOW_DAY,
	SHOW_JOURNAL
};
struct column {
	const char *name;
	enum word head;
	enum show show;
};
/* "a, b" of a JSON list; what is none is said as it is. */
void say_list(struct page *p, const char *text);
/* The title of the check, or the item, and where. */
void say_subject(struct page *p, struct query *q);
/* A heading and a table of the rows, or that there are none. */
void page_table(struct page *p, enum word head, const char *sql, const struct column *columns,
		size_t count);
#define TABLE(p, head, sql, ...)                                                         \
	do {                                                                             \
		static const struct column columns[] = { __VA_ARGS__ };                  \
		page_table(p, head, sql, columns, sizeof(columns) / sizeof(columns[0])); \
	} while (0)

/*
 * A long table: up to 60 rows stand open, of more each 500 are folded together, in a noscript that the page's
 * script replaces by its rows (html_script.c). total is known before; fold_row() comes before each row, with a
 * text that tells where the fold begins.
 */
struct fold {
	const enum word *columns;
	size_t column_count;
	int64_t total, at;
};
void fold_row(struct page *p, struct fold *f, const char *first);
void fold_end(struct page *p, const struct fold *f);

/* The parts: each writes its <section> with what page_section() begins it with. */
void page_summary(struct page *p);
void page_map(struct page *p);
void page_trend(struct page *p);
void page_gap(struct page *p);
void page_closed(struct page *p);
void page_ot(struct page *p);
void page_findings(struct page *p);
void page_controls(struct page *p);
void page_records(struct page *p);
void page_hosts(struct page *p);
void page_listening(struct page *p);
void page_coverage(struct page *p);
void page_sent(struct page *p);
void page_scan(struct page *p);
/* Whether the part is there: some are not where nothing speaks of them. */
bool page_has_trend(struct page *p);
bool page_has_gap(struct page *p);
bool page_has_closed(struct page *p);
bool page_has_ot(struct page *p);
bool page_has_listening(struct page *p);
/* Begins the section: its id, which views show it, and its heading. */
void page_section(struct page *p, const char *id);

/* What the script adds to a part: a search over its rows (data-rows), and buttons for its folds. */
void page_tools(struct page *p, bool search);
/* A JSON list of compensating measures, each in a line; NULL: none. */
void page_measures(struct page *p, const char *list);
/* A row of the table treatment in one line. */
void page_treatment(struct page *p, struct query *q);
/* html_count.c: the TEMP table report_count (guideline, item, severity, check_id, n), for all parts. */
void page_count_findings(struct page *p);
/* html_answer.c: within the summary. html_offline.c: within the coverage. */
void page_answer(struct page *p);
void page_offline(struct page *p);
/* Counts of verdicts as a bar with its legend. where: SQL over verdict, with ?1 the guideline. */
void verdict_bar(struct page *p, const char *guideline, const char *where);

/* The whole <style> and <script>; the page's policy allows exactly these texts. */
extern const char page_style[], page_script[];

#endif
