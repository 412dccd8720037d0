/* SPDX-License-Identifier: Apache-2.0 */
/* What was looked at and what was not, and why: remarks, silent addresses, checks, services, offline data. */
#include <errno.h>
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

/* Where they did not run there is nothing to count. */
static void checks_table(struct page *p, struct query *q, bool ran)
{
	static const enum word columns[] = { W_CHECK, W_SEVERITY, W_LOOKED_AT, W_FOUND };

	mark(p, "<div class=\"scroll\"><table>");
	heads(p, columns, ran ? countof(columns) : 2);
	mark(p, "<tbody>\n");
	while (facts_next(p->facts, q)) {
		mark(p, "<tr><td>");
		say_check(p, cell(q, "check_id"));
		mark(p, "</td><td>");
		say_severity(p, cell(q, "severity"));
		if (ran)
			mark(p,
			     "</td><td class=\"number\">%" PRId64 " / %" PRId64
			     "</td><td class=\"number\">%" PRId64,
			     cell_int(q, "checked"), cell_int(q, "services"),
			     cell_int(q, "findings"));
		mark(p, "</td></tr>\n");
	}
	mark(p, "</tbody></table></div></details>\n");
}

static void how_many(struct page *p, int64_t n)
{
	mark(p, ": %" PRId64 " ", n);
	say_word(p, W_CHECKS);
}

static void bind_outcome(struct page *p, struct query *q, bool ran, bool partial)
{
	if (p->facts->error == 0 &&
	    (query_bind_int(q, 1, ran) < 0 || query_bind_int(q, 2, partial) < 0))
		p->facts->error = -EIO;
}

#define OUTCOME " FROM check_run WHERE ran = ?1 AND partial = ?2 "

/* Checks of one outcome: a closed table for each reason, since one missing probe explains many checks. */
static void checks(struct page *p, enum word outcome, bool ran, bool partial)
{
	struct query *total = facts_ask(p->facts, "SELECT count(*) AS n" OUTCOME);
	struct query *reasons =
		facts_ask(p->facts, "SELECT reason, count(*) AS n" OUTCOME "GROUP BY reason"
				    " ORDER BY count(*) DESC, reason");
	struct query *rows = facts_ask(p->facts, "SELECT *" OUTCOME
						 "AND coalesce(reason, '') = ?3 ORDER BY check_id");

	bind_outcome(p, total, ran, partial);
	bind_outcome(p, reasons, ran, partial);
	int64_t n = facts_next(p->facts, total) ? cell_int(total, "n") : 0;
	if (n > 0 && (!ran || partial)) {
		mark(p, "<h3>");
		say_word(p, outcome);
		how_many(p, n);
		mark(p, "</h3>\n");
	}
	while (n > 0 && facts_next(p->facts, reasons)) {
		const char *reason = cell(reasons, "reason");

		mark(p, "<details class=\"block\"><summary>");
		if (reason != NULL && *reason != '\0')
			say_reason(p, reason);
		else
			say_word(p, outcome);
		how_many(p, cell_int(reasons, "n"));
		mark(p, "</summary>\n");
		query_reset(rows);
		bind_outcome(p, rows, ran, partial);
		if (p->facts->error == 0 &&
		    query_bind_text(rows, 3, reason != NULL ? reason : "") < 0)
			p->facts->error = -EIO;
		checks_table(p, rows, ran);
	}
	query_free(total);
	query_free(reasons);
	query_free(rows);
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

void page_coverage(struct page *p)
{
	page_section(p, "coverage");
	remarks(p);
	without_answer(p);
	checks(p, W_NOT_RUN, false, false);
	checks(p, W_RAN_PARTLY, true, true);
	checks(p, W_RAN, true, false);
	limited_services(p);
	page_offline(p);
	mark(p, "</section>\n");
}
