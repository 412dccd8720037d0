/* SPDX-License-Identifier: Apache-2.0 */
/* What exports stand on: encodings, ids of OSCAL, UUIDs, texts with marks, streamed JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "codec/complaint.h"
#include "judge/catalogue.h"
#include "report/encoding.h"
#include "report/finding_row.h"
#include "report/formats.h"
#include "report/json_out.h"
#include "report/oscal_id.h"
#include "report/text.h"

/* ---- encodings ---- */

struct piece {
	const char *text;
	size_t step; /* bytes of one write */
};

static int write_piece(FILE *out, void *context)
{
	const struct piece *p = context;

	for (size_t at = 0, left = strlen(p->text); left > 0;) {
		size_t n = left < p->step ? left : p->step;

		if (fwrite(p->text + at, 1, n, out) != n || fflush(out) != 0)
			return -1;
		at += n;
		left -= n;
	}
	return 0;
}

static char *recoded(enum encoding e, const char *text, size_t step, uint64_t *replaced,
		     size_t *size)
{
	struct piece p = { text, step };
	char *bytes = NULL;
	FILE *out = open_memstream(&bytes, size);

	assert_non_null(out);
	assert_int_equal(encoding_write(e, out, replaced, write_piece, &p), 0);
	assert_int_equal(fclose(out), 0);
	return bytes;
}

static void cp932_whatever_the_pieces(void **state)
{
	/* Half-width, kanji, one that CP932 has and JIS X 0208 not, one that it lacks, an emoji. */
	static const char text[] =
		"A\xe6\xb0\xb4\xe9\x81\x93\xe9\xab\x99\xf0\xa0\xae\xb7\xf0\x9f\x98\x80Z\r\n";
	static const char wanted[] = "A\x90\x85\x93\xb9\xfb\xfc\x81\xac\x81\xacZ\r\n";

	(void)state;
	for (size_t step = 1; step <= sizeof(text); step++) {
		uint64_t replaced = 0;
		size_t size = 0;
		char *bytes = recoded(ENCODING_CP932, text, step, &replaced, &size);

		assert_int_equal(replaced, 2);
		assert_int_equal(size, sizeof(wanted) - 1);
		assert_memory_equal(bytes, wanted, size);
		free(bytes);
	}
}

static void a_mark_in_front(void **state)
{
	uint64_t replaced = 7;
	size_t size = 0;
	char *bytes = recoded(ENCODING_UTF8_BOM, "x", 1, &replaced, &size);

	(void)state;
	assert_string_equal(bytes, "\xef\xbb\xbfx");
	assert_int_equal(replaced, 0);
	free(bytes);
	bytes = recoded(ENCODING_UTF8, "x", 1, NULL, &size);
	assert_string_equal(bytes, "x");
	free(bytes);
	assert_int_equal(encoding_of_word("cp932"), ENCODING_CP932);
	assert_int_equal(encoding_of_word("utf-16"), ENCODINGS);
}

static void a_full_disk_is_told(void **state)
{
	struct piece p = { "0123456789", 10 };
	FILE *full = fopen("/dev/full", "w");

	(void)state;
	assert_non_null(full);
	setvbuf(full, NULL, _IONBF, 0);
	assert_true(encoding_write(ENCODING_CP932, full, NULL, write_piece, &p) < 0);
	fclose(full);
}

/* ---- ids ---- */

static size_t reversed(const struct guideline *g, char kind, const char *id)
{
	char token[OSCAL_ID], name[OSCAL_ID], back[OSCAL_ID], k;

	assert_true(oscal_id_make(g->id, kind, id, token));
	assert_true((token[0] >= 'a' && token[0] <= 'z') || (token[0] >= 'A' && token[0] <= 'Z'));
	assert_int_equal(strspn(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				       "0123456789._-"),
			 strlen(token));
	assert_true(oscal_id_read(token, name, &k, back));
	assert_string_equal(name, g->id);
	assert_int_equal(k, kind);
	assert_string_equal(back, id);
	return 1;
}

static void every_id_comes_back(void **state)
{
	struct catalogue c;
	struct complaints complaints = { 0 };
	const char *data = getenv("TENKEN_DATA");
	char **names = NULL;
	size_t count = 0, items = 0, untreated = 0;

	(void)state;
	assert_non_null(data);
	assert_int_equal(catalogue_names(data, &names, &count), 0);
	assert_int_equal(
		catalogue_load(data, (const char *const *)names, count, NULL, 0, &c, &complaints),
		0);
	for (size_t i = 0; i < c.guideline_count; i++) {
		const struct guideline *g = &c.guidelines[i];

		untreated += g->untreated_count;
		for (size_t k = 0; k < g->control_count; k++) {
			reversed(g, 'c', g->controls[k].id);
			reversed(g, 's', g->controls[k].id);
			for (size_t n = 0; n < g->controls[k].item_count; n++)
				items += reversed(g, 'i', g->controls[k].items[n].id);
		}
	}
	assert_int_equal(items - untreated, 3184);
	catalogue_done(&c);
	complaints_done(&complaints);
	for (size_t i = 0; i < count; i++)
		free(names[i]);
	free(names);
}

