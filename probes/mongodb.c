/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MongoDB: version, and whether strangers may ask for what is stored.
 *
 * Specifications: MongoDB manual, "MongoDB Wire Protocol" (OP_QUERY, OP_REPLY, OP_MSG), "hello",
 * "buildInfo", "listDatabases"; MongoDB handshake specification (a client begins by OP_QUERY, which
 * servers of every version take for this command alone); bsonspec.org.
 *
 * Sent on one connection, each after the answer to the one before:
 *   OP_QUERY admin.$cmd { isMaster: 1, helloOk: true }   who the server is, for every client
 *   { buildInfo: 1 }                                     its version
 *   { listDatabases: 1, nameOnly: true }                 where strangers may be tried: the names of the
 *                                                        databases, which a server in order refuses
 * The last two by OP_MSG where the server knows it (wire version 6), with "$db": "admin" and a read
 * preference so that a secondary answers too; else by OP_QUERY. All three are commands that read; no
 * user is named, no collection and no document is asked for.
 */
#include "probe.h"

#include "codec/bson.h"
#include "codec/evidence.h"
#include "codec/writer.h"

enum {
	HEADER = 16,
	MESSAGE_MAX = 128 * 1024,
	OP_REPLY = 1,
	OP_QUERY = 2004,
	OP_MSG = 2013,
	REPLY_HEAD = 20, /* flags, cursor, first, number */
	SECONDARY_OK = 4,
	MSG_WIRE_VERSION = 6,
	UNAUTHORIZED = 13,
};

/* ---- readers ---- */

/* The document of an answer: the only one of an OP_REPLY, the body of an OP_MSG. */
static bool read_answer(struct span message, uint32_t opcode, struct span *ret)
{
	struct reader r = rd_new(message);

	rd_skip(&r, opcode == OP_REPLY ? REPLY_HEAD : 4);
	if (opcode == OP_MSG && rd_u8(&r) != 0)
		return false;
	struct span rest = rd_rest(&r);
	size_t length = bson_length(rest);
	if (length == 0)
		return false;
	*ret = span_first(rest, length);
	return true;
}

static bool find_number(struct span document, const char *name, int64_t *ret)
{
	struct bson e;

	return bson_find(document, name, &e) && bson_number(&e, ret);
}

static struct span find_text(struct span document, const char *name)
{
	struct bson e;

	if (bson_find(document, name, &e) && e.type == BSON_TEXT)
		return e.value;
	return span_first(document, 0);
}

/* The error is that of a stranger: its code, or the words of versions that gave no code. */
static bool says_login(struct span document)
{
	struct span words = find_text(document, "errmsg");
	int64_t code;

	if (find_number(document, "code", &code))
		return code == UNAUTHORIZED;
	return span_find_nocase(words, "auth") >= 0 ||
	       span_find_nocase(words, "need to login") >= 0;
}

/* ---- writers ---- */

static void put_name(struct writer *w, uint8_t type, const char *name)
{
	wr_u8(w, type);
	wr_text(w, name);
	wr_u8(w, 0);
}

static void put_text(struct writer *w, const char *name, const char *text)
{
	put_name(w, BSON_TEXT, name);
	wr_le32(w, (uint32_t)strlen(text) + 1);
	wr_text(w, text);
	wr_u8(w, 0);
}

/* The elements with length and final zero around them. */
static void put_document(struct writer *w, const struct writer *elements)
{
	wr_le32(w, (uint32_t)(4 + elements->length + 1));
	wr_span_in(w, wr_span(elements));
	wr_u8(w, 0);
}

/* { command: 1, option: true } */
static void say(struct conn *c, uint32_t id, uint32_t opcode, const char *command,
		const char *option)
{
	uint8_t mode_bytes[64], element_bytes[192], bytes[256];
	struct writer mode = wr_new(mode_bytes, sizeof(mode_bytes));
	struct writer elements = wr_new(element_bytes, sizeof(element_bytes));
	struct writer w = wr_new(bytes, sizeof(bytes));

	put_name(&elements, BSON_INT32, command);
	wr_le32(&elements, 1);
	if (option != NULL) {
		put_name(&elements, BSON_BOOL, option);
		wr_u8(&elements, 1);
	}
	if (opcode == OP_MSG) {
		put_text(&elements, "$db", "admin");
		put_text(&mode, "mode", "primaryPreferred");
		put_name(&elements, BSON_DOCUMENT, "$readPreference");
		put_document(&elements, &mode);
	}
	size_t head = opcode == OP_MSG ? 4 + 1 : 4 + sizeof("admin.$cmd") + 4 + 4;
	wr_le32(&w, (uint32_t)(HEADER + head + 4 + elements.length + 1));
	wr_le32(&w, id);
	wr_le32(&w, 0); /* answers nothing */
	wr_le32(&w, opcode);
	if (opcode == OP_MSG) {
		wr_le32(&w, 0); /* no flags */
		wr_u8(&w, 0);   /* the body */
	} else {
		wr_le32(&w, SECONDARY_OK);
		wr_bytes(&w, "admin.$cmd", sizeof("admin.$cmd"));
		wr_le32(&w, 0);          /* none skipped */
		wr_le32(&w, UINT32_MAX); /* one document, then no more */
	}
	put_document(&w, &elements);
	conn_write_span(c, wr_span(&w));
}

