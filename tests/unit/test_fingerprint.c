/* SPDX-License-Identifier: Apache-2.0 */
/* Fingerprints: our files with all their examples, what is wrong in a file, recog's format. */
#include "scratch.h"

#include <dirent.h>
#include <stdbool.h>

#include "codec/yaml.h"
#include "identity/fingerprint.h"

static struct fingerprints *ours;

static int open_ours(void **state)
{
	struct complaints c = { 0 };
	char path[4096];

	(void)state;
	snprintf(path, sizeof(path), "%s/profiles/fingerprints", getenv("TENKEN_DATA"));
	ours = fingerprints_new();
	assert_non_null(ours);
	fingerprints_read(ours, path, &c);
	complaints_print(&c, stderr);
	int wrong = c.count > 0;
	complaints_done(&c);
	return wrong || scratch_open(state);
}

static int close_ours(void **state)
{
	static const char *const names[] = { "sources.yaml", "a.yaml", "b.xml" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		unlink(names[i]);
	fingerprints_free(ours);
	return scratch_close(state);
}

/* The fact of this part that a match told, or NULL. */
static const char *fact(const json_t *told, const char *part, const char *key)
{
	for (size_t i = 0; i < json_array_size(told); i++) {
		const json_t *o = json_array_get(told, i);

		if (strcmp(json_string_value(json_object_get(o, "part")), part) == 0)
			return json_string_value(json_object_get(o, key));
	}
	return NULL;
}

static bool is_fact(const json_t *told, const char *key, const char *expected)
{
	const char *bar = strchr(key, '_');
	char part[16] = "";

	if (bar == NULL || (size_t)(bar - key) >= sizeof(part))
		return false;
	memcpy(part, key, (size_t)(bar - key));
	const char *text = fact(told, part, bar + 1);
	return text != NULL && strcmp(text, expected) == 0;
}

/* The line of the rule that matched, or 0. */
static unsigned rule_line(const json_t *told)
{
	const char *rule = json_string_value(json_object_get(json_array_get(told, 0), "rule"));
	const char *colon = rule != NULL ? strrchr(rule, ':') : NULL;

	return colon != NULL ? (unsigned)strtoul(colon + 1, NULL, 10) : 0;
}

static unsigned examples, negatives, wrong;

static void try_example(const char *field, struct ynode rule, struct ynode example)
{
	const char *text = yn_text(yn_get(example, "text")), *key;
	json_t *told = text != NULL ? fingerprints_match(ours, field, text) : NULL;

	examples++;
	if (rule_line(told) != yn_line(rule)) {
		wrong++;
		print_error("%s:%u: '%s' is matched by line %u\n", field, yn_line(example),
			    text != NULL ? text : "(no text)", rule_line(told));
	}
	for (size_t i = 0; i < yn_count(example); i++) {
		struct ynode value = yn_pair(example, i, &key);

		if (strcmp(key, "text") == 0 || is_fact(told, key, yn_text_any(value)))
			continue;
		wrong++;
		char *all = json_dumps(told, 0);
		print_error("%s:%u: '%s' gives another %s than '%s': %s\n", field, yn_line(value),
			    text, key, yn_text_any(value), all != NULL ? all : "nothing");
		free(all);
	}
	json_decref(told);
}

static void try_rule(const char *field, struct ynode rule)
{
	struct ynode list = yn_get(rule, "examples"), none = yn_get(rule, "not");

	for (size_t i = 0; i < yn_count(list); i++)
		try_example(field, rule, yn_at(list, i));
	for (size_t i = 0; i < yn_count(none); i++) {
		json_t *told = fingerprints_match(ours, field, yn_text(yn_at(none, i)));

		negatives++;
		if (rule_line(told) == yn_line(rule)) {
			wrong++;
			print_error("%s:%u: '%s' is matched\n", field, yn_line(yn_at(none, i)),
				    yn_text(yn_at(none, i)));
		}
		json_decref(told);
	}
}

/* Every example is matched by its own rule, with the values that it states; what must not match does
 * not. */
static void examples_hold(void **state)
{
	struct complaints c = { 0 };
	char folder[2048];

	(void)state;
	snprintf(folder, sizeof(folder), "%s/profiles/fingerprints", getenv("TENKEN_DATA"));
	DIR *d = opendir(folder);
	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d)) != NULL;) {
		size_t n = strlen(e->d_name);
		char path[4096];

		if (n < 6 || strcmp(e->d_name + n - 5, ".yaml") != 0 ||
		    strcmp(e->d_name, "sources.yaml") == 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
		struct yfile *file = yf_open(path, &c);
		assert_non_null(file);
		const char *field = yn_text(yn_get(yf_root(file), "field"));
		struct ynode rules = yn_get(yf_root(file), "rules");
		/* The file is named by its field, or the field and a dash. */
		assert_true(strncmp(e->d_name, field, strlen(field)) == 0);
		for (size_t i = 0; i < yn_count(rules); i++)
			try_rule(field, yn_at(rules, i));
		yf_close(file);
	}
	closedir(d);
	assert_none(&c);
	print_message("# %zu rules, %u examples, %u that must not match, %u wrong\n",
		      fingerprints_count(ours), examples, negatives, wrong);
	assert_int_equal(wrong, 0);
	assert_true(examples >= fingerprints_count(ours));
}

