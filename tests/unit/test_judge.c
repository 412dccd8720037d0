/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The judge room on a catalogue and stores made here. The catalogue is written to a folder of its
 * own; each case is a fresh store: the plant below, changed by a few statements.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "judge/judge.h"
#include "probes/probe.h"
#include "store/schema.h"

/* ---- the catalogue ---- */

static const char checks_yaml[] =
	"- {id: t.ssh-weak, severity: medium, needs: [probe:ssh], title: {en: A, ja: あ},\n"
	"   remedy: {en: B, ja: い}, sql: \"SELECT address, port, algorithm AS detail,\n"
	"   severity, json_object('name', algorithm) AS evidence FROM ssh_algorithm\n"
	"   JOIN data_weak_words ON name = algorithm\"}\n"
	"- {id: t.ssh-auth, severity: low, needs: [probe:ssh/auth], title: {en: A, ja: あ},\n"
	"   remedy: {en: B, ja: い}, sql: SELECT address FROM ssh WHERE 0}\n"
	"- {id: t.telnet, severity: high, needs: [sweep], title: {en: A, ja: あ},\n"
	"   remedy: {en: B, ja: い},\n"
	"   sql: \"SELECT address, port, transport FROM service WHERE port = 23 AND state = "
	"'open'\"}\n"
	"- {id: t.ledger, severity: high, needs: [sweep, ledger], title: {en: A, ja: あ},\n"
	"   remedy: {en: B, ja: い},\n"
	"   sql: SELECT address FROM asset WHERE answering = 1 AND ledger_id IS NULL}\n"
	"- {id: t.listen, severity: high, needs: [listen], title: {en: A, ja: あ},\n"
	"   remedy: {en: B, ja: い}, sql: null}\n"
	"- {id: t.unfed, severity: high, needs: [sweep], title: {en: A, ja: あ},\n"
	"   remedy: {en: B, ja: い}, sql: null}\n"
	"- {id: t.no-probe, severity: high, needs: [probe:snmp], title: {en: A, ja: あ},\n"
	"   remedy: {en: B, ja: い}, sql: SELECT address FROM snmp}\n"
	"- {id: t.any, severity: high, needs: ['any:snmp,ssh'], title: {en: A, ja: あ},\n"
	"   remedy: {en: B, ja: い}, sql: SELECT address FROM ssh WHERE 0}\n"
	"- {id: t.modbus, severity: high, needs: [probe:modbus], title: {en: A, ja: あ},\n"
	"   remedy: {en: B, ja: い}, sql: SELECT address FROM modbus WHERE 0}\n"
	"- {id: t.port, severity: high, needs: ['port:502,9999'], title: {en: A, ja: あ},\n"
	"   remedy: {en: B, ja: い}, sql: SELECT address FROM service WHERE 0}\n"
	"- {id: t.public, severity: high, needs: [sweep, 'vantage:public'], title: {en: A, ja: "
	"あ},\n"
	"   remedy: {en: B, ja: い}, sql: SELECT address FROM service WHERE 0}\n"
	"- {id: t.remark, severity: high, needs: [sweep], title: {en: A, ja: あ},\n"
	"   remedy: {en: B, ja: い}, sql: SELECT subject AS address FROM remark WHERE kind = "
	"'os'}\n"
	"- {id: t.egress, severity: high, needs: [sweep], title: {en: A, ja: あ},\n"
	"   remedy: {en: B, ja: い}, sql: SELECT subject AS address FROM remark WHERE kind = "
	"'egress'}\n";

static const char scopes_yaml[] =
	"- {word: ot, title: {en: OT, ja: 制御系},\n"
	"   sql: \"CASE WHEN asset.kind = 'unassigned' THEN NULL ELSE asset.kind = 'ot' END\"}\n"
	"- {word: server, title: {en: server, ja: サーバ}, sql: \"asset.class = 'server' -- "
	"class\"}\n"
	"- {word: 'declared:*', title: {en: declared, ja: 申告},\n"
	"   sql: 'EXISTS (SELECT 1 FROM json_each(asset.declared) WHERE value = :word)'}\n";

#define ITEM(id, rest) "  - {id: " id ", en: an item, ja: 項目, " rest "}\n"
static const char guideline_yaml[] =
	"guideline: {id: demo, title: {en: Demo, ja: 例}, version: '1', date: 2026-01,\n"
	"  publisher: {en: us, ja: 我々}}\n"
	"controls:\n"
	"- id: '1'\n"
	"  title: {en: First, ja: 第一}\n"
	"  kind: technical\n"
	"  level: recommended\n"
	"  items:\n" ITEM("weak", "assess: direct, checks: [t.ssh-weak]") ITEM(
		"weak-seen-in-part",
		"assess: indirect, checks: [t.ssh-weak]") ITEM("telnet",
							       "assess: direct, checks: "
							       "[t.telnet]") ITEM("auth", "assess"
											  ": "
											  "direct"
											  ", "
											  "checks"
											  ": "
											  "[t."
											  "ssh-"
											  "auth]")
		ITEM("ledger", "assess: direct, checks: [t.ledger]") ITEM(
			"listen",
			"assess: "
			"indirect, "
			"checks: "
			"[t.listen]") ITEM("unfed",
					   "assess: indirect, checks: [t.unfed]") ITEM("no-probe",
										       "assess: "
										       "indirect, "
										       "checks: "
										       "[t.no-"
										       "probe]")
			ITEM("later",
			     "assess: direct, checks: [t.modbus], later: [t.someday, "
			     "t.unfed, t.modbus]") ITEM("any", "assess: "
							       "indirect,"
							       " checks: "
							       "[t.any]") ITEM("modbus",
									       "assess: direct, "
									       "checks: [t.modbus]")
				ITEM("port", "assess: direct, checks: [t.port]") ITEM(
					"public",
					"assess: direct, checks: "
					"[t.public]") ITEM("mixed",
							   "assess"
							   ": "
							   "direct"
							   ", "
							   "checks"
							   ": "
							   "[t."
							   "telnet"
							   ", "
							   "t."
							   "listen"
							   ", "
							   "t.ssh-"
							   "auth]") ITEM("no-check",
									 "assess: direct, checks: "
									 "[t.nothing]")
					ITEM("none", "assess: none, checks: []") ITEM(
						"ot-telnet", "assess: direct, checks: [t.telnet], "
							     "scope: "
							     "[ot]") ITEM("server-telnet",
									  "assess: direct, checks: "
									  "[t.telnet], scope: "
									  "[server]") ITEM("either-"
											   "telnet",
											   "assess:"
											   " direct"
											   ", "
											   "checks:"
											   " [t."
											   "telnet]"
											   ", "
											   "scope: "
											   "['"
											   "server|"
											   "ot']")
						ITEM("both-telnet",
						     "assess: direct, checks: [t.telnet], scope: "
						     "[ot, "
						     "'declared:important']") ITEM("when-telnet",
										   "assess: "
										   "direct, "
										   "checks: "
										   "[t.telnet], "
										   "when: \"a.kind "
										   "= "
										   "'it' AND"
										   " f.vantage_"
										   "kind IS "
										   "NOT 'public'\"")
							ITEM("needs-telnet",
							     "assess: direct, checks: [t.telnet], "
							     "needs: "
							     "['vantage:public']") "- id: "
										   "ordinance-3\n"
										   "  title: {en: "
										   "Third, "
										   "ja: 第三}\n"
										   "  kind: "
										   "technical\n"
										   "  level: "
										   "required\n"
										   "  mandatory: "
										   "true\n"
										   "  "
										   "items:\n" ITEM(
											   "ordinan"
											   "ce-3-1",
											   "assess:"
											   " "
											   "direct,"
											   " "
											   "checks:"
											   " "
											   "[t."
											   "remark]"
											   ", "
											   "scope: "
											   "[ot],"
											   " altern"
											   "atives:"
											   " "
											   "[["
											   "ordinan"
											   "ce-3-"
											   "3, "
											   "ordinan"
											   "ce-3-4]"
											   ","
											   " ["
											   "ordinan"
											   "ce-3-"
											   "5]]") ITEM("ord"
												       "ina"
												       "nce"
												       "-3-"
												       "3",
												       "ass"
												       "ess"
												       ": "
												       "dir"
												       "ect"
												       ", "
												       "che"
												       "cks"
												       ": "
												       "[t."
												       "egr"
												       "ess"
												       "], "
												       "sco"
												       "pe:"
												       " ["
												       "ot"
												       "]") ITEM("ordinance-3-4",
														 "assess: none, checks: []")
											   ITEM("or"
												"di"
												"na"
												"nc"
												"e-"
												"3-"
												"5",
												"as"
												"se"
												"ss"
												": "
												"no"
												"ne"
												", "
												"ch"
												"ec"
												"ks"
												": "
												"["
												"]") "- "
												     "id: "
												     "'2'"
												     "\n"
												     "  "
												     "titl"
												     "e: "
												     "{en:"
												     " Sec"
												     "ond,"
												     " ja:"
												     " 第"
												     "二}"
												     "\n"
												     "  "
												     "kind"
												     ": "
												     "tech"
												     "nica"
												     "l\n"
												     "  "
												     "leve"
												     "l: "
												     "exam"
												     "ple"
												     "\n"
												     "  "
												     "item"
												     "s:"
												     "\n" ITEM(
													     "example",
													     "assess: direct, checks: [t.telnet]");

static char folder[] = "/tmp/tenken-judge-XXXXXX";

static void write_file(const char *name, const char *text)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/profiles/%s", folder, name);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static void remove_tree(const char *path)
{
	DIR *d = opendir(path);

	for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
		char below[512];

		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		snprintf(below, sizeof(below), "%s/%s", path, e->d_name);
		if (unlink(below) < 0)
			remove_tree(below);
	}
	if (d != NULL)
		closedir(d);
	rmdir(path);
}

static const char *const guidelines[] = { "demo" };
static struct catalogue catalogue;

static int make_catalogue(void **state)
{
	static const char *const folders[] = { "", "checks", "data", "guidelines" };
	struct complaints c = { 0 };

	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	for (size_t i = 0; i < countof(folders); i++) {
		char path[256];

		snprintf(path, sizeof(path), "%s/profiles/%s", folder, folders[i]);
		if (mkdir(path, 0700) < 0)
			return -1;
	}
	write_file("checks/t.yaml", checks_yaml);
	write_file("scopes.yaml", scopes_yaml);
	write_file("guidelines/demo.yaml", guideline_yaml);
	write_file("data/weak-words.csv", "name,severity\nold,high\nolder,\n");
	int r = catalogue_load(folder, guidelines, 1, NULL, 0, &catalogue, &c);
	complaints_print(&c, stderr);
	complaints_done(&c);
	return r;
}

static int drop_catalogue(void **state)
{
	(void)state;
	catalogue_done(&catalogue);
	remove_tree(folder);
	return 0;
}

/* ---- the store ---- */

static const struct judge_probe probes_here[] = {
	{ .name = "ssh",
	  .ports = "22,2222",
	  .view = "CREATE TEMP VIEW ssh AS SELECT address, port, evidence->>'$.software' AS "
		  "software"
		  " FROM document WHERE probe = 'ssh' AND evidence <> '{}';"
		  "CREATE TEMP VIEW ssh_algorithm AS SELECT d.address, d.port, e.value AS algorithm"
		  " FROM document AS d, json_each(d.evidence, '$.algorithms') AS e"
		  " WHERE d.probe = 'ssh';" },
	{ .name = "modbus",
	  .ports = "502",
	  .view = "CREATE TEMP VIEW modbus AS SELECT address, port FROM document"
		  " WHERE probe = 'modbus'" },
	{ .name = NULL },
};

/* Three IT hosts, one OT host, an address where nobody is; one weak SSH server (.1), one telnet
 * server (.3, OT), a silent address. Scan 1 ends at 2000. */
