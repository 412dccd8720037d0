/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of makers and products as keys: what is the same name written in another way has the same key, and
 * nothing else has. Keys are compared as a whole.
 */
#ifndef TENKEN_CODEC_NAMING_H
#define TENKEN_CODEC_NAMING_H

#include <stddef.h>

/* Full-width letters, digits and signs as ASCII, ASCII in small letters, blanks of any kind as one, none at
 * the ends. The caller frees it; NULL without memory. */
char *name_key(const char *name);
/* The same of a maker, without what kind of company it is ("Inc.", "Co., Ltd.", U+682A U+5F0F U+4F1A U+793E). */
char *vendor_key(const char *name);

#endif
