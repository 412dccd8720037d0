/* SPDX-License-Identifier: Apache-2.0 */
#include "talk/guard_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

int64_t guard_mono_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t guard_unix_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t guard_clock(const struct guard *g)
{
	return g->setup->clock != NULL ? g->setup->clock() : time(NULL);
}

/* ---- time ---- */

static void check_bytes(struct guard *g, struct link *l, int64_t now)
{
	unsigned packets;
	uint64_t sent, received;

	const struct guard_probe *p = l->probe != NO_PROBE ? &g->setup->probes[l->probe] : NULL;
	uint64_t most_sent = p != NULL ? p->sent[l->host->full_depth] + SLACK_BYTES : 0;
	uint64_t most_received = (p != NULL ? p->received[l->host->full_depth] : 0) + SLACK_BYTES;
	guard_count_link(l, &packets, &sent, &received);
	if (sent > most_sent || received > most_received) {
		l->ending = ENDING_LIMIT;
		guard_link_drain(g, l, now);
	}
}

/* We may have been asleep (a suspended machine): what the kernel knows counts, not the clock. */
static bool answered_unseen(struct guard *g, struct link *l, int64_t now)
{
	struct pollfd p = { .fd = l->fd, .events = POLLOUT };

	if (poll(&p, 1, 0) != 1)
		return false;
	guard_link_event(
		g, l, (p.revents & POLLOUT ? EPOLLOUT : 0U) | (p.revents & POLLERR ? EPOLLERR : 0U),
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
			if (bytes && l->asks_segment && guard_resolved(g, l->host, now)) {
				guard_asked(g, l->host);
				l->asks_segment = false;
				guard_udp_left(g, l, now);
			}
			if (g->stopping || l->cut)
				guard_link_hurry(l, now);
			if ((g->stopping || l->cut) && guard_gentle(l->host) &&
			    now < l->deadline_ms)
				break;
			if (now >= l->deadline_ms && answered_unseen(g, l, now))
				break;
			if (now >= l->deadline_ms || g->stopping || l->cut) {
				struct finding f = { .state = PORT_SILENT };

				snprintf(f.reason, sizeof(f.reason), "no answer");
				if (l->cut && l->look && !g->stopping) {
					l->ending = ENDING_STOPPED;
					l->host->looking = false;
					l->host->look_wanted = true;
					sweep_release(&l->host->sweep, &g->order);
					guard_link_end(g, l, now);
				} else if (g->stopping && l->worker < 0) {
					l->ending = ENDING_STOPPED;
					l->host->sweep.in_flight--;
					l->host->sweep.udp_in_flight -= l->udp;
					l->host->sweep.cut = true;
					guard_link_drain(g, l, now);
				} else if (l->cut && l->worker < 0) {
					l->ending = ENDING_STOPPED;
					sweep_undo(&l->host->sweep,
						   (struct sweep_port){ l->port, l->udp });
					guard_link_drain(g, l, now);
				} else if (g->stopping || l->cut) {
					int worker = l->worker;

					l->ending = ENDING_STOPPED;
					if (l->cut)
						guard_cut_job(g, worker);
					guard_link_end(g, l, now);
					guard_reply(g, worker, ENDING_STOPPED, -1, false);
				} else if (!guard_udp_again(g, l, now)) {
					guard_link_failed(g, l, &f, now);
				}
			}
			break;
		case LINK_LENT:
			if (bytes && l->asks_segment && guard_resolved(g, l->host, now)) {
				guard_asked(g, l->host);
				l->asks_segment = false;
			}
			guard_link_settle(g, l);
			if (now >= l->deadline_ms || g->stopping || l->cut) {
				l->ending = g->stopping || l->cut ? ENDING_STOPPED : ENDING_LIMIT;
				if (l->cut)
					guard_cut_job(g, l->worker);
				guard_link_drain(g, l, now);
			} else if (bytes) {
				check_bytes(g, l, now);
			}
			break;
		case LINK_DRAINING:
			if (g->stopping || l->cut)
				guard_link_hurry(l, now);
			if (now < l->deadline_ms)
				break;
			if (!l->hurried)
				guard_watch_close(g, l);
			guard_link_end(g, l, now);
			break;
		}
	}
}

void guard_stop(struct guard *g)
{
	if (g->stopping)
		return;
	g->stopping = true;
	atomic_store(&g->setup->shared->stop, 1);
	for (size_t i = 0; i < g->active_count + g->parked_count; i++) {
		struct host *h =
			i < g->active_count ? g->active[i] : g->parked[i - g->active_count];

		if (h->sweep.over)
			continue;
		h->sweep.over = true;
		h->sweep.state = guard_answered(h) ? HOST_ANSWERING : HOST_SKIPPED;
		h->sweep.reason = "stopped";
		h->sweep.cut = true;
	}
}

