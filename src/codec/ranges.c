/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sets of addresses as sorted, disjoint ranges, and the texts that name them.
 *
 * The capacity of a list is not kept: it is the next power of two, at least four, so that the list
 * grows whenever its length is one.
 */
#include "codec/address.h"

#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { OCTET_PIECES_MAX = 65536 };

static uint64_t half(const struct addr *a, size_t from)
{
	uint64_t v;

	memcpy(&v, a->bytes + from, sizeof(v));
	return be64toh(v);
}

/* At most UINT64_MAX. */
static uint64_t distance(const struct addr *from, const struct addr *to)
{
	uint64_t high = half(to, 0) - half(from, 0);
	uint64_t low = half(to, 8) - half(from, 8);

	high -= half(to, 8) < half(from, 8);
	return high != 0 ? UINT64_MAX : low;
}

/* Addresses of a range, at most UINT64_MAX. */
static uint64_t range_count(const struct range *r)
{
	uint64_t n = distance(&r->first, &r->last);

	return n == UINT64_MAX ? n : n + 1;
}

static struct addr plus(struct addr a, uint64_t n)
{
	for (size_t i = sizeof(a.bytes); i > 0 && n != 0; i--) {
		n += a.bytes[i - 1];
		a.bytes[i - 1] = (uint8_t)n;
		n >>= 8;
	}
	return a;
}

void ranges_done(struct ranges *set)
{
	free(set->list);
	*set = (struct ranges){ 0 };
}

