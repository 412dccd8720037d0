/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many findings of which check count against which item, in the TEMP table report_count (guideline,
 * item, severity, check_id, n). A large site has some million pairs of finding and item: they are gone
 * through once, in the order in which they lie, and nothing is sorted.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "report/page.h"

static const char tables[] =
	"DROP TABLE IF EXISTS temp.report_group;"
	"CREATE TEMP TABLE report_group (id INTEGER PRIMARY KEY, severity TEXT NOT NULL,"
	" check_id TEXT NOT NULL, UNIQUE (severity, check_id)) STRICT;"
	"INSERT INTO temp.report_group (severity, check_id) SELECT DISTINCT severity, check_id"
	" FROM finding_now ORDER BY 1, 2;"
	"DROP TABLE IF EXISTS temp.report_in;"
	"CREATE TEMP TABLE report_in (fingerprint TEXT PRIMARY KEY, id INTEGER NOT NULL) STRICT,"
	" WITHOUT ROWID;"
	"INSERT INTO temp.report_in SELECT n.fingerprint, g.id FROM finding_now n"
	" JOIN temp.report_group g USING (severity, check_id) ORDER BY 1;"
	"DROP TABLE IF EXISTS temp.report_count;"
	"CREATE TEMP TABLE report_count (guideline TEXT NOT NULL, item TEXT NOT NULL,"
	" severity TEXT NOT NULL, check_id TEXT NOT NULL, n INTEGER NOT NULL,"
	" PRIMARY KEY (guideline, item, severity, check_id)) STRICT, WITHOUT ROWID;";

/* What was counted of one item. */
static void put_down(struct page *p, struct query *add, const char *guideline, const char *item,
		     int64_t *counts, int64_t groups)
{
	for (int64_t i = 1; i <= groups; i++) {
		if (counts[i] == 0)
			continue;
		if (query_bind_text(add, 1, guideline) < 0 || query_bind_text(add, 2, item) < 0 ||
		    query_bind_int(add, 3, i) < 0 || query_bind_int(add, 4, counts[i]) < 0 ||
		    query_run(add) < 0)
			p->facts->error = -EIO;
		counts[i] = 0;
	}
}

void page_count_findings(struct page *p)
{
	struct facts *f = p->facts;
	char *guideline = NULL, *item = NULL;

	if (f->error == 0 && db_exec(f->db, tables) < 0)
		f->error = -EIO;
	int64_t groups = facts_count(f, "SELECT count(*) FROM temp.report_group");
	int64_t *counts = calloc((size_t)groups + 1, sizeof(*counts));
	struct query *add = facts_ask(f, "INSERT INTO temp.report_count SELECT ?1, ?2, severity,"
					 " check_id, ?4 FROM temp.report_group WHERE id = ?3");
	struct query *q = facts_ask(f, "SELECT v.guideline, v.item, i.id FROM verdict_finding v"
				       " CROSS JOIN temp.report_in i USING (fingerprint)"
				       " ORDER BY v.guideline, v.item");

	while (counts != NULL && facts_next(f, q)) {
		if (item == NULL || strcmp(item, query_text(q, 1)) != 0 ||
		    strcmp(guideline, query_text(q, 0)) != 0) {
			if (item != NULL)
				put_down(p, add, guideline, item, counts, groups);
			free(guideline);
			free(item);
			guideline = strdup(query_text(q, 0));
			item = strdup(query_text(q, 1));
			if (guideline == NULL || item == NULL) {
				f->error = -ENOMEM;
				break;
			}
		}
		counts[query_int(q, 2)]++;
	}
	if (item != NULL && guideline != NULL && counts != NULL)
		put_down(p, add, guideline, item, counts, groups);
	if (counts == NULL)
		f->error = -ENOMEM;
	query_free(q);
	query_free(add);
	free(guideline);
	free(item);
	free(counts);
}
