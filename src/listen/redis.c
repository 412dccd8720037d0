/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Redis (RESP2 and RESP3 of the Redis protocol specification): AUTH and HELLO ... AUTH. Only a client's first
 * commands are looked at; values are passed over.
 */
#include "listen/stream.h"

enum {
	COMMANDS_MAX = 32,  /* of the client before it is left alone */
	ARGUMENTS_MAX = 64, /* of a command that is looked at */
	COMMAND_MAX = 4096,
};

struct redis {
	bool spoken;
	uint8_t commands;
};

/* "*3" or "$5"; false where it is none. */
static bool read_count(struct span line, uint8_t mark, size_t *ret)
{
	size_t v = 0;

	if (line.length < 2 || line.length > 10 || line.at[0] != mark)
		return false;
	for (size_t i = 1; i < line.length; i++) {
		if (line.at[i] < '0' || line.at[i] > '9')
			return false;
		v = v * 10 + (size_t)(line.at[i] - '0');
	}
	*ret = v;
	return true;
}

/* The line at the front, and r behind it. 0: it is not whole; -1: it is too long. */
static int next_line(struct reader *r, struct span *ret)
{
	bool dropping = false;
	long n = line_take(span_of(r->at, rd_left(r)), &dropping, ret);

	if (n <= 0 || dropping)
		return dropping ? -1 : 0;
	rd_skip(r, (size_t)n);
	return 1;
}

/* The next argument. */
static int next_argument(struct reader *r, struct span *ret)
{
	struct span line;
	size_t length;
	int there = next_line(r, &line);

	if (there <= 0)
		return there;
	if (!read_count(line, '$', &length) || length > COMMAND_MAX)
		return -1;
	if (rd_left(r) < length + 2)
		return 0;
	*ret = rd_span(r, length);
	rd_skip(r, 2);
	return 1;
}

struct command {
	struct span words[ARGUMENTS_MAX];
	size_t count;
};

static void hear_words(struct talk *t, const struct command *c)
{
	if (c->count >= 2 && span_is_nocase(c->words[0], "AUTH")) {
		tell_login(t, "redis");
		if (c->count == 3)
			tell_account(t, c->words[1]);
	} else if (c->count >= 5 && span_is_nocase(c->words[0], "HELLO")) {
		for (size_t i = 2; i + 2 < c->count; i++)
			if (span_is_nocase(c->words[i], "AUTH")) {
				tell_login(t, "redis");
				tell_account(t, c->words[i + 1]);
				return;
			}
	}
}

/* A command as an array of texts. */
static long hear_array(struct talk *t, struct span bytes)
{
	struct reader r = rd_new(bytes);
	struct command c = { 0 };
	struct span line;
	size_t count;
	int there = next_line(&r, &line);

	if (there <= 0)
		return there == 0 ? HEAR_MORE : HEAR_DONE;
	if (!read_count(line, '*', &count) || count > ARGUMENTS_MAX)
		return HEAR_DONE;
	while (c.count < count) {
		there = next_argument(&r, &c.words[c.count]);
		if (there <= 0)
			return there == 0 ? HEAR_MORE : HEAR_DONE;
		c.count++;
	}
	hear_words(t, &c);
	return (long)(r.at - bytes.at);
}

/* The same typed by hand. */
static long hear_inline(struct talk *t, struct span bytes)
{
	struct reader r = rd_new(bytes);
	struct command c = { 0 };
	struct span line;
	int there = next_line(&r, &line);

	if (there <= 0)
		return there == 0 ? HEAR_MORE : HEAR_DONE;
	while (c.count < ARGUMENTS_MAX) {
		c.words[c.count] = word_take(&line);
		if (c.words[c.count].length == 0)
			break;
		c.count++;
	}
	hear_words(t, &c);
	return (long)(r.at - bytes.at);
}

static long hear(struct talk *t, enum side side, struct span bytes)
{
	struct redis *s = t->state;

	if (side == SIDE_SERVER || bytes.length == 0) {
		if (!s->spoken && bytes.length > 0 && strchr("+-:$*%_", bytes.at[0]) != NULL) {
			s->spoken = true;
			tell_spoken(t, "redis");
		}
		return (long)bytes.length;
	}
	if (s->commands++ >= COMMANDS_MAX)
		return HEAR_DONE;
	long taken = bytes.at[0] == '*' ? hear_array(t, bytes) : hear_inline(t, bytes);
	if (taken == HEAR_MORE) {
		s->commands--; /* it comes again */
		return bytes.length > COMMAND_MAX * 4 ? HEAR_DONE : HEAR_MORE;
	}
	return taken;
}

static int recognise(const struct talk *t, enum side side, struct span first)
{
	struct reader r = rd_new(first);
	struct span line;
	size_t count;

	if (side != SIDE_CLIENT)
		return -1;
	if (first.length == 0)
		return 0;
	if (first.at[0] != '*') {
		if (t->server_port != 6379)
			return -1;
		return next_line(&r, &line) == 0 ? 0 : 1;
	}
	int there = next_line(&r, &line);
	if (there == 0)
		return first.length < 8 ? 0 : -1;
	if (there < 0 || !read_count(line, '*', &count) || count == 0)
		return -1;
	there = next_line(&r, &line);
	if (there == 0)
		return rd_left(&r) < 8 ? 0 : -1;
	return there > 0 && read_count(line, '$', &count) ? 1 : -1;
}

const struct decoder decoder_redis = {
	.name = "redis",
	.tcp_ports = (const uint16_t[]){ 6379, 0 },
	.state_size = sizeof(struct redis),
	.recognise = recognise,
	.hear = hear,
};
