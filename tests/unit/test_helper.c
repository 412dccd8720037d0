/* SPDX-License-Identifier: Apache-2.0 */
/* The process that asks checks beside the judging one: what comes of it is the same, also where it dies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "judge/arena.h"
#include "judge/helper.h"
#include "report/report.h"
#include "report/sample.h"
#include "store/open.h"

static struct sample_judge judge;
static char folder[] = "/tmp/tenken-helper-XXXXXX", path[64];

static int start(void **state)
{
	const char *data = getenv("TENKEN_DATA");
	char checks[4096];

	(void)state;
	if (data == NULL || mkdtemp(folder) == NULL)
		return -1;
	snprintf(checks, sizeof(checks), "%s/tests/report/hostile-checks.yaml", data);
	snprintf(path, sizeof(path), "%s/kita.tenken", folder);
	return sample_judge_start(&judge, data, checks) && sample_make(path, &judge, true) &&
			       sample_add_heard(path, &judge)
		       ? 0
		       : -1;
}

static int stop(void **state)
{
	(void)state;
	sample_judge_done(&judge);
	unlink(path);
	return rmdir(folder);
}

/* The one process that this one has started; 0: there is none. */
static pid_t child(void)
{
	char name[64], line[64] = "";

	snprintf(name, sizeof(name), "/proc/self/task/%d/children", (int)getpid());
	FILE *f = fopen(name, "r");
	assert_non_null(f);
	if (fgets(line, sizeof(line), f) == NULL)
		line[0] = '\0';
	fclose(f);
	return (pid_t)strtol(line, NULL, 10);
}

static struct judged judged_of(struct db *db, int helper)
{
	struct judged j = { .db = db,
			    .catalogue = &judge.catalogue,
			    .probes = judge.probes,
			    .scan = store_newest_scan(db),
			    .options = { .time_limit_ms = 20000,
					 .memory_limit = (size_t)256 * 1024 * 1024 },
			    .arena = arena_new() };

	assert_true(j.scan > 0);
	assert_non_null(j.arena);
	assert_int_equal(db_number(db, "SELECT max(finished) FROM main.scan", 0, &j.now), 0);
	j.asof = j.now;
	j.options.helper = helper;
	return j;
}

static void same_text(const char *a, const char *b)
{
	assert_int_equal(a == NULL, b == NULL);
	if (a != NULL)
		assert_string_equal(a, b);
}

static void same_rows(const struct rows *a, const struct rows *b)
{
	assert_int_equal(a->count, b->count);
	assert_int_equal(a->nowhere, b->nowhere);
	for (size_t i = 0; i < a->count; i++) {
		const struct row *x = &a->list[i], *y = &b->list[i];

		same_text(x->address, y->address);
		same_text(x->asset, y->asset);
		same_text(x->transport, y->transport);
		same_text(x->detail, y->detail);
		same_text(x->evidence, y->evidence);
		assert_int_equal(x->severity, y->severity);
		assert_int_equal(x->port, y->port);
		assert_int_equal(x->run, y->run);
		assert_int_equal(x->seen, y->seen);
		assert_int_equal(x->inferred, y->inferred);
	}
}

enum end { LIVES, KILLED_FIRST, KILLED_LATER };

/* Every check of ours is asked by the helper, and by this process as well. */
static size_t ask_all(enum end end)
{
	const struct fence fence = { 20000, (size_t)256 * 1024 * 1024 };
	struct store_reader reader;
	size_t rows = 0, asked = 0;

	assert_int_equal(store_open_read(path, &reader), STORE_OK);
	struct judged j = judged_of(reader.db, JUDGE_HELPER_ALWAYS);
	struct helper *h = helper_start(&j, &judge.ports);
	assert_non_null(h);
	pid_t pid = child();
	assert_true(pid > 0);
	assert_true(views_make(&j, &judge.ports) >= 0);
	for (size_t i = 0; i < judge.catalogue.check_count; i++)
		if (judge.catalogue.checks[i].sql != NULL)
			helper_offer(h, i);
	helper_all(h);
	if (end == KILLED_FIRST)
		kill(pid, SIGKILL);
	for (size_t i = 0; i < judge.catalogue.check_count; i++) {
		const struct check *check = &judge.catalogue.checks[i];
		struct rows theirs, ours;

		if (check->sql == NULL)
			continue;
		if (end == KILLED_LATER && asked++ == 20)
			kill(pid, SIGKILL);
		assert_int_equal(helper_rows(h, &j, i, &theirs), 0);
		assert_int_equal(rows_ask(j.db, check, &fence, &ours), 0);
		same_text(theirs.wrong, ours.wrong);
		if (ours.wrong == NULL)
			same_rows(&theirs, &ours);
		rows += ours.count;
		rows_done(&theirs);
		rows_done(&ours);
	}
	helper_end(h);
	assert_int_equal(child(), 0);
	arena_free(j.arena);
	store_close_read(&reader);
	return rows;
}

