/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A login by OPC UA: a session of a user with name and password.
 *
 * Specifications: OPC 10000-4, 5.4.4 (GetEndpoints), 5.6.2 to 5.6.4 (CreateSession, ActivateSession, CloseSession),
 * 7.40.2 (how a password is encrypted), 7.41.4 (UserNameIdentityToken), 7.42 (UserTokenPolicy); OPC 10000-7
 * (security policies); RFC 8017, 7.1.1 and 7.2.1 (OAEP, PKCS #1 v1.5).
 *
 * Sent: Hello, a channel with security policy None, GetEndpoints; where an endpoint without security takes a name and a
 * password in a way that we know: CreateSession for at most half a minute, ActivateSession with name and password,
 * CloseSession; CloseSecureChannel. The password is encrypted for the server's certificate, in clear only where the
 * server takes it in no other way. Nothing is browsed, read, written or called. A server whose endpoints all want
 * signatures knows its clients by their certificates: untested.
 */
#include "login.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "codec/limits.h"
#include "opcua.h"

enum {
	SESSION_MS = 30000,
	NONCE_MAX = 128, /* of the server; 32 bytes by the specification */
	SESSION_NODE_MAX = 256,
	POLICY_ID_MAX = 128,
	PASSWORD_MAX = 128,
	KEY_MAX = 1024, /* bytes of an RSA modulus */
	HASH_MAX = 32,
	BAD_USER_ACCESS_DENIED = 0x801f,
	BAD_IDENTITY_TOKEN_REJECTED = 0x8021,
};

/* The better one first. The others of today are built on elliptic curves. */
static const struct way {
	const char *policy, *algorithm;
	const EVP_MD *(*md)(void); /* of OAEP; NULL: PKCS #1 v1.5 */
} ways[] = {
	{ "Aes256_Sha256_RsaPss", "http://opcfoundation.org/UA/security/rsa-oaep-sha2-256",
	  EVP_sha256 },
	{ "Aes128_Sha256_RsaOaep", "http://www.w3.org/2001/04/xmlenc#rsa-oaep", EVP_sha1 },
	{ "Basic256Sha256", "http://www.w3.org/2001/04/xmlenc#rsa-oaep", EVP_sha1 },
	{ "Basic256", "http://www.w3.org/2001/04/xmlenc#rsa-oaep", EVP_sha1 },
	{ "Basic128Rsa15", "http://www.w3.org/2001/04/xmlenc#rsa-1_5", NULL },
	{ "None", NULL, NULL },
};

/* How the password may be said, copied out of the list of endpoints. */
struct choice {
	size_t way; /* countof(ways): none */
	uint8_t id[POLICY_ID_MAX];
	size_t id_length;
	uint8_t certificate[CERTIFICATE_MAX];
	size_t certificate_length;
};

struct session {
	uint8_t node[SESSION_NODE_MAX]; /* what requests of the session carry */
	size_t node_length;
	uint8_t nonce[NONCE_MAX];
	size_t nonce_length;
};

/* ---- encryption ---- */

/* RFC 8017, B.2.1: bytes is xored with the mask of seed. */
static bool mask(const EVP_MD *md, struct span seed, uint8_t *bytes, size_t n)
{
	uint8_t input[KEY_MAX + 4], hash[EVP_MAX_MD_SIZE];
	size_t h = (size_t)EVP_MD_get_size(md);

	for (size_t at = 0; at < n; at += h) {
		struct writer w = wr_new(input, sizeof(input));

		wr_span_in(&w, seed);
		wr_be32(&w, (uint32_t)(at / h));
		if (!wr_ok(&w) || EVP_Digest(input, wr_span(&w).length, hash, NULL, md, NULL) != 1)
			return false;
		for (size_t i = 0; i < h && at + i < n; i++)
			bytes[at + i] ^= hash[i];
	}
	return true;
}

/* RFC 8017, 7.1.1, 2: with the random bytes of the conversation, which a recording supplies. */
static bool pad_oaep(struct conn *c, const EVP_MD *md, struct span secret, uint8_t *block, size_t k)
{
	size_t h = (size_t)EVP_MD_get_size(md);
	uint8_t *seed = block + 1, *data = seed + h;
	size_t n = k - 1 - h;

	if (k < 2 * h + 2 || secret.length > k - 2 * h - 2)
		return false;
	memset(block, 0, k);
	conn_random(c, seed, h);
	if (EVP_Digest("", 0, data, NULL, md, NULL) != 1)
		return false;
	data[n - secret.length - 1] = 1;
	memcpy(data + n - secret.length, secret.at, secret.length);
	return mask(md, span_of(seed, h), data, n) && mask(md, span_of(data, n), seed, h);
}

/* RFC 8017, 7.2.1, 2. */
static bool pad_15(struct conn *c, struct span secret, uint8_t *block, size_t k)
{
	if (k < 11 || secret.length > k - 11)
		return false;
	size_t n = k - 3 - secret.length;
	conn_random(c, block + 2, n);
	for (size_t i = 0; i < n; i++)
		block[2 + i] |= block[2 + i] == 0; /* no zero among them */
	block[0] = 0;
	block[1] = 2;
	block[2 + n] = 0;
	memcpy(block + 3 + n, secret.at, secret.length);
	return true;
}

static bool raise_to_key(EVP_PKEY *key, const uint8_t *block, size_t k, uint8_t *ret)
{
	EVP_PKEY_CTX *x = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	size_t n = KEY_MAX;
	bool good = x != NULL && EVP_PKEY_encrypt_init(x) == 1 &&
		    EVP_PKEY_CTX_set_rsa_padding(x, RSA_NO_PADDING) == 1 &&
		    EVP_PKEY_encrypt(x, ret, &n, block, k) == 1 && n == k;

	EVP_PKEY_CTX_free(x);
	ERR_clear_error();
	return good;
}

/* 10000-4, 7.40.2.2: length, password and the server's nonce, as one block. */
static bool encrypt(struct conn *c, const struct way *way, EVP_PKEY *key, struct span password,
		    struct span nonce, struct writer *w)
{
	uint8_t secret[4 + PASSWORD_MAX + NONCE_MAX], block[KEY_MAX], sealed[KEY_MAX];
	struct writer s = wr_new(secret, sizeof(secret));
	int bits = EVP_PKEY_is_a(key, "RSA") ? EVP_PKEY_get_size(key) : 0;
	size_t k = bits > 0 ? (size_t)bits : 0;

	wr_le32(&s, (uint32_t)(password.length + nonce.length));
	wr_span_in(&s, password);
	wr_span_in(&s, nonce);
	if (!wr_ok(&s) || k == 0 || k > KEY_MAX)
		return false;
	bool padded = way->md != NULL ? pad_oaep(c, way->md(), wr_span(&s), block, k)
				      : pad_15(c, wr_span(&s), block, k);
	if (!padded || !raise_to_key(key, block, k, sealed))
		return false;
	opcua_write_text(w, span_of(sealed, k));
	return true;
}

static bool encrypt_for(struct conn *c, const struct way *way, struct span certificate,
			struct span password, struct span nonce, struct writer *w)
{
	const unsigned char *at = certificate.at;
	X509 *x = certificate.length > 0 ? d2i_X509(NULL, &at, (long)certificate.length) : NULL;
	EVP_PKEY *key = x != NULL ? X509_get0_pubkey(x) : NULL;
	bool good = key != NULL && encrypt(c, way, key, password, nonce, w);

	X509_free(x);
	ERR_clear_error();
	return good;
}

/* ---- choosing ---- */

static size_t way_of(const struct opcua_endpoint *e, const struct opcua_token_policy *t)
{
	struct span name = opcua_policy_name(t->security.length > 0 ? t->security : e->security);

	for (size_t i = 0; i < countof(ways); i++)
		if (span_is(name, ways[i].policy))
			return i;
	return countof(ways);
}

static void consider(const struct opcua_endpoint *e, struct choice *best)
{
	if (e->mode != OPCUA_MODE_NONE || !span_is(opcua_policy_name(e->security), "None") ||
	    !span_starts(e->url, "opc.tcp:") || e->certificate.length > CERTIFICATE_MAX)
		return;
	for (size_t i = 0; i < e->tokens; i++) {
		const struct opcua_token_policy *t = &e->token[i];
		size_t way = way_of(e, t);

		if (t->type != OPCUA_USER_NAME || way >= best->way || t->id.length > POLICY_ID_MAX)
			continue;
		best->way = way;
		memcpy(best->id, t->id.at, best->id_length = t->id.length);
		memcpy(best->certificate, e->certificate.at,
		       best->certificate_length = e->certificate.length);
	}
}

static bool choose(struct opcua *o, struct choice *ret)
{
	struct reader r;

	ret->way = countof(ways);
	if (opcua_ask_endpoints(o, &r) != OPCUA_GOOD)
		return false;
	for (size_t n = opcua_read_count(&r, OPCUA_ENDPOINT_LEAST); n > 0; n--) {
		struct opcua_endpoint e;

		if (!opcua_read_endpoint(&r, &e))
			return false;
		consider(&e, ret);
	}
	return rd_ok(&r) && ret->way < countof(ways);
}

/* ---- the session ---- */

static void wr_double(struct writer *w, double v)
{
	uint64_t bits;

	memcpy(&bits, &v, sizeof(bits));
	wr_le64(w, bits);
}

static bool create(struct opcua *o, struct session *ret)
{
	enum { CLIENT = 1, TEXT = 2, ANSWER_MAX = 65536 };

	uint8_t body[OPCUA_REQUEST_MAX], nonce[32];
	struct writer w = wr_new(body, sizeof(body));
	struct reader r;

	opcua_begin(o, &w, OPCUA_CREATE_SESSION, span_of("", 0));
	opcua_write_text(&w, span_text("urn:tenken")); /* our application, */
	opcua_write_text(&w, span_text("urn:tenken")); /* product */
	wr_u8(&w, TEXT);
	opcua_write_text(&w, span_text("tenken")); /* and name */
	wr_le32(&w, CLIENT);
	opcua_write_absent(&w); /* gateway, */
	opcua_write_absent(&w); /* profile of discovery, */
	opcua_write_absent(&w); /* and where */
	opcua_write_absent(&w); /* URI of the server */
	opcua_write_text(&w, span_text(o->url));
	opcua_write_text(&w, span_text("tenken")); /* name of the session */
	conn_random(o->c, nonce, sizeof(nonce));
	opcua_write_text(&w, span_of(nonce, sizeof(nonce)));
	opcua_write_absent(&w); /* certificate */
	wr_double(&w, SESSION_MS);
	wr_le32(&w, ANSWER_MAX);
	if (opcua_ask(o, &w, OPCUA_CREATE_SESSION_ANSWER, &r) != OPCUA_GOOD)
		return false;
	(void)opcua_read_node(&r); /* the session's own name; the token is what opens it */
	struct span token = opcua_read_node(&r);
	rd_skip(&r, 8); /* for how long */
	struct span given = opcua_read_text(&r);
	if (!rd_ok(&r) || token.length > SESSION_NODE_MAX || given.length > NONCE_MAX)
		return false;
	memcpy(ret->node, token.at, ret->node_length = token.length);
	if (given.length > 0)
		memcpy(ret->nonce, given.at, given.length);
	ret->nonce_length = given.length;
	return true;
}

static bool write_token(struct opcua *o, const struct choice *choice, const struct session *s,
			const struct credential *k, struct writer *w)
{
	const struct way *way = &ways[choice->way];

	opcua_write_text(w, span_of(choice->id, choice->id_length));
	opcua_write_text(w, span_text(k->user));
	if (way->algorithm == NULL) {
		opcua_write_text(w, span_text(k->password));
		opcua_write_absent(w);
		return true;
	}
	if (!encrypt_for(o->c, way, span_of(choice->certificate, choice->certificate_length),
			 span_text(k->password), span_of(s->nonce, s->nonce_length), w))
		return false;
	opcua_write_text(w, span_text(way->algorithm));
	return true;
}

/*
 * The status "token rejected" is of a token that is valid; "token invalid" tells of one that the server could not
 * make sense of. A Good status may add that the password has to be changed.
 */
static enum login_result of_answer(const struct opcua *o, enum opcua_answer a)
{
	if (a == OPCUA_GOOD)
		return LOGIN_ACCEPTED;
	if (a != OPCUA_BAD)
		return LOGIN_UNTESTED;
	if (login_speaks_of_lock(span_text(o->reason)))
		return LOGIN_LOCKED;
	uint32_t code = o->status >> 16;
	return code == BAD_USER_ACCESS_DENIED || code == BAD_IDENTITY_TOKEN_REJECTED
		       ? LOGIN_REFUSED
		       : LOGIN_UNTESTED;
}

static enum login_result activate(struct opcua *o, const struct choice *choice,
				  const struct session *s, const struct credential *k)
{
	enum { BYTES = 1 };

	uint8_t body[OPCUA_REQUEST_MAX], token[OPCUA_REQUEST_MAX / 2 + 512];
	struct writer w = wr_new(body, sizeof(body)), t = wr_new(token, sizeof(token));
	struct reader r;

	opcua_begin(o, &w, OPCUA_ACTIVATE_SESSION, span_of(s->node, s->node_length));
	opcua_write_absent(&w); /* signature of ours: algorithm, */
	opcua_write_absent(&w); /* and bytes */
	opcua_write_absent(&w); /* certificates of software */
	opcua_write_absent(&w); /* languages */
	opcua_write_type(&w, OPCUA_USER_NAME_TOKEN);
	wr_u8(&w, BYTES);
	if (!write_token(o, choice, s, k, &t))
		return LOGIN_UNTESTED;
	opcua_write_text(&w, wr_span(&t));
	opcua_write_absent(&w); /* signature of the user: algorithm, */
	opcua_write_absent(&w); /* and bytes */
	if (!wr_ok(&t))
		return LOGIN_UNTESTED;
	return of_answer(o, opcua_ask(o, &w, OPCUA_ACTIVATE_SESSION_ANSWER, &r));
}

/* Also of one that was not activated: it would stand until its time is over. */
static void end(struct opcua *o, const struct session *s)
{
	uint8_t body[OPCUA_REQUEST_MAX];
	struct writer w = wr_new(body, sizeof(body));
	struct reader r;

	if (o->channel == 0 || !conn_ok(o->c))
		return;
	opcua_begin(o, &w, OPCUA_CLOSE_SESSION, span_of(s->node, s->node_length));
	wr_u8(&w, 1); /* and what belongs to it: nothing */
	(void)opcua_ask(o, &w, OPCUA_CLOSE_SESSION_ANSWER, &r);
}

static enum login_result converse(struct opcua *o, const struct credential *k)
{
	struct choice choice;
	struct session s;

	if (!choose(o, &choice) || !create(o, &s))
		return LOGIN_UNTESTED;
	enum login_result result = activate(o, &choice, &s, k);
	end(o, &s);
	return result;
}

enum login_result login_opcua(struct conn *c, const struct credential *k)
{
	struct opcua o;
	enum login_result result = LOGIN_UNTESTED;

	if (k->user[0] == '\0' || conn_tls_wanted(c))
		return LOGIN_UNTESTED;
	if (opcua_open(&o, c) == OPCUA_GOOD)
		result = converse(&o, k);
	opcua_close(&o);
	opcua_done(&o);
	return result;
}
