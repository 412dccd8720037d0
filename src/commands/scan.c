/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "codec/i18n.h"
#include "commands/commands.h"
#include "commands/dryrun.h"
#include "commands/engine.h"
#include "commands/judging.h"
#include "commands/lock.h"
#include "commands/matching.h"
#include "commands/resume.h"
#include "commands/rights.h"
#include "commands/snapshot.h"
#include "talk/packets.h"
#include "wire/payloads.h"
#include "wire/vendor.h"

enum { THREADS = 64, LIST = 64 };

struct list {
	const char *at[LIST];
	size_t count;
};

struct options {
	struct plan_wish wish;
	struct list excludes, exclude_files, input_files, owned, profiles, checks;
	const char *store, *json, *csv, *html, *ndjson, *nmap_xml, *stop_file, *fail_on;
	bool dry_run, wait, no_html, quiet, resume;
	unsigned threads, retries;
	bool connect, retries_given;
};

enum option_id {
	OPT_PORTS = 256,
	OPT_EXCLUDE,
	OPT_EXCLUDE_FILE,
	OPT_INPUT,
	OPT_RISK,
	OPT_RATE,
	OPT_HOST_RATE,
	OPT_ZONE,
	OPT_OWNED,
	OPT_STORE,
	OPT_JSON,
	OPT_CSV,
	OPT_HTML,
	OPT_NO_HTML,
	OPT_NDJSON,
	OPT_XML,
	OPT_PROFILE,
	OPT_CHECKS,
	OPT_DRY_RUN,
	OPT_FAIL_ON,
	OPT_WAIT,
	OPT_SKIP_CLOSED,
	OPT_STOP_FILE,
	OPT_THREADS,
	OPT_RETRIES,
	OPT_CONNECT,
	OPT_RESUME,
	OPT_QUIET,
	OPT_HELP,
};

static const struct option long_options[] = {
	{ "site", required_argument, NULL, 'c' },
	{ "ports", required_argument, NULL, OPT_PORTS },
	{ "resolve", no_argument, NULL, 'R' },
	{ "exclude", required_argument, NULL, OPT_EXCLUDE },
	{ "exclude-file", required_argument, NULL, OPT_EXCLUDE_FILE },
	{ "excludefile", required_argument, NULL, OPT_EXCLUDE_FILE },
	{ "iL", required_argument, NULL, OPT_INPUT },
	{ "risk", required_argument, NULL, OPT_RISK },
	{ "rate", required_argument, NULL, OPT_RATE },
	{ "max-rate", required_argument, NULL, OPT_RATE },
	{ "host-rate", required_argument, NULL, OPT_HOST_RATE },
	{ "zone", required_argument, NULL, OPT_ZONE },
	{ "owned", required_argument, NULL, OPT_OWNED },
	{ "store", required_argument, NULL, OPT_STORE },
	{ "json", required_argument, NULL, OPT_JSON },
	{ "ndjson", required_argument, NULL, OPT_NDJSON },
	{ "csv", required_argument, NULL, OPT_CSV },
	{ "html", required_argument, NULL, OPT_HTML },
	{ "no-html", no_argument, NULL, OPT_NO_HTML },
	{ "nmap-xml", required_argument, NULL, OPT_XML },
	{ "oX", required_argument, NULL, OPT_XML },
	{ "profile", required_argument, NULL, OPT_PROFILE },
	{ "checks", required_argument, NULL, OPT_CHECKS },
	{ "dry-run", no_argument, NULL, OPT_DRY_RUN },
	{ "fail-on", required_argument, NULL, OPT_FAIL_ON },
	{ "wait", no_argument, NULL, OPT_WAIT },
	{ "skip-closed", no_argument, NULL, OPT_SKIP_CLOSED },
	{ "stop-file", required_argument, NULL, OPT_STOP_FILE },
	{ "threads", required_argument, NULL, OPT_THREADS },
	{ "max-retries", required_argument, NULL, OPT_RETRIES },
	{ "connect", no_argument, NULL, OPT_CONNECT },
	{ "sT", no_argument, NULL, OPT_CONNECT },
	{ "unprivileged", no_argument, NULL, OPT_CONNECT },
	{ "resume", no_argument, NULL, OPT_RESUME },
	{ "quiet", no_argument, NULL, OPT_QUIET },
	{ "help", no_argument, NULL, OPT_HELP },
	{ 0 },
};

