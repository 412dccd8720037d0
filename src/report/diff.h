/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What changed between two runs, told from the tables of compare_make() (judge/compare.h). 0 or
 * negative errno, as in report/report.h; the same two runs give the same bytes.
 */
#ifndef TENKEN_REPORT_DIFF_H
#define TENKEN_REPORT_DIFF_H

#include <stdio.h>

#include "codec/i18n.h"
#include "judge/catalogue.h"
#include "store/db.h"

enum { DIFF_SCHEMA = 1 };

/* For people: counts, and the worst of each kind of change. */
int report_diff(struct db *db, const struct catalogue *c, enum language l, FILE *out);
/* doc/schema/diff-1.json; every change. */
int report_diff_json(struct db *db, const struct catalogue *c, enum language l, FILE *out);
/* The same as one table (RFC 4180, with a byte order mark). */
int report_diff_csv(struct db *db, const struct catalogue *c, enum language l, FILE *out);

/* From what is worse for the plant to what is better, as an expression over changed_finding. */
#define BY_CHANGE                                                                     \
	"CASE change WHEN 'new' THEN 0 WHEN 'reopened' THEN 1 WHEN 'unwaived' THEN 2" \
	" WHEN 'severity' THEN 3 WHEN 'waived' THEN 4 WHEN 'fixed' THEN 5 ELSE 6 END"
#define CHANGED_FINDINGS                                                     \
	"SELECT * FROM changed_finding ORDER BY " BY_CHANGE ", " BY_SEVERITY \
	", check_id, address_key(address), asset, port, transport, detail, fingerprint"
#define CHANGED_HOSTS                                              \
	"SELECT * FROM changed_host ORDER BY change, looked DESC," \
	" address_key(coalesce(after, before)->>'$[0]'), key"
#define CHANGED_SERVICES                                                                    \
	"SELECT * FROM changed_service ORDER BY change, looked DESC, address_key(address)," \
	" port, transport, key"
#define CHANGED_VERDICTS "SELECT * FROM changed_verdict ORDER BY guideline, position, item"

#endif
