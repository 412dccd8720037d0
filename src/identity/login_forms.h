/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a login page of a maker is filled in (probes/data/login-forms.yaml; doc/login-forms.md): which page it is,
 * what is sent, and which answer proves, refuses or locks. Everything is read and compiled before the processes
 * are forked.
 */
#ifndef TENKEN_IDENTITY_LOGIN_FORMS_H
#define TENKEN_IDENTITY_LOGIN_FORMS_H

#include "codec/http_message.h"

struct complaints;
struct form_pattern;

enum {
	FORM_PAGES = 2,     /* places where the page of one form may be */
	FORM_STATUSES = 4,  /* of one set of signs */
	FORM_SIGNS = 6,     /* patterns of one set of signs */
	FORM_CHOICES = 4,   /* sets of signs, of which one is enough */
	FORM_FIELDS = 16,   /* fields, or headers, of one request */
	FORM_TOKENS = 3,    /* of one request */
	FORM_EXAMPLES = 16, /* of one form */
	FORM_TOKEN_MAX = 512,
};

/* Of an answer. All of them must hold; an empty set holds for none. */
struct form_signs {
	unsigned statuses[FORM_STATUSES]; /* one of them; none: any */
	size_t status_count;
	struct {
		char *header; /* one of its values matches; NULL: the body does */
		struct form_pattern *pattern;
	} signs[FORM_SIGNS];
	size_t count;
};

/* Taken from the answer before the request: a hidden field, a cookie, or the first group of a pattern over the body
 * or the Location header. */
struct form_token {
	char *name;
	enum form_token_kind { TOKEN_HIDDEN, TOKEN_COOKIE, TOKEN_BODY, TOKEN_LOCATION } kind;
	char *text; /* of the field or cookie */
	struct form_pattern *pattern;
};

struct form_field {
	char *name, *value;
};

/* Values, path and JSON text are templates: "{user}", "{password}", "{user:base64}", "{password:base64}",
 * "{origin}" (as in "https://192.0.2.1:8443") and "{NAME}" of a token. */
struct form_request {
	bool given;
	bool get;
	char *path; /* from "/", or from the folder of the page */
	struct form_field headers[FORM_FIELDS];
	size_t header_count;
	struct form_field fields[FORM_FIELDS]; /* as of an HTML form; or */
	size_t field_count;
	char *json;
	struct form_token tokens[FORM_TOKENS];
	size_t token_count;
};

/* What an answer says. */
enum form_word { FORM_NOTHING, FORM_ACCEPTED, FORM_REFUSED, FORM_LOCKED, FORM_WORDS };

struct login_form {
	char *vendor; /* as in the list of passwords */
	unsigned line;
	char *cookie; /* "NAME=VALUE" that a browser would have from a script; or NULL */
	char *pages[FORM_PAGES];
	size_t page_count;
	struct form_signs shown; /* it is this page */
	struct form_request login, proof, logout;
	struct form_signs says[FORM_WORDS][FORM_CHOICES];
	size_t choices[FORM_WORDS];
	/* Answers to be tried in tests, as text: what they say; FORM_NOTHING with shown: it is this page. */
	struct form_example {
		enum form_word word;
		bool page, shown;
		char *answer;
	} examples[FORM_EXAMPLES];
	size_t example_count;
};

struct login_forms {
	struct login_form *list;
	size_t count, room;
};

/* False after complaints. */
bool login_forms_load(const char *path, struct login_forms *ret, struct complaints *c);
void login_forms_done(struct login_forms *l);

bool login_form_fits(const struct login_form *f, const char *vendor);
/* Is it the page of this form? */
bool login_form_shown(const struct login_form *f, const struct http_head *head, struct span body);
/* FORM_NOTHING where it is told neither way, or both ways. A lock goes before everything. */
enum form_word login_form_says(const struct login_form *f, const struct http_head *head,
			       struct span body);
/* The token in this answer; false where it is not there, too long, or not as it would be sent. */
bool login_form_token(const struct form_token *t, const struct http_head *head, struct span body,
		      char ret[static FORM_TOKEN_MAX]);

/* The next placeholder of a template: its place and the word in it; false where there is none. */
bool login_form_placeholder(const char *text, struct span *ret_word);

#endif
