/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A login by VNC (RFB 3.3, 3.7 and 3.8) with a password alone.
 *
 * Specifications: RFC 6143, 7.1.1 to 7.1.3 (version, security type, its result), 7.2.2 (VNC Authentication).
 *
 * Sent: the version; the type VNC Authentication (2), where the server offers it; its challenge encrypted with the
 * password. Then the connection is closed, before ClientInit: no screen is asked for, and who sits at it is not
 * disturbed. Types that need a name, or that begin an encryption of their own, are not tried.
 */
#include "login.h"

#include <openssl/evp.h>

#include "vnc.h"

enum { CHALLENGE = 16, KEY = 8 };

/* DES under the password, whose bits are mirrored in each byte. As triple DES with three equal keys, which is
 * the same, since OpenSSL has DES alone among its legacy algorithms only. */
static bool answer_challenge(const char *password, struct span challenge,
			     uint8_t answer[static CHALLENGE])
{
	uint8_t key[3 * KEY] = { 0 };
	int n = 0;

	for (size_t i = 0; i < KEY && password[i] != '\0'; i++)
		for (unsigned bit = 0; bit < 8; bit++)
			if (((uint8_t)password[i] >> bit & 1) != 0)
				key[i] |= (uint8_t)(0x80 >> bit);
	memcpy(key + KEY, key, KEY);
	memcpy(key + 2 * KEY, key, KEY);
	EVP_CIPHER_CTX *x = EVP_CIPHER_CTX_new();
	bool good = x != NULL && EVP_EncryptInit_ex(x, EVP_des_ede3_ecb(), NULL, key, NULL) == 1 &&
		    EVP_CIPHER_CTX_set_padding(x, 0) == 1 &&
		    EVP_EncryptUpdate(x, answer, &n, challenge.at, CHALLENGE) == 1 &&
		    n == CHALLENGE;
	EVP_CIPHER_CTX_free(x);
	return good;
}

/* The server does not even let us try: it may be too many wrong passwords of somebody else. */
static enum login_result turned_away(struct conn *c)
{
	struct span reason = vnc_hear_reason(c);

	return login_speaks_of_lock(reason) ? LOGIN_LOCKED : LOGIN_UNTESTED;
}

/* True where VNC Authentication goes on; else *ret_result says what became of it. */
static bool choose_type(struct conn *c, const struct vnc_version *v, enum login_result *ret_result)
{
	static const uint8_t wanted = VNC_AUTHENTICATION;
	struct reader r = rd_new(conn_read(c, v->lists ? 1 : 4));
	uint32_t n = v->lists ? rd_u8(&r) : rd_be32(&r);

	*ret_result = LOGIN_UNTESTED;
	if (!conn_ok(c))
		return false;
	if (n == 0) {
		*ret_result = turned_away(c);
		return false;
	}
	if (!v->lists)
		return n == VNC_AUTHENTICATION;
	if (span_find(conn_read(c, n), &wanted, 1) < 0)
		return false;
	conn_write(c, &wanted, 1);
	return true;
}

static enum login_result hear_result(struct conn *c, const struct vnc_version *v)
{
	enum { OK = 0, FAILED = 1, TOO_MANY = 2 }; /* the last one in 3.3 and 3.7 */

	struct reader r = rd_new(conn_read(c, 4));
	uint32_t code = rd_be32(&r);

	if (!conn_ok(c) || code > TOO_MANY)
		return LOGIN_UNTESTED;
	if (code == OK)
		return LOGIN_ACCEPTED;
	if (code == TOO_MANY || (v->explains && login_speaks_of_lock(vnc_hear_reason(c))))
		return LOGIN_LOCKED;
	return LOGIN_REFUSED;
}

enum login_result login_vnc(struct conn *c, const struct credential *k)
{
	struct vnc_version v;
	struct span text;
	enum login_result result;
	uint8_t answer[CHALLENGE];

	if (k->user[0] != '\0' || !conn_begin(c) || !vnc_greet(c, &v, &text))
		return LOGIN_UNTESTED;
	if (!choose_type(c, &v, &result))
		return result;
	struct span challenge = conn_read(c, CHALLENGE);
	if (!conn_ok(c) || !answer_challenge(k->password, challenge, answer))
		return LOGIN_UNTESTED;
	conn_write(c, answer, sizeof(answer));
	return hear_result(c, &v);
}