/* The order of the list: scope, then bytes. */
static int order(const struct addr *a, const struct addr *b)
{
	if (a->scope != b->scope)
		return a->scope < b->scope ? -1 : 1;
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

/* The first range whose last address is not before a. */
static size_t lower_bound(const struct ranges *set, const struct addr *a)
{
	size_t low = 0, high = set->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (order(&set->list[mid].last, a) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static int insert(struct ranges *set, size_t at, const struct range *r)
{
	if ((set->count & (set->count - 1)) == 0) {
		size_t capacity = set->count < 2 ? 4 : set->count * 2;
		struct range *list = reallocarray(set->list, capacity, sizeof(*list));

		if (list == NULL)
			return -ENOMEM;
		set->list = list;
	}
	memmove(set->list + at + 1, set->list + at, (set->count - at) * sizeof(*set->list));
	set->list[at] = *r;
	set->count++;
	return 0;
}

static void erase(struct ranges *set, size_t from, size_t to)
{
	if (from == to)
		return;
	memmove(set->list + from, set->list + to, (set->count - to) * sizeof(*set->list));
	set->count -= to - from;
}

int ranges_add(struct ranges *set, const struct range *r)
{
	struct range whole = *r;
	struct addr before = r->first, after = r->last;

	if (r->first.scope != r->last.scope || order(&r->last, &r->first) < 0)
		return -EINVAL;
	/* Neighbours that only touch are joined too. */
	if (!addr_previous(&before))
		before = r->first;
	if (!addr_next(&after))
		after = r->last;
	size_t from = lower_bound(set, &before), to = from;
	while (to < set->count && order(&set->list[to].first, &after) <= 0)
		to++;
	if (from == to)
		return insert(set, from, &whole);
	if (order(&set->list[from].first, &whole.first) < 0)
		whole.first = set->list[from].first;
	if (order(&set->list[to - 1].last, &whole.last) > 0)
		whole.last = set->list[to - 1].last;
	set->list[from] = whole;
	erase(set, from + 1, to);
	return 0;
}

int ranges_add_all(struct ranges *set, const struct ranges *other)
{
	for (size_t i = 0; i < other->count; i++) {
		int e = ranges_add(set, &other->list[i]);

		if (e != 0)
			return e;
	}
	return 0;
}

/* Takes a range out of those ranges of the set that have its scope. */
static int subtract_one(struct ranges *set, const struct range *r)
{
	size_t i = lower_bound(set, &r->first);

	if (i < set->count && order(&set->list[i].first, &r->first) < 0) {
		struct range rest = set->list[i];

		set->list[i].last = r->first;
		addr_previous(&set->list[i].last);
		i++;
		if (order(&rest.last, &r->last) > 0) {
			rest.first = r->last;
			addr_next(&rest.first);
			return insert(set, i, &rest);
		}
	}
	size_t to = i;
	while (to < set->count && order(&set->list[to].last, &r->last) <= 0)
		to++;
	erase(set, i, to);
	if (i < set->count && order(&set->list[i].first, &r->last) <= 0) {
		set->list[i].first = r->last;
		addr_next(&set->list[i].first);
	}
	return 0;
}

/* The next scope in the set above this one; 0 where there is none. */
static uint32_t next_scope(const struct ranges *set, uint32_t scope)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->list[i].first.scope > scope)
			return set->list[i].first.scope;
	return 0;
}

int ranges_subtract(struct ranges *set, const struct ranges *other)
{
	for (size_t i = 0; i < other->count; i++) {
		struct range r = other->list[i];
		uint32_t scope = r.first.scope;

		do {
			r.first.scope = r.last.scope = scope;
			int e = subtract_one(set, &r);
			if (e != 0)
				return e;
			/* Without a scope it is meant on every interface. */
			scope = other->list[i].first.scope == 0 ? next_scope(set, scope) : 0;
		} while (scope != 0);
	}
	return 0;
}

int ranges_common(const struct ranges *a, const struct ranges *b, struct ranges *ret)
{
	struct ranges rest = { 0 }, both = { 0 };
	int e = ranges_add_all(&rest, a);

	/* a - (a - b) */
	if (e == 0)
		e = ranges_subtract(&rest, b);
	if (e == 0)
		e = ranges_add_all(&both, a);
	if (e == 0)
		e = ranges_subtract(&both, &rest);
	if (e == 0)
		e = ranges_add_all(ret, &both);
	ranges_done(&rest);
	ranges_done(&both);
	return e;
}

bool ranges_find(const struct ranges *set, const struct addr *a, size_t *place)
{
	struct addr plain = *a;

	if (*place < set->count && order(&set->list[*place].first, a) <= 0 &&
	    order(a, &set->list[*place].last) <= 0)
		return true;
	for (;;) {
		size_t i = lower_bound(set, &plain);

		if (i < set->count && order(&set->list[i].first, &plain) <= 0) {
			*place = i;
			return true;
		}
		if (plain.scope == 0)
			return false;
		plain.scope = 0;
	}
}

bool ranges_contain(const struct ranges *set, const struct addr *a)
{
	size_t place = SIZE_MAX;

	return ranges_find(set, a, &place);
}

uint64_t ranges_count(const struct ranges *set)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < set->count; i++) {
		uint64_t n = range_count(&set->list[i]);

		if (n > UINT64_MAX - sum)
			return UINT64_MAX;
		sum += n;
	}
	return sum;
}

struct addr ranges_at(const struct ranges *set, uint64_t index)
{
	for (size_t i = 0; i < set->count; i++) {
		uint64_t n = range_count(&set->list[i]);

		if (index < n)
			return plus(set->list[i].first, index);
		index -= n;
	}
	return (struct addr){ 0 };
}

int ranges_index_make(const struct ranges *set, struct ranges_index *ret)
{
	uint64_t *before = calloc(set->count + 1, sizeof(*before));

	if (before == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < set->count; i++) {
		uint64_t n = range_count(&set->list[i]);

		before[i + 1] = n > UINT64_MAX - before[i] ? UINT64_MAX : before[i] + n;
	}
	*ret = (struct ranges_index){ .set = *set, .before = before, .count = before[set->count] };
	return 0;
}

void ranges_index_done(struct ranges_index *x)
{
	free(x->before);
	*x = (struct ranges_index){ 0 };
}

struct addr ranges_index_at(struct ranges_index *x, uint64_t index)
{
	if (index >= x->count)
		return (struct addr){ 0 };
	if (index < x->before[x->last] || index >= x->before[x->last + 1]) {
		size_t low = 0, high = x->set.count;

		/* The first range that ends behind it. */
		while (low < high) {
			size_t mid = low + (high - low) / 2;

			if (x->before[mid + 1] <= index)
				low = mid + 1;
			else
				high = mid;
		}
		x->last = low;
	}
	return plus(x->set.list[x->last].first, index - x->before[x->last]);
}

