/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Findings for DefectDojo's "Generic Findings Import" (JSON). Its importer takes a closed list of keys and
 * refuses a file with any other; severities are its five words; titles have 511 characters at most. Texts
 * are shown there as Markdown, so marks in what a peer said are escaped.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "codec/address.h"
#include "report/finding_row.h"
#include "report/members.h"
#include "report/formats.h"
#include "report/json_out.h"
#include "report/text.h"
#include "report/words.h"

enum { TITLE_MOST = 480, EVIDENCE_MOST = 4000 };

struct dojo {
	struct json_out j;
	struct facts *facts;
	enum language l;
};

static const char *severity_for_dojo(const char *severity)
{
	static const char *const words[][2] = { { "critical", "Critical" },
						{ "high", "High" },
						{ "medium", "Medium" },
						{ "low", "Low" } };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i][0], severity) == 0)
			return words[i][1];
	return "Info";
}

/* "**Name**: text", a line of the description. */
static void say(struct dojo *d, FILE *out, enum word name, const char *text, size_t most)
{
	if (text == NULL || *text == '\0')
		return;
	char *safe = text_line(text, text_markdown, most);

	if (safe == NULL)
		d->facts->error = -ENOMEM;
	else
		fprintf(out, "**%s**: %s  \n", word(name, d->l), safe);
	free(safe);
}

static void say_evidence(struct dojo *d, FILE *out, const char *evidence)
{
	if (evidence == NULL || *evidence == '\0')
		return;
	char *code = text_told_code(evidence, EVIDENCE_MOST);

	if (code == NULL)
		d->facts->error = -ENOMEM;
	else
		fprintf(out, "**%s**: %s  \n", word(W_EVIDENCE, d->l), code);
	free(code);
}

static void say_waiver(struct dojo *d, FILE *out, const struct finding_row *r)
{
	json_t *w = finding_waiver(r);
	const char *state = json_string_value(json_object_get(w, "state"));

	if (w != NULL) {
		say(d, out, waiver_word(state), json_string_value(json_object_get(w, "reason")),
		    EVIDENCE_MOST);
		say(d, out, W_COMPENSATING, json_string_value(json_object_get(w, "compensating")),
		    EVIDENCE_MOST);
		say(d, out, W_APPROVED_BY, json_string_value(json_object_get(w, "approved_by")),
		    EVIDENCE_MOST);
	}
	json_decref(w);
}

static void put_description(struct dojo *d, const struct finding_row *r)
{
	char place[PLACE_TEXT], *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (out == NULL) {
		d->facts->error = -ENOMEM;
		return;
	}
	char *controls = members_text(d->facts, r->fingerprint, ", ");
	/* Rows with the same severity, title and description are one to the importer. */
	say(d, out, W_ADDRESS, finding_place(r, place), 0);
	say(d, out, W_ASSET, r->asset, 0);
	say(d, out, W_ZONE, r->zone, 0);
	say(d, out, W_VANTAGE, r->vantage, 0);
	say(d, out, W_CHECK, r->check_id, 0);
	say(d, out, W_DETAIL, r->detail, EVIDENCE_MOST);
	say_evidence(d, out, r->evidence);
	say(d, out, W_COUNTS_AGAINST, controls, EVIDENCE_MOST);
	say_waiver(d, out, r);
	if (fclose(out) == 0)
		jo_put(&d->j, "description", text);
	free(controls);
	free(text);
}

static void put_title(struct dojo *d, const struct finding_row *r)
{
	char place[PLACE_TEXT], *title = NULL;
	const char *detail = r->detail != NULL ? r->detail : "";

	if (asprintf(&title, "%s: %s%s%s", finding_title(r, d->l), finding_place(r, place),
		     *detail != '\0' ? ": " : "", detail) < 0) {
		d->facts->error = -ENOMEM;
		return;
	}
	char *line = text_line(title, "", TITLE_MOST);
	jo_put(&d->j, "title", line);
	free(line);
	free(title);
}

static void put_day(struct dojo *d, const char *key, int64_t seconds)
{
	char time[TIME_TEXT];

	time_utc(seconds, time);
	time[strcspn(time, "T")] = '\0';
	jo_put_some(&d->j, key, time);
}

