/* SPDX-License-Identifier: Apache-2.0 */
/* Straight to the beacon: a question by TCP, UDP, an echo request, HTTP. */
#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <stdio.h>
#include <sys/random.h>

#include "codec/evidence.h"
#include "codec/http_message.h"
#include "codec/limits.h"
#include "codec/reader.h"
#include "codec/writer.h"
#include "reach/egress.h"

enum { ECHO_HEADER = 8, DATAGRAM = 2048, PAGE = 8192, AGAIN_MS = 1000 };

static struct reach_link_to way_of(const struct egress_job *job, bool udp, const char *purpose)
{
	return (struct reach_link_to){ .use = GATE_BEACON,
				       .to = job->to,
				       .port = job->port,
				       .udp = udp,
				       .from = job->from,
				       .purpose = purpose };
}

/* A question by itself, and its answer, on a connection that stands. */
static void ask_raw(struct egress *e, struct egress_job *job, struct reach_talk *t,
		    struct reach_result *ret)
{
	uint8_t answer[TOKEN_ANSWER];
	size_t have = 0;
	struct token_asked asked;
	struct token_answer a;
	ssize_t n = -EIO;
	int64_t until = reach_mono_ms() + REACH_ANSWER_MS;

	if (!egress_question(e, TOKEN_TCP, job->port, false, &asked))
		return;
	if (reach_send(e->run, t, asked.bytes, asked.length))
		while (have < sizeof(answer) &&
		       (n = egress_read(e, t, answer + have, sizeof(answer) - have, until)) > 0)
			have += (size_t)n;
	else
		n = -ECONNRESET;
	struct span got = span_of(answer, have);
	enum token_verdict v =
		have == 0 ? TOKEN_NONE : token_check_answer(e->run->key, &asked, got, &a);
	if (v == TOKEN_RIGHT)
		egress_reached(ret, &asked, &a, got);
	else if (have == 0 && (n == -ECONNRESET || n == -EPIPE || n == -EINTR))
		egress_failed(e, job, t, (int)-n, ret);
	else
		egress_other(ret, v, got,
			     have == 0 ? "the connection stood, but no answer came: somebody else "
					 "took it, or the beacon has another key"
				       : "somebody else answered");
}

void egress_tcp(struct egress *e, struct egress_job *job, struct reach_result *ret)
{
	struct reach_link_to way = way_of(job, false, "reach-tcp");
	struct reach_talk t;

	if (!egress_open(e, job, &way, &t, ret))
		return;
	ask_raw(e, job, &t, ret);
	reach_end(e->run, &t, reach_outcome_word(ret->outcome));
}

void egress_udp(struct egress *e, struct egress_job *job, struct reach_result *ret)
{
	struct reach_link_to way = way_of(job, true, "reach-udp");
	struct token_asked asked;
	struct token_answer a;
	struct reach_talk t;
	uint8_t bytes[DATAGRAM];
	ssize_t n = -ETIMEDOUT;

	if (!egress_open(e, job, &way, &t, ret))
		return;
	ret->outcome = OUTCOME_SILENT;
	/* The same question may come again on the way; each try has one of its own, so that an answer to
	 * either counts and none is a replay. */
	for (int i = 0; i <= REACH_REPEATS && ret->outcome == OUTCOME_SILENT; i++) {
		int64_t until =
			reach_mono_ms() + (i < REACH_REPEATS ? AGAIN_MS : REACH_ANSWER_MS / 2);

		if (!egress_question(e, TOKEN_UDP, job->port, false, &asked) ||
		    !reach_send(e->run, &t, asked.bytes, asked.length)) {
			n = errno == 0 ? -EIO : -errno;
			break;
		}
		while ((n = egress_read(e, &t, bytes, sizeof(bytes), until)) >= 0) {
			struct span got = span_of(bytes, (size_t)n);
			enum token_verdict v = token_check_answer(e->run->key, &asked, got, &a);

			if (v == TOKEN_RIGHT) {
				egress_reached(ret, &asked, &a, got);
				break;
			}
			egress_other(ret, v, got, "somebody else answered");
		}
		if (ret->outcome == OUTCOME_REACHED || n == -EINTR || (n < 0 && n != -ETIMEDOUT))
			break;
	}
	if (ret->outcome == OUTCOME_SILENT && n < 0) {
		ret->outcome = OUTCOME_NOT_TESTED;
		egress_failed(e, job, &t, (int)-n, ret);
	}
	reach_end(e->run, &t, reach_outcome_word(ret->outcome));
}

/* ---- ICMP ---- */

