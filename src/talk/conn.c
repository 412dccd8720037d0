/* SPDX-License-Identifier: Apache-2.0 */
#include "talk/conn.h"

#include <errno.h>
#include <stdlib.h>

#include "codec/evidence.h"
#include "codec/limits.h"
#include "talk/backend.h"
#include "talk/tls.h"

struct conn {
	struct conn_setup setup;
	enum ending ending;
	unsigned connections;
	size_t sent;
	size_t received;
	unsigned deadline_ms;
	bool open;
	bool lent;
	bool peer_closed;
	bool reset;
	struct tls *tls;
	uint8_t *buffer; /* bytes received and not yet dropped: [head, tail) are unread */
	size_t head, tail, capacity;
};

static const char *const words[ENDINGS] = {
	[ENDING_DONE] = "done",
	[ENDING_REFUSED] = "refused",
	[ENDING_TIMEOUT] = "timeout",
	[ENDING_CLOSED] = "closed",
	[ENDING_NOT_THIS] = "not-this-protocol",
	[ENDING_MALFORMED] = "malformed",
	[ENDING_LIMIT] = "limit",
	[ENDING_DISTRESS] = "distress",
	[ENDING_STOPPED] = "stopped",
};

const char *ending_word(enum ending e)
{
	return words[e];
}

enum ending ending_of_word(struct span word)
{
	enum ending e = ENDING_DONE;

	while (e < ENDINGS && !span_is(word, words[e]))
		e++;
	return e;
}

struct conn *conn_new(const struct conn_setup *setup)
{
	struct conn *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->setup = *setup;
	c->deadline_ms = setup->deadline_ms;
	c->connections = 1;
	c->open = true;
	return c;
}

static void drop(struct conn *c)
{
	tls_free(c->tls);
	c->tls = NULL;
	if (c->open)
		c->setup.backend->close(c->setup.context);
	c->open = false;
	c->lent = false;
	c->peer_closed = false;
	c->reset = false;
	c->head = c->tail = 0;
}

void conn_free(struct conn *c)
{
	if (c == NULL)
		return;
	drop(c);
	free(c->buffer);
	free(c);
}

void conn_hand_over(struct conn *c, const struct conn_setup *setup)
{
	c->setup = *setup;
	c->deadline_ms = setup->deadline_ms;
	c->connections = 1;
	c->sent = 0;
	c->received = c->tail - c->head;
}

unsigned conn_connections(const struct conn *c)
{
	return c->connections;
}

size_t conn_sent(const struct conn *c)
{
	return c->sent;
}

size_t conn_received(const struct conn *c)
{
	return c->received;
}

bool conn_ok(const struct conn *c)
{
	return c->ending == ENDING_DONE;
}

enum ending conn_ending(const struct conn *c)
{
	return c->ending;
}

bool conn_peer_closed(const struct conn *c)
{
	return c->peer_closed;
}

bool conn_was_reset(const struct conn *c)
{
	return c->reset;
}

static void fail(struct conn *c, enum ending e)
{
	if (c->ending == ENDING_DONE)
		c->ending = e;
}

static enum ending ending_of_error(int error)
{
	switch (error) {
	case -ETIMEDOUT:
		return ENDING_TIMEOUT;
	case -ECONNREFUSED:
		return ENDING_REFUSED;
	case -EDQUOT:
	case -ENOMEM:
		return ENDING_LIMIT;
	case -ECANCELED:
		return ENDING_STOPPED;
	case -EHOSTDOWN:
		return ENDING_DISTRESS;
	default:
		return ENDING_CLOSED;
	}
}

/* ---- raw bytes: below TLS, within the budgets ---- */

static int raw_send(void *context, const void *bytes, size_t n, unsigned timeout_ms)
{
	struct conn *c = context;

	if (c->setup.sent - c->sent < n)
		return -EDQUOT;
	int r = c->setup.backend->send(c->setup.context, bytes, n, timeout_ms);
	if (r == 0)
		c->sent += n;
	return r;
}

