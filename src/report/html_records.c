/* SPDX-License-Identifier: Apache-2.0 */
/* The page's records: remarks, exceptions, answers, declared zones, and what was sent. */
#include <inttypes.h>

#include "report/page.h"

static void waivers(struct page *p)
{
	static const enum word columns[] = { W_CHECK,        W_ASSET,       W_REASON,
					     W_COMPENSATING, W_APPROVED_BY, W_UNTIL };
	struct query *q =
		facts_ask(p->facts, "SELECT w.*, w.until < j.now AS expired FROM waiver w, judged j"
				    " ORDER BY check_id, asset, port, until");
	bool any = false;

	mark(p, "<h3>");
	say_word(p, W_WAIVERS);
	mark(p, "</h3>\n");
	for (; facts_next(p->facts, q); any = true) {
		if (!any) {
			mark(p, "<div class=\"scroll\"><table>");
			heads(p, columns, sizeof(columns) / sizeof(columns[0]));
			mark(p, "<tbody>\n");
		}
		mark(p, "<tr><td class=\"mono\">");
		say(p, cell(q, "check_id"));
		mark(p, "</td><td>");
		say(p, cell(q, "asset"));
		if (!query_null(q, query_column(q, "port")))
			mark(p, " %" PRId64, cell_int(q, "port"));
		mark(p, "</td><td>");
		say(p, cell(q, "reason"));
		mark(p, "</td><td>");
		say(p, cell(q, "compensating"));
		mark(p, "</td><td>");
		say(p, cell(q, "approved_by"));
		mark(p, "<br><span class=\"quiet\">");
		say_time(p, cell_int(q, "approved_at"));
		mark(p, "</span></td><td>");
		say_time(p, cell_int(q, "until"));
		mark(p, "<br><b>");
		say_word(p, cell_int(q, "expired") != 0 ? W_EXPIRED : W_IN_FORCE);
		mark(p, "</b></td></tr>\n");
	}
	query_free(q);
	mark(p, any ? "</tbody></table></div>\n" : "<p class=\"quiet\">");
	if (!any) {
		say_word(p, W_NONE);
		mark(p, "</p>\n");
	}
}

void page_records(struct page *p)
{
	mark(p, "<section id=\"records\">\n<h2>");
	say_word(p, W_NAV_RECORDS);
	mark(p, "</h2>\n");
	TABLE(p, W_REMARKS,
	      "SELECT kind, subject, text FROM remark"
	      " ORDER BY kind, subject, text",
	      { "kind", W_KIND, SHOW_MONO }, { "subject", W_ASSET, SHOW_TEXT },
	      { "text", W_NOTE, SHOW_TEXT });
	waivers(p);
	TABLE(p, W_ANSWERS,
	      "SELECT guideline || ':' || item AS id, * FROM attestation"
	      " ORDER BY guideline, item, given_at",
	      { "id", W_ITEM, SHOW_MONO }, { "answer", W_ANSWER, SHOW_ANSWER },
	      { "given_by", W_GIVEN_BY, SHOW_TEXT }, { "given_at", W_GIVEN_AT, SHOW_TIME },
	      { "until", W_UNTIL, SHOW_TIME }, { "note", W_NOTE, SHOW_TEXT });
	TABLE(p, W_ZONES, "SELECT name, kind, networks FROM zone ORDER BY name",
	      { "name", W_ZONE, SHOW_TEXT }, { "kind", W_KIND, SHOW_KIND },
	      { "networks", W_NETWORKS, SHOW_MONO });
	TABLE(p, W_JOURNAL,
	      "SELECT kind, probe, count(*) AS n, sum(packets) AS packets, sum(sent) AS sent,"
	      " sum(received) AS received, min(opened_ms) AS first,"
	      " max(coalesce(closed_ms, opened_ms)) AS last FROM main.journal WHERE " JUDGED_SCAN
	      " GROUP BY kind, probe ORDER BY kind, probe",
	      { "kind", W_JOURNAL_KIND, SHOW_JOURNAL }, { "probe", W_PROBE, SHOW_MONO },
	      { "n", W_CONVERSATIONS, SHOW_NUMBER }, { "packets", W_PACKETS, SHOW_NUMBER },
	      { "sent", W_BYTES_SENT, SHOW_NUMBER }, { "received", W_BYTES_RECEIVED, SHOW_NUMBER },
	      { "first", W_FIRST, SHOW_MS }, { "last", W_LAST, SHOW_MS });
	TABLE(p, W_ENDINGS_HEAD,
	      "SELECT kind, coalesce(ending, '-') AS ending, count(*) AS n FROM main.journal"
	      " WHERE " JUDGED_SCAN " AND kind <> 'ask' GROUP BY kind, ending"
	      " ORDER BY kind, ending",
	      { "kind", W_JOURNAL_KIND, SHOW_JOURNAL }, { "ending", W_ENDINGS_HEAD, SHOW_MONO },
	      { "n", W_COUNT, SHOW_NUMBER });
	mark(p, "</section>\n");
}
