/* SPDX-License-Identifier: Apache-2.0 */
/* Host keys of the ssh probe: what a blob says, and how it is noted. */
#include <openssl/evp.h>

#include "codec/evidence.h"
#include "ssh_survey.h"

enum form { FORM_RSA, FORM_DSA, FORM_POINT, FORM_CURVE };

/* ---- readers ---- */

static const struct key_type {
	const char *plain;
	const char *certificate; /* NULL: none is defined */
	enum form form;
	unsigned bits;    /* of those that have one length */
	unsigned length;  /* of their point in bytes */
	bool application; /* of a security key (PROTOCOL.u2f) */
} key_types[] = {
	{ "ssh-rsa", "ssh-rsa-cert-v01@openssh.com", FORM_RSA, 0, 0, false },
	{ "ssh-dss", "ssh-dss-cert-v01@openssh.com", FORM_DSA, 0, 0, false },
	{ "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256-cert-v01@openssh.com", FORM_CURVE, 256, 32,
	  false },
	{ "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384-cert-v01@openssh.com", FORM_CURVE, 384, 48,
	  false },
	{ "ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521-cert-v01@openssh.com", FORM_CURVE, 521, 66,
	  false },
	{ "ssh-ed25519", "ssh-ed25519-cert-v01@openssh.com", FORM_POINT, 256, 32, false },
	{ "ssh-ed448", NULL, FORM_POINT, 448, 57, false },
	{ "sk-ecdsa-sha2-nistp256@openssh.com", "sk-ecdsa-sha2-nistp256-cert-v01@openssh.com",
	  FORM_CURVE, 256, 32, true },
	{ "sk-ssh-ed25519@openssh.com", "sk-ssh-ed25519-cert-v01@openssh.com", FORM_POINT, 256, 32,
	  true },
};

static const struct key_type *find_type(struct span name, bool *ret_certificate)
{
	for (size_t i = 0; i < countof(key_types); i++) {
		const struct key_type *t = &key_types[i];

		*ret_certificate = t->certificate != NULL && span_is(name, t->certificate);
		if (*ret_certificate || span_is(name, t->plain))
			return t;
	}
	return NULL;
}

/* RFC 5656 3.1: the curve's name, and the point, whole or compressed (SEC 1, 2.3.3). */
static void read_curve(struct reader *r, const struct key_type *t)
{
	static const char prefix[] = "ecdsa-sha2-";
	struct span curve = ssh_read_string(r);
	struct span point = ssh_read_string(r);
	const char *expected = strstr(t->plain, prefix) + sizeof(prefix) - 1;
	size_t length = strcspn(expected, "@");
	bool good =
		point.length > 0 && (point.at[0] == 4 ? point.length == 1 + 2 * (size_t)t->length
						      : point.length == 1 + (size_t)t->length);

	if (!good || curve.length != length || memcmp(curve.at, expected, length) != 0)
		rd_fail(r);
}

/* What stands behind the type; the bits. */
static unsigned read_fields(struct reader *r, const struct key_type *t)
{
	unsigned bits = t->bits;

	switch (t->form) {
	case FORM_RSA:
		ssh_read_string(r); /* exponent */
		bits = ssh_mpint_bits(ssh_read_string(r));
		break;
	case FORM_DSA:
		bits = ssh_mpint_bits(ssh_read_string(r));
		for (unsigned i = 0; i < 3; i++) /* q, g, y */
			ssh_read_string(r);
		break;
	case FORM_POINT:
		if (ssh_read_string(r).length != t->length)
			rd_fail(r);
		break;
	case FORM_CURVE:
		read_curve(r, t);
		break;
	}
	if (t->application)
		ssh_read_string(r);
	return bits;
}

bool ssh_read_key(struct span blob, struct ssh_key_facts *ret)
{
	struct reader r = rd_new(blob);
	struct ssh_key_facts k = { .type = ssh_read_string(&r) };
	const struct key_type *t = find_type(k.type, &k.certificate);

	if (!ssh_is_name(k.type))
		return false;
	if (t == NULL) {
		k.fields = rd_rest(&r);
		*ret = k;
		return true;
	}
	k.plain = t->plain;
	if (k.certificate)
		ssh_read_string(&r); /* nonce */
	const uint8_t *start = r.at;
	k.bits = read_fields(&r, t);
	if (!rd_ok(&r))
		return false;
	k.fields = span_of(start, (size_t)(r.at - start));
	if (k.certificate) {
		rd_skip(&r, 8 + 4); /* serial, type */
		k.key_id = ssh_read_string(&r);
		ssh_read_string(&r); /* principals */
		k.valid_from = rd_be64(&r);
		k.valid_until = rd_be64(&r);
		for (unsigned i = 0; i < 3; i++) /* critical options, extensions, reserved */
			ssh_read_string(&r);
		k.authority = ssh_read_string(&r);
		ssh_read_string(&r); /* signature */
	}
	if (!rd_end(&r))
		return false;
	*ret = k;
	return true;
}

