/* SPDX-License-Identifier: Apache-2.0 */
/* Login forms: our file with all its examples, what is wrong in a file, and what an answer says. */
#include "scratch.h"

#include <stdbool.h>

#include "identity/credentials.h"
#include "identity/login_forms.h"

static struct login_forms ours;

static int open_ours(void **state)
{
	struct complaints c = { 0 };
	char path[4096];

	snprintf(path, sizeof(path), "%s/probes/data/login-forms.yaml", getenv("TENKEN_DATA"));
	bool good = login_forms_load(path, &ours, &c);
	complaints_print(&c, stderr);
	complaints_done(&c);
	return !good || scratch_open(state);
}

static int close_ours(void **state)
{
	unlink("forms.yaml");
	login_forms_done(&ours);
	return scratch_close(state);
}

static struct http_head read_answer(const char *text, struct span *ret_body)
{
	struct http_head head;
	const char *end = strstr(text, "\n\n");

	assert_true(http_read_head(span_text(text), &head));
	*ret_body = span_text(end != NULL ? end + 2 : "");
	return head;
}

static void every_example_holds(void **state)
{
	static const char *const words[] = { "nothing", "accepted", "refused", "locked" };

	(void)state;
	assert_true(ours.count > 5);
	for (size_t i = 0; i < ours.count; i++)
		for (size_t k = 0; k < ours.list[i].example_count; k++) {
			const struct login_form *f = &ours.list[i];
			const struct form_example *e = &f->examples[k];
			struct span body;
			struct http_head head = read_answer(e->answer, &body);

			if (e->page && login_form_shown(f, &head, body) != e->shown)
				fail_msg("line %u, %s: shown is %d: %s", f->line, f->vendor,
					 !e->shown, e->answer);
			enum form_word said = login_form_says(f, &head, body);
			/* What nobody has logged into must not look like a session. */
			if (e->page ? said == FORM_ACCEPTED : said != e->word)
				fail_msg("line %u, %s: says %s: %s", f->line, f->vendor,
					 words[said], e->answer);
		}
}

static void every_vendor_has_passwords(void **state)
{
	struct credentials l;
	struct complaints c = { 0 };
	char path[4096];

	(void)state;
	snprintf(path, sizeof(path), "%s/probes/data/default-credentials.csv",
		 getenv("TENKEN_DATA"));
	assert_true(credentials_load(path, &l, &c));
	for (size_t i = 0; i < ours.count; i++) {
		bool found = false;

		for (size_t k = 0; k < l.count; k++)
			found |= login_form_fits(&ours.list[i], l.list[k].vendor) &&
				 strcmp(l.list[k].protocol, "http") == 0;
		if (!found)
			fail_msg("no password of %s", ours.list[i].vendor);
	}
	credentials_done(&l);
}

/* ---- mistakes ---- */

#define HEAD                                          \
	"forms:\n"                                    \
	"  - vendor: A\n"                             \
	"    product: B\n"                            \
	"    source: C\n"                             \
	"    pages: [/]\n"                            \
	"    shown: {body: [x]}\n"                    \
	"    accepted: [{status: [302]}]\n"           \
	"    examples:\n"                             \
	"      shown: [\"HTTP/1.1 200 OK\\n\\nx\"]\n" \
	"      accepted: [\"HTTP/1.1 302 Found\\n\\n\"]\n"
#define LOGIN "    login: {path: /l, form: {p: '{password}'}}\n"
#define LOGOUT "    logout: none\n"

static void mistakes_name_line_and_field(void **state)
{
	static const struct {
		const char *text, *complaint;
	} cases[] = {
		{ HEAD LOGIN, "forms.yaml:2: field 'logout': is missing" },
		{ HEAD LOGOUT, "forms.yaml:2: field 'login': is missing" },
		{ HEAD LOGOUT "    login: {path: /l, form: {p: x}}\n",
		  "forms.yaml:12: field 'login': has no '{password}'" },
		{ HEAD LOGOUT "    login: {path: /l, form: {p: '{password}', t: '{token}'}}\n",
		  "forms.yaml:12: field 'login': nothing is called '{token}'" },
		{ HEAD LOGOUT "    login: {path: '/l x{password}'}\n",
		  "forms.yaml:12: field 'path': may hold visible ASCII characters only" },
		{ HEAD LOGOUT "    login: {path: /l, json: '{\"p\":{password}'}\n",
		  "forms.yaml:12: field 'json': is no JSON" },
		{ HEAD LOGOUT "    login: {path: '/{password}', method: PUT}\n",
		  "forms.yaml:12: field 'method': is 'GET' or 'POST', not 'PUT'" },
		{ HEAD LOGOUT "    login: {path: /l, method: GET, form: {p: '{password}'}}\n",
		  "forms.yaml:12: field 'login': GET has no 'form' and no 'json'" },
		{ HEAD LOGOUT
		  "    login: {path: /l, form: {p: '{password}'}, tokens: {t: {header: x}}}\n",
		  "forms.yaml:12: field 'header': is not known" },
		{ HEAD LOGIN LOGOUT "    refused: [{body: ['(']}]\n",
		  "forms.yaml:13: field 'body': '(' is no pattern: missing closing parenthesis" },
		{ HEAD LOGIN LOGOUT "    locked: [{}]\n",
		  "forms.yaml:13: field 'locked': tells nothing" },
		{ HEAD LOGIN LOGOUT "    locked: [{status: [403]}]\n",
		  "forms.yaml:9: field 'examples': has no example of 'locked'" },
		{ HEAD LOGIN LOGOUT "    cookie: x\n",
		  "forms.yaml:13: field 'cookie': is no 'NAME=VALUE'" },
		{ HEAD LOGIN LOGOUT "    redirect: x\n",
		  "forms.yaml:13: field 'redirect': is not known" },
		{ "forms: x\n", "forms.yaml:1: field 'forms': must be a list, not a text" },
	};

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		struct complaints c = { 0 };
		struct login_forms l;
		bool told = false;

		write_text("forms.yaml", cases[i].text);
		assert_false(login_forms_load("forms.yaml", &l, &c));
		for (size_t k = 0; k < c.count; k++)
			told |= strstr(c.list[k], cases[i].complaint) != NULL;
		if (!told)
			fail_msg("expected %s, got %s", cases[i].complaint, c.list[0]);
		login_forms_done(&l);
		complaints_done(&c);
	}
}

