/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <glob.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/db.h"

static struct db *open_memory(void)
{
	struct db *db = NULL;

	assert_int_equal(db_open(":memory:", DB_CREATE, &db), 0);
	assert_int_equal(db_exec(db, "CREATE TABLE t (a TEXT, b INTEGER);"
				     "INSERT INTO t VALUES ('x', 1), ('y', 2), (NULL, NULL)"),
			 0);
	return db;
}

static void values_come_back(void **state)
{
	struct db *db = open_memory();
	struct query *q = NULL;

	(void)state;
	assert_int_equal(
		query_new(db, "SELECT a, b AS Bee FROM t WHERE b = ?1 OR a IS :name;  -- end", &q),
		0);
	assert_int_equal(query_bind_int(q, 1, 2), 0);
	assert_int_equal(query_bind_name(q, ":name", "nobody"), 0);
	assert_int_equal(query_bind_name(q, ":other", "nobody"), 0);
	assert_int_equal(query_column(q, "bee"), 1);
	assert_int_equal(query_column(q, "c"), -1);
	assert_int_equal(query_columns(q), 2);
	assert_int_equal(query_step(q), 1);
	assert_string_equal(query_text(q, 0), "y");
	assert_int_equal(query_int(q, 1), 2);
	assert_true(query_numeric(q, 1));
	assert_false(query_numeric(q, 0));
	assert_null(query_text(q, -1));
	assert_true(query_null(q, -1));
	assert_int_equal(query_step(q), 0);
	query_free(q);
	int64_t n = 0;
	assert_int_equal(db_number(db, "SELECT count(*) FROM t", -1, &n), 0);
	assert_int_equal(n, 3);
	assert_int_equal(db_number(db, "SELECT b FROM t WHERE a = 'none'", -1, &n), 0);
	assert_int_equal(n, -1);
	db_free(db);
}

static void mistakes_are_named(void **state)
{
	struct db *db = open_memory();
	struct query *q = NULL;

	(void)state;
	assert_int_equal(query_new(db, "SELECT nowhere FROM t", &q), -EINVAL);
	assert_string_equal(db_error(db), "no such column: nowhere");
	assert_int_equal(query_new(db, "SELECT 1; DELETE FROM t", &q), -EINVAL);
	assert_string_equal(db_error(db), "there is more than one statement");
	assert_int_equal(query_new(db, " /* only a comment */ ", &q), -EINVAL);
	assert_string_equal(db_error(db), "there is no statement");
	struct db *other = NULL;
	assert_int_equal(db_open("/nonexistent/store.tenken", DB_READ, &other), -ENOENT);
	db_free(db);
	db_free(NULL);
	query_free(NULL);
}

static void fence_denies_writing(void **state)
{
	static const char *const denied[] = {
		"INSERT INTO t VALUES ('z', 3)",
		"UPDATE t SET b = 9",
		"DELETE FROM t",
		"CREATE TABLE u (a)",
		"CREATE TEMP TABLE u (a)",
		"DROP TABLE t",
		"ATTACH '/tmp/other' AS other",
		"PRAGMA user_version = 5",
		"PRAGMA writable_schema = 1",
		"SELECT load_extension('x')",
		"SELECT random()",
		"SELECT hex(randomblob(4))",
		"BEGIN",
		"VACUUM INTO '/tmp/copy'",
	};
	struct db *db = open_memory();
	struct query *q = NULL, *before = NULL;
	const struct fence fence = { .time_ms = 1000, .memory = 64 * 1024 * 1024 };

	(void)state;
	assert_int_equal(query_new(db, "INSERT INTO t VALUES ('z', 3)", &before), 0);
	db_fence(db, &fence);
	for (size_t i = 0; i < sizeof(denied) / sizeof(denied[0]); i++) {
		if (query_new(db, denied[i], &q) != -EINVAL)
			fail_msg("allowed: %s", denied[i]);
	}
	assert_int_equal(query_run(before), -EINVAL);
	assert_int_equal(
		query_new(db,
			  "SELECT count(*), json_object('a', max(b)) FROM t, json_each('[1]'),"
			  " json_tree('1')",
			  &q),
		0);
	assert_int_equal(query_step(q), 1);
	assert_int_equal(query_int(q, 0), 3);
	query_free(q);
	db_unfence(db);
	assert_int_equal(query_run(before), 0);
	query_free(before);
	assert_int_equal(db_exec(db, "DELETE FROM t"), 0);
	db_free(db);
}

