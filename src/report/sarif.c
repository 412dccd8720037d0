/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SARIF 2.1.0 (OASIS, with Errata 01). Checks are rules, findings are results. A network has no files, so
 * places are logical locations (3.33). A message is plain text in which SARIF reads "[...](n)" as a link and
 * "{0}" as a place holder (3.11.5, 3.11.6): both are escaped in what others said.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "report/finding_row.h"
#include "report/members.h"
#include "report/formats.h"
#include "report/json_out.h"
#include "report/text.h"
#include "report/words.h"

enum { MESSAGE_MOST = 8000 };

struct sarif {
	struct json_out j;
	struct facts *facts;
	const struct catalogue *catalogue;
	struct query *before; /* of what the run is compared with; NULL: there is no such run */
	enum language l;
};

/* How a finding (?1) stood at the moment that changes are told from, as far as the store knows: change is what
 * became of it since (changes), severity and waived what the last event before says. */
static const char before[] =
	"SELECT (SELECT change FROM changes c WHERE c.fingerprint = ?1) AS change,"
	" (SELECT e.severity FROM every_finding_event e WHERE e.site = j.site AND e.fingerprint = "
	"?1"
	"   AND e.at <= s.at ORDER BY e.at DESC, e.scan DESC, e.event = 'severity' DESC LIMIT 1)"
	"  AS severity,"
	" (SELECT e.event = 'waived' FROM every_finding_event e WHERE e.site = j.site"
	"   AND e.fingerprint = ?1 AND e.at <= s.at"
	"   AND e.event IN ('new', 'reopened', 'waived', 'unwaived')"
	"   ORDER BY e.at DESC, e.scan DESC, e.event IN ('waived', 'unwaived') DESC LIMIT 1) AS "
	"waived"
	" FROM since s, judged j";

static const char *level_of(const char *severity)
{
	if (strcmp(severity, "critical") == 0 || strcmp(severity, "high") == 0)
		return "error";
	return strcmp(severity, "medium") == 0 ? "warning" : "note";
}

/* A plain text of SARIF: a brace is written twice, a square bracket behind a backslash. */
static char *message(const char *text)
{
	char *line = text_line(text, "\\[]", MESSAGE_MOST), *out = NULL;
	size_t size = 0;
	FILE *f = line != NULL ? open_memstream(&out, &size) : NULL;

	if (f == NULL) {
		free(line);
		return NULL;
	}
	for (const char *p = line; *p != '\0'; p++) {
		putc(*p, f);
		if (*p == '{' || *p == '}')
			putc(*p, f);
	}
	free(line);
	return fclose(f) == 0 ? out : NULL;
}

static void put_message(struct sarif *s, const char *key, const char *text)
{
	char *safe = message(text);

	if (safe == NULL)
		s->facts->error = -ENOMEM;
	jo_open_object(&s->j, key);
	jo_put(&s->j, "text", safe != NULL && *safe != '\0' ? safe : "-");
	jo_end(&s->j);
	free(safe);
}

static void put_time(struct sarif *s, const char *key, int64_t seconds)
{
	char time[TIME_TEXT];

	jo_put_some(&s->j, key, time_utc(seconds, time));
}

/* ---- rules ---- */

static void put_rule(struct sarif *s, const struct check *c, struct query *run)
{
	const char *title = bilingual_text(&c->title, s->l);
	const char *remedy = bilingual_text(&c->remedy, s->l);

	jo_object(&s->j);
	jo_put(&s->j, "id", c->id);
	if (title != NULL && *title != '\0')
		put_message(s, "shortDescription", title);
	if (remedy != NULL && *remedy != '\0')
		put_message(s, "help", remedy);
	jo_open_object(&s->j, "defaultConfiguration");
	jo_put(&s->j, "level", level_of(severity_word(c->severity)));
	jo_end(&s->j);
	jo_open_object(&s->j, "properties");
	jo_put(&s->j, "severity", severity_word(c->severity));
	query_reset(run);
	if (query_bind_text(run, 1, c->id) < 0)
		s->facts->error = -EIO;
	if (facts_next(s->facts, run)) {
		jo_put_truth(&s->j, "ran", cell_int(run, "ran") != 0);
		jo_put_truth(&s->j, "partial", cell_int(run, "partial") != 0);
		if (cell(run, "reason") != NULL)
			jo_put(&s->j, "reason", reason_text(cell(run, "reason"), s->l));
		jo_put_int(&s->j, "hosts", cell_int(run, "hosts"));
		jo_put_int(&s->j, "services", cell_int(run, "services"));
		jo_put_int(&s->j, "checked", cell_int(run, "checked"));
	}
	jo_end(&s->j);
	jo_end(&s->j);
}

