/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SMB 2 and 3: messages, negotiation and session setup of the smb probe. What is sent, and why that
 * is safe, stands in smb.c.
 */
#include "smb.h"

#include "codec/limits.h"

enum {
	PENDING = 0x103,
	PENDING_MAX = 4, /* "wait" answers to one question */
	CAPABILITIES_ALL = 0x7f,
	CAPABILITY_ENCRYPTION = 0x40,
	COMPRESSION_CHAINED = 1,
	HASH_SHA512 = 1,
};

static const char *const ciphers[SMB2_CIPHERS + 1] = { NULL, "AES-128-CCM", "AES-128-GCM",
						       "AES-256-CCM", "AES-256-GCM" };
static const char *const signings[SMB2_SIGNINGS] = { "HMAC-SHA256", "AES-CMAC", "AES-GMAC" };
static const char *const compressions[SMB2_COMPRESSIONS + 1] = { NULL,         "LZNT1",
								 "LZ77",       "LZ77+Huffman",
								 "Pattern_V1", "LZ4" };

/* ---- readers ---- */

/* [MS-SMB2] 2.2.1; the name of what is wrong, or NULL. */
static const char *read_answer(struct span message, const struct smb2 *t, uint16_t command,
			       struct smb2_answer *ret, bool *ret_wait)
{
	struct smb2_answer m;

	if (smb_is_smb(message) && message.at[0] == 0xfd)
		return "smb.encrypted-unasked";
	if (smb_is_smb(message) && message.at[0] == 0xfc)
		return "smb.compressed-unasked";
	if (!smb2_read(message, &m) || !m.is_answer)
		return "smb.header-malformed";
	if (m.command != command || m.number != t->message - 1)
		return "smb.message-out-of-order";
	if (m.next != 0) /* we never chain, so that no answer may */
		return "smb.chained-unasked";
	*ret_wait = m.is_async && m.status == PENDING;
	*ret = m;
	return NULL;
}

/* ---- names ---- */

const char *smb2_cipher_name(unsigned number)
{
	return number < countof(ciphers) ? ciphers[number] : NULL;
}

const char *smb2_signing_name(unsigned number)
{
	return number < countof(signings) ? signings[number] : NULL;
}

const char *smb2_compression_name(unsigned number)
{
	return number < countof(compressions) ? compressions[number] : NULL;
}

bool smb2_encrypts(const struct smb2_negotiated *n)
{
	if (n->dialect == DIALECT_311)
		return n->has_cipher && n->cipher != 0;
	return n->dialect >= DIALECT_300 && (n->capabilities & CAPABILITY_ENCRYPTION);
}

/* ---- writers ---- */

size_t smb_open(struct writer *w)
{
	wr_u8(w, 0);
	return wr_open24(w);
}

size_t smb2_open(struct smb2 *t, struct writer *w, enum smb2_command command)
{
	size_t place = smb_open(w);

	wr_bytes(w, "\xfeSMB", 4);
	wr_le16(w, SMB2_HEADER);
	wr_le16(w, 0); /* credit charge */
	wr_le32(w, 0); /* status */
	wr_le16(w, (uint16_t)command);
	wr_le16(w, 31); /* credits asked for */
	wr_le32(w, 0);  /* flags */
	wr_le32(w, 0);  /* no next command */
	wr_le64(w, t->message++);
	wr_le32(w, 0); /* reserved */
	wr_le32(w, t->tree);
	wr_le64(w, t->session);
	wr_fill(w, 0, 16);
	return place;
}

void smb2_say(struct smb2 *t, struct writer *w, size_t place)
{
	wr_close24(w, place);
	if (t->seen != NULL && wr_ok(w))
		t->seen(t->context, span_from(wr_span(w), place + 3));
	conn_write_span(t->c, wr_span(w));
}

static void write_padding(struct writer *w, size_t start)
{
	wr_fill(w, 0, (8 - (w->length - start) % 8) % 8);
}

static size_t members(unsigned set)
{
	size_t n = 0;

	for (; set != 0; set &= set - 1)
		n++;
	return n;
}

/* The strongest that most servers know goes first, as the order is the client's preference. */
static void write_set(struct writer *w, unsigned set, const uint8_t *order, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (set & 1U << order[i])
			wr_le16(w, order[i]);
}

