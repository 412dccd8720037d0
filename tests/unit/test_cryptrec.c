/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Levels of the CRYPTREC TLS guidelines by the shipped data, and the views of a catalogue: each row is
 * what a server accepts, and the level that it reaches. Expectations follow profiles/data/cryptrec-*.csv
 * and the sources that these name.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "judge/judge.h"
#include "probes/probe.h"
#include "store/schema.h"

static const char scan[] =
	"INSERT INTO scan VALUES (1, 'u1', 'scan', 'kita', 'b1', 'office', 'it', 'mlit-water', "
	"1000, 2000,"
	" 'done', NULL, '0', '{\"ports_tcp\":\"443\",\"risk\":\"read\"}');"
	"INSERT INTO host (scan, address, zone, kind, treated, state, planned, open, complete) "
	"VALUES"
	" (1, '10.0.0.1', 'office', 'it', 'it', 'answering', 1, 1, 1);"
	"INSERT INTO service (scan, address, port, transport, state, protocol, tls, spoken) VALUES"
	" (1, '10.0.0.1', 443, 'tcp', 'open', 'tls', 1, 'port')";

#define GATHERED "'[\"versions\",\"suites\",\"kex\",\"certificate\"]'"
#define NEW_ONLY                                                                                  \
	"'{\"SSLv2\":false,\"SSLv3\":false,\"TLSv1.0\":false,\"TLSv1.1\":false,\"TLSv1.2\":true," \
	"\"TLSv1.3\":true}'"
#define GOOD_KEY                                                                  \
	"'[{\"position\":0,\"key_type\":\"RSA\",\"key_bits\":2048,\"signature\":" \
	"\"sha256WithRSAEncryption\"}]'"
#define X25519 "'[{\"kind\":\"ecdh\",\"bits\":255,\"group\":\"x25519\"}]'"

/* What the server accepts, as SQL texts of JSON. */
static const struct row {
	const char *what, *versions, *suites, *kex, *certificates, *gathered;
	const char *level; /* "" none given */
	const char *basis;
	const char *finding; /* "", "violated" or "hint" */
} rows[] = {
	{ "AES-GCM with ECDHE", NEW_ONLY,
	  "'{\"TLSv1.2\":[\"TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384\"],\"TLSv1.3\":[\"TLS_AES_256_"
	  "GCM_SHA384\"]}'",
	  X25519, GOOD_KEY, GATHERED, "high", "inferred", "" },
	{ "a suite without forward secrecy", NEW_ONLY,
	  "'{\"TLSv1.2\":[\"TLS_RSA_WITH_AES_128_CBC_SHA\"]}'", X25519, GOOD_KEY, GATHERED,
	  "recommended", "inferred", "" },
	{ "a suite of neither list", NEW_ONLY,
	  "'{\"TLSv1.2\":[\"TLS_ECDHE_RSA_WITH_ARIA_128_GCM_SHA256\"]}'", X25519, GOOD_KEY,
	  GATHERED, "high", "inferred", "" },
	{ "TLS 1.0 besides: read in a source",
	  "'{\"TLSv1.0\":true,\"TLSv1.2\":true,\"TLSv1.3\":true}'",
	  "'{\"TLSv1.2\":[\"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256\"]}'", X25519, GOOD_KEY, GATHERED,
	  "exception", "verified", "violated" },
	{ "SSL 3.0", "'{\"SSLv3\":true,\"TLSv1.2\":true,\"TLSv1.3\":true}'",
	  "'{\"TLSv1.2\":[\"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256\"]}'", X25519, GOOD_KEY, GATHERED,
	  "none", "verified", "violated" },
	{ "3DES: no source was read", NEW_ONLY,
	  "'{\"TLSv1.2\":[\"TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA\"]}'", X25519, GOOD_KEY, GATHERED,
	  "none", "inferred", "hint" },
	{ "DH of 1024 bits", NEW_ONLY, "'{\"TLSv1.2\":[\"TLS_DHE_RSA_WITH_AES_128_GCM_SHA256\"]}'",
	  "'[{\"kind\":\"dh\",\"bits\":1024}]'", GOOD_KEY, GATHERED, "exception", "inferred",
	  "hint" },
	{ "a certificate signed with SHA-1", NEW_ONLY,
	  "'{\"TLSv1.2\":[\"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256\"]}'", X25519,
	  "'[{\"position\":0,\"key_type\":\"RSA\",\"key_bits\":2048,\"signature\":"
	  "\"sha1WithRSAEncryption\"}]'",
	  GATHERED, "none", "verified", "violated" },
	{ "TLS 1.3 alone", "'{\"TLSv1.2\":false,\"TLSv1.3\":true}'",
	  "'{\"TLSv1.3\":[\"TLS_AES_128_GCM_SHA256\"]}'", X25519, GOOD_KEY, GATHERED, "high",
	  "inferred", "" },
	{ "TLS 1.2 alone", "'{\"TLSv1.2\":true,\"TLSv1.3\":false}'",
	  "'{\"TLSv1.2\":[\"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256\"]}'", X25519, GOOD_KEY, GATHERED,
	  "recommended", "verified", "" },
	{ "not all was seen", NEW_ONLY,
	  "'{\"TLSv1.2\":[\"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256\"]}'", X25519, GOOD_KEY,
	  "'[\"versions\"]'", "", "", "" },
};

