/* SPDX-License-Identifier: Apache-2.0 */
/* tenken update: data about end of support and known vulnerabilities, from files, into a store. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "advice/advice.h"
#include "codec/i18n.h"
#include "commands/commands.h"
#include "commands/rights.h"
#include "commands/writing.h"
#include "store/store.h"

enum { PASSED_SHOWN = 20, STALE_DAYS = 90, DAY = 24 * 60 * 60 };

struct options {
	const char *from, *store, *site;
	bool quiet;
};

static void help(void)
{
	printf(_(
		"Usage: tenken update --from DIR [--store FILE | -c SITE.yaml]\n"
		"Reads offline data about end of support and known vulnerabilities into a store.\n"
		"Nothing is fetched: DIR holds the files (*.json, also in folders within):\n"
		"  endoflife.date   api/v1/products/full, or one file for each product\n"
		"  CISA KEV         known_exploited_vulnerabilities.json\n"
		"  CSAF 2.0         advisories of makers and of CISA\n"
		"All or nothing: with a mistake in one of the files the store stays as it was.\n"
		"What was imported before of the same kind is replaced.\n"
		"  --from DIR       the folder\n"
		"  --store FILE     default ./tenken.sqlite, as of a scan\n"
		"  -c, --site FILE  the store beside this site file\n"
		"  -q, --quiet      say only what is wrong\n"
		"Exit status: 0 done; 2 usage, a mistake in a file, or no such store; 3 the store\n"
		"could not be written.\n"));
}

/* EXIT_DONE to go on, EXIT_USAGE after a message, -1 after the help. */
static int read_options(int argc, char **argv, struct options *o)
{
	enum { FROM = 256, STORE };
	static const struct option long_options[] = {
		{ "from", required_argument, NULL, FROM },
		{ "store", required_argument, NULL, STORE },
		{ "site", required_argument, NULL, 'c' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c;

	opterr = 0;
	optind = 0;
	while ((c = getopt_long(argc, argv, ":c:hq", long_options, NULL)) != -1) {
		switch (c) {
		case FROM:
			o->from = optarg;
			break;
		case STORE:
			o->store = optarg;
			break;
		case 'c':
			o->site = optarg;
			break;
		case 'q':
			o->quiet = true;
			break;
		case 'h':
			help();
			return -1;
		case ':':
			fprintf(stderr, _("error: %s needs a value\n"), argv[optind - 1]);
			return EXIT_USAGE;
		default:
			fprintf(stderr, _("error: unknown option '%s'; see tenken update --help\n"),
				argv[optind - 1]);
			return EXIT_USAGE;
		}
	}
	if (optind < argc) {
		fprintf(stderr, _("error: '%s' is no option; the folder is given with --from\n"),
			argv[optind]);
		return EXIT_USAGE;
	}
	if (o->from == NULL) {
		fprintf(stderr, _("error: which folder? tenken update --from DIR\n"));
		return EXIT_USAGE;
	}
	if (o->store != NULL && o->site != NULL) {
		fprintf(stderr, _("error: --store and -c both name the store\n"));
		return EXIT_USAGE;
	}
	return EXIT_DONE;
}

struct passing {
	const struct options *options;
	size_t count;
};

static void tell_passed(void *context, const char *path)
{
	struct passing *p = context;

	if (++p->count <= PASSED_SHOWN && !p->options->quiet)
		fprintf(stderr, _("warning: %s: no format that is known; passed over\n"), path);
}

/* Days from the day of the data to now; below 0: it bears none. */
static int64_t age_days(const char *date, int64_t now)
{
	struct tm tm = { 0 };

	if (date[0] == '\0' || strptime(date, "%Y-%m-%d", &tm) == NULL)
		return -1;
	int64_t then = timegm(&tm);
	return now < then ? 0 : (now - then) / DAY;
}

static void tell_kind(const struct advice *a, enum advice_kind k, int64_t now)
{
	struct advice_count n = advice_counted(a, k);
	long long entries = n.entries, files = n.files;
	int64_t age = age_days(n.date, now);

	if (n.files == 0)
		return;
	if (k == ADVICE_ENDOFLIFE)
		printf(_("endoflife.date: %lld cycles from %lld files"), entries, files);
	else if (k == ADVICE_KEV)
		printf(_("CISA KEV: %lld vulnerabilities from %lld files"), entries, files);
	else
		printf(_("CSAF: %lld advisories from %lld files"), entries, files);
	if (age < 0)
		printf(_(", of no known day"));
	else
		printf(_(", data of %s"), n.date);
	if (age > STALE_DAYS)
		printf(_(" (%lld days old: look for newer data)"), (long long)age);
	putchar('\n');
}

static int keep(struct advice *a, const char *path, int64_t now)
{
	struct store *store = NULL;
	struct db *db = NULL;
	int status = EXIT_DONE;
	enum store_fault fault = store_open(path, &store);

	if (fault != STORE_OK)
		return writing_message(path, fault, _("it is damaged or cannot be read"));
	int r = db_borrow(store_db(store), &db);
	if (r >= 0)
		r = advice_keep(a, db, now);
	if (r < 0)
		status = writing_message(path, r == -ENOSPC ? STORE_FULL : STORE_BROKEN,
					 db != NULL ? db_error(db) : strerror(-r));
	db_free(db);
	store_close(store);
	return status;
}

static int import(const struct options *o, const char *path)
{
	struct complaints c = { 0 };
	struct passing passing = { .options = o };
	struct advice *a = NULL;
	int64_t now = time(NULL);
	int status = EXIT_USAGE;
	enum advice_read r = ADVICE_OUT_OF_MEMORY;

	if (advice_new(&a) >= 0)
		r = advice_read_folder(a, o->from, tell_passed, &passing, &c);
	if (passing.count > PASSED_SHOWN && !o->quiet)
		fprintf(stderr, _("warning: %zu more files passed over\n"),
			passing.count - PASSED_SHOWN);
	complaints_print(&c, stderr);
	if (r == ADVICE_OUT_OF_MEMORY) {
		fprintf(stderr, _("error: %s\n"), _("out of memory"));
		status = EXIT_INCOMPLETE;
	} else if (r == ADVICE_READ) {
		status = keep(a, path, now);
	}
	for (int k = 0; status == EXIT_DONE && !o->quiet && k < ADVICE_KINDS; k++)
		tell_kind(a, (enum advice_kind)k, now);
	complaints_done(&c);
	advice_free(a);
	return status;
}

int command_update(int argc, char **argv)
{
	struct options o = { 0 };
	struct stat st;
	int status = read_options(argc, argv, &o);

	if (status != EXIT_DONE)
		return status < 0 ? EXIT_DONE : status;
	if (!rights_of_caller())
		return EXIT_INCOMPLETE;
	if (o.site != NULL && stat(o.site, &st) != 0) {
		fprintf(stderr, _("error: %s: cannot be opened: %s\n"), o.site, strerror(errno));
		return EXIT_USAGE;
	}
	char *path = o.store != NULL ? strdup(o.store) : writing_default(o.site);
	if (path == NULL) {
		fprintf(stderr, _("error: %s\n"), _("out of memory"));
		return EXIT_INCOMPLETE;
	}
	status = import(&o, path);
	free(path);
	return status;
}
