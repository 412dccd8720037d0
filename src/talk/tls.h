/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Real TLS over a carrier of bytes, by OpenSSL with memory BIOs: for speaking inside it, not for
 * judging it (the tls probe has its own hellos). Any version that OpenSSL still speaks and any
 * certificate is accepted, so nothing secret may be said.
 */
#ifndef TENKEN_TALK_TLS_H
#define TENKEN_TALK_TLS_H

#include <sys/types.h>

#include "codec/span.h"

struct tls_carrier {
	int (*send)(void *context, const void *bytes, size_t n, unsigned timeout_ms);
	ssize_t (*receive)(void *context, void *bytes, size_t n, unsigned timeout_ms);
};

struct tls;

/* Handshake. NULL and *ret_error (negative errno; -EPROTO: no TLS, or none that we share) where it
 * failed. server_name may be NULL. old: TLS 1.2 at most. */
struct tls *tls_connect(const struct tls_carrier *carrier, void *context, const char *server_name,
			bool old, unsigned timeout_ms, int *ret_error);
/* One handshake more, asked for by us. 1: the server took part in it, 0: it refused; negative errno:
 * silence, or we could not ask. */
int tls_renegotiate(struct tls *t, unsigned timeout_ms);
void tls_free(struct tls *t);
int tls_send(struct tls *t, const void *bytes, size_t n, unsigned timeout_ms);
ssize_t tls_receive(struct tls *t, void *bytes, size_t n, unsigned timeout_ms);
/* Certificates of the peer in DER, leaf first; empty at the end. Valid as long as t. */
struct span tls_certificate(struct tls *t, size_t index);

#endif
