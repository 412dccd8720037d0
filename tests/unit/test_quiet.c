/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses where nothing answered: how the store joins them to ranges, and that judging and reports
 * say of ranges what they say of single rows.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report/report.h"
#include "report/sample.h"
#include "store/db.h"
#include "store/open.h"
#include "store/quiet.h"
#include "store/schema.h"
#include "store/store.h"

static struct sample_judge judge;
static char folder[] = "/tmp/tenken-quiet-XXXXXX";

static int start(void **state)
{
	(void)state;
	const char *data = getenv("TENKEN_DATA");

	return mkdtemp(folder) != NULL && data != NULL && sample_judge_start(&judge, data, NULL)
		       ? 0
		       : -1;
}

static int stop(void **state)
{
	(void)state;
	sample_judge_done(&judge);
	DIR *d = opendir(folder);

	for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;)
		unlinkat(dirfd(d), e->d_name, 0);
	if (d != NULL)
		closedir(d);
	return rmdir(folder);
}

static const char *path_of(const char *name)
{
	static char path[sizeof(folder) + 64];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static struct addr address(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

static struct quiet_row range(const char *first, const char *last, const char *state,
			      const char *reason)
{
	return (struct quiet_row){ .first = address(first),
				   .last = address(last),
				   .state = state,
				   .reason = reason,
				   .kind = "unassigned",
				   .treated = "ot",
				   .complete = strcmp(state, "silent") == 0 && reason == NULL,
				   .planned = 11,
				   .first_ms = 1000,
				   .last_ms = 2000 };
}

/* The first column of all rows, blank between them. */
static const char *list(struct db *db, const char *sql)
{
	static char text[65536];
	struct query *q = NULL;
	size_t n = 0;

	if (query_new(db, sql, &q) < 0)
		fail_msg("%s: %s", sql, db_error(db));
	text[0] = '\0';
	while (query_step(q) == 1 && n < sizeof(text) - 1) {
		const char *value = query_text(q, 0);

		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s", n > 0 ? " " : "",
				      value != NULL ? value : "-");
	}
	query_free(q);
	return text;
}

/* ---- the set in memory ---- */

struct written {
	char text[4096];
	uint64_t addresses;
	unsigned rows, forgotten;
};

static bool forget(void *context, const struct addr *first, const struct addr *last)
{
	struct written *w = context;

	(void)first, (void)last;
	w->forgotten++;
	return true;
}

static bool note(void *context, const struct quiet_row *r, uint64_t addresses)
{
	struct written *w = context;
	char first[ADDR_TEXT], last[ADDR_TEXT];
	size_t n = strlen(w->text);

	w->rows++;
	w->addresses += addresses;
	snprintf(w->text + n, sizeof(w->text) - n, "%s%s-%s:%s", n > 0 ? " " : "",
		 addr_format(&r->first, first), addr_format(&r->last, last),
		 r->reason != NULL ? r->reason : r->state);
	return true;
}

static struct written all_of(struct quiet *q)
{
	struct written w = { 0 };
	const struct quiet_sink sink = { forget, note, &w };

	assert_true(quiet_write_all(q, &sink));
	return w;
}

static struct written changed_of(struct quiet *q)
{
	struct written w = { 0 };
	const struct quiet_sink sink = { forget, note, &w };

	assert_true(quiet_write_changed(q, &sink));
	return w;
}

static void add(struct quiet *q, const char *first, const char *last, const char *state,
		const char *reason)
{
	const struct quiet_row r = range(first, last, state, reason);

	assert_true(quiet_fits(&r));
	assert_true(quiet_add(q, &r));
}

static void neighbours_become_one(void **state)
{
	(void)state;
	struct quiet *q = quiet_new();

	add(q, "10.0.0.3", "10.0.0.3", "silent", NULL);
	add(q, "10.0.0.1", "10.0.0.1", "silent", NULL);
	add(q, "10.0.0.2", "10.0.0.2", "silent", NULL);
	add(q, "10.0.0.4", "10.0.0.4", "absent", NULL);
	add(q, "10.0.0.6", "10.0.0.6", "silent", NULL);
	assert_string_equal(all_of(q).text, "10.0.0.1-10.0.0.3:silent 10.0.0.6-10.0.0.6:silent"
					    " 10.0.0.4-10.0.0.4:absent");
	/* Other words take the place of the first. */
	add(q, "10.0.0.2", "10.0.0.5", "skipped", "stopped");
	struct written w = all_of(q);
	assert_non_null(strstr(w.text, "10.0.0.2-10.0.0.5:stopped"));
	assert_non_null(strstr(w.text, "10.0.0.1-10.0.0.1:silent"));
	assert_int_equal(w.addresses, 6);
	assert_int_equal(w.rows, 3);
	/* One that answered is none of them any more. */
	const struct addr a = address("10.0.0.4");
	assert_true(quiet_own(q, &a));
	w = all_of(q);
	assert_non_null(strstr(w.text, "10.0.0.2-10.0.0.3:stopped"));
	assert_non_null(strstr(w.text, "10.0.0.5-10.0.0.5:stopped"));
	assert_int_equal(w.addresses, 5);
	quiet_free(q);
}

static void blocks_are_joined(void **state)
{
	(void)state;
	struct quiet *q = quiet_new();

	add(q, "10.0.0.0", "10.255.255.255", "silent", NULL);
	add(q, "9.255.255.255", "9.255.255.255", "silent", NULL); /* a public neighbour */
	assert_string_equal(all_of(q).text,
			    "9.255.255.255-9.255.255.255:silent 10.0.0.0-10.255.255.255:silent");
	const struct addr a = address("10.128.0.0");
	assert_true(quiet_own(q, &a));
	assert_string_equal(all_of(q).text,
			    "9.255.255.255-9.255.255.255:silent 10.0.0.0-10.127.255.255:silent"
			    " 10.128.0.1-10.255.255.255:silent");
	add(q, "fe80::1%1", "fe80::1:ffff%1", "silent", NULL);
	add(q, "2001:db8::fff0", "2001:db8::1:000f", "silent", NULL);
	assert_int_equal(all_of(q).addresses, 16777216 - 1 + 1 + 0x1ffff + 32);
	quiet_free(q);
	const struct quiet_row much = range("2001:db8::", "2001:db8::1:0:0", "silent", NULL);
	assert_false(quiet_fits(&much));
	const struct quiet_row just = range("2001:db8::1", "2001:db8::1:0:0", "silent", NULL);
	assert_true(quiet_fits(&just));
	const struct quiet_row turned = range("10.0.0.2", "10.0.0.1", "silent", NULL);
	assert_false(quiet_fits(&turned));
}

/* A model: one byte per address; what has a row of its own keeps it. */
static void any_order_gives_the_same(void **state)
{
	(void)state;
	enum { SIZE = 3 * 65536, OWN = 9 };
	static uint8_t model[SIZE];
	struct quiet *q = quiet_new();
	uint32_t random = 12345;
	static const char *const words[] = { NULL, "silent", "absent", "skipped" };

	for (unsigned step = 0; step < 60000; step++) {
		random = random * 1664525 + 1013904223;
		uint32_t first = (random >> 4) % SIZE, length = 1;
		unsigned what = step % 7 == 0 ? 0 : random >> 30;

		if (what == 0 && step % 7 != 0)
			what = 1;
		char text[ADDR_TEXT];

		if (step % 1000 == 0)
			length = (random >> 8) % 70000 + 1;
		else if (step % 10 == 0)
			length = (random >> 8) % 40 + 1;
		if (what == 0)
			length = 1;
		if (first + length > SIZE)
			length = SIZE - first;
		snprintf(text, sizeof(text), "10.%u.%u.%u", first >> 16, first >> 8 & 255,
			 first & 255);
		struct addr a = address(text);
		if (what == 0) {
			assert_true(quiet_own(q, &a));
		} else {
			struct quiet_row r = range(text, text, words[what], NULL);
			uint32_t last = first + length - 1;

			r.last.bytes[13] = (uint8_t)(last >> 16);
			r.last.bytes[14] = (uint8_t)(last >> 8);
			r.last.bytes[15] = (uint8_t)last;
			assert_true(quiet_add(q, &r));
		}
		for (uint32_t i = first; i < first + length; i++)
			if (model[i] != OWN)
				model[i] = (uint8_t)(what == 0 ? OWN : what);
	}
	uint64_t quiet = 0;
	unsigned runs = 0;
	for (uint32_t i = 0; i < SIZE; i++) {
		bool is_quiet = model[i] != 0 && model[i] != OWN;

		quiet += is_quiet;
		runs += is_quiet && (i == 0 || model[i] != model[i - 1]);
	}
	struct written w = all_of(q);
	assert_int_equal(w.addresses, quiet);
	assert_int_equal(w.rows, runs);
	quiet_free(q);
}

static void scattered_pieces_wait(void **state)
{
	(void)state;
	struct quiet *q = quiet_new();
	char text[ADDR_TEXT];

	add(q, "10.1.0.0", "10.1.0.9", "silent", NULL);
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(text, sizeof(text), "10.0.%u.%u", i / 100, i % 100 * 2);
		add(q, text, text, "silent", NULL);
	}
	assert_string_equal(changed_of(q).text, "10.1.0.0-10.1.0.9:silent");
	assert_int_equal(changed_of(q).rows, 0);
	/* Many pieces of some size do not wait. */
	for (unsigned i = 0; i < 256; i++) {
		char last[ADDR_TEXT];

		snprintf(text, sizeof(text), "10.2.%u.0", i);
		snprintf(last, sizeof(last), "10.2.%u.250", i);
		add(q, text, last, "silent", NULL);
	}
	assert_int_equal(changed_of(q).rows, 256);
	/* What was written and does not hold is written again, whatever became of its block. */
	for (unsigned i = 0; i < 200; i++) {
		snprintf(text, sizeof(text), "10.1.1.%u", i % 100 * 2);
		add(q, text, text, "silent", NULL);
	}
	assert_int_equal(changed_of(q).rows, 0);
	const struct addr a = address("10.1.0.5");
	assert_true(quiet_own(q, &a));
	assert_int_equal(changed_of(q).rows, 102);
	assert_int_equal(all_of(q).addresses, 1000 + 9 + 100 + 256 * 251);
	quiet_free(q);
}

