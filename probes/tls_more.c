/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tls probe, once versions and suites are known: whose order counts, what else a server says
 * when it is asked for it, groups, signatures, application protocols, names, renegotiation.
 *
 * Specifications: RFC 7301 (ALPN), 6066 (server name, OCSP), 6520 (heartbeat), 5077 (tickets), 8446
 * 4.2.3, 4.2.7 (signature algorithms, groups), 5746 (renegotiation).
 *
 * Sent: hellos like those of tls.c, nothing after them, with
 *   1. the suites that a version accepts, in reverse, and once as they were found where the first of
 *      them was not chosen among all; the first of each version also asks for an OCSP answer,
 *      heartbeats (of which none is sent) and a ticket
 *   2. names of application protocols, until the server chooses none
 *   3. the first host name that the certificate has
 *   4. groups, then signature algorithms, that were not seen yet, until the server takes none
 * and one whole handshake by OpenSSL, of TLS 1.2 or below, in which one further handshake is asked
 * for. RFC 5246 7.4.1.1 lets a client ask that at any time and a server refuse it; it costs the
 * server the work of one connection and is never repeated. A server that is brought down by it would
 * be so by any client of a few years ago, of which each did this to show a certificate.
 */
#include "tls_survey.h"

#include "codec/evidence.h"
#include "codec/tls_suites.h"

enum {
	PROTOCOLS_MAX = 8, /* hellos with application protocols */
	EACH_MAX = 48,     /* hellos with groups, and with signatures */
};

/* Each of them is HTTP's, or the word of a service that we know; none changes what a server does
 * before data comes ("acme-tls/1" would). */
static const char *const protocols[] = {
	"h2",      "http/1.1",    "http/1.0",    "http/0.9", "spdy/3.1", "spdy/3",
	"imap",    "pop3",        "ftp",         "mqtt",     "dot",      "postgresql",
	"tds/8.0", "xmpp-client", "xmpp-server", "ntske/1",  "smb",      "sip/2",
};

static size_t suites_of(const struct survey *s, uint16_t version, const uint16_t **ret)
{
	*ret = s->suites[version - SSL_3_0];
	return s->suite_counts[version - SSL_3_0];
}

static bool accepts(struct survey *s, uint16_t version)
{
	return *survey_state(s, version) == ACCEPTED && s->suite_counts[version - SSL_3_0] > 0;
}

/* The best version below TLS 1.3; 0: none. */
static uint16_t best_old(struct survey *s)
{
	uint16_t v = TLS_1_2;

	while (v >= SSL_3_0 && !accepts(s, v))
		v--;
	return v >= SSL_3_0 ? v : 0;
}

static struct answer ask_suites(struct survey *s, uint16_t version, const uint16_t *suites,
				size_t n)
{
	struct tls_hello h = {
		.version = version,
		.lowest = version,
		.suites = suites,
		.suite_count = n,
	};

	return survey_ask(s, &h, true);
}

/* ---- what it says when asked for more ---- */

static void note_protocol(struct survey *s, struct span chosen)
{
	if (chosen.length > 0)
		list_text(note_list(s->evidence, "alpn"), chosen);
}

static void note_extras(struct survey *s, const struct answer *a)
{
	if (a->hello.version == SSL_3_0) /* which was not asked */
		return;
	if (a->hello.version < TLS_1_3) {
		survey_note_extension(s, "session-ticket", a->hello.session_ticket);
		survey_note_extension(s, "heartbeat", a->hello.heartbeat);
	}
	if (a->whole && a->leaf_seen)
		survey_note_extension(s, "ocsp-stapling", a->hello.ocsp);
}

/* The suites of a version in reverse, with everything that can be asked for beside them. Where that
 * is too much for the server, once more without. */
static struct answer ask_reverse(struct survey *s, uint16_t version, bool *ret_asked)
{
	const uint16_t *accepted;
	uint16_t suites[SUITES_MAX];
	size_t n = suites_of(s, version, &accepted);

