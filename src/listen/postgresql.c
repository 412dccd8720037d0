/* SPDX-License-Identifier: Apache-2.0 */
/* PostgreSQL, protocol 3.0, until somebody is logged in ("Message Formats" of its manual). */
#include "listen/tls_ear.h"

enum {
	START_MAX = 4096,
	MESSAGE_MAX = 16 * 1024,
	PROTOCOL_3 = 0x00030000,
	TLS_REQUEST = 80877103,
	GSS_REQUEST = 80877104,
	CANCEL_REQUEST = 80877102,
};

struct postgresql {
	bool spoken;
	bool started; /* the client's first message was heard */
	bool tls_asked, gss_asked, begun;
	bool clear; /* the server wants the password as it is */
	struct tls_ear ear;
};

/* name, value, name, value, ..., zero */
static void hear_parameters(struct talk *t, struct span text)
{
	struct span name = span_first(text, 0);
	bool value = false;

	while (text.length > 0) {
		ptrdiff_t end = span_find(text, "", 1);
		struct span one = end >= 0 ? span_first(text, (size_t)end) : text;

		if (value && span_is(name, "user"))
			tell_account(t, one);
		name = one;
		value = !value;
		text = span_from(text, one.length + 1);
	}
}

static long hear_start(struct postgresql *s, struct talk *t, struct span bytes)
{
	struct reader r = rd_new(bytes);
	size_t length = rd_be32(&r);
	uint32_t code = rd_be32(&r);

	if (!rd_ok(&r))
		return HEAR_MORE;
	if (length < 8 || length > START_MAX)
		return HEAR_NOT_OURS;
	if (code == TLS_REQUEST || code == GSS_REQUEST) {
		s->tls_asked = code == TLS_REQUEST;
		s->gss_asked = code == GSS_REQUEST;
		return 8;
	}
	if (code == CANCEL_REQUEST)
		return HEAR_DONE;
	if (code >> 16 != PROTOCOL_3 >> 16)
		return HEAR_NOT_OURS;
	struct span parameters = rd_span(&r, length - 8);
	if (!rd_ok(&r))
		return HEAR_MORE;
	s->started = true;
	hear_parameters(t, parameters);
	return (long)length;
}

/* Authentication (R): what is asked for. True: what comes next tells nothing. */
static bool hear_authentication(struct postgresql *s, struct talk *t, struct span body)
{
	struct reader r = rd_new(body);

	switch (rd_be32(&r)) {
	case 3:
		s->clear = true;
		return false;
	case 5:
		tell_challenge(t, "postgresql md5");
		return true;
	case 7:
	case 9:
		tell_challenge(t, "postgresql gss");
		return true;
	case 10:
		tell_challenge(t, "postgresql scram");
		return true;
	default:
		return true;
	}
}

static long hear_answer(struct postgresql *s, struct talk *t, struct span bytes)
{
	struct reader r = rd_new(bytes);
	uint8_t type = rd_u8(&r);

	/* One byte answers a request for encryption. */
	if (s->tls_asked || s->gss_asked) {
		bool tls = s->tls_asked;

		s->tls_asked = s->gss_asked = false;
		if (type == 'S' && tls) {
			s->begun = true;
			tell_spoken(t, "postgresql");
			return 1;
		}
		return type == 'N' ? 1 : HEAR_DONE;
	}
	size_t length = rd_be32(&r);
	if (!rd_ok(&r))
		return HEAR_MORE;
	if (length < 4 || length > MESSAGE_MAX)
		return HEAR_DONE;
	struct span body = rd_span(&r, length - 4);
	if (!rd_ok(&r))
		return HEAR_MORE;
	if (s->started && !s->spoken && (type == 'R' || type == 'E')) {
		s->spoken = true;
		tell_spoken(t, "postgresql");
	}
	if (type == 'R')
		return hear_authentication(s, t, body) ? HEAR_DONE : (long)length + 1;
	return type == 'E' ? HEAR_DONE : (long)length + 1;
}

static long hear(struct talk *t, enum side side, struct span bytes)
{
	struct postgresql *s = t->state;

	if (s->begun ||
	    (s->tls_asked && side == SIDE_CLIENT && bytes.length > 0 && bytes.at[0] == 0x16)) {
		s->begun = true;
		long taken = tls_ear_hear(&s->ear, t, side, bytes);

		return taken == HEAR_NOT_OURS ? HEAR_DONE : taken;
	}
	if (side == SIDE_SERVER)
		return hear_answer(s, t, bytes);
	if (!s->started)
		return hear_start(s, t, bytes);
	/* Behind its start a client says what proves it. */
	if (!s->clear)
		return (long)bytes.length;
	if (bytes.length > 0 && bytes.at[0] == 'p')
		tell_login(t, "postgresql");
	return HEAR_DONE;
}

static int recognise(const struct talk *t, enum side side, struct span first)
{
	struct reader r = rd_new(first);

	(void)t;
	if (side != SIDE_CLIENT)
		return -1;
	size_t length = rd_be32(&r);
	uint32_t code = rd_be32(&r);
	if (!rd_ok(&r))
		return first.length == 0 || first.at[0] == 0 ? 0 : -1;
	if (length == 8 && (code == TLS_REQUEST || code == GSS_REQUEST))
		return 1;
	return length > 8 && length <= START_MAX && code == PROTOCOL_3 ? 1 : -1;
}

const struct decoder decoder_postgresql = {
	.name = "postgresql",
	.tcp_ports = (const uint16_t[]){ 5432, 0 },
	.state_size = sizeof(struct postgresql),
	.recognise = recognise,
	.hear = hear,
};
