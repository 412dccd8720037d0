/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Datagrams: a question of 64 bytes by itself, one in an ICMP echo request (RFC 792, RFC 4443, 4), or one in a
 * name that a resolver asks for. The answer leaves from the address that was asked.
 */
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <sys/socket.h>

#include "codec/dns.h"
#include "codec/reader.h"
#include "codec/writer.h"
#include "reach/beacon_parts.h"

enum { AT_ONCE = 64, SERVER_TTL = 300, ECHO_HEADER = 8, IPV4_WORD = 4 };

struct datagram {
	struct sockaddr_storage from;
	socklen_t from_length;
	struct addr to; /* all zeros: not said */
	union {
		size_t align; /* as of struct cmsghdr */
		uint8_t bytes[128];
	} control;
	size_t control_length;
	uint8_t bytes[DATAGRAM_MOST];
	size_t length;
};

static void put_control(struct datagram *d, int level, int type, const void *data, size_t n)
{
	struct cmsghdr head = { .cmsg_len = CMSG_LEN(n), .cmsg_level = level, .cmsg_type = type };

	memset(d->control.bytes, 0, sizeof(d->control.bytes));
	memcpy(d->control.bytes, &head, sizeof(head));
	memcpy(d->control.bytes + CMSG_LEN(0), data, n);
	d->control_length = CMSG_SPACE(n);
}

/* Where a datagram came to, and the control message that makes an answer leave from there, by whatever
 * interface the routes say. */
static void read_control(struct msghdr *m, struct datagram *d)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(m);

	while (c != NULL && !(c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) &&
	       !(c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO))
		c = CMSG_NXTHDR(m, c);
	d->control_length = 0;
	if (c == NULL)
		return;
	if (c->cmsg_level == IPPROTO_IPV6) {
		struct in6_pktinfo i;
		memcpy(&i, CMSG_DATA(c), sizeof(i));
		memcpy(d->to.bytes, &i.ipi6_addr, sizeof(d->to.bytes));
		i.ipi6_ifindex = 0;
		put_control(d, IPPROTO_IPV6, IPV6_PKTINFO, &i, sizeof(i));
	} else {
		struct in_pktinfo i;
		memcpy(&i, CMSG_DATA(c), sizeof(i));
		struct sockaddr_in sin = { .sin_family = AF_INET, .sin_addr = i.ipi_addr };
		uint16_t port;
		addr_from_sockaddr((struct sockaddr *)&sin, &d->to, &port);
		i.ipi_ifindex = 0;
		i.ipi_spec_dst = i.ipi_addr;
		put_control(d, IPPROTO_IP, IP_PKTINFO, &i, sizeof(i));
	}
}

static bool hear(int fd, struct datagram *d)
{
	struct iovec v = { d->bytes, sizeof(d->bytes) };
	struct msghdr m = { .msg_name = &d->from,
			    .msg_namelen = sizeof(d->from),
			    .msg_iov = &v,
			    .msg_iovlen = 1,
			    .msg_control = d->control.bytes,
			    .msg_controllen = sizeof(d->control.bytes) };

	d->to = (struct addr){ 0 };
	ssize_t n = recvmsg(fd, &m, MSG_DONTWAIT);
	if (n < 0)
		return false;
	d->from_length = m.msg_namelen;
	/* A longer one is cut, and its length is then of nothing that we know. */
	d->length = (m.msg_flags & MSG_TRUNC) != 0 ? 0 : (size_t)n;
	read_control(&m, d);
	return true;
}

static void say(struct beacon *b, int fd, struct datagram *d, const uint8_t *bytes, size_t n)
{
	struct iovec v = { (uint8_t *)bytes, n };
	struct msghdr m = { .msg_name = &d->from,
			    .msg_namelen = d->from_length,
			    .msg_iov = &v,
			    .msg_iovlen = 1,
			    .msg_control = d->control_length > 0 ? d->control.bytes : NULL,
			    .msg_controllen = d->control_length };

	if (sendmsg(fd, &m, MSG_DONTWAIT) < 0)
		b->counts.send_failed++;
}

static bool by_of(const struct datagram *d, enum token_method method, uint16_t port,
		  struct heard_by *ret)
{
	*ret = (struct heard_by){ .port = port, .method = method };
	return addr_from_sockaddr((const struct sockaddr *)&d->from, &ret->from, &ret->from_port) ==
	       0;
}

/* ---- DNS ---- */

static size_t reply_token(struct beacon *b, const struct heard_by *by, const struct beacon_query *q,
			  uint8_t *out, size_t room)
{
	struct token_answer a;
	struct addr list[TOKEN_ADDRESSES];
	uint8_t brief[TOKEN_SHORT_ANSWER];
	char text[TOKEN_SHORT_ANSWER_TEXT];
	struct span question = span_of(q->token, q->token_length);

	if (!beacon_judge(b, by, question, &a))
		return 0;
	if (q->type == DNS_A && token_addresses(b->setup->key, question, list))
		return beacon_reply_addresses(q, list, TOKEN_ADDRESSES, 0, out, room);
	if (q->type == DNS_TXT && token_answer_short(b->setup->key, question, &a, brief) &&
	    token_text(span_of(brief, sizeof(brief)), text, sizeof(text)))
		return beacon_reply_text(q, text, out, room);
	return beacon_reply_empty(q, out, room);
}

