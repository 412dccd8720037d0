/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS on the ports that have it. The hello's server name must hold a right question (RFC 6066, 3), else not a
 * byte is said: not even an alert. Inside it a second question is asked by HTTP. The certificate
 * says nothing about anybody; what proves the beacon is its answer, and its key, which comes from the token key.
 */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <sys/socket.h>

#include "codec/i18n.h"
#include "codec/reader.h"
#include "reach/beacon_parts.h"
#include "reach/token_tls.h"

enum { VALID_DAYS = 3650, DAY = 86400, FLIGHT = 4096 };

/* ---- the certificate ---- */

static X509 *certificate_new(EVP_PKEY *key)
{
	static const unsigned char name[] = "tenken";
	X509 *x = X509_new();

	if (x != NULL && X509_set_version(x, X509_VERSION_3) == 1 &&
	    ASN1_INTEGER_set(X509_get_serialNumber(x), 1) == 1 &&
	    X509_gmtime_adj(X509_getm_notBefore(x), -DAY) != NULL &&
	    X509_gmtime_adj(X509_getm_notAfter(x), (long)VALID_DAYS * DAY) != NULL &&
	    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC, name, -1, -1,
				       0) == 1 &&
	    X509_set_issuer_name(x, X509_get_subject_name(x)) == 1 &&
	    X509_set_pubkey(x, key) == 1 && X509_sign(x, key, EVP_sha256()) > 0)
		return x;
	X509_free(x);
	return NULL;
}

static bool digest_text(const X509 *x, char out[static 65])
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	if (X509_digest(x, EVP_sha256(), digest, &n) != 1 || n != 32)
		return false;
	for (unsigned i = 0; i < n; i++)
		snprintf(out + (size_t)2 * i, 3, "%02x", digest[i]);
	return true;
}

/* ---- the hello ---- */

/* The first label of the hello's server name; empty: none. */
static struct span first_label(SSL *ssl)
{
	const unsigned char *bytes;
	size_t n;
	struct span none = span_of("", 0);

	if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &bytes, &n) != 1)
		return none;
	struct reader r = rd_new(span_of(bytes, n));
	struct reader list = rd_sub(&r, rd_be16(&r));
	if (rd_u8(&list) != TLSEXT_NAMETYPE_host_name)
		return none;
	struct span name = rd_span(&list, rd_be16(&list));
	ptrdiff_t dot = span_find(name, ".", 1);
	return rd_ok(&list) ? span_first(name, dot < 0 ? name.length : (size_t)dot) : none;
}

static int on_hello(SSL *ssl, int *alert, void *context)
{
	struct beacon *b = context;
	struct connection *c = SSL_get_app_data(ssl);
	struct heard_by by = { c->from, c->from_port, c->end.port, TOKEN_TLS };
	uint8_t question[TOKEN_QUESTION];
	struct token_answer a;
	size_t n = 0;

	*alert = SSL_AD_UNRECOGNIZED_NAME;
	/* A second hello, after a retry request. */
	if (c->judged)
		return SSL_CLIENT_HELLO_SUCCESS;
	if (!token_name_read(first_label(ssl), question, &n))
		return SSL_CLIENT_HELLO_ERROR;
	c->judged = true;
	return beacon_judge(b, &by, span_of(question, n), &a) ? SSL_CLIENT_HELLO_SUCCESS
							      : SSL_CLIENT_HELLO_ERROR;
}

bool beacon_tls_open(struct beacon *b, struct complaints *c)
{
	EVP_PKEY *key = token_tls_key(b->setup->key);
	X509 *x = key != NULL ? certificate_new(key) : NULL;
	bool good = x != NULL && digest_text(x, b->certificate) &&
		    (b->tls = SSL_CTX_new(TLS_server_method())) != NULL &&
		    SSL_CTX_set_min_proto_version(b->tls, TLS1_2_VERSION) == 1 &&
		    SSL_CTX_use_certificate(b->tls, x) == 1 &&
		    SSL_CTX_use_PrivateKey(b->tls, key) == 1 &&
		    SSL_CTX_set_num_tickets(b->tls, 0) == 1;

	if (good) {
		SSL_CTX_set_session_cache_mode(b->tls, SSL_SESS_CACHE_OFF);
		SSL_CTX_set_options(b->tls, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION |
						    SSL_OP_NO_COMPRESSION |
						    SSL_OP_CIPHER_SERVER_PREFERENCE);
		SSL_CTX_set_mode(b->tls, SSL_MODE_RELEASE_BUFFERS);
		SSL_CTX_set_client_hello_cb(b->tls, on_hello, b);
	} else {
		complain(c, NULL, 0, _("TLS cannot be set up"));
	}
	X509_free(x);
	EVP_PKEY_free(key);
	return good;
}