bool ranges_index_of(struct ranges_index *x, const struct addr *a, uint64_t *ret)
{
	if (!ranges_find(&x->set, a, &x->last))
		return false;
	*ret = x->before[x->last] + distance(&x->set.list[x->last].first, a);
	return true;
}

/* The prefix length that a range is, or -1. */
static int prefix_of(const struct range *r)
{
	int bits = 0;

	while (bits < 128 &&
	       ((r->first.bytes[bits / 8] ^ r->last.bytes[bits / 8]) & 0x80U >> bits % 8) == 0)
		bits++;
	for (int i = bits; i < 128; i++) {
		unsigned mask = 0x80U >> i % 8;

		if ((r->first.bytes[i / 8] & mask) != 0 || (r->last.bytes[i / 8] & mask) == 0)
			return -1;
	}
	return bits;
}

const char *range_format(const struct range *r, char out[static RANGE_TEXT])
{
	char first[ADDR_TEXT], last[ADDR_TEXT];
	int bits = prefix_of(r);
	bool v4 = addr_is_ipv4(&r->first) && addr_is_ipv4(&r->last);

	addr_format(&r->first, first);
	if (bits == 128)
		snprintf(out, RANGE_TEXT, "%s", first);
	else if (bits >= 0 && (!addr_is_ipv4(&r->first) || v4))
		snprintf(out, RANGE_TEXT, "%s/%d", first, v4 ? bits - 96 : bits);
	else
		snprintf(out, RANGE_TEXT, "%s-%s", first, addr_format(&r->last, last));
	return out;
}

char *ranges_text(const struct ranges *set)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	if (f == NULL)
		return NULL;
	for (size_t i = 0; i < set->count; i++) {
		char one[RANGE_TEXT];

		fprintf(f, "%s%s", i > 0 ? "," : "", range_format(&set->list[i], one));
	}
	bool failed = ferror(f) != 0;
	if (fclose(f) != 0 || failed) {
		free(text);
		return NULL;
	}
	return text;
}

/* ---- texts ---- */

/* ::/n holds the block in which IPv4 is kept; who writes IPv6 does not mean it. */
static int add_without_ipv4(struct ranges *set, const struct range *r)
{
	struct ranges one = { 0 }, v4 = { 0 };
	struct range all = { .first.bytes = { [10] = 0xff, [11] = 0xff },
			     .last.bytes = { [10] = 0xff, [11] = 0xff, 0xff, 0xff, 0xff, 0xff } };
	int e = ranges_add(&one, r);

	if (e == 0 && !(addr_is_ipv4(&r->first) && addr_is_ipv4(&r->last))) {
		e = ranges_add(&v4, &all);
		if (e == 0)
			e = ranges_subtract(&one, &v4);
	}
	if (e == 0)
		e = ranges_add_all(set, &one);
	ranges_done(&one);
	ranges_done(&v4);
	return e;
}

int ranges_parse_network(struct ranges *set, const char *text, bool strict)
{
	struct range r;
	char first[ADDR_TEXT];
	const char *dash = strchr(text, '-');

	if (range_parse(text, strict, &r) == 0) /* an interface's name may hold a dash */
		return add_without_ipv4(set, &r);
	if (dash == NULL || (size_t)(dash - text) >= sizeof(first))
		return -EINVAL;
	memcpy(first, text, (size_t)(dash - text));
	first[dash - text] = '\0';
	if (addr_parse(first, &r.first) != 0 || addr_parse(dash + 1, &r.last) != 0 ||
	    addr_is_ipv4(&r.first) != addr_is_ipv4(&r.last) || order(&r.last, &r.first) < 0 ||
	    r.first.scope != r.last.scope)
		return -EINVAL;
	return add_without_ipv4(set, &r);
}

