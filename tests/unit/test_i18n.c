/* SPDX-License-Identifier: Apache-2.0 */
/* Which language is spoken, and that the build tree's translations are found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "codec/i18n.h"

/* A message that is always there. */
static const char message[] = N_("error: %s: is no tenken store\n");

static void environment(const char *lang, const char *language)
{
	unsetenv("LC_ALL");
	unsetenv("LC_MESSAGES");
	setenv("LANG", lang, 1);
	if (language != NULL)
		setenv("LANGUAGE", language, 1);
	else
		unsetenv("LANGUAGE");
}

static void words_of_languages(void **state)
{
	(void)state;
	assert_int_equal(language_of_word("ja"), LANGUAGE_JA);
	assert_int_equal(language_of_word("ja_JP.UTF-8"), LANGUAGE_JA);
	assert_int_equal(language_of_word("ja.UTF-8"), LANGUAGE_JA);
	assert_int_equal(language_of_word("en_US@euro"), LANGUAGE_EN);
	assert_int_equal(language_of_word("jav"), LANGUAGES);
	assert_int_equal(language_of_word("C"), LANGUAGES);
	assert_int_equal(language_of_word(""), LANGUAGES);
}

static void lang_decides(void **state)
{
	(void)state;
	environment("C", NULL);
	assert_int_equal(i18n_start("ja"), 0);
	assert_int_equal(i18n_language(), LANGUAGE_JA);
	assert_non_null(strstr(_(message), "tenken"));
	assert_string_not_equal(_(message), message);
	environment("ja_JP.UTF-8", NULL);
	assert_int_equal(i18n_start("en"), 0);
	assert_int_equal(i18n_language(), LANGUAGE_EN);
	assert_string_equal(_(message), message);
	assert_int_equal(i18n_start("de"), -EINVAL);
	assert_int_equal(i18n_start(""), -EINVAL);
}

static void locale_decides_without_lang(void **state)
{
	(void)state;
	/* Whether or not the system has that locale. */
	environment("ja_JP.UTF-8", NULL);
	assert_int_equal(i18n_start(NULL), 0);
	assert_int_equal(i18n_language(), LANGUAGE_JA);
	assert_string_not_equal(_(message), message);
	environment("C.UTF-8", NULL);
	assert_int_equal(i18n_start(NULL), 0);
	assert_string_equal(_(message), message);
	environment("de_DE.UTF-8", "fr:ja:en");
	assert_int_equal(i18n_start(NULL), 0);
	assert_int_equal(i18n_language(), LANGUAGE_JA);
	environment("C", "ja");
	assert_int_equal(i18n_start(NULL), 0);
	assert_int_equal(i18n_language(), LANGUAGE_EN);
}

static void numbers_keep_their_form(void **state)
{
	char text[16];

	(void)state;
	environment("de_DE.UTF-8", NULL);
	assert_int_equal(i18n_start(NULL), 0);
	snprintf(text, sizeof(text), "%.1f", 0.5);
	assert_string_equal(text, "0.5");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_of_languages),
		cmocka_unit_test(lang_decides),
		cmocka_unit_test(locale_decides_without_lang),
		cmocka_unit_test(numbers_keep_their_form),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