void beacon_tls_close(struct beacon *b)
{
	SSL_CTX_free(b->tls);
	b->tls = NULL;
}

/* ---- conversations ---- */

static bool begin(struct beacon *b, struct connection *c)
{
	BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());

	c->ssl = SSL_new(b->tls);
	if (in == NULL || out == NULL || c->ssl == NULL) {
		BIO_free(in);
		BIO_free(out);
		return false;
	}
	SSL_set_bio(c->ssl, in, out);
	SSL_set_app_data(c->ssl, c);
	SSL_set_accept_state(c->ssl);
	return true;
}

/* What TLS wants to be sent, which is little: all of it fits the socket. */
static struct span flight(struct connection *c, uint8_t out[static FLIGHT])
{
	int n = BIO_read(SSL_get_wbio(c->ssl), out, FLIGHT);

	return span_of(out, n > 0 ? (size_t)n : 0);
}

static bool send_flight(struct beacon *b, struct connection *c)
{
	uint8_t out[FLIGHT];
	struct span s = flight(c, out);

	c->said += s.length;
	if (s.length == 0 ||
	    send(c->end.fd, s.at, s.length, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)s.length)
		return true;
	b->counts.send_failed++;
	return false;
}

/* False: the connection is over without an answer. */
static bool answer_inside(struct beacon *b, struct connection *c)
{
	uint8_t reply[REQUEST_MOST], out[FLIGHT];
	bool over = false;
	int n;

	while (c->have < sizeof(c->bytes) &&
	       (n = SSL_read(c->ssl, c->bytes + c->have, (int)(sizeof(c->bytes) - c->have))) > 0)
		c->have += (size_t)n;
	if (c->have == 0)
		return SSL_get_shutdown(c->ssl) == 0;
	struct span s = beacon_http_reply(b, c, TOKEN_TLS, (char *)reply, sizeof(reply), &over);
	if (!over)
		return true;
	if (s.length == 0 || SSL_write(c->ssl, s.at, (int)s.length) != (int)s.length)
		return false;
	SSL_shutdown(c->ssl);
	s = flight(c, out);
	/* All in all no more than was asked with, certificate and all. */
	if (c->said + s.length > c->heard)
		return false;
	beacon_tcp_say_last(b, c, s);
	return true;
}

/* What came in goes on; false: it is over. */
static bool go_on(struct beacon *b, struct connection *c)
{
	if (!SSL_is_init_finished(c->ssl)) {
		int r = SSL_do_handshake(c->ssl);
		if (r != 1 && SSL_get_error(c->ssl, r) != SSL_ERROR_WANT_READ)
			return false;
		if (!send_flight(b, c))
			return false;
	}
	return !SSL_is_init_finished(c->ssl) || answer_inside(b, c);
}

void beacon_tls_heard(struct beacon *b, struct connection *c)
{
	uint8_t bytes[FLIGHT];
	ssize_t n = recv(c->end.fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	ERR_clear_error();
	if (n > 0 && (c->heard += (size_t)n) <= TLS_IN_MOST && (c->ssl != NULL || begin(b, c)) &&
	    BIO_write(SSL_get_rbio(c->ssl), bytes, (int)n) == (int)n && go_on(b, c))
		return;
	ERR_clear_error();
	if (c->state == CONN_DEAD)
		return;
	if (!c->judged) {
		struct heard_by by = { c->from, c->from_port, c->end.port, TOKEN_TLS };
		beacon_stranger(b, &by);
	}
	beacon_tcp_drop(b, c);
}
