/* SPDX-License-Identifier: Apache-2.0 */
/* What every test stands on: time, telling, and the only ways to send. */
#include "reach/reach.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "talk/journal.h"

enum {
	TICK_MS = 20,
	HELD = 4, /* SYN, ACK, FIN and last ACK; the SYN's place covers its repeats (guard.h) */
	SEGMENT = 1400,
	GENTLE_MS = 1000, /* between two connections to control equipment */
	AT_ONCE = 4,      /* connections to one other host */
	DRAIN_MS = 200,
	DRAIN_BYTES = 65536,
	STACK = 256 * 1024, /* of a thread */
};

/* Whose turn it is at a device that is not the beacon. */
struct reach_turn {
	struct addr address;
	unsigned busy;
	int64_t next_ms;
};

int64_t reach_mono_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t reach_unix_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

bool reach_stopping(const struct reach_run *r)
{
	return atomic_load(r->stop) != 0 || atomic_load(&r->failed);
}

void reach_sleep(const struct reach_run *r, int64_t ms)
{
	int64_t until = reach_mono_ms() + ms;

	for (;;) {
		int64_t left = until - reach_mono_ms();

		if (left <= 0 || reach_stopping(r))
			return;
		usleep((useconds_t)(left < TICK_MS ? left : TICK_MS) * 1000);
	}
}

void reach_together(void *(*what)(void *), void *context, unsigned threads)
{
	pthread_t list[REACH_THREADS_ALL_PORTS];
	pthread_attr_t attr;
	unsigned n = 0;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	while (n < threads && n < countof(list) &&
	       pthread_create(&list[n], &attr, what, context) == 0)
		n++;
	if (n == 0)
		what(context);
	while (n > 0)
		pthread_join(list[--n], NULL);
	pthread_attr_destroy(&attr);
}

struct reach_result reach_begin(struct reach_run *r, enum reach_method m,
				const struct reach_source *from, const struct addr *to,
				uint16_t port, const char *transport)
{
	struct reach_result p = {
		.number = atomic_fetch_add(&r->numbers, 1) + 1,
		.method = m,
		.outcome = OUTCOME_NOT_TESTED,
		.port = port,
		.destination = *to,
		.at_ms = reach_unix_ms(),
	};

	snprintf(p.transport, sizeof(p.transport), "%s", transport);
	if (from != NULL) {
		snprintf(p.interface, sizeof(p.interface), "%s", from->interface);
		p.source = from->address;
		p.has_source = true;
	}
	return p;
}

void reach_tell(struct reach_run *r, struct reach_result *result)
{
	if (result->took_ms == 0)
		result->took_ms = reach_unix_ms() - result->at_ms;
	if (result->took_ms < 1)
		result->took_ms =
			1; /* at once, or the clock was set back; so that it is not asked again */
	pthread_mutex_lock(&r->tell_lock);
	/* Waits where main is behind; main's end closes the channel. */
	if (send(r->main_fd, result, sizeof(*result), MSG_NOSIGNAL) != sizeof(*result))
		atomic_store(&r->failed, true);
	pthread_mutex_unlock(&r->tell_lock);
}

/* ---- whose turn it is ---- */

static struct reach_turn *turn_of(struct reach_run *r, const struct addr *a)
{
	for (size_t i = 0; i < r->turn_count; i++)
		if (addr_compare(&r->turns[i].address, a) == 0)
			return &r->turns[i];
	struct reach_turn *more = realloc(r->turns, (r->turn_count + 1) * sizeof(*more));
	if (more == NULL)
		return NULL;
	r->turns = more;
	r->turns[r->turn_count] = (struct reach_turn){ .address = *a };
	return &r->turns[r->turn_count++];
}

/* The device that an address belongs to, by one address of it: a declared gateway for all behind it, and of a
 * machine that is known by its MAC address the one known first. */
static struct addr device_of(const struct reach_run *r, const struct addr *a)
{
	const struct reach_known *k = r->known;

