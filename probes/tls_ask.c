/* SPDX-License-Identifier: Apache-2.0 */
/* One hello of the tls probe and its answer. */
#include "tls_survey.h"

#include "codec/evidence.h"
#include "codec/tls_suites.h"

enum { RECORDS_MAX = 256 }; /* of one answer */

/* ---- what is offered ---- */

/* clang-format off */
/* What most servers have one of. The first SMALL of each version are a cross-section. */
static const uint16_t common_suites[] = {
	0x1301, 0x1302, 0x1303, 0x1304, 0x1305,
	0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0x009e, 0x009f, /* AEAD */
	0x009c, 0x009d, 0xc023, 0xc027,
	0xc009, 0xc013, 0xc00a, 0xc014, 0x0033, 0x0039, 0x002f, 0x0035, /* CBC with SHA-1 */
	0x000a, 0x0005, 0x0004, 0x003c, 0x003d, 0x0067, 0x006b, 0x00a8, /* 3DES, RC4; PSK */
	0x0009, 0x0003, 0x0034, 0x0002, 0x0018, 0x0016, 0xc012, 0xc011, /* DES, export, none */
	0xc018, 0x0032, 0x0038, 0x0041, 0x0084, 0x0006, 0x0008, 0x0015,
	0xc008, 0xc007, 0x0013, 0x003a, 0x0001, 0xc006, 0xc010, 0xc019,
	0xc024, 0xc028, 0xccaa, 0xc0ac, 0xc0ad, 0xc09c, 0xc09d, 0x00a2,
	0x00a3, 0x00a6, 0x003b, 0xc037, 0xc035, 0x00ae, 0x008c, 0xc0a8,
};
/* clang-format on */

/* Hybrids first: a hello with an X25519 share begins behind them, so that no server asks again. */
enum { HYBRIDS = 3, SMALL_CURVES = 8 };

static const uint16_t groups13[] = {
	0x11ec, 0x11eb, 0x11ed, 29, 23, 24, 25, 30, 31, 32, 33, 41, 256, 257, 258, 259, 260,
};
static const uint16_t curves[] = {
	29, 23, 24, 25, 30, 28, 27, 26, 22, 14, 13, 12, 11, 10, 9,
	8,  7,  6,  21, 20, 19, 18, 17, 16, 15, 5,  4,  3,  2,  1,
};

static bool may_use(const struct tls_suite *suite, uint16_t version, uint16_t lowest)
{
	if (suite->code == 0) /* TLS_NULL_WITH_NULL_NULL must not be negotiated */
		return false;
	if (suite->classes & SUITE_TLS13)
		return version == TLS_1_3;
	return lowest <= TLS_1_2 && (version >= TLS_1_2 || (suite->classes & SUITE_OLD));
}

bool answer_refuses(const struct answer *a)
{
	return a->outcome == SAID_ALERT &&
	       (a->alert == TLS_ALERT_HANDSHAKE_FAILURE || a->alert == TLS_ALERT_PROTOCOL_VERSION ||
		a->alert == TLS_ALERT_INSUFFICIENT_SECURITY);
}

/* What of all has been seen, or has not been, in the order of all. */
static size_t pick_known(const uint16_t *all, size_t count, const struct known *known, bool seen,
			 uint16_t *ret)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		bool is = false;

		for (size_t k = 0; k < known->count; k++)
			is |= known->list[k] == all[i];
		if (is == seen)
			ret[n++] = all[i];
	}
	return n;
}

static size_t pick(const struct survey *s, bool groups, bool tls13, bool seen, uint16_t *ret)
{
	if (!groups)
		return pick_known(tls_schemes, tls_scheme_count, &s->schemes[tls13], seen, ret);
	return pick_known(tls13 ? groups13 : curves, tls13 ? countof(groups13) : countof(curves),
			  &s->groups[tls13], seen, ret);
}

size_t survey_left(const struct survey *s, bool groups, bool tls13, uint16_t *ret)
{
	return pick(s, groups, tls13, false, ret);
}

/* All of it; what has not been seen comes first, so that a server that follows our order shows one
 * more with each answer. */
