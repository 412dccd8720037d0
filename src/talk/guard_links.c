/* SPDX-License-Identifier: Apache-2.0 */
/* The guard: connections from the journal line to the proper close, and what their ends mean. */
#include "talk/guard_parts.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <linux/tcp.h> /* the kernel's own struct tcp_info: glibc's lacks the byte counts */
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <sys/epoll.h>
#include <unistd.h>

/* ---- links ---- */

static struct link *link_new(struct guard *g)
{
	for (unsigned i = 0; i < g->link_most; i++) {
		struct link *l = &g->links[(g->link_turn + i) % g->link_most];

		if (l->state == LINK_FREE) {
			g->link_turn = (g->link_turn + i + 1) % g->link_most;
			return l;
		}
	}
	return NULL;
}

static bool device_free(const struct host *h, int64_t now)
{
	return h->device->open < guard_places(h) && now >= h->device->next_ms;
}

/* With a rate there are never more than a hundred attempts, or a tenth of the rate, that a gateway or a
 * segment has not answered. */
static bool hop_full(const struct guard *g, const struct host *h)
{
	unsigned rate = g->setup->plan->rate;
	unsigned most = rate / 10 > HOP_UNANSWERED ? rate / 10 : HOP_UNANSWERED;

	return h->hop != NULL && rate != 0 && h->hop->unanswered >= most;
}

/* Is anything open to control equipment on this segment? */
static bool segment_busy(struct guard *g, int segment, int64_t now)
{
	unsigned seen = 0;

	for (unsigned i = 0; i < g->link_most && seen < g->links_used; i++) {
		struct link *l = &g->links[i];

		seen += l->state != LINK_FREE;
		if (l->state == LINK_FREE || l->host->segment != segment || !guard_gentle(l->host))
			continue;
		/* Nobody answered the question for its MAC, so nothing has left. */
		if (!l->asks_segment || guard_resolved(g, l->host, now))
			return true;
	}
	return false;
}

/* May something to this host begin, as far as others on its segment are concerned? */
static bool segment_free(struct guard *g, struct host *h, bool known, int64_t now)
{
	if (h->segment < 0 || !guard_gentle(h))
		return true;
	struct alone *s = &g->alone[h->segment];
	if (s->asker != NULL && now >= s->until_ms)
		s->asker->unknown_ms = now; /* looked up once more */
	if (s->asker != NULL && (guard_resolved(g, s->asker, now) || now >= s->until_ms))
		s->asker = NULL;
	if (s->asker != NULL)
		return false;
	if (known || h->mac[0] != '\0')
		return now >= s->claim_ms;
	if (s->busy_ms != now && !segment_busy(g, h->segment, now))
		return true;
	s->busy_ms = now;
	if (now >= s->later_ms) {
		if (now >= s->claim_ms)
			s->claimed_ms = now;
		s->claim_ms = now + CLAIM_MS;
		if (now - s->claimed_ms >= CLAIM_MOST_MS)
			s->later_ms = now + CLAIM_MOST_MS;
	}
	return false;
}

/* It begins, or the pace has no room for the question: then the others have their turn. */
static void segment_taken(struct guard *g, struct host *h, bool begins, int64_t now)
{
	if (h->segment < 0 || !guard_gentle(h))
		return;
	struct alone *s = &g->alone[h->segment];
	s->claim_ms = now;
	if (!begins)
		s->later_ms = now + CLAIM_LATER_MS;
	else if (h->mac[0] == '\0') {
		s->asker = h;
		s->until_ms = now + ASK_ALONE_MS;
	}
}

bool guard_gate_open(struct guard *g, struct host *h, int64_t now)
{
	if (g->links_used >= g->link_most || !device_free(h, now) ||
	    !pace_ready(&h->pace, 0, OPEN_COST, now) || hop_full(g, h))
		return false;
	bool known = guard_resolved(g, h, now);
	/* The answer may be that this is another address of a device that is busy, and so may be the answer
	 * for the one that is asked for alone. */
	return (known || (!h->resolving && g->unresolved < UNRESOLVED_MOST)) &&
	       device_free(h, now) && segment_free(g, h, known, now) && device_free(h, now);
}

