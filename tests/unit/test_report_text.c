/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of any origin on their way into HTML, XML, CSV, terminal and JSON. */
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <jansson.h>

#include "codec/file.h"
#include "codec/utf8.h"
#include "codec/compact.h"
#include "report/text.h"
#include "report/words.h"

static void expect(void (*put)(FILE *, const char *), const char *text, const char *wanted)
{
	char *out = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&out, &size);

	assert_non_null(f);
	put(f, text);
	assert_int_equal(fclose(f), 0);
	assert_string_equal(out, wanted);
	free(out);
}

static void html_is_escaped(void **state)
{
	(void)state;
	expect(put_html, NULL, "");
	expect(put_html, "", "");
	expect(put_html, "<a href=\"x\">&'", "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
	expect(put_html, "点検 \xf0\x9f\x8f\xad", "点検 \xf0\x9f\x8f\xad");
	expect(put_html, "a\x1b[31m\x7f\xc2\x85z", "a\\x1b[31m\\x7f\\x85z");
	expect(put_html, "\xe2\x80\xaegnp.exe", "\\u202egnp.exe");
	expect(put_html, "line\n\ttab", "line\n\ttab");
	/* No UTF-8: a lone byte, an overlong '<', a surrogate, a cut sequence. */
	expect(put_html, "\xff", "\\xff");
	expect(put_html, "\xc0\xbc", "\\xc0\\xbc");
	expect(put_html, "\xed\xa0\x80", "\\xed\\xa0\\x80");
	expect(put_html, "\xe7\x82", "\\xe7\\x82");
	expect(put_html, "\xef\xbf\xbf", "\\uffff");
}

static void xml_has_no_control_character(void **state)
{
	(void)state;
	expect(put_xml, "a\nb\tc\rd", "a\\x0ab\\x09c\\x0dd");
	expect(put_xml, "]]><!--\"'", "]]&gt;&lt;!--&quot;&#39;");
	expect(put_xml, "\x01\xef\xbf\xbe", "\\x01\\ufffe");
}

static void a_terminal_gets_one_plain_line(void **state)
{
	(void)state;
	expect(put_line, "a\nb\tc\x1b]0;title\x07", "a b c\\x1b]0;title\\x07");
	expect(put_line, "<点検>", "<点検>");
}

static void csv_is_quoted_and_no_formula(void **state)
{
	(void)state;
	expect(put_csv, NULL, "");
	expect(put_csv, "plain", "plain");
	expect(put_csv, "a,b", "\"a,b\"");
	expect(put_csv, "say \"no\"", "\"say \"\"no\"\"\"");
	expect(put_csv, "two\r\nlines", "\"two\r\nlines\"");
	expect(put_csv, "=1+1", "\"'=1+1\"");
	expect(put_csv, "+1", "\"'+1\"");
	expect(put_csv, "-1", "\"'-1\"");
	expect(put_csv, "@x", "\"'@x\"");
	expect(put_csv, "\tx", "\"'\tx\"");
	expect(put_csv, "\rx", "\"'\rx\"");
	expect(put_csv, "\nx", "\"'\nx\"");
	expect(put_csv, "＝1+1", "\"'＝1+1\"");
	expect(put_csv, "1=1", "1=1");
	expect(put_csv, "\x1b[31m", "\\x1b[31m");
}

static void json_takes_everything(void **state)
{
	(void)state;
	json_t *v = text_json(NULL);
	assert_true(json_is_null(v));
	json_decref(v);
	v = text_json("\xff<点検>");
	assert_string_equal(json_string_value(v), "\\xff<点検>");
	json_decref(v);
	v = text_parsed("{\"a\":1}");
	assert_true(json_is_object(v));
	json_decref(v);
	v = text_parsed("{\"a\":");
	assert_string_equal(json_string_value(v), "{\"a\":");
	json_decref(v);
	v = text_parsed("7");
	assert_string_equal(json_string_value(v), "7");
	json_decref(v);
}

static void times_in_both_zones(void **state)
{
	char out[TIME_TEXT];
	struct clock clock;
	const char *before = "America/New_York";

	(void)state;
	setenv("TZ", before, 1);
	assert_string_equal(time_utc(0, out), "");
	assert_string_equal(time_utc(1795219200, out), "2026-11-21T00:00:00Z");
	assert_string_equal(time_utc(INT64_MAX, out), "");
	assert_true(clock_enter(&clock, "Asia/Tokyo"));
	assert_string_equal(time_here(1795219200, out), "2026-11-21 09:00 JST");
	clock_leave(&clock);
	assert_string_equal(getenv("TZ"), before);
	/* Names that would make the C library open another file. */
	static const char *const wrong[] = { "../../etc/passwd", "/etc/passwd", ":/etc/passwd", "",
					     "No/Where",         NULL };
	for (size_t i = 0; wrong[i] != NULL; i++) {
		assert_false(clock_enter(&clock, wrong[i]));
		assert_string_equal(time_here(1795219200, out), "2026-11-21 00:00 UTC");
		clock_leave(&clock);
	}
	assert_false(clock_enter(&clock, NULL));
	clock_leave(&clock);
}

static void utf8_boundaries(void **state)
{
	static const struct {
		const char *bytes;
		size_t length;
		uint32_t v;
	} rows[] = {
		{ "\x7f", 1, 0x7f },
		{ "\xc2\x80", 2, 0x80 },
		{ "\xdf\xbf", 2, 0x7ff },
		{ "\xe0\xa0\x80", 3, 0x800 },
		{ "\xef\xbf\xbf", 3, 0xffff },
		{ "\xf0\x90\x80\x80", 4, 0x10000 },
		{ "\xf4\x8f\xbf\xbf", 4, 0x10ffff },
		{ "\xf4\x90\x80\x80", 0, 0 },
		{ "\xc1\xbf", 0, 0 },
		{ "\xe0\x9f\xbf", 0, 0 },
		{ "\xf0\x8f\xbf\xbf", 0, 0 },
		{ "\x80", 0, 0 },
		{ "\xf8\x88\x80\x80", 0, 0 },
		{ "\xe3\x81", 0, 0 },
		{ "\xc3(", 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t v = 0;

		assert_int_equal(
			utf8_next((const uint8_t *)rows[i].bytes, strlen(rows[i].bytes), &v),
			rows[i].length);
		assert_int_equal(v, rows[i].v);
	}
}

/* What may be said of a recommendation is never "violation"; a hint is none yet. */
static void words_keep_to_the_level(void **state)
{
	static const char *const levels[] = { "required", "recommended", "example", "informative",
					      "odd" };

	(void)state;
	for (int l = 0; l < LANGUAGES; l++)
		for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
			const char *said =
				verdict_text("violated", NULL, levels[i], false, (enum language)l);

			assert_null(strstr(said, "iolation"));
			assert_null(strstr(said, "違反"));
		}
	assert_string_equal(verdict_text("violated", NULL, "required", true, LANGUAGE_EN),
			    "Violation observed");
	assert_string_equal(verdict_text("violated", NULL, "example", false, LANGUAGE_EN),
			    "Differs from the example measure");
	assert_string_equal(verdict_text("hint", NULL, "required", true, LANGUAGE_EN),
			    "A hint, not yet a violation");
	const struct item bad = { .polarity = POLARITY_DEFICIENCY };
	assert_string_equal(verdict_text("violated", &bad, "required", true, LANGUAGE_EN),
			    "The described deficiency is seen");
	assert_string_equal(
		verdict_text("no-violation-observed", &bad, "example", false, LANGUAGE_EN),
		"The described deficiency is not seen");
	assert_string_equal(verdict_text("odd", NULL, "required", true, LANGUAGE_EN), "odd");
	for (enum word w = 0; w < WORD_COUNT; w++) {
		assert_true(strlen(word(w, LANGUAGE_EN)) > 0);
		assert_true(strlen(word(w, LANGUAGE_JA)) > 0);
		/* Both languages take the same number of values. */
		int marks = 0;
		for (const char *p = word(w, LANGUAGE_EN); (p = strstr(p, "%s")) != NULL; p++)
			marks++;
		for (const char *p = word(w, LANGUAGE_JA); (p = strstr(p, "%s")) != NULL; p++)
			marks--;
		assert_int_equal(marks, 0);
	}
}

static void remarks_speak_both_languages(void **state)
{
	static const char *const rows[][2] = {
		{ "port 502 (modbus)", "ポート502（modbus）" },
		{ "modbus spoken on port 1502", "modbusの応答（ポート1502）" },
		{ "192.168.10.9: excluded", "192.168.10.9: 除外指定" },
		{ "10.0.0.0/24: outside the window of zone 'a (b)' (Sun 02:00-04:00)",
		  "10.0.0.0/24: ゾーン 'a (b)' の許可時間帯の外（Sun 02:00-04:00）" },
		{ "7 UDP ports: no harmless question is known for them",
		  "UDP ポート 7 個：無害な問い合わせがありません" },
		{ "limited in OT", "OT のため制限" },
		{ "something else", "something else" },
		{ "port  (modbus", "port  (modbus" },
		{ "", "" },
	};
	char out[REMARK_TEXT], longer[2 * REMARK_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_string_equal(remark_text(rows[i][0], LANGUAGE_JA, out), rows[i][1]);
		assert_string_equal(remark_text(rows[i][0], LANGUAGE_EN, out), rows[i][0]);
		if (i < 5)
			assert_string_equal(remark_text(rows[i][1], LANGUAGE_EN, out), rows[i][0]);
	}
	assert_string_equal(remark_text(NULL, LANGUAGE_JA, out), "");
	memset(longer, 'x', sizeof(longer));
	snprintf(longer + sizeof(longer) - 11, 11, ": excluded");
	assert_ptr_equal(remark_text(longer, LANGUAGE_JA, out), longer);
}

/* A mere recommendation is never counted as not met. */
static void totals_keep_recommendations_apart(void **state)
{
	(void)state;
	assert_string_equal(verdict_total_text("differs", LANGUAGE_JA), "推奨事項と相違");
	assert_string_equal(verdict_total_text("no-difference-observed", LANGUAGE_EN),
			    "no difference observed");
	for (size_t i = 0; total_words[i] != NULL; i++) {
		assert_null(strstr(verdict_total_text(total_words[i], LANGUAGE_JA), "不適合"));
		assert_string_not_equal(verdict_total_text(total_words[i], LANGUAGE_JA),
					total_words[i]);
	}
	assert_int_equal(more_word(1, true), W_MORE_SERVICE);
	assert_int_equal(more_word(2, true), W_MORE_SERVICES);
	assert_int_equal(more_word(2, false), W_MORE);
}

/* The bytes are jansson's. */
static void json_is_written_as_jansson_does(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"",
		"plain",
		"\"quoted\" \\ / \b\f\n\r\t\x01\x0b\x1f\x7f",
		"点検 🏭 \xe2\x80\xae \xef\xbf\xbf",
		"\xff\xc3(\xe3\x81 \xed\xa0\x80 \xf5\x80\x80\x80 end\xc3",
		"\xff",
		"a\xff\"b\xfe\xfd",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		json_t *value = text_json(texts[i]);
		char *want = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY), *have = NULL;
		size_t size = 0;
		FILE *f = open_memstream(&have, &size);

		put_json(f, texts[i]);
		fclose(f);
		assert_string_equal(have, want);
		free(have);
		free(want);
		json_decref(value);
	}
	char *have = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&have, &size);
	put_json(f, NULL);
	fclose(f);
	assert_string_equal(have, "null");
	free(have);
}

