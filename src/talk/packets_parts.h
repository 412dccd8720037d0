/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the packets process share: packets.c (the loop, what main is told), packets_launch.c
 * (the one way out), packets_lanes.c (targets into lanes), packets_find.c (ARP and ND), packets_sweep.c
 * (passes over hosts and ports), packets_hear.c (answers). Nobody else includes this.
 */
#ifndef TENKEN_TALK_PACKETS_PARTS_H
#define TENKEN_TALK_PACKETS_PARTS_H

#include "talk/packets.h"
#include "talk/sweep_way.h"
#include "wire/frames.h"
#include "wire/heard.h"
#include "wire/order.h"
#include "wire/sweep.h"
#include "wire/tap.h"

enum {
	SEGMENT_HOSTS = 1 << 20,       /* addresses of a segment at most */
	SEGMENT_HOSTS_PACED = 1 << 16, /* the same where every host has a pace of its own */
	SEGMENT_PROBES = 1 << 26,      /* host and port pairs: one bit each */
	UNRESOLVED_MOST = 256,	       /* addresses asked for on a link at once */
	UNANSWERED_LEAST = 100,	       /* attempts per next hop at once, or a tenth of the rate */
	FLIGHTS = 1 << 16,	       /* attempts whose time is kept */
	TURN = 1024,		       /* frames of a lane before the next has its turn */
	ANSWER_MS = 1000,	       /* how long an answer is waited for at first */
	ANSWER_LEAST_MS = 100,
	FIND_MS = 500,		       /* the same on a link */
	SAMPLE = 1000,		       /* answers that are asked for again to see how much is lost */
	EARLY = 8,		       /* probes that a silent host gets again */
	CAPTURE_BYTES = 4 << 20,
	TICK_MS = 20,
	SOURCE_PORT = 61000, /* above the kernel's own (ip_local_port_range), plus up to 4000 */
};

/* Addresses by number: a set of ranges with the count before each. */
struct index {
	struct ranges set;
	uint64_t *before;
	uint64_t count;
	size_t last; /* where the last look-up ended */
};
int index_make(struct index *x); /* from x->set; 0 or -ENOMEM */
void index_done(struct index *x);
struct addr index_at(struct index *x, uint64_t i);
/* False where the address is none of them. */
bool index_place(struct index *x, const struct addr *a, uint64_t *ret);

/* One interface with its raw sockets. */
struct wing {
	const struct interface *interface;
	int segment; /* in the pace board */
	struct tap *tap;
	int error; /* of the last attempt to send: the interface is down or gone */
	bool told;
	bool asked; /* everybody on the segment may be asked: ask_way.h */
};

struct asking;

/* What came back from one host of the segment. */
struct seen {
	uint32_t open, closed, filtered;
	uint32_t first_ms, last_ms; /* since the start of the process */
	uint8_t no_host;	    /* weight of messages that there is no such host: sweep.h */
	bool answered;		    /* by itself: open, closed, echo */
	bool left;		    /* no further probe: the guard has it, or it answers everywhere */
	bool handed;
	uint32_t rtt_us;
};

struct found {
	uint32_t host; /* index in the segment */
	uint8_t mac[6];
	bool twice; /* another answered for the address as well: told */
};

struct flight {
	uint64_t bit; /* of struct segment.answered */
	uint32_t host;
	uint32_t sent_ms;
};

/* A contiguous block of a lane's addresses that is worked on at one time. */
struct segment {
	uint64_t first;	 /* of the lane's index */
	uint32_t count;	 /* addresses */
	struct order order;
	uint64_t *answered;    /* bit host * probe_count + probe */
	uint32_t *seen_of;     /* by host: index in seen plus 1 */
	struct seen *seen;
	size_t seen_count, seen_room;
	struct pace *paces; /* by host, or NULL */
	/* on a link */
	uint64_t *asked, *there; /* bits by host: ARP or ND under way, answered */
	struct found *found;
	size_t found_count, found_room;
	/* the pass */
	unsigned pass;	 /* 0: the first */
	bool echo;	 /* the part of the pass for hosts that are silent */
	uint64_t cursor; /* probe * hosts + place in the order */
	uint64_t sent, answers, wanted; /* of the first pass and its sample */
	uint64_t sample_sent, sample_answered;
	uint32_t *sample; /* hosts << 0: pairs host, probe */
	size_t sample_count, sample_next;
	unsigned rounds; /* how many passes are enough, once known */
	uint32_t news;	 /* hosts heard of for the first time in this pass */
	int64_t last_sent_ms, last_heard_ms;
};

