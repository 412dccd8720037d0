/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SMB: which dialects, whether messages must be signed and may be encrypted, and who the server is.
 *
 * Learnt: SMB 1 accepted or not; the SMB 2 and 3 dialects accepted; signing and encryption; server
 * GUID, clock and start time; names and operating system version from the server's NTLM challenge;
 * Samba's own version where SMB 1 tells it.
 *
 * Specifications: [MS-SMB2] 2.2.1, 2.2.3 to 2.2.6; [MS-SMB] 2.2.4.5, 2.2.4.6; [MS-CIFS] 2.2.3,
 * 2.2.4.52; [MS-NLMP] and [MS-SPNG] (codec/ntlm.h); RFC 1002, 4.3.1 (session message).
 *
 * Sent:
 *   1. SMB2 NEGOTIATE with the dialects 2.0.2 to 3.1.1 (preauthentication integrity and encryption
 *      contexts). In limited depth nothing else.
 *   2. on the same connection SMB2 SESSION_SETUP with the first NTLM message, which names nobody.
 *      The server answers with its challenge; we leave it unanswered and close, so that no logon is
 *      tried.
 *   3. for each dialect below the chosen one, SMB2 NEGOTIATE with it alone, on its own connection
 *   4. SMB1 NEGOTIATE with "NT LM 0.12" alone, on its own connection; where it is accepted,
 *      SMB1 SESSION_SETUP_ANDX with the first NTLM message, left unanswered as in 2.
 * A negotiation only agrees on a language and is where every client begins; no share, file or
 * account is touched.
 */
#include "probe.h"

#include <stdio.h>

#include "codec/evidence.h"
#include "codec/limits.h"
#include "codec/ntlm.h"
#include "codec/reader.h"
#include "codec/writer.h"

enum {
	REQUEST_MAX = 512,
	SMB2_HEADER = 64,
	SMB2_NEGOTIATE = 0,
	SMB2_SESSION_SETUP = 1,
	SMB2_IS_ANSWER = 0x1,
	SIGNING_ENABLED = 0x1,
	SIGNING_REQUIRED = 0x2,
	CAPABILITIES_ALL = 0x7f,
	CAPABILITY_ENCRYPTION = 0x40,
	CONTEXT_PREAUTH = 1,
	CONTEXT_ENCRYPTION = 2,
	CONTEXTS_MAX = 16,
	HASH_SHA512 = 1,
	SMB1_NEGOTIATE = 0x72,
	SMB1_SESSION_SETUP = 0x73,
	SMB1_IS_ANSWER = 0x80,
	SMB1_SIGNING_ENABLED = 0x04,
	SMB1_SIGNING_REQUIRED = 0x08,
	SMB1_UNICODE = 0x8000, /* of flags 2 */
	SMB1_NONE = 0xffff,    /* no dialect taken */
	NT_WORDS = 17,
};
static const uint32_t SMB1_EXTENDED = 0x80000000; /* capability: extended security */
static const uint32_t MORE_PROCESSING = 0xc0000016;

static const struct dialect {
	uint16_t code;
	const char *name;
} dialects[] = {
	{ 0x0202, "2.0.2" }, { 0x0210, "2.1" },   { 0x0300, "3.0" },
	{ 0x0302, "3.0.2" }, { 0x0311, "3.1.1" },
};
enum { DIALECT_300 = 0x0300, DIALECT_311 = 0x0311 };

/* What became of one question. */
enum outcome {
	ACCEPTED,
	REFUSED,
	UNKNOWN, /* silence, or we may not ask */
	NOT_SMB,
	BROKEN, /* SMB, but malformed */
};

struct smb2 {
	uint32_t status;
	struct span message; /* from the header on: offsets count from here */
	struct reader body;
};

struct negotiated {
	uint16_t security;
	uint16_t dialect;
	struct span guid;
	uint32_t capabilities;
	uint64_t system_time, start_time;
	bool has_cipher;
	uint16_t cipher;
};

struct smb1 {
	uint32_t status;
	uint16_t flags2;
	struct reader words;
	struct reader bytes;
	size_t bytes_at; /* from the header's start, for the alignment of text */
};

