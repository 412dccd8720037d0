/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A deliberately wrong main, for the lab: runs the real packets process and prints what it tells.
 *
 *   requester [site=FILE] [target=T]... [ports=P] [rate=N] [zone=KIND] [owned=CIDR]
 *             [orders=SEED]         sends every kind of order for every address, and nonsense
 *             [wrong-site=FILE] [wrong-target=T]... [wrong-hop=ADDRESS]
 *                                   its lanes are made of these instead: a fault in what decides
 *
 * Linked with --wrap=lanes_make.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "talk/guard.h"
#include "talk/packets_parts.h"
#include "wire/vendor.h"

enum { LIST = 16, ROUNDS = 200, QUIET_MS = 60000 };

struct wish {
	const char *targets[LIST];
	const char *owned;
	struct plan_wish plan;
};

static struct packets_setup wrong;
static bool use_wrong;

int __real_lanes_make(struct packets *p);
int __wrap_lanes_make(struct packets *p);

int __wrap_lanes_make(struct packets *p)
{
	const struct packets_setup *own = p->setup;

	if (use_wrong)
		p->setup = &wrong;
	int e = __real_lanes_make(p);
	p->setup = own;
	return e;
}

static int make(struct wish *w, struct plan *plan, struct routes *routes)
{
	struct complaints c = { 0 };

	w->plan.targets = w->targets;
	w->plan.owned = &w->owned;
	w->plan.owned_count = w->owned != NULL;
	w->plan.data_dir = getenv("TENKEN_DATA");
	w->plan.now = time(NULL);
	int e = plan_make(&w->plan, plan, &c);
	complaints_print(&c, stderr);
	complaints_done(&c);
	return e == 0 ? routes_make(&plan->targets, routes) : e;
}

static void tell(const struct sight *s)
{
	static const char *const hosts[] = { "answering", "silent",    "absent",
					     "skipped",   "all-ports", "distress" };
	static const char *const ports[] = { "open", "closed", "filtered", "silent" };
	char first[ADDR_TEXT], last[ADDR_TEXT];

	addr_format(&s->address, first);
	addr_format(&s->last, last);
	switch (s->kind) {
	case SIGHT_PORT:
		printf("port %s %u %s %s\n", first, s->port, ports[s->port_state], s->reason);
		break;
	case SIGHT_HOST:
		printf("host %s %s %u %u %u %u %s\n", first, hosts[s->host_state], s->open,
		       s->closed, s->filtered, s->silent, s->reason);
		break;
	case SIGHT_QUIET:
		printf("quiet %s %s %s %s\n", first, last, hosts[s->host_state], s->reason);
		break;
	case SIGHT_FOUND:
		printf("found %s %s\n", first, s->reason);
		break;
	case SIGHT_DUPLICATE:
		printf("duplicate %s %s\n", first, s->reason);
		break;
	case SIGHT_REMARK:
		printf("remark %s\n", s->reason);
		break;
	case SIGHT_SWEPT:
		printf("swept\n");
		break;
	default:
		break;
	}
}

/* Everything that could be taken for an order to send; what stops comes at the end anyway. */
static void ask(int fd, const struct ranges *outside)
{
	static uint8_t bytes[4096];

	for (int round = 0; round < ROUNDS; round++) {
		struct guard_order o = { .kind = (enum order_kind)(round % ORDER_STOP) };

		o.address = ranges_at(outside, (uint64_t)rand() % ranges_count(outside));
		snprintf(o.mac, sizeof(o.mac), "02:00:00:00:00:01");
		snprintf(o.reason, sizeof(o.reason), "port 502");
		send(fd, &o, sizeof(o), MSG_NOSIGNAL);
		send(fd, &o, (size_t)rand() % sizeof(o) + 1, MSG_NOSIGNAL); /* cut short */
		memcpy(bytes, &o, sizeof(o));                               /* too long */
		memset(bytes + sizeof(o), round, 64);
		send(fd, bytes, sizeof(o) + 64, MSG_NOSIGNAL);
		struct sight s = { .kind = (enum sight_kind)(round % SIGHT_SWEPT),
				   .address = o.address,
				   .last = o.address,
				   .port = 80 };
		send(fd, &s, sizeof(s), MSG_NOSIGNAL);
		struct worker_request r = { .kind = REQUEST_OPEN,
					    .address = o.address,
					    .port = 80 };
		send(fd, &r, sizeof(r), MSG_NOSIGNAL);
		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = (uint8_t)rand();
		send(fd, bytes, (size_t)rand() % sizeof(bytes) + 1, MSG_NOSIGNAL);
		/* As long as an order and of an unknown kind. */
		memcpy(bytes, "\xff\xff\xff\x7f", 4);
		send(fd, bytes, sizeof(o), MSG_NOSIGNAL);
	}
}

