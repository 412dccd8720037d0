/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ids for OSCAL. Its tokens begin with a letter or "_" and go on with letters, digits, ".", "-" and "_"
 * (NCName), while guidelines number by digits and Japanese words. The rule, which can be reversed
 * (doc/oscal.md):
 *
 *     GUIDELINE "_" KIND "-" ESCAPED
 *
 * GUIDELINE is the profile's id, which has no "_". KIND: c (control), s (its statement), i (item),
 * p (parameter), g (group, nothing follows). In ESCAPED every character but A-Z a-z 0-9 "." "-" is "_", its code point in
 * hexadecimal digits (small, none in front that is 0), "_".
 */
#ifndef TENKEN_REPORT_OSCAL_ID_H
#define TENKEN_REPORT_OSCAL_ID_H

#include <stdbool.h>

enum { OSCAL_ID = 512 };

/* False where it does not fit, the id is no UTF-8 or the guideline's id is none that a token can begin
 * with. */
bool oscal_id_make(const char *guideline, char kind, const char *id, char out[static OSCAL_ID]);
/* The way back. False: no token of this rule. */
bool oscal_id_read(const char *token, char guideline[static OSCAL_ID], char *kind,
		   char id[static OSCAL_ID]);

#endif
