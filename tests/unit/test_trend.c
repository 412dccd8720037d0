/* SPDX-License-Identifier: Apache-2.0 */
/* How findings come and go over the runs of a site: events, tallies, times until they are fixed, changes since
 * a moment; and the gap between current and target profile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "judge/judge.h"
#include "store/schema.h"

#define DAY 86400

/* An open port 23 is a finding, an open 80 another one, whose severity the plan says. */
static const char *sweep[] = { "sweep" };
static struct check checks[] = {
	{ .id = "t.http",
	  .severity = SEVERITY_LOW,
	  .needs = { sweep, 1 },
	  .title = { "A", "A" },
	  .remedy = { "B", "B" },
	  .sql = "SELECT address, port, transport, (SELECT plan->>'$.grade' FROM main.scan WHERE "
		 "id ="
		 " (SELECT id FROM judged)) AS severity FROM service WHERE port = 80",
	  .file = "t" },
	{ .id = "t.telnet",
	  .severity = SEVERITY_HIGH,
	  .needs = { sweep, 1 },
	  .title = { "A", "A" },
	  .remedy = { "B", "B" },
	  .sql = "SELECT address, port, transport FROM service WHERE port = 23",
	  .file = "t" },
};
static const char *telnet_check[] = { "t.telnet" };
static struct item items[] = {
	{ .id = "1-1",
	  .text = { "a", "a" },
	  .note = { "", "" },
	  .assess = ASSESS_DIRECT,
	  .checks = { telnet_check, 1 } },
	{ .id = "1-2", .text = { "b", "b" }, .note = { "", "" } },
};
static struct control controls[] = { { .id = "1",
				       .kind = "technical",
				       .level = "recommended",
				       .title = { "c", "c" },
				       .items = items,
				       .item_count = 2 } };
static struct guideline guidelines[] = { { .id = "demo",
					   .version = "1",
					   .date = "2026",
					   .title = { "d", "d" },
					   .controls = controls,
					   .control_count = 1,
					   .item_count = 2 } };
static const struct catalogue catalogue = {
	.checks = checks, .check_count = 2, .guidelines = guidelines, .guideline_count = 1
};

static struct db *db;

static int open_store(void **state)
{
	(void)state;
	if (db_open(":memory:", DB_CREATE, &db) != 0)
		return -1;
	for (int i = 0; i < store_version; i++)
		if (db_exec(db, store_migrations[i]) != 0)
			return -1;
	return 0;
}

static int close_store(void **state)
{
	(void)state;
	db_free(db);
	return 0;
}

static void expect(const char *sql, const char *wanted)
{
	struct query *q = NULL;

	if (query_new(db, sql, &q) != 0)
		fail_msg("%s: %s", sql, db_error(db));
	const char *have = query_step(q) == 1 ? query_text(q, 0) : "(none)";
	if (have == NULL || strcmp(have, wanted) != 0)
		fail_msg("%s: %s, not %s", sql, have != NULL ? have : "NULL", wanted);
	query_free(q);
}

/* Run number `id` on that day of two hosts that answer; ports: "ADDRESS PORT" pairs that are open. */
static void begin(int id, int day, const char *ports, const char *grade)
{
	assert_int_equal(
		db_execf(db,
			 "INSERT INTO main.scan (id, uuid, site, vantage, profile, started, "
			 "finished,"
			 " status, version, plan) VALUES (%d, 'u%d', 'here', 'b1', 'demo', %d, %d,"
			 " 'done', '0', json_object('ports_tcp', '23,80', 'risk', 'read', 'grade', "
			 "%Q));"
			 "INSERT INTO main.host (scan, address, kind, treated, state, planned, "
			 "complete)"
			 " VALUES (%d, '10.0.0.1', 'it', 'it', 'answering', 2, 1),"
			 " (%d, '10.0.0.2', 'it', 'it', 'answering', 2, 1);"
			 "INSERT INTO main.service (scan, address, port, transport, state)"
			 " SELECT %d, '10.0.0.' || (value->>'$[0]'), value->>'$[1]', 'tcp', 'open'"
			 " FROM json_each(%Q)",
			 id, id, day * DAY, day * DAY + 600, grade, id, id, id, ports),
		0);
}

