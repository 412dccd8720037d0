/* SPDX-License-Identifier: Apache-2.0 */
/* The file of login forms: doc/login-forms.md describes it. */
#include "identity/login_forms_parts.h"

#include <jansson.h>
#include <stdlib.h>
#include <strings.h>

#include "codec/i18n.h"
#include "codec/writer.h"
#include "codec/yaml.h"

static const char *const word_keys[FORM_WORDS] = { NULL, "accepted", "refused", "locked" };

/* ---- texts ---- */

/* A text that may stand in a request line or a header. */
static char *read_visible(struct ynode n, bool blank)
{
	const char *text = yn_text_any(n);

	if (text == NULL)
		return NULL;
	if (strlen(text) > FORM_TEXT_MAX) {
		yn_complain(n, _("is longer than %d bytes"), FORM_TEXT_MAX);
		return NULL;
	}
	for (const char *p = text; *p != '\0'; p++)
		if (*p >= 0x7f || *p < (blank ? ' ' : '!')) {
			yn_complain(n, _("may hold visible ASCII characters only"));
			return NULL;
		}
	return strdup(text);
}

static struct form_pattern *read_pattern(struct ynode n)
{
	const char *text = yn_text(n);
	char error[128] = "";

	if (text == NULL)
		return NULL;
	struct form_pattern *p = NULL;
	if (strlen(text) <= FORM_TEXT_MAX)
		p = form_pattern_new(text, error, sizeof(error));
	if (p == NULL)
		yn_complain(n, _("'%s' is no pattern: %s"), text, error);
	return p;
}

/* Are all placeholders of the template known? */
static void check_template(struct ynode n, const char *text, const struct login_form *f,
			   const struct form_request *r)
{
	static const char *const known[] = { "user", "password", "user:base64", "password:base64",
					     "origin" };
	const struct form_request *const sources[] = { &f->login, &f->proof, &f->logout, r };
	struct span word;

	while (text != NULL && login_form_placeholder(text, &word)) {
		bool good = false;

		text = (const char *)word.at + word.length;
		for (size_t i = 0; i < countof(known); i++)
			good |= span_is(word, known[i]);
		for (size_t i = 0; i < countof(sources); i++)
			for (size_t k = 0; k < sources[i]->token_count; k++)
				good |= span_is(word, sources[i]->tokens[k].name);
		if (!good)
			yn_complain(n, _("nothing is called '{%.*s}'"), (int)word.length,
				    (const char *)word.at);
	}
}

static bool holds(const char *text, const char *placeholder)
{
	struct span word;

	while (text != NULL && login_form_placeholder(text, &word)) {
		if (span_starts(word, placeholder))
			return true;
		text = (const char *)word.at + word.length;
	}
	return false;
}

/* ---- signs ---- */

static void read_statuses(struct form_signs *s, struct ynode n)
{
	if (!yn_given(n) || !yn_list(n))
		return;
	for (size_t i = 0; i < yn_count(n); i++) {
		uint64_t v = 0;

		if (i == FORM_STATUSES)
			yn_complain(n, _("has more than %d entries"), FORM_STATUSES);
		if (i >= FORM_STATUSES || !yn_number(yn_at(n, i), 200, 599, &v))
			return;
		s->statuses[s->status_count++] = (unsigned)v;
	}
}

static void add_sign(struct form_signs *s, const char *header, struct ynode n)
{
	if (s->count == FORM_SIGNS) {
		yn_complain(n, _("has more than %d entries"), FORM_SIGNS);
		return;
	}
	struct form_pattern *p = read_pattern(n);
	char *name = header != NULL ? strdup(header) : NULL;
	if (p == NULL || (header != NULL && name == NULL)) {
		form_pattern_free(p);
		free(name);
		return;
	}
	s->signs[s->count].header = name;
	s->signs[s->count++].pattern = p;
}

