/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first half of a key exchange, as often as it takes to see every host key and the groups of a
 * group exchange. What is sent, and why it is safe, stands in ssh.c.
 *
 * Our half of the exchange is a value that a server accepts and that costs it, and us, the least: no
 * secret belongs to it, since no exchange is finished.
 *   X25519, X448    random bytes: each is a point (RFC 7748 5)
 *   NIST curves     the curve's own base point: servers check that it lies on the curve
 *   Diffie-Hellman  a square below the prime: some servers check that it lies in the subgroup, and
 *                   in a group of a safe prime the squares are that subgroup
 *   hybrids         an ML-KEM or sntrup761 key of zeros, which is a valid encoding, before X25519
 */
#include "ssh_survey.h"

#include <openssl/bn.h>

#include "codec/evidence.h"

enum {
	GROUP_BITS_MAX = 8192,   /* RFC 4419 3 */
	GROUP_BITS_READ = 16384, /* more is no group, but an attack on who computes with it */
	INIT_MAX = 1300,         /* bytes of our longest message */
	FAILURES_MAX = 2,        /* connections in a row that did not come as far as KEXINIT */
	SNTRUP761_BYTES = 1158,  /* of an encapsulation key */
	MLKEM768_BYTES = 1184,
};

/* ---- what can be begun ---- */

enum share {
	SHARE_X25519,
	SHARE_X448,
	SHARE_P256,
	SHARE_P384,
	SHARE_P521,
	SHARE_DH,
	SHARE_EXCHANGE
};

/* In the order of what they cost the server. */
static const struct ssh_kex_way {
	const char *name;
	enum share share;
	unsigned bits;    /* of the prime */
	unsigned leading; /* bytes of the other half of a hybrid */
} ways[] = {
	{ "curve25519-sha256", SHARE_X25519, 0, 0 },
	{ "curve25519-sha256@libssh.org", SHARE_X25519, 0, 0 },
	{ "ecdh-sha2-nistp256", SHARE_P256, 0, 0 },
	{ "diffie-hellman-group1-sha1", SHARE_DH, 1024, 0 },
	{ "diffie-hellman-group1-sha256", SHARE_DH, 1024, 0 },
	{ "curve448-sha512", SHARE_X448, 0, 0 },
	{ "ecdh-sha2-nistp384", SHARE_P384, 0, 0 },
	{ "ecdh-sha2-nistp521", SHARE_P521, 0, 0 },
	{ "diffie-hellman-group14-sha256", SHARE_DH, 2048, 0 },
	{ "diffie-hellman-group14-sha256@ssh.com", SHARE_DH, 2048, 0 },
	{ "diffie-hellman-group14-sha224@ssh.com", SHARE_DH, 2048, 0 },
	{ "diffie-hellman-group14-sha1", SHARE_DH, 2048, 0 },
	{ "mlkem768x25519-sha256", SHARE_X25519, 0, MLKEM768_BYTES },
	{ "sntrup761x25519-sha512", SHARE_X25519, 0, SNTRUP761_BYTES },
	{ "sntrup761x25519-sha512@openssh.com", SHARE_X25519, 0, SNTRUP761_BYTES },
	{ "diffie-hellman-group15-sha512", SHARE_DH, 3072, 0 },
	{ "diffie-hellman-group15-sha256", SHARE_DH, 3072, 0 },
	{ "diffie-hellman-group15-sha256@ssh.com", SHARE_DH, 3072, 0 },
	{ "diffie-hellman-group15-sha384@ssh.com", SHARE_DH, 3072, 0 },
	{ "diffie-hellman-group16-sha512", SHARE_DH, 4096, 0 },
	{ "diffie-hellman-group16-sha256", SHARE_DH, 4096, 0 },
	{ "diffie-hellman-group16-sha384@ssh.com", SHARE_DH, 4096, 0 },
	{ "diffie-hellman-group16-sha512@ssh.com", SHARE_DH, 4096, 0 },
	{ "diffie-hellman-group-exchange-sha256", SHARE_EXCHANGE, 0, 0 },
	{ "diffie-hellman-group-exchange-sha1", SHARE_EXCHANGE, 0, 0 },
	{ "diffie-hellman-group17-sha512", SHARE_DH, 6144, 0 },
	{ "diffie-hellman-group18-sha512", SHARE_DH, 8192, 0 },
	{ "diffie-hellman-group18-sha512@ssh.com", SHARE_DH, 8192, 0 },
};

