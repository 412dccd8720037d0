/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a reachability test gets. All tests run in one process that holds no file, starts nothing and
 * cannot widen its gate; each is a module `int X_run(struct reach_run *)` that tests its paths and tells
 * of each.
 *
 * Sending goes through reach_connect(), reach_send() and reach_frame() alone, which ask the gate, wait
 * for the pace and for their turn at the host, and write the journal before anything leaves. Threads of
 * one module may use them side by side.
 */
#ifndef TENKEN_REACH_REACH_H
#define TENKEN_REACH_REACH_H

#include <pthread.h>
#include <stdatomic.h>

#include "reach/gate.h"
#include "reach/neighbours.h"
#include "reach/result.h"
#include "reach/token.h"
#include "site/plan.h"
#include "talk/pace.h"
#include "wire/routes.h"
#include "wire/tap.h"

struct overheard;

enum {
	REACH_SOURCES = 64,
	REACH_LINKS = 32,
	REACH_ADDRESSES = 64, /* of each list of struct reach_known */
	REACH_NEIGHBOURS = 4096,
	REACH_HOSTS_PER_ZONE = 16,
	REACH_PORTS = 32, /* of a host */
};

/* An address that is tested from. */
struct reach_source {
	char interface[IF_NAMESIZE];
	unsigned ifindex;
	struct addr address;
	int echo_fd; /* a raw ICMP or ICMPv6 socket, bound to interface and address; -1: not allowed */
};

/* An interface with MAC addresses and an address of ours. */
struct reach_link {
	struct interface interface; /* its ranges are borrowed */
	struct tap
		*tap; /* frames, both families; NULL without the right. tap_filter() may be set */
};

/* A proxy or similar: where it stands and what it is. */
struct reach_server {
	struct addr address;
	uint16_t port;
	bool socks, http; /* what it was seen to speak; neither: not known */
	char from[64];    /* who named it: "site", "resolv.conf", "dhcp", "scan", ... */
};

/* A host of a zone, with the ports to be tried. */
struct reach_host {
	struct addr address;
	const struct zone *zone;
	uint16_t ports[REACH_PORTS];
	bool expired[REACH_PORTS]; /* a conduit that is over allowed it */
	size_t port_count;
};

/* What site file, store and this machine know; collected by main before the process is forked. */
struct reach_known {
	struct reach_server resolvers[REACH_ADDRESSES];
	size_t resolver_count;
	struct reach_server proxies[REACH_ADDRESSES];
	size_t proxy_count;
	struct reach_server clocks[REACH_ADDRESSES];
	size_t clock_count;
	struct reach_server mail[REACH_ADDRESSES]; /* that relayed when the smtp probe asked */
	size_t mail_count;
	char wpad_urls[8][REACH_TEXT]; /* DHCP option 252, as heard */
	size_t wpad_count;
	char search_domains[8][REACH_TEXT]; /* in which a browser looks for `wpad` */
	size_t search_count;
	struct neighbour_known *neighbours; /* that earlier runs of the store saw on a segment */
	size_t neighbour_count;
	struct reach_host *hosts;
	size_t host_count;
};

struct reach_options {
	bool all_ports;
	bool full_gateway;           /* --full-gateway-test */
	bool methods[REACH_METHODS]; /* --only */
	const char *identity;        /* User-Agent: "tenken/1.0 (contact: ...)" */
};

/* How long somebody far away may take, and how often datagrams are repeated. */
enum {
	REACH_ANSWER_MS = 4000,
	REACH_REPEATS = 2,
	REACH_THREADS = 32,
	REACH_THREADS_ALL_PORTS = 256,
};

struct reach_run {
	const struct site *site;
	const struct plan *plan;
	const struct beacon *beacon;
	const struct token_key *key;
	uint64_t run_id; /* of the tokens */
	const struct reach_options *options;
	const struct reach_known *known;
	const struct routes *routes; /* its interfaces; ways to the beacon and the declared zones */
	struct gate *gate;
	struct reach_source sources[REACH_SOURCES];
	size_t source_count;
	struct reach_link links[REACH_LINKS];
	size_t link_count;
	struct overheard *heard;
	atomic_int *stop; /* shared with main: not 0, nothing more is sent */
	/* The rest is reach.c's. */
	struct pace_board *board;
	int journal, main_fd;
	_Atomic uint64_t conversations;
	_Atomic uint32_t numbers;
	_Atomic uint32_t questions;
	atomic_bool failed; /* the journal cannot be written: nothing more is sent */
	pthread_mutex_t turn_lock, tell_lock, gate_lock, echo_lock;
	struct reach_turn *turns;
	size_t turn_count;
};

