/* SPDX-License-Identifier: Apache-2.0 */
/* What decoders of streams have in common: telling, lines of text, and names out of base64. */
#ifndef TENKEN_LISTEN_STREAM_H
#define TENKEN_LISTEN_STREAM_H

#include "codec/reader.h"
#include "listen/decoder.h"

enum { ACCOUNT_MAX = 128 /* bytes of an account's name that are looked at */ };

/* A fact about the stream's server that does not depend on who asked: it has no peer. */
void tell_service(struct talk *t, const char *kind, struct span value);
/* "service.spoken". */
void tell_spoken(struct talk *t, const char *protocol);
/* "service.product" of a greeting, up to where it says what changes each time: a date, or a mark in '<'. */
void tell_greeting(struct talk *t, struct span text);
/* A fact about the stream's client; the server is the peer. */
void tell_client(struct talk *t, const char *kind, struct span value);
/* A fact about the machine on one side, whatever it talks about and with whom: it has neither port nor peer. */
void tell_machine(struct talk *t, enum side about, const char *kind, struct span value,
		  bool personal);
/* A secret crossed the wire in the clear, this way ("ftp", "http basic"). */
void tell_login(struct talk *t, const char *way);
/* A login that proves the secret without saying it crossed the wire ("smtp cram-md5"). */
void tell_challenge(struct talk *t, const char *way);
/* The account of a login; one that is empty is not told. */
void tell_account(struct talk *t, struct span account);

/*
 * The line at the front without its CR LF or LF. Returns how many bytes it takes, or HEAR_MORE. A line that
 * is longer than LINE_MAX_BYTES comes as an empty one and *dropping is set until its end is there.
 */
long line_take(struct span bytes, bool *dropping, struct span *ret);
/* The next word of a line, up to a blank; the line goes on behind it. Empty at the end. */
struct span word_take(struct span *line);

/*
 * Decodes base64 (RFC 4648, 4) into out until `stop` has come `stops` times or out is full, and no byte
 * further: what stands behind is never decoded. Returns the bytes before the last stop; *ret_stopped tells
 * whether it came.
 */
size_t base64_until(struct span text, uint8_t stop, unsigned stops, uint8_t *out, size_t size,
		    bool *ret_stopped);
/* All of it, as far as out reaches. 0 where it is no base64. */
size_t base64_all(struct span text, uint8_t *out, size_t size);

#endif
