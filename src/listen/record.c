/* SPDX-License-Identifier: Apache-2.0 */
#include "listen/record.h"

#include <jansson.h>
#include <stdio.h>

#include "codec/utf8.h"

enum { NAME_MAX_BYTES = 255 };

/* Times beyond the year 2200 are none. */
static const int64_t latest_ms = INT64_C(7258118400000);

/* ---- writing ---- */

static void put_text(struct writer *w, const char *text)
{
	size_t n = text != NULL ? strlen(text) : 0;

	if (n > RECORD_VALUE_MAX)
		n = 0;
	wr_be16(w, (uint16_t)n);
	wr_bytes(w, text != NULL ? text : "", n);
}

static void put_address(struct writer *w, const struct addr *a)
{
	wr_bytes(w, a->bytes, sizeof(a->bytes));
}

static void put_times(struct writer *w, int64_t first, int64_t last)
{
	wr_be64(w, (uint64_t)first);
	wr_be64(w, (uint64_t)last);
}

void record_write_host(struct writer *w, const struct told_host *h)
{
	wr_u8(w, RECORD_HOST);
	put_address(w, &h->address);
	wr_u8(w, h->has_mac);
	wr_bytes(w, h->mac, sizeof(h->mac));
	wr_be16(w, h->vlan);
	wr_be64(w, h->sent);
	wr_be64(w, h->received);
	put_times(w, h->first_ms, h->last_ms);
}

void record_write_flow(struct writer *w, const struct told_flow *f)
{
	wr_u8(w, RECORD_FLOW);
	put_address(w, &f->src);
	put_address(w, &f->dst);
	wr_be16(w, f->port);
	wr_be16(w, f->vlan);
	wr_u8(w, f->protocol);
	wr_u8(w, f->opened);
	put_text(w, f->application);
	put_text(w, f->source);
	put_text(w, f->name);
	wr_be64(w, f->connections);
	wr_be64(w, f->refused);
	wr_be64(w, f->unanswered);
	for (unsigned i = 0; i < 2; i++) {
		wr_be64(w, f->bytes[i]);
		wr_be64(w, f->packets[i]);
	}
	put_times(w, f->first_ms, f->last_ms);
}

void record_write_operation(struct writer *w, const struct told_operation *o)
{
	wr_u8(w, RECORD_OPERATION);
	put_address(w, &o->master);
	put_address(w, &o->slave);
	wr_be16(w, o->port);
	wr_u8(w, o->udp);
	put_text(w, o->protocol);
	put_text(w, o->word);
	put_text(w, o->access);
	wr_be32(w, (uint32_t)o->unit);
	wr_be32(w, o->code);
	wr_be64(w, o->requests);
	wr_be64(w, o->errors);
	put_times(w, o->first_ms, o->last_ms);
}

void record_write_fact(struct writer *w, const struct told_fact *f)
{
	wr_u8(w, RECORD_FACT);
	put_address(w, &f->about);
	put_address(w, &f->peer);
	wr_u8(w, f->has_mac);
	wr_bytes(w, f->mac, sizeof(f->mac));
	put_text(w, f->kind);
	put_text(w, f->value);
	wr_be16(w, f->port);
	wr_u8(w, f->udp);
	wr_be64(w, f->times);
	put_times(w, f->first_ms, f->last_ms);
}

void record_write_begin(struct writer *w, const struct told_begin *b)
{
	wr_u8(w, RECORD_BEGIN);
	wr_u8(w, (uint8_t)b->why);
	wr_be64(w, (uint64_t)b->first_ns);
	wr_u8(w, b->link_known);
	put_text(w, b->link);
}

void record_write_watch(struct writer *w, const struct told_watch *t)
{
	wr_u8(w, RECORD_WATCH);
	wr_be32(w, t->number);
	put_text(w, t->link);
	put_times(w, t->first_ns, t->last_ns);
	wr_be64(w, t->packets);
	wr_be64(w, t->bytes);
	wr_be64(w, t->dropped);
	wr_be64(w, t->snapped);
	wr_be64(w, t->one_sided);
	wr_be64(w, t->damaged);
	wr_be64(w, t->backwards);
	wr_be64(w, t->downs);
	wr_u8(w, (uint8_t)t->end);
	wr_u8(w, t->link_known);
}

