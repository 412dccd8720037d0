/* SPDX-License-Identifier: Apache-2.0 */
/* tenken assess: asks a person what a scan cannot see, and keeps the answers. */
#include "commands/assess.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "codec/i18n.h"
#include "codec/span.h"
#include "commands/commands.h"
#include "commands/judging.h"
#include "commands/output.h"

enum { LIST = 16 };

struct options {
	const char *site, *store;
	bool resume, goals;
	const char *profiles[LIST];
	size_t profile_count;
};

static void help(void)
{
	printf(_("Usage: tenken assess -c SITE [--store STORE] [--profile NAME] [--resume]\n"
		 "Asks, control by control, for what a scan cannot see: the mandatory ones first. "
		 "Each answer\nis kept at once in the answers file that the site file names "
		 "(answers: answers.yaml).\n"
		 "  -c, --config SITE  the site file; it is only read\n"
		 "  --store STORE      what was scanned; default beside the site file, if it is "
		 "there\n"
		 "  --profile NAME     guideline; default those of the site file (repeatable)\n"
		 "  --resume           only what has no valid answer yet\n"
		 "  --goals            asks for current and target profile and tiers instead\n"
		 "Exit status: 0 done, or left with q; 2 usage or a wrong file; 3 the input ended "
		 "early, or an\nanswer could not be kept.\n"));
}

/* EXIT_DONE to go on, EXIT_USAGE after a message, -1 after the help. */
static int read_options(int argc, char **argv, struct options *o)
{
	enum { STORE = 256, PROFILE, RESUME, GOALS };
	static const struct option long_options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "store", required_argument, NULL, STORE },
		{ "profile", required_argument, NULL, PROFILE },
		{ "resume", no_argument, NULL, RESUME },
		{ "goals", no_argument, NULL, GOALS },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c;

	opterr = 0;
	optind = 0;
	while ((c = getopt_long(argc, argv, ":hc:", long_options, NULL)) != -1) {
		switch (c) {
		case 'c':
			o->site = optarg;
			break;
		case STORE:
			o->store = optarg;
			break;
		case PROFILE:
			if (o->profile_count == LIST) {
				fprintf(stderr, _("error: option '%s' is given too often\n"),
					"--profile");
				return EXIT_USAGE;
			}
			o->profiles[o->profile_count++] = optarg;
			break;
		case RESUME:
			o->resume = true;
			break;
		case GOALS:
			o->goals = true;
			break;
		case 'h':
			help();
			return -1;
		case ':':
			fprintf(stderr, _("error: %s needs a value\n"), argv[optind - 1]);
			return EXIT_USAGE;
		default:
			fprintf(stderr, _("error: unknown option '%s'; see tenken assess --help\n"),
				argv[optind - 1]);
			return EXIT_USAGE;
		}
	}
	if (optind < argc) {
		fprintf(stderr, _("error: '%s' is not known here\n"), argv[optind]);
		return EXIT_USAGE;
	}
	if (o->site == NULL) {
		fprintf(stderr, _("error: which site? tenken assess -c site.yaml\n"));
		return EXIT_USAGE;
	}
	return EXIT_DONE;
}

/* ---- keeping ---- */

static struct stat look(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		st = (struct stat){ 0 };
	return st;
}

static bool as_it_was(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* That the file has its new name is to survive a loss of power too. */
static void sync_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash != NULL ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	int fd = folder != NULL ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
	free(folder);
}

static int write_answers(FILE *out, void *context)
{
	const struct site *s = context;

	return answers_write(s, out);
}

bool assess_save(struct assessment *t)
{
	const char *path = t->site.answers_path;
	struct stat now = look(path);

	if (!as_it_was(&now, &t->was)) {
		fprintf(stderr,
			_("error: %s: somebody else has changed it meanwhile: the last answer is "
			  "not kept; begin again\n"),
			path);
		t->status = EXIT_INCOMPLETE;
		t->ask.end = ASK_OVER;
		return false;
	}
	int r = output_write(path, write_answers, &t->site);
	if (r != 0) {
		output_message(path, r);
		t->status = EXIT_INCOMPLETE;
		t->ask.end = ASK_OVER;
		return false;
	}
	sync_folder(path);
	t->was = look(path);
	return true;
}

/* ---- what is asked ---- */

static unsigned rank_of(const struct control *c)
{
	static const char *const levels[] = { "required", "recommended", "example", "informative" };
	unsigned i = 0;

	if (c->mandatory)
		return 0;
	while (i < countof(levels) && (c->level == NULL || strcmp(levels[i], c->level) != 0))
		i++;
	return 1 + i;
}

