/* SPDX-License-Identifier: Apache-2.0 */
/*
 * QUIC on any port (RFC 9000, RFC 9001): that it is spoken, and what a client calls its server. Where its first
 * message comes in several packets, only what the first one has of it is read.
 */
#include "codec/quic.h"

#include "codec/tls_records.h"
#include "listen/decoder.h"

enum { SERVER_NAME = 0, EXTENSIONS_MOST = 64 };

static void tell_server_of(struct notes *n, const struct packet *p, bool to_server,
			   const char *kind, struct span value)
{
	n->fact(n, &(struct fact){ .kind = kind,
				   .about = to_server ? p->dst : p->src,
				   .peer = to_server ? p->src : p->dst,
				   .port = to_server ? p->dst_port : p->src_port,
				   .udp = true,
				   .value = value });
}

/* RFC 8446, 4.1.2, and RFC 6066, 3. The message may end early: the extensions before its end are read. */
static struct span server_name(struct span message)
{
	struct reader r = rd_new(message);

	if (rd_u8(&r) != TLS_CLIENT_HELLO)
		return (struct span){ 0 };
	rd_skip(&r, 3 + 2 + TLS_RANDOM);
	rd_skip(&r, rd_u8(&r));   /* session */
	rd_skip(&r, rd_be16(&r)); /* suites */
	rd_skip(&r, rd_u8(&r));   /* compression */
	rd_skip(&r, 2);           /* length of the extensions */
	for (unsigned i = 0; i < EXTENSIONS_MOST && rd_left(&r) > 0; i++) {
		uint16_t kind = rd_be16(&r);
		struct reader value = rd_sub(&r, rd_be16(&r));

		if (kind != SERVER_NAME)
			continue;
		rd_skip(&value, 2); /* length of the list */
		uint8_t of_host = rd_u8(&value);
		struct span name = rd_span(&value, rd_be16(&value));
		return rd_ok(&value) && of_host == 0 ? name : (struct span){ 0 };
	}
	return (struct span){ 0 };
}

static bool hear_client(struct notes *n, const struct packet *p, const struct quic_packet *q)
{
	uint8_t hello[QUIC_HELLO_MOST];
	struct span message;

	if (!quic_open_client(q, hello, &message))
		return false;
	struct span name = server_name(message);
	if (name.length > 0) {
		tell_server_of(n, p, true, "name.tls", name);
		if (n->named != NULL)
			n->named(n, name);
	}
	return true;
}

static bool quic_packet(struct notes *n, const struct packet *p)
{
	struct reader r = rd_new(p->payload);
	struct quic_packet q;

	if (p->payload.length < 1200 && p->src_port > p->dst_port)
		return false; /* RFC 9000, 14.1: a client fills its first packets up */
	if (!quic_read(&r, &q))
		return false;
	if (q.kind == QUIC_INITIAL && hear_client(n, p, &q))
		return true;
	/* A server's keys follow from what the client sent before: it is known by its header. */
	if (p->src_port > p->dst_port)
		return false;
	if (q.kind == QUIC_VERSIONS && p->src_port != 443)
		return false;
	tell_server_of(n, p, false, "service.spoken", span_text("quic"));
	if (q.kind != QUIC_VERSIONS) /* RFC 9001, 4.2: never less */
		tell_server_of(n, p, false, "tls.version", span_text("TLSv1.3"));
	return true;
}

const struct decoder decoder_quic = {
	.name = "quic",
	.any_udp = true,
	.packet = quic_packet,
};
