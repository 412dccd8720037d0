/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DNS over UDP and TCP (RFC 1035, 4.2): which names are asked for, which are answered, and which address a
 * name stands for. Multicast DNS and LLMNR have a file of their own.
 */
#include "codec/dns.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "codec/reader.h"
#include "listen/decoder.h"

enum { PORT = 53, HEADER = 12, LENGTH = 2, TYPE_LAST = 260, TYPE_ANY = 255 };

/* Both ends of one message. */
struct ends {
	struct notes *notes;
	struct addr client, server;
	uint16_t port;
	bool udp;
};

/* Follows an answer from the name that was asked for through its aliases (RFC 1034, 3.6.2), which stand in
 * this order: what else an answer brings along is no answer. */
struct answer {
	const struct ends *ends;
	const struct dns_message *message;
	char name[DNS_NAME]; /* where the aliases have led */
	bool begun, resolved;
};

/* RFC 1035, 3.5; RFC 3596, 2.5: the address whose reverse name this is. */
static bool reverse_address(const char *name, struct addr *ret)
{
	unsigned octet[4];
	int end = 0;
	uint8_t bytes[16] = { 0 };
	size_t n = strlen(name);

	if (sscanf(name, "%3u.%3u.%3u.%3u.%n", &octet[3], &octet[2], &octet[1], &octet[0], &end) ==
		    4 &&
	    end > 0 && strcasecmp(name + end, "in-addr.arpa") == 0) {
		for (size_t i = 0; i < 4; i++) {
			if (octet[i] > 255)
				return false;
			bytes[i] = (uint8_t)octet[i];
		}
		*ret = addr_of_bytes(span_of(bytes, 4));
		return true;
	}
	if (n != 64 + 8 || strcasecmp(name + 64, "ip6.arpa") != 0)
		return false;
	for (size_t i = 0; i < 32; i++) {
		char digit[2] = { name[2 * i], '\0' };
		char *stop;
		unsigned long v = strtoul(digit, &stop, 16);

		if (*stop != '\0' || stop == digit || name[2 * i + 1] != '.')
			return false;
		bytes[15 - i / 2] |= (uint8_t)(i % 2 == 0 ? v : v << 4);
	}
	*ret = addr_of_bytes(span_of(bytes, 16));
	return true;
}

static void tell_name(const struct answer *a, const struct addr *address, const char *name)
{
	if (!addr_is_unusable(address) && name[0] != '\0')
		a->ends->notes->fact(a->ends->notes, &(struct fact){ .kind = "name.dns",
								     .about = *address,
								     .value = span_text(name) });
}

static void take_record(void *context, const struct dns_record *r)
{
	struct answer *a = context;
	struct addr address;

	if (!a->begun)
		memcpy(a->name, a->message->question, sizeof(a->name));
	a->begun = true;
	if (!dns_same_name(r->owner, a->name))
		return;
	switch (r->type) {
	case DNS_CNAME:
		memcpy(a->name, r->target, sizeof(a->name));
		break;
	case DNS_A:
	case DNS_AAAA:
		a->resolved = true;
		tell_name(a, &r->address, a->message->question);
		break;
	case DNS_TXT:
		a->resolved = true;
		break;
	case DNS_PTR:
		if (reverse_address(a->message->question, &address))
			tell_name(a, &address, r->target);
		break;
	default:
		break;
	}
}

static void tell_client(const struct ends *e, const char *kind, const char *name)
{
	if (name[0] != '\0')
		e->notes->fact(e->notes, &(struct fact){ .kind = kind,
							 .about = e->client,
							 .peer = e->server,
							 .value = span_text(name) });
}

/* True: it was a message of DNS, whole or its beginning. from_server: by the port it came from. */
static bool hear_message(const struct ends *e, struct span bytes, bool from_server)
{
	struct dns_message m = { 0 };
	struct answer a = { .ends = e, .message = &m };

	if (!from_server) {
		struct dns_record first;

		if (!dns_read_first(bytes, &m, &first) || m.answer)
			return false;
		tell_client(e, "dns.question", m.question);
		return true;
	}
	bool whole = dns_read(bytes, &m, take_record, &a);
	if (!m.answer)
		return false;
	if (a.resolved && m.code == DNS_NO_ERROR)
		tell_client(e, "dns.resolved", m.question);
	if (whole)
		e->notes->fact(e->notes, &(struct fact){ .kind = "service.spoken",
							 .about = e->server,
							 .peer = e->client,
							 .port = e->port,
							 .udp = e->udp,
							 .value = span_text("dns") });
	return true;
}

