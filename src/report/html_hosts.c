/* SPDX-License-Identifier: Apache-2.0 */
/* The page's machines by the guideline's four classes of assets; of many rows five hundred are folded together. */
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
	bool hint = strcmp(cell(q, "basis"), "verified") != 0;
	char en[128], ja[160];

	for (size_t i = 0; i < countof(words); i++)
		if (strcmp(words[i].level, level) == 0) {
			snprintf(en, sizeof(en), "%s: %s%s", scheme, words[i].en,
				 hint ? " (hint)" : "");
			snprintf(ja, sizeof(ja), "%s: %s%s",
				 strcmp(scheme, "CRYPTREC list") == 0 ? "CRYPTREC暗号リスト"
								      : scheme,
				 words[i].ja, hint ? "（推定）" : "");
			mark(p, " ");
			say_both_as(p, "quiet", en, ja);
		}
}

static void services(struct page *p, struct host_rows *rows, int64_t place)
{
	struct query *q = rows->q;
	bool any = false;

	for (; facts_next_of_host(p->facts, rows, place); any = true) {
		const char *protocol = cell(q, "protocol"), *product = cell(q, "product");
		const char *state = cell(q, "state"), *limited = cell(q, "limited");

		mark(p, "%s%" PRId64 "/", any ? "<br>" : "", cell_int(q, "port"));
		say(p, cell(q, "transport"));
		mark(p, " ");
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
			mark(p, " ");
			say(p, product);
			mark(p, " ");
			say(p, cell(q, "version"));
		}
		if (cell(q, "level") != NULL)
			grade(p, q);
		if (limited != NULL) {
			mark(p, " <span class=\"quiet\">(");
			say_reason(p, limited);
			mark(p, ")</span>");
		}
	}
	if (!any) {
		mark(p, "<span class=\"quiet\">");
		say_word(p, W_NOTHING_OPEN);
		mark(p, "</span>");
	}
}

/* A line of what is known of the machine beside its address. */
static void line(struct page *p, bool *any)
{
	mark(p, *any ? "<br>" : "<small>");
	*any = true;
}