bool guard_take_order(struct guard *g)
{
	struct guard_order o;
	ssize_t n = recv(g->setup->main_fd, &o, sizeof(o), MSG_DONTWAIT);

	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
		g->quitting = true; /* nobody is left to work for */
		guard_stop(g);
		return false;
	}
	if (n != sizeof(o))
		return false;
	struct host *h =
		o.kind == ORDER_OT || o.kind == ORDER_IT ? hosts_find(g->hosts, &o.address) : NULL;
	if (h == NULL && o.kind == ORDER_OT)
		h = guard_host_of_packets(g, &o.address, guard_mono_ms());
	o.reason[sizeof(o.reason) - 1] = '\0';
	o.mac[sizeof(o.mac) - 1] = '\0';
	switch (o.kind) {
	case ORDER_OT:
		if (h != NULL)
			guard_make_ot(g, h, o.reason);
		break;
	case ORDER_IT:
		if (h != NULL)
			guard_make_it(g, h);
		break;
	case ORDER_WORKERS_GONE:
		guard_workers_gone(g, guard_mono_ms());
		break;
	case ORDER_SWEEP:
		guard_sweep_add(g, &o);
		break;
	case ORDER_SWEEP_LAST:
		g->found_last = true;
		break;
	case ORDER_NAME:
		guard_names_add(g, &o);
		break;
	case ORDER_STOP:
		guard_stop(g);
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
			g->link_most = files.rlim_cur - spare < LINKS_MOST
					       ? (unsigned)(files.rlim_cur - spare)
					       : LINKS_MOST;
	}
	g->links = calloc(g->link_most, sizeof(*g->links));
	g->waiting = calloc(g->setup->worker_count, sizeof(*g->waiting));
	g->worker_link = calloc(g->setup->worker_count, sizeof(*g->worker_link));
	g->conversation = calloc(g->setup->worker_count, sizeof(*g->conversation));
	g->active = calloc(ACTIVE_MOST, sizeof(*g->active));
	size_t segments = g->setup->routes != NULL ? g->setup->routes->interface_count : 0;
	g->alone = calloc(segments + 1, sizeof(*g->alone));
	g->board = g->setup->board;
	if (g->board == NULL)
		g->board = guard_board_new(g->setup->plan, g->setup->routes, guard_mono_ms());
	g->hosts = hosts_new(&g->setup->plan->site);
	if (g->links == NULL || g->waiting == NULL || g->worker_link == NULL ||
	    g->conversation == NULL || g->active == NULL || g->alone == NULL || g->board == NULL ||
	    g->hosts == NULL || sweep_order_make(g->setup->plan, &g->order) != 0)
		return -ENOMEM;
	if (ranges_add_all(&g->own, &g->setup->plan->targets) != 0 ||
	    (g->setup->resumed != NULL &&
	     ranges_subtract(&g->own, &g->setup->resumed->quiet) != 0) ||
	    ranges_index_make(&g->own, &g->targets) != 0)
		return -ENOMEM;
	g->target_count = ranges_count(&g->own);
	g->journal = open(g->setup->journal_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (g->journal < 0) {
		guard_tell_simple(g, EVENT_NO_JOURNAL);
		return -EIO;
	}
	/* Who takes the journal in waits until nothing is written to it any more. */
	flock(g->journal, LOCK_SH);
	if (!guard_resume_all(g, guard_mono_ms()))
		return -ENOMEM;
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
			guard_stop(g);
	} else if (p == g) {
		guard_take_order(g);
	} else if ((uintptr_t)p >= (uintptr_t)g->waiting &&
		   (uintptr_t)p < (uintptr_t)(g->waiting + g->setup->worker_count)) {
		guard_take_request(g, (int)((struct waiting *)p - g->waiting));
	} else {
		guard_link_event(g, p, e->events, now);
	}
}

int guard_run(const struct guard_setup *setup)
{
	enum { EVENTS = 512 };
	static struct epoll_event events[EVENTS];
	struct guard g = { .setup = setup };

	if (start(&g) != 0)
		return 1;
	int64_t last = guard_mono_ms();
	for (;;) {
		int64_t now = guard_mono_ms();

		if (now >= g.stop_poll_ms) {
			g.stop_poll_ms = now + STOP_POLL_MS;
			if (stop_file_there(&g))
				guard_stop(&g);
		}
		guard_tell_waiting(&g);
		guard_watch_windows(&g);
		tick(&g, now);
		guard_serve_waiting(&g, now);
		guard_sweep_advance(&g, now);
		guard_names_advance(&g, now);
		if (g.stopping && g.links_used == 0 && !g.stopped_told) {
			g.stopped_told = true;
			guard_tell_simple(&g, EVENT_STOPPED);
		}
		if (g.quitting && g.links_used == 0)
			break;
		atomic_store(&setup->shared->open, g.links_used + g.event_count);
		int n = epoll_wait(g.epoll, events, EVENTS, g.more_to_open ? 0 : TICK_MS);
		now = guard_mono_ms();
		if (now - last > STALL_MS)
			g.stalled_ms = now;
		last = now;
		for (int i = 0; i < n; i++)
			dispatch(&g, &events[i], now);
	}
	guard_names_done(&g);
	fsync(g.journal);
	return 0;
}
