/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OSCAL assessment results: what was found are observations and risks; a verdict is a finding about an item of
 * the catalog. OSCAL knows "satisfied" and "not-satisfied" only. An item of which nothing can be said so far
 * (a hint, not run, not assessable, not answered) is therefore no finding but an observation that says so.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/members.h"
#include "report/oscal.h"
#include "report/text.h"

enum { RELATED_MOST = 500, EVIDENCE_MOST = 4000 };

static void put_time(struct oscal *o, const char *key, int64_t seconds)
{
	char time[TIME_TEXT];

	jo_put_some(&o->j, key, time_utc(seconds, time));
}

/* A list with one text. */
static void put_one(struct oscal *o, const char *key, const char *text)
{
	jo_open_list(&o->j, key);
	jo_text(&o->j, text);
	jo_end(&o->j);
}

/* ---- what was looked at ---- */

static void put_inventory(struct oscal *o)
{
	struct query *q =
		facts_ask(&o->facts,
			  "SELECT f.asset AS asset, min(f.address) AS address, min(h.zone) AS zone,"
			  " min(h.mac) AS mac, min(h.vendor) AS vendor, min(h.os) AS os"
			  " FROM finding_now f LEFT JOIN host h ON h.address = f.address"
			  " GROUP BY f.asset ORDER BY f.asset");
	bool some = false;

	while (facts_next(&o->facts, q)) {
		const char *asset = cell(q, "asset"), *address = cell(q, "address");

		if (!some) {
			jo_open_object(&o->j, "local-definitions");
			jo_open_list(&o->j, "inventory-items");
		}
		some = true;
		jo_object(&o->j);
		oscal_uuid(o, "uuid", "asset", asset);
		oscal_text(o, "description", *asset != '\0' ? asset : "-");
		oscal_prop(o, "asset-id", asset, false);
		if (address != NULL)
			oscal_prop(o,
				   strchr(address, ':') != NULL ? "ipv6-address" : "ipv4-address",
				   address, false);
		oscal_prop(o, "mac-address", cell(q, "mac"), false);
		oscal_prop(o, "vendor-name", cell(q, "vendor"), false);
		oscal_prop(o, "os-name", cell(q, "os"), false);
		oscal_prop(o, "zone", cell(q, "zone"), true);
		oscal_props_end(o);
		jo_end(&o->j);
	}
	if (some) {
		jo_end(&o->j);
		jo_end(&o->j);
	}
	query_free(q);
}

/* The state of an item as OSCAL says it; NULL: nothing can be said. */
struct state {
	const char *state, *reason;
};

static struct state state_of(struct query *q)
{
	const char *verdict = cell(q, "verdict"), *answer = cell(q, "answer");

	if (strcmp(verdict, "violated") == 0 || strcmp(verdict, "contradicted") == 0)
		return (struct state){ "not-satisfied", "fail" };
	if (strcmp(verdict, "waived") == 0)
		return (struct state){ "not-satisfied", "other" };
	/* Who looks after it says himself that it is not met, which a scan that saw nothing does not undo. */
	if (cell_int(q, "said_not_met") != 0)
		return (struct state){ "not-satisfied", "other" };
	/* Of an item that a scan sees only in part, nothing found does not show that it is met. */
	if (strcmp(verdict, "no-violation-observed") == 0 &&
	    strcmp(cell(q, "assess"), "direct") == 0)
		return (struct state){ "satisfied", "pass" };
	if (strcmp(verdict, "attested") == 0 && answer != NULL && strcmp(answer, "met") == 0)
		return (struct state){ "satisfied", "other" };
	return (struct state){ NULL, NULL };
}

static bool was_tested(const char *verdict)
{
	return strcmp(verdict, "hint") == 0 || strcmp(verdict, "no-violation-observed") == 0;
}

static struct query *ask_verdicts(struct oscal *o)
{
	return facts_ask(&o->facts,
			 "SELECT v.*, verdict IN ('attested', 'no-violation-observed') AND answer"
			 " = 'not-met' AND answer_at <= j.asof AND (answer_until IS NULL OR"
			 " answer_until >= j.asof) AS said_not_met FROM verdict v, judged j"
			 " ORDER BY guideline, position, item");
}

