/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is the closed network closed: a verdict for each zone that must be, what speaks against it, and every
 * path that was tested, with its vantage and time.
 */
#include <inttypes.h>

#include "report/page.h"

enum { PATHS_SHOWN = 500 };

bool page_has_closed(struct page *p)
{
	return facts_count(p->facts, "SELECT EXISTS (SELECT 1 FROM closed_network)"
				     " OR EXISTS (SELECT 1 FROM path)") != 0;
}

static void verdict(struct page *p, struct query *q)
{
	char first[32], second[32];
	const char *values[] = { first, second };
	int64_t findings = cell_int(q, "findings"), paths = cell_int(q, "paths");

	snprintf(first, sizeof(first), "%" PRId64, findings > 0 ? findings : cell_int(q, "held"));
	snprintf(second, sizeof(second), "%" PRId64, paths);
	mark(p, "<p><b>");
	if (findings > 1)
		say_with(p, W_CLOSED_REFUTED, values);
	else if (findings == 1)
		say_word(p, W_CLOSED_REFUTED_ONE);
	else if (paths > 0)
		say_with(p, W_CLOSED_HELD, values);
	else
		say_word(p, cell_int(q, "heard_ms") > 0 ? W_CLOSED_HEARD : W_CLOSED_NOT_TESTED);
	mark(p, "</b>");
	if (paths > 0) {
		mark(p, " <span class=\"quiet\">");
		say_time(p, cell_int(q, "first_ms") / 1000);
		mark(p, " &#8211; ");
		say_time(p, cell_int(q, "last_ms") / 1000);
		mark(p, "</span>");
	}
	mark(p, "</p>\n");
	if (cell_int(q, "heard_ms") > 0) {
		mark(p, "<p class=\"quiet\">");
		say_word(p, W_LISTENED);
		mark(p, ": ");
		say_span(p, cell_int(q, "heard_ms"));
		mark(p, "</p>\n");
	}
}

static void against(struct page *p, const char *zone)
{
	struct query *q =
		ask_of(p,
		       "SELECT n.* FROM closed_refuted r JOIN finding_now n USING (fingerprint)"
		       " WHERE r.zone = ?1 ORDER BY n.check_id, n.asset, n.detail,"
		       " n.fingerprint LIMIT 50",
		       zone, NULL);
	bool any = false;

	for (; facts_next(p->facts, q); any = true) {
		const struct check *check = facts_check(p->facts, cell(q, "check_id"));

		if (!any) {
			mark(p, "<h4>");
			say_word(p, W_CLOSED_AGAINST);
			mark(p, "</h4>\n<ul>\n");
		}
		mark(p, "<li><a href=\"#");
		say_finding_id(p, cell(q, "fingerprint"));
		mark(p, "\">");
		if (check != NULL)
			say_bilingual(p, &check->title);
		else
			say(p, cell(q, "check_id"));
		mark(p, "</a> <span class=\"mono\">");
		say(p, cell(q, "address") != NULL ? cell(q, "address") : cell(q, "asset"));
		mark(p, "</span> ");
		say_detail(p, q);
		mark(p, " <span class=\"quiet\">");
		say_word(p, W_VANTAGE);
		mark(p, " ");
		say(p, cell(q, "vantage"));
		mark(p, ", ");
		say_time(p, cell_int(q, "last_seen"));
		mark(p, "</span></li>\n");
	}
	query_free(q);
	if (any)
		mark(p, "</ul>\n");
}

static void zones(struct page *p)
{
	struct query *q = facts_ask(p->facts, "SELECT * FROM closed_network ORDER BY zone");

	while (facts_next(p->facts, q)) {
		mark(p, "<div class=\"card%s\"><h3>",
		     cell_int(q, "findings") > 0 ? " e-critical" : "");
		say(p, cell(q, "zone"));
		mark(p, " <span class=\"quiet\">");
		say_both(p, zone_kind_text(cell(q, "kind"), LANGUAGE_EN),
			 zone_kind_text(cell(q, "kind"), LANGUAGE_JA));
		if (cell_int(q, "declared") != 0) {
			mark(p, ", ");
			say_word(p, W_CLOSED_DECLARED);
		}
		mark(p, "</span></h3>\n");
		verdict(p, q);
		against(p, cell(q, "zone"));
		mark(p, "</div>\n");
	}
	query_free(q);
}

/* What answered is foremost. */
#define PATHS                                                                                      \
	"SELECT run, number, vantage, coalesce(method || ' ' || via, method) AS way,"              \
	" coalesce(source, '') || coalesce(' ' || from_zone, '') AS source,"                       \
	" destination || iif(port > 0, ' ' || port || '/' || transport, '')"                       \
	"  || coalesce(' ' || to_zone, '') AS target, outcome, answered_by, seen_as, at_ms, note," \
	" CASE WHEN json_valid(hops) THEN (SELECT group_concat(text, ' > ') FROM (SELECT"          \
	"  CASE type WHEN 'object' THEN coalesce(value->>'$.from', value->>'$.address', '*')"      \
	"   WHEN 'null' THEN '*' ELSE value END AS text FROM json_each(hops))) END AS hops"        \
	" FROM path ORDER BY refutes DESC, run, number LIMIT 500"

void page_closed(struct page *p)
{
	page_section(p, "closed");
	mark(p, "<p class=\"note\">");
	say_word(p, W_CLOSED_INTRO);
	mark(p, "</p>\n");
	zones(p);
	int64_t paths = facts_count(p->facts, "SELECT count(*) FROM path");
	if (paths > 0)
		TABLE(p, W_PATHS, PATHS, { "way", W_WAY, SHOW_TEXT },
		      { "source", W_FROM, SHOW_MONO }, { "target", W_TO, SHOW_MONO },
		      { "outcome", W_OUTCOME, SHOW_TEXT },
		      { "answered_by", W_ANSWERED_BY, SHOW_MONO },
		      { "seen_as", W_SEEN_AS, SHOW_MONO }, { "hops", W_HOPS, SHOW_MONO },
		      { "note", W_NOTE, SHOW_TEXT }, { "vantage", W_VANTAGE, SHOW_TEXT },
		      { "at_ms", W_TIME, SHOW_MS });
	if (paths > PATHS_SHOWN) {
		char more[32];
		const char *values[] = { more };

		snprintf(more, sizeof(more), "%" PRId64, paths - PATHS_SHOWN);
		mark(p, "<p class=\"quiet\">");
		say_with(p, W_PATHS_MORE, values);
		mark(p, "</p>\n");
	}
	mark(p, "</section>\n");
}
