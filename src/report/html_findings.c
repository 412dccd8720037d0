/* SPDX-License-Identifier: Apache-2.0 */
/* The page's findings: one card per check and severity says once what it is and what heals it; each place is
 * a short row, and of many rows five hundred are folded together. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/page.h"

static const enum word columns[] = { W_ADDRESS, W_ZONE, W_DETAIL, W_FIRST_SEEN };

enum { FOLD = 6, SHORT_EVIDENCE = 200 };

/* Items that the check's findings count against, each once. */
static void counts_against(struct page *p, const char *severity, const char *check)
{
	struct query *q = ask_of(p,
				 "SELECT c.guideline, c.item FROM report_count c JOIN verdict v"
				 " ON v.guideline = c.guideline AND v.item = c.item"
				 " WHERE c.severity = ?1 AND c.check_id = ?2"
				 " ORDER BY v.mandatory DESC, c.guideline, v.position",
				 severity, check);
	struct query *total = ask_of(p,
				     "SELECT count(*) FROM report_count WHERE severity = ?1"
				     " AND check_id = ?2",
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
		say_word(p, waiver_word(state));
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

void say_finding_id(struct page *p, const char *fingerprint)
{
	const char *digits = fingerprint != NULL ? strchr(fingerprint, ':') : NULL;
	char part[17];

	snprintf(part, sizeof(part), "%.16s", digits != NULL ? digits + 1 : "");
	mark(p, "f");
	say_id(p, part);
}

/* "access: open; listed: [...]": evidence is a small JSON object; a long one is folded away. bare: what it stands in
 * is small already, which of many rows spares many elements. */
static void evidence(struct page *p, const char *text, bool bare)
{
	json_t *v = text != NULL ? text_told(text) : NULL, *one;
	const char *key;
	bool any = false;
	bool folded = !bare && text != NULL && strlen(text) > SHORT_EVIDENCE;

	if (v == NULL || json_is_null(v) || (json_is_object(v) && json_object_size(v) == 0) ||
	    *text == '\0') {
		json_decref(v);
		return;
	}
	if (folded) {
		mark(p, "<details class=\"evidence\"><summary>");
		say_word(p, W_EVIDENCE);
		mark(p, "</summary>");
	}
	mark(p, bare ? "" : "<small>");
	if (!json_is_object(v))
		say(p, text);
	json_object_foreach(v, key, one)
	{
		char *value = json_is_string(one) ? NULL : text_told_value(one);

		mark(p, any ? "; " : "");
		any = true;
		say(p, key);
		mark(p, ": ");
		say(p, value != NULL ? value : json_string_value(one));
		free(value);
	}
	mark(p, "%s%s", bare ? "" : "</small>", folded ? "</details>" : "");
	json_decref(v);
}

/* What the plan for it must answer for: its day is over, or it is said to be done. */
static void treatment_state(struct page *p, const char *text)
{
	json_t *t = text != NULL ? text_parsed(text) : NULL;
	bool late = json_is_true(json_object_get(t, "overdue")) ||
		    json_integer_value(json_object_get(t, "overdue")) != 0;
	bool wrong = json_is_true(json_object_get(t, "contradicted")) ||
		     json_integer_value(json_object_get(t, "contradicted")) != 0;

	if (late || wrong) {
		mark(p, " <span class=\"chip s-high\">");
		say_word(p, wrong ? W_SAID_DONE : W_LATE);
		mark(p, "</span>");
	}
	json_decref(t);
}

static void place(struct page *p, struct query *q, bool earlier)
{
	const char *address = cell(q, "address"), *asset = cell(q, "asset");
	int64_t first_seen = cell_int(q, "first_seen");
	bool waived = strcmp(cell(q, "status"), "waived") == 0;
	const char *detail = cell(q, "detail"), *found = cell(q, "evidence");
	bool bare = (detail == NULL || *detail == '\0') && found != NULL &&
		    strlen(found) <= SHORT_EVIDENCE && !waived && cell_int(q, "reopened") == 0 &&
		    !(earlier && first_seen == cell_int(q, "last_seen")) &&
		    query_null(q, query_column(q, "waiver")) &&
		    query_null(q, query_column(q, "measures")) &&
		    query_null(q, query_column(q, "treatment"));

	mark(p, "<tr id=\"");
	say_finding_id(p, cell(q, "fingerprint"));
	mark(p, "\"%s><td>", waived ? " class=\"is-waived\"" : "");
	if (asset != NULL && (address == NULL || strcmp(asset, address) != 0)) {
		say(p, asset);
		mark(p, " ");
	}
	say(p, address);
	if (!query_null(q, query_column(q, "port"))) {
		mark(p, " %" PRId64 "/", cell_int(q, "port"));
		say(p, cell(q, "transport"));
	}
	also_at(p, cell(q, "also"));
	seen_from(p, q);
	mark(p, "</td><td>");
	say(p, cell(q, "zone"));
	mark(p, bare ? "</td><td class=\"e\">" : "</td><td>");
	if (waived) {
		mark(p, "<span class=\"chip s-waived\">");
		say_word(p, W_WAIVED);
		mark(p, "</span> ");
	}
	if (cell_int(q, "reopened") > 0) {
		mark(p, "<span class=\"chip s-again\">");
		say_word(p, W_REOPENED);
		mark(p, "</span> ");
	} else if (earlier && first_seen == cell_int(q, "last_seen")) {
		mark(p, "<span class=\"chip s-new\">");
		say_word(p, W_NEW);
		mark(p, "</span> ");
	}
	if (!bare) {
		say_detail(p, q);
		mark(p, " ");
	}
	evidence(p, found, bare);
	waiver(p, cell(q, "waiver"));
	page_measures(p, cell(q, "measures"));
	treatment_state(p, cell(q, "treatment"));
	mark(p, "</td><td>");
	say_day(p, first_seen);
	mark(p, "</td></tr>\n");
}

/* What is going to be done about them, by whom and until when. */
static void treatments(struct page *p, const char *check)
{
	struct query *q = ask_of(p,
				 "SELECT * FROM treatment WHERE check_id = ?1"
				 " ORDER BY due IS NULL, due, line",
				 check, NULL);
	bool any = false;

	for (; facts_next(p->facts, q); any = true) {
		mark(p, any ? "<li>" : "<ul class=\"treatments\"><li>");
		page_treatment(p, q);
		mark(p, "</li>");
	}
	query_free(q);
	mark(p, any ? "</ul>\n" : "");
}

static void card(struct page *p, struct query *group, struct query *rows, bool earlier)
{
	const char *severity = cell(group, "severity"), *id = cell(group, "check_id");
	const struct check *check = facts_check(p->facts, id);
	struct fold table = { .columns = columns,
			      .column_count = sizeof(columns) / sizeof(columns[0]),
			      .total = cell_int(group, "n") };

	mark(p, "<article class=\"card e-");
	say_id(p, severity);
	mark(p, "\" id=\"c-");
	say_id(p, severity);
	mark(p, "-");
	say_id(p, id);
	mark(p, "\" data-rows=\"what\">\n<div class=\"what\"><h3>");
	say_severity(p, severity);
	mark(p, " ");
	if (check != NULL)
		say_bilingual(p, &check->title);
	else
		say(p, id);
	mark(p, " <span class=\"count\">%" PRId64 "</span></h3>\n<p class=\"quiet mono\">",
	     table.total);
	say(p, id);
	mark(p, "</p></div>\n");
	if (check != NULL) {
		mark(p, "<p class=\"remedy\"><b>");
		say_word(p, W_REMEDY);
		mark(p, "</b> ");
		say_bilingual(p, &check->remedy);
		mark(p, "</p>\n");
	}
	treatments(p, id);
	counts_against(p, severity, id);
	query_reset(rows);
	if (query_bind_text(rows, 1, severity) < 0 || query_bind_text(rows, 2, id) < 0)
		p->facts->error = -EIO;
	while (facts_next(p->facts, rows)) {
		fold_row(p, &table, cell(rows, "address"));
		place(p, rows, earlier);
	}
	fold_end(p, &table);
	mark(p, "</article>\n");
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
		say_detail(p, q);
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

/* What the script offers; without it nothing of this shows. */
void page_tools(struct page *p, bool search)
{
	mark(p, "<div class=\"tools\" hidden>");
	if (search) {
		mark(p, "<label>");
		say_word(p, W_SEARCH);
		mark(p, " <input type=\"search\"></label> <span hidden>");
		say_word(p, W_SEARCH_COUNT);
		mark(p, " <output></output></span> ");
	}
	mark(p, "<button type=\"button\" value=\"open\">");
	say_word(p, W_OPEN_ALL);
	mark(p, "</button> <button type=\"button\" value=\"close\">");
	say_word(p, W_CLOSE_ALL);
	mark(p, "</button></div>\n");
}

void page_findings(struct page *p)
{
	/* On the first inspection everything is new, and nothing says so. */
	bool earlier = facts_count(p->facts, "SELECT EXISTS (SELECT 1 FROM main.scan s, judged j"
					     " WHERE s.site = j.site AND s.id < j.id AND s.kind ="
					     " (SELECT kind FROM main.scan WHERE id = j.id))") != 0;
	struct query *rows = facts_ask(
		p->facts, "SELECT f.*, f.carried = 1 OR f.vantage <> (SELECT vantage FROM judged)"
			  " AS elsewhere, " ALSO_AT " FROM finding_now f" JOIN_PLACE(
				  "f") " WHERE severity = ?1 AND check_id = ?2 ORDER BY status,"
				       " place.position IS NULL, place.position, asset, port, "
				       "transport, detail, fingerprint");

	page_section(p, "findings");
	page_tools(p, true);
	struct query *q = facts_ask(
		p->facts, "SELECT severity, check_id, count(*) AS n FROM finding_now"
			  " GROUP BY severity, check_id ORDER BY " BY_SEVERITY ", check_id");
	bool any = false;
	for (; facts_next(p->facts, q); any = true)
		card(p, q, rows, earlier);
	query_free(q);
	query_free(rows);
	if (!any) {
		mark(p, "<p>");
		say_word(p, W_NO_FINDINGS);
		mark(p, "</p>\n");
	}
	gone(p);
	mark(p, "</section>\n");
}