/* Controls with the items that were judged; items of a control stand together. */
static void put_reviewed(struct oscal *o)
{
	struct query *q = ask_verdicts(o);
	char now[OSCAL_ID] = "", token[OSCAL_ID];

	jo_open_object(&o->j, "reviewed-controls");
	jo_open_list(&o->j, "control-selections");
	jo_object(&o->j);
	oscal_text(o, "description", word(W_OSCAL_REVIEWED, o->l));
	while (facts_next(&o->facts, q)) {
		if (state_of(q).state == NULL && !was_tested(cell(q, "verdict")))
			continue;
		if (!oscal_id_make(cell(q, "guideline"), 'c', cell(q, "control"), token)) {
			o->facts.error = -EINVAL;
			break;
		}
		if (strcmp(token, now) != 0) {
			if (now[0] == '\0') {
				jo_open_list(&o->j, "include-controls");
			} else {
				jo_end(&o->j);
				jo_end(&o->j);
			}
			snprintf(now, sizeof(now), "%s", token);
			jo_object(&o->j);
			jo_put(&o->j, "control-id", token);
			jo_open_list(&o->j, "statement-ids");
		}
		oscal_token(o, NULL, cell(q, "guideline"), 'i', cell(q, "item"));
	}
	if (now[0] != '\0')
		for (int i = 0; i < 3; i++)
			jo_end(&o->j);
	jo_end(&o->j);
	jo_end(&o->j);
	jo_end(&o->j);
	query_free(q);
}

/* ---- observations and risks: findings of the scan ---- */

static void put_description(struct oscal *o, const struct finding_row *r)
{
	char place[PLACE_TEXT], *text = NULL;
	const char *detail = r->detail != NULL ? r->detail : "";

	if (asprintf(&text, "%s: %s%s%s", finding_title(r, o->l), finding_place(r, place),
		     *detail != '\0' ? ": " : "", detail) < 0)
		o->facts.error = -ENOMEM;
	else
		oscal_text(o, "description", text);
	free(text);
}

static void put_observation(struct oscal *o, const struct finding_row *r)
{
	jo_object(&o->j);
	oscal_uuid(o, "uuid", "observation", r->fingerprint);
	oscal_text(o, "title", finding_title(r, o->l));
	put_description(o, r);
	oscal_prop(o, "fingerprint", r->fingerprint, true);
	oscal_prop(o, "check", r->check_id, true);
	oscal_prop(o, "severity", r->severity, true);
	oscal_prop(o, "vantage", r->vantage, true);
	oscal_props_end(o);
	put_one(o, "methods", "TEST");
	put_one(o, "types", "finding");
	jo_open_list(&o->j, "subjects");
	jo_object(&o->j);
	oscal_uuid(o, "subject-uuid", "asset", r->asset);
	jo_put(&o->j, "type", "inventory-item");
	jo_end(&o->j);
	jo_end(&o->j);
	if (r->evidence != NULL && *r->evidence != '\0') {
		char *code = text_told_code(r->evidence, EVIDENCE_MOST);

		jo_open_list(&o->j, "relevant-evidence");
		jo_object(&o->j);
		jo_put(&o->j, "description", code);
		jo_end(&o->j);
		jo_end(&o->j);
		free(code);
	}
	put_time(o, "collected", r->last_seen);
	jo_end(&o->j);
}

/* An item of which OSCAL's two states would say too much. */
static void put_undecided(struct oscal *o, struct query *q, int64_t at)
{
	const char *verdict = cell(q, "verdict");
	const struct guideline *g = catalogue_guideline(o->catalogue, cell(q, "guideline"));
	const struct item *item = g != NULL ? guideline_item(g, cell(q, "item"), NULL) : NULL;
	char *name = NULL, *title = NULL;

	if (asprintf(&name, "%s/%s:%s", o->facts.uuid, cell(q, "guideline"), cell(q, "item")) < 0 ||
	    asprintf(&title, "%s %s", cell(q, "guideline"), cell(q, "item")) < 0) {
		o->facts.error = -ENOMEM;
		return;
	}
	const char *note = cell(q, o->l == LANGUAGE_JA ? "note_ja" : "note_en");
	const char *words =
		verdict_text(verdict, item, cell(q, "level"), cell_int(q, "mandatory") != 0, o->l);
	jo_object(&o->j);
	oscal_uuid(o, "uuid", "undecided", name);
	oscal_text(o, "title", title);
	oscal_text(o, "description", note != NULL && *note != '\0' ? note : words);
	char token[OSCAL_ID];
	if (oscal_id_make(cell(q, "guideline"), 'i', cell(q, "item"), token))
		oscal_prop(o, "statement-id", token, true);
	oscal_prop(o, "verdict", verdict, true);
	oscal_props_end(o);
	put_one(o, "methods", was_tested(verdict) ? "TEST" : "UNKNOWN");
	put_one(o, "types", "control-objective");
	put_time(o, "collected", at);
	jo_end(&o->j);
	free(title);
	free(name);
}

