/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One path that was tested, on its way from the process that sends to main, which keeps it in the store
 * (table path). What the words mean stands in doc/reach.md.
 */
#ifndef TENKEN_REACH_RESULT_H
#define TENKEN_REACH_RESULT_H

#include <net/if.h>

#include "codec/address.h"

enum reach_method {
	METHOD_TCP,
	METHOD_UDP,
	METHOD_ICMP,
	METHOD_HTTP,
	METHOD_TLS,
	METHOD_DNS_A,
	METHOD_DNS_TXT,
	METHOD_DNS_LONG,
	METHOD_PROXY_CONNECT,
	METHOD_PROXY_GET,
	METHOD_SOCKS5,
	METHOD_SOCKS4A,
	METHOD_NTP,
	METHOD_SMTP,
	METHOD_GATEWAY,
	METHOD_GATEWAY_FULL,
	METHOD_HOPS,
	METHOD_ZONE_TCP,
	REACH_METHODS
};
/* "tcp", "dns-long", "gateway", ... */
const char *reach_method_word(enum reach_method m);
/* REACH_METHODS where it is none. */
enum reach_method reach_method_of_word(const char *word, size_t n);

enum reach_outcome {
	OUTCOME_NO_ROUTE,
	OUTCOME_SILENT,
	OUTCOME_PROHIBITED,
	OUTCOME_REFUSED,
	OUTCOME_RESET_ON_WAY,
	OUTCOME_ANSWERED_BY_OTHER,
	OUTCOME_NAME_REFUSED,
	OUTCOME_REACHED,
	OUTCOME_FORWARDED,
	OUTCOME_NOT_FULLY_TESTED,
	OUTCOME_NOT_FORWARDED,
	OUTCOME_RELAYED,
	OUTCOME_NOT_TESTED,
	REACH_OUTCOMES
};
const char *reach_outcome_word(enum reach_outcome o);

enum {
	REACH_TEXT = 256,
	REACH_HOPS = 2048,
	REACH_EVIDENCE = 8192,
};

/* Texts are zero-terminated; empty is none. */
struct reach_result {
	uint32_t number; /* from 1; told again, the last one holds */
	enum reach_method method;
	enum reach_outcome outcome;
	bool refutes;
	bool has_source, has_via_mac, has_seen_as;
	uint16_t port; /* 0: none */
	uint16_t seen_port;
	char transport[8]; /* tcp, udp, icmp */
	char interface[IF_NAMESIZE];
	struct addr source;
	struct addr destination;
	char via[REACH_TEXT]; /* resolver, proxy or neighbour */
	uint8_t via_mac[6];
	char answered_by[REACH_TEXT]; /* who refused, or answered in the beacon's place */
	struct addr seen_as;          /* our address, as the beacon saw it */
	int64_t at_ms, took_ms;
	char hops[REACH_HOPS];         /* JSON list */
	char evidence[REACH_EVIDENCE]; /* JSON object */
	char note[REACH_TEXT];         /* a constant English text; main translates none of it */
};

/* What came over the channel is one: lengths, words and texts. Texts are ended where they must be;
 * hops and evidence that are no JSON are taken away. */
bool reach_result_check(struct reach_result *r, size_t received);

#endif
