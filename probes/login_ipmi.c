/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A login by IPMI 2.0 (RMCP+), and by 1.5 where a board offers nothing newer.
 *
 * Specification: IPMI 2.0, revision 1.1, 13.6 (session headers), 13.17 to 13.24 (Open Session, RAKP 1 to 4), 13.28
 * to 13.32 (algorithms, keys), 22.13 and 22.19 (Get Channel Authentication Capabilities, Close Session).
 *
 * Sent: Get Channel Authentication Capabilities; Open Session for cipher suite 3, where that is refused for 17;
 * RAKP 1 with the name; RAKP 3; Close Session. The privilege asked for is that of a user, the lowest that may do
 * more than answer a call back, and no command is given with it.
 *
 * RAKP 2 is made with the password, so that we know whether ours is right before we say anything made with it. A
 * wrong one ends there: RAKP 3 is not sent, the board never sees a wrong password and has nothing to count
 * towards a lock; the session that it waits for is forgotten by itself. We count the attempt all the same. The hash
 * in RAKP 2 is compared in memory and kept nowhere.
 *
 * By 1.5 (login_ipmi15.c) a wrong password is said, once, and the board may count it.
 */
#include "login_ipmi.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "ipmi.h"
#include "udp.h"

enum {
	HASH_MAX = 32,
	TAG = 1,
	FORMAT_RMCP_PLUS = 6,
	/* payload types; an answer is one more than its request */
	OPEN_SESSION = 0x10,
	RAKP1 = 0x12,
	RAKP3 = 0x14,
	SEALED_IPMI = 0xc0,      /* IPMI, encrypted and authenticated */
	ROLE = 0x10 | IPMI_USER, /* looked up by the name alone */
	NAME_UNKNOWN = 0x0d,     /* RMCP+ status, table 13-15 */
	NO_SESSION_LEFT = 0x01,
};

/* Cipher suites, table 22-20. */
static const struct suite {
	uint8_t authentication, integrity, confidentiality;
	const EVP_MD *(*hash)(void);
	size_t length, cut; /* of a hash; of what of it is sent with a packet and in RAKP 4 */
} suites[] = {
	{ 1, 1, 1, EVP_sha1, 20, 12 },   /* 3 */
	{ 3, 4, 1, EVP_sha256, 32, 16 }, /* 17 */
};

struct session {
	struct ipmi_login l;
	const struct suite *suite;
	uint8_t ours[4]; /* our session id, as it is on the wire */
	uint8_t our_number[IPMI_NUMBER], guid[IPMI_NUMBER];
	uint8_t sik[HASH_MAX]; /* session integrity key */
};

enum login_result ipmi_because(const struct ipmi_login *l, const char *reason)
{
	*l->reason = reason;
	return LOGIN_UNTESTED;
}

/* ---- primitives ---- */

static bool mac(const struct suite *u, struct span key, struct span s, uint8_t ret[static HASH_MAX])
{
	uint8_t hash[EVP_MAX_MD_SIZE];

	if (HMAC(u->hash(), key.at, (int)key.length, s.at, s.length, hash, NULL) == NULL)
		return false;
	memcpy(ret, hash, u->length);
	return true;
}

static bool encrypt(const uint8_t key[static IPMI_NUMBER], const uint8_t iv[static IPMI_NUMBER],
		    const uint8_t block[static IPMI_NUMBER], uint8_t ret[static IPMI_NUMBER])
{
	EVP_CIPHER_CTX *x = EVP_CIPHER_CTX_new();
	int n = 0;
	bool good = x != NULL && EVP_EncryptInit_ex(x, EVP_aes_128_cbc(), NULL, key, iv) == 1 &&
		    EVP_CIPHER_CTX_set_padding(x, 0) == 1 &&
		    EVP_EncryptUpdate(x, ret, &n, block, IPMI_NUMBER) == 1 && n == IPMI_NUMBER;

	EVP_CIPHER_CTX_free(x);
	return good;
}

static void wr_name(struct writer *w, const struct session *s)
{
	wr_u8(w, ROLE);
	wr_u8(w, (uint8_t)strlen(s->l.k->user));
	wr_text(w, s->l.k->user);
}

/* ---- packets ---- */

void ipmi_write_rmcp(struct writer *w)
{
	wr_be32(w, 0x0600ff07); /* 13.1.3: version, reserved, no acknowledge, class IPMI */
}

