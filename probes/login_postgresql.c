/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A login by PostgreSQL's protocol 3.0: password in clear, MD5, SCRAM-SHA-256.
 *
 * Specifications: PostgreSQL manual, "Message Flow" (Start-up, SSL Session Encryption, SASL Authentication),
 * "Message Formats", "Error Codes".
 *
 * Sent: SSLRequest, and all else inside TLS where that is offered; StartupMessage with the name; the password in
 * the way that the server asks for; Terminate. No query: it ends at AuthenticationOk, before the server is ready for
 * one.
 */
#include "login.h"

#include <openssl/evp.h>
#include <stdio.h>

#include "codec/writer.h"
#include "postgresql.h"
#include "scram.h"
#include "starttls.h"

enum {
	AUTH_OK = 0,
	AUTH_CLEAR = 3,
	AUTH_MD5 = 5,
	AUTH_SASL = 10,
	AUTH_SASL_CONTINUE = 11,
	AUTH_SASL_FINAL = 12,
	MESSAGES_MAX = 10, /* of a login, notices among them */
	HEX_MD5 = 32,
};

struct session {
	struct conn *c;
	const struct credential *k;
	struct scram scram;
	bool asked;  /* the password was said, or SASL begun */
	bool proven; /* it was compared; SCRAM: by the server too */
};

/* PasswordMessage, SASLInitialResponse and SASLResponse have the same head. */
static void say(struct session *s, struct span body)
{
	uint8_t buffer[2048];
	struct writer w = wr_new(buffer, sizeof(buffer));

	wr_u8(&w, 'p');
	wr_be32(&w, (uint32_t)(4 + body.length));
	wr_span_in(&w, body);
	conn_write_span(s->c, wr_span(&w));
}

static bool say_clear(struct session *s)
{
	say(s, span_of(s->k->password, strlen(s->k->password) + 1));
	return true;
}

static bool hex_md5(struct span a, struct span b, char ret[static HEX_MD5 + 1])
{
	uint8_t bytes[512], digest[EVP_MAX_MD_SIZE];
	struct writer w = wr_new(bytes, sizeof(bytes));

	wr_span_in(&w, a);
	wr_span_in(&w, b);
	if (!wr_ok(&w) || EVP_Digest(bytes, wr_span(&w).length, digest, NULL, EVP_md5(), NULL) != 1)
		return false;
	for (size_t i = 0; i < HEX_MD5 / 2; i++)
		snprintf(ret + 2 * i, 3, "%02x", digest[i]);
	return true;
}

static bool say_md5(struct session *s, struct reader *r)
{
	char text[3 + HEX_MD5 + 1] = "md5", stored[HEX_MD5 + 1];
	struct span salt = rd_span(r, 4);

	if (!rd_ok(r) || !hex_md5(span_text(s->k->password), span_text(s->k->user), stored) ||
	    !hex_md5(span_text(stored), salt, text + 3))
		return false;
	say(s, span_of(text, sizeof(text)));
	return true;
}

static bool say_sasl_first(struct session *s, struct reader *mechanisms)
{
	static const char mechanism[] = "SCRAM-SHA-256"; /* each ends with a zero */
	uint8_t random[SCRAM_RANDOM], message[128], body[256];
	struct writer m = wr_new(message, sizeof(message)), w = wr_new(body, sizeof(body));

	if (span_find(rd_rest(mechanisms), mechanism, sizeof(mechanism)) < 0)
		return false;
	conn_random(s->c, random, sizeof(random));
	scram_write_first(&s->scram, random, &m);
	wr_bytes(&w, mechanism, sizeof(mechanism));
	wr_be32(&w, (uint32_t)wr_span(&m).length);
	wr_span_in(&w, wr_span(&m));
	say(s, wr_span(&w));
	return true;
}

static bool say_sasl_final(struct session *s, struct reader *r)
{
	uint8_t body[1536];
	struct writer w = wr_new(body, sizeof(body));

	if (!scram_write_final(&s->scram, rd_rest(r), s->k->password, &w))
		return false;
	say(s, wr_span(&w));
	return true;
}

/* Answers what is asked for. False: we cannot, or it does not fit what went before. */
static bool answer(struct session *s, uint32_t code, struct reader *r)
{
	static const uint32_t first_asked[] = { AUTH_CLEAR, AUTH_MD5, AUTH_SASL };
	bool begins = false, begun = s->scram.nonce[0] != '\0';

	for (size_t i = 0; i < countof(first_asked); i++)
		begins |= code == first_asked[i];
	if (begins == s->asked) /* one password, once */
		return false;
	s->asked = true;
	switch (code) {
	case AUTH_CLEAR:
		s->proven = true;
		return say_clear(s);
	case AUTH_MD5:
		s->proven = true;
		return say_md5(s, r);
	case AUTH_SASL:
		return say_sasl_first(s, r);
	case AUTH_SASL_CONTINUE:
		return begun && say_sasl_final(s, r);
	case AUTH_SASL_FINAL:
		s->proven = begun && scram_verify(&s->scram, rd_rest(r));
		return s->proven;
	default:
		return false;
	}
}

static enum login_result of_error(struct span body)
{
	struct span state = postgresql_error_field(body, 'C');

	/* 28P01: wrong password; 28000: others that forbid the login. "Too many" connections are no lock. */
	if (span_starts(state, "28") && login_speaks_of_lock(postgresql_error_field(body, 'M')))
		return LOGIN_LOCKED;
	return span_is(state, "28P01") ? LOGIN_REFUSED : LOGIN_UNTESTED;
}

static enum login_result converse(struct session *s)
{
	static const uint8_t terminate[] = { 'X', 0, 0, 0, 4 };
	struct postgresql_message m;

	for (unsigned i = 0; i < MESSAGES_MAX && postgresql_hear(s->c, &m); i++) {
		if (m.type == 'E')
			return of_error(m.body);
		if (m.type == 'N' || m.type == 'v') /* a notice; an older minor version */
			continue;
		struct reader r = rd_new(m.body);
		uint32_t code = rd_be32(&r);
		if (m.type != 'R' || !rd_ok(&r))
			break;
		if (code == AUTH_OK) {
			conn_write(s->c, terminate, sizeof(terminate));
			/* Without a question nothing was asked for. */
			return s->proven ? LOGIN_ACCEPTED : LOGIN_UNTESTED;
		}
		if (!answer(s, code, &r))
			break;
	}
	return LOGIN_UNTESTED;
}

static bool begin(struct conn *c)
{
	if (conn_tls_wanted(c))
		return conn_begin(c);
	enum starttls_answer offered = starttls_lead_postgresql(c);
	return offered == STARTTLS_ABSENT || (offered == STARTTLS_READY && conn_start_tls(c, NULL));
}

enum login_result login_postgresql(struct conn *c, const struct credential *k)
{
	struct session s = { .c = c, .k = k };

	if (k->user[0] == '\0' || !begin(c))
		return LOGIN_UNTESTED;
	postgresql_say_startup(c, k->user);
	return converse(&s);
}
