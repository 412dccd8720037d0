/* SPDX-License-Identifier: Apache-2.0 */
/* The tls probe's evidence. */
#include "tls_survey.h"

#include <openssl/evp.h>

#include "codec/evidence.h"
#include "codec/tls_suites.h"
#include "codec/x509_facts.h"

enum {
	LEAF_NAMES_MAX = 64,  /* alternative names kept of a leaf, */
	ISSUER_NAMES_MAX = 4, /* and of what stands above it */
	REPEATED_MAX = 16,    /* key exchanges, alerts of their kinds */
};

enum state *survey_state(struct survey *s, uint16_t version)
{
	return &s->states[version - SSL_3_0];
}

/* Each value once, and not without end. Takes the reference. */
static void append_new(json_t *list, json_t *value)
{
	size_t n = json_array_size(list);
	bool known = n >= REPEATED_MAX;

	for (size_t i = 0; i < n && !known; i++)
		known = json_equal(json_array_get(list, i), value);
	if (!known)
		json_array_append(list, value);
	json_decref(value);
}

void survey_note_oddity(struct survey *s, const char *name)
{
	const json_t *list = json_object_get(s->evidence, "oddities");

	for (size_t i = 0; i < json_array_size(list); i++)
		if (strcmp(json_string_value(json_array_get(list, i)), name) == 0)
			return;
	conn_note_oddity(s->c, name);
}

void survey_note_version(struct survey *s, uint16_t version, bool accepted)
{
	note_bool(note_object(s->evidence, "versions"), tls_version_name(version), accepted);
	if (accepted && version >= s->best) {
		s->best = version;
		note_word(s->evidence, "best", tls_version_name(version));
	}
}

void survey_settle(struct survey *s, uint16_t version, enum state state)
{
	enum state *known = survey_state(s, version);

	if (*known == ACCEPTED || (*known == NOT_OFFERED && state != ACCEPTED))
		return;
	*known = state;
	if (state == ACCEPTED || state == NOT_OFFERED)
		survey_note_version(s, version, state == ACCEPTED);
}

static void note_suite(struct survey *s, uint16_t version, const struct tls_suite *suite)
{
	size_t *count = &s->suite_counts[version - SSL_3_0];
	uint16_t *accepted = s->suites[version - SSL_3_0];

	for (size_t i = 0; i < *count; i++)
		if (accepted[i] == suite->code)
			return;
	accepted[(*count)++] = suite->code; /* no more than the table has */
	list_word(note_list(note_object(s->evidence, "suites"), tls_version_name(version)),
		  suite->name);
}

static void note_kex(struct survey *s, bool finite_field, unsigned bits, const char *group)
{
	json_t *one = json_object();

	note_word(one, "kind", finite_field ? "dh" : "ecdh");
	note_int(one, "bits", bits);
	if (group != NULL)
		note_word(one, "group", group);
	append_new(note_list(s->evidence, "kex"), one);
}

static void note_group(struct survey *s, uint16_t id)
{
	const struct tls_group *group = tls_group_find(id);

	if (group != NULL)
		note_kex(s, group->finite_field, group->bits, group->name);
}

static void note_key_exchange(struct survey *s, struct span body, const struct tls_suite *suite)
{
	struct tls_key_exchange kex;

	if ((suite->classes & (SUITE_DHE | SUITE_ECDHE)) == 0)
		return;
	if (!tls_read_key_exchange(body, suite->classes, &kex)) {
		survey_note_oddity(s, "tls.key-exchange-malformed");
		s->kex_unread = true;
	} else if (kex.group != 0) {
		note_group(s, kex.group);
	} else {
		note_kex(s, kex.finite_field, kex.bits,
			 kex.finite_field ? tls_prime_name(kex.prime) : NULL);
	}
}

