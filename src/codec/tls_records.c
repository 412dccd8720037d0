/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/tls_records.h"

#include <openssl/evp.h>

#include "codec/tls_suites.h"

enum extension {
	EXT_SERVER_NAME = 0,
	EXT_STATUS_REQUEST = 5,
	EXT_SUPPORTED_GROUPS = 10,
	EXT_POINT_FORMATS = 11,
	EXT_SIGNATURE_ALGORITHMS = 13,
	EXT_HEARTBEAT = 15,
	EXT_ALPN = 16,
	EXT_PADDING = 21,
	EXT_EXTENDED_MASTER_SECRET = 23,
	EXT_SESSION_TICKET = 35,
	EXT_SUPPORTED_VERSIONS = 43,
	EXT_SIGNATURE_ALGORITHMS_CERT = 50,
	EXT_KEY_SHARE = 51,
	EXT_RENEGOTIATION_INFO = 0xff01,
};

/* ---- what we say ---- */

static void write_server_name(struct writer *w, const char *name)
{
	wr_be16(w, EXT_SERVER_NAME);
	size_t extension = wr_open16(w);
	size_t list = wr_open16(w);
	wr_u8(w, 0); /* host_name */
	size_t text = wr_open16(w);
	wr_text(w, name);
	wr_close16(w, text);
	wr_close16(w, list);
	wr_close16(w, extension);
}

static void write_groups(struct writer *w, const struct tls_hello *h)
{
	wr_be16(w, EXT_SUPPORTED_GROUPS);
	size_t extension = wr_open16(w);
	size_t list = wr_open16(w);
	for (size_t i = 0; i < h->group_count; i++)
		wr_be16(w, h->groups[i]);
	wr_close16(w, list);
	wr_close16(w, extension);

	wr_be16(w, EXT_POINT_FORMATS);
	extension = wr_open16(w);
	size_t formats = wr_open8(w);
	wr_u8(w, 0); /* uncompressed; the other two serve curves over binary fields */
	wr_u8(w, 1);
	wr_u8(w, 2);
	wr_close8(w, formats);
	wr_close16(w, extension);
}

static void write_schemes(struct writer *w, uint16_t type, const uint16_t *schemes, size_t n)
{
	wr_be16(w, type);
	size_t extension = wr_open16(w);
	size_t list = wr_open16(w);
	for (size_t i = 0; i < n; i++)
		wr_be16(w, schemes[i]);
	wr_close16(w, list);
	wr_close16(w, extension);
}

static void write_protocols(struct writer *w, const struct tls_hello *h)
{
	wr_be16(w, EXT_ALPN);
	size_t extension = wr_open16(w);
	size_t list = wr_open16(w);
	for (size_t i = 0; i < h->protocol_count; i++) {
		size_t name = wr_open8(w);

		wr_text(w, h->protocols[i]);
		wr_close8(w, name);
	}
	wr_close16(w, list);
	wr_close16(w, extension);
}

/* RFC 6066 8, RFC 6520 2, RFC 5077 3.2. TLS 1.3 gives tickets unasked. */
static void write_extras(struct writer *w, const struct tls_hello *h)
{
	static const uint8_t ocsp[] = { 1, 0, 0, 0, 0 }; /* OCSP; no responders, no extensions */

	wr_be16(w, EXT_STATUS_REQUEST);
	size_t extension = wr_open16(w);
	wr_bytes(w, ocsp, sizeof(ocsp));
	wr_close16(w, extension);
	wr_be16(w, EXT_HEARTBEAT);
	wr_be16(w, 1);
	wr_u8(w, 2); /* this side does not want to be sent any */
	if (h->version < TLS_1_3) {
		wr_be16(w, EXT_SESSION_TICKET);
		wr_be16(w, 0);
	}
}

