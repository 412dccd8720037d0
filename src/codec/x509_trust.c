/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 5280 6, by OpenSSL. */
#include "codec/x509_trust.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdlib.h>

#include "codec/evidence.h"
#include "codec/file.h"
#include "codec/limits.h"

enum { SYSTEM_MAX = 16 * 1024 * 1024 }; /* bytes of the system's list */

struct x509_trust {
	pthread_mutex_t lock;
	char *system_pem, *site_pem; /* until the stores are made of them */
	size_t system_length, site_length;
	X509_STORE *site, *system; /* NULL: nobody is in it */
};

static unsigned lines_until(struct span text, size_t end)
{
	unsigned n = 1;

	for (size_t i = 0; i < end && i < text.length; i++)
		n += text.at[i] == '\n';
	return n;
}

/* Each certificate into store, where there is one. */
static int read_pem(struct span pem, X509_STORE *store, unsigned *ret_line)
{
	BIO *in = pem.length <= INT_MAX ? BIO_new_mem_buf(pem.at, (int)pem.length) : NULL;
	int n = 0;

	*ret_line = 1;
	while (in != NULL) {
		X509 *x = PEM_read_bio_X509(in, NULL, NULL, NULL);

		if (x == NULL)
			break;
		if (store != NULL && X509_STORE_add_cert(store, x) != 1)
			n = -1;
		X509_free(x);
		if (n < 0)
			break;
		n++;
	}
	/* "No start line" is the end of the file; all else is a broken certificate. */
	bool ended = ERR_GET_LIB(ERR_peek_last_error()) == ERR_LIB_PEM &&
		     ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
	if (in != NULL && !ended)
		*ret_line = lines_until(pem, pem.length - BIO_ctrl_pending(in));
	ERR_clear_error();
	BIO_free(in);
	return ended ? n : -1;
}

int x509_trust_count(struct span pem, unsigned *ret_line)
{
	return read_pem(pem, NULL, ret_line);
}

/* What the site declares holds whatever it is: an authority below another one, or a certificate. */
static X509_STORE *store_of(const char *pem, size_t length)
{
	X509_STORE *store = pem != NULL ? X509_STORE_new() : NULL;
	unsigned line;

	if (store == NULL)
		return NULL;
	X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
	read_pem(span_of(pem, length), store, &line);
	if (sk_X509_OBJECT_num(X509_STORE_get0_objects(store)) > 0)
		return store;
	X509_STORE_free(store);
	return NULL;
}

static char *read_system(const char *path, size_t *ret_length)
{
	static const char *const paths[] = {
		"/etc/ssl/certs/ca-certificates.crt",     /* Debian, Arch, Alpine */
		"/etc/pki/tls/certs/ca-bundle.crt",       /* Red Hat */
		"/var/lib/ca-certificates/ca-bundle.pem", /* SUSE */
	};
	struct complaints none = { 0 };
	char *text = path != NULL ? file_read(path, SYSTEM_MAX, ret_length, &none) : NULL;

	for (size_t i = 0; path == NULL && i < countof(paths) && text == NULL; i++)
		text = file_read(paths[i], SYSTEM_MAX, ret_length, &none);
	complaints_done(&none);
	return text;
}

struct x509_trust *x509_trust_new(const char *system_path, struct span site)
{
	struct x509_trust *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	pthread_mutex_init(&t->lock, NULL);
	t->system_pem = read_system(system_path, &t->system_length);
	t->site_pem = site.length > 0 ? malloc(site.length) : NULL;
	if (t->site_pem != NULL) {
		memcpy(t->site_pem, site.at, site.length);
		t->site_length = site.length;
	}
	return t;
}

static void make_stores(struct x509_trust *t)
{
	pthread_mutex_lock(&t->lock);
	if (t->system_pem != NULL)
		t->system = store_of(t->system_pem, t->system_length);
	if (t->site_pem != NULL)
		t->site = store_of(t->site_pem, t->site_length);
	free(t->system_pem);
	free(t->site_pem);
	t->system_pem = t->site_pem = NULL;
	pthread_mutex_unlock(&t->lock);
}

