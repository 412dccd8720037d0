/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pace: how many packets may leave in any sliding second. Time is cut into slots of 10 ms; what was
 * sent in the last 101 slots is never more than the rate, so no sliding second holds more, wherever it
 * begins. Within that, at most `burst` packets leave back to back by our decision: they refill at the
 * rate.
 *
 * What the kernel may still send by itself, at a moment that is not ours (the RST for an unexpected
 * SYN-ACK, ACK and FIN of a connection that is being made), is held: it counts as if it were being
 * sent, until it was sent (pace_take after pace_hold(-n)) or cannot come any more. Counting a packet
 * later than it left is safe as long as it is held until then; counting it earlier is not. So what
 * must never be too much is held first, sent, and taken with the time after that.
 */
#ifndef TENKEN_TALK_PACE_H
#define TENKEN_TALK_PACE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 1000 / PACE_SLOT_MS + 1: a second that begins within a slot ends within another. */
enum { PACE_SLOT_MS = 10, PACE_SLOTS = 101 };

struct pace {
	uint32_t rate; /* packets per second; 0: no limit */
	uint32_t burst;
	uint32_t held;
	uint32_t sum;  /* of the slots */
	int64_t slot;  /* number of the newest: milliseconds / PACE_SLOT_MS */
	int64_t micro; /* millionths of a packet that may leave now; negative: debt */
	int64_t at_ms;
	uint16_t slots
		[PACE_SLOTS]; /* small, since every host has one; no machine sends 65,535 in one */
};

/* least: the largest number that will be asked for at once: the burst is that and a twentieth of the
 * rate, so that whoever looks every 50 ms loses nothing; at most the rate. A rate below `least` is
 * kept by waiting longer between such requests. `empty`: what was sent elsewhere just before, at no
 * more than this rate and burst, is not known: starts with the debt of one burst, so that both
 * together keep the rate. */
void pace_init(struct pace *p, unsigned rate, unsigned least, bool empty, int64_t now_ms);
/* Another rate from now on; what was sent stays counted. */
void pace_change(struct pace *p, unsigned rate, unsigned least, int64_t now_ms);
/* Could n packets be sent now, and n_held more be held? */
bool pace_ready(struct pace *p, unsigned n, unsigned n_held, int64_t now_ms);
/* How many single packets could be sent now, at most `most`. */
unsigned pace_room(struct pace *p, unsigned most, int64_t now_ms);
/* n packets are being sent now (also into debt); negative n: so many were counted but did not leave. */
void pace_take(struct pace *p, int n, int64_t now_ms);
/* n more are held, or (negative) no longer. */
void pace_hold(struct pace *p, int n);

/* The paces that guard and packets process share, in memory that no other process has, behind a lock
 * that does not outlive its holder: the whole, the zones (packets) and the segments (broadcast and
 * multicast frames on one interface). */
struct pace_board {
	atomic_int lock;
	uint32_t zone_count, segment_count;
	size_t bytes;
	struct pace paces[]; /* the whole, zones, segments */
};

/* One request. zone, segment: index, or -1: none. */
struct pace_need {
	int zone, segment;
	unsigned packets, held;
	unsigned
		broadcasts; /* of them, or caused by them: frames that everybody on the segment gets */
	unsigned
		broadcasts_held; /* as held; frames at least a second apart need one place for all */
};

/* In anonymous shared memory; NULL without. Rates: per second, 0 none. */
struct pace_board *pace_board_new(unsigned rate, const unsigned *zone_rates, size_t zone_count,
				  const unsigned *segment_rates, size_t segment_count,
				  unsigned least, int64_t now_ms);
void pace_board_free(struct pace_board *b);
/* Takes what is needed where all of them have room; false: nothing was taken. */
bool pace_board_try(struct pace_board *b, const struct pace_need *need, int64_t now_ms);
/* Counts without asking: what the kernel sent (packets; negative: did not leave after all), what is
 * held in addition, or no longer (negative). */
void pace_board_count(struct pace_board *b, int zone, int packets, int held, int64_t now_ms);
/* The same for a segment. */
void pace_board_count_broadcasts(struct pace_board *b, int segment, int frames, int held,
				 int64_t now_ms);

#endif
