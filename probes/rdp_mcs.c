/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The encryption of standard RDP security, as the rdp probe asks it. What is sent, and why that is
 * safe, stands in rdp.c.
 *
 * Specifications: [MS-RDPBCGR] 2.2.1.3 (MCS Connect Initial), 2.2.1.4 (Connect Response: server core
 * data, server security data, server certificate), 4.1.3, 5.3; T.125, 11.1 and 11.2; T.124, 8.7.
 */
#include "rdp.h"

#include <stdio.h>

#include "codec/ber.h"
#include "codec/evidence.h"
#include "codec/limits.h"

enum {
	REQUEST_MAX = 640,
	X224_DATA = 0xf0,
	APPLICATION_LONG = 0x7f, /* then the number in a byte of its own */
	CONNECT_INITIAL = 0x65,
	CONNECT_RESPONSE = 0x66,
	BER_BOOLEAN = 0x01,
	CLIENT_CORE = 0xc001,
	CLIENT_SECURITY = 0xc002,
	SERVER_CORE = 0x0c01,
	SERVER_SECURITY = 0x0c02,
	BLOCKS_MAX = 16,
	CERTIFICATE_PROPRIETARY = 1,
	CERTIFICATE_X509 = 2,
	KEY_BLOB = 6,
	VERSION_10 = 0x00080005,
	VERSION_LAST = 0x00080011, /* 10.12 */
	METHODS_ALL = 0x1b,
};

/* In the order in which they are asked alone. */
static const struct method {
	uint32_t code;
	const char *name;
} methods[RDP_METHODS] = {
	{ 0x01, "40-bit RC4" },
	{ 0x08, "56-bit RC4" },
	{ 0x02, "128-bit RC4" },
	{ 0x10, "FIPS 140-1" },
};

struct encryption {
	uint32_t version; /* 0: not told */
	uint32_t method, level;
	bool has_security;
	struct span certificate;
};

enum outcome {
	CHOSEN,
	REFUSED, /* another result, or the server closes */
	UNKNOWN, /* silence, or we may not ask */
	BROKEN,
};

/* ---- readers ---- */

/* T.124 in PER (X.691, 10.9): a length below 16384. */
static size_t read_per_length(struct reader *r)
{
	size_t length = rd_u8(r);

	if (length >= 0xc0)
		rd_fail(r);
	else if (length >= 0x80)
		length = (length & 0x3f) << 8 | rd_u8(r);
	return rd_ok(r) ? length : 0;
}

/* [MS-RDPBCGR] 2.2.1.4.3; the random and the certificate are absent where nothing is encrypted. */
static bool read_security(struct reader *r, struct encryption *e)
{
	e->method = rd_le32(r);
	e->level = rd_le32(r);
	if (rd_ok(r) && rd_left(r) > 0) {
		size_t random = rd_le32(r);
		size_t certificate = rd_le32(r);

		(void)rd_span(r, random);
		e->certificate = rd_span(r, certificate);
	}
	e->has_security = rd_ok(r);
	return rd_ok(r);
}

/* [MS-RDPBCGR] 2.2.1.4: blocks whose length counts their header. */
static bool read_blocks(struct reader blocks, struct encryption *e)
{
	for (unsigned i = 0; rd_left(&blocks) > 0; i++) {
		uint16_t type = rd_le16(&blocks);
		size_t length = rd_le16(&blocks);

		if (length < 4 || i == BLOCKS_MAX)
			return false;
		struct reader block = rd_sub(&blocks, length - 4);
		if (!rd_ok(&blocks))
			return false;
		if (type == SERVER_CORE)
			e->version = rd_le32(&block);
		else if (type == SERVER_SECURITY && !read_security(&block, e))
			return false;
		if (!rd_ok(&block))
			return false;
	}
	return true;
}

/* T.125, 11.2 around T.124, 8.7.2 */
static enum outcome read_response(struct span bytes, struct encryption *ret)
{
	static const uint8_t t124[] = { 0x00, 0x05, 0x00, 0x14, 0x7c, 0x00, 0x01 };
	struct encryption e = { 0 };
	struct reader r = rd_new(bytes);

	if (rd_u8(&r) != 2 || rd_u8(&r) != X224_DATA)
		return BROKEN;
	rd_skip(&r, 1); /* end of a sequence */
	if (rd_u8(&r) != APPLICATION_LONG)
		return rd_ok(&r) ? REFUSED : BROKEN; /* a disconnect has another tag */
	struct reader response = ber_enter(&r, CONNECT_RESPONSE);
	uint32_t result = ber_take_uint(&response, BER_ENUMERATED);
	(void)ber_take_uint(&response, BER_INTEGER); /* connect id */
	(void)ber_take(&response, BER_SEQUENCE);     /* domain parameters */
	struct reader user = ber_enter(&response, BER_OCTETS);
	if (!rd_ok(&response))
		return BROKEN;
	if (result != 0)
		return REFUSED;
	struct span key = rd_span(&user, sizeof(t124));
	if (!rd_ok(&user) || memcmp(key.at, t124, sizeof(t124)) != 0)
		return BROKEN;
	/* Old servers put a length here that counts nothing ([MS-RDPBCGR] 4.1.4: 0x2a): the user data
	 * must fit all the same. */
	(void)read_per_length(&user);
	rd_skip(&user, 1 + 2);        /* choice, node */
	rd_skip(&user, rd_u8(&user)); /* tag */
	rd_skip(&user,
		1 + 1 + 1 + 1); /* result, one set of user data, its kind, length of its key */
	struct span mark = rd_span(&user, 4);
	if (!rd_ok(&user) || memcmp(mark.at, "McDn", 4) != 0)
		return BROKEN;
	struct reader blocks = rd_sub(&user, read_per_length(&user));
	if (!rd_ok(&user) || !read_blocks(blocks, &e))
		return BROKEN;
	*ret = e;
	return CHOSEN;
}

