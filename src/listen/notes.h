/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What decoders tell of what they heard. Whoever takes it cleans and cuts texts, counts the same fact once,
 * and bounds how much is kept; a decoder tells each thing as it meets it.
 *
 * Never told, in no form: passwords, community strings, keys, cookies, payload. Names of people's accounts and
 * of their machines are told with `personal`, so that they can be masked.
 */
#ifndef TENKEN_LISTEN_NOTES_H
#define TENKEN_LISTEN_NOTES_H

#include <stdbool.h>
#include <stdint.h>

#include "codec/address.h"
#include "codec/span.h"

struct fact {
	const char *kind;   /* a word of doc/listening.md ("name.dhcp"); not copied */
	struct addr about;  /* all zero: nobody's address, `mac` says whose it is */
	const uint8_t *mac; /* 6 bytes, borrowed; NULL: none */
	struct addr peer;   /* the other side; all zero: none */
	uint16_t port;      /* of the service at `about`; 0: none */
	bool udp;
	struct span value; /* borrowed; may hold any bytes */
	bool personal;     /* the name of a machine or account of a person */
};

/* One request of an OT master, or (error) an answer of its slave that is an exception to one. */
struct operation {
	const char *protocol; /* "modbus", "s7comm", "enip"; not copied, as the next two */
	const char *word;     /* "read-holding-registers" */
	const char *access;   /* read, write, control, program, diagnose, other */
	struct addr master, slave;
	uint16_t port; /* the slave's */
	bool udp;
	int unit; /* -1: none */
	uint32_t code;
	bool error;
};

enum { NOTES_CERTIFICATES = 512 };

struct notes {
	void (*fact)(struct notes *n, const struct fact *f);
	void (*operation)(struct notes *n, const struct operation *o);
	/* What the client of this datagram's conversation calls its server; NULL: nobody wants to know. Of
	 * streams it is the talk that is told. */
	void (*named)(struct notes *n, struct span name);
	int64_t time_ns; /* of the packet that is looked at; whoever drives the decoders sets it */
	/* Digests of certificates that were told lately, each with its server, so that one that comes with every
	 * connection is taken apart once. */
	uint64_t certificates[NOTES_CERTIFICATES];
};

#endif
