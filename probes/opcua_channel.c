/* SPDX-License-Identifier: Apache-2.0 */
/* OPC UA binary over TCP: opcua.h. */
#include "opcua.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	HEADER = 8,
	CHUNK_MAX = 65536, /* said in Hello, as the next two */
	MESSAGE_MAX = 128 * 1024,
	CHUNKS_MAX = 16,
	LIFETIME_MS = 60000, /* of a channel, where it is not closed */
	TIMEOUT_MS = 10000,  /* a hint for the server */
	DIAGNOSTICS_DEPTH = 8,
};

#define POLICY "http://opcfoundation.org/UA/SecurityPolicy#"

/* ---- readers ---- */

struct span opcua_read_text(struct reader *r)
{
	uint32_t length = rd_le32(r);

	return rd_span(r, length == UINT32_MAX ? 0 : length);
}

size_t opcua_read_count(struct reader *r, size_t smallest)
{
	uint32_t count = rd_le32(r);

	if (count == UINT32_MAX)
		return 0;
	if (count > rd_left(r) / smallest) {
		rd_fail(r);
		return 0;
	}
	return count;
}

/* 10000-6, 5.2.2.9. */
struct span opcua_read_node(struct reader *r)
{
	struct reader start = *r;
	size_t before = rd_left(r);

	switch (rd_u8(r)) {
	case 0:
		rd_skip(r, 1);
		break;
	case 1:
		rd_skip(r, 3);
		break;
	case 2:
		rd_skip(r, 6);
		break;
	case 3:
	case 5:
		rd_skip(r, 2);
		(void)opcua_read_text(r);
		break;
	case 4:
		rd_skip(r, 18);
		break;
	default:
		rd_fail(r);
	}
	return rd_ok(r) ? rd_span(&start, before - rd_left(r)) : rd_span(r, 0);
}

/* The number of a message, which stands in namespace 0; 0 where it is something else. */
static uint32_t read_type(struct reader *r)
{
	struct reader node = rd_new(opcua_read_node(r));
	uint8_t form = rd_u8(&node);
	uint32_t space = form == 1 ? rd_u8(&node) : form == 2 ? rd_le16(&node) : 0;
	uint32_t number = form == 0   ? rd_u8(&node)
			  : form == 1 ? rd_le16(&node)
			  : form == 2 ? rd_le32(&node)
				      : 0;

	return space == 0 ? number : 0;
}

/* 10000-6, 5.2.2.12. We ask for none, so mostly there is one byte. */
static void skip_diagnostics(struct reader *r)
{
	enum { NUMBERS = 4, TEXT = 0x10, STATUS = 0x20, INNER = 0x40 };

	for (unsigned depth = 0; depth < DIAGNOSTICS_DEPTH; depth++) {
		uint8_t mask = rd_u8(r);

		for (unsigned i = 0; i < NUMBERS; i++)
			rd_skip(r, (mask >> i) & 1 ? 4 : 0);
		if (mask & TEXT)
			(void)opcua_read_text(r);
		rd_skip(r, mask & STATUS ? 4 : 0);
		if (!(mask & INNER))
			return;
	}
	rd_fail(r);
}

/* 10000-4, 7.33: the status; time, handle, diagnostics, texts and what may be added are passed over. */
static uint32_t read_header(struct reader *r)
{
	rd_skip(r, 8 + 4);
	uint32_t status = rd_le32(r);
	skip_diagnostics(r);
	for (size_t texts = opcua_read_count(r, 4); texts > 0 && rd_ok(r); texts--)
		(void)opcua_read_text(r);
	(void)opcua_read_node(r);
	if (rd_u8(r) != 0)
		(void)opcua_read_text(r);
	return status;
}

static struct span read_localized(struct reader *r)
{
	enum { LOCALE = 1, TEXT = 2 };

	uint8_t mask = rd_u8(r);

	if (mask & LOCALE)
		(void)opcua_read_text(r);
	return mask & TEXT ? opcua_read_text(r) : rd_span(r, 0);
}

