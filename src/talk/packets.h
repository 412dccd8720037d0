/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The packets process: the only one with raw sockets. It works from its own copies of plan and
 * routes: it finds the hosts of local segments by ARP (RFC 826) and neighbour discovery (RFC 4861) and
 * sweeps zones of kind it, dmz and public by frames (TCP SYN, UDP, ICMP echo). What is to be swept by
 * connections it only finds, and tells.
 *
 * Every frame passes one place (packets_launch()): scope, window and pace are looked at there, on the
 * bytes that are about to leave. Nobody can ask this process to send anything: the only orders that it
 * knows are to stop and to quit.
 *
 * Stateless: an answer is believed when it brings back the keyed value of what was sent (frames.h).
 */
#ifndef TENKEN_TALK_PACKETS_H
#define TENKEN_TALK_PACKETS_H

#include "codec/span.h"
#include "site/plan.h"
#include "talk/pace.h"
#include "talk/resumed.h"
#include "talk/seam.h"
#include "wire/routes.h"

struct packets_setup {
	const struct plan *plan;
	const struct routes *routes;
	struct pace_board *board;
	int main_fd; /* SOCK_SEQPACKET: orders in; arrays of struct sight out */
	struct shared *shared;
	const char *journal_path; /* appended to: journal.h */
	const char *stop_path;    /* NULL: none */
	uint8_t key[16];          /* secret of this run: what answers must bring back */
	uint8_t order_key[16];    /* of the scan: the order of addresses, also after a restart */
	unsigned retries;         /* at most so many repeats of what was not answered */
	struct place_box *places; /* shared with main; NULL: places are not kept */
	/* A scan that goes on: what was done, and the places that were stored. Else NULL, 0. */
	const struct resumed *resumed;
	const struct span *kept;
	size_t kept_count;
};

enum { PACKETS_RETRIES = 10 };

/* Is there anything in this plan that frames would be used for? */
bool packets_wanted(const struct plan *p, const struct routes *r);
/* May this process open raw sockets (CAP_NET_RAW in its effective set)? */
bool packets_able(void);
/* Runs until told to quit, or until main is gone. Returns the exit status of the process. */
int packets_run(const struct packets_setup *setup);

#endif
