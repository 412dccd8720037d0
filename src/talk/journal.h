/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guard's journal file: one line before a connection is opened, one after it was closed, each
 * written by one write() before anything is sent. main takes it into the store (store/journal.c)
 * and removes it; what a killed scan left is taken in by the next run on that store.
 *
 *   O NUMBER UNIX-MS ADDRESS PORT KIND
 *   B NUMBER UNIX-MS PROBE          the connection that listened goes on as this probe's
 *   C NUMBER UNIX-MS SOURCE SOURCE-PORT PACKETS SENT RECEIVED ENDING [STATE NO-HOST [REASON]]
 *   D UNIX-MS ADDRESS REASON        the host is left alone from now on
 *
 * STATE and what follows is what the sweep found on the port: a scan that is resumed goes by it.
 */
#ifndef TENKEN_TALK_JOURNAL_H
#define TENKEN_TALK_JOURNAL_H

#include "codec/address.h"
#include "wire/states.h"

/* What the sweep concluded from one connection. */
struct journal_found {
	bool known; /* false: nothing, the port counts as not tried */
	enum port_state state;
	unsigned no_host; /* see sweep_answer() */
	const char *reason;
};

bool journal_opened(int fd, uint64_t number, int64_t ms, const struct addr *a, uint16_t port,
		    const char *kind);
bool journal_became(int fd, uint64_t number, int64_t ms, const char *probe);
bool journal_closed(int fd, uint64_t number, int64_t ms, const struct addr *source,
		    uint16_t source_port, unsigned packets, uint64_t sent, uint64_t received,
		    const char *ending, const struct journal_found *found);
bool journal_distress(int fd, int64_t ms, const struct addr *a, const char *reason);

#endif
