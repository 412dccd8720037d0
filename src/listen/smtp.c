/* SPDX-License-Identifier: Apache-2.0 */
/* SMTP: RFC 5321, RFC 3207 (STARTTLS), RFC 4954 (AUTH). Mails are passed over. */
#include "listen/sasl.h"
#include "listen/starttls.h"

struct smtp {
	struct starttls lines;
	struct sasl sasl;
	bool greeted;
	bool in_mail;  /* behind DATA, up to a line with a dot */
	uint64_t left; /* of BDAT's bytes (RFC 3030) */
};

static uint64_t number_of(struct span text)
{
	uint64_t v = 0;

	for (size_t i = 0; i < text.length && i < 15 && text.at[i] >= '0' && text.at[i] <= '9'; i++)
		v = v * 10 + (uint64_t)(text.at[i] - '0');
	return v;
}

static void hear_command(struct smtp *s, struct talk *t, struct span line)
{
	if (s->in_mail) {
		s->in_mail = !span_is(line, ".");
		return;
	}
	if (sasl_answer(&s->sasl, t, line))
		return;
	struct span word = word_take(&line);
	if (span_is_nocase(word, "AUTH")) {
		struct span mechanism = word_take(&line);

		sasl_begin(&s->sasl, t, "smtp", mechanism, span_trim(line));
	} else if (span_is_nocase(word, "STARTTLS")) {
		s->lines.asked = true;
	} else if (span_is_nocase(word, "DATA")) {
		s->in_mail = true;
	} else if (span_is_nocase(word, "BDAT")) {
		s->left = number_of(word_take(&line));
	}
}

/* "220 mail.example ESMTP Postfix (Debian/GNU)": the name in front is the host's. */
static void hear_greeting(struct talk *t, struct span line)
{
	ptrdiff_t at = span_find_nocase(line, "SMTP ");

	tell_spoken(t, "smtp");
	if (at >= 0)
		tell_greeting(t, span_trim(span_from(line, (size_t)at + 5)));
}

static long hear_line(struct talk *t, enum side side, struct span line)
{
	struct smtp *s = t->state;

	if (side == SIDE_CLIENT) {
		hear_command(s, t, line);
		return 0;
	}
	if (span_starts(line, "334")) {
		sasl_ask(&s->sasl, t, span_from(line, 4));
		return 0;
	}
	if (!s->greeted && span_starts(line, "220")) {
		s->greeted = true;
		hear_greeting(t, line);
	} else if (s->lines.asked && span_starts(line, "220 ")) {
		s->lines.begun = true;
	} else if (line.length >= 3 && (line.at[0] == '4' || line.at[0] == '5')) {
		s->lines.asked = false;
		s->in_mail = false;
	}
	if (line.length == 3 || (line.length > 3 && line.at[3] == ' '))
		sasl_end(&s->sasl);
	return 0;
}

static int recognise(const struct talk *t, enum side side, struct span first)
{
	ptrdiff_t end = span_find(first, "\n", 1);
	struct span line = end >= 0 ? span_first(first, (size_t)end) : first;
	bool own = t->server_port == 25 || t->server_port == 587;

	if (side == SIDE_SERVER) {
		if (line.length < 4)
			return memcmp(line.at, "220 ", line.length) == 0 ? 0 : -1;
		if (!span_starts(line, "220 ") && !span_starts(line, "220-"))
			return -1;
		if (own || span_find_nocase(line, "SMTP") >= 0)
			return 1;
		return end >= 0 ? -1 : 0;
	}
	if (first.length < 5)
		return 0;
	return span_starts_nocase(first, "EHLO ") || span_starts_nocase(first, "HELO ") ? 1 : -1;
}

static long hear(struct talk *t, enum side side, struct span bytes)
{
	struct smtp *s = t->state;

	if (side == SIDE_CLIENT && s->left > 0) {
		size_t n = s->left < bytes.length ? (size_t)s->left : bytes.length;

		s->left -= n;
		return (long)n;
	}
	return starttls_hear(&s->lines, t, side, bytes, hear_line);
}

const struct decoder decoder_smtp = {
	.name = "smtp",
	.tcp_ports = (const uint16_t[]){ 25, 587, 2525, 0 },
	.state_size = sizeof(struct smtp),
	.recognise = recognise,
	.hear = hear,
};