static const char *const exchanges[] = {
	"diffie-hellman-group-exchange-sha256",
	"diffie-hellman-group-exchange-sha1",
	"diffie-hellman-group-exchange-sha256@ssh.com",
	"diffie-hellman-group-exchange-sha224@ssh.com",
	"diffie-hellman-group-exchange-sha384@ssh.com",
	"diffie-hellman-group-exchange-sha512@ssh.com",
};

/* Algorithms that sign with one key; the others are one each. */
static const char *const rsa_names[] = {
	"rsa-sha2-256",           "rsa-sha2-512",           "ssh-rsa",
	"ssh-rsa-sha256@ssh.com", "ssh-rsa-sha224@ssh.com", "ssh-rsa-sha384@ssh.com",
	"ssh-rsa-sha512@ssh.com"
};
static const char *const rsa_certificate_names[] = { "rsa-sha2-256-cert-v01@openssh.com",
						     "rsa-sha2-512-cert-v01@openssh.com",
						     "ssh-rsa-cert-v01@openssh.com" };
static const char *const dsa_names[] = { "ssh-dss", "ssh-dss-sha256@ssh.com",
					 "ssh-dss-sha384@ssh.com", "ssh-dss-sha512@ssh.com" };

static const struct family {
	const char *const *names;
	size_t count;
} families[] = {
	{ rsa_names, countof(rsa_names) }, /* first: RSA alone has lengths that can be too small */
	{ dsa_names, countof(dsa_names) },
	{ rsa_certificate_names, countof(rsa_certificate_names) },
};

static struct span name_span(const struct ssh_name *n)
{
	return span_of(n->at, n->length);
}

static struct ssh_name name_of(struct span s)
{
	struct ssh_name n = { .length = 0 };

	if (ssh_is_name(s)) {
		memcpy(n.at, s.at, s.length);
		n.length = s.length;
	}
	return n;
}

static bool in_family(const struct family *f, struct span name)
{
	for (size_t i = 0; i < f->count; i++)
		if (span_is(name, f->names[i]))
			return true;
	return false;
}

static void add_hostkey(struct ssh_offer *o, struct span name)
{
	if (o->hostkey_count == SSH_KEYS_MAX) {
		o->more_hostkeys = true;
		return;
	}
	o->hostkeys[o->hostkey_count++] = name_of(name);
}

static bool has_hostkey(const struct ssh_offer *o, struct span name)
{
	for (size_t i = 0; i < o->hostkey_count; i++)
		if (o->hostkeys[i].length == name.length &&
		    memcmp(o->hostkeys[i].at, name.at, name.length) == 0)
			return true;
	return false;
}

/* Keys that come as S-expressions, OpenPGP or, by a draft, as bare certificates (RFC 4253 6.6). */
static bool in_other_form(struct span name)
{
	return span_starts(name, "spki-sign-") || span_starts(name, "pgp-sign-") ||
	       span_starts(name, "x509v3-sign-");
}

static void read_hostkeys(struct span list, struct ssh_offer *o)
{
	for (size_t f = 0; f < countof(families); f++)
		for (size_t i = 0; i < families[f].count; i++)
			if (ssh_list_has(list, families[f].names[i])) {
				add_hostkey(o, span_text(families[f].names[i]));
				break;
			}
	while (list.length > 0) {
		struct span name = ssh_next_name(&list);
		bool known = !ssh_is_name(name) || span_is(name, "null") || in_other_form(name);

		for (size_t f = 0; f < countof(families); f++)
			known = known || in_family(&families[f], name);
		if (!known && !has_hostkey(o, name))
			add_hostkey(o, name);
	}
}

void ssh_read_offer(const struct ssh_kexinit *k, struct ssh_offer *ret)
{
	struct ssh_offer o = { .guessed = k->guessed };

	for (size_t i = countof(ways); i-- > 0;)
		if (ssh_list_has(k->list[KEX], ways[i].name))
			o.way = &ways[i];
	if (o.way != NULL)
		o.kex = name_of(span_text(o.way->name));
	for (size_t i = countof(exchanges); i-- > 0;)
		if (ssh_list_has(k->list[KEX], exchanges[i]))
			o.exchange = name_of(span_text(exchanges[i]));
	for (size_t i = 0; i < LISTS; i++) {
		struct span list = k->list[i];

		o.first[i] = name_of(ssh_next_name(&list));
	}
	read_hostkeys(k->list[HOSTKEY], &o);
	*ret = o;
}

/* ---- writers ---- */

