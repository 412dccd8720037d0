/* SPDX-License-Identifier: Apache-2.0 */
#include "talk/pace.h"

#include <sched.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static const int64_t packet = 1000000;

enum { LONG_MS = 60 * 1000, BACK_MS = PACE_SLOTS * PACE_SLOT_MS };

static unsigned burst_of(unsigned rate, unsigned least)
{
	uint64_t burst = (uint64_t)least + ((uint64_t)rate + 19) / 20;

	if (burst > rate)
		burst = rate;
	return burst > least ? (unsigned)burst : least;
}

static int64_t full(const struct pace *p)
{
	return p->burst * packet;
}

static uint16_t *slot_of(struct pace *p, int64_t number)
{
	return &p->slots[(number % PACE_SLOTS + PACE_SLOTS) % PACE_SLOTS];
}

void pace_init(struct pace *p, unsigned rate, unsigned least, bool empty, int64_t now_ms)
{
	*p = (struct pace){
		.rate = rate,
		.burst = burst_of(rate, least),
		.slot = now_ms / PACE_SLOT_MS,
		.at_ms = now_ms,
	};
	p->micro = empty ? -full(p) : full(p);
}

/* Forgets what is older than the window, and refills. */
static void advance(struct pace *p, int64_t now_ms)
{
	int64_t now_slot = now_ms / PACE_SLOT_MS;

	/* Two processes read the clock a moment apart: what lies a little behind counts as now. A clock
	 * that was set back far would stand still for as long: what was sent keeps its age instead. */
	if (now_ms < p->at_ms - BACK_MS) {
		uint16_t slots[PACE_SLOTS];

		for (int i = 0; i < PACE_SLOTS; i++)
			slots[i] = *slot_of(p, p->slot - i);
		p->slot = now_slot;
		p->at_ms = now_ms;
		for (int i = 0; i < PACE_SLOTS; i++)
			*slot_of(p, now_slot - i) = slots[i];
	}
	if (now_ms <= p->at_ms)
		return;
	if (now_slot - p->slot >= PACE_SLOTS) {
		for (int i = 0; i < PACE_SLOTS; i++)
			p->slots[i] = 0;
		p->sum = 0;
		p->slot = now_slot;
	}
	while (p->slot < now_slot) {
		uint16_t *oldest = slot_of(p, ++p->slot);

		p->sum -= *oldest;
		*oldest = 0;
	}
	int64_t ms = now_ms - p->at_ms;
	p->micro += (int64_t)p->rate * (packet / 1000) * (ms < LONG_MS ? ms : LONG_MS);
	if (p->micro > full(p))
		p->micro = full(p);
	p->at_ms = now_ms;
}

void pace_change(struct pace *p, unsigned rate, unsigned least, int64_t now_ms)
{
	bool unlimited = p->rate == 0;

	advance(p, now_ms);
	p->rate = rate;
	p->burst = burst_of(rate, least);
	if (unlimited || p->micro > full(p))
		p->micro = full(p);
}

bool pace_ready(struct pace *p, unsigned n, unsigned n_held, int64_t now_ms)
{
	uint64_t all = (uint64_t)n + n_held, before;

	advance(p, now_ms);
	if (p->rate == 0)
		return true;
	before = (uint64_t)p->sum + p->held;
	if (all > p->rate) /* more than a second may hold: alone, and the debt delays the next */
		return before == 0 && p->micro >= full(p);
	return before + all <= p->rate &&
	       (p->micro >= full(p) || p->micro >= (int64_t)all * packet);
}

unsigned pace_room(struct pace *p, unsigned most, int64_t now_ms)
{
	advance(p, now_ms);
	if (p->rate == 0)
		return most;
	uint64_t before = (uint64_t)p->sum + p->held;
	uint64_t window = before < p->rate ? p->rate - before : 0;
	uint64_t bucket = p->micro > 0 ? (uint64_t)(p->micro / packet) : 0;
	uint64_t room = window < bucket ? window : bucket;
	return room < most ? (unsigned)room : most;
}

void pace_take(struct pace *p, int n, int64_t now_ms)
{
	advance(p, now_ms);
	p->micro -= n * packet;
	if (p->micro > full(p))
		p->micro = full(p);
	if (n >= 0) {
		uint16_t *s = slot_of(p, p->slot);
		uint32_t more = UINT16_MAX - *s < n ? (uint32_t)UINT16_MAX - *s : (uint32_t)n;

		*s = (uint16_t)(*s + more);
		p->sum += more;
		return;
	}
	uint32_t back = (uint32_t)-n;
	for (int i = 0; i < PACE_SLOTS && back > 0; i++) {
		uint16_t *s = slot_of(p, p->slot - i);
		uint32_t some = *s < back ? *s : back;

		*s = (uint16_t)(*s - some);
		p->sum -= some;
		back -= some;
	}
}

