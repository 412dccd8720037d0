/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the processes say to each other. All are of one program on one machine, so plain structs go
 * over SOCK_SEQPACKET pairs; results with documents go over a stream with a header.
 */
#ifndef TENKEN_TALK_SEAM_H
#define TENKEN_TALK_SEAM_H

#include <stdatomic.h>
#include <stdint.h>

#include "codec/address.h"
#include "talk/conn.h"
#include "wire/states.h"

enum { THREADS_MOST = 512 };

/* Shared memory of all processes. */
struct shared {
	_Atomic uint64_t packets, tried; /* counted for the progress: packets sent, ports swept */
	atomic_int stop;                 /* set once by the guard: end what you do */
	/* The guard's connections that are not closed yet, and events that main has not been sent. */
	_Atomic uint64_t open;
	/* By worker thread: set by the guard where the end of a window cut its job short, taken back by
	 * the thread when the next begins. The job is worth nothing and is done again. */
	atomic_bool cut[THREADS_MOST];
};

/* ---- guard to main ---- */

/* The reason of an absent host where our own stack has no route to it. */
#define GUARD_NO_ROUTE "no route from here"
/* Of a silent one where nothing was sent to it either. */
#define PACKETS_NO_GATEWAY "no answer from the gateway"

/* Of a host that was only looked for: plan_only_finds(). */
#define SWEEP_NO_PORT "no port tried"

enum event_kind {
	EVENT_PORT,            /* an open or filtered port */
	EVENT_HOST,            /* the sweep of this host is over */
	EVENT_DISTRESS,        /* the host is left alone from now on */
	EVENT_OT,              /* a sign: the host is treated as OT from now on */
	EVENT_SWEPT,           /* the sweep of all hosts is over */
	EVENT_WAITING,         /* the sweep has only hosts left whose window is closed: one of those
				* that open first */
	EVENT_GOES_ON,         /* and a window has opened */
	EVENT_WORKERS_CLEARED, /* after ORDER_WORKERS_GONE: the channels are empty */
	EVENT_NAME,       /* reason: a name of this host by DNS, or a piece of it; complete: the
				* last one; port: 1 where the name leads back to the address */
	EVENT_NAMED,      /* ORDER_NAME was done, with or without a name */
	EVENT_NO_JOURNAL, /* the journal cannot be written: nothing is sent any more */
	EVENT_STOPPED,    /* nothing is sent any more and everything is closed */
};

struct guard_event {
	enum event_kind kind;
	struct addr address;
	uint16_t port;
	bool udp;
	enum port_state port_state;
	enum host_state host_state;
	enum treatment treatment;
	uint32_t open, closed, filtered, silent;
	uint32_t udp_ports; /* so many were asked; 0: nothing is sent there by UDP */
	uint32_t rtt_us;    /* 0: unknown */
	bool complete;
	int64_t first_ms, last_ms;
	char mac[18];
	char reason[96];
	char ot_sign[64];
};

/* ---- main to guard ---- */

enum order_kind {
	ORDER_OT, /* evidence showed control equipment: tighten */
	ORDER_IT, /* evidence showed a general-purpose computer: an unassigned host only */
	ORDER_WORKERS_GONE, /* the worker process died: close what it held */
	ORDER_SWEEP,        /* the packets process found this address: sweep it by connections */
	ORDER_SWEEP_LAST,   /* no ORDER_SWEEP will follow */
	ORDER_NAME,         /* look this target's name up: answered by EVENT_NAMED */
	ORDER_STOP,
	ORDER_QUIT, /* all work is done */
};

struct guard_order {
	enum order_kind kind;
	struct addr address;
	char mac[18];    /* ORDER_SWEEP: where it was learnt, else empty */
	char reason[64]; /* of ORDER_OT; ORDER_SWEEP: the OT sign, or empty */
};

/* ---- packets process to main: arrays of these, many in one message ---- */

