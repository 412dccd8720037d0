/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/ntlm.h"

#include <stdio.h>

#include "codec/ber.h"
#include "codec/evidence.h"

static const uint32_t NTLM_OURS = NTLM_56 | NTLM_KEY_EXCHANGE | NTLM_128 | NTLM_VERSION |
				  NTLM_EXTENDED_SECURITY | NTLM_ALWAYS_SIGN | NTLM_NTLM |
				  NTLM_LM_KEY | NTLM_SEAL | NTLM_SIGN | NTLM_REQUEST_TARGET |
				  NTLM_OEM | NTLM_UNICODE;

/* 2.2.2.1 */
enum {
	AV_END,
	AV_COMPUTER,
	AV_DOMAIN,
	AV_DNS_COMPUTER,
	AV_DNS_DOMAIN,
	AV_DNS_FOREST,
	AV_FLAGS,
	AV_TIME,
};

enum { CHALLENGE = 2, AUTHENTICATE = 3, HEADER_WITHOUT_PAIRS = 40 };

static const char signature[8] = "NTLMSSP";
/* 1.3.6.1.5.5.2 and 1.3.6.1.4.1.311.2.2.10 */
static const uint8_t oid_spnego[] = { 0x2b, 0x06, 0x01, 0x05, 0x05, 0x02 };
static const uint8_t oid_ntlm[] = { 0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x02, 0x02, 0x0a };

/* ---- readers ---- */

bool filetime_to_unix(uint64_t filetime, int64_t *ret)
{
	static const uint64_t ticks = 10000000, epoch = 11644473600; /* 1601 to 1970, in seconds */
	uint64_t seconds = filetime / ticks;

	if (filetime == 0 || seconds < epoch || seconds - epoch > 253402300799) /* year 9999 */
		return false;
	*ret = (int64_t)(seconds - epoch);
	return true;
}

/* 2.2.1.2.1 and others: length, allocated length, offset from the message's start. */
static struct span read_field(struct reader *r, struct span message)
{
	size_t length = rd_le16(r);

	rd_skip(r, 2);
	size_t offset = rd_le32(r);
	if (length == 0 || !rd_ok(r))
		return span_of(message.at + message.length, 0);
	if (offset > message.length || length > message.length - offset) {
		rd_fail(r);
		return span_of(message.at + message.length, 0);
	}
	return span_of(message.at + offset, length);
}

/* A list without its end is what old servers send; a pair that does not fit is broken. */
static bool read_pairs(struct span list, struct ntlm_challenge *c)
{
	struct reader r = rd_new(list);

	while (rd_left(&r) > 0) {
		uint16_t id = rd_le16(&r);
		struct span value = rd_span(&r, rd_le16(&r));

		if (!rd_ok(&r))
			return false;
		switch (id) {
		case AV_END:
			return true;
		case AV_COMPUTER:
			c->computer = value;
			break;
		case AV_DOMAIN:
			c->domain = value;
			break;
		case AV_DNS_COMPUTER:
			c->dns_computer = value;
			break;
		case AV_DNS_DOMAIN:
			c->dns_domain = value;
			break;
		case AV_DNS_FOREST:
			c->dns_forest = value;
			break;
		case AV_TIME: {
			struct reader t = rd_new(value);

			c->stamp = rd_le64(&t);
			c->has_stamp = rd_end(&t);
			c->has_time = c->has_stamp && filetime_to_unix(c->stamp, &c->time);
			break;
		}
		default:
			break;
		}
	}
	return true;
}

bool ntlm_read_challenge(struct span message, struct ntlm_challenge *ret)
{
	struct ntlm_challenge c = { 0 };
	struct reader r = rd_new(message);
	struct span mark = rd_span(&r, sizeof(signature));

	if (!rd_ok(&r) || memcmp(mark.at, signature, sizeof(signature)) != 0 ||
	    rd_le32(&r) != CHALLENGE)
		return false;
	struct span end = span_of(r.end, 0);
	c.computer = c.domain = c.dns_computer = c.dns_domain = c.dns_forest = c.pairs = end;
	c.target = read_field(&r, message);
	c.flags = rd_le32(&r);
	c.nonce = rd_span(&r, 8);
	/* The oldest servers stop here or behind the reserved bytes, or have the name here. */
	bool stops = c.target.length > 0 && c.target.at - message.at <= HEADER_WITHOUT_PAIRS;
	if (rd_ok(&r) && !stops && rd_left(&r) >= 16) {
		rd_skip(&r, 8); /* reserved */
		c.pairs = read_field(&r, message);
		if (!rd_ok(&r) || !read_pairs(c.pairs, &c))
			return false;
		if (c.flags & NTLM_VERSION) {
			c.major = rd_u8(&r);
			c.minor = rd_u8(&r);
			c.build = rd_le16(&r);
			rd_skip(&r, 4);
			c.has_version = rd_ok(&r);
		}
	}
	if (!rd_ok(&r))
		return false;
	*ret = c;
	return true;
}

