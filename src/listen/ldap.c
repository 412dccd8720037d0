/* SPDX-License-Identifier: Apache-2.0 */
/* LDAP: RFC 4511, its bind (4.2) and StartTLS (4.14). BER lengths up to four bytes. */
#include "codec/ber.h"
#include "listen/ntlm_ear.h"
#include "listen/tls_ear.h"

enum {
	BIND_REQUEST = 0x60,
	BIND_RESPONSE = 0x61,
	UNBIND = 0x42,
	SEARCH_REQUEST = 0x63,
	SEARCH_ENTRY = 0x64,
	SEARCH_DONE = 0x65,
	EXTENDED_REQUEST = 0x77,
	EXTENDED_RESPONSE = 0x78,
	SIMPLE = 0x80,
	SASL = 0xa3,
	SICILY_NEGOTIATE = 0x8a, /* [MS-ADTS] 5.1.1.1.3 */
	SICILY_RESPONSE = 0x8b,
	WAY_MAX = 40,
};

struct ldap {
	bool spoken;
	bool asked, begun; /* TLS */
	uint32_t left[2];  /* of a message that is passed over */
	struct tls_ear ear;
};

/* Tag and length of the message in front: the bytes of both, or 0 where there are too few, with *ret_length. */
static size_t read_header(struct span bytes, uint32_t *ret_length, bool *ret_wrong)
{
	struct reader r = rd_new(bytes);
	uint8_t tag = rd_u8(&r), first = rd_u8(&r);
	size_t n = first & 0x80 ? first & 0x7f : 0;
	uint32_t length = n == 0 ? first : 0;

	*ret_wrong = bytes.length > 0 && tag != BER_SEQUENCE;
	if (!rd_ok(&r))
		return 0;
	*ret_wrong |= n > 4 || first == 0x80;
	if (*ret_wrong)
		return 0;
	for (size_t i = 0; i < n; i++)
		length = length << 8 | rd_u8(&r);
	if (!rd_ok(&r))
		return 0;
	*ret_wrong = length > INT32_MAX / 2;
	*ret_length = length;
	return *ret_wrong ? 0 : 2 + n;
}

/* "ldap sasl gssapi"; the mechanism is told in small letters. */
static void hear_sasl(struct talk *t, struct span value)
{
	struct reader r = rd_new(value);
	struct span mechanism = ber_take(&r, BER_OCTETS);
	char way[WAY_MAX] = "ldap sasl ";
	size_t n = strlen(way);
	uint32_t type = 3;

	if (!rd_ok(&r) || span_is_nocase(mechanism, "EXTERNAL") ||
	    span_is_nocase(mechanism, "ANONYMOUS"))
		return;
	for (size_t i = 0; i < mechanism.length && n + 1 < sizeof(way); i++) {
		uint8_t c = mechanism.at[i];

		if (c >= 'A' && c <= 'Z')
			c = (uint8_t)(c - 'A' + 'a');
		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-')
			way[n++] = (char)c;
	}
	way[n] = '\0';
	if (span_is_nocase(mechanism, "PLAIN")) {
		tell_login(t, way);
		return;
	}
	ntlm_ear(t, SIDE_CLIENT, value, &type);
	if (type == 3)
		tell_challenge(t, way);
}

/* version, name, authentication */
static void hear_bind(struct talk *t, struct span body)
{
	struct reader r = rd_new(body);
	struct ber how;

	ber_take_uint(&r, BER_INTEGER);
	struct span name = ber_take(&r, BER_OCTETS);
	if (!ber_read(&r, &how))
		return;
	if (how.tag == SIMPLE && how.value.length > 0) {
		tell_login(t, "ldap simple");
		tell_account(t, name);
	} else if (how.tag == SASL) {
		hear_sasl(t, how.value);
	} else if (how.tag == SICILY_NEGOTIATE || how.tag == SICILY_RESPONSE) {
		ntlm_ear(t, SIDE_CLIENT, how.value, NULL);
		if (how.tag == SICILY_RESPONSE)
			tell_challenge(t, "ldap ntlm");
	}
}