static void help(void)
{
	printf(_(
		"Usage: tenken scan [-c SITE.yaml] [TARGET...]\n"
		"Targets: addresses, CIDR, ranges (10.0.0.1-20), names, @FILE. With a site file "
		"and no\n"
		"target, its zones.\n"
		"  -c, --site FILE         zones, ledger, limits, authorisation (tenken-site(5))\n"
		"  -p, --ports PORTS       22,80,1000-2000, names; default: our list for IT and "
		"OT\n"
		"  -iL FILE  --exclude LIST  --exclude-file FILE\n"
		"  --zone KIND             ot, it, dmz, public, unassigned: targets without a "
		"zone\n"
		"  --risk CLASS            the most that may be done: listen, touch, read "
		"(default)\n"
		"  --rate N, --host-rate N packets a second, overall and per host (--max-rate)\n"
		"  --max-retries N         repeats of what was not answered, 0 to 10 (as many as "
		"losses need)\n"
		"  -R, --resolve           names of hosts that answer, by DNS\n"
		"  --connect (-sT)         no frames of our own: full connections only\n"
		"  --owned CIDR            repeats public addresses that the site file declares as "
		"owned\n"
		"  --dry-run               says what would be sent, sends nothing\n"
		"  --profile NAME          guideline to judge by; default mlit-water (repeatable)\n"
		"  --checks FILE           checks of your own (repeatable)\n"
		"  --store FILE            default SITE.tenken beside the site file, or "
		"./tenken.sqlite\n"
		"  --html FILE (default beside the store), --no-html, --json, --ndjson, --csv,\n"
		"  --nmap-xml FILE\n"
		"  --fail-on SEVERITY      exit status 1 where a finding is at least so severe\n"
		"  --resume                go on with the scan of the store that ended early: no "
		"target\n"
		"                          and no option that changes what is sent\n"
		"  --wait                  wait for another scan on this bastion to end\n"
		"  --skip-closed           leave out zones whose window is closed now, instead of "
		"waiting\n"
		"  --stop-file FILE        sending ends when it appears; default STORE.stop\n"
		"  --quiet                 no summary\n"
		"Exit status: 0 done, 1 --fail-on was met, 2 usage or configuration, 3 ended "
		"early.\n"));
}

static bool add(struct list *l, const char *text)
{
	if (l->count == LIST)
		return false;
	l->at[l->count++] = text;
	return true;
}

static bool number(const char *text, unsigned least, unsigned most, unsigned *ret)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (text[0] < '0' || text[0] > '9' || *end != '\0' || n < least || n > most)
		return false;
	*ret = (unsigned)n;
	return true;
}

/* The first thing given that would change what the scan is, or NULL. */
static const char *not_with_resume(const struct options *o)
{
	return o->wish.target_count > 0     ? _("target")
	       : o->input_files.count > 0   ? "-iL"
	       : o->wish.ports != NULL      ? "--ports"
	       : o->excludes.count > 0      ? "--exclude"
	       : o->exclude_files.count > 0 ? "--exclude-file"
	       : o->wish.risk != NULL       ? "--risk"
	       : o->wish.rate != NULL       ? "--rate"
	       : o->wish.host_rate != NULL  ? "--host-rate"
	       : o->wish.zone != NULL       ? "--zone"
	       : o->owned.count > 0         ? "--owned"
	       : o->profiles.count > 0      ? "--profile"
	       : o->checks.count > 0        ? "--checks"
	       : o->dry_run                 ? "--dry-run"
	       : o->wish.skip_closed        ? "--skip-closed"
	       : o->connect                 ? "--connect"
	       : o->retries_given           ? "--max-retries"
					    : NULL;
}

