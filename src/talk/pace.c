/* SPDX-License-Identifier: Apache-2.0 */
#include "talk/pace.h"

static const int64_t packet = 1000000;

/* Micro-packets per millisecond. */
static int64_t refill(const struct pace *p)
{
	return (int64_t)(p->rate - p->burst) * (packet / 1000);
}

void pace_init(struct pace *p, unsigned rate, unsigned least, int64_t now_ms)
{
	unsigned burst = rate / 5 > least ? rate / 5 : least;

	if (burst >= rate && rate != 0)
		burst = rate - 1; /* something must flow back */
	*p = (struct pace){ .rate = rate, .burst = burst, .at_ms = now_ms };
	p->micro = (int64_t)burst * packet;
}

void pace_change(struct pace *p, unsigned rate, unsigned least, int64_t now_ms)
{
	int64_t before = p->rate != 0 ? p->micro : INT64_MAX;

	pace_init(p, rate, least, now_ms);
	if (before < p->micro)
		p->micro = before;
}

static void fill(struct pace *p, unsigned need, int64_t now_ms)
{
	int64_t most = (int64_t)(p->burst > need ? p->burst : need) * packet;

	if (now_ms > p->at_ms) {
		p->micro += refill(p) * (now_ms - p->at_ms);
		p->at_ms = now_ms;
	}
	if (p->micro > most)
		p->micro = most;
}

bool pace_ready(struct pace *p, unsigned n, int64_t now_ms)
{
	if (p->rate == 0)
		return true;
	fill(p, n, now_ms);
	return p->micro >= (int64_t)n * packet;
}

void pace_take(struct pace *p, int n)
{
	if (p->rate != 0)
		p->micro -= n * packet;
}
