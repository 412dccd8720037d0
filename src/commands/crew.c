/* SPDX-License-Identifier: Apache-2.0 */
#include "commands/crew.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "codec/reader.h"
#include "commands/rights.h"
#include "probes/identify.h"
#include "probes/probe.h"
#include "talk/ask_way.h"
#include "talk/guard.h"
#include "talk/packets.h"
#include "talk/transfer.h"
#include "talk/worker.h"

struct crew {
	const struct engine_setup *setup;
	struct shared *shared;
	struct guard_probe *probes;
	size_t probe_count;
	struct routes routes;
	struct pace_board *board;
	pid_t guard, packets, workers;
	int guard_fd;       /* to the guard */
	int packets_fd;     /* to the packets process; -1: there is none */
	int *job_fd;        /* to each worker thread, main's end */
	int *job_far;       /* the thread's end, while a worker process is being made */
	int *request_guard; /* the guard's end of each thread's channel to it */
	int *request_far;   /* the thread's end, kept for a replacement */
	bool guard_gone, packets_gone, unframed;
	struct place_box *places; /* shared with the packets process */
};

static int by_number(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* Closes every descriptor above stderr but these. */
static void keep_only(int *keep, size_t n)
{
	unsigned from = 3;

	qsort(keep, n, sizeof(*keep), by_number);
	for (size_t i = 0; i < n; i++) {
		if ((unsigned)keep[i] > from)
			syscall(SYS_close_range, from, (unsigned)keep[i] - 1, 0);
		from = (unsigned)keep[i] + 1;
	}
	syscall(SYS_close_range, from, ~0U, 0);
}

static _Noreturn void be_guard(struct crew *c, int main_fd)
{
	size_t n = c->setup->threads;
	int *keep = calloc(n + 1, sizeof(int));
	struct guard_setup g = {
		.plan = c->setup->plan,
		.probes = c->probes,
		.probe_count = c->probe_count,
		.main_fd = main_fd,
		.worker_fds = c->request_guard,
		.worker_count = n,
		.shared = c->shared,
		.routes = &c->routes,
		.board = c->board,
		.packets = c->packets > 0,
		.journal_path = c->setup->journal_path,
		.stop_path = c->setup->stop_path,
		.retries = c->setup->retries,
		.resumed = c->setup->resumed,
	};

	if (keep == NULL)
		_exit(1);
	if (!rights_drop(RIGHTS_FILES))
		_exit(1);
	memcpy(keep, c->request_guard, n * sizeof(int));
	keep[n] = main_fd;
	keep_only(keep, n + 1);
	free(keep);
	_exit(guard_run(&g));
}

static _Noreturn void be_packets(struct crew *c, int main_fd)
{
	struct packets_setup p = {
		.plan = c->setup->plan,
		.routes = &c->routes,
		.board = c->board,
		.main_fd = main_fd,
		.shared = c->shared,
		.journal_path = c->setup->journal_path,
		.stop_path = c->setup->stop_path,
		.retries = c->setup->retries,
		.places = c->places,
		.resumed = c->setup->resumed,
		.kept = c->setup->places,
		.kept_count = c->setup->place_count,
	};

	memcpy(p.key, c->setup->key, sizeof(p.key));
	memcpy(p.order_key, c->setup->order_key, sizeof(p.order_key));
	keep_only(&main_fd, 1);
	_exit(packets_run(&p));
}

static _Noreturn void be_workers(struct crew *c)
{
	size_t n = c->setup->threads;
	int *keep = calloc(2 * n, sizeof(int));
	struct worker_setup w = {
		.main_fds = c->job_far,
		.guard_fds = c->request_far,
		.count = n,
		.shared = c->shared,
		.identity = c->setup->identity,
		.ehlo = c->setup->ehlo,
		.declared = &c->setup->plan->site.domains,
		.prepare = identify_prepare,
		.work = identify,
	};

	if (keep == NULL)
		_exit(1);
	memcpy(keep, c->job_far, n * sizeof(int));
	memcpy(keep + n, c->request_far, n * sizeof(int));
	keep_only(keep, 2 * n);
	if (!rights_drop(RIGHTS_NONE))
		_exit(1);
	free(keep);
	const struct file_text *trust = &c->setup->plan->site.trust;
	identify_fingerprints(c->setup->fingerprints);
	identify_credentials(c->setup->credentials, c->setup->login_forms);
	identify_trust(trust->text != NULL ? trust->text : "", trust->length);
	_exit(worker_run(&w));
}

static bool pair(int type, int *ret_ours, int *ret_theirs)
{
	int fds[2];

	if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fds) != 0)
		return false;
	*ret_ours = fds[0];
	*ret_theirs = fds[1];
	return true;
}