static const char endless[] =
	"WITH RECURSIVE n (v) AS (SELECT 1 UNION ALL SELECT v + 1 FROM n) SELECT max(v) FROM n";
static const char hungry[] =
	"WITH RECURSIVE n (v) AS (SELECT 1 UNION ALL SELECT v + 1 FROM n WHERE v < 200000)"
	" SELECT length(group_concat(t)) FROM (SELECT printf('%080d', v) AS t FROM n ORDER BY 1 "
	"DESC)";

static void fence_limits_time_and_memory(void **state)
{
	struct db *db = open_memory();
	struct query *q = NULL;
	const struct fence fence = { .time_ms = 50, .memory = 4 * 1024 * 1024 };

	(void)state;
	db_fence(db, &fence);
	assert_int_equal(query_new(db, endless, &q), 0);
	assert_int_equal(query_step(q), -ETIME);
	assert_string_equal(db_error(db), "it took too long");
	query_free(q);
	db_unfence(db);
	const struct fence patient = { .time_ms = 20000, .memory = 4 * 1024 * 1024 };
	db_fence(db, &patient);
	assert_int_equal(query_new(db, hungry, &q), 0);
	assert_int_equal(query_step(q), -ENOMEM);
	assert_string_equal(db_error(db), "it needed too much memory");
	query_free(q);
	db_unfence(db);
	/* Without the fence the same statement has its answer. */
	assert_int_equal(query_new(db, hungry, &q), 0);
	assert_int_equal(query_step(q), 1);
	assert_int_equal(query_int(q, 0), 200000 * 81 - 1);
	query_free(q);
	db_free(db);
}

static void reading_only_allows_temp(void **state)
{
	char path[] = "/tmp/tenken-test-XXXXXX";
	int fd = mkstemp(path);
	struct db *db = NULL;

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(db_open(path, DB_CREATE, &db), 0);
	assert_int_equal(db_exec(db, "CREATE TABLE t (a)"), 0);
	db_free(db);
	assert_int_equal(db_open(path, DB_READ, &db), 0);
	assert_int_equal(db_exec(db, "INSERT INTO t VALUES (1)"), -EROFS);
	assert_int_equal(
		db_exec(db, "PRAGMA temp_store = MEMORY; CREATE TEMP TABLE u AS SELECT 1 AS a"), 0);
	db_free(db);
	unlink(path);
}

/* TEMP is memory; a file, made or copied, has the pages that SQLite gives it. */
static void pages_of_a_file_stay(void **state)
{
	char path[] = "/tmp/tenken-db-XXXXXX", copy[64];
	struct db *db = NULL;
	int64_t n = 0;

	(void)state;
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	snprintf(copy, sizeof(copy), "%s.copy", path);
	assert_int_equal(db_open(path, DB_CREATE, &db), 0);
	assert_int_equal(db_exec(db, "CREATE TABLE t (a)"), 0);
	assert_int_equal(db_execf(db, "VACUUM main INTO %Q", copy), 0);
	assert_int_equal(db_number(db, "PRAGMA main.page_size", 0, &n), 0);
	assert_int_equal(n, 4096);
	assert_int_equal(db_number(db, "PRAGMA temp.page_size", 0, &n), 0);
	assert_int_equal(n, 16384);
	db_free(db);
	assert_int_equal(db_open(copy, DB_READ, &db), 0);
	assert_int_equal(db_number(db, "PRAGMA main.page_size", 0, &n), 0);
	assert_int_equal(n, 4096);
	db_free(db);
	unlink(path);
	unlink(copy);
}

static void median_is_the_middle(void **state)
{
	static const struct {
		const char *rows, *want;
	} cases[] = {
		{ "(3), (1), (2)", "2.0" },
		{ "(4), (1.5), (NULL), (3), (-1)", "2.25" },
		{ "(7)", "7.0" },
		{ "(NULL)", "none" },
	};
	struct db *db = open_memory();
	int64_t n = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char ask[128];
		struct query *q = NULL;

		snprintf(ask, sizeof(ask),
			 "SELECT coalesce(median(column1), 'none') FROM (VALUES %s)",
			 cases[i].rows);
		assert_int_equal(query_new(db, ask, &q), 0);
		assert_int_equal(query_step(q), 1);
		assert_string_equal(query_text(q, 0), cases[i].want);
		query_free(q);
	}
	assert_int_equal(db_number(db, "SELECT median(b) IS NULL FROM t WHERE b > 5", 0, &n), 0);
	assert_int_equal(n, 1);
	/* More than there is room for at first, in groups. */
	assert_int_equal(db_number(db,
				   "WITH RECURSIVE k(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM k "
				   "WHERE i < 999)"
				   " SELECT sum(m) FROM (SELECT median(1000 - i) AS m FROM k GROUP "
				   "BY i > 500)",
				   0, &n),
			 0);
	assert_int_equal(
		n, 999); /* 749.5 of 500 to 999, 250 of 1 to 499; a whole number is asked for */
	db_free(db);
}

