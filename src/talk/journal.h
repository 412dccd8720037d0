/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guard's journal file: one line before a connection is opened, one after it was closed, each
 * written by one write() before anything is sent. main takes it into the store (store/journal.c)
 * and removes it; what a killed scan left is taken in by the next run on that store.
 *
 *   O NUMBER UNIX-MS ADDRESS PORT KIND          PORT/udp: datagrams of one conversation
 *   B NUMBER UNIX-MS PROBE          the connection that listened goes on as this probe's
 *   C NUMBER UNIX-MS SOURCE SOURCE-PORT PACKETS SENT RECEIVED ENDING [STATE NO-HOST [REASON]]
 *   D UNIX-MS ADDRESS REASON        the host is left alone from now on
 *
 * STATE and what follows is what the sweep found on the port: a scan that is resumed goes by it.
 *
 * The packets process writes to the same file. It goes over hosts and ports in an order that a key
 * gives (order.h), so a stretch of that order says exactly what was sent, without a line per packet:
 *
 *   L LANE UNIX-MS SOURCE SOURCE-PORT KEY HOSTS PORTS TARGETS   a block of addresses begins
 *   R LANE UNIX-MS KIND FROM TO    FROM .. TO (not within) may be sent from now on; a line each second
 *                                  at least, so that the next line's FROM tells how far the last one
 *                                  came, if it is of the same kind and not before it
 *
 *   A UNIX-MS INTERFACE KIND SOURCE DESTINATION PORT    a question to everybody on a segment (router, dhcp,
 *                                  mdns, echo-all), to one host there (mdns-name), or by the guard to
 *                                  a resolver (names)
 *
 * KIND of a stretch is syn, udp, echo, arp or nd; PORTS are those of TCP, then those of UDP as PORT/udp
 * (by up to 256 source ports of their own). Place i of a stretch is the port with index i / HOSTS in PORTS and the
 * address with index order_at(i % HOSTS) in TARGETS; what was answered, or found to be absent, before
 * is left out, so that the journal names at least all that was sent. A question that is asked once more,
 * to see how much gets lost, is a stretch of one place. The end of a pass is an empty stretch, behind
 * everything. Questions for the MAC of a gateway have no line.
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
		    bool udp, const char *kind);
bool journal_became(int fd, uint64_t number, int64_t ms, const char *probe);
bool journal_closed(int fd, uint64_t number, int64_t ms, const struct addr *source,
		    uint16_t source_port, unsigned packets, uint64_t sent, uint64_t received,
		    const char *ending, const struct journal_found *found);
bool journal_distress(int fd, int64_t ms, const struct addr *a, const char *reason);

bool journal_lane(int fd, unsigned lane, int64_t ms, const struct addr *source,
		  uint16_t source_port, const uint8_t key[static 16], uint32_t hosts,
		  const char *ports, const char *targets);
bool journal_stretch(int fd, unsigned lane, int64_t ms, const char *kind, uint64_t from,
		     uint64_t to);

bool journal_asked(int fd, int64_t ms, const char *interface, const char *kind,
		   const struct addr *source, const char *to, uint16_t port);

#endif
