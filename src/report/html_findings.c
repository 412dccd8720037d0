/* SPDX-License-Identifier: Apache-2.0 */
/* The page's findings: one card per check and severity, its places as a table. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/page.h"

static const enum word columns[] = {
	W_ASSET, W_ADDRESS, W_ZONE, W_DETAIL, W_FIRST_SEEN, W_LAST_SEEN
};

enum { FOLD = 6 };

/* Items that the check's findings count against, each once. */
static void counts_against(struct page *p, const char *severity, const char *check)
{
	struct query *q = ask_of(p,
				 "SELECT DISTINCT f.guideline, f.item, v.position, v.mandatory"
				 " FROM verdict_finding f JOIN finding_now n USING (fingerprint)"
				 " JOIN verdict v ON v.guideline = f.guideline AND v.item = f.item"
				 " WHERE n.severity = ?1 AND n.check_id = ?2"
				 " ORDER BY v.mandatory DESC, f.guideline, v.position",
				 severity, check);
	struct query *total =
		ask_of(p,
		       "SELECT count(*) FROM (SELECT DISTINCT f.guideline, f.item"
		       " FROM verdict_finding f JOIN finding_now n USING (fingerprint)"
		       " WHERE n.severity = ?1 AND n.check_id = ?2)",
		       severity, check);
	bool folded = facts_next(p->facts, total) && query_int(total, 0) > FOLD;
	int64_t n = 0;

	mark(p, folded ? "<details class=\"against\"><summary>" : "<p class=\"against\">");
	mark(p, "<b>");
	say_word(p, W_COUNTS_AGAINST);
	mark(p, "</b> ");
	if (folded) {
		say_int(p, query_int(total, 0));
		mark(p, " ");
		say_word(p, W_ITEMS);
		mark(p, "</summary>");
	}
	query_free(total);
	for (; facts_next(p->facts, q); n++) {
		mark(p, "%s<a href=\"#i-", n == 0 ? "" : ", ");
		say_id(p, query_text(q, 0));
		mark(p, "-");
		say_id(p, query_text(q, 1));
		mark(p, "\">");
		say(p, query_text(q, 0));
		mark(p, ":");
		say(p, query_text(q, 1));
		mark(p, "</a>");
	}
	query_free(q);
	if (n == 0)
		say_word(p, W_NO_ITEM);
	mark(p, folded ? "</details>\n" : "</p>\n");
}

static void waiver(struct page *p, const char *text)
{
	json_t *w = text_parsed(text);
	const char *state = json_string_value(json_object_get(w, "state"));
	const char *reason = json_string_value(json_object_get(w, "reason"));
	const char *measure = json_string_value(json_object_get(w, "compensating"));
	const char *by = json_string_value(json_object_get(w, "approved_by"));
	json_t *until = json_object_get(w, "until");

	if (json_is_object(w)) {
		mark(p, "<div class=\"waiver\">");
		say_word(p, state != NULL && strcmp(state, "expired") == 0 ? W_WAIVER_EXPIRED
									   : W_WAIVED);
		mark(p, ": ");
		say(p, reason);
		if (measure != NULL) {
			mark(p, " · ");
			say_word(p, W_COMPENSATING);
			mark(p, ": ");
			say(p, measure);
		}
		if (by != NULL) {
			mark(p, " · ");
			say_word(p, W_APPROVED_BY);
			mark(p, ": ");
			say(p, by);
		}
		if (json_is_integer(until)) {
			mark(p, " · ");
			say_word(p, W_UNTIL);
			mark(p, " ");
			say_time(p, json_integer_value(until));
		}
		mark(p, "</div>");
	}
	json_decref(w);
}