static ssize_t raw_receive(void *context, void *bytes, size_t n, unsigned timeout_ms)
{
	struct conn *c = context;
	size_t left = c->setup.received > c->received ? c->setup.received - c->received : 0;

	if (left == 0)
		return -EDQUOT;
	ssize_t got =
		c->setup.backend->receive(c->setup.context, bytes, n < left ? n : left, timeout_ms);
	if (got > 0)
		c->received += (size_t)got;
	return got;
}

static const struct tls_carrier carrier = { .send = raw_send, .receive = raw_receive };

static int64_t now_ms(struct conn *c)
{
	return c->setup.backend->now_ms(c->setup.context);
}

static unsigned left_ms(struct conn *c, int64_t until)
{
	int64_t left = until - now_ms(c);

	return left > 0 ? (unsigned)left : 0;
}

void conn_write(struct conn *c, const void *bytes, size_t n)
{
	if (!conn_ok(c) || n == 0)
		return;
	if (!c->open || c->lent) {
		fail(c, ENDING_CLOSED);
		return;
	}
	int r = c->tls != NULL ? tls_send(c->tls, bytes, n, c->deadline_ms)
			       : raw_send(c, bytes, n, c->deadline_ms);
	if (r == -ECONNRESET || r == -EPIPE)
		c->reset = true;
	if (r < 0)
		fail(c, ending_of_error(r));
}

void conn_write_span(struct conn *c, struct span s)
{
	conn_write(c, s.at, s.length);
}

void conn_write_text(struct conn *c, const char *text)
{
	conn_write(c, text, strlen(text));
}

/* ---- reading ---- */

static size_t unread(const struct conn *c)
{
	return c->tail - c->head;
}

/* Room for `more` bytes behind the unread ones. */
static bool make_room(struct conn *c, size_t more)
{
	if (c->head > 0) {
		memmove(c->buffer, c->buffer + c->head, unread(c));
		c->tail -= c->head;
		c->head = 0;
	}
	if (c->capacity - c->tail >= more)
		return true;
	size_t capacity = c->capacity == 0 ? 4096 : c->capacity;
	while (capacity - c->tail < more)
		capacity *= 2;
	if (capacity > 2 * (size_t)READ_MAX)
		return false;
	uint8_t *buffer = realloc(c->buffer, capacity);
	if (buffer == NULL)
		return false;
	c->buffer = buffer;
	c->capacity = capacity;
	return true;
}

/* More bytes into the buffer: > 0, 0 at the peer's close, or negative errno. */
static ssize_t fill(struct conn *c, unsigned timeout_ms)
{
	enum { CHUNK = 4096 };

	if (!c->open || c->lent)
		return -EPIPE;
	if (!make_room(c, CHUNK))
		return -ENOMEM;
	ssize_t got = c->tls != NULL ? tls_receive(c->tls, c->buffer + c->tail, CHUNK, timeout_ms)
				     : raw_receive(c, c->buffer + c->tail, CHUNK, timeout_ms);
	if (got > 0)
		c->tail += (size_t)got;
	else if (got == 0 || ending_of_error((int)got) == ENDING_CLOSED)
		c->peer_closed = true;
	if (got == -ECONNRESET)
		c->reset = true;
	return got;
}

static bool fill_or_fail(struct conn *c, int64_t until)
{
	unsigned left = left_ms(c, until);
	ssize_t got = left > 0 ? fill(c, left) : -ETIMEDOUT;

	if (got > 0)
		return true;
	fail(c, got == 0 ? ENDING_CLOSED : ending_of_error((int)got));
	return false;
}

static struct span nothing(const struct conn *c)
{
	static const uint8_t empty[1];

	return span_of(c->buffer != NULL ? c->buffer : empty, 0);
}

static struct span take(struct conn *c, size_t n)
{
	struct span s = span_of(c->buffer + c->head, n);

	c->head += n;
	return s;
}

struct span conn_read(struct conn *c, size_t n)
{
	int64_t until = now_ms(c) + c->deadline_ms;

	if (n > READ_MAX)
		fail(c, ENDING_LIMIT);
	if (n == 0)
		return nothing(c);
	while (conn_ok(c) && unread(c) < n)
		if (!fill_or_fail(c, until))
			break;
	return conn_ok(c) ? take(c, n) : nothing(c);
}

