/* SPDX-License-Identifier: Apache-2.0 */
/* tenken export: the newest scan of a store for other programs. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "codec/i18n.h"
#include "codec/span.h"
#include "commands/commands.h"
#include "commands/export_bundle.h"
#include "commands/export_push.h"
#include "commands/export_tickets.h"
#include "commands/output.h"
#include "commands/reading.h"
#include "push/push.h"
#include "report/formats.h"
#include "site/site.h"

struct options {
	const char *store, *file, *table;
	const struct export_format *format;
	enum encoding encoding;
	struct ticket_options tickets;
	struct push_options push;
	const char *bundle, *sign_key;
	const char *profiles[OPTION_LIST], *checks[OPTION_LIST];
	size_t profile_count, check_count;
	const char *site, *at; /* of today; NULL: not said */
	const char *since;
};

static void help(void)
{
	printf(_("Usage: tenken export STORE --format FORM [-o FILE]\n"
		 "       tenken export STORE --push URL\n"
		 "       tenken export STORE --bundle FILE --sign-key KEY\n"
		 "Judges the newest scan of a store again and writes it for other programs.\n"
		 "  --format FORM    one of:\n"));
	for (const struct export_format *f = export_formats; f->name != NULL; f++)
		printf("    %-16s %s\n", f->name, _(f->words));
	printf(_("  -o, --output FILE  default standard output\n"
		 "  --table NAME     of a format that has several tables\n"
		 "  --encoding NAME  csv: utf-8, utf-8-bom (Excel reads it as UTF-8), cp932\n"
		 "  --bom            the same as --encoding utf-8-bom\n"
		 "Tickets, of what is new or changed since they were written last:\n"
		 "  --list WORDS     new, update, close, reopen; default what the importer can do\n"
		 "  --all            everything open, as if nothing had been written before\n"
		 "  --no-record      do not remember what is written now\n"
		 "  --part-size N    so many in a file; 0: all; default what the importer takes\n"
		 "  --parent N       redmine: the ticket above them\n"
		 "Pushing:\n"
		 "  --push URL       post json or ndjson to a server; site: to those of the site "
		 "file\n"
		 "  --secret-file FILE  a secret for it, in a file of mode 600\n"
		 "  --ca-file FILE   certificates to trust beside those of the system\n"
		 "  --proxy URL      by this proxy; default none\n"
		 "  --tries N        attempts for each batch, default %d\n"
		 "  --timeout N      seconds of an attempt, default %d\n"
		 "An audit bundle:\n"
		 "  --bundle FILE    store, report, tables, journal and site file, signed\n"
		 "  --sign-key FILE  by this key; default 'signing_key' of the site file\n"
		 "Judging:\n"
		 "  -c, --site FILE  answers, waivers, measures and decisions of today's site file "
		 "instead of\n                   those kept with the scan, judged as of today\n"
		 "  --at DAY         judge what people declared as of that day (YYYY-MM-DD)\n"
		 "  --since WHEN     tell changes since a day, or since a run by its number; "
		 "default "
		 "the run\n                   before\n"
		 "  --profile NAME   guideline to judge by; default those of the scan "
		 "(repeatable)\n"
		 "  --checks FILE    checks of your own (repeatable)\n"
		 "Exit status: 0 done; 2 usage, no such store, a wrong check file, or an output "
		 "that\ncannot be opened; 3 the store could not be read, writing failed, or not "
		 "all was\npushed.\n"),
	       PUSH_TRIES, PUSH_TIMEOUT_S);
}

/* "json, ndjson, csv or nmap-xml": words of a list for a message. */
struct list_text {
	char text[512];
	size_t length;
};

static void list_add(struct list_text *l, const char *word)
{
	size_t room = sizeof(l->text) - l->length;
	int n = snprintf(l->text + l->length, room, "%s%s", l->length == 0 ? "" : ", ", word);

	l->length += n > 0 && (size_t)n < room ? (size_t)n : 0;
}

static const char *format_names(struct list_text *l)
{
	*l = (struct list_text){ 0 };
	for (const struct export_format *f = export_formats; f->name != NULL; f++)
		list_add(l, f->name);
	return l->text;
}