static size_t pick_new_first(const struct survey *s, bool groups, bool tls13, uint16_t *ret)
{
	size_t n = pick(s, groups, tls13, false, ret);

	return n + pick(s, groups, tls13, true, ret + n);
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

bool survey_begin(struct survey *s)
{
	enum { REST_MAX = 1024 };

	if (s->begun && !conn_again(s->c))
		return false;
	s->begun = true;
	if (s->starttls == NULL)
		return true;
	s->lead = s->starttls->lead(s->c);
	if (s->lead != STARTTLS_READY) {
		if (conn_ok(s->c))
			conn_close(s->c);
		return false;
	}
	if (!s->led)
		note_word(s->evidence, "starttls", s->starttls->name);
	s->led = true;
	if (conn_read_quiet(s->c, REST_MAX, 0).length > 0) /* [starttls-injection] */
		survey_note_oddity(s, "tls.starttls-injection-possible");
	return conn_ok(s->c);
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
			     !tls_opener_init(&s->opener, a->hello.suite, &s->key, a->hello.group,
					      a->hello.share, client, m.whole)))
				return COMPLETE;
		} else if (m.type == TLS_SERVER_HELLO_DONE || m.type == TLS_FINISHED ||
			   (m.type == TLS_CERTIFICATE_VERIFY && a->hello.version == TLS_1_3)) {
			a->whole = true;
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

	if (payload.length > FLIGHT_MAX - s->flight_length) {
		survey_note_oddity(s, "tls.flight-too-long");
		return 0;
	}
	if (type == TLS_APPLICATION_DATA &&
	    (!tls_open(&s->opener, header, payload, tail, &inner, &type) ||
	     (type == TLS_ALERT && inner.length != 2)))
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
			a.alert = bytes.at[1];
			if (a.outcome == SAID_HELLO)
				return a;
			a.outcome = SAID_ALERT;
			if (bytes.at[0] == 1 && a.alert == TLS_ALERT_UNRECOGNIZED_NAME)
				continue; /* a warning: the ServerHello follows */
			return a;
		}
		if (type == TLS_CHANGE_CIPHER_SPEC)
			continue;
		if (type == TLS_ALERT) /* inside the protection */
			a.alert = s->flight[s->flight_length + 1];
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

static bool make_key(struct survey *s)
{
	uint8_t private[TLS_SHARE];

	conn_random(s->c, private, sizeof(private));
	return tls_key_make(&s->key, private);
}

struct answer survey_ask(struct survey *s, struct tls_hello *h, bool share)
{
	uint8_t buffer[TLS_HELLO_MAX], bytes[TLS_RANDOM + 32];
	uint16_t groups[KNOWN_MAX], schemes[KNOWN_MAX];
	struct writer w = wr_new(buffer, sizeof(buffer));

	if (!survey_begin(s))
		return (struct answer){ .outcome = SAID_END };
	conn_random(s->c, bytes, sizeof(bytes));
	h->random = bytes;
	if (h->version == TLS_1_3) {
		h->session_id = bytes + TLS_RANDOM;
		if (share && h->groups == NULL) {
			h->groups = groups13 + HYBRIDS;
			h->group_count = countof(groups13) - HYBRIDS;
		}
		if (share && h->share_group == TLS_GROUP_P256) {
			h->share = span_of(tls_p256_share, sizeof(tls_p256_share));
		} else if (share && (s->key.pair != NULL || make_key(s))) {
			h->share_group = TLS_GROUP_X25519;
			h->share = span_of(s->key.public, sizeof(s->key.public));
		}
	}
	if (h->groups == NULL) {
		bool few = s->small && h->version < TLS_1_3;

		h->groups = few ? curves : groups;
		h->group_count =
			few ? SMALL_CURVES : pick_new_first(s, true, h->version == TLS_1_3, groups);
	}
	if (h->schemes == NULL) {
		h->schemes = schemes;
		h->scheme_count = pick_new_first(s, false, h->version == TLS_1_3, schemes);
	}
	tls_write_hello(&w, h);
	conn_write_span(s->c, wr_span(&w));
	struct answer a = hear(s, h->share.length > 0 ? span_from(wr_span(&w), TLS_RECORD_HEADER)
						      : span_of(buffer, 0));
	if (a.outcome == SAID_BROKEN)
		survey_note_oddity(s, "tls.answer-malformed");
	if (a.outcome == SAID_HELLO)
		survey_learn(s, h, &a);
	s->alerts |= answer_refuses(&a);
	s->silences += a.outcome == SAID_NOTHING;
	if (a.outcome == SAID_ALERT && !answer_refuses(&a) &&
	    a.alert != TLS_ALERT_INAPPROPRIATE_FALLBACK &&
	    a.alert != TLS_ALERT_NO_APPLICATION_PROTOCOL)
		survey_note_alert(s, a.alert);
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

size_t survey_pick_all(const struct survey *s, uint16_t version, uint16_t *ret)
{
	const uint16_t *accepted = s->suites[version - SSL_3_0];
	bool taken[SUITES_MAX] = { false };
	size_t n = 0;

	for (size_t i = 0; i < s->suite_counts[version - SSL_3_0]; i++)
		taken[tls_suite_find(accepted[i]) - tls_suites] = true;
	for (size_t i = 0; i < countof(common_suites) + tls_suite_count; i++) {
		const struct tls_suite *suite = i < countof(common_suites)
							? tls_suite_find(common_suites[i])
							: &tls_suites[i - countof(common_suites)];

		if (taken[suite - tls_suites] || !may_use(suite, version, version))
			continue;
		taken[suite - tls_suites] = true;
		ret[n++] = suite->code;
	}
	return n;
}

struct answer survey_ask_common(struct survey *s, uint16_t version, uint16_t lowest)
{
	uint16_t suites[SUITES_MAX];
	size_t n = pick_common(version, lowest, suites);
	struct tls_hello h = {
		.version = version,
		.lowest = lowest,
		.suites = suites,
		.suite_count = s->small && n > SMALL ? SMALL : n,
	};

	return survey_ask(s, &h, true);
}