static void read_signs(struct form_signs *s, struct ynode n)
{
	static const char *const keys[] = { "status", "headers", "body", NULL };

	if (!yn_map(n, keys))
		return;
	read_statuses(s, yn_get(n, "status"));
	struct ynode headers = yn_get(n, "headers"), body = yn_get(n, "body");
	if (yn_given(headers) && yn_map_any(headers))
		for (size_t i = 0; i < yn_count(headers); i++) {
			const char *name;
			struct ynode value = yn_pair(headers, i, &name);

			if (name != NULL)
				add_sign(s, name, value);
		}
	if (yn_given(body) && yn_list(body))
		for (size_t i = 0; i < yn_count(body); i++)
			add_sign(s, NULL, yn_at(body, i));
	if (s->count == 0 && s->status_count == 0)
		yn_complain(n, _("tells nothing"));
}

static void read_choices(struct login_form *f, enum form_word word, struct ynode n)
{
	if (!yn_given(n) || !yn_list(n))
		return;
	for (size_t i = 0; i < yn_count(n); i++) {
		if (i == FORM_CHOICES) {
			yn_complain(n, _("has more than %d entries"), FORM_CHOICES);
			return;
		}
		read_signs(&f->says[word][f->choices[word]++], yn_at(n, i));
	}
}

/* ---- requests ---- */

static size_t read_fields(struct form_field *list, struct ynode n, bool header)
{
	size_t count = 0;

	if (!yn_given(n) || !yn_map_any(n))
		return 0;
	for (size_t i = 0; i < yn_count(n); i++) {
		const char *name;
		struct ynode value = yn_pair(n, i, &name);

		if (count == FORM_FIELDS) {
			yn_complain(n, _("has more than %d entries"), FORM_FIELDS);
			break;
		}
		if (name == NULL)
			continue;
		if (header && (name[strcspn(name, " :\t\r\n")] != '\0' || name[0] == '\0'))
			yn_complain(value, _("'%s' is no name of a header"), name);
		const char *text = yn_text_any(value);
		char *kept = header ? read_visible(value, true)
			     : text != NULL && strlen(text) <= FORM_TEXT_MAX ? strdup(text)
									     : NULL;
		char *copy = strdup(name);
		if (kept == NULL || copy == NULL) {
			free(kept);
			free(copy);
			continue;
		}
		list[count++] = (struct form_field){ .name = copy, .value = kept };
	}
	return count;
}

static void read_tokens(struct form_request *r, struct ynode n)
{
	static const char *const keys[] = { "hidden", "cookie", "body", "location", NULL };

	if (!yn_given(n) || !yn_map_any(n))
		return;
	for (size_t i = 0; i < yn_count(n); i++) {
		struct form_token t = { 0 };
		const char *name;
		struct ynode value = yn_pair(n, i, &name);
		size_t given = 0;

		if (r->token_count == FORM_TOKENS) {
			yn_complain(n, _("has more than %d entries"), FORM_TOKENS);
			return;
		}
		if (name == NULL || !yn_map(value, keys))
			continue;
		for (size_t k = 0; keys[k] != NULL; k++)
			if (yn_given(yn_get(value, keys[k]))) {
				t.kind = (enum form_token_kind)k;
				given++;
			}
		if (given != 1) {
			yn_complain(value,
				    _("needs one of 'hidden', 'cookie', 'body' and 'location'"));
			continue;
		}
		struct ynode from = yn_get(value, keys[t.kind]);
		const char *text = yn_text(from);
		if (text == NULL)
			continue;
		if (t.kind == TOKEN_BODY || t.kind == TOKEN_LOCATION)
			t.pattern = read_pattern(from);
		else
			t.text = strdup(text);
		t.name = strdup(name);
		if (t.name == NULL || (t.text == NULL && t.pattern == NULL)) {
			free(t.name);
			free(t.text);
			form_pattern_free(t.pattern);
			continue;
		}
		r->tokens[r->token_count++] = t;
	}
}

