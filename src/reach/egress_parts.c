/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the egress matrix share: opening, reading, and what an ending means. */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include <linux/errqueue.h> /* needs struct timespec */

#include "codec/evidence.h"
#include "reach/egress.h"

enum {
	SLICE_MS = 100,
	OPEN_MOST = 48, /* fewer than the beacon takes from one source */
	/* An attempt that nothing has come back for by then is no connection of the beacon's. */
	YOUNG_MS = 500,
	OVERHEARD_TRIES = 20,
	OVERHEARD_MS = 5,
	SAID_MOST = 512, /* bytes of an answer that are kept as evidence */
};

void egress_note(struct reach_result *ret, const char *text)
{
	snprintf(ret->note, sizeof(ret->note), "%s", text);
}

const char *egress_place(const struct addr *a, uint16_t port, char out[static REACH_TEXT])
{
	char text[ADDR_TEXT];

	addr_format(a, text);
	if (port == 0)
		snprintf(out, REACH_TEXT, "%s", text);
	else
		snprintf(out, REACH_TEXT, addr_is_ipv4(a) ? "%s:%u" : "[%s]:%u", text, port);
	return out;
}

void egress_evidence(struct reach_result *ret, json_t *object)
{
	char *text = object != NULL ? json_dumps(object, JSON_COMPACT | JSON_SORT_KEYS) : NULL;

	if (text != NULL && strlen(text) < sizeof(ret->evidence))
		snprintf(ret->evidence, sizeof(ret->evidence), "%s", text);
	free(text);
	json_decref(object);
}

bool egress_question(struct egress *e, enum token_method m, uint16_t port, bool brief,
		     struct token_asked *ret)
{
	struct token_question q = {
		.run = e->run->run_id,
		.number = atomic_fetch_add(&e->run->questions, 1) + 1,
		.method = m,
		.port = port,
		.time = reach_unix_ms() / 1000,
	};

	if (getrandom(q.random, sizeof(q.random), 0) != (ssize_t)sizeof(q.random))
		return false;
	return brief ? token_ask_short(e->run->key, &q, ret) : token_ask(e->run->key, &q, ret);
}

void egress_reached(struct reach_result *ret, const struct token_asked *asked,
		    const struct token_answer *a, struct span received)
{
	char place[REACH_TEXT];
	json_t *o = json_object();

	ret->outcome = OUTCOME_REACHED;
	ret->refutes = true;
	note_hex(o, "sent", span_of(asked->bytes, asked->length));
	note_hex(o, "received", span_first(received, SAID_MOST));
	note_int(o, "question", asked->number);
	if (a != NULL && a->time != 0) {
		ret->seen_as = a->seen;
		ret->seen_port = a->seen_port;
		ret->has_seen_as = true;
		note_word(o, "seen_as", egress_place(&a->seen, a->seen_port, place));
		note_time(o, "beacon_time", a->time);
		note_int(o, "clock_ahead_s", a->time - reach_unix_ms() / 1000);
	}
	egress_evidence(ret, o);
}

void egress_other(struct reach_result *ret, enum token_verdict v, struct span received,
		  const char *note)
{
	json_t *o = json_object();

	ret->outcome = OUTCOME_ANSWERED_BY_OTHER;
	note_word(o, "token", token_verdict_word(v));
	note_text(o, "said", span_first(received, SAID_MOST));
	egress_evidence(ret, o);
	egress_note(ret, v == TOKEN_FORGED ? "an answer that the beacon's key did not make"
			 : v == TOKEN_OTHER || v == TOKEN_REPLAYED
				 ? "an old answer of the beacon was played again"
				 : note);
}

void egress_settle(struct egress *e, struct reach_result *ret)
{
	if (!reach_stopping(e->run) || ret->outcome == OUTCOME_REACHED)
		return;
	ret->outcome = OUTCOME_NOT_TESTED;
	ret->answered_by[0] = ret->evidence[0] = '\0';
	egress_note(ret, "stopped");
}

/* ---- why nothing came ---- */

static uint16_t own_port(int fd)
{
	struct sockaddr_storage sa = { 0 };
	socklen_t n = sizeof(sa);
	struct addr a;
	uint16_t port = 0;

	if (fd >= 0 && getsockname(fd, (struct sockaddr *)&sa, &n) == 0)
		addr_from_sockaddr((struct sockaddr *)&sa, &a, &port);
	return port;
}

