/* SPDX-License-Identifier: Apache-2.0 */
/* tenken report: the summary and the page of the newest scan in a store. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "codec/i18n.h"
#include "codec/span.h"
#include "commands/commands.h"
#include "commands/output.h"
#include "commands/reading.h"
#include "report/report.h"

struct options {
	const char *store, *html, *view;
	bool no_html, quiet;
	const char *profiles[OPTION_LIST], *checks[OPTION_LIST];
	size_t profile_count, check_count;
	const char *site, *at; /* of today; NULL: not said */
	const char *since;
};

static void help(void)
{
	printf(_("Usage: tenken report STORE [--html FILE]\n"
		 "Judges the newest scan of a store again, prints its summary and writes the HTML "
		 "page.\n"
		 "  --html FILE      default beside the store; - is standard output, without "
		 "summary\n"
		 "  --view VIEW      whom the page is for at first: all, management, it, ot, "
		 "auditor\n"
		 "  --no-html        only the summary\n"
		 "  --quiet          only the page\n"
		 "  -c, --site FILE  answers, waivers, measures and decisions of today's site file "
		 "instead of\n                   those kept with the scan, judged as of today\n"
		 "  --at DAY         judge what people declared as of that day (YYYY-MM-DD)\n"
		 "  --since WHEN     tell changes since a day, or since a run by its number; "
		 "default "
		 "the run\n                   before\n"
		 "  --profile NAME   guideline to judge by (a name, a file, all); default those of "
		 "the "
		 "scan\n                   (repeatable)\n"
		 "  --checks FILE    checks of your own (repeatable)\n"
		 "Exit status: 0 done; 2 usage, no such store, a wrong check file, or an output "
		 "that\ncannot be opened; 3 the store could not be read or writing failed.\n"));
}

/* EXIT_DONE to go on, EXIT_USAGE after a message, -1 after the help. */
static int read_options(int argc, char **argv, struct options *o)
{
	enum { HTML = 256, VIEW, NO_HTML, QUIET, PROFILE, CHECKS, AT, SINCE };
	static const struct option long_options[] = {
		{ "html", required_argument, NULL, HTML },
		{ "view", required_argument, NULL, VIEW },
		{ "no-html", no_argument, NULL, NO_HTML },
		{ "quiet", no_argument, NULL, QUIET },
		{ "profile", required_argument, NULL, PROFILE },
		{ "checks", required_argument, NULL, CHECKS },
		{ "site", required_argument, NULL, 'c' },
		{ "at", required_argument, NULL, AT },
		{ "since", required_argument, NULL, SINCE },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c;

	opterr = 0;
	optind = 0;
	while ((c = getopt_long(argc, argv, ":hc:", long_options, NULL)) != -1) {
		switch (c) {
		case HTML:
			o->html = optarg;
			break;
		case VIEW:
			if (!report_view_known(optarg)) {
				fprintf(stderr,
					_("error: unknown view '%s': all, management, it, ot, "
					  "auditor\n"),
					optarg);
				return EXIT_USAGE;
			}
			o->view = optarg;
			break;
		case NO_HTML:
			o->no_html = true;
			break;
		case QUIET:
			o->quiet = true;
			break;
		case PROFILE:
			if (!option_add(o->profiles, &o->profile_count, optarg, "--profile"))
				return EXIT_USAGE;
			break;
		case CHECKS:
			if (!option_add(o->checks, &o->check_count, optarg, "--checks"))
				return EXIT_USAGE;
			break;
		case 'c':
			o->site = optarg;
			break;
		case AT:
			o->at = optarg;
			break;
		case SINCE:
			o->since = optarg;
			break;
		case 'h':
			help();
			return -1;
		case ':':
			fprintf(stderr, _("error: %s needs a value\n"), argv[optind - 1]);
			return EXIT_USAGE;
		default:
			fprintf(stderr, _("error: unknown option '%s'; see tenken report --help\n"),
				argv[optind - 1]);
			return EXIT_USAGE;
		}
	}
	if (argc - optind != 1) {
		fprintf(stderr, argc == optind ? _("error: which store? tenken report STORE\n")
					       : _("error: one store at a time\n"));
		return EXIT_USAGE;
	}
	o->store = argv[optind];
	return EXIT_DONE;
}

/* "plant.tenken" and "tenken.sqlite" become "plant.html" and "tenken.html", as after a scan. */
static char *page_beside(const char *store)
{
	const char *dot = strrchr(store, '.'), *slash = strrchr(store, '/');
	size_t n = strlen(store);
	char *path;

	if (dot != NULL && (slash == NULL || dot > slash))
		n = (size_t)(dot - store);
	return asprintf(&path, "%.*s.html", (int)n, store) < 0 ? NULL : path;
}

struct telling {
	const struct reading *reading;
	const char *view;
	struct report_files files;
};

static int write_page(FILE *out, void *context)
{
	const struct telling *t = context;

	return report_html(t->reading->store.db, t->reading->catalogue, i18n_language(), t->view,
			   out);
}

static int write_summary(FILE *out, void *context)
{
	const struct telling *t = context;

	return report_summary(t->reading->store.db, t->reading->catalogue, i18n_language(),
			      &t->files, out);
}

int command_report(int argc, char **argv)
{
	struct options o = { 0 };
	struct reading reading;
	int status = read_options(argc, argv, &o);

	if (status != EXIT_DONE)
		return status < 0 ? EXIT_DONE : status;
	char *page = o.no_html ? NULL : o.html != NULL ? strdup(o.html) : page_beside(o.store);
	if (page == NULL && !o.no_html)
		return output_message(o.html, -ENOMEM);
	const char *const inputs[] = { o.store, o.site };
	if (!output_spares(page, inputs, countof(inputs))) {
		free(page);
		return EXIT_USAGE;
	}
	status = reading_start_today(&reading, o.store, o.profiles, o.profile_count, o.checks,
				     o.check_count, o.site, o.at);
	if (status == EXIT_DONE)
		status = reading_since(&reading, o.store, o.since);
	bool judged = status == EXIT_DONE;
	struct telling t = { .reading = &reading,
			     .view = o.view,
			     .files = { .store = o.store, .html = page } };
	if (status == EXIT_DONE && page != NULL) {
		int r = output_write(page, write_page, &t);

		if (r != 0) {
			status = output_message(page, r);
			t.files.html = NULL;
		}
	}
	bool on_stdout = page != NULL && strcmp(page, "-") == 0;
	if (judged && !o.quiet && !on_stdout) {
		int r = output_write(NULL, write_summary, &t);

		if (r != 0 && status == EXIT_DONE)
			status = output_message(NULL, r);
	}
	if (status == EXIT_DONE)
		status = reading.judged;
	reading_done(&reading);
	free(page);
	return status;
}
