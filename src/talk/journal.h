/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guard's journal file: one line before a connection is opened, one after it was closed, each
 * written by one write() before anything is sent. main takes it into the store (store/journal.c)
 * and removes it; what a killed scan left is taken in by the next run on that store.
 *
 *   O NUMBER UNIX-MS ADDRESS PORT KIND
 *   B NUMBER UNIX-MS PROBE          the connection that listened goes on as this probe's
 *   C NUMBER UNIX-MS SOURCE SOURCE-PORT PACKETS SENT RECEIVED ENDING
 *
 * The packets process writes to the same file. It goes over hosts and ports in an order that a key
 * gives (order.h), so a stretch of that order says exactly what was sent, without a line per packet:
 *
 *   L LANE UNIX-MS SOURCE SOURCE-PORT KEY HOSTS PORTS TARGETS   a block of addresses begins
 *   R LANE UNIX-MS KIND FROM TO    FROM .. TO may be sent from now on; a line each second at least,
 *                                  so that the next line's FROM tells how far the last one came
 *
 *   A UNIX-MS INTERFACE KIND SOURCE DESTINATION PORT    a question to everybody on a segment (router, dhcp,
 *                                  mdns, echo-all), to one host there (mdns-name), or by the guard to
 *                                  a resolver (names)
 *
 * KIND is syn, echo, arp or nd. Place i of a stretch is the port with index i / HOSTS in PORTS and the
 * address with index order_at(i % HOSTS) in TARGETS; what was answered, or found to be absent, before
 * is left out, so that the journal names at least all that was sent.
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

bool journal_lane(int fd, unsigned lane, int64_t ms, const struct addr *source,
		  uint16_t source_port, const uint8_t key[static 16], uint32_t hosts,
		  const char *ports, const char *targets);
bool journal_stretch(int fd, unsigned lane, int64_t ms, const char *kind, uint64_t from,
		     uint64_t to);

bool journal_asked(int fd, int64_t ms, const char *interface, const char *kind,
		   const struct addr *source, const char *to, uint16_t port);

#endif