/* ---- writers ---- */

static size_t digest_key(const EVP_MD *md, const struct ssh_key_facts *k,
			 uint8_t ret[static EVP_MAX_MD_SIZE])
{
	struct span type = k->plain != NULL ? span_text(k->plain) : k->type;
	uint8_t length[4];
	unsigned n = 0;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	struct writer w = wr_new(length, sizeof(length));

	wr_be32(&w, (uint32_t)type.length);
	bool good = ctx != NULL && EVP_DigestInit_ex(ctx, md, NULL) == 1 &&
		    EVP_DigestUpdate(ctx, length, sizeof(length)) == 1 &&
		    EVP_DigestUpdate(ctx, type.at, type.length) == 1 &&
		    EVP_DigestUpdate(ctx, k->fields.at, k->fields.length) == 1 &&
		    EVP_DigestFinal_ex(ctx, ret, &n) == 1;
	EVP_MD_CTX_free(ctx);
	return good ? n : 0;
}

/* As `ssh-keygen -l` prints it: base64 without its padding. */
static void note_sha256(json_t *object, const struct ssh_key_facts *k)
{
	uint8_t digest[EVP_MAX_MD_SIZE], base64[2 * EVP_MAX_MD_SIZE], text[160];
	size_t length = digest_key(EVP_sha256(), k, digest);
	struct writer w = wr_new(text, sizeof(text));

	if (length == 0)
		return;
	int n = EVP_EncodeBlock(base64, digest, (int)length);
	while (n > 0 && base64[n - 1] == '=')
		n--;
	wr_text(&w, "SHA256:");
	wr_bytes(&w, base64, (size_t)n);
	note_text(object, "sha256", wr_span(&w));
}

/* As `ssh-keygen -l -E md5` prints it behind "MD5:", for inventories from before OpenSSH 6.8. */
static void note_md5(json_t *object, const struct ssh_key_facts *k)
{
	static const char digits[] = "0123456789abcdef";
	uint8_t digest[EVP_MAX_MD_SIZE], text[3 * EVP_MAX_MD_SIZE];
	size_t length = digest_key(EVP_md5(), k, digest); /* 0 where OpenSSL runs without it */
	struct writer w = wr_new(text, sizeof(text));

	for (size_t i = 0; i < length; i++) {
		if (i > 0)
			wr_u8(&w, ':');
		wr_u8(&w, (uint8_t)digits[digest[i] >> 4]);
		wr_u8(&w, (uint8_t)digits[digest[i] & 15]);
	}
	if (length > 0)
		note_text(object, "md5", wr_span(&w));
}

static void note_facts(json_t *object, const struct ssh_key_facts *k)
{
	note_text(object, "type", k->type);
	if (k->bits > 0)
		note_int(object, "bits", k->bits);
	note_sha256(object, k);
	note_md5(object, k);
}

/* 0 and the greatest number mean "always" and "forever". */
static void note_moment(json_t *object, const char *key, uint64_t seconds)
{
	if (seconds > 0 && seconds <= 253402300799) /* the end of 9999 */
		note_time(object, key, (int64_t)seconds);
}

void ssh_note_key(json_t *list, struct span algorithm, const struct ssh_key_facts *k)
{
	json_t *object = list_object(list);
	struct ssh_key_facts authority;

	note_text(object, "algorithm", algorithm);
	note_facts(object, k);
	if (!k->certificate)
		return;
	json_t *certificate = note_object(object, "certificate");
	note_text(certificate, "key_id", k->key_id);
	note_moment(certificate, "valid_from", k->valid_from);
	note_moment(certificate, "valid_until", k->valid_until);
	if (ssh_read_key(k->authority, &authority))
		note_facts(note_object(certificate, "authority"), &authority);
}
