/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 792, RFC 4443 (errors and what they quote), RFC 9293 (segments). */
#include "reach/overheard.h"

#include <errno.h>
#include <linux/filter.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "codec/reader.h"

enum {
	EARS = 4,
	KEPT = 1024, /* of each kind; the oldest goes first */
	PACKET_MOST = 2048,
	TICK_MS = 100,
	ICMP4_UNREACHABLE = 3,
	ICMP4_EXCEEDED = 11,
	ICMP6_UNREACHABLE = 1,
	ICMP6_EXCEEDED = 3,
	ECHO4 = 8,
	ECHO6 = 128,
	HEADERS_MOST = 8, /* extension headers of a quoted packet */
};

struct error_row {
	struct overheard_quote quote;
	struct addr from;
};

struct segment_row {
	struct addr from;
	uint16_t port, own_port;
	uint8_t flags;
	int ttl;
};

enum ear { EAR_ICMP4, EAR_ICMP6, EAR_TCP4, EAR_TCP6 };

struct overheard {
	int fds[EARS];
	pthread_t thread;
	bool running;
	atomic_bool stop;
	pthread_mutex_t lock;
	struct error_row errors[KEPT];
	struct segment_row segments[KEPT];
	size_t error_count, segment_count; /* ever */
};

enum icmp_meaning icmp_meaning(bool v4, uint8_t type, uint8_t code)
{
	if (v4 && type == ICMP4_UNREACHABLE)
		return code == 3                                          ? ICMP_PORT_SHUT
		       : code == 9 || code == 10 || code == 13            ? ICMP_FORBIDDEN
		       : code == 0 || code == 1 || code == 6 || code == 7 ? ICMP_NO_WAY
									  : ICMP_OTHER;
	if (!v4 && type == ICMP6_UNREACHABLE)
		return code == 4                             ? ICMP_PORT_SHUT
		       : code == 1 || code == 5 || code == 6 ? ICMP_FORBIDDEN
		       : code == 0 || code == 2 || code == 3 ? ICMP_NO_WAY
							     : ICMP_OTHER;
	return type == (v4 ? ICMP4_EXCEEDED : ICMP6_EXCEEDED) ? ICMP_LOOP : ICMP_OTHER;
}

/* ---- reading ---- */

static struct addr read_v4(struct reader *r)
{
	struct addr a = { .bytes = { [10] = 0xff, [11] = 0xff } };
	struct span s = rd_span(r, 4);

	if (s.length == 4)
		memcpy(a.bytes + 12, s.at, 4);
	return a;
}

static struct addr read_v6(struct reader *r)
{
	struct addr a = { 0 };
	struct span s = rd_span(r, 16);

	if (s.length == 16)
		memcpy(a.bytes, s.at, 16);
	return a;
}

/* What is behind the quoted header: at least eight bytes of it travel. */
static bool read_ports(struct reader *r, uint8_t protocol, struct overheard_quote *q)
{
	q->protocol = protocol;
	if (protocol == IPPROTO_TCP || protocol == IPPROTO_UDP) {
		q->own_port = rd_be16(r);
		q->port = rd_be16(r);
		return rd_ok(r);
	}
	if (protocol != IPPROTO_ICMP && protocol != IPPROTO_ICMPV6)
		return false;
	uint8_t type = rd_u8(r);
	rd_skip(r, 3);
	q->own_port = rd_be16(r);
	return rd_ok(r) && type == (protocol == IPPROTO_ICMP ? ECHO4 : ECHO6);
}

/* RFC 791, 3.1; RFC 792: type, code, checksum, 4 bytes, then header and 64 bits of the packet. */
static bool read_icmp4(struct reader *r, struct overheard_quote *q)
{
	unsigned words = rd_u8(r) & 15;

	if (words < 5)
		return false;
	rd_skip(r, words * 4 - 1);
	q->type = rd_u8(r);
	q->code = rd_u8(r);
	rd_skip(r, 6);
	if (q->type != ICMP4_UNREACHABLE && q->type != ICMP4_EXCEEDED)
		return false;
	uint8_t first = rd_u8(r);
	if (first >> 4 != 4 || (first & 15) < 5)
		return false;
	rd_skip(r, 5);
	bool later = (rd_be16(r) & 0x1fff) != 0; /* a fragment without its ports */
	rd_skip(r, 1);
	uint8_t protocol = rd_u8(r);
	rd_skip(r, 6);
	q->to = read_v4(r);
	rd_skip(r, (first & 15) * 4u - 20);
	return !later && read_ports(r, protocol, q);
}