static const char plant[] =
	"INSERT INTO scan VALUES (1, 'u1', 'scan', 'kita', 'b1', 'office', 'it', 'demo', 1000, "
	"2000,"
	" 'done', NULL, '0', '{\"ports_tcp\":\"22-23,80,502\",\"risk\":\"read\"}');"
	"INSERT INTO host (scan, address, zone, kind, treated, state, planned, complete) VALUES"
	" (1, '10.0.0.1', 'office', 'it', 'it', 'answering', 4, 1),"
	" (1, '10.0.0.2', 'office', 'it', 'it', 'answering', 4, 1),"
	" (1, '10.0.0.3', 'plant', 'ot', 'ot', 'answering', 4, 1),"
	" (1, '10.0.0.4', 'office', 'it', 'it', 'silent', 4, 1),"
	" (1, '10.0.0.5', 'office', 'it', 'it', 'absent', 4, 0);"
	"INSERT INTO service (scan, address, port, transport, state, protocol, spoken) VALUES"
	" (1, '10.0.0.1', 22, 'tcp', 'open', 'ssh', 'port'),"
	" (1, '10.0.0.2', 22, 'tcp', 'open', 'ssh', 'port'),"
	" (1, '10.0.0.3', 23, 'tcp', 'open', 'telnet', 'port');"
	"INSERT INTO evidence VALUES"
	" (1, '10.0.0.1', 22, 'tcp', 'ssh', 'done', "
	"'{\"software\":\"x\",\"algorithms\":[\"old\",\"new\"],"
	"\"gathered\":[\"auth\"]}', 1, 1, 1, 1000000, 1500000),"
	" (1, '10.0.0.2', 22, 'tcp', 'ssh', 'done', '{\"software\":\"y\",\"algorithms\":[\"new\"],"
	"\"gathered\":[\"auth\"]}', 1, 1, 1, 1000000, 1500000);";

#define NO_TELNET "DELETE FROM service WHERE port = 23;"
#define NO_WEAK "UPDATE evidence SET document = replace(document, 'old', 'new');"
#define LEDGER                                                                                 \
	"INSERT INTO ledger (scan, id, address, class, declared, line) VALUES"                 \
	" (1, 'L1', '10.0.0.1', 'server', '[]', 2), (1, 'L2', '10.0.0.2', 'server', '[]', 3)," \
	" (1, 'L3', '10.0.0.3', 'plc', '[\"important\"]', 4);"                                 \
	"UPDATE host SET ledger_id = 'L' || substr(address, -1) WHERE address < '10.0.0.4';"
#define A_COLUMNS " (scan, guideline, item, answer, given_by, given_at, until, note, separation)"
#define W_COLUMNS                                                                                \
	" (scan, check_id, asset, port, reason, compensating, approved_by, approved_at, until, " \
	"applicant, clause, impact, closing)"
#define ANSWER(item, answer, until)                                                    \
	"INSERT INTO attestation" A_COLUMNS " VALUES (1, 'demo', '" item "', '" answer \
	"', 'chief', 900, " until ", NULL, NULL);"
#define WAIVER(check, asset, port, until)                                          \
	"INSERT INTO waiver" W_COLUMNS " VALUES (1, '" check "', " asset ", " port \
	", 'replaced next year', 'filter', 'chief', 900, " until                   \
	", 'operator', '5.4.2', 'none', 'by letter');"
#define OLD_OS "INSERT INTO remark VALUES (1, 'os', '10.0.0.3', 'old');"
#define EGRESS "INSERT INTO remark VALUES (1, 'egress', '10.0.0.3', 'out');"

static struct db *store_with(const char *path, const char *change)
{
	struct db *db = NULL;

	assert_int_equal(db_open(path, DB_CREATE, &db), 0);
	for (int i = 0; i < store_version; i++)
		assert_int_equal(db_exec(db, store_migrations[i]), 0);
	assert_int_equal(db_exec(db, plant), 0);
	if (db_exec(db, change) < 0)
		fail_msg("%s", db_error(db));
	return db;
}

static void judge_quietly(struct db *db, int64_t scan)
{
	struct complaints c = { 0 };
	const struct judge_options options = { .complaints = &c };

	if (judge_run(db, &catalogue, scan, probes_here, NULL, &options) < 0)
		fail_msg("judging failed: %s", db_error(db));
	if (c.count > 0)
		fail_msg("complaint: %s", c.list[0]);
	complaints_done(&c);
}

/* The first value of a statement as text, "" for NULL, "(none)" without a row. */
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

static void expect_complaint(const struct complaints *c, const char *part)
{
	for (size_t i = 0; i < c->count; i++)
		if (strstr(c->list[i], part) != NULL)
			return;
	for (size_t i = 0; i < c->count; i++)
		print_message("# %s\n", c->list[i]);
	fail_msg("nobody says: %s", part);
}

/* ---- every verdict ---- */

static const struct {
	const char *change, *item, *verdict, *note; /* part of either note; NULL: any */
} verdict_rows[] = {
	/* contradicted comes first, also where a scan sees only a part */
	{ ANSWER("weak", "met", "NULL"), "weak", "contradicted",
	  "1 open finding is evidence against" },
	{ ANSWER("weak-seen-in-part", "met", "2000"), "weak-seen-in-part", "contradicted", "矛盾" },
	{ ANSWER("weak", "met", "1999"), "weak", "violated", "has expired" },
	{ ANSWER("weak", "not-met", "NULL"), "weak", "violated", "answer: not met" },
	{ ANSWER("weak", "met", "NULL") WAIVER("t.ssh-weak", "NULL", "NULL", "2000"), "weak",
	  "waived", "answer: met" },
	{ "INSERT INTO attestation" A_COLUMNS
	  " VALUES (1, 'demo', 'weak', 'met', 'chief', 2001, NULL, NULL, "
	  "NULL);",
	  "weak", "violated", NULL },

	/* violated, hint */
	{ "", "weak", "violated", "not a breach of law" },
	{ "", "weak-seen-in-part", "hint", "confirmed by a person" },
	{ "", "telnet", "violated", NULL },
	{ "", "example", "violated", "Differs from the example measure" },
	{ "UPDATE evidence SET ending = 'timeout' WHERE address = '10.0.0.1'", "weak", "violated",
	  NULL },

	/* waived: only where all are */
	{ WAIVER("t.ssh-weak", "NULL", "NULL", "2000"), "weak", "waived", "valid waiver" },
	{ WAIVER("t.ssh-weak", "'10.0.0.1'", "22", "3000"), "weak", "waived", NULL },
	{ LEDGER WAIVER("t.ssh-weak", "'L1'", "NULL", "3000"), "weak", "waived", NULL },
	{ WAIVER("t.ssh-weak", "'10.0.0.2'", "NULL", "3000"), "weak", "violated", NULL },
	{ WAIVER("t.ssh-weak", "NULL", "2222", "3000"), "weak", "violated", NULL },
	{ WAIVER("t.ssh-weak", "NULL", "NULL", "1999"), "weak", "violated", NULL },
	{ WAIVER("t.telnet", "NULL", "NULL", "3000"), "weak", "violated", NULL },
	{ WAIVER("t.ssh-weak", "'10.0.0.1'", "NULL",
		 "3000") "UPDATE evidence SET document = replace(document, 'new', 'older') WHERE "
			 "address = '10.0.0.2'",
	  "weak", "violated", "1 more under a waiver" },

	/* not-run: each reason */
	{ "", "listen", "not-run", "t.listen (no listening yet)" },
	{ "", "unfed", "not-run", "no evidence yet" },
	{ "", "no-probe", "not-run", "t.no-probe（この検査項目は未対応）" },
	{ "", "no-check", "not-run", "no such check" },
	{ "", "port", "not-run", "ports not in the plan" },
	{ "", "public", "not-run", "not seen from outside" },
	{ "", "ledger", "not-run", "no ledger" },
	{ "", "needs-telnet", "violated", NULL },
	{ NO_TELNET, "needs-telnet", "not-run", "not seen from outside" },
	{ NO_TELNET, "mixed", "not-run", "Ran clean: t.telnet, t.ssh-auth." },
	{ "", "mixed", "violated", NULL },
	{ NO_WEAK "UPDATE evidence SET ending = 'timeout' WHERE address = '10.0.0.2'", "weak",
	  "not-run", "timeout" },
	{ NO_WEAK "DELETE FROM evidence WHERE address = '10.0.0.2'", "weak", "not-run",
	  "not probed" },
	{ NO_WEAK "DELETE FROM evidence WHERE address = '10.0.0.2';"
		  "UPDATE service SET limited = 'not allowed' WHERE address = '10.0.0.2'",
	  "weak", "not-run", "not allowed" },
	{ "UPDATE evidence SET document = replace(document, 'gathered', 'limited')"
	  " WHERE address = '10.0.0.2'; UPDATE host SET treated = 'ot'",
	  "auth", "not-run", "limited in OT" },
	{ "UPDATE evidence SET document = replace(document, 'gathered', 'other')", "auth",
	  "not-run", "not gathered" },
	{ NO_WEAK "UPDATE host SET complete = 0 WHERE address = '10.0.0.3'", "weak", "not-run",
	  "sweep incomplete" },
	{ NO_WEAK "UPDATE host SET complete = 0, reason = 'connected' WHERE address = '10.0.0.3'",
	  "weak", "not-run", "sweep incomplete" },
	{ NO_WEAK "UPDATE host SET complete = 0, reason = 'stopped' WHERE address = '10.0.0.3'",
	  "weak", "not-run", "stopped" },
	{ NO_WEAK "UPDATE host SET state = 'distress', complete = 0 WHERE address = '10.0.0.3'",
	  "weak", "not-run", "distress" },
	{ NO_WEAK "UPDATE host SET state = 'all-ports' WHERE address = '10.0.0.3'", "weak",
	  "not-run", "answers on every port" },
	{ NO_TELNET "UPDATE host SET state = 'skipped', complete = 0, reason = 'passive only'"
		    " WHERE address = '10.0.0.3'",
	  "telnet", "not-run", "passive only" },
	{ NO_TELNET "UPDATE host SET state = 'silent'", "telnet", "not-run", "no host answered" },
	{ "UPDATE scan SET plan = '{\"ports_tcp\":\"22-23,80\",\"risk\":\"read\"}'", "modbus",
	  "not-run", "ports not in the plan" },
	{ "UPDATE scan SET plan = json_set(plan, '$.risk', 'touch')", "modbus", "not-run",
	  "class not allowed" },
	{ "INSERT INTO service (scan, address, port, transport, state, limited) VALUES"
	  " (1, '10.0.0.3', 502, 'tcp', 'open', 'not allowed')",
	  "modbus", "not-run", "not allowed" },
	{ NO_TELNET, "server-telnet", "not-run", "scope unknown" },
	{ NO_TELNET LEDGER, "both-telnet", "no-violation-observed", NULL },
	{ "", "server-telnet", "not-run", "scope unknown" },
	{ LEDGER "UPDATE ledger SET class = 'plc'", "server-telnet", "not-run",
	  "no asset in scope" },
	{ "UPDATE host SET kind = 'unassigned' WHERE address = '10.0.0.3'", "ot-telnet", "not-run",
	  "対象かどうか不明" },

	{ NO_TELNET LEDGER "UPDATE ledger SET class = NULL WHERE id = 'L2'", "server-telnet",
	  "not-run", "scope unknown" },
	{ NO_WEAK "INSERT INTO service (scan, address, port, transport, state) VALUES"
		  " (1, '10.0.0.3', 80, 'tcp', 'open');"
		  "INSERT INTO evidence VALUES (1, '10.0.0.3', 80, 'tcp', 'ssh', 'closed',"
		  " '{\"software\":\"z\"}', 1, 1, 1, 1, 1)",
	  "weak", "not-run", "closed" },

	{ "UPDATE host SET kind = 'it';"
	  "INSERT INTO remark VALUES (1, 'left-out', NULL, '10.0.1.0/24: passive only'),"
	  " (1, 'left-out', NULL, '3 UDP ports: UDP is not scanned yet')",
	  "ot-telnet", "not-run", "passive only" },
	{ NO_TELNET "UPDATE host SET state = 'skipped', reason = 'passive only', complete = 0",
	  "telnet", "not-run", "passive only" },
	{ NO_TELNET
	  "DELETE FROM service; DELETE FROM evidence; DELETE FROM host;"
	  "INSERT INTO remark VALUES (1, 'left-out', NULL, '10.0.1.0/24: outside the window')",
	  "telnet", "not-run", "許可された時間帯の外" },

	/* no violation observed */
	{ NO_WEAK, "weak", "no-violation-observed", "ran and found nothing" },
	{ NO_TELNET, "telnet", "no-violation-observed", NULL },
	{ "", "auth", "no-violation-observed", NULL },
	{ "", "modbus", "no-violation-observed", NULL },
	{ "", "any", "no-violation-observed", "A scan sees this item only in part" },
	{ "", "any", "no-violation-observed", "この項目の一部" },
	{ "", "later", "not-run",
	  "A check of this item does not exist yet: t.someday, t.unfed. Ran clean: t.modbus.|"
	  "この項目の検査項目が未対応：t.someday、t.unfed。" },
	{ LEDGER, "ledger", "no-violation-observed", NULL },
	{ "UPDATE scan SET vantage_kind = 'public'", "public", "no-violation-observed", NULL },
	{ NO_WEAK ANSWER("weak", "met", "NULL"), "weak", "no-violation-observed", "answer: met" },
	{ NO_WEAK "UPDATE service SET limited = 'limited' WHERE address = '10.0.0.2'", "weak",
	  "no-violation-observed", NULL },
	{ NO_WEAK "UPDATE evidence SET ending = 'not-this-protocol', document = '{}';"
		  "UPDATE service SET protocol = 'http'",
	  "weak", "no-violation-observed", NULL },

	{ NO_WEAK "UPDATE evidence SET ending = 'not-this-protocol', document = '{}';"
		  "UPDATE service SET protocol = NULL",
	  "weak", "no-violation-observed", NULL },
	{ NO_WEAK
	  "INSERT INTO service (scan, address, port, transport, state) VALUES"
	  " (1, '10.0.0.3', 80, 'tcp', 'open');"
	  "INSERT INTO evidence VALUES (1, '10.0.0.3', 80, 'tcp', 'ssh', 'timeout', '{}', 1, 1, 1,"
	  " 1, 1)",
	  "weak", "no-violation-observed", NULL },

	/* scope and condition */
	{ "", "ot-telnet", "violated", NULL },
	{ "UPDATE host SET kind = 'it'", "ot-telnet", "not-run", "no asset in scope" },
	{ "", "either-telnet", "violated", NULL },
	{ LEDGER, "server-telnet", "no-violation-observed", NULL },
	{ LEDGER, "both-telnet", "violated", NULL },
	{ "", "when-telnet", "no-violation-observed", NULL },
	{ "UPDATE host SET kind = 'it'", "when-telnet", "violated", NULL },
	{ "UPDATE host SET kind = 'it'; UPDATE scan SET vantage_kind = 'public'", "when-telnet",
	  "no-violation-observed", NULL },

	/* attested, not-assessable */
	{ ANSWER("none", "met", "NULL"), "none", "attested", "answer: met" },
	{ ANSWER("none", "not-met", "3000"), "none", "attested", "満たしていない" },
	{ ANSWER("none", "met", "1999"), "none", "not-assessable", "期限切れ" },
	{ ANSWER("none", "met", "1000") ANSWER("none", "not-applicable", "NULL"), "none",
	  "attested", "not applicable" },
	{ "", "none", "not-assessable", "cannot see" },

	/* the ordinance: a hint until every alternative is shown absent */
	{ OLD_OS, "ordinance-3-1", "hint",
	  "unless an alternative holds: ordinance-3-3 and ordinance-3-4; or ordinance-3-5." },
	{ OLD_OS EGRESS, "ordinance-3-3", "violated", "requirement of the ministerial ordinance" },
	{ OLD_OS EGRESS, "ordinance-3-1", "hint", "unless an alternative holds: ordinance-3-5." },
	{ OLD_OS ANSWER("ordinance-3-5", "not-met", "NULL"), "ordinance-3-1", "hint",
	  "ordinance-3-3かつordinance-3-4。" },
	{ OLD_OS EGRESS ANSWER("ordinance-3-5", "not-met", "NULL"), "ordinance-3-1", "violated",
	  "省令" },
	{ OLD_OS EGRESS ANSWER("ordinance-3-3", "met", "NULL")
		  ANSWER("ordinance-3-5", "not-met", "NULL"),
	  "ordinance-3-1", "violated", NULL },
	{ OLD_OS EGRESS ANSWER("ordinance-3-3", "met", "NULL"), "ordinance-3-3", "contradicted",
	  NULL },
	{ OLD_OS ANSWER("ordinance-3-4", "not-met", "NULL")
		  ANSWER("ordinance-3-5", "not-met", "NULL"),
	  "ordinance-3-1", "violated", NULL },
	{ OLD_OS ANSWER("ordinance-3-4", "not-met", "1999")
		  ANSWER("ordinance-3-5", "not-met", "NULL"),
	  "ordinance-3-1", "hint", NULL },
	{ OLD_OS ANSWER("ordinance-3-4", "met", "NULL") ANSWER("ordinance-3-5", "met", "NULL"),
	  "ordinance-3-1", "hint", NULL },
	{ OLD_OS EGRESS WAIVER("t.egress", "NULL", "NULL", "3000")
		  ANSWER("ordinance-3-5", "not-met", "NULL"),
	  "ordinance-3-1", "hint", NULL },
	{ OLD_OS ANSWER("ordinance-3-1", "met", "NULL"), "ordinance-3-1", "contradicted", NULL },
	{ OLD_OS WAIVER("t.remark", "NULL", "NULL", "3000"), "ordinance-3-1", "waived", NULL },
	{ "", "ordinance-3-1", "no-violation-observed", NULL },
};

