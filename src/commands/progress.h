/* SPDX-License-Identifier: Apache-2.0 */
/* How far the scan is: one line for a terminal, and for whoever asks by SIGUSR1. Pure: no clocks, no
 * files. */
#ifndef TENKEN_COMMANDS_PROGRESS_H
#define TENKEN_COMMANDS_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PROGRESS_TEXT = 512, PROGRESS_SAMPLES = 6 };

/* What is counted while the scan runs. */
struct progress_count {
	uint64_t hosts, total_hosts;
	uint64_t tried, packets; /* ports, by the sweep; packets of everything */
	unsigned long open, notable, conversations;
};

struct progress {
	int64_t began_ms;
	int64_t paused_ms; /* of that time so much was waited for windows */
	struct {
		int64_t at_ms;
		uint64_t tried, packets;
	} samples[PROGRESS_SAMPLES]; /* one a second: the rates are of the last five */
	unsigned sample_count;
};

void progress_begin(struct progress *p, int64_t now_ms);
/* Time has passed; paused: nothing could be done in it. */
void progress_pass(struct progress *p, const struct progress_count *c, bool paused, int64_t now_ms);
/* Seconds until all hosts are swept if the rest goes as it went so far, without the time that is waited
 * for windows; negative while nobody can tell. */
int64_t progress_left_s(const struct progress *p, const struct progress_count *c, int64_t now_ms);
/* pause: "paused: ..." or NULL. */
void progress_line(const struct progress *p, const struct progress_count *c, const char *pause,
		   int64_t now_ms, char out[static PROGRESS_TEXT]);
/* Cuts UTF-8 text to so many columns of a terminal. */
void progress_cut(char *text, size_t columns);

#endif