static void put_observations(struct oscal *o, int64_t at)
{
	struct finding_rows rows = finding_rows(&o->facts);
	struct finding_row r;
	struct query *q = ask_verdicts(o);
	bool some = false;

	while (finding_rows_next(&rows, &r)) {
		if (r.state != FINDING_OPEN && r.state != FINDING_WAIVED)
			continue;
		if (!some)
			jo_open_list(&o->j, "observations");
		some = true;
		put_observation(o, &r);
	}
	while (facts_next(&o->facts, q)) {
		if (state_of(q).state != NULL)
			continue;
		if (!some)
			jo_open_list(&o->j, "observations");
		some = true;
		put_undecided(o, q, at);
	}
	if (some)
		jo_end(&o->j);
	query_free(q);
	finding_rows_done(&rows);
}

static void put_deadline(struct oscal *o, const struct finding_row *r)
{
	json_t *plan = finding_plan(r);
	int64_t due = json_integer_value(json_object_get(plan, "due"));

	if (due != 0)
		put_time(o, "deadline", due);
	json_decref(plan);
}

static const char *risk_status(const struct finding_row *r)
{
	if (r->state == FINDING_WAIVED)
		return "deviation-approved";
	return r->inferred ? "investigating" : "open";
}

static void put_risk(struct oscal *o, const struct finding_row *r)
{
	const char *remedy = finding_remedy(r, o->l);
	/* What compensates only as long as its waiver holds. */
	json_t *waiver = r->state == FINDING_WAIVED ? finding_waiver(r) : NULL;
	const char *measure = json_string_value(json_object_get(waiver, "compensating"));

	jo_object(&o->j);
	oscal_uuid(o, "uuid", "risk", r->fingerprint);
	oscal_text(o, "title", finding_title(r, o->l));
	put_description(o, r);
	oscal_text(o, "statement", remedy != NULL ? remedy : finding_title(r, o->l));
	oscal_prop(o, "severity", r->severity, true);
	oscal_props_end(o);
	jo_put(&o->j, "status", risk_status(r));
	if (measure != NULL && *measure != '\0') {
		jo_open_list(&o->j, "mitigating-factors");
		jo_object(&o->j);
		oscal_uuid(o, "uuid", "measure", r->fingerprint);
		oscal_text(o, "description", measure);
		jo_end(&o->j);
		jo_end(&o->j);
	}
	put_deadline(o, r);
	jo_open_list(&o->j, "related-observations");
	jo_object(&o->j);
	oscal_uuid(o, "observation-uuid", "observation", r->fingerprint);
	jo_end(&o->j);
	jo_end(&o->j);
	jo_end(&o->j);
	json_decref(waiver);
}

static void put_risks(struct oscal *o)
{
	struct finding_rows rows = finding_rows(&o->facts);
	struct finding_row r;
	bool some = false;

	while (finding_rows_next(&rows, &r)) {
		if ((r.state != FINDING_OPEN && r.state != FINDING_WAIVED) ||
		    strcmp(r.severity, "info") == 0)
			continue;
		if (!some)
			jo_open_list(&o->j, "risks");
		some = true;
		put_risk(o, &r);
	}
	if (some)
		jo_end(&o->j);
	finding_rows_done(&rows);
}

/* ---- findings: verdicts ---- */

static void put_related(struct oscal *o, struct query *verdict)
{
	struct member_list findings =
		members_of_item(&o->facts, cell(verdict, "guideline"), cell(verdict, "item"));
	size_t n = 0;

	for (; n < findings.count && n < RELATED_MOST; n++) {
		if (n == 0)
			jo_open_list(&o->j, "related-observations");
		jo_object(&o->j);
		oscal_uuid(o, "observation-uuid", "observation", findings.texts[n]);
		jo_end(&o->j);
	}
	if (n > 0)
		jo_end(&o->j);
}