void pace_hold(struct pace *p, int n)
{
	if (n < 0 && (uint32_t)-n > p->held)
		n = -(int)p->held;
	p->held = (uint32_t)((int64_t)p->held + n);
	p->micro -= n * packet;
	if (p->micro > full(p))
		p->micro = full(p);
}

/* ---- the board ---- */

struct pace_board *pace_board_new(unsigned rate, const unsigned *zone_rates, size_t zone_count,
				  const unsigned *segment_rates, size_t segment_count,
				  unsigned least, int64_t now_ms)
{
	size_t bytes =
		sizeof(struct pace_board) + (1 + zone_count + segment_count) * sizeof(struct pace);
	struct pace_board *b =
		mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (b == MAP_FAILED)
		return NULL;
	b->bytes = bytes;
	b->zone_count = (uint32_t)zone_count;
	b->segment_count = (uint32_t)segment_count;
	pace_init(&b->paces[0], rate, least, false, now_ms);
	for (size_t i = 0; i < zone_count; i++)
		pace_init(&b->paces[1 + i], zone_rates[i], least, false, now_ms);
	for (size_t i = 0; i < segment_count; i++)
		pace_init(&b->paces[1 + zone_count + i], segment_rates[i], least, false, now_ms);
	return b;
}

void pace_board_free(struct pace_board *b)
{
	if (b != NULL)
		munmap(b, b->bytes);
}

static int64_t clock_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* A holder that died in the middle leaves numbers that do not add up. */
static void repair(struct pace_board *b)
{
	for (size_t i = 0; i < 1 + (size_t)b->zone_count + b->segment_count; i++) {
		struct pace *p = &b->paces[i];

		p->sum = 0;
		for (int s = 0; s < PACE_SLOTS; s++)
			p->sum += p->slots[s];
	}
}

/* The lock holds the process that has it. It is held for some hundred nanoseconds: who has had it for
 * DEAD_MS is dead (it may still be a zombie, which answers kill(2) like the living) or stopped. */
static void lock(struct pace_board *b)
{
	enum { DEAD_MS = 200, SPINS = 100 };
	int me = (int)getpid(), holder = 0, seen = 0;
	int64_t since = 0;

	for (unsigned i = 1;; i++) {
		holder = 0;
		if (atomic_compare_exchange_weak_explicit(
			    &b->lock, &holder, me, memory_order_acquire, memory_order_relaxed))
			return;
		if (holder == 0 || i % SPINS != 0)
			continue;
		int64_t now = clock_ms();
		if (holder != seen || since == 0) {
			seen = holder;
			since = now;
		} else if (now - since >= DEAD_MS &&
			   atomic_compare_exchange_strong_explicit(&b->lock, &holder, me,
								   memory_order_acquire,
								   memory_order_relaxed)) {
			repair(b);
			return;
		}
		sched_yield();
	}
}

static void unlock(struct pace_board *b)
{
	int me = (int)getpid();

	/* Not where somebody took it from us. */
	atomic_compare_exchange_strong_explicit(&b->lock, &me, 0, memory_order_release,
						memory_order_relaxed);
}

static struct pace *zone_of(struct pace_board *b, int zone)
{
	return zone >= 0 && (uint32_t)zone < b->zone_count ? &b->paces[1 + zone] : NULL;
}

static struct pace *segment_of(struct pace_board *b, int segment)
{
	return segment >= 0 && (uint32_t)segment < b->segment_count
		       ? &b->paces[1 + b->zone_count + (uint32_t)segment]
		       : NULL;
}

static void count(struct pace *p, int n, int held, int64_t now_ms)
{
	if (p == NULL)
		return;
	if (held != 0)
		pace_hold(p, held);
	if (n != 0)
		pace_take(p, n, now_ms);
}

bool pace_board_try(struct pace_board *b, const struct pace_need *need, int64_t now_ms)
{
	lock(b);
	struct pace *zone = zone_of(b, need->zone), *segment = segment_of(b, need->segment);
	bool good = pace_ready(&b->paces[0], need->packets, need->held, now_ms) &&
		    (zone == NULL || pace_ready(zone, need->packets, need->held, now_ms)) &&
		    (segment == NULL || need->broadcasts + need->broadcasts_held == 0 ||
		     pace_ready(segment, need->broadcasts, need->broadcasts_held, now_ms));
	if (good) {
		count(&b->paces[0], (int)need->packets, (int)need->held, now_ms);
		count(zone, (int)need->packets, (int)need->held, now_ms);
		count(segment, (int)need->broadcasts, (int)need->broadcasts_held, now_ms);
	}
	unlock(b);
	return good;
}

void pace_board_count(struct pace_board *b, int zone, int packets, int held, int64_t now_ms)
{
	lock(b);
	count(&b->paces[0], packets, held, now_ms);
	count(zone_of(b, zone), packets, held, now_ms);
	unlock(b);
}

void pace_board_count_broadcasts(struct pace_board *b, int segment, int frames, int held,
				 int64_t now_ms)
{
	lock(b);
	count(segment_of(b, segment), frames, held, now_ms);
	unlock(b);
}
