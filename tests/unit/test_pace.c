/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pace in virtual time: in every sliding second at most the rate, and over time not much less. What
 * was sent is written down to the millisecond and counted here, independently of any slots.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "talk/pace.h"

enum { SECONDS = 20, MS = SECONDS * 1000 };

struct record {
	unsigned sent[MS];
};

/* The most in any sliding second: any 1000 consecutive milliseconds. */
static uint64_t worst_second(const struct record *r)
{
	uint64_t window = 0, worst = 0;

	for (int ms = 0; ms < MS; ms++) {
		window += r->sent[ms];
		if (ms >= 1000)
			window -= r->sent[ms - 1000];
		if (window > worst)
			worst = window;
	}
	return worst;
}

static uint64_t total(const struct record *r)
{
	uint64_t sum = 0;

	for (int ms = 0; ms < MS; ms++)
		sum += r->sent[ms];
	return sum;
}

/* A fixed, known row of numbers. */
static uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* Sends n at once whenever that is allowed, and looks every `every` milliseconds. */
static void send_greedily(unsigned rate, unsigned n, int every, int64_t start, struct record *r)
{
	struct pace p;

	memset(r, 0, sizeof(*r));
	pace_init(&p, rate, n, false, start);
	for (int ms = 0; ms < MS; ms += every)
		while (pace_ready(&p, n, 0, start + ms)) {
			pace_take(&p, (int)n, start + ms);
			r->sent[ms] += n;
		}
}

static void a_saturated_requester_gets_nine_tenths(void **state)
{
	static struct record r;
	static const struct {
		unsigned rate, n;
	} cases[] = { { 5, 1 },      { 40, 1 }, { 200, 1 }, { 1000, 1 },
		      { 100000, 1 }, { 40, 4 }, { 200, 4 } };
	static const int64_t starts[] = { 0, 1, 9, 10, 999, 123456789 };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (size_t k = 0; k < sizeof(starts) / sizeof(starts[0]); k++)
			for (int every = 1; every <= 10; every += 3) {
				send_greedily(cases[i].rate, cases[i].n, every, starts[k], &r);
				assert_true(worst_second(&r) <= cases[i].rate);
				assert_true(total(&r) * 10 >=
					    (uint64_t)cases[i].rate * SECONDS * 9);
			}
}

/* Bursts, pauses, several sizes, several at once: never above. */
static void no_sliding_second_exceeds_the_rate(void **state)
{
	static struct record r;
	static const unsigned rates[] = { 4, 5, 7, 10, 39, 40, 41, 200, 1000, 33333 };

	(void)state;
	for (uint32_t seed = 1; seed <= 200; seed++) {
		uint32_t x = seed * 2654435761U;
		unsigned rate = rates[seed % (sizeof(rates) / sizeof(rates[0]))];
		int64_t start = next_random(&x) % 5000;
		struct pace p;

		memset(&r, 0, sizeof(r));
		pace_init(&p, rate, 4, false, start);
		for (int ms = 0; ms < MS;) {
			unsigned tries = next_random(&x) % (rate + 5);

			while (tries-- > 0) {
				unsigned n = 1 + next_random(&x) % 4;

				if (!pace_ready(&p, n, 0, start + ms))
					continue;
				pace_take(&p, (int)n, start + ms);
				r.sent[ms] += n;
			}
			ms += next_random(&x) % 8 != 0 ? 1 : (int)(next_random(&x) % 1500);
		}
		assert_true(worst_second(&r) <= rate);
		assert_true(total(&r) > 0);
	}
}

/* Connections as the guard makes them: everything held at first, each packet leaving at a moment of
 * the kernel's own and noticed a while later, some never. */
static void what_is_held_keeps_its_place(void **state)
{
	enum { LINKS = 400 };
	struct {
		int left;         /* packets still to leave */
		int unseen;       /* left, not yet taken */
		int64_t leave_ms; /* the next */
	} links[LINKS];
	static struct record r;
	static const unsigned rates[] = { 5, 10, 40, 200, 1000 };

	(void)state;
	for (uint32_t seed = 1; seed <= 60; seed++) {
		uint32_t x = seed * 2246822519U;
		unsigned rate = rates[seed % 5];
		struct pace p;

		memset(&r, 0, sizeof(r));
		memset(links, 0, sizeof(links));
		pace_init(&p, rate, 4, false, 0);
		for (int ms = 0; ms < MS; ms++) {
			for (int i = 0; i < LINKS; i++) {
				if (links[i].left > 0 && ms >= links[i].leave_ms) {
					links[i].left--;
					links[i].unseen++;
					r.sent[ms]++;
					links[i].leave_ms = (int64_t)ms + next_random(&x) % 300;
				}
				if (links[i].unseen > 0 && next_random(&x) % 16 == 0) {
					pace_hold(&p, -links[i].unseen);
					pace_take(&p, links[i].unseen, ms);
					links[i].unseen = 0;
				}
				if (links[i].left > 0 && next_random(&x) % 512 == 0) {
					pace_hold(&p, -links[i].left); /* refused: none will come */
					links[i].left = 0;
				}
			}
			for (int i = 0; i < LINKS; i++) {
				if (links[i].left + links[i].unseen > 0 ||
				    !pace_ready(&p, 0, 4, ms))
					continue;
				pace_hold(&p, 4);
				links[i].left = 4;
				links[i].leave_ms = ms;
			}
		}
		assert_true(worst_second(&r) <= rate);
		assert_true(total(&r) >= (uint64_t)SECONDS);
	}
}

