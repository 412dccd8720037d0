/* SPDX-License-Identifier: Apache-2.0 */
/* IMAP: RFC 3501 and RFC 9051, until somebody is logged in. */
#include "listen/sasl.h"
#include "listen/starttls.h"

struct imap {
	struct starttls lines;
	struct sasl sasl;
	bool greeted;
	bool proving;  /* a login waits for the server's word */
	bool literal;  /* the client's line goes on behind its literal */
	uint64_t left; /* of the literal */
};

/* RFC 3501, 4.3: "{12}" at the end of a line says that so many bytes follow; RFC 7888 adds "{12+}". */
static bool read_literal(struct span line, uint64_t *ret)
{
	size_t n = line.length;
	uint64_t v = 0, place = 1;

	if (n < 3 || line.at[n - 1] != '}')
		return false;
	n--;
	if (line.at[n - 1] == '+')
		n--;
	size_t digits = 0;
	while (n > 0 && line.at[n - 1] >= '0' && line.at[n - 1] <= '9' && digits++ < 10) {
		v += place * (uint64_t)(line.at[--n] - '0');
		place *= 10;
	}
	if (digits == 0 || n == 0 || line.at[n - 1] != '{')
		return false;
	*ret = v;
	return true;
}

/* An account in quotes or as an atom; nothing of it where it comes as a literal. */
static void tell_user(struct talk *t, struct span rest)
{
	rest = span_trim(rest);
	if (rest.length == 0 || rest.at[0] == '{')
		return;
	if (rest.at[0] != '"') {
		tell_account(t, word_take(&rest));
		return;
	}
	rest = span_from(rest, 1);
	ptrdiff_t end = span_find(rest, "\"", 1);
	if (end >= 0)
		tell_account(t, span_first(rest, (size_t)end));
}

static void hear_command(struct imap *s, struct talk *t, struct span line)
{
	bool behind = s->literal;

	s->literal = read_literal(line, &s->left);
	if (behind || sasl_answer(&s->sasl, t, line))
		return;
	word_take(&line); /* the tag */
	struct span word = word_take(&line);
	if (span_is_nocase(word, "LOGIN")) {
		s->proving = true;
		tell_user(t, line);
		tell_login(t, "imap");
	} else if (span_is_nocase(word, "AUTHENTICATE")) {
		struct span mechanism = word_take(&line);

		s->proving = true;
		sasl_begin(&s->sasl, t, "imap", mechanism, span_trim(line));
	} else if (span_is_nocase(word, "STARTTLS")) {
		s->lines.asked = true;
	}
}

static long hear_line(struct talk *t, enum side side, struct span line)
{
	struct imap *s = t->state;

	if (side == SIDE_CLIENT) {
		hear_command(s, t, line);
		return 0;
	}
	if (span_starts(line, "+")) {
		sasl_ask(&s->sasl, t, span_trim(span_from(line, 1)));
		return 0;
	}
	struct span rest = line, tag = word_take(&rest), word = word_take(&rest);
	bool good = span_is_nocase(word, "OK");
	if (span_is(tag, "*")) {
		if (!s->greeted && (good || span_is_nocase(word, "PREAUTH"))) {
			s->greeted = true;
			tell_spoken(t, "imap");
			rest = span_trim(rest);
			ptrdiff_t end = span_starts(rest, "[") ? span_find(rest, "]", 1) : -1;
			tell_greeting(t, span_trim(span_from(rest, (size_t)(end + 1))));
		}
		return 0;
	}
	if (good && s->lines.asked)
		s->lines.begun = true;
	else if (good && s->proving)
		return HEAR_DONE;
	s->lines.asked = s->proving = false;
	sasl_end(&s->sasl);
	return 0;
}

static int recognise(const struct talk *t, enum side side, struct span first)
{
	if (side == SIDE_SERVER) {
		if (first.length < 5)
			return memcmp(first.at, "* OK ", first.length) == 0 ||
					       memcmp(first.at, "* PRE", first.length) == 0
				       ? 0
				       : -1;
		return span_starts(first, "* OK ") || span_starts(first, "* PREAUTH") ? 1 : -1;
	}
	if (t->server_port != 143)
		return -1;
	return span_find(first, "\n", 1) >= 0 ? 1 : 0;
}

static long hear(struct talk *t, enum side side, struct span bytes)
{
	struct imap *s = t->state;

	if (side == SIDE_CLIENT && s->left > 0) {
		size_t n = s->left < bytes.length ? (size_t)s->left : bytes.length;

		s->left -= n;
		return (long)n;
	}
	return starttls_hear(&s->lines, t, side, bytes, hear_line);
}

const struct decoder decoder_imap = {
	.name = "imap",
	.tcp_ports = (const uint16_t[]){ 143, 0 },
	.state_size = sizeof(struct imap),
	.recognise = recognise,
	.hear = hear,
};