struct smb1_negotiated {
	uint8_t security;
	uint32_t capabilities;
	uint32_t session_key;
	uint64_t system_time;
	struct span domain, server; /* UTF-16LE, without extended security */
};

/* ---- readers ---- */

static bool read_smb2(struct span message, uint16_t command, struct smb2 *ret)
{
	struct reader r = rd_new(message);
	struct smb2 m = { .message = message };
	struct span mark = rd_span(&r, 4);

	if (!rd_ok(&r) || memcmp(mark.at, "\xfeSMB", 4) != 0 || rd_le16(&r) != SMB2_HEADER)
		return false;
	rd_skip(&r, 2); /* credit charge */
	m.status = rd_le32(&r);
	uint16_t answered = rd_le16(&r);
	rd_skip(&r, 2); /* credits */
	uint32_t flags = rd_le32(&r);
	rd_skip(&r, 4 + 8 + 8 + 8 + 16); /* next, message, process and tree, session, signature */
	m.body = r;
	if (!rd_ok(&r) || answered != command || !(flags & SMB2_IS_ANSWER))
		return false;
	*ret = m;
	return true;
}

/* Bytes of the message by offset and length; false where they are not all in it. */
static bool read_part(struct span message, size_t offset, size_t length, struct span *ret)
{
	if (offset > message.length || length > message.length - offset)
		return false;
	*ret = span_of(message.at + offset, length);
	return true;
}

/* [MS-SMB2] 2.2.4.1: contexts stand on multiples of 8. */
static bool read_contexts(struct span list, size_t count, struct negotiated *n)
{
	struct reader r = rd_new(list);

	if (count > CONTEXTS_MAX)
		return false;
	for (size_t i = 0; i < count; i++) {
		size_t done = (size_t)(r.at - list.at);

		if (i > 0)
			rd_skip(&r, (8 - done % 8) % 8);
		uint16_t type = rd_le16(&r);
		struct reader data;
		size_t length = rd_le16(&r);

		rd_skip(&r, 4);
		data = rd_sub(&r, length);
		if (!rd_ok(&r))
			return false;
		if (type == CONTEXT_ENCRYPTION && rd_le16(&data) == 1) {
			n->cipher = rd_le16(&data);
			n->has_cipher = rd_ok(&data);
		}
	}
	return true;
}

/* [MS-SMB2] 2.2.4 */
static bool read_negotiated(const struct smb2 *m, struct negotiated *ret)
{
	struct negotiated n = { 0 };
	struct reader r = m->body;
	struct span contexts;

	if (rd_le16(&r) != 65)
		return false;
	n.security = rd_le16(&r);
	n.dialect = rd_le16(&r);
	size_t count = rd_le16(&r);
	n.guid = rd_span(&r, 16);
	n.capabilities = rd_le32(&r);
	rd_skip(&r, 12); /* the largest transaction, read and write */
	n.system_time = rd_le64(&r);
	n.start_time = rd_le64(&r);
	rd_skip(&r, 4); /* the security blob */
	size_t offset = rd_le32(&r);
	if (!rd_ok(&r))
		return false;
	if (n.dialect == DIALECT_311 && (!read_part(m->message, offset, 0, &contexts) ||
					 !read_contexts(span_from(m->message, offset), count, &n)))
		return false;
	*ret = n;
	return true;
}

/* [MS-SMB2] 2.2.6: the security blob of a SESSION_SETUP answer. */
static bool read_session(const struct smb2 *m, struct span *ret)
{
	struct reader r = m->body;

	if (rd_le16(&r) != 9)
		return false;
	rd_skip(&r, 2); /* session flags */
	size_t offset = rd_le16(&r);
	size_t length = rd_le16(&r);
	return rd_ok(&r) && read_part(m->message, offset, length, ret);
}

