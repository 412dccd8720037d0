/* SPDX-License-Identifier: Apache-2.0 */
/* The tls probe's evidence. */
#include "tls_survey.h"

#include "tls.h"

#include <openssl/evp.h>
#include <stdio.h>

#include "codec/evidence.h"
#include "codec/tls_suites.h"
#include "codec/x509_facts.h"
#include "codec/x509_trust.h"

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

static void note_suite(struct survey *s, uint16_t version, const struct tls_suite *suite,
		       const struct tls_hello *h)
{
	size_t *count = &s->suite_counts[version - SSL_3_0];
	uint16_t *accepted = s->suites[version - SSL_3_0];

	if (*count == 0 && h->suite_count <= SUITES_MAX) {
		memcpy(s->first_offers[version - SSL_3_0], h->suites,
		       h->suite_count * sizeof(*h->suites));
		s->first_offer_counts[version - SSL_3_0] = h->suite_count;
	}

	for (size_t i = 0; i < *count; i++)
		if (accepted[i] == suite->code)
			return;
	accepted[(*count)++] = suite->code; /* no more than the table has */
	list_word(note_list(note_object(s->evidence, "suites"), tls_version_name(version)),
		  suite->name);
}

void survey_note_order(struct survey *s, uint16_t version)
{
	json_t *list = note_list(note_object(s->evidence, "suites"), tls_version_name(version));

	json_array_clear(list);
	for (size_t i = 0; i < s->suite_counts[version - SSL_3_0]; i++)
		list_word(list, tls_suite_find(s->suites[version - SSL_3_0][i])->name);
}

void survey_note_extension(struct survey *s, const char *name, bool value)
{
	note_bool(note_object(s->evidence, "extensions"), name, value);
}

static void learn(struct known *known, uint16_t code)
{
	for (size_t i = 0; i < known->count; i++)
		if (known->list[i] == code)
			return;
	if (known->count < KNOWN_MAX)
		known->list[known->count++] = code;
}

/* Codes that nobody registered are noted as numbers. */
void survey_note_known(struct survey *s, uint16_t version, bool groups)
{
	const struct known *known =
		groups ? &s->groups[version == TLS_1_3] : &s->schemes[version == TLS_1_3];

	if (known->count == 0)
		return;
	json_t *list = note_list(note_object(s->evidence, groups ? "groups" : "signatures"),
				 tls_version_name(version));
	for (size_t i = 0; i < known->count; i++) {
		const struct tls_group *group = tls_group_find(known->list[i]);
		const char *name = tls_scheme_name(known->list[i]);
		char text[16];

		if (groups)
			name = group != NULL ? group->name : NULL;
		snprintf(text, sizeof(text), "0x%04x", known->list[i]);
		list_text(list, span_text(name != NULL ? name : text));
	}
}

