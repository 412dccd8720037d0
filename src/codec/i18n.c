/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/i18n.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const words[LANGUAGES] = { [LANGUAGE_EN] = "en", [LANGUAGE_JA] = "ja" };
static enum language chosen = LANGUAGE_EN;

const char *language_word(enum language l)
{
	return words[l];
}

enum language language_of_word(const char *word)
{
	for (int l = 0; l < LANGUAGES; l++) {
		size_t n = strlen(words[l]);

		if (strncmp(word, words[l], n) == 0 && strchr("_.@", word[n]) != NULL)
			return (enum language)l;
	}
	return LANGUAGES;
}

enum language i18n_language(void)
{
	return chosen;
}

/* The locale's own word, by POSIX's order; LANGUAGE may list several. */
static enum language language_of_environment(void)
{
	static const char *const names[] = { "LC_ALL", "LC_MESSAGES", "LANG" };
	const char *locale = NULL;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && locale == NULL; i++) {
		locale = getenv(names[i]);
		if (locale != NULL && *locale == '\0')
			locale = NULL;
	}
	if (locale == NULL || strcmp(locale, "C") == 0 || strcmp(locale, "POSIX") == 0)
		return LANGUAGE_EN;
	const char *list = getenv("LANGUAGE");
	while (list != NULL && *list != '\0') {
		char first[32];
		size_t n = strcspn(list, ":");

		if (n < sizeof(first)) {
			memcpy(first, list, n);
			first[n] = '\0';
			enum language l = language_of_word(first);
			if (l != LANGUAGES)
				return l;
		}
		list += n + (list[n] == ':');
	}
	enum language l = language_of_word(locale);
	return l == LANGUAGES ? LANGUAGE_EN : l;
}

static bool has_catalogue(const char *folder)
{
	char path[4096 + 64];
	int n = snprintf(path, sizeof(path), "%s/ja/LC_MESSAGES/tenken.mo", folder);

	return n > 0 && (size_t)n < sizeof(path) && access(path, R_OK) == 0;
}

/* $TENKEN_LOCALE; the build tree that this program runs from (BUILD/src/tenken, BUILD/po); the
 * installed place. */
static const char *locale_folder(char *buffer, size_t size)
{
	const char *given = secure_getenv("TENKEN_LOCALE");

	if (given != NULL && *given != '\0')
		return given;
	ssize_t n = readlink("/proc/self/exe", buffer, size - sizeof("/po"));
	if (n > 0) {
		static const char tail[] = "/src/tenken";

		buffer[n] = '\0';
		size_t length = (size_t)n, tail_length = sizeof(tail) - 1;
		if (length > tail_length && strcmp(buffer + length - tail_length, tail) == 0) {
			memcpy(buffer + length - tail_length, "/po", sizeof("/po"));
			if (has_catalogue(buffer))
				return buffer;
		}
	}
	return TENKEN_LOCALEDIR;
}

int i18n_start(const char *lang)
{
	char buffer[4096];
	enum language l = lang != NULL ? language_of_word(lang) : language_of_environment();

	if (l == LANGUAGES)
		return -EINVAL;
	/* The operator's own locale, where the system has it and no other language was asked for. Its
	 * absence is common on small systems: C.UTF-8 is always there (glibc 2.35), and gettext
	 * takes the language from LANGUAGE with it, but not with "C". */
	bool own = lang == NULL && setlocale(LC_ALL, "") != NULL &&
		   strcmp(setlocale(LC_MESSAGES, NULL), "C") != 0;
	if (!own || (l != LANGUAGE_EN && strcmp(nl_langinfo(CODESET), "UTF-8") != 0)) {
		if (setlocale(LC_ALL, "C.UTF-8") == NULL) {
			setlocale(LC_ALL, "C");
			chosen = LANGUAGE_EN;
			return l == LANGUAGE_EN ? 0 : -ENOTSUP;
		}
	}
	if (setenv("LANGUAGE", words[l], 1) < 0)
		return -ENOMEM;
	setlocale(LC_NUMERIC, "C");
	bindtextdomain("tenken", locale_folder(buffer, sizeof(buffer)));
	bind_textdomain_codeset("tenken", "UTF-8");
	textdomain("tenken");
	chosen = l;
	return 0;
}
