/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the guidelines' items make of a finding: for each direct item one that counts and one that does
 * not, as tests/items/GUIDELINE.yaml says (tests/items/README.md). Guidelines and scopes are the shipped
 * ones. The checks' own SQL has tests of its own: here a check tells what the case has planted, so that
 * each condition is turned round alone; which keys their evidence has is compared with the real SQL.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/span.h"
#include "codec/yaml.h"
#include "judge/arena.h"
#include "judge/judge.h"
#include "probes/probe.h"
#include "store/schema.h"

enum { CASES_MAX = 1000, ITEMS_MAX = 16, TEXT_MAX = 4096 };

static struct catalogue catalogue;
static struct judge_probe *probe_list;
static struct complaints complaints;

/* ---- the world of a case ---- */

/* An asset has its zone's first three octets; from outside it shows an address of the line. */
static const struct {
	const char *zone, *kind, *net;
} zones[] = {
	{ "office", "it", "10.1.0" },       { "plant", "ot", "10.2.0" },
	{ "field", "ot", "10.3.0" },        { "dmz", "dmz", "10.4.0" },
	{ "remote", "it", "10.5.0" },       { "outside", "public", "198.51.100" },
	{ "none", "unassigned", "10.9.0" },
};

static const char tables[] =
	"CREATE TABLE planted (scan INTEGER, check_id TEXT, address TEXT, port INTEGER, transport "
	"TEXT,"
	" detail TEXT, severity TEXT, evidence TEXT, run INTEGER, inferred INTEGER)";

static const struct {
	const char *field, *fallback;
} fields[] = {
	{ "zone", "plant" },    { "vantage", "office" }, { "run", "scan" },    { "class", NULL },
	{ "public", "0" },      { "ledger", "1" },       { "found", "1" },     { "port", "80" },
	{ "transport", "tcp" }, { "detail", "" },        { "severity", NULL }, { "evidence", NULL },
	{ "inferred", "0" },    { "vendor", NULL },      { "os", NULL },
};

static struct db *store_new(void)
{
	struct db *db = NULL;

	assert_int_equal(db_open(":memory:", DB_CREATE, &db), 0);
	for (int i = 0; i < store_version; i++)
		assert_int_equal(db_exec(db, store_migrations[i]), 0);
	assert_int_equal(db_exec(db, tables), 0);
	return db;
}

/* NULL where the case says nothing and nothing stands in for it. */
static const char *field_of(struct ynode n, const char *field)
{
	struct ynode value = yn_get(n, field);

	if (yn_given(value))
		return yn_text_any(value);
	for (size_t i = 0; i < countof(fields); i++)
		if (strcmp(fields[i].field, field) == 0)
			return fields[i].fallback;
	return NULL;
}

static size_t zone_of(struct ynode n, const char *field)
{
	const char *zone = field_of(n, field);

	for (size_t i = 0; i < countof(zones); i++)
		if (zone != NULL && strcmp(zones[i].zone, zone) == 0)
			return i;
	fail_msg("%s:%u: '%s' is no zone of this test", yf_path(n.file), yn_line(n), zone);
	return 0;
}

static void run_sql(struct db *db, const char *sql, const char *const *texts, size_t count,
		    int64_t scan)
{
	struct query *q = NULL;

	if (query_new(db, sql, &q) < 0)
		fail_msg("%s: %s", sql, db_error(db));
	query_bind_int(q, 1, scan);
	for (size_t i = 0; i < count; i++)
		query_bind_text(q, (int)i + 2, texts[i]);
	if (query_run(q) < 0)
		fail_msg("%s: %s", sql, db_error(db));
	query_free(q);
}

/* A list of the case as JSON. */
static const char *words_of(struct ynode n, const char *field, char *text, size_t room)
{
	struct ynode list = yn_get(n, field);
	size_t length = (size_t)snprintf(text, room, "[");

	for (size_t i = 0; yn_given(list) && i < yn_count(list); i++)
		length += (size_t)snprintf(text + length, room - length, "%s\"%s\"",
					   i > 0 ? "," : "", yn_text(yn_at(list, i)));
	assert_true(length + 2 < room);
	snprintf(text + length, room - length, "]");
	return text;
}

