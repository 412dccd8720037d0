/* SPDX-License-Identifier: Apache-2.0 */
/*
 * STARTTLS, continued: the protocols that are not lines of text.
 *
 * Specifications: RFC 4511 4.14, 4.12 (LDAP's StartTLS); PostgreSQL manual, "SSL Session
 * Encryption" (frontend/backend protocol 3.0); MySQL, "Protocol::SSLRequest", "HandshakeV10";
 * [MS-RDPBCGR] 2.2.1.1, 2.2.1.2 (X.224 with the negotiation).
 *
 * Sent, one message before TLS:
 *   LDAP        30 1d  02 01 01  77 18  80 16 "1.3.6.1.4.1.1466.20037": extended request without a
 *               bind; nobody is named. (Refused: 30 05 02 01 02 42 00, unbind.)
 *   PostgreSQL  00 00 00 08  04 d2 16 2f: the request for TLS, before any startup packet
 *   MySQL       20 00 00  01  00 8a 00 00  00 00 00 01  21  00*23: the SSL request, which is the
 *               login's first half without name or password; only to a server whose greeting has
 *               CLIENT_SSL. A server answers it by nothing but TLS.
 *   RDP         03 00 00 13  0e e0 0000 0000 00  01 00 08 00 03 00 00 00: connection request for
 *               TLS or CredSSP, both of which begin with TLS
 * All are defined to come before any authentication and to change nothing. MySQL and MariaDB count
 * what leaves here as an interrupted connection (max_connect_errors, 100 by default), so there the
 * survey is kept to a few connections.
 */
#include "starttls.h"

#include "codec/ber.h"
#include "codec/reader.h"

enum {
	ANSWER_MAX = 4096, /* of an LDAP answer, which has a text for people */
	MYSQL_GREETING_MAX = 1024,
	MYSQL_HEADER = 4,
	MYSQL_VERSION = 10,
	MYSQL_ERROR = 0xff,
	CLIENT_SSL = 0x0800,
	TPKT_HEADER = 4,
	CONFIRM_MAX = 64,
};

/* ---- LDAP ---- */

/* The length behind the tag of a message: short form, or up to four bytes. 0: none that we take. */
static size_t read_length(struct conn *c, size_t most)
{
	struct reader r = rd_new(conn_read(c, 1));
	size_t length = rd_u8(&r);

	if (length <= 0x80)
		return length == 0x80 ? 0 : length;
	size_t bytes = length & 0x7f;
	if (bytes > 4)
		return 0;
	r = rd_new(conn_read(c, bytes));
	for (length = 0; rd_left(&r) > 0;)
		length = length << 8 | rd_u8(&r);
	return length <= most ? length : 0;
}

bool starttls_read_ldap(struct conn *c, size_t most, struct span *ret)
{
	struct span tag = conn_read(c, 1);

	if (!conn_ok(c) || tag.at[0] != BER_SEQUENCE)
		return false;
	size_t length = read_length(c, most);
	*ret = conn_read(c, length);
	return conn_ok(c) && length > 0;
}

/* RFC 4511 4.12: what the extended response says, success is 0. */
static bool read_extended(struct span body, uint32_t *ret_code)
{
	enum { EXTENDED_RESPONSE = BER_APPLICATION + 24 };

	struct reader r = rd_new(body);

	(void)ber_take_uint(&r, BER_INTEGER);
	struct reader response = ber_enter(&r, EXTENDED_RESPONSE);
	*ret_code = ber_take_uint(&response, BER_ENUMERATED);
	return rd_ok(&response);
}

enum starttls_answer starttls_lead_ldap(struct conn *c)
{
	enum { SUCCESS = 0, BUSY = 51, UNAVAILABLE = 52 };

	static const uint8_t unbind[] = { 0x30, 5, 2, 1, 2, 0x42, 0 };
	uint8_t buffer[64];
	uint32_t code;
	struct writer w = wr_new(buffer, sizeof(buffer));
	size_t message = ber_open(&w, BER_SEQUENCE);

	ber_put(&w, BER_INTEGER, span_of("\1", 1));
	size_t request = ber_open(&w, BER_APPLICATION + 23);
	ber_put(&w, 0x80, span_text("1.3.6.1.4.1.1466.20037"));
	ber_close(&w, request);
	ber_close(&w, message);
	conn_write_span(c, wr_span(&w));
	struct span body;
	if (!starttls_read_ldap(c, ANSWER_MAX, &body) || !read_extended(body, &code))
		return STARTTLS_OTHER;
	if (code == SUCCESS)
		return STARTTLS_READY;
	conn_write(c, unbind, sizeof(unbind));
	/* Active Directory without a certificate says "unavailable" too. */
	return code == BUSY ? STARTTLS_UNKNOWN : STARTTLS_ABSENT;
}

