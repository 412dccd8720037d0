/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing a scan into the store. Rows are committed once a second, so that a scan killed at any
 * moment leaves what was found. Errors are sticky: after the first one nothing more is written, and
 * store_error() tells what happened.
 */
#ifndef TENKEN_STORE_STORE_H
#define TENKEN_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "codec/address.h"

struct sqlite3;
struct store;

enum store_fault {
	STORE_OK,
	STORE_NO_FILE,  /* cannot be opened or made */
	STORE_NOT_OURS, /* no SQLite file, or one of something else */
	STORE_NEWER,    /* made by a newer tenken */
	STORE_BUSY,     /* another process writes it */
	STORE_FULL,     /* no space left */
	STORE_BROKEN,   /* any other fault of SQLite */
};

/* Opens or makes the store for writing (mode 0600), brings it to the newest schema, marks scans that
 * a killed process left as running as incomplete and takes in their journal (path + ".journal"). */
enum store_fault store_open(const char *path, struct store **ret);
/* A store in memory only, for what is to be told in a store's words and kept nowhere. */
enum store_fault store_memory(struct store **ret);
/* Ends the transaction, checkpoints, leaves one plain file; accepts NULL. */
void store_close(struct store *s);
struct sqlite3 *store_db(struct store *s);
/* The first fault since opening, and SQLite's words for it. */
enum store_fault store_error(const struct store *s);
const char *store_error_text(const struct store *s);

struct scan_row {
	const char *uuid, *site, *vantage, *vantage_zone, *vantage_kind, *profile, *version, *plan;
	const char *kind; /* scan, listen, reach or outside; NULL: scan */
	int64_t started;
};

/* The scan's id; rows written from now on belong to it. 0 on a fault. */
int64_t store_scan_begin(struct store *s, const struct scan_row *row);
void store_scan_end(struct store *s, const char *status, const char *reason, int64_t finished);

/* Goes on with a scan that has ended early: rows written from now on belong to it. */
void store_scan_resume(struct store *s, int64_t scan);
/* What that will need, by name. */
void store_resume_text(struct store *s, const char *name, const void *text, size_t n);
/* In the table ended a port of UDP is its number and this. */
enum { STORE_ENDED_UDP = 65536 };
/* The conversations of this service came to their end; full: in full depth. TCP port 0: the sweep of this
 * host, which is left alone. */
void store_ended(struct store *s, const char *address, uint16_t port, bool udp, bool full);
/* How far a sweep is, in its own words: committed together with the results that were stored before,
 * so that neither is ever ahead of the other. */
void store_place(struct store *s, const char *name, const void *place, size_t n);
/* No place that was stored holds any longer. */
void store_places_forget(struct store *s);
/* Tells every place of the scan; the bytes are valid during the call. */
typedef void store_place_each(void *context, const char *name, const void *place, size_t n);
void store_places_read(struct store *s, store_place_each *each, void *context);

/* What the operator declared, as it was when the scan ran. Texts are borrowed; NULL is NULL. */
void store_zone(struct store *s, const char *name, const char *kind, const char *networks);
void store_conduit(struct store *s, const char *from, const char *to, const char *transport,
		   uint16_t first, uint16_t last, int64_t until);
struct ledger_row {
	const char *id, *name, *address, *mac, *zone, *class_, *vendor, *model, *os, *owner,
		*location;
	const char *declared, *ports; /* JSON */
	int64_t support_until;        /* 0: not said */
	unsigned line;
};
void store_ledger(struct store *s, const struct ledger_row *row);
void store_remark(struct store *s, const char *kind, const char *subject, const char *text);

struct host_row {
	const char *address, *zone, *kind, *treated, *state, *reason, *ot_sign, *mac, *vendor,
		*names, /* JSON list; NULL: none known */
		*ledger_id, *role, *os;
	bool is_public, complete;
	uint32_t planned, open, closed, filtered, silent, rtt_us;
	uint32_t udp_ports; /* asked; the others are of TCP */
	int64_t first_ms, last_ms;
};
/* Inserts or replaces. */
void store_host(struct store *s, const struct host_row *row);
/*
 * A range of addresses (both within, one scope) from which nothing came back: state silent, absent
 * or skipped, every word as in host_row. What the ledger names goes to store_host() instead. Ranges
 * may come in any order and piece by piece: neighbours of the same words become one row. The newest
 * words of an address hold; one that has a row of its own (store_host()) keeps it and is no part of
 * any range, whichever came first. Pieces that lie scattered are written at the end of the scan only.
 */
struct quiet_row {
	struct addr first, last;
	const char *state, *reason, *zone, *kind, *treated;
	bool complete;
	uint32_t planned; /* ports of each address */
	int64_t first_ms, last_ms;
};
void store_quiet(struct store *s, const struct quiet_row *row);
/* Only how the host is handled and why, when that changes after its row was written. */
void store_host_state(struct store *s, const char *address, const char *treated, const char *state,
		      const char *reason, const char *ot_sign);
