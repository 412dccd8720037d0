/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a probe is: one file per protocol, one const descriptor at its end, one row in probes.c.
 *
 * Order within the file: header comment (what is learnt, which specifications, every byte sequence
 * that may be sent and why it is safe for a device), pure readers, pure writers, run(), the view,
 * the descriptor.
 */
#ifndef TENKEN_PROBES_PROBE_H
#define TENKEN_PROBES_PROBE_H

#include <jansson.h>

#include "talk/conn.h"

enum risk {
	RISK_LISTEN,
	RISK_TOUCH, /* ARP, ICMP, TCP handshake */
	RISK_READ, /* requests that the protocol defines as read-only, and what strangers are offered */
	RISK_LOGIN, /* any password, community or key */
	RISKS
};

struct probe {
	/* The protocol's word in the store, the test folder's name, the file's name ('_' for '-'). */
	const char *name;
	/* Ports where it is expected, nmap syntax ("22,2222"). */
	const char *ports;
	enum risk risk;
	/* By UDP: the ports are those of UDP, it speaks through conn_ask() and conn_datagram(), and a
	 * connection is a socket of its own. Never tried elsewhere than on its ports, nor at hosts
	 * that are treated as ot (doc/safety.md): `ot` is false. */
	bool udp;
	/* By UDP, and the answer comes from another port of the address, to which the rest is then said (TFTP). The
	 * first of that address whom the guard hears it from is the only one (talk/guard_elsewhere.c). */
	bool elsewhere;
	/* The most connections and bytes of one conversation; the guard holds the probe to them. The
	 * first of each pair holds for DEPTH_LIMITED, the second for DEPTH_FULL. */
	unsigned connections[2];
	uint32_t sent[2];
	uint32_t received[2];
	/* May speak to OT and unassigned hosts, on its known ports. */
	bool ot;
	/* It is an OT protocol: an answer is an OT sign. */
	bool ot_sign;
	/* The server speaks first, or this side may: see recognise. */
	bool server_first;
	/* On its ports no other protocol's hello is tried: it would be read as names, a password and an
	 * order, or kept as a record. */
	bool alone;
	/* May also run inside TLS (http). Such a probe calls conn_begin() on every connection. */
	bool over_tls;
	/* Ports where it is expected inside TLS that begins with the connection ("993"), and where nothing
	 * else is tried inside it; NULL: none. */
	const char *tls_ports;
	/* The protocol that carries it ("http"): it runs on its ports once that one was spoken there, in clear
	 * or inside TLS, as a conversation of its own, in full depth only. NULL: it speaks for itself. */
	const char *within;
	/* Does this greeting (the first bytes a server sent unasked) look like ours? NULL: the protocol
	 * has no greeting. */
	bool (*recognise)(struct span greeting);
	/* Place among the hellos that are tried on unknown ports in full depth, 1 first; 0: never. */
	int hello_order;
	/*
	 * Straight-line conversation. The first connection is open. evidence is an empty object; what
	 * was learnt stays in it whatever the ending. ENDING_NOT_THIS where the peer speaks something
	 * else. Must set nothing in evidence under "oddities", "gathered", "limited" (conn.h does), and
	 * may set "product" and "version" (texts), which the store copies to typed columns.
	 */
	enum ending (*run)(struct conn *c, json_t *evidence);
	/*
	 * SQL that makes the probe's views, each `CREATE TEMP VIEW name AS SELECT address, port, ...`
	 * over `document(address, port, transport, probe, ending, evidence)`, which holds the documents
	 * of the judged scan. The view named like the probe has one row per service it spoke with
	 * (ending 'done' or with a non-empty document). Each row comes of one document and of nothing
	 * else: the rows are taken while the documents are read. Several statements, separated by ';'.
	 */
	const char *view;
};

/* The registry, in order of recognition; ends with NULL. */
extern const struct probe *const probes[];

/* By name; NULL where there is none. */
const struct probe *probe_find(const char *name);
/* Is the probe expected on this port of its transport? */
bool probe_belongs(const struct probe *p, uint16_t port);
/* Is this TCP port one of a probe that stays alone there? */
bool probe_alone(uint16_t port);
/* And is the probe expected there inside TLS? */
bool probe_belongs_inside_tls(const struct probe *p, uint16_t port);

/* Called once in a process that runs the ssh probe, before its sandbox and its first thread: libssh
 * and OpenSSL read here what they need from files. Ignores SIGPIPE in the process. */
void probe_ssh_prepare(void);

#endif