static void write_tls13(struct writer *w, const struct tls_hello *h)
{
	wr_be16(w, EXT_SUPPORTED_VERSIONS);
	size_t extension = wr_open16(w);
	size_t list = wr_open8(w);
	for (uint16_t v = h->version; v >= h->lowest && v >= SSL_3_0; v--)
		wr_be16(w, v);
	wr_close8(w, list);
	wr_close16(w, extension);

	wr_be16(w, EXT_KEY_SHARE);
	extension = wr_open16(w);
	list = wr_open16(w);
	if (h->share.length > 0) {
		wr_be16(w, h->share_group);
		size_t share = wr_open16(w);
		wr_span_in(w, h->share);
		wr_close16(w, share);
	}
	wr_close16(w, list);
	wr_close16(w, extension);
}

static void write_extensions(struct writer *w, const struct tls_hello *h)
{
	enum { BAD_FROM = 256, BAD_UNTIL = 512, PADDING_HEADER = 4 };

	size_t extensions = wr_open16(w);
	if (h->server_name != NULL)
		write_server_name(w, h->server_name);
	wr_be16(w, EXT_RENEGOTIATION_INFO);
	wr_be16(w, 1);
	wr_u8(w, 0); /* no earlier handshake */
	if (h->group_count > 0)
		write_groups(w, h);
	wr_be16(w, EXT_EXTENDED_MASTER_SECRET);
	wr_be16(w, 0);
	if (h->version >= TLS_1_2)
		write_schemes(w, EXT_SIGNATURE_ALGORITHMS,
			      h->schemes != NULL ? h->schemes : tls_schemes,
			      h->schemes != NULL ? h->scheme_count : tls_scheme_count);
	if (h->version >= TLS_1_2 && h->narrowed)
		write_schemes(w, EXT_SIGNATURE_ALGORITHMS_CERT, tls_schemes, tls_scheme_count);
	if (h->protocol_count > 0)
		write_protocols(w, h);
	if (h->extras)
		write_extras(w, h);
	if (h->version >= TLS_1_3)
		write_tls13(w, h);
	size_t length = wr_span(w).length - TLS_RECORD_HEADER;
	if (length >= BAD_FROM && length < BAD_UNTIL) {
		size_t left = BAD_UNTIL - length;

		wr_be16(w, EXT_PADDING);
		size_t padding = wr_open16(w);
		wr_fill(w, 0, left > PADDING_HEADER ? left - PADDING_HEADER : 0);
		wr_close16(w, padding);
	}
	wr_close16(w, extensions);
}

void tls_write_hello(struct writer *w, const struct tls_hello *h)
{
	uint16_t legacy = h->version > TLS_1_2 ? TLS_1_2 : h->version;

	wr_u8(w, TLS_HANDSHAKE);
	wr_be16(w, legacy > TLS_1_0 ? TLS_1_0 : legacy); /* RFC 5246, E.1: what any server reads */
	size_t record = wr_open16(w);
	wr_u8(w, TLS_CLIENT_HELLO);
	size_t message = wr_open24(w);
	wr_be16(w, legacy);
	wr_bytes(w, h->random, TLS_RANDOM);
	size_t session = wr_open8(w);
	if (h->session_id != NULL)
		wr_bytes(w, h->session_id, 32);
	wr_close8(w, session);
	size_t suites = wr_open16(w);
	for (size_t i = 0; i < h->suite_count; i++)
		wr_be16(w, h->suites[i]);
	if (h->version == SSL_3_0)
		wr_be16(w, TLS_EMPTY_RENEGOTIATION_INFO_SCSV);
	wr_close16(w, suites);
	size_t compression = wr_open8(w);
	if (h->version < TLS_1_3)
		wr_u8(w, 1); /* DEFLATE */
	wr_u8(w, 0);
	wr_close8(w, compression);
	if (h->version > SSL_3_0)
		write_extensions(w, h);
	wr_close24(w, message);
	wr_close16(w, record);
}

