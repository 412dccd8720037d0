/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guard against a requester that asks for what it must not have: the test plays main and a
 * deliberately wrong worker, with real listeners on loopback that count who comes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "site/declare.h"
#include "talk/guard.h"
#include "talk/hosts.h"
#include "talk/transfer.h"
#include "wire/sweep.h"

enum { PROBE_OT, PROBE_ANY, PROBE_LOGIN, PROBES };

struct bench {
	struct plan plan;
	struct guard_probe probes[PROBES];
	struct shared *shared;
	int main_fd, worker_fd;
	int listener, stranger; /* 127.0.0.1 and 127.0.0.2, the same port */
	uint16_t port;
	char journal[64];
	pid_t guard;
	struct zone zones[2];
	struct routes routes; /* none: no packets process */
	struct interface interface;
	struct way_range way;
	struct pace_board *board;
};

/* The guard's clock, in memory that it shares with the test: 2026-11-22 was a Sunday. */
static _Atomic int64_t *clock_now;
static const int64_t sunday = 1795305600; /* 00:00 UTC */
enum { HOUR = 3600 };

static int64_t tell_time(void)
{
	return *clock_now;
}

static int listen_on(const char *address, uint16_t *port)
{
	struct addr a;
	struct sockaddr_storage sa;
	struct addr got;
	int on = 1;

	assert_int_equal(addr_parse(address, &a), 0);
	socklen_t n = addr_to_sockaddr(&a, *port, &sa);
	int fd = socket(sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	assert_int_equal(bind(fd, (struct sockaddr *)&sa, n), 0);
	assert_int_equal(listen(fd, 16), 0);
	n = sizeof(sa);
	getsockname(fd, (struct sockaddr *)&sa, &n);
	addr_from_sockaddr((struct sockaddr *)&sa, &got, port);
	return fd;
}

static void declare(struct bench *b, const char *networks, enum zone_kind kind,
		    struct window *window)
{
	struct zone *z = &b->zones[b->plan.site.zone_count++];
	struct range r;

	*z = (struct zone){ .name = (char *)(uintptr_t) "test", .kind = kind, .risk = SITE_READ };
	assert_int_equal(range_parse(networks, true, &r), 0);
	assert_int_equal(ranges_add(&z->networks, &r), 0);
	z->windows = window;
	z->window_count = window != NULL;
	b->plan.site.zones = b->zones;
}

static void prepare(struct bench *b, const char *targets)
{
	memset(b, 0, sizeof(*b));
	assert_int_equal(site_default(&b->plan.site), 0);
	assert_int_equal(clock_load(&b->plan.site, "UTC"), 0);
	assert_int_equal(ranges_parse(&b->plan.targets, targets), 0);
	*clock_now = sunday + 12 * HOUR;
}

static void start_guard(struct bench *b, bool probe_knows_port);

static void launch(struct bench *b, bool probe_knows_port)
{

	if (b->listener == 0)
		b->listener = listen_on("127.0.0.1", &b->port);
	b->stranger = listen_on("127.0.0.2", &b->port);
	start_guard(b, probe_knows_port);
}

static void start_guard(struct bench *b, bool probe_knows_port)
{
	int main_pair[2], worker_pair[2];

	b->plan.ad_hoc_kind = ZONE_UNASSIGNED;
	b->plan.risk = SITE_READ;
	ports_put(b->plan.ports.tcp, b->port);
	ports_put(b->plan.ports.tcp, 9);
	for (int i = 0; i < PROBES; i++) {
		b->probes[i] =
			(struct guard_probe){ .name = "test",
					      .risk = i == PROBE_LOGIN ? SITE_LOGIN : SITE_READ,
					      .connections = { 1, 2 },
					      .sent = { 100, 100 },
					      .received = { 100, 100 },
					      .ot = i == PROBE_OT };
		if (probe_knows_port)
			ports_put(b->probes[i].ports.tcp, b->port);
	}
	b->shared = mmap(NULL, sizeof(*b->shared), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	b->board = guard_board_new(&b->plan, b->routes.count > 0 ? &b->routes : NULL, 0);
	assert_non_null(b->board);
	snprintf(b->journal, sizeof(b->journal), "test_guard.%ld.journal", (long)getpid());
	unlink(b->journal);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, main_pair), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, worker_pair), 0);
	fflush(NULL);
	b->guard = fork();
	if (b->guard == 0) {
		const struct guard_setup setup = {
			.plan = &b->plan,
			.probes = b->probes,
			.probe_count = PROBES,
			.main_fd = main_pair[1],
			.worker_fds = &worker_pair[1],
			.worker_count = 1,
			.shared = b->shared,
			.routes = b->routes.count > 0 ? &b->routes : NULL,
			.board = b->board,
			.packets = b->routes.count > 0,
			.journal_path = b->journal,
			.clock = tell_time,
		};
		close(main_pair[0]);
		close(worker_pair[0]);
		close(b->listener);
		close(b->stranger);
		_exit(guard_run(&setup));
	}
	close(main_pair[1]);
	close(worker_pair[1]);
	b->main_fd = main_pair[0];
	b->worker_fd = worker_pair[0];
}

/* kind: how the target is declared. The plan holds 127.0.0.1 and one port (and 9, which is closed). */
static void start(struct bench *b, enum zone_kind kind, bool probe_knows_port)
{
	prepare(b, "127.0.0.1");
	if (kind != ZONE_UNASSIGNED)
		declare(b, "127.0.0.0/8", kind, NULL);
	launch(b, probe_knows_port);
}

/* The next event of this kind; others pass by. */
static struct guard_event await(struct bench *b, enum event_kind kind)
{
	struct guard_event v;

	for (;;) {
		struct pollfd p = { .fd = b->main_fd, .events = POLLIN };

		assert_int_equal(poll(&p, 1, 60000), 1);
		assert_int_equal(recv(b->main_fd, &v, sizeof(v), 0), sizeof(v));
		if (v.kind == kind)
			return v;
	}
}