/* 13.6, table 13-8: outside of a session. Its length is closed by send_rmcp_plus(). */
static void open_rmcp_plus(struct writer *w, uint8_t type, const uint8_t session[static 4])
{
	ipmi_write_rmcp(w);
	wr_u8(w, FORMAT_RMCP_PLUS);
	wr_u8(w, type);
	wr_fill(w, 0, 8); /* session id and sequence */
	wr_le16(w, 0);    /* length */
	wr_u8(w, TAG);
	wr_u8(w, type == OPEN_SESSION ? IPMI_USER : 0);
	wr_le16(w, 0);
	wr_bytes(w, session, 4);
}

/* The payload of the answer that belongs to the request; false: none came. */
static bool read_rmcp_plus(struct span packet, uint8_t type, struct reader *ret)
{
	struct reader r = rd_new(packet);
	bool fits = rd_be32(&r) == 0x0600ff07 && rd_u8(&r) == FORMAT_RMCP_PLUS && rd_u8(&r) == type;

	rd_skip(&r, 8);
	*ret = rd_sub(&r, rd_le16(&r));
	return fits && rd_u8(ret) == TAG && rd_ok(ret);
}

static bool ask_rmcp_plus(struct session *s, struct writer *w, uint8_t type, struct reader *ret)
{
	enum { LENGTH_AT = 14 };

	if (!wr_ok(w))
		return false;
	w->start[LENGTH_AT] = (uint8_t)(w->length - LENGTH_AT - 2);
	struct span answer = conn_ask(s->l.c, w->start, w->length);
	for (int i = 0; conn_ok(s->l.c) && i < IPMI_STRAYS_MOST; i++) {
		if (read_rmcp_plus(answer, type + 1, ret))
			return true;
		answer = conn_datagram(s->l.c);
	}
	return false;
}

void ipmi_write_command(struct writer *w, uint8_t command, struct span data)
{
	uint8_t sum = 0x81 + command;

	wr_be24(w, 0x2018c8); /* to the board, NetFn and their checksum */
	wr_u8(w, 0x81);       /* from remote software */
	wr_u8(w, 0);          /* sequence */
	wr_u8(w, command);
	wr_span_in(w, data);
	for (size_t i = 0; i < data.length; i++)
		sum += data.at[i];
	wr_u8(w, (uint8_t)-sum);
}

/* ---- 2.0 ---- */

/* 13.17 and 13.18 */
static bool open_session(struct session *s, const struct suite *u, uint8_t *ret_status)
{
	const uint8_t algorithms[] = { u->authentication, u->integrity, u->confidentiality };
	uint8_t packet[IPMI_PACKET];
	struct writer w = wr_new(packet, sizeof(packet));
	struct reader r;

	open_rmcp_plus(&w, OPEN_SESSION, s->ours);
	for (size_t i = 0; i < countof(algorithms); i++) {
		wr_u8(&w, (uint8_t)i); /* authentication, integrity, confidentiality */
		wr_le16(&w, 0);
		wr_u8(&w, 8); /* length of this one */
		wr_u8(&w, algorithms[i]);
		wr_fill(&w, 0, 3);
	}
	if (!ask_rmcp_plus(s, &w, OPEN_SESSION, &r))
		return false;
	*ret_status = rd_u8(&r);
	rd_skip(&r, 2);
	if (*ret_status != 0)
		return rd_ok(&r);
	struct span ours = rd_span(&r, 4), theirs = rd_span(&r, 4);
	if (!rd_ok(&r) || memcmp(ours.at, s->ours, 4) != 0)
		return false;
	memcpy(s->l.theirs, theirs.at, 4);
	for (size_t i = 0; i < countof(algorithms); i++) {
		rd_skip(&r, 4);
		if (rd_u8(&r) != algorithms[i])
			return false;
		rd_skip(&r, 3);
	}
	s->suite = u;
	return rd_ok(&r);
}

/* 13.21: what RAKP 2 proves the password with. */
static bool right_rakp2(const struct session *s, uint8_t ret[static HASH_MAX])
{
	uint8_t bytes[IPMI_PACKET];
	struct writer w = wr_new(bytes, sizeof(bytes));

	wr_bytes(&w, s->ours, 4);
	wr_bytes(&w, s->l.theirs, 4);
	wr_bytes(&w, s->our_number, IPMI_NUMBER);
	wr_bytes(&w, s->l.their_number, IPMI_NUMBER);
	wr_bytes(&w, s->guid, IPMI_NUMBER);
	wr_name(&w, s);
	return wr_ok(&w) && mac(s->suite, span_of(s->l.key, sizeof(s->l.key)), wr_span(&w), ret);
}

