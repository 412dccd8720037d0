/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Logins over HTTP: by its own schemes, Basic (RFC 7617) and Digest (RFC 7616; MD5 and SHA-256, qop auth or none),
 * and by the forms of pages that are known (login_form.c). Which of them is taken the answer decides.
 *
 * Sent, without a name: GET for the pages of forms that fit the maker, and for /, three at most, until one of them
 * is answered 401 or is the page of a form. Then one name and password: to the page that was answered 401 the same
 * request again, with Digest where both are offered, so that the password does not cross the wire; to a form what
 * it says. GET asks for no change (RFC 9110, 9.2.1). A page of another kind is not filled in: that could not be
 * tested.
 */
#include "login_http.h"

#include <openssl/evp.h>
#include <stdio.h>

#include "probe.h"

enum { HEX_MAX = 2 * EVP_MAX_MD_SIZE + 1, FIELD_MAX = 256, LINE_LENGTH = 3072, PLACES = 3 };

struct challenge {
	bool basic, digest, sha256, qop;
	char realm[FIELD_MAX], nonce[FIELD_MAX], opaque[FIELD_MAX];
};

/* The text as it may stand between quotes; false where it is too long or would end them. */
static bool keep(char *out, struct span text)
{
	if (text.length >= FIELD_MAX)
		return false;
	for (size_t i = 0; i < text.length; i++)
		if (text.at[i] == '"' || text.at[i] == '\\' || text.at[i] < 0x20)
			return false;
	memcpy(out, text.at, text.length);
	out[text.length] = '\0';
	return true;
}

/* The value behind this name among "name=value" and "name=\"value\"" between commas (RFC 9110, 11.2). */
static bool parameter(struct span list, const char *name, struct span *ret)
{
	while (list.length > 0) {
		ptrdiff_t equals = span_find(list, "=", 1);

		if (equals < 0)
			return false;
		struct span key = span_trim(span_first(list, (size_t)equals));
		struct span rest = span_trim(span_from(list, (size_t)equals + 1));
		bool quoted = span_starts(rest, "\"");
		if (quoted)
			rest = span_from(rest, 1);
		ptrdiff_t end = span_find(rest, quoted ? "\"" : ",", 1);
		size_t n = end < 0 ? rest.length : (size_t)end;
		if (span_is_nocase(key, name)) {
			*ret = span_trim(span_first(rest, n));
			return true;
		}
		list = span_from(rest, n + quoted);
		while (list.length > 0 && (list.at[0] == ',' || list.at[0] == ' '))
			list = span_from(list, 1);
	}
	return false;
}

static void read_digest(struct challenge *ret, struct span value)
{
	struct span text, algorithm = span_text("MD5");
	struct challenge d = { .basic = ret->basic };

	parameter(value, "algorithm", &algorithm);
	d.sha256 = span_is_nocase(algorithm, "SHA-256");
	if (!d.sha256 && !span_is_nocase(algorithm, "MD5"))
		return;
	d.digest = parameter(value, "realm", &text) && keep(d.realm, text) &&
		   parameter(value, "nonce", &text) && keep(d.nonce, text);
	if (parameter(value, "opaque", &text))
		d.digest = d.digest && keep(d.opaque, text);
	if (parameter(value, "qop", &text)) {
		d.qop = true;
		/* "auth" or "auth,auth-int" */
		d.digest = d.digest &&
			   (span_is_nocase(text, "auth") || span_starts_nocase(text, "auth,") ||
			    span_find_nocase(text, ",auth") >= 0);
	}
	if (d.digest && !(ret->digest && ret->sha256))
		*ret = d;
}

static void read_challenges(const struct http_head *head, struct challenge *ret)
{
	struct span value;

	for (size_t i = 0; http_find(head, "WWW-Authenticate", i, &value); i++) {
		if (span_starts_nocase(value, "Basic"))
			ret->basic = true;
		else if (span_starts_nocase(value, "Digest "))
			read_digest(ret, span_from(value, 7));
	}
}