static bool start_workers(struct crew *c)
{
	for (unsigned i = 0; i < c->setup->threads; i++)
		if (!pair(SOCK_STREAM, &c->job_fd[i], &c->job_far[i]))
			return false;
	c->workers = fork();
	if (c->workers == 0)
		be_workers(c);
	for (unsigned i = 0; i < c->setup->threads; i++) {
		close(c->job_far[i]);
		c->job_far[i] = -1;
	}
	return c->workers > 0;
}

static bool describe_probes(struct crew *c)
{
	while (probes[c->probe_count] != NULL)
		c->probe_count++;
	c->probes = calloc(c->probe_count, sizeof(*c->probes));
	for (size_t i = 0; c->probes != NULL && i < c->probe_count; i++) {
		const struct probe *p = probes[i];
		struct guard_probe *g = &c->probes[i];

		g->name = p->name;
		g->risk = (enum site_risk)p->risk; /* the same order; see site.h */
		g->ot = p->ot;
		g->udp = p->udp;
		g->elsewhere = p->elsewhere;
		for (int d = 0; d < 2; d++) {
			g->connections[d] = p->connections[d];
			g->sent[d] = p->sent[d];
			g->received[d] = p->received[d];
		}
		if (p->ports[0] != '\0' && ports_parse(&g->ports, p->ports, NULL, NULL, NULL) < 0)
			return false;
		if (p->udp) {
			memcpy(g->ports.udp, g->ports.tcp, sizeof(g->ports.udp));
			memset(g->ports.tcp, 0, sizeof(g->ports.tcp));
		}
	}
	return c->probes != NULL;
}