/* ---- the store ---- */

static const char plan[] = "{\"site\":\"kita\",\"targets\":\"10.0.0.0/16\",\"ports_tcp\":"
			   "\"21-23,25,80,443,445,502,1883,3389,6379\",\"ports_udp\":\"\","
			   "\"risk\":\"read\"}";

static int64_t begin(struct store *s, int64_t now)
{
	char uuid[40];

	snprintf(uuid, sizeof(uuid), "uuid-%lld", (long long)now);
	const struct scan_row row = { .uuid = uuid,
				      .site = "kita",
				      .vantage = "bastion-1",
				      .vantage_zone = "office",
				      .vantage_kind = "it",
				      .profile = "mlit-water",
				      .version = "0.1.0",
				      .plan = plan,
				      .started = now };
	int64_t scan = store_scan_begin(s, &row);

	store_zone(s, "office", "it", "10.0.1.0/24");
	store_zone(s, "plant", "ot", "10.0.2.0/24");
	store_conduit(s, "office", "plant", "tcp", 80, 80, 0);
	return scan;
}

static void write_answering(struct store *s, const char *where, const char *zone, const char *kind,
			    uint16_t port, int64_t now)
{
	const struct host_row host = { .address = where,
				       .zone = zone,
				       .kind = kind,
				       .treated = kind,
				       .state = "answering",
				       .complete = true,
				       .planned = 11,
				       .open = 1,
				       .closed = 10,
				       .first_ms = now * 1000,
				       .last_ms = now * 1000 + 500 };

	store_host(s, &host);
	store_service(s, where, port, "tcp", "open", "connected", NULL, NULL);
	store_service_spoken(s, where, port, "tcp", NULL, false, "none", "timeout");
}