/* [MS-CIFS] 2.2.3: header, words, bytes. */
static bool read_smb1(struct span message, uint8_t command, struct smb1 *ret)
{
	struct reader r = rd_new(message);
	struct smb1 m = { 0 };
	struct span mark = rd_span(&r, 4);

	if (!rd_ok(&r) || memcmp(mark.at, "\xffSMB", 4) != 0 || rd_u8(&r) != command)
		return false;
	m.status = rd_le32(&r);
	uint8_t flags = rd_u8(&r);
	m.flags2 = rd_le16(&r);
	rd_skip(&r, 2 + 8 + 2 + 2 + 2 + 2 + 2);
	m.words = rd_sub(&r, (size_t)rd_u8(&r) * 2);
	size_t length = rd_le16(&r);
	m.bytes_at = (size_t)(r.at - message.at);
	m.bytes = rd_sub(&r, length);
	if (!rd_ok(&r) || !(flags & SMB1_IS_ANSWER))
		return false;
	*ret = m;
	return true;
}

/* UTF-16LE up to its zero or the end. */
static struct span read_utf16(struct reader *r)
{
	const uint8_t *start = r->at;

	while (rd_left(r) >= 2) {
		size_t n = (size_t)(r->at - start);

		if (rd_le16(r) == 0)
			return span_of(start, n);
	}
	return span_of(start, (size_t)(r->at - start));
}

/* [MS-SMB] 2.2.4.5.2. False also where the dialect was not taken, with *ret_refused. */
static bool read_smb1_negotiated(const struct smb1 *m, struct smb1_negotiated *ret,
				 bool *ret_refused)
{
	struct smb1_negotiated n = { 0 };
	struct reader r = m->words;
	struct reader bytes = m->bytes;

	*ret_refused = m->status != 0 || (rd_left(&r) >= 2 && rd_le16(&r) == SMB1_NONE);
	if (*ret_refused || rd_left(&r) != (NT_WORDS - 1) * 2)
		return false;
	n.security = rd_u8(&r);
	rd_skip(&r, 2 + 2 + 4 + 4); /* requests at once, circuits, buffer, raw buffer */
	n.session_key = rd_le32(&r);
	n.capabilities = rd_le32(&r);
	n.system_time = rd_le64(&r);
	rd_skip(&r, 2); /* time zone */
	size_t challenge = rd_u8(&r);
	n.domain = n.server = span_of(bytes.end, 0);
	if (!(n.capabilities & SMB1_EXTENDED) && (m->flags2 & SMB1_UNICODE)) {
		rd_skip(&bytes, challenge);
		n.domain = read_utf16(&bytes);
		n.server = read_utf16(&bytes);
	}
	if (!rd_end(&r) || !rd_ok(&bytes))
		return false;
	*ret = n;
	return true;
}

struct smb1_session {
	struct span blob;
	struct span os, lanman; /* UTF-16LE */
};

/* [MS-SMB] 2.2.4.6.2 */
static bool read_smb1_session(const struct smb1 *m, struct smb1_session *ret)
{
	struct smb1_session s = { 0 };
	struct reader r = m->words;
	struct reader bytes = m->bytes;

	rd_skip(&r, 1 + 1 + 2 + 2); /* the next command, reserved, offset, action */
	size_t length = rd_le16(&r);
	s.blob = rd_span(&bytes, length);
	if (!rd_end(&r) || !rd_ok(&bytes) || !(m->flags2 & SMB1_UNICODE))
		return false;
	if ((m->bytes_at + length) % 2 != 0 && rd_left(&bytes) > 0)
		rd_skip(&bytes, 1);
	s.os = read_utf16(&bytes);
	s.lanman = read_utf16(&bytes);
	*ret = s;
	return true;
}

static const char *dialect_name(uint16_t code)
{
	for (size_t i = 0; i < countof(dialects); i++)
		if (dialects[i].code == code)
			return dialects[i].name;
	return NULL;
}

/* Samba's GUID is its own name in lower case, filled up with zeros; any other is random. */
static bool is_name(struct span guid)
{
	size_t n = 0;

	while (n < guid.length && ((guid.at[n] >= 'a' && guid.at[n] <= 'z') ||
				   (guid.at[n] >= '0' && guid.at[n] <= '9') || guid.at[n] == '-'))
		n++;
	if (n == 0 || n == guid.length)
		return false;
	while (n < guid.length && guid.at[n] == 0)
		n++;
	return n == guid.length;
}