static bool make_ways(struct crew *c)
{
	const struct plan *p = c->setup->plan;
	struct ranges all = { 0 };
	struct timespec t;

	int e = ranges_add_all(&all, &p->targets);
	if (e == 0)
		e = ranges_add_all(&all, &p->large);
	if (e == 0)
		e = routes_make(&all, &c->routes);
	ranges_done(&all);
	if (e != 0)
		return false;
	clock_gettime(CLOCK_MONOTONIC, &t);
	c->board = guard_board_new(c->setup->plan, &c->routes,
				   (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000);
	return c->board != NULL;
}

/* The packets process, where it can do anything. It is forked first: nobody else keeps the right to
 * open raw sockets. */
static bool start_packets(struct crew *c)
{
	bool wanted = !c->setup->connect && packets_wanted(c->setup->plan, &c->routes);
	int far;

	c->unframed = wanted && !packets_able();
	if (wanted && !c->unframed) {
		if (!pair(SOCK_SEQPACKET, &c->packets_fd, &far))
			return false;
		/* Only what is filled takes memory. */
		c->places = mmap(NULL, sizeof(*c->places), PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (c->places == MAP_FAILED) {
			c->places = NULL;
			close(far);
			return false;
		}
		c->packets = fork();
		if (c->packets == 0)
			be_packets(c, far);
		close(far);
	}
	return rights_drop(RIGHTS_ALL_BUT_RAW) && c->packets >= 0;
}

static int *new_seats(unsigned n)
{
	int *seats = malloc(n * sizeof(int));

	for (unsigned i = 0; seats != NULL && i < n; i++)
		seats[i] = -1;
	return seats;
}

struct crew *crew_start(const struct engine_setup *setup)
{
	struct crew *c = calloc(1, sizeof(*c));
	int far;

	if (c == NULL)
		return NULL;
	c->setup = setup;
	c->guard_fd = c->packets_fd = -1;
	c->job_fd = new_seats(setup->threads);
	c->job_far = new_seats(setup->threads);
	c->request_guard = new_seats(setup->threads);
	c->request_far = new_seats(setup->threads);
	c->shared = mmap(NULL, sizeof(*c->shared), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	bool good = c->job_fd != NULL && c->job_far != NULL && c->request_guard != NULL &&
		    c->request_far != NULL && c->shared != MAP_FAILED && describe_probes(c) &&
		    make_ways(c) && pair(SOCK_SEQPACKET, &c->guard_fd, &far);
	for (unsigned i = 0; good && i < setup->threads; i++)
		good = pair(SOCK_SEQPACKET, &c->request_guard[i], &c->request_far[i]);
	if (good) {
		fflush(NULL);
		good = start_packets(c);
	}
	if (good) {
		c->guard = fork();
		if (c->guard == 0)
			be_guard(c, far);
		close(far);
		pace_board_free(c->board); /* from here on it is theirs alone */
		c->board = NULL;
		good = c->guard > 0 && start_workers(c);
	}
	for (unsigned i = 0; good && i < setup->threads; i++) {
		close(c->request_guard[i]);
		c->request_guard[i] = -1;
	}
	if (!good) {
		crew_end(c, true);
		return NULL;
	}
	return c;
}

static void close_seats(int *seats, unsigned n)
{
	for (unsigned i = 0; seats != NULL && i < n; i++)
		if (seats[i] >= 0)
			close(seats[i]);
	free(seats);
}

void crew_wait(pid_t pid)
{
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

pid_t crew_end(struct crew *c, bool abandoned)
{
	if (c == NULL)
		return 0;
	if (!abandoned)
		crew_order(c, ORDER_QUIT, NULL, NULL);
	if (c->guard_fd >= 0)
		close(c->guard_fd); /* without ORDER_QUIT the guard takes this as the order to stop */
	if (c->packets_fd >= 0)
		close(c->packets_fd);
	close_seats(c->job_fd, c->setup->threads);
	close_seats(c->job_far, c->setup->threads);
	close_seats(c->request_far, c->setup->threads);
	close_seats(c->request_guard, c->setup->threads);
	if (abandoned && c->workers > 0)
		kill(c->workers, SIGKILL);
	crew_wait(c->workers);
	crew_wait(c->guard);
	pid_t closing = c->packets;
	routes_done(&c->routes);
	pace_board_free(c->board);
	free(c->probes);
	if (c->places != NULL)
		munmap(c->places, sizeof(*c->places));
	if (c->shared != MAP_FAILED && c->shared != NULL)
		munmap(c->shared, sizeof(*c->shared));
	free(c);
	return closing;
}

int crew_guard_channel(const struct crew *c)
{
	return c->guard_fd;
}

int crew_channel(const struct crew *c, unsigned index)
{
	return c->job_fd[index];
}

bool crew_watch_workers(struct crew *c, int epoll)
{
	for (unsigned i = 0; i < c->setup->threads; i++) {
		struct epoll_event v = { .events = EPOLLIN, .data.u32 = i };

		if (epoll_ctl(epoll, EPOLL_CTL_ADD, c->job_fd[i], &v) != 0)
			return false;
	}
	return true;
}

static void send_order(int fd, const struct guard_order *o, bool *gone)
{
	if (fd >= 0 && send(fd, o, sizeof(*o), MSG_NOSIGNAL) != sizeof(*o))
		*gone = true;
}

void crew_order(struct crew *c, enum order_kind kind, const struct addr *a, const char *reason)
{
	struct guard_order o = { .kind = kind };

	if (c == NULL)
		return;
	if (a != NULL)
		o.address = *a;
	snprintf(o.reason, sizeof(o.reason), "%s", reason != NULL ? reason : "");
	send_order(c->guard_fd, &o, &c->guard_gone);
	if (kind == ORDER_STOP || kind == ORDER_QUIT)
		send_order(c->packets_fd, &o, &c->packets_gone);
}

void crew_sweep(struct crew *c, const struct sight *s)
{
	struct guard_order o = { .kind = ORDER_SWEEP, .address = s->address };

	if (s->has_mac)
		neighbour_mac_text(s->mac, o.mac);
	snprintf(o.reason, sizeof(o.reason), "%s", s->reason);
	send_order(c->guard_fd, &o, &c->guard_gone);
}

int crew_unasked(const struct crew *c, struct ranges *ret)
{
	const struct plan *p = c->setup->plan;
	struct ranges asked = { 0 };
	int e = ranges_add_all(ret, &p->large);

	for (size_t i = 0; i < c->routes.count && c->packets > 0 && e == 0; i++) {
		const struct way_range *w = &c->routes.list[i];
		const struct interface *n = routes_interface(&c->routes, w->way.ifindex);

		if (w->way.error != 0 || (!w->way.local && !w->way.on_link) || n == NULL)
			continue;
		if (w->way.local || ask_allowed(p, &c->routes, n))
			e = ranges_add(&asked, &w->range);
	}
	if (e == 0)
		e = ranges_subtract(ret, &asked);
	ranges_done(&asked);
	return e;
}

bool crew_unframed(const struct crew *c)
{
	return c->unframed;
}

int crew_packets_channel(const struct crew *c)
{
	return c->packets_fd;
}

size_t crew_sights(struct crew *c, struct sight *ret, size_t most)
{
	ssize_t n = recv(c->packets_fd, ret, most * sizeof(*ret), MSG_DONTWAIT);

	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		c->packets_gone = true;
	return n > 0 ? (size_t)n / sizeof(*ret) : 0;
}

void crew_places(struct crew *c, struct store *store)
{
	struct place_box *box = c->places;
	char name[32];

	if (box == NULL || !atomic_load(&box->full) || box->used > sizeof(box->bytes))
		return;
	struct reader r = rd_new((struct span){ box->bytes, box->used });
	if (box->first)
		store_places_forget(store);
	while (rd_left(&r) > 0) {
		uint32_t lane = rd_le32(&r);
		struct span place = rd_span(&r, rd_le32(&r));

		if (!rd_ok(&r))
			break;
		snprintf(name, sizeof(name), "lane %u", lane);
		store_place(store, name, place.at, place.length);
	}
	atomic_store(&box->full, false);
}

bool crew_packets_gone(const struct crew *c)
{
	return c->packets_gone;
}

bool crew_event(struct crew *c, struct guard_event *ret, bool wait)
{
	ssize_t n = recv(c->guard_fd, ret, sizeof(*ret), wait ? 0 : MSG_DONTWAIT);

	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		c->guard_gone = true;
	return n == sizeof(*ret);
}

bool crew_stopping(const struct crew *c)
{
	return atomic_load(&c->shared->stop) != 0;
}

bool crew_settled(const struct crew *c)
{
	return atomic_load(&c->shared->open) == 0;
}

void crew_counts(const struct crew *c, uint64_t *ret_tried, uint64_t *ret_packets)
{
	*ret_tried = atomic_load_explicit(&c->shared->tried, memory_order_relaxed);
	*ret_packets = atomic_load_explicit(&c->shared->packets, memory_order_relaxed);
}

bool crew_guard_gone(const struct crew *c)
{
	return c->guard_gone;
}

bool crew_give(struct crew *c, unsigned index, const struct job *job)
{
	return send(c->job_fd[index], job, sizeof(*job), MSG_NOSIGNAL) == sizeof(*job);
}

void crew_kill_workers(struct crew *c, int epoll)
{
	kill(c->workers, SIGKILL);
	crew_wait(c->workers);
	c->workers = -1;
	for (unsigned i = 0; i < c->setup->threads; i++) {
		epoll_ctl(epoll, EPOLL_CTL_DEL, c->job_fd[i], NULL);
		close(c->job_fd[i]);
		c->job_fd[i] = -1;
	}
}

bool crew_replace_workers(struct crew *c, int epoll)
{
	struct guard_reply waste;

	for (unsigned i = 0; i < c->setup->threads; i++)
		while (recv(c->request_far[i], &waste, sizeof(waste), MSG_DONTWAIT) > 0)
			;
	return start_workers(c) && crew_watch_workers(c, epoll);
}
