/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verdict as a decision table. Every combination of what was found, the asset's scope, the waiver, the
 * operator's answer and decision is judged and compared with the rule as the design states it; the rows
 * below it hold what is said, in both languages, and what is not one of these dimensions.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "judge/judge.h"
#include "store/schema.h"

/* ---- the dimensions ---- */

enum found { FOUND_NOTHING, FOUND_VERIFIED, FOUND_INFERRED, FOUNDS };
enum scope { SCOPE_IN, SCOPE_OUT, SCOPE_UNKNOWN, SCOPES };
enum waiver_way { NO_WAIVER, VALID, EXPIRED, FUTURE, INCOMPLETE, CONTRADICTED, ELSEWHERE, WAIVERS };
enum answer_way {
	NO_ANSWER,
	MET,
	NOT_MET,
	NOT_APPLICABLE,
	ANSWER_EXPIRED,
	ANSWER_FUTURE,
	WHOLE_MET,      /* of the control */
	OWN_OVER_WHOLE, /* not-met of the item, met of the control */
	STALE_OVER_WHOLE,
	EARLY_OVER_WHOLE,
	ANSWERS
};
enum decided_way { NO_DECISION, ADOPT, DECLINE, TIGHTEN, DECLINE_LATER, DECISIONS };
enum seen { DIRECT, INDIRECT, UNSEEN, SEENS };

/* The rule. */
static const char *expected(enum found f, enum scope s, enum waiver_way w, enum answer_way a,
			    enum decided_way d, enum seen seen)
{
	bool answered_met = a == MET || a == WHOLE_MET || a == EARLY_OVER_WHOLE;
	bool answered = answered_met || a == NOT_MET || a == NOT_APPLICABLE || a == OWN_OVER_WHOLE;
	bool here = f != FOUND_NOTHING && s == SCOPE_IN;

	if (d == DECLINE)
		return "declined";
	if (seen == UNSEEN)
		return answered ? "attested" : "not-assessable";
	if (here && w != VALID) {
		if (f == FOUND_INFERRED)
			return "hint";
		if (answered_met || a == NOT_APPLICABLE)
			return "contradicted";
		return seen == DIRECT ? "violated" : "hint";
	}
	if (here)
		return "waived";
	return s == SCOPE_IN ? "no-violation-observed" : "not-run";
}

/* ---- the catalogue ---- */

static const char *sweep[] = { "sweep" };
static struct check checks[] = {
	{ .id = "t.bad",
	  .severity = SEVERITY_MEDIUM,
	  .needs = { sweep, 1 },
	  .title = { "A", "A" },
	  .remedy = { "B", "B" },
	  .sql = "SELECT subject AS address, 80 AS port, text = 'inferred' AS inferred FROM remark"
		 " WHERE kind = 'bad'",
	  .file = "t" },
	{ .id = "t.more",
	  .severity = SEVERITY_LOW,
	  .needs = { sweep, 1 },
	  .title = { "A", "A" },
	  .remedy = { "B", "B" },
	  .sql = "SELECT subject AS address FROM remark WHERE kind = 'more'",
	  .file = "t" },
	{ .id = "t.rely",
	  .severity = SEVERITY_MEDIUM,
	  .needs = { sweep, 1 },
	  .title = { "A", "A" },
	  .remedy = { "B", "B" },
	  .sql = "SELECT subject AS address FROM remark WHERE kind = 'rely'",
	  .file = "t" },
};
static const char *bad[] = { "t.bad" };
static struct scope_word server = { .word = "server",
				    .sql = "asset.class = 'server'",
				    .title = { "server", "server" },
				    .file = "t" };
static const char *server_word[] = { "server" };
static struct words scope_words[] = { { server_word, 1 } };

enum { ITEMS = DECISIONS * SEENS };
static char ids[ANSWERS][ITEMS][32], control_ids[ANSWERS][16];
static struct item items[ANSWERS][ITEMS];
static struct control controls[ANSWERS];
static struct guideline cross = { .id = "cross",
				  .version = "1",
				  .date = "2026",
				  .title = { "c", "c" },
				  .sector = "all",
				  .controls = controls,
				  .control_count = ANSWERS,
				  .item_count = ANSWERS * ITEMS };

/* Rows of the second table speak of these: level, then what the item is like. */
static const char *more_words[] = { "more-1" };
static struct words alternatives[] = { { more_words, 1 } };
#define ITEM(name, seen_as, ...)                                                           \
	{                                                                                  \
		.id = name, .text = { "a", "a" }, .note = { "", "" }, .assess = (seen_as), \
		.checks = { bad, (seen_as) == ASSESS_NONE ? 0 : 1 }, __VA_ARGS__           \
	}