	for (size_t i = 0; i < n; i++)
		suites[i] = accepted[n - 1 - i];
	struct tls_hello h = {
		.version = version,
		.lowest = version,
		.suites = suites,
		.suite_count = n,
		.extras = version > SSL_3_0,
		.protocols = protocols,
		.protocol_count = version == s->best && version > SSL_3_0 ? countof(protocols) : 0,
	};
	struct answer a = survey_ask(s, &h, true);
	bool no_protocol = a.outcome == SAID_ALERT && a.alert == TLS_ALERT_NO_APPLICATION_PROTOCOL;
	*ret_asked = a.outcome == SAID_HELLO || no_protocol;
	if (a.outcome == SAID_HELLO) {
		note_protocol(s, a.hello.protocol);
		note_extras(s, &a);
	}
	if (a.outcome == SAID_HELLO || a.outcome == SAID_END || !h.extras)
		return a;
	a = ask_suites(s, version, suites, n);
	if (a.outcome == SAID_HELLO && !no_protocol)
		survey_note_oddity(s, "tls.extension-intolerant");
	return a;
}

/* ---- whose order counts ---- */

static void note_preference(struct survey *s, uint16_t version, const char *whose)
{
	note_word(note_object(s->evidence, "preference"), tls_version_name(version), whose);
}

/*
 * The first suite of a version was found by a hello that did not offer all of them, the others by
 * hellos that offered all that was left: the server's order but for the place of the first. Where it
 * stands is found by halves.
 */
static bool place_first(struct survey *s, uint16_t version)
{
	uint16_t *suites = s->suites[version - SSL_3_0], first = suites[0];
	size_t before = 1, behind = s->suite_counts[version - SSL_3_0];

	while (behind - before > 1) { /* suites[before] is preferred to it, suites[behind] is not */
		size_t middle = before + (behind - before) / 2;
		const uint16_t two[] = { first, suites[middle] };
		struct answer a = ask_suites(s, version, two, countof(two));

		if (a.outcome != SAID_HELLO)
			return a.outcome != SAID_END;
		if (a.hello.suite == first)
			behind = middle;
		else
			before = middle;
	}
	memmove(suites, suites + 1, before * sizeof(*suites));
	suites[before] = first;
	survey_note_order(s, version);
	return true;
}

static bool is_among(uint16_t code, const uint16_t *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (list[i] == code)
			return true;
	return false;
}

/* Were all suites of this version on offer when the first was found? Then that was a choice among them in
 * the order in which they were found later. */
static bool chose_among_all(const struct survey *s, uint16_t version)
{
	const uint16_t *offer = s->first_offers[version - SSL_3_0], *suites;
	size_t n = suites_of(s, version, &suites);

	for (size_t i = 0; i < n; i++)
		if (!is_among(suites[i], offer, s->first_offer_counts[version - SSL_3_0]))
			return false;
	return true;
}

/* Sets *ret_known where it is known now whose order counts. False where the conversation is over. */
static bool ask_preference(struct survey *s, uint16_t version, bool *ret_known, bool *ret_extras)
{
	const uint16_t *suites;
	size_t n = suites_of(s, version, &suites);
	bool asked = false;
	struct answer a = ask_reverse(s, version, &asked);

	*ret_extras |= asked;
	if (a.outcome == SAID_END)
		return false;
	*ret_known = n == 1;
	if (n == 1 || a.outcome != SAID_HELLO || s->pieced[version - SSL_3_0])
		return true;
	*ret_known = true;
	if (a.hello.suite == suites[0]) {
		note_preference(s, version, "server");
		return true;
	}
	if (chose_among_all(s, version)) {
		note_preference(s, version, a.hello.suite == suites[n - 1] ? "client" : "mixed");
		return true;
	}
	struct answer b = ask_suites(s, version, suites, n);
	if (b.outcome != SAID_HELLO) {
		*ret_known = false;
		return b.outcome != SAID_END;
	}
	if (b.hello.suite == a.hello.suite && b.hello.suite == suites[1]) {
		note_preference(s, version, "server");
		return place_first(s, version);
	}
	note_preference(s, version,
			b.hello.suite == suites[0] && a.hello.suite == suites[n - 1] ? "client"
										     : "mixed");
	return true;
}

