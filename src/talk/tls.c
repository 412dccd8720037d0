/* SPDX-License-Identifier: Apache-2.0 */
#include "talk/tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <time.h>

#include "codec/limits.h"

struct tls {
	const struct tls_carrier *carrier;
	void *context;
	SSL *ssl;
	BIO *in, *out;
	uint8_t *der[CHAIN_MAX];
	size_t der_length[CHAIN_MAX];
};

/* One context for all conversations: OpenSSL shares it between threads. */
static SSL_CTX *shared_context(void)
{
	static SSL_CTX *context;

	if (__atomic_load_n(&context, __ATOMIC_ACQUIRE) == NULL) {
		SSL_CTX *made = SSL_CTX_new(TLS_client_method());

		if (made == NULL)
			return NULL;
		SSL_CTX_set_verify(made, SSL_VERIFY_NONE, NULL);
		SSL_CTX_set_security_level(made, 0);
		SSL_CTX_set_min_proto_version(made, TLS1_VERSION);
		SSL_CTX_set_cipher_list(made, "ALL:COMPLEMENTOFALL");
		SSL_CTX_set_ciphersuites(made,
					 "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:"
					 "TLS_AES_128_GCM_SHA256:TLS_AES_128_CCM_SHA256:"
					 "TLS_AES_128_CCM_8_SHA256");
		SSL_CTX_set_options(made, SSL_OP_LEGACY_SERVER_CONNECT);
		SSL_CTX_set_session_cache_mode(made, SSL_SESS_CACHE_OFF);
		SSL_CTX *none = NULL;
		if (!__atomic_compare_exchange_n(&context, &none, made, false, __ATOMIC_ACQ_REL,
						 __ATOMIC_ACQUIRE))
			SSL_CTX_free(made);
	}
	return __atomic_load_n(&context, __ATOMIC_ACQUIRE);
}

void tls_free(struct tls *t)
{
	if (t == NULL)
		return;
	for (size_t i = 0; i < CHAIN_MAX; i++)
		OPENSSL_free(t->der[i]);
	SSL_free(t->ssl); /* and both BIOs */
	free(t);
}