void ssl2_write_hello(struct writer *w, const uint8_t *challenge)
{
	static const uint32_t kinds[] = { 0x0700c0, 0x050080, 0x030080, 0x010080,
					  0x060040, 0x040080, 0x020080 };
	enum { LENGTH = 9 + 3 * countof(kinds) + 16 };

	wr_be16(w, 0x8000 | LENGTH);
	wr_u8(w, 1); /* CLIENT-HELLO */
	wr_be16(w, SSL_2_0);
	wr_be16(w, 3 * countof(kinds));
	wr_be16(w, 0); /* no session */
	wr_be16(w, 16);
	for (size_t i = 0; i < countof(kinds); i++)
		wr_be24(w, kinds[i]);
	wr_bytes(w, challenge, 16);
}

/* ---- what they say ---- */

bool tls_read_record(struct span header, struct tls_record *ret)
{
	struct reader r = rd_new(header);
	struct tls_record record = { 0 };

	record.type = rd_u8(&r);
	record.version = rd_be16(&r);
	record.length = rd_be16(&r);
	if (!rd_end(&r) || record.type < TLS_CHANGE_CIPHER_SPEC ||
	    record.type > TLS_APPLICATION_DATA || record.version >> 8 != 3 ||
	    record.length > TLS_RECORD_MAX)
		return false;
	*ret = record;
	return true;
}

bool tls_read_message(struct reader *r, struct tls_message *ret)
{
	struct reader ahead = *r, rest = *r;
	struct tls_message m = { 0 };

	m.type = rd_u8(&ahead);
	m.body = rd_span(&ahead, rd_be24(&ahead));
	if (!rd_ok(&ahead))
		return false;
	m.whole = span_first(rd_rest(&rest), m.body.length + 4);
	*r = ahead;
	*ret = m;
	return true;
}

/* RFC 7301 3.1: a list of one name. */
static void read_protocol(struct reader *r, struct tls_server_hello *hello)
{
	struct reader list = rd_sub(r, rd_be16(r));
	struct span name = rd_span(&list, rd_u8(&list));

	if (rd_end(&list))
		hello->protocol = name;
	else
		rd_fail(r);
}

static void read_key_share(struct reader *r, struct tls_server_hello *hello)
{
	hello->group = rd_be16(r);
	if (!hello->retry)
		hello->share = rd_span(r, rd_be16(r));
}

/* RFC 8446's drafts, 4.2.1.1: 7f and the draft's number; Facebook had a byte of its own. They are TLS 1.3. */
static uint16_t known_draft(uint16_t version)
{
	enum { DRAFT = 0x7f, DRAFT_FACEBOOK = 0xfb };

	return version >> 8 == DRAFT || version >> 8 == DRAFT_FACEBOOK ? TLS_1_3 : version;
}

bool tls_read_server_hello(struct span body, struct tls_server_hello *ret)
{
	/* RFC 8446, 4.1.3: SHA-256 of "HelloRetryRequest". */
	static const uint8_t retry[TLS_RANDOM] = {
		0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c,
		0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb,
		0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
	};
	struct reader r = rd_new(body);
	struct tls_server_hello hello = { 0 };

	hello.version = rd_be16(&r);
	hello.random = rd_span(&r, TLS_RANDOM);
	size_t session = rd_u8(&r);
	if (session > 32)
		return false;
	rd_skip(&r, session);
	hello.suite = rd_be16(&r);
	hello.compression = rd_u8(&r);
	if (!rd_ok(&r) || hello.version >> 8 != 3 || hello.version > TLS_1_2)
		return false;
	hello.share = span_first(body, 0);
	hello.protocol = span_first(body, 0);
	hello.retry = memcmp(hello.random.at, retry, sizeof(retry)) == 0;
	if (rd_left(&r) > 0) {
		struct reader extensions = rd_sub(&r, rd_be16(&r));

		while (rd_left(&extensions) > 0) {
			uint16_t type = rd_be16(&extensions);
			struct reader e = rd_sub(&extensions, rd_be16(&extensions));

			if (type == EXT_SUPPORTED_VERSIONS)
				hello.version = known_draft(rd_be16(&e));
			else if (type == EXT_KEY_SHARE)
				read_key_share(&e, &hello);
			else if (type == EXT_RENEGOTIATION_INFO)
				hello.secure_renegotiation = true;
			else if (type == EXT_EXTENDED_MASTER_SECRET)
				hello.extended_master_secret = true;
			else if (type == EXT_SESSION_TICKET)
				hello.session_ticket = true;
			else if (type == EXT_HEARTBEAT)
				hello.heartbeat = true;
			else if (type == EXT_STATUS_REQUEST)
				hello.ocsp = true;
			else if (type == EXT_ALPN)
				read_protocol(&e, &hello);
			if (!rd_ok(&e))
				return false;
		}
		if (!rd_ok(&extensions))
			return false;
	}
	if (!rd_end(&r) || hello.version < SSL_3_0 || hello.version > TLS_1_3)
		return false;
	*ret = hello;
	return true;
}