/* RFC 4443, 2.1 and 3; RFC 8200, 4: a quoted packet may have extension headers. */
static bool read_icmp6(struct reader *r, struct overheard_quote *q)
{
	q->type = rd_u8(r);
	q->code = rd_u8(r);
	rd_skip(r, 6);
	if (q->type != ICMP6_UNREACHABLE && q->type != ICMP6_EXCEEDED)
		return false;
	if (rd_u8(r) >> 4 != 6)
		return false;
	rd_skip(r, 5);
	uint8_t next = rd_u8(r);
	rd_skip(r, 17);
	q->to = read_v6(r);
	for (int i = 0; i < HEADERS_MOST && (next == 0 || next == 43 || next == 60); i++) {
		next = rd_u8(r);
		rd_skip(r, rd_u8(r) * 8u + 6);
	}
	return read_ports(r, next, q);
}

bool overheard_read_icmp(struct span packet, bool v4, struct overheard_quote *ret)
{
	struct reader r = rd_new(packet);
	struct overheard_quote q = { 0 };

	if (!(v4 ? read_icmp4(&r, &q) : read_icmp6(&r, &q)) || !rd_ok(&r))
		return false;
	*ret = q;
	return true;
}

/* A raw IPv4 socket gives the IP header too; of IPv6 the hop limit comes beside it. */
static bool read_segment(struct span packet, bool v4, int hops, struct segment_row *ret)
{
	struct reader r = rd_new(packet);
	struct segment_row s = { .ttl = hops };

	if (v4) {
		unsigned words = rd_u8(&r) & 15;

		if (words < 5)
			return false;
		rd_skip(&r, 7);
		s.ttl = rd_u8(&r);
		rd_skip(&r, words * 4 - 9);
	}
	s.port = rd_be16(&r);
	s.own_port = rd_be16(&r);
	rd_skip(&r, 9);
	s.flags = rd_u8(&r);
	if (!rd_ok(&r))
		return false;
	*ret = s;
	return true;
}

/* ---- listening ---- */

static void take(struct overheard *o, enum ear ear, struct span packet, const struct addr *from,
		 int hops)
{
	struct overheard_quote q;
	struct segment_row s;
	bool v4 = ear == EAR_ICMP4 || ear == EAR_TCP4;

	pthread_mutex_lock(&o->lock);
	if (ear == EAR_ICMP4 || ear == EAR_ICMP6) {
		if (overheard_read_icmp(packet, v4, &q))
			o->errors[o->error_count++ % KEPT] =
				(struct error_row){ .quote = q, .from = *from };
	} else if (read_segment(packet, v4, hops, &s)) {
		s.from = *from;
		o->segments[o->segment_count++ % KEPT] = s;
	}
	pthread_mutex_unlock(&o->lock);
}

static void hear(struct overheard *o, enum ear ear)
{
	static _Thread_local uint8_t bytes[PACKET_MOST];

	for (int i = 0; i < 64; i++) {
		union {
			struct cmsghdr align;
			uint8_t bytes[64];
		} control;
		struct sockaddr_storage sa = { 0 };
		struct iovec v = { bytes, sizeof(bytes) };
		struct msghdr m = { .msg_name = &sa,
				    .msg_namelen = sizeof(sa),
				    .msg_iov = &v,
				    .msg_iovlen = 1,
				    .msg_control = control.bytes,
				    .msg_controllen = sizeof(control.bytes) };
		struct addr from;
		int hops = -1;
		ssize_t n = recvmsg(o->fds[ear], &m, MSG_DONTWAIT);

		if (n <= 0 || addr_from_sockaddr((struct sockaddr *)&sa, &from, NULL) != 0)
			return;
		for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c != NULL; c = CMSG_NXTHDR(&m, c))
			if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_HOPLIMIT)
				memcpy(&hops, CMSG_DATA(c), sizeof(hops));
		from.scope = 0;
		take(o, ear, span_of(bytes, (size_t)n), &from, hops);
	}
}

static void *listen_on(void *context)
{
	struct overheard *o = context;

	while (!atomic_load(&o->stop)) {
		struct pollfd p[EARS];

		for (int i = 0; i < EARS; i++)
			p[i] = (struct pollfd){ .fd = o->fds[i], .events = POLLIN };
		if (poll(p, EARS, TICK_MS) <= 0)
			continue;
		for (int i = 0; i < EARS; i++)
			if ((p[i].revents & POLLIN) != 0)
				hear(o, (enum ear)i);
	}
	return NULL;
}