static void judge(int id)
{
	if (judge_run(db, &catalogue, id, NULL, NULL, NULL) != 0)
		fail_msg("%s", db_error(db));
}

static void keep(int id)
{
	judge(id);
	if (judge_keep(db) != 0)
		fail_msg("%s", db_error(db));
}

static void run(int id, int day, const char *ports, const char *grade)
{
	begin(id, day, ports, grade);
	keep(id);
}

#define EVENTS(id)                                                                              \
	"SELECT coalesce(group_concat(x, ' '), '') FROM (SELECT f.check_id || '/' ||"           \
	" substr(f.address, 8) || '=' || e.event || ':' || e.severity AS x"                     \
	" FROM main.finding_event e JOIN main.finding f USING (fingerprint) WHERE e.scan = " id \
	" ORDER BY 1)"

static void events_are_kept(void **state)
{
	(void)state;
	run(1, 1, "[[1,23],[1,80]]", "low");
	expect(EVENTS("1"), "t.http/1=new:low t.telnet/1=new:high");
	run(2, 2, "[[1,23],[1,80]]", "medium");
	expect(EVENTS("2"), "t.http/1=severity:medium");
	run(3, 3, "[]", "low");
	expect(EVENTS("3"), "t.http/1=fixed:medium t.telnet/1=fixed:high");
	run(4, 4, "[[1,23],[2,23]]", "low");
	expect(EVENTS("4"), "t.telnet/1=reopened:high t.telnet/2=new:high");
	/* A waiver comes, and ends. */
	begin(5, 5, "[[1,23],[2,23]]", "low");
	assert_int_equal(db_execf(db,
				  "INSERT INTO main.waiver (scan, check_id, asset, reason,"
				  " compensating, approved_by, approved_at, until, applicant,"
				  " clause, impact, closing) VALUES (5, 't.telnet', '10.0.0.1',"
				  " 'r', 'c', 'b', 1, %d, 'a', '5.4.2', 'i', 'e')",
				  20 * DAY),
			 0);
	keep(5);
	expect(EVENTS("5"), "t.telnet/1=waived:high");
	run(6, 6, "[[1,23],[2,23]]", "low");
	expect(EVENTS("6"), "t.telnet/1=unwaived:high");
	/* Judged again, whichever run it is: nothing becomes of that. */
	for (int id = 6; id >= 1; id--)
		keep(id);
	expect("SELECT count(*) FROM main.finding_event", "9");
	expect("SELECT group_concat(open || '/' || new || '/' || fixed || '/' || reopened || '/' ||"
	       " waived, ' ') FROM (SELECT sum(open) AS open, sum(new) AS new, sum(fixed) AS fixed,"
	       " sum(reopened) AS reopened, sum(waived) AS waived FROM main.tally GROUP BY scan)",
	       "2/2/0/0/0 2/0/0/0/0 0/0/2/0/0 2/1/0/1/0 1/0/0/0/1 2/0/0/0/0");
}

static void what_was_not_looked_at_is_not_fixed(void **state)
{
	(void)state;
	run(1, 1, "[[1,23]]", "low");
	begin(2, 2, "[]", "low");
	assert_int_equal(db_exec(db, "UPDATE main.host SET state = 'silent' WHERE scan = 2"), 0);
	keep(2);
	expect(EVENTS("2"), "");
	expect("SELECT open || ' ' || unseen || ' ' || fixed FROM main.tally WHERE scan = 2 AND"
	       " severity = 'high'",
	       "1 1 0");
	judge(2);
	expect("SELECT count(*) FROM changes", "0");
	expect("SELECT open || ' ' || round(oldest_days, 2) FROM fix_time WHERE severity = 'high'",
	       "1 1.0");
}

