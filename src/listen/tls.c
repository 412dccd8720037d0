/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS and SSL, as far as their handshakes are in the clear. RFC 6101, 2246, 4346, 5246, 8446; the Netscape
 * draft of SSL 2.0.
 *
 * Handshake messages are read across records. Bytes are taken from the caller record by record, once every
 * message that ends in them is read, so that nothing is copied into the state.
 */
#include <jansson.h>
#include <openssl/evp.h>
#include <stdlib.h>

#include "codec/evidence.h"
#include "codec/limits.h"
#include "codec/tls_records.h"
#include "codec/tls_suites.h"
#include "codec/x509_facts.h"
#include "listen/tls_ear.h"

enum {
	FLIGHT_MAX = 40 * 1024, /* bytes of handshake messages that wait for their end */
	NAMES_MAX = 32,         /* alternative names of one certificate */
	OFFERED_MAX = 64,
};

/* ---- telling ---- */

static void tell_offered(struct talk *t, const struct tls_client_hello *hello)
{
	char text[OFFERED_MAX];
	struct writer w = wr_new(text, sizeof(text));
	struct reader list = rd_new(hello->versions);

	while (rd_left(&list) >= 2) {
		const char *name = tls_version_name(rd_be16(&list));

		if (name == NULL)
			continue;
		if (w.length > 0)
			wr_u8(&w, ',');
		wr_text(&w, name);
	}
	if (w.length == 0 && tls_version_name(hello->version) != NULL)
		wr_text(&w, tls_version_name(hello->version));
	if (wr_ok(&w))
		tell_client(t, "tls.offered", wr_span(&w));
}

static void tell_client_hello(struct talk *t, struct span body)
{
	struct tls_client_hello hello;

	if (!tls_read_client_hello(body, &hello))
		return;
	tell_offered(t, &hello);
	if (hello.name.length > 0) {
		tell_service(t, "name.tls", hello.name);
		if (t->named != NULL)
			t->named(t, hello.name);
	}
}

static void tell_version(struct talk *t, uint16_t version)
{
	const char *name = tls_version_name(version);

	if (name != NULL)
		tell_server(t, "tls.version", span_text(name));
}

static void tell_suite(struct talk *t, uint16_t code)
{
	const struct tls_suite *suite = tls_suite_find(code);

	if (suite != NULL)
		tell_server(t, "tls.suite", span_text(suite->name));
}

/* True where it was told lately of this server. */
static bool is_told(struct talk *t, struct span der, size_t position)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	uint8_t digest[EVP_MAX_MD_SIZE], place = (uint8_t)position;
	uint64_t short_digest = 0;

	bool made = context != NULL && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1 &&
		    EVP_DigestUpdate(context, &place, 1) == 1 &&
		    EVP_DigestUpdate(context, &t->server, sizeof(t->server)) == 1 &&
		    EVP_DigestUpdate(context, &t->server_port, sizeof(t->server_port)) == 1 &&
		    EVP_DigestUpdate(context, der.at, der.length) == 1 &&
		    EVP_DigestFinal_ex(context, digest, NULL) == 1;
	EVP_MD_CTX_free(context);
	if (!made)
		return false;
	memcpy(&short_digest, digest, sizeof(short_digest));
	uint64_t *told = &t->notes->certificates[(digest[8] << 8 | digest[9]) % NOTES_CERTIFICATES];
	if (*told == short_digest)
		return true;
	*told = short_digest;
	return false;
}

static void tell_certificate(struct talk *t, struct span der, size_t position)
{
	if (is_told(t, der, position))
		return;
	json_t *one = json_object();
	char *text = NULL;

	note_int(one, "position", (json_int_t)position);
	if (one != NULL && x509_note(one, der, NAMES_MAX))
		text = json_dumps(one, JSON_COMPACT);
	if (text != NULL)
		tell_service(t, "tls.certificate", span_text(text));
	free(text);
	json_decref(one);
}

/* ---- messages ---- */

/* One whole handshake message of this side. */
static void hear_message(struct tls_ear *e, struct talk *t, enum side side,
			 const struct tls_message *m)
{
	struct tls_server_hello hello;
	struct tls_chain chain;

	e->greeted = true;
	if (side == SIDE_CLIENT) {
		if (m->type == TLS_CLIENT_HELLO)
			tell_client_hello(t, m->body);
		return;
	}
	switch (m->type) {
	case TLS_SERVER_HELLO:
		if (!tls_read_server_hello(m->body, &hello))
			return;
		e->retried |= hello.retry;
		if (hello.retry)
			return;
		e->version = hello.version;
		tell_version(t, hello.version);
		tell_suite(t, hello.suite);
		e->finished[SIDE_SERVER] = hello.version >= TLS_1_3;
		return;
	case TLS_CERTIFICATE:
		if (tls_read_chain(m->body, false, &chain))
			for (size_t i = 0; i < chain.count; i++)
				tell_certificate(t, chain.der[i], i);
		return;
	case TLS_SERVER_HELLO_DONE:
		e->finished[SIDE_SERVER] = true;
		return;
	default:
		return;
	}
}