bool tls_read_encrypted_extensions(struct span body, struct tls_server_hello *hello)
{
	struct reader r = rd_new(body);
	struct reader extensions = rd_sub(&r, rd_be16(&r));
	struct tls_server_hello more = *hello;

	while (rd_left(&extensions) > 0) {
		uint16_t type = rd_be16(&extensions);
		struct reader e = rd_sub(&extensions, rd_be16(&extensions));

		if (type == EXT_ALPN)
			read_protocol(&e, &more);
		else if (type == EXT_SUPPORTED_GROUPS)
			more.groups = rd_span(&e, rd_be16(&e));
		else if (type == EXT_HEARTBEAT)
			more.heartbeat = true;
		if (!rd_ok(&e))
			return false;
	}
	if (!rd_ok(&extensions) || !rd_end(&r))
		return false;
	*hello = more;
	return true;
}

/* An entry's extensions in TLS 1.3: is there an OCSP answer? */
static bool has_ocsp(struct reader extensions)
{
	bool found = false;

	while (rd_left(&extensions) > 0) {
		found |= rd_be16(&extensions) == EXT_STATUS_REQUEST;
		rd_skip(&extensions, rd_be16(&extensions));
	}
	return found && rd_ok(&extensions);
}

bool tls_read_chain(struct span body, bool tls13, struct tls_chain *ret)
{
	struct reader r = rd_new(body);
	struct tls_chain chain = { 0 };

	if (tls13)
		rd_skip(&r, rd_u8(&r)); /* request context */
	struct reader list = rd_sub(&r, rd_be24(&r));
	while (rd_left(&list) > 0) {
		struct span der = rd_span(&list, rd_be24(&list));

		if (tls13 && has_ocsp(rd_sub(&list, rd_be16(&list))) && chain.count == 0)
			chain.ocsp = true;
		if (!rd_ok(&list))
			break;
		if (chain.count < CHAIN_MAX)
			chain.der[chain.count++] = der;
		else
			chain.more = true;
	}
	if (!rd_ok(&list) || !rd_end(&r))
		return false;
	*ret = chain;
	return true;
}

static unsigned bits_of(struct span *number)
{
	while (number->length > 0 && number->at[0] == 0)
		*number = span_from(*number, 1);
	if (number->length == 0)
		return 0;
	unsigned bits = (unsigned)(number->length * 8);
	for (uint8_t top = number->at[0]; (top & 0x80) == 0; top = (uint8_t)(top << 1))
		bits--;
	return bits;
}

