/* SPDX-License-Identifier: Apache-2.0 */
#include "reach/gateway.h"

#include <string.h>

enum { ETHERNET = 14, HTTPS = 443, DOMAIN = 53 };

uint16_t gateway_port(enum gateway_kind k)
{
	return k == GATEWAY_SYN ? HTTPS : k == GATEWAY_UDP ? DOMAIN : 0;
}

const char *gateway_transport(enum gateway_kind k)
{
	return k == GATEWAY_SYN ? "tcp" : k == GATEWAY_UDP ? "udp" : "icmp";
}

/* ---- out ---- */

uint32_t gateway_cookie(const struct gateway_asked *q, const uint8_t key[static FRAME_KEY])
{
	uint8_t asked[6 + 4 + 1 + 1 + 2 + 16];
	uint8_t *p = asked + 6;

	memcpy(asked, q->mac, 6);
	for (int shift = 24; shift >= 0; shift -= 8)
		*p++ = (uint8_t)(q->ifindex >> shift);
	*p++ = (uint8_t)q->kind;
	*p++ = q->hops;
	*p++ = (uint8_t)(q->source_port >> 8);
	*p++ = (uint8_t)q->source_port;
	memcpy(p, q->to.bytes, 16);
	uint64_t hash = frame_siphash(key, asked, sizeof(asked));
	return (uint32_t)hash != 0 ? (uint32_t)hash : 1;
}

size_t gateway_frame(const struct gateway_asked *q, const struct way *way,
		     uint8_t out[static FRAME_MOST])
{
	struct frame_form f;
	uint16_t port = gateway_port(q->kind), id = (uint16_t)q->cookie;
	int e;

	switch (q->kind) {
	case GATEWAY_ECHO:
		e = frame_form_echo_of(&f, way, q->mac, q->question.bytes, q->question.length);
		break;
	case GATEWAY_SYN:
		e = frame_form_syn(&f, way, q->mac, q->source_port);
		break;
	default:
		e = frame_form_udp(&f, way, q->mac, q->source_port, port, q->question.bytes,
				   q->question.length, SIZE_MAX, 0);
		break;
	}
	if (e != 0)
		return 0;
	frame_form_hops(&f, q->hops);
	if (q->kind == GATEWAY_ECHO)
		frame_fill_echo(&f, out, &q->to, q->cookie, id);
	else if (q->kind == GATEWAY_SYN)
		frame_fill_syn(&f, out, &q->to, port, q->cookie, id);
	else
		frame_fill_udp(&f, out, &q->to, 0, id);
	return f.length;
}

/* ---- in ---- */

/* The scope is the interface's; a frame tells none. */
static bool same_address(const struct addr *a, const struct addr *b)
{
	return memcmp(a->bytes, b->bytes, 16) == 0;
}

static uint8_t protocol_of(const struct gateway_asked *q)
{
	static const uint8_t v4[] = { 1, 6, 17 }, v6[] = { 58, 6, 17 };

	return addr_is_ipv4(&q->to) ? v4[q->kind] : v6[q->kind];
}

/* Somebody says what became of our packet: is it this one that is quoted? A UDP packet shows its port alone. */
static bool quotes(const struct gateway_asked *q, const struct heard *h)
{
	if (h->quoted_protocol != protocol_of(q) || !same_address(&h->quoted_to, &q->to) ||
	    !same_address(&h->quoted_from, &q->from))
		return false;
	if (q->kind == GATEWAY_ECHO)
		return h->quoted_number == q->cookie;
	return h->quoted_from_port == q->source_port &&
	       h->quoted_to_port == gateway_port(q->kind) &&
	       (q->kind == GATEWAY_UDP || h->quoted_number == q->cookie);
}

static bool answers(const struct gateway_asked *q, const struct heard *h)
{
	if (!same_address(&h->from, &q->to) || !same_address(&h->to, &q->from))
		return false;
	switch (q->kind) {
	case GATEWAY_ECHO:
		return h->kind == HEARD_ECHO && h->echo == q->cookie;
	case GATEWAY_SYN:
		return h->kind == HEARD_TCP && h->to_port == q->source_port &&
		       h->from_port == HTTPS && (h->flags & TCP_ACK) != 0 &&
		       h->acknowledged == q->cookie + 1;
	default:
		return h->kind == HEARD_UDP && h->to_port == q->source_port &&
		       h->from_port == DOMAIN;
	}
}