static size_t reply_server(struct beacon *b, const struct beacon_query *q, const struct addr *to,
			   uint8_t *out, size_t room)
{
	const struct addr *said = &b->setup->zone_address;

	if (!addr_is_ipv4(said))
		said = to;
	if (q->type != DNS_A || !addr_is_ipv4(said))
		return beacon_reply_empty(q, out, room);
	return beacon_reply_addresses(q, said, 1, SERVER_TTL, out, room);
}

size_t beacon_dns_reply(struct beacon *b, const struct heard_by *by, const struct addr *to,
			struct span message, uint8_t *out, size_t room)
{
	struct beacon_query q;

	if (!beacon_query_read(message, &b->zone, &q) || q.place == PLACE_OUTSIDE) {
		beacon_stranger(b, by);
		return 0;
	}
	if (q.place == PLACE_TOKEN)
		return reply_token(b, by, &q, out, room);
	if (!beacon_stranger_take(b))
		return 0;
	if (q.place == PLACE_APEX && (q.type == BEACON_TYPE_NS || q.type == DNS_SOA))
		return beacon_reply_apex(&q, out, room);
	if (q.place == PLACE_SERVER)
		return reply_server(b, &q, to, out, room);
	return beacon_reply_empty(&q, out, room);
}

/* ---- UDP ---- */

static void heard_datagram(struct beacon *b, const struct endpoint *e, struct datagram *d)
{
	struct heard_by by;
	struct token_answer a;
	uint8_t out[BEACON_DNS_MOST];
	struct span bytes = span_of(d->bytes, d->length);

	/* Port 0 is no one's, and an answer to it would be lost. */
	if (!by_of(d, TOKEN_UDP, e->port, &by) || by.from_port == 0)
		return;
	/* As a DNS message a question of ours would have an operation that there is not. */
	if (e->dns && !span_starts(bytes, "TKNQ")) {
		by.method = TOKEN_DNS;
		size_t n = beacon_dns_reply(b, &by, &d->to, bytes, out, sizeof(out));
		if (n > 0)
			say(b, e->fd, d, out, n);
		return;
	}
	if (bytes.length != TOKEN_QUESTION) {
		beacon_stranger(b, &by);
		return;
	}
	if (beacon_judge(b, &by, bytes, &a) && token_answer(b->setup->key, bytes, &a, out))
		say(b, e->fd, d, out, TOKEN_ANSWER);
}

void beacon_udp_heard(struct beacon *b, struct endpoint *e)
{
	struct datagram d;

	for (int i = 0; i < AT_ONCE && hear(e->fd, &d); i++)
		heard_datagram(b, e, &d);
}

/* ---- ICMP ---- */

/* RFC 1071. */
static uint16_t checksum(struct span bytes)
{
	struct reader r = rd_new(bytes);
	uint32_t sum = 0;

	while (rd_left(&r) > 1)
		sum += rd_be16(&r);
	if (rd_left(&r) > 0)
		sum += (uint32_t)rd_u8(&r) << 8;
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* Identifier and sequence of an echo request, and its payload. */
static bool read_echo(struct span bytes, uint8_t type, uint32_t *ret_id, struct span *ret_payload)
{
	struct reader r = rd_new(bytes);

	if (rd_u8(&r) != type || rd_u8(&r) != 0)
		return false;
	rd_skip(&r, 2);
	*ret_id = rd_be32(&r);
	*ret_payload = rd_rest(&r);
	return rd_ok(&r);
}

static void say_echo(struct beacon *b, struct endpoint *e, struct datagram *d, uint32_t id,
		     const uint8_t answer[static TOKEN_ANSWER])
{
	uint8_t out[ECHO_HEADER + TOKEN_ANSWER];
	bool v4 = e->kind == END_ICMP4;

	for (uint16_t sum = 0;;) {
		struct writer w = wr_new(out, sizeof(out));
		wr_u8(&w, v4 ? ICMP_ECHOREPLY : ICMP6_ECHO_REPLY);
		wr_u8(&w, 0);
		wr_be16(&w, sum);
		wr_be32(&w, id);
		wr_bytes(&w, answer, TOKEN_ANSWER);
		/* The kernel sums up ICMPv6 by itself. */
		if (!v4 || sum != 0)
			break;
		sum = checksum(wr_span(&w));
		if (sum == 0)
			break;
	}
	say(b, e->fd, d, out, sizeof(out));
}

static void heard_echo(struct beacon *b, struct endpoint *e, struct datagram *d)
{
	struct span bytes = span_of(d->bytes, d->length), payload;
	struct token_answer a;
	struct heard_by by;
	uint8_t answer[TOKEN_ANSWER];
	uint32_t id;

	if (!by_of(d, TOKEN_ICMP, 0, &by))
		return;
	by.from_port = 0;
	/* A raw IPv4 socket gives the IP header too (raw(7)). */
	if (e->kind == END_ICMP4 && bytes.length > 0)
		bytes = span_from(bytes, (size_t)(bytes.at[0] & 15) * IPV4_WORD);
	if (!read_echo(bytes, e->kind == END_ICMP4 ? ICMP_ECHO : ICMP6_ECHO_REQUEST, &id,
		       &payload) ||
	    payload.length != TOKEN_QUESTION)
		return; /* everybody pings */
	if (beacon_judge(b, &by, payload, &a) && token_answer(b->setup->key, payload, &a, answer))
		say_echo(b, e, d, id, answer);
}

void beacon_icmp_heard(struct beacon *b, struct endpoint *e)
{
	struct datagram d;

	for (int i = 0; i < AT_ONCE && hear(e->fd, &d); i++)
		heard_echo(b, e, &d);
}
