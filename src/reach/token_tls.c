/* SPDX-License-Identifier: Apache-2.0 */
#include "reach/token_tls.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>

enum { POINT = 65 /* uncompressed */ };

/* The public point of a secret number, and both as a key. */
static EVP_PKEY *key_of(const BIGNUM *secret)
{
	EVP_PKEY *key = NULL;
	uint8_t point[POINT];
	EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	EC_POINT *public = group != NULL ? EC_POINT_new(group) : NULL;
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	OSSL_PARAM *params = NULL;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);

	if (public != NULL && build != NULL && ctx != NULL &&
	    EC_POINT_mul(group, public, secret, NULL, NULL, NULL) == 1 &&
	    EC_POINT_point2oct(group, public, POINT_CONVERSION_UNCOMPRESSED, point, sizeof(point),
			       NULL) == sizeof(point) &&
	    OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) == 1 &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, secret) == 1 &&
	    OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point,
					     sizeof(point)) == 1 &&
	    (params = OSSL_PARAM_BLD_to_param(build)) != NULL && EVP_PKEY_fromdata_init(ctx) == 1 &&
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR, params) != 1)
		key = NULL;
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	EVP_PKEY_CTX_free(ctx);
	EC_POINT_free(public);
	EC_GROUP_free(group);
	return key;
}

EVP_PKEY *token_tls_key(const struct token_key *k)
{
	/* Any number below the group's order will do, which all but one of 2^32 are. */
	BIGNUM *secret = BN_bin2bn(k->tls, sizeof(k->tls), BN_secure_new());
	EVP_PKEY *key = secret != NULL ? key_of(secret) : NULL;

	BN_clear_free(secret);
	return key;
}

bool token_tls_is_ours(const struct token_key *k, EVP_PKEY *shown)
{
	EVP_PKEY *ours = token_tls_key(k);
	bool same = ours != NULL && shown != NULL && EVP_PKEY_eq(ours, shown) == 1;

	EVP_PKEY_free(ours);
	return same;
}