/* "http/80": a service of the asset that spoke, or "445" that did not. */
static void add_service(struct db *db, int64_t scan, const char *address, const char *text)
{
	const char *slash = strchr(text, '/');
	char word[64] = "", *document = strchr(text, '=');

	if (slash != NULL)
		snprintf(word, sizeof(word), "%.*s", (int)(slash - text), text);
	const char *const row[] = { address, slash != NULL ? slash + 1 : text,
				    slash != NULL ? word : NULL };
	run_sql(db,
		"INSERT OR IGNORE INTO service (scan, address, port, transport, state, protocol, "
		"spoken)"
		" VALUES (?1, ?2, CAST(?3 AS INTEGER), 'tcp', 'open', ?4, 'port')",
		row, countof(row), scan);
	if (document == NULL)
		return;
	const char *const evidence[] = { address, row[1], word, document + 1 };
	run_sql(db,
		"INSERT INTO evidence VALUES (?1, ?2, CAST(?3 AS INTEGER), 'tcp', ?4, 'done', ?5, "
		"1, 1, 1,"
		" 1000000, 1500000)",
		evidence, countof(evidence), scan);
}

static void add_asset(struct db *db, int64_t scan, struct ynode n, const char *id,
		      char address[static 32])
{
	size_t zone = zone_of(n, "zone");
	bool public = strcmp(field_of(n, "public"), "0") != 0;
	bool listed = strcmp(field_of(n, "ledger"), "0") != 0;
	char declared[TEXT_MAX], ports[TEXT_MAX];

	snprintf(address, 32, "%s.%s", public ? "203.0.113" : zones[zone].net, id);
	const char *const host[] = { address,
				     zone + 1 < countof(zones) ? zones[zone].zone : NULL,
				     zones[zone].kind,
				     strcmp(zones[zone].kind, "it") == 0 ? "it" : "ot",
				     listed ? id : NULL,
				     public ? "1" : "0",
				     field_of(n, "vendor"),
				     field_of(n, "os") };
	run_sql(db,
		"INSERT INTO host (scan, address, zone, kind, treated, state, planned, complete,"
		" ledger_id, public, vendor, os) VALUES (?1, ?2, ?3, ?4, ?5, 'answering', 100, 1, "
		"?6,"
		" CAST(?7 AS INTEGER), ?8, ?9)",
		host, countof(host), scan);
	if (listed) {
		const char *const line[] = { id, address, field_of(n, "class"),
					     words_of(n, "declared", declared, sizeof(declared)),
					     yn_given(yn_get(n, "ports"))
						     ? words_of(n, "ports", ports, sizeof(ports))
						     : NULL };
		run_sql(db,
			"INSERT INTO ledger (scan, id, address, class, declared, ports, line)"
			" VALUES (?1, ?2, ?3, ?4, ?5, ?6, 2)",
			line, countof(line), scan);
	}
	struct ynode services = yn_get(n, "offers");
	for (size_t i = 0; yn_given(services) && i < yn_count(services); i++)
		add_service(db, scan, address, yn_text(yn_at(services, i)));
}

/* ---- a case ---- */

struct one_case {
	const struct guideline *guideline;
	const struct item *item;
	const char *check;
	struct ynode yes, no;
};

static void add_run(struct db *db, int64_t scan, const char *kind, size_t vantage, const char *site)
{
	char uuid[32];
	const char *const row[] = { uuid, kind, site, zones[vantage].zone, zones[vantage].kind };

	snprintf(uuid, sizeof(uuid), "u%lld", (long long)scan);
	run_sql(db,
		"INSERT INTO scan VALUES (?1, ?2, ?3, ?4, 'bastion ' || ?5, ?5, ?6, 'all', 1000, "
		"2000, 'done',"
		" NULL, '0', '{\"ports_tcp\":\"1-1024\",\"risk\":\"read\"}')",
		row, countof(row), scan);
}

