/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a client says in TLS, read by somebody who listens: the ClientHello of RFC 5246, 7.4.1.2 and RFC 8446,
 * 4.1.2, and the messages of SSL 2.0 (Netscape draft, 1.2 and 2.5; RFC 5246, E.2).
 */
#ifndef TENKEN_CODEC_TLS_CLIENT_H
#define TENKEN_CODEC_TLS_CLIENT_H

#include "codec/reader.h"

/* Views into the message. */
struct tls_client_hello {
	uint16_t version; /* the highest offered: of supported_versions where it is there */
	struct span
		versions; /* supported_versions, 2 bytes each; empty: the extension is not there */
	struct span suites;   /* 2 bytes each */
	struct span name;     /* server_name; empty: none */
	struct span protocol; /* the first of ALPN; empty: none */
};

/* The body of a ClientHello message. */
bool tls_read_client_hello(struct span body, struct tls_client_hello *ret);

/* The length of the SSL 2.0 record (two-byte header, no padding) that these bytes begin with; 0 where it is
 * none. Two bytes are enough. */
size_t ssl2_record(struct span bytes);
/* The body of an SSL 2.0 CLIENT-HELLO: the highest version it offers. False where it is none. */
bool ssl2_read_client_hello(struct span body, uint16_t *ret_version);
/* The body of a CLIENT-MASTER-KEY: the cipher kind that the client chose, three bytes. */
bool ssl2_read_master_key(struct span body, uint32_t *ret_kind);

#endif