/* One octet of nmap's form: "7", "1-20", "-20", "200-", "-", "*", or several with commas. */
struct octet {
	bool holds[256];
};

static bool octet_bound(const char **at, unsigned *ret)
{
	const char *p = *at;
	unsigned v = 0;

	while (*p >= '0' && *p <= '9') {
		v = v * 10 + (unsigned)(*p - '0');
		if (v > 255 || (p > *at && **at == '0')) /* 010 is 8 to some and 10 to others */
			return false;
		p++;
	}
	if (p > *at)
		*ret = v;
	*at = p;
	return true;
}

static bool octet_parse(const char **at, struct octet *ret)
{
	const char *p = *at;

	*ret = (struct octet){ 0 };
	for (;;) {
		unsigned first = 0, last;
		const char *start = p;

		if (*p == '*') {
			last = 255;
			p++;
		} else {
			if (!octet_bound(&p, &first))
				return false;
			last = first;
			if (*p == '-') {
				p++;
				last = 255;
				if (!octet_bound(&p, &last))
					return false;
			}
		}
		if (p == start || last < first)
			return false;
		for (unsigned v = first; v <= last; v++)
			ret->holds[v] = true;
		if (*p != ',')
			break;
		p++;
	}
	*at = p;
	return true;
}

static size_t runs(const struct octet *o)
{
	size_t n = 0;

	for (size_t i = 0; i < 256; i++)
		n += o->holds[i] && (i == 255 || !o->holds[i + 1]);
	return n;
}

static size_t values(const struct octet *o)
{
	size_t n = 0;

	for (size_t i = 0; i < 256; i++)
		n += o->holds[i];
	return n;
}

static int add_octets(struct ranges *set, const struct octet o[4])
{
	size_t last = 3; /* the octet whose runs are the pieces: those behind it are whole */

	while (last > 0 && values(&o[last]) == 256)
		last--;
	size_t pieces = runs(&o[last]);
	for (size_t i = 0; i < last; i++)
		pieces *= values(&o[i]);
	if (pieces > OCTET_PIECES_MAX)
		return -E2BIG;

	struct range r = { .first.bytes = { [10] = 0xff, [11] = 0xff } };
	unsigned v[4] = { 0, 0, 0, 0 };
	for (;;) {
		bool all = true;

		for (size_t i = 0; i < last; i++)
			all = all && o[i].holds[v[i]];
		for (unsigned a = 0; all && a < 256; a++) {
			unsigned b = a;

			if (!o[last].holds[a])
				continue;
			while (b < 255 && o[last].holds[b + 1])
				b++;
			for (size_t i = 0; i < 4; i++)
				r.first.bytes[12 + i] = (uint8_t)(i < last ? v[i] : 0);
			r.last = r.first;
			memset(r.last.bytes + 12 + last, 0xff, 4 - last);
			r.first.bytes[12 + last] = (uint8_t)a;
			r.last.bytes[12 + last] = (uint8_t)b;
			int e = ranges_add(set, &r);
			if (e != 0)
				return e;
			a = b;
		}
		/* Count up over the octets before it, skipping whole branches that hold nothing. */
		size_t i = last;
		while (i > 0 && v[i - 1] == 255)
			v[--i] = 0;
		if (i == 0)
			return 0;
		v[i - 1]++;
	}
}

static int parse_octets(struct ranges *set, const char *text)
{
	struct octet o[4];

	for (size_t i = 0; i < 4; i++) {
		if (!octet_parse(&text, &o[i]) || *text != (i < 3 ? '.' : '\0'))
			return -EINVAL;
		text++;
	}
	return add_octets(set, o);
}

int ranges_parse(struct ranges *set, const char *text)
{
	struct ranges one = { 0 };
	int e = ranges_parse_network(&one, text, false);

	if (e == -EINVAL)
		e = parse_octets(&one, text);
	if (e == 0 && ranges_count(&one) > UINT64_C(1) << 32)
		e = -E2BIG;
	if (e == 0)
		e = ranges_add_all(set, &one);
	ranges_done(&one);
	return e;
}
