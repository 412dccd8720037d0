/* SPDX-License-Identifier: Apache-2.0 */
/* Every report of a store that is full of hostile texts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <ctype.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "report/report.h"
#include "report/sample.h"
#include "store/open.h"

static struct sample_judge judge;
static struct store_reader reader;
static char folder[] = "/tmp/tenken-report-XXXXXX";

enum what { JSON, NDJSON, CSV, CSV_MARK, XML, HTML, SUMMARY };

static char *make(enum what what, enum language l)
{
	const struct report_files files = { .store = "kita.tenken", .html = "kita.html" };
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	int r = -1;

	assert_non_null(out);
	switch (what) {
	case JSON:
		r = report_json(reader.db, &judge.catalogue, l, out);
		break;
	case NDJSON:
		r = report_ndjson(reader.db, &judge.catalogue, l, out);
		break;
	case CSV:
	case CSV_MARK:
		r = report_csv(reader.db, &judge.catalogue, l, what == CSV_MARK, out);
		break;
	case XML:
		r = report_nmap_xml(reader.db, out);
		break;
	case HTML:
		r = report_html(reader.db, &judge.catalogue, l, NULL, out);
		break;
	case SUMMARY:
		r = report_summary(reader.db, &judge.catalogue, l, &files, out);
		break;
	}
	assert_int_equal(fclose(out), 0);
	assert_int_equal(r, 0);
	assert_true(size > 0);
	assert_int_equal(strlen(text), size);
	return text;
}

static int start(void **state)
{
	const char *data = getenv("TENKEN_DATA");
	char checks[4096], path[128];

	(void)state;
	if (data == NULL || mkdtemp(folder) == NULL)
		return -1;
	snprintf(checks, sizeof(checks), "%s/tests/report/hostile-checks.yaml", data);
	snprintf(path, sizeof(path), "%s/kita.tenken", folder);
	if (!sample_judge_start(&judge, data, checks) || !sample_make(path, &judge, true))
		return -1;
	if (store_open_read(path, &reader) != STORE_OK)
		return -1;
	return judge_run(reader.db, &judge.catalogue, store_newest_scan(reader.db), judge.probes,
			 &judge.ports, NULL);
}

static int stop(void **state)
{
	char path[128];

	(void)state;
	store_close_read(&reader);
	sample_judge_done(&judge);
	snprintf(path, sizeof(path), "%s/kita.tenken", folder);
	unlink(path);
	return rmdir(folder);
}

static void json_says_all(void **state)
{
	char *text = make(JSON, LANGUAGE_EN);
	json_error_t error;
	json_t *root = json_loads(text, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &error), *f, *c;
	size_t i, waived = 0, hostile = 0, with_controls = 0, days = 0;

	(void)state;
	if (root == NULL)
		fail_msg("line %d: %s", error.line, error.text);
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(root, "scan"), "status")),
		"done");
	/* What the verdicts are held against, in the words of its head. */
	json_t *guideline = json_array_get(json_object_get(root, "guidelines"), 0);
	assert_string_equal(json_string_value(json_object_get(guideline, "id")), "mlit-water");
	static const char *const told[] = { "title",  "version", "date",       "publisher",
					    "origin", "terms",   "source_note" };
	for (i = 0; i < countof(told); i++)
		assert_true(json_string_length(json_object_get(guideline, told[i])) > 3);
	assert_int_equal(json_array_size(json_object_get(root, "reachability")), 0);
	assert_int_equal(json_array_size(json_object_get(root, "flows")), 0);
	/* Silent and skipped addresses are no hosts; order is that of addresses, not of texts. */
	json_t *hosts = json_object_get(root, "hosts");
	assert_int_equal(json_array_size(hosts), 7);
	static const char *const order[] = { "192.168.1.9", "192.168.1.10", "192.168.1.100",
					     "192.168.10.5" };
	for (i = 0; i < 4; i++)
		assert_string_equal(
			json_string_value(json_object_get(json_array_get(hosts, i), "address")),
			order[i]);
	json_t *services = json_object_get(json_array_get(hosts, 1), "services");
	json_t *evidence = json_object_get(json_array_get(services, 2), "evidence");
	assert_int_equal(json_integer_value(json_object_get(json_array_get(services, 2), "port")),
			 80);
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(evidence, "http"), "server")),
		"]]><!--");
	json_array_foreach(json_object_get(root, "findings"), i, f)
	{
		const char *until =
			json_string_value(json_object_get(json_object_get(f, "evidence"), "until"));

		/* A day of the site's calendar, not of UTC's. */
		if (strcmp(json_string_value(json_object_get(f, "check")),
			   "declared.measure-expired") == 0) {
			assert_string_equal(until, "2026-11-20");
			days++;
		}
		waived += strcmp(json_string_value(json_object_get(f, "status")), "waived") == 0;
		hostile += strcmp(json_string_value(json_object_get(f, "check")),
				  "local.hostile") == 0;
		with_controls += json_array_size(json_object_get(f, "controls")) > 0;
		assert_true(json_is_string(json_object_get(f, "title")));
	}
	assert_int_equal(days, 1);
	assert_int_equal(waived, 1);
	assert_int_equal(hostile, 17);
	assert_true(with_controls > 0);
	json_t *alone = json_array_get(hosts, 5);
	assert_string_equal(json_string_value(json_object_get(alone, "state")), "distress");
	assert_string_equal(json_string_value(json_object_get(alone, "treated")), "ot");
	assert_true(json_is_null(json_object_get(json_array_get(hosts, 3), "reason")));
	assert_int_equal(json_array_size(json_object_get(root, "remarks")), 2);
	assert_int_equal(json_array_size(json_object_get(root, "controls")), 1607);
	json_array_foreach(json_object_get(root, "controls"), i, c)
		assert_int_equal(json_object_size(json_object_get(c, "coverage")), 5);
	json_decref(root);
	free(text);
}

