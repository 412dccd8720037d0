/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS: what a server would agree to.
 *
 * Learnt: which of SSL 2.0 to TLS 1.3 are accepted, the cipher suites of each, key exchange
 * parameters, compression, secure renegotiation, protection against fallback, the certificates.
 *
 * Specifications: RFC 6101 (SSL 3.0), 2246, 4346, 5246, 8446 (TLS 1.0 to 1.3), 5746
 * (renegotiation), 7507 (fallback), 8422 (curves), the SSL 2.0 draft.
 *
 * Sent: one ClientHello per connection, nothing after it; the answer is read and the connection
 * closed, so no handshake is finished and no session is left. Every server of the protocol must be
 * ready for a client that leaves here. The hellos, by codec/tls_records.c:
 *   1. modern: TLS 1.3 and 1.2, the suites that servers commonly have, an X25519 share
 *   2. one version: all suites of the registry that it may use and that were not accepted yet;
 *      repeated until the server accepts none (TLS 1.3 without a share, so that a server answers
 *      by a retry request and need not sign)
 *   3. SSL 2.0's own CLIENT-HELLO
 *   4. a lower version with the fallback signal
 *   5. what tls_more.c says
 * One more connection finishes a handshake through OpenSSL, where no certificate came otherwise.
 *
 * In limited depth two connections: the modern hello, and one for TLS 1.1 and below.
 *
 * Where TLS begins inside another protocol, each connection is first taken to that point:
 * starttls.c says by what.
 *
 * "Not offered" is an alert that says so, another version in the ServerHello, or a close in place
 * of an answer. Silence, a reset or any other answer is "could not test": no version is claimed
 * from it.
 */
#include "tls.h"

#include <stdlib.h>

#include "probe.h"
#include "tls_survey.h"

#include "codec/evidence.h"
#include "codec/tls_suites.h"

enum { SILENCES_MAX = 2 }; /* unanswered hellos before a question is given up */

/* What an answer other than a ServerHello says about the versions from lowest to version. */
static void conclude(struct survey *s, const struct answer *a, uint16_t version, uint16_t lowest)
{
	/* OpenSSL says "internal error" where its security level leaves nothing for an old version. Of a
	 * server that accepts no version it may be its state. */
	bool hung_up =
		a->outcome == SAID_CLOSE ||
		(a->outcome == SAID_ALERT && a->alert == TLS_ALERT_INTERNAL_ERROR && s->best != 0);
	enum state state = answer_refuses(a) ? NOT_OFFERED : hung_up ? CLOSED_ON : UNTESTED;

	if (a->outcome == SAID_HELLO || a->outcome == SAID_END)
		return;
	/* Our hello of TLS 1.3 names TLS 1.2 too, and no other. Below, a hello offers its version and all
	 * before it (RFC 5246, E.1), but a server with a hole among its versions (GnuTLS with 1.0 and 1.2)
	 * refuses there what it has below: where there is time, each is asked. */
	if (answer_refuses(a) && a->alert == TLS_ALERT_PROTOCOL_VERSION) {
		if (version == TLS_1_3)
			lowest = TLS_1_2;
		else if (conn_depth(s->c) == DEPTH_LIMITED)
			lowest = SSL_3_0;
	}
	for (uint16_t v = version; v >= lowest; v--)
		if (*survey_state(s, v) == UNKNOWN || *survey_state(s, v) == UNTESTED)
			survey_settle(s, v, state);
}

/* Is this version accepted? Where the long hello finds no good answer, a small one may. False where
 * the conversation is over. */
