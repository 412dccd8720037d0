/* SPDX-License-Identifier: Apache-2.0 */
/* `tenken scan`: plan, lock, store, sending and judging, one after the other. */
#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "codec/i18n.h"
#include "commands/commands.h"
#include "commands/crew.h"
#include "commands/dryrun.h"
#include "commands/engine.h"
#include "commands/judging.h"
#include "commands/lockout.h"
#include "commands/matching.h"
#include "commands/machines.h"
#include "commands/recognise.h"
#include "commands/resume.h"
#include "commands/rights.h"
#include "commands/run_files.h"
#include "commands/scan_options.h"
#include "commands/snapshot.h"
#include "commands/writing.h"
#include "identity/fingerprint.h"
#include "talk/packets.h"
#include "wire/payloads.h"
#include "wire/vendor.h"

static int64_t begin(struct store *store, struct scan_options *o, const struct plan *plan,
		     const struct judging *j, const struct resume_way *way)
{
	int64_t scan = run_begin(store, plan, j, o->outside != NULL ? "outside" : "scan",
				 plan_json(plan), o->run);

	if (scan != 0) {
		snapshot_site(store, plan);
		resume_keep(store, plan, o->profiles.at, o->profiles.count, o->checks.at,
			    o->checks.count, way);
		store_commit(store);
	}
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
static enum engine_end send_all(const struct scan_options *o, const struct plan *plan,
				const struct run_files *paths, struct store *store, int lock,
				const char *description, int64_t scan, const struct resume_way *way,
				const struct before *before, pid_t *ret_closing)
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
		.fingerprints = o->known,
		.credentials = plan->credentials ? &o->passwords : NULL,
		.login_forms = &o->login_forms,
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
	*ret_closing = r.closing;
	if (r.faults > 0)
		fprintf(stderr,
			_("warning: workers ended by a fault %lu times and were replaced; the "
			  "report names the services\n"),
			(unsigned long)r.faults);
	store_journal(store, scan, paths->journal);
	recognise(store, scan);
	machines(store, scan);
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
	     !judging_start(j, &plan->site, (const char *const *)r.profiles, r.profile_count,
			    (const char *const *)r.checks, r.check_count, &c)))
		status = EXIT_USAGE;
	if (status == EXIT_DONE) {
		resume_note_changes(&r, plan);
		resume_begin(store, &r, now);
		*way = r.way;
		if (resume_load(store, r.scan, plan, &ret->resumed) != 0 ||
		    resume_places(store, &ret->places) != 0 || store_error(store) != STORE_OK) {
			writing_message(path, STORE_BROKEN, store_error_text(store));
			status = EXIT_INCOMPLETE;
		}
		*ret_scan = r.scan;
	}
	complaints_print(&c, stderr);
	complaints_done(&c);
	resume_done(&r);
	return status;
}

static bool load_test_account(struct scan_options *o, const struct plan *plan)
{
	struct complaints c = { 0 };

	/* Passwords are in memory from here on: no process of the scan leaves a core file. */
	if (plan->credentials) {
		setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
#ifndef TENKEN_SANITIZED /* the leak checker traces */
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
	}
	bool good = lockout_add(plan, &o->passwords, &c);

	complaints_print(&c, stderr);
	complaints_done(&c);
	return good;
}

/* With the lock in hand. The plan and judging of a scan that goes on are made here. */
static int scan_locked(struct scan_options *o, struct plan *plan, const struct run_files *paths,
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
		return writing_message(paths->store, fault, _("it is damaged or cannot be read"));
	run_describe(description, sizeof(description), paths->store);
	struct before before = { 0 };
	struct resume_way way = { .retries = o->retries, .connect = o->connect };
	int64_t scan = 0;
	int status = EXIT_DONE;
	if (o->resume)
		status = go_on(store, paths->store, plan, judging, &scan, &way, &before);
	else if (getrandom(way.order_key, sizeof(way.order_key), 0) !=
		 (ssize_t)sizeof(way.order_key))
		status = EXIT_INCOMPLETE; /* the machine has no random numbers at all */
	if (status == EXIT_DONE && !load_test_account(o, plan))
		status = EXIT_USAGE;
	if (status != EXIT_DONE) {
		before_done(&before);
		store_close(store);
		return status;
	}
	struct judging *j = *judging;
	if (!o->resume)
		scan = begin(store, o, plan, j, &way);
	enum engine_end end = ENGINE_STORE;
	pid_t closing = 0;
	if (scan != 0)
		end = send_all(o, plan, paths, store, *lock, description, scan, &way,
			       o->resume ? &before : NULL, &closing);
	before_done(&before);
	close(*lock); /* nothing is sent any more */
	*lock = -1;
	if (store_error(store) != STORE_OK)
		status = writing_message(paths->store, store_error(store), store_error_text(store));
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
	crew_wait(closing);
	return end == ENGINE_DONE ? status : EXIT_INCOMPLETE;
}

/* Ours, then those of the folders that were named; and passwords where logins are to be tried. False after
 * messages. */
