/* SPDX-License-Identifier: Apache-2.0 */
/* What the sheets of the workbook hold: summary, findings, assets, flows, waivers, treatments. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/finding_row.h"
#include "report/members.h"
#include "report/text.h"
#include "report/xlsx_book.h"

#define COLUMNS(...) static const struct column columns[] = { __VA_ARGS__ }
#define NEW_SHEET(b, name) \
	sheet_new(b, word(name, (b)->l), columns, sizeof(columns) / sizeof(columns[0]))

/* ---- summary ---- */

static void fact(struct sheet *s, enum word name, const char *text)
{
	if (!sheet_row(s))
		return;
	cell_put(s, word(name, s->book->l));
	cell_put(s, text);
}

static void fact_time(struct sheet *s, enum word name, int64_t seconds)
{
	char time[TIME_TEXT];

	time_here(seconds, time);
	fact(s, name, time[0] != '\0' ? time : word(W_NOT_FINISHED, s->book->l));
}

static void part(struct sheet *s, const char *title)
{
	if (!sheet_row(s) || !sheet_row(s))
		return;
	for (lxw_col_t i = 0; i < s->count; i++)
		cell_put_look(s, i == 0 ? title : NULL, LOOK_PART);
}

static void count_row(struct sheet *s, const char *name, enum look look, int64_t n)
{
	if (!sheet_row(s))
		return;
	cell_put_look(s, name, look);
	cell_count(s, n);
}

static void severities(struct sheet *s)
{
	struct query *q = facts_ask(s->book->facts,
				    "SELECT severity, count(*) AS n FROM finding_now WHERE status "
				    "= 'open' GROUP BY severity ORDER BY " BY_SEVERITY);

	part(s, word(W_OPEN_FINDINGS, s->book->l));
	while (facts_next(s->book->facts, q)) {
		if (!sheet_row(s))
			break;
		cell_severity(s, cell(q, "severity"));
		cell_count(s, cell_int(q, "n"));
	}
	query_free(q);
	count_row(s, word(W_WAIVED_FINDINGS, s->book->l), LOOK_TEXT,
		  facts_count(s->book->facts,
			      "SELECT count(*) FROM finding_now WHERE status = 'waived'"));
	count_row(s, word(W_FIXED_FINDINGS, s->book->l), LOOK_TEXT,
		  facts_count(s->book->facts,
			      "SELECT count(*) FROM finding_gone WHERE status = 'fixed'"));
}

static void verdicts(struct sheet *s, const struct guideline *g)
{
	struct query *q = facts_ask(
		s->book->facts, "SELECT total, count(*) AS n FROM (SELECT " VERDICT_TOTAL
				" AS total FROM verdict WHERE guideline = ?1) GROUP BY total ORDER "
				"BY " BY_TOTAL);

	part(s, bilingual_text(&g->title, s->book->l));
	if (query_bind_text(q, 1, g->id) < 0)
		s->book->facts->error = -EIO;
	while (facts_next(s->book->facts, q))
		count_row(s, verdict_total_text(cell(q, "total"), s->book->l), LOOK_TEXT,
			  cell_int(q, "n"));
	query_free(q);
	fact(s, W_ORIGIN, bilingual_text(&g->origin, s->book->l));
	fact(s, W_NOTE, bilingual_text(&g->terms, s->book->l));
}

void sheet_summary(struct book *b)
{
	COLUMNS({ W_ITEM, 38, LOOK_TEXT }, { W_DETAIL, 96, LOOK_TEXT });
	const struct facts *f = b->facts;
	const char *by = plan_text(f, "authorisation.by");
	struct sheet s = sheet_new_titled(b, word(W_NAV_SUMMARY, b->l), word(W_REPORT_TITLE, b->l),
					  word(W_PAPER_NOTE, b->l), columns, 2, 2);

	fact(&s, W_SITE, f->site);
	fact(&s, W_VANTAGE, f->vantage);
	fact_time(&s, W_STARTED, f->started);
	fact_time(&s, W_FINISHED, f->finished);
	fact(&s, W_TIMES_IN, plan_text(f, "timezone") != NULL ? plan_text(f, "timezone") : "UTC");
	fact(&s, W_STATUS, word(strcmp(f->status, "done") == 0 ? W_DONE : W_INCOMPLETE, b->l));
	fact(&s, W_AUTHORISATION, by != NULL ? by : word(W_AUTHORISATION_NONE, b->l));
	fact(&s, W_PROFILE, f->profile);
	fact(&s, W_TARGETS, plan_text(f, "targets"));
	fact(&s, W_EXCLUDED, plan_text(f, "exclusions"));
	fact(&s, W_MADE_BY, f->version);
	struct facts_hosts hosts = facts_hosts(b->facts);
	count_row(&s, word(W_HOSTS_ANSWERING, b->l), LOOK_TEXT, hosts.answering);
	count_row(&s, word(W_HOSTS_HEARD, b->l), LOOK_TEXT, hosts.heard);
	count_row(&s, word(W_OPEN_SERVICES, b->l), LOOK_TEXT,
		  facts_count(b->facts, "SELECT count(*) FROM service WHERE state = 'open'"));
	severities(&s);
	for (size_t i = 0; i < b->catalogue->guideline_count; i++)
		verdicts(&s, &b->catalogue->guidelines[i]);
	sheet_end(&s, 0);
}

