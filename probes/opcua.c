/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OPC UA: which application it is, and how it may be used: with what security, and by whom.
 *
 * Specifications: OPC 10000-6, 6.7 and 7.1 (chunks, connection protocol); OPC 10000-4, 5.4.4 (GetEndpoints), 5.5
 * (secure channels), 7.14 (EndpointDescription).
 *
 * Sent, on one connection, each once and only where the one before was answered well:
 *   HEL   version 0, our sizes, the URL opc.tcp://ADDRESS:PORT
 *   OPN   OpenSecureChannel, security policy None, for a minute
 *   MSG   GetEndpoints for that URL, all languages and transports
 *   CLO   CloseSecureChannel
 * GetEndpoints is what every client asks before it knows how it may speak with the server: servers answer it without
 * security and without a session (10000-4, 5.4.1 and 5.4.4), and it changes nothing. No session is made, no user is
 * named, and nothing is browsed, read or subscribed.
 */
#include "opcua.h"

#include <openssl/evp.h>
#include <stdio.h>

#include "codec/ber.h"
#include "codec/evidence.h"
#include "codec/x509_facts.h"
#include "probe.h"

enum {
	ENDPOINTS_MAX = 32, /* kept, with so many bytes of the names of policies and transports */
	WORD_MAX = 96,
	CERTIFICATES_MAX = 4,
	NAMES_MAX = 16,
};

struct survey {
	json_t *evidence;
	uint8_t digests[CERTIFICATES_MAX][EVP_MAX_MD_SIZE];
	size_t certificates;
	bool none, sign, encrypt; /* modes */
	bool anonymous, user_name;
};

/* ---- the evidence ---- */

static const char *mode_word(uint32_t mode)
{
	static const char *const words[] = { "invalid", "none", "sign", "sign-and-encrypt" };

	return mode < countof(words) ? words[mode] : "unknown";
}

static const char *type_word(uint32_t type)
{
	static const char *const words[] = { "server", "client", "client-and-server", "discovery" };

	return type < countof(words) ? words[type] : "unknown";
}

static const char *token_word(uint32_t type)
{
	static const char *const words[OPCUA_TOKENS] = { "anonymous", "user-name", "certificate",
							 "issued" };

	return type < countof(words) ? words[type] : "unknown";
}

/* Each once. */
static void list_new(json_t *list, struct span text)
{
	json_t *value = clean_text(text);
	bool known = value == NULL;

	for (size_t i = 0; i < json_array_size(list) && !known; i++)
		known = json_equal(json_array_get(list, i), value);
	if (!known)
		json_array_append(list, value);
	json_decref(value);
}

/* The first of a chain, whose members follow each other (10000-6, 6.2.6); the whole where it is broken. */
static struct span leaf_of(struct span chain)
{
	struct reader r = rd_new(chain);
	struct ber leaf;

	if (!ber_read(&r, &leaf))
		return chain;
	return span_first(chain, chain.length - rd_left(&r));
}

/* Mostly all endpoints have the same one: it is noted once. */
static void note_certificate(struct survey *s, struct span chain)
{
	struct span der = leaf_of(chain);
	uint8_t digest[EVP_MAX_MD_SIZE] = { 0 };

	if (der.length == 0 || s->certificates == CERTIFICATES_MAX ||
	    EVP_Digest(der.at, der.length, digest, NULL, EVP_sha256(), NULL) != 1)
		return;
	for (size_t i = 0; i < s->certificates; i++)
		if (memcmp(s->digests[i], digest, sizeof(digest)) == 0)
			return;
	memcpy(s->digests[s->certificates++], digest, sizeof(digest));
	x509_note(list_object(note_list(s->evidence, "certificates")), der, NAMES_MAX);
}

/* Which users, and by which security policy the secret of a user is protected where that is said. */
static void note_tokens(json_t *one, const struct opcua_endpoint *e)
{
	json_t *types = note_list(one, "tokens");

	for (size_t i = 0; i < e->tokens; i++) {
		struct span policy = opcua_policy_name(e->token[i].security);

		list_new(types, span_text(token_word(e->token[i].type)));
		if (e->token[i].type == OPCUA_USER_NAME && policy.length > 0)
			list_new(note_list(one, "user_name_policies"),
				 span_first(policy, WORD_MAX));
	}
}

static bool takes(const struct opcua_endpoint *e, enum opcua_token type)
{
	for (size_t i = 0; i < e->tokens; i++)
		if (e->token[i].type == type)
			return true;
	return false;
}

static void learn_endpoint(struct survey *s, const struct opcua_endpoint *e)
{
	s->none |= e->mode == OPCUA_MODE_NONE;
	s->sign |= e->mode == OPCUA_MODE_SIGN;
	s->encrypt |= e->mode == OPCUA_MODE_ENCRYPT;
	/* With a signature the server also asks who the client's program is. */
	s->anonymous |= e->mode == OPCUA_MODE_NONE && takes(e, OPCUA_ANONYMOUS);
	s->user_name |= takes(e, OPCUA_USER_NAME);
}

