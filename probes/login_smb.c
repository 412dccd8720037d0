/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A login by SMB 2 and 3 with an account of the machine's own.
 *
 * Specifications: [MS-SMB2] 2.2.3, 2.2.5 to 2.2.8, 3.1.4.1 (signing), 3.1.4.2 (keys), 3.2.5.3; [MS-NLMP]
 * (codec/ntlm_login.h); [MS-ERREF] 2.3.
 *
 * Sent: NEGOTIATE; SESSION_SETUP with the first NTLM message; SESSION_SETUP with the name, the machine's own
 * NetBIOS name as its domain, and NTLMv2's proof of the password; LOGOFF. No share is connected and no file opened.
 *
 * A machine that says that it belongs to a domain is not tried: NTLM does not tell a domain controller from a
 * member, and on a controller the same name would be an account of the whole domain. Main leaves out those that
 * answer as a directory before it gets here.
 *
 * "Yes" counts only where it is signed with the key that the password gives, so that who lets everybody in, as
 * guest or to see what is tried, has accepted nothing. SMB 1 is not spoken.
 */
#include "login.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "codec/evidence.h"
#include "codec/ntlm_login.h"
#include "smb.h"

enum {
	PREAUTH = 64, /* SHA-512 */
	FLAGS_AT = 16,
	SIGNED = 0x8,
	SIGNATURE_AT = 48,
	SIGNATURE = 16,
	MESSAGE_MAX = 2048, /* of what is signed: an answer with its blob */
};

struct session {
	struct smb2 t;
	uint16_t dialect;
	uint8_t preauth[PREAUTH], before[PREAUTH]; /* before: without the last message */
	struct span last;                          /* the last message heard */
	bool hashed;                               /* nothing failed */
};

/* ---- keys and signatures ---- */

/* 3.1.4.4.1 and others: what goes into the keys of 3.1.1. */
static void fold(void *context, struct span message)
{
	struct session *s = context;
	EVP_MD_CTX *x = EVP_MD_CTX_new();

	memcpy(s->before, s->preauth, PREAUTH);
	s->last = message;
	s->hashed &= x != NULL && EVP_DigestInit_ex(x, EVP_sha512(), NULL) == 1 &&
		     EVP_DigestUpdate(x, s->before, PREAUTH) == 1 &&
		     EVP_DigestUpdate(x, message.at, message.length) == 1 &&
		     EVP_DigestFinal_ex(x, s->preauth, NULL) == 1;
	EVP_MD_CTX_free(x);
}

/* 3.1.4.2: SP800-108 in counter mode, one round. Label and context have their zeros with them. */
static bool derive(const uint8_t key[static NTLM_KEY], struct span label, struct span context,
		   uint8_t ret[static NTLM_KEY])
{
	uint8_t bytes[128], hash[EVP_MAX_MD_SIZE];
	struct writer w = wr_new(bytes, sizeof(bytes));

	wr_be32(&w, 1);
	wr_span_in(&w, label);
	wr_u8(&w, 0);
	wr_span_in(&w, context);
	wr_be32(&w, 8 * NTLM_KEY);
	if (!wr_ok(&w) || HMAC(EVP_sha256(), key, NTLM_KEY, bytes, w.length, hash, NULL) == NULL)
		return false;
	memcpy(ret, hash, NTLM_KEY);
	return true;
}

/* Of the session key; preauth is the hash up to the last request. */
static bool signing_key(const struct session *s, const uint8_t preauth[static PREAUTH],
			const uint8_t session_key[static NTLM_KEY], uint8_t ret[static NTLM_KEY])
{
	static const char label_300[] = "SMB2AESCMAC", context_300[] = "SmbSign",
			  label_311[] = "SMBSigningKey";

	if (s->dialect < DIALECT_300) {
		memcpy(ret, session_key, NTLM_KEY);
		return true;
	}
	if (s->dialect < DIALECT_311)
		return derive(session_key, span_of(label_300, sizeof(label_300)),
			      span_of(context_300, sizeof(context_300)), ret);
	return s->hashed && derive(session_key, span_of(label_311, sizeof(label_311)),
				   span_of(preauth, PREAUTH), ret);
}

/* 3.1.4.1: over the message with zeros in the signature's place. We offer no choice of algorithms, so it is
 * AES-CMAC with every dialect of 3. */
static bool sign(const struct session *s, const uint8_t key[static NTLM_KEY], struct span message,
		 uint8_t ret[static SIGNATURE])
{
	uint8_t bytes[MESSAGE_MAX], hash[EVP_MAX_MD_SIZE];
	size_t n = 0;

	if (message.length < SMB2_HEADER || message.length > sizeof(bytes))
		return false;
	memcpy(bytes, message.at, message.length);
	memset(bytes + SIGNATURE_AT, 0, SIGNATURE);
	if (s->dialect >= DIALECT_300
		    ? EVP_Q_mac(NULL, "CMAC", NULL, "AES-128-CBC", NULL, key, NTLM_KEY, bytes,
				message.length, hash, sizeof(hash), &n) == NULL
		    : HMAC(EVP_sha256(), key, NTLM_KEY, bytes, message.length, hash, NULL) == NULL)
		return false;
	memcpy(ret, hash, SIGNATURE);
	return true;
}

