/* SPDX-License-Identifier: Apache-2.0 */
#include "store/quiet.h"

#include <stdlib.h>
#include <string.h>

enum {
	BLOCK = 65536,      /* addresses */
	WORDS = BLOCK / 64, /* of its bit set */
	LISTED = 2048,      /* as many are kept as a list */
	PREFIX = 14,        /* bytes that a block's addresses share */
	PIECES = 64,        /* more of them, and smaller ones, wait for their gaps to be filled */
};

/* What is told of a range beside where it lies; texts are ours. */
struct told {
	char *state, *reason, *zone, *kind, *treated;
	uint32_t planned;
	bool complete;
};

/* Addresses of one block with the same words: a sorted list, a bit set, or all of them (neither). */
struct part {
	struct part *next;
	size_t told;
	uint32_t count, room;
	uint16_t *list;
	uint64_t *bits;
	int64_t first_ms, last_ms;
};

/* The number that stands for no words: addresses with a row of their own. Nothing writes them. */
enum { OWN };

struct block {
	uint8_t prefix[PREFIX];
	uint32_t scope;
	bool changed;
	bool written; /* some of it */
	bool wrong;   /* what was written says more than there is */
	struct part *parts;
};

struct quiet {
	struct told *told;
	size_t told_count;
	struct block **table; /* open addressing; its room is a power of two */
	size_t count, room;
};

struct quiet *quiet_new(void)
{
	struct quiet *q = calloc(1, sizeof(*q));

	if (q != NULL && (q->told = calloc(1, sizeof(*q->told))) == NULL) {
		free(q);
		return NULL;
	}
	if (q != NULL)
		q->told_count = 1; /* OWN */
	return q;
}

static void free_part(struct part *p)
{
	free(p->list);
	free(p->bits);
	free(p);
}

void quiet_free(struct quiet *q)
{
	if (q == NULL)
		return;
	for (size_t i = 0; i < q->room; i++) {
		struct block *b = q->table[i];

		while (b != NULL && b->parts != NULL) {
			struct part *p = b->parts;

			b->parts = p->next;
			free_part(p);
		}
		free(b);
	}
	for (size_t i = 0; i < q->told_count; i++) {
		free(q->told[i].state);
		free(q->told[i].reason);
		free(q->told[i].zone);
		free(q->told[i].kind);
		free(q->told[i].treated);
	}
	free(q->told);
	free(q->table);
	free(q);
}

/* ---- words ---- */

static bool same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool copy(char **ret, const char *text)
{
	*ret = text != NULL ? strdup(text) : NULL;
	return text == NULL || *ret != NULL;
}

/* The number of these words; SIZE_MAX without memory. */
static size_t told_of(struct quiet *q, const struct quiet_row *r)
{
	for (size_t i = OWN + 1; i < q->told_count; i++) {
		const struct told *t = &q->told[i];

		if (t->complete == r->complete && t->planned == r->planned &&
		    same(t->state, r->state) && same(t->reason, r->reason) &&
		    same(t->zone, r->zone) && same(t->kind, r->kind) &&
		    same(t->treated, r->treated))
			return i;
	}
	struct told *more = reallocarray(q->told, q->told_count + 1, sizeof(*more));
	if (more == NULL)
		return SIZE_MAX;
	q->told = more;
	struct told *t = &more[q->told_count];
	*t = (struct told){ .planned = r->planned, .complete = r->complete };
	q->told_count++; /* half a one too is freed with the others; nothing has its number */
	if (!copy(&t->state, r->state) || !copy(&t->reason, r->reason) ||
	    !copy(&t->zone, r->zone) || !copy(&t->kind, r->kind) || !copy(&t->treated, r->treated))
		return SIZE_MAX;
	return q->told_count - 1;
}

/* ---- blocks ---- */

static uint32_t low_of(const struct addr *a)
{
	return (uint32_t)a->bytes[PREFIX] << 8 | a->bytes[PREFIX + 1];
}