/* ---- answers ---- */

static void contradictions_say_nothing(void **state)
{
	struct complaints c = { 0 };
	struct login_forms l;
	struct span body;

	(void)state;
	write_text("forms.yaml", HEAD LOGIN LOGOUT "    refused: [{body: [wrong]}]\n"
						   "    locked: [{body: [locked]}]\n");
	login_forms_load("forms.yaml", &l, &c); /* without examples: complaints, but read */
	static const struct {
		const char *answer;
		enum form_word word;
	} cases[] = {
		{ "HTTP/1.1 302 Found\n\n", FORM_ACCEPTED },
		{ "HTTP/1.1 302 Found\n\nwrong", FORM_NOTHING },
		{ "HTTP/1.1 302 Found\n\nwrong, locked", FORM_LOCKED },
		{ "HTTP/1.1 200 OK\n\nwrong", FORM_REFUSED },
		{ "HTTP/1.1 200 OK\n\n", FORM_NOTHING },
		{ "HTTP/1.1 429 Too Many Requests\n\n", FORM_LOCKED },
		{ "HTTP/1.1 423 Locked\n\n", FORM_LOCKED },
	};
	for (size_t i = 0; i < countof(cases); i++) {
		struct http_head head = read_answer(cases[i].answer, &body);

		assert_int_equal(login_form_says(&l.list[0], &head, body), cases[i].word);
	}
	login_forms_done(&l);
	complaints_done(&c);
}

static void tokens_are_taken_as_they_are_sent(void **state)
{
	static const struct {
		enum form_token_kind kind;
		const char *text, *answer, *token; /* NULL: none */
	} cases[] = {
		{ TOKEN_HIDDEN, "t", "HTTP/1.1 200 OK\n\n<input value=\"a b\" name='t'>", "a b" },
		{ TOKEN_HIDDEN, "t", "HTTP/1.1 200 OK\n\n<INPUT NAME=t VALUE=ab />", "ab" },
		{ TOKEN_HIDDEN, "t",
		  "HTTP/1.1 200 OK\n\n<input name=u value=1><input name=t value=2>", "2" },
		{ TOKEN_HIDDEN, "t", "HTTP/1.1 200 OK\n\n<input name=t>", NULL },
		{ TOKEN_HIDDEN, "t", "HTTP/1.1 200 OK\n\n<input name=t value=\"a&amp;b\">", NULL },
		{ TOKEN_HIDDEN, "t", "HTTP/1.1 200 OK\n\n<input name=t value=\"a\x01\">", NULL },
		{ TOKEN_HIDDEN, "t", "HTTP/1.1 200 OK\n\n<input name=t value=\"a", NULL },
		{ TOKEN_COOKIE, "t",
		  "HTTP/1.1 200 OK\nSet-Cookie: u=1\nSet-Cookie: t=2; path=/\n\n", "2" },
		{ TOKEN_COOKIE, "t", "HTTP/1.1 200 OK\nSet-Cookie: tt=1\n\n", NULL },
	};

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		const struct form_token t = { .kind = cases[i].kind,
					      .text = (char *)cases[i].text };
		char token[FORM_TOKEN_MAX] = "";
		struct span body;
		struct http_head head = read_answer(cases[i].answer, &body);
		bool found = login_form_token(&t, &head, body, token);

		assert_int_equal(found, cases[i].token != NULL);
		if (found)
			assert_string_equal(token, cases[i].token);
	}
}

static void placeholders_are_words_in_braces(void **state)
{
	struct span word;

	(void)state;
	assert_true(login_form_placeholder("{\"a\":\"{user:base64}\"}", &word));
	assert_true(span_is(word, "user:base64"));
	assert_false(login_form_placeholder("{\"a\":{}} {A} {a b} {", &word));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_example_holds),
		cmocka_unit_test(every_vendor_has_passwords),
		cmocka_unit_test(mistakes_name_line_and_field),
		cmocka_unit_test(contradictions_say_nothing),
		cmocka_unit_test(tokens_are_taken_as_they_are_sent),
		cmocka_unit_test(placeholders_are_words_in_braces),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, open_ours, close_ours);
}