	for (size_t i = 0; i < r->site->gateway_count; i++)
		if (ranges_contain(&r->site->gateways[i].networks, a))
			return r->site->gateways[i].address;
	for (size_t i = 0; i < k->neighbour_count; i++) {
		if (addr_compare(&k->neighbours[i].address, a) != 0)
			continue;
		for (size_t n = 0; n < i; n++)
			if (memcmp(k->neighbours[n].mac, k->neighbours[i].mac, 6) == 0)
				return k->neighbours[n].address;
		break;
	}
	return *a;
}

static bool take_turn(struct reach_run *r, const struct addr *to, unsigned packets)
{
	const struct addr device = device_of(r, to), *a = &device;
	bool gentle = gate_gentle(r->gate, to) || gate_gentle(r->gate, a), good = false;
	int64_t now = reach_mono_ms();

	if (gate_is_beacon(r->gate, to))
		return true;
	pthread_mutex_lock(&r->turn_lock);
	struct reach_turn *t = turn_of(r, a);
	if (t != NULL && t->busy < (gentle ? 1 : AT_ONCE) && now >= t->next_ms) {
		unsigned rate = r->plan->host_rate;

		t->busy++;
		t->next_ms = now + (gentle ? GENTLE_MS : rate != 0 ? packets * 1000 / rate : 0);
		good = true;
	}
	pthread_mutex_unlock(&r->turn_lock);
	return good;
}

static void give_turn_back(struct reach_run *r, const struct addr *to)
{
	const struct addr device = device_of(r, to), *a = &device;

	if (gate_is_beacon(r->gate, to))
		return;
	pthread_mutex_lock(&r->turn_lock);
	struct reach_turn *t = turn_of(r, a);
	if (t != NULL && t->busy > 0)
		t->busy--;
	if (t != NULL && (gate_gentle(r->gate, to) || gate_gentle(r->gate, a)))
		t->next_ms = reach_mono_ms() + GENTLE_MS;
	pthread_mutex_unlock(&r->turn_lock);
}

static int zone_index(const struct reach_run *r, const struct addr *a)
{
	const struct zone *z = site_zone(r->site, a);

	if (z == NULL || z < r->site->zones || z >= r->site->zones + r->site->zone_count)
		return -1;
	return (int)(z - r->site->zones);
}

/* Waits until so many packets may leave for this address. False: the run is stopping. */
static bool wait_pace(struct reach_run *r, const struct addr *to, unsigned packets, unsigned held)
{
	struct pace_need need = {
		.zone = zone_index(r, to), .segment = -1, .packets = packets, .held = held
	};

	while (!pace_board_try(r->board, &need, reach_mono_ms())) {
		if (reach_stopping(r))
			return false;
		reach_sleep(r, TICK_MS / 2);
	}
	return !reach_stopping(r);
}

/* ---- connections and datagrams ---- */

static bool prepare(const struct reach_link_to *way, int fd)
{
	bool v4 = addr_is_ipv4(&way->to);
	int on = 1;

	setsockopt(fd, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_RECVERR : IPV6_RECVERR, &on,
		   sizeof(on));
	if (way->ttl > 0 &&
	    setsockopt(fd, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_TTL : IPV6_UNICAST_HOPS,
		       &way->ttl, sizeof(way->ttl)) != 0)
		return false;
	if (way->from == NULL)
		return true;
	struct sockaddr_storage sa;
	socklen_t n = addr_to_sockaddr(&way->from->address, 0, &sa);
	/* Allowed to everybody since Linux 5.7; before, the source address alone has to do. */
	setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, way->from->interface,
		   (socklen_t)strlen(way->from->interface) + 1);
	return bind(fd, (struct sockaddr *)&sa, n) == 0;
}