static enum ending ask(struct bench *b, const struct worker_request *q, int *ret_fd)
{
	struct guard_reply r;

	assert_int_equal(transfer_send(b->worker_fd, q, sizeof(*q), -1), 0);
	assert_int_equal(transfer_receive(b->worker_fd, &r, sizeof(r), ret_fd), sizeof(r));
	return r.ending;
}

static enum ending ask_open(struct bench *b, const char *address, uint16_t port, int probe,
			    uint32_t conversation, int *ret_fd)
{
	struct worker_request q = {
		.kind = REQUEST_OPEN, .port = port, .probe = probe, .conversation = conversation
	};

	assert_int_equal(addr_parse(address, &q.address), 0);
	return ask(b, &q, ret_fd);
}

static void say_close(struct bench *b, int fd)
{
	struct worker_request q = { .kind = REQUEST_CLOSE };

	close(fd);
	assert_int_equal(transfer_send(b->worker_fd, &q, sizeof(q), -1), 0);
}

/* How many connections came since the last call; each is closed. */
static unsigned visitors(int listener)
{
	unsigned n = 0;

	for (;;) {
		struct pollfd p = { .fd = listener, .events = POLLIN };

		if (poll(&p, 1, 50) != 1)
			return n;
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (fd >= 0) {
			n++;
			close(fd);
		}
	}
}

static unsigned journal_lines(const struct bench *b, char first)
{
	FILE *f = fopen(b->journal, "r");
	char line[256];
	unsigned n = 0;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL)
		n += line[0] == first;
	fclose(f);
	return n;
}

static void finish(struct bench *b)
{
	int status;

	close(b->main_fd); /* a guard without main stops and ends */
	close(b->worker_fd);
	assert_int_equal(waitpid(b->guard, &status, 0), b->guard);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	assert_int_equal(journal_lines(b, 'O'), journal_lines(b, 'C'));
	/* Every place that was held was given back. */
	for (size_t i = 0; i < 1 + (size_t)b->board->zone_count + b->board->segment_count; i++)
		assert_int_equal(b->board->paces[i].held, 0);
	assert_int_equal(atomic_load(&b->board->lock), 0);
	pace_board_free(b->board);
	unlink(b->journal);
	close(b->listener);
	close(b->stranger);
	for (size_t i = 0; i < b->plan.site.zone_count; i++) {
		ranges_done(&b->plan.site.zones[i].networks);
		ranges_done(&b->plan.site.zones[i].passive_only);
	}
	b->plan.site.zones = NULL;
	b->plan.site.zone_count = 0;
	ranges_done(&b->plan.targets);
	site_done(&b->plan.site);
	munmap(b->shared, sizeof(*b->shared));
}

static void the_sweep_tells_open_from_closed(void **state)
{
	struct bench b;

	(void)state;
	start(&b, ZONE_IT, true);
	struct guard_event v = await(&b, EVENT_PORT);
	assert_int_equal(v.port, b.port);
	assert_int_equal(v.port_state, PORT_OPEN);
	v = await(&b, EVENT_HOST);
	assert_int_equal(v.open, 1);
	assert_int_equal(v.closed, 1);
	assert_true(v.complete);
	await(&b, EVENT_SWEPT);
	assert_int_equal(visitors(b.listener), 1);
	assert_int_equal(journal_lines(&b, 'O'), 2);
	finish(&b);
}

static void nothing_leaves_the_scope(void **state)
{
	struct bench b;
	int fd;

	(void)state;
	start(&b, ZONE_IT, true);
	await(&b, EVENT_SWEPT);
	visitors(b.listener);
	/* Another address on which something listens; a port that is not planned; no such probe. */
	assert_int_equal(ask_open(&b, "127.0.0.2", b.port, PROBE_ANY, 1, &fd), ENDING_LIMIT);
	assert_int_equal(ask_open(&b, "127.0.0.1", (uint16_t)(b.port ^ 1), PROBE_ANY, 2, &fd),
			 ENDING_LIMIT);
	assert_int_equal(ask_open(&b, "127.0.0.1", b.port, PROBES, 3, &fd), ENDING_LIMIT);
	assert_int_equal(ask_open(&b, "127.0.0.1", b.port, -2, 4, &fd), ENDING_LIMIT);
	assert_int_equal(ask_open(&b, "::1", b.port, PROBE_ANY, 5, &fd), ENDING_LIMIT);
	assert_int_equal(ask_open(&b, "127.0.0.1", b.port, PROBE_LOGIN, 6, &fd), ENDING_LIMIT);
	assert_int_equal(visitors(b.stranger), 0);
	assert_int_equal(visitors(b.listener), 0);
	assert_int_equal(journal_lines(&b, 'O'), 2); /* the sweep's own */
	finish(&b);
}

static void connections_of_a_conversation_are_counted(void **state)
{
	struct bench b;
	int fd;

	(void)state;
	start(&b, ZONE_IT, true);
	await(&b, EVENT_SWEPT);
	visitors(b.listener);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(ask_open(&b, "127.0.0.1", b.port, PROBE_ANY, 7, &fd), ENDING_DONE);
		assert_true(fd >= 0);
		say_close(&b, fd);
	}
	assert_int_equal(ask_open(&b, "127.0.0.1", b.port, PROBE_ANY, 7, &fd), ENDING_LIMIT);
	assert_int_equal(visitors(b.listener), 2);
	finish(&b);
}