static void names(struct page *p, const char *text, bool *any)
{
	json_t *list = text_parsed(text), *name;
	size_t i;

	json_array_foreach(list, i, name) if (json_is_string(name))
	{
		line(p, any);
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

/* What is unusual about how it was looked at; most machines just answered. */
static void state(struct page *p, struct query *q, bool *any)
{
	const char *kind = cell(q, "kind"), *treated = cell(q, "treated"),
		   *sign = cell(q, "ot_sign"), *reason = cell(q, "reason");
	const char *text = cell(q, "state");

	if (strcmp(text, "answering") != 0) {
		line(p, any);
		say_state(p, text);
		if (reason != NULL && *reason != '\0' &&
		    strcmp(reason, host_state_text(text, LANGUAGE_EN)) != 0) {
			mark(p, ": ");
			say_reason(p, reason);
		}
	}
	if (treated != NULL && kind != NULL && strcmp(treated, kind) != 0) {
		line(p, any);
		say_word(p, W_HANDLED_AS);
		mark(p, " ");
		say_kind(p, treated);
	}
	if (sign != NULL) {
		line(p, any);
		say_word(p, W_OT_SIGN);
		mark(p, ": ");
		say_reason(p, sign);
	}
	if (cell_int(q, "complete") == 0) {
		line(p, any);
		say_word(p, W_PORTS_INCOMPLETE);
		if (reason != NULL && strcmp(text, "answering") == 0) {
			mark(p, ": ");
			say_reason(p, reason);
		}
	}
}

static void whose(struct page *p, struct query *q, bool *any)
{
	if (cell(q, "ledger_id") != NULL) {
		line(p, any);
		say(p, cell(q, "ledger_id"));
		if (cell(q, "owner") != NULL) {
			mark(p, ", ");
			say(p, cell(q, "owner"));
		}
	}
	names(p, cell(q, "names"), any);
	if (cell(q, "others") != NULL) {
		line(p, any);
		say_word(p, W_SAME_MACHINE);
		mark(p, " ");
		say(p, cell(q, "others"));
		if (cell_int(q, "one_machine") == 0) {
			mark(p, " (");
			say_word(p, W_PROBABLE);
			mark(p, ")");
		}
	}
}

static void host(struct page *p, struct query *q, struct host_rows *service)
{
	const char *os = cell(q, "os");
	int64_t rank = cell_int(q, "rank"), found = cell_int(q, "found");
	bool more = false;

	mark(p, "<tr><td>");
	say(p, cell(q, "address"));
	whose(p, q, &more);
	state(p, q, &more);
	mark(p, more ? "</small></td><td>" : "</td><td>");
	if (cell(q, "zone") != NULL)
		say(p, cell(q, "zone"));
	else
		mark(p, "&#8211;");
	mark(p, "</td><td>");
	if (found > 0 && rank < 2) {
		say_severity(p, severity_words[rank]);
		mark(p, " ");
	}
	if (found > 0)
		say_int(p, found);
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
	mark(p, "</td><td>");
	say(p, cell(q, "mac"));
	mark(p, " ");
	say(p, cell(q, "vendor"));
	mark(p, "</td><td>");
	services(p, service, cell_int(q, "place"));
	mark(p, "</td></tr>\n");
}

/* The other addresses of the machine. */
#define OTHERS                                                                           \
	"(SELECT group_concat(address, ', ') FROM (SELECT o.address FROM machine o"      \
	" LEFT JOIN report_place r ON r.address = o.address WHERE o.machine = m.machine" \
	" AND o.address <> h.address ORDER BY r.position)) AS others"

/*
 * The guideline's classes of assets. The ledger's word decides (profiles/data/class-words.csv), else what
 * the machine is by its answers.
 */
static const struct {
	enum word w;
	const char *id;
} classes[] = {
	{ W_CLASS_TERMINAL, "terminal" },      { W_CLASS_SERVER, "server" },
	{ W_CLASS_NETWORK, "network-device" }, { W_CLASS_SPECIAL, "special" },
	{ W_CLASS_UNKNOWN, "unknown" },
};

/* Each answering machine's class, its place in the order of addresses, and what was found on it. */
static void classify(struct page *p)
{
	if (p->facts->error == 0 &&
	    db_exec(p->facts->db,
		    "DROP TABLE IF EXISTS temp.report_asset;"
		    "CREATE TEMP TABLE report_asset (place INTEGER PRIMARY KEY, class TEXT NOT "
		    "NULL,"
		    " rank INTEGER, found INTEGER NOT NULL) STRICT;"
		    "DROP TABLE IF EXISTS temp.report_owner;"
		    "CREATE TEMP TABLE report_owner (id TEXT PRIMARY KEY, owner TEXT) STRICT,"
		    " WITHOUT ROWID;"
		    "INSERT OR IGNORE INTO temp.report_owner SELECT id, owner FROM ledger"
		    " WHERE owner <> '' ORDER BY line;"
		    "INSERT INTO temp.report_asset"
		    " WITH worst AS MATERIALIZED (SELECT l.address, min(" BY_SEVERITY ") AS rank,"
		    "  count(*) AS n FROM finding_place l JOIN finding_now n USING (number)"
		    "  WHERE n.status = 'open' GROUP BY l.address)"
		    " SELECT r.position, " ASSET_CLASS ", w.rank, coalesce(w.n, 0)"
		    " FROM report_place r JOIN asset a ON a.address = r.address"
		    " LEFT JOIN worst w ON w.address = r.address"
		    " WHERE a.state NOT IN ('silent', 'absent', 'skipped')") < 0)
		p->facts->error = -EIO;
}

static void one_class(struct page *p, size_t i)
{
	static const enum word columns[] = { W_ADDRESS, W_ZONE,       W_NAV_FINDINGS,
					     W_ROLE,    W_MAC_VENDOR, W_SERVICES };
	struct query *q =
		ask_of(p,
		       "SELECT h.*, d.vendor AS maker, d.model, d.firmware, d.serial, d.certain,"
		       " " OTHERS ", m.certain AS one_machine, x.place, x.rank, x.found, o.owner"
		       " FROM report_asset x CROSS JOIN report_place r ON r.position = x.place"
		       " CROSS JOIN host h ON h.address = r.address"
		       " LEFT JOIN device d ON d.address = h.address"
		       " LEFT JOIN machine m ON m.address = h.address"
		       " LEFT JOIN report_owner o ON o.id = h.ledger_id"
		       " WHERE x.class = ?1 ORDER BY x.place",
		       classes[i].id, NULL);
	struct host_rows service = {
		.q = ask_of(p,
			    "SELECT x.place, s.*, g.scheme, g.level, g.basis FROM report_asset x"
			    " CROSS JOIN report_place r ON r.position = x.place"
			    " CROSS JOIN service s ON s.address = r.address"
			    " LEFT JOIN service_grade g USING (address, port, transport)"
			    " WHERE x.class = ?1 ORDER BY x.place, s.transport, s.port",
			    classes[i].id, NULL),
		.there = true,
		.taken = true,
	};
	struct query *total = ask_of(p, "SELECT count(*) FROM report_asset WHERE class = ?1",
				     classes[i].id, NULL);
	struct fold rows = { .columns = columns,
			     .column_count = sizeof(columns) / sizeof(columns[0]),
			     .total = facts_next(p->facts, total) ? query_int(total, 0) : 0 };

	query_free(total);
	if (rows.total > 0) {
		mark(p, "<div data-rows=\"\"><h3>");
		say_word(p, classes[i].w);
		mark(p, " <span class=\"count\">%" PRId64 "</span></h3>\n", rows.total);
	}
	while (facts_next(p->facts, q)) {
		fold_row(p, &rows, cell(q, "address"));
		host(p, q, &service);
	}
	fold_end(p, &rows);
	if (rows.total > 0)
		mark(p, "</div>\n");
	query_free(service.q);
	query_free(q);
}

void page_hosts(struct page *p)
{
	page_section(p, "hosts");
	classify(p);
	if (facts_count(p->facts, "SELECT count(*) FROM report_asset") == 0) {
		mark(p, "<p>");
		say_word(p, W_NO_HOSTS);
		mark(p, "</p>\n");
	} else {
		page_tools(p, true);
		for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
			one_class(p, i);
	}
	mark(p, "</section>\n");
}