static bool ask_preferences(struct survey *s)
{
	bool all = true, extras = false;

	for (uint16_t v = TLS_1_3; v >= SSL_3_0; v--) {
		bool known = false;

		if (!accepts(s, v) ||
		    (s->suite_counts[v - SSL_3_0] == 1 && v != s->best && v != best_old(s)))
			continue;
		if (!ask_preference(s, v, &known, &extras))
			return false;
		all &= known;
	}
	if (all)
		conn_gathered(s->c, "preference");
	if (extras)
		conn_gathered(s->c, "extensions");
	return true;
}

/* ---- groups and signatures ---- */

/* Suites of a version that bring a group, or a signature, to light. */
static size_t pick_suites(const struct survey *s, uint16_t version, bool groups, uint16_t *ret)
{
	const uint16_t *accepted;
	size_t count = suites_of(s, version, &accepted), n = 0;

	for (size_t i = 0; i < count; i++) {
		uint32_t classes = tls_suite_find(accepted[i])->classes;
		bool signs = (classes & (SUITE_ECDHE | SUITE_DHE)) != 0 &&
			     (classes & (SUITE_ANON | SUITE_PSK)) == 0;

		if (version == TLS_1_3 || (groups ? (classes & SUITE_ECDHE) != 0 : signs))
			ret[n++] = accepted[i];
	}
	return n;
}

/* Puts this code first, where it is among them. */
static bool first_is(uint16_t *list, size_t n, uint16_t code)
{
	for (size_t i = 0; i < n; i++) {
		if (list[i] != code)
			continue;
		memmove(list + 1, list, i * sizeof(*list));
		list[0] = code;
		return true;
	}
	return false;
}

/* Offers what was not seen yet until the server takes none of it. In TLS 1.3 the first hello about groups
 * has a share of P-256: where that is not what the server would have liked best, it may name all that it
 * takes (RFC 8446, 4.2.7; OpenSSL does), and need not be asked for each. False where the conversation is
 * over; *ret_all: that end was reached. */
static bool ask_each(struct survey *s, uint16_t version, bool groups, bool *ret_all)
{
	uint16_t suites[SUITES_MAX], left[KNOWN_MAX];
	size_t suite_count = pick_suites(s, version, groups, suites);

	*ret_all = true;
	for (size_t i = 0; suite_count > 0 && i < EACH_MAX; i++) {
		size_t n = survey_left(s, groups, version == TLS_1_3, left);
		struct tls_hello h = {
			.version = version,
			.lowest = version,
			.suites = suites,
			.suite_count = suite_count,
		};

		if (n == 0)
			return true;
		if (groups) {
			h.groups = left;
			h.group_count = n;
			if (i == 0 && version == TLS_1_3 && first_is(left, n, TLS_GROUP_P256))
				h.share_group = TLS_GROUP_P256;
		} else {
			h.schemes = left;
			h.scheme_count = n;
			h.narrowed = true;
		}
		struct answer a = survey_ask(s, &h, !groups || h.share_group != 0);
		if (a.outcome == SAID_END)
			return false;
		/* Perhaps it minds the share. */
		if (groups && h.share_group != 0 && a.outcome != SAID_HELLO && !answer_refuses(&a))
			continue;
		/* The same with more to choose from was answered: whatever the alert is (Java's is
		 * unexpected_message), it is about what is offered now. */
		if (a.outcome == SAID_ALERT && a.alert != TLS_ALERT_INTERNAL_ERROR)
			return true;
		if (a.outcome == SAID_CLOSE || a.outcome == SAID_RESET) {
			*ret_all = !s->alerts;
			return true;
		}
		uint16_t seen = groups ? a.group : a.scheme;
		if (a.outcome == SAID_HELLO && seen == 0 && a.alert != 0) /* found out late */
			return true;
		if (a.outcome != SAID_HELLO || seen == 0) {
			*ret_all = false;
			return true;
		}
		if (!is_among(seen, left, n)) { /* it takes no notice of what is offered */
			survey_note_oddity(s, groups ? "tls.group-not-offered"
						     : "tls.signature-not-offered");
			return true;
		}
	}
	return true;
}