/* ---- what has left ---- */

static unsigned segments_out(const struct link *l, bool *ret_dead)
{
	struct tcp_info info = { 0 };
	socklen_t n = sizeof(info);

	if (l->udp || getsockopt(l->fd, IPPROTO_TCP, TCP_INFO, &info, &n) != 0)
		return l->counted;
	*ret_dead = info.tcpi_state == STATE_CLOSE;
	return info.tcpi_segs_out;
}

static void settle(struct guard *g, struct link *l, unsigned left, unsigned no_longer_held)
{
	l->held -= no_longer_held;
	guard_settle(g, l->host, left, no_longer_held);
}

void guard_link_settle(struct guard *g, struct link *l)
{
	bool dead;
	unsigned out = segments_out(l, &dead);

	if (out <= l->counted)
		return;
	unsigned left = out - l->counted;
	unsigned free_places = l->held > l->closing ? l->held - l->closing : 0;
	l->counted = out;
	settle(g, l, left, left < free_places ? left : free_places);
}

/* The strictest of the rates that hold for this host; 0: none does. */
static unsigned least_rate(const struct guard *g, const struct host *h)
{
	const unsigned rates[] = { g->board->paces[0].rate, h->pace.rate,
				   h->zone_index >= 0 ? h->zone->rate : 0 };
	unsigned least = 0;

	for (size_t i = 0; i < countof(rates); i++)
		if (rates[i] != 0 && (least == 0 || rates[i] < least))
			least = rates[i];
	return least;
}

bool guard_link_request(struct guard *g, struct link *l, unsigned n, int64_t waited_ms, int64_t now)
{
	unsigned rate = least_rate(g, l->host);

	guard_link_settle(g, l);
	if (l->udp) { /* what was asked for before has left */
		l->counted += l->held;
		settle(g, l, l->held, l->held);
	}
	if (l->held > l->closing) /* what the last request did not need */
		settle(g, l, 0, l->held - l->closing);
	if (rate != 0 && n > rate - l->closing)
		n = rate - l->closing;
	/* Others keep places too: after a while it has to do with less. What leaves beyond it is counted
	 * when it has left. */
	for (; waited_ms >= REQUEST_PATIENCE_MS && n > REQUEST_LEAST;
	     waited_ms -= REQUEST_PATIENCE_MS)
		n = n / 2 > REQUEST_LEAST ? n / 2 : REQUEST_LEAST;
	if (!guard_reserve(g, l->host, n, false, now))
		return false;
	l->held += n;
	return true;
}

/* Is an answer to it waited for here, and not by a worker? */
static bool is_attempt(bool udp, int worker)
{
	return !udp || worker < 0;
}

void guard_attempt_over(struct guard *g, struct link *l)
{
	if (l->host->hop != NULL && is_attempt(l->udp, l->worker))
		l->host->hop->unanswered--;
	if (l->asks_segment)
		guard_asked(g, l->host);
	l->asks_segment = false;
}

void guard_count_link(const struct link *l, unsigned *packets, uint64_t *sent, uint64_t *received)
{
	struct tcp_info info = { 0 };
	socklen_t n = sizeof(info);

	*packets = l->counted;
	*sent = l->bytes_out;
	*received = l->bytes_in;
	if (!l->udp && l->fd >= 0 && getsockopt(l->fd, IPPROTO_TCP, TCP_INFO, &info, &n) == 0) {
		*sent = info.tcpi_bytes_sent - info.tcpi_bytes_retrans;
		/* The peer's FIN counts as a byte there (RFC 9293, 3.4). */
		*received =
			info.tcpi_bytes_received - (l->peer_closed && info.tcpi_bytes_received > 0);
		*packets = info.tcpi_segs_out;
	}
}

