/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Docker's and Podman's API, within HTTP: the engine, its version, and whether strangers may give it orders.
 *
 * Specifications: Docker Engine API, "Get version" (GET /version: "Returns the version of Docker that is running and
 * various information about the system"); "Protect the Docker daemon socket" (the API knows no login but client
 * certificates of TLS; whoever reaches it is root of the machine).
 *
 * Sent on one connection:
 *   GET /version
 * It reads only. No container, image or volume is asked for.
 */
#include "probe.h"

#include "codec/evidence.h"
#include "http_ask.h"

/* "Engine" (or, of old, nothing) is Docker's; "Podman Engine" says so. */
static void note_engine(json_t *evidence, const json_t *answer)
{
	const json_t *first = json_array_get(json_object_get(answer, "Components"), 0);
	const char *name = json_string_value(json_object_get(first, "Name"));

	note_word(evidence, "product",
		  name != NULL && strcmp(name, "Podman Engine") == 0 ? "Podman" : "Docker");
	http_note_member(evidence, "version", answer, "Version");
	http_note_member(evidence, "api", answer, "ApiVersion");
	http_note_member(evidence, "os", answer, "Os");
}

static bool server_is_engine(const struct http_head *head)
{
	struct span server;

	return http_find(head, "Server", 0, &server) &&
	       (span_starts(server, "Docker/") || span_starts(server, "Libpod/"));
}

static enum ending converse(struct conn *c, json_t *evidence, struct http_page *p)
{
	const struct http_question q = { .method = "GET", .target = "/version" };
	struct http_head head;
	enum ending e = http_ask(c, &q, p, &head);

	if (e != ENDING_DONE)
		return e;
	json_t *answer = http_object(p);
	bool told = head.status == 200 && json_is_string(json_object_get(answer, "ApiVersion")) &&
		    json_is_string(json_object_get(answer, "Version"));
	bool refused = (head.status == 401 || head.status == 403) && server_is_engine(&head);
	if (told)
		note_engine(evidence, answer);
	json_decref(answer);
	if (!told && !refused)
		return ENDING_NOT_THIS;
	note_bool(evidence, "open", told);
	if (conn_tls_wanted(c))
		note_bool(evidence, "tls", true);
	conn_gathered(c, "access");
	return ENDING_DONE;
}

static enum ending docker_run(struct conn *c, json_t *evidence)
{
	return http_with_page(c, evidence, converse);
}

static const char docker_view[] =
	"CREATE TEMP VIEW docker AS SELECT address, port, evidence->>'$.product' AS product,"
	" evidence->>'$.version' AS version, evidence->>'$.tls' AS tls, evidence->>'$.open' AS open"
	" FROM document WHERE probe = 'docker' AND evidence <> '{}';";

const struct probe probe_docker = {
	.name = "docker",
	.ports = "2375,2376",
	.within = "http",
	.risk = RISK_READ,
	.connections = { 1, 1 },
	.sent = { 1024, 8192 },
	.received = { 65536, 131072 },
	.run = docker_run,
	.view = docker_view,
};
