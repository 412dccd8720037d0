/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the packets process share: packets.c (the loop, what main is told), packets_launch.c
 * (the one way out), packets_pace.c (whom a frame counts for), packets_lanes.c (targets into lanes), packets_segment.c (the block of a lane that is
 * worked on), packets_find.c (ARP and ND), packets_ask.c (questions to everybody on a segment),
 * packets_sweep.c (passes over hosts and ports), packets_udp.c (UDP ports), packets_hear.c (frames that
 * come in), packets_answers.c (what they say of a port), packets_place.c (what a scan that goes on needs). Nobody else includes this.
 */
#ifndef TENKEN_TALK_PACKETS_PARTS_H
#define TENKEN_TALK_PACKETS_PARTS_H

#include "codec/reader.h"
#include "talk/packets.h"
#include "talk/sweep_way.h"
#include "wire/frames.h"
#include "wire/heard.h"
#include "wire/order.h"
#include "wire/payloads.h"
#include "wire/sweep.h"
#include "wire/tap.h"

enum {
	SEGMENT_HOSTS = 1 << 20,       /* addresses of a segment at most */
	SEGMENT_HOSTS_PACED = 1 << 16, /* the same where every host has a pace of its own */
	SEGMENT_PROBES = 1 << 26,      /* host and port pairs: one bit each */
	UNRESOLVED_MOST = 256,         /* addresses asked for on a link at once */
	UNANSWERED_LEAST = 100,        /* attempts per next hop at once, or a tenth of the rate */
	FLIGHTS = 1 << 16,             /* attempts whose time is kept */
	TURN = 1024,                   /* frames of a lane before the next has its turn */
	ANSWER_MS = 1000,              /* how long an answer is waited for at first */
	ANSWER_LEAST_MS = 100,
	FIND_MS = 500,      /* the same on a link */
	FIND_LEAST_MS = 20, /* how long a silent address keeps its place there at least */
	PUT_OFF = 4096,     /* places of a pass that wait for the pace of their host */
	SAMPLE = 1000,      /* answers that are asked for again to see how much is lost */
	LINK_SAMPLE = 500,  /* the same on a link */
	EARLY = 8,          /* probes that a silent host gets again */
	DOWN_MS = 10000,    /* an interface that is down so long does not come back */
	CAPTURE_BYTES = 4 << 20,
	TICK_MS = 20,
	SOURCE_PORT = 61000, /* above the kernel's own (ip_local_port_range), plus up to 4000 */
};

/* Whom a frame counts for: packets_pace.c. */
struct account {
	int zone;          /* in the pace board, or -1 */
	int segment;       /* the same for frames to everybody */
	struct pace *pace; /* the host's own, borrowed of a segment, or NULL */
	bool board;        /* the whole or the zone has a rate */
};

/* What waits in a wing's tap, a frame each, in their order: held until it left. */
struct owed {
	struct account account;
	bool to_all;
};

/* One interface with its raw sockets. */
struct wing {
	const struct interface *interface;
	int segment; /* in the pace board */
	struct tap *tap;
	struct owed owed[TAP_BATCH]; /* a ring */
	size_t owed_first, owed_count;
	int error;       /* it is down or gone, or could not be opened: nothing is sent by it */
	int64_t down_ms; /* since when */
	uint64_t dropped;
	bool asked;              /* everybody on the segment may be asked: ask_way.h */
	struct account question; /* what is held for the question that is about to be asked */
};

struct asking;

/* What came back from one host of the segment. */
struct seen {
	uint32_t open, closed, filtered;
	int64_t first_ms, last_ms; /* of the real-time clock */
	uint8_t no_host;           /* weight of messages that there is no such host: sweep.h */
	bool answered;             /* by itself: open, closed, echo */
	bool left; /* no further probe: the guard has it, or it answers everywhere */
	bool all_ports;
	bool handed;
	uint16_t handed_port; /* the sign was this port; 0: another */
	bool duplicate;       /* told */
	bool told;            /* it answered for every port, and main knows */
	uint32_t rtt_us;
};

struct found {
	uint32_t host; /* index in the segment */
	uint8_t mac[6];
};

/* The bit of an echo request's flight: none of struct segment.answered. */
#define FLIGHT_ECHO (UINT64_C(1) << 63)

