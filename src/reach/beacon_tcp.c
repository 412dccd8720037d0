/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections: few, short, and with a bound on their bytes. The first byte says what is spoken: a question by
 * itself, HTTP and TLS on the ports that have them, DNS by its length. Everything else is closed without a word.
 * Whatever is said fits the socket's buffer at once, so a peer that does not read holds nobody up.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "reach/beacon_parts.h"

enum { ACCEPT_AT_ONCE = 32, TLS_HANDSHAKE = 0x16, LINGER_BYTES = 4096, MAGIC = 4 };

static struct heard_by by_of(const struct connection *c, enum token_method method)
{
	return (struct heard_by){ c->from, c->from_port, c->end.port, method };
}

void beacon_tcp_drop(struct beacon *b, struct connection *c)
{
	if (c->state == CONN_DEAD)
		return;
	c->state = CONN_DEAD;
	close(c->end.fd);
	SSL_free(c->ssl); /* and its buffers */
	c->ssl = NULL;
	b->sources[c->slot].connections--;
	b->open_count--;
	TAILQ_REMOVE(&b->open, c, list);
	TAILQ_INSERT_TAIL(&b->dead, c, list);
}

void beacon_tcp_free_dead(struct beacon *b)
{
	struct connection *c;

	while ((c = TAILQ_FIRST(&b->dead)) != NULL) {
		TAILQ_REMOVE(&b->dead, c, list);
		free(c);
	}
}

void beacon_tcp_close_all(struct beacon *b)
{
	while (!TAILQ_EMPTY(&b->open))
		beacon_tcp_drop(b, TAILQ_FIRST(&b->open));
	beacon_tcp_free_dead(b);
}

/* Somebody who said nothing that we know. */
static void drop_stranger(struct beacon *b, struct connection *c)
{
	if (!c->judged && c->state != CONN_LINGER) {
		struct heard_by by = by_of(c, TOKEN_TCP);
		beacon_stranger(b, &by);
	}
	beacon_tcp_drop(b, c);
}

void beacon_tcp_expire(struct beacon *b)
{
	struct connection *next;

	for (struct connection *c = TAILQ_FIRST(&b->open); c != NULL; c = next) {
		next = TAILQ_NEXT(c, list);
		if (c->until_ms <= b->now_ms)
			drop_stranger(b, c);
	}
}

static void take_in(struct beacon *b, const struct endpoint *listener, int fd,
		    const struct sockaddr_storage *from)
{
	struct addr a;
	uint16_t port;

	if (addr_from_sockaddr((const struct sockaddr *)from, &a, &port) != 0) {
		close(fd);
		return;
	}
	unsigned slot = beacon_source_slot(b, &a);
	b->counts.connections++;
	if (b->sources[slot].connections >= CONNECTIONS_PER_SOURCE) {
		b->counts.refused_connections++;
		close(fd);
		return;
	}
	struct connection *c = calloc(1, sizeof(*c));
	if (c == NULL) {
		close(fd);
		return;
	}
	c->end = *listener;
	c->end.kind = END_CONNECTION;
	c->end.fd = fd;
	c->from = a;
	c->from_port = port;
	c->slot = slot;
	c->until_ms = b->now_ms + CONNECTION_MS;
	if (beacon_watch(b, &c->end) != 0) {
		close(fd);
		free(c);
		return;
	}
	/* Whoever came first has had the longest time to ask. */
	if (b->open_count >= CONNECTIONS_MOST) {
		b->counts.evicted++;
		drop_stranger(b, TAILQ_FIRST(&b->open));
	}
	b->sources[slot].connections++;
	b->open_count++;
	TAILQ_INSERT_TAIL(&b->open, c, list);
}

void beacon_tcp_accept(struct beacon *b, struct endpoint *listener)
{
	for (int i = 0; i < ACCEPT_AT_ONCE; i++) {
		struct sockaddr_storage from;
		socklen_t length = sizeof(from);
		int fd = accept4(listener->fd, (struct sockaddr *)&from, &length,
				 SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0) {
			take_in(b, listener, fd, &from);
			continue;
		}
		/* Without descriptors the listener would wake us for ever. */
		if ((errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) &&
		    !TAILQ_EMPTY(&b->open)) {
			b->counts.evicted++;
			drop_stranger(b, TAILQ_FIRST(&b->open));
			continue;
		}
		if (errno != ECONNABORTED && errno != EINTR)
			return;
	}
}

void beacon_tcp_say_last(struct beacon *b, struct connection *c, struct span bytes)
{
	if (send(c->end.fd, bytes.at, bytes.length, MSG_NOSIGNAL | MSG_DONTWAIT) !=
	    (ssize_t)bytes.length) {
		b->counts.send_failed++;
		beacon_tcp_drop(b, c);
		return;
	}
	shutdown(c->end.fd, SHUT_WR);
	c->state = CONN_LINGER;
	c->have = 0;
	if (c->until_ms > b->now_ms + LINGER_MS)
		c->until_ms = b->now_ms + LINGER_MS;
}