static void every_verdict(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(verdict_rows); i++) {
		struct db *db = store_with(":memory:", verdict_rows[i].change);
		char sql[256];

		judge_quietly(db, 1);
		snprintf(sql, sizeof(sql), "SELECT verdict FROM verdict WHERE item = '%s'",
			 verdict_rows[i].item);
		const char *have = value_of(db, sql);
		if (strcmp(have, verdict_rows[i].verdict) != 0)
			fail_msg("row %zu: %s is %s, not %s\n#  after %s", i, verdict_rows[i].item,
				 have, verdict_rows[i].verdict, verdict_rows[i].change);
		snprintf(sql, sizeof(sql),
			 "SELECT note_en || '|' || note_ja FROM verdict WHERE item = '%s'",
			 verdict_rows[i].item);
		const char *note = value_of(db, sql);
		if (verdict_rows[i].note != NULL && strstr(note, verdict_rows[i].note) == NULL)
			fail_msg("row %zu: %s says: %s\n#  not: %s", i, verdict_rows[i].item, note,
				 verdict_rows[i].note);
		db_free(db);
	}
}

/* ---- findings ---- */

static void findings_are_told(void **state)
{
	struct db *db = store_with(":memory:", LEDGER);

	(void)state;
	judge_quietly(db, 1);
	/* SHA-256 over kita, t.ssh-weak, L1, tcp, 22, old joined by 0x1f, made with sha256sum. */
	expect(db, "SELECT fingerprint FROM finding_now WHERE check_id = 't.ssh-weak'",
	       "fp1:04d66b5808289802ef9f371994a46533");
	expect(db,
	       "SELECT severity || ' ' || status || ' ' || asset || ' ' || address || ' ' || port "
	       "|| ' ' ||"
	       " transport || ' ' || zone || ' ' || kind || ' ' || vantage || ' ' || detail || ' ' "
	       "||"
	       " evidence || ' ' || first_seen || ' ' || last_seen || ' ' || reopened || "
	       "coalesce(waiver, '')"
	       " FROM finding_now WHERE check_id = 't.ssh-weak'",
	       "high open L1 10.0.0.1 22 tcp office it b1 old {\"name\":\"old\"} 1500 1500 0");
	expect(db,
	       "SELECT group_concat(check_id, ' ') FROM (SELECT check_id FROM finding_now ORDER BY "
	       "1)",
	       "t.ssh-weak t.telnet");
	expect(db,
	       "SELECT group_concat(item, ' ') FROM (SELECT item FROM verdict_finding AS v JOIN"
	       " finding_now USING (fingerprint) WHERE check_id = 't.telnet' ORDER BY item)",
	       "both-telnet either-telnet example mixed needs-telnet ot-telnet telnet");
	/* The check gives no evidence of its own; a grave finding brings the service's. */
	expect(db, "SELECT evidence FROM finding_now WHERE check_id = 't.telnet'",
	       "{\"protocol\":\"telnet\",\"tls\":false,\"product\":null,\"version\":null,"
	       "\"documents\":{}}");
	/* The same once more, and from the second scan of the same plant. */
	char before[4096];
	const char *all =
		"SELECT group_concat(fingerprint || item || verdict || note_en, '|') FROM"
		" (SELECT * FROM verdict LEFT JOIN verdict_finding USING (guideline, item)"
		"  ORDER BY position, fingerprint)";
	snprintf(before, sizeof(before), "%s", value_of(db, all));
	judge_quietly(db, 1);
	expect(db, all, before);
	db_free(db);
}

/* Copies scan 1 as scan 2, a thousand seconds later. */
static void scan_again(struct db *db, const char *change)
{
	assert_int_equal(
		db_exec(db, "INSERT INTO main.scan SELECT max(id) + 1, 'u' || (max(id) + 1), kind, "
			    "site,"
			    " vantage, vantage_zone, vantage_kind, profile, max(started) + 1000,"
			    " max(finished) + 1000, status, reason, version, plan FROM main.scan;"
			    "CREATE TEMP TABLE latest AS SELECT max(id) AS id FROM main.scan;"),
		0);
	static const char *const tables[] = { "host", "service", "evidence", "ledger", "waiver" };
	for (size_t i = 0; i < countof(tables); i++)
		assert_int_equal(
			db_execf(db,
				 "CREATE TEMP TABLE copy AS SELECT * FROM main.%s WHERE scan = 1;"
				 "UPDATE copy SET scan = (SELECT id FROM latest);"
				 "INSERT INTO main.%s SELECT * FROM copy; DROP TABLE copy",
				 tables[i], tables[i]),
			0);
	assert_int_equal(db_exec(db,
				 "UPDATE main.evidence SET finished_ms = finished_ms + 1000000 *"
				 " (scan - 1) WHERE scan = (SELECT id FROM latest)"),
			 0);
	if (db_exec(db, change) < 0)
		fail_msg("%s", db_error(db));
	assert_int_equal(db_exec(db, "DROP TABLE latest"), 0);
}

#define LATEST " AND scan = (SELECT id FROM latest)"
#define KEPT                                                                                       \
	"SELECT status || ' ' || first_scan || ' ' || last_scan || ' ' || coalesce(fixed_at, '-')" \
	" || ' ' || reopened FROM main.finding WHERE check_id = 't.ssh-weak'"
#define NOW                                                                               \
	"SELECT status || ' ' || first_seen || ' ' || last_seen || ' ' || reopened FROM " \
	"finding_now"                                                                     \
	" WHERE check_id = 't.ssh-weak'"
#define GONE                                                                               \
	"SELECT status || coalesce(' ' || reason, '') FROM finding_gone WHERE check_id = " \
	"'t.ssh-weak'"

static void judge_and_keep(struct db *db, int64_t scan)
{
	judge_quietly(db, scan);
	assert_int_equal(judge_keep(db), 0);
	judge_forget(db);
}