static struct db *store_of(const struct row *row)
{
	struct db *db = NULL;
	char sql[4096];

	assert_int_equal(db_open(":memory:", DB_CREATE, &db), 0);
	for (int i = 0; i < store_version; i++)
		assert_int_equal(db_exec(db, store_migrations[i]), 0);
	assert_int_equal(db_exec(db, scan), 0);
	snprintf(sql, sizeof(sql),
		 "INSERT INTO evidence (scan, address, port, transport, probe, ending, document, "
		 "connections,"
		 " sent, received, started_ms, finished_ms) VALUES (1, '10.0.0.1', 443, 'tcp', "
		 "'tls', 'done',"
		 " json_object('best', 'TLSv1.2', 'versions', json(%s), 'suites', json(%s), 'kex', "
		 "json(%s),"
		 "  'certificates', json(%s), 'gathered', json(%s)), 1, 1, 1, 1000000, 1500000)",
		 row->versions, row->suites, row->kex, row->certificates, row->gathered);
	if (db_exec(db, sql) < 0)
		fail_msg("%s: %s", row->what, db_error(db));
	return db;
}

static const char *value_of(struct db *db, const char *sql)
{
	static char text[256];
	struct query *q = NULL;

	text[0] = '\0';
	if (query_new(db, sql, &q) < 0)
		fail_msg("%s: %s", sql, db_error(db));
	if (query_step(q) == 1 && query_text(q, 0) != NULL)
		snprintf(text, sizeof(text), "%s", query_text(q, 0));
	query_free(q);
	return text;
}

static struct judge_probe *shipped_probes(void)
{
	size_t n = 0;

	while (probes[n] != NULL)
		n++;
	struct judge_probe *list = calloc(n + 1, sizeof(*list));
	assert_non_null(list);
	for (size_t i = 0; i < n; i++)
		list[i] = (struct judge_probe){ .name = probes[i]->name,
						.ports = probes[i]->ports,
						.view = probes[i]->view };
	return list;
}

static void levels_are_those_of_the_data(void **state)
{
	const char *data = getenv("TENKEN_DATA");
	struct judge_probe *list = shipped_probes();
	struct catalogue catalogue;
	struct complaints c = { 0 };
	const struct judge_options options = { .complaints = &c };

	(void)state;
	assert_non_null(data);
	assert_int_equal(catalogue_load(data, NULL, 0, NULL, 0, &catalogue, &c), 0);
	for (size_t i = 0; i < countof(rows); i++) {
		struct db *db = store_of(&rows[i]);

		assert_int_equal(judge_run(db, &catalogue, 1, list, NULL, &options), 0);
		if (c.count > 0)
			fail_msg("complaint: %s", c.list[0]);
		const char *level = value_of(db, "SELECT level FROM service_grade");
		if (strcmp(level, rows[i].level) != 0)
			fail_msg("%s: level %s, not %s", rows[i].what, level, rows[i].level);
		const char *basis = value_of(db, "SELECT basis FROM service_grade");
		if (strcmp(basis, rows[i].basis) != 0)
			fail_msg("%s: basis %s, not %s", rows[i].what, basis, rows[i].basis);
		const char *finding =
			value_of(db, "SELECT iif(inferred, 'hint', 'violated') FROM finding_now"
				     " WHERE check_id = 'tls.cryptrec-level'");
		if (strcmp(finding, rows[i].finding) != 0)
			fail_msg("%s: %s, not %s", rows[i].what, finding, rows[i].finding);
		db_free(db);
	}
	catalogue_done(&catalogue);
	free(list);
	complaints_done(&c);
}