/* RFC 1812, 5.2.7.1; RFC 4443, 3.1: a rule of somebody, or no way. Ports and protocols are a host's matter:
 * whoever speaks of them was reached or answers in the beacon's place. */
static enum gateway_heard of_error(const struct gateway_asked *q, const struct heard *h)
{
	bool v4 = addr_is_ipv4(&q->to);

	if (h->type == (v4 ? 11 : 3))
		return h->code == 0 ? GATEWAY_EXCEEDED : GATEWAY_SILENT;
	if (h->type != (v4 ? 3 : 1))
		return GATEWAY_SILENT;
	if (v4)
		switch (h->code) {
		case 2:
		case 3:
			return GATEWAY_ANSWERED;
		case 9:
		case 10:
		case 13:
			return GATEWAY_PROHIBITED;
		default:
			return GATEWAY_UNREACHABLE;
		}
	switch (h->code) {
	case 4:
		return GATEWAY_ANSWERED;
	case 1:
	case 5:
	case 6:
		return GATEWAY_PROHIBITED;
	default:
		return GATEWAY_UNREACHABLE;
	}
}

/* The beacon's answer, somewhere in a frame. */
static bool holds_answer(struct gateway_asked *q, const struct token_key *key, const uint8_t *frame,
			 size_t n)
{
	struct span rest = span_of(frame, n);
	ptrdiff_t at;

	while ((at = span_find(rest, "TKNA", 4)) >= 0) {
		rest = span_from(rest, (size_t)at);
		if (token_check_answer(key, &q->question, span_first(rest, TOKEN_ANSWER),
				       &q->answer) == TOKEN_RIGHT)
			return true;
		rest = span_from(rest, 1);
	}
	return false;
}

/* Whoever stands in the beacon's place can send our data back, but cannot make its answer. */
static enum gateway_heard of_answer(struct gateway_asked *q, const struct heard *h,
				    const struct token_key *key, const uint8_t *frame, size_t n)
{
	bool right = q->kind == GATEWAY_UDP
			     ? token_check_answer(key, &q->question, h->payload, &q->answer) ==
				       TOKEN_RIGHT
			     : q->kind == GATEWAY_ECHO && holds_answer(q, key, frame, n);

	q->has_answer = q->has_answer || right;
	return right ? GATEWAY_REACHED : GATEWAY_ANSWERED;
}

static void note(struct gateway_asked *q, enum gateway_heard what, const struct heard *h,
		 const uint8_t *frame, size_t n)
{
	if (what <= q->heard)
		return;
	q->heard = what;
	q->type = h->type;
	q->code = h->code;
	q->heard_from = h->from;
	memcpy(q->heard_mac, h->mac, 6);
	q->packet_length = n < GATEWAY_PACKET ? n : GATEWAY_PACKET;
	memcpy(q->packet, frame, q->packet_length);
}

struct gateway_asked *gateway_hear(struct gateway_asked *list, size_t count, unsigned ifindex,
				   const struct token_key *key, const uint8_t *frame, size_t n)
{
	struct heard h;

	if (!heard_read(frame, n, ETHERNET, &h) || h.vlan != 0)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		struct gateway_asked *q = &list[i];

		if (q->ifindex != ifindex || q->unsent != NULL)
			continue;
		if (h.kind == HEARD_ERROR && quotes(q, &h)) {
			note(q, of_error(q, &h), &h, frame, n);
			return q;
		}
		if (h.kind == HEARD_REDIRECT && quotes(q, &h)) {
			q->next = h.next;
			note(q, GATEWAY_REDIRECTED, &h, frame, n);
			return q;
		}
		if (answers(q, &h)) {
			note(q, of_answer(q, &h, key, frame, n), &h, frame, n);
			return q;
		}
	}
	return NULL;
}
