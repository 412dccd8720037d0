/* SPDX-License-Identifier: Apache-2.0 */
/* `tenken reach`: is the closed network closed? */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "codec/i18n.h"
#include "commands/commands.h"
#include "commands/judging.h"
#include "commands/reach.h"
#include "commands/reach_far.h"
#include "commands/rights.h"
#include "commands/run_files.h"
#include "commands/snapshot.h"
#include "commands/writing.h"
#include "talk/guard.h"
#include "wire/vendor.h"

enum option_id {
	OPT_BEACON = 256,
	OPT_ALL_PORTS,
	OPT_FULL_GATEWAY,
	OPT_ONLY,
	OPT_STORE,
	OPT_HTML,
	OPT_NO_HTML,
	OPT_JSON,
	OPT_NDJSON,
	OPT_CSV,
	OPT_PROFILE,
	OPT_CHECKS,
	OPT_FAIL_ON,
	OPT_WAIT,
	OPT_STOP_FILE,
	OPT_QUIET,
	OPT_HELP,
};

static const struct option long_options[] = {
	{ "site", required_argument, NULL, 'c' },
	{ "beacon", required_argument, NULL, OPT_BEACON },
	{ "all-ports", no_argument, NULL, OPT_ALL_PORTS },
	{ "full-gateway-test", no_argument, NULL, OPT_FULL_GATEWAY },
	{ "only", required_argument, NULL, OPT_ONLY },
	{ "store", required_argument, NULL, OPT_STORE },
	{ "html", required_argument, NULL, OPT_HTML },
	{ "no-html", no_argument, NULL, OPT_NO_HTML },
	{ "json", required_argument, NULL, OPT_JSON },
	{ "ndjson", required_argument, NULL, OPT_NDJSON },
	{ "csv", required_argument, NULL, OPT_CSV },
	{ "profile", required_argument, NULL, OPT_PROFILE },
	{ "checks", required_argument, NULL, OPT_CHECKS },
	{ "fail-on", required_argument, NULL, OPT_FAIL_ON },
	{ "wait", no_argument, NULL, OPT_WAIT },
	{ "stop-file", required_argument, NULL, OPT_STOP_FILE },
	{ "quiet", no_argument, NULL, OPT_QUIET },
	{ "help", no_argument, NULL, OPT_HELP },
	{ 0 },
};

static void help(void)
{
	printf(_(
		"Usage: tenken reach -c SITE.yaml [OPTIONS]\n"
		"Tests from this machine whether anything gets out to the site's beacon, whether "
		"a\n"
		"neighbour forwards, and what of other zones can be reached (tenken-reach(1)).\n"
		"  -c, --site FILE         beacon, zones, authorisation (tenken-site(5))\n"
		"  --beacon NAME           which one, where the site file has several\n"
		"  --all-ports             every TCP port to the beacon, not the usual ones alone\n"
		"  --full-gateway-test     frames to neighbours may go further than one hop\n"
		"  --only METHODS          tcp, udp, icmp, http, tls, dns, proxy, ntp, smtp, "
		"gateway,\n"
		"                          zones; several with commas\n"
		"  --profile NAME          guideline to judge by; default mlit-water (repeatable)\n"
		"  --checks FILE           checks of your own (repeatable)\n"
		"  --store FILE            default SITE.tenken beside the site file\n"
		"  --html FILE (default beside the store), --no-html, --json, --ndjson, --csv\n"
		"  --fail-on SEVERITY      exit status 1 where a finding is at least so severe\n"
		"  --wait                  wait for another run on this bastion to end\n"
		"  --stop-file FILE        sending ends when it appears; default STORE.stop\n"
		"  --quiet                 no summary\n"
		"Exit status: 0 done, 1 --fail-on was met, 2 usage or configuration, 3 ended "
		"early.\n"));
	reach_far_help();
}