bool tls_read_key_exchange(struct span body, uint32_t classes, struct tls_key_exchange *ret)
{
	enum { EXPLICIT_PRIME = 1, EXPLICIT_CHAR2 = 2, NAMED_CURVE = 3 };

	struct reader r = rd_new(body);
	struct tls_key_exchange kex = { .prime = span_first(body, 0) };

	if (classes & SUITE_PSK)
		rd_skip(&r, rd_be16(&r)); /* identity hint */
	if (classes & SUITE_DHE) {
		kex.finite_field = true;
		kex.prime = rd_span(&r, rd_be16(&r));
		kex.bits = bits_of(&kex.prime);
		rd_skip(&r, rd_be16(&r)); /* generator */
		rd_skip(&r, rd_be16(&r)); /* public value */
	} else if (classes & SUITE_ECDHE) {
		uint8_t type = rd_u8(&r);

		if (type == NAMED_CURVE) {
			kex.group = rd_be16(&r);
			const struct tls_group *group = tls_group_find(kex.group);
			kex.bits = group != NULL ? group->bits : 0;
			rd_skip(&r, rd_u8(&r)); /* public value */
		} else if (type == EXPLICIT_PRIME) {
			struct span prime = rd_span(&r, rd_u8(&r));
			kex.bits = bits_of(&prime);
		} else if (type == EXPLICIT_CHAR2) {
			kex.bits = rd_be16(&r);
		} else {
			return false;
		}
	} else {
		return false;
	}
	if (!rd_ok(&r))
		return false;
	/* RFC 5246 4.7; below TLS 1.2 the signature has no algorithm in front. */
	uint16_t scheme = rd_be16(&r);
	rd_skip(&r, rd_be16(&r));
	kex.scheme = rd_end(&r) ? scheme : 0;
	*ret = kex;
	return true;
}

bool ssl2_read_server_hello(struct span body, struct ssl2_server_hello *ret)
{
	enum { SERVER_HELLO = 4 };

	struct reader r = rd_new(body);
	struct ssl2_server_hello hello = { 0 };

	if (rd_u8(&r) != SERVER_HELLO)
		return false;
	rd_skip(&r, 2); /* session hit, certificate type */
	hello.version = rd_be16(&r);
	size_t certificate = rd_be16(&r);
	size_t kinds = rd_be16(&r);
	size_t connection = rd_be16(&r);
	hello.certificate = rd_span(&r, certificate);
	hello.kinds = rd_span(&r, kinds);
	rd_skip(&r, connection);
	if (!rd_end(&r) || hello.version != SSL_2_0 || kinds % 3 != 0)
		return false;
	*ret = hello;
	return true;
}

/* ---- names ---- */

const char *tls_version_name(uint16_t version)
{
	switch (version) {
	case SSL_2_0:
		return "SSLv2";
	case SSL_3_0:
		return "SSLv3";
	case TLS_1_0:
		return "TLSv1.0";
	case TLS_1_1:
		return "TLSv1.1";
	case TLS_1_2:
		return "TLSv1.2";
	case TLS_1_3:
		return "TLSv1.3";
	default:
		return NULL;
	}
}

const struct tls_group *tls_group_find(uint16_t id)
{
	static const struct tls_group groups[] = {
		{ 1, 163, false, "sect163k1" },
		{ 2, 163, false, "sect163r1" },
		{ 3, 163, false, "sect163r2" },
		{ 4, 193, false, "sect193r1" },
		{ 5, 193, false, "sect193r2" },
		{ 6, 233, false, "sect233k1" },
		{ 7, 233, false, "sect233r1" },
		{ 8, 239, false, "sect239k1" },
		{ 9, 283, false, "sect283k1" },
		{ 10, 283, false, "sect283r1" },
		{ 11, 409, false, "sect409k1" },
		{ 12, 409, false, "sect409r1" },
		{ 13, 571, false, "sect571k1" },
		{ 14, 571, false, "sect571r1" },
		{ 15, 160, false, "secp160k1" },
		{ 16, 160, false, "secp160r1" },
		{ 17, 160, false, "secp160r2" },
		{ 18, 192, false, "secp192k1" },
		{ 19, 192, false, "secp192r1" },
		{ 20, 224, false, "secp224k1" },
		{ 21, 224, false, "secp224r1" },
		{ 22, 256, false, "secp256k1" },
		{ 23, 256, false, "secp256r1" },
		{ 24, 384, false, "secp384r1" },
		{ 25, 521, false, "secp521r1" },
		{ 26, 256, false, "brainpoolP256r1" },
		{ 27, 384, false, "brainpoolP384r1" },
		{ 28, 512, false, "brainpoolP512r1" },
		{ 29, 255, false, "x25519" },
		{ 30, 448, false, "x448" },
		{ 31, 256, false, "brainpoolP256r1tls13" },
		{ 32, 384, false, "brainpoolP384r1tls13" },
		{ 33, 512, false, "brainpoolP512r1tls13" },
		{ 41, 256, false, "curveSM2" },
		{ 256, 2048, true, "ffdhe2048" },
		{ 257, 3072, true, "ffdhe3072" },
		{ 258, 4096, true, "ffdhe4096" },
		{ 259, 6144, true, "ffdhe6144" },
		{ 260, 8192, true, "ffdhe8192" },
		{ 0x11eb, 256, false, "SecP256r1MLKEM768" },
		{ 0x11ec, 255, false, "X25519MLKEM768" },
		{ 0x11ed, 384, false, "SecP384r1MLKEM1024" },
	};

	for (size_t i = 0; i < countof(groups); i++)
		if (groups[i].id == id)
			return &groups[i];
	return NULL;
}

