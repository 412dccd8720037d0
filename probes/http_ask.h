/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One question and one answer of HTTP/1.1 (RFC 9110, RFC 9112), for the http probe and for probes within http.
 * Each is a connection of its own; nothing is kept between them.
 */
#ifndef TENKEN_PROBES_HTTP_ASK_H
#define TENKEN_PROBES_HTTP_ASK_H

#include "codec/http_message.h"
#include "codec/limits.h"
#include "talk/conn.h"

enum { HTTP_HOST_LENGTH = 80 };

/* One answer, collected within the limits. */
struct http_page {
	uint8_t head[HTTP_HEAD_MAX];
	size_t head_length;
	uint8_t body[HTTP_BODY_MAX];
	size_t body_length;
	bool body_whole; /* or as much of it as is looked at */
};

struct http_question {
	const char *method, *target;
	const char *headers; /* further lines, each ended by CR LF; NULL: Accept of any type */
	const char *host;    /* NULL: the address, with the port where it is not the scheme's own */
	struct span body;
};

/* The address as it stands in a Host header, without the port. */
void http_host(const struct conn *c, char ret[static HTTP_HOST_LENGTH]);
/* Request line, Host, User-Agent, the headers, "Connection: close", and the body with its length. */
void http_say(struct conn *c, const struct http_question *q);

/* Status line and headers of the answer, behind interim ones: into p->head, and as views in *head. Status 0
 * where there is none. */
enum ending http_hear_answer(struct conn *c, struct http_page *p, struct http_head *head);
/* What follows them, as much as is looked at. */
enum ending http_hear_body(struct conn *c, const struct http_head *head, struct http_page *p);
/* All of it, on the open connection: TLS where it is wanted, the question, the answer. */
enum ending http_ask(struct conn *c, const struct http_question *q, struct http_page *p,
		     struct http_head *head);

/* For a run(): the conversation with a page to hear into. ENDING_LIMIT without memory. */
enum ending http_with_page(struct conn *c, json_t *evidence,
			   enum ending (*converse)(struct conn *c, json_t *evidence,
						   struct http_page *p));

/* On the next connection, of a service that is known by now: what is no HTTP is malformed. */
enum ending http_ask_again(struct conn *c, const struct http_question *q, struct http_page *p,
			   struct http_head *head);

/* The length of the text before the first of these characters. */
size_t http_before(struct span s, const char *stops);
/* The schemes of a WWW-Authenticate, which may hold several challenges (RFC 9110, 11.6.1), into the list
 * "auth_schemes", each once; the first realm under "realm". */
void http_note_authentication(json_t *evidence, struct span value);

/* The body as a JSON object, whole and not nested deeply; NULL where it is none. The caller owns it. */
json_t *http_object(const struct http_page *p);
/* The text under this name, as evidence under that key; false where there is none. */
bool http_note_member(json_t *evidence, const char *key, const json_t *object, const char *name);

#endif