/* What the judged store says of this item; NULL: nothing. Valid until the query is stepped again. */
static bool is_open(struct assessment *t, struct query *q, const struct guideline *g,
		    const struct item *item, bool *ret_contradicted)
{
	static const char *const seen[] = { "violated", "waived", "no-violation-observed" };

	if (q == NULL)
		return item->assess != ASSESS_DIRECT;
	query_reset(q);
	query_bind_text(q, 1, g->id);
	query_bind_text(q, 2, item->id);
	const char *verdict = query_step(q) == 1 ? query_text(q, 0) : NULL;
	(void)t;
	if (verdict != NULL && strcmp(verdict, "contradicted") == 0)
		*ret_contradicted = true;
	for (size_t i = 0; verdict != NULL && i < countof(seen); i++)
		if (strcmp(verdict, seen[i]) == 0)
			return item->assess == ASSESS_NONE;
	return true;
}

/* What the operator does without needs no answer; the ordinance is not to be done without. */
static bool declined(const struct assessment *t, const struct guideline *g, const struct control *c,
		     const struct item *item)
{
	const struct decision *own = NULL, *whole = NULL;

	for (size_t i = 0; i < t->site.decision_count; i++) {
		const struct decision *d = &t->site.decisions[i];

		if (d->at > t->now || strcmp(d->guideline, g->id) != 0)
			continue;
		if (d->whole && strcmp(d->item, c->id) == 0)
			whole = d;
		else if (!d->whole && strcmp(d->item, item->id) == 0)
			own = d;
	}
	const struct decision *last = own != NULL ? own : whole;
	return last != NULL && strcmp(last->decision, "decline") == 0 && !c->mandatory;
}

enum state { STATE_NONE, STATE_VALID, STATE_EXPIRED, STATE_ELSEWHERE };

static enum state state_of(const struct assessment *t, const struct attestation *a)
{
	if (a == NULL)
		return STATE_NONE;
	bool expired = a->until != 0 && a->until < t->now;
	if (!answers_own(&t->site, a->file))
		return STATE_ELSEWHERE;
	return expired ? STATE_EXPIRED : STATE_VALID;
}

/* False: nobody needs to be asked. */
static bool due_of(struct assessment *t, struct query *q, const struct guideline *g,
		   const struct control *c, enum due *ret)
{
	enum state whole = state_of(t, answers_find(&t->site, g->id, c->id, true));
	bool open = false, contradicted = false, expired = whole == STATE_EXPIRED, any = false;

	for (size_t i = 0; i < c->item_count; i++) {
		const struct item *item = &c->items[i];
		enum state own = state_of(t, answers_find(&t->site, g->id, item->id, false));

		expired |= own == STATE_EXPIRED;
		any |= own != STATE_NONE;
		if (is_open(t, q, g, item, &contradicted) && !declined(t, g, c, item) &&
		    (own != STATE_ELSEWHERE && (own == STATE_NONE && whole == STATE_NONE)))
			open = true;
	}
	any |= whole != STATE_NONE;
	/* What the site file answers is changed there. */
	if (whole == STATE_ELSEWHERE)
		return false;
	*ret = expired        ? DUE_EXPIRED
	       : contradicted ? DUE_CONTRADICTED
	       : open         ? DUE_OPEN
			      : DUE_ANSWERED;
	return open || any || contradicted;
}

static int by_due(const void *x, const void *y)
{
	const struct question *a = x, *b = y;

	if (a->due != b->due)
		return a->due < b->due ? -1 : 1;
	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	return (a->place > b->place) - (a->place < b->place);
}

/* The control as a whole has a goal, or all of its items have. */
static bool has_goals(const struct site *s, const struct guideline *g, const struct control *c)
{
	size_t i = 0;

	if (answers_goal(s, g->id, c->id, true) != NULL)
		return true;
	while (i < c->item_count && answers_goal(s, g->id, c->items[i].id, false) != NULL)
		i++;
	return i > 0 && i == c->item_count;
}

/* Of goals every control may be asked. */
static int list_questions(struct assessment *t, const struct options *o)
{
	size_t most = 0, place = 0;
	struct query *q = NULL;

	for (size_t i = 0; i < t->catalogue->guideline_count; i++)
		most += t->catalogue->guidelines[i].control_count;
	t->questions = calloc(most + 1, sizeof(*t->questions));
	if (t->questions == NULL)
		return -ENOMEM;
	int r = t->db != NULL ? query_new(t->db,
					  "SELECT verdict FROM temp.verdict WHERE guideline = ?1"
					  " AND item = ?2",
					  &q)
			      : 0;
	for (size_t i = 0; r == 0 && i < t->catalogue->guideline_count; i++) {
		const struct guideline *g = &t->catalogue->guidelines[i];

		for (size_t k = 0; k < g->control_count; k++) {
			const struct control *c = &g->controls[k];
			struct question one = { .guideline = g,
						.control = c,
						.due = DUE_OPEN,
						.rank = rank_of(c),
						.place = place++ };
			bool asked = o->goals ? !o->resume || !has_goals(&t->site, g, c)
					      : due_of(t, q, g, c, &one.due);

			if (asked && !(o->resume && one.due == DUE_ANSWERED))
				t->questions[t->question_count++] = one;
		}
	}
	query_free(q);
	qsort(t->questions, t->question_count, sizeof(*t->questions), by_due);
	return r;
}

/* ---- the files ---- */