const uint16_t tls_schemes[] = {
	0x0403, 0x0503, 0x0603, 0x0807, 0x0808,         /* ecdsa, ed25519, ed448 */
	0x0804, 0x0805, 0x0806, 0x0809, 0x080a, 0x080b, /* rsa_pss_rsae, rsa_pss_pss */
	0x081a, 0x081b, 0x081c,                         /* ecdsa with brainpool curves */
	0x0401, 0x0501, 0x0601, 0x0303, 0x0301,         /* rsa_pkcs1; sha224 */
	0x0402, 0x0502, 0x0602, 0x0302,                 /* dsa */
	0x0203, 0x0201, 0x0202, 0x0101,                 /* sha1, md5 */
};
const size_t tls_scheme_count = countof(tls_schemes);

const char *tls_scheme_name(uint16_t scheme)
{
	static const struct {
		uint16_t code;
		const char *name;
	} names[] = {
		{ 0x0101, "rsa_pkcs1_md5" },
		{ 0x0201, "rsa_pkcs1_sha1" },
		{ 0x0202, "dsa_sha1" },
		{ 0x0203, "ecdsa_sha1" },
		{ 0x0301, "rsa_pkcs1_sha224" },
		{ 0x0302, "dsa_sha224" },
		{ 0x0303, "ecdsa_sha224" },
		{ 0x0401, "rsa_pkcs1_sha256" },
		{ 0x0402, "dsa_sha256" },
		{ 0x0403, "ecdsa_secp256r1_sha256" },
		{ 0x0501, "rsa_pkcs1_sha384" },
		{ 0x0502, "dsa_sha384" },
		{ 0x0503, "ecdsa_secp384r1_sha384" },
		{ 0x0601, "rsa_pkcs1_sha512" },
		{ 0x0602, "dsa_sha512" },
		{ 0x0603, "ecdsa_secp521r1_sha512" },
		{ 0x0708, "sm2sig_sm3" },
		{ 0x0804, "rsa_pss_rsae_sha256" },
		{ 0x0805, "rsa_pss_rsae_sha384" },
		{ 0x0806, "rsa_pss_rsae_sha512" },
		{ 0x0807, "ed25519" },
		{ 0x0808, "ed448" },
		{ 0x0809, "rsa_pss_pss_sha256" },
		{ 0x080a, "rsa_pss_pss_sha384" },
		{ 0x080b, "rsa_pss_pss_sha512" },
		{ 0x081a, "ecdsa_brainpoolP256r1tls13_sha256" },
		{ 0x081b, "ecdsa_brainpoolP384r1tls13_sha384" },
		{ 0x081c, "ecdsa_brainpoolP512r1tls13_sha512" },
	};

	for (size_t i = 0; i < countof(names); i++)
		if (names[i].code == scheme)
			return names[i].name;
	return NULL;
}