static const char *law_words[] = { "law-2" };
static struct words nested[] = { { law_words, 1 } };
static struct item law[] = {
	ITEM("law-0", ASSESS_DIRECT, .alternatives = nested, .alternative_count = 1),
	ITEM("law-1", ASSESS_DIRECT, .line = 1),
	ITEM("law-2", ASSESS_DIRECT, .alternatives = alternatives, .alternative_count = 1),
};
static struct item rule[] = { ITEM("rule-1", ASSESS_DIRECT, .line = 1) };
static struct item advice[] = {
	ITEM("advice-1", ASSESS_DIRECT, .line = 1),
	ITEM("advice-2", ASSESS_INDIRECT, .line = 1),
	ITEM("advice-3", ASSESS_NONE, .line = 1),
	ITEM("advice-4", ASSESS_DIRECT, .polarity = POLARITY_DEFICIENCY),
	ITEM("advice-5", ASSESS_DIRECT, .polarity = POLARITY_ALTERNATIVE),
};
static struct item sample[] = { ITEM("sample-1", ASSESS_DIRECT, .line = 1) };
static struct item more[] = { ITEM("more-1", ASSESS_NONE, .line = 1) };
static struct item blank[] = { ITEM("blank", ASSESS_NONE, .untreated = true) };
#define CONTROL(name, how, list)                                                        \
	{                                                                               \
		.id = name, .kind = "technical", .level = (how), .title = { "c", "c" }, \
		.items = (list), .item_count = countof(list)                            \
	}
static struct control spoken_controls[] = {
	CONTROL("law", "required", law),          CONTROL("rule", "required", rule),
	CONTROL("advice", "recommended", advice), CONTROL("sample", "example", sample),
	CONTROL("more", "recommended", more),     CONTROL("blank", "none", blank),
};
static struct guideline spoken = { .id = "spoken",
				   .version = "1",
				   .date = "2026",
				   .title = { "s", "s" },
				   .sector = "all",
				   .controls = spoken_controls,
				   .control_count = countof(spoken_controls),
				   .item_count = 12 };

static struct catalogue catalogue = { .checks = checks,
				      .check_count = countof(checks),
				      .scopes = &server,
				      .scope_count = 1,
				      .guideline_count = 1 };

static int make_catalogue(void **state)
{
	static const enum assess words[] = { ASSESS_DIRECT, ASSESS_INDIRECT, ASSESS_NONE };

	(void)state;
	spoken_controls[0].mandatory = true;
	for (int a = 0; a < ANSWERS; a++) {
		snprintf(control_ids[a], sizeof(control_ids[a]), "c%d", a);
		controls[a] = (struct control){ .id = control_ids[a],
						.kind = "technical",
						.level = "recommended",
						.title = { "c", "c" },
						.items = items[a],
						.item_count = ITEMS };
		for (int d = 0; d < DECISIONS; d++)
			for (int s = 0; s < SEENS; s++) {
				int i = d * SEENS + s;

				snprintf(ids[a][i], sizeof(ids[a][i]), "%d-%d-%d", a, d, s);
				items[a][i] = (struct item){ .id = ids[a][i],
							     .text = { "i", "i" },
							     .note = { "", "" },
							     .assess = words[s],
							     .checks = { bad, s == UNSEEN ? 0 : 1 },
							     .scope = scope_words,
							     .scope_count = s == UNSEEN ? 0 : 1 };
			}
	}
	return 0;
}

/* ---- the store ---- */

/* The run ends at 2000; one host. */
static const char plant[] =
	"INSERT INTO scan (id, uuid, site, vantage, profile, started, finished, status, version,"
	" plan) VALUES (1, 'u1', 'here', 'b1', 'x', 1000, 2000, 'done', '0',"
	" '{\"ports_tcp\":\"80\",\"risk\":\"read\"}');"
	"INSERT INTO host (scan, address, kind, treated, state, planned, complete, ledger_id)"
	" VALUES (1, '10.0.0.1', 'it', 'it', 'answering', 1, 1, 'L1');"
	"INSERT INTO service (scan, address, port, transport, state) VALUES"
	" (1, '10.0.0.1', 80, 'tcp', 'open');";

static const char *const found_sql[FOUNDS] = {
	"",
	"INSERT INTO remark VALUES (1, 'bad', '10.0.0.1', 'verified');",
	"INSERT INTO remark VALUES (1, 'bad', '10.0.0.1', 'inferred');",
};
#define LINE(class_)                                                                               \
	"INSERT INTO ledger (scan, id, address, class, line) VALUES (1, 'L1', '10.0.0.1', " class_ \
	", 2);"
