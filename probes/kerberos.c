/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kerberos: that a key distribution centre is there, its realm where it tells it, and its clock.
 *
 * Specification: RFC 4120, 5.2 (types), 5.4.1 (KDC-REQ), 5.9.1 (KRB-ERROR), 7.2.2 (TCP), 7.5 (numbers).
 *
 * Sent on one connection:
 *   an AS-REQ without a client's name, for the ticket service of the realm TENKEN.INVALID, which is nobody's
 *   (RFC 2606), valid until 1970
 * Such a request can only be answered by an error, which tells the time. No account is named, so none can be
 * locked by it, and no ticket is issued.
 */
#include "probe.h"

#include <time.h>

#include "codec/ber.h"
#include "codec/evidence.h"

enum {
	ANSWER_MAX = 8192,
	AS_REQ = 10,
	KRB_ERROR = 30,
	PROTOCOL = 5,
	SERVICE_NAME = 2, /* a service and its instance */
	BITS = 0x03,
	GENERALIZED_TIME = 0x18,
	GENERAL_STRING = 0x1b,
	AES256 = 18,
	RC4 = 23,
};

static const char realm[] = "TENKEN.INVALID";

struct krb_error {
	uint32_t code;
	int64_t time; /* Unix seconds */
	struct span realm, text;
};

/* ---- readers ---- */

/* RFC 4120, 5.2.3: "19700101000000Z" and nothing else. */
static bool read_time(struct span text, int64_t *ret)
{
	int part[6] = { 0 };

	if (text.length != 15 || text.at[14] != 'Z')
		return false;
	for (size_t i = 0; i < 14; i++) {
		size_t p = i < 4 ? 0 : 1 + (i - 4) / 2;

		if (text.at[i] < '0' || text.at[i] > '9')
			return false;
		part[p] = part[p] * 10 + (text.at[i] - '0');
	}
	struct tm tm = { .tm_year = part[0] - 1900,
			 .tm_mon = part[1] - 1,
			 .tm_mday = part[2],
			 .tm_hour = part[3],
			 .tm_min = part[4],
			 .tm_sec = part[5] };
	if (part[1] < 1 || part[1] > 12 || part[2] < 1 || part[2] > 31)
		return false;
	*ret = timegm(&tm);
	return true;
}

/* The fields in their order; those that nobody needs are stepped over. */
static bool read_error(struct span message, struct krb_error *ret)
{
	struct reader r = rd_new(message);
	struct reader outer = ber_enter(&r, BER_APPLICATION + KRB_ERROR);
	struct reader list = ber_enter(&outer, BER_SEQUENCE);
	struct krb_error e = { .realm = span_first(message, 0), .text = span_first(message, 0) };
	struct reader field = ber_enter(&list, BER_CONTEXT + 0);

	if (ber_take_uint(&field, BER_INTEGER) != PROTOCOL || !rd_ok(&field))
		return false;
	field = ber_enter(&list, BER_CONTEXT + 1);
	if (ber_take_uint(&field, BER_INTEGER) != KRB_ERROR)
		return false;
	ber_skip(&list, BER_CONTEXT + 2); /* the client's clock */
	ber_skip(&list, BER_CONTEXT + 3);
	field = ber_enter(&list, BER_CONTEXT + 4);
	if (!read_time(ber_take(&field, GENERALIZED_TIME), &e.time))
		return false;
	(void)ber_enter(&list, BER_CONTEXT + 5); /* microseconds */
	field = ber_enter(&list, BER_CONTEXT + 6);
	e.code = ber_take_uint(&field, BER_INTEGER);
	ber_skip(&list, BER_CONTEXT + 7); /* the client */
	ber_skip(&list, BER_CONTEXT + 8);
	struct reader name = ber_enter(&list, BER_CONTEXT + 9);
	e.realm = ber_take(&name, GENERAL_STRING);
	(void)ber_enter(&list, BER_CONTEXT + 10); /* the service */
	if (!rd_ok(&list) || !rd_ok(&field) || !rd_ok(&name))
		return false;
	/* What comes next is optional, and of e-text and e-data nobody depends on the second. */
	struct reader rest = list;
	struct reader text = ber_enter(&rest, BER_CONTEXT + 11);
	struct span said = ber_take(&text, GENERAL_STRING);
	if (rd_ok(&text))
		e.text = said;
	*ret = e;
	return true;
}

/* ---- writers ---- */

static void put_uint(struct writer *w, uint8_t tag, uint8_t value)
{
	size_t field = ber_open(w, tag);

	ber_put(w, BER_INTEGER, span_of(&value, 1));
	ber_close(w, field);
}