const char *tls_prime_name(struct span prime)
{
	/* The first bytes of the SHA-256 of each prime: RFC 2409, 3526, 7919, 5114; those that
	 * OpenSSL shipped (of SKIP), and the built-in ones of nginx before 1.11 and of Postfix. */
	static const struct {
		uint8_t digest[8];
		const char *name;
	} known[] = {
		{ { 0xb5, 0x2b, 0xa6, 0xa3, 0x02, 0x65, 0x20, 0xa6 }, "modp768" },
		{ { 0x3f, 0x35, 0xa3, 0xf5, 0xf6, 0xc4, 0x37, 0x6a }, "modp1024" },
		{ { 0x64, 0xfc, 0xc8, 0x3e, 0xc4, 0x03, 0x93, 0x0b }, "modp1536" },
		{ { 0xd6, 0x64, 0x36, 0xf7, 0x9b, 0xbd, 0x6b, 0x2e }, "modp2048" },
		{ { 0x48, 0xcf, 0x8b, 0x09, 0x2f, 0xbc, 0xe4, 0x35 }, "modp3072" },
		{ { 0x4e, 0xe9, 0x51, 0x87, 0x68, 0x2b, 0xcb, 0x23 }, "modp4096" },
		{ { 0xd1, 0xbf, 0xe6, 0xd0, 0x92, 0x5c, 0xe7, 0xe4 }, "modp6144" },
		{ { 0x39, 0xab, 0x4f, 0xea, 0xb9, 0x50, 0xa3, 0x12 }, "modp8192" },
		{ { 0x9c, 0xd3, 0xb7, 0xf3, 0x36, 0x87, 0x2f, 0x46 }, "ffdhe2048" },
		{ { 0x0e, 0xaf, 0x67, 0xdb, 0x3a, 0x83, 0x91, 0x56 }, "ffdhe3072" },
		{ { 0x46, 0x48, 0x41, 0x42, 0x24, 0xac, 0x88, 0x1b }, "ffdhe4096" },
		{ { 0x22, 0x7a, 0xc9, 0x06, 0x6b, 0x3d, 0xdd, 0x9e }, "ffdhe6144" },
		{ { 0x77, 0x0b, 0x14, 0xef, 0xaf, 0x6f, 0x04, 0x99 }, "ffdhe8192" },
		{ { 0x44, 0xc5, 0x5c, 0xfe, 0xe5, 0xc0, 0x75, 0x92 }, "rfc5114-1024-160" },
		{ { 0xbf, 0xe5, 0x45, 0x86, 0x2c, 0xa1, 0x02, 0xad }, "rfc5114-2048-224" },
		{ { 0x0b, 0x78, 0x35, 0x72, 0x2c, 0xb6, 0x19, 0x82 }, "rfc5114-2048-256" },
		{ { 0xe4, 0x89, 0x6a, 0xbf, 0xd3, 0x6d, 0x32, 0x5f }, "skip-512" },
		{ { 0x62, 0x15, 0xd4, 0x1b, 0xb6, 0x17, 0xb3, 0x90 }, "skip-1024" },
		{ { 0x8a, 0xe4, 0x7d, 0xca, 0x3d, 0x24, 0xe9, 0xb6 }, "nginx-1024" },
		{ { 0x6c, 0x86, 0x38, 0x38, 0x51, 0x0b, 0xab, 0x3e }, "postfix-512" },
		{ { 0xef, 0x62, 0x7d, 0x8c, 0xc4, 0x41, 0x44, 0xf3 }, "postfix-1024" },
	};
	uint8_t digest[EVP_MAX_MD_SIZE];

	if (EVP_Digest(prime.at, prime.length, digest, NULL, EVP_sha256(), NULL) != 1)
		return NULL;
	for (size_t i = 0; i < countof(known); i++)
		if (memcmp(known[i].digest, digest, sizeof(known[i].digest)) == 0)
			return known[i].name;
	return NULL;
}
