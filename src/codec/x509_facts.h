/* SPDX-License-Identifier: Apache-2.0 */
/* Facts of an X.509 certificate, as evidence. Nothing is verified against anything else. */
#ifndef TENKEN_CODEC_X509_FACTS_H
#define TENKEN_CODEC_X509_FACTS_H

#include <jansson.h>

#include "codec/span.h"

/*
 * Notes in object: subject, issuer (RFC 4514 text), serial (hexadecimal), not_before, not_after
 * (Unix seconds), key_type ("RSA", "EC", "Ed25519", ...), key_bits, key_curve, signature (algorithm
 * name), self_signed, ca, sha256, spki_sha256, names (at most names_max of the subject alternative
 * names: DNS names, addresses, mail addresses, URIs). What a certificate does not say, or says
 * broken, is left out.
 *
 * False, and nothing noted but sha256, where the bytes are no certificate (or more than
 * CERTIFICATE_MAX of them).
 */
bool x509_note(json_t *object, struct span der, size_t names_max);

#endif