static void findings_have_a_life(void **state)
{
	struct db *db = store_with(":memory:", "");

	(void)state;
	judge_and_keep(db, 1);
	expect(db, KEPT, "open 1 1 - 0"); /* new */
	scan_again(db, "");
	judge_and_keep(db, 2);
	expect(db, KEPT, "open 1 2 - 0"); /* still there */
	judge_quietly(db, 2);
	expect(db, NOW, "open 1500 2500 0");
	assert_int_equal(judge_keep(db), 0); /* twice changes nothing */
	judge_forget(db);
	expect(db, KEPT, "open 1 2 - 0");

	/* The server has gone silent: nothing is known. */
	scan_again(db,
		   "UPDATE main.evidence SET ending = 'timeout', document = '{}' WHERE 1" LATEST);
	judge_quietly(db, 3);
	expect(db, GONE, "not-retested timeout");
	assert_int_equal(judge_keep(db), 0);
	judge_forget(db);
	expect(db, KEPT, "open 1 2 - 0");

	/* Now it was looked at and found mended. */
	scan_again(db, "UPDATE main.evidence SET document = replace(document, 'old', 'new') WHERE "
		       "1" LATEST);
	judge_quietly(db, 4);
	expect(db, GONE, "fixed");
	assert_int_equal(judge_keep(db), 0);
	expect(db, KEPT, "fixed 1 2 5000 0");
	judge_quietly(db, 4); /* the report of this scan still tells of it */
	expect(db, GONE, "fixed");
	assert_int_equal(judge_keep(db), 0);
	judge_forget(db);
	scan_again(db, "UPDATE main.evidence SET document = replace(document, 'old', 'new') WHERE "
		       "1" LATEST);
	judge_quietly(db, 5);
	expect(db, GONE, "(none)"); /* the next one does not */
	judge_forget(db);

	/* The report of an older scan, made now, is not news. */
	judge_quietly(db, 2);
	expect(db, NOW, "open 1500 2500 0");
	assert_int_equal(judge_keep(db), 0);
	judge_forget(db);
	expect(db, KEPT, "fixed 1 2 5000 0");

	/* It is back, and later under a waiver, which then runs out. */
	scan_again(db, "");
	judge_quietly(db, 6);
	expect(db, NOW, "open 1500 6500 1");
	assert_int_equal(judge_keep(db), 0);
	judge_forget(db);
	expect(db, KEPT, "open 1 6 - 1");
	scan_again(db, "INSERT INTO main.waiver" W_COLUMNS
		       " SELECT id, 't.ssh-weak', NULL, 22, 'r', 'filter', 'chief', 900, 8500,"
		       " 'operator', '5.4.2', 'none', 'by letter' FROM latest");
	judge_and_keep(db, 7);
	expect(db, KEPT, "waived 1 7 - 1");
	scan_again(db, "INSERT INTO main.waiver" W_COLUMNS
		       " SELECT id, 't.ssh-weak', NULL, 22, 'r', 'filter', 'chief', 900, 8500,"
		       " 'operator', '5.4.2', 'none', 'by letter' FROM latest");
	judge_quietly(db, 8);
	expect(db, NOW, "open 1500 8500 1");
	expect(db, "SELECT waiver->>'$.state' FROM finding_now WHERE check_id = 't.ssh-weak'",
	       "expired");
	assert_int_equal(judge_keep(db), 0);
	judge_forget(db);
	expect(db, KEPT, "open 1 8 - 1");

	/* Judging an old scan again tells its own story and undoes nothing. */
	judge_quietly(db, 1);
	expect(db,
	       "SELECT first_seen || ' ' || last_seen FROM finding_now WHERE check_id = "
	       "'t.ssh-weak'",
	       "1500 1500");
	assert_int_equal(judge_keep(db), 0);
	judge_forget(db);
	expect(db, KEPT, "open 1 8 - 1");
	db_free(db);
}

#define ASSET(address, asset)                                                  \
	"INSERT INTO main.asset_of SELECT max(id), '" address "', '" asset "'" \
	" FROM main.scan;"

/* The same machine elsewhere: its finding goes with it. */
static void findings_go_with_the_asset(void **state)
{
	struct db *db = store_with(":memory:", ASSET("10.0.0.1", "10.0.0.1"));

	(void)state;
	judge_and_keep(db, 1);
	scan_again(db,
		   ASSET("10.0.0.2", "10.0.0.1")
			   ASSET("10.0.0.1", "10.0.0.1#2") "UPDATE main.evidence SET document = "
							   "replace(document, 'old', 'new')"
							   " WHERE address = '10.0.0.1'" LATEST
							   "; UPDATE main.evidence SET document = "
							   "replace(document, 'new', 'old')"
							   " WHERE address = '10.0.0.2'" LATEST);
	judge_quietly(db, 2);
	expect(db, NOW, "open 1500 2500 0");
	expect(db, "SELECT asset || ' ' || address FROM finding_now WHERE check_id = 't.ssh-weak'",
	       "10.0.0.1 10.0.0.2");
	expect(db, GONE, "(none)");
	db_free(db);
}

/* One machine with a foot in two zones: one finding, which counts in both. */
static void one_asset_at_two_addresses(void **state)
{
	struct db *db = store_with(
		":memory:",
		ASSET("10.0.0.1", "10.0.0.1") ASSET(
			"10.0.0.3",
			"10.0.0.1") "INSERT INTO service (scan, address, port, transport, state,"
				    " protocol, spoken) VALUES"
				    " (1, '10.0.0.1', 23, 'tcp', 'open', 'telnet', 'port');");

	(void)state;
	judge_quietly(db, 1);
	expect(db,
	       "SELECT group_concat(asset || ' ' || address || ' ' || zone) FROM finding_now"
	       " WHERE check_id = 't.telnet'",
	       "10.0.0.1 10.0.0.1 office");
	expect(db,
	       "SELECT group_concat(address || ' ' || zone) FROM (SELECT p.* FROM finding_place p"
	       " JOIN finding_now USING (number) WHERE check_id = 't.telnet' ORDER BY 2)",
	       "10.0.0.1 office,10.0.0.3 plant");
	expect(db, "SELECT count(*) FROM verdict_finding WHERE item = 'ot-telnet'", "1");
	/* The ledger names one of its addresses: it is that asset everywhere. */
	judge_forget(db);
	assert_int_equal(
		db_exec(db, "UPDATE main.host SET ledger_id = 'L3' WHERE address = '10.0.0.3'"), 0);
	judge_quietly(db, 1);
	expect(db, "SELECT group_concat(DISTINCT asset) FROM finding_now", "L3");
	db_free(db);
}

#define CLOSED \
	"DELETE FROM main.evidence WHERE 1" LATEST "; DELETE FROM main.service WHERE 1" LATEST
/* Each way of not having looked again leaves a finding as it was. */
static void nothing_is_fixed_unseen(void **state)
{
	static const struct {
		const char *change, *gone;
	} rows[] = {
		{ CLOSED, "fixed" }, /* the port is closed */
		{ CLOSED "; UPDATE main.host SET complete = 0 WHERE 1" LATEST,
		  "not-retested sweep incomplete" },
		{ CLOSED
		  "; UPDATE main.host SET state = 'silent' WHERE address = '10.0.0.1'" LATEST,
		  "not-retested the host did not answer" },
		{ "DELETE FROM main.evidence WHERE 1" LATEST
		  "; DELETE FROM main.service WHERE 1" LATEST
		  "; DELETE FROM main.host WHERE address = '10.0.0.1'" LATEST,
		  "not-retested not in the scan" },
		{ CLOSED
		  "; UPDATE main.scan SET plan = '{\"ports_tcp\":\"2222\",\"risk\":\"read\"}'"
		  " WHERE id = (SELECT id FROM latest)",
		  "not-retested ports not in the plan" },
		/* none of the probe's own ports is planned, but the one where it was found is, or is not */
		{ CLOSED
		  "; UPDATE main.finding SET port = 4022 WHERE check_id = 't.ssh-weak'"
		  "; UPDATE main.scan SET plan = '{\"ports_tcp\":\"4022\",\"risk\":\"read\"}'"
		  " WHERE id = (SELECT id FROM latest)",
		  "fixed" },
		{ CLOSED
		  "; UPDATE main.finding SET port = 4022 WHERE check_id = 't.ssh-weak'"
		  "; UPDATE main.scan SET plan = '{\"ports_tcp\":\"4021\",\"risk\":\"read\"}'"
		  " WHERE id = (SELECT id FROM latest)",
		  "not-retested ports not in the plan" },
		{ CLOSED "; UPDATE main.scan SET plan = json_set(plan, '$.risk', 'touch')"
			 " WHERE id = (SELECT id FROM latest)",
		  "not-retested class not allowed" },
		{ "DELETE FROM main.evidence WHERE 1" LATEST
		  "; UPDATE main.service SET protocol = NULL, limited = 'limited in OT' WHERE "
		  "1" LATEST,
		  "not-retested limited in OT" },
		{ "UPDATE main.evidence SET probe = 'http' WHERE 1" LATEST
		  "; UPDATE main.service SET protocol = 'http' WHERE 1" LATEST,
		  "fixed" },
		/* another machine has the address */
		{ CLOSED
		  "; INSERT INTO main.asset_of SELECT id, '10.0.0.1', '10.0.0.1#2' FROM latest",
		  "not-retested its address is another asset's now" },
		/* it moved: it was looked at where it is now, or not */
		{ CLOSED
		  "; INSERT INTO main.asset_of SELECT id, '10.0.0.1', '10.0.0.1#2' FROM latest"
		  " UNION ALL SELECT id, '10.0.0.2', '10.0.0.1' FROM latest",
		  "fixed" },
		{ CLOSED "; INSERT INTO main.asset_of SELECT id, '10.0.0.2', '10.0.0.1' FROM latest"
			 "; UPDATE main.host SET complete = 0 WHERE address = '10.0.0.2'" LATEST,
		  "not-retested sweep incomplete" },
		/* one of several addresses, and this one is silent: the other one says nothing of it */
		{ CLOSED
		  "; INSERT INTO main.asset_of SELECT id, '10.0.0.2', '10.0.0.1' FROM latest"
		  " UNION ALL SELECT 1, '10.0.0.1', '10.0.0.1' UNION ALL SELECT 1, '10.0.0.2', "
		  "'10.0.0.1'"
		  "; UPDATE main.host SET state = 'silent' WHERE address = '10.0.0.1'" LATEST,
		  "not-retested the host did not answer" },
		/* the ledger gave it another key: the old finding is closed, a new one opens */
		{ "UPDATE main.host SET ledger_id = 'L9' WHERE address = '10.0.0.1'" LATEST,
		  "fixed" },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct db *db = store_with(":memory:", "");

		judge_and_keep(db, 1);
		scan_again(db, rows[i].change);
		judge_quietly(db, 2);
		const char *have = value_of(db, GONE);
		if (strcmp(have, rows[i].gone) != 0)
			fail_msg("row %zu: %s, not %s\n#  after %s", i, have, rows[i].gone,
				 rows[i].change);
		assert_int_equal(judge_keep(db), 0);
		expect(db,
		       "SELECT status FROM main.finding WHERE check_id = 't.ssh-weak' AND asset = "
		       "'10.0.0.1'",
		       strcmp(rows[i].gone, "fixed") == 0 ? "fixed" : "open");
		db_free(db);
	}
}

/* What was seen from elsewhere stands until somebody looks from there. */
static void other_vantages_count(void **state)
{
	struct db *db = store_with(":memory:", "");

	(void)state;
	judge_and_keep(db, 1);
	scan_again(db, CLOSED
		   "; UPDATE main.scan SET vantage = 'b2' WHERE id = (SELECT id FROM latest)");
	judge_quietly(db, 2);
	assert_int_equal(judge_keep(db), 0);
	expect(db,
	       "SELECT vantage || ' ' || status || ' ' || carried || ' ' || run || ' ' || "
	       "last_seen || ' ' || (evidence->>'$.vantage') FROM finding_now WHERE check_id = "
	       "'t.ssh-weak'",
	       "b1 open 1 1 1500 b1");
	expect(db, "SELECT verdict FROM verdict WHERE item = 'weak'", "violated");
	expect(db, "SELECT count(*) FROM finding_gone WHERE check_id = 't.ssh-weak'", "0");
	expect(db, "SELECT last_scan FROM main.finding WHERE check_id = 't.ssh-weak'", "1");
	scan_again(db, CLOSED
		   "; UPDATE main.scan SET vantage = 'b1' WHERE id = (SELECT id FROM latest)");
	judge_quietly(db, 3);
	assert_int_equal(judge_keep(db), 0);
	expect(db, "SELECT count(*) FROM finding_now WHERE check_id = 't.ssh-weak'", "0");
	expect(db, "SELECT status FROM main.finding WHERE check_id = 't.ssh-weak'", "fixed");
	db_free(db);
}

