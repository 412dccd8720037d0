/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Offline data: files of each format (tests/advice/), every mistake with the place that is named, and the
 * three results of laying it against a scan, by the checks that tenken brings along.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "advice/advice.h"
#include "codec/file.h"
#include "report/sample.h"
#include "store/schema.h"

static char *data_file(const char *name)
{
	char *path = NULL;

	if (asprintf(&path, "%s/advice/%s", getenv("TENKEN_TESTS"), name) < 0)
		fail();
	return path;
}

static struct advice *new_advice(void)
{
	struct advice *a = NULL;

	assert_int_equal(advice_new(&a), 0);
	return a;
}

static enum advice_read read_text(struct advice *a, const char *name, const char *text,
				  struct complaints *c)
{
	return advice_read(a, name, text, strlen(text), c);
}

static void read_file(struct advice *a, const char *name)
{
	char *path = data_file(name);
	struct complaints c = { 0 };
	size_t length = 0;
	char *text = file_read(path, ADVICE_FILE_MAX, &length, &c);

	assert_non_null(text);
	if (advice_read(a, path, text, length, &c) != ADVICE_READ)
		fail_msg("%s: %s", name, c.count > 0 ? c.list[0] : "not read");
	free(text);
	free(path);
	complaints_done(&c);
}

/* The rows of a statement, cells between '|', rows between ';'. */
static const char *rows_of(struct db *db, const char *sql)
{
	static char text[8192];
	struct query *q = NULL;
	size_t n = 0;

	text[0] = '\0';
	if (query_new(db, sql, &q) < 0)
		fail_msg("%s: %s", sql, db_error(db));
	while (query_step(q) == 1)
		for (int i = 0; i < query_columns(q) && n < sizeof(text); i++)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s",
					      n == 0   ? ""
					      : i == 0 ? ";"
						       : "|",
					      query_null(q, i) ? "-" : query_text(q, i));
	query_free(q);
	return text;
}

static void expect(struct db *db, const char *sql, const char *want)
{
	const char *have = rows_of(db, sql);

	if (strcmp(have, want) != 0)
		fail_msg("%s\n#  gives  %s\n#  not    %s", sql, have, want);
}

/* ---- whole files ---- */

static void endoflife_is_read(void **state)
{
	struct advice *a = new_advice();
	struct db *db = advice_db(a);

	(void)state;
	read_file(a, "products-full.json");
	expect(db,
	       "SELECT label, released, ends, ended, extended, latest, url FROM support"
	       " WHERE product = 'kita-web' AND cycle = '1.18'",
	       "Kita Web "
	       "Server|2020-04-07|2021-04-06|0|-|1.18.0|https://www.example.com/support/kita-web");
	expect(db, "SELECT ends, ended FROM support WHERE product = 'kita-web' AND cycle = '1.28'",
	       "-|0");
	expect(db,
	       "SELECT ends, extended FROM support WHERE product = 'kita-os' AND cycle = '18.04'",
	       "2023-04-13|2028-04-13");
	/* Cycles that are no numbers, extended support that is not offered. */
	expect(db,
	       "SELECT cycle, ends, extended, latest FROM support WHERE product = 'kita-desk' "
	       "ORDER BY cycle",
	       "2012-r2|2023-10-03|2026-10-06|6.3.9100;"
	       "2022|2031-10-07|-|10.0.20100;20h2-short|2022-08-02|-|10.0.19100");
	assert_string_equal(advice_counted(a, ADVICE_ENDOFLIFE).date, "2025-08-20");
	/* One product by itself. */
	read_file(a, "one-product.json");
	expect(db,
	       "SELECT label, ends FROM support WHERE product = 'kita-script' AND cycle = '1.22'",
	       "Kita Script|2025-02-04");
	/* The older format: its file's name is the product. */
	read_file(a, "kita-gate.json");
	expect(db,
	       "SELECT label, ends, ended FROM support WHERE product = 'kita-gate'"
	       " ORDER BY cycle",
	       "kita-gate|-|1;kita-gate|2010-03-02|0;kita-gate|2013-08-06|0;"
	       "kita-gate|2017-08-01|0;kita-gate|-|0");
	read_file(a, "kita-server.json");
	expect(db,
	       "SELECT cycle, ends, extended FROM support WHERE product = 'kita-server' ORDER BY "
	       "cycle",
	       "4|2012-03-06|-;5|2017-04-04|open;7|2024-07-09|2028-07-11;9|2032-06-08|2035-06-08");
	assert_int_equal(advice_counted(a, ADVICE_ENDOFLIFE).files, 4);
	/* Told twice: the later end, and none that is known is the latest. */
	struct complaints c = { 0 };
	assert_int_equal(
		read_text(a, "x/kita-web.json",
			  "[{\"cycle\":\"1.18\",\"eol\":\"2030-01-01\"},"
			  "{\"cycle\":\"1.16\",\"eol\":false},{\"cycle\":\"1.14\",\"eol\":true},"
			  "{\"cycle\":9,\"eol\":true,\"extendedSupport\":true}]",
			  &c),
		ADVICE_READ);
	expect(db,
	       "SELECT cycle, ends, ended, label, extended FROM support WHERE product = 'kita-web'"
	       " AND cycle IN ('1.18', '1.16', '1.14', '9') ORDER BY cycle",
	       "1.14|2019-04-09|0|Kita Web Server|-;1.16|-|0|Kita Web Server|-;"
	       "1.18|2030-01-01|0|Kita Web Server|-;9|-|1|kita-web|open");
	advice_free(a);
}

static void kev_is_read(void **state)
{
	struct advice *a = new_advice();

	(void)state;
	read_file(a, "kev.json");
	expect(advice_db(a), "SELECT count(*) FROM advisory", "6");
	expect(advice_db(a),
	       "SELECT a.kind, a.publisher, a.title, a.url, a.date, p.vendor, p.product, "
	       "p.versions,"
	       " p.ranges, p.status, p.cves, p.score FROM advisory a JOIN advisory_product p"
	       " ON p.advisory = a.id WHERE a.name = 'CVE-2099-0101'",
	       "kev|CISA KEV|Minami Soft Minami Crypt: memory is sent along|"
	       "https://nvd.nist.gov/vuln/detail/"
	       "CVE-2099-0101|2022-05-03|Minami Soft|Minami Crypt|-|-|affected|"
	       "[\"CVE-2099-0101\"]|-");
	assert_string_equal(advice_counted(a, ADVICE_KEV).date, "2025-08-19");
	assert_int_equal(advice_counted(a, ADVICE_KEV).entries, 6);
	expect(advice_db(a),
	       "SELECT vendor, product, count(*) FROM advisory_product GROUP BY 1, 2 ORDER BY 1, 2",
	       "Kita Works|Storage Box|1;Kita Works|Web Server|4;Minami Soft|Minami Crypt|1");
	advice_free(a);
}

