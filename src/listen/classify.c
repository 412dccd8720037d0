/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What nDPI calls the flows that no decoder of ours knows. It gets the first bytes of each side behind headers of
 * our own making, so that it never meets what a network wrote there; its state of a flow is gone once it has said
 * its word, or has had its packets.
 */
#include <ctype.h>
#include <stdlib.h>

#include <ndpi/ndpi_api.h>

#include "codec/writer.h"
#include "listen/listener_parts.h"

enum {
	PACKETS_TCP = 10, /* with payload, that nDPI is given of one flow */
	PACKETS_UDP = 8,
	PAYLOAD_MAX = 1400, /* bytes of a packet for nDPI */
	WORDS_ENOUGH = 2,   /* connections of a conversation that are asked about */
	TCP = 6,
	NAME = 32,
	NAMES = 1024,
};

struct ndpi_part {
	struct ndpi_detection_module_struct *module;
	size_t flow_size;
	uint32_t most, count;           /* flows that nDPI keeps state of */
	struct ndpi_flow_struct *spare; /* one, to be used again */
	unsigned name_count;
	char names[NAMES][NAME]; /* lower-case; empty: it has no word */
	uint8_t packet[PAYLOAD_MAX + 60];
};

static void take_names(struct ndpi_part *n)
{
	n->name_count = ndpi_get_num_supported_protocols(n->module);
	if (n->name_count > NAMES)
		n->name_count = NAMES;
	for (unsigned i = 1; i < n->name_count; i++) { /* 0: unknown */
		const char *name = ndpi_get_proto_name(n->module, (u_int16_t)i);

		for (size_t k = 0; name != NULL && name[k] != '\0' && k < NAME - 1; k++)
			n->names[i][k] = name[k] > 0x20 && name[k] < 0x7f
						 ? (char)tolower((unsigned char)name[k])
						 : '-';
	}
}

struct ndpi_part *classify_new(size_t most_bytes)
{
	struct ndpi_part *n = calloc(1, sizeof(*n));
	NDPI_PROTOCOL_BITMASK all;

	if (n == NULL)
		return NULL;
	n->module = ndpi_init_detection_module(ndpi_no_prefs);
	if (n->module == NULL) {
		free(n);
		return NULL;
	}
	NDPI_BITMASK_SET_ALL(all);
	ndpi_set_protocol_detection_bitmask2(n->module, &all);
	ndpi_finalize_initialization(n->module);
	n->flow_size = ndpi_detection_get_sizeof_ndpi_flow_struct();
	n->most = (uint32_t)(most_bytes / (n->flow_size + 512));
	take_names(n);
	return n;
}

void classify_free(struct ndpi_part *n)
{
	if (n == NULL)
		return;
	free(n->spare);
	ndpi_exit_detection_module(n->module);
	free(n);
}

static struct ndpi_flow_struct *take_state(struct ndpi_part *n)
{
	struct ndpi_flow_struct *s = n->spare;

	if (n->count >= n->most)
		return NULL;
	n->spare = NULL;
	if (s == NULL)
		s = malloc(n->flow_size);
	if (s == NULL)
		return NULL;
	memset(s, 0, n->flow_size);
	n->count++;
	return s;
}

void classify_forget(struct listener *l, struct flow *f)
{
	struct ndpi_part *n = l->ndpi;

	if (f->ndpi == NULL)
		return;
	ndpi_free_flow_data(f->ndpi);
	if (n->spare == NULL)
		n->spare = f->ndpi;
	else
		free(f->ndpi);
	f->ndpi = NULL;
	n->count--;
}

/* An IP packet with these bytes, as if this end had sent it. */
static struct span make_packet(struct ndpi_part *n, const struct flow *f, unsigned end,
			       struct span payload)
{
	struct writer w = wr_new(n->packet, sizeof(n->packet));
	struct addr a;
	size_t transport = f->key.protocol == TCP ? 20 : 8;

	addr_put(&a, f->key.address[end]);
	if (addr_is_ipv4(&a)) {
		wr_be16(&w, 0x4500);
		wr_be16(&w, (uint16_t)(20 + transport + payload.length));
		wr_be32(&w, 0); /* identification, no fragment */
		wr_u8(&w, 64);
		wr_u8(&w, f->key.protocol);
		wr_be16(&w, 0);
		wr_bytes(&w, f->key.address[end] + 12, 4);
		wr_bytes(&w, f->key.address[1 - end] + 12, 4);
	} else {
		wr_be32(&w, 0x60000000);
		wr_be16(&w, (uint16_t)(transport + payload.length));
		wr_u8(&w, f->key.protocol);
		wr_u8(&w, 64);
		wr_bytes(&w, f->key.address[end], 16);
		wr_bytes(&w, f->key.address[1 - end], 16);
	}
	wr_be16(&w, f->key.port[end]);
	wr_be16(&w, f->key.port[1 - end]);
	if (f->key.protocol == TCP) {
		wr_be32(&w, 1 + f->given[end]);
		wr_be32(&w, 1 + f->given[1 - end]);
		wr_be16(&w, 0x5018); /* five words; PSH, ACK */
		wr_be16(&w, 0xffff);
		wr_be32(&w, 0);
	} else {
		wr_be16(&w, (uint16_t)(8 + payload.length));
		wr_be16(&w, 0);
	}
	wr_span_in(&w, payload);
	return wr_span(&w);
}

static const char *name_of(const struct ndpi_part *n, const ndpi_protocol *p)
{
	unsigned id =
		p->app_protocol != NDPI_PROTOCOL_UNKNOWN ? p->app_protocol : p->master_protocol;

	return id < n->name_count && n->names[id][0] != '\0' ? n->names[id] : NULL;
}

static void said(struct listener *l, struct flow *f, const char *name)
{
	struct conversation *c = table_at(&l->conversations, f->conversation);

	f->application = name;
	f->flags |= FLOW_ASKED;
	classify_forget(l, f);
	if (c != NULL && c->asked < WORDS_ENOUGH)
		c->asked++;
}

/* Further connections to the same port of the same server are what the first ones were. */
static bool known_already(struct listener *l, struct flow *f)
{
	const struct conversation *c = talks_of(l, f);

	if (c == NULL || c->asked < WORDS_ENOUGH)
		return false;
	f->application = c->by_decoder ? NULL : c->application;
	f->flags |= FLOW_ASKED;
	return true;
}

void classify_take(struct listener *l, struct flow *f, unsigned end, struct span payload)
{
	struct ndpi_part *n = l->ndpi;
	uint8_t guessed = 0;

	if ((f->flags & FLOW_ASKED) != 0)
		return;
	if (f->ndpi == NULL &&
	    (n == NULL || known_already(l, f) || (f->ndpi = take_state(n)) == NULL)) {
		f->flags |= FLOW_ASKED;
		return;
	}
	payload = span_first(payload, PAYLOAD_MAX);
	struct span packet = make_packet(n, f, end, payload);
	f->given[end] += (uint16_t)payload.length;
	f->asked++;
	ndpi_protocol p = ndpi_detection_process_packet(n->module, f->ndpi, packet.at,
							(uint16_t)packet.length,
							(uint64_t)(l->notes.time_ns / 1000000));
	const char *name = name_of(n, &p);
	if (name != NULL) {
		said(l, f, name);
	} else if (f->asked >= (f->key.protocol == TCP ? PACKETS_TCP : PACKETS_UDP)) {
		p = ndpi_detection_giveup(n->module, f->ndpi, 0, &guessed);
		said(l, f, guessed == 0 ? name_of(n, &p) : NULL);
	}
}
