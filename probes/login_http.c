/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Logins by the schemes of HTTP itself: Basic (RFC 7617) and Digest (RFC 7616; MD5 and SHA-256, qop auth or
 * none). A page with a form of its own is not filled in: that could not be tested.
 *
 * Sent: GET / without a name, and only where it is answered 401 the same with one name and password. GET asks for
 * no change (RFC 9110, 9.2.1). Digest is taken where both are offered, so that the password does not cross the
 * wire.
 */
#include "login.h"

#include <openssl/evp.h>
#include <stdio.h>

#include "http_ask.h"
#include "probe.h"

enum { HEX_MAX = 2 * EVP_MAX_MD_SIZE + 1, FIELD_MAX = 256, LINE_LENGTH = 2048 };

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
		       char line[static LINE_LENGTH])
{
	char text[3 * FIELD_MAX + 2 * HEX_MAX], a1[HEX_MAX], a2[HEX_MAX], response[HEX_MAX],
		cnonce[17], tail[128] = "";
	uint64_t random;

	conn_random(c, &random, sizeof(random));
	snprintf(cnonce, sizeof(cnonce), "%016llx", (unsigned long long)random);
	if (strpbrk(k->user, "\"\\:") != NULL ||
	    snprintf(text, sizeof(text), "%s:%s:%s", k->user, d->realm, k->password) >=
		    (int)sizeof(text))
		return false;
	hash(d, text, a1);
	hash(d, "GET:/", a2);
	if (d->qop)
		snprintf(text, sizeof(text), "%s:%s:00000001:%s:auth:%s", a1, d->nonce, cnonce, a2);
	else
		snprintf(text, sizeof(text), "%s:%s:%s", a1, d->nonce, a2);
	hash(d, text, response);
	if (d->qop)
		snprintf(tail, sizeof(tail), ", qop=auth, nc=00000001, cnonce=\"%s\"", cnonce);
	int n = snprintf(line, LINE_LENGTH,
			 "Authorization: Digest username=\"%s\", realm=\"%s\", nonce=\"%s\", "
			 "uri=\"/\", algorithm=%s, response=\"%s\"%s%s%s%s\r\n",
			 k->user, d->realm, d->nonce, d->sha256 ? "SHA-256" : "MD5", response,
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

/* The head of the answer; what follows is not read. */
static bool ask(struct conn *c, const char *headers, struct http_page *p, struct http_head *head)
{
	const struct http_question q = { .method = "GET", .target = "/", .headers = headers };

	if (conn_tls_wanted(c) && !conn_start_tls(c, NULL))
		return false;
	p->head_length = p->body_length = 0;
	http_say(c, &q);
	return http_hear_answer(c, p, head) == ENDING_DONE && head->status != 0;
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

enum login_result login_http(struct conn *c, const struct credential *k)
{
	struct http_page *p = calloc(1, sizeof(*p));
	struct challenge d = { 0 };
	struct http_head head;
	char line[LINE_LENGTH];
	enum login_result result = LOGIN_UNTESTED;

	if (p != NULL && ask(c, NULL, p, &head) && head.status == 401) {
		read_challenges(&head, &d);
		bool said = d.digest ? say_digest(c, &d, k, line) : d.basic && say_basic(k, line);
		if (said && conn_again(c) && ask(c, line, p, &head))
			result = judge(&head);
	}
	free(p);
	return result;
}
