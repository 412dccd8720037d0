/* SPDX-License-Identifier: Apache-2.0 */
/* Which findings count against which guideline items, both ways, held in memory while a report is written. */
#ifndef TENKEN_REPORT_MEMBERS_H
#define TENKEN_REPORT_MEMBERS_H

#include <stddef.h>
#include <stdint.h>

struct facts;
struct members;

/* Texts are valid until facts_done(). */
struct member_list {
	size_t count;
	const char *const *texts;
};

/* The items that a finding counts against, each "GUIDELINE:ITEM", by guideline and the items' order in it; none for
 * a finding that the scan has not. Findings of the same items share one list. */
struct member_list members_of_finding(struct facts *f, const char *fingerprint);
/* Those of the finding of this number in finding_now, as a JSON list, valid as long; NULL without memory
 * (facts.error). */
const char *members_json(struct facts *f, int64_t number);
/* The fingerprints of an item's findings, in their order. Valid until the next call. */
struct member_list members_of_item(struct facts *f, const char *guideline, const char *item);
/* The items of a finding in one text, with this between them. A new string; NULL without memory. */
char *members_text(struct facts *f, const char *fingerprint, const char *between);
void members_free(struct members *m);

#endif