static void csaf_is_read(void **state)
{
	struct advice *a = new_advice();
	struct db *db = advice_db(a);

	(void)state;
	read_file(a, "kita-2099-01.json");
	read_file(a, "kita-2099-02.json");
	read_file(a, "kita-2099-03.json");
	expect(db, "SELECT kind, publisher, name, date, url FROM advisory ORDER BY name",
	       "csaf|Example CERT|KITA-2099-01|2017-12-19|"
	       "https://cert.example.com/advisories/kita-2099-01;"
	       "csaf|Example "
	       "CERT|KITA-2099-02|2024-10-01|https://cert.example.com/csaf/2099/kita-2099-02.json;"
	       "csaf|Example "
	       "CERT|KITA-2099-03|2024-09-17|https://cert.example.com/csaf/2099/kita-2099-03.json");
	expect(db,
	       "SELECT p.vendor, p.product, p.vendor_key, p.product_key, p.versions, p.ranges, "
	       "p.status,"
	       " p.cves, p.score FROM advisory_product p JOIN advisory a ON a.id = p.advisory"
	       " WHERE a.name = 'KITA-2099-01' ORDER BY 2",
	       "Kita Works|PC-200|kita works|pc-200|< 1.11|<1.11|affected|[\"CVE-2099-0001\"]|6.5;"
	       "Kita Works|PC-210|kita works|pc-210|< 1.11|<1.11|affected|[\"CVE-2099-0001\"]|6.5");
	/* One vulnerability to each of the products, and what repairs one of them. */
	expect(db,
	       "SELECT p.versions, p.ranges, p.status, p.cves FROM advisory_product p"
	       " WHERE p.vendor = 'Nishi Controls' ORDER BY p.rowid",
	       "7.1.3|=7.1.3|affected|[\"CVE-2099-0011\"];"
	       "0 < 8.0.1|>=0,<8.0.1|affected|[\"CVE-2099-0012\"];"
	       "8.0.1|=8.0.1|fixed|[\"CVE-2099-0012\"]");
	expect(db,
	       "SELECT p.versions, p.ranges, p.status, p.cves FROM advisory_product p"
	       " WHERE p.product = 'Trend View Plus' AND p.versions = '4.8.3' ORDER BY p.status",
	       "4.8.3|=4.8.3|affected|[\"CVE-2099-0021\",\"CVE-2099-0022\"];"
	       "4.8.3|=4.8.3|fixed|[\"CVE-2099-0023\"]");
	/* The same again is the same, an older one is passed over, a newer one takes its place. */
	read_file(a, "kita-2099-01.json");
	expect(db, "SELECT count(*) FROM advisory_product WHERE vendor = 'Kita Works'", "2");
	assert_int_equal(advice_counted(a, ADVICE_CSAF).entries, 3);
	advice_free(a);
}

#define CSAF(tree, vulnerabilities)                                                               \
	"{\"document\":{\"csaf_version\":\"2.0\",\"title\":\"T\",\"publisher\":{\"name\":\"P\"}," \
	"\"tracking\":{\"id\":\"A-1\",\"current_release_date\":\"2026-01-01T00:00:00Z\"}},"       \
	"\"product_tree\":" tree ",\"vulnerabilities\":[" vulnerabilities "]}"
#define LEAF(id) "\"product\":{\"product_id\":\"" id "\",\"name\":\"full " id "\"}"

/* What those files have not: names as a whole, other parts of a product, every status. */
static void csaf_parts_are_taken_apart(void **state)
{
	static const char text[] = CSAF(
		"{\"branches\":[{\"category\":\"vendor\",\"name\":\"V\",\"branches\":["
		"{\"category\":\"product_name\",\"name\":\"N\",\"branches\":["
		"{\"category\":\"product_version\",\"name\":\"1.0\"," LEAF(
			"a") "},"
			     "{\"category\":\"product_version\",\"name\":\"2.0\",\"branches\":["
			     "{\"category\":\"patch_level\",\"name\":\"3\"," LEAF(
				     "b") "}]},"
					  "{\"category\":\"product_version_range\",\"name\":\"vers:"
					  "x/>=3|<4\"," LEAF(
						  "c") "}]},"
						       "{\"category\":\"product_family\",\"name\":"
						       "\"F\",\"branches\":["
						       "{\"category\":\"product_name\",\"name\":"
						       "\"M\"," LEAF(
							       "d") "}]}]}],"
								    "\"full_product_names\":[{"
								    "\"product_id\":\"e\",\"name\":"
								    "\"Whole Name 1.2\"}],"
								    "\"relationships\":[{"
								    "\"category\":\"installed_on\","
								    "\"product_reference\":\"a\","
								    "\"relates_to_product_"
								    "reference\":\"d\",\"full_"
								    "product_name\":"
								    "{\"product_id\":\"f\","
								    "\"name\":\"N on M\"}}]}",
		"{\"cve\":\"CVE-2026-1111\",\"scores\":[{\"products\":[\"a\",\"b\"],\"cvss_v3\":"
		"{\"baseScore\":5.5}},{\"products\":[\"a\"],\"cvss_v2\":{\"baseScore\":10},"
		"\"cvss_v3\":{\"baseScore\":7.2}},{\"products\":[\"c\"],\"cvss_v2\":{\"baseScore\":"
		"4}}],"
		"\"product_status\":{\"known_affected\":[\"a\",\"b\"],\"first_affected\":[\"c\","
		"\"a\"],"
		"\"known_not_affected\":[\"d\"],\"fixed\":[\"e\"],\"under_investigation\":[\"f\"],"
		"\"recommended\":[\"e\"]}},"
		"{\"ids\":[{\"system_name\":\"s\",\"text\":\"BUG-7\"}],\"product_status\":"
		"{\"last_affected\":[\"a\"]}}");
	struct advice *a = new_advice();
	struct complaints c = { 0 };

	(void)state;
	if (read_text(a, "a.json", text, &c) != ADVICE_READ)
		fail_msg("%s", c.count > 0 ? c.list[0] : "not read");
	expect(advice_db(a),
	       "SELECT vendor_key, product_key, versions, ranges, status, cves, score"
	       " FROM advisory_product ORDER BY rowid",
	       "v|n|1.0|=1.0|affected|[\"CVE-2026-1111\",\"BUG-7\"]|7.2;"
	       "v|n|2.0|-|affected|[\"CVE-2026-1111\"]|5.5;"
	       "v|n|vers:x/>=3|<4|>=3,<4|affected|[\"CVE-2026-1111\"]|4.0;"
	       "v|m|-|-|not-affected|[\"CVE-2026-1111\"]|-;"
	       "|whole name 1.2|-|-|fixed|[\"CVE-2026-1111\"]|-;"
	       "|n on m|-|-|investigated|[\"CVE-2026-1111\"]|-");
	/* A newer one takes its place, an older one does not. */
	char newer[sizeof(text)], older[sizeof(text)];
	memcpy(newer, text, sizeof(text));
	memcpy(strstr(newer, "2026-01-01"), "2026-02-01", 10);
	memcpy(strstr(newer, "\"T\""), "\"N\"", 3);
	memcpy(older, text, sizeof(text));
	memcpy(strstr(older, "2026-01-01"), "2025-12-01", 10);
	assert_int_equal(read_text(a, "b.json", newer, &c), ADVICE_READ);
	assert_int_equal(read_text(a, "c.json", older, &c), ADVICE_READ);
	expect(advice_db(a), "SELECT title, date FROM advisory", "N|2026-02-01");
	expect(advice_db(a), "SELECT count(*) FROM advisory_product", "6");
	assert_string_equal(advice_counted(a, ADVICE_CSAF).date, "2026-02-01");
	assert_int_equal(advice_counted(a, ADVICE_CSAF).entries, 1);
	advice_free(a);
}