/* Each ends early where reach_stopping(). 0, or negative errno where it could not run at all. */
int egress_run(struct reach_run *r);
int zones_run(struct reach_run *r);
int gateway_run(struct reach_run *r);

/* Who answers on the ordinary way to the beacon, hop by hop (at most 16), with packets like those of the
 * path that was silent or filtered. ret: as reach_result.hops; "[]" where nobody said anything, "" where
 * nothing can be asked. from: the one that refused or the last that answered; false where nobody did. */
bool hops_trace(struct reach_run *r, const struct reach_source *source, const struct addr *to,
		const char *transport, uint16_t port, char ret_hops[static REACH_HOPS],
		struct addr *ret_from);

/* Before the process gives its rights up: fills sources and links from r->routes, with their raw sockets
 * where the right is there; opens the journal. 0 or negative errno. */
int reach_open(struct reach_run *r, const char *journal_path);

/* The process itself: reads everything from `r`, tests, and tells main through r->main_fd. Returns its
 * exit status. */
int reach_process(struct reach_run *r);

bool reach_stopping(const struct reach_run *r);
int64_t reach_mono_ms(void);
int64_t reach_unix_ms(void);
/* Sleeps, but not beyond a stop. */
void reach_sleep(const struct reach_run *r, int64_t ms);

/* Runs what(context) in so many threads until all of them have returned. */
void reach_together(void *(*what)(void *), void *context, unsigned threads);

/* A path with its number, method, source (NULL: none) and destination filled in, as not tested. */
struct reach_result reach_begin(struct reach_run *r, enum reach_method m,
				const struct reach_source *from, const struct addr *to,
				uint16_t port, const char *transport);
/* Tells main; took_ms is made from at_ms where it is 0. */
void reach_tell(struct reach_run *r, struct reach_result *result);

/* ---- sending ---- */

/* One conversation: a connected socket (TCP, or UDP by connect(2)), non-blocking. */
struct reach_link_to {
	enum gate_use use;
	struct addr to;
	uint16_t port;
	bool udp;
	const struct reach_source *from; /* NULL: the kernel chooses */
	const char *purpose; /* the journal's word, at most 15 characters without spaces */
	int ttl;             /* 0: the usual one */
};

struct reach_talk {
	int fd;              /* -1: none */
	int error;           /* errno of connect() itself; 0 */
	const char *refusal; /* of the gate; NULL */
	uint64_t number;
	uint64_t sent, received;
	unsigned packets;
	struct reach_link_to way;
};

/* Opens and connects (without waiting for the answer of TCP). False: fd is -1, and refusal or error say
 * why; errno EINTR where the run is stopping. A socket that refuses tells who did: IP_RECVERR is set. */
bool reach_connect(struct reach_run *r, const struct reach_link_to *way, struct reach_talk *ret);
/* Sends on it. false: not all could be sent; t->refusal says why where it is the gate's doing, else errno
 * (EINTR: the run is stopping). packets are counted to the pace. */
bool reach_send(struct reach_run *r, struct reach_talk *t, const void *bytes, size_t n);
/* Closes properly, and writes the ending into the journal ("done", "silent", "refused", ...). */
void reach_end(struct reach_run *r, struct reach_talk *t, const char *ending);

/* One ICMP or ICMPv6 message of ours to the beacon, by the source's echo_fd; as it is on the wire behind
 * the IP header (ICMPv6: its checksum is the kernel's). ttl 0: the usual one. NULL, or why not. */
const char *reach_icmp(struct reach_run *r, const struct reach_source *from, const struct addr *to,
		       const void *bytes, size_t n, int ttl);

/* One whole Ethernet frame for the beacon's address to a neighbour's MAC: asks gate_frame(), waits for
 * the pace of whole and host, writes the journal line (A: kind "gateway", to: the neighbour), sends.
 * NULL, or why it was not sent. */
const char *reach_frame(struct reach_run *r, struct reach_link *link, const struct gate_frame *f,
			const struct addr *source, const struct addr *neighbour,
			const uint8_t *frame, size_t n);

#endif
