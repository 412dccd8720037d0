/* SPDX-License-Identifier: Apache-2.0 */
/* The HTML page's parts, shared by the files of this room only. */
#ifndef TENKEN_REPORT_PAGE_H
#define TENKEN_REPORT_PAGE_H

#include <stdio.h>

#include "report/facts.h"
#include "report/text.h"
#include "report/words.h"

struct page {
	struct facts *facts;
	FILE *out;
};

/* Our own markup, as it is. */
__attribute__((format(printf, 2, 3))) void mark(struct page *p, const char *format, ...);
/* Text of any origin, escaped. */
void say(struct page *p, const char *text);
void say_int(struct page *p, int64_t n);
void say_time(struct page *p, int64_t seconds);
/* In both languages, each in its span; once where they are the same. */
void say_both(struct page *p, const char *en, const char *ja);
void say_word(struct page *p, enum word w);
/* With values for "%s". */
void say_with(struct page *p, enum word w, const char *const *values);
void say_bilingual(struct page *p, const struct bilingual *b);
void say_severity(struct page *p, const char *severity); /* a coloured word */
void say_reason(struct page *p, const char *reason);
/* The letters and digits of text: for id and class attributes and links to them. */
void say_id(struct page *p, const char *text);
/* <th scope="col"> in both languages. */
void heads(struct page *p, const enum word *list, size_t count);
/* A question of one text value. */
struct query *ask_of(struct page *p, const char *sql, const char *first, const char *second);

/* Each writes its <section>. zone_note: the time zone that times are in. */
void page_summary(struct page *p, const char *zone_note);
void page_findings(struct page *p);
void page_controls(struct page *p);
void page_hosts(struct page *p);
void page_coverage(struct page *p);
/* html_offline.c: within the coverage. */
void page_offline(struct page *p);
void page_records(struct page *p);
/* Counts of verdicts as a bar with its legend. where: SQL over verdict, with ?1 the guideline. */
void verdict_bar(struct page *p, const char *guideline, const char *where);

/* The whole <style>; the page's policy allows exactly this text. */
extern const char page_style[];

#endif
