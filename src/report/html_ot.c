/* SPDX-License-Identifier: Apache-2.0 */
/* The page for those who run the plant: control equipment, what was found on it, how gently it was treated,
 * what it speaks, and who asks it for what. */
#include <inttypes.h>

#include "report/page.h"

#define CONTROL "h.treated = 'ot' AND h.state NOT IN ('silent', 'absent', 'skipped')"

bool page_has_ot(struct page *p)
{
	return facts_count(p->facts, "SELECT EXISTS (SELECT 1 FROM host h WHERE " CONTROL ")"
				     " OR EXISTS (SELECT 1 FROM operation)") != 0;
}

static void found(struct page *p)
{
	static const enum word columns[] = { W_SEVERITY, W_CHECK, W_HOSTS_WORD, W_COUNT };
	struct query *q = facts_ask(
		p->facts, "SELECT f.severity, f.check_id, count(DISTINCT f.asset) AS places,"
			  " count(*) AS n FROM finding_now f JOIN host h ON h.address = f.address"
			  " WHERE f.status = 'open' AND " CONTROL " GROUP BY 1, 2"
			  " ORDER BY " BY_SEVERITY ", n DESC, f.check_id");
	bool any = false;

	mark(p, "<h3>");
	say_word(p, W_OT_FOUND);
	mark(p, "</h3>\n");
	for (; facts_next(p->facts, q); any = true) {
		const struct check *check = facts_check(p->facts, cell(q, "check_id"));

		if (!any) {
			mark(p, "<div class=\"scroll\"><table>");
			heads(p, columns, sizeof(columns) / sizeof(columns[0]));
			mark(p, "<tbody>\n");
		}
		mark(p, "<tr><td>");
		say_severity(p, cell(q, "severity"));
		mark(p, "</td><td><a href=\"#c-");
		say_id(p, cell(q, "severity"));
		mark(p, "-");
		say_id(p, cell(q, "check_id"));
		mark(p, "\">");
		if (check != NULL)
			say_bilingual(p, &check->title);
		else
			say(p, cell(q, "check_id"));
		mark(p,
		     "</a></td><td class=\"number\">%" PRId64 "</td><td class=\"number\">%" PRId64
		     "</td></tr>\n",
		     cell_int(q, "places"), cell_int(q, "n"));
	}
	query_free(q);
	mark(p, any ? "</tbody></table></div>\n" : "<p class=\"quiet\">");
	if (!any) {
		say_word(p, W_NONE);
		mark(p, "</p>\n");
	}
	mark(p, "<p class=\"caution\">");
	say_word(p, W_OT_CAUTION);
	mark(p, "</p>\n");
}

#define OPERATIONS                                                                            \
	"SELECT src, dst, protocol, sum(requests * (access = 'read')) AS reads,"              \
	" sum(requests * (access = 'write')) AS writes,"                                      \
	" sum(requests * (access IN ('control', 'program'))) AS controls,"                    \
	" sum(requests * (access NOT IN ('read', 'write', 'control', 'program'))) AS others," \
	" sum(errors) AS errors, min(first_ms) AS first, max(last_ms) AS last,"               \
	" group_concat(DISTINCT vantage) AS vantage FROM operation"                           \
	" GROUP BY src, dst, protocol ORDER BY address_key(src), address_key(dst), protocol " \
	"LIMIT 500"

void page_ot(struct page *p)
{
	char machines[32], limited[32], left[32];
	const char *values[] = { machines, limited, left };

	snprintf(machines, sizeof(machines), "%" PRId64,
		 facts_count(p->facts, "SELECT count(*) FROM host h WHERE " CONTROL));
	snprintf(limited, sizeof(limited), "%" PRId64,
		 facts_count(p->facts, "SELECT count(*) FROM service WHERE limited = 'limited in "
				       "OT'"));
	snprintf(left, sizeof(left), "%" PRId64,
		 facts_count(p->facts, "SELECT count(*) FROM host h WHERE h.treated = 'ot'"
				       " AND h.state = 'distress'"));
	page_section(p, "ot");
	mark(p, "<p>");
	say_with(p, W_OT_INTRO, values);
	mark(p, "</p>\n");
	found(p);
	TABLE(p, W_OT_SPOKEN,
	      "SELECT coalesce(s.protocol, s.name) AS protocol, s.transport || '/' || s.port AS "
	      "port,"
	      " count(*) AS n, group_concat(DISTINCT h.zone) AS zones FROM service s"
	      " JOIN host h ON h.address = s.address LEFT JOIN port_word w ON w.port = s.port"
	      " AND w.transport = s.transport WHERE s.state = 'open' AND (w.kind = 'ot'"
	      " OR h.treated = 'ot') GROUP BY 1, 2 ORDER BY coalesce(w.kind, '') <> 'ot', n DESC, "
	      "1, 2",
	      { "protocol", W_PROTOCOL, SHOW_TEXT }, { "port", W_SERVICE, SHOW_MONO },
	      { "n", W_HOSTS_WORD, SHOW_NUMBER }, { "zones", W_ZONE, SHOW_TEXT });
	if (facts_count(p->facts, "SELECT EXISTS (SELECT 1 FROM operation)") != 0)
		TABLE(p, W_OT_OPERATIONS, OPERATIONS, { "src", W_MASTER, SHOW_MONO },
		      { "dst", W_SLAVE, SHOW_MONO }, { "protocol", W_PROTOCOL, SHOW_TEXT },
		      { "reads", W_READS, SHOW_NUMBER }, { "writes", W_WRITES, SHOW_NUMBER },
		      { "controls", W_CONTROLS_SENT, SHOW_NUMBER },
		      { "others", W_OTHERS, SHOW_NUMBER }, { "errors", W_ERRORS, SHOW_NUMBER },
		      { "first", W_FIRST, SHOW_MS }, { "last", W_LAST, SHOW_MS },
		      { "vantage", W_VANTAGE, SHOW_TEXT });
	mark(p, "</section>\n");
}
