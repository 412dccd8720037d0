/* SPDX-License-Identifier: Apache-2.0 */
/* One server, one connection at a time, over libcurl. */
#include "push/push.h"

#include <curl/curl.h>
#include <errno.h>
#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "codec/file.h"
#include "codec/i18n.h"
#include "codec/span.h"

enum {
	ANSWER_MOST =
		64 << 10, /* bytes of an answer's body; it is only looked at for its first line */
	ANSWER_KEPT = 160,
	SECRET_MOST = 4096,
	CONNECT_S = 15,
};

struct push {
	struct push_setup setup;
	CURL *curl;
	char *target;
	int64_t until; /* by the clock that nobody sets */
	char error[CURL_ERROR_SIZE];
	size_t received;
	char answer[ANSWER_KEPT + 1];
};

static int64_t now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

/* ---- the URL ---- */

static char *part(CURLU *u, CURLUPart what)
{
	char *text = NULL;

	return curl_url_get(u, what, &text, 0) == CURLUE_OK ? text : NULL;
}

static bool is_loopback(const char *host)
{
	return strcmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0 ||
	       (strncmp(host, "127.", 4) == 0 && strspn(host, "0123456789.") == strlen(host));
}

/* "https://host:443/path"; NULL after a complaint. */
static char *target_of(const char *url, const char *option, bool proxy, struct complaints *c)
{
	CURLU *u = curl_url();
	const char *wrong = NULL;
	char *target = NULL;

	if (u == NULL || curl_url_set(u, CURLUPART_URL, url, 0) != CURLUE_OK) {
		curl_url_cleanup(u);
		/* What may be a secret is not said again. */
		complain(c, NULL, 0, "%s: %s", option, _("is no URL"));
		return NULL;
	}
	char *scheme = part(u, CURLUPART_SCHEME), *host = part(u, CURLUPART_HOST);
	char *user = part(u, CURLUPART_USER), *password = part(u, CURLUPART_PASSWORD);
	if (scheme == NULL || host == NULL || *host == '\0')
		wrong = _("is no URL");
	else if (user != NULL || password != NULL)
		wrong = _("names a user: secrets stand in a file, see --secret-file");
	else if (strcmp(scheme, "https") != 0 && strcmp(scheme, "http") != 0)
		wrong = _("is neither https nor http");
	else if (!proxy && strcmp(scheme, "http") == 0 && !is_loopback(host))
		wrong = _("is not https: results are sent in clear on this machine only");
	else {
		curl_url_set(u, CURLUPART_QUERY, NULL, 0);
		curl_url_set(u, CURLUPART_FRAGMENT, NULL, 0);
		char *text = part(u, CURLUPART_URL);
		target = text != NULL ? strdup(text) : NULL;
		curl_free(text);
		wrong = target == NULL ? _("out of memory") : NULL;
	}
	if (wrong != NULL)
		complain(c, NULL, 0, "%s: %s", option, wrong);
	curl_free(scheme);
	curl_free(host);
	curl_free(user);
	curl_free(password);
	curl_url_cleanup(u);
	return target;
}

/* ---- one attempt ---- */

/* The first line is kept for a message; beyond its limit an answer is not read. */
static size_t take_answer(char *bytes, size_t one, size_t n, void *context)
{
	struct push *p = context;
	size_t have = strlen(p->answer);

	for (size_t i = 0; i < n && have < ANSWER_KEPT && (have == p->received); i++)
		if (bytes[i] >= 0x20 && bytes[i] < 0x7f) {
			p->answer[have++] = bytes[i];
			p->answer[have] = '\0';
			p->received++;
		} else {
			p->received++;
			break;
		}
	(void)one;
	p->received += n;
	return p->received > ANSWER_MOST ? CURL_WRITEFUNC_ERROR : n;
}

static bool set_always(struct push *p)
{
	CURL *h = p->curl;
	const struct push_setup *s = &p->setup;
	struct curl_blob trust = { .flags = CURL_BLOB_NOCOPY };
	CURLcode r = CURLE_OK;

#define SET(option, value) (r = r != CURLE_OK ? r : curl_easy_setopt(h, option, value))
	SET(CURLOPT_ERRORBUFFER, p->error);
	SET(CURLOPT_URL, s->url);
	SET(CURLOPT_PROTOCOLS_STR, "https,http");
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_PROXY, s->proxy != NULL ? s->proxy : "");
	SET(CURLOPT_NOPROXY, "");
	SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (s->trust != NULL) {
		trust.data = (void *)(uintptr_t)s->trust;
		trust.len = strlen(s->trust);
		SET(CURLOPT_CAINFO_BLOB, &trust);
	}
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_CONNECTTIMEOUT,
	    (long)(s->timeout_s < CONNECT_S ? s->timeout_s : (unsigned)CONNECT_S));
	SET(CURLOPT_WRITEFUNCTION, take_answer);
	SET(CURLOPT_WRITEDATA, p);
	SET(CURLOPT_USERAGENT, "tenken/" PACKAGE_VERSION);
