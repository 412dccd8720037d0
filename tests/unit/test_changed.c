/* SPDX-License-Identifier: Apache-2.0 */
/* The shipped checks asset.changed and asset.duplicate-address: what counts as a change against the ledger. */
#include "scratch.h"

#include "judge/catalogue.h"
#include "judge/judge.h"
#include "probes/probe.h"
#include "store/db.h"
#include "store/schema.h"

static struct catalogue shipped;
static struct judge_probe list[128];

static int load(void **state)
{
	struct complaints c = { 0 };
	size_t i = 0;

	(void)state;
	for (; probes[i] != NULL && i + 1 < sizeof(list) / sizeof(list[0]); i++)
		list[i] = (struct judge_probe){ .name = probes[i]->name,
						.ports = probes[i]->ports,
						.udp = probes[i]->udp,
						.over_tls = probes[i]->over_tls,
						.tls_ports = probes[i]->tls_ports,
						.within = probes[i]->within,
						.view = probes[i]->view };
	if (probes[i] != NULL)
		return -1;
	int r = catalogue_load(getenv("TENKEN_DATA"), NULL, 0, NULL, 0, &shipped, &c);
	complaints_print(&c, stderr);
	complaints_done(&c);
	return r;
}

static int unload(void **state)
{
	(void)state;
	catalogue_done(&shipped);
	return 0;
}

/* A server of the ledger in three scans: its baseline is the first. */
#define SCAN(id)                                                                                  \
	"INSERT INTO scan VALUES (" id ", 'u" id                                                  \
	"', 'scan', 'here', 'b1', NULL, NULL, 'p', 1000 * " id ", 1000 * " id                     \
	" + 500, 'done', NULL, '0', '{\"ports_tcp\":\"22,80,443\",\"risk\":\"read\"}');"          \
	"INSERT INTO ledger (scan, id, address, vendor, declared, line) VALUES"                   \
	" (" id ", 'S1', '10.0.0.1', 'Maker', '[]', 2);"                                          \
	"INSERT INTO host (scan, address, kind, treated, state, mac, ledger_id, planned, "        \
	"complete)"                                                                               \
	" VALUES (" id ", '10.0.0.1', 'it', 'it', 'answering', '02:00:00:00:00:0a', 'S1', 3, 1);" \
	"INSERT INTO device VALUES (" id                                                          \
	", '10.0.0.1', 'Siemens AG', NULL, NULL, NULL, NULL, 1, '[]');"                           \
	"INSERT INTO service (scan, address, port, transport, state, protocol, spoken) VALUES"    \
	" (" id ", '10.0.0.1', 22, 'tcp', 'open', 'ssh', 'port'),"                                \
	" (" id ", '10.0.0.1', 443, 'tcp', 'open', 'http', 'port');"                              \
	"INSERT INTO evidence VALUES (" id ", '10.0.0.1', 22, 'tcp', 'ssh', 'done',"              \
	" '{\"hostkeys\":[{\"sha256\":\"aa\"},{\"sha256\":\"bb\"}]}', 1, 1, 1, 1, 2),"            \
	" (" id ", '10.0.0.1', 443, 'tcp', 'tls', 'done',"                                        \
	" '{\"certificates\":[{\"subject\":\"CN=a\",\"spki_sha256\":\"cc\"}]}', 1, 1, 1, 1, 2);"

static const char everything[] = SCAN("1") SCAN("2") SCAN("3");

#define NOW " WHERE scan = 3;"
#define THEN " WHERE scan = 1;"