static bool can_encrypt(const struct negotiated *n)
{
	if (n->dialect == DIALECT_311)
		return n->has_cipher && n->cipher != 0;
	return n->dialect >= DIALECT_300 && (n->capabilities & CAPABILITY_ENCRYPTION);
}

/* ---- writers ---- */

/* RFC 1002, 4.3.1: a session message and its length; closed by wr_close24(). */
static size_t open_message(struct writer *w)
{
	wr_u8(w, 0);
	return wr_open24(w);
}

/* [MS-SMB2] 2.2.1.2 */
static void write_smb2_header(struct writer *w, uint16_t command, uint64_t message)
{
	wr_bytes(w, "\xfeSMB", 4);
	wr_le16(w, SMB2_HEADER);
	wr_le16(w, 0); /* credit charge */
	wr_le32(w, 0); /* status */
	wr_le16(w, command);
	wr_le16(w, 31); /* credits asked for */
	wr_le32(w, 0);  /* flags */
	wr_le32(w, 0);  /* no next command */
	wr_le64(w, message);
	wr_le32(w, 0); /* reserved */
	wr_le32(w, 0); /* tree */
	wr_le64(w, 0); /* session */
	wr_fill(w, 0, 16);
}

static void write_padding(struct writer *w, size_t start)
{
	wr_fill(w, 0, (8 - (w->length - start) % 8) % 8);
}

/* [MS-SMB2] 2.2.3.1.1 and 2.2.3.1.2 */
static void write_contexts(struct conn *c, struct writer *w, size_t start)
{
	uint8_t salt[32];

	conn_random(c, salt, sizeof(salt));
	write_padding(w, start);
	wr_le16(w, CONTEXT_PREAUTH);
	wr_le16(w, 6 + sizeof(salt));
	wr_le32(w, 0);
	wr_le16(w, 1); /* one hash */
	wr_le16(w, sizeof(salt));
	wr_le16(w, HASH_SHA512);
	wr_bytes(w, salt, sizeof(salt));
	write_padding(w, start);
	wr_le16(w, CONTEXT_ENCRYPTION);
	wr_le16(w, 10);
	wr_le32(w, 0);
	wr_le16(w, 4); /* ciphers */
	wr_le16(w, 2); /* AES-128-GCM */
	wr_le16(w, 1); /* AES-128-CCM */
	wr_le16(w, 4); /* AES-256-GCM */
	wr_le16(w, 3); /* AES-256-CCM */
}

/* [MS-SMB2] 2.2.3: a negotiation that offers these dialects, in ascending order. */
static void say_negotiate(struct conn *c, const struct dialect *offered, size_t count)
{
	uint8_t buffer[REQUEST_MAX], guid[16];
	struct writer w = wr_new(buffer, sizeof(buffer));
	bool contexts = offered[count - 1].code == DIALECT_311;
	size_t message = open_message(&w);
	size_t start = w.length;
	size_t fixed = SMB2_HEADER + 36 + 2 * count;

	conn_random(c, guid, sizeof(guid));
	write_smb2_header(&w, SMB2_NEGOTIATE, 0);
	wr_le16(&w, 36);
	wr_le16(&w, (uint16_t)count);
	wr_le16(&w, SIGNING_ENABLED);
	wr_le16(&w, 0);
	wr_le32(&w, offered[count - 1].code >= DIALECT_300 ? CAPABILITIES_ALL : 0);
	wr_bytes(&w, guid, sizeof(guid));
	wr_le32(&w, contexts ? (uint32_t)(fixed + (8 - fixed % 8) % 8) : 0);
	wr_le16(&w, contexts ? 2 : 0);
	wr_le16(&w, 0);
	for (size_t i = 0; i < count; i++)
		wr_le16(&w, offered[i].code);
	if (contexts)
		write_contexts(c, &w, start);
	wr_close24(&w, message);
	conn_write_span(c, wr_span(&w));
}