static void note_scheme(struct survey *s, uint16_t version, uint16_t scheme)
{
	learn(&s->schemes[version == TLS_1_3], scheme);
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

static void note_group(struct survey *s, uint16_t version, uint16_t id)
{
	const struct tls_group *group = tls_group_find(id);

	learn(&s->groups[version == TLS_1_3], id);
	if (group != NULL)
		note_kex(s, group->finite_field, group->bits, group->name);
}

static void note_key_exchange(struct survey *s, struct span body, const struct tls_suite *suite,
			      struct answer *a)
{
	struct tls_key_exchange kex;

	if ((suite->classes & (SUITE_DHE | SUITE_ECDHE)) == 0)
		return;
	if (!tls_read_key_exchange(body, suite->classes, &kex)) {
		survey_note_oddity(s, "tls.key-exchange-malformed");
		s->kex_unread = true;
		return;
	}
	if (a->hello.version == TLS_1_2 && kex.scheme != 0) {
		a->scheme = kex.scheme;
		note_scheme(s, TLS_1_2, kex.scheme);
	}
	a->group = kex.group;
	if (kex.group != 0) {
		note_group(s, a->hello.version, kex.group);
	} else {
		note_kex(s, kex.finite_field, kex.bits,
			 kex.finite_field ? tls_prime_name(kex.prime) : NULL);
	}
}

/* The first alternative name that is a host's: letters, digits, hyphens and at least one dot. For a
 * wildcard a host below it is named. */
static void first_name(const json_t *certificate, char *ret, size_t size)
{
	const json_t *names = json_object_get(certificate, "names");

	for (size_t i = 0; i < json_array_size(names); i++) {
		const char *name = json_string_value(json_array_get(names, i));
		bool wild = name != NULL && name[0] == '*' && name[1] == '.';
		size_t n = name != NULL ? strlen(name) : 0;

		if (n < 4 || n + 3 > size || strchr(name, '.') == NULL ||
		    strspn(name + wild, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					"0123456789-.") != n - wild ||
		    strspn(name, "0123456789.") == n)
			continue;
		snprintf(ret, size, "%s%s", wild ? "www" : "", name + wild);
		return;
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
	if (position == 0 && s->name[0] == '\0')
		first_name(one, s->name, sizeof(s->name));
}

/* The one thing that conversations share: set before the first, and never changed. */
static struct x509_trust *trust;

void tls_trust(struct x509_trust *given)
{
	trust = given;
}

void survey_note_chain(struct survey *s, const struct span *der, size_t count)
{
	size_t first = json_array_size(json_object_get(s->evidence, "certificates"));

	for (size_t i = 0; i < count; i++)
		survey_note_certificate(s, der[i], i);
	json_t *leaf = json_array_get(json_object_get(s->evidence, "certificates"), first);
	if (leaf != NULL && trust != NULL)
		s->trust_judged |= x509_trust_note(trust, leaf, der, count, conn_clock(s->c));
}

/* A server with keys of several kinds shows a chain for each; each is noted once. */
static void note_chain(struct survey *s, struct span body, struct answer *a)
{
	struct tls_chain chain;
	uint8_t digest[EVP_MAX_MD_SIZE];
	bool tls13 = a->hello.version == TLS_1_3;

	if (!tls_read_chain(body, tls13, &chain)) {
		survey_note_oddity(s, "tls.chain-malformed");
		return;
	}
	if (chain.count == 0 ||
	    EVP_Digest(chain.der[0].at, chain.der[0].length, digest, NULL, EVP_sha256(), NULL) != 1)
		return;
	a->hello.ocsp |= chain.ocsp;
	a->leaf_seen = true;
	if (s->chain_count == CHAINS_MAX)
		return;
	for (size_t i = 0; i < s->chain_count; i++)
		if (memcmp(s->chains[i], digest, sizeof(s->chains[i])) == 0)
			return;
	memcpy(s->chains[s->chain_count++], digest, sizeof(s->chains[0]));
	if (chain.more)
		survey_note_oddity(s, "tls.chain-too-long");
	survey_note_chain(s, chain.der, chain.count);
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

static void note_flight(struct survey *s, const struct tls_suite *suite, struct answer *a)
{
	struct reader r = rd_new(span_of(s->flight, s->flight_length));
	bool tls13 = a->hello.version == TLS_1_3, requested = false, exchanged = tls13;
	struct tls_message m;

	while (tls_read_message(&r, &m)) {
		if (m.type == TLS_CERTIFICATE) {
			note_chain(s, m.body, a);
		} else if (m.type == TLS_SERVER_KEY_EXCHANGE && !tls13) {
			note_key_exchange(s, m.body, suite, a);
			exchanged = true;
		} else if (m.type == TLS_CERTIFICATE_REQUEST) {
			requested = true;
		} else if (m.type == TLS_ENCRYPTED_EXTENSIONS && tls13) {
			if (!tls_read_encrypted_extensions(m.body, &a->hello))
				survey_note_oddity(s, "tls.extensions-malformed");
			for (struct reader g = rd_new(a->hello.groups); rd_left(&g) >= 2;)
				note_group(s, TLS_1_3, rd_be16(&g));
		} else if (m.type == TLS_CERTIFICATE_VERIFY && tls13 && m.body.length > 2) {
			struct reader verify = rd_new(m.body);

			a->scheme = rd_be16(&verify);
			note_scheme(s, TLS_1_3, a->scheme);
		}
	}
	if (!exchanged && a->alert == 0 && (suite->classes & (SUITE_DHE | SUITE_ECDHE)))
		s->kex_unread = true;
	/* Who shows no certificate may ask for none (RFC 5246 7.4.4). */
	if (requested || (a->whole && s->leaf_noted &&
			  json_object_get(note_object(s->evidence, "extensions"),
					  "certificate-request") == NULL))
		survey_note_extension(s, "certificate-request", requested);
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
	note_suite(s, hello->version, suite, h);
	if (h->suite_count > s->longest)
		s->longest = h->suite_count;
	bool tls13 = hello->version == TLS_1_3;
	if (!tls13)
		note_extensions(s, hello);
	else if (hello->group != 0)
		note_group(s, TLS_1_3, hello->group);
	a->group = hello->group;
	note_flight(s, suite, a);
}

void survey_note_alert(struct survey *s, uint8_t alert)
{
	append_new(note_list(s->evidence, "alerts"), json_integer(alert));
}
