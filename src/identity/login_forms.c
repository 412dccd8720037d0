/* SPDX-License-Identifier: Apache-2.0 */
/* Matching answers against the signs of login forms. */
#include "identity/login_forms_parts.h"

#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

/* ---- patterns ---- */

struct form_pattern *form_pattern_new(const char *text, char *ret_error, size_t room)
{
	struct form_pattern *p = calloc(1, sizeof(*p));
	PCRE2_SIZE at;
	int code = 0;

	if (p == NULL)
		return NULL;
	/* Bytes: pages come in whatever encoding. */
	p->code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, 0, &code, &at, NULL);
	p->limits = pcre2_match_context_create(NULL);
	if (p->code == NULL || p->limits == NULL) {
		pcre2_get_error_message(code, (PCRE2_UCHAR *)ret_error, room);
		form_pattern_free(p);
		return NULL;
	}
	pcre2_set_match_limit(p->limits, FORM_MATCH_LIMIT);
	pcre2_jit_compile(p->code, PCRE2_JIT_COMPLETE);
	return p;
}

void form_pattern_free(struct form_pattern *p)
{
	if (p == NULL)
		return;
	pcre2_code_free(p->code);
	pcre2_match_context_free(p->limits);
	free(p);
}

/* ret_group, which may be NULL: the first group; empty where it took no part. */
static bool matches(const struct form_pattern *p, struct span text, struct span *ret_group)
{
	pcre2_match_data *m = pcre2_match_data_create(FORM_GROUPS, NULL);
	int groups = -1;

	if (m != NULL)
		groups = pcre2_match(p->code, text.at, text.length, 0, 0, m, p->limits);
	if (groups >= 0 && ret_group != NULL) {
		const PCRE2_SIZE *at = pcre2_get_ovector_pointer(m);

		*ret_group = span_first(text, 0);
		if (groups > 1 && at[2] != PCRE2_UNSET)
			*ret_group = span_of(text.at + at[2], at[3] - at[2]);
	}
	pcre2_match_data_free(m);
	return groups >= 0;
}

/* ---- signs ---- */

static bool header_matches(const struct http_head *head, const char *name,
			   const struct form_pattern *p)
{
	struct span value;

	for (size_t i = 0; http_find(head, name, i, &value); i++)
		if (matches(p, value, NULL))
			return true;
	return false;
}

static bool signs_hold(const struct form_signs *s, const struct http_head *head, struct span body)
{
	bool status = s->status_count == 0;

	for (size_t i = 0; i < s->status_count; i++)
		status |= s->statuses[i] == head->status;
	if (!status || (s->status_count == 0 && s->count == 0))
		return false;
	for (size_t i = 0; i < s->count; i++)
		if (s->signs[i].header != NULL
			    ? !header_matches(head, s->signs[i].header, s->signs[i].pattern)
			    : !matches(s->signs[i].pattern, body, NULL))
			return false;
	return true;
}

static bool is_said(const struct login_form *f, enum form_word word, const struct http_head *head,
		    struct span body)
{
	for (size_t i = 0; i < f->choices[word]; i++)
		if (signs_hold(&f->says[word][i], head, body))
			return true;
	return false;
}

bool login_form_fits(const struct login_form *f, const char *vendor)
{
	return vendor != NULL && strcasecmp(f->vendor, vendor) == 0;
}

bool login_form_shown(const struct login_form *f, const struct http_head *head, struct span body)
{
	return signs_hold(&f->shown, head, body);
}

enum form_word login_form_says(const struct login_form *f, const struct http_head *head,
			       struct span body)
{
	if (head->status == 423 || head->status == 429 || is_said(f, FORM_LOCKED, head, body))
		return FORM_LOCKED;
	bool accepted = is_said(f, FORM_ACCEPTED, head, body);
	bool refused = is_said(f, FORM_REFUSED, head, body);
	return accepted == refused ? FORM_NOTHING : accepted ? FORM_ACCEPTED : FORM_REFUSED;
}

/* ---- tokens ---- */

static bool find_cookie(const struct http_head *head, const char *name, struct span *ret)
{
	struct span value;

	for (size_t i = 0; http_find(head, "Set-Cookie", i, &value); i++) {
		ptrdiff_t equals = span_find(value, "=", 1);

		if (equals < 0 || !span_is(span_trim(span_first(value, (size_t)equals)), name))
			continue;
		value = span_from(value, (size_t)equals + 1);
		ptrdiff_t end = span_find(value, ";", 1);
		*ret = span_trim(end < 0 ? value : span_first(value, (size_t)end));
		return true;
	}
	return false;
}

bool login_form_token(const struct form_token *t, const struct http_head *head, struct span body,
		      char ret[static FORM_TOKEN_MAX])
{
	struct span text;
	struct span location = span_first(body, 0);
	bool found;

	switch (t->kind) {
	case TOKEN_HIDDEN:
		found = html_input_value(body, t->text, &text);
		break;
	case TOKEN_COOKIE:
		found = find_cookie(head, t->text, &text);
		break;
	case TOKEN_BODY:
		found = matches(t->pattern, body, &text);
		break;
	default:
		http_find(head, "Location", 0, &location);
		found = matches(t->pattern, location, &text);
	}

	if (!found || text.length >= FORM_TOKEN_MAX)
		return false;
	for (size_t i = 0; i < text.length; i++) {
		if (text.at[i] < 0x20 || text.at[i] >= 0x7f)
			return false;
		if (t->kind == TOKEN_HIDDEN && text.at[i] == '&') /* a character reference */
			return false;
	}
	memcpy(ret, text.at, text.length);
	ret[text.length] = '\0';
	return true;
}

/* ---- templates ---- */

bool login_form_placeholder(const char *text, struct span *ret_word)
{
	while ((text = strchr(text, '{')) != NULL) {
		const char *word = ++text;

		if (!islower((unsigned char)*word))
			continue;
		while (islower((unsigned char)*text) || isdigit((unsigned char)*text) ||
		       *text == '_' || *text == ':')
			text++;
		if (*text != '}')
			continue;
		*ret_word = span_of(word, (size_t)(text - word));
		return true;
	}
	return false;
}

/* ---- keeping ---- */

static void signs_done(struct form_signs *s)
{
	for (size_t i = 0; i < s->count; i++) {
		free(s->signs[i].header);
		form_pattern_free(s->signs[i].pattern);
	}
}

static void fields_done(struct form_field *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(list[i].name);
		free(list[i].value);
	}
}

static void request_done(struct form_request *r)
{
	free(r->path);
	free(r->json);
	fields_done(r->headers, r->header_count);
	fields_done(r->fields, r->field_count);
	for (size_t i = 0; i < r->token_count; i++) {
		free(r->tokens[i].name);
		free(r->tokens[i].text);
		form_pattern_free(r->tokens[i].pattern);
	}
}

static void form_done(struct login_form *f)
{
	free(f->vendor);
	free(f->cookie);
	for (size_t i = 0; i < f->page_count; i++)
		free(f->pages[i]);
	signs_done(&f->shown);
	request_done(&f->login);
	request_done(&f->proof);
	request_done(&f->logout);
	for (size_t w = 0; w < FORM_WORDS; w++)
		for (size_t i = 0; i < f->choices[w]; i++)
			signs_done(&f->says[w][i]);
	for (size_t i = 0; i < f->example_count; i++)
		free(f->examples[i].answer);
}

void login_forms_done(struct login_forms *l)
{
	for (size_t i = 0; i < l->count; i++)
		form_done(&l->list[i]);
	free(l->list);
	*l = (struct login_forms){ 0 };
}
