/* SPDX-License-Identifier: Apache-2.0 */
/* Specification: RFC 5531, 9 (messages), 11 (record marking). */
#include "rpc.h"

#include "codec/writer.h"

enum {
	CALL = 0,
	REPLY = 1,
	RPC_VERSION = 2,
	LAST_FRAGMENT = 0x80000000,
	CALL_LENGTH = 40,
	ACCEPTED = 0,
	SUCCESS = 0,
	PROGRAM_MISSING = 1,
	VERSION_MISSING = 2,
};

uint32_t rpc_first(struct conn *c)
{
	uint8_t random[4];

	conn_random(c, random, sizeof(random));
	struct reader r = rd_new(span_of(random, sizeof(random)));
	return rd_be32(&r);
}

static void say_call(struct conn *c, uint32_t xid, uint32_t program, uint32_t version,
		     uint32_t procedure)
{
	uint8_t buffer[4 + CALL_LENGTH];
	struct writer w = wr_new(buffer, sizeof(buffer));

	wr_be32(&w, LAST_FRAGMENT | CALL_LENGTH);
	wr_be32(&w, xid);
	wr_be32(&w, CALL);
	wr_be32(&w, RPC_VERSION);
	wr_be32(&w, program);
	wr_be32(&w, version);
	wr_be32(&w, procedure);
	wr_fill(&w, 0, 16); /* no credentials, no verifier */
	conn_write_span(c, wr_span(&w));
}

/* Behind the number: accepted, a verifier, a status, and what belongs to it. */
static enum rpc_answer read_reply(struct reader *r, uint32_t xid, struct rpc_reply *ret)
{
	if (rd_be32(r) != xid || rd_be32(r) != REPLY || !rd_ok(r))
		return RPC_NONE;
	if (rd_be32(r) != ACCEPTED)
		return rd_ok(r) ? RPC_REFUSED : RPC_NONE;
	rd_skip(r, 4);
	rd_skip(r, rd_be32(r));
	switch (rd_be32(r)) {
	case SUCCESS:
		ret->results = *r;
		return rd_ok(r) ? RPC_SUCCESS : RPC_NONE;
	case PROGRAM_MISSING:
		return RPC_NO_PROGRAM;
	case VERSION_MISSING:
		ret->lowest = rd_be32(r);
		ret->highest = rd_be32(r);
		return rd_ok(r) ? RPC_OTHER_VERSION : RPC_NONE;
	default:
		return RPC_REFUSED;
	}
}

enum rpc_answer rpc_call(struct conn *c, uint32_t xid, uint32_t program, uint32_t version,
			 uint32_t procedure, size_t most, struct rpc_reply *ret)
{
	say_call(c, xid, program, version, procedure);
	struct reader mark = rd_new(conn_read(c, 4));
	uint32_t length = rd_be32(&mark);
	if (!conn_ok(c) || (length & LAST_FRAGMENT) == 0 || (length & ~LAST_FRAGMENT) > most)
		return RPC_NONE;
	struct reader r = rd_new(conn_read(c, length & ~LAST_FRAGMENT));
	return conn_ok(c) ? read_reply(&r, xid, ret) : RPC_NONE;
}
