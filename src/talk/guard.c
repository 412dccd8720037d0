/* SPDX-License-Identifier: Apache-2.0 */
#include "talk/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/errqueue.h>
#include <linux/tcp.h> /* the kernel's own struct tcp_info: glibc's lacks the byte counts */
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "talk/hosts.h"
#include "talk/journal.h"
#include "talk/pace.h"
#include "talk/transfer.h"

enum {
	LINKS_MOST = 4096,       /* sockets at once */
	UNANSWERED_MOST = 256,   /* hosts under way that have not answered yet */
	ACTIVE_MOST = 1024,      /* hosts under way */
	OPEN_COST = 4,           /* packets of a connection without data: SYN, ACK, FIN, last ACK */
	WRITE_COST = 3,          /* a segment of ours and the ACKs of its answer */
	CONNECT_MS_OT = 5000,
	CONNECT_MS_IT = 3500,    /* two SYN repeats, at 1 s and 3 s, and time for an answer */
	OPENS_MOST = 64,         /* in one pass: between passes answers, orders and signals are served */
	DRAIN_MS = 1000,
	DRAIN_BYTES = 64 * 1024,
	TALK_MS = 120 * 1000,    /* the longest that one connection may be lent */
	OT_PAUSE_MS = 1000,      /* between two connections to a device */
	OT_WRITE_PAUSE_MS = 200, /* between two requests to a device */
	STOP_POLL_MS = 200,
	TICK_MS = 5,             /* how often deadlines are looked at */
	BYTES_POLL_MS = 250,
	SLACK_BYTES = 64 * 1024, /* what the kernel may have taken in beyond a probe's budget */
	PLACES_OT = 1,
	PLACES_IT = 16,          /* connections at once per device */
	OT_HOST_RATE = 10,       /* packets per second at most */
	CONVERSATION_MS = 600 * 1000, /* the longest that a probe may go on with one port */
	FINISH_MS = 300,         /* at a stop: an attempt so young at a controller may still be answered */
	STATE_SYN_SENT = 2,      /* tcpi_state; the names stand in netinet/tcp.h only */
};

enum link_state { LINK_FREE, LINK_CONNECTING, LINK_LENT, LINK_DRAINING };

struct link {
	enum link_state state;
	int fd;
	struct host *host;
	uint16_t port;
	int worker;          /* -1: the sweep's own */
	int probe;
	uint64_t number;     /* in the journal */
	int64_t opened_ms, deadline_ms;
	int64_t write_ms;    /* the next request may leave then */
	unsigned repeats;    /* SYN repeats charged so far */
	unsigned charged;    /* packets taken from the pace */
	size_t drained;
	bool peer_closed;
	enum ending ending;  /* for the journal */
};

/* One request of a worker that waits for its turn. */
struct waiting {
	bool active;
	struct worker_request request;
	struct host *host;
};

struct conversation {
	uint32_t id;
	unsigned connections;
	int64_t started_ms;
};

struct guard {
	const struct guard_setup *setup;
	struct hosts *hosts;
	struct sweep_order order;
	struct pace pace;
	struct pace *zone_paces; /* by index in site.zones */
	struct link *links;
	unsigned link_most, links_used;
	struct waiting *waiting;   /* by worker */
	struct link **worker_link; /* by worker */
	struct conversation *conversation; /* by worker */
	/* the sweep */
	struct host **active;
	unsigned active_count, active_turn, unanswered;
	uint64_t next_target, target_count;
	bool swept_told;
	/* the rest */
	int epoll, signals, journal;
	uint64_t journal_number;
	bool stopping, stopped_told, quitting;
	int64_t stop_poll_ms, bytes_poll_ms, tick_ms;
	unsigned link_turn; /* where to look for a free link first */
	struct guard_event *events; /* what main has not read yet, in order */
	size_t event_count, event_room;
	bool more_to_open; /* the last pass of the sweep was cut */
};

static int64_t mono_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t unix_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- telling main ---- */

/* Sends what waits; main may be slow (its disk), the guard may not stand still for that. */
static void tell_waiting(struct guard *g)
{
	size_t sent = 0;

	while (sent < g->event_count) {
		ssize_t n = send(g->setup->main_fd, &g->events[sent], sizeof(*g->events),
				 MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EAGAIN)
			break;
		if (n >= 0 || errno != EINTR)
			sent++; /* or main is gone, which the loop notices at its channel */
	}
	g->event_count -= sent;
	if (sent > 0)
		memmove(g->events, g->events + sent, g->event_count * sizeof(*g->events));
}

static void stop(struct guard *g);

static void tell(struct guard *g, const struct guard_event *e)
{
	if (g->event_count == g->event_room) {
		size_t room = g->event_room == 0 ? 64 : g->event_room * 2;
		struct guard_event *more = realloc(g->events, room * sizeof(*more));

		if (more == NULL) {
			stop(g); /* a host that main never hears of would be called clean */
			return;
		}
		g->events = more;
		g->event_room = room;
	}
	g->events[g->event_count++] = *e;
	tell_waiting(g);
}

static void tell_simple(struct guard *g, enum event_kind kind)
{
	struct guard_event e = { .kind = kind };

	tell(g, &e);
}

static struct guard_event event_of(const struct host *h, enum event_kind kind)
{
	struct guard_event e = {
		.kind = kind,
		.address = h->address,
		.treatment = h->treatment,
		.open = h->sweep.count[PORT_OPEN],
		.closed = h->sweep.count[PORT_CLOSED],
		.filtered = h->sweep.count[PORT_FILTERED],
		.silent = h->sweep.count[PORT_SILENT],
		.rtt_us = h->rtt_us,
		.first_ms = h->first_ms,
		.last_ms = h->last_ms,
	};

