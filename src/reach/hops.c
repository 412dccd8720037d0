/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hop lists: the same packet with one hop more each time, over the ordinary route, in waves of four. A
 * router that drops it because its hops have run out says who it is (RFC 792, RFC 4443); so does one that has a
 * rule against it. A reset or an answer tells no sender of its own: the first hop that brings one tells how
 * far it comes from.
 */
#include <errno.h>
#include <jansson.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "codec/reader.h"
#include "codec/writer.h"
#include "reach/reach.h"

enum { HOPS = 16, WAVE = 4, WAIT_MS = 1200, TICK = 10, SILENT_WAVES = 2 };

enum hop_said {
	HOP_SILENT,
	HOP_EXCEEDED,
	HOP_UNREACHABLE,
	HOP_PROHIBITED,
	HOP_RESET,
	HOP_ANSWERED
};

struct hop {
	struct reach_talk talk; /* fd -1: none, or done */
	uint16_t sequence;      /* of an echo request */
	enum hop_said said;
	bool has_from;
	struct addr from;
};

struct trace {
	struct reach_run *r;
	const struct reach_source *source;
	const struct addr *to;
	bool udp, tcp, v4;
	uint16_t port, id;
	struct hop hops[HOPS];
};

static const char *word_of(enum hop_said s)
{
	static const char *const words[] = { NULL,         "time exceeded", "unreachable",
					     "prohibited", "reset",         "answer" };

	return words[s];
}

/* RFC 792; RFC 1812, 5.2.7.1; RFC 4443, 3.1 to 3.3. */
static enum hop_said of_icmp(bool v4, uint8_t type, uint8_t code)
{
	if (type == (v4 ? 11 : 3))
		return HOP_EXCEEDED;
	if (type != (v4 ? 3 : 1))
		return HOP_SILENT;
	if (v4)
		return code == 9 || code == 10 || code == 13 ? HOP_PROHIBITED
		       : code == 2 || code == 3              ? HOP_ANSWERED
							     : HOP_UNREACHABLE;
	return code == 1 || code == 5 || code == 6 ? HOP_PROHIBITED
	       : code == 4                         ? HOP_ANSWERED
						   : HOP_UNREACHABLE;
}

static void say(struct hop *h, enum hop_said said, const struct addr *from)
{
	if (h->said != HOP_SILENT)
		return;
	h->said = said;
	h->has_from = from != NULL;
	if (from != NULL)
		h->from = *from;
}

/* ---- echo requests ---- */

