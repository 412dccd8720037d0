/* SPDX-License-Identifier: Apache-2.0 */
#include "commands/reading.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "codec/i18n.h"
#include "commands/commands.h"
#include "commands/judging.h"
#include "judge/judge.h"

bool option_add(const char *list[static OPTION_LIST], size_t *count, const char *text,
		const char *option)
{
	if (*count == OPTION_LIST) {
		fprintf(stderr, _("error: option '%s' is given too often\n"), option);
		return false;
	}
	list[(*count)++] = text;
	return true;
}

int reading_message(const char *path, enum store_fault fault, const char *words)
{
	switch (fault) {
	case STORE_NO_FILE:
		fprintf(stderr, _("error: %s: cannot be opened: %s\n"), path, words);
		return EXIT_USAGE;
	case STORE_NOT_OURS:
		fprintf(stderr, _("error: %s: is no tenken store\n"), path);
		return EXIT_USAGE;
	case STORE_NEWER:
		fprintf(stderr, _("error: %s: this store was made by a newer tenken\n"), path);
		return EXIT_USAGE;
	case STORE_BUSY:
		fprintf(stderr, _("error: %s: another process holds this store\n"), path);
		return EXIT_INCOMPLETE;
	default:
		fprintf(stderr, _("error: %s: the store cannot be read: %s\n"), path, words);
		return EXIT_INCOMPLETE;
	}
}

/* "mlit-water,nisc-handbook" taken apart in place; the caller frees the list. */
static const char **split(char *text, size_t *ret_count)
{
	size_t n = 0, most = 1;

	for (const char *at = text; *at != '\0'; at++)
		most += *at == ',';
	const char **list = calloc(most, sizeof(*list));
	for (char *at = text; list != NULL && at != NULL && *at != '\0';) {
		char *comma = strchr(at, ',');

		if (comma != NULL)
			*comma++ = '\0';
		if (*at != '\0')
			list[n++] = at;
		at = comma;
	}
	*ret_count = n;
	return list;
}

/* A store may be read elsewhere: where the operator's own guideline is not at hand, the others do. */
static size_t those_at_hand(const char **list, size_t count)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		if (!profile_is_file(list[i]) || access(list[i], R_OK) == 0)
			list[n++] = list[i];
		else
			fprintf(stderr,
				_("warning: %s: this guideline cannot be read: %s; judged without "
				  "it (--profile FILE names it)\n"),
				list[i], strerror(errno));
	}
	return n;
}

/* The guidelines that the scan was judged by. */
static char *profiles_of(struct db *db, int64_t scan)
{
	struct query *q = NULL;
	char *text = NULL;

	if (query_new(db, "SELECT profile FROM main.scan WHERE id = ?1", &q) == 0 &&
	    query_bind_int(q, 1, scan) == 0 && query_step(q) == 1 && query_text(q, 0) != NULL)
		text = strdup(query_text(q, 0));
	query_free(q);
	return text;
}

int reading_open(const char *path, struct store_reader *ret)
{
	*ret = (struct store_reader){ 0 };
	enum store_fault fault = store_open_read(path, ret);
	if (fault != STORE_OK)
		return reading_message(path, fault, ret->words);
	if (ret->without_wal)
		fprintf(stderr,
			_("warning: %s: its last second is in %s-wal, which cannot be read here; "
			  "copy both "
			  "files to a writable folder\n"),
			path, path);
	return EXIT_DONE;
}

int reading_load(struct reading *r, struct db *db, int64_t scan, const char *const *profiles,
		 size_t profile_count, const char *const *checks, size_t check_count)
{
	struct complaints c = { 0 };
	const char **list = NULL, **ordered = NULL;
	bool all = false;
	for (size_t i = 0; i < profile_count; i++)
		all |= strcmp(profiles[i], "all") == 0;
	char *kept = profile_count == 0 || all ? profiles_of(db, scan) : NULL;
	int status = EXIT_USAGE;

	if (kept != NULL) {
		size_t n = 0;

		list = split(kept, &n);
		n = list != NULL ? those_at_hand(list, n) : 0;
		if (all && list != NULL)
			ordered = judging_order(list, n, profiles, &profile_count);
		else
			profile_count = n;
		profiles = all ? ordered : list;
		if (profiles == NULL)
			profile_count = 0;
	}
	r->own_checks = check_count > 0;
	if (judging_start(&r->judging, NULL, profiles, profile_count, checks, check_count, &c)) {
		r->catalogue = judging_catalogue(r->judging);
		status = EXIT_DONE;
	}
	complaints_print(&c, stderr);
	complaints_done(&c);
	free(ordered);
	free(list);
	free(kept);
	return status;
}

