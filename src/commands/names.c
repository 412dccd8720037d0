/* SPDX-License-Identifier: Apache-2.0 */
#include "commands/names.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <jansson.h>

#include "codec/dns.h"

enum { NAMES_MOST = 8 }; /* of a host */

struct entry {
	struct addr address;
	bool used, wanted;
	json_t *list;
	char *text;
};

struct names {
	struct entry *entries; /* open addressing; a power of two */
	size_t capacity, count;
	struct addr *queue;
	size_t queue_first, queue_count, queue_room;
	unsigned under_way;
	char whole[DNS_NAME]; /* a name whose pieces come one after the other */
	struct addr whole_of;
};

struct names *names_new(void)
{
	return calloc(1, sizeof(struct names));
}

void names_free(struct names *n)
{
	if (n == NULL)
		return;
	for (size_t i = 0; i < n->capacity; i++) {
		json_decref(n->entries[i].list);
		free(n->entries[i].text);
	}
	free(n->entries);
	free(n->queue);
	free(n);
}

static struct entry *place(struct entry *entries, size_t capacity, const struct addr *a)
{
	size_t i = (size_t)addr_hash(a) & (capacity - 1);

	while (entries[i].used && addr_compare(&entries[i].address, a) != 0)
		i = (i + 1) & (capacity - 1);
	return &entries[i];
}

static bool grow(struct names *n)
{
	size_t capacity = n->capacity == 0 ? 64 : n->capacity * 2;
	struct entry *entries = calloc(capacity, sizeof(*entries));

	if (entries == NULL)
		return false;
	for (size_t i = 0; i < n->capacity; i++)
		if (n->entries[i].used)
			*place(entries, capacity, &n->entries[i].address) = n->entries[i];
	free(n->entries);
	n->entries = entries;
	n->capacity = capacity;
	return true;
}

static struct entry *get(struct names *n, const struct addr *a)
{
	if (n->count >= n->capacity / 2 && !grow(n))
		return NULL;
	struct entry *e = place(n->entries, n->capacity, a);
	if (!e->used) {
		e->used = true;
		e->address = *a;
		n->count++;
	}
	return e;
}

/* ---- names ---- */

static bool add(struct names *n, const struct addr *a, const char *name)
{
	struct entry *e = get(n, a);
	size_t i;
	json_t *known;

	if (e == NULL)
		return false;
	json_array_foreach(e->list, i,
			   known) if (strcasecmp(json_string_value(known), name) == 0) return false;
	if (e->list == NULL)
		e->list = json_array();
	if (json_array_size(e->list) >= NAMES_MOST ||
	    json_array_append_new(e->list, json_string(name)) != 0)
		return false;
	free(e->text);
	e->text = json_dumps(e->list, JSON_COMPACT);
	return e->text != NULL;
}

bool names_piece(struct names *n, const struct addr *a, const char *piece, bool last,
		 const char **ret_name)
{
	size_t length = strlen(n->whole);

	if (addr_compare(&n->whole_of, a) != 0)
		length = 0;
	n->whole_of = *a;
	if (length + strlen(piece) >= sizeof(n->whole))
		length = 0;
	memcpy(n->whole + length, piece, strlen(piece) + 1);
	if (!last)
		return false;
	n->whole_of = (struct addr){ 0 };
	if (!dns_is_host_name(n->whole) || !add(n, a, n->whole))
		return false;
	*ret_name = n->whole;
	return true;
}

const char *names_json(struct names *n, const struct addr *a)
{
	return n->capacity > 0 ? place(n->entries, n->capacity, a)->text : NULL;
}

bool names_known(struct names *n, const struct addr *a, const char *json)
{
	json_t *list = json_loads(json, 0, NULL), *name;
	struct entry *e = json_array_size(list) > 0 ? get(n, a) : NULL;
	bool good = json_array_size(list) == 0 || e != NULL;
	size_t i;

	json_array_foreach(list, i, name)
	{
		if (good && json_is_string(name))
			add(n, a, json_string_value(name));
	}
	json_decref(list);
	return good;
}

/* ---- looking up ---- */

bool names_want(struct names *n, const struct addr *a)
{
	struct entry *e = get(n, a);

	if (e == NULL)
		return false;
	if (e->wanted)
		return true;
	if (n->queue_count == n->queue_room) {
		size_t room = n->queue_room == 0 ? 64 : n->queue_room * 2;
		struct addr *queue = reallocarray(n->queue, room, sizeof(*queue));

		if (queue == NULL)
			return false;
		n->queue = queue;
		n->queue_room = room;
	}
	e->wanted = true;
	n->queue[n->queue_count++] = *a;
	return true;
}

bool names_next(struct names *n, unsigned most, struct addr *ret)
{
	if (n->under_way >= most || n->queue_first == n->queue_count)
		return false;
	*ret = n->queue[n->queue_first++];
	if (n->queue_first == n->queue_count)
		n->queue_first = n->queue_count = 0;
	n->under_way++;
	return true;
}

void names_done(struct names *n)
{
	if (n->under_way > 0)
		n->under_way--;
}

bool names_idle(const struct names *n)
{
	return n->under_way == 0 && n->queue_first == n->queue_count;
}