	memcpy(e.mac, h->mac, sizeof(e.mac));
	memcpy(e.ot_sign, h->ot_sign, sizeof(e.ot_sign));
	return e;
}

static void set_reason(struct guard_event *e, const char *reason)
{
	snprintf(e->reason, sizeof(e->reason), "%s", reason != NULL ? reason : "");
}

/* ---- hosts ---- */

/* Whatever is found at one address of a device holds for the others. */
static bool gentle(const struct host *h)
{
	return h->treatment == TREAT_OT || h->device->ot;
}

static unsigned places(const struct host *h)
{
	return gentle(h) ? PLACES_OT : PLACES_IT;
}

static unsigned host_rate(const struct guard *g, const struct host *h)
{
	unsigned rate = g->setup->plan->host_rate;

	if (h->zone != NULL && h->zone->host_rate != 0 && (rate == 0 || h->zone->host_rate < rate))
		rate = h->zone->host_rate;
	if (h->treatment == TREAT_OT && (rate == 0 || rate > OT_HOST_RATE))
		rate = OT_HOST_RATE;
	return rate;
}

static void host_setup(struct guard *g, struct host *h, int64_t now)
{
	const struct plan *p = g->setup->plan;

	h->zone = site_zone(&p->site, &h->address);
	h->kind = plan_kind(p, &h->address);
	h->unassigned = h->kind == ZONE_UNASSIGNED;
	h->treatment = h->kind == ZONE_OT || h->unassigned ? TREAT_OT : TREAT_IT;
	h->full_depth = h->treatment == TREAT_IT ||
			(h->zone != NULL && ranges_contain(&h->zone->full_depth, &h->address));
	h->risk = h->zone != NULL && h->zone->risk < p->risk ? h->zone->risk : p->risk;
	h->device->ot |= h->kind == ZONE_OT;
	pace_init(&h->pace, host_rate(g, h), OPEN_COST, now);
	h->first_ms = unix_ms();
}

static bool allowed(const struct guard *g, const struct host *h, uint16_t port, int probe);
static void link_drain(struct guard *g, struct link *l, int64_t now);

/* Ends conversations of this host that it may not have any longer. */
static void end_disallowed(struct guard *g, const struct host *h)
{
	for (unsigned i = 0; i < g->link_most; i++) {
		struct link *l = &g->links[i];

		if (l->state == LINK_LENT && l->host == h && !allowed(g, h, l->port, l->probe)) {
			l->ending = ENDING_LIMIT;
			link_drain(g, l, mono_ms());
		}
	}
}

/* The host is treated as OT for the rest of the scan. */
static void make_ot(struct guard *g, struct host *h, const char *sign)
{
	if (h->ot_sign[0] == '\0')
		snprintf(h->ot_sign, sizeof(h->ot_sign), "%s", sign);
	h->unassigned = false;
	h->device->ot = true;
	if (h->treatment != TREAT_OT || h->kind == ZONE_UNASSIGNED) {
		h->treatment = TREAT_OT;
		h->full_depth = h->zone != NULL && ranges_contain(&h->zone->full_depth, &h->address);
		pace_change(&h->pace, host_rate(g, h), OPEN_COST, mono_ms());
		end_disallowed(g, h);
		struct guard_event e = event_of(h, EVENT_OT);

		tell(g, &e);
	}
}

static void leave_alone(struct guard *g, struct host *h, const char *why)
{
	if (h->distress)
		return;
	h->distress = true;
	h->device->distress = true;
	h->sweep.cut = true;
	h->sweep.over = true;
	h->sweep.state = HOST_DISTRESS;
	h->sweep.reason = why;
	struct guard_event e = event_of(h, EVENT_DISTRESS);
	set_reason(&e, why);
	tell(g, &e);
}

/* ---- pace ---- */

static struct pace *zone_pace(struct guard *g, const struct host *h)
{
	if (h->zone == NULL || h->zone->rate == 0)
		return NULL;
	ptrdiff_t i = h->zone - g->setup->plan->site.zones;
	return i >= 0 && (size_t)i < g->setup->plan->site.zone_count ? &g->zone_paces[i] : NULL;
}

static bool pace_allows(struct guard *g, struct host *h, unsigned n, int64_t now)
{
	struct pace *z = zone_pace(g, h);

	return pace_ready(&g->pace, n, now) && (z == NULL || pace_ready(z, n, now)) &&
	       pace_ready(&h->pace, n, now);
}

static void charge(struct guard *g, struct link *l, int n)
{
	struct pace *z = zone_pace(g, l->host);

	pace_take(&g->pace, n);
	if (z != NULL)
		pace_take(z, n);
	pace_take(&l->host->pace, n);
	l->charged = (unsigned)((int)l->charged + n);
}

static bool unpaced(const struct guard *g, const struct host *h)
{
	return g->pace.rate == 0 && h->pace.rate == 0 && !gentle(h) &&
	       (h->zone == NULL || h->zone->rate == 0);
}

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

/* A connection may be started to this host now. */
static bool gate_open(struct guard *g, struct host *h, int64_t now)
{
	return g->links_used < g->link_most && h->device->open < places(h) &&
	       now >= h->device->next_ms && pace_allows(g, h, OPEN_COST, now);
}

