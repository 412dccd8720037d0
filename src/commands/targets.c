/* SPDX-License-Identifier: Apache-2.0 */
#include "commands/targets.h"

#include <stdlib.h>

struct targets {
	struct target **slots; /* open addressing by address; a power of two */
	size_t capacity, count;
	struct target *first, *last; /* the queue */
};

struct targets *targets_new(void)
{
	struct targets *ts = calloc(1, sizeof(*ts));

	if (ts == NULL)
		return NULL;
	ts->capacity = 256;
	ts->slots = calloc(ts->capacity, sizeof(struct target *));
	if (ts->slots == NULL) {
		free(ts);
		return NULL;
	}
	return ts;
}

void targets_free(struct targets *ts)
{
	if (ts == NULL)
		return;
	for (size_t i = 0; i < ts->capacity; i++)
		if (ts->slots[i] != NULL) {
			free(ts->slots[i]->ports);
			free(ts->slots[i]);
		}
	free(ts->slots);
	free(ts);
}

static struct target **slot(struct target **slots, size_t capacity, const struct addr *a)
{
	size_t i = (size_t)addr_hash(a) & (capacity - 1);

	while (slots[i] != NULL && addr_compare(&slots[i]->address, a) != 0)
		i = (i + 1) & (capacity - 1);
	return &slots[i];
}

struct target *targets_find(struct targets *ts, const struct addr *a)
{
	return *slot(ts->slots, ts->capacity, a);
}

struct target *targets_get(struct targets *ts, const struct addr *a)
{
	struct target *t = *slot(ts->slots, ts->capacity, a);

	if (t != NULL)
		return t;
	if (ts->count >= ts->capacity / 2) {
		struct target **slots = calloc(ts->capacity * 2, sizeof(struct target *));

		if (slots == NULL)
			return NULL;
		for (size_t i = 0; i < ts->capacity; i++)
			if (ts->slots[i] != NULL)
				*slot(slots, ts->capacity * 2, &ts->slots[i]->address) =
					ts->slots[i];
		free(ts->slots);
		ts->slots = slots;
		ts->capacity *= 2;
	}
	t = calloc(1, sizeof(*t));
	if (t == NULL)
		return NULL;
	t->address = *a;
	*slot(ts->slots, ts->capacity, a) = t;
	ts->count++;
	return t;
}

bool target_add_port(struct target *t, uint16_t port, bool udp)
{
	struct open_port *ports = realloc(t->ports, (t->port_count + 1) * sizeof(*ports));

	if (ports == NULL)
		return false;
	t->ports = ports;
	t->ports[t->port_count++] = (struct open_port){ .port = port, .udp = udp };
	return true;
}

void targets_queue(struct targets *ts, struct target *t)
{
	if (t->queued || t->port_next >= t->port_count)
		return;
	t->queued = true;
	t->next_ready = NULL;
	if (ts->last != NULL)
		ts->last->next_ready = t;
	else
		ts->first = t;
	ts->last = t;
}

void target_again(struct target *t, struct open_port port)
{
	t->ports[--t->port_next] = port;
}

const struct target *targets_queued(const struct targets *ts, const struct target *after)
{
	return after == NULL ? ts->first : after->next_ready;
}

static void unlink_ready(struct targets *ts, struct target *before, struct target *t)
{
	if (before != NULL)
		before->next_ready = t->next_ready;
	else
		ts->first = t->next_ready;
	if (ts->last == t)
		ts->last = before;
	t->queued = false;
}

void targets_drop_ports(struct targets *ts, struct target *t, uint32_t count)
{
	struct target *before = NULL;

	t->port_count = count;
	if (!t->queued || t->port_next < count)
		return;
	for (struct target *r = ts->first; r != t; r = r->next_ready)
		before = r;
	unlink_ready(ts, before, t);
}

struct target *targets_next(struct targets *ts, unsigned most_ot, unsigned most_it,
			    bool (*may)(void *context, const struct target *t), void *context)
{
	struct target *before = NULL;

	for (struct target *t = ts->first; t != NULL; before = t, t = t->next_ready) {
		if (t->active >= (t->treatment == TREAT_OT ? most_ot : most_it) || !may(context, t))
			continue;
		unlink_ready(ts, before, t);
		return t;
	}
	return NULL;
}

bool targets_idle(const struct targets *ts)
{
	return ts->first == NULL;
}