static void ot_gets_the_safe_probe_of_the_port_only(void **state)
{
	struct bench b;
	int fd;

	(void)state;
	start(&b, ZONE_OT, true);
	await(&b, EVENT_SWEPT);
	visitors(b.listener);
	assert_int_equal(ask_open(&b, "127.0.0.1", b.port, PROBE_ANY, 1, &fd), ENDING_LIMIT);
	assert_int_equal(ask_open(&b, "127.0.0.1", b.port, NO_PROBE, 2, &fd), ENDING_LIMIT);
	assert_int_equal(visitors(b.listener), 0);
	assert_int_equal(ask_open(&b, "127.0.0.1", b.port, PROBE_OT, 3, &fd), ENDING_DONE);
	say_close(&b, fd);
	assert_int_equal(ask_open(&b, "127.0.0.1", b.port, PROBE_OT, 3, &fd), ENDING_LIMIT);
	assert_int_equal(visitors(b.listener), 1);
	finish(&b);
}

static void unknown_ports_of_ot_get_nothing(void **state)
{
	struct bench b;
	int fd;

	(void)state;
	start(&b, ZONE_OT, false);
	await(&b, EVENT_SWEPT);
	visitors(b.listener);
	for (int probe = NO_PROBE; probe < PROBES; probe++)
		assert_int_equal(
			ask_open(&b, "127.0.0.1", b.port, probe, (uint32_t)(10 + probe), &fd),
			ENDING_LIMIT);
	assert_int_equal(visitors(b.listener), 0);
	finish(&b);
}

static void what_only_listens_may_not_speak(void **state)
{
	struct bench b;
	struct worker_request q = { .kind = REQUEST_WRITE, .n = 1 };
	int fd, none;

	(void)state;
	start(&b, ZONE_IT, false);
	await(&b, EVENT_SWEPT);
	assert_int_equal(ask_open(&b, "127.0.0.1", b.port, NO_PROBE, 1, &fd), ENDING_DONE);
	assert_int_not_equal(ask(&b, &q, &none), ENDING_DONE);
	q = (struct worker_request){ .kind = REQUEST_BECOME,
				     .probe = PROBE_ANY,
				     .conversation = 2 };
	assert_int_equal(ask(&b, &q, &none), ENDING_DONE);
	q = (struct worker_request){ .kind = REQUEST_WRITE, .n = 1 };
	assert_int_equal(ask(&b, &q, &none), ENDING_DONE);
	say_close(&b, fd);
	finish(&b);
}

static void a_stop_ends_what_is_open_and_refuses_what_comes(void **state)
{
	struct bench b;
	struct guard_order o = { .kind = ORDER_STOP };
	int fd, other;
	char byte;

	(void)state;
	start(&b, ZONE_IT, true);
	await(&b, EVENT_SWEPT);
	visitors(b.listener);
	assert_int_equal(ask_open(&b, "127.0.0.1", b.port, PROBE_ANY, 1, &fd), ENDING_DONE);
	int peer = accept4(b.listener, NULL, NULL, SOCK_CLOEXEC);
	assert_int_equal(send(b.main_fd, &o, sizeof(o), 0), sizeof(o));
	/* The peer sees our FIN, though the worker has not closed its descriptor. */
	assert_int_equal(recv(peer, &byte, 1, 0), 0);
	close(peer);
	await(&b, EVENT_STOPPED);
	assert_int_equal(atomic_load(&b.shared->stop), 1);
	close(fd);
	assert_int_equal(ask_open(&b, "127.0.0.1", b.port, PROBE_ANY, 2, &other), ENDING_STOPPED);
	assert_int_equal(visitors(b.listener), 0);
	finish(&b);
}

static void a_controller_found_late_tightens_the_host(void **state)
{
	struct bench b;
	struct guard_order o = { .kind = ORDER_OT };
	int fd;

	(void)state;
	start(&b, ZONE_IT, false);
	await(&b, EVENT_SWEPT);
	assert_int_equal(addr_parse("127.0.0.1", &o.address), 0);
	assert_int_equal(send(b.main_fd, &o, sizeof(o), 0), sizeof(o));
	assert_int_equal(ask_open(&b, "127.0.0.1", b.port, PROBE_ANY, 1, &fd), ENDING_LIMIT);
	/* A declared zone is not loosened again. */
	o.kind = ORDER_IT;
	assert_int_equal(send(b.main_fd, &o, sizeof(o), 0), sizeof(o));
	assert_int_equal(ask_open(&b, "127.0.0.1", b.port, PROBE_ANY, 2, &fd), ENDING_LIMIT);
	finish(&b);
}

/* ---- windows ---- */

/* 12:00 to 13:00 on Sundays; the test's clock stands at 12:00 first. */
static struct window noon = { .days = 1, .from = 12 * 60, .to = 13 * 60 };

/* Some passes of the guard, in which it could do what it must not. */
static void let_it_run(void)
{
	poll(NULL, 0, 300);
}

static void a_sweep_pauses_and_goes_on_at_its_next_port(void **state)
{
	struct bench b;
	struct guard_event v;

	(void)state;
	prepare(&b, "127.0.0.1");
	declare(&b, "127.0.0.0/8", ZONE_IT, &noon);
	for (uint16_t port = 23000; port < 23040; port++)
		ports_put(b.plan.ports.tcp, port);
	b.plan.host_rate = 40; /* ten connections a second: it lasts */
	launch(&b, true);
	while (access(b.journal, F_OK) != 0 || journal_lines(&b, 'C') < 3)
		poll(NULL, 0, 10);
	*clock_now = sunday + 13 * HOUR;
	v = await(&b, EVENT_WAITING);
	struct addr a;
	assert_int_equal(addr_parse("127.0.0.1", &a), 0);
	assert_int_equal(addr_compare(&v.address, &a), 0);
	unsigned before = journal_lines(&b, 'O');
	assert_int_equal(before, journal_lines(&b, 'C'));
	assert_true(before >= 3 && before < 42);
	let_it_run();
	assert_int_equal(journal_lines(&b, 'O'), before);
	/* A week later. */
	*clock_now = sunday + 7 * 86400 + 12 * HOUR + 5;
	await(&b, EVENT_GOES_ON);
	v = await(&b, EVENT_HOST);
	assert_int_equal(v.open, 1);
	assert_int_equal(v.open + v.closed, 42);
	assert_true(v.complete);
	await(&b, EVENT_SWEPT);
	assert_int_equal(journal_lines(&b, 'O'), 42); /* none was tried twice */
	finish(&b);
}