/* Packets and bytes as the kernel counted them. */
static void count_link(const struct link *l, unsigned *packets, uint64_t *sent, uint64_t *received)
{
	struct tcp_info info = { 0 };
	socklen_t n = sizeof(info);

	*packets = l->charged;
	*sent = *received = 0;
	if (l->fd >= 0 && getsockopt(l->fd, IPPROTO_TCP, TCP_INFO, &info, &n) == 0) {
		*sent = info.tcpi_bytes_sent - info.tcpi_bytes_retrans;
		/* The peer's FIN counts as a byte there (RFC 9293, 3.4). */
		*received = info.tcpi_bytes_received - (l->peer_closed && info.tcpi_bytes_received > 0);
		*packets = info.tcpi_segs_out;
	}
}

/* The socket is closed, the device's place is free, the journal line is complete. */
static void link_end(struct guard *g, struct link *l, int64_t now)
{
	unsigned packets;
	uint64_t sent, received;
	struct addr source = { 0 };
	uint16_t source_port = 0;
	struct sockaddr_storage sa;
	socklen_t n = sizeof(sa);

	count_link(l, &packets, &sent, &received);
	if (getsockname(l->fd, (struct sockaddr *)&sa, &n) == 0)
		addr_from_sockaddr((struct sockaddr *)&sa, &source, &source_port);
	charge(g, l, (int)packets - (int)l->charged); /* the difference, either way */
	journal_closed(g->journal, l->number, unix_ms(), &source, source_port, packets, sent, received,
		       ending_word(l->ending));
	/* By hand: while a worker still holds its duplicate, closing ours removes nothing (epoll(7)). */
	epoll_ctl(g->epoll, EPOLL_CTL_DEL, l->fd, NULL);
	if (l->worker >= 0)
		shutdown(l->fd, SHUT_RDWR); /* ends it for a worker that still holds its duplicate */
	close(l->fd);
	l->host->device->open--;
	if (gentle(l->host))
		l->host->device->next_ms = now + OT_PAUSE_MS;
	l->host->last_ms = unix_ms();
	if (l->worker >= 0 && g->worker_link[l->worker] == l)
		g->worker_link[l->worker] = NULL;
	l->state = LINK_FREE;
	l->fd = -1;
	g->links_used--;
}

/* Says good-bye: our FIN, then what still comes, then close. */
static void link_drain(struct guard *g, struct link *l, int64_t now)
{
	struct epoll_event e = { .events = EPOLLIN | EPOLLRDHUP, .data.ptr = l };

	if (l->worker >= 0 && g->worker_link[l->worker] == l)
		g->worker_link[l->worker] = NULL;
	shutdown(l->fd, SHUT_WR);
	l->state = LINK_DRAINING;
	l->deadline_ms = now + DRAIN_MS;
	l->drained = 0;
	if (epoll_ctl(g->epoll, EPOLL_CTL_MOD, l->fd, &e) != 0 && errno == ENOENT)
		epoll_ctl(g->epoll, EPOLL_CTL_ADD, l->fd, &e);
}

static void link_read_away(struct guard *g, struct link *l, int64_t now)
{
	uint8_t waste[4096];
	ssize_t n;

	while ((n = recv(l->fd, waste, sizeof(waste), MSG_DONTWAIT)) > 0) {
		l->drained += (size_t)n;
		if (l->drained > DRAIN_BYTES)
			break;
	}
	l->peer_closed = n == 0;
	if (n > 0 || n == 0 || (errno != EAGAIN && errno != EINTR))
		link_end(g, l, now);
}

