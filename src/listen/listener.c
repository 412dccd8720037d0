/* SPDX-License-Identifier: Apache-2.0 */
#include "listen/listener.h"

#include <stdlib.h>

#include "listen/frame.h"
#include "listen/listener_parts.h"

enum {
	TCP = 6,
	UDP = 17,
	DATAGRAMS_TRIED = 4, /* of a flow, by those who recognise theirs on any port */
	TRIED_CALLED = 128,  /* one of them has called it its own: its number is below */
};

static const int64_t set_back_ns = INT64_C(10) * 1000000000;

/* ---- which decoder wants what ---- */

static void want_in_set(struct listener *l, uint8_t list[static 65536], uint16_t at,
			unsigned decoder)
{
	decoder_set set = l->want.sets[list[at]] | set_of(decoder);

	for (unsigned i = 1; i <= l->want.set_count; i++)
		if (l->want.sets[i] == set) {
			list[at] = (uint8_t)i;
			return;
		}
	if (l->want.set_count == 255)
		return; /* there are not so many sets of decoders; a test sees each decoder reached */
	l->want.sets[++l->want.set_count] = set;
	list[at] = (uint8_t)l->want.set_count;
}

static void learn_wants(struct listener *l)
{
	for (unsigned i = 0; i < DECODERS_MAX && decoders[i] != NULL; i++) {
		const struct decoder *d = decoders[i];

		if (d->recognise != NULL && d->hear != NULL)
			l->want.streams |= set_of(i);
		if (d->wraps != 0)
			l->want.wrapped |= set_of(i);
		if (d->any_udp)
			l->want.any_udp |= set_of(i);
		for (const uint16_t *p = d->ethertypes; p != NULL && *p != 0; p++)
			want_in_set(l, l->want.type_set, *p, i);
		for (const uint16_t *p = d->udp_ports; p != NULL && *p != 0; p++)
			want_in_set(l, l->want.udp_set, *p, i);
		for (const uint16_t *p = d->tcp_ports; p != NULL && *p != 0; p++)
			want_in_set(l, l->want.tcp_set, *p, i);
		for (const uint8_t *p = d->protocols; p != NULL && *p != 0; p++)
			l->want.protocols[*p] |= set_of(i);
	}
}

/* ---- beginning and end ---- */

/* How the memory is shared out, in hundredths. The rest is for buckets that double, and for the process. */
enum { FOR_FLOWS = 36, FOR_HOSTS = 5, FOR_FACTS = 8, FOR_TEXT = 5, FOR_STREAMS = 8, FOR_NDPI = 8 };

static uint32_t share(const struct listener *l, unsigned hundredths, size_t entry)
{
	uint64_t n = l->setup.memory / 100 * hundredths / table_cost(entry);

	return n < 1024 ? 1024 : n > 50000000 ? 50000000 : (uint32_t)n;
}

static void name_datagram(struct notes *n, struct span name)
{
	struct listener *l = (struct listener *)(void *)n;

	if (l->datagram != NULL)
		talks_name(l, l->datagram, name);
}

struct listener *listener_new(const struct listener_setup *setup)
{
	struct listener *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	l->setup = *setup;
	if (l->setup.memory == 0)
		l->setup.memory = LISTENER_MEMORY;
	if (l->setup.memory < LISTENER_MEMORY_LEAST)
		l->setup.memory = LISTENER_MEMORY_LEAST;
	l->notes.fact = keep_fact;
	l->notes.operation = keep_operation;
	l->notes.named = name_datagram;
	l->stream_most = l->setup.memory / 100 * FOR_STREAMS;
	l->text_most = l->setup.memory / 100 * FOR_TEXT;
	learn_wants(l);
	/* A fourth more conversations than connections: see talks.c. */
	uint32_t flows = share(l, FOR_FLOWS, sizeof(struct flow));
	l->fragments = fragments_new();
	if (!setup->no_ndpi)
		l->ndpi = classify_new(l->setup.memory / 100 * FOR_NDPI);
	if (l->fragments == NULL || flows_init(l, flows) != 0 ||
	    talks_init(l, flows + flows / 4) != 0 ||
	    hosts_init(l, share(l, FOR_HOSTS, sizeof(struct host) + sizeof(struct mac))) != 0 ||
	    kept_init(l, share(l, FOR_FACTS, 128), share(l, FOR_FACTS / 4, 128)) != 0) {
		listener_free(l);
		return NULL;
	}
	return l;
}

void listener_free(struct listener *l)
{
	if (l == NULL)
		return;
	if (l->flows.buckets != NULL)
		flows_end_all(l);
	fragments_free(l->fragments);
	classify_free(l->ndpi);
	if (l->facts.buckets != NULL)
		kept_done(l);
	if (l->conversations.buckets != NULL)
		talks_done(l);
	table_done(&l->flows);
	table_done(&l->hosts);
	table_done(&l->macs);
	free(l);
}

bool listener_reset(struct listener *l)
{
	flows_end_all(l);
	kept_forget(l);
	talks_forget(l);
	table_clear(&l->flows);
	table_clear(&l->hosts);
	table_clear(&l->macs);
	fragments_free(l->fragments);
	l->fragments = fragments_new();
	l->counts = (struct listener_counts){ 0 };
	memset(l->notes.certificates, 0, sizeof(l->notes.certificates));
	l->text_bytes = 0;
	l->hand = 0;
	l->telling = 0;
	l->telling_next = 0;
	listener_next_capture(l);
	return l->fragments != NULL;
}

/* ---- a frame ---- */

