/* SPDX-License-Identifier: Apache-2.0 */
/* What reading and matching of login forms share. */
#ifndef TENKEN_IDENTITY_LOGIN_FORMS_PARTS_H
#define TENKEN_IDENTITY_LOGIN_FORMS_PARTS_H

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "identity/login_forms.h"

enum {
	FORM_MATCH_LIMIT = 200000, /* steps of one match */
	FORM_GROUPS = 4,           /* of one pattern, the whole among them */
	FORM_TEXT_MAX = 1024,      /* bytes of a pattern, a template, a path */
	FORMS_MOST = 10000,
};

struct form_pattern {
	pcre2_code *code;
	pcre2_match_context *limits;
};

/* NULL where it is no pattern, with PCRE2's words in ret_error. */
struct form_pattern *form_pattern_new(const char *text, char *ret_error, size_t room);
void form_pattern_free(struct form_pattern *p);

#endif