/* SP 800-186 3.2.1: the base points, as SEC 1 2.3.3 writes them whole. */
static const uint8_t base_p256[] =
	"\x04\x6b\x17\xd1\xf2\xe1\x2c\x42\x47\xf8\xbc\xe6\xe5\x63\xa4\x40\xf2\x77\x03\x7d\x81\x2d"
	"\xeb\x33\xa0\xf4\xa1\x39\x45\xd8\x98\xc2\x96\x4f\xe3\x42\xe2\xfe\x1a\x7f\x9b\x8e\xe7\xeb"
	"\x4a\x7c\x0f\x9e\x16\x2b\xce\x33\x57\x6b\x31\x5e\xce\xcb\xb6\x40\x68\x37\xbf\x51\xf5";
static const uint8_t base_p384[] =
	"\x04\xaa\x87\xca\x22\xbe\x8b\x05\x37\x8e\xb1\xc7\x1e\xf3\x20\xad\x74\x6e\x1d\x3b\x62\x8b"
	"\xa7\x9b\x98\x59\xf7\x41\xe0\x82\x54\x2a\x38\x55\x02\xf2\x5d\xbf\x55\x29\x6c\x3a\x54\x5e"
	"\x38\x72\x76\x0a\xb7\x36\x17\xde\x4a\x96\x26\x2c\x6f\x5d\x9e\x98\xbf\x92\x92\xdc\x29\xf8"
	"\xf4\x1d\xbd\x28\x9a\x14\x7c\xe9\xda\x31\x13\xb5\xf0\xb8\xc0\x0a\x60\xb1\xce\x1d\x7e\x81"
	"\x9d\x7a\x43\x1d\x7c\x90\xea\x0e\x5f";
static const uint8_t base_p521[] =
	"\x04\x00\xc6\x85\x8e\x06\xb7\x04\x04\xe9\xcd\x9e\x3e\xcb\x66\x23\x95\xb4\x42\x9c\x64\x81"
	"\x39\x05\x3f\xb5\x21\xf8\x28\xaf\x60\x6b\x4d\x3d\xba\xa1\x4b\x5e\x77\xef\xe7\x59\x28\xfe"
	"\x1d\xc1\x27\xa2\xff\xa8\xde\x33\x48\xb3\xc1\x85\x6a\x42\x9b\xf9\x7e\x7e\x31\xc2\xe5\xbd"
	"\x66\x01\x18\x39\x29\x6a\x78\x9a\x3b\xc0\x04\x5c\x8a\x5f\xb4\x2c\x7d\x1b\xd9\x98\xf5\x44"
	"\x49\x57\x9b\x44\x68\x17\xaf\xbd\x17\x27\x3e\x66\x2c\x97\xee\x72\x99\x5e\xf4\x26\x40\xc5"
	"\x50\xb9\x01\x3f\xad\x07\x61\x35\x3c\x70\x86\xa2\x72\xc2\x40\x88\xbe\x94\x76\x9f\xd1\x66"
	"\x50";

static void write_string(struct writer *w, struct span s)
{
	wr_be32(w, (uint32_t)s.length);
	wr_span_in(w, s);
}

/* The square of a random number of half the prime's length. Its first and last bit are set, so that
 * the square has enough bits for servers that count them. */
static void write_square(struct conn *c, struct writer *w, unsigned bits)
{
	uint8_t root[GROUP_BITS_MAX / 16], square[GROUP_BITS_MAX / 8 + 1];
	size_t length = (bits - 1) / 16;
	BN_CTX *ctx = BN_CTX_new();
	BIGNUM *number = BN_new();

	conn_random(c, root, length);
	root[0] |= 0x80;
	root[length - 1] |= 1;
	if (ctx != NULL && number != NULL && BN_bin2bn(root, (int)length, number) != NULL &&
	    BN_sqr(number, number, ctx) == 1) {
		int n = BN_num_bits(number) / 8 + 1; /* mpint: the first bit is the sign */

		BN_bn2binpad(number, square, n);
		write_string(w, span_of(square, (size_t)n));
	}
	BN_free(number);
	BN_CTX_free(ctx);
}

