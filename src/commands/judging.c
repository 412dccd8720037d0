/* SPDX-License-Identifier: Apache-2.0 */
#include "commands/judging.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "codec/i18n.h"
#include "commands/commands.h"
#include "commands/output.h"
#include "commands/today.h"
#include "judge/judge.h"
#include "probes/probe.h"
#include "report/report.h"

struct judging {
	struct catalogue catalogue;
	struct port_list ports;
	struct judge_probe *probes;
	char *names;
};

static bool join(char **text, const char *name)
{
	char *longer;

	if (asprintf(&longer, "%s%s%s", *text != NULL ? *text : "", *text != NULL ? "," : "",
		     name) < 0)
		return false;
	free(*text);
	*text = longer;
	return true;
}

/* The ids of the guidelines in their order; of one's own the file, by its whole path. */
static bool join_names(struct judging *j)
{
	for (size_t i = 0; i < j->catalogue.guideline_count; i++) {
		const struct guideline *g = &j->catalogue.guidelines[i];
		char *path = g->own ? realpath(g->file, NULL) : NULL;
		bool good = join(&j->names, path != NULL ? path : g->id);

		free(path);
		if (!good)
			return false;
	}
	return true;
}

const char **judging_order(const char *const *first, size_t first_count,
			   const char *const *profiles, size_t *count)
{
	const char **list = calloc(first_count + *count + 1, sizeof(*list));
	size_t n = 0;
	bool all = false;

	for (size_t i = 0; i < *count; i++)
		all |= strcmp(profiles[i], "all") == 0;
	for (size_t i = 0; list != NULL && all && i < first_count; i++)
		list[n++] = first[i];
	for (size_t i = 0; list != NULL && i < *count; i++)
		list[n++] = profiles[i];
	*count = n;
	return list;
}

bool judging_start(struct judging **ret, const struct site *site, const char *const *profiles,
		   size_t profile_count, const char *const *checks, size_t check_count,
		   struct complaints *c)
{
	static const char *const standard[] = { "mlit-water" };
	struct judging *j = calloc(1, sizeof(*j));
	const char **list = NULL;
	char path[4096];
	size_t n = 0;

	if (j == NULL)
		return false;
	*ret = j;
	bool named = site != NULL && site->profile_count > 0;
	const char *const *first = named ? (const char *const *)site->profiles : standard;
	size_t first_count = named ? site->profile_count : countof(standard);
	if (profile_count == 0) {
		profiles = first;
		profile_count = first_count;
	} else if (site != NULL) {
		profiles = list = judging_order(first, first_count, profiles, &profile_count);
		if (list == NULL)
			return false;
	}
	while (probes[n] != NULL)
		n++;
	j->probes = calloc(n + 1, sizeof(*j->probes));
	bool good = j->probes != NULL;
	for (size_t i = 0; good && i < n; i++)
		j->probes[i] = (struct judge_probe){ .name = probes[i]->name,
						     .ports = probes[i]->ports,
						     .udp = probes[i]->udp,
						     .over_tls = probes[i]->over_tls,
						     .tls_ports = probes[i]->tls_ports,
						     .within = probes[i]->within,
						     .view = probes[i]->view };
	for (size_t i = 0; i < profile_count; i++)
		if (strchr(profiles[i], ',') != NULL) {
			complain(c, profiles[i], 0,
				 _("a guideline's path must be without a comma"));
			good = false;
		}
	snprintf(path, sizeof(path), "%s/probes/data/ports.csv", data_dir());
	good = good && port_list_load(path, &j->ports, c) == 0;
	good = good && catalogue_load(data_dir(), profiles, profile_count, checks, check_count,
				      &j->catalogue, c) == 0;
	free(list);
	return good && join_names(j);
}

void judging_free(struct judging *j)
{
	if (j == NULL)
		return;
	catalogue_done(&j->catalogue);
	port_list_done(&j->ports);
	free(j->probes);
	free(j->names);
	free(j);
}

const char *judging_profiles(const struct judging *j)
{
	return j->names;
}