static void put_text(struct writer *w, uint8_t tag, uint8_t type, const char *text)
{
	size_t field = ber_open(w, tag);

	ber_put(w, type, span_text(text));
	ber_close(w, field);
}

static void put_body(struct writer *w, struct span nonce)
{
	size_t body = ber_open(w, BER_SEQUENCE);
	size_t field = ber_open(w, BER_CONTEXT + 0);

	ber_put(w, BITS, span_of("\0\0\0\0\0", 5)); /* no options */
	ber_close(w, field);
	put_text(w, BER_CONTEXT + 2, GENERAL_STRING, realm);
	field = ber_open(w, BER_CONTEXT + 3);
	size_t name = ber_open(w, BER_SEQUENCE);
	put_uint(w, BER_CONTEXT + 0, SERVICE_NAME);
	size_t parts_field = ber_open(w, BER_CONTEXT + 1);
	size_t parts = ber_open(w, BER_SEQUENCE);
	ber_put(w, GENERAL_STRING, span_text("krbtgt"));
	ber_put(w, GENERAL_STRING, span_text(realm));
	ber_close(w, parts);
	ber_close(w, parts_field);
	ber_close(w, name);
	ber_close(w, field);
	put_text(w, BER_CONTEXT + 5, GENERALIZED_TIME, "19700101000000Z");
	field = ber_open(w, BER_CONTEXT + 7);
	ber_put(w, BER_INTEGER, nonce);
	ber_close(w, field);
	field = ber_open(w, BER_CONTEXT + 8);
	size_t ciphers = ber_open(w, BER_SEQUENCE);
	ber_put(w, BER_INTEGER, span_of((const uint8_t[]){ AES256 }, 1));
	ber_put(w, BER_INTEGER, span_of((const uint8_t[]){ RC4 }, 1));
	ber_close(w, ciphers);
	ber_close(w, field);
	ber_close(w, body);
}

static void say_request(struct conn *c)
{
	uint8_t bytes[256], framed[4 + sizeof(bytes)], nonce[4];
	struct writer w = wr_new(bytes, sizeof(bytes)), frame = wr_new(framed, sizeof(framed));
	size_t request = ber_open(&w, BER_APPLICATION + AS_REQ);
	size_t list = ber_open(&w, BER_SEQUENCE);

	put_uint(&w, BER_CONTEXT + 1, PROTOCOL);
	put_uint(&w, BER_CONTEXT + 2, AS_REQ);
	size_t body = ber_open(&w, BER_CONTEXT + 4);
	conn_random(c, nonce, sizeof(nonce));
	nonce[0] = (nonce[0] & 0x3f) | 0x40; /* positive, and of four bytes */
	put_body(&w, span_of(nonce, sizeof(nonce)));
	ber_close(&w, body);
	ber_close(&w, list);
	ber_close(&w, request);
	wr_be32(&frame, (uint32_t)wr_span(&w).length);
	wr_span_in(&frame, wr_span(&w));
	conn_write_span(c, wr_span(&frame));
}

/* ---- conversation ---- */

static enum ending kerberos_run(struct conn *c, json_t *evidence)
{
	struct krb_error e;

	say_request(c);
	struct reader head = rd_new(conn_read(c, 4));
	uint32_t length = rd_be32(&head);
	if (!conn_ok(c))
		return conn_received(c) > 0 ? ENDING_NOT_THIS : conn_ending(c);
	if (length == 0 || length > ANSWER_MAX)
		return ENDING_NOT_THIS;
	struct span message = conn_read(c, length);
	if (!conn_ok(c) || !read_error(message, &e))
		return ENDING_NOT_THIS;
	note_int(evidence, "error", e.code);
	note_int(evidence, "time", e.time);
	if (span_is(e.text, "NULL_CLIENT"))
		note_word(evidence, "product", "MIT Kerberos");
	/* A centre that says the realm back does not tell its own. */
	if (!span_is(e.realm, realm))
		note_text(evidence, "realm", e.realm);
	if (e.text.length > 0)
		note_text(evidence, "text", e.text);
	conn_gathered(c, "clock");
	return ENDING_DONE;
}

static const char kerberos_view[] =
	"CREATE TEMP VIEW kerberos AS SELECT address, port, evidence->>'$.realm' AS realm,"
	" evidence->>'$.time' AS time, evidence->>'$.error' AS error FROM document"
	" WHERE probe = 'kerberos' AND evidence <> '{}';";

const struct probe probe_kerberos = {
	.name = "kerberos",
	.ports = "88",
	.risk = RISK_READ,
	.connections = { 1, 1 },
	.sent = { 256, 256 },
	.received = { 8192, 8192 },
	.run = kerberos_run,
	.view = kerberos_view,
};
