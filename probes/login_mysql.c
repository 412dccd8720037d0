/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A login by the protocol of MySQL and MariaDB: mysql_native_password and caching_sha2_password.
 *
 * Specifications: MySQL source documentation, "Connection Phase" (SSLRequest, HandshakeResponse41, AuthSwitchRequest,
 * AuthMoreData), "Native Authentication", "Caching_sha2_password information", "Server Error Message Reference";
 * MariaDB, "Connection" and "MariaDB Error Code Reference".
 *
 * Sent: the request for TLS, and all else inside it where that is offered; the name with a hash of password and
 * challenge; the same once more for another method where the server asks for it; the password itself only inside
 * TLS, where the server has no hash of it in its cache; COM_QUIT. No database is chosen, and no query is made.
 */
#include "login.h"

#include <openssl/evp.h>

#include "codec/writer.h"
#include "mysql.h"

enum {
	HEADER = 4,
	PACKET_MAX = 4096,
	ANSWERS_MAX = 4, /* of the server to one login */
	/* capabilities of ours */
	LONG_PASSWORD = 1,
	PROTOCOL_41 = 0x200,
	SECURE_CONNECTION = 0x8000,
	LARGEST_PACKET = 1 << 24,
	UTF8 = 0x21,
	/* packets of the server */
	PACKET_OK = 0,
	MORE_DATA = 1,
	VERSION_10 = 10,
	AUTH_SWITCH = 0xfe,
	PACKET_ERROR = 0xff,
	CHALLENGE = 20,
	HASH_MAX = 32,
};

enum method { NATIVE, CACHING_SHA2, METHODS };

static const char *const method_names[METHODS] = { "mysql_native_password",
						   "caching_sha2_password" };

struct session {
	struct conn *c;
	const struct credential *k;
	uint32_t capabilities; /* of the server */
	uint8_t number;        /* of the last packet */
	bool tls;
	bool said; /* the password itself */
	enum method method;
	uint8_t challenge[CHALLENGE];
};

/* ---- packets ---- */

static bool hear(struct session *s, struct reader *ret)
{
	struct reader head = rd_new(conn_read(s->c, HEADER));
	size_t length = rd_le16(&head);

	length |= (size_t)rd_u8(&head) << 16;
	s->number = rd_u8(&head);
	if (!conn_ok(s->c) || length == 0 || length > PACKET_MAX)
		return false;
	*ret = rd_new(conn_read(s->c, length));
	return conn_ok(s->c);
}

static void say(struct session *s, struct span body)
{
	uint8_t buffer[HEADER + 512];
	struct writer w = wr_new(buffer, sizeof(buffer));

	wr_le16(&w, (uint16_t)body.length);
	wr_u8(&w, 0);
	wr_u8(&w, ++s->number);
	wr_span_in(&w, body);
	conn_write_span(s->c, wr_span(&w));
}

static void say_quit(struct session *s)
{
	enum { COM_QUIT = 1 };

	static const uint8_t quit = COM_QUIT;

	s->number = UINT8_MAX; /* each command begins at 0 */
	say(s, span_of(&quit, 1));
}

/* ---- the hashes ---- */

static bool digest(const EVP_MD *md, struct span a, struct span b, uint8_t ret[static HASH_MAX])
{
	uint8_t bytes[256];
	struct writer w = wr_new(bytes, sizeof(bytes));

	wr_span_in(&w, a);
	wr_span_in(&w, b);
	return wr_ok(&w) && EVP_Digest(bytes, wr_span(&w).length, ret, NULL, md, NULL) == 1;
}

/*
 * mysql_native_password: SHA1(password) xor SHA1(challenge, SHA1(SHA1(password))); an empty one is said by nothing.
 * caching_sha2_password: SHA256(password) xor SHA256(SHA256(SHA256(password)), challenge); by a zero.
 */
static bool write_hash(const struct session *s, struct writer *w)
{
	const EVP_MD *md = s->method == NATIVE ? EVP_sha1() : EVP_sha256();
	struct span none = span_of("", 0), challenge = span_of(s->challenge, CHALLENGE);
	size_t n = (size_t)EVP_MD_get_size(md);
	uint8_t once[HASH_MAX], twice[HASH_MAX], mixed[HASH_MAX];

	if (s->k->password[0] == '\0') {
		wr_fill(w, 0, s->method == NATIVE ? 0 : 1);
		return true;
	}
	if (!digest(md, span_text(s->k->password), none, once) ||
	    !digest(md, span_of(once, n), none, twice))
		return false;
	struct span first = s->method == NATIVE ? challenge : span_of(twice, n);
	struct span second = s->method == NATIVE ? span_of(twice, n) : challenge;
	if (!digest(md, first, second, mixed))
		return false;
	for (size_t i = 0; i < n; i++)
		wr_u8(w, once[i] ^ mixed[i]);
	return true;
}

/* ---- conversation ---- */

static enum login_result of_error(struct reader *r)
{
	uint16_t code = rd_le16(r);

