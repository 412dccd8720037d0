/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RFC 1035 (messages), RFC 6891 (EDNS), RFC 9156 (resolvers that ask for parts of a name first). Names in
 * questions are never compressed; names in our answers point into the question, which is sent back letter by
 * letter as it came, since some resolvers mix upper and lower case to know their answers by.
 */
#include "reach/beacon_dns.h"

#include "codec/dns.h"
#include "codec/reader.h"
#include "codec/writer.h"

enum {
	HEADER = 12,
	LABEL_MOST = 63,
	NAME_MOST = 255,
	LABELS_MOST = 128,
	FLAG_QR = 0x8000,
	FLAG_AA = 0x0400,
	FLAG_TC = 0x0200,
	FLAG_RD = 0x0100,
	OPCODE_MASK = 0x7800,
	POINTER = 0xc000,
	ZONE_TTL = 300,
	LONG_REST = TOKEN_TEXT - 1 - LABEL_MOST, /* characters of a long name's second label */
	EDNS_ROOM = BEACON_DNS_MOST,
};

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
}

bool beacon_zone_read(const char *text, struct beacon_zone *ret)
{
	struct writer w = wr_new(ret->wire, sizeof(ret->wire));
	size_t n = strlen(text);

	*ret = (struct beacon_zone){ 0 };
	/* A whole token and its dots stand in front. */
	if (!dns_is_host_name(text) || n > 253 - TOKEN_TEXT - 1)
		return false;
	for (const char *at = text;; at++) {
		size_t label = strcspn(at, ".");
		if (label == 0 || label > LABEL_MOST)
			return false;
		wr_u8(&w, (uint8_t)label);
		for (size_t i = 0; i < label; i++)
			wr_u8(&w, lower((uint8_t)at[i]));
		at += label;
		if (*at == '\0')
			break;
	}
	wr_u8(&w, 0);
	ret->length = wr_span(&w).length;
	return ret->length > 0;
}

/* ---- questions ---- */

struct name {
	struct span wire;
	size_t starts[LABELS_MOST]; /* of labels, and of the end */
	size_t count;               /* of labels */
};

static bool read_name(struct reader *r, struct name *ret)
{
	const uint8_t *from = r->at;
	size_t length = 0;

	ret->count = 0;
	for (;;) {
		uint8_t n = rd_u8(r);
		if (n > LABEL_MOST || ret->count == LABELS_MOST - 1 || length + n + 1 > NAME_MOST)
			return false;
		ret->starts[ret->count] = length;
		length += (size_t)n + 1;
		if (n == 0)
			break;
		rd_skip(r, n);
		ret->count++;
	}
	ret->wire = span_of(from, length);
	return rd_ok(r);
}

/* How many labels stand in front of the zone; negative: it is not within. */
static int labels_before(const struct name *n, const struct beacon_zone *zone)
{
	if (n->wire.length < zone->length)
		return -1;
	size_t at = n->wire.length - zone->length;
	for (size_t i = 0; i < zone->length; i++)
		if (lower(n->wire.at[at + i]) != zone->wire[i])
			return -1;
	for (size_t i = 0; i <= n->count; i++)
		if (n->starts[i] == at)
			return (int)i;
	return -1;
}

static struct span label(const struct name *n, size_t i)
{
	return span_from(span_first(n->wire, n->starts[i + 1]), n->starts[i] + 1);
}

static bool is_rest_of_token(struct span text)
{
	uint8_t bytes[TOKEN_QUESTION];
	size_t length;

	/* Forty characters are 25 bytes. */
	return text.length == LONG_REST && token_text_read(text, bytes, sizeof(bytes), &length);
}

static bool read_token(const struct name *n, size_t labels, struct beacon_query *q)
{
	uint8_t text[TOKEN_TEXT];
	struct writer w = wr_new(text, sizeof(text));

	if (labels == 2 && (label(n, 0).length != LABEL_MOST || label(n, 1).length != LONG_REST))
		return false;
	for (size_t i = 0; i < labels; i++)
		wr_span_in(&w, label(n, i));
	return labels <= 2 && wr_ok(&w) && token_name_read(wr_span(&w), q->token, &q->token_length);
}

static enum beacon_place place_of(const struct name *n, const struct beacon_zone *zone,
				  struct beacon_query *q)
{
	int before = labels_before(n, zone);

	if (before < 0)
		return PLACE_OUTSIDE;
	q->zone_at = n->wire.length - zone->length;
	if (before == 0)
		return PLACE_APEX;
	if (before == 1 && span_is_nocase(label(n, 0), "ns"))
		return PLACE_SERVER;
	if (read_token(n, (size_t)before, q))
		return PLACE_TOKEN;
	/* "_" is what BIND asks for in front of a part. */
	size_t first = span_is(label(n, 0), "_") ? 1 : 0;
	if ((size_t)before == first ||
	    ((size_t)before == first + 1 && is_rest_of_token(label(n, first))))
		return PLACE_WITHIN;
	return PLACE_OUTSIDE;
}

