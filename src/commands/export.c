/* SPDX-License-Identifier: Apache-2.0 */
/* tenken export: the newest scan of a store for other programs. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "codec/i18n.h"
#include "commands/commands.h"
#include "commands/output.h"
#include "commands/reading.h"
#include "report/report.h"

enum { LIST = 16 };
enum form { FORM_JSON, FORM_NDJSON, FORM_CSV, FORM_NMAP_XML, FORMS };
static const char *const forms[FORMS] = { "json", "ndjson", "csv", "nmap-xml" };

struct options {
	const char *store, *file;
	enum form form;
	bool mark;
	const char *profiles[LIST], *checks[LIST];
	size_t profile_count, check_count;
};

static void help(void)
{
	printf(_(
		"Usage: tenken export STORE --format json|ndjson|csv|nmap-xml [-o FILE]\n"
		"Judges the newest scan of a store again and writes it for other programs.\n"
		"  --format FORM    json and ndjson (doc/schema/export-1.json), csv (findings), "
		"nmap-xml\n"
		"  -o, --output FILE  default standard output\n"
		"  --bom            csv: a byte order mark in front, so that Excel reads it as "
		"UTF-8\n"
		"  --profile NAME   guideline to judge by; default those of the scan (repeatable)\n"
		"  --checks FILE    checks of your own (repeatable)\n"
		"Exit status: 0 done; 2 usage, no such store, a wrong check file, or an output "
		"that\ncannot be opened; 3 the store could not be read or writing failed.\n"));
}

static bool form_of_word(const char *word, enum form *ret)
{
	for (int i = 0; i < FORMS; i++)
		if (strcmp(forms[i], word) == 0) {
			*ret = (enum form)i;
			return true;
		}
	return false;
}

static bool add(const char *list[static LIST], size_t *count, const char *text, const char *option)
{
	if (*count == LIST) {
		fprintf(stderr, _("error: option '%s' is given too often\n"), option);
		return false;
	}
	list[(*count)++] = text;
	return true;
}

/* EXIT_DONE to go on, EXIT_USAGE after a message, -1 after the help. */
static int read_options(int argc, char **argv, struct options *o)
{
	enum { FORMAT = 256, BOM, PROFILE, CHECKS };
	static const struct option long_options[] = {
		{ "format", required_argument, NULL, FORMAT },
		{ "output", required_argument, NULL, 'o' },
		{ "bom", no_argument, NULL, BOM },
		{ "profile", required_argument, NULL, PROFILE },
		{ "checks", required_argument, NULL, CHECKS },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	bool formed = false;
	int c;

	opterr = 0;
	optind = 0;
	while ((c = getopt_long(argc, argv, ":ho:", long_options, NULL)) != -1) {
		switch (c) {
		case FORMAT:
			formed = form_of_word(optarg, &o->form);
			if (!formed) {
				fprintf(stderr,
					_("error: --format takes json, ndjson, csv or nmap-xml, "
					  "not '%s'\n"),
					optarg);
				return EXIT_USAGE;
			}
			break;
		case 'o':
			o->file = optarg;
			break;
		case BOM:
			o->mark = true;
			break;
		case PROFILE:
			if (!add(o->profiles, &o->profile_count, optarg, "--profile"))
				return EXIT_USAGE;
			break;
		case CHECKS:
			if (!add(o->checks, &o->check_count, optarg, "--checks"))
				return EXIT_USAGE;
			break;
		case 'h':
			help();
			return -1;
		case ':':
			fprintf(stderr, _("error: %s needs a value\n"), argv[optind - 1]);
			return EXIT_USAGE;
		default:
			fprintf(stderr, _("error: unknown option '%s'; see tenken export --help\n"),
				argv[optind - 1]);
			return EXIT_USAGE;
		}
	}
	if (argc - optind != 1) {
		fprintf(stderr,
			argc == optind
				? _("error: which store? tenken export STORE --format json\n")
				: _("error: one store at a time\n"));
		return EXIT_USAGE;
	}
	if (!formed) {
		fprintf(stderr, _("error: which format? --format json, ndjson, csv or nmap-xml\n"));
		return EXIT_USAGE;
	}
	o->store = argv[optind];
	return EXIT_DONE;
}

struct telling {
	const struct reading *reading;
	const struct options *options;
};

static int write_form(FILE *out, void *context)
{
	const struct telling *t = context;
	struct db *db = t->reading->store.db;
	const struct catalogue *c = t->reading->catalogue;
	enum language l = i18n_language();

	switch (t->options->form) {
	case FORM_JSON:
		return report_json(db, c, l, out);
	case FORM_NDJSON:
		return report_ndjson(db, c, l, out);
	case FORM_CSV:
		return report_csv(db, c, l, t->options->mark, out);
	case FORM_NMAP_XML:
		return report_nmap_xml(db, out);
	default:
		return -EINVAL;
	}
}

int command_export(int argc, char **argv)
{
	struct options o = { 0 };
	struct reading reading;
	int status = read_options(argc, argv, &o);

	if (status != EXIT_DONE)
		return status < 0 ? EXIT_DONE : status;
	status = reading_start(&reading, o.store, o.profiles, o.profile_count, o.checks,
			       o.check_count);
	if (status == EXIT_DONE) {
		struct telling t = { .reading = &reading, .options = &o };
		int r = output_write(o.file, write_form, &t);

		if (r != 0)
			status = output_message(o.file, r);
	}
	if (status == EXIT_DONE)
		status = reading.judged;
	reading_done(&reading);
	return status;
}
