/* SPDX-License-Identifier: Apache-2.0 */
/* tenken diff: what changed between two runs of a store, or between two stores. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "codec/i18n.h"
#include "codec/span.h"
#include "commands/commands.h"
#include "commands/output.h"
#include "commands/reading.h"
#include "judge/compare.h"
#include "judge/judge.h"
#include "report/diff.h"
#include "report/text.h"
#include "report/words.h"

struct options {
	const char *stores[2]; /* the same twice where there is one */
	int64_t from, to;      /* 0: not said */
	const char *json, *csv, *fail_on;
	bool quiet, runs;
	const char *profiles[OPTION_LIST], *checks[OPTION_LIST];
	size_t profile_count, check_count;
	const char *site, *at; /* of today; NULL: not said */
};

static void help(void)
{
	printf(_(
		"Usage: tenken diff STORE [--from RUN] [--to RUN]\n"
		"       tenken diff STORE STORE\n"
		"What changed: findings, hosts, services and verdicts. Of one store the newest run "
		"and the\none before it of the same kind and vantage, or those that are named; of "
		"two stores the\nnewest run of each.\n"
		"  --runs           list the runs of a store with their numbers\n"
		"  --from RUN       number of the earlier run\n"
		"  --to RUN         number of the later run\n"
		"  --json FILE      every change (doc/schema/diff-1.json); - is standard output\n"
		"  --csv FILE       every change as one table, UTF-8 with a byte order mark\n"
		"  --quiet          no text\n"
		"  --fail-on SEVERITY  exit status 1 where a new or returned finding is as severe\n"
		"  -c, --site FILE  of the later run: answers, waivers, measures and decisions of "
		"today's\n                   site file instead of those kept with it, judged as of "
		"today\n"
		"  --at DAY         judge what people declared as of that day (YYYY-MM-DD)\n"
		"  --profile NAME   guideline to judge by; default those of the later run "
		"(repeatable)\n"
		"  --checks FILE    checks of your own (repeatable)\n"
		"Exit status: 0 done; 1 --fail-on was met; 2 usage, no such store or run, an "
		"output "
		"that\ncannot be opened; 3 a store could not be read or writing failed.\n"));
}

static bool read_run(const char *text, const char *option, int64_t *ret)
{
	char *end;

	errno = 0;
	long long v = strtoll(text, &end, 10);
	if (text[0] < '1' || text[0] > '9' || *end != '\0' || errno != 0) {
		fprintf(stderr,
			_("error: %s takes the number of a run (tenken diff STORE --runs lists "
			  "them), not '%s'\n"),
			option, text);
		return false;
	}
	*ret = v;
	return true;
}

static bool severity_known(const char *word)
{
	if (severity_of_word(word) != SEVERITIES)
		return true;
	fprintf(stderr, _("error: --fail-on takes info, low, medium, high or critical, not '%s'\n"),
		word);
	return false;
}