static void mistakes_are_named(void **state)
{
	static const struct {
		const char *rule, *expected;
	} cases[] = {
		{ "{pattern: '(', service: {product: x}, certain: true, source: s, examples: "
		  "[{text: a}]}",
		  "./a.yaml:3: field 'pattern': no pattern: missing closing parenthesis at "
		  "character 1" },
		{ "{pattern: a, service: {product: x}, source: s, examples: [{text: a}]}",
		  "./a.yaml:3: field 'certain': is missing" },
		{ "{pattern: a, service: {product: x}, certain: true, examples: [{text: a}]}",
		  "./a.yaml:3: field 'source': is missing" },
		{ "{pattern: a, service: {product: x}, certain: true, source: s}",
		  "./a.yaml:3: field 'rules': has no example" },
		{ "{pattern: a, certain: true, source: s, examples: [{text: a}]}",
		  "./a.yaml:3: field 'rules': tells nothing" },
		{ "{pattern: '(?<colour>a)', certain: true, source: s, examples: [{text: a}]}",
		  "./a.yaml:3: field 'pattern': the group 'colour' names no fact, such as "
		  "'service_version'" },
		{ "{pattern: '(?<os_version>a)', os: {version: 1}, certain: true, source: s, "
		  "examples: [{text: a}]}",
		  "./a.yaml:3: field 'pattern': the group 'os_version' and a fixed text name the "
		  "same "
		  "fact" },
		{ "{patern: a, pattern: a, os: {version: 1}, certain: true, source: s, examples: "
		  "[{text: a}]}",
		  "./a.yaml:3: field 'patern': is not known here" },
	};

	(void)state;
	write_text("sources.yaml", "- {field: f, probe: p, path: a.0.b c, recog: r.f}\n");
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct complaints c = { 0 };
		struct fingerprints *f = fingerprints_new();
		char text[1024];

		snprintf(text, sizeof(text), "field: f\nrules:\n  - %s\n", cases[i].rule);
		write_text("a.yaml", text);
		fingerprints_read(f, ".", &c);
		if (c.count == 0 || strcmp(c.list[0], cases[i].expected) != 0)
			fail_msg("expected: %s\nfound:    %s", cases[i].expected,
				 c.count > 0 ? c.list[0] : "nothing");
		complaints_done(&c);
		fingerprints_free(f);
	}
	struct complaints c = { 0 };
	struct fingerprints *f = fingerprints_new();
	write_text("a.yaml", "field: g\nrules: []\n");
	fingerprints_read(f, ".", &c);
	assert_only(&c, "./a.yaml:1: field 'field': 'g' is no field that is known");
	complaints_done(&c);
	fingerprints_free(f);
}