/* RFC 1071 */
static uint16_t checksum(struct span bytes)
{
	struct reader r = rd_new(bytes);
	uint32_t sum = 0;

	while (rd_left(&r) > 1)
		sum += rd_be16(&r);
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static struct span make_echo(bool v4, uint16_t id, uint16_t sequence,
			     const struct token_asked *asked,
			     uint8_t out[static ECHO_HEADER + TOKEN_QUESTION])
{
	struct writer w = { 0 };

	for (uint16_t sum = 0, turn = 0; turn < 2; turn++) {
		w = wr_new(out, ECHO_HEADER + TOKEN_QUESTION);
		wr_u8(&w, v4 ? ICMP_ECHO : ICMP6_ECHO_REQUEST);
		wr_u8(&w, 0);
		wr_be16(&w, sum); /* of ICMPv6: the kernel's */
		wr_be16(&w, id);
		wr_be16(&w, sequence);
		wr_bytes(&w, asked->bytes, asked->length);
		if (!v4)
			break;
		sum = checksum(wr_span(&w));
	}
	return wr_span(&w);
}

struct echo {
	bool ours;    /* an echo reply with our identifier */
	bool refused; /* an error about our request */
	struct overheard_icmp said;
	struct addr from;
	int ttl;
	struct span payload;
};

static bool read_echo(struct span packet, bool v4, const struct addr *to, uint16_t id,
		      struct echo *ret)
{
	struct overheard_quote q;
	struct reader r = rd_new(packet);

	ret->ttl = -1;
	if (overheard_read_icmp(packet, v4, &q)) {
		ret->refused = memcmp(q.to.bytes, to->bytes, 16) == 0 && q.own_port == id;
		ret->said.type = q.type;
		ret->said.code = q.code;
		return ret->refused;
	}
	if (v4) {
		unsigned words = rd_u8(&r) & 15;

		rd_skip(&r, 7);
		ret->ttl = rd_u8(&r);
		rd_skip(&r, words < 5 ? rd_left(&r) : words * 4 - 9);
	}
	uint8_t type = rd_u8(&r), code = rd_u8(&r);
	rd_skip(&r, 2);
	bool same = rd_be16(&r) == id;
	rd_skip(&r, 2);
	ret->payload = rd_rest(&r);
	ret->ours =
		rd_ok(&r) && same && code == 0 && type == (v4 ? ICMP_ECHOREPLY : ICMP6_ECHO_REPLY);
	return ret->ours;
}

/* One packet of the socket; false: none by then. */
static bool hear_echo(struct egress *e, int fd, uint8_t *bytes, size_t room, int64_t until,
		      struct addr *ret_from, size_t *ret_length)
{
	while (!reach_stopping(e->run)) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		struct sockaddr_storage sa = { 0 };
		socklen_t length = sizeof(sa);
		int64_t left = until - reach_mono_ms();

		if (left <= 0)
			return false;
		if (poll(&p, 1, (int)(left < 100 ? left : 100)) <= 0)
			continue;
		ssize_t n =
			recvfrom(fd, bytes, room, MSG_DONTWAIT, (struct sockaddr *)&sa, &length);
		if (n > 0 && addr_from_sockaddr((struct sockaddr *)&sa, ret_from, NULL) == 0) {
			ret_from->scope = 0;
			*ret_length = (size_t)n;
			return true;
		}
	}
	return false;
}

static void refused_echo(const struct egress_job *job, const struct echo *h,
			 struct reach_result *ret)
{
	bool v4 = addr_is_ipv4(&job->to);
	enum icmp_meaning m = icmp_meaning(v4, h->said.type, h->said.code);
	bool own = memcmp(h->from.bytes, job->from->address.bytes, 16) == 0;
	json_t *o = json_object();

	note_int(o, "icmp_type", h->said.type);
	note_int(o, "icmp_code", h->said.code);
	egress_evidence(ret, o);
	if (!own)
		egress_place(&h->from, 0, ret->answered_by);
	ret->outcome = m == ICMP_NO_WAY || m == ICMP_LOOP ? OUTCOME_NO_ROUTE : OUTCOME_PROHIBITED;
	if (m == ICMP_NO_WAY)
		egress_note(ret, own ? "the next hop does not answer"
				     : "a router says that there is no way on");
}

void egress_icmp(struct egress *e, struct egress_job *job, struct reach_result *ret)
{
	bool v4 = addr_is_ipv4(&job->to), plain = false;
	uint8_t out[ECHO_HEADER + TOKEN_QUESTION], bytes[DATAGRAM];
	uint16_t id = 0;
	struct token_asked asked;
	struct token_answer a;

	/* Not one that somebody on the way still remembers. */
	if (getrandom(&id, sizeof(id), 0) != sizeof(id))
		id = (uint16_t)ret->number;
	/* The socket is this source's only one: one test of it at a time. */
	pthread_mutex_lock(&e->run->echo_lock);
	ret->at_ms = reach_unix_ms();
	ret->outcome = OUTCOME_SILENT;
	for (int i = 0; i <= REACH_REPEATS && ret->outcome == OUTCOME_SILENT && !plain; i++) {
		int64_t until =
			reach_mono_ms() + (i < REACH_REPEATS ? AGAIN_MS : REACH_ANSWER_MS / 2);
		struct echo h;
		size_t n;

		if (!egress_question(e, TOKEN_ICMP, 0, false, &asked))
			break;
		struct span packet = make_echo(v4, id, (uint16_t)i, &asked, out);
		const char *why =
			reach_icmp(e->run, job->from, &job->to, packet.at, packet.length, 0);
		if (why != NULL) {
			ret->outcome = strcmp(why, "no route") == 0 ? OUTCOME_NO_ROUTE
								    : OUTCOME_NOT_TESTED;
			egress_note(ret, why);
			break;
		}
		while (ret->outcome == OUTCOME_SILENT &&
		       hear_echo(e, job->from->echo_fd, bytes, sizeof(bytes), until, &h.from, &n)) {
			struct addr from = h.from;

			h = (struct echo){ .from = from };
			if (!read_echo(span_of(bytes, n), v4, &job->to, id, &h))
				continue;
			if (h.refused) {
				refused_echo(job, &h, ret);
				break;
			}
			if (memcmp(from.bytes, job->to.bytes, 16) != 0)
				continue;
			if (token_check_answer(e->run->key, &asked, h.payload, &a) == TOKEN_RIGHT) {
				egress_reached(ret, &asked, &a, h.payload);
				job->beacon_ttl = h.ttl;
			}
			plain = true; /* its kernel answers as well, in either order */
		}
	}
	if (ret->outcome == OUTCOME_SILENT && plain)
		egress_other(ret, TOKEN_NONE, span_of(bytes, 0),
			     "an echo reply came, but none of the beacon's own: it runs without "
			     "--icmp, or somebody else answered");
	pthread_mutex_unlock(&e->run->echo_lock);
}

