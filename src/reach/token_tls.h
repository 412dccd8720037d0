/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The beacon's key of TLS (P-256) is made from the token key, so that both sides know it without a certificate
 * of anybody: who asks can tell whether it was the beacon's own TLS that answered, or somebody on the way who
 * opens it.
 */
#ifndef TENKEN_REACH_TOKEN_TLS_H
#define TENKEN_REACH_TOKEN_TLS_H

#include <openssl/evp.h>

#include "reach/token.h"

/* The key, with EVP_PKEY_free() to be freed; NULL without memory. */
EVP_PKEY *token_tls_key(const struct token_key *k);
/* Is this the public key of a certificate of the beacon's own? */
bool token_tls_is_ours(const struct token_key *k, EVP_PKEY *shown);

#endif
