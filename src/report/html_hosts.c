/* SPDX-License-Identifier: Apache-2.0 */
/* The page's hosts, and what was looked at and what was not. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "report/page.h"

static void say_state(struct page *p, const char *state)
{
	say_both(p, host_state_text(state, LANGUAGE_EN), host_state_text(state, LANGUAGE_JA));
}

static void say_role(struct page *p, const char *role)
{
	say_both(p, role_text(role, LANGUAGE_EN), role_text(role, LANGUAGE_JA));
}

static void say_kind(struct page *p, const char *kind)
{
	say_both(p, zone_kind_text(kind, LANGUAGE_EN), zone_kind_text(kind, LANGUAGE_JA));
}

/* "CRYPTREC TLS: recommended security pattern (hint)" */
static void grade(struct page *p, struct query *q)
{
	static const struct {
		const char *level, *en, *ja;
	} words[] = {
		{ "high", "high security pattern", "高セキュリティ型" },
		{ "recommended", "recommended security pattern", "推奨セキュリティ型" },
		{ "exception", "exception pattern only", "セキュリティ例外型のみ" },
		{ "none", "no pattern", "いずれの型も満たさない" },
		{ "listed", "only recommended algorithms", "推奨暗号の方式のみ" },
		{ "monitored", "some algorithms only monitored", "運用監視暗号の方式あり" },
		{ "unlisted", "some algorithms not on the list", "リストにない方式あり" },
	};
	const char *level = cell(q, "level"), *scheme = cell(q, "scheme");

	mark(p, " <span class=\"quiet\">");
	say_both(p, scheme,
		 scheme != NULL && strcmp(scheme, "CRYPTREC list") == 0 ? "CRYPTREC暗号リスト"
									: scheme);
	mark(p, ": ");
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i].level, level) == 0)
			say_both(p, words[i].en, words[i].ja);
	if (strcmp(cell(q, "basis"), "verified") != 0)
		say_both(p, " (hint)", "（推定）");
	mark(p, "</span>");
}

static void services(struct page *p, struct host_rows *rows, int64_t place)
{
	struct query *q = rows->q;
	bool any = false;

	for (; facts_next_of_host(p->facts, rows, place); any = true) {
		const char *protocol = cell(q, "protocol"), *product = cell(q, "product");
		const char *state = cell(q, "state"), *limited = cell(q, "limited");

		mark(p, "%s<li><span class=\"mono\">%" PRId64 "/",
		     any ? "" : "<ul class=\"services\">", cell_int(q, "port"));
		say(p, cell(q, "transport"));
		mark(p, "</span> ");
		if (strcmp(state, "open") != 0) {
			mark(p, "<i>");
			say_reason(p, state);
			mark(p, "</i> ");
		}
		say(p, protocol != NULL ? protocol : cell(q, "name"));
		if (protocol == NULL && cell(q, "name") != NULL)
			mark(p, "?");
		if (cell_int(q, "tls") != 0 && (protocol == NULL || strcmp(protocol, "tls") != 0))
			mark(p, " + TLS");
		if (product != NULL) {
			mark(p, " <b>");
			say(p, product);
			mark(p, " ");
			say(p, cell(q, "version"));
			mark(p, "</b>");
		}
		if (cell(q, "level") != NULL)
			grade(p, q);
		if (limited != NULL) {
			mark(p, " <span class=\"quiet\">(");
			say_reason(p, limited);
			mark(p, ")</span>");
		}
		mark(p, "</li>");
	}
	if (any) {
		mark(p, "</ul>");
	} else {
		mark(p, "<span class=\"quiet\">");
		say_word(p, W_NOTHING_OPEN);
		mark(p, "</span>");
	}
}

static void names(struct page *p, const char *text)
{
	json_t *list = text_parsed(text), *name;
	size_t i;

	json_array_foreach(list, i, name) if (json_is_string(name))
	{
		mark(p, "<br>");
		say(p, json_string_value(name));
	}
	json_decref(list);
}

/* "Ricoh IM C3000 (probable), firmware 1.2" */
static void device(struct page *p, struct query *q)
{
	static const struct {
		const char *column;
		enum word word;
	} more[] = { { "firmware", W_FIRMWARE }, { "serial", W_SERIAL } };

	if (cell(q, "maker") == NULL && cell(q, "model") == NULL)
		return;
	mark(p, cell(q, "role") != NULL ? "<br><b>" : "<b>");
	say(p, cell(q, "maker"));
	mark(p, " ");
	say(p, cell(q, "model"));
	mark(p, "</b>");
	if (cell_int(q, "certain") == 0) {
		mark(p, " <span class=\"quiet\">(");
		say_word(p, W_PROBABLE);
		mark(p, ")</span>");
	}
	for (size_t i = 0; i < countof(more); i++)
		if (cell(q, more[i].column) != NULL) {
			mark(p, "<br><span class=\"quiet\">");
			say_word(p, more[i].word);
			mark(p, " ");
			say(p, cell(q, more[i].column));
			mark(p, "</span>");
		}
}