static const char ours_first[] =
	"field: f\n"
	"rules:\n"
	"  - pattern: '^Pump (?<device_product>\\w+) v(?<device_version>[0-9.]+)'\n"
	"    device: {vendor: Kita, role: plc}\n"
	"    service: {product: pumpd, version: 2}\n"
	"    certain: true\n"
	"    source: a manual\n"
	"    examples: [{text: 'Pump K9 v1.2', device_product: K9}]\n";

static const char theirs[] =
	"<?xml version=\"1.0\"?>\n"
	"<fingerprints matches=\"r.f\" protocol=\"x\">\n"
	"<fingerprint pattern=\"^pump\" flags=\"REG_ICASE\"><description>d</description>"
	"<example>Pump</example><param pos=\"0\" name=\"hw.vendor\" value=\"Other\"/>"
	"<param pos=\"0\" name=\"hw.device\" value=\"IP Camera\"/></fingerprint>\n"
	"<fingerprint pattern=\"^lamp/(\\S+)$\"><param pos=\"0\" name=\"service.product\" "
	"value=\"lamp\"/>"
	"<param pos=\"1\" name=\"service.version\"/>"
	"<param pos=\"0\" name=\"service.cpe23\" value=\"cpe:{service.version}\"/></fingerprint>\n"
	"</fingerprints>\n";

static void documents_are_told(void **state)
{
	struct complaints c = { 0 };
	struct fingerprints *f = fingerprints_new();

	(void)state;
	write_text("sources.yaml", "- {field: f, probe: p, path: a.0.b c, recog: r.f}\n"
				   "- {probe: p, part: os, version: v, fixed: {vendor: W}}\n");
	write_text("a.yaml", ours_first);
	write_text("b.xml", theirs);
	fingerprints_read(f, ".", &c);
	fingerprints_read_recog(f, ".", &c);
	assert_none(&c);
	assert_int_equal(fingerprints_count(f), 3);

	json_t *d = json_pack("{s:[{s:s}], s:s, s:s}", "a", "b", "Pump K9", "c", "v1.2", "v", "10");
	fingerprints_tell(f, "other", d);
	assert_null(json_object_get(d, "identity"));
	fingerprints_tell(f, "p", d);
	const json_t *told = json_object_get(d, "identity");
	assert_int_equal(json_array_size(told), 3);
	assert_string_equal(fact(told, "device", "vendor"), "Kita");
	assert_string_equal(fact(told, "device", "product"), "K9");
	assert_string_equal(fact(told, "device", "version"), "1.2");
	assert_string_equal(fact(told, "device", "role"), "plc");
	assert_string_equal(fact(told, "device", "origin"), "f");
	assert_string_equal(fact(told, "service", "rule"), "a.yaml:3");
	assert_string_equal(fact(told, "os", "version"), "10");
	assert_string_equal(fact(told, "os", "vendor"), "W");
	assert_string_equal(json_string_value(json_object_get(d, "product")), "pumpd");
	assert_string_equal(json_string_value(json_object_get(d, "version")), "2");
	json_decref(d);

	/* Recog's come after ours and are never certain; a fixed text alone names no document. */
	json_t *other = fingerprints_match(f, "f", "PUMP x");
	assert_string_equal(fact(other, "device", "vendor"), "Other");
	assert_string_equal(fact(other, "device", "role"), "camera");
	assert_false(json_is_true(json_object_get(json_array_get(other, 0), "certain")));
	json_decref(other);
	other = fingerprints_match(f, "f", "lamp/3");
	assert_string_equal(fact(other, "service", "version"), "3");
	json_decref(other);
	assert_null(fingerprints_match(f, "f", "something"));
	d = json_pack("{s:i}", "c", 5);
	fingerprints_tell(f, "p", d);
	assert_int_equal(json_object_size(d), 1);
	json_decref(d);
	fingerprints_free(f);
	unlink("b.xml");
}