void x509_trust_free(struct x509_trust *t)
{
	if (t == NULL)
		return;
	X509_STORE_free(t->site);
	X509_STORE_free(t->system);
	free(t->system_pem);
	free(t->site_pem);
	pthread_mutex_destroy(&t->lock);
	free(t);
}

/* X509_V_OK or why not. now 0: whatever the time. */
static int verify(X509_STORE *store, X509 *leaf, STACK_OF(X509) * others, int64_t now)
{
	X509_STORE_CTX *c = X509_STORE_CTX_new();
	int result = X509_V_ERR_OUT_OF_MEM;

	if (c != NULL && X509_STORE_CTX_init(c, store, leaf, others) == 1 &&
	    X509_STORE_CTX_set_purpose(c, X509_PURPOSE_SSL_SERVER) == 1) {
		if (now != 0)
			X509_STORE_CTX_set_time(c, 0, (time_t)now);
		else
			X509_STORE_CTX_set_flags(c, X509_V_FLAG_NO_CHECK_TIME);
		result = X509_verify_cert(c) == 1 ? X509_V_OK : X509_STORE_CTX_get_error(c);
	}
	X509_STORE_CTX_free(c);
	ERR_clear_error();
	return result;
}

static const char *word_of(int error)
{
	switch (error) {
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
		return "self-signed";
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
		return "unknown-issuer";
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return "expired";
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return "not-yet-valid";
	case X509_V_ERR_INVALID_PURPOSE:
		return "not-for-servers";
	case X509_V_ERR_OUT_OF_MEM:
		return NULL;
	default:
		return "invalid";
	}
}

/* Who vouches, and what stands against it: time only where everything else is right. */
static int judge(const struct x509_trust *t, X509 *leaf, STACK_OF(X509) * others, int64_t now,
		 const char **ret_store)
{
	X509_STORE *const stores[] = { t->site, t->system };
	static const char *const names[] = { "site", "system" };
	int error = X509_self_signed(leaf, 0) == 1 ? X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT
						   : X509_V_ERR_OUT_OF_MEM;

	for (size_t i = 0; i < countof(stores); i++) {
		if (stores[i] == NULL)
			continue;
		int result = verify(stores[i], leaf, others, 0);
		if (result == X509_V_OK) {
			*ret_store = names[i];
			return verify(stores[i], leaf, others, now);
		}
		error = result;
	}
	return error;
}

bool x509_trust_note(struct x509_trust *t, json_t *object, const struct span *chain, size_t count,
		     int64_t now)
{
	STACK_OF(X509) *others = sk_X509_new_null();
	X509 *leaf = NULL;
	const char *store = NULL, *why = NULL;
	int error = X509_V_ERR_OUT_OF_MEM;

	make_stores(t);
	for (size_t i = 0; i < count && i < CHAIN_MAX && others != NULL; i++) {
		const unsigned char *at = chain[i].at;
		X509 *x = chain[i].length > 0 && chain[i].length <= CERTIFICATE_MAX
				  ? d2i_X509(NULL, &at, (long)chain[i].length)
				  : NULL;

		if (i == 0)
			leaf = x;
		else if (x != NULL && sk_X509_push(others, x) <= 0)
			X509_free(x);
		if (leaf == NULL)
			break;
	}
	if (leaf != NULL && others != NULL)
		error = judge(t, leaf, others, now, &store);
	if (error != X509_V_OK)
		why = word_of(error);
	if (error == X509_V_OK || why != NULL)
		note_bool(object, "trusted", error == X509_V_OK);
	if (error == X509_V_OK)
		note_word(object, "trust_store", store);
	else if (why != NULL)
		note_word(object, "untrusted", why);
	X509_free(leaf);
	sk_X509_pop_free(others, X509_free);
	ERR_clear_error();
	return error == X509_V_OK || why != NULL;
}
