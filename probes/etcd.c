/* SPDX-License-Identifier: Apache-2.0 */
/*
 * etcd, within HTTP: its version, and whether strangers may read.
 *
 * Specifications: etcd manual, "gRPC gateway" (JSON over HTTP), "API reference": KV.Range ("Range gets the keys in
 * the range from the key-value store"; count_only: "returns only the count of the keys in the range";
 * serializable: answered by this member alone, from what it has), "Role-based access control".
 *
 * Sent, each on a connection of its own:
 *   GET /version
 *   POST /v3/kv/range          where strangers may be tried: how many keys are named "tenken"? None is, and no
 *                              key and no value comes back; with access control on, etcd refuses before it looks
 * Both read only. Nothing of the answer is kept but whether there was one.
 */
#include "probe.h"

#include "codec/evidence.h"
#include "http_ask.h"

static enum ending ask_access(struct conn *c, json_t *evidence, struct http_page *p)
{
	static const char count[] =
		"{\"key\":\"dGVua2Vu\",\"serializable\":true,\"count_only\":true}";
	const struct http_question q = { .method = "POST",
					 .target = "/v3/kv/range",
					 .headers = "Content-Type: application/json\r\n",
					 .body = span_text(count) };
	struct http_head head;

	enum ending e = http_ask_again(c, &q, p, &head);
	if (e != ENDING_DONE)
		return e;
	json_t *answer = http_object(p);
	bool open = head.status == 200 && json_is_object(json_object_get(answer, "header"));
	/* "etcdserver: user name is empty" comes as 400, from a proxy in front of it as 401 or 403. */
	bool refused = head.status == 400 || head.status == 401 || head.status == 403;
	note_int(evidence, "access_status", head.status);
	if (head.status != 200)
		http_note_member(evidence, "access_error", answer, "error");
	json_decref(answer);
	if (!open && !refused) /* older: the gateway has another path */
		return ENDING_DONE;
	note_bool(evidence, "open", open);
	conn_gathered(c, "access");
	return ENDING_DONE;
}

static enum ending converse(struct conn *c, json_t *evidence, struct http_page *p)
{
	const struct http_question q = { .method = "GET", .target = "/version" };
	struct http_head head;
	enum ending e = http_ask(c, &q, p, &head);

	if (e != ENDING_DONE)
		return e;
	json_t *answer = http_object(p);
	bool ours = head.status == 200 && json_object_get(answer, "etcdcluster") != NULL &&
		    http_note_member(evidence, "version", answer, "etcdserver");
	if (ours)
		http_note_member(evidence, "cluster_version", answer, "etcdcluster");
	json_decref(answer);
	if (!ours)
		return ENDING_NOT_THIS;
	note_word(evidence, "product", "etcd");
	if (conn_tls_wanted(c))
		note_bool(evidence, "tls", true);
	conn_gathered(c, "version");
	if (conn_anonymous(c))
		return ask_access(c, evidence, p);
	conn_limited(c, "access");
	return ENDING_DONE;
}

static enum ending etcd_run(struct conn *c, json_t *evidence)
{
	return http_with_page(c, evidence, converse);
}

static const char etcd_view[] =
	"CREATE TEMP VIEW etcd AS SELECT address, port, evidence->>'$.version' AS version,"
	" evidence->>'$.tls' AS tls, evidence->>'$.open' AS open"
	" FROM document WHERE probe = 'etcd' AND evidence <> '{}';";

const struct probe probe_etcd = {
	.name = "etcd",
	.ports = "2379",
	.within = "http",
	.risk = RISK_READ,
	.connections = { 1, 2 },
	.sent = { 1024, 16384 },
	.received = { 65536, 262144 },
	.run = etcd_run,
	.view = etcd_view,
};