/* 13.20 and 13.21. LOGIN_ACCEPTED: the board knows the same password, so that it may be said. */
static enum login_result rakp_1_and_2(struct session *s)
{
	uint8_t packet[IPMI_PACKET], right[HASH_MAX];
	struct writer w = wr_new(packet, sizeof(packet));
	struct reader r;

	open_rmcp_plus(&w, RAKP1, s->l.theirs);
	wr_bytes(&w, s->our_number, IPMI_NUMBER);
	wr_u8(&w, ROLE);
	wr_le16(&w, 0);
	wr_u8(&w, (uint8_t)strlen(s->l.k->user));
	wr_text(&w, s->l.k->user);
	if (!ask_rmcp_plus(s, &w, RAKP1, &r))
		return ipmi_because(&s->l, "the board does not answer to a name");
	uint8_t status = rd_u8(&r);
	rd_skip(&r, 2);
	if (rd_ok(&r) && status == NAME_UNKNOWN)
		return LOGIN_REFUSED;
	if (rd_ok(&r) && status == NO_SESSION_LEFT)
		return ipmi_because(&s->l, "the board has no session left");
	struct span ours = rd_span(&r, 4), number = rd_span(&r, IPMI_NUMBER),
		    guid = rd_span(&r, IPMI_NUMBER);
	struct span given = rd_span(&r, s->suite->length);
	if (status != 0 || !rd_ok(&r) || memcmp(ours.at, s->ours, 4) != 0)
		return ipmi_because(&s->l, "the board does not go on with this name");
	memcpy(s->l.their_number, number.at, IPMI_NUMBER);
	memcpy(s->guid, guid.at, IPMI_NUMBER);
	if (!right_rakp2(s, right))
		return ipmi_because(&s->l, "an algorithm is not to be had here");
	return CRYPTO_memcmp(right, given.at, given.length) == 0 ? LOGIN_ACCEPTED : LOGIN_REFUSED;
}

/* 13.22, 13.23, 13.31. */
static enum login_result rakp_3_and_4(struct session *s)
{
	uint8_t packet[IPMI_PACKET], bytes[IPMI_PACKET], hash[HASH_MAX];
	struct writer w = wr_new(packet, sizeof(packet)), m = wr_new(bytes, sizeof(bytes));
	struct reader r;

	wr_bytes(&m, s->l.their_number, IPMI_NUMBER);
	wr_bytes(&m, s->ours, 4);
	wr_name(&m, s);
	if (!wr_ok(&m) || !mac(s->suite, span_of(s->l.key, sizeof(s->l.key)), wr_span(&m), hash))
		return LOGIN_UNTESTED;
	open_rmcp_plus(&w, RAKP3, s->l.theirs);
	wr_bytes(&w, hash, s->suite->length);
	m = wr_new(bytes, sizeof(bytes));
	wr_bytes(&m, s->our_number, IPMI_NUMBER);
	wr_bytes(&m, s->l.their_number, IPMI_NUMBER);
	wr_name(&m, s);
	if (!mac(s->suite, span_of(s->l.key, sizeof(s->l.key)), wr_span(&m), s->sik))
		return LOGIN_UNTESTED;
	m = wr_new(bytes, sizeof(bytes));
	wr_bytes(&m, s->our_number, IPMI_NUMBER);
	wr_bytes(&m, s->l.theirs, 4);
	wr_bytes(&m, s->guid, IPMI_NUMBER);
	if (!mac(s->suite, span_of(s->sik, s->suite->length), wr_span(&m), hash))
		return LOGIN_UNTESTED;
	if (!ask_rmcp_plus(s, &w, RAKP3, &r))
		return ipmi_because(&s->l, "the board does not answer to a right password");
	uint8_t status = rd_u8(&r);
	rd_skip(&r, 2 + 4);
	struct span given = rd_span(&r, s->suite->cut);
	if (status != 0 || !rd_ok(&r) || CRYPTO_memcmp(hash, given.at, given.length) != 0)
		return ipmi_because(
			&s->l, "the password is right, but no session stands: the board may have a "
			       "key of its own");
	return LOGIN_ACCEPTED;
}