/* Of datagrams the socket itself tells who sent the error (ip(7), IP_RECVERR). */
static bool queued_error(int fd, struct overheard_icmp *ret)
{
	union {
		struct cmsghdr align;
		uint8_t bytes[256];
	} control;
	uint8_t bytes[128];
	struct sockaddr_storage to;
	struct iovec v = { bytes, sizeof(bytes) };
	struct msghdr m = { .msg_name = &to,
			    .msg_namelen = sizeof(to),
			    .msg_iov = &v,
			    .msg_iovlen = 1,
			    .msg_control = control.bytes,
			    .msg_controllen = sizeof(control.bytes) };

	if (recvmsg(fd, &m, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
		return false;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c != NULL; c = CMSG_NXTHDR(&m, c)) {
		bool ours = (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) ||
			    (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR);
		struct sock_extended_err err;

		if (!ours || c->cmsg_len < CMSG_LEN(sizeof(err)))
			continue;
		memcpy(&err, CMSG_DATA(c), sizeof(err));
		if (err.ee_origin != SO_EE_ORIGIN_ICMP && err.ee_origin != SO_EE_ORIGIN_ICMP6)
			continue;
		/* Who said it stands behind the error (SO_EE_OFFENDER). */
		struct sockaddr_in6 sa6 = { 0 };
		size_t room = c->cmsg_len - CMSG_LEN(sizeof(err));
		memcpy(&sa6, CMSG_DATA(c) + sizeof(err), room < sizeof(sa6) ? room : sizeof(sa6));
		*ret = (struct overheard_icmp){ .type = err.ee_type, .code = err.ee_code };
		if (addr_from_sockaddr((struct sockaddr *)&sa6, &ret->from, NULL) == 0)
			return true;
	}
	return false;
}

/* What is overheard comes by a thread of its own, a moment after the socket knows. */
static int wait_ttl(struct egress *e, const struct reach_talk *t, uint16_t port, uint8_t flags)
{
	int ttl = -1;

	for (int i = 0; i < OVERHEARD_TRIES && ttl < 0; i++) {
		ttl = overheard_ttl(e->heard, &t->way.to, t->way.port, port, flags);
		if (ttl < 0 && overheard_deaf(e->heard))
			break;
		if (ttl < 0)
			usleep(OVERHEARD_MS * 1000);
	}
	return ttl;
}

static bool wait_error(struct egress *e, const struct reach_talk *t, uint16_t port,
		       struct overheard_icmp *ret)
{
	uint8_t protocol = t->way.udp ? IPPROTO_UDP : IPPROTO_TCP;

	for (int i = 0; i < OVERHEARD_TRIES; i++) {
		if (overheard_error(e->heard, protocol, port, &t->way.to, t->way.port, ret))
			return true;
		if (overheard_deaf(e->heard))
			break;
		usleep(OVERHEARD_MS * 1000);
	}
	return false;
}

static bool is_own(const struct egress_job *job, const struct addr *a)
{
	return job->from != NULL && memcmp(job->from->address.bytes, a->bytes, 16) == 0;
}

static void by_icmp(const struct egress_job *job, const struct reach_talk *t,
		    const struct overheard_icmp *said, struct reach_result *ret)
{
	bool v4 = addr_is_ipv4(&t->way.to),
	     peer = memcmp(said->from.bytes, t->way.to.bytes, 16) == 0;
	json_t *o = json_object();

	note_int(o, "icmp_type", said->type);
	note_int(o, "icmp_code", said->code);
	egress_evidence(ret, o);
	if (!is_own(job, &said->from))
		egress_place(&said->from, 0, ret->answered_by);
	switch (icmp_meaning(v4, said->type, said->code)) {
	case ICMP_NO_WAY:
		ret->outcome = OUTCOME_NO_ROUTE;
		egress_note(ret, is_own(job, &said->from)
					 ? "the next hop does not answer"
					 : "a router says that there is no way on");
		break;
	case ICMP_PORT_SHUT:
		ret->outcome = peer ? OUTCOME_REFUSED : OUTCOME_PROHIBITED;
		break;
	case ICMP_LOOP:
		ret->outcome = OUTCOME_NO_ROUTE;
		egress_note(ret, "the packets do not arrive within their hop limit");
		break;
	case ICMP_FORBIDDEN:
	case ICMP_OTHER:
		ret->outcome = OUTCOME_PROHIBITED;
		break;
	}
}

/* connect() itself said no: nothing has left. */
static void at_once(int error, struct reach_result *ret)
{
	if (error == EINTR) {
		egress_note(ret, "stopped");
	} else if (error == EPERM) {
		ret->outcome = OUTCOME_PROHIBITED;
		snprintf(ret->answered_by, sizeof(ret->answered_by), "this machine");
	} else if (error == ENETUNREACH || error == EHOSTUNREACH || error == EADDRNOTAVAIL ||
		   error == EACCES || error == EINVAL || error == ENODEV || error == ENETDOWN ||
		   error == EAFNOSUPPORT) {
		ret->outcome = OUTCOME_NO_ROUTE;
	} else {
		egress_note(ret, "this machine could not open a connection");
	}
}

void egress_failed(struct egress *e, struct egress_job *job, const struct reach_talk *t, int error,
		   struct reach_result *ret)
{
	uint16_t port = own_port(t->fd);
	struct overheard_icmp said;

	if (t->refusal != NULL) {
		egress_note(ret, t->refusal);
		return;
	}
	if (t->fd < 0) {
		at_once(error, ret);
		return;
	}
	/* A reset is told as refusal; everything else that is told came by ICMP, or from our own kernel. */
	bool reset = error == ECONNREFUSED && !t->way.udp;
	if (reset)
		job->reset_ttl = wait_ttl(e, t, port, 4);
	if (queued_error(t->fd, &said) ||
	    (error != 0 && error != EINTR && error != ECONNRESET && error != EPIPE &&
	     job->reset_ttl < 0 && wait_error(e, t, port, &said))) {
		by_icmp(job, t, &said, ret);
		return;
	}
	switch (error) {
	case 0:
	case ETIMEDOUT:
		ret->outcome = OUTCOME_SILENT;
		break;
	case EINTR:
		egress_note(ret, "stopped");
		break;
	case ECONNREFUSED:
		ret->outcome = OUTCOME_REFUSED;
		break;
	case ECONNRESET:
	case EPIPE:
		ret->outcome = OUTCOME_RESET_ON_WAY;
		egress_note(ret, "the connection stood and was then reset");
		break;
	case EACCES:
		ret->outcome = OUTCOME_PROHIBITED;
		break;
	case EPERM:
		ret->outcome = OUTCOME_PROHIBITED;
		snprintf(ret->answered_by, sizeof(ret->answered_by), "this machine");
		break;
	default:
		ret->outcome = OUTCOME_NO_ROUTE;
		break;
	}
}

/* ---- conversations ---- */

static bool may_open(struct egress *e)
{
	int n = atomic_load(&e->open);

	while (n < OPEN_MOST)
		if (atomic_compare_exchange_weak(&e->open, &n, n + 1))
			return true;
	return false;
}

bool egress_open(struct egress *e, struct egress_job *job, const struct reach_link_to *way,
		 struct reach_talk *t, struct reach_result *ret)
{
	int error = 0;
	socklen_t n = sizeof(error);

	while (!may_open(e)) {
		if (reach_stopping(e->run)) {
			egress_note(ret, "stopped");
			return false;
		}
		reach_sleep(e->run, SLICE_MS / 5);
	}
	ret->at_ms = reach_unix_ms();
	if (!reach_connect(e->run, way, t)) {
		atomic_fetch_sub(&e->open, 1);
		egress_failed(e, job, t, t->error, ret);
		return false;
	}
	int64_t from = reach_mono_ms();
	bool young = true, stands = false;
	for (;;) {
		struct pollfd p = { .fd = t->fd, .events = POLLOUT };
		int64_t age = reach_mono_ms() - from;

		if (poll(&p, 1, SLICE_MS) > 0) {
			getsockopt(t->fd, SOL_SOCKET, SO_ERROR, &error, &n);
			stands = error == 0;
			break;
		}
		if (young && age > YOUNG_MS) {
			young = false;
			atomic_fetch_sub(&e->open, 1);
		}
		error = reach_stopping(e->run) ? EINTR : age > REACH_ANSWER_MS ? ETIMEDOUT : 0;
		if (error != 0)
			break;
	}
	if (young)
		atomic_fetch_sub(&e->open, 1);
	if (stands) {
		if (!way->udp)
			job->beacon_ttl = wait_ttl(e, t, own_port(t->fd), 18);
		return true;
	}
	egress_failed(e, job, t, error, ret);
	reach_end(e->run, t, reach_outcome_word(ret->outcome));
	return false;
}

ssize_t egress_read(struct egress *e, struct reach_talk *t, void *bytes, size_t room,
		    int64_t until_ms)
{
	for (;;) {
		struct pollfd p = { .fd = t->fd, .events = POLLIN };
		int64_t left = until_ms - reach_mono_ms();

		if (reach_stopping(e->run))
			return -EINTR;
		if (left <= 0)
			return -ETIMEDOUT;
		if (poll(&p, 1, (int)(left < SLICE_MS ? left : SLICE_MS)) <= 0)
			continue;
		ssize_t n = recv(t->fd, bytes, room, MSG_DONTWAIT);
		if (n >= 0) {
			t->received += (uint64_t)n;
			return n;
		}
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
	}
}
