/* SPDX-License-Identifier: Apache-2.0 */
/* What was sent to whom: the journal's sums by probe and by machine, and results that went to trackers. */
#include <inttypes.h>

#include "report/page.h"

/* The journal itself has every conversation. */
static void machines(struct page *p)
{
	static const enum word columns[] = { W_ADDRESS,        W_CONVERSATIONS,
					     W_PACKETS,        W_BYTES_SENT,
					     W_BYTES_RECEIVED, W_PROBE,
					     W_FIRST,          W_LAST };
	struct query *q = facts_ask(
		p->facts,
		"SELECT address, count(*) AS n, sum(packets) AS packets, sum(sent) AS sent,"
		" sum(received) AS received, group_concat(DISTINCT coalesce(probe, kind)) AS "
		"probes,"
		" min(opened_ms) AS first, max(coalesce(closed_ms, opened_ms)) AS last"
		" FROM main.journal WHERE " JUDGED_SCAN " AND kind <> 'ask' GROUP BY address"
		" ORDER BY address_key(address), address");
	struct fold rows = { .columns = columns,
			     .column_count = sizeof(columns) / sizeof(columns[0]),
			     .total = facts_count(p->facts,
						  "SELECT count(DISTINCT address) FROM main.journal"
						  " WHERE " JUDGED_SCAN " AND kind <> 'ask'") };

	if (rows.total > 0) {
		mark(p, "<h3>");
		say_word(p, W_SENT_TO);
		mark(p, "</h3>\n");
	}
	while (facts_next(p->facts, q)) {
		fold_row(p, &rows, cell(q, "address"));
		mark(p, "<tr><td>");
		say(p, cell(q, "address"));
		mark(p,
		     "</td><td>%" PRId64 "</td><td>%" PRId64 "</td><td>%" PRId64 "</td><td>%" PRId64
		     "</td><td>",
		     cell_int(q, "n"), cell_int(q, "packets"), cell_int(q, "sent"),
		     cell_int(q, "received"));
		say(p, cell(q, "probes"));
		mark(p, "</td><td>");
		say_moment(p, cell_int(q, "first") / 1000);
		mark(p, "</td><td>");
		say_moment(p, cell_int(q, "last") / 1000);
		mark(p, "</td></tr>\n");
	}
	query_free(q);
	fold_end(p, &rows);
}

void page_sent(struct page *p)
{
	page_section(p, "sent");
	TABLE(p, W_JOURNAL,
	      "SELECT kind, probe, count(*) AS n, sum(packets) AS packets, sum(sent) AS sent,"
	      " sum(received) AS received, min(opened_ms) AS first,"
	      " max(coalesce(closed_ms, opened_ms)) AS last FROM main.journal WHERE " JUDGED_SCAN
	      " GROUP BY kind, probe ORDER BY kind, probe",
	      { "kind", W_JOURNAL_KIND, SHOW_JOURNAL }, { "probe", W_PROBE, SHOW_MONO },
	      { "n", W_CONVERSATIONS, SHOW_NUMBER }, { "packets", W_PACKETS, SHOW_NUMBER },
	      { "sent", W_BYTES_SENT, SHOW_NUMBER }, { "received", W_BYTES_RECEIVED, SHOW_NUMBER },
	      { "first", W_FIRST, SHOW_MS }, { "last", W_LAST, SHOW_MS });
	machines(p);
	TABLE(p, W_ENDINGS_HEAD,
	      "SELECT kind, coalesce(ending, '-') AS ending, count(*) AS n FROM main.journal"
	      " WHERE " JUDGED_SCAN " AND kind <> 'ask' GROUP BY kind, ending"
	      " ORDER BY kind, ending",
	      { "kind", W_JOURNAL_KIND, SHOW_JOURNAL }, { "ending", W_ENDINGS_HEAD, SHOW_MONO },
	      { "n", W_COUNT, SHOW_NUMBER });
	bool there = false;
	if (db_has_table(p->facts->db, "exported", &there) == 0 && there)
		TABLE(p, W_EXPORTED,
		      "SELECT target, count(*) AS n, max(at) AS at FROM main.exported WHERE site ="
		      " (SELECT site FROM judged) GROUP BY target ORDER BY target",
		      { "target", W_TARGET_OF, SHOW_MONO }, { "n", W_NAV_FINDINGS, SHOW_NUMBER },
		      { "at", W_LAST, SHOW_TIME });
	mark(p, "</section>\n");
}