/* A listener whose queue is full: the kernel drops further SYNs, so that the port is silent. */
static void fill(int listener, uint16_t port, int *ret_held, size_t most, size_t *ret_count)
{
	struct addr a;
	struct sockaddr_storage sa;

	assert_int_equal(addr_parse("127.0.0.1", &a), 0);
	socklen_t n = addr_to_sockaddr(&a, port, &sa);
	assert_int_equal(listen(listener, 0), 0);
	for (*ret_count = 0; *ret_count < most; ++*ret_count) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		struct pollfd p = { .fd = fd, .events = POLLOUT };

		ret_held[*ret_count] = fd;
		connect(fd, (struct sockaddr *)&sa, n);
		if (poll(&p, 1, 200) != 1) { /* this one got no answer any more */
			++*ret_count;
			return;
		}
	}
	fail_msg("the queue takes everything");
}

/* An attempt whose SYN would be repeated outside the window. */
static void an_attempt_under_way_is_taken_back(void **state)
{
	struct bench b;
	uint16_t silent = 0;
	int held[16], full = listen_on("127.0.0.1", &silent);
	size_t count;
	char line[256], *text = NULL;

	(void)state;
	fill(full, silent, held, countof(held), &count);
	prepare(&b, "127.0.0.1");
	declare(&b, "127.0.0.0/8", ZONE_IT, &noon);
	ports_put(b.plan.ports.tcp, silent);
	launch(&b, true);
	while (access(b.journal, F_OK) != 0 || journal_lines(&b, 'O') < 3 ||
	       journal_lines(&b, 'C') < 2)
		poll(NULL, 0, 10);
	assert_int_equal(journal_lines(&b, 'C'), 2);
	*clock_now = sunday + 13 * HOUR - PLAN_CLOSING_S;
	while (journal_lines(&b, 'C') < 3)
		poll(NULL, 0, 10);
	*clock_now = sunday + 13 * HOUR - PLAN_CLOSING_S + 1;
	await(&b, EVENT_WAITING);
	assert_int_equal(journal_lines(&b, 'C'), 3);
	FILE *f = fopen(b.journal, "r");
	while (fgets(line, sizeof(line), f) != NULL)
		if (line[0] == 'C')
			text = strstr(line, "stopped");
	fclose(f);
	assert_non_null(text);
	/* It answers in the next window. */
	for (size_t i = 0; i < count; i++)
		close(held[i]);
	assert_int_equal(listen(full, 16), 0);
	visitors(full);
	*clock_now = sunday + 7 * 86400 + 12 * HOUR;
	struct guard_event v = await(&b, EVENT_HOST);
	assert_int_equal(v.open, 2);
	assert_int_equal(v.closed, 1);
	assert_int_equal(v.silent, 0);
	assert_true(v.complete);
	assert_int_equal(journal_lines(&b, 'O'), 4);
	finish(&b);
	close(full);
}

/* A device that answered and does so no longer, with real sockets: its queues are full. */
static void a_device_that_falls_silent_is_left_alone(void **state)
{
	enum { SILENT = 5 };
	struct bench b;
	int held[SILENT + 1][16], full[SILENT];
	uint16_t port[SILENT] = { 0 };
	size_t count[SILENT + 1];

	(void)state;
	prepare(&b, "127.0.0.1");
	declare(&b, "127.0.0.0/8", ZONE_OT, NULL);
	for (int i = 0; i < SILENT; i++) {
		full[i] = listen_on("127.0.0.1", &port[i]);
		fill(full[i], port[i], held[i], countof(held[i]), &count[i]);
		ports_put(b.plan.ports.tcp, port[i]);
	}
	/* The open port is tried first: it counts as control equipment's. */
	b.listener = listen_on("127.0.0.1", &b.port);
	struct port_entry entry = { .port = b.port, .ot = true, .name = (char *)(uintptr_t) "ot" };
	b.plan.port_list = (struct port_list){ .list = &entry, .count = 1 };
	launch(&b, true);
	await(&b, EVENT_PORT);
	assert_int_equal(visitors(b.listener), 1);
	fill(b.listener, b.port, held[SILENT], countof(held[SILENT]), &count[SILENT]);
	struct guard_event v = await(&b, EVENT_DISTRESS);
	assert_string_equal(v.reason, "silent after it had answered");
	v = await(&b, EVENT_HOST);
	assert_int_equal(v.host_state, HOST_DISTRESS);
	assert_false(v.complete);
	assert_true(v.silent == SWEEP_ROW_OT);
	unsigned opened = journal_lines(&b, 'O');
	let_it_run();
	assert_int_equal(journal_lines(&b, 'O'), opened);
	b.plan.port_list = (struct port_list){ 0 };
	finish(&b);
	for (int i = 0; i <= SILENT; i++)
		for (size_t k = 0; k < count[i]; k++)
			close(held[i][k]);
	for (int i = 0; i < SILENT; i++)
		close(full[i]);
}

/* The sweep's connection stands at the listener, whose program does not close it. */
static void a_controller_that_does_not_close_gets_no_other_connection(void **state)
{
	struct bench b;

	(void)state;
	prepare(&b, "127.0.0.1");
	declare(&b, "127.0.0.0/8", ZONE_OT, NULL);
	b.listener = listen_on("127.0.0.1", &b.port);
	struct port_entry entry = { .port = b.port, .ot = true, .name = (char *)(uintptr_t) "ot" };
	b.plan.port_list = (struct port_list){ .list = &entry, .count = 1 };
	launch(&b, true);
	struct guard_event v = await(&b, EVENT_DISTRESS);
	assert_string_equal(v.reason, "does not close a connection");
	v = await(&b, EVENT_HOST);
	assert_int_equal(v.host_state, HOST_DISTRESS);
	assert_int_equal(v.open, 1);
	assert_int_equal(v.closed, 0);
	assert_int_equal(journal_lines(&b, 'O'), 1);
	assert_int_equal(visitors(b.listener), 1);
	b.plan.port_list = (struct port_list){ 0 };
	finish(&b);
}

