/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files of the beacon. */
#ifndef TENKEN_REACH_BEACON_PARTS_H
#define TENKEN_REACH_BEACON_PARTS_H

#include <openssl/ssl.h>
#include <sys/queue.h>

#include "reach/beacon.h"
#include "reach/beacon_dns.h"

enum {
	CONNECTIONS_MOST = 1024,
	CONNECTIONS_PER_SOURCE = 64,
	CONNECTION_MS = 10000, /* from accept to the last byte */
	LINGER_MS = 2000,    /* for the peer's own end, so that the answer is not lost to a reset */
	REQUEST_MOST = 2048, /* bytes of a request, and of a TLS hello */
	TLS_IN_MOST = 16384, /* bytes of a whole TLS conversation */
	DATAGRAM_MOST = 2048,
	SOURCES = 4096,        /* slots; sources of one slot share its limits */
	SEEN_ROOM = 1 << 19,   /* questions that are remembered */
	LOG_MOST = 16 << 20,   /* bytes of the log, and of the one before it */
	STRANGERS_LOGGED = 20, /* lines a second about those who have no token */
	REFUSED_LOGGED = 50,   /* about tokens that are refused */
	/* A resolver asks again where an answer is slow to come, and may ask on several ways. */
	DNS_AGAIN_S = 30,
	DNS_AGAIN_MOST = 8,
	TICK_MS = 500,
};

/* What an event is of. Its first member is this, always. */
enum endpoint_kind { END_TCP, END_UDP, END_ICMP4, END_ICMP6, END_CONNECTION, END_SIGNAL };
struct endpoint {
	enum endpoint_kind kind;
	int fd;
	uint16_t port;
	bool http, tls, dns;
};

struct connection {
	struct endpoint end;
	struct addr from;
	uint16_t from_port;
	unsigned slot; /* of its source */
	int64_t until_ms;
	enum { CONN_FIRST, CONN_RAW, CONN_HTTP, CONN_DNS, CONN_TLS, CONN_LINGER, CONN_DEAD } state;
	bool judged; /* a question was heard: what follows is no stranger's */
	SSL *ssl;
	size_t heard, said; /* bytes of TLS */
	size_t have;
	uint8_t bytes[REQUEST_MOST];
	TAILQ_ENTRY(connection) list;
};
TAILQ_HEAD(connections, connection);

/* Of a source: answers that it may still have, in thousandths, and when that was reckoned. */
struct source_slot {
	int64_t at_ms;
	uint32_t thousandths;
	uint16_t connections;
};

struct counts {
	uint64_t verdicts[TOKEN_REPLAYED + 1];
	uint64_t answered, rate_bound, repeated, connections, evicted, refused_connections,
		not_logged, send_failed;
};

struct log {
	FILE *out;
	int fd, old_fd; /* -1: standard output, which is not rotated */
	uint64_t written;
	int64_t second;
	unsigned strangers, refused; /* lines in this second */
	bool failed;
};

struct beacon {
	const struct beacon_setup *setup;
	int epoll;
	struct endpoint *ends; /* all but connections */
	size_t end_count, end_room;
	struct connections open; /* the oldest first */
	struct connections dead; /* freed once the events at hand are done */
	unsigned open_count;
	struct token_seen *seen;
	struct beacon_zone zone; /* length 0: none */
	SSL_CTX *tls;
	char certificate[65]; /* SHA-256 */
	struct source_slot sources[SOURCES];
	uint64_t slot_key;
	struct source_slot all, strangers;
	struct counts counts;
	struct log log;
	int64_t now_ms; /* monotonic */
	int64_t now;    /* Unix seconds */
	bool stop;
	struct ports missing; /* that others use */
};

/* Where a question came in. */
struct heard_by {
	struct addr from;
	uint16_t from_port, port;
	enum token_method method;
};

/* beacon.c: judges and records. True: it may be answered, and *ret is filled. */
bool beacon_judge(struct beacon *b, const struct heard_by *by, struct span question,
		  struct token_answer *ret);
/* Somebody without a token, on this way. */
void beacon_stranger(struct beacon *b, const struct heard_by *by);
int beacon_watch(struct beacon *b, struct endpoint *e);

/* beacon_sources.c */
unsigned beacon_source_slot(const struct beacon *b, const struct addr *from);
/* One answer more within the bounds? It is counted then. */
bool beacon_source_take(struct beacon *b, unsigned slot);
/* The same for who has shown no token, and may name any source: all of them together have bounds of their own, and
 * take nothing from those who have one. */
bool beacon_stranger_take(struct beacon *b);

/* beacon_sockets.c: TCP and UDP sockets, ICMP, signals. False after complaints. */
bool beacon_sockets_open(struct beacon *b, struct complaints *c, struct complaints *warnings);

/* beacon_tcp.c */
void beacon_tcp_accept(struct beacon *b, struct endpoint *listener);
void beacon_tcp_heard(struct beacon *b, struct connection *c);
void beacon_tcp_expire(struct beacon *b);
void beacon_tcp_close_all(struct beacon *b);
void beacon_tcp_free_dead(struct beacon *b);
void beacon_tcp_drop(struct beacon *b, struct connection *c);
/* Sends what fits at once; then nothing more is said. */
void beacon_tcp_say_last(struct beacon *b, struct connection *c, struct span bytes);
/* The answer to a request by HTTP within c->bytes, or empty: not whole yet, or none to be given (*ret_over). */
struct span beacon_http_reply(struct beacon *b, const struct connection *c,
			      enum token_method method, char *out, size_t room, bool *ret_over);

/* beacon_tls.c */
bool beacon_tls_open(struct beacon *b, struct complaints *c);
void beacon_tls_close(struct beacon *b);
void beacon_tls_heard(struct beacon *b, struct connection *c);

/* beacon_udp.c */
void beacon_udp_heard(struct beacon *b, struct endpoint *e);
void beacon_icmp_heard(struct beacon *b, struct endpoint *e);
/* The answer to a DNS message; its length, 0: none. to: the address it came to. */
size_t beacon_dns_reply(struct beacon *b, const struct heard_by *by, const struct addr *to,
			struct span message, uint8_t *out, size_t room);

/* beacon_log.c */
bool beacon_log_open(struct beacon *b, struct complaints *c);
void beacon_log_close(struct beacon *b);
void beacon_log_start(struct beacon *b, const struct complaints *warnings);
void beacon_log_question(struct beacon *b, const struct heard_by *by, enum token_verdict v,
			 const struct token_heard *h, bool answered);
void beacon_log_counts(struct beacon *b, const char *event);

/* beacon_rights.c: the user, capabilities, limits, Landlock and the filter of system calls, in this order.
 * False after a complaint. */
bool beacon_rights_give_up(const struct beacon_setup *setup, struct complaints *c);

#endif
