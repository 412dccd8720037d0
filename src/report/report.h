/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything that is told about a judged scan. Each function reads the store and the TEMP tables
 * that judge_run() left, writes to out, and changes nothing. 0 or negative errno: that of out (the
 * caller flushes and closes it, and looks at that too), -ENOMEM, or -EIO where the store could not
 * be read (db_error()).
 *
 * The same store gives the same bytes.
 */
#ifndef TENKEN_REPORT_REPORT_H
#define TENKEN_REPORT_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "codec/i18n.h"
#include "judge/catalogue.h"
#include "store/db.h"

enum { REPORT_SCHEMA = 1 };

/* One JSON document, doc/schema/export-1.json; titles and remedies in this language. */
int report_json(struct db *db, const struct catalogue *c, enum language l, FILE *out);
/* The same objects, one on each line, with "type" in front: tenken, scan, host, finding, control, remark,
 * offline_data, undecided. */
int report_ndjson(struct db *db, const struct catalogue *c, enum language l, FILE *out);
/* Findings. With a byte order mark Excel takes the file for UTF-8. */
int report_csv(struct db *db, const struct catalogue *c, enum language l, bool mark, FILE *out);
/* Hosts and ports for tools that read nmap's XML. */
int report_nmap_xml(struct db *db, FILE *out);
/* One page with both languages; first is the one that shows at first, view whose parts do ("all",
 * "management", "it", "ot", "auditor"; NULL: all). */
int report_html(struct db *db, const struct catalogue *c, enum language first, const char *view,
		FILE *out);
bool report_view_known(const char *view);

/* What a person wants to know at the end of a scan. Names of files that hold the report; NULL: none. */
struct report_files {
	const char *store, *html;
};
int report_summary(struct db *db, const struct catalogue *c, enum language l,
		   const struct report_files *files, FILE *out);

#endif