static void hash(const struct challenge *d, const char *text, char out[static HEX_MAX])
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	if (EVP_Digest(text, strlen(text), digest, &n, d->sha256 ? EVP_sha256() : EVP_md5(),
		       NULL) != 1)
		n = 0;
	for (unsigned i = 0; i < n; i++)
		snprintf(out + 2 * i, 3, "%02x", digest[i]);
	out[2 * (size_t)n] = '\0';
}

/* RFC 7616, 3.4.1. False where something does not fit. */
static bool say_digest(struct conn *c, const struct challenge *d, const struct credential *k,
		       const char *path, char line[static LINE_LENGTH])
{
	char text[LINE_LENGTH], a1[HEX_MAX], a2[HEX_MAX], response[HEX_MAX], cnonce[17],
		tail[128] = "";
	uint64_t random;

	conn_random(c, &random, sizeof(random));
	snprintf(cnonce, sizeof(cnonce), "%016llx", (unsigned long long)random);
	if (strpbrk(k->user, "\"\\:") != NULL ||
	    snprintf(text, sizeof(text), "%s:%s:%s", k->user, d->realm, k->password) >=
		    (int)sizeof(text))
		return false;
	hash(d, text, a1);
	snprintf(text, sizeof(text), "GET:%s", path);
	hash(d, text, a2);
	if (d->qop)
		snprintf(text, sizeof(text), "%s:%s:00000001:%s:auth:%s", a1, d->nonce, cnonce, a2);
	else
		snprintf(text, sizeof(text), "%s:%s:%s", a1, d->nonce, a2);
	hash(d, text, response);
	if (d->qop)
		snprintf(tail, sizeof(tail), ", qop=auth, nc=00000001, cnonce=\"%s\"", cnonce);
	int n = snprintf(line, LINE_LENGTH,
			 "Authorization: Digest username=\"%s\", realm=\"%s\", nonce=\"%s\", "
			 "uri=\"%s\", algorithm=%s, response=\"%s\"%s%s%s%s\r\n",
			 k->user, d->realm, d->nonce, path, d->sha256 ? "SHA-256" : "MD5", response,
			 d->opaque[0] != '\0' ? ", opaque=\"" : "", d->opaque,
			 d->opaque[0] != '\0' ? "\"" : "", tail);
	return n > 0 && n < LINE_LENGTH;
}

static bool say_basic(const struct credential *k, char line[static LINE_LENGTH])
{
	char text[FIELD_MAX], coded[4 * FIELD_MAX / 3 + 8];
	int n = snprintf(text, sizeof(text), "%s:%s", k->user, k->password);

	if (n < 0 || n >= (int)sizeof(text))
		return false;
	EVP_EncodeBlock((uint8_t *)coded, (const uint8_t *)text, n);
	n = snprintf(line, LINE_LENGTH, "Authorization: Basic %s\r\n", coded);
	return n > 0 && n < LINE_LENGTH;
}

static enum login_result judge(const struct http_head *head)
{
	if (head->status == 423 || head->status == 429)
		return LOGIN_LOCKED;
	if (head->status == 401)
		return LOGIN_REFUSED;
	/* A redirect may lead to the page or back to a login: only the page itself is proof. */
	return head->status >= 200 && head->status < 300 ? LOGIN_ACCEPTED : LOGIN_UNTESTED;
}

/* The answer's head; and what follows where it is to be looked at. */
static bool ask(struct conn *c, const char *path, const char *headers, bool body,
		struct http_page *p, struct http_head *head)
{
	const struct http_question q = { .method = "GET", .target = path, .headers = headers };

	*head = (struct http_head){ 0 };
	p->head_length = p->body_length = 0;
	if (!conn_begin(c))
		return false;
	http_say(c, &q);
	if (http_hear_answer(c, p, head) != ENDING_DONE || head->status == 0)
		return false;
	return !body || http_hear_body(c, head, p) == ENDING_DONE;
}