enum stage {
	STAGE_OPEN,	  /* the next segment has to be made */
	STAGE_HOP,	  /* the gateway's MAC is asked for */
	STAGE_FIND,	  /* ARP or ND */
	STAGE_FIND_WAIT,
	STAGE_PASS,
	STAGE_PASS_WAIT,
	STAGE_SAMPLE,
	STAGE_SAMPLE_WAIT,
	STAGE_OVER,
};

/* Targets that are handled alike: one zone, one way, public or not. */
struct lane {
	int zone; /* index in the site, or -1 */
	enum zone_kind kind;
	enum sweep_way sweep;
	const struct way *way;
	struct wing *wing;
	bool public;
	bool unlimited; /* neither the whole nor the zone has a rate */
	unsigned host_rate, unanswered_most;
	struct index targets;
	uint64_t next; /* first address of the next segment */
	enum stage stage;
	struct segment segment;
	uint8_t hop_mac[6];
	unsigned hop_tries;
	int64_t wait_ms; /* something happens then at the latest */
	const char *closed; /* why nothing may be sent now */
	uint16_t source_port;
	struct frame_form syn, echo;
	/* what is under way, where there is a limit */
	struct flight *flights; /* a ring */
	size_t flight_first, flight_count, unanswered;
	uint32_t answer_ms; /* after that an attempt is not waited for */
	uint32_t slowest_ms, timed;
	/* what the journal has */
	const char *written_kind;
	uint64_t written_from, written_to;
	int64_t written_ms;
};

struct probe_way {
	uint16_t port;
	bool udp, ot;
};

struct packets {
	const struct packets_setup *setup;
	struct sweep_order ports;
	struct probe_way *probes;
	uint32_t probe_count;
	struct wing *wings;
	size_t wing_count;
	struct lane *lanes;
	size_t lane_count, turn;
	struct asking *asking; /* by wing: packets_ask.c */
	size_t asking_count;
	struct ranges allowed; /* the gate's own */
	size_t allowed_last;
	bool public_allowed;
	int journal, signals;
	int64_t start_ms, start_unix_ms, now_ms, tick_ms, stop_poll_ms;
	char *ports_text;
	uint16_t source_port;
	bool stopping, quitting, swept_told, stopped_told, waiting_told;
	uint64_t sent, dropped;
	struct sight *sights; /* what main has not read yet */
	size_t sight_first, sight_count, sight_room;
};

/* ---- packets.c ---- */
void packets_tell(struct packets *p, const struct sight *s);
void packets_remark(struct packets *p, const struct addr *a, const char *text);
/* The journal cannot be written: nothing more is sent. */
void packets_no_journal(struct packets *p);
int64_t packets_unix_ms(const struct packets *p);
/* Milliseconds since the process began. */
uint32_t packets_since(const struct packets *p);
/* The journal has the place `at` of the lane's order (up to `end`): false where it cannot be written;
 * nothing may be sent then. */
bool packets_written(struct packets *p, struct lane *l, const char *kind, uint64_t at, uint64_t end);
bool packets_write_lane(struct packets *p, struct lane *l);

/* ---- packets_launch.c ---- */
/* What is to leave: one frame. The form (syn, echo, udp) or bytes (frame, n). */
enum launch { LAUNCHED, LAUNCH_LATER, LAUNCH_REFUSED, LAUNCH_DOWN };
int packets_gate_make(struct packets *p);
/* May an IP packet go to this address now? */
bool packets_gate(struct packets *p, const struct addr *to);
enum launch packets_launch_syn(struct packets *p, struct lane *l, const uint8_t mac[static 6],
			       const struct addr *to, uint16_t port, unsigned packets, unsigned held);
enum launch packets_launch_echo(struct packets *p, struct lane *l, const uint8_t mac[static 6],
				const struct addr *to);