static void fingerprints_hold(void **state)
{
	char a[FINGERPRINT_TEXT], b[FINGERPRINT_TEXT];

	(void)state;
	assert_int_equal(fingerprint_make("kita", "t.ssh-weak", "L1", "tcp", 22, "old", a), 0);
	assert_string_equal(a, "fp1:04d66b5808289802ef9f371994a46533");
	assert_int_equal(fingerprint_make("kita", "t.ssh-weak", "L1", NULL, 0, "", b), 0);
	assert_string_equal(b, "fp1:0295d9ef184a8005b8de9338e3077ff1");
	const char *const parts[][4] = { { "x", "t.ssh-weak", "L1", "old" },
					 { "kita", "t.ssh-weaker", "L1", "old" },
					 { "kita", "t.ssh-weak", "L2", "old" },
					 { "kita", "t.ssh-weak", "L1", "older" } };
	for (size_t i = 0; i < countof(parts); i++) {
		fingerprint_make(parts[i][0], parts[i][1], parts[i][2], "tcp", 22, parts[i][3], b);
		assert_string_not_equal(a, b);
	}
	fingerprint_make("kita", "t.ssh-weak", "L1", "tcp", 23, "old", b);
	assert_string_not_equal(a, b);
	fingerprint_make("kita", "t.ssh-weak", "L1", "udp", 22, "old", b);
	assert_string_not_equal(a, b);
}

/* ---- coverage ---- */

#define COVERAGE                                                                                \
	"hosts || ' ' || hosts_answering || ' ' || ports_planned || ' ' || services || ' ' || " \
	"checked"

static void coverage_is_counted(void **state)
{
	struct db *db = store_with(
		":memory:",
		"INSERT INTO service (scan, address, port, transport, state, protocol) VALUES"
		" (1, '10.0.0.3', 22, 'tcp', 'open', 'ssh'),"
		" (1, '10.0.0.3', 2222, 'tcp', 'filtered', NULL);"
		"INSERT INTO evidence VALUES (1, '10.0.0.3', 22, 'tcp', 'ssh', 'closed',"
		" '{\"software\":\"z\"}', 1, 1, 1, 1, 1)");

	(void)state;
	judge_quietly(db, 1);
	/* Services that speak SSH: two of three were read to the end. */
	expect(db,
	       "SELECT ran || ' ' || partial || ' ' || reason || ' ' || " COVERAGE
	       " || ' ' || findings"
	       " FROM check_run WHERE check_id = 't.ssh-weak'",
	       "1 1 closed 5 3 20 3 2 1");
	/* A sweep counts hosts: four, since one address has none. */
	expect(db,
	       "SELECT ran || ' ' || partial || ' ' || coalesce(reason, '-') || ' ' || " COVERAGE
	       " FROM check_run WHERE check_id = 't.telnet'",
	       "1 0 - 5 3 20 4 4");
	expect(db,
	       "SELECT ran || ' ' || partial || ' ' || reason || ' ' || " COVERAGE
	       " FROM check_run WHERE check_id = 't.listen'",
	       "0 0 no listening yet 5 3 20 0 0");
	/* 0 of 0 where nothing speaks Modbus and its port was tried. */
	expect(db,
	       "SELECT ran || ' ' || partial || ' ' || " COVERAGE
	       " FROM check_run WHERE check_id = 't.modbus'",
	       "1 0 5 3 20 0 0");
	/* An item counts within its scope. */
	expect(db, "SELECT " COVERAGE " FROM verdict WHERE item = 'ot-telnet'", "1 1 4 1 1");
	/* Several checks: each host and service once, checked where all of them ran. */
	expect(db, "SELECT " COVERAGE " FROM verdict WHERE item = 'mixed'", "5 3 20 7 6");
	expect(db,
	       "SELECT ran || ' ' || coalesce(reason, '-') FROM verdict_check WHERE item = 'mixed'"
	       " AND check_id = 't.ssh-auth'",
	       "0 closed");
	expect(db, "SELECT count(*) || ' ' || max(position) FROM verdict", "27 27");
	db_free(db);
}

/* ---- a scan that was killed, a store that cannot be written ---- */

static void killed_scan_has_its_own_clock(void **state)
{
	struct db *db =
		store_with(":memory:", "UPDATE scan SET finished = NULL, status = 'running'");

	(void)state;
	judge_quietly(db, 1);
	expect(db, "SELECT now FROM judged", "1500");
	assert_int_equal(judge_run(db, &catalogue, 7, probes_here, NULL, NULL), -ENOENT);
	db_free(db);
}

/* Services are kept during the sweep, hosts at its end: each table alone must do. */
static void hosts_may_be_missing(void **state)
{
	struct db *db =
		store_with(":memory:", NO_TELNET
			   "DELETE FROM host; DELETE FROM service WHERE address = '10.0.0.2';"
			   "UPDATE scan SET finished = NULL, status = 'running'");

	(void)state;
	judge_quietly(db, 1);
	expect(db, "SELECT group_concat(address || ' ' || kind || ' ' || answering) FROM asset",
	       "10.0.0.1 unassigned 1,10.0.0.2 unassigned 1");
	expect(db, "SELECT coalesce(zone, '-') || complete || open || ' ' || last_ms FROM host",
	       "-01 1500000");
	expect(db, "SELECT group_concat(check_id || ' ' || address, ' ') FROM finding_now",
	       "t.ssh-weak 10.0.0.1");
	expect(db, "SELECT verdict FROM verdict WHERE item = 'weak'", "violated");
	expect(db, "SELECT verdict || ' ' || note_ja FROM verdict WHERE item = 'telnet'",
	       "not-run "
	       "未実施または一部のみ実施：t.telnet（ポートの確認の途中でスキャンが終わった）。");
	expect(db, "SELECT verdict FROM verdict WHERE item = 'ot-telnet'", "not-run");
	expect(db, "SELECT ran || reason FROM check_run WHERE check_id = 't.telnet'",
	       "0the scan ended before its sweep did");
	db_free(db);
}

static void reading_only_is_enough(void **state)
{
	char path[256];
	struct db *db;

	(void)state;
	snprintf(path, sizeof(path), "%s/store", folder);
	db = store_with(path, "");
	judge_and_keep(db, 1);
	db_free(db);
	assert_int_equal(chmod(path, 0400), 0);
	assert_int_equal(db_open(path, DB_READ, &db), 0);
	assert_int_equal(
		db_exec(db, "CREATE TEMP TABLE mine (a); CREATE TEMP TABLE foreign_one (a)"), 0);
	judge_quietly(db, 1);
	expect(db, "SELECT verdict FROM verdict WHERE item = 'weak'", "violated");
	assert_int_equal(judge_keep(db), -EROFS);
	expect(db, "SELECT count(*) FROM main.host", "5");
	judge_forget(db);
	/* What was not ours is still there, what was ours is not. */
	expect(db,
	       "SELECT group_concat(name, ' ') FROM (SELECT name FROM sqlite_temp_master"
	       " WHERE type IN ('table', 'view') ORDER BY name)",
	       "foreign_one mine");
	expect(db, "SELECT count(*) FROM host WHERE scan = 1", "5");
	db_free(db);
	unlink(path);
}

/* ---- what a check could see ---- */

static const char seen_checks[] =
	"- {id: s.host, severity: low, needs: ['any:ssh'], title: a, remedy: b,\n"
	"   seen: \"SELECT address FROM ssh WHERE software = 'x'\", unseen: {en: dark, ja: 闇},\n"
	"   sql: SELECT address FROM asset WHERE 0}\n"
	"- {id: s.service, severity: low, needs: [probe:ssh], title: a, remedy: b,\n"
	"   seen: \"SELECT address, port FROM ssh WHERE software = 'x'\", unseen: {en: dark, ja: "
	"闇},\n"
	"   sql: SELECT address FROM asset WHERE 0}\n"
	"- {id: s.none, severity: low, needs: [probe:modbus], title: a, remedy: b,\n"
	"   seen: 'SELECT address, port FROM modbus', unseen: {en: dark, ja: 闇},\n"
	"   sql: SELECT address FROM asset WHERE 0}\n"
	"- {id: s.concern, severity: low, needs: [sweep], title: a, remedy: b,\n"
	"   seen: \"SELECT address, kind = 'ot' AS concerns FROM asset\", unseen: {en: dark, ja: "
	"闇},\n"
	"   sql: SELECT address FROM asset WHERE 0}\n"
	"- {id: s.ports, severity: low, needs: [sweep, 'ports:doors/open'], title: a, remedy: b,\n"
	"   sql: SELECT address FROM asset WHERE kind = 'ot'}\n"
	"- {id: s.tcp, severity: low, needs: [sweep, 'ports:doors/shut'], title: a, remedy: b,\n"
	"   sql: SELECT address FROM asset WHERE kind = 'ot'}\n"
	"- {id: s.wrong, severity: low, needs: [sweep], title: a, remedy: b,\n"
	"   seen: SELECT nowhere FROM asset, unseen: {en: dark, ja: 闇},\n"
	"   sql: SELECT address FROM asset}\n";

static void only_what_was_seen_counts(void **state)
{
	static const struct {
		const char *check, *run;
	} rows[] = {
		{ "s.host", "1 1 dark 3 1 0" },    /* of three that answer one told it */
		{ "s.service", "1 1 dark 2 1 0" }, /* of two services */
		{ "s.none", "0 0 dark 0 0 0" },    /* nothing to judge is not clean */
		{ "s.concern", "1 0 - 1 1 0" },
		{ "s.ports", "1 1 UDP ports not tried 4 0 1" }, /* what was found stays */
		{ "s.tcp", "1 1 ports not in the plan 4 0 1" },
		{ "s.wrong", "0 0 error in the check 0 0 0" },
	};
	char path[256], sql[512];
	const char *const list[] = { path };
	struct catalogue own;
	struct complaints c = { 0 };
	const struct judge_options options = { .complaints = &c };
	struct db *db = store_with(":memory:", "");

	(void)state;
	write_file("seen.yaml", seen_checks);
	write_file("data/doors.csv",
		   "state,transport,port\nopen,tcp,23\nopen,udp,9\nshut,tcp,22\nshut,tcp,81\n");
	write_file("guidelines/seen.yaml",
		   "guideline: {id: seen, title: a, version: '1', date: 2026-01, publisher: us}\n"
		   "controls:\n"
		   "- id: '1'\n  title: a\n  kind: technical\n  level: recommended\n  items:\n"
		   "  - {id: all, en: a, ja: a, assess: direct, checks: [s.host]}\n"
		   "  - {id: nothing, en: a, ja: a, assess: direct, checks: [s.none]}\n");
	const char *const names[] = { "seen" };
	snprintf(path, sizeof(path), "%s/profiles/seen.yaml", folder);
	int r = catalogue_load(folder, names, 1, list, 1, &own, &c);
	complaints_print(&c, stderr);
	assert_int_equal(r, 0);
	assert_int_equal(judge_run(db, &own, 1, probes_here, NULL, &options), 0);
	assert_int_equal(c.count, 1);
	expect_complaint(&c, "check 's.wrong': no such column: nowhere");
	for (size_t i = 0; i < countof(rows); i++) {
		snprintf(sql, sizeof(sql),
			 "SELECT ran || ' ' || partial || ' ' || coalesce(reason, '-') || ' ' ||"
			 " services || ' ' || checked || ' ' || findings FROM check_run"
			 " WHERE check_id = '%s'",
			 rows[i].check);
		expect(db, sql, rows[i].run);
	}
	expect(db, "SELECT verdict || ' ' || note_ja FROM verdict WHERE item = 'all'",
	       "not-run 未実施または一部のみ実施：s.host（闇）。");
	expect(db, "SELECT verdict || ' ' || note_en FROM verdict WHERE item = 'nothing'",
	       "not-run Did not run everywhere: s.none (dark).");
	complaints_done(&c);
	catalogue_done(&own);
	db_free(db);
}