struct put_off {
	uint64_t place;
	uint32_t host;
};

struct flight {
	uint64_t bit; /* of struct segment.answered, or FLIGHT_ECHO and the host */
	uint32_t host;
	uint32_t sent_ms;
};

/* A contiguous block of a lane's addresses that is worked on at one time. */
struct segment {
	uint64_t first; /* of the lane's index */
	uint32_t count; /* addresses */
	struct order order;
	uint64_t *answered; /* bit host * probe_count + probe */
	uint64_t *open;     /* the same: its attempt is counted as unanswered; or NULL */
	uint32_t *seen_of;  /* by host: index in seen plus 1 */
	struct seen *seen;
	size_t seen_count, seen_room;
	struct pace *paces; /* by host, or NULL */
	uint64_t *waits;    /* bits by host: a question of ARP, ND or echo to it is open */
	/* on a link */
	uint64_t *asking;  /* bits by host: the kernel's own question for its MAC is held */
	uint32_t *sure_ms; /* by host: when the kernel was sure of its MAC, plus 1; 0: not known */
	uint64_t *asked, *there; /* bits by host: ARP or ND under way, answered */
	struct found *found;
	size_t found_count, found_room;
	/* the pass */
	unsigned pass; /* 0: the first */
	bool echo;     /* the part of the pass for hosts that are silent */
	bool disturbed; /* answers may have been lost here: the interface was down, the capture full */
	bool whole;     /* the pass asks silent hosts for every port, too */
	uint64_t cursor; /* probe * hosts + place in the order */
	/* Places before it that wait for the pace of their host, in their order: what shows a controller
	 * comes first. */
	struct put_off *put_off;
	size_t put_off_count;
	uint64_t *behind;               /* bits by host: a place of it is among them */
	int64_t put_off_ms;             /* when they were looked at last */
	uint64_t sent, answers, wanted; /* of the first pass and its sample */
	uint64_t sample_sent, sample_answered;
	uint64_t total;   /* answers of all passes */
	uint32_t *sample; /* pairs host, probe; an answered one has UINT32_MAX as its host */
	size_t sample_count, sample_next;
	unsigned rounds; /* how many passes are enough, once known */
	uint32_t news;   /* what this pass was the first to hear of: hosts, ports that answered */
	int64_t last_sent_ms, last_heard_ms;
};

enum stage {
	STAGE_OPEN, /* the next segment has to be made */
	STAGE_HOP,  /* the gateway's MAC is asked for */
	STAGE_FIND, /* ARP or ND */
	STAGE_FIND_WAIT,
	STAGE_FIND_SAMPLE,
	STAGE_FIND_SAMPLE_WAIT,
	STAGE_PASS,
	STAGE_PASS_WAIT,
	STAGE_SAMPLE,
	STAGE_SAMPLE_WAIT,
	STAGE_OVER,
};

/* Where a pass is: packets_place.c. */
struct mark {
	enum stage stage;
	unsigned pass;
	bool echo;
	uint64_t cursor, sent, sample_sent;
	size_t sample_next;
};

/* A place of an earlier run, as far as it was read. */
struct kept {
	struct reader at; /* what follows the addresses */
	struct ranges addresses;
	uint8_t sweep;
	bool on_link, used;
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
	bool minds_kernel; /* something that the kernel's own questions for MACs count for has a rate */
	bool asks_udp;     /* zone of kind it, dmz or public, and risk class read */
	unsigned host_rate, unanswered_most;
	struct ranges targets;
	struct ranges_index index;
	uint64_t next; /* first address of the next segment */
	enum stage stage;
	struct segment segment;
	enum stage after_hop;
	size_t kept;               /* 1 + the place that it goes on from; 0: none */
	size_t wait_from, wait_to; /* lanes that are done before this one begins */
	struct mark mark;          /* when its place was told last */
	uint8_t hop_mac[6];
	bool hop_asking; /* as struct segment has them by host, for the gateway */
	uint32_t hop_sure_ms;
	unsigned hop_tries;
	int64_t wait_ms;    /* something happens then at the latest */
	const char *closed; /* why nothing may be sent now */
	int64_t gone_ms;    /* since when its source is no address of ours any more; -1 */
	uint16_t source_port;
	struct frame_form syn, echo;
	struct frame_form *udp; /* by probe, behind those of TCP; NULL: none yet */
	/* what is under way, where there is a limit */
	struct flight *flights; /* a ring */
	size_t flight_first, flight_count, unanswered;
	uint32_t answer_ms; /* after that an attempt is not waited for */
	uint32_t slowest_ms, timed;
	uint32_t find_ms, find_slowest_ms, find_timed; /* the same on a link */
	int64_t find_end_ms; /* when the last question of the round left */
	/* what the journal has */
	const char *written_kind;
	uint64_t written_from, written_to;
	int64_t written_ms;
};