static void ids_at_their_edges(void **state)
{
	char token[OSCAL_ID], name[OSCAL_ID], back[OSCAL_ID], k, longest[OSCAL_ID + 1];
	static const char *const wrong[] = {
		"",        "x",       "_c-1",         "x_c",         "x_z-1", "x_c1",  "x_c-_5225",
		"x_c-_0_", "x_c-_g_", "x_c-_110000_", "x_c-_5225__", "x_c- ", "x_c-_",
	};

	(void)state;
	assert_true(oscal_id_make("g", 'i', "a_b \xe5\x88\xa5/", token));
	assert_string_equal(token, "g_i-a_5f_b_20__5225__2f_");
	assert_true(oscal_id_read(token, name, &k, back));
	assert_string_equal(back, "a_b \xe5\x88\xa5/");
	assert_false(oscal_id_make("1g", 'i', "a", token));
	assert_false(oscal_id_make("a_b", 'i', "a", token));
	assert_false(oscal_id_make("g", 'i', "\xff", token));
	memset(longest, 'a', OSCAL_ID);
	longest[OSCAL_ID] = '\0';
	assert_false(oscal_id_make("g", 'i', longest, token));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (oscal_id_read(wrong[i], name, &k, back))
			fail_msg("'%s' is read", wrong[i]);
}

/* Made with another program: python3 -c 'import uuid; print(uuid.uuid5(uuid.UUID(NAMESPACE), NAME))'. */
static void uuids_are_of_version_5(void **state)
{
	char uuid[UUID_TEXT];

	(void)state;
	assert_int_equal(uuid_make("scan", "\xe5\x8c\x97", uuid), 0);
	assert_string_equal(uuid, "7fbfdaf9-79de-59cc-8a57-a81cce6af49b");
}

/* ---- texts ---- */

static void line_is(const char *text, const char *specials, size_t most, const char *wanted)
{
	char *line = text_line(text, specials, most);

	assert_non_null(line);
	assert_string_equal(line, wanted);
	free(line);
}

static void code_is(const char *text, const char *wanted)
{
	char *code = text_code(text, 0);

	assert_non_null(code);
	assert_string_equal(code, wanted);
	free(code);
}

static void lines_hold_no_marks(void **state)
{
	(void)state;
	line_is(NULL, "", 0, "");
	line_is("plain", "", 0, "plain");
	line_is("a\r\nb\tc", "", 0, "a  b c");
	line_is("\x1b[31m\xff\xe2\x80\xaeX", "", 0, "\\x1b[31m\\xff\\u202eX");
	line_is("\x01", "\\", 0, "\\\\x01");
	line_is("[a](http://b) *c*", text_markdown, 0, "\\[a\\](http://b) \\*c\\*");
	line_is("12345", "", 5, "12345");
	line_is("123456", "", 5, "12345 ...");
	/* The limit lies within a character. */
	line_is("1234\xe6\xb0\xb4", "", 5, "1234 ...");
	line_is("1234\xe6\xb0\xb4", "", 7, "1234\xe6\xb0\xb4");
	code_is("a", "`a`");
	code_is("a`b", "`` a`b ``");
	code_is("```", "```` ``` ````");
}

static void a_megabyte_is_cut(void **state)
{
	size_t size = 1 << 20;
	char *banner = malloc(size + 1);

	(void)state;
	assert_non_null(banner);
	memset(banner, 0xe2, size); /* no UTF-8 anywhere */
	banner[size] = '\0';
	char *line = text_line(banner, text_markdown, 4000);
	assert_non_null(line);
	assert_int_equal(strlen(line), (4000 - 3) * 5 + 4);
	free(line);
	line = text_line(banner, "\\", 0);
	assert_non_null(line);
	assert_int_equal(strlen(line), size * 5);
	free(line);
	free(banner);
}

static void json_has_its_commas(void **state)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	struct json_out j = { .out = out };

	(void)state;
	jo_object(&j);
	jo_put(&j, "a", "x\"\n");
	jo_put_some(&j, "none", NULL);
	jo_put_some(&j, "none", "");
	jo_open_list(&j, "b");
	jo_int(&j, -1);
	jo_object(&j);
	jo_end(&j);
	jo_text(&j, NULL);
	jo_end(&j);
	jo_put_truth(&j, "c", true);
	jo_open_list(&j, "d");
	jo_end(&j);
	jo_end(&j);
	assert_int_equal(j.depth, 0);
	fclose(out);
	assert_string_equal(text, "{\"a\":\"x\\\"\\n\",\"b\":[-1,{},null],\"c\":true,\"d\":[]}");
	free(text);
}

static void every_format_has_a_name_of_its_own(void **state)
{
	(void)state;
	for (const struct export_format *f = export_formats; f->name != NULL; f++) {
		assert_ptr_equal(export_format_of(f->name), f);
		assert_true(f->write != NULL && f->words != NULL && f->extension != NULL &&
			    f->media_type != NULL);
	}
	assert_null(export_format_of("pdf"));
	assert_true(export_has_table(export_format_of("csv"), "flows"));
	assert_false(export_has_table(export_format_of("csv"), "flow"));
	assert_false(export_has_table(export_format_of("json"), "flows"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cp932_whatever_the_pieces),
		cmocka_unit_test(a_mark_in_front),
		cmocka_unit_test(a_full_disk_is_told),
		cmocka_unit_test(every_id_comes_back),
		cmocka_unit_test(ids_at_their_edges),
		cmocka_unit_test(uuids_are_of_version_5),
		cmocka_unit_test(lines_hold_no_marks),
		cmocka_unit_test(a_megabyte_is_cut),
		cmocka_unit_test(json_has_its_commas),
		cmocka_unit_test(every_format_has_a_name_of_its_own),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
