/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guard under test: the test plays main and the only worker, real listeners on loopback count who comes,
 * and the guard's clock is the test's.
 */
#ifndef TENKEN_TESTS_UNIT_GUARD_BENCH_H
#define TENKEN_TESTS_UNIT_GUARD_BENCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "site/declare.h"
#include "talk/guard.h"

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
	unsigned retries; /* of questions by UDP */
	bool no_tcp;      /* the plan has no port of TCP */
};

/* The guard's clock, in memory that it shares with the test: 2026-11-22 was a Sunday. */
extern _Atomic int64_t *clock_now;
static const int64_t sunday = 1795305600; /* 00:00 UTC */
enum { HOUR = 3600 };

/* Once, before all else. */
bool bench_clock_make(void);
/* *port 0: any. */
int listen_on(const char *address, uint16_t *port);

/* In this order: the plan, its zones, the guard. */
void bench_prepare(struct bench *b, const char *targets);
void bench_declare(struct bench *b, const char *networks, enum zone_kind kind,
		   struct window *window);
void bench_launch(struct bench *b, bool probe_knows_port);
/* All three. kind: how the target is declared. The plan holds 127.0.0.1 and one port (and 9, which is
 * closed). */
void bench_start(struct bench *b, enum zone_kind kind, bool probe_knows_port);
/* The guard alone, where the listeners are there. */
void bench_start_guard(struct bench *b, bool probe_knows_port);
void bench_finish(struct bench *b);

/* The next event of this kind; others pass by. */
struct guard_event await(struct bench *b, enum event_kind kind);
enum ending ask(struct bench *b, const struct worker_request *q, int *ret_fd);
enum ending ask_open(struct bench *b, const char *address, uint16_t port, int probe,
		     uint32_t conversation, int *ret_fd);
void say_close(struct bench *b, int fd);
/* How many connections came since the last call; each is closed. */
unsigned visitors(int listener);
unsigned journal_lines(const struct bench *b, char first);

#endif