/* Of all that real servers made the probes write, compact and as the files have it, SQLite finds the same. */
static void members_are_those_of_sqlite(void **state)
{
	static const char ask[] =
		"SELECT sum(json_member(?1, key) IS NOT NULL AND json(json_member(?1, key))"
		" IS NOT json(?1->('$.\"' || key || '\"'))), count(*),"
		" json_member(?1, 'nobody') IS NULL, json_compact(?1) FROM json_each(?1)";
	struct db *db = open_memory();
	struct query *q = NULL;
	glob_t files = { 0 };
	char pattern[4096];
	int64_t members = 0;

	(void)state;
	assert_non_null(getenv("TENKEN_WIRE"));
	snprintf(pattern, sizeof(pattern), "%s/*/*.json", getenv("TENKEN_WIRE"));
	assert_int_equal(glob(pattern, 0, NULL, &files), 0);
	assert_int_equal(query_new(db, ask, &q), 0);
	for (size_t i = 0; i < files.gl_pathc; i++)
		for (int compact = 0; compact < 2; compact++) {
			json_t *v = json_load_file(files.gl_pathv[i], JSON_ALLOW_NUL, NULL);
			char *text = json_dumps(v, compact ? JSON_COMPACT : JSON_INDENT(2));

			assert_non_null(text);
			query_reset(q);
			assert_int_equal(query_bind_text(q, 1, text), 0);
			assert_int_equal(query_step(q), 1);
			if (query_int(q, 0) != 0 || query_int(q, 2) != 1 ||
			    (query_int(q, 1) > 0 && !compact && query_int(q, 3) != 0))
				fail_msg("%s", files.gl_pathv[i]);
			members += query_int(q, 1);
			free(text);
			json_decref(v);
		}
	assert_true(members > 1000);
	query_free(q);
	globfree(&files);
	db_free(db);
}

static void odd_members(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "{\"a\":1}", "1" },
		{ " { \"b\" : [ 1 , {\"a\":2} ] , \"a\" : { \"a\" : \"}\\\"]\" } } ",
		  "{ \"a\" : \"}\\\"]\" }" },
		{ "{\"b\":{\"a\":1},\"c\":\"\\\\\",\"a\":null}", "null" },
		{ "{\"a\":1,\"a\":2}", "1" },
		{ "{\"aa\":1}", NULL },
		{ "{\"b\":\"\\\"a\\\":1\"}", NULL },
		{ "[\"a\",1]", NULL },
		{ "{}", NULL },
		{ "", NULL },
		{ "{\"a\"", NULL },
		{ "{\"a\":", NULL },
		{ "{\"a", NULL },
		{ "{\"b\":\"\\", NULL },
		{ "{\"b\":[[[", NULL },
	};
	struct db *db = open_memory();
	struct query *q = NULL;

	(void)state;
	assert_int_equal(query_new(db, "SELECT json_member(?1, 'a')", &q), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		query_reset(q);
		assert_int_equal(query_bind_text(q, 1, cases[i].text), 0);
		assert_int_equal(query_step(q), 1);
		if (cases[i].want == NULL)
			assert_null(query_text(q, 0));
		else
			assert_string_equal(query_text(q, 0), cases[i].want);
	}
	query_free(q);
	db_free(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_come_back),
		cmocka_unit_test(mistakes_are_named),
		cmocka_unit_test(fence_denies_writing),
		cmocka_unit_test(fence_limits_time_and_memory),
		cmocka_unit_test(reading_only_allows_temp),
		cmocka_unit_test(pages_of_a_file_stay),
		cmocka_unit_test(median_is_the_middle),
		cmocka_unit_test(members_are_those_of_sqlite),
		cmocka_unit_test(odd_members),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