static void read_token_policy(struct reader *r, struct opcua_token_policy *ret)
{
	ret->id = opcua_read_text(r);
	ret->type = rd_le32(r);
	(void)opcua_read_text(r); /* type of an issued token, */
	(void)opcua_read_text(r); /* and who issues it */
	ret->security = opcua_read_text(r);
}

bool opcua_read_endpoint(struct reader *r, struct opcua_endpoint *ret)
{
	enum { TOKEN_POLICY_LEAST = 20 };

	struct opcua_endpoint e = { .url = opcua_read_text(r) };

	e.application_uri = opcua_read_text(r);
	e.product_uri = opcua_read_text(r);
	e.application = read_localized(r);
	e.application_type = rd_le32(r);
	(void)opcua_read_text(r); /* gateway */
	(void)opcua_read_text(r); /* profile of discovery, */
	for (size_t urls = opcua_read_count(r, 4); urls > 0 && rd_ok(r); urls--)
		(void)opcua_read_text(r); /* and where */
	e.certificate = opcua_read_text(r);
	e.mode = rd_le32(r);
	e.security = opcua_read_text(r);
	for (size_t n = opcua_read_count(r, TOKEN_POLICY_LEAST); n > 0 && rd_ok(r); n--) {
		struct opcua_token_policy more;

		read_token_policy(r, &more);
		if (e.tokens < OPCUA_TOKEN_POLICIES_MAX)
			e.token[e.tokens++] = more;
	}
	e.transport = opcua_read_text(r);
	rd_skip(r, 1); /* security level: the server's own order */
	if (!rd_ok(r))
		return false;
	*ret = e;
	return true;
}

struct span opcua_policy_name(struct span uri)
{
	return span_starts(uri, POLICY) ? span_from(uri, strlen(POLICY)) : uri;
}

/* ---- writers ---- */

void opcua_write_text(struct writer *w, struct span text)
{
	wr_le32(w, (uint32_t)text.length);
	wr_span_in(w, text);
}

void opcua_write_absent(struct writer *w)
{
	wr_le32(w, UINT32_MAX);
}

void opcua_write_type(struct writer *w, enum opcua_type type)
{
	wr_u8(w, 1);
	wr_u8(w, 0);
	wr_le16(w, (uint16_t)type);
}

void opcua_begin(const struct opcua *o, struct writer *w, enum opcua_type type, struct span session)
{
	enum { TICKS = 10000000 }; /* of a second */
	const int64_t from_1601 = 11644473600;

	opcua_write_type(w, type);
	if (session.length > 0)
		wr_span_in(w, session);
	else
		wr_le16(w, 0); /* no node */
	wr_le64(w, (uint64_t)((conn_clock(o->c) + from_1601) * TICKS));
	wr_le32(w, o->number + 1); /* handle */
	wr_le32(w, 0);             /* no diagnostics */
	opcua_write_absent(w);     /* entry of an audit */
	wr_le32(w, TIMEOUT_MS);
	wr_le16(w, 0); /* nothing added: no type, */
	wr_u8(w, 0);   /* and no body */
}

static void say(struct opcua *o, const char *kind, struct span security, struct span body)
{
	uint8_t buffer[OPCUA_REQUEST_MAX + 128];
	struct writer w = wr_new(buffer, sizeof(buffer));
	bool hello = o->number == 0;

	wr_text(&w, kind);
	wr_u8(&w, 'F');
	wr_le32(&w, (uint32_t)(HEADER + (hello ? 0U : 4U + 8U) + security.length + body.length));
	if (!hello) {
		wr_le32(&w, o->channel);
		wr_span_in(&w, security);
		wr_le32(&w, o->number); /* of the chunk, */
		wr_le32(&w, o->number); /* of the request */
	}
	wr_span_in(&w, body);
	conn_write_span(o->c, wr_span(&w));
}

static void say_hello(struct opcua *o)
{
	uint8_t body[128];
	struct writer w = wr_new(body, sizeof(body));

	wr_le32(&w, 0); /* version */
	wr_le32(&w, CHUNK_MAX);
	wr_le32(&w, CHUNK_MAX);
	wr_le32(&w, MESSAGE_MAX);
	wr_le32(&w, CHUNKS_MAX);
	opcua_write_text(&w, span_text(o->url));
	say(o, "HEL", span_of("", 0), wr_span(&w));
}