/* The hardest for a small rate: a connection that is refused sends one packet, but the room for four
 * must be there. */
static void refused_connections_use_nine_tenths(void **state)
{
	static struct record r;
	static const unsigned rates[] = { 40, 200, 1000 };

	(void)state;
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++)
		for (int every = 1; every <= 5; every++) {
			struct pace p;

			memset(&r, 0, sizeof(r));
			pace_init(&p, rates[i], 4, false, 7);
			for (int ms = 0; ms < MS; ms += every)
				while (pace_ready(&p, 0, 4, 7 + ms)) {
					pace_hold(&p, 4);
					r.sent[ms]++;
					pace_hold(&p, -4);
					pace_take(&p, 1, 7 + ms);
				}
			assert_true(worst_second(&r) <= rates[i]);
			assert_true(total(&r) * 10 >= (uint64_t)rates[i] * SECONDS * 9);
		}
}

static void held_packets_count(void **state)
{
	struct pace p;

	(void)state;
	pace_init(&p, 40, 4, false, 0);
	for (int64_t ms = 0; ms < 5000; ms += 100)
		if (pace_ready(&p, 0, 4, ms))
			pace_hold(&p, 4);
	assert_int_equal(p.held, 40);
	assert_false(pace_ready(&p, 1, 0, 60000)); /* however long it takes */
	assert_int_equal(pace_room(&p, 100, 60000), 0);
	pace_hold(&p, -1); /* one cannot come any more */
	assert_true(pace_ready(&p, 1, 0, 60000));
	assert_false(pace_ready(&p, 1, 1, 60000));
	assert_int_equal(pace_room(&p, 100, 60000), 1);
	pace_hold(&p, -1000); /* never below none */
	assert_int_equal(p.held, 0);
}

static void the_burst_is_bound(void **state)
{
	static const struct {
		unsigned rate, least, burst;
	} cases[] = { { 5, 1, 2 },          { 40, 4, 6 }, { 200, 4, 14 }, { 1000, 1, 51 },
		      { 100000, 64, 5064 }, { 3, 4, 4 },  { 1, 1, 1 } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pace p;

		pace_init(&p, cases[i].rate, cases[i].least, false, 0);
		assert_int_equal(p.burst, cases[i].burst);
		/* A long silence saves up no more than that. */
		for (int64_t ms = 0; ms <= 7200000; ms += 3600000) {
			unsigned n = 0;
			unsigned room = pace_room(&p, UINT32_MAX, ms);

			while (pace_ready(&p, 1, 0, ms)) {
				pace_take(&p, 1, ms);
				n++;
			}
			assert_int_equal(n, cases[i].burst < cases[i].rate ? cases[i].burst
									   : cases[i].rate);
			assert_int_equal(room, n);
		}
	}
}

static void a_rate_below_the_request_still_flows(void **state)
{
	static struct record r;

	(void)state;
	send_greedily(1, 4, 1, 0, &r);
	assert_true(total(&r) >= SECONDS - 4 && total(&r) <= SECONDS + 4);
	assert_int_equal(worst_second(&r), 4); /* one request, never two */
}

static void an_empty_start_continues_what_was_sent_elsewhere(void **state)
{
	static const unsigned rates[] = { 5, 40, 200, 1000 };
	static struct record r;

	(void)state;
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++)
		for (int handover = 0; handover < 3000; handover += 37) {
			struct pace first, second;

			memset(&r, 0, sizeof(r));
			pace_init(&first, rates[i], 4, false, 0);
			pace_init(&second, rates[i], 4, true, handover);
			for (int ms = 0; ms < MS; ms++) {
				struct pace *p = ms < handover ? &first : &second;

				/* The first saves its burst up and spends it at the very end. */
				if (p == &first && ms > handover - 500 && ms != handover - 1)
					continue;
				while (pace_ready(p, 1, 0, ms)) {
					pace_take(p, 1, ms);
					r.sent[ms]++;
				}
			}
			assert_true(worst_second(&r) <= rates[i]);
			assert_true(total(&r) * 10 >= (uint64_t)rates[i] * (SECONDS - 3) * 9);
		}
}