static void host(struct page *p, struct query *q, struct host_rows *service)
{
	const char *kind = cell(q, "kind"), *treated = cell(q, "treated"),
		   *sign = cell(q, "ot_sign");
	const char *reason = cell(q, "reason"), *ledger = cell(q, "ledger_id"), *os = cell(q, "os");

	mark(p, "<tr><td><b class=\"mono\">");
	say(p, cell(q, "address"));
	mark(p, "</b><span class=\"quiet\">");
	if (ledger != NULL) {
		mark(p, "<br>");
		say(p, ledger);
	}
	names(p, cell(q, "names"));
	if (cell(q, "others") != NULL) {
		mark(p, "<br>");
		say_word(p, W_SAME_MACHINE);
		mark(p, " ");
		say(p, cell(q, "others"));
		if (cell_int(q, "one_machine") == 0) {
			mark(p, " (");
			say_word(p, W_PROBABLE);
			mark(p, ")");
		}
	}
	mark(p, "</span></td><td>");
	say(p, cell(q, "zone"));
	mark(p, " <span class=\"chip z-");
	say_id(p, kind);
	mark(p, "\">");
	say_kind(p, kind);
	mark(p, "</span>");
	if (treated != NULL && kind != NULL && strcmp(treated, kind) != 0) {
		mark(p, "<br><span class=\"quiet\">");
		say_word(p, W_HANDLED_AS);
		mark(p, " ");
		say_kind(p, treated);
		mark(p, "</span>");
	}
	if (sign != NULL) {
		mark(p, "<br><span class=\"quiet\">");
		say_word(p, W_OT_SIGN);
		mark(p, ": ");
		say_reason(p, sign);
		mark(p, "</span>");
	}
	mark(p, "</td><td>");
	say_state(p, cell(q, "state"));
	if (reason != NULL && *reason != '\0' &&
	    strcmp(reason, host_state_text(cell(q, "state"), LANGUAGE_EN)) != 0) {
		mark(p, "<br><span class=\"quiet\">");
		say_reason(p, reason);
		mark(p, "</span>");
	}
	if (cell_int(q, "complete") == 0) {
		mark(p, "<br><span class=\"quiet\">");
		say_word(p, W_PORTS_INCOMPLETE);
		mark(p, "</span>");
	}
	mark(p, "</td><td>");
	if (cell(q, "role") != NULL)
		say_role(p, cell(q, "role"));
	device(p, q);
	if (os != NULL) {
		bool first = cell(q, "role") == NULL && cell(q, "maker") == NULL &&
			     cell(q, "model") == NULL;

		mark(p, first ? "" : "<br>");
		say(p, os);
	}
	mark(p, "</td><td><span class=\"mono\">");
	say(p, cell(q, "mac"));
	mark(p, "</span> ");
	say(p, cell(q, "vendor"));
	mark(p, "</td><td>");
	services(p, service, cell_int(q, "place"));
	mark(p, "</td></tr>\n");
}

static void without_answer(struct page *p)
{
	static const enum word columns[] = { W_ZONE, W_HOST_STATE, W_REASON, W_COUNT };
	struct query *q = facts_ask(
		p->facts, "SELECT zone, kind, state, reason, sum(addresses) AS n FROM host"
			  " WHERE state IN ('silent', 'absent',"
			  " 'skipped') GROUP BY zone, kind, state, reason"
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

/* The other addresses of the machine. */
#define OTHERS                                                                           \
	"(SELECT group_concat(address, ', ') FROM (SELECT o.address FROM machine o"      \
	" LEFT JOIN report_place r ON r.address = o.address WHERE o.machine = m.machine" \
	" AND o.address <> h.address ORDER BY r.position))"

void page_hosts(struct page *p)
{
	static const enum word columns[] = { W_ADDRESS, W_ZONE,       W_HOST_STATE,
					     W_ROLE,    W_MAC_VENDOR, W_SERVICES };
	struct query *q =
		facts_ask(p->facts, "SELECT h.*, d.vendor AS maker, d.model, d.firmware, d.serial,"
				    " d.certain, " OTHERS " AS others, m.certain AS one_machine,"
				    " place.position AS place" HOSTS_IN_ORDER);
	struct host_rows service = facts_ask_by_host(
		p->facts, SERVICES_BY_HOST("s.*, g.scheme, g.level, g.basis",
					   " LEFT JOIN service_grade g"
					   " USING (address, port, transport)") ", s.transport,"
										" s.port");
	bool any = false;

	mark(p, "<section id=\"hosts\">\n<h2>");
	say_word(p, W_NAV_HOSTS);
	mark(p, "</h2>\n");
	for (; facts_next(p->facts, q); any = true) {
		if (!any) {
			mark(p, "<div class=\"scroll\"><table class=\"hosts\">");
			heads(p, columns, sizeof(columns) / sizeof(columns[0]));
			mark(p, "<tbody>\n");
		}
		host(p, q, &service);
	}
	query_free(service.q);
	query_free(q);
	if (any) {
		mark(p, "</tbody></table></div>\n");
	} else {
		mark(p, "<p>");
		say_word(p, W_NO_HOSTS);
		mark(p, "</p>\n");
	}
	without_answer(p);
	mark(p, "</section>\n");
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
	mark(p, "<section id=\"coverage\">\n<h2>");
	say_word(p, W_NAV_COVERAGE);
	mark(p, "</h2>\n");
	reasons(p);
	checks(p, W_NOT_RUN, "ran = 0", false);
	checks(p, W_RAN_PARTLY, "ran = 1 AND partial = 1", true);
	checks(p, W_RAN, "ran = 1 AND partial = 0", false);
	limited_services(p);
	page_offline(p);
	mark(p, "</section>\n");
}
