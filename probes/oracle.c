/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Oracle: which release the listener of a database is.
 *
 * The protocol (TNS) has no public specification. What is read here is told alike by the packets that the
 * projects net-tns and nDPI keep for their tests; versions as Oracle's ODPI-C splits them.
 *
 * Sent on one connection:
 *   a CONNECT of TNS 0134 that carries (CONNECT_DATA=(COMMAND=version)), as the listener's own tool asks
 *   for its version; the same once more where the listener asks for it again (RESEND)
 * The command reads only. A listener of version 10 and later refuses it to others than its own machine and
 * tells its version in the refusal; older ones answer it. No database is named and no user.
 */
#include "probe.h"

#include <stdio.h>

#include "codec/evidence.h"
#include "codec/reader.h"
#include "codec/writer.h"

enum {
	HEADER = 8,
	PACKET_MAX = 8192,
	CONNECT = 1,
	ACCEPT = 2,
	REFUSE = 4,
	REDIRECT = 5,
	DATA = 6,
	RESEND = 11,
	OUR_VERSION = 0x0134, /* 10g and later; lower than the one with lengths of four bytes */
	OLDEST_VERSION = 0x012c,
	DATA_AT = 34,
	RESENDS_MAX = 2,
	SPLIT_ANEW = 18, /* the release from which the bits of a version mean something else */
};

/* ---- readers ---- */

struct packet {
	uint8_t type;
	struct span body; /* behind the header */
};

/* "(VSNNUM=" and digits; false where there is none, or the listener hides it (0). */
static bool read_number(struct span text, const char *key, uint32_t *ret)
{
	ptrdiff_t at = span_find(text, key, strlen(key));
	uint64_t n = 0;

	if (at < 0)
		return false;
	text = span_from(text, (size_t)at + strlen(key));
	size_t digits = 0;
	for (; digits < text.length && digits < 10; digits++) {
		if (text.at[digits] < '0' || text.at[digits] > '9')
			break;
		n = n * 10 + (uint64_t)(text.at[digits] - '0');
	}
	if (digits == 0 || n > UINT32_MAX)
		return false;
	*ret = (uint32_t)n;
	return true;
}

/* The text of a refusal or of an acceptance; empty where there is none. */
static bool read_text(const struct packet *p, struct span *ret)
{
	struct reader r = rd_new(p->body);

	if (p->type == REFUSE)
		rd_skip(&r, 2); /* reasons */
	if (p->type == ACCEPT) {
		rd_skip(&r, 10); /* version, options, sizes, byte order */
		size_t length = rd_be16(&r), offset = rd_be16(&r);

		if (!rd_ok(&r))
			return false;
		r = rd_new(p->body);
		rd_skip(&r, offset >= HEADER && length > 0 ? offset - HEADER : 0);
		*ret = rd_span(&r, length);
		return rd_ok(&r);
	}
	*ret = rd_span(&r, rd_be16(&r));
	return rd_ok(&r);
}

/* ---- writers ---- */

static void say_connect(struct conn *c)
{
	static const char command[] = "(CONNECT_DATA=(COMMAND=version))";
	const uint16_t length = sizeof(command) - 1;
	uint8_t bytes[128];
	struct writer w = wr_new(bytes, sizeof(bytes));

	wr_be16(&w, (uint16_t)(DATA_AT + length));
	wr_be16(&w, 0); /* no checksum */
	wr_u8(&w, CONNECT);
	wr_fill(&w, 0, 3);
	wr_be16(&w, OUR_VERSION);
	wr_be16(&w, OLDEST_VERSION);
	wr_be16(&w, 0);      /* no options */
	wr_be16(&w, 2048);   /* what one of our packets holds */
	wr_be16(&w, 0x7fff); /* and one of the network's */
	wr_be16(&w, 0x4f98); /* the network, as a client of version 10 describes it */
	wr_be16(&w, 0);      /* no turnaround */
	wr_be16(&w, 1);      /* our byte order */
	wr_be16(&w, length);
	wr_be16(&w, DATA_AT);
	wr_be32(&w, 0); /* nothing to receive beside */
	wr_be16(&w, 0x0101);
	wr_text(&w, command);
	conn_write_span(c, wr_span(&w));
}