/* 22.19 inside the session: encrypted (13.29) and authenticated (13.28.4), as the suites demand. */
static void close_session(struct session *s)
{
	uint8_t packet[IPMI_PACKET], constant[IPMI_KEY], block[IPMI_NUMBER], iv[IPMI_NUMBER],
		k1[HASH_MAX], k2[HASH_MAX], hash[HASH_MAX], sealed[IPMI_NUMBER];
	struct writer w = wr_new(packet, sizeof(packet)), b = wr_new(block, sizeof(block));
	struct span sik = span_of(s->sik, s->suite->length);

	memset(constant, 1, sizeof(constant)); /* 13.32 */
	if (!mac(s->suite, sik, span_of(constant, sizeof(constant)), k1))
		return;
	memset(constant, 2, sizeof(constant));
	if (!mac(s->suite, sik, span_of(constant, sizeof(constant)), k2))
		return;
	ipmi_write_command(&b, IPMI_CLOSE, span_of(s->l.theirs, 4));
	wr_be32(&b, 0x01020304); /* padding and its length */
	wr_u8(&b, 4);
	conn_random(s->l.c, iv, sizeof(iv));
	if (!wr_ok(&b) || !encrypt(k2, iv, block, sealed))
		return;
	ipmi_write_rmcp(&w);
	wr_u8(&w, FORMAT_RMCP_PLUS);
	wr_u8(&w, SEALED_IPMI);
	wr_bytes(&w, s->l.theirs, 4);
	wr_le32(&w, 1); /* sequence */
	wr_le16(&w, 2 * IPMI_NUMBER);
	wr_bytes(&w, iv, IPMI_NUMBER);
	wr_bytes(&w, sealed, IPMI_NUMBER);
	wr_be16(&w, 0xffff); /* padding to a multiple of 4, its length, next header */
	wr_u8(&w, 2);
	wr_u8(&w, 7);
	if (!wr_ok(&w) ||
	    !mac(s->suite, span_of(k1, s->suite->length), span_from(wr_span(&w), 4), hash))
		return;
	wr_bytes(&w, hash, s->suite->cut);
	conn_ask(s->l.c, packet, w.length);
}

static enum login_result login_20(struct session *s)
{
	uint8_t status = 1;
	size_t i = 0;

	conn_random(s->l.c, s->ours, sizeof(s->ours));
	conn_random(s->l.c, s->our_number, sizeof(s->our_number));
	s->ours[0] |= 1; /* 0 is none */
	for (; i < countof(suites); i++) {
		if (!open_session(s, &suites[i], &status))
			return ipmi_because(&s->l, "the board opens no session");
		if (status == 0)
			break;
		if (status == NO_SESSION_LEFT)
			return ipmi_because(&s->l, "the board has no session left");
	}
	if (status != 0)
		return ipmi_because(&s->l, "the board takes neither cipher suite 3 nor 17");
	enum login_result result = rakp_1_and_2(s);
	if (result == LOGIN_ACCEPTED)
		result = rakp_3_and_4(s);
	if (result == LOGIN_ACCEPTED)
		close_session(s);
	return result;
}

enum login_result login_ipmi(struct conn *c, const struct credential *k, const char **ret_reason)
{
	struct session s = { .l = { .c = c, .k = k, .reason = ret_reason } };
	struct ipmi_capabilities what;
	enum login_result result;

	if (strlen(k->user) > IPMI_NAME || strlen(k->password) > IPMI_KEY)
		return ipmi_because(&s.l, "longer than a name or password of IPMI");
	memcpy(s.l.key, k->password, strlen(k->password));
	struct span answer = udp_ask(c, IPMI_PORT);
	if (answer.length == 0 || !ipmi_read_capabilities(answer, &what) || what.completion != 0)
		return ipmi_because(&s.l, "the board does not tell how it lets in");
	if (what.v20)
		result = login_20(&s);
	else if (what.kinds & IPMI_MD5)
		result = login_ipmi15(&s.l);
	else
		result = ipmi_because(&s.l, "the board offers neither IPMI 2.0 nor MD5");
	OPENSSL_cleanse(s.l.key, sizeof(s.l.key));
	OPENSSL_cleanse(s.sik, sizeof(s.sik));
	return result;
}