void record_write_end(struct writer *w, const struct listener_counts *c)
{
	wr_u8(w, RECORD_END);
	wr_be64(w, c->frames);
	wr_be64(w, c->bytes);
	wr_be64(w, c->damaged);
	wr_be64(w, c->one_sided);
	wr_be64(w, c->fragments);
	wr_be64(w, c->flows_forgotten);
	wr_be64(w, c->hosts_left);
	wr_be64(w, c->facts_left);
	wr_be64(w, c->operations_left);
	wr_be64(w, c->streams_left);
	wr_be64(w, c->gaps);
}

/* ---- reading ---- */

static uint64_t get_count(struct reader *r)
{
	uint64_t v = rd_be64(r);

	if (v > INT64_MAX / 1024) /* sums of them fit the store's numbers */
		rd_fail(r);
	return v;
}

static int64_t get_time(struct reader *r, int64_t most)
{
	uint64_t v = rd_be64(r);

	if (v > (uint64_t)most)
		rd_fail(r);
	return rd_ok(r) ? (int64_t)v : 0;
}

static void get_address(struct reader *r, struct addr *ret)
{
	struct span s = rd_span(r, sizeof(ret->bytes));

	*ret = (struct addr){ 0 };
	if (s.length == sizeof(ret->bytes))
		memcpy(ret->bytes, s.at, s.length);
}

static void get_mac(struct reader *r, uint8_t ret[static 6])
{
	struct span s = rd_span(r, 6);

	memset(ret, 0, 6);
	if (s.length == 6)
		memcpy(ret, s.at, 6);
}

/* A word of ours or of nDPI: lower-case letters, digits and a few marks. Empty: NULL. */
static const char *get_word(struct reader *r, char room[static 64])
{
	struct span s = rd_span(r, rd_be16(r));

	if (s.length >= 64)
		rd_fail(r);
	for (size_t i = 0; i < s.length && rd_ok(r); i++) {
		uint8_t b = s.at[i];

		if (b <= 0x20 || b >= 0x7f || b == '"' || b == '<' || b == '\\' || b == '\'')
			rd_fail(r);
	}
	if (!rd_ok(r) || s.length == 0)
		return NULL;
	memcpy(room, s.at, s.length);
	room[s.length] = '\0';
	return room;
}

static const char *get_text(struct reader *r, char *room, size_t most)
{
	struct span s = rd_span(r, rd_be16(r));
	size_t at = 0;

	if (s.length > most)
		rd_fail(r);
	while (at < s.length && rd_ok(r)) {
		uint32_t v;
		size_t n = utf8_next(s.at + at, s.length - at, &v);

		if (n == 0 || v < 0x20 || (v >= 0x7f && v < 0xa0))
			rd_fail(r);
		at += n;
	}
	if (!rd_ok(r) || s.length == 0)
		return NULL;
	memcpy(room, s.at, s.length);
	room[s.length] = '\0';
	return room;
}

static void get_link(struct reader *r, char ret[static 32])
{
	char word[64];
	const char *text = get_word(r, word);

	snprintf(ret, 32, "%.31s", text != NULL ? text : "");
}

static enum capture_end get_capture_end(struct reader *r)
{
	uint8_t v = rd_u8(r);

	if (v > CAPTURE_GONE)
		rd_fail(r);
	return rd_ok(r) ? (enum capture_end)v : CAPTURE_DAMAGED;
}

static void read_host(struct reader *r, struct told_host *h)
{
	get_address(r, &h->address);
	h->has_mac = rd_u8(r) != 0;
	get_mac(r, h->mac);
	h->vlan = rd_be16(r) & 0xfff;
	h->sent = get_count(r);
	h->received = get_count(r);
	h->first_ms = get_time(r, latest_ms);
	h->last_ms = get_time(r, latest_ms);
}

static void read_flow(struct reader *r, struct record *record)
{
	struct told_flow *f = &record->u.flow;

	get_address(r, &f->src);
	get_address(r, &f->dst);
	f->port = rd_be16(r);
	f->vlan = rd_be16(r) & 0xfff;
	f->protocol = rd_u8(r);
	f->opened = rd_u8(r) != 0;
	f->application = get_word(r, record->words[0]);
	f->source = get_word(r, record->words[1]);
	f->name = get_text(r, record->value, NAME_MAX_BYTES);
	f->connections = get_count(r);
	f->refused = get_count(r);
	f->unanswered = get_count(r);
	for (unsigned i = 0; i < 2; i++) {
		f->bytes[i] = get_count(r);
		f->packets[i] = get_count(r);
	}
	f->first_ms = get_time(r, latest_ms);
	f->last_ms = get_time(r, latest_ms);
	if (f->source != NULL && strcmp(f->source, "decoder") != 0 &&
	    strcmp(f->source, "ndpi") != 0)
		rd_fail(r);
}