/* What OpenSSL wants to say goes out. */
static int flush(struct tls *t, unsigned timeout_ms)
{
	uint8_t bytes[4096];
	int n;

	while ((n = BIO_read(t->out, bytes, sizeof(bytes))) > 0) {
		int r = t->carrier->send(t->context, bytes, (size_t)n, timeout_ms);

		if (r < 0)
			return r;
	}
	return 0;
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* What is left until then, for one step of the carrier; a peer that drips does not start it anew. */
static unsigned left_ms(int64_t until)
{
	int64_t left = until - now_ms();

	return left > 0 ? (unsigned)left : 0;
}

/* Does what OpenSSL asks for after `result`: 0 to try again, or the negative errno of the end. A
 * clean close by the peer is -ESHUTDOWN. */
static int attend(struct tls *t, int result, int64_t until)
{
	int wish = SSL_get_error(t->ssl, result);
	int r = flush(t, left_ms(until));

	if (r < 0)
		return r;
	ERR_clear_error();
	if (wish == SSL_ERROR_WANT_WRITE)
		return 0;
	if (wish == SSL_ERROR_ZERO_RETURN)
		return -ESHUTDOWN;
	if (wish != SSL_ERROR_WANT_READ)
		return -EPROTO;
	uint8_t bytes[4096];
	ssize_t got = left_ms(until) > 0 ? t->carrier->receive(t->context, bytes, sizeof(bytes),
							       left_ms(until))
					 : -ETIMEDOUT;
	if (got < 0)
		return (int)got;
	if (got == 0)
		return -ESHUTDOWN;
	return BIO_write(t->in, bytes, (int)got) == (int)got ? 0 : -ENOMEM;
}

struct tls *tls_connect(const struct tls_carrier *carrier, void *context, const char *server_name,
			bool old, unsigned timeout_ms, int *ret_error)
{
	struct tls *t = calloc(1, sizeof(*t));
	SSL_CTX *shared = shared_context();
	int64_t until = now_ms() + timeout_ms;

	*ret_error = -ENOMEM;
	if (t == NULL || shared == NULL) {
		free(t);
		return NULL;
	}
	t->carrier = carrier;
	t->context = context;
	t->ssl = SSL_new(shared);
	t->in = BIO_new(BIO_s_mem());
	t->out = BIO_new(BIO_s_mem());
	if (t->ssl == NULL || t->in == NULL || t->out == NULL) {
		BIO_free(t->in);
		BIO_free(t->out);
		SSL_free(t->ssl);
		free(t);
		return NULL;
	}
	SSL_set_bio(t->ssl, t->in, t->out);
	SSL_set_connect_state(t->ssl);
	if (old) {
		SSL_set_max_proto_version(t->ssl, TLS1_2_VERSION);
		SSL_set_options(t->ssl, SSL_OP_ALLOW_UNSAFE_LEGACY_RENEGOTIATION);
	}
	if (server_name != NULL)
		SSL_set_tlsext_host_name(t->ssl, server_name);
	for (;;) {
		ERR_clear_error();
		int result = SSL_do_handshake(t->ssl);
		int r = result == 1 ? flush(t, left_ms(until)) : attend(t, result, until);

		if (r == 0 && result == 1)
			return t;
		if (r < 0) {
			*ret_error = r == -ESHUTDOWN ? -ECONNRESET : r;
			tls_free(t);
			return NULL;
		}
	}
}

int tls_renegotiate(struct tls *t, unsigned timeout_ms)
{
	int64_t until = now_ms() + timeout_ms;

	ERR_clear_error();
	if (SSL_version(t->ssl) >= TLS1_3_VERSION || SSL_renegotiate(t->ssl) != 1)
		return -EOPNOTSUPP;
	for (;;) {
		ERR_clear_error();
		int result = SSL_do_handshake(t->ssl);
		int r = result == 1 ? flush(t, left_ms(until)) : attend(t, result, until);

		if (r == 0 && result == 1)
			return 1;
		if (r == -EPROTO || r == -ESHUTDOWN || r == -ECONNRESET || r == -EPIPE)
			return 0;
		if (r < 0)
			return r;
	}
}

int tls_send(struct tls *t, const void *bytes, size_t n, unsigned timeout_ms)
{
	int64_t until = now_ms() + timeout_ms;

	for (;;) {
		ERR_clear_error();
		int result = SSL_write(t->ssl, bytes, (int)n);
		int r = result > 0 ? flush(t, left_ms(until)) : attend(t, result, until);

		if (r < 0 || result > 0)
			return r == -ESHUTDOWN ? -EPIPE : r;
	}
}

ssize_t tls_receive(struct tls *t, void *bytes, size_t n, unsigned timeout_ms)
{
	int64_t until = now_ms() + timeout_ms;

	for (;;) {
		ERR_clear_error();
		int result = SSL_read(t->ssl, bytes, (int)n);

		if (result > 0)
			return result;
		int r = attend(t, result, until);
		if (r < 0)
			return r == -ESHUTDOWN ? 0 : r;
	}
}

struct span tls_certificate(struct tls *t, size_t index)
{
	STACK_OF(X509) *chain = SSL_get_peer_cert_chain(t->ssl);
	int count = chain != NULL ? sk_X509_num(chain) : 0;

	if (index >= CHAIN_MAX || index >= (size_t)count)
		return span_of("", 0);
	if (t->der[index] == NULL) {
		int n = i2d_X509(sk_X509_value(chain, (int)index), &t->der[index]);

		if (n <= 0)
			return span_of("", 0);
		t->der_length[index] = (size_t)n;
	}
	return span_of(t->der[index], t->der_length[index]);
}