/* ---- writers ---- */

/* T.125, 7 and [MS-RDPBCGR] 2.2.1.3.1: the eight numbers of a domain. */
static void write_domain(struct writer *w, unsigned channels, unsigned users, unsigned tokens,
			 unsigned size)
{
	const unsigned numbers[] = { channels, users, tokens, 1, 0, 1, size, 2 };
	size_t all = ber_open(w, BER_SEQUENCE);

	for (size_t i = 0; i < countof(numbers); i++) {
		const uint8_t bytes[] = { (uint8_t)(numbers[i] >> 8), (uint8_t)numbers[i] };
		bool small = numbers[i] < 256;

		/* Clients write 65535 in two bytes, which strictly is -1; servers know it so. */
		ber_put(w, BER_INTEGER, span_of(bytes + small, small ? 1 : 2));
	}
	ber_close(w, all);
}

static void write_per_length(struct writer *w, size_t length)
{
	wr_be16(w, (uint16_t)(0x8000 | length));
}

/* [MS-RDPBCGR] 2.2.1.3.2: a plain screen, no name but ours. */
static void write_core(struct writer *w)
{
	static const char name[] = "tenken";

	wr_le16(w, CLIENT_CORE);
	wr_le16(w, 216);
	wr_le32(w, 0x00080004); /* RDP 5 to 8 */
	wr_le16(w, 1024);
	wr_le16(w, 768);
	wr_le16(w, 0xca01); /* 8 bits a pixel, by the fields below more */
	wr_le16(w, 0xaa03);
	wr_le32(w, 0x409); /* keyboard */
	wr_le32(w, 2600);  /* build of the client */
	for (size_t i = 0; i < 16; i++)
		wr_le16(w, i < sizeof(name) ? (uint8_t)name[i] : 0);
	wr_le32(w, 4); /* keyboard of 101 keys */
	wr_le32(w, 0);
	wr_le32(w, 12);
	wr_fill(w, 0, 64); /* input method */
	wr_le16(w, 0xca01);
	wr_le16(w, 1);
	wr_le32(w, 0);
	wr_le16(w, 16); /* bits a pixel */
	wr_le16(w, 7);
	wr_le16(w, 1);
	wr_fill(w, 0, 64); /* product */
	wr_u8(w, 0);
	wr_u8(w, 0);
	wr_le32(w, 0); /* the protocol that was chosen: standard */
}

/* [MS-RDPBCGR] 2.2.1.3 */
static void say_connect(struct conn *c, uint32_t offered)
{
	enum { BLOCKS = 216 + 12, CREATE = 14 };
	static const uint8_t selector[] = { 1 }, truth[] = { 0xff };
	static const uint8_t t124[] = { 0x00, 0x05, 0x00, 0x14, 0x7c, 0x00, 0x01 };
	/* T.124, 8.7.1: a conference named "1"; the user data of "Duca" */
	static const uint8_t create[] = { 0x00, 0x08, 0x00, 0x10, 0x00, 0x01,
					  0xc0, 0x00, 'D',  'u',  'c',  'a' };
	uint8_t buffer[REQUEST_MAX];
	struct writer w = wr_new(buffer, sizeof(buffer));

	wr_u8(&w, TPKT_VERSION);
	wr_u8(&w, 0);
	size_t length = wr_open16(&w);
	wr_u8(&w, 2);
	wr_u8(&w, X224_DATA);
	wr_u8(&w, 0x80);
	wr_u8(&w, APPLICATION_LONG);
	size_t initial = ber_open(&w, CONNECT_INITIAL);
	ber_put(&w, BER_OCTETS, span_of(selector, 1));
	ber_put(&w, BER_OCTETS, span_of(selector, 1));
	ber_put(&w, BER_BOOLEAN, span_of(truth, 1));
	write_domain(&w, 34, 2, 0, 0xffff);
	write_domain(&w, 1, 1, 1, 1056);
	write_domain(&w, 0xffff, 0xfc17, 0xffff, 0xffff);
	size_t user = ber_open(&w, BER_OCTETS);
	wr_bytes(&w, t124, sizeof(t124));
	write_per_length(&w, CREATE + BLOCKS);
	wr_bytes(&w, create, sizeof(create));
	write_per_length(&w, BLOCKS);
	write_core(&w);
	wr_le16(&w, CLIENT_SECURITY);
	wr_le16(&w, 12);
	wr_le32(&w, offered);
	wr_le32(&w, 0);
	ber_close(&w, user);
	ber_close(&w, initial);
	/* The length counts the whole packet. */
	if (wr_ok(&w)) {
		buffer[length] = (uint8_t)(w.length >> 8);
		buffer[length + 1] = (uint8_t)w.length;
	}
	conn_write_span(c, wr_span(&w));
}