static void zero_is_no_limit(void **state)
{
	struct pace p;

	(void)state;
	pace_init(&p, 0, 4, false, 0);
	for (int i = 0; i < 100000; i++) {
		assert_true(pace_ready(&p, 4, 4, 0));
		pace_take(&p, 4, 0);
	}
	assert_int_equal(pace_room(&p, 77, 0), 77);
	/* A limit from now on knows what went out before. */
	pace_change(&p, 40, 4, 500);
	assert_false(pace_ready(&p, 1, 0, 500));
	assert_true(pace_ready(&p, 1, 0, 500 + 1010));
}

static void debt_delays_and_gifts_return(void **state)
{
	struct pace p;

	(void)state;
	pace_init(&p, 40, 4, false, 0);
	pace_take(&p, 86,
		  0); /* the kernel sent more than was reserved: a debt of 80 beyond the burst */
	assert_false(pace_ready(&p, 1, 0, 0));
	/* 40 a second refill the debt and one packet in 2,025 ms. */
	assert_false(pace_ready(&p, 1, 0, 2024));
	assert_true(pace_ready(&p, 1, 0, 2025));
	pace_init(&p, 40, 4, false, 0);
	pace_take(&p, 4, 0);
	assert_false(pace_ready(&p, 4, 0, 0));
	pace_take(&p, -3, 0); /* a refused connection sent one packet only */
	assert_true(pace_ready(&p, 4, 0, 0));
	assert_int_equal(p.sum, 1);
	pace_take(&p, -1000, 0); /* never below nothing */
	assert_int_equal(p.sum, 0);
}

/* The clock jumps, the world does not: what really leaves in a real second stays within the rate. */
static void clock_jumps_are_survived(void **state)
{
	static const int64_t jumps[] = { -1, -19, -500, -1009, -1011, -5000, -1000000, 3, 400 };
	static struct record r;

	(void)state;
	for (size_t k = 0; k < sizeof(jumps) / sizeof(jumps[0]); k++) {
		const int64_t base = 2000000;
		/* Forwards the time was really spent (a suspended machine), backwards it was not. */
		int64_t shift = 0;
		struct pace p;

		memset(&r, 0, sizeof(r));
		pace_init(&p, 40, 1, false, base);
		for (int ms = 0; ms < MS; ms++) {
			if (ms == 7003) {
				if (jumps[k] < 0)
					shift = jumps[k];
				else
					ms += (int)jumps[k];
			}
			while (pace_ready(&p, 1, 0, base + ms + shift)) {
				pace_take(&p, 1, base + ms + shift);
				r.sent[ms]++;
			}
		}
		assert_true(worst_second(&r) <= 40);
		/* It goes on: no more than a second or so is lost. */
		assert_true(total(&r) * 10 >= (uint64_t)40 * (SECONDS - 2) * 9);
	}
}

static void a_long_suspension_saves_nothing_up(void **state)
{
	static const int64_t sleeps[] = { 1011, 60000, 86400000, INT64_C(1) << 42 };

	(void)state;
	for (size_t i = 0; i < sizeof(sleeps) / sizeof(sleeps[0]); i++) {
		struct pace p;
		unsigned n = 0;

		pace_init(&p, 4000000000U, 4, false, 5);
		pace_take(&p, 2000000000, 5);
		assert_true(pace_ready(&p, 4, 0, 5 + sleeps[i]));
		pace_init(&p, 40, 4, false, 5);
		while (pace_ready(&p, 1, 0, 5)) {
			pace_take(&p, 1, 5);
			n++;
		}
		assert_int_equal(n, 6);
		assert_int_equal(pace_room(&p, 1000, 5 + sleeps[i]), 6);
	}
}