static void ndjson_is_one_object_per_line(void **state)
{
	static const char *const types[] = {
		"tenken",   "scan",    "guideline", "host",         "closed_network",
		"finding",  "control", "remark",    "offline_data", "trend",
		"fix_time", "change",  "gap",       "tier",         "answer",
		"decision", "waiver",  "measure",   "treatment",    "threshold"
	};
	char *text = make(NDJSON, LANGUAGE_JA), *rest = text;
	size_t kind = 0, lines = 0;

	(void)state;
	for (char *line; (line = strsep(&rest, "\n")) != NULL && *line != '\0'; lines++) {
		json_t *v = json_loads(line, JSON_ALLOW_NUL, NULL);
		const char *type = json_string_value(json_object_get(v, "type"));

		assert_non_null(type);
		while (strcmp(types[kind], type) != 0)
			assert_true(++kind < countof(types));
		json_decref(v);
	}
	assert_int_equal(kind, countof(types) - 1);
	assert_true(lines > 1607 + 9);
	free(text);
}

/* RFC 4180, strictly: 16 cells in each record, CR LF after each. Returns the number of records. */
static size_t count_records(const char *p)
{
	size_t records = 0;

	while (*p != '\0') {
		size_t cells = 1;

		for (;;) {
			if (*p == '"') {
				assert_true(strchr("=+-@\t\r\n", p[1]) == NULL || p[1] == '\0');
				for (p++; *p != '"' || p[1] == '"'; p += *p == '"' ? 2 : 1)
					assert_true(*p != '\0' &&
						    (*p == '\n' || *p == '\t' || *p == '\r' ||
						     (unsigned char)*p >= 0x20));
				p++;
			} else {
				assert_true(*p == '\r' || strchr("=+-@\t", *p) == NULL);
				while (*p != ',' && *p != '\r')
					assert_true((unsigned char)*p >= 0x20 && *p++ != '"');
			}
			if (*p != ',')
				break;
			cells++;
			p++;
		}
		assert_int_equal(p[0], '\r');
		assert_int_equal(p[1], '\n');
		assert_int_equal(cells, 16);
		p += 2;
		records++;
	}
	return records;
}

static void expect_words(enum what what, enum language l, const char *there, const char *not_there)
{
	char *text = make(what, l);

	if (strstr(text, there) == NULL)
		fail_msg("output %d: no %s", (int)what, there);
	if (not_there != NULL && strstr(text, not_there) != NULL)
		fail_msg("output %d: %s", (int)what, not_there);
	free(text);
}

