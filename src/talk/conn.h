/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A conversation with one port: what a probe speaks through.
 *
 * A conversation has one connection at a time; conn_again() closes it properly and opens the next
 * to the same port. A connection is sticky: once a read or write failed, every further read gives
 * an empty span and every write does nothing, so that a probe reads like the conversation and asks
 * conn_ok() where it matters. Deadlines, byte budgets, pace and the number of connections are
 * enforced below; a probe that reaches one sees ENDING_LIMIT.
 *
 * Behind it stands either the guard (a socket that the guard opened, see guard.h) or memory (a
 * .talk file, see tests/wire/README.md).
 */
#ifndef TENKEN_TALK_CONN_H
#define TENKEN_TALK_CONN_H

#include <jansson.h>

#include "codec/reader.h"
#include "codec/span.h"

/* How a conversation ended. The set is closed: reports and coverage rely on it. */
enum ending {
	ENDING_DONE,      /* what the probe wanted to know is known */
	ENDING_REFUSED,   /* the connection was refused */
	ENDING_TIMEOUT,   /* no answer in time */
	ENDING_CLOSED,    /* the peer closed or reset before the end */
	ENDING_NOT_THIS,  /* "not-this-protocol" */
	ENDING_MALFORMED, /* the protocol, but broken; an oddity says how */
	ENDING_LIMIT,     /* a budget of ours ran out, or the guard did not allow more */
	ENDING_DISTRESS,  /* the guard leaves this host alone */
	ENDING_STOPPED,   /* the scan was told to stop, or the zone's window ended */
	ENDINGS
};

/* "done", "refused", ... as the store keeps it. */
const char *ending_word(enum ending e);
/* The reverse; ENDINGS where the word is none. */
enum ending ending_of_word(struct span word);

/* How much may be asked of the host. */
enum depth {
	DEPTH_LIMITED, /* OT and unassigned hosts: DESIGN "one modern TLS hello, one SSH greeting ..." */
	DEPTH_FULL,
};

struct conn;

/* The connection works so far. */
bool conn_ok(const struct conn *c);
/* Why it does not: the ending of the first failure; ENDING_DONE while it works. */
enum ending conn_ending(const struct conn *c);
/* The last connection ended by a reset rather than by a close: both are ENDING_CLOSED. */
bool conn_was_reset(const struct conn *c);
/* Bytes of ours or theirs went over this conversation (all connections together). */
size_t conn_received(const struct conn *c);
/* A read met the end of this connection (close or reset), also one that never fails, such as
 * conn_peek_quiet(): tells silence from a close. */
bool conn_peer_closed(const struct conn *c);

/* Sends all n bytes, paced by the guard. */
void conn_write(struct conn *c, const void *bytes, size_t n);
void conn_write_span(struct conn *c, struct span s);
void conn_write_text(struct conn *c, const char *text);

/*
 * Reads. A returned span is valid until the next read of this conversation. All of them wait at
 * most the read deadline (conn_deadline()) for the whole result.
 */
/* Exactly n bytes (n <= READ_MAX). */
struct span conn_read(struct conn *c, size_t n);
/* At least one byte, at most max: what has arrived. */
struct span conn_read_some(struct conn *c, size_t max);
/* Up to and with the delimiter, which is at most 8 bytes; ENDING_MALFORMED after max bytes without. */
struct span conn_read_until(struct conn *c, const char *delimiter, size_t max);
/* One line without its CR LF or LF, at most LINE_MAX_BYTES. */
struct span conn_read_line(struct conn *c);
/* Until the peer closes, falls silent for quiet_ms, or max bytes. Never fails: an empty span where
 * nothing came; a close by the peer shows at the next read. */
struct span conn_read_quiet(struct conn *c, size_t max, unsigned quiet_ms);
/* Like conn_read_quiet(), but the bytes stay unread: the next reads give them again. */
struct span conn_peek_quiet(struct conn *c, size_t max, unsigned quiet_ms);

/*
 * UDP. The next datagram as a whole, within the deadline; what was not read of the one before is gone.
 * Empty and a failed connection where none comes, or an empty one.
 */
