/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events of the Open Cybersecurity Schema Framework, version 1.5.0, one on each line: Compliance Finding
 * (2003) for each finding and for each judged item, Device Inventory Info (5001) for each host. Only
 * attributes that newer versions have not deprecated.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/finding_row.h"
#include "report/members.h"
#include "report/formats.h"
#include "report/json_out.h"
#include "report/text.h"
#include "report/words.h"

static const char version[] = "1.5.0";
enum { TEXT_MOST = 8000 };
enum { COMPLIANCE_PASS = 1, COMPLIANCE_WARNING = 2, COMPLIANCE_FAIL = 3, COMPLIANCE_OTHER = 99 };

struct ocsf {
	struct json_out j;
	struct facts *facts;
	const struct catalogue *catalogue;
	enum language l;
};

struct class_words {
	int category, class;
	const char *category_name, *class_name;
};
static const struct class_words compliance = { 2, 2003, "Findings", "Compliance Finding" };
static const struct class_words inventory = { 5, 5001, "Discovery", "Device Inventory Info" };

struct activity {
	int id;
	const char *name;
};
static const struct activity create = { 1, "Create" }, update = { 2, "Update" },
			     closed = { 3, "Close" }, collect = { 2, "Collect" };

static int severity_id(const char *severity)
{
	const char *const words[] = { "info", "low", "medium", "high", "critical" };

	for (int i = 0; i < 5; i++)
		if (severity != NULL && strcmp(words[i], severity) == 0)
			return i + 1;
	return 0;
}

static void put_severity(struct ocsf *o, const char *severity)
{
	static const char *const words[] = { "Unknown", "Informational", "Low",
					     "Medium",  "High",          "Critical" };
	int id = severity_id(severity);

	jo_put_int(&o->j, "severity_id", id);
	jo_put(&o->j, "severity", words[id]);
}

static void put_line_text(struct ocsf *o, const char *key, const char *text)
{
	if (text == NULL || *text == '\0')
		return;
	char *line = text_line(text, "", TEXT_MOST);

	if (line == NULL)
		o->facts->error = -ENOMEM;
	else
		jo_put_some(&o->j, key, line);
	free(line);
}

static void put_class(struct ocsf *o, const struct class_words *c, const struct activity *a,
		      int64_t seconds)
{
	jo_object(&o->j);
	jo_put_int(&o->j, "activity_id", a->id);
	jo_put(&o->j, "activity_name", a->name);
	jo_put_int(&o->j, "category_uid", c->category);
	jo_put(&o->j, "category_name", c->category_name);
	jo_put_int(&o->j, "class_uid", c->class);
	jo_put(&o->j, "class_name", c->class_name);
	jo_put_int(&o->j, "type_uid", (int64_t)c->class * 100 + a->id);
	jo_put_int(&o->j, "time", seconds * 1000);
}

static void put_metadata(struct ocsf *o)
{
	jo_open_object(&o->j, "metadata");
	jo_put(&o->j, "version", version);
	jo_open_object(&o->j, "product");
	jo_put(&o->j, "name", "tenken");
	jo_put(&o->j, "vendor_name", "tenken");
	jo_put_some(&o->j, "version", o->facts->version);
	jo_put(&o->j, "lang", language_word(o->l));
	jo_end(&o->j);
	jo_put_some(&o->j, "correlation_uid", o->facts->uuid);
	put_line_text(o, "tenant_uid", o->facts->site);
	jo_end(&o->j);
}

static void put_status(struct ocsf *o, const char *id_key, const char *key, int id,
		       const char *words)
{
	jo_put_int(&o->j, id_key, id);
	jo_put(&o->j, key, words);
}

/* ---- findings ---- */

static void put_requirements(struct ocsf *o, const struct finding_row *r)
{
	struct member_list items = members_of_finding(o->facts, r->fingerprint);

	if (items.count == 0)
		return;
	jo_open_list(&o->j, "requirements");
	for (size_t i = 0; i < items.count; i++)
		jo_text(&o->j, items.texts[i]);
	jo_end(&o->j);
}