/* ---- mistakes ---- */

#define KEV(entries)                                                                        \
	"{\"catalogVersion\":\"1\",\"dateReleased\":\"2026-01-01\",\n\"vulnerabilities\":[" \
	"\n" entries "]}"
#define ENTRY                                                                     \
	"{\"cveID\":\"CVE-2026-0001\",\"vendorProject\":\"V\",\"product\":\"P\"," \
	"\"vulnerabilityName\":\"N\",\"dateAdded\":\"2026-01-01\"}"
#define PRODUCTS(releases)                                               \
	"{\"schema_version\":\"1.2.0\",\n\"result\":[\n{\"name\":\"p\"," \
	"\n\"releases\":[" releases "]}]}"
#define TREE "{\"full_product_names\":[{\"product_id\":\"a\",\"name\":\"A\"}]}"

static const struct {
	const char *name, *text;
	const char *complaint; /* after the file's name; NULL: passed over */
} mistakes[] = {
	/* no JSON: line and column are jansson's */
	{ "a.json", "", "column 0: '[' or '{' expected near end of file" },
	{ "a.json", "{\n\"a\": 1,\n \"b\" 2}", ":3: column 6: ':' expected near '2'" },
	{ "a.json", "{\"a\": 1}\n]", ":2: column 1: end of file expected near ']'" },
	{ "a.json", "{\"a\": 1, \"a\": 2}", ":1: column 12: duplicate object key" },
	{ "a.json", "{\"a\": 99999999999999999999}", "too big integer" },
	{ "a.json", "{\"a\": 1e999}", "real number overflow" },
	{ "a.json", "{\"a\": \"\xff\"}", "unable to decode byte 0xff" },
	{ "a.json", "{\"a\": \"\\u0000\"}", "\\u0000 is not allowed" },
	{ "a.json", KEV(ENTRY) "x", "end of file expected" },
	/* other JSON */
	{ "a.json", "{}", NULL },
	{ "a.json", "[]", NULL },
	{ "a.json", "[\"nginx\", \"php\"]", NULL },
	{ "a.json", "{\"vulnerabilities\": []}", NULL },
	{ "a.json", "{\"schema_version\": \"1\", \"result\": [{\"name\": \"p\"}]}", NULL },
	{ "a.json", "{\"feed\": {}}", NULL },
	{ "a.json", "{\"document\": {\"title\": \"t\"}}", NULL },
	/* KEV */
	{ "kev.json", KEV("{\"cveID\":\"CVE-2026-0001\"}"),
	  ":3: vulnerabilities[0].vendorProject: is missing" },
	{ "kev.json", KEV(ENTRY ",\n\n{\"cveID\":7}"),
	  ":5: vulnerabilities[1].cveID: must be a text" },
	{ "kev.json", KEV("7"), ":3: vulnerabilities[0]: must be an object" },
	{ "kev.json", KEV("{\"cveID\":\"\"}"), ":3: vulnerabilities[0].cveID: is empty" },
	{ "kev.json", KEV("{\"cveID\":null}"), ":3: vulnerabilities[0].cveID: is missing" },
	{ "kev.json",
	  KEV("{\"cveID\":\"CVE-26-1\",\"vendorProject\":\"V\",\"product\":\"P\","
	      "\"vulnerabilityName\":\"N\","
	      "\"dateAdded\":\"2026-01-01\"}"),
	  ":3: vulnerabilities[0].cveID: 'CVE-26-1' is no CVE number" },
	{ "kev.json",
	  KEV("{\"cveID\":\"CVE-2026-0001\",\"vendorProject\":\"V\",\"product\":\"P\","
	      "\"vulnerabilityName\":\"N\",\n\"dateAdded\":\"2026-02-30\"}"),
	  ":4: vulnerabilities[0].dateAdded: '2026-02-30' is no date" },
	{ "kev.json", "{\"catalogVersion\":\"1\",\"vulnerabilities\":[]}",
	  ":1: dateReleased: is missing" },
	{ "kev.json",
	  "{\"catalogVersion\":\"1\",\n\"count\":2,\"dateReleased\":\"2026-01-01\","
	  "\"vulnerabilities\":[" ENTRY "]}",
	  ":2: count: is 2, but there are 1 entries" },
	{ "kev.json",
	  "{\"catalogVersion\":\"1\",\"count\":\"1\",\"dateReleased\":\"2026-01-01\","
	  "\"vulnerabilities\":[]}",
	  ":1: count: must be a whole number" },
	/* endoflife.date */
	{ "full.json", PRODUCTS("\n{\"label\":\"1\"}"),
	  ":5: result[0].releases[0].name: is missing" },
	{ "full.json", PRODUCTS("{\"name\":1}"), ":4: result[0].releases[0].name: must be a text" },
	{ "full.json", PRODUCTS("{\"name\":\"1\",\n\n\"eolFrom\":\"soon\"}"),
	  ":6: result[0].releases[0].eolFrom: 'soon' is no date" },
	{ "full.json", PRODUCTS("{\"name\":\"1\",\"isEol\":\"yes\"}"),
	  ":4: result[0].releases[0].isEol: must be true or false" },
	{ "full.json", PRODUCTS("{\"name\":\"1\",\"eolFrom\":true}"),
	  ":4: result[0].releases[0].eolFrom: must be a text" },
	{ "full.json", PRODUCTS("{\"name\":\"1\",\"latest\":\"1\"}"),
	  ":4: result[0].releases[0].latest: must be an object" },
	{ "full.json", PRODUCTS("[]"), ":4: result[0].releases[0]: must be an object" },
	{ "full.json", "{\"schema_version\":\"1\",\"result\":{\"releases\":[]}}",
	  ":1: result.name: is missing" },
	{ "full.json",
	  "{\"schema_version\":\"1\",\"result\":[{\"name\":\"p\",\"releases\":[]}, 1]}",
	  ":1: result[1]: must be an object" },
	{ "full.json",
	  "{\"schema_version\":\"1\",\"total\":412,\"result\":[{\"name\":\"p\",\"releases\":[]}]}",
	  ":1: total: is 412, but there are 1 entries" },
	{ "nginx.json", "[{\"cycle\":1.10}]", ":1: [0].cycle: must be a text" },
	{ "nginx.json", "[{\"cycle\":\"1\"},\n{\"eol\":true}]", ":2: [1].cycle: is missing" },
	{ "nginx.json", "[{\"cycle\":\"1\",\"eol\":1}]",
	  ":1: [0].eol: must be a date, true or false" },
	{ "nginx.json", "[{\"cycle\":\"1\",\"eol\":\"2026-13-01\"}]",
	  ":1: [0].eol: '2026-13-01' is no date" },
	{ "My Data.json", "[{\"cycle\":\"1\"}]", "the file's name must be the product's" },
	/* CSAF */
	{ "c.json", "{\"document\":{\"csaf_version\":\"1.2\"}}",
	  ":1: document.csaf_version: '1.2' is not read" },
	{ "c.json", "{\"document\":{\"csaf_version\":2}}",
	  ":1: document.csaf_version: must be a text" },
	{ "c.json", "{\"document\":{\"csaf_version\":\"2.0\"}}",
	  ":1: document.publisher: is missing" },
	{ "c.json", CSAF("[]", ""), ":1: product_tree: must be an object" },
	{ "c.json", CSAF("{\"branches\":{}}", ""), ":1: product_tree.branches: must be a list" },
	{ "c.json", CSAF("{\"branches\":[\n{\"category\":\"vendor\"}]}", ""),
	  ":2: product_tree.branches[0].name: is missing" },
	{ "c.json",
	  CSAF("{\"branches\":[{\"category\":\"vendor\",\"name\":\"V\",\"product\":{}}]}", ""),
	  ":1: product_tree.branches[0].product.product_id: is missing" },
	{ "c.json",
	  CSAF("{\"full_product_names\":[{\"product_id\":\"a\",\"name\":\"A\"},{\"product_id\":"
	       "\"a\",\"name\":\"A\"}]}",
	       ""),
	  ":1: product_tree.full_product_names[1].product_id: 'a' stands there twice" },
	{ "c.json", CSAF("{\"relationships\":[{}]}", ""),
	  ":1: product_tree.relationships[0].full_product_name: is missing" },
	{ "c.json", CSAF(TREE, "{\"product_status\":\n{\"fixed\":[\"a\",\n\"b\"]}}"),
	  ":3: vulnerabilities[0].product_status.fixed[1]: the product tree has no product 'b'" },
	{ "c.json", CSAF(TREE, "{\"product_status\":{\"fixed\":[1]}}"),
	  ":1: vulnerabilities[0].product_status.fixed[0]: must be a text" },
	{ "c.json", CSAF(TREE, "{\"product_status\":{\"fixed\":\"a\"}}"),
	  ":1: vulnerabilities[0].product_status.fixed: must be a list" },
	{ "c.json", CSAF(TREE, "7"), ":1: vulnerabilities[0]: must be an object" },
	{ "c.json", CSAF(TREE, "{\"cve\":[]}"), ":1: vulnerabilities[0].cve: must be a text" },
	{ "c.json",
	  CSAF(TREE, "{\"scores\":[{\"products\":[\"a\"],\"cvss_v3\":{\"baseScore\":11}}]}"),
	  ":1: vulnerabilities[0].scores[0].cvss_v3.baseScore: must be a number from 0 to 10" },
	{ "c.json",
	  CSAF(TREE, "{\"scores\":[{\"products\":[\"a\"],\"cvss_v3\":{\"baseScore\":\"9\"}}]}"),
	  ":1: vulnerabilities[0].scores[0].cvss_v3.baseScore: must be a number from 0 to 10" },
	{ "c.json", CSAF(TREE, "{\"scores\":[{\"products\":[\"z\"]}]}"),
	  ":1: vulnerabilities[0].scores[0].products[0]: the product tree has no product 'z'" },
};

