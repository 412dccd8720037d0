/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Through a proxy: CONNECT and GET (RFC 9110, 9.3.6; RFC 9112, 3.2.2), SOCKS 5 without a login (RFC 1928)
 * and SOCKS 4A. No login is ever tried.
 */
#include <errno.h>
#include <stdio.h>

#include "codec/evidence.h"
#include "codec/http_message.h"
#include "codec/reader.h"
#include "codec/writer.h"
#include "reach/egress.h"

enum {
	HEAD = 4096,
	MESSAGE = 512,
	SOCKS5 = 5,
	SOCKS4 = 4,
	SOCKS4_REPLY = 8,
	SOCKS4_GRANTED = 90,
	IPV4 = 1,
	NAME = 3,
	IPV6 = 4,
};

static bool open_proxy(struct egress *e, struct egress_job *job, struct reach_talk *t,
		       struct reach_result *ret)
{
	struct reach_link_to way = { .use = GATE_PROXY,
				     .to = job->via->address,
				     .port = job->via->port,
				     .purpose = "reach-proxy" };

	return egress_open(e, job, &way, t, ret);
}

/* More of an answer, until there are n bytes. False: they do not come. */
static bool read_all(struct egress *e, struct reach_talk *t, uint8_t *bytes, size_t n)
{
	int64_t until = reach_mono_ms() + 2 * REACH_ANSWER_MS;

	for (size_t have = 0; have < n;) {
		ssize_t got = egress_read(e, t, bytes + have, n - have, until);

		if (got <= 0)
			return false;
		have += (size_t)got;
	}
	return true;
}

/* The way through stands: now the beacon is asked as if it were near. */
static void ask_through(struct egress *e, struct reach_talk *t, uint16_t port,
			struct reach_result *ret)
{
	uint8_t answer[TOKEN_ANSWER];
	struct token_asked asked;
	struct token_answer a;

	if (!egress_question(e, TOKEN_TCP, port, false, &asked))
		return;
	bool got = reach_send(e->run, t, asked.bytes, asked.length) &&
		   read_all(e, t, answer, sizeof(answer));
	struct span bytes = span_of(answer, got ? sizeof(answer) : 0);
	enum token_verdict v =
		got ? token_check_answer(e->run->key, &asked, bytes, &a) : TOKEN_NONE;
	if (v == TOKEN_RIGHT)
		egress_reached(ret, &asked, &a, bytes);
	else
		egress_other(ret, v, bytes,
			     "the proxy opened the way, but no answer of the beacon came");
}

/* The proxy itself refuses: its words. */
static void refused(struct egress_job *job, enum reach_outcome outcome, const char *note, int code,
		    struct reach_result *ret)
{
	json_t *o = json_object();

	note_int(o, "code", code);
	egress_evidence(ret, o);
	ret->outcome = outcome;
	egress_place(&job->via->address, 0, ret->answered_by);
	egress_note(ret, note);
}

static void no_proxy(struct egress_job *job, struct reach_result *ret)
{
	ret->outcome = OUTCOME_NOT_TESTED;
	egress_place(&job->via->address, 0, ret->answered_by);
	egress_note(ret, "what answers there is no proxy of this kind");
}

/* ---- HTTP ---- */

/* Up to the empty line, and not a byte further: what follows is the beacon's. */
static size_t read_head(struct egress *e, struct reach_talk *t, uint8_t *bytes, size_t room)
{
	int64_t until = reach_mono_ms() + 2 * REACH_ANSWER_MS;
	size_t have = 0;

	while (have < room && egress_read(e, t, bytes + have, 1, until) == 1) {
		have++;
		if (have >= 4 && memcmp(bytes + have - 4, "\r\n\r\n", 4) == 0)
			break;
	}
	return have;
}

void egress_connect(struct egress *e, struct egress_job *job, struct reach_result *ret)
{
	char place[REACH_TEXT], request[HEAD];
	uint8_t head[HEAD];
	struct http_head h;
	struct reach_talk t;

	if (!open_proxy(e, job, &t, ret))
		return;
	egress_place(&job->to, job->port, place);
	int n = snprintf(request, sizeof(request),
			 "CONNECT %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: %s\r\n\r\n", place, place,
			 e->run->options->identity);
	size_t got =
		n > 0 && (size_t)n < sizeof(request) && reach_send(e->run, &t, request, (size_t)n)
			? read_head(e, &t, head, sizeof(head))
			: 0;
	if (got == 0 || !http_read_head(span_of(head, got), &h))
		no_proxy(job, ret);
	else if (h.status / 100 == 2)
		ask_through(e, &t, job->port, ret);
	else if (h.status >= 502 && h.status <= 504)
		refused(job, OUTCOME_NO_ROUTE, "the proxy cannot reach the beacon", (int)h.status,
			ret);
	else
		refused(job, OUTCOME_PROHIBITED,
			h.status == 407 ? "the proxy asks for a login" : "the proxy refuses",
			(int)h.status, ret);
	reach_end(e->run, &t, reach_outcome_word(ret->outcome));
}