/* What does not go with the format. */
static int check_together(const struct options *o)
{
	const struct export_format *f = o->format;

	if (o->encoding != ENCODING_UTF8 && !f->encodings) {
		fprintf(stderr, _("error: %s is always UTF-8: --encoding and --bom are for CSV\n"),
			f->name);
		return EXIT_USAGE;
	}
	if (o->table != NULL && f->tables == NULL) {
		fprintf(stderr, _("error: %s has no tables to choose from\n"), f->name);
		return EXIT_USAGE;
	}
	if (o->table != NULL && !export_has_table(f, o->table)) {
		struct list_text tables = { 0 };

		for (size_t i = 0; f->tables[i] != NULL; i++)
			list_add(&tables, f->tables[i]);
		fprintf(stderr, _("error: --table takes one of %s for %s, not '%s'\n"), tables.text,
			f->name, o->table);
		return EXIT_USAGE;
	}
	if (ticket_target(f) == NULL && ticket_options_given(&o->tickets)) {
		fprintf(stderr,
			_("error: %s has no tickets: --list, --all, --part-size and "
			  "--parent are for those\n"),
			f->name);
		return EXIT_USAGE;
	}
	if (ticket_target(f) != NULL && o->since != NULL) {
		fprintf(stderr,
			_("error: --since is not for tickets: they tell what changed since they "
			  "were written last\n"));
		return EXIT_USAGE;
	}
	if (f->binary && isatty(STDOUT_FILENO) && (o->file == NULL || strcmp(o->file, "-") == 0)) {
		fprintf(stderr, _("error: %s is nothing for a terminal: name a file with -o\n"),
			f->name);
		return EXIT_USAGE;
	}
	return EXIT_DONE;
}

/* What is pushed or bundled leaves no file of its own. */
static int check_elsewhere(const struct options *o)
{
	if (o->push.url != NULL && o->bundle != NULL)
		fprintf(stderr, _("error: --push and --bundle are two commands\n"));
	else if (o->file != NULL)
		fprintf(stderr, _("error: -o does not go with --push and --bundle\n"));
	else if (o->at != NULL || o->since != NULL)
		fprintf(stderr, _("error: %s does not go with --push and --bundle\n"),
			o->at != NULL ? "--at" : "--since");
	else if (o->bundle != NULL && o->format != NULL)
		fprintf(stderr, _("error: a bundle has no --format\n"));
	else if (o->bundle != NULL && o->sign_key == NULL && o->site == NULL)
		fprintf(stderr, _("error: a bundle is signed: --sign-key FILE, or -c and "
				  "'signing_key' of the site file\n"));
	else if (o->format != NULL && o->table != NULL &&
		 (o->format->tables == NULL || !export_has_table(o->format, o->table)))
		fprintf(stderr, _("error: %s has no table '%s'\n"), o->format->name, o->table);
	else
		return EXIT_DONE;
	return EXIT_USAGE;
}