#define FIX                                                                                    \
	"SELECT fixed || ' ' || coalesce(round(median_days, 1), '-') || ' ' || open || ' ' ||" \
	" coalesce(round(median_age_days, 1), '-') || ' ' ||"                                  \
	" coalesce(round(oldest_days, 1), '-') FROM fix_time WHERE severity = 'high'"

static void medians(void **state)
{
	(void)state;
	run(1, 1, "[[1,23]]", "low");
	judge(1);
	expect(FIX, "0 - 1 0.0 0.0"); /* nothing was fixed: there is no median */
	run(2, 11, "[[2,23]]", "low");
	judge(2);
	expect(FIX, "1 10.0 1 0.0 0.0");
	run(3, 15, "[[1,23]]", "low"); /* 10.0.0.2 after 4 days; the other one is back */
	judge(3);
	expect(FIX, "2 7.0 1 0.0 0.0"); /* the mean of both in the middle */
	run(4, 16, "[[2,23]]", "low");  /* after 1 day: counted from when it came back */
	judge(4);
	expect(FIX, "3 4.0 1 0.0 0.0");
	judge(2); /* as things stood then */
	expect(FIX, "1 10.0 1 0.0 0.0");
	expect("SELECT count(*) FROM fix_time", "5");
	expect("SELECT count(DISTINCT run) || ' ' || count(*) FROM trend", "2 10");
}

/* A store of before events were kept: its findings say when they were seen first and fixed, no more. */
static void older_stores_invent_nothing(void **state)
{
	(void)state;
	run(1, 1, "[[1,23],[2,23]]", "low");
	run(2, 5, "[[1,23]]", "low");
	run(3, 6, "[[1,23]]", "low");
	assert_int_equal(db_exec(db, "DROP TABLE main.finding_event; DROP TABLE main.tally;"
				     "UPDATE main.finding SET reopened = 1 WHERE address = "
				     "'10.0.0.1'"),
			 0);
	judge(3);
	expect(FIX, "1 4.0 1 - -"); /* nobody knows since when what came back is open */
	expect("SELECT group_concat(DISTINCT run) FROM trend", "3");
	expect("SELECT count(*) FROM changes", "0");
	judge_since(db, 2 * DAY);
	expect("SELECT group_concat(change) FROM changes", "mitigated");
	assert_true(judge_keep(db) < 0); /* nobody writes to such a store */
}

#define CHANGES                                                                   \
	"SELECT coalesce(group_concat(x, ' '), '') FROM (SELECT change || '/' ||" \
	" substr(address, 8) || '/' || port AS x FROM changes ORDER BY 1)"

static void changes_since(void **state)
{
	(void)state;
	run(1, 1, "[[1,23],[1,80]]", "low");
	judge(1);
	expect(CHANGES, ""); /* there is no report before */
	expect("SELECT count(*) || coalesce(max(at), '-') FROM since", "1-");
	run(2, 2, "[[1,80]]", "low");
	judge(2);
	expect(CHANGES, "mitigated/1/23");
	begin(3, 3, "[[1,23],[1,80],[2,23]]", "low");
	judge(3); /* not kept yet */
	expect(CHANGES, "new/2/23 re-detected/1/23");
	keep(3);
	judge(3);
	expect(CHANGES, "new/2/23 re-detected/1/23");
	expect("SELECT run FROM since", "2");
	judge_since(db, 1 * DAY + DAY / 2); /* it was open then, and is again */
	expect(CHANGES, "new/2/23 re-detected/1/23");
	judge_since(db, 4 * DAY);
	expect(CHANGES, "");
	run(4, 4, "[[2,23]]", "low");
	judge(4);
	judge_since(db, 3 * DAY - 1);
	expect(CHANGES, "mitigated/1/23 mitigated/1/80 new/2/23");
}