/* TCP ports first, then UDP ports with what is asked there. */
struct probe_way {
	uint16_t port;
	bool udp, ot;
	const struct payload *payload;
};

struct packets {
	const struct packets_setup *setup;
	struct sweep_order ports;
	struct probe_way *probes;
	uint32_t probe_count;
	int udp_ports[PAYLOAD_SOURCES]; /* sockets that keep our source ports of UDP */
	uint16_t udp_first;             /* of those; 0: nothing is asked by UDP */
	struct wing *wings;
	size_t wing_count;
	struct lane *lanes;
	size_t lane_count, turn;
	struct asking *asking; /* by wing: packets_ask.c */
	size_t asking_count;
	/* The gate's own: who may be asked for on a link, and who of them may get single packets. */
	struct gate {
		struct ranges allowed;
		size_t last;
	} gate, gate_frames;
	bool refused_told;
	int journal, signals, addresses; /* netlink_watch_addresses() */
	bool addresses_changed;
	struct kept *kept;
	size_t kept_count;
	struct ranges over; /* by an earlier run */
	int64_t place_ms;   /* places are told then */
	bool places_told;
	int64_t start_ms, start_unix_ms, now_ms, tick_ms, stop_poll_ms;
	char *ports_text;
	uint16_t source_port;
	bool stopping, quitting, swept_told, stopped_told, waiting_told;
	uint64_t tried; /* ports since the last flush: for main's progress */
	struct device_sign {
		uint8_t mac[6];
		char sign[64];
	} * devices; /* control equipment, by MAC */
	size_t device_count;
	struct sight *sights; /* what main has not read yet */
	size_t sight_first, sight_count, sight_room;
};

/* ---- packets.c ---- */
void packets_tell(struct packets *p, const struct sight *s);
void packets_remark(struct packets *p, const struct addr *a, const char *text);
/* The journal cannot be written: main is told, nothing is sent any more. */
void packets_no_journal(struct packets *p);
/* Answers, or what was about to leave, may have been lost on this interface: its lanes ask once more for
 * what is missing. */
void packets_disturb(struct packets *p, const struct wing *w);
/* How long ago the loop looked at the clock. */
int64_t packets_late_ms(const struct packets *p);
int64_t packets_unix_ms(const struct packets *p);
/* Milliseconds since the process began. */
uint32_t packets_since(const struct packets *p);
/* The journal has the place `at` of the lane's order (up to `end`): false where it cannot be written;
 * nothing may be sent then. */
bool packets_written(struct packets *p, struct lane *l, const char *kind, uint64_t at,
		     uint64_t end);
/* A pass of places 0 .. end is over: what waits leaves, and the journal says so. False: to be tried again. */
bool packets_write_end(struct packets *p, struct lane *l, const char *kind, uint64_t end);
bool packets_write_lane(struct packets *p, struct lane *l);

/* ---- packets_pace.c ---- */
struct account packets_account(const struct lane *l, uint32_t host);
/* Of no host. zone: index, or -1. */
struct account packets_account_zone(const struct packets *p, const struct wing *w, int zone);
/* The same for any address that the lane may ask for: a gateway may be a target of another lane. */
struct account packets_account_of(struct packets *p, const struct lane *l, const struct addr *a);
/* Is there room for so many frames, of which so many go to everybody on the segment? Then they are held. */
bool packets_hold(struct packets *p, const struct account *a, unsigned frames, unsigned broadcasts);
/* So many left just now, and so many are held no longer. */
void packets_count(struct packets *p, const struct account *a, unsigned left, unsigned held,
		   unsigned broadcasts_left, unsigned broadcasts_held);
