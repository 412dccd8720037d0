/* SPDX-License-Identifier: Apache-2.0 */
/* SSH: RFC 4253, 4.2, the two lines that open it. Everything behind them is left alone. */
#include "listen/stream.h"

struct ssh {
	bool dropping[2];
	uint8_t heard[2]; /* 1: version 1, 2: version 2, 3: either ("1.99") */
	uint8_t lines;    /* of the server in front of its own */
};

enum { LINES_MAX = 50 };

static uint8_t version_of(struct span line)
{
	if (span_starts(line, "SSH-1.99-"))
		return 3;
	if (span_starts(line, "SSH-2."))
		return 2;
	return span_starts(line, "SSH-1.") ? 1 : 0;
}

static long hear(struct talk *t, enum side side, struct span bytes)
{
	struct ssh *s = t->state;
	struct span line;

	if (s->heard[side] != 0)
		return (long)bytes.length;
	long taken = line_take(bytes, &s->dropping[side], &line);
	if (taken <= 0)
		return taken;
	uint8_t version = version_of(line);
	if (version == 0)
		return side == SIDE_SERVER && s->lines++ < LINES_MAX ? taken : HEAR_DONE;
	s->heard[side] = version;
	if (side == SIDE_SERVER) {
		struct span rest = span_from(line, 4);
		ptrdiff_t dash = span_find(rest, "-", 1);

		tell_spoken(t, "ssh");
		if (dash >= 0)
			tell_service(t, "service.product", span_from(rest, (size_t)dash + 1));
	}
	if (s->heard[SIDE_CLIENT] == 0 || s->heard[SIDE_SERVER] == 0)
		return taken;
	tell_server(t, "ssh.version",
		    span_text(s->heard[SIDE_CLIENT] & s->heard[SIDE_SERVER] & 2 ? "2" : "1"));
	return HEAR_DONE;
}

static int recognise(const struct talk *t, enum side side, struct span first)
{
	(void)t;
	(void)side;
	if (first.length < 5)
		return memcmp(first.at, "SSH-1", first.length) == 0 ||
				       memcmp(first.at, "SSH-2", first.length) == 0
			       ? 0
			       : -1;
	return span_starts(first, "SSH-1") || span_starts(first, "SSH-2") ? 1 : -1;
}

const struct decoder decoder_ssh = {
	.name = "ssh",
	.tcp_ports = (const uint16_t[]){ 22, 2222, 0 },
	.state_size = sizeof(struct ssh),
	.recognise = recognise,
	.hear = hear,
};