void survey_note_certificate(struct survey *s, struct span der, size_t position)
{
	json_t *one = list_object(note_list(s->evidence, "certificates"));

	note_int(one, "position", (json_int_t)position);
	if (!x509_note(one, der, position == 0 ? LEAF_NAMES_MAX : ISSUER_NAMES_MAX))
		survey_note_oddity(s, "tls.certificate-malformed");
	else if (position == 0)
		s->leaf_noted = true;
}

/* A server with keys of several kinds shows a chain for each; each is noted once. */
static void note_chain(struct survey *s, struct span body, bool tls13)
{
	struct tls_chain chain;
	uint8_t digest[EVP_MAX_MD_SIZE];

	if (!tls_read_chain(body, tls13, &chain)) {
		survey_note_oddity(s, "tls.chain-malformed");
		return;
	}
	if (chain.count == 0 || s->chain_count == CHAINS_MAX ||
	    EVP_Digest(chain.der[0].at, chain.der[0].length, digest, NULL, EVP_sha256(), NULL) != 1)
		return;
	for (size_t i = 0; i < s->chain_count; i++)
		if (memcmp(s->chains[i], digest, sizeof(s->chains[i])) == 0)
			return;
	memcpy(s->chains[s->chain_count++], digest, sizeof(s->chains[0]));
	if (chain.more)
		survey_note_oddity(s, "tls.chain-too-long");
	for (size_t i = 0; i < chain.count; i++)
		survey_note_certificate(s, chain.der[i], i);
}

/* Up to TLS 1.2; TLS 1.3 has neither compression nor renegotiation. */
static void note_extensions(struct survey *s, const struct tls_server_hello *hello)
{
	json_t *extensions = note_object(s->evidence, "extensions");

	if (!s->extensions_noted) {
		note_bool(extensions, "compression", false);
		note_bool(extensions, "secure-renegotiation", true);
		if (hello->version > SSL_3_0)
			note_bool(extensions, "extended-master-secret",
				  hello->extended_master_secret);
	}
	s->extensions_noted = true;
	if (hello->compression != 0)
		note_bool(extensions, "compression", true);
	if (!hello->secure_renegotiation)
		note_bool(extensions, "secure-renegotiation", false);
}

static void note_flight(struct survey *s, const struct tls_suite *suite, bool tls13)
{
	struct reader r = rd_new(span_of(s->flight, s->flight_length));
	struct tls_message m;

	while (tls_read_message(&r, &m)) {
		if (m.type == TLS_CERTIFICATE)
			note_chain(s, m.body, tls13);
		else if (m.type == TLS_SERVER_KEY_EXCHANGE && !tls13)
			note_key_exchange(s, m.body, suite);
	}
}

/* Does the answer keep to what was offered? */
static const struct tls_suite *offered_suite(const struct tls_hello *h,
					     const struct tls_server_hello *hello)
{
	for (size_t i = 0; i < h->suite_count; i++)
		if (h->suites[i] == hello->suite)
			return tls_suite_find(hello->suite);
	return NULL;
}

void survey_learn(struct survey *s, const struct tls_hello *h, struct answer *a)
{
	const struct tls_server_hello *hello = &a->hello;
	const struct tls_suite *suite = offered_suite(h, hello);

	if (suite == NULL || hello->version > h->version) {
		survey_note_oddity(s, suite == NULL ? "tls.suite-not-offered"
						    : "tls.version-not-offered");
		a->outcome = SAID_BROKEN;
		return;
	}
	for (uint16_t v = h->version; v > hello->version; v--)
		survey_settle(s, v, NOT_OFFERED);
	survey_settle(s, hello->version, ACCEPTED);
	note_suite(s, hello->version, suite);
	if (h->suite_count > s->longest)
		s->longest = h->suite_count;
	bool tls13 = hello->version == TLS_1_3;
	if (!tls13)
		note_extensions(s, hello);
	else if (hello->group != 0)
		note_group(s, hello->group);
	note_flight(s, suite, tls13);
}

void survey_note_alert(struct survey *s, uint8_t alert)
{
	append_new(note_list(s->evidence, "alerts"), json_integer(alert));
}
