/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A site's clock for what people read: the time zone of the process is switched, once for a whole report
 * or judging. Not while other threads run.
 */
#ifndef TENKEN_CODEC_CLOCK_H
#define TENKEN_CODEC_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The zone ("Asia/Tokyo"; NULL or one that the system does not know: UTC). The C library keeps it for the
 * whole process, so clock_leave() puts back what was there.
 */
struct clock {
	char *before;
};
bool clock_enter(struct clock *c, const char *zone);
void clock_leave(struct clock *c);

enum { TIME_TEXT = 40 };
/* "2026-11-20 22:09 JST" in the zone of clock_enter(), "" for 0. Returns out. */
const char *time_here(int64_t seconds, char out[static TIME_TEXT]);
/* "2026-11-20" of it. */
const char *day_here(int64_t seconds, char out[static TIME_TEXT]);

#endif
