/* SPDX-License-Identifier: Apache-2.0 */
/* FTP's control connection: RFC 959, RFC 4217 (AUTH TLS). */
#include "listen/starttls.h"

struct ftp {
	struct starttls lines; /* first */
	bool greeted;
	bool anonymous;
};

static bool is_anonymous(struct span account)
{
	return span_is_nocase(account, "anonymous") || span_is_nocase(account, "ftp");
}

static void hear_command(struct ftp *s, struct talk *t, struct span line)
{
	struct span word = word_take(&line);

	if (span_is_nocase(word, "USER")) {
		struct span account = span_trim(line);

		s->anonymous = is_anonymous(account);
		if (!s->anonymous)
			tell_account(t, account);
	} else if (span_is_nocase(word, "PASS")) {
		if (!s->anonymous)
			tell_login(t, "ftp");
	} else if (span_is_nocase(word, "AUTH")) {
		struct span how = word_take(&line);

		s->lines.asked = span_starts_nocase(how, "TLS") || span_is_nocase(how, "SSL");
	}
}

/* "220 (vsFTPd 3.0.3)", "220 ProFTPD Server (Debian) [::1]" */
static void hear_greeting(struct talk *t, struct span line)
{
	struct span text = span_trim(span_from(line, 4));

	tell_spoken(t, "ftp");
	if (text.length > 2 && text.at[0] == '(' && text.at[text.length - 1] == ')')
		text = span_of(text.at + 1, text.length - 2);
	tell_greeting(t, text);
}

static long hear_line(struct talk *t, enum side side, struct span line)
{
	struct ftp *s = t->state;

	if (side == SIDE_CLIENT) {
		hear_command(s, t, line);
		return 0;
	}
	if (span_starts(line, "220") && !s->greeted) {
		s->greeted = true;
		hear_greeting(t, line);
	} else if (span_starts(line, "234 ") && s->lines.asked) {
		s->lines.begun = true;
	} else if (line.length > 3 && line.at[0] >= '4' && line.at[0] <= '5') {
		s->lines.asked = false;
	}
	return 0;
}

static int recognise(const struct talk *t, enum side side, struct span first)
{
	ptrdiff_t end = span_find(first, "\n", 1);
	struct span line = end >= 0 ? span_first(first, (size_t)end) : first;
	bool own = t->server_port == 21;

	if (side == SIDE_SERVER) {
		if (line.length < 4)
			return memcmp(line.at, "220 ", line.length) == 0 ? 0 : -1;
		if (!span_starts(line, "220 ") && !span_starts(line, "220-"))
			return -1;
		if (own || span_find_nocase(line, "FTP") >= 0)
			return 1;
		return end >= 0 ? -1 : 0;
	}
	if (!own)
		return -1;
	if (first.length < 5)
		return 0;
	return span_starts_nocase(first, "USER ") || span_starts_nocase(first, "AUTH ") ? 1 : -1;
}

static long hear(struct talk *t, enum side side, struct span bytes)
{
	struct ftp *s = t->state;

	return starttls_hear(&s->lines, t, side, bytes, hear_line);
}

const struct decoder decoder_ftp = {
	.name = "ftp",
	.tcp_ports = (const uint16_t[]){ 21, 2121, 0 },
	.state_size = sizeof(struct ftp),
	.recognise = recognise,
	.hear = hear,
};
