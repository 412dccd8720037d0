/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guard: UDP ports of its sweep, by the kernel's sockets. What is asked of whom, how often, and what
 * an answer says is as the packets process has it (packets_udp.c): one question per port (payloads.h),
 * behind the TCP ports of the host; an answer that fits is an open port, port unreachable from the host
 * itself a closed one, other errors a filtered one.
 *
 * A question has a socket of its own, connected, so that nobody else is heard; its port is the kernel's
 * choice. It stays for the repeat, so that an answer to the first question counts as well.
 */
#include "talk/guard_parts.h"

#include <errno.h>
#include <stdio.h>
#include <sys/random.h>

enum {
	ANSWER_MOST = 4096,
	ASKED_SILENT = 1, /* of a host that has not answered so far */
	ASKED = 2,
	ASKED_LOST = 3, /* where a question was seen to get lost */
};

bool guard_asks_udp(const struct guard *g, const struct host *h)
{
	bool kind = h->kind == ZONE_IT || h->kind == ZONE_DMZ || h->kind == ZONE_PUBLIC;

	return kind && h->risk >= SITE_READ && g->order.udp_count > 0 && !guard_gentle(h);
}

void guard_udp_left(struct guard *g, struct link *l, int64_t now)
{
	if (l->payload == NULL)
		return;
	l->counted += l->held;
	guard_settle(g, l->host, l->held, l->held);
	l->held = 0;
	l->deadline_ms = now + UDP_ANSWER_MS;
}

int guard_udp_ask(struct guard *g, struct link *l, int64_t now)
{
	uint8_t bytes[PAYLOAD_MOST];
	int e = 0;

	if (l->asked == 0 && getrandom(&l->key, sizeof(l->key), 0) != sizeof(l->key))
		e = -EAGAIN;
	size_t n = payload_write(l->payload, l->key, bytes);
	if (e == 0 && send(l->fd, bytes, n, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		e = -errno;
	if (e != 0) {
		guard_settle(g, l->host, 0, 1);
		l->held--;
		return e;
	}
	l->asked++;
	l->bytes_out += n;
	if (!l->asks_segment) /* else it waits in the kernel until the MAC is known */
		guard_udp_left(g, l, now);
	return 0;
}

bool guard_udp_again(struct guard *g, struct link *l, int64_t now)
{
	struct host *h = l->host;
	unsigned most = !guard_answered(h) ? ASKED_SILENT : h->udp_lost ? ASKED_LOST : ASKED;
	bool later;

	/* Of what stays silent nearly all is a question that nobody answers, or an unreachable that the
	 * host did not send: Linux sends six to a peer and then one a second (icmp(7), icmp_ratelimit).
	 * Asking on would only be noise. */
	if (l->payload == NULL || l->asked >= most || l->asked > g->setup->retries ||
	    h->device->distress || !guard_asks_udp(g, h))
		return false;
	if (guard_refusal(g, &h->address, &later) != NULL)
		return later; /* then its link is cut at once, and it is asked in the next window */
	if (!guard_reserve(g, h, 1, false, now))
		return true;
	l->held++;
	int e = guard_udp_ask(g, l, now);
	if (e == 0 || e == -EAGAIN || e == -ENOBUFS || e == -ENOMEM)
		return true;
	/* An error of the first question stands in the way of one send(2), and is an answer. */
	guard_udp_event(g, l, now);
	return l->state != LINK_CONNECTING;
}

static void answered(struct guard *g, struct link *l, int64_t now)
{
	struct host *h = l->host;
	const struct sweep_port port = { l->port, true };
	struct finding f = { .state = PORT_OPEN };

	l->ending = ENDING_DONE;
	h->udp_lost |= l->asked > 1;
	snprintf(f.reason, sizeof(f.reason), "%s", l->payload->protocol);
	guard_keep_finding(l, &f);
	guard_link_drain(g, l, now);
	guard_sweep_found(g, h, port, &f);
}

/* Takes what waits there. True: the question is over. */
static bool heard(struct guard *g, struct link *l, int fd, int64_t now)
{
	const struct finding silent = { .state = PORT_SILENT, .reason = "no answer" };
	uint8_t bytes[ANSWER_MOST];
	ssize_t n;

	while (fd >= 0 && (n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT)) >= 0) {
		l->bytes_in += (size_t)n;
		l->drained += (size_t)n + 1;
		if (payload_fits(l->payload, l->key, span_of(bytes, (size_t)n))) {
			answered(g, l, now);
			return true;
		}
		if (l->drained > DRAIN_BYTES) { /* nobody who answers goes on like that */
			guard_link_failed(g, l, &silent, now);
			return true;
		}
	}
	return false;
}

void guard_udp_event(struct guard *g, struct link *l, int64_t now)
{
	struct finding f = { .state = PORT_SILENT, .reason = "no answer" };
	int error = 0;
	socklen_t length = sizeof(error);

	/* Taken first: it would be told by recv(2) instead of an answer that is there. */
	getsockopt(l->fd, SOL_SOCKET, SO_ERROR, &error, &length);
	if (heard(g, l, l->fd, now) || heard(g, l, l->other_fd, now))
		return;
	if (guard_judge_icmp(l, &f)) {
		guard_link_failed(g, l, &f, now);
	} else if (error != 0 && error != EMSGSIZE) {
		/* Our own stack. */
		f.no_host = error == EHOSTUNREACH || error == ENETUNREACH ? SWEEP_NO_HOST : 0;
		snprintf(f.reason, sizeof(f.reason), "%s", strerror(error));
		guard_link_failed(g, l, &f, now);
	}
}