static void put_verdict(struct oscal *o, struct query *q)
{
	const char *guideline = cell(q, "guideline"), *id = cell(q, "item");
	const char *verdict = cell(q, "verdict");
	struct state state = state_of(q);
	const struct guideline *g = catalogue_guideline(o->catalogue, guideline);
	const struct item *item = g != NULL ? guideline_item(g, id, NULL) : NULL;
	const char *note = cell(q, o->l == LANGUAGE_JA ? "note_ja" : "note_en");
	const char *text = item != NULL ? bilingual_text(&item->text, o->l) : NULL;
	char *name = NULL, *title = NULL, *remarks = NULL;

	if (asprintf(&name, "%s/%s:%s", o->facts.uuid, guideline, id) < 0 ||
	    asprintf(&title, "%s %s", guideline, id) < 0 ||
	    asprintf(&remarks, "%s. %s %" PRId64 "/%" PRId64,
		     verdict_text(verdict, item, cell(q, "level"), cell_int(q, "mandatory") != 0,
				  o->l),
		     note != NULL ? note : "", cell_int(q, "checked"),
		     cell_int(q, "services")) < 0) {
		o->facts.error = -ENOMEM;
		return;
	}
	jo_object(&o->j);
	oscal_uuid(o, "uuid", "verdict", name);
	oscal_text(o, "title", title);
	oscal_text(o, "description", text != NULL && *text != '\0' ? text : title);
	oscal_prop(o, "verdict", verdict, true);
	oscal_prop(o, "level", cell_int(q, "mandatory") != 0 ? "mandatory" : cell(q, "level"),
		   true);
	oscal_props_end(o);
	jo_open_object(&o->j, "target");
	jo_put(&o->j, "type", "statement-id");
	oscal_token(o, "target-id", guideline, 'i', id);
	jo_open_object(&o->j, "status");
	jo_put(&o->j, "state", state.state);
	jo_put(&o->j, "reason", state.reason);
	oscal_text(o, "remarks", remarks);
	jo_end(&o->j);
	jo_end(&o->j);
	put_related(o, q);
	jo_end(&o->j);
	free(remarks);
	free(title);
	free(name);
}

static void put_findings(struct oscal *o)
{
	struct query *q = ask_verdicts(o);
	bool some = false;

	while (facts_next(&o->facts, q)) {
		if (state_of(q).state == NULL)
			continue;
		if (!some)
			jo_open_list(&o->j, "findings");
		some = true;
		put_verdict(o, q);
	}
	if (some)
		jo_end(&o->j);
	query_free(q);
}

/* In the place of an assessment plan: what the scan was to do. */
static void put_plan(struct oscal *o)
{
	char *plan = json_dumps(o->facts.plan, JSON_COMPACT | JSON_SORT_KEYS);
	char *code = plan != NULL ? text_code(plan, 0) : NULL;

	jo_open_object(&o->j, "back-matter");
	jo_open_list(&o->j, "resources");
	jo_object(&o->j);
	oscal_uuid(o, "uuid", "plan", o->facts.uuid);
	oscal_text(o, "title", word(W_OSCAL_PLAN, o->l));
	jo_put_some(&o->j, "description", code);
	for (int i = 0; i < 3; i++)
		jo_end(&o->j);
	free(code);
	free(plan);
}

int report_oscal_results(const struct export_job *job, FILE *out)
{
	struct oscal o;
	int r = oscal_start(&o, job, out);
	char href[UUID_TEXT + 1] = "#", *title = NULL;

	if (r == 0 && (uuid_make("plan", o.facts.uuid, href + 1) < 0 ||
		       asprintf(&title, "%s: %s", word(W_REPORT_TITLE, o.l), o.facts.site) < 0))
		r = -ENOMEM;
	if (r == 0) {
		const struct facts *f = &o.facts;

		oscal_begin(&o, "assessment-results", f->uuid);
		oscal_metadata(&o, title, f->uuid);
		jo_open_object(&o.j, "import-ap");
		jo_put(&o.j, "href", href);
		jo_end(&o.j);
		jo_open_list(&o.j, "results");
		jo_object(&o.j);
		oscal_uuid(&o, "uuid", "result", f->uuid);
		oscal_text(&o, "title", title);
		oscal_text(&o, "description", word(W_PAPER_NOTE, o.l));
		put_time(&o, "start", f->started);
		put_time(&o, "end", f->finished);
		oscal_prop(&o, "status", f->status, true);
		oscal_prop(&o, "vantage", f->vantage, true);
		oscal_prop(&o, "scan", f->uuid, true);
		oscal_props_end(&o);
		put_inventory(&o);
		put_reviewed(&o);
		put_observations(&o, f->finished != 0 ? f->finished : f->started);
		put_risks(&o);
		put_findings(&o);
		oscal_text(&o, "remarks", word(W_OSCAL_REMARKS, o.l));
		jo_end(&o.j);
		jo_end(&o.j);
		put_plan(&o);
		oscal_end(&o);
	}
	int done = oscal_done(&o);
	free(title);
	return r < 0 ? r : done;
}
