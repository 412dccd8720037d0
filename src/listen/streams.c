/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes of TCP connections, in order, for the decoder that recognises them (RFC 9293, 3.10.7.4: what comes
 * first stays). Bytes are kept only as long as a decoder wants them, within one bound for all connections.
 */
#include <stdlib.h>

#include "listen/listener_parts.h"

enum {
	FIRST_MAX = 2048,        /* bytes of a side by which it is recognised */
	BUFFER_MAX = 64 * 1024,  /* bytes of a side that its decoder did not take yet */
	WAITING_MAX = 64 * 1024, /* bytes of a side behind missing ones */
	PIECES_MAX = 64,         /* segments of a side behind missing ones */
	WINDOW_MAX = 16 << 20,   /* further away is no segment of this connection */
	RESTARTS_MAX = 4,        /* beginnings with missing bytes that are tried */
	SYN = 2,
	ACK = 16,
};

struct piece {
	struct piece *next;
	uint32_t sequence, length, missing; /* missing: not captured, behind the bytes */
	uint8_t bytes[];
};

struct half {
	uint8_t *bytes;
	uint32_t length, room;
	struct piece *waiting; /* by sequence */
	uint32_t waiting_bytes, pieces;
	uint32_t acked; /* by the other end */
	bool has_acked;
};

struct stream {
	struct talk talk; /* first: named() gets its address */
	struct listener *listener;
	struct flow *flow;
	const struct decoder *decoder;
	decoder_set refused; /* decoders that it is not of */
	unsigned first_end, restarts;
	bool spoken; /* somebody has said something */
	struct half half[2];
};

static enum side side_of(const struct flow *f, unsigned end)
{
	return end == f->client ? SIDE_CLIENT : SIDE_SERVER;
}

static void *take_room(struct listener *l, size_t n)
{
	void *p = l->stream_bytes + n <= l->stream_most ? calloc(1, n) : NULL;

	if (p != NULL)
		l->stream_bytes += n;
	return p;
}

static void give_back(struct listener *l, void *p, size_t n)
{
	if (p != NULL)
		l->stream_bytes -= n;
	free(p);
}

/* The same where its first `used` bytes hold what somebody said, which may be a secret. */
static void forget(struct listener *l, void *p, size_t n, size_t used)
{
	if (p != NULL)
		explicit_bzero(p, used);
	give_back(l, p, n);
}

/* The bytes in front are dealt with; nothing of them stays behind. */
static void drop_front(struct half *h, size_t taken)
{
	memmove(h->bytes, h->bytes + taken, h->length - taken);
	h->length -= (uint32_t)taken;
	explicit_bzero(h->bytes + h->length, taken);
}

static void drop_first_piece(struct listener *l, struct half *h)
{
	struct piece *p = h->waiting;

	h->waiting = p->next;
	h->waiting_bytes -= p->length;
	h->pieces--;
	forget(l, p, sizeof(*p) + p->length, sizeof(*p) + p->length);
}

static void release(struct listener *l, struct flow *f)
{
	struct stream *s = f->stream;

	for (unsigned i = 0; i < 2; i++) {
		while (s->half[i].waiting != NULL)
			drop_first_piece(l, &s->half[i]);
		forget(l, s->half[i].bytes, s->half[i].room, s->half[i].length);
	}
	if (s->decoder != NULL)
		give_back(l, s->talk.state, s->decoder->state_size);
	give_back(l, s, sizeof(*s));
	f->stream = NULL;
	f->flags |= FLOW_READ;
}

static void named(struct talk *t, struct span name)
{
	struct stream *s = (struct stream *)(void *)t;

	talks_name(s->listener, s->flow, name);
}

static struct stream *begin(struct listener *l, struct flow *f, unsigned end)
{
	struct stream *s = take_room(l, sizeof(*s));

	if (s == NULL) {
		l->counts.streams_left++;
		f->flags |= FLOW_READ;
		return NULL;
	}
	addr_put(&s->talk.client, f->key.address[f->client]);
	addr_put(&s->talk.server, f->key.address[1 - f->client]);
	s->talk.client_port = f->key.port[f->client];
	s->talk.server_port = f->key.port[1 - f->client];
	s->talk.from_start = (f->flags & FLOW_SYN) != 0;
	s->talk.notes = &l->notes;
	s->talk.named = named;
	s->listener = l;
	s->flow = f;
	s->first_end = end;
	f->stream = s;
	return s;
}