/* People read it in their language; what compares findings gets what the store has. */
static void details_are_in_the_readers_language(void **state)
{
	(void)state;
	expect_words(CSV, LANGUAGE_JA, ",ftp（匿名）,", ",ftp anonymous,");
	expect_words(CSV, LANGUAGE_EN, ",ftp anonymous,", "匿名");
	expect_words(SUMMARY, LANGUAGE_JA, "：ftp（匿名）", "ftp anonymous");
	expect_words(JSON, LANGUAGE_JA, "\"detail\":\"ftp anonymous\"", "ftp（匿名）");
	expect_words(NDJSON, LANGUAGE_JA, "\"detail\":\"ftp anonymous\"", "ftp（匿名）");
	expect_words(HTML, LANGUAGE_JA,
		     "<span lang=\"en\">ftp anonymous</span><span lang=\"ja\">ftp（匿名）</span>",
		     ">ftp anonymous<span");
	/* What is the same in both stands once. */
	expect_words(HTML, LANGUAGE_JA, "modbus ", "<span lang=\"en\">modbus</span>");
}

static void csv_is_safe_to_open(void **state)
{
	char *text = make(CSV, LANGUAGE_EN), *marked = make(CSV_MARK, LANGUAGE_EN);
	int64_t findings = 0;

	(void)state;
	assert_int_equal(db_number(reader.db, "SELECT count(*) FROM finding_now", 0, &findings), 0);
	assert_int_equal(count_records(text), findings + 1);
	assert_int_equal(memcmp(marked, "\xef\xbb\xbf", 3), 0);
	assert_string_equal(marked + 3, text);
	assert_non_null(strstr(text, ",\"'=cmd|' /C calc'!A0\","));
	assert_non_null(strstr(text, ",\"'＝1+1\","));
	assert_non_null(strstr(text, ",esc \\x1b[31m,"));
	free(marked);
	free(text);
}

/*
 * A small reader of our own markup: every tag closed in order, attribute values quoted, no event
 * handler, nothing that loads from elsewhere. Text between tags has no '<'.
 */
static void check_markup(const char *p, bool html)
{
	static const char *const empty[] = { "meta", "input", "br", "rect", NULL };
	char stack[64][24];
	size_t depth = 0;

	while ((p = strchr(p, '<')) != NULL) {
		bool closing = p[1] == '/';
		char name[24];
		size_t n = 0;

		if (p[1] == '!' || p[1] == '?') {
			p = strchr(p, '>');
			continue;
		}
		p += closing ? 2 : 1;
		while (n < sizeof(name) - 1 && (isalnum((unsigned char)p[n])))
			n++;
		assert_true(n > 0);
		memcpy(name, p, n);
		name[n] = '\0';
		p += n;
		if (closing) {
			assert_int_equal(*p, '>');
			assert_true(depth > 0);
			assert_string_equal(stack[--depth], name);
			continue;
		}
		if (strcmp(name, "script") ==
		    0) { /* ours, once, and nothing behind it but the end */
			assert_true(html && *p == '>');
			p = strstr(p, "</script>");
			assert_non_null(p);
			assert_string_equal(p, "</script>\n</body>\n</html>\n");
			p += strlen("</script>");
			continue;
		}
		assert_string_not_equal(name, "img");
		assert_string_not_equal(name, "link");
		assert_string_not_equal(name, "iframe");
		while (*p == ' ') {
			const char *key = ++p;

			while (isalpha((unsigned char)*p) || *p == '-' || *p == '_')
				p++;
			assert_true(p > key);
			if (html) {
				assert_false(strncmp(key, "on", 2) == 0);
				assert_false(strncmp(key, "style", 5) == 0);
				assert_false(strncmp(key, "src", 3) == 0);
				if (strncmp(key, "href=", 5) == 0)
					assert_int_equal(key[6], '#');
			}
			if (*p != '=')
				continue;
			assert_int_equal(p[1], '"');
			p = strchr(p + 2, '"');
			assert_non_null(p);
			p++;
		}
		bool alone = p[0] == '/';
		p += alone;
		assert_int_equal(*p, '>');
		for (size_t i = 0; html && !alone && empty[i] != NULL; i++)
			alone = strcmp(empty[i], name) == 0;
		if (!alone) {
			assert_true(depth < 64);
			memcpy(stack[depth++], name, n + 1);
		}
		if (strcmp(name, "style") == 0)
			p = strstr(p, "</style>");
	}
	assert_int_equal(depth, 0);
}

