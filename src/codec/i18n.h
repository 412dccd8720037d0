/* SPDX-License-Identifier: Apache-2.0 */
/* Messages for people in their language. The words stand in po/. */
#ifndef TENKEN_CODEC_I18N_H
#define TENKEN_CODEC_I18N_H

#include <libintl.h>

#define _(s) gettext(s)
/* Marks a text that is translated where it is printed. */
#define N_(s) s

enum language { LANGUAGE_EN, LANGUAGE_JA, LANGUAGES };

/* "en", "ja". */
const char *language_word(enum language l);
/* LANGUAGES where the word is none; "ja_JP.UTF-8" and the like are understood. */
enum language language_of_word(const char *word);

/*
 * Chooses the language: lang as given to --lang, or NULL for that of the locale. Texts leave as
 * UTF-8 whenever the language is chosen here. Numbers keep their C form. 0, -EINVAL for a language
 * that tenken does not speak, -ENOTSUP where the system has no UTF-8 locale at all. May be called
 * again: --lang is read after the first messages may have been printed.
 */
int i18n_start(const char *lang);
/* The language in effect; English before i18n_start(). */
enum language i18n_language(void);

#endif
