/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the guard's files share: guard.c (the loop), guard_hosts.c (hosts, pace, what main is told),
 * guard_links.c (connections), guard_udp.c (questions of the sweep by UDP), guard_elsewhere.c (answers from
 * another port), guard_distress.c (hosts that suffer), guard_sweep.c (the sweep by the kernel's sockets),
 * guard_windows.c (scan windows),
 * guard_workers.c (requests of workers). Nobody else includes this.
 */
#ifndef TENKEN_TALK_GUARD_PARTS_H
#define TENKEN_TALK_GUARD_PARTS_H

#include <sys/types.h>

#include "talk/guard.h"
#include "talk/hosts.h"
#include "talk/journal.h"
#include "talk/pace.h"
#include "talk/transfer.h"

enum {
	LINKS_MOST = 4096,     /* sockets at once */
	UNANSWERED_MOST = 256, /* hosts under way that have not answered yet */
	ACTIVE_MOST = 1024,    /* hosts under way */
	UNRESOLVED_MOST = 256, /* on-link addresses that the kernel is asking for */
	HOP_UNANSWERED =
		100, /* attempts at one next hop, or a tenth of the rate where that is more */
	SEGMENT_RATE_OT = 5, /* broadcast and multicast frames per second */
	OPEN_COST = 4,       /* packets of a connection without data: SYN, ACK, FIN, last ACK */
	CLOSE_COST = 2,      /* of them what its end takes */
	REQUEST_LEAST = 2,   /* a segment of ours and the ACK of its answer */
	REQUEST_PATIENCE_MS = 500,
	WRITE_COST = 3, /* a segment of ours and the ACKs of its answer */
	CONNECT_MS_OT = 5000,
	CONNECT_MS_IT = 3500,
	/* TCP_SYNCNT, whatever the machine's own setting is: the kernel goes on for 7 s. Until we give up it
	 * repeats after 1 and 3 s, since 6.5 in each second (tcp_syn_linear_timeouts): one less would end
	 * it after 3 s, when a device far away may still answer. */
	SYN_REPEATS = 2,
	LOOKS_MOST = 4096, /* targets looked at in one pass */
	OPENS_MOST = 64,   /* in one pass: between passes answers, orders and signals are served */
	DRAIN_MS = 1000,
	DRAIN_MS_UDP = 300,   /* a late answer meets a socket, and our kernel says nothing to it */
	UDP_ANSWER_MS = 1000, /* an answer to a question of the sweep is waited for so long */
	DRAIN_MS_OT = 10 * 1000, /* a controller gets no other connection before it closed this */
	DRAIN_BYTES = 64 * 1024,
	TALK_MS = 120 * 1000, /* the longest that one connection may be lent */
	OT_PAUSE_MS = 1000,   /* between two connections to a device */
	ASK_ALONE_MS = 300,   /* so long an answer with a MAC is waited for before others go on */
	CLAIM_MS = 50,        /* a host that waits for its segment looks again within that */
	CLAIM_MOST_MS = 10 * 1000,
	CLAIM_LATER_MS = 200,
	OT_WRITE_PAUSE_MS = 200, /* between two requests to a device */
	STOP_POLL_MS = 200,
	STALL_MS = 200,
	TICK_MS = 5, /* how often deadlines are looked at */
	BYTES_POLL_MS = 250,
	SLACK_BYTES = 64 * 1024, /* what the kernel may have taken in beyond a probe's budget */
	PLACES_OT = 1,
	PLACES_IT = 16,               /* connections at once per device */
	OT_HOST_RATE = 10,            /* packets per second at most */
	CONVERSATION_MS = 600 * 1000, /* the longest that a probe may go on with one port */
	FINISH_MS = 900,    /* after a stop an attempt at a controller may be answered so long */
	STATE_SYN_SENT = 2, /* tcpi_state; the names stand in netinet/tcp.h only */
	STATE_CLOSE = 7,
};

struct guard_names;

enum link_state { LINK_FREE, LINK_CONNECTING, LINK_LENT, LINK_DRAINING };

struct link {
	enum link_state state;
	int fd;
	int other_fd;  /* hears the answer from another port: guard_elsewhere.c; -1: none */
	bool followed; /* and has its one peer */
	struct host *host;
	uint16_t port;
	bool udp;
	uint64_t bytes_out, bytes_in; /* of UDP; in: as the worker says, where it is his */
	/* A question of the sweep by UDP; NULL: this is none. */
	const struct payload *payload;
	uint32_t key;   /* its keyed value */
	unsigned asked; /* so many times */
	int worker;     /* -1: the sweep's own */
	int probe;
	uint64_t number; /* in the journal */
	int64_t opened_ms, deadline_ms;
	int64_t write_ms;  /* the next request may leave then */
	unsigned held;     /* packets that may still leave, and have their place in the paces */
	unsigned closing;  /* of them for the end: data may not use them */
	unsigned counted;  /* packets that left and were taken from the paces (TCP_INFO) */
	bool asks_segment; /* holds the place of the kernel's ARP or ND requests for this host */
	size_t drained;
	bool peer_closed;
	int told_error;     /* of a message that was read away while the attempt went on; 0: none */
	bool look;          /* not the sweep itself: is a host that answered still there? */
	bool cut;           /* the window of its zone ended: it ends as at a stop */
	bool hurried;       /* its end is not waited for long: see guard_link_hurry() */
	enum ending ending; /* for the journal */
	bool found;         /* the sweep knows what to conclude: */
	enum port_state found_state;
	unsigned found_no_host;
	char found_reason[96];
};

/* Targets of one zone, by their indexes in guard.targets, that are taken in when its window opens. */
struct later {
	const struct zone *zone;
	uint64_t next, end;
};

/* One request of a worker that waits for its turn. */
struct waiting {
	bool active;
	bool refused; /* the peer's answer, told after another look at the host */
	struct worker_request request;
	struct host *host;
	int64_t since_ms;
};

/* A segment, as far as control equipment is concerned. A SYN leaves when the MAC of its host is known, and
 * only then shows whether that is a device which has something open already. So the first attempt to a host
 * begins where nothing is open on its segment, and alone. */
struct alone {
	struct host *asker; /* nothing begins before its MAC is known, or until_ms */
	int64_t until_ms;
	int64_t claim_ms,
		claimed_ms; /* until then, and since when: nothing new, another host is due */
	int64_t later_ms;   /* no claim before that */
	int64_t busy_ms;    /* something was open then */
};

struct conversation {
	uint32_t id;
	unsigned connections;
	int64_t started_ms;
};

struct guard {
	const struct guard_setup *setup;
	struct hosts *hosts;
	struct sweep_order order;
	struct pace_board *board;
	struct link *links;
	unsigned link_most, links_used;
	struct waiting *waiting;           /* by worker */
	struct link **worker_link;         /* by worker */
	struct conversation *conversation; /* by worker */
	/* the sweep */
	struct host **active;
	unsigned active_count, active_turn, unanswered, unresolved;
	struct alone *alone; /* by segment */
	struct ranges own;   /* the targets, without what an earlier run ended as quiet */
	struct ranges_index targets;
	uint64_t next_target, target_count;
	struct host **found; /* by the packets process, in its order; active from next_found on */
	size_t next_found, found_count, found_room;
	bool found_last;
	bool swept_told;
	/* windows: what waits for one to open */
	struct host **parked; /* in the middle of their sweep */
	struct later *later;  /* not begun; those whose window has opened are taken in first */
	size_t parked_count, parked_room, later_count, later_room;
	int64_t window_s; /* the second of the real-time clock that was judged last */
	bool waiting_told;
	/* the rest */
	int epoll, signals, journal;
	uint64_t journal_number;
	bool stopping, stopped_told, quitting;
	int64_t stop_poll_ms, bytes_poll_ms, tick_ms;
	int64_t stalled_ms; /* we ourselves stood still until then: what was under way is not timed */
	unsigned link_turn;         /* where to look for a free link first */
	struct guard_event *events; /* what main has not read yet, in order */
	size_t event_count, event_room;
	struct guard_names *names; /* NULL: none was asked for */
	bool more_to_open;         /* the last pass of the sweep was cut */
};

/* What an attempt found. */
struct finding {
	enum port_state state;
	unsigned no_host; /* see sweep_answer() */
	char reason[96];
	bool known; /* by an earlier run: main has it */
};

/* ---- guard.c ---- */
int64_t guard_mono_ms(void);
int64_t guard_unix_ms(void);
/* Nothing new is sent from now on; what is open is closed by the next tick. */
void guard_stop(struct guard *g);
/* One order of main; false where none waits. */
bool guard_take_order(struct guard *g);

/* The real-time clock, in seconds. */
int64_t guard_clock(const struct guard *g);

/* ---- guard_windows.c ---- */
/* NULL, or why nothing may be started to this host now; *ret_later: a window will open. */
const char *guard_refusal(const struct guard *g, const struct addr *a, bool *ret_later);
/* Once in each second of the real-time clock: marks what has to end because its window does, sets
 * hosts aside and takes them up again, tells main when nothing else is left. */
void guard_watch_windows(struct guard *g);
/* This target waits for its window. False without memory. */
bool guard_put_off(struct guard *g, const struct zone *z, uint64_t index);
/* The next target that was put off and whose window is open; false: none. */
bool guard_take_up(struct guard *g, uint64_t *ret_index);
/* Of a worker's job: it was cut short. */
void guard_cut_job(struct guard *g, int worker);

/* ---- guard_hosts.c ---- */
/* Sends what waits; main may be slow (its disk), the guard may not stand still for that. */
void guard_tell_waiting(struct guard *g);
/* Puts an event into the row and sends what can be sent. */
void guard_tell(struct guard *g, const struct guard_event *e);
void guard_tell_simple(struct guard *g, enum event_kind kind);
/* An event about this host, with its counts. */
struct guard_event guard_event_of(const struct host *h, enum event_kind kind);
void guard_set_reason(struct guard_event *e, const char *reason);
/* Whatever is found at one address of a device holds for the others. */
bool guard_gentle(const struct host *h);
/* Connections at once, and packets a second. */
unsigned guard_places(const struct host *h);
unsigned guard_host_rate(const struct guard *g, const struct host *h);
/* How a new target is treated: zone, kind, depth, risk, way, pace (empty: see pace_init()). */
void guard_host_setup(struct guard *g, struct host *h, bool empty, int64_t now);
/* The host of an address inside the plan that only the packets process has looked at so far; NULL where
 * it is none. What forbids sending at this time does not matter here. */
struct host *guard_host_of_packets(struct guard *g, const struct addr *a, int64_t now);
/* Is the MAC of this host known to the kernel, or not needed? If not, the next packet makes it ask. */
bool guard_resolved(struct guard *g, struct host *h, int64_t now);
/* From the neighbour table; a maker of controllers is an OT sign. */
void guard_learn_mac(struct guard *g, struct host *h);
/* An unassigned host without a sign of OT: treated as IT from now on. */
void guard_make_it(struct guard *g, struct host *h);
/* The host is treated as OT for the rest of the scan. */
void guard_make_ot(struct guard *g, struct host *h, const char *sign);
/* Signs of distress: nothing is opened to this device any more. */
void guard_leave_alone(struct guard *g, struct host *h, const char *why);
/* Whole, zone and host have room for n packets, and with `asks` the segment for the question for its
 * MAC: they are held from now on. Else nothing is. */
bool guard_reserve(struct guard *g, struct host *h, unsigned n, bool asks, int64_t now);
/* So many packets have left, and so many are no longer held. */
void guard_settle(struct guard *g, struct host *h, unsigned left, unsigned no_longer_held);
/* The kernel does not ask for this host any more. */
void guard_asked(struct guard *g, struct host *h);
/* No limit of packets holds for this host: its worker need not ask before it writes. */
bool guard_unpaced(const struct guard *g, const struct host *h);

/* ---- guard_elsewhere.c ---- */
/* The second socket of a link by UDP that was just connected. 0 or negative errno. */
int guard_elsewhere_open(struct link *l);
/* The first datagram waits there: its sender becomes the socket's peer. False where it may not, or did. */
bool guard_elsewhere_follow(struct link *l);
void guard_elsewhere_end(struct link *l);

/* ---- guard_links.c ---- */
/* A connection may be started to this host now, as far as it does not depend on others' pace. */
bool guard_gate_open(struct guard *g, struct host *h, int64_t now);
/* Moves what has left since the last time from held to taken. */
void guard_link_settle(struct guard *g, struct link *l);
/* n packets of a request are held for this connection from now on, instead of what is left of those
 * before; or of the largest number that has a chance after waiting so long. */
bool guard_link_request(struct guard *g, struct link *l, unsigned n, int64_t waited_ms,
			int64_t now);
/* Packets and bytes as the kernel counted them. */
void guard_count_link(const struct link *l, unsigned *packets, uint64_t *sent, uint64_t *received);
/* A stop, or the end of its window: what is under way to or from a controller has a little time to end
 * properly, once. */
void guard_link_hurry(struct link *l, int64_t now);
/* The socket is closed, the device's place is free, the journal line is complete. */
void guard_link_end(struct guard *g, struct link *l, int64_t now);
/* Says good-bye: our FIN, then what still comes, then close. A controller keeps its place until it has
 * closed its side too, or shows that it suffers. */
void guard_link_drain(struct guard *g, struct link *l, int64_t now);
/* Pace, journal, then connect, and for the sweep by UDP the question. NULL where it failed at once;
 * *ret_error is then a negative errno, -EAGAIN where the pace has no room. */
struct link *guard_link_open(struct guard *g, struct host *h, struct sweep_port port, int worker,
			     int probe, int64_t now, int *ret_error);
/* Something came back, or nothing will. */
void guard_attempt_over(struct guard *g, struct link *l);
/* Keeps for the journal what the sweep concludes. */
void guard_keep_finding(struct link *l, const struct finding *f);
/* Reads the ICMP messages of a socket away; what the first that counts says of its port. False: none. */
bool guard_judge_icmp(const struct link *l, struct finding *ret);
/* An attempt ended without a connection. */
void guard_link_failed(struct guard *g, struct link *l, const struct finding *f, int64_t now);
/* epoll's news of a connection. */
void guard_link_event(struct guard *g, struct link *l, uint32_t events, int64_t now);

/* ---- guard_udp.c ---- */
/* May this host be asked by UDP at all? Zones of kind it, dmz and public only, and no control equipment. */
bool guard_asks_udp(const struct guard *g, const struct host *h);
/* Sends the question, for which a packet is held. 0 or negative errno. */
int guard_udp_ask(struct guard *g, struct link *l, int64_t now);
/* No answer in time: true where the question has been or will be sent once more. */
bool guard_udp_again(struct guard *g, struct link *l, int64_t now);
/* The MAC of the host is known: what waited for that in the kernel has left. */
void guard_udp_left(struct guard *g, struct link *l, int64_t now);
/* epoll's news of it. */
void guard_udp_event(struct guard *g, struct link *l, int64_t now);
/* ---- guard_distress.c ---- */
/* After an answer of the sweep: is it to be looked at once more? */
void guard_watch_answer(struct guard *g, struct host *h, uint16_t port, enum port_state s);
/* True where a look is due or under way, so that nothing else may be started; starts it. */
bool guard_look(struct guard *g, struct host *h, int64_t now);
/* A controller refused a connection to this port, which was open: true where another look at one that
 * was open is wanted. */
bool guard_watch_refusal(struct host *h, uint16_t port);
/* The same look, outside of the sweep: true while it is due or under way. */
bool guard_look_again(struct guard *g, struct host *h, int64_t now);
/* The look found this. */
void guard_looked(struct guard *g, struct host *h, enum port_state s);
/* An attempt was answered: rising times are a sign of distress. rtt_us: the kernel's, or 0. */
void guard_watch_latency(struct guard *g, const struct link *l, uint32_t rtt_us, int64_t now);
/* The peer did not close its side as long as was waited for. */
void guard_watch_close(struct guard *g, const struct link *l);
/* A port that the sweep found open does not open any more. */
void guard_watch_failure(struct guard *g, struct host *h, bool silent);
/* ---- guard_resume.c ---- */
/* Sets up every host of which an earlier run knows something; false without memory. */
bool guard_resume_all(struct guard *g, int64_t now);
void guard_resume_host(struct guard *g, struct host *h);
/* Takes over what the sweep found of this host before. */
void guard_resume_sweep(struct guard *g, struct host *h);

/* ---- guard_sweep.c ---- */
/* Something came back from the host itself. */
bool guard_answered(const struct host *h);
/* The host answered, or is not waited for any longer. */
void guard_waited_enough(struct guard *g, struct host *h);
/* The answer of one port. */
void guard_sweep_found(struct guard *g, struct host *h, struct sweep_port port,
		       const struct finding *f);
/* ORDER_SWEEP. */
void guard_sweep_add(struct guard *g, const struct guard_order *o);
/* One pass: takes in targets, starts connections, retires hosts. */
void guard_sweep_advance(struct guard *g, int64_t now);

/* ---- guard_names.c ---- */
/* ORDER_NAME. */
void guard_names_add(struct guard *g, const struct guard_order *o);
void guard_names_advance(struct guard *g, int64_t now);
void guard_names_done(struct guard *g);

/* ---- guard_workers.c ---- */
/* To the worker thread; fd < 0: none. */
void guard_reply(struct guard *g, int worker, enum ending e, int fd, bool free_pace);
/* May this probe speak to this port of this host at all? */
bool guard_allowed(const struct guard *g, const struct host *h, uint16_t port, int probe);
/* Reads one request; what has to wait for its turn is served by guard_serve_waiting(). */
void guard_take_request(struct guard *g, int worker);
void guard_serve_waiting(struct guard *g, int64_t now);
/* The worker process is dead: closes what it held, empties its channels, tells main. */
void guard_workers_gone(struct guard *g, int64_t now);

#endif