/* Journal, then connect. NULL where it failed at once; *ret_error is then a negative errno. */
static struct link *link_open(struct guard *g, struct host *h, uint16_t port, int worker, int probe,
			      int64_t now, int *ret_error)
{
	struct sockaddr_storage sa;
	socklen_t length = addr_to_sockaddr(&h->address, port, &sa);
	const char *name = worker < 0	       ? "sweep" :
			   probe == NO_PROBE ? "greeting" :
					       g->setup->probes[probe].name;
	struct link *l = link_new(g);
	int on = 1;

	*ret_error = -EMFILE;
	if (l == NULL)
		return NULL;
	int fd = socket(sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		*ret_error = -errno;
		return NULL;
	}
	setsockopt(fd, sa.ss_family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6,
		   sa.ss_family == AF_INET ? IP_RECVERR : IPV6_RECVERR, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	*l = (struct link){
		.state = LINK_CONNECTING,
		.fd = fd,
		.host = h,
		.port = port,
		.worker = worker,
		.probe = probe,
		.number = ++g->journal_number,
		.opened_ms = now,
		.deadline_ms = now + (h->treatment == TREAT_OT ? CONNECT_MS_OT : CONNECT_MS_IT),
	};
	if (!journal_opened(g->journal, l->number, unix_ms(), &h->address, port, name)) {
		*ret_error = -EIO; /* nothing is sent that is not written down */
		close(fd);
		l->state = LINK_FREE;
		if (!g->stopping)
			tell_simple(g, EVENT_NO_JOURNAL);
		stop(g);
		return NULL;
	}
	g->links_used++;
	h->device->open++;
	charge(g, l, OPEN_COST);
	struct epoll_event e = { .events = EPOLLOUT, .data.ptr = l };
	epoll_ctl(g->epoll, EPOLL_CTL_ADD, fd, &e);
	if (connect(fd, (struct sockaddr *)&sa, length) != 0 && errno != EINPROGRESS) {
		*ret_error = -errno;
		l->ending = ENDING_REFUSED;
		link_end(g, l, now);
		return NULL;
	}
	return l;
}

/* ---- what an attempt found ---- */

struct finding {
	enum port_state state;
	unsigned no_host; /* see sweep_answer() */
	char reason[96];
};

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

static struct finding judge_error(const struct link *l, int error)
{
	struct finding f = { .state = PORT_FILTERED };
	struct sock_extended_err icmp;
	struct addr from;
	char text[ADDR_TEXT];

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
	bool v4 = icmp.ee_origin == SO_EE_ORIGIN_ICMP;
	/* RFC 792 and RFC 1122: 3/0 net, 3/1 host unreachable; RFC 4443: 1/0 no route, 1/3 address. */
	bool no_host = v4 ? icmp.ee_type == ICMP_DEST_UNREACH &&
				    (icmp.ee_code == ICMP_NET_UNREACH || icmp.ee_code == ICMP_HOST_UNREACH) :
			    icmp.ee_type == 1 && (icmp.ee_code == 0 || icmp.ee_code == 3);
	/* From our own stack (nobody answers ARP) it is certain; a router may mean only this port; and
	 * what the address says of itself proves that it is there. */
	if (no_host && addr_compare(&from, &l->host->address) != 0) {
		f.state = PORT_SILENT;
		f.no_host = is_ours(l, &from) ? SWEEP_NO_HOST : SWEEP_NO_HOST / 2;
	}
	snprintf(f.reason, sizeof(f.reason), "ICMP%s %u/%u from %s", v4 ? "" : "v6", icmp.ee_type,
		 icmp.ee_code, addr_format(&from, text));
	return f;
}

/* ---- the sweep ---- */

static bool answered(const struct host *h)
{
	return h->sweep.count[PORT_OPEN] + h->sweep.count[PORT_CLOSED] > 0;
}

/* The host answered, or is not waited for any longer. */
static void waited_enough(struct guard *g, struct host *h)
{
	if (h->waited_for)
		g->unanswered--;
	h->waited_for = false;
}

static void sweep_found(struct guard *g, struct host *h, uint16_t port, const struct finding *f)
{
	bool before = answered(h);

	sweep_answer(&h->sweep, &g->order, f->state, f->no_host, h->treatment);
	if (answered(h) || h->sweep.over)
		waited_enough(g, h);
	if (!before && answered(h)) {
		hosts_look_up_mac(g->hosts, h);
		if (h->maker[0] != '\0') {
			char sign[64];

			snprintf(sign, sizeof(sign), "maker %s", h->maker);
			make_ot(g, h, sign);
		}
	}
	if (f->state == PORT_OPEN || f->state == PORT_FILTERED) {
		struct guard_event e = event_of(h, EVENT_PORT);

		e.port = port;
		e.port_state = f->state;
		set_reason(&e, f->reason);
		tell(g, &e);
	}
	const struct port_entry *entry = port_list_find(&g->setup->plan->port_list, port, false);
	if (f->state == PORT_OPEN && entry != NULL && entry->ot) {
		char sign[64];

		snprintf(sign, sizeof(sign), "port %u (%s)", port, entry->name);
		make_ot(g, h, sign);
	}
}

static void sweep_host_over(struct guard *g, struct host *h)
{
	struct guard_event e = event_of(h, EVENT_HOST);

	e.host_state = h->sweep.state;
	e.complete = !h->sweep.cut && h->sweep.next >= g->order.count &&
		     (h->sweep.state == HOST_ANSWERING || h->sweep.state == HOST_SILENT);
	set_reason(&e, h->sweep.reason);
	tell(g, &e);
}

/* Takes the next targets in as long as there is room. */
static void sweep_admit(struct guard *g, int64_t now)
{
	while (!g->stopping && g->next_target < g->target_count && g->active_count < ACTIVE_MOST &&
	       g->unanswered < UNANSWERED_MOST) {
		struct addr a = ranges_at(&g->setup->plan->targets, g->next_target);
		struct host *h = hosts_get(g->hosts, &a);

		if (h == NULL)
			return; /* no memory now: this target comes later */
		g->next_target++;
		host_setup(g, h, now);
		const char *why = plan_refusal(g->setup->plan, &a, time(NULL));
		if (why == NULL && h->risk < SITE_TOUCH)
			why = "risk class listen";
		if (why != NULL) {
			h->sweep.over = true;
			h->sweep.state = HOST_SKIPPED;
			h->sweep.reason = why;
			sweep_host_over(g, h);
			continue;
		}
		g->active[g->active_count++] = h;
		h->waited_for = true;
		g->unanswered++;
	}
}

static void sweep_retire(struct guard *g)
{
	for (unsigned i = 0; i < g->active_count;) {
		struct host *h = g->active[i];

		if (!sweep_finished(&h->sweep)) {
			i++;
			continue;
		}
		waited_enough(g, h);
		sweep_host_over(g, h);
		g->active[i] = g->active[--g->active_count];
	}
	if (g->active_count == 0 && (g->next_target == g->target_count || g->stopping) &&
	    !g->swept_told) {
		g->swept_told = true;
		tell_simple(g, EVENT_SWEPT);
	}
}

/* Starts what this host may have now, at most *left connections. */
static void sweep_try(struct guard *g, struct host *h, unsigned *left)
{
	int64_t now = mono_ms();

	if (h->device->distress)
		leave_alone(g, h, "silent after it had answered");
	for (; *left > 0 && !h->sweep.over && h->sweep.next < g->order.count && gate_open(g, h, now);
	     (*left)--) {
		const char *why = plan_refusal(g->setup->plan, &h->address, time(NULL));

		if (why != NULL) { /* a window closed meanwhile */
			h->sweep.cut = true;
			h->sweep.over = true;
			h->sweep.state = HOST_SKIPPED;
			h->sweep.reason = why;
			return;
		}
		uint16_t port = sweep_next(&h->sweep, &g->order);
		if (port == 0)
			return;
		int error;
		if (link_open(g, h, port, -1, NO_PROBE, now, &error) != NULL)
			continue;
		if (error == -EMFILE || error == -ENFILE || error == -ENOBUFS || error == -ENOMEM ||
		    error == -EADDRNOTAVAIL || error == -EAGAIN || error == -EIO) {
			h->sweep.next--; /* our own shortage is no answer */
			h->sweep.in_flight--;
			return;
		}
		struct finding f = {
			.state = error == -ECONNREFUSED ? PORT_CLOSED : PORT_SILENT,
			.no_host = error == -EHOSTUNREACH || error == -ENETUNREACH ? SWEEP_NO_HOST : 0,
		};
		snprintf(f.reason, sizeof(f.reason), "%s", strerror(-error));
		sweep_found(g, h, port, &f);
		if (error == -ENETUNREACH && h->sweep.state == HOST_ABSENT)
			h->sweep.reason = GUARD_NO_ROUTE;
	}
}

static void sweep_advance(struct guard *g, int64_t now)
{
	g->more_to_open = false;
	if (g->event_count > 0)
		return; /* main has to catch up first */
	sweep_admit(g, now);
	unsigned left = OPENS_MOST;
	unsigned i = 0;
	for (; i < g->active_count && !g->stopping && left > 0; i++)
		sweep_try(g, g->active[(g->active_turn + i) % g->active_count], &left);
	g->more_to_open = left == 0;
	/* Who had no turn in this pass is the first in the next. */
	if (g->active_count > 0)
		g->active_turn = (g->active_turn + (left > 0 ? 1 : i)) % g->active_count;
	sweep_retire(g);
}

/* ---- workers ---- */

static void reply(struct guard *g, int worker, enum ending e, int fd, bool free_pace)
{
	struct guard_reply r = { .ending = e, .unpaced = free_pace };

	/* One reply per request: only a worker that has lost its mind leaves no room for it. */
	if (transfer_offer(g->setup->worker_fds[worker], &r, sizeof(r), fd) == -EAGAIN &&
	    g->worker_link[worker] != NULL)
		link_drain(g, g->worker_link[worker], mono_ms());
}

/* May this probe speak to this port of this host at all? */
static bool allowed(const struct guard *g, const struct host *h, uint16_t port, int probe)
{
	if (h->risk < SITE_READ && probe != NO_PROBE)
		return false;
	if (probe == NO_PROBE) /* listening to an unknown port: not at controllers */
		return h->treatment == TREAT_IT || h->unassigned || h->full_depth;
	const struct guard_probe *p = &g->setup->probes[probe];
	const struct port_entry *entry = port_list_find(&g->setup->plan->port_list, port, false);
	if (p->risk > h->risk || (entry != NULL && entry->raw_print))
		return false;
	if (h->full_depth)
		return true;
	return p->ot && ports_has(p->ports.tcp, port);
}

/* Did the sweep find this port open, or is it planned at all? A worker may not invent ports. */
static bool planned(const struct guard *g, uint16_t port)
{
	return ports_has(g->setup->plan->ports.tcp, port);
}

static void refuse_wait(struct guard *g, int worker, enum ending e)
{
	g->waiting[worker].active = false;
	reply(g, worker, e, -1, false);
}

static bool count_conversation(struct guard *g, int worker, const struct worker_request *q,
			       const struct host *h)
{
	struct conversation *c = &g->conversation[worker];
	unsigned most = q->probe == NO_PROBE ? 1 :
					       g->setup->probes[q->probe].connections[h->full_depth];

	if (c->id != q->conversation)
		*c = (struct conversation){ .id = q->conversation, .started_ms = mono_ms() };
	return c->connections++ < most && mono_ms() - c->started_ms < CONVERSATION_MS;
}

static bool take_order(struct guard *g);

static void take_request(struct guard *g, int worker)
{
	struct worker_request q;

	while (take_order(g)) /* main may have said something just before */
		;
	ssize_t n = recv(g->setup->worker_fds[worker], &q, sizeof(q), MSG_DONTWAIT);
	struct link *l = g->worker_link[worker];
	int64_t now = mono_ms();

	if (n != sizeof(q))
		return;
	switch (q.kind) {
	case REQUEST_CLOSE:
		if (l != NULL) {
			l->ending = q.n < ENDINGS ? (enum ending)q.n : ENDING_CLOSED;
			link_drain(g, l, now);
		}
		return;
	case REQUEST_OPEN: {
		struct host *h = hosts_find(g->hosts, &q.address);

		if (q.probe < NO_PROBE || q.probe >= (int)g->setup->probe_count || h == NULL || l != NULL ||
		    !planned(g, q.port) || !allowed(g, h, q.port, q.probe) ||
		    !count_conversation(g, worker, &q, h)) {
			reply(g, worker, ENDING_LIMIT, -1, false);
			return;
		}
		g->waiting[worker] = (struct waiting){ .active = true, .request = q, .host = h };
		return;
	}
	case REQUEST_BECOME:
		if (q.probe < 0 || q.probe >= (int)g->setup->probe_count || l == NULL ||
		    l->state != LINK_LENT || l->probe != NO_PROBE ||
		    !allowed(g, l->host, l->port, q.probe) ||
		    !count_conversation(g, worker, &q, l->host)) {
			reply(g, worker, ENDING_LIMIT, -1, false);
			return;
		}
		if (!journal_became(g->journal, l->number, unix_ms(), g->setup->probes[q.probe].name)) {
			reply(g, worker, ENDING_LIMIT, -1, false);
			return;
		}
		l->probe = q.probe;
		reply(g, worker, ENDING_DONE, -1, unpaced(g, l->host));
		return;
	case REQUEST_WRITE:
	case REQUEST_LEND:
		if (l == NULL || l->state != LINK_LENT || l->probe == NO_PROBE) {
			reply(g, worker, g->stopping ? ENDING_STOPPED : ENDING_CLOSED, -1, false);
			return;
		}
		g->waiting[worker] = (struct waiting){ .active = true, .request = q, .host = l->host };
		return;
	}
}

/* Time passes and signs are found between a request and its turn: a window closes, the host turns out
 * to be a controller. */
static bool may_go_on(const struct guard *g, int worker, const struct waiting *w)
{
	const struct link *l = g->worker_link[worker];
	bool opens = w->request.kind == REQUEST_OPEN;

	if (!opens && l == NULL)
		return true; /* its connection ended: told where it is served */
	return plan_refusal(g->setup->plan, &w->host->address, time(NULL)) == NULL &&
	       allowed(g, w->host, opens ? w->request.port : l->port,
		       opens ? w->request.probe : l->probe);
}

static void serve_waiting(struct guard *g, int64_t now)
{
	for (int i = 0; i < (int)g->setup->worker_count; i++) {
		struct waiting *w = &g->waiting[i];

		if (!w->active)
			continue;
		struct host *h = w->host;
		if (g->stopping) {
			refuse_wait(g, i, ENDING_STOPPED);
		} else if (h->distress || h->device->distress) {
			refuse_wait(g, i, ENDING_DISTRESS);
		} else if (!may_go_on(g, i, w)) {
			refuse_wait(g, i, ENDING_LIMIT);
		} else if (w->request.kind == REQUEST_OPEN) {
			int error;

			if (!gate_open(g, h, now))
				continue;
			struct link *l = link_open(g, h, w->request.port, i, w->request.probe, now, &error);
			if (l == NULL && (error == -EMFILE || error == -ENFILE || error == -ENOBUFS ||
					  error == -EADDRNOTAVAIL || error == -EAGAIN))
				continue; /* our own shortage: later */
			if (l == NULL) {
				refuse_wait(g, i, error == -ECONNREFUSED ? ENDING_REFUSED : ENDING_TIMEOUT);
				continue;
			}
			w->active = false;
			g->worker_link[i] = l;
		} else {
			struct link *l = g->worker_link[i];
			unsigned cost = w->request.kind == REQUEST_LEND ? w->request.n :
									  WRITE_COST + w->request.n / 1400;

			if (l == NULL) {
				refuse_wait(g, i, ENDING_CLOSED);
				continue;
			}
			unsigned most = h->pace.burst > OPEN_COST ? h->pace.burst : OPEN_COST;
			if (now < l->write_ms || !pace_allows(g, h, cost < most ? cost : most, now))
				continue;
			charge(g, l, (int)cost);
			l->write_ms = h->treatment == TREAT_OT ? now + OT_WRITE_PAUSE_MS : now;
			refuse_wait(g, i, ENDING_DONE);
		}
	}
}

static void workers_gone(struct guard *g, int64_t now)
{
	struct worker_request waste;

	for (size_t i = 0; i < g->setup->worker_count; i++) {
		while (recv(g->setup->worker_fds[i], &waste, sizeof(waste), MSG_DONTWAIT) > 0)
			;
		g->waiting[i].active = false;
		g->conversation[i] = (struct conversation){ 0 };
		struct link *l = g->worker_link[i];
		if (l != NULL && l->state == LINK_CONNECTING) {
			l->ending = ENDING_STOPPED;
			link_end(g, l, now);
		} else if (l != NULL) {
			link_drain(g, l, now);
		}
	}
	tell_simple(g, EVENT_WORKERS_CLEARED);
}

/* ---- connections that stand or failed ---- */

/* The latency of a host that gets into trouble rises before it falls silent. */
static void watch_latency(struct guard *g, struct host *h, uint32_t rtt_us)
{
	enum { SLOW_US = 1000000, TIMES = 10, IN_A_ROW = 2 };

	if (h->rtt_us == 0 || rtt_us < h->rtt_us)
		h->rtt_us = rtt_us;
	if (rtt_us > SLOW_US && rtt_us / TIMES > h->rtt_us)
		h->slow++;
	else
		h->slow = 0;
	if (h->slow >= IN_A_ROW)
		leave_alone(g, h, "connections take ten times as long as at first");
}

static void link_stands(struct guard *g, struct link *l, int64_t now)
{
	struct tcp_info info = { 0 };
	socklen_t n = sizeof(info);

	if (getsockopt(l->fd, IPPROTO_TCP, TCP_INFO, &info, &n) == 0 && info.tcpi_rtt > 0)
		watch_latency(g, l->host, info.tcpi_rtt);
	l->host->failures = 0;
	if (l->worker < 0) {
		struct finding f = { .state = PORT_OPEN };

		l->ending = ENDING_DONE;
		snprintf(f.reason, sizeof(f.reason), "connected");
		link_drain(g, l, now);
		sweep_found(g, l->host, l->port, &f);
		return;
	}
	l->state = LINK_LENT;
	l->deadline_ms = now + TALK_MS;
	l->write_ms = now;
	epoll_ctl(g->epoll, EPOLL_CTL_DEL, l->fd, NULL);
	reply(g, l->worker, ENDING_DONE, l->fd, unpaced(g, l->host));
}

/* A port that the sweep found open does not open any more. */
static void watch_failure(struct guard *g, struct host *h, bool silent)
{
	enum { IN_A_ROW = 2, RESETS_IN_A_ROW = 3 };

	h->failures++;
	if (silent && (gentle(h) || h->failures >= IN_A_ROW))
		leave_alone(g, h, "silent after it had answered");
	else if (gentle(h) && h->failures >= RESETS_IN_A_ROW)
		leave_alone(g, h, "refuses what it had accepted");
}

static void link_failed(struct guard *g, struct link *l, const struct finding *f, int64_t now)
{
	struct host *h = l->host;
	uint16_t port = l->port;
	int worker = l->worker;

	l->ending = f->state == PORT_OPEN   ? ENDING_CLOSED :
		    f->state == PORT_CLOSED ? ENDING_REFUSED :
					      ENDING_TIMEOUT;
	enum ending e = l->ending;
	link_end(g, l, now);
	if (worker < 0) {
		sweep_found(g, h, port, f);
		return;
	}
	if (f->state == PORT_SILENT || f->state == PORT_CLOSED)
		watch_failure(g, h, f->state == PORT_SILENT);
	reply(g, worker, e, -1, false);
}

static void link_event(struct guard *g, struct link *l, uint32_t events, int64_t now)
{
	if (l->state == LINK_DRAINING) {
		link_read_away(g, l, now);
		return;
	}
	if (l->state != LINK_CONNECTING)
		return;
	int error = 0;
	socklen_t n = sizeof(error);
	getsockopt(l->fd, SOL_SOCKET, SO_ERROR, &error, &n);
	if (error == 0 && (events & EPOLLOUT) && !(events & EPOLLERR)) {
		link_stands(g, l, now);
		return;
	}
	if (error == 0) {
		struct tcp_info info = { 0 };
		socklen_t length = sizeof(info);

		getsockopt(l->fd, IPPROTO_TCP, TCP_INFO, &info, &length);
		if (info.tcpi_state == STATE_SYN_SENT) {
			struct sock_extended_err icmp; /* read away, or epoll tells of it for ever */
			struct addr from;

			while (read_icmp(l, &icmp, &from))
				;
			return; /* the attempt goes on */
		}
		error = ECONNRESET;
	}
	struct finding f = judge_error(l, error);
	link_failed(g, l, &f, now);
}

/* ---- time ---- */

/* Linux repeats a SYN 1, 3, 7, ... s after the first (tcp(7), tcp_syn_retries). */
static void charge_repeats(struct guard *g, struct link *l, int64_t now)
{
	while (now - l->opened_ms >= ((int64_t)2000 << l->repeats) - 1000) {
		l->repeats++;
		charge(g, l, 1);
	}
}

static void check_bytes(struct guard *g, struct link *l, int64_t now)
{
	unsigned packets;
	uint64_t sent, received;

	const struct guard_probe *p = l->probe != NO_PROBE ? &g->setup->probes[l->probe] : NULL;
	uint64_t most_sent = p != NULL ? p->sent[l->host->full_depth] + SLACK_BYTES : 0;
	uint64_t most_received = (p != NULL ? p->received[l->host->full_depth] : 0) + SLACK_BYTES;
	count_link(l, &packets, &sent, &received);
	if (sent > most_sent || received > most_received) {
		l->ending = ENDING_LIMIT;
		link_drain(g, l, now);
	}
}

/* We may have been asleep (a suspended machine): what the kernel knows counts, not the clock. */
static bool answered_unseen(struct guard *g, struct link *l, int64_t now)
{
	struct pollfd p = { .fd = l->fd, .events = POLLOUT };

	if (poll(&p, 1, 0) != 1)
		return false;
	link_event(g, l, (p.revents & POLLOUT ? EPOLLOUT : 0U) | (p.revents & POLLERR ? EPOLLERR : 0U),
		   now);
	return l->state != LINK_CONNECTING;
}

static void tick(struct guard *g, int64_t now)
{
	bool bytes = now >= g->bytes_poll_ms;

	if (now < g->tick_ms && !g->stopping)
		return;
	g->tick_ms = now + TICK_MS;
	if (bytes)
		g->bytes_poll_ms = now + BYTES_POLL_MS;
	for (unsigned i = 0; i < g->link_most; i++) {
		struct link *l = &g->links[i];

		switch (l->state) {
		case LINK_FREE:
			break;
		case LINK_CONNECTING:
			charge_repeats(g, l, now);
			if (g->stopping && gentle(l->host) && now - l->opened_ms < FINISH_MS)
				break;
			if (now >= l->deadline_ms && answered_unseen(g, l, now))
				break;
			if (now >= l->deadline_ms || g->stopping) {
				struct finding f = { .state = PORT_SILENT };

				snprintf(f.reason, sizeof(f.reason), "no answer");
				if (g->stopping && l->worker < 0) {
					l->ending = ENDING_STOPPED;
					l->host->sweep.in_flight--;
					l->host->sweep.cut = true;
					link_end(g, l, now);
				} else if (g->stopping) {
					int worker = l->worker;

					l->ending = ENDING_STOPPED;
					link_end(g, l, now);
					reply(g, worker, ENDING_STOPPED, -1, false);
				} else {
					link_failed(g, l, &f, now);
				}
			}
			break;
		case LINK_LENT:
			if (now >= l->deadline_ms || g->stopping) {
				l->ending = g->stopping ? ENDING_STOPPED : ENDING_LIMIT;
				link_drain(g, l, now);
			} else if (bytes) {
				check_bytes(g, l, now);
			}
			break;
		case LINK_DRAINING:
			if (now >= l->deadline_ms)
				link_end(g, l, now);
			break;
		}
	}
}

static void stop(struct guard *g)
{
	if (g->stopping)
		return;
	g->stopping = true;
	atomic_store(&g->setup->shared->stop, 1);
	for (unsigned i = 0; i < g->active_count; i++)
		if (!g->active[i]->sweep.over) {
			g->active[i]->sweep.over = true;
			g->active[i]->sweep.state = answered(g->active[i]) ? HOST_ANSWERING : HOST_SKIPPED;
			g->active[i]->sweep.reason = "stopped";
			g->active[i]->sweep.cut = true;
		}
}

static bool take_order(struct guard *g)
{
	struct guard_order o;
	ssize_t n = recv(g->setup->main_fd, &o, sizeof(o), MSG_DONTWAIT);

	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
		g->quitting = true; /* nobody is left to work for */
		stop(g);
		return false;
	}
	if (n != sizeof(o))
		return false;
	struct host *h = o.kind == ORDER_OT || o.kind == ORDER_IT ? hosts_find(g->hosts, &o.address) : NULL;
	switch (o.kind) {
	case ORDER_OT:
		if (h != NULL)
			make_ot(g, h, o.reason);
		break;
	case ORDER_IT:
		/* Only what nobody declared, and nothing showed to be OT, may be loosened. */
		if (h != NULL && h->unassigned && h->ot_sign[0] == '\0' && !h->device->ot) {
			h->treatment = TREAT_IT;
			h->full_depth = true;
			h->unassigned = false;
			pace_change(&h->pace, host_rate(g, h), OPEN_COST, mono_ms());
		}
		break;
	case ORDER_WORKERS_GONE:
		workers_gone(g, mono_ms());
		break;
	case ORDER_STOP:
		stop(g);
		break;
	case ORDER_QUIT:
		g->quitting = true;
		break;
	}
	return true;
}

