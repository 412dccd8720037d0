/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an earlier run of the same scan knows of its hosts: read from the store by main before the
 * guard is forked, and only read afterwards.
 */
#ifndef TENKEN_TALK_RESUMED_H
#define TENKEN_TALK_RESUMED_H

#include "codec/address.h"
#include "wire/states.h"

/* One port that the sweep tried, as sweep_answer() takes it. */
struct resumed_answer {
	uint16_t port;
	bool udp;
	uint8_t state; /* enum port_state */
	uint8_t no_host;
};

/* A host of which more is known than that its sweep is over. */
struct resumed_host {
	struct addr address;
	bool over;      /* its sweep is */
	bool general;   /* it showed to be a general-purpose computer: treated as it */
	char *distress; /* why it was left alone, or NULL */
	char *ot_sign;  /* or NULL */
	char mac[18];
	uint32_t rtt_us; /* 0: unknown */
	int64_t first_ms, last_ms;
	/* Where its sweep is not over: the answers in the order in which they came, and their ports as
	 * a set. */
	struct resumed_answer *answers;
	size_t answer_count;
	struct ports *tried;
};

/* A host with a row of its own whose sweep is not over. */
struct resumed_row {
	struct addr address;
	bool heard; /* something came back from it */
};

struct resumed {
	struct addr *over; /* hosts whose sweep is over, sorted */
	size_t over_count;
	struct ranges quiet;      /* the same of addresses from which nothing came back */
	struct resumed_row *rows; /* sorted by address */
	size_t row_count;
	struct resumed_host *hosts; /* sorted by address */
	size_t host_count;
	uint64_t journal_number; /* the last one used */
};

void resumed_done(struct resumed *r);
/* All accept NULL: nothing was done before. */
bool resumed_is_over(const struct resumed *r, const struct addr *a);
/* How many addresses that holds for. */
uint64_t resumed_over_count(const struct resumed *r);
/* The first of the rows from `from` on; NULL: none. */
const struct resumed_row *resumed_next_row(const struct resumed *r, const struct addr *from);
const struct resumed_host *resumed_find(const struct resumed *r, const struct addr *a);

#endif