/* Addresses of one /24 from first on, as rows or as ranges. */
static void write_quiet(struct store *s, bool rows, const char *net, unsigned first, unsigned count,
			const struct quiet_row *like, int64_t now)
{
	for (unsigned k = 0; k < count; k++) {
		unsigned i = first + k * 7 % count; /* in another order */
		char text[ADDR_TEXT];

		snprintf(text, sizeof(text), "%s%u", net, i);
		struct quiet_row q = *like;
		q.first = q.last = address(text);
		q.first_ms = now * 1000;
		q.last_ms = now * 1000 + 400;
		const struct host_row host = { .address = text,
					       .zone = q.zone,
					       .kind = q.kind,
					       .treated = q.treated,
					       .state = q.state,
					       .reason = q.reason,
					       .is_public = addr_is_public(&q.first),
					       .complete = q.complete,
					       .planned = q.planned,
					       .silent = q.planned,
					       .first_ms = q.first_ms,
					       .last_ms = q.last_ms };
		if (rows)
			store_host(s, &host);
		else
			store_quiet(s, &q);
	}
}

struct course {
	const char *name;
	bool stopped, nobody, ended;
};

static int64_t write_scan(struct store *s, const struct course *c, bool rows, int64_t now,
			  bool later)
{
	static const struct ledger_row pump = { .id = "P-1",
						.name = "pump",
						.address = "10.0.2.9",
						.zone = "plant",
						.declared = "[]",
						.line = 2 };
	struct quiet_row silent = { .state = "silent",
				    .zone = "office",
				    .kind = "it",
				    .treated = "it",
				    .planned = 11,
				    .complete = true };
	struct quiet_row absent = { .state = "absent",
				    .reason = "no answer to ARP",
				    .zone = "plant",
				    .kind = "ot",
				    .treated = "ot",
				    .planned = 11 };
	struct quiet_row skipped = { .state = "skipped",
				     .reason = c->stopped ? "stopped" : "excluded",
				     .kind = "unassigned",
				     .treated = "ot",
				     .planned = 11 };
	struct quiet_row far = { .state = "silent",
				 .reason = c->stopped ? "stopped" : NULL,
				 .kind = "unassigned",
				 .treated = "ot",
				 .planned = 11,
				 .complete = !c->stopped };
	int64_t scan = begin(s, now);

	store_ledger(s, &pump);
	if (!c->nobody || !later)
		write_answering(s, "10.0.1.4", "office", "it", 22, now);
	/* These are there in the first scan only. */
	if (!later) {
		write_answering(s, "10.0.1.77", "office", "it", 23, now);
		write_answering(s, "10.0.2.5", "plant", "ot", 502, now);
		write_answering(s, "10.0.3.8", NULL, "unassigned", 23, now);
		write_answering(s, "203.0.113.9", NULL, "unassigned", 23, now);
	} else {
		write_quiet(s, rows, "10.0.1.", 60, 30, &silent, now);
		write_quiet(s, rows, "10.0.2.", 1, 8, &absent, now);
		write_quiet(s, rows, "10.0.3.", 0, 20, &skipped, now);
		write_quiet(s, rows, "203.0.113.", 0, 100, &far, now);
		const struct host_row missing = { .address = "10.0.2.9",
						  .zone = "plant",
						  .kind = "ot",
						  .treated = "ot",
						  .state = "silent",
						  .ledger_id = "P-1",
						  .complete = true,
						  .planned = 11,
						  .first_ms = now * 1000,
						  .last_ms = now * 1000 + 300 };
		store_host(s, &missing);
	}
	if (c->ended || !later)
		store_scan_end(s, c->stopped ? "incomplete" : "done", c->stopped ? "stopped" : NULL,
			       now + 60);
	else
		store_commit(s);
	return scan;
}