/* Our half of the exchange; bits: of the prime. */
static void say_share(struct conn *c, uint8_t message, enum share share, unsigned bits,
		      unsigned leading)
{
	static const struct {
		const uint8_t *base;
		size_t length;
	} fixed[] = {
		[SHARE_P256] = { base_p256, sizeof(base_p256) - 1 },
		[SHARE_P384] = { base_p384, sizeof(base_p384) - 1 },
		[SHARE_P521] = { base_p521, sizeof(base_p521) - 1 },
	};
	uint8_t body[INIT_MAX], random[56];
	struct writer w = wr_new(body, sizeof(body));
	size_t length = share == SHARE_X448 ? 56 : 32;

	wr_u8(&w, message);
	switch (share) {
	case SHARE_X25519:
	case SHARE_X448:
		conn_random(c, random, length);
		wr_be32(&w, (uint32_t)(leading + length));
		wr_fill(&w, 0, leading);
		wr_bytes(&w, random, length);
		break;
	case SHARE_P256:
	case SHARE_P384:
	case SHARE_P521:
		write_string(&w, span_of(fixed[share].base, fixed[share].length));
		break;
	case SHARE_DH:
	case SHARE_EXCHANGE:
		write_square(c, &w, bits);
		break;
	}
	ssh_say(c, wr_span(&w));
}

struct request {
	unsigned min, preferred, max;
};

static void say_request(struct conn *c, const struct request *q)
{
	uint8_t body[13];
	struct writer w = wr_new(body, sizeof(body));

	wr_u8(&w, SSH_MSG_GEX_REQUEST);
	wr_be32(&w, q->min);
	wr_be32(&w, q->preferred);
	wr_be32(&w, q->max);
	ssh_say(c, wr_span(&w));
}

/* ---- asking ---- */

static bool same_name(const struct ssh_name *a, struct span b)
{
	return a->length == b.length && memcmp(a->at, b.at, b.length) == 0;
}

/* To where both sides have said their KEXINIT: ours names one key exchange and one host key, and of
 * the rest what the server prefers, so that nothing is left to choose. */
static bool begin(struct conn *c, const struct ssh_offer *o, struct span kex, struct span hostkey,
		  bool here)
{
	struct span lists[LISTS], payload;
	struct ssh_identification id;
	struct ssh_kexinit k;

	for (size_t i = 0; i < LISTS; i++)
		lists[i] = name_span(&o->first[i]);
	lists[KEX] = kex;
	lists[HOSTKEY] = hostkey;
	if (!here && (!conn_again(c) || ssh_hear_identification(c, &id) != ENDING_DONE))
		return false;
	ssh_say_kexinit(c, lists, !here);
	if (!here && (ssh_hear(c, &payload, NULL) != ENDING_DONE ||
		      payload.at[0] != SSH_MSG_KEXINIT || !ssh_read_kexinit(payload, &k)))
		return false;
	/* RFC 4253 7: what it guessed wrongly is to be passed over. */
	if (o->guessed &&
	    !(same_name(&o->first[KEX], kex) && same_name(&o->first[HOSTKEY], hostkey)))
		return ssh_hear(c, &payload, NULL) == ENDING_DONE;
	return conn_ok(c);
}

/* The bits of the group that the server answers; 0 where it answers none. */
static enum ending hear_group(struct conn *c, struct span *ret_prime)
{
	struct span payload;
	enum ending e = ssh_hear(c, &payload, NULL);

	if (e != ENDING_DONE)
		return e;
	if (payload.at[0] != SSH_MSG_GEX_GROUP)
		return conn_oddity(c, "ssh.packet-unexpected");
	struct reader r = rd_new(span_from(payload, 1));
	struct span prime = ssh_read_string(&r);
	unsigned bits = ssh_mpint_bits(prime);

	ssh_read_string(&r); /* generator */
	if (!rd_end(&r) || bits < 2 || bits > GROUP_BITS_READ)
		return conn_oddity(c, "ssh.moduli-malformed");
	*ret_prime = prime;
	return ENDING_DONE;
}

/* Our half, and the server's with its host key; the connection is used up. */
static bool exchange(struct conn *c, const struct ssh_offer *o, struct span hostkey, json_t *list)
{
	static const struct request usual = { 1024, 2048, GROUP_BITS_MAX };
	bool asks = o->way->share == SHARE_EXCHANGE;
	unsigned bits = o->way->bits;
	struct ssh_key_facts facts;
	struct span payload, prime;

	if (asks) {
		say_request(c, &usual);
		if (hear_group(c, &prime) != ENDING_DONE)
			return false;
		bits = ssh_mpint_bits(prime);
		if (bits < 64 || bits > GROUP_BITS_MAX)
			return false;
	}
	say_share(c, asks ? SSH_MSG_GEX_INIT : SSH_MSG_KEXDH_INIT, o->way->share, bits,
		  o->way->leading);
	if (ssh_hear(c, &payload, NULL) != ENDING_DONE)
		return false;
	if (payload.at[0] != (asks ? SSH_MSG_GEX_REPLY : SSH_MSG_KEXDH_REPLY)) {
		conn_oddity(c, "ssh.packet-unexpected");
		return false;
	}
	struct reader r = rd_new(span_from(payload, 1));
	struct span blob = ssh_read_string(&r);
	if (!rd_ok(&r) || !ssh_read_key(blob, &facts)) {
		conn_oddity(c, "ssh.hostkey-malformed");
		return false;
	}
	ssh_note_key(list, hostkey, &facts);
	return true;
}

