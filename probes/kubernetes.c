/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kubernetes' API server and what stands in for it (kubectl proxy), within HTTP: its version, and what strangers get.
 *
 * Specifications: Kubernetes reference, "API discovery" (/version, /api), "Controlling access to the API" (transport,
 * authentication, authorisation), "Default roles" (who may read /version and, before 1.14, /api without a name),
 * "Access Kubernetes API using a proxy".
 *
 * Sent, each on a connection of its own:
 *   GET /version
 *   GET /api         the names of the API's versions
 * Both read only. No object is listed.
 */
#include "probe.h"

#include "codec/evidence.h"
#include "http_ask.h"

/* Every refusal of the API server is an object of this kind. */
static bool is_status(const json_t *answer)
{
	const char *kind = json_string_value(json_object_get(answer, "kind"));

	return kind != NULL && strcmp(kind, "Status") == 0 &&
	       json_is_integer(json_object_get(answer, "code"));
}

/* What is served in clear asks nobody who he is: the old insecure port, and kubectl proxy, which lends its own
 * rights. Inside TLS the names of the versions alone open nothing (before 1.14 everybody was told them). */
static enum ending ask_discovery(struct conn *c, json_t *evidence, struct http_page *p)
{
	const struct http_question q = { .method = "GET", .target = "/api" };
	struct http_head head;

	enum ending e = http_ask_again(c, &q, p, &head);
	if (e != ENDING_DONE)
		return e;
	json_t *answer = http_object(p);
	const char *kind = json_string_value(json_object_get(answer, "kind"));
	bool told = head.status == 200 && kind != NULL && strcmp(kind, "APIVersions") == 0;
	json_decref(answer);
	note_int(evidence, "discovery_status", head.status);
	note_bool(evidence, "discovery", told);
	note_bool(evidence, "open", told && !conn_tls_wanted(c));
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
	bool told = head.status == 200 && json_object_get(answer, "gitTreeState") != NULL &&
		    http_note_member(evidence, "version", answer, "gitVersion");
	bool refused = head.status >= 400 && is_status(answer);
	if (told)
		http_note_member(evidence, "platform", answer, "platform");
	json_decref(answer);
	if (!told && !refused)
		return ENDING_NOT_THIS;
	note_word(evidence, "product", "Kubernetes");
	if (conn_tls_wanted(c))
		note_bool(evidence, "tls", true);
	conn_gathered(c, "version");
	return ask_discovery(c, evidence, p);
}

static enum ending kubernetes_run(struct conn *c, json_t *evidence)
{
	return http_with_page(c, evidence, converse);
}

static const char kubernetes_view[] =
	"CREATE TEMP VIEW kubernetes AS SELECT address, port, evidence->>'$.version' AS version,"
	" evidence->>'$.tls' AS tls, evidence->>'$.discovery' AS discovery,"
	" evidence->>'$.open' AS open"
	" FROM document WHERE probe = 'kubernetes' AND evidence <> '{}';";

const struct probe probe_kubernetes = {
	.name = "kubernetes",
	.ports = "6443,8001",
	.within = "http",
	.risk = RISK_READ,
	.connections = { 1, 2 },
	.sent = { 1024, 16384 },
	.received = { 65536, 262144 },
	.run = kubernetes_run,
	.view = kubernetes_view,
};
