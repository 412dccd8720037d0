/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/smb_message.h"

enum {
	IS_ANSWER = 0x80,
	SMB2_IS_ANSWER = 0x1,
	SMB2_IS_ASYNC = 0x2,
	UNICODE = 0x8000, /* of flags 2 */
	NO_DIALECT = 0xffff,
	NT_WORDS = 17,
	CONTEXTS_MAX = 16,
	COMPRESSION_CHAINED = 1,
};

bool smb_is_smb(struct span message)
{
	return message.length >= 4 && message.at[0] >= 0xfc &&
	       memcmp(message.at + 1, "SMB", 3) == 0;
}

/* ---- SMB 1 ---- */

/* [MS-CIFS] 2.2.3: header, words, bytes. */
bool smb1_read(struct span message, struct smb1 *ret)
{
	struct reader r = rd_new(message);
	struct smb1 m = { 0 };
	struct span mark = rd_span(&r, 4);

	if (!rd_ok(&r) || memcmp(mark.at, "\xffSMB", 4) != 0)
		return false;
	m.command = rd_u8(&r);
	m.status = rd_le32(&r);
	m.is_answer = rd_u8(&r) & IS_ANSWER;
	m.flags2 = rd_le16(&r);
	rd_skip(&r, 2 + 8 + 2 + 2 + 2 + 2 + 2);
	m.words = rd_sub(&r, (size_t)rd_u8(&r) * 2);
	size_t length = rd_le16(&r);
	m.bytes_at = (size_t)(r.at - message.at);
	m.bytes = rd_sub(&r, length);
	if (!rd_ok(&r))
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
bool smb1_read_negotiated(const struct smb1 *m, struct smb1_negotiated *ret, bool *ret_refused)
{
	struct smb1_negotiated n = { 0 };
	struct reader r = m->words;
	struct reader bytes = m->bytes;

	*ret_refused = m->status != 0 || (rd_left(&r) >= 2 && rd_le16(&r) == NO_DIALECT);
	if (*ret_refused || rd_left(&r) != (NT_WORDS - 1) * 2)
		return false;
	n.security = rd_u8(&r);
	rd_skip(&r, 2 + 2); /* requests at once, circuits */
	n.max_buffer = rd_le32(&r);
	rd_skip(&r, 4); /* raw buffer */
	n.session_key = rd_le32(&r);
	n.capabilities = rd_le32(&r);
	n.system_time = rd_le64(&r);
	rd_skip(&r, 2); /* time zone */
	size_t challenge = rd_u8(&r);
	n.domain = n.server = span_of(bytes.end, 0);
	if (!(n.capabilities & SMB1_EXTENDED) && (m->flags2 & UNICODE)) {
		rd_skip(&bytes, challenge);
		n.domain = read_utf16(&bytes);
		n.server = read_utf16(&bytes);
	}
	if (!rd_end(&r) || !rd_ok(&bytes))
		return false;
	*ret = n;
	return true;
}

/* [MS-SMB] 2.2.4.6.2 */
bool smb1_read_session(const struct smb1 *m, struct smb1_session *ret)
{
	struct smb1_session s = { 0 };
	struct reader r = m->words;
	struct reader bytes = m->bytes;

	rd_skip(&r, 1 + 1 + 2 + 2); /* the next command, reserved, offset, action */
	size_t length = rd_le16(&r);
	s.blob = rd_span(&bytes, length);
	if (!rd_end(&r) || !rd_ok(&bytes) || !(m->flags2 & UNICODE))
		return false;
	if ((m->bytes_at + length) % 2 != 0 && rd_left(&bytes) > 0)
		rd_skip(&bytes, 1);
	s.os = read_utf16(&bytes);
	s.lanman = read_utf16(&bytes);
	*ret = s;
	return true;
}

/* ---- SMB 2 and 3 ---- */

const struct smb2_dialect smb2_dialects[SMB2_DIALECTS] = {
	{ 0x0202, "2.0.2" }, { 0x0210, "2.1" },   { 0x0300, "3.0" },
	{ 0x0302, "3.0.2" }, { 0x0311, "3.1.1" },
};

const char *smb2_dialect_name(uint16_t code)
{
	for (size_t i = 0; i < SMB2_DIALECTS; i++)
		if (smb2_dialects[i].code == code)
			return smb2_dialects[i].name;
	return NULL;
}

bool smb2_read(struct span message, struct smb2_answer *ret)
{
	struct reader r = rd_new(message);
	struct smb2_answer m = { .message = message };
	struct span mark = rd_span(&r, 4);

	if (!rd_ok(&r) || memcmp(mark.at, "\xfeSMB", 4) != 0 || rd_le16(&r) != SMB2_HEADER)
		return false;
	rd_skip(&r, 2); /* credit charge */
	m.status = rd_le32(&r);
	m.command = rd_le16(&r);
	rd_skip(&r, 2); /* credits */
	uint32_t flags = rd_le32(&r);
	m.is_answer = flags & SMB2_IS_ANSWER;
	m.is_async = flags & SMB2_IS_ASYNC;
	m.next = rd_le32(&r);
	m.number = rd_le64(&r);
	rd_skip(&r, 4); /* process; with the tree the number of an asynchronous answer */
	m.tree = rd_le32(&r);
	m.session = rd_le64(&r);
	rd_skip(&r, 16); /* signature */
	m.body = r;
	if (!rd_ok(&r))
		return false;
	*ret = m;
	return true;
}

bool smb2_part(const struct smb2_answer *m, size_t offset, size_t length, struct span *ret)
{
	if (offset > m->message.length || length > m->message.length - offset)
		return false;
	*ret = span_of(m->message.at + offset, length);
	return true;
}

/* [MS-SMB2] 2.2.4.1.1 to 2.2.4.1.7; a context that nobody knows is left alone. */
static bool read_context(uint16_t type, struct reader *r, struct smb2_negotiated *n)
{
	if (type == SMB2_CONTEXT_ENCRYPTION && rd_le16(r) == 1) {
		n->cipher = rd_le16(r);
		n->has_cipher = true;
	} else if (type == SMB2_CONTEXT_SIGNING && rd_le16(r) == 1) {
		n->signing = rd_le16(r);
		n->has_signing = true;
	} else if (type == SMB2_CONTEXT_COMPRESSION) {
		size_t count = rd_le16(r);

		rd_skip(r, 2);
		n->chained = rd_le32(r) & COMPRESSION_CHAINED;
		if (count > rd_left(r) / 2)
			return false;
		while (count-- > 0) {
			uint16_t number = rd_le16(r);

			if (number >= 1 && number <= SMB2_COMPRESSIONS)
				n->compressions |= 1U << number;
		}
		n->has_compression = true;
	}
	return rd_ok(r);
}

/* [MS-SMB2] 2.2.4.1: contexts stand on multiples of 8. */
static bool read_contexts(struct span list, size_t count, struct smb2_negotiated *n)
{
	struct reader r = rd_new(list);

	if (count > CONTEXTS_MAX)
		return false;
	for (size_t i = 0; i < count; i++) {
		size_t done = (size_t)(r.at - list.at);

		if (i > 0)
			rd_skip(&r, (8 - done % 8) % 8);
		uint16_t type = rd_le16(&r);
		size_t length = rd_le16(&r);

		rd_skip(&r, 4);
		struct reader data = rd_sub(&r, length);
		if (!rd_ok(&r) || !read_context(type, &data, n))
			return false;
	}
	return true;
}

/* [MS-SMB2] 2.2.4 */
bool smb2_read_negotiated(const struct smb2_answer *m, struct smb2_negotiated *ret)
{
	struct smb2_negotiated n = { 0 };
	struct reader r = m->body;
	struct span contexts;

	if (rd_le16(&r) != 65)
		return false;
	n.security = rd_le16(&r);
	n.dialect = rd_le16(&r);
	size_t count = rd_le16(&r);
	n.guid = rd_span(&r, 16);
	n.capabilities = rd_le32(&r);
	n.max_transact = rd_le32(&r);
	n.max_read = rd_le32(&r);
	n.max_write = rd_le32(&r);
	n.system_time = rd_le64(&r);
	n.start_time = rd_le64(&r);
	rd_skip(&r, 4); /* the security blob */
	size_t offset = rd_le32(&r);
	if (!rd_ok(&r))
		return false;
	if (n.dialect == DIALECT_311 && (!smb2_part(m, offset, 0, &contexts) ||
					 !read_contexts(span_from(m->message, offset), count, &n)))
		return false;
	*ret = n;
	return true;
}

/* [MS-SMB2] 2.2.6 */
bool smb2_read_session(const struct smb2_answer *m, struct smb2_session *ret)
{
	struct smb2_session s = { .status = m->status };
	struct reader r = m->body;

	if (rd_le16(&r) != 9)
		return false;
	s.flags = rd_le16(&r);
	size_t offset = rd_le16(&r);
	size_t length = rd_le16(&r);
	if (!rd_ok(&r) || !smb2_part(m, offset, length, &s.blob))
		return false;
	*ret = s;
	return true;
}