/* T.125, 11.4: the user goes. */
static void say_goodbye(struct conn *c)
{
	static const uint8_t ultimatum[] = { 3, 0, 0, 9, 2, X224_DATA, 0x80, 0x21, 0x80 };

	conn_write(c, ultimatum, sizeof(ultimatum));
}

static const char *method_name(uint32_t code)
{
	for (size_t i = 0; i < countof(methods); i++)
		if (methods[i].code == code)
			return methods[i].name;
	return code == 0 ? "none" : "unknown";
}

/* [MS-RDPBCGR] 2.2.1.4.3.1 and 5.3.3.1 */
static void note_certificate(json_t *evidence, struct span bytes)
{
	struct reader r = rd_new(bytes);
	uint32_t version = rd_le32(&r) & 0x7fffffff;
	json_t *note;

	if (!rd_ok(&r))
		return;
	if (version == CERTIFICATE_X509) {
		note_word(note_object(evidence, "certificate"), "type", "x509");
		return;
	}
	rd_skip(&r, 4 + 4); /* algorithms */
	uint16_t kind = rd_le16(&r);
	struct reader key = rd_sub(&r, rd_le16(&r));
	struct span magic = rd_span(&key, 4);
	rd_skip(&key, 4); /* bytes of the modulus, padded */
	uint32_t bits = rd_le32(&key);
	if (!rd_ok(&key) || version != CERTIFICATE_PROPRIETARY || kind != KEY_BLOB ||
	    memcmp(magic.at, "RSA1", 4) != 0)
		return;
	note = note_object(evidence, "certificate");
	note_word(note, "type", "proprietary");
	note_int(note, "bits", bits);
}

static void note_encryption(json_t *evidence, const struct encryption *e)
{
	static const char *const levels[] = { "none", "low", "client-compatible", "high", "fips" };

	if (e->version >= VERSION_10 && e->version <= VERSION_LAST) {
		char version[16];
		int n = snprintf(version, sizeof(version), "10.%u", e->version - VERSION_10);

		note_text(evidence, "rdp_version", span_of(version, (size_t)n));
	} else if (e->version != 0) {
		note_word(evidence, "rdp_version", e->version == 0x00080001 ? "4" : "5 to 8");
	}
	if (!e->has_security)
		return;
	note_word(evidence, "encryption_level",
		  e->level < countof(levels) ? levels[e->level] : "unknown");
	note_word(evidence, "encryption_method", method_name(e->method));
	if (e->certificate.length > 0)
		note_certificate(evidence, e->certificate);
}

/* ---- conversation ---- */

static enum outcome ask(struct conn *c, uint32_t offered, struct encryption *ret)
{
	say_connect(c, offered);
	struct span header = conn_read(c, TPKT_HEADER);
	if (!conn_ok(c))
		return conn_ending(c) == ENDING_CLOSED ? REFUSED : UNKNOWN;
	size_t length = rdp_read_tpkt(header, RDP_PACKET_MAX);
	struct span body = conn_read(c, length);
	if (length > 0 && !conn_ok(c))
		return UNKNOWN;
	return length == 0 ? BROKEN : read_response(body, ret);
}

void rdp_ask_encryption(struct conn *c, json_t *evidence, bool (*confirm)(struct conn *c))
{
	struct encryption e;
	enum outcome o = ask(c, METHODS_ALL, &e);
	uint32_t accepted = 0;
	bool all = o == CHOSEN || o == REFUSED;

	if (o == CHOSEN) {
		accepted = e.method;
		note_encryption(evidence, &e);
		say_goodbye(c);
	}
	for (size_t i = 0; o == CHOSEN && accepted != 0 && i < RDP_METHODS; i++) {
		enum outcome alone = UNKNOWN;

		if (accepted & methods[i].code)
			continue;
		if (conn_again(c) && confirm(c))
			alone = ask(c, methods[i].code, &e);
		if (alone == CHOSEN) {
			if (e.method == methods[i].code)
				accepted |= e.method;
			say_goodbye(c);
		}
		if (alone == BROKEN)
			conn_note_oddity(c, "rdp.connect-response-malformed");
		all &= alone == CHOSEN || alone == REFUSED;
	}
	if (o == BROKEN)
		conn_note_oddity(c, "rdp.connect-response-malformed");
	for (size_t i = 0; o == CHOSEN && i < RDP_METHODS; i++)
		if (accepted & methods[i].code)
			list_word(note_list(evidence, "encryption_methods"), methods[i].name);
	if (all)
		conn_gathered(c, "encryption");
}