/* ---- conversation ---- */

/* False where the answer did not come or is none. */
static bool hear(struct conn *c, uint32_t id, struct span *ret)
{
	struct reader head = rd_new(conn_read(c, HEADER));
	uint32_t length = rd_le32(&head);

	rd_skip(&head, 4); /* the server's own number */
	uint32_t answers = rd_le32(&head), opcode = rd_le32(&head);
	if (!conn_ok(c) || length <= HEADER || length > MESSAGE_MAX || answers != id ||
	    (opcode != OP_REPLY && opcode != OP_MSG))
		return false;
	struct span message = conn_read(c, length - HEADER);
	return conn_ok(c) && read_answer(message, opcode, ret);
}

static enum ending broken(struct conn *c)
{
	return conn_ok(c) ? conn_oddity(c, "mongodb.answer-malformed") : conn_ending(c);
}

static void note_hello(json_t *evidence, struct span document, int64_t *ret_wire)
{
	struct span set = find_text(document, "setName");
	int64_t n;

	*ret_wire = 0;
	note_word(evidence, "product", "MongoDB");
	if (find_number(document, "maxWireVersion", &n)) {
		*ret_wire = n;
		note_int(evidence, "wire_version", n);
	}
	if (set.length > 0)
		note_text(evidence, "replica_set", set);
	if (span_is(find_text(document, "msg"), "isdbgrid"))
		note_bool(evidence, "router", true);
}

static bool note_databases(json_t *evidence, struct span document)
{
	struct bson list, e;

	if (!bson_find(document, "databases", &list) || list.type != BSON_ARRAY)
		return false;
	struct reader r = bson_enter(list.value);
	json_t *names = note_list(evidence, "databases");
	while (bson_next(&r, &e))
		if (e.type == BSON_DOCUMENT)
			list_text(names, find_text(e.value, "name"));
	return rd_ok(&r);
}

static enum ending try_access(struct conn *c, json_t *evidence, uint32_t opcode)
{
	struct span document;
	int64_t ok, code;

	say(c, 3, opcode, "listDatabases", "nameOnly");
	if (!hear(c, 3, &document) || !find_number(document, "ok", &ok))
		return broken(c);
	if (ok == 1) {
		note_bool(evidence, "open", true);
		if (!note_databases(evidence, document))
			return broken(c);
	} else if (says_login(document)) {
		note_bool(evidence, "open", false);
	} else {
		if (find_number(document, "code", &code))
			note_int(evidence, "error_code", code);
		note_text(evidence, "error_text", find_text(document, "errmsg"));
		return ENDING_DONE;
	}
	conn_gathered(c, "access");
	return ENDING_DONE;
}

static enum ending mongodb_run(struct conn *c, json_t *evidence)
{
	struct span document;
	int64_t wire, ok;

	say(c, 1, OP_QUERY, "isMaster", "helloOk");
	if (!hear(c, 1, &document) || !find_number(document, "ok", &ok))
		return conn_received(c) > 0 ? ENDING_NOT_THIS : conn_ending(c);
	note_hello(evidence, document, &wire);
	conn_gathered(c, "hello");
	uint32_t opcode = wire >= MSG_WIRE_VERSION ? OP_MSG : OP_QUERY;
	say(c, 2, opcode, "buildInfo", NULL);
	if (!hear(c, 2, &document))
		return broken(c);
	struct span version = find_text(document, "version");
	if (version.length > 0) {
		note_text(evidence, "version", version);
		conn_gathered(c, "version");
	}
	if (!conn_anonymous(c)) {
		conn_limited(c, "access");
		return ENDING_DONE;
	}
	return try_access(c, evidence, opcode);
}

static const char mongodb_view[] =
	"CREATE TEMP VIEW mongodb AS SELECT address, port, evidence->>'$.version' AS version,"
	" evidence->>'$.wire_version' AS wire_version, evidence->>'$.replica_set' AS replica_set,"
	" evidence->>'$.open' AS open, evidence->'$.databases' AS databases"
	" FROM document WHERE probe = 'mongodb' AND evidence <> '{}';";

const struct probe probe_mongodb = {
	.name = "mongodb",
	.ports = "27017-27019",
	.risk = RISK_READ,
	.connections = { 1, 1 },
	.sent = { 512, 512 },
	.received = { 65536, 262144 },
	.run = mongodb_run,
	.view = mongodb_view,
};