/* Only segments with RST, or with SYN and ACK; the rest of this machine's traffic is not ours to see. The
 * flags are the 14th byte of the header. */
static void filter_segments(int fd, bool v4)
{
	struct sock_filter code[] = {
		v4 ? (struct sock_filter)BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0)
		   : (struct sock_filter)BPF_STMT(BPF_LDX | BPF_W | BPF_IMM, 0),
		BPF_STMT(BPF_LD | BPF_B | BPF_IND, 13),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x04, 2, 0),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0x12),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x12, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 256),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog program = { .len = countof(code), .filter = code };

	setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
}

struct overheard *overheard_open(void)
{
	static const struct {
		int family, protocol;
	} ears[EARS] = { [EAR_ICMP4] = { AF_INET, IPPROTO_ICMP },
			 [EAR_ICMP6] = { AF_INET6, IPPROTO_ICMPV6 },
			 [EAR_TCP4] = { AF_INET, IPPROTO_TCP },
			 [EAR_TCP6] = { AF_INET6, IPPROTO_TCP } };
	struct overheard *o = calloc(1, sizeof(*o));
	int on = 1;

	if (o == NULL)
		return NULL;
	pthread_mutex_init(&o->lock, NULL);
	for (int i = 0; i < EARS; i++) {
		o->fds[i] = socket(ears[i].family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
				   ears[i].protocol);
		if (o->fds[i] < 0)
			continue;
		if (ears[i].family == AF_INET6)
			setsockopt(o->fds[i], IPPROTO_IPV6, IPV6_RECVHOPLIMIT, &on, sizeof(on));
		if (ears[i].protocol == IPPROTO_TCP)
			filter_segments(o->fds[i], ears[i].family == AF_INET);
	}
	return o;
}

bool overheard_start(struct overheard *o)
{
	atomic_store(&o->stop, false);
	o->running = pthread_create(&o->thread, NULL, listen_on, o) == 0;
	return o->running;
}

void overheard_stop(struct overheard *o)
{
	if (!o->running)
		return;
	atomic_store(&o->stop, true);
	pthread_join(o->thread, NULL);
	o->running = false;
}

bool overheard_deaf(const struct overheard *o)
{
	return !o->running || (o->fds[EAR_TCP4] < 0 && o->fds[EAR_TCP6] < 0);
}

void overheard_close(struct overheard *o)
{
	if (o == NULL)
		return;
	overheard_stop(o);
	for (int i = 0; i < EARS; i++)
		if (o->fds[i] >= 0)
			close(o->fds[i]);
	pthread_mutex_destroy(&o->lock);
	free(o);
}

/* ---- what was heard ---- */

static bool same_address(const struct addr *a, const struct addr *b)
{
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

bool overheard_error(struct overheard *o, uint8_t protocol, uint16_t own_port,
		     const struct addr *to, uint16_t port, struct overheard_icmp *ret)
{
	bool found = false;

	pthread_mutex_lock(&o->lock);
	size_t first = o->error_count > KEPT ? o->error_count - KEPT : 0;
	for (size_t i = o->error_count; i > first && !found; i--) {
		const struct error_row *e = &o->errors[(i - 1) % KEPT];

		found = e->quote.protocol == protocol && same_address(&e->quote.to, to) &&
			e->quote.port == port && (own_port == 0 || e->quote.own_port == own_port);
		if (found)
			*ret = (struct overheard_icmp){ .from = e->from,
							.type = e->quote.type,
							.code = e->quote.code };
	}
	pthread_mutex_unlock(&o->lock);
	return found;
}

int overheard_ttl(struct overheard *o, const struct addr *from, uint16_t port, uint16_t own_port,
		  uint8_t flags)
{
	int ttl = -1;

	pthread_mutex_lock(&o->lock);
	size_t first = o->segment_count > KEPT ? o->segment_count - KEPT : 0;
	for (size_t i = o->segment_count; i > first && ttl < 0; i--) {
		const struct segment_row *s = &o->segments[(i - 1) % KEPT];

		if (same_address(&s->from, from) && s->port == port && s->own_port == own_port &&
		    (s->flags & flags) == flags)
			ttl = s->ttl;
	}
	pthread_mutex_unlock(&o->lock);
	return ttl;
}
