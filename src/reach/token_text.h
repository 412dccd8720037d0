/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens where only text passes: base32hex (RFC 4648, 7) in lower case without padding, which DNS and server
 * names keep as it is, whatever they do with letters. */
#ifndef TENKEN_REACH_TOKEN_TEXT_H
#define TENKEN_REACH_TOKEN_TEXT_H

#include "reach/token.h"

enum {
	TOKEN_TEXT = 104,             /* a whole question or answer with its end: 103 characters */
	TOKEN_SHORT_TEXT = 49,        /* a short question: 48 */
	TOKEN_SHORT_ANSWER_TEXT = 54, /* a short answer: 53 */
	TOKEN_NAME = 256,             /* a name of DNS */
	TOKEN_REQUEST = 1024,         /* a request by HTTP */
};

/* Writes the text with its end; false: no room. */
bool token_text(struct span bytes, char *out, size_t room);
/* Reads the text back, letters of either case. False: no such text, bits left over, or no room. */
bool token_text_read(struct span text, uint8_t *out, size_t room, size_t *ret_length);

/* The name to look up in the beacon's zone: one label of 48 characters for a short question, labels of 63 and
 * 40 for a whole one. False: does not fit.
 *
 * Also the server name of a TLS hello, with a short question of method tls and any zone (the beacon looks at the
 * first label alone): it answers no hello without one. Inside it token_request() asks a second question, and
 * reach/token_tls.h tells whether the certificate is the beacon's own. */
bool token_name(const struct token_asked *asked, const char *zone, char out[static TOKEN_NAME]);
/* The question in the characters of a name in front of its zone, without the dots; false: none. */
bool token_name_read(struct span labels, uint8_t out[static TOKEN_QUESTION], size_t *ret_length);
/* The judgement on the text of a TXT record. */
enum token_verdict token_check_text(const struct token_key *k, struct token_asked *asked,
				    struct span text, struct token_answer *ret);

/*
 * GET /tenken/QUESTION of a whole question. host as it stands in "Host:"; a proxy: the target is written in
 * absolute form (RFC 9112, 3.2.2). agent: our name and the contact. Long enough that the answer has
 * fewer bytes even where it comes by TLS. The length; 0: does not fit.
 */
size_t token_request(const struct token_asked *asked, const char *host, bool proxy,
		     const char *agent, char out[static TOKEN_REQUEST]);
/* The question in a request whose headers are complete; false: none. */
bool token_request_read(struct span request, uint8_t out[static TOKEN_QUESTION]);
/* The whole answer inside of what came back, wherever it stands there; false: there is none. */
bool token_response_find(struct span response, uint8_t out[static TOKEN_ANSWER]);

#endif