/* Gives the places of a connection back, at its end. */
static void let_go(struct guard *g, struct link *l)
{
	bool dead = false;

	if (l->udp && l->state == LINK_CONNECTING)
		guard_attempt_over(g, l);
	if (l->udp) {
		if (l->asks_segment)
			guard_asked(g, l->host);
		l->asks_segment = false;
		settle(g, l, l->held, l->held);
		return;
	}
	if (l->state == LINK_CONNECTING) {
		/* The SYN or its latest repeat, and the ACK where a connection came to stand. */
		unsigned out = segments_out(l, &dead);

		guard_attempt_over(g, l);
		settle(g, l, out < 2 ? out : 2, l->held);
		return;
	}
	l->closing = 0;
	guard_link_settle(g, l);
	segments_out(l, &dead);
	/* The peer's FIN is still to come, or what it says to a closed socket. */
	settle(g, l, l->held > 0 && !l->peer_closed && !dead, l->held);
}

void guard_keep_finding(struct link *l, const struct finding *f)
{
	l->found = true;
	l->found_state = f->state;
	l->found_no_host = f->no_host;
	memcpy(l->found_reason, f->reason, sizeof(l->found_reason));
}

void guard_link_end(struct guard *g, struct link *l, int64_t now)
{
	unsigned packets;
	uint64_t sent, received;
	struct addr source = { 0 };
	uint16_t source_port = 0;
	struct sockaddr_storage sa;
	socklen_t n = sizeof(sa);

	guard_count_link(l, &packets, &sent, &received);
	if (l->udp)
		packets += l->held;
	if (getsockname(l->fd, (struct sockaddr *)&sa, &n) == 0)
		addr_from_sockaddr((struct sockaddr *)&sa, &source, &source_port);
	let_go(g, l);
	const struct journal_found found = {
		/* A look at a host that had answered is none of the sweep. */
		.known = l->found && l->worker < 0 && !l->look,
		.state = l->found_state,
		.no_host = l->found_no_host,
		.reason = l->found_reason,
	};
	journal_closed(g->journal, l->number, guard_unix_ms(), &source, source_port, packets, sent,
		       received, ending_word(l->ending), &found);
	/* By hand: while a worker still holds its duplicate, closing ours removes nothing (epoll(7)). */
	epoll_ctl(g->epoll, EPOLL_CTL_DEL, l->fd, NULL);
	if (l->worker >= 0) /* ends it for a worker that still holds its duplicate */
		shutdown(l->fd, SHUT_RDWR);
	if (l->udp) /* and leaves nobody that it could send to (connect(2)) */
		connect(l->fd, &(struct sockaddr){ .sa_family = AF_UNSPEC },
			sizeof(struct sockaddr));
	close(l->fd);
	guard_elsewhere_end(l);
	l->host->device->open--;
	l->host->links--;
	if (guard_gentle(l->host))
		l->host->device->next_ms = now + OT_PAUSE_MS;
	l->host->last_ms = guard_unix_ms();
	if (l->worker >= 0 && g->worker_link[l->worker] == l)
		g->worker_link[l->worker] = NULL;
	l->state = LINK_FREE;
	l->fd = -1;
	g->links_used--;
}

void guard_link_hurry(struct link *l, int64_t now)
{
	int64_t latest = now + (l->state == LINK_CONNECTING ? FINISH_MS : DRAIN_MS);

	if (!l->hurried && l->deadline_ms > latest)
		l->deadline_ms = latest;
	l->hurried = true;
}

void guard_link_drain(struct guard *g, struct link *l, int64_t now)
{
	struct epoll_event e = { .events = EPOLLIN | EPOLLRDHUP, .data.ptr = l };

	if (l->state == LINK_CONNECTING &&
	    !l->udp) { /* nothing stands that could be ended properly */
		guard_link_end(g, l, now);
		return;
	}
	if (l->worker >= 0 && g->worker_link[l->worker] == l)
		g->worker_link[l->worker] = NULL;
	if (l->udp) {
		guard_elsewhere_end(l); /* what comes there still is refused by the kernel */
		if (l->state == LINK_CONNECTING)
			guard_attempt_over(g, l);
		l->state = LINK_DRAINING;
		l->hurried = true;
		l->deadline_ms = now + DRAIN_MS_UDP;
		l->drained = 0;
		epoll_ctl(g->epoll, EPOLL_CTL_ADD, l->fd, &e);
		return;
	}
	shutdown(l->fd, SHUT_WR);
	l->closing = 0;
	guard_link_settle(g, l);
	if (l->held > 1) /* our FIN has left: what is to come is the ACK of theirs */
		settle(g, l, 0, l->held - 1);
	l->state = LINK_DRAINING;
	l->hurried = g->stopping || l->cut || !guard_gentle(l->host);
	l->deadline_ms = now + (l->hurried ? DRAIN_MS : DRAIN_MS_OT);
	l->drained = 0;
	if (epoll_ctl(g->epoll, EPOLL_CTL_MOD, l->fd, &e) != 0 && errno == ENOENT)
		epoll_ctl(g->epoll, EPOLL_CTL_ADD, l->fd, &e);
}