static void every_mistake_is_told_with_its_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		struct advice *a = new_advice();
		struct complaints c = { 0 };
		enum advice_read r = read_text(a, mistakes[i].name, mistakes[i].text, &c);
		size_t n = strlen(mistakes[i].name);

		if (mistakes[i].complaint == NULL) {
			if (r != ADVICE_UNKNOWN && r != ADVICE_PASSED)
				fail_msg("%s\n# is not passed over", mistakes[i].text);
			assert_int_equal(c.count, 0);
		} else if (r != ADVICE_WRONG || c.count != 1 ||
			   strncmp(c.list[0], mistakes[i].name, n) != 0 ||
			   strstr(c.list[0] + n, mistakes[i].complaint) == NULL) {
			fail_msg("%s\n# gives %d, %s\n# not      %s", mistakes[i].text, r,
				 c.count > 0 ? c.list[0] : "nothing", mistakes[i].complaint);
		}
		complaints_done(&c);
		advice_free(a);
	}
}

/* Of what is cut off nothing is right, and nothing is read beyond the end. */
static void a_file_that_is_cut_is_wrong(void **state)
{
	static const char *const files[] = { "kev.json", "kita-2099-02.json", "kita-gate.json" };

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct complaints c = { 0 };
		size_t length = 0;
		char *path = data_file(files[i]);
		char *text = file_read(path, ADVICE_FILE_MAX, &length, &c);
		struct advice *a = new_advice();

		assert_non_null(text);
		while (length > 0 && strchr("\n }]", text[length - 1]) != NULL)
			length--;
		for (size_t n = 0; n <= length; n += n < 64 ? 1 : 43) {
			char *part = malloc(
				n + 1); /* a block of its own, so that a sanitizer sees its end */

			assert_non_null(part);
			memcpy(part, text, n);
			part[n] = '\0';
			enum advice_read r = advice_read(a, path, part, n, &c);
			free(part);
			assert_int_equal(r, ADVICE_WRONG);
			complaints_done(&c);
		}
		advice_free(a);
		free(text);
		free(path);
	}
}

static void depth_has_a_limit(void **state)
{
	enum { DEPTH = 10000 };
	struct complaints c = { 0 };
	struct advice *a = new_advice();
	char *text = malloc(2 * DEPTH + 32);

	(void)state;
	assert_non_null(text);
	memset(text, '[', DEPTH);
	memset(text + DEPTH, ']', DEPTH);
	text[(size_t)2 * DEPTH] = '\0';
	assert_int_equal(read_text(a, "deep.json", text, &c), ADVICE_WRONG);
	assert_non_null(
		strstr(c.list[0], "deep.json:1: column 2049: maximum parsing depth reached"));
	complaints_done(&c);

	/* Within that, branches inside each other: ours. */
	size_t size = 0;
	char *deep = NULL;
	FILE *f = open_memstream(&deep, &size);
	assert_non_null(f);
	fputs("{\"document\":{\"csaf_version\":\"2.0\"},\"product_tree\":{", f);
	for (int i = 0; i < 200; i++)
		fputs("\"branches\":[{\"category\":\"vendor\",\"name\":\"V\",", f);
	fputs("\"x\":1", f);
	for (int i = 0; i < 200; i++)
		fputs("}]", f);
	fputs("}}", f);
	fclose(f);
	assert_int_equal(read_text(a, "deep.json", deep, &c), ADVICE_WRONG);
	assert_non_null(strstr(c.list[0], "more than 48 inside each other"));
	complaints_done(&c);
	free(deep);
	free(text);
	advice_free(a);
}

static void a_text_has_a_limit(void **state)
{
	char long_text[ADVICE_TEXT_MAX + 512], name[ADVICE_TEXT_MAX + 2];
	struct complaints c = { 0 };
	struct advice *a = new_advice();

	(void)state;
	for (int over = 0; over < 2; over++) {
		memset(name, 'n', sizeof(name));
		name[ADVICE_TEXT_MAX + over] = '\0';
		snprintf(long_text, sizeof(long_text), "[{\"cycle\":\"%s\"}]", name);
		enum advice_read r = read_text(a, "p.json", long_text, &c);
		assert_int_equal(r, over ? ADVICE_WRONG : ADVICE_READ);
	}
	assert_non_null(strstr(c.list[0], "[0].cycle: is longer than 2048 bytes"));
	complaints_done(&c);
	advice_free(a);
}