/* Is it JSON once the placeholders are filled in? */
static void check_json(struct ynode n, const char *text)
{
	char filled[FORM_TEXT_MAX + 1];
	struct writer w = wr_new(filled, sizeof(filled));
	struct span word;
	const char *rest = text;

	while (login_form_placeholder(rest, &word)) {
		wr_bytes(&w, rest, (size_t)((const char *)word.at - rest) - 1);
		wr_u8(&w, 'x');
		rest = (const char *)word.at + word.length + 1;
	}
	wr_text(&w, rest);
	json_t *v = json_loadb(filled, wr_span(&w).length, JSON_DECODE_ANY, NULL);
	if (v == NULL)
		yn_complain(n, _("is no JSON"));
	json_decref(v);
}

static void read_request(struct login_form *f, struct form_request *r, struct ynode n, bool get)
{
	static const char *const keys[] = { "method", "path",   "headers", "form",
					    "json",   "tokens", NULL };
	struct ynode method, json, form;

	if (!yn_given(n) || !yn_map(n, keys))
		return;
	r->given = true;
	r->get = get;
	const char *word = yn_text(method = yn_get(n, "method"));
	if (word != NULL) {
		r->get = strcmp(word, "GET") == 0;
		if (!r->get && strcmp(word, "POST") != 0)
			yn_complain(method, _("is 'GET' or 'POST', not '%s'"), word);
	}
	r->path = read_visible(yn_need(n, "path"), false);
	read_tokens(r, yn_get(n, "tokens"));
	r->header_count = read_fields(r->headers, yn_get(n, "headers"), true);
	r->field_count = read_fields(r->fields, form = yn_get(n, "form"), false);
	const char *text = yn_text(json = yn_get(n, "json"));
	if (text != NULL && strlen(text) <= FORM_TEXT_MAX) {
		r->json = strdup(text);
		check_json(json, text);
	} else if (text != NULL) {
		yn_complain(json, _("is longer than %d bytes"), FORM_TEXT_MAX);
	}
	if (yn_given(form) && yn_given(json))
		yn_complain(n, _("has 'form' or 'json', not both"));
	if (r->get && (yn_given(form) || yn_given(json)))
		yn_complain(n, _("GET has no 'form' and no 'json'"));
	check_template(n, r->path, f, r);
	check_template(json, r->json, f, r);
	for (size_t i = 0; i < r->header_count; i++)
		check_template(n, r->headers[i].value, f, r);
	for (size_t i = 0; i < r->field_count; i++)
		check_template(n, r->fields[i].value, f, r);
}

static bool asks_password(const struct form_request *r)
{
	bool found = holds(r->path, "password") || holds(r->json, "password");

	for (size_t i = 0; i < r->field_count; i++)
		found |= holds(r->fields[i].value, "password");
	for (size_t i = 0; i < r->header_count; i++)
		found |= holds(r->headers[i].value, "password");
	return found;
}

/* ---- examples ---- */

static void read_example_list(struct login_form *f, struct ynode n, enum form_word word, bool page,
			      bool shown)
{
	if (!yn_given(n) || !yn_list(n))
		return;
	for (size_t i = 0; i < yn_count(n); i++) {
		const char *text = yn_text(yn_at(n, i));
		struct http_head head;

		if (text == NULL)
			continue;
		if (f->example_count == FORM_EXAMPLES) {
			yn_complain(n, _("has more than %d entries"), FORM_EXAMPLES);
			return;
		}
		if (!http_read_head(span_text(text), &head)) {
			yn_complain(yn_at(n, i), _("does not begin with a status line of HTTP"));
			continue;
		}
		f->examples[f->example_count++] = (struct form_example){
			.word = word, .page = page, .shown = shown, .answer = strdup(text)
		};
	}
}

static void read_examples(struct login_form *f, struct ynode n)
{
	static const char *const keys[] = { "shown",  "not-shown", "accepted", "refused",
					    "locked", "untold",    NULL };

	if (!yn_map(n, keys))
		return;
	read_example_list(f, yn_need(n, "shown"), FORM_NOTHING, true, true);
	read_example_list(f, yn_get(n, "not-shown"), FORM_NOTHING, true, false);
	read_example_list(f, yn_get(n, "untold"), FORM_NOTHING, false, false);
	for (int w = FORM_ACCEPTED; w < FORM_WORDS; w++) {
		struct ynode list = yn_get(n, word_keys[w]);

		if (f->choices[w] > 0 && (!yn_given(list) || yn_count(list) == 0))
			yn_complain(n, _("has no example of '%s'"), word_keys[w]);
		read_example_list(f, list, (enum form_word)w, false, false);
	}
}

