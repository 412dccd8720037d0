/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP inside TLS, as a browser would. The hello's server name holds a question, since the beacon says
 * nothing to anybody else; the answer inside proves that it was reached. Its key is known from the token key, so
 * that whoever opens TLS on the way is seen even where the answer is right.
 */
#include <errno.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>

#include "codec/evidence.h"
#include "codec/x509_facts.h"
#include "reach/egress.h"
#include "reach/token_tls.h"

enum { RECORDS = 16384, NAMES_MOST = 4, PAGE = 8192 };

struct tunnel {
	struct egress *e;
	struct reach_talk *t;
	SSL *ssl;
	BIO *in, *out; /* the SSL's own */
	int64_t until_ms;
	ssize_t error; /* of the connection; 0: its end */
};

/* Sends what OpenSSL has to say. */
static bool push(struct tunnel *u)
{
	uint8_t bytes[RECORDS];
	int n;

	while ((n = BIO_read(u->out, bytes, sizeof(bytes))) > 0)
		if (!reach_send(u->e->run, u->t, bytes, (size_t)n)) {
			u->error = -ECONNRESET;
			return false;
		}
	return true;
}

/* Sends, and waits for what OpenSSL wants to hear. False: the connection is over. */
static bool pump(struct tunnel *u)
{
	uint8_t bytes[RECORDS];

	if (!push(u))
		return false;
	u->error = egress_read(u->e, u->t, bytes, sizeof(bytes), u->until_ms);
	return u->error > 0 && BIO_write(u->in, bytes, (int)u->error) == u->error;
}

static bool wants_more(struct tunnel *u, int r)
{
	int why = SSL_get_error(u->ssl, r);

	return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE;
}

static bool handshake(struct tunnel *u)
{
	int r;

	while ((r = SSL_connect(u->ssl)) != 1)
		if (!wants_more(u, r) || !pump(u)) {
			push(u); /* our alert */
			return false;
		}
	return push(u);
}

static void note_certificate(struct tunnel *u, json_t *o, struct reach_result *ret)
{
	X509 *own = SSL_get1_peer_certificate(u->ssl);
	unsigned char *der = NULL;
	int n = own != NULL ? i2d_X509(own, &der) : -1;
	json_t *c = json_object();

	bool ours = own != NULL && token_tls_is_ours(u->e->run->key, X509_get0_pubkey(own));

	if (!ours)
		egress_note(ret, "TLS was opened on the way: the certificate is not the beacon's");
	note_bool(o, "beacons_own_tls", ours);
	if (n > 0)
		x509_note(c, span_of(der, (size_t)n), NAMES_MOST);
	if (n > 0)
		json_object_set_new(o, "certificate", c);
	else
		json_decref(c);
	OPENSSL_free(der);
	X509_free(own);
}

static void add_evidence(struct tunnel *u, struct reach_result *ret)
{
	json_t *o = ret->evidence[0] != '\0' ? json_loads(ret->evidence, 0, NULL) : NULL;

	if (o == NULL)
		o = json_object();
	note_word(o, "tls", SSL_get_version(u->ssl));
	note_certificate(u, o, ret);
	egress_evidence(ret, o);
}

static void ask(struct tunnel *u, struct egress_job *job, struct reach_result *ret)
{
	char host[REACH_TEXT], request[TOKEN_REQUEST];
	uint8_t page[PAGE], answer[TOKEN_ANSWER];
	struct token_asked asked;
	struct token_answer a;
	size_t have = 0;
	bool found = false, over = false;

	egress_place(&job->to, job->port, host);
	if (!egress_question(u->e, TOKEN_TLS, job->port, false, &asked))
		return;
	size_t length = token_request(&asked, host, false, u->e->run->options->identity, request);
	over = length == 0 || SSL_write(u->ssl, request, (int)length) <= 0 || !push(u);
	while (!over && !found && have < sizeof(page)) {
		int n = SSL_read(u->ssl, page + have, (int)(sizeof(page) - have));

		if (n > 0) {
			have += (size_t)n;
			found = token_response_find(span_of(page, have), answer);
		} else {
			over = !wants_more(u, n) || !pump(u);
		}
	}
	struct span got = span_of(page, have);
	enum token_verdict v = found ? token_check_answer(u->e->run->key, &asked,
							  span_of(answer, sizeof(answer)), &a)
				     : TOKEN_NONE;
	if (v == TOKEN_RIGHT)
		egress_reached(ret, &asked, &a, span_of(answer, sizeof(answer)));
	else
		egress_other(ret, v, got,
			     have == 0 ? "the TLS connection stood, but no answer came: somebody "
					 "else took it, or the beacon has another key"
				       : "a page of somebody else: a captive portal or proxy");
}

static SSL_CTX *make_context(void)
{
	SSL_CTX *c = SSL_CTX_new(TLS_client_method());

	if (c == NULL)
		return NULL;
	SSL_CTX_set_verify(c, SSL_VERIFY_NONE, NULL);
	SSL_CTX_set_security_level(c, 0);
	SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION);
	SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
	return c;
}

static bool make(struct tunnel *u, SSL_CTX *context, const char *name)
{
	u->ssl = SSL_new(context);
	u->in = BIO_new(BIO_s_mem());
	u->out = BIO_new(BIO_s_mem());
	if (u->ssl == NULL || u->in == NULL || u->out == NULL) {
		BIO_free(u->in);
		BIO_free(u->out);
		return false;
	}
	SSL_set_bio(u->ssl, u->in, u->out);
	return SSL_set_tlsext_host_name(u->ssl, name) == 1;
}

void egress_tls(struct egress *e, struct egress_job *job, struct reach_result *ret)
{
	struct reach_link_to way = { .use = GATE_BEACON,
				     .to = job->to,
				     .port = job->port,
				     .from = job->from,
				     .purpose = "reach-tls" };
	struct reach_talk t;

	if (!egress_open(e, job, &way, &t, ret))
		return;
	struct tunnel u = { .e = e, .t = &t, .until_ms = reach_mono_ms() + 2 * REACH_ANSWER_MS };
	SSL_CTX *context = make_context();
	const char *zone = e->run->beacon->dns_name;
	struct token_asked hello;
	char name[TOKEN_NAME];
	if (context == NULL || !egress_question(e, TOKEN_TLS, 0, true, &hello) ||
	    !token_name(&hello, zone != NULL ? zone : "tenken.invalid", name) ||
	    !make(&u, context, name)) {
		egress_note(ret, "out of memory");
	} else if (!handshake(&u)) {
		if (u.error == -ECONNRESET || u.error == -EPIPE || u.error == -EINTR)
			egress_failed(e, job, &t, (int)-u.error, ret);
		else
			egress_other(ret, TOKEN_NONE, span_of("", 0),
				     "the connection stood, but nobody spoke TLS");
	} else {
		ask(&u, job, ret);
		add_evidence(&u, ret);
	}
	SSL_free(u.ssl);
	SSL_CTX_free(context);
	reach_end(e->run, &t, reach_outcome_word(ret->outcome));
}