/* It closes late: then its other port is tried, and not before. */
static void a_controller_that_closes_late_is_waited_for(void **state)
{
	struct bench b;

	(void)state;
	prepare(&b, "127.0.0.1");
	declare(&b, "127.0.0.0/8", ZONE_OT, NULL);
	b.listener = listen_on("127.0.0.1", &b.port);
	struct port_entry entry = { .port = b.port, .ot = true, .name = (char *)(uintptr_t) "ot" };
	b.plan.port_list = (struct port_list){ .list = &entry, .count = 1 };
	launch(&b, true);
	await(&b, EVENT_PORT);
	poll(NULL, 0, 3000); /* longer than others are waited for, and the pause */
	assert_int_equal(journal_lines(&b, 'O'), 1);
	assert_int_equal(journal_lines(&b, 'C'), 0);
	assert_int_equal(visitors(b.listener), 1);
	struct guard_event v = await(&b, EVENT_HOST);
	assert_int_equal(v.host_state, HOST_ANSWERING);
	assert_true(v.complete);
	assert_int_equal(journal_lines(&b, 'O'), 2);
	b.plan.port_list = (struct port_list){ 0 };
	finish(&b);
}

static void a_controller_that_refuses_a_question_gets_one_look(void **state)
{
	struct bench b;
	int fd;

	(void)state;
	start(&b, ZONE_OT, true);
	await(&b, EVENT_PORT);
	assert_int_equal(visitors(b.listener), 1);
	await(&b, EVENT_SWEPT);
	assert_int_equal(shutdown(b.listener, SHUT_RDWR), 0); /* it listens no longer */
	assert_int_equal(ask_open(&b, "127.0.0.1", b.port, PROBE_OT, 1, &fd), ENDING_DISTRESS);
	struct guard_event v = await(&b, EVENT_DISTRESS);
	assert_string_equal(v.reason, "refuses what it had accepted");
	assert_int_equal(journal_lines(&b, 'O'), 4); /* two ports, the question, the look */
	finish(&b);
}

static void other_zones_go_on_while_one_waits(void **state)
{
	struct bench b;

	(void)state;
	prepare(&b, "127.0.0.1-2");
	declare(&b, "127.0.0.1/32", ZONE_IT, &noon);
	declare(&b, "127.0.0.2/32", ZONE_IT, NULL);
	*clock_now = sunday + 11 * HOUR;
	launch(&b, true);
	struct guard_event v = await(&b, EVENT_HOST);
	struct addr second;
	assert_int_equal(addr_parse("127.0.0.2", &second), 0);
	assert_int_equal(addr_compare(&v.address, &second), 0);
	await(&b, EVENT_WAITING);
	assert_int_equal(visitors(b.listener), 0);
	assert_int_equal(visitors(b.stranger), 1);
	*clock_now = sunday + 12 * HOUR; /* the first second of the window belongs to it */
	await(&b, EVENT_GOES_ON);
	v = await(&b, EVENT_HOST);
	assert_true(v.complete);
	await(&b, EVENT_SWEPT);
	assert_int_equal(visitors(b.listener), 1);
	finish(&b);
}

static void a_window_that_ends_ends_the_conversation(void **state)
{
	struct bench b;
	uint32_t conversation = 10;
	int fd, other;
	char byte;

	(void)state;
	prepare(&b, "127.0.0.1");
	declare(&b, "127.0.0.0/8", ZONE_IT, &noon);
	launch(&b, true);
	await(&b, EVENT_SWEPT);
	visitors(b.listener);
	assert_int_equal(ask_open(&b, "127.0.0.1", b.port, PROBE_ANY, 1, &fd), ENDING_DONE);
	assert_false(atomic_load(&b.shared->cut[0]));
	int peer = accept4(b.listener, NULL, NULL, SOCK_CLOEXEC);
	*clock_now = sunday + 13 * HOUR - PLAN_CLOSING_S;
	/* Our FIN, not a reset, though the worker has not closed its descriptor. */
	assert_int_equal(recv(peer, &byte, 1, 0), 0);
	assert_true(atomic_load(&b.shared->cut[0]));
	close(peer);
	close(fd);
	atomic_store(&b.shared->cut[0], false);
	/* "Not now", so that it is asked again; and at once, no thread waits for days. */
	for (int64_t t = sunday + 13 * HOUR - PLAN_CLOSING_S; t <= sunday + 13 * HOUR; t++) {
		*clock_now = t;
		assert_int_equal(
			ask_open(&b, "127.0.0.1", b.port, PROBE_ANY, ++conversation, &other),
			ENDING_STOPPED);
		assert_true(atomic_exchange(&b.shared->cut[0], false));
	}
	assert_int_equal(atomic_load(&b.shared->stop), 0);
	assert_int_equal(visitors(b.listener), 0);
	/* The clock is set back into the window: it is the clock that counts. */
	*clock_now = sunday + 12 * HOUR + 30 * 60;
	assert_int_equal(ask_open(&b, "127.0.0.1", b.port, PROBE_ANY, 3, &fd), ENDING_DONE);
	say_close(&b, fd);
	/* And forward out of it, by years. */
	*clock_now = sunday + INT64_C(3) * 365 * 86400;
	assert_int_equal(ask_open(&b, "127.0.0.1", b.port, PROBE_ANY, 4, &other), ENDING_STOPPED);
	assert_int_equal(visitors(b.listener), 1);
	finish(&b);
}

