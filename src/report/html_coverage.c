/* SPDX-License-Identifier: Apache-2.0 */
/* What was looked at and what was not, and why: remarks, silent addresses, checks, services, offline data. */
#include <inttypes.h>

#include "report/page.h"

static void say_state(struct page *p, const char *state)
{
	say_both(p, host_state_text(state, LANGUAGE_EN), host_state_text(state, LANGUAGE_JA));
}

static void say_kind(struct page *p, const char *kind)
{
	say_both(p, zone_kind_text(kind, LANGUAGE_EN), zone_kind_text(kind, LANGUAGE_JA));
}

static void without_answer(struct page *p)
{
	static const enum word columns[] = { W_ZONE, W_HOST_STATE, W_REASON, W_COUNT };
	struct query *q = facts_ask(
		p->facts, "SELECT zone, kind, state, reason, sum(addresses) AS n FROM host"
			  " WHERE state IN ('silent', 'absent',"
			  " 'skipped') OR complete = 0 GROUP BY zone, kind, state, reason"
			  " ORDER BY zone, kind, state, reason");
	bool any = false;

	for (; facts_next(p->facts, q); any = true) {
		if (!any) {
			mark(p, "<h3>");
			say_word(p, W_SILENT_HEAD);
			mark(p, "</h3>\n<div class=\"scroll\"><table>");
			heads(p, columns, 4);
			mark(p, "<tbody>\n");
		}
		mark(p, "<tr><td>");
		say(p, cell(q, "zone"));
		mark(p, " ");
		say_kind(p, cell(q, "kind"));
		mark(p, "</td><td>");
		say_state(p, cell(q, "state"));
		mark(p, "</td><td>");
		say_reason(p, cell(q, "reason"));
		mark(p, "</td><td class=\"number\">%" PRId64 "</td></tr>\n", cell_int(q, "n"));
	}
	query_free(q);
	if (any)
		mark(p, "</tbody></table></div>\n");
}

static void say_check(struct page *p, const char *id)
{
	const struct check *check = facts_check(p->facts, id);

	if (check != NULL)
		say_bilingual(p, &check->title);
	mark(p, " <span class=\"quiet mono\">");
	say(p, id);
	mark(p, "</span>");
}

/* Checks of one outcome as a closed table. */
static void checks(struct page *p, enum word outcome, const char *where, bool open)
{
	static const enum word columns[] = { W_CHECK, W_SEVERITY, W_LOOKED_AT, W_FOUND, W_REASON };
	char sql[256];

	snprintf(sql, sizeof(sql), "SELECT count(*) FROM check_run WHERE %s", where);
	int64_t n = facts_count(p->facts, sql);
	if (n == 0)
		return;
	mark(p, "<details class=\"block\"%s><summary>", open ? " open" : "");
	say_word(p, outcome);
	mark(p, ": %" PRId64 " ", n);
	say_word(p, W_CHECKS);
	mark(p, "</summary>\n<div class=\"scroll\"><table>");
	heads(p, columns, sizeof(columns) / sizeof(columns[0]));
	mark(p, "<tbody>\n");
	snprintf(sql, sizeof(sql), "SELECT * FROM check_run WHERE %s ORDER BY reason, check_id",
		 where);
	struct query *q = facts_ask(p->facts, sql);
	while (facts_next(p->facts, q)) {
		mark(p, "<tr><td>");
		say_check(p, cell(q, "check_id"));
		mark(p, "</td><td>");
		say_severity(p, cell(q, "severity"));
		mark(p, "</td><td class=\"number\">");
		if (cell_int(q, "ran") != 0)
			mark(p, "%" PRId64 " / %" PRId64, cell_int(q, "checked"),
			     cell_int(q, "services"));
		mark(p, "</td><td class=\"number\">");
		if (cell_int(q, "ran") != 0)
			say_int(p, cell_int(q, "findings"));
		mark(p, "</td><td>");
		say_reason(p, cell(q, "reason"));
		mark(p, "</td></tr>\n");
	}
	query_free(q);
	mark(p, "</tbody></table></div></details>\n");
}

static void limited_services(struct page *p)
{
	static const enum word columns[] = { W_REASON, W_COUNT };
	struct query *q =
		facts_ask(p->facts, "SELECT limited, count(*) AS n FROM service"
				    " WHERE limited IS NOT NULL GROUP BY limited ORDER BY n DESC,"
				    " limited");
	bool any = false;

	for (; facts_next(p->facts, q); any = true) {
		if (!any) {
			mark(p, "<h3>");
			say_word(p, W_SERVICES_LIMITED);
			mark(p, "</h3>\n<div class=\"scroll\"><table>");
			heads(p, columns, 2);
			mark(p, "<tbody>\n");
		}
		mark(p, "<tr><td>");
		say_reason(p, cell(q, "limited"));
		mark(p, "</td><td class=\"number\">%" PRId64 "</td></tr>\n", cell_int(q, "n"));
	}
	query_free(q);
	if (any)
		mark(p, "</tbody></table></div>\n");
}

/* What happened on the way that a reader must know. */
static void remarks(struct page *p)
{
	if (facts_count(p->facts, "SELECT EXISTS (SELECT 1 FROM remark)") != 0)
		TABLE(p, W_REMARKS,
		      "SELECT DISTINCT kind, subject, text FROM remark ORDER BY kind, subject, "
		      "text",
		      { "kind", W_KIND, SHOW_MONO }, { "subject", W_ASSET, SHOW_TEXT },
		      { "text", W_NOTE, SHOW_TEXT });
}

/* Reasons first, since one missing probe explains many checks. */
static void reasons(struct page *p)
{
	static const enum word columns[] = { W_REASON, W_NOT_RUN, W_RAN_PARTLY };
	struct query *q =
		facts_ask(p->facts, "SELECT reason, sum(ran = 0) AS none, sum(ran = 1) AS part"
				    " FROM check_run WHERE ran = 0 OR partial = 1 GROUP BY reason"
				    " ORDER BY count(*) DESC, reason");
	bool any = false;

	for (; facts_next(p->facts, q); any = true) {
		if (!any) {
			mark(p, "<div class=\"scroll\"><table>");
			heads(p, columns, 3);
			mark(p, "<tbody>\n");
		}
		mark(p, "<tr><td>");
		say_reason(p, cell(q, "reason"));
		mark(p,
		     "</td><td class=\"number\">%" PRId64 "</td><td class=\"number\">%" PRId64
		     "</td></tr>\n",
		     cell_int(q, "none"), cell_int(q, "part"));
	}
	query_free(q);
	if (any)
		mark(p, "</tbody></table></div>\n");
}

void page_coverage(struct page *p)
{
	page_section(p, "coverage");
	remarks(p);
	without_answer(p);
	reasons(p);
	checks(p, W_NOT_RUN, "ran = 0", false);
	checks(p, W_RAN_PARTLY, "ran = 1 AND partial = 1", false);
	checks(p, W_RAN, "ran = 1 AND partial = 0", false);
	limited_services(p);
	page_offline(p);
	mark(p, "</section>\n");
}
