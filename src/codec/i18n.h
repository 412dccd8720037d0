/* SPDX-License-Identifier: Apache-2.0 */
/* Texts for people go through _(); N_() marks a constant that is translated where it is printed. */
#ifndef TENKEN_CODEC_I18N_H
#define TENKEN_CODEC_I18N_H

#include <libintl.h>

#define _(s) gettext(s)
#define N_(s) s

#endif
