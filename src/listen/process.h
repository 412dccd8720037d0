/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process that listens: it alone sees packets. It opens interfaces at its start, gets files from main as open
 * descriptors, and tells main what it understood (record.h).
 */
#ifndef TENKEN_LISTEN_PROCESS_H
#define TENKEN_LISTEN_PROCESS_H

#include <stdatomic.h>

#include "listen/record.h"

enum { LISTEN_INTERFACES = 16 };

struct listen_process {
	int channel;                                   /* to main: SOCK_SEQPACKET */
	atomic_int *stop;                              /* shared with main: not 0 ends it soon */
	struct capture *interfaces[LISTEN_INTERFACES]; /* opened; none: files */
	size_t interface_count;
	int64_t for_ms; /* how long interfaces are watched; 0: until it is stopped */
	size_t memory;
	bool show_names;
};

/* Returns the exit status of the process: 0, or 1 where main is gone or it could not begin. */
int listen_process(const struct listen_process *setup);

#endif