/* ---- records ---- */

/* The handshake bytes of the whole records at the front, without those that were read already. Where they
 * stand in one record they are seen in place, else in flight. */
struct flight {
	struct span bytes;
	size_t records; /* bytes of whole records */
	bool other;     /* behind them comes a record of another type */
	bool broken, full;
};

static struct flight gather(const struct tls_ear *e, enum side side, struct span bytes,
			    uint8_t *copy, size_t size)
{
	struct reader r = rd_new(bytes);
	struct flight f = { .bytes = span_of(bytes.at, 0) };
	size_t n = 0, passed = e->passed[side];
	struct tls_record record;

	while (rd_left(&r) >= TLS_RECORD_HEADER) {
		struct reader ahead = r;

		if (!tls_read_record(rd_span(&ahead, TLS_RECORD_HEADER), &record)) {
			f.broken = true;
			break;
		}
		if (record.type != TLS_HANDSHAKE) {
			f.other = true;
			break;
		}
		struct span inside = rd_span(&ahead, record.length);
		if (!rd_ok(&ahead))
			break;
		inside = span_from(inside, passed);
		passed = 0;
		if (inside.length > size - n) {
			f.full = true;
			break;
		}
		if (n == 0) {
			f.bytes = inside;
		} else {
			if (f.bytes.at != copy)
				memcpy(copy, f.bytes.at, n);
			memcpy(copy + n, inside.at, inside.length);
			f.bytes = span_of(copy, n + inside.length);
		}
		n += inside.length;
		r = ahead;
	}
	f.records = (size_t)(r.at - bytes.at);
	return f;
}

/* How many of the whole records at the front are done with when so many of their handshake bytes are read;
 * what was read of the next one is noted. */
static size_t pass(struct tls_ear *e, enum side side, struct span bytes, size_t records, size_t n)
{
	struct reader r = rd_new(span_first(bytes, records));
	size_t taken = 0, left = n + e->passed[side];

	while (rd_left(&r) >= TLS_RECORD_HEADER) {
		rd_skip(&r, 3);
		size_t length = rd_be16(&r);

		if (left < length)
			break;
		left -= length;
		rd_skip(&r, length);
		taken = (size_t)(r.at - bytes.at);
	}
	e->passed[side] = (uint32_t)left;
	return taken;
}

static long ending(struct tls_ear *e, enum side side)
{
	e->finished[side] = true;
	/* A client's part is its hello; whether a server's comes at all is another matter. */
	return e->finished[SIDE_SERVER] ? HEAR_DONE : HEAR_MORE;
}

static long hear_ssl2(struct tls_ear *e, struct talk *t, enum side side, struct span bytes)
{
	size_t length = ssl2_record(bytes);
	struct ssl2_server_hello hello;
	uint16_t version;
	uint32_t kind;

	if (bytes.length < 2)
		return HEAR_MORE;
	if (length == 0)
		return HEAR_DONE;
	if (bytes.length < 2 + length)
		return HEAR_MORE;
	struct span body = span_first(span_from(bytes, 2), length);
	if (side == SIDE_SERVER) {
		if (!ssl2_read_server_hello(body, &hello))
			return HEAR_DONE;
		e->version = SSL_2_0;
		tell_version(t, SSL_2_0);
		if (hello.certificate.length > 0)
			tell_certificate(t, hello.certificate, 0);
		e->finished[SIDE_SERVER] = true;
	} else if (ssl2_read_client_hello(body, &version)) {
		if (tls_version_name(version) != NULL)
			tell_client(t, "tls.offered", span_text(tls_version_name(version)));
	} else if (ssl2_read_master_key(body, &kind)) {
		if (ssl2_suite_name(kind) != NULL)
			tell_server(t, "tls.suite", span_text(ssl2_suite_name(kind)));
		return HEAR_DONE;
	} else {
		return HEAR_DONE;
	}
	return (long)(2 + length);
}

/* A client's SSL 2.0 hello may ask for SSL 3.0 and TLS, whose records follow from both sides. */
static bool is_ssl2(const struct tls_ear *e, enum side side, struct span bytes)
{
	return bytes.length > 0 && (bytes.at[0] & 0x80) != 0 &&
	       (e->version == 0 || e->version == SSL_2_0) && (e->ssl2 || side == SIDE_CLIENT);
}