/* What follows the question may be one OPT record (RFC 6891, 6.1) and nothing else. */
static bool read_additional(struct reader *r, unsigned count, bool *ret_edns)
{
	if (count == 0)
		return rd_end(r);
	if (count != 1 || rd_u8(r) != 0 || rd_be16(r) != BEACON_TYPE_OPT)
		return false;
	rd_skip(r, 2 + 4); /* room, extended code, version, flags */
	rd_skip(r, rd_be16(r));
	*ret_edns = true;
	return rd_end(r);
}

bool beacon_query_read(struct span message, const struct beacon_zone *zone,
		       struct beacon_query *ret)
{
	struct beacon_query q = { 0 };
	struct reader r = rd_new(message);
	struct name name;

	if (message.length > BEACON_DNS_MOST)
		return false;
	q.id = rd_be16(&r);
	uint16_t flags = rd_be16(&r);
	if ((flags & (FLAG_QR | OPCODE_MASK | FLAG_TC)) != 0)
		return false;
	q.recursion = (flags & FLAG_RD) != 0;
	unsigned questions = rd_be16(&r), answers = rd_be16(&r), authority = rd_be16(&r);
	unsigned additional = rd_be16(&r);
	if (questions != 1 || answers != 0 || authority != 0 || !read_name(&r, &name))
		return false;
	q.type = rd_be16(&r);
	if (rd_be16(&r) != DNS_CLASS_IN || !read_additional(&r, additional, &q.edns))
		return false;
	q.question = span_first(span_from(message, HEADER), name.wire.length + 4);
	q.place = place_of(&name, zone, &q);
	*ret = q;
	return true;
}

/* ---- answers ---- */

static void put_head(struct writer *w, const struct beacon_query *q, unsigned answers)
{
	wr_be16(w, q->id);
	wr_be16(w, (uint16_t)(FLAG_QR | FLAG_AA | (q->recursion ? FLAG_RD : 0)));
	wr_be16(w, 1);
	wr_be16(w, (uint16_t)answers);
	wr_be16(w, 0);
	wr_be16(w, q->edns ? 1 : 0);
	wr_span_in(w, q->question);
}

/* Owner, type, class and time to live of a record; its length is left open. */
static size_t open_record(struct writer *w, uint16_t type, uint32_t ttl)
{
	wr_be16(w, POINTER | HEADER);
	wr_be16(w, type);
	wr_be16(w, DNS_CLASS_IN);
	wr_be32(w, ttl);
	return wr_open16(w);
}

static size_t close_reply(struct writer *w, const struct beacon_query *q)
{
	if (q->edns) {
		wr_u8(w, 0);
		wr_be16(w, BEACON_TYPE_OPT);
		wr_be16(w, EDNS_ROOM);
		wr_be32(w, 0);
		wr_be16(w, 0);
	}
	return wr_span(w).length;
}

size_t beacon_reply_empty(const struct beacon_query *q, uint8_t *out, size_t room)
{
	struct writer w = wr_new(out, room);

	put_head(&w, q, 0);
	return close_reply(&w, q);
}

size_t beacon_reply_apex(const struct beacon_query *q, uint8_t *out, size_t room)
{
	struct writer w = wr_new(out, room);
	uint16_t zone = (uint16_t)(POINTER | (HEADER + q->zone_at));

	put_head(&w, q, 1);
	size_t place = open_record(&w, q->type, ZONE_TTL);
	if (q->type == BEACON_TYPE_NS) {
		wr_u8(&w, 2);
		wr_text(&w, "ns");
		wr_be16(&w, zone);
	} else {
		wr_be16(&w, zone);  /* primary server: any name will do */
		wr_be16(&w, zone);  /* who is responsible */
		wr_be32(&w, 1);     /* serial */
		wr_be32(&w, 86400); /* refresh, retry, expire: nobody transfers it */
		wr_be32(&w, 86400);
		wr_be32(&w, 86400);
		wr_be32(&w, 0); /* how long an absence is kept */
	}
	wr_close16(&w, place);
	return close_reply(&w, q);
}

size_t beacon_reply_addresses(const struct beacon_query *q, const struct addr *list, size_t count,
			      uint32_t ttl, uint8_t *out, size_t room)
{
	struct writer w = wr_new(out, room);

	put_head(&w, q, (unsigned)count);
	for (size_t i = 0; i < count; i++) {
		size_t place = open_record(&w, DNS_A, ttl);
		wr_bytes(&w, list[i].bytes + 12, 4);
		wr_close16(&w, place);
	}
	return close_reply(&w, q);
}

size_t beacon_reply_text(const struct beacon_query *q, const char *text, uint8_t *out, size_t room)
{
	struct writer w = wr_new(out, room);

	put_head(&w, q, 1);
	size_t place = open_record(&w, DNS_TXT, 0);
	size_t string = wr_open8(&w);
	wr_text(&w, text);
	wr_close8(&w, string);
	wr_close16(&w, place);
	return close_reply(&w, q);
}