static void note_endpoint(struct survey *s, const struct opcua_endpoint *e)
{
	json_t *one = list_object(note_list(s->evidence, "endpoints"));

	note_text(one, "url", e->url);
	note_word(one, "mode", mode_word(e->mode));
	note_text(one, "policy", span_first(opcua_policy_name(e->security), WORD_MAX));
	note_text(one, "transport", span_first(e->transport, WORD_MAX));
	note_tokens(one, e);
	note_certificate(s, e->certificate);
}

static void note_application(json_t *evidence, const struct opcua_endpoint *e)
{
	note_text(evidence, "application", e->application);
	note_text(evidence, "application_uri", e->application_uri);
	note_text(evidence, "product_uri", e->product_uri);
	note_word(evidence, "type", type_word(e->application_type));
}

/* What of it all a client may choose. */
static void note_choice(const struct survey *s)
{
	note_word(s->evidence, "security",
		  !s->sign && !s->encrypt ? "none"
		  : s->none               ? "optional"
					  : "required");
	note_bool(s->evidence, "encryption", s->encrypt);
	note_bool(s->evidence, "anonymous", s->anonymous);
	note_bool(s->evidence, "user_name", s->user_name);
}

/* ---- conversation ---- */

static enum ending of_answer(struct conn *c, json_t *evidence, const struct opcua *o,
			     enum opcua_answer a)
{
	char status[16];

	switch (a) {
	case OPCUA_BAD:
		snprintf(status, sizeof(status), "0x%08x", o->status);
		note_word(evidence, "status", status);
		return ENDING_DONE;
	case OPCUA_FOREIGN:
		return ENDING_NOT_THIS;
	case OPCUA_MALFORMED:
		return conn_oddity(c, "opcua.answer-malformed");
	default:
		return conn_ending(c);
	}
}

static enum ending note_endpoints(struct conn *c, json_t *evidence, struct reader *r)
{
	struct survey s = { .evidence = evidence };
	size_t count = opcua_read_count(r, OPCUA_ENDPOINT_LEAST);

	for (size_t i = 0; i < count; i++) {
		struct opcua_endpoint e;

		if (!opcua_read_endpoint(r, &e))
			break;
		if (i == 0)
			note_application(evidence, &e);
		learn_endpoint(&s, &e);
		if (i < ENDPOINTS_MAX)
			note_endpoint(&s, &e);
	}
	if (!rd_end(r))
		return conn_oddity(c, "opcua.endpoints-malformed");
	if (count > ENDPOINTS_MAX)
		note_int(evidence, "endpoint_count", (json_int_t)count);
	if (count > 0) {
		note_choice(&s);
		conn_gathered(c, "endpoints");
	}
	return ENDING_DONE;
}

static enum ending opcua_run(struct conn *c, json_t *evidence)
{
	struct opcua o;
	struct reader r;
	enum opcua_answer a = opcua_open(&o, c);

	/* That it is OPC UA shows from the first answer on. */
	if (a == OPCUA_GOOD || a == OPCUA_BAD)
		note_bool(evidence, "channel", a == OPCUA_GOOD);
	if (a == OPCUA_GOOD)
		a = opcua_ask_endpoints(&o, &r);
	enum ending e =
		a == OPCUA_GOOD ? note_endpoints(c, evidence, &r) : of_answer(c, evidence, &o, a);
	opcua_close(&o);
	opcua_done(&o);
	return e;
}

static const char opcua_view[] =
	"CREATE TEMP VIEW opcua AS SELECT address, port, evidence->>'$.application' AS application,"
	" evidence->>'$.application_uri' AS application_uri,"
	" evidence->>'$.product_uri' AS product_uri, evidence->>'$.type' AS type,"
	" evidence->>'$.security' AS security, evidence->>'$.encryption' AS encryption,"
	" evidence->>'$.anonymous' AS anonymous, evidence->>'$.user_name' AS user_name"
	" FROM document WHERE probe = 'opcua' AND evidence <> '{}';"
	"CREATE TEMP VIEW opcua_endpoint AS SELECT d.address, d.port,"
	" e.value->>'$.url' AS url, e.value->>'$.mode' AS mode, e.value->>'$.policy' AS policy,"
	" e.value->'$.tokens' AS tokens, e.value->'$.user_name_policies' AS user_name_policies"
	" FROM document d, json_each(d.evidence, '$.endpoints') e WHERE d.probe = 'opcua';";

const struct probe probe_opcua = {
	.name = "opcua",
	.ports = "4840,62541",
	.risk = RISK_READ,
	.connections = { 1, 1 },
	.sent = { 1024, 1024 },
	.received = { 131072, 131072 },
	.ot = true,
	.ot_sign = true,
	.run = opcua_run,
	.view = opcua_view,
};