static const char *const scope_sql[SCOPES] = { LINE("'server'"), LINE("'plc'"), LINE("NULL") };
#define WAIVER(asset, applicant, approved, until, relies)                                      \
	"INSERT INTO waiver (scan, check_id, asset, reason, compensating, approved_by,"        \
	" approved_at, until, applicant, clause, impact, closing, relies_on) VALUES (1,"       \
	" 't.bad', " asset ", 'r', 'c', 'b', " approved ", " until ", " applicant ", '5.4.2'," \
	" 'i', 'e', " relies ");"
static const char *const waiver_sql[WAIVERS] = {
	"",
	WAIVER("'L1'", "'a'", "900", "2000", "'[\"t.rely\"]'"),
	WAIVER("'L1'", "'a'", "900", "1999", "NULL"),
	WAIVER("'L1'", "'a'", "2001", "3000", "NULL"),
	WAIVER("'L1'", "''", "900", "3000", "NULL"),
	WAIVER("NULL", "'a'", "900", "3000",
	       "'[\"t.rely\"]'") "INSERT INTO remark VALUES (1, 'rely', '10.0.0.1', '');",
	WAIVER("'10.0.0.2'", "'a'", "900", "3000", "NULL"),
};

static struct db *store_with(const char *change)
{
	struct db *db = NULL;

	assert_int_equal(db_open(":memory:", DB_CREATE, &db), 0);
	for (int i = 0; i < store_version; i++)
		assert_int_equal(db_exec(db, store_migrations[i]), 0);
	assert_int_equal(db_exec(db, plant), 0);
	if (db_exec(db, change) < 0)
		fail_msg("%s", db_error(db));
	return db;
}

static void judge(struct db *db, const struct judge_options *with)
{
	struct complaints c = { 0 };
	struct judge_options options = with != NULL ? *with : (struct judge_options){ 0 };

	options.complaints = &c;
	if (judge_run(db, &catalogue, 1, NULL, NULL, &options) < 0)
		fail_msg("judging failed: %s", db_error(db));
	if (c.count > 0)
		fail_msg("complaint: %s", c.list[0]);
	complaints_done(&c);
}

static void answer(struct db *db, const char *guideline, const char *subject, bool whole,
		   const char *word, int at, int until)
{
	assert_int_equal(
		db_execf(db,
			 "INSERT INTO main.attestation (scan, guideline, item, answer, given_by,"
			 " given_at, until, whole) VALUES (1, %Q, %Q, %Q, 'chief', %d,"
			 " nullif(%d, 0), %d)",
			 guideline, subject, word, at, until, whole),
		0);
}

static void decide(struct db *db, const char *subject, enum decided_way d)
{
	static const char *const words[] = { NULL, "adopt", "decline", "tighten", "decline" };

	if (words[d] != NULL)
		assert_int_equal(
			db_execf(db,
				 "INSERT INTO main.decision (scan, guideline, item, decision, "
				 "reason,"
				 " given_by, given_at, level, line) VALUES (1, 'cross', %Q, %Q,"
				 " 'why', 'chief', %d, 'own', 3)",
				 subject, words[d], d == DECLINE_LATER ? 2001 : 900),
			0);
}

static void answer_all(struct db *db)
{
	static const struct {
		const char *word, *whole;
		int at, until;
	} given[ANSWERS] = {
		[MET] = { "met", NULL, 2000, 2000 },
		[NOT_MET] = { "not-met", NULL, 900, 0 },
		[NOT_APPLICABLE] = { "not-applicable", NULL, 900, 0 },
		[ANSWER_EXPIRED] = { "met", NULL, 900, 1999 },
		[ANSWER_FUTURE] = { "met", NULL, 2001, 0 },
		[WHOLE_MET] = { NULL, "met", 900, 0 },
		[OWN_OVER_WHOLE] = { "not-met", "met", 900, 0 },
		[STALE_OVER_WHOLE] = { "met", "met", 900, 1999 },
		[EARLY_OVER_WHOLE] = { "not-met", "met", 2001, 0 },
	};

	for (int a = 0; a < ANSWERS; a++) {
		if (given[a].whole != NULL)
			answer(db, "cross", control_ids[a], true, given[a].whole, 900, 0);
		for (int i = 0; i < ITEMS; i++) {
			if (given[a].word != NULL)
				answer(db, "cross", ids[a][i], false, given[a].word, given[a].at,
				       given[a].until);
			decide(db, ids[a][i], (enum decided_way)(i / SEENS));
		}
	}
}

/* ---- the whole table ---- */