/* EXIT_DONE to go on, EXIT_USAGE after a message, -1 after the help. */
static int read_options(int argc, char **argv, struct options *o)
{
	bool good = true;
	int c;

	o->threads = THREADS;
	o->retries = PACKETS_RETRIES;
	opterr = 0;
	optind = 1;
	while ((c = getopt_long_only(argc, argv, "+:c:p:hR", long_options, NULL)) != -1 ||
	       optind < argc) {
		static const char *targets[4096];

		if (c == -1) { /* a target; options may follow */
			if (o->wish.target_count == countof(targets)) {
				fprintf(stderr, _("error: too many targets; put them into a file "
						  "(@FILE)\n"));
				return EXIT_USAGE;
			}
			targets[o->wish.target_count++] = argv[optind++];
			o->wish.targets = targets;
			continue;
		}
		switch (c) {
		case 'c':
			o->wish.site_path = optarg;
			break;
		case 'p':
		case OPT_PORTS:
			o->wish.ports = optarg;
			break;
		case OPT_EXCLUDE:
			good = add(&o->excludes, optarg);
			break;
		case OPT_EXCLUDE_FILE:
			good = add(&o->exclude_files, optarg);
			break;
		case OPT_INPUT:
			good = add(&o->input_files, optarg);
			break;
		case OPT_RISK:
			o->wish.risk = optarg;
			break;
		case OPT_RATE:
			o->wish.rate = optarg;
			break;
		case OPT_HOST_RATE:
			o->wish.host_rate = optarg;
			break;
		case OPT_ZONE:
			o->wish.zone = optarg;
			break;
		case OPT_OWNED:
			good = add(&o->owned, optarg);
			break;
		case OPT_STORE:
			o->store = optarg;
			break;
		case OPT_JSON:
			o->json = optarg;
			break;
		case OPT_NDJSON:
			o->ndjson = optarg;
			break;
		case OPT_CSV:
			o->csv = optarg;
			break;
		case OPT_HTML:
			o->html = optarg;
			break;
		case OPT_NO_HTML:
			o->no_html = true;
			break;
		case OPT_XML:
			o->nmap_xml = optarg;
			break;
		case OPT_PROFILE:
			good = add(&o->profiles, optarg);
			break;
		case OPT_CHECKS:
			good = add(&o->checks, optarg);
			break;
		case OPT_DRY_RUN:
			o->dry_run = true;
			break;
		case OPT_FAIL_ON:
			o->fail_on = optarg;
			break;
		case OPT_WAIT:
			o->wait = true;
			break;
		case OPT_SKIP_CLOSED:
			o->wish.skip_closed = true;
			break;
		case OPT_STOP_FILE:
			o->stop_file = optarg;
			break;
		case OPT_THREADS:
			if (!number(optarg, 1, 512, &o->threads)) {
				fprintf(stderr, _("error: --threads takes 1 to 512, not '%s'\n"),
					optarg);
				return EXIT_USAGE;
			}
			break;
		case OPT_RETRIES:
			if (!number(optarg, 0, PACKETS_RETRIES, &o->retries)) {
				fprintf(stderr, _("error: --max-retries takes 0 to %d, not '%s'\n"),
					PACKETS_RETRIES, optarg);
				return EXIT_USAGE;
			}
			o->retries_given = true;
			break;
		case OPT_CONNECT:
			o->connect = true;
			break;
		case OPT_RESUME:
			o->resume = true;
			break;
		case OPT_QUIET:
			o->quiet = true;
			break;
		case 'R':
			o->wish.resolve = true;
			break;
		case 'h':
		case OPT_HELP:
			help();
			return -1;
		case ':':
			fprintf(stderr, _("error: option '%s' needs a value\n"), argv[optind - 1]);
			return EXIT_USAGE;
		default:
			fprintf(stderr, _("error: unknown option '%s'; see tenken scan --help\n"),
				argv[optind - 1]);
			return EXIT_USAGE;
		}
		if (!good) {
			fprintf(stderr, _("error: option '%s' is given too often\n"),
				argv[optind - 1]);
			return EXIT_USAGE;
		}
	}
	if (o->fail_on != NULL && severity_of_word(o->fail_on) == SEVERITIES) {
		fprintf(stderr,
			_("error: --fail-on takes info, low, medium, high or critical, not '%s'\n"),
			o->fail_on);
		return EXIT_USAGE;
	}
	const char *strange = o->resume ? not_with_resume(o) : NULL;
	if (strange != NULL) {
		fprintf(stderr,
			_("error: --resume goes on with the scan as it was planned: it takes no "
			  "%s\n"),
			strange);
		return EXIT_USAGE;
	}
	return EXIT_DONE;
}

