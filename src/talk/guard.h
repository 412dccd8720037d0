/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guard: the one process that opens and connects sockets. It works from its own copy of the
 * plan, so that a fault in the rest cannot send outside the scope.
 *
 * For every connection, of the sweep and of conversations alike, in this order: may this address be
 * spoken to (plan_refusal)? does the risk class, the zone and the depth allow this probe here? is
 * there a free place at the device, and has its pause passed? does the pace of the whole, the zone
 * and the host leave room? Then the journal line is written, then connect() is called.
 *
 * Closing is the guard's too, on its duplicate of a lent descriptor: shutdown, drain (bounded in
 * bytes and time), close. The device's place is free again when that is done.
 */
#ifndef TENKEN_TALK_GUARD_H
#define TENKEN_TALK_GUARD_H

#include "site/plan.h"
#include "talk/resumed.h"
#include "talk/seam.h"

/* What the guard must know of a probe, in the order of the registry. */
struct guard_probe {
	const char *name;
	struct ports ports;
	enum site_risk risk;
	unsigned connections[2]; /* limited, full depth */
	uint32_t sent[2], received[2];
	bool ot;
};

struct guard_setup {
	const struct plan *plan;
	const struct guard_probe *probes;
	size_t probe_count;
	int main_fd;           /* SOCK_SEQPACKET: orders in, events out */
	const int *worker_fds; /* SOCK_SEQPACKET, one per worker thread */
	size_t worker_count;
	struct shared *shared;
	const char *journal_path;      /* appended to; see store/journal.c for its lines */
	const char *stop_path;         /* the stop file; NULL: none */
	const struct resumed *resumed; /* NULL: a scan that begins */
};

/* Runs until told to quit, or until main is gone. Returns the exit status of the process. */
int guard_run(const struct guard_setup *setup);

#endif