void egress_get(struct egress *e, struct egress_job *job, struct reach_result *ret)
{
	struct reach_talk t;

	if (!open_proxy(e, job, &t, ret))
		return;
	egress_http_ask(e, job, &t, TOKEN_HTTP, true, ret);
	if (ret->outcome == OUTCOME_RESET_ON_WAY || t.received == 0)
		no_proxy(job, ret);
	else if (ret->outcome != OUTCOME_REACHED)
		egress_place(&job->via->address, 0, ret->answered_by);
	reach_end(e->run, &t, reach_outcome_word(ret->outcome));
}

/* ---- SOCKS ---- */

static void write_address(struct writer *w, const struct addr *a)
{
	bool v4 = addr_is_ipv4(a);

	wr_u8(w, v4 ? IPV4 : IPV6);
	wr_bytes(w, v4 ? a->bytes + 12 : a->bytes, v4 ? 4 : 16);
}

/* RFC 1928, 6: version, reply, reserved, then an address and port that do not matter here. The reply; -1: it
 * is none. */
static int read_reply5(struct egress *e, struct reach_talk *t)
{
	uint8_t head[4], rest[256 + 2];

	if (!read_all(e, t, head, sizeof(head)) || head[0] != SOCKS5)
		return -1;
	size_t n = head[3] == IPV4 ? 4 : head[3] == IPV6 ? 16 : 0;
	if (head[3] == NAME) {
		if (!read_all(e, t, rest, 1))
			return -1;
		n = rest[0];
	}
	return read_all(e, t, rest, n + 2) ? head[1] : -1;
}

static void conclude5(struct egress *e, struct egress_job *job, struct reach_talk *t, int reply,
		      struct reach_result *ret)
{
	switch (reply) {
	case -1:
		no_proxy(job, ret);
		break;
	case 0:
		ask_through(e, t, job->port, ret);
		break;
	case 2:
		refused(job, OUTCOME_PROHIBITED, "the proxy refuses", reply, ret);
		break;
	case 5:
		refused(job, OUTCOME_REFUSED, "the proxy was refused", reply, ret);
		break;
	case 7:
	case 8:
		refused(job, OUTCOME_PROHIBITED, "the proxy does not do that", reply, ret);
		break;
	default:
		refused(job, OUTCOME_NO_ROUTE, "the proxy cannot reach the beacon", reply, ret);
		break;
	}
}

void egress_socks5(struct egress *e, struct egress_job *job, struct reach_result *ret)
{
	/* Version 5, one method: no authentication. */
	static const uint8_t hello[] = { SOCKS5, 1, 0 };
	uint8_t choice[2], out[MESSAGE];
	struct reach_talk t;

	if (!open_proxy(e, job, &t, ret))
		return;
	struct writer w = wr_new(out, sizeof(out));
	wr_u8(&w, SOCKS5);
	wr_u8(&w, 1); /* CONNECT */
	wr_u8(&w, 0);
	write_address(&w, &job->to);
	wr_be16(&w, job->port);
	struct span request = wr_span(&w);
	if (!reach_send(e->run, &t, hello, sizeof(hello)) ||
	    !read_all(e, &t, choice, sizeof(choice)) || choice[0] != SOCKS5)
		no_proxy(job, ret);
	else if (choice[1] != 0)
		refused(job, OUTCOME_PROHIBITED, "the proxy asks for a login", choice[1], ret);
	else if (!reach_send(e->run, &t, request.at, request.length))
		no_proxy(job, ret);
	else
		conclude5(e, job, &t, read_reply5(e, &t), ret);
	reach_end(e->run, &t, reach_outcome_word(ret->outcome));
}

/* An IPv4 address is said as it is; the extension's name is for what has no other place, an IPv6 address. */
void egress_socks4a(struct egress *e, struct egress_job *job, struct reach_result *ret)
{
	uint8_t out[MESSAGE], reply[SOCKS4_REPLY];
	char text[ADDR_TEXT];
	struct reach_talk t;

	if (!open_proxy(e, job, &t, ret))
		return;
	struct writer w = wr_new(out, sizeof(out));
	wr_u8(&w, SOCKS4);
	wr_u8(&w, 1); /* CONNECT */
	wr_be16(&w, job->port);
	bool v4 = addr_is_ipv4(&job->to);
	if (v4)
		wr_bytes(&w, job->to.bytes + 12, 4);
	else
		wr_be32(&w, 1); /* 0.0.0.1: a name follows */
	wr_u8(&w, 0);           /* no user */
	if (!v4) {
		wr_text(&w, addr_format(&job->to, text));
		wr_u8(&w, 0);
	}
	struct span request = wr_span(&w);
	if (!reach_send(e->run, &t, request.at, request.length) ||
	    !read_all(e, &t, reply, sizeof(reply)) || reply[0] != 0 || reply[1] < SOCKS4_GRANTED ||
	    reply[1] > SOCKS4_GRANTED + 3)
		no_proxy(job, ret);
	else if (reply[1] == SOCKS4_GRANTED)
		ask_through(e, &t, job->port, ret);
	else
		refused(job, reply[1] == SOCKS4_GRANTED + 1 ? OUTCOME_NO_ROUTE : OUTCOME_PROHIBITED,
			"the proxy refuses, or cannot reach the beacon", reply[1], ret);
	reach_end(e->run, &t, reach_outcome_word(ret->outcome));
}
