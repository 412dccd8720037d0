/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A login by IPMI 1.5 with MD5, where a board offers no 2.0.
 *
 * Specification: IPMI 2.0, revision 1.1, 13.6 (session header), 22.16 to 22.19.
 *
 * Sent: Get Session Challenge with the name; Activate Session for the privilege of a user, with what proves the
 * password, once; Close Session.
 */
#include "login_ipmi.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

enum { FORMAT_MD5 = 2, GET_CHALLENGE = 0x39, ACTIVATE = 0x3a };

/* 22.17.1: over password, session, message and sequence. */
static bool md5_code(const struct ipmi_login *l, const uint8_t session[static 4], uint32_t sequence,
		     struct span message, uint8_t ret[static IPMI_NUMBER])
{
	uint8_t bytes[IPMI_PACKET];
	struct writer w = wr_new(bytes, sizeof(bytes));

	wr_bytes(&w, l->key, IPMI_NUMBER);
	wr_bytes(&w, session, 4);
	wr_span_in(&w, message);
	wr_le32(&w, sequence);
	wr_bytes(&w, l->key, IPMI_NUMBER);
	return wr_ok(&w) && EVP_Digest(bytes, w.length, ret, NULL, EVP_md5(), NULL) == 1;
}

/* 13.6, table 13-8; session NULL: outside of one, and without a code. */
static bool write_15(const struct ipmi_login *l, struct writer *w, const uint8_t *session,
		     uint32_t sequence, uint8_t command, struct span data)
{
	uint8_t message[64], code[IPMI_NUMBER];
	struct writer m = wr_new(message, sizeof(message));

	ipmi_write_command(&m, command, data);
	ipmi_write_rmcp(w);
	wr_u8(w, session != NULL ? FORMAT_MD5 : 0);
	wr_le32(w, sequence);
	if (session != NULL) {
		if (!md5_code(l, session, sequence, wr_span(&m), code))
			return false;
		wr_bytes(w, session, 4);
		wr_bytes(w, code, sizeof(code));
	} else {
		wr_le32(w, 0);
	}
	wr_u8(w, (uint8_t)m.length);
	wr_span_in(w, wr_span(&m));
	return wr_ok(w) && wr_ok(&m);
}

struct answer_15 {
	uint8_t session[4];
	uint32_t sequence;
	struct span code; /* empty: none */
	struct span message;
	uint8_t completion;
	struct reader data;
};

static bool read_15(struct span packet, uint8_t command, struct answer_15 *ret)
{
	struct reader r = rd_new(packet);
	bool fits = rd_be32(&r) == 0x0600ff07;
	uint8_t format = rd_u8(&r);

	ret->sequence = rd_le32(&r);
	struct span session = rd_span(&r, 4);
	ret->code = rd_span(&r, format == 0 ? 0 : IPMI_NUMBER);
	ret->message = rd_span(&r, rd_u8(&r));
	if (!rd_ok(&r) || !fits || (format != 0 && format != FORMAT_MD5) || ret->message.length < 8)
		return false;
	memcpy(ret->session, session.at, sizeof(ret->session));
	ret->data = rd_new(span_first(ret->message, ret->message.length - 1));
	rd_skip(&ret->data, 5);
	fits = rd_u8(&ret->data) == command;
	ret->completion = rd_u8(&ret->data);
	return fits;
}

static bool hear_15(struct ipmi_login *l, struct span packet, uint8_t command,
		    struct answer_15 *ret)
{
	for (int i = 0; conn_ok(l->c) && i < IPMI_STRAYS_MOST; i++) {
		if (read_15(packet, command, ret))
			return true;
		packet = conn_datagram(l->c);
	}
	return false;
}

/* 22.16. True: there is a challenge, and a session for the time being. */
static bool get_challenge(struct ipmi_login *l, enum login_result *ret_result)
{
	enum { NO_SUCH_USER = 0x81, NO_NULL_USER = 0x82 };
	uint8_t packet[IPMI_PACKET], data[1 + IPMI_NAME] = { FORMAT_MD5 };
	struct writer w = wr_new(packet, sizeof(packet));
	struct answer_15 a;

	memcpy(data + 1, l->k->user, strlen(l->k->user));
	*ret_result = LOGIN_UNTESTED;
	if (!write_15(l, &w, NULL, 0, GET_CHALLENGE, span_of(data, sizeof(data))) ||
	    !hear_15(l, conn_ask(l->c, packet, w.length), GET_CHALLENGE, &a))
		return false;
	if (a.completion == NO_SUCH_USER || a.completion == NO_NULL_USER)
		*ret_result = LOGIN_REFUSED;
	struct span session = rd_span(&a.data, 4), number = rd_span(&a.data, IPMI_NUMBER);
	if (a.completion != 0 || !rd_ok(&a.data))
		return false;
	memcpy(l->theirs, session.at, 4);
	memcpy(l->their_number, number.at, IPMI_NUMBER);
	return true;
}

/* 22.17. Said once, whatever comes: a second one would be a second wrong password. */
static enum login_result activate(struct ipmi_login *l, uint32_t *ret_sequence)
{
	uint8_t packet[IPMI_PACKET], data[2 + IPMI_NUMBER + 4] = { FORMAT_MD5, IPMI_USER },
							    code[IPMI_NUMBER];
	struct writer w = wr_new(packet, sizeof(packet));
	struct answer_15 a;

	memcpy(data + 2, l->their_number, IPMI_NUMBER);
	conn_random(l->c, data + 2 + IPMI_NUMBER, 4);
	if (!write_15(l, &w, l->theirs, 0, ACTIVATE, span_of(data, sizeof(data))))
		return LOGIN_UNTESTED;
	conn_write_span(l->c, wr_span(&w));
	if (!hear_15(l, conn_datagram(l->c), ACTIVATE, &a))
		return ipmi_because(l, "the board says nothing to the password: it is wrong, or a "
				       "packet was lost");
	if (a.completion != 0) /* none of them says that the password is wrong (table 22-24) */
		return ipmi_because(l, "the board opens no session");
	rd_skip(&a.data, 1);
	struct span session = rd_span(&a.data, 4);
	*ret_sequence = rd_le32(&a.data);
	if (!rd_ok(&a.data) || a.code.length == 0 ||
	    !md5_code(l, a.session, a.sequence, a.message, code) ||
	    CRYPTO_memcmp(code, a.code.at, IPMI_NUMBER) != 0)
		return ipmi_because(
			l, "let in, but the board does not prove that it knows the password");
	memcpy(l->theirs, session.at, 4);
	return LOGIN_ACCEPTED;
}

enum login_result login_ipmi15(struct ipmi_login *l)
{
	uint8_t packet[IPMI_PACKET];
	struct writer w = wr_new(packet, sizeof(packet));
	enum login_result result;
	uint32_t sequence = 0;

	if (l->key[IPMI_NUMBER] != 0)
		return ipmi_because(l, "longer than a password of IPMI 1.5");
	if (!get_challenge(l, &result))
		return result;
	result = activate(l, &sequence);
	if (result == LOGIN_ACCEPTED &&
	    write_15(l, &w, l->theirs, sequence, IPMI_CLOSE, span_of(l->theirs, 4)))
		conn_ask(l->c, packet, w.length);
	return result;
}