static void put_tool(struct sarif *s)
{
	struct query *run = facts_ask(s->facts, "SELECT * FROM check_run WHERE check_id = ?1");

	jo_open_object(&s->j, "tool");
	jo_open_object(&s->j, "driver");
	jo_put(&s->j, "name", "tenken");
	jo_put_some(&s->j, "version", s->facts->version);
	jo_put(&s->j, "language", s->l == LANGUAGE_JA ? "ja-JP" : "en-US");
	jo_open_list(&s->j, "rules");
	for (size_t i = 0; run != NULL && i < s->catalogue->check_count; i++)
		put_rule(s, &s->catalogue->checks[i], run);
	jo_end(&s->j);
	jo_end(&s->j);
	jo_end(&s->j);
	query_free(run);
}

/* ---- the run ---- */

/* What a reader must know beside findings, and which checks did not run. */
static void put_notifications(struct sarif *s)
{
	char words[REMARK_TEXT];
	struct query *q = facts_ask(s->facts, "SELECT check_id, reason FROM check_run"
					      " WHERE ran = 0 OR partial = 1 ORDER BY check_id");

	jo_open_list(&s->j, "toolExecutionNotifications");
	while (facts_next(s->facts, q)) {
		const char *reason = cell(q, "reason");

		jo_object(&s->j);
		jo_put(&s->j, "level", "note");
		put_message(s, "message",
			    reason != NULL ? reason_text(reason, s->l) : word(W_RAN_PARTLY, s->l));
		jo_open_object(&s->j, "associatedRule");
		jo_put(&s->j, "id", cell(q, "check_id"));
		jo_end(&s->j);
		jo_end(&s->j);
	}
	query_free(q);
	q = facts_ask(s->facts, "SELECT kind, subject, text FROM remark ORDER BY kind, subject, "
				"text");
	while (facts_next(s->facts, q)) {
		jo_object(&s->j);
		jo_put(&s->j, "level", "warning");
		put_message(s, "message", remark_text(cell(q, "text"), s->l, words));
		jo_open_object(&s->j, "properties");
		jo_put(&s->j, "kind", cell(q, "kind"));
		jo_put_some(&s->j, "subject", cell(q, "subject"));
		jo_end(&s->j);
		jo_end(&s->j);
	}
	query_free(q);
	jo_end(&s->j);
}

static void put_run_heads(struct sarif *s)
{
	const struct facts *f = s->facts;
	char *id = NULL, *line = NULL;

	if (asprintf(&id, "tenken/%s/%s/", f->site, f->vantage) >= 0)
		line = text_line(id, "", 0);
	jo_open_object(&s->j, "automationDetails");
	jo_put_some(&s->j, "id", line);
	jo_put_some(&s->j, "guid", f->uuid);
	jo_end(&s->j);
	free(line);
	free(id);
	/* Of a moment that was named there is no run. */
	struct query *q = facts_ask(s->facts, "SELECT uuid FROM main.scan"
					      " WHERE id = (SELECT run FROM since)");
	if (facts_next(s->facts, q))
		jo_put_some(&s->j, "baselineGuid", query_text(q, 0));
	query_free(q);
	jo_open_list(&s->j, "invocations");
	jo_object(&s->j);
	jo_put_truth(&s->j, "executionSuccessful", strcmp(f->status, "done") == 0);
	put_time(s, "startTimeUtc", f->started);
	put_time(s, "endTimeUtc", f->finished);
	put_notifications(s);
	jo_end(&s->j);
	jo_end(&s->j);
}