/* Within another protocol, and inside TLS on ports of its own: a gap where it may be spoken and was not asked. */
static void what_is_carried_counts_where_it_may_be(void **state)
{
	static const struct judge_probe carried[] = {
		{ .name = "http", .ports = "80", .over_tls = true },
		{ .name = "engine", .ports = "80", .within = "http" },
		{ .name = "mail", .ports = "23", .tls_ports = "22" },
		{ .name = NULL },
	};
	static const char services[] =
		"DELETE FROM service; DELETE FROM evidence;"
		"INSERT INTO service (scan, address, port, transport, state, protocol, tls, "
		"limited) VALUES"
		" (1, '10.0.0.1', 80, 'tcp', 'open', 'http', 0, NULL)," /* asked, and it was none */
		" (1, '10.0.0.1', 81, 'tcp', 'open', 'http', 0, 'limited in OT')," /* no port of its own */
		" (1, '10.0.0.2', 80, 'tcp', 'open', 'engine', 0, NULL),"
		" (1, '10.0.0.3', 80, 'tcp', 'open', 'http', 0, 'limited in OT'),"
		" (1, '10.0.0.1', 22, 'tcp', 'open', 'mail', 1, NULL),"
		" (1, '10.0.0.3', 22, 'tcp', 'open', 'tls', 1, 'limited in OT'),"
		" (1, '10.0.0.3', 502, 'tcp', 'open', 'tls', 1, 'limited in OT');"
		"INSERT INTO evidence VALUES"
		" (1, '10.0.0.2', 80, 'tcp', 'engine', 'done', '{\"a\":1}', 1, 1, 1, 1000000, "
		"1500000),"
		" (1, '10.0.0.1', 22, 'tcp', 'mail', 'done', '{\"a\":1}', 1, 1, 1, 1000000, "
		"1500000);";
	static const char failed[] = "INSERT INTO evidence VALUES"
				     " (1, '10.0.0.1', 80, 'tcp', 'engine', 'timeout', '{}', 1, 1, "
				     "1, 1000000, 1500000);";
	const char *const list[] = { "carried.yaml" };
	char path[256];
	const char *const paths[] = { path };
	struct catalogue own;
	struct complaints c = { 0 };
	struct db *db = store_with(":memory:", services);

	(void)state;
	write_file(list[0],
		   "- {id: s.engine, severity: low, needs: [probe:engine], title: a, remedy: b,\n"
		   "   sql: SELECT address FROM asset WHERE 0}\n"
		   "- {id: s.mail, severity: low, needs: [probe:mail], title: a, remedy: b,\n"
		   "   sql: SELECT address FROM asset WHERE 0}\n");
	snprintf(path, sizeof(path), "%s/profiles/%s", folder, list[0]);
	const char *const names[] = { "demo" };
	int r = catalogue_load(folder, names, 1, paths, 1, &own, &c);
	complaints_print(&c, stderr);
	assert_int_equal(r, 0);
	static const char engine[] = "SELECT services || ' ' || checked || ' ' || reason FROM "
				     "check_run WHERE check_id = 's.engine'";
	assert_int_equal(judge_run(db, &own, 1, carried, NULL, NULL), 0);
	expect(db, engine, "2 1 limited in OT");
	expect(db,
	       "SELECT services || ' ' || checked || ' ' || reason FROM check_run WHERE check_id = "
	       "'s.mail'",
	       "2 1 limited in OT");
	judge_forget(db);
	db_free(db);
	db = store_with(":memory:", services);
	assert_int_equal(db_exec(db, failed), 0);
	assert_int_equal(judge_run(db, &own, 1, carried, NULL, NULL), 0);
	expect(db, engine, "3 1 timeout");
	complaints_done(&c);
	catalogue_done(&own);
	db_free(db);
}

/* ---- the checks that are shipped ---- */

#define ZONES                                                                                     \
	"INSERT INTO zone (scan, name, kind, networks) VALUES (1, 'office', 'it', '[]'),"         \
	" (1, 'plant', 'ot', '[]');"                                                              \
	"INSERT INTO conduit (scan, from_zone, to_zone, transport, first_port, last_port) VALUES" \
	" (1, 'plant', 'office', 'tcp', 9, 9);"
#define ALL_PORTS "UPDATE scan SET plan = json_set(plan, '$.ports_tcp', '1-65535');"
#define UDP_PLANNED "UPDATE scan SET plan = json_set(plan, '$.ports_udp', '1-65535');"
#define UDP UDP_PLANNED "UPDATE host SET udp_ports = 65535;"
#define SAW "ran || ' ' || partial || ' ' || coalesce(reason, '-') || ' ' || findings"
#define STANDS "this bastion stands in the zone itself, or the zone is not known"
#define HTTP(address, document)                                                                \
	"INSERT INTO service (scan, address, port, transport, state, protocol, spoken) VALUES" \
	" (1, '" address "', 80, 'tcp', 'open', 'http', 'port');"                              \
	"INSERT INTO evidence VALUES (1, '" address "', 80, 'tcp', 'http', 'done', '" document \
	"', 1, 1, 1, 1000000, 1500000);"
#define NAMES(address, transport, probe, document)                                             \
	"INSERT INTO service (scan, address, port, transport, state, protocol, spoken) VALUES" \
	" (1, '" address "', 53, '" transport "', 'open', '" probe "', 'port');"               \
	"INSERT INTO evidence VALUES (1, '" address "', 53, '" transport "', '" probe "', "    \
	"'done', '" document "', 1, 1, 1, 1000000, 1500000);"
#define TRANSFER(address, word)                                                      \
	NAMES(address, "tcp", "dns-tcp",                                             \
	      "{\"gathered\":[\"transfer\"],\"transfers\":[{\"zone\":\"a.example\"," \
	      "\"transfer\":\"" word "\"}]}")
#define MAIL(address, spf, dkim)                                                            \
	NAMES(address, "udp", "dns",                                                        \
	      "{\"gathered\":[\"mail\"],\"mail\":[{\"domain\":\"a.example\",\"spf\":\"" spf \
	      "\",\"dmarc\":\"present\",\"dkim\":\"" dkim "\"}]}")
/* The second key of each is the same. */
#define HOSTKEYS                                                                         \
	"UPDATE evidence SET document = '{\"software\":\"OpenSSH_9.2p1\",\"hostkeys\":[" \
	"{\"type\":\"ssh-rsa\",\"bits\":3072,\"sha256\":\"' || address || '\"},"         \
	"{\"type\":\"ssh-ed25519\",\"sha256\":\"abcdefabcdefabcdef\"}],"                 \
	"\"gathered\":[\"hostkey\"]}';"
#define SSH(fields)                                                                   \
	"UPDATE evidence SET document = '{\"software\":\"s\"," fields "\"gathered\":" \
	"[\"algorithms\",\"hostkey\",\"auth\"]}' WHERE address = '10.0.0.1';"
#define CIPHERS(ciphers, macs) "\"algorithms\":{\"cipher\":[" ciphers "],\"mac\":[" macs "]},"
#define WINDOWS(number, more)                                                                  \
	"INSERT INTO service (scan, address, port, transport, state, protocol, spoken) VALUES" \
	" (1, '10.0.0.1', 445, 'tcp', 'open', 'smb', 'port');"                                 \
	"INSERT INTO evidence VALUES (1, '10.0.0.1', 445, 'tcp', 'smb', 'done',"               \
	" '{\"dialect\":\"3.1.1\",\"build\":" number ",\"samba\":false" more                   \
	",\"gathered\":[\"ntlm\"]}', 1, 1, 1, 1000000, 1500000);"
#define LEDGER_OS(os)                                                 \
	"UPDATE host SET ledger_id = 'A' WHERE address = '10.0.0.1';" \
	"INSERT INTO ledger (scan, line, id, os) VALUES (1, 1, 'A', '" os "');"