static void write_context(struct writer *w, size_t start, uint16_t type, size_t length)
{
	write_padding(w, start);
	wr_le16(w, type);
	wr_le16(w, (uint16_t)length);
	wr_le32(w, 0);
}

/* [MS-SMB2] 2.2.3.1.1, 2.2.3.1.2, 2.2.3.1.3 and 2.2.3.1.7 */
static void write_contexts(struct conn *c, struct writer *w, size_t start,
			   const struct smb2_offer *o)
{
	static const uint8_t cipher_order[] = { 2, 1, 4, 3 };
	static const uint8_t signing_order[] = { 2, 1, 0 };
	static const uint8_t compression_order[] = { 4, 1, 2, 3, 5 };
	uint8_t salt[32];

	conn_random(c, salt, sizeof(salt));
	write_context(w, start, SMB2_CONTEXT_PREAUTH, 6 + sizeof(salt));
	wr_le16(w, 1); /* one hash */
	wr_le16(w, sizeof(salt));
	wr_le16(w, HASH_SHA512);
	wr_bytes(w, salt, sizeof(salt));
	if (o->ciphers != 0) {
		write_context(w, start, SMB2_CONTEXT_ENCRYPTION, 2 + 2 * members(o->ciphers));
		wr_le16(w, (uint16_t)members(o->ciphers));
		write_set(w, o->ciphers, cipher_order, countof(cipher_order));
	}
	if (o->compression) {
		write_context(w, start, SMB2_CONTEXT_COMPRESSION, 8 + 2 * SMB2_COMPRESSIONS);
		wr_le16(w, SMB2_COMPRESSIONS);
		wr_le16(w, 0); /* padding */
		wr_le32(w, COMPRESSION_CHAINED);
		write_set(w, UINT8_MAX, compression_order, countof(compression_order));
	}
	if (o->signings != 0) {
		write_context(w, start, SMB2_CONTEXT_SIGNING, 2 + 2 * members(o->signings));
		wr_le16(w, (uint16_t)members(o->signings));
		write_set(w, o->signings, signing_order, countof(signing_order));
	}
}

/* [MS-SMB2] 2.2.3 */
static void say_negotiate(struct smb2 *t, const struct smb2_offer *o)
{
	uint8_t buffer[SMB_REQUEST_MAX], guid[16];
	struct writer w = wr_new(buffer, sizeof(buffer));
	uint16_t highest = o->dialects[o->count - 1].code;
	bool contexts = highest == DIALECT_311;
	size_t fixed = SMB2_HEADER + 36 + 2 * o->count;
	size_t place = smb2_open(t, &w, SMB2_NEGOTIATE);
	size_t start = w.length - SMB2_HEADER;

	/* A fresh name for us each time: servers hold one that comes back to its earlier dialect. */
	conn_random(t->c, guid, sizeof(guid));
	wr_le16(&w, 36);
	wr_le16(&w, (uint16_t)o->count);
	wr_le16(&w, SMB2_SIGNING_ENABLED);
	wr_le16(&w, 0);
	wr_le32(&w, highest >= DIALECT_300 ? CAPABILITIES_ALL : 0);
	wr_bytes(&w, guid, sizeof(guid));
	wr_le32(&w, contexts ? (uint32_t)(fixed + (8 - fixed % 8) % 8) : 0);
	wr_le16(&w,
		(uint16_t)(contexts ? 1 + (o->ciphers != 0) + o->compression + (o->signings != 0)
				    : 0));
	wr_le16(&w, 0);
	for (size_t i = 0; i < o->count; i++)
		wr_le16(&w, o->dialects[i].code);
	if (contexts)
		write_contexts(t->c, &w, start, o);
	smb2_say(t, &w, place);
}

/* [MS-SMB2] 2.2.5 */
static void say_session_setup(struct smb2 *t, struct span token)
{
	uint8_t buffer[SMB_SETUP_MAX];
	struct writer w = wr_new(buffer, sizeof(buffer));
	size_t place = smb2_open(t, &w, SMB2_SESSION_SETUP);

	wr_le16(&w, 25);
	wr_u8(&w, 0); /* flags */
	wr_u8(&w, t->must_sign ? SMB2_SIGNING_REQUIRED : SMB2_SIGNING_ENABLED);
	wr_le32(&w, 0); /* capabilities */
	wr_le32(&w, 0); /* channel */
	wr_le16(&w, SMB2_HEADER + 24);
	wr_le16(&w, (uint16_t)token.length);
	wr_le64(&w, 0); /* no earlier session */
	wr_span_in(&w, token);
	smb2_say(t, &w, place);
}

