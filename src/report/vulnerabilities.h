/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of vulnerabilities that mlit-water 5.1.3.6 asks for: system, vulnerability, CVSS, whether the repair can be
 * applied, when, and how far it is. What was seen and declared is filled in, the rest is for people. For the CSV table
 * and the workbook's sheet.
 */
#ifndef TENKEN_REPORT_VULNERABILITIES_H
#define TENKEN_REPORT_VULNERABILITIES_H

#include "report/facts.h"
#include "report/words.h"

/* Columns in their order. */
enum vulnerability_column {
	VULNERABILITY_SYSTEM,
	VULNERABILITY_ADDRESS,
	VULNERABILITY_PRODUCT,
	VULNERABILITY_NAME,
	VULNERABILITY_CVES,
	VULNERABILITY_TITLE,
	VULNERABILITY_CVSS,
	VULNERABILITY_EXPLOITED,
	VULNERABILITY_APPLICABLE, /* can the repair be applied? */
	VULNERABILITY_WHEN,
	VULNERABILITY_STATE,
	VULNERABILITY_OWNER,
	VULNERABILITY_INSTEAD, /* measures in its place */
	VULNERABILITY_SOURCE,
	VULNERABILITY_FINGERPRINT,
	VULNERABILITY_COLUMNS
};
extern const enum word vulnerability_heads[VULNERABILITY_COLUMNS];

/* Those that apply, from the worst; then what nobody can decide. In the zone of clock_enter(). */
struct vulnerability_rows {
	struct facts *facts;
	enum language l;
	struct query *certain, *open;
	char *text[VULNERABILITY_COLUMNS];
};
struct vulnerability_rows vulnerability_rows(struct facts *f, enum language l);
/* One more row: its texts, valid until the next; NULL: nothing is known. */
bool vulnerability_next(struct vulnerability_rows *r,
			const char *ret[static VULNERABILITY_COLUMNS]);
void vulnerability_done(struct vulnerability_rows *r);

#endif