/* The names of a host whose row may be there already, as a JSON list. */
void store_host_names(struct store *s, const char *address, const char *names);
void store_service(struct store *s, const char *address, uint16_t port, const char *transport,
		   const char *state, const char *reason, const char *name, const char *limited);
void store_service_spoken(struct store *s, const char *address, uint16_t port,
			  const char *transport, const char *protocol, bool tls, const char *spoken,
			  const char *limited);

struct evidence_row {
	const char *address, *transport, *probe, *ending, *document;
	uint16_t port;
	uint32_t connections;
	uint64_t sent, received;
	int64_t started_ms, finished_ms;
};
/* Also copies "product" and "version" of the document to the service, where it has them. */
void store_evidence(struct store *s, const struct evidence_row *row);

/* One attempt to log in; texts are borrowed. */
struct login_row {
	const char *address, *device, *transport, *protocol, *account, *vendor;
	uint16_t port;
	unsigned number; /* of the list of passwords, or of the test's attempts */
	bool blank;      /* an empty password */
	int64_t at_ms;
};
/* Written and on the disk when this returns: what is sent may follow. Its id; 0 on a fault. */
int64_t store_login_begin(struct store *s, const struct login_row *row);
void store_login_end(struct store *s, int64_t id, const char *result);
/* That it was of the test of an account (secret: with its own password), and how long it took. */
void store_login_test(struct store *s, int64_t id, bool secret, int64_t took_ms);
/* Each attempt since then, of all scans of the store. False: not all could be read. */
struct login_past {
	const char *address, *device, *account, *result;
};
bool store_logins_since(struct store *s, int64_t ms,
			void (*take)(void *context, const struct login_past *past), void *context);

/*
 * What listening and reachability tests bring (tables of the same names in schema.c, which says what every
 * column means). Texts are borrowed; NULL is none. Rows of one key are added up, except of watch and
 * path, whose last one holds: so a long run may tell what came since it last told.
 */
struct watch_row {
	unsigned number;
	const char *kind, *name, *link, *note;
	int64_t first_ms, last_ms; /* 0: no packet yet */
	uint64_t packets, bytes, dropped, snapped, one_sided;
};
void store_watch(struct store *s, const struct watch_row *row);

struct heard_host_row {
	const char *address, *mac, *vendor, *zone, *kind, *ledger_id;
	uint16_t vlan;
	bool is_public;
	uint64_t sent, received; /* packets */
	int64_t first_ms, last_ms;
};
void store_heard_host(struct store *s, const struct heard_host_row *row);

struct flow_row {
	const char *src, *dst, *transport, *application, *source, *name, *from_zone, *to_zone;
	uint16_t port, vlan;
	bool opened;
	uint64_t connections, refused, unanswered, sent, received, sent_packets, received_packets;
	int64_t first_ms, last_ms;
};
void store_flow(struct store *s, const struct flow_row *row);

struct operation_row {
	const char *src, *dst, *transport, *protocol, *word, *access;
	uint16_t port;
	int unit;
	uint32_t code;
	uint64_t requests, errors;
	int64_t first_ms, last_ms;
};
void store_operation(struct store *s, const struct operation_row *row);

struct heard_row {
	const char *address, *mac, *kind, *value, *peer, *transport; /* NULL: '' */
	uint16_t port;
	uint64_t times;
	int64_t first_ms, last_ms;
};
void store_heard(struct store *s, const struct heard_row *row);

struct path_row {
	unsigned number; /* from 1 */
	const char *method, *interface, *source, *via, *via_mac, *destination, *transport,
		*from_zone, *to_zone, *outcome, *answered_by, *seen_as, *hops, /* JSON list */
		*evidence,                                                     /* JSON object */
		*note;
	uint16_t port;
	bool refutes;
	int64_t at_ms, took_ms;
};
void store_path(struct store *s, const struct path_row *row);
/* An address with a part to play; role as in declared_address. */
void store_declared(struct store *s, const char *role, const char *address);
void store_zone_declared(struct store *s, const char *zone, const char *word);
/* One address of a device between two zones; name may be NULL. */
void store_boundary(struct store *s, const char *name, const char *address, const char *zone,
		    const char *other_zone);
/* When a conduit may be used; the columns of schema.c. */
struct hours_row {
	const char *from, *to, *transport;
	uint16_t first, last, from_minute, to_minute;
	uint8_t days;
	int32_t utc_offset;
};
void store_hours(struct store *s, const struct hours_row *row);
void store_word(struct store *s, const char *kind, const char *word);

/* Commits when a second has passed since the last commit, or now. */
void store_tick(struct store *s);
void store_commit(struct store *s);
/* Takes the journal file of guard and packets process (talk/journal.h) into the store and removes it.
 * A torn line is passed over. */
void store_journal(struct store *s, int64_t scan, const char *path);

#endif