/* ---- conversation ---- */

enum outcome smb_hear(struct conn *c, struct span *ret)
{
	struct reader header = rd_new(conn_read(c, 4));

	if (!conn_ok(c))
		return conn_ending(c) == ENDING_CLOSED ? REFUSED : UNKNOWN;
	uint8_t type = rd_u8(&header);
	uint32_t length = rd_be24(&header);
	if (type != 0 || length < 32 || length > SMB_MESSAGE_MAX)
		return NOT_SMB;
	*ret = conn_read(c, length);
	if (!conn_ok(c))
		return conn_ending(c) == ENDING_CLOSED ? BROKEN : UNKNOWN;
	return ACCEPTED;
}

enum outcome smb2_hear(struct smb2 *t, enum smb2_command command, struct smb2_answer *ret)
{
	for (unsigned i = 0; i <= PENDING_MAX; i++) {
		struct span message;
		bool wait = false;
		enum outcome o = smb_hear(t->c, &message);

		if (o != ACCEPTED)
			return o;
		if (!smb_is_smb(message))
			return NOT_SMB;
		/* A server of SMB 1 alone may answer in its own tongue. */
		if (message.at[0] == 0xff)
			return REFUSED;
		const char *wrong = read_answer(message, t, (uint16_t)command, ret, &wait);
		if (wrong != NULL) {
			conn_note_oddity(t->c, wrong);
			return BROKEN;
		}
		if (wait)
			continue;
		if (t->seen != NULL)
			t->seen(t->context, message);
		return ACCEPTED;
	}
	conn_note_oddity(t->c, "smb.pending-endless");
	return BROKEN;
}

static bool was_offered(const struct smb2_offer *o, uint16_t dialect)
{
	for (size_t i = 0; i < o->count; i++)
		if (o->dialects[i].code == dialect)
			return true;
	return false;
}

/* Zero is "none of them" for ciphers and a name for signing. */
static bool chose_another(const struct smb2_offer *o, const struct smb2_negotiated *n)
{
	return (n->has_cipher && n->cipher != 0 &&
		(n->cipher > SMB2_CIPHERS || !(o->ciphers & 1U << n->cipher))) ||
	       (n->has_signing &&
		(n->signing >= SMB2_SIGNINGS || !(o->signings & 1U << n->signing)));
}

/* The answer's views are valid until the next read. */
enum outcome smb2_negotiate(struct smb2 *t, const struct smb2_offer *offer,
			    struct smb2_negotiated *ret)
{
	struct smb2_answer answer;
	struct smb2_negotiated n;

	t->message = t->session = t->tree = 0;
	say_negotiate(t, offer);
	enum outcome o = smb2_hear(t, SMB2_NEGOTIATE, &answer);
	if (o != ACCEPTED)
		return o;
	if (answer.status != 0)
		return REFUSED;
	if (!smb2_read_negotiated(&answer, &n))
		return BROKEN;
	if (!was_offered(offer, n.dialect)) {
		conn_note_oddity(t->c, "smb.dialect-not-offered");
		return BROKEN;
	}
	if (chose_another(offer, &n)) {
		conn_note_oddity(t->c, "smb.algorithm-not-offered");
		return BROKEN;
	}
	*ret = n;
	return ACCEPTED;
}

/* ACCEPTED where the server wants more or is content: the status tells. */
enum outcome smb2_session_setup(struct smb2 *t, struct span token, struct smb2_session *ret)
{
	struct smb2_answer answer;

	say_session_setup(t, token);
	enum outcome o = smb2_hear(t, SMB2_SESSION_SETUP, &answer);
	if (o != ACCEPTED)
		return o;
	if (answer.status != 0 && answer.status != STATUS_MORE_PROCESSING) {
		ret->status = answer.status;
		return REFUSED;
	}
	if (!smb2_read_session(&answer, ret)) {
		conn_note_oddity(t->c, "smb.session-malformed");
		return BROKEN;
	}
	t->session = answer.session;
	return ACCEPTED;
}