/* "plant.yaml" becomes "plant.tenken", where that is there. */
static char *store_beside(const char *site)
{
	const char *dot = strrchr(site, '.'), *slash = strrchr(site, '/');
	size_t n =
		dot != NULL && (slash == NULL || dot > slash) ? (size_t)(dot - site) : strlen(site);
	char *path;

	if (asprintf(&path, "%.*s.tenken", (int)n, site) < 0)
		return NULL;
	if (access(path, F_OK) == 0)
		return path;
	free(path);
	return NULL;
}

/* The catalogue, and the newest scan judged by it where there is a store. */
static int open_catalogue(struct assessment *t, const struct options *o)
{
	static const char *const standard[] = { "mlit-water" };
	struct complaints c = { 0 };
	const char *const *profiles = o->profiles;
	size_t count = o->profile_count;
	char *beside = o->store == NULL ? store_beside(o->site) : NULL;
	const char *store = o->store != NULL ? o->store : beside;
	int status = EXIT_USAGE;

	if (count == 0 && t->site.profile_count > 0) {
		profiles = (const char *const *)t->site.profiles;
		count = t->site.profile_count;
	} else if (count == 0) {
		profiles = standard;
		count = countof(standard);
	}
	if (store != NULL) {
		status = reading_start(&t->reading, store, profiles, count, NULL, 0);
		t->db = status == EXIT_DONE ? t->reading.store.db : NULL;
	} else if (judging_start(&t->reading.judging, NULL, profiles, count, NULL, 0, &c)) {
		t->reading.catalogue = judging_catalogue(t->reading.judging);
		status = EXIT_DONE;
	}
	t->catalogue = t->reading.catalogue;
	complaints_print(&c, stderr);
	complaints_done(&c);
	free(beside);
	return status;
}

/* A year from today, to the end of that day. */
static int64_t year_later(const struct site *s, int64_t now)
{
	char today[DAY_FORM];
	int64_t then = now;
	int year = 0, month = 0, day = 0;

	site_day_text(s, now, today);
	if (sscanf(today, "%d-%d-%d", &year, &month, &day) == 3)
		then = site_midnight(s, year + 1, month, day + 1) - 1;
	return then;
}

/* The last answer's role is the one to begin with. */
static void last_role(struct assessment *t)
{
	int64_t at = 0;

	for (size_t i = 0; i < t->site.attestation_count; i++) {
		const struct attestation *a = &t->site.attestations[i];

		if (answers_own(&t->site, a->file) && a->by != NULL && a->at >= at) {
			at = a->at;
			snprintf(t->role, sizeof(t->role), "%s", a->by);
		}
	}
}

static void tell_end(struct assessment *t, const struct options *o)
{
	FILE *out = t->ask.out;

	fprintf(out, _("\n%zu answered now. The answers are in %s.\n"), t->answered,
		t->site.answers_path);
	if (!t->named && t->was.st_ino != 0)
		fprintf(out,
			_("The site file does not name it yet. Add this line to %s:\n"
			  "answers: answers.yaml\n"),
			o->site);
	if (t->ask.end == ASK_OVER && t->status == EXIT_DONE)
		fprintf(out, _("The input ended early. To go on: tenken assess -c %s --resume\n"),
			o->site);
	else if (t->ask.end == ASK_STOP)
		fprintf(out,
			_("Stopped; what was answered is kept. To go on: tenken assess -c %s "
			  "--resume\n"),
			o->site);
}

static void dialogue(struct assessment *t, const struct options *o)
{
	ask_start(&t->ask, stdout);
	if (t->question_count == 0) {
		fprintf(t->ask.out, _("Nothing is left to ask.\n"));
	} else {
		last_role(t);
		if (o->goals)
			assess_goals(t);
		else
			assess_answers(t);
		tell_end(t, o);
	}
	if (t->ask.end != ASK_LINE && t->status == EXIT_DONE)
		t->status = EXIT_INCOMPLETE;
	ask_finish(&t->ask);
}

int command_assess(int argc, char **argv)
{
	struct options o = { 0 };
	struct assessment t = { .status = EXIT_DONE };
	struct complaints c = { 0 };
	int status = read_options(argc, argv, &o);

	if (status != EXIT_DONE)
		return status < 0 ? EXIT_DONE : status;
	t.now = time(NULL);
	if (site_load_to_answer(o.site, &t.site, &t.named, &c) != 0) {
		complaints_print(&c, stderr);
		status = EXIT_USAGE;
	} else {
		t.was = look(t.site.answers_path);
		t.until = year_later(&t.site, t.now);
		status = open_catalogue(&t, &o);
	}
	if (status == EXIT_DONE && list_questions(&t, &o) != 0) {
		fprintf(stderr, _("error: %s\n"), _("out of memory"));
		status = EXIT_INCOMPLETE;
	}
	if (status == EXIT_DONE) {
		dialogue(&t, &o);
		status = t.status;
	}
	complaints_done(&c);
	free(t.questions);
	reading_done(&t.reading);
	site_done(&t.site);
	return status;
}