/* Words of --only, and the methods that they stand for. */
static const struct {
	const char *word;
	enum reach_method first, last;
} groups[] = {
	{ "dns", METHOD_DNS_A, METHOD_DNS_LONG },
	{ "proxy", METHOD_PROXY_CONNECT, METHOD_SOCKS4A },
	{ "gateway", METHOD_GATEWAY, METHOD_GATEWAY_FULL },
	{ "zones", METHOD_ZONE_TCP, METHOD_ZONE_TCP },
};

static bool choose(const char *text, struct reach_options *o)
{
	for (enum reach_method m = 0; m < REACH_METHODS; m++)
		o->methods[m] = text == NULL;
	while (text != NULL) {
		size_t n = strcspn(text, ",");
		enum reach_method m = reach_method_of_word(text, n);
		bool known = m != REACH_METHODS;

		if (known)
			o->methods[m] = true;
		for (size_t i = 0; i < countof(groups); i++)
			if (strlen(groups[i].word) == n && strncmp(groups[i].word, text, n) == 0) {
				known = true;
				for (m = groups[i].first; m <= groups[i].last; m++)
					o->methods[m] = true;
			}
		if (!known) {
			fprintf(stderr,
				_("error: --only knows no '%.*s'; see tenken reach --help\n"),
				(int)(n < 64 ? n : 64), text);
			return false;
		}
		text = text[n] == ',' ? text + n + 1 : NULL;
	}
	return true;
}

static bool add(struct scan_list *l, const char *text)
{
	if (l->count == SCAN_LIST)
		return false;
	l->at[l->count++] = text;
	return true;
}

/* EXIT_DONE to go on, EXIT_USAGE after a message, -1 after the help. */
static int read_options(int argc, char **argv, struct reach_wish *w)
{
	bool good = true;
	int c;

	opterr = 0;
	optind = 1;
	while ((c = getopt_long_only(argc, argv, "+:c:h", long_options, NULL)) != -1) {
		switch (c) {
		case 'c':
			w->site = optarg;
			break;
		case OPT_BEACON:
			w->beacon = optarg;
			break;
		case OPT_ALL_PORTS:
			w->options.all_ports = true;
			break;
		case OPT_FULL_GATEWAY:
			w->options.full_gateway = true;
			break;
		case OPT_ONLY:
			w->only = optarg;
			break;
		case OPT_STORE:
			w->store = optarg;
			break;
		case OPT_HTML:
			w->html = optarg;
			break;
		case OPT_NO_HTML:
			w->no_html = true;
			break;
		case OPT_JSON:
			w->json = optarg;
			break;
		case OPT_NDJSON:
			w->ndjson = optarg;
			break;
		case OPT_CSV:
			w->csv = optarg;
			break;
		case OPT_PROFILE:
			good = add(&w->profiles, optarg);
			break;
		case OPT_CHECKS:
			good = add(&w->checks, optarg);
			break;
		case OPT_FAIL_ON:
			w->fail_on = optarg;
			break;
		case OPT_WAIT:
			w->wait = true;
			break;
		case OPT_STOP_FILE:
			w->stop_file = optarg;
			break;
		case OPT_QUIET:
			w->quiet = true;
			break;
		case 'h':
		case OPT_HELP:
			help();
			return -1;
		case ':':
			fprintf(stderr, _("error: option '%s' needs a value\n"), argv[optind - 1]);
			return EXIT_USAGE;
		default:
			fprintf(stderr, _("error: unknown option '%s'; see tenken reach --help\n"),
				argv[optind - 1]);
			return EXIT_USAGE;
		}
		if (!good) {
			fprintf(stderr, _("error: option '%s' is given too often\n"),
				argv[optind - 1]);
			return EXIT_USAGE;
		}
	}
	if (optind < argc) {
		fprintf(stderr,
			_("error: '%s': reach takes no targets: they are in the site file\n"),
			argv[optind]);
		return EXIT_USAGE;
	}
	if (w->site == NULL) {
		fprintf(stderr, _("error: reach needs a site file (-c): it names the beacon\n"));
		return EXIT_USAGE;
	}
	if (w->fail_on != NULL && severity_of_word(w->fail_on) == SEVERITIES) {
		fprintf(stderr,
			_("error: --fail-on takes info, low, medium, high or critical, not '%s'\n"),
			w->fail_on);
		return EXIT_USAGE;
	}
	return choose(w->only, &w->options) ? EXIT_DONE : EXIT_USAGE;
}