struct span conn_read_some(struct conn *c, size_t max)
{
	int64_t until = now_ms(c) + c->deadline_ms;

	if (conn_ok(c) && unread(c) == 0)
		fill_or_fail(c, until);
	if (!conn_ok(c))
		return nothing(c);
	return take(c, unread(c) < max ? unread(c) : max);
}

struct span conn_read_until(struct conn *c, const char *delimiter, size_t max)
{
	int64_t until = now_ms(c) + c->deadline_ms;
	size_t length = strlen(delimiter);

	while (conn_ok(c)) {
		struct span have =
			unread(c) > 0 ? span_of(c->buffer + c->head, unread(c)) : nothing(c);
		ptrdiff_t at = span_find(have, delimiter, length);

		if (at >= 0 && (size_t)at + length <= max)
			return take(c, (size_t)at + length);
		if (have.length >= max)
			fail(c, ENDING_MALFORMED);
		else
			fill_or_fail(c, until);
	}
	return nothing(c);
}

struct span conn_read_line(struct conn *c)
{
	struct span line = conn_read_until(c, "\n", LINE_MAX_BYTES);

	if (line.length > 0)
		line.length--;
	if (line.length > 0 && line.at[line.length - 1] == '\r')
		line.length--;
	return line;
}

struct span conn_peek_quiet(struct conn *c, size_t max, unsigned quiet_ms)
{
	int64_t until = now_ms(c) + c->deadline_ms;

	if (!conn_ok(c))
		return nothing(c);
	while (unread(c) < max) {
		unsigned left = left_ms(c, until);

		if (left == 0 || fill(c, left < quiet_ms ? left : quiet_ms) <= 0)
			break;
	}
	if (unread(c) == 0)
		return nothing(c);
	return span_of(c->buffer + c->head, unread(c) < max ? unread(c) : max);
}

struct span conn_read_quiet(struct conn *c, size_t max, unsigned quiet_ms)
{
	struct span s = conn_peek_quiet(c, max, quiet_ms);

	c->head += s.length;
	return s;
}

struct span conn_datagram(struct conn *c)
{
	enum { DATAGRAM_MAX = 65535 };
	ssize_t got;

	if (!conn_ok(c))
		return nothing(c);
	c->head = c->tail = 0;
	if (!c->open || !make_room(c, DATAGRAM_MAX)) {
		fail(c, c->open ? ENDING_LIMIT : ENDING_CLOSED);
		return nothing(c);
	}
	got = raw_receive(c, c->buffer, DATAGRAM_MAX, c->deadline_ms);
	if (got <= 0) {
		fail(c, got == 0 ? ENDING_CLOSED : ending_of_error((int)got));
		return nothing(c);
	}
	c->tail = (size_t)got;
	return take(c, c->tail);
}

struct span conn_ask(struct conn *c, const void *bytes, size_t n)
{
	conn_write(c, bytes, n);
	bool asked = conn_ok(c);
	struct span answer = conn_datagram(c);
	if (asked && c->ending == ENDING_TIMEOUT) {
		c->ending = ENDING_DONE;
		conn_write(c, bytes, n);
		answer = conn_datagram(c);
	}
	return answer;
}

void conn_deadline(struct conn *c, unsigned timeout_ms)
{
	c->deadline_ms = timeout_ms;
}

/* ---- connections ---- */

void conn_close(struct conn *c)
{
	drop(c);
	fail(c, ENDING_CLOSED);
}

bool conn_again(struct conn *c)
{
	drop(c);
	if (c->ending == ENDING_STOPPED || c->ending == ENDING_DISTRESS)
		return false;
	c->ending = ENDING_DONE;
	if (c->connections >= c->setup.connections) {
		fail(c, ENDING_LIMIT);
		return false;
	}
	enum ending e = c->setup.backend->open(c->setup.context);
	c->connections++;
	if (e != ENDING_DONE) {
		fail(c, e);
		return false;
	}
	c->open = true;
	return true;
}