/* Other addresses of the same asset that show it too. */
static void also_at(struct page *p, const char *list)
{
	json_t *addresses = text_parsed(list);
	size_t i;
	json_t *address;

	json_array_foreach(addresses, i, address)
	{
		mark(p, i == 0 ? "<br><span class=\"quiet\">" : ", ");
		if (i == 0) {
			say_word(p, W_ALSO_AT);
			mark(p, " ");
		}
		say(p, json_string_value(address));
	}
	if (i > 0)
		mark(p, "</span>");
	json_decref(addresses);
}

/* From where, and when, if that was not the scan that the page tells of. */
static void seen_from(struct page *p, struct query *q)
{
	if (cell_int(q, "elsewhere") == 0)
		return;
	mark(p, "<br><span class=\"quiet\">");
	say_word(p, W_VANTAGE);
	mark(p, " ");
	say(p, cell(q, "vantage"));
	mark(p, ", ");
	say_time(p, cell_int(q, "last_seen"));
	mark(p, "</span>");
}

static void place(struct page *p, struct query *q)
{
	const char *address = cell(q, "address"), *asset = cell(q, "asset");
	const char *evidence = cell(q, "evidence"), *transport = cell(q, "transport");
	int64_t first_seen = cell_int(q, "first_seen");
	bool waived = strcmp(cell(q, "status"), "waived") == 0;

	mark(p, "<tr id=\"f-");
	say_id(p, cell(q, "fingerprint"));
	mark(p, "\"%s><td>", waived ? " class=\"is-waived\"" : "");
	if (asset != NULL && (address == NULL || strcmp(asset, address) != 0))
		say(p, asset);
	mark(p, "</td><td class=\"mono\">");
	say(p, address);
	if (!query_null(q, query_column(q, "port"))) {
		mark(p, " %" PRId64 "/", cell_int(q, "port"));
		say(p, transport);
	}
	also_at(p, cell(q, "also"));
	seen_from(p, q);
	mark(p, "</td><td>");
	say(p, cell(q, "zone"));
	mark(p, "</td><td class=\"detail\">");
	if (waived) {
		mark(p, "<span class=\"chip s-waived\">");
		say_word(p, W_WAIVED);
		mark(p, "</span> ");
	}
	if (cell_int(q, "reopened") > 0) {
		mark(p, "<span class=\"chip s-again\">");
		say_word(p, W_REOPENED);
		mark(p, "</span> ");
	} else if (first_seen == cell_int(q, "last_seen")) {
		mark(p, "<span class=\"chip s-new\">");
		say_word(p, W_NEW);
		mark(p, "</span> ");
	}
	say(p, cell(q, "detail"));
	if (evidence != NULL && *evidence != '\0' && strcmp(evidence, "{}") != 0) {
		mark(p, "<details class=\"evidence\"><summary>");
		say_word(p, W_EVIDENCE);
		mark(p, "</summary><pre>");
		json_t *v = text_parsed(evidence);
		char *pretty = json_is_string(v) ? NULL : json_dumps(v, JSON_INDENT(2));
		say(p, pretty != NULL ? pretty : evidence);
		free(pretty);
		json_decref(v);
		mark(p, "</pre><p class=\"quiet mono\">");
		say(p, cell(q, "fingerprint"));
		mark(p, "</p></details>");
	}
	waiver(p, cell(q, "waiver"));
	mark(p, "</td><td>");
	say_time(p, first_seen);
	mark(p, "</td><td>");
	say_time(p, cell_int(q, "last_seen"));
	mark(p, "</td></tr>\n");
}