struct span conn_datagram(struct conn *c);
/* Sends one and waits for one; where none comes within the deadline, once more. */
struct span conn_ask(struct conn *c, const void *bytes, size_t n);

/* The time that each following read may take; the default comes with the zone. The guard's own
 * limit for the whole conversation stands above it. */
void conn_deadline(struct conn *c, unsigned timeout_ms);

/* Closes this connection properly and opens the next to the same port. Clears the failure of the
 * last one. False (and a failed connection) where it could not be opened or is not allowed. */
bool conn_again(struct conn *c);
/* Closes properly now; further reads fail with ENDING_CLOSED. Not needed at the end of a probe. */
void conn_close(struct conn *c);

/* From here on the bytes go through TLS (OpenSSL, any version and certificate accepted, so nothing
 * secret may be said). server_name may be NULL. False and a failed connection otherwise. */
bool conn_start_tls(struct conn *c, const char *server_name);
/* The same without a name, TLS 1.2 at most. */
bool conn_start_old_tls(struct conn *c);
/* What a probe that may run inside TLS does first, on every connection: starts TLS where the port is known to
 * speak it (conn_tls_wanted()). False and a failed connection where that did not come about. */
bool conn_begin(struct conn *c);
/* After conn_start_old_tls(): asks for one handshake more on the same connection, which is over
 * then. */
enum renegotiation { RENEGOTIATION_REFUSED, RENEGOTIATION_DONE, RENEGOTIATION_UNKNOWN };
enum renegotiation conn_renegotiate(struct conn *c);
/* After conn_start_tls(): the peer's certificates in DER, leaf first; index from 0. Empty span at
 * the end. Valid until the connection closes. */
struct span conn_tls_certificate(struct conn *c, size_t index);

/* The connected descriptor for a library that needs one (libssh). -1 where there is none (memory).
 * Borrowed: the library must not close it; our own reads and writes on it are over. At most packets
 * packets are allowed to it. */
int conn_lend(struct conn *c, unsigned packets);

/* An oddity is a named deviation ("tls.record-too-long") that a check can select. */
void conn_note_oddity(struct conn *c, const char *name);
/* Notes it and ends the conversation: always ENDING_MALFORMED. */
enum ending conn_oddity(struct conn *c, const char *name);
/* Says that a facet of the evidence was gathered completely ("suites"): coverage of checks with
 * `needs: [probe:tls/suites]` counts it. A facet that was not gathered because the depth is
 * limited is told by conn_limited(). */
void conn_gathered(struct conn *c, const char *facet);
void conn_limited(struct conn *c, const char *facet);

enum depth conn_depth(const struct conn *c);
/* What is offered to strangers by a login without a secret (anonymous FTP, MQTT without a user) may be
 * tried. False for OT hosts unless the site file says `anonymous` for the zone. */
bool conn_anonymous(const struct conn *c);
/* The name and password that this conversation is to try, by order of main; NULL: none, and no login. */
struct credential;
const struct credential *conn_credential(const struct conn *c);
/* The login pages that are known (identity/login_forms.h); NULL: none. */
struct login_forms;
const struct login_forms *conn_login_forms(const struct conn *c);
/* The names that the operator declared (site/domains.h); NULL: none. */
struct domains;
const struct domains *conn_declared(const struct conn *c);
uint16_t conn_port(const struct conn *c);
/* The port is known to speak TLS: conn_begin(). */
bool conn_tls_wanted(const struct conn *c);
/* The name of the protocol inside which TLS begins on this port (STARTTLS); NULL: TLS begins with the
 * connection, if at all. */
const char *conn_starttls(const struct conn *c);
/* The target's address as text ("192.0.2.1", "2001:db8::1"), for Host headers. */
const char *conn_address(const struct conn *c);
/* "tenken/0.1 (contact: ...)": User-Agent; and a name for EHLO. */
const char *conn_identity(const struct conn *c);
const char *conn_ehlo(const struct conn *c);
/* Random bytes and the time (Unix seconds), both supplied by the test for memory. */
void conn_random(struct conn *c, void *bytes, size_t n);
int64_t conn_clock(const struct conn *c);

#endif