	switch (code) {
	case 1045: /* access denied */
	case 1698: /* the same without a password */
		return LOGIN_REFUSED;
	case 1129: /* the host, after too many interrupted connections */
	case 3118: /* the account, by its owner */
	case 3955: /* the account, after too many wrong passwords */
	case 4150: /* MariaDB: the account, after too many wrong passwords */
	case 4151: /* the same by its owner */
		return LOGIN_LOCKED;
	case 1040: /* too many connections, of all, of one account */
	case 1203:
	case 1130: /* not from this host */
		return LOGIN_UNTESTED;
	default:
		return login_speaks_of_lock(rd_rest(r)) ? LOGIN_LOCKED : LOGIN_UNTESTED;
	}
}

static bool method_of(struct span name, enum method *ret)
{
	for (enum method m = 0; m < METHODS; m++)
		if (span_is(name, method_names[m])) {
			*ret = m;
			return true;
		}
	return false;
}

/* What stands in the request for TLS and in the login alike. */
static void write_head(const struct session *s, struct writer *w)
{
	wr_le32(w, LONG_PASSWORD | PROTOCOL_41 | SECURE_CONNECTION | (s->tls ? MYSQL_SSL : 0U) |
			   (s->capabilities & MYSQL_PLUGIN_AUTH));
	wr_le32(w, LARGEST_PACKET);
	wr_u8(w, UTF8);
	wr_fill(w, 0, 23);
}

static bool begin_tls(struct session *s)
{
	uint8_t body[64];
	struct writer w = wr_new(body, sizeof(body));

	s->tls = true;
	write_head(s, &w);
	say(s, wr_span(&w));
	return conn_start_tls(s->c, NULL);
}

/* HandshakeResponse41. Another method than ours is answered by the older one, and the server asks again. */
static bool say_login(struct session *s)
{
	uint8_t body[512];
	struct writer w = wr_new(body, sizeof(body));

	write_head(s, &w);
	wr_text(&w, s->k->user);
	wr_u8(&w, 0);
	size_t place = wr_open8(&w);
	if (!write_hash(s, &w))
		return false;
	wr_close8(&w, place);
	if ((s->capabilities & MYSQL_PLUGIN_AUTH) != 0) {
		wr_text(&w, method_names[s->method]);
		wr_u8(&w, 0);
	}
	say(s, wr_span(&w));
	return wr_ok(&w);
}

static bool switch_method(struct session *s, struct reader *r)
{
	uint8_t body[HASH_MAX];
	struct writer w = wr_new(body, sizeof(body));
	struct span name = mysql_read_text(r), challenge = rd_span(r, CHALLENGE);

	if (!rd_ok(r) || !method_of(name, &s->method))
		return false;
	memcpy(s->challenge, challenge.at, CHALLENGE);
	if (!write_hash(s, &w))
		return false;
	say(s, wr_span(&w));
	return true;
}

/* True: the server goes on by itself, or was told the password. */
static bool more(struct session *s, struct reader *r)
{
	enum { FAST = 3, FULL = 4 };

	uint8_t what = rd_u8(r);

	if (s->method != CACHING_SHA2 || !rd_end(r))
		return false;
	if (what == FULL && s->tls && !s->said) {
		s->said = true;
		say(s, span_of(s->k->password, strlen(s->k->password) + 1));
		return true;
	}
	return what == FAST;
}

static enum login_result converse(struct session *s)
{
	struct reader r;
	bool switched = false;

	for (unsigned i = 0; i < ANSWERS_MAX && hear(s, &r); i++) {
		bool goes_on = false;

		switch (rd_u8(&r)) {
		case PACKET_OK:
			say_quit(s);
			return LOGIN_ACCEPTED;
		case PACKET_ERROR:
			return of_error(&r);
		case AUTH_SWITCH:
			goes_on = !switched && switch_method(s, &r);
			switched = true;
			break;
		case MORE_DATA:
			goes_on = more(s, &r);
			break;
		default:
			break;
		}
		if (!goes_on)
			break;
	}
	return LOGIN_UNTESTED;
}

enum login_result login_mysql(struct conn *c, const struct credential *k)
{
	struct session s = { .c = c, .k = k };
	struct mysql_greeting g;
	struct reader r;

	if (!conn_begin(c) || !hear(&s, &r))
		return LOGIN_UNTESTED;
	uint8_t version = rd_u8(&r);
	if (version == PACKET_ERROR)
		return of_error(&r);
	if (version != VERSION_10 || !mysql_read_greeting(&r, &g) ||
	    g.challenge[0].length + g.challenge[1].length != CHALLENGE)
		return LOGIN_UNTESTED;
	s.capabilities = g.capabilities;
	memcpy(s.challenge, g.challenge[0].at, g.challenge[0].length);
	memcpy(s.challenge + g.challenge[0].length, g.challenge[1].at, g.challenge[1].length);
	(void)method_of(g.plugin, &s.method);
	if ((g.capabilities & MYSQL_SSL) != 0 && !begin_tls(&s))
		return LOGIN_UNTESTED;
	return say_login(&s) ? converse(&s) : LOGIN_UNTESTED;
}