bool reach_connect(struct reach_run *r, const struct reach_link_to *way, struct reach_talk *ret)
{
	struct reach_talk t = { .fd = -1, .way = *way };
	unsigned held = way->udp ? 0 : HELD;

	*ret = t;
	for (;;) {
		t.refusal = gate_refusal(r->gate, way->use, &way->to, way->port, way->udp,
					 reach_unix_ms() / 1000);
		*ret = t;
		if (t.refusal != NULL)
			return false;
		if (reach_stopping(r)) {
			ret->error = EINTR;
			return false;
		}
		if (take_turn(r, &way->to, HELD))
			break;
		reach_sleep(r, TICK_MS);
	}
	int type = (way->udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC | SOCK_NONBLOCK;
	t.fd = socket(addr_is_ipv4(&way->to) ? AF_INET : AF_INET6, type, 0);
	if (t.fd < 0 || !prepare(way, t.fd)) {
		t.error = errno;
	} else if (!wait_pace(r, &way->to, 0, held)) {
		t.error = EINTR;
	} else {
		/* What happened since it was asked first may have closed the window. */
		t.refusal = gate_refusal(r->gate, way->use, &way->to, way->port, way->udp,
					 reach_unix_ms() / 1000);
		t.number = atomic_fetch_add(&r->conversations, 1) + 1;
		if (t.refusal == NULL &&
		    !journal_opened(r->journal, t.number, reach_unix_ms(), &way->to, way->port,
				    way->udp, way->purpose)) {
			atomic_store(&r->failed, true);
			t.error = EIO;
		}
		struct sockaddr_storage sa;
		socklen_t n = addr_to_sockaddr(&way->to, way->port, &sa);
		if (t.refusal == NULL && t.error == 0 &&
		    connect(t.fd, (struct sockaddr *)&sa, n) != 0 && errno != EINPROGRESS)
			t.error = errno;
		if (t.refusal == NULL && t.error == 0) {
			t.packets = way->udp ? 0 : 1;
			*ret = t;
			return true;
		}
		if (held > 0)
			pace_board_count(r->board, zone_index(r, &way->to), 0, -(int)held,
					 reach_mono_ms());
		if (t.refusal == NULL && t.error != EIO) {
			static const struct journal_found none;
			struct addr source =
				way->from != NULL ? way->from->address : (struct addr){ 0 };

			journal_closed(r->journal, t.number, reach_unix_ms(), &source, 0, 0, 0, 0,
				       "no-route", &none);
		}
	}
	if (t.fd >= 0)
		close(t.fd);
	t.fd = -1;
	give_turn_back(r, &way->to);
	*ret = t;
	return false;
}

bool reach_send(struct reach_run *r, struct reach_talk *t, const void *bytes, size_t n)
{
	const uint8_t *at = bytes;
	unsigned packets = 1 + (unsigned)(n / SEGMENT);

	errno = EINTR;
	if (t->fd < 0 || !wait_pace(r, &t->way.to, packets, 0))
		return false;
	/* A window or an authorisation may have ended since the connection was opened. */
	t->refusal = gate_refusal(r->gate, t->way.use, &t->way.to, t->way.port, t->way.udp,
				  reach_unix_ms() / 1000);
	errno = EACCES;
	if (t->refusal != NULL)
		return false;
	t->packets += packets;
	while (n > 0) {
		ssize_t sent = send(t->fd, at, n, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) && !t->way.udp) {
			struct pollfd p = { .fd = t->fd, .events = POLLOUT };

			if (reach_stopping(r) || poll(&p, 1, REACH_ANSWER_MS) <= 0)
				return false;
			continue;
		}
		if (sent < 0)
			return false;
		t->sent += (uint64_t)sent;
		at += sent;
		n -= (size_t)sent;
	}
	return true;
}

/* Shutdown, bounded drain, close: the other side sees an end, no reset. */
static void close_properly(struct reach_talk *t)
{
	char waste[4096];
	int64_t until = reach_mono_ms() + DRAIN_MS;
	size_t drained = 0;

	if (!t->way.udp && shutdown(t->fd, SHUT_WR) == 0) {
		struct pollfd p = { .fd = t->fd, .events = POLLIN };
		int64_t left;

		while (drained < DRAIN_BYTES && (left = until - reach_mono_ms()) > 0 &&
		       poll(&p, 1, (int)left) > 0) {
			ssize_t n = recv(t->fd, waste, sizeof(waste), 0);

			if (n <= 0)
				break;
			drained += (size_t)n;
		}
		t->received += drained;
	}
	close(t->fd);
	t->fd = -1;
}