static void compare(struct db *db, enum found f, enum scope s, enum waiver_way w)
{
	struct query *q = NULL;
	int rows = 0;

	assert_int_equal(query_new(db, "SELECT item, verdict FROM verdict", &q), 0);
	while (query_step(q) == 1) {
		int a, d, seen;

		assert_int_equal(sscanf(query_text(q, 0), "%d-%d-%d", &a, &d, &seen), 3);
		const char *want =
			expected(f, s, w, (enum answer_way)a, (enum decided_way)d, (enum seen)seen);
		if (strcmp(want, query_text(q, 1)) != 0)
			fail_msg("found %d, scope %d, waiver %d, answer %d, decision %d, seen %d: "
				 "%s, not %s",
				 f, s, w, a, d, seen, query_text(q, 1), want);
		rows++;
	}
	query_free(q);
	assert_int_equal(rows, ANSWERS * ITEMS);
}

static void every_combination(void **state)
{
	(void)state;
	catalogue.guidelines = &cross;
	for (int f = 0; f < FOUNDS; f++)
		for (int s = 0; s < SCOPES; s++)
			for (int w = 0; w < WAIVERS; w++) {
				struct db *db = store_with(found_sql[f]);

				assert_int_equal(db_exec(db, scope_sql[s]), 0);
				assert_int_equal(db_exec(db, waiver_sql[w]), 0);
				answer_all(db);
				judge(db, NULL);
				compare(db, (enum found)f, (enum scope)s, (enum waiver_way)w);
				db_free(db);
			}
}

/* ---- what is said ---- */

#define BAD "INSERT INTO remark VALUES (1, 'bad', '10.0.0.1', 'verified');"
#define ANSWER(item, word)                                                            \
	"INSERT INTO attestation (scan, guideline, item, answer, given_by, given_at)" \
	" VALUES (1, 'spoken', '" item "', '" word "', 'chief', 900);"
#define DECISION(item, word, more_columns, more_values)                             \
	"INSERT INTO decision (scan, guideline, item, decision, reason, given_at, " \
	"line" more_columns ") VALUES (1, 'spoken', '" item "', '" word             \
	"', 'why', 900, 3" more_values ");"

static const struct {
	const char *change, *item, *verdict, *en, *ja;
} rows[] = {
	/* level */
	{ BAD, "law-1", "violated", "requirement of the ministerial ordinance", "省令が求める" },
	{ BAD, "rule-1", "violated", "1 open finding.", "1件の検出。" },
	{ BAD, "advice-1", "violated", "Differs from the recommendation; not a breach of law.",
	  "推奨事項と相違（法令違反を意味しない）" },
	{ BAD, "sample-1", "violated", "Differs from the example measure", "例示された対策と相違" },
	{ BAD, "advice-2", "hint", "to be confirmed by a person", "人による確認が必要" },
	/* what a finding means for the item */
	{ BAD, "advice-4", "violated", "the described deficiency is seen", "不備が見られる" },
	{ "", "advice-4", "no-violation-observed", "deficiency was not seen", "見られなかった" },
	{ BAD, "advice-5", "hint", "no breach by itself", "それ自体は不適合ではなく" },
	/* alternatives */
	{ BAD, "law-2", "hint", "unless an alternative holds: more-1", "代替措置が成立しない限り" },
	{ BAD, "law-0", "hint", "unless an alternative holds: law-2", "代替措置が成立しない限り" },
	{ BAD ANSWER("more-1", "not-met"), "law-2", "violated", "ordinance", "省令" },
	{ BAD ANSWER("more-1", "not-applicable"), "law-2", "violated", "ordinance", "省令" },
	{ BAD ANSWER("more-1", "met"), "law-2", "hint", "unless", "代替措置" },
	{ BAD DECISION("more-1", "decline", "", ""), "law-2", "violated", "ordinance", "省令" },
	/* decisions */
	{ BAD DECISION("advice-1", "adopt", "", ""), "advice-1", "violated",
	  "Differs from what the operator has adopted; not a breach of law.",
	  "事業者が採用した事項と相違" },
	{ BAD DECISION("advice-1", "decline", "", ""), "advice-1", "declined",
	  "Declined by the operator: why. 1 open finding stays a finding.",
	  "事業者は採用しない：why。1件の検出はそのまま" },
	{ BAD DECISION("law-1", "decline", "", ""), "law-1", "violated", "cannot be declined",
	  "不採用にできない" },
	{ "INSERT INTO remark VALUES (1, 'more', '10.0.0.1', '');" DECISION(
		  "advice-3", "tighten", ", checks", ", '[\"t.more\"]'"),
	  "advice-3", "violated", "tightened this item", "厳しくしている" },
	{ DECISION("advice-3", "tighten", ", checks, level", ", '[\"t.more\"]', 'rule'"),
	  "advice-3", "no-violation-observed", "It is held as: rule.", "事業者の位置付け：rule。" },
	{ BAD
	  "INSERT INTO decision (scan, guideline, item, whole, decision, reason, line) VALUES"
	  " (1, 'spoken', 'advice', 1, 'decline', 'all', 3);" DECISION("advice-1", "adopt", "", ""),
	  "advice-1", "violated", "has adopted", "採用した" },
	{ BAD "INSERT INTO decision (scan, guideline, item, whole, decision, reason, line) VALUES"
	      " (1, 'spoken', 'advice', 1, 'decline', 'all', 3);",
	  "advice-2", "declined", "all.", "all。" },
	/* answers */
	{ ANSWER("advice-3", "met"), "advice-3", "attested", "answer: met", "満たしている" },
	{ "", "advice-3", "not-assessable", "the operator's answer is needed", "回答が必要" },
	{ "", "blank", "not-assessable", "does not treat this control", "出典はこの項目を扱って" },
	{ "INSERT INTO attestation (scan, guideline, item, answer, given_by, given_at, whole)"
	  " VALUES (1, 'spoken', 'advice', 'met', 'chief', 900, 1);",
	  "advice-3", "attested", "for the whole control", "管理策全体" },
	{ "INSERT INTO attestation (scan, guideline, item, answer, given_by, given_at)"
	  " VALUES (1, 'spoken', 'advice-3', 'met', 'chief', 2001);",
	  "advice-3", "not-assessable", "bears a later day", "まだ来ていない" },
	{ "INSERT INTO attestation (scan, guideline, item, answer, given_by, given_at, until)"
	  " VALUES (1, 'spoken', 'advice-3', 'met', 'chief', 900, 1000);",
	  "advice-3", "not-assessable", "has expired", "期限切れ" },
	{ BAD ANSWER("advice-1", "not-applicable"), "advice-1", "contradicted",
	  "evidence against the operator's answer", "矛盾" },
};