static void send_echo(struct trace *t, unsigned i)
{
	uint8_t message[8 + TOKEN_QUESTION] = { 0 };
	struct writer w = wr_new(message, sizeof(message));
	uint32_t sum = 0;

	t->hops[i].sequence = (uint16_t)(i + 1);
	wr_u8(&w, t->v4 ? 8 : 128);
	wr_u8(&w, 0);
	wr_be16(&w, 0);
	wr_be16(&w, t->id);
	wr_be16(&w, t->hops[i].sequence);
	for (size_t k = 0; k < sizeof(message); k += 2)
		sum += (uint32_t)message[k] << 8 | message[k + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	sum = ~(sum + (sum >> 16)) & 0xffff;
	if (t->v4) { /* of ICMPv6 the kernel makes it */
		message[2] = (uint8_t)(sum >> 8);
		message[3] = (uint8_t)sum;
	}
	reach_icmp(t->r, t->source, t->to, message, sizeof(message), (int)i + 1);
}

/* Our echo request, quoted behind an ICMP header: which one; 0: none of ours. */
static uint16_t quoted(const struct trace *t, struct reader *r)
{
	uint8_t first = rd_u8(r);
	bool ours;

	if (t->v4) {
		size_t header = (size_t)(first & 15) * 4;

		rd_skip(r, 8);
		ours = rd_u8(r) == 1 && first >> 4 == 4 && header >= 20;
		rd_skip(r, 6); /* checksum, source */
		struct span to = rd_span(r, 4);
		ours = ours && to.length == 4 && memcmp(to.at, t->to->bytes + 12, 4) == 0;
		if (ours)
			rd_skip(r, header - 20);
	} else {
		rd_skip(r, 5);
		ours = first >> 4 == 6 && rd_u8(r) == 58;
		rd_skip(r, 1 + 16); /* hop limit, source */
		struct span to = rd_span(r, 16);
		ours = ours && to.length == 16 && memcmp(to.at, t->to->bytes, 16) == 0;
	}
	ours = ours && rd_u8(r) == (t->v4 ? 8 : 128);
	rd_skip(r, 3);
	ours = rd_be16(r) == t->id && ours;
	uint16_t sequence = rd_be16(r);
	return ours && rd_ok(r) ? sequence : 0;
}

static void hear_echo(struct trace *t, const uint8_t *bytes, size_t n, const struct addr *from)
{
	struct reader r = rd_new(span_of(bytes, n));
	uint16_t sequence = 0;

	if (t->v4) { /* a raw socket gives the header too */
		size_t header = (size_t)(rd_u8(&r) & 15) * 4;

		if (header < 20)
			return;
		rd_skip(&r, header - 1);
	}
	uint8_t type = rd_u8(&r), code = rd_u8(&r);
	rd_skip(&r, 2);
	enum hop_said said = of_icmp(t->v4, type, code);
	if (type == (t->v4 ? 0 : 129)) {
		said = HOP_ANSWERED;
		if (rd_be16(&r) == t->id && addr_compare(from, t->to) == 0)
			sequence = rd_be16(&r);
	} else if (said != HOP_SILENT) {
		rd_skip(&r, 4);
		sequence = quoted(t, &r);
	}
	if (rd_ok(&r) && sequence >= 1 && sequence <= HOPS)
		say(&t->hops[sequence - 1], said, from);
}

static void hear_echoes(struct trace *t)
{
	uint8_t bytes[2048];

	for (unsigned i = 0; i < 64; i++) {
		struct sockaddr_storage sa = { 0 };
		socklen_t length = sizeof(sa);
		struct addr from;
		ssize_t n = recvfrom(t->source->echo_fd, bytes, sizeof(bytes), MSG_DONTWAIT,
				     (struct sockaddr *)&sa, &length);

		if (n <= 0)
			return;
		if (addr_from_sockaddr((struct sockaddr *)&sa, &from, NULL) == 0)
			hear_echo(t, bytes, (size_t)n, &from);
	}
}

/* ---- datagrams and connections ---- */

static void open_hop(struct trace *t, unsigned i)
{
	const struct reach_link_to way = { .use = GATE_BEACON,
					   .to = *t->to,
					   .port = t->port,
					   .udp = t->udp,
					   .from = t->source,
					   .purpose = "reach-hops",
					   .ttl = (int)i + 1 };
	struct token_question question = { .run = t->r->run_id,
					   .method = t->udp ? TOKEN_UDP : TOKEN_TCP,
					   .port = t->port,
					   .time = reach_unix_ms() / 1000 };
	struct token_asked asked;
	struct hop *h = &t->hops[i];

	if (!reach_connect(t->r, &way, &h->talk) || !t->udp)
		return;
	question.number = atomic_fetch_add(&t->r->questions, 1) + 1;
	if (getrandom(question.random, sizeof(question.random), 0) ==
		    (ssize_t)sizeof(question.random) &&
	    token_ask(t->r->key, &question, &asked))
		reach_send(t->r, &h->talk, asked.bytes, asked.length);
}

/* Who refused it: what the kernel kept of an ICMP message (IP_RECVERR, ip(7)). */
static void hear_error(const struct trace *t, struct hop *h)
{
	union {
		struct cmsghdr align;
		uint8_t bytes[512];
	} control;
	uint8_t waste[256];

	for (unsigned i = 0; i < 8; i++) {
		struct iovec v = { waste, sizeof(waste) };
		struct msghdr m = { .msg_iov = &v,
				    .msg_iovlen = 1,
				    .msg_control = control.bytes,
				    .msg_controllen = sizeof(control.bytes) };

		if (recvmsg(h->talk.fd, &m, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
			return;
		for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c != NULL; c = CMSG_NXTHDR(&m, c)) {
			struct {
				struct sock_extended_err error;
				struct sockaddr_storage from;
			} e = { 0 };
			struct addr from;
			size_t n = c->cmsg_len > CMSG_LEN(0) ? c->cmsg_len - CMSG_LEN(0) : 0;

			if (n < sizeof(e.error))
				continue;
			memcpy(&e.error, CMSG_DATA(c), sizeof(e.error));
			n -= sizeof(e.error);
			memcpy(&e.from, CMSG_DATA(c) + sizeof(e.error),
			       n < sizeof(e.from) ? n : sizeof(e.from));
			if (e.error.ee_origin != SO_EE_ORIGIN_ICMP &&
			    e.error.ee_origin != SO_EE_ORIGIN_ICMP6)
				continue;
			bool known =
				addr_from_sockaddr((struct sockaddr *)&e.from, &from, NULL) == 0;
			say(h, of_icmp(t->v4, e.error.ee_type, e.error.ee_code),
			    known ? &from : NULL);
		}
	}
}

static void hear_hop(const struct trace *t, struct hop *h)
{
	struct pollfd p = { .fd = h->talk.fd, .events = t->udp ? POLLIN : POLLOUT };
	int error = 0;
	socklen_t n = sizeof(error);

	if (h->talk.fd < 0 || poll(&p, 1, 0) <= 0)
		return;
	if ((p.revents & POLLERR) != 0)
		hear_error(t, h);
	if (h->said != HOP_SILENT)
		return;
	if (getsockopt(h->talk.fd, SOL_SOCKET, SO_ERROR, &error, &n) != 0)
		return;
	if (error == ECONNREFUSED || error == ECONNRESET)
		say(h, HOP_RESET, NULL);
	else if (error == EHOSTUNREACH || error == ENETUNREACH || error == EACCES)
		say(h, HOP_UNREACHABLE, NULL);
	else if (error == 0 && (p.revents & (POLLIN | POLLOUT)) != 0)
		say(h, HOP_ANSWERED, t->to);
}

/* ---- the list ---- */

static bool is_end(const struct hop *h)
{
	return h->said > HOP_EXCEEDED;
}

/* True: there was an answer in it. */
static bool wave(struct trace *t, unsigned first)
{
	unsigned open = WAVE, last = first + WAVE < HOPS ? first + WAVE : HOPS;

	for (unsigned i = first; i < last && !reach_stopping(t->r); i++) {
		t->hops[i].talk.fd = -1;
		if (t->tcp || t->udp)
			open_hop(t, i);
		else
			send_echo(t, i);
	}
	for (int64_t until = reach_mono_ms() + WAIT_MS;
	     open > 0 && reach_mono_ms() < until && !reach_stopping(t->r);) {
		reach_sleep(t->r, TICK);
		if (!t->tcp && !t->udp)
			hear_echoes(t);
		open = 0;
		for (unsigned i = first; i < last; i++) {
			if (t->tcp || t->udp)
				hear_hop(t, &t->hops[i]);
			open += t->hops[i].said == HOP_SILENT;
		}
	}
	for (unsigned i = first; i < last; i++)
		if (t->hops[i].talk.fd >= 0)
			reach_end(t->r, &t->hops[i].talk,
				  t->hops[i].said == HOP_SILENT ? "silent" : "done");
	for (unsigned i = first; i < last; i++)
		if (t->hops[i].said != HOP_SILENT)
			return true;
	return false;
}

static void list(const struct trace *t, char ret[static REACH_HOPS], bool *ret_found,
		 struct addr *ret_from)
{
	json_t *all = json_array();
	unsigned last = 0;
	char text[ADDR_TEXT];

	for (unsigned i = 0; i < HOPS; i++) {
		if (t->hops[i].said != HOP_SILENT)
			last = i + 1;
		if (is_end(&t->hops[i]))
			break;
	}
	for (unsigned i = 0; i < last; i++) {
		const struct hop *h = &t->hops[i];
		json_t *o = json_object();

		json_object_set_new(o, "hop", json_integer(i + 1));
		if (h->has_from)
			json_object_set_new(o, "from", json_string(addr_format(&h->from, text)));
		if (h->said != HOP_SILENT)
			json_object_set_new(o, "said", json_string(word_of(h->said)));
		if (h->has_from) {
			*ret_found = true;
			*ret_from = h->from;
		}
		json_array_append_new(all, o);
	}
	size_t n = json_dumpb(all, ret, REACH_HOPS - 1, JSON_COMPACT);
	ret[n < REACH_HOPS ? n : 0] = '\0';
	json_decref(all);
}

bool hops_trace(struct reach_run *r, const struct reach_source *source, const struct addr *to,
		const char *transport, uint16_t port, char ret_hops[static REACH_HOPS],
		struct addr *ret_from)
{
	struct trace t = { .r = r,
			   .source = source,
			   .to = to,
			   .udp = strcmp(transport, "udp") == 0,
			   .tcp = strcmp(transport, "tcp") == 0,
			   .v4 = addr_is_ipv4(to),
			   .port = port };
	bool echoes = !t.udp && !t.tcp, found = false, ended = false;
	unsigned silent = 0;

	ret_hops[0] = '\0';
	if (echoes && (source == NULL || source->echo_fd < 0))
		return false;
	if (getrandom(&t.id, sizeof(t.id), 0) != (ssize_t)sizeof(t.id))
		return false;
	for (unsigned i = 0; i < HOPS; i++)
		t.hops[i].talk.fd = -1;
	if (echoes)
		pthread_mutex_lock(&r->echo_lock);
	for (unsigned first = 0; first < HOPS && silent < SILENT_WAVES && !ended; first += WAVE) {
		silent = wave(&t, first) ? 0 : silent + 1;
		for (unsigned i = first; i < first + WAVE && i < HOPS; i++)
			ended = ended || is_end(&t.hops[i]);
	}
	if (echoes)
		pthread_mutex_unlock(&r->echo_lock);
	/* What nobody waited for says nothing. */
	if (!reach_stopping(r))
		list(&t, ret_hops, &found, ret_from);
	return found;
}