static void say_request(struct opcua *o, const struct writer *body)
{
	uint8_t security[4];
	struct writer w = wr_new(security, sizeof(security));

	o->number++;
	wr_le32(&w, o->token);
	say(o, "MSG", wr_span(&w), wr_span(body));
}

static void say_open(struct opcua *o)
{
	enum { ISSUE = 0 };

	uint8_t body[128], security[64];
	struct writer w = wr_new(body, sizeof(body)), s = wr_new(security, sizeof(security));

	opcua_write_text(&s, span_text(POLICY "None"));
	opcua_write_absent(&s); /* certificate of ours, */
	opcua_write_absent(&s); /* and digest of theirs */
	opcua_begin(o, &w, OPCUA_OPEN_CHANNEL, span_of("", 0));
	wr_le32(&w, 0); /* version */
	wr_le32(&w, ISSUE);
	wr_le32(&w, OPCUA_MODE_NONE);
	opcua_write_absent(&w); /* nonce */
	wr_le32(&w, LIFETIME_MS);
	o->number++;
	say(o, "OPN", wr_span(&s), wr_span(&w));
}

/* ---- conversation ---- */

static bool keep(struct opcua *o, struct span more)
{
	if (more.length > MESSAGE_MAX - o->length)
		return false;
	if (o->length + more.length > o->room) {
		size_t room = o->length + more.length;
		uint8_t *bigger = realloc(o->message, room);

		if (bigger == NULL)
			return false;
		o->message = bigger;
		o->room = room;
	}
	if (more.length > 0)
		memcpy(o->message + o->length, more.at, more.length);
	o->length += more.length;
	return true;
}

/* 10000-6, 7.1.2.5; the body of a chunk that gives a message up is the same (6.7.3). */
static enum opcua_answer take_error(struct opcua *o, struct reader *r)
{
	o->status = rd_le32(r);
	struct span reason = opcua_read_text(r);
	if (!rd_ok(r))
		return OPCUA_MALFORMED;
	snprintf(o->reason, sizeof(o->reason), "%.*s",
		 (int)span_first(reason, sizeof(o->reason) - 1).length, (const char *)reason.at);
	return OPCUA_BAD;
}

/* One chunk of this kind: what stands behind its header of 8 bytes. */
static enum opcua_answer hear_chunk(struct opcua *o, const char *kind, char *ret_mark,
				    struct reader *ret)
{
	struct span head = conn_read(o->c, HEADER);

	if (!conn_ok(o->c))
		return OPCUA_SILENT;
	bool error = span_starts(head, "ERR"), right = span_starts(head, kind);
	struct reader r = rd_new(span_from(head, 3));
	char mark = (char)rd_u8(&r);
	uint32_t size = rd_le32(&r);
	bool known = mark == 'F' || (right && (mark == 'C' || mark == 'A'));
	if ((!error && !right) || !known)
		return o->number == 0 ? OPCUA_FOREIGN : OPCUA_MALFORMED;
	if (size < HEADER + 4 || size > CHUNK_MAX)
		return OPCUA_MALFORMED;
	r = rd_new(conn_read(o->c, size - HEADER));
	if (!conn_ok(o->c))
		return OPCUA_SILENT;
	if (error) {
		o->channel = 0; /* the server closes the connection */
		return take_error(o, &r);
	}
	*ret = r;
	*ret_mark = mark;
	return OPCUA_GOOD;
}

/* A whole message, as far as its chunks belong to the last request. */
static enum opcua_answer hear_message(struct opcua *o, const char *kind)
{
	bool opens = strcmp(kind, "OPN") == 0;

