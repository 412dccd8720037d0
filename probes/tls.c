/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS: what a server would agree to.
 *
 * Learnt: which of SSL 2.0 to TLS 1.3 are accepted, the cipher suites of each, key exchange
 * parameters, compression, secure renegotiation, protection against fallback, the certificates.
 *
 * Specifications: RFC 6101 (SSL 3.0), 2246, 4346, 5246, 8446 (TLS 1.0 to 1.3), 5746 (renegotiation),
 * 7507 (fallback), 8422 (curves), the SSL 2.0 draft.
 *
 * Sent: one ClientHello per connection, nothing after it; the answer is read and the connection
 * closed, so no handshake is ever finished and no session is left. Every server of the protocol must
 * be ready for a client that leaves here. The hellos, by codec/tls_records.c:
 *   1. modern: TLS 1.3 and 1.2, the suites that servers commonly have, an X25519 share
 *   2. one version: all suites of the registry that it may use and that were not accepted yet;
 *      repeated until the server accepts none (TLS 1.3 without a share, so that a server answers by a
 *      retry request and need not sign)
 *   3. SSL 2.0's own CLIENT-HELLO
 *   4. a lower version with the fallback signal; curves below 224 bits only
 * One more connection finishes a handshake through OpenSSL, where no certificate came otherwise.
 *
 * In limited depth two connections: the modern hello, and one for TLS 1.1 and below.
 *
 * "Not offered" is an alert that says so, another version in the ServerHello, or a close in place of
 * an answer. Silence, a reset or any other answer is "could not test": no version is claimed from it.
 */
#include "tls.h"

#include <openssl/evp.h>
#include <stdlib.h>

#include "probe.h"

#include "codec/evidence.h"
#include "codec/tls_records.h"
#include "codec/tls_secrets.h"
#include "codec/tls_suites.h"
#include "codec/x509_facts.h"

enum {
	SUITES_MAX = 512,        /* of one hello; the registry has fewer */
	FLIGHT_MAX = 64 * 1024,  /* bytes of handshake messages that one answer may have */
	RECORDS_MAX = 64,        /* records of one answer */
	SMALL = 32,              /* suites of a hello for servers that do not answer long ones */
	SILENCES_MAX = 2,        /* unanswered hellos before a question is given up */
	CHAINS_MAX = 3,          /* one per kind of key */
	LEAF_NAMES_MAX = 64,     /* alternative names kept of a leaf, and of what stands above it */
	ISSUER_NAMES_MAX = 4,
	REPEATED_MAX = 16,       /* key exchanges, alerts of their kinds */
};

/* ---- what is offered ---- */

/* What most servers have one of. The first SMALL of each version are a cross-section. */
static const uint16_t common_suites[] = {
	0x1301, 0x1302, 0x1303, 0x1304, 0x1305,
	0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0x009e, 0x009f, /* AEAD */
	0x009c, 0x009d, 0xc023, 0xc027,
	0xc009, 0xc013, 0xc00a, 0xc014, 0x0033, 0x0039, 0x002f, 0x0035, /* CBC with SHA-1 */
	0x000a, 0x0005, 0x0004, 0x003c, 0x003d, 0x0067, 0x006b, 0x00a8, /* 3DES, RC4; PSK */
	0x0009, 0x0003, 0x0034, 0x0002, 0x0018, 0x0016, 0xc012, 0xc011, /* DES, export, anonymous, NULL */
	0xc018, 0x0032, 0x0038, 0x0041, 0x0084, 0x0006, 0x0008, 0x0015,
	0xc008, 0xc007, 0x0013, 0x003a, 0x0001, 0xc006, 0xc010, 0xc019,
	0xc024, 0xc028, 0xccaa, 0xc0ac, 0xc0ad, 0xc09c, 0xc09d, 0x00a2,
	0x00a3, 0x00a6, 0x003b, 0xc037, 0xc035, 0x00ae, 0x008c, 0xc0a8,
};

/* Hybrids first: a hello with an X25519 share begins behind them, so that no server asks again. */
enum { HYBRIDS = 3, WEAK_CURVES = 10, SMALL_CURVES = 8 };

static const uint16_t groups13[] = {
	0x11ec, 0x11eb, 0x11ed, 29, 23, 24, 25, 30, 31, 32, 33, 41, 256, 257, 258, 259, 260,
};
static const uint16_t curves[] = {
	29, 23, 24, 25, 30, 28, 27, 26, 22, 14, 13, 12, 11, 10, 9, 8, 7, 6, 21, 20,
	19, 18, 17, 16, 15, 5, 4, 3, 2, 1, /* below 224 bits */
};