/* EXIT_DONE to go on, EXIT_USAGE after a message, -1 after the help. */
static int read_options(int argc, char **argv, struct options *o)
{
	enum { FROM = 256, TO, RUNS, JSON, CSV, QUIET, FAIL_ON, PROFILE, CHECKS, AT };
	static const struct option long_options[] = {
		{ "from", required_argument, NULL, FROM },
		{ "to", required_argument, NULL, TO },
		{ "runs", no_argument, NULL, RUNS },
		{ "json", required_argument, NULL, JSON },
		{ "csv", required_argument, NULL, CSV },
		{ "quiet", no_argument, NULL, QUIET },
		{ "fail-on", required_argument, NULL, FAIL_ON },
		{ "profile", required_argument, NULL, PROFILE },
		{ "checks", required_argument, NULL, CHECKS },
		{ "site", required_argument, NULL, 'c' },
		{ "at", required_argument, NULL, AT },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	bool good = true;
	int c;

	opterr = 0;
	optind = 0;
	while (good && (c = getopt_long(argc, argv, ":hc:", long_options, NULL)) != -1) {
		switch (c) {
		case FROM:
			good = read_run(optarg, "--from", &o->from);
			break;
		case TO:
			good = read_run(optarg, "--to", &o->to);
			break;
		case RUNS:
			o->runs = true;
			break;
		case JSON:
			o->json = optarg;
			break;
		case CSV:
			o->csv = optarg;
			break;
		case QUIET:
			o->quiet = true;
			break;
		case FAIL_ON:
			o->fail_on = optarg;
			good = severity_known(optarg);
			break;
		case PROFILE:
			good = option_add(o->profiles, &o->profile_count, optarg, "--profile");
			break;
		case CHECKS:
			good = option_add(o->checks, &o->check_count, optarg, "--checks");
			break;
		case 'c':
			o->site = optarg;
			break;
		case AT:
			o->at = optarg;
			break;
		case 'h':
			help();
			return -1;
		case ':':
			fprintf(stderr, _("error: %s needs a value\n"), argv[optind - 1]);
			return EXIT_USAGE;
		default:
			fprintf(stderr, _("error: unknown option '%s'; see tenken diff --help\n"),
				argv[optind - 1]);
			return EXIT_USAGE;
		}
	}
	if (!good)
		return EXIT_USAGE;
	int stores = argc - optind;
	if (stores < 1 || stores > 2) {
		fprintf(stderr, stores < 1 ? _("error: which store? tenken diff STORE\n")
					   : _("error: at most two stores\n"));
		return EXIT_USAGE;
	}
	o->stores[0] = argv[optind];
	o->stores[1] = argv[optind + stores - 1];
	return EXIT_DONE;
}

/* ---- which runs ---- */

static int write_runs(FILE *out, void *context)
{
	struct db *db = context;
	struct query *q = NULL;
	char time[TIME_TEXT];
	int r = query_new(db,
			  "SELECT id, kind, vantage, started, status, site FROM main.scan"
			  " ORDER BY id",
			  &q);

	while (r >= 0 && (r = query_step(q)) == 1) {
		fprintf(out, "%6" PRId64 "  %s  %s  ", query_int(q, 0),
			time_utc(query_int(q, 3), time),
			run_kind_text(query_text(q, 1), i18n_language()));
		put_line(out, query_text(q, 2));
		fputs("  ", out);
		put_line(out, query_text(q, 5));
		if (strcmp(query_text(q, 4), "done") != 0)
			fprintf(out, "  %s", word(W_INCOMPLETE, i18n_language()));
		putc('\n', out);
	}
	query_free(q);
	return r;
}

/* One row of the query or no run at all (0). */
static int64_t run_of(struct db *db, const char *sql, int64_t value)
{
	struct query *q = NULL;
	int64_t id = query_new(db, sql, &q);

	if (id == 0 && query_bind_int(q, 1, value) == 0) {
		int r = query_step(q);

		id = r == 1 ? query_int(q, 0) : r;
	}
	query_free(q);
	return id;
}

/* The run that is named, else the newest of the store; 0 after a message. */
static int64_t later_run(struct db *db, const char *path, int64_t named)
{
	int64_t id = named != 0 ? run_of(db, "SELECT id FROM main.scan WHERE id = ?1", named)
				: store_newest_scan(db);

	if (id > 0)
		return id;
	if (id < 0)
		reading_message(path, STORE_BROKEN, db_error(db));
	else if (named != 0)
		fprintf(stderr, _("error: %s: holds no run %lld; --runs lists them\n"), path,
			(long long)named);
	else
		fprintf(stderr, _("error: %s: holds no scan\n"), path);
	return 0;
}

static int64_t run_before(struct db *db, const char *path, int64_t later)
{
	int64_t id = run_of(db,
			    "SELECT s.id FROM main.scan s JOIN main.scan t ON t.id = ?1"
			    " WHERE s.id < t.id AND s.site = t.site AND s.kind = t.kind"
			    "  AND s.vantage = t.vantage AND s.status <> 'running'"
			    " ORDER BY s.id DESC LIMIT 1",
			    later);

	if (id > 0)
		return id;
	if (id < 0)
		reading_message(path, STORE_BROKEN, db_error(db));
	else
		fprintf(stderr,
			_("error: %s: there is no earlier run of the same kind and vantage as run "
			  "%lld; name one with --from (--runs lists them)\n"),
			path, (long long)later);
	return 0;
}

/* ---- what is told ---- */

struct telling {
	struct db *db;
	const struct catalogue *catalogue;
};

static int write_text(FILE *out, void *context)
{
	const struct telling *t = context;

	return report_diff(t->db, t->catalogue, i18n_language(), out);
}

static int write_json(FILE *out, void *context)
{
	const struct telling *t = context;

	return report_diff_json(t->db, t->catalogue, i18n_language(), out);
}

static int write_csv(FILE *out, void *context)
{
	const struct telling *t = context;

	return report_diff_csv(t->db, t->catalogue, i18n_language(), out);
}

static int write_to(const char *path, int (*write)(FILE *, void *), struct telling *t)
{
	int r = output_write(path, write, t);

	return r == 0 ? EXIT_DONE : output_message(path, r);
}

static bool fails(struct db *db, const char *severity)
{
	int64_t n = 0;

	for (enum severity s = severity_of_word(severity); s < SEVERITIES && n == 0; s++) {
		char sql[192];

		snprintf(sql, sizeof(sql),
			 "SELECT count(*) FROM temp.changed_finding WHERE status = 'open'"
			 " AND change IN ('new', 'reopened') AND severity = '%s'",
			 severity_word(s));
		db_number(db, sql, 0, &n);
	}
	return n > 0;
}

static int tell(const struct options *o, struct telling *t)
{
	bool on_stdout = (o->json != NULL && strcmp(o->json, "-") == 0) ||
			 (o->csv != NULL && strcmp(o->csv, "-") == 0);
	int status = o->json != NULL ? write_to(o->json, write_json, t) : EXIT_DONE;

	if (status == EXIT_DONE && o->csv != NULL)
		status = write_to(o->csv, write_csv, t);
	if (status == EXIT_DONE && !o->quiet && !on_stdout)
		status = write_to(NULL, write_text, t);
	if (status == EXIT_DONE && o->fail_on != NULL && fails(t->db, o->fail_on))
		status = EXIT_FOUND;
	return status;
}

/* NULL: they can be compared. */
static const char *not_comparable(struct db *a, int64_t run_a, struct db *b, int64_t run_b)
{
	static const char sql[] = "SELECT site, started FROM main.scan WHERE id = ?";
	struct query *x = NULL, *y = NULL;
	const char *words = NULL;

	if (a == b && run_a == run_b)
		words = _("a run is compared with another one");
	else if (query_new(a, sql, &x) < 0 || query_new(b, sql, &y) < 0 ||
		 query_bind_int(x, 1, run_a) < 0 || query_bind_int(y, 1, run_b) < 0 ||
		 query_step(x) != 1 || query_step(y) != 1)
		words = _("the store is damaged or cannot be read");
	else if (strcmp(query_text(x, 0), query_text(y, 0)) != 0)
		words = _("the two runs are of different sites");
	else if (query_int(x, 1) > query_int(y, 1))
		words = _("the first run is later than the second");
	query_free(x);
	query_free(y);
	return words;
}

static int compare(const struct options *o, struct reading *r, struct db *earlier)
{
	struct db *later = r->store.db;
	int64_t to = later_run(later, o->stores[1], o->to), from = 0;

	if (to != 0)
		from = earlier == later && o->from == 0 ? run_before(later, o->stores[1], to)
							: later_run(earlier, o->stores[0], o->from);
	if (to == 0 || from == 0)
		return EXIT_USAGE;
	const char *words = not_comparable(earlier, from, later, to);
	if (words != NULL) {
		fprintf(stderr, _("error: %s\n"), words);
		return EXIT_USAGE;
	}
	int status = reading_load(r, later, to, o->profiles, o->profile_count, o->checks,
				  o->check_count);
	if (status == EXIT_DONE)
		status = reading_judge(r, earlier, o->stores[0], from);
	if (status == EXIT_DONE && compare_take(earlier, later) != 0)
		status = reading_message(o->stores[1], STORE_BROKEN, db_error(later));
	if (status == EXIT_DONE && earlier != later)
		judge_forget(earlier);
	/* The earlier run keeps the answers of its own day. */
	if (status == EXIT_DONE)
		status =
			today_load(&r->today, o->site, o->at, o->checks, o->check_count, later, to);
	if (status == EXIT_DONE)
		status = reading_judge(r, later, o->stores[1], to);
	if (status == EXIT_DONE && compare_make(later) != 0)
		status = reading_message(o->stores[1], STORE_BROKEN, db_error(later));
	struct telling t = { later, r->catalogue };
	if (status == EXIT_DONE)
		status = tell(o, &t);
	if (r->judged != EXIT_DONE && (status == EXIT_DONE || status == EXIT_FOUND))
		status = r->judged;
	return status;
}

int command_diff(int argc, char **argv)
{
	struct options o = { 0 };
	struct reading later = { 0 };
	struct store_reader earlier = { 0 };
	int status = read_options(argc, argv, &o);

	if (status != EXIT_DONE)
		return status < 0 ? EXIT_DONE : status;
	const char *const inputs[] = { o.stores[0], o.stores[1], o.site };
	if (!output_spares(o.json, inputs, countof(inputs)) ||
	    !output_spares(o.csv, inputs, countof(inputs)))
		return EXIT_USAGE;
	bool two = o.stores[0] != o.stores[1];
	if (two)
		status = reading_open(o.stores[0], &earlier);
	if (status == EXIT_DONE)
		status = reading_open(o.stores[1], &later.store);
	if (status == EXIT_DONE && o.runs) {
		int r = output_write(NULL, write_runs, later.store.db);

		status = r == 0 ? EXIT_DONE : output_message(NULL, r);
	} else if (status == EXIT_DONE) {
		status = compare(&o, &later, two ? earlier.db : later.store.db);
	}
	reading_done(&later);
	store_close_read(&earlier);
	return status;
}
