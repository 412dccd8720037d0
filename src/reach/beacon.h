/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The beacon: our listener outside of a plant, against which `tenken reach` measures. It answers questions
 * (reach/token.h) made with its key, each once, with no more bytes than it was asked with, and tells nobody
 * else that it is there. doc/reach.md says what it does byte by byte.
 */
#ifndef TENKEN_REACH_BEACON_H
#define TENKEN_REACH_BEACON_H

#include <stdio.h>

#include "reach/token.h"

/* Where the site file and the command line say nothing else. They answer "may the plant's usual ways out be
 * used?": remote administration, mail, names, web and its other ports, time, file shares, VPNs. */
#define BEACON_TCP_PORTS "21,22,25,53,80,123,443,445,3389,8080,8443"
#define BEACON_UDP_PORTS "53,123,161,443,500,1194,3478,4500,51820"
#define BEACON_HTTP_PORTS "80,8080"
#define BEACON_TLS_PORTS "443,8443"

enum { BEACON_ADDRESSES = 16 };

struct beacon_setup {
	const struct token_key *key;
	struct addr addresses[BEACON_ADDRESSES]; /* none: all of the machine */
	size_t address_count;
	struct ports ports; /* TCP and UDP */
	struct ports http;  /* of the TCP ports, those that speak HTTP too (.tcp) */
	struct ports tls;   /* and TLS (.tcp) */
	bool icmp;
	const char *zone; /* that it has the authority for; NULL: none */
	struct addr
		zone_address; /* of its name server, IPv4; all zeros: where the question came to */
	const char *log;      /* NULL: standard output */
	unsigned rate;        /* answers a second in all */
	const char *user;     /* to become; NULL: nobody, where it is started as root */
};

enum { BEACON_RATE = 2000, BEACON_RATE_MOST = 100000 };

struct beacon;

/* Is this a name that a beacon can have the authority for, and that leaves room for tokens? */
bool beacon_zone_valid(const char *zone);
/* Opens everything and gives all rights up. NULL after complaints (what could not be had at all) and with
 * what is passed over as warnings in c, which then are not fatal. */
struct beacon *beacon_open(const struct beacon_setup *setup, struct complaints *c,
			   struct complaints *warnings);
/* Answers until SIGTERM or SIGINT. 0, or negative errno where it could not go on. */
int beacon_run(struct beacon *b);
void beacon_close(struct beacon *b);
/* What is listened on, for people: a line each. */
void beacon_tell(const struct beacon *b, FILE *out);

#endif