/* The guidelines and those of their items that findings count against. */
static void put_taxonomies(struct sarif *s)
{
	struct query *q = facts_ask(s->facts, "SELECT DISTINCT f.item FROM verdict_finding f"
					      " LEFT JOIN verdict v ON v.guideline = f.guideline"
					      "  AND v.item = f.item WHERE f.guideline = ?1"
					      " ORDER BY v.position, f.item");

	jo_open_list(&s->j, "taxonomies");
	for (size_t i = 0; q != NULL && i < s->catalogue->guideline_count; i++) {
		const struct guideline *g = &s->catalogue->guidelines[i];

		jo_object(&s->j);
		jo_put(&s->j, "name", g->id);
		jo_put_some(&s->j, "version", g->version);
		jo_put_some(&s->j, "organization", bilingual_text(&g->publisher, s->l));
		put_message(s, "shortDescription", bilingual_text(&g->title, s->l));
		jo_open_list(&s->j, "taxa");
		query_reset(q);
		if (query_bind_text(q, 1, g->id) < 0)
			s->facts->error = -EIO;
		while (facts_next(s->facts, q)) {
			const struct item *item = guideline_item(g, query_text(q, 0), NULL);

			jo_object(&s->j);
			jo_put(&s->j, "id", query_text(q, 0));
			if (item != NULL)
				put_message(s, "shortDescription",
					    bilingual_text(&item->text, s->l));
			jo_end(&s->j);
		}
		jo_end(&s->j);
		jo_end(&s->j);
	}
	jo_end(&s->j);
	query_free(q);
}

/* ---- results ---- */

static void put_location(struct sarif *s, const struct finding_row *r)
{
	char place[PLACE_TEXT], *name = NULL, *line = NULL;

	finding_place(r, place);
	if (asprintf(&name, "%s/%s/%s/%s", s->facts->site, r->zone != NULL ? r->zone : "-",
		     r->asset, place) >= 0)
		line = text_line(name, "", MESSAGE_MOST);
	jo_open_list(&s->j, "locations");
	jo_object(&s->j);
	jo_open_list(&s->j, "logicalLocations");
	jo_object(&s->j);
	char *shown = text_line(place, "", 0);
	jo_put(&s->j, "name", shown);
	jo_put_some(&s->j, "fullyQualifiedName", line);
	jo_put(&s->j, "kind", r->port != 0 ? "service" : "host");
	jo_end(&s->j);
	jo_end(&s->j);
	jo_end(&s->j);
	jo_end(&s->j);
	free(shown);
	free(line);
	free(name);
}

static void put_taxa(struct sarif *s, const struct finding_row *r)
{
	struct member_list items = members_of_finding(s->facts, r->fingerprint);

	if (items.count > 0)
		jo_open_list(&s->j, "taxa");
	for (size_t i = 0; i < items.count; i++) {
		const char *both = items.texts[i], *colon = strchr(both, ':');
		char guideline[64];

		if (colon == NULL || (size_t)(colon - both) >= sizeof(guideline))
			continue;
		memcpy(guideline, both, (size_t)(colon - both));
		guideline[colon - both] = '\0';
		jo_object(&s->j);
		jo_put(&s->j, "id", colon + 1);
		jo_open_object(&s->j, "toolComponent");
		jo_put(&s->j, "name", guideline);
		jo_end(&s->j);
		jo_end(&s->j);
	}
	if (items.count > 0)
		jo_end(&s->j);
}

static void put_suppressions(struct sarif *s, const struct finding_row *r)
{
	json_t *w = r->state == FINDING_WAIVED ? finding_waiver(r) : NULL;

	/* An empty list says that it is known not to be suppressed (3.27.23). */
	jo_open_list(&s->j, "suppressions");
	if (r->state == FINDING_WAIVED) {
		const char *reason = json_string_value(json_object_get(w, "reason"));
		const char *by = json_string_value(json_object_get(w, "approved_by"));

		jo_object(&s->j);
		jo_put(&s->j, "kind", "external");
		jo_put(&s->j, "status", "accepted");
		jo_put_some(&s->j, "justification", reason);
		jo_open_object(&s->j, "properties");
		jo_put_some(&s->j, "approved_by", by);
		jo_put_some(&s->j, "compensating",
			    json_string_value(json_object_get(w, "compensating")));
		put_time(s, "until", json_integer_value(json_object_get(w, "until")));
		jo_end(&s->j);
		jo_end(&s->j);
	}
	jo_end(&s->j);
	json_decref(w);
}

static const char *kind_of(const struct finding_row *r)
{
	if (r->state == FINDING_NOT_RETESTED)
		return "open"; /* 3.27.9: not enough was known to decide */
	return r->inferred ? "review" : "fail";
}

/* 3.27.24. What is compared is what a finding's reader decides by: a detail of another wording is another finding,
 * and of evidence the store keeps that of the run alone. */