/* A pattern that backtracks without end is given up; a text without end is looked at in part. */
static void work_is_bounded(void **state)
{
	struct complaints c = { 0 };
	struct fingerprints *f = fingerprints_new();
	enum { LONG = 200000 };
	char *text = malloc(LONG + 1);

	(void)state;
	write_text("sources.yaml", "- {field: f, probe: p, path: c}\n");
	write_text("a.yaml", "field: f\nrules:\n  - pattern: '^(a+)+(?<os_version>b)$'\n"
			     "    certain: true\n    source: s\n    examples: [{text: ab}]\n");
	fingerprints_read(f, ".", &c);
	assert_none(&c);
	memset(text, 'a', LONG);
	text[LONG] = '\0';
	assert_null(fingerprints_match(f, "f", text));
	for (size_t i = 0; i + 3 <= LONG; i += 3) /* characters of three bytes: cut between them */
		memcpy(text + i, "\xe7\x82\xb9", 3);
	assert_null(fingerprints_match(f, "f", text));
	free(text);
	fingerprints_free(f);
}

static void broken_recog_files(void **state)
{
	static const char *const cases[][2] = {
		{ "<fingerprints matches=\"r.f\"><fingerprint "
		  "pattern=\"(\"></fingerprint></fingerprints>",
		  "./b.xml:1: field 'pattern': no pattern: missing closing parenthesis at "
		  "character 1" },
		{ "<fingerprints matches=\"r.f\">\n<fingerprint/></fingerprints>",
		  "./b.xml:2: field 'pattern': is missing" },
		{ "<fingerprints", "./b.xml:1: no XML: unclosed token" },
		{ "<!DOCTYPE x [\n<!ENTITY a \"b\">]><x/>", "./b.xml:2: declares an entity" },
		{ "<a><a><a><a><a><a><a><a><a/></a></a></a></a></a></a></a></a>",
		  "./b.xml:1: is nested too deeply" },
	};

	(void)state;
	write_text("sources.yaml", "- {field: f, probe: p, path: c, recog: r.f}\n");
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct complaints c = { 0 };
		struct fingerprints *f = fingerprints_new();

		unlink("a.yaml");
		write_text("b.xml", cases[i][0]);
		fingerprints_read_any(f, ".", &c);
		assert_only(&c, cases[i][1]);
		complaints_done(&c);
		fingerprints_free(f);
	}
}

/* Ruby writes some things otherwise than PCRE2. */
static void rubys_patterns(void **state)
{
	static const struct {
		const char *pattern, *flags, *matches, *not ;
	} cases[] = {
		{ "a.b", "", "a-b", "a\nb" },
		{ "(?m:a.b)", "", "a\nb", "ab" }, /* m is PCRE2's s */
		{ "(?im)A.b", "", "a\nB", "ab" },
		{ "(?m-i:a.b)", " flags=\"REG_ICASE\"", "a\nb", "A\nb" },
		{ "(?-m:a.b)", " flags=\"REG_MULTILINE\"", "a-b", "a\nb" },
		{ "(?a)a(?u:b)", "", "ab", "a" },
		{ "a.b", " flags=\"REG_DOT_NEWLINE,REG_ICASE\"", "A\nB", "ab" },
		{ "a.b", " flags=\"REG_LINE_ANY_CRLF\"", "a\nb", "ab" },
		{ "^b$", "", "a\nb\nc", "ab" }, /* at every line, without any flag */
		{ "\\Ab", "", "b\nc", "a\nb" },
		{ "b\\Z", "", "ab\n", "b\nc" },
		{ "b\\z", "", "ab", "b\n" },
		{ "^\\h+$", "", "0aF9", " \t" }, /* a hexadecimal digit, no blank */
		{ "^[\\h:]+$", "", "00:1b", "a b" },
		{ "^\\H$", "", "g", "a" },
		{ "^a{,2}$", "", "aa", "aaa" },
		{ "^a\\{,2}$", "", "a{,2}", "aa" },
		{ "^[{,2}]+$", "", "{2}", "a" },
		{ "^\\u70b9\\u{691c}$", "", "\xe7\x82\xb9\xe6\xa4\x9c", "u70b9" },
		{ "^[](?m:]+$", "", "(?m:]", "s" }, /* in a list of characters nothing of it */
		{ "^[^]h]$", "", "a", "]" },
		{ "^[[:alpha:](?m)]+$", "", "a(?m)", "1" },
		{ "^\\(?m\\)$", "", "(m)", "s" },
		{ "^\\\\h$", "", "\\h", "a" },
	};

	(void)state;
	write_text("sources.yaml", "- {field: f, probe: p, path: c, recog: b}\n");
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct complaints c = { 0 };
		struct fingerprints *f = fingerprints_new();
		char text[512];

		/* No `matches`: it goes by its name. */
		snprintf(text, sizeof(text),
			 "<fingerprints><fingerprint pattern=\"%s\"%s><param pos=\"0\" "
			 "name=\"os.vendor\" value=\"x\"/></fingerprint></fingerprints>",
			 cases[i].pattern, cases[i].flags);
		write_text("b.xml", text);
		fingerprints_read_any(f, ".", &c);
		assert_none(&c);
		json_t *told = fingerprints_match(f, "f", cases[i].matches);
		json_t *other = fingerprints_match(f, "f", cases[i].not );
		if (told == NULL || other != NULL)
			fail_msg("'%s' %s", cases[i].pattern,
				 told == NULL ? "does not match" : "matches too much");
		json_decref(told);
		fingerprints_free(f);
	}
}