static const struct {
	const char *change, *check, *run;
} shipped_rows[] = {
	/* an operating system, a product and a clock that nobody told */
	{ "", "asset.os-unsupported", "0 0 operating system not known 0" },
	{ "UPDATE evidence SET document = '{\"banner\":\"SSH-2.0-OpenSSH_9.2p1 "
	  "Debian-2+deb12u3\"}' WHERE address = '10.0.0.1'",
	  "asset.os-unsupported", "1 1 operating system not known 0" },
	{ "UPDATE evidence SET document = '{\"banner\":\"SSH-2.0-OpenSSH_5.5p1 "
	  "Debian-6+deb6u3\"}' WHERE address = '10.0.0.1'",
	  "asset.os-unsupported", "1 1 operating system not known 1" },
	/* a build that clients and servers share: by all of them, or by the kind that is known */
	{ WINDOWS("7601", ""), "asset.os-unsupported", "1 1 operating system not known 1" },
	{ WINDOWS("14393", ""), "asset.os-unsupported", "1 1 operating system not known 0" },
	{ WINDOWS("14393", ",\"native_os\":\"Windows 10 Enterprise 2016 LTSB 14393\""),
	  "asset.os-unsupported", "1 1 operating system not known 1" },
	{ WINDOWS("14393", ",\"native_os\":\"Windows Server 2016 Standard 14393\""),
	  "asset.os-unsupported", "1 1 operating system not known 0" },
	{ WINDOWS("14393", "") LEDGER_OS("Windows 10 LTSB 2016"), "asset.os-unsupported",
	  "1 1 operating system not known 1" },
	{ WINDOWS("14393", ",\"native_os\":\"Windows Server 2016 Standard 14393\"")
		  LEDGER_OS("Windows 10 LTSB 2016"),
	  "asset.os-unsupported", "1 1 operating system not known 0" },
	{ WINDOWS("2195", ",\"native_os\":\"Windows 5.0\""), "asset.os-unsupported",
	  "1 1 operating system not known 1" },
	/* names of shares are not what is in them, but a guest is let in */
	{ WINDOWS("7601", ",\"guest\":false,\"shares\":[{\"name\":\"a\",\"type\":\"disk\"}]"),
	  "smb.guest-access", "1 1 ports not in the plan 1" },
	{ WINDOWS("7601", ",\"guest\":false,\"shares\":[{\"name\":\"a\",\"type\":\"disk\"}]"),
	  "exposure.unauthenticated-service", "0 0 ports not in the plan 0" },
	{ WINDOWS("7601", ",\"guest\":true,\"shares\":[{\"name\":\"a\",\"type\":\"disk\"}]"),
	  "exposure.unauthenticated-service", "1 1 ports not in the plan 1" },
	{ WINDOWS("7601", ",\"guest\":true,\"shares\":[{\"name\":\"IPC$\",\"type\":\"ipc\"}]"),
	  "exposure.unauthenticated-service", "0 0 ports not in the plan 0" },
	{ WINDOWS("99999", ""), "asset.os-unsupported", "0 0 operating system not known 0" },
	{ ALL_PORTS HTTP("10.0.0.1",
			 "{\"headers\":{\"server\":\"lighttpd\"},\"server\":\"lighttpd\","
			 "\"gathered\":[\"headers\"]}"),
	  "asset.software-unsupported", "0 0 product not in the support table 0" },
	{ "", "asset.time-drift", "0 0 no clock read 0" },
	/* portals of VPNs by what their pages show; UDP is its own question */
	{ ALL_PORTS UDP HTTP("10.0.0.1",
			     "{\"server\":\"x\",\"redirects\":[{\"status\":302,\"location\":"
			     "\"/+CSCOE+/logon.html\"}],\"cookies\":[{\"name\":\"webvpncontext\"}],"
			     "\"gathered\":[\"headers\"]}"),
	  "network.vpn-endpoint", "1 0 - 1" },
	{ ALL_PORTS UDP HTTP("10.0.0.1",
			     "{\"server\":\"OpenVPN-AS\",\"title\":\"a\",\"cookies\":[{\"name\":"
			     "\"session\"}],\"gathered\":[\"headers\"]}"),
	  "network.vpn-endpoint", "1 0 - 1" },
	{ ALL_PORTS UDP HTTP("10.0.0.1", "{\"server\":\"nginx\",\"title\":\"Welcome\","
					 "\"location\":\"/remote/\",\"gathered\":[\"headers\"]}"),
	  "network.vpn-endpoint", "1 0 - 0" },
	{ ALL_PORTS HTTP("10.0.0.1", "{\"server\":\"OpenVPN-AS\",\"gathered\":[\"headers\"]}"),
	  "network.vpn-endpoint", "1 1 ports not in the plan 1" },
	{ "", "asset.default-device-role", "0 0 the kind of device is not known 0" },
	/* ports that were not tried */
	{ "", "exposure.engineering-port", "0 0 ports not in the plan 0" },
	{ ALL_PORTS, "exposure.engineering-port", "0 0 UDP ports not tried 0" },
	{ ALL_PORTS UDP_PLANNED, "exposure.engineering-port", "0 0 UDP ports not tried 0" },
	{ ALL_PORTS UDP "UPDATE host SET udp_ports = 0 WHERE address = '10.0.0.2'",
	  "exposure.engineering-port", "0 0 UDP ports not tried 0" },
	{ ALL_PORTS UDP, "exposure.engineering-port", "1 0 - 0" },
	{ ALL_PORTS
	  "INSERT INTO service (scan, address, port, transport, state, protocol, spoken) VALUES"
	  " (1, '10.0.0.2', 1900, 'udp', 'open', 'ssdp', 'port')",
	  "exposure.unneeded-service", "1 1 UDP ports not tried 1" },
	{ ALL_PORTS UDP, "exposure.unneeded-service", "1 0 - 0" },
	{ ZONES "UPDATE scan SET vantage_zone = 'office'", "exposure.remote-admin-internal",
	  "1 1 ports not in the plan 1" },
	{ ZONES ALL_PORTS "UPDATE scan SET vantage_zone = 'office'",
	  "exposure.remote-admin-internal", "1 0 - 1" },
	{ ZONES "UPDATE scan SET vantage_zone = 'office'", "exposure.database-public",
	  "0 0 ports not in the plan 0" },
	/* what can be seen from outside only */
	{ ALL_PORTS, "exposure.remote-admin-public", "0 0 not seen from outside 0" },
	{ ALL_PORTS UDP, "exposure.ot-protocol-public", "0 0 not seen from outside 0" },
	{ ALL_PORTS UDP "UPDATE scan SET vantage_kind = 'public'", "exposure.ot-protocol-public",
	  "1 0 - 0" },
	{ ALL_PORTS "UPDATE host SET public = 1 WHERE address = '10.0.0.2'",
	  "exposure.remote-admin-public", "1 1 not seen from outside 1" },
	/* a leg of this machine in the zone is no path through the boundary */
	{ ZONES "UPDATE scan SET vantage_zone = 'office'", "network.cross-zone-reachable",
	  "1 0 - 1" },
	{ ZONES "UPDATE scan SET vantage_zone = 'office'; UPDATE host SET mac = '02:00:00:00:00:03'"
		" WHERE address = '10.0.0.3'",
	  "network.cross-zone-reachable", "0 0 " STANDS " 0" },
	{ ZONES ALL_PORTS
	  "UPDATE scan SET vantage_zone = 'office'; UPDATE host SET mac = '02:00:00:00:00:03'"
	  " WHERE address = '10.0.0.3'",
	  "exposure.remote-admin-internal", "0 0 " STANDS " 0" },
	/* one MAC address is one machine */
	{ HOSTKEYS, "ssh.hostkey-shared", "1 0 - 2" },
	{ HOSTKEYS "UPDATE host SET mac = '02:00:00:00:00:01' WHERE address < '10.0.0.3'",
	  "ssh.hostkey-shared", "1 0 - 0" },
	/* Terrapin: ChaCha20, or CBC and encrypt-then-MAC in one direction, without strict exchange */
	{ SSH(CIPHERS("\"chacha20-poly1305@openssh.com\"", "")), "ssh.terrapin",
	  "1 1 not gathered 1" },
	{ SSH("\"strict_kex\":true," CIPHERS("\"chacha20-poly1305@openssh.com\"", "")),
	  "ssh.terrapin", "1 1 not gathered 0" },
	{ SSH(CIPHERS("\"aes128-cbc\"", "\"hmac-sha2-256-etm@openssh.com\"")), "ssh.terrapin",
	  "1 1 not gathered 1" },
	{ SSH(CIPHERS("\"aes128-ctr\"", "\"hmac-sha2-256-etm@openssh.com\"")), "ssh.terrapin",
	  "1 1 not gathered 0" },
	{ SSH("\"one_way\":{\"cipher\":{\"aes128-cbc\":\"to-server\"},\"mac\":"
	      "{\"hmac-sha2-256-etm@openssh.com\":\"to-client\"}}," CIPHERS(
		      "\"aes128-cbc\"", "\"hmac-sha2-256-etm@openssh.com\"")),
	  "ssh.terrapin", "1 1 not gathered 0" },
	/* a weak algorithm is a finding, those of a topic are one */
	{ SSH(CIPHERS("\"aes128-cbc\",\"3des-cbc\"", "\"hmac-sha1\",\"umac-64@openssh.com\"")),
	  "ssh.algorithm-weak", "1 1 not gathered 6" },
	{ SSH("\"moduli\":[{\"min\":512,\"max\":1024,\"bits\":1024}],"
	      "\"algorithms\":{\"kex\":[\"diffie-hellman-group-exchange-sha256\"]},"),
	  "ssh.algorithm-weak", "1 1 not gathered 1" },
	{ SSH("\"hostkeys\":[{\"type\":\"ssh-ed25519-cert-v01@openssh.com\",\"bits\":256,"
	      "\"certificate\":{\"authority\":{\"type\":\"ssh-rsa\",\"bits\":1024}}},"
	      "{\"type\":\"ssh-rsa\",\"bits\":2047},{\"type\":\"ssh-dss\",\"bits\":1024}],"),
	  "ssh.hostkey-weak", "1 1 not gathered 3" },
	{ SSH("\"auth\":[\"none\"],"), "credential.none-required", "1 1 not probed 1" },
	{ ZONES "UPDATE host SET mac = '02:00:00:00:00:01' WHERE address IN ('10.0.0.1', "
		"'10.0.0.3')",
	  "asset.bridging-host", "1 1 not gathered 2" },
	{ ZONES "UPDATE host SET mac = '02:00:00:00:00:01' WHERE address IN ('10.0.0.1', "
		"'10.0.0.2')",
	  "asset.bridging-host", "1 1 nothing identifies the machine 0" },
	/* a zone that is handed out; where nobody answered, and where none is declared */
	{ ALL_PORTS TRANSFER("10.0.0.1", "allowed") TRANSFER("10.0.0.2", "refused"),
	  "dns.zone-transfer", "1 0 - 1" },
	{ ALL_PORTS TRANSFER("10.0.0.1", "refused"), "dns.zone-transfer", "1 0 - 0" },
	{ ALL_PORTS TRANSFER("10.0.0.1", "not-known"), "dns.zone-transfer",
	  "0 0 no zone declared in the site file (dns.zones), or no answer for one 0" },
	{ ALL_PORTS NAMES("10.0.0.1", "tcp", "dns-tcp", "{\"gathered\":[\"transfer\"]}"),
	  "dns.zone-transfer",
	  "0 0 no zone declared in the site file (dns.zones), or no answer for one 0" },
	/* a record that one server shows is there; what nobody tells is not clean */
	{ ALL_PORTS UDP MAIL("10.0.0.1", "absent", "absent") MAIL("10.0.0.2", "present", "present"),
	  "mail.auth-records-missing", "1 0 - 0" },
	{ ALL_PORTS UDP MAIL("10.0.0.1", "present", "absent")
		  MAIL("10.0.0.2", "absent", "not-known"),
	  "mail.auth-records-missing", "1 0 - 1" },
	{ ALL_PORTS UDP MAIL("10.0.0.1", "absent", "absent") MAIL("10.0.0.2", "absent", "absent"),
	  "mail.auth-records-missing", "1 0 - 1" },
	{ ALL_PORTS UDP MAIL("10.0.0.1", "present", "not-known"), "mail.auth-records-missing",
	  "0 0 no mail domain declared in the site file (mail.domains), or no server that knows it "
	  "0" },
};

static struct judge_probe *shipped_probes(void)
{
	size_t count = 0;

	while (probes[count] != NULL)
		count++;
	struct judge_probe *list = calloc(count + 1, sizeof(*list));
	assert_non_null(list);
	for (size_t i = 0; i < count; i++)
		list[i] = (struct judge_probe){
			.name = probes[i]->name,
			.ports = probes[i]->ports,
			.udp = probes[i]->udp,
			.over_tls = probes[i]->over_tls,
			.tls_ports = probes[i]->tls_ports,
			.within = probes[i]->within,
			.view = probes[i]->view,
		};
	return list;
}

static void shipped_checks_claim_what_they_saw(void **state)
{
	const char *data = getenv("TENKEN_DATA");
	struct judge_probe *list = shipped_probes();
	struct catalogue shipped;
	struct complaints c = { 0 };
	const struct judge_options options = { .complaints = &c };

	(void)state;
	assert_non_null(data);
	assert_int_equal(catalogue_load(data, NULL, 0, NULL, 0, &shipped, &c), 0);
	for (size_t i = 0; i < countof(shipped_rows); i++) {
		struct db *db = store_with(
			":memory:",
			"UPDATE evidence SET document = json_remove(document, '$.algorithms');"
			"UPDATE scan SET finished = 1795132800");
		char sql[256];

		if (db_exec(db, shipped_rows[i].change) < 0)
			fail_msg("%s", db_error(db));
		assert_int_equal(judge_run(db, &shipped, 1, list, NULL, &options), 0);
		if (c.count > 0)
			fail_msg("complaint: %s", c.list[0]);
		snprintf(sql, sizeof(sql), "SELECT " SAW " FROM check_run WHERE check_id = '%s'",
			 shipped_rows[i].check);
		const char *have = value_of(db, sql);
		if (strcmp(have, shipped_rows[i].run) != 0)
			fail_msg("row %zu: %s: %s\n#  not: %s\n#  after %s", i,
				 shipped_rows[i].check, have, shipped_rows[i].run,
				 shipped_rows[i].change);
		db_free(db);
	}
	for (size_t i = 0; i < shipped.check_count; i++)
		if (shipped.checks[i].seen != NULL)
			assert_string_equal(judge_reason_text(shipped.checks[i].unseen.en, "ja"),
					    shipped.checks[i].unseen.ja);
	catalogue_done(&shipped);
	complaints_done(&c);
	free(list);
}

/* ---- mistakes ---- */