/* ---- HTTP ---- */

static void note_page(struct reach_result *ret, struct span got)
{
	struct http_head head;
	struct span value, title;
	json_t *o = json_object();

	if (http_read_head(got, &head)) {
		note_int(o, "status", head.status);
		if (http_find(&head, "Server", 0, &value))
			note_text(o, "server", value);
		if (http_find(&head, "Location", 0, &value))
			note_text(o, "location", value);
		if (http_find(&head, "Via", 0, &value))
			note_text(o, "via", value);
		if (html_title(got, &title))
			note_text(o, "title", title);
	} else {
		note_text(o, "said", span_first(got, 200));
	}
	egress_evidence(ret, o);
}

void egress_http_ask(struct egress *e, struct egress_job *job, struct reach_talk *t,
		     enum token_method m, bool absolute, struct reach_result *ret)
{
	char host[REACH_TEXT], request[TOKEN_REQUEST];
	uint8_t page[PAGE], answer[TOKEN_ANSWER];
	int64_t until = reach_mono_ms() + 2 * REACH_ANSWER_MS;
	struct token_asked asked;
	struct token_answer a;
	struct http_head head;
	size_t have = 0;
	ssize_t n = -EIO;

	egress_place(&job->to, job->port == 80 ? 0 : job->port, host);
	if (job->port == 80 && !addr_is_ipv4(&job->to)) {
		char text[ADDR_TEXT];

		snprintf(host, sizeof(host), "[%s]", addr_format(&job->to, text));
	}
	if (!egress_question(e, m, job->port, false, &asked))
		return;
	size_t length = token_request(&asked, host, absolute, e->run->options->identity, request);
	bool found = false;
	if (length > 0 && reach_send(e->run, t, request, length))
		while (!found && have < sizeof(page) &&
		       (n = egress_read(e, t, page + have, sizeof(page) - have, until)) > 0) {
			have += (size_t)n;
			found = token_response_find(span_of(page, have), answer);
		}
	else
		n = -ECONNRESET;
	struct span got = span_of(page, have);
	enum token_verdict v =
		found ? token_check_answer(e->run->key, &asked, span_of(answer, sizeof(answer)), &a)
		      : TOKEN_NONE;
	if (v == TOKEN_RIGHT) {
		egress_reached(ret, &asked, &a, span_of(answer, sizeof(answer)));
	} else if (have == 0 && (n == -ECONNRESET || n == -EPIPE || n == -EINTR)) {
		egress_failed(e, job, t, (int)-n, ret);
	} else if (found) {
		egress_other(ret, v, got, "somebody else answered");
	} else {
		bool read = http_read_head(got, &head);

		ret->outcome = OUTCOME_ANSWERED_BY_OTHER;
		egress_note(ret, have == 0 ? "the connection stood, but no answer came: somebody "
					     "else took it, or the beacon has another key"
					   : "a page of somebody else: a captive portal or proxy");
		note_page(ret, got);
		/* What a proxy says of its own refusal, or of its vain attempt. */
		if (absolute && read && head.status >= 502 && head.status <= 504) {
			ret->outcome = OUTCOME_NO_ROUTE;
			egress_note(ret, "the proxy cannot reach the beacon");
		} else if (absolute && read && head.status >= 400 && head.status < 500) {
			ret->outcome = OUTCOME_PROHIBITED;
			egress_note(ret, head.status == 407 ? "the proxy asks for a login"
							    : "the proxy refuses");
		}
	}
}

void egress_http(struct egress *e, struct egress_job *job, struct reach_result *ret)
{
	struct reach_link_to way = way_of(job, false, "reach-http");
	struct reach_talk t;

	if (!egress_open(e, job, &way, &t, ret))
		return;
	egress_http_ask(e, job, &t, TOKEN_HTTP, false, ret);
	reach_end(e->run, &t, reach_outcome_word(ret->outcome));
}
