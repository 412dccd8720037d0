/* SPDX-License-Identifier: Apache-2.0 */
#include "commands/today.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "codec/i18n.h"
#include "commands/commands.h"
#include "commands/matching.h"
#include "commands/snapshot.h"

/* Of the run that is judged. */
struct run {
	char *site, *timezone;
	int64_t end;
};

static void run_done(struct run *r)
{
	free(r->site);
	free(r->timezone);
}

static char *copied(const char *text)
{
	return text != NULL ? strdup(text) : NULL;
}

static bool run_read(struct db *db, int64_t id, struct run *ret)
{
	struct query *q = NULL;
	bool good = query_new(db,
			      "SELECT site, coalesce(finished, started),"
			      " CASE WHEN json_valid(plan) THEN plan->>'$.timezone' END"
			      " FROM main.scan WHERE id = ?1",
			      &q) == 0 &&
		    query_bind_int(q, 1, id) == 0 && query_step(q) == 1;

	*ret = (struct run){ 0 };
	if (good)
		*ret = (struct run){ .site = copied(query_text(q, 0)),
				     .timezone = copied(query_text(q, 2)),
				     .end = query_int(q, 1) };
	query_free(q);
	return good && ret->site != NULL;
}

/* The rows of the store in memory are read through a handle of its own. */
static bool keep(struct today *t, const struct site *s, int64_t now)
{
	const struct scan_row row = { .uuid = "",
				      .site = s->name,
				      .vantage = "",
				      .profile = "",
				      .version = "",
				      .plan = "{}",
				      .started = now };

	if (store_memory(&t->store) != STORE_OK || store_scan_begin(t->store, &row) == 0)
		return false;
	snapshot_answers(t->store, s);
	store_commit(t->store);
	return store_error(t->store) == STORE_OK && db_borrow(store_db(t->store), &t->answers) == 0;
}

void today_unnamed(const struct site *s)
{
	char *path = site_unnamed_answers(s);

	if (path != NULL)
		fprintf(stderr,
			_("note: %s is not used, since the site file does not name it (answers: "
			  "answers.yaml)\n"),
			path);
	free(path);
}

static int read_site(const char *path, const struct run *r, const char *const *checks,
		     size_t check_count, struct site *ret)
{
	struct complaints c = { 0 };
	int status = site_load(path, ret, &c) == 0 &&
				     site_matches_catalogue(ret, checks, check_count, &c)
			     ? EXIT_DONE
			     : EXIT_USAGE;

	complaints_print(&c, stderr);
	complaints_done(&c);
	if (status == EXIT_DONE && strcmp(ret->name, r->site) != 0) {
		fprintf(stderr,
			_("error: %s: is the file of the site '%s', the store's run is of '%s'\n"),
			path, ret->name, r->site);
		status = EXIT_USAGE;
	}
	if (status == EXIT_DONE)
		today_unnamed(ret);
	return status;
}

/* The day's last second; EXIT_USAGE after a message. */
static int read_day(const struct site *s, const char *at, const struct run *r, int64_t *ret)
{
	if (!site_day(s, at, true, ret)) {
		fprintf(stderr, _("error: --at takes a day (YYYY-MM-DD), not '%s'\n"), at);
		return EXIT_USAGE;
	}
	if (*ret >= r->end)
		return EXIT_DONE;
	fprintf(stderr, _("error: --at %s lies before the end of the run that is judged\n"), at);
	return EXIT_USAGE;
}

int today_load(struct today *ret, const char *site, const char *at, const char *const *checks,
	       size_t check_count, struct db *db, int64_t run)
{
	struct run r;
	struct site s = { 0 };
	int64_t now = (int64_t)time(NULL);
	int status = EXIT_DONE;

	*ret = (struct today){ 0 };
	if (site == NULL && at == NULL)
		return EXIT_DONE;
	if (!run_read(db, run, &r)) {
		run_done(&r);
		fprintf(stderr, _("error: the store cannot be read: %s\n"), db_error(db));
		return EXIT_INCOMPLETE;
	}
	if (site != NULL)
		status = read_site(site, &r, checks, check_count, &s);
	else if (site_in_zone(r.timezone, &s) != 0)
		status = EXIT_INCOMPLETE;
	if (status == EXIT_DONE && at != NULL)
		status = read_day(&s, at, &r, &ret->asof);
	else if (status == EXIT_DONE)
		ret->asof = now > r.end ? now : r.end;
	if (status == EXIT_DONE && site != NULL && !keep(ret, &s, now)) {
		fprintf(stderr, _("error: %s: its answers cannot be kept in memory\n"), site);
		status = EXIT_INCOMPLETE;
	}
	site_done(&s);
	run_done(&r);
	return status;
}

void today_done(struct today *t)
{
	db_free(t->answers);
	store_close(t->store);
	*t = (struct today){ 0 };
}

int today_day(struct db *db, int64_t run, const char *day, int64_t *ret)
{
	struct run r;
	struct site s = { 0 };
	int e = run_read(db, run, &r) ? site_in_zone(r.timezone, &s) : -EIO;

	if (e == 0 && !site_day(&s, day, false, ret))
		e = -EINVAL;
	site_done(&s);
	run_done(&r);
	return e;
}
