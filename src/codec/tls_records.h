/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS on the wire, as far as an unfinished handshake goes: the record layer, our own ClientHello in
 * every dialect from SSL 2.0 to TLS 1.3, and the answers. RFC 6101 (SSL 3.0), 2246, 4346, 5246,
 * 8446; the SSL 2.0 form as in RFC 5246, E.2 and the Netscape draft.
 *
 * Nothing here knows a connection. Returned spans view the caller's bytes.
 */
#ifndef TENKEN_CODEC_TLS_RECORDS_H
#define TENKEN_CODEC_TLS_RECORDS_H

#include "codec/limits.h"
#include "codec/reader.h"
#include "codec/writer.h"

enum tls_version_number {
	SSL_2_0 = 0x0002,
	SSL_3_0 = 0x0300,
	TLS_1_0 = 0x0301,
	TLS_1_1 = 0x0302,
	TLS_1_2 = 0x0303,
	TLS_1_3 = 0x0304,
};

enum tls_content {
	TLS_CHANGE_CIPHER_SPEC = 20,
	TLS_ALERT = 21,
	TLS_HANDSHAKE = 22,
	TLS_APPLICATION_DATA = 23,
};

enum tls_message_type {
	TLS_CLIENT_HELLO = 1,
	TLS_SERVER_HELLO = 2,
	TLS_ENCRYPTED_EXTENSIONS = 8,
	TLS_CERTIFICATE = 11,
	TLS_SERVER_KEY_EXCHANGE = 12,
	TLS_CERTIFICATE_REQUEST = 13,
	TLS_SERVER_HELLO_DONE = 14,
	TLS_CERTIFICATE_VERIFY = 15,
	TLS_FINISHED = 20,
	TLS_CERTIFICATE_STATUS = 22,
};

enum tls_alert_code {
	TLS_ALERT_HANDSHAKE_FAILURE = 40,
	TLS_ALERT_PROTOCOL_VERSION = 70,
	TLS_ALERT_INSUFFICIENT_SECURITY = 71,
	TLS_ALERT_INTERNAL_ERROR = 80,
	TLS_ALERT_INAPPROPRIATE_FALLBACK = 86,
	TLS_ALERT_UNRECOGNIZED_NAME = 112,
	TLS_ALERT_NO_APPLICATION_PROTOCOL = 120,
};

enum {
	TLS_RECORD_HEADER = 5,
	TLS_RECORD_MAX = 16384 + 2048, /* of a protected record; a plain one has at most 16384 */
	TLS_HELLO_MAX = 3072,          /* bytes of any hello of ours */
	TLS_RANDOM = 32,
	TLS_SHARE = 32, /* bytes of an X25519 key */
	TLS_GROUP_P256 = 23,
	TLS_GROUP_X25519 = 29,
};

/* ---- what we say ---- */

struct tls_hello {
	uint16_t version; /* the highest offered */
	uint16_t lowest;  /* TLS 1.3 only: offered as well, down to this one */
	const uint16_t *suites;
	size_t suite_count;
	const uint16_t *groups; /* none: no extension about them */
	size_t group_count;
	const uint16_t *schemes; /* signature algorithms, from TLS 1.2 on; NULL: all */
	size_t scheme_count;
	bool narrowed; /* not all schemes: says that certificates may be signed with all */
	/* Application protocols, as texts (ALPN). */
	const char *const *protocols;
	size_t protocol_count;
	bool extras;               /* asks for a ticket, an OCSP answer and heartbeats */
	const uint8_t *random;     /* TLS_RANDOM bytes */
	const uint8_t *session_id; /* 32 bytes for TLS 1.3 (RFC 8446, D.4), else NULL */
	struct span share; /* TLS 1.3: a key of share_group; empty asks for a retry request */
	uint16_t share_group;
	const char *server_name; /* or NULL */
};

/*
 * Writes a record with the ClientHello. SSL 3.0 goes without extensions, with the renegotiation
 * signal among its suites. Below TLS 1.3 DEFLATE is offered beside no compression. A hello of 256
 * to 511 bytes is padded to 512, since some load balancers never answer that size (RFC 7685, 4).
 */