/* What scan 3 says after the change: "ran unseen details". */
static const struct {
	const char *change, *said;
} rows[] = {
	{ "", "1 -" },
	{ "UPDATE host SET mac = '02:00:00:00:00:0b'" NOW, "1 - MAC address" },
	/* The ledger says what it is, whatever was seen before. */
	{ "UPDATE ledger SET mac = '02:00:00:00:00:0b';", "1 - MAC address" },
	{ "UPDATE ledger SET mac = '02:00:00:00:00:0a'; UPDATE host SET mac = "
	  "'02:00:00:00:00:0b'" THEN,
	  "1 -" },
	{ "UPDATE device SET vendor = 'Another'" NOW, "1 - vendor" },
	{ "UPDATE device SET vendor = 'siemens'" NOW, "1 -" },
	{ "UPDATE device SET vendor = 'Another', certain = 0" NOW, "1 -" },
	{ "UPDATE evidence SET document = replace(replace(document, 'aa', 'dd'), 'bb', 'ee')" NOW,
	  "1 - SSH host key" },
	/* One of several is the same machine still; so is one that shows none. */
	{ "UPDATE evidence SET document = replace(document, 'aa', 'dd')" NOW, "1 -" },
	{ "UPDATE evidence SET document = '{}'" NOW, "1 -" },
	{ "UPDATE evidence SET document = replace(document, 'cc', 'dd')" NOW, "1 - certificate" },
	{ "UPDATE evidence SET document = replace(document, 'CN=a', 'CN=b')" NOW, "1 -" },
	{ "INSERT INTO service (scan, address, port, transport, state, spoken) VALUES"
	  " (3, '10.0.0.1', 80, 'tcp', 'open', 'none');",
	  "1 - open services" },
	{ "DELETE FROM service WHERE scan = 3 AND port = 443;", "1 - open services" },
	/* Other ports were tried, or not all of them. */
	{ "DELETE FROM service WHERE scan = 3 AND port = 443; UPDATE host SET planned = 2" NOW,
	  "1 -" },
	{ "DELETE FROM service WHERE scan = 1 AND port = 443; UPDATE host SET complete = 0" THEN,
	  "1 -" },
	/* It stays until the ledger's line is brought up to date, which begins anew. */
	{ "UPDATE host SET mac = '02:00:00:00:00:0b' WHERE scan > 1;", "1 - MAC address" },
	{ "UPDATE host SET mac = '02:00:00:00:00:0b' WHERE scan > 1;"
	  " UPDATE ledger SET owner = 'new card' WHERE scan > 1;",
	  "1 -" },
	{ "UPDATE ledger SET owner = 'new'" NOW,
	  "0 no earlier scan with the same line of the ledger" },
	/* Another place sees other things. */
	{ "UPDATE scan SET vantage = 'b2' WHERE id < 3; UPDATE host SET mac = "
	  "'02:00:00:00:00:0b'" NOW,
	  "0 no earlier scan with the same line of the ledger" },
	{ "UPDATE scan SET status = 'incomplete' WHERE id < 3; UPDATE host SET mac = '1'" NOW,
	  "0 no earlier scan with the same line of the ledger" },
	{ "DELETE FROM ledger;", "0 no ledger" },
};

static void said_by(struct db *db, const char *check, char out[static 512])
{
	struct query *q = NULL;
	char sql[512];

	assert_int_equal(judge_run(db, &shipped, 3, list, NULL, &(struct judge_options){ 0 }), 0);
	snprintf(sql, sizeof(sql),
		 "SELECT ran || ' ' || coalesce(reason, '-') || coalesce((SELECT ' ' ||"
		 " group_concat(detail, ', ') FROM finding_now WHERE check_id = '%s'), '')"
		 " FROM check_run WHERE check_id = '%s'",
		 check, check);
	assert_int_equal(query_new(db, sql, &q), 0);
	assert_int_equal(query_step(q), 1);
	snprintf(out, 512, "%s", query_text(q, 0));
	query_free(q);
	judge_forget(db);
}

static struct db *store_of(const char *change)
{
	struct db *db = NULL;

	assert_int_equal(db_open(":memory:", DB_CREATE, &db), 0);
	for (int i = 0; i < store_version; i++)
		assert_int_equal(db_exec(db, store_migrations[i]), 0);
	assert_int_equal(db_exec(db, everything), 0);
	if (db_exec(db, change) < 0)
		fail_msg("%s", db_error(db));
	return db;
}

static void changed(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct db *db = store_of(rows[i].change);
		char have[512];

		said_by(db, "asset.changed", have);
		if (strcmp(have, rows[i].said) != 0)
			fail_msg("row %zu: %s, not %s\n#  after %s", i, have, rows[i].said,
				 rows[i].change);
		db_free(db);
	}
}

static void duplicate(void **state)
{
	struct db *db = store_of("");
	char have[512];

	(void)state;
	said_by(db, "asset.duplicate-address", have);
	assert_string_equal(have, "1 -");
	assert_int_equal(
		db_exec(db,
			"INSERT INTO remark VALUES (3, 'duplicate-address', '10.0.0.1', 'two')"),
		0);
	said_by(db, "asset.duplicate-address", have);
	assert_string_equal(have, "1 - ");
	assert_int_equal(db_exec(db, "DELETE FROM remark; UPDATE host SET mac = NULL"), 0);
	said_by(db, "asset.duplicate-address", have);
	assert_string_equal(have, "0 the MAC address was not seen");
	db_free(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(changed),
		cmocka_unit_test(duplicate),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, load, unload);
}
