/* SPDX-License-Identifier: Apache-2.0 */
#include "listen/feed.h"

#include <stdio.h>
#include <stdlib.h>

#include "codec/evidence.h"

enum { WAITING_MAX = 65536, FIRST_MAX = 2048, RAW_MAX = 1 << 20 };

struct waiting {
	uint8_t *bytes;
	size_t length;
	bool asked; /* nobody here recognises this side */
};

struct feed {
	struct notes notes; /* first */
	struct talk talk;
	const struct decoder *only, *decoder;
	struct waiting sides[2];
	uint64_t refused; /* decoders that said no, as bits */
	bool ended;
	json_t *facts;
	uint8_t *raw;
	size_t raw_length;
};

static struct feed *feed_of(struct notes *n)
{
	return (struct feed *)n;
}

static void keep_raw(struct feed *f, struct span s)
{
	if (s.length > 0 && s.length <= RAW_MAX - f->raw_length) {
		f->raw = realloc(f->raw, f->raw_length + s.length);
		if (f->raw == NULL)
			abort();
		memcpy(f->raw + f->raw_length, s.at, s.length);
		f->raw_length += s.length;
	}
}

static void add(struct feed *f, const char *line)
{
	for (size_t i = 0; i < json_array_size(f->facts); i++)
		if (strcmp(json_string_value(json_array_get(f->facts, i)), line) == 0)
			return;
	json_array_append_new(f->facts, json_string(line));
}

/* The value as evidence would have it; certificates are JSON already. */
static void take_fact(struct notes *n, const struct fact *fact)
{
	static const struct addr none;
	struct feed *f = feed_of(n);
	json_t *value = clean_text(fact->value);
	char line[2048], about[ADDR_TEXT], peer[ADDR_TEXT], port[8] = "";

	if (fact->port != 0)
		snprintf(port, sizeof(port), ":%u", fact->port);
	bool has_peer = memcmp(&fact->peer, &none, sizeof(none)) != 0;
	snprintf(line, sizeof(line), "%s %s%s%s%s: %s%s", fact->kind,
		 addr_format(&fact->about, about), port, has_peer ? " from " : "",
		 has_peer ? addr_format(&fact->peer, peer) : "", json_string_value(value),
		 fact->personal ? " (p)" : "");
	json_decref(value);
	keep_raw(f, fact->value);
	add(f, line);
}

static void take_operation(struct notes *n, const struct operation *o)
{
	char line[256];

	snprintf(line, sizeof(line), "operation: %s %s", o->protocol, o->word);
	add(feed_of(n), line);
}

static void take_name(struct talk *t, struct span name)
{
	json_t *value = clean_text(name);
	char line[1024];

	snprintf(line, sizeof(line), "named: %s", json_string_value(value));
	json_decref(value);
	keep_raw(feed_of(t->notes), name);
	add(feed_of(t->notes), line);
}

struct feed *feed_new(const struct decoder *decoder, uint16_t port)
{
	struct feed *f = calloc(1, sizeof(*f));

	if (f == NULL)
		abort();
	f->notes.fact = take_fact;
	f->notes.operation = take_operation;
	f->talk.notes = &f->notes;
	f->talk.named = take_name;
	f->talk.client_port = 40000;
	f->talk.server_port = port;
	f->talk.from_start = true;
	addr_parse("192.0.2.1", &f->talk.client);
	addr_parse("192.0.2.2", &f->talk.server);
	f->only = decoder;
	f->facts = json_array();
	if (f->facts == NULL)
		abort();
	return f;
}

void feed_free(struct feed *f)
{
	if (f == NULL)
		return;
	for (size_t i = 0; i < countof(f->sides); i++)
		free(f->sides[i].bytes);
	free(f->talk.state);
	free(f->raw);
	json_decref(f->facts);
	free(f);
}

static int ask(struct feed *f, const struct decoder *d, enum side side, struct span first)
{
	/* A block of exact size, so that a byte too far is seen. */
	uint8_t *copy = malloc(first.length);

	if (copy == NULL)
		abort();
	memcpy(copy, first.at, first.length);
	int answer = d->recognise(&f->talk, side, span_of(copy, first.length));
	free(copy);
	return answer;
}

static bool is_on_port(const struct decoder *d, uint16_t port)
{
	for (const uint16_t *p = d->tcp_ports; p != NULL && *p != 0; p++)
		if (*p == port)
			return true;
	return false;
}

static void recognise(struct feed *f, enum side side)
{
	struct span first =
		span_first(span_of(f->sides[side].bytes, f->sides[side].length), FIRST_MAX);

	for (unsigned turn = 0; turn < 2; turn++)
		for (size_t i = 0; decoders[i] != NULL && f->decoder == NULL; i++) {
			const struct decoder *d = decoders[i];

			if (d->recognise == NULL || d->hear == NULL ||
			    is_on_port(d, f->talk.server_port) != (turn == 0) ||
			    (f->only != NULL && f->only != d))
				continue;
			if (ask(f, d, side, first) == 1)
				f->decoder = d;
		}
	if (f->decoder != NULL) {
		f->talk.state = calloc(1, f->decoder->state_size);
		if (f->talk.state == NULL)
			abort();
	}
}

/* Gives a side's bytes as long as some are taken. */
static void hear(struct feed *f, enum side side)
{
	struct waiting *w = &f->sides[side];

	while (!f->ended && w->length > 0) {
		uint8_t *copy = malloc(w->length);

		if (copy == NULL)
			abort();
		memcpy(copy, w->bytes, w->length);
		long taken = f->decoder->hear(&f->talk, side, span_of(copy, w->length));
		free(copy);
		if (taken == HEAR_MORE)
			break;
		if (taken < 0) {
			f->ended = true;
			if (taken != HEAR_DONE && taken != HEAR_NOT_OURS)
				abort();
			break;
		}
		if ((size_t)taken > w->length)
			abort();
		w->length -= (size_t)taken;
		memmove(w->bytes, w->bytes + taken, w->length);
	}
}

void feed_say(struct feed *f, enum side side, struct span bytes)
{
	struct waiting *w = &f->sides[side];

	if (f->ended || bytes.length == 0)
		return;
	if (bytes.length > WAITING_MAX - w->length) {
		f->ended = true;
		return;
	}
	w->bytes = realloc(w->bytes, w->length + bytes.length);
	if (w->bytes == NULL)
		abort();
	memcpy(w->bytes + w->length, bytes.at, bytes.length);
	w->length += bytes.length;
	if (f->decoder == NULL) {
		recognise(f, side);
		if (f->decoder == NULL)
			return;
		/* What the other side said before. */
		hear(f, side == SIDE_CLIENT ? SIDE_SERVER : SIDE_CLIENT);
	}
	hear(f, side);
}

void feed_gap(struct feed *f, enum side side)
{
	f->sides[side].length = 0;
	f->talk.from_start = false;
	if (f->decoder == NULL || f->ended)
		return;
	if (f->decoder->gap == NULL)
		f->ended = true;
	else
		f->decoder->gap(&f->talk, side);
}

const struct decoder *feed_decoder(const struct feed *f)
{
	return f->decoder;
}

const json_t *feed_facts(struct feed *f)
{
	char line[64];

	if (f->decoder != NULL) {
		snprintf(line, sizeof(line), "flow: %s",
			 f->talk.application != NULL ? f->talk.application : f->decoder->name);
		add(f, line);
	}
	return f->facts;
}

struct span feed_raw(const struct feed *f)
{
	return f->raw != NULL ? span_of(f->raw, f->raw_length) : span_of("", 0);
}