static void put_standards(struct ocsf *o)
{
	jo_open_list(&o->j, "standards");
	for (size_t i = 0; i < o->catalogue->guideline_count; i++) {
		const struct guideline *g = &o->catalogue->guidelines[i];
		char *text = NULL;

		if (asprintf(&text, "%s %s", g->id, g->version) < 0)
			text = NULL;
		jo_text(&o->j, text != NULL ? text : g->id);
		free(text);
	}
	jo_end(&o->j);
}

static int compliance_of(const struct finding_row *r)
{
	if (r->state == FINDING_FIXED)
		return COMPLIANCE_PASS;
	return r->state == FINDING_NOT_RETESTED || r->inferred ? COMPLIANCE_WARNING
							       : COMPLIANCE_FAIL;
}

static const char *compliance_word(int id)
{
	return id == COMPLIANCE_PASS ? "Pass" : id == COMPLIANCE_WARNING ? "Warning" : "Fail";
}

static void put_finding_info(struct ocsf *o, const struct finding_row *r)
{
	char place[PLACE_TEXT], *text = NULL;
	const char *detail = r->detail != NULL ? r->detail : "";

	jo_open_object(&o->j, "finding_info");
	jo_put(&o->j, "uid", r->fingerprint);
	put_line_text(o, "title", finding_title(r, o->l));
	if (asprintf(&text, "%s%s%s", finding_place(r, place), *detail != '\0' ? ": " : "",
		     detail) >= 0)
		put_line_text(o, "desc", text);
	free(text);
	jo_put_int(&o->j, "first_seen_time", r->first_seen * 1000);
	jo_put_int(&o->j, "last_seen_time", r->last_seen * 1000);
	jo_end(&o->j);
}

static void put_resource(struct ocsf *o, const struct finding_row *r)
{
	char place[PLACE_TEXT];

	jo_open_list(&o->j, "resources");
	jo_object(&o->j);
	put_line_text(o, "uid", r->asset);
	put_line_text(o, "name", finding_place(r, place));
	jo_put(&o->j, "type", r->port != 0 ? "service" : "host");
	jo_put_some(&o->j, "ip", r->address);
	put_line_text(o, "zone", r->zone);
	jo_end(&o->j);
	jo_end(&o->j);
}

static void put_finding(struct ocsf *o, const struct finding_row *r)
{
	const struct activity *a = r->state == FINDING_FIXED ? &closed
				   : r->fresh                ? &create
							     : &update;
	int id = compliance_of(r);
	int64_t at = r->state == FINDING_FIXED && r->fixed_at != 0 ? r->fixed_at : r->last_seen;

	put_class(o, &compliance, a, at);
	put_severity(o, r->severity);
	if (r->state == FINDING_WAIVED)
		put_status(o, "status_id", "status", 3, "Suppressed");
	else if (r->state == FINDING_FIXED)
		put_status(o, "status_id", "status", 4, "Resolved");
	else
		put_status(o, "status_id", "status", r->fresh ? 1 : 2,
			   r->fresh ? "New" : "In Progress");
	put_line_text(o, "message", finding_title(r, o->l));
	put_metadata(o);
	put_finding_info(o, r);
	jo_open_object(&o->j, "compliance");
	jo_put(&o->j, "control", r->check_id);
	put_requirements(o, r);
	put_standards(o);
	put_status(o, "status_id", "status", id, compliance_word(id));
	jo_end(&o->j);
	put_resource(o, r);
	if (finding_remedy(r, o->l) != NULL) {
		jo_open_object(&o->j, "remediation");
		put_line_text(o, "desc", finding_remedy(r, o->l));
		jo_end(&o->j);
	}
	if (r->evidence != NULL)
		jo_put(&o->j, "raw_data", r->evidence);
	jo_end(&o->j);
	jo_line(&o->j);
}

static void put_findings(struct ocsf *o)
{
	struct finding_rows rows = finding_rows(o->facts);
	struct finding_row row;

	while (finding_rows_next(&rows, &row))
		put_finding(o, &row);
	finding_rows_done(&rows);
}

/* ---- items ---- */

