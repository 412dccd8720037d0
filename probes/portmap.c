/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Portmapper (rpcbind): which RPC programs a host offers, and on which ports.
 *
 * Specifications: RFC 5531, 9 (messages), 11 (record marking); RFC 1833, 3 (port mapper version 2, DUMP).
 *
 * Sent on one connection:
 *   a call of program 100000, version 2, procedure 4 (DUMP), without credentials: the list that the
 *   portmapper has for every client. Nothing is registered or called through it.
 */
#include "probe.h"

#include "codec/evidence.h"
#include "codec/reader.h"
#include "rpc.h"

enum {
	MAPPER_VERSION = 2,
	DUMP = 4,
	REPLY_MAX = 32 * 1024,
	TCP = 6,
	UDP = 17,
	NAMED_MAX = 64,
};

static const char *program_name(uint32_t program)
{
	static const struct {
		uint32_t program;
		const char *name;
	} programs[] = {
		{ 100000, "portmapper" }, { 100003, "nfs" },     { 100004, "ypserv" },
		{ 100005, "mountd" },     { 100007, "ypbind" },  { 100011, "rquotad" },
		{ 100021, "nlockmgr" },   { 100024, "status" },  { 100068, "cmsd" },
		{ 100083, "ttdbserver" }, { 100227, "nfs_acl" }, { 150001, "pcnfsd" },
		{ 391002, "sgi_fam" },    { 395183, "vxi-11" },  { 395184, "vxi-11-abort" }
	};

	for (size_t i = 0; i < countof(programs); i++)
		if (programs[i].program == program)
			return programs[i].name;
	return NULL;
}

static void note_mapping(json_t *list, struct reader *r)
{
	uint32_t program = rd_be32(r), version = rd_be32(r);
	uint32_t transport = rd_be32(r), port = rd_be32(r);
	json_t *row = rd_ok(r) && port <= UINT16_MAX ? list_object(list) : NULL;

	if (row == NULL)
		return;
	note_int(row, "program", program);
	if (program_name(program) != NULL)
		note_word(row, "name", program_name(program));
	note_int(row, "version", version);
	if (transport == TCP || transport == UDP)
		note_word(row, "transport", transport == TCP ? "tcp" : "udp");
	note_int(row, "port", port);
}

/* A list, each entry behind a 1. */
static bool read_list(struct reader *r, json_t *list)
{
	for (unsigned i = 0; i < NAMED_MAX * 4 && rd_be32(r) == 1; i++)
		note_mapping(list, r);
	return rd_ok(r);
}

static enum ending portmap_run(struct conn *c, json_t *evidence)
{
	struct rpc_reply reply = { 0 };
	enum rpc_answer a =
		rpc_call(c, rpc_first(c), RPC_PORTMAPPER, MAPPER_VERSION, DUMP, REPLY_MAX, &reply);

	if (a == RPC_NONE)
		return conn_received(c) > 0 ? ENDING_NOT_THIS : conn_ending(c);
	json_t *programs = note_list(evidence, "programs");
	if (a == RPC_SUCCESS && !read_list(&reply.results, programs))
		return json_array_size(programs) > 0 ? conn_oddity(c, "portmap.list-malformed")
						     : ENDING_NOT_THIS;
	conn_gathered(c, "programs");
	return ENDING_DONE;
}

static const char portmap_view[] =
	"CREATE TEMP VIEW portmap AS SELECT address, port FROM document"
	" WHERE probe = 'portmap' AND evidence <> '{}';"
	"CREATE TEMP VIEW rpc_program AS SELECT d.address, m.value->>'$.program' AS program,"
	" m.value->>'$.name' AS name, m.value->>'$.version' AS version,"
	" m.value->>'$.transport' AS transport, m.value->>'$.port' AS port"
	" FROM document d, json_each(d.evidence, '$.programs') m WHERE d.probe = 'portmap';";

const struct probe probe_portmap = {
	.name = "portmap",
	.ports = "111",
	.risk = RISK_READ,
	.connections = { 1, 1 },
	.sent = { 64, 64 },
	.received = { 40960, 40960 },
	.run = portmap_run,
	.view = portmap_view,
};
