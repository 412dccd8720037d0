/* SPDX-License-Identifier: Apache-2.0 */
/* POP3: RFC 1939, RFC 2595 (STLS), RFC 5034 (AUTH). It is listened to until somebody is logged in. */
#include "listen/sasl.h"
#include "listen/starttls.h"

struct pop3 {
	struct starttls lines;
	struct sasl sasl;
	bool greeted;
	bool proving; /* the server's next word is about a login */
};

static void hear_command(struct pop3 *s, struct talk *t, struct span line)
{
	if (sasl_answer(&s->sasl, t, line))
		return;
	struct span word = word_take(&line);
	s->proving = false;
	if (span_is_nocase(word, "USER")) {
		tell_account(t, span_trim(line));
	} else if (span_is_nocase(word, "PASS")) {
		s->proving = true;
		tell_login(t, "pop3");
	} else if (span_is_nocase(word, "APOP")) {
		s->proving = true;
		tell_account(t, word_take(&line));
		tell_challenge(t, "pop3 apop");
	} else if (span_is_nocase(word, "AUTH")) {
		struct span mechanism = word_take(&line);

		if (mechanism.length > 0) { /* alone it asks for the list */
			s->proving = true;
			sasl_begin(&s->sasl, t, "pop3", mechanism, span_trim(line));
		}
	} else if (span_is_nocase(word, "STLS")) {
		s->lines.asked = true;
	}
}

static long hear_line(struct talk *t, enum side side, struct span line)
{
	struct pop3 *s = t->state;

	if (side == SIDE_CLIENT) {
		hear_command(s, t, line);
		return 0;
	}
	bool good = span_starts(line, "+OK"), bad = span_starts(line, "-ERR");
	if (!s->greeted && good) {
		s->greeted = true;
		tell_spoken(t, "pop3");
		tell_greeting(t, span_trim(span_from(line, 3)));
	} else if (s->lines.asked && good) {
		s->lines.begun = true;
	} else if (s->proving && good) {
		return HEAR_DONE;
	} else if (span_starts(line, "+ ")) {
		sasl_ask(&s->sasl, t, span_from(line, 2));
	}
	if (bad)
		s->lines.asked = false;
	if (good || bad)
		sasl_end(&s->sasl);
	return 0;
}

static int recognise(const struct talk *t, enum side side, struct span first)
{
	if (side == SIDE_SERVER) {
		if (first.length < 4)
			return memcmp(first.at, "+OK ", first.length) == 0 ? 0 : -1;
		/* Redis says +OK as well, but no more than that. */
		if (!span_starts(first, "+OK ") && !span_starts(first, "+OK\r"))
			return -1;
		return t->server_port == 110 || span_find_nocase(first, "POP") >= 0 ||
				       span_find_nocase(first, "ready") >= 0
			       ? 1
			       : -1;
	}
	if (t->server_port != 110)
		return -1;
	if (first.length < 4)
		return 0;
	return span_starts_nocase(first, "USER") || span_starts_nocase(first, "CAPA") ||
			       span_starts_nocase(first, "STLS") ||
			       span_starts_nocase(first, "AUTH")
		       ? 1
		       : -1;
}

static long hear(struct talk *t, enum side side, struct span bytes)
{
	struct pop3 *s = t->state;

	return starttls_hear(&s->lines, t, side, bytes, hear_line);
}

const struct decoder decoder_pop3 = {
	.name = "pop3",
	.tcp_ports = (const uint16_t[]){ 110, 0 },
	.state_size = sizeof(struct pop3),
	.recognise = recognise,
	.hear = hear,
};