/* What a login says of itself in the recordings is a remark of the report. */
static void reasons_of_logins_speak_both_languages(void **state)
{
	char pattern[1024], words[REMARK_TEXT];
	glob_t files;
	size_t reasons = 0;

	(void)state;
	snprintf(pattern, sizeof(pattern), "%s/login*/*.json", getenv("TENKEN_WIRE"));
	assert_int_equal(glob(pattern, 0, NULL, &files), 0);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		json_t *evidence = json_load_file(files.gl_pathv[i], 0, NULL);
		const char *reason = json_string_value(json_object_get(evidence, "reason"));

		reasons += reason != NULL;
		if (reason != NULL && strcmp(remark_text(reason, LANGUAGE_JA, words), reason) == 0)
			fail_msg("'%s' has no Japanese", reason);
		json_decref(evidence);
	}
	globfree(&files);
	assert_true(reasons > 5);
}

/* What put_document() writes of a text. */
static char *document_of(const char *text)
{
	char *out = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&out, &size);

	assert_non_null(f);
	assert_true(put_document(f, text));
	assert_int_equal(fclose(f), 0);
	return out;
}

static void compact_json_goes_out_as_it_is(void **state)
{
	static const struct {
		const char *text;
		bool compact;
	} cases[] = {
		{ "{}", true },
		{ "[]", true },
		{ "{\"a\":[1,-20,true,false,null,\"x\"],\"b\":{\"c\":{}}}", true },
		{ "{\"\\u30dd\\n\\\"\\\\\\/\":\"ポンプ\"}", true },
		{ "[0,123456789012345]", true },
		{ "{\"a\": 1}", false },
		{ "{\"a\":1}\n", false },
		{ "{\"a\":1", false },
		{ "{\"a\":1}}", false },
		{ "{\"a\":1,}", false },
		{ "{a:1}", false },
		{ "{\"a\"}", false },
		{ "[1,,2]", false },
		{ "[,1]", false },
		{ "[01]", false },
		{ "[-]", false },
		{ "[1.5]", false }, /* the library's */
		{ "[1e3]", false },
		{ "[1234567890123456]", false },
		{ "[\"\\x\"]", false },
		{ "[\"\\u12g4\"]", false },
		{ "[\"\\ud83d\\ude00\"]", false },
		{ "[\"\\ud83d\"]", false },
		{ "[\"a\tb\"]", false },
		{ "[\"\x7f\"]", false },
		{ "[\"\xff\"]", false },
		{ "[\"\xe3\x83\"]", false },
		{ "[\"a]", false },
		{ "[tru]", false },
		{ "[\"\\", false },
		{ "7", false },
		{ "\"x\"", false },
		{ "", false },
		{ "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]"
		  "]]]]]]]]]]]]]"
		  "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
		  false },
	};

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		char *out = document_of(cases[i].text);
		/* Whatever way it went, a reader finds the same. */
		json_t *there = json_loads(out, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
		json_t *meant = text_parsed(cases[i].text);

		if (compact_json(cases[i].text) != cases[i].compact || there == NULL ||
		    !json_equal(there, meant))
			fail_msg("%s: %s", cases[i].text, out);
		if (cases[i].compact)
			assert_string_equal(out, cases[i].text);
		json_decref(there);
		json_decref(meant);
		free(out);
	}
	char *out = document_of(NULL);
	assert_string_equal(out, "null");
	free(out);
}