bool ntlm_read_authenticate(struct span message, struct ntlm_authenticate *ret)
{
	struct ntlm_authenticate a = { 0 };
	struct reader r = rd_new(message);
	struct span mark = rd_span(&r, sizeof(signature));

	if (!rd_ok(&r) || memcmp(mark.at, signature, sizeof(signature)) != 0 ||
	    rd_le32(&r) != AUTHENTICATE)
		return false;
	rd_skip(&r, 8 + 8); /* both responses */
	a.domain = read_field(&r, message);
	a.user = read_field(&r, message);
	a.workstation = read_field(&r, message);
	bool names = rd_ok(&r);
	rd_skip(&r, 8); /* session key; the oldest clients stop before it */
	a.flags = rd_le32(&r);
	if (!rd_ok(&r))
		a.flags = NTLM_UNICODE;
	if (a.flags & NTLM_VERSION) {
		a.major = rd_u8(&r);
		a.minor = rd_u8(&r);
		a.build = rd_le16(&r);
		a.has_version = rd_ok(&r);
	}
	if (!names)
		return false;
	*ret = a;
	return true;
}

bool ntlm_search(struct span bytes, struct span *ret, uint32_t *ret_type)
{
	ptrdiff_t at = span_find(bytes, signature, sizeof(signature));

	if (at < 0)
		return false;
	struct span message = span_from(bytes, (size_t)at);
	struct reader r = rd_new(span_from(message, sizeof(signature)));
	uint32_t type = rd_le32(&r);
	if (!rd_ok(&r) || type < 1 || type > AUTHENTICATE)
		return false;
	*ret = message;
	*ret_type = type;
	return true;
}

struct span ntlm_token(struct span bytes)
{
	struct reader r = rd_new(bytes);
	struct span none = span_of(r.end, 0);

	if (bytes.length >= sizeof(signature) &&
	    memcmp(bytes.at, signature, sizeof(signature)) == 0)
		return bytes;
	/* RFC 4178, 4.2.2: [1] NegTokenResp, of which [2] is the token */
	struct reader answer = ber_enter(&r, BER_CONTEXT + 1);
	struct reader fields = ber_enter(&answer, BER_SEQUENCE);
	while (rd_left(&fields) > 0) {
		struct ber field;

		if (!ber_read(&fields, &field))
			break;
		if (field.tag == BER_CONTEXT + 2) {
			struct reader inner = rd_new(field.value);
			struct span token = ber_take(&inner, BER_OCTETS);

			return rd_ok(&inner) ? token : none;
		}
	}
	return none;
}

/* ---- writers ---- */

void ntlm_write_negotiate(struct writer *w)
{
	wr_bytes(w, signature, sizeof(signature));
	wr_le32(w, 1);
	wr_le32(w, NTLM_OURS);
	wr_fill(w, 0, 8); /* no domain */
	wr_fill(w, 0, 8); /* no workstation */
	wr_fill(w, 0, 7); /* no version of ours */
	wr_u8(w, 15);     /* NTLMSSP_REVISION_W2K3 */
}

void ntlm_write_mechanisms(struct writer *w)
{
	size_t list = ber_open(w, BER_SEQUENCE);

	ber_put(w, BER_OID, span_of(oid_ntlm, sizeof(oid_ntlm)));
	ber_close(w, list);
}