static const char *value_of(struct db *db, const char *sql)
{
	static char text[4096];
	struct query *q = NULL;

	if (query_new(db, sql, &q) < 0)
		fail_msg("%s: %s", sql, db_error(db));
	if (query_step(q) == 1)
		snprintf(text, sizeof(text), "%s", query_null(q, 0) ? "" : query_text(q, 0));
	else
		snprintf(text, sizeof(text), "(none)");
	query_free(q);
	return text;
}

static void expect(struct db *db, const char *sql, const char *want)
{
	const char *have = value_of(db, sql);

	if (strcmp(have, want) != 0)
		fail_msg("%s\n#  gives  %s\n#  not    %s", sql, have, want);
}

static void words_in_both_languages(void **state)
{
	(void)state;
	catalogue.guidelines = &spoken;
	for (size_t i = 0; i < countof(rows); i++) {
		struct db *db = store_with(rows[i].change);
		char sql[256];

		judge(db, NULL);
		snprintf(sql, sizeof(sql), "SELECT verdict FROM verdict WHERE item = '%s'",
			 rows[i].item);
		if (strcmp(value_of(db, sql), rows[i].verdict) != 0)
			fail_msg("row %zu: %s is %s, not %s", i, rows[i].item, value_of(db, sql),
				 rows[i].verdict);
		for (int ja = 0; ja < 2; ja++) {
			const char *want = ja ? rows[i].ja : rows[i].en;

			snprintf(sql, sizeof(sql), "SELECT %s FROM verdict WHERE item = '%s'",
				 ja ? "note_ja" : "note_en", rows[i].item);
			if (strstr(value_of(db, sql), want) == NULL)
				fail_msg("row %zu: %s\n#  not: %s", i, value_of(db, sql), want);
		}
		db_free(db);
	}
}

/* ---- beside the verdict ---- */