/* ---- findings ---- */

static const char *state_text(const struct finding_row *r, enum language l)
{
	switch (r->state) {
	case FINDING_WAIVED:
		return word(W_WAIVED, l);
	case FINDING_FIXED:
		return word(W_GONE_FIXED, l);
	case FINDING_NOT_RETESTED:
		return word(W_GONE_NOT_RETESTED, l);
	default:
		return word(r->again ? W_REOPENED : r->fresh ? W_NEW : W_FINDING_STANDS, l);
	}
}

static void put_plan(struct sheet *s, const char *action, const char *owner, int64_t due,
		     const char *note)
{
	cell_put(s, action);
	cell_put(s, owner);
	cell_day(s, due);
	cell_put(s, note);
}

static const char *text_of(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static void put_treatment(struct sheet *s, struct query *gone, const struct finding_row *r)
{
	if (r->state == FINDING_OPEN || r->state == FINDING_WAIVED) {
		json_t *t = finding_plan(r);

		put_plan(s, text_of(t, "action"), text_of(t, "owner"),
			 json_integer_value(json_object_get(t, "due")), text_of(t, "note"));
		json_decref(t);
		return;
	}
	query_reset(gone);
	if (query_bind_text(gone, 1, r->check_id) < 0 || query_bind_text(gone, 2, r->asset) < 0 ||
	    query_bind_text(gone, 3, r->address) < 0 || query_bind_int(gone, 4, r->port) < 0)
		s->book->facts->error = -EIO;
	if (facts_next(s->book->facts, gone))
		put_plan(s, cell(gone, "action"), cell(gone, "owner"), cell_int(gone, "due"),
			 cell(gone, "note"));
	else
		put_plan(s, NULL, NULL, 0, NULL);
}

void sheet_findings(struct book *b)
{
	enum { PRINTED = 12 };
	COLUMNS({ W_NUMBER_HEAD, 6, LOOK_NUMBER }, { W_SEVERITY, 7, LOOK_TEXT },
		{ W_HOST_STATE, 9, LOOK_TEXT }, { W_FINDING_HEAD, 28, LOOK_TEXT },
		{ W_PLACE_HEAD, 20, LOOK_TEXT }, { W_ASSET, 14, LOOK_TEXT },
		{ W_DETAIL, 24, LOOK_TEXT }, { W_REMEDY, 36, LOOK_TEXT },
		{ W_ACTION, 18, LOOK_FILL }, { W_OWNER, 10, LOOK_FILL }, { W_DUE, 10, LOOK_FILL },
		{ W_NOTE, 14, LOOK_FILL }, { W_ZONE, 12, LOOK_TEXT },
		{ W_COUNTS_AGAINST, 40, LOOK_SHORT }, { W_FIRST_SEEN, 12, LOOK_TEXT },
		{ W_LAST_SEEN, 12, LOOK_TEXT }, { W_CHECK, 28, LOOK_SHORT },
		{ W_FINGERPRINT, 38, LOOK_SHORT });
	struct sheet s = NEW_SHEET(b, W_NAV_FINDINGS);
	struct finding_rows rows = finding_rows(b->facts);
	struct query *gone = facts_ask(b->facts, TREATMENT_OF_GONE);
	struct finding_row r;
	char place[PLACE_TEXT], detail[REMARK_TEXT];

	for (int64_t n = 1; finding_rows_next(&rows, &r); n++) {
		if (!sheet_row(&s))
			continue;
		cell_number(&s, n);
		cell_severity(&s, r.severity);
		cell_put(&s, state_text(&r, b->l));
		cell_put(&s, finding_title(&r, b->l));
		cell_put(&s, finding_place(&r, place));
		cell_put(&s, r.asset);
		cell_put(&s, detail_text(r.check_id, r.detail, b->l, detail));
		cell_put(&s, finding_remedy(&r, b->l));
		put_treatment(&s, gone, &r);
		cell_put(&s, r.zone);
		char *items = members_text(b->facts, r.fingerprint, ", ");
		cell_put(&s, items);
		free(items);
		cell_day(&s, r.first_seen);
		cell_day(&s, r.last_seen);
		cell_put(&s, r.check_id);
		cell_put(&s, r.fingerprint);
	}
	sheet_end(&s, PRINTED);
	query_free(gone);
	finding_rows_done(&rows);
}

/* ---- assets ---- */

static enum word class_word(const char *class4)
{
	static const struct {
		const char *name;
		enum word word;
	} classes[] = { { "terminal", W_CLASS_TERMINAL },
			{ "server", W_CLASS_SERVER },
			{ "network-device", W_CLASS_NETWORK },
			{ "special", W_CLASS_SPECIAL } };

	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (strcmp(classes[i].name, class4) == 0)
			return classes[i].word;
	return W_CLASS_UNKNOWN;
}

/* The texts of a JSON list, commas between them. */
static void put_list(struct sheet *s, const char *json)
{
	json_t *list = json != NULL ? json_loads(json, JSON_ALLOW_NUL, NULL) : NULL, *one;
	char *text = NULL;
	size_t size = 0, i;
	FILE *out = open_memstream(&text, &size);

	if (out == NULL) {
		json_decref(list);
		s->book->facts->error = -ENOMEM;
		return;
	}
	json_array_foreach(list, i, one) if (json_is_string(one))
		fprintf(out, "%s%s", ftell(out) > 0 ? ", " : "", json_string_value(one));
	if (fclose(out) == 0)
		cell_put(s, text);
	free(text);
	json_decref(list);
}

void sheet_assets(struct book *b)
{
	enum { PRINTED = 13 };
	COLUMNS({ W_ASSET_CLASS_HEAD, 18, LOOK_TEXT }, { W_ADDRESS, 15, LOOK_TEXT },
		{ W_ASSET, 14, LOOK_TEXT }, { W_NAME_HEAD, 16, LOOK_TEXT },
		{ W_ZONE, 10, LOOK_TEXT }, { W_ROLE, 12, LOOK_TEXT }, { W_MAKER, 16, LOOK_TEXT },
		{ W_MODEL, 14, LOOK_TEXT }, { W_OS_HEAD, 16, LOOK_TEXT },
		{ W_OPEN_PORTS, 20, LOOK_TEXT }, { W_LEDGER_HEAD, 10, LOOK_TEXT },
		{ W_OWNER, 12, LOOK_FILL }, { W_NOTE, 18, LOOK_FILL },
		{ W_HANDLED_AS, 14, LOOK_TEXT }, { W_FIRMWARE, 14, LOOK_TEXT },
		{ W_SERIAL, 14, LOOK_TEXT }, { W_MAC_HEAD, 18, LOOK_TEXT },
		{ W_HOST_STATE, 12, LOOK_TEXT });
	struct sheet s = NEW_SHEET(b, W_TABLE_ASSETS);
	struct query *q = facts_ask(
		b->facts,
		"SELECT a.address AS address, a.key AS asset, h.names AS names, a.zone AS zone,"
		" a.treated AS treated, a.class AS class, coalesce(d.role, a.role) AS role,"
		" coalesce(d.vendor, a.vendor) AS maker, d.model AS model, d.firmware AS firmware,"
		" d.serial AS serial, a.os AS os, a.mac AS mac, a.ledger_id AS ledger_id,"
		" a.state AS state, l.owner AS owner, " ASSET_CLASS " AS class4,"
		" (SELECT json_group_array(port || '/' || transport) FROM (SELECT port, transport"
		"  FROM service s WHERE s.address = a.address AND s.state = 'open'"
		"  ORDER BY port, transport)) AS ports"
		" FROM asset a JOIN host h ON h.address = a.address"
		" JOIN report_place p ON p.address = a.address"
		" LEFT JOIN device d ON d.address = a.address"
		" LEFT JOIN (SELECT id, min(owner) AS owner FROM ledger GROUP BY id) l"
		"  ON l.id = a.ledger_id"
		" WHERE a.state NOT IN ('silent', 'absent', 'skipped')"
		" ORDER BY " BY_ASSET_CLASS ", p.position");

	while (facts_next(b->facts, q)) {
		if (!sheet_row(&s))
			continue;
		cell_put(&s, word(class_word(cell(q, "class4")), b->l));
		cell_put(&s, cell(q, "address"));
		cell_put(&s, cell(q, "asset"));
		put_list(&s, cell(q, "names"));
		cell_put(&s, cell(q, "zone"));
		cell_put(&s, role_text(cell(q, "role"), b->l));
		cell_put(&s, cell(q, "maker"));
		cell_put(&s, cell(q, "model"));
		cell_put(&s, cell(q, "os"));
		put_list(&s, cell(q, "ports"));
		cell_put(&s, cell(q, "ledger_id"));
		cell_put(&s, cell(q, "owner"));
		cell_put(&s, NULL);
		cell_put(&s, zone_kind_text(cell(q, "treated"), b->l));
		cell_put(&s, cell(q, "firmware"));
		cell_put(&s, cell(q, "serial"));
		cell_put(&s, cell(q, "mac"));
		cell_put(&s, host_state_text(cell(q, "state"), b->l));
	}
	sheet_end(&s, PRINTED);
	query_free(q);
}

/* ---- flows ---- */

void sheet_flows(struct book *b)
{
	COLUMNS({ W_FROM, 20, LOOK_TEXT }, { W_ZONE, 12, LOOK_TEXT }, { W_TO, 20, LOOK_TEXT },
		{ W_ZONE, 12, LOOK_TEXT }, { W_PORT, 9, LOOK_SHORT },
		{ W_APPLICATION, 18, LOOK_TEXT }, { W_NAMES, 28, LOOK_TEXT },
		{ W_CONVERSATIONS, 12, LOOK_NUMBER }, { W_BYTES, 14, LOOK_NUMBER },
		{ W_FIRST, 20, LOOK_SHORT }, { W_LAST, 20, LOOK_SHORT },
		{ W_VANTAGE, 14, LOOK_TEXT });
	struct sheet s = NEW_SHEET(b, W_TABLE_FLOWS);
	struct query *q =
		facts_ask(b->facts, "SELECT *, sent + received AS bytes FROM flow ORDER BY"
				    " run, address_key(src), address_key(dst), port, transport,"
				    " vlan, opened");

	while (facts_next(b->facts, q)) {
		char port[32] = "";

		if (!sheet_row(&s))
			continue;
		if (!query_null(q, query_column(q, "port")))
			snprintf(port, sizeof(port), "%" PRId64 "/", cell_int(q, "port"));
		snprintf(port + strlen(port), sizeof(port) - strlen(port), "%.8s",
			 cell(q, "transport") != NULL ? cell(q, "transport") : "");
		cell_put(&s, cell(q, "src"));
		cell_put(&s, cell(q, "from_zone"));
		cell_put(&s, cell(q, "dst"));
		cell_put(&s, cell(q, "to_zone"));
		cell_put(&s, port);
		cell_put(&s, cell(q, "application"));
		cell_put(&s, cell(q, "name"));
		cell_number_of(&s, q, "connections");
		cell_number_of(&s, q, "bytes");
		cell_time(&s, cell_int(q, "first_ms") / 1000);
		cell_time(&s, cell_int(q, "last_ms") / 1000);
		cell_put(&s, cell(q, "vantage"));
	}
	sheet_end(&s, 0);
	query_free(q);
}

/* ---- waivers, measures, treatments ---- */

/* "title asset:port", or "guideline:item" of a measure. */
static void put_subject(struct sheet *s, struct query *q, bool items)
{
	const char *id = cell(q, "check_id"), *asset = cell(q, "asset");
	const char *guideline = items ? cell(q, "guideline") : NULL;
	const struct check *found = facts_check(s->book->facts, id);
	const char *check = found != NULL ? bilingual_text(&found->title, s->book->l) : id;
	char *text = NULL, port[16] = "";

	if (!query_null(q, query_column(q, "port")))
		snprintf(port, sizeof(port), ":%u", (unsigned)cell_int(q, "port"));
	int n = guideline != NULL ? asprintf(&text, "%s:%s", guideline,
					     cell(q, "item") != NULL ? cell(q, "item") : "")
				  : asprintf(&text, "%s%s%s%s", check != NULL ? check : "",
					     asset != NULL || port[0] != '\0' ? " " : "",
					     asset != NULL ? asset : "", port);
	if (n >= 0)
		cell_put(s, text);
	else
		s->book->facts->error = -ENOMEM;
	free(text);
}

void sheet_waivers(struct book *b)
{
	/* The fields of a request for an exception, mlit-water 4.3.2-18. */
	COLUMNS({ W_FOR_WHAT, 30, LOOK_TEXT }, { W_STATUS, 10, LOOK_TEXT },
		{ W_APPLICANT, 16, LOOK_TEXT }, { W_CLAUSE, 24, LOOK_TEXT },
		{ W_REASON, 36, LOOK_TEXT }, { W_FROM_DAY, 12, LOOK_TEXT },
		{ W_UNTIL, 12, LOOK_TEXT }, { W_COMPENSATING, 36, LOOK_TEXT },
		{ W_IMPACT, 30, LOOK_TEXT }, { W_CLOSING, 26, LOOK_TEXT },
		{ W_APPROVED_BY, 16, LOOK_TEXT }, { W_GIVEN_AT, 12, LOOK_TEXT },
		{ W_NOTE, 24, LOOK_FILL });
	struct sheet s = NEW_SHEET(b, W_WAIVERS);
	struct query *q =
		facts_ask(b->facts, "SELECT * FROM " WAIVERS_AS_THEY_STAND
				    " ORDER BY check_id, asset, port, approved_at, until");

	while (facts_next(b->facts, q)) {
		const char *stands = cell(q, "stands");

		if (!sheet_row(&s))
			continue;
		put_subject(&s, q, false);
		cell_put_look(&s, word(stands_word(stands), b->l),
			      strcmp(stands, "valid") == 0 ? LOOK_GOOD : LOOK_HIGH);
		cell_put(&s, cell(q, "applicant"));
		cell_put(&s, cell(q, "clause"));
		cell_put(&s, cell(q, "reason"));
		cell_day(&s, cell_int(q, "from_at") != 0 ? cell_int(q, "from_at")
							 : cell_int(q, "approved_at"));
		cell_day(&s, cell_int(q, "until"));
		cell_put(&s, cell(q, "compensating"));
		cell_put(&s, cell(q, "impact"));
		cell_put(&s, cell(q, "closing"));
		cell_put(&s, cell(q, "approved_by"));
		cell_day(&s, cell_int(q, "approved_at"));
		cell_put(&s, NULL);
	}
	sheet_end(&s, 0);
	query_free(q);
}

void sheet_treatments(struct book *b)
{
	COLUMNS({ W_KIND, 18, LOOK_TEXT }, { W_FOR_WHAT, 34, LOOK_TEXT },
		{ W_ACTION, 46, LOOK_TEXT }, { W_OWNER, 18, LOOK_TEXT }, { W_DUE, 12, LOOK_TEXT },
		{ W_HOST_STATE, 14, LOOK_TEXT }, { W_EVIDENCE_REFERENCE, 24, LOOK_TEXT },
		{ W_NOTE, 30, LOOK_FILL });
	struct sheet s = NEW_SHEET(b, W_TABLE_TREATMENTS);
	struct query *q = facts_ask(b->facts, "SELECT * FROM treatment ORDER BY line");

	while (facts_next(b->facts, q)) {
		if (!sheet_row(&s))
			continue;
		cell_put(&s, word(W_TABLE_TREATMENTS, b->l));
		put_subject(&s, q, true);
		cell_put(&s, cell(q, "action"));
		cell_put(&s, cell(q, "owner"));
		cell_day(&s, cell_int(q, "due"));
		cell_put(&s, treatment_text(cell(q, "state"), b->l));
		cell_put(&s, NULL);
		cell_put(&s, cell(q, "note"));
	}
	query_free(q);
	q = facts_ask(b->facts, "SELECT * FROM " MEASURES_AS_THEY_STAND " ORDER BY line");
	while (facts_next(b->facts, q)) {
		if (!sheet_row(&s))
			continue;
		cell_put(&s, word(W_MEASURE_HEAD, b->l));
		put_subject(&s, q, true);
		cell_put(&s, cell(q, "measure"));
		cell_put(&s, cell(q, "given_by"));
		cell_day(&s, cell_int(q, "until"));
		cell_put(&s, word(stands_word(cell(q, "stands")), b->l));
		cell_put(&s, cell(q, "evidence"));
		cell_put(&s, NULL);
	}
	sheet_end(&s, 0);
	query_free(q);
}