void ntlm_write_spnego(struct writer *w)
{
	/* RFC 2743, 3.1 around RFC 4178, 4.2.1: NegTokenInit, mechTypes [0] and mechToken [2] */
	size_t all = ber_open(w, BER_APPLICATION);
	ber_put(w, BER_OID, span_of(oid_spnego, sizeof(oid_spnego)));
	size_t init = ber_open(w, BER_CONTEXT);
	size_t fields = ber_open(w, BER_SEQUENCE);
	size_t types = ber_open(w, BER_CONTEXT);
	ntlm_write_mechanisms(w);
	ber_close(w, types);
	size_t token = ber_open(w, BER_CONTEXT + 2);
	size_t octets = ber_open(w, BER_OCTETS);
	ntlm_write_negotiate(w);
	ber_close(w, octets);
	ber_close(w, token);
	ber_close(w, fields);
	ber_close(w, init);
	ber_close(w, all);
}

/* RFC 4178, 4.2.2: responseToken [2] and mechListMIC [3] of a NegTokenResp [1] */
void ntlm_write_response(struct writer *w, struct span message, struct span mic)
{
	size_t all = ber_open(w, BER_CONTEXT + 1);
	size_t fields = ber_open(w, BER_SEQUENCE);
	size_t token = ber_open(w, BER_CONTEXT + 2);

	ber_put(w, BER_OCTETS, message);
	ber_close(w, token);
	if (mic.length > 0) {
		token = ber_open(w, BER_CONTEXT + 3);
		ber_put(w, BER_OCTETS, mic);
		ber_close(w, token);
	}
	ber_close(w, fields);
	ber_close(w, all);
}

static void write_field(struct writer *w, size_t length, size_t offset)
{
	wr_le16(w, (uint16_t)length);
	wr_le16(w, (uint16_t)length);
	wr_le32(w, (uint32_t)offset);
}

void ntlm_write_anonymous(struct writer *w, uint32_t flags, const uint8_t key[static 16])
{
	enum { PAYLOAD = 72, KEY = 16 };
	uint8_t bytes[PAYLOAD + KEY + 1];
	struct writer m = wr_new(bytes, sizeof(bytes));
	uint32_t agreed = (flags & NTLM_OURS) | NTLM_ANONYMOUS;
	size_t key_length = agreed & NTLM_KEY_EXCHANGE ? KEY : 0;

	wr_bytes(&m, signature, sizeof(signature));
	wr_le32(&m, AUTHENTICATE);
	write_field(&m, 1, PAYLOAD + key_length); /* LM response: one zero says "nobody" */
	write_field(&m, 0, PAYLOAD);              /* NT response */
	write_field(&m, 0, PAYLOAD);              /* domain */
	write_field(&m, 0, PAYLOAD);              /* user */
	write_field(&m, 0, PAYLOAD);              /* workstation */
	write_field(&m, key_length, PAYLOAD);
	wr_le32(&m, agreed);
	wr_fill(&m, 0, 7); /* no version of ours */
	wr_u8(&m, 15);     /* NTLMSSP_REVISION_W2K3 */
	wr_bytes(&m, key, key_length);
	wr_u8(&m, 0);
	ntlm_write_response(w, wr_span(&m), span_of(bytes, 0));
}

bool ntlm_is_samba(const struct ntlm_challenge *c)
{
	return c->has_version && c->major == 6 && c->minor == 1 && c->build == 0;
}

void ntlm_note(json_t *evidence, const struct ntlm_challenge *c)
{
	const struct {
		const char *key;
		struct span name;
	} names[] = {
		{ "computer", c->computer },         { "domain", c->domain },
		{ "dns_computer", c->dns_computer }, { "dns_domain", c->dns_domain },
		{ "dns_forest", c->dns_forest },
	};

	if (c->target.length > 0 && (c->flags & NTLM_UNICODE))
		note_utf16le(evidence, "target", c->target);
	else if (c->target.length > 0)
		note_text(evidence, "target", c->target);
	for (size_t i = 0; i < countof(names); i++)
		if (names[i].name.length > 0)
			note_utf16le(evidence, names[i].key, names[i].name);
	if (c->has_version) {
		char version[16];
		int n = snprintf(version, sizeof(version), "%u.%u.%u", c->major, c->minor,
				 c->build);

		note_text(evidence, "os_version", span_of(version, (size_t)n));
		if (c->build != 0)
			note_int(evidence, "build", c->build);
	}
	if (c->has_time)
		note_int(evidence, "ntlm_time", c->time);
}
