/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shipped guidelines: how much each of them holds, that both languages are there, that nothing in
 * them is longer than a paraphrase, and what becomes of a control whose items its source does not give.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "codec/span.h"
#include "judge/judge.h"
#include "store/schema.h"

static struct catalogue catalogue;
static struct complaints complaints;

/* untreated: controls of which the source gives no more than the heading; items do not count them. direct:
 * more or fewer are wanted only where the mapping was reviewed (doc/mapping.md). */
static const struct {
	const char *id, *sector;
	size_t controls, items, untreated, direct;
} books[] = {
	{ "jama-japia", "automotive", 91, 667, 0, 33 }, //
	{ "mlit-port", "port", 67, 176, 37, 16 },       //
	{ "mlit-water", "water", 186, 1607, 0, 167 },   //
	{ "nisc-handbook", "all", 59, 340, 0, 20 },     //
	{ "nisc-measures", "all", 24, 394, 0, 54 },     //
};

static int load(void **state)
{
	const char *data = getenv("TENKEN_DATA");
	char **list = NULL;
	size_t count = 0;

	(void)state;
	assert_non_null(data);
	assert_int_equal(catalogue_names(data, &list, &count), 0);
	if (catalogue_load(data, (const char *const *)list, count, NULL, 0, &catalogue,
			   &complaints) < 0)
		fail_msg("%s", complaints.list[0]);
	for (size_t i = 0; i < count; i++)
		free(list[i]);
	free(list);
	return 0;
}

static int unload(void **state)
{
	(void)state;
	catalogue_done(&catalogue);
	complaints_done(&complaints);
	return 0;
}

static void nothing_is_lost(void **state)
{
	size_t all = 0;

	(void)state;
	assert_int_equal(catalogue.guideline_count, countof(books));
	for (size_t i = 0; i < countof(books); i++) {
		const struct guideline *g = catalogue_guideline(&catalogue, books[i].id);
		size_t direct = 0;

		assert_non_null(g);
		for (size_t k = 0; k < g->control_count; k++)
			for (size_t n = 0; n < g->controls[k].item_count; n++)
				direct += g->controls[k].items[n].assess == ASSESS_DIRECT;
		assert_int_equal(g->control_count, books[i].controls);
		assert_int_equal(g->item_count - g->untreated_count, books[i].items);
		assert_int_equal(g->untreated_count, books[i].untreated);
		assert_int_equal(direct, books[i].direct);
		assert_string_equal(g->sector, books[i].sector);
		all += g->item_count - g->untreated_count;
	}
	assert_int_equal(all, 3184);
}

static size_t characters(const char *text)
{
	size_t n = 0;

	for (; *text != '\0'; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

static bool both(const struct bilingual *b)
{
	return *b->en != '\0' && *b->ja != '\0' && strcmp(b->en, b->ja) != 0;
}

static void every_source_is_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < catalogue.guideline_count; i++) {
		const struct guideline *g = &catalogue.guidelines[i];

		assert_true(both(&g->title) && both(&g->publisher));
		assert_true(both(&g->origin) && both(&g->terms) && both(&g->source_note));
		assert_true(*g->version != '\0' && *g->date != '\0');
		assert_non_null(strstr(g->terms.en, "paraphrased by this project"));
		if (strcmp(g->id, "mlit-water") != 0)
			assert_true(both(&g->status));
	}
}

static void texts_are_short_and_in_both_languages(void **state)
{
	enum { TEXT = 60, SCOPE = 45, TITLE = 45 };

	(void)state;
	for (size_t i = 0; i < catalogue.guideline_count; i++) {
		const struct guideline *g = &catalogue.guidelines[i];

		for (size_t k = 0; k < g->control_count; k++) {
			const struct control *control = &g->controls[k];

			assert_non_null(level_words(control->level));
			assert_true(*control->title.en != '\0' && *control->title.ja != '\0');
			if (characters(control->title.ja) > TITLE ||
			    characters(control->scope.ja) > SCOPE)
				fail_msg("%s %s: longer than a paraphrase", g->id, control->id);
			for (size_t n = 0; n < control->item_count; n++) {
				const struct item *item = &control->items[n];

				assert_true(*item->text.en != '\0' && *item->text.ja != '\0');
				if (characters(item->text.ja) > TEXT)
					fail_msg("%s %s: longer than a paraphrase", g->id,
						 item->id);
			}
		}
	}
}

static const struct item *item_of(const char *guideline, const char *id,
				  const struct control **ret_control)
{
	const struct guideline *g = catalogue_guideline(&catalogue, guideline);
	const struct item *item = guideline_item(g, id, ret_control);

	if (item == NULL)
		fail_msg("%s has no item %s", guideline, id);
	return item;
}

static void figures_are_read(void **state)
{
	static const struct {
		const char *item, *en, *ja;
	} rows[] = {
		{ "7-9", "at least once a year", "1年に1回以上" },
		{ "90-4", "at least once in 6 months", "6か月に1回以上" },
		{ "137-2", "at least once a day", "1日に1回以上" },
		{ "143-3", "kept at least 6 months", "6か月以上保管" },
		{ "126-5", "at least 1 time", "1回以上" },
		{ "126-6", "at least 2 times a year", "年に2回以上" },
	};
	const struct control *control = NULL;
	char text[THRESHOLD_TEXT];

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		const struct item *item = item_of("jama-japia", rows[i].item, NULL);

		assert_int_equal(item->threshold_count, 1);
		assert_string_equal(threshold_text(&item->thresholds[0], false, text), rows[i].en);
		assert_string_equal(threshold_text(&item->thresholds[0], true, text), rows[i].ja);
	}
	const struct item *item = item_of("jama-japia", "101-1", &control);
	assert_string_equal(item->basis, "condition+criterion");
	assert_string_equal(control->label_no, "16");
	assert_true(both(&control->label) && both(&control->scope));
	assert_true(control->page > 0);
	item_of("jama-japia", "105-1", &control);
	assert_true(*control->note.en != '\0');
}

