/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files of the egress matrix: one job is one path. */
#ifndef TENKEN_REACH_EGRESS_H
#define TENKEN_REACH_EGRESS_H

#include <jansson.h>

#include "reach/overheard.h"
#include "reach/reach.h"
#include "reach/token_text.h"

struct egress {
	struct reach_run *run;
	struct overheard *heard;
	bool silent[REACH_ADDRESSES]; /* resolvers, while proxies are looked for */
	atomic_int open;              /* connections that may be taken on by the beacon now */
};

struct egress_job {
	enum reach_method method;
	const struct reach_source *from; /* NULL: the kernel's choice */
	struct addr to;                  /* of the beacon */
	uint16_t port;
	const struct reach_server *via; /* resolver, proxy, time server; NULL: none */
	/* Set by the job, for what is concluded once all are done. */
	int reset_ttl, beacon_ttl; /* -1: none was heard */
	bool wildcard;             /* a resolver that knows every name */
	bool reached, routed;      /* the beacon answered; something has left this machine */
};

/* Each fills outcome and what else it learnt; the rest of *ret is there already. */
typedef void egress_test(struct egress *e, struct egress_job *job, struct reach_result *ret);
egress_test egress_tcp, egress_udp, egress_icmp, egress_http, egress_tls, egress_dns,
	egress_connect, egress_get, egress_socks5, egress_socks4a, egress_ntp, egress_smtp;

/* ---- what they share ---- */

/* A new question by this way. False: no memory. */
bool egress_question(struct egress *e, enum token_method m, uint16_t port, bool brief,
		     struct token_asked *ret);
/* Opens and waits until it stands. False: *ret has the outcome, and nothing is open. */
bool egress_open(struct egress *e, struct egress_job *job, const struct reach_link_to *way,
		 struct reach_talk *t, struct reach_result *ret);
/* More bytes; 0: the other side has ended; negative errno: -ETIMEDOUT, -EINTR (stopping), -ECONNRESET. */
ssize_t egress_read(struct egress *e, struct reach_talk *t, void *bytes, size_t room,
		    int64_t until_ms);
/* The outcome of a connection or datagram that ended with this errno of our socket. */
void egress_failed(struct egress *e, struct egress_job *job, const struct reach_talk *t, int error,
		   struct reach_result *ret);
/* A right answer: outcome, who we are seen as, and both sides' bytes. */
void egress_reached(struct reach_result *ret, const struct token_asked *asked,
		    const struct token_answer *a, struct span received);
/* An answer that is none of the beacon's: what it was. v: why the token is not right. */
void egress_other(struct reach_result *ret, enum token_verdict v, struct span received,
		  const char *note);
/* A test that the end of the run cut short has seen nothing, whatever it concluded; but what was reached was. */
void egress_settle(struct egress *e, struct reach_result *ret);
/* Takes the object. */
void egress_evidence(struct reach_result *ret, json_t *object);
void egress_note(struct reach_result *ret, const char *text);
/* "192.0.2.1:443", "[2001:db8::1]:443", "192.0.2.1" with port 0. Returns out. */
const char *egress_place(const struct addr *a, uint16_t port, char out[static REACH_TEXT]);

/* The rest of a conversation by HTTP over t: a GET for the beacon's answer, and what came back. agent and
 * Host are said; absolute: in absolute form, to a proxy. */
void egress_http_ask(struct egress *e, struct egress_job *job, struct reach_talk *t,
		     enum token_method m, bool absolute, struct reach_result *ret);

/* egress_dns.c: addresses of a name by a resolver; the number, or negative errno. */
int egress_resolve(struct egress *e, const struct reach_server *resolver, const char *name,
		   struct addr *list, size_t room);
/* egress_wpad.c: adds proxies that browsers here would be told to use. */
void egress_wpad(struct egress *e, const struct reach_server *resolvers, size_t resolver_count,
		 struct reach_server *list, size_t *count);

/* Pure: the proxies that a file names, in the order of the words for them; the number. Ports are filled in. */
enum { WPAD_HOST = 254 };
struct wpad_place {
	char host[WPAD_HOST];
	uint16_t port;
	bool socks;
};
size_t wpad_places(struct span file, struct wpad_place *list, size_t room);
/* Pure: "http://host[:port]/path" taken apart; false: none that is asked. */
bool wpad_url(const char *url, char host[static WPAD_HOST], uint16_t *ret_port,
	      char path[static REACH_TEXT]);

#endif