static void mistakes_in_sql_are_told(void **state)
{
	static const char more[] =
		"- {id: u.column, severity: low, needs: [sweep], title: a, remedy: b,\n"
		"   sql: 'SELECT address, nowhere FROM asset'}\n"
		"- id: u.place\n"
		"  severity: low\n"
		"  needs: [sweep]\n"
		"  title: a\n"
		"  remedy: b\n"
		"  sql: |\n"
		"    SELECT 1 AS port FROM asset\n"
		"- {id: u.writes, severity: low, needs: [sweep], title: a, remedy: b,\n"
		"   sql: DELETE FROM main.finding}\n"
		"- {id: u.endless, severity: low, needs: [sweep], title: a, remedy: b, sql: 'WITH "
		"RECURSIVE\n"
		"   n (v) AS (SELECT 1 UNION ALL SELECT v + 1 FROM n) SELECT max(v) AS address "
		"FROM n'}\n"
		"- {id: u.hungry, severity: low, needs: [sweep], title: a, remedy: b,\n"
		"   sql: 'SELECT address, length(zeroblob(5000000) || zeroblob(5000000)) AS detail "
		"FROM asset'}\n"
#define REFUSED(name, sql)                                                           \
	"- {id: u.r-" name ", severity: low, needs: [sweep], title: a, remedy: b,\n" \
	"   sql: \"" sql "\"}\n"
		REFUSED("attach", "ATTACH 'x' AS y") REFUSED("detach", "DETACH main") REFUSED(
			"pragma", "PRAGMA writable_schema = 1") REFUSED("write",
									"SELECT writefile('x', "
									"'y') AS address")
			REFUSED("load", "SELECT load_extension('x') AS address") REFUSED(
				"insert", "INSERT INTO main.remark VALUES (1, 'a', 'b', 'c')")
				REFUSED("update", "UPDATE main.scan SET site = 'x'") REFUSED(
					"table",
					"CREATE TEMP TABLE x (a)") REFUSED("drop",
									   "DROP TABLE main.scan")
					REFUSED("begin", "BEGIN") REFUSED(
						"vacuum",
						"VACUUM INTO "
						"'x'") REFUSED("random",
							       "SELECT random() AS "
							       "address") REFUSED("two", "SELECT"
											 " '10."
											 "0.0.1'"
											 " AS "
											 "addres"
											 "s; "
											 "DELETE"
											 " FROM "
											 "main."
											 "scan")
						REFUSED("cross",
							"SELECT count(*) AS address FROM asset a, "
							"asset b, asset c,"
							" asset d, asset e, asset f, asset g, "
							"asset h, asset i, asset j, asset k,"
							" asset l, asset m, asset n, asset o, "
							"asset p, asset q, asset r, asset s")
							REFUSED("memory",
								"WITH RECURSIVE n (v) AS (SELECT "
								"'x' UNION ALL SELECT v || v"
								" FROM n WHERE length(v) < "
								"1000000000) SELECT v AS address "
								"FROM n") "- {id: u.good, "
									  "severity: low, needs: "
									  "[sweep], title: a, "
									  "remedy: b,\n"
									  "   sql: \"SELECT "
									  "'10.0.0.1' AS address, "
									  "'A' AS asset, 99999 AS "
									  "port, 'mad' AS "
									  "severity\"}\n";
	char path[256];
	const char *const list[] = { path };
	struct catalogue own;
	struct complaints c = { 0 };
	const struct judge_options options = {
		.complaints = &c,
		.time_limit_ms = 100,
		.memory_limit = 4 * 1024 * 1024,
	};
	struct db *db = store_with(":memory:", "");

	(void)state;
	write_file("more.yaml", more);
	snprintf(path, sizeof(path), "%s/profiles/more.yaml", folder);
	assert_int_equal(catalogue_load(folder, guidelines, 1, list, 1, &own, &c), 0);
	assert_int_equal(judge_run(db, &own, 1, probes_here, NULL, &options), 0);
	assert_int_equal(c.count, 20);
	expect(db,
	       "SELECT count(*) FROM check_run WHERE check_id LIKE 'u.r-%'"
	       " AND reason = 'error in the check'",
	       "15");
	assert_int_equal(access("x", F_OK), -1);
	expect(db, "SELECT site FROM main.scan", "kita");
	expect_complaint(&c, "check 'u.r-attach': a check may only read what the scan kept");
	expect_complaint(&c, "check 'u.r-pragma': a check may only read what the scan kept");
	expect_complaint(&c, "check 'u.r-load': not authorized");
	expect_complaint(&c, "check 'u.r-insert': a check may only read what the scan kept");
	expect_complaint(&c, "check 'u.r-cross': it took too long");
	expect_complaint(&c, "more.yaml:2: check 'u.column': no such column: nowhere");
	expect_complaint(&c, "more.yaml:8: check 'u.place': the query gives neither");
	expect_complaint(&c, "check 'u.writes': a check may only read what the scan kept");
	expect_complaint(&c, "check 'u.endless': it took too long");
	expect_complaint(&c, "check 'u.hungry': ");
	expect(db, "SELECT ran || ' ' || reason FROM check_run WHERE check_id = 'u.column'",
	       "0 error in the check");
	/* Nonsense in a row falls back to what the check says. */
	expect(db,
	       "SELECT asset || ' ' || coalesce(port, '-') || ' ' || severity FROM finding_now"
	       " WHERE check_id = 'u.good'",
	       "A - low");
	expect(db, "SELECT verdict FROM verdict WHERE item = 'weak'", "violated");
	complaints_done(&c);
	catalogue_done(&own);
	db_free(db);
}

/* An outer join leaves rows without a place: ours mean it, whoever wrote another is told. */
static void rows_of_the_users_without_a_place_are_told(void **state)
{
#define NOWHERE(id, values)                                                    \
	"- {id: " id ", severity: low, needs: [sweep], title: a, remedy: b,\n" \
	"   sql: \"SELECT column1 AS address, column2 AS asset FROM (VALUES " values ")\"}\n"
	static const char more[] = NOWHERE("u.all", "(NULL, NULL), (NULL, NULL)")
		NOWHERE("u.some", "(NULL, NULL), ('10.0.0.1', NULL)")
			NOWHERE("u.none", "('10.0.0.1', NULL), (NULL, 'A')");
	char path[256];
	const char *const list[] = { path };
	struct catalogue own;
	struct complaints c = { 0 };
	const struct judge_options options = { .complaints = &c };
	struct db *db = store_with(":memory:", "");

	(void)state;
	write_file("more.yaml", more);
	snprintf(path, sizeof(path), "%s/profiles/more.yaml", folder);
	assert_int_equal(catalogue_load(folder, guidelines, 1, list, 1, &own, &c), 0);
	assert_int_equal(judge_run(db, &own, 1, probes_here, NULL, &options), 0);
	assert_int_equal(c.count, 2);
	expect_complaint(&c, "more.yaml:2: check 'u.all': rows whose columns 'address' and 'asset' "
			     "are both empty are no findings: 2");
	expect_complaint(&c, "more.yaml:4: check 'u.some': rows whose columns 'address' and "
			     "'asset' are both empty are no findings: 1");
	/* Where nothing is left it did not run; what has a place stands. */
	expect(db,
	       "SELECT group_concat(check_id || ' ' || ran || ' ' || findings || ' '"
	       " || coalesce(reason, '-'), '; ') FROM check_run WHERE check_id LIKE 'u.%'",
	       "u.all 0 0 error in the check; u.none 1 2 -; u.some 1 1 -");
	complaints_done(&c);
	/* The same as checks of ours. */
	for (size_t i = 0; i < own.check_count; i++)
		own.checks[i].own = false;
	assert_int_equal(judge_run(db, &own, 1, probes_here, NULL, &options), 0);
	assert_int_equal(c.count, 0);
	expect(db, "SELECT ran FROM check_run WHERE check_id = 'u.all'", "1");
	catalogue_done(&own);
	db_free(db);
}

static void mistakes_in_files_are_told(void **state)
{
	static const struct {
		const char *text, *complaint;
	} rows[] = {
		{ "- {id: 'Bad Id', severity: low, needs: [], title: a, remedy: b, sql: SELECT 1}",
		  "bad.yaml:1: field 'id': is made of small letters" },
		{ "- {id: t.telnet, severity: low, needs: [], title: a, remedy: b, sql: SELECT 1}",
		  "'t.telnet' stands in" },
		{ "- {id: b.a, severity: grave, needs: [], title: a, remedy: b, sql: SELECT 1}",
		  "field 'severity': is 'info'" },
		{ "- {id: b.a, severity: low, needs: [swep], title: a, remedy: b, sql: SELECT 1}",
		  "'swep' is no need" },
		{ "- {id: b.a, severity: low, needs: [], title: a, remedy: b}", "'sql'" },
		{ "- {id: b.a, severity: low, needs: [], title: a, remedy: b, sql: x, color: red}",
		  "color" },
		{ "- {id: b.a, severity: low, needs: sweep, title: a, remedy: b, sql: x}",
		  "field 'needs'" },
		{ "id: b.a", "bad.yaml:1" },
		{ "- {id: b.a", "is not YAML" },
		{ "- {id: b.a, severity: low, needs: [], title: a, remedy: b, sql: x, seen: y}",
		  "'seen' and 'unseen' belong together" },
		{ "- {id: b.a, severity: low, needs: [], title: a, remedy: b, sql: x, concerns: "
		  "host}",
		  "field 'concerns': is 'zone' or 'site', not 'host'" },
		{ "- {id: b.a, severity: low, needs: ['vantage:'], title: a, remedy: b, sql: x}",
		  "'vantage:' is no need" },
		{ "- 5", "bad.yaml:1" },
	};
	char path[256];
	const char *const list[] = { path };

	(void)state;
	snprintf(path, sizeof(path), "%s/profiles/bad.yaml", folder);
	for (size_t i = 0; i < countof(rows); i++) {
		struct catalogue own;
		struct complaints c = { 0 };

		write_file("bad.yaml", rows[i].text);
		assert_int_equal(catalogue_load(folder, guidelines, 1, list, 1, &own, &c), -EINVAL);
		expect_complaint(&c, rows[i].complaint);
		complaints_done(&c);
		catalogue_done(&own);
	}
	const char *const unknown[] = { "demo", "demon" };
	struct catalogue own;
	struct complaints c = { 0 };
	assert_int_equal(catalogue_load(folder, unknown, 2, NULL, 0, &own, &c), -EINVAL);
	expect_complaint(&c, "there is no guideline 'demon'; known: demo");
	assert_non_null(catalogue_guideline(&own, "demo"));
	complaints_done(&c);
	catalogue_done(&own);
	assert_int_equal(catalogue_load("/nonexistent", unknown, 1, NULL, 0, &own, &c), -EINVAL);
	complaints_done(&c);
	catalogue_done(&own);
}

static void unknown_probes_are_told(void **state)
{
	struct complaints c = { 0 };
	struct db *db = NULL;

	(void)state;
	assert_int_equal(db_open(":memory:", DB_CREATE, &db), 0);
	for (int i = 0; i < store_version; i++)
		assert_int_equal(db_exec(db, store_migrations[i]), 0);
	assert_int_equal(judge_try(db, &catalogue, probes_here, &c), 0);
	assert_int_equal(c.count, 1);
	expect_complaint(&c, "check 't.no-probe': there is no probe for 'probe:snmp'");
	complaints_done(&c);
	db_free(db);
}

static void cross_check_finds_what_is_missing(void **state)
{
	struct complaints c = { 0 };

	(void)state;
	assert_int_equal(catalogue_cross_check(&catalogue, &c), 1);
	expect_complaint(&c, "item 'no-check': there is no check 't.nothing'");
	complaints_done(&c);
	assert_string_equal(judge_reason_text("timeout", "ja"), "時間切れ");
	assert_string_equal(judge_reason_text("timeout", "en"), "timeout");
	assert_string_equal(judge_reason_text("something", "ja"), "something");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_verdict),
		cmocka_unit_test(findings_are_told),
		cmocka_unit_test(findings_have_a_life),
		cmocka_unit_test(findings_go_with_the_asset),
		cmocka_unit_test(one_asset_at_two_addresses),
		cmocka_unit_test(nothing_is_fixed_unseen),
		cmocka_unit_test(other_vantages_count),
		cmocka_unit_test(fingerprints_hold),
		cmocka_unit_test(coverage_is_counted),
		cmocka_unit_test(killed_scan_has_its_own_clock),
		cmocka_unit_test(hosts_may_be_missing),
		cmocka_unit_test(reading_only_is_enough),
		cmocka_unit_test(only_what_was_seen_counts),
		cmocka_unit_test(what_is_carried_counts_where_it_may_be),
		cmocka_unit_test(shipped_checks_claim_what_they_saw),
		cmocka_unit_test(mistakes_in_sql_are_told),
		cmocka_unit_test(rows_of_the_users_without_a_place_are_told),
		cmocka_unit_test(mistakes_in_files_are_told),
		cmocka_unit_test(unknown_probes_are_told),
		cmocka_unit_test(cross_check_finds_what_is_missing),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_catalogue, drop_catalogue);
}