#undef SET
	return r == CURLE_OK;
}

/* Grows the list; false without memory, and the list is gone. */
static bool head(struct curl_slist **list, const char *name, const char *before, const char *value,
		 const char *after)
{
	char *line = NULL;
	struct curl_slist *longer = asprintf(&line, "%s:%s%s%s", name, before, value, after) > 0
					    ? curl_slist_append(*list, line)
					    : NULL;

	if (line != NULL)
		explicit_bzero(line, strlen(line));
	free(line);
	if (longer == NULL)
		curl_slist_free_all(*list);
	*list = longer;
	return longer != NULL;
}

static struct curl_slist *heads_of(const struct push *p, const char *key, const char *const *heads)
{
	struct curl_slist *list = NULL;
	bool good = head(&list, "Content-Type", " ", p->setup.media_type, "") &&
		    head(&list, "Idempotency-Key", " \"", key, "\"") &&
		    head(&list, "Expect", "", "", "");

	if (good && p->setup.secret != NULL)
		good = head(&list, "Authorization", " Bearer ", p->setup.secret, "");
	for (size_t i = 0; good && heads != NULL && heads[i] != NULL; i++) {
		struct curl_slist *longer = curl_slist_append(list, heads[i]);

		good = longer != NULL;
		if (!good)
			curl_slist_free_all(list);
		list = longer;
	}
	return list;
}

static void forget_heads(struct curl_slist *list)
{
	for (struct curl_slist *l = list; l != NULL; l = l->next)
		explicit_bzero(l->data, strlen(l->data));
	curl_slist_free_all(list);
}

/* Is it worth another attempt? */
static bool passes(CURLcode r)
{
	switch (r) {
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_CONNECT:
	case CURLE_OPERATION_TIMEDOUT:
	case CURLE_GOT_NOTHING:
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_PARTIAL_FILE:
	case CURLE_SSL_CONNECT_ERROR:
		return true;
	default:
		return false;
	}
}

/* Why there is no answer, in one line: curl's words, and what they leave open. */
static void say_why(struct push *p, CURLcode r, char words[static PUSH_WORDS])
{
	long verified = 0, number = 0;
	const char *said = p->error[0] != '\0' ? p->error : curl_easy_strerror(r);

	curl_easy_getinfo(p->curl, CURLINFO_SSL_VERIFYRESULT, &verified);
	curl_easy_getinfo(p->curl, CURLINFO_OS_ERRNO, &number);
	if (r == CURLE_PEER_FAILED_VERIFICATION &&
	    (verified == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT ||
	     verified == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN ||
	     verified == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY ||
	     verified == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE))
		snprintf(words, PUSH_WORDS,
			 _("%.90s: nobody who is trusted vouches for it (--ca-file, or 'trust' of "
			   "the site file, names your own authority)"),
			 said);
	else if (r == CURLE_COULDNT_CONNECT && number > 0)
		snprintf(words, PUSH_WORDS, "%.160s: %.60s", said, strerror((int)number));
	else
		snprintf(words, PUSH_WORDS, "%.200s", said);
}

/* What an answer means; ret_wait: seconds that the server asks for. */
static enum push_end judge(struct push *p, CURLcode r, char words[static PUSH_WORDS],
			   int64_t *ret_wait)
{
	long status = 0;
	curl_off_t wait = 0;

	*ret_wait = 0;
	curl_easy_getinfo(p->curl, CURLINFO_RESPONSE_CODE, &status);
	/* The status counts even where the rest of the answer was too long or never came. */
	if (status >= 200 && status < 300 && (r == CURLE_OK || r == CURLE_WRITE_ERROR))
		return PUSH_TAKEN;
	if (r != CURLE_OK && r != CURLE_WRITE_ERROR) {
		say_why(p, r, words);
		return passes(r) ? PUSH_FAILED : PUSH_REFUSED;
	}
	if (status >= 300 && status < 400)
		snprintf(words, PUSH_WORDS,
			 _("it answers %ld and sends on to another address, which is not followed"),
			 status);
	else if (p->answer[0] != '\0')
		snprintf(words, PUSH_WORDS, _("it answers %ld: %.160s"), status, p->answer);
	else
		snprintf(words, PUSH_WORDS, _("it answers %ld"), status);
	curl_easy_getinfo(p->curl, CURLINFO_RETRY_AFTER, &wait);
	*ret_wait = wait;
	return status >= 500 || status == 408 || status == 425 || status == 429 ? PUSH_FAILED
										: PUSH_REFUSED;
}