static void what_stands_beside(void **state)
{
	struct db *db = store_with(
		BAD "INSERT INTO measure (scan, check_id, asset, measure, given_by, given_at, line)"
		    " VALUES (1, 't.bad', 'L1', 'a filter', 'chief', 900, 7);"
		    "INSERT INTO measure (scan, guideline, item, measure, given_by, given_at, line,"
		    "  relies_on) VALUES (1, 'spoken', 'advice-1', 'a guard', 'chief', 900, 8,"
		    "  '[\"t.bad\"]');"
		    "INSERT INTO treatment (scan, check_id, owner, due, state, line) VALUES"
		    " (1, 't.bad', 'it', 1999, 'planned', 9);"
		    "INSERT INTO decision (scan, guideline, item, decision, severity, line) VALUES"
		    " (1, 'spoken', 'advice-1', 'tighten', 'high', 3);"
		    "INSERT INTO attestation (scan, guideline, item, answer, given_by, given_at,"
		    "  evidence) VALUES (1, 'spoken', 'advice-3', 'met', 'chief', 900, 'R8-1');");

	(void)state;
	catalogue.guidelines = &spoken;
	judge(db, NULL);
	/* They hide nothing. */
	expect(db, "SELECT status || ' ' || severity FROM finding_now WHERE check_id = 't.bad'",
	       "open high");
	expect(db,
	       "SELECT measures->>'$[0].measure' || ' ' || (measures->>'$[0].state') FROM"
	       " finding_now",
	       "a filter valid");
	expect(db,
	       "SELECT (treatment->>'$.state') || ' ' || (treatment->>'$.overdue') || ' ' ||"
	       " (treatment->>'$.contradicted') FROM finding_now",
	       "planned 1 0");
	expect(db,
	       "SELECT (measures->>'$[0].measure') || ' ' || (measures->>'$[0].state') || ' '"
	       " || decision FROM verdict WHERE item = 'advice-1'",
	       "a guard contradicted tighten");
	expect(db, "SELECT answer_evidence FROM verdict WHERE item = 'advice-3'", "R8-1");
	/* Done, and found after that day. */
	judge_forget(db);
	assert_int_equal(db_exec(db, "UPDATE main.treatment SET state = 'done', state_at = 1;"
				     "UPDATE main.scan SET started = 90000, finished = 90001;"
				     "UPDATE main.host SET last_ms = 90000000"),
			 0);
	judge(db, NULL);
	expect(db, "SELECT treatment->>'$.contradicted' FROM finding_now", "1");
	db_free(db);
}

/* A waiver by address or ledger id, for one of two places; the later one of two counts. */
static void waivers_meet_places(void **state)
{
	static const struct {
		const char *change, *status, *state;
	} cases[] = {
		{ WAIVER("'10.0.0.1'", "'a'", "900", "3000", "NULL"), "open", "" },
		{ WAIVER("'10.0.0.1'", "'a'", "900", "3000", "NULL")
			  WAIVER("'10.0.0.2'", "'a'", "900", "3000", "NULL"),
		  "waived", "valid" },
		{ WAIVER("'L1'", "'a'", "900", "3000", "NULL"), "waived", "valid" },
		{ WAIVER("NULL", "'a'", "900", "1000", "NULL")
			  WAIVER("NULL", "'a'", "900", "3000", "NULL"),
		  "waived", "valid" },
		{ WAIVER("NULL", "'a'", "900", "1000", "NULL"), "open", "expired" },
		{ WAIVER("'10.0.0.1'", "'a'", "900", "3000", "NULL")
			  WAIVER("'10.0.0.2'", "'a'", "900", "1000", "NULL"),
		  "open", "expired" },
		{ WAIVER("'L1'", "'a'", "900", "3000",
			 "'[\"t.rely\"]'") "INSERT INTO remark VALUES (1, 'rely', '10.0.0.2', '');",
		  "open", "contradicted" },
		{ WAIVER("'L1'", "'a'", "900", "3000", "'no list'"), "waived", "valid" },
	};

	(void)state;
	catalogue.guidelines = &spoken;
	for (size_t i = 0; i < countof(cases); i++) {
		struct db *db = store_with(
			BAD "INSERT INTO host (scan, address, kind, treated, state, planned,"
			    " complete) VALUES (1, '10.0.0.2', 'it', 'it', 'answering', 1, 1);"
			    "INSERT INTO remark VALUES (1, 'bad', '10.0.0.2', 'verified');"
			    "INSERT INTO asset_of VALUES (1, '10.0.0.1', '10.0.0.1'),"
			    " (1, '10.0.0.2', '10.0.0.1');");

		assert_int_equal(db_exec(db, cases[i].change), 0);
		judge(db, NULL);
		expect(db, "SELECT count(*) FROM finding_now WHERE check_id = 't.bad'", "1");
		if (strcmp(value_of(db, "SELECT status FROM finding_now WHERE check_id = 't.bad'"),
			   cases[i].status) != 0)
			fail_msg("case %zu: not %s", i, cases[i].status);
		if (strcmp(value_of(db, "SELECT waiver->>'$.state' FROM finding_now"
					" WHERE check_id = 't.bad'"),
			   cases[i].state) != 0)
			fail_msg("case %zu: not %s", i, cases[i].state);
		db_free(db);
	}
}