static const char *baseline_of(struct sarif *s, const struct finding_row *r, struct query *was)
{
	const char *change = was != NULL ? cell(was, "change") : NULL;
	const char *severity = was != NULL ? cell(was, "severity") : NULL;

	if (r->state == FINDING_FIXED)
		return "absent";
	if (s->before == NULL)
		return r->fresh ? "new" : "unchanged";
	if (change != NULL && strcmp(change, "mitigated") != 0)
		return "new";
	if (r->state == FINDING_NOT_RETESTED)
		return "unchanged";
	if (severity != NULL && strcmp(severity, r->severity) != 0)
		return "updated";
	return severity != NULL && (cell_int(was, "waived") != 0) != (r->state == FINDING_WAIVED)
		       ? "updated"
		       : "unchanged";
}

static struct query *before_of(struct sarif *s, const struct finding_row *r)
{
	query_reset(s->before);
	if (query_bind_text(s->before, 1, r->fingerprint) < 0)
		s->facts->error = -EIO;
	return facts_next(s->facts, s->before) ? s->before : NULL;
}

static void put_properties(struct sarif *s, const struct finding_row *r,
			   const char *severity_before)
{
	jo_open_object(&s->j, "properties");
	jo_put(&s->j, "severity", r->severity);
	if (severity_before != NULL && strcmp(severity_before, r->severity) != 0)
		jo_put(&s->j, "severity_before", severity_before);
	jo_put_some(&s->j, "asset", r->asset);
	jo_put_some(&s->j, "address", r->address);
	jo_put_some(&s->j, "zone", r->zone);
	jo_put_some(&s->j, "vantage", r->vantage);
	put_time(s, "first_seen", r->first_seen);
	put_time(s, "last_seen", r->last_seen);
	if (r->again)
		jo_put_truth(&s->j, "reopened", true);
	if (r->reason != NULL && *r->reason != '\0')
		jo_put(&s->j, "not_retested", reason_text(r->reason, s->l));
	jo_end(&s->j);
}

static void put_result(struct sarif *s, const struct finding_row *r)
{
	const char *kind = kind_of(r);
	const char *detail = r->detail != NULL ? r->detail : "";
	char place[PLACE_TEXT], *text = NULL;

	if (asprintf(&text, "%s: %s%s%s", finding_title(r, s->l), finding_place(r, place),
		     *detail != '\0' ? ": " : "", detail) < 0) {
		s->facts->error = -ENOMEM;
		return;
	}
	jo_object(&s->j);
	jo_put(&s->j, "ruleId", r->check_id);
	if (r->check != NULL)
		jo_put_int(&s->j, "ruleIndex", r->check - s->catalogue->checks);
	jo_put(&s->j, "kind", kind);
	jo_put(&s->j, "level", strcmp(kind, "fail") == 0 ? level_of(r->severity) : "none");
	put_message(s, "message", text);
	put_location(s, r);
	jo_open_object(&s->j, "partialFingerprints");
	jo_put(&s->j, "fp1", r->fingerprint);
	jo_end(&s->j);
	struct query *was = s->before != NULL ? before_of(s, r) : NULL;
	const char *state = baseline_of(s, r, was);
	jo_put(&s->j, "baselineState", state);
	put_suppressions(s, r);
	put_taxa(s, r);
	put_properties(s, r, strcmp(state, "updated") == 0 ? cell(was, "severity") : NULL);
	jo_end(&s->j);
	free(text);
}

int report_sarif(const struct export_job *job, FILE *out)
{
	struct facts f;
	struct finding_row row;
	int r = facts_load(job->db, job->catalogue, &f);

	if (r < 0) {
		facts_done(&f);
		return r;
	}
	struct sarif s = { .j = { .out = out, .broken = 4 },
			   .facts = &f,
			   .catalogue = job->catalogue,
			   .l = job->language };
	struct finding_rows rows = finding_rows(&f);

	if (facts_count(&f, "SELECT at IS NOT NULL FROM since") != 0)
		s.before = facts_ask(&f, before);
	jo_object(&s.j);
	jo_put(&s.j, "$schema", "https://json.schemastore.org/sarif-2.1.0.json");
	jo_put(&s.j, "version", "2.1.0");
	jo_open_list(&s.j, "runs");
	jo_object(&s.j);
	put_tool(&s);
	put_run_heads(&s);
	put_taxonomies(&s);
	jo_open_list(&s.j, "results");
	while (finding_rows_next(&rows, &row))
		put_result(&s, &row);
	for (int i = 0; i < 4; i++)
		jo_end(&s.j);
	jo_line(&s.j);
	query_free(s.before);
	finding_rows_done(&rows);
	r = f.error;
	facts_done(&f);
	return r;
}