static bool load_fingerprints(struct scan_options *o, bool logins)
{
	struct complaints c = { 0 };
	char path[4096];

	snprintf(path, sizeof(path), "%s/profiles/fingerprints", data_dir());
	o->known = fingerprints_new();
	if (o->known == NULL)
		complain(&c, path, 0, _("out of memory"));
	else
		fingerprints_read(o->known, path, &c);
	for (size_t i = 0; c.count == 0 && i < o->fingerprints.count; i++)
		fingerprints_read_any(o->known, o->fingerprints.at[i], &c);
	snprintf(path, sizeof(path), "%s/probes/data/default-credentials.csv", data_dir());
	if (logins) {
		credentials_load(path, &o->passwords, &c);
		snprintf(path, sizeof(path), "%s/probes/data/login-forms.yaml", data_dir());
		login_forms_load(path, &o->login_forms, &c);
	}
	bool good = c.count == 0;
	complaints_print(&c, stderr);
	complaints_done(&c);
	return good;
}

static int run(struct scan_options *o, struct plan *plan, const char *store, struct judging **j)
{
	struct run_files paths = { 0 };
	int status = EXIT_USAGE;

	if (!run_files_make(&paths, store, o->stop_file, o->html, o->no_html)) {
		fprintf(stderr, _("error: out of memory\n"));
		status = EXIT_INCOMPLETE;
	} else if (o->resume && access(store, F_OK) != 0) {
		fprintf(stderr, _("error: %s: there is no such store to resume from\n"), store);
	} else if (!run_writable(store) || !run_writable(paths.html) || !run_writable(o->json) ||
		   !run_writable(o->ndjson) || !run_writable(o->csv) ||
		   !run_writable(o->nmap_xml)) {
		status = EXIT_USAGE; /* said already */
	} else if (access(paths.stop, F_OK) == 0) {
		fprintf(stderr, _("error: the stop file %s is there; remove it to scan\n"),
			paths.stop);
	} else if (load_fingerprints(o, o->resume || plan->credentials)) {
		int lock = run_lock(o->wait);

		status = lock >= 0 ? scan_locked(o, plan, &paths, &lock, j) : EXIT_INCOMPLETE;
		if (lock >= 0)
			close(lock);
	}
	fingerprints_free(o->known);
	credentials_done(&o->passwords);
	login_forms_done(&o->login_forms);
	run_files_done(&paths);
	return status;
}

static void load_vendors(void)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/probes/data/controller-makers.txt", data_dir());
	vendor_load("/usr/share/ieee-data", path);
}

static void wish_udp(struct scan_options *o, uint16_t ports[static PAYLOAD_PORTS])
{
	const struct payload *p;

	for (size_t i = 0; (p = payload_at(i)) != NULL; i++)
		ports[o->wish.udp_port_count++] = p->port;
	o->wish.udp_ports = ports;
}

/* The site file names the vantage inside; this one stands in none of its zones. */
static bool stand_outside(struct plan *plan, const char *name)
{
	free(plan->site.vantage_name);
	free(plan->site.vantage_zone);
	plan->site.vantage_zone = NULL;
	plan->site.vantage_name = strdup(name);
	return plan->site.vantage_name != NULL;
}

int command_scan(int argc, char **argv)
{
	struct scan_options o = { 0 };
	int status = scan_options_read(argc, argv, &o);

	signal(SIGUSR1,
	       SIG_IGN); /* it asks for the progress, and there may be none yet or any more */
	if (status != EXIT_DONE)
		return status < 0 ? EXIT_DONE : status;
	return scan_run(&o);
}

int scan_run(struct scan_options *o)
{
	struct complaints c = { 0 };
	struct plan plan = { 0 };
	struct judging *j = NULL;

	if (!rights_of_caller())
		return EXIT_USAGE;
	if (o->find_only && !o->dry_run && !packets_able()) {
		fprintf(stderr, _("error: --discover needs the right to send raw packets "
				  "(CAP_NET_RAW); without it hosts show themselves by their ports "
				  "only\n"));
		return EXIT_USAGE;
	}
	o->wish.excludes = o->excludes.at;
	o->wish.exclude_count = o->excludes.count;
	o->wish.exclude_files = o->exclude_files.at;
	o->wish.exclude_file_count = o->exclude_files.count;
	o->wish.input_files = o->input_files.at;
	o->wish.input_file_count = o->input_files.count;
	o->wish.owned = o->owned.at;
	o->wish.owned_count = o->owned.count;
	o->wish.data_dir = data_dir();
	o->wish.now = time(NULL);
	uint16_t udp_ports[PAYLOAD_PORTS];
	wish_udp(o, udp_ports);
	int status = EXIT_USAGE;
	if (o->resume) {
		char *store =
			o->store != NULL ? strdup(o->store) : writing_default(o->wish.site_path);

		load_vendors();
		if (store != NULL)
			status = run(o, &plan, store, &j);
		free(store);
		vendor_unload();
	} else if (plan_make(&o->wish, &plan, &c) == 0 &&
		   site_matches_catalogue(&plan.site, o->checks.at, o->checks.count, &c) &&
		   (o->outside == NULL || stand_outside(&plan, o->outside))) {
		for (size_t i = 0; i < plan.site.later_count; i++)
			fprintf(stderr, _("note: %s\n"), plan.site.later[i]);
		if (o->dry_run && plan.risk < SITE_TOUCH) {
			printf(_("Nothing would be sent: the risk class is listen.\n"));
			status = EXIT_DONE;
		} else if (o->dry_run) {
			dry_run(&plan, o->wish.now, stdout);
			status = EXIT_DONE;
		} else if (judging_start(&j, &plan.site, o->profiles.at, o->profiles.count,
					 o->checks.at, o->checks.count, &c)) {
			char *store = o->store != NULL ? strdup(o->store)
						       : writing_default(plan.site.path);

			load_vendors();
			if (store != NULL)
				status = run(o, &plan, store, &j);
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
