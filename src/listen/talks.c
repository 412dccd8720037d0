/* SPDX-License-Identifier: Apache-2.0 */
/* Conversations: connections of one client to one port of one server, added up. They are rows of the store. */
#include <stdlib.h>

#include "listen/listener_parts.h"

int talks_init(struct listener *l, uint32_t most)
{
	return table_init(&l->conversations, sizeof(struct conversation),
			  sizeof(struct conversation_key), most, l->setup.seed);
}

static void forget(struct listener *l, struct conversation *c)
{
	if (c->name != NULL)
		l->text_bytes -= strlen(c->name) + 1;
	free(c->name);
	c->name = NULL;
	table_remove(&l->conversations, c);
}

/* The store adds up, so nothing is lost by telling early. Connections are fewer than conversations may be:
 * there is always something to forget. */
static void make_room(struct listener *l)
{
	for (uint32_t n = 1; n <= l->conversations.highest; n++) {
		struct conversation *c = table_at(&l->conversations, n);

		if (c == NULL || c->flows > 0)
			continue;
		talks_tell(l, c);
		forget(l, c);
	}
}

struct conversation *talks_of(struct listener *l, struct flow *f)
{
	struct conversation *c = table_at(&l->conversations, f->conversation);
	struct conversation_key key = { 0 };
	unsigned client = f->client;

	if (c != NULL)
		return c;
	memcpy(key.src, f->key.address[client], 16);
	memcpy(key.dst, f->key.address[1 - client], 16);
	key.port = f->key.port[1 - client];
	key.vlan = f->key.vlan;
	key.protocol = f->key.protocol;
	key.opened = (f->flags & FLOW_OPENED) != 0;
	uint64_t hash = table_hash(&l->conversations, &key);
	c = table_find(&l->conversations, &key, hash);
	if (c == NULL)
		c = table_add(&l->conversations, &key, hash);
	if (c == NULL) {
		make_room(l);
		c = table_add(&l->conversations, &key, hash);
	}
	if (c == NULL)
		return NULL;
	if (c->first_ms == 0 || c->first_ms > f->first_ns / 1000000)
		c->first_ms = f->first_ns / 1000000;
	if (c->last_ms < f->last_ns / 1000000)
		c->last_ms = f->last_ns / 1000000;
	c->flows++;
	f->conversation = table_number(c);
	return c;
}

void talks_name(struct listener *l, struct flow *f, struct span name)
{
	struct conversation *c = talks_of(l, f);
	char text[256];
	size_t n = 0;

	if (c == NULL || name.length == 0 || name.length >= sizeof(text))
		return;
	for (; n < name.length; n++) {
		if (name.at[n] <= 0x20 || name.at[n] >= 0x7f)
			return; /* no name that a server is called by */
		text[n] = (char)name.at[n];
	}
	text[n] = '\0';
	if (c->name != NULL && strcmp(c->name, text) == 0)
		return;
	if (l->text_bytes + n + 1 > l->text_most)
		return;
	char *copy = strdup(text);
	if (copy == NULL)
		return;
	if (c->name != NULL)
		l->text_bytes -= strlen(c->name) + 1;
	free(c->name);
	c->name = copy;
	l->text_bytes += n + 1;
	c->changed = true;
}

void talks_tell(struct listener *l, struct conversation *c)
{
	const struct told *told = l->setup.told;
	struct told_flow row = {
		.port = c->key.port,
		.vlan = c->key.vlan,
		.protocol = c->key.protocol,
		.opened = c->key.opened != 0,
		.application = c->application,
		.source = c->application == NULL ? NULL
			  : c->by_decoder        ? "decoder"
						 : "ndpi",
		.name = c->name,
		.connections = c->connections,
		.refused = c->refused,
		.unanswered = c->unanswered,
		.bytes = { c->bytes[0], c->bytes[1] },
		.packets = { c->packets[0], c->packets[1] },
		.first_ms = c->first_ms,
		.last_ms = c->last_ms,
	};

	if (!c->changed && c->refused + c->unanswered == 0)
		return;
	addr_put(&row.src, c->key.src);
	addr_put(&row.dst, c->key.dst);
	told->flow(told->context, &row);
	c->changed = false;
	c->connections = c->refused = c->unanswered = 0;
	c->bytes[0] = c->bytes[1] = c->packets[0] = c->packets[1] = 0;
}

void talks_forget(struct listener *l)
{
	for (uint32_t n = 1; n <= l->conversations.highest; n++) {
		struct conversation *c = table_at(&l->conversations, n);

		if (c != NULL)
			free(c->name);
	}
	table_clear(&l->conversations);
}

void talks_done(struct listener *l)
{
	talks_forget(l);
	table_done(&l->conversations);
}