static void a_stop_ends_a_wait(void **state)
{
	struct bench b;
	struct guard_order o = { .kind = ORDER_STOP };

	(void)state;
	prepare(&b, "127.0.0.1");
	declare(&b, "127.0.0.0/8", ZONE_IT, &noon);
	*clock_now = sunday;
	launch(&b, true);
	await(&b, EVENT_WAITING);
	assert_int_equal(send(b.main_fd, &o, sizeof(o), 0), sizeof(o));
	await(&b, EVENT_STOPPED);
	assert_int_equal(visitors(b.listener), 0);
	finish(&b);
}

/*
 * With a packets process. Loopback addresses play hosts on the link; one listener on all of them notes
 * who was visited. 127.0.1.0/24 it, .2 ot, .3 ot and its window is never open, .4 ot and passive only,
 * .5 ot and not to be touched, .6 unassigned, .7 to .9 as .3 to .5 but it; .1.9 and .2.9 are excluded.
 */
static void start_with_packets(struct bench *b)
{
	static const struct {
		const char *network;
		enum zone_kind kind;
	} zones[] = { { "127.0.1.0/24", ZONE_IT }, { "127.0.2.0/24", ZONE_OT },
		      { "127.0.3.0/24", ZONE_OT }, { "127.0.4.0/24", ZONE_OT },
		      { "127.0.5.0/24", ZONE_OT }, { "127.0.6.0/24", ZONE_UNASSIGNED },
		      { "127.0.7.0/24", ZONE_IT }, { "127.0.8.0/24", ZONE_IT },
		      { "127.0.9.0/24", ZONE_IT } };
	static const char *const targets[] = { "127.0.1.1", "127.0.1.2", "127.0.2.1", "127.0.2.2",
					       "127.0.2.9", "127.0.3.1", "127.0.4.1", "127.0.5.1",
					       "127.0.6.1", "127.0.1.9", "127.0.7.1", "127.0.8.1",
					       "127.0.9.1" };
	enum { COUNT = sizeof(zones) / sizeof(zones[0]) };
	static struct zone list[COUNT];
	static struct window never = { .days = 0 };
	struct range r;

	memset(b, 0, sizeof(*b));
	b->listener = listen_on("0.0.0.0", &b->port);
	b->stranger = listen_on("::1", &b->port);
	assert_int_equal(site_default(&b->plan.site), 0);
	memset(list, 0, sizeof(list));
	for (size_t i = 0; i < COUNT; i++) {
		list[i].name = (char *)(uintptr_t) "test";
		list[i].kind = zones[i].kind;
		list[i].risk = i == 4 || i == 8 ? SITE_LISTEN : SITE_READ;
		assert_int_equal(range_parse(zones[i].network, true, &r), 0);
		assert_int_equal(ranges_add(&list[i].networks, &r), 0);
	}
	for (size_t i = 2; i < COUNT; i += 4) {
		list[i].windows = &never;
		list[i].window_count = 1;
		assert_int_equal(ranges_add_all(&list[i + 1].passive_only, &list[i + 1].networks),
				 0);
	}
	b->plan.site.zones = list;
	b->plan.site.zone_count = COUNT;
	assert_int_equal(ranges_parse(&b->plan.site.exclude, "127.0.1.9"), 0);
	assert_int_equal(ranges_parse(&b->plan.site.exclude, "127.0.2.9"), 0);
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
		assert_int_equal(ranges_parse(&b->plan.targets, targets[i]), 0);
	b->interface.index = if_nametoindex("lo");
	b->way.way =
		(struct way){ .ifindex = b->interface.index, .on_link = true, .ethernet = true };
	assert_int_equal(range_parse("127.0.0.0/8", true, &b->way.range), 0);
	b->routes = (struct routes){
		.interfaces = &b->interface, .interface_count = 1, .list = &b->way, .count = 1
	};
	start_guard(b, true);
	assert_int_equal(b->board->segment_count, 1);
	assert_int_equal(b->board->paces[1 + COUNT].rate, 5); /* controllers are there */
}

static void order(struct bench *b, enum order_kind kind, const char *address, const char *mac,
		  const char *reason)
{
	struct guard_order o = { .kind = kind };

	if (address != NULL)
		assert_int_equal(addr_parse(address, &o.address), 0);
	snprintf(o.mac, sizeof(o.mac), "%s", mac);
	snprintf(o.reason, sizeof(o.reason), "%s", reason);
	assert_int_equal(send(b->main_fd, &o, sizeof(o), 0), sizeof(o));
}

/* How many came to this address; whoever came to another is counted in *ret_others. */
static unsigned visitors_of(struct bench *b, const char *address, unsigned *ret_others)
{
	unsigned n = 0;

	*ret_others = 0;
	for (;;) {
		struct pollfd p = { .fd = b->listener, .events = POLLIN };
		struct sockaddr_storage sa;
		socklen_t length = sizeof(sa);
		struct addr a;
		uint16_t port;
		char text[ADDR_TEXT];

		if (poll(&p, 1, 50) != 1)
			return n;
		int fd = accept4(b->listener, NULL, NULL, SOCK_CLOEXEC);
		assert_true(fd >= 0);
		assert_int_equal(getsockname(fd, (struct sockaddr *)&sa, &length), 0);
		close(fd);
		assert_int_equal(addr_from_sockaddr((struct sockaddr *)&sa, &a, &port), 0);
		if (strcmp(addr_format(&a, text), address) == 0)
			n++;
		else
			(*ret_others)++;
	}
}