/* ---- into a store ---- */

static struct db *new_store(void)
{
	struct db *db = NULL;

	assert_int_equal(db_open(":memory:", DB_CREATE, &db), 0);
	for (int i = 0; i < store_version; i++)
		assert_int_equal(db_exec(db, store_migrations[i]), 0);
	return db;
}

static void keep(struct db *store, const char *const *names, size_t count, int64_t now)
{
	struct advice *a = new_advice();

	for (size_t i = 0; i < count; i++)
		read_file(a, names[i]);
	if (advice_keep(a, store, now) < 0)
		fail_msg("%s", db_error(store));
	advice_free(a);
}

static void an_import_takes_the_place_of_its_kind(void **state)
{
	static const char *const first[] = { "kev.json", "products-full.json",
					     "kita-2099-01.json" };
	static const char *const second[] = { "kita-2099-02.json", "kita-2099-03.json" };
	struct db *db = new_store();

	(void)state;
	keep(db, first, 3, 1000);
	expect(db, "SELECT kind, title, date, imported, entries FROM offline ORDER BY kind",
	       "csaf|CSAF: Example "
	       "CERT|2017-12-19|1000|1;endoflife|endoflife.date|2025-08-20|1000|17;"
	       "kev|CISA Known Exploited Vulnerabilities|2025-08-19|1000|6");
	keep(db, second, 2, 2000);
	expect(db, "SELECT kind, imported, entries FROM offline ORDER BY kind",
	       "csaf|2000|2;endoflife|1000|17;kev|1000|6");
	expect(db, "SELECT count(*) FROM advisory_product WHERE product = 'PC-210'", "0");
	expect(db,
	       "SELECT count(*), (SELECT count(*) FROM advisory WHERE kind = 'kev') FROM advisory",
	       "8|6");
	/* All or nothing: what cannot be written leaves what was there. */
	assert_int_equal(
		db_exec(db, "CREATE TRIGGER no BEFORE INSERT ON advisory_product"
			    " WHEN new.product = 'PC-210' BEGIN SELECT raise(ABORT, 'no'); END"),
		0);
	struct advice *a = new_advice();
	read_file(a, "products-full.json");
	read_file(a, "kita-2099-01.json");
	assert_true(advice_keep(a, db, 3000) < 0);
	assert_string_equal(db_error(db), "no");
	advice_free(a);
	expect(db, "SELECT kind, imported, entries FROM offline ORDER BY kind",
	       "csaf|2000|2;endoflife|1000|17;kev|1000|6");
	expect(db, "SELECT count(*) FROM support", "17");
	db_free(db);
}

/* ---- judging ---- */

static struct sample_judge judge;

static int load_judge(void **state)
{
	(void)state;
	return sample_judge_start(&judge, getenv("TENKEN_DATA"), NULL) ? 0 : -1;
}

static int drop_judge(void **state)
{
	(void)state;
	sample_judge_done(&judge);
	return 0;
}

/* 1795996800 is 2026-11-30. One host; each case adds what is known of it. */
static const char one_host[] =
	"INSERT INTO scan VALUES (1, 'u1', 'scan', 'kita', 'b1', 'office', 'it', 'mlit-water', "
	"1795990000,"
	" 1795996800, 'done', NULL, '0', '{\"ports_tcp\":\"22,80,445,3306\",\"risk\":\"read\"}');"
	"INSERT INTO host (scan, address, zone, kind, treated, state, planned, complete) VALUES"
	" (1, '10.0.0.1', 'office', 'it', 'it', 'answering', 4, 1);";

#define DEVICE(vendor, model, firmware, certain)                                     \
	"INSERT INTO device VALUES (1, '10.0.0.1', " vendor ", " model ", " firmware \
	", NULL, NULL, " certain ", '[]');"
#define SERVICE(port, protocol, product, version, document)                                        \
	"INSERT INTO service (scan, address, port, transport, state, protocol, product, version, " \
	"spoken)"                                                                                  \
	" VALUES (1, '10.0.0.1', " port ", 'tcp', 'open', '" protocol "', " product ", " version   \
	", 'port'); INSERT INTO evidence VALUES (1, '10.0.0.1', " port ", 'tcp', '" protocol       \
	"', 'done', '" document "', 1, 1, 1, 1795990000000, 1795990000000);"
#define HTTP(product, version, server)          \
	SERVICE("80", "http", product, version, \
		"{\"server\":\"" server "\",\"gathered\":[\"headers\"]}")
#define ADVISORY(kind, id, name)                                            \
	"INSERT INTO main.advisory VALUES (" id ", '" kind "', 'P', '" name \
	"', 'T', 'https://u', "                                             \
	"'2026-11-01');"                                                    \
	"INSERT OR REPLACE INTO main.offline VALUES ('" kind "', 'data', '2026-11-01', 1, 1);"
#define PRODUCT(id, vendor, product, ranges, status, cves, score)                              \
	"INSERT INTO advisory_product VALUES (" id ", " vendor ", " product                    \
	", coalesce(vendor_key(" vendor "), ''), name_key(" product "), 'as written', " ranges \
	", '" status "', '" cves "', " score ");"
#define VERSIONS(ranges)             \
	ADVISORY("csaf", "1", "A-1") \
	PRODUCT("1", "'Kita Works'", "'PC-200'", ranges, "affected", "[\"CVE-1\"]", "9.8")
#define BELOW VERSIONS("'<1.11'")