/* site.yaml -> site.tenken beside it, tenken.sqlite without a site file. */
static char *default_store(const char *site)
{
	char *path = NULL;

	if (site == NULL)
		return strdup("tenken.sqlite");
	size_t n = strlen(site);
	const char *dot = strrchr(site, '.');
	const char *slash = strrchr(site, '/');
	if (dot != NULL && (slash == NULL || dot > slash))
		n = (size_t)(dot - site);
	return asprintf(&path, "%.*s.tenken", (int)n, site) > 0 ? path : NULL;
}

static char *beside(const char *store, const char *ending)
{
	size_t n = strlen(store);
	const char *dot = strrchr(store, '.');
	const char *slash = strrchr(store, '/');
	char *path = NULL;

	if (dot != NULL && (slash == NULL || dot > slash))
		n = (size_t)(dot - store);
	return asprintf(&path, "%.*s%s", (int)n, store, ending) > 0 ? path : NULL;
}

/* An output that could not be written at the end is found out before anything is sent. */
static bool writable(const char *path)
{
	struct stat st;
	char *folder;

	if (path == NULL)
		return true;
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
		fprintf(stderr, _("error: %s: cannot write there: %s\n"), path, strerror(EISDIR));
		return false;
	}
	const char *slash = strrchr(path, '/');
	if (slash == NULL)
		folder = strdup(".");
	else
		folder = strndup(path, slash == path ? 1 : (size_t)(slash - path));
	bool good = folder != NULL && access(folder, W_OK | X_OK) == 0;
	if (!good)
		fprintf(stderr, _("error: %s: cannot write there: %s\n"), path, strerror(errno));
	free(folder);
	return good;
}

static void make_uuid(char out[static 37])
{
	uint8_t b[16];

	if (getrandom(b, sizeof(b), 0) != sizeof(b))
		memset(b, 0, sizeof(b));
	b[6] = (uint8_t)((b[6] & 0x0f) | 0x40); /* RFC 9562: version 4 */
	b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
	snprintf(out, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
		 b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12],
		 b[13], b[14], b[15]);
}

static int store_message(const char *path, enum store_fault fault, const char *words)
{
	switch (fault) {
	case STORE_NEWER:
		fprintf(stderr, _("error: %s: this store was made by a newer tenken\n"), path);
		return EXIT_USAGE;
	case STORE_NOT_OURS:
		fprintf(stderr, _("error: %s: is no tenken store\n"), path);
		return EXIT_USAGE;
	case STORE_NO_FILE:
		fprintf(stderr, _("error: %s: cannot be opened for writing\n"), path);
		return EXIT_USAGE;
	case STORE_BUSY:
		fprintf(stderr, _("error: %s: another process is writing this store\n"), path);
		return EXIT_INCOMPLETE;
	case STORE_FULL:
		fprintf(stderr,
			_("error: %s: no space left on the disk; what was found before is kept\n"),
			path);
		return EXIT_INCOMPLETE;
	default:
		fprintf(stderr, _("error: %s: the store cannot be written: %s\n"), path, words);
		return EXIT_INCOMPLETE;
	}
}

/* The sending lock: descriptor, or -1 after a message. */
static int take_lock(bool wait)
{
	bool told = false;

	for (;;) {
		char holder[1024] = "";
		int fd = lock_take();

		if (fd >= 0)
			return fd;
		if (fd != -EADDRINUSE) {
			fprintf(stderr, _("error: the sending lock cannot be taken: %s\n"),
				strerror(-fd));
			return -1;
		}
		if (!told) {
			lock_holder(holder, sizeof(holder));
			fprintf(stderr,
				wait ? _("waiting: another scan is sending from this bastion: %s\n")
				     : _("error: another scan is sending from this bastion: %s\n"),
				holder);
		}
		told = true;
		if (!wait)
			return -1;
		sleep(1);
	}
}

static void describe(char *out, size_t n, const char *store)
{
	const struct passwd *user = getpwuid(geteuid());
	char when[32];
	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
	snprintf(out, n, "process %ld, user %s, since %s, store %s", (long)getpid(),
		 user != NULL ? user->pw_name : "?", when, store);
}