static int hear_all(int fd)
{
	struct sight sights[128];
	struct pollfd p = { .fd = fd, .events = POLLIN };

	for (;;) {
		if (poll(&p, 1, QUIET_MS) <= 0)
			return 1;
		ssize_t n = recv(fd, sights, sizeof(sights), 0);
		if (n <= 0)
			return 1;
		for (size_t i = 0; i < (size_t)n / sizeof(*sights); i++) {
			tell(&sights[i]);
			if (sights[i].kind == SIGHT_SWEPT)
				return 0;
		}
	}
}

int main(int argc, char **argv)
{
	struct wish w = { 0 }, bad = { 0 };
	struct plan plan, bad_plan;
	struct routes routes, bad_routes;
	const char *hop = NULL;
	bool orders = false;
	int fds[2], status;
	struct timespec t;

	for (int i = 1; i < argc; i++) {
		char *value = strchr(argv[i], '=');

		if (value == NULL)
			return 2;
		*value++ = '\0';
		if (strcmp(argv[i], "site") == 0)
			w.plan.site_path = value;
		else if (strcmp(argv[i], "target") == 0 && w.plan.target_count < LIST)
			w.targets[w.plan.target_count++] = value;
		else if (strcmp(argv[i], "ports") == 0)
			w.plan.ports = bad.plan.ports = value;
		else if (strcmp(argv[i], "rate") == 0)
			w.plan.rate = bad.plan.rate = value;
		else if (strcmp(argv[i], "zone") == 0)
			w.plan.zone = value;
		else if (strcmp(argv[i], "owned") == 0)
			w.owned = value;
		else if (strcmp(argv[i], "orders") == 0)
			orders = true, srand((unsigned)strtoul(value, NULL, 10));
		else if (strcmp(argv[i], "wrong-site") == 0)
			bad.plan.site_path = value;
		else if (strcmp(argv[i], "wrong-target") == 0 && bad.plan.target_count < LIST)
			bad.targets[bad.plan.target_count++] = value;
		else if (strcmp(argv[i], "wrong-hop") == 0)
			hop = value;
		else
			return 2;
	}
	use_wrong = bad.plan.target_count > 0;
	if (make(&w, &plan, &routes) != 0)
		return 2;
	bad.plan.zone = "it";
	if (use_wrong && make(&bad, &bad_plan, &bad_routes) != 0)
		return 2;
	clock_gettime(CLOCK_MONOTONIC, &t);
	int64_t now = (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
	struct packets_setup setup = {
		.plan = &plan,
		.routes = &routes,
		.board = guard_board_new(&plan, &routes, now),
		.shared = mmap(NULL, sizeof(struct shared), PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0),
		.journal_path = "requester.journal",
		.retries = PACKETS_RETRIES,
	};
	if (getrandom(setup.key, sizeof(setup.key), 0) != sizeof(setup.key) ||
	    getrandom(setup.order_key, sizeof(setup.order_key), 0) != sizeof(setup.order_key) ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0)
		return 2;
	/* What is wrong with the lanes: who is in them, and the way. */
	setup.main_fd = fds[1];
	wrong = setup;
	wrong.plan = &bad_plan;
	wrong.routes = &bad_routes;
	for (size_t i = 0; use_wrong && hop != NULL && i < bad_routes.count; i++) {
		struct way *way = (struct way *)(uintptr_t)&bad_routes.list[i].way;

		way->on_link = false;
		if (addr_parse(hop, &way->next_hop) != 0)
			return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	pid_t child = fork();
	if (child == 0) {
		close(fds[0]);
		_exit(packets_run(&setup));
	}
	close(fds[1]);
	printf("process %ld\n", (long)child);
	if (orders) {
		struct ranges outside = { 0 };

		ranges_parse(&outside, "10.80.0.0/24");
		ranges_subtract(&outside, &plan.targets);
		ask(fds[0], &outside);
		ranges_done(&outside);
	}
	status = hear_all(fds[0]);
	struct guard_order quit = { .kind = ORDER_QUIT };
	send(fds[0], &quit, sizeof(quit), MSG_NOSIGNAL);
	close(fds[0]);
	int ended;
	waitpid(child, &ended, 0);
	printf("ended %d\n", WIFEXITED(ended) ? WEXITSTATUS(ended) : 128);
	routes_done(&routes);
	plan_done(&plan);
	if (use_wrong) {
		routes_done(&bad_routes);
		plan_done(&bad_plan);
	}
	pace_board_free(setup.board);
	return status;
}