static struct block **place_of(const struct quiet *q, const uint8_t prefix[static PREFIX],
			       uint32_t scope)
{
	uint64_t h = 14695981039346656037U ^ scope; /* FNV-1a */

	for (size_t i = 0; i < PREFIX; i++)
		h = (h ^ prefix[i]) * 1099511628211U;
	size_t at = (size_t)(h ^ h >> 32) & (q->room - 1);
	while (q->table[at] != NULL &&
	       (q->table[at]->scope != scope || memcmp(q->table[at]->prefix, prefix, PREFIX) != 0))
		at = (at + 1) & (q->room - 1);
	return &q->table[at];
}

static bool grow(struct quiet *q)
{
	struct quiet old = *q;

	q->room = old.room == 0 ? 64 : old.room * 2;
	q->table = calloc(q->room, sizeof(struct block *));
	if (q->table == NULL) {
		*q = old;
		return false;
	}
	for (size_t i = 0; i < old.room; i++)
		if (old.table[i] != NULL)
			*place_of(q, old.table[i]->prefix, old.table[i]->scope) = old.table[i];
	free(old.table);
	return true;
}

static struct block *block_of(struct quiet *q, const struct addr *a, bool make)
{
	if (q->room == 0 && !make)
		return NULL;
	if (q->count >= q->room / 2 && make && !grow(q))
		return NULL;
	struct block **place = place_of(q, a->bytes, a->scope);
	if (*place == NULL && make) {
		*place = calloc(1, sizeof(**place));
		if (*place != NULL) {
			memcpy((*place)->prefix, a->bytes, PREFIX);
			(*place)->scope = a->scope;
			q->count++;
		}
	}
	return *place;
}

/* ---- parts ---- */

static bool is_whole(const struct part *p)
{
	return p->count == BLOCK;
}