/* Only what the importer can parse as the host of a URL. */
static void put_endpoint(struct dojo *d, const struct finding_row *r)
{
	struct addr a;
	char text[PLACE_TEXT];

	if (r->address == NULL || strchr(r->address, '%') != NULL || addr_parse(r->address, &a) < 0)
		return;
	bool six = strchr(r->address, ':') != NULL;
	int n = snprintf(text, sizeof(text), six ? "[%s]" : "%s", r->address);
	if (r->port != 0 && n > 0 && (size_t)n < sizeof(text))
		snprintf(text + n, sizeof(text) - (size_t)n, ":%u", (unsigned)r->port);
	jo_open_list(&d->j, "endpoints");
	jo_text(&d->j, text);
	jo_end(&d->j);
}

/* "CVE-..." of the evidence's list of them. */
static void put_cves(struct dojo *d, const struct finding_row *r)
{
	json_t *evidence =
		r->evidence != NULL ? json_loads(r->evidence, JSON_ALLOW_NUL, NULL) : NULL;
	json_t *list = json_object_get(evidence, "cves"), *cve;
	size_t i;

	if (json_array_size(list) > 0) {
		jo_open_list(&d->j, "vulnerability_ids");
		json_array_foreach(list, i, cve)
		{
			const char *name = json_string_value(cve);

			if (name != NULL && strncmp(name, "CVE-", 4) == 0 && strlen(name) < 40)
				jo_text(&d->j, name);
		}
		jo_end(&d->j);
	}
	json_decref(evidence);
}

static void put_tags(struct dojo *d, const struct finding_row *r)
{
	jo_open_list(&d->j, "tags");
	jo_text(&d->j, "tenken");
	if (r->state == FINDING_WAIVED)
		jo_text(&d->j, "waived");
	if (r->state == FINDING_NOT_RETESTED)
		jo_text(&d->j, "not-retested");
	jo_end(&d->j);
}

static void put_finding(struct dojo *d, const struct finding_row *r)
{
	bool gone = r->state == FINDING_FIXED;
	char time[TIME_TEXT];
	const char *remedy = finding_remedy(r, d->l);

	jo_object(&d->j);
	put_title(d, r);
	jo_put(&d->j, "severity", severity_for_dojo(r->severity));
	put_description(d, r);
	jo_put_some(&d->j, "mitigation", remedy);
	put_day(d, "date", r->first_seen);
	jo_put_truth(&d->j, "active", r->state == FINDING_OPEN || r->state == FINDING_NOT_RETESTED);
	jo_put_truth(&d->j, "verified", !r->inferred);
	jo_put_truth(&d->j, "is_mitigated", gone);
	if (gone)
		jo_put_some(&d->j, "mitigated",
			    time_utc(r->fixed_at != 0 ? r->fixed_at : d->facts->started, time));
	jo_put_truth(&d->j, "risk_accepted", r->state == FINDING_WAIVED);
	jo_put_truth(&d->j, "static_finding", false);
	jo_put_truth(&d->j, "dynamic_finding", true);
	jo_put(&d->j, "unique_id_from_tool", r->fingerprint);
	jo_put(&d->j, "vuln_id_from_tool", r->check_id);
	put_endpoint(d, r);
	put_cves(d, r);
	put_tags(d, r);
	jo_end(&d->j);
}

int report_defectdojo(const struct export_job *job, FILE *out)
{
	struct facts f;
	struct finding_row row;
	int r = facts_load(job->db, job->catalogue, &f);

	if (r < 0) {
		facts_done(&f);
		return r;
	}
	struct dojo d = { .j = { .out = out, .broken = 2 }, .facts = &f, .l = job->language };
	struct finding_rows rows = finding_rows(&f);

	jo_object(&d.j);
	jo_put(&d.j, "name", "tenken");
	jo_put(&d.j, "type", "tenken");
	jo_put_some(&d.j, "version", f.version);
	jo_put_truth(&d.j, "dynamic_tool", true);
	jo_open_list(&d.j, "findings");
	while (finding_rows_next(&rows, &row))
		put_finding(&d, &row);
	jo_end(&d.j);
	jo_end(&d.j);
	jo_line(&d.j);
	finding_rows_done(&rows);
	r = f.error;
	facts_done(&f);
	return r;
}