static const struct {
	const char *facts, *result, *reason; /* of the only match; result "": there is none */
} results[] = {
	/* the three results */
	{ BELOW DEVICE("'Kita Works'", "'PC-200'", "'1.10'", "1"), "affected", NULL },
	{ BELOW DEVICE("'Kita Works'", "'PC-200'", "'1.11'", "1"), "not-affected", NULL },
	{ BELOW DEVICE("'Kita Works'", "'PC-200'", "'V1.10'", "1"), "affected", NULL },
	{ BELOW DEVICE("'Kita Works'", "'PC-200'", "'1.10 Build 07'", "1"), "unknown", "compared" },
	{ BELOW DEVICE("'Kita Works'", "'PC-200'", "NULL", "1"), "unknown",
	  "version is not known" },
	{ BELOW DEVICE("'Kita Works'", "'PC-200'", "'1.10'", "0"), "unknown", "only probable" },
	{ VERSIONS("'*'") DEVICE("'Kita Works'", "'PC-200'", "'1.10'", "1"), "affected", NULL },
	{ VERSIONS("NULL") DEVICE("'Kita Works'", "'PC-200'", "'1.10'", "1"), "unknown",
	  "compared" },
	/* names: as a whole, however they are written, and by the list */
	{ BELOW DEVICE("'KITA WORKS Inc.'", "'ＰＣ-２００'", "'1.10'", "1"), "affected", NULL },
	{ ADVISORY("csaf", "1", "A-1") PRODUCT("1", "'Mitsubishi Electric'", "'PC-200'", "'<1.11'",
					       "affected", "[]", "NULL")
		  DEVICE("'三菱電機'", "'PC-200'", "'1.10'", "1"),
	  "affected", NULL },
	{ BELOW DEVICE("'Kita Works'", "'PC-20'", "'1.10'", "1"), "", NULL },
	{ BELOW DEVICE("'Kita Works'", "'PC-200-T'", "'1.10'", "1"), "", NULL },
	{ BELOW DEVICE("'Kita Works'", "'PC'", "'1.10'", "1"), "", NULL },
	{ BELOW DEVICE("'Other'", "'PC-200'", "'1.10'", "1"), "", NULL },
	{ BELOW DEVICE("NULL", "'PC-200'", "'1.10'", "1"), "", NULL },
	{ ADVISORY("csaf", "1", "A-1")
		  PRODUCT("1", "'三菱電機株式会社'", "'PC-200'", "'<2.0'", "affected", "[]", "NULL")
			  DEVICE("'Mitsubishi Electric'", "'PC-200'", "'1.9'", "1"),
	  "affected", NULL },
	{ ADVISORY("csaf", "1", "A-1")
		  PRODUCT("1", "NULL", "'Kita Works PC-200'", "NULL", "affected", "[]", "NULL")
			  DEVICE("'Kita Works'", "'PC-200'", "'1.9'", "1"),
	  "unknown", "compared" },
	/* what is repaired, looked into, or said in two ways */
	{ BELOW PRODUCT("1", "'Kita Works'", "'PC-200'", "'=1.10'", "fixed", "[\"CVE-1\"]", "NULL")
		  DEVICE("'Kita Works'", "'PC-200'", "'1.10'", "1"),
	  "unknown", "says both" },
	{ BELOW PRODUCT("1", "'Kita Works'", "'PC-200'", "'=1.12'", "fixed", "[\"CVE-1\"]", "NULL")
		  DEVICE("'Kita Works'", "'PC-200'", "'1.12'", "1"),
	  "not-affected", NULL },
	{ ADVISORY("csaf", "1", "A-1")
		  PRODUCT("1", "'Kita Works'", "'PC-200'", "'=1.12'", "fixed", "[]", "NULL")
			  DEVICE("'Kita Works'", "'PC-200'", "'1.10'", "1"),
	  "unknown", "compared" },
	{ ADVISORY("csaf", "1", "A-1")
		  PRODUCT("1", "'Kita Works'", "'PC-200'", "'*'", "not-affected", "[]", "NULL")
			  DEVICE("'Kita Works'", "'PC-200'", "'1.10'", "1"),
	  "not-affected", NULL },
	{ ADVISORY("csaf", "1", "A-1")
		  PRODUCT("1", "'Kita Works'", "'PC-200'", "'*'", "investigated", "[]", "NULL")
			  DEVICE("'Kita Works'", "'PC-200'", "'1.10'", "1"),
	  "unknown", "compared" },
	/* CISA's catalogue has no versions, unless somebody else says them of the same vulnerability */
	{ ADVISORY("kev", "9", "CVE-1") PRODUCT("9", "'Kita Works'", "'PC-200'", "NULL", "affected",
						"[\"CVE-1\"]", "NULL")
		  DEVICE("'Kita Works'", "'PC-200'", "'1.10'", "1"),
	  "unknown", "names no versions" },
	{ BELOW ADVISORY("kev", "9", "CVE-1") PRODUCT("9", "'Kita Works'", "'PC-200'", "NULL",
						      "affected", "[\"CVE-1\"]", "NULL")
		  DEVICE("'Kita Works'", "'PC-200'", "'1.11'", "1"),
	  "not-affected", NULL },
/* services: by the list of names, and packages of distributions */
#define HTTPD                                                                             \
	ADVISORY("csaf", "1", "A-1")                                                      \
	PRODUCT("1", "'Apache Software Foundation'", "'Apache HTTP Server'", "'<2.4.60'", \
		"affected", "[\"CVE-1\"]", "7.5")
	{ HTTPD HTTP("'Apache HTTP Server'", "'2.4.58'", "Apache/2.4.58"), "affected", NULL },
	{ HTTPD HTTP("'Apache HTTP Server'", "'2.4.61'", "Apache/2.4.61"), "not-affected", NULL },
	{ HTTPD HTTP("'Apache HTTP Server'", "'2.4.58'", "Apache/2.4.58 (Debian)"), "unknown",
	  "distribution" },
	{ HTTPD HTTP("'Apache HTTP Server'", "'2.4.61'", "Apache/2.4.61 (Debian)"), "not-affected",
	  NULL },
	{ HTTPD HTTP("'Apache HTTP Server'", "NULL", "Apache"), "unknown", "version is not known" },
	{ ADVISORY("csaf", "1", "A-1") PRODUCT("1", "'OpenBSD'", "'OpenSSH'", "'<9.8p1'",
					       "affected", "[]", "8.1")
		  SERVICE("22", "ssh", "'OpenSSH'", "'9.2p1'",
			  "{\"software\":\"OpenSSH_9.2p1\",\"comment\":\"Debian-2+deb12u3\"}"),
	  "unknown", "distribution" },
	{ ADVISORY("csaf", "1", "A-1") PRODUCT("1", "'OpenBSD'", "'OpenSSH'", "'<9.8p1'",
					       "affected", "[]", "8.1")
		  SERVICE("22", "ssh", "'OpenSSH'", "'9.2p1'", "{\"software\":\"OpenSSH_9.2p1\"}"),
	  "affected", NULL },
	/* what a fingerprint says of a service goes before its greeting */
	{ HTTPD SERVICE("80", "http", "'Apache HTTP Server'", "'2.4.58'",
			"{\"identity\":[{\"part\":\"service\",\"vendor\":\"Apache\",\"product\":"
			"\"Apache HTTP "
			"Server\",\"version\":\"2.4.58\",\"certain\":false}]}"),
	  "unknown", "only probable" },
	{ HTTPD SERVICE("80", "http", "NULL", "NULL",
			"{\"identity\":[{\"part\":\"service\",\"vendor\":\"Apache\",\"product\":"
			"\"Apache HTTP "
			"Server\",\"version\":\"2.4.58\",\"certain\":true}]}"),
	  "affected", NULL },
};

static void judge_store(struct db *db)
{
	struct complaints c = { 0 };
	const struct judge_options options = { .complaints = &c };

	if (judge_run(db, &judge.catalogue, 1, judge.probes, &judge.ports, &options) < 0)
		fail_msg("judging failed: %s", db_error(db));
	if (c.count > 0)
		fail_msg("complaint: %s", c.list[0]);
}

static struct db *judged_store(const char *facts)
{
	struct db *db = new_store();

	if (db_exec(db, one_host) < 0 || db_exec(db, facts) < 0)
		fail_msg("%s\n# %s", facts, db_error(db));
	judge_store(db);
	return db;
}

#define FIRMWARE "asset.firmware-known-vulnerable"