void tls_write_hello(struct writer *w, const struct tls_hello *h);
/* The SSL 2.0 CLIENT-HELLO with all of its cipher kinds; challenge has 16 bytes. */
void ssl2_write_hello(struct writer *w, const uint8_t *challenge);

/* ---- what they say ---- */

struct tls_record {
	uint8_t type;
	uint16_t version;
	uint16_t length;
};

/* The five bytes of a record's header; false where they are none. */
bool tls_read_record(struct span header, struct tls_record *ret);

struct tls_message {
	uint8_t type;
	struct span body;
	struct span whole; /* with its header, as the transcript takes it */
};

/* The next handshake message; false, and nothing read, where it is not complete yet. */
bool tls_read_message(struct reader *r, struct tls_message *ret);

struct tls_server_hello {
	uint16_t version; /* negotiated: of supported_versions where it is there */
	struct span random;
	uint16_t suite;
	uint8_t compression;
	bool retry; /* HelloRetryRequest */
	bool secure_renegotiation;
	bool extended_master_secret;
	bool session_ticket;
	bool heartbeat;
	bool ocsp;      /* up to TLS 1.2: an OCSP answer follows */
	uint16_t group; /* TLS 1.3: of the key share; 0: none */
	struct span share;
	struct span groups;   /* TLS 1.3: all that it takes, 2 bytes each, where it says so */
	struct span protocol; /* chosen of ALPN; empty: none */
};

bool tls_read_server_hello(struct span body, struct tls_server_hello *ret);
/* TLS 1.3's EncryptedExtensions: adds what they say to hello. */
bool tls_read_encrypted_extensions(struct span body, struct tls_server_hello *hello);

struct tls_chain {
	struct span der[CHAIN_MAX]; /* leaf first */
	size_t count;
	bool more; /* than we keep */
	bool ocsp; /* TLS 1.3: the leaf comes with an OCSP answer */
};

/* The body of a Certificate message, in TLS 1.3's form or in that of the versions before. */
bool tls_read_chain(struct span body, bool tls13, struct tls_chain *ret);

struct tls_key_exchange {
	bool finite_field; /* else a curve */
	unsigned bits;
	uint16_t group;    /* named curve; 0: explicit parameters */
	struct span prime; /* finite field, without leading zeros */
	uint16_t scheme;   /* TLS 1.2: the signature's algorithm; 0: none, or not in that form */
};

/* ServerKeyExchange up to TLS 1.2 of a suite of these classes (SUITE_DHE or SUITE_ECDHE). scheme is of
 * no meaning below TLS 1.2. */
bool tls_read_key_exchange(struct span body, uint32_t classes, struct tls_key_exchange *ret);

struct ssl2_server_hello {
	uint16_t version;
	struct span certificate;
	struct span kinds; /* three bytes each */
};

/* The body of an SSL 2.0 record; false where it is no SERVER-HELLO. */
bool ssl2_read_server_hello(struct span body, struct ssl2_server_hello *ret);

/* ---- names ---- */

/* "SSLv2", "SSLv3", "TLSv1.0" ... "TLSv1.3"; NULL for others. */
const char *tls_version_name(uint16_t version);

struct tls_group {
	uint16_t id;
	uint16_t bits; /* of the field; of the curve's part in a hybrid */
	bool finite_field;
	const char *name;
};

/* RFC 8422, 7027, 8446, 7919, 8998 and the registry; NULL where unknown. */
const struct tls_group *tls_group_find(uint16_t id);
/* Every signature algorithm that a server may need for the certificate it has, the good ones first. */
extern const uint16_t tls_schemes[];
extern const size_t tls_scheme_count;
/* "rsa_pss_rsae_sha256", ... as RFC 8446 spells it; below TLS 1.3 the same codes as hash and
 * signature. NULL where unknown. */
const char *tls_scheme_name(uint16_t scheme);
/* The name of a well-known prime ("ffdhe2048", "modp1024", ...); NULL for any other. */
const char *tls_prime_name(struct span prime);

#endif