static bool start_tls(struct conn *c, const char *server_name, bool old)
{
	if (!conn_ok(c) || !c->open || c->tls != NULL)
		return false;
	int played = c->setup.backend->plays_tls != NULL
			     ? c->setup.backend->plays_tls(c->setup.context, old)
			     : 0;
	if (played < 0)
		fail(c, ENDING_NOT_THIS);
	if (played != 0)
		return played > 0;
	c->head = c->tail = 0; /* nothing said before TLS may count as said in it */
	int error = 0;
	c->tls = tls_connect(&carrier, c, server_name, old, c->deadline_ms, &error);
	if (c->tls == NULL)
		fail(c, error == -EPROTO ? ENDING_NOT_THIS : ending_of_error(error));
	return conn_ok(c);
}

bool conn_start_tls(struct conn *c, const char *server_name)
{
	return start_tls(c, server_name, false);
}

bool conn_begin(struct conn *c)
{
	if (!c->setup.tls)
		return conn_ok(c);
	if (!conn_start_tls(c, NULL))
		fail(c, ENDING_NOT_THIS);
	return conn_ok(c);
}

bool conn_start_old_tls(struct conn *c)
{
	return start_tls(c, NULL, true);
}

enum renegotiation conn_renegotiate(struct conn *c)
{
	enum renegotiation result = RENEGOTIATION_UNKNOWN;

	if (!conn_ok(c) || !c->open)
		return result;
	if (c->tls != NULL) {
		int r = tls_renegotiate(c->tls, c->deadline_ms);

		if (r >= 0)
			result = r == 1 ? RENEGOTIATION_DONE : RENEGOTIATION_REFUSED;
		else
			fail(c, ending_of_error(r));
	} else if (c->setup.backend->plays_renegotiation != NULL) {
		result = c->setup.backend->plays_renegotiation(c->setup.context);
	}
	if (conn_ok(c))
		conn_close(c);
	return result;
}

struct span conn_tls_certificate(struct conn *c, size_t index)
{
	return c->tls != NULL ? tls_certificate(c->tls, index) : nothing(c);
}

int conn_lend(struct conn *c, unsigned packets)
{
	if (!conn_ok(c) || !c->open || c->tls != NULL || c->setup.backend->lend == NULL)
		return -1;
	int fd = c->setup.backend->lend(c->setup.context, packets);
	c->lent = fd >= 0;
	return fd;
}

/* ---- evidence about the conversation ---- */

void conn_note_oddity(struct conn *c, const char *name)
{
	list_word(note_list(c->setup.evidence, "oddities"), name);
}

enum ending conn_oddity(struct conn *c, const char *name)
{
	conn_note_oddity(c, name);
	drop(c);
	c->ending = ENDING_MALFORMED;
	return ENDING_MALFORMED;
}

void conn_gathered(struct conn *c, const char *facet)
{
	list_word(note_list(c->setup.evidence, "gathered"), facet);
}

void conn_limited(struct conn *c, const char *facet)
{
	list_word(note_list(c->setup.evidence, "limited"), facet);
}

/* ---- what a probe may know ---- */

enum depth conn_depth(const struct conn *c)
{
	return c->setup.depth;
}

bool conn_anonymous(const struct conn *c)
{
	return c->setup.anonymous;
}

const struct credential *conn_credential(const struct conn *c)
{
	return c->setup.credential;
}

const struct login_forms *conn_login_forms(const struct conn *c)
{
	return c->setup.forms;
}

const struct domains *conn_declared(const struct conn *c)
{
	return c->setup.declared;
}

uint16_t conn_port(const struct conn *c)
{
	return c->setup.port;
}

bool conn_tls_wanted(const struct conn *c)
{
	return c->setup.tls;
}

const char *conn_starttls(const struct conn *c)
{
	return c->setup.starttls;
}

const char *conn_address(const struct conn *c)
{
	return c->setup.address;
}

const char *conn_identity(const struct conn *c)
{
	return c->setup.identity;
}

const char *conn_ehlo(const struct conn *c)
{
	return c->setup.ehlo;
}

void conn_random(struct conn *c, void *bytes, size_t n)
{
	c->setup.backend->random(c->setup.context, bytes, n);
}

int64_t conn_clock(const struct conn *c)
{
	return c->setup.backend->clock(c->setup.context);
}