static void card(struct page *p, struct query *group)
{
	const char *severity = cell(group, "severity"), *id = cell(group, "check_id");
	const struct check *check = facts_check(p->facts, id);

	mark(p, "<article class=\"card e-");
	say_id(p, severity);
	mark(p, "\" id=\"c-");
	say_id(p, severity);
	mark(p, "-");
	say_id(p, id);
	mark(p, "\">\n<h3>");
	say_severity(p, severity);
	mark(p, " ");
	if (check != NULL)
		say_bilingual(p, &check->title);
	else
		say(p, id);
	mark(p, " <span class=\"count\">%" PRId64 "</span></h3>\n<p class=\"quiet mono\">",
	     cell_int(group, "n"));
	say(p, id);
	mark(p, "</p>\n");
	if (check != NULL) {
		mark(p, "<p class=\"remedy\"><b>");
		say_word(p, W_REMEDY);
		mark(p, "</b> ");
		say_bilingual(p, &check->remedy);
		mark(p, "</p>\n");
	}
	counts_against(p, severity, id);
	mark(p, "<div class=\"scroll\"><table>");
	heads(p, columns, sizeof(columns) / sizeof(columns[0]));
	mark(p, "<tbody>\n");
	struct query *q =
		ask_of(p,
		       "SELECT f.*, " ALSO_AT " FROM finding_now f" JOIN_PLACE(
			       "f") " WHERE severity = ?1 AND check_id = ?2 ORDER BY status,"
				    " place.position IS NULL, place.position, asset, port, "
				    "transport, detail,"
				    " fingerprint",
		       severity, id);
	while (facts_next(p->facts, q))
		place(p, q);
	query_free(q);
	mark(p, "</tbody></table></div>\n</article>\n");
}

static void gone(struct page *p)
{
	static const enum word heads_gone[] = { W_STATUS, W_CHECK,     W_ASSET, W_ADDRESS,
						W_DETAIL, W_LAST_SEEN, W_REASON };
	struct query *q = facts_ask(
		p->facts,
		"SELECT g.* FROM finding_gone g" JOIN_PLACE(
			"g") " ORDER BY status, " BY_SEVERITY ", check_id,"
			     " place.position IS NULL, place.position, asset, port, detail,"
			     " fingerprint");
	bool any = false;

	while (facts_next(p->facts, q)) {
		const struct check *check = facts_check(p->facts, cell(q, "check_id"));
		const char *status = cell(q, "status");

		if (!any) {
			mark(p, "<details class=\"block\"><summary>");
			say_word(p, W_GONE_TITLE);
			mark(p, "</summary><div class=\"scroll\"><table>");
			heads(p, heads_gone, sizeof(heads_gone) / sizeof(heads_gone[0]));
			mark(p, "<tbody>\n");
			any = true;
		}
		mark(p, "<tr><td>");
		say_word(p, strcmp(status, "fixed") == 0 ? W_GONE_FIXED : W_GONE_NOT_RETESTED);
		mark(p, "</td><td>");
		if (check != NULL)
			say_bilingual(p, &check->title);
		else
			say(p, cell(q, "check_id"));
		mark(p, "</td><td>");
		say(p, cell(q, "asset"));
		mark(p, "</td><td class=\"mono\">");
		say(p, cell(q, "address"));
		if (!query_null(q, query_column(q, "port")))
			mark(p, " %" PRId64, cell_int(q, "port"));
		mark(p, "</td><td>");
		say(p, cell(q, "detail"));
		mark(p, "</td><td>");
		say_time(p, cell_int(q, "last_seen"));
		mark(p, "</td><td>");
		say_reason(p, cell(q, "reason"));
		mark(p, "</td></tr>\n");
	}
	query_free(q);
	if (any)
		mark(p, "</tbody></table></div></details>\n");
}

void page_findings(struct page *p)
{
	mark(p, "<section id=\"findings\">\n<h2>");
	say_word(p, W_NAV_FINDINGS);
	mark(p, "</h2>\n");
	struct query *q = facts_ask(
		p->facts, "SELECT severity, check_id, count(*) AS n FROM finding_now"
			  " GROUP BY severity, check_id ORDER BY " BY_SEVERITY ", check_id");
	bool any = false;
	for (; facts_next(p->facts, q); any = true)
		card(p, q);
	query_free(q);
	if (!any) {
		mark(p, "<p>");
		say_word(p, W_NO_FINDINGS);
		mark(p, "</p>\n");
	}
	gone(p);
	mark(p, "</section>\n");
}