static bool is_signed(const struct session *s, const uint8_t key[static NTLM_KEY])
{
	uint8_t right[SIGNATURE];
	struct reader r = rd_new(s->last);

	rd_skip(&r, FLAGS_AT);
	uint32_t flags = rd_le32(&r);
	rd_skip(&r, SIGNATURE_AT - FLAGS_AT - 4);
	struct span given = rd_span(&r, SIGNATURE);
	return rd_ok(&r) && (flags & SIGNED) && sign(s, key, s->last, right) &&
	       CRYPTO_memcmp(right, given.at, SIGNATURE) == 0;
}

/* ---- readers ---- */

/* The name is ASCII in UTF-16LE here or it is not compared. */
static uint8_t upper(uint8_t c)
{
	return c >= 'a' && c <= 'z' ? c - 0x20 : c;
}

static bool same_name(struct span a, struct span b)
{
	bool same = a.length == b.length;

	for (size_t i = 0; same && i < a.length; i++)
		same = upper(a.at[i]) == upper(b.at[i]);
	return same;
}

/* Why an account of this machine may not be tried; NULL: it may. 2.2.2.1 and 2.2.2.5: a machine of its own says
 * TARGET_TYPE_SERVER, and its domain is its own name. */
static const char *why_not(const struct ntlm_challenge *c)
{
	if (c->computer.length == 0)
		return "the server does not tell its own name";
	if (!(c->flags & NTLM_TARGET_SERVER) || (c->flags & NTLM_TARGET_DOMAIN) ||
	    (c->domain.length > 0 && !same_name(c->domain, c->computer)))
		return "the server belongs to a domain, so it may be a domain controller";
	return NULL;
}

/* [MS-ERREF] 2.3. Whether a password was right where something else forbids the login is not written down
 * anywhere for all servers (some look at the account first, others at the password), and there is no session to
 * prove it: those say nothing. */
static const struct {
	uint32_t status;
	enum login_result result;
	const char *reason;
} statuses[] = {
	{ 0xc000006d, LOGIN_REFUSED, NULL }, /* LOGON_FAILURE: name or password */
	{ 0xc000006a, LOGIN_REFUSED, NULL }, /* WRONG_PASSWORD */
	{ 0xc0000064, LOGIN_REFUSED, NULL }, /* NO_SUCH_USER */
	{ 0xc0000234, LOGIN_LOCKED, NULL },  /* ACCOUNT_LOCKED_OUT */
	{ 0xc0000071, LOGIN_UNTESTED, "the password has expired" },
	{ 0xc0000224, LOGIN_UNTESTED, "the password must be changed first" },
	{ 0xc000006e, LOGIN_UNTESTED, "the account is restricted" }, /* empty passwords, too */
	{ 0xc000006f, LOGIN_UNTESTED, "the account may not log in at this hour" },
	{ 0xc0000070, LOGIN_UNTESTED, "the account may not log in from here" },
	{ 0xc0000072, LOGIN_UNTESTED, "the account is disabled" },
	{ 0xc0000193, LOGIN_UNTESTED, "the account has expired" },
	{ 0xc000015b, LOGIN_UNTESTED, "the account may not log in over the network" },
	{ 0xc0000022, LOGIN_UNTESTED, "access denied" },
	{ 0xc0000418, LOGIN_UNTESTED, "the server does not take NTLM" },
	{ 0xc00000bb, LOGIN_UNTESTED, "the server does not support the login" },
	{ 0xc00000d0, LOGIN_UNTESTED, "the server has no session left" },
};

static enum login_result of_status(uint32_t status, const char **ret_reason)
{
	*ret_reason = "the server refuses with a status that says nothing of the password";
	for (size_t i = 0; i < countof(statuses); i++)
		if (statuses[i].status == status) {
			*ret_reason = statuses[i].reason;
			return statuses[i].result;
		}
	return LOGIN_UNTESTED;
}

/* ---- conversation ---- */

static bool negotiate(struct session *s, const char **ret_reason)
{
	static const struct smb2_offer everything = {
		.dialects = smb2_dialects,
		.count = SMB2_DIALECTS,
		.ciphers = 0x1e, /* who demands encryption lets nobody in who cannot */
	};
	struct smb2_negotiated n;
	enum outcome o = smb2_negotiate(&s->t, &everything, &n);

	if (o == REFUSED)
		*ret_reason = "the server speaks neither SMB 2 nor 3";
	s->dialect = n.dialect;
	return o == ACCEPTED;
}