static bool stop_file_there(const struct guard *g)
{
	struct stat st;

	return g->setup->stop_path != NULL && stat(g->setup->stop_path, &st) == 0;
}

static int start(struct guard *g)
{
	struct rlimit files;
	sigset_t mask;

	g->link_most = 256;
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
		rlim_t spare = (rlim_t)g->setup->worker_count + 64;
		if (files.rlim_cur > spare)
			g->link_most = files.rlim_cur - spare < LINKS_MOST ?
					       (unsigned)(files.rlim_cur - spare) :
					       LINKS_MOST;
	}
	g->links = calloc(g->link_most, sizeof(*g->links));
	g->waiting = calloc(g->setup->worker_count, sizeof(*g->waiting));
	g->worker_link = calloc(g->setup->worker_count, sizeof(*g->worker_link));
	g->conversation = calloc(g->setup->worker_count, sizeof(*g->conversation));
	g->active = calloc(ACTIVE_MOST, sizeof(*g->active));
	g->zone_paces = calloc(g->setup->plan->site.zone_count + 1, sizeof(*g->zone_paces));
	g->hosts = hosts_new(&g->setup->plan->site);
	if (g->links == NULL || g->waiting == NULL || g->worker_link == NULL ||
	    g->conversation == NULL || g->active == NULL || g->zone_paces == NULL || g->hosts == NULL ||
	    sweep_order_make(g->setup->plan, &g->order) != 0)
		return -ENOMEM;
	pace_init(&g->pace, g->setup->plan->rate, OPEN_COST, mono_ms());
	for (size_t i = 0; i < g->setup->plan->site.zone_count; i++)
		pace_init(&g->zone_paces[i], g->setup->plan->site.zones[i].rate, OPEN_COST, mono_ms());
	g->target_count = ranges_count(&g->setup->plan->targets);
	g->journal = open(g->setup->journal_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (g->journal < 0) {
		tell_simple(g, EVENT_NO_JOURNAL);
		return -EIO;
	}
	g->epoll = epoll_create1(EPOLL_CLOEXEC);
	sigemptyset(&mask);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGHUP);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	g->signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = &g->signals };
	epoll_ctl(g->epoll, EPOLL_CTL_ADD, g->signals, &e);
	e.data.ptr = g;
	epoll_ctl(g->epoll, EPOLL_CTL_ADD, g->setup->main_fd, &e);
	for (size_t i = 0; i < g->setup->worker_count; i++) {
		e.data.ptr = &g->waiting[i];
		epoll_ctl(g->epoll, EPOLL_CTL_ADD, g->setup->worker_fds[i], &e);
	}
	return 0;
}