/* Reads on until there are `most` bytes. False: the connection is gone. */
static bool read_more(struct beacon *b, struct connection *c, size_t most)
{
	ssize_t n = recv(c->end.fd, c->bytes + c->have, most - c->have, MSG_DONTWAIT);

	if (n > 0) {
		c->have += (size_t)n;
		return true;
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	drop_stranger(b, c);
	return false;
}

static void heard_raw(struct beacon *b, struct connection *c)
{
	struct heard_by by = by_of(c, TOKEN_TCP);
	struct token_answer a;
	uint8_t out[TOKEN_ANSWER];

	if (!read_more(b, c, TOKEN_QUESTION))
		return;
	size_t start = c->have < MAGIC ? c->have : MAGIC;
	if (memcmp(c->bytes, "TKNQ", start) != 0) {
		drop_stranger(b, c);
		return;
	}
	if (c->have < TOKEN_QUESTION)
		return;
	struct span question = span_of(c->bytes, TOKEN_QUESTION);
	c->judged = true;
	if (beacon_judge(b, &by, question, &a) && token_answer(b->setup->key, question, &a, out))
		beacon_tcp_say_last(b, c, span_of(out, sizeof(out)));
	else
		beacon_tcp_drop(b, c);
}

/* Length first (RFC 1035, 4.2.2), then one message. */
static void heard_dns(struct beacon *b, struct connection *c)
{
	struct heard_by by = by_of(c, TOKEN_DNS);
	uint8_t out[2 + BEACON_DNS_MOST];
	struct sockaddr_storage here;
	socklen_t length = sizeof(here);
	struct addr to = { 0 };
	uint16_t port;

	if (!read_more(b, c, 2 + BEACON_DNS_MOST) || c->have < 2)
		return;
	size_t n = (size_t)c->bytes[0] << 8 | c->bytes[1];
	if (n > BEACON_DNS_MOST || c->have > 2 + n) {
		drop_stranger(b, c);
		return;
	}
	if (c->have < 2 + n)
		return;
	if (getsockname(c->end.fd, (struct sockaddr *)&here, &length) == 0)
		addr_from_sockaddr((struct sockaddr *)&here, &to, &port);
	c->judged = true;
	n = beacon_dns_reply(b, &by, &to, span_of(c->bytes + 2, n), out + 2, BEACON_DNS_MOST);
	if (n == 0) {
		beacon_tcp_drop(b, c);
		return;
	}
	out[0] = (uint8_t)(n >> 8);
	out[1] = (uint8_t)n;
	beacon_tcp_say_last(b, c, span_of(out, 2 + n));
}

struct span beacon_http_reply(struct beacon *b, const struct connection *c,
			      enum token_method method, char *out, size_t room, bool *ret_over)
{
	struct heard_by by = by_of(c, method);
	struct span request = span_of(c->bytes, c->have);
	uint8_t question[TOKEN_QUESTION], answer[TOKEN_ANSWER];
	char text[TOKEN_TEXT];
	struct token_answer a;
	struct span none = span_of(out, 0);
	/* The shorter where the longer would be more than was asked with. */
	static const char *const heads[] = {
		("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 103\r\n"
		 "Cache-Control: no-store\r\nConnection: close\r\n\r\n"),
		"HTTP/1.1 200 OK\r\nContent-Length: 103\r\nConnection: close\r\n\r\n",
		"HTTP/1.0 200 OK\r\n\r\n",
	};

	*ret_over = false;
	if (span_find(request, "\r\n\r\n", 4) < 0) {
		*ret_over = c->have == sizeof(c->bytes);
		return none;
	}
	*ret_over = true;
	if (!token_request_read(request, question)) {
		beacon_stranger(b, &by);
		return none;
	}
	struct span asked = span_of(question, sizeof(question));
	if (!beacon_judge(b, &by, asked, &a) || !token_answer(b->setup->key, asked, &a, answer) ||
	    !token_text(span_of(answer, sizeof(answer)), text, sizeof(text)))
		return none;
	for (size_t i = 0; i < countof(heads); i++) {
		int n = snprintf(out, room, "%s%s", heads[i], text);
		if (n > 0 && (size_t)n < room && (size_t)n <= request.length)
			return span_of(out, (size_t)n);
	}
	return none;
}

static void heard_http(struct beacon *b, struct connection *c)
{
	char out[REQUEST_MOST];
	bool over;

	if (!read_more(b, c, sizeof(c->bytes)))
		return;
	struct span reply = beacon_http_reply(b, c, TOKEN_HTTP, out, sizeof(out), &over);
	if (!over)
		return;
	c->judged = true;
	if (reply.length > 0)
		beacon_tcp_say_last(b, c, reply);
	else
		beacon_tcp_drop(b, c);
}

/* What is still under way is read and thrown away, so that closing sends no reset over the answer. */
static void linger(struct beacon *b, struct connection *c)
{
	uint8_t bytes[1024];
	ssize_t n = recv(c->end.fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0 && (c->have += (size_t)n) < LINGER_BYTES)
		return;
	beacon_tcp_drop(b, c);
}

/* By its first byte. Of DNS that is the length's upper half: less than any letter. */
static void begin(struct beacon *b, struct connection *c)
{
	uint8_t first;
	ssize_t n = recv(c->end.fd, &first, 1, MSG_PEEK | MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n == 1 && first == 'T')
		c->state = CONN_RAW;
	else if (n == 1 && first == 'G' && c->end.http)
		c->state = CONN_HTTP;
	else if (n == 1 && first == TLS_HANDSHAKE && c->end.tls)
		c->state = CONN_TLS;
	else if (n == 1 && first <= BEACON_DNS_MOST >> 8 && c->end.dns)
		c->state = CONN_DNS;
	else
		drop_stranger(b, c);
}

void beacon_tcp_heard(struct beacon *b, struct connection *c)
{
	if (c->state == CONN_FIRST)
		begin(b, c);
	switch (c->state) {
	case CONN_RAW:
		heard_raw(b, c);
		break;
	case CONN_HTTP:
		heard_http(b, c);
		break;
	case CONN_DNS:
		heard_dns(b, c);
		break;
	case CONN_TLS:
		beacon_tls_heard(b, c);
		break;
	case CONN_LINGER:
		linger(b, c);
		break;
	case CONN_FIRST:
	case CONN_DEAD:
		break;
	}
}