static void declare(struct db *db, int64_t scan, const struct one_case *c, struct ynode n)
{
	for (size_t i = 0; i + 1 < countof(zones); i++) {
		const char *const row[] = { zones[i].zone, zones[i].kind, zones[i].net };

		run_sql(db, "INSERT INTO zone VALUES (?1, ?2, ?3, ?4 || '.0/24')", row,
			countof(row), scan);
	}
	/* "office > plant tcp/443" */
	struct ynode conduit = yn_get(n, "conduit");
	if (yn_given(conduit)) {
		char from[32], to[32], transport[8], port[8];

		assert_int_equal(sscanf(yn_text(conduit), "%31s > %31s %7[a-z]/%7s", from, to,
					transport, port),
				 4);
		const char *const row[] = { from, to, transport, port };
		run_sql(db,
			"INSERT INTO conduit VALUES (?1, ?2, ?3, ?4, CAST(?5 AS INTEGER),"
			" CAST(?5 AS INTEGER), NULL)",
			row, countof(row), scan);
	}
	struct ynode answers = yn_get(n, "answers");
	for (size_t i = 0; yn_given(answers) && i < yn_count(answers); i++) {
		const char *item = NULL;
		struct ynode answer = yn_pair(answers, i, &item);
		const char *const row[] = { c->guideline->id, item, yn_text(answer) };

		assert_non_null(guideline_item(c->guideline, item, NULL));
		run_sql(db,
			"INSERT INTO attestation (scan, guideline, item, answer, given_by, "
			"given_at)"
			" VALUES (?1, ?2, ?3, ?4, 'chief', 900)",
			row, countof(row), scan);
	}
}

/* The asset of the case that counts stands beside the other one, with nothing found on it: what was
 * looked at in the item's scope is then never nothing. */
static void plant(struct db *db, int64_t scan, const struct one_case *c, bool counts)
{
	struct ynode n = counts ? c->yes : c->no;
	size_t vantage = zone_of(n, "vantage");
	const char *run = field_of(n, "run");
	char address[32], other[32], site[32], own_run[32];
	bool outside = strcmp(run, "outside") == 0;
	bool scans = strcmp(run, "scan") == 0 || outside;

	snprintf(site, sizeof(site), "site-%lld", (long long)scan);
	snprintf(own_run, sizeof(own_run), "%lld", (long long)scan - 1);
	if (!scans)
		add_run(db, scan - 1, run, vantage, site);
	add_run(db, scan, outside ? "outside" : "scan", vantage, site);
	declare(db, scan, c, n);
	add_asset(db, scan, n, "10", address);
	if (!counts)
		add_asset(db, scan, c->yes, "20", other);
	if (strcmp(field_of(n, "found"), "0") == 0)
		return;
	const char *const row[] = { c->check,
				    address,
				    field_of(n, "port"),
				    field_of(n, "transport"),
				    field_of(n, "detail"),
				    field_of(n, "severity"),
				    field_of(n, "evidence"),
				    scans ? NULL : own_run,
				    field_of(n, "inferred") };
	run_sql(db,
		"INSERT INTO planted VALUES (?1, ?2, ?3, CAST(?4 AS INTEGER), ?5, ?6, ?7, ?8,"
		" CAST(?9 AS INTEGER), CAST(?10 AS INTEGER))",
		row, countof(row), scan);
}

static bool later_is_missing(const struct item *item)
{
	for (size_t i = 0; i < item->later.count; i++) {
		const struct check *check = catalogue_check(&catalogue, item->later.list[i]);

		if (check == NULL || check->sql == NULL)
			return true;
	}
	return false;
}

static bool names(const struct words *w, const char *word)
{
	for (size_t i = 0; i < w->count; i++)
		if (strcmp(w->list[i], word) == 0)
			return true;
	return false;
}

/* The item alone, with those that may take its place and the checks that they name: what the rest of the
 * guideline is told costs time and changes nothing. */