/* ---- what the decoder does ---- */

static void note_application(struct flow *f)
{
	const struct stream *s = f->stream;

	f->application = s->talk.application != NULL ? s->talk.application : s->decoder->name;
	f->by_decoder = true;
	f->flags |= FLOW_ASKED;
}

/* False: the stream is gone. */
static bool hear(struct listener *l, struct flow *f, unsigned end, struct span bytes,
		 size_t *ret_taken)
{
	struct stream *s = f->stream;
	size_t taken = 0;

	while (taken < bytes.length) {
		long n = s->decoder->hear(&s->talk, side_of(f, end), span_from(bytes, taken));

		if (n == HEAR_NOT_OURS) {
			f->application = NULL;
			f->by_decoder = false;
			f->flags &= (uint16_t)~FLOW_ASKED;
			release(l, f);
			return false;
		}
		note_application(f);
		if (n == HEAR_DONE) {
			release(l, f);
			return false;
		}
		if (n <= 0)
			break;
		taken += (size_t)n < bytes.length - taken ? (size_t)n : bytes.length - taken;
	}
	*ret_taken = taken;
	return true;
}

/* False: it does not fit. */
static bool keep(struct listener *l, struct half *h, struct span bytes, size_t most)
{
	if (bytes.length > most - h->length)
		return false;
	size_t all = h->length + bytes.length;
	if (all > h->room) {
		size_t room = h->room == 0 ? 512 : h->room;

		while (room < all)
			room *= 2;
		if (l->stream_bytes + room - h->room > l->stream_most)
			return false;
		/* Not realloc(), which may leave a copy behind. */
		uint8_t *grown = malloc(room);
		if (grown == NULL)
			return false;
		if (h->length > 0)
			memcpy(grown, h->bytes, h->length);
		forget(l, h->bytes, h->room, h->length);
		l->stream_bytes += room;
		h->bytes = grown;
		h->room = (uint32_t)room;
	}
	if (bytes.length > 0)
		memcpy(h->bytes + h->length, bytes.at, bytes.length);
	h->length = (uint32_t)all;
	return true;
}

/* Bytes for the decoder that has recognised the connection. False: the stream is gone. */
static bool feed(struct listener *l, struct flow *f, unsigned end, struct span bytes)
{
	struct half *h = &f->stream->half[end];
	size_t taken;

	if (h->length == 0) {
		if (!hear(l, f, end, bytes, &taken))
			return false;
		bytes = span_from(bytes, taken);
		if (bytes.length == 0 || keep(l, h, bytes, BUFFER_MAX))
			return true;
	} else if (keep(l, h, bytes, BUFFER_MAX)) {
		if (!hear(l, f, end, span_of(h->bytes, h->length), &taken))
			return false;
		drop_front(h, taken);
		return true;
	}
	release(l, f); /* more than a decoder may want at once */
	return false;
}

/* What was kept for recognising goes to the decoder. */
static bool feed_kept(struct listener *l, struct flow *f, unsigned end)
{
	struct half *h = &f->stream->half[end];
	size_t taken;

	if (h->length == 0)
		return true;
	if (!hear(l, f, end, span_of(h->bytes, h->length), &taken))
		return false;
	drop_front(h, taken);
	return true;
}

/* ---- recognising ---- */

/* Those of the port first. NULL: nobody (yet). */
static const struct decoder *ask_all(struct listener *l, struct flow *f, unsigned end,
				     struct span first)
{
	struct stream *s = f->stream;
	decoder_set ports = l->want.sets[l->want.tcp_set[s->talk.server_port]] & l->want.streams;
	decoder_set masks[2] = { ports, l->want.streams & ~ports };

	for (unsigned k = 0; k < 2; k++)
		for (decoder_set left = masks[k] & ~s->refused; left != 0; left &= left - 1) {
			unsigned i = set_first(left);
			int said = decoders[i]->recognise(&s->talk, side_of(f, end), first);

			if (said > 0)
				return decoders[i];
			if (said < 0)
				s->refused |= set_of(i);
		}
	return NULL;
}

