/* SPDX-License-Identifier: Apache-2.0 */
/* Who vouches for a certificate: the system's list of authorities, and the site's own. */
#ifndef TENKEN_CODEC_X509_TRUST_H
#define TENKEN_CODEC_X509_TRUST_H

#include <jansson.h>

#include "codec/span.h"

struct x509_trust;

/* Certificates in PEM. How many there are; -1 where one is broken, which ends in line *ret_line. */
int x509_trust_count(struct span pem, unsigned *ret_line);

/*
 * The authorities of the system (the file system_path; NULL: where Debian, Red Hat and others have it)
 * and those of the site (PEM, may be empty, copied). Reads files, so it is called before a sandbox closes;
 * afterwards it may be used by several threads. What it read is taken apart when it is asked first. NULL
 * without memory.
 */
struct x509_trust *x509_trust_new(const char *system_path, struct span site);
void x509_trust_free(struct x509_trust *t);

/*
 * Notes in object whether somebody vouches for the first certificate, with the others of its chain
 * and at this time: trusted, trust_store ("system", "site") where it is, untrusted ("self-signed",
 * "unknown-issuer", "expired", "not-yet-valid", "not-for-servers", "invalid") where it is not. Names are
 * not compared: nobody knows by which a client calls the server. Without any authority only a
 * self-signed one can be told. False where it could not be judged, and nothing is noted then.
 */
bool x509_trust_note(struct x509_trust *t, json_t *object, const struct span *chain, size_t count,
		     int64_t now);

#endif