/* All that judging said, in one text. */
static char *judgement(struct db *db)
{
	static const char *const tables[] = { "finding_now", "finding_gone",    "check_run",
					      "verdict",     "verdict_finding", "verdict_check" };
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	for (size_t i = 0; i < countof(tables); i++) {
		char sql[128];
		struct query *q = NULL;

		snprintf(sql, sizeof(sql), "SELECT * FROM temp.%s ORDER BY 1, 2, 3", tables[i]);
		assert_int_equal(query_new(db, sql, &q), 0);
		while (query_step(q) == 1) {
			fprintf(f, "%s", tables[i]);
			for (int k = 0; k < query_columns(q); k++)
				fprintf(f, "|%s", query_null(q, k) ? "-" : query_text(q, k));
			putc('\n', f);
		}
		query_free(q);
	}
	fclose(f);
	return text;
}

static void report_all(struct db *db, FILE *out)
{
	const struct report_files files = { .store = "store", .html = "page" };

	assert_int_equal(report_json(db, &judge.catalogue, LANGUAGE_EN, out), 0);
	assert_int_equal(report_csv(db, &judge.catalogue, LANGUAGE_EN, false, out), 0);
	assert_int_equal(report_nmap_xml(db, out), 0);
	assert_int_equal(report_html(db, &judge.catalogue, LANGUAGE_JA, NULL, out), 0);
	assert_int_equal(report_summary(db, &judge.catalogue, LANGUAGE_EN, &files, out), 0);
}