static bool is_access(const char *word)
{
	static const char *const known[] = { "read",    "write",    "control",
					     "program", "diagnose", "other" };

	for (size_t i = 0; word != NULL && i < countof(known); i++)
		if (strcmp(known[i], word) == 0)
			return true;
	return false;
}

static void read_operation(struct reader *r, struct record *record)
{
	struct told_operation *o = &record->u.operation;

	get_address(r, &o->master);
	get_address(r, &o->slave);
	o->port = rd_be16(r);
	o->udp = rd_u8(r) != 0;
	o->protocol = get_word(r, record->words[0]);
	o->word = get_word(r, record->words[1]);
	o->access = get_word(r, record->words[2]);
	o->unit = (int)(int32_t)rd_be32(r);
	o->code = rd_be32(r);
	o->requests = get_count(r);
	o->errors = get_count(r);
	o->first_ms = get_time(r, latest_ms);
	o->last_ms = get_time(r, latest_ms);
	if (o->protocol == NULL || o->word == NULL || !is_access(o->access))
		rd_fail(r);
}

/* A certificate is told as JSON; whatever else begins so is a text. */
static bool sound_value(const struct told_fact *f)
{
	if (strcmp(f->kind, "tls.certificate") != 0 || f->value == NULL)
		return true;
	json_t *value = json_loads(f->value, JSON_REJECT_DUPLICATES, NULL);
	bool good = json_is_object(value);
	json_decref(value);
	return good;
}

static void read_fact(struct reader *r, struct record *record)
{
	struct told_fact *f = &record->u.fact;

	get_address(r, &f->about);
	get_address(r, &f->peer);
	f->has_mac = rd_u8(r) != 0;
	get_mac(r, f->mac);
	f->kind = get_word(r, record->words[0]);
	f->value = get_text(r, record->value, RECORD_VALUE_MAX);
	f->port = rd_be16(r);
	f->udp = rd_u8(r) != 0;
	f->times = get_count(r);
	f->first_ms = get_time(r, latest_ms);
	f->last_ms = get_time(r, latest_ms);
	if (f->kind == NULL || !rd_ok(r) || !sound_value(f))
		rd_fail(r);
}

static void read_watch(struct reader *r, struct told_watch *t)
{
	t->number = rd_be32(r);
	get_link(r, t->link);
	t->first_ns = get_time(r, INT64_MAX);
	t->last_ns = get_time(r, INT64_MAX);
	t->packets = get_count(r);
	t->bytes = get_count(r);
	t->dropped = get_count(r);
	t->snapped = get_count(r);
	t->one_sided = get_count(r);
	t->damaged = get_count(r);
	t->backwards = get_count(r);
	t->downs = get_count(r);
	t->end = get_capture_end(r);
	t->link_known = rd_u8(r) != 0;
}

static void read_end(struct reader *r, struct listener_counts *c)
{
	c->frames = get_count(r);
	c->bytes = get_count(r);
	c->damaged = get_count(r);
	c->one_sided = get_count(r);
	c->fragments = get_count(r);
	c->flows_forgotten = get_count(r);
	c->hosts_left = get_count(r);
	c->facts_left = get_count(r);
	c->operations_left = get_count(r);
	c->streams_left = get_count(r);
	c->gaps = get_count(r);
}

bool record_read(struct reader *r, struct record *ret)
{
	if (rd_left(r) == 0)
		return false;
	ret->kind = rd_u8(r);
	memset(&ret->u, 0, sizeof(ret->u));
	switch (ret->kind) {
	case RECORD_HOST:
		read_host(r, &ret->u.host);
		break;
	case RECORD_FLOW:
		read_flow(r, ret);
		break;
	case RECORD_OPERATION:
		read_operation(r, ret);
		break;
	case RECORD_FACT:
		read_fact(r, ret);
		break;
	case RECORD_BEGIN:
		ret->u.begin.why = get_capture_end(r);
		ret->u.begin.first_ns = get_time(r, INT64_MAX);
		ret->u.begin.link_known = rd_u8(r) != 0;
		get_link(r, ret->u.begin.link);
		break;
	case RECORD_WATCH:
		read_watch(r, &ret->u.watch);
		break;
	case RECORD_END:
		read_end(r, &ret->u.counts);
		break;
	default:
		rd_fail(r);
	}
	return rd_ok(r);
}