static void gaps_are_what_people_say(void **state)
{
	(void)state;
	begin(1, 1, "[[1,23]]", "low");
	assert_int_equal(db_exec(db, "INSERT INTO main.goal VALUES"
				     " (1, 'demo', '1', 1, 'ad hoc', 'managed', 'high', 'chief', "
				     "99, 'n', 'me', 1, 5),"
				     " (1, 'demo', '1-1', 0, NULL, 'none', NULL, NULL, NULL, NULL, "
				     "NULL, NULL, 6),"
				     " (1, 'demo', '1-2', 0, 'done', 'done', NULL, NULL, NULL, "
				     "NULL, NULL, NULL, 7);"
				     "INSERT INTO main.treatment (scan, guideline, item, whole, "
				     "action, owner, due,"
				     " state, line) VALUES (1, 'demo', '1-1', 0, 'close it', "
				     "'plant', 77, 'planned', 9);"
				     "INSERT INTO main.attestation (scan, guideline, item, answer, "
				     "given_by, given_at)"
				     " VALUES (1, 'demo', '1-2', 'met', 'me', 1);"
				     /* over, and not there yet */
				     "INSERT INTO main.attestation (scan, guideline, item, answer, "
				     "given_by, given_at, until)"
				     " VALUES (1, 'demo', '1-1', 'met', 'me', 1, 2),"
				     " (1, 'demo', '1-1', 'met', 'me', 4000000000, NULL)"),
			 0);
	judge(1);
	expect("SELECT group_concat(position || ' ' || control || ' ' || coalesce(item, '-') || ' "
	       "' ||"
	       " coalesce(current, '-') || ' ' || target || ' ' || coalesce(same, '-') || ' ' || "
	       "seen ||"
	       " ' ' || coalesce(owner, '-') || ' ' || coalesce(due, '-') || ' ' ||"
	       " coalesce(action, '-') || ' ' || coalesce(answer, '-'), '; ') FROM gap",
	       "1 1 - ad hoc managed 0 violated chief 99 - -; "
	       "2 1 1-1 - none - violated plant 77 close it -; "
	       "3 1 1-2 done done 1 attested - - - met");
	expect("SELECT verdicts FROM gap WHERE position = 1", "{\"violated\":1,\"attested\":1}");
}

/* An asset gets another id in the ledger: its findings go on, under its new name. */
static void findings_outlive_an_id(void **state)
{
	(void)state;
	begin(1, 1, "[[1,23]]", "low");
	assert_int_equal(db_exec(db, "UPDATE main.host SET ledger_id = 'PC-1' WHERE address = "
				     "'10.0.0.1'"),
			 0);
	keep(1);
	expect("SELECT asset FROM main.finding", "PC-1");
	begin(2, 2, "[[1,23]]", "low");
	assert_int_equal(db_exec(db, "UPDATE main.host SET ledger_id = 'SRV-1' WHERE scan = 2 AND"
				     " address = '10.0.0.1';"
				     "INSERT INTO main.asset_filed VALUES (2, '10.0.0.1', 'PC-1')"),
			 0);
	keep(2);
	expect(EVENTS("2"), "");
	expect("SELECT count(*) || ' ' || asset || ' ' || status FROM main.finding",
	       "1 SRV-1 open");
	/* Fixed: it is found by its old key as well. */
	begin(3, 3, "[]", "low");
	assert_int_equal(db_exec(db, "UPDATE main.host SET ledger_id = 'SRV-9' WHERE scan = 3 AND"
				     " address = '10.0.0.1';"
				     "INSERT INTO main.asset_filed VALUES (3, '10.0.0.1', 'PC-1')"),
			 0);
	keep(3);
	expect("SELECT status FROM main.finding", "fixed");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, open_store, close_store)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(events_are_kept),
		TEST(what_was_not_looked_at_is_not_fixed),
		TEST(medians),
		TEST(older_stores_invent_nothing),
		TEST(changes_since),
		TEST(gaps_are_what_people_say),
		TEST(findings_outlive_an_id),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