static void take_nothing(void *context, const struct dns_record *r)
{
	(void)context;
	(void)r;
}

/* Is it DNS without doubt? Elsewhere than on its port only whole messages with one question about a name of at
 * least two labels, whose header has nothing that nobody uses. */
static bool is_sure(struct span bytes)
{
	enum {
		UNUSED = 0x7840,
		ANSWER = 0x8000
	}; /* kinds of question other than 0, the reserved bit */
	struct reader r = rd_new(bytes);
	struct dns_message m;

	rd_skip(&r, 2);
	uint16_t flags = rd_be16(&r), questions = rd_be16(&r), answers = rd_be16(&r);
	uint16_t authorities = rd_be16(&r), others = rd_be16(&r);
	if (!rd_ok(&r) || (flags & UNUSED) != 0 || questions != 1 || answers > 64 ||
	    authorities > 64 || others > 64)
		return false;
	if ((flags & ANSWER) == 0 && ((flags & 15) != 0 || answers + authorities > 0 || others > 2))
		return false;
	return dns_read(bytes, &m, take_nothing, NULL) && strchr(m.question, '.') != NULL &&
	       m.question_type > 0 && m.question_type <= TYPE_LAST;
}

/* Names that are asked for on links have decoders of their own. */
static bool is_of_links(const struct packet *p)
{
	static const uint16_t ports[] = { 137, 5353, 5355 };

	for (size_t i = 0; i < countof(ports); i++)
		if (p->src_port == ports[i] || p->dst_port == ports[i])
			return true;
	return false;
}

static bool dns_packet(struct notes *n, const struct packet *p)
{
	bool from_server = p->src_port == PORT;

	if (p->src_port != PORT && p->dst_port != PORT) {
		if (is_of_links(p) || !is_sure(p->payload))
			return false;
		from_server = (p->payload.at[LENGTH] & 0x80) != 0;
	}
	struct ends e = { .notes = n,
			  .client = from_server ? p->dst : p->src,
			  .server = from_server ? p->src : p->dst,
			  .port = from_server ? p->src_port : p->dst_port,
			  .udp = true };

	/* Servers may ask each other from this port. */
	if (from_server && p->dst_port == PORT && p->payload.length > LENGTH &&
	    (p->payload.at[LENGTH] & 0x80) == 0) {
		from_server = false;
		e.client = p->src;
		e.server = p->dst;
	}
	return hear_message(&e, p->payload, from_server);
}

static int dns_recognise(const struct talk *t, enum side side, struct span first)
{
	struct reader r = rd_new(first);
	size_t length = rd_be16(&r);

	if (t->server_port != PORT)
		return -1;
	if (first.length < LENGTH + HEADER)
		return 0;
	rd_skip(&r, 2);
	uint16_t flags = rd_be16(&r);
	uint16_t questions = rd_be16(&r);
	/* RFC 1035, 4.1.1: an answer or not, opcode 0, one question. */
	return length >= HEADER && (flags & 0x7800) == 0 && questions <= 1 &&
			       ((flags & 0x8000) != 0) == (side == SIDE_SERVER)
		       ? 1
		       : -1;
}

static long dns_hear(struct talk *t, enum side side, struct span bytes)
{
	struct ends e = {
		.notes = t->notes, .client = t->client, .server = t->server, .port = t->server_port
	};
	struct reader r = rd_new(bytes);
	struct span message = rd_span(&r, rd_be16(&r));

	if (!rd_ok(&r))
		return HEAR_MORE;
	if (message.length < HEADER)
		return HEAR_DONE;
	hear_message(&e, message, side == SIDE_SERVER);
	return (long)(LENGTH + message.length);
}

const struct decoder decoder_dns = {
	.name = "dns",
	.udp_ports = (const uint16_t[]){ PORT, 0 },
	.any_udp = true,
	.packet = dns_packet,
	.tcp_ports = (const uint16_t[]){ PORT, 0 },
	.recognise = dns_recognise,
	.hear = dns_hear,
};