/* "Warning" is the standard's word for a check without a result for want of information. */
static void put_item_status(struct ocsf *o, const char *verdict, const char *assess)
{
	/* Nothing found of an item that a scan sees only in part is no pass. */
	if (strcmp(verdict, "no-violation-observed") == 0 && strcmp(assess, "direct") == 0)
		put_status(o, "status_id", "status", COMPLIANCE_PASS, "Pass");
	else if (strcmp(verdict, "violated") == 0 || strcmp(verdict, "contradicted") == 0)
		put_status(o, "status_id", "status", COMPLIANCE_FAIL, "Fail");
	else if (strcmp(verdict, "hint") == 0 || strcmp(verdict, "not-run") == 0)
		put_status(o, "status_id", "status", COMPLIANCE_WARNING, "Warning");
	else
		put_status(o, "status_id", "status", COMPLIANCE_OTHER, verdict);
	jo_put(&o->j, "status_code", verdict);
}

static void put_item(struct ocsf *o, struct query *q)
{
	const char *name = cell(q, "guideline"), *id = cell(q, "item");
	const char *verdict = cell(q, "verdict"), *level = cell(q, "level");
	bool mandatory = cell_int(q, "mandatory") != 0;
	const struct guideline *g = catalogue_guideline(o->catalogue, name);
	const struct control *control = NULL;
	const struct item *item = g != NULL ? guideline_item(g, id, &control) : NULL;
	const char *note = cell(q, o->l == LANGUAGE_JA ? "note_ja" : "note_en");
	char uuid[UUID_TEXT], *key = NULL, *both = NULL, *standard = NULL, *coverage = NULL;

	if (asprintf(&key, "%s/%s:%s", o->facts->site, name, id) < 0 ||
	    uuid_make("item", key, uuid) < 0 || asprintf(&both, "%s:%s", name, id) < 0 ||
	    asprintf(&standard, "%s %s", name, g != NULL ? g->version : "") < 0 ||
	    asprintf(&coverage, "%" PRId64 "/%" PRId64, cell_int(q, "checked"),
		     cell_int(q, "services")) < 0) {
		o->facts->error = -ENOMEM;
		return;
	}
	int64_t at = o->facts->finished != 0 ? o->facts->finished : o->facts->started;
	put_class(o, &compliance, &update, at);
	put_severity(o, cell(q, "severity") != NULL ? cell(q, "severity") : "info");
	put_line_text(o, "message", verdict_text(verdict, item, level, mandatory, o->l));
	put_metadata(o);
	jo_open_object(&o->j, "finding_info");
	jo_put(&o->j, "uid", uuid);
	put_line_text(o, "title", both);
	if (item != NULL)
		put_line_text(o, "desc", bilingual_text(&item->text, o->l));
	jo_end(&o->j);
	jo_open_object(&o->j, "compliance");
	jo_put(&o->j, "control", cell(q, "control"));
	if (control != NULL)
		put_line_text(o, "desc", bilingual_text(&control->title, o->l));
	jo_open_list(&o->j, "requirements");
	jo_text(&o->j, both);
	jo_end(&o->j);
	jo_open_list(&o->j, "standards");
	jo_text(&o->j, standard);
	jo_end(&o->j);
	put_item_status(o, verdict, cell(q, "assess"));
	jo_open_list(&o->j, "status_details");
	if (note != NULL && *note != '\0')
		jo_text(&o->j, note);
	jo_text(&o->j, coverage);
	jo_end(&o->j);
	jo_end(&o->j);
	jo_end(&o->j);
	jo_line(&o->j);
	free(coverage);
	free(standard);
	free(both);
	free(key);
}

/* An item that a scan says nothing about is no event. */
static void put_items(struct ocsf *o)
{
	struct query *q = facts_ask(
		o->facts,
		"SELECT v.*, (SELECT f.severity FROM verdict_finding x JOIN finding_now f"
		" ON f.fingerprint = x.fingerprint WHERE x.guideline = v.guideline"
		" AND x.item = v.item ORDER BY " BY_SEVERITY " LIMIT 1) AS severity FROM verdict v"
		" WHERE verdict <> 'not-assessable' ORDER BY guideline, position, item");

	while (facts_next(o->facts, q))
		put_item(o, q);
	query_free(q);
}

/* ---- devices ---- */