static void xml_is_well_formed(void **state)
{
	char *text = make(XML, LANGUAGE_EN);

	(void)state;
	check_markup(text, false);
	assert_non_null(strstr(text, "portid=\"502\""));
	assert_non_null(strstr(text, "addr=\"fd00:10::5\" addrtype=\"ipv6\""));
	assert_non_null(strstr(text, "<hosts up=\"7\" down=\"1\" total=\"8\"/>"));
	for (const char *p = text; *p != '\0'; p++)
		assert_true(*p == '\n' || (unsigned char)*p >= 0x20);
	free(text);
}

static void html_is_closed_to_strangers(void **state)
{
	char *text = make(HTML, LANGUAGE_JA);

	(void)state;
	check_markup(text, true);
	for (size_t i = 0; sample_hostile[i] != NULL; i++)
		if (strpbrk(sample_hostile[i], "<>\"") != NULL ||
		    (unsigned char)sample_hostile[i][0] > 0x7f)
			assert_null(strstr(text, sample_hostile[i]));
	/* Where a support date was read is text, and no link. */
	for (const char *p = text; (p = strstr(p, "://")) != NULL; p++) {
		const char *mark = p;

		while (mark > text && *mark != '<' && *mark != '>')
			mark--;
		assert_int_equal(*mark, '>');
	}
	assert_null(strstr(text, "url("));
	assert_null(strstr(text, "@import"));
	assert_non_null(strstr(text, "default-src 'none'; style-src 'sha256-"));
	assert_non_null(strstr(text, "; script-src 'sha256-"));
	assert_null(strstr(text, "unsafe"));
	assert_non_null(strstr(text, "&lt;script&gt;alert(1)&lt;/script&gt;"));
	/* Hebrew does not turn what stands beside it. */
	assert_non_null(strstr(text, "<bdi>\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d</bdi>"));
	for (const char *p = text; *p != '\0'; p++)
		assert_true(*p == '\n' || *p == '\t' || ((unsigned char)*p >= 0x20 && *p != 0x7f));
	free(text);
}

/* Every link within the page leads somewhere, and no id stands twice. */
static void html_links_lead_somewhere(void **state)
{
	char *text = make(HTML, LANGUAGE_EN);
	size_t links = 0;

	(void)state;
	for (const char *p = text; (p = strstr(p, "href=\"#")) != NULL; links++) {
		char id[512] = " id=\"";
		size_t n = strcspn(p + 7, "\"");

		if (links % 7 != 0) { /* all would take long; these are some hundred */
			p++;
			continue;
		}
		assert_true(n < 256);
		memcpy(id + 5, p + 7, n);
		memcpy(id + 5 + n, "\"", 2);
		const char *found = strstr(text, id);
		if (found == NULL)
			fail_msg("%s leads nowhere", id);
		assert_null(strstr(found + 1, id));
		p++;
	}
	assert_true(links > 100);
	free(text);
}

static void html_speaks_both_languages(void **state)
{
	char *ja = make(HTML, LANGUAGE_JA), *en = make(HTML, LANGUAGE_EN);

	(void)state;
	assert_non_null(strstr(ja, "<html lang=\"ja\">"));
	assert_non_null(strstr(ja, "id=\"show-ja\" checked>"));
	assert_non_null(strstr(en, "id=\"show-en\" checked>"));
	assert_non_null(strstr(en, ">検出事項<"));
	assert_non_null(strstr(ja, ">Findings<"));
	free(ja);
	free(en);
}