static void three_results(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
		struct db *db = judged_store(results[i].facts);
		char result[64], reason[256];

		snprintf(result, sizeof(result), "%s",
			 rows_of(db, "SELECT result FROM temp.thing JOIN temp.advice_kind USING "
				     "(kind, packaged)"));
		snprintf(reason, sizeof(reason), "%s",
			 rows_of(db, "SELECT coalesce(reason, '') FROM temp.thing JOIN "
				     "temp.advice_kind USING (kind, packaged)"));
		if (strcmp(result, results[i].result) != 0 ||
		    (results[i].reason == NULL ? reason[0] != '\0'
					       : strstr(reason, results[i].reason) == NULL))
			fail_msg("%s\n# gives '%s' '%s'", results[i].facts, result, reason);
		/* Only what is affected is a finding; only what is decided was checked. */
		bool affected = strcmp(result, "affected") == 0;
		bool decided = affected || strcmp(result, "not-affected") == 0;
		expect(db, "SELECT count(*) FROM finding_now WHERE check_id = '" FIRMWARE "'",
		       affected ? "1" : "0");
		expect(db, "SELECT ran, checked FROM check_run WHERE check_id = '" FIRMWARE "'",
		       decided ? "1|1" : "0|0");
		if (!decided)
			expect(db, "SELECT reason FROM check_run WHERE check_id = '" FIRMWARE "'",
			       "no advisory can be compared with what is known of the host");
		judge_forget(db);
		db_free(db);
	}
}

static void a_finding_says_what_it_rests_on(void **state)
{
	struct db *db = judged_store(BELOW DEVICE("'Kita Works'", "'PC-200'", "'1.10'", "1"));

	(void)state;
	expect(db,
	       "SELECT severity, detail, port, evidence->>'$.version', evidence->>'$.affected',"
	       " evidence->>'$.cves', evidence->>'$.published_by', evidence->>'$.exploited', "
	       "inferred"
	       " FROM finding_now WHERE check_id = '" FIRMWARE "'",
	       "critical|A-1|-|1.10|as written|[\"CVE-1\"]|P|0|0");
	judge_forget(db);
	db_free(db);
	/* 5.0 is medium; known to be exploited, critical. Of a service it is a hint. */
	static const char medium[] = ADVISORY("csaf", "1", "A-1")
		PRODUCT("1", "'Kita Works'", "'PC-200'", "'<2'", "affected", "[\"CVE-1\"]", "5.0")
			DEVICE("'Kita Works'", "'PC-200'", "'1.10'", "1");
	db = judged_store(medium);
	expect(db, "SELECT severity FROM finding_now WHERE check_id = '" FIRMWARE "'", "medium");
	assert_int_equal(db_exec(db, ADVISORY("kev", "9", "CVE-1")), 0);
	judge_store(db);
	expect(db,
	       "SELECT severity, evidence->>'$.exploited' FROM finding_now WHERE check_id = "
	       "'" FIRMWARE "'",
	       "critical|1");
	judge_forget(db);
	db_free(db);
	db = judged_store(HTTPD HTTP("'Apache HTTP Server'", "'2.4.58'", "Apache/2.4.58"));
	expect(db,
	       "SELECT severity, port, inferred FROM finding_now WHERE check_id = '" FIRMWARE "'",
	       "high|80|1");
	judge_forget(db);
	db_free(db);
	/* Without advisories it did not run. */
	db = judged_store(DEVICE("'Kita Works'", "'PC-200'", "'1.10'", "1"));
	expect(db, "SELECT ran, reason FROM check_run WHERE check_id = '" FIRMWARE "'",
	       "0|no advisories imported");
	judge_forget(db);
	db_free(db);
}

#define SUPPORT(product, cycle, label, ends, ended, extended)                                    \
	"INSERT INTO support VALUES ('" product "', '" cycle "', '" label "', NULL, NULL, " ends \
	", " ended ", " extended ", 'https://e');"                                               \
	"INSERT OR REPLACE INTO main.offline VALUES ('endoflife', 'endoflife.date', "            \
	"'2026-11-01', 1, "                                                                      \
	"1);"
#define OS(vendor, product, version)                                                               \
	SERVICE("22", "ssh", "NULL", "NULL",                                                       \
		"{\"identity\":[{\"part\":\"os\",\"vendor\":\"" vendor "\",\"product\":\"" product \
		"\",\"version\":\"" version "\",\"certain\":true}]}")
#define SMB(build)                            \
	SERVICE("445", "smb", "NULL", "NULL", \
		"{\"dialect\":\"3.1.1\",\"build\":" build ",\"gathered\":[\"ntlm\"]}")
#define WINDOWS(product, ends)                                                                  \
	"INSERT INTO support VALUES ('" product "', '10', 'Windows', '10.0.10240', NULL, " ends \
	", 0, NULL, "                                                                           \
	"'https://e');"                                                                         \
	"INSERT OR REPLACE INTO main.offline VALUES ('endoflife', 'endoflife.date', "           \
	"'2026-11-01', 1, "                                                                     \
	"1);"