static int judge_item(struct db *db, int64_t scan, const struct one_case *c)
{
	const struct judge_options options = { .complaints = &complaints };
	struct catalogue own = catalogue;
	struct guideline guideline = *c->guideline;
	struct item items[ITEMS_MAX];
	struct control control = { .items = items };
	size_t checks = 0;

	const struct control *of = NULL;
	guideline_item(c->guideline, c->item->id, &of);
	control.id = of->id;
	control.level = of->level;
	control.mandatory = of->mandatory;
	items[control.item_count++] = *c->item;
	for (size_t i = 0; i < c->item->alternative_count; i++) {
		const struct words *one = &c->item->alternatives[i];

		for (size_t k = 0; k < one->count; k++) {
			assert_true(control.item_count < ITEMS_MAX);
			items[control.item_count++] =
				*guideline_item(c->guideline, one->list[k], NULL);
		}
	}
	guideline.controls = &control;
	guideline.control_count = 1;
	guideline.item_count = control.item_count;
	own.guidelines = &guideline;
	own.guideline_count = 1;
	own.checks = calloc(catalogue.check_count, sizeof(*own.checks));
	assert_non_null(own.checks);
	for (size_t i = 0; i < catalogue.check_count; i++) {
		bool named = false;

		for (size_t k = 0; k < control.item_count; k++)
			named |= names(&items[k].checks, catalogue.checks[i].id) ||
				 names(&items[k].later, catalogue.checks[i].id);
		if (named)
			own.checks[checks++] = catalogue.checks[i];
	}
	own.check_count = checks;
	int r = judge_run(db, &own, scan, probe_list, NULL, &options);
	free(own.checks);
	return r;
}

/* Whether it is as the case says. */
static bool try_case(struct db *db, const struct one_case *c, bool counts)
{
	static int64_t scan;
	struct ynode n = counts ? c->yes : c->no;
	struct query *q = NULL;
	const char *want = field_of(n, "expect");
	char have[TEXT_MAX] = "(no verdict)";
	int64_t found = 0;

	scan += 2;
	plant(db, scan, c, counts);
	int r = judge_item(db, scan, c);
	if (r < 0)
		fail_msg("%s", db_error(db));
	if (complaints.count > 0)
		fail_msg("%s", complaints.list[0]);
	if (want == NULL)
		want = counts ? "violated" : "no-violation-observed";
	/* What nobody has built yet keeps an item from being clean. */
	if (strcmp(want, "no-violation-observed") == 0 && later_is_missing(c->item))
		want = "not-run";
	assert_int_equal(
		query_new(db,
			  "SELECT v.verdict, v.note_en, (SELECT count(*) FROM verdict_finding f"
			  " WHERE f.guideline = v.guideline AND f.item = v.item) FROM verdict v"
			  " WHERE v.guideline = ? AND v.item = ?",
			  &q),
		0);
	query_bind_text(q, 1, c->guideline->id);
	query_bind_text(q, 2, c->item->id);
	char note[TEXT_MAX] = "";
	if (query_step(q) == 1) {
		snprintf(have, sizeof(have), "%s", query_text(q, 0));
		snprintf(note, sizeof(note), "%s", query_text(q, 1));
		found = query_int(q, 2);
	}
	query_free(q);
	judge_forget(db);
	const char *says = field_of(n, "says");
	if (strcmp(have, want) == 0 && (found > 0) == counts &&
	    (says == NULL || strstr(note, says) != NULL))
		return true;
	print_error("%s:%u: item %s, %s: %s, %d counted; not %s\n#   %s\n", yf_path(n.file),
		    yn_line(n), c->item->id, counts ? "the finding that counts" : "the other one",
		    have, (int)found, want, note);
	return false;
}

/* ---- the files ---- */

static bool has_condition(const struct item *item)
{
	return item->scope_count > 0 || item->when != NULL || item->needs.count > 0;
}

static bool wrong(struct ynode n, const struct one_case *c, const char *what)
{
	print_error("%s:%u: item %s: %s\n", yf_path(n.file), yn_line(n),
		    c->item != NULL ? c->item->id : "?", what);
	return false;
}

