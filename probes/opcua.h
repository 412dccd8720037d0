/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the opcua probe and the login have in common: a channel of OPC UA binary over TCP with security policy
 * None, on which one question at a time is asked, and the description of an endpoint.
 *
 * Specifications: OPC 10000-6, 5.2 (binary encoding), 6.7 (chunks, secure channel), 7.1 (connection protocol);
 * OPC 10000-4, 5.4.4 (GetEndpoints), 5.5 (secure channels), 7.14 (EndpointDescription), 7.32 and 7.33 (headers).
 */
#ifndef TENKEN_PROBES_OPCUA_H
#define TENKEN_PROBES_OPCUA_H

#include "codec/reader.h"
#include "codec/writer.h"
#include "talk/conn.h"

/* Numbers of encoded messages, OPC 10000-6, annex A (namespace 0). */
enum opcua_type {
	OPCUA_USER_NAME_TOKEN = 324,
	OPCUA_SERVICE_FAULT = 397,
	OPCUA_GET_ENDPOINTS = 428,
	OPCUA_GET_ENDPOINTS_ANSWER = 431,
	OPCUA_OPEN_CHANNEL = 446,
	OPCUA_OPEN_CHANNEL_ANSWER = 449,
	OPCUA_CLOSE_CHANNEL = 452,
	OPCUA_CREATE_SESSION = 461,
	OPCUA_CREATE_SESSION_ANSWER = 464,
	OPCUA_ACTIVATE_SESSION = 467,
	OPCUA_ACTIVATE_SESSION_ANSWER = 470,
	OPCUA_CLOSE_SESSION = 473,
	OPCUA_CLOSE_SESSION_ANSWER = 476,
};

enum opcua_mode { OPCUA_MODE_NONE = 1, OPCUA_MODE_SIGN, OPCUA_MODE_ENCRYPT };

enum opcua_token {
	OPCUA_ANONYMOUS,
	OPCUA_USER_NAME,
	OPCUA_CERTIFICATE,
	OPCUA_ISSUED,
	OPCUA_TOKENS
};

enum {
	OPCUA_REQUEST_MAX = 2048,
	OPCUA_TOKEN_POLICIES_MAX = 16, /* kept of one endpoint */
};

/* How an answer came. */
enum opcua_answer {
	OPCUA_GOOD,
	OPCUA_BAD,    /* the server says no: struct opcua, status */
	OPCUA_SILENT, /* the connection failed */
	OPCUA_MALFORMED,
	OPCUA_FOREIGN, /* another protocol */
};

struct opcua {
	struct conn *c;
	uint32_t channel, token; /* 0 as long as there is no channel */
	uint32_t number;         /* of the last request and its chunk */
	uint32_t status;         /* of the last answer */
	char reason[128]; /* with a status that ended the connection; no more than that of it */
	char url[96];
	uint8_t *message; /* the last answer, put together */
	size_t length, room;
};

/* Hello and OpenSecureChannel on an open connection, and the end of it. */
enum opcua_answer opcua_open(struct opcua *o, struct conn *c);
/* CloseSecureChannel where there is a channel. */
void opcua_close(struct opcua *o);
void opcua_done(struct opcua *o);

/*
 * A request is begun with its type and the token of its session (empty: none), filled in and asked. The answer's
 * reader stands behind its header, and is valid until the next request; only a Good answer of the wanted type is
 * OPCUA_GOOD.
 */
void opcua_begin(const struct opcua *o, struct writer *w, enum opcua_type type,
		 struct span session);
enum opcua_answer opcua_ask(struct opcua *o, const struct writer *w, enum opcua_type wanted,
			    struct reader *ret);
enum opcua_answer opcua_ask_endpoints(struct opcua *o, struct reader *ret);

/* Strings, byte strings and counts of arrays: an absent one is an empty one. */
struct span opcua_read_text(struct reader *r);
/* At most what can follow, with elements of this size at least. */
size_t opcua_read_count(struct reader *r, size_t smallest);
/* A node id, whole as it is encoded. */
struct span opcua_read_node(struct reader *r);
void opcua_write_text(struct writer *w, struct span text);
void opcua_write_absent(struct writer *w);
void opcua_write_type(struct writer *w, enum opcua_type type);

struct opcua_token_policy {
	uint32_t type;            /* enum opcua_token, or what the server says */
	struct span id, security; /* security: the URI of a policy; empty: that of the endpoint */
};

/* Views into the answer. */
struct opcua_endpoint {
	struct span url, application, application_uri, product_uri, certificate, security,
		transport;
	uint32_t application_type, mode;
	size_t tokens; /* kept */
	struct opcua_token_policy token[OPCUA_TOKEN_POLICIES_MAX];
};

enum { OPCUA_ENDPOINT_LEAST = 50 }; /* bytes of one whose texts are all empty */

bool opcua_read_endpoint(struct reader *r, struct opcua_endpoint *ret);
/* "Basic256Sha256" of the URI of a security policy; the whole where it is none of the foundation's. */
struct span opcua_policy_name(struct span uri);

#endif