static void note_version(json_t *evidence, uint32_t n)
{
	char text[32];
	unsigned major = n >> 24;

	if (major >= SPLIT_ANEW)
		snprintf(text, sizeof(text), "%u.%u.%u.%u.%u", major, n >> 16 & 0xff, n >> 12 & 0xf,
			 n >> 4 & 0xff, n & 0xf);
	else
		snprintf(text, sizeof(text), "%u.%u.%u.%u.%u", major, n >> 20 & 0xf, n >> 12 & 0xff,
			 n >> 8 & 0xf, n & 0xff);
	note_word(evidence, "version", text);
}

static void note_text_of(json_t *evidence, const char *answer, struct span text)
{
	uint32_t n;

	note_word(evidence, "product", "Oracle TNS listener");
	note_word(evidence, "answer", answer);
	if (read_number(text, "(VSNNUM=", &n) && n != 0)
		note_version(evidence, n);
	if (read_number(text, "(ERR=", &n))
		note_int(evidence, "error", n);
}

/* ---- conversation ---- */

static bool hear(struct conn *c, struct packet *ret)
{
	struct reader head = rd_new(conn_read(c, HEADER));
	size_t length = rd_be16(&head);

	rd_skip(&head, 2);
	ret->type = rd_u8(&head);
	if (!conn_ok(c) || length < HEADER || length > PACKET_MAX)
		return false;
	ret->body = length > HEADER ? conn_read(c, length - HEADER) : span_of("", 0);
	return conn_ok(c);
}

/* Old listeners answer by text: "TNSLSNR for Linux: Version 9.2.0.1.0 - Production". */
static enum ending hear_banner(struct conn *c, json_t *evidence)
{
	struct packet p;

	if (!hear(c, &p) || p.type != DATA)
		return conn_ok(c) || conn_ending(c) == ENDING_CLOSED ? ENDING_DONE : conn_ending(c);
	struct span text = span_trim(span_from(p.body, 2)); /* flags */
	if (span_find(text, "TNSLSNR", 7) >= 0)
		note_text(evidence, "banner", text);
	return ENDING_DONE;
}

static enum ending oracle_run(struct conn *c, json_t *evidence)
{
	static const char *const answers[] = {
		[ACCEPT] = "accepted", [REFUSE] = "refused", [REDIRECT] = "redirected"
	};
	struct packet p;
	struct span text;

	for (unsigned i = 0; i < RESENDS_MAX; i++) {
		say_connect(c);
		if (!hear(c, &p))
			return conn_received(c) > 0 ? ENDING_NOT_THIS : conn_ending(c);
		if (p.type != RESEND)
			break;
	}
	if (p.type != ACCEPT && p.type != REFUSE && p.type != REDIRECT)
		return ENDING_NOT_THIS;
	if (!read_text(&p, &text) || (text.length > 0 && text.at[0] != '('))
		return ENDING_NOT_THIS;
	note_text_of(evidence, answers[p.type], text);
	if (json_object_get(evidence, "version") != NULL)
		conn_gathered(c, "version");
	return p.type == ACCEPT ? hear_banner(c, evidence) : ENDING_DONE;
}

static const char oracle_view[] =
	"CREATE TEMP VIEW oracle AS SELECT address, port, evidence->>'$.version' AS version,"
	" evidence->>'$.answer' AS answer, evidence->>'$.error' AS error,"
	" evidence->>'$.banner' AS banner FROM document"
	" WHERE probe = 'oracle' AND evidence <> '{}';";

const struct probe probe_oracle = {
	.name = "oracle",
	.ports = "1521",
	.risk = RISK_READ,
	.connections = { 1, 1 },
	.sent = { 256, 256 },
	.received = { 16384, 16384 },
	.run = oracle_run,
	.view = oracle_view,
};