static bool test_version(struct survey *s, uint16_t version)
{
	uint16_t suites[SUITES_MAX];
	struct tls_hello h = { .version = version, .lowest = version, .suites = suites };

	h.suite_count = survey_pick_all(s, version, suites);
	struct answer a =
		s->small ? survey_ask_common(s, version, version) : survey_ask(s, &h, true);
	if (a.outcome != SAID_HELLO && a.outcome != SAID_END && !answer_refuses(&a) && !s->small &&
	    h.suite_count > s->longest) {
		s->small = true;
		a = survey_ask_common(s, version, version);
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
	size_t n = survey_pick_all(s, version, left);
	size_t window = s->small ? SMALL : SUITES_MAX;
	s->pieced[version - SSL_3_0] = s->small;
	bool share = false, accepted_any = false, hung_up = false, complete = true;

	while (n > 0) {
		size_t offered = n < window ? n : window;
		struct tls_hello h = {
			.version = version,
			.lowest = version,
			.suites = left,
			.suite_count = offered,
		};
		struct answer a = survey_ask(s, &h, share);
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
		if (a.outcome == SAID_HELLO || answer_refuses(&a)) {
			drop_first(left, &n, offered);
		} else if (is_long) {
			window = SMALL;
			s->small = true;
			s->pieced[version - SSL_3_0] = true;
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

	while (version >= SSL_3_0 && *survey_state(s, version) != ACCEPTED)
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
	struct answer a = survey_ask(s, &h, true);
	bool refused = a.outcome == SAID_ALERT && a.alert == TLS_ALERT_INAPPROPRIATE_FALLBACK;
	if (refused || a.outcome == SAID_HELLO)
		note_bool(note_object(s->evidence, "extensions"), "fallback-scsv", refused);
	return a.outcome != SAID_END;
}

static void note_ssl2(struct survey *s, const struct ssl2_server_hello *hello)
{
	struct reader kinds = rd_new(hello->kinds);

	survey_note_version(s, SSL_2_0, hello->kinds.length > 0);
	while (rd_left(&kinds) >= 3) {
		const char *name = ssl2_suite_name(rd_be24(&kinds));

		if (name != NULL)
			list_word(note_list(note_object(s->evidence, "suites"), "SSLv2"), name);
	}
	if (!s->leaf_noted && hello->certificate.length > 0)
		survey_note_certificate(s, hello->certificate, 0);
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

	if (!survey_begin(s))
		return false;
	conn_random(s->c, challenge, sizeof(challenge));
	ssl2_write_hello(&w, challenge);
	conn_write_span(s->c, wr_span(&w));
	struct reader head = rd_new(conn_read(s->c, 2));
	if (!conn_ok(s->c)) {
		if (conn_ending(s->c) == ENDING_CLOSED)
			survey_note_version(s, SSL_2_0, false);
		return conn_ending(s->c) == ENDING_CLOSED || conn_ending(s->c) == ENDING_TIMEOUT;
	}
	uint16_t word = rd_be16(&head);
	if (word >> 8 == TLS_ALERT) {
		survey_note_version(s, SSL_2_0, false);
	} else if (word & 0x8000) {
		struct span body = conn_read(s->c, word & 0x7fff);

		if (ssl2_read_server_hello(body, &hello))
			note_ssl2(s, &hello);
		else if (body.length > 0 && body.at[0] == SSL2_ERROR)
			survey_note_version(s, SSL_2_0, false);
	}
	return true;
}

/* A server of TLS 1.3 alone that took no X25519 share, or a suite that we cannot open. */
static bool finish_handshake(struct survey *s)
{
	if (!survey_begin(s))
		return false;
	if (!conn_start_tls(s->c, NULL))
		return true;
	struct span chain[CHAIN_MAX];
	size_t n = 0;
	while (n < CHAIN_MAX && (chain[n] = conn_tls_certificate(s->c, n)).length > 0)
		n++;
	survey_note_chain(s, chain, n);
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
		enum state *state = survey_state(s, ladder[i]);

		if (*state == CLOSED_ON && s->proven)
			survey_settle(s, ladder[i], NOT_OFFERED);
		all &= *state == ACCEPTED || *state == NOT_OFFERED;
	}
	return all;
}

/* Something answers that is no TLS. A server that had said that TLS may begin does not do as it said. */
static enum ending not_tls(struct survey *s)
{
	return s->starttls != NULL ? conn_oddity(s->c, "tls.starttls-broken") : ENDING_NOT_THIS;
}

/* The hellos that every depth has. False where there is nothing more to ask. */
static bool greet(struct survey *s, enum ending *ret)
{
	struct answer a = survey_ask_common(s, TLS_1_3, TLS_1_2);

	*ret = conn_ending(s->c);
	if (a.outcome == SAID_OTHER)
		*ret = not_tls(s);
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
	a = survey_ask_common(s, TLS_1_1, SSL_3_0);
	conclude(s, &a, TLS_1_1, conn_depth(s->c) == DEPTH_LIMITED ? SSL_3_0 : TLS_1_1);
	*ret = conn_ending(s->c);
	if (a.outcome == SAID_OTHER)
		*ret = not_tls(s);
	return a.outcome != SAID_END && s->proven;
}

/* A version that nobody asked for. */
static bool has_unknown(struct survey *s)
{
	bool any = false;

	for (size_t i = 0; i < countof(ladder); i++)
		any |= *survey_state(s, ladder[i]) == UNKNOWN;
	return any;
}

const char *const tls_facets[] = { "versions",   "certificate",   "trust",      "suites",
				   "kex",        "groups",        "signatures", "preference",
				   "extensions", "renegotiation", NULL };

/* All that follows from the suites. */
static void limit_rest(struct survey *s)
{
	for (size_t i = 3; tls_facets[i] != NULL; i++)
		conn_limited(s->c, tls_facets[i]);
}

static void limit_certificate(struct survey *s)
{
	conn_limited(s->c, "certificate");
	conn_limited(s->c, "trust");
}

static void gather_certificate(struct survey *s)
{
	conn_gathered(s->c, "certificate");
	if (s->trust_judged)
		conn_gathered(s->c, "trust");
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
		gather_certificate(s);
	else if (s->best != 0)
		limit_certificate(s);
	if (s->best != 0)
		limit_rest(s);
	e = conn_ending(s->c);
	return e == ENDING_DISTRESS || e == ENDING_STOPPED || e == ENDING_LIMIT ? e : ENDING_DONE;
}

/* Each step gives false where the conversation is over. */
static bool ask_everything(struct survey *s, bool *ret_suites)
{
	bool complete = true;

	for (size_t i = 1; i < countof(ladder) && s->silences < SILENCES_MAX; i++)
		if (*survey_state(s, ladder[i]) == UNKNOWN && !test_version(s, ladder[i]))
			return false;
	if (s->starttls != NULL && s->starttls->few)
		return true;
	if (s->silences < SILENCES_MAX && !ask_ssl2(s))
		return false;
	s->silences = 0; /* what is accepted is still worth a look */
	if (s->best > SSL_3_0 && !ask_fallback(s))
		return false;
	for (size_t i = 0; i < countof(ladder); i++) {
		if (*survey_state(s, ladder[i]) != ACCEPTED)
			continue;
		enum enumeration e = enumerate(s, ladder[i]);
		if (e == ENUMERATION_OVER)
			return false;
		complete &= e == ENUMERATED;
	}
	*ret_suites = complete;
	if (!s->leaf_noted && s->best == TLS_1_3 && !finish_handshake(s))
		return false;
	return survey_ask_more(s);
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
	bool few = s->starttls != NULL && s->starttls->few;
	suites &= (versions || s->best != 0) && !few;
	if (few)
		limit_rest(s);
	if (suites)
		conn_gathered(s->c, "suites");
	if (suites && !s->kex_unread)
		conn_gathered(s->c, "kex");
	if (s->leaf_noted)
		gather_certificate(s);
	if (e == ENDING_LIMIT && !suites) { /* more suites than a conversation may ask for */
		conn_limited(s->c, "suites");
		conn_limited(s->c, "kex");
		e = ENDING_DONE;
	}
	return e;
}

/* The first connection ended before TLS began: what that says. identify.c reads "starttls" as "the
 * protocol is spoken". */
static enum ending not_begun(struct survey *s, enum ending e)
{
	if (s->lead == STARTTLS_OTHER && s->starttls->ports != NULL)
		return e == ENDING_CLOSED || conn_received(s->c) > 0 ? ENDING_NOT_THIS : e;
	note_word(s->evidence, "starttls", s->starttls->name);
	if (s->lead == STARTTLS_ABSENT && s->starttls->ports != NULL)
		return ENDING_NOT_THIS;
	/* Its own probe was told that TLS is offered, or nobody knows. */
	survey_note_oddity(s, "tls.starttls-refused");
	return e;
}

static enum ending tls_run(struct conn *c, json_t *evidence)
{
	struct survey *s = calloc(1, sizeof(*s));
	enum ending e = ENDING_LIMIT;

	if (s == NULL)
		return e;
	s->c = c;
	s->evidence = evidence;
	s->starttls = starttls_find(conn_starttls(c));
	s->flight = malloc(FLIGHT_MAX);
	if (s->flight != NULL)
		e = conn_depth(c) == DEPTH_FULL ? survey_full(s) : survey_limited(s);
	if (s->starttls != NULL && !s->led)
		e = not_begun(s, e);
	tls_key_free(&s->key);
	free(s->flight);
	free(s);
	return e;
}

static const char tls_view[] =
	"CREATE TEMP VIEW tls AS SELECT address, port, evidence->>'$.best' AS best,"
	" evidence->>'$.starttls' AS starttls, evidence->>'$.gathered' AS gathered"
	" FROM document WHERE probe = 'tls' AND evidence->'$.versions' IS NOT NULL;"
	"CREATE TEMP VIEW tls_version AS SELECT address, port, v.key AS version, v.value AS "
	"accepted"
	" FROM document, json_each(json_member(evidence, 'versions')) AS v WHERE probe = 'tls';"
	"CREATE TEMP VIEW tls_suite AS SELECT address, port, v.key AS version, s.value AS suite,"
	" s.key AS position"
	" FROM document, json_each(json_member(evidence, 'suites')) AS v, json_each(v.value) AS s"
	" WHERE probe = 'tls';"
	"CREATE TEMP VIEW tls_kex AS SELECT address, port, k.value->>'$.kind' AS kind,"
	" k.value->>'$.bits' AS bits, k.value->>'$.group' AS group_name"
	" FROM document, json_each(json_member(evidence, 'kex')) AS k WHERE probe = 'tls';"
	"CREATE TEMP VIEW tls_certificate AS SELECT address, port, c.value->>'$.position' AS "
	"position,"
	" c.value->>'$.subject' AS subject, c.value->>'$.issuer' AS issuer,"
	" c.value->>'$.serial' AS serial, c.value->>'$.not_before' AS not_before,"
	" c.value->>'$.not_after' AS not_after, c.value->>'$.key_type' AS key_type,"
	" c.value->>'$.key_bits' AS key_bits, c.value->>'$.signature' AS signature,"
	" c.value->>'$.self_signed' AS self_signed, c.value->>'$.sha256' AS sha256,"
	" c.value->>'$.spki_sha256' AS spki_sha256, c.value->>'$.names' AS names,"
	" c.value->>'$.trusted' AS trusted, c.value->>'$.trust_store' AS trust_store,"
	" c.value->>'$.untrusted' AS untrusted"
	" FROM document, json_each(json_member(evidence, 'certificates')) AS c WHERE probe = 'tls';"
	"CREATE TEMP VIEW tls_extension AS SELECT address, port, e.key AS name, e.value AS value"
	" FROM document, json_each(json_member(evidence, 'extensions')) AS e WHERE probe = 'tls';"
	"CREATE TEMP VIEW tls_group AS SELECT address, port, v.key AS version, g.value AS "
	"group_name"
	" FROM document, json_each(json_member(evidence, 'groups')) AS v, json_each(v.value) AS g"
	" WHERE probe = 'tls';"
	"CREATE TEMP VIEW tls_signature AS SELECT address, port, v.key AS version,"
	" g.value AS signature"
	" FROM document, json_each(json_member(evidence, 'signatures')) AS v, json_each(v.value) "
	"AS g"
	" WHERE probe = 'tls';"
	"CREATE TEMP VIEW tls_preference AS SELECT address, port, v.key AS version,"
	" v.value AS preference"
	" FROM document, json_each(json_member(evidence, 'preference')) AS v WHERE probe = 'tls';"
	"CREATE TEMP VIEW tls_alpn AS SELECT address, port, p.value AS protocol"
	" FROM document, json_each(json_member(evidence, 'alpn')) AS p WHERE probe = 'tls';"
	"CREATE TEMP VIEW tls_server_name AS SELECT address, port,"
	" evidence->>'$.server_name.asked' AS asked,"
	" evidence->>'$.server_name.same_certificate' AS same_certificate"
	" FROM document WHERE probe = 'tls' AND evidence->'$.server_name' IS NOT NULL;";

const struct probe probe_tls = {
	.name = "tls",
	/* HTTPS and its like, mail, LDAP, DNS, FTP, telnet, IRC, SIP, AMQP, MQTT, WinRM over TLS;
	 * Modbus Security 802, Niagara Fox 4911. RDP (3389) negotiates in its own protocol first. */
	.ports = "443,465,563,636,802,853,989,990,992,993,995,2376,3269,4843,4911,5061,5671,5986,"
		 "6514,"
		 "6443,"
		 "6697,8443,8883,9443,10443",
	.risk = RISK_READ,
	.connections = { 2, 256 },
	.sent = { 2048, 384 * 1024 },
	.received = { 128 * 1024, 3 * 1024 * 1024 },
	.ot = true,
	.hello_order = 1,
	.run = tls_run,
	.view = tls_view,
};
