/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which questions were heard before: a table of their seals, and a ring that forgets the one heard first. From
 * what it forgets it keeps the latest time: a question that is not later than that may have been forgotten, and
 * is refused. Only questions with a right seal come here, so nobody without the key can fill it.
 */
#include <stdlib.h>

#include "codec/reader.h"
#include "reach/token_seen.h"

struct entry {
	uint64_t id;
	int64_t time;  /* of the question */
	int64_t first; /* heard */
	unsigned times;
};

struct token_seen {
	struct entry *ring;
	uint32_t *table; /* place in the ring + 1; 0: empty */
	size_t room, slots, next;
	int64_t floor;
};

struct token_seen *token_seen_new(size_t room)
{
	struct token_seen *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->room = room;
	for (s->slots = 4; s->slots < 2 * room; s->slots *= 2)
		;
	s->ring = calloc(room, sizeof(*s->ring));
	s->table = calloc(s->slots, sizeof(*s->table));
	if (room == 0 || room > UINT32_MAX / 4 || s->ring == NULL || s->table == NULL) {
		token_seen_free(s);
		return NULL;
	}
	return s;
}

void token_seen_free(struct token_seen *s)
{
	if (s == NULL)
		return;
	free(s->ring);
	free(s->table);
	free(s);
}

/* The slot of this id, or the empty one where it belongs. Half of all slots are empty. */
static size_t find(const struct token_seen *s, uint64_t id)
{
	size_t at = id & (s->slots - 1);

	while (s->table[at] != 0 && s->ring[s->table[at] - 1].id != id)
		at = (at + 1) & (s->slots - 1);
	return at;
}

/* Empties a slot and moves up what stands behind it, so that find() never meets a hole too early. */
static void empty_slot(struct token_seen *s, size_t hole)
{
	size_t mask = s->slots - 1;

	s->table[hole] = 0;
	for (size_t at = (hole + 1) & mask; s->table[at] != 0; at = (at + 1) & mask) {
		size_t home = s->ring[s->table[at] - 1].id & mask;
		if (((at - home) & mask) < ((at - hole) & mask))
			continue;
		s->table[hole] = s->table[at];
		s->table[at] = 0;
		hole = at;
	}
}

static void forget(struct token_seen *s, const struct entry *e)
{
	if (e->times == 0)
		return;
	if (e->time > s->floor)
		s->floor = e->time;
	empty_slot(s, find(s, e->id));
}

enum token_verdict token_seen_check(struct token_seen *s, struct span question, int64_t now,
				    struct token_heard *h)
{
	/* The last bytes of a question are of its seal: as good as random. */
	struct reader r = rd_new(span_from(question, question.length - 8));
	uint64_t id = rd_be64(&r);
	size_t at = find(s, id);

	if (s->table[at] != 0) {
		struct entry *e = &s->ring[s->table[at] - 1];
		h->first = e->first;
		h->times = ++e->times;
		return TOKEN_REPLAYED;
	}
	if (h->question.time <= s->floor)
		return TOKEN_OLD;
	forget(s, &s->ring[s->next]);
	s->ring[s->next] = (struct entry){ id, h->question.time, now, 1 };
	s->table[find(s, id)] = (uint32_t)s->next + 1;
	s->next = (s->next + 1) % s->room;
	return TOKEN_RIGHT;
}