static bool read_case(struct ynode n, const struct guideline *g, struct one_case *ret)
{
	static const char *const keys[] = { "item", "check", "yes", "no", NULL };
	static const char *const sides[] = { "zone",     "vantage",  "run",      "class",
					     "declared", "public",   "ledger",   "ports",
					     "offers",   "found",    "port",     "transport",
					     "detail",   "severity", "evidence", "inferred",
					     "conduit",  "answers",  "expect",   "vendor",
					     "os",       "says",     NULL };
	struct one_case c = { .guideline = g };

	if (!yn_map(n, keys))
		return wrong(n, &c, "is no mapping");
	const char *id = yn_text(yn_need(n, "item"));
	c.item = id != NULL ? guideline_item(g, id, NULL) : NULL;
	if (c.item == NULL || c.item->assess != ASSESS_DIRECT)
		return wrong(n, &c, "is no direct item of the guideline");
	c.check = yn_text(yn_need(n, "check"));
	if (c.check == NULL || !names(&c.item->checks, c.check))
		return wrong(n, &c, "does not name this check");
	c.yes = yn_need(n, "yes");
	c.no = yn_need(n, "no");
	if (!yn_map(c.yes, sides) || !yn_map(c.no, sides))
		return wrong(n, &c, "the cases are mappings");
	if (strcmp(field_of(c.no, "found"), "0") == 0 && has_condition(c.item))
		return wrong(n, &c, "has conditions: the other case turns one of them round");
	*ret = c;
	return true;
}

/* A condition on evidence that no check of the item ever writes would never hold. */
static bool evidence_is_real(const struct item *item, const struct guideline *g)
{
	static const char front[] = "'$.";
	bool good = true;

	for (const char *at = item->when; at != NULL && (at = strstr(at, front)) != NULL;) {
		char key[64];
		bool told = false;

		at += strlen(front);
		size_t length = strcspn(at, "'.[");
		if (length == 0 || length + 3 > sizeof(key))
			continue;
		snprintf(key, sizeof(key), "'%.*s'", (int)length, at);
		for (size_t i = 0; i < item->checks.count; i++) {
			const struct check *check =
				catalogue_check(&catalogue, item->checks.list[i]);

			told |= check != NULL && check->sql != NULL &&
				strstr(check->sql, key) != NULL;
		}
		if (!told)
			print_error("%s: item %s: no check of it tells %s\n", g->id, item->id, key);
		good &= told;
	}
	return good;
}

static bool try_file(const struct guideline *g, const char *path)
{
	static struct one_case cases[CASES_MAX];
	struct yfile *f = yf_open(path, &complaints);
	struct db *db = store_new();
	size_t count = 0;
	bool good = true;

	if (f == NULL || !yn_list(yf_root(f)))
		fail_msg("%s", complaints.list[0]);
	for (size_t i = 0; i < yn_count(yf_root(f)); i++) {
		assert_true(count < CASES_MAX);
		if (read_case(yn_at(yf_root(f), i), g, &cases[count]))
			count++;
		else
			good = false;
	}
	if (complaints.count > 0)
		fail_msg("%s", complaints.list[0]);
	for (size_t i = 0; i < count; i++) {
		good &= try_case(db, &cases[i], true);
		good &= try_case(db, &cases[i], false);
	}
	for (size_t i = 0; i < g->control_count; i++) {
		for (size_t k = 0; k < g->controls[i].item_count; k++) {
			const struct item *item = &g->controls[i].items[k];
			bool there = item->assess != ASSESS_DIRECT;

			for (size_t n = 0; n < count; n++)
				there |= cases[n].item == item;
			if (!there)
				print_error("%s: the direct item %s has no case\n", g->id,
					    item->id);
			good &= there;
		}
	}
	yf_close(f);
	db_free(db);
	return good;
}