/* Nobody knows it: nDPI is asked about what was kept. */
static void give_up(struct listener *l, struct flow *f, unsigned end, struct span rest)
{
	struct stream *s = f->stream;

	for (unsigned i = 0; i < 2; i++) {
		unsigned k = i == 0 ? s->first_end : 1 - s->first_end;
		const struct half *h = &s->half[k];

		if (h->length > 0)
			classify_take(l, f, k, span_of(h->bytes, h->length));
	}
	if (rest.length > 0)
		classify_take(l, f, end, rest);
	release(l, f);
}

static bool recognise(struct listener *l, struct flow *f, unsigned end, struct span bytes)
{
	struct stream *s = f->stream;
	struct half *h = &s->half[end];
	struct span first = bytes;
	bool kept = h->length > 0;

	if (!s->spoken) {
		s->spoken = true;
		s->first_end = end;
	}
	if (kept) {
		if (!keep(l, h, bytes, BUFFER_MAX)) {
			give_up(l, f, end, bytes);
			return false;
		}
		first = span_of(h->bytes, h->length);
	}
	const struct decoder *d = ask_all(l, f, end, span_first(first, FIRST_MAX));
	if (d != NULL) {
		s->talk.state = d->state_size > 0 ? take_room(l, d->state_size) : NULL;
		if (d->state_size > 0 && s->talk.state == NULL) {
			l->counts.streams_left++;
			release(l, f);
			return false;
		}
		s->decoder = d;
		note_application(f);
		return feed_kept(l, f, 1 - end) &&
		       (kept ? feed_kept(l, f, end) : feed(l, f, end, bytes));
	}
	if ((l->want.streams & ~s->refused) == 0 || first.length >= FIRST_MAX ||
	    (!kept && !keep(l, h, bytes, FIRST_MAX))) {
		give_up(l, f, end, kept ? span_of("", 0) : bytes);
		return false;
	}
	return true;
}

/* Bytes in order. False: the stream is gone. */
static bool deliver(struct listener *l, struct flow *f, unsigned end, struct span bytes)
{
	f->next[end] += (uint32_t)bytes.length;
	if (bytes.length == 0)
		return true;
	return f->stream->decoder != NULL ? feed(l, f, end, bytes) : recognise(l, f, end, bytes);
}

/* ---- order ---- */

/* Bytes are missing up to this sequence number. */
static bool gap(struct listener *l, struct flow *f, unsigned end, uint32_t to)
{
	struct stream *s = f->stream;
	struct half *h = &s->half[end];

	l->counts.gaps++;
	f->next[end] = to;
	if (h->length > 0)
		explicit_bzero(h->bytes, h->length);
	h->length = 0;
	s->talk.from_start = false;
	if (s->decoder == NULL) {
		if (++s->restarts <= RESTARTS_MAX)
			return true;
		give_up(l, f, end, span_of("", 0));
		return false;
	}
	if (s->decoder->gap == NULL) {
		release(l, f);
		return false;
	}
	s->decoder->gap(&s->talk, side_of(f, end));
	return true;
}

static bool deliver_segment(struct listener *l, struct flow *f, unsigned end, uint32_t sequence,
			    struct span bytes, uint32_t missing)
{
	uint32_t seen = f->next[end] - sequence; /* bytes of it that came already */

	if (seen >= bytes.length + missing)
		return true;
	if (seen >= bytes.length)
		return gap(l, f, end, sequence + (uint32_t)bytes.length + missing);
	return deliver(l, f, end, span_from(bytes, seen)) &&
	       (missing == 0 || gap(l, f, end, f->next[end] + missing));
}

/* Segments that waited and whose turn it is now; or, where the other end has got what is missing here, or there
 * is no more room to wait, those behind the gap. */
static bool drain(struct listener *l, struct flow *f, unsigned end, bool over)
{
	while (f->stream != NULL && f->stream->half[end].waiting != NULL) {
		struct half *h = &f->stream->half[end];
		struct piece *p = h->waiting;

		if ((int32_t)(p->sequence - f->next[end]) > 0) {
			bool lost = over || h->pieces >= PIECES_MAX ||
				    h->waiting_bytes >= WAITING_MAX ||
				    (h->has_acked && (int32_t)(h->acked - p->sequence) >= 0);

			if (!lost)
				return true;
			if (!gap(l, f, end, p->sequence))
				return false;
		}
		h->waiting = p->next;
		h->waiting_bytes -= p->length;
		h->pieces--;
		bool good = deliver_segment(l, f, end, p->sequence, span_of(p->bytes, p->length),
					    p->missing);
		forget(l, p, sizeof(*p) + p->length, sizeof(*p) + p->length);
		if (!good)
			return false;
	}
	return f->stream != NULL;
}