const struct catalogue *judging_catalogue(const struct judging *j)
{
	return &j->catalogue;
}

int judging_again(struct judging *j, struct db *db, int64_t scan, const struct today *today,
		  struct complaints *c)
{
	struct judge_options options = { .complaints = c };

	if (today != NULL) {
		options.answers = today->answers;
		options.asof = today->asof;
	}

	return judge_run(db, &j->catalogue, scan, j->probes, &j->ports, &options);
}

/* ---- outputs ---- */

enum form { FORM_HTML, FORM_JSON, FORM_NDJSON, FORM_CSV, FORM_XML };

static int write_form(struct db *db, const struct judging *j, enum form form, FILE *out)
{
	enum language l = i18n_language();

	switch (form) {
	case FORM_HTML:
		return report_html(db, &j->catalogue, l, NULL, out);
	case FORM_JSON:
		return report_json(db, &j->catalogue, l, out);
	case FORM_NDJSON:
		return report_ndjson(db, &j->catalogue, l, out);
	case FORM_CSV:
		return report_csv(db, &j->catalogue, l, true, out);
	case FORM_XML:
		return report_nmap_xml(db, out);
	}
	return -EINVAL;
}

struct telling {
	struct db *db;
	const struct judging *judging;
	enum form form;
};

static int write_one(FILE *out, void *context)
{
	const struct telling *t = context;

	return write_form(t->db, t->judging, t->form, out);
}

static bool write_file(struct db *db, const struct judging *j, enum form form, const char *path)
{
	struct telling t = { .db = db, .judging = j, .form = form };
	int error = path != NULL ? output_write(path, write_one, &t) : 0;

	if (error != 0)
		output_message(path, error);
	return error == 0;
}

static bool fails_on(struct db *db, const char *severity)
{
	int64_t n = 0;

	if (severity == NULL)
		return false;
	for (enum severity s = severity_of_word(severity); s < SEVERITIES && n == 0; s++) {
		char sql[128];

		snprintf(sql, sizeof(sql),
			 "SELECT count(*) FROM finding_now WHERE status = 'open' AND severity = "
			 "'%s'",
			 severity_word(s));
		db_number(db, sql, 0, &n);
	}
	return n > 0;
}

int judging_end(struct judging *j, struct store *store, int64_t scan,
		const struct judging_outputs *outputs, const char *store_path, const char *fail_on)
{
	struct db *db;
	struct complaints c = { 0 };
	struct judge_options options = { .complaints = &c };
	struct report_files files = { .store = store_path, .html = outputs->html };
	int status = EXIT_INCOMPLETE;

	if (db_borrow(store_db(store), &db) != 0)
		return status;
	if (judge_run(db, &j->catalogue, scan, j->probes, &j->ports, &options) != 0 ||
	    judge_keep(db) != 0) {
		fprintf(stderr, _("error: %s: the scan cannot be judged: %s\n"), store_path,
			db_error(db));
	} else {
		bool good = write_file(db, j, FORM_HTML, outputs->html);

		good = write_file(db, j, FORM_JSON, outputs->json) && good;
		good = write_file(db, j, FORM_NDJSON, outputs->ndjson) && good;
		good = write_file(db, j, FORM_CSV, outputs->csv) && good;
		good = write_file(db, j, FORM_XML, outputs->nmap_xml) && good;
		if (outputs->summary) {
			int r = report_summary(db, &j->catalogue, i18n_language(), &files, stdout);

			/* Closed stdout (EBADF, EPIPE) is how unattended scans run: the files hold it all. */
			if (r == 0 && fflush(stdout) != 0 && errno != EBADF && errno != EPIPE)
				r = -errno;
			if (r != 0)
				output_message(NULL, r);
			good = r == 0 && good;
		}
		if (good)
			status = fails_on(db, fail_on) ? EXIT_FOUND : EXIT_DONE;
	}
	complaints_print(&c, stderr);
	complaints_done(&c);
	judge_forget(db);
	db_free(db);
	return status;
}