static enum push_end attempt(struct push *p, const void *body, size_t n, struct curl_slist *heads,
			     char words[static PUSH_WORDS], int64_t *ret_wait)
{
	int64_t left = p->until - now_s();

	p->received = 0;
	p->answer[0] = p->error[0] = '\0';
	*ret_wait = 0;
	if (left <= 0) {
		snprintf(words, PUSH_WORDS, "%s", _("the time for it is over"));
		return PUSH_REFUSED;
	}
	long timeout = left < p->setup.timeout_s ? (long)left : (long)p->setup.timeout_s;
	if (curl_easy_setopt(p->curl, CURLOPT_TIMEOUT, timeout) != CURLE_OK ||
	    curl_easy_setopt(p->curl, CURLOPT_HTTPHEADER, heads) != CURLE_OK ||
	    curl_easy_setopt(p->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)n) != CURLE_OK ||
	    curl_easy_setopt(p->curl, CURLOPT_POSTFIELDS, body) != CURLE_OK) {
		snprintf(words, PUSH_WORDS, "%s", _("out of memory"));
		return PUSH_REFUSED;
	}
	return judge(p, curl_easy_perform(p->curl), words, ret_wait);
}

enum push_end push_send(struct push *p, const void *body, size_t n, const char *key,
			const char *const *heads, char words[static PUSH_WORDS])
{
	struct curl_slist *list = heads_of(p, key, heads);
	enum push_end end = PUSH_REFUSED;
	int64_t asked = 0, own = 1;

	snprintf(words, PUSH_WORDS, "%s", _("out of memory"));
	for (unsigned try = 1; list != NULL; try++, own *= 2) {
		end = attempt(p, body, n, list, words, &asked);
		if (end != PUSH_FAILED || try >= p->setup.tries)
			break;
		int64_t wait = asked > own ? asked : own;
		if (wait > PUSH_WAIT_MOST_S)
			wait = PUSH_WAIT_MOST_S;
		if (now_s() + wait >= p->until)
			break;
		if (p->setup.wait != NULL)
			p->setup.wait(p->setup.context, words, (unsigned)wait);
		nanosleep(&(struct timespec){ .tv_sec = wait }, NULL);
	}
	forget_heads(list);
	return end;
}

/* ---- opening ---- */

struct push *push_open(const struct push_setup *s, struct complaints *c)
{
	struct push *p = calloc(1, sizeof(*p));

	if (p == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		complain(c, NULL, 0, _("out of memory"));
		free(p);
		return NULL;
	}
	p->setup = *s;
	p->until = now_s() + PUSH_TOTAL_S;
	p->target = target_of(s->url, "--push", false, c);
	char *proxy = s->proxy != NULL ? target_of(s->proxy, "--proxy", true, c) : NULL;
	bool good = p->target != NULL && (proxy != NULL || s->proxy == NULL);
	free(proxy);
	p->curl = good ? curl_easy_init() : NULL;
	if (p->curl != NULL && set_always(p))
		return p;
	if (good)
		complain(c, NULL, 0, _("out of memory"));
	push_close(p);
	return NULL;
}

void push_close(struct push *p)
{
	if (p == NULL)
		return;
	curl_easy_cleanup(p->curl);
	curl_global_cleanup();
	free(p->target);
	free(p);
}

const char *push_target(const struct push *p)
{
	return p->target;
}

char *push_secret_read(const char *path, struct complaints *c)
{
	struct stat st;
	size_t length = 0;

	if (stat(path, &st) == 0 && (st.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
		complain(c, path, 0, _("holds a secret and may be read by others (chmod 600)"));
		return NULL;
	}
	char *text = file_read(path, SECRET_MOST, &length, c);
	if (text == NULL)
		return NULL;
	size_t line = strcspn(text, "\r\n");
	bool good = line > 0;
	for (size_t i = 0; i < line; i++)
		good = good && text[i] > 0x20 && text[i] < 0x7f;
	explicit_bzero(text + line, length - line);
	if (good)
		return text;
	complain(c, path, 1, _("is not a secret: one word of visible ASCII characters"));
	explicit_bzero(text, length);
	free(text);
	return NULL;
}
