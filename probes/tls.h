/* SPDX-License-Identifier: Apache-2.0 */
/* What others need to know of the tls probe. */
#ifndef TENKEN_PROBES_TLS_H
#define TENKEN_PROBES_TLS_H

/* What the survey brings besides oddities, as conn_gathered() and conn_limited() name it; NULL ends. */
extern const char *const tls_facets[];

struct x509_trust;
/* From now on certificates are judged by it. Once, before the first thread; NULL: by nobody. */
void tls_trust(struct x509_trust *trust);

#endif