/* The beacon that was asked for; NULL after a complaint. */
static const struct beacon *choose_beacon(const struct site *s, const char *name,
					  struct complaints *c)
{
	const struct beacon *found = NULL;

	for (size_t i = 0; i < s->beacon_count; i++)
		if (name == NULL ||
		    (s->beacons[i].name != NULL && strcmp(s->beacons[i].name, name) == 0)) {
			if (found != NULL && name == NULL) {
				complain(c, s->path, s->beacons[i].line,
					 _("field 'beacon': there are several; --beacon NAME "
					   "says which is meant"));
				return NULL;
			}
			found = &s->beacons[i];
		}
	if (found == NULL && name != NULL)
		complain(c, s->path, 0, _("field 'beacon': none is named '%s'"), name);
	else if (found == NULL)
		complain(c, s->path, 0,
			 _("field 'beacon': missing; it names our own listener outside "
			   "(tenken-beacon(1))"));
	else if (found->address_count == 0)
		complain(c, s->path, found->line, _("field 'address': missing"));
	else if (found->key_file == NULL)
		complain(c, s->path, found->line,
			 _("field 'key_file': missing; the beacon answers nobody without its key"));
	else
		return found;
	return NULL;
}

static bool authorised(const struct site *s, int64_t now, struct complaints *c)
{
	char from[MOMENT_TEXT], until[MOMENT_TEXT];
	const struct authorisation *a = &s->authorisation;

	if (authorisation_valid(a, now))
		return true;
	if (!a->given)
		complain(c, s->path, 0,
			 _("field 'authorisation': missing; reachability is tested only where "
			   "somebody permits it"));
	else
		complain(c, s->path, 0,
			 _("field 'authorisation': not valid now, but from %s until %s"),
			 site_moment(s, a->from, from), site_moment(s, a->until, until));
	return false;
}

static void print_authorisation(const struct authorisation *a)
{
	if (a->reference != NULL)
		fprintf(stderr, _("authorised by %s (%s)\n"), a->by, a->reference);
	else
		fprintf(stderr, _("authorised by %s\n"), a->by);
}

static int64_t begin(struct store *store, const struct plan *plan, const struct beacon *beacon,
		     const struct judging *j)
{
	char uuid[37], address[ADDR_TEXT], note[64 + ADDR_TEXT + 64];
	int64_t scan = run_begin(store, plan, j, "reach", plan_json(plan), uuid);

	if (scan != 0) {
		/* What a scan leaves out of its targets concerns no path. */
		struct plan told = *plan;
		told.skipped_count = 0;
		snapshot_site(store, &told);
		snprintf(note, sizeof(note), "%.63s %s",
			 beacon->name != NULL ? beacon->name : "beacon",
			 addr_format(&beacon->addresses[0], address));
		store_remark(store, "beacon", address, note);
		store_commit(store);
	}
	return scan;
}

/* Ways to the declared zones and to the beacon, and the paces of both. */
static bool make_ways(struct reach_run *r, struct routes *ret)
{
	struct ranges all = { 0 };
	int e = ranges_add_all(&all, &r->plan->targets);

	if (e == 0)
		e = ranges_add_all(&all, &r->plan->large);
	for (size_t i = 0; e == 0 && i < r->beacon->address_count; i++) {
		const struct addr *a = &r->beacon->addresses[i];

		e = ranges_add(&all, &(struct range){ *a, *a });
	}
	if (e == 0)
		e = routes_make(&all, ret);
	ranges_done(&all);
	if (e != 0)
		return false;
	r->routes = ret;
	r->board = guard_board_new(r->plan, ret, reach_mono_ms());
	return r->board != NULL;
}

