/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The r-commands: rexec (port 512: port, account, password, command, each with a zero), rlogin (RFC 1282, port
 * 513: zero, local account, account, terminal) and rsh (port 514: port, local account, account, command). rsh
 * and rlogin let in by name of the host and account, which crosses the wire as it is.
 */
#include "listen/prompts.h"

enum { REXEC = 512, RLOGIN = 513, RSH = 514, TEXTS_MAX = 1024, CLIENT_MAX = 64 * 1024 };

struct rcmd {
	struct prompts prompts;
	bool spoken;
	bool opened; /* the client's texts were heard */
	uint32_t heard;
};

/* The texts up to their zeros; false where fewer are there. */
static bool read_texts(struct span bytes, struct span *texts, size_t count, size_t *ret_length)
{
	size_t at = 0;

	for (size_t i = 0; i < count; i++) {
		struct span rest = span_from(bytes, at);
		ptrdiff_t end = span_find(rest, "", 1);

		if (end < 0)
			return false;
		texts[i] = span_first(rest, (size_t)end);
		at += (size_t)end + 1;
	}
	*ret_length = at;
	return true;
}

static bool is_port(struct span text)
{
	for (size_t i = 0; i < text.length; i++)
		if (text.at[i] < '0' || text.at[i] > '9')
			return false;
	return text.length <= 5;
}

static long hear_opening(struct rcmd *s, struct talk *t, struct span bytes)
{
	struct span texts[4];
	size_t length;

	if (!read_texts(bytes, texts, countof(texts), &length))
		return bytes.length > TEXTS_MAX ? HEAR_DONE : HEAR_MORE;
	s->opened = true;
	switch (t->server_port) {
	case REXEC:
		t->application = "rexec";
		tell_login(t, "rexec");
		tell_account(t, texts[1]);
		return (long)length;
	case RLOGIN:
		t->application = "rlogin";
		tell_account(t, texts[2]);
		return (long)length;
	default:
		t->application = "rsh";
		tell_login(t, "rsh");
		tell_account(t, texts[2]);
		return (long)length;
	}
}

static long hear(struct talk *t, enum side side, struct span bytes)
{
	struct rcmd *s = t->state;

	if (side == SIDE_CLIENT && !s->opened)
		return hear_opening(s, t, bytes);
	if (side == SIDE_SERVER && !s->spoken && s->opened) {
		s->spoken = true;
		tell_spoken(t, t->application);
	}
	if (s->opened && t->server_port != RLOGIN)
		return s->spoken ? HEAR_DONE : (long)bytes.length;
	for (size_t i = 0; i < bytes.length; i++) {
		if (side == SIDE_SERVER)
			prompts_server(&s->prompts, bytes.at[i]);
		else
			prompts_client(&s->prompts, t, bytes.at[i], "rlogin");
	}
	if (side == SIDE_CLIENT && bytes.length < CLIENT_MAX)
		s->heard += (uint32_t)bytes.length;
	return s->heard > CLIENT_MAX ? HEAR_DONE : (long)bytes.length;
}

static int recognise(const struct talk *t, enum side side, struct span first)
{
	ptrdiff_t end = span_find(first, "", 1);

	if (side != SIDE_CLIENT || t->server_port < REXEC || t->server_port > RSH)
		return -1;
	/* Which of the texts is the password is known from the first one on. */
	if (t->server_port == REXEC && !t->from_start)
		return -1;
	if (t->server_port == RLOGIN)
		return first.length == 0 || first.at[0] == 0 ? (int)(first.length > 1) : -1;
	if (end < 0)
		return is_port(first) ? 0 : -1;
	return is_port(span_first(first, (size_t)end)) ? 1 : -1;
}

const struct decoder decoder_rcmd = {
	.name = "rcmd",
	.tcp_ports = (const uint16_t[]){ REXEC, RLOGIN, RSH, 0 },
	.state_size = sizeof(struct rcmd),
	.recognise = recognise,
	.hear = hear,
};