static bool ask_groups_and_signatures(struct survey *s)
{
	uint16_t old = best_old(s);

	for (int groups = 1; groups >= 0; groups--) {
		/* Below TLS 1.2 nobody chooses a signature; SSL 3.0 has no curves. */
		const bool asked[] = { accepts(s, TLS_1_3), old >= (groups ? TLS_1_0 : TLS_1_2) };
		bool all = true;

		for (size_t i = 0; i < countof(asked); i++) {
			uint16_t version = i == 0 ? TLS_1_3 : old;
			bool part = true;
			bool goes_on = !asked[i] || ask_each(s, version, groups, &part);

			if (asked[i])
				survey_note_known(s, version, groups);
			if (!goes_on)
				return false;
			all &= part;
		}
		if (all)
			conn_gathered(s->c, groups ? "groups" : "signatures");
	}
	return true;
}

/* ---- application protocols, names ---- */

static struct answer ask_best(struct survey *s, struct tls_hello *h)
{
	const uint16_t *suites;

	h->version = h->lowest = s->best;
	h->suite_count = suites_of(s, s->best, &suites);
	h->suites = suites;
	return survey_ask(s, h, true);
}

/* A first one was chosen: which others would be? */
static bool ask_protocols(struct survey *s)
{
	const json_t *chosen = json_object_get(s->evidence, "alpn");

	for (size_t i = 0; i < PROTOCOLS_MAX && json_array_size(chosen) == i + 1; i++) {
		const char *left[countof(protocols)];
		struct tls_hello h = { .protocols = left };

		for (size_t k = 0; k < countof(protocols); k++) {
			bool known = false;

			for (size_t m = 0; m < json_array_size(chosen); m++)
				known |= strcmp(json_string_value(json_array_get(chosen, m)),
						protocols[k]) == 0;
			if (!known)
				left[h.protocol_count++] = protocols[k];
		}
		if (h.protocol_count == 0 || h.protocol_count + i + 1 != countof(protocols))
			break; /* nothing left, or it chose what was not offered */
		struct answer a = ask_best(s, &h);
		if (a.outcome == SAID_END)
			return false;
		if (a.outcome == SAID_HELLO)
			note_protocol(s, a.hello.protocol);
	}
	return true;
}

static bool ask_name(struct survey *s)
{
	struct tls_hello h = { .server_name = s->name };

	if (s->name[0] == '\0' || s->best < TLS_1_0)
		return true;
	size_t leaves = s->chain_count;
	struct answer named = ask_best(s, &h);
	if (named.outcome == SAID_HELLO && named.leaf_seen && leaves < CHAINS_MAX) {
		json_t *o = note_object(s->evidence, "server_name");

		note_text(o, "asked", span_text(s->name));
		note_bool(o, "same_certificate", s->chain_count == leaves);
	}
	return named.outcome != SAID_END;
}

/* ---- renegotiation ---- */

static bool ask_renegotiation(struct survey *s)
{
	uint16_t old = best_old(s);

	if (old == 0 && s->best == TLS_1_3) { /* which has none */
		survey_note_extension(s, "client-renegotiation", false);
		conn_gathered(s->c, "renegotiation");
		return true;
	}
	if (old < TLS_1_0) /* OpenSSL no longer speaks it */
		return true;
	if (!survey_begin(s))
		return false;
	if (!conn_start_old_tls(s->c))
		return true;
	enum renegotiation r = conn_renegotiate(s->c);
	if (r != RENEGOTIATION_UNKNOWN) {
		survey_note_extension(s, "client-renegotiation", r == RENEGOTIATION_DONE);
		conn_gathered(s->c, "renegotiation");
	}
	return true;
}

bool survey_ask_more(struct survey *s)
{
	if (s->best < SSL_3_0)
		return true;
	/* Each answer on the way may show one more group or signature. */
	return ask_preferences(s) && ask_protocols(s) && ask_name(s) &&
	       ask_groups_and_signatures(s) && ask_renegotiation(s);
}