static void a_wrong_main_reaches_nothing(void **state)
{
	static const char *const wrong[] = { "127.0.1.1", /* swept by packets, not by the guard */
					     "127.0.2.3", "127.0.99.9", "192.0.2.1", "::1",
					     "127.0.2.9", "127.0.3.1",  "127.0.4.1", "127.0.5.1",
					     "127.0.1.9", "127.0.7.1",  "127.0.8.1", "127.0.9.1" };
	struct bench b;
	struct guard_event v;
	unsigned others;
	int fd;

	(void)state;
	start_with_packets(&b);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		order(&b, ORDER_SWEEP, wrong[i], "", "");
		order(&b, ORDER_IT, wrong[i], "", "");
	}
	order(&b, (enum order_kind)99, "127.0.2.2", "", "");
	for (int i = 0; i < 3; i++) /* the same again is no second sweep */
		order(&b, ORDER_SWEEP, "127.0.2.1", "not a MAC", "");
	struct addr wanted;
	assert_int_equal(addr_parse("127.0.2.1", &wanted), 0);
	do { /* what may not be sent to is told as skipped; nothing says that all is over */
		struct pollfd p = { .fd = b.main_fd, .events = POLLIN };

		assert_int_equal(poll(&p, 1, 20000), 1);
		assert_int_equal(recv(b.main_fd, &v, sizeof(v), 0), sizeof(v));
		assert_int_not_equal(v.kind, EVENT_SWEPT);
		if (v.kind == EVENT_HOST && addr_compare(&v.address, &wanted) != 0)
			assert_int_equal(v.host_state, HOST_SKIPPED);
	} while (v.kind != EVENT_HOST || addr_compare(&v.address, &wanted) != 0);
	assert_int_equal(v.host_state, HOST_ANSWERING);
	assert_int_equal(v.open, 1);
	assert_int_equal(v.closed, 1);
	order(&b, ORDER_IT, "127.0.2.1", "", ""); /* declared ot stays ot */
	order(&b, ORDER_SWEEP_LAST, NULL, "", "");
	order(&b, ORDER_SWEEP, "127.0.2.2", "", ""); /* it had said that none would follow */
	await(&b, EVENT_SWEPT);
	assert_int_equal(ask_open(&b, "127.0.2.1", b.port, PROBE_ANY, 1, &fd), ENDING_LIMIT);
	assert_int_equal(visitors_of(&b, "127.0.2.1", &others), 1);
	assert_int_equal(others, 0);
	assert_int_equal(visitors(b.stranger), 0);
	assert_int_equal(journal_lines(&b, 'O'), 2);
	finish(&b);
}

static void a_wrong_worker_reaches_nothing(void **state)
{
	static const char *const wrong[] = { "127.0.1.3", "127.0.99.9", "192.0.2.1",
					     "::1",       "127.0.2.1", /* nobody has found it yet */
					     "127.0.2.9", "127.0.3.1",  "127.0.4.1",
					     "127.0.5.1", "127.0.6.1",  "127.0.1.9",
					     "127.0.7.1", "127.0.8.1",  "127.0.9.1" };
	struct bench b;
	unsigned others;
	uint32_t conversation = 1;
	int fd;

	(void)state;
	start_with_packets(&b);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		for (int probe = NO_PROBE; probe < PROBES; probe++)
			assert_int_equal(ask_open(&b, wrong[i], b.port, probe, conversation++, &fd),
					 ENDING_LIMIT);
	/* The right address, with what is not planned, not there, not allowed. */
	assert_int_equal(ask_open(&b, "127.0.1.1", (uint16_t)(b.port ^ 1), PROBE_ANY, 1000, &fd),
			 ENDING_LIMIT);
	assert_int_equal(ask_open(&b, "127.0.1.1", 0, PROBE_ANY, 1001, &fd), ENDING_LIMIT);
	assert_int_equal(ask_open(&b, "127.0.1.1", b.port, PROBES, 1002, &fd), ENDING_LIMIT);
	assert_int_equal(ask_open(&b, "127.0.1.1", b.port, -2, 1003, &fd), ENDING_LIMIT);
	assert_int_equal(ask_open(&b, "127.0.1.1", b.port, PROBE_LOGIN, 1004, &fd), ENDING_LIMIT);
	/* A requester that changes its mind while it is being connected. */
	struct worker_request q = { .kind = REQUEST_CLOSE };
	assert_int_equal(transfer_send(b.worker_fd, &q, sizeof(q), -1), 0);
	assert_int_equal(visitors_of(&b, "127.0.1.1", &others), 0);
	assert_int_equal(others, 0);
	assert_int_equal(journal_lines(&b, 'O'), 0);
	/* What the plan allows is done, and not more often than the probe may. */
	for (int i = 0; i < 2; i++) {
		assert_int_equal(ask_open(&b, "127.0.1.1", b.port, PROBE_ANY, 2000, &fd),
				 ENDING_DONE);
		say_close(&b, fd);
	}
	assert_int_equal(ask_open(&b, "127.0.1.1", b.port, PROBE_ANY, 2000, &fd), ENDING_LIMIT);
	assert_int_equal(visitors_of(&b, "127.0.1.1", &others), 2);
	assert_int_equal(others, 0);
	assert_int_equal(visitors(b.stranger), 0);
	finish(&b);
}