/* For SSH the worst of what the algorithms are on the list. */
static void ssh_has_a_level_of_its_own(void **state)
{
	static const struct {
		const char *ciphers, *level, *basis;
		int64_t reasons;
	} cases[] = {
		{ "[\"aes128-ctr\",\"aes256-gcm@openssh.com\"]", "listed", "verified", 0 },
		{ "[\"aes128-ctr\",\"3des-cbc\"]", "monitored", "inferred", 1 },
		{ "[\"aes128-ctr\",\"3des-cbc\",\"arcfour\",\"twofish-cbc\"]", "unlisted", NULL,
		  3 },
		{ "[\"nobody-knows@plant.example\"]", "", "", 0 },
	};
	const char *data = getenv("TENKEN_DATA");
	struct judge_probe *list = shipped_probes();
	struct catalogue catalogue;
	struct complaints c = { 0 };
	const struct judge_options options = { .complaints = &c };

	(void)state;
	assert_non_null(data);
	assert_int_equal(catalogue_load(data, NULL, 0, NULL, 0, &catalogue, &c), 0);
	for (size_t i = 0; i < countof(cases); i++) {
		struct db *db = store_of(&rows[countof(rows) - 1]); /* TLS without a level */
		int64_t reasons = -1;

		assert_int_equal(
			db_execf(db,
				 "INSERT INTO evidence (scan, address, port, transport, probe,"
				 " ending, document, connections, sent, received, started_ms,"
				 " finished_ms) VALUES (1, '10.0.0.1', 22, 'tcp', 'ssh', 'done',"
				 " json_object('algorithms', json_object('cipher', json(%Q)),"
				 "  'gathered', json('[\"algorithms\"]')), 1, 1, 1, 1000000, "
				 "1500000)",
				 cases[i].ciphers),
			0);
		assert_int_equal(judge_run(db, &catalogue, 1, list, NULL, &options), 0);
		if (c.count > 0)
			fail_msg("complaint: %s", c.list[0]);
		assert_string_equal(value_of(db, "SELECT level FROM service_grade"),
				    cases[i].level);
		if (cases[i].basis != NULL)
			assert_string_equal(value_of(db, "SELECT basis FROM service_grade"),
					    cases[i].basis);
		assert_int_equal(
			db_number(db, "SELECT sum(json_array_length(reasons)) FROM service_grade",
				  0, &reasons),
			0);
		assert_int_equal(reasons, cases[i].reasons);
		db_free(db);
	}
	catalogue_done(&catalogue);
	free(list);
	complaints_done(&c);
}

