/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the guard's files share: guard.c (the loop), guard_hosts.c (hosts, pace, what main is told),
 * guard_links.c (connections), guard_sweep.c (the connect sweep), guard_workers.c (requests of
 * workers). Nobody else includes this.
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
	OPEN_COST = 4,         /* packets of a connection without data: SYN, ACK, FIN, last ACK */
	WRITE_COST = 3,        /* a segment of ours and the ACKs of its answer */
	CONNECT_MS_OT = 5000,
	CONNECT_MS_IT = 3500, /* two SYN repeats, at 1 s and 3 s, and time for an answer */
	OPENS_MOST = 64, /* in one pass: between passes answers, orders and signals are served */
	DRAIN_MS = 1000,
	DRAIN_BYTES = 64 * 1024,
	TALK_MS = 120 * 1000,    /* the longest that one connection may be lent */
	OT_PAUSE_MS = 1000,      /* between two connections to a device */
	OT_WRITE_PAUSE_MS = 200, /* between two requests to a device */
	STOP_POLL_MS = 200,
	TICK_MS = 5, /* how often deadlines are looked at */
	BYTES_POLL_MS = 250,
	SLACK_BYTES = 64 * 1024, /* what the kernel may have taken in beyond a probe's budget */
	PLACES_OT = 1,
	PLACES_IT = 16,               /* connections at once per device */
	OT_HOST_RATE = 10,            /* packets per second at most */
	CONVERSATION_MS = 600 * 1000, /* the longest that a probe may go on with one port */
	FINISH_MS = 300, /* at a stop: an attempt so young at a controller may still be answered */
	STATE_SYN_SENT = 2, /* tcpi_state; the names stand in netinet/tcp.h only */
};

enum link_state { LINK_FREE, LINK_CONNECTING, LINK_LENT, LINK_DRAINING };

struct link {
	enum link_state state;
	int fd;
	struct host *host;
	uint16_t port;
	int worker; /* -1: the sweep's own */
	int probe;
	uint64_t number; /* in the journal */
	int64_t opened_ms, deadline_ms;
	int64_t write_ms; /* the next request may leave then */
	unsigned repeats; /* SYN repeats charged so far */
	unsigned charged; /* packets taken from the pace */
	size_t drained;
	bool peer_closed;
	enum ending ending; /* for the journal */
	bool found;         /* the sweep knows what to conclude: */
	enum port_state found_state;
	unsigned found_no_host;
	char found_reason[96];
};

/* One request of a worker that waits for its turn. */
struct waiting {
	bool active;
	struct worker_request request;
	struct host *host;
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
	struct pace pace;
	struct pace *zone_paces; /* by index in site.zones */
	struct link *links;
	unsigned link_most, links_used;
	struct waiting *waiting;           /* by worker */
	struct link **worker_link;         /* by worker */
	struct conversation *conversation; /* by worker */
	/* the sweep */
	struct host **active;
	unsigned active_count, active_turn, unanswered;
	uint64_t next_target, target_count;
	bool swept_told;
	/* the rest */
	int epoll, signals, journal;
	uint64_t journal_number;
	bool stopping, stopped_told, quitting;
	int64_t stop_poll_ms, bytes_poll_ms, tick_ms;
	unsigned link_turn;         /* where to look for a free link first */
	struct guard_event *events; /* what main has not read yet, in order */
	size_t event_count, event_room;
	bool more_to_open; /* the last pass of the sweep was cut */
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
/* How a new target is treated: zone, kind, depth, risk, pace. */
void guard_host_setup(struct guard *g, struct host *h, int64_t now);
/* An unassigned host without a sign of OT: treated as IT from now on. */
void guard_make_it(struct guard *g, struct host *h);
/* The host is treated as OT for the rest of the scan. */
void guard_make_ot(struct guard *g, struct host *h, const char *sign);
/* Signs of distress: nothing is opened to this device any more. */
void guard_leave_alone(struct guard *g, struct host *h, const char *why);
/* Whole, zone and host leave room for n packets; charge takes them (negative n gives back). */
bool guard_pace_allows(struct guard *g, struct host *h, unsigned n, int64_t now);
void guard_charge(struct guard *g, struct link *l, int n);
/* No limit of packets holds for this host: its worker need not ask before it writes. */
bool guard_unpaced(const struct guard *g, const struct host *h);

/* ---- guard_links.c ---- */
/* A connection may be started to this host now. */
bool guard_gate_open(struct guard *g, struct host *h, int64_t now);
/* Packets and bytes as the kernel counted them. */
void guard_count_link(const struct link *l, unsigned *packets, uint64_t *sent, uint64_t *received);
/* The socket is closed, the device's place is free, the journal line is complete. */
void guard_link_end(struct guard *g, struct link *l, int64_t now);
/* Says good-bye: our FIN, then what still comes, then close. */
void guard_link_drain(struct guard *g, struct link *l, int64_t now);
/* Journal, then connect. NULL where it failed at once; *ret_error is then a negative errno. */
struct link *guard_link_open(struct guard *g, struct host *h, uint16_t port, int worker, int probe,
			     int64_t now, int *ret_error);
/* An attempt ended without a connection. */
void guard_link_failed(struct guard *g, struct link *l, const struct finding *f, int64_t now);
/* epoll's news of a connection. */
void guard_link_event(struct guard *g, struct link *l, uint32_t events, int64_t now);

/* ---- guard_resume.c ---- */
/* Sets up every host of which an earlier run knows something; false without memory. */
bool guard_resume_all(struct guard *g, int64_t now);
void guard_resume_host(struct guard *g, struct host *h);
/* Takes over what the sweep found of this host before. */
void guard_resume_sweep(struct guard *g, struct host *h);

/* ---- guard_sweep.c ---- */
/* Something came back from the host itself. */
bool guard_answered(const struct host *h);
/* The answer of one port. */
void guard_sweep_found(struct guard *g, struct host *h, uint16_t port, const struct finding *f);
/* One pass: takes in targets, starts connections, retires hosts. */
void guard_sweep_advance(struct guard *g, int64_t now);

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