static void signs_tighten_before_the_first_connection(void **state)
{
	struct bench b;
	unsigned others;
	int fd;

	(void)state;
	start_with_packets(&b);
	/* Found on the link, with a sign. */
	order(&b, ORDER_SWEEP, "127.0.6.1", "00:00:5e:00:53:01", "maker ACME");
	struct guard_event v = await(&b, EVENT_OT);
	assert_string_equal(v.ot_sign, "maker ACME");
	assert_string_equal(v.mac, "00:00:5e:00:53:01");
	/* Swept by packets, and a controller: nobody has connected to it yet. */
	order(&b, ORDER_OT, "127.0.1.2", "", "port 502");
	order(&b, ORDER_OT, "127.0.99.9", "", "port 502");
	v = await(&b, EVENT_OT);
	assert_string_equal(v.ot_sign, "port 502");
	order(&b, ORDER_IT, "127.0.1.2", "", "");
	order(&b, ORDER_IT, "127.0.6.1", "", "");
	order(&b, ORDER_SWEEP_LAST, NULL, "", "");
	await(&b, EVENT_SWEPT);
	visitors_of(&b, "127.0.6.1", &others);
	assert_int_equal(others, 0);
	assert_int_equal(ask_open(&b, "127.0.1.2", b.port, PROBE_ANY, 1, &fd), ENDING_LIMIT);
	assert_int_equal(ask_open(&b, "127.0.1.2", b.port, NO_PROBE, 2, &fd), ENDING_LIMIT);
	assert_int_equal(ask_open(&b, "127.0.6.1", b.port, NO_PROBE, 3, &fd), ENDING_LIMIT);
	visitors_of(&b, "127.0.1.2", &others);
	assert_int_equal(others, 0);
	assert_int_equal(ask_open(&b, "127.0.1.2", b.port, PROBE_OT, 4, &fd), ENDING_DONE);
	say_close(&b, fd);
	finish(&b);
}

static void hosts_are_forgotten_and_found(void **state)
{
	enum { COUNT = 20000 };
	struct site site;
	static struct host *made[COUNT];

	(void)state;
	assert_int_equal(site_default(&site), 0);
	struct hosts *hs = hosts_new(&site);
	assert_non_null(hs);
	for (uint32_t i = 0; i < COUNT; i++) {
		struct addr a = { .bytes = { [10] = 0xff,
					     0xff,
					     10,
					     (uint8_t)(i >> 16),
					     (uint8_t)(i >> 8),
					     (uint8_t)i } };

		made[i] = hosts_get(hs, &a);
		assert_non_null(made[i]);
		if (i % 3 != 0 && i >= 50) { /* an earlier one goes */
			uint32_t k = i - 50 + i % 7;

			if (made[k] != NULL)
				hosts_drop(hs, made[k]);
			made[k] = NULL;
		}
	}
	for (uint32_t i = 0; i < COUNT; i++) {
		struct addr a = { .bytes = { [10] = 0xff,
					     0xff,
					     10,
					     (uint8_t)(i >> 16),
					     (uint8_t)(i >> 8),
					     (uint8_t)i } };

		assert_ptr_equal(hosts_find(hs, &a), made[i]);
	}
	hosts_free(hs);
	site_done(&site);
}

static void one_mac_is_one_device(void **state)
{
	static const uint8_t macs[][6] = { { 0, 0, 0x5e, 0, 0x53, 1 }, { 0, 0, 0x5e, 0, 0x53, 2 } };
	struct site site;
	struct host *h[1000];

	(void)state;
	assert_int_equal(site_default(&site), 0);
	struct hosts *hs = hosts_new(&site);
	assert_non_null(hs);
	for (uint32_t i = 0; i < 1000; i++) {
		struct addr a = { .bytes = { [0] = 0xfd, [14] = (uint8_t)(i >> 8), (uint8_t)i } };
		uint8_t mac[6] = { 2, 0, 0, 0, (uint8_t)(i >> 8), (uint8_t)i };

		h[i] = hosts_get(hs, &a);
		assert_non_null(h[i]);
		hosts_set_mac(hs, h[i], i % 2 == 0 ? mac : macs[i % 4 / 2]);
	}
	h[5]->device->open = 3;
	for (uint32_t i = 0; i < 1000; i++)
		assert_ptr_equal(h[i]->device, i % 2 == 0 ? &h[i]->own : &h[i % 4]->own);
	/* What one address had under way when it turned out to be another's counts for both. */
	struct addr a = { .bytes = { [0] = 0xfd, [1] = 1 } };
	struct host *late = hosts_get(hs, &a);
	late->own.open = 1;
	late->own.next_ms = 77;
	late->own.ot = true;
	hosts_set_mac(hs, late, macs[0]);
	assert_ptr_equal(late->device, h[1]->device);
	assert_int_equal(h[1]->device->open, 4);
	assert_int_equal(h[1]->device->next_ms, 77);
	assert_true(h[1]->device->ot);
	hosts_free(hs);
	site_done(&site);
}

int main(void)
{
	clock_now = mmap(NULL, sizeof(*clock_now), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (clock_now == MAP_FAILED)
		return 99;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hosts_are_forgotten_and_found),
		cmocka_unit_test(one_mac_is_one_device),
		cmocka_unit_test(a_wrong_main_reaches_nothing),
		cmocka_unit_test(a_wrong_worker_reaches_nothing),
		cmocka_unit_test(signs_tighten_before_the_first_connection),
		cmocka_unit_test(the_sweep_tells_open_from_closed),
		cmocka_unit_test(nothing_leaves_the_scope),
		cmocka_unit_test(connections_of_a_conversation_are_counted),
		cmocka_unit_test(ot_gets_the_safe_probe_of_the_port_only),
		cmocka_unit_test(unknown_ports_of_ot_get_nothing),
		cmocka_unit_test(what_only_listens_may_not_speak),
		cmocka_unit_test(a_stop_ends_what_is_open_and_refuses_what_comes),
		cmocka_unit_test(a_controller_found_late_tightens_the_host),
		cmocka_unit_test(a_sweep_pauses_and_goes_on_at_its_next_port),
		cmocka_unit_test(an_attempt_under_way_is_taken_back),
		cmocka_unit_test(a_device_that_falls_silent_is_left_alone),
		cmocka_unit_test(a_controller_that_does_not_close_gets_no_other_connection),
		cmocka_unit_test(a_controller_that_closes_late_is_waited_for),
		cmocka_unit_test(a_controller_that_refuses_a_question_gets_one_look),
		cmocka_unit_test(other_zones_go_on_while_one_waits),
		cmocka_unit_test(a_window_that_ends_ends_the_conversation),
		cmocka_unit_test(a_stop_ends_a_wait),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