/* An item of kind direct: violated where the finding rests on what was read, else a hint. */
static void inferred_is_no_more_than_a_hint(void **state)
{
	static const char *const water[] = { "mlit-water" };
	const char *data = getenv("TENKEN_DATA");
	struct judge_probe *list = shipped_probes();
	struct catalogue catalogue;
	struct complaints c = { 0 };
	const struct judge_options options = { .complaints = &c };
	/* The item whose only check this is. */
	static const char sql[] = "SELECT verdict FROM verdict v WHERE assess = 'direct' AND "
				  "(SELECT group_concat(check_id) FROM"
				  " verdict_check k WHERE k.guideline = v.guideline AND k.item = "
				  "v.item) = 'tls.cryptrec-level'"
				  " AND verdict IN ('violated', 'hint') LIMIT 1";

	(void)state;
	assert_non_null(data);
	assert_int_equal(catalogue_load(data, water, 1, NULL, 0, &catalogue, &c), 0);
	for (size_t i = 0; i < countof(rows); i++) {
		if (rows[i].finding[0] == '\0')
			continue;
		struct db *db = store_of(&rows[i]);
		assert_int_equal(judge_run(db, &catalogue, 1, list, NULL, &options), 0);
		const char *verdict = value_of(db, sql);
		if (verdict[0] != '\0' && strcmp(verdict, rows[i].finding) != 0)
			fail_msg("%s: %s, not %s", rows[i].what, verdict, rows[i].finding);
		const char *wrong = value_of(
			db,
			"SELECT count(*) FROM verdict v JOIN verdict_finding f USING (guideline, "
			"item)"
			" JOIN finding_now n USING (fingerprint) WHERE n.check_id = "
			"'tls.cryptrec-level'"
			" AND v.verdict = 'violated' AND NOT EXISTS (SELECT 1 FROM verdict_finding "
			"g"
			"  JOIN finding_now m USING (fingerprint) WHERE g.guideline = v.guideline"
			"  AND g.item = v.item AND NOT m.inferred)");
		assert_string_equal(wrong, "0");
		db_free(db);
	}
	catalogue_done(&catalogue);
	free(list);
	complaints_done(&c);
}

static void views_of_the_user_are_told(void **state)
{
	char path[] = "/tmp/tenken-views.XXXXXX";
	const char *more[] = { path };
	const char *data = getenv("TENKEN_DATA");
	struct judge_probe *list = shipped_probes();
	struct catalogue catalogue;
	struct complaints c = { 0 };
	const struct judge_options options = { .complaints = &c };
	static const char yaml[] =
		"- {view: u_good, sql: SELECT address FROM host}\n"
		"- {view: u_two, sql: \"SELECT address FROM host; DELETE FROM main.host\"}\n"
		"- {view: u_bad, sql: SELECT nothing FROM nowhere WHERE}\n"
		"- {id: u.use, severity: low, needs: [sweep], title: a, remedy: b,\n"
		"   sql: SELECT address FROM u_good}\n";
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, yaml, sizeof(yaml) - 1), sizeof(yaml) - 1);
	close(fd);
	assert_int_equal(catalogue_load(data, NULL, 0, more, 1, &catalogue, &c), 0);
	struct db *db = store_of(&rows[0]);
	assert_int_equal(judge_run(db, &catalogue, 1, list, NULL, &options), 0);
	assert_int_equal(c.count, 2);
	assert_non_null(strstr(c.list[0], ":2: view 'u_two'"));
	assert_non_null(strstr(c.list[1], ":3: view 'u_bad'"));
	assert_string_equal(
		value_of(db, "SELECT count(*) FROM finding_now WHERE check_id = 'u.use'"), "1");
	assert_string_equal(value_of(db, "SELECT count(*) FROM main.host"), "1");
	db_free(db);
	catalogue_done(&catalogue);
	complaints_done(&c);
	c = (struct complaints){ 0 };
	assert_true((fd = open(path, O_WRONLY | O_TRUNC)) >= 0);
	assert_true(write(fd, "- {view: 'x\"', sql: SELECT 1}\n", 29) == 29);
	close(fd);
	assert_int_equal(catalogue_load(data, NULL, 0, more, 1, &catalogue, &c), -EINVAL);
	assert_non_null(strstr(c.list[0], ":1: "));
	catalogue_done(&catalogue);
	complaints_done(&c);
	c = (struct complaints){ 0 };
	assert_true((fd = open(path, O_WRONLY | O_TRUNC)) >= 0);
	assert_true(write(fd, "- {view: x, per: row, sql: SELECT 1}\n", 37) == 37);
	close(fd);
	assert_int_equal(catalogue_load(data, NULL, 0, more, 1, &catalogue, &c), -EINVAL);
	assert_non_null(strstr(c.list[0], "is 'document', not 'row'"));
	catalogue_done(&catalogue);
	complaints_done(&c);
	free(list);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(levels_are_those_of_the_data),
		cmocka_unit_test(ssh_has_a_level_of_its_own),
		cmocka_unit_test(inferred_is_no_more_than_a_hint),
		cmocka_unit_test(views_of_the_user_are_told),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