/* ---- PostgreSQL ---- */

enum starttls_answer starttls_lead_postgresql(struct conn *c)
{
	static const uint8_t request[] = { 0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f };

	conn_write(c, request, sizeof(request));
	struct span answer = conn_read_some(c, 2);
	/* More than the one byte is the greeting of something else ("SSH-2.0-..."). */
	if (!conn_ok(c) || answer.length != 1)
		return STARTTLS_OTHER;
	if (answer.at[0] == 'S')
		return STARTTLS_READY;
	return answer.at[0] == 'N' ? STARTTLS_ABSENT : STARTTLS_OTHER;
}

/* ---- MySQL ---- */

/* HandshakeV10 from its version on, or the error that takes its place. */
static enum starttls_answer read_greeting(struct span body)
{
	struct reader r = rd_new(body);
	uint8_t version = rd_u8(&r);

	if (version == MYSQL_ERROR) {
		uint16_t code = rd_le16(&r);

		/* 1040 to 1162, 1129 and 1130 among them: we may not connect. */
		return rd_ok(&r) && code >= 1000 && code < 3000 ? STARTTLS_UNKNOWN : STARTTLS_OTHER;
	}
	if (version != MYSQL_VERSION)
		return STARTTLS_OTHER;
	while (rd_u8(&r) != 0)
		;
	rd_skip(&r, 4 + 8); /* thread, first half of the challenge */
	uint8_t filler = rd_u8(&r);
	uint16_t capabilities = rd_le16(&r);
	if (!rd_ok(&r) || filler != 0)
		return STARTTLS_OTHER;
	return capabilities & CLIENT_SSL ? STARTTLS_READY : STARTTLS_ABSENT;
}

/* The length of the greeting behind its header; 0 where that is none. */
static size_t read_header(struct span header)
{
	struct reader r = rd_new(header);
	size_t length = rd_le16(&r);
	uint8_t high = rd_u8(&r), sequence = rd_u8(&r);

	return rd_end(&r) && high == 0 && sequence == 0 && length <= MYSQL_GREETING_MAX ? length
											: 0;
}

bool starttls_greets_mysql(struct span greeting)
{
	size_t length = read_header(span_first(greeting, MYSQL_HEADER));
	struct span body = span_from(greeting, MYSQL_HEADER);

	return length > 0 && body.length >= length &&
	       read_greeting(span_first(body, length)) != STARTTLS_OTHER;
}

enum starttls_answer starttls_lead_mysql(struct conn *c)
{
	static const uint8_t request[MYSQL_HEADER + 32] = {
		32,   0,    0, 1, /* length, sequence */
		0,    0x8a, 0, 0, /* CLIENT_PROTOCOL_41, CLIENT_SSL, CLIENT_SECURE_CONNECTION */
		0,    0,    0, 1, /* largest packet */
		0x21,             /* utf8 */
	};
	size_t length = read_header(conn_read(c, MYSQL_HEADER));

	if (length == 0)
		return STARTTLS_OTHER;
	enum starttls_answer a = read_greeting(conn_read(c, length));
	if (a == STARTTLS_READY)
		conn_write(c, request, sizeof(request));
	return a;
}

/* ---- RDP ---- */

enum starttls_answer starttls_lead_rdp(struct conn *c)
{
	enum { X224_CONFIRM = 0xd0, RESPONSE = 2, FAILURE = 3 };

	static const uint8_t request[] = { 3, 0, 0, 19, 14, 0xe0, 0, 0, 0, 0,
					   0, 1, 0, 8,  0,  3,    0, 0, 0 };

	conn_write(c, request, sizeof(request));
	struct reader header = rd_new(conn_read(c, TPKT_HEADER));
	uint8_t version = rd_u8(&header);
	rd_skip(&header, 1);
	size_t length = rd_be16(&header);
	if (!rd_end(&header) || version != 3 || length < TPKT_HEADER + 7 || length > CONFIRM_MAX)
		return STARTTLS_OTHER;
	struct reader r = rd_new(conn_read(c, length - TPKT_HEADER));
	struct reader tpdu = rd_sub(&r, rd_u8(&r));
	if ((rd_u8(&tpdu) & 0xf0) != X224_CONFIRM || !rd_end(&r))
		return STARTTLS_OTHER;
	rd_skip(&tpdu, 2 + 2 + 1); /* references, class */
	uint8_t type = rd_u8(&tpdu);
	rd_skip(&tpdu, 1 + 2); /* flags, length */
	uint32_t protocol = rd_le32(&tpdu);
	if (rd_end(&tpdu) && type == RESPONSE && protocol != 0)
		return STARTTLS_READY;
	return STARTTLS_ABSENT; /* a failure, standard security, or older than the negotiation */
}