	o->length = 0;
	for (unsigned i = 0; i < CHUNKS_MAX; i++) {
		struct reader r;
		char mark;
		enum opcua_answer a = hear_chunk(o, kind, &mark, &r);

		if (a != OPCUA_GOOD)
			return a;
		uint32_t channel = rd_le32(&r);
		if (opens) {
			struct span policy = opcua_read_text(&r);

			(void)opcua_read_text(&r);
			(void)opcua_read_text(&r);
			if (!span_is(policy, POLICY "None"))
				return OPCUA_MALFORMED;
		} else {
			rd_skip(&r, 4); /* token */
		}
		rd_skip(&r, 4);
		uint32_t request = rd_le32(&r);
		if (!rd_ok(&r) || request != o->number || (!opens && channel != o->channel))
			return OPCUA_MALFORMED;
		if (mark == 'A')
			return take_error(o, &r);
		if (!keep(o, rd_rest(&r)))
			return OPCUA_MALFORMED;
		if (mark == 'F')
			return OPCUA_GOOD;
	}
	return OPCUA_MALFORMED;
}

static enum opcua_answer hear(struct opcua *o, const char *kind, enum opcua_type wanted,
			      struct reader *ret)
{
	enum opcua_answer a = hear_message(o, kind);

	if (a != OPCUA_GOOD)
		return a;
	struct reader r = rd_new(o->length > 0 ? span_of(o->message, o->length) : span_of("", 0));
	uint32_t type = read_type(&r);
	o->status = read_header(&r);
	if (!rd_ok(&r) || (type != wanted && type != OPCUA_SERVICE_FAULT))
		return OPCUA_MALFORMED;
	/* The severity stands in the two upper bits (10000-4, 7.39). */
	if (type != wanted || o->status >> 30 != 0)
		return OPCUA_BAD;
	*ret = r;
	return OPCUA_GOOD;
}

enum opcua_answer opcua_ask(struct opcua *o, const struct writer *w, enum opcua_type wanted,
			    struct reader *ret)
{
	if (!wr_ok(w))
		return OPCUA_MALFORMED;
	say_request(o, w);
	return hear(o, "MSG", wanted, ret);
}

enum opcua_answer opcua_ask_endpoints(struct opcua *o, struct reader *ret)
{
	uint8_t body[256];
	struct writer w = wr_new(body, sizeof(body));

	opcua_begin(o, &w, OPCUA_GET_ENDPOINTS, span_of("", 0));
	opcua_write_text(&w, span_text(o->url));
	opcua_write_absent(&w); /* languages */
	opcua_write_absent(&w); /* transports: all */
	return opcua_ask(o, &w, OPCUA_GET_ENDPOINTS_ANSWER, ret);
}

enum opcua_answer opcua_open(struct opcua *o, struct conn *c)
{
	const char *address = conn_address(c);
	bool six = strchr(address, ':') != NULL;
	struct reader r;
	char mark;

	*o = (struct opcua){ .c = c };
	snprintf(o->url, sizeof(o->url), "opc.tcp://%s%s%s:%u", six ? "[" : "", address,
		 six ? "]" : "", conn_port(c));
	say_hello(o);
	enum opcua_answer a = hear_chunk(o, "ACK", &mark, &r);
	if (a != OPCUA_GOOD)
		return a;
	rd_skip(&r,
		5 * 4); /* their version and sizes: what we send is less than the least of them */
	if (!rd_ok(&r))
		return OPCUA_MALFORMED;
	say_open(o);
	a = hear(o, "OPN", OPCUA_OPEN_CHANNEL_ANSWER, &r);
	if (a != OPCUA_GOOD)
		return a;
	rd_skip(&r, 4); /* version */
	uint32_t channel = rd_le32(&r), token = rd_le32(&r);
	if (!rd_ok(&r) || channel == 0)
		return OPCUA_MALFORMED;
	o->channel = channel;
	o->token = token;
	return OPCUA_GOOD;
}

void opcua_close(struct opcua *o)
{
	uint8_t body[64], security[4];
	struct writer w = wr_new(body, sizeof(body)), s = wr_new(security, sizeof(security));

	if (o->channel == 0 || !conn_ok(o->c))
		return;
	opcua_begin(o, &w, OPCUA_CLOSE_CHANNEL, span_of("", 0));
	wr_le32(&s, o->token);
	o->number++;
	say(o, "CLO", wr_span(&s), wr_span(&w));
	o->channel = 0;
}

void opcua_done(struct opcua *o)
{
	free(o->message);
	o->message = NULL;
	o->length = o->room = 0;
}