/* A frame was put into the wing's tap, for which one is held. */
void packets_owe(struct wing *w, const struct account *a, bool to_all);
/* What waits no longer has left. Whether it did or not: what is not known is counted. */
void packets_left(struct packets *p, struct wing *w);
/* Nothing that waits in the wing leaves any more. */
void packets_forget(struct packets *p, struct wing *w);
/* The segment's paces are about to go. */
void packets_disown(struct packets *p, const struct segment *s);
enum launch { LAUNCHED, LAUNCH_LATER, LAUNCH_REFUSED, LAUNCH_DOWN };
/* Before a SYN to this host, by this MAC. *ret_asks: our kernel may ask for the MAC by itself, before it
 * sends its RST: one frame to everybody is to be held with the SYN, and then told of here. Else than
 * LAUNCHED: the SYN cannot leave now. */
enum launch packets_kernel(struct packets *p, struct lane *l, uint32_t host, const struct addr *a,
			   const uint8_t mac[static 6], bool *ret_asks);
void packets_kernel_asks(struct lane *l, uint32_t host);
/* An attempt is over; sent: the kernel sent its RST. */
void packets_kernel_settle(struct packets *p, struct lane *l, uint32_t host, bool sent);

/* ---- packets_launch.c ---- */
/* What is to leave: one frame. The form (syn, echo, udp) or bytes (frame, n). */
int packets_gate_make(struct packets *p);
void packets_gate_done(struct packets *p);
/* May this address be asked for on a link? */
bool packets_gate(struct packets *p, const struct addr *to);
/* May an IP packet that is part of no connection go there? Of the same those in zones of kind it, dmz
 * and public. */
bool packets_gate_frames(struct packets *p, const struct addr *to);
/* To a host of the segment (its number, its address). asks: packets_kernel(). */
enum launch packets_launch_syn(struct packets *p, struct lane *l, const uint8_t mac[static 6],
			       uint32_t host, const struct addr *to, uint16_t port, bool asks);
enum launch packets_launch_udp(struct packets *p, struct lane *l, const uint8_t mac[static 6],
			       uint32_t host, const struct addr *to, uint32_t probe);
enum launch packets_launch_echo(struct packets *p, struct lane *l, const uint8_t mac[static 6],
				uint32_t host, const struct addr *to);
/* A request for the MAC of an address on the link. to_mac NULL: broadcast. */
enum launch packets_launch_find(struct packets *p, struct lane *l, const struct addr *who,
				const uint8_t *to_mac);
/* Is there room for one frame to everybody on the wing's segment, or to one host there; it is held for the
 * launch that follows where LAUNCHED is said. zone: index, or -1. */
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
/* Attempts that nothing has answered yet through the lane's next hop, or on its link, of all lanes. */
unsigned lanes_unanswered(const struct packets *p, const struct lane *l);
void lanes_done(struct packets *p);
/* More of them in the middle of the work, for hosts of large networks that go this way; the set is taken
 * over. */
int lanes_add(struct packets *p, const struct way *way, struct ranges *addresses);
/* Is this address in one of them? */
bool lanes_hold(const struct packets *p, const struct addr *a);
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
/* The addresses that are ours now: no question leaves from another. */
void ask_look_at_addresses(struct packets *p, const struct ranges *own);
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
/* This MAC is that of control equipment: its other addresses are handed over to the guard too. */
void find_control_device(struct packets *p, const uint8_t mac[static 6], const char *sign);
/* How many times each must be asked so that of so many that answer hardly one (1 in 100) is missed,
 * where this share gets lost; at most `most`. */
unsigned rounds_for(double lost, double count, unsigned most);
/* The share that gets lost, by a sample. A small one tells little, so it is not trusted fully. */
double share_lost(uint64_t sent, uint64_t answered);
/* A question of ARP, ND or echo to this host is open no longer, if one was. */
void find_settle(struct lane *l, uint32_t host);
/* The MAC of a host of the segment that was found; NULL. */
const uint8_t *find_mac(const struct lane *l, uint32_t host);