/* [MS-SMB2] 2.2.5 */
static void say_session_setup(struct conn *c)
{
	uint8_t buffer[REQUEST_MAX], token[256];
	struct writer w = wr_new(buffer, sizeof(buffer));
	struct writer t = wr_new(token, sizeof(token));
	size_t message = open_message(&w);

	ntlm_write_spnego(&t);
	write_smb2_header(&w, SMB2_SESSION_SETUP, 1);
	wr_le16(&w, 25);
	wr_u8(&w, 0); /* flags */
	wr_u8(&w, SIGNING_ENABLED);
	wr_le32(&w, 0); /* capabilities */
	wr_le32(&w, 0); /* channel */
	wr_le16(&w, SMB2_HEADER + 24);
	wr_le16(&w, (uint16_t)wr_span(&t).length);
	wr_le64(&w, 0); /* no earlier session */
	wr_span_in(&w, wr_span(&t));
	wr_close24(&w, message);
	conn_write_span(c, wr_span(&w));
}

/* [MS-CIFS] 2.2.3.1 */
static void write_smb1_header(struct writer *w, uint8_t command, uint16_t multiplex)
{
	wr_bytes(w, "\xffSMB", 4);
	wr_u8(w, command);
	wr_le32(w, 0);      /* status */
	wr_u8(w, 0x18);     /* canonical paths, no case */
	wr_le16(w, 0xc801); /* Unicode, NT status, extended security, long names */
	wr_fill(w, 0, 2 + 8 + 2);
	wr_le16(w, 0); /* tree */
	wr_le16(w, 0); /* process */
	wr_le16(w, 0); /* user */
	wr_le16(w, multiplex);
}

static void say_smb1_negotiate(struct conn *c)
{
	uint8_t buffer[REQUEST_MAX];
	struct writer w = wr_new(buffer, sizeof(buffer));
	size_t message = open_message(&w);

	write_smb1_header(&w, SMB1_NEGOTIATE, 0);
	wr_u8(&w, 0); /* no words */
	wr_le16(&w, 12);
	wr_u8(&w, 2); /* a dialect follows */
	wr_bytes(&w, "NT LM 0.12", 11);
	wr_close24(&w, message);
	conn_write_span(c, wr_span(&w));
}

/* [MS-SMB] 2.2.4.6.1; our own system has no name here. */
static void say_smb1_session_setup(struct conn *c, uint32_t session_key)
{
	uint8_t buffer[REQUEST_MAX], token[256];
	struct writer w = wr_new(buffer, sizeof(buffer));
	struct writer t = wr_new(token, sizeof(token));
	size_t message = open_message(&w);

	ntlm_write_spnego(&t);
	size_t length = wr_span(&t).length;
	size_t padding = (32 + 1 + 24 + 2 + length) % 2;
	write_smb1_header(&w, SMB1_SESSION_SETUP, 1);
	wr_u8(&w, 12);      /* words */
	wr_u8(&w, 0xff);    /* no further command */
	wr_u8(&w, 0);       /* reserved */
	wr_le16(&w, 0);     /* its offset */
	wr_le16(&w, 16384); /* our buffer */
	wr_le16(&w, 1);     /* requests at once */
	wr_le16(&w, 0);     /* virtual circuit */
	wr_le32(&w, session_key);
	wr_le16(&w, (uint16_t)length);
	wr_le32(&w, 0);                    /* reserved */
	wr_le32(&w, SMB1_EXTENDED | 0x54); /* and Unicode, NT SMBs, NT status */
	wr_le16(&w, (uint16_t)(length + padding + 4));
	wr_span_in(&w, wr_span(&t));
	wr_fill(&w, 0, padding);
	wr_le16(&w, 0); /* system */
	wr_le16(&w, 0); /* LAN manager */
	wr_close24(&w, message);
	conn_write_span(c, wr_span(&w));
}