/* Where it stands in the list, or would. */
static uint32_t place_in_list(const struct part *p, uint32_t low)
{
	uint32_t from = 0, to = p->count;

	while (from < to) {
		uint32_t middle = from + (to - from) / 2;

		if (p->list[middle] < low)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

static bool to_bits(struct part *p)
{
	if (p->bits != NULL)
		return true;
	p->bits = calloc(WORDS, sizeof(*p->bits));
	if (p->bits == NULL)
		return false;
	if (is_whole(p))
		memset(p->bits, 0xff, WORDS * sizeof(*p->bits));
	for (uint32_t i = 0; p->list != NULL && i < p->count; i++)
		p->bits[p->list[i] / 64] |= UINT64_C(1) << (p->list[i] % 64);
	free(p->list);
	p->list = NULL;
	p->room = 0;
	return true;
}

/* The bits from first to last of one word. */
static uint64_t mask(uint32_t word, uint32_t first, uint32_t last)
{
	uint64_t m = UINT64_MAX;

	if (word == first / 64)
		m &= UINT64_MAX << (first % 64);
	if (word == last / 64)
		m &= UINT64_MAX >> (63 - last % 64);
	return m;
}

static bool list_one(struct part *p, uint32_t low)
{
	uint32_t at = place_in_list(p, low);

	if (at < p->count && p->list[at] == low)
		return true;
	if (p->count == p->room) {
		uint32_t room = p->room == 0 ? 16 : p->room * 2;
		uint16_t *list = reallocarray(p->list, room, sizeof(*list));

		if (list == NULL)
			return false;
		p->list = list;
		p->room = room;
	}
	memmove(p->list + at + 1, p->list + at, (p->count - at) * sizeof(*p->list));
	p->list[at] = (uint16_t)low;
	p->count++;
	return true;
}

static bool part_add(struct part *p, uint32_t first, uint32_t last)
{
	if (is_whole(p))
		return true;
	if (p->bits == NULL && last - first < 16 && p->count + (last - first) < LISTED) {
		for (uint32_t low = first; low <= last; low++)
			if (!list_one(p, low))
				return false;
		return true;
	}
	if (last - first == BLOCK - 1) {
		p->count = BLOCK;
	} else {
		if (!to_bits(p))
			return false;
		for (uint32_t w = first / 64; w <= last / 64; w++) {
			uint64_t m = mask(w, first, last) & ~p->bits[w];

			p->bits[w] |= m;
			p->count += (uint32_t)__builtin_popcountll(m);
		}
	}
	if (is_whole(p)) {
		free(p->bits);
		free(p->list);
		p->bits = NULL;
		p->list = NULL;
		p->room = 0;
	}
	return true;
}

/* *ret_had: some of them were there. */
static bool part_remove(struct part *p, uint32_t first, uint32_t last, bool *ret_had)
{
	uint32_t before = p->count;

	if (p->list != NULL) {
		uint32_t from = place_in_list(p, first), to = place_in_list(p, last + 1);

		memmove(p->list + from, p->list + to, (p->count - to) * sizeof(*p->list));
		p->count -= to - from;
	} else if (p->count > 0) {
		if (!to_bits(p))
			return false;
		for (uint32_t w = first / 64; w <= last / 64; w++) {
			uint64_t m = mask(w, first, last) & p->bits[w];

			p->bits[w] &= ~m;
			p->count -= (uint32_t)__builtin_popcountll(m);
		}
	}
	*ret_had |= p->count != before;
	return true;
}

static bool part_has(const struct part *p, uint32_t low)
{
	if (p->list != NULL) {
		uint32_t at = place_in_list(p, low);

		return at < p->count && p->list[at] == low;
	}
	return is_whole(p) || (p->bits != NULL && (p->bits[low / 64] >> (low % 64) & 1) != 0);
}

/* The next run of addresses from *first on; false where there is none. */
static bool part_run(const struct part *p, uint32_t *first, uint32_t *last)
{
	uint32_t low = *first;

	if (is_whole(p)) {
		*last = BLOCK - 1;
		*first = 0;
		return low == 0;
	}
	if (p->list != NULL) {
		uint32_t at = place_in_list(p, low);

		if (at == p->count)
			return false;
		*first = *last = p->list[at];
		while (++at < p->count && p->list[at] == *last + 1)
			++*last;
		return true;
	}
	if (p->bits == NULL)
		return false;
	while (low < BLOCK && !part_has(p, low)) {
		uint64_t rest = p->bits[low / 64] >> (low % 64);

		low = rest == 0 ? (low / 64 + 1) * 64 : low + (uint32_t)__builtin_ctzll(rest);
	}
	if (low >= BLOCK)
		return false;
	*first = low;
	while (low + 1 < BLOCK && part_has(p, low + 1))
		low++;
	*last = low;
	return true;
}

static uint32_t part_pieces(const struct part *p)
{
	uint32_t pieces = 0;

	if (p->bits != NULL) {
		uint64_t carry = 0;

		for (size_t w = 0; w < WORDS; w++) { /* the first bit of each run */
			pieces += (uint32_t)__builtin_popcountll(p->bits[w] &
								 ~(p->bits[w] << 1 | carry));
			carry = p->bits[w] >> 63;
		}
		return pieces;
	}
	for (uint32_t first = 0, last; part_run(p, &first, &last); first = last + 1)
		pieces++;
	return pieces;
}

/* ---- adding ---- */

/* Takes them out of every part but this one and OWN. */
static bool remove_here(struct block *b, uint32_t first, uint32_t last, size_t but)
{
	for (struct part **at = &b->parts; *at != NULL;) {
		struct part *p = *at;
		bool had = false, stays = p->told == but || p->told == OWN;

		if (!stays && !part_remove(p, first, last, &had))
			return false;
		b->changed |= had;
		b->wrong |= had && b->written;
		if (p->count == 0 && !stays) {
			*at = p->next;
			free_part(p);
		} else {
			at = &p->next;
		}
	}
	return true;
}

static struct part *part_of(struct block *b, size_t told, bool make)
{
	struct part *p = b->parts;

	while (p != NULL && p->told != told)
		p = p->next;
	if (p == NULL && make) {
		p = calloc(1, sizeof(*p));
		if (p == NULL)
			return NULL;
		p->told = told;
		p->first_ms = INT64_MAX;
		p->next = b->parts;
		b->parts = p;
	}
	return p;
}

static bool add_here(struct block *b, size_t told, uint32_t first, uint32_t last,
		     const struct quiet_row *r)
{
	const struct part *own = part_of(b, OWN, false);
	bool had = false;

	if (own != NULL && first == last && part_has(own, first))
		return true;
	struct part *p = part_of(b, told, true);
	if (p == NULL || !remove_here(b, first, last, told))
		return false;
	b->changed = true;
	if (r->first_ms < p->first_ms)
		p->first_ms = r->first_ms;
	if (r->last_ms > p->last_ms)
		p->last_ms = r->last_ms;
	if (!part_add(p, first, last))
		return false;
	for (uint32_t from = first, to; own != NULL && part_run(own, &from, &to) && from <= last;
	     from = to + 1)
		if (!part_remove(p, from, to, &had))
			return false;
	return true;
}

static struct addr in_block(const struct block *b, uint32_t low)
{
	struct addr a = { .scope = b->scope };

	memcpy(a.bytes, b->prefix, PREFIX);
	a.bytes[PREFIX] = (uint8_t)(low >> 8);
	a.bytes[PREFIX + 1] = (uint8_t)low;
	return a;
}

/* At most 2^32 addresses, in order. */
bool quiet_fits(const struct quiet_row *r)
{
	struct addr last = r->first;

	if (r->first.scope != r->last.scope || addr_compare(&r->first, &r->last) > 0)
		return false;
	memset(last.bytes + 12, 0xff, 4);
	if (addr_compare(&r->last, &last) <= 0)
		return true;
	/* Or into the next 2^32, but not so far. */
	struct addr next = last;
	return addr_next(&next) && memcmp(next.bytes, r->last.bytes, 12) == 0 &&
	       memcmp(r->last.bytes + 12, r->first.bytes + 12, 4) < 0;
}

bool quiet_add(struct quiet *q, const struct quiet_row *r)
{
	size_t told = told_of(q, r);
	struct addr at = r->first;

	if (told == SIZE_MAX)
		return false;
	for (;;) {
		struct block *b = block_of(q, &at, true);

		if (b == NULL)
			return false;
		bool here = memcmp(b->prefix, r->last.bytes, PREFIX) == 0;
		uint32_t first = low_of(&at), last = here ? low_of(&r->last) : BLOCK - 1;

		if (!add_here(b, told, first, last, r))
			return false;
		at = in_block(b, BLOCK - 1);
		if (here || !addr_next(&at))
			return true;
	}
}

bool quiet_own(struct quiet *q, const struct addr *a)
{
	struct block *b = block_of(q, a, true);
	struct part *own = b != NULL ? part_of(b, OWN, true) : NULL;

	return own != NULL && part_add(own, low_of(a), low_of(a)) &&
	       remove_here(b, low_of(a), low_of(a), OWN);
}

/* ---- writing ---- */

static struct quiet_row row_of(const struct quiet *q, const struct block *b, const struct part *p,
			       uint32_t first, uint32_t last)
{
	const struct told *t = &q->told[p->told];

	return (struct quiet_row){ .first = in_block(b, first),
				   .last = in_block(b, last),
				   .state = t->state,
				   .reason = t->reason,
				   .zone = t->zone,
				   .kind = t->kind,
				   .treated = t->treated,
				   .planned = t->planned,
				   .complete = t->complete,
				   .first_ms = p->first_ms,
				   .last_ms = p->last_ms };
}

static bool write_block(const struct quiet *q, const struct block *b, const struct quiet_sink *s)
{
	const struct addr from = in_block(b, 0), to = in_block(b, BLOCK - 1);
	bool good = s->forget(s->context, &from, &to);

	for (const struct part *p = b->parts; good && p != NULL; p = p->next) {
		for (uint32_t first = 0, last; good && p->told != OWN && part_run(p, &first, &last);
		     first = last + 1) {
			const struct quiet_row r = row_of(q, b, p, first, last);

			good = s->write(s->context, &r, last - first + 1);
		}
	}
	return good;
}

bool quiet_write_changed(struct quiet *q, const struct quiet_sink *sink)
{
	for (size_t i = 0; i < q->room; i++) {
		struct block *b = q->table[i];
		uint32_t pieces = 0, addresses = 0;

		if (b == NULL || !b->changed)
			continue;
		for (const struct part *p = b->parts; p != NULL; p = p->next)
			if (p->told != OWN) {
				pieces += part_pieces(p);
				addresses += p->count;
			}
		if (pieces > PIECES && pieces > addresses / PIECES && !b->wrong)
			continue;
		if (!write_block(q, b, sink))
			return false;
		b->changed = b->wrong = false;
		b->written = true;
	}
	return true;
}

bool quiet_write_blocks(struct quiet *q, const struct quiet_sink *sink)
{
	for (size_t i = 0; i < q->room; i++) {
		struct block *b = q->table[i];

		if (b == NULL)
			continue;
		if (!write_block(q, b, sink))
			return false;
		b->changed = b->wrong = false;
		b->written = true;
	}
	return true;
}

static int by_place(const void *left, const void *right)
{
	const struct block *const *a = left, *const *b = right;

	if ((*a)->scope != (*b)->scope)
		return (*a)->scope < (*b)->scope ? -1 : 1;
	return memcmp((*a)->prefix, (*b)->prefix, PREFIX);
}

/* A run that may go on in the next block. */
struct open_run {
	bool open;
	struct quiet_row row;
	uint64_t addresses;
};

static bool close_run(struct open_run *o, const struct quiet_sink *s)
{
	bool good = !o->open || s->write(s->context, &o->row, o->addresses);

	o->open = false;
	return good;
}

static bool extend(struct open_run *o, const struct quiet_row *r, uint64_t addresses,
		   const struct quiet_sink *s)
{
	struct addr next = o->row.last;

	if (o->open && addr_next(&next) && addr_compare(&next, &r->first) == 0 &&
	    addr_is_public(&o->row.first) == addr_is_public(&r->first)) {
		o->row.last = r->last;
		o->addresses += addresses;
		if (r->first_ms < o->row.first_ms)
			o->row.first_ms = r->first_ms;
		if (r->last_ms > o->row.last_ms)
			o->row.last_ms = r->last_ms;
		return true;
	}
	bool good = close_run(o, s);
	*o = (struct open_run){ .open = true, .row = *r, .addresses = addresses };
	return good;
}

bool quiet_write_all(struct quiet *q, const struct quiet_sink *sink)
{
	struct block **sorted = calloc(q->count + 1, sizeof(struct block *));
	struct open_run *open = calloc(q->told_count + 1, sizeof(*open));
	size_t count = 0;
	bool good = sorted != NULL && open != NULL;

	for (size_t i = 0; good && i < q->room; i++)
		if (q->table[i] != NULL)
			sorted[count++] = q->table[i];
	if (count > 0)
		qsort(sorted, count, sizeof(struct block *), by_place);
	for (size_t i = 0; good && i < count; i++) {
		for (const struct part *p = sorted[i]->parts; good && p != NULL; p = p->next) {
			for (uint32_t first = 0, last;
			     good && p->told != OWN && part_run(p, &first, &last);
			     first = last + 1) {
				const struct quiet_row r = row_of(q, sorted[i], p, first, last);

				good = extend(&open[p->told], &r, last - first + 1, sink);
			}
		}
		sorted[i]->changed = false;
	}
	for (size_t i = 0; good && i < q->told_count; i++)
		good = close_run(&open[i], sink);
	free(sorted);
	free(open);
	return good;
}