/* The parts of every guideline have a name in words, not just a key of ours. */
static void html_names_the_chapters(void **state)
{
	static const char *const every[] = { "all" };
	static const char begin[] = "<details class=\"chapter";
	struct sample_judge all;
	char *text = NULL;
	size_t size = 0, chapters = 0;
	FILE *out = open_memstream(&text, &size);
	int64_t scan = store_newest_scan(reader.db);

	(void)state;
	assert_non_null(out);
	assert_true(sample_judge_start_with(&all, getenv("TENKEN_DATA"), NULL, every, 1));
	assert_int_equal(judge_run(reader.db, &all.catalogue, scan, all.probes, &all.ports, NULL),
			 0);
	assert_int_equal(report_html(reader.db, &all.catalogue, LANGUAGE_EN, NULL, out), 0);
	assert_int_equal(fclose(out), 0);
	sample_judge_done(&all);
	for (const char *p = text; (p = strstr(p, begin)) != NULL; p++, chapters++) {
		const char *title = strstr(p, "<h4>"), *end = strstr(p, "</h4>");

		assert_true(title != NULL && title < end);
		if (strstr(title, "<span lang=\"en\">") > end)
			fail_msg("%.*s", (int)(end - title), title);
	}
	assert_true(chapters > 40);
	free(text);
	assert_int_equal(
		judge_run(reader.db, &judge.catalogue, scan, judge.probes, &judge.ports, NULL), 0);
}

/* What stands between two ids of the page. The caller frees it. */
static char *part_of(const char *page, const char *from, const char *to)
{
	const char *first = strstr(page, from), *end = first != NULL ? strstr(first, to) : NULL;

	if (first == NULL || end == NULL)
		fail_msg("no part from %s to %s", from, to);
	return strndup(first, (size_t)(end - first));
}

/* What evidence does not know is left out for people; in JSON it stands. */
static void nothing_is_told_as_null(void **state)
{
	static const enum what shown[] = { CSV, SUMMARY };
	char *text = make(JSON, LANGUAGE_EN);

	(void)state;
	assert_non_null(strstr(text, "\"mac\":null,\"vendor\":null,\"zone\":\"plant\""));
	free(text);
	for (size_t i = 0; i < countof(shown); i++) {
		text = make(shown[i], LANGUAGE_EN);
		assert_null(strstr(text, "null"));
		free(text);
	}
	text = make(HTML, LANGUAGE_EN);
	char *part = part_of(text, "<section id=\"findings\"", "</section>");
	assert_null(strstr(part, "null"));
	free(part);
	free(text);
}

/* Why checks did not run is told once, with those checks. */
static void html_tells_reasons_once(void **state)
{
	static const char reason[] = ">no login was tried<";
	char *text = make(HTML, LANGUAGE_EN);
	char *part = part_of(text, "<section id=\"coverage\"", "</section>");
	const char *first = strstr(part, reason);

	(void)state;
	assert_non_null(first);
	assert_null(strstr(first + 1, reason));
	assert_true(strstr(first, ">credential.default<") < strstr(first, "</details>"));
	free(part);
	free(text);
}

/* Goals, tiers, treatments, measures and decisions, each with its state and its days at the site. */
/* Of the places of a consequence the first screen says how many are as severe as its mark. */
static void severe_places_are_counted_apart(void **state)
{
	char *text = make(HTML, LANGUAGE_EN);
	char *part = part_of(text, "<section id=\"summary\"", "</section>");

	(void)state;
	assert_non_null(strstr(part, "4 machines or places</span>"));
	assert_non_null(strstr(part, "critical</span><span lang=\"ja\">緊急</span> 1</span>"));
	free(part);
	free(text);
}

static void html_tells_what_was_decided(void **state)
{
	static const char *const goals[] = {
		"mlit-water:ordinance-1</span>",
		"mlit-water:5.4.2-7</span>",
		"一部 &lt;b&gt;",
		">reached<",
		">2027-03-01<",
		"対策ソフトを入れる",
		"Tiers",
		">PR<",
		">4<",
	};
	static const char *const records[] = {
		"SMB1 を止める",     ">overdue<",   "2026-11-19 <span",
		">2027-03-01<",      "別に定める ", ">tightened<",
		">declined<",        ">adopted<",   "own segment &lt;script&gt;",
		">set by the site<", ">expired<",   ">said to be done, but found again<",
	};
	char *text = make(HTML, LANGUAGE_EN);
	char *part = part_of(text, "<section id=\"gap\"", "</section>");

	(void)state;
	for (size_t i = 0; i < countof(goals); i++)
		if (strstr(part, goals[i]) == NULL)
			fail_msg("%s is not told", goals[i]);
	free(part);
	part = part_of(text, "<section id=\"records\"", "</section>");
	for (size_t i = 0; i < countof(records); i++)
		if (strstr(part, records[i]) == NULL)
			fail_msg("%s is not told", records[i]);
	free(part);
	free(text);
}