/* ---- packets_segment.c ---- */
int segment_open(struct packets *p, struct lane *l);
void segment_done(struct segment *s);
/* The number of a host's address in the lane, and back. */
struct addr segment_address(struct lane *l, uint32_t host);
bool segment_host(struct lane *l, const struct addr *a, uint32_t *ret);
/* Its addresses. 0 or negative errno. */
int segment_ranges(struct lane *l, struct ranges *ret);
/* What is known of a host, made when new; NULL without memory. */
struct seen *segment_seen(struct packets *p, struct lane *l, uint32_t host);
/* An attempt is not open any longer (an answer may come behind its time, when it is not); sent: packets
 * that the kernel sent because of the answer. */
void segment_settle(struct packets *p, struct lane *l, uint32_t host, uint64_t bit, unsigned sent);
/* What main is to hear of a host. */
struct sight segment_sight(struct packets *p, struct lane *l, uint32_t host, const struct seen *n,
			   enum sight_kind kind);
/* The segment is over: what was seen and what was not goes to main. cut: NULL where everything was
 * done; else why not, and how the hosts that did not answer are to be told. */
void segment_tell(struct packets *p, struct lane *l, enum host_state state, const char *cut);
/* A host that answered for every port is over at once, so that main has it in good time. Not where its
 * other addresses may show what it is, nor where it has a pace of its own, which a probe would not know. */
void segment_tell_early(struct packets *p, struct lane *l, uint32_t host, struct seen *n);
/* The segment was told: the next one, or the end. */
void segment_over(struct packets *p, struct lane *l);
/* segment_tell() for all that is left of the lane, which is over then. */
void lane_end(struct packets *p, struct lane *l, enum host_state state, const char *cut);

/* ---- packets_answers.c ---- */
void sweep_result(struct packets *p, struct lane *l, uint32_t host, uint32_t probe,
		  enum port_state state, unsigned no_host, const char *reason);
/* The guard is told (again) of a host that it has to sweep. */
void sweep_hand_over(struct packets *p, struct lane *l, uint32_t host);
/* An echo reply: the host is there. */
void sweep_alive(struct packets *p, struct lane *l, uint32_t host);
uint32_t sweep_probe_of(const struct packets *p, uint16_t port, bool udp); /* UINT32_MAX: none */

/* ---- packets_sweep.c ---- */
bool sweep_advance(struct packets *p, struct lane *l);
/* What was sent long ago is not waited for, whatever else holds the lane up. */
void sweep_expire(struct packets *p, struct lane *l);

/* ---- packets_place.c ---- */
/* Tells how far every lane is, once a second or at once. */
void places_tell(struct packets *p, bool at_once);
/* In this order: what earlier places say of addresses and ports; what is over; after the lanes were
 * made, their segments as they were (or anew). 0 or negative errno. */
int places_read(struct packets *p);
int places_over(struct packets *p);
void places_restore(struct packets *p);
void places_done(struct packets *p);
/* Does the place lie in these addresses, which are swept like this? */
bool place_fits(const struct kept *k, const struct ranges *addresses, enum sweep_way sweep,
		bool on_link);

/* ---- packets_udp.c ---- */
/* How many probes of a lane there are: with or without those of UDP. */
uint32_t udp_probes(const struct packets *p, const struct lane *l);
/* The UDP ports of the plan become probes; source ports are kept. 0 or negative errno. */
int udp_begin(struct packets *p);
void udp_end(struct packets *p);
/* The forms of a lane, once. */
int udp_forms(struct packets *p, struct lane *l);
/* An answer of a host, and an error about what we sent. */
void udp_heard(struct packets *p, struct lane *l, uint32_t host, const struct heard *h);
void udp_heard_error(struct packets *p, struct lane *l, uint32_t host, const struct heard *h,
		     unsigned no_host, const char *text);

/* ---- packets_hear.c ---- */
void packets_hear(struct packets *p, struct wing *w);

static inline struct seen *segment_seen_if_any(struct segment *s, uint32_t host)
{
	return s->seen_of[host] != 0 ? &s->seen[s->seen_of[host] - 1] : NULL;
}

static inline bool bit_is(const uint64_t *bits, uint64_t i)
{
	return bits[i / 64] >> (i % 64) & 1;
}

static inline void bit_set(uint64_t *bits, uint64_t i)
{
	bits[i / 64] |= UINT64_C(1) << (i % 64);
}

static inline void bit_clear(uint64_t *bits, uint64_t i)
{
	bits[i / 64] &= ~(UINT64_C(1) << (i % 64));
}

#endif
