/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The listening core: frames in, what they tell out (told.h). It opens nothing, sends nothing and knows no
 * clock but that of the frames.
 */
#ifndef TENKEN_LISTEN_LISTENER_H
#define TENKEN_LISTEN_LISTENER_H

#include "codec/span.h"
#include "listen/told.h"

struct listener;

struct listener_setup {
	size_t memory;   /* bytes at most, about; 0: LISTENER_MEMORY */
	bool no_ndpi;    /* only our decoders say what is spoken */
	bool show_names; /* personal names as they are; else masked */
	uint64_t seed;   /* of the tables: a secret of this run */
	const struct told *told;
};

enum { LISTENER_MEMORY = 512 << 20, LISTENER_MEMORY_LEAST = 16 << 20 };

/* What there was no room for, and what was odd; counted since the start. */
struct listener_counts {
	uint64_t frames, bytes; /* on the wire */
	uint64_t snapped;
	uint64_t damaged; /* not understood from the link layer on */
	uint64_t
		one_sided; /* connections of which one direction alone was seen, so far as they are over */
	uint64_t fragments;       /* packets whose fragments did not become whole */
	uint64_t flows_forgotten; /* told early, since there was no room for more */
	uint64_t hosts_left, facts_left, operations_left; /* not kept: no room */
	uint64_t streams_left; /* connections that no decoder could read: no room */
	uint64_t gaps;         /* places where bytes of a connection are missing */
};

/* NULL without memory. */
struct listener *listener_new(const struct listener_setup *setup);
void listener_free(struct listener *l);
/* Forgets all that was heard, untold, as if it were new: cheaper than another one. Fuzzing needs that. False
 * without memory: it can only be freed. */
bool listener_reset(struct listener *l);
/* One captured frame; link: DLT_* of pcap(3). */
void listener_take(struct listener *l, int link, struct span frame, uint32_t wire_length,
		   int64_t time_ns);
/* Another capture begins: its clock is its own. Connections go on. */
void listener_next_capture(struct listener *l);
/* Tells what came since the last time: at most so many entries are looked at (0: all). True: that was all of
 * them, and the next call begins from the start. */
bool listener_tell(struct listener *l, uint32_t most);
/* No more frames will come: ends every connection and tells the rest. */
void listener_end(struct listener *l);
void listener_counts(const struct listener *l, struct listener_counts *ret);

#endif
