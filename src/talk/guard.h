/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guard: the one process that opens and connects sockets. It works from its own copy of the
 * plan, so that a fault in the rest cannot send outside the scope. What it sends itself, beyond what
 * connections need, are the questions of the sweep by UDP (payloads.h), and by DNS for names.
 *
 * For every connection, of the sweep and of conversations alike, in this order: may this address be
 * spoken to (plan_refusal)? does the risk class, the zone and the depth allow this probe here? is
 * there a free place at the device, and has its pause passed? are not too many attempts unanswered at
 * its next hop, or on-link addresses unresolved? does the pace of the whole, the zone, the host and the
 * segment leave room? Then the journal line is written, then connect() is called.
 *
 * Closing is the guard's too, on its duplicate of a lent descriptor: shutdown, drain (bounded in
 * bytes and time), close. The device's place is free again when that is done.
 */
#ifndef TENKEN_TALK_GUARD_H
#define TENKEN_TALK_GUARD_H

#include "site/plan.h"
#include "talk/pace.h"
#include "talk/resumed.h"
#include "talk/seam.h"
#include "wire/routes.h"

/* What the guard must know of a probe, in the order of the registry. */
struct guard_probe {
	const char *name;
	struct ports ports;
	enum site_risk risk;
	unsigned connections[2]; /* limited, full depth */
	uint32_t sent[2], received[2];
	bool ot;
	bool udp;       /* ports are those of UDP, and no connection is made */
	bool elsewhere; /* the answer comes from another port */
};

struct guard_setup {
	const struct plan *plan;
	const struct guard_probe *probes;
	size_t probe_count;
	int main_fd;           /* SOCK_SEQPACKET: orders in, events out */
	const int *worker_fds; /* SOCK_SEQPACKET, one per worker thread */
	size_t worker_count;
	struct shared *shared;
	const struct routes *routes; /* the ways to the targets; NULL: not known */
	struct pace_board *board; /* shared with the packets process; NULL: the guard makes one */
	bool packets;             /* there is one that sends frames: see sweep_way.h */
	const char *journal_path; /* appended to; see talk/journal.h for its lines */
	const char *stop_path;    /* the stop file; NULL: none */
	int64_t (*clock)(
		void);    /* Unix seconds, for windows and authorisation; NULL: the machine's */
	unsigned retries; /* a UDP port is asked again at most so many times */
	const struct resumed *resumed; /* NULL: a scan that begins */
};

/* The paces of this plan: of the whole, its zones and the segments, which are the interfaces of routes
 * in their order. A segment on which a target of kind ot or unassigned lies gets at most five
 * broadcast or multicast frames a second. routes may be NULL. NULL without memory. */
struct pace_board *guard_board_new(const struct plan *plan, const struct routes *routes,
				   int64_t now_ms);

/* Runs until told to quit, or until main is gone. Returns the exit status of the process. */
int guard_run(const struct guard_setup *setup);

#endif