struct telling {
	char *judged, *reports;
};

static struct telling tell(const struct course *c, bool rows)
{
	struct telling t = { 0 };
	struct store *s;
	struct db *db;
	size_t size;
	char name[64];

	snprintf(name, sizeof(name), "%s-%s", c->name, rows ? "rows" : "ranges");
	assert_int_equal(store_open(path_of(name), &s), STORE_OK);
	for (int later = 0; later < 2; later++) {
		int64_t scan = write_scan(s, c, rows, 1795132800 + later * 86400, later != 0);

		assert_int_equal(store_error(s), STORE_OK);
		assert_int_equal(db_borrow(store_db(s), &db), 0);
		assert_int_equal(
			judge_run(db, &judge.catalogue, scan, judge.probes, &judge.ports, NULL), 0);
		if (later == 0)
			assert_int_equal(judge_keep(db), 0);
		else
			break;
		judge_forget(db);
		db_free(db);
	}
	if (rows)
		assert_string_equal(list(db, "SELECT count(*) FROM main.quiet"), "0");
	else
		assert_string_equal(list(db, "SELECT count(*) || ' ' || sum(addresses)"
					     " FROM main.quiet"),
				    "4 158");
	t.judged = judgement(db);
	FILE *f = open_memstream(&t.reports, &size);
	report_all(db, f);
	fclose(f);
	judge_forget(db);
	db_free(db);
	store_close(s);
	return t;
}

/* The texts are long: only the first line that differs is told. */
static void assert_same(const char *name, const char *have, const char *want)
{
	while (*have != '\0' || *want != '\0') {
		size_t n = strcspn(have, "\n"), m = strcspn(want, "\n");

		if (n != m || memcmp(have, want, n) != 0)
			fail_msg("%s\n#  gives  %.*s\n#  not    %.*s", name, (int)n, have, (int)m,
				 want);
		have += n + (have[n] != '\0');
		want += m + (want[m] != '\0');
	}
}

static void ranges_are_judged_as_rows(void **state)
{
	(void)state;
	static const struct course courses[] = {
		{ "whole", .ended = true },
		{ "stopped", .ended = true, .stopped = true },
		{ "nobody", .ended = true, .nobody = true },
		{ "killed", .ended = false },
	};

	for (size_t i = 0; i < countof(courses); i++) {
		struct telling rows = tell(&courses[i], true), ranges = tell(&courses[i], false);

		/* Findings of the first scan on addresses that are quiet now. */
		if (!courses[i].nobody)
			assert_non_null(strstr(rows.judged, "the host did not answer"));
		assert_non_null(strstr(rows.judged, "asset.missing"));
		assert_non_null(strstr(rows.judged, courses[i].stopped ? "stopped" : "excluded"));
		assert_same(courses[i].name, ranges.judged, rows.judged);
		assert_same(courses[i].name, ranges.reports, rows.reports);
		free(rows.judged);
		free(rows.reports);
		free(ranges.judged);
		free(ranges.reports);
	}
}

static void a_row_of_its_own_wins(void **state)
{
	(void)state;
	struct store *s;
	struct db *db;

	assert_int_equal(store_open(path_of("wins"), &s), STORE_OK);
	begin(s, 1795132800);
	struct quiet_row r = range("10.0.0.0", "10.0.255.255", "silent", NULL);
	store_quiet(s, &r);
	store_commit(s);
	assert_int_equal(db_borrow(store_db(s), &db), 0);
	assert_string_equal(list(db, "SELECT first || '-' || last FROM quiet"),
			    "10.0.0.0-10.0.255.255");
	write_answering(s, "10.0.7.7", NULL, "unassigned", 80, 1795132800);
	store_commit(s);
	assert_string_equal(list(db, "SELECT first || '-' || last FROM quiet"),
			    "10.0.0.0-10.0.7.6 10.0.7.8-10.0.255.255");
	/* Which range holds an address: by its index. */
	static const char holds[] = "SELECT first FROM quiet WHERE scan = 1 AND scope = 0"
				    " AND first_key <= x'00000000000000000000ffff0a000708' ORDER "
				    "BY first_key DESC LIMIT 1";
	assert_string_equal(list(db, holds), "10.0.7.8");
	store_quiet(s, &r); /* a range that holds it does not take it back */
	store_scan_end(s, "done", NULL, 1795132900);
	assert_string_equal(list(db, "SELECT first || '-' || last FROM quiet"),
			    "10.0.0.0-10.0.7.6 10.0.7.8-10.0.255.255");
	assert_string_equal(
		list(db, "SELECT DISTINCT public || planned || complete || state FROM quiet"),
		"0111silent");
	/* The next scan has its own. */
	begin(s, 1795219200);
	store_quiet(s, &r);
	store_scan_end(s, "done", NULL, 1795219300);
	assert_string_equal(list(db, "SELECT scan || ':' || addresses FROM quiet ORDER BY 1"),
			    "1:1799 1:63736 2:65536");
	assert_int_equal(store_error(s), STORE_OK);
	db_free(db);
	store_close(s);
}