/* False where there is none, or it may not be answered. */
static bool hear_challenge(struct session *s, uint8_t *copy, size_t room, struct span *ret,
			   const char **ret_reason)
{
	uint8_t token[256];
	struct writer w = wr_new(token, sizeof(token));
	struct smb2_session answer;
	struct ntlm_challenge c;

	ntlm_write_spnego(&w);
	if (smb2_session_setup(&s->t, wr_span(&w), &answer) != ACCEPTED ||
	    answer.status != STATUS_MORE_PROCESSING)
		return false;
	struct span message = ntlm_token(answer.blob);
	if (message.length > room || !ntlm_read_challenge(message, &c))
		return false;
	*ret_reason = why_not(&c);
	if (*ret_reason != NULL)
		return false;
	memcpy(copy, message.at, message.length);
	*ret = span_of(copy, message.length);
	return true;
}

/* Writes what proves the password. */
static bool write_proof(struct session *s, const struct credential *k, struct span challenge,
			struct writer *w, uint8_t ret_key[static NTLM_KEY])
{
	static const uint64_t ticks = 10000000, epoch = 11644473600; /* 1601 to 1970, in seconds */
	struct ntlm_login l = {
		.user = k->user,
		.password = k->password,
		.time = ((uint64_t)conn_clock(s->t.c) + epoch) * ticks,
	};
	struct ntlm_challenge c;

	if (!ntlm_read_challenge(challenge, &c))
		return false;
	l.domain = c.computer;
	conn_random(s->t.c, l.nonce, sizeof(l.nonce));
	conn_random(s->t.c, l.key, sizeof(l.key));
	return ntlm_write_login(w, &l, challenge, ret_key);
}

/* 2.2.7; signed, as all is in this session. Where all must be encrypted the close ends it. */
static void log_off(struct session *s, const uint8_t key[static NTLM_KEY])
{
	uint8_t bytes[128], signature[SIGNATURE];
	struct writer w = wr_new(bytes, sizeof(bytes));
	struct smb2_answer answer;
	size_t place = smb2_open(&s->t, &w, SMB2_LOGOFF);
	uint8_t *message = bytes + 4;

	wr_le16(&w, 4);
	wr_le16(&w, 0);
	message[FLAGS_AT] |= SIGNED;
	if (!sign(s, key, span_of(message, w.length - 4), signature))
		return;
	memcpy(message + SIGNATURE_AT, signature, SIGNATURE);
	smb2_say(&s->t, &w, place);
	smb2_hear(&s->t, SMB2_LOGOFF, &answer);
}

/* What the server's yes is worth. */
static enum login_result weigh(struct session *s, const struct smb2_session *answer,
			       const uint8_t session_key[static NTLM_KEY], const char **ret_reason)
{
	uint8_t key[NTLM_KEY];

	if (answer->status != 0)
		return LOGIN_UNTESTED;
	if (answer->flags & (SESSION_IS_GUEST | SESSION_IS_NULL)) {
		*ret_reason = "let in as guest, which proves nothing of the password";
		return LOGIN_UNTESTED;
	}
	if (!signing_key(s, s->before, session_key, key) || !is_signed(s, key)) {
		*ret_reason = "let in, but the server does not prove that it knows the password";
		return LOGIN_UNTESTED;
	}
	if (!(answer->flags & SESSION_ENCRYPTED))
		log_off(s, key);
	return LOGIN_ACCEPTED;
}

static enum login_result converse(struct session *s, const struct credential *k,
				  const char **ret_reason)
{
	uint8_t copy[1536], token[SMB_SETUP_MAX - 256], key[NTLM_KEY];
	struct writer w = wr_new(token, sizeof(token));
	struct span challenge;
	struct smb2_session answer = { 0 };

	if (!negotiate(s, ret_reason) ||
	    !hear_challenge(s, copy, sizeof(copy), &challenge, ret_reason))
		return LOGIN_UNTESTED;
	if (!write_proof(s, k, challenge, &w, key)) {
		*ret_reason = "NTLMv2 cannot be answered here";
		return LOGIN_UNTESTED;
	}
	s->t.must_sign = true;
	enum outcome o = smb2_session_setup(&s->t, wr_span(&w), &answer);
	enum login_result result = LOGIN_UNTESTED;
	if (o == REFUSED && answer.status != 0)
		result = of_status(answer.status, ret_reason);
	else if (o == ACCEPTED)
		result = weigh(s, &answer, key, ret_reason);
	OPENSSL_cleanse(key, sizeof(key));
	return result;
}

enum login_result login_smb(struct conn *c, const struct credential *k, const char **ret_reason)
{
	struct session s = { .hashed = true };

	/* Without a name it would be a null session. */
	if (k->user[0] == '\0' || conn_tls_wanted(c))
		return LOGIN_UNTESTED;
	s.t = (struct smb2){ .c = c, .seen = fold, .context = &s };
	return converse(&s, k, ret_reason);
}