bool ssh_survey_keys(struct conn *c, const struct ssh_offer *o, bool here, json_t *evidence)
{
	bool whole = o->way != NULL && o->hostkey_count > 0 && !o->more_hostkeys;
	unsigned failures = 0;

	for (size_t i = 0; o->way != NULL && i < o->hostkey_count; i++) {
		struct span hostkey = name_span(&o->hostkeys[i]);

		if (!begin(c, o, name_span(&o->kex), hostkey, here && i == 0)) {
			whole = false;
			if (++failures == FAILURES_MAX)
				break;
			continue;
		}
		failures = 0;
		if (!exchange(c, o, hostkey, note_list(evidence, "hostkeys")))
			whole = false;
	}
	return whole;
}

/* ---- moduli ---- */

static const char *name_of_group(struct span prime)
{
	static const struct {
		const char *name;
		BIGNUM *(*make)(BIGNUM *);
	} known[] = {
		{ "RFC 2409 group 1", BN_get_rfc2409_prime_768 },
		{ "RFC 2409 group 2", BN_get_rfc2409_prime_1024 },
		{ "RFC 3526 group 5", BN_get_rfc3526_prime_1536 },
		{ "RFC 3526 group 14", BN_get_rfc3526_prime_2048 },
		{ "RFC 3526 group 15", BN_get_rfc3526_prime_3072 },
		{ "RFC 3526 group 16", BN_get_rfc3526_prime_4096 },
		{ "RFC 3526 group 17", BN_get_rfc3526_prime_6144 },
		{ "RFC 3526 group 18", BN_get_rfc3526_prime_8192 },
	};
	BIGNUM *number = BN_bin2bn(prime.at, (int)prime.length, NULL);
	const char *name = NULL;

	for (size_t i = 0; number != NULL && name == NULL && i < countof(known); i++) {
		BIGNUM *other = known[i].make(NULL);

		if (other != NULL && BN_cmp(number, other) == 0)
			name = known[i].name;
		BN_free(other);
	}
	BN_free(number);
	return name;
}

static void note_request(json_t *entry, const struct request *q)
{
	note_int(entry, "min", q->min);
	note_int(entry, "preferred", q->preferred);
	note_int(entry, "max", q->max);
}

static void note_group(struct conn *c, json_t *entry, const struct request *q, struct span prime)
{
	const char *name = name_of_group(prime);
	unsigned bits = ssh_mpint_bits(prime);

	note_int(entry, "bits", bits);
	if (name != NULL)
		note_word(entry, "group", name);
	if (bits < q->min || bits > q->max)
		conn_note_oddity(c, "ssh.moduli-range");
}

/*
 * The smallest group that the server has at all, else the smallest from 1024 bits on, then what it
 * gives to a client of today. RFC 4419 3: it answers the smallest from the preferred size on, and
 * hangs up where it has none in the range.
 */
bool ssh_survey_moduli(struct conn *c, const struct ssh_offer *o, json_t *evidence)
{
	static const struct request requests[SSH_MODULI_MAX] = { { 512, 512, 1024 },
								 { 1024, 1024, 2048 },
								 { 2048, 3072, GROUP_BITS_MAX } };
	bool whole = true, smallest = false;

	if (o->exchange.length == 0)
		return true;
	for (size_t i = 0; i < countof(requests); i++) {
		struct span prime;

		if (i == 1 && smallest)
			continue;
		if (!begin(c, o, name_span(&o->exchange), name_span(&o->first[HOSTKEY]), false))
			return false;
		say_request(c, &requests[i]);
		enum ending e = hear_group(c, &prime);
		if (e != ENDING_DONE && e != ENDING_CLOSED) {
			whole = false;
			continue;
		}
		json_t *entry = list_object(note_list(evidence, "moduli"));
		note_request(entry, &requests[i]);
		if (e == ENDING_CLOSED) {
			note_bool(entry, "refused", true);
			continue;
		}
		note_group(c, entry, &requests[i], prime);
		smallest = true;
	}
	return whole;
}