/* [MS-DTYP] 2.3.4.2: the first three fields are little endian. */
static void note_guid(json_t *evidence, struct span guid)
{
	struct reader r = rd_new(guid);
	char text[37];
	unsigned a = rd_le32(&r), b = rd_le16(&r), c = rd_le16(&r), d = rd_be16(&r);
	unsigned e = rd_be16(&r);
	unsigned f = rd_be32(&r);
	int n = snprintf(text, sizeof(text), "%08x-%04x-%04x-%04x-%04x%08x", a, b, c, d, e, f);

	note_text(evidence, "guid", span_of(text, (size_t)n));
}

static void note_filetime(json_t *evidence, const char *key, uint64_t filetime)
{
	int64_t seconds;

	if (filetime_to_unix(filetime, &seconds))
		note_int(evidence, key, seconds);
}

static void note_negotiated(json_t *evidence, const struct negotiated *n)
{
	static const char *const capabilities[] = { "dfs",
						    "leasing",
						    "large-mtu",
						    "multi-channel",
						    "persistent-handles",
						    "directory-leasing",
						    "encryption" };
	static const char *const ciphers[] = { NULL, "AES-128-CCM", "AES-128-GCM", "AES-256-CCM",
					       "AES-256-GCM" };
	json_t *list = note_list(evidence, "capabilities");

	note_word(evidence, "dialect", dialect_name(n->dialect));
	note_bool(evidence, "signing_enabled", n->security & SIGNING_ENABLED);
	note_bool(evidence, "signing_required", n->security & SIGNING_REQUIRED);
	note_guid(evidence, n->guid);
	if (is_name(n->guid)) {
		note_bool(evidence, "samba", true);
		note_word(evidence, "product", "Samba");
	}
	for (size_t i = 0; i < countof(capabilities); i++)
		if (n->capabilities & 1U << i)
			list_word(list, capabilities[i]);
	note_filetime(evidence, "system_time", n->system_time);
	note_filetime(evidence, "boot_time", n->start_time);
	note_bool(evidence, "encryption", can_encrypt(n));
	if (n->has_cipher && n->cipher < countof(ciphers) && ciphers[n->cipher] != NULL)
		note_word(evidence, "cipher", ciphers[n->cipher]);
}

/* A build that only Samba says is never taken for Windows. */
static void note_challenge(json_t *evidence, const struct ntlm_challenge *n)
{
	ntlm_note(evidence, n);
	if (ntlm_is_samba(n)) {
		note_bool(evidence, "samba", true);
		note_word(evidence, "product", "Samba");
	} else if (n->has_version && n->build != 0) {
		note_bool(evidence, "samba", false);
	}
}

static void note_smb1_session(json_t *evidence, const struct smb1_session *s)
{
	static const char samba[] = "S\0a\0m\0b\0a\0 "; /* and the zero of the last */
	struct ntlm_challenge n;

	if (json_object_get(evidence, "os_version") == NULL &&
	    ntlm_read_challenge(ntlm_token(s->blob), &n))
		note_challenge(evidence, &n);
	if (s->os.length > 0)
		note_utf16le(evidence, "native_os", s->os);
	if (s->lanman.length > 0)
		note_utf16le(evidence, "native_lanman", s->lanman);
	if (s->lanman.length > sizeof(samba) && memcmp(s->lanman.at, samba, sizeof(samba)) == 0) {
		json_object_del(evidence, "build");
		note_bool(evidence, "samba", true);
		note_word(evidence, "product", "Samba");
		note_utf16le(evidence, "version", span_from(s->lanman, sizeof(samba)));
	}
}

/* ---- conversation ---- */

/* One message behind its session header. */
static enum outcome hear_message(struct conn *c, struct span *ret)
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

static bool is_smb(struct span message)
{
	return message.length >= 4 && (message.at[0] == 0xfe || message.at[0] == 0xff) &&
	       memcmp(message.at + 1, "SMB", 3) == 0;
}

/* Offers these dialects; the answer's views are valid until the next read. */
static enum outcome negotiate(struct conn *c, const struct dialect *offered, size_t count,
			      struct negotiated *ret)
{
	struct span message;
	struct smb2 answer;
	struct negotiated n;

