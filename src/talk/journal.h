/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guard's journal file: one line before a connection is opened, one after it was closed, each
 * written by one write() before anything is sent. main takes it into the store (store/journal.c)
 * and removes it; what a killed scan left is taken in by the next run on that store.
 *
 *   O NUMBER UNIX-MS ADDRESS PORT KIND
 *   B NUMBER UNIX-MS PROBE          the connection that listened goes on as this probe's
 *   C NUMBER UNIX-MS SOURCE SOURCE-PORT PACKETS SENT RECEIVED ENDING
 */
#ifndef TENKEN_TALK_JOURNAL_H
#define TENKEN_TALK_JOURNAL_H

#include "codec/address.h"

bool journal_opened(int fd, uint64_t number, int64_t ms, const struct addr *a, uint16_t port,
		    const char *kind);
bool journal_became(int fd, uint64_t number, int64_t ms, const char *probe);
bool journal_closed(int fd, uint64_t number, int64_t ms, const struct addr *source,
		    uint16_t source_port, unsigned packets, uint64_t sent, uint64_t received,
		    const char *ending);

#endif