/* A store with one scan and nothing in it. */
static struct db *empty_store(void)
{
	struct db *db = NULL;

	assert_int_equal(db_open(":memory:", DB_CREATE, &db), 0);
	for (int i = 0; i < store_version; i++)
		assert_int_equal(db_exec(db, store_migrations[i]), 0);
	assert_int_equal(
		db_exec(db, "INSERT INTO scan VALUES (1, 'u', 'scan', 'a port', 'bastion', NULL, "
			    "NULL, 'all', 1000, 2000, 'done', NULL, '0',"
			    " '{\"ports_tcp\":\"1-1024\",\"risk\":\"read\"}')"),
		0);
	return db;
}

/* The site's own figure is held against the guideline's; a default is nobody's rule. */
static void own_figures_are_compared(void **state)
{
	static const struct {
		const char *set, *item;
		size_t found;
		const char *verdict;
	} rows[] = {
		{ "SELECT 1", "143-4", 0, "not-run" },
		{ "INSERT INTO threshold VALUES (1, 'log_months', 5)", "143-4", 1, "hint" },
		{ "INSERT INTO threshold VALUES (1, 'log_months', 6)", "143-4", 0, "not-run" },
		/* Whichever assets the item speaks of. */
		{ "INSERT INTO threshold VALUES (1, 'log_months', 5)", "143-2", 1, "hint" },
		{ "INSERT INTO threshold VALUES (1, 'log_months', 5)", "126-6", 1, "not-run" },
		{ "INSERT INTO threshold VALUES (1, 'scan_days', 184)", "126-6", 1, "hint" },
		{ "INSERT INTO threshold VALUES (1, 'scan_days', 183)", "126-6", 0, "not-run" },
	};
	const struct judge_probe none = { 0 };
	const struct judge_options options = { .complaints = &complaints };
	struct catalogue own = catalogue;
	struct guideline jama = *catalogue_guideline(&catalogue, "jama-japia");
	struct check check = *catalogue_check(&catalogue, "declared.figure-short");

	(void)state;
	own.guidelines = &jama;
	own.guideline_count = own.check_count = 1;
	own.checks = &check;
	own.view_count = own.own_view_count = 0;
	for (size_t i = 0; i < countof(rows); i++) {
		struct db *db = empty_store();
		struct query *q = NULL;
		int64_t found = 0;

		assert_int_equal(db_exec(db, rows[i].set), 0);
		if (judge_run(db, &own, 1, &none, NULL, &options) < 0)
			fail_msg("%s", db_error(db));
		assert_int_equal(db_number(db, "SELECT count(*) FROM finding_now", 0, &found), 0);
		assert_int_equal(found, rows[i].found);
		assert_int_equal(query_new(db, "SELECT verdict FROM verdict WHERE item = ?", &q),
				 0);
		query_bind_text(q, 1, rows[i].item);
		assert_int_equal(query_step(q), 1);
		assert_string_equal(query_text(q, 0), rows[i].verdict);
		query_free(q);
		judge_forget(db);
		db_free(db);
	}
}

/* A heading without items is neither met nor forgotten. */
static void what_the_source_leaves_out_is_told(void **state)
{
	const struct judge_probe none = { 0 };
	const struct judge_options options = { .complaints = &complaints };
	struct catalogue own = catalogue;
	struct guideline port = *catalogue_guideline(&catalogue, "mlit-port");
	struct query *q = NULL;
	struct db *db = empty_store();
	size_t told = 0;

	(void)state;
	own.guidelines = &port;
	own.guideline_count = 1;
	own.check_count = own.view_count = own.own_view_count = 0;
	if (judge_run(db, &own, 1, &none, NULL, &options) < 0)
		fail_msg("%s", db_error(db));
	assert_int_equal(query_new(db,
				   "SELECT verdict, note_en, note_ja FROM verdict"
				   " WHERE guideline = 'mlit-port' AND item = control",
				   &q),
			 0);
	while (query_step(q) == 1) {
		assert_string_equal(query_text(q, 0), "not-assessable");
		assert_non_null(strstr(query_text(q, 1), "does not treat this control"));
		assert_non_null(strstr(query_text(q, 2), "扱っていない"));
		told++;
	}
	query_free(q);
	judge_forget(db);
	db_free(db);
	assert_int_equal(told, port.untreated_count);
}

/* What a person may read as breach is said of the ordinance alone. */
static void levels_speak_both_languages(void **state)
{
	static const char *const known[] = { "required",   "recommended",   "example",
					     "reference",  "consideration", "informative",
					     "要検討事項", "参考事項",      "Lv1",
					     "Lv2",        "Lv3",           "none" };

	(void)state;
	for (size_t i = 0; i < countof(known); i++) {
		const struct level_words *w = level_words(known[i]);

		assert_non_null(w);
		assert_true(*w->name.en != '\0' && *w->name.ja != '\0' && both(&w->differs));
		assert_null(strstr(w->differs.en, "iolat"));
		assert_null(strstr(w->differs.ja, "違反"));
	}
	assert_null(level_words("Lv4"));
	assert_null(level_words(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_lost),
		cmocka_unit_test(every_source_is_told),
		cmocka_unit_test(texts_are_short_and_in_both_languages),
		cmocka_unit_test(figures_are_read),
		cmocka_unit_test(own_figures_are_compared),
		cmocka_unit_test(what_the_source_leaves_out_is_told),
		cmocka_unit_test(levels_speak_both_languages),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, load, unload);
}
