/* SPDX-License-Identifier: Apache-2.0 */
/* `tenken listen`: what traffic tells, into the same store as a scan. */
#include "commands/listen.h"

#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "codec/i18n.h"
#include "commands/commands.h"
#include "commands/judging.h"
#include "commands/lock.h"
#include "commands/matching.h"
#include "commands/rights.h"
#include "commands/run_files.h"
#include "commands/snapshot.h"
#include "commands/writing.h"
#include "wire/vendor.h"

/* What people say on a line is heard: somebody must have permitted it. */
static bool authorised(const struct site *s, int64_t now, struct complaints *c)
{
	char from[MOMENT_TEXT], until[MOMENT_TEXT];
	const struct authorisation *a = &s->authorisation;

	if (authorisation_valid(a, now))
		return true;
	if (s->path == NULL)
		complain(c, NULL, 0,
			 _("listening on an interface needs a site file (-c) with an "
			   "'authorisation' that is valid now; captures (-r) do not"));
	else if (!a->given)
		complain(c, s->path, 0,
			 _("field 'authorisation': missing; an interface is listened to only where "
			   "somebody permits it"));
	else
		complain(c, s->path, 0,
			 _("field 'authorisation': not valid now, but from %s until %s"),
			 site_moment(s, a->from, from), site_moment(s, a->until, until));
	return false;
}

/* The plan's own words, and what was listened to. */
static char *plan_text(const struct plan *plan, const struct listen_wish *w)
{
	char *text = plan_json(plan);
	json_t *o = text != NULL ? json_loads(text, 0, NULL) : NULL, *list = json_array();

	for (size_t i = 0; i < w->interfaces.count; i++)
		json_array_append_new(list, json_string(w->interfaces.at[i]));
	for (size_t i = 0; i < w->source_count; i++)
		json_array_append_new(list, json_string(w->sources[i]));
	json_object_set_new(o, "listened", list);
	if (w->for_s != 0)
		json_object_set_new(o, "for_s", json_integer(w->for_s));
	json_object_set_new(o, "names_shown", json_boolean(plan->site.listening.show_names));
	free(text);
	text = json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(o);
	return text;
}

static int64_t begin(struct store *store, const struct plan *plan, const struct listen_wish *w,
		     const struct judging *j)
{
	char uuid[37];
	int64_t scan = run_begin(store, plan, j, "listen", plan_text(plan, w), uuid);

	if (scan != 0) {
		snapshot_site(store, plan);
		store_commit(store);
	}
	return scan;
}

static const char *reason(enum listen_end end)
{
	return end == LISTEN_STOPPED     ? "stopped"
	       : end == LISTEN_NOT_WHOLE ? "a capture was not whole"
	       : end == LISTEN_FAULT     ? "fault"
					 : NULL;
}

static int with_store(struct listen_crew *c, const struct run_files *files, struct judging *j)
{
	const struct listen_wish *w = c->wish;
	const struct judging_outputs outputs = {
		.html = files->html,
		.json = w->json,
		.ndjson = w->ndjson,
		.csv = w->csv,
		.summary = !w->quiet,
	};
	enum store_fault fault = store_open(files->store, &c->store);
	enum listen_end end = LISTEN_STORE;
	int status;

	if (fault != STORE_OK)
		return writing_message(files->store, fault, _("it is damaged or cannot be read"));
	int64_t scan = begin(c->store, c->plan, w, j);
	if (scan != 0) {
		end = listen_crew_run(c);
		/* Asked to stop is how watching without --for comes to its end. */
		if (end == LISTEN_STOPPED && w->interfaces.count > 0 && w->for_s == 0)
			end = LISTEN_DONE;
		store_scan_end(c->store, end == LISTEN_DONE ? "done" : "incomplete", reason(end),
			       time(NULL));
	}
	if (store_error(c->store) != STORE_OK)
		status = writing_message(files->store, store_error(c->store),
					 store_error_text(c->store));
	else
		status = judging_end(j, c->store, scan, &outputs, files->store, w->fail_on);
	if (end == LISTEN_STOPPED)
		fprintf(stderr,
			_("listening was stopped before its end; what was heard is kept\n"));
	else if (end == LISTEN_FAULT)
		fprintf(stderr,
			_("error: the process that listens failed; what was heard is kept\n"));
	store_close(c->store);
	return end == LISTEN_DONE ? status : EXIT_INCOMPLETE;
}