/* A store as version 1 left it: read as it is, and brought to this version by the next writer. */
/* The rows of a table in the database "old", as far as main's table has their columns. */
static void copy_old_columns(struct db *db, const char *table)
{
	struct query *q = NULL;
	char sql[128];

	snprintf(sql, sizeof(sql), "SELECT group_concat(name) FROM pragma_table_info('%s', 'main')",
		 table);
	assert_int_equal(query_new(db, sql, &q), 0);
	assert_int_equal(query_step(q), 1);
	assert_int_equal(db_execf(db, "INSERT INTO main.%s SELECT %s FROM old.%s", table,
				  query_text(q, 0), table),
			 0);
	query_free(q);
}

static void version_1_is_read_and_upgraded(void **state)
{
	(void)state;
	struct course whole = { "old", .ended = true };
	struct db *db;
	char path[sizeof(folder) + 64];
	struct telling now = tell(&whole, true);
	int64_t version = 0;

	/* The same rows in a file of version 1. */
	snprintf(path, sizeof(path), "%s", path_of("version-1"));
	assert_int_equal(db_open(path, DB_CREATE, &db), 0);
	assert_int_equal(db_exec(db, store_migrations[0]), 0);
	assert_int_equal(db_exec(db, "PRAGMA application_id = 0x746e6b6e;"
				     "PRAGMA user_version = 1"),
			 0);
	assert_int_equal(db_execf(db, "ATTACH %Q AS old", path_of("old-rows")), 0);
	static const char *const tables[] = { "scan", "zone",    "conduit", "ledger",
					      "host", "service", "finding" };
	for (size_t i = 0; i < countof(tables); i++)
		copy_old_columns(db, tables[i]);
	db_free(db);

	struct store_reader reader;
	assert_int_equal(store_open_read(path, &reader), STORE_OK);
	assert_int_equal(
		judge_run(reader.db, &judge.catalogue, 2, judge.probes, &judge.ports, NULL), 0);
	char *read = judgement(reader.db);
	assert_same("read", read, now.judged);
	store_close_read(&reader);

	struct store *s;
	assert_int_equal(store_open(path, &s), STORE_OK);
	assert_int_equal(db_borrow(store_db(s), &db), 0);
	assert_int_equal(db_number(db, "PRAGMA user_version", 0, &version), 0);
	assert_int_equal(version, store_version);
	assert_int_equal(judge_run(db, &judge.catalogue, 2, judge.probes, &judge.ports, NULL), 0);
	char *upgraded = judgement(db);
	assert_same("upgraded", upgraded, now.judged);
	judge_forget(db);
	begin(s, 1795305600);
	const struct quiet_row r = range("10.0.0.0", "10.0.0.9", "silent", NULL);
	store_quiet(s, &r);
	store_scan_end(s, "done", NULL, 1795305700);
	assert_string_equal(list(db, "SELECT addresses FROM quiet"), "10");
	db_free(db);
	store_close(s);
	free(read);
	free(upgraded);
	free(now.judged);
	free(now.reports);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(neighbours_become_one),
		cmocka_unit_test(blocks_are_joined),
		cmocka_unit_test(any_order_gives_the_same),
		cmocka_unit_test(scattered_pieces_wait),
		cmocka_unit_test(ranges_are_judged_as_rows),
		cmocka_unit_test(a_row_of_its_own_wins),
		cmocka_unit_test(version_1_is_read_and_upgraded),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, start, stop);
}
