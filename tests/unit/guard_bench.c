/* SPDX-License-Identifier: Apache-2.0 */
/* A guard between a main and a worker that the test plays, with listeners on loopback. */
#include "unit/guard_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "talk/transfer.h"

_Atomic int64_t *clock_now;

bool bench_clock_make(void)
{
	clock_now = mmap(NULL, sizeof(*clock_now), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return clock_now != MAP_FAILED;
}

static int64_t tell_time(void)
{
	return *clock_now;
}

int listen_on(const char *address, uint16_t *port)
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

void bench_declare(struct bench *b, const char *networks, enum zone_kind kind,
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

void bench_prepare(struct bench *b, const char *targets)
{
	memset(b, 0, sizeof(*b));
	assert_int_equal(site_default(&b->plan.site), 0);
	assert_int_equal(clock_load(&b->plan.site, "UTC"), 0);
	assert_int_equal(ranges_parse(&b->plan.targets, targets), 0);
	b->retries = 10;
	*clock_now = sunday + 12 * HOUR;
}

void bench_start_guard(struct bench *b, bool probe_knows_port)
{
	int main_pair[2], worker_pair[2];

	b->plan.ad_hoc_kind = ZONE_UNASSIGNED;
	b->plan.risk = SITE_READ;
	if (!b->no_tcp) {
		ports_put(b->plan.ports.tcp, b->port);
		ports_put(b->plan.ports.tcp, 9);
	}
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
			.retries = b->retries,
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

void bench_launch(struct bench *b, bool probe_knows_port)
{
	if (b->listener == 0)
		b->listener = listen_on("127.0.0.1", &b->port);
	b->stranger = listen_on("127.0.0.2", &b->port);
	bench_start_guard(b, probe_knows_port);
}

void bench_start(struct bench *b, enum zone_kind kind, bool probe_knows_port)
{
	bench_prepare(b, "127.0.0.1");
	if (kind != ZONE_UNASSIGNED)
		bench_declare(b, "127.0.0.0/8", kind, NULL);
	bench_launch(b, probe_knows_port);
}

struct guard_event await(struct bench *b, enum event_kind kind)
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

enum ending ask(struct bench *b, const struct worker_request *q, int *ret_fd)
{
	struct guard_reply r;

	assert_int_equal(transfer_send(b->worker_fd, q, sizeof(*q), -1), 0);
	assert_int_equal(transfer_receive(b->worker_fd, &r, sizeof(r), ret_fd), sizeof(r));
	return r.ending;
}

enum ending ask_open(struct bench *b, const char *address, uint16_t port, int probe,
		     uint32_t conversation, int *ret_fd)
{
	struct worker_request q = {
		.kind = REQUEST_OPEN, .port = port, .probe = probe, .conversation = conversation
	};

	assert_int_equal(addr_parse(address, &q.address), 0);
	return ask(b, &q, ret_fd);
}

void say_close(struct bench *b, int fd)
{
	struct worker_request q = { .kind = REQUEST_CLOSE };

	close(fd);
	assert_int_equal(transfer_send(b->worker_fd, &q, sizeof(q), -1), 0);
}

unsigned visitors(int listener)
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

unsigned journal_lines(const struct bench *b, char first)
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

void bench_finish(struct bench *b)
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
