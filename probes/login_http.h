/* SPDX-License-Identifier: Apache-2.0 */
/* Logins on pages of HTTP with a form of their own. */
#ifndef TENKEN_PROBES_LOGIN_HTTP_H
#define TENKEN_PROBES_LOGIN_HTTP_H

#include "http_ask.h"
#include "identity/login_forms.h"
#include "login.h"

/* The page as it was answered, which the form is for; path: where it is. Further requests are connections of
 * their own, and *p and *head are used for them. */
enum login_result login_form(struct conn *c, const struct login_form *f, const char *path,
			     const struct credential *k, struct http_page *p,
			     struct http_head *head);
/* The body as far as a pattern may look at it: nothing of what is packed. */
struct span login_body(const struct http_page *p, const struct http_head *head);

#endif