static bool is_starttls(struct span body)
{
	static const char oid[] = "1.3.6.1.4.1.1466.20037";
	struct reader r = rd_new(body);

	return span_is(ber_take(&r, BER_CONTEXT - 0x20), oid) && rd_ok(&r);
}

static long hear_operation(struct ldap *s, struct talk *t, enum side side, const struct ber *op)
{
	if (!s->spoken && side == SIDE_SERVER) {
		s->spoken = true;
		tell_spoken(t, "ldap");
	}
	if (side == SIDE_CLIENT) {
		if (op->tag == BIND_REQUEST)
			hear_bind(t, op->value);
		else if (op->tag == EXTENDED_REQUEST)
			s->asked = is_starttls(op->value);
		return op->tag == UNBIND ? HEAR_DONE : 0;
	}
	if (op->tag == BIND_RESPONSE) {
		ntlm_ear(t, SIDE_SERVER, op->value, NULL);
	} else if (op->tag == EXTENDED_RESPONSE && s->asked) {
		struct reader r = rd_new(op->value);

		s->begun = ber_take_uint(&r, BER_ENUMERATED) == 0 && rd_ok(&r);
		s->asked = false;
	}
	return 0;
}

/* messageID, protocolOp, controls */
static bool read_message(struct span body, struct ber *ret)
{
	struct reader r = rd_new(body);

	ber_take_uint(&r, BER_INTEGER);
	return ber_read(&r, ret);
}

static long hear(struct talk *t, enum side side, struct span bytes)
{
	enum { MESSAGE_MAX = 16 * 1024 };
	struct ldap *s = t->state;
	uint32_t length;
	bool wrong;
	struct ber op;

	if (s->begun || (s->asked && bytes.length > 0 && bytes.at[0] == 0x16)) {
		s->begun = true;
		long taken = tls_ear_hear(&s->ear, t, side, bytes);

		return taken == HEAR_NOT_OURS ? HEAR_DONE : taken;
	}
	if (s->left[side] > 0) {
		size_t n = s->left[side] < bytes.length ? s->left[side] : bytes.length;

		s->left[side] -= (uint32_t)n;
		return (long)n;
	}
	size_t header = read_header(bytes, &length, &wrong);
	/* What a SASL layer wraps has no such header. */
	if (wrong)
		return HEAR_DONE;
	if (header == 0)
		return HEAR_MORE;
	if (length > MESSAGE_MAX) {
		s->left[side] = length;
		return (long)header;
	}
	if (bytes.length - header < length)
		return HEAR_MORE;
	if (!read_message(span_first(span_from(bytes, header), length), &op))
		return HEAR_DONE;
	long ended = hear_operation(s, t, side, &op);
	return ended != 0 ? ended : (long)(header + length);
}

static int recognise(const struct talk *t, enum side side, struct span first)
{
	uint32_t length;
	bool wrong;
	size_t header = read_header(first, &length, &wrong);
	struct reader r = rd_new(span_from(first, header));

	(void)t;
	if (wrong)
		return -1;
	if (header == 0)
		return 0;
	if (length < 5)
		return -1;
	if (rd_left(&r) < 7 && first.length < header + length)
		return 0;
	ber_take_uint(&r, BER_INTEGER);
	uint8_t op = rd_u8(&r);
	if (!rd_ok(&r))
		return -1;
	if (side == SIDE_CLIENT)
		return op == BIND_REQUEST || op == SEARCH_REQUEST || op == EXTENDED_REQUEST ? 1
											    : -1;
	return op == BIND_RESPONSE || op == SEARCH_ENTRY || op == SEARCH_DONE ||
			       op == EXTENDED_RESPONSE
		       ? 1
		       : -1;
}

const struct decoder decoder_ldap = {
	.name = "ldap",
	.tcp_ports = (const uint16_t[]){ 389, 3268, 0 },
	.state_size = sizeof(struct ldap),
	.recognise = recognise,
	.hear = hear,
};