/* What DHCP was heard to say is not among them: it may name whom it likes. */
static void add_servers(struct gate *g, enum gate_use use, const struct reach_server *list,
			size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(list[i].from, "dhcp") != 0)
			gate_add_server(g, use, &list[i].address, list[i].port);
}

static enum reach_end send_all(const struct reach_wish *w, const struct plan *plan,
			       const struct beacon *beacon, const struct token_key *key,
			       const struct run_files *files, struct store *store, int lock,
			       int64_t scan)
{
	const char *contact = plan->site.authorisation.contact;
	struct reach_options options = w->options;
	char identity[256], description[512];
	struct routes routes = { 0 };
	struct reach_known *known = calloc(1, sizeof(*known));
	struct reach_run *run = calloc(1, sizeof(*run));
	struct gate *gate = gate_new(&plan->site, beacon, &plan->port_list);
	enum reach_end end = REACH_FAULT;

	snprintf(identity, sizeof(identity),
		 contact != NULL ? "tenken/%s (contact: %s)" : "tenken/%s", PACKAGE_VERSION,
		 contact);
	options.identity = identity;
	if (known != NULL && run != NULL && gate != NULL &&
	    reach_known_make(plan, store, time(NULL), known) == 0 &&
	    getrandom(&run->run_id, sizeof(run->run_id), 0) == sizeof(run->run_id)) {
		*run = (struct reach_run){
			.site = &plan->site,
			.plan = plan,
			.beacon = beacon,
			.key = key,
			.run_id = run->run_id,
			.options = &options,
			.known = known,
			.gate = gate,
		};
		for (size_t i = 0; i < known->host_count; i++)
			if (gate_add_host(gate, &known->hosts[i].address) != 0)
				break;
		add_servers(gate, GATE_RESOLVER, known->resolvers, known->resolver_count);
		add_servers(gate, GATE_PROXY, known->proxies, known->proxy_count);
		add_servers(gate, GATE_CLOCK, known->clocks, known->clock_count);
		run_describe(description, sizeof(description), files->store);
		struct reach_crew crew = {
			.run = run,
			.store = store,
			.journal = files->journal,
			.stop = files->stop,
			.lock = lock,
			.description = description,
			.quiet = w->quiet,
		};
		if (make_ways(run, &routes))
			end = reach_crew_run(&crew);
		pace_board_free(run->board);
	}
	store_journal(store, scan, files->journal);
	store_scan_end(store, end == REACH_DONE ? "done" : "incomplete",
		       end == REACH_STOPPED   ? "stopped"
		       : end == REACH_JOURNAL ? "journal not writable"
		       : end == REACH_FAULT   ? "fault"
					      : NULL,
		       time(NULL));
	routes_done(&routes);
	gate_free(gate);
	free(run);
	if (known != NULL)
		reach_known_done(known);
	free(known);
	return end;
}

static int run_locked(const struct reach_wish *w, const struct plan *plan,
		      const struct beacon *beacon, const struct token_key *key,
		      const struct run_files *files, int *lock, struct judging *j)
{
	const struct judging_outputs outputs = {
		.html = files->html,
		.json = w->json,
		.ndjson = w->ndjson,
		.csv = w->csv,
		.summary = !w->quiet,
	};
	struct store *store;
	enum store_fault fault = store_open(files->store, &store);
	enum reach_end end = REACH_STORE;
	int status;

	if (fault != STORE_OK)
		return writing_message(files->store, fault, _("it is damaged or cannot be read"));
	print_authorisation(&plan->site.authorisation);
	int64_t scan = begin(store, plan, beacon, j);
	if (scan != 0)
		end = send_all(w, plan, beacon, key, files, store, *lock, scan);
	close(*lock); /* nothing is sent any more */
	*lock = -1;
	if (store_error(store) != STORE_OK)
		status = writing_message(files->store, store_error(store), store_error_text(store));
	else
		status = judging_end(j, store, scan, &outputs, files->store, w->fail_on);
	if (end == REACH_STOPPED)
		fprintf(stderr, _("the run was stopped before its end; what was found is kept\n"));
	else if (end == REACH_JOURNAL)
		fprintf(stderr,
			_("error: %s: the journal cannot be written, so nothing more was "
			  "sent\n"),
			files->journal);
	else if (end == REACH_FAULT)
		fprintf(stderr,
			_("error: the process that tests failed; what was found is kept\n"));
	store_close(store);
	return end == REACH_DONE ? status : EXIT_INCOMPLETE;
}

