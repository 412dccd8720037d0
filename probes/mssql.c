/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Microsoft SQL Server: which release it is, and whether it encrypts.
 *
 * Specification: [MS-TDS] 2.2.3.1 (packet header), 2.2.6.5 (PRELOGIN).
 *
 * Sent on one connection, and nothing after its answer:
 *   12 01 00 3a 00 00 01 00       a packet of PRELOGIN, its last, 58 bytes
 *   00 001a 0006  01 0020 0001    where version, encryption,
 *   02 0021 000c  03 002d 0004    instance, thread
 *   04 0031 0001  ff              and MARS stand
 *   00 00 00 00 00 00             our version: none
 *   00                            we can encrypt and do not ask for it, so the server says what it wants
 *   'MSSQLServer' 00              is this the instance without a name?
 *   00 00 00 00  00               no thread, no MARS
 * PRELOGIN is defined to come before any login and only sets the stage for one; nobody is named.
 */
#include "probe.h"

#include <stdio.h>

#include "codec/evidence.h"
#include "codec/reader.h"
#include "codec/writer.h"

enum {
	HEADER = 8,
	ANSWER_MAX = 1024,
	PRELOGIN = 0x12,
	TABULAR = 0x04, /* the type of every answer */
	LAST = 0x01,    /* status: end of message */
	VERSION_OPTION = 0,
	ENCRYPTION_OPTION = 1,
	INSTANCE_OPTION = 2,
	THREAD_OPTION = 3,
	MARS_OPTION = 4,
	TERMINATOR = 0xff,
	OPTION = 5,             /* token, offset, length */
	ENCRYPTION_BITS = 0x1f, /* above them stand extensions of later versions */
};

struct prelogin {
	struct span version, encryption, instance, mars;
};

/* ---- readers ---- */

/* The options; offsets count from the beginning of the message. */
static bool read_prelogin(struct span message, struct prelogin *ret)
{
	struct reader r = rd_new(message);
	struct prelogin p = { 0 };
	uint8_t token;

	/* [MS-TDS] 2.2.6.5: the version comes first. */
	if (message.length == 0 || message.at[0] != VERSION_OPTION)
		return false;
	while ((token = rd_u8(&r)) != TERMINATOR && rd_ok(&r)) {
		size_t offset = rd_be16(&r), length = rd_be16(&r);
		struct reader all = rd_new(message);

		rd_skip(&all, offset);
		struct span value = rd_span(&all, length);
		if (!rd_ok(&all))
			return false;
		if (token == VERSION_OPTION)
			p.version = value;
		else if (token == ENCRYPTION_OPTION)
			p.encryption = value;
		else if (token == INSTANCE_OPTION)
			p.instance = value;
		else if (token == MARS_OPTION)
			p.mars = value;
	}
	if (!rd_ok(&r) || p.version.length < 4)
		return false;
	*ret = p;
	return true;
}

static const char *encryption_word(uint8_t value)
{
	static const char *const words[] = { "offered", "required", "not-supported", "required" };

	value &= ENCRYPTION_BITS;
	return value < countof(words) ? words[value] : "other";
}

/* Builds say which release it is ("SQL Server build versions" of the maker). */
static const char *release_name(uint8_t major, uint8_t minor)
{
	static const char *const names[] = {
		[8] = "Microsoft SQL Server 2000",  [9] = "Microsoft SQL Server 2005",
		[10] = "Microsoft SQL Server 2008", [11] = "Microsoft SQL Server 2012",
		[12] = "Microsoft SQL Server 2014", [13] = "Microsoft SQL Server 2016",
		[14] = "Microsoft SQL Server 2017", [15] = "Microsoft SQL Server 2019",
		[16] = "Microsoft SQL Server 2022", [17] = "Microsoft SQL Server 2025",
	};

	if (major == 10 && minor >= 50)
		return "Microsoft SQL Server 2008 R2";
	return major < countof(names) ? names[major] : NULL;
}

/* ---- writers ---- */