enum sight_kind {
	SIGHT_PORT,  /* an open or filtered port */
	SIGHT_HOST,  /* the sweep of this host is over */
	SIGHT_QUIET, /* nothing came back from address .. last: host_state and reason say why */
	SIGHT_FOUND, /* to be swept by connections: ORDER_SWEEP to the guard */
	SIGHT_FOUND_LAST,
	SIGHT_DUPLICATE, /* another MAC answered for this address as well; reason: both */
	SIGHT_OUTSIDE,   /* seen on a segment, outside the targets: never sent to */
	SIGHT_ROUTER,    /* advertises itself as a router */
	SIGHT_DHCP,      /* offers addresses */
	SIGHT_NAME,      /* reason: a name of the host, or a piece of it; complete: the last one */
	SIGHT_REMARK,    /* reason: a text for the report; address where it concerns one */
	SIGHT_PLACE,     /* how far the sweep came is in the box: struct place_box */
	SIGHT_WAITING,   /* closed zones are left only; address is in the one that opens first */
	SIGHT_GOES_ON,
	SIGHT_SWEPT,      /* nothing more will be sent but on an order */
	SIGHT_NO_JOURNAL, /* the journal cannot be written: nothing more is sent */
	SIGHT_STOPPED,    /* after ORDER_STOP: nothing more is sent */
};

struct sight {
	enum sight_kind kind;
	struct addr address, last;
	uint16_t port;
	bool udp;
	enum port_state port_state;
	enum host_state host_state;
	bool complete;
	bool has_mac;
	uint8_t mac[6];
	uint32_t open, closed, filtered, silent, rtt_us;
	uint32_t udp_ports; /* SIGHT_HOST: see guard_event */
	int64_t first_ms, last_ms;
	char reason[64];
};

enum { PLACES_BYTES = 64 << 20 };

/* Memory of packets process and main: how far each lane is, for a scan that goes on. Filled before
 * SIGHT_PLACE is told, and not touched again until main has taken it out. Records: number of the lane
 * and length (32 bits, little-endian), then as many bytes; length 0: it has no place now. */
struct place_box {
	atomic_bool full;
	bool first; /* of this run: no place of an earlier one holds any longer */
	size_t used;
	uint8_t bytes[PLACES_BYTES];
};

/* ---- worker to guard, one channel per thread ---- */

enum request_kind {
	REQUEST_OPEN,      /* a connection to (address, port) for this probe */
	REQUEST_BECOME,    /* the open listening connection goes on as this probe's */
	REQUEST_WRITE,     /* n bytes are to be sent now */
	REQUEST_LEND,      /* n packets for a library */
	REQUEST_ELSEWHERE, /* the socket that hears the answer from another port */
	REQUEST_FOLLOW,    /* a datagram waits there: who sent it becomes its peer */
	REQUEST_CLOSE,     /* the connection is over; no reply */
};

/* probe: index in the registry; NO_PROBE: only listening. */
enum { NO_PROBE = -1 };

struct worker_request {
	enum request_kind kind;
	struct addr address;
	uint16_t port;
	int probe;
	uint32_t conversation; /* connections are counted by it */
	uint32_t n;
	uint32_t received; /* REQUEST_CLOSE: bytes that came by UDP, which the guard does not see */
};

struct guard_reply {
	enum ending ending; /* DONE: go on; with a descriptor for REQUEST_OPEN, _ELSEWHERE */
	bool elsewhere;     /* REQUEST_ELSEWHERE gives a second descriptor */
	bool unpaced;       /* no REQUEST_WRITE is needed on this connection */
};

/* ---- main to worker and back, one channel per thread ---- */

struct job {
	uint32_t id;
	struct addr address;
	uint16_t port;
	bool udp;
	enum treatment treatment;
	bool full_depth;     /* the site file says so for an OT device */
	bool unassigned;     /* nobody declared a zone and nothing has shown what it is */
	bool anonymous;      /* logins without a secret may be tried */
	bool quiet;          /* whatever is sent here is printed or logged: nothing is */
	uint32_t credential; /* of the list, from 1: one login, and nothing else; 0: none */
	bool tls;            /* of a login: inside TLS */
};

enum result_kind {
	RESULT_EVIDENCE, /* header and document */
	RESULT_DONE,     /* the job is over */
};

/* Followed by `length` bytes of JSON text. */
struct result_header {
	enum result_kind kind;
	uint32_t job;
	uint32_t length;
	int probe;
	enum ending ending;
	uint32_t connections;
	uint64_t sent, received;
	int64_t started_ms, finished_ms; /* Unix milliseconds */
	/* RESULT_DONE */
	char protocol[16];
	bool tls;
	char spoken[12];
	char limited[48];
};

#endif
