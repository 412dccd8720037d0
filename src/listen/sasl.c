/* SPDX-License-Identifier: Apache-2.0 */
#include "listen/sasl.h"

#include "listen/ntlm_ear.h"

/* What the client's next line is. */
enum expect {
	NOTHING, /* a command */
	PLAIN,   /* RFC 4616: account and password in one */
	LOGIN,   /* what the server asks for: account or password */
	ACCOUNT, /* of LOGIN: it asked for that */
	NTLM,
	OPAQUE,
};

enum { WAY_MAX = 48 };

struct mechanism {
	const char *name;
	enum expect expect;
	bool secret; /* crosses the wire as it stands */
	bool none;   /* there is no secret */
};

static const struct mechanism mechanisms[] = {
	{ "PLAIN", PLAIN, true, false },     { "LOGIN", LOGIN, true, false },
	{ "XOAUTH2", OPAQUE, true, false },  { "OAUTHBEARER", OPAQUE, true, false },
	{ "NTLM", NTLM, false, false },      { "GSS-SPNEGO", NTLM, false, false },
	{ "EXTERNAL", OPAQUE, false, true }, { "ANONYMOUS", OPAQUE, false, true },
};

/* "smtp plain"; of a mechanism's name letters, digits, '-' and '_' (RFC 4422, 3.1). */
static void tell_way(struct talk *t, const char *protocol, struct span name, bool secret)
{
	char way[WAY_MAX];
	size_t n = strlen(protocol);

	memcpy(way, protocol, n);
	way[n++] = ' ';
	for (size_t i = 0; i < name.length && n + 1 < sizeof(way); i++) {
		uint8_t c = name.at[i];

		if (c >= 'A' && c <= 'Z')
			c = (uint8_t)(c - 'A' + 'a');
		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-' && c != '_')
			return;
		way[n++] = (char)c;
	}
	way[n] = '\0';
	if (secret)
		tell_login(t, way);
	else
		tell_challenge(t, way);
}

/* [authzid] NUL authcid NUL passwd; the password is not decoded. */
static void tell_plain(struct talk *t, struct span base64)
{
	uint8_t message[2 * ACCOUNT_MAX];
	bool stopped;
	struct span all =
		span_of(message, base64_until(base64, 0, 2, message, sizeof(message), &stopped));
	ptrdiff_t zero = span_find(all, "", 1);

	if (stopped && zero >= 0)
		tell_account(t, span_from(all, (size_t)zero + 1));
	explicit_bzero(message, sizeof(message));
}

static void tell_login_account(struct talk *t, struct span base64)
{
	uint8_t account[ACCOUNT_MAX];

	tell_account(t, span_of(account, base64_all(base64, account, sizeof(account))));
}

bool sasl_answer(struct sasl *s, struct talk *t, struct span line)
{
	switch ((enum expect)s->expect) {
	case NOTHING:
		return false;
	case PLAIN:
		tell_plain(t, line);
		s->expect = OPAQUE;
		return true;
	case ACCOUNT:
		tell_login_account(t, line);
		s->expect = LOGIN;
		s->asked = false;
		return true;
	case NTLM:
		ntlm_ear_base64(t, SIDE_CLIENT, line, NULL);
		return true;
	case LOGIN:
		/* Captures of two directions may be a little out of order. An answer without its question would
		 * leave a question without its answer, and the next line, a password, would be taken for it. */
		if (!s->asked)
			s->expect = OPAQUE;
		s->asked = false;
		return true;
	case OPAQUE:
		return true;
	}
	return false;
}

void sasl_begin(struct sasl *s, struct talk *t, const char *protocol, struct span mechanism,
		struct span initial)
{
	const struct mechanism *m = NULL;

	for (size_t i = 0; i < countof(mechanisms); i++)
		if (span_is_nocase(mechanism, mechanisms[i].name))
			m = &mechanisms[i];
	s->expect = m != NULL ? (uint8_t)m->expect : OPAQUE;
	s->asked = false;
	if (m == NULL || !m->none)
		tell_way(t, protocol, mechanism, m != NULL && m->secret);
	/* With LOGIN a first message is the account. */
	if (s->expect == LOGIN && initial.length > 0)
		s->expect = ACCOUNT;
	/* RFC 4954, 4: "=" is a first message that is empty. */
	if (initial.length > 0 && !span_is(initial, "="))
		sasl_answer(s, t, initial);
}

void sasl_ask(struct sasl *s, struct talk *t, struct span line)
{
	uint8_t prompt[32];

	if (s->expect == NTLM) {
		ntlm_ear_base64(t, SIDE_SERVER, line, NULL);
	} else if (s->expect == ACCOUNT || (s->expect == LOGIN && s->asked)) {
		s->expect =
			OPAQUE; /* two questions: which one the next line answers is not known */
	} else if (s->expect == LOGIN) {
		size_t n = base64_all(line, prompt, sizeof(prompt));

		s->asked = true;
		/* "Username:", "User Name"; whatever else it asks for may be the password. */
		if (span_starts_nocase(span_of(prompt, n), "user"))
			s->expect = ACCOUNT;
	}
}

void sasl_end(struct sasl *s)
{
	s->expect = NOTHING;
}