/* A value takes others in; where one of them is missing there is none. */
static void recogs_values(void **state)
{
	static const char text[] =
		"<fingerprints matches=\"b\"><fingerprint pattern=\"^(\\w+) (\\d+)(?: v(\\S+))?$\">"
		"<param pos=\"2\" name=\"hw.model\"/>"
		"<param pos=\"0\" name=\"hw.product\" value=\"{_tmp.kind} {hw.model}\"/>"
		"<param pos=\"1\" name=\"_tmp.kind\"/>"
		"<param pos=\"0\" name=\"os.product\" value=\"{hw.product} Firmware\"/>"
		"<param pos=\"3\" name=\"os.version\"/>"
		"<param pos=\"0\" name=\"hw.version\" value=\"r{os.version}\"/>"
		"<param pos=\"0\" name=\"service.product\" value=\"{nothing}\"/>"
		"<param pos=\"0\" name=\"service.vendor\" value=\"{service.vendor}\"/>"
		"<param pos=\"0\" name=\"service.version\" value=\"a {\"/>"
		"</fingerprint></fingerprints>";
	struct complaints c = { 0 };
	struct fingerprints *f = fingerprints_new();

	(void)state;
	write_text("sources.yaml", "- {field: f, probe: p, path: c, recog: b}\n");
	write_text("b.xml", text);
	fingerprints_read_any(f, ".", &c);
	assert_none(&c);
	json_t *told = fingerprints_match(f, "f", "Valve 30 v1.2");
	assert_string_equal(fact(told, "device", "product"), "Valve 30");
	assert_string_equal(fact(told, "device", "version"), "r1.2");
	assert_string_equal(fact(told, "os", "product"), "Valve 30 Firmware");
	assert_null(fact(told, "service", "product"));
	assert_null(fact(told, "service", "vendor"));
	json_decref(told);
	told = fingerprints_match(f, "f", "Valve 30");
	assert_string_equal(fact(told, "device", "product"), "Valve 30");
	assert_null(fact(told, "device", "version"));
	assert_null(fact(told, "os", "version"));
	json_decref(told);
	fingerprints_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(examples_hold),      cmocka_unit_test(mistakes_are_named),
		cmocka_unit_test(documents_are_told), cmocka_unit_test(work_is_bounded),
		cmocka_unit_test(broken_recog_files), cmocka_unit_test(rubys_patterns),
		cmocka_unit_test(recogs_values),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, open_ours, close_ours);
}