void reach_end(struct reach_run *r, struct reach_talk *t, const char *ending)
{
	static const struct journal_found none;
	struct addr source = { 0 };
	struct sockaddr_storage sa = { 0 };
	socklen_t n = sizeof(sa);
	uint16_t port = 0;

	if (t->fd < 0)
		return;
	if (getsockname(t->fd, (struct sockaddr *)&sa, &n) == 0)
		addr_from_sockaddr((struct sockaddr *)&sa, &source, &port);
	close_properly(t);
	if (!t->way.udp) {
		pace_board_count(r->board, zone_index(r, &t->way.to), HELD, -HELD, reach_mono_ms());
		t->packets += HELD - 1;
	}
	journal_closed(r->journal, t->number, reach_unix_ms(), &source, port, t->packets, t->sent,
		       t->received, ending, &none);
	give_turn_back(r, &t->way.to);
}

/* ---- below sockets ---- */

const char *reach_icmp(struct reach_run *r, const struct reach_source *from, const struct addr *to,
		       const void *bytes, size_t n, int ttl)
{
	const char *why = gate_refusal(r->gate, GATE_BEACON, to, 0, false, reach_unix_ms() / 1000);
	char text[ADDR_TEXT];
	bool v4 = addr_is_ipv4(to);
	int usual = ttl > 0 ? ttl : 64;

	if (why != NULL)
		return why;
	if (from->echo_fd < 0)
		return "no right to send ICMP";
	if (!wait_pace(r, to, 1, 0))
		return "stopped";
	if (!journal_asked(r->journal, reach_unix_ms(), from->interface, "reach-icmp",
			   &from->address, addr_format(to, text), 0)) {
		atomic_store(&r->failed, true);
		return "the journal cannot be written";
	}
	struct sockaddr_storage sa;
	socklen_t length = addr_to_sockaddr(to, 0, &sa);
	setsockopt(from->echo_fd, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_TTL : IPV6_UNICAST_HOPS,
		   &usual, sizeof(usual));
	if (sendto(from->echo_fd, bytes, n, MSG_NOSIGNAL, (struct sockaddr *)&sa, length) < 0)
		return errno == ENETUNREACH || errno == EHOSTUNREACH || errno == EACCES ||
				       errno == EADDRNOTAVAIL || errno == EINVAL
			       ? "no route"
			       : "it could not be sent";
	return NULL;
}

const char *reach_frame(struct reach_run *r, struct reach_link *link, const struct gate_frame *f,
			const struct addr *source, const struct addr *neighbour,
			const uint8_t *frame, size_t n)
{
	char text[ADDR_TEXT];

	if (link->tap == NULL)
		return "no right to send frames";
	if (n > 1518 || !gate_frame_fits(f, frame, n))
		return "no frame for this neighbour";
	/* The beacon's side of the pace: the whole; the neighbour's: its zone's. */
	if (!wait_pace(r, neighbour, 1, 0))
		return "stopped";
	pthread_mutex_lock(&r->gate_lock);
	const char *why = gate_frame(r->gate, f, r->options->full_gateway, reach_unix_ms() / 1000);
	pthread_mutex_unlock(&r->gate_lock);
	if (why != NULL)
		return why;
	if (!journal_asked(r->journal, reach_unix_ms(), link->interface.name, "gateway", source,
			   addr_format(neighbour, text), 0)) {
		atomic_store(&r->failed, true);
		return "the journal cannot be written";
	}
	for (int tries = 0; tries < 50; tries++) {
		uint8_t *room = tap_next(link->tap, n);

		if (room != NULL) {
			memcpy(room, frame, n);
			if (tap_flush(link->tap) == 1)
				return NULL;
		}
		tap_forget(link->tap);
		reach_sleep(r, TICK_MS);
	}
	return "it could not be sent";
}