int reading_judge(struct reading *r, struct db *db, const char *path, int64_t scan)
{
	struct complaints c = { 0 };
	int status = judging_again(r->judging, db, scan, &r->today, &c) == 0
			     ? EXIT_DONE
			     : reading_message(path, STORE_BROKEN, db_error(db));

	/* What failed is told as not run; with checks of the user's it is for them to mend. */
	if (c.count > 0)
		r->judged = r->own_checks ? EXIT_USAGE : EXIT_INCOMPLETE;
	complaints_print(&c, stderr);
	complaints_done(&c);
	return status;
}

int reading_start(struct reading *ret, const char *path, const char *const *profiles,
		  size_t profile_count, const char *const *checks, size_t check_count)
{
	return reading_start_today(ret, path, profiles, profile_count, checks, check_count, NULL,
				   NULL);
}

int reading_start_today(struct reading *ret, const char *path, const char *const *profiles,
			size_t profile_count, const char *const *checks, size_t check_count,
			const char *site, const char *at)
{
	*ret = (struct reading){ 0 };
	int status = reading_open(path, &ret->store);
	if (status != EXIT_DONE)
		return status;
	struct db *db = ret->store.db;
	int64_t scan = store_newest_scan(db);
	if (scan < 0)
		return reading_message(path, STORE_BROKEN, db_error(db));
	if (scan == 0) {
		fprintf(stderr, _("error: %s: holds no scan\n"), path);
		return EXIT_USAGE;
	}
	status = today_load(&ret->today, site, at, checks, check_count, db, scan);
	if (status == EXIT_DONE)
		status = reading_load(ret, db, scan, profiles, profile_count, checks, check_count);
	return status == EXIT_DONE ? reading_judge(ret, db, path, scan) : status;
}

/* The end of the run of this number, of the same site and before the judged one; 0: there is none. */
static int64_t end_of_run(struct db *db, int64_t number)
{
	struct query *q = NULL;
	int64_t end =
		query_new(db,
			  "SELECT coalesce(s.finished, s.started) FROM main.scan s, temp.judged j"
			  " WHERE s.id = ?1 AND s.site = j.site AND s.id < j.id",
			  &q);

	if (end == 0 && query_bind_int(q, 1, number) == 0)
		end = query_step(q) == 1 ? query_int(q, 0) : 0;
	query_free(q);
	return end < 0 ? 0 : end;
}

int reading_since(struct reading *r, const char *path, const char *since)
{
	struct db *db = r->store.db;
	int64_t at = 0, run = 0;
	char *end;

	if (since == NULL)
		return EXIT_DONE;
	long long number = strtoll(since, &end, 10);
	int e = *end == '\0' ? 0 : db_number(db, "SELECT id FROM temp.judged", 0, &run);
	if (*end == '\0')
		at = end_of_run(db, number);
	else if (e == 0)
		e = today_day(db, run, since, &at);
	if (e == -EINVAL || (e == 0 && at == 0)) {
		fprintf(stderr,
			_("error: --since takes a day (YYYY-MM-DD) or the number of an earlier run "
			  "(tenken diff STORE --runs lists them), not '%s'\n"),
			since);
		return EXIT_USAGE;
	}
	if (e == 0)
		e = judge_since(db, at);
	return e == 0 ? EXIT_DONE : reading_message(path, STORE_BROKEN, db_error(db));
}

void reading_done(struct reading *r)
{
	judging_free(r->judging);
	today_done(&r->today);
	store_close_read(&r->store);
}