static void put_type(struct ocsf *o, const char *role)
{
	static const struct {
		const char *role, *name;
		int id;
	} types[] = {
		{ "server", "Server", 1 },       { "domain-controller", "Server", 1 },
		{ "nas", "Server", 1 },          { "historian", "Server", 1 },
		{ "workstation", "Desktop", 2 }, { "camera", "IOT", 7 },
		{ "firewall", "Firewall", 9 },   { "switch", "Switch", 10 },
		{ "router", "Router", 12 },
	};

	for (size_t i = 0; role != NULL && i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(types[i].role, role) == 0) {
			put_status(o, "type_id", "type", types[i].id, types[i].name);
			return;
		}
	put_status(o, "type_id", "type", role != NULL && *role != '\0' ? 99 : 0,
		   role != NULL && *role != '\0' ? role : "Unknown");
}

/* The first of the JSON list of names. */
static void put_hostname(struct ocsf *o, const char *names)
{
	json_t *list = names != NULL ? json_loads(names, JSON_ALLOW_NUL, NULL) : NULL;

	put_line_text(o, "hostname", json_string_value(json_array_get(list, 0)));
	json_decref(list);
}

static void put_os(struct ocsf *o, const char *os)
{
	if (os == NULL || *os == '\0')
		return;
	bool windows = strncmp(os, "Windows", 7) == 0, unixlike = strstr(os, "Linux") != NULL;

	jo_open_object(&o->j, "os");
	put_line_text(o, "name", os);
	put_status(o, "type_id", "type",
		   windows    ? 100
		   : unixlike ? 200
			      : 99,
		   windows    ? "Windows"
		   : unixlike ? "Linux"
			      : "Other");
	jo_end(&o->j);
}

static void put_device(struct ocsf *o, struct query *q)
{
	int64_t last = cell_int(q, "last_ms") / 1000;

	put_class(o, &inventory, &collect, last != 0 ? last : o->facts->started);
	put_severity(o, "info");
	put_metadata(o);
	jo_open_object(&o->j, "device");
	put_line_text(o, "uid", cell(q, "asset"));
	jo_put(&o->j, "ip", cell(q, "address"));
	put_hostname(o, cell(q, "names"));
	put_type(o, cell(q, "device_role") != NULL ? cell(q, "device_role") : cell(q, "role"));
	jo_put_some(&o->j, "mac", cell(q, "mac"));
	put_line_text(o, "vendor_name",
		      cell(q, "maker") != NULL ? cell(q, "maker") : cell(q, "vendor"));
	put_line_text(o, "model", cell(q, "model"));
	put_os(o, cell(q, "os"));
	put_line_text(o, "zone", cell(q, "zone"));
	if (cell(q, "serial") != NULL) {
		jo_open_object(&o->j, "hw_info");
		put_line_text(o, "serial_number", cell(q, "serial"));
		jo_end(&o->j);
	}
	jo_end(&o->j);
	jo_end(&o->j);
	jo_line(&o->j);
}

static void put_devices(struct ocsf *o)
{
	struct query *q =
		facts_ask(o->facts, "SELECT h.*, d.vendor AS maker, d.model AS model,"
				    " d.serial AS serial, d.role AS device_role,"
				    " (SELECT key FROM asset_key k WHERE k.address = h.address)"
				    " AS asset" HOSTS_IN_ORDER);

	while (facts_next(o->facts, q))
		put_device(o, q);
	query_free(q);
}

int report_ocsf(const struct export_job *job, FILE *out)
{
	struct facts f;
	int r = facts_load(job->db, job->catalogue, &f);

	if (r < 0) {
		facts_done(&f);
		return r;
	}
	struct ocsf o = {
		.j = { .out = out }, .facts = &f, .catalogue = job->catalogue, .l = job->language
	};
	bool all = strcmp(job->table, "all") == 0;

	if (all || strcmp(job->table, "findings") == 0)
		put_findings(&o);
	if (all || strcmp(job->table, "controls") == 0)
		put_items(&o);
	if (all || strcmp(job->table, "devices") == 0)
		put_devices(&o);
	r = f.error;
	facts_done(&f);
	return r;
}