/* Hebrew and Arabic stay in an element of their own, so that what stands beside them keeps its place. */
static void directions_do_not_mix(void **state)
{
	(void)state;
	expect(put_html_apart, NULL, "");
	expect(put_html_apart, "点検 \xf0\x9f\x8f\xad <7>", "点検 \xf0\x9f\x8f\xad &lt;7&gt;");
	expect(put_html_apart, "\xd7\xa9\xd7\x9c 7<", "<bdi>\xd7\xa9\xd7\x9c 7&lt;</bdi>");
	expect(put_html_apart, "a \xd8\xb3", "<bdi>a \xd8\xb3</bdi>");
	expect(put_html_apart, "\xef\xbb\x96", "<bdi>\xef\xbb\x96</bdi>");
	expect(put_html_apart,
	       "\xe2\x80\xae"
	       "x\xff",
	       "\\u202ex\\xff");
	expect(put_html_apart, "\xd7", "\\xd7");
}

/* 1 MiB of one text; what came of it ends in " ..." and is so many bytes long. */
static void is_cut(void (*put)(FILE *, const char *), const char *piece, size_t wanted)
{
	enum { SIZE = 1 << 20 };
	size_t n = strlen(piece), size = 0;
	char *text = malloc(SIZE + 8), *out = NULL;
	FILE *f = open_memstream(&out, &size);

	assert_non_null(text);
	assert_non_null(f);
	for (size_t i = 0; i < SIZE; i += n)
		memcpy(text + i, piece, n + 1);
	put(f, text);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(size, wanted);
	assert_int_equal(utf8_valid(out, size), size);
	assert_non_null(strstr(out, " ..."));
	free(out);
	free(text);
}