/* ---- a form ---- */

static void read_pages(struct login_form *f, struct ynode n)
{
	if (!yn_given(n) || !yn_list(n))
		return;
	for (size_t i = 0; i < yn_count(n); i++) {
		if (i == FORM_PAGES) {
			yn_complain(n, _("has more than %d entries"), FORM_PAGES);
			return;
		}
		char *path = read_visible(yn_at(n, i), false);
		if (path == NULL)
			continue;
		if (path[0] != '/')
			yn_complain(yn_at(n, i), _("does not begin with '/'"));
		f->pages[f->page_count++] = path;
	}
	if (f->page_count == 0)
		yn_complain(n, _("tells nothing"));
}

static bool grow(struct login_forms *l)
{
	size_t room = l->room == 0 ? 16 : l->room * 2;

	if (l->count < l->room)
		return true;
	struct login_form *list =
		l->count < FORMS_MOST ? realloc(l->list, room * sizeof(*list)) : NULL;
	if (list == NULL)
		return false;
	l->list = list;
	l->room = room;
	return true;
}

static void read_form(struct login_forms *l, struct ynode n)
{
	static const char *const keys[] = { "vendor",   "product", "source", "note",     "pages",
					    "cookie",   "shown",   "login",  "proof",    "logout",
					    "accepted", "refused", "locked", "examples", NULL };

	if (!yn_map(n, keys))
		return;
	if (!grow(l)) {
		yn_complain(n, _("out of memory"));
		return;
	}
	struct login_form *f = &l->list[l->count++];
	*f = (struct login_form){ .line = yn_line(n) };
	const char *vendor = yn_text(yn_need(n, "vendor"));
	f->vendor = strdup(vendor != NULL ? vendor : "");
	(void)yn_text(yn_need(n, "product"));
	(void)yn_text(yn_need(n, "source"));
	(void)yn_text(yn_get(n, "note"));
	struct ynode cookie = yn_get(n, "cookie");
	f->cookie = read_visible(cookie, false);
	if (f->cookie != NULL && strchr(f->cookie, '=') == NULL)
		yn_complain(cookie, _("is no 'NAME=VALUE'"));
	read_pages(f, yn_need(n, "pages"));
	struct ynode shown = yn_need(n, "shown"), login = yn_need(n, "login");
	if (yn_given(shown))
		read_signs(&f->shown, shown);
	read_request(f, &f->login, login, false);
	if (f->login.given && !asks_password(&f->login))
		yn_complain(login, _("has no '{password}'"));
	read_request(f, &f->proof, yn_get(n, "proof"), true);
	/* Said, so that nobody forgets it. */
	struct ynode logout = yn_need(n, "logout");
	const char *none = yn_is_text(logout) ? yn_text(logout) : NULL;
	if (none == NULL || strcmp(none, "none") != 0)
		read_request(f, &f->logout, logout, false);
	(void)yn_need(n, "accepted");
	for (int w = FORM_ACCEPTED; w < FORM_WORDS; w++)
		read_choices(f, (enum form_word)w, yn_get(n, word_keys[w]));
	struct ynode examples = yn_need(n, "examples");
	if (yn_given(examples))
		read_examples(f, examples);
}

bool login_forms_load(const char *path, struct login_forms *ret, struct complaints *c)
{
	static const char *const keys[] = { "forms", NULL };
	size_t before = c->count;
	struct yfile *file = yf_open(path, c);

	*ret = (struct login_forms){ 0 };
	if (file == NULL)
		return false;
	struct ynode root = yf_root(file), forms;
	if (yn_map(root, keys) && yn_list(forms = yn_need(root, "forms")))
		for (size_t i = 0; i < yn_count(forms); i++)
			read_form(ret, yn_at(forms, i));
	yf_close(file);
	return c->count == before;
}
