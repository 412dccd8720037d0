/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 5280, read by OpenSSL; RFC 4514 for names. */
#include "codec/x509_facts.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <time.h>

#include "codec/address.h"
#include "codec/evidence.h"
#include "codec/limits.h"

enum { NAME_MAX_BYTES = 253 }; /* of a subject alternative name: the longest DNS name */

static struct span asn1_span(const ASN1_STRING *s)
{
	int n = s != NULL ? ASN1_STRING_length(s) : 0;

	return n > 0 ? span_of(ASN1_STRING_get0_data(s), (size_t)n) : span_of("", 0);
}

static void note_digest(json_t *object, const char *key, const void *bytes, size_t n)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned length = 0;

	if (EVP_Digest(bytes, n, digest, &length, EVP_sha256(), NULL) == 1)
		note_hex(object, key, span_of(digest, length));
}

static void note_name(json_t *object, const char *key, const X509_NAME *name)
{
	BIO *text = BIO_new(BIO_s_mem());
	char *at = NULL;

	/* Not ESC_MSB: UTF-8 stays; what is none is escaped by note_text(). */
	if (text != NULL && name != NULL &&
	    X509_NAME_print_ex(text, name, 0,
			       XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB) >= 0) {
		long n = BIO_get_mem_data(text, &at);

		note_text(object, key, span_of(n > 0 ? at : "", n > 0 ? (size_t)n : 0));
	}
	BIO_free(text);
}

static void note_moment(json_t *object, const char *key, const ASN1_TIME *t)
{
	struct tm tm;

	if (t != NULL && ASN1_TIME_to_tm(t, &tm) == 1)
		note_int(object, key, timegm(&tm));
}

static void note_oid(json_t *object, const char *key, const ASN1_OBJECT *oid)
{
	char text[128];

	if (OBJ_obj2txt(text, sizeof(text), oid, 0) > 0)
		note_text(object, key, span_text(text));
}

static void note_key(json_t *object, X509 *x)
{
	X509_PUBKEY *spki = X509_get_X509_PUBKEY(x);
	EVP_PKEY *key = X509_get0_pubkey(x);
	ASN1_OBJECT *algorithm = NULL;
	uint8_t *der = NULL;
	int n = i2d_X509_PUBKEY(spki, &der);

	if (n > 0)
		note_digest(object, "spki_sha256", der, (size_t)n);
	OPENSSL_free(der);
	if (key == NULL) { /* an algorithm that OpenSSL has not, or a broken key */
		if (X509_PUBKEY_get0_param(&algorithm, NULL, NULL, NULL, spki) == 1)
			note_oid(object, "key_type", algorithm);
		return;
	}
	switch (EVP_PKEY_get_base_id(key)) {
	case EVP_PKEY_RSA:
		note_word(object, "key_type", "RSA");
		break;
	case EVP_PKEY_RSA_PSS:
		note_word(object, "key_type", "RSA-PSS");
		break;
	case EVP_PKEY_EC:
		note_word(object, "key_type", "EC");
		break;
	case EVP_PKEY_DSA:
		note_word(object, "key_type", "DSA");
		break;
	case EVP_PKEY_ED25519:
		note_word(object, "key_type", "Ed25519");
		break;
	case EVP_PKEY_ED448:
		note_word(object, "key_type", "Ed448");
		break;
	default:
		if (X509_PUBKEY_get0_param(&algorithm, NULL, NULL, NULL, spki) == 1)
			note_oid(object, "key_type", algorithm);
	}
	if (EVP_PKEY_get_bits(key) > 0)
		note_int(object, "key_bits", EVP_PKEY_get_bits(key));
	char curve[64];
	size_t length = 0;
	if (EVP_PKEY_get_base_id(key) == EVP_PKEY_EC &&
	    EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, curve, sizeof(curve),
					   &length) == 1)
		note_text(object, "key_curve", span_of(curve, length));
}

/* RSASSA-PSS names its digest in the parameters: "rsassaPss-SHA256". */
static void note_signature(json_t *object, X509 *x)
{
	int digest = NID_undef;
	char text[96];

	if (X509_get_signature_nid(x) == NID_rsassaPss &&
	    X509_get_signature_info(x, &digest, NULL, NULL, NULL) == 1 && digest != NID_undef) {
		snprintf(text, sizeof(text), "rsassaPss-%s", OBJ_nid2sn(digest));
		note_text(object, "signature", span_text(text));
		return;
	}
	note_oid(object, "signature", X509_get0_tbs_sigalg(x)->algorithm);
}

/* Issued to itself and signed with its own key. A signature that OpenSSL cannot check (MD2) counts
 * by its names. */
static bool is_self_signed(X509 *x)
{
	if (X509_self_signed(x, 0) != 1)
		return false;
	return X509_self_signed(x, 1) != 0;
}

static void note_serial(json_t *object, X509 *x)
{
	note_hex(object, "serial", asn1_span(X509_get0_serialNumber(x)));
}

static void list_address(json_t *list, struct span s)
{
	char text[ADDR_TEXT];
	struct addr a = { .bytes = { [10] = 0xff, [11] = 0xff } };

	if (s.length == 4)
		memcpy(a.bytes + 12, s.at, 4);
	else if (s.length == 16)
		memcpy(a.bytes, s.at, 16);
	else
		return;
	list_text(list, span_text(addr_format(&a, text)));
}

static void note_names(json_t *object, X509 *x, size_t names_max)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
	json_t *list = note_list(object, "names");

	for (int i = 0; i < sk_GENERAL_NAME_num(names) && json_array_size(list) < names_max; i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type == GEN_DNS || name->type == GEN_EMAIL || name->type == GEN_URI)
			list_text(list, span_first(asn1_span(name->d.ia5), NAME_MAX_BYTES));
		else if (name->type == GEN_IPADD)
			list_address(list, asn1_span(name->d.iPAddress));
	}
	GENERAL_NAMES_free(names);
}

bool x509_note(json_t *object, struct span der, size_t names_max)
{
	const unsigned char *at = der.at;

	note_digest(object, "sha256", der.at, der.length);
	if (der.length == 0 || der.length > CERTIFICATE_MAX)
		return false;
	X509 *x = d2i_X509(NULL, &at, (long)der.length);
	if (x == NULL) {
		ERR_clear_error();
		return false;
	}
	note_name(object, "subject", X509_get_subject_name(x));
	note_name(object, "issuer", X509_get_issuer_name(x));
	note_serial(object, x);
	note_moment(object, "not_before", X509_get0_notBefore(x));
	note_moment(object, "not_after", X509_get0_notAfter(x));
	note_key(object, x);
	note_signature(object, x);
	note_bool(object, "self_signed", is_self_signed(x));
	note_bool(object, "ca", X509_check_ca(x) == 1); /* says so in its constraints */
	note_names(object, x, names_max);
	X509_free(x);
	ERR_clear_error();
	return true;
}