static const struct {
	const char *facts, *check, *findings; /* detail, severity, inferred */
} supports[] = {
	/* server software: ours alone, the imported alone, the later of both */
	{ HTTP("'nginx'", "'1.10.3'", "nginx/1.10.3"), "software", "nginx 1.10|medium|0" },
	{ HTTP("'nginx'", "'1.18.0'", "nginx/1.18.0"), "software", "" },
	{ SUPPORT("nginx", "1.18", "nginx", "'2021-04-20'", "0", "NULL")
		  HTTP("'nginx'", "'1.18.0'", "nginx/1.18.0"),
	  "software", "nginx 1.18|medium|1" },
	{ SUPPORT("nginx", "1.18", "nginx", "'2021-04-20'", "0", "NULL")
		  HTTP("'nginx'", "'1.18.0'", "nginx/1.18.0 (Ubuntu)"),
	  "software", "" },
	{ SUPPORT("nginx", "1.1", "nginx", "'2021-04-20'", "0", "NULL")
		  HTTP("'nginx'", "'1.18.0'", "nginx/1.18.0"),
	  "software", "" },
	{ SUPPORT("nginx", "1.18", "nginx", "'2031-04-20'", "0", "NULL")
		  HTTP("'nginx'", "'1.18.0'", "nginx/1.18.0"),
	  "software", "" },
	{ SUPPORT("nginx", "1.18", "nginx", "NULL", "0", "NULL")
		  HTTP("'nginx'", "'1.18.0'", "nginx/1.18.0"),
	  "software", "" },
	{ SUPPORT("nginx", "1.18", "nginx", "NULL", "1", "NULL")
		  HTTP("'nginx'", "'1.18.0'", "nginx/1.18.0"),
	  "software", "nginx 1.18|medium|1" },
	{ SUPPORT("nginx", "1.10", "nginx", "'2018-01-01'", "0", "NULL")
		  HTTP("'nginx'", "'1.10.3'", "nginx/1.10.3"),
	  "software", "nginx 1.10|medium|0" },
	{ SUPPORT("nginx", "1.10", "nginx", "'2031-01-01'", "0", "NULL")
		  HTTP("'nginx'", "'1.10.3'", "nginx/1.10.3"),
	  "software", "" },
	{ SUPPORT("nginx", "1.10", "nginx", "NULL", "0", "NULL")
		  HTTP("'nginx'", "'1.10.3'", "nginx/1.10.3"),
	  "software", "" },
	{ SUPPORT("apache-http-server", "2.2", "Apache HTTP Server", "'2031-01-01'", "0", "NULL")
		  HTTP("'Apache'", "'2.2.34'", "Apache/2.2.34"),
	  "software", "" },
	{ SUPPORT("apache-http-server", "2.2", "Apache HTTP Server", "'2017-07-11'", "0", "NULL")
		  HTTP("'Apache'", "'2.2.34'", "Apache/2.2.34"),
	  "software", "Apache httpd 2.2|medium|0" },
	/* operating systems */
	{ OS("Red Hat", "RHEL", "7.9"), "os", "" },
	{ SUPPORT("rhel", "7", "RHEL", "'2024-06-30'", "0", "NULL") OS("Red Hat", "RHEL", "7.9"),
	  "os", "RHEL 7|high|0" },
	{ SUPPORT("rhel", "7", "RHEL", "'2024-06-30'", "0", "'2029-05-31'")
		  OS("Red Hat", "RHEL", "7.9"),
	  "os", "RHEL 7|medium|1" },
	{ SUPPORT("rhel", "7", "RHEL", "'2024-06-30'", "0", "'open'") OS("Red Hat", "RHEL", "7.9"),
	  "os", "RHEL 7|medium|1" },
	{ SUPPORT("rhel", "9", "RHEL", "'2032-05-31'", "0", "NULL") OS("Red Hat", "RHEL", "9.1"),
	  "os", "" },
	/* Debian 9 by its banner is over by our list; the imported one speaks of the same */
	{ SERVICE("22", "ssh", "NULL", "NULL",
		  "{\"banner\":\"SSH-2.0-OpenSSH_7.4p1 Debian-10+deb9u7\"}"),
	  "os", "Debian 9|high|0" },
	{ SUPPORT("debian", "9", "Debian", "'2022-06-30'", "0", "'2027-06-30'")
		  SERVICE("22", "ssh", "NULL", "NULL",
			  "{\"banner\":\"SSH-2.0-OpenSSH_7.4p1 "
			  "Debian-10+deb9u7\",\"identity\":[{\"part\":\"os\","
			  "\"vendor\":\"Debian\",\"product\":\"Debian\",\"version\":\"9\","
			  "\"certain\":true}]}"),
	  "os", "Debian 9|medium|1" },
	{ SUPPORT("debian", "9", "Debian", "'2031-06-30'", "0", "NULL")
		  SERVICE("22", "ssh", "NULL", "NULL",
			  "{\"banner\":\"SSH-2.0-OpenSSH_7.4p1 "
			  "Debian-10+deb9u7\",\"identity\":[{\"part\":\"os\","
			  "\"vendor\":\"Debian\",\"product\":\"Debian\",\"version\":\"9\","
			  "\"certain\":true}]}"),
	  "os", "" },
	/* Windows by its build */
	{ SMB("10240"), "os", "Windows build 10240|high|0" },
	{ WINDOWS("windows", "'2017-05-09'") SMB("10240"), "os", "Windows build 10240|high|0" },
	{ WINDOWS("windows", "'2031-05-09'") SMB("10240"), "os", "" },
	{ WINDOWS("windows", "NULL") SMB("10240"), "os", "" },
};

static void the_later_end_counts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(supports) / sizeof(supports[0]); i++) {
		struct db *db = judged_store(supports[i].facts);
		char sql[256];

		snprintf(sql, sizeof(sql),
			 "SELECT detail, severity, inferred FROM finding_now WHERE check_id = "
			 "'asset.%s-unsupported'"
			 " ORDER BY detail",
			 supports[i].check);
		const char *have = rows_of(db, sql);
		if (strcmp(have, supports[i].findings) != 0)
			fail_msg("%s\n# gives '%s'", supports[i].facts, have);
		judge_forget(db);
		db_free(db);
	}
}

static void stale_data_is_known(void **state)
{
	struct db *db = judged_store("INSERT INTO offline VALUES ('kev', 'K', '2026-09-01', 1, 5), "
				     "('csaf', 'C', '2026-08-31', 1, 6),"
				     " ('endoflife', 'E', NULL, 1, 7);");

	(void)state;
	expect(db, "SELECT kind, age, stale FROM temp.offline_data WHERE own = 0 ORDER BY kind",
	       "csaf|91|1;endoflife|-|1;kev|90|0");
	expect(db,
	       "SELECT count(*), min(date) > '2020', count(title) FROM temp.offline_data WHERE own "
	       "= 1",
	       "4|1|4");
	judge_forget(db);
	db_free(db);
}

/* A store that an older version made, and that is only read. */
static void an_older_store_has_no_such_data(void **state)
{
	struct db *db = NULL;

	(void)state;
	assert_int_equal(db_open(":memory:", DB_CREATE, &db), 0);
	for (int i = 0; i < 6; i++)
		assert_int_equal(db_exec(db, store_migrations[i]), 0);
	assert_int_equal(db_exec(db, one_host), 0);
	judge_store(db);
	expect(db, "SELECT reason FROM check_run WHERE check_id = '" FIRMWARE "'",
	       "no advisories imported");
	judge_forget(db);
	db_free(db);
}

/* ---- the lists ---- */

static void lists_are_in_order(void **state)
{
	struct db *db = judged_store("");

	(void)state;
	expect(db,
	       "SELECT vendor_key(alias) FROM temp.data_vendor_aliases GROUP BY 1"
	       " HAVING count(DISTINCT vendor_key(vendor)) > 1",
	       "");
	expect(db,
	       "SELECT alias FROM temp.data_vendor_aliases WHERE alias = '' OR vendor = '' OR "
	       "source = ''",
	       "");
	/* What an alias leads to is no alias of another. */
	expect(db,
	       "SELECT a.vendor FROM temp.data_vendor_aliases a JOIN temp.data_vendor_aliases b"
	       " ON vendor_key(b.alias) = vendor_key(a.vendor) AND vendor_key(b.vendor) <> "
	       "vendor_key(b.alias)",
	       "");
	expect(db,
	       "SELECT count(*) >= 60 FROM temp.data_vendor_aliases WHERE unicode(alias) > 12288",
	       "1");
	expect(db,
	       "SELECT feed FROM temp.data_product_aliases WHERE feed NOT IN ('endoflife', 'kev', "
	       "'csaf', 'any')"
	       " OR feed_product = '' OR vendor = '' OR product = '' OR source = ''"
	       " OR (feed = 'endoflife') <> (feed_vendor = '')",
	       "");
	expect(db, "SELECT list FROM temp.data_own_lists WHERE date(date) IS NOT date", "");
	judge_forget(db);
	db_free(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(endoflife_is_read),
		cmocka_unit_test(kev_is_read),
		cmocka_unit_test(csaf_is_read),
		cmocka_unit_test(csaf_parts_are_taken_apart),
		cmocka_unit_test(every_mistake_is_told_with_its_place),
		cmocka_unit_test(a_file_that_is_cut_is_wrong),
		cmocka_unit_test(depth_has_a_limit),
		cmocka_unit_test(a_text_has_a_limit),
		cmocka_unit_test(an_import_takes_the_place_of_its_kind),
		cmocka_unit_test(three_results),
		cmocka_unit_test(a_finding_says_what_it_rests_on),
		cmocka_unit_test(the_later_end_counts),
		cmocka_unit_test(stale_data_is_known),
		cmocka_unit_test(an_older_store_has_no_such_data),
		cmocka_unit_test(lists_are_in_order),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, load_judge, drop_judge);
}