/* EXIT_DONE to go on, EXIT_USAGE after a message, -1 after the help. */
static int read_options(int argc, char **argv, struct options *o)
{
	enum {
		FORMAT = 256,
		BOM,
		ENCODING,
		TABLE,
		LISTS,
		ALL,
		NO_RECORD,
		PART_SIZE,
		PARENT,
		PUSH,
		SECRET_FILE,
		CA_FILE,
		PROXY,
		TRIES,
		TIMEOUT,
		BUNDLE,
		SIGN_KEY,
		PROFILE,
		AT,
		SINCE,
		CHECKS
	};
	static const struct option long_options[] = {
		{ "format", required_argument, NULL, FORMAT },
		{ "output", required_argument, NULL, 'o' },
		{ "table", required_argument, NULL, TABLE },
		{ "encoding", required_argument, NULL, ENCODING },
		{ "bom", no_argument, NULL, BOM },
		{ "list", required_argument, NULL, LISTS },
		{ "all", no_argument, NULL, ALL },
		{ "no-record", no_argument, NULL, NO_RECORD },
		{ "part-size", required_argument, NULL, PART_SIZE },
		{ "parent", required_argument, NULL, PARENT },
		{ "push", required_argument, NULL, PUSH },
		{ "secret-file", required_argument, NULL, SECRET_FILE },
		{ "ca-file", required_argument, NULL, CA_FILE },
		{ "proxy", required_argument, NULL, PROXY },
		{ "tries", required_argument, NULL, TRIES },
		{ "timeout", required_argument, NULL, TIMEOUT },
		{ "bundle", required_argument, NULL, BUNDLE },
		{ "sign-key", required_argument, NULL, SIGN_KEY },
		{ "profile", required_argument, NULL, PROFILE },
		{ "checks", required_argument, NULL, CHECKS },
		{ "site", required_argument, NULL, 'c' },
		{ "at", required_argument, NULL, AT },
		{ "since", required_argument, NULL, SINCE },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct list_text names;
	int c;

	opterr = 0;
	optind = 0;
	while ((c = getopt_long(argc, argv, ":ho:c:", long_options, NULL)) != -1) {
		switch (c) {
		case FORMAT:
			o->format = export_format_of(optarg);
			if (o->format == NULL) {
				fprintf(stderr, _("error: --format takes one of %s, not '%s'\n"),
					format_names(&names), optarg);
				return EXIT_USAGE;
			}
			break;
		case 'o':
			o->file = optarg;
			break;
		case BOM:
			o->encoding = ENCODING_UTF8_BOM;
			break;
		case ENCODING:
			o->encoding = encoding_of_word(optarg);
			if (o->encoding == ENCODINGS) {
				fprintf(stderr,
					_("error: --encoding takes utf-8, utf-8-bom or cp932, not "
					  "'%s'\n"),
					optarg);
				return EXIT_USAGE;
			}
			break;
		case TABLE:
			o->table = optarg;
			break;
		case LISTS:
			o->tickets.lists = optarg;
			break;
		case ALL:
			o->tickets.all = true;
			break;
		case NO_RECORD:
			o->tickets.no_record = true;
			break;
		case PART_SIZE:
			o->tickets.part_size = optarg;
			break;
		case PARENT:
			o->tickets.parent = optarg;
			break;
		case PUSH:
			o->push.url = optarg;
			break;
		case SECRET_FILE:
			o->push.secret_file = optarg;
			break;
		case CA_FILE:
			o->push.ca_file = optarg;
			break;
		case PROXY:
			o->push.proxy = optarg;
			break;
		case TRIES:
			o->push.tries = optarg;
			break;
		case TIMEOUT:
			o->push.timeout = optarg;
			break;
		case BUNDLE:
			o->bundle = optarg;
			break;
		case SIGN_KEY:
			o->sign_key = optarg;
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
	o->store = argv[optind];
	if (o->push.url != NULL || o->bundle != NULL)
		return check_elsewhere(o);
	if (o->format == NULL) {
		fprintf(stderr, _("error: which format? --format takes one of %s\n"),
			format_names(&names));
		return EXIT_USAGE;
	}
	return check_together(o);
}

struct telling {
	const struct export_format *format;
	struct export_job job;
	struct export_told told;
	uint64_t replaced;
};

static int write_form(FILE *out, void *context)
{
	struct telling *t = context;

	return export_write(t->format, &t->job, &t->replaced, out);
}

/* What is not in the output as it is in the store. */
static void tell_losses(const struct telling *t)
{
	if (t->replaced > 0)
		fprintf(stderr,
			_("warning: %llu characters that CP932 lacks were replaced by a geta "
			  "mark\n"),
			(unsigned long long)t->replaced);
	if (t->told.cells_cut > 0)
		fprintf(stderr, _("warning: %llu cells were longer than %s allows and were cut\n"),
			(unsigned long long)t->told.cells_cut, t->format->name);
	if (t->told.rows_left > 0)
		fprintf(stderr, _("warning: %llu rows more than %s holds were left out\n"),
			(unsigned long long)t->told.rows_left, t->format->name);
}

/* Written whole, then remembered: what goes wrong in between is told again, and found by its fingerprint. */
static int export_tickets(const struct options *o)
{
	struct ticket_settings settings;
	struct ticket_run run = {
		.format = o->format, .settings = &settings, .file = o->file, .encoding = o->encoding
	};
	struct reading reading;
	int status = ticket_options_read(&o->tickets, o->format, &settings, &run.part_size);

	if (status == EXIT_DONE && !o->tickets.no_record)
		status = tickets_check_store(o->store);
	if (status != EXIT_DONE)
		return status;
	status = reading_start_today(&reading, o->store, o->profiles, o->profile_count, o->checks,
				     o->check_count, o->site, o->at);
	if (status == EXIT_DONE)
		status = tickets_put(&run, reading.store.db, reading.catalogue);
	if (status == EXIT_DONE)
		tell_losses(&(struct telling){ .format = o->format, .replaced = run.replaced });
	int judged = reading.judged;
	reading_done(&reading);
	if (status == EXIT_DONE && !o->tickets.no_record)
		status = tickets_remember(&run, o->store);
	tickets_done(&run.chosen);
	return status == EXIT_DONE ? judged : status;
}

/* Is anything answered or decided in the site file, or in its file of answers? */
static bool site_answers(const struct site *s)
{
	return s->attestation_count + s->waiver_count + s->measure_count + s->treatment_count +
		       s->decision_count + s->threshold_count + s->goal_count + s->tier_count >
	       0;
}

static int push_or_bundle(struct options *o)
{
	struct site site = { 0 };
	struct complaints c = { 0 };
	int status = EXIT_DONE;

	if (o->site != NULL && site_load(o->site, &site, &c) != 0)
		status = EXIT_USAGE;
	complaints_print(&c, stderr);
	complaints_done(&c);
	if (status == EXIT_DONE && o->push.url != NULL) {
		o->push.again = o->tickets.all;
		o->push.no_record = o->tickets.no_record;
		status = export_push(&o->push,
				     &(struct push_source){ .store = o->store,
							    .format = o->format,
							    .table = o->table,
							    .profiles = o->profiles,
							    .checks = o->checks,
							    .profile_count = o->profile_count,
							    .check_count = o->check_count,
							    .site = o->site },
				     o->site != NULL ? &site : NULL);
	} else if (status == EXIT_DONE) {
		const char *key = o->sign_key != NULL ? o->sign_key : site.signing_key;

		const char *const inputs[] = { o->store, o->site, key };

		if (key == NULL) {
			fprintf(stderr, _("error: %s: names no 'signing_key'\n"), o->site);
			status = EXIT_USAGE;
		} else if (!output_spares(o->bundle, inputs, countof(inputs))) {
			status = EXIT_USAGE;
		} else {
			today_unnamed(&site);
			status = export_bundle(&(struct bundle_options){
				.file = o->bundle,
				.store = o->store,
				.key = key,
				.profiles = o->profiles,
				.checks = o->checks,
				.profile_count = o->profile_count,
				.check_count = o->check_count,
				.site = site_answers(&site) ? &site.text : NULL,
				.answers = &site.answers_text });
		}
	}
	if (o->site != NULL)
		site_done(&site);
	return status;
}

/* A draft takes no file's place, the approved ledger's least of all: its name is taken before it is written. */
static int reserve(const struct options *o, bool *ret_made)
{
	*ret_made = false;
	if (!o->format->draft || o->file == NULL || strcmp(o->file, "-") == 0)
		return EXIT_DONE;
	int fd = open(o->file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0 && errno == EEXIST) {
		fprintf(stderr,
			_("error: %s: is there already, and a draft takes no file's place\n"),
			o->file);
		return EXIT_USAGE;
	}
	if (fd < 0)
		return output_message(o->file, -errno);
	close(fd);
	*ret_made = true;
	return EXIT_DONE;
}

int command_export(int argc, char **argv)
{
	struct options o = { 0 };
	struct reading reading;
	int status = read_options(argc, argv, &o);

	if (status != EXIT_DONE)
		return status < 0 ? EXIT_DONE : status;
	if (o.push.url != NULL || o.bundle != NULL)
		return push_or_bundle(&o);
	const char *const inputs[] = { o.store, o.site };
	if (!output_spares(o.file, inputs, countof(inputs)))
		return EXIT_USAGE;
	if (ticket_target(o.format) != NULL)
		return export_tickets(&o);
	bool made;
	status = reserve(&o, &made);
	if (status != EXIT_DONE)
		return status;
	status = reading_start_today(&reading, o.store, o.profiles, o.profile_count, o.checks,
				     o.check_count, o.site, o.at);
	if (status == EXIT_DONE)
		status = reading_since(&reading, o.store, o.since);
	if (status == EXIT_DONE) {
		struct telling t = { .format = o.format };

		t.job = (struct export_job){ .db = reading.store.db,
					     .catalogue = reading.catalogue,
					     .language = i18n_language(),
					     .table = o.table,
					     .encoding = o.encoding,
					     .told = &t.told };
		int r = output_write(o.file, write_form, &t);

		if (r != 0)
			status = output_message(o.file, r);
		else
			tell_losses(&t);
	}
	if (status != EXIT_DONE && made)
		unlink(o.file);
	if (status == EXIT_DONE)
		status = reading.judged;
	reading_done(&reading);
	return status;
}