/* Names of files beside the store. */
struct paths {
	const char *store;
	char *journal, *stop, *html; /* html NULL: none */
};

static bool paths_make(struct paths *p, const struct options *o, const char *store)
{
	p->store = store;
	if (asprintf(&p->journal, "%s.journal", store) < 0)
		p->journal = NULL;
	if (o->stop_file != NULL)
		p->stop = strdup(o->stop_file);
	else if (asprintf(&p->stop, "%s.stop", store) < 0)
		p->stop = NULL;
	if (!o->no_html)
		p->html = o->html != NULL ? strdup(o->html) : beside(store, ".html");
	return p->journal != NULL && p->stop != NULL && (p->html != NULL || o->no_html);
}

static void paths_done(struct paths *p)
{
	free(p->journal);
	free(p->stop);
	free(p->html);
}

static int64_t begin(struct store *store, const struct options *o, const struct plan *plan,
		     const struct judging *j, const struct resume_way *way)
{
	char uuid[37], here[256] = "", *text = plan_json(plan);

	make_uuid(uuid);
	if (gethostname(here, sizeof(here) - 1) != 0 || here[0] == '\0')
		snprintf(here, sizeof(here), "bastion");
	const struct scan_row row = {
		.uuid = uuid,
		.site = plan->site.name,
		.vantage = plan->site.vantage_name != NULL ? plan->site.vantage_name : here,
		.vantage_zone = plan->site.vantage_zone,
		.vantage_kind = snapshot_vantage_kind(&plan->site),
		.profile = judging_profiles(j),
		.version = PACKAGE_VERSION,
		.plan = text != NULL ? text : "{}",
		.started = time(NULL),
	};
	int64_t scan = store_scan_begin(store, &row);
	if (scan != 0) {
		snapshot_site(store, plan);
		resume_keep(store, plan, o->profiles.at, o->profiles.count, o->checks.at,
			    o->checks.count, way);
		store_commit(store);
	}
	free(text);
	return scan;
}

/* What an earlier run of the scan left. */
struct before {
	struct resumed resumed;
	struct resume_places places;
};

static void before_done(struct before *b)
{
	resumed_done(&b->resumed);
	resume_places_done(&b->places);
}

/* The scan itself: sends, and leaves a store whose scan has ended. */
static enum engine_end send_all(const struct options *o, const struct plan *plan,
				const struct paths *paths, struct store *store, int lock,
				const char *description, int64_t scan, const struct resume_way *way,
				const struct before *before)
{
	const char *contact = plan->site.authorisation.contact;
	char identity[256];
	struct engine_setup setup = {
		.plan = plan,
		.store = store,
		.journal_path = paths->journal,
		.stop_path = paths->stop,
		.identity = identity,
		.ehlo = "tenken.invalid",
		.lock_fd = lock,
		.description = description,
		.progress = isatty(STDERR_FILENO) && !o->quiet,
		.threads = o->threads,
		.retries = way->retries,
		.connect = way->connect,
		.resumed_scan = scan,
	};

	if (before != NULL) {
		setup.resumed = &before->resumed;
		setup.places = before->places.list;
		setup.place_count = before->places.count;
	}
	memcpy(setup.order_key, way->order_key, sizeof(setup.order_key));

	snprintf(identity, sizeof(identity),
		 contact != NULL ? "tenken/%s (contact: %s)" : "tenken/%s", PACKAGE_VERSION,
		 contact);
	if (getrandom(setup.key, sizeof(setup.key), 0) != (ssize_t)sizeof(setup.key))
		return ENGINE_FAULT; /* answers could be forged */
	struct engine_result r = engine_run(&setup);
	if (r.faults > 0)
		fprintf(stderr,
			_("warning: workers ended by a fault %lu times and were replaced; the "
			  "report names the services\n"),
			(unsigned long)r.faults);
	store_journal(store, scan, paths->journal);
	snapshot_roles(store, scan);
	store_scan_end(store, r.end == ENGINE_DONE ? "done" : "incomplete",
		       r.end == ENGINE_STOPPED    ? "stopped"
		       : r.end == ENGINE_JOURNAL  ? "journal not writable"
		       : r.end == ENGINE_NO_ROUTE ? "no network"
		       : r.end == ENGINE_FAULT    ? "fault"
						  : NULL,
		       time(NULL));
	return r.end;
}