static void summary_in_both_languages(void **state)
{
	char *en = make(SUMMARY, LANGUAGE_EN), *ja = make(SUMMARY, LANGUAGE_JA);

	(void)state;
	assert_non_null(strstr(en, "Hosts answering: 7 of 8 addresses tried"));
	assert_non_null(strstr(en, "fixed since 2"));
	assert_non_null(strstr(en, "2026-11-21 09:00 JST"));
	assert_non_null(strstr(en, "Report: kita.html\nStore: kita.tenken\n"));
	assert_non_null(strstr(ja, "応答した機器：7"));
	assert_non_null(strstr(ja, "  [緊急] 192.168.1.10"));
	size_t worst = 0;
	for (const char *p = ja; (p = strstr(p, "\n  [")) != NULL; p++)
		worst++;
	assert_int_equal(worst, 5);
	for (const char *p = en; *p != '\0'; p++)
		assert_true(*p == '\n' || (unsigned char)*p >= 0x20);
	free(en);
	free(ja);
}

static void the_same_store_gives_the_same_bytes(void **state)
{
	(void)state;
	for (int what = JSON; what <= SUMMARY; what++) {
		char *one = make((enum what)what, LANGUAGE_EN);

		assert_int_equal(judge_run(reader.db, &judge.catalogue,
					   store_newest_scan(reader.db), judge.probes, &judge.ports,
					   NULL),
				 0);
		char *two = make((enum what)what, LANGUAGE_EN);
		assert_string_equal(one, two);
		free(one);
		free(two);
	}
}

/* A full disk is no silent success. */
static void a_failing_file_is_told(void **state)
{
	(void)state;
	for (int what = JSON; what <= SUMMARY; what++) {
		const struct report_files files = { 0 };
		FILE *out = fopen("/dev/full", "we");
		char buffer[16];
		int r = 0;

		assert_non_null(out);
		setvbuf(out, buffer, _IOFBF, sizeof(buffer));
		if (what == JSON)
			r = report_json(reader.db, &judge.catalogue, LANGUAGE_EN, out);
		else if (what == NDJSON)
			r = report_ndjson(reader.db, &judge.catalogue, LANGUAGE_EN, out);
		else if (what == XML)
			r = report_nmap_xml(reader.db, out);
		else if (what == HTML)
			r = report_html(reader.db, &judge.catalogue, LANGUAGE_EN, NULL, out);
		else if (what == SUMMARY)
			r = report_summary(reader.db, &judge.catalogue, LANGUAGE_EN, &files, out);
		else
			r = report_csv(reader.db, &judge.catalogue, LANGUAGE_EN, false, out);
		if (r >= 0)
			fail_msg("report %d says %d", what, r);
		fclose(out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_says_all),
		cmocka_unit_test(ndjson_is_one_object_per_line),
		cmocka_unit_test(details_are_in_the_readers_language),
		cmocka_unit_test(csv_is_safe_to_open),
		cmocka_unit_test(xml_is_well_formed),
		cmocka_unit_test(html_is_closed_to_strangers),
		cmocka_unit_test(html_links_lead_somewhere),
		cmocka_unit_test(html_speaks_both_languages),
		cmocka_unit_test(html_tells_what_was_decided),
		cmocka_unit_test(html_names_the_chapters),
		cmocka_unit_test(nothing_is_told_as_null),
		cmocka_unit_test(html_tells_reasons_once),
		cmocka_unit_test(summary_in_both_languages),
		cmocka_unit_test(the_same_store_gives_the_same_bytes),
		cmocka_unit_test(severe_places_are_counted_apart),
		cmocka_unit_test(a_failing_file_is_told),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, start, stop);
}