static void rows_are_the_same(void **state)
{
	(void)state;
	assert_true(ask_all(LIVES) > 20);
}

static void its_death_costs_nothing(void **state)
{
	(void)state;
	assert_true(ask_all(KILLED_FIRST) > 20);
	assert_true(ask_all(KILLED_LATER) > 20);
}

/* One that goes unheard of: it was stopped in the middle of its work. */
static void it_is_ended_with_the_judging(void **state)
{
	struct store_reader reader;

	(void)state;
	assert_int_equal(store_open_read(path, &reader), STORE_OK);
	struct judged j = judged_of(reader.db, JUDGE_HELPER_ALWAYS);
	struct helper *h = helper_start(&j, &judge.ports);
	assert_non_null(h);
	kill(child(), SIGSTOP);
	helper_offer(h, 0);
	helper_end(h);
	assert_int_equal(child(), 0);
	arena_free(j.arena);
	store_close_read(&reader);
}

static char *report_with(int helper, char *(*make)(struct db *db))
{
	const struct judge_options options = { .helper = helper };
	struct store_reader reader;

	assert_int_equal(store_open_read(path, &reader), STORE_OK);
	assert_int_equal(judge_run(reader.db, &judge.catalogue, store_newest_scan(reader.db),
				   judge.probes, &judge.ports, &options),
			 0);
	assert_int_equal(child(), 0);
	char *text = make(reader.db);
	store_close_read(&reader);
	return text;
}

static char *as_json(struct db *db)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(report_json(db, &judge.catalogue, LANGUAGE_JA, out), 0);
	assert_int_equal(fclose(out), 0);
	return text;
}

static char *as_page(struct db *db)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(report_html(db, &judge.catalogue, LANGUAGE_EN, NULL, out), 0);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void reports_are_the_same(void **state)
{
	char *(*const makes[])(struct db * db) = { as_json, as_page };

	(void)state;
	for (size_t i = 0; i < sizeof(makes) / sizeof(makes[0]); i++) {
		char *alone = report_with(JUDGE_HELPER_NEVER, makes[i]);
		char *helped = report_with(JUDGE_HELPER_ALWAYS, makes[i]);

		assert_true(strlen(alone) > 1000);
		assert_string_equal(alone, helped);
		free(alone);
		free(helped);
	}
}

/* What SQLite forbids to be opened again elsewhere, or what lies in no file. */
static void not_everything_can_be_helped(void **state)
{
	struct db *db = NULL;
	struct query *q = NULL;

	(void)state;
	assert_int_equal(db_open(path, DB_WRITE, &db), 0);
	assert_non_null(db_path(db));
	assert_false(db_only_read(db));
	assert_int_equal(query_new(db, "SELECT id FROM main.scan", &q), 0);
	assert_int_equal(query_step(q), 1);
	assert_null(db_path(db));
	query_free(q);
	assert_int_equal(db_exec(db, "BEGIN"), 0);
	assert_null(db_path(db));
	assert_int_equal(db_exec(db, "ROLLBACK"), 0);
	/* The end of a scan is judged alone. */
	struct judged j = judged_of(db, JUDGE_HELPER_DEFAULT);
	assert_null(helper_start(&j, &judge.ports));
	arena_free(j.arena);
	db_free(db);

	assert_int_equal(db_open(":memory:", DB_CREATE, &db), 0);
	assert_null(db_path(db));
	db_free(db);

	/* A small store. */
	struct store_reader reader;
	assert_int_equal(store_open_read(path, &reader), STORE_OK);
	assert_true(db_only_read(reader.db));
	j = judged_of(reader.db, JUDGE_HELPER_DEFAULT);
	assert_null(helper_start(&j, &judge.ports));
	arena_free(j.arena);
	store_close_read(&reader);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_the_same),
		cmocka_unit_test(its_death_costs_nothing),
		cmocka_unit_test(it_is_ended_with_the_judging),
		cmocka_unit_test(reports_are_the_same),
		cmocka_unit_test(not_everything_can_be_helped),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, start, stop);
}
