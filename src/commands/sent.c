/* SPDX-License-Identifier: Apache-2.0 */
#include "commands/sent.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int sent_ports_read(struct sent_ports *ports, const char *text)
{
	struct sent_ports p = { 0 };
	size_t most = 1;

	for (const char *at = text; *at != '\0'; at++)
		most += *at == ',';
	p.list = calloc(most, sizeof(*p.list));
	if (p.list == NULL)
		return -ENOMEM;
	for (const char *at = text; *at != '\0';) {
		unsigned long v = 0;
		const char *digits = at;

		while (*at >= '0' && *at <= '9' && v <= UINT16_MAX)
			v = v * 10 + (unsigned long)(*at++ - '0');
		bool udp = strncmp(at, "/udp", 4) == 0;
		bool good = at > digits && v > 0 && v <= UINT16_MAX;
		at += udp ? 4 : 0;
		if (!good || (*at != '\0' && (*at != ',' || at[1] == '\0'))) {
			free(p.list);
			return -EINVAL;
		}
		p.list[p.count++] = (struct sent_port){ .port = (uint16_t)v, .udp = udp };
		at += *at == ',';
	}
	sent_ports_done(ports);
	*ports = p;
	return 0;
}

void sent_ports_done(struct sent_ports *ports)
{
	free(ports->list);
	*ports = (struct sent_ports){ 0 };
}

static int read_targets(struct ranges *set, const char *text)
{
	char *copy = strdup(text), *rest = copy, *piece;
	int e = copy == NULL ? -ENOMEM : 0;

	while (e == 0 && (piece = strsep(&rest, ",")) != NULL)
		e = ranges_parse_network(set, piece, true);
	free(copy);
	return e;
}

int sent_block_make(struct sent_block *b, const uint8_t key[static ORDER_KEY], uint64_t hosts,
		    const char *targets)
{
	*b = (struct sent_block){ 0 };
	int e = read_targets(&b->targets, targets);
	if (e == 0 && (hosts == 0 || ranges_count(&b->targets) != hosts))
		e = -EINVAL;
	if (e == 0)
		e = ranges_index_make(&b->targets, &b->index);
	if (e != 0) {
		ranges_done(&b->targets);
		return e;
	}
	order_init(&b->order, hosts, key);
	return 0;
}

void sent_block_done(struct sent_block *b)
{
	if (b->targets.list != NULL)
		ranges_index_done(&b->index);
	ranges_done(&b->targets);
	*b = (struct sent_block){ 0 };
}

static bool is_link_local(const struct addr *a)
{
	return a->bytes[0] == 0xfe && (a->bytes[1] & 0xc0) == 0x80;
}

bool sent_block_place(struct sent_block *b, const struct addr *a, uint64_t *ret)
{
	uint64_t i;
	bool found = ranges_index_of(&b->index, a, &i);

	for (size_t k = 0; k < b->targets.count && !found && a->scope == 0 && is_link_local(a);
	     k++) {
		struct addr there = *a;

		there.scope = b->targets.list[k].first.scope;
		found = ranges_index_of(&b->index, &there, &i);
	}
	if (found)
		*ret = order_place(&b->order, i);
	return found;
}

uint64_t sent_stretch_end(const struct sent_stretch *s, const struct sent_stretch *next)
{
	bool goes_on = next != NULL && strcmp(next->kind, s->kind) == 0 && next->first >= s->first;

	return goes_on && next->first < s->last ? next->first : s->last;
}

bool sent_has_ports(const char *kind)
{
	return strcmp(kind, "syn") == 0 || strcmp(kind, "udp") == 0;
}

bool sent_due(const struct sent_block *b, uint64_t place, uint64_t first, uint64_t last,
	      uint64_t *ret_first, uint64_t *ret_last)
{
	uint64_t n = b->order.n;
	/* The least i with place + i * n >= first, and the same of last. */
	uint64_t from = first > place ? (first - place - 1) / n + 1 : 0;
	uint64_t to = last > place ? (last - place - 1) / n + 1 : 0;

	if (from >= to)
		return false;
	*ret_first = from;
	*ret_last = to;
	return true;
}
