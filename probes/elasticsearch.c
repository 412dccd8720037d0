/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Elasticsearch and OpenSearch, within HTTP: name, version, and that strangers are answered.
 *
 * Specifications: Elasticsearch reference, "Security settings" (xpack.security.enabled: without it every request is
 * served), the answer of the root ("name", "cluster_name", "version", "tagline"); OpenSearch documentation, the same.
 *
 * Sent on one connection:
 *   GET /
 * It reads only. No index is named, searched or listed.
 */
#include "probe.h"

#include "codec/evidence.h"
#include "http_ask.h"

static const char *product_of(const json_t *answer, const json_t *version)
{
	const char *tagline = json_string_value(json_object_get(answer, "tagline"));
	const char *distribution = json_string_value(json_object_get(version, "distribution"));

	if (distribution != NULL && strcmp(distribution, "opensearch") == 0)
		return "OpenSearch";
	return tagline != NULL && strcmp(tagline, "You Know, for Search") == 0 ? "Elasticsearch"
									       : NULL;
}

static enum ending converse(struct conn *c, json_t *evidence, struct http_page *p)
{
	const struct http_question q = { .method = "GET", .target = "/" };
	struct http_head head;
	enum ending e = http_ask(c, &q, p, &head);

	if (e != ENDING_DONE)
		return e;
	json_t *answer = http_object(p);
	const json_t *version = json_object_get(answer, "version");
	const char *product = head.status == 200 ? product_of(answer, version) : NULL;
	if (product != NULL) {
		note_word(evidence, "product", product);
		http_note_member(evidence, "version", version, "number");
		http_note_member(evidence, "node", answer, "name");
		http_note_member(evidence, "cluster", answer, "cluster_name");
	}
	json_decref(answer);
	if (product == NULL)
		return ENDING_NOT_THIS;
	note_bool(evidence, "open", true);
	if (conn_tls_wanted(c))
		note_bool(evidence, "tls", true);
	conn_gathered(c, "access");
	return ENDING_DONE;
}

static enum ending elasticsearch_run(struct conn *c, json_t *evidence)
{
	return http_with_page(c, evidence, converse);
}

static const char elasticsearch_view[] =
	"CREATE TEMP VIEW elasticsearch AS SELECT address, port,"
	" evidence->>'$.product' AS product, evidence->>'$.version' AS version,"
	" evidence->>'$.cluster' AS cluster, evidence->>'$.tls' AS tls, evidence->>'$.open' AS open"
	" FROM document WHERE probe = 'elasticsearch' AND evidence <> '{}';";

const struct probe probe_elasticsearch = {
	.name = "elasticsearch",
	.ports = "9200",
	.within = "http",
	.risk = RISK_READ,
	.connections = { 1, 1 },
	.sent = { 1024, 8192 },
	.received = { 65536, 131072 },
	.run = elasticsearch_run,
	.view = elasticsearch_view,
};