static void say_prelogin(struct conn *c)
{
	static const char instance[] = "MSSQLServer";
	static const struct {
		uint8_t token;
		uint16_t length;
	} options[] = { { VERSION_OPTION, 6 },
			{ ENCRYPTION_OPTION, 1 },
			{ INSTANCE_OPTION, sizeof(instance) },
			{ THREAD_OPTION, 4 },
			{ MARS_OPTION, 1 } };
	uint8_t body_bytes[64], bytes[HEADER + sizeof(body_bytes)];
	struct writer body = wr_new(body_bytes, sizeof(body_bytes)),
		      w = wr_new(bytes, sizeof(bytes));
	uint16_t offset = countof(options) * OPTION + 1;

	for (size_t i = 0; i < countof(options); i++) {
		wr_u8(&body, options[i].token);
		wr_be16(&body, offset);
		wr_be16(&body, options[i].length);
		offset = (uint16_t)(offset + options[i].length);
	}
	wr_u8(&body, TERMINATOR);
	wr_fill(&body, 0, 6 + 1);
	wr_bytes(&body, instance, sizeof(instance));
	wr_fill(&body, 0, 4 + 1);

	wr_u8(&w, PRELOGIN);
	wr_u8(&w, LAST);
	wr_be16(&w, (uint16_t)(HEADER + wr_span(&body).length));
	wr_be16(&w, 0); /* process of the server: not known */
	wr_u8(&w, 1);   /* the first packet */
	wr_u8(&w, 0);
	wr_span_in(&w, wr_span(&body));
	conn_write_span(c, wr_span(&w));
}

static void note_prelogin(json_t *evidence, const struct prelogin *p)
{
	struct reader r = rd_new(p->version);
	uint8_t major = rd_u8(&r), minor = rd_u8(&r);
	uint16_t build = rd_be16(&r);
	const char *release = release_name(major, minor);
	char text[32];

	snprintf(text, sizeof(text), "%u.%u.%u", major, minor, build);
	note_word(evidence, "product", release != NULL ? release : "Microsoft SQL Server");
	note_word(evidence, "version", text);
	if (p->encryption.length > 0)
		note_word(evidence, "encryption", encryption_word(p->encryption.at[0]));
	if (p->instance.length > 0)
		note_word(evidence, "instance", p->instance.at[0] == 0 ? "default" : "named");
	if (p->mars.length > 0)
		note_bool(evidence, "mars", p->mars.at[0] == 1);
}

/* ---- conversation ---- */

static enum ending mssql_run(struct conn *c, json_t *evidence)
{
	struct prelogin p;

	say_prelogin(c);
	struct reader head = rd_new(conn_read(c, HEADER));
	uint8_t type = rd_u8(&head), status = rd_u8(&head);
	uint16_t length = rd_be16(&head);
	if (!conn_ok(c))
		return conn_received(c) > 0 ? ENDING_NOT_THIS : conn_ending(c);
	if (type != TABULAR || status != LAST || length <= HEADER || length > ANSWER_MAX)
		return ENDING_NOT_THIS;
	struct span message = conn_read(c, length - HEADER);
	/* Sybase answers with a login's tokens. */
	if (!conn_ok(c) || message.at[0] != VERSION_OPTION)
		return ENDING_NOT_THIS;
	if (!read_prelogin(message, &p)) {
		note_word(evidence, "product", "Microsoft SQL Server");
		return conn_oddity(c, "mssql.prelogin-malformed");
	}
	note_prelogin(evidence, &p);
	conn_gathered(c, "version");
	if (p.encryption.length > 0)
		conn_gathered(c, "encryption");
	return ENDING_DONE;
}

static const char mssql_view[] =
	"CREATE TEMP VIEW mssql AS SELECT address, port, evidence->>'$.product' AS product,"
	" evidence->>'$.version' AS version, evidence->>'$.encryption' AS encryption,"
	" evidence->>'$.instance' AS instance, evidence->>'$.mars' AS mars"
	" FROM document WHERE probe = 'mssql' AND evidence <> '{}';";

const struct probe probe_mssql = {
	.name = "mssql",
	.ports = "1433",
	.risk = RISK_READ,
	.connections = { 1, 1 },
	.sent = { 64, 64 },
	.received = { 1024, 1024 },
	.run = mssql_run,
	.view = mssql_view,
};