/* Files are sorted, and interfaces open, before the store is touched. */
static int with_process(struct listen_crew *c, const struct run_files *files, struct judging *j)
{
	int status = listen_crew_start(c);

	if (status == EXIT_DONE && c->wish->interfaces.count == 0 && !listen_crew_look(c)) {
		if (c->end == LISTEN_FAULT && atomic_load(c->stopping) == 0)
			fprintf(stderr, _("error: the process that listens failed before a capture "
					  "was read\n"));
		status = c->end == LISTEN_FAULT || atomic_load(c->stopping) != 0 ? EXIT_INCOMPLETE
										 : EXIT_USAGE;
	}
	if (status == EXIT_DONE)
		status = with_store(c, files, j);
	listen_crew_end(c);
	return status;
}

static int take_lock(void)
{
	char holder[1024] = "";
	int fd = lock_take(LOCK_LISTENING);

	if (fd >= 0)
		return fd;
	lock_holder(LOCK_LISTENING, holder, sizeof(holder));
	fprintf(stderr, _("error: another run is listening on this bastion: %s\n"), holder);
	return -1;
}

static int run(const struct listen_wish *w, const struct plan *plan, struct judging *j)
{
	char *store = w->store != NULL ? strdup(w->store) : writing_default(plan->site.path);
	char description[512];
	struct run_files files = { 0 };
	struct listen_files found = { 0 };
	struct listen_crew crew = {
		.wish = w, .plan = plan, .files = &found, .lock = -1, .description = description
	};
	bool live = w->interfaces.count > 0;
	int status = EXIT_USAGE;

	if (store == NULL || !run_files_make(&files, store, w->stop_file, w->html, w->no_html)) {
		fprintf(stderr, _("error: out of memory\n"));
		status = EXIT_INCOMPLETE;
	} else if (!run_writable(store) || !run_writable(files.html) || !run_writable(w->json) ||
		   !run_writable(w->ndjson) || !run_writable(w->csv) ||
		   !listen_files_find(&found, w->sources, w->source_count)) {
		status = EXIT_USAGE; /* said already */
	} else if (access(files.stop, F_OK) == 0) {
		fprintf(stderr, _("error: the stop file %s is there; remove it to listen\n"),
			files.stop);
	} else if (!live || (crew.lock = take_lock()) >= 0) {
		run_describe(description, sizeof(description), store);
		crew.stop = files.stop;
		status = with_process(&crew, &files, j);
	}
	if (crew.lock >= 0)
		close(crew.lock);
	listen_files_done(&found);
	run_files_done(&files);
	free(store);
	return status;
}

/* What the site file says of listening, where the command line says nothing. */
static void take_site(struct listen_wish *w, const struct listening *l)
{
	if (w->source_count > 0)
		return;
	if (w->for_s == 0)
		w->for_s = l->for_s;
	if (w->interfaces.count > 0)
		return;
	for (size_t i = 0; i < l->interface_count && i < LISTEN_INTERFACES; i++)
		w->interfaces.at[w->interfaces.count++] = l->interfaces[i];
}

static void load_vendors(void)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/probes/data/controller-makers.txt", data_dir());
	vendor_load("/usr/share/ieee-data", path);
}

int command_listen(int argc, char **argv)
{
	struct listen_wish w = { 0 };
	struct complaints c = { 0 };
	struct plan plan = { 0 };
	struct judging *j = NULL;
	int status = listen_options_read(argc, argv, &w);

	signal(SIGUSR1, SIG_IGN);
	if (status != EXIT_DONE)
		return status < 0 ? EXIT_DONE : status;
	if (!rights_of_caller())
		return EXIT_USAGE;
	const struct plan_wish wish = {
		.site_path = w.site,
		.data_dir = data_dir(),
		.no_ports = true,
		.no_targets = true,
		.now = time(NULL),
	};
	status = EXIT_USAGE;
	if (plan_make(&wish, &plan, &c) == 0 &&
	    site_matches_catalogue(&plan.site, w.checks.at, w.checks.count, &c)) {
		take_site(&w, &plan.site.listening);
		if (w.interfaces.count == 0 && w.source_count == 0)
			complain(&c, plan.site.path, 0,
				 _("nothing to listen to: name an interface (-i, or "
				   "'listening.interfaces') or a file (-r)"));
		else if (w.interfaces.count == 0 || authorised(&plan.site, wish.now, &c))
			status = judging_start(&j, &plan.site, w.profiles.at, w.profiles.count,
					       w.checks.at, w.checks.count, &c)
					 ? EXIT_DONE
					 : EXIT_USAGE;
	}
	if (status == EXIT_DONE) {
		load_vendors();
		status = run(&w, &plan, j);
		vendor_unload();
	}
	complaints_print(&c, stderr);
	complaints_done(&c);
	judging_free(j);
	plan_done(&plan);
	return status;
}
