/* SPDX-License-Identifier: Apache-2.0 */
/* The loop, and the judgement that all ways have in common. */
#include "reach/beacon.h"

#include <errno.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "codec/i18n.h"
#include "reach/beacon_parts.h"

enum { EVENTS = 64, COUNTS_S = 3600 };

bool beacon_zone_valid(const char *zone)
{
	struct beacon_zone z;

	return beacon_zone_read(zone, &z);
}

static void read_clocks(struct beacon *b)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	b->now_ms = (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
	clock_gettime(CLOCK_REALTIME, &t);
	b->now = t.tv_sec;
}

int beacon_watch(struct beacon *b, struct endpoint *e)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = e };

	return epoll_ctl(b->epoll, EPOLL_CTL_ADD, e->fd, &event) == 0 ? 0 : -errno;
}

/* ---- judgement ---- */

bool beacon_judge(struct beacon *b, const struct heard_by *by, struct span question,
		  struct token_answer *ret)
{
	struct token_heard h = { 0 };
	enum token_verdict v = token_check_question(b->setup->key, b->seen, question, b->now, &h);
	bool again = v == TOKEN_REPLAYED && by->method == TOKEN_DNS &&
		     b->now - h.first <= DNS_AGAIN_S && h.times <= DNS_AGAIN_MOST;
	bool answered = (v == TOKEN_RIGHT || again) &&
			beacon_source_take(b, beacon_source_slot(b, &by->from));

	b->counts.verdicts[v]++;
	b->counts.answered += answered;
	b->counts.repeated += again;
	beacon_log_question(b, by, v, v == TOKEN_NONE || v == TOKEN_FORGED ? NULL : &h, answered);
	*ret = (struct token_answer){ .seen = by->from,
				      .seen_port = by->from_port,
				      .port = by->port,
				      .method = by->method,
				      .time = b->now };
	return answered;
}

void beacon_stranger(struct beacon *b, const struct heard_by *by)
{
	b->counts.verdicts[TOKEN_NONE]++;
	beacon_log_question(b, by, TOKEN_NONE, NULL, false);
}

/* ---- begin and end ---- */

struct beacon *beacon_open(const struct beacon_setup *setup, struct complaints *c,
			   struct complaints *warnings)
{
	struct beacon *b = calloc(1, sizeof(*b));

	if (b == NULL) {
		complain(c, NULL, 0, "%s", strerror(ENOMEM));
		return NULL;
	}
	b->setup = setup;
	b->log.fd = b->log.old_fd = -1;
	TAILQ_INIT(&b->open);
	TAILQ_INIT(&b->dead);
	b->epoll = epoll_create1(EPOLL_CLOEXEC);
	b->seen = token_seen_new(SEEN_ROOM);
	read_clocks(b);
	if (b->epoll < 0 || b->seen == NULL ||
	    RAND_bytes((unsigned char *)&b->slot_key, sizeof(b->slot_key)) != 1)
		complain(c, NULL, 0, "%s", strerror(ENOMEM));
	else if (setup->zone != NULL && !beacon_zone_read(setup->zone, &b->zone))
		complain(c, NULL, 0, _("--dns: '%s' cannot be a zone of tokens"), setup->zone);
	else if (beacon_log_open(b, c) && beacon_tls_open(b, c) &&
		 beacon_sockets_open(b, c, warnings) && beacon_rights_give_up(setup, c)) {
		beacon_log_start(b, warnings);
		return b;
	}
	beacon_close(b);
	return NULL;
}

void beacon_close(struct beacon *b)
{
	if (b == NULL)
		return;
	beacon_tcp_close_all(b);
	for (size_t i = 0; i < b->end_count; i++)
		close(b->ends[i].fd);
	free(b->ends);
	beacon_tls_close(b);
	token_seen_free(b->seen);
	beacon_log_close(b);
	if (b->epoll >= 0)
		close(b->epoll);
	free(b);
}

void beacon_tell(const struct beacon *b, FILE *out)
{
	const struct beacon_setup *s = b->setup;

	fprintf(out, _("listening: %u ports of TCP, %u of UDP%s%s%s; key %s\n"),
		ports_count(s->ports.tcp) - ports_count(b->missing.tcp),
		ports_count(s->ports.udp) - ports_count(b->missing.udp), s->icmp ? ", ICMP" : "",
		s->zone != NULL ? ", DNS " : "", s->zone != NULL ? s->zone : "", s->key->name);
}

/* ---- the loop ---- */

static void heard_signal(struct beacon *b, const struct endpoint *e)
{
	struct signalfd_siginfo info;

	if (read(e->fd, &info, sizeof(info)) == sizeof(info))
		b->stop = true;
}

static void heard(struct beacon *b, struct endpoint *e)
{
	switch (e->kind) {
	case END_TCP:
		beacon_tcp_accept(b, e);
		break;
	case END_UDP:
		beacon_udp_heard(b, e);
		break;
	case END_ICMP4:
	case END_ICMP6:
		beacon_icmp_heard(b, e);
		break;
	case END_CONNECTION:
		beacon_tcp_heard(b, (struct connection *)e);
		break;
	case END_SIGNAL:
		heard_signal(b, e);
		break;
	}
}

int beacon_run(struct beacon *b)
{
	struct epoll_event events[EVENTS];
	int64_t tick_ms = b->now_ms, counts = b->now;

	while (!b->stop) {
		int n = epoll_wait(b->epoll, events, EVENTS, TICK_MS);
		if (n < 0 && errno != EINTR)
			return -errno;
		read_clocks(b);
		/* A connection that ends meanwhile stays readable as a dead one until all are done. */
		for (int i = 0; i < n; i++)
			heard(b, events[i].data.ptr);
		beacon_tcp_free_dead(b);
		if (b->now_ms - tick_ms < TICK_MS)
			continue;
		tick_ms = b->now_ms;
		beacon_tcp_expire(b);
		beacon_tcp_free_dead(b);
		if (b->now - counts >= COUNTS_S || b->now < counts) {
			counts = b->now;
			beacon_log_counts(b, "counts");
		}
	}
	beacon_log_counts(b, "stop");
	return 0;
}