/* The scan that goes on: its plan, its judging, what was done. EXIT_DONE or the exit status. */
static int go_on(struct store *store, const char *path, struct plan *plan, struct judging **j,
		 int64_t *ret_scan, struct resume_way *way, struct before *ret)
{
	struct complaints c = { 0 };
	struct resume r;
	int64_t now = time(NULL);
	int status = resume_find(store, path, &r, &c);

	if (status == EXIT_DONE &&
	    (plan_again(&r.kept, data_dir(), now, plan, &c) != 0 ||
	     !judging_start(j, plan, (const char *const *)r.profiles, r.profile_count,
			    (const char *const *)r.checks, r.check_count, &c)))
		status = EXIT_USAGE;
	if (status == EXIT_DONE) {
		resume_note_changes(&r, plan);
		resume_begin(store, &r, now);
		*way = r.way;
		if (resume_load(store, r.scan, plan, &ret->resumed) != 0 ||
		    resume_places(store, &ret->places) != 0 || store_error(store) != STORE_OK) {
			store_message(path, STORE_BROKEN, store_error_text(store));
			status = EXIT_INCOMPLETE;
		}
		*ret_scan = r.scan;
	}
	complaints_print(&c, stderr);
	complaints_done(&c);
	resume_done(&r);
	return status;
}

/* With the lock in hand. The plan and judging of a scan that goes on are made here. */
static int scan_locked(const struct options *o, struct plan *plan, const struct paths *paths,
		       int *lock, struct judging **judging)
{
	const struct judging_outputs outputs = {
		.html = paths->html,
		.json = o->json,
		.ndjson = o->ndjson,
		.csv = o->csv,
		.nmap_xml = o->nmap_xml,
		.summary = !o->quiet,
	};
	char description[512];
	struct store *store;
	enum store_fault fault = store_open(paths->store, &store);

	if (fault != STORE_OK)
		return store_message(paths->store, fault, _("it is damaged or cannot be read"));
	describe(description, sizeof(description), paths->store);
	struct before before = { 0 };
	struct resume_way way = { .retries = o->retries, .connect = o->connect };
	int64_t scan = 0;
	int status = EXIT_DONE;
	if (o->resume)
		status = go_on(store, paths->store, plan, judging, &scan, &way, &before);
	else if (getrandom(way.order_key, sizeof(way.order_key), 0) !=
		 (ssize_t)sizeof(way.order_key))
		status = EXIT_INCOMPLETE; /* the machine has no random numbers at all */
	if (status != EXIT_DONE) {
		before_done(&before);
		store_close(store);
		return status;
	}
	struct judging *j = *judging;
	if (!o->resume)
		scan = begin(store, o, plan, j, &way);
	enum engine_end end = ENGINE_STORE;
	if (scan != 0)
		end = send_all(o, plan, paths, store, *lock, description, scan, &way,
			       o->resume ? &before : NULL);
	before_done(&before);
	close(*lock); /* nothing is sent any more */
	*lock = -1;
	if (store_error(store) != STORE_OK)
		status = store_message(paths->store, store_error(store), store_error_text(store));
	else
		status = judging_end(j, store, scan, &outputs, paths->store, o->fail_on);
	if (end == ENGINE_STOPPED)
		fprintf(stderr, _("the scan was stopped before its end; what was found is kept\n"));
	else if (end == ENGINE_JOURNAL && store_error(store) == STORE_OK)
		fprintf(stderr,
			_("error: %s: the journal cannot be written, so nothing more was sent\n"),
			paths->journal);
	else if (end == ENGINE_NO_ROUTE)
		fprintf(stderr, _("error: no network: there is no route to any of the targets\n"));
	else if (end == ENGINE_FAULT)
		fprintf(stderr, _("error: a process of the scan failed; what was found is kept\n"));
	store_close(store);
	return end == ENGINE_DONE ? status : EXIT_INCOMPLETE;
}