static int run(const struct reach_wish *w, const struct plan *plan, const struct beacon *beacon,
	       const struct token_key *key, struct judging *j)
{
	char *store = w->store != NULL ? strdup(w->store) : writing_default(plan->site.path);
	struct run_files files = { 0 };
	int status = EXIT_USAGE;

	if (store == NULL || !run_files_make(&files, store, w->stop_file, w->html, w->no_html)) {
		fprintf(stderr, _("error: out of memory\n"));
		status = EXIT_INCOMPLETE;
	} else if (!run_writable(store) || !run_writable(files.html) || !run_writable(w->json) ||
		   !run_writable(w->ndjson) || !run_writable(w->csv)) {
		status = EXIT_USAGE; /* said already */
	} else if (access(files.stop, F_OK) == 0) {
		fprintf(stderr, _("error: the stop file %s is there; remove it to send\n"),
			files.stop);
	} else {
		int lock = run_lock(w->wait);

		status = lock >= 0 ? run_locked(w, plan, beacon, key, &files, &lock, j)
				   : EXIT_INCOMPLETE;
		if (lock >= 0)
			close(lock);
	}
	run_files_done(&files);
	free(store);
	return status;
}

/* The token key is in memory from here on: no core file, no tracing. */
static void keep_secrets(void)
{
	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
#ifndef TENKEN_SANITIZED /* the leak checker traces */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

static void load_vendors(void)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/probes/data/controller-makers.txt", data_dir());
	vendor_load("/usr/share/ieee-data", path);
}

int command_reach(int argc, char **argv)
{
	struct reach_wish w = { 0 };
	struct complaints c = { 0 };
	struct plan plan = { 0 };
	struct judging *j = NULL;
	struct token_key key = { 0 };
	int status;

	if (reach_far(argc, argv, &status))
		return status;
	status = read_options(argc, argv, &w);

	signal(SIGUSR1, SIG_IGN);
	if (status != EXIT_DONE)
		return status < 0 ? EXIT_DONE : status;
	if (!rights_of_caller())
		return EXIT_USAGE;
	struct plan_wish wish = {
		.site_path = w.site, .data_dir = data_dir(), .no_ports = true, .now = time(NULL)
	};
	status = EXIT_USAGE;
	keep_secrets();
	if (plan_make(&wish, &plan, &c) == 0) {
		const struct beacon *beacon = choose_beacon(&plan.site, w.beacon, &c);

		for (size_t i = 0; i < plan.site.later_count; i++)
			fprintf(stderr, _("note: %s\n"), plan.site.later[i]);
		if (beacon != NULL && authorised(&plan.site, wish.now, &c) &&
		    token_key_read(beacon->key_file, &key, &c) &&
		    judging_start(&j, &plan.site, w.profiles.at, w.profiles.count, w.checks.at,
				  w.checks.count, &c)) {
			load_vendors();
			status = run(&w, &plan, beacon, &key, j);
			vendor_unload();
		}
	}
	token_key_forget(&key);
	complaints_print(&c, stderr);
	complaints_done(&c);
	judging_free(j);
	plan_done(&plan);
	return status;
}