long tls_ear_hear(struct tls_ear *e, struct talk *t, enum side side, struct span bytes)
{
	uint8_t copy[FLIGHT_MAX];
	struct tls_message m;

	if (e->finished[side] && !e->ssl2)
		return e->finished[SIDE_SERVER] ? HEAR_DONE : (long)bytes.length;
	if (is_ssl2(e, side, bytes)) {
		e->ssl2 = true;
		return hear_ssl2(e, t, side, bytes);
	}
	e->ssl2 = false;
	struct flight f = gather(e, side, bytes, copy, sizeof(copy));
	struct reader r = rd_new(f.bytes);
	while (!e->finished[side] && tls_read_message(&r, &m))
		hear_message(e, t, side, &m);
	size_t read = f.bytes.length - rd_left(&r);
	if (e->finished[side])
		return HEAR_DONE;
	if (f.full)
		return HEAR_DONE;
	size_t taken = pass(e, side, bytes, f.records, read);
	if (taken > 0)
		return (long)taken;
	if (f.broken)
		return e->greeted ? HEAR_DONE : HEAR_NOT_OURS;
	if (!f.other)
		return HEAR_MORE;
	/* RFC 8446, D.4: behind a retry request it means nothing, and the hello comes behind it. */
	if (side == SIDE_SERVER && e->retried && e->version == 0 &&
	    bytes.at[0] == TLS_CHANGE_CIPHER_SPEC)
		return bytes.length < TLS_RECORD_HEADER + 1 ? HEAR_MORE : TLS_RECORD_HEADER + 1;
	/* RFC 6066, 3: a name that the server does not know is a warning before its hello. */
	if (side == SIDE_SERVER && e->version == 0 && bytes.at[0] == TLS_ALERT) {
		if (bytes.length < TLS_RECORD_HEADER + 2)
			return HEAR_MORE;
		if (bytes.at[TLS_RECORD_HEADER - 1] == 2 && bytes.at[TLS_RECORD_HEADER] == 1)
			return TLS_RECORD_HEADER + 2;
	}
	/* A change of ciphers, an alert or data: this side's messages are encrypted from here on, but for an
	 * alert in the clear. */
	ending(e, side);
	return e->finished[SIDE_SERVER] ? HEAR_DONE : (long)bytes.length;
}

int tls_ear_recognise(enum side side, struct span first)
{
	struct tls_record record;
	uint16_t version;

	if (first.length == 0)
		return 0;
	if (first.at[0] == TLS_HANDSHAKE) {
		if (first.length < TLS_RECORD_HEADER + 1)
			return 0;
		return tls_read_record(span_first(first, TLS_RECORD_HEADER), &record) &&
				       record.length >= 4 && record.version <= TLS_1_3 &&
				       first.at[TLS_RECORD_HEADER] == (side == SIDE_CLIENT
									       ? TLS_CLIENT_HELLO
									       : TLS_SERVER_HELLO)
			       ? 1
			       : -1;
	}
	if (side == SIDE_CLIENT && (first.at[0] & 0x80)) {
		size_t length = ssl2_record(first);

		if (first.length < 2)
			return 0;
		if (length == 0 || length > 256 || (first.length > 2 && first.at[2] != 1) ||
		    (first.length > 3 && first.at[3] != 3 && first.at[3] != 0))
			return -1;
		if (first.length < 2 + length)
			return 0;
		return ssl2_read_client_hello(span_first(span_from(first, 2), length), &version)
			       ? 1
			       : -1;
	}
	return -1;
}

/* ---- decoder ---- */

static int recognise(const struct talk *t, enum side side, struct span first)
{
	(void)t;
	return tls_ear_recognise(side, first);
}

struct tls {
	struct tls_ear ear;
	bool spoken;
};

static long hear(struct talk *t, enum side side, struct span bytes)
{
	struct tls *s = t->state;
	long taken = tls_ear_hear(&s->ear, t, side, bytes);

	if (!s->spoken && s->ear.version != 0) {
		s->spoken = true;
		tell_spoken(t, "tls");
	}
	return taken;
}

const struct decoder decoder_tls = {
	.name = "tls",
	.tcp_ports = (const uint16_t[]){ 443,  465,  563,  636,  853,  989,   990,  992,  993,
					 995,  2376, 3269, 4433, 4843, 5061,  5671, 5986, 6443,
					 6514, 6697, 8443, 8883, 9443, 10443, 0 },
	.state_size = sizeof(struct tls),
	.recognise = recognise,
	.hear = hear,
};