/* A segment in order, as far as the last one that has waited within its bounds: what came first stays. */
static bool deliver_around(struct listener *l, struct flow *f, unsigned end, uint32_t sequence,
			   struct span bytes)
{
	for (;;) {
		const struct piece *p = f->stream->half[end].waiting;

		if (p == NULL || p->sequence - sequence >= bytes.length)
			return true;
		if (!deliver_segment(l, f, end, sequence, span_first(bytes, p->sequence - sequence),
				     0) ||
		    !drain(l, f, end, false))
			return false;
	}
}

static void wait_for_gap(struct listener *l, struct flow *f, unsigned end, const struct packet *p)
{
	struct half *h = &f->stream->half[end];
	struct piece **place = &h->waiting;
	size_t n = p->payload.length;

	while (*place != NULL && (int32_t)((*place)->sequence - p->sequence) <= 0) {
		if ((*place)->sequence == p->sequence && (*place)->length >= n)
			return; /* sent again */
		place = &(*place)->next;
	}
	struct piece *piece = take_room(l, sizeof(*piece) + n);
	if (piece == NULL) {
		l->counts.streams_left++;
		release(l, f);
		return;
	}
	piece->sequence = p->sequence;
	piece->length = (uint32_t)n;
	piece->missing = p->payload_length - (uint32_t)n;
	if (n > 0)
		memcpy(piece->bytes, p->payload.at, n);
	piece->next = *place;
	*place = piece;
	h->waiting_bytes += piece->length;
	h->pieces++;
}

static void take_acknowledgement(struct listener *l, struct flow *f, unsigned end,
				 const struct packet *p)
{
	struct half *other = &f->stream->half[1 - end];

	if ((p->tcp_flags & ACK) == 0)
		return;
	other->acked = p->acknowledged;
	other->has_acked = true;
	if (other->waiting != NULL)
		drain(l, f, 1 - end, false);
}

void streams_take(struct listener *l, struct flow *f, unsigned end, const struct packet *p)
{
	unsigned bit = 1U << end;

	if (l->want.streams == 0) {
		f->flags |= FLOW_READ;
		return;
	}
	if ((p->tcp_flags & SYN) != 0 && (f->known & bit) == 0) {
		f->next[end] = p->sequence + 1;
		f->known = (uint8_t)(f->known | bit);
	}
	if (f->stream != NULL)
		take_acknowledgement(l, f, end, p);
	if (p->payload_length == 0 || (f->flags & FLOW_READ) != 0)
		return;
	if (f->stream == NULL && begin(l, f, end) == NULL)
		return;
	uint32_t sequence = p->sequence + ((p->tcp_flags & SYN) != 0);
	if ((f->known & bit) == 0) {
		f->known = (uint8_t)(f->known | bit);
		f->next[end] = sequence;
		f->stream->talk.from_start = false;
	}
	int32_t ahead = (int32_t)(sequence - f->next[end]);
	if (ahead > WINDOW_MAX || ahead < -WINDOW_MAX) {
		if (!gap(l, f, end, sequence))
			return;
		ahead = 0;
	}
	if (ahead > 0)
		wait_for_gap(l, f, end, p);
	else if (!deliver_around(l, f, end, sequence, p->payload) ||
		 !deliver_segment(l, f, end, sequence, p->payload,
				  p->payload_length - (uint32_t)p->payload.length))
		return;
	if (f->stream != NULL)
		drain(l, f, end, false);
}

void streams_end(struct listener *l, struct flow *f)
{
	for (unsigned i = 0; i < 2 && f->stream != NULL; i++)
		drain(l, f, i, true);
	if (f->stream == NULL)
		return;
	if (f->stream->decoder == NULL)
		give_up(l, f, 0, span_of("", 0));
	else
		release(l, f);
}
