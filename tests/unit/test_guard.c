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
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "site/declare.h"
#include "talk/guard.h"
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
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	assert_int_equal(addr_parse(address, &a), 0);
	socklen_t n = addr_to_sockaddr(&a, *port, &sa);
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

static void launch(struct bench *b, bool probe_knows_port)
{
	int main_pair[2], worker_pair[2];

	if (b->listener == 0)
		b->listener = listen_on("127.0.0.1", &b->port);
	b->stranger = listen_on("127.0.0.2", &b->port);
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
	unlink(b->journal);
	close(b->listener);
	close(b->stranger);
	for (size_t i = 0; i < b->plan.site.zone_count; i++)
		ranges_done(&b->zones[i].networks);
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

int main(void)
{
	clock_now = mmap(NULL, sizeof(*clock_now), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (clock_now == MAP_FAILED)
		return 99;
	const struct CMUnitTest tests[] = {
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
		cmocka_unit_test(other_zones_go_on_while_one_waits),
		cmocka_unit_test(a_window_that_ends_ends_the_conversation),
		cmocka_unit_test(a_stop_ends_a_wait),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
