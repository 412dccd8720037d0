/* SPDX-License-Identifier: Apache-2.0 */
/* Telnet: RFC 854, as far as options must be told from text. It ends where both agree on encryption. */
#include "listen/prompts.h"

enum { IAC = 255, DONT = 254, WILL = 251, SB = 250, SE = 240 };

/* Of one side, between two bytes. */
enum place { TEXT, COMMAND, OPTION, INSIDE, INSIDE_IAC };

struct telnet {
	struct prompts prompts;
	uint8_t place[2];
	uint32_t heard; /* of the client, in bytes */
	bool spoken;
};

enum { CLIENT_MAX = 64 * 1024 /* a session that goes on is left alone */ };

/* True where the byte is text. */
static bool is_text(uint8_t *place, uint8_t c)
{
	switch ((enum place) * place) {
	case TEXT:
		if (c != IAC)
			return true;
		*place = COMMAND;
		return false;
	case COMMAND:
		*place = c == SB ? INSIDE : c >= WILL && c <= DONT ? OPTION : TEXT;
		return false;
	case OPTION:
		*place = TEXT;
		return false;
	case INSIDE:
		if (c == IAC)
			*place = INSIDE_IAC;
		return false;
	case INSIDE_IAC:
		*place = c == SE ? TEXT : INSIDE;
		return false;
	}
	return false;
}

static long hear(struct talk *t, enum side side, struct span bytes)
{
	struct telnet *s = t->state;

	if (!s->spoken && side == SIDE_SERVER) {
		s->spoken = true;
		tell_spoken(t, "telnet");
	}
	for (size_t i = 0; i < bytes.length; i++) {
		if (!is_text(&s->place[side], bytes.at[i]))
			continue;
		if (side == SIDE_SERVER)
			prompts_server(&s->prompts, bytes.at[i]);
		else
			prompts_client(&s->prompts, t, bytes.at[i], "telnet");
	}
	if (side == SIDE_CLIENT && bytes.length < CLIENT_MAX)
		s->heard += (uint32_t)bytes.length;
	return s->heard > CLIENT_MAX ? HEAR_DONE : (long)bytes.length;
}

static int recognise(const struct talk *t, enum side side, struct span first)
{
	if (first.length == 0)
		return 0;
	if (first.at[0] == IAC) {
		if (first.length < 3)
			return 0;
		/* Two options, or one and text, so that no other protocol is meant. */
		return first.at[1] >= SB && first.at[1] <= DONT &&
				       (first.length == 3 || first.at[3] == IAC ||
					first.at[1] == SB || t->server_port == 23)
			       ? 1
			       : -1;
	}
	/* Devices that only talk: text on the port itself. */
	if (t->server_port != 23 || side != SIDE_SERVER)
		return -1;
	return first.at[0] == '\r' || first.at[0] == '\n' || first.at[0] == 0x1b ||
			       (first.at[0] >= ' ' && first.at[0] < 0x7f)
		       ? 1
		       : -1;
}

const struct decoder decoder_telnet = {
	.name = "telnet",
	.tcp_ports = (const uint16_t[]){ 23, 0 },
	.state_size = sizeof(struct telnet),
	.recognise = recognise,
	.hear = hear,
};