/* What is said after the run counts by its day, and what bears a later day does not. */
static void answers_of_another_day(void **state)
{
	struct db *db = store_with(BAD), *today = store_with("");
	struct judge_options options = { .answers = today, .asof = 5000 };

	(void)state;
	catalogue.guidelines = &spoken;
	answer(today, "spoken", "advice-3", false, "met", 4000, 0);
	assert_int_equal(db_exec(today, "INSERT INTO main.threshold VALUES (1, 'scan_days', 7)"),
			 0);
	judge(db, NULL);
	expect(db, "SELECT verdict FROM verdict WHERE item = 'advice-3'", "not-assessable");
	judge(db, &options);
	expect(db, "SELECT verdict FROM verdict WHERE item = 'advice-3'", "attested");
	expect(db, "SELECT asof || ' ' || now || ' ' || answers FROM judged", "5000 2000 site");
	expect(db, "SELECT value || ' ' || source FROM threshold WHERE name = 'scan_days'",
	       "7 site");
	options.asof = 3999;
	judge(db, &options);
	expect(db, "SELECT verdict FROM verdict WHERE item = 'advice-3'", "not-assessable");
	judge_forget(db);
	expect(db, "SELECT count(*) FROM attestation", "0");
	db_free(today);
	db_free(db);
}

/* ---- findings about declarations ---- */

static const struct {
	const char *change, *found;
} declared_rows[] = {
	{ "", "(none)" },
	{ "INSERT INTO attestation (scan, guideline, item, answer, given_by, given_at, until)"
	  " VALUES (1, 'g', '1', 'met', 'chief', 900, 1999);",
	  "declared.attestation-expired here g:1" },
	{ "INSERT INTO attestation (scan, guideline, item, answer, given_by, given_at, until)"
	  " VALUES (1, 'g', '1', 'met', 'chief', 900, 2000);",
	  "(none)" },
	{ WAIVER("'L1'", "'a'", "900", "1999", "NULL"), "declared.waiver-expired L1 t.bad" },
	{ WAIVER("'L1'", "'a'", "900", "1999", "NULL") WAIVER("'L1'", "'a'", "900", "2000", "NULL"),
	  "(none)" },
	{ WAIVER("NULL", "NULL", "900", "2000", "NULL"), "declared.waiver-incomplete here t.bad" },
	{ "INSERT INTO measure (scan, check_id, asset, port, measure, given_by, given_at, until,"
	  " line) VALUES (1, 't.bad', '10.0.0.1', 80, 'm', 'chief', 900, 1999, 7);",
	  "declared.measure-expired 10.0.0.1 t.bad port 80" },
	{ "INSERT INTO treatment (scan, check_id, owner, due, state, line) VALUES"
	  " (1, 't.bad', 'it', 1999, 'in-progress', 9);",
	  "declared.treatment-overdue here t.bad" },
	{ "INSERT INTO treatment (scan, check_id, owner, due, state, line) VALUES"
	  " (1, 't.bad', 'it', 1999, 'accepted', 9);",
	  "(none)" },
	{ "INSERT INTO measure (scan, guideline, item, measure, given_by, given_at, relies_on,"
	  " line) VALUES (1, 'g', '1', 'm', 'chief', 900, '[\"asset.unapproved\"]', 7);"
	  "INSERT INTO ledger (scan, id, address, line) VALUES (1, 'L9', '10.0.0.9', 2);"
	  "UPDATE host SET ledger_id = NULL;",
	  "declared.contradicted here measure g:1 against asset.unapproved" },
};

static void declarations_that_fail_are_findings(void **state)
{
	struct complaints c = { 0 };
	const char *data = getenv("TENKEN_DATA");
	const struct catalogue own = catalogue;

	(void)state;
	assert_non_null(data);
	assert_int_equal(catalogue_load(data, NULL, 0, NULL, 0, &catalogue, &c), 0);
	for (size_t i = 0; i < countof(declared_rows); i++) {
		struct db *db = store_with(declared_rows[i].change);
		const struct judge_options options = { .complaints = &c };

		/* The shipped checks stand on views of probes; what these lack is no matter here. */
		assert_int_equal(judge_run(db, &catalogue, 1, NULL, NULL, &options), 0);
		expect(db,
		       "SELECT check_id || ' ' || asset || ' ' || detail FROM finding_now"
		       " WHERE check_id LIKE 'declared.%'",
		       declared_rows[i].found);
		expect(db,
		       "SELECT count(*) FROM check_run WHERE check_id LIKE 'declared.%'"
		       " AND ran = 1 AND partial = 0",
		       "7");
		expect(db, "SELECT count(*) FROM verdict_finding", "0");
		char print[64];
		snprintf(print, sizeof(print), "%s",
			 value_of(db, "SELECT fingerprint FROM finding_now WHERE check_id LIKE"
				      " 'declared.%'"));
		assert_int_equal(judge_keep(db), 0);
		/* The same again in the next run, and gone with what was declared. */
		static const char next[] =
			"INSERT INTO main.scan SELECT %d, 'u%d', kind, site, 'b2', vantage_zone,"
			" vantage_kind, profile, %d, %d, status, reason, version, plan FROM "
			"main.scan"
			" WHERE id = 1";
		if (strcmp(print, "(none)") != 0) {
			judge_forget(db);
			assert_int_equal(db_execf(db, next, 2, 2, 3000, 4000), 0);
			assert_int_equal(judge_run(db, &catalogue, 2, NULL, NULL, &options), 0);
			expect(db,
			       "SELECT status FROM finding_gone WHERE check_id LIKE 'declared.%'",
			       "fixed");
			expect(db,
			       "SELECT count(*) FROM finding_now WHERE check_id LIKE 'declared.%'",
			       "0");
		}
		db_free(db);
	}
	complaints_done(&c);
	catalogue_done(&catalogue);
	catalogue = own;
}