static bool may_use(const struct tls_suite *suite, uint16_t version, uint16_t lowest)
{
	if (suite->code == 0) /* TLS_NULL_WITH_NULL_NULL must not be negotiated */
		return false;
	if (suite->classes & SUITE_TLS13)
		return version == TLS_1_3;
	return lowest <= TLS_1_2 && (version >= TLS_1_2 || (suite->classes & SUITE_OLD));
}

/* ---- the survey ---- */

enum state { UNKNOWN, ACCEPTED, NOT_OFFERED, CLOSED_ON, UNTESTED };

struct survey {
	struct conn *c;
	json_t *evidence;
	bool (*prelude)(struct conn *c);
	bool begun;         /* the first connection has been used */
	bool proven;        /* it speaks TLS */
	size_t longest;     /* suites of the longest hello that was answered */
	bool small;         /* long hellos are not */
	bool alerts;        /* it refuses by alerts */
	unsigned silences;
	enum state states[TLS_1_3 - SSL_3_0 + 1];
	uint16_t suites[TLS_1_3 - SSL_3_0 + 1][SUITES_MAX]; /* accepted */
	size_t suite_counts[TLS_1_3 - SSL_3_0 + 1];
	uint16_t best;
	bool extensions_noted;
	bool kex_unread;
	uint8_t chains[CHAINS_MAX][32]; /* digests of the messages that were noted */
	size_t chain_count;
	bool leaf_noted;
	struct tls_opener opener;
	uint8_t private[TLS_SHARE];
	uint8_t *flight; /* the handshake messages of the last answer */
	size_t flight_length;
};

enum outcome {
	SAID_HELLO,
	SAID_ALERT,
	SAID_CLOSE,
	SAID_RESET,
	SAID_NOTHING,
	SAID_OTHER,  /* no TLS at all */
	SAID_BROKEN, /* TLS, but malformed */
	SAID_END,    /* the conversation is over: conn_ending() says why */
};

struct answer {
	enum outcome outcome;
	uint8_t alert;
	struct tls_server_hello hello; /* views the flight */
};

static enum state *state_of(struct survey *s, uint16_t version)
{
	return &s->states[version - SSL_3_0];
}

static bool refuses(const struct answer *a)
{
	return a->outcome == SAID_ALERT && (a->alert == TLS_ALERT_HANDSHAKE_FAILURE ||
					    a->alert == TLS_ALERT_PROTOCOL_VERSION ||
					    a->alert == TLS_ALERT_INSUFFICIENT_SECURITY);
}

/* ---- what becomes evidence ---- */

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

/* Many answers may have the same one. */
static void note_oddity(struct survey *s, const char *name)
{
	const json_t *list = json_object_get(s->evidence, "oddities");

	for (size_t i = 0; i < json_array_size(list); i++)
		if (strcmp(json_string_value(json_array_get(list, i)), name) == 0)
			return;
	conn_note_oddity(s->c, name);
}

static void note_version(struct survey *s, uint16_t version, bool accepted)
{
	note_bool(note_object(s->evidence, "versions"), tls_version_name(version), accepted);
	if (accepted && version >= s->best) {
		s->best = version;
		note_word(s->evidence, "best", tls_version_name(version));
	}
}

static void settle(struct survey *s, uint16_t version, enum state state)
{
	enum state *known = state_of(s, version);

	if (*known == ACCEPTED || (*known == NOT_OFFERED && state != ACCEPTED))
		return;
	*known = state;
	if (state == ACCEPTED || state == NOT_OFFERED)
		note_version(s, version, state == ACCEPTED);
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
		note_oddity(s, "tls.key-exchange-malformed");
		s->kex_unread = true;
	} else if (kex.group != 0) {
		note_group(s, kex.group);
	} else {
		note_kex(s, kex.finite_field, kex.bits,
			 kex.finite_field ? tls_prime_name(kex.prime) : NULL);
	}
}

static void note_certificate(struct survey *s, struct span der, size_t position)
{
	json_t *one = list_object(note_list(s->evidence, "certificates"));

	note_int(one, "position", (json_int_t)position);
	if (!x509_note(one, der, position == 0 ? LEAF_NAMES_MAX : ISSUER_NAMES_MAX))
		note_oddity(s, "tls.certificate-malformed");
	else if (position == 0)
		s->leaf_noted = true;
}