static int run(const struct options *o, struct plan *plan, const char *store, struct judging **j)
{
	struct paths paths = { 0 };
	int status = EXIT_USAGE;

	if (!paths_make(&paths, o, store)) {
		fprintf(stderr, _("error: out of memory\n"));
		status = EXIT_INCOMPLETE;
	} else if (o->resume && access(store, F_OK) != 0) {
		fprintf(stderr, _("error: %s: there is no such store to resume from\n"), store);
	} else if (!writable(store) || !writable(paths.html) || !writable(o->json) ||
		   !writable(o->ndjson) || !writable(o->csv) || !writable(o->nmap_xml)) {
		status = EXIT_USAGE; /* said already */
	} else if (access(paths.stop, F_OK) == 0) {
		fprintf(stderr, _("error: the stop file %s is there; remove it to scan\n"),
			paths.stop);
	} else {
		int lock = take_lock(o->wait);

		status = lock >= 0 ? scan_locked(o, plan, &paths, &lock, j) : EXIT_INCOMPLETE;
		if (lock >= 0)
			close(lock);
	}
	paths_done(&paths);
	return status;
}

static void load_vendors(void)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/probes/data/controller-makers.txt", data_dir());
	vendor_load("/usr/share/ieee-data", path);
}

/* By UDP is asked with packets of our own only. */
static void wish_udp(struct options *o, uint16_t ports[static PAYLOAD_PORTS])
{
	const struct payload *p;

	if (o->connect)
		o->wish.no_udp = _("they need packets of our own, and --connect makes none");
	else if (!packets_able())
		o->wish.no_udp = _("they need the right to send raw packets (CAP_NET_RAW)");
	for (size_t i = 0; o->wish.no_udp == NULL && (p = payload_at(i)) != NULL; i++)
		ports[o->wish.udp_port_count++] = p->port;
	o->wish.udp_ports = ports;
}

int command_scan(int argc, char **argv)
{
	struct options o = { 0 };
	struct complaints c = { 0 };
	struct plan plan = { 0 };
	struct judging *j = NULL;
	int status = read_options(argc, argv, &o);

	signal(SIGUSR1,
	       SIG_IGN); /* it asks for the progress, and there may be none yet or any more */
	if (status != EXIT_DONE)
		return status < 0 ? EXIT_DONE : status;
	if (!rights_of_caller())
		return EXIT_USAGE;
	o.wish.excludes = o.excludes.at;
	o.wish.exclude_count = o.excludes.count;
	o.wish.exclude_files = o.exclude_files.at;
	o.wish.exclude_file_count = o.exclude_files.count;
	o.wish.input_files = o.input_files.at;
	o.wish.input_file_count = o.input_files.count;
	o.wish.owned = o.owned.at;
	o.wish.owned_count = o.owned.count;
	o.wish.data_dir = data_dir();
	o.wish.now = time(NULL);
	uint16_t udp_ports[PAYLOAD_PORTS];
	wish_udp(&o, udp_ports);
	status = EXIT_USAGE;
	if (o.resume) {
		char *store = o.store != NULL ? strdup(o.store) : default_store(o.wish.site_path);

		load_vendors();
		if (store != NULL)
			status = run(&o, &plan, store, &j);
		free(store);
		vendor_unload();
	} else if (plan_make(&o.wish, &plan, &c) == 0 &&
		   site_matches_catalogue(&plan.site, o.checks.at, o.checks.count, &c)) {
		for (size_t i = 0; i < plan.site.later_count; i++)
			fprintf(stderr, _("note: %s\n"), plan.site.later[i]);
		if (o.dry_run && plan.risk < SITE_TOUCH) {
			printf(_("Nothing would be sent: the risk class is listen.\n"));
			status = EXIT_DONE;
		} else if (o.dry_run) {
			dry_run(&plan, o.wish.now, stdout);
			status = EXIT_DONE;
		} else if (judging_start(&j, &plan, o.profiles.at, o.profiles.count, o.checks.at,
					 o.checks.count, &c)) {
			char *store =
				o.store != NULL ? strdup(o.store) : default_store(plan.site.path);

			load_vendors();
			if (store != NULL)
				status = run(&o, &plan, store, &j);
			free(store);
			vendor_unload();
		}
	}
	complaints_print(&c, stderr);
	complaints_done(&c);
	judging_free(j);
	plan_done(&plan);
	return status;
}