	say_negotiate(c, offered, count);
	enum outcome o = hear_message(c, &message);
	if (o != ACCEPTED)
		return o;
	if (!is_smb(message))
		return NOT_SMB;
	/* A server of SMB 1 alone may answer in its own tongue. */
	if (message.at[0] == 0xff)
		return REFUSED;
	if (!read_smb2(message, SMB2_NEGOTIATE, &answer))
		return BROKEN;
	if (answer.status != 0)
		return REFUSED;
	if (!read_negotiated(&answer, &n))
		return BROKEN;
	for (size_t i = 0; i < count; i++)
		if (n.dialect == offered[i].code) {
			*ret = n;
			return ACCEPTED;
		}
	conn_note_oddity(c, "smb.dialect-not-offered");
	return BROKEN;
}

/* The server's NTLM challenge, on the connection that has negotiated. */
static enum outcome ask_challenge(struct conn *c, json_t *evidence)
{
	struct span message, blob;
	struct smb2 answer;
	struct ntlm_challenge n;

	say_session_setup(c);
	enum outcome o = hear_message(c, &message);
	if (o != ACCEPTED)
		return o;
	if (!read_smb2(message, SMB2_SESSION_SETUP, &answer))
		return BROKEN;
	if (answer.status != MORE_PROCESSING)
		return REFUSED;
	if (!read_session(&answer, &blob) || !ntlm_read_challenge(ntlm_token(blob), &n)) {
		conn_note_oddity(c, "smb.challenge-malformed");
		return BROKEN;
	}
	note_challenge(evidence, &n);
	return ACCEPTED;
}

/* SMB 1 on a connection of its own, and what its session setup tells. */
static enum outcome ask_smb1(struct conn *c, json_t *evidence, bool smb2_spoken)
{
	struct span message;
	struct smb1 answer;
	struct smb1_negotiated n;
	struct smb1_session s;
	bool refused;

	say_smb1_negotiate(c);
	enum outcome o = hear_message(c, &message);
	if (o != ACCEPTED)
		return o;
	if (!is_smb(message))
		return NOT_SMB;
	if (message.at[0] == 0xfe)
		return REFUSED;
	if (!read_smb1(message, SMB1_NEGOTIATE, &answer))
		return BROKEN;
	if (!read_smb1_negotiated(&answer, &n, &refused))
		return refused ? REFUSED : BROKEN;
	note_bool(evidence, "smb1", true);
	if (!smb2_spoken) {
		note_word(evidence, "dialect", "NT LM 0.12");
		note_bool(evidence, "signing_enabled", n.security & SMB1_SIGNING_ENABLED);
		note_bool(evidence, "signing_required", n.security & SMB1_SIGNING_REQUIRED);
		note_bool(evidence, "encryption", false);
		note_filetime(evidence, "system_time", n.system_time);
	}
	if (n.domain.length > 0 && !smb2_spoken)
		note_utf16le(evidence, "domain", n.domain);
	if (n.server.length > 0 && !smb2_spoken)
		note_utf16le(evidence, "computer", n.server);
	if (!(n.capabilities & SMB1_EXTENDED))
		return ACCEPTED;
	say_smb1_session_setup(c, n.session_key);
	if (hear_message(c, &message) != ACCEPTED)
		return ACCEPTED;
	if (read_smb1(message, SMB1_SESSION_SETUP, &answer) && read_smb1_session(&answer, &s))
		note_smb1_session(evidence, &s);
	else
		conn_note_oddity(c, "smb.smb1-session-malformed");
	return ACCEPTED;
}

/* Which dialects below the chosen one are taken as well: the server picks the best of an offer, so
 * that those above are known to be refused. Says whether all of them answered. */
static bool ask_dialects(struct conn *c, json_t *evidence, uint16_t chosen)
{
	json_t *list = note_list(evidence, "dialects");
	bool all = true;

	for (size_t i = 0; i < countof(dialects) && dialects[i].code < chosen; i++) {
		struct negotiated n;
		enum outcome o = UNKNOWN;

		if (conn_again(c))
			o = negotiate(c, &dialects[i], 1, &n);
		if (o == ACCEPTED)
			list_word(list, dialects[i].name);
		else if (o != REFUSED)
			all = false;
	}
	list_word(list, dialect_name(chosen));
	return all;
}