/* Hands the packet to decoders of frames and datagrams; the first one that understood it, or -1. */
static int hand_over(struct listener *l, decoder_set mask)
{
	int by = -1;

	for (; mask != 0; mask &= mask - 1) {
		unsigned i = set_first(mask);

		if (decoders[i]->packet != NULL && decoders[i]->packet(&l->notes, &l->packet) &&
		    by < 0)
			by = (int)i;
	}
	return by;
}

/* Those that want to know what packets were wrapped in get the innermost one. */
static decoder_set want_wraps(const struct listener *l, unsigned wraps)
{
	decoder_set mask = 0;

	for (decoder_set left = l->want.wrapped; left != 0; left &= left - 1) {
		unsigned i = set_first(left);

		if ((decoders[i]->wraps & wraps) != 0)
			mask |= set_of(i);
	}
	return mask;
}

static void take_datagram(struct listener *l, struct flow *f, unsigned end)
{
	const struct packet *p = &l->packet;
	decoder_set mask = l->want.protocols[p->protocol];

	if (p->is_fragment)
		return;
	if (p->protocol == UDP)
		mask |= l->want.sets[l->want.udp_set[p->src_port]] |
			l->want.sets[l->want.udp_set[p->dst_port]];
	/* Who has known a question is to hear the answer. */
	if (p->protocol == UDP && f != NULL && (f->tried & TRIED_CALLED) != 0) {
		mask |= set_of(f->tried & ~(unsigned)TRIED_CALLED);
	} else if (p->protocol == UDP && f != NULL && f->application == NULL &&
		   f->tried < DATAGRAMS_TRIED) {
		f->tried++;
		mask |= l->want.any_udp;
	}
	l->datagram = f;
	int by = mask != 0 ? hand_over(l, mask) : -1;
	l->datagram = NULL;
	if (f == NULL)
		return;
	if (by >= 0) {
		f->application = decoders[by]->name;
		if (p->protocol == UDP && decoders[by]->any_udp)
			f->tried = (uint8_t)(TRIED_CALLED | by);
		f->by_decoder = true;
		f->flags |= FLOW_ASKED;
	} else if ((f->flags & FLOW_ASKED) == 0 && p->protocol == UDP && p->payload.length > 0) {
		classify_take(l, f, end, p->payload);
	}
}

static void take_segment(struct listener *l, struct flow *f, unsigned end)
{
	const struct packet *p = &l->packet;

	if (l->want.protocols[TCP] != 0)
		hand_over(l, l->want.protocols[TCP]);
	if (f == NULL || p->is_fragment)
		return;
	if ((f->flags & FLOW_READ) == 0)
		streams_take(l, f, end, p);
	else if ((f->flags & FLOW_ASKED) == 0 && p->payload.length > 0)
		classify_take(l, f, end, p->payload);
}

void listener_take(struct listener *l, int link, struct span frame, uint32_t wire_length,
		   int64_t time_ns)
{
	struct packet *p = &l->packet;

	l->counts.frames++;
	l->counts.bytes += wire_length;
	l->counts.snapped += frame.length < wire_length;
	/* A clock that was set back: what is open would seem to have been silent for as long. */
	if (time_ns > l->now_ns || time_ns + set_back_ns < l->now_ns) {
		if (time_ns < l->looked_ns)
			l->looked_ns = time_ns;
		l->now_ns = time_ns;
	}
	l->notes.time_ns = time_ns;
	if (!frame_read(link, frame, wire_length, time_ns, l->fragments, p)) {
		l->counts.damaged++;
		return;
	}
	if (p->wraps != 0) {
		decoder_set mask = want_wraps(l, p->wraps);

		if (mask != 0)
			hand_over(l, mask);
	}
	if (!p->is_ip) {
		unsigned set = l->want.type_set[p->ethertype < 1536 ? 1 : p->ethertype];

		if (set != 0)
			hand_over(l, l->want.sets[set]);
		return;
	}
	unsigned end = 0;
	struct flow *f = flows_take(l, p, &end);
	if (p->protocol == TCP)
		take_segment(l, f, end);
	else
		take_datagram(l, f, end);
	flows_look(l);
}

void listener_next_capture(struct listener *l)
{
	l->now_ns = 0;
	l->looked_ns = 0;
}

/* ---- telling ---- */

/* One entry; in this order, since each counts into the next. */
static void tell_entry(struct listener *l, unsigned which, void *entry)
{
	switch (which) {
	case 0:
		flows_count(l, entry);
		break;
	case 1:
		talks_tell(l, entry);
		break;
	case 2:
		hosts_tell(l, entry);
		break;
	case 3:
		kept_tell_fact(l, entry);
		break;
	default:
		kept_tell_operation(l, entry);
		break;
	}
}

bool listener_tell(struct listener *l, uint32_t most)
{
	const struct table *tables[] = { &l->flows, &l->conversations, &l->hosts, &l->facts,
					 &l->operations };
	uint32_t looked = 0;

	while (l->telling < countof(tables)) {
		const struct table *t = tables[l->telling];

		if (l->telling_next >= t->highest) {
			l->telling++;
			l->telling_next = 0;
			continue;
		}
		if (most != 0 && looked++ >= most)
			return false;
		void *entry = table_at(t, ++l->telling_next);
		if (entry != NULL)
			tell_entry(l, l->telling, entry);
	}
	l->telling = 0;
	l->telling_next = 0;
	return true;
}

void listener_end(struct listener *l)
{
	flows_end_all(l);
	l->telling = 0;
	l->telling_next = 0;
	listener_tell(l, 0);
}

void listener_counts(const struct listener *l, struct listener_counts *ret)
{
	*ret = l->counts;
	ret->fragments = fragments_dropped(l->fragments);
}
