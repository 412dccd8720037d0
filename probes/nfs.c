/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NFS: versions, and what is exported to whom.
 *
 * Specifications: RFC 1813, 5.2.5 (EXPORT of the mount service, version 3; version 1, RFC 1094 A.5.6, answers
 * alike), 2.4 (limits); RFC 5531, 9 (a version that is not there is answered by those that are).
 *
 * Sent on one connection, without credentials, each after the answer to the one before:
 *   NULL of the NFS service, version 0     does nothing; the refusal tells the versions that there are
 *   EXPORT of the mount service, version 3 where strangers may be tried: the list that the service has for
 *                                          every client; once more in version 1 where 3 is not there
 * Nothing is mounted, no file handle is asked for.
 */
#include "probe.h"

#include "codec/evidence.h"
#include "rpc.h"

enum {
	NULL_PROCEDURE = 0,
	NO_VERSION = 0,
	EXPORT = 5,
	MOUNT_VERSION = 3,
	OLD_MOUNT_VERSION = 1,
	PATH_MAX_BYTES = 1024,
	NAME_MAX_BYTES = 255,
	REPLY_MAX = 24 * 1024,
	EXPORTS_MAX = 128,
	CLIENTS_MAX = 16, /* that are kept of an export */
};

/* ---- readers ---- */

/* XDR (RFC 4506, 4.11): a length, the characters, and up to three zeros. */
static struct span read_string(struct reader *r, size_t most)
{
	size_t length = rd_be32(r);

	if (length > most)
		rd_fail(r);
	struct span text = rd_span(r, length);
	rd_skip(r, (4 - length % 4) % 4);
	return text;
}

/* An entry stands behind a 1, the end is a 0. */
static bool read_more(struct reader *r)
{
	uint32_t more = rd_be32(r);

	if (more > 1)
		rd_fail(r);
	return more == 1 && rd_ok(r);
}

static bool is_everybody(struct span client)
{
	return span_is(client, "*") || span_is(client, "(everyone)") ||
	       span_is(client, "0.0.0.0/0") || span_is(client, "0.0.0.0/0.0.0.0") ||
	       span_is(client, "::/0");
}

static void read_export(struct reader *r, json_t *list)
{
	struct span path = read_string(r, PATH_MAX_BYTES);
	json_t *row = rd_ok(r) ? list_object(list) : NULL;
	json_t *clients = row != NULL ? note_list(row, "clients") : NULL;
	bool everybody = false, any = false;

	note_text(row, "path", path);
	while (read_more(r)) {
		struct span client = read_string(r, NAME_MAX_BYTES);

		any = true;
		everybody |= is_everybody(client);
		if (rd_ok(r) && json_array_size(clients) < CLIENTS_MAX)
			list_text(clients, client);
	}
	/* Without names it is for all. */
	if (rd_ok(r))
		note_bool(row, "everybody", everybody || !any);
}

static bool read_exports(struct reader *r, json_t *list)
{
	for (unsigned i = 0; i < EXPORTS_MAX && read_more(r); i++)
		read_export(r, list);
	return rd_ok(r);
}

/* ---- conversation ---- */

static enum ending ask_exports(struct conn *c, uint32_t xid, json_t *evidence)
{
	struct rpc_reply reply = { 0 };
	enum rpc_answer a = rpc_call(c, xid, RPC_MOUNT, MOUNT_VERSION, EXPORT, REPLY_MAX, &reply);

	if (a == RPC_OTHER_VERSION && reply.lowest <= OLD_MOUNT_VERSION)
		a = rpc_call(c, xid + 1, RPC_MOUNT, OLD_MOUNT_VERSION, EXPORT, REPLY_MAX, &reply);
	if (a == RPC_NONE)
		return conn_ok(c) ? conn_oddity(c, "nfs.answer-malformed") : conn_ending(c);
	if (a == RPC_SUCCESS && !read_exports(&reply.results, note_list(evidence, "exports")))
		return conn_oddity(c, "nfs.exports-malformed");
	note_bool(evidence, "mount", a != RPC_NO_PROGRAM);
	if (a == RPC_REFUSED)
		note_bool(evidence, "exports_refused", true);
	conn_gathered(c, "exports");
	return ENDING_DONE;
}

static enum ending nfs_run(struct conn *c, json_t *evidence)
{
	struct rpc_reply reply = { 0 };
	uint32_t xid = rpc_first(c);
	enum rpc_answer a =
		rpc_call(c, xid, RPC_NFS, NO_VERSION, NULL_PROCEDURE, REPLY_MAX, &reply);

	if (a == RPC_NONE)
		return conn_received(c) > 0 ? ENDING_NOT_THIS : conn_ending(c);
	note_bool(evidence, "nfs", a != RPC_NO_PROGRAM);
	if (a == RPC_OTHER_VERSION) {
		note_int(evidence, "lowest", reply.lowest);
		note_int(evidence, "highest", reply.highest);
	}
	conn_gathered(c, "versions");
	if (!conn_anonymous(c)) {
		conn_limited(c, "exports");
		return ENDING_DONE;
	}
	return ask_exports(c, xid + 1, evidence);
}

static const char nfs_view[] =
	"CREATE TEMP VIEW nfs AS SELECT address, port, evidence->>'$.nfs' AS nfs,"
	" evidence->>'$.mount' AS mount, evidence->>'$.lowest' AS lowest,"
	" evidence->>'$.highest' AS highest"
	" FROM document WHERE probe = 'nfs' AND evidence <> '{}';"
	"CREATE TEMP VIEW nfs_export AS SELECT d.address, d.port, x.value->>'$.path' AS path,"
	" x.value->>'$.everybody' AS everybody, x.value->'$.clients' AS clients"
	" FROM document d, json_each(d.evidence, '$.exports') x WHERE d.probe = 'nfs';";

const struct probe probe_nfs = {
	.name = "nfs",
	.ports = "635,892,2049,20048",
	.risk = RISK_READ,
	.connections = { 1, 1 },
	.sent = { 160, 160 },
	.received = { 65536, 65536 },
	.run = nfs_run,
	.view = nfs_view,
};
