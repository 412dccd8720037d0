/* SPDX-License-Identifier: Apache-2.0 */
#include "report/formats.h"

#include <errno.h>
#include <string.h>

#include "report/report.h"
#include "report/tickets.h"

static int write_json(const struct export_job *job, FILE *out)
{
	return report_json(job->db, job->catalogue, job->language, out);
}

static int write_ndjson(const struct export_job *job, FILE *out)
{
	return report_ndjson(job->db, job->catalogue, job->language, out);
}

static int write_nmap_xml(const struct export_job *job, FILE *out)
{
	return report_nmap_xml(job->db, out);
}

static const char *const ocsf_tables[] = { "all", "findings", "controls", "devices", NULL };
static const char *const csv_tables[] = { "findings", "assets",          "services", "controls",
					  "flows",    "vulnerabilities", NULL };

/* clang-format off */
const struct export_format export_formats[] = {
	{ .name = "json", .extension = "json", .media_type = "application/json",
	  .words = N_("everything, one document (doc/schema/export-1.json)"), .write = write_json },
	{ .name = "ndjson", .extension = "ndjson", .media_type = "application/x-ndjson", .lines = true,
	  .words = N_("the same, one object on each line"), .write = write_ndjson },
	{ .name = "csv", .extension = "csv", .media_type = "text/csv", .tables = csv_tables, .encodings = true,
	  .words = N_("one table for spreadsheets"), .write = report_csv_table },
	{ .name = "nmap-xml", .extension = "xml", .media_type = "application/xml",
	  .words = N_("hosts and ports as nmap writes them"), .write = write_nmap_xml },
	{ .name = "xlsx", .extension = "xlsx", .binary = true,
	  .media_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	  .words = N_("a workbook for Excel: findings, checklists, assets, flows"), .write = report_xlsx },
	{ .name = "sarif", .extension = "sarif", .media_type = "application/sarif+json",
	  .words = N_("SARIF 2.1.0: checks and findings"), .write = report_sarif },
	{ .name = "oscal-catalog", .extension = "json", .media_type = "application/json",
	  .words = N_("OSCAL 1.1.2: the guidelines"), .write = report_oscal_catalog },
	{ .name = "oscal-profile", .extension = "json", .media_type = "application/json",
	  .words = N_("OSCAL 1.1.2: what the operator adopted of them"), .write = report_oscal_profile },
	{ .name = "oscal-results", .extension = "json", .media_type = "application/json",
	  .words = N_("OSCAL 1.1.2: assessment results"), .write = report_oscal_results },
	{ .name = "ocsf", .extension = "ndjson", .media_type = "application/x-ndjson", .lines = true,
	  .tables = ocsf_tables,
	  .words = N_("OCSF 1.5.0 events: compliance findings, devices"), .write = report_ocsf },
	{ .name = "defectdojo", .extension = "json", .media_type = "application/json",
	  .words = N_("findings for DefectDojo's generic import"), .write = report_defectdojo },
	{ .name = "ledger", .extension = "csv", .media_type = "text/csv", .encodings = true, .draft = true,
	  .words = N_("a draft of the ledger, of the approved one and what was seen"), .write = report_ledger },
	{ .name = "redmine", .extension = "csv", .media_type = "text/csv", .encodings = true,
	  .words = N_("tickets: Redmine's import of issues"), .write = write_redmine },
	{ .name = "redmine-json", .extension = "ndjson", .media_type = "application/x-ndjson", .lines = true,
	  .words = N_("tickets: bodies for Redmine's REST, one on each line"), .write = write_redmine_json },
	{ .name = "jira", .extension = "csv", .media_type = "text/csv", .encodings = true,
	  .words = N_("tickets: Jira's import from CSV"), .write = write_jira },
	{ .name = "jira-json", .extension = "ndjson", .media_type = "application/x-ndjson", .lines = true,
	  .words = N_("tickets: bodies for Jira's REST, one on each line"), .write = write_jira_json },
	{ .name = "servicenow", .extension = "csv", .media_type = "text/csv", .encodings = true,
	  .words = N_("tickets: an import set of ServiceNow, coalesced on correlation_id"), .write = write_servicenow },
	{ .name = "servicenow-json", .extension = "json", .media_type = "application/json",
	  .words = N_("tickets: the same as records for its REST"), .write = write_servicenow_json },
	{ .name = "backlog", .extension = "csv", .media_type = "text/csv", .encodings = true,
	  .words = N_("tickets: Backlog's import of issues"), .write = write_backlog },
	{ .name = "backlog-json", .extension = "ndjson", .media_type = "application/x-ndjson", .lines = true,
	  .words = N_("tickets: parameters for Backlog's API, one on each line"), .write = write_backlog_json },
	{ 0 },
};
/* clang-format on */

const struct export_format *export_format_of(const char *name)
{
	for (const struct export_format *f = export_formats; f->name != NULL; f++)
		if (strcmp(f->name, name) == 0)
			return f;
	return NULL;
}

bool export_has_table(const struct export_format *f, const char *table)
{
	for (size_t i = 0; f->tables != NULL && f->tables[i] != NULL; i++)
		if (strcmp(f->tables[i], table) == 0)
			return true;
	return false;
}

struct writing {
	const struct export_format *format;
	const struct export_job *job;
};

static int write_plain(FILE *out, void *context)
{
	const struct writing *w = context;

	return w->format->write(w->job, out);
}

int export_write(const struct export_format *f, const struct export_job *job, uint64_t *replaced,
		 FILE *out)
{
	struct export_told unheard = { 0 };
	struct export_job own = *job;
	struct writing w = { .format = f, .job = &own };

	if (own.table == NULL && f->tables != NULL)
		own.table = f->tables[0];
	if (own.told == NULL)
		own.told = &unheard;
	if (!f->encodings)
		own.encoding = ENCODING_UTF8;
	int r = encoding_write(own.encoding, out, replaced, write_plain, &w);
	return r == 0 && ferror(out) ? -EIO : r;
}
