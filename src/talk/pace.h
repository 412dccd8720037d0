/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pace: how many packets may leave in any sliding second. A bucket with burst b and refill rate - b
 * lets at most (rate - b) + b = rate packets through in any second. Callers reserve before they
 * send and give back what was not sent; what the kernel sent beyond the reservation (repeats, ACKs
 * of long answers) is charged as debt and delays what follows.
 */
#ifndef TENKEN_TALK_PACE_H
#define TENKEN_TALK_PACE_H

#include <stdbool.h>
#include <stdint.h>

struct pace {
	unsigned rate; /* packets per second; 0: no limit */
	unsigned burst;
	int64_t micro; /* millionths of a packet, may be negative (debt) */
	int64_t at_ms;
};

/* least: the largest reservation that will be asked for; a lower rate is kept by waiting longer
 * between such reservations. */
void pace_init(struct pace *p, unsigned rate, unsigned least, int64_t now_ms);
/* Another rate from now on; what was owed stays owed. */
void pace_change(struct pace *p, unsigned rate, unsigned least, int64_t now_ms);
/* Could n packets be sent now? */
bool pace_ready(struct pace *p, unsigned n, int64_t now_ms);
/* Takes n packets, also into debt. Negative n gives back. */
void pace_take(struct pace *p, int n);

#endif