static enum ending ending_of_outcome(struct conn *c, enum outcome o)
{
	if (o == NOT_SMB)
		return ENDING_NOT_THIS;
	if (o == BROKEN)
		return conn_oddity(c, "smb.negotiate-malformed");
	return conn_ok(c) ? ENDING_NOT_THIS : conn_ending(c);
}

static enum ending smb_run(struct conn *c, json_t *evidence)
{
	static const char *const further[] = { "smb1", "dialects", "ntlm" };
	struct negotiated n;
	enum outcome smb2 = negotiate(c, dialects, countof(dialects), &n);
	enum ending first = ending_of_outcome(c, smb2);

	if (smb2 == NOT_SMB || smb2 == BROKEN)
		return first;
	if (smb2 == ACCEPTED) {
		note_int(evidence, "observed", conn_clock(c));
		note_negotiated(evidence, &n);
		conn_gathered(c, "negotiate");
	}
	if (conn_depth(c) == DEPTH_LIMITED) {
		for (size_t i = 0; smb2 == ACCEPTED && i < countof(further); i++)
			conn_limited(c, further[i]);
		return smb2 == ACCEPTED ? ENDING_DONE : first;
	}
	if (smb2 == ACCEPTED) {
		enum outcome o = ask_challenge(c, evidence);

		if (o == ACCEPTED || o == REFUSED)
			conn_gathered(c, "ntlm");
		if (ask_dialects(c, evidence, n.dialect))
			conn_gathered(c, "dialects");
	}
	enum outcome smb1 = conn_again(c) ? ask_smb1(c, evidence, smb2 == ACCEPTED) : UNKNOWN;
	if (smb2 != ACCEPTED && smb1 != ACCEPTED)
		return smb1 == NOT_SMB || smb1 == BROKEN ? ending_of_outcome(c, smb1) : first;
	if (smb1 == ACCEPTED) {
		list_word(note_list(evidence, "dialects"), "NT LM 0.12");
		conn_gathered(c, "smb1");
	} else if (smb1 == REFUSED) {
		note_bool(evidence, "smb1", false);
		conn_gathered(c, "smb1");
	}
	if (smb2 != ACCEPTED) {
		note_int(evidence, "observed", conn_clock(c));
		conn_gathered(c, "negotiate");
		if (smb2 == REFUSED)
			conn_gathered(c, "dialects");
		if (json_object_get(evidence, "os_version") != NULL)
			conn_gathered(c, "ntlm");
	}
	if (conn_ending(c) == ENDING_STOPPED || conn_ending(c) == ENDING_DISTRESS)
		return conn_ending(c);
	return ENDING_DONE;
}

static const char smb_view[] =
	"CREATE TEMP VIEW smb AS SELECT address, port, evidence->>'$.smb1' AS smb1,"
	" evidence->>'$.dialect' AS dialect, evidence->>'$.signing_required' AS signing_required,"
	" evidence->>'$.guid' AS guid, evidence->>'$.computer' AS computer,"
	" evidence->>'$.domain' AS domain, evidence->>'$.build' AS build,"
	" evidence->>'$.os_version' AS os_version, evidence->>'$.system_time' AS system_time,"
	" evidence->>'$.encryption' AS encryption, evidence->>'$.samba' AS samba"
	" FROM document WHERE probe = 'smb' AND evidence->>'$.dialect' IS NOT NULL;"
	"CREATE TEMP VIEW smb_dialect AS SELECT address, port, d.value AS dialect"
	" FROM document, json_each(document.evidence, '$.dialects') AS d WHERE probe = 'smb';";

const struct probe probe_smb = {
	.name = "smb",
	.ports = "445",
	.risk = RISK_READ,
	.connections = { 1, 1 + countof(dialects) },
	.sent = { 512, 4096 },
	.received = { SMB_MESSAGE_MAX, 64 * 1024 },
	.ot = true,
	.hello_order = 4,
	.run = smb_run,
	.view = smb_view,
};