/* A check that could not be asked says of nothing that it is gone. */
static void who_did_not_look_fixes_nothing(void **state)
{
	static struct check asking = { .id = "t.declared",
				       .severity = SEVERITY_MEDIUM,
				       .title = { "A", "A" },
				       .remedy = { "B", "B" },
				       .file = "t" };
	static const char *declared[] = { "declared" };
	struct catalogue own = { .checks = &asking, .check_count = 1 };
	struct complaints c = { 0 };
	const struct judge_options options = { .complaints = &c };
	struct db *db = store_with("");

	(void)state;
	asking.needs = (struct words){ declared, 1 };
	asking.sql = "SELECT 'here' AS asset";
	assert_int_equal(judge_run(db, &own, 1, NULL, NULL, &options), 0);
	assert_int_equal(judge_keep(db), 0);
	judge_forget(db);
	asking.sql = "SELECT nothing FROM nowhere";
	assert_int_equal(db_exec(db, "INSERT INTO main.scan SELECT 2, 'u2', kind, site, vantage,"
				     " vantage_zone, vantage_kind, profile, 3000, 4000, status,"
				     " reason, version, plan FROM main.scan WHERE id = 1"),
			 0);
	assert_int_equal(judge_run(db, &own, 2, NULL, NULL, &options), 0);
	assert_int_equal(c.count, 1);
	expect(db, "SELECT status || ' ' || reason FROM finding_gone",
	       "not-retested error in the check");
	assert_int_equal(judge_keep(db), 0);
	expect(db, "SELECT status FROM main.finding", "open");
	complaints_done(&c);
	db_free(db);
}

/* A waiver is over by its day, also where nobody looked at the asset again. */
static void waivers_end_unseen(void **state)
{
	struct db *db = store_with(BAD);

	(void)state;
	catalogue.guidelines = &spoken;
	assert_int_equal(db_exec(db, WAIVER("'L1'", "'a'", "900", "3999", "NULL")), 0);
	judge(db, NULL);
	assert_int_equal(judge_keep(db), 0);
	expect(db, "SELECT status FROM main.finding", "waived");
	for (int run = 2; run <= 3; run++) {
		struct complaints c = { 0 };
		const struct judge_options options = { .complaints = &c };

		judge_forget(db);
		assert_int_equal(
			db_execf(
				db,
				"INSERT INTO main.scan SELECT %d, 'u%d', kind, site, vantage,"
				" vantage_zone, vantage_kind, profile, %d, %d, status, reason,"
				" version, plan FROM main.scan WHERE id = 1;"
				"INSERT INTO main.ledger (scan, id, address, class, line) VALUES"
				" (%d, 'L1', '10.0.0.1', 'server', 2);"
				"INSERT INTO main.waiver SELECT %d, check_id, asset, port, reason,"
				" compensating, approved_by, approved_at, until, applicant, clause,"
				" from_at, impact, closing, relies_on FROM main.waiver WHERE scan"
				" = 1",
				run, run, 1000 * run, 1000 * run + 1000, run, run),
			0);
		assert_int_equal(judge_run(db, &catalogue, run, NULL, NULL, &options), 0);
		expect(db, "SELECT status FROM finding_gone", "not-retested");
		expect(db,
		       "SELECT sum(open) || ' ' || sum(waived) FROM trend WHERE run ="
		       " (SELECT id FROM judged)",
		       run == 2 ? "0 1" : "1 0");
		assert_int_equal(judge_keep(db), 0);
		expect(db, "SELECT status FROM main.finding", run == 2 ? "waived" : "open");
		complaints_done(&c);
	}
	expect(db, "SELECT count(*) FROM main.finding_event WHERE event = 'unwaived'", "1");
	db_free(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_did_not_look_fixes_nothing),
		cmocka_unit_test(every_combination),
		cmocka_unit_test(words_in_both_languages),
		cmocka_unit_test(what_stands_beside),
		cmocka_unit_test(waivers_meet_places),
		cmocka_unit_test(answers_of_another_day),
		cmocka_unit_test(waivers_end_unseen),
		cmocka_unit_test(declarations_that_fail_are_findings),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_catalogue, NULL);
}