static void a_megabyte_is_cut(void **state)
{
	char cell[32760 + 1];

	(void)state;
	is_cut(put_html_apart, "x", 16384 + 4);
	is_cut(put_html_apart, "点", 16383 + 4);
	is_cut(put_html_apart, "\xd7\xa9", 16384 + 4 + 11);
	is_cut(put_line, "点", 4095 + 4);
	is_cut(put_ticket, "\x1b", 4 * 4096 + 4);
	is_cut(put_csv, "x", 32755 + 4);
	is_cut(put_csv, "点", 3 * 32755 + 4);
	is_cut(put_csv, "\xf0\x9f\x8f\xad", 4 * 16378 + 4);
	is_cut(put_csv, "\xff", 4 * 8189 + 4);
	is_cut(put_csv, "\"", 2 * 32755 + 4 + 2);
	memset(cell, 'x', sizeof(cell) - 1);
	cell[sizeof(cell) - 1] = '\0';
	cell[32755] = '\0';
	expect(put_csv, cell, cell);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(directions_do_not_mix),
		cmocka_unit_test(a_megabyte_is_cut),
		cmocka_unit_test(remarks_speak_both_languages),
		cmocka_unit_test(reasons_of_logins_speak_both_languages),
		cmocka_unit_test(totals_keep_recommendations_apart),
		cmocka_unit_test(html_is_escaped),
		cmocka_unit_test(xml_has_no_control_character),
		cmocka_unit_test(a_terminal_gets_one_plain_line),
		cmocka_unit_test(csv_is_quoted_and_no_formula),
		cmocka_unit_test(json_takes_everything),
		cmocka_unit_test(times_in_both_zones),
		cmocka_unit_test(utf8_boundaries),
		cmocka_unit_test(words_keep_to_the_level),
		cmocka_unit_test(json_is_written_as_jansson_does),
		cmocka_unit_test(compact_json_goes_out_as_it_is),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