/* The page asked for a name by itself. */
static enum login_result by_scheme(struct conn *c, const struct credential *k,
				   const struct challenge *d, const char *path, struct http_page *p)
{
	struct http_head head;
	char line[LINE_LENGTH];
	bool said = d->digest ? say_digest(c, d, k, path, line) : d->basic && say_basic(k, line);

	if (!said || !conn_again(c))
		return LOGIN_UNASKED;
	return ask(c, path, line, false, p, &head) ? judge(&head) : LOGIN_UNTESTED;
}

static bool is_page(const struct login_form *f, const char *path)
{
	for (size_t i = 0; i < f->page_count; i++)
		if (strcmp(f->pages[i], path) == 0)
			return true;
	return false;
}

/* Where the pages of fitting forms may be; / as the last, unless it is one of them. */
static size_t find_places(const struct login_forms *l, const struct credential *k,
			  const char *ret[static PLACES])
{
	size_t n = 0;

	for (size_t i = 0; l != NULL && i < l->count; i++)
		for (size_t m = 0; m < l->list[i].page_count; m++) {
			const char *path = l->list[i].pages[m];
			size_t at = 0;

			if (!login_form_fits(&l->list[i], k->vendor) || n == PLACES - 1)
				continue;
			while (at < n && strcmp(ret[at], path) != 0)
				at++;
			ret[at] = path;
			n += at == n;
		}
	for (size_t i = 0; i < n; i++)
		if (strcmp(ret[i], "/") == 0)
			return n;
	ret[n++] = "/";
	return n;
}

/* The first form of this maker that is looked for there; NULL: none. */
static const struct login_form *expected(const struct login_forms *l, const struct credential *k,
					 const char *path)
{
	for (size_t i = 0; l != NULL && i < l->count; i++)
		if (login_form_fits(&l->list[i], k->vendor) && is_page(&l->list[i], path))
			return &l->list[i];
	return NULL;
}

/* The form that fits the maker and is this page; NULL: none. */
static const struct login_form *find_form(const struct login_forms *l, const struct credential *k,
					  const char *path, const struct http_page *p,
					  const struct http_head *head)
{
	for (size_t i = 0; l != NULL && i < l->count; i++) {
		const struct login_form *f = &l->list[i];

		if (login_form_fits(f, k->vendor) && is_page(f, path) &&
		    login_form_shown(f, head, login_body(p, head)))
			return f;
	}
	return NULL;
}

static enum login_result converse(struct conn *c, const struct credential *k, struct http_page *p)
{
	const struct login_forms *l = conn_login_forms(c);
	const char *places[PLACES];
	size_t n = find_places(l, k, places);
	struct http_head head;
	char line[LINE_LENGTH];

	for (size_t i = 0; i < n; i++) {
		const struct login_form *f = expected(l, k, places[i]);
		const char *cookie = f != NULL ? f->cookie : NULL;
		struct challenge d = { 0 };

		snprintf(line, sizeof(line), "Accept: */*\r\n%s%s%s",
			 cookie != NULL ? "Cookie: " : "", cookie != NULL ? cookie : "",
			 cookie != NULL ? "\r\n" : "");
		if (i > 0 && !conn_again(c))
			break;
		if (!ask(c, places[i], line, f != NULL, p, &head))
			break;
		if (head.status == 401)
			read_challenges(&head, &d);
		if (d.basic || d.digest)
			return by_scheme(c, k, &d, places[i], p);
		f = find_form(l, k, places[i], p, &head);
		if (f != NULL)
			return login_form(c, f, places[i], k, p, &head);
	}
	return LOGIN_UNASKED;
}

enum login_result login_http(struct conn *c, const struct credential *k)
{
	struct http_page *p = calloc(1, sizeof(*p));
	enum login_result result = p != NULL ? converse(c, k, p) : LOGIN_UNASKED;

	free(p);
	return result;
}