static void dispatch(struct guard *g, const struct epoll_event *e, int64_t now)
{
	void *p = e->data.ptr;

	if (p == &g->signals) {
		struct signalfd_siginfo info;

		while (read(g->signals, &info, sizeof(info)) > 0)
			stop(g);
	} else if (p == g) {
		take_order(g);
	} else if ((uintptr_t)p >= (uintptr_t)g->waiting &&
		   (uintptr_t)p < (uintptr_t)(g->waiting + g->setup->worker_count)) {
		take_request(g, (int)((struct waiting *)p - g->waiting));
	} else {
		link_event(g, p, e->events, now);
	}
}

int guard_run(const struct guard_setup *setup)
{
	enum { EVENTS = 512 };
	static struct epoll_event events[EVENTS];
	struct guard g = { .setup = setup };

	if (start(&g) != 0)
		return 1;
	for (;;) {
		int64_t now = mono_ms();

		if (now >= g.stop_poll_ms) {
			g.stop_poll_ms = now + STOP_POLL_MS;
			if (stop_file_there(&g))
				stop(&g);
		}
		tell_waiting(&g);
		tick(&g, now);
		serve_waiting(&g, now);
		sweep_advance(&g, now);
		if (g.stopping && g.links_used == 0 && !g.stopped_told) {
			g.stopped_told = true;
			tell_simple(&g, EVENT_STOPPED);
		}
		if (g.quitting && g.links_used == 0)
			break;
		int n = epoll_wait(g.epoll, events, EVENTS, g.more_to_open ? 0 : 10);
		now = mono_ms();
		for (int i = 0; i < n; i++)
			dispatch(&g, &events[i], now);
	}
	fsync(g.journal);
	return 0;
}