static void the_board_takes_all_or_nothing(void **state)
{
	const unsigned zones[] = { 10, 0 }, segments[] = { 5, 0 };
	struct pace_board *b = pace_board_new(20, zones, 2, segments, 2, 4, 0);
	struct pace_need need = { .zone = 0, .segment = 0, .packets = 3, .broadcasts = 3 };

	(void)state;
	assert_non_null(b);
	assert_true(pace_board_try(b, &need, 0));
	assert_false(pace_board_try(b, &need, 0)); /* the segment has 2 left */
	assert_int_equal(b->paces[0].sum, 3);
	assert_int_equal(b->paces[1].sum, 3);
	assert_int_equal(b->paces[3].sum, 3);
	need = (struct pace_need){ .zone = 1, .segment = 1, .packets = 2, .broadcasts = 3 };
	assert_true(pace_board_try(b, &need, 0)); /* neither has a limit, but the whole has */
	assert_int_equal(b->paces[0].sum, 5);
	assert_false(pace_board_try(b, &need, 0));
	/* No zone, no segment, and numbers that are none. */
	need = (struct pace_need){ .zone = -1, .segment = -1, .packets = 1 };
	assert_true(pace_board_try(b, &need, 400));
	need.zone = need.segment = 1000;
	assert_true(pace_board_try(b, &need, 400));
	assert_int_equal(b->paces[0].sum, 7);
	/* What is held, on the whole, the zone and the segment. */
	need = (struct pace_need){ .zone = 0, .segment = 0, .held = 4, .broadcasts_held = 1 };
	assert_true(pace_board_try(b, &need, 3000));
	assert_int_equal(b->paces[0].held, 4);
	assert_int_equal(b->paces[1].held, 4);
	assert_int_equal(b->paces[3].held, 1);
	pace_board_count(b, 0, 1, -4, 3000);
	pace_board_count_broadcasts(b, 0, 1, -1, 3000);
	assert_int_equal(b->paces[0].held, 0);
	assert_int_equal(b->paces[1].held, 0);
	assert_int_equal(b->paces[3].held, 0);
	assert_int_equal(b->paces[1].sum, 1);
	assert_int_equal(b->paces[3].sum, 1);
	assert_int_equal(atomic_load(&b->lock), 0);
	pace_board_free(b);
}

/* Several processes take single packets at one moment of virtual time: together never above. */
static void processes_share_a_board(void **state)
{
	enum { CHILDREN = 4, TIMES = 20000, RATE = 30000 };
	struct pace_board *b = pace_board_new(RATE, NULL, 0, NULL, 0, TIMES, 0);
	unsigned *taken =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t children[CHILDREN];
	unsigned sum = 0;

	(void)state;
	assert_non_null(b);
	assert_ptr_not_equal(taken, MAP_FAILED);
	for (int c = 0; c < CHILDREN; c++) {
		children[c] = fork();
		if (children[c] == 0) {
			struct pace_need one = { .zone = -1, .segment = -1, .packets = 1 };

			for (int i = 0; i < TIMES; i++)
				taken[c] += pace_board_try(b, &one, 0);
			_exit(0);
		}
		assert_true(children[c] > 0);
	}
	for (int c = 0; c < CHILDREN; c++) {
		int status;

		assert_int_equal(waitpid(children[c], &status, 0), children[c]);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
		sum += taken[c];
	}
	/* The burst: what is asked for at once and a twentieth of the rate. All asked for more. */
	assert_int_equal(sum, TIMES + RATE / 20);
	assert_int_equal(b->paces[0].sum, sum);
	munmap(taken, 4096);
	pace_board_free(b);
}

/* Killed while it holds the lock, in the middle of its counting. */
static void a_dead_holder_is_survived(void **state)
{
	struct pace_board *b = pace_board_new(40, NULL, 0, NULL, 0, 4, 0);
	struct pace_need one = { .zone = -1, .segment = -1, .packets = 1 };
	int status;

	(void)state;
	assert_non_null(b);
	assert_true(pace_board_try(b, &one, 0));
	pid_t child = fork();
	if (child == 0) {
		atomic_store(&b->lock, (int)getpid());
		b->paces[0].slots[0] += 3; /* not yet in the sum */
		raise(SIGKILL);
		_exit(1);
	}
	assert_true(child > 0);
	/* A zombie until we ask for it: that must not matter either. */
	assert_int_equal(waitid(P_PID, (id_t)child, &(siginfo_t){ 0 }, WEXITED | WNOWAIT), 0);
	assert_int_equal(atomic_load(&b->lock), child);
	assert_true(pace_board_try(b, &one, 0));
	assert_int_equal(b->paces[0].sum, 5);
	assert_int_equal(atomic_load(&b->lock), 0);
	waitpid(child, &status, 0);
	pace_board_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_saturated_requester_gets_nine_tenths),
		cmocka_unit_test(no_sliding_second_exceeds_the_rate),
		cmocka_unit_test(what_is_held_keeps_its_place),
		cmocka_unit_test(refused_connections_use_nine_tenths),
		cmocka_unit_test(held_packets_count),
		cmocka_unit_test(the_burst_is_bound),
		cmocka_unit_test(a_rate_below_the_request_still_flows),
		cmocka_unit_test(an_empty_start_continues_what_was_sent_elsewhere),
		cmocka_unit_test(zero_is_no_limit),
		cmocka_unit_test(debt_delays_and_gifts_return),
		cmocka_unit_test(clock_jumps_are_survived),
		cmocka_unit_test(a_long_suspension_saves_nothing_up),
		cmocka_unit_test(the_board_takes_all_or_nothing),
		cmocka_unit_test(processes_share_a_board),
		cmocka_unit_test(a_dead_holder_is_survived),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