static void link_read_away(struct guard *g, struct link *l, int64_t now)
{
	uint8_t waste[4096];
	ssize_t n;

	if (l->udp) {
		while (l->drained < DRAIN_BYTES &&
		       (n = recv(l->fd, waste, sizeof(waste), MSG_DONTWAIT)) >= 0)
			l->drained += (size_t)n + 1;
		if (l->drained >= DRAIN_BYTES || (errno != EAGAIN && errno != EINTR))
			guard_link_end(g, l, now);
		return;
	}

	while ((n = recv(l->fd, waste, sizeof(waste), MSG_DONTWAIT)) > 0) {
		l->drained += (size_t)n;
		if (l->drained > DRAIN_BYTES)
			break;
	}
	l->peer_closed = n == 0;
	if (n > 0 || n == 0 || (errno != EAGAIN && errno != EINTR))
		guard_link_end(g, l, now);
}

/* Nothing leaves yet, so nothing is held but the kernel's question for the MAC. */
static void udp_stands(struct link *l, int64_t now)
{
	l->state = LINK_LENT;
	l->deadline_ms = now + TALK_MS;
	l->write_ms = now;
}

struct link *guard_link_open(struct guard *g, struct host *h, struct sweep_port port, int worker,
			     int probe, int64_t now, int *ret_error)
{
	bool udp = port.udp, attempt = is_attempt(udp, worker);
	unsigned cost = !udp ? OPEN_COST : attempt ? 1 : 0;
	struct sockaddr_storage sa;
	socklen_t length = addr_to_sockaddr(&h->address, port.port, &sa);
	const char *name = worker < 0          ? "sweep"
			   : probe == NO_PROBE ? "greeting"
					       : g->setup->probes[probe].name;
	struct link *l = link_new(g);
	int on = 1, repeats = SYN_REPEATS;

	*ret_error = -EMFILE;
	if (l == NULL)
		return NULL;
	bool asks = !guard_resolved(g, h, now);
	*ret_error = -EAGAIN;
	bool room = guard_reserve(g, h, cost, asks, now);
	if (asks)
		segment_taken(g, h, room, now);
	if (!room)
		return NULL;
	int fd = socket(sa.ss_family,
			(udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		*ret_error = -errno;
		guard_settle(g, h, 0, cost);
		if (asks)
			guard_asked(g, h);
		return NULL;
	}
	if (attempt)
		setsockopt(fd, sa.ss_family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6,
			   sa.ss_family == AF_INET ? IP_RECVERR : IPV6_RECVERR, &on, sizeof(on));
	if (!udp) {
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		setsockopt(fd, IPPROTO_TCP, TCP_SYNCNT, &repeats, sizeof(repeats));
	}
	*l = (struct link){
		.state = LINK_CONNECTING,
		.fd = fd,
		.other_fd = -1,
		.host = h,
		.port = port.port,
		.udp = udp,
		.payload = udp && attempt ? payload_find(port.port) : NULL,
		.worker = worker,
		.probe = probe,
		.number = ++g->journal_number,
		.opened_ms = now,
		.held = cost,
		.asks_segment = asks,
		.deadline_ms = now + (h->treatment == TREAT_OT ? CONNECT_MS_OT : CONNECT_MS_IT),
	};
	if (!journal_opened(g->journal, l->number, guard_unix_ms(), &h->address, port.port, udp,
			    name)) {
		*ret_error = -EIO; /* nothing is sent that is not written down */
		close(fd);
		guard_settle(g, h, 0, cost);
		if (asks)
			guard_asked(g, h);
		l->state = LINK_FREE;
		if (!g->stopping)
			guard_tell_simple(g, EVENT_NO_JOURNAL);
		guard_stop(g);
		return NULL;
	}
	g->links_used++;
	h->device->open++;
	h->links++;
	if (h->hop != NULL && attempt)
		h->hop->unanswered++;
	struct epoll_event e = { .events = udp ? EPOLLIN : EPOLLOUT, .data.ptr = l };
	if (attempt)
		epoll_ctl(g->epoll, EPOLL_CTL_ADD, fd, &e);
	if (connect(fd, (struct sockaddr *)&sa, length) != 0 && errno != EINPROGRESS) {
		*ret_error = -errno;
		l->ending = ENDING_REFUSED;
		if (udp) {
			guard_settle(g, h, 0, l->held);
			l->held = 0;
		}
		/* Without a route nothing left, and a resumed scan tries again. */
		if (*ret_error == -ECONNREFUSED || *ret_error == -EHOSTUNREACH) {
			struct finding f = { .state = PORT_CLOSED };

			if (*ret_error == -EHOSTUNREACH) {
				f.state = PORT_SILENT;
				f.no_host = SWEEP_NO_HOST;
			}
			snprintf(f.reason, sizeof(f.reason), "%s", strerror(-*ret_error));
			guard_keep_finding(l, &f);
		}
		guard_link_end(g, l, now);
		return NULL;
	}
	bool elsewhere = attempt ? l->payload != NULL && l->payload->elsewhere
				 : udp && g->setup->probes[probe].elsewhere;
	if (elsewhere && (*ret_error = guard_elsewhere_open(l)) != 0) {
		l->ending = ENDING_LIMIT;
		guard_link_end(g, l, now);
		return NULL;
	}
	if (elsewhere && attempt)
		epoll_ctl(g->epoll, EPOLL_CTL_ADD, l->other_fd, &e);
	if (udp && !attempt) {
		udp_stands(l, now);
	} else if (udp && (*ret_error = guard_udp_ask(g, l, now)) != 0) {
		l->ending = ENDING_TIMEOUT;
		guard_link_end(g, l, now);
		return NULL;
	}
	return l;
}

/* ---- what an attempt found ---- */

/* The ICMP message behind an error, from the socket's error queue. */
static bool read_icmp(const struct link *l, struct sock_extended_err *ret, struct addr *ret_from)
{
	char control[512];
	struct iovec iov = { .iov_base = control, .iov_len = 0 };
	struct msghdr m = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};

	if (recvmsg(l->fd, &m, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
		return false;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c != NULL; c = CMSG_NXTHDR(&m, c)) {
		if (!((c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) ||
		      (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR)))
			continue;
		memcpy(ret, CMSG_DATA(c), sizeof(*ret));
		if (ret->ee_origin != SO_EE_ORIGIN_ICMP && ret->ee_origin != SO_EE_ORIGIN_ICMP6)
			continue;
		uint16_t port;
		struct sockaddr_storage sa;
		size_t room = c->cmsg_len - CMSG_LEN(sizeof(*ret));
		memset(&sa, 0, sizeof(sa));
		memcpy(&sa, SO_EE_OFFENDER((struct sock_extended_err *)(void *)CMSG_DATA(c)),
		       room < sizeof(sa) ? room : sizeof(sa));
		*ret_from = (struct addr){ 0 };
		addr_from_sockaddr((struct sockaddr *)&sa, ret_from, &port);
		return true;
	}
	return false;
}

/* Is this the address that the connection was to leave from? */
static bool is_ours(const struct link *l, const struct addr *a)
{
	struct sockaddr_storage sa;
	socklen_t n = sizeof(sa);
	struct addr source;
	uint16_t port;

	return getsockname(l->fd, (struct sockaddr *)&sa, &n) == 0 &&
	       addr_from_sockaddr((struct sockaddr *)&sa, &source, &port) == 0 &&
	       addr_compare(&source, a) == 0;
}

static struct finding judge_icmp(const struct link *l, const struct sock_extended_err *icmp,
				 const struct addr *from)
{
	struct finding f = { .state = PORT_FILTERED };
	bool v4 = icmp->ee_origin == SO_EE_ORIGIN_ICMP;
	bool itself = addr_compare(from, &l->host->address) == 0;
	char text[ADDR_TEXT];
	/* RFC 792 and RFC 1122: 3/0 net, 3/1 host, 3/3 port unreachable; RFC 4443: 1/0 no route,
	 * 1/3 address, 1/4 port. */
	bool no_host =
		v4 ? icmp->ee_type == ICMP_DEST_UNREACH && (icmp->ee_code == ICMP_NET_UNREACH ||
							    icmp->ee_code == ICMP_HOST_UNREACH)
		   : icmp->ee_type == 1 && (icmp->ee_code == 0 || icmp->ee_code == 3);
	bool no_port = v4 ? icmp->ee_type == ICMP_DEST_UNREACH && icmp->ee_code == ICMP_PORT_UNREACH
			  : icmp->ee_type == 1 && icmp->ee_code == 4;

	if (l->udp && no_port && itself)
		f.state = PORT_CLOSED;
	/* From our own stack (nobody answers ARP) it is certain; a router may mean only this port; and
	 * what the address says of itself proves that it is there. */
	if (no_host && !itself) {
		f.state = PORT_SILENT;
		f.no_host = is_ours(l, from) ? SWEEP_NO_HOST : SWEEP_NO_HOST / 2;
	}
	snprintf(f.reason, sizeof(f.reason), "ICMP%s %u/%u from %s", v4 ? "" : "v6", icmp->ee_type,
		 icmp->ee_code, addr_format(from, text));
	return f;
}

bool guard_judge_icmp(const struct link *l, struct finding *ret)
{
	enum { MOST = 8 }; /* what is left then comes with the next event */
	struct sock_extended_err icmp;
	struct addr from;
	bool found = false;

	for (int i = 0; i < MOST; i++) {
		if (!read_icmp(l, &icmp, &from))
			continue;
		bool v4 = icmp.ee_origin == SO_EE_ORIGIN_ICMP;
		/* Too big, redirects and the like say nothing of the port. */
		if (found ||
		    (v4 ? icmp.ee_type != ICMP_DEST_UNREACH && icmp.ee_type != ICMP_TIME_EXCEEDED
			: icmp.ee_type != 1 && icmp.ee_type != 3))
			continue;
		*ret = judge_icmp(l, &icmp, &from);
		found = true;
	}
	return found;
}

static struct finding judge_error(const struct link *l, int error)
{
	struct finding f = { .state = PORT_FILTERED };
	struct sock_extended_err icmp;
	struct addr from;

	if (error == ECONNREFUSED && !read_icmp(l, &icmp, &from)) {
		f.state = PORT_CLOSED;
		snprintf(f.reason, sizeof(f.reason), "reset");
		return f;
	}
	/* A reset that answers a SYN is ECONNREFUSED: here the connection stood before (tcp(7)). */
	if (error == ECONNRESET) {
		f.state = PORT_OPEN;
		snprintf(f.reason, sizeof(f.reason), "connected, then reset");
		return f;
	}
	if (error != ECONNREFUSED && !read_icmp(l, &icmp, &from)) {
		/* Our own stack: no neighbour answers, or there is no route. */
		f.state = PORT_SILENT;
		f.no_host = error == EHOSTUNREACH || error == ENETUNREACH ? SWEEP_NO_HOST : 0;
		snprintf(f.reason, sizeof(f.reason), "%s", strerror(error));
		return f;
	}
	return judge_icmp(l, &icmp, &from);
}

/* ---- connections that stand or failed ---- */

static void link_stands(struct guard *g, struct link *l, int64_t now)
{
	struct tcp_info info = { 0 };
	socklen_t n = sizeof(info);

	if (getsockopt(l->fd, IPPROTO_TCP, TCP_INFO, &info, &n) != 0)
		info.tcpi_rtt = 0;
	guard_watch_latency(g, l, info.tcpi_rtt, now);
	l->host->failures = 0;
	guard_attempt_over(g, l);
	/* SYN and ACK have left, both not before they were held; repeats had the place of the SYN. */
	l->counted = info.tcpi_segs_out;
	settle(g, l, 2, l->held - CLOSE_COST);
	l->closing = CLOSE_COST;
	l->state = LINK_LENT;
	if (l->worker < 0) {
		struct finding f = { .state = PORT_OPEN };

		l->ending = ENDING_DONE;
		snprintf(f.reason, sizeof(f.reason), "connected");
		guard_keep_finding(l, &f);
		guard_link_drain(g, l, now);
		if (l->look)
			guard_looked(g, l->host, PORT_OPEN);
		else
			guard_sweep_found(g, l->host, (struct sweep_port){ l->port, false }, &f);
		return;
	}
	/* A tiny rate has no room for the places of the end while the connection goes on. */
	unsigned rate = least_rate(g, l->host);
	if (rate != 0 && rate < CLOSE_COST + REQUEST_LEAST) {
		l->closing = 0;
		settle(g, l, 0, l->held);
	}
	l->deadline_ms = now + TALK_MS;
	l->write_ms = now;
	epoll_ctl(g->epoll, EPOLL_CTL_DEL, l->fd, NULL);
	guard_reply(g, l->worker, ENDING_DONE, l->fd, guard_unpaced(g, l->host));
}

void guard_link_failed(struct guard *g, struct link *l, const struct finding *f, int64_t now)
{
	struct host *h = l->host;
	const struct sweep_port port = { l->port, l->udp };
	int worker = l->worker;

	l->ending = f->state == PORT_OPEN     ? ENDING_CLOSED
		    : f->state == PORT_CLOSED ? ENDING_REFUSED
					      : ENDING_TIMEOUT;
	enum ending e = l->ending;
	bool look = l->look;
	if (f->state == PORT_CLOSED && !l->udp)
		guard_watch_latency(g, l, 0, now);
	guard_keep_finding(l, f);
	/* From a host that is there an answer may still come. */
	if (l->udp && f->state != PORT_CLOSED && guard_answered(h))
		guard_link_drain(g, l, now);
	else
		guard_link_end(g, l, now);
	if (look) {
		guard_looked(g, h, f->state);
		return;
	}
	if (worker < 0) {
		guard_sweep_found(g, h, port, f);
		return;
	}
	if (f->state == PORT_SILENT || f->state == PORT_CLOSED)
		guard_watch_failure(g, h, f->state == PORT_SILENT);
	if (f->state == PORT_CLOSED && guard_watch_refusal(h, port.port)) {
		g->waiting[worker].active = g->waiting[worker].refused = true;
		return;
	}
	guard_reply(g, worker, e, -1, false);
}

void guard_link_event(struct guard *g, struct link *l, uint32_t events, int64_t now)
{
	if (l->state == LINK_DRAINING) {
		link_read_away(g, l, now);
		return;
	}
	if (l->state != LINK_CONNECTING)
		return;
	if (l->udp) {
		guard_udp_event(g, l, now);
		return;
	}
	int error = 0;
	struct tcp_info info = { 0 };
	socklen_t n = sizeof(error), length = sizeof(info);
	getsockopt(l->fd, SOL_SOCKET, SO_ERROR, &error, &n);
	getsockopt(l->fd, IPPROTO_TCP, TCP_INFO, &info, &length);
	if (error == 0 && info.tcpi_state == STATE_SYN_SENT) {
		struct sock_extended_err icmp;
		struct addr from;

		/* Read away, or epoll tells of it for ever; the attempt goes on. */
		while (read_icmp(l, &icmp, &from))
			l->told_error = (int)icmp.ee_errno;
		return;
	}
	/* An error that comes while its message is read away is taken by that: the attempt is over, and nothing
	 * says so but the state. */
	if (error == 0 && info.tcpi_state == STATE_CLOSE && l->told_error != 0)
		error = l->told_error;
	if (error == 0 && (events & EPOLLOUT) && !(events & EPOLLERR) &&
	    info.tcpi_state != STATE_CLOSE) {
		link_stands(g, l, now);
		return;
	}
	if (error == 0)
		error = ECONNRESET;
	struct finding f = judge_error(l, error);
	guard_link_failed(g, l, &f, now);
}