/* A request for the MAC of an address on the link. to_mac NULL: broadcast. */
enum launch packets_launch_find(struct packets *p, struct lane *l, const struct addr *who,
				const uint8_t *to_mac);
/* Is there room for one frame to everybody on the wing's segment, or to one host there; it is taken where
 * LAUNCHED is said. zone: index, or -1. */
enum launch packets_ask_room(struct packets *p, struct wing *w, int zone);
/* A question to everybody, whole; only to the groups that ask_allowed() is about. */
enum launch packets_launch_ask(struct packets *p, struct wing *w, const uint8_t *frame, size_t n);
/* A question to one host of the segment, by a form that has its MAC. */
enum launch packets_launch_name(struct packets *p, struct wing *w, const struct frame_form *f,
				const struct addr *to);
/* Everything that waits in a wing leaves now. */
enum launch packets_flush(struct packets *p, struct wing *w);

/* ---- packets_lanes.c ---- */
int lanes_make(struct packets *p);
void lanes_done(struct packets *p);
/* More of them in the middle of the work, for hosts of large networks that go this way; the set is taken
 * over. */
int lanes_add(struct packets *p, const struct way *way, struct ranges *addresses);
/* The wing of this interface, made where it is new; NULL: there is no such interface. */
struct wing *packets_wing(struct packets *p, unsigned ifindex);

/* ---- packets_ask.c ---- */
int ask_make(struct packets *p);
void ask_done(struct packets *p);
/* What a wing has to hear because of the questions: added to its filter. Returns the length. */
size_t ask_filter(const struct packets *p, const struct wing *w, char *out, size_t room,
		  uint16_t port);
/* Why nobody on this wing's segment may be asked at this time; NULL: they may. */
const char *ask_closed(const struct packets *p, const struct wing *w, int64_t now);
void ask_look_at_windows(struct packets *p);
/* Nothing but closed windows is left: then *best and *ret are the earliest, where it is earlier. */
bool ask_waiting(struct packets *p, int64_t *best, struct addr *ret);
bool ask_advance(struct packets *p);
bool ask_over(const struct packets *p);
/* Every frame that a wing hears, also where nobody may be asked. */
void ask_heard(struct packets *p, struct wing *w, const struct heard *h);

/* ---- packets_find.c ---- */
/* Both: true where something was done, so that another turn is worth while now. */
bool find_advance(struct packets *p, struct lane *l);
void find_heard(struct packets *p, struct wing *w, const struct heard *h);
/* The MAC of a host of the segment that was found; NULL. */
const uint8_t *find_mac(const struct lane *l, uint32_t host);

/* ---- packets_sweep.c ---- */
int segment_open(struct packets *p, struct lane *l);
void segment_done(struct segment *s);
/* The number of a host's address in the lane, and back. */
struct addr segment_address(struct lane *l, uint32_t host);
bool segment_host(struct lane *l, const struct addr *a, uint32_t *ret);
struct seen *segment_seen(struct packets *p, struct lane *l, uint32_t host);
bool sweep_advance(struct packets *p, struct lane *l);
/* The segment is over: what was seen and what was not goes to main. cut: NULL where everything was
 * done; else why not, and how the hosts that did not answer are to be told. */
void segment_tell(struct packets *p, struct lane *l, enum host_state state, const char *cut);
/* The same for all that is left of the lane, which is over then. */
void lane_end(struct packets *p, struct lane *l, enum host_state state, const char *cut);
void sweep_result(struct packets *p, struct lane *l, uint32_t host, uint32_t probe,
		  enum port_state state, unsigned no_host, const char *reason);
/* An echo reply: the host is there. */
void sweep_alive(struct packets *p, struct lane *l, uint32_t host);
uint32_t sweep_probe_of(const struct packets *p, uint16_t port, bool udp); /* UINT32_MAX: none */

/* ---- packets_hear.c ---- */
void packets_hear(struct packets *p, struct wing *w);

static inline bool bit_is(const uint64_t *bits, uint64_t i)
{
	return bits[i / 64] >> (i % 64) & 1;
}

static inline void bit_set(uint64_t *bits, uint64_t i)
{
	bits[i / 64] |= UINT64_C(1) << (i % 64);
}

#endif
