/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS as it is heard: by the decoder tls, and by every protocol that leads to TLS (STARTTLS). Told are
 * name.tls, tls.offered, tls.version, tls.suite and, up to TLS 1.2, where they are not encrypted,
 * tls.certificate.
 */
#ifndef TENKEN_LISTEN_TLS_EAR_H
#define TENKEN_LISTEN_TLS_EAR_H

#include "codec/tls_client.h"
#include "listen/stream.h"

/* Zeroed at first. Part of a decoder's state. */
struct tls_ear {
	uint32_t passed[2]; /* bytes of the side's first record that were read already */
	uint16_t version;   /* negotiated; 0: not known yet */
	bool finished[2];   /* nothing more of this side is of interest */
	bool greeted;       /* a handshake message was read */
	bool retried;       /* the server asked for another hello */
	bool ssl2;
};

/* As hear() of a decoder. HEAR_NOT_OURS: it is not TLS. */
long tls_ear_hear(struct tls_ear *e, struct talk *t, enum side side, struct span bytes);
/* Do these bytes of a side begin TLS? 1, 0 (too few to tell) or -1, as recognise() of a decoder. */
int tls_ear_recognise(enum side side, struct span first);

#endif