/* A server with keys of several kinds shows a chain for each; each is noted once. */
static void note_chain(struct survey *s, struct span body, bool tls13)
{
	struct tls_chain chain;
	uint8_t digest[EVP_MAX_MD_SIZE];

	if (!tls_read_chain(body, tls13, &chain)) {
		note_oddity(s, "tls.chain-malformed");
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
		note_oddity(s, "tls.chain-too-long");
	for (size_t i = 0; i < chain.count; i++)
		note_certificate(s, chain.der[i], i);
}

/* Up to TLS 1.2; TLS 1.3 has neither compression nor renegotiation. */
static void note_extensions(struct survey *s, const struct tls_server_hello *hello)
{
	json_t *extensions = note_object(s->evidence, "extensions");

	if (!s->extensions_noted) {
		note_bool(extensions, "compression", false);
		note_bool(extensions, "secure-renegotiation", true);
		if (hello->version > SSL_3_0)
			note_bool(extensions, "extended-master-secret", hello->extended_master_secret);
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

/* ---- one hello and its answer ---- */

static struct answer failed_answer(struct survey *s, size_t received)
{
	struct answer a = { .outcome = SAID_END };
	enum ending e = conn_ending(s->c);

	if (conn_received(s->c) > received)
		a.outcome = SAID_OTHER; /* something, but shorter than a record's header */
	else if (e == ENDING_TIMEOUT)
		a.outcome = SAID_NOTHING;
	else if (e == ENDING_CLOSED)
		a.outcome = conn_was_reset(s->c) ? SAID_RESET : SAID_CLOSE;
	return a;
}

/* Opens a connection and takes it to where the hello may be said. */
static bool begin(struct survey *s)
{
	if (s->begun && !conn_again(s->c))
		return false;
	s->begun = true;
	return s->prelude == NULL || s->prelude(s->c);
}

enum progress { GO_ON, COMPLETE, HELLO_BROKEN };

/* Looks at the messages from *parsed on. */
static enum progress hear_messages(struct survey *s, size_t *parsed, struct span client,
				   struct answer *a)
{
	struct reader r = rd_new(span_of(s->flight + *parsed, s->flight_length - *parsed));
	struct tls_message m;

	while (tls_read_message(&r, &m)) {
		*parsed += m.whole.length;
		if (a->outcome != SAID_HELLO) {
			if (m.type != TLS_SERVER_HELLO || !tls_read_server_hello(m.body, &a->hello))
				return HELLO_BROKEN;
			a->outcome = SAID_HELLO;
			if (a->hello.version == TLS_1_3 &&
			    (a->hello.retry || client.length == 0 ||
			     !tls_opener_init(&s->opener, a->hello.suite, s->private, a->hello.share,
					      client, m.whole)))
				return COMPLETE;
		} else if (m.type == TLS_SERVER_HELLO_DONE ||
			   (m.type == TLS_CERTIFICATE && a->hello.version == TLS_1_3)) {
			return COMPLETE;
		}
	}
	return GO_ON;
}

/* Adds a record's payload to the flight, opened where it is protected. Its content type, 0 where it
 * cannot be used. */
static uint8_t take_record(struct survey *s, struct span header, const struct tls_record *record,
			   struct span payload)
{
	uint8_t *tail = s->flight + s->flight_length;
	uint8_t type = record->type;
	struct span inner = payload;

	if (payload.length > FLIGHT_MAX - s->flight_length)
		return 0;
	if (type == TLS_APPLICATION_DATA && !tls_open(&s->opener, header, payload, tail, &inner, &type))
		return 0;
	if (type != TLS_HANDSHAKE)
		return type;
	if (inner.at != tail)
		memcpy(tail, inner.at, inner.length);
	s->flight_length += inner.length;
	return type;
}

/*
 * Hears one answer to its end. client is our hello without its record header where it carried a
 * share, else empty. After a ServerHello whatever goes wrong ends the answer, which stands.
 */
static struct answer hear(struct survey *s, struct span client)
{
	struct answer a = { .outcome = SAID_BROKEN };
	size_t received = conn_received(s->c);
	size_t parsed = 0;

	s->flight_length = 0;
	s->opener = (struct tls_opener){ 0 };
	for (size_t records = 0; records < RECORDS_MAX; records++) {
		struct tls_record record;
		uint8_t header[TLS_RECORD_HEADER];
		struct span bytes = conn_read(s->c, sizeof(header));

		if (!conn_ok(s->c))
			return records == 0 ? failed_answer(s, received) : a;
		memcpy(header, bytes.at, sizeof(header));
		if (!tls_read_record(bytes, &record) ||
		    (records == 0 && record.type != TLS_ALERT && record.type != TLS_HANDSHAKE)) {
			if (records == 0)
				a.outcome = SAID_OTHER;
			return a;
		}
		bytes = conn_read(s->c, record.length);
		if (!conn_ok(s->c))
			return a;
		uint8_t type = take_record(s, span_of(header, sizeof(header)), &record, bytes);
		if (type == TLS_ALERT && record.type == TLS_ALERT && bytes.length == 2) {
			s->proven = true;
			if (a.outcome == SAID_HELLO)
				return a;
			a.alert = bytes.at[1];
			a.outcome = SAID_ALERT;
			if (bytes.at[0] == 1 && a.alert == TLS_ALERT_UNRECOGNIZED_NAME)
				continue; /* a warning: the ServerHello follows */
			return a;
		}
		if (type == TLS_CHANGE_CIPHER_SPEC)
			continue;
		if (type != TLS_HANDSHAKE)
			return a;
		enum progress progress = hear_messages(s, &parsed, client, &a);
		s->proven |= a.outcome == SAID_HELLO;
		if (progress == HELLO_BROKEN)
			a.outcome = SAID_BROKEN;
		if (progress != GO_ON)
			return a;
	}
	return a;
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

static void learn(struct survey *s, const struct tls_hello *h, struct answer *a)
{
	const struct tls_server_hello *hello = &a->hello;
	const struct tls_suite *suite = offered_suite(h, hello);

	if (suite == NULL || hello->version > h->version) {
		note_oddity(s, suite == NULL ? "tls.suite-not-offered" :
						       "tls.version-not-offered");
		a->outcome = SAID_BROKEN;
		return;
	}
	for (uint16_t v = h->version; v > hello->version; v--)
		settle(s, v, NOT_OFFERED);
	settle(s, hello->version, ACCEPTED);
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

/* Says one hello on a connection of its own and learns from the answer. */
static struct answer ask(struct survey *s, struct tls_hello *h, bool share)
{
	uint8_t buffer[TLS_HELLO_MAX], bytes[TLS_RANDOM + 32], public[TLS_SHARE];
	struct writer w = wr_new(buffer, sizeof(buffer));

	if (!begin(s))
		return (struct answer){ .outcome = SAID_END };
	conn_random(s->c, bytes, sizeof(bytes));
	h->random = bytes;
	if (h->version == TLS_1_3) {
		h->session_id = bytes + TLS_RANDOM;
		h->groups = share ? groups13 + HYBRIDS : groups13;
		h->group_count = countof(groups13) - (share ? HYBRIDS : 0);
		if (share) {
			conn_random(s->c, s->private, sizeof(s->private));
			share = tls_share_public(s->private, public);
		}
		h->share = share ? public : NULL;
	} else if (h->groups == NULL) {
		h->groups = curves;
		h->group_count = s->small ? SMALL_CURVES : countof(curves);
	}
	tls_write_hello(&w, h);
	conn_write_span(s->c, wr_span(&w));
	struct answer a = hear(s, h->share != NULL ? span_from(wr_span(&w), TLS_RECORD_HEADER) :
						     span_of(buffer, 0));
	if (a.outcome == SAID_BROKEN)
		note_oddity(s, "tls.answer-malformed");
	if (a.outcome == SAID_HELLO)
		learn(s, h, &a);
	s->alerts |= refuses(&a);
	s->silences += a.outcome == SAID_NOTHING;
	if (a.outcome == SAID_ALERT && !refuses(&a) && a.alert != TLS_ALERT_INAPPROPRIATE_FALLBACK)
		append_new(note_list(s->evidence, "alerts"), json_integer(a.alert));
	return a;
}

/* The common suites that the versions from lowest to version may use. */
static size_t pick_common(uint16_t version, uint16_t lowest, uint16_t *ret)
{
	size_t n = 0;

	for (size_t i = 0; i < countof(common_suites); i++)
		if (may_use(tls_suite_find(common_suites[i]), version, lowest))
			ret[n++] = common_suites[i];
	return n;
}

/* All suites that this version may use and that are not known to be accepted; the common ones
 * first, for servers that read only the beginning of a long list. */
static size_t pick_all(const struct survey *s, uint16_t version, uint16_t *ret)
{
	const uint16_t *accepted = s->suites[version - SSL_3_0];
	bool taken[SUITES_MAX] = { false };
	size_t n = 0;

	for (size_t i = 0; i < s->suite_counts[version - SSL_3_0]; i++)
		taken[tls_suite_find(accepted[i]) - tls_suites] = true;
	for (size_t i = 0; i < countof(common_suites) + tls_suite_count; i++) {
		const struct tls_suite *suite = i < countof(common_suites) ?
							tls_suite_find(common_suites[i]) :
							&tls_suites[i - countof(common_suites)];

		if (taken[suite - tls_suites] || !may_use(suite, version, version))
			continue;
		taken[suite - tls_suites] = true;
		ret[n++] = suite->code;
	}
	return n;
}

static struct answer ask_common(struct survey *s, uint16_t version, uint16_t lowest)
{
	uint16_t suites[SUITES_MAX];
	size_t n = pick_common(version, lowest, suites);
	struct tls_hello h = {
		.version = version,
		.lowest = lowest,
		.suites = suites,
		.suite_count = s->small && n > SMALL ? SMALL : n,
	};

	return ask(s, &h, true);
}

/* What an answer other than a ServerHello says about the versions from lowest to version. */
static void conclude(struct survey *s, const struct answer *a, uint16_t version, uint16_t lowest)
{
	enum state state = refuses(a)			? NOT_OFFERED :
			   a->outcome == SAID_CLOSE ? CLOSED_ON :
						      UNTESTED;

	if (a->outcome == SAID_HELLO || a->outcome == SAID_END)
		return;
	/* Below TLS 1.3 a hello offers its version and all before it (RFC 5246, E.1); ours of TLS 1.3
	 * TLS 1.2 too. */
	if (refuses(a) && a->alert == TLS_ALERT_PROTOCOL_VERSION)
		lowest = version == TLS_1_3 ? TLS_1_2 : SSL_3_0;
	for (uint16_t v = version; v >= lowest; v--)
		if (*state_of(s, v) == UNKNOWN || *state_of(s, v) == UNTESTED)
			settle(s, v, state);
}

/* Is this version accepted? Where the long hello finds no good answer, a small one may. False where
 * the conversation is over. */
static bool test_version(struct survey *s, uint16_t version)
{
	uint16_t suites[SUITES_MAX];
	struct tls_hello h = { .version = version, .lowest = version, .suites = suites };

	h.suite_count = pick_all(s, version, suites);
	struct answer a = s->small ? ask_common(s, version, version) : ask(s, &h, true);
	if (a.outcome != SAID_HELLO && a.outcome != SAID_END && !refuses(&a) && !s->small &&
	    h.suite_count > s->longest) {
		s->small = true;
		a = ask_common(s, version, version);
		s->small = a.outcome == SAID_HELLO;
	}
	conclude(s, &a, version, version);
	return a.outcome != SAID_END;
}

/* ---- the suites of a version ---- */

static void drop_first(uint16_t *list, size_t *n, size_t count)
{
	memmove(list, list + count, (*n - count) * sizeof(*list));
	*n -= count;
}

static void drop_suite(uint16_t *list, size_t *n, uint16_t suite)
{
	for (size_t i = 0; i < *n; i++) {
		if (list[i] == suite) {
			memmove(list + i, list + i + 1, (*n - i - 1) * sizeof(*list));
			(*n)--;
			return;
		}
	}
}

enum enumeration { ENUMERATED, PARTLY, ENUMERATION_OVER };

/* Offers what is left until the server accepts none of it. Where long hellos are not answered, in
 * pieces. */
static enum enumeration enumerate(struct survey *s, uint16_t version)
{
	uint16_t left[SUITES_MAX];
	size_t n = pick_all(s, version, left);
	size_t window = s->small ? SMALL : SUITES_MAX;
	bool share = false, accepted_any = false, hung_up = false, complete = true;

	while (n > 0) {
		size_t offered = n < window ? n : window;
		struct tls_hello h = {
			.version = version,
			.lowest = version,
			.suites = left,
			.suite_count = offered,
		};
		struct answer a = ask(s, &h, share);
		bool is_long = offered > SMALL && offered > s->longest;

		if (a.outcome == SAID_END)
			return ENUMERATION_OVER;
		if (s->silences >= SILENCES_MAX)
			return PARTLY;
		if (a.outcome == SAID_HELLO && a.hello.version == version) {
			drop_suite(left, &n, a.hello.suite);
			accepted_any = true;
			hung_up = false;
			continue;
		}
		if (version == TLS_1_3 && !share && !accepted_any) {
			share = true; /* perhaps it minds the missing share */
			continue;
		}
		if (a.outcome == SAID_HELLO || refuses(&a)) {
			drop_first(left, &n, offered);
		} else if (is_long) {
			window = SMALL;
			s->small = true;
		} else if ((a.outcome == SAID_CLOSE || a.outcome == SAID_RESET) && !hung_up) {
			hung_up = true;
			continue;
		} else if (a.outcome == SAID_CLOSE || a.outcome == SAID_RESET) {
			/* Some refuse so (Windows by a reset); twice is no accident, unless it is
			 * known to refuse by an alert. */
			drop_first(left, &n, offered);
			complete &= !s->alerts;
		} else {
			drop_first(left, &n, offered);
			complete = false;
		}
		hung_up = false;
	}
	return complete ? ENUMERATED : PARTLY;
}

/* ---- single questions ---- */

/* RFC 7507: does a server that could do better refuse a hello that says it fell back? */
static bool ask_fallback(struct survey *s)
{
	uint16_t suites[SUITES_MAX];
	uint16_t version = s->best - 1;

	while (version >= SSL_3_0 && *state_of(s, version) != ACCEPTED)
		version--;
	if (version < SSL_3_0)
		return true;
	size_t n = s->suite_counts[version - SSL_3_0];
	if (n > SUITES_MAX - 1)
		n = SUITES_MAX - 1;
	memcpy(suites, s->suites[version - SSL_3_0], n * sizeof(*suites));
	suites[n] = TLS_FALLBACK_SCSV;
	struct tls_hello h = {
		.version = version,
		.lowest = version,
		.suites = suites,
		.suite_count = n + 1,
	};
	struct answer a = ask(s, &h, true);
	bool refused = a.outcome == SAID_ALERT && a.alert == TLS_ALERT_INAPPROPRIATE_FALLBACK;
	if (refused || a.outcome == SAID_HELLO)
		note_bool(note_object(s->evidence, "extensions"), "fallback-scsv", refused);
	return a.outcome != SAID_END;
}

/* Would it take a curve below 224 bits? The answer's key exchange says. */
static bool ask_weak_curves(struct survey *s)
{
	for (uint16_t v = TLS_1_2; v > SSL_3_0; v--) {
		uint16_t suites[SUITES_MAX];
		size_t n = 0;

		for (size_t i = 0; i < s->suite_counts[v - SSL_3_0]; i++) {
			const struct tls_suite *suite = tls_suite_find(s->suites[v - SSL_3_0][i]);

			if (suite->classes & SUITE_ECDHE)
				suites[n++] = suite->code;
		}
		if (n == 0)
			continue;
		struct tls_hello h = {
			.version = v,
			.lowest = v,
			.suites = suites,
			.suite_count = n,
			.groups = curves + countof(curves) - WEAK_CURVES,
			.group_count = WEAK_CURVES,
		};
		return ask(s, &h, false).outcome != SAID_END;
	}
	return true;
}

static void note_ssl2(struct survey *s, const struct ssl2_server_hello *hello)
{
	struct reader kinds = rd_new(hello->kinds);

	note_version(s, SSL_2_0, hello->kinds.length > 0);
	while (rd_left(&kinds) >= 3) {
		const char *name = ssl2_suite_name(rd_be24(&kinds));

		if (name != NULL)
			list_word(note_list(note_object(s->evidence, "suites"), "SSLv2"), name);
	}
	if (!s->leaf_noted && hello->certificate.length > 0)
		note_certificate(s, hello->certificate, 0);
}

/*
 * SSL 2.0 has no records that a later server could read, so to close or reset is all that one
 * without it can do; both mean that it is not offered.
 */
static bool ask_ssl2(struct survey *s)
{
	enum { SSL2_ERROR = 0 };

	uint8_t buffer[64], challenge[16];
	struct writer w = wr_new(buffer, sizeof(buffer));
	struct ssl2_server_hello hello;

	if (!begin(s))
		return false;
	conn_random(s->c, challenge, sizeof(challenge));
	ssl2_write_hello(&w, challenge);
	conn_write_span(s->c, wr_span(&w));
	struct reader head = rd_new(conn_read(s->c, 2));
	if (!conn_ok(s->c)) {
		if (conn_ending(s->c) == ENDING_CLOSED)
			note_version(s, SSL_2_0, false);
		return conn_ending(s->c) == ENDING_CLOSED || conn_ending(s->c) == ENDING_TIMEOUT;
	}
	uint16_t word = rd_be16(&head);
	if (word >> 8 == TLS_ALERT) {
		note_version(s, SSL_2_0, false);
	} else if (word & 0x8000) {
		struct span body = conn_read(s->c, word & 0x7fff);

		if (ssl2_read_server_hello(body, &hello))
			note_ssl2(s, &hello);
		else if (body.length > 0 && body.at[0] == SSL2_ERROR)
			note_version(s, SSL_2_0, false);
	}
	return true;
}

/* A server of TLS 1.3 alone that took no X25519 share, or a suite that we cannot open. */
static bool finish_handshake(struct survey *s)
{
	if (!begin(s))
		return false;
	if (!conn_start_tls(s->c, NULL))
		return true;
	for (size_t i = 0; i < CHAIN_MAX; i++) {
		struct span der = conn_tls_certificate(s->c, i);

		if (der.length == 0)
			break;
		note_certificate(s, der, i);
	}
	return true;
}

/* ---- the whole ---- */

static const uint16_t ladder[] = { TLS_1_3, TLS_1_2, TLS_1_1, TLS_1_0, SSL_3_0 };

/* A close in place of an answer counts once the server has shown that it speaks TLS. Are all
 * versions settled? */
static bool close_versions(struct survey *s)
{
	bool all = true;

	for (size_t i = 0; i < countof(ladder); i++) {
		enum state *state = state_of(s, ladder[i]);

		if (*state == CLOSED_ON && s->proven)
			settle(s, ladder[i], NOT_OFFERED);
		all &= *state == ACCEPTED || *state == NOT_OFFERED;
	}
	return all;
}

/* The hellos that every depth has. False where there is nothing more to ask. */
static bool greet(struct survey *s, enum ending *ret)
{
	struct answer a = ask_common(s, TLS_1_3, TLS_1_2);

	*ret = conn_ending(s->c);
	if (a.outcome == SAID_OTHER)
		*ret = ENDING_NOT_THIS;
	else if (a.outcome == SAID_BROKEN)
		*ret = ENDING_MALFORMED;
	if (a.outcome == SAID_END || a.outcome == SAID_NOTHING || a.outcome == SAID_OTHER ||
	    a.outcome == SAID_BROKEN)
		return false;
	/* TLS 1.2 has more suites than these: in full depth it is asked alone. */
	conclude(s, &a, TLS_1_3, conn_depth(s->c) == DEPTH_LIMITED ? TLS_1_2 : TLS_1_3);
	/* Not a word: perhaps it is too old for this hello. */
	bool wordless = a.outcome == SAID_CLOSE || a.outcome == SAID_RESET;
	s->small = wordless;
	if (conn_depth(s->c) == DEPTH_FULL && !wordless)
		return true;
	if (s->best != 0 && s->best < TLS_1_2) /* it has answered for these already */
		return true;
	a = ask_common(s, TLS_1_1, SSL_3_0);
	conclude(s, &a, TLS_1_1, conn_depth(s->c) == DEPTH_LIMITED ? SSL_3_0 : TLS_1_1);
	*ret = conn_ending(s->c);
	if (a.outcome == SAID_OTHER)
		*ret = ENDING_NOT_THIS;
	return a.outcome != SAID_END && s->proven;
}

/* A version that nobody asked for. */
static bool has_unknown(struct survey *s)
{
	bool any = false;

	for (size_t i = 0; i < countof(ladder); i++)
		any |= *state_of(s, ladder[i]) == UNKNOWN;
	return any;
}

static enum ending survey_limited(struct survey *s)
{
	enum ending e;

	if (!greet(s, &e) && s->best == 0)
		return e;
	if (close_versions(s))
		conn_gathered(s->c, "versions");
	else if (has_unknown(s))
		conn_limited(s->c, "versions");
	if (s->leaf_noted)
		conn_gathered(s->c, "certificate");
	else if (s->best != 0)
		conn_limited(s->c, "certificate");
	if (s->best != 0) {
		conn_limited(s->c, "suites");
		conn_limited(s->c, "kex");
	}
	e = conn_ending(s->c);
	return e == ENDING_DISTRESS || e == ENDING_STOPPED || e == ENDING_LIMIT ? e : ENDING_DONE;
}

/* Each step gives false where the conversation is over. */
static bool ask_everything(struct survey *s, bool *ret_suites)
{
	bool complete = true;

	for (size_t i = 1; i < countof(ladder) && s->silences < SILENCES_MAX; i++)
		if (*state_of(s, ladder[i]) == UNKNOWN && !test_version(s, ladder[i]))
			return false;
	if (s->silences < SILENCES_MAX && !ask_ssl2(s))
		return false;
	s->silences = 0; /* what is accepted is still worth a look */
	if (s->best > SSL_3_0 && !ask_fallback(s))
		return false;
	for (size_t i = 0; i < countof(ladder); i++) {
		if (*state_of(s, ladder[i]) != ACCEPTED)
			continue;
		enum enumeration e = enumerate(s, ladder[i]);
		if (e == ENUMERATION_OVER)
			return false;
		complete &= e == ENUMERATED;
	}
	*ret_suites = complete;
	if (!ask_weak_curves(s))
		return false;
	return s->leaf_noted || s->best != TLS_1_3 || finish_handshake(s);
}

static enum ending survey_full(struct survey *s)
{
	enum ending e;
	bool suites = false;

	if (!greet(s, &e))
		return e;
	bool all = ask_everything(s, &suites);
	e = all ? ENDING_DONE : conn_ending(s->c);
	bool versions = close_versions(s);
	if (versions)
		conn_gathered(s->c, "versions");
	suites &= versions || s->best != 0;
	if (suites)
		conn_gathered(s->c, "suites");
	if (suites && !s->kex_unread)
		conn_gathered(s->c, "kex");
	if (s->leaf_noted)
		conn_gathered(s->c, "certificate");
	if (e == ENDING_LIMIT && !suites) { /* more suites than a conversation may ask for */
		conn_limited(s->c, "suites");
		conn_limited(s->c, "kex");
		e = ENDING_DONE;
	}
	return e;
}

enum ending tls_survey(struct conn *c, json_t *evidence, bool (*prelude)(struct conn *c))
{
	struct survey *s = calloc(1, sizeof(*s));
	enum ending e = ENDING_LIMIT;

	if (s == NULL)
		return e;
	s->c = c;
	s->evidence = evidence;
	s->prelude = prelude;
	s->flight = malloc(FLIGHT_MAX);
	if (s->flight != NULL)
		e = conn_depth(c) == DEPTH_FULL ? survey_full(s) : survey_limited(s);
	free(s->flight);
	free(s);
	return e;
}

static enum ending tls_run(struct conn *c, json_t *evidence)
{
	return tls_survey(c, evidence, NULL);
}

static const char tls_view[] =
	"CREATE TEMP VIEW tls AS SELECT address, port, evidence->>'$.best' AS best"
	" FROM document WHERE probe = 'tls' AND evidence <> '{}';"
	"CREATE TEMP VIEW tls_version AS SELECT address, port, v.key AS version, v.value AS accepted"
	" FROM document, json_each(evidence, '$.versions') AS v WHERE probe = 'tls';"
	"CREATE TEMP VIEW tls_suite AS SELECT address, port, v.key AS version, s.value AS suite"
	" FROM document, json_each(evidence, '$.suites') AS v, json_each(v.value) AS s"
	" WHERE probe = 'tls';"
	"CREATE TEMP VIEW tls_kex AS SELECT address, port, k.value->>'$.kind' AS kind,"
	" k.value->>'$.bits' AS bits, k.value->>'$.group' AS group_name"
	" FROM document, json_each(evidence, '$.kex') AS k WHERE probe = 'tls';"
	"CREATE TEMP VIEW tls_certificate AS SELECT address, port, c.value->>'$.position' AS position,"
	" c.value->>'$.subject' AS subject, c.value->>'$.issuer' AS issuer,"
	" c.value->>'$.serial' AS serial, c.value->>'$.not_before' AS not_before,"
	" c.value->>'$.not_after' AS not_after, c.value->>'$.key_type' AS key_type,"
	" c.value->>'$.key_bits' AS key_bits, c.value->>'$.signature' AS signature,"
	" c.value->>'$.self_signed' AS self_signed, c.value->>'$.sha256' AS sha256,"
	" c.value->>'$.spki_sha256' AS spki_sha256, c.value->>'$.names' AS names"
	" FROM document, json_each(evidence, '$.certificates') AS c WHERE probe = 'tls';"
	"CREATE TEMP VIEW tls_extension AS SELECT address, port, e.key AS name, e.value AS value"
	" FROM document, json_each(evidence, '$.extensions') AS e WHERE probe = 'tls';";

const struct probe probe_tls = {
	.name = "tls",
	/* HTTPS and its like, mail, LDAP, DNS, FTP, telnet, IRC, SIP, AMQP, MQTT, WinRM over TLS; Modbus
	 * Security 802, Niagara Fox 4911. RDP (3389) negotiates in a protocol of its own first. */
	.ports = "443,465,563,636,802,853,989,990,992,993,995,2376,3269,4843,4911,5061,5671,5986,6443,"
		 "6697,8443,8883,9443,10443",
	.risk = RISK_READ,
	.connections = { 2, 192 },
	.sent = { 2048, 192 * 1024 },
	.received = { 128 * 1024, 2 * 1024 * 1024 },
	.ot = true,
	.hello_order = 1,
	.run = tls_run,
	.view = tls_view,
};