/* Before the checks' SQL gives way to what is planted. */
static bool evidence_agrees(void)
{
	bool good = true;

	for (size_t i = 0; i < catalogue.guideline_count; i++)
		for (size_t k = 0; k < catalogue.guidelines[i].control_count; k++)
			for (size_t n = 0; n < catalogue.guidelines[i].controls[k].item_count; n++)
				good &= evidence_is_real(
					&catalogue.guidelines[i].controls[k].items[n],
					&catalogue.guidelines[i]);
	return good;
}

static void plant_checks(void)
{
	static const char *const needs[] = { "sweep" };

	for (size_t i = 0; i < catalogue.check_count; i++) {
		struct check *check = &catalogue.checks[i];

		if (check->sql == NULL)
			continue;
		check->sql = arena_printf(
			catalogue.arena,
			"SELECT address, port, transport, detail, severity, evidence, run,"
			" inferred FROM main.planted WHERE scan = (SELECT id FROM judged)"
			" AND check_id = '%s'",
			check->id);
		check->needs.list = (const char **)needs;
		check->needs.count = 1;
		check->seen = NULL;
		assert_non_null(check->sql);
	}
	/* Views of checks, and lists that neither scopes nor items ask, are work for nothing here. */
	catalogue.view_count = catalogue.own_view_count = 0;
	size_t kept = 0;
	for (size_t i = 0; i < catalogue.list_count; i++) {
		bool asked = false;

		for (size_t k = 0; k < catalogue.scope_count; k++)
			asked |= strstr(catalogue.scopes[k].sql, catalogue.lists[i].table) != NULL;
		if (asked)
			catalogue.lists[kept++] = catalogue.lists[i];
	}
	catalogue.list_count = kept;
}

static void every_direct_item_has_its_cases(void **state)
{
	const char *tests = getenv("TENKEN_TESTS");
	bool good = evidence_agrees();

	(void)state;
	assert_non_null(tests);
	plant_checks();
	for (size_t i = 0; i < catalogue.guideline_count; i++) {
		char path[TEXT_MAX];

		snprintf(path, sizeof(path), "%s/items/%s.yaml", tests, catalogue.guidelines[i].id);
		good &= try_file(&catalogue.guidelines[i], path);
	}
	assert_true(good);
}

/* Whether a scope or an item's condition may ask the probe's views. */
static bool asked_for(const char *probe)
{
	for (size_t i = 0; i < catalogue.scope_count; i++)
		if (strstr(catalogue.scopes[i].sql, probe) != NULL)
			return true;
	for (size_t i = 0; i < catalogue.guideline_count; i++) {
		const struct guideline *g = &catalogue.guidelines[i];

		for (size_t k = 0; k < g->control_count; k++)
			for (size_t n = 0; n < g->controls[k].item_count; n++)
				if (g->controls[k].items[n].when != NULL &&
				    strstr(g->controls[k].items[n].when, probe) != NULL)
					return true;
	}
	return false;
}

static int load(void **state)
{
	const char *data = getenv("TENKEN_DATA");
	char **list = NULL;
	size_t count = 0, probe_count = 0;

	(void)state;
	assert_non_null(data);
	assert_int_equal(catalogue_names(data, &list, &count), 0);
	if (catalogue_load(data, (const char *const *)list, count, NULL, 0, &catalogue,
			   &complaints) < 0)
		fail_msg("%s", complaints.list[0]);
	for (size_t i = 0; i < count; i++)
		free(list[i]);
	free(list);
	while (probes[probe_count] != NULL)
		probe_count++;
	probe_list = calloc(probe_count + 1, sizeof(*probe_list));
	assert_non_null(probe_list);
	for (size_t i = 0, kept = 0; i < probe_count; i++) {
		if (!asked_for(probes[i]->name))
			continue;
		probe_list[kept++] = (struct judge_probe){ .name = probes[i]->name,
							   .ports = probes[i]->ports,
							   .udp = probes[i]->udp,
							   .view = probes[i]->view };
	}
	return 0;
}

static int unload(void **state)
{
	(void)state;
	catalogue_done(&catalogue);
	complaints_done(&complaints);
	free(probe_list);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(every_direct_item_has_its_cases) };

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, load, unload);
}
